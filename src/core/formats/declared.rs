//! Columns of another type than the format makes: what a format hands over is read as the declared type, by the one
//! reader of texts, and what does not fit is counted. Must not import single formats.

use super::cell::Cell;
use super::columns::Fit;
use super::{Chunk, Columns, Parser, Tally, Unfit, Unit};
use crate::data::instants::MICROS_PER_DAY;
use crate::data::{DataType, Field, Schema, Value, format_date, format_duration, format_timestamp};
use crate::diagnostic::Diagnostic;

/// Makes a parser whose rows have the declared columns (`None`: those that the format makes), of a format that makes
/// `own` types. `make` is given the schema with the types that the format makes.
/// Errors: a type that no value of the format's own can be read as.
pub fn with_types(
    declared: Option<&Schema>,
    own: &Schema,
    make: impl FnOnce(Schema) -> Result<Box<dyn Parser>, Diagnostic>,
) -> Result<Box<dyn Parser>, Diagnostic> {
    let Some(declared) = declared else { return make(own.clone()) };
    let mut made = declared.clone();
    let mut cells = vec![None; declared.len()];
    for (field, cell) in made.fields.iter_mut().zip(&mut cells) {
        let Some(own) = own.get(&field.name) else { continue };
        if own.data_type == field.data_type || field.data_type.is_unknown() {
            continue;
        }
        check(field, &own.data_type)?;
        *cell = Some(Cell::of(&field.data_type));
        field.data_type = own.data_type.clone();
    }
    let is_plain = cells.iter().all(Option::is_none);
    let inner = make(made)?;
    if is_plain {
        return Ok(inner);
    }
    Ok(Box::new(TypedParser { inner, schema: declared.clone(), cells }))
}

/// Texts can be read as anything; other values only as what their text can be.
fn check(field: &Field, own: &DataType) -> Result<(), Diagnostic> {
    let others: &[DataType] = match own {
        DataType::Int => &[DataType::Float, DataType::String],
        DataType::Float => &[DataType::Int, DataType::String],
        DataType::Timestamp => &[DataType::Date, DataType::String],
        DataType::Date => &[DataType::Timestamp, DataType::String],
        DataType::Boolean | DataType::Duration | DataType::List(_) | DataType::Record(_) => &[DataType::String],
        DataType::String | DataType::Unknown => return Ok(()),
    };
    if others.contains(&field.data_type) {
        return Ok(());
    }
    let names: Vec<String> = others.iter().map(DataType::to_string).collect();
    Err(Diagnostic::error(
        "PW0495",
        format!("column `{}` is declared as {}, but the format makes {own} of it", field.name, field.data_type),
    )
    .help(format!("declare it as {own}, or as {}, and change it in a step", names.join(" or "))))
}

struct TypedParser {
    inner: Box<dyn Parser>,
    schema: Schema,
    /// By column, how it is read; `None`: the format makes its type.
    cells: Vec<Option<Cell>>,
}

impl Parser for TypedParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn inner(&self) -> Option<&dyn Parser> {
        Some(&*self.inner)
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut typed = Typed { parser: self, out, unfit: Unfit::new(&self.schema) };
        let mut tally = self.inner.parse(chunk, &mut typed);
        typed.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The door in front of the columns.
struct Typed<'a> {
    parser: &'a TypedParser,
    out: &'a mut dyn Columns,
    unfit: Unfit,
}

impl Typed<'_> {
    /// How a column is read, where the format makes another type.
    fn cell(&self, column: usize) -> Option<Cell> {
        self.parser.cells.get(column).copied().flatten()
    }

    fn read(&mut self, cell: Cell, column: usize, text: &str) {
        let Some(field) = self.parser.schema.fields.get(column) else { return };
        let fit = cell.read(text, column, field, self.out);
        if !text.trim_matches(' ').is_empty() {
            self.unfit.note_fit(column, fit);
        }
    }
}

