//! SQL: operations and expressions printed once, for every engine that speaks it. What the engines answer differently
//! stands in a [`Dialect`]; how bundles are packed is the targets' own.
//! Must not import any target.

pub mod dialect;
mod domain_functions;
mod expr;
mod functions;
mod ops;
mod time_formats;

pub use dialect::{AggregateCall, Dialect, Engine, Exploded, NearestSide, OrderKey, PartnerSide, PatternCall};
pub use expr::Printer;
pub use ops::Selects;
