//! Patterns in POSIX's extended syntax, for engines that search bytes with it (rsyslog): printed from the parsed form, so
//! that they match the same texts, or refused. Must not import any room but `patterns`.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::patterns::RegexPattern;
use super::re2::{no_text, times};

/// POSIX repeats no part more often.
const MOST: u32 = 255;
/// The last character of one byte.
const LAST_ASCII: u32 = 0x7f;

impl RegexPattern {
    /// The pattern for POSIX, and which of its groups is the wanted one (0: all that fits): every bracket is a group
    /// there. The error says what it has no like of.
    pub fn ere_text(&self, wanted: u32) -> Result<(String, u32), String> {
        let mut made = Made { text: String::new(), groups: 0, wanted, found: 0 };
        made.print(&self.hir)?;
        Ok((made.text, made.found))
    }
}

struct Made {
    text: String,
    groups: u32,
    wanted: u32,
    found: u32,
}

impl Made {
    fn print(&mut self, hir: &Hir) -> Result<(), String> {
        match hir.kind() {
            HirKind::Empty => self.group("()"),
            HirKind::Literal(literal) => {
                let literal = std::str::from_utf8(&literal.0).map_err(|_| no_text())?;
                literal.chars().try_for_each(|c| self.character(c))?;
            }
            HirKind::Class(class) => match ascii(class)? {
                (ranges, false) => self.bracket(&ranges, "[")?,
                // A byte may be a part of a character only.
                (_, true) => return Err("a pattern with one character of any script".to_owned()),
            },
            HirKind::Look(look) => self.text.push_str(match look {
                Look::Start => "^",
                Look::End => "$",
                Look::WordAscii => r"\b",
                _ => return Err("a pattern that asks for starts or ends of lines or words alone".to_owned()),
            }),
            HirKind::Repetition(repeated) => {
                if repeated.min > MOST || repeated.max.is_some_and(|most| most > MOST) {
                    return Err(format!("a pattern that repeats a part more than {MOST} times"));
                }
                match repeated.sub.kind() {
                    HirKind::Look(_) => return Err("a pattern that repeats what has no characters".to_owned()),
                    HirKind::Class(class) => match ascii(class)? {
                        (ranges, false) => self.bracket(&ranges, "[")?,
                        // Where any number may stand, those of bytes and of characters are the same.
                        (left_out, true) if repeated.min < 2 && repeated.max.is_none() => {
                            self.bracket(&left_out, "[^")?;
                        }
                        (_, true) => return Err("a pattern that counts characters of any script".to_owned()),
                    },
                    _ => {
                        self.group("(");
                        self.print(&repeated.sub)?;
                        self.text.push(')');
                    }
                }
                self.text.push_str(&times(repeated));
            }
            HirKind::Capture(capture) => {
                self.group("(");
                if capture.index == self.wanted {
                    self.found = self.groups;
                }
                self.print(&capture.sub)?;
                self.text.push(')');
            }
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.print(part))?,
            HirKind::Alternation(parts) => {
                for (number, part) in parts.iter().enumerate() {
                    match number {
                        0 => self.group("("),
                        _ => self.text.push('|'),
                    }
                    self.print(part)?;
                }
                self.text.push(')');
            }
        }
        Ok(())
    }

    /// A text that opens a group.
    fn group(&mut self, text: &str) {
        self.groups += 1;
        self.text.push_str(text);
    }

    fn character(&mut self, c: char) -> Result<(), String> {
        match c {
            '\0' => return Err("a pattern with a NUL".to_owned()),
            '\\' | '.' | '[' | ']' | '{' | '}' | '(' | ')' | '*' | '+' | '?' | '^' | '$' | '|' => {
                self.text.extend(['\\', c]);
            }
            c => self.text.push(c),
        }
        Ok(())
    }

    /// What stands between brackets: the signs that mean something there have places where they do not.
    fn bracket(&mut self, ranges: &[(u8, u8)], open: &str) -> Result<(), String> {
        let has = |sign: u8| ranges.iter().any(|(first, last)| (*first..=*last).contains(&sign));
        let signs: String =
            [b'[', b'^', b'-'].iter().filter(|sign| has(**sign)).map(|sign| char::from(*sign)).collect();
        let mut inside = String::from(if has(b']') { "]" } else { "" });
        for (first, last) in ranges {
            let mut start = *first;
            for end in *first..=*last {
                let is_sign = matches!(end, b'[' | b'^' | b'-' | b']');
                if !is_sign && end < *last {
                    continue;
                }
                let stop = if is_sign { end.wrapping_sub(1) } else { end };
                if start <= stop && !(is_sign && end == start) {
                    inside.push(char::from(start));
                    if start < stop {
                        inside.extend(['-', char::from(stop)]);
                    }
                }
                start = end.saturating_add(1);
            }
        }
        match (inside.is_empty() && signs.is_empty(), open, &*signs) {
            (true, "[", _) => return Err("a pattern that fits nothing".to_owned()),
            (true, ..) => self.text.push('.'),
            // It would turn the brackets round.
            (_, "[", "^") if inside.is_empty() => self.text.push_str("\\^"),
            (_, "[", "^-") if inside.is_empty() => self.text.push_str("[-^]"),
            _ => {
                self.text.push_str(open);
                self.text.push_str(&inside);
                self.text.push_str(&signs);
                self.text.push(']');
            }
        }
        Ok(())
    }
}

