//! Numbers since 1970 that are times: which columns hold them, as names and values tell, and a parser in front of a
//! format's own that reads them. Must not import single formats.

use super::layout::Layout;
use super::scan::trial;
use super::spec::EPOCHS;
use super::time::{Epoch, epoch, epoch_unit, from_epoch, is_finer_epoch};
use super::{Change, Chunk, Columns, Format, FormatSpec, Framing, Parser, Sample, Tally, Unfit, Unit, numbers};
use crate::data::instants::{is_finer, parse_timestamp};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;

/// The column beside one of nanoseconds that takes the number as it is written: a time is held in microseconds.
fn number_column(name: &str) -> String {
    format!("{name}_ns")
}

/// Checks the options and makes a parser, as `Format::prepare` does; columns that the option `epochs` names are times.
pub fn prepare(
    known: &dyn Format,
    spec: &FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
) -> Result<Box<dyn Parser>, Diagnostic> {
    let named = spec.epochs()?;
    if named.is_empty() {
        return known.prepare(spec, schema, sample);
    }
    let declared = match schema {
        Some(schema) => schema.clone(),
        None => sampled(known, spec, sample, &named)?,
    };
    let unit_of = |field: &Field| {
        let unit = named.iter().find(|(name, _)| *name == field.name).map(|(_, unit)| *unit);
        unit.filter(|_| field.data_type == DataType::Timestamp)
    };
    let wanted: Vec<Option<Epoch>> = declared.fields.iter().map(unit_of).collect();
    let number_of = |(field, unit): (&Field, &Option<Epoch>)| {
        let number = (*unit == Some(Epoch::Nanos)).then(|| declared.index(&number_column(&field.name))).flatten();
        number.filter(|at| declared.fields[*at].data_type == DataType::Int)
    };
    let beside: Vec<Option<usize>> = declared.fields.iter().zip(&wanted).map(number_of).collect();
    let places: Vec<usize> = (0..declared.len()).filter(|at| !beside.contains(&Some(*at))).collect();
    let own = |at: &usize| {
        let mut field = declared.fields[*at].clone();
        if wanted[*at].is_some() {
            field.data_type = DataType::String;
        }
        field
    };
    let inner = known.prepare(spec, Some(&Schema::new(places.iter().map(own).collect())), sample)?;
    let reads = places.iter().map(|at| wanted[*at].map(|unit| (unit, beside[*at]))).collect();
    Ok(Box::new(EpochParser { inner, schema: declared, places, reads }))
}

/// The columns that a sample shows, the named ones as times. Beside one of nanoseconds stands the number, where a time
/// does not hold all of it.
fn sampled(
    known: &dyn Format,
    spec: &FormatSpec,
    sample: &Sample,
    named: &[(&str, Epoch)],
) -> Result<Schema, Diagnostic> {
    let parser = known.prepare(spec, None, sample)?;
    let schema = parser.schema();
    let rows = match named.iter().any(|(_, unit)| *unit == Epoch::Nanos) {
        true => trial(&*parser, sample).1.rows,
        false => Vec::new(),
    };
    let mut fields = Vec::with_capacity(schema.len());
    for (at, field) in schema.fields.iter().enumerate() {
        let Some((name, unit)) = named.iter().find(|(name, _)| *name == field.name && may_be_time(field)) else {
            fields.push(field.clone());
            continue;
        };
        fields.push(Field { data_type: DataType::Timestamp, ..field.clone() });
        let is_finer = |value: &Value| match value {
            Value::Int(number) => number % 1000 != 0,
            Value::String(text) => numbers::int(text.as_bytes()).is_some_and(|number| number % 1000 != 0),
            _ => false,
        };
        let number = number_column(name);
        if *unit == Epoch::Nanos && !schema.has(&number) && rows.iter().any(|(_, row)| is_finer(&row[at])) {
            fields.push(Field::new(number, DataType::Int));
        }
    }
    Ok(Schema::new(fields))
}

/// Whether numbers of a column may be times.
fn may_be_time(field: &Field) -> bool {
    matches!(field.data_type, DataType::Int | DataType::Float | DataType::String | DataType::Timestamp)
}

