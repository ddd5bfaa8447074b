//! Rows as the bytes of a block: column by column, numbers in as few bytes as their range needs, texts one after the
//! other. Nested columns go as Arrow IPC. Rows are written from where they lie: a partition's are not gathered first.

use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{
    BooleanChunked, Column, CompatLevel, DataFrame, DataType, Float64Chunked, IdxCa, IdxSize, Int32Chunked,
    Int64Chunked, IntoColumn, IntoSeries, PolarsError, PolarsResult, Schema, SchemaExt, Series, StringChunked,
    TimeUnit,
};
use polars_arrow::array::{Array, BooleanArray, PrimitiveArray, Utf8ViewArray, View};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::io::ipc::read::{StreamReader, StreamState, read_stream_metadata};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions};
use polars_buffer::Buffer;

use crate::frames::gathered;
use crate::views;

/// Before a column's validity, or where it has none.
const ALL: u8 = 0;
const SOME: u8 = 1;
/// Microseconds of a second: most times are whole seconds.
const SECOND: u64 = 1_000_000;

/// A frame opened for writing any of its rows.
pub(crate) struct Source {
    rows: DataFrame,
    cells: Vec<Cells>,
}

enum Cells {
    Int(PrimitiveArray<i64>),
    Short(PrimitiveArray<i32>),
    Float(PrimitiveArray<f64>),
    Flag(BooleanArray),
    Text(Utf8ViewArray),
    Nested,
}

/// Which rows of a frame.
#[derive(Clone, Copy)]
pub(crate) enum Picked<'a> {
    Range(usize, usize),
    Rows(&'a [IdxSize]),
}

impl Picked<'_> {
    pub fn len(&self) -> usize {
        match self {
            Picked::Range(_, count) => *count,
            Picked::Rows(rows) => rows.len(),
        }
    }

    #[inline]
    fn each(&self, mut visit: impl FnMut(usize)) {
        match self {
            Picked::Range(start, count) => (*start..start + count).for_each(visit),
            Picked::Rows(rows) => rows.iter().for_each(|row| visit(*row as usize)),
        }
    }
}

impl Source {
    pub fn new(mut rows: DataFrame) -> PolarsResult<Source> {
        rows.rechunk_mut();
        let cells = rows.columns().iter().map(Cells::new).collect::<PolarsResult<_>>()?;
        Ok(Source { rows, cells })
    }

    pub fn schema(&self) -> Arc<Schema> {
        self.rows.schema().clone()
    }

    /// The rows' bytes, and what they weigh in memory.
    pub fn encoded(&self, picked: Picked) -> PolarsResult<(Vec<u8>, usize)> {
        let (mut bytes, mut weight) = (Vec::new(), 0);
        for (column, cells) in self.rows.columns().iter().zip(&self.cells) {
            weight += match cells {
                Cells::Int(array) => put_ints(array, picked, &mut bytes),
                Cells::Short(array) => put_ints(array, picked, &mut bytes) / 2,
                Cells::Float(array) => {
                    put_validity(array, picked, &mut bytes);
                    let values = array.values();
                    picked.each(|row| bytes.extend_from_slice(&values[row].to_bits().to_le_bytes()));
                    picked.len() * size_of::<f64>()
                }
                Cells::Flag(array) => {
                    put_validity(array, picked, &mut bytes);
                    picked.each(|row| bytes.push(u8::from(array.value(row))));
                    picked.len() / 8
                }
                Cells::Text(array) => put_texts(array, picked, &mut bytes),
                Cells::Nested => put_nested(column, picked, &mut bytes)?,
            };
        }
        Ok((bytes, weight))
    }
}

impl Cells {
    fn new(column: &Column) -> PolarsResult<Cells> {
        let series = column.as_materialized_series().to_physical_repr().rechunk();
        Ok(match column.dtype() {
            DataType::Int64
            | DataType::Datetime(TimeUnit::Microseconds, None)
            | DataType::Duration(TimeUnit::Microseconds) => {
                series.i64()?.downcast_iter().next().cloned().map(Cells::Int)
            }
            DataType::Date => series.i32()?.downcast_iter().next().cloned().map(Cells::Short),
            DataType::Float64 => series.f64()?.downcast_iter().next().cloned().map(Cells::Float),
            DataType::Boolean => series.bool()?.downcast_iter().next().cloned().map(Cells::Flag),
            DataType::String => series.str()?.downcast_iter().next().cloned().map(Cells::Text),
            _ => None,
        }
        .unwrap_or(Cells::Nested))
    }
}

/// Whether a column of the type is written by itself, rather than as Arrow IPC.
fn is_plain(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Int64
            | DataType::Datetime(TimeUnit::Microseconds, None)
            | DataType::Duration(TimeUnit::Microseconds)
            | DataType::Date
            | DataType::Float64
            | DataType::Boolean
            | DataType::String
    )
}

