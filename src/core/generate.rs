//! Sample data made from a seed: the inputs of the worked examples, at any size.
//!
//! Everything here is pure: the same options give the same bytes on every platform. No clock, no
//! file system (the caller opens the outputs), no floating-point function whose result may differ
//! between platforms. Imports nothing else of this crate.

mod random;
mod sheet;
pub mod shop;
mod teams;

pub use sheet::{FileReport, GenerateReport};
pub use shop::{FILES, ShopOptions, TRUTH, shop};
pub use teams::{TEAM_FILES, TEAM_ROWS, teams};
