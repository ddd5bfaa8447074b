//! Journeys from what is seen to what lies behind it: a bar or a burst of a chart, keys without a partner, another answer
//! to the same question, what the sample missed; and the menus of things by the keyboard.

use std::path::Path;

use egui::accesskit::{Role, Toggled};
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;

use crate::gui::{designer, wait};
use crate::gui_canvas::example;
use crate::gui_forms::pick;

fn shop(home: &Path, answer: &str) -> Harness<'static, App> {
    let mut harness = designer(home, vec![example(home)], [2560.0, 1440.0]);
    wait(&mut harness, "the answers", |app| {
        ["answer_bad", "answer_pages", "answer_services"].iter().all(|id| app.rows(id, "out").is_some())
    });
    harness.get_by_label_contains(&format!("{answer}, Answer, ")).click();
    harness.run_ok();
    harness
}

fn is_told(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

fn click(harness: &mut Harness<'_, App>, name: &str) {
    harness.get_by_label(name).click();
    harness.run_ok();
    wait(harness, name, |_| true);
}

#[test]
fn a_bar_of_an_answer_leads_to_the_rows_behind_it() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    let bars = harness.query_all_by_role(Role::Button).filter_map(|bar| bar.accesskit_node().label());
    let bar = bars.into_iter().find(|name| name.starts_with("/cart: ")).expect("a bar is named with its number");
    click(&mut harness, &bar);
    let told = harness.query_all_by_label_contains("where ").filter_map(|label| label.accesskit_node().value());
    assert!(
        told.into_iter().any(|told| told.contains("page is ") && told.contains("/cart")),
        "what was picked is told"
    );
    click(&mut harness, "What differs there?");
    let condition = harness.get_by_role_and_label(Role::TextInput, "What differs where");
    assert!(condition.accesskit_node().value().unwrap().contains("/cart"), "of that bar, not of the highest");
}

#[test]
fn a_burst_of_the_chart_of_any_rows_is_shown_as_rows() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    harness.get_by_label_contains("Page views, Filter, ").click();
    harness.run_ok();
    click(&mut harness, "Chart");
    let chart = harness.get_by_label("rows per hour");
    let below = chart.rect().left_bottom() + egui::vec2(200.0, 120.0);
    harness.event(egui::Event::PointerMoved(below));
    for pressed in [true, false] {
        let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
        harness.event(egui::Event::PointerButton { pos: below, button, pressed, modifiers });
    }
    harness.run_ok();
    wait(&mut harness, "the time that was picked", |_| true);
    assert!(is_told(&harness, "Rows where "), "the times that the point stands for");
    click(&mut harness, "Show them");
    let filter = harness.get_by_role_and_label(Role::TextInput, "Filter rows");
    let filter = filter.accesskit_node().value().unwrap();
    assert!(filter.contains("time >= ") && filter.contains(" and time < "), "{filter}");
}

#[test]
fn how_a_chart_is_drawn_is_picked() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    harness.get_by_label_contains("Page views, Filter, ").click();
    harness.run_ok();
    click(&mut harness, "Chart");
    assert!(is_told(&harness, "rows per hour"));
    pick(&mut harness, "Chart as", "histogram");
    assert!(is_told(&harness, "rows per 6 hours"), "so many bars as can be told apart");
    pick(&mut harness, "Chart along", "method");
    pick(&mut harness, "Chart as", "heat map");
    assert!(is_told(&harness, "rows by method and "), "against another column of few values");
}

#[test]
fn an_answer_keeps_the_chart_that_was_picked() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    let kept =
        |harness: &Harness<'_, App>| harness.state().project().steps["answer_pages"].settings.get("chart").cloned();
    assert!(is_told(&harness, "visitors by page") && kept(&harness).is_none());
    click(&mut harness, "Chart");
    pick(&mut harness, "Chart of", "rows");
    assert_eq!(kept(&harness), Some(serde_json::json!({"x": "page"})), "in the project");
    // On the card, too, and in the meeting.
    assert_eq!(harness.query_all_by_label("rows by page").count(), 2);
    harness.key_press(Key::F11);
    wait(&mut harness, "the answers", |_| true);
    assert!(is_told(&harness, "Bars of rows for each page"));
    harness.key_press(Key::Escape);
    harness.run_ok();
    harness.get_all_by_label("As the question has it").next().unwrap().click();
    wait(&mut harness, "the question's chart", |_| true);
    assert_eq!(kept(&harness), None);
    assert!(is_told(&harness, "visitors by page"));
}

