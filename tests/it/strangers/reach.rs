//! What is read: a project of a stranger sees its own folder, and what its user names.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{lead, path, pipewright, run, run_ok, targets_here, texts};

const SECRET: &str = "canary-4711";

/// A project whose source is elsewhere.
fn project(folder: &Path, source: &str, has_schema: bool) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let mut reads = json!({"id": "src", "title": "In", "path": source});
    if has_schema {
        reads["format"] = json!({"name": "lines"});
        reads["schema"] = json!({"fields": [{"name": "line", "type": "String"}]});
    }
    let file = folder.join("p.pipewright.json");
    let text = json!({
        "pipewright": 1, "name": "p", "sources": [reads],
        "parameters": [{"id": "par", "name": "where", "type": "String", "default": "../private"}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src"}},
            {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "out.csv", "format": "csv"}}
        ],
        "wires": [{"id": "w", "from": "read", "to": "load"}]
    });
    fs::write(&file, text.to_string()).unwrap();
    file
}

#[test]
fn no_verb_reads_outside_of_the_folder_until_the_project_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private")).unwrap();
    fs::create_dir_all(at("p")).unwrap();
    fs::write(at("private/notes.log"), format!("{SECRET}\n")).unwrap();
    std::os::unix::fs::symlink(at("private/notes.log"), at("p/link.log")).unwrap();
    std::os::unix::fs::symlink(at("private"), at("p/links")).unwrap();
    let absolute = path(&at("private/notes.log")).to_owned();
    let sources = [
        &absolute,
        "../private/notes.log",
        "../private/*.log",
        "../*/notes.log",
        "link.log",
        "links/notes.log",
        "links/*",
        "l*",
        "../private",
        "links",
        "${where}/notes.log",
        "${where:-x}/*",
    ];
    for source in sources {
        for has_schema in [false, true] {
            let file = project(&at("p"), source, has_schema);
            let (out, file) = (path(&at("out")).to_owned(), path(&file));
            let verbs: [&[&str]; 12] = [
                &["check", file],
                &["preview", file, "--step", "read"],
                &["run", file, "--out", &out],
                &["run", file, "--out", &out, "--dry-run"],
                &["export", file, "--target", "pipeline", "--out", &out],
                &["export", file, "--target", "duckdb", "--out", &out],
                &["plan", file, "--findings"],
                &["plan", file, "--meanings"],
                &["plan", file, "--volume"],
                &["sources", file],
                &["test", file],
                &["plan", file, "--coverage"],
            ];
            for verb in verbs {
                let (code, said, talk) = run(verb);
                assert!(!said.contains(SECRET) && !talk.contains(SECRET), "{source} {verb:?}: {said} {talk}");
                if verb[0] == "run" || has_schema && ["preview", "export"].contains(&verb[0]) {
                    assert!(
                        code != 0 && talk.contains("not trusted") && talk.contains("--trust"),
                        "{source} {verb:?}: {talk}"
                    );
                }
                for found in below(&at("out")) {
                    let bytes = fs::read(&found).unwrap();
                    assert!(
                        !String::from_utf8_lossy(&bytes).contains(SECRET),
                        "{source} {verb:?}: {}",
                        found.display()
                    );
                }
                let _ = fs::remove_dir_all(at("out"));
            }
            if has_schema && !source.contains("${") {
                let (code, said, talk) = run(&["preview", file, "--step", "read", "--trust"]);
                assert!(code == 0 && said.contains(SECRET), "{source}: {talk}");
            }
        }
    }
    // What the user names is his to give.
    let file = project(&at("p"), "${where}/notes.log", true);
    let named = format!("where={}", path(&at("private")));
    let (code, _, talk) = run(&["run", path(&file), "--param", &named, "--out", path(&at("out"))]);
    assert_eq!(code, 0, "{talk}");
    assert!(fs::read_to_string(at("out/out.csv")).unwrap().contains(SECRET));
    // But not what lies beside it.
    let file = project(&at("p"), "${where}/../private/notes.log", true);
    let named = format!("where={}", path(&at("p")));
    let (code, _, talk) = run(&["run", path(&file), "--param", &named, "--out", path(&at("out"))]);
    assert!(code != 0 && talk.contains("not trusted"), "{talk}");
}

