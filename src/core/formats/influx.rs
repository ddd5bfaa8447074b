//! The format `influx`: InfluxDB's line protocol, `measurement,tag=a field=1,other="b" 1709287200000000000`. One line is
//! one row; each tag and field is a column. Must not import other formats.

use super::declared::with_types;
use super::keys::{KeyCursor, KeyIndex, MAX_REPEATS, repeated};
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::time::{self, Epoch};
use super::{
    Change, Chunk, Columns, Format, FormatSpec, OptionKind, OptionSpec, Parser, Recognition, Sample, Tally, Unfit,
    numbers,
};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `influx`.
pub struct Influx;

/// Keys beyond which further ones are counted as unknown.
const MAX_KEYS: usize = 1000;
/// Columns that every point has, whatever its tags and fields are called.
const OWN: [&str; 2] = ["time", "name"];
/// The column of the stamps as they are written, where microseconds do not hold them.
const STAMP: &str = "time_ns";

/// Whether a stamp of nanoseconds has more than microseconds.
fn is_finer_than_micros(stamp: &str) -> bool {
    !stamp.is_empty() && !stamp.ends_with("000")
}

impl Format for Influx {
    fn name(&self) -> &'static str {
        "influx"
    }

    fn title(&self) -> &'static str {
        "Influx line protocol"
    }

    fn doc(&self) -> &'static str {
        "Points as Telegraf and InfluxDB write them (docs.influxdata.com, Line protocol): the measurement is `name`, the \
         stamp `time`, each tag a text column, each field a column of its type. Where stamps are finer than a \
         microsecond, `time_ns` has the whole stamp. A tag or field whose name is taken gets a number: `name_2`. Lines \
         with `#` are comments."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["cpu,host=web1,cpu=cpu0 usage_user=12.5,count=3i,ok=true 1709287200000000000"]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[OptionSpec {
            name: "precision",
            kind: OptionKind::Choice(&["ns", "us", "ms", "s"]),
            default: "ns",
            doc: "the unit of the stamps",
        }]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut units, mut fitting) = (0, 0);
        for line in sample_lines(sample).filter(|line| !line.starts_with('#')) {
            units += 1;
            let mut typed = 0;
            let stamp = read_point(line, |part| typed += usize::from(matches!(part, Part::Field(_, Value::Typed(..)))));
            // A time of nanoseconds, or a value that only this protocol writes so.
            fitting += usize::from(stamp.is_ok_and(|stamp| typed > 0 && stamp.len() >= 10));
        }
        recognition(FormatSpec::new("influx"), fitting, units, 97, "line", "are points of the line protocol")
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let unit = match spec.option("precision") {
            Some("s") => Epoch::Seconds,
            Some("ms") => Epoch::Millis,
            Some("us") => Epoch::Micros,
            _ => Epoch::Nanos,
        };
        let mut own = Schema::of([("time", DataType::Timestamp), ("name", DataType::String)]);
        let mut is_finer = false;
        for line in sample_lines(sample).filter(|line| !line.starts_with('#')) {
            let mut keys: Vec<(String, DataType)> = Vec::new();
            let read = read_point(line, |part| match part {
                Part::Name(_) => {}
                Part::Tag(key, _) => keys.push((plain(key), DataType::String)),
                Part::Field(key, value) => keys.push((plain(key), value.data_type())),
            });
            let Ok(stamp) = read else { continue };
            is_finer |= unit == Epoch::Nanos && is_finer_than_micros(stamp);
            let mut met: Vec<String> = OWN.map(str::to_owned).into();
            for (key, data_type) in keys {
                let times = 1 + met.iter().filter(|known| **known == key).count();
                if times > MAX_REPEATS {
                    continue;
                }
                met.push(key.clone());
                let key = repeated(&key, times);
                let known = own.fields.len();
                match own.fields.iter_mut().find(|field| field.name == key) {
                    Some(field) if field.data_type == data_type => {}
                    Some(field) => field.data_type = joined(&field.data_type, &data_type),
                    None if known < MAX_KEYS => own.fields.push(Field::new(&key, data_type)),
                    None => {}
                }
            }
        }
        if is_finer && !own.has(STAMP) {
            own.fields.insert(1, Field::new(STAMP, DataType::Int));
        }
        for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
            if !own.has(&field.name) {
                own.fields.push(field.clone());
            }
        }
        with_types(schema, &own, |schema| Ok(Box::new(InfluxParser { index: KeyIndex::new(&schema), schema, unit })))
    }
}

/// The type that takes both.
fn joined(one: &DataType, other: &DataType) -> DataType {
    match (one, other) {
        (DataType::Int, DataType::Float) | (DataType::Float, DataType::Int) => DataType::Float,
        _ => DataType::String,
    }
}

/// A piece of a point, escapes and all.
enum Part<'a> {
    Name(&'a str),
    Tag(&'a str, &'a str),
    Field(&'a str, Value<'a>),
}

