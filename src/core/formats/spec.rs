//! What a format is: recognised from a sample, prepared with options into a parser, fed with chunks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::encoding::TextEncoding;
use super::time::Epoch;
use super::{Columns, Tally};
use crate::data::Schema;
use crate::data::day_order::{self, DayOrder};
use crate::data::instants::zone_prefix;
use crate::data::zones::{self, Zone};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// The option that every format of text takes.
pub const ENCODING: OptionSpec = OptionSpec {
    name: "encoding",
    kind: OptionKind::Text,
    default: "auto",
    doc: "how the file's bytes are text: `UTF-8`, `UTF-16LE`, `windows-1252`, `Shift_JIS`, `GBK`, `Big5` or another; \
          `auto`: found from the file",
};

/// The option that every format of text takes whose times may lack a zone.
pub const ZONE: OptionSpec = OptionSpec {
    name: "zone",
    kind: OptionKind::Text,
    default: "",
    doc: "the zone of times that are written without one: `Europe/Berlin`, `+02:00`; empty: UTC",
};

/// The option that every format of text takes whose dates may be numbers alone.
pub const DATES: OptionSpec = OptionSpec {
    name: "dates",
    kind: OptionKind::Choice(&["day", "month"]),
    default: "",
    doc: "which number of `03/04/2026` is first, the `day` or the `month`; empty: as the file's values tell, and where \
          none tells, such dates stay text",
};

/// The option that every format of text takes whose columns may be numbers since 1970.
pub const EPOCHS: OptionSpec = OptionSpec {
    name: "epochs",
    kind: OptionKind::Text,
    default: "",
    doc: "columns whose numbers are times since 1970, each with its unit (`s`, `ms`, `us`, `ns`): `ts=s, time=ms`; `none`: \
          numbers stay numbers; empty: as names and values tell. Of values inside of records and lists the way is named: \
          `event.time=ms, items[].ts=s`. What a time does not hold of nanoseconds stands beside it, as a number in a column \
          whose name ends with `_ns`",
};

/// The option that every format of text takes whose files may be pieces of one log.
pub const REPEATED: OptionSpec = OptionSpec {
    name: "repeated",
    kind: OptionKind::Choice(&["once", "keep"]),
    default: "once",
    doc: "what of lines with times that stand at the end of one piece of a rotated log and again at the beginning of \
          the next, as copying leaves them: read `once`, or `keep` them all",
};

/// A format's name with its options, as a design names it: `{"name": "nginx_access", "options": {"log_format": "…"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
pub struct FormatSpec {
    pub name: String,
    /// By option name; every value as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Keys that this version does not know; kept.
    #[serde(flatten)]
    pub extra: Map<String, Json>,
}

impl FormatSpec {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub fn with(mut self, option: &str, value: &str) -> Self {
        self.options.insert(option.to_owned(), value.to_owned());
        self
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Whether its files are JSON documents, which cannot be cut at the end of a line.
    pub fn is_json_document(&self) -> bool {
        self.name == "json_document" || self.option("documents") == Some("whole")
    }

    /// What the options say of times, held for the thread that prepares a parser or reads with it.
    #[must_use]
    pub fn times(&self) -> (zones::Local, day_order::Held) {
        (zones::times_are_of(self.zone()), day_order::dates_are(self.day_order()))
    }

    /// Which number of a date that is numbers alone is the day, where the options tell.
    pub fn day_order(&self) -> Option<DayOrder> {
        match self.option(DATES.name)? {
            "day" => Some(DayOrder::DayFirst),
            "month" => Some(DayOrder::MonthFirst),
            _ => None,
        }
    }

    /// The columns whose numbers are times since 1970, with their unit, where the options name them.
    /// Errors: a piece that is no column with its unit.
    pub fn epochs(&self) -> Result<Vec<(&str, Epoch)>, Diagnostic> {
        let text = self.option(EPOCHS.name).filter(|text| text.trim() != "none").unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|piece| !piece.is_empty())
            .map(|piece| match piece.rsplit_once('=').map(|(name, unit)| (name.trim(), Epoch::named(unit.trim()))) {
                Some((name, Some(unit))) if !name.is_empty() => Ok((name, unit)),
                _ => Err(Diagnostic::error("PW1155", format!("`{piece}` names no column with a unit of its numbers"))
                    .help("write columns with `s`, `ms`, `us` or `ns`, such as `ts=s, time=ms`, or `none`")
                    .field(EPOCHS.name)),
            })
            .collect()
    }

