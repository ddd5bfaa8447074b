//! Tables whose columns are aligned below a header: where each column begins, as the words of the rows show it.
//!
//! Places are counted in characters, a tab going on to the next multiple of eight.

use super::{Line, MAX_BEFORE, MAX_ROWS, is_null, share};
use crate::data::instants::parse_date;
use crate::formats::numbers;
use crate::formats::scan::is_blank;

/// A word's place in characters, and in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    start: usize,
    end: usize,
    from: usize,
    to: usize,
}

impl Word {
    fn text(self, line: &str) -> &str {
        line.get(self.from..self.to).unwrap_or_default()
    }

    fn overlaps(self, span: (usize, usize)) -> bool {
        self.start < span.1 && span.0 < self.end
    }

    /// Whether it overlaps, or stands beside: what is wider than its column moves those behind it.
    fn touches(self, span: (usize, usize)) -> bool {
        self.start <= span.1 && span.0 <= self.end
    }
}

/// The words of a row in which a day and its clock are one.
fn words_of_days(line: &str, found: &mut Vec<Word>) {
    words(line, found);
    let is_day = |word: &Word| parse_date(word.text(line)).is_some();
    let day = |pair: &[Word]| is_day(&pair[0]) && is_clock(pair[1].text(line)) && pair[0].end + 1 == pair[1].start;
    while let Some(at) = found.windows(2).position(day) {
        let clock = found.remove(at + 1);
        found[at] = Word { end: clock.end, to: clock.to, ..found[at] };
    }
}

/// The words of a line; of a clock with twelve hours, the half of the day belongs to it.
fn words(line: &str, words: &mut Vec<Word>) {
    words.clear();
    let (mut place, mut open): (usize, Option<Word>) = (0, None);
    for (at, c) in line.char_indices() {
        let next = if c == '\t' { (place / 8 + 1) * 8 } else { place + 1 };
        if matches!(c, ' ' | '\t') {
            words.extend(open.take());
        } else {
            let word = open.get_or_insert(Word { start: place, end: next, from: at, to: at });
            (word.end, word.to) = (next, at + c.len_utf8());
        }
        place = next;
    }
    words.extend(open);
    if let [first, second, ..] = **words
        && is_clock(first.text(line))
        && matches!(second.text(line), "AM" | "PM")
    {
        words[0] = Word { end: second.end, to: second.to, ..first };
        words.remove(1);
    }
}

/// `10:00:01`, `10:00:01 AM`.
fn is_clock(text: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    matches!(text.as_bytes(), [a, b, b':', c, d, b':', e, f, ..] if [a, b, c, d, e, f].into_iter().all(is_digit))
}

/// A rule below a header: pieces of dashes, one for each column.
fn is_rule(line: &str) -> bool {
    line.contains("--") && line.bytes().all(|byte| matches!(byte, b'-' | b' '))
}

/// A line of which the most are dashes: a rule, or names of groups of columns as `vmstat` has them.
fn is_mostly_dashes(line: &str) -> bool {
    let (dashes, others) = line.bytes().filter(|byte| *byte != b' ').fold((0, 0), |(dashes, others), byte| {
        let is_dash = matches!(byte, b'-' | b'=');
        (dashes + usize::from(is_dash), others + usize::from(!is_dash))
    });
    dashes > others && (line.contains("---") || line.contains("==="))
}

/// Whether a text is a number, or a share.
fn is_number(text: &str) -> bool {
    numbers::float(text).is_some() || share(text).is_some()
}

/// Whether a text is a size with its unit: `4.2Gi`, `0B`, `512M`.
fn is_size(text: &str) -> bool {
    let number = text.trim_end_matches('B').trim_end_matches('i').trim_end_matches(['K', 'M', 'G', 'T', 'P', 'E']);
    number.len() < text.len() && number.ends_with(|c: char| c.is_ascii_digit()) && numbers::float(number).is_some()
}

