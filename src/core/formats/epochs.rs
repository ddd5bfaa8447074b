//! Numbers since 1970 that are times: which columns hold them, as names and values tell, and a parser in front of a
//! format's own that reads them. Must not import single formats.

mod inside;

use super::changes::ChangeSet;
use super::door::{Door, NONE, go_on};
use super::scan::trial;
use super::spec::EPOCHS;
use super::time::{Epoch, epoch, epoch_unit, from_epoch, is_finer_epoch};
use super::{Change, Chunk, Columns, Format, FormatSpec, Parser, Sample, Tally, Unfit, Unit, numbers};
use crate::data::instants::{is_finer, parse_timestamp};
use crate::data::{DataType, Field, Schema, Value};
use crate::diagnostic::Diagnostic;
use inside::{Way, ways_in};

/// The column beside one of nanoseconds that takes the number as it is written: a time is held in microseconds.
fn number_column(name: &str) -> String {
    format!("{name}_ns")
}

/// Whether a column is the number of a time that stands beside it.
fn is_number_of_time(schema: &Schema, name: &str) -> bool {
    let is_time = |field: &&Field| field.data_type == DataType::Timestamp && number_column(&field.name) == name;
    schema.fields.iter().any(|field| is_time(&field))
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
    let has_nanos = named.iter().any(|(_, unit)| *unit == Epoch::Nanos);
    // As the file itself shows it.
    let shown = (schema.is_none() || has_nanos).then(|| known.prepare(spec, None, sample)).transpose()?;
    let declared = match (schema, &shown) {
        (None, Some(shown)) => sampled(&**shown, sample, &named),
        (schema, _) => schema.cloned().unwrap_or_default(),
    };
    let unit_of = |field: &Field| {
        let unit = named.iter().find(|(name, _)| *name == field.name).map(|(_, unit)| *unit);
        unit.filter(|_| field.data_type == DataType::Timestamp)
    };
    let wanted: Vec<Option<Epoch>> = declared.fields.iter().map(unit_of).collect();
    // A column of the file itself stays what it is.
    let is_of_file = |name: &str| shown.as_ref().is_some_and(|shown| shown.schema().has(name));
    let number_of = |(field, unit): (&Field, &Option<Epoch>)| {
        let name = number_column(&field.name);
        let number = (*unit == Some(Epoch::Nanos) && !is_of_file(&name)).then(|| declared.index(&name)).flatten();
        number.filter(|at| declared.fields[*at].data_type == DataType::Int)
    };
    let beside: Vec<Option<usize>> = declared.fields.iter().zip(&wanted).map(number_of).collect();
    let places: Vec<usize> = (0..declared.len()).filter(|at| !beside.contains(&Some(*at))).collect();
    let mut inside = vec![Vec::new(); places.len()];
    let mut own = Vec::with_capacity(places.len());
    for (at, inside) in places.iter().zip(&mut inside) {
        let mut field = declared.fields[*at].clone();
        match wanted[*at] {
            Some(_) => field.data_type = DataType::String,
            None => *inside = set_inside(&mut field, &named, |known| *known == DataType::Timestamp, &DataType::String),
        }
        own.push(field);
    }
    let inner = known.prepare(spec, Some(&Schema::new(own)), sample)?;
    let reads = places.iter().map(|at| wanted[*at].map(|unit| (unit, beside[*at]))).collect();
    Ok(Box::new(EpochParser { inner, schema: declared, places, reads, inside }))
}

/// Gives values inside of a column that the option names another type, where theirs `is_right`; gives the ways to them.
fn set_inside(
    field: &mut Field,
    named: &[(&str, Epoch)],
    is_right: impl Fn(&DataType) -> bool,
    other: &DataType,
) -> Vec<(Way, Epoch)> {
    let mut found = Vec::new();
    for (name, unit) in named {
        let Some(way) = Way::of(name).filter(|way| way.column == field.name) else { continue };
        if let Some(data_type) = way.type_in(&mut field.data_type).filter(|data_type| is_right(data_type)) {
            data_type.clone_from(other);
            found.push((way, *unit));
        }
    }
    found
}

