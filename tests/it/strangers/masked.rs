//! The designer shows no secret: neither what is typed for a run, nor what is wrong with it.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use serde_json::json;

use crate::gui::{designer, wait};

#[test]
fn what_is_typed_for_a_secret_shows_as_dots() {
    const TYPED: &str = "correct-horse";
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("masked.pipewright.json");
    let project = json!({
        "pipewright": 1,
        "name": "masked",
        "parameters": [
            {"id": "par-key", "name": "key", "type": "Int", "default": "${env:STRANGERS_MASKED_KEY}"},
            {"id": "par-open", "name": "open", "type": "String", "default": "plain"}
        ],
        "steps": [
            {"id": "tab", "kind": "table", "title": "T",
             "settings": {"columns": [{"name": "a", "type": "Int"}], "rows": [[1]]}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "a.csv", "kind": "csv"}}
        ],
        "wires": [{"id": "w", "from": "tab", "to": "out"}]
    });
    std::fs::write(&file, project.to_string()).unwrap();
    let mut harness = designer(home.path(), vec![file], [1280.0, 900.0]);
    wait(&mut harness, "the project", |app| app.project().name == "masked");
    harness.key_press(egui::Key::F5);
    harness.run_ok();
    // The reference itself may be seen; the field is one for passwords, the other one is not.
    assert!(harness.query_by_role_and_label(Role::TextInput, "open").is_some());
    let field = |harness: &egui_kittest::Harness<'_, pipewright::gui::App>| {
        harness.query_by_role_and_label(Role::PasswordInput, "key").map(|field| field.accesskit_node().value())
    };
    assert!(field(&harness).is_some(), "the field of a secret is not masked");
    harness.get_by_role_and_label(Role::PasswordInput, "key").focus();
    harness.run_ok();
    harness.get_by_role_and_label(Role::PasswordInput, "key").type_text(TYPED);
    harness.run_ok();
    let value = field(&harness).flatten().unwrap_or_default();
    assert!(!value.is_empty() && !value.contains(TYPED), "{value}");
    assert!(harness.query_all_by_label_contains(TYPED).next().is_none(), "the secret is shown");
    assert!(harness.query_all_by_label_contains("its value is not").next().is_some(), "the fault is not told");
}
