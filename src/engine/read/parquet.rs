//! Parquet files: schema, ranges of rows, rows. The one format that is not text. Must not import plans.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pipewright_core::data::instants::{MICROS_PER_DAY, date_in_range, in_range};
use pipewright_core::data::{DataType as OwnType, Field, Labels, Schema, Value, format_duration, settled};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::formats::cell::Cell;
use pipewright_core::formats::keys::Withheld;
use pipewright_core::formats::{Change, Changes, Columns, RowCollector, Tally, Unfit, Unit};
use polars::prelude::*;
use polars_arrow::datatypes::{ArrowDataType, TimeUnit as ArrowTimeUnit};
use polars_io::prelude::{FileMetadata, ParallelStrategy, ParquetReader, SerReader};

use super::job::{Parsed, Prepared, ReadJob};
use super::open::unreadable;
use crate::table::{ResultTable, polars_type, schema_of, value_of};

/// Rows that are read at once.
const BATCH: usize = 1 << 18;
/// Bytes in memory, about, of rows that are read at once.
const BATCH_BYTES: usize = 64 << 20;
/// Bytes of a row group that is read at once, though it has more.
const WHOLE_BYTES: usize = 2 * BATCH_BYTES;
/// Bytes of a cell in memory.
const CELL: usize = 8;

fn damaged(path: &Path, error: &PolarsError) -> Diagnostic {
    if let PolarsError::IO { error, .. } = error {
        return unreadable(path, error);
    }
    if has_marks(path).is_ok_and(|has_marks| has_marks) {
        return not_read(path);
    }
    Diagnostic::error("PW0910", "this is no Parquet file, or a damaged one")
        .help("see whether the file is whole, or choose another format for it")
        .file(path.display().to_string())
}

/// Whether a file begins and ends as a whole Parquet file does.
fn has_marks(path: &Path) -> std::io::Result<bool> {
    let mut file = open_file(path)?;
    let (mut first, mut last) = ([0; 4], [0; 4]);
    file.read_exact(&mut first)?;
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut last)?;
    Ok((&first, &last) == (b"PAR1", b"PAR1"))
}

fn not_read(path: &Path) -> Diagnostic {
    Diagnostic::error("PW0910", "this Parquet file has columns of a kind that is not read, two of one name, or is damaged inside")
        .help("see whether the file is whole; write intervals, identifiers and bytes as text, and give each column a name of its own")
        .file(path.display().to_string())
}

/// The library panics where a file's own description of itself is not what it expects.
fn careful<T>(path: &Path, work: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    crate::guard::silently(work).unwrap_or_else(|| Err(not_read(path)))
}

/// The columns of a file, in Pipewright's types.
pub(crate) fn schema(path: &Path) -> Result<Schema, Diagnostic> {
    careful(path, || schema_of_file(path))
}

fn schema_of_file(path: &Path) -> Result<Schema, Diagnostic> {
    let none = read(path, None, 0, 0)?;
    let plain = |field: &Field| Field::new(field.name.clone(), field.data_type.clone());
    Ok(Schema::new(schema_of(&none).fields.iter().map(plain).collect()))
}

/// How many rows a file has.
#[cfg(test)]
pub(crate) fn count_rows(path: &Path) -> Result<usize, Diagnostic> {
    let file = open_file(path).map_err(|error| unreadable(path, &error))?;
    ParquetReader::new(file).num_rows().map_err(|error| damaged(path, &error))
}

/// (first row, rows) of each batch: whole row groups, or parts of those that are large. Of a part its own pages are
/// unpacked, and the dictionaries of its columns.
pub(crate) fn row_ranges(path: &Path, columns: Option<&[String]>) -> Result<Vec<(usize, usize)>, Diagnostic> {
    careful(path, || ranges_of_file(path, columns))
}

