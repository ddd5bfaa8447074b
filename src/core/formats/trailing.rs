//! Fields that end a message: `order paid order=17 total=12.5`, `order paid {"order":17}`. They become columns beside
//! the message, which stays whole. Must not import single formats.

use super::cell::Cell;
use super::door::{Door, NONE, hand_over};
use super::infer::TextGuess;
use super::json::{Scanner, unescape};
use super::json_shape::Shape;
use super::scan::trial;
use super::{Change, Chunk, Columns, FormatSpec, OptionKind, OptionSpec, Parser, Sample, Tally, Unfit, Unit};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;

/// The option of formats whose messages may end with fields.
pub const FIELDS: OptionSpec = OptionSpec {
    name: "fields",
    kind: OptionKind::Choice(&["none", "pairs", "bars", "json"]),
    default: "none",
    doc: "fields that end messages and become columns beside them: `pairs` (`key=value`), these with `bars` between \
          (`key=value | key=value`), or objects in `json`; the message \
          stays whole, and a key that is called as another column fills it where it is empty text",
};

/// How the fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Pairs,
    /// Pairs with bars between, so that values may hold blanks.
    Bars,
    Json,
}

impl Written {
    fn of(spec: &FormatSpec) -> Option<Written> {
        match spec.option(FIELDS.name)? {
            "pairs" => Some(Written::Pairs),
            "bars" => Some(Written::Bars),
            "json" => Some(Written::Json),
            _ => None,
        }
    }

    /// Calls `visit` with each key of a message and its value.
    fn each(self, message: &str, visit: impl FnMut(&str, &str)) {
        match self {
            Written::Pairs => {
                if let Some(pairs) = pairs_of(message) {
                    each_pair(pairs, visit);
                }
            }
            Written::Bars => {
                if let Some(pairs) = bars_of(message) {
                    each_between(pairs, visit);
                }
            }
            Written::Json => {}
        }
    }

    /// As the option has it.
    pub fn name(self) -> &'static str {
        match self {
            Written::Pairs => "pairs",
            Written::Bars => "bars",
            Written::Json => "json",
        }
    }
}

/// Counts messages by how their fields are written.
#[derive(Debug, Default)]
pub struct Count {
    messages: usize,
    pairs: usize,
    bars: usize,
    json: usize,
}

impl Count {
    pub fn add(&mut self, message: &str) {
        self.messages += 1;
        match message.trim_end().as_bytes().last() {
            Some(b'}' | b']') if json_of(message).is_some() => self.json += 1,
            Some(_) if bars_of(message).is_some() => self.bars += 1,
            Some(_) if pairs_of(message).is_some() => self.pairs += 1,
            _ => {}
        }
    }

    /// How the fields of most messages are written, in words too.
    pub fn most(&self) -> Option<(Written, String)> {
        let of = |count: usize| count * 2 > self.messages;
        match (of(self.json), of(self.pairs)) {
            _ if of(self.bars) => Some((
                Written::Bars,
                format!("{} of {} messages end with key=value pairs with bars between", self.bars, self.messages),
            )),
            (true, _) => {
                Some((Written::Json, format!("{} of {} messages end with objects in JSON", self.json, self.messages)))
            }
            (_, true) => {
                Some((Written::Pairs, format!("{} of {} messages end with key=value pairs", self.pairs, self.messages)))
            }
            _ => None,
        }
    }
}

/// The objects that end the first line of a message.
fn json_of(message: &str) -> Option<&str> {
    /// Places at which a first one may begin.
    const TRIES: usize = 8;
    let line = message.lines().next()?.trim_end();
    if !line.ends_with(['}', ']']) {
        return None;
    }
    let starts = memchr::memchr_iter(b'{', line.as_bytes());
    let is_start = |at: &usize| *at == 0 || matches!(line.as_bytes()[at - 1], b' ' | b'\t');
    starts.filter(is_start).take(TRIES).map(|at| &line[at..]).find(|text| {
        let mut scanner = Scanner::new(text);
        let mut has_fields = false;
        while !scanner.is_at_end() {
            let text = match scanner.raw() {
                Ok(raw) if raw.starts_with(['{', '[']) => raw,
                _ => return false,
            };
            has_fields |= text.starts_with('{') && text.len() > 2;
        }
        has_fields
    })
}

