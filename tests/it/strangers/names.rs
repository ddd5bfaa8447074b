//! Hostile names and secrets: over every target and every text that is made, nothing breaks out of its place, and a
//! secret is nowhere to be seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{
    lead, path, pipewright, python, python_for, python_with_duckdb, run, run_ok, targets_here, texts,
};

/// Each would make a file `canary` where it was run.
const HOSTILE: &[&str] = &[
    "\"; touch canary; \"",
    "'; touch canary; '",
    "$(touch canary)",
    "`touch canary`",
    "${x:-$(touch canary)}",
    "a\ntouch canary\n",
    "a\r\ntouch canary\r",
    "\"\"\"\nimport os\nos.system('touch canary')\n\"\"\"",
    "'); COPY (SELECT 1) TO 'canary'; --",
    "\"); COPY (SELECT 1) TO 'canary'; --",
    "*/ COPY (SELECT 1) TO 'canary'; /*",
    "-- x\nCOPY (SELECT 1) TO 'canary';",
    "EOF\ntouch canary\n",
    "\u{2028}touch canary\u{2029}\u{85}touch canary",
    "\u{202e}yranac hcuot\u{200f}",
    "``` | <script> &quot; # [x](y) %%{init}%%",
    "\\",
    " ",
];

fn long() -> String {
    "long ' \" ` $(touch canary) ".repeat(400)
}

/// A project in which every text is a hostile one, or, of the same shape, a harmless one.
fn project(is_hostile: bool, has_nul: bool) -> Json {
    let long = long();
    let mut texts: Vec<String> = HOSTILE.iter().map(|text| (*text).to_owned()).collect();
    texts.extend([long, if has_nul { "a\0b" } else { "a b" }.to_owned(), "\u{feff}x".to_owned()]);
    if !is_hostile {
        texts = (0..texts.len()).map(|number| format!("text {number}")).collect();
    }
    // DuckDB carries no NUL in a name, and tells names apart without regard to case.
    let names: Vec<String> = texts.iter().filter(|text| !text.contains('\0')).cloned().collect();
    let columns: Vec<Json> = names.iter().map(|name| json!({"name": name, "type": "String"})).collect();
    let rows = json!([names.iter().rev().collect::<Vec<_>>()]);
    let mut steps = vec![
        json!({"id": "tab", "kind": "table", "title": texts[0], "settings": {"columns": columns, "rows": rows}}),
        json!({"id": "in", "kind": "file", "title": texts[1], "settings": {"source": "s"}}),
        json!({"id": "out-in", "kind": "load_file", "title": texts[2], "settings": {"path": "in.jsonl", "kind": "jsonl"}}),
    ];
    let mut wires = vec![json!({"id": "w-in", "from": "in", "to": "out-in"})];
    let mut before = "tab".to_owned();
    for (number, text) in texts.iter().enumerate() {
        let id = format!("f{number:02}");
        let column = names[number % names.len()].replace('"', "\"\"");
        let predicate = format!("\"{column}\" is distinct from ${{p{number}}} or true");
        steps.push(json!({"id": id, "kind": "filter", "title": text, "settings": {"predicate": predicate}}));
        wires.push(json!({"id": format!("w{number:02}"), "from": before, "to": id}));
        before = id;
    }
    let load =
        if is_hostile { "it's \"$$(touch canary)\" `touch canary`; -- ${file:-x}.jsonl" } else { "x ${file:-x}.jsonl" };
    steps.push(json!({"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": load, "kind": "jsonl"}}));
    wires.push(json!({"id": "w-out", "from": before, "to": "out"}));
    let mut parameters: Vec<Json> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| {
            json!({"id": format!("par{number:02}"), "name": format!("p{number}"), "type": "String", "default": text, "doc": text})
        })
        .collect();
    let file = if is_hostile { "$(touch canary)" } else { "x" };
    parameters.push(json!({"id": "par-file", "name": "file", "type": "String", "default": file}));
    json!({
        "pipewright": 1,
        "name": texts.join(" "),
        "sources": [{"id": "s", "title": texts[3], "path": "in.csv", "doc": texts[4]}],
        "questions": [{"id": "q", "title": texts[5], "text": texts[6]}],
        "steps": steps,
        "wires": wires,
        "parameters": parameters,
    })
}

/// Saved in a folder of its own, beside the file of its source.
fn saved(folder: &Path, name: &str, project: &Json) -> PathBuf {
    let home = folder.join(name);
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("in.csv"), "a,b\n1,x\n2,y\n").unwrap();
    let file = home.join("strange.pipewright.json");
    fs::write(&file, project.to_string()).unwrap();
    file
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files_under(&entry)) } else { found.push(entry) }
    }
    found
}

