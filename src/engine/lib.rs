//! The engine: reads files, previews and runs plans, profiles columns. The only package that knows Polars; no Polars
//! type is in its public face. Knows plans, not projects. Must not import egui, the application layer, the command line
//! or the designer.

// A closed or full stream must not end the program: `println!` panics there.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod allowance;
mod bench;
mod budget;
mod cancel;
mod columns;
mod distinct;
mod exchange;
mod exprs;
mod faults;
mod follow;
mod frames;
mod guard;
mod keys;
mod lines;
mod ops;
mod parallel;
mod patterns;
mod places;
mod preview;
mod profile;
mod read;
mod run;
mod sample;
mod sampling;
mod schemas;
mod sorting;
mod table;
mod trace;
pub mod undeclared;
mod views;
mod ways;
mod write;

pub use bench::{Better, Measure, TaskReport, bench_blocking, bench_parse, bench_preview, bench_run, bench_task};
pub use budget::Budget;
pub use cancel::Cancel;
pub use columns::{POSITION, Quarantined};
pub use follow::follow;
pub use lines::{Behind, SourceLine, Which, lines_behind};
pub use ops::{Alone, named_keys};
pub use patterns::{MinedColumns, mine, mine_table};
pub use places::{PLACE_SAMPLE_ROWS, Taken, TakenFile, Visit, post, server_variables, take_sample, test_connection};
pub use preview::{
    NodeResult, PreviewReply, PreviewReport, PreviewRequest, PreviewWorker, SAMPLE_ROWS, ToldPreview, preview_all,
    preview_now, preview_told,
};
pub use profile::{BINS, ColumnProfile, Profiled, TOP, profile, profile_source};
pub use read::{
    ByteRange, PACKED_ENDINGS, STANDARD_INPUT, Settled, Share, Sniff, expand, expand_all, given_name,
    offer_standard_input, open_unpacked, partitioned, path_of_source, read_files, read_schema, read_share, read_stream,
    schema_as, settle, share_files, sniff,
};
pub use run::{
    AnswerReport, BlockingStep, FileReport, FirstRows, Headliner, Headliners, RunOptions, RunProgress, RunReport,
    Silent, SinkReport, SourceReport, StepReport, ToldAnswer, WatchReport, read_rows, run,
};
pub use sample::{ReadResult, SampleStatement, read_sample};
pub use sampling::Sampling;
pub use schemas::{schema_of_files, schema_of_first};
pub use table::{Arrangement, ArrowStream, Pair, ResultTable, TextForm};
pub use trace::{Fate, TRACED_ROWS, fate_of, rows_behind};
pub use ways::{Arrival, ways_of};

use pipewright_core::diagnostic::Diagnostic;

/// A fault of the engine's own making, in words that name what it was busy with.
pub fn internal(what: &str, error: &dyn std::fmt::Display) -> Diagnostic {
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
