//! What a connection leads to, in the designer without a window: named, sampled, run; and opened only then.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::gui::{designer, replace, step_of, wait};

fn database(path: &std::path::Path) -> rusqlite::Connection {
    let open = rusqlite::Connection::open(path).unwrap();
    open.execute_batch("CREATE TABLE orders (id INTEGER, name TEXT); INSERT INTO orders VALUES (1, 'a'), (2, 'b')")
        .unwrap();
    open
}

#[test]
fn a_table_of_a_database_becomes_a_source_and_a_run_goes_there() {
    let home = tempfile::tempdir().unwrap();
    let open = database(&home.path().join("shop.db"));
    let project = home.path().join("p.pipewright.json");
    pipewright_core::project::save_file(&project, &pipewright_core::project::Project::new("p")).unwrap();
    pipewright_core::files::trust(home.path());
    let mut harness = designer(home.path(), vec![project], [1280.0, 1400.0]);
    wait(&mut harness, "the project", |app| app.project().name == "p");

    harness.get_by_label("Sources").click();
    harness.run_ok();
    harness.get_by_label("+ From an API or a database").click();
    wait(&mut harness, "the source", |app| app.project().sources.len() == 1 && app.project().connections.len() == 1);
    harness.get_by_role_and_label(Role::ComboBox, "Kind").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "SQLite").click();
    harness.run_ok();
    replace(&mut harness, "Address", "shop.db");
    replace(&mut harness, "Table", "orders");
    assert!(harness.query_by_label_contains("no sample yet").is_some());
    harness.get_by_role_and_label(Role::Button, "Take a sample").click();
    wait(&mut harness, "the sample", |app| app.project().sources.values().any(|source| source.schema.is_some()));
    let source = harness.state().project().sources.values().next().unwrap().clone();
    assert_eq!(source.schema.unwrap().names().collect::<Vec<_>>(), ["id", "name"]);
    assert!(home.path().join(&source.path).is_file(), "{}", source.path);

    // The preview shows the sample, whatever the database holds by now.
    open.execute_batch("INSERT INTO orders VALUES (3, 'c')").unwrap();
    harness.get_by_label("Sources").click();
    harness.run_ok();
    harness.get_by_label("+ Add to the flow").click();
    wait(&mut harness, "the step", |app| step_of(app, "file").is_some_and(|step| app.rows(&step, "out") == Some(2)));
    crate::gui::add_step(&mut harness, "Load to file");
    wait(&mut harness, "the load", |app| step_of(app, "load_file").is_some());
    harness.key_press(egui::Key::F5);
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Run").click();
    harness.run_ok();
    wait(&mut harness, "the run", |_| true);
    let written = std::fs::read_to_string(home.path().join("out/rows.csv")).unwrap();
    assert_eq!(written, "id,name\n1,a\n2,b\n3,c\n");
}

#[test]
fn a_secret_that_is_typed_is_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), Vec::new(), [1280.0, 1400.0]);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::N);
    wait(&mut harness, "a project", |_| true);
    harness.get_by_label("Sources").click();
    harness.run_ok();
    harness.get_by_label("+ From an API or a database").click();
    wait(&mut harness, "the source", |app| !app.project().connections.is_empty());
    replace(&mut harness, "Secrets", "token = s3cret-word");
    assert!(harness.query_by_label_contains("a secret itself is not kept").is_some());
    let text = |app: &pipewright::gui::App| pipewright_core::project::to_text(app.project());
    assert!(!text(harness.state()).contains("s3cret-word"), "{}", text(harness.state()));
    replace(&mut harness, "Secrets", "token = env:API_TOKEN");
    assert!(text(harness.state()).contains("\"token\": \"env:API_TOKEN\""), "{}", text(harness.state()));
}
