//! The panels around the canvas: their borders, and what they say where there is little to say.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::{App, Settings};

use crate::gui::{add_step, designer, replace, sample, wait};

fn canvas(harness: &Harness<'_, App>) -> Rect {
    harness.get_by_label_contains("canvas, ").rect()
}

fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
}

fn drag(harness: &mut Harness<'_, App>, from: Pos2, to: Pos2) {
    harness.event(Event::PointerMoved(from));
    harness.run_ok();
    harness.event(button(from, true));
    harness.run_ok();
    for share in [0.5, 1.0] {
        harness.event(Event::PointerMoved(from.lerp(to, share)));
        harness.run_ok();
    }
    harness.event(button(to, false));
    harness.run_ok();
}

/// As the next start of the designer finds them.
fn opened_again(home: &Path, size: [f32; 2]) -> Harness<'static, App> {
    let home = home.to_owned();
    let mut harness = Harness::builder().with_size(size).with_max_steps(60).build_eframe(move |context| {
        App::new(&context.egui_ctx, Some(home.clone()), Settings::load(&home), vec![sample("users.csv")])
    });
    wait(&mut harness, "the table", |app| !app.project().steps.is_empty());
    harness
}

#[test]
fn borders_are_caught_from_both_sides_and_by_the_keyboard_and_stay() {
    let home = tempfile::tempdir().unwrap();
    let size = [1600.0, 1000.0];
    let mut harness = designer(home.path(), vec![sample("users.csv")], size);
    wait(&mut harness, "the table", |app| !app.project().steps.is_empty());
    let usual = canvas(&harness);
    // From the panel's side and from the canvas', at each border.
    for (from, by) in [(-3.0, 20.0), (3.0, -20.0)] {
        let before = canvas(&harness);
        let left = pos2(before.left() + from, before.center().y);
        drag(&mut harness, left, left + egui::vec2(by, 0.0));
        assert_eq!(canvas(&harness).left(), before.left() + by, "the left panel, caught at {from}");
        let right = pos2(before.right() + from, before.center().y);
        drag(&mut harness, right, right + egui::vec2(by, 0.0));
        assert_eq!(canvas(&harness).right(), before.right() + by, "the inspector, caught at {from}");
        let below = pos2(before.center().x, before.bottom() + from);
        drag(&mut harness, below, below + egui::vec2(0.0, by));
        assert_eq!(canvas(&harness).bottom(), before.bottom() + by, "the panel below, caught at {from}");
    }
    // By the keyboard: the line goes where the arrow points.
    type Moved = fn(Rect, Rect) -> f32;
    let borders: [(&str, Key, Moved); 3] = [
        ("Width of the left panel", Key::ArrowRight, |canvas: Rect, before: Rect| canvas.left() - before.left()),
        ("Width of the inspector", Key::ArrowLeft, |canvas: Rect, before: Rect| before.right() - canvas.right()),
        ("Height of the panel below", Key::ArrowUp, |canvas: Rect, before: Rect| before.bottom() - canvas.bottom()),
    ];
    for (name, key, moved) in borders {
        let before = canvas(&harness);
        let border = harness.get_by_role_and_label(Role::Splitter, name);
        let told = border.accesskit_node().numeric_value().unwrap();
        border.focus();
        harness.run_ok();
        harness.key_press(key);
        harness.run_ok();
        assert_eq!(moved(canvas(&harness), before), 16.0, "{name}");
        let border = harness.get_by_role_and_label(Role::Splitter, name);
        assert_eq!(border.accesskit_node().numeric_value().unwrap(), told + 16.0, "{name}");
        assert!(border.is_focused(), "{name} keeps the keyboard");
    }
    let moved = canvas(&harness);
    wait(&mut harness, "the settings", |_| Settings::load(home.path()).bottom.is_some());
    // A small window in between takes nothing away.
    drop(harness);
    drop(opened_again(home.path(), [1024.0, 640.0]));
    assert_eq!(canvas(&opened_again(home.path(), size)), moved);
    assert_ne!(moved, usual);
}