#[test]
fn values_of_an_env_file_are_what_is_written_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "parameters": [{"id": "p", "name": "p", "type": "String", "default": "x"}],
        "steps": [
            {"id": "t", "kind": "table", "title": "T", "settings": {"columns": [{"name": "n", "type": "Int"}], "rows": [[1]]}},
            {"id": "c", "kind": "compute", "title": "C", "settings": {"columns": [{"id": "c1", "name": "p", "expression": "${p}"}]}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w", "from": "t", "to": "c"}, {"id": "w2", "from": "c", "to": "out"}],
    });
    fs::write(at("p.pipewright.json"), design.to_string()).unwrap();
    let given = |written: &str| {
        fs::write(at("values"), format!("PW_P={written}\n")).unwrap();
        let mut command = pipewright();
        command.args([
            "run",
            path(&at("p.pipewright.json")),
            "--out",
            path(&at("out")),
            "--env-file",
            path(&at("values")),
        ]);
        let (code, _, talk) = texts(command.env("CANARY", SECRET).output().unwrap());
        assert_eq!(code, 0, "{written}: {talk}");
        let row: serde_json::Value =
            serde_json::from_str(fs::read_to_string(at("out/out.jsonl")).unwrap().trim()).unwrap();
        row["p"].as_str().unwrap().to_owned()
    };
    for (written, value) in [
        ("${CANARY}", "${CANARY}"),
        ("a$CANARY", "a$CANARY"),
        ("pa$$word", "pa$$word"),
        ("\"$CANARY b\"", "$CANARY b"),
        ("'$CANARY'", "$CANARY"),
        ("\"a\\$b\"", "a$b"),
    ] {
        assert_eq!(given(written), value, "{written}");
    }
}

#[test]
fn a_pattern_fits_no_folder_above() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private")).unwrap();
    fs::write(at("private/notes.log"), SECRET).unwrap();
    for pattern in [".?/private/*.log", ".*/private/*.log", ".[.]/private/*.log", ".*/**/nothing"] {
        let file = project(&at("p"), pattern, true);
        let (code, out, talk) = run(&["preview", path(&file), "--step", "read"]);
        assert!(code != 0 && talk.contains("no file fits"), "{pattern}: {talk}");
        assert!(!out.contains(SECRET) && !talk.contains("notes.log"), "{pattern}: {talk}");
    }
}

#[test]
fn a_pipeline_whose_operations_lack_inputs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("p")).unwrap();
    fs::write(at("p/x.log"), "a\n").unwrap();
    let file = project(&at("p"), "x.log", true);
    run_ok(&["export", path(&file), "--target", "pipeline", "--out", path(&at("bundle"))]);
    let pipeline = at("bundle/pipeline.json");
    let whole: serde_json::Value = serde_json::from_str(&fs::read_to_string(&pipeline).unwrap()).unwrap();
    for index in 0..whole["nodes"].as_array().unwrap().len() {
        for inputs in [serde_json::json!([]), serde_json::json!([0, 0, 0])] {
            let mut broken = whole.clone();
            if broken["nodes"][index]["op"] == "read" && inputs == serde_json::json!([]) {
                continue;
            }
            broken["nodes"][index]["inputs"] = inputs;
            fs::write(&pipeline, broken.to_string()).unwrap();
            let (code, _, talk) = run(&["run", path(&pipeline), "--out", path(&at("out"))]);
            assert!(code == 78 && talk.contains("PW0614"), "{index}: {code} {talk}");
        }
    }
}

