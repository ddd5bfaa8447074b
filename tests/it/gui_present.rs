//! Journeys through answers by the keyboard alone: the worked example opened from nothing, its answers presented and
//! written as one page; a question, its answer, its threshold, what differs there, and the rows behind.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;

use crate::gui::{designer, replace, wait};

/// The worked example, opened from the start screen by the keyboard.
fn example(home: &std::path::Path, size: [f32; 2]) -> Harness<'static, App> {
    let mut harness = designer(home, Vec::new(), size);
    harness.run_ok();
    harness.get_by_label("Open the worked example").focus();
    harness.run_ok();
    harness.key_press(Key::Enter);
    wait(&mut harness, "the example", |app| {
        ["answer_bad", "answer_pages", "answer_services", "answer_failed"]
            .iter()
            .all(|id| app.rows(id, "out").is_some())
    });
    harness
}

/// Ctrl+P, what is typed there, Enter.
fn search(harness: &mut Harness<'_, App>, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_ok();
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run_ok();
    harness.key_press(Key::Enter);
    harness.run_ok();
}

#[test]
fn the_example_opens_as_an_unsaved_copy_and_its_answers_are_presented_and_written() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = example(home.path(), [1280.0, 720.0]);
    assert!(!harness.state().is_dirty(), "nothing was changed yet");
    assert!(harness.query_by_label_contains("not saved yet").is_some());
    let project = harness.state().project();
    let data = project.parameters.values().find(|parameter| parameter.name == "data").unwrap();
    let folder = home.path().join("example").display().to_string();
    assert_eq!(data.default, Some(serde_json::Value::from(folder)), "the data need no repository");

    harness.key_press(Key::F11);
    wait(&mut harness, "the answers", |_| true);
    let sentences = [
        "101 users in all; the most in an hour is 6: 3 March 2026, 14:00–15:00 UTC",
        "“/search”: 416 visitors; 56 % of 737 in all",
        "recommendations: busy in 442 of 476 samples (93 %)",
        "73 failed transactions: 41 with release 2.8.0 of payments, since 3 March 2026 17:05 UTC",
    ];
    for (at, sentence) in sentences.iter().enumerate() {
        assert!(harness.query_by_label(sentence).is_some(), "{sentence}");
        assert!(harness.query_by_label(&format!("shop · answer {} of 4", at + 1)).is_some());
        assert!(harness.query_by_label("Not in this number").is_some());
        harness.key_press(Key::ArrowRight);
        harness.run_ok();
    }
    assert!(harness.query_by_label(sentences[3]).is_some(), "the last one stays");
    // Tab goes through the ways on from left to right, and what is warned of can be opened.
    harness.key_press(Key::Home);
    harness.run_ok();
    let mut passed = Vec::new();
    for _ in 0..4 {
        harness.key_press(Key::Tab);
        harness.run_ok();
        let node = harness.root().children_recursive().find(|node| node.accesskit_node().is_focused());
        passed.extend(node.and_then(|node| node.accesskit_node().label()));
    }
    assert_eq!(passed[1..], ["Next  →", "Export…", "Close  Esc"], "{passed:?}");
    assert!(passed[0].ends_with("about the data"), "the design has no problems: {passed:?}");
    harness.get_by_label(&passed[0]).click();
    harness.run_ok();
    assert!(harness.query_all_by_label_contains("values that do not fit").next().is_some());
    harness.key_press(Key::Escape);
    harness.run_ok();
    assert!(harness.query_all_by_label_contains("values that do not fit").next().is_none());
    harness.key_press(Key::Home);
    harness.run_ok();
    assert!(harness.query_by_label(sentences[0]).is_some());
    assert!(harness.query_by_label_contains("Lines of users over hour (UTC)").is_some(), "the chart has a text");
    harness.key_press(Key::PageDown);
    harness.key_press(Key::PageUp);
    harness.run_ok();
    assert!(harness.query_by_label(sentences[0]).is_some());
    harness.key_press(Key::Escape);
    harness.run_ok();
    assert!(harness.query_by_label(sentences[0]).is_none());

    search(&mut harness, "Export the answers");
    let page = home.path().join("answers.html");
    replace(&mut harness, "Share file", &page.display().to_string());
    harness.key_press(Key::Enter);
    wait(&mut harness, "the page", |_| page.exists());
    let text = std::fs::read_to_string(&page).unwrap();
    for sentence in sentences {
        assert!(text.contains(sentence), "{sentence}");
    }
    assert!(text.contains("prefers-color-scheme:dark") && !text.contains("<script"));
}

