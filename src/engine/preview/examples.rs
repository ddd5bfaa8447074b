//! Every step kind's examples run on the engine: the rows that they promise, with the schema that the plan promises.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_core::data::Value;
use pipewright_core::steps::{Example, StepKind, kinds, lower_example};

use super::preview_now;
use crate::Sampling;

#[test]
fn step_examples_give_their_rows() {
    let mut failures = Vec::new();
    for kind in kinds() {
        for example in kind.examples() {
            if let Err(message) = run(*kind, example) {
                failures.push(format!("{} ({}): {message}", kind.name(), example.title));
            }
        }
    }
    assert!(failures.is_empty(), "{} of the examples\n{}", failures.len(), failures.join("\n"));
}

fn run(kind: &dyn StepKind, example: &Example) -> Result<(), String> {
    let plan = lower_example(kind, example)?;
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (port, table) in example.outputs {
        let node = plan.output("example", port).ok_or_else(|| format!("no port {port}"))?;
        let found = preview_now(&plan, node, &Sampling::Whole, &base, &BTreeMap::new())
            .map_err(|error| format!("{port}: {error}"))?;
        let (schema, wanted) = table.read()?;
        let names = |schema: &pipewright_core::data::Schema| {
            schema.fields.iter().map(|field| (field.name.clone(), field.data_type.clone())).collect::<Vec<_>>()
        };
        if names(found.table.schema()) != names(&schema) {
            return Err(format!("{port}: {:?}, wanted {:?}", names(found.table.schema()), names(&schema)));
        }
        let mut found: Vec<Vec<Value>> = (0..found.table.rows()).map(|row| found.table.row(row)).collect();
        let mut wanted = wanted;
        if !example.ordered {
            found.sort_by_key(|row| format!("{row:?}"));
            wanted.sort_by_key(|row| format!("{row:?}"));
        }
        if !same_rows(&found, &wanted) {
            return Err(format!("{port}:\n  found  {found:?}\n  wanted {wanted:?}"));
        }
    }
    Ok(())
}

/// Equal; floats to 12 digits.
fn same_rows(found: &[Vec<Value>], wanted: &[Vec<Value>]) -> bool {
    let same = |a: &Value, b: &Value| match (a, b) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-12 * a.abs().max(b.abs()),
        (a, b) => a == b,
    };
    found.len() == wanted.len()
        && found.iter().zip(wanted).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)))
}
