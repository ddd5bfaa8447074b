//! What is known of a column, chunk by chunk in the rows' order. The same at any cut of the rows into chunks: the first
//! values that are different are counted to the end; of those that come later a sketch knows how many there are, and
//! each row votes for which of them come often. Knows no plan.

use std::cmp::Reverse;
use std::sync::Arc;

use pipewright_core::data::distinct::Distinct;
use pipewright_core::data::{DataType, Value};

use super::bins::{Bins, histogram};
use super::counted::Counted;
use super::met::{Met, Part, Values, measure_behind, value_behind};
use super::{ColumnProfile, TOP};

/// What is longer is not told as one of the texts that come often, once they are too many to be counted.
const LONG: usize = 4096;
/// Places at which late values stand for election: whoever has more than half of the votes of one is known.
const PLACES: usize = 4096;

/// A column's values so far.
pub(super) struct Kept {
    pub data_type: DataType,
    nulls: u64,
    /// Rows that have one.
    filled: u64,
    /// Shared with those who parse, from the moment on when no more are taken.
    counted: Arc<Counted>,
    /// Of those that are counted, by their places.
    counts: Vec<u64>,
    range: Option<(Key, Key)>,
    /// From the moment on when there are too many.
    rest: Option<Rest>,
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
#[derive(Clone, Default)]
struct Place {
    hash: u64,
    votes: u64,
    /// How often it was met since it stands here.
    count: u64,
    /// Where it is in the chunk that is being added; else `key` holds it.
    at: Option<u64>,
    key: Key,
}

impl Kept {
    pub fn new(data_type: DataType) -> Self {
        Self { data_type, nulls: 0, filled: 0, counted: Arc::default(), counts: Vec::new(), range: None, rest: None }
    }

    /// The values that are counted, once no more of them are taken.
    pub fn frozen(&self) -> Option<Arc<Counted>> {
        self.rest.as_ref().map(|_| self.counted.clone())
    }

    pub fn add(&mut self, part: &Part) {
        self.nulls += part.nulls;
        let Some((low, high)) = part.range else { return };
        self.widen(part, low, high);
        self.filled += match &part.values {
            Values::All { met, .. } => met.iter().map(|(_, count)| count).sum(),
            Values::Beside { known, late, .. } => (known.len() + late.len()) as u64,
        };
        match &part.values {
            Values::All { met, order } => self.add_all(part, met, order),
            Values::Beside { known, late, sketch } => {
                let Some(rest) = &mut self.rest else { return };
                known.iter().for_each(|place| self.counts[*place as usize] += 1);
                rest.sketch.merge(sketch);
                if let Some(bins) = &mut rest.bins {
                    let numbers = known.iter().map(|place| self.counted.number(*place));
                    for number in numbers.chain(late.iter().map(|met| met.at)) {
                        measure_behind(number, &self.data_type).into_iter().for_each(|measure| bins.add(measure, 1));
                    }
                }
                rest.vote(part, late.iter().copied());
            }
        }
    }

    fn add_all(&mut self, part: &Part, met: &[(Met, u64)], order: &[u32]) {
        let is_late: Vec<bool> = met.iter().map(|(met, count)| !self.count(part, met, *count)).collect();
        let has_late = is_late.contains(&true);
        let was_full = self.rest.is_some();
        if has_late && !was_full {
            self.rest = Some(self.rest_of_counted());
        }
        let Some(rest) = &mut self.rest else { return };
        for ((met, count), is_late) in met.iter().zip(&is_late) {
            if *is_late {
                rest.sketch.add(met.hash);
            }
            // Those that are counted are in the bins already, with this chunk's rows, where it is the first of its kind.
            if let Some(bins) = rest.bins.as_mut().filter(|_| was_full || *is_late) {
                measure_behind(met.at, &self.data_type).into_iter().for_each(|measure| bins.add(measure, *count));
            }
        }
        if has_late {
            let late = order.iter().filter(|place| is_late[**place as usize]);
            rest.vote(part, late.map(|place| met[*place as usize].0));
        }
    }

