//! Journeys from what is seen to what lies behind it: keys without a partner, another answer to the same question, what
//! the sample missed, a wire by the names of its ends.

use std::path::Path;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use pipewright::gui::App;

use crate::gui::{designer, wait};
use crate::gui_canvas::example;

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
