//! Columns under construction: what parsers fill through core's `Columns`, and the frame that comes out. Text stays
//! where it lies: a string column is a column of views into the chunk's own buffer. Must not import steps or plans.

use pipewright_core::data::{DataType, Schema, Value, settled};
use pipewright_core::formats::{Columns, Unit};
use polars::prelude::*;
use polars_arrow::array::{BooleanArray, Utf8ViewArray, View};
use polars_arrow::bitmap::{Bitmap, MutableBitmap};
use polars_arrow::datatypes::ArrowDataType;
use polars_buffer::Buffer;

use crate::views;

/// Names of the position columns, in order, and their types.
pub const POSITION: [(&str, DataType); 3] =
    [("_file", DataType::String), ("_line", DataType::Int), ("_offset", DataType::Int)];

/// Side buffers are cut at this size, so that offsets fit 32 bits.
const SIDE_LIMIT: usize = 1 << 28;

/// A unit that did not fit its format.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    pub file: String,
    /// 1-based; 0: not known (samples from the middle of large files).
    pub line: u64,
    /// Bytes from the start of the (decompressed) file.
    pub offset: u64,
    pub reason: String,
    pub raw: String,
}

/// Which of a parser's columns to build, and under which names.
pub(crate) struct Layout<'a> {
    /// The parser's schema.
    pub schema: &'a Schema,
    /// By field index; those not wanted are neither parsed nor built.
    pub wanted: &'a [bool],
    pub position: bool,
    /// What `_file` says.
    pub file: &'a str,
}

/// Bytes that were replaced shift what follows: (position in the repaired text, bytes gained up to there).
pub(crate) type Shifts = Vec<(u64, u64)>;

/// Builders for one chunk.
pub(crate) struct FrameBuilder<'a> {
    layout: Layout<'a>,
    text: Buffer<u8>,
    /// Address of the chunk's first byte; compared with, never followed.
    start: usize,
    /// Offset of the chunk in its file.
    offset: u64,
    shifts: &'a Shifts,
    slots: Vec<Slot>,
    side: Side,
    rows: usize,
    lines: Vec<i64>,
    offsets: Vec<i64>,
    /// The first ones are kept whole, up to `quarantine_limit`.
    pub quarantined: Vec<Quarantined>,
    quarantine_limit: usize,
}

/// Text that lies nowhere in the chunk (unescaped, joined, replaced).
#[derive(Default)]
struct Side {
    full: Vec<Vec<u8>>,
    current: Vec<u8>,
}

impl Side {
    /// A view of a copy; buffer 0 is the chunk.
    fn view(&mut self, text: &str) -> View {
        if self.current.len() + text.len() > SIDE_LIMIT && !self.current.is_empty() {
            self.full.push(std::mem::take(&mut self.current));
        }
        let offset = self.current.len();
        self.current.extend_from_slice(text.as_bytes());
        View::new_from_bytes(text.as_bytes(), self.full.len() as u32 + 1, offset as u32)
    }
}

/// Values of one column with the places of its nulls.
struct Values<T> {
    values: Vec<T>,
    /// Made at the first null.
    validity: Option<MutableBitmap>,
}

impl<T: Clone + Default> Values<T> {
    fn new() -> Self {
        Self { values: Vec::new(), validity: None }
    }

    fn set(&mut self, row: usize, value: T) {
        if self.values.len() > row {
            self.values[row] = value;
        } else {
            self.values.push(value);
            if let Some(validity) = &mut self.validity {
                validity.push(true);
            }
        }
    }

    /// Fills up to `rows` with nulls.
    fn complete(&mut self, rows: usize) {
        if self.values.len() < rows {
            let validity = self.validity.get_or_insert_with(|| MutableBitmap::from_len_set(self.values.len()));
            self.values.push(T::default());
            validity.push(false);
        }
    }

    fn truncate(&mut self, rows: usize) {
        if self.values.len() > rows {
            self.values.truncate(rows);
            if let Some(validity) = &mut self.validity {
                validity.pop();
            }
        }
    }

