//! A set of small numbers: concepts, rules. Knows nothing else.

/// Grows as needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(in crate::planner) struct BitSet(Vec<u64>);

impl BitSet {
    pub fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, number % 64);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let before = self.0[word];
        self.0[word] |= 1 << bit;
        before != self.0[word]
    }

    pub fn has(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Whether anything was added.
    pub fn add_all(&mut self, other: &BitSet) -> bool {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let mut is_changed = false;
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            is_changed |= *more & !*word != 0;
            *word |= more;
        }
        is_changed
    }

    /// Whether the other has everything of this one.
    pub fn is_in(&self, other: &BitSet) -> bool {
        self.0.iter().enumerate().all(|(at, word)| word & !other.0.get(at).copied().unwrap_or(0) == 0)
    }

    pub fn overlaps(&self, other: &BitSet) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        self.0.iter().enumerate().flat_map(move |(at, word)| bits(*word).map(move |bit| at * 64 + bit))
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

impl FromIterator<usize> for BitSet {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut set = BitSet::default();
        for number in numbers {
            set.insert(number);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_any_width() {
        let (small, large): (BitSet, BitSet) = ([1, 63].into_iter().collect(), [1, 63, 200].into_iter().collect());
        assert!(small.is_in(&large) && !large.is_in(&small) && small.overlaps(&large));
        assert_eq!(large.iter().collect::<Vec<_>>(), [1, 63, 200]);
        let mut both = small.clone();
        assert!(both.add_all(&large) && !both.add_all(&small));
        assert_eq!((both.len(), both.has(200), small.has(200)), (3, true, false));
    }
}
