//! How a sample is taken. Must not import anything of the engine.

/// Which rows of a source a preview shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampling {
    Whole,
    Head {
        rows: u64,
    },
    /// Blocks at even distances.
    Spread {
        rows: u64,
    },
    /// Blocks at places that the seed decides.
    Random {
        rows: u64,
        seed: u64,
    },
}