    fn finish(self) -> (Vec<T>, Option<Bitmap>) {
        (self.values, self.validity.map(Into::into))
    }
}

enum Slot {
    Unwanted,
    Boolean(Values<bool>),
    Int(Values<i64>),
    Float(Values<f64>),
    Text(Values<View>),
    Timestamp(Values<i64>),
    Date(Values<i32>),
    Duration(Values<i64>),
    /// Lists and records.
    Nested(Vec<Value>, DataType),
}

impl<'a> FrameBuilder<'a> {
    /// `text` is the chunk, valid UTF-8, that lies `offset` bytes into its file.
    pub fn new(layout: Layout<'a>, text: Buffer<u8>, offset: u64, shifts: &'a Shifts, quarantine_limit: usize) -> Self {
        let fields = layout.schema.fields.iter().zip(layout.wanted);
        let slots = fields.map(|(field, wanted)| if *wanted { Slot::of(&field.data_type) } else { Slot::Unwanted });
        Self {
            slots: slots.collect(),
            start: text.as_slice().as_ptr() as usize,
            layout,
            text,
            offset,
            shifts,
            side: Side::default(),
            rows: 0,
            lines: Vec::new(),
            offsets: Vec::new(),
            quarantined: Vec::new(),
            quarantine_limit,
        }
    }

    /// The wanted columns in schema order, then the position columns.
    pub fn finish(self) -> PolarsResult<DataFrame> {
        let rows = self.rows;
        let mut buffers = vec![self.text];
        buffers.extend(self.side.full.into_iter().map(Buffer::from_vec));
        buffers.push(Buffer::from_vec(self.side.current));
        let buffers: Buffer<Buffer<u8>> = buffers.into();
        let mut columns = Vec::new();
        for (field, slot) in self.layout.schema.fields.iter().zip(self.slots) {
            if let Some(series) = slot.finish(field.name.as_str().into(), &buffers)? {
                columns.push(series.into_column());
            }
        }
        if self.layout.position {
            columns.push(Column::new_scalar(
                "_file".into(),
                Scalar::from(PlSmallStr::from_str(self.layout.file)),
                rows,
            ));
            columns.push(Int64Chunked::from_vec("_line".into(), self.lines).into_series().into_column());
            columns.push(Int64Chunked::from_vec("_offset".into(), self.offsets).into_series().into_column());
        }
        DataFrame::new(rows, columns)
    }

    /// The offset in the file as it was, before bytes were replaced.
    fn original(&self, offset: u64) -> u64 {
        let within = offset.saturating_sub(self.offset);
        let before = self.shifts.partition_point(|(position, _)| *position < within);
        let gained = if before == 0 { 0 } else { self.shifts[before - 1].1 };
        offset.saturating_sub(gained)
    }
}

impl Slot {
    fn of(data_type: &DataType) -> Slot {
        match data_type {
            DataType::Boolean => Slot::Boolean(Values::new()),
            DataType::Int => Slot::Int(Values::new()),
            DataType::Float => Slot::Float(Values::new()),
            DataType::String | DataType::Unknown => Slot::Text(Values::new()),
            DataType::Timestamp => Slot::Timestamp(Values::new()),
            DataType::Date => Slot::Date(Values::new()),
            DataType::Duration => Slot::Duration(Values::new()),
            DataType::List(_) | DataType::Record(_) => Slot::Nested(Vec::new(), data_type.clone()),
        }
    }

    fn complete(&mut self, rows: usize) {
        match self {
            Slot::Unwanted => {}
            Slot::Boolean(values) => values.complete(rows),
            Slot::Int(values) | Slot::Timestamp(values) | Slot::Duration(values) => values.complete(rows),
            Slot::Float(values) => values.complete(rows),
            Slot::Text(values) => values.complete(rows),
            Slot::Date(values) => values.complete(rows),
            Slot::Nested(values, _) => values.resize(rows, Value::Null),
        }
    }