/// The columns of a sample whose numbers are times since 1970: the name says a time, and all values are times between
/// 2000 and 2040 in one unit, or 0.
pub fn epoch_columns(parser: &dyn Parser, sample: &Sample) -> EpochColumns {
    let of_numbers = |field: &Field| matches!(field.data_type, DataType::Int | DataType::Float | DataType::String);
    let fields = parser.schema().fields.iter().enumerate();
    let named: Vec<(usize, &Field)> = fields
        .filter(|(_, field)| of_numbers(field) && !field.name.contains([',', '=']) && says_time(&field.name, None))
        .collect();
    if named.is_empty() {
        return EpochColumns::default();
    }
    let rows = trial(parser, sample).1.rows;
    let unit_of = |at: usize| -> Option<Epoch> {
        let mut unit = None;
        for (_, row) in &rows {
            let number = match row.get(at)? {
                Value::Null => continue,
                Value::Int(number) => *number,
                Value::Float(number) => *number as i64,
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) => whole(text)?,
                _ => return None,
            };
            if number == 0 {
                continue;
            }
            let found = epoch_unit(number).filter(|unit| from_epoch(number, *unit).is_some_and(|time| time < UNTIL))?;
            if *unit.get_or_insert(found) != found {
                return None;
            }
        }
        unit
    };
    let found = named.into_iter().filter_map(|(at, field)| {
        let unit = unit_of(at)?;
        // The file's own column would have to make room for the number.
        let is_taken = unit == Epoch::Nanos && parser.schema().has(&number_column(&field.name));
        (!is_taken && says_time(&field.name, Some(unit))).then(|| (field.name.clone(), unit))
    });
    EpochColumns(found.collect())
}

/// 2040-01-01.
const UNTIL: i64 = 2_208_988_800_000_000;

/// The whole part of a number that a text is, and no more than that.
fn whole(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| numbers::int(whole.as_bytes())).flatten()
}

/// Columns whose numbers are taken for times, with the unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EpochColumns(Vec<(String, Epoch)>);

impl EpochColumns {
    /// Leaves out columns with values that cannot be read so after all, as the option has it.
    pub fn that_fit(mut self, known: &dyn Format, spec: &FormatSpec, sample: &Sample) -> EpochColumns {
        if self.0.is_empty() {
            return self;
        }
        let with_all = spec.clone().with(EPOCHS.name, &self.option());
        let Ok(parser) = prepare(known, &with_all, None, sample) else { return EpochColumns::default() };
        let unfit = trial(&*parser, sample).0.changes.unfit;
        self.0.retain(|(name, _)| !unfit.contains_key(name));
        self
    }

    fn option(&self) -> String {
        self.0.iter().map(|(name, unit)| format!("{name}={}", unit.short())).collect::<Vec<_>>().join(", ")
    }

    /// Sets the option of a format; gives what is to be told: it is a guess.
    pub fn settle(&self, spec: &mut FormatSpec) -> Option<Diagnostic> {
        if self.0.is_empty() {
            return None;
        }
        spec.options.insert(EPOCHS.name.to_owned(), self.option());
        let word = |unit: Epoch| match unit {
            Epoch::Seconds => "seconds",
            Epoch::Millis => "milliseconds",
            Epoch::Micros => "microseconds",
            Epoch::Nanos => "nanoseconds",
        };
        let columns: Vec<String> = self.0.iter().map(|(name, unit)| format!("`{name}` ({})", word(*unit))).collect();
        let message = format!("the numbers of {} are read as times since 1970", columns.join(", "));
        let help = "name and values say so; set the option `epochs` to `none` to keep the numbers";
        Some(Diagnostic::hint("PW1156", message).help(help).field(EPOCHS.name))
    }
}

/// Words before `time` that make it a length.
const LENGTHS: &str = "elapsed duration latency took taken uptime runtime response processing process wait waiting \
    cpu user sys system total load render query exec execution run running connect connection queue gc pause \
    service upstream request idle busy lock avg mean max min";
/// Last words of names that say an instant.
const INSTANTS: &str = "time timestamp ts date datetime epoch at when created updated modified expires expiry expiration iat nbf \
    exp mtime ctime atime btime eventtime unix unixtime instant";
