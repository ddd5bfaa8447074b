//! Tests of the whole: what users do, through the command line, the designer and the files.

#[cfg(feature = "gui")]
mod gui;
