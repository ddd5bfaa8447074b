//! A pattern learned by example: somebody marks pieces of a few lines, and the pattern that gives just these pieces and
//! fits most of the other lines is found. Must not import single formats but `pattern`, which it writes for.
//!
//! A line is taken as gaps and pieces in turn. Each has a few expressions that may stand for it, from the narrowest to the
//! widest; the widest are taken first, and each is narrowed as long as no line is lost by it.

mod slots;

use std::collections::{BTreeMap, BTreeSet};

use regex::{CaptureLocations, Regex};

use super::pattern::Pattern;
use super::scan::trial;
use super::{Format, FormatSpec, Sample};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use slots::Slot;

/// Lines that are tried at most.
const LOOKED_AT: usize = 2000;
/// How often all slots are gone through.
const ROUNDS: usize = 3;
/// Lines that do not fit and are shown.
const SHOWN: usize = 20;

/// A piece of a line that becomes a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Number of the line among those that are given, from 0.
    pub line: usize,
    /// Bytes of the line.
    pub start: usize,
    pub end: usize,
    /// The column.
    pub name: String,
}

/// A pattern that was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The format `pattern` with its options.
    pub format: FormatSpec,
    pub schema: Schema,
    /// How many lines were tried (blank ones are left out), how many fit, and how many belong to the one before.
    pub lines: usize,
    pub fit: usize,
    pub joined: usize,
    /// The first lines that do not fit: number among those given, from 0.
    pub unfit: Vec<usize>,
}

impl Learned {
    /// By line, the pieces that the pattern takes: first byte, end, name.
    pub fn pieces(&self, lines: &[&str]) -> Vec<Vec<(usize, usize, String)>> {
        let pattern = self.format.option("pattern").and_then(|pattern| Regex::new(pattern).ok());
        let of_line = |line: &&str| {
            let Some((pattern, taken)) = pattern.as_ref().and_then(|pattern| Some((pattern, pattern.captures(line)?)))
            else {
                return Vec::new();
            };
            let groups = pattern.capture_names().flatten().filter_map(|name| Some((name, taken.name(name)?)));
            groups.map(|(name, piece)| (piece.start(), piece.end(), name.to_owned())).collect()
        };
        lines.iter().map(of_line).collect()
    }
}

/// One line with its marks, sorted.
struct Marked<'a> {
    text: &'a str,
    marks: Vec<&'a Mark>,
}

/// Learns a pattern from marks on some of the lines; the others tell how wide it has to be. Errors: a mark that lies in no
/// line, marks that overlap, names that stand in another order in another line, pieces that no pattern tells apart.
pub fn learn(lines: &[&str], marks: &[Mark]) -> Result<Learned, Diagnostic> {
    let marked = by_line(lines, marks)?;
    let names = order_of(&marked)?;
    let slots = slots::of(&marked, &names);
    let tried: Vec<(usize, &str)> =
        lines.iter().copied().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(LOOKED_AT).collect();
    let search = Search { slots: &slots, names: &names, marked: &marked, lines: &tried };
    let choice = search.best();
    let pattern = search.pattern(&choice);
    let Some(trial) = search.tried(&choice).filter(|trial| trial.right == marked.len()) else {
        let help =
            "mark a piece up to a sign that does not occur in it, or mark what stands between as a piece of its own";
        return Err(Diagnostic::error("PW1113", "no pattern gives these pieces of these lines").help(help));
    };
    let mut format = FormatSpec::new("pattern").with("pattern", &pattern);
    // Lines that are indented or tell causes belong to the one before, if there are any.
    let loose: Vec<usize> = trial.unfit;
    let goes_on = |number: &usize| continues(lines[*number]);
    if !loose.is_empty() && loose.iter().filter(|number| goes_on(number)).count() * 2 > loose.len() {
        format = format.with("event_start", &search.start(&choice));
    }
    finish(format, lines, &names, tried.len(), loose)
}

/// Whether a line reads as the rest of an event: a stack trace, a wrapped text.
fn continues(line: &str) -> bool {
    line.starts_with([' ', '\t'])
        || ["Caused by:", "Traceback", "...", "at "].iter().any(|begin| line.starts_with(begin))
}