/// Whether a word may be a name of a column. One may begin with a number and a dash: `1K-blocks`.
fn is_name(text: &str) -> bool {
    let may_begin = |c: char| c.is_alphabetic() || matches!(c, '%' | '(' | '_' | '/');
    let is_plain = |c: char| c.is_alphanumeric() || "%()/_-+.:#<>*".contains(c);
    let behind_count = || text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.split_once('-')).flatten();
    let is_counted = || behind_count().is_some_and(|(_, what)| what.len() > 2 && what.chars().all(char::is_alphabetic));
    (text.starts_with(may_begin) || is_counted())
        && text.len() <= 40
        && text.chars().all(is_plain)
        && !text.ends_with(['.', ';'])
}

/// Where the columns of a table are.
#[derive(Debug, Clone, PartialEq)]
pub struct Aligned {
    pub names: Vec<String>,
    /// The places of the names.
    spans: Vec<(usize, usize)>,
    /// By column, the first place of its values; those of the first one begin at the line's begin.
    borders: Vec<usize>,
    /// By column, whether values begin where the name does.
    lefts: Vec<bool>,
    /// Nearly all rows have a word for each name, which tells them apart though they may be wider than their columns.
    by_words: bool,
    /// A day and its clock are one value.
    has_days: bool,
    /// By column, whether all values are numbers.
    numeric: Vec<bool>,
    /// The line of names, as it is written.
    header: String,
    /// The line of names has capitals alone.
    is_capital: bool,
    /// The share of the values that stand below their name, in a hundred.
    aligned: usize,
    /// Rows by which that was judged.
    rows: usize,
}

impl Aligned {
    /// The table with the most rows of those whose header stands among a text's first lines.
    pub fn find(lines: &[&str], is_header: impl Fn(&str) -> bool) -> Option<Self> {
        let mut best: Option<Self> = None;
        let mut at = 0;
        while at < lines.len().min(MAX_BEFORE) {
            let may_be = is_header(lines[at]) && is_spread(lines[at], lines.get(at + 1).copied().unwrap_or_default());
            let found = if may_be { may_be_header(lines[at]) } else { None };
            let found = found.and_then(|names| Self::of(names, lines[at], &lines[at + 1..]));
            // What stands below a header is no other one.
            at += 1 + found.as_ref().map_or(0, |found| found.rows);
            if let Some(found) = found.filter(|found| best.as_ref().is_none_or(|best| found.rows > best.rows)) {
                best = Some(found);
            }
        }
        best
    }

    fn of(names: Vec<Word>, header: &str, below: &[&str]) -> Option<Self> {
        let rule = below.first().filter(|line| is_rule(line));
        // Below rows with numbers a line of names begins another table.
        let is_other = |line: &&str| may_be_header(line).is_some();
        let below = &below[usize::from(rule.is_some())..];
        let has_numbers = below.first().is_some_and(|line| !is_other(line));
        let block: Vec<&str> = below
            .iter()
            .take(MAX_ROWS)
            .take_while(|line| !(is_blank(line) || is_again(line, header) || has_numbers && is_other(line)))
            .copied()
            .collect();
        let words_of = |split: fn(&str, &mut Vec<Word>)| {
            let of = |line: &&str| {
                let mut found = Vec::new();
                split(line, &mut found);
                found
            };
            // A word alone tells no columns: its row goes on in the next line.
            let rows = block.iter().filter(|line| !is_mostly_dashes(line)).map(of);
            rows.filter(|row| row.len() > 1).collect::<Vec<Vec<Word>>>()
        };
        // A word for each name.
        let are_named =
            |rows: &[Vec<Word>]| rows.iter().filter(|row| row.len() == names.len()).count() * 10 >= rows.len() * 8;
        let rows = words_of(words);
        let dated = if are_named(&rows) { None } else { Some(words_of(words_of_days)).filter(|rows| are_named(rows)) };
        let (has_days, rows) = (dated.is_some(), dated.unwrap_or(rows));
        let spans = rule.map(|rule| ruled(rule)).filter(|spans| spans.len() > 1);
        let is_ruled = spans.is_some();
        let spans = spans.or_else(|| wide_apart(&names, &rows));
        let by_words = spans.is_none() && are_named(&rows);
        let spans = spans.unwrap_or_else(|| match by_words {
            true => names.iter().map(|word| (word.start, word.end)).collect(),
            false => merged(&names, header, &rows[..rows.len().min(100)]),
        });
        let mut table = Self { by_words, has_days, ..Self::laid(header, spans, &rows)? };
        table.judge(&block, is_ruled).then_some(table)
    }