/// The pairs that end the first line of a message, none of which is inside of quotes or of JSON.
fn pairs_of(message: &str) -> Option<&str> {
    let line = message.lines().next()?.trim_end();
    memchr::memchr(b'=', line.as_bytes())?;
    let (mut at, mut start) = (0, None);
    while at < line.len() {
        at += line.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match (pair(&line[at..]), start.and_then(|_| flag(line, at))) {
            (Some((_, _, used)), _) => {
                start.get_or_insert(at);
                at += used;
            }
            (None, Some(used)) => at += used,
            (None, None) => {
                start = None;
                at += line.as_bytes()[at..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
            }
        }
    }
    let is_inside =
        |start: usize| (line[..start].matches('"').count() - line[..start].matches("\\\"").count()) % 2 == 1;
    start.filter(|start| !is_inside(*start) && json_of(line).is_none()).map(|start| &line[start..])
}

/// Between pairs that may hold blanks.
const BAR: &str = " | ";

/// The key of a piece between bars.
fn key_between(piece: &str) -> Option<&str> {
    let (key, _) = piece.split_once('=')?;
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte);
    (key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && key.bytes().all(is_key)).then_some(key)
}

/// The pairs with bars between them that end the first line of a message: two at least.
fn bars_of(message: &str) -> Option<&str> {
    let line = message.lines().next()?.trim_end();
    let first = line.split(BAR).position(|piece| key_between(piece).is_some())?;
    let start = line.split(BAR).take(first).map(|piece| piece.len() + BAR.len()).sum();
    let pairs = line.split(BAR).skip(first).filter(|piece| key_between(piece).is_some()).count();
    (pairs >= 2).then(|| &line[start..])
}

/// Calls `visit` with each key and its value; a piece without a key goes on with the value before it, a dash is none.
fn each_between(text: &str, mut visit: impl FnMut(&str, &str)) {
    let mut open: Option<(&str, String)> = None;
    for piece in text.split(BAR) {
        match (key_between(piece), &mut open) {
            (Some(key), _) => {
                let value = piece[key.len() + 1..].trim().to_owned();
                if let Some((key, value)) = open.replace((key, value)).filter(|(_, value)| value != "-") {
                    visit(key, &value);
                }
            }
            (None, Some((_, value))) => *value = format!("{value}{BAR}{piece}"),
            (None, None) => {}
        }
    }
    if let Some((key, value)) = open.filter(|(_, value)| value != "-") {
        visit(key, &value);
    }
}

/// Bytes of a value in brackets.
const LONGEST_IN_BRACKETS: usize = 4096;

/// A pair's value as it is written, without its quotes.
struct Raw<'a> {
    text: &'a str,
    is_escaped: bool,
}

/// The pair at the start of a text: key, value, and the bytes used.
fn pair(text: &str) -> Option<(&str, Raw<'_>, usize)> {
    let bytes = text.as_bytes();
    let is_key = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.-@".contains(byte);
    let length = bytes.iter().take_while(is_key).count();
    if bytes.get(length) != Some(&b'=')
        || !bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
    {
        return None;
    }
    let (key, from) = (&text[..length], length + 1);
    let is_end = |at: usize| bytes.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    // Looked for in what follows nearby, since each pair looks anew.
    let nearby = &bytes[from..bytes.len().min(from + LONGEST_IN_BRACKETS)];
    let closed = |mark: u8| memchr::memchr(mark, nearby).map(|length| from + length);
    let quoted = match bytes.get(from) {
        Some(quote @ (b'"' | b'\'')) => {
            let mut end = from + 1;
            while bytes.get(end).is_some_and(|byte| byte != quote) {
                end += if bytes[end] == b'\\' && *quote == b'"' { 2 } else { 1 };
            }
            (end < bytes.len()).then_some((from + 1, end, end + 1))
        }
        Some(b'[') => closed(b']').map(|end| (from, end + 1, end + 1)),
        // A name, an identifier: `user=<bob>`.
        Some(b'<') => closed(b'>').map(|end| (from + 1, end, end + 1)),
        _ => None,
    };
    let plain = || {
        let length = bytes[from..].iter().take_while(|byte| !matches!(byte, b' ' | b'\t')).count();
        (from, from + length, from + length)
    };
    // A comma may stand behind each.
    let comma = |end: usize| if bytes.get(end) == Some(&b',') { end + 1 } else { end };
    let (start, end, used) = quoted.filter(|(_, _, used)| is_end(comma(*used))).unwrap_or_else(plain);
    let value = text.get(start..end)?;
    let is_quoted = start > from;
    // A quote that ends in a value began before its key: what stands in quotes is no pair.
    if !is_quoted && bytes.get(from) != Some(&b'[') && value.find('"').is_some_and(|at| at > 0) {
        return None;
    }
    let value = if is_quoted { value } else { value.trim_end_matches(',') };
    // Elsewhere a backslash is one: `user=<EXAMPLE\bob>`, `path='C:\new'`.
    let is_escaped = is_quoted && bytes[from] == b'"' && value.contains('\\');
    Some((key, Raw { text: value, is_escaped }, comma(used)))
}