/// Types of the columns, as all values of the lines have them.
fn finish(
    format: FormatSpec,
    lines: &[&str],
    names: &[String],
    tried: usize,
    loose: Vec<usize>,
) -> Result<Learned, Diagnostic> {
    let text: String = lines.iter().take(LOOKED_AT * 2).flat_map(|line| [*line, "\n"]).collect();
    let sample = Sample::whole("", &text);
    let mut types: BTreeMap<&str, DataType> = BTreeMap::new();
    for name in names {
        for data_type in [DataType::Int, DataType::Float, DataType::Timestamp] {
            let spec = format.clone().with("types", &format!("{name}={data_type}"));
            let parser = Pattern.prepare(&spec, None, &sample)?;
            let (tally, rows) = trial(&*parser, &sample);
            let column = parser.schema().index(name).unwrap_or_default();
            let has_value = rows.rows.iter().any(|(_, row)| !row[column].is_null());
            if has_value && tally.changes.unfit.is_empty() && tally.changes.rounded.is_empty() {
                types.insert(name, data_type);
                break;
            }
        }
    }
    let written: Vec<String> = types.iter().map(|(name, data_type)| format!("{name}={data_type}")).collect();
    let format = if written.is_empty() { format } else { format.with("types", &written.join(", ")) };
    let parser = Pattern.prepare(&format, None, &sample)?;
    let start = format.option("event_start").and_then(|start| Regex::new(start).ok());
    let fit = tried - loose.len();
    let belongs = |number: &usize| start.as_ref().is_some_and(|start| !start.is_match(lines[*number]));
    let (joined, unfit): (Vec<usize>, Vec<usize>) = loose.into_iter().partition(belongs);
    let unfit = unfit.into_iter().take(SHOWN).collect();
    Ok(Learned { schema: parser.schema().clone(), format, lines: tried, fit, joined: joined.len(), unfit })
}

/// The marks by line.
fn by_line<'a>(lines: &[&'a str], marks: &'a [Mark]) -> Result<Vec<Marked<'a>>, Diagnostic> {
    let fault = |code: &str, message: String, help: &str| Err(Diagnostic::error(code, message).help(help));
    let mut found: BTreeMap<usize, Vec<&Mark>> = BTreeMap::new();
    for mark in marks {
        let text = lines.get(mark.line).and_then(|line| line.get(mark.start..mark.end));
        if text.is_none_or(str::is_empty) {
            return fault(
                "PW1110",
                format!("the piece `{}` is not in line {}", mark.name, mark.line + 1),
                "mark it again",
            );
        }
        let mut letters = mark.name.chars();
        let is_name = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            let help = "name it with letters, digits and `_`, as in `user_id`";
            return fault("PW1111", format!("`{}` is no name for a piece", mark.name), help);
        }
        found.entry(mark.line).or_default().push(mark);
    }
    if found.is_empty() {
        return fault("PW1110", "no piece is marked".to_owned(), "mark the pieces of a line that are to be columns");
    }
    for (line, marks) in &mut found {
        marks.sort_by_key(|mark| mark.start);
        for pair in marks.windows(2) {
            if pair[0].end > pair[1].start || pair[0].name == pair[1].name {
                let message =
                    format!("`{}` and `{}` overlap or are one in line {}", pair[0].name, pair[1].name, line + 1);
                return fault("PW1112", message, "mark each piece once, one behind the other");
            }
        }
    }
    Ok(found.into_iter().map(|(line, marks)| Marked { text: lines[line], marks }).collect())
}

/// The names in the order in which all lines have them; a line may lack some.
fn order_of(marked: &[Marked]) -> Result<Vec<String>, Diagnostic> {
    let longest = marked.iter().max_by_key(|line| line.marks.len());
    let names: Vec<String> = longest.into_iter().flat_map(|line| &line.marks).map(|mark| mark.name.clone()).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    for line in marked {
        let mut places = line.marks.iter().map(|mark| names.iter().position(|name| *name == mark.name));
        let mut last = None;
        let in_order = places.all(|place| place.is_some() && std::mem::replace(&mut last, place) < place);
        if !in_order || distinct.len() < names.len() {
            let number = line.marks.first().map_or(0, |mark| mark.line + 1);
            let message = format!("line {number} has pieces that the line with the most lacks, or in another order");
            return Err(
                Diagnostic::error("PW1112", message).help("mark all pieces in one line, and the same ones in others")
            );
        }
    }
    Ok(names)
}

