//! Journeys through the designer without a window: what a user clicks and types, found by name, and what comes of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use pipewright::gui::{App, Settings};
use pipewright_core::project::{Edit, Place, Project, save_file};
use pipewright_core::steps;
use serde_json::json;

/// A designer with files opened, its settings in a folder of the test's own.
pub fn designer(home: &Path, files: Vec<PathBuf>, size: [f32; 2]) -> Harness<'static, App> {
    let home = home.to_owned();
    Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .build_eframe(move |context| App::new(&context.egui_ctx, Some(home), Settings::default(), files))
}

/// Goes on until `is_done`; fails after half a minute.
pub fn wait(harness: &mut Harness<'_, App>, what: &str, is_done: impl Fn(&App) -> bool) {
    let since = Instant::now();
    loop {
        harness.run_ok();
        if is_done(harness.state()) && harness.state().is_idle() {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

pub fn wait_for_text(harness: &mut Harness<'_, App>, text: &str) {
    let since = Instant::now();
    while harness.query_all_by_label_contains(text).next().is_none() {
        assert!(since.elapsed() < Duration::from_secs(30), "waiting for “{text}”");
        std::thread::sleep(Duration::from_millis(20));
        harness.run_ok();
    }
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/samples").join(name)
}

pub fn step_of(app: &App, kind: &str) -> Option<String> {
    app.project().steps.values().find(|step| step.kind == kind).map(|step| step.id.clone())
}

/// Types into a field.
fn write(harness: &mut Harness<'_, App>, field: &str, text: &str) {
    harness.get_by_role_and_label(role_of(harness, field), field).focus();
    harness.run_ok();
    harness.get_by_role_and_label(role_of(harness, field), field).type_text(text);
    harness.run_ok();
}

/// Types over what a field holds.
pub fn replace(harness: &mut Harness<'_, App>, field: &str, text: &str) {
    harness.get_by_role_and_label(role_of(harness, field), field).focus();
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run_ok();
}

/// Fields of one line and of several have different roles.
fn role_of(harness: &Harness<'_, App>, field: &str) -> Role {
    let has_lines = harness.query_by_role_and_label(Role::MultilineTextInput, field).is_some();
    if has_lines { Role::MultilineTextInput } else { Role::TextInput }
}

/// From the list of steps at the left.
pub fn add_step(harness: &mut Harness<'_, App>, title: &str) {
    harness.get_by_label("Steps").click();
    harness.run_ok();
    write(harness, "Search steps", title);
    harness.get_by_role_and_label(Role::Button, title).click();
    harness.run_ok();
}

#[test]
fn a_log_is_opened_filtered_broken_mended_and_all_is_undone() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("access.log")], [1280.0, 720.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    let file = step_of(harness.state(), "file").unwrap();
    let all = harness.state().rows(&file, "out").unwrap();
    assert!(all > 10_000, "{all}");

    add_step(&mut harness, "Filter");
    wait(&mut harness, "the filter", |app| step_of(app, "filter").is_some());
    let filter = step_of(harness.state(), "filter").unwrap();
    assert_eq!(harness.state().project().wires.len(), 1, "wired to the selection");

    write(&mut harness, "Keep rows where", "stauts >= 500");
    wait(&mut harness, "the message", |app| !app.problems().is_empty());
    let told = harness.state().problems()[0].message.clone();
    assert!(told.contains("did you mean `status`"), "{told}");
    assert!(harness.query_all_by_label_contains("did you mean status").next().is_some());
    assert_eq!(
        harness.state().project().steps[&filter].settings["predicate"],
        "stauts >= 500",
        "typing is not blocked"
    );

    let undo_until = |harness: &mut Harness<'_, App>, what: &str, is_done: &dyn Fn(&App) -> bool| {
        for _ in 0..40 {
            if is_done(harness.state()) {
                return;
            }
            harness.get_by_label("Undo").click();
            harness.run_ok();
        }
        panic!("undone until {what}");
    };
    undo_until(&mut harness, "no condition", &|app| app.project().steps[&filter].settings.get("predicate").is_none());
    write(&mut harness, "Keep rows where", "status >= 500");
    wait(&mut harness, "the filter's rows", |app| app.rows(&filter, "out").is_some());
    let kept = harness.state().rows(&filter, "out").unwrap();
    assert!(0 < kept && kept < all, "{kept} of {all}");
    assert!(harness.state().problems().is_empty(), "{:?}", harness.state().problems());

    undo_until(&mut harness, "nothing", &|app| app.project().steps.is_empty());
    assert!(harness.state().project().wires.is_empty() && harness.state().project().sources.is_empty());
}

#[test]
fn what_comes_after_a_broken_step_waits_for_it() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("access.log")], [1280.0, 720.0]);
    wait(&mut harness, "the log's rows", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out").is_some()));
    add_step(&mut harness, "Filter");
    write(&mut harness, "Keep rows where", "status >= 500");
    let filter = step_of(harness.state(), "filter").unwrap();
    wait(&mut harness, "the filter's rows", |app| app.rows(&filter, "out").is_some());
    // The key that leaves the field does not leave the step.
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    add_step(&mut harness, "Limit");
    let limit = step_of(harness.state(), "limit").unwrap();
    wait(&mut harness, "the limit's rows", |app| app.rows(&limit, "out").is_some());
    assert_eq!(harness.state().project().wires.len(), 2, "wired to the filter");

    harness.get_by_label_contains("Filter, Filter").click();
    harness.run_ok();
    replace(&mut harness, "Keep rows where", "stauts >= 500");
    wait(&mut harness, "the message", |app| !app.problems().is_empty());
    assert_eq!((harness.state().rows(&filter, "out"), harness.state().rows(&limit, "out")), (None, None));
    assert!(harness.query_by_label_contains("Limit, Limit, stale").is_some(), "it waits for the filter");

    replace(&mut harness, "Keep rows where", "status >= 400");
    wait(&mut harness, "rows again", |app| app.rows(&limit, "out").is_some());
}