impl Columns for Typed<'_> {
    fn wants(&self, column: usize) -> bool {
        self.out.wants(column)
    }

    fn boolean(&mut self, column: usize, value: bool) {
        match self.cell(column) {
            None => self.out.boolean(column, value),
            Some(cell) => self.read(cell, column, &value.to_string()),
        }
    }

    fn int(&mut self, column: usize, value: i64) {
        match self.cell(column) {
            None => self.out.int(column, value),
            Some(cell) => self.read(cell, column, &value.to_string()),
        }
    }

    fn float(&mut self, column: usize, value: f64) {
        match self.cell(column) {
            None => self.out.float(column, value),
            // A whole number without its `.0`.
            Some(Cell::Int) if value.fract() == 0.0 => self.read(Cell::Int, column, &format!("{value}")),
            Some(cell) => self.read(cell, column, &format!("{value:?}")),
        }
    }

    fn text(&mut self, column: usize, value: &str) {
        match self.cell(column) {
            None => self.out.text(column, value),
            Some(cell) => self.read(cell, column, value),
        }
    }

    fn timestamp(&mut self, column: usize, micros: i64) {
        match self.cell(column) {
            None => self.out.timestamp(column, micros),
            Some(Cell::Date) => {
                if micros % MICROS_PER_DAY != 0 {
                    self.unfit.note_fit(column, Fit::Clock);
                }
                self.out.date(column, micros.div_euclid(MICROS_PER_DAY) as i32);
            }
            Some(cell) => self.read(cell, column, &format_timestamp(micros)),
        }
    }

    fn date(&mut self, column: usize, days: i32) {
        match self.cell(column) {
            None => self.out.date(column, days),
            Some(cell) => self.read(cell, column, &format_date(days)),
        }
    }

    fn duration(&mut self, column: usize, micros: i64) {
        match self.cell(column) {
            None => self.out.duration(column, micros),
            Some(cell) => self.read(cell, column, &format_duration(micros)),
        }
    }

    fn value(&mut self, column: usize, value: Value) {
        match self.cell(column) {
            Some(cell) if !value.is_null() => self.read(cell, column, &value.to_json().to_string()),
            _ => self.out.value(column, value),
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
    use crate::formats::testing::{prepare, read_as, samples};
    use crate::formats::{FormatSpec, format, formats};

    /// (format, a unit of it, a column, the declared type, the value wanted, values that do not fit).
    type Case = (&'static str, &'static str, &'static str, DataType, &'static str, u64);

    #[test]
    fn every_format_makes_the_declared_type_or_says_so() {
        let access = r#"10.0.0.1 - 42 [10/Oct/2000:13:55:36 +0000] "GET /7 HTTP/1.1" 200 5 "-" "curl""#;
        let syslog = "<34>Oct 11 22:14:15 host 7[9]: 12.5";
        let frame = "<34>1 2003-10-11T22:14:15Z host 7 9 3 - true";
        let metric = "up{code=\"500\"} 1.5 1700000000000";
        let cases: &[Case] = &[
            ("lines", "17", "line", DataType::Int, "17", 0),
            ("lines", "2026-03-02", "line", DataType::Date, "\"2026-03-02\"", 0),
            ("lines", "x", "line", DataType::Float, "null", 1),
            ("prometheus", metric, "code", DataType::Int, "500", 0),
            ("prometheus", metric, "value", DataType::String, "\"1.5\"", 0),
            ("prometheus", metric, "value", DataType::Int, "null", 1),
            ("prometheus", "up 3", "value", DataType::Int, "3", 0),
            ("prometheus", metric, "time", DataType::Date, "\"2023-11-14\"", 0),
            ("prometheus", "up NaN", "value", DataType::Float, "null", 1),
            ("prometheus", "up -Inf", "value", DataType::Float, "null", 1),
            ("prometheus", "up NaN", "value", DataType::String, "\"NaN\"", 0),
            ("prometheus", "up +Inf", "value", DataType::String, "\"inf\"", 0),
            ("syslog_3164", syslog, "app", DataType::Int, "7", 0),
            ("syslog_3164", syslog, "pid", DataType::String, "\"9\"", 0),
            ("syslog_3164", syslog, "message", DataType::Float, "12.5", 0),
            ("syslog_3164", syslog, "host", DataType::Boolean, "null", 1),
            ("syslog_3164", syslog, "time", DataType::String, "\"1970-10-11T22:14:15Z\"", 0),
            ("syslog_5424", frame, "message", DataType::Boolean, "true", 0),
            ("syslog_5424", frame, "msg_id", DataType::Int, "3", 0),
            ("syslog_5424", frame, "version", DataType::Float, "1.0", 0),
            ("nginx_access", access, "path", DataType::Int, "null", 1),
            ("nginx_access", access, "user", DataType::Boolean, "null", 1),
            ("nginx_access", access, "user", DataType::Int, "42", 0),
            ("nginx_access", access, "status", DataType::String, "\"200\"", 0),
            ("nginx_access", access, "time", DataType::Date, "\"2000-10-10\"", 0),
            ("apache_access", access, "method", DataType::Date, "null", 1),
            ("apache_access", access, "bytes", DataType::Float, "5.0", 0),
        ];
        for (name, text, column, data_type, wanted, unfit) in cases {
            let schema = Schema::of([(*column, data_type.clone())]);
            let reading = read_as(&FormatSpec::new(name), &schema, text);
            assert_eq!(reading.json(), [format!("[{wanted}]")], "{name} {column} {data_type}");
            assert_eq!(
                reading.tally.changes.unfit.get(*column).copied().unwrap_or(0),
                *unfit,
                "{name} {column} {data_type}"
            );
        }
        for (name, column, data_type) in [
            ("prometheus", "time", DataType::Int),
            ("prometheus", "value", DataType::Timestamp),
            ("syslog_3164", "time", DataType::Boolean),
            ("syslog_3164", "pid", DataType::Date),
            ("nginx_access", "status", DataType::Timestamp),
            ("apache_access", "time", DataType::Float),
        ] {
            let schema = Schema::of([(column, data_type)]);
            let refused = format(name).unwrap().prepare(&FormatSpec::new(name), Some(&schema), &Default::default());
            assert_eq!(refused.err().map(|fault| fault.code).as_deref(), Some("PW0495"), "{name} {column}");
        }
    }

    /// Of every format, each of its columns declared as each type: a value that is lost is counted.
    #[test]
    fn no_declared_type_loses_a_value_without_a_count() {
        let Some(folder) = samples() else { return };
        let types = [DataType::Boolean, DataType::Int, DataType::Float, DataType::Timestamp, DataType::Date];
        let mut seen = 0;
        for (name, file) in [
            ("nginx_access", "nginx-access/test.log"),
            ("syslog_5424", "syslog-5424/ids.log"),
            ("logfmt", "logfmt/agent-logfmt.txt"),
        ] {
            assert!(formats().iter().any(|format| format.name() == name));
            let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            let text: String = text.lines().take(20).map(|line| format!("{line}\n")).collect();
            let own = prepare(&FormatSpec::new(name), None, &text).schema().clone();
            for field in &own.fields {
                let as_is = read_as(&FormatSpec::new(name), &Schema::new(vec![field.clone()]), &text);
                let present = as_is.rows.iter().filter(|row| !row[0].is_null() && row[0] != Value::text("")).count();
                for data_type in &types {
                    let schema = Schema::of([(field.name.as_str(), data_type.clone())]);
                    let spec = FormatSpec::new(name);
                    if format(name).unwrap().prepare(&spec, Some(&schema), &Default::default()).is_err() {
                        continue;
                    }
                    let reading = read_as(&spec, &schema, &text);
                    let kept = reading.rows.iter().filter(|row| !row[0].is_null()).count() as u64;
                    let unfit = reading.tally.changes.unfit.get(&field.name).copied().unwrap_or(0);
                    let aside = reading.tally.quarantined - as_is.tally.quarantined;
                    assert!(kept + unfit + aside >= present as u64, "{name} {} {data_type}", field.name);
                    seen += 1;
                }
            }
        }
        assert!(seen > 30, "{seen}");
    }
}
