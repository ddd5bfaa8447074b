//! Tables with lines between their columns: `| id | name |` below `+----+------+`, ` id | name` above `----+------`, and
//! Markdown's.

use super::{Cells, Line, MAX_BEFORE};

/// What stands between columns.
const BORDERS: [char; 4] = ['|', '│', '┃', '║'];

/// Where the cells of a table's lines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bordered {
    pub names: Vec<String>,
    border: char,
    /// Whether lines begin and end with a border.
    is_closed: bool,
    /// Of a rule that crosses are in, as `psql` draws it, the characters: a mark at a cell's end says there that its value
    /// goes on in the next line. `None` in Markdown.
    ruled: Option<usize>,
}

/// What `psql` puts at the end of a cell whose value goes on.
const GOES_ON: [char; 2] = ['+', '↵'];

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
            let ruled = (!lines[at].contains(['|', ':'])).then(|| lines[at].trim_end().chars().count());
            (pieces == table.names.len()).then_some(Self { ruled, ..table })
        })
    }

    /// The table of a file that nothing is known of.
    pub fn named<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self { names: names.map(str::to_owned).collect(), border: BORDERS[0], is_closed: false, ruled: None }
    }

    fn of(header: &str) -> Option<Self> {
        let border = header.chars().find(|c| BORDERS.contains(c))?;
        let text = header.trim();
        let is_closed = text.starts_with(border) && text.len() > 1 && text.ends_with(border);
        let mut table = Self { names: Vec::new(), border, is_closed, ruled: None };
        let mut cells = Cells::default();
        table.cells(header, &mut cells);
        table.names = cells.texts.into_iter().map(str::to_owned).collect();
        let is_named = table.names.iter().all(|name| !name.is_empty());
        (is_named && !table.names.is_empty()).then_some(table)
    }

    fn cells<'a>(&self, line: &'a str, cells: &mut Cells<'a>) {
        cells.texts.clear();
        cells.open.clear();
        let mut text = line.trim();
        if self.is_closed {
            text = text.strip_prefix(self.border).unwrap_or(text);
            text = text.strip_suffix(self.border).filter(|inner| !inner.ends_with('\\')).unwrap_or(text);
        }
        let mut start = 0;
        for (at, found) in text.match_indices(self.border) {
            // In Markdown a backslash takes the border's meaning away.
            if !text[..at].ends_with('\\') {
                self.cell(&text[start..at], self.ruled.is_some(), cells);
                start = at + found.len();
            }
        }
        // Nothing stands behind the mark but a border, or the end of what the rule is long.
        let may_go_on = self.ruled.is_some_and(|width| self.is_closed || line.trim_end().chars().count() == width);
        self.cell(&text[start..], may_go_on, cells);
    }

    fn cell<'a>(&self, text: &'a str, may_go_on: bool, cells: &mut Cells<'a>) {
        let inner = text.strip_suffix(GOES_ON).filter(|_| may_go_on);
        if inner.is_some() {
            cells.open.resize(cells.texts.len(), false);
            cells.open.push(true);
        }
        cells.texts.push(inner.unwrap_or(text).trim());
    }

    /// Whether a line's row goes on in the next one.
    pub fn goes_on(&self, line: &str) -> bool {
        let mut cells = Cells::default();
        line.contains(GOES_ON) && self.read(line, &mut cells) == Line::Row && !cells.open.is_empty()
    }

    pub fn read<'a>(&self, line: &'a str, cells: &mut Cells<'a>) -> Line {
        if is_rule(line) || is_count(line) {
            return Line::Frame;
        }
        if !line.contains(self.border) && self.names.len() > 1 {
            return Line::Other("the line has no cells");
        }
        self.cells(line, cells);
        match cells.texts.len() == self.names.len() {
            true if cells.texts.iter().zip(&self.names).all(|(cell, name)| cell == name) => Line::Header,
            true => Line::Row,
            false => Line::Other("the line has another number of cells than the header"),
        }
    }
}
