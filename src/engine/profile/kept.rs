//! What is known of a column, chunk by chunk in the rows' order. The same at any cut of the rows into chunks: the first
//! values that are different are counted to the end; of those that come later a sketch knows how many there are, and
//! each row votes for which of them come often. Knows no plan.

use pipewright_core::data::distinct::Distinct;
use pipewright_core::data::{DataType, Value};

use super::bins::{Bins, histogram};
use super::met::{Index, Met, Part, measure_behind, value_behind};
use super::{ColumnProfile, EXACT, TOP};

/// Bytes of different texts up to which each is counted.
const TEXT_BYTES: usize = 64 << 20;
/// What is longer is not told as one of the texts that come often, once they are too many to be counted.
const LONG: usize = 4096;
/// Places at which late values stand for election: whoever has more than half of the votes of one is known.
const PLACES: usize = 4096;
/// Nobody of the chunk.
const NONE: u32 = u32::MAX;

/// A column's values so far.
pub(super) struct Kept {
    pub data_type: DataType,
    nulls: u64,
    index: Index,
    known: Vec<Known>,
    texts: Texts,
    range: Option<(Key, Key)>,
    /// From the moment on when there are too many.
    rest: Option<Rest>,
}

struct Known {
    hash: u64,
    /// The text's place among the texts, or the value itself.
    at: u64,
    count: u64,
}

/// Texts one behind the other.
#[derive(Default)]
struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) -> u64 {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        self.ends.len() as u64 - 1
    }

    fn get(&self, at: u64) -> &str {
        let at = at as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[at]]
    }
}

/// A value of its own.
#[derive(Clone, Default)]
struct Key {
    number: u64,
    text: String,
}

struct Rest {
    sketch: Distinct,
    places: Vec<Place>,
    bins: Option<Bins>,
}

/// Of a few late values the one that comes most, if one does (Boyer and Moore's vote).
#[derive(Clone)]
struct Place {
    hash: u64,
    votes: u64,
    /// How often it was met since it stands here.
    count: u64,
    /// In the chunk that is being added; else `key` holds it.
    met: u32,
    key: Key,
}

impl Kept {
    pub fn new(data_type: DataType) -> Self {
        let (index, known, texts) = (Index::default(), Vec::new(), Texts::default());
        Self { data_type, nulls: 0, index, known, texts, range: None, rest: None }
    }

    pub fn add(&mut self, part: &Part) {
        self.nulls += part.nulls;
        let Some((low, high)) = part.range else { return };
        self.widen(part, low, high);
        let is_late: Vec<bool> = (0..part.met.len()).map(|place| !self.count(part, place)).collect();
        let has_late = is_late.contains(&true);
        let was_full = self.rest.is_some();
        if has_late && !was_full {
            self.rest = Some(self.rest_of_known());
        }
        let Some(rest) = &mut self.rest else { return };
        for (met, is_late) in part.met.iter().zip(&is_late) {
            if *is_late {
                rest.sketch.add(met.hash);
            }
            // Those that are known are in the bins already, with this chunk's rows, where it is the first of its kind.
            if let Some(bins) = rest.bins.as_mut().filter(|_| was_full || *is_late)
                && let Some(measure) = measure_behind(met.at, &self.data_type)
            {
                bins.add(measure, met.count);
            }
        }
        if has_late {
            rest.vote(part, &is_late);
        }
    }

    fn widen(&mut self, part: &Part, low: u32, high: u32) {
        let key = |place: u32| key_of(part, place);
        match &mut self.range {
            None => self.range = Some((key(low), key(high))),
            Some((least, most)) => {
                if is_below(part, low, least) {
                    *least = key(low);
                }
                if is_above(part, high, most) {
                    *most = key(high);
                }
            }
        }
    }

    /// Counts a value of a chunk; false: it is not one of those that are counted.
    fn count(&mut self, part: &Part, place: usize) -> bool {
        let met = &part.met[place];
        let is_text = part.texts.is_some();
        let is_same = |known: u32| {
            let known = &self.known[known as usize];
            known.hash == met.hash && (!is_text || self.texts.get(known.at) == part.text(met))
        };
        match self.index.find(met.hash, is_same) {
            Ok(known) => self.known[known as usize].count += met.count,
            Err(_) if self.rest.is_some() || self.known.len() >= EXACT || self.texts.bytes.len() >= TEXT_BYTES => {
                return false;
            }
            Err(slot) => {
                let at = if is_text { self.texts.push(part.text(met)) } else { met.at };
                self.index.put(slot, met.hash, self.known.len() as u32);
                self.known.push(Known { hash: met.hash, at, count: met.count });
                if self.index.is_full() {
                    self.index.grow(self.known.iter().map(|known| known.hash));
                }
            }
        }
        true
    }

