//! Columns by example: lines of a source, the pieces that are marked in them, and the pattern that was learned.

use std::sync::Arc;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Learned, Mark};
use pipewright_core::model::Id;

/// What the dialog holds.
#[derive(Debug)]
pub struct Marking {
    pub source: Id,
    /// Of the source.
    pub title: String,
    pub lines: Arc<Vec<String>>,
    pub marks: Vec<Mark>,
    /// The name that is being typed.
    pub name: String,
    /// The piece that is selected: line, first byte, end.
    pub selection: Option<(usize, usize, usize)>,
    /// Number of the marks that were sent to be learned last.
    pub asked: u64,
    /// What came of them; `None`: it is being worked out, or nothing is marked.
    pub learned: Option<Result<Box<Learned>, Diagnostic>>,
    /// By line, what the learned pattern takes: first byte, end, name.
    pub taken: Vec<Vec<(usize, usize, String)>>,
}

impl Marking {
    pub fn new(source: Id, title: String, lines: Vec<String>) -> Self {
        Self {
            source,
            title,
            lines: Arc::new(lines),
            marks: Vec::new(),
            name: String::new(),
            selection: None,
            asked: 0,
            learned: None,
            taken: Vec::new(),
        }
    }

    /// Names of the columns, in the order in which they were marked first.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for mark in &self.marks {
            if !names.contains(&mark.name.as_str()) {
                names.push(&mark.name);
            }
        }
        names
    }

    /// Marks what is selected; a piece that it overlaps, or that has the name in this line, gives way.
    pub fn mark(&mut self) -> bool {
        let name = self.name.trim().to_owned();
        let Some((line, start, end)) = self.selection.take().filter(|_| !name.is_empty()) else { return false };
        self.marks.retain(|mark| mark.line != line || mark.name != name && (mark.end <= start || mark.start >= end));
        self.marks.push(Mark { line, start, end, name });
        self.name.clear();
        true
    }

    /// A range of characters of all lines, as a piece of one line; `None`: it is empty, or spans several.
    pub fn piece(&self, start: usize, end: usize) -> Option<(usize, usize, usize)> {
        let mut first = 0;
        for (number, line) in self.lines.iter().enumerate() {
            let length = line.chars().count();
            if start >= first && start <= first + length {
                let byte = |at: usize| line.char_indices().nth(at - first).map_or(line.len(), |(byte, _)| byte);
                return (end > start && end <= first + length).then(|| (number, byte(start), byte(end)));
            }
            first += length + 1;
        }
        None
    }

    /// Pieces of a line with the numbers of their columns: those that are marked, else those that the pattern takes.
    pub fn pieces(&self, number: usize) -> Vec<(usize, usize, usize)> {
        let names = self.names();
        let column = |name: &str| names.iter().position(|known| *known == name).unwrap_or_default();
        let own = self.marks.iter().filter(|mark| mark.line == number);
        let mut found: Vec<(usize, usize, usize)> =
            own.map(|mark| (mark.start, mark.end, column(&mark.name))).collect();
        if found.is_empty() {
            let taken = self.taken.get(number).into_iter().flatten();
            found = taken.map(|(start, end, name)| (*start, *end, column(name))).collect();
        }
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_a_piece_of_one_line() {
        let mut marking = Marking::new("s".into(), "S".into(), vec!["é=1 b".into(), String::new(), "x".into()]);
        assert_eq!(marking.piece(0, 1), Some((0, 0, 2)));
        assert_eq!(marking.piece(2, 5), Some((0, 3, 6)));
        assert_eq!(marking.piece(7, 8), Some((2, 0, 1)));
        assert_eq!((marking.piece(4, 8), marking.piece(2, 2), marking.piece(99, 100)), (None, None, None));
        marking.selection = marking.piece(2, 3);
        assert!(!marking.mark(), "it has no name yet");
        marking.selection = marking.piece(2, 3);
        marking.name = "n".into();
        assert!(marking.mark());
        assert_eq!((marking.pieces(0), marking.names()), (vec![(3, 4, 0)], vec!["n"]));
        marking.taken = vec![vec![(3, 4, "n".into())], vec![], vec![(0, 1, "n".into())]];
        assert_eq!((marking.pieces(1), marking.pieces(2)), (vec![], vec![(0, 1, 0)]));
        // What overlaps gives way.
        (marking.selection, marking.name) = (marking.piece(2, 5), "m".into());
        assert!(marking.mark());
        assert_eq!(marking.names(), ["m"]);
    }
}