    /// The zone of times without one, where the options name it.
    pub fn zone(&self) -> Option<Zone> {
        self.option(ZONE.name).and_then(zone_of)
    }

    /// Whether lines that two pieces of a log share are read from both.
    pub fn keeps_repeated(&self) -> bool {
        self.option(REPEATED.name) == Some("keep")
    }

    /// The encoding that the options name; `None`: it is to be found.
    pub fn encoding(&self) -> Option<TextEncoding> {
        self.option(ENCODING.name).and_then(TextEncoding::named)
    }
}

/// How an option is filled in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    Text,
    Boolean,
    Choice(&'static [&'static str]),
}

/// An option that a format takes.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    pub name: &'static str,
    pub kind: OptionKind,
    pub default: &'static str,
    pub doc: &'static str,
}

/// What recognisers look at: the first 64 KiB, the first line at least, and samples further in, cut at line ends, decompressed,
/// already UTF-8 (other bytes replaced).
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// File name without folders; a weak hint.
    pub name: String,
    pub head: Vec<u8>,
    /// Pieces from further in, each starting and ending at a line's border.
    pub further: Vec<Vec<u8>>,
    /// Whether `head` is the whole file.
    pub whole: bool,
    /// When the file was last changed, in microseconds since 1970; 0: unknown. A date without a year is the latest
    /// one that is not after it, so that files which span new year read right in any chunk.
    pub file_time: i64,
    /// Bytes of the file before `head`: its byte order mark.
    pub mark: u64,
    /// Whether it is the text of a table that a file holds (a sheet, a table of a database), and no text that was written.
    pub is_table: bool,
}

impl Sample {
    /// A whole text as sample.
    pub fn whole(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), head: text.as_bytes().to_vec(), whole: true, ..Self::default() }
    }
}

/// One format's opinion of a sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recognition {
    pub format: FormatSpec,
    /// 1 to 100: the share of units that fit, weighed by how telling the format is.
    pub score: u8,
    /// In plain words: `all 512 lines have the combined shape`.
    pub reasons: Vec<String>,
}

/// How a file is cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Chunks end where `Parser::cut` says.
    Cut,
    /// The parser needs the whole file in one chunk (JSON documents).
    Whole,
    /// Not text: the engine has a reader of its own (Parquet).
    Native,
}

/// A piece of a file that begins and ends at an event's border. UTF-8 throughout: the reader validates once and
/// replaces what is none.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    pub text: &'a str,
    /// 1-based line number of its first line.
    pub first_line: u64,
    /// Offset of its first byte in the (decompressed) file.
    pub offset: u64,
    /// The file's first lines, 64 KiB or the first event whole, for headers and directives.
    pub head: &'a str,
    /// What lines before it say of how it is read, as `Parser::carry` gave it; empty: nothing but what `head` says.
    pub carried: &'a str,
    /// When the file was last changed, or the run began that parses a column; in microseconds since 1970; 0: unknown.
    /// A date without a year is the latest one that is not after it, so that files which span new year read right in
    /// any chunk.
    pub file_time: i64,
}

impl<'a> Chunk<'a> {
    /// A whole text as one chunk.
    pub fn whole(text: &'a str) -> Self {
        Self { text, first_line: 1, offset: 0, head: text, carried: "", file_time: 0 }
    }
}