#[test]
fn a_file_that_is_gone_is_a_problem_of_its_step_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("users.csv");
    std::fs::copy(sample("users.csv"), &path).unwrap();
    let mut harness = designer(home.path(), vec![path.clone()], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    add_step(&mut harness, "Limit");
    wait(&mut harness, "the limit", |app| step_of(app, "limit").is_some());
    std::fs::rename(&path, home.path().join("elsewhere.csv")).unwrap();
    // A change makes the designer look again.
    harness.get_by_label_contains("users.csv, File").click();
    harness.run_ok();
    replace(&mut harness, "Path", "gone.csv");
    wait(&mut harness, "the problem", |app| app.problems().iter().any(|problem| problem.is_error()));
    let errors: Vec<_> = harness.state().problems().iter().filter(|problem| problem.is_error()).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].message.contains("there is no file"), "{errors:?}");
    assert!(harness.query_by_label_contains("Limit, Limit, stale").is_some(), "it waits for the file");
}

#[test]
fn steps_are_copied_as_text_and_pasted_with_new_ids() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    harness.event(egui::Event::Copy);
    harness.step();
    let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let text = copied.expect("the step is in the clipboard");
    assert!(text.contains("pipewright_steps"), "{text}");
    harness.event(egui::Event::Paste(text));
    wait(&mut harness, "the copy", |app| app.project().steps.len() == 2);
    assert_eq!(harness.state().project().sources.len(), 1, "both read the same source");
    let titles: Vec<&str> = harness.state().project().steps.values().map(|step| step.title.as_str()).collect();
    assert!(titles.contains(&"users.csv") && titles.contains(&"users.csv 2"), "{titles:?}");
}

