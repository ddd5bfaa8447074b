//! Patterns in the syntax of PostgreSQL's advanced regular expressions: printed from the parsed form, so that they match
//! the same texts, or refused. Of several matches that begin at one place PostgreSQL takes the longest, and the language
//! the first by its branches: what a match holds is the same only where each character leaves one way to go on.
//! Must not import any room but `patterns`.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::patterns::RegexPattern;
use super::re2::times;

/// PostgreSQL repeats no part more often.
const MOST: u32 = 255;
/// Characters of a pattern, with those of repetitions, that are looked at; longer ones are refused.
const PLACES: usize = 1500;

/// Which groups of a pattern can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured {
    None,
    /// All, numbered as they are.
    All,
    /// That one alone (0: all that fits), as the first.
    One(u32),
}

impl RegexPattern {
    /// The pattern for PostgreSQL; the error says what it has no like of.
    pub fn are_text(&self, captured: Captured) -> Result<String, String> {
        let mut text = String::new();
        print(&self.hir, captured, &mut text)?;
        Ok(if captured == Captured::One(0) { format!("({text})") } else { text })
    }

    /// Whether the longest match is the first one, and its groups are the same: each character fits one place only, and
    /// nothing prefers to end early.
    pub fn is_settled(&self) -> bool {
        if !groups_are_settled(&self.hir, false, false) {
            return false;
        }
        let mut places = Places::default();
        let Some(whole) = places.walk(&self.hir) else { return false };
        let are_apart = |next: &[usize]| {
            next.iter().enumerate().all(|(at, one)| {
                next[..at].iter().all(|other| one == other || apart(&places.sets[*one], &places.sets[*other]))
            })
        };
        let goes_on = whole.last.iter().any(|place| !places.next[*place].is_empty());
        let is_early = places.may_end_early && (goes_on || whole.is_nullable);
        !is_early && are_apart(&whole.first) && places.next.iter().all(|next| are_apart(next))
    }
}

fn print(hir: &Hir, captured: Captured, text: &mut String) -> Result<(), String> {
    match hir.kind() {
        HirKind::Empty => text.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let literal = std::str::from_utf8(&literal.0).map_err(|_| no_text())?;
            literal.chars().for_each(|c| print_character(c.into(), text));
        }
        HirKind::Class(class) => print_class(&ranges(class).ok_or_else(no_text)?, text),
        HirKind::Look(look) => text.push_str(match look {
            Look::Start => r"\A",
            Look::End => r"\Z",
            Look::StartLF => r"(?<![^\n])",
            Look::EndLF => r"(?![^\n])",
            Look::WordAscii => r"\y",
            Look::WordAsciiNegate => r"\Y",
            Look::WordUnicode | Look::WordUnicodeNegate => return Err(r"a pattern with `\b` of Unicode".to_owned()),
            Look::StartCRLF | Look::EndCRLF => return Err("a pattern with the flag `R`".to_owned()),
            _ => return Err("a pattern that asks for the start or end of a word alone".to_owned()),
        }),
        HirKind::Repetition(repeated) => {
            if repeated.min > MOST || repeated.max.is_some_and(|most| most > MOST) {
                return Err(format!("a pattern that repeats a part more than {MOST} times"));
            }
            if matches!(repeated.sub.kind(), HirKind::Look(_)) {
                return Err("a pattern that repeats what has no characters".to_owned());
            }
            text.push_str("(?:");
            print(&repeated.sub, captured, text)?;
            text.push(')');
            text.push_str(&times(repeated));
        }
        HirKind::Capture(capture) => {
            let is_kept = captured == Captured::All || captured == Captured::One(capture.index);
            text.push_str(if is_kept { "(" } else { "(?:" });
            print(&capture.sub, captured, text)?;
            text.push(')');
        }
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| print(part, captured, text))?,
        HirKind::Alternation(parts) => {
            for (number, part) in parts.iter().enumerate() {
                text.push_str(if number == 0 { "(?:" } else { "|" });
                print(part, captured, text)?;
            }
            text.push(')');
        }
    }
    Ok(())
}