fn ranges_of_file(path: &Path, columns: Option<&[String]>) -> Result<Vec<(usize, usize)>, Diagnostic> {
    let file = open_file(path).map_err(|error| unreadable(path, &error))?;
    let mut reader = ParquetReader::new(file);
    let metadata = reader.get_metadata().map_err(|error| damaged(path, &error))?;
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let (mut start, mut last) = (0, 0);
    for group in &metadata.row_groups {
        let rows = group.num_rows();
        let wanted = group.parquet_columns().iter().filter(|column| {
            let root = column.descriptor().path_in_schema.first().map_or("", |root| root.as_str());
            columns.is_none_or(|columns| columns.iter().any(|name| name == root))
        });
        // As they lie in the file, or as cells that repeat themselves there and do not in memory.
        let sizes = wanted.map(|column| {
            let cells = usize::try_from(column.num_values()).unwrap_or_default().max(rows).saturating_mul(CELL);
            usize::try_from(column.uncompressed_size()).unwrap_or_default().max(cells)
        });
        let bytes = sizes.fold(0, usize::saturating_add);
        match ranges.last_mut() {
            Some((_, count)) if *count + rows <= BATCH && last + bytes <= BATCH_BYTES => {
                *count += rows;
                last += bytes;
            }
            _ => {
                // Pages may be large: those at the ends of a part are unpacked twice.
                let parts = if bytes > WHOLE_BYTES { bytes / BATCH_BYTES + 1 } else { 1 };
                let step = rows.div_ceil(parts).max(1);
                ranges.extend((0..rows).step_by(step).map(|from| (start + from, step.min(rows - from))));
                // Nothing is added to a part.
                last = if rows <= step { bytes } else { BATCH_BYTES };
            }
        }
        start += rows;
    }
    Ok(ranges)
}

fn read(path: &Path, columns: Option<Vec<String>>, start: usize, count: usize) -> Result<DataFrame, Diagnostic> {
    let file = || open_file(path).map_err(|error| unreadable(path, &error));
    let of_file = |error: PolarsError| damaged(path, &error);
    let mut reader = ParquetReader::new(file()?);
    let kinds = reader.schema().map_err(of_file)?;
    // By row groups: those before the slice are not looked into.
    let taken = |reader: ParquetReader<std::fs::File>, columns: Option<Vec<String>>| {
        let reader = reader.with_columns(columns).with_slice(Some((start, count)));
        reader.read_parallel(ParallelStrategy::RowGroups).set_rechunk(true).finish().map_err(of_file)
    };
    let is_wanted = |name: &str| columns.as_ref().is_none_or(|columns| columns.iter().any(|known| known == name));
    let is_span = |kind: &ArrowDataType| *kind == ArrowDataType::Duration(ArrowTimeUnit::Second);
    let counts = |kind: &ArrowDataType| is_span(kind) || has_seconds(kind);
    let clocks = kinds.iter().filter(|(name, field)| is_wanted(name) && counts(&field.dtype));
    let clocks: Vec<String> = clocks.map(|(name, _)| name.to_string()).collect();
    if clocks.is_empty() {
        return taken(reader, columns);
    }
    // Parquet has no clocks in whole seconds: those of Arrow lie there in milliseconds, which the library takes for
    // seconds where the file says what they were. Spans in seconds lie there as numbers, which it multiplies unseen.
    let mut plain = FileMetadata::clone(reader.get_metadata().map_err(of_file)?);
    plain.key_value_metadata.iter_mut().for_each(|notes| notes.retain(|note| note.key != "ARROW:schema"));
    let mut rows = taken(reader, columns)?;
    let mut reader = ParquetReader::new(file()?);
    reader.set_metadata(Arc::new(plain));
    for column in taken(reader, Some(clocks))?.columns() {
        let is_span = rows.column(column.name()).is_ok_and(|as_told| as_told.dtype().is_duration());
        let column = if is_span { spans(column.as_materialized_series()) } else { Ok(column.clone()) };
        column.and_then(|column| rows.with_column(column).map(drop)).map_err(of_file)?;
    }
    Ok(rows)
}

