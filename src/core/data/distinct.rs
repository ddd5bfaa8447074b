//! How many different values there are, where they are too many to be kept: a sketch of fixed size whose estimate is off by
//! less than one per cent as a rule (HyperLogLog, Flajolet et al. 2007, with the counting of empty registers for few values).
//! Imports nothing.

/// Bits of a hash that choose a register.
const BITS: u32 = 14;
const REGISTERS: usize = 1 << BITS;

/// What is kept of the values.
#[derive(Debug, Clone)]
pub struct Distinct {
    /// By register, the longest run of zeros that was met, and one.
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { registers: vec![0; REGISTERS] }
    }
}

impl Distinct {
    /// Adds a value by a hash whose bits are all as good as random.
    pub fn add(&mut self, hash: u64) {
        let (register, rest) = ((hash >> (64 - BITS)) as usize, hash << BITS);
        let run = rest.leading_zeros().min(64 - BITS) as u8 + 1;
        self.registers[register] = self.registers[register].max(run);
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Distinct) {
        for (register, run) in self.registers.iter_mut().zip(&other.registers) {
            *register = (*register).max(*run);
        }
    }

    /// The estimate.
    pub fn count(&self) -> u64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|run| 2f64.powi(-i32::from(*run))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.registers.iter().filter(|run| **run == 0).count();
        let few = estimate <= 2.5 * registers && empty > 0;
        (if few { registers * (registers / empty as f64).ln() } else { estimate }).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_near_the_number_of_different_values() {
        let id = |number: u64| xxhash_rust::xxh3::xxh3_64(format!("id-{number}").as_bytes());
        for count in [0_u64, 1, 1000, 40_000, 300_000, 1_000_000] {
            let mut distinct = Distinct::default();
            (0..count).for_each(|number| distinct.add(id(number)));
            // What comes again is not counted again.
            (0..count / 2).for_each(|number| distinct.add(id(number)));
            let error = (distinct.count() as f64 - count as f64).abs() / (count.max(1) as f64);
            assert!(error < 0.025, "{count}: {}", distinct.count());
        }
    }
}
