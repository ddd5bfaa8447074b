//! Grok expressions and regular expressions, compiled: `%{NUMBER:duration:float}` becomes a group, faults are shown
//! where they stand in what was typed.

use regex::{Regex, RegexBuilder};

use super::library::{LIBRARY, definition};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::expr::pattern_help;

/// Nested definitions are at most this deep.
const DEPTH: usize = 12;
/// Bytes of a compiled expression.
const SIZE: usize = 32 << 20;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub regex: Regex,
    /// The groups with a name, in order.
    pub groups: Vec<Group>,
}

/// A named piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Number of the group in the expression.
    pub index: usize,
    pub name: String,
    /// As written behind the name.
    pub data_type: Option<DataType>,
    /// Name of the grok piece, such as `NUMBER`; empty for a plain group.
    pub piece: String,
}

/// Compiles `pattern`. With `lines`, a dot matches line ends too: events have several lines.
pub fn compile(pattern: &str, lines: bool) -> Result<Compiled, Diagnostic> {
    let mut expansion = Expansion { pattern, text: String::new(), groups: Vec::new(), pieces: Vec::new() };
    expansion.expand(pattern, 0, None)?;
    let text = if lines { format!("(?s){}", expansion.text) } else { expansion.text.clone() };
    let shift = text.len() - expansion.text.len();
    let regex =
        RegexBuilder::new(&text).size_limit(SIZE).build().map_err(|fault| expansion.fault(&text, shift, fault))?;
    let mut groups = Vec::new();
    for (index, name) in regex.capture_names().enumerate() {
        let Some(name) = name else { continue };
        let grok = name.strip_prefix(GROUP).and_then(|number| expansion.groups.get(number.parse::<usize>().ok()?));
        groups.push(match grok {
            Some(group) => Group { index, ..group.clone() },
            None => Group { index, name: name.to_owned(), data_type: None, piece: String::new() },
        });
    }
    Ok(Compiled { regex, groups })
}

/// Name of the groups that grok pieces become, before their number: field names may hold anything.
const GROUP: &str = "grok_piece_";

struct Expansion<'a> {
    pattern: &'a str,
    text: String,
    groups: Vec<Group>,
    /// Expanded pieces of the typed text: range in `text`, range in `pattern`.
    pieces: Vec<(usize, usize, Span)>,
}

impl Expansion<'_> {
    /// Writes `source` with its `%{…}` expanded. `within` is the piece of the typed text that it comes from.
    fn expand(&mut self, source: &str, depth: usize, within: Option<Span>) -> Result<(), Diagnostic> {
        let mut at = 0;
        while let Some(found) = source[at..].find("%{") {
            let start = at + found;
            self.text.push_str(&source[at..start]);
            let Some(length) = source[start..].find('}') else {
                return Err(Diagnostic::error("PW0430", "the `%{` that begins here is not closed")
                    .at(Span::new(start, source.len()))
                    .help("write `%{NAME:field}`"));
            };
            let span = within.unwrap_or(Span::new(start, start + length + 1));
            self.piece(&source[start + 2..start + length], span, depth)?;
            at = start + length + 1;
        }
        self.text.push_str(&source[at..]);
        Ok(())
    }

    fn piece(&mut self, inner: &str, span: Span, depth: usize) -> Result<(), Diagnostic> {
        let mut parts = inner.splitn(3, ':').map(str::trim);
        let (piece, field, type_name) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let Some(definition) = definition(piece).filter(|_| depth < DEPTH) else {
            let near = did_you_mean(piece, LIBRARY.iter().map(|(name, _)| *name));
            return Err(Diagnostic::error("PW0431", format!("there is no grok piece `{piece}`{near}"))
                .at(span)
                .help("pieces are WORD, NUMBER, IP, TIMESTAMP_ISO8601, DATA, GREEDYDATA and others; or write the regular expression itself"));
        };
        let data_type = match type_name {
            Some(name) => Some(name.parse::<DataType>().map_err(|fault| {
                Diagnostic::error("PW0432", fault).at(span).help("write `%{NUMBER:duration:float}`")
            })?),
            None => None,
        };
        let start = self.text.len();
        match field.filter(|field| !field.is_empty()) {
            Some(field) => {
                self.text.push_str(&format!("(?P<{GROUP}{}>", self.groups.len()));
                self.groups.push(Group { index: 0, name: field.to_owned(), data_type, piece: piece.to_owned() });
            }
            None => self.text.push_str("(?:"),
        }
        self.expand(definition, depth + 1, Some(span))?;
        self.text.push(')');
        if depth == 0 {
            self.pieces.push((start, self.text.len(), span));
        }
        Ok(())
    }

    /// What is wrong with the expression, at its place in the typed text. `shift` bytes were put before it.
    fn fault(&self, text: &str, shift: usize, fault: regex::Error) -> Diagnostic {
        if let regex::Error::CompiledTooBig(_) = fault {
            return Diagnostic::error("PW0433", "the pattern is too large when compiled")
                .help("use smaller repetition counts");
        }
        let (reason, place) = match regex_syntax::Parser::new().parse(text) {
            Err(regex_syntax::Error::Parse(fault)) => (fault.kind().to_string(), Some(*fault.span())),
            Err(regex_syntax::Error::Translate(fault)) => (fault.kind().to_string(), Some(*fault.span())),
            _ => ("the regular expression cannot be read".to_owned(), None),
        };
        let typed = |offset: usize| {
            let offset = offset.saturating_sub(shift);
            let mut moved = 0;
            for (start, end, span) in &self.pieces {
                if offset >= *end {
                    moved = *end as isize - span.end as isize;
                } else if offset >= *start {
                    return span.start as usize;
                }
            }
            (offset as isize - moved).clamp(0, self.pattern.len() as isize) as usize
        };
        let look_around = reason.contains("look-around");
        let mut diagnostic = Diagnostic::error("PW0434", format!("the regular expression has a fault: {reason}"));
        if let Some(place) = place {
            let start = typed(place.start.offset);
            let end = typed(place.end.offset).max(start);
            diagnostic = diagnostic.at(Span::new(start, end));
            if self.pattern.is_char_boundary(start) && !look_around {
                let before = self.pattern.get(..start).map_or(0, |text| text.chars().count());
                return diagnostic.help(format!(
                    "see character {} of the pattern: {}",
                    before + 1,
                    pattern_help(&reason)
                ));
            }
        }
        diagnostic.help(if look_around {
            "look-around and back-references are not offered, so that matching takes linear time; capture more and compute the rest in a later step"
        } else {
            "mend the expression, or build it from grok pieces such as `%{WORD:level}`"
        })
    }
}
