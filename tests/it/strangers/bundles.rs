//! The scripts of bundles: what they run, what they replace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::{lead, path, python_with_duckdb, run, run_ok, targets_here, texts};

/// A project that loads `in.csv`, of the folder that `PW_DATA` names, to a path.
fn project(folder: &Path, output: &str, partition: &[&str]) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("in.csv"), "id,day\n1,a\n2,b\n").unwrap();
    let file = folder.join("p.pipewright.json");
    let text = json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "src", "title": "In", "path": "${data}/in.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "id", "type": "Int"}, {"name": "day", "type": "String"}]}}],
        "parameters": [{"id": "par", "name": "data", "type": "String", "default": "."}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src"}},
            {"id": "load", "kind": "load_file", "title": "Load",
                "settings": {"path": output, "kind": "csv", "partition": partition}}
        ],
        "wires": [{"id": "w", "from": "read", "to": "load"}]
    });
    fs::write(&file, text.to_string()).unwrap();
    file
}

/// Targets whose bundles are run again and again: Spark and dbt take long to start, and what their scripts share with the
/// others is tested with those.
fn quick_targets() -> impl Iterator<Item = &'static str> {
    targets_here().filter(|target| *target != "spark" && !target.starts_with("dbt"))
}

/// Runs a script with `PW_DATA` in a folder.
fn script(script: &Path, arguments: &[&str], data: &Path, here: &Path) -> (i32, String, String) {
    let Some(python) = python_with_duckdb() else { panic!("the caller has asked") };
    let mut command = Command::new(script);
    command.args(arguments).env("PW_DATA", data).current_dir(here).env("PYTHON", python);
    texts(lead(&mut command).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).output().unwrap())
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_load_without_rows_takes_the_folder_of_the_run_before() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "parts", &["day"]);
    for target in quick_targets() {
        let (bundle, out) = (at(&format!("bundle-{target}")), at(&format!("out-{target}")));
        run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
        fs::create_dir_all(at("data")).unwrap();
        for (rows, days) in [("1,a\n2,b\n", vec!["a", "b"]), ("", vec![]), ("3,c\n", vec!["c"])] {
            fs::write(at("data/in.csv"), format!("id,day\n{rows}")).unwrap();
            let run = script(&bundle.join("run.sh"), &[path(&out), "--trust"], &at("data"), folder.path());
            assert_eq!(run.0, 0, "{target}: {}", run.2);
            for day in ["a", "b", "c"] {
                let is_there = out.join(format!("parts/day={day}")).exists();
                assert_eq!(is_there, days.contains(&day), "{target} {day} of {rows:?}");
            }
        }
    }
}

#[test]
fn what_a_bundle_reads_it_does_not_replace() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (number, (output, partition)) in
        [("in.csv", vec![]), ("./in.csv", vec![]), ("data", vec!["day"])].into_iter().enumerate()
    {
        let file = project(&at("p"), output, &partition);
        for target in targets_here() {
            let (bundle, out) = (at(&format!("{target}-{number}")), at(&format!("out-{target}-{number}")));
            run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
            let data = if partition.is_empty() { out.clone() } else { out.join("data") };
            fs::create_dir_all(&data).unwrap();
            fs::write(data.join("in.csv"), "id,day\n7,x\n").unwrap();
            let (code, _, talk) = script(&bundle.join("run.sh"), &[path(&out), "--trust"], &data, folder.path());
            assert!(code == 1 && talk.contains("that this run reads"), "{target} {output}: {talk}");
            assert_eq!(text(data.join("in.csv")), "id,day\n7,x\n", "{target} {output}");
        }
    }
}

#[test]
fn what_comes_by_standard_input_is_not_replaced_either() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "a.csv", &[]);
    let design = text(&file).replace("${data}/in.csv", "${data}");
    fs::write(&file, design).unwrap();
    for target in targets_here() {
        let (bundle, out) = (at(&format!("bundle-{target}")), at(&format!("out-{target}")));
        run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("a.csv"), "id,day\n7,x\n").unwrap();
        let mut command = Command::new(bundle.join("run.sh"));
        command.args([path(&out), "--trust"]).env("PW_DATA", "-").env("PYTHON", python_with_duckdb().unwrap());
        command.stdin(fs::File::open(out.join("a.csv")).unwrap());
        let (code, _, talk) =
            texts(lead(&mut command).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).output().unwrap());
        assert!(code == 1 && talk.contains("that this run reads"), "{target}: {talk}");
        assert_eq!(text(out.join("a.csv")), "id,day\n7,x\n", "{target}");
    }
}

