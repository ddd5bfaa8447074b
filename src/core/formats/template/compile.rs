//! Templates as lists of items, and the columns that they fill. Must not import the parser.
//!
//! | kind | takes |
//! | --- | --- |
//! | `word` (without a kind) | what is no blank, up to the next literal |
//! | `text` | anything, up to the next literal |
//! | `until_last` | anything, up to the last place of the next literal |
//! | `name` | letters, digits and `_ . $ - / @ # < > *` and more: a logger, a class, a program |
//! | `class` | such a name with a dot inside |
//! | `module` | names with `::` between: a module of Rust |
//! | `source` | such a name that ends as a file of a program's source does: `handler.go` |
//! | `session` | `spid` and a number |
//! | `hex` `uuid` | hexadecimal digits; such with dashes between |
//! | `clock` | hours, minutes and seconds, as a text |
//! | `ticks` | seconds with six digits or more behind the point |
//! | `*.go` | such a name that ends so |
//! | `piped` | anything, up to a `|` without a backslash before it |
//! | `rest` | the rest of the event |
//! | `pairs` | the rest of the line as keys with values |
//! | `int` `float` | a number |
//! | `s` `ms` `us` | a number of seconds, milliseconds, microseconds; the column is in seconds, negative is null |
//! | `span` | a length of time with its units (`1m2.5s`, `340µs`); the column is in seconds |
//! | `quoted` | a text in double quotes |
//! | `cell` | a text in double quotes in which `""` is one, as tables have it, or anything, up to the next literal |
//! | `request` | a request line in double quotes: `method`, `path`, `http_version`, or `request` where it is none |
//! | `addr` | `1.2.3.4:80`, `[::1]:80`, `host:80`: the column, and the column with `_port` |
//! | `addr_port` | the same where a port is always there: `2001:db8::1:80` |
//! | `addr_dot` | the same with a dot before the port: `192.0.2.7.80` |
//! | `size` | a number of bytes, or of K, M, G, T of 1,024: `24M`; the column is in bytes |
//! | `level` | a word for a level |
//! | `numbered` | a time whose day is numbers alone (`03/04/2026 10:00 PM`): a time where the source tells which is the day, else its text |
//! | `[IWE]` | one of these characters |
//! | `=A|B` | one of these words |
//! | `iso` `clf` `syslog` `epoch` | a time |
//! | `iso_zone` `syslog_zone` | such a time, null where the zone behind it is ambiguous or unknown |
//! | `%Y…` | a time as strftime has it |

use super::{TEXTS, Table};
use crate::data::{DataType, Field, Schema};
use crate::formats::stamp::Stamp;
use crate::formats::time::Epoch;

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Literal(Box<str>),
    /// One or more blanks or tabs.
    Blank,
    /// The end of a line, as the file has them.
    LineEnd,
    Field(FieldItem),
    Optional(Vec<Item>),
}

/// A capture with the columns that it fills.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldItem {
    pub kind: Kind,
    /// In the compiled schema.
    pub columns: [usize; 4],
    /// Texts at one of which a word or text ends; none: the end of the line.
    pub stops: Vec<Box<str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Word,
    Text,
    UntilLast,
    Name,
    Class,
    Module,
    Source,
    Session,
    /// Whether with dashes.
    Hex(bool),
    Clock,
    Ticks,
    Ending(Box<str>),
    Piped,
    Rest,
    Pairs,
    Int,
    Float,
    Seconds(f64),
    Span,
    Quoted,
    Cell,
    Request,
    /// Whether a port is always there.
    Addr(bool),
    Dotted,
    Size,
    Level,
    One(Box<str>),
    Words(Vec<Box<str>>),
    Numbered,
    Time(Stamp),
}

/// A table's templates, ready to read lines.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub variants: Vec<Vec<Item>>,
    /// The variants before this one tell the format.
    telling: usize,
    /// The columns of all variants: the common names in their order, then the others.
    pub schema: Schema,
    pub has_pairs: bool,
    /// The column of the text that may end with fields.
    pub text: Option<usize>,
    meta: &'static [&'static str],
    /// The levels of lines that belong to the event before them, each with its column.
    folds: Vec<(&'static str, usize)>,
}