/// How a choice of expressions does.
struct Trial {
    /// Marked lines that give just their pieces.
    right: usize,
    unfit: Vec<usize>,
}

struct Search<'a> {
    slots: &'a [Slot],
    names: &'a [String],
    marked: &'a [Marked<'a>],
    /// With their numbers.
    lines: &'a [(usize, &'a str)],
}

impl Search<'_> {
    /// By slot, the number of the expression that is taken. The search goes uphill from what is usual, from the narrowest
    /// and from the widest.
    fn best(&self) -> Vec<usize> {
        let from = |number: fn(&Slot) -> usize| self.uphill(self.slots.iter().map(number).collect());
        let usual = from(|slot| slot.usual);
        if usual.1 == (self.marked.len(), self.lines.len()) {
            return usual.0;
        }
        let ends = [usual, from(|_| 0), from(|slot| slot.expressions.len() - 1)];
        let best =
            ends.into_iter().max_by_key(|(choice, score)| (*score, std::cmp::Reverse(choice.iter().sum::<usize>())));
        best.map(|(choice, _)| choice).unwrap_or_default()
    }

    /// Marked lines that give their pieces, and lines that fit.
    fn score(&self, choice: &[usize]) -> (usize, usize) {
        self.tried(choice).map_or((0, 0), |trial| (trial.right, self.lines.len() - trial.unfit.len()))
    }

    fn uphill(&self, mut choice: Vec<usize>) -> (Vec<usize>, (usize, usize)) {
        let mut best = self.score(&choice);
        for _ in 0..ROUNDS {
            let before = choice.clone();
            for slot in 0..choice.len() {
                let mut taken = choice[slot];
                for number in (0..self.slots[slot].expressions.len()).rev() {
                    choice[slot] = number;
                    let found = self.score(&choice);
                    // As good is better where it is narrower.
                    if found > best || found == best && number < taken {
                        (best, taken) = (found, number);
                    }
                }
                choice[slot] = taken;
            }
            if choice == before {
                break;
            }
        }
        (choice, best)
    }

    fn pattern(&self, choice: &[usize]) -> String {
        let mut pattern = String::from("^");
        let mut names = self.names.iter();
        let mut open = 0;
        for (slot, number) in self.slots.iter().zip(choice) {
            let expression = &slot.expressions[*number];
            if slot.begins_optional {
                pattern.push_str("(?:");
                open += 1;
            }
            match slot.is_piece.then(|| names.next()).flatten() {
                Some(name) => pattern.push_str(&format!("(?P<{name}>{expression})")),
                None => pattern.push_str(expression),
            }
            if slot.ends_optional && open > 0 {
                pattern.push_str(")?");
                open -= 1;
            }
        }
        pattern + "$"
    }

    /// What an event begins with: everything up to the first piece, with it.
    fn start(&self, choice: &[usize]) -> String {
        let first: String =
            self.slots.iter().zip(choice).take(2).map(|(slot, number)| slot.expressions[*number].as_str()).collect();
        format!("^{first}")
    }

    fn tried(&self, choice: &[usize]) -> Option<Trial> {
        let regex = Regex::new(&self.pattern(choice)).ok()?;
        let mut places = regex.capture_locations();
        let numbers: Vec<usize> = self.names.iter().map(|name| group_of(&regex, name)).collect();
        let is_right = |line: &&Marked| gives(&regex, &mut places, &numbers, self.names, line);
        let right = self.marked.iter().filter(is_right).count();
        let unfit = self.lines.iter().filter(|(_, line)| !regex.is_match(line)).map(|(number, _)| *number).collect();
        Some(Trial { right, unfit })
    }
}

fn group_of(regex: &Regex, name: &str) -> usize {
    regex.capture_names().position(|known| known == Some(name)).unwrap_or_default()
}

/// Whether a line gives the pieces that are marked, and no others.
fn gives(regex: &Regex, places: &mut CaptureLocations, numbers: &[usize], names: &[String], line: &Marked) -> bool {
    if regex.captures_read(places, line.text).is_none() {
        return false;
    }
    names.iter().zip(numbers).all(|(name, group)| {
        let wanted = line.marks.iter().find(|mark| mark.name == *name).map(|mark| (mark.start, mark.end));
        places.get(*group) == wanted
    })
}

#[cfg(test)]
mod tests;