#[test]
fn a_bundles_report_takes_no_place_but_that_of_a_report() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (file, bundle) = (project(&at("p"), "a.csv", &[]), at("bundle"));
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&bundle)]);
    fs::write(at("report.json"), "").unwrap();
    // Nor does a module beside it run.
    fs::write(at("json.py"), "open('ran', 'w')").unwrap();
    let sql = text(bundle.join("pipeline.sql"));
    for (place, wanted) in [
        ("p/in.csv", 2),
        ("p/p.pipewright.json", 2),
        ("bundle/pipeline.sql", 2),
        ("bundle/stage.json", 2),
        ("p", 2),
        ("report.json", 0),
        ("report.json", 0),
    ] {
        let mut command = Command::new(bundle.join("run.sh"));
        command.args([path(&at("out")), "--trust"]).env("PW_DATA", at("p")).env("PYTHON", &python);
        command.env("PIPEWRIGHT_REPORT", place).current_dir(folder.path());
        let (code, _, talk) = texts(command.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).output().unwrap());
        assert_eq!(code, wanted, "{place}: {talk}");
    }
    assert_eq!((text(at("p/in.csv")), text(bundle.join("pipeline.sql"))), ("id,day\n1,a\n2,b\n".to_owned(), sql));
    assert!(text(at("report.json")).contains("\"steps\"") && !at("ran").exists());
}

#[test]
fn a_pattern_takes_nothing_that_is_hidden_or_a_receipt_for_a_source() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = project(&folder.path().join("p"), "a.csv", &[]);
    let design = text(&file).replace("${data}/in.csv", "${data}/**/*.csv");
    fs::write(&file, design).unwrap();
    for target in quick_targets() {
        let home = folder.path().join(target);
        fs::create_dir_all(home.join("data/.pipewright-0000/0/k=1")).unwrap();
        fs::create_dir_all(home.join("data/.git")).unwrap();
        for name in ["in.csv", "data/.pipewright-0000/0/k=1/part-0.csv", "data/.git/x.csv", "data/.x.csv"] {
            fs::write(home.join(name), "id,day\n7,x\n").unwrap();
        }
        run_ok(&["export", path(&file), "--target", target, "--out", path(&home.join("bundle"))]);
        assert!(home.join("bundle/receipt/expected").exists());
        for _ in 0..2 {
            let out = folder.path().join(format!("out-{target}"));
            let (code, _, talk) = script(&home.join("bundle/run.sh"), &[path(&out), "--trust"], &home, &home);
            assert_eq!(code, 0, "{talk}");
            assert_eq!(text(out.join("a.csv")), "id,day\n7,x\n", "{target}");
        }
        // Whoever names what is hidden gets it.
        let hidden = run_ok(&["read", path(&home.join("data/.git/*.csv")), "--output", "csv"]);
        assert_eq!(hidden, "id,day\n7,x\n");
    }
}

#[test]
fn a_bundle_whose_files_are_not_as_they_were_exported_puts_nothing_in_place() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, bundle) = (project(&at("p"), "a.csv", &[]), at("bundle"));
    run_ok(&["export", path(&one), "--target", "duckdb", "--out", path(&bundle)]);
    let run = || {
        let mut command = Command::new(bundle.join("run.sh"));
        command.args([path(&at("out")), "--trust"]).env("PW_DATA", at("p")).env("PYTHON", &python);
        texts(command.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).output().unwrap())
    };
    assert_eq!(run().0, 0);
    let before = fs::read(at("out/a.csv")).unwrap();
    // Other line ends, a formatter, a copy that broke off, a file of another export, no program at all.
    type Change = fn(&str) -> String;
    let changes: [(&str, Change); 5] = [
        ("pipeline.sql", |text| text.replace('\n', "\r\n")),
        ("pipeline.sql", |text| text.replace("-- The design.", "--The design.")),
        ("pipeline.sql", |text| text[..text.rfind("COPY").unwrap()].to_owned()),
        ("pipeline.sql", |text| text.replace("rows/load_", "rows/load_9")),
        ("run.py", |_| String::new()),
    ];
    for (name, change) in changes {
        let text = fs::read_to_string(bundle.join(name)).unwrap();
        fs::write(bundle.join(name), change(&text)).unwrap();
        let (code, _, talk) = run();
        assert!(code == 1 && talk.contains("not as it was exported"), "{name}: {code} {talk}");
        assert_eq!(fs::read(at("out/a.csv")).unwrap(), before);
        fs::write(bundle.join(name), text).unwrap();
    }
    assert_eq!(run().0, 0);
}

