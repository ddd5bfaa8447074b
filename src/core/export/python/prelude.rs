//! Functions of Python that give Polars Pipewright's semantics: what a script needs of them stands at its top.

use std::collections::BTreeSet;

use crate::expr::{BOTS, BROWSERS, FEED_READERS, SYSTEMS, TABLETS, TOOLS};
use crate::quote::python_text;

const PRELUDE: [&str; 4] =
    [include_str!("prelude.py"), include_str!("texts.py"), include_str!("domains.py"), include_str!("frames.py")];

/// The words by which user agents are known, as the language has them.
fn tables() -> Vec<String> {
    let names = |table: &str, marks: &[(&str, &str)]| {
        let mark = |(mark, name): &(&str, &str)| format!("    ({}, {}),\n", python_text(mark), python_text(name));
        format!("{table} = [\n{}]", marks.iter().map(mark).collect::<String>())
    };
    let words = |table: &str, marks: &[&str]| {
        let mark = |mark: &&str| format!("    {},\n", python_text(mark));
        format!("{table} = [\n{}]", marks.iter().map(mark).collect::<String>())
    };
    vec![
        names("PW_BROWSERS", &BROWSERS),
        names("PW_SYSTEMS", &SYSTEMS),
        words("PW_BOTS", &BOTS),
        words("PW_FEED_READERS", &FEED_READERS),
        words("PW_TOOLS", &TOOLS),
        words("PW_TABLETS", &TABLETS),
    ]
}

/// Every definition that Python needs, in their order, with the headings above them.
pub fn needed(python: &str) -> String {
    let tables = tables();
    let mut parts: Vec<&str> = PRELUDE.iter().flat_map(|text| text.trim_end().split("\n\n\n")).collect();
    parts.extend(tables.iter().map(String::as_str));
    let mut wanted: BTreeSet<&str> = words(python).collect();
    let mut found = Vec::new();
    loop {
        let before = wanted.len();
        for part in &parts {
            if defined(part).any(|name| wanted.contains(name)) {
                wanted.extend(words(part));
            }
        }
        if wanted.len() == before {
            break;
        }
    }
    for part in &parts {
        let is_heading = part.starts_with("# ---");
        if is_heading || defined(part).any(|name| wanted.contains(name)) {
            if is_heading && found.last().is_some_and(|last: &&str| last.starts_with("# ---")) {
                found.pop();
            }
            found.push(*part);
        }
    }
    while found.last().is_some_and(|last| last.starts_with("# ---")) {
        found.pop();
    }
    found.iter().map(|part| format!("{part}\n\n\n")).collect()
}

/// Names that a part of the prelude defines.
fn defined(part: &str) -> impl Iterator<Item = &str> {
    part.lines().filter_map(|line| {
        let rest = line.strip_prefix("def ").or(line.strip_prefix("class ")).unwrap_or(line);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let is_value = rest[end..].starts_with(" = ");
        (is_value || rest.len() < line.len()).then_some(&rest[..end])
    })
}

/// Names that look like those of the prelude.
fn words(python: &str) -> impl Iterator<Item = &str> {
    python
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| ["pw_", "PW_", "Pw"].iter().any(|start| word.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_what_it_calls_and_no_more() {
        let text = needed("pl.col(\"a\").pipe(pw_bin)");
        for name in ["def pw_bin(", "def pw_finite(", "def pw_once(", "def pw_apply("] {
            assert_eq!(text.matches(name).count(), 1, "{name}\n{text}");
        }
        assert!(!text.contains("def pw_round(") && !text.contains("def pw_json"), "{text}");
        assert_eq!(needed("pl.col(\"a\")"), "");
    }

    #[test]
    fn every_part_of_the_prelude_has_a_name_of_its_own() {
        let parts = PRELUDE.iter().flat_map(|text| text.trim_end().split("\n\n\n"));
        let mut known = BTreeSet::new();
        for part in parts.filter(|part| !part.starts_with("# ---")) {
            let names: Vec<&str> = defined(part).filter(|name| name.to_lowercase().starts_with("pw")).collect();
            assert!(!names.is_empty(), "{part}");
            assert!(known.insert(names[0].to_owned()), "{part}");
        }
    }
}