/// A format. One file each; all are listed in `formats()`.
pub trait Format: Sync {
    /// `nginx_access`; what `--as` takes.
    fn name(&self) -> &'static str;
    fn title(&self) -> &'static str;
    /// One paragraph.
    fn doc(&self) -> &'static str;
    fn options(&self) -> &'static [OptionSpec];
    /// Whether its files are text, which has an encoding.
    fn is_text(&self) -> bool {
        true
    }
    /// Its own options, and those that every format of text has.
    fn every_option(&self) -> Vec<OptionSpec> {
        self.options()
            .iter()
            .copied()
            .chain(self.is_text().then_some([ENCODING, ZONE, DATES, EPOCHS, REPEATED]).into_iter().flatten())
            .collect()
    }
    /// Texts as the format has them, made up; shown with its documentation.
    fn examples(&self) -> &'static [&'static str] {
        &[]
    }
    /// Whether it makes the same columns whatever the file holds: its options say all.
    fn is_closed(&self) -> bool {
        false
    }
    /// Whether each record names its own fields, so that a longer sample may show more of them.
    fn is_keyed(&self) -> bool {
        false
    }
    /// Programs whose texts inside of another log's lines are of this format, which is then none of files.
    fn programs(&self) -> &'static [&'static str] {
        &[]
    }
    /// `None`: certainly not this format.
    fn recognise(&self, sample: &Sample) -> Option<Recognition>;
    /// Checks that the options are known and chosen from what there is; `prepare` begins with it.
    fn check_options(&self, spec: &FormatSpec) -> Result<(), Diagnostic> {
        let known = self.every_option();
        for (name, value) in &spec.options {
            let Some(option) = known.iter().find(|option| option.name == name) else {
                let names: Vec<&str> = known.iter().map(|option| option.name).collect();
                let hint = did_you_mean(name, names.iter().copied());
                let help = match names.as_slice() {
                    [] => "it takes none".to_owned(),
                    names => format!("its options are {}", names.join(", ")),
                };
                return Err(Diagnostic::error("PW0853", format!("{} has no option `{name}`{hint}", self.title()))
                    .help(help)
                    .field(name));
            };
            if name == ENCODING.name && !matches!(value.as_str(), "" | "auto") && spec.encoding().is_none() {
                return Err(Diagnostic::error("PW1102", format!("there is no encoding `{value}`"))
                    .help("name it as `file` or an editor does: UTF-8, UTF-16LE, windows-1252, Shift_JIS, GBK, Big5")
                    .field(name));
            }
            if name == ZONE.name && !value.is_empty() && spec.zone().is_none() {
                return Err(Diagnostic::error("PW1126", format!("there is no time zone `{value}`"))
                    .help("name it as the IANA database does, or as hours from UTC: Europe/Berlin, UTC, +02:00")
                    .field(name));
            }
            if name == EPOCHS.name {
                spec.epochs()?;
            }
            let choices: &[&str] = match option.kind {
                OptionKind::Text => continue,
                OptionKind::Boolean => &["true", "false"],
                OptionKind::Choice(choices) => choices,
            };
            if !value.is_empty() && !choices.contains(&value.as_str()) {
                return Err(Diagnostic::error("PW0854", format!("the option `{name}` cannot be `{value}`"))
                    .help(format!("choose one of {}", choices.join(", ")))
                    .field(name));
            }
        }
        Ok(())
    }
    /// Checks the options and makes a parser. With `schema` (as frozen in a design) the parser gives exactly those
    /// columns; without it the schema comes from the format or, where it is self-describing, from the sample.
    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic>;
}

/// A prepared format: immutable, used by several threads at once.
pub trait Parser: Send + Sync {
    fn schema(&self) -> &Schema;

    /// The parser that reads the records, where this one stands before it and makes other columns of them: files are cut
    /// and judged as that one has it.
    fn inner(&self) -> Option<&dyn Parser> {
        None
    }

    fn framing(&self) -> Framing {
        self.inner().map_or(Framing::Cut, |inner| inner.framing())
    }

    /// Whether the border of events is told by the lines around it, so that a file may be read in ranges.
    fn is_divisible(&self) -> bool {
        self.inner().map_or(self.framing() == Framing::Cut, |inner| inner.is_divisible())
    }

    /// The end (exclusive) of the last complete event in `bytes`, which begin at an event's border; 0: none ends here.
    /// Lines by default; formats with events of several lines, or quoted line ends, know better.
    fn cut(&self, bytes: &[u8]) -> usize {
        self.inner().map_or_else(|| super::line_ends::cut_lines(bytes), |inner| inner.cut(bytes))
    }

    /// What the lines up to the end of `bytes` say of how those behind them are read, where headers inside of a file do so:
    /// the headers that hold there, as lines. `before`: what holds where `bytes` begin, or nothing at a file's beginning.
    /// `None`: no line of the format says so.
    fn carry(&self, before: &str, bytes: &[u8]) -> Option<String> {
        self.inner().and_then(|inner| inner.carry(before, bytes))
    }

    /// Whether a file that begins like this can be none of the format, so that it need not be read to its end to be
    /// turned away; asked where the parser needs the whole.
    fn is_hopeless(&self, head: &str) -> bool {
        self.inner().is_some_and(|inner| inner.is_hopeless(head))
    }

