//! The values of a column that are counted, and how they are found. Knows no plan.

use super::EXACT;

/// Bytes of different texts up to which each is counted.
const TEXT_BYTES: usize = 64 << 20;

/// Values, each once. Grows until there are too many.
#[derive(Default)]
pub(super) struct Counted {
    index: Index,
    hashes: Vec<u64>,
    /// The numbers, where the values are no texts.
    numbers: Vec<u64>,
    /// The texts one behind the other, and where each ends.
    texts: String,
    ends: Vec<usize>,
}

impl Counted {
    pub fn is_full(&self) -> bool {
        self.hashes.len() >= EXACT || self.texts.len() >= TEXT_BYTES
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Of texts all are 0.
    pub fn number(&self, place: u32) -> u64 {
        self.numbers.get(place as usize).copied().unwrap_or_default()
    }

    /// Of numbers all are empty.
    pub fn text(&self, place: u32) -> &str {
        let at = place as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        self.ends.get(at).and_then(|end| self.texts.get(start..*end)).unwrap_or_default()
    }

    /// The place of a value.
    #[inline]
    pub fn find(&self, hash: u64, is_same: impl Fn(u32) -> bool) -> Option<u32> {
        self.index.find(hash, |place| self.hashes[place as usize] == hash && is_same(place)).ok()
    }

    /// Adds a value that is not there.
    pub fn push(&mut self, hash: u64, number: u64, text: Option<&str>) {
        if let Err(slot) = self.index.find(hash, |_| false) {
            self.index.put(slot, hash, self.hashes.len() as u32);
        }
        self.hashes.push(hash);
        match text {
            Some(text) => {
                self.texts.push_str(text);
                self.ends.push(self.texts.len());
            }
            None => self.numbers.push(number),
        }
        if self.index.is_full() {
            self.index.grow(&self.hashes);
        }
    }
}

/// Finds what stands at a place by its hash.
pub(super) struct Index {
    /// The upper half of the hash, and the place and one; 0: nobody.
    slots: Vec<u64>,
    held: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self::of(128)
    }
}

impl Index {
    const HALF: u32 = 32;

    /// For so many at most.
    pub fn of(count: usize) -> Self {
        Self { slots: vec![0; (count.max(1) * 2).next_power_of_two()], held: 0 }
    }

    /// The place of the one that is the same, or the slot where it belongs.
    #[inline]
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

    fn is_full(&self) -> bool {
        self.held * 2 > self.slots.len()
    }

    /// Twice as many slots, for those of these hashes, by their places.
    fn grow(&mut self, hashes: &[u64]) {
        let size = self.slots.len() * 2;
        self.slots = vec![0; size];
        for (place, hash) in hashes.iter().enumerate() {
            let mut slot = *hash as usize & (size - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = entry(*hash, place as u32);
        }
    }
}

fn entry(hash: u64, place: u32) -> u64 {
    (hash >> Index::HALF << Index::HALF) | u64::from(place + 1)
}
