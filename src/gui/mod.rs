//! The designer: what is drawn and how it is used. Reads the project and pushes
//! edits; may import core and engine, never the command line.

pub mod canvas;
pub mod icons;
pub mod theme;