    /// The columns below names at these places.
    fn laid(header: &str, mut spans: Vec<(usize, usize)>, rows: &[Vec<Word>]) -> Option<Self> {
        if rows.is_empty() || spans.len() < 2 {
            return None;
        }
        // The first column may have no name: `free`.
        let is_before = |row: &&Vec<Word>| row.first().is_some_and(|word| word.end <= spans[0].0);
        if rows.iter().filter(is_before).count() * 2 > rows.len() {
            spans.insert(0, (0, 0));
        }
        let lefts: Vec<bool> = spans
            .iter()
            .map(|span| {
                let below = rows.iter().filter_map(|row| row.iter().find(|word| word.overlaps(*span)));
                let (lefts, all) =
                    below.fold((0, 0), |(lefts, all), word| (lefts + usize::from(word.start == span.0), all + 1));
                lefts * 2 > all
            })
            .collect();
        let borders = borders(&spans, &lefts, rows);
        let names = names_of(header, &spans);
        let is_capital = !header.chars().any(char::is_lowercase);
        let numeric = vec![false; spans.len()];
        let header = header.to_owned();
        let (by_words, has_days, aligned, rows) = (false, false, 0, 0);
        Some(Self { names, spans, borders, lefts, by_words, has_days, numeric, header, is_capital, aligned, rows })
    }