/// The length of a word that stands between commas among pairs, as `TLS` in `lip=192.0.2.80, TLS, session=<f3a>`.
fn flag(line: &str, at: usize) -> Option<usize> {
    let length = line[at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let is_between = line[..at].trim_end_matches([' ', '\t']).ends_with(',') && line[at + length..].starts_with(", ");
    (length > 0 && is_between).then_some(length + 1)
}

/// Calls `visit` with each key and its value.
fn each_pair(text: &str, mut visit: impl FnMut(&str, &str)) {
    let mut at = 0;
    loop {
        at += text.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some((key, value, used)) = pair(&text[at..]) else {
            match flag(text, at) {
                Some(used) => at += used,
                None => return,
            }
            continue;
        };
        match value.is_escaped {
            true => {
                let mut plain = String::new();
                unescape(value.text, &mut plain);
                visit(key, &plain);
            }
            false => visit(key, value.text),
        }
        at += used;
    }
}

/// Keys beyond which further ones stay in the message.
const MAX_KEYS: usize = 200;

/// The fields of the messages of a sample that are no columns yet.
fn sampled(inner: &dyn Parser, column: usize, written: Written, sample: &Sample) -> Vec<Field> {
    let rows = trial(inner, sample).1.rows;
    let messages = rows.iter().filter_map(|(_, row)| match row.get(column) {
        Some(Value::String(message)) => Some(message.as_str()),
        _ => None,
    });
    let fields = match written {
        Written::Json => {
            let mut shape = Shape::Record(Vec::new());
            for text in messages.filter_map(json_of) {
                let mut scanner = Scanner::new(text);
                while !scanner.is_at_end() {
                    let absorbed =
                        if scanner.peek() == b'{' { shape.absorb(&mut scanner) } else { scanner.skip().map(|_| ()) };
                    if absorbed.is_err() {
                        break;
                    }
                }
            }
            shape.schema().fields
        }
        Written::Pairs | Written::Bars => {
            let mut guesses: Vec<(String, TextGuess)> = Vec::new();
            for message in messages {
                written.each(message, |key, value| {
                    let at = guesses.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                        guesses.push((key.to_owned(), TextGuess::default()));
                        guesses.len() - 1
                    });
                    if !value.is_empty() {
                        guesses[at].1.add(value);
                    }
                });
            }
            guesses.into_iter().map(|(name, guess)| guess.field(&name)).collect()
        }
    };
    fields.into_iter().filter(|field| !inner.schema().has(&field.name)).take(MAX_KEYS).collect()
}

/// The parser with the fields as columns; `None`: the option names none, the format is as it is. `prepare` makes that of
/// the format itself; the first of `columns` that it has is the one that ends with fields.
pub fn prepare(
    spec: &FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
    columns: &[&str],
    prepare: impl Fn(&FormatSpec, Option<&Schema>) -> Result<Box<dyn Parser>, Diagnostic>,
) -> Result<Option<Box<dyn Parser>>, Diagnostic> {
    let Some(written) = Written::of(spec) else { return Ok(None) };
    let mut plain = spec.clone();
    plain.options.remove(FIELDS.name);
    let own = prepare(&plain, None)?;
    let Some(column) = columns.iter().find_map(|name| own.schema().index(name)) else { return Ok(Some(own)) };
    let message = own.schema().fields[column].name.clone();
    let mut made = match schema {
        Some(schema) => schema.clone(),
        None => {
            let fields = sampled(&*own, column, written, sample);
            Schema::new(own.schema().fields.iter().cloned().chain(fields).collect())
        }
    };
    // The message is read in any case, at the end where nobody has declared it.
    let is_added = !made.has(&message);
    if is_added {
        made.fields.push(own.schema().fields[column].clone());
    }
    let is_own = |field: &&Field| own.schema().has(&field.name);
    let inner = prepare(&plain, Some(&Schema::new(made.fields.iter().filter(is_own).cloned().collect())))?;
    let places = inner.schema().names().map(|name| made.index(name).unwrap_or(NONE)).collect();
    let cells = made.fields.iter().map(|field| {
        let may_be_filled =
            !own.schema().has(&field.name) || field.data_type == DataType::String && field.name != message;
        may_be_filled.then(|| Cell::of(&field.data_type))
    });
    let cells = cells.collect();
    let place = inner.schema().index(&message).unwrap_or(NONE);
    if is_added {
        made.fields.pop();
    }
    Ok(Some(Box::new(TrailingParser { inner, written, cells, places, message: place, schema: made })))
}

