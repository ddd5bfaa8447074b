//! How numbers are spread: many narrow bins whose width is a power of two, so that they are the same in whatever order
//! numbers come, and the few of a picture. Knows no plan.

use super::BINS;

/// Narrow bins at most.
const NARROW: i64 = 4096;
/// No width is smaller than two to the power of this.
const LEAST: i32 = -1000;

/// Numbers of a column of which not all are kept.
pub(super) struct Bins {
    /// The width is two to the power of it.
    power: i32,
    /// By what a number is multiplied to be told in widths.
    scale: f64,
    /// How many widths the first bin lies above 0.
    first: i64,
    counts: Vec<u64>,
}

impl Bins {
    /// Of the first numbers, with their counts. `None` where there are none.
    pub fn of(numbers: &[(f64, u64)]) -> Option<Self> {
        let low = numbers.iter().map(|(number, _)| *number).reduce(f64::min)?;
        let high = numbers.iter().map(|(number, _)| *number).reduce(f64::max)?;
        // As narrow as fits: two to the power of it is below the range by all bins.
        let power = ((high - low).log2() - 13.0).floor().clamp(f64::from(LEAST), 1023.0) as i32;
        let mut bins = Bins { power, scale: scale(power), first: 0, counts: Vec::new() };
        while bins.place(high) - bins.place(low) >= NARROW {
            bins.power += 1;
            bins.scale = scale(bins.power);
        }
        bins.first = bins.place(low);
        numbers.iter().for_each(|(number, count)| bins.add(*number, *count));
        Some(bins)
    }

    fn place(&self, number: f64) -> i64 {
        (number * self.scale).floor() as i64
    }

    pub fn add(&mut self, number: f64, count: u64) {
        let mut place = self.place(number);
        while place.saturating_sub(self.first) >= NARROW || self.end().saturating_sub(place) > NARROW {
            self.halve();
            place = self.place(number);
        }
        if place < self.first {
            let before = (self.first - place) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, before));
            self.first = place;
        }
        let index = (place - self.first) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += count;
    }

    /// Behind the last one.
    fn end(&self) -> i64 {
        self.first + self.counts.len() as i64
    }

    /// Each two bins become one.
    fn halve(&mut self) {
        let first = self.first >> 1;
        let mut counts = vec![0; self.counts.len() / 2 + 1];
        for (index, count) in self.counts.iter().enumerate() {
            counts[(((self.first + index as i64) >> 1) - first) as usize] += count;
        }
        if counts.last() == Some(&0) {
            counts.pop();
        }
        (self.first, self.counts) = (first, counts);
        self.power += 1;
        self.scale = scale(self.power);
    }

    /// The middle of each bin, with its count.
    pub fn middles(&self) -> impl Iterator<Item = (f64, u64)> {
        let width = f64::from(self.power).exp2();
        let middle = move |index: usize| (self.first as f64 + index as f64 + 0.5) * width;
        self.counts.iter().enumerate().map(move |(index, count)| (middle(index), *count))
    }
}

/// Exact, as powers of two are.
fn scale(power: i32) -> f64 {
    f64::from(-power).exp2()
}

/// Counts in bins of equal width from the lowest number to the highest.
pub(super) fn histogram((low, high): (f64, f64), numbers: impl Iterator<Item = (f64, u64)>) -> Vec<u64> {
    let width = (high - low) / BINS as f64;
    if !(width.is_finite() && width > 0.0) {
        return vec![numbers.map(|(_, count)| count).sum()];
    }
    let mut bins = vec![0_u64; BINS];
    for (number, count) in numbers {
        bins[(((number - low) / width) as usize).min(BINS - 1)] += count;
    }
    bins
}
