//! Journeys through forms: columns picked, measures and pairs of keys put together, patterns tried, functions explained.

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;
use pipewright_core::project::Project;
use serde_json::{Value as Json, json};

use crate::gui::{add_step, designer, replace, sample, step_of, wait};
use crate::gui_canvas::example;

/// The designer with a log and a step behind it.
fn with_step(home: &std::path::Path, title: &str, kind: &str) -> (Harness<'static, App>, String) {
    let mut harness = designer(home, vec![sample("access.log")], [1600.0, 1400.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    add_step(&mut harness, title);
    wait(&mut harness, "the step", |app| step_of(app, kind).is_some());
    let step = step_of(harness.state(), kind).unwrap();
    (harness, step)
}

fn click(harness: &mut Harness<'_, App>, role: Role, name: &str) {
    harness.get_by_role_and_label(role, name).click();
    harness.run_ok();
    wait(harness, name, |_| true);
}

/// Picks an entry of a list.
pub fn pick(harness: &mut Harness<'_, App>, list: &str, entry: &str) {
    click(harness, Role::ComboBox, list);
    // Long lists show what is looked for.
    if harness.query_by_role_and_label(Role::TextInput, "filter").is_some() {
        replace(harness, "filter", entry);
        harness.key_press(Key::Enter);
        harness.run_ok();
        wait(harness, entry, |_| true);
        return;
    }
    click(harness, Role::Button, entry);
}

fn items(project: &Project, step: &str, list: &str, fields: &[&str]) -> Json {
    let items = project.steps[step].settings[list].as_array().unwrap();
    items.iter().map(|item| json!(fields.iter().map(|field| item[*field].clone()).collect::<Vec<_>>())).collect()
}

#[test]
fn keys_and_measures_of_an_aggregate_are_picked() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Aggregate", "aggregate");
    // Several keys at once.
    click(&mut harness, Role::Button, "+ Columns…");
    for column in ["path", "status"] {
        replace(&mut harness, "filter", column);
        click(&mut harness, Role::CheckBox, column);
    }
    harness.key_press(Key::Escape);
    harness.run_ok();
    let keys = |harness: &Harness<'_, App>| items(harness.state().project(), &step, "keys", &["expression"]);
    assert_eq!(keys(&harness), json!([["path"], ["status"]]));
    harness.get_by_label("Undo").click();
    wait(&mut harness, "undo", |_| true);
    assert_eq!(keys(&harness), json!([["path"]]));

    // One is changed, another is written by hand.
    pick(&mut harness, "Key", "method");
    assert_eq!(keys(&harness), json!([["method"]]));
    pick(&mut harness, "Key", "an expression");
    replace(&mut harness, "Key", "lower(method)");
    wait(&mut harness, "the key", |_| true);
    assert_eq!(keys(&harness), json!([["lower(method)"]]));
}

#[test]
fn a_measure_is_a_function_and_a_column_with_a_name_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Aggregate", "aggregate");
    let measures =
        |harness: &Harness<'_, App>| items(harness.state().project(), &step, "measures", &["name", "expression"]);
    assert_eq!(measures(&harness), json!([["rows", "count(*)"]]));
    pick(&mut harness, "Function of Measure", "max");
    let picked = measures(&harness)[0].clone();
    assert!(picked[1].as_str().unwrap().starts_with("max("), "{picked}");
    pick(&mut harness, "Column of Measure", "bytes");
    assert_eq!(measures(&harness), json!([["max_bytes", "max(bytes)"]]));
    wait(&mut harness, "its rows", |app| app.rows(&step, "out") == Some(1));
    // A name that somebody gave stays.
    replace(&mut harness, "Name", "largest");
    pick(&mut harness, "Function of Measure", "median");
    assert_eq!(measures(&harness), json!([["largest", "median(bytes)"]]));
    // What is more than a function of a column is written.
    pick(&mut harness, "Function of Measure", "an expression");
    replace(&mut harness, "Measure", "sum(bytes) / count(*)");
    wait(&mut harness, "the measure", |app| app.rows(&step, "out") == Some(1));
    assert_eq!(measures(&harness), json!([["largest", "sum(bytes) / count(*)"]]));
}

