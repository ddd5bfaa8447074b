//! The designer and others: a file that changes on the disk, a second window, journals of crashes. Nothing of anybody's
//! is written over without a question.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use pipewright::gui::App;
use pipewright_core::project::{Edit, Place, Project, read_file, save_file, to_text};
use serde_json::json;

use crate::gui::{add_step, designer, replace, step_of, wait, wait_for_text};

const SIZE: [f32; 2] = [1280.0, 720.0];

fn saved(folder: &Path) -> PathBuf {
    let path = folder.join("p.pipewright.json");
    save_file(&path, &Project::new("p")).unwrap();
    path
}

/// What somebody else makes of the file.
fn changed_by_others(path: &Path) -> String {
    let mut theirs = read_file(path).unwrap().0;
    let item = json!({"id": "note-theirs", "text": "theirs", "x": 0, "y": 0});
    theirs.apply(&[Edit::Insert { into: "notes".into(), item, place: Place::Last }]).unwrap();
    let text = to_text(&theirs);
    fs::write(path, &text).unwrap();
    text
}

fn click(harness: &mut Harness<'_, App>, button: &str) {
    harness.get_by_role_and_label(Role::Button, button).click();
    harness.run_ok();
}

fn press_save(harness: &mut Harness<'_, App>) {
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::S);
    harness.run_ok();
}

fn opened(home: &Path, path: &Path) -> Harness<'static, App> {
    let mut harness = designer(home, vec![path.to_owned()], SIZE);
    wait(&mut harness, "the project", |app| app.project().name == "p");
    harness
}

fn journals(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains(".journal")).collect();
    names.sort();
    names
}

fn wait_for_journals(folder: &Path, count: usize) -> Vec<String> {
    let since = Instant::now();
    loop {
        let found = journals(folder);
        if found.len() == count {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_file_that_others_change_is_offered_and_reloaded() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    let mut harness = opened(home.path(), &path);
    changed_by_others(&path);
    wait_for_text(&mut harness, "changed on the disk");
    click(&mut harness, "Compare");
    wait_for_text(&mut harness, "notes, only in the file: “theirs”");
    harness.get_all_by_role_and_label(Role::Button, "Reload").last().unwrap().click();
    wait(&mut harness, "their note", |app| app.project().notes.contains_key("note-theirs"));
    assert!(harness.query_by_label_contains("changed on the disk").is_none());
}

#[test]
fn a_save_over_what_others_wrote_asks_first() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    let mut harness = opened(home.path(), &path);
    add_step(&mut harness, "Filter");
    let theirs = changed_by_others(&path);
    press_save(&mut harness);
    wait_for_text(&mut harness, "The file has changed on the disk");
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    click(&mut harness, "Cancel");
    assert!(harness.state().is_dirty());
    press_save(&mut harness);
    wait_for_text(&mut harness, "The file has changed on the disk");
    click(&mut harness, "Save anyway");
    wait(&mut harness, "the save", |app| !app.is_dirty());
    assert_eq!(read_file(&path).unwrap().0.steps.len(), 1);
    assert_eq!(fs::read_to_string(home.path().join(".p.before")).unwrap(), theirs);
}

#[test]
fn what_is_kept_against_the_file_is_saved_once_that_was_chosen() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    let mut harness = opened(home.path(), &path);
    changed_by_others(&path);
    wait_for_text(&mut harness, "changed on the disk");
    click(&mut harness, "Keep mine");
    assert!(harness.state().is_dirty(), "the file has something else");
    press_save(&mut harness);
    wait(&mut harness, "the save", |app| !app.is_dirty());
    assert!(read_file(&path).unwrap().0.notes.is_empty());
    // Another change is asked about again.
    add_step(&mut harness, "Filter");
    let theirs = changed_by_others(&path);
    press_save(&mut harness);
    wait_for_text(&mut harness, "The file has changed on the disk");
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
}

#[test]
fn of_two_windows_the_second_sees_the_holder_and_has_its_own_journal() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    let mut first = opened(home.path(), &path);
    let mut second = opened(home.path(), &path);
    assert!(first.query_by_label_contains("This project is open elsewhere").is_none());
    wait_for_text(&mut second, "This project is open elsewhere");
    assert!(second.query_by_label_contains(&format!("process {}", std::process::id())).is_some());
    add_step(&mut first, "Filter");
    add_step(&mut second, "Sort");
    wait_for_journals(home.path(), 2);
    let before = fs::read_to_string(&path).unwrap();
    press_save(&mut second);
    wait_for_text(&mut second, "The project is open elsewhere");
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    click(&mut second, "Cancel");
    press_save(&mut first);
    wait(&mut first, "the save", |app| !app.is_dirty());
    drop(first);
    // The holder is gone; what it saved is still not written over.
    let since = Instant::now();
    loop {
        press_save(&mut second);
        std::thread::sleep(Duration::from_millis(100));
        second.run_ok();
        if second.query_by_label("The file has changed on the disk").is_some() {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(20));
        click(&mut second, "Cancel");
    }
    assert_eq!(read_file(&path).unwrap().0.steps.len(), 1);
    click(&mut second, "Cancel");
    // Nobody holds it any more.
    let since = Instant::now();
    while second.query_by_label_contains("This project is open elsewhere").is_some() {
        assert!(since.elapsed() < Duration::from_secs(20), "the line of the holder stays");
        std::thread::sleep(Duration::from_millis(50));
        second.run_ok();
    }
}

