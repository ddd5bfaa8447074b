//! Journeys by keyboard alone: what is found, selected, copied and followed without a pointer. Things are come to by
//! search and by Tab, and used by Enter and the arrows.

use std::path::Path;

use egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;

use crate::gui::{designer, wait};
use crate::gui_canvas::example;

fn shop(home: &Path) -> Harness<'static, App> {
    let mut harness = designer(home, vec![example(home)], [1920.0, 1400.0]);
    wait(&mut harness, "the example", |app| {
        ["answer_bad", "answer_pages", "answer_services", "answer_failed"]
            .iter()
            .all(|id| app.rows(id, "out").is_some())
    });
    harness
}

fn press(harness: &mut Harness<'_, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_ok();
    wait(harness, "a key", |_| true);
}

fn write(harness: &mut Harness<'_, App>, text: &str) {
    harness.event(Event::Text(text.to_owned()));
    harness.run_ok();
}

/// Ctrl+F, the title, Enter: the step is selected and the canvas has the keyboard.
fn go_to_step(harness: &mut Harness<'_, App>, title: &str) {
    press(harness, Modifiers::COMMAND, Key::F);
    write(harness, title);
    press(harness, Modifiers::NONE, Key::Enter);
}

/// Ctrl+P, the words of a command, Enter.
fn command(harness: &mut Harness<'_, App>, words: &str) {
    press(harness, Modifiers::COMMAND, Key::P);
    write(harness, words);
    press(harness, Modifiers::NONE, Key::Enter);
}

fn is_told(harness: &Harness<'_, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

/// The label or value of what has the keyboard.
fn focused(harness: &Harness<'_, App>) -> String {
    let node = harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
    node.map(|node| node.accesskit_node()).and_then(|node| node.label().or(node.value())).unwrap_or_default()
}

/// Tab until something whose name begins so has the keyboard.
fn tab_to(harness: &mut Harness<'_, App>, modifiers: Modifiers, name: &str) {
    let mut passed = Vec::new();
    for _ in 0..60 {
        let now = focused(harness);
        if now.starts_with(name) {
            return;
        }
        passed.push(now);
        harness.key_press_modifiers(modifiers, Key::Tab);
        harness.run_ok();
    }
    panic!("no Tab leads to “{name}”: {passed:?}");
}

/// F6 until the first field of a panel has the keyboard.
fn go_to_panel(harness: &mut Harness<'_, App>, field: &str) {
    for _ in 0..4 {
        press(harness, Modifiers::NONE, Key::F6);
        if focused(harness) == field {
            return;
        }
    }
    panic!("F6 does not lead to “{field}”, but to “{}”", focused(harness));
}

/// What the program put on the clipboard in this frame.
fn copied(harness: &Harness<'_, App>) -> Option<String> {
    harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    })
}

/// Journey (c).
#[test]
fn a_branch_is_copied_into_another_project() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    go_to_step(&mut harness, "Page views");
    // The branch along its wires.
    for _ in 0..3 {
        press(&mut harness, Modifiers::ALT | Modifiers::SHIFT, Key::ArrowRight);
    }
    assert!(is_told(&harness, "4 steps"), "the selection is told");
    harness.event(Event::Copy);
    let mut text = None;
    for _ in 0..5 {
        harness.step();
        text = text.or_else(|| copied(&harness));
    }
    let text = text.expect("the steps are on the clipboard");
    assert!(text.contains("Visitors per page"), "{text}");

    let elsewhere = tempfile::tempdir().unwrap();
    let mut other = designer(elsewhere.path(), Vec::new(), [1920.0, 1400.0]);
    wait(&mut other, "the start", |_| true);
    press(&mut other, Modifiers::COMMAND, Key::N);
    other.event(Event::Paste(text));
    wait(&mut other, "the branch", |app| app.project().steps.len() == 4);
    let project = other.state().project();
    let mut titles: Vec<&str> = project.steps.values().map(|step| step.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(titles, ["Not static files", "Page", "Page views", "Visitors per page"]);
    assert_eq!(project.wires.len(), 3, "with its inner wires");
    press(&mut other, Modifiers::COMMAND, Key::Z);
    assert!(other.state().project().steps.is_empty(), "one step of undo");
}

/// Journey (d).
#[test]
fn a_row_is_followed_from_an_answer_to_its_line_and_back() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    go_to_step(&mut harness, "Failed transactions");
    press(&mut harness, Modifiers::COMMAND, Key::L);
    wait(&mut harness, "the lines", |_| true);
    assert!(is_told(&harness, "app.jsonl, line "), "the lines behind the answer");
    go_to_panel(&mut harness, "Raw lines");
    tab_to(&mut harness, Modifiers::NONE, "Where line ");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "where it goes", |_| true);
    assert!(is_told(&harness, "of “failed_transactions”") || is_told(&harness, "of “Failed transactions”"));
    // Back: the row of the answer is shown.
    tab_to(&mut harness, Modifiers::NONE, "row ");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "the row", |_| true);
    assert!(is_told(&harness, "Rows of "), "the preview shows the rows again");
    press(&mut harness, Modifiers::COMMAND, Key::L);
    wait(&mut harness, "its line", |_| true);
    assert!(is_told(&harness, "Lines behind row "), "of that one row");

    // A row that nothing keeps tells who left it out.
    go_to_step(&mut harness, "Application log");
    press(&mut harness, Modifiers::COMMAND, Key::L);
    wait(&mut harness, "the lines", |_| true);
    go_to_panel(&mut harness, "Raw lines");
    tab_to(&mut harness, Modifiers::NONE, "Where line ");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "where it goes", |_| true);
    assert!(is_told(&harness, "left out at"), "the first line is no failed payment");
    assert!(is_told(&harness, "Failed payments"));
}

