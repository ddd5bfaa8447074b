//! Journeys from questions to flows and from data to findings, in the designer without a window, as a service team
//! goes them.

use std::collections::BTreeSet;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use pipewright::gui::App;

use crate::gui::{designer, replace, sample, step_of, wait};

/// The four questions of a service team.
const QUESTIONS: [(&str, &str); 4] = [
    ("users-bad-experience", "How many users have a bad experience?"),
    ("pages-most-used", "Which pages are used most?"),
    ("what-broke-first", "What broke first?"),
    ("services-to-expand", "Which services need more resources?"),
];

/// The folder of the shop's files, dropped on an empty designer.
fn shop(home: &std::path::Path) -> Harness<'static, App> {
    let mut harness = designer(home, vec![sample("")], [1280.0, 900.0]);
    wait(&mut harness, "the sources", |app| {
        app.project().sources.values().filter(|source| source.schema.is_some()).count() == 6
    });
    harness
}

fn answer_of(app: &App, question: &str) -> Option<String> {
    let is_it = |step: &&pipewright_core::project::Step| {
        step.kind == "answer" && step.settings.get("question").and_then(|id| id.as_str()) == Some(question)
    };
    app.project().steps.values().find(is_it).map(|step| step.id.clone())
}

fn errors(app: &App) -> Vec<String> {
    app.problems().iter().filter(|problem| problem.is_error()).map(ToString::to_string).collect()
}

#[test]
fn the_questions_of_a_service_team_are_answered_from_the_keyboard() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    for (id, title) in QUESTIONS {
        let before = harness.state().project().clone();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
        harness.run_ok();
        harness.event(egui::Event::Text(title.trim_end_matches('?').to_owned()));
        harness.run_ok();
        harness.key_press(Key::Enter);
        harness.run_ok();
        wait(&mut harness, "the suggestion", |_| true);
        assert!(harness.query_all_by_label("Accept all").next().is_some(), "{id} is suggested");
        assert_eq!(harness.state().project().steps, before.steps, "a suggestion is not part of the design");

        harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        harness.run_ok();
        wait(&mut harness, "the answer", |app| {
            answer_of(app, id).is_some_and(|answer| app.rows(&answer, "out").is_some())
        });
        let answer = answer_of(harness.state(), id).unwrap();
        assert!(harness.state().rows(&answer, "out").unwrap() > 0, "{id}");
        assert_eq!(errors(harness.state()), [""; 0], "{id}");
        assert!(harness.query_by_label("Not in this number").is_some(), "the card of {id}");
    }
    for (id, _) in QUESTIONS.iter().rev() {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run_ok();
        assert_eq!(answer_of(harness.state(), id), None, "one undo takes {id} back");
    }
}

#[test]
fn a_suggestion_is_taken_in_part_turned_and_dismissed_with_the_mouse() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    let before: BTreeSet<String> = harness.state().project().steps.keys().cloned().collect();
    harness.get_by_label("Questions").click();
    harness.run_ok();
    replace(&mut harness, "Filter the questions", "bad experience");
    harness.get_all_by_label("How many users have a bad experience?").next().unwrap().click();
    harness.run_ok();
    harness.get_by_label("Suggest a flow").click();
    harness.run_ok();
    wait(&mut harness, "the suggestion", |_| true);
    harness.get_by_label("Next").click();
    harness.run_ok();
    wait(&mut harness, "the next one", |_| true);
    assert!(harness.query_all_by_label_contains("Suggestion 2 of").next().is_some());
    assert_eq!(harness.state().project().steps.len(), before.len());
    harness.get_by_label("Dismiss").click();
    harness.run_ok();
    assert!(harness.query_all_by_label("Accept all").next().is_none(), "it is gone");

    // Up to the filter only.
    harness.get_by_label("Suggest a flow").click();
    harness.run_ok();
    wait(&mut harness, "the suggestion", |_| true);
    harness.get_all_by_label_contains("Only those asked about, Filter, suggested").next().unwrap().click();
    harness.run_ok();
    harness.get_all_by_label("Accept up to here").next().unwrap().click();
    harness.run_ok();
    wait(&mut harness, "the part", |app| step_of(app, "filter").is_some());
    assert_eq!(answer_of(harness.state(), "users-bad-experience"), None, "the answer was not wanted");
    let threshold = harness.state().project().parameters.values().next().unwrap();
    assert_eq!((threshold.name.as_str(), threshold.default.clone()), ("slow_after", Some(3.0.into())));
}