    fn rest_of_known(&self) -> Rest {
        let mut sketch = Distinct::default();
        self.known.iter().for_each(|known| sketch.add(known.hash));
        let nobody = Place { hash: 0, votes: 0, count: 0, met: NONE, key: Key::default() };
        Rest { sketch, places: vec![nobody; PLACES], bins: Bins::of(&self.measures()) }
    }

    /// Where the values that are counted stand in a histogram, with their counts.
    fn measures(&self) -> Vec<(f64, u64)> {
        let measure = |known: &Known| Some((measure_behind(known.at, &self.data_type)?, known.count));
        self.known.iter().filter_map(measure).collect()
    }

    pub fn finish(self) -> ColumnProfile {
        let (min, max) = match &self.range {
            Some((low, high)) => (self.value(low.number, &low.text), self.value(high.number, &high.text)),
            None => (Value::Null, Value::Null),
        };
        let spread = |key: &Key| measure_behind(key.number, &self.data_type);
        let histogram = match self.range.as_ref().and_then(|(low, high)| spread(low).zip(spread(high))) {
            None => Vec::new(),
            Some(range) => match self.rest.as_ref().and_then(|rest| rest.bins.as_ref()) {
                Some(bins) => histogram(range, bins.middles()),
                None => histogram(range, self.measures().into_iter()),
            },
        };
        ColumnProfile {
            nulls: self.nulls,
            distinct: self.rest.as_ref().map_or(self.known.len() as u64, |rest| rest.sketch.count()),
            is_estimated: self.rest.is_some(),
            min,
            max,
            top: self.top(),
            histogram,
        }
    }

    fn value(&self, number: u64, text: &str) -> Value {
        match self.data_type {
            DataType::String | DataType::Unknown => Value::text(text),
            _ => value_behind(number, &self.data_type),
        }
    }

    /// The most frequent values, ties by value.
    fn top(&self) -> Vec<(Value, u64)> {
        let is_text = matches!(self.data_type, DataType::String | DataType::Unknown);
        let known = self.known.iter().map(|known| {
            let (number, text) = if is_text { (0, self.texts.get(known.at)) } else { (known.at, "") };
            (std::cmp::Reverse(known.count), number, text)
        });
        let late = self.rest.iter().flat_map(|rest| &rest.places).filter(|place| place.count > 0);
        let late = late.map(|place| (std::cmp::Reverse(place.count), place.key.number, place.key.text.as_str()));
        let mut all: Vec<_> = known.chain(late).collect();
        if all.len() > TOP {
            all.select_nth_unstable(TOP);
            all.truncate(TOP);
        }
        all.sort_unstable();
        all.into_iter().map(|(count, number, text)| (self.value(number, text), count.0)).collect()
    }
}

impl Rest {
    /// Each row of a late value votes, in the rows' order.
    fn vote(&mut self, part: &Part, is_late: &[bool]) {
        let votes = |(met, is_late): (&Met, &bool)| *is_late && part.text(met).len() <= LONG;
        let votes: Vec<bool> = part.met.iter().zip(is_late).map(votes).collect();
        for met in part.order.iter().filter(|met| votes[**met as usize]) {
            let hash = part.met[*met as usize].hash;
            let place = &mut self.places[(hash >> 40) as usize % PLACES];
            if place.hash == hash && place.count > 0 {
                place.votes += 1;
                place.count += 1;
            } else if place.votes == 0 {
                (place.hash, place.votes, place.count, place.met) = (hash, 1, 1, *met);
            } else {
                place.votes -= 1;
            }
        }
        for place in self.places.iter_mut().filter(|place| place.met != NONE) {
            place.key = key_of(part, place.met);
            place.met = NONE;
        }
    }
}

fn key_of(part: &Part, place: u32) -> Key {
    let met = &part.met[place as usize];
    match part.texts {
        Some(_) => Key { number: 0, text: part.text(met).to_owned() },
        None => Key { number: met.at, text: String::new() },
    }
}

fn is_below(part: &Part, place: u32, key: &Key) -> bool {
    let met = &part.met[place as usize];
    if part.texts.is_some() { part.text(met) < key.text.as_str() } else { met.at < key.number }
}

fn is_above(part: &Part, place: u32, key: &Key) -> bool {
    let met = &part.met[place as usize];
    if part.texts.is_some() { part.text(met) > key.text.as_str() } else { met.at > key.number }
}
