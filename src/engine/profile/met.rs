//! The values of a column in a chunk of rows, made where the chunk is parsed, so that whoever puts chunks together has
//! little to do: each different value once, or, where the values that are counted are known already, which of those
//! were met, and the others. Knows no plan.

use pipewright_core::data::distinct::Distinct;
use pipewright_core::data::{DataType, Value};
use polars::prelude::{Column, DataType as PolarsType, PolarsResult};
use polars_arrow::array::Utf8ViewArray;
use xxhash_rust::xxh3::xxh3_64;

use super::counted::{Counted, Index};

/// Above every number: what is negative is sorted below what is not.
const SIGN: u64 = 1 << 63;

/// A value that was met, in its chunk.
#[derive(Clone, Copy)]
pub(super) struct Met {
    /// Of values that are no texts it tells them apart by itself.
    pub hash: u64,
    /// Of a text the row; of other values the value itself, as a number that is sorted as they are.
    pub at: u64,
}

/// A column of a chunk.
#[derive(Default)]
pub(super) struct Part {
    pub nulls: u64,
    /// The texts by row; `None`: the values are none.
    pub texts: Option<Utf8ViewArray>,
    /// The least and the greatest, as `Met::at` is.
    pub range: Option<(u64, u64)>,
    pub values: Values,
}

pub(super) enum Values {
    /// Each different one with its count, and of each row which of them it has.
    All { met: Vec<(Met, u64)>, order: Vec<u32> },
    /// By row the places of those that are counted, and the others.
    Beside { known: Vec<u32>, late: Vec<Met>, sketch: Distinct },
}

impl Default for Values {
    fn default() -> Self {
        Values::All { met: Vec::new(), order: Vec::new() }
    }
}

impl Part {
    /// `counted`: the values that are counted, once no more of them are taken.
    pub fn of(cells: &Column, data_type: &DataType, counted: Option<&Counted>) -> PolarsResult<Part> {
        let mut part = Part { nulls: cells.null_count() as u64, ..Part::default() };
        if matches!(data_type, DataType::List(_) | DataType::Record(_)) || part.nulls == cells.len() as u64 {
            return Ok(part);
        }
        let series = cells.as_materialized_series().to_physical_repr().rechunk();
        let rows = series.len();
        match series.dtype() {
            PolarsType::Boolean => part.add_numbers(rows, series.bool()?.iter().flatten().map(u64::from), counted),
            PolarsType::Int32 => {
                let numbers = series.i32()?.iter().flatten();
                part.add_numbers(rows, numbers.map(|number| of_int(number.into())), counted);
            }
            PolarsType::Int64 => part.add_numbers(rows, series.i64()?.iter().flatten().map(of_int), counted),
            PolarsType::Float64 => {
                let numbers = series.f64()?.iter().flatten().filter(|number| !number.is_nan());
                part.add_numbers(rows, numbers.map(of_float), counted);
            }
            PolarsType::String => {
                if let Some(texts) = series.str()?.downcast_iter().next() {
                    part.add_texts(texts, counted);
                    part.texts = Some(texts.clone());
                }
            }
            // A column that cannot be counted has no values to show, as one of lists.
            _ => {}
        }
        Ok(part)
    }

    pub fn text(&self, at: u64) -> &str {
        self.texts.as_ref().map_or("", |texts| texts.value(at as usize))
    }

    /// `rows` at most.
    fn add_numbers(&mut self, rows: usize, numbers: impl Iterator<Item = u64>, counted: Option<&Counted>) {
        let mut gathered = Gathered::new(counted, rows);
        let (mut last, mut low, mut high) = (None, u64::MAX, 0);
        for number in numbers {
            // Times and what hangs on them come in runs.
            if last == Some(number) {
                gathered.again();
                continue;
            }
            last = Some(number);
            (low, high) = (low.min(number), high.max(number));
            // No two numbers have the same hash.
            gathered.add(Met { hash: mixed(number), at: number }, |_| true, |_| true);
        }
        self.range = last.map(|_| (low, high));
        self.values = gathered.values;
    }