fn assert_no_canary(folder: &Path, what: &str) {
    let found: Vec<PathBuf> = files_under(folder).into_iter().filter(|file| file.ends_with("canary")).collect();
    assert!(found.is_empty(), "{what} ran what a name said: {found:?}");
    assert!(!Path::new("canary").exists(), "{what}");
}

/// Lines of every text of a bundle but those of data.
fn lines_of(bundle: &Path) -> BTreeMap<String, usize> {
    let is_code = |file: &PathBuf| ["sh", "py", "sql", "md"].iter().any(|end| file.extension() == Some(end.as_ref()));
    let files = files_under(bundle).into_iter().filter(is_code);
    files
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let ends = text.chars().filter(|c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')).count();
            (file.file_name().unwrap().to_str().unwrap().to_owned(), ends)
        })
        .collect()
}

#[test]
fn bundles_of_every_target_run_nothing_that_a_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_pipewright");
    for target in targets_here() {
        // No text of PostgreSQL holds a NUL.
        let has_nul = !target.contains("postgres");
        let strange = saved(folder.path(), &format!("strange-{target}"), &project(true, has_nul));
        let harmless = saved(folder.path(), &format!("harmless-{target}-of"), &project(false, has_nul));
        let bundle = folder.path().join(format!("bundle-{target}"));
        let other = folder.path().join(format!("harmless-{target}"));
        run_ok(&["export", path(&strange), "--target", target, "--out", path(&bundle)]);
        run_ok(&["export", path(&harmless), "--target", target, "--out", path(&other)]);
        let (found, expected) = (lines_of(&bundle), lines_of(&other));
        assert!(found.contains_key("README.md") && found.contains_key("run.sh"), "{found:?}");
        for (name, lines) in &expected {
            // Texts of SQL may hold line ends; names in its comments may not. dbt's files are called as their steps are.
            if name.ends_with(".sql") {
                let is_longer = found.get(name).map_or(target.starts_with("dbt"), |found| found >= lines);
                assert!(is_longer, "{target}: {name}");
            } else {
                assert_eq!(found[name], *lines, "{target}: {name} has another shape with hostile names");
            }
        }
        for script in ["run.sh", "verify.sh"] {
            let text = fs::read_to_string(bundle.join(script)).unwrap();
            assert_eq!(text, fs::read_to_string(other.join(script)).unwrap(), "{target}: {script} holds names");
            assert!(!text.contains("--param"), "{target}: {script} puts values on a command line");
            assert!(Command::new("sh").arg("-n").arg(bundle.join(script)).status().unwrap().success(), "{target}");
        }
        let scripts: Vec<PathBuf> =
            files_under(&bundle).into_iter().filter(|file| file.extension() == Some("py".as_ref())).collect();
        if let (false, Some(python)) = (scripts.is_empty(), python()) {
            for script in &scripts {
                let check = "import ast, sys; ast.parse(open(sys.argv[1], encoding='utf-8').read())";
                assert!(Command::new(&python).args(["-c", check]).arg(script).status().unwrap().success(), "{target}");
            }
        }
        let python = if scripts.is_empty() { Some(String::new()) } else { python_for(target) };
        let Some(python) = python else { continue };
        let out = folder.path().join(format!("out of {target}"));
        let environment = |command: &mut Command| {
            command
                .current_dir(folder.path())
                .env("PIPEWRIGHT", program)
                .env("PW_SOURCE_FOLDER", strange.parent().unwrap());
            command.env("PW_P3", "$(touch canary)'\"; touch canary").env("PW_P4", "`touch canary`");
            if !python.is_empty() {
                command.env("PYTHON", &python);
            }
            lead(command);
        };
        let mut script = Command::new(bundle.join("run.sh"));
        environment(script.arg(&out));
        let (code, stdout, stderr) = texts(script.output().unwrap());
        assert_eq!(code, 0, "{target}: {stdout}{stderr}");
        let rows = fs::read_to_string(out.join("in.jsonl")).unwrap();
        assert_eq!(rows.lines().count(), 2, "{target}: {rows}");
        let loaded = "it's \"$(touch canary)\" `touch canary`; -- $(touch canary).jsonl";
        let row: Json = serde_json::from_str(fs::read_to_string(out.join(loaded)).unwrap().trim()).unwrap();
        assert_eq!(row[HOSTILE[0]], json!("\u{feff}x"), "{target}");
        assert_eq!(row["\u{feff}x"], json!(HOSTILE[0]), "{target}");
        let mut script = Command::new(bundle.join("verify.sh"));
        environment(&mut script);
        let (code, stdout, stderr) = texts(script.output().unwrap());
        assert_eq!(code, 0, "{target}: {stdout}{stderr}");
        assert_no_canary(folder.path(), target);
    }
}