/// Spans of numbers that count seconds, in milliseconds. What these do not hold stays more than a span holds.
fn spans(seconds: &Series) -> PolarsResult<Column> {
    let millis = seconds.i64()?.apply(|number| number.map(|number| number.saturating_mul(1000)));
    Ok(millis.into_duration(TimeUnit::Milliseconds).into_column())
}

fn has_seconds(kind: &ArrowDataType) -> bool {
    match kind {
        ArrowDataType::Time32(unit) => *unit == ArrowTimeUnit::Second,
        ArrowDataType::List(item) | ArrowDataType::LargeList(item) => has_seconds(&item.dtype),
        ArrowDataType::Struct(fields) => fields.iter().any(|field| has_seconds(&field.dtype)),
        _ => false,
    }
}

/// A batch of rows as the job's columns; a column that the file lacks is null.
pub(crate) fn read_rows(job: &ReadJob, file: &Prepared, start: usize, count: usize) -> Result<Parsed, Diagnostic> {
    careful(&file.path, || rows_of_file(job, file, start, count))
}

fn rows_of_file(job: &ReadJob, file: &Prepared, start: usize, count: usize) -> Result<Parsed, Diagnostic> {
    let have = schema_of_file(&file.path)?;
    let wanted = job.schema.fields.iter().zip(job.wanted(&job.schema)).filter(|(_, wanted)| *wanted).map(|(f, _)| f);
    let wanted: Vec<&Field> = wanted.filter(|field| !job.pieces.names().contains(&field.name)).collect();
    let names = wanted.iter().filter(|field| have.has(&field.name)).map(|field| field.name.clone()).collect();
    let read = read(&file.path, Some(names), start, count)?;
    let rows = count as u64;
    let mut tally = Tally { read: rows, accepted: rows, rows, ..Tally::default() };
    let mut columns = Vec::new();
    for field in wanted {
        if !have.has(&field.name) {
            tally.missing.insert(field.name.clone(), rows);
        }
        let made = column(&read, field, count, &mut tally.changes).map_err(|error| damaged(&file.path, &error))?;
        columns.push(made);
    }
    let undeclared = have.names().filter(|name| !job.schema.has(name));
    tally.unknown_keys.extend(undeclared.map(|name| (name.to_owned(), rows)));
    if job.position {
        columns.push(Column::new_scalar("_file".into(), Scalar::from(PlSmallStr::from_str(&file.name)), count));
        let numbers: Vec<i64> = (start as i64 + 1..=(start + count) as i64).collect();
        columns.push(Column::new("_line".into(), numbers));
        columns.push(Column::full_null("_offset".into(), count, &polars_type(&OwnType::Int)));
    }
    let frame = DataFrame::new(count, columns).map_err(|error| damaged(&file.path, &error))?;
    Ok(Parsed { frame, tally, quarantined: Vec::new(), taken: 0 })
}

fn column(frame: &DataFrame, field: &Field, count: usize, changes: &mut Changes) -> PolarsResult<Column> {
    let wanted = polars_type(&field.data_type);
    let Ok(column) = frame.column(&field.name) else {
        return Ok(Column::full_null(field.name.as_str().into(), count, &wanted));
    };
    let made = typed(column.as_materialized_series().clone(), &wanted, &field.name, changes)?;
    Ok(made.into_column())
}