#[test]
fn from_a_question_to_its_answer_its_threshold_and_what_differs_there() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = example(home.path(), [2560.0, 1440.0]);
    search(&mut harness, "Which services need more resources");
    assert!(harness.query_by_label("recommendations: busy in 442 of 476 samples (93 %)").is_some(), "its card");
    // The threshold of the card: typed, the answer follows.
    harness.get_by_role_and_label(egui::accesskit::Role::SpinButton, "Busy above").focus();
    harness.run_ok();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text("0.95".to_owned()));
    harness.key_press(Key::Enter);
    wait(&mut harness, "the answer", |app| app.rows("answer_services", "out").is_some());
    assert!(harness.query_by_label("recommendations: busy in 442 of 476 samples (93 %)").is_none(), "another number");
    harness.get_by_label("What differs there?").focus();
    harness.run_ok();
    harness.key_press(Key::Enter);
    wait(&mut harness, "what differs", |_| true);
    assert!(harness.query_by_label_contains("“Goes with” is not “caused by”").is_some());
    // From a value that stands out to the lines of the sources behind it; one of them is copied.
    let first = harness.get_all_by_label("Raw lines").nth(1).unwrap();
    first.focus();
    harness.run_ok();
    harness.key_press(Key::Enter);
    wait(&mut harness, "the lines", |_| true);
    assert!(harness.query_by_label_contains("Lines behind the rows of").is_some());
    let line = harness.get_all_by_label_contains("metrics.prom, line ").next();
    assert!(line.is_some(), "a line with its place");
    // Back along the wire to the source: its rows are the lines themselves.
    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    harness.run_ok();
    wait(&mut harness, "the source", |_| true);
    assert!(harness.query_by_label_contains("Prometheus").is_some());
}

#[test]
fn a_ready_made_question_is_suggested_with_few_keys() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = example(home.path(), [1280.0, 720.0]);
    harness.get_by_label("Who looks for holes?").focus();
    harness.run_ok();
    harness.key_press(Key::Enter);
    harness.run_ok();
    // From the canvas to what is shown of the question.
    let is_there = |harness: &Harness<App>| harness.get_by_label("Suggest a flow").is_focused();
    for key in [Key::F6, Key::F6, Key::Tab, Key::Tab, Key::Tab, Key::Tab] {
        if !is_there(&harness) {
            harness.key_press(key);
            harness.run_ok();
        }
    }
    assert!(is_there(&harness));
    harness.key_press(Key::Enter);
    wait(&mut harness, "the suggestion", |_| true);
    assert!(harness.query_all_by_label("Accept all").next().is_some());
}

#[test]
fn a_place_to_drop_files_is_clicked_and_folders_can_be_typed() {
    let home = tempfile::tempdir().unwrap();
    let logs = home.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    for day in 1..3 {
        std::fs::write(logs.join(format!("{day}.csv")), "status,page\n200,/a\n500,/b\n").unwrap();
    }
    let mut harness = designer(home.path(), Vec::new(), [1280.0, 720.0]);
    harness.run_ok();
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Drop a log here").click();
    harness.run_ok();
    replace(&mut harness, "Open path", &logs.join("*.csv").display().to_string());
    harness.key_press(Key::Enter);
    wait(&mut harness, "the source", |app| {
        app.project().steps.keys().next().is_some_and(|step| app.rows(step, "out") == Some(4))
    });
}

#[test]
fn small_windows_leave_the_canvas_at_least_half() {
    let home = tempfile::tempdir().unwrap();
    let harness = example(home.path(), [1280.0, 720.0]);
    let canvas = harness.get_by_label_contains("canvas, ").rect();
    assert!(canvas.area() >= 1280.0 * 720.0 / 2.0, "{canvas:?}");
}
