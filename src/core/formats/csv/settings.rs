//! How a table is read: the options, as they are given and as a sample shows them.

use super::{Header, Sniffed, Table};
use crate::diagnostic::Diagnostic;
use crate::formats::csv_records::Dialect;
use crate::formats::csv_sniff::{line_end, skipped, sniff};
use crate::formats::numbers::NumberStyle;
use crate::formats::{FormatSpec, OptionKind, OptionSpec};

pub const OPTIONS: [OptionSpec; 10] = [
    OptionSpec {
        name: "separator",
        kind: OptionKind::Text,
        default: "auto",
        doc: "one character between the fields, or `tab`; `auto`: found from the sample",
    },
    OptionSpec {
        name: "quote",
        kind: OptionKind::Text,
        default: "\"",
        doc: "the character around fields that hold separators or line ends; `none`: quotes mean nothing",
    },
    OptionSpec {
        name: "header",
        kind: OptionKind::Choice(&["auto", "yes", "no"]),
        default: "auto",
        doc: "whether the first record names the columns",
    },
    OptionSpec {
        name: "skip",
        kind: OptionKind::Text,
        default: "auto",
        doc: "how many lines stand before the table; `auto`, here and below: found from the sample where the separator \
              is, and else none",
    },
    OptionSpec {
        name: "decimal",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character between whole and fraction of a number: `,` or `.`",
    },
    OptionSpec {
        name: "thousands",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character between groups of three digits: `.`, `,`, `'` or `space` (also one that does not break); `none`: \
              numbers have none",
    },
    OptionSpec {
        name: "escape",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character before a quote inside of quotes, such as `\\`; `none`: such quotes are doubled",
    },
    OptionSpec {
        name: "sheet",
        kind: OptionKind::Text,
        default: "",
        doc: "the name of a workbook's sheet; the first one with cells where none is given",
    },
    OptionSpec {
        name: "table",
        kind: OptionKind::Text,
        default: "",
        doc: "the name of a SQLite file's table; the first one with rows where none is given",
    },
    OptionSpec {
        name: "comment",
        kind: OptionKind::Text,
        default: "auto",
        doc: "the character with which lines begin that are no records, such as `#`; `none`: all are",
    },
];

/// How a table is read: what the options say, and the sample where they say nothing.
pub struct Settings {
    pub dialect: Dialect,
    pub header: Header,
    /// Lines before the table.
    pub skip: usize,
    pub style: NumberStyle,
}

impl Settings {
    pub fn read(spec: &FormatSpec, text: &str) -> Result<Self, Diagnostic> {
        let written = |name: &str| spec.option(name).filter(|text| !matches!(*text, "auto" | ""));
        let character = |name: &str| match written(name) {
            None | Some("none") => Ok(None),
            Some(text) => one_character(text, name).map(Some),
        };
        let quote = match spec.option("quote").unwrap_or("\"") {
            "none" | "" => None,
            text => Some(one_character(text, "quote")?),
        };
        let sniffed = if written("separator").is_none() { sniff(text, quote) } else { None };
        let mut dialect = Dialect::new(b',', quote, line_end(text));
        let (mut skip, mut style) = (0, NumberStyle::PLAIN);
        if let Some(sniffed) = &sniffed {
            (dialect, skip) = (sniffed.dialect, sniffed.skip);
            style = Table::read(dialect, skipped(text, skip, dialect.end)).number_style();
        }
        if let Some(separator) = character("separator")? {
            dialect.separator = separator;
        }
        if written("escape").is_some() {
            dialect.escape = character("escape")?;
        }
        if written("comment").is_some() {
            dialect.comment = character("comment")?;
        }
        if let Some(lines) = written("skip") {
            skip = lines.parse().map_err(|_| {
                Diagnostic::error("PW1100", format!("`{lines}` is no number of lines to skip"))
                    .help("give the number of lines before the table, such as 3")
                    .field("skip")
            })?;
        }
        if let Some(decimal) = character("decimal")? {
            style.decimal = char::from(decimal);
        }
        if written("thousands").is_some() {
            style.thousands = character("thousands")?.map(char::from);
        }
        if style.thousands == Some(style.decimal) {
            let message = format!("the character `{}` cannot stand for decimals and thousands both", style.decimal);
            return Err(Diagnostic::error("PW1101", message)
                .help("give another character for one of them, or `none` for `thousands`")
                .field("thousands"));
        }
        let header = match spec.option("header").unwrap_or("auto") {
            "yes" => Header::Yes,
            "no" => Header::No,
            _ => Header::Auto,
        };
        Ok(Self { dialect, header, skip, style })
    }
}

/// The options with which a sniffed table is read again; those that are as usual are left out.
pub fn options_of(sniffed: &Sniffed, style: NumberStyle, has_header: bool) -> FormatSpec {
    let mut spec = FormatSpec::new("csv")
        .with("separator", &separator_text(sniffed.dialect.separator))
        .with("header", if has_header { "yes" } else { "no" });
    if sniffed.skip > 0 {
        spec = spec.with("skip", &sniffed.skip.to_string());
    }
    if style.decimal != '.' {
        spec = spec.with("decimal", &style.decimal.to_string());
    }
    for (option, character) in [
        ("thousands", style.thousands),
        ("escape", sniffed.dialect.escape.map(char::from)),
        ("comment", sniffed.dialect.comment.map(char::from)),
    ] {
        if let Some(character) = character {
            spec = spec.with(option, &character.to_string());
        }
    }
    spec
}

fn one_character(written: &str, option: &str) -> Result<u8, Diagnostic> {
    match written {
        "tab" | "\\t" | "\t" => Ok(b'\t'),
        "space" => Ok(b' '),
        _ => match written.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
            _ => Err(Diagnostic::error("PW0852", format!("the {option} `{written}` is not one character"))
                .help("give one ASCII character, or `tab`")
                .field(option)),
        },
    }
}

fn separator_text(separator: u8) -> String {
    if separator == b'\t' { "tab".to_owned() } else { char::from(separator).to_string() }
}

pub fn separator_words(separator: u8) -> &'static str {
    match separator {
        b'\t' => "tabs",
        b';' => "semicolons",
        b'|' => "pipes",
        _ => "commas",
    }
}
