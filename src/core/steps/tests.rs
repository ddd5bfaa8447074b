//! What must hold of every step kind, over the list of kinds.

use std::collections::BTreeMap;

use super::*;
use crate::data::Schema;

#[test]
fn names_are_unique_and_docs_are_sentences() {
    let mut seen = std::collections::HashSet::new();
    for kind in kinds() {
        assert!(seen.insert(kind.name()), "{}", kind.name());
        assert!(kind.doc().ends_with('.'), "{}", kind.name());
        assert!(kind.examples().len() >= 2, "{}", kind.name());
        check_form(kind.name(), kind.form());
    }
}

fn check_form(name: &str, form: &[FormField]) {
    for field in form {
        assert!(field.doc.ends_with('.'), "{name}: {}", field.name);
        if let FieldKind::Items(items) = &field.kind {
            check_form(name, items);
        }
    }
}

#[test]
fn examples_lower_to_what_they_promise() {
    let mut failures = Vec::new();
    for kind in kinds() {
        for example in kind.examples() {
            if let Err(message) = check_example(*kind, example) {
                failures.push(format!("{} ({}): {message}", kind.name(), example.title));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn check_example(kind: &dyn StepKind, example: &Example) -> Result<(), String> {
    let plan = lower_example(kind, example)?;
    let settings = check_settings(kind, &example.settings());
    if let Some(diagnostic) = settings.first() {
        return Err(diagnostic.to_string());
    }
    let outputs: BTreeMap<&str, Schema> = example
        .outputs
        .iter()
        .map(|(port, table)| table.read().map(|(schema, _)| (*port, schema)))
        .collect::<Result<_, _>>()?;
    let given: BTreeMap<&str, Schema> = plan.steps["example"]
        .outputs
        .iter()
        .map(|(port, node)| (port.as_str(), without_labels(&plan.node(*node).schema)))
        .collect();
    if outputs != given {
        return Err(format!("expected {outputs:?}, but the lowering gives {given:?}"));
    }
    Ok(())
}

fn without_labels(schema: &Schema) -> Schema {
    let fields = schema.fields.iter().map(|field| crate::data::Field::new(&field.name, field.data_type.clone()));
    Schema::new(fields.collect())
}

#[test]
fn defaults_are_valid_settings() {
    for kind in kinds() {
        let settings = kind.defaults();
        for diagnostic in check_settings(*kind, &settings) {
            assert!(diagnostic.code == "PW0308", "{}: {diagnostic}", kind.name());
        }
        let text = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&text).unwrap(), settings);
    }
}

#[test]
fn ports_and_summaries_stand_any_settings() {
    for kind in kinds() {
        for settings in [Settings::new(), kind.defaults(), kind.examples()[0].settings()] {
            let ports = kind.ports(&settings);
            assert!(!ports.inputs.is_empty() || !ports.outputs.is_empty());
            let (summary, _) = kind.summary(&settings);
            assert!(!summary.contains('\n'), "{}: {summary}", kind.name());
        }
    }
}

fn settings(json: serde_json::Value) -> Settings {
    json.as_object().cloned().unwrap()
}

#[test]
fn settings_are_checked_by_the_form() {
    let filter = kind("filter").unwrap();
    let found = check_settings(filter, &settings(serde_json::json!({"predicat": "x > 1"})));
    let codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    assert_eq!(codes, ["PW0315", "PW0308"]);
    assert!(found[0].message.contains("did you mean `predicate`?"), "{}", found[0]);
    let limit = kind("limit").unwrap();
    let found = check_settings(limit, &settings(serde_json::json!({"count": "ten", "order": "time"})));
    assert_eq!(found.iter().filter(|diagnostic| diagnostic.code == "PW0307").count(), 2, "{found:?}");
    let join = kind("join").unwrap();
    let found =
        check_settings(join, &settings(serde_json::json!({"kind": "outer", "on": [{"id": "k1", "left": "a"}]})));
    let codes: Vec<_> = found.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    assert_eq!(codes, ["PW0316", "PW0308"]);
    assert_eq!(found[1].location.field.as_deref(), Some("on.k1.right"));
}

mod messages;
