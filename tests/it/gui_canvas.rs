//! Journeys on the canvas and in the preview: rows looked at and kept, a column followed, steps left out, rows pinned,
//! names mended.

use std::path::{Path, PathBuf};

use egui::{Key, accesskit::Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;
use serde_json::json;

use crate::gui::{add_step, designer, replace, sample, step_of, wait};

/// A copy of the worked example: what is changed in it leaves a journal beside it.
pub fn example(home: &Path) -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop");
    let (copy, project) = (home.join("samples"), home.join("shop.pipewright.json"));
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(shop.join("samples")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    std::fs::copy(shop.join("shop.pipewright.json"), &project).unwrap();
    project
}

/// The designer with a log and a filter behind it.
fn filtered(home: &Path, condition: &str) -> (Harness<'static, App>, String) {
    let mut harness = designer(home, vec![sample("access.log")], [1600.0, 1000.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    add_step(&mut harness, "Filter");
    replace(&mut harness, "Keep rows where", condition);
    let filter = step_of(harness.state(), "filter").unwrap();
    wait(&mut harness, "the design", |_| true);
    (harness, filter)
}

fn click(harness: &mut Harness<'_, App>, name: &str) {
    harness.get_by_label_contains(name).click();
    harness.run_ok();
    wait(harness, name, |_| true);
}

#[test]
fn rows_are_looked_at_by_condition_and_order_and_kept_as_steps() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("access.log")], [1600.0, 1000.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    let all = harness.state().rows(&step_of(harness.state(), "file").unwrap(), "out").unwrap();
    replace(&mut harness, "Filter rows", "status >= 500");
    wait(&mut harness, "fewer rows", |_| true);
    assert!(harness.query_all_by_label_contains("139 of 13,799 rows").next().is_some(), "{all}");
    click(&mut harness, "sort by path");
    let first = |harness: &Harness<'_, App>| {
        let cells = harness.query_all_by_role(Role::Cell).filter_map(|cell| cell.accesskit_node().label());
        cells.filter(|name| name.starts_with("path of row ")).collect::<Vec<_>>()
    };
    let upwards = first(&harness);
    assert!(upwards[0].ends_with(": /"), "{upwards:?}");
    click(&mut harness, "sorted upwards by path");
    assert_ne!(first(&harness)[0], upwards[0]);
    click(&mut harness, "Keep as a step");
    let project = harness.state().project();
    let settings = |kind: &str| {
        let step = project.steps.values().find(|step| step.kind == kind);
        serde_json::to_string(&step.unwrap().settings).unwrap()
    };
    assert_eq!(settings("filter"), r#"{"predicate":"status >= 500"}"#);
    assert_eq!(settings("sort"), r#"{"keys":["path desc"]}"#);
    assert_eq!(project.wires.len(), 2);
    click(&mut harness, "Undo");
    assert_eq!(harness.state().project().steps.len(), 1, "one step of undo");
}

#[test]
fn text_that_is_no_condition_is_looked_for_in_the_rows() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, _) = filtered(home.path(), "status >= 500");
    replace(&mut harness, "Filter rows", "/CART");
    wait(&mut harness, "fewer rows", |_| true);
    assert!(harness.query_all_by_label_contains(" of 139 rows").next().is_some());
    assert!(harness.query_by_label("Keep as a step").is_none(), "text is no condition of a step");
    replace(&mut harness, "Filter rows", "no such text anywhere");
    wait(&mut harness, "no rows", |_| true);
    assert!(harness.query_all_by_label_contains("0 of 139 rows").next().is_some());
}

#[test]
fn a_column_shows_where_it_comes_from_and_goes() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![example(home.path())], [1600.0, 1000.0]);
    wait(&mut harness, "the example", |app| app.rows("views", "out").is_some());
    click(&mut harness, "Page views, Filter");
    let wires = |harness: &Harness<'_, App>, name: &str| {
        harness
            .query_all_by_label_contains("wire from ")
            .filter(|wire| wire.accesskit_node().label().is_some_and(|label| label.ends_with(&format!(", {name}"))))
            .count()
    };
    assert_eq!(wires(&harness, "path"), 0);
    click(&mut harness, "path String");
    assert_eq!(wires(&harness, "path"), 2, "from the log, and on to the page");
    assert!(wires(&harness, "page") > 0, "the page is made of it");
    click(&mut harness, "path String");
    assert_eq!(wires(&harness, "path"), 0);
}

