//! Tables with lines between their columns: `| id | name |` below `+----+------+`, ` id | name` above `----+------`, and
//! Markdown's.

use super::{Line, MAX_BEFORE};

/// What stands between columns.
const BORDERS: [char; 4] = ['|', '│', '┃', '║'];

/// Where the cells of a table's lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bordered {
    pub names: Vec<String>,
    border: char,
    /// Whether lines begin and end with a border.
    is_closed: bool,
}

/// A line of dashes, with what crosses them.
fn is_rule(line: &str) -> bool {
    let is_dash = |c: char| "-=─━═".contains(c);
    let is_cross = |c: char| "+|:".contains(c) || ('\u{2500}'..='\u{257f}').contains(&c);
    let line = line.trim();
    line.chars().filter(|c| is_dash(*c)).count() >= 2 && line.chars().all(|c| is_dash(c) || is_cross(c) || c == ' ')
}

/// `(42 rows)`, `42 rows in set (0.01 sec)`: how many rows there are.
fn is_count(line: &str) -> bool {
    let text = line.trim().trim_start_matches('(');
    let mut words = text.split(' ');
    let is_number = words.next().is_some_and(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()));
    match words.next() {
        Some("row)" | "rows)") => is_number && words.next().is_none(),
        Some("row" | "rows") => is_number && words.next() == Some("in"),
        _ => false,
    }
}

impl Bordered {
    /// The table whose header is the first line beside a rule that has cells.
    pub fn find(lines: &[&str], is_header: impl Fn(&str) -> bool) -> Option<Self> {
        let rules = || (0..lines.len().min(MAX_BEFORE)).filter(|at| is_rule(lines[*at]));
        rules().find_map(|at| {
            let crosses = lines[at].chars().filter(|c| !"-=─━═ :".contains(*c)).count();
            let above = at.checked_sub(1).map(|above| lines[above]).filter(|line| !is_rule(line));
            let below = lines.get(at + 1).filter(|_| lines.get(at + 2).is_some_and(|line| is_rule(line)));
            let header = above.into_iter().chain(below.copied()).find(|line| crosses > 0 && is_header(line))?;
            let table = Self::of(header)?;
            // The rule has a piece for each column.
            let pieces = lines[at].split(|c| !"-=─━═:".contains(c)).filter(|piece| !piece.is_empty()).count();
            (pieces == table.names.len()).then_some(table)
        })
    }

    fn of(header: &str) -> Option<Self> {
        let border = header.chars().find(|c| BORDERS.contains(c))?;
        let text = header.trim();
        let is_closed = text.starts_with(border) && text.len() > 1 && text.ends_with(border);
        let mut table = Self { names: Vec::new(), border, is_closed };
        let mut cells = Vec::new();
        table.cells(header, &mut cells);
        table.names = cells.into_iter().map(str::to_owned).collect();
        let is_named = table.names.iter().all(|name| !name.is_empty());
        (is_named && !table.names.is_empty()).then_some(table)
    }

    fn cells<'a>(&self, line: &'a str, cells: &mut Vec<&'a str>) {
        cells.clear();
        let mut text = line.trim();
        if self.is_closed {
            text = text.strip_prefix(self.border).unwrap_or(text);
            text = text.strip_suffix(self.border).filter(|inner| !inner.ends_with('\\')).unwrap_or(text);
        }
        let mut start = 0;
        for (at, found) in text.match_indices(self.border) {
            // In Markdown a backslash takes the border's meaning away.
            if !text[..at].ends_with('\\') {
                cells.push(text[start..at].trim());
                start = at + found.len();
            }
        }
        cells.push(text[start..].trim());
    }

    pub fn read<'a>(&self, line: &'a str, cells: &mut Vec<&'a str>) -> Line {
        if is_rule(line) || is_count(line) {
            return Line::Frame;
        }
        if !line.contains(self.border) && self.names.len() > 1 {
            return Line::Other("the line has no cells");
        }
        self.cells(line, cells);
        match cells.len() == self.names.len() {
            true if cells.iter().zip(&self.names).all(|(cell, name)| cell == name) => Line::Header,
            true => Line::Row,
            false => Line::Other("the line has another number of cells than the header"),
        }
    }
}
