//! What a connection leads to, in the designer without a window: named, sampled, run; and opened only then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;

use crate::gui::{designer, replace, step_of, wait, wait_for_text};
use crate::places::{Api, MARKER, holds_marker, ok, status};

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
    // An address that nobody wrote yet is not wrong, and a kind is not said twice.
    assert!(harness.query_by_label("HTTP API (HTTP API)").is_none());
    assert!(harness.state().problems().iter().all(|problem| problem.is_unfilled() || !problem.is_error()));
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

/// All files of a folder, but for those of a name, in which the secret stands; and how many there are.
fn leaks(folder: &std::path::Path, but: &str) -> (Vec<std::path::PathBuf>, usize) {
    let (mut found, mut count, mut open) = (Vec::new(), 0, vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for place in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            match place.is_dir() {
                true => open.push(place),
                false if place.ends_with(but) => {}
                false => {
                    count += 1;
                    found.extend(holds_marker(&std::fs::read(&place).unwrap()).then_some(place));
                }
            }
        }
    }
    (found, count)
}

#[test]
fn a_secret_that_is_used_stands_in_no_file_of_the_designer() {
    let home = tempfile::tempdir().unwrap();
    let is_open = Arc::new(AtomicBool::new(true));
    let lets_in = is_open.clone();
    let api = Api::new(move |asked, _| match lets_in.load(Ordering::SeqCst) {
        true if asked.headers.contains(MARKER) => ok("[{\"n\": 1}, {\"n\": 2}]"),
        // It says the secret back.
        _ => status(401, &format!("not {MARKER}")),
    });
    std::fs::write(home.path().join("token.txt"), MARKER).unwrap();
    let path = home.path().join("p.pipewright.json");
    pipewright_core::project::save_file(&path, &pipewright_core::project::Project::new("p")).unwrap();
    pipewright_core::files::trust(home.path());
    let mut harness = designer(home.path(), vec![path.clone()], [1280.0, 1400.0]);
    wait(&mut harness, "the project", |app| app.project().name == "p");
    harness.get_by_label("Sources").click();
    harness.run_ok();
    harness.get_by_label("+ From an API or a database").click();
    wait(&mut harness, "the source", |app| !app.project().connections.is_empty());
    replace(&mut harness, "Address", &api.address);
    replace(&mut harness, "Secrets", "token = file:token.txt");
    harness.get_by_role_and_label(Role::Button, "Take a sample").click();
    wait(&mut harness, "the sample", |app| app.project().sources.values().any(|source| source.schema.is_some()));
    is_open.store(false, Ordering::SeqCst);
    harness.get_by_label("Test").click();
    wait_for_text(&mut harness, "does not let the user in");
    assert!(harness.query_by_label_contains("m4rk3r").is_none());
    // The journal has the edits, and what was typed.
    let journal = pipewright_core::project::Journal::path_for(&path);
    assert!(std::fs::read_to_string(&journal).unwrap().contains("file:token.txt"));
    let (found, count) = leaks(home.path(), "token.txt");
    assert!(found.is_empty() && count >= 3, "{found:?} of {count}");
    drop(harness);
    assert_eq!(leaks(home.path(), "token.txt").0, Vec::<std::path::PathBuf>::new());
}
