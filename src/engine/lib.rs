//! The engine: reads files, previews and runs plans, profiles columns. The only package that knows Polars; no Polars
//! type is in its public face. Must not import egui, the command line or the designer.

// A closed or full stream must not end the program: `println!` panics there.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod allowance;
mod answers;
mod bench;
mod budget;
pub mod bundle;
mod collected;
mod columns;
mod differences;
pub mod evidence;
mod exchange;
mod exprs;
mod frames;
mod functions;
mod keys;
mod ops;
mod parallel;
pub mod pinned;
mod preview;
mod profile;
mod read;
pub mod resolve;
mod run;
mod sample;
mod table;
mod trace;
mod undeclared;
mod views;
mod volume;
mod write;

pub use answers::{Answers, answers_of, headliners_of};
pub use bench::{Better, Measure, TaskReport, bench_blocking, bench_parse, bench_preview, bench_run, bench_task};
pub use budget::Budget;
pub use collected::{rows_of_nodes, rows_of_steps};
pub use columns::{POSITION, Quarantined};
pub use differences::{differences, differences_of_finding};
pub use preview::{
    NodeResult, PreviewReply, PreviewReport, PreviewRequest, PreviewWorker, SAMPLE_ROWS, ToldPreview, preview_now,
    preview_told,
};
pub use profile::{BINS, ColumnProfile, TOP, profile};
pub use read::{
    Cancel, STANDARD_INPUT, Sniff, expand, expand_all, given_name, offer_standard_input, read_schema, read_stream,
    schema_as, sniff,
};
pub use run::{
    AnswerReport, BlockingStep, FileReport, Headliner, Headliners, MAX_QUARANTINED, RunOptions, RunProgress, RunReport,
    SinkReport, SourceReport, StepReport, ToldAnswer, run,
};
pub use sample::{ReadResult, SampleStatement, Sampling, read_sample};
pub use table::ResultTable;
pub use trace::{Fate, TRACED_ROWS, fate_of, rows_behind};
pub use volume::{volumes_of, volumes_until};

use pipewright_core::diagnostic::Diagnostic;

/// A fault of the engine's own making, in words that name what it was busy with.
pub(crate) fn internal(what: &str, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::error("PW0996", format!("{what} could not be made: {error}"))
        .help("this is a fault of the program: please report it with the design that shows it")
}

/// Bytes for people.
pub(crate) fn size_text(bytes: u64) -> String {
    match bytes {
        0..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
