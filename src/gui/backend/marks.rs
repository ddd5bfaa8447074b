//! Columns by example, off the window's thread: the first lines of a source, and what is learned from marks in them.

use std::path::PathBuf;
use std::sync::Arc;

use pipewright_app::first_lines as lines_of;
use pipewright_core::formats::{FormatSpec, Mark, learn as learned_from};
use pipewright_core::model::Id;

use super::Message;
use super::desk::Desk;

/// Lines that are shown and learned from.
const LINES: u64 = 300;

/// By line, what a pattern takes: first byte, end, name.
pub type Taken = Vec<Vec<(usize, usize, String)>>;

pub fn first_lines(source: Id, path: String, format: FormatSpec, base: PathBuf, desk: &Desk) {
    let id = source.clone();
    let failed = move |fault| Message::FirstLines { source: id.clone(), lines: Err(fault) };
    desk.spawn("pipewright-lines", failed, move |_| {
        let lines = lines_of(&path, &format, &base, LINES);
        Some(Message::FirstLines { source, lines })
    });
}

pub fn learn(asked: u64, lines: Arc<Vec<String>>, marks: Vec<Mark>, desk: &Desk) {
    let failed = move |fault| Message::Learned { asked, learned: Err(fault) };
    desk.spawn("pipewright-learn", failed, move |_| {
        let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
        let learned = learned_from(&texts, &marks).map(|learned| {
            let taken = learned.pieces(&texts);
            Box::new((learned, taken))
        });
        Some(Message::Learned { asked, learned })
    });
}