#[test]
fn a_step_is_left_out_and_taken_in_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, filter) = filtered(home.path(), "status >= ");
    assert!(harness.state().problems().iter().any(|problem| problem.is_error()));
    click(&mut harness, "Filter, Filter");
    harness.key_press(Key::B);
    wait(&mut harness, "the bypass", |app| app.project().steps[&filter].bypassed);
    let problems = harness.state().problems();
    assert_eq!(problems.iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["PW0563"], "{problems:?}");
    let file = step_of(harness.state(), "file").unwrap();
    assert_eq!(harness.state().rows(&filter, "out"), harness.state().rows(&file, "out"));
    assert!(
        harness
            .query_all_by_label_contains("Filter, Filter")
            .any(|step| { step.accesskit_node().label().is_some_and(|label| label.ends_with("bypassed")) })
    );
    harness.key_press(Key::B);
    wait(&mut harness, "the step", |app| !app.project().steps[&filter].bypassed);
}

#[test]
fn a_click_puts_the_right_name_in() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, filter) = filtered(home.path(), "stauts >= 500");
    harness.get_all_by_label("Use “status”").next().unwrap().click();
    wait(&mut harness, "the mended filter", |app| app.rows(&filter, "out").is_some());
    assert_eq!(harness.state().project().steps[&filter].settings["predicate"], "status >= 500");
    assert!(harness.state().problems().is_empty());
}

#[test]
fn pinned_rows_tell_of_a_change_while_drawing() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, filter) = filtered(home.path(), "status >= 500");
    click(&mut harness, "Pin rows of the preview");
    wait(&mut harness, "the test", |app| app.project().tests.len() == 1);
    assert!(harness.query_all_by_label_contains("passes").next().is_some());
    let test = harness.state().project().tests.values().next().unwrap().clone();
    assert_eq!((test.step.as_str(), test.inputs["in"].rows.len(), test.expected["out"].rows.len()), (&*filter, 8, 4));
    replace(&mut harness, "Keep rows where", "status >= 600");
    wait(&mut harness, "the failure", |_| true);
    assert!(harness.query_all_by_label_contains("fails: 8 rows").next().is_some());
    assert!(harness.query_all_by_label_contains("1 test fails").next().is_some(), "on the canvas, too");
    // A step that is broken fails no test: it waits to be mended.
    replace(&mut harness, "Keep rows where", "staus >= 600");
    wait(&mut harness, "the mistake", |_| true);
    assert!(harness.query_all_by_label_contains("waits for the step: 8 rows").next().is_some());
    assert!(harness.query_all_by_label_contains("1 test fails").next().is_none());
    assert!(harness.query_by_label("Expect this instead").is_none(), "there is nothing that could be expected");
    replace(&mut harness, "Keep rows where", "status >= 600");
    wait(&mut harness, "the failure", |_| true);
    click(&mut harness, "Expect this instead");
    assert!(harness.query_all_by_label_contains("passes").next().is_some());
    assert_eq!(harness.state().project().tests.values().next().unwrap().expected["out"].rows.len(), 0);
}