impl Compiled {
    /// Whether lines of a variant tell the format.
    pub fn is_telling(&self, variant: usize) -> bool {
        variant < self.telling
    }

    /// Whether a line is a header or a banner.
    pub fn is_meta(&self, line: &str) -> bool {
        self.meta.iter().any(|start| line.starts_with(start))
    }

    /// The column of a line's text where its level says that it belongs to the event before it.
    pub fn fold(&self, level: &str) -> Option<usize> {
        self.folds.iter().find(|(known, _)| *known == level).map(|(_, column)| *column)
    }

    /// Whether lines of some levels belong to the event before them.
    pub fn has_folds(&self) -> bool {
        !self.folds.is_empty()
    }

    /// The same with times where the day is numbers alone, of which the source tells the order.
    pub fn with_numbered_times(mut self) -> Self {
        let mut columns = Vec::new();
        self.variants.iter_mut().for_each(|items| set_times(items, &mut columns));
        for (column, field) in self.schema.fields.iter_mut().enumerate() {
            if columns.contains(&column) {
                field.data_type = DataType::Timestamp;
            }
        }
        self
    }

    /// The columns of a template that are no texts. No pair fills them: its value may be of another kind.
    pub fn typed_names(&self) -> impl Iterator<Item = &str> {
        let typed = self.schema.fields.iter().filter(|field| field.data_type != DataType::String);
        typed.map(|field| field.name.as_str())
    }
}

/// Names that mean the same in every format, in the order in which their columns come.
const ORDER: [&str; 22] = [
    "time",
    "level",
    "host",
    "app",
    "pid",
    "thread",
    "logger",
    "client",
    "client_port",
    "user",
    "method",
    "path",
    "http_version",
    "request",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "vhost",
    "duration",
    "request_id",
    "upstream",
];

/// Compiles a table. A template that cannot be read gives a variant that fits no line; the tests look for those.
pub fn compile(table: &Table) -> Compiled {
    let mut columns: Vec<(String, DataType)> = Vec::new();
    let mut variants: Vec<Vec<Item>> = Vec::new();
    let mut telling = 0;
    for (number, template) in table.variants.iter().chain(table.also).enumerate() {
        let mut reader = Reader { rest: template, columns: &mut columns };
        if let Some(mut items) = reader.items(false) {
            set_stops(&mut items, &[]);
            variants.push(items);
            telling += usize::from(number < table.variants.len());
        }
    }
    let mut reader = Reader { rest: "", columns: &mut columns };
    let folds: Vec<(&str, usize)> =
        table.folds.iter().map(|(level, name)| (*level, reader.column(name, DataType::String))).collect();
    let rank = |name: &str| match name {
        "message" => ORDER.len() + 1,
        name => ORDER.iter().position(|common| *common == name).unwrap_or(ORDER.len()),
    };
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|column| rank(&columns[*column].0));
    let mut places = vec![0; columns.len()];
    for (place, column) in order.iter().enumerate() {
        places[*column] = place;
    }
    variants.iter_mut().for_each(|items| renumber(items, &places));
    let fields = order.iter().map(|column| Field::new(&columns[*column].0, columns[*column].1.clone())).collect();
    let has_pairs = variants.iter().any(|items| has_pairs(items));
    let folds = folds.into_iter().map(|(level, column)| (level, places[column])).collect();
    let schema = Schema::new(fields);
    let text = TEXTS.iter().find_map(|name| schema.index(name)).filter(|_| !has_pairs);
    Compiled { variants, telling, schema, has_pairs, text, meta: table.meta, folds }
}

fn renumber(items: &mut [Item], places: &[usize]) {
    for item in items {
        match item {
            Item::Field(field) => {
                for column in &mut field.columns {
                    *column = places.get(*column).copied().unwrap_or(usize::MAX);
                }
            }
            Item::Optional(inner) => renumber(inner, places),
            Item::Literal(_) | Item::Blank | Item::LineEnd => {}
        }
    }
}