/// Journey (g).
#[test]
fn a_dial_is_moved_and_the_worst_bar_is_looked_into() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    go_to_step(&mut harness, "Bad experience per hour");
    let before = harness.state().rows("bad", "out").unwrap();
    // The card's first stop is its threshold: a press of an arrow is half a second, Enter stays there.
    go_to_panel(&mut harness, "Slow above");
    let moved = |app: &App| app.rows("bad", "out").is_some_and(|rows| rows != before);
    press(&mut harness, Modifiers::NONE, Key::ArrowUp);
    press(&mut harness, Modifiers::NONE, Key::PageUp);
    wait(&mut harness, "the answer follows the dial", moved);
    let slow_after = |app: &App| app.project().parameters["par-slow"].default.clone();
    assert_eq!(slow_after(harness.state()), Some(8.5.into()));
    press(&mut harness, Modifiers::COMMAND, Key::A);
    write(&mut harness, "5");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(slow_after(harness.state()).and_then(|value| value.as_f64()), Some(5.0));
    assert_eq!(focused(&harness), "Slow above", "Enter takes the number and stays");

    tab_to(&mut harness, Modifiers::SHIFT, "What differs there?");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "what differs", |_| true);
    assert!(is_told(&harness, "Failed or slow") || is_told(&harness, "goes with"));
    go_to_step(&mut harness, "Bad experience per hour");
    go_to_panel(&mut harness, "Slow above");
    tab_to(&mut harness, Modifiers::SHIFT, "Raw lines");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "raw lines", |_| true);
    assert!(is_told(&harness, "access.log, line "));
    command(&mut harness, "Undo");
    wait(&mut harness, "the dial as it was", |app| app.rows("bad", "out") == Some(before));
}

#[test]
fn behind_a_sample_all_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("many.csv");
    let lines: String = (0..400_000).map(|n| format!("{n},{}\n", n % 7)).collect();
    std::fs::write(&file, format!("id,rest\n{lines}")).unwrap();
    let mut harness = designer(home.path(), vec![file], [1600.0, 1000.0]);
    wait(&mut harness, "the rows", |app| app.project().steps.len() == 1);
    let since = std::time::Instant::now();
    while !is_told(&harness, "exact 400,000 rows") {
        harness.step();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(since.elapsed() < std::time::Duration::from_secs(90), "the whole is counted");
    }
}

/// A meeting: from a question over its threshold and its worst bar to the lines behind it, then all answers one by one,
/// and one page of them for those who were not there.
#[test]
fn a_question_is_followed_to_its_lines_and_all_answers_are_shown_and_written() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    command(&mut harness, "Which services need more resources");
    let sentence = "recommendations: busy in 442 of 476 samples (93 %)";
    assert!(is_told(&harness, sentence), "the question leads to its answer");
    go_to_panel(&mut harness, "Busy above");
    press(&mut harness, Modifiers::COMMAND, Key::A);
    write(&mut harness, "0.95");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "the answer", |app| app.rows("answer_services", "out").is_some());
    assert!(!is_told(&harness, sentence), "the answer follows its threshold");
    tab_to(&mut harness, Modifiers::SHIFT, "What differs there?");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "what differs", |_| true);
    assert!(is_told(&harness, "“Goes with” is not “caused by”"));
    go_to_panel(&mut harness, "What differs");
    tab_to(&mut harness, Modifiers::NONE, "What differs where");
    tab_to(&mut harness, Modifiers::NONE, "Raw lines");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "the lines", |_| true);
    assert!(is_told(&harness, "metrics.prom, line "), "lines with their places");
    command(&mut harness, "Undo");

    press(&mut harness, Modifiers::NONE, Key::F11);
    wait(&mut harness, "the answers", |_| true);
    press(&mut harness, Modifiers::NONE, Key::Home);
    let sentences = [
        "101 users in all; the most in an hour is 6: 3 March 2026, 14:00–15:00 UTC",
        "“/search”: 416 visitors; 56 % of 737 in all",
        sentence,
        "73 failed transactions: 41 with release 2.8.0 of payments, since 3 March 2026 17:05 UTC",
    ];
    for (number, sentence) in sentences.iter().enumerate() {
        assert!(is_told(&harness, &format!("answer {} of 4", number + 1)) && is_told(&harness, sentence), "{sentence}");
        press(&mut harness, Modifiers::NONE, Key::ArrowRight);
    }
    press(&mut harness, Modifiers::NONE, Key::Escape);
    command(&mut harness, "Export the answers");
    let page = home.path().join("meeting.html");
    tab_to(&mut harness, Modifiers::NONE, "Share file");
    press(&mut harness, Modifiers::COMMAND, Key::A);
    write(&mut harness, &page.display().to_string());
    press(&mut harness, Modifiers::NONE, Key::Enter);
    wait(&mut harness, "the page", |_| page.exists());
    let text = std::fs::read_to_string(&page).unwrap();
    assert!(sentences.iter().all(|sentence| text.contains(sentence)), "{text}");
}