#[test]
fn names_of_parameters_are_checked_in_projects_and_pipelines() {
    let folder = tempfile::tempdir().unwrap();
    let with = |names: &[&str]| {
        let parameters: Vec<Json> = names
            .iter()
            .enumerate()
            .map(|(number, name)| json!({"id": format!("par{number}"), "name": name, "type": "String", "default": ""}))
            .collect();
        let mut project = project(false, true);
        project["parameters"].as_array_mut().unwrap().extend(parameters);
        project
    };
    let out = folder.path().join("out");
    let cases: &[(&[&str], &str)] = &[
        (&["x\"; touch canary; \""], "PW0641"),
        (&["$(touch canary)"], "PW0641"),
        (&["a\ntouch canary"], "PW0641"),
        (&["data folder"], "PW0641"),
        (&["user", "USER"], "PW0642"),
    ];
    for (names, code) in cases {
        let file = saved(folder.path(), "named", &with(names));
        for arguments in [
            vec!["check", path(&file)],
            vec!["run", path(&file), "--out", path(&out)],
            vec!["export", path(&file), "--target", "pipeline", "--out", path(&out)],
        ] {
            let (status, stdout, stderr) = run(&arguments);
            assert_ne!(status, 0, "{names:?}: {arguments:?}");
            assert!(format!("{stdout}{stderr}").contains(code), "{names:?}: {stdout}{stderr}");
        }
    }
    let good = saved(folder.path(), "good", &project(false, true));
    let bundle = folder.path().join("bundle");
    run_ok(&["export", path(&good), "--target", "pipeline", "--out", path(&bundle)]);
    let file = bundle.join("pipeline.json");
    let mut pipeline: Json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    pipeline["parameters"][0]["name"] = json!("$(touch canary)");
    fs::write(&file, pipeline.to_string()).unwrap();
    let (status, _, stderr) = run(&["run", path(&file), "--out", path(&out)]);
    assert!(status == 78 && stderr.contains("PW0641"), "{stderr}");
    assert!(!out.exists());
    assert_no_canary(folder.path(), "a name");
}

#[test]
fn a_parameter_takes_no_variable_of_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = project(false, true);
    for name in ["user", "home", "path"] {
        let parameter = json!({"id": format!("par-{name}"), "name": name, "type": "String", "default": "own"});
        project["parameters"].as_array_mut().unwrap().push(parameter);
    }
    project["steps"].as_array_mut().unwrap().push(json!({"id": "c", "kind": "compute", "title": "C", "settings": {
        "columns": [{"id": "c1", "name": "all", "expression": "${user} || ' ' || ${home} || ' ' || ${path}"}]}}));
    let wires = project["wires"].as_array_mut().unwrap();
    wires.iter_mut().find(|wire| wire["id"] == "w-in").unwrap()["to"] = json!("c");
    wires.push(json!({"id": "w-c", "from": "c", "to": "out-in"}));
    let file = saved(folder.path(), "shell", &project);
    let out = folder.path().join("out");
    let rows = |variable: Option<&str>| {
        let mut command = pipewright();
        command.args(["run", path(&file), "--out", path(&out)]).env("USER", "u").env("HOME", "h");
        variable.map(|value| command.env("PW_USER", value));
        let (code, _, talk) = texts(command.output().unwrap());
        assert_eq!(code, 0, "{talk}");
        fs::read_to_string(out.join("in.jsonl")).unwrap()
    };
    assert!(rows(None).contains("own own own"));
    assert!(rows(Some("mine")).contains("mine own own"));
    // What a run takes a preview takes.
    let mut command = pipewright();
    command.args(["preview", path(&file), "--step", "c"]).env("PW_USER", "mine");
    let (code, rows, talk) = texts(command.output().unwrap());
    assert!(code == 0 && rows.contains("mine own own"), "{talk}");
}

