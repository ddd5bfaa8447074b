//! Random numbers from a seed, the same on every platform and in every version of the product.
//!
//! SplitMix64 (Steele, Lea, Flood 2014), written here because committed samples must not change
//! when a library changes its generator. Not for secrets. Imports nothing else of this crate.

/// A stream of random numbers.
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// A stream of its own for every `name`, so that one file's content does not depend on how
    /// much another one drew.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let mut state = mix(seed ^ 0x5851_F42D_4C95_7F2D);
        for byte in name.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self { state }
    }

    /// 64 random bits.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number from 0 to `limit - 1`; 0 where `limit` is 0.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// A number below `limit` where small ones are more frequent, as with browsers.
    pub(super) fn skewed(&mut self, limit: u32) -> u32 {
        let (first, second) = (u64::from(self.below(limit)), u64::from(self.below(limit)));
        (first * second / u64::from(limit.max(1))) as u32
    }

    /// A number below `limit` where small ones are much more frequent, as with products.
    pub(super) fn very_skewed(&mut self, limit: u32) -> u32 {
        let (first, second) = (u64::from(self.skewed(limit)), u64::from(self.below(limit)));
        (first * second / u64::from(limit.max(1))) as u32
    }

    /// True in `share` of 1000 cases.
    pub(super) fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// One of the items, which must not be none.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// How many arrivals there are in a step where `mean` of them (in units of 2^-32) are usual.
    pub(super) fn arrivals(&mut self, mean: u64) -> u64 {
        // Between half and one and a half of the mean, so that busy and calm seconds alternate.
        let factor = (1 << 15) + u64::from(self.below(1 << 16));
        let mean = ((u128::from(mean) * u128::from(factor)) >> 16) as u64;
        let whole = mean >> 32;
        let rest = mean & 0xFFFF_FFFF;
        whole + u64::from((self.next() >> 32) < rest)
    }
}

/// The finaliser of SplitMix64: a bijection on 64 bits.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_fixed_for_ever() {
        let mut random = Random::new(1, "access.log");
        let first = [random.next(), random.next()];
        let mut again = Random::new(1, "access.log");
        assert_eq!(first, [again.next(), again.next()]);
        assert_ne!(first[0], Random::new(2, "access.log").next());
        assert_ne!(first[0], Random::new(1, "app.jsonl").next());
    }

    #[test]
    fn numbers_stay_within_their_limits() {
        let mut random = Random::new(7, "limits");
        for _ in 0..2_000 {
            assert!(random.below(3) < 3);
            assert!((5..=9).contains(&random.between(5, 9)));
            assert!(random.skewed(40) < 40);
            assert!(random.very_skewed(40) < 40);
        }
        assert_eq!(random.below(0), 0);
        assert_eq!(random.skewed(0), 0);
    }

    #[test]
    fn arrivals_have_the_mean_asked_for() {
        let mut random = Random::new(3, "arrivals");
        let total: u64 = (0..100_000).map(|_| random.arrivals(3 << 31)).sum();
        assert!((148_000..152_000).contains(&total), "{total}");
    }
}