#[test]
fn a_design_is_saved_run_and_exported() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    add_step(&mut harness, "Load to file");
    wait(&mut harness, "the load", |app| step_of(app, "load_file").is_some());
    let load = step_of(harness.state(), "load_file").unwrap();
    let shown = harness.state().rows(&load, "out").unwrap();

    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    harness.run_ok();
    let path = home.path().join("users.pipewright.json");
    replace(&mut harness, "Save to", &path.to_string_lossy());
    harness.get_by_role_and_label(Role::Button, "Save").click();
    wait(&mut harness, "the file", |app| !app.is_dirty());
    let (saved, diagnostics) = pipewright_core::project::read_file(&path).unwrap();
    assert_eq!((saved.steps.len(), saved.name.as_str(), diagnostics.len()), (2, "users", 0));

    harness.key_press(egui::Key::F5);
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Run").click();
    harness.run_ok();
    wait(&mut harness, "the run", |_| true);
    let written = std::fs::read_to_string(home.path().join("out/rows.csv")).unwrap();
    assert_eq!(written.lines().count() as u64, shown + 1, "a header and the rows of the preview");

    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    harness.run_ok();
    harness.get_by_role_and_label(Role::Button, "Export").click();
    harness.run_ok();
    wait(&mut harness, "the export", |_| true);
    for name in ["pipeline.json", "run.sh", "README.md", "verify.sh", "receipt"] {
        assert!(home.path().join("export/pipeline").join(name).exists(), "{name}");
    }
}

#[test]
fn shift_makes_another_shortcut() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    add_step(&mut harness, "Limit");
    wait(&mut harness, "the limit", |app| step_of(app, "limit").is_some());
    // A focused field keeps the keys of undo to itself.
    harness.key_press(egui::Key::Escape);
    harness.run_ok();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_ok();
    assert!(step_of(harness.state(), "limit").is_none());
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Z);
    harness.run_ok();
    assert!(step_of(harness.state(), "limit").is_some(), "done again, not undone further");
}

#[test]
fn a_copy_in_another_folder_reads_the_same_files() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    for folder in ["one/samples", "two/deep"] {
        std::fs::create_dir_all(at(folder)).unwrap();
    }
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/shop.pipewright.json");
    std::fs::copy(example, at("one/shop.pipewright.json")).unwrap();
    for name in ["access.log", "app.jsonl", "metrics.prom", "users.csv", "releases.csv", "services.json"] {
        std::fs::copy(sample(name), at("one/samples").join(name)).unwrap();
    }
    let mut harness = designer(home.path(), vec![at("one/shop.pipewright.json")], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().name == "shop");
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::S);
    harness.run_ok();
    replace(&mut harness, "Save to", &at("two/deep/copy").to_string_lossy());
    harness.get_by_role_and_label(Role::Button, "Save").click();
    wait(&mut harness, "the copy", |app| !app.is_dirty());
    assert!(harness.state().problems().iter().all(|problem| !problem.is_error()), "{:?}", harness.state().problems());
    let text = std::fs::read_to_string(at("two/deep/copy.pipewright.json")).unwrap();
    assert!(text.contains("\"../../one/samples\""), "{text}");
}

#[test]
fn a_problem_leads_to_its_field() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("users.csv")], [1280.0, 720.0]);
    wait(&mut harness, "the table", |app| step_of(app, "file").is_some());
    add_step(&mut harness, "Sort");
    write(&mut harness, "Title", " of users");
    wait(&mut harness, "the problem", |app| !app.problems().is_empty());
    harness.key_press(egui::Key::F7);
    harness.run_ok();
    let problem = harness.state().problems()[0].clone();
    let name = format!("{}: {}", problem.location.step.clone().unwrap(), problem.message);
    harness.get_by_role_and_label(Role::Button, &name).click();
    harness.run_ok();
    assert!(harness.query_all_by_label_contains(&problem.message).count() > 1, "in the list and under the field");
}

