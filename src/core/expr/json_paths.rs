//! Paths into JSON: `$.a.b[0]`, `a.b`, `$['odd key']`. Must not import any room.

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    Key(String),
    /// From 0, as is usual in JSON.
    Index(usize),
}

/// Reads a path; the error is a sentence.
pub fn json_path(text: &str) -> Result<Vec<PathStep>, String> {
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    if text.is_empty() {
        return Err("the path is empty; `$` is the whole text, `$.a.b[0]` a part of it".to_owned());
    }
    // `a.b` is `$.a.b`.
    let mut bare_start = !text.starts_with(['$', '.', '[']);
    while !rest.is_empty() || bare_start {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = bracket_end(inner).ok_or_else(|| format!("`[` is not closed in the path '{text}'"))?;
            let content = &inner[..end];
            steps.push(match unquoted(content) {
                Some(key) => PathStep::Key(key.to_owned()),
                None => PathStep::Index(
                    content
                        .parse()
                        .map_err(|_| format!("`[{content}]` is neither an index from 0 nor a quoted key"))?,
                ),
            });
            rest = &inner[end + 1..];
            continue;
        }
        let inner = match rest.strip_prefix('.') {
            Some(inner) => inner,
            None if bare_start => rest,
            None => return Err(format!("`.` or `[` is expected before `{rest}` in the path '{text}'")),
        };
        bare_start = false;
        let end = match inner.strip_prefix('"') {
            Some(quoted) => {
                quoted.find('"').map(|end| end + 2).ok_or_else(|| format!("a quote is not closed in '{text}'"))?
            }
            None => inner.find(['.', '[']).unwrap_or(inner.len()),
        };
        let key = unquoted(&inner[..end]).unwrap_or(&inner[..end]);
        if key.is_empty() {
            return Err(format!("a key is missing in the path '{text}'"));
        }
        steps.push(PathStep::Key(key.to_owned()));
        rest = &inner[end..];
    }
    Ok(steps)
}

/// Where the bracket closes, quotes skipped.
fn bracket_end(text: &str) -> Option<usize> {
    match text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        Some(quote) => text[1..].find(quote).map(|end| end + 2).filter(|end| text[*end..].starts_with(']')),
        None => text.find(']'),
    }
}

fn unquoted(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let key = |key: &str| PathStep::Key(key.to_owned());
        assert_eq!(json_path("$.a.b[0]"), Ok(vec![key("a"), key("b"), PathStep::Index(0)]));
        assert_eq!(json_path("a.b"), Ok(vec![key("a"), key("b")]));
        assert_eq!(json_path("$['a.b'].\"c d\"[\"e]\"]"), Ok(vec![key("a.b"), key("c d"), key("e]")]));
        assert_eq!(json_path("$"), Ok(vec![]));
        for wrong in ["", "$.", "$..a", "$[", "$[x]", "$a", "$['a'x]", "a[0]b", "$.\"a"] {
            assert!(json_path(wrong).is_err(), "{wrong}");
        }
    }
}
