//! Laws of edits and files: undo∘apply is the identity, saving is canonical, nothing unknown is lost.

use serde_json::json;

use super::*;

fn insert(into: &str, item: Json) -> Edit {
    Edit::Insert { into: into.into(), item, place: Place::Last }
}

fn set(id: &str, field: &str, new: Json) -> Edit {
    Edit::Set { id: id.into(), field: field.into(), old: None, new }
}

fn small() -> Project {
    let mut project = Project::new("small");
    let edits = [
        insert("steps", json!({"id": "tbl-1", "kind": "table", "title": "Rows"})),
        insert("steps", json!({"id": "flt-1", "kind": "filter", "title": "Bad", "settings": {"predicate": "a > 1"}})),
        insert("steps", json!({"id": "cmp-1", "kind": "compute", "title": "More", "settings": {"columns": []}})),
        insert("wires", json!({"id": "w-1", "from": "tbl-1", "to": "flt-1"})),
        insert("cmp-1.columns", json!({"id": "c-1", "name": "b", "expression": "a + 1"})),
        insert("cmp-1.columns", json!({"id": "c-2", "name": "c", "expression": "a + 2"})),
    ];
    project.apply(&edits).unwrap();
    project
}

fn text(project: &Project) -> String {
    to_text(project)
}

#[test]
fn a_refused_batch_changes_nothing_and_says_which_edit() {
    let mut project = small();
    let before = text(&project);
    let error = project.apply(&[set("flt-1", "title", json!("x")), Edit::Remove { id: "flt-9".into() }]).unwrap_err();
    assert!(error.message.contains("edit 2 of 2"), "{error}");
    assert!(error.message.contains("did you mean `flt-1`"), "{error}");
    assert_eq!(text(&project), before);
}

#[test]
fn removing_a_step_takes_its_wires_and_undo_brings_both_back() {
    let mut project = small();
    let before = text(&project);
    let undo = project.apply(&[Edit::Remove { id: "tbl-1".into() }]).unwrap();
    assert!(project.wires.is_empty());
    project.apply(&undo).unwrap();
    assert_eq!(text(&project), before);
}

#[test]
fn what_was_said_of_a_thing_goes_with_it_and_comes_back() {
    let mut project = small();
    let said = [
        insert("comments", json!({"id": "com-1", "about": "w-1", "text": "all of them?", "author": "Ann"})),
        insert("comments", json!({"id": "com-2", "about": "w-1", "answers": "com-1", "text": "yes"})),
        insert("comments", json!({"id": "com-3", "about": "tbl-1", "text": "old", "resolved": true})),
    ];
    project.apply(&said).unwrap();
    assert!(check_invariants(&project).is_empty());
    assert_eq!((project.open_threads("w-1"), project.open_threads("tbl-1")), (1, 0));
    let thread = &project.threads(Some("w-1"))[0];
    assert_eq!((thread.comment.id.as_str(), thread.answers.len()), ("com-1", 1));
    assert_eq!(project.said_of(thread.comment).unwrap(), "wire from “Rows” to “Bad”");
    let before = text(&project);
    let undo = project.apply(&[Edit::Remove { id: "tbl-1".into() }]).unwrap();
    assert!(project.comments.is_empty(), "the wire's go with the wire");
    project.apply(&undo).unwrap();
    assert_eq!(text(&project), before);
    let undo = project.apply(&[Edit::Remove { id: "com-1".into() }]).unwrap();
    assert_eq!(project.comments.len(), 1, "an answer goes with what it answers");
    project.apply(&undo).unwrap();
    assert_eq!(text(&project), before);
    assert_eq!(text(&load(&before).unwrap().0), before);
    let away = [Edit::Remove { id: "com-2".into() }, set("com-3", "about", json!("tbl-9"))];
    project.apply(&away).unwrap();
    assert_eq!(check_invariants(&project)[0].code, "PW0524");
    let found = changes(&small(), &project);
    let comments = found.iter().filter(|change| change.collection == "comments");
    assert_eq!(comments.map(|change| change.title.as_str()).collect::<Vec<_>>(), ["all of them?", "old"]);
}

#[test]
fn circles_double_wires_and_taken_ids_are_refused() {
    let mut project = small();
    let refused = |project: &mut Project, edit: Edit| project.apply(&[edit]).unwrap_err().message;
    assert!(
        refused(&mut project, insert("wires", json!({"id": "w-2", "from": "flt-1", "to": "tbl-1"}))).contains("circle")
    );
    assert!(
        refused(&mut project, insert("wires", json!({"id": "w-2", "from": "cmp-1", "to": "flt-1"})))
            .contains("has a wire already")
    );
    assert!(refused(&mut project, insert("steps", json!({"id": "c-1", "kind": "filter"}))).contains("taken"));
    assert!(
        refused(&mut project, insert("step", json!({"id": "x", "kind": "filter"}))).contains("did you mean `steps`")
    );
}

