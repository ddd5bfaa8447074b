//! Expression templates: text of the expression language with `{concept}` in the place of columns and `{dial:name}`
//! in the place of thresholds. Imports expr only.

use crate::expr::{ExprKind, parse, print};

/// What stands in braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placeholder<'a> {
    Concept(&'a str),
    Dial(&'a str),
}

/// A piece of a template.
enum Piece<'a> {
    Text(&'a str),
    Placeholder(Placeholder<'a>),
}

/// Braces that do not begin with a letter are text: a regular expression may hold `{3}`.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(open) = template[at..].find('{').map(|open| at + open) {
        at = open + 1;
        let inside = &template[open + 1..];
        let Some(close) = inside.find('}') else { break };
        let name = &inside[..close];
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._:".contains(c));
        if !is_name {
            continue;
        }
        found.push(Piece::Text(&template[from..open]));
        found.push(Piece::Placeholder(match name.strip_prefix("dial:") {
            Some(dial) => Placeholder::Dial(dial),
            None => Placeholder::Concept(name),
        }));
        at = open + close + 2;
        from = at;
    }
    found.push(Piece::Text(&template[from..]));
    found
}

/// The placeholders in order, each once.
pub fn placeholders(template: &str) -> Vec<Placeholder<'_>> {
    let mut found: Vec<Placeholder> = Vec::new();
    for piece in pieces(template) {
        if let Piece::Placeholder(placeholder) = piece
            && !found.contains(&placeholder)
        {
            found.push(placeholder);
        }
    }
    found
}

/// The concepts that a template needs, in order, each once.
pub fn concepts_of(template: &str) -> Vec<&str> {
    let concepts = placeholders(template).into_iter().filter_map(|placeholder| match placeholder {
        Placeholder::Concept(concept) => Some(concept),
        Placeholder::Dial(_) => None,
    });
    concepts.collect()
}

/// The template with expressions put in, in canonical form. The error names the placeholder that has no value, or
/// says why the result is no expression.
pub fn fill(template: &str, value_of: &mut dyn FnMut(&Placeholder) -> Option<String>) -> Result<String, String> {
    let mut text = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Placeholder(placeholder) => {
                let Some(value) = value_of(&placeholder) else {
                    return Err(match placeholder {
                        Placeholder::Concept(concept) => format!("nothing gives `{concept}`"),
                        Placeholder::Dial(dial) => format!("there is no threshold `{dial}`"),
                    });
                };
                text.push('(');
                text.push_str(&value);
                text.push(')');
            }
        }
    }
    parse(&text).map(|expr| print(&expr)).map_err(|diagnostic| diagnostic.message)
}

/// The name of the column that an expression is, where it is nothing but a column.
pub fn plain_column(expression: &str) -> Option<String> {
    match parse(expression).ok()?.kind {
        ExprKind::Column(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_whole_expressions() {
        let filled = fill("{a.b} * 2 > {dial:most}", &mut |placeholder| match placeholder {
            Placeholder::Concept("a.b") => Some("x + 1".into()),
            Placeholder::Dial("most") => Some("3".into()),
            _ => None,
        });
        assert_eq!(filled.as_deref(), Ok("(x + 1) * 2 > 3"));
        let pattern = "regexp_matches({log.message}, '[0-9]{3}|{x')";
        assert_eq!(concepts_of(pattern), ["log.message"]);
        assert_eq!(
            fill(pattern, &mut |_| Some("message".into())).as_deref(),
            Ok("regexp_matches(message, '[0-9]{3}|{x')")
        );
        assert_eq!(fill("{a}", &mut |_| None), Err("nothing gives `a`".into()));
        assert_eq!(plain_column("\"odd name\"").as_deref(), Some("odd name"));
        assert_eq!(plain_column("a.b"), None);
    }
}