#[test]
fn a_bundle_that_is_exported_anew_while_it_runs_publishes_nothing() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, bundle) = (project(&at("p"), "a.csv", &[]), at("bundle"));
    run_ok(&["export", path(&one), "--target", "duckdb", "--out", path(&bundle)]);
    // A Pipewright that exports another design first.
    let two = project(&at("q"), "b.csv", &[]);
    let real = env!("CARGO_BIN_EXE_pipewright");
    let (wrapper, two) = (at("pipewright"), path(&two).to_owned());
    let bundle_text = path(&bundle).to_owned();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" != run ] || '{real}' export '{two}' --target duckdb --out '{bundle_text}' || exit 9\nexec '{real}' \"$@\"\n"
    );
    fs::write(&wrapper, script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = |pipewright: &Path| {
        let mut command = Command::new(bundle.join("run.sh"));
        command.args([path(&at("out")), "--trust"]).env("PW_DATA", at("p")).env("PYTHON", &python);
        texts(command.env("PIPEWRIGHT", pipewright).output().unwrap())
    };
    let (code, _, talk) = run(&wrapper);
    assert!(code == 1 && talk.contains("exported anew"), "{code} {talk}");
    assert!(!at("out/a.csv").exists() && !at("out/b.csv").exists());
    assert_eq!(run(Path::new(real)).0, 0);
    assert!(at("out/b.csv").exists());
}

#[test]
fn rows_of_any_kind_are_compared_whatever_the_file_is_called() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = project(&folder.path().join("p"), "a.csv", &[]);
    let design = text(&file).replace("\"kind\":\"csv\"", "\"kind\":\"jsonl\"").replace("${data}/", "");
    fs::write(&file, design).unwrap();
    for target in quick_targets() {
        // A folder whose name ends in a line end is told apart from one without.
        for name in ["bundle", "bundle\n"] {
            let bundle = folder.path().join(target).join(name);
            run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
            let mut command = Command::new(bundle.join("verify.sh"));
            command.env("PYTHON", &python).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
            let (code, out, talk) = texts(lead(&mut command).output().unwrap());
            match name {
                "bundle" => assert!(code == 0 && out.contains("same: a.csv, 2 rows"), "{target}: {out}{talk}"),
                _ => assert!(code == 2 && talk.contains("line end"), "{target}: {out}{talk}"),
            }
            let mut command = Command::new(bundle.join("run.sh"));
            command
                .arg(folder.path().join("out"))
                .env("PYTHON", &python)
                .env("PW_SOURCE_FOLDER", folder.path().join("p"));
            let (code, _, talk) =
                texts(lead(&mut command).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).output().unwrap());
            assert_eq!(code, if name == "bundle" { 0 } else { 2 }, "{target}: {talk}");
        }
    }
}

#[test]
fn a_bundle_without_sources_reads_none_that_lie_beside_it() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut design: serde_json::Value = serde_json::from_str(&text(project(&at("p"), "a.csv", &[]))).unwrap();
    design["sources"] = json!([]);
    design["steps"][0] = json!({"id": "read", "kind": "table", "title": "Rows",
        "settings": {"columns": [{"name": "n", "type": "Int"}], "rows": [[1]]}});
    let file = at("p/q.pipewright.json");
    fs::write(&file, design.to_string()).unwrap();
    let other = at("other");
    run_ok(&["export", path(&project(&at("p"), "b.csv", &[])), "--target", "duckdb", "--out", path(&other)]);
    fs::create_dir_all(at("bundle")).unwrap();
    fs::copy(other.join("stage.json"), at("bundle/stage.json")).unwrap();
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&at("bundle"))]);
    let (code, _, talk) = script(&at("bundle/run.sh"), &[path(&at("out"))], &at("p"), folder.path());
    assert!(code == 0 && !talk.contains("reading"), "{talk}");
    assert_eq!(text(at("out/a.csv")), "n\n1\n");
    let (code, _, talk) = script(&at("bundle/verify.sh"), &[], &at("p"), folder.path());
    assert_eq!(code, 0, "{talk}");
}

