//! INI files: sections, keys and values, as services are configured with. A row for each key. Imports data.

use super::declared::with_types;
use super::events::is_indented;
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::{Chunk, Columns, Format, FormatSpec, Framing, OptionSpec, Parser, Recognition, Sample, Tally, Unit};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;

/// The format `ini`.
pub struct Ini;

const COLUMNS: [(&str, DataType); 3] =
    [("section", DataType::String), ("key", DataType::String), ("value", DataType::String)];

impl Format for Ini {
    fn name(&self) -> &'static str {
        "ini"
    }

    fn title(&self) -> &'static str {
        "INI file"
    }

    fn doc(&self) -> &'static str {
        "Configuration files with `[section]` lines and `key = value` or `key: value` lines (docs.python.org, \
         configparser; freedesktop.org, systemd.syntax), `.properties` and `.env` files: a row for each key with its \
         section. Quotes around a whole value are left out; a key alone has no value. Lines that are indented more \
         than their key, and what follows a backslash at a line's end, continue the value. Comments begin with `#` \
         or `;`. The file is read whole."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["[server]\nhost = web1\nport = 8080\n; when nobody answers\ntimeout = 30"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn is_closed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut all, mut fitting, mut sections, mut equals) = (0, 0, 0, 0);
        let mut keys = std::collections::BTreeSet::new();
        for line in sample_lines(sample).take(1000) {
            match Line::of(line) {
                Line::Comment => continue,
                Line::Section(_) => (fitting, sections) = (fitting + 1, sections + 1),
                Line::Pair(key, _) => {
                    equals +=
                        usize::from(line[line.find(key).unwrap_or(0) + key.len()..].trim_start().starts_with('='));
                    fitting += usize::from(keys.insert((sections, key)));
                }
                // A key alone may be any word of any text.
                Line::Other(_) => fitting += usize::from(sections > 0 && is_indented(line)),
            }
            all += 1;
        }
        // Without sections it may be a document in YAML, or a log of pairs.
        let is_told = sections > 0 && !keys.is_empty() || keys.len() >= 3 && equals * 4 >= all * 3;
        if !is_told || fitting * 5 < all * 4 {
            return None;
        }
        let weight = if sections > 0 { 92 } else { 84 };
        recognition(FormatSpec::new(self.name()), fitting, all, weight, "line", "are sections and keys")
    }

    fn prepare(&self, spec: &FormatSpec, schema: Option<&Schema>, _: &Sample) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        with_types(schema, &Schema::of(COLUMNS), |schema| {
            let slots = COLUMNS.map(|(name, _)| schema.index(name).unwrap_or(usize::MAX));
            Ok(Box::new(IniParser { schema, slots }))
        })
    }
}

/// What a line is.
enum Line<'a> {
    Comment,
    Section(&'a str),
    /// A key with its value as written.
    Pair(&'a str, &'a str),
    /// A key alone, the rest of a value, or none of the format's.
    Other(&'a str),
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let text = line.trim();
        if text.starts_with(['#', ';']) {
            return Line::Comment;
        }
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Line::Section(name.trim());
        }
        match text.find(['=', ':']) {
            Some(at) if is_key(text[..at].trim_end()) => Line::Pair(text[..at].trim_end(), text[at + 1..].trim()),
            _ => Line::Other(text),
        }
    }
}

/// Whether a text may be a key: a few words of which the first is no number, as a date would be.
fn is_key(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || " _-./[]@$*\\\"'+".contains(c);
    let first = text.chars().next().is_some_and(|c| c.is_alphabetic() || "_.*\"'$".contains(c));
    first && text.len() <= 120 && text.split(' ').count() <= 4 && text.chars().all(is_letter)
}

struct IniParser {
    schema: Schema,
    /// In the order of `COLUMNS`.
    slots: [usize; 3],
}

/// A key whose value may go on.
struct Open<'a> {
    unit: Unit,
    key: &'a str,
    value: Option<String>,
    /// Bytes before the key.
    indent: usize,
    /// A backslash stands at the end.
    goes_on: bool,
}

