//! The table of what each target carries how, in the README: made of the examples of all step kinds, and never stale.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use pipewright_core::export::{Support, Target, targets};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Op, Plan, Read};
use pipewright_core::steps::{StepKind, kinds, lower_example};

use crate::support::root;

const BEGIN: &str = "<!-- made by the test `targets`; PIPEWRIGHT_WRITE=1 writes it anew -->\n";
const END: &str = "<!-- end -->\n";

/// The plan of an example whose inputs are files: log agents take their rows from nothing else.
fn with_files(mut plan: Plan, kind: &dyn StepKind) -> Plan {
    let own: BTreeSet<&String> =
        plan.steps.iter().filter(|(_, step)| step.kind == kind.name()).map(|(id, _)| id).collect();
    for node in plan.nodes.iter_mut().filter(|node| !own.contains(&node.origin.step)) {
        if let Op::Rows(rows) = &node.op {
            let (format, schema) = (FormatSpec::new("json_lines"), rows.schema.clone());
            Arc::make_mut(node).op = Op::Read(Read { path: "in.jsonl".into(), format, schema, ..Read::default() });
        }
    }
    plan
}

/// How a target carries the examples of a kind, in a word.
fn carried(target: &dyn Target, kind: &'static dyn StepKind) -> &'static str {
    let mut found = BTreeSet::new();
    for example in kind.examples() {
        let plan = with_files(lower_example(kind, example).unwrap(), kind);
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

/// Kinds that some target does not carry natively, a row each; in sentences what all engines, and all log agents, do. A log
/// agent is what leaves steps behind.
fn table() -> String {
    let titles: Vec<&str> = targets().iter().map(|target| target.title()).collect();
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for kind in kinds() {
        rows.insert(kind.title(), targets().iter().map(|target| carried(*target, *kind)).collect());
    }
    let is_agent: Vec<bool> =
        (0..titles.len()).map(|index| rows.values().any(|cells| cells[index] == "behind")).collect();
    let native = |of_agents: bool| -> Vec<&str> {
        let all = |cells: &[&str]| cells.iter().zip(&is_agent).all(|(cell, is)| *is != of_agents || *cell == "native");
        rows.iter().filter(|(_, cells)| all(cells)).map(|(title, _)| *title).collect()
    };
    let (engines, agents) = (native(false), native(true));
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&[&["step"], &titles[..]].concat());
    text.push_str(&line(&vec!["---"; titles.len() + 1]));
    for (title, cells) in rows.iter().filter(|(title, _)| !engines.contains(title) || !agents.contains(title)) {
        text.push_str(&line(&[&[*title], &cells[..]].concat()));
    }
    let named = |titles: &[&str]| if titles.is_empty() { "nothing".to_owned() } else { titles.join(", ") };
    format!(
        "{text}\nThe runner and every engine carry natively, in all of their examples: {}. Every log agent: {}.\n",
        named(&engines),
        named(&agents)
    )
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
