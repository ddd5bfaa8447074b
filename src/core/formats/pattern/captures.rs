//! What a pattern takes of texts, for those who write it.

use super::grok::compile;
use crate::diagnostic::Diagnostic;

/// Of one text: first byte, end and name of each piece that the pattern takes; `None`: the pattern does not match.
pub type Captures = Option<Vec<(usize, usize, String)>>;

/// What a grok expression or a regular expression takes of texts.
///
/// # Errors
/// What is wrong with the pattern.
pub fn captures(pattern: &str, texts: &[&str]) -> Result<Vec<Captures>, Diagnostic> {
    let compiled = compile(pattern, false)?;
    let of_text = |text: &&str| {
        let taken = compiled.regex.captures(text)?;
        let groups = compiled.groups.iter().filter_map(|group| Some((group, taken.get(group.index)?)));
        let mut pieces: Vec<(usize, usize, String)> =
            groups.map(|(group, piece)| (piece.start(), piece.end(), group.name.clone())).collect();
        pieces.sort();
        Some(pieces)
    };
    Ok(texts.iter().map(of_text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_of_each_text_and_faults_of_the_pattern() {
        let found =
            captures("%{WORD:method} %{NUMBER:status:int}", &["GET 200", "no such line", "x PUT 404 y"]).unwrap();
        let piece = |start, end, name: &str| (start, end, name.to_owned());
        assert_eq!(found[0], Some(vec![piece(0, 3, "method"), piece(4, 7, "status")]));
        assert_eq!(found[1], None);
        assert_eq!(found[2], Some(vec![piece(2, 5, "method"), piece(6, 9, "status")]));
        assert!(captures("(?P<a", &["x"]).is_err());
    }
}