#[test]
fn an_edit_that_expects_another_value_is_refused() {
    let mut project = small();
    let stale = Edit::Set { id: "c-1".into(), field: "expression".into(), old: Some(json!("a")), new: json!("b") };
    assert!(project.apply(&[stale]).unwrap_err().message.contains("changed meanwhile"));
}

#[test]
fn history_undoes_and_redoes_and_joins_typing() {
    let (mut project, mut history) = (small(), History::default());
    let before = text(&project);
    for typed in ["a", "a >", "a > 2"] {
        history
            .apply(&mut project, "edit condition", &[set("flt-1", "settings.predicate", json!(typed))], true)
            .unwrap();
    }
    let after = text(&project);
    history.undo(&mut project).unwrap().unwrap();
    assert_eq!(text(&project), before);
    history.redo(&mut project).unwrap().unwrap();
    assert_eq!(text(&project), after);
    history.undo(&mut project).unwrap().unwrap();
    assert!(history.undo(&mut project).is_none());
    // Two fields that change together are one as well; other fields are not.
    for typed in ["b", "b >", "b > 3"] {
        let both = [set("flt-1", "settings.predicate", json!(typed)), set("flt-1", "title", json!(typed))];
        history.apply(&mut project, "edit both", &both, true).unwrap();
    }
    history.apply(&mut project, "edit title", &[set("flt-1", "title", json!("other"))], true).unwrap();
    history.undo(&mut project).unwrap().unwrap();
    assert_eq!(project.steps["flt-1"].title, "b > 3");
    history.undo(&mut project).unwrap().unwrap();
    assert_eq!(text(&project), before);
    assert!(history.undo(&mut project).is_none());
}

/// A random edit, often a foolish one.
fn random_edit(random: &mut fastrand::Rng, project: &Project) -> Edit {
    let mut ids: Vec<String> =
        project.steps.keys().chain(project.wires.keys()).chain(project.notes.keys()).cloned().collect();
    for step in project.steps.values() {
        let lists = step.settings.values().filter_map(Json::as_array).flatten();
        ids.extend(lists.filter_map(|item| Some(item.get("id")?.as_str()?.to_owned())));
    }
    ids.extend(project.requests.keys().cloned());
    ids.push("nobody".into());
    let id = ids[random.usize(..ids.len())].clone();
    let other = ids[random.usize(..ids.len())].clone();
    let fresh = format!("n-{}", random.u32(..200));
    match random.u8(..11) {
        0 => insert("steps", json!({"id": fresh, "kind": "filter", "title": "F", "x": random.i32(-9..9)})),
        1 => insert("wires", json!({"id": fresh, "from": id, "to": other})),
        2 => insert("notes", json!({"id": fresh, "text": "t", "x": 1, "y": 2})),
        3 => Edit::Remove { id },
        4 => set(&id, "title", json!(fresh)),
        5 => set(&id, "settings.predicate", json!(fresh)),
        6 => Edit::Insert {
            into: format!("{id}.columns"),
            item: json!({"id": fresh, "name": "n"}),
            place: Place::After(other),
        },
        7 => Edit::Move { id, place: if random.bool() { Place::First } else { Place::After(other) } },
        8 => insert("requests", json!({"id": fresh, "title": "R", "unlocks": ["q"]})),
        9 => set(&id, "status", json!(if random.bool() { "delivered" } else { "lost" })),
        _ => set(&id, "expression", if random.bool() { Json::Null } else { json!("1") }),
    }
}

#[test]
fn random_edits_keep_invariants_and_undo_to_the_start() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut project, mut history) = (small(), History::default());
        let start = text(&project);
        for _ in 0..40 {
            let edits: Vec<Edit> = (0..random.usize(1..4)).map(|_| random_edit(&mut random, &project)).collect();
            let before = text(&project);
            if history.apply(&mut project, "random", &edits, false).is_err() {
                assert_eq!(text(&project), before, "seed {seed}: a refused batch changed something");
            }
            assert_eq!(check_invariants(&project), [], "seed {seed} after {edits:?}");
            let (again, _) = load(&text(&project)).unwrap();
            assert_eq!(text(&again), text(&project), "seed {seed}: load∘save");
        }
        let end = text(&project);
        while let Some(undone) = history.undo(&mut project) {
            undone.unwrap();
        }
        assert_eq!(text(&project), start, "seed {seed}");
        while let Some(redone) = history.redo(&mut project) {
            redone.unwrap();
        }
        assert_eq!(text(&project), end, "seed {seed}");
    }
}