#[test]
fn rows_that_are_chosen_are_compared_with_the_others() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    let step = |harness: &mut Harness<'_, App>| {
        harness.get_by_label_contains("Page views, Filter, ").click();
        harness.run_ok();
    };
    let choose = |harness: &mut Harness<'_, App>, row: usize, held: Modifiers| {
        harness.get_by_label_contains(&format!("status of row {row}: ")).focus();
        harness.run_ok();
        harness.key_press_modifiers(held, Key::Space);
        harness.run_ok();
    };
    step(&mut harness);
    choose(&mut harness, 2, Modifiers::NONE);
    assert!(!is_told(&harness, "What differs in "), "one row is no group");
    choose(&mut harness, 4, Modifiers::SHIFT);
    choose(&mut harness, 7, Modifiers::COMMAND);
    let chosen: Vec<usize> = (1..9)
        .filter(|row| {
            let name = format!("status of row {row}: ");
            let cell = harness.get_by_label_contains(&name);
            cell.accesskit_node().toggled() == Some(Toggled::True)
        })
        .collect();
    assert_eq!(chosen, [2, 3, 4, 7], "and they are told from the others");
    click(&mut harness, "What differs in 4 rows?");
    let field = |harness: &Harness<'_, App>| {
        harness.get_by_role_and_label(Role::TextInput, "What differs where").accesskit_node().value().unwrap()
    };
    let condition = field(&harness);
    assert_eq!(condition.matches(" or ").count(), 3, "what only they have: {condition}");
    assert!(condition.contains("path = '/static/js/vendor.77aa01.js'"), "{condition}");
    // Another step has rows of its own.
    harness.get_by_label_contains("Failed or slow, Filter, ").click();
    harness.run_ok();
    assert!(!is_told(&harness, "What differs in "));
}

#[test]
fn the_card_names_the_keys_that_have_no_partner() {
    let home = tempfile::tempdir().unwrap();
    let harness = shop(home.path(), "Services to expand");
    assert!(is_told(&harness, "of 8 rows of “Busy samples” have no match"));
    assert!(is_told(&harness, "most often: "), "which keys these are");
}

#[test]
fn two_answers_to_one_question_tell_of_each_other() {
    let home = tempfile::tempdir().unwrap();
    let file = example(home.path());
    let mut project: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let question = |step: &serde_json::Value| step["settings"]["question"].clone();
    let steps = project["steps"].as_array_mut().unwrap();
    let pages = steps.iter().find(|step| step["id"] == "answer_pages").map(question).unwrap();
    steps.iter_mut().find(|step| step["id"] == "answer_bad").unwrap()["settings"]["question"] = pages;
    std::fs::write(&file, project.to_string()).unwrap();
    let mut harness = designer(home.path(), vec![file], [2560.0, 1440.0]);
    wait(&mut harness, "the answers", |app| {
        ["answer_bad", "answer_pages"].iter().all(|id| app.rows(id, "out").is_some())
    });
    harness.get_by_label_contains("Pages by visitors, Answer, ").click();
    harness.run_ok();
    assert!(is_told(&harness, "Another answer to this question, “Bad experience per hour”: "));
    assert!(is_told(&harness, "It differs: "));
    click(&mut harness, "Show “Bad experience per hour”");
    assert!(is_told(&harness, "Another answer to this question, “Pages by visitors”: "));
}

#[test]
fn what_the_sample_missed_is_told_as_soon_as_the_whole_was_read() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("many.csv");
    let lines: String = (0..400_000)
        .map(|n| format!("{n},{}\n", if n == 222_222 { "many".into() } else { (n % 7).to_string() }))
        .collect();
    std::fs::write(&file, format!("id,rest\n{lines}")).unwrap();
    let mut harness = designer(home.path(), vec![file], [1600.0, 1000.0]);
    wait(&mut harness, "the rows", |app| app.project().steps.len() == 1);
    let since = std::time::Instant::now();
    while !is_told(&harness, "exact 400,000 rows") {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(since.elapsed() < std::time::Duration::from_secs(90), "the whole is counted");
    }
    harness.get_by_role_and_label(Role::Tab, "Unread").click();
    harness.run_ok();
    assert!(is_told(&harness, "many.csv, on the whole input: "), "the value that is no number");
}

#[test]
fn the_menu_of_a_cell_and_of_the_canvas_is_opened_and_used_by_keys() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    harness.get_by_label_contains("page of row 1: ").focus();
    harness.run_ok();
    harness.key_press(Key::Menu);
    wait(&mut harness, "the menu", |_| true);
    let first = harness.get_by_label("Copy cell");
    assert!(first.is_focused(), "the first entry has the keyboard");
    for _ in 0..2 {
        harness.key_press(Key::Tab);
        harness.run_ok();
    }
    harness.key_press(Key::Enter);
    wait(&mut harness, "the filter", |_| true);
    let filter = harness.get_by_role_and_label(Role::TextInput, "Filter rows").accesskit_node().value();
    assert!(filter.unwrap_or_default().starts_with("page = "), "rows with this value");

    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    harness.key_press_modifiers(Modifiers::SHIFT, Key::F10);
    wait(&mut harness, "the menu", |_| true);
    assert!(harness.get_by_label_contains("Add step…").is_focused());
}

#[test]
fn a_wire_is_found_by_the_names_of_its_ends() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path(), "Pages by visitors");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_ok();
    harness.event(egui::Event::Text("access log failed wire".to_owned()));
    harness.run_ok();
    harness.key_press(Key::Enter);
    wait(&mut harness, "the wire", |_| true);
    assert!(is_told(&harness, "Access log → Failed or slow"));
    assert!(is_told(&harness, "Remove this wire"), "what can be done with it");
}