/// Words behind `first` and `last` that say one.
const EVENTS: &str = "seen login access accessed update run sync heartbeat active activity used check contact event";

/// Whether a name says a time, whose unit is no other than the values' one where it names a unit.
fn says_time(name: &str, unit: Option<Epoch>) -> bool {
    let mut words = words_of(name);
    let of_unit = |word: &str| match word {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(Epoch::Seconds),
        "ms" | "msec" | "milli" | "millis" | "millisecond" | "milliseconds" => Some(Epoch::Millis),
        "us" | "usec" | "micro" | "micros" | "microsecond" | "microseconds" => Some(Epoch::Micros),
        "ns" | "nsec" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => Some(Epoch::Nanos),
        _ => None,
    };
    if words.iter().filter_map(|word| of_unit(word)).any(|named| unit.is_some_and(|unit| unit != named)) {
        return false;
    }
    words.retain(|word| of_unit(word).is_none());
    let is_of = |word: &str, list: &str| list.split(' ').any(|known| known == word);
    let has = |list: &str| words.iter().any(|word| is_of(word, list));
    let Some(last) = words.last().map(String::as_str) else { return false };
    if has("monotonic") || last == "time" && has(LENGTHS) && !has("epoch") {
        return false;
    }
    let is_first_or_last = || matches!(words.first().map(String::as_str), Some("first" | "last"));
    is_of(last, INSTANTS)
        || words.len() > 1 && is_first_or_last() && is_of(last, EVENTS)
        // Bytes have a start and an end, too.
        || matches!(last, "start" | "end") && unit.is_none_or(|unit| unit != Epoch::Seconds)
}

/// The words of a name in small letters: `EdgeStartTimestamp`, `__REALTIME_TIMESTAMP`, `event.created`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_alphanumeric() {
            let begins = !before.is_alphanumeric() || c.is_uppercase() && before.is_lowercase();
            if begins || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    words
}

/// A number of a unit as a time.
fn instant(text: &str, unit: Epoch) -> Option<i64> {
    epoch(text, unit).or_else(|| {
        let number = numbers::float(text)?;
        let micros = match unit {
            Epoch::Seconds => number * 1e6,
            Epoch::Millis => number * 1e3,
            Epoch::Micros => number,
            Epoch::Nanos => number / 1e3,
        };
        (micros.abs() < 9e18).then(|| from_epoch(micros.round() as i64, Epoch::Micros)).flatten()
    })
}

struct EpochParser {
    /// Reads the named columns as texts.
    inner: Box<dyn Parser>,
    schema: Schema,
    /// By column of `inner`, that of `schema`.
    places: Vec<usize>,
    /// By column of `inner`: the unit of its numbers, and the column that takes them as they are.
    reads: Vec<Option<(Epoch, Option<usize>)>>,
}

impl Parser for EpochParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn framing(&self) -> Framing {
        self.inner.framing()
    }

    fn is_divisible(&self) -> bool {
        self.inner.is_divisible()
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        self.inner.cut(bytes)
    }

    fn layout(&self) -> Option<&Layout> {
        self.inner.layout()
    }

    fn is_hopeless(&self, head: &str) -> bool {
        self.inner.is_hopeless(head)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut door = Door { parser: self, out, unfit: Unfit::new(&self.schema) };
        let mut tally = self.inner.parse(chunk, &mut door);
        door.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The columns as the format's parser sees them.
struct Door<'a> {
    parser: &'a EpochParser,
    out: &'a mut dyn Columns,
    unfit: Unfit,
}