impl Parser for IniParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// A key's section may stand far before it.
    fn framing(&self) -> Framing {
        Framing::Whole
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut section = None;
        let mut open: Option<Open> = None;
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if let Some(open) = open.as_mut().filter(|open| open.goes_on || indent > open.indent) {
                tally.joined += 1;
                open.add(line.trim());
                continue;
            }
            let next = match Line::of(line) {
                Line::Comment => {
                    tally.meta += 1;
                    continue;
                }
                Line::Section(name) => {
                    self.row(open.take(), section, out, &mut tally);
                    section = Some(name);
                    tally.meta += 1;
                    continue;
                }
                Line::Pair(key, value) => Some((key, Some(value))),
                Line::Other(key) if is_key(key) && !key.contains(' ') => Some((key, None)),
                Line::Other(_) => None,
            };
            self.row(open.take(), section, out, &mut tally);
            match next {
                Some((key, value)) => open = Some(Open::new(unit, key, value, indent)),
                None => {
                    out.quarantine(unit, "the line is no section and no key", line.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        self.row(open, section, out, &mut tally);
        tally
    }
}

impl<'a> Open<'a> {
    fn new(unit: Unit, key: &'a str, value: Option<&str>, indent: usize) -> Self {
        let mut open = Open { unit, key, value: value.map(|_| String::new()), indent, goes_on: false };
        if let Some(value) = value {
            open.push(value);
        }
        open
    }

    /// A further line.
    fn add(&mut self, text: &str) {
        let value = self.value.get_or_insert_default();
        if !value.is_empty() {
            value.push(if self.goes_on { ' ' } else { '\n' });
        }
        self.push(text);
    }

    fn push(&mut self, text: &str) {
        let plain = text.strip_suffix('\\').filter(|plain| !plain.ends_with('\\'));
        self.goes_on = plain.is_some();
        self.value.get_or_insert_default().push_str(plain.map_or(text, str::trim_end));
    }
}

impl IniParser {
    fn row(&self, open: Option<Open>, section: Option<&str>, out: &mut dyn Columns, tally: &mut Tally) {
        let Some(open) = open else { return };
        let value = open.value.as_deref().map(without_quotes).filter(|value| !value.is_empty());
        for (slot, text) in self.slots.into_iter().zip([section, Some(without_quotes(open.key)), value]) {
            if let (Some(text), true) = (text, slot != usize::MAX && out.wants(slot)) {
                out.text(slot, text);
            }
        }
        out.end_row(open.unit);
        tally.accepted += 1;
        tally.rows += 1;
    }
}

/// A text without the quotes around all of it; quotes inside are its own.
fn without_quotes(text: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then_some(inner)
    });
    inner.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{read, sample};

    fn best(text: &str) -> String {
        recognise(&Sample::whole("a", text)).remove(0).format.name
    }

    #[test]
    fn each_key_is_a_row_with_its_section() {
        let text = "; comment\nroot=1\n[my section]\nhost : \"web 1\"\nlist =\n  a == b\n  c\nskip-networking\n\
                    [git \"x\"]\n\turl = https://example.com/a?b=c\n\tfetch = +refs\nlong = a \\\n  b\nsome text of no kind\nquoted = a \"b\" c\n";
        assert_eq!(best(text), "ini");
        let reading = read(&FormatSpec::new("ini"), text);
        assert_eq!(
            reading.json(),
            [
                r#"[null,"root","1"]"#,
                r#"["my section","host","web 1"]"#,
                r#"["my section","list","a == b\nc"]"#,
                r#"["my section","skip-networking",null]"#,
                r#"["git \"x\"","url","https://example.com/a?b=c"]"#,
                r#"["git \"x\"","fetch","+refs"]"#,
                r#"["git \"x\"","long","a b"]"#,
                r#"["git \"x\"","quoted","a \"b\" c"]"#,
            ]
        );
        assert_eq!((reading.tally.meta, reading.tally.joined, reading.tally.quarantined), (3, 3, 1));
        assert_eq!(reading.quarantined[0].2, "some text of no kind");
    }

    #[test]
    fn what_only_looks_so_is_none() {
        for (text, expected) in [
            ("A=1\nB=\"two words\"\nC=3\n", "ini"),
            ("[a]\nb=1\n", "ini"),
            ("name: x\nversion: 1\ntitle: y\n", "lines"),
            ("level=info msg=a\nlevel=warn msg=b\nlevel=info msg=c\n", "logfmt"),
            ("[2024-03-01 10:00:00] [error] disk is full\n[2024-03-01 10:00:01] [info] ok\n", "level_log"),
        ] {
            assert_eq!(best(text), expected, "{text}");
        }
    }

    #[test]
    fn a_real_file_has_the_pairs_that_another_reader_finds() {
        let Some(file) = sample("keyvalue/keyvalue-ifcfg.txt") else { return };
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(best(&text), "ini");
        let expected = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten();
        let expected = expected.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains(".expected."));
        let expected = std::fs::read_to_string(expected.unwrap()).unwrap();
        let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&expected).unwrap();
        let reading = read(&FormatSpec::new("ini"), &text);
        let pair = |row: &Vec<crate::data::Value>| (row[1].to_json().as_str().unwrap().to_owned(), row[2].to_json());
        assert_eq!(reading.rows.iter().map(pair).collect::<serde_json::Map<_, _>>(), expected);
    }
}