#[test]
fn every_form_of_every_step_kind_is_drawn() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("all.pipewright.json");
    let mut project = Project::new("all");
    for (index, kind) in steps::kinds().iter().enumerate() {
        // An example's settings fill the lists, so that the fields of items are drawn too.
        let settings: serde_json::Value = kind
            .examples()
            .first()
            .and_then(|example| serde_json::from_str(example.settings).ok())
            .unwrap_or_else(|| json!({}));
        let text = settings.to_string().replace("\"id\":\"", &format!("\"id\":\"k{index}"));
        let settings: serde_json::Value = serde_json::from_str(&text).unwrap();
        let item = json!({"id": format!("s{index:02}"), "kind": kind.name(), "title": format!("the {}", kind.title()),
            "x": 0, "y": 120 * index, "settings": settings});
        let edit = Edit::Insert { into: "steps".into(), item, place: Place::Last };
        project.apply(&[edit]).unwrap();
    }
    save_file(&path, &project).unwrap();
    let mut harness = designer(home.path(), vec![path], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().steps.len() == steps::kinds().len());
    for kind in steps::kinds() {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
        harness.run_ok();
        write(&mut harness, "Find a step", &format!("the {}", kind.title()));
        harness.key_press(egui::Key::Enter);
        harness.run_ok();
        for field in kind.form() {
            // Without a policy what only one asks for is folded away.
            let label = if field.for_policy { "For a policy" } else { field.label };
            let found = harness.query_all_by_label_contains(label).count();
            assert!(found > 0, "{}: the field “{}” is not there", kind.name(), field.label);
        }
    }
}

#[test]
fn windows_of_any_size_are_drawn() {
    let home = tempfile::tempdir().unwrap();
    for size in [[0.0, 0.0], [1.0, 1.0], [40.0, 900.0], [640.0, 400.0], [3840.0, 2160.0]] {
        let mut harness = designer(home.path(), vec![sample("users.csv")], size);
        wait(&mut harness, "the table", |app| !app.project().steps.is_empty());
    }
}

#[test]
fn edits_survive_a_crash() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("p.pipewright.json");
    save_file(&path, &Project::new("p")).unwrap();
    {
        let mut harness = designer(home.path(), vec![path.clone()], [1280.0, 720.0]);
        wait(&mut harness, "the project", |app| app.project().name == "p");
        add_step(&mut harness, "Filter");
        wait(&mut harness, "the filter", |app| step_of(app, "filter").is_some());
        assert!(harness.state().is_dirty());
        let journal = pipewright_core::project::Journal::path_for(&path);
        let since = Instant::now();
        while !journal.exists() && since.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        // The designer is dropped without closing.
    }
    // As with the end of a process, its locks go; here its thread of files ends a moment later.
    std::thread::sleep(Duration::from_millis(300));
    let again = path.clone();
    let mut harness = designer(home.path(), vec![path], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().name == "p");
    harness.get_by_label("Recover").click();
    wait(&mut harness, "the recovered step", |app| step_of(app, "filter").is_some());
    // What was undone before a crash is not offered.
    while harness.state().is_dirty() {
        harness.get_by_label("Undo").click();
        harness.run_ok();
    }
    std::thread::sleep(Duration::from_millis(200));
    drop(harness);
    std::thread::sleep(Duration::from_millis(300));
    let mut harness = designer(home.path(), vec![again], [1280.0, 720.0]);
    wait(&mut harness, "the project", |app| app.project().name == "p");
    assert!(harness.query_by_label("Recover").is_none());
}

#[test]
fn what_stands_out_in_a_dropped_log_becomes_a_flow() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), vec![sample("app.jsonl"), sample("releases.csv")], [1280.0, 900.0]);
    wait(&mut harness, "the sources", |app| {
        app.project().sources.values().filter(|one| one.schema.is_some()).count() == 2
    });
    let before = harness.state().project().steps.len();
    harness.get_by_label("Findings").click();
    harness.run_ok();
    harness.get_by_label("Look for findings").click();
    harness.run_ok();
    wait(&mut harness, "the findings", |_| true);
    let failed = harness.query_all_by_label_contains("payment_failed").count();
    assert!(failed > 0, "failed transactions are told");
    assert!(harness.query_all_by_label_contains("goes with `version` = 2.8.0").count() > 0, "and what goes with them");
    harness.get_all_by_label("+ Show the flow").next().unwrap().click();
    harness.run_ok();
    wait(&mut harness, "its rows", |app| app.project().steps.len() > before);
    assert!(harness.state().problems().iter().all(|problem| !problem.is_error()), "{:?}", harness.state().problems());
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_ok();
    assert_eq!(harness.state().project().steps.len(), before, "one undo takes the flow back");
}