    fn add_texts(&mut self, texts: &Utf8ViewArray, counted: Option<&Counted>) {
        let mut gathered = Gathered::new(counted, texts.len());
        let mut range: Option<((&str, u64), (&str, u64))> = None;
        for (row, text) in texts.iter().enumerate() {
            let Some(text) = text else { continue };
            let at = row as u64;
            let is_same = |other: u64| texts.value(other as usize) == text;
            let is_counted = |place: u32| counted.is_some_and(|counted| counted.text(place) == text);
            if !gathered.add(Met { hash: xxh3_64(text.as_bytes()), at }, is_same, is_counted) {
                continue;
            }
            match &mut range {
                None => range = Some(((text, at), (text, at))),
                Some((low, _)) if text < low.0 => *low = (text, at),
                Some((_, high)) if text > high.0 => *high = (text, at),
                Some(_) => {}
            }
        }
        self.range = range.map(|(low, high)| (low.1, high.1));
        self.values = gathered.values;
    }
}

/// The values of a chunk so far.
struct Gathered<'a> {
    counted: Option<&'a Counted>,
    index: Index,
    values: Values,
    last: Option<Met>,
}

impl<'a> Gathered<'a> {
    fn new(counted: Option<&'a Counted>, rows: usize) -> Self {
        let (index, values) = match counted {
            Some(_) => {
                let (known, late, sketch) = (Vec::with_capacity(rows), Vec::new(), Distinct::default());
                (Index::default(), Values::Beside { known, late, sketch })
            }
            None => (Index::of(rows), Values::All { met: Vec::new(), order: Vec::with_capacity(rows) }),
        };
        Self { counted, index, values, last: None }
    }

    /// `is_same` compares with the value of this chunk at another place, `is_counted` with one that is counted. False: it
    /// is surely not the first of its kind.
    fn add(&mut self, new: Met, is_same: impl Fn(u64) -> bool, is_counted: impl Fn(u32) -> bool) -> bool {
        match (&mut self.values, self.counted) {
            (Values::Beside { known, late, sketch }, Some(counted)) => {
                let found = counted.find(new.hash, is_counted);
                self.last = found.is_none().then_some(new);
                match found {
                    Some(place) => known.push(place),
                    None => {
                        sketch.add(new.hash);
                        late.push(new);
                    }
                }
                true
            }
            (Values::All { met, order }, _) => {
                let found = self.index.find(new.hash, |place| {
                    let (other, _) = &met[place as usize];
                    other.hash == new.hash && is_same(other.at)
                });
                let place = match found {
                    Ok(place) => {
                        met[place as usize].1 += 1;
                        place
                    }
                    Err(slot) => {
                        self.index.put(slot, new.hash, met.len() as u32);
                        met.push((new, 1));
                        met.len() as u32 - 1
                    }
                };
                order.push(place);
                found.is_err()
            }
            (Values::Beside { .. }, None) => false,
        }
    }

    /// The value before, once more.
    fn again(&mut self) {
        match &mut self.values {
            Values::All { met, order } => {
                if let Some(place) = order.last().copied() {
                    met[place as usize].1 += 1;
                    order.push(place);
                }
            }
            Values::Beside { known, late, .. } => match self.last {
                Some(last) => late.push(last),
                None => known.extend(known.last().copied()),
            },
        }
    }
}

/// A number that is sorted as the Ints are.
fn of_int(number: i64) -> u64 {
    number as u64 ^ SIGN
}

/// A number that is sorted as the Floats are; 0 and -0 are one.
fn of_float(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn to_float(number: u64) -> f64 {
    f64::from_bits(if number & SIGN == 0 { !number } else { number ^ SIGN })
}

/// The value behind such a number.
pub(super) fn value_behind(number: u64, data_type: &DataType) -> Value {
    let int = (number ^ SIGN) as i64;
    match data_type {
        DataType::Boolean => Value::Boolean(number == 1),
        DataType::Int => Value::Int(int),
        DataType::Float => Value::float(to_float(number)),
        DataType::Timestamp => Value::Timestamp(int),
        DataType::Date => i32::try_from(int).map_or(Value::Null, Value::Date),
        DataType::Duration => Value::Duration(int),
        DataType::String | DataType::List(_) | DataType::Record(_) | DataType::Unknown => Value::Null,
    }
}

/// Where it stands among others in a histogram; `None`: the type has none.
pub(super) fn measure_behind(number: u64, data_type: &DataType) -> Option<f64> {
    match data_type {
        DataType::Float => Some(to_float(number)),
        DataType::Int | DataType::Timestamp | DataType::Date | DataType::Duration => {
            Some((number ^ SIGN) as i64 as f64)
        }
        DataType::Boolean | DataType::String | DataType::List(_) | DataType::Record(_) | DataType::Unknown => None,
    }
}

/// A hash that no other number has (the finaliser of SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}
