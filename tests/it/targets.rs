//! The table of what each target carries how, in the README: made of the examples of all step kinds, and never stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pipewright_core::export::{Support, Target, targets};
use pipewright_core::steps::{StepKind, kinds, lower_example};

use crate::support::root;

const BEGIN: &str = "<!-- made by the test `targets`; PIPEWRIGHT_WRITE=1 writes it anew -->\n";
const END: &str = "<!-- end -->\n";

/// How a target carries the examples of a kind, in a word.
fn carried(target: &dyn Target, kind: &'static dyn StepKind) -> &'static str {
    let mut found = BTreeSet::new();
    for example in kind.examples() {
        let plan = lower_example(kind, example).unwrap();
        let support = target.support(&plan);
        let steps = plan.steps.iter().filter(|(_, step)| step.kind == kind.name());
        found.extend(steps.filter_map(|(id, _)| support.get(id)).map(|(support, _)| match support {
            Support::Native => "native",
            Support::Rewritten => "rewritten",
            Support::Behind => "behind",
            Support::Unsupported => "refused",
        }));
    }
    let is_carried = found.contains("native") || found.contains("rewritten");
    match ["refused", "behind"].into_iter().find(|word| found.contains(word)) {
        Some(_) if is_carried => "in part",
        Some(word) => word,
        None if found.contains("rewritten") => "rewritten",
        None => "native",
    }
}

/// Kinds that some target does not carry natively, a row each; the others in a sentence.
fn table() -> String {
    let titles: Vec<&str> = targets().iter().map(|target| target.title()).collect();
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut native = Vec::new();
    for kind in kinds() {
        let cells: Vec<&str> = targets().iter().map(|target| carried(*target, *kind)).collect();
        match cells.iter().all(|cell| *cell == "native") {
            true => native.push(kind.title()),
            false => drop(rows.insert(kind.title(), cells)),
        }
    }
    native.sort_unstable();
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&[&["step"], &titles[..]].concat());
    text.push_str(&line(&vec!["---"; titles.len() + 1]));
    for (title, cells) in &rows {
        text.push_str(&line(&[&[*title], &cells[..]].concat()));
    }
    format!("{text}\nEvery target carries natively, in all of their examples: {}.\n", native.join(", "))
}

#[test]
fn the_readme_says_what_each_target_carries() {
    let file = root().join("README.md");
    let readme = fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once(BEGIN).expect("the README has a place for the table");
    let (found, after) = rest.split_once(END).expect("and its end");
    let table = table();
    if std::env::var_os("PIPEWRIGHT_WRITE").is_some() {
        fs::write(&file, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == table,
        "the table of targets in README.md is stale: PIPEWRIGHT_WRITE=1 cargo test --test it targets\n{table}"
    );
    // It is no table of one word.
    for word in ["| native |", "| rewritten |", "| refused |"] {
        assert!(table.contains(word), "{word}");
    }
}