/// Values as a type of Pipewright's, with those inside of lists and records; what becomes of them is counted.
fn typed(series: Series, wanted: &DataType, column: &str, changes: &mut Changes) -> PolarsResult<Series> {
    match (series.dtype(), wanted) {
        (DataType::Array(inner, _), DataType::List(_)) => {
            let list = series.cast(&DataType::List(inner.clone()))?;
            typed(list, wanted, column, changes)
        }
        (DataType::List(_), DataType::List(inner)) => {
            let within = Mutex::new(Changes::default());
            let made = series.list()?.apply_to_inner(&|items| {
                let mut found = Changes::default();
                let items = typed(items, inner, column, &mut found)?;
                within.lock().unwrap_or_else(PoisonError::into_inner).add(&found);
                Ok(items)
            })?;
            changes.add(&within.into_inner().unwrap_or_else(PoisonError::into_inner));
            Ok(made.into_series())
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let record = series.struct_()?;
            changes.note(Change::Undeclared, column, undeclared(record, fields)?);
            let parts = fields.iter().map(|field| match record.field_by_name(&field.name) {
                Ok(part) => typed(part, &field.dtype, column, changes),
                Err(_) => Ok(Series::full_null(field.name.clone(), series.len(), &field.dtype)),
            });
            let parts = parts.collect::<PolarsResult<Vec<Series>>>()?;
            let mut made = StructChunked::from_series(series.name().clone(), series.len(), parts.iter())?;
            made.zip_outer_validity(record);
            Ok(made.into_series())
        }
        (DataType::Struct(_) | DataType::List(_) | DataType::Array(..), DataType::String) => {
            json_texts(series, column, changes)
        }
        (DataType::String, wanted) if *wanted != DataType::String => read_texts(&series, wanted, column, changes),
        (own, wanted) if !fits(own, wanted) => {
            changes.note(Change::Unfit, column, (series.len() - series.null_count()) as u64);
            Ok(Series::full_null(series.name().clone(), series.len(), wanted))
        }
        _ => {
            let made = plain(&series, wanted)?;
            // What the type does not hold: infinite numbers, times out of range, values of another type.
            let lost = made.null_count().saturating_sub(series.null_count());
            changes.note(Change::Unfit, column, lost as u64);
            changes.note(Change::Rounded, column, rounded(&series, &made)?);
            if *wanted != DataType::String || matches!(series.dtype(), DataType::Duration(_)) {
                changes.note(Change::Cut, column, finer(&series)?);
            }
            changes.note(Change::Clock, column, clocks(&series, wanted)?);
            Ok(made)
        }
    }
}

/// Whether values of a type may be ones of another, as those of other formats may: a number counts nothing that a time
/// or a span could be read from. What has no type here is left to Polars.
fn fits(own: &DataType, wanted: &DataType) -> bool {
    let is_number = |own: &DataType| own.is_primitive_numeric() || own.is_decimal();
    match own {
        DataType::List(_) | DataType::Array(..) | DataType::Struct(_) => false,
        own if is_number(own) || own.is_bool() => match wanted {
            DataType::Boolean => own.is_bool() || own.is_integer(),
            wanted if own.is_bool() => *wanted == DataType::String,
            wanted => matches!(wanted, DataType::Int64 | DataType::Float64 | DataType::String),
        },
        DataType::Date | DataType::Datetime(..) => {
            matches!(wanted, DataType::Date | DataType::Datetime(..) | DataType::String)
        }
        // Engines hold spans as numbers: rows that are handed over are read so, whoever wrote them.
        DataType::Duration(_) => matches!(wanted, DataType::Duration(_) | DataType::String | DataType::Int64),
        DataType::Time => matches!(wanted, DataType::Duration(_) | DataType::String),
        _ => true,
    }
}

/// Records that hold something under a name that their type does not have.
fn undeclared(record: &StructChunked, fields: &[polars::prelude::Field]) -> PolarsResult<u64> {
    let is_known = |part: &Series| fields.iter().any(|field| field.name == *part.name());
    let others = record.fields_as_series().into_iter().filter(|part| !is_known(part));
    let held = others.map(|part| part.is_not_null()).reduce(|one, other| one | other);
    let Some(held) = held else { return Ok(0) };
    Ok((held & record.is_not_null()).sum().unwrap_or(0).into())
}