#[test]
fn of_changes_over_which_the_file_is_loaded_again_the_user_decides_at_once() {
    for answer in ["Apply what still fits", "Give up the changes", "Later"] {
        let home = tempfile::tempdir().unwrap();
        let path = saved(home.path());
        let mut harness = opened(home.path(), &path);
        add_step(&mut harness, "Filter");
        wait_for_journals(home.path(), 1);
        changed_by_others(&path);
        wait_for_text(&mut harness, "changed on the disk");
        click(&mut harness, "Reload");
        wait_for_text(&mut harness, "What becomes of the unsaved changes?");
        assert!(harness.query_by_label_contains("not closed properly").is_none());
        assert!(harness.state().project().notes.contains_key("note-theirs"));
        click(&mut harness, answer);
        if answer == "Apply what still fits" {
            wait(&mut harness, "the step", |app| step_of(app, "filter").is_some());
            press_save(&mut harness);
            wait(&mut harness, "the save", |app| !app.is_dirty());
            let now = read_file(&path).unwrap().0;
            assert_eq!((now.steps.len(), now.notes.len()), (1, 1));
        } else {
            assert!(step_of(harness.state(), "filter").is_none());
        }
        // What was decided on is not asked again; what was not is.
        wait_for_journals(home.path(), usize::from(answer == "Later"));
    }
}

#[test]
fn a_save_in_the_place_of_a_file_that_is_gone_asks_first() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut harness = opened(home.path(), &path);
    add_step(&mut harness, "Filter");
    fs::remove_file(&path).unwrap();
    press_save(&mut harness);
    wait_for_text(&mut harness, "The file is gone from its place");
    assert!(!path.exists());
    click(&mut harness, "Save anyway");
    wait(&mut harness, "the save", |app| !app.is_dirty());
    assert_eq!(read_file(&path).unwrap().0.steps.len(), 1);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
}

#[test]
fn a_design_whose_file_is_gone_is_not_saved_any_more() {
    for damage in ["gone", "empty", "nonsense"] {
        let home = tempfile::tempdir().unwrap();
        let path = saved(home.path());
        let mut harness = opened(home.path(), &path);
        assert!(!harness.state().is_dirty());
        match damage {
            "gone" => fs::remove_file(&path).unwrap(),
            "empty" => fs::write(&path, "").unwrap(),
            _ => fs::write(&path, "<<<<<<< HEAD").unwrap(),
        }
        // Whoever ends the program now is asked.
        wait(&mut harness, damage, |app| app.is_dirty());
    }
}

#[test]
fn a_policy_that_is_another_than_the_pinned_one_is_not_pinned_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let policy = home.path().join("policy.json");
    fs::write(&policy, r#"{"policy": 1}"#).unwrap();
    let path = home.path().join("p.pipewright.json");
    let design = json!({"pipewright": 1, "name": "p",
        "policy": {"organisation": {"path": "policy.json", "sha256": "0".repeat(64)}}});
    fs::write(&path, design.to_string()).unwrap();
    let mut harness = opened(home.path(), &path);
    wait(&mut harness, "the pin's problem", |app| app.problems().iter().any(|problem| problem.code == "PW1008"));
    for _ in 0..20 {
        harness.step();
        std::thread::sleep(Duration::from_millis(50));
    }
    let app = harness.state();
    assert!(app.problems().iter().any(|problem| problem.code == "PW1008"), "{:?}", app.problems());
    assert_eq!(app.project().policy["organisation"]["sha256"], "0".repeat(64));
    assert!(!app.is_dirty());
}