#[test]
fn loads_of_a_bundle_stay_inside_of_its_results() {
    let folder = tempfile::tempdir().unwrap();
    let with_path = |load: &str| {
        let mut project = project(false, true);
        let steps = project["steps"].as_array_mut().unwrap();
        steps.iter_mut().find(|step| step["id"] == "out-in").unwrap()["settings"]["path"] = json!(load);
        project
    };
    for outside in ["../x.jsonl", "/tmp/x.jsonl", "a/../../x.jsonl", "..\\x.jsonl"] {
        let file = saved(folder.path(), "outside", &with_path(outside));
        let bundle = folder.path().join("refused");
        let (code, _, talk) = run(&["export", path(&file), "--target", "duckdb", "--out", path(&bundle)]);
        // Planning refuses what it sees; the bundle refuses the rest.
        assert!(code != 0 && (talk.contains("PW0350") || talk.contains("PW0645")), "{outside}: {talk}");
        assert!(!bundle.join("pipeline.sql").exists(), "{outside}");
    }
    let Some(python) = python_with_duckdb() else { return };
    let file = saved(folder.path(), "inside", &with_path("${p0}/x.jsonl"));
    let bundle = folder.path().join("bundle");
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&bundle)]);
    let out = folder.path().join("deep/out");
    fs::create_dir_all(out.join("kept")).unwrap();
    fs::write(out.join("kept/mine.txt"), "mine").unwrap();
    let program = env!("CARGO_BIN_EXE_pipewright");
    let run_with = |value: &str| {
        let mut script = Command::new(bundle.join("run.sh"));
        script.arg(&out).env("PIPEWRIGHT", program).env("PYTHON", &python).env("PW_P0", value);
        texts(script.env("PW_SOURCE_FOLDER", file.parent().unwrap()).output().unwrap())
    };
    for value in ["..", "../..", "/tmp", "a/../../..", "a\nb", ".git"] {
        let (code, _, talk) = run_with(value);
        assert_eq!(code, 1, "{value}: {talk}");
        assert!(
            ["a load writes outside", "line end", "a hidden place"].iter().any(|told| talk.contains(told)),
            "{value}: {talk}"
        );
        let left: Vec<PathBuf> = files_under(&folder.path().join("deep"));
        assert_eq!(left, [out.join("kept/mine.txt")], "{value}");
    }
    let (code, _, talk) = run_with("sub");
    assert_eq!(code, 0, "{talk}");
    assert!(out.join("sub/x.jsonl").exists());
    assert_eq!(fs::read_to_string(out.join("kept/mine.txt")).unwrap(), "mine");
}

#[test]
fn drawings_and_tables_keep_their_shape() {
    let folder = tempfile::tempdir().unwrap();
    let strange = saved(folder.path(), "strange", &project(true, true));
    let harmless = saved(folder.path(), "harmless", &project(false, true));
    for arguments in [
        vec!["graph", "P", "--format", "mermaid"],
        vec!["graph", "P", "--format", "dot"],
        vec!["plan", "P", "--coverage", "--format", "markdown"],
        vec!["requests", "P", "--format", "markdown"],
    ] {
        let shape = |file: &Path| {
            let given: Vec<&str> = arguments.iter().map(|one| if *one == "P" { path(file) } else { one }).collect();
            let text = run_ok(&given);
            let is_end = |c: &char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{202e}' | '\0');
            let quotes = text.replace("\\\\", "").replace("\\\"", "").matches('"').count();
            (text.chars().filter(is_end).count(), if arguments[0] == "graph" { quotes } else { 0 })
        };
        assert_eq!(shape(&strange), shape(&harmless), "{arguments:?}");
    }
}

const SECRET: &str = "tr0ub4dor-and-3";

/// The harmless project with a secret, and one change.
fn with_secret(change: &dyn Fn(&mut Json)) -> Json {
    let mut project = project(false, true);
    let secret = json!({"id": "par-key", "name": "key", "type": "String", "default": "${env:STRANGERS_KEY}"});
    project["parameters"].as_array_mut().unwrap().push(secret);
    change(&mut project);
    project
}

fn step<'a>(project: &'a mut Json, id: &str) -> &'a mut Json {
    project["steps"].as_array_mut().unwrap().iter_mut().find(|step| step["id"] == id).unwrap()
}

fn told(arguments: &[&str], folder: &Path) -> (i32, String) {
    let mut command = pipewright();
    command.args(arguments).arg("--trust").env("STRANGERS_KEY", SECRET);
    let (code, stdout, stderr) = texts(command.output().unwrap());
    for text in [&stdout, &stderr] {
        assert!(!text.contains(SECRET), "{arguments:?} shows the secret: {text}");
    }
    for file in files_under(folder) {
        let bytes = fs::read(&file).unwrap();
        let is_shown = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!is_shown && !file.display().to_string().contains(SECRET), "{arguments:?}: {}", file.display());
    }
    (code, format!("{stdout}{stderr}"))
}

type Change = fn(&mut Json);