/// Whether no group is left over from an earlier turn of what repeats: one that does not take part in the last turn is
/// forgotten there.
fn groups_are_settled(hir: &Hir, is_repeated: bool, may_be_missing: bool) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => {
            !(is_repeated && may_be_missing) && groups_are_settled(&capture.sub, is_repeated, may_be_missing)
        }
        HirKind::Repetition(repeated) => {
            let may_be_missing = is_repeated && (may_be_missing || repeated.min == 0);
            groups_are_settled(&repeated.sub, is_repeated || repeated.max != Some(1), may_be_missing)
        }
        HirKind::Concat(parts) => parts.iter().all(|part| groups_are_settled(part, is_repeated, may_be_missing)),
        HirKind::Alternation(parts) => parts.iter().all(|part| groups_are_settled(part, is_repeated, true)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => true,
    }
}

fn no_text() -> String {
    "a pattern of bytes that are no text".to_owned()
}

fn print_character(c: u32, text: &mut String) {
    let _ = match char::from_u32(c) {
        Some(plain) if plain.is_ascii_alphanumeric() || matches!(plain, ' ' | '_' | '/' | ':' | ',' | '=' | '@') => {
            write!(text, "{plain}")
        }
        Some(sign) if sign.is_ascii_punctuation() => write!(text, "\\{sign}"),
        _ if c > 0xffff => write!(text, "\\U{c:08X}"),
        _ => write!(text, "\\u{c:04X}"),
    };
}

/// Ranges of characters; without any, what fits nothing. No text holds a NUL.
fn print_class(ranges: &[(u32, u32)], text: &mut String) {
    let start = text.len();
    for (first, last) in ranges.iter().map(|(first, last)| ((*first).max(1), *last)).filter(|(a, b)| a <= b) {
        text.push_str(if text.len() == start { "[" } else { "" });
        let number = |c: u32| if c > 0xffff { format!("\\U{c:08X}") } else { format!("\\u{c:04X}") };
        let shown = |c: u32| match char::from_u32(c) {
            Some(plain) if plain.is_ascii_alphanumeric() => plain.to_string(),
            _ => number(c),
        };
        let _ = match first == last {
            true => write!(text, "{}", shown(first)),
            false => write!(text, "{}-{}", shown(first), shown(last)),
        };
    }
    text.push_str(if text.len() == start { r"[^\u0001-\U0010FFFF]" } else { "]" });
}

fn ranges(class: &Class) -> Option<Vec<(u32, u32)>> {
    match class {
        Class::Unicode(class) => {
            Some(class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect())
        }
        Class::Bytes(class) if class.is_ascii() => {
            Some(class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect())
        }
        Class::Bytes(_) => None,
    }
}

fn apart(one: &[(u32, u32)], other: &[(u32, u32)]) -> bool {
    one.iter().all(|(first, last)| other.iter().all(|(start, end)| last < start || end < first))
}

/// The characters of a pattern as places, and which places may follow each.
#[derive(Default)]
struct Places {
    sets: Vec<Vec<(u32, u32)>>,
    next: Vec<Vec<usize>>,
    /// A part would rather end than go on.
    may_end_early: bool,
}

/// Where a part begins and ends.
#[derive(Default)]
struct Part {
    is_nullable: bool,
    first: Vec<usize>,
    last: Vec<usize>,
}