#[test]
fn steps_are_kept_in_the_palette_and_used_again() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, filter) = filtered(home.path(), "status >= 500");
    click(&mut harness, "Filter, Filter");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::P);
    harness.run_ok();
    harness.event(egui::Event::Text("Save to the palette".into()));
    harness.run_ok();
    harness.key_press(Key::Enter);
    harness.run_ok();
    // The field holds the step's title, selected: what is typed takes its place.
    harness.event(egui::Event::Text("Server errors".into()));
    harness.run_ok();
    harness.key_press(Key::Enter);
    wait(&mut harness, "the entry", |_| true);
    let file = step_of(harness.state(), "file").unwrap();
    click(&mut harness, "access.log, File");
    harness.get_by_role_and_label(Role::Button, "Server errors").click();
    wait(&mut harness, "the copy", |_| true);
    let project = harness.state().project();
    let copy = project.steps.values().find(|step| step.kind == "filter" && step.id != filter).expect("the copy");
    assert_eq!(copy.settings["predicate"], "status >= 500");
    assert!(project.wires_into(&copy.id).any(|wire| wire.from == file), "wired to the selection");
}

#[test]
fn rows_are_drawn_over_time_and_by_what_is_picked() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("access.log")], [1600.0, 1000.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    harness.get_by_role_and_label(Role::Button, "Chart").click();
    wait(&mut harness, "the chart", |_| true);
    assert!(harness.query_by_label("rows per hour").is_some());
    harness.get_by_label("Chart along").click();
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "status").click();
    wait(&mut harness, "another chart", |_| true);
    assert!(harness.query_by_label("rows by status").is_some());
    harness.get_by_role_and_label(Role::Button, "Table").click();
    wait(&mut harness, "the table", |_| true);
    assert!(harness.query_by_label("rows by status").is_none());
}

#[test]
fn rows_stand_beside_those_before_their_step() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![example(home.path())], [1600.0, 1000.0]);
    wait(&mut harness, "the example", |app| app.rows("page", "out").is_some());
    click(&mut harness, "Page views, Filter");
    harness.get_by_role_and_label(Role::Button, "Compare").click();
    wait(&mut harness, "the comparison", |_| true);
    assert!(harness.query_all_by_label_contains("3,213 rows dropped").next().is_some());
    assert!(harness.query_all_by_label_contains("path of row 1: /product/7, dropped").next().is_some());
    click(&mut harness, "Page, Compute");
    harness.get_by_role_and_label(Role::Button, "Compare").click();
    wait(&mut harness, "the comparison", |_| true);
    assert!(harness.query_all_by_label_contains("no row dropped · new: page").next().is_some());
    // Rows that are made anew have nothing to stand beside.
    click(&mut harness, "Visitors per page, Aggregate");
    assert!(harness.query_by_role_and_label(Role::Button, "Compare").is_none());
}

#[test]
fn steps_are_grouped_opened_wired_and_moved_as_one() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![example(home.path())], [1600.0, 1000.0]);
    wait(&mut harness, "the example", |app| app.rows("page", "out").is_some());
    let places = |harness: &Harness<'_, App>| {
        let steps = &harness.state().project().steps;
        ["views", "page"].map(|id| (steps[id].x, steps[id].y))
    };
    let before = places(&harness);
    harness.get_by_label_contains("Page views, Filter").click();
    harness.run_ok();
    harness.get_by_label_contains("Page, Compute").click_modifiers(egui::Modifiers::SHIFT);
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::G);
    wait(&mut harness, "the group", |app| app.project().groups.len() == 1);
    assert!(harness.query_by_label_contains("Page views, Filter").is_none(), "in the card");
    let wires = harness.query_all_by_label_contains("wire from Access log to Group").count();
    assert_eq!((wires, harness.query_all_by_label_contains("wire from Group to Not static").count()), (1, 1));
    replace(&mut harness, "Title", "Pages");
    wait(&mut harness, "the title", |_| true);
    // The card is moved with the steps in it.
    harness.get_by_label_contains("Pages, Group").click();
    harness.run_ok();
    harness.key_press(Key::ArrowDown);
    wait(&mut harness, "the move", |_| true);
    let moved = places(&harness);
    assert_eq!(moved.map(|(x, _)| x), before.map(|(x, _)| x));
    assert!(moved[0].1 > before[0].1 && moved[0].1 - before[0].1 == moved[1].1 - before[1].1, "{before:?} {moved:?}");
    harness.key_press(Key::Enter);
    wait(&mut harness, "the open group", |app| !app.project().groups.values().any(|group| group.closed));
    assert!(harness.query_by_label_contains("Page views, Filter").is_some());
    // All of them are selected: they go together.
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::G);
    wait(&mut harness, "the closed group", |app| app.project().groups.values().all(|group| group.closed));
    harness.key_press(Key::Delete);
    wait(&mut harness, "the gap", |app| !app.project().steps.contains_key("views"));
    assert!(!harness.state().project().steps.contains_key("page"));
    let joined = harness.query_all_by_label_contains("wire from Access log to Not static").count();
    assert_eq!(joined, 1, "its ends are joined");
}

