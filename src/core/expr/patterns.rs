//! Regular expressions: read with `regex-syntax`, `\d \w \s \b` meaning ASCII, kept in a parsed form that
//! every dialect can be printed from. Must not import any room.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex_syntax::ast::{
    self, Ast, ClassAscii, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem,
};
use regex_syntax::hir::Hir;

use super::ast::Expr;
use crate::data::Value;
use crate::diagnostic::{Diagnostic, Span};

/// Patterns compiled last in this thread; more than this many and all are dropped.
const CACHED: usize = 128;

/// A pattern that was understood.
#[derive(Debug, Clone)]
pub struct RegexPattern {
    /// The parsed form: flags applied, classes as ranges of characters. For printing in other dialects.
    pub hir: Hir,
    /// For the `regex` crate: equal in meaning, with ASCII classes written out.
    pub text: String,
    /// Names of the capture groups from 1 on; `None` where a group has none.
    pub groups: Vec<Option<String>>,
}

/// Reads a pattern; the error's span is in `text`.
pub fn regex_pattern(text: &str) -> Result<RegexPattern, Diagnostic> {
    let mut ast = ast::parse::ParserBuilder::new().nest_limit(100).build().parse(text).map_err(|error| {
        let span = error.span();
        unreadable(&error.kind().to_string(), Span::new(span.start.offset, span.end.offset))
    })?;
    let mut groups = Vec::new();
    to_ascii(&mut ast, &mut groups);
    let hir = regex_syntax::hir::translate::Translator::new().translate(text, &ast).map_err(|error| {
        let span = error.span();
        unreadable(&error.kind().to_string(), Span::new(span.start.offset, span.end.offset))
    })?;
    // Not from the parsed form, whose printer makes `(?:a{2})?` the lazy `a{2}?`.
    let printed = ast.to_string();
    if regex::Regex::new(&printed).is_err() {
        return Err(Diagnostic::error("PW0220", "the pattern is too large")
            .help("repeat less, such as `{1,100}`, or split the pattern")
            .at(Span::new(0, text.len())));
    }
    Ok(RegexPattern { hir, text: printed, groups })
}

fn unreadable(reason: &str, span: Span) -> Diagnostic {
    Diagnostic::error("PW0220", format!("the pattern cannot be read: {reason}")).help(pattern_help(reason)).at(span)
}

/// How to mend a pattern that the reader refuses for that reason.
pub fn pattern_help(reason: &str) -> &'static str {
    if reason.contains("look-around") {
        "look-ahead and look-behind are not available: match more, and pick the part by a group"
    } else if reason.contains("backreference") {
        "references back to a group are not available: match both parts and compare them"
    } else if reason.contains("unclosed") || reason.contains("unopened") {
        "close every bracket; to match a bracket itself, write `\\(` or `[(]`"
    } else if reason.contains("repetition operator missing") {
        "`*`, `+` and `?` repeat what stands before them; to match one itself, write `\\*`"
    } else if reason.contains("escape") {
        "write a backslash itself as `\\\\`"
    } else {
        "signs with a meaning of their own are matched with a backslash before them"
    }
}

/// The compiled pattern for evaluation; `None` where it cannot be read. Shared, not cloned: a clone of a
/// `Regex` starts without the memory that searching needs.
pub(super) fn with_regex<T>(text: &str, use_it: impl FnOnce(&regex::Regex) -> T) -> Option<T> {
    thread_local! {
        static COMPILED: RefCell<HashMap<String, Option<Rc<regex::Regex>>>> = RefCell::new(HashMap::new());
    }
    let compiled = COMPILED.with_borrow(|cache| cache.get(text).cloned());
    let compiled = compiled.unwrap_or_else(|| {
        let fresh = regex_pattern(text).ok().and_then(|pattern| regex::Regex::new(&pattern.text).ok()).map(Rc::new);
        COMPILED.with_borrow_mut(|cache| {
            if cache.len() >= CACHED {
                cache.clear();
            }
            cache.insert(text.to_owned(), fresh.clone());
        });
        fresh
    });
    compiled.as_deref().map(use_it)
}

/// The condition that the texts of a column fulfil that a pattern fits.
pub fn fits(column: &str, pattern: &str) -> Expr {
    Expr::call("regexp_matches", vec![Expr::column(column), Expr::literal(Value::text(pattern))])
}