#[test]
fn what_was_out_of_reach_is_no_problem_once_the_project_is_trusted() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join("elsewhere")).unwrap();
    fs::write(home.path().join("elsewhere/rows.csv"), "a,b\n1,x\n2,y\n").unwrap();
    let project = home.path().join("project/p.pipewright.json");
    fs::create_dir_all(project.parent().unwrap()).unwrap();
    let design = json!({"pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "Rows", "path": "../elsewhere/rows.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "a", "type": "Int"}, {"name": "b", "type": "String"}]}}],
        "steps": [{"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}}]});
    fs::write(&project, design.to_string()).unwrap();
    let mut harness = opened(home.path(), &project);
    wait_for_text(&mut harness, "wants to read outside of its folder");
    wait(&mut harness, "the warning", |app| {
        app.problems().iter().any(|problem| problem.message.contains("only the declaration"))
    });
    click(&mut harness, "Trust this project");
    wait(&mut harness, "no warning", |app| app.problems().iter().all(|problem| problem.code != "PW0750"));
    assert!(harness.query_by_label_contains("wants to read outside").is_none());
}

#[test]
fn columns_that_are_read_again_keep_what_was_said_of_them() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("rows.csv"), "a,b,c\n1,x,3\n2,y,4\n").unwrap();
    let project = home.path().join("p.pipewright.json");
    let design = json!({"pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "Rows", "path": "rows.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "a", "type": "Int", "doc": "A"},
                {"name": "b", "type": "String", "labels": {"classification": "secret"}}]}}],
        "steps": [{"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}}]});
    fs::write(&project, design.to_string()).unwrap();
    let mut harness = opened(home.path(), &project);
    harness
        .query_all_by_label_contains("In, File")
        .find(|node| node.accesskit_node().role() == Role::Button)
        .unwrap()
        .click();
    harness.run_ok();
    click(&mut harness, "Recognise format and columns again");
    wait(&mut harness, "the new column", |app| {
        app.project().sources["s"].schema.as_ref().is_some_and(|schema| schema.has("c"))
    });
    let fields = &json!(harness.state().project().sources["s"])["schema"]["fields"];
    assert_eq!(fields[0]["doc"], json!("A"));
    assert_eq!(fields[1]["labels"], json!({"classification": "secret"}));
}

#[test]
fn a_save_elsewhere_that_is_given_up_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    fs::create_dir_all(at("one")).unwrap();
    fs::create_dir_all(at("two")).unwrap();
    fs::write(at("one/rows.csv"), "a\n1\n").unwrap();
    fs::write(at("two/taken.pipewright.json"), "mine").unwrap();
    let path = at("one/p.pipewright.json");
    let design = json!({"pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "Rows", "path": "rows.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "a", "type": "Int"}]}}]});
    fs::write(&path, design.to_string()).unwrap();
    let mut harness = opened(home.path(), &path);
    for (place, told) in [("two/taken", "There is a file of that name"), ("nowhere/new", "cannot be saved")] {
        harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::S);
        harness.run_ok();
        replace(&mut harness, "Save to", &at(place).to_string_lossy());
        click(&mut harness, "Save");
        wait_for_text(&mut harness, told);
        if harness.query_by_role_and_label(Role::Button, "Cancel").is_some() {
            click(&mut harness, "Cancel");
        }
        assert_eq!(harness.state().project().sources["s"].path, "rows.csv", "{place}");
        assert!(!harness.state().is_dirty(), "{place}");
    }
    assert_eq!(fs::read_to_string(at("two/taken.pipewright.json")).unwrap(), "mine");
    // What failed is not said any more once it went well.
    harness.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::S);
    harness.run_ok();
    replace(&mut harness, "Save to", &at("two/free").to_string_lossy());
    click(&mut harness, "Save");
    wait(&mut harness, "the save", |app| app.project().sources["s"].path == "../one/rows.csv");
    assert!(harness.query_all_by_label_contains("cannot be saved").next().is_none());
}

#[test]
fn no_name_of_a_stranger_pushes_the_window_apart() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("project/p.pipewright.json");
    fs::create_dir_all(project.parent().unwrap()).unwrap();
    let long = "N\n\u{202e}".repeat(1000);
    let design = json!({"pipewright": 1, "name": long, "notes": [{"id": "note-a", "text": "a", "x": 0, "y": 0}],
        "sources": [{"id": "s", "title": long, "path": format!("../{}", "e/\n".repeat(1500)), "format": {"name": "csv"},
            "schema": {"fields": [{"name": long, "type": "Int"}]}}],
        "steps": [{"id": "in", "kind": "file", "title": long, "settings": {"source": "s"}}]});
    fs::write(&project, design.to_string()).unwrap();
    let mut harness = designer(home.path(), vec![project], SIZE);
    wait(&mut harness, "the project", |app| app.project().notes.contains_key("note-a"));
    wait_for_text(&mut harness, "wants to read outside of its folder");
    let trust = harness.get_by_role_and_label(Role::Button, "Trust this project").rect();
    assert!(trust.max.y < 140.0, "{trust:?}");
    let menu: Vec<egui::Rect> = ["Undo", "Export", "Run"]
        .iter()
        .flat_map(|label| harness.query_all_by_label_contains(label).map(|node| node.rect()).collect::<Vec<_>>())
        .filter(|rect| rect.max.y < 60.0)
        .collect();
    assert!(menu.len() >= 3 && menu.iter().all(|rect| rect.max.x <= SIZE[0]), "{menu:?}");
}