#[test]
fn what_is_not_known_is_kept_and_warned_about() {
    let written =
        r#"{"pipewright": 1, "name": "p", "stepz": [1], "steps": [{"id": "a", "kind": "oracle", "titel": "T"}]}"#;
    let (project, diagnostics) = load(written).unwrap();
    let messages: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect();
    assert_eq!(messages, ["unknown key `stepz`; did you mean `steps`?", "unknown key `titel`; did you mean `title`?"]);
    let saved = text(&project);
    assert!(saved.contains("stepz") && saved.contains("titel") && saved.contains("oracle"));
    assert_eq!(text(&load(&saved).unwrap().0), saved);
}

#[test]
fn what_is_not_known_inside_an_item_is_kept_too() {
    let schema = json!({"own": 1, "fields": [
        {"name": "a", "type": "String", "doc": "A", "labels": {"clasification": "secret"}}]});
    let written = json!({"pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "S", "schema": schema, "format": {"name": "csv", "optoins": 2},
            "planned": {"status": "asked", "note": 3, "values": {"a": {"max_length": 4}}},
            "declaration": {"kind": "ddl", "file": "a.sql", "name": "a", "version": 5, "schema": {"fields": []}}}],
        "steps": [{"id": "in", "kind": "planned_source", "title": "In", "settings": {"source": "s"}}],
        "tests": [{"id": "t", "step": "in", "expected": {"out": {"rows": [], "seen": 6, "schema": schema}}}]});
    let (mut project, told) = load(&written.to_string()).unwrap();
    let messages: Vec<&str> = told.iter().map(|one| one.message.as_str()).collect();
    let wanted = [
        "unknown key `optoins` at `format`; did you mean `options`?",
        "unknown key `own` at `schema`",
        "unknown key `doc` at `schema.a`",
        "unknown key `clasification` at `schema.a.labels`; did you mean `classification`?",
        "unknown key `note` at `planned`",
        "unknown key `max_length` at `planned.values.a`",
        "unknown key `version` at `declaration`",
        "unknown key `seen` at `expected.out`",
    ];
    for one in wanted {
        assert!(messages.iter().any(|message| message.starts_with(one)), "{one}: {messages:?}");
    }
    // An edit of a neighbour loses nothing, and neither does a save.
    let set = Edit::Set { id: "s".into(), field: "planned.status".into(), old: None, new: json!("agreed") };
    project.apply(&[set]).unwrap();
    let saved: Json = serde_json::from_str(&text(&load(&text(&project)).unwrap().0)).unwrap();
    let mut expected = written["sources"][0].clone();
    expected["planned"]["status"] = json!("agreed");
    for part in ["schema", "format", "declaration"] {
        assert_eq!(saved["sources"][0][part], expected[part], "{part}");
    }
    assert_eq!(saved["sources"][0]["planned"]["note"], json!(3));
    assert_eq!(saved["sources"][0]["planned"]["values"], expected["planned"]["values"]);
    assert_eq!(saved["tests"][0]["expected"], written["tests"][0]["expected"]);
    // It stays with the project: a pipeline has no use for it.
    let made = crate::plan::plan(&project);
    assert!(!made.has_errors(), "{:?}", made.diagnostics);
    let plan = serde_json::to_string(&made).unwrap_or_else(|_| format!("{made:?}"));
    assert!(!plan.contains("clasification") && !plan.contains("optoins"), "{plan}");
}

#[test]
fn what_could_not_be_read_again_is_refused() {
    let mut project = Project::new("p");
    let path = |levels: usize| format!("vocabulary{}", ".a".repeat(levels));
    let set = |field: String, new: Json| Edit::Set { id: "project".into(), field, old: None, new };
    assert_eq!(project.apply(&[set(path(200), json!(1))]).unwrap_err().code, "PW0517");
    let deep = (0..90).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(project.apply(&[set(path(20), deep.clone())]).unwrap_err().code, "PW0517");
    project.apply(&[set(path(5), deep)]).unwrap();
    load(&text(&project)).unwrap();
}

#[test]
fn newer_and_foreign_files_are_refused_with_what_to_do() {
    assert!(load(r#"{"pipewright": 2}"#).unwrap_err().help.unwrap().contains("newer Pipewright"));
    assert!(load(r#"{"name": "x"}"#).is_err());
    assert_eq!(load("{\n  \"pipewright\": 1,\n  oops\n}").unwrap_err().location.line, Some(3));
    assert!(
        load(r#"{"pipewright": 1, "steps": [{"id": "a", "kind": "x"}, {"id": "a", "kind": "y"}]}"#)
            .unwrap_err()
            .message
            .contains("twice")
    );
}
