//! Every step kind: documented, with examples, and with the schema that the engine's rows have.

use std::collections::BTreeSet;
use std::path::Path;

use pipewright_core::export::pipeline::{PIPELINE_VERSION, Pipeline};
use pipewright_core::ir::Op;
use pipewright_core::steps::{kinds, lower_example};
use pipewright_engine::{Sampling, preview_now};

#[test]
fn kinds_are_documented_and_have_examples() {
    let mut names = BTreeSet::new();
    for kind in kinds() {
        let name = kind.name();
        assert!(names.insert(name), "two kinds are called {name}");
        assert!(kind.doc().len() > 40 && kind.doc().ends_with('.'), "{name} says what it does");
        assert!(kind.examples().len() >= 2, "{name} has two examples");
        for field in kind.form() {
            assert!(!field.label.is_empty() && !field.doc.is_empty(), "{name}: {} is explained", field.name);
        }
    }
}

#[test]
fn rows_have_the_schema_that_the_plan_says() {
    for example in kinds().iter().flat_map(|kind| kind.examples().iter().map(move |example| (*kind, example))) {
        let (kind, example) = example;
        let plan = lower_example(kind, example).unwrap_or_else(|fault| panic!("{}: {fault}", kind.name()));
        for (id, node) in plan.iter().filter(|(_, node)| !matches!(node.op, Op::Write(_))) {
            let base = Path::new(env!("CARGO_MANIFEST_DIR"));
            let result = preview_now(&plan, id, &Sampling::Whole, base, &Default::default());
            let result = result.unwrap_or_else(|fault| panic!("{}, {}: {fault}", kind.name(), example.title));
            assert_eq!(result.table.schema().fields, node.schema.fields, "{}: {}", kind.name(), example.title);
        }
    }
}

#[test]
fn pipeline_files_hold_every_operation() {
    for kind in kinds() {
        for example in kind.examples() {
            let plan = lower_example(*kind, example).unwrap();
            let pipeline = Pipeline { pipeline: PIPELINE_VERSION, name: "example".into(), plan };
            let text = pipeline.to_text();
            let back = Pipeline::from_text(&text)
                .unwrap_or_else(|fault| panic!("{}, {}: {fault}\n{text}", kind.name(), example.title));
            assert_eq!(back.to_text(), text, "{}: {}", kind.name(), example.title);
            for (id, node) in pipeline.plan.iter() {
                assert_eq!(back.plan.node(id).hash, node.hash, "{}: {}", kind.name(), example.title);
            }
        }
    }
}
