//! What somebody does by keys who knows nothing of the designer: fields that Enter leaves, lists that are picked from,
//! dialogs that Enter confirms, panels gone through by F6; and that nothing moves by itself meanwhile.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;

use crate::gui::{add_step, designer, replace, sample, step_of, wait};
use crate::gui_canvas::example;

fn press(harness: &mut Harness<'_, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_ok();
    wait(harness, "a key", |_| true);
}

fn keys(harness: &mut Harness<'_, App>, keys: &[Key]) {
    keys.iter().for_each(|key| press(harness, Modifiers::NONE, *key));
}

fn write(harness: &mut Harness<'_, App>, text: &str) {
    harness.event(Event::Text(text.to_owned()));
    harness.run_ok();
}

/// The label of what has the keyboard.
fn focused(harness: &Harness<'_, App>) -> String {
    let node = harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

/// The canvas, or the step of it that is gone on from.
fn is_on_canvas(harness: &Harness<'_, App>) -> bool {
    ["canvas, ", "Filter, Filter, "].iter().any(|start| focused(harness).starts_with(start))
}

fn is_told(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

/// The designer with a log, whose step is selected, and the keyboard on the canvas.
fn with_log(home: &Path) -> Harness<'static, App> {
    let mut harness = designer(home, vec![sample("access.log")], [1280.0, 720.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    harness
}

/// Tab, the name of a step, Enter.
fn add_by_keys(harness: &mut Harness<'_, App>, title: &str) {
    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    keys(harness, &[Key::Tab]);
    write(harness, title);
    keys(harness, &[Key::Enter]);
    wait(harness, title, |_| true);
}

#[test]
fn enter_takes_an_expression_and_the_next_step_follows() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    add_by_keys(&mut harness, "Filter");
    assert_eq!(focused(&harness), "Keep rows where");
    write(&mut harness, "status >= 500");
    press(&mut harness, Modifiers::SHIFT, Key::Enter);
    write(&mut harness, "and duration is null");
    keys(&mut harness, &[Key::Enter]);
    let filter = step_of(harness.state(), "filter").unwrap();
    let predicate = harness.state().project().steps[&filter].settings["predicate"].clone();
    assert_eq!(predicate, "status >= 500\nand duration is null");
    assert!(is_on_canvas(&harness), "{}", focused(&harness));
    add_by_keys(&mut harness, "Aggregate");
    let aggregate = step_of(harness.state(), "aggregate").unwrap();
    assert!(harness.state().project().wires_into(&aggregate).any(|wire| wire.from == filter));
}

#[test]
fn a_column_is_picked_by_keys_and_the_list_gives_the_keyboard_back() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    add_by_keys(&mut harness, "Aggregate");
    let step = step_of(harness.state(), "aggregate").unwrap();
    keys(&mut harness, &[Key::Enter]);
    assert_eq!(focused(&harness), "Key");
    let key = |harness: &Harness<'_, App>| harness.state().project().steps[&step].settings["keys"][0].clone();
    // The key that opens the list picks nothing of it.
    keys(&mut harness, &[Key::Enter]);
    assert_eq!((focused(&harness).as_str(), key(&harness)["expression"].as_str()), ("filter", Some("")));
    keys(&mut harness, &[Key::Escape]);
    assert_eq!(focused(&harness), "Key");
    keys(&mut harness, &[Key::Enter]);
    write(&mut harness, "me");
    let second: Vec<String> = {
        let list = harness.query_all_by_role(Role::Button).filter_map(|node| node.accesskit_node().label());
        list.filter(|name| ["time", "method"].contains(&name.as_str())).collect()
    };
    keys(&mut harness, &[Key::ArrowDown, Key::Enter]);
    assert_eq!(key(&harness)["expression"], second[1].as_str());
    assert_eq!(focused(&harness), "Key");
    assert!(!is_told(&harness, "filter"), "the list is closed");
    keys(&mut harness, &[Key::Enter, Key::Enter]);
    assert_eq!(key(&harness)["expression"], second[1].as_str(), "what is picked already is marked");
}

#[test]
fn a_column_is_as_wide_as_its_values_whatever_stood_there_before() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    add_by_keys(&mut harness, "Aggregate");
    let step = step_of(harness.state(), "aggregate").unwrap();
    wait(&mut harness, "the count", |app| app.rows(&step, "out") == Some(1));
    keys(&mut harness, &[Key::Enter, Key::Enter]);
    write(&mut harness, "time");
    keys(&mut harness, &[Key::Enter]);
    wait(&mut harness, "the groups", |app| app.rows(&step, "out") > Some(1));
    let header = harness
        .query_all_by_role(Role::ColumnHeader)
        .find(|header| header.accesskit_node().label().is_some_and(|name| name.starts_with("time")));
    let width = header.unwrap().rect().width();
    assert!(width > 130.0, "{width}");
}

#[test]
fn what_has_no_wire_yet_is_asked_for_first() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    keys(&mut harness, &[Key::Escape]);
    add_by_keys(&mut harness, "Sort");
    assert!(is_told(&harness, "Sort, Sort, to be filled in"), "nothing is wrong yet");
    assert_eq!(focused(&harness), "Input rows");
    keys(&mut harness, &[Key::Enter, Key::Enter]);
    let sort = step_of(harness.state(), "sort").unwrap();
    assert_eq!(harness.state().project().wires_into(&sort).count(), 1);
    // A problem leads there, too.
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    keys(&mut harness, &[Key::F7, Key::Enter]);
    harness.run_ok();
    assert_eq!(focused(&harness), "Input rows");
}