impl Door<'_> {
    #[inline]
    fn at(&self, column: usize) -> usize {
        self.parser.places.get(column).copied().unwrap_or(usize::MAX)
    }

    #[inline]
    fn read_of(&self, column: usize) -> Option<(Epoch, Option<usize>)> {
        self.parser.reads.get(column).copied().flatten()
    }

    fn time(&mut self, column: usize, unit: Epoch, number: Option<usize>, text: &str) {
        let (time, text) = (self.at(column), text.trim());
        if let Some((number, value)) = number.zip(numbers::int(text.as_bytes()))
            && self.out.wants(number)
        {
            self.out.int(number, value);
        }
        if text.is_empty() || !self.out.wants(time) {
            return;
        }
        if let Some(micros) = instant(text, unit) {
            self.out.timestamp(time, micros);
            let is_rest = || numbers::int(text.as_bytes()).is_some_and(|number| number % 1000 != 0);
            if is_finer_epoch(text, unit) || unit == Epoch::Nanos && number.is_none() && is_rest() {
                self.unfit.note_change(time, Change::Cut);
            }
        } else if let Some(micros) = parse_timestamp(text) {
            self.out.timestamp(time, micros);
            if is_finer(text) {
                self.unfit.note_change(time, Change::Cut);
            }
        } else {
            self.unfit.note(time);
        }
    }
}