/// A window that has just opened gives a list the room of two lines, unless it asks for more.
#[test]
fn lists_in_windows_of_their_own_show_more_than_two_lines() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| !app.project().steps.is_empty());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_ok();
    harness.event(Event::Text("s".to_owned()));
    harness.run_ok();
    let field = harness.get_by_role_and_label(Role::TextInput, "Search steps, columns, commands").rect();
    let line = harness.get_by_role_and_label(Role::Button, "Show coverage").rect();
    assert!(line.top() > field.bottom() + 64.0, "{line:?} below {field:?}");
    // Where it is, it is seen: a click there meets it, and not what lies behind the window.
    for event in [Event::PointerMoved(line.center()), button(line.center(), true), button(line.center(), false)] {
        harness.event(event);
    }
    harness.run_ok();
    assert!(harness.query_by_label("only open questions").is_some());
    // The export's targets are scrolled, so that the window has room for the folder.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_ok();
    let folder = harness.get_by_role_and_label(Role::TextInput, "Export folder").rect();
    assert!(folder.bottom() < 680.0, "{folder:?}");
}

/// At 1280 by 720 too, and with their names, for those who see them and those who hear them.
#[test]
fn the_first_view_of_the_example_holds_its_answers() {
    let home = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/shop.pipewright.json");
    let file = home.path().join("shop.pipewright.json");
    std::fs::copy(example, &file).unwrap();
    let mut harness = designer(home.path(), vec![file], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().name == "shop");
    let map = canvas(&harness);
    for answer in ["Bad experience per hour", "Pages by visitors", "Services to expand", "Failed transactions"] {
        let place = harness.get_by_label_contains(&format!("{answer}, Answer, ")).rect();
        assert!(map.contains_rect(place), "{answer}: {place:?} in {map:?}");
    }
}

#[test]
fn an_empty_project_tells_no_noughts() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), Vec::new(), [1280.0, 720.0]);
    harness.run_ok();
    harness.get_by_label("New project").click();
    wait(&mut harness, "the project", |_| true);
    assert!(harness.query_by_label("Start from a question").is_some());
    for nothing in ["0 sources", "targets"] {
        assert!(harness.query_all_by_label_contains(nothing).next().is_none(), "{nothing}");
    }
}

#[test]
fn people_are_called_by_the_name_of_their_team() {
    let home = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/shop.pipewright.json");
    let file = home.path().join("shop.pipewright.json");
    std::fs::copy(example, &file).unwrap();
    let mut harness = designer(home.path(), vec![file], [1280.0, 900.0]);
    wait(&mut harness, "the project", |app| app.project().name == "shop");
    let asker = |harness: &Harness<'_, App>| {
        let questions = &harness.state().project().questions;
        questions.values().find(|one| one.title.contains("more resources")).map(|one| one.asker.clone()).unwrap()
    };
    assert_eq!(asker(&harness), "team-platform");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_ok();
    harness.event(Event::Text("services need more resources".to_owned()));
    harness.run_ok();
    harness.key_press(Key::Enter);
    harness.run_ok();
    // The card of the answer leads on to its question.
    let title = "Which services need more resources?";
    let links: Vec<_> = harness.get_all_by_label(title).collect();
    links.last().unwrap().click();
    harness.run_ok();
    let field = harness.get_by_role_and_label(Role::TextInput, "Asked by");
    assert_eq!(field.accesskit_node().value().as_deref(), Some("Platform"));
    // Typed, it is the team again; whatever else is typed stays a name.
    replace(&mut harness, "Asked by", "payments");
    assert_eq!(asker(&harness), "team-payments");
    replace(&mut harness, "Asked by", "Ann");
    assert_eq!(asker(&harness), "Ann");
}

/// The designer with a file of such rows.
fn with_rows(home: &Path, name: &str, rows: &str) -> Harness<'static, App> {
    let file = home.join(name);
    std::fs::write(&file, rows).unwrap();
    let mut harness = designer(home, vec![file], [1280.0, 720.0]);
    wait(&mut harness, "the rows", |app| app.project().steps.keys().any(|id| app.rows(id, "out").is_some()));
    harness
}