    fn truncate(&mut self, rows: usize) {
        match self {
            Slot::Unwanted => {}
            Slot::Boolean(values) => values.truncate(rows),
            Slot::Int(values) | Slot::Timestamp(values) | Slot::Duration(values) => values.truncate(rows),
            Slot::Float(values) => values.truncate(rows),
            Slot::Text(values) => values.truncate(rows),
            Slot::Date(values) => values.truncate(rows),
            Slot::Nested(values, _) => values.truncate(rows),
        }
    }

    fn finish(self, name: PlSmallStr, buffers: &Buffer<Buffer<u8>>) -> PolarsResult<Option<Series>> {
        let ints = |values: Values<i64>, name| {
            let (values, validity) = values.finish();
            Int64Chunked::from_vec_validity(name, values, validity)
        };
        Ok(Some(match self {
            Slot::Unwanted => return Ok(None),
            Slot::Boolean(values) => {
                let (values, validity) = values.finish();
                let array = BooleanArray::try_new(ArrowDataType::Boolean, Bitmap::from_iter(values), validity)?;
                BooleanChunked::with_chunk(name, array).into_series()
            }
            Slot::Int(values) => ints(values, name).into_series(),
            Slot::Float(values) => {
                let (values, validity) = values.finish();
                Float64Chunked::from_vec_validity(name, values, validity).into_series()
            }
            Slot::Text(values) => {
                let (values, validity) = values.finish();
                let array: Utf8ViewArray = views::text_array(values, buffers, validity)?;
                StringChunked::with_chunk(name, array).into_series()
            }
            Slot::Timestamp(values) => ints(values, name).into_datetime(TimeUnit::Microseconds, None).into_series(),
            Slot::Date(values) => {
                let (values, validity) = values.finish();
                Int32Chunked::from_vec_validity(name, values, validity).into_date().into_series()
            }
            Slot::Duration(values) => ints(values, name).into_duration(TimeUnit::Microseconds).into_series(),
            Slot::Nested(values, data_type) => {
                let values: Vec<&Value> = values.iter().collect();
                crate::table::series_of(name.as_str(), &data_type, &values)
            }
        }))
    }
}

