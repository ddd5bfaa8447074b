//! The fonts that ship with the program (Open Font License, beside them in `assets/fonts`). Imports nothing.

/// Text.
pub const INTER: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Titles and numbers.
pub const INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// Data and expressions.
pub const JETBRAINS_MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");