impl Columns for Door<'_> {
    fn wants(&self, column: usize) -> bool {
        let number = self.read_of(column).and_then(|(_, number)| number);
        let place = self.at(column);
        place != usize::MAX && self.out.wants(place) || number.is_some_and(|number| self.out.wants(number))
    }
    fn boolean(&mut self, column: usize, value: bool) {
        self.out.boolean(self.at(column), value);
    }
    fn int(&mut self, column: usize, value: i64) {
        self.out.int(self.at(column), value);
    }
    fn float(&mut self, column: usize, value: f64) {
        self.out.float(self.at(column), value);
    }
    fn text(&mut self, column: usize, value: &str) {
        match self.read_of(column) {
            Some((unit, number)) => self.time(column, unit, number, value),
            None => self.out.text(self.at(column), value),
        }
    }
    fn timestamp(&mut self, column: usize, micros: i64) {
        self.out.timestamp(self.at(column), micros);
    }
    fn date(&mut self, column: usize, days: i32) {
        self.out.date(self.at(column), days);
    }
    fn duration(&mut self, column: usize, micros: i64) {
        self.out.duration(self.at(column), micros);
    }
    fn value(&mut self, column: usize, value: Value) {
        match value {
            Value::String(text) => self.text(column, &text),
            value => self.out.value(self.at(column), value),
        }
    }
    fn end_row(&mut self, unit: Unit) {
        self.unfit.end_row();
        self.out.end_row(unit);
    }
    fn abandon_row(&mut self) {
        self.unfit.abandon_row();
        self.out.abandon_row();
    }
    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        self.out.quarantine(unit, reason, raw);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::format;
    use crate::formats::testing::{Reading, read_with};

    /// The option as a text's names and values give it.
    fn guessed(name: &str, text: &str) -> String {
        let (spec, sample) = (FormatSpec::new(name), Sample::whole("a", text));
        let known = format(name).unwrap();
        let parser = known.prepare(&spec, None, &sample).unwrap();
        epoch_columns(&*parser, &sample).that_fit(known, &spec, &sample).option()
    }

    fn read(name: &str, option: &str, text: &str) -> Reading {
        crate::formats::testing::read(&FormatSpec::new(name).with("epochs", option), text)
    }

    #[test]
    fn numbers_are_times_where_name_and_values_say_so() {
        for (line, wanted) in [
            (r#"{"level":30,"time":1709287200123,"pid":1,"msg":"x"}"#, "time=ms"),
            (r#"{"level":"info","ts":1709287200.1234567,"msg":"x"}"#, "ts=s"),
            (r#"{"EdgeStartTimestamp":1709287200123000000,"EdgeResponseBytes":17}"#, "EdgeStartTimestamp=ns"),
            (
                r#"{"timestamp":1709287200123,"ingestionTime":1709287201000,"eventId":"7"}"#,
                "timestamp=ms, ingestionTime=ms",
            ),
            (r#"{"@timestamp":1709287200}"#, "@timestamp=s"),
            (
                r#"{"__REALTIME_TIMESTAMP":"1709287200123456","__MONOTONIC_TIMESTAMP":"1709287200"}"#,
                "__REALTIME_TIMESTAMP=us",
            ),
            (
                r#"{"timeMillis":1709287200123,"epoch":1709287200,"created_at":1709287200,"last_seen":0}"#,
                "timeMillis=ms, epoch=s, created_at=s",
            ),
            // Counters, identifiers, lengths of time, units that are others.
            (r#"{"id":1709287200,"user_id":1709287200123,"count":1709287200,"uptime":1709287200}"#, ""),
            (r#"{"response_time":1709287200,"nanoTime":1709287200123,"time_ms":1709287200,"start":1709287200}"#, ""),
            (r#"{"time":17,"ts":4102444800,"date":20240301,"at":"x"}"#, ""),
            (r#"{"ts":1709287200123456789,"ts_ns":7}"#, ""),
        ] {
            assert_eq!(guessed("json_lines", &format!("{line}\n")), wanted, "{line}");
        }
        assert_eq!(guessed("csv", "time,id\n1709287200,1709287201\n1709287300,1709287300\n"), "time=s");
        assert_eq!(guessed("csv", "time,id\n1709287200,1\n1709287300123,2\n"), "", "two units");
        assert_eq!(guessed("logfmt", "ts=1709287200.5 n=1\n"), "ts=s");
    }

    #[test]
    fn no_number_is_lost_in_its_time() {
        let text = "{\"t\":1709287200123456789,\"n\":1}\n{\"t\":0,\"n\":2}\n{\"t\":\"2024-03-01T10:00:00Z\"}\n{\"t\":\"soon\"}\n{\"t\":null}\n";
        let reading = read("json_lines", "t=ns", text);
        assert_eq!(reading.columns(), ["t Timestamp", "t_ns Int", "n Int"]);
        assert_eq!(
            reading.json(),
            [
                r#"["2024-03-01T10:00:00.123456Z",1709287200123456789,1]"#,
                r#"["1970-01-01T00:00:00Z",0,2]"#,
                r#"["2024-03-01T10:00:00Z",null,null]"#,
                "[null,null,null]",
                "[null,null,null]",
            ]
        );
        assert_eq!(reading.tally.changes.unfit.get("t"), Some(&1));
        assert!(reading.tally.changes.cut.is_empty());
        // Where the design has no column for it, that is told.
        let declared = Schema::of([("t", DataType::Timestamp)]);
        let spec = FormatSpec::new("json_lines").with("epochs", "t=ns");
        let parser = prepare(format("json_lines").unwrap(), &spec, Some(&declared), &Sample::default()).unwrap();
        assert_eq!(read_with(parser.as_ref(), &[text]).tally.changes.cut.get("t"), Some(&1));
        // A number that the design declares stays one.
        let declared = Schema::of([("n", DataType::Int), ("t", DataType::Int)]);
        let parser = prepare(format("json_lines").unwrap(), &spec, Some(&declared), &Sample::default()).unwrap();
        assert_eq!(read_with(parser.as_ref(), &[text]).json()[0], "[1,1709287200123456789]");
    }

    #[test]
    fn units_are_read_as_they_are_written() {
        for (option, value, time) in [
            ("t=s", "1709287200.25", "2024-03-01T10:00:00.250Z"),
            ("t=ms", "1709287200250", "2024-03-01T10:00:00.250Z"),
            ("t=us", "1709287200250001", "2024-03-01T10:00:00.250001Z"),
            ("t=ns", "1709287200250000000", "2024-03-01T10:00:00.250Z"),
            ("t=s", "1.709287200e9", "2024-03-01T10:00:00Z"),
        ] {
            let reading = read("csv", option, &format!("t,n\n{value},1\n{value},2\n"));
            assert_eq!(reading.json()[0], format!(r#"["{time}",1]"#), "{option} {value}");
        }
        let of = |text: &str| FormatSpec::new("csv").with("epochs", text);
        let fault = |text: &str| of(text).epochs().err().map(|fault| fault.code.to_string());
        assert_eq!(fault("t=h").as_deref(), Some("PW1155"));
        assert_eq!((fault("t").as_deref(), fault("none"), fault("a=b=ms, c=s")), (Some("PW1155"), None, None));
        assert!(format("csv").unwrap().check_options(&of("t")).is_err());
    }
}
