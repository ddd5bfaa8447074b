//! Pipewright: design data pipelines on a canvas, preview every step on real sample files, export and run them.
//! `cli` and `gui` never import each other: the command line is handed the designer as a function. `pictures` is for both.

// A closed or full stream must not end the program: `println!` panics there.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod cli;
#[cfg(feature = "gui")]
pub mod gui;
pub mod pictures;