fn set_times(items: &mut [Item], columns: &mut Vec<usize>) {
    for item in items {
        match item {
            Item::Field(field) if field.kind == Kind::Numbered => {
                field.kind = Kind::Time(Stamp::Iso);
                columns.push(field.columns[0]);
            }
            Item::Optional(inner) => set_times(inner, columns),
            Item::Field(_) | Item::Literal(_) | Item::Blank | Item::LineEnd => {}
        }
    }
}

fn has_pairs(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Field(field) => field.kind == Kind::Pairs,
        Item::Optional(inner) => has_pairs(inner),
        Item::Literal(_) | Item::Blank | Item::LineEnd => false,
    })
}

struct Reader<'a> {
    rest: &'a str,
    columns: &'a mut Vec<(String, DataType)>,
}

impl Reader<'_> {
    /// The items up to the end, or up to `?}` inside an optional piece.
    fn items(&mut self, inside: bool) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        loop {
            if self.rest.is_empty() {
                return (!inside).then_some(items);
            }
            if let Some(rest) = self.rest.strip_prefix("?}") {
                self.rest = rest;
                return inside.then_some(items);
            }
            let brace = [("{{", "{"), ("}}", "}")].into_iter().find(|(twice, _)| self.rest.starts_with(twice));
            if let Some((twice, brace)) = brace {
                self.rest = &self.rest[twice.len()..];
                push_literal(&mut items, brace);
            } else if let Some(rest) = self.rest.strip_prefix("{?") {
                self.rest = rest;
                items.push(Item::Optional(self.items(true)?));
            } else if let Some(rest) = self.rest.strip_prefix('{') {
                let (field, rest) = rest.split_once('}')?;
                self.rest = rest;
                items.push(self.field(field)?);
            } else if self.rest.starts_with(' ') {
                self.rest = self.rest.trim_start_matches(' ');
                items.push(Item::Blank);
            } else if let Some(rest) = self.rest.strip_prefix('\n') {
                self.rest = rest;
                items.push(Item::LineEnd);
            } else {
                let first = self.rest.chars().next().map_or(1, char::len_utf8);
                let end = self.rest.find(['{', '}', ' ', '?', '\n']).unwrap_or(self.rest.len()).max(first);
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                push_literal(&mut items, text);
            }
        }
    }

    fn field(&mut self, text: &str) -> Option<Item> {
        let (name, kind) = text.split_once(':').unwrap_or((text, "word"));
        let kind = if name == "pairs" { Kind::Pairs } else { kind_of(kind)? };
        let port = format!("{name}_port");
        let names: Vec<(&str, DataType)> = match &kind {
            Kind::Pairs => Vec::new(),
            Kind::Request => ["method", "path", "http_version", "request"].map(|name| (name, DataType::String)).into(),
            Kind::Addr(_) | Kind::Dotted => vec![(name, DataType::String), (&port, DataType::Int)],
            Kind::Int | Kind::Size => vec![(name, DataType::Int)],
            Kind::Float | Kind::Seconds(_) | Kind::Ticks | Kind::Span => vec![(name, DataType::Float)],
            Kind::Time(_) => vec![(name, DataType::Timestamp)],
            _ => vec![(name, DataType::String)],
        };
        let mut columns = [usize::MAX; 4];
        for ((name, data_type), column) in names.into_iter().zip(&mut columns) {
            if name == "_" {
                continue;
            }
            *column = self.column(name, data_type);
        }
        Some(Item::Field(FieldItem { kind, columns, stops: Vec::new() }))
    }

    /// The column of a name. Variants that read it as different types give a text.
    fn column(&mut self, name: &str, data_type: DataType) -> usize {
        if let Some(place) = self.columns.iter().position(|(known, _)| known == name) {
            if self.columns[place].1 != data_type {
                self.columns[place].1 = DataType::String;
            }
            return place;
        }
        self.columns.push((name.to_owned(), data_type));
        self.columns.len() - 1
    }
}

fn push_literal(items: &mut Vec<Item>, text: &str) {
    match items.last_mut() {
        Some(Item::Literal(before)) => *before = format!("{before}{text}").into(),
        _ => items.push(Item::Literal(text.into())),
    }
}