struct TrailingParser {
    inner: Box<dyn Parser>,
    written: Written,
    schema: Schema,
    /// By column of `schema`: how a field is read into it; `None`: none is.
    cells: Vec<Option<Cell>>,
    /// By column of `inner`, that of `schema`.
    places: Vec<usize>,
    /// The column of `inner` that ends with fields.
    message: usize,
}

impl Parser for TrailingParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.inner)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let width = self.schema.len();
        let wanted: Vec<bool> = (0..width).map(|column| out.wants(column)).collect();
        let has_fields = self.cells.iter().zip(&wanted).any(|(cell, wanted)| *wanted && cell.is_some());
        let (is_set, is_filled) = (vec![false; width], vec![false; width]);
        let unfit = Unfit::new(&self.schema);
        let mut door =
            FieldDoor { parser: self, out, wanted, has_fields, is_set, is_filled, message: String::new(), unfit };
        let mut tally = self.inner.parse(chunk, &mut door);
        door.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The columns as the format's parser sees them.
struct FieldDoor<'a> {
    parser: &'a TrailingParser,
    out: &'a mut dyn Columns,
    wanted: Vec<bool>,
    /// Whether a column is asked for that a field may fill.
    has_fields: bool,
    /// By column, whether the row has a value of its own.
    is_set: Vec<bool>,
    /// By column, whether a field of the row has filled it.
    is_filled: Vec<bool>,
    message: String,
    unfit: Unfit,
}

impl FieldDoor<'_> {
    #[inline]
    fn wants_place(&self, place: usize) -> bool {
        self.wanted.get(place).copied().unwrap_or(false)
    }

    /// The column that a key fills, and how.
    fn place_of(&self, key: &str) -> Option<(usize, Cell)> {
        let place = self.parser.schema.index(key).filter(|place| self.wanted[*place] && !self.is_set[*place])?;
        self.parser.cells[place].map(|cell| (place, cell))
    }

    fn fields(&mut self) {
        let message = std::mem::take(&mut self.message);
        match self.parser.written {
            Written::Pairs | Written::Bars => self.parser.written.each(&message, |key, value| self.pair(key, value)),
            Written::Json => {
                if let Some(objects) = json_of(&message) {
                    let mut scanner = Scanner::new(objects);
                    while !scanner.is_at_end() && self.object(&mut scanner).is_ok() {}
                }
            }
        }
        self.message = message;
        self.message.clear();
    }

    fn pair(&mut self, key: &str, value: &str) {
        let Some((place, cell)) = self.place_of(key).filter(|_| !value.is_empty()) else { return };
        let fit = cell.read(value, place, &self.parser.schema.fields[place], self.out);
        self.unfit.note_fit(place, fit);
        self.note_filled(place);
    }

    /// A field has filled a column; of a key that comes again the last one does.
    fn note_filled(&mut self, place: usize) {
        if std::mem::replace(&mut self.is_filled[place], true) {
            self.unfit.note_change(place, Change::Repeated);
        }
    }

    fn object(&mut self, scanner: &mut Scanner) -> Result<(), super::json::Fault> {
        if scanner.peek() != b'{' {
            return scanner.skip().map(|_| ());
        }
        let mut more = scanner.enter(b'}')?;
        while more {
            let key = scanner.key()?.to_text();
            match self.place_of(&key) {
                Some((place, _)) => {
                    let is_given = scanner.peek() != b'n';
                    let value = scanner.value(&self.parser.schema.fields[place].data_type)?;
                    if is_given {
                        match value.is_null() {
                            false => hand_over(self.out, place, value),
                            true => self.unfit.note(place),
                        }
                        self.note_filled(place);
                    }
                }
                None => {
                    scanner.skip()?;
                }
            }
            more = scanner.next(b'}')?;
        }
        Ok(())
    }
}

