//! Patterns in the syntax of Java, for engines that search with it (Spark): printed from the parsed form, so that they
//! match the same texts, or refused. Must not import any room but `patterns`.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::patterns::RegexPattern;
use super::re2::{no_text, print_class, times};

/// A character of a word; Java's own `\b` knows more of them.
const WORD: &str = "[0-9A-Za-z_]";

impl RegexPattern {
    /// The pattern for Java; the error says what it has no like of.
    pub fn java_text(&self) -> Result<String, String> {
        let mut text = String::new();
        print(&self.hir, &mut text)?;
        Ok(text)
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
        HirKind::Look(look) => match look {
            Look::Start => text.push_str(r"\A"),
            Look::End => text.push_str(r"\z"),
            // Java's `^` and `$` know other ends of lines, and no empty line at the end.
            Look::StartLF => text.push_str(r"(?<![^\n])"),
            Look::EndLF => text.push_str(r"(?![^\n])"),
            Look::WordAscii => {
                let _ = write!(text, "(?:(?<={WORD})(?!{WORD})|(?<!{WORD})(?={WORD}))");
            }
            Look::WordAsciiNegate => {
                let _ = write!(text, "(?:(?<={WORD})(?={WORD})|(?<!{WORD})(?!{WORD}))");
            }
            Look::StartCRLF | Look::EndCRLF => return Err("a pattern with the flag `R`".to_owned()),
            _ => return Err("a pattern that asks for the start or end of a word alone".to_owned()),
        },
        HirKind::Repetition(repeated) => {
            // A group around a single character would be searched by recursion, which ends at long texts.
            let is_single = matches!(repeated.sub.kind(), HirKind::Class(_));
            text.push_str(if is_single { "" } else { "(?:" });
            print(&repeated.sub, text)?;
            text.push_str(if is_single { "" } else { ")" });
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

#[cfg(test)]
mod tests {
    use super::super::patterns::regex_pattern;

    #[test]
    fn patterns_are_printed_for_java() {
        for (text, printed) in [
            ("", "(?:)"),
            ("a.b", r"a[\x{0}-\x{9}\x{B}-\x{10FFFF}]b"),
            (r"^\d{2}$", r"\A[\x{30}-\x{39}]{2}\z"),
            (r"(?m)^a$", r"(?<![^\n])a(?![^\n])"),
            (r"(?:ab){2,}?", r"(?:ab){2,}?"),
            (r"\bx", r"(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))x"),
            ("[a&&b]", r"[^\x{0}-\x{10FFFF}]"),
        ] {
            assert_eq!(regex_pattern(text).unwrap().java_text().unwrap(), printed, "{text}");
        }
        for text in [r"\b{start}a", r"(?mR)^a"] {
            let _ = regex_pattern(text).map(|pattern| assert!(pattern.java_text().is_err(), "{text}"));
        }
    }
}