impl Places {
    /// `None`: it is not told.
    fn walk(&mut self, hir: &Hir) -> Option<Part> {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(Part { is_nullable: true, ..Part::default() }),
            HirKind::Literal(literal) => {
                let mut whole = Part { is_nullable: true, ..Part::default() };
                for c in std::str::from_utf8(&literal.0).ok()?.chars() {
                    let place = self.place(vec![(c.into(), c.into())])?;
                    whole = self.then(whole, place);
                }
                Some(whole)
            }
            HirKind::Class(class) => self.place(ranges(class)?),
            HirKind::Capture(capture) => self.walk(&capture.sub),
            HirKind::Concat(parts) => {
                let mut whole = Part { is_nullable: true, ..Part::default() };
                for part in parts {
                    let part = self.walk(part)?;
                    whole = self.then(whole, part);
                }
                Some(whole)
            }
            HirKind::Alternation(parts) => {
                let mut whole = Part::default();
                for (number, part) in parts.iter().enumerate() {
                    let part = self.walk(part)?;
                    // A branch that fits the empty text is taken before those behind it.
                    self.may_end_early |= part.is_nullable && number + 1 < parts.len();
                    whole.is_nullable |= part.is_nullable;
                    whole.first.extend(part.first);
                    whole.last.extend(part.last);
                }
                Some(whole)
            }
            HirKind::Repetition(repeated) => {
                self.may_end_early |= !repeated.greedy && repeated.max != Some(repeated.min);
                let mut whole = Part { is_nullable: true, ..Part::default() };
                for _ in 0..repeated.min {
                    let part = self.repeatable(&repeated.sub)?;
                    whole = self.then(whole, part);
                }
                match repeated.max {
                    None => {
                        let mut part = self.repeatable(&repeated.sub)?;
                        self.follow(&part.last.clone(), &part.first.clone());
                        part.is_nullable = true;
                        Some(self.then(whole, part))
                    }
                    Some(most) => {
                        // Each that may be missing lies in the one before it.
                        let mut rest = Part { is_nullable: true, ..Part::default() };
                        for _ in repeated.min..most {
                            let part = self.repeatable(&repeated.sub)?;
                            rest = self.then(part, rest);
                            rest.is_nullable = true;
                        }
                        Some(self.then(whole, rest))
                    }
                }
            }
        }
    }

    /// What may come several times: not the empty text, of which nobody knows how often it is there.
    fn repeatable(&mut self, hir: &Hir) -> Option<Part> {
        self.walk(hir).filter(|part| !part.is_nullable)
    }

    fn place(&mut self, set: Vec<(u32, u32)>) -> Option<Part> {
        let place = self.sets.len();
        if place >= PLACES {
            return None;
        }
        self.sets.push(set);
        self.next.push(Vec::new());
        Some(Part { is_nullable: false, first: vec![place], last: vec![place] })
    }

    fn follow(&mut self, last: &[usize], first: &[usize]) {
        for place in last {
            let new = first.iter().filter(|place_after| !self.next[*place].contains(place_after));
            let new: Vec<usize> = new.copied().collect();
            self.next[*place].extend(new);
        }
    }

    fn then(&mut self, mut before: Part, after: Part) -> Part {
        self.follow(&before.last, &after.first);
        if before.is_nullable {
            before.first.extend(&after.first);
        }
        if !after.is_nullable {
            before.last.clear();
        }
        before.last.extend(after.last);
        before.is_nullable &= after.is_nullable;
        before
    }
}

#[cfg(test)]
mod tests {
    use super::super::patterns::regex_pattern;
    use super::*;

    #[test]
    fn patterns_are_printed_for_postgresql() {
        for (text, captured, printed) in [
            ("", Captured::None, "(?:)"),
            (r"^\bx-{2,}?$", Captured::None, r"\A\yx(?:\-){2,}\Z"),
            ("a(b)(c)", Captured::One(2), "a(?:b)(c)"),
            ("a(b)", Captured::All, "a(b)"),
            ("a.", Captured::One(0), r"(a[\u0001-\u0009\u000B-\U0010FFFF])"),
            ("[a&&b]", Captured::None, r"[^\u0001-\U0010FFFF]"),
        ] {
            assert_eq!(regex_pattern(text).unwrap().are_text(captured).unwrap(), printed, "{text}");
        }
        for text in [r"\b{start}a", "a{256}", "(?mR)^a"] {
            let _ = regex_pattern(text).map(|pattern| assert!(pattern.are_text(Captured::None).is_err(), "{text}"));
        }
    }

    #[test]
    fn matches_that_engines_would_choose_differently_are_known() {
        let settled = |text: &str| regex_pattern(text).unwrap().is_settled();
        for text in [
            r"\d+",
            r"(\d+) ms",
            "(GET|POST) (\\S+)",
            r"^(\w+)=([^;]*)",
            "a*?b",
            "x{2,5}y",
            r"(a)|(b)",
            "(?:ab)?c",
            "(?:(a)b)+",
        ] {
            assert!(settled(text), "{text}");
        }
        for text in ["a|ab", "a*?", "(|a)", ".*x", r"(\d+)(\d)", "(?:a*)*", "a?(ab)?", "ab??", "(?:(a)|b)+"] {
            assert!(!settled(text), "{text}");
        }
    }
}
