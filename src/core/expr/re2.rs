//! Patterns in RE2's syntax, for engines that search with it (DuckDB, Vector): printed from the parsed form, so that they
//! match the same texts, or refused. Must not import any room but `patterns`.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::patterns::RegexPattern;

/// RE2 repeats no part more often.
const MOST: u32 = 1000;

impl RegexPattern {
    /// The pattern for RE2; the error says what it has no like of.
    pub fn re2_text(&self) -> Result<String, String> {
        let mut text = String::new();
        print(&self.hir, &mut text)?;
        Ok(text)
    }

    /// Whether it fits a text without a character.
    pub fn fits_empty(&self) -> bool {
        self.hir.properties().minimum_len() == Some(0)
    }

    /// What a group (from 1 on; 0: all that fits) gives where the pattern fits.
    pub fn group(&self, index: u32) -> GroupPresence {
        if index == 0 {
            GroupPresence::Always
        } else {
            part_of(&self.hir, index, false).unwrap_or(GroupPresence::Never)
        }
    }
}

/// When a group of a pattern holds something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPresence {
    /// It takes part in whatever fits.
    Always,
    /// It may take no part, and holds a character where it does.
    MayBeMissing,
    /// It may take no part, and may hold the empty text.
    MayBeEmpty,
    /// There is no such group.
    Never,
}

fn part_of(hir: &Hir, index: u32, may_be_missing: bool) -> Option<GroupPresence> {
    match hir.kind() {
        HirKind::Capture(capture) if capture.index == index => Some(match capture.sub.properties().minimum_len() {
            _ if !may_be_missing => GroupPresence::Always,
            Some(0) => GroupPresence::MayBeEmpty,
            _ => GroupPresence::MayBeMissing,
        }),
        HirKind::Capture(capture) => part_of(&capture.sub, index, may_be_missing),
        HirKind::Repetition(repeated) => part_of(&repeated.sub, index, may_be_missing || repeated.min == 0),
        HirKind::Concat(parts) => parts.iter().find_map(|part| part_of(part, index, may_be_missing)),
        HirKind::Alternation(parts) => parts.iter().find_map(|part| part_of(part, index, true)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

fn print(hir: &Hir, text: &mut String) -> Result<(), String> {
    match hir.kind() {
        HirKind::Empty => text.push_str("(?:)"),
        HirKind::Literal(literal) => {
            let literal = std::str::from_utf8(&literal.0).map_err(|_| no_text())?;
            text.push_str(&regex_syntax::escape(literal));
        }
        HirKind::Class(Class::Unicode(class)) => {
            print_class(class.ranges().iter().map(|range| (range.start().into(), range.end().into())), text);
        }
        HirKind::Class(Class::Bytes(class)) if class.is_ascii() => {
            print_class(class.ranges().iter().map(|range| (range.start().into(), range.end().into())), text);
        }
        HirKind::Class(Class::Bytes(_)) => return Err(no_text()),
        HirKind::Look(look) => text.push_str(match look {
            Look::Start => r"\A",
            Look::End => r"\z",
            Look::StartLF => "(?m:^)",
            Look::EndLF => "(?m:$)",
            Look::WordAscii => r"\b",
            // RE2 looks between the bytes of a character, too.
            Look::WordAsciiNegate | Look::WordUnicodeNegate => return Err(r"a pattern with `\B`".to_owned()),
            Look::StartCRLF | Look::EndCRLF => return Err("a pattern with the flag `R`".to_owned()),
            _ => return Err("a pattern that asks for the start or end of a word alone".to_owned()),
        }),
        HirKind::Repetition(repeated) => {
            if repeated.min > MOST || repeated.max.is_some_and(|most| most > MOST) {
                return Err(format!("a pattern that repeats a part more than {MOST} times"));
            }
            text.push_str("(?:");
            print(&repeated.sub, text)?;
            text.push(')');
            text.push_str(&times(repeated));
            if !repeated.greedy {
                text.push('?');
            }
        }
        HirKind::Capture(capture) => {
            text.push('(');
            print(&capture.sub, text)?;
            text.push(')');
        }
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| print(part, text))?,
        HirKind::Alternation(parts) => {
            for (number, part) in parts.iter().enumerate() {
                text.push_str(if number == 0 { "(?:" } else { "|" });
                print(part, text)?;
            }
            text.push(')');
        }
    }
    Ok(())
}

/// How often a part stands, as all engines write it.
pub(super) fn times(repeated: &Repetition) -> String {
    match (repeated.min, repeated.max) {
        (0, Some(1)) => "?".to_owned(),
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (least, None) => format!("{{{least},}}"),
        (least, Some(most)) if least == most => format!("{{{least}}}"),
        (least, Some(most)) => format!("{{{least},{most}}}"),
    }
}

pub(super) fn no_text() -> String {
    "a pattern of bytes that are no text".to_owned()
}

/// Ranges of characters; without any, what fits nothing.
pub(super) fn print_class(ranges: impl Iterator<Item = (u32, u32)>, text: &mut String) {
    let start = text.len();
    for (first, last) in ranges {
        text.push_str(if text.len() == start { "[" } else { "" });
        let _ = match first == last {
            true => write!(text, "\\x{{{first:X}}}"),
            false => write!(text, "\\x{{{first:X}}}-\\x{{{last:X}}}"),
        };
    }
    text.push_str(if text.len() == start { r"[^\x{0}-\x{10FFFF}]" } else { "]" });
}

#[cfg(test)]
mod tests {
    use super::super::patterns::regex_pattern;
    use super::*;

    #[test]
    fn patterns_are_printed_for_re2() {
        for (text, printed) in [
            ("", "(?:)"),
            ("a.b", r"a[\x{0}-\x{9}\x{B}-\x{10FFFF}]b"),
            (r"^\bx{2,}?$", r"\A\bx(?:x){2,}?\z"),
            (r"(?:a{2}){2}", r"(?:(?:a){2}){2}"),
            (r"(?i)é(b|cd)*", r"[\x{C9}\x{E9}](?:((?:[\x{42}\x{62}]|[\x{43}\x{63}][\x{44}\x{64}])))*"),
            ("[a&&b]", r"[^\x{0}-\x{10FFFF}]"),
        ] {
            let found = regex_pattern(text).unwrap().re2_text().unwrap();
            // How the parser divides repetitions is its own matter.
            let _ = regex::Regex::new(&found).unwrap();
            if !text.contains(',') {
                assert_eq!(found, printed, "{text}");
            }
        }
        for text in [r"\Ba", r"\b{start}a", r"\<a", "a{1001}", r"(?mR)^a"] {
            let _ = regex_pattern(text).map(|pattern| assert!(pattern.re2_text().is_err(), "{text}"));
        }
    }

    #[test]
    fn groups_that_may_be_missing_are_known() {
        let part = |text: &str, index| regex_pattern(text).unwrap().group(index);
        assert_eq!(
            [part("(a)|(b)", 1), part("(a)|(b)", 2), part("x(a)y", 1)],
            [GroupPresence::MayBeMissing, GroupPresence::MayBeMissing, GroupPresence::Always]
        );
        assert_eq!(
            [part("(a*)?b", 1), part("((a)b)+", 2), part("(?:(a)|b)*", 1)],
            [GroupPresence::MayBeEmpty, GroupPresence::Always, GroupPresence::MayBeMissing]
        );
        assert_eq!([part("a", 0), part("a", 1)], [GroupPresence::Always, GroupPresence::Never]);
        assert!(regex_pattern("a*").unwrap().fits_empty() && !regex_pattern("a+|b").unwrap().fits_empty());
    }
}