/// Puts ASCII classes and word boundaries in the place of Unicode's; collects the groups.
fn to_ascii(ast: &mut Ast, groups: &mut Vec<Option<String>>) {
    match ast {
        Ast::ClassPerl(class) => {
            let ascii = ClassSetItem::Ascii(ascii_class(class));
            *ast =
                Ast::class_bracketed(ClassBracketed { span: class.span, negated: false, kind: ClassSet::Item(ascii) });
        }
        Ast::ClassBracketed(class) => class_set_to_ascii(&mut class.kind),
        Ast::Assertion(assertion)
            if matches!(assertion.kind, ast::AssertionKind::WordBoundary | ast::AssertionKind::NotWordBoundary) =>
        {
            let span = assertion.span;
            let item = |kind| ast::FlagsItem { span, kind };
            let flags = ast::Flags {
                span,
                items: vec![item(ast::FlagsItemKind::Negation), item(ast::FlagsItemKind::Flag(ast::Flag::Unicode))],
            };
            let inner = std::mem::replace(ast, Ast::empty(span));
            *ast = Ast::group(ast::Group { span, kind: ast::GroupKind::NonCapturing(flags), ast: Box::new(inner) });
        }
        Ast::Repetition(repetition) => to_ascii(&mut repetition.ast, groups),
        Ast::Group(group) => {
            match &group.kind {
                ast::GroupKind::CaptureIndex(_) => groups.push(None),
                ast::GroupKind::CaptureName { name, .. } => groups.push(Some(name.name.clone())),
                ast::GroupKind::NonCapturing(_) => {}
            }
            to_ascii(&mut group.ast, groups);
        }
        Ast::Alternation(alternation) => alternation.asts.iter_mut().for_each(|ast| to_ascii(ast, groups)),
        Ast::Concat(concat) => concat.asts.iter_mut().for_each(|ast| to_ascii(ast, groups)),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Literal(_) | Ast::Dot(_) | Ast::Assertion(_) | Ast::ClassUnicode(_) => {}
    }
}

fn ascii_class(class: &ClassPerl) -> ClassAscii {
    let kind = match class.kind {
        ClassPerlKind::Digit => ClassAsciiKind::Digit,
        ClassPerlKind::Space => ClassAsciiKind::Space,
        ClassPerlKind::Word => ClassAsciiKind::Word,
    };
    ClassAscii { span: class.span, kind, negated: class.negated }
}

fn class_set_to_ascii(set: &mut ClassSet) {
    match set {
        ClassSet::Item(item) => class_item_to_ascii(item),
        ClassSet::BinaryOp(operation) => {
            class_set_to_ascii(&mut operation.lhs);
            class_set_to_ascii(&mut operation.rhs);
        }
    }
}

fn class_item_to_ascii(item: &mut ClassSetItem) {
    match item {
        ClassSetItem::Perl(class) => *item = ClassSetItem::Ascii(ascii_class(class)),
        ClassSetItem::Bracketed(class) => class_set_to_ascii(&mut class.kind),
        ClassSetItem::Union(union) => union.items.iter_mut().for_each(class_item_to_ascii),
        ClassSetItem::Empty(_)
        | ClassSetItem::Literal(_)
        | ClassSetItem::Range(_)
        | ClassSetItem::Ascii(_)
        | ClassSetItem::Unicode(_) => {}
    }
}

/// A piece of what replaces a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplacementPart {
    Text(String),
    /// The capture group of that number; 0 is the whole match.
    Group(usize),
}

/// Reads a replacement: `$1` to `$9` are groups, `$0` is the whole match, `$$` is a dollar sign.
pub fn regex_replacement(text: &str) -> Result<Vec<ReplacementPart>, String> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && chars.clone().next().is_some_and(|next| next.is_ascii_digit()) {
            return Err("a group in a replacement is written `$1`, not `\\1`".to_owned());
        }
        if c != '$' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('$') => plain.push('$'),
            Some(digit @ '0'..='9') => {
                if !plain.is_empty() {
                    parts.push(ReplacementPart::Text(std::mem::take(&mut plain)));
                }
                parts.push(ReplacementPart::Group(digit as usize - '0' as usize));
            }
            _ => return Err("`$` in a replacement is followed by a group's number; a dollar sign is `$$`".to_owned()),
        }
    }
    if !plain.is_empty() {
        parts.push(ReplacementPart::Text(plain));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_ascii_and_printed_plainly() {
        let matches = |pattern: &str, text: &str| with_regex(pattern, |regex| regex.is_match(text)).unwrap();
        assert!(matches(r"^\d+$", "123"));
        assert!(!matches(r"^\d+$", "١٢٣"));
        assert!(!matches(r"^\w$", "é"));
        assert!(matches(r"^\W$", "é"));
        assert!(matches(r"^[^\d]$", "é"));
        assert!(matches(r"\bü", "aü"));
        assert!(matches(r"(?i)^GET$", "get"));
        for (pattern, text, found) in [("x(?:a{2})?", "xb", "x"), ("(?:a+)?b", "b", "b"), ("x(?:a*)+", "xaa", "xaa")] {
            let first = with_regex(pattern, |regex| regex.find(text).map(|found| found.as_str().to_owned())).unwrap();
            assert_eq!(first.as_deref(), Some(found), "{pattern}");
        }
        let pattern = regex_pattern(r"\b(?P<code>\d{3})([\w.]+)\B").unwrap();
        assert_eq!(pattern.groups, [Some("code".to_owned()), None]);
    }

    #[test]
    fn unreadable_patterns_say_why() {
        for (text, message, help) in [
            ("(a", "unclosed group", "close every bracket"),
            ("a(?=b)", "look-around", "pick the part by a group"),
            (r"(a)\1", "backreferences", "compare them"),
            ("*", "repetition operator missing", "repeat what stands before"),
            ("a{1000}{1000}{1000}", "too large", "repeat less"),
        ] {
            let error = regex_pattern(text).expect_err(text);
            assert!(error.message.contains(message) && error.help.as_ref().unwrap().contains(help), "{error}");
            assert!(error.location.span.is_some());
        }
    }
}