/// Texts as a type, as other formats read them.
fn read_texts(series: &Series, wanted: &DataType, column: &str, changes: &mut Changes) -> PolarsResult<Series> {
    let none = Series::full_null(column.into(), 0, wanted).into_column();
    let schema = schema_of(&DataFrame::new(0, vec![none])?);
    let Some(field) = schema.fields.first() else { return Ok(Series::full_null(column.into(), series.len(), wanted)) };
    let (cell, mut rows, mut unfit) = (Cell::of(&field.data_type), RowCollector::new(&schema), Unfit::new(&schema));
    for text in series.str()?.iter() {
        if let Some(text) = text {
            unfit.note_fit(0, cell.read_written(text, 0, field, &mut rows));
        }
        unfit.end_row();
        rows.end_row(Unit::default());
    }
    let mut tally = Tally::default();
    unfit.finish(&schema, &mut tally);
    changes.add(&tally.changes);
    let rows: Vec<Vec<Value>> = rows.rows.into_iter().map(|(_, row)| row).collect();
    let made = ResultTable::from_rows(&schema, &rows);
    let made = made.frame().column(column)?.as_materialized_series().clone();
    Ok(made.with_name(series.name().clone()))
}

/// Records and lists as JSON text, as a JSON source gives them: what is secret by its key is left out, and counted.
fn json_texts(series: Series, column: &str, changes: &mut Changes) -> PolarsResult<Series> {
    let name = series.name().clone();
    let frame = DataFrame::new(series.len(), vec![series.clone().into_column()])?;
    let Some(own) = schema_of(&frame).fields.into_iter().next().map(|field| field.data_type) else {
        return Ok(Series::full_null(name, series.len(), &DataType::String));
    };
    if !matches!(own, OwnType::List(_) | OwnType::Record(_)) {
        // A kind that has no type here: it has no text either, and would be asked for it for ever.
        changes.note(Change::Unfit, column, (series.len() - series.null_count()) as u64);
        return Ok(Series::full_null(name, series.len(), &DataType::String));
    }
    let made = typed(series, &polars_type(&own), column, changes)?;
    let (mut withheld, mut lost) = (Withheld::default(), 0);
    let mut texts = Vec::with_capacity(made.len());
    for row in 0..made.len() {
        let text = match value_of(&made.get(row)?, &own) {
            Value::Null => None,
            value => Some(value.to_json().to_string()),
        };
        let open = text.as_deref().and_then(|text| withheld.open_json(text, &Labels::default()));
        lost += u64::from(open.is_some());
        texts.push(open.or(text));
    }
    changes.note(Change::Undeclared, column, lost);
    Ok(StringChunked::from_iter_options(name, texts.into_iter()).into_series())
}

/// Whole and decimal numbers that a column of floats holds only as a neighbour.
fn rounded(series: &Series, made: &Series) -> PolarsResult<u64> {
    let exact = match series.dtype() {
        whole if whole.is_integer() => DataType::Int128,
        decimal @ DataType::Decimal(..) => decimal.clone(),
        _ => return Ok(0),
    };
    if !made.dtype().is_float() {
        return Ok(0);
    }
    let differs = series.cast(&exact)?.not_equal_missing(&made.cast(&exact)?)?;
    Ok(differs.sum().unwrap_or(0).into())
}

/// Times with a fraction of a microsecond.
fn finer(series: &Series) -> PolarsResult<u64> {
    if !matches!(
        series.dtype(),
        DataType::Datetime(TimeUnit::Nanoseconds, _) | DataType::Duration(TimeUnit::Nanoseconds)
    ) {
        return Ok(0);
    }
    let nanos = series.to_physical_repr();
    Ok(nanos.i64()?.iter().flatten().filter(|nanos| nanos % 1000 != 0).count() as u64)
}

/// Times of which a date holds only the day.
fn clocks(series: &Series, wanted: &DataType) -> PolarsResult<u64> {
    let (DataType::Datetime(unit, _), DataType::Date) = (series.dtype(), wanted) else { return Ok(0) };
    let day = match unit {
        TimeUnit::Nanoseconds => MICROS_PER_DAY * 1000,
        TimeUnit::Microseconds => MICROS_PER_DAY,
        TimeUnit::Milliseconds => MICROS_PER_DAY / 1000,
    };
    let physical = series.to_physical_repr();
    Ok(physical.i64()?.iter().flatten().filter(|time| time % day != 0).count() as u64)
}