/// What is there, elsewhere, is not told either.
#[test]
fn a_pattern_tells_nothing_of_other_folders() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private/deep")).unwrap();
    fs::create_dir_all(at("p/[odd] sub")).unwrap();
    fs::write(at("private/deep/id_canary.log"), "x\n").unwrap();
    std::os::unix::fs::symlink(at("private"), at("p/link")).unwrap();
    let told = |source: &str| {
        let (code, _, talk) = run(&["preview", path(&project(&at("p"), source, true)), "--step", "read"]);
        assert!(code == 1 && !talk.contains("canary"), "{source}: {talk}");
        talk
    };
    for pattern in ["*/../../private/deep/@*", "[[]odd] sub/../../private/*/@*", "*/deep/@*", "**/@*", "l*/d*/@*.log"] {
        let (there, not_there) = (pattern.replace('@', "id_"), pattern.replace('@', "no_"));
        let (one, other) = (told(&there), told(&not_there));
        assert!(one.contains("PW0750"), "{one}");
        assert_eq!(one.replace(&there, ""), other.replace(&not_there, ""));
    }
    fs::write(at("p/[odd] sub/a.log"), format!("{SECRET}\n")).unwrap();
    let (code, said, talk) = run(&["preview", path(&project(&at("p"), "[[]*/a*", true)), "--step", "read"]);
    assert!(code == 0 && said.contains(SECRET), "{talk}");
}

/// A script of a bundle is not more trusted than what it was made of.
#[test]
fn a_bundle_of_a_stranger_reads_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private")).unwrap();
    fs::create_dir_all(at("p")).unwrap();
    fs::write(at("private/notes.log"), format!("{SECRET}\n")).unwrap();
    let absolute = path(&at("private/notes.log")).to_owned();
    for target in targets_here() {
        // One that somebody trusted made it, and gives it away.
        let (file, bundle) = (project(&at("p"), &absolute, true), at(&format!("bundle-{target}")));
        let (code, _, talk) = run(&["export", path(&file), "--target", target, "--out", path(&bundle), "--trust"]);
        assert_eq!(code, 0, "{talk}");
        let script = bundle.join("run.sh");
        let run_it = |extra: &[&str]| {
            let mut command = std::process::Command::new("sh");
            command.arg(&script).arg(at("results")).args(extra).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
            texts(lead(&mut command).output().unwrap())
        };
        let (code, _, talk) = run_it(&[]);
        assert!(code != 0 && talk.contains("not trusted"), "{target}: {talk}");
        assert!(
            below(&at("results")).iter().all(|file| !fs::read_to_string(file).unwrap().contains(SECRET)),
            "{target}"
        );
        let (_, _, talk) = run_it(&["--trust"]);
        assert!(!talk.contains("not trusted"), "{target}: {talk}");
        let _ = fs::remove_dir_all(at("results"));
    }
}

#[test]
fn the_file_of_trusted_projects_is_kept_to() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private")).unwrap();
    fs::create_dir_all(at("settings")).unwrap();
    fs::write(at("private/notes.log"), format!("{SECRET}\n")).unwrap();
    let file = project(&at("p"), "../private/notes.log", true);
    let preview = || {
        let mut command = pipewright();
        command.env("PIPEWRIGHT_CONFIG", at("settings")).args(["preview", path(&file), "--step", "read"]);
        texts(command.output().unwrap())
    };
    assert_eq!(preview().0, 1);
    fs::write(at("settings/trusted"), ".\n./\n../\n#\n").unwrap();
    assert_eq!(preview().0, 1, "what is not said in full is no place");
    fs::write(at("settings/trusted"), format!("# mine\n{}\n", at("p").display())).unwrap();
    let (code, said, talk) = preview();
    assert!(code == 0 && said.contains(SECRET), "{talk}");
}

