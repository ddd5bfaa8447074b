//! The engine: reads files, previews and runs plans, profiles columns. The only package that knows Polars; no Polars
//! type is in its public face. Must not import egui, the command line or the designer.

mod columns;
mod exprs;
mod functions;
mod ops;
mod read;
mod sample;
mod table;
mod views;

pub use columns::{POSITION, Quarantined};
pub use read::{Cancel, Sniff, expand, read_schema, read_stream, schema_as, sniff};
pub use sample::{ReadResult, SampleStatement, Sampling, read_sample};
pub use table::ResultTable;

use pipewright_core::diagnostic::Diagnostic;

/// A fault of the engine's own making, in words that name what it was busy with.
pub(crate) fn internal(what: &str, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("PW0796", format!("{what} could not be made: {error}"))
        .help("this is a fault of the program: please report it with the design that shows it")
}