    /// Looks at the rows below the header; false where they are none of a table.
    fn judge(&mut self, block: &[&str], is_ruled: bool) -> bool {
        let columns = self.names.len();
        let (mut values, mut below) = (0, 0);
        let (mut counts, mut numeric, mut sizes) = (vec![0; columns], vec![0; columns], vec![0; columns]);
        let (mut cells, mut rows, mut again, mut shifted) = (Vec::new(), 0, 0, 0);
        for line in block {
            if !self.split(line, &mut cells) {
                continue;
            }
            rows += 1;
            let mut found = Vec::new();
            self.words(line, &mut found);
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                values += 1;
                let start = cell.as_ptr() as usize - line.as_ptr() as usize;
                let inside = found.iter().filter(|word| (start..start + cell.len()).contains(&word.from));
                let span = self.spans[column];
                let is_below = span.0 == span.1 || inside.clone().any(|word| word.touches(span));
                below += usize::from(is_below);
                shifted +=
                    usize::from(self.lefts[column] && inside.clone().next().is_some_and(|word| word.start == span.0));
                // A state may be a letter, as its name.
                again += usize::from(cell.len() > 1 && *cell == self.names[column]);
                if !is_null(cell) {
                    counts[column] += 1;
                    numeric[column] += usize::from(is_number(cell));
                    sizes[column] += usize::from(is_number(cell) || is_size(cell));
                }
            }
        }
        self.numeric = counts.iter().zip(&numeric).map(|(all, numbers)| *all > 0 && all == numbers).collect();
        self.rows = rows;
        self.aligned = below * 100 / values.max(1);
        let numbers = self.numeric.iter().filter(|numeric| **numeric).count();
        let lefts = self.lefts.iter().filter(|left| **left).count();
        let is_spaced = self.header.trim().contains("  ") || numbers >= 3;
        // Values begin below three names at least, row by row.
        let is_lined_up = lefts >= 3 && rows >= 2 && shifted * 10 >= rows * lefts * 8;
        let measured = counts.iter().zip(&sizes).filter(|(all, sizes)| **all > 0 && all == sizes).count();
        let is_told = is_ruled || numbers >= 1 || measured >= 3 || self.is_capital || is_lined_up;
        columns >= 3
            && again == 0
            && rows * 2 >= block.iter().filter(|line| !self.is_begun(line)).count()
            && values * 2 >= rows * columns
            && self.aligned >= 85
            && is_spaced
            && is_told
            && (rows > 1 || numbers >= 2 || is_ruled || self.is_capital && lefts >= 3)
    }

    /// The words of a row.
    fn words(&self, line: &str, found: &mut Vec<Word>) {
        if self.has_days { words_of_days(line, found) } else { words(line, found) }
    }

    /// How telling the table is.
    pub fn weight(&self, rows: usize) -> u8 {
        let has_numbers = self.numeric.contains(&true);
        match (rows, has_numbers || self.is_capital) {
            (0 | 1, _) => 72,
            (_, true) if self.aligned >= 95 => 92,
            _ => 84,
        }
    }

    pub fn read<'a>(&self, line: &'a str, cells: &mut Vec<&'a str>) -> Line {
        if is_again(line, &self.header) {
            return Line::Header;
        }
        if is_mostly_dashes(line) {
            return Line::Frame;
        }
        if !self.split(line, cells) {
            return match self.is_begun(line) {
                true => Line::Begun,
                false => Line::Other("the line's words do not stand below the header's"),
            };
        }
        // Of many columns of numbers a few values may be texts.
        let numbers = self.numeric.iter().filter(|numeric| **numeric).count();
        let values = || cells.iter().zip(&self.numeric).filter(|(cell, numeric)| **numeric && !is_null(cell));
        let others = values().filter(|(cell, _)| !is_number(cell)).count();
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        match others * 3 > numbers || filled * 3 < cells.len() {
            true => Line::Other("the line has other values than the columns of the header"),
            false => Line::Row,
        }
    }

    /// Whether a line is a value for which the first column is too narrow: what stands behind it is in the next line.
    pub fn is_begun(&self, line: &str) -> bool {
        let mut found = Vec::new();
        words(line, &mut found);
        matches!(found[..], [word] if word.start == 0 && word.end > self.borders[1])
    }

    /// The texts below each name; false where a word stands below two and nothing tells to which it belongs.
    fn split<'a>(&self, line: &'a str, cells: &mut Vec<&'a str>) -> bool {
        let mut found = Vec::new();
        self.words(line, &mut found);
        cells.clear();
        if self.by_words && found.len() == self.borders.len() {
            cells.extend(found.iter().map(|word| &line[word.from..word.to]));
            return true;
        }
        let last = self.borders.len() - 1;
        let mut column = 0;
        // By column, the bytes of its text.
        let mut texts: Vec<Option<(usize, usize)>> = vec![None; self.borders.len()];
        for word in &found {
            while column < last && word.start >= self.borders[column + 1] {
                column += 1;
            }
            let is_across = column < last && word.end > self.borders[column + 1];
            if is_across {
                return self.split_in_order(line, &found, cells);
            }
            let from = texts[column].map_or(word.from, |(from, _)| from);
            texts[column] = Some((from, word.to));
        }
        cells.extend(texts.into_iter().map(|text| text.map_or("", |(from, to)| &line[from..to])));
        true
    }

    /// A value is longer than its column: the row is told by its gaps where it has a value for each column, else by its
    /// words, of which the last column takes the rest.
    fn split_in_order<'a>(&self, line: &'a str, found: &[Word], cells: &mut Vec<&'a str>) -> bool {
        let columns = self.borders.len();
        let mut groups: Vec<(usize, usize)> = Vec::new();
        let mut before = None;
        for word in found {
            match groups.last_mut().filter(|_| before == Some(word.start)) {
                Some(group) => group.1 = word.to,
                None => groups.push((word.from, word.to)),
            }
            // One blank stands inside of a value.
            before = Some(word.end + 1);
        }
        if groups.len() != columns {
            // Words alone tell nothing where no number says that they are right.
            if found.len() < columns || !self.numeric.contains(&true) {
                return false;
            }
            let end = found.last().map_or(line.len(), |word| word.to);
            groups = found[..columns - 1].iter().map(|word| (word.from, word.to)).collect();
            groups.push((found[columns - 1].from, end));
        }
        cells.extend(groups.into_iter().map(|(from, to)| &line[from..to]));
        true
    }

    /// The same table below a header that names the same columns at other places; `None`: they are where they were.
    pub fn laid_anew(&self, header: &str) -> Option<Self> {
        if header.trim_end() == self.header.trim_end() {
            return None;
        }
        let mut found = Vec::new();
        words(header, &mut found);
        let mut left = found.into_iter();
        let spans: Option<Vec<(usize, usize)>> = self
            .names
            .iter()
            .map(|name| {
                let count = name.split(' ').filter(|word| !word.is_empty()).count();
                // The column without a name.
                if count == 0 || self.spans[0] == (0, 0) && name.is_empty() {
                    return Some((0, 0));
                }
                let first = left.next()?;
                let last = if count > 1 { left.nth(count - 2)? } else { first };
                Some((first.start, last.end))
            })
            .collect();
        let spans = spans?;
        let borders = borders(&spans, &self.lefts, &[]);
        Some(Self { spans, borders, header: header.to_owned(), ..self.clone() })
    }

    /// The last of some lines that is the header.
    pub fn last_header(&self, lines: &[u8]) -> Option<String> {
        // The longest word that is the same each time tells most lines apart.
        let words =
            self.header.split_ascii_whitespace().filter(|word| !is_clock(word) && !matches!(*word, "AM" | "PM"));
        let word = words.max_by_key(|word| word.len())?;
        memchr::memmem::rfind_iter(lines, word).find_map(|at| {
            let start = memchr::memrchr(b'\n', &lines[..at]).map_or(0, |end| end + 1);
            let end = memchr::memchr(b'\n', &lines[at..]).map_or(lines.len(), |end| at + end);
            let line = String::from_utf8_lossy(&lines[start..end]);
            let line = line.trim_end_matches('\r');
            is_again(line, &self.header).then(|| line.to_owned())
        })
    }
}