fn is_told(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

fn tab(harness: &mut Harness<'_, App>, name: &str) {
    harness.get_by_role_and_label(Role::Tab, name).click();
    harness.run_ok();
    wait(harness, name, |_| true);
}

#[test]
fn a_design_with_errors_does_not_run_on_every_target() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n");
    assert!(is_told(&harness, "runs on all"));
    add_step(&mut harness, "Filter");
    replace(&mut harness, "Keep rows where", "c > 1");
    wait(&mut harness, "the error", |app| app.problems().iter().any(|problem| problem.is_error()));
    assert!(is_told(&harness, "does not run yet") && !is_told(&harness, "runs on"));
}

#[test]
fn when_the_rows_were_read_is_told() {
    let home = tempfile::tempdir().unwrap();
    let harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n");
    let told =
        harness.query_all_by_label_contains("exact: all 1 rows").filter_map(|line| line.accesskit_node().value());
    let told: Vec<String> = told.collect();
    assert!(told.iter().any(|line| line.contains(" · read ") && line.ends_with(" UTC")), "{told:?}");
}

#[test]
fn a_tab_that_is_chosen_moves_no_other() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n");
    let place = |harness: &Harness<'_, App>| harness.get_by_role_and_label(Role::Tab, "Run").rect();
    tab(&mut harness, "Preview");
    let before = place(&harness);
    let last = harness.get_by_role_and_label(Role::Tab, "Findings").rect();
    assert!(last.right() + 4.0 < canvas(&harness).left(), "{last:?} has room in a small window");
    for other in ["Coverage", "What differs", "Run"] {
        tab(&mut harness, other);
        assert_eq!(place(&harness), before, "{other}");
    }
}

#[test]
fn no_line_of_the_coverage_begins_at_the_edge_of_the_window() {
    let home = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/shop.pipewright.json");
    let file = home.path().join("shop.pipewright.json");
    std::fs::copy(example, &file).unwrap();
    let mut harness = designer(home.path(), vec![file], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().name == "shop");
    tab(&mut harness, "Coverage");
    let again = harness.get_by_role_and_label(Role::Button, "Look again").rect();
    assert!(again.left() >= 12.0, "{again:?}");
    // Nor does one end under what stands beside it.
    let askers = harness.get_by_role_and_label(Role::ComboBox, "Questions of").rect();
    let beside = harness.get_by_label("One field away").rect();
    assert!(askers.right() < beside.left(), "{askers:?} {beside:?}");
}

#[test]
fn where_a_line_goes_is_asked_beside_its_place() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n2,y\n");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::L);
    wait(&mut harness, "the lines", |_| true);
    let place = harness.get_by_label_contains("a.csv, line 2 · ").rect();
    let asks = harness.get_by_role_and_label(Role::Button, "Where line 2 goes").rect();
    assert!((place.center().y - asks.center().y).abs() < 4.0 && asks.left() > place.right(), "{place:?} {asks:?}");
}

#[test]
fn what_can_be_asked_of_rows_is_shown_by_their_own_columns() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "share,page\n0.5,/cart\n");
    tab(&mut harness, "What differs");
    let field = harness.get_by_role_and_label(Role::TextInput, "What differs where");
    assert_eq!(field.accesskit_node().placeholder(), Some("page = '/cart'"));
}

#[test]
fn what_a_choice_means_stands_nearer_to_it_than_to_the_next() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_ok();
    let choice = |name: &str| harness.get_by_role_and_label(Role::RadioButton, name).rect();
    let doc = harness.get_by_label_contains("An SQL script for DuckDB").rect();
    let (own, next) = (choice("DuckDB"), choice("PostgreSQL"));
    assert!(doc.top() - own.bottom() < next.top() - doc.bottom(), "{own:?} {doc:?} {next:?}");
}

#[test]
fn the_columns_of_an_answer_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = with_rows(home.path(), "a.csv", "a,b\n1,x\n");
    tab(&mut harness, "Questions");
    harness.get_by_role_and_label(Role::Button, "Which links lead nowhere?").click_accesskit();
    harness.run_ok();
    assert!(is_told(&harness, "page, referrer, requests"));
}