#[test]
fn a_strangers_folder_brings_no_settings() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("private")).unwrap();
    fs::write(at("private/notes.log"), format!("{SECRET}\n")).unwrap();
    let file = project(&at("p"), "../private/notes.log", true);
    for place in ["p/config/trusted", "p/config/pipewright/trusted", "p/.config/pipewright/trusted"] {
        fs::create_dir_all(at(place).parent().unwrap()).unwrap();
        fs::write(at(place), "/\n").unwrap();
    }
    for (name, value) in [("PIPEWRIGHT_CONFIG", "config"), ("XDG_CONFIG_HOME", "config"), ("HOME", ".")] {
        let mut command = pipewright();
        for other in ["PIPEWRIGHT_CONFIG", "XDG_CONFIG_HOME", "HOME"] {
            command.env_remove(other);
        }
        command.env(name, value).current_dir(at("p")).args(["preview", path(&file), "--step", "read"]);
        let (code, said, talk) = texts(command.output().unwrap());
        assert!(code == 1 && !said.contains(SECRET) && talk.contains("not trusted"), "{name}: {talk}");
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap()) {
            if entry.path().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found
}

/// Whoever opens a pipe waits for somebody at its other end.
#[test]
fn no_verb_waits_for_a_pipe_in_the_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "in.log", true);
    fs::write(at("p/in.log"), "a\n").unwrap();
    fs::create_dir_all(at("new")).unwrap();
    fs::write(at("new/a.csv"), "n\n1\n").unwrap();
    fs::create_dir_all(at("settings")).unwrap();
    let pipes = ["pipe", "settings/trusted", "settings/designer.json", "p/.p.journal", "p/.p.lock", "p/.p.lock-held"];
    for name in pipes {
        assert!(std::process::Command::new("mkfifo").arg(at(name)).status().unwrap().success());
    }
    let (file, pipe, out, line) = (path(&file), at("pipe"), at("out"), at("p/in.log"));
    let (pipe, out, line) = (path(&pipe), path(&out), path(&line));
    let new = at("new");
    let cases: [(&[&str], bool); 12] = [
        (&["check", file], true),
        (&["run", file, "--out", out], true),
        (&["check", pipe], false),
        (&["check", file, "--policy", pipe], false),
        (&["run", file, "--out", out, "--env-file", pipe], false),
        (&["verify", "--contract", pipe, line], false),
        (&["import", file, pipe], false),
        (&["apply", file, pipe], false),
        (&["read", line, "--declared", pipe], false),
        (&["sniff", pipe], false),
        (&["replace", file, "src", pipe], false),
        (&["publish", path(&new), out, "--report", "r.json", "--report-from", pipe], false),
    ];
    for (args, works) in cases {
        let mut child = pipewright()
            .args(args)
            .current_dir(folder.path())
            .env("PIPEWRIGHT_CONFIG", at("settings"))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            if begun.elapsed() > std::time::Duration::from_secs(120) {
                child.kill().unwrap();
                panic!("{args:?} waits");
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        };
        assert_eq!(ended.success(), works, "{args:?}");
    }
}

/// Events are added to a file: one that holds something else would be destroyed by the first of them.
#[test]
fn events_of_runs_go_into_no_file_that_is_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join("p").join(name);
    let file = project(&at(""), "in.log", true);
    fs::write(at("in.log"), "a\n").unwrap();
    fs::write(at("mine.jsonl"), "{\"mine\":1}\n").unwrap();
    let go = |events: &str, out: &str| {
        run(&["run", path(&file), "--out", path(&at(out)), "--openlineage", path(&at(events))])
    };
    assert_eq!(go("events.jsonl", "out").0, 0);
    for name in ["p.pipewright.json", "in.log", "mine.jsonl", "out/.pipewright.json"] {
        let before = fs::read_to_string(at(name)).unwrap();
        let (code, _, talk) = go(name, "out");
        assert!(code == 2 && talk.contains("holds no events"), "{name}: {talk}");
        assert_eq!(fs::read_to_string(at(name)).unwrap(), before);
    }
    // Nor into one of events that the run itself reads.
    let before = fs::read_to_string(at("events.jsonl")).unwrap();
    assert_eq!(before.lines().count(), 2);
    let file = project(&at(""), "events.jsonl", true);
    let (code, _, talk) =
        run(&["run", path(&file), "--out", path(&at("out")), "--openlineage", path(&at("events.jsonl"))]);
    assert!(code == 1 && talk.contains("PW0969"), "{talk}");
    assert_eq!(fs::read_to_string(at("events.jsonl")).unwrap(), before);
}
