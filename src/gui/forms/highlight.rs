//! Colours for expressions while they are written, and the mark under a fault. Reads text only; the parser of core
//! decides what is right.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, Galley, Stroke, Ui};
use pipewright_core::diagnostic::Span;

use crate::gui::theme::{self, Palette};

/// What a piece of an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    Word,
    Function,
    Keyword,
    Number,
    Text,
    Parameter,
    Other,
}

/// Words of the language, in small letters.
pub(super) const KEYWORDS: [&str; 33] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "true",
    "false",
    "like",
    "ilike",
    "between",
    "case",
    "when",
    "then",
    "else",
    "end",
    "cast",
    "try_cast",
    "as",
    "interval",
    "distinct",
    "from",
    "over",
    "partition",
    "order",
    "by",
    "desc",
    "asc",
    "rows",
    "range",
    "preceding",
    "following",
    "filter",
];

/// Cuts a text into pieces that cover it without gaps.
pub fn pieces(text: &str) -> Vec<(std::ops::Range<usize>, Piece)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (length, piece) = piece_at(rest, first);
        let length = length.max(first.len_utf8());
        found.push((start..start + length, piece));
        rest = &rest[length..];
    }
    found
}

fn piece_at(rest: &str, first: char) -> (usize, Piece) {
    let run = |belongs: &dyn Fn(char) -> bool| rest.find(|c| !belongs(c)).unwrap_or(rest.len());
    if first == '\'' {
        return (closed_by(rest, '\''), Piece::Text);
    }
    if first == '"' || first == '`' {
        return (closed_by(rest, first), Piece::Word);
    }
    if rest.starts_with("${") {
        return (rest.find('}').map_or(rest.len(), |end| end + 1), Piece::Parameter);
    }
    if first.is_ascii_digit() {
        return (run(&|c| c.is_ascii_alphanumeric() || c == '.' || c == '_'), Piece::Number);
    }
    if first.is_alphabetic() || first == '_' {
        let length = run(&|c| c.is_alphanumeric() || c == '_');
        let word = rest[..length].to_ascii_lowercase();
        let is_call = rest[length..].trim_start().starts_with('(');
        let piece = if KEYWORDS.contains(&word.as_str()) {
            Piece::Keyword
        } else if is_call {
            Piece::Function
        } else {
            Piece::Word
        };
        return (length, piece);
    }
    let is_other = |c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '"' | '`' | '_' | '$'));
    (run(&is_other), Piece::Other)
}

/// Length up to the closing quote; a doubled quote stands for itself.
fn closed_by(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    rest.len()
}

fn colour(palette: &Palette, piece: Piece) -> Color32 {
    match piece {
        Piece::Word => palette.extract,
        Piece::Function => palette.shape,
        Piece::Keyword => palette.clean,
        Piece::Number => palette.enrich,
        Piece::Text => palette.good,
        Piece::Parameter => palette.analyse,
        Piece::Other => palette.text,
    }
}

/// Lays an expression out in colour; `faults` are underlined.
pub fn layout(ui: &Ui, text: &str, faults: &[Span], width: f32) -> Arc<Galley> {
    let palette = theme::palette(ui.ctx());
    let mut job = LayoutJob { break_on_newline: true, ..LayoutJob::default() };
    job.wrap.max_width = width;
    for (range, piece) in pieces(text) {
        for part in split_at_faults(range, faults) {
            let is_wrong = faults.iter().any(|fault| overlaps(&part, *fault));
            let mut format = TextFormat::simple(theme::code(), colour(palette, piece));
            if is_wrong {
                format.color = palette.bad;
                format.underline = Stroke::new(1.5, palette.bad);
            }
            if let Some(words) = text.get(part) {
                job.append(words, 0.0, format);
            }
        }
    }
    if text.is_empty() {
        job.append("", 0.0, TextFormat::simple(theme::code(), palette.text));
    }
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}

fn overlaps(part: &std::ops::Range<usize>, fault: Span) -> bool {
    let (start, end) = (fault.start as usize, (fault.end as usize).max(fault.start as usize + 1));
    part.start < end && start < part.end
}

fn split_at_faults(range: std::ops::Range<usize>, faults: &[Span]) -> Vec<std::ops::Range<usize>> {
    let mut cuts: Vec<usize> = faults
        .iter()
        .flat_map(|fault| [fault.start as usize, fault.end as usize])
        .filter(|cut| range.contains(cut) && *cut > range.start)
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let mut parts = Vec::new();
    let mut start = range.start;
    for cut in cuts.into_iter().chain([range.end]) {
        parts.push(start..cut);
        start = cut;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_text() {
        for text in ["status >= 500 or lower(path) like '/a''b%'", "${größe} + \"a b\" - 'open", "é→1.5e3", ""] {
            let joined: String = pieces(text).into_iter().map(|(range, _)| &text[range]).collect();
            assert_eq!(joined, text);
        }
        let kinds: Vec<Piece> = pieces("lower(a) = 'x' and 1").into_iter().map(|(_, piece)| piece).collect();
        assert_eq!(kinds[0], Piece::Function);
        assert!(kinds.contains(&Piece::Keyword) && kinds.contains(&Piece::Text) && kinds.contains(&Piece::Number));
    }
}