/// The columns that a sample shows, the named ones as times. Beside one of nanoseconds stands the number, where a time
/// does not hold all of it.
fn sampled(parser: &dyn Parser, sample: &Sample, named: &[(&str, Epoch)]) -> Schema {
    let schema = parser.schema();
    let rows = match named.iter().any(|(_, unit)| *unit == Epoch::Nanos) {
        true => trial(parser, sample).1.rows,
        false => Vec::new(),
    };
    let mut fields = Vec::with_capacity(schema.len());
    for (at, field) in schema.fields.iter().enumerate() {
        let is_named = |(name, _): &&(&str, Epoch)| *name == field.name && may_be_time(&field.data_type);
        let Some((name, unit)) = named.iter().find(is_named) else {
            let mut field = field.clone();
            set_inside(&mut field, named, may_be_time, &DataType::Timestamp);
            fields.push(field);
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
    Schema::new(fields)
}

/// Whether values of a type may be times.
fn may_be_time(data_type: &DataType) -> bool {
    are_numbers(data_type) || *data_type == DataType::Timestamp
}

/// Whether values of a type are numbers, or texts that may be some.
fn are_numbers(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int | DataType::Float | DataType::String)
}

/// The columns of a sample whose numbers are times since 1970, and such values inside of records: the name says a time, and
/// all values are times between 2000 and 2040 in one unit, or 0.
pub fn epoch_columns(parser: &dyn Parser, sample: &Sample) -> EpochColumns {
    let mut named: Vec<(usize, String, String)> = Vec::new();
    for (at, field) in parser.schema().fields.iter().enumerate() {
        if are_numbers(&field.data_type) && !field.name.contains([',', '=']) {
            named.push((at, field.name.clone(), field.name.clone()));
        } else {
            let inside = ways_in(field).into_iter().filter(|(_, _, data_type)| are_numbers(data_type));
            named.extend(inside.map(|(way, key, _)| (at, way, key)));
        }
    }
    named.retain(|(_, name, key)| says_time(key, None) && !is_number_of_time(parser.schema(), name));
    if named.is_empty() {
        return EpochColumns::default();
    }
    let mut rows = trial(parser, sample).1.rows;
    let found = named.into_iter().filter_map(|(at, name, key)| {
        let way = Way::of(&name).filter(|_| name != parser.schema().fields[at].name);
        let mut values = Vec::new();
        let cells = rows.iter_mut().filter_map(|(_, row)| row.get_mut(at));
        match &way {
            None => values.extend(cells.map(|cell| cell.clone())),
            Some(way) => cells.for_each(|cell| way.each_in(cell, &mut |value| values.push(value.clone()))),
        }
        let unit = unit_of(&values)?;
        // The file's own column would have to make room for the number.
        let is_taken = unit == Epoch::Nanos && way.is_none() && parser.schema().has(&number_column(&name));
        (!is_taken && says_time(&key, Some(unit))).then_some((name, unit))
    });
    EpochColumns(found.collect())
}

/// The one unit in which all values are times, or 0.
fn unit_of(values: &[Value]) -> Option<Epoch> {
    let mut unit = None;
    for value in values {
        let number = match value {
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
        let is_unfit = |name: &String| {
            unfit.contains_key(name) || Way::of(name).is_some_and(|way| unfit.contains_key(&way.column))
        };
        self.0.retain(|(name, _)| !is_unfit(name));
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

/// A number of a unit, or the text of a time: the time, and whether it is written finer than that holds it. `has_number`:
/// the nanoseconds stand beside it.
fn read(text: &str, unit: Epoch, has_number: bool) -> Option<(i64, bool)> {
    if let Some(micros) = instant(text, unit) {
        let is_rest = || whole(text).is_some_and(|written| written % 1000 != 0);
        return Some((micros, is_finer_epoch(text, unit) || unit == Epoch::Nanos && !has_number && is_rest()));
    }
    Some((parse_timestamp(text)?, is_finer(text)))
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
    /// By column of `inner`: the ways to numbers inside of its values, with their units.
    inside: Vec<Vec<(Way, Epoch)>>,
}

impl Parser for EpochParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.inner)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut door = TimeDoor { parser: self, out, unfit: Unfit::new(&self.schema) };
        let mut tally = self.inner.parse(chunk, &mut door);
        door.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The columns as the format's parser sees them.
struct TimeDoor<'a> {
    parser: &'a EpochParser,
    out: &'a mut dyn Columns,
    unfit: Unfit,
}

impl TimeDoor<'_> {
    #[inline]
    fn read_of(&self, column: usize) -> Option<(Epoch, Option<usize>)> {
        self.parser.reads.get(column).copied().flatten()
    }

    fn time(&mut self, column: usize, unit: Epoch, number: Option<usize>, text: &str) {
        let (time, text) = (self.at(column), text.trim());
        // Of a float such as `1709287200123456789.0`, too.
        let written = if unit == Epoch::Nanos { whole(text) } else { None };
        if let Some((number, value)) = number.zip(written)
            && self.out.wants(number)
        {
            self.out.int(number, value);
        }
        if text.is_empty() || !self.out.wants(time) {
            return;
        }
        match read(text, unit, number.is_some()) {
            Some((micros, is_cut)) => {
                self.out.timestamp(time, micros);
                if is_cut {
                    self.unfit.note_change(time, Change::Cut);
                }
            }
            None => self.unfit.note(time),
        }
    }
}

impl Door for TimeDoor<'_> {
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
        let number = self.read_of(column).and_then(|(_, number)| number);
        [self.at(column), number.unwrap_or(NONE)].into_iter().any(|place| place != NONE && self.out.wants(place))
    }
    fn pass_text(&mut self, column: usize, text: &str) {
        match self.read_of(column) {
            Some((unit, number)) => self.time(column, unit, number, text),
            None => go_on(self, column, |out, column| out.text(column, text)),
        }
    }
    fn pass_value(&mut self, column: usize, mut value: Value) {
        let mut changes = ChangeSet::default();
        for (way, unit) in self.parser.inside.get(column).into_iter().flatten() {
            way.each_in(&mut value, &mut |inner| {
                let Value::String(text) = &*inner else { return };
                let text = text.trim();
                let found = read(text, *unit, false);
                changes.insert_if(found.is_some_and(|(_, is_cut)| is_cut), Change::Cut);
                changes.insert_if(found.is_none() && !text.is_empty(), Change::Unfit);
                *inner = found.map_or(Value::Null, |(micros, _)| Value::Timestamp(micros));
            });
        }
        let place = self.at(column);
        if place != NONE {
            self.unfit.note_all(place, changes);
            self.out.value(place, value);
        }
    }
    fn finish_row(&mut self, unit: Unit) {
        self.unfit.end_row();
        self.out.end_row(unit);
    }
    fn drop_row(&mut self) {
        self.unfit.abandon_row();
        self.out.abandon_row();
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
        // A column of the file that is called so keeps its own values.
        let taken = "{\"t\":1709287200123456789,\"t_ns\":7}\n{\"t\":1709287200123456789.0,\"t_ns\":8}\n";
        let reading = read("json_lines", "t=ns", taken);
        assert_eq!(reading.columns(), ["t Timestamp", "t_ns Int"]);
        assert_eq!(reading.json(), [r#"["2024-03-01T10:00:00.123456Z",7]"#, r#"["2024-03-01T10:00:00.123456Z",8]"#]);
        assert_eq!((reading.tally.changes.cut.get("t"), reading.tally.unknown_keys.len()), (Some(&2), 0));
        // A number that the design declares stays one.
        let declared = Schema::of([("n", DataType::Int), ("t", DataType::Int)]);
        let parser = prepare(format("json_lines").unwrap(), &spec, Some(&declared), &Sample::default()).unwrap();
        assert_eq!(read_with(parser.as_ref(), &[text]).json()[0], "[1,1709287200123456789]");
    }

    #[test]
    fn numbers_inside_of_records_are_times_too() {
        let text = "{\"id\":1,\"event\":{\"time\":1709287200123,\"n\":1709287200,\"in\":{\"created_at\":1709287200}},\"items\":[{\"ts\":1709287200},{\"ts\":0}]}\n\
                    {\"id\":2,\"event\":{\"time\":1709287201123,\"n\":2,\"in\":null},\"items\":[]}\n";
        let option = guessed("json_lines", text);
        assert_eq!(option, "event.time=ms, event.in.created_at=s, items[].ts=s");
        let reading = read("json_lines", &option, text);
        assert_eq!(
            reading.columns()[1..],
            [
                r#"event Record{"time": Timestamp, "n": Int, "in": Record{"created_at": Timestamp}}"#,
                r#"items List<Record{"ts": Timestamp}>"#
            ]
        );
        assert_eq!(
            reading.json(),
            [
                r#"[1,{"in":{"created_at":"2024-03-01T10:00:00Z"},"n":1709287200,"time":"2024-03-01T10:00:00.123Z"},[{"ts":"2024-03-01T10:00:00Z"},{"ts":"1970-01-01T00:00:00Z"}]]"#,
                r#"[2,{"in":null,"n":2,"time":"2024-03-01T10:00:01.123Z"},[]]"#,
            ]
        );
        // What is no time there is counted, and what is finer.
        let reading =
            read("json_lines", "e.at=ns", "{\"e\":{\"at\":1709287200123456789}}\n{\"e\":{\"at\":\"soon\"}}\n");
        assert_eq!(reading.json(), [r#"[{"at":"2024-03-01T10:00:00.123456Z"}]"#, r#"[{"at":null}]"#]);
        let changes = reading.tally.changes;
        assert_eq!((changes.cut.get("e"), changes.unfit.get("e")), (Some(&1), Some(&1)));
    }

    #[test]
    fn a_document_without_hope_is_known_as_such() {
        let text = r#"{"items":[{"ts":1709287200,"n":1},{"ts":1709287201,"n":2}]}"#;
        let (known, sample) = (format("json_document").unwrap(), Sample::whole("a", text));
        let spec = FormatSpec::new("json_document").with("records", "$.items").with("epochs", "ts=s");
        let parser = prepare(known, &spec, None, &sample).unwrap();
        assert!(parser.is_hopeless("plain words and nothing else") && !parser.is_hopeless(text));
        assert_eq!(read_with(parser.as_ref(), &[text]).json()[1], r#"["2024-03-01T10:00:01Z",2]"#);
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

    #[test]
    fn the_number_beside_a_time_is_no_second_time() {
        let (known, text) = (format("influx").unwrap(), "cpu,host=a usage=1.5 1771322400000000001\n".repeat(2));
        let sample = Sample::whole("a.lp", &text);
        let parser = known.prepare(&FormatSpec::new("influx"), None, &sample).unwrap();
        assert!(parser.schema().has("time_ns"));
        assert_eq!(epoch_columns(&*parser, &sample), EpochColumns::default());
    }
}
