//! The different values of a column in a chunk of rows, in the order in which they are met: made where the chunk is
//! parsed, so that whoever puts chunks together looks at each value once. Knows no plan.

use pipewright_core::data::{DataType, Value};
use polars::prelude::{Column, DataType as PolarsType, PolarsResult};
use polars_arrow::array::Utf8ViewArray;
use xxhash_rust::xxh3::xxh3_64;

/// Above every number: what is negative is sorted below what is not.
const SIGN: u64 = 1 << 63;

/// A value that was met, in its chunk.
pub(super) struct Met {
    /// Of values that are no texts it tells them apart by itself.
    pub hash: u64,
    /// Of a text the row; of other values the value itself, as a number that is sorted as they are.
    pub at: u64,
    pub count: u64,
}

/// A column of a chunk.
#[derive(Default)]
pub(super) struct Part {
    pub nulls: u64,
    pub met: Vec<Met>,
    /// The texts by row; `None`: the values are none.
    pub texts: Option<Utf8ViewArray>,
    /// Of each row that has a value, by its place in `met`.
    pub order: Vec<u32>,
    /// Places in `met`.
    pub range: Option<(u32, u32)>,
}

impl Part {
    pub fn of(cells: &Column, data_type: &DataType) -> PolarsResult<Part> {
        let mut part = Part { nulls: cells.null_count() as u64, ..Part::default() };
        if matches!(data_type, DataType::List(_) | DataType::Record(_)) || part.nulls == cells.len() as u64 {
            return Ok(part);
        }
        let series = cells.as_materialized_series().to_physical_repr().rechunk();
        match series.dtype() {
            PolarsType::Boolean => part.add_numbers(series.bool()?.iter().flatten().map(u64::from)),
            PolarsType::Int32 => part.add_numbers(series.i32()?.iter().flatten().map(|number| of_int(number.into()))),
            PolarsType::Int64 => part.add_numbers(series.i64()?.iter().flatten().map(of_int)),
            PolarsType::Float64 => {
                let numbers = series.f64()?.iter().flatten().filter(|number| !number.is_nan());
                part.add_numbers(numbers.map(of_float));
            }
            PolarsType::String => {
                if let Some(texts) = series.str()?.downcast_iter().next() {
                    part.add_texts(texts);
                    part.texts = Some(texts.clone());
                }
            }
            // A column that cannot be counted has no values to show, as one of lists.
            _ => {}
        }
        Ok(part)
    }

    pub fn text(&self, met: &Met) -> &str {
        self.texts.as_ref().map_or("", |texts| texts.value(met.at as usize))
    }

    fn add_numbers(&mut self, numbers: impl Iterator<Item = u64>) {
        let mut index = Index::default();
        let mut last = None;
        for number in numbers {
            // Times and what hangs on them come in runs.
            if let Some((known, place)) = last
                && known == number
            {
                self.again(place);
                continue;
            }
            let hash = mixed(number);
            let place = match index.find(hash, |place| self.met[place as usize].hash == hash) {
                Ok(place) => place,
                Err(slot) => self.insert(&mut index, slot, Met { hash, at: number, count: 0 }),
            };
            self.again(place);
            last = Some((number, place));
        }
        let by_value = |place: &u32| self.met[*place as usize].at;
        let places = 0..self.met.len() as u32;
        self.range = places.clone().min_by_key(by_value).zip(places.max_by_key(by_value));
    }

    fn add_texts(&mut self, texts: &Utf8ViewArray) {
        let mut index = Index::default();
        let (mut low, mut high) = (None, None);
        for (row, text) in texts.iter().enumerate() {
            let Some(text) = text else { continue };
            let hash = xxh3_64(text.as_bytes());
            let is_same = |place: u32| {
                let met = &self.met[place as usize];
                met.hash == hash && texts.value(met.at as usize) == text
            };
            let place = match index.find(hash, is_same) {
                Ok(place) => place,
                Err(slot) => {
                    let place = self.insert(&mut index, slot, Met { hash, at: row as u64, count: 0 });
                    if low.is_none_or(|(known, _)| text < known) {
                        low = Some((text, place));
                    }
                    if high.is_none_or(|(known, _)| text > known) {
                        high = Some((text, place));
                    }
                    place
                }
            };
            self.again(place);
        }
        self.range = low.zip(high).map(|(low, high)| (low.1, high.1));
    }

    fn insert(&mut self, index: &mut Index, slot: usize, met: Met) -> u32 {
        let place = self.met.len() as u32;
        index.put(slot, met.hash, place);
        self.met.push(met);
        if index.is_full() {
            index.grow(self.met.iter().map(|met| met.hash));
        }
        place
    }

    fn again(&mut self, place: u32) {
        self.met[place as usize].count += 1;
        self.order.push(place);
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

/// Finds what stands at a place by its hash.
pub(super) struct Index {
    /// The upper half of the hash, and the place and one; 0: nobody.
    slots: Vec<u64>,
    held: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self { slots: vec![0; 256], held: 0 }
    }
}

impl Index {
    const HALF: u32 = 32;

    /// The place of the one that is the same, or the slot where it belongs.
    pub fn find(&self, hash: u64, is_same: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let found = self.slots[slot];
            if found == 0 {
                return Err(slot);
            }
            let place = (found as u32).wrapping_sub(1);
            if found >> Self::HALF == hash >> Self::HALF && is_same(place) {
                return Ok(place);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Notes a place in the slot that `find` gave.
    pub fn put(&mut self, slot: usize, hash: u64, place: u32) {
        self.slots[slot] = entry(hash, place);
        self.held += 1;
    }

    pub fn is_full(&self) -> bool {
        self.held * 2 > self.slots.len()
    }

    /// Twice as many slots, for those of these hashes, by their places.
    pub fn grow(&mut self, hashes: impl Iterator<Item = u64>) {
        let size = self.slots.len() * 2;
        self.slots = vec![0; size];
        for (place, hash) in hashes.enumerate() {
            let mut slot = hash as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = entry(hash, place as u32);
        }
    }
}

fn entry(hash: u64, place: u32) -> u64 {
    (hash >> Index::HALF << Index::HALF) | u64::from(place + 1)
}