fn kind_of(text: &str) -> Option<Kind> {
    let kind = match text {
        "word" => Kind::Word,
        "text" => Kind::Text,
        "until_last" => Kind::UntilLast,
        "name" => Kind::Name,
        "class" => Kind::Class,
        "module" => Kind::Module,
        "source" => Kind::Source,
        "session" => Kind::Session,
        "hex" => Kind::Hex(false),
        "uuid" => Kind::Hex(true),
        "clock" => Kind::Clock,
        "ticks" => Kind::Ticks,
        "piped" => Kind::Piped,
        "rest" => Kind::Rest,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "s" => Kind::Seconds(1.0),
        "ms" => Kind::Seconds(1e3),
        "us" => Kind::Seconds(1e6),
        "span" => Kind::Span,
        "quoted" => Kind::Quoted,
        "cell" => Kind::Cell,
        "request" => Kind::Request,
        "addr" => Kind::Addr(false),
        "addr_port" => Kind::Addr(true),
        "addr_dot" => Kind::Dotted,
        "size" => Kind::Size,
        "level" => Kind::Level,
        "numbered" => Kind::Numbered,
        "iso" => Kind::Time(Stamp::Iso),
        "iso_zone" => Kind::Time(Stamp::IsoZone),
        "clf" => Kind::Time(Stamp::Clf),
        "syslog" => Kind::Time(Stamp::Syslog),
        "syslog_zone" => Kind::Time(Stamp::SyslogZone),
        "epoch" => Kind::Time(Stamp::Epoch(Epoch::Seconds)),
        "epoch_ms" => Kind::Time(Stamp::Epoch(Epoch::Millis)),
        "epoch_ns" => Kind::Time(Stamp::Epoch(Epoch::Nanos)),
        _ if text.starts_with('*') => Kind::Ending(text[1..].into()),
        _ if text.starts_with('%') => Kind::Time(Stamp::format(text)?),
        _ => match (text.strip_prefix('='), text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'))) {
            (Some(words), _) => Kind::Words(words.split('|').map(Into::into).collect()),
            (_, Some(characters)) => Kind::One(characters.into()),
            _ => return None,
        },
    };
    Some(kind)
}

/// Gives words and texts the literals at which they end.
fn set_stops(items: &mut [Item], after: &[Box<str>]) {
    for at in 0..items.len() {
        let (head, tail) = items.split_at_mut(at + 1);
        let stops = || starts_of(tail, after);
        match head.last_mut() {
            Some(Item::Field(field)) => field.stops = stops(),
            Some(Item::Optional(inner)) => {
                let stops = starts_of(tail, after);
                set_stops(inner, &stops);
            }
            _ => {}
        }
    }
}

/// How what follows may begin: the literals of optional pieces and of the first that is none.
fn starts_of(items: &[Item], after: &[Box<str>]) -> Vec<Box<str>> {
    let mut starts = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match item {
            Item::Literal(text) => match (items.get(at + 1), items.get(at + 2)) {
                (Some(Item::Blank), Some(Item::Literal(next))) => starts.push(format!("{text} {next}").into()),
                (Some(Item::Blank), _) => starts.push(format!("{text} ").into()),
                (Some(Item::LineEnd), _) => starts.extend(["\n", "\r"].map(|end| format!("{text}{end}").into())),
                _ => starts.push(text.clone()),
            },
            Item::LineEnd => {
                let next = match items.get(at + 1) {
                    Some(Item::Literal(next)) => next,
                    _ => "",
                };
                let end =
                    if matches!(items.get(at + 1), Some(Item::LineEnd)) { ["\n\n", "\r\r"] } else { ["\n", "\r"] };
                starts.extend(end.map(|end| format!("{end}{next}").into()));
            }
            Item::Blank => match (items.get(at + 1), items.get(at + 2)) {
                (Some(Item::Literal(text)), _) => starts.push(format!(" {text}").into()),
                (Some(Item::Field(FieldItem { kind: Kind::Words(words), .. })), Some(Item::Literal(next))) => {
                    starts.extend(words.iter().map(|word| format!(" {word}{next}").into()));
                }
                _ => starts.push(" ".into()),
            },
            Item::Optional(inner) => {
                starts.extend(starts_of(inner, &[]));
                continue;
            }
            Item::Field(_) => {}
        }
        return starts;
    }
    starts.extend_from_slice(after);
    starts
}