#[test]
fn nothing_beside_a_bundles_scripts_runs_and_no_result_takes_their_place() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "run.sh", &[]);
    for target in quick_targets() {
        let bundle = at(&format!("bundle-{target}"));
        run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
        for module in ["json", "re", "shutil", "decimal", "datetime", "duckdb", "os", "sys"] {
            let code = format!("open({:?}, 'w').close()\n", at("canary"));
            fs::write(bundle.join(format!("{module}.py")), code).unwrap();
        }
        let before = text(bundle.join("run.sh"));
        let run_it = |arguments: &[&str], here: &Path| script(&bundle.join("run.sh"), arguments, &at("p"), here);
        let (code, _, talk) = run_it(&[path(&at("out")), "--trust"], folder.path());
        assert_eq!(code, 0, "{target}: {talk}");
        let (code, _, talk) = script(&bundle.join("verify.sh"), &[], &at("p"), folder.path());
        assert_eq!(code, 0, "{target}: {talk}");
        assert!(!at("canary").exists(), "{target}");
        let pinned = bundle.join("receipt/data");
        for (out, here) in [(".", bundle.as_path()), (path(&bundle), folder.path()), (path(&pinned), folder.path())] {
            let (code, _, talk) = run_it(&[out, "--trust"], here);
            assert!(code == 2 && talk.contains("the bundle itself"), "{target}: {talk}");
        }
        // Names of folders that the shell might take for something else.
        fs::create_dir_all(at("here")).unwrap();
        for out in ["-", "-n", "a b", "~"] {
            let (code, _, talk) = run_it(&[out, "--trust"], &at("here"));
            assert!(code == 0 && at("here").join(out).join("run.sh").exists(), "{target} {out}: {talk}");
        }
        assert_eq!(run_it(&["x\n", "--trust"], &at("here")).0, 2);
        fs::remove_dir_all(at("here")).unwrap();
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&bundle)]);
        assert!(code == 1 && talk.contains("PW0755") && talk.contains("export"), "{target}: {talk}");
        assert_eq!(text(bundle.join("run.sh")), before, "{target}");
    }
    // Rows are never run, whatever they replace.
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(at("mine")).unwrap();
    fs::write(at("mine/run.sh"), "mine").unwrap();
    fs::set_permissions(at("mine/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    run_ok(&["run", path(&file), "--out", path(&at("mine"))]);
    let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("mine/run.sh"), mode("mine/run.sh.before")), (0o644, 0o755));
}

#[test]
fn a_bundle_that_is_not_trusted_replaces_nothing_of_the_current_folder() {
    if python_with_duckdb().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "Makefile", &[]);
    fs::create_dir_all(at("here")).unwrap();
    for target in quick_targets() {
        fs::write(at("here/Makefile"), "mine").unwrap();
        let bundle = at(&format!("bundle-{target}"));
        run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
        let run_it = |arguments: &[&str]| script(&bundle.join("run.sh"), arguments, &at("p"), &at("here"));
        for here in [".", "./", "../here", path(&at("here"))] {
            let (code, _, talk) = run_it(&[here]);
            assert!(code != 0 && talk.contains("Makefile"), "{target} {here}: {talk}");
            assert_eq!(text(at("here/Makefile")), "mine", "{target} {here}");
        }
        assert_eq!(run_it(&[".", "--trust"]).0, 0, "{target}");
        assert_eq!(text(at("here/Makefile.before")), "mine", "{target}");
        // What a run wrote the next one may replace.
        let (code, _, talk) = run_it(&["."]);
        assert_eq!(code, 0, "{target}: {talk}");
        fs::remove_dir_all(at("here")).unwrap();
        fs::create_dir_all(at("here")).unwrap();
    }
}

