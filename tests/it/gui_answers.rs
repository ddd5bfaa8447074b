//! The cards of answers in the designer: the sentence, the chart of what the question is about, and what is not in the
//! number.

use std::path::Path;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use pipewright::gui::App;

use crate::gui::{designer, sample, wait};

/// The worked example in a folder of its own.
fn shop(home: &Path) -> Harness<'static, App> {
    std::fs::create_dir_all(home.join("shop/samples")).unwrap();
    let file = home.join("shop/shop.pipewright.json");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/shop.pipewright.json"), &file).unwrap();
    for name in ["access.log", "app.jsonl", "metrics.prom", "users.csv", "releases.csv", "services.json"] {
        std::fs::copy(sample(name), home.join("shop/samples").join(name)).unwrap();
    }
    let mut harness = designer(home, vec![file], [2560.0, 1440.0]);
    wait(&mut harness, "the answers", |app| {
        ["answer_bad", "answer_pages", "answer_services", "answer_failed"]
            .iter()
            .all(|id| app.rows(id, "out").is_some())
    });
    harness
}

#[test]
fn each_answer_of_the_worked_example_says_its_measure_and_what_is_not_in_it() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    let cards = [
        (
            "Bad experience per hour",
            "101 users in all; the most in an hour is 6: 3 March 2026, 14:00–15:00 UTC",
            "of 262 rows have no cookie_sid: not in users",
        ),
        ("Pages by visitors", "“/search”: 416 visitors; 56 % of 737 in all", "Left out as the question says"),
        (
            "Services to expand",
            "recommendations: busy in 442 of 476 samples (93 %)",
            "of 8 rows of “Busy samples” have no match in “Owner's team”: kept without one",
        ),
        (
            "Failed transactions",
            "73 failed transactions: 41 with release 2.8.0 of payments, since 3 March 2026 17:05 UTC",
            "of 73 rows of “Failed payments” have no match in “Releases”: kept without one",
        ),
    ];
    for (title, sentence, left_out) in cards {
        harness.get_by_label_contains(&format!("{title}, Answer, ")).click();
        harness.run_ok();
        assert!(harness.query_by_label(sentence).is_some(), "{title}: {sentence}");
        assert!(harness.query_by_label("Not in this number").is_some(), "{title}");
        assert!(harness.query_by_label_contains(left_out).is_some(), "{title}: {left_out}");
    }
    // The chart is of what the question is about, and named.
    harness.get_by_label_contains("Services to expand, Answer, ").click();
    harness.run_ok();
    assert!(harness.query_by_label("share of samples that are busy by service").is_some());
    assert!(harness.query_by_label("Busy above").is_some(), "the dial of the contract");
    // Enter leads from the canvas to the card's first threshold.
    harness.get_by_label_contains("canvas, ").focus();
    harness.run_ok();
    harness.key_press(egui::Key::Enter);
    harness.run_ok();
    let dial = harness.get_by_role_and_label(egui::accesskit::Role::SpinButton, "Busy above");
    assert!(dial.is_focused(), "the dial has the keyboard");
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    // From an answer to the lines behind its peak, and back.
    harness.get_by_label_contains("Bad experience per hour, Answer, ").click();
    harness.run_ok();
    harness.get_all_by_label("Raw lines").last().unwrap().click();
    wait(&mut harness, "the lines", |_| true);
    assert!(harness.query_by_label("100 lines behind 100 of 137 rows").is_some());
    harness.get_by_label("Back to “Bad experience per hour”").click();
    harness.run_ok();
    assert!(harness.query_by_label("Not in this number").is_some(), "the card again");
    // On the step and on the wire, too.
    assert!(harness.query_by_label_contains("With owner, Join, exact, 4 unmatched").is_some());
}