impl Door for FieldDoor<'_> {
    fn out(&self) -> &dyn Columns {
        self.out
    }
    fn out_mut(&mut self) -> &mut dyn Columns {
        self.out
    }
    fn map(&self) -> &[usize] {
        &self.parser.places
    }
    fn is_wanted(&self, column: usize) -> bool {
        column == self.parser.message && self.has_fields || self.wants_place(self.at(column))
    }
    #[inline]
    fn pass(&mut self, column: usize) -> usize {
        let place = self.at(column);
        if let Some(is_set) = self.is_set.get_mut(place) {
            *is_set = true;
        }
        place
    }
    fn pass_text(&mut self, column: usize, text: &str) {
        if column == self.parser.message && self.has_fields {
            self.message.clear();
            self.message.push_str(text.lines().next().unwrap_or_default());
        }
        let place = self.pass(column);
        if self.wants_place(place) {
            self.out.text(place, text);
        }
    }
    fn finish_row(&mut self, unit: Unit) {
        if !self.message.is_empty() {
            self.fields();
        }
        self.is_set.fill(false);
        self.is_filled.fill(false);
        self.unfit.end_row();
        self.out.end_row(unit);
    }
    fn drop_row(&mut self) {
        self.message.clear();
        self.is_set.fill(false);
        self.unfit.abandon_row();
        self.out.abandon_row();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{
        OfWholes, assert_is_before_wholes, named_rows, pieces, prepare, read, read_as, read_with,
    };
    use serde_json::json;

    /// The format with its option, and the first row, of three such lines.
    fn first(line: &str) -> (String, String, serde_json::Value) {
        let text = format!("{line}\n").repeat(3);
        let spec = recognise(&Sample::whole("x.log", &text))[0].format.clone();
        let mut row = named_rows(&read(&spec, &text)).remove(0);
        row.as_object_mut()
            .unwrap()
            .retain(|name, _| !["time", "level", "severity", "app", "file", "line"].contains(&name.as_str()));
        (spec.name.clone(), spec.option("fields").unwrap_or_default().to_owned(), row)
    }

    #[test]
    fn no_pair_begins_inside_of_quotes_or_json() {
        assert_eq!(pairs_of(r#"app: {"log":"hello a=1","stream":"stdout"}"#), None);
        assert_eq!(pairs_of(r#"said "hello a=1""#), None);
        assert_eq!(pairs_of(r#"said "hello" a=1"#), Some("a=1"));
        assert_eq!(pairs_of(r#"said \"hello a=1"#), Some("a=1"));
    }

    #[test]
    fn fields_behind_messages_are_columns_and_the_message_stays_whole() {
        let pairs = r#"paid: order=17 total=12.5 note="two \"words\"" tags=["a", "b"], empty="#;
        for (line, format, written, wanted) in [
            (
                format!("2024-03-01 10:00:00 INFO {pairs}"),
                "level_log",
                "pairs",
                json!({"message": pairs, "order": 17, "total": 12.5, "note": "two \"words\"", "tags": "[\"a\", \"b\"]"}),
            ),
            (
                "2024-03-01T10:00:00.123Z [INFO]  agent: joined: member=web1".to_owned(),
                "hclog",
                "pairs",
                json!({"logger": "agent", "message": "joined: member=web1", "member": "web1"}),
            ),
            (
                "I, [2024-03-01T10:00:00.1 #12]  INFO -- : [7f] method=GET status=200".to_owned(),
                "ruby_logger",
                "pairs",
                json!({"pid": 12, "message": "[7f] method=GET status=200", "method": "GET", "status": 200}),
            ),
            (
                r#"[2024-03-01 10:00:00] shop.INFO: paid "{x}". {"order":17,"by":{"id":7}} []"#.to_owned(),
                "monolog",
                "json",
                json!({"logger": "shop", "message": r#"paid "{x}". {"order":17,"by":{"id":7}} []"#, "order": 17, "by": {"id": 7}}),
            ),
            (
                "2024-03-01T10:00:00.123Z\tINFO\tnode\tsrv/h.go:17\tReconciling\t{\"name\": \"web-0\", \"n\": 1}"
                    .to_owned(),
                "zap_console",
                "json",
                json!({"logger": "node", "message": "Reconciling", "fields": "{\"name\": \"web-0\", \"n\": 1}", "name": "web-0", "n": 1}),
            ),
        ] {
            assert_eq!(first(&line), (format.to_owned(), written.to_owned(), wanted), "{line}");
        }
        let (_, written, row) = first("2024-03-01 10:00:00 INFO see http://x/?a=1 or a=b there");
        assert_eq!((written.as_str(), row), ("", json!({"message": "see http://x/?a=1 or a=b there"})));
    }

    #[test]
    fn values_between_bars_may_hold_blanks() {
        let text = "2026-02-17 10:00:01 | INFO | user=ann | ip=192.0.2.9 | result=ok\n\
                    2026-02-17 10:00:02 | WARN | user=bob | ip=- | result=fail: bad | password\n";
        let found = recognise(&Sample::whole("x", text)).swap_remove(0).format;
        assert_eq!(found.option("fields"), Some("bars"), "{found:?}");
        let rows = named_rows(&read(&found, text));
        assert_eq!((&rows[0]["user"], &rows[0]["ip"]), (&"ann".into(), &"192.0.2.9".into()));
        assert_eq!((&rows[1]["result"], rows[1].get("ip")), (&"fail: bad | password".into(), None));
    }

    #[test]
    fn brackets_quotes_and_words_between_commas_are_no_part_of_values() {
        let of = |message: &str| {
            let spec = FormatSpec::new("level_log").with("fields", "pairs");
            named_rows(&read(&spec, &format!("2024-03-01 10:00:00 INFO {message}\n"))).remove(0)
        };
        let row = of(r"in: user=<EXAMPLE\bob>, path='C:\new' note=<>, at=<x");
        assert_eq!((&row["user"], &row["path"]), (&r"EXAMPLE\bob".into(), &r"C:\new".into()));
        assert_eq!((row.get("note"), &row["at"]), (None, &"<x".into()));
        let row = of("in: user=<bob>, lip=::1, TLS, session=<f3a>");
        assert_eq!((&row["user"], &row["lip"], &row["session"]), (&"bob".into(), &"::1".into(), &"f3a".into()));
        let row = of("in: a=1, b, but late, c=2");
        assert_eq!((row.get("a"), &row["c"]), (None, &2.into()));
    }

    #[test]
    fn the_format_itself_says_how_files_are_cut_and_judged() {
        let schema = Schema::default();
        let inner = Box::new(OfWholes(schema.clone()));
        let (cells, places) = (Vec::new(), Vec::new());
        let parser = TrailingParser { inner, written: Written::Pairs, schema, cells, places, message: NONE };
        assert_is_before_wholes(&parser);
    }

    #[test]
    fn what_clashes_or_is_rare_stays_in_the_message() {
        let text = "2024-03-01 10:00:00,123 INFO [main] a.B - paid order=1 thread=x user=bob pid=7\n\
                    2024-03-01 10:00:01,123 INFO [main] a.B - paid order=x\n\tat c d=1\n";
        let spec = FormatSpec::new("application_log").with("fields", "pairs");
        let reading = read(&spec, text);
        let rows = named_rows(&reading);
        assert_eq!((&rows[0]["thread"], &rows[0]["user"], rows[0].get("pid")), (&"main".into(), &"bob".into(), None));
        assert_eq!((&rows[1]["order"], &rows[1]["message"]), (&"x".into(), &"paid order=x\n\tat c d=1".into()));
        let parser = prepare(&spec, None, text);
        assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), text, 40)).rows, reading.rows);
        // What a design declares is what is read, in its order, without the message too.
        let declared = Schema::of([("order", DataType::Int), ("level", DataType::String)]);
        assert_eq!(read_as(&spec, &declared, text).json(), [r#"[1,"INFO"]"#, r#"[null,"INFO"]"#]);
        // What becomes null, and what stands there again, is counted.
        let changes = read_as(&spec, &declared, &text.replace("=bob", "=bob order=2")).tally.changes;
        assert_eq!((changes.unfit.get("order"), changes.repeated.get("order")), (Some(&1), Some(&1)));
        let spec = FormatSpec::new("level_log").with("fields", "json");
        let text = r#"2024-03-01 10:00:00 INFO paid {"order":"x1","order":null,"total":1}"#;
        let declared = Schema::of([("order", DataType::Int), ("total", DataType::Int), ("message", DataType::String)]);
        let reading = read_as(&spec, &declared, text);
        assert_eq!((reading.tally.changes.unfit.get("order"), reading.tally.changes.repeated.len()), (Some(&1), 0));
        let few = "2024-03-01 10:00:00 INFO paid x=1\n".to_owned() + &"2024-03-01 10:00:00 INFO paid\n".repeat(3);
        assert_eq!(recognise(&Sample::whole("x", &few))[0].format, FormatSpec::new("level_log"));
    }
}