#[test]
fn untitled_designs_have_a_journal_each_and_a_running_one_is_not_offered() {
    let home = tempfile::tempdir().unwrap();
    let untitled = |kind: &str| {
        let mut harness = designer(home.path(), Vec::new(), SIZE);
        wait(&mut harness, "the start screen", |_| true);
        std::thread::sleep(Duration::from_millis(200));
        harness.run_ok();
        assert!(harness.query_by_label("Recover").is_none(), "what runs is not offered");
        click(&mut harness, "New project");
        add_step(&mut harness, kind);
        harness
    };
    let first = untitled("Filter");
    wait_for_journals(home.path(), 1);
    let second = untitled("Sort");
    wait_for_journals(home.path(), 2);
    // Both crash.
    drop((first, second));
    std::thread::sleep(Duration::from_millis(300));
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let mut harness = designer(home.path(), Vec::new(), SIZE);
        wait_for_text(&mut harness, "Recover unsaved work?");
        click(&mut harness, "Recover");
        wait(&mut harness, "the step", |app| app.project().steps.len() == 1);
        kinds.push(harness.state().project().steps.values().next().unwrap().kind.clone());
        // It is closed without being saved, by choice.
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Q);
        harness.run_ok();
        click(&mut harness, "Do not save");
        wait_for_journals(home.path(), 2 - kinds.len());
    }
    kinds.sort();
    assert_eq!(kinds, ["filter", "sort"]);
}

#[test]
fn a_journal_whose_project_changed_is_kept_and_offered() {
    let home = tempfile::tempdir().unwrap();
    let path = saved(home.path());
    let mut harness = opened(home.path(), &path);
    add_step(&mut harness, "Filter");
    wait_for_journals(home.path(), 1);
    drop(harness);
    std::thread::sleep(Duration::from_millis(300));
    changed_by_others(&path);
    // Offered, not decided on, and offered again.
    for _ in 0..2 {
        let mut harness = opened(home.path(), &path);
        wait_for_text(&mut harness, "Apply what still fits");
        assert!(journals(home.path())[0].starts_with(".p.journal-"), "it has a name of its own");
        drop(harness);
        std::thread::sleep(Duration::from_millis(300));
    }
    std::thread::sleep(Duration::from_millis(300));
    let mut harness = opened(home.path(), &path);
    wait_for_text(&mut harness, "Apply what still fits");
    click(&mut harness, "Keep as a copy");
    wait_for_text(&mut harness, "kept as");
    let copy = read_file(&home.path().join("p-recovered-1.pipewright.json")).unwrap().0;
    assert_eq!((copy.steps.len(), copy.notes.len()), (1, 0));
    assert!(step_of(harness.state(), "filter").is_none());
}

#[test]
fn of_a_project_that_is_gone_or_damaged_what_a_crash_left_is_saved_as_a_copy() {
    for damage in ["gone", "empty", "nonsense"] {
        let home = tempfile::tempdir().unwrap();
        let path = saved(home.path());
        let mut harness = opened(home.path(), &path);
        add_step(&mut harness, "Filter");
        wait_for_journals(home.path(), 1);
        drop(harness);
        std::thread::sleep(Duration::from_millis(300));
        match damage {
            "gone" => fs::remove_file(&path).unwrap(),
            "empty" => fs::write(&path, "").unwrap(),
            _ => fs::write(&path, "<<<<<<< HEAD").unwrap(),
        }
        let mut harness = designer(home.path(), vec![path.clone()], SIZE);
        wait_for_text(&mut harness, "p-recovered-1");
        let kept = home.path().join("p-recovered-1.pipewright.json");
        let copy = read_file(&kept).unwrap().0;
        assert_eq!((copy.name.as_str(), copy.steps.len()), ("p", 1), "{damage}");
        // A journal is its owner's alone.
        #[cfg(unix)]
        if damage == "gone" {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // Not once more at the next look.
        assert_eq!(journals(home.path()), [""; 0], "{damage}");
    }
}

#[cfg(unix)]
#[test]
fn a_long_notice_stays_in_the_window() {
    let home = tempfile::tempdir().unwrap();
    let theirs = home.path().join("theirs");
    fs::create_dir_all(&theirs).unwrap();
    saved(home.path());
    let path = theirs.join("p.pipewright.json");
    std::os::unix::fs::symlink(home.path().join("p.pipewright.json"), &path).unwrap();
    let mut harness = opened(home.path(), &path);
    add_step(&mut harness, "Filter");
    press_save(&mut harness);
    wait_for_text(&mut harness, "it is not trusted; nothing was saved");
    let told = harness.get_by_label_contains("it is not trusted; nothing was saved").rect();
    assert!(told.left() > 0.0 && told.right() < SIZE[0], "{told:?}");
}
