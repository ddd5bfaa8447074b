//! Comments: said of steps, wires and questions by keyboard, answered, settled, found, undone.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;
use pipewright_core::project::Comment;

use crate::gui::{designer, replace, wait};
use crate::gui_canvas::example;

fn shown(home: &std::path::Path) -> Harness<'static, App> {
    let mut harness = designer(home, vec![example(home)], [1600.0, 1600.0]);
    wait(&mut harness, "the example", |app| app.rows("views", "out").is_some());
    harness
}

/// Goes to a step by search, with keys alone.
fn find(harness: &mut Harness<'_, App>, field: &str, key: Key, words: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, key);
    harness.run_ok();
    replace(harness, field, words);
    harness.key_press(Key::Enter);
    harness.run_ok();
    wait(harness, words, |_| true);
}

fn said<'a>(harness: &'a Harness<'_, App>, text: &str) -> &'a Comment {
    let comments = &harness.state().project().comments;
    comments.values().find(|comment| comment.text == text).unwrap_or_else(|| panic!("{text}: {comments:?}"))
}

fn is_told(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

#[test]
fn a_step_is_commented_on_answered_settled_and_all_is_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shown(home.path());
    let before = pipewright_core::project::to_text(harness.state().project());
    find(&mut harness, "Find a step", Key::F, "page views");
    harness.key_press(Key::C);
    harness.run_ok();
    replace(&mut harness, "Your name", "Ann");
    replace(&mut harness, "Write a comment", "Are robots in it?");
    harness.key_press(Key::Enter);
    wait(&mut harness, "the comment", |app| !app.project().comments.is_empty());
    let comment = said(&harness, "Are robots in it?").clone();
    assert_eq!((comment.about.as_str(), comment.author.as_str()), ("views", "Ann"));
    assert!(comment.time.starts_with("20") && comment.time.ends_with('Z'), "{}", comment.time);
    assert!(is_told(&harness, "Page views, Filter, exact, 1 comment"), "the mark is named");

    harness.get_by_label("Answer").click_accesskit();
    harness.run_ok();
    replace(&mut harness, "Write an answer", "Yes, until May");
    harness.key_press(Key::Enter);
    wait(&mut harness, "the answer", |app| app.project().comments.len() == 2);
    assert_eq!(said(&harness, "Yes, until May").answers, comment.id);

    harness.get_by_label("Settle").click_accesskit();
    wait(&mut harness, "settled", |app| app.project().comments[&comment.id].resolved);
    assert!(!is_told(&harness, "1 comment"), "what is settled is no mark");
    assert!(!is_told(&harness, "Are robots in it?"));
    harness.get_by_label_contains("Show what is settled").click_accesskit();
    harness.run_ok();
    assert!(is_told(&harness, "Are robots in it?"));

    for _ in 0..3 {
        harness.get_by_label("Undo").click();
        harness.run_ok();
        wait(&mut harness, "undo", |_| true);
    }
    assert_eq!(pipewright_core::project::to_text(harness.state().project()), before);
}

#[test]
fn wires_and_questions_are_commented_on_and_found_again() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shown(home.path());
    // A wire, as a screen reader chooses it.
    let wires = harness.query_all_by_label_contains("wire from Access log to Page views");
    wires.into_iter().next().unwrap().click_accesskit();
    harness.run_ok();
    wait(&mut harness, "the wire", |_| true);
    harness.key_press(Key::C);
    harness.run_ok();
    replace(&mut harness, "Write a comment", "All of them?");
    harness.key_press(Key::Enter);
    wait(&mut harness, "the comment", |app| app.project().comments.len() == 1);
    let about = said(&harness, "All of them?").about.clone();
    assert_eq!(harness.state().project().wires[&about].to, "views");
    let marked = harness.query_all_by_label_contains("wire from Access log to Page views");
    assert!(
        marked.into_iter().any(|wire| wire.accesskit_node().label().is_some_and(|name| name.ends_with("1 comment")))
    );

    // Nothing is selected: the project lists what is open; search finds it.
    harness.key_press(Key::Escape);
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Page views, Filter, exact").focus();
    find(&mut harness, "Search steps, columns, commands", Key::P, "all of them");
    assert!(is_told(&harness, "Remove this wire"), "the wire is shown again");
    // Without the wire its comment goes, and comes back with it.
    harness.get_by_label("Remove this wire").click();
    wait(&mut harness, "no wire", |app| !app.project().wires.contains_key(&about));
    assert!(harness.state().project().comments.is_empty());
    harness.get_by_label("Undo").click();
    wait(&mut harness, "the wire", |app| app.project().wires.contains_key(&about));
    assert_eq!(harness.state().project().comments.len(), 1);
}