/// The value of a field as written: a text without its quotes, or another with its type.
#[derive(Clone, Copy)]
enum Value<'a> {
    Text(&'a str),
    Typed(&'a str, Typed),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    Int,
    Float,
    Boolean(bool),
}

impl<'a> Value<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('"') {
            return inner.strip_suffix('"').map(Value::Text);
        }
        let boolean = |value| Some(Value::Typed(text, Typed::Boolean(value)));
        match text {
            "t" | "T" | "true" | "True" | "TRUE" => return boolean(true),
            "f" | "F" | "false" | "False" | "FALSE" => return boolean(false),
            _ => {}
        }
        if let Some(digits) = text.strip_suffix(['i', 'u']) {
            return digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
                .then_some(Value::Typed(digits, Typed::Int));
        }
        numbers::float(text).map(|_| Value::Typed(text, Typed::Float))
    }

    fn data_type(self) -> DataType {
        match self {
            Value::Text(_) => DataType::String,
            Value::Typed(_, Typed::Int) => DataType::Int,
            Value::Typed(_, Typed::Float) => DataType::Float,
            Value::Typed(_, Typed::Boolean(_)) => DataType::Boolean,
        }
    }
}

/// Walks over a point; gives its stamp, which may be empty.
fn read_point<'a>(line: &'a str, mut visit: impl FnMut(Part<'a>)) -> Result<&'a str, &'static str> {
    let head = end_of(line, b" ", false);
    let Some(fields) = line.get(head + 1..).filter(|_| head > 0) else {
        return Err("no fields follow the measurement");
    };
    let length = end_of(fields, b" ", true);
    let stamp = fields.get(length + 1..).unwrap_or_default().trim();
    if !stamp.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return Err("the stamp is no whole number");
    }
    let mut parts = pieces(&line[..head], false);
    visit(Part::Name(parts.next().unwrap_or_default()));
    for part in parts {
        let at = end_of(part, b"=", false);
        let value = part.get(at + 1..).ok_or("a tag has no value")?;
        visit(Part::Tag(&part[..at], value));
    }
    for part in pieces(&fields[..length], true) {
        let at = end_of(part, b"=", false);
        let value = part.get(at + 1..).filter(|_| at > 0).ok_or("a field has no value")?;
        visit(Part::Field(&part[..at], Value::read(value).ok_or("a field is no number, text or boolean")?));
    }
    Ok(stamp)
}

/// The pieces between commas.
fn pieces(text: &str, quotes: bool) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end_of(text, b",", quotes);
        rest = text.get(end + 1..);
        Some(&text[..end])
    })
}

/// Where a byte stands first, not behind a backslash and, with `quotes`, not in quotes; the end where it does not.
fn end_of(text: &str, stop: &[u8; 1], quotes: bool) -> usize {
    let (mut at, mut inside) = (0, false);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' if quotes => inside = !inside,
            byte if byte == stop[0] && !inside => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// A name or text without its escapes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letter == '\\' && letters.peek().is_some_and(|next| matches!(next, ',' | '=' | ' ' | '"' | '\\'));
        out.extend(if escaped { letters.next() } else { Some(letter) });
    }
    out
}

struct InfluxParser {
    schema: Schema,
    index: KeyIndex,
    unit: Epoch,
}

impl Parser for InfluxParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut keys = KeyCursor::numbered(&self.index);
        let wanted: Vec<bool> = (0..self.schema.len()).map(|column| out.wants(column)).collect();
        let [time_slot, name_slot] = OWN.map(|name| self.index.get(name));
        let stamp_slot = self.index.get(STAMP);
        // By column, the line that set it last.
        let mut set_in = vec![0; self.schema.len()];
        let mut unfit = Unfit::new(&self.schema);
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            if line.starts_with('#') {
                tally.meta += 1;
                continue;
            }
            keys.begin_row();
            [time_slot, name_slot].into_iter().flatten().for_each(|column| set_in[column] = tally.read);
            let read = read_point(line, |part| {
                let (key, value) = match part {
                    Part::Name(name) => {
                        if let Some(slot) = name_slot.filter(|slot| wanted[*slot]) {
                            out.text(slot, &plain(name));
                        }
                        return;
                    }
                    Part::Tag(key, value) => (key, Value::Text(value)),
                    Part::Field(key, value) => (key, value),
                };
                let column = if key.contains('\\') { keys.find_copied(&plain(key)) } else { keys.find(key) };
                let Some(mut column) = column else { return };
                if set_in[column] == tally.read {
                    let is_free = |next: usize| set_in[next] != tally.read;
                    column = self.index.next_of(&plain(key), is_free).unwrap_or(column);
                    if set_in[column] == tally.read {
                        unfit.note_change(column, Change::Repeated);
                        if [time_slot, name_slot].contains(&Some(column)) {
                            return;
                        }
                    }
                }
                set_in[column] = tally.read;
                if wanted[column] {
                    self.set(column, value, &mut unfit, out);
                }
            });
            match read {
                Ok(stamp) => {
                    if let (Some(slot), false) = (time_slot.filter(|slot| wanted[*slot]), stamp.is_empty()) {
                        match time::epoch(stamp, self.unit) {
                            Some(micros) => out.timestamp(slot, micros),
                            None => unfit.note(slot),
                        }
                        if self.unit == Epoch::Nanos && is_finer_than_micros(stamp) && stamp_slot.is_none() {
                            unfit.note_change(slot, Change::Cut);
                        }
                    }
                    let is_own = |slot: &usize| wanted[*slot] && set_in[*slot] != tally.read && !stamp.is_empty();
                    if let Some(slot) = stamp_slot.filter(is_own) {
                        self.set(slot, Value::Typed(stamp, Typed::Int), &mut unfit, out);
                    }
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                }
                Err(reason) => {
                    unfit.abandon_row();
                    out.abandon_row();
                    out.quarantine(unit, reason, line.as_bytes());
                    tally.quarantined += 1;
                }
            }
        }
        keys.finish(&mut tally);
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}

