//! Pipewright: the designer and the command line on top of core and engine.

#[cfg(feature = "gui")]
pub mod gui;