#[test]
fn a_wire_asks_before_it_takes_the_place_of_another() {
    let home = tempfile::tempdir().unwrap();
    let (mut harness, filter) = filtered(home.path(), "status >= 500");
    click(&mut harness, "Filter, Filter");
    add_step(&mut harness, "Limit");
    wait(&mut harness, "the limit", |app| step_of(app, "limit").is_some());
    let limit = step_of(harness.state(), "limit").unwrap();
    let file = step_of(harness.state(), "file").unwrap();
    let fed_by = |harness: &Harness<'_, App>| {
        harness.state().project().wires_into(&limit).map(|wire| wire.from.clone()).collect::<Vec<_>>()
    };
    let draw = |harness: &mut Harness<'_, App>| {
        harness.key_press(Key::Escape);
        harness.run_ok();
        harness.key_press(Key::Home);
        wait(harness, "the whole", |_| true);
        click(harness, "access.log output");
        click(harness, "Limit input");
    };
    draw(&mut harness);
    assert_eq!(fed_by(&harness), std::slice::from_ref(&filter), "asked first");
    harness.get_by_role_and_label(Role::Button, "Cancel").click();
    harness.run_ok();
    assert_eq!(fed_by(&harness), [filter]);
    draw(&mut harness);
    harness.key_press(Key::Enter);
    wait(&mut harness, "the other wire", |_| true);
    assert_eq!(fed_by(&harness), [file]);
}

#[test]
fn a_pattern_of_a_columns_texts_becomes_a_filter() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("app.jsonl");
    let line = |number: u32| match number % 20 {
        0 => format!("{{\"time\":\"2026-03-02T10:00:{number:02}Z\",\"message\":\"disk is full\"}}\n"),
        _ => format!("{{\"time\":\"2026-03-02T10:00:{number:02}Z\",\"message\":\"it's order {number}\"}}\n"),
    };
    std::fs::write(&log, (0..40).map(line).collect::<String>()).unwrap();
    let mut harness = designer(home.path(), vec![log], [1600.0, 1000.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    let open = |harness: &mut Harness<'_, App>| {
        harness.get_by_role_and_label(Role::ColumnHeader, "message String").click_secondary();
        harness.run_ok();
        click(harness, "Patterns of its texts…");
    };
    open(&mut harness);
    // Shares of one digit and of two: the patterns stand below each other.
    let left = |name: &str| harness.get_by_label(name).rect().left();
    assert_eq!(left("disk is full"), left("it's order <n>"));
    click(&mut harness, "Count them in a step");
    let counted = step_of(harness.state(), "log_patterns").unwrap();
    wait(&mut harness, "the counts", |app| app.rows(&counted, "out").is_some());
    assert_eq!(harness.state().rows(&counted, "out"), Some(2));
    let settings = harness.state().project().steps[&counted].settings.clone();
    assert_eq!((&settings["patterns"], &settings["time"]), (&json!("it's order <n>\ndisk is full"), &json!("time")));
    click(&mut harness, "Undo");
    click(&mut harness, "app.jsonl, File");
    open(&mut harness);
    click(&mut harness, "it's order <n>");
    let filter = step_of(harness.state(), "filter").unwrap();
    wait(&mut harness, "the filter's rows", |app| app.rows(&filter, "out").is_some());
    assert_eq!(harness.state().rows(&filter, "out"), Some(38));
    assert!(harness.query_by_label("Patterns of message").is_none(), "the dialog is closed");
}