impl InfluxParser {
    fn set(&self, column: usize, value: Value, unfit: &mut Unfit, out: &mut dyn Columns) {
        match (value, &self.schema.fields[column].data_type) {
            (Value::Text(text), DataType::String) if text.contains('\\') => out.text(column, &plain(text)),
            (Value::Text(text) | Value::Typed(text, _), DataType::String) => out.text(column, text),
            (Value::Typed(text, Typed::Int), DataType::Int) => match numbers::int(text.as_bytes()) {
                Some(number) => out.int(column, number),
                None => unfit.note(column),
            },
            (Value::Typed(text, Typed::Int | Typed::Float), DataType::Float) => match numbers::float(text) {
                Some(number) => {
                    if numbers::is_rounded(text) {
                        unfit.note_rounded(column);
                    }
                    out.float(column, number);
                }
                None => unfit.note(column),
            },
            (Value::Typed(_, Typed::Boolean(value)), DataType::Boolean) => out.boolean(column, value),
            _ => unfit.note(column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::recognise;
    use crate::formats::testing::{read, samples};

    #[test]
    fn points_become_rows() {
        let text = "# a comment\ncpu,host=web\\ 1 usage=12.5,n=3i,ok=t,text=\"a, \\\"b\\\" c\" 1709287200500000000\n\
                    cpu,host=b usage=1i,n=4i 1709287200500000001\nmem free=1\nno point\nmem free=x 1\n";
        let reading = read(&FormatSpec::new("influx"), text);
        assert_eq!(
            reading.columns(),
            [
                "time Timestamp",
                "time_ns Int",
                "name String",
                "host String",
                "usage Float",
                "n Int",
                "ok Boolean",
                "text String",
                "free Float"
            ]
        );
        assert_eq!(
            reading.json(),
            [
                r#"["2024-03-01T10:00:00.500Z",1709287200500000000,"cpu","web 1",12.5,3,true,"a, \"b\" c",null]"#,
                r#"["2024-03-01T10:00:00.500Z",1709287200500000001,"cpu","b",1.0,4,null,null,null]"#,
                r#"[null,null,"mem",null,null,null,null,null,1.0]"#,
            ]
        );
        assert_eq!((reading.tally.meta, reading.tally.quarantined), (1, 2));
        assert!(reading.tally.changes.cut.is_empty());
        let without = Schema::of([("time", DataType::Timestamp)]);
        let narrow = crate::formats::testing::read_as(&FormatSpec::new("influx"), &without, text);
        assert_eq!(narrow.tally.changes.cut.get("time"), Some(&1));
    }

    #[test]
    fn names_that_are_taken_get_a_number() {
        let text = "disk,name=sda,host=a host=1,time=\"x\" 1709287200000000000\n";
        let reading = read(&FormatSpec::new("influx"), text);
        assert_eq!(
            reading.columns(),
            ["time Timestamp", "name String", "name_2 String", "host String", "host_2 Float", "time_2 String"]
        );
        assert_eq!(reading.json(), [r#"["2024-03-01T10:00:00Z","disk","sda","a",1.0,"x"]"#]);
    }

    #[test]
    fn real_files_lose_nothing() {
        let Some(folder) = samples() else { return };
        let text = std::fs::read_to_string(folder.join("influx-line/cloud1.influx")).unwrap();
        let found = recognise(&Sample::whole("cloud1.influx", &text));
        assert_eq!(found[0].format.name, "influx", "{found:?}");
        let tally = read(&found[0].format, &text).tally;
        assert!(tally.rows > 0 && tally.quarantined == 0, "{tally:?}");
    }
}