#[test]
fn a_secret_is_seen_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let changes: &[(&str, Change)] = &[
        ("f03", |project| step(project, "f03")["settings"]["predicate"] = json!("\"text 0\" <> ${key}")),
        ("f03", |project| step(project, "f03")["settings"]["predicate"] = json!("hmac('a', 'x' || ${key}) <> 'b'")),
        ("f03", |project| step(project, "f03")["settings"]["predicate"] = json!("hmac(${key}, 'x') <> 'b'")),
        ("out", |project| step(project, "out")["settings"]["path"] = json!("${key}.jsonl")),
        ("out", |project| step(project, "out")["settings"]["path"] = json!("${key:-x}.jsonl")),
        ("in", |project| project["sources"][0]["path"] = json!("${key}/in.csv")),
        ("f03", |project| step(project, "f03")["title"] = json!("of ${key}")),
        ("par", |project| project["parameters"][0]["doc"] = json!("see ${key}")),
    ];
    for (number, (place, change)) in changes.iter().enumerate() {
        let file = saved(folder.path(), &format!("secret{number}"), &with_secret(&|project| change(project)));
        let out = folder.path().join("out");
        for arguments in [
            vec!["check", path(&file)],
            vec!["run", path(&file), "--out", path(&out), "--report", "-"],
            vec!["run", path(&file), "--out", path(&out), "--dry-run"],
            vec!["export", path(&file), "--target", "pipeline", "--out", path(&out)],
        ] {
            let (code, talk) = told(&arguments, folder.path());
            assert!(code != 0 && talk.contains("PW0643"), "change {number}, {arguments:?}: {talk}");
        }
        if *place != "par" {
            let (code, talk) = told(&["preview", path(&file), "--step", place, "--output", "jsonl"], folder.path());
            assert_ne!(code, 0, "change {number}: {talk}");
        }
        told(&["plan", path(&file), "--coverage"], folder.path());
    }
}

#[test]
fn a_secret_may_be_a_key_and_a_pipeline_is_held_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let keyed: Change = |project| step(project, "f03")["settings"]["predicate"] = json!("hmac('a', ${key}) <> 'b'");
    let file = saved(folder.path(), "keyed", &with_secret(&|project| keyed(project)));
    let (bundle, out) = (folder.path().join("bundle"), folder.path().join("out"));
    let (code, talk) = told(&["run", path(&file), "--out", path(&out), "--report", "-"], folder.path());
    assert_eq!(code, 0, "{talk}");
    let (code, talk) = told(&["preview", path(&file), "--step", "f03", "--output", "jsonl"], folder.path());
    assert_eq!(code, 0, "{talk}");
    let (code, talk) = told(&["export", path(&file), "--target", "pipeline", "--out", path(&bundle)], folder.path());
    assert_eq!(code, 0, "{talk}");
    let readme = fs::read_to_string(bundle.join("README.md")).unwrap();
    assert!(readme.contains("PW_KEY") && readme.contains("a secret") && readme.contains("STRANGERS_KEY"), "{readme}");
    let pipeline = bundle.join("pipeline.json");
    let (code, talk) = told(&["run", path(&pipeline), "--param", "source_folder=.", "--dry-run"], folder.path());
    assert!(code != 78, "{talk}");
    let text = fs::read_to_string(&pipeline).unwrap();
    let edited = text.replace("hmac('a', ${key})", "'a' || ${key}");
    assert_ne!(edited, text);
    fs::write(&pipeline, edited).unwrap();
    for arguments in [vec!["run", path(&pipeline), "--out", path(&out)], vec!["check", path(&pipeline)]] {
        let (code, talk) = told(&arguments, folder.path());
        assert!(code == 78 && talk.contains("PW0643"), "{arguments:?}: {talk}");
    }
}

#[test]
fn messages_about_a_secret_do_not_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    let number: Change = |project| {
        let parameters = project["parameters"].as_array_mut().unwrap();
        parameters.iter_mut().find(|one| one["name"] == "key").unwrap()["type"] = json!("Int");
    };
    let file = saved(folder.path(), "number", &with_secret(&|project| number(project)));
    let out = folder.path().join("out");
    let (code, talk) = told(&["run", path(&file), "--out", path(&out)], folder.path());
    assert!(code == 78 && talk.contains("the secret `key` is of type Int, and its value is not"), "{talk}");
    // A line of an env-file that is broken.
    let other = tempfile::tempdir().unwrap();
    let variables = other.path().join("run.env");
    fs::write(&variables, format!("STRANGERS_KEY {SECRET}\n")).unwrap();
    let (code, talk) = told(&["run", path(&file), "--out", path(&out), "--env-file", path(&variables)], folder.path());
    assert!(code == 78 && talk.contains("line 1"), "{talk}");
}