    /// Reads a chunk whole: every unit is handed over, quarantined, joined, blank or meta. Never panics.
    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally;
}

/// `Europe/Berlin`, `+02:00`, `UTC`.
fn zone_of(text: &str) -> Option<Zone> {
    let text = text.trim();
    let is_offset = text.starts_with(['+', '-', 'Z', 'U']);
    match zone_prefix(text.as_bytes()).filter(|(_, used)| is_offset && *used == text.len()) {
        Some((seconds, _)) => Some(Zone::Fixed(seconds)),
        None => text.parse().ok().map(Zone::Named),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::format_timestamp;
    use crate::data::instants::parse_timestamp;
    use crate::formats::format;
    use crate::formats::testing::{prepare, read_with};

    #[test]
    fn times_without_a_zone_are_of_the_one_that_is_given() {
        let read = |zone: &str, text: &str| {
            let _times = FormatSpec::new("csv").with("zone", zone).times();
            parse_timestamp(text).map_or_else(|| "none".to_owned(), format_timestamp)
        };
        assert_eq!(read("Europe/Berlin", "2024-03-01 10:00:00"), "2024-03-01T09:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00"), "2024-07-01T08:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00Z"), "2024-07-01T10:00:00Z");
        assert_eq!(read("Europe/Berlin", "2024-07-01 10:00:00 -0700"), "2024-07-01T17:00:00Z");
        // Twice there, and not there at all.
        assert_eq!(read("Europe/Berlin", "2024-10-27 02:30:00"), "2024-10-27T00:30:00Z");
        assert_eq!(read("Europe/Berlin", "2024-03-31 02:30:00"), "none");
        assert_eq!(read("Europe/Berlin", "2150-03-29 02:30:00"), "none", "by the rules that go on");
        assert_eq!(read("+05:30", "2024-03-01 10:00:00"), "2024-03-01T04:30:00Z");
        assert_eq!(read("", "2024-03-01 10:00:00"), "2024-03-01T10:00:00Z");
        assert_eq!(parse_timestamp("2024-03-01 10:00:00").map(format_timestamp).unwrap(), "2024-03-01T10:00:00Z");
    }

    #[test]
    fn every_reader_of_times_knows_the_zone() {
        for (name, line, expected) in [
            ("syslog_3164", "<34>Mar  1 2024 10:00:00 web1 app: x\n", "2024-03-01T09:00:00Z"),
            ("apache_error", "[Fri Mar 01 10:00:00 2024] [error] [client 192.0.2.7] x\n", "2024-03-01T09:00:00Z"),
            ("nginx_error", "2024/03/01 10:00:00 [error] 12#34: x\n", "2024-03-01T09:00:00Z"),
            ("application_log", "2024-03-01 10:00:00,000 ERROR [main] a.B - x\n", "2024-03-01T09:00:00Z"),
            ("postgresql", "2024-03-01 10:00:00.5 [12] LOG:  x\n", "2024-03-01T09:00:00.500Z"),
            ("postgresql", "2024-03-01 10:00:00.5 -03 [12] LOG:  x\n", "2024-03-01T13:00:00.500Z"),
            ("json_lines", "{\"time\":\"2024-03-01 10:00:00\"}\n", "2024-03-01T09:00:00Z"),
            ("w3c", "#Fields: date time c-ip\n2024-03-01 10:00:00 192.0.2.7\n", "2024-03-01T09:00:00Z"),
        ] {
            let spec = FormatSpec::new(name).with("zone", "Europe/Berlin");
            let parser = prepare(&spec, None, line);
            let _times = spec.times();
            let reading = read_with(parser.as_ref(), &[line]);
            let column = reading.schema.index("time").unwrap();
            assert_eq!(reading.rows[0][column].to_json(), expected, "{name}: {line}");
        }
    }

    #[test]
    fn a_zone_that_is_none_is_told() {
        let fault = |zone: &str| format("csv").unwrap().check_options(&FormatSpec::new("csv").with("zone", zone)).err();
        assert_eq!(fault("Europe/Berln").map(|fault| fault.code.to_string()).as_deref(), Some("PW1126"));
        assert!(fault("+25:00").is_some());
        assert!(["UTC", "-07:00", "America/New_York", ""].iter().all(|zone| fault(zone).is_none()));
    }
}
