//! Mistakes in project files that are edited, merged or named by hand; `pipewright check` tells.

use serde_json::{Value as Json, json};

use super::{Desk, Notes, Told, add, design};

/// What a file holds (from the text of a right one), the exit code, what must be said.
type Text = (&'static str, fn(&str) -> String, i32, &'static [&'static str]);

/// What is done to a right project, the exit code, what must be said.
type Design = (&'static str, fn(&mut Json), i32, &'static [&'static str]);

/// Files that cannot be read as projects.
pub const TEXTS: &[Text] = &[
    (
        "a comma is missing",
        |good| good.replacen("\",\n", "\"\n", 1),
        78,
        &["this is no JSON at character", "a comma or `}` is missing", "project.json, line", "`.NAME.before`"],
    ),
    (
        "a comma too many",
        |good| good.trim_end().trim_end_matches('}').trim_end().to_owned() + ",\n}",
        78,
        &["there is a comma after the last item", "line"],
    ),
    ("a comment", |good| good.replacen('{', "{ // mine\n", 1), 78, &["there are no comments", "line 1"]),
    (
        "cut short",
        |good| good[..300].to_owned(),
        78,
        &["the text ends too early; a bracket or quote is not closed", "`.NAME.before`"],
    ),
    (
        "a merge that is not settled",
        |good| good.replacen("  ", "<<<<<<< HEAD\n  \"x\": 1,\n=======\n>>>>>>> other\n  ", 1),
        78,
        &["the file holds a merge that is not settled", "line 2", "keep one side of each conflict"],
    ),
    (
        "a key that stands twice",
        |good| good.replacen('{', "{\n  \"steps\": [],", 1),
        78,
        &["`steps` stands twice in one object", "line", "keep one of them"],
    ),
    ("nothing", |_| String::new(), 78, &["the file is empty", "`.NAME.before`", "`pipewright new DIR`"]),
    ("a list", |_| "[]".to_owned(), 78, &["this is no Pipewright project: a JSON list", "`pipewright sniff FILE`"]),
    ("a table", |_| super::LOG.to_owned(), 78, &["this is no Pipewright project", "`pipewright sniff FILE`"]),
    ("other JSON", |_| "{\"name\": \"x\"}".to_owned(), 78, &["the key `pipewright` with the file version is missing"]),
    (
        "a newer version",
        |good| good.replace("\"pipewright\": 1", "\"pipewright\": 9"),
        78,
        &["the file is of version 9; this program reads up to 1", "a newer Pipewright"],
    ),
    (
        "a version in quotes",
        |good| good.replace("\"pipewright\": 1", "\"pipewright\": \"1\""),
        78,
        &["the key `pipewright` must hold the version", "write `\"pipewright\": 1`"],
    ),
    (
        "a pipeline that is cut",
        |_| "{\"pipeline\": 1}".to_owned(),
        78,
        &["the pipeline cannot be read", "export it again"],
    ),
    ("a newer pipeline", |_| "{\"pipeline\": 7}".to_owned(), 78, &["the pipeline is of version 7", "export it again"]),
];

/// Designs that are wrong.
pub const DESIGNS: &[Design] = &[
    ("a name that is a number", |p| p["name"] = json!(5), 78, &["`name` must be a text, not 5", "double quotes"]),
    ("steps that are no list", |p| p["steps"] = json!({}), 78, &["`steps` must be a list", "each with its `id`"]),
    ("targets that are a list", |p| p["targets"] = json!([]), 78, &["`targets` must be an object"]),
    (
        "a step without id",
        |p| {
            p["steps"][1].as_object_mut().unwrap().remove("id");
        },
        78,
        &["item 2 of `steps` has no `id`", "nothing else in the file has"],
    ),
    (
        "one id twice",
        |p| p["steps"][1]["id"] = json!("log"),
        78,
        &["the id `log` stands twice in `steps`", "line", "another id"],
    ),
    (
        "one id in two lists",
        |p| p["steps"][1]["id"] = json!("src-log"),
        78,
        &["`src-log` stands in `sources` and in `steps`"],
    ),
    (
        "one id of two items of steps",
        |p| {
            let item = json!({"id": "c", "name": "x", "expression": "1"});
            add(p, "steps", json!({"id": "c1", "kind": "compute", "title": "One", "settings": {"columns": [item]}}));
            add(p, "steps", json!({"id": "c2", "kind": "compute", "title": "Two", "settings": {"columns": [item]}}));
        },
        1,
        &["step “Two”, columns.c: the id `c` stands twice: in “One” too", "another id"],
    ),
    (
        "a place that is a word",
        |p| p["steps"][1]["x"] = json!("left"),
        78,
        &["`x` of `bad` in `steps` cannot be read: the text \"left\" stands where a whole number is wanted", "line"],
    ),
    (
        "a step without kind",
        |p| {
            p["steps"][1].as_object_mut().unwrap().remove("kind");
        },
        78,
        &["`bad` in `steps` cannot be read: `kind` is missing", "line", "`pipewright schema project`"],
    ),
    (
        "a wire without end",
        |p| {
            p["wires"][1].as_object_mut().unwrap().remove("to");
        },
        78,
        &["`w2` in `wires` cannot be read: `to` is missing", "line"],
    ),
    (
        "a schema that is a list",
        |p| p["sources"][0]["schema"] = json!([{"name": "a", "type": "Int"}]),
        78,
        &["`schema` of `src-log` in `sources`", "write {\"fields\": [{\"name\": \"status\", \"type\": \"Int\"}]}"],
    ),
    (
        "a format that is a text",
        |p| p["sources"][0]["format"] = json!("csv"),
        78,
        &["`format` of `src-log`", "the text \"csv\" stands where an object is wanted", "{\"name\": \"csv\""],
    ),
    (
        "a state that questions do not have",
        |p| add(p, "questions", json!({"id": "q", "title": "Why?", "status": "done"})),
        78,
        &["`status` of `q` in `questions`", "`done` is not known; there are `asked`, `agreed`"],
    ),
    (
        "a type that is none",
        |p| p["parameters"][0]["type"] = json!("number"),
        78,
        &["`type` of `par-limit`", "the types are Boolean"],
    ),
    (
        "settings that are a list",
        |p| p["steps"][1]["settings"] = json!([]),
        78,
        &["`settings` of `bad`", "an object is wanted"],
    ),
    // Wires.
    (
        "a wire to nowhere",
        |p| p["wires"][1]["to"] = json!("lod"),
        1,
        &["the wire `w2`", "`lod`; did you mean `load`?", "correct the id"],
    ),
    (
        "no wire",
        |p| p["wires"] = json!([]),
        1,
        &["step “Bad requests”, input.in: the input `in` has no wire", "draw a wire"],
    ),
    (
        "two wires at one input",
        |p| add(p, "wires", json!({"id": "w3", "from": "log", "to": "load"})),
        1,
        &["step “Write it”, input.in: two wires end at the input `in`", "Concatenate"],
    ),
    (
        "a circle",
        |p| {
            add(p, "steps", json!({"id": "all", "kind": "concatenate", "title": "All"}));
            p["wires"][0] = json!({"id": "w1", "from": "all", "to": "bad"});
            add(p, "wires", json!({"id": "w3", "from": "bad", "to": "all"}));
        },
        1,
        &["rows would flow in a circle: “All” → “Bad requests” → “All”", "remove one of these wires"],
    ),
    (
        "an input that is none",
        |p| p["wires"][1]["input"] = json!("rows"),
        1,
        &["a wire ends at the input `rows`, which “Write it” does not have", "its inputs are `in`"],
    ),
    (
        "an output that is none",
        |p| p["wires"][1]["output"] = json!("rejected"),
        1,
        &["step “Write it”, input.in", "the output `rejected` of “Bad requests”", "its outputs are `out`"],
    ),
    // Names that are not known.
    (
        "an unknown kind",
        |p| p["steps"][1]["kind"] = json!("fliter"),
        0,
        &["`fliter`; did you mean `filter`?", "a newer version"],
    ),
    ("an unknown list", |p| p["step"] = json!([]), 0, &["unknown key `step`; did you mean `steps`?", "has no effect"]),
    (
        "an unknown key",
        |p| p["steps"][1]["titel"] = json!("x"),
        0,
        &["step “Bad requests”: unknown key `titel`; did you mean `title`?"],
    ),
    (
        "a setting beside the settings",
        |p| p["steps"][1]["predicate"] = json!("status > 3"),
        0,
        &["unknown key `predicate`", "set `settings.predicate`"],
    ),
    (
        "an unknown setting",
        |p| p["steps"][1]["settings"]["predicat"] = json!("x"),
        0,
        &["step “Bad requests”, predicat: unknown setting `predicat`; did you mean `predicate`?", "no effect"],
    ),
    (
        "a test of no step",
        |p| add(p, "tests", json!({"id": "t", "step": "bda", "expected": {}})),
        1,
        &["the test `t` names no step: `bda`; did you mean `bad`?"],
    ),
    // Parameters.
    (
        "two parameters of one name",
        |p| add(p, "parameters", json!({"id": "par-2", "name": "limit", "type": "Int"})),
        1,
        &["there are two parameters `limit`", "another name"],
    ),
    (
        "a default of another type",
        |p| p["parameters"][0]["default"] = json!("many"),
        1,
        &["no Int: \"many\"", "change the default"],
    ),
    (
        "a name that runs set",
        |p| p["parameters"][0]["name"] = json!("run.started_at"),
        1,
        &["is set by every run", "another name"],
    ),
    (
        "an unknown parameter in a path",
        |p| p["sources"][0]["path"] = json!("${limti}/log.csv"),
        1,
        &["step “Log”, source: the path `${limti}/log.csv`", "did you mean `limit`?", "correct the name"],
    ),
    (
        "a parameter that is not closed",
        |p| p["sources"][0]["path"] = json!("${limit/x"),
        1,
        &["a `${` that is not closed", "`}`"],
    ),
    // Sources.
    (
        "a source without path",
        |p| p["sources"][0]["path"] = json!(""),
        1,
        &["step “Log”, source: the source “Web log” names no file"],
    ),
    (
        "an unknown format",
        |p| p["sources"][0]["format"] = json!({"name": "cvs"}),
        1,
        &["the unknown format `cvs`; did you mean `csv`?", "the formats are"],
    ),
    (
        "an unknown option",
        |p| p["sources"][0]["format"] = json!({"name": "csv", "options": {"seperator": ";"}}),
        1,
        &["step “Log”, seperator: CSV has no option `seperator`; did you mean `separator`?", "its options are"],
    ),
    (
        "a separator of three characters",
        |p| p["sources"][0]["format"] = json!({"name": "csv", "options": {"separator": "abc"}}),
        1,
        &["step “Log”, separator: the separator `abc` is not one character"],
    ),
    (
        "a log that is not there",
        |p| p["sources"][0] = json!({"id": "src-log", "title": "Web log", "path": "lgo.csv"}),
        1,
        &["the source “Web log”: there is no file `lgo.csv`", "did you mean `log.csv`?"],
    ),
    (
        "a log that was moved",
        |p| p["sources"][0]["path"] = json!("lgo.csv"),
        0,
        &["hint", "the source “Web log” cannot be read now: there is no file `lgo.csv`", "did you mean `log.csv`?"],
    ),
    (
        "two loads of one file",
        |p| {
            let settings = json!({"kind": "csv", "path": "./out.csv"});
            add(p, "steps", json!({"id": "l2", "kind": "load_file", "title": "Again", "settings": settings}));
            add(p, "wires", json!({"id": "w3", "from": "bad", "to": "l2"}));
        },
        1,
        &["path: “Again” writes `out.csv` too", "another path"],
    ),
];

/// Files that are no project at all.
const NAMES: &[Told] = &[
    ("good.pipewrigt.json", 78, &["there is no such file or folder", "did you mean `good.pipewright.json`?"]),
    (".", 78, &["it is a folder", "name the project in it: `./good.pipewright.json`"]),
    ("log.csv", 78, &["this is no Pipewright project (log.csv)", "`pipewright sniff FILE`"]),
    ("binary.json", 78, &["it is not UTF-8 text (binary.json)", "give a `.pipewright.json` project"]),
    ("nowhere/at-all.json", 78, &["there is no such file or folder (nowhere/at-all.json)"]),
];

#[test]
fn project_files() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    for (what, text, code, wanted) in TEXTS {
        desk.write("project.json", text(&design(|_| {})));
        notes.check_code(what, desk.run(&["check", "project.json"]), *code, wanted);
    }
    for (what, change, code, wanted) in DESIGNS {
        desk.write("project.json", design(*change));
        notes.check_code(what, desk.run(&["check", "project.json"]), *code, wanted);
    }
}

#[test]
fn names_of_project_files() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    desk.write("binary.json", [0xff, 0xfe, 0x80]);
    for (name, code, wanted) in NAMES {
        for verb in ["check", "run", "graph", "test", "plan"] {
            let (found, said) = desk.run(&[verb, name]);
            let wanted: &[&str] = if verb == "graph" && *name == "." { &["it is a folder"] } else { wanted };
            notes.check_code(&format!("{verb} {name}"), (found, said), *code, wanted);
        }
    }
}

#[test]
fn the_place_in_an_expression_is_marked() {
    let desk = Desk::new();
    let change: fn(&mut Json) = |p| p["steps"][1]["settings"]["predicate"] = json!("user = 'żółw'\n  and stauts > 3");
    desk.write("project.json", design(change));
    let (code, said) = desk.run(&["check", "project.json"]);
    assert!(code == 1 && said.contains("\n  |   and stauts > 3\n  |       ^^^^^^\n"), "{said}");
}

#[test]
fn warnings_fail_where_they_are_denied() {
    let desk = Desk::new();
    desk.write("project.json", design(|p| p["steps"][1]["titel"] = json!("x")));
    let found = desk.run(&["check", "project.json", "--deny-warnings"]);
    Notes::default().check_code("deny warnings", found, 1, &["warning", "`titel`"]);
}

#[test]
fn problems_are_told_as_json_too() {
    let desk = Desk::new();
    desk.write("project.json", design(|p| p["steps"][1]["settings"]["predicate"] = json!("stauts > 3")));
    let (code, said) = desk.run(&["check", "project.json", "--format", "json"]);
    let found: Json = serde_json::from_str(&said).unwrap();
    assert_eq!((code, found[0]["where"]["step"].as_str()), (1, Some("Bad requests")), "{said}");
    assert_eq!(
        (found[0]["where"]["field"].as_str(), found[0]["where"]["span"]["end"].as_u64()),
        (Some("predicate"), Some(6))
    );
}