    fn widen(&mut self, part: &Part, low: u64, high: u64) {
        let key = |at: u64| key_of(part, at);
        let is_text = part.texts.is_some();
        let is_below = |at: u64, key: &Key| if is_text { part.text(at) < key.text.as_str() } else { at < key.number };
        let is_above = |at: u64, key: &Key| if is_text { part.text(at) > key.text.as_str() } else { at > key.number };
        match &mut self.range {
            None => self.range = Some((key(low), key(high))),
            Some((least, most)) => {
                if is_below(low, least) {
                    *least = key(low);
                }
                if is_above(high, most) {
                    *most = key(high);
                }
            }
        }
    }

    /// Counts a value of a chunk; false: it is not one of those that are counted.
    fn count(&mut self, part: &Part, met: &Met, count: u64) -> bool {
        let is_text = part.texts.is_some();
        let is_same = |place: u32| !is_text || self.counted.text(place) == part.text(met.at);
        if let Some(place) = self.counted.find(met.hash, is_same) {
            self.counts[place as usize] += count;
            return true;
        }
        if self.rest.is_some() || self.counted.is_full() {
            return false;
        }
        let Some(counted) = Arc::get_mut(&mut self.counted) else { return false };
        counted.push(met.hash, met.at, is_text.then(|| part.text(met.at)));
        self.counts.push(count);
        true
    }

    fn rest_of_counted(&self) -> Rest {
        let mut sketch = Distinct::default();
        self.counted.hashes().iter().for_each(|hash| sketch.add(*hash));
        Rest { sketch, places: vec![Place::default(); PLACES], bins: Bins::of(&self.measures()) }
    }

    /// Where the values that are counted stand in a histogram, with their counts.
    fn measures(&self) -> Vec<(f64, u64)> {
        let places = (0_u32..).zip(&self.counts);
        let measure =
            |(place, count): (u32, &u64)| Some((measure_behind(self.counted.number(place), &self.data_type)?, *count));
        places.filter_map(measure).collect()
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
            // No estimate is more than there can be, or less than were met.
            distinct: match &self.rest {
                Some(rest) => rest.sketch.count().min(self.filled).max(self.counted.len() as u64 + 1),
                None => self.counted.len() as u64,
            },
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
        let counted = (0_u32..).zip(&self.counts);
        let counted =
            counted.map(|(place, count)| (Reverse(*count), self.counted.number(place), self.counted.text(place)));
        let late = self.rest.iter().flat_map(|rest| &rest.places).filter(|place| place.count > 0);
        let late = late.map(|place| (Reverse(place.count), place.key.number, place.key.text.as_str()));
        let mut all: Vec<_> = counted.chain(late).collect();
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
    fn vote(&mut self, part: &Part, late: impl Iterator<Item = Met>) {
        for met in late {
            let place = &mut self.places[(met.hash >> 40) as usize % PLACES];
            if place.hash == met.hash && place.count > 0 {
                place.votes += 1;
                place.count += 1;
            } else if place.votes == 0 {
                // Who is too long is never elected, and never counted.
                if part.text(met.at).len() <= LONG {
                    (place.hash, place.votes, place.count, place.at) = (met.hash, 1, 1, Some(met.at));
                }
            } else {
                place.votes -= 1;
            }
        }
        for place in &mut self.places {
            if let Some(at) = place.at.take() {
                place.key.number = if part.texts.is_some() { 0 } else { at };
                place.key.text.clear();
                place.key.text.push_str(if part.texts.is_some() { part.text(at) } else { "" });
            }
        }
    }
}

fn key_of(part: &Part, at: u64) -> Key {
    match part.texts {
        Some(_) => Key { number: 0, text: part.text(at).to_owned() },
        None => Key { number: at, text: String::new() },
    }
}