#[test]
fn a_load_that_is_only_to_be_made_new_is_looked_at_again_at_the_end() {
    let Some(_) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "sub/out file.csv", &[]);
    let design = text(&file).replace("\"kind\":\"csv\"", "\"kind\":\"csv\",\"when_exists\":\"fail\"");
    assert!(design.contains("when_exists"));
    fs::write(&file, design).unwrap();
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&at("bundle"))]);
    // Somebody is quicker, after the last look of the script itself.
    use std::os::unix::fs::PermissionsExt;
    let program = env!("CARGO_BIN_EXE_pipewright");
    let quicker = format!(
        "#!/bin/sh\nif [ \"$1\" = publish ]; then mkdir -p {0}/sub; echo mine >\"{0}/sub/out file.csv\"; fi\nexec {program} \"$@\"\n",
        path(&at("out"))
    );
    fs::write(at("quicker"), quicker).unwrap();
    fs::set_permissions(at("quicker"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(at("bundle/run.sh"));
    command.args([path(&at("out")), "--trust"]).env("PW_DATA", at("p")).env("PIPEWRIGHT", at("quicker"));
    let (code, _, talk) = texts(command.env("PYTHON", python_with_duckdb().unwrap()).output().unwrap());
    assert!(code == 1 && talk.contains("out file.csv"), "{talk}");
    assert_eq!(text(at("out/sub/out file.csv")), "mine\n");
    fs::remove_dir_all(at("out")).unwrap();
    let run_it = || script(&at("bundle/run.sh"), &[path(&at("out")), "--trust"], &at("p"), folder.path());
    assert_eq!(run_it().0, 0);
    assert_eq!(run_it().0, 1);
}

#[test]
fn what_is_turned_away_has_a_place_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_) = python_with_duckdb() else { return };
    for output in ["quarantine", "quarantine/quarantine.jsonl", "quarantine/./rejected.jsonl"] {
        let bundle = folder.path().join(output.replace('/', "-"));
        run_ok(&[
            "export",
            path(&project(&folder.path().join("p"), output, &[])),
            "--target",
            "duckdb",
            "--out",
            path(&bundle),
        ]);
        let out = folder.path().join("out");
        let (code, _, talk) =
            script(&bundle.join("run.sh"), &[path(&out), "--trust"], &folder.path().join("p"), folder.path());
        assert!(code == 1 && talk.contains("turn away"), "{output}: {talk}");
    }
}

#[test]
fn a_bundles_report_is_none_of_its_sources_and_takes_no_results_place() {
    let Some(python) = python_with_duckdb() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("p")).unwrap();
    // A flow that reads reports of runs.
    let reports = r#"{"quarantined_share":0.0,"left_out":[],"steps":[{"k":"ann","v":1},{"k":"bob","v":2}]}"#;
    fs::write(at("p/r.json"), reports).unwrap();
    let file = at("p/p.pipewright.json");
    let design = json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "src", "title": "In", "path": "r.json",
            "format": {"name": "json_document", "options": {"records": "steps"}},
            "schema": {"fields": [{"name": "k", "type": "String"}, {"name": "v", "type": "Int"}]}}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src"}},
            {"id": "load", "kind": "load_file", "title": "Load", "settings": {"path": "a.jsonl", "kind": "jsonl"}}
        ],
        "wires": [{"id": "w", "from": "read", "to": "load"}]
    });
    fs::write(&file, design.to_string()).unwrap();
    let bundle = at("bundle");
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&bundle)]);
    fs::write(bundle.join("r.json"), reports).unwrap();
    let report_at = |place: &Path| {
        let mut command = Command::new(bundle.join("run.sh"));
        command.args([path(&at("out")), "--trust"]).env("PYTHON", &python).env("PIPEWRIGHT_REPORT", place);
        command.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        texts(command.output().unwrap())
    };
    let (code, _, talk) = report_at(&bundle.join("r.json"));
    assert!(code != 0 && talk.contains("that this run reads"), "{code}: {talk}");
    assert_eq!(text(bundle.join("r.json")), reports);
    // Nor does the bundle take a source's place, whatever else it may.
    let mine = text(&file)
        .replace("r.json", "README.md")
        .replace("json_document", "csv")
        .replace(",\"options\":{\"records\":\"steps\"}", "");
    fs::write(at("p/own.pipewright.json"), mine).unwrap();
    fs::write(at("p/README.md"), "k,v\nann,1\n").unwrap();
    let (code, _, talk) =
        run(&["export", path(&at("p/own.pipewright.json")), "--target", "duckdb", "--out", path(&at("p")), "--force"]);
    assert!(code != 0 && talk.contains("would replace a source"), "{code}: {talk}");
    assert_eq!(text(at("p/README.md")), "k,v\nann,1\n");
    // A preview of the design itself reads the same.
    let (code, _, talk) = run(&["preview", path(&file), "--step", "read", "--report", path(&at("p/r.json"))]);
    assert!(code != 0 && talk.contains("that the preview reads"), "{code}: {talk}");
    assert_eq!(text(at("p/r.json")), reports);
    // Results and report come together or not at all, each to its own place.
    let (code, _, talk) = report_at(&at("out/a.jsonl"));
    assert!(code != 0 && talk.contains("is written twice"), "{code}: {talk}");
    let (code, _, talk) = report_at(&at("out/.pipewright.json"));
    assert!(code != 0 && !at("out/a.jsonl").exists(), "{code}: {talk}");
    let (code, _, talk) = report_at(&at("reports/new/r.json"));
    assert_eq!((code, text(at("out/a.jsonl")).lines().count()), (0, 2), "{talk}");
    assert!(text(at("reports/new/r.json")).contains("quarantined_share"));
}