#[test]
fn enter_exports_and_the_target_that_has_the_keyboard_is_in_view() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    add_step(&mut harness, "Load to file");
    wait(&mut harness, "the load", |app| step_of(app, "load_file").is_some());
    press(&mut harness, Modifiers::COMMAND, Key::E);
    let height = |harness: &Harness<'_, App>| harness.get_by_role_and_label(Role::Button, "Export").rect().bottom();
    let before = height(&harness);
    press(&mut harness, Modifiers::SHIFT, Key::Tab);
    assert_eq!(focused(&harness), "OpenTelemetry Collector");
    let radio = harness.get_by_role_and_label(Role::RadioButton, "OpenTelemetry Collector").rect();
    let field = harness.get_by_role_and_label(Role::TextInput, "Export folder").rect();
    assert!(radio.bottom() < field.top(), "{radio:?} {field:?}");
    // What a target does not carry is listed, and all of it is in the window; of the next one nothing is left of that.
    keys(&mut harness, &[Key::Space]);
    assert!(height(&harness) < 720.0);
    harness.get_by_role_and_label(Role::RadioButton, "Pipewright runner").click_accesskit();
    harness.run_ok();
    harness.run_ok();
    assert_eq!(height(&harness), before);
    replace(&mut harness, "Export folder", &home.path().join("made").to_string_lossy());
    keys(&mut harness, &[Key::Enter]);
    wait(&mut harness, "the export", |_| true);
    assert!(home.path().join("made/pipeline.json").exists());
    assert_eq!(focused(&harness), "Export folder", "the dialog stays, and what it had the keyboard in");
}

#[test]
fn what_was_typed_to_be_opened_stays_where_it_cannot_be() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), Vec::new(), [1280.0, 720.0]);
    press(&mut harness, Modifiers::COMMAND, Key::O);
    let path = home.path().join("acess.log").display().to_string();
    write(&mut harness, &path);
    keys(&mut harness, &[Key::Enter]);
    wait(&mut harness, "the answer", |_| true);
    let field = harness.get_by_role_and_label(Role::TextInput, "Open path");
    assert_eq!(field.accesskit_node().value(), Some(path.clone()));
    assert!(is_told(&harness, "there is no file"));
    // Nothing was opened for it.
    keys(&mut harness, &[Key::Escape]);
    assert!(is_told(&harness, "Drop a log here"));
    press(&mut harness, Modifiers::COMMAND, Key::O);
    write(&mut harness, &sample("users.csv").display().to_string());
    keys(&mut harness, &[Key::Enter]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
}

#[test]
fn panels_are_gone_through_from_where_the_keyboard_is() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    add_by_keys(&mut harness, "Filter");
    keys(&mut harness, &[Key::Escape]);
    assert!(is_on_canvas(&harness));
    keys(&mut harness, &[Key::F6]);
    assert_eq!(focused(&harness), "Keep rows where");
    // Elsewhere meanwhile: it goes on from there.
    harness.get_by_role_and_label(Role::TextInput, "Filter the questions").focus();
    harness.run_ok();
    keys(&mut harness, &[Key::F6]);
    assert!(is_on_canvas(&harness), "{}", focused(&harness));
}

#[test]
fn a_list_stays_where_it_is_while_the_keyboard_is_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![example(home.path())], [1280.0, 720.0]);
    wait(&mut harness, "the example", |app| app.rows("answer_bad", "out").is_some());
    let place = |harness: &Harness<'_, App>| {
        harness.get_by_role_and_label(Role::TextInput, "Filter the questions").rect().top()
    };
    let before = place(&harness);
    press(&mut harness, Modifiers::COMMAND, Key::F);
    write(&mut harness, "Failed or slow");
    keys(&mut harness, &[Key::Enter]);
    replace(&mut harness, "Keep rows where", "staus >= 500");
    wait(&mut harness, "the mistake", |_| true);
    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    keys(&mut harness, &[Key::F7]);
    let problem = harness.get_by_label_contains("Failed or slow: unknown column");
    assert!(problem.accesskit_node().is_focused());
    // The whole line is what was come to.
    assert!(problem.rect().width() > 700.0, "{:?}", problem.rect());
    assert_eq!(place(&harness), before);
}

#[test]
fn a_run_of_answers_alone_says_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    add_by_keys(&mut harness, "Answer");
    wait(&mut harness, "the answer", |app| step_of(app, "answer").is_some());
    keys(&mut harness, &[Key::F5, Key::Enter]);
    wait(&mut harness, "the run", |_| true);
    assert!(is_told(&harness, "an Answer shows its rows and writes none"));
}

#[test]
fn what_is_shown_is_seen_from_its_top_and_what_is_written_stays_in_view() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_log(home.path());
    // What is said of a step stands at the end of a long form.
    keys(&mut harness, &[Key::C]);
    write(&mut harness, "is this");
    press(&mut harness, Modifiers::SHIFT, Key::Enter);
    write(&mut harness, "all of it?");
    keys(&mut harness, &[Key::Enter]);
    harness.run_ok();
    let said = harness.state().project().comments.values().next().map(|comment| comment.text.clone());
    assert_eq!(said.as_deref(), Some("is this\nall of it?"));
    assert_eq!(focused(&harness), "Write a comment");
    let field = harness.get_by_role_and_label(Role::MultilineTextInput, "Write a comment").rect();
    assert!(field.bottom() < 700.0, "{field:?}");
    press(&mut harness, Modifiers::COMMAND, Key::P);
    write(&mut harness, "from an api");
    keys(&mut harness, &[Key::Enter]);
    assert_eq!(focused(&harness), "Source name");
    let field = harness.get_by_role_and_label(Role::TextInput, "Source name").rect();
    assert!(field.top() > 40.0 && field.bottom() < 200.0, "{field:?}");
}