#[test]
fn each_finding_of_the_shop_becomes_a_flow_with_one_action() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    harness.get_by_label("Findings").click();
    harness.run_ok();
    harness.get_by_label("Look for findings").click();
    harness.run_ok();
    wait(&mut harness, "the findings", |_| true);
    for kind in ["error burst", "slow requests", "failed transactions"] {
        assert!(harness.query_all_by_label(kind).next().is_some(), "{kind} are offered");
    }
    for accepted in 1..=3 {
        let before = harness.state().project().steps.len();
        harness.get_all_by_label("+ Show the flow").next().unwrap().click_accesskit();
        harness.run_ok();
        wait(&mut harness, "its rows", |app| app.project().steps.len() > before);
        assert_eq!(errors(harness.state()), [""; 0]);
        assert_eq!(harness.query_all_by_label("its flow is on the canvas").count(), accepted);
    }
}

#[test]
fn missing_data_is_planned_and_replaced_by_the_real_file() {
    let home = tempfile::tempdir().unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(sample("access.log")).unwrap()).into_owned();
    // Without what comes after the user agent: the duration.
    let cut = |line: &str| line.rfind('"').map_or(line.to_owned(), |end| line[..=end].to_owned());
    let short = home.path().join("access.log");
    std::fs::write(&short, text.lines().map(cut).collect::<Vec<_>>().join("\n")).unwrap();
    let mut harness = designer(home.path(), vec![short], [1280.0, 1000.0]);
    wait(&mut harness, "the source", |app| app.project().sources.values().any(|source| source.schema.is_some()));

    harness.get_by_label("Questions").click();
    harness.run_ok();
    replace(&mut harness, "Filter the questions", "bad experience");
    harness.get_all_by_label("How many users have a bad experience?").next().unwrap().click();
    harness.run_ok();
    assert!(harness.query_by_label("one field away").is_some());
    harness.get_by_label("Suggest a flow").click();
    harness.run_ok();
    wait(&mut harness, "what is missing", |_| true);
    assert!(harness.query_by_label("What is missing").is_some());
    harness.get_by_label("Plan this data").click();
    harness.run_ok();
    wait(&mut harness, "the suggestion on planned data", |app| app.project().sources.len() == 2);
    assert_eq!(harness.state().project().requests.len(), 1);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_ok();
    let rows = |app: &App| app.rows(&answer_of(app, "users-bad-experience")?, "out");
    wait(&mut harness, "made-up rows", |app| rows(app).is_some());
    assert!(rows(harness.state()).unwrap() > 0);
    assert!(step_of(harness.state(), "planned_source").is_some());

    harness.get_by_label("Sources").click();
    harness.run_ok();
    harness.get_by_label("The data is here…").click();
    harness.run_ok();
    replace(&mut harness, "File", &sample("access.log").display().to_string());
    harness.get_by_label("Look at it").click();
    harness.run_ok();
    wait(&mut harness, "what differs", |_| true);
    assert!(harness.query_all_by_label_contains("was not declared").next().is_some(), "differences are listed");
    harness.get_by_label("Replace").click();
    harness.run_ok();
    wait(&mut harness, "the real rows", |app| rows(app).is_some() && step_of(app, "planned_source").is_none());
    let project = harness.state().project();
    assert_eq!(project.sources.len(), 1, "the planned one is gone");
    assert!(project.requests.values().all(|request| !request.status.is_open()), "the request is delivered");
    assert_eq!(errors(harness.state()), [""; 0]);
}