/// Whether a line has the words of a header; a clock is another each time.
fn is_again(line: &str, header: &str) -> bool {
    let is_same = |(one, other): (&str, &str)| one == other || is_clock(one) && is_clock(other);
    let (mut one, mut other) = (line.split_ascii_whitespace(), header.split_ascii_whitespace());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if is_same((one, other)) => {}
            // Of twelve hours the half changes too.
            (Some("AM" | "PM"), Some("AM" | "PM")) => {}
            _ => return false,
        }
    }
}

/// Whether a line looks like one of names, by itself.
pub fn names_columns(line: &str) -> bool {
    is_spread(line, "") && may_be_header(line).is_some()
}

/// The words of a line that may name columns.
fn may_be_header(line: &str) -> Option<Vec<Word>> {
    if line.contains('\t') || line.len() > 1000 {
        return None;
    }
    let mut found = Vec::new();
    words(line, &mut found);
    let mut texts = found.iter().map(|word| word.text(line));
    let is_clock_first = found.first().is_some_and(|word| is_clock(word.text(line)));
    let are_names = texts.by_ref().skip(usize::from(is_clock_first)).all(is_name);
    let last = found.last().map(|word| word.text(line)).unwrap_or_default();
    (found.len() >= 3 && are_names && !last.ends_with(':')).then_some(found)
}

/// Whether a line's words are apart as those of a header are, or numbers stand below it.
fn is_spread(line: &str, below: &str) -> bool {
    let numbers = || below.split_ascii_whitespace().filter(|word| is_number(word));
    line.trim().contains("  ") || is_rule(below) || numbers().nth(2).is_some()
}

/// The places of names below which a rule has a piece for each.
fn ruled(rule: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    words(rule, &mut found);
    found.into_iter().map(|word| (word.start, word.end)).collect()
}