#[test]
fn files_that_changed_are_looked_at_again_and_values_that_did_not_fit_show_on_the_step() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("numbers.csv");
    std::fs::write(&file, "n,t\n1,a\n2,b\n").unwrap();
    let mut harness = designer(home.path(), vec![file.clone()], [1200.0, 800.0]);
    let rows = |app: &App| step_of(app, "file").and_then(|id| app.rows(&id, "out"));
    wait(&mut harness, "the rows", |app| rows(app) == Some(2));
    assert!(harness.query_by_label_contains("unfit").is_none());
    std::fs::write(&file, "n,t\n1,a\n2,b\nx,c\n").unwrap();
    harness.event(egui::Event::WindowFocused(true));
    wait(&mut harness, "the rows of now", |app| rows(app) == Some(3));
    assert!(harness.query_by_label_contains("1 unfit").is_some(), "the step tells it");
    std::fs::remove_file(&file).unwrap();
    harness.event(egui::Event::WindowFocused(true));
    wait(&mut harness, "the fault", |app| rows(app).is_none());
}

#[test]
fn columns_are_marked_in_a_few_lines_and_read_so() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("house.log");
    let lines: String = (1..=60).map(|n| format!("#{n} ~ web-{} ~ took {}.5s\n", n % 3, n % 7)).collect();
    std::fs::write(&file, lines).unwrap();
    let mut harness = designer(home.path(), vec![file], [1280.0, 900.0]);
    wait(&mut harness, "the lines", |app| step_of(app, "file").is_some_and(|id| app.rows(&id, "out") == Some(60)));
    harness.get_by_label("Columns by example…").click();
    let until = |harness: &mut Harness<'_, App>, what: &str, label: &str| {
        let since = Instant::now();
        while harness.query_all_by_label_contains(label).next().is_none() {
            assert!(since.elapsed() < Duration::from_secs(60), "waiting for {what}");
            std::thread::sleep(Duration::from_millis(10));
            harness.run_ok();
        }
    };
    until(&mut harness, "the dialog", "Select a piece");
    // From the keyboard alone: to the piece, over it, its name.
    let mut mark = |from: usize, length: usize, name: &str| {
        harness.get_by_role_and_label(Role::MultilineTextInput, "Lines").focus();
        harness.run_ok();
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Home);
        (0..from).for_each(|_| harness.key_press(egui::Key::ArrowRight));
        (0..length).for_each(|_| harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowRight));
        harness.run_ok();
        write(&mut harness, "Name of the column", name);
        harness.key_press(egui::Key::Enter);
        harness.run_ok();
    };
    mark(1, 1, "n");
    mark(5, 5, "host");
    mark(18, 3, "seconds");
    until(&mut harness, "the pattern", "60 of 60 lines fit");
    assert!(harness.query_by_label("n Int · host String · seconds Float").is_some());
    harness.get_by_label("Read it so").click();
    wait(&mut harness, "the columns", |app| {
        app.project()
            .sources
            .values()
            .any(|source| source.format.as_ref().is_some_and(|format| format.name == "pattern"))
    });
    let source = harness.state().project().sources.values().next().unwrap().clone();
    let names: Vec<String> = source.schema.unwrap().names().map(str::to_owned).collect();
    assert_eq!(names, ["n", "host", "seconds"]);
    harness.get_by_label("Undo").click();
    wait(&mut harness, "the lines again", |app| {
        app.project().sources.values().all(|source| source.format.as_ref().is_some_and(|format| format.name == "lines"))
    });
}