#[test]
fn a_meaning_is_confirmed_and_an_own_question_is_asked_in_words() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("access.log")], [1280.0, 1400.0]);
    wait(&mut harness, "the source", |app| app.project().sources.values().any(|source| source.schema.is_some()));
    harness.get_by_label("Confirm the meaning of status").click_accesskit();
    harness.run_ok();
    wait(&mut harness, "the meaning", |_| true);
    let source = harness.state().project().sources.values().next().unwrap();
    assert_eq!(source.meanings["status"], "http.response.status_code");

    harness.get_by_label("Questions").click();
    harness.run_ok();
    harness.get_by_label("+ Ask a question of your own").click();
    harness.run_ok();
    replace(&mut harness, "The question in words", "how many requests per day where errors by method");
    wait(&mut harness, "the question", |app| {
        app.project().questions.values().any(|question| question.contract.is_some())
    });
    let question = harness.state().project().questions.values().next().unwrap().clone();
    assert_eq!(question.title, "How many rows per day where errors by request method?");
    harness.get_all_by_label("Suggest a flow").next().unwrap().click();
    harness.run_ok();
    wait(&mut harness, "the suggestion", |_| true);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_ok();
    wait(&mut harness, "the answer", |app| {
        answer_of(app, &question.id).is_some_and(|answer| app.rows(&answer, "out").is_some())
    });
    assert_eq!(errors(harness.state()), [""; 0]);
}

#[test]
fn coverage_shows_the_proof_of_a_cell() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = shop(home.path());
    harness.key_press(Key::F8);
    harness.run_ok();
    harness.get_by_label_contains("Which pages are used most?: can be worked out by access.log").click_accesskit();
    harness.run_ok();
    assert!(harness.query_all_by_label_contains("status is `status`").next().is_some(), "the proof names the fields");
    harness.get_by_label("Close").click();
    harness.run_ok();
    assert!(harness.query_by_label("Fields that no question uses").is_some());
}

#[test]
fn what_goes_with_some_rows_is_told_and_becomes_a_step() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("app.jsonl")], [1280.0, 1000.0]);
    wait(&mut harness, "the rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    harness.get_by_label("What differs").click();
    harness.run_ok();
    replace(&mut harness, "What differs where", "event = 'payment_failed'");
    harness.get_by_label("What goes with them?").click();
    harness.run_ok();
    wait(&mut harness, "the differences", |_| true);
    assert!(harness.query_by_label("= payments").is_some(), "failed payments come from the service of payments");
    assert!(harness.query_by_label("= payment_failed").is_none(), "the column of the condition is left out");
    harness.get_by_label("Make a step of it").click_accesskit();
    harness.run_ok();
    wait(&mut harness, "the step", |app| {
        step_of(app, "what_differs").is_some_and(|id| app.rows(&id, "out").is_some_and(|rows| rows > 0))
    });
    assert_eq!(errors(harness.state()), [""; 0]);

    replace(&mut harness, "What differs where", "nonsense =");
    harness.get_by_label("What goes with them?").click();
    harness.run_ok();
    wait(&mut harness, "the fault", |_| true);
    assert!(harness.query_by_label("Make a step of it").is_none());

    harness.get_by_label("Volume").click();
    harness.run_ok();
    harness.get_by_label("Estimate the volume").click();
    harness.run_ok();
    wait(&mut harness, "the volume", |_| true);
    assert!(harness.query_by_label("rows a day").is_some() && harness.query_by_label("source").is_some());
}

#[test]
fn data_that_must_not_go_there_is_an_error_on_its_wire() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 1400.0]);
    wait(&mut harness, "the rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    replace(&mut harness, "Must stay in", "eu");
    harness.key_press(Key::Escape);
    harness.run_ok();
    harness.get_by_label("Steps").click();
    harness.run_ok();
    replace(&mut harness, "Search steps", "Load to file");
    harness.get_all_by_label("Load to file").next().unwrap().click();
    harness.run_ok();
    replace(&mut harness, "Path", "users.csv");
    replace(&mut harness, "Place", "eu");
    wait(&mut harness, "the sound step", |app| errors(app).is_empty());
    replace(&mut harness, "Place", "us");
    wait(&mut harness, "the error", |app| !errors(app).is_empty());
    assert!(errors(harness.state())[0].contains("must stay in `eu`"), "{:?}", errors(harness.state()));
    assert!(harness.query_all_by_label_contains("must not flow here").next().is_some(), "the wire tells it");
}