/// The ranges of one byte of a class; or those that it leaves out, where it holds all characters of more bytes.
fn ascii(class: &Class) -> Result<(Vec<(u8, u8)>, bool), String> {
    let all: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
        Class::Bytes(class) if class.is_ascii() => {
            class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
        Class::Bytes(_) => return Err(no_text()),
    };
    let holds = |c: u8| all.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)));
    let has_more = all.last().is_some_and(|(_, last)| *last > LAST_ASCII);
    let has_all_more = all.last().is_some_and(|(first, last)| *first <= LAST_ASCII + 1 && *last == 0x10_ffff);
    if has_more && !has_all_more {
        return Err("a pattern with letters of some scripts".to_owned());
    }
    // No text holds a NUL.
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for c in (1..=LAST_ASCII as u8).filter(|c| holds(*c) != has_more) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == c => *last = c,
            _ => ranges.push((c, c)),
        }
    }
    Ok((ranges, has_more))
}

#[cfg(test)]
mod tests {
    use super::super::patterns::regex_pattern;

    #[test]
    fn patterns_are_printed_for_posix() {
        for (text, printed) in [
            ("", "()"),
            ("a.*b", "a[^\n]*b"),
            ("(?s)a.+b", "a.+b"),
            (r"^\bx{2,}?$", r"^\bx{2,}$"),
            (r"é(b|cd)*\.", r"é((b|cd))*\."),
            (r"[]^\[a-c-]", r"[]a-c[^-]"),
            (r"[\^]", r"\^"),
            (r"[\^\-]", "[-^]"),
            (r"[A-~]", r"[]A-Z\_-~[^]"),
            (r#"[^"]+"#, r#"[^"]+"#),
        ] {
            let found = regex_pattern(text).unwrap().ere_text(0).unwrap().0;
            // How the parser divides repetitions is its own matter.
            if !text.contains(',') && !text.contains('|') {
                assert_eq!(found, printed, "{text}");
            }
        }
        for text in [r"\Ba", "(?m)^a", "a.b", "[é-ü]", "a{256}", "[^a]{3}", "[a&&b]", r"\x00"] {
            assert!(regex_pattern(text).unwrap().ere_text(0).is_err(), "{text}");
        }
    }

    #[test]
    fn groups_are_found_among_the_brackets() {
        let of = |text: &str, wanted| regex_pattern(text).unwrap().ere_text(wanted).unwrap();
        assert_eq!(of("(?:ab)+(c)", 1), ("(ab)+(c)".to_owned(), 2));
        assert_eq!(of("(a)(b)", 2).1, 2);
        assert_eq!(of("(a)(b)", 0).1, 0);
    }
}