#[test]
fn a_window_calculation_is_put_together_of_its_parts() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Window calculation", "window");
    click(&mut harness, Role::Button, "Add to Columns");
    pick(&mut harness, "Function of Calculation", "row_number");
    click(&mut harness, Role::Button, "For each of Calculation");
    replace(&mut harness, "filter", "path");
    click(&mut harness, Role::CheckBox, "path");
    harness.key_press(Key::Escape);
    harness.run_ok();
    let columns = items(harness.state().project(), &step, "columns", &["name", "expression"]);
    assert_eq!(columns, json!([["row_number", "row_number() over (partition by path order by time)"]]));
    wait(&mut harness, "its rows", |app| app.rows(&step, "out").is_some());
    assert!(harness.state().problems().is_empty(), "{:?}", harness.state().problems());
}

#[test]
fn a_join_tells_who_has_a_partner_and_shows_who_has_none() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![example(home.path())], [1600.0, 1600.0]);
    wait(&mut harness, "the example", |app| app.rows("with_owner", "out").is_some());
    harness.get_by_label_contains("With owner, Join").click();
    harness.run_ok();
    wait(&mut harness, "partners", |_| true);
    let told = |harness: &Harness<'_, App>, text: &str| harness.query_all_by_label_contains(text).next().is_some();
    assert!(told(&harness, "Busy samples: "), "the left side");
    assert!(told(&harness, "Owner's team: "), "the right side");
    let bars: Vec<String> =
        harness.query_all_by_role(Role::ProgressIndicator).filter_map(|bar| bar.accesskit_node().value()).collect();
    assert_eq!(bars.len(), 2, "{bars:?}");
    let steps = harness.state().project().steps.len();
    let without = "Step of the rows of Owner's team without a partner";
    harness.get_by_label(without).click();
    harness.run_ok();
    wait(&mut harness, "the rows without", |app| app.project().steps.len() == steps + 1);
    let project = harness.state().project();
    let anti = project.steps.values().find(|step| step.title == "Owner's team without a partner").unwrap();
    assert_eq!(anti.settings["kind"], "anti");
    let id = anti.id.clone();
    wait(&mut harness, "its rows", |app| app.rows(&id, "out").is_some_and(|rows| rows > 0));
    assert!(harness.state().problems().iter().all(|problem| !problem.is_error()));
}

#[test]
fn a_pattern_shows_what_it_takes_while_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Parse text", "parse_text");
    pick(&mut harness, "Column", "user_agent");
    pick(&mut harness, "Format", "Pattern");
    replace(&mut harness, "Pattern", "^(?P<product>[A-Za-z]+)/(?P<version>\\S+)");
    wait(&mut harness, "what it takes", |_| true);
    let fits = harness.query_all_by_label_contains("of the first 200 texts fit");
    let fits: Vec<String> = fits.filter_map(|label| label.accesskit_node().value()).collect();
    assert_eq!(fits.len(), 1, "{fits:?}");
    assert!(harness.query_all_by_label_contains("product").next().is_some(), "the columns are named");
    replace(&mut harness, "Pattern", "^no such text");
    wait(&mut harness, "nothing", |_| true);
    assert!(harness.query_all_by_label_contains("does not fit").next().is_some());
    assert_eq!(harness.state().project().steps[&step].settings["format"]["options"]["pattern"], "^no such text");
}

#[test]
fn a_function_is_explained_where_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _) = with_step(home.path(), "Filter", "filter");
    replace(&mut harness, "Keep rows where", "coalesce(status, ");
    harness.run_ok();
    let told = |harness: &Harness<'_, App>| {
        let labels = harness.query_all_by_label_contains("coalesce(");
        labels.filter_map(|label| label.accesskit_node().value()).find(|label| label.contains("; argument "))
    };
    let shown = told(&harness).expect("the signature is shown");
    assert!(shown.contains("; argument 2: "), "{shown}");
    replace(&mut harness, "Keep rows where", "status >= 500");
    harness.run_ok();
    assert_eq!(told(&harness), None, "outside of calls nothing is told");
    wait(&mut harness, "the share", |_| true);
    assert!(harness.query_all_by_label_contains("139 of 13,799 rows").next().is_some(), "counted over all rows");
}