/// The places of names with three blanks between them at least, and one inside, where the values have so too and begin
/// where the names do: `docker ps`, `kubectl get`.
fn wide_apart(names: &[Word], rows: &[Vec<Word>]) -> Option<Vec<(usize, usize)>> {
    const APART: usize = 3;
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for word in names {
        match spans.last_mut().map(|before| (word.start - before.1, before)) {
            Some((1, before)) => before.1 = word.end,
            Some((gap, _)) if gap < APART => return None,
            _ => spans.push((word.start, word.end)),
        }
    }
    let fits = |row: &Vec<Word>| {
        let mut before = None;
        row.iter().all(|word| {
            let is_inside = before.replace(word.end + 1) == Some(word.start);
            is_inside || spans.iter().any(|span| span.0 == word.start)
        })
    };
    (spans.len() < names.len() && !rows.is_empty() && rows.iter().all(fits)).then_some(spans)
}

/// The places of names, of which those of several words are told by the values below: `Mounted on`, `Local Address`. From
/// the right, since it is the last word of a name that values stand below.
fn merged(names: &[Word], header: &str, rows: &[Vec<Word>]) -> Vec<(usize, usize)> {
    let is_sign = |word: &Word| !word.text(header).contains(char::is_alphanumeric);
    let mut spans: Vec<(usize, usize)> = Vec::new();
    let mut behind: Option<&Word> = None;
    for word in names.iter().rev() {
        let span = (word.start, word.end);
        // `MEM USAGE / LIMIT`, `CPU %`.
        let is_held = is_sign(word) || behind.replace(word).is_some_and(is_sign);
        let Some(next) = spans.last_mut().filter(|next| span.1 + 1 == next.0) else {
            spans.push(span);
            continue;
        };
        let (mut alike, mut separate) = (0, 0);
        for row in rows {
            let of = |span: (usize, usize)| row.iter().position(|word| word.overlaps(span));
            match (of(span), of(*next)) {
                (None, None) => {}
                (Some(first), Some(second)) if first != second => separate += 1,
                _ => alike += 1,
            }
        }
        if is_held || alike > separate {
            next.0 = span.0;
        } else {
            spans.push(span);
        }
    }
    spans.reverse();
    spans
}

/// The first place of each column's values, such that as few words as can be stand across.
fn borders(spans: &[(usize, usize)], lefts: &[bool], rows: &[Vec<Word>]) -> Vec<usize> {
    let mut borders = vec![0];
    for (column, pair) in spans.windows(2).enumerate() {
        let across = |place: usize| {
            let is_across = |word: &Word| word.start < place && place < word.end;
            rows.iter().filter(|row| row.iter().any(is_across)).count()
        };
        // Values may begin behind their name.
        let begins = |row: &Vec<Word>| {
            let inside = row.iter().find(|word| word.start >= pair[1].0 && word.overlaps(pair[1]));
            inside.map(|word| word.start)
        };
        let last = rows.iter().filter_map(begins).min().unwrap_or(pair[1].0);
        let places = pair[0].1.max(borders[column] + 1)..=last.max(pair[0].1);
        let best = match lefts[column + 1] {
            true => places.rev().min_by_key(|place| across(*place)),
            false => places.min_by_key(|place| across(*place)),
        };
        borders.push(best.unwrap_or(pair[1].0).max(borders[column] + 1));
    }
    borders
}

/// The texts at these places of a header.
fn names_of(header: &str, spans: &[(usize, usize)]) -> Vec<String> {
    let mut found = Vec::new();
    words(header, &mut found);
    let of = |column: usize| {
        let (start, end) = spans[column];
        // A name may be longer than the rule below it.
        let next = spans.get(column + 1).map_or(usize::MAX, |next| next.0);
        let inside = found.iter().filter(|word| word.start >= start && word.start < next.max(end) && start != end);
        let texts: Vec<&str> = inside.map(|word| word.text(header)).collect();
        match texts.as_slice() {
            [clock] if is_clock(clock) => "clock".to_owned(),
            texts => texts.join(" "),
        }
    };
    (0..spans.len()).map(of).collect()
}
