//! The application layer: what the designer and the command line share of projects. Resolves sources, gathers evidence
//! of them, looks for findings and differences, runs pinned tests, writes bundles. Stands on core, which knows no rows,
//! and on the engine, which knows plans only. Must not import Polars, egui, the command line or the designer.

// A closed or full stream must not end the program: `println!` panics there.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

mod answers;
pub mod bundle;
mod differences;
pub mod evidence;
mod first_lines;
mod masked;
mod open_rows;
mod pin;
pub mod pinned;
pub mod resolve;
mod sample;
mod shown;
mod source_files;
pub mod split;
mod step_rows;
mod tried;
mod volume;
mod whole_file;

pub use answers::{Answers, answers_of, headliners_of};
pub use differences::{differences, differences_of_finding};
pub use first_lines::first_lines;
pub use pin::{InputRows, expected_of, input_nodes, pin};
pub use sample::{SampleTaken, source_of_place, take_sample, test_connection};
pub use shown::{Viewer, classes_of};
pub use source_files::{files_read_by, real_source};
pub use step_rows::{WholeInput, exact_rows, rows_of_nodes, rows_of_steps, whole_input};
pub use tried::tried;
pub use volume::{volumes_of, volumes_until};
pub use whole_file::{count_all, hold_against};