#[test]
fn rows_are_ordered_by_several_columns_and_by_what_is_written() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Sort", "sort");
    click(&mut harness, Role::Button, "+ Add key");
    for column in ["path", "status"] {
        replace(&mut harness, "filter", column);
        click(&mut harness, Role::CheckBox, column);
    }
    harness.key_press(Key::Escape);
    harness.run_ok();
    let keys = |harness: &Harness<'_, App>| harness.state().project().steps[&step].settings["keys"].clone();
    assert_eq!(keys(&harness), json!(["path", "status"]));
    pick(&mut harness, "Order key 1", "an expression");
    replace(&mut harness, "Order key 1", "length(path) desc");
    wait(&mut harness, "its rows", |app| app.rows(&step, "out").is_some());
    assert_eq!(keys(&harness), json!(["length(path) desc", "status"]));
}

#[test]
fn a_step_that_is_placed_gives_the_keyboard_to_its_form() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), Vec::new(), [1600.0, 1400.0]);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::N);
    wait(&mut harness, "the project", |_| true);
    assert!(harness.query_by_label("canvas, 0 steps, 0 wires").is_some());
    // One step of each kind of first field.
    let mut kinds = Vec::new();
    for kind in pipewright_core::steps::kinds() {
        let first = kind.form().first().map(|field| std::mem::discriminant(&field.kind));
        if first.is_some() && kinds.iter().all(|(known, _)| *known != first) {
            kinds.push((first, kind));
        }
    }
    let mut without = Vec::new();
    for (_, kind) in kinds {
        harness.get_by_label_contains("canvas, ").focus();
        harness.run_ok();
        harness.key_press(Key::Tab);
        harness.run_ok();
        harness.event(egui::Event::Text(kind.title().to_owned()));
        harness.run_ok();
        harness.key_press(Key::Enter);
        wait(&mut harness, kind.title(), |app| app.project().steps.len() == 1);
        let node = harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        let focused = node.and_then(|node| node.accesskit_node().label()).unwrap_or_default();
        if focused.is_empty() || focused.starts_with("canvas, ") {
            without.push((kind.name(), focused));
        }
        harness.get_by_label("Undo").click();
        wait(&mut harness, "undo", |app| app.project().steps.is_empty());
    }
    assert_eq!(without, []);
}

#[test]
fn what_is_still_to_be_filled_in_is_not_called_wrong() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, step) = with_step(home.path(), "Filter", "filter");
    let is_told = |harness: &Harness<'_, App>, text: &str| harness.query_all_by_label_contains(text).next().is_some();
    assert!(is_told(&harness, "Filter, Filter, to be filled in"));
    replace(&mut harness, "Keep rows where", "staus = 500");
    wait(&mut harness, "the mistake", |app| app.rows(&step, "out").is_none());
    assert!(!is_told(&harness, "to be filled in"));
    assert!(is_told(&harness, "Filter, Filter, unknown column staus"), "what is wrong is");
    // F7 leads to it, and Enter from there to the field.
    let focused = |harness: &Harness<'_, App>| {
        let node = harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
    };
    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    harness.key_press(Key::F7);
    harness.run_ok();
    assert!(focused(&harness).starts_with("Filter: unknown column `staus`"), "{}", focused(&harness));
    harness.key_press(Key::Enter);
    harness.run_ok();
    harness.run_ok();
    assert_eq!(focused(&harness), "Keep rows where");
}

#[test]
fn names_of_a_measure_are_whole_in_a_small_window() {
    let places = |size: [f32; 2]| {
        let home = tempfile::tempdir().unwrap();
        let mut harness = designer(home.path(), vec![example(home.path())], size);
        wait(&mut harness, "the example", |app| app.project().name == "shop");
        harness.get_by_label_contains("Visitors per page, Aggregate, ").click();
        harness.run_ok();
        let place = |name: &str| harness.get_all_by_role_and_label(Role::ComboBox, name).next().unwrap().rect();
        (place("Function of Measure"), place("Column of Measure"))
    };
    let (function, column) = places([1280.0, 1400.0]);
    assert!(column.top() >= function.bottom(), "each has a line of its own: {function:?} {column:?}");
    let (function, column) = places([2560.0, 1400.0]);
    assert!(column.left() > function.right(), "{function:?} {column:?}");
}