fn put_validity(array: &dyn Array, picked: Picked, bytes: &mut Vec<u8>) {
    let Some(validity) = array.validity().filter(|validity| validity.unset_bits() > 0) else {
        bytes.push(ALL);
        return;
    };
    bytes.push(SOME);
    let start = bytes.len();
    bytes.resize(start + picked.len().div_ceil(8), 0);
    let mut place = 0;
    picked.each(|row| {
        bytes[start + place / 8] |= u8::from(validity.get_bit(row)) << (place % 8);
        place += 1;
    });
}

/// Distances from the least one, in whole seconds where all are that far apart; gives their bytes in memory.
fn put_ints<T>(array: &PrimitiveArray<T>, picked: Picked, bytes: &mut Vec<u8>) -> usize
where
    T: polars_arrow::types::NativeType + Into<i64>,
{
    put_validity(array, picked, bytes);
    let values = array.values();
    let validity = array.validity().filter(|validity| validity.unset_bits() > 0);
    let is_some = |row: usize| validity.is_none_or(|validity| validity.get_bit(row));
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    picked.each(|row| {
        if is_some(row) {
            let value: i64 = values[row].into();
            (least, most) = (least.min(value), most.max(value));
        }
    });
    if least > most {
        (least, most) = (0, 0);
    }
    let distance = |row: usize| {
        let value: i64 = values[row].into();
        if is_some(row) { value.wrapping_sub(least) as u64 } else { 0 }
    };
    let mut range = most.wrapping_sub(least) as u64;
    let mut unit = 1;
    if range > u64::from(u32::MAX) {
        let mut rest = 0;
        picked.each(|row| rest |= distance(row) % SECOND);
        unit = if rest == 0 { SECOND } else { 1 };
        range /= unit;
    }
    let width: u8 = match range {
        0 => 0,
        1..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFFFF_FFFF => 4,
        _ => 8,
    };
    bytes.extend_from_slice(&least.to_le_bytes());
    bytes.push(width | if unit == 1 { 0 } else { 0x80 });
    bytes.reserve(picked.len() * usize::from(width));
    match (width, unit) {
        (0, _) => {}
        (1, 1) => picked.each(|row| bytes.push(distance(row) as u8)),
        (2, 1) => picked.each(|row| bytes.extend_from_slice(&(distance(row) as u16).to_le_bytes())),
        (4, 1) => picked.each(|row| bytes.extend_from_slice(&(distance(row) as u32).to_le_bytes())),
        (width, unit) => {
            let width = usize::from(width);
            picked.each(|row| bytes.extend_from_slice(&(distance(row) / unit).to_le_bytes()[..width]));
        }
    }
    picked.len() * size_of::<i64>()
}

fn put_texts(array: &Utf8ViewArray, picked: Picked, bytes: &mut Vec<u8>) -> usize {
    put_validity(array, picked, bytes);
    let views = array.views();
    let validity = array.validity();
    let length = |row: usize| match validity.is_none_or(|validity| validity.get_bit(row)) {
        true => views[row].length,
        false => 0,
    };
    let (mut most, mut whole) = (0, 0_usize);
    picked.each(|row| {
        most = most.max(length(row));
        whole += length(row) as usize;
    });
    bytes.extend_from_slice(&(whole as u64).to_le_bytes());
    let width = if most <= 0xFF { 1 } else { size_of::<u32>() };
    bytes.push(width as u8);
    bytes.reserve(picked.len() * width + whole);
    picked.each(|row| bytes.extend_from_slice(&length(row).to_le_bytes()[..width]));
    picked.each(|row| {
        if length(row) > 0 {
            bytes.extend_from_slice(array.value(row).as_bytes());
        }
    });
    picked.len() * size_of::<View>() + whole
}