/// A clock as a text, with as much of the fraction as it has.
fn clock_text(nanos: i64) -> String {
    let (seconds, fraction) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        return whole;
    }
    format!("{whole}.{}", format!("{fraction:09}").trim_end_matches('0'))
}

/// Times and spans that count milliseconds, in microseconds; null where these are more than a number holds. A cast would
/// leave out what does not fit and take the rest for a value.
fn in_micros(series: &Series) -> PolarsResult<Series> {
    let wanted = match series.dtype() {
        DataType::Datetime(TimeUnit::Milliseconds, zone) => DataType::Datetime(TimeUnit::Microseconds, zone.clone()),
        DataType::Duration(TimeUnit::Milliseconds) => DataType::Duration(TimeUnit::Microseconds),
        _ => return Ok(series.clone()),
    };
    let millis = series.to_physical_repr();
    let micros = millis.i64()?.apply(|number| number.and_then(|number| number.checked_mul(1000)));
    micros.into_series().cast(&wanted)
}

/// Values of a type without others inside.
fn plain(series: &Series, wanted: &DataType) -> PolarsResult<Series> {
    let series = &in_micros(series)?;
    let series = match series.dtype() {
        // Times with a zone are instants already: only the label goes.
        DataType::Datetime(unit, Some(_)) => {
            // A text holds as much of the fraction as there is.
            let unit = if *wanted == DataType::String { *unit } else { TimeUnit::Microseconds };
            series.cast(&DataType::Datetime(unit, None))?
        }
        // A cast would leave the fraction out.
        DataType::Time if *wanted == DataType::String => {
            let nanos = series.to_physical_repr();
            let texts: StringChunked = nanos.i64()?.iter().map(|nanos| nanos.map(clock_text)).collect();
            return Ok(texts.with_name(series.name().clone()).into_series());
        }
        // Polars has no text of a span.
        DataType::Duration(_) if *wanted == DataType::String => {
            let micros = series.cast(&DataType::Duration(TimeUnit::Microseconds))?.to_physical_repr().into_owned();
            let texts: StringChunked = micros.i64()?.iter().map(|micros| micros.map(format_duration)).collect();
            return Ok(texts.with_name(series.name().clone()).into_series());
        }
        DataType::Duration(_) if wanted.is_integer() => series.cast(&DataType::Duration(TimeUnit::Microseconds))?,
        // A cast would take every other number for true.
        own if own.is_integer() && *wanted == DataType::Boolean => {
            let whole = series.cast(&DataType::Int128)?;
            let is_one_of = whole.i128()?.apply(|value| value.filter(|value| matches!(value, 0 | 1)));
            is_one_of.into_series()
        }
        // A cast would cut the fraction off.
        DataType::Decimal(_, 1..) if wanted.is_integer() => {
            let whole = series.cast(&DataType::Int128)?;
            let is_whole = series.equal_missing(&whole.cast(series.dtype())?)?;
            whole.zip_with(&is_whole, &Series::full_null(whole.name().clone(), whole.len(), whole.dtype()))?
        }
        DataType::Float32 | DataType::Float64 if wanted.is_integer() => {
            let whole = series.cast(&DataType::Float64)?;
            whole.f64()?.apply(|value| value.filter(|value| value.fract() == 0.0)).into_series()
        }
        _ => series.clone(),
    };
    let series = if series.dtype() == wanted { series } else { series.cast(wanted)? };
    match series.dtype() {
        DataType::Float64 => Ok(series.f64()?.apply(|value| value.and_then(settled)).into_series()),
        // Only the years 1 to 9999 are held.
        DataType::Datetime(..) => {
            let physical = series.to_physical_repr();
            physical.i64()?.apply(|value| value.and_then(in_range)).into_series().cast(wanted)
        }
        DataType::Date => {
            let physical = series.to_physical_repr();
            let held = physical.i32()?.apply(|value| value.and_then(|days| date_in_range(days.into())));
            held.into_series().cast(wanted)
        }
        _ => Ok(series),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_become_texts_without_what_is_secret_by_its_key() {
        let user = Series::new("user".into(), ["ann", "bo"]);
        let password = Series::new("password".into(), ["SECR0", "SECR1"]);
        let record = StructChunked::from_series("v".into(), 2, [user, password].iter()).unwrap().into_series();
        let mut changes = Changes::default();
        let texts = typed(record.clone(), &DataType::String, "v", &mut changes).unwrap();
        assert_eq!(
            texts.str().unwrap().iter().collect::<Vec<_>>(),
            [Some(r#"{"user":"ann"}"#), Some(r#"{"user":"bo"}"#)]
        );
        assert_eq!(format!("{:?}", changes.undeclared), r#"{"v": 2}"#);
        // Also inside of a record, and in a list.
        let outer = StructChunked::from_series("o".into(), 2, [record].iter()).unwrap().into_series();
        let wanted = DataType::Struct(vec![polars::prelude::Field::new("v".into(), DataType::String)]);
        let made = typed(outer, &wanted, "o", &mut changes).unwrap();
        assert!(!format!("{made:?}").contains("SECR"), "{made:?}");
        let list = Series::new("l".into(), [Series::new("".into(), ["x", "y"])]);
        let texts = typed(list, &DataType::String, "l", &mut changes).unwrap();
        assert_eq!(texts.str().unwrap().iter().collect::<Vec<_>>(), [Some(r#"["x","y"]"#)]);
    }

    /// As they are, inside of a record, inside of one another, and with items that have no type here.
    #[test]
    fn lists_of_a_fixed_size_are_lists() {
        let list = Series::new("v".into(), [Series::new("".into(), [1_i64, 2]), Series::new("".into(), [3_i64, 4])]);
        let pair = DataType::Array(Box::new(DataType::Int64), 2);
        let array = list.cast(&pair).unwrap();
        let record = StructChunked::from_series("r".into(), 2, [array.clone()].iter()).unwrap().into_series();
        let nested = Series::new("n".into(), [list.clone(), list.clone()]);
        let nested = nested.cast(&DataType::Array(Box::new(pair), 2)).unwrap();
        let bytes = Series::new(
            "b".into(),
            [Series::new("".into(), [&[255_u8][..], b"a"]), Series::new("".into(), [&b"b"[..]])],
        );
        let columns = [array.clone(), record, nested, bytes].map(Series::into_column).to_vec();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.parquet");
        let mut frame = DataFrame::new(2, columns).unwrap();
        ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        let found = schema(&path).unwrap();
        let types: Vec<String> = found.fields.iter().map(|field| field.data_type.to_string()).collect();
        assert_eq!(types, ["List<Int>", "Record{\"v\": List<Int>}", "List<List<Int>>", "List<String>"]);
        let read = read(&path, None, 0, 2).unwrap();
        let mut changes = Changes::default();
        let made = column(&read, &found.fields[2], 2, &mut changes).unwrap();
        assert_eq!(value_of(&made.get(0).unwrap(), &found.fields[2].data_type).to_json().to_string(), "[[1,2],[3,4]]");
        // Declared as a text they are one, as other lists are.
        let texts = typed(array, &DataType::String, "v", &mut changes).unwrap();
        assert_eq!(texts.str().unwrap().iter().collect::<Vec<_>>(), [Some("[1,2]"), Some("[3,4]")]);
    }

    #[test]
    fn decimals_with_a_fraction_are_no_whole_numbers() {
        let texts = ["9007199254740993.5", "9007199254740993.0", "-1.5", "99999999999999999999.0"];
        let decimals = Series::new("d".into(), texts).cast(&DataType::Decimal(30, 1)).unwrap();
        let whole = plain(&decimals, &DataType::Int64).unwrap();
        assert_eq!(whole.i64().unwrap().to_vec(), [None, Some(9_007_199_254_740_993), None, None]);
    }
}