impl Columns for FrameBuilder<'_> {
    fn wants(&self, column: usize) -> bool {
        !matches!(self.slots.get(column), None | Some(Slot::Unwanted))
    }

    fn boolean(&mut self, column: usize, value: bool) {
        if let Some(Slot::Boolean(values)) = self.slots.get_mut(column) {
            values.set(self.rows, value);
        }
    }

    fn int(&mut self, column: usize, value: i64) {
        match self.slots.get_mut(column) {
            Some(Slot::Int(values)) => values.set(self.rows, value),
            Some(Slot::Float(values)) => values.set(self.rows, value as f64),
            _ => {}
        }
    }

    fn float(&mut self, column: usize, value: f64) {
        if let Some(Slot::Float(values)) = self.slots.get_mut(column) {
            match settled(value) {
                Some(value) => values.set(self.rows, value),
                None => values.truncate(self.rows),
            }
        }
    }

    fn text(&mut self, column: usize, value: &str) {
        if let Some(Slot::Text(values)) = self.slots.get_mut(column) {
            let offset = (value.as_ptr() as usize).wrapping_sub(self.start);
            let inside = offset < self.text.len() && value.len() <= self.text.len() - offset;
            let view = if value.len() <= View::MAX_INLINE_SIZE as usize || (inside && offset <= u32::MAX as usize) {
                View::new_from_bytes(value.as_bytes(), 0, offset as u32)
            } else {
                self.side.view(value)
            };
            values.set(self.rows, view);
        }
    }

    fn timestamp(&mut self, column: usize, micros: i64) {
        if let Some(Slot::Timestamp(values)) = self.slots.get_mut(column) {
            values.set(self.rows, micros);
        }
    }

    fn date(&mut self, column: usize, days: i32) {
        if let Some(Slot::Date(values)) = self.slots.get_mut(column) {
            values.set(self.rows, days);
        }
    }

    fn duration(&mut self, column: usize, micros: i64) {
        if let Some(Slot::Duration(values)) = self.slots.get_mut(column) {
            values.set(self.rows, micros);
        }
    }

    fn value(&mut self, column: usize, value: Value) {
        if let Some(Slot::Nested(values, _)) = self.slots.get_mut(column) {
            values.truncate(self.rows);
            values.push(value);
            return;
        }
        match value {
            Value::Null | Value::List(_) | Value::Record(_) => {
                if let Some(slot) = self.slots.get_mut(column) {
                    slot.truncate(self.rows);
                }
            }
            Value::Boolean(value) => self.boolean(column, value),
            Value::Int(value) => self.int(column, value),
            Value::Float(value) => self.float(column, value),
            Value::String(value) => self.text(column, &value),
            Value::Timestamp(value) => self.timestamp(column, value),
            Value::Date(value) => self.date(column, value),
            Value::Duration(value) => self.duration(column, value),
        }
    }

    fn end_row(&mut self, unit: Unit) {
        self.rows += 1;
        for slot in &mut self.slots {
            slot.complete(self.rows);
        }
        if self.layout.position {
            self.lines.push(unit.line as i64);
            self.offsets.push(self.original(unit.offset) as i64);
        }
    }

    fn abandon_row(&mut self) {
        for slot in &mut self.slots {
            slot.truncate(self.rows);
        }
    }

    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        if self.quarantined.len() < self.quarantine_limit {
            self.quarantined.push(Quarantined {
                file: self.layout.file.to_owned(),
                line: unit.line,
                offset: self.original(unit.offset),
                reason: reason.to_owned(),
                raw: String::from_utf8_lossy(raw).into_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(text: &str, fill: impl FnOnce(&str, &mut FrameBuilder)) -> DataFrame {
        let schema = Schema::of([("a", DataType::String), ("n", DataType::Int), ("skipped", DataType::String)]);
        let buffer = Buffer::from_vec(text.as_bytes().to_vec());
        let layout = Layout { schema: &schema, wanted: &[true, true, false], position: true, file: "f.log" };
        let shifts = Shifts::new();
        let mut builder = FrameBuilder::new(layout, buffer.clone(), 100, &shifts, 10);
        fill(std::str::from_utf8(buffer.as_slice()).unwrap(), &mut builder);
        builder.finish().unwrap()
    }

    #[test]
    fn texts_inside_the_chunk_short_ones_and_made_ones_all_come_out() {
        let frame = build("a text that is longer than twelve bytes|short", |text, out| {
            out.text(0, &text[..39]);
            out.int(1, 7);
            out.end_row(Unit { line: 1, offset: 100 });
            out.text(0, &text[40..]);
            out.end_row(Unit { line: 2, offset: 140 });
            out.text(0, &String::from("made up elsewhere, and also quite long"));
            out.int(1, 8);
            out.int(1, 9);
            out.end_row(Unit { line: 3, offset: 141 });
            out.text(0, "never finished");
            out.abandon_row();
            out.end_row(Unit { line: 4, offset: 142 });
        });
        let texts: Vec<_> = frame.column("a").unwrap().str().unwrap().iter().collect();
        assert_eq!(
            texts,
            [
                Some("a text that is longer than twelve bytes"),
                Some("short"),
                Some("made up elsewhere, and also quite long"),
                None
            ]
        );
        let numbers: Vec<_> = frame.column("n").unwrap().i64().unwrap().iter().collect();
        assert_eq!(numbers, [Some(7), None, Some(9), None]);
        assert!(frame.column("skipped").is_err());
        assert_eq!(frame.column("_line").unwrap().i64().unwrap().get(2), Some(3));
    }

    #[test]
    fn a_view_points_into_the_chunk_itself() {
        let text = "x".repeat(1000);
        let frame = build(&text, |text, out| {
            out.text(0, &text[10..500]);
            out.end_row(Unit::default());
        });
        let series = frame.column("a").unwrap().as_materialized_series().clone();
        let array = series.str().unwrap().downcast_iter().next().unwrap().clone();
        assert_eq!(array.data_buffers()[0].len(), 1000);
        assert_eq!(array.views()[0].offset, 10);
    }
}