fn put_nested(column: &Column, picked: Picked, bytes: &mut Vec<u8>) -> PolarsResult<usize> {
    let cells = match picked {
        Picked::Range(start, count) => column.slice(start as i64, count),
        Picked::Rows(rows) => column.take(&IdxCa::from_vec("rows".into(), rows.to_vec()))?,
    };
    let rows = gathered(DataFrame::new(cells.len(), vec![cells])?)?;
    let mut stream = Vec::new();
    let mut writer = StreamWriter::new(&mut stream, WriteOptions { compression: None });
    writer.start(&rows.schema().to_arrow(CompatLevel::newest()), None)?;
    for batch in rows.iter_chunks(CompatLevel::newest(), false) {
        writer.write(&batch, None)?;
    }
    writer.finish()?;
    bytes.extend_from_slice(&(stream.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&stream);
    Ok(crate::frames::weight(&rows))
}

/// The rows of a block that were written with these columns.
pub(crate) fn decoded(bytes: &[u8], height: usize, schema: &Schema) -> PolarsResult<DataFrame> {
    let mut rest = Rest(bytes);
    let mut columns: Vec<Column> = Vec::with_capacity(schema.len());
    for (name, data_type) in schema.iter() {
        let name = name.clone();
        let series = match data_type {
            DataType::Float64 => {
                let validity = rest.validity(height)?;
                let bytes = rest.take(height * size_of::<f64>())?.chunks_exact(size_of::<f64>());
                let values = bytes.map(|bytes| f64::from_bits(number(bytes))).collect();
                Float64Chunked::from_vec_validity(name, values, validity).into_series()
            }
            DataType::Boolean => {
                let validity = rest.validity(height)?;
                let flags = Bitmap::from_iter(rest.take(height)?.iter().map(|byte| *byte != 0));
                let array = BooleanArray::new(polars_arrow::datatypes::ArrowDataType::Boolean, flags, validity);
                BooleanChunked::with_chunk(name, array).into_series()
            }
            DataType::Date => {
                let (values, validity) = rest.ints(height)?;
                let values = values.into_iter().map(|value| value as i32).collect();
                Int32Chunked::from_vec_validity(name, values, validity).into_date().into_series()
            }
            DataType::String => {
                let array = rest.texts(height)?;
                StringChunked::with_chunk(name, array).into_series()
            }
            other if is_plain(other) => {
                let (values, validity) = rest.ints(height)?;
                let ints = Int64Chunked::from_vec_validity(name, values, validity);
                match other {
                    DataType::Datetime(unit, _) => ints.into_datetime(*unit, None).into_series(),
                    DataType::Duration(unit) => ints.into_duration(*unit).into_series(),
                    _ => ints.into_series(),
                }
            }
            _ => rest.nested()?,
        };
        columns.push(series.into_column());
    }
    DataFrame::new(height, columns)
}

/// Up to eight bytes as a number, the least first.
fn number(bytes: &[u8]) -> u64 {
    let mut all = [0; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(all)
}

fn damaged() -> PolarsError {
    PolarsError::ComputeError("the rows there are not those that were written".into())
}

/// What is still to be decoded.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> PolarsResult<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> PolarsResult<u8> {
        Ok(self.take(1)?[0])
    }

    fn validity(&mut self, height: usize) -> PolarsResult<Option<Bitmap>> {
        if self.byte()? == ALL {
            return Ok(None);
        }
        let bits = self.take(height.div_ceil(8))?.to_vec();
        Ok(Some(Bitmap::try_new(bits, height)?))
    }

    fn ints(&mut self, height: usize) -> PolarsResult<(Vec<i64>, Option<Bitmap>)> {
        let validity = self.validity(height)?;
        let least = number(self.take(8)?) as i64;
        let kind = self.byte()?;
        let (width, unit) = (usize::from(kind & 0x0F), if kind & 0x80 == 0 { 1 } else { SECOND });
        let bytes = self.take(height * width)?;
        let value = |distance: u64| least.wrapping_add((distance * unit) as i64);
        let values = match width {
            0 => vec![least; height],
            1 => bytes.iter().map(|byte| value(u64::from(*byte))).collect(),
            2 => bytes.chunks_exact(2).map(|two| value(u64::from(u16::from_le_bytes([two[0], two[1]])))).collect(),
            4 => bytes
                .chunks_exact(4)
                .map(|four| value(u64::from(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))))
                .collect(),
            8 => bytes.chunks_exact(8).map(|eight| value(number(eight))).collect(),
            _ => return Err(damaged()),
        };
        Ok((values, validity))
    }

    fn texts(&mut self, height: usize) -> PolarsResult<Utf8ViewArray> {
        let validity = self.validity(height)?;
        let whole = number(self.take(8)?) as usize;
        let width = usize::from(self.byte()?).clamp(1, 4);
        let lengths = self.take(height * width)?;
        let bytes = self.take(whole)?.to_vec();
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
        let mut start = 0;
        let view = |length: &[u8]| {
            let end = start + number(length) as usize;
            // At borders of characters, or the rows are not those that were written.
            let piece = text.get(start..end).ok_or_else(damaged)?;
            let view = View::new_from_bytes(piece.as_bytes(), 0, start as u32);
            start = end;
            Ok(view)
        };
        let views = lengths.chunks_exact(width).map(view).collect::<PolarsResult<Vec<View>>>()?;
        let buffers: Buffer<Buffer<u8>> = vec![Buffer::from_vec(bytes)].into();
        views::text_array(views, &buffers, validity)
    }

    fn nested(&mut self) -> PolarsResult<Series> {
        let length = number(self.take(8)?) as usize;
        let mut stream = Cursor::new(self.take(length)?);
        let metadata = read_stream_metadata(&mut stream)?;
        let schema = metadata.schema.clone();
        for state in StreamReader::new(stream, metadata, None) {
            let StreamState::Some(batch) = state? else { break };
            if let Some((field, array)) = schema.iter_values().zip(batch.into_arrays()).next() {
                return Series::try_from((field, array));
            }
        }
        let (_, field) = schema.iter().next().ok_or_else(damaged)?;
        Ok(Series::new_empty(field.name.clone(), &DataType::from_arrow_field(field)))
    }
}
