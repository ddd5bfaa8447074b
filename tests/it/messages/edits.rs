//! Mistakes in lists of edits; `pipewright apply` refuses them whole, and leaves the project as it was.

use std::fs;

use super::{Desk, Notes, Told, design};

/// (the list of edits, the exit code, what must be said).
pub const MISTAKES: &[Told] = &[
    // Lists that cannot be read.
    (
        r#"[{"edit": "set",}]"#,
        78,
        &["this is no list of edits", "a comma after the last item", "edits.json, line 1", "`pipewright schema edits`"],
    ),
    (r#"{"edit": "remove", "id": "bad"}"#, 78, &["an object stands where a list is wanted", "[{\"edit\": \"insert\""]),
    ("", 78, &["the file is empty (edits.json)"]),
    (
        r#"[{"edit": "delete", "id": "bad"}]"#,
        78,
        &["`delete` is not known; there are `insert`, `remove`, `set`, `move`"],
    ),
    (r#"[{"edit": "set", "id": "bad", "field": "title"}]"#, 78, &["`new` is missing"]),
    (r#"[{"edit": "remove", "id": "bad", "force": true}]"#, 78, &["the key `force` is not known"]),
    (r#"[{"id": "bad"}]"#, 78, &["`edit` is missing"]),
    (
        r#"[{"edit": "move", "id": "bad", "place": "top"}]"#,
        78,
        &["`top` is not known; there are `first`, `last`, `after`"],
    ),
    // Ids.
    (r#"[{"edit": "remove", "id": "bda"}]"#, 1, &["the id `bda`; did you mean `bad`?", "edits.json"]),
    (r#"[{"edit": "remove", "id": "Bad requests"}]"#, 1, &["by id, not by title"]),
    (
        r#"[{"edit": "set", "id": "bad", "field": "title", "new": "X"}, {"edit": "remove", "id": "bda"}]"#,
        1,
        &["edit 2 of 2: nothing in the project has the id `bda`"],
    ),
    (
        r#"[{"edit": "insert", "into": "steps", "item": {"id": "bad", "kind": "filter"}}]"#,
        1,
        &["the id `bad` is taken", "choose another"],
    ),
    (
        r#"[{"edit": "insert", "into": "steps", "item": {"kind": "filter"}}]"#,
        1,
        &["the item for `steps` has no `id`", "`flt-7k2m`"],
    ),
    (
        r#"[{"edit": "set", "id": "bad", "field": "id", "new": "b"}]"#,
        1,
        &["the id of `bad` cannot be changed", "insert another"],
    ),
    // Collections, lists, places.
    (
        r#"[{"edit": "insert", "into": "step", "item": {"id": "n", "kind": "filter"}}]"#,
        1,
        &[
            "there is no collection `step`; did you mean `steps`?",
            "the collections are teams, connections, places, sources",
        ],
    ),
    (
        r#"[{"edit": "insert", "into": "bad.columns", "item": {"id": "n"}}]"#,
        1,
        &["“Bad requests” has no list `columns`", "`predicate`"],
    ),
    (
        r#"[{"edit": "insert", "into": "bda.columns", "item": {"id": "n"}}]"#,
        1,
        &["there is no step `bda`; did you mean `bad`?"],
    ),
    (r#"[{"edit": "move", "id": "bad", "place": "first"}]"#, 1, &["`bad` is in no ordered list", "set `x` and `y`"]),
    (
        r#"[{"edit": "insert", "into": "steps", "item": {"id": "n", "kind": "compute", "settings": {"columns": [{"id": "c1"}]}}},
            {"edit": "insert", "into": "n.columns", "item": {"id": "c2"}, "place": {"after": "c9"}}]"#,
        1,
        &["edit 2 of 2: the list has no item `c9` to come after", "its items are `c1`"],
    ),
    // Fields.
    (
        r#"[{"edit": "set", "id": "bad", "field": "x", "new": "left"}]"#,
        1,
        &["`x`: the text \"left\" stands where a whole number"],
    ),
    (
        r#"[{"edit": "set", "id": "bad", "field": "kind", "new": null}]"#,
        1,
        &["`kind` is missing", "`pipewright schema project`"],
    ),
    (
        r#"[{"edit": "insert", "into": "steps", "item": {"id": "n"}}]"#,
        1,
        &["this is no item of `steps`: `kind` is missing"],
    ),
    (
        r#"[{"edit": "set", "id": "bad", "field": "settings.predicate", "old": "status > 3", "new": "status > 4"}]"#,
        1,
        &["`settings.predicate` of `bad` was changed meanwhile", "it now holds \"status >= 500\""],
    ),
    (
        r#"[{"edit": "set", "id": "bad", "field": "title.x", "new": 1}]"#,
        1,
        &["`x` cannot be set", "set the whole field"],
    ),
    (r#"[{"edit": "set", "id": "project", "field": "name", "new": ""}]"#, 1, &["the project's name must be a text"]),
    // Wires.
    (
        r#"[{"edit": "insert", "into": "wires", "item": {"id": "n", "from": "bda", "to": "load"}}]"#,
        1,
        &["the wire's `from` names no step: `bda`; did you mean `bad`?", "insert the step before the wire"],
    ),
    (
        r#"[{"edit": "insert", "into": "wires", "item": {"id": "n", "from": "log", "to": "load"}}]"#,
        1,
        &["the input `in` of “Write it” has a wire already", "remove that wire first"],
    ),
    (
        r#"[{"edit": "remove", "id": "w1"}, {"edit": "insert", "into": "wires", "item": {"id": "n", "from": "load", "to": "bad"}}]"#,
        1,
        &["edit 2 of 2", "from “Write it” to “Bad requests” would close a circle", "rows flow one way"],
    ),
];

/// Edits that are applied, with a remark.
const REMARKS: &[Told] = &[
    (
        r#"[{"edit": "set", "id": "bad", "field": "titel", "new": "X"}]"#,
        0,
        &["unknown key `titel`; did you mean `title`?", "1 edit applied"],
    ),
    (r#"[{"edit": "set", "id": "bad", "field": "predicate", "new": "X"}]"#, 0, &["set `settings.predicate`"]),
    (
        r#"[{"edit": "set", "id": "project", "field": "nam", "new": "X"}]"#,
        1,
        &["the project has no field `nam`; did you mean `name`?"],
    ),
];

#[test]
fn edits() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    for (edits, code, wanted) in MISTAKES {
        desk.write("edits.json", edits);
        notes.check_code(edits, desk.run(&["apply", "good.pipewright.json", "edits.json"]), *code, wanted);
        let kept = fs::read_to_string(desk.path("good.pipewright.json")).unwrap();
        assert_eq!(kept, design(|_| {}), "{edits} changed the project");
    }
    for (edits, code, wanted) in REMARKS {
        desk.write("good.pipewright.json", design(|_| {}));
        desk.write("edits.json", edits);
        notes.check_code(edits, desk.run(&["apply", "good.pipewright.json", "edits.json"]), *code, wanted);
    }
}

#[test]
fn edits_that_break_the_design_are_counted() {
    let desk = Desk::new();
    desk.write("edits.json", r#"[{"edit": "set", "id": "bad", "field": "settings.predicate", "new": "stauts > 3"}]"#);
    let (code, said) = desk.run(&["apply", "good.pipewright.json", "edits.json"]);
    assert!(code == 0 && said.contains("errors in the design: 1; `pipewright check` lists them"), "{said}");
}

#[test]
fn files_of_edits_that_cannot_be_read() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    desk.write("edits.json", "[]");
    let missing = desk.run(&["apply", "good.pipewright.json", "edit.json"]);
    notes.check_code(
        "a missing file",
        missing,
        78,
        &["there is no such file or folder (edit.json)", "did you mean `edits.json`?"],
    );
    notes.check_code("a folder", desk.run(&["apply", "good.pipewright.json", "."]), 78, &["it is a folder"]);
    desk.write("pipeline.json", r#"{"pipeline": 1, "name": "x"}"#);
    let pipeline = desk.run(&["apply", "pipeline.json", "edits.json"]);
    notes.check_code("a pipeline", pipeline, 78, &["this is an exported pipeline, not a project", "exported from"]);
}
