//! Where things are written: nothing of the user's goes, whatever a design, a pipeline or a folder says.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::support::{path, pipewright, run, run_ok, texts};

/// A project that reads `in.csv` beside it and writes to a path.
fn project(folder: &Path, output: &str, partition: &[&str]) -> std::path::PathBuf {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("in.csv"), "id,day\n1,a\n2,b\n").unwrap();
    let file = folder.join("p.pipewright.json");
    let text = json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "src", "title": "In", "path": "in.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "id", "type": "Int"}, {"name": "day", "type": "String"}]}}],
        "parameters": [{"id": "par", "name": "p", "type": "String", "default": "../../.."}],
        "steps": [
            {"id": "read", "kind": "file", "title": "Read", "settings": {"source": "src"}},
            {"id": "load", "kind": "load_file", "title": "Load",
                "settings": {"path": output, "format": "csv", "partition": partition}}
        ],
        "wires": [{"id": "w", "from": "read", "to": "load"}]
    });
    fs::write(&file, text.to_string()).unwrap();
    file
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn an_output_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("a/b/out")).unwrap();
    fs::create_dir_all(at("elsewhere")).unwrap();
    fs::write(at("a/keep.csv"), "mine").unwrap();
    std::os::unix::fs::symlink(at("elsewhere"), at("a/b/out/link")).unwrap();
    let absolute = path(&at("elsewhere/x.csv")).to_owned();
    for output in ["../../keep.csv", "${p}/keep.csv", &absolute, "link/x.csv", "x/../../y.csv"] {
        let file = project(&at("a/b"), output, &[]);
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&at("a/b/out"))]);
        let is_literal = talk.contains("PW0350");
        assert!(code != 0 && (is_literal || talk.contains("--allow-outside")), "{output}: {code} {talk}");
        if is_literal {
            continue;
        }
        // Neither does an export alone, nor what was exported.
        let bundle = at("bundle");
        let (code, _, talk) = run(&["export", path(&file), "--target", "pipeline", "--out", path(&bundle), "--force"]);
        assert_eq!(code, 0, "{talk}");
        let pipeline = path(&bundle.join("pipeline.json")).to_owned();
        let (code, _, talk) = run(&["run", &pipeline, "--param", "source_folder=.", "--out", path(&at("a/b/out"))]);
        assert!(code != 0 && talk.contains("PW0740"), "{output}: {talk}");
        assert_eq!(text(at("a/keep.csv")), "mine");
        assert_eq!(fs::read_dir(at("elsewhere")).unwrap().count(), 0, "{output}");
        assert!(!at("a/b/y.csv").exists());
    }
    let (file, to) = (project(&at("a/b"), "${p}/x.csv", &[]), format!("p={}", path(&at("elsewhere"))));
    let (code, _, talk) = run(&["run", path(&file), "--param", &to, "--out", path(&at("a/b/out"))]);
    assert!(code == 1 && talk.contains("PW0740"), "{talk}");
    run_ok(&["run", path(&file), "--param", &to, "--out", path(&at("a/b/out")), "--allow-outside"]);
    assert_eq!(text(at("elsewhere/x.csv")), "id,day\n1,a\n2,b\n");
}

#[test]
fn a_report_takes_no_place_but_that_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let (file, mine) = (project(folder.path(), "out.csv", &[]), folder.path().join("notes.txt"));
    fs::write(&mine, "mine").unwrap();
    let design = text(&file);
    let (out, source) = (folder.path().join("out"), folder.path().join("in.csv"));
    for taken in [&mine, &file, &source] {
        for arguments in [
            &["run", path(&file), "--out", path(&out), "--report", path(taken)][..],
            &["preview", path(&file), "--step", "read", "--report", path(taken)],
        ] {
            let (code, _, talk) = run(arguments);
            assert!(code == 1 && (talk.contains("PW0973") || talk.contains("PW0969")), "{code} {talk}");
        }
    }
    assert_eq!((text(&mine), text(&file), text(&source)), ("mine".into(), design, "id,day\n1,a\n2,b\n".into()));
    // An empty file (of `mktemp`) and an earlier report give theirs.
    let report = folder.path().join("report.json");
    fs::write(&report, "").unwrap();
    for _ in 0..2 {
        run_ok(&["run", path(&file), "--out", path(&out), "--report", path(&report)]);
        run_ok(&["preview", path(&file), "--step", "read", "--report", path(&report)]);
    }
    // Among the outputs no link leads it out of them, and `--only-own` holds for it.
    let (among, link, new) = (out.join("notes.txt"), out.join("link.json"), folder.path().join("new"));
    fs::write(&among, "mine").unwrap();
    std::os::unix::fs::symlink(&mine, &link).unwrap();
    fs::create_dir_all(&new).unwrap();
    let publish = ["publish", path(&new), path(&out), "--report-from", path(&report)];
    for (arguments, code) in [
        (vec!["run", path(&file), "--out", path(&out), "--report", path(&link)], "PW0740"),
        ([&publish[..], &["--report", path(&link)]].concat(), "PW0740"),
        ([&publish[..], &["--only-own", "--report", path(&among)]].concat(), "PW0973"),
    ] {
        let (exit, _, talk) = run(&arguments);
        assert!(exit == 1 && talk.contains(code), "{arguments:?}: {exit} {talk}");
    }
    assert_eq!((text(&among), text(&mine)), ("mine".into(), "mine".into()));
}

#[test]
fn an_output_is_not_its_own_source() {
    let folder = tempfile::tempdir().unwrap();
    for output in ["in.csv", "p.pipewright.json"] {
        let file = project(folder.path(), output, &[]);
        let (code, _, talk) = run(&["run", path(&file), "--out", path(folder.path())]);
        assert!(code == 1 && talk.contains("PW0969"), "{talk}");
    }
    let file = project(folder.path(), "out.csv", &[]);
    let design = fs::read_to_string(&file).unwrap();
    std::os::unix::fs::symlink(&file, folder.path().join("link")).unwrap();
    for to in [path(&file), path(&folder.path().join("link"))] {
        let (code, _, talk) = run(&["run", path(&file), "--out", path(&folder.path().join("o")), "--report", to]);
        assert!(code == 1 && talk.contains("PW0969"), "{talk}");
    }
    assert_eq!(text(&file), design);
    for extra in ["--report", "--quarantine"] {
        let to = path(&folder.path().join("in.csv")).to_owned();
        let file = project(folder.path(), "out.csv", &[]);
        let (code, _, talk) = run(&["run", path(&file), "--out", path(folder.path()), extra, &to]);
        // A quarantine that is no JSON lines file is a folder.
        assert!(code == 1, "{extra}: {talk}");
    }
    let input = path(&folder.path().join("in.csv")).to_owned();
    for output in ["csv", "jsonl", "parquet", "table"] {
        let (code, _, talk) = run(&["read", &input, "--output", output, "--to", &input]);
        assert!(code == 2 && talk.contains("files that are read"), "{talk}");
    }
    assert_eq!(text(&input), "id,day\n1,a\n2,b\n");
}

#[test]
fn a_folder_that_holds_anything_else_is_not_replaced() {
    for name in [".git/HEAD", ".env", "name=important/notes.txt", "day=a/mine.csv", "notes.txt"] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let file = project(folder.path(), "parts", &["day"]);
        let run_again = || run(&["run", path(&file), "--out", path(&out)]);
        assert_eq!(run_again().0, 0);
        let there = out.join("parts").join(name);
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(&there, "mine").unwrap();
        let (code, _, talk) = run_again();
        assert!(code == 1 && talk.contains("PW0968") && talk.contains(name), "{name}: {talk}");
        assert_eq!(text(&there), "mine");
        fs::remove_file(&there).unwrap();
        assert_eq!(run_again().0, 0, "{name}");
        // One that no run wrote at all.
        let foreign = folder.path().join("foreign");
        fs::create_dir_all(foreign.join("parts").join(name).parent().unwrap()).unwrap();
        fs::write(foreign.join("parts").join(name), "mine").unwrap();
        assert_eq!(run(&["run", path(&file), "--out", path(&foreign)]).0, 1);
        assert_eq!(text(foreign.join("parts").join(name)), "mine");
    }
}

#[test]
fn a_file_that_no_run_wrote_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "out.csv", &[]);
    let out = folder.path().join("results");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("out.csv"), "mine").unwrap();
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out)]);
    assert!(code == 0 && talk.contains("out.csv.before"), "{talk}");
    assert_eq!(text(out.join("out.csv.before")), "mine");
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out)]);
    assert!(code == 0 && !talk.contains("before"), "{talk}");
    assert_eq!(text(out.join("out.csv")), "id,day\n1,a\n2,b\n");
}

#[test]
fn an_export_replaces_only_what_an_export_wrote() {
    for name in ["README.md", "run.sh", "pipeline.json", "verify.sh", "receipt/expected/out.csv"] {
        for target in ["pipeline", "duckdb"] {
            let folder = tempfile::tempdir().unwrap();
            let file = project(folder.path(), "out.csv", &[]);
            let out = folder.path().join("bundle");
            fs::create_dir_all(out.join("receipt")).unwrap();
            fs::create_dir_all(out.join(name).parent().unwrap()).unwrap();
            fs::write(out.join("receipt/diary.txt"), "mine").unwrap();
            let is_part = target == "pipeline" || name != "pipeline.json";
            if is_part {
                fs::write(out.join(name), "mine").unwrap();
            }
            let export = |extra: &[&str]| {
                let mut all = vec!["export", path(&file), "--target", target, "--out", path(&out)];
                all.extend(extra);
                run(&all)
            };
            if is_part {
                let (code, _, talk) = export(&[]);
                assert!(code == 1 && talk.contains("PW0743") && talk.contains(name), "{target} {name}: {talk}");
                assert_eq!(text(out.join(name)), "mine");
                assert!(!out.join(".pipewright.json").exists());
                fs::remove_file(out.join(name)).unwrap();
            }
            assert_eq!(export(&[]).0, 0);
            assert_eq!(export(&[]).0, 0, "again");
            fs::write(out.join("README.md"), "changed by hand").unwrap();
            let (code, _, talk) = export(&[]);
            assert!(code == 1 && talk.contains("was changed since"), "{talk}");
            assert_eq!(export(&["--force"]).0, 0);
            assert_eq!(text(out.join("receipt/diary.txt")), "mine");
        }
    }
}

#[test]
fn generated_data_replaces_only_generated_data() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("access.log"), "mine").unwrap();
    let generate =
        |seed: &str| run(&["generate", "shop", "--seed", seed, "--rows", "50", "--out", path(folder.path())]);
    let (code, _, talk) = generate("1");
    assert!(code == 1 && talk.contains("access.log"), "{talk}");
    assert_eq!(text(folder.path().join("access.log")), "mine");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "whole or none");
    fs::remove_file(folder.path().join("access.log")).unwrap();
    assert_eq!((generate("1").0, generate("2").0), (0, 0));
}

#[test]
fn a_publication_of_a_script_keeps_to_the_same_rules() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("new/parts/day=a")).unwrap();
    fs::write(at("new/a.csv"), "new").unwrap();
    fs::write(at("new/parts/day=a/x.csv"), "new").unwrap();
    fs::create_dir_all(at("out/parts")).unwrap();
    fs::write(at("out/parts/.env"), "mine").unwrap();
    fs::write(at("out/a.csv"), "mine").unwrap();
    let publish = || run(&["publish", path(&at("new")), path(&at("out"))]);
    let (code, _, talk) = publish();
    assert!(code == 1 && talk.contains(".env"), "{talk}");
    assert_eq!((text(at("out/a.csv")), text(at("out/parts/.env"))), ("mine".into(), "mine".into()));
    fs::remove_file(at("out/parts/.env")).unwrap();
    assert_eq!(publish().0, 0);
    assert_eq!((text(at("out/a.csv")), text(at("out/a.csv.before"))), ("new".into(), "mine".into()));
    assert_eq!(text(at("out/parts/day=a/x.csv")), "new");
    assert_eq!(publish().0, 0);
    // Results that are not among the new ones stay, whatever their folder is called.
    fs::create_dir_all(at("new/quarantine")).unwrap();
    fs::write(at("new/quarantine/lines.jsonl"), "kept").unwrap();
    assert_eq!(publish().0, 0);
    fs::remove_dir_all(at("new/quarantine")).unwrap();
    assert_eq!(publish().0, 0);
    assert_eq!(text(at("out/quarantine/lines.jsonl")), "kept");
    let only_own = || run(&["publish", "--only-own", path(&at("new")), path(&at("out"))]);
    assert_eq!(only_own().0, 0);
    fs::write(at("out/a.csv"), "mine").unwrap();
    let (code, _, talk) = only_own();
    assert!(code == 2 && talk.contains("a.csv") && text(at("out/a.csv")) == "mine", "{talk}");
    for (path_of, code) in [("a.csv", 1), ("./a.csv", 1), ("parts/", 1), ("b.csv", 2), ("../new/a.csv", 2), ("", 2)] {
        let (found, _, talk) = run(&["publish", "--new", path_of, path(&at("new")), path(&at("out"))]);
        assert_eq!(found, code, "{path_of}: {talk}");
    }
    assert_eq!(text(at("out/a.csv")), "mine");
}

#[test]
fn a_report_that_cannot_be_written_is_found_out_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "out.csv", &[]);
    fs::write(folder.path().join("file"), "mine").unwrap();
    let (out, report) = (folder.path().join("results"), folder.path().join("file/report.json"));
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out), "--report", path(&report)]);
    assert!(code == 1 && talk.contains("report.json") || talk.contains("/file"), "{talk}");
    assert!(!out.exists(), "{talk}");
    assert_eq!(text(folder.path().join("file")), "mine");
}

#[test]
fn nobody_needs_to_listen() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "out.csv", &[]);
    let out = folder.path().join("results");
    for listener in ["2>&-", "2>/dev/full", "2>/dev/null >&-", ">/dev/null 2>/dev/full"] {
        let mut shell = std::process::Command::new("sh");
        let script = format!("exec \"$0\" run \"$1\" --out \"$2\" {listener}");
        let binary = pipewright().get_program().to_owned();
        let (code, _, talk) = texts(shell.args(["-c", &script]).arg(binary).args([&file, &out]).output().unwrap());
        assert_eq!(code, 0, "{listener}: {talk}");
        assert_eq!(text(out.join("out.csv")), "id,day\n1,a\n2,b\n");
        fs::remove_dir_all(&out).unwrap();
    }
    let listing = "for verb in steps functions questions concepts 'completions bash' 'schema project'; do \
                   \"$0\" $verb | head -c 10 >/dev/null; \"$0\" $verb >/dev/full 2>/dev/null; [ $? -ne 101 ] || exit 9; done";
    let mut shell = std::process::Command::new("sh");
    let (code, _, talk) = texts(shell.args(["-c", listing]).arg(pipewright().get_program()).output().unwrap());
    assert!(code == 0 && !talk.contains("panicked"), "{talk}");
}

#[test]
fn a_project_that_is_not_trusted_writes_to_no_hidden_place_and_over_nothing_of_the_current_folder() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("repository");
    fs::create_dir_all(here.join(".git")).unwrap();
    fs::create_dir_all(here.join("stranger")).unwrap();
    std::os::unix::fs::symlink("../.git", here.join("stranger/link")).unwrap();
    let file = project(&here.join("stranger"), "stranger/link/hooks", &[]);
    for out in [".", path(&here)] {
        let (code, _, talk) =
            texts(pipewright().current_dir(&here).args(["run", path(&file), "--out", out]).output().unwrap());
        assert!(code == 1 && talk.contains("PW0752"), "{out}: {talk}");
    }
    for name in [".git/config", ".env", "Makefile"] {
        fs::write(here.join(name), "mine").unwrap();
        let file = project(&here.join("stranger"), name, &[]);
        let run_here = |more: &[&str]| {
            let command = &mut pipewright();
            texts(command.current_dir(&here).args(["run", path(&file)]).args(more).output().unwrap())
        };
        let (code, _, talk) = run_here(&[]);
        assert!(code == 1 && talk.contains("PW0752"), "{name}: {talk}");
        assert_eq!(text(here.join(name)), "mine");
        let (code, _, talk) = run_here(&["--trust"]);
        assert_eq!(code, 0, "{name}: {talk}");
        assert_eq!(text(here.join(format!("{name}.before"))), "mine");
        // What a run wrote, the next may replace.
        let (code, _, talk) = run_here(&[]);
        assert_eq!(
            (code, talk.contains("PW0752")),
            (i32::from(name.starts_with('.')), name.starts_with('.')),
            "{talk}"
        );
    }
}

#[test]
fn a_column_makes_no_hidden_folder_for_a_project_that_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let columns = serde_json::json!([{"name": ".git", "type": "Int"}, {"name": "n", "type": "Int"}]);
    let load = serde_json::json!({"path": "parts", "kind": "csv", "partition": [".git"]});
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "steps": [
            {"id": "t", "kind": "table", "title": "T", "settings": {"columns": columns, "rows": [[1, 2]]}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": load},
        ],
        "wires": [{"id": "w", "from": "t", "to": "out"}],
    });
    let file = at("p.pipewright.json");
    fs::write(&file, design.to_string()).unwrap();
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&at("out"))]);
    assert!(code == 1 && talk.contains("PW0752") && !at("out/parts").exists(), "{talk}");
    run_ok(&["run", path(&file), "--trust", "--out", path(&at("out"))]);
    assert!(at("out/parts/.git=1").is_dir());
    let Some(python) = crate::support::python_with_duckdb() else { return };
    run_ok(&["export", path(&file), "--target", "duckdb", "--out", path(&at("bundle"))]);
    for (option, code) in [(None, 1), (Some("--trust"), 0)] {
        let mut command = std::process::Command::new(at("bundle/run.sh"));
        command.arg(at("duck")).args(option).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", &python);
        let (found, _, talk) = texts(command.output().unwrap());
        assert!(found == code && at("duck/parts/.git=1").is_dir() == (code == 0), "{talk}");
    }
}

#[test]
fn what_stands_in_the_place_of_a_report_or_of_kept_lines_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = project(&at("p"), "rows.csv", &[]);
    fs::write(at("p/in.csv"), "id,day\n1,a\n2,b,c,d\n").unwrap();
    fs::create_dir_all(at("aside")).unwrap();
    fs::create_dir_all(at("out")).unwrap();
    fs::create_dir_all(at("new")).unwrap();
    fs::write(at("aside/quarantine.jsonl"), "mine").unwrap();
    fs::write(at("out/report.json"), "mine").unwrap();
    let (out, report, aside) = (at("out"), at("out/report.json"), at("aside"));
    let arguments = ["run", path(&file), "--out", path(&out), "--report", path(&report), "--quarantine", path(&aside)];
    for _ in 0..2 {
        run_ok(&arguments);
        assert!(text(&report).contains("\"seconds\"") && text(at("aside/quarantine.jsonl")).contains("\"reason\""));
        assert_eq!(text(at("out/report.json.before")), "mine");
        assert_eq!(text(at("aside/quarantine.jsonl.before")), "mine");
    }
    assert!(!at("out/report.json.before-2").exists() && !at("aside/quarantine.jsonl.before-2").exists());
    for (option, place, code) in [
        ("--report", "new", "PW0968"),
        ("--quarantine", "new/rows.csv", "PW0966"),
        ("--report", "new/rows.csv", "PW0966"),
        ("--metrics", "new/rows.csv", "PW0966"),
        ("--openlineage", "new/rows.csv", "PW0966"),
    ] {
        let (status, _, talk) = run(&["run", path(&file), "--out", path(&at("new")), option, path(&at(place))]);
        assert!(status == 1 && talk.contains(code), "{option} {place}: {talk}");
        assert!(!at("new/rows.csv").exists(), "{option}");
    }
    for place in ["../p/../new/rows.csv", ".././new/rows.csv"] {
        let mut command = pipewright();
        command.current_dir(at("p")).arg("run").arg(&file).args(["--out", "../new", "--metrics", place]);
        let (status, _, talk) = texts(command.output().unwrap());
        assert!(status == 1 && talk.contains("PW0966") && !at("new/rows.csv").exists(), "{place}: {talk}");
    }
    let (new, told) = (at("new"), at("m"));
    let both = ["run", path(&file), "--out", path(&new), "--metrics", path(&told), "--openlineage", path(&told)];
    let (status, _, talk) = run(&both);
    assert!(status == 1 && talk.contains("PW0966"), "{talk}");
    // Nor do the run's own files take each other's place.
    for other in ["--report", "--quarantine"] {
        let place = at("new/told.jsonl");
        for option in ["--metrics", "--openlineage"] {
            let places = [option, path(&place), other, path(&place)];
            let (status, _, talk) = run(&[&["run", path(&file), "--out", path(&at("new"))][..], &places].concat());
            assert!(status == 1 && talk.contains("PW0966") && !place.exists(), "{option} {other}: {talk}");
        }
    }
}

#[test]
fn a_folder_of_rows_stays_as_closed_as_it_was() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "parts", &["day"]);
    let (out, parts) = (folder.path().join("out"), folder.path().join("out/parts"));
    run_ok(&["run", path(&file), "--out", path(&out)]);
    fs::set_permissions(&parts, fs::Permissions::from_mode(0o700)).unwrap();
    run_ok(&["run", path(&file), "--out", path(&out)]);
    assert_eq!(fs::metadata(&parts).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn an_output_inside_of_another_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "parts", &["day"]);
    let mut design: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
    let load = json!({"id": "second", "kind": "load_file", "title": "Second", "settings": {"path": "parts/x.csv"}});
    design["steps"].as_array_mut().unwrap().push(load);
    design["wires"].as_array_mut().unwrap().push(json!({"id": "w2", "from": "read", "to": "second"}));
    fs::write(&file, design.to_string()).unwrap();
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&folder.path().join("out"))]);
    assert!(code == 78 && talk.contains("PW0553") && !talk.contains(".pipewright"), "{talk}");
}

#[test]
fn the_kept_lines_of_an_earlier_run_go_with_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for quarantine in ["aside", "aside.jsonl"] {
        let file = project(&at("p"), "rows.csv", &[]);
        let (out, aside) = (at("out"), at(quarantine));
        let kept = if quarantine == "aside" { aside.join("quarantine.jsonl") } else { aside.clone() };
        let arguments = ["run", path(&file), "--out", path(&out), "--quarantine", path(&aside)];
        run_ok(&arguments);
        assert!(!kept.exists(), "nothing was turned away");
        fs::write(at("p/in.csv"), "id,day\n1,a\n2,b,c,d\n").unwrap();
        run_ok(&arguments);
        assert_eq!(text(&kept).lines().count(), 1);
        fs::write(at("p/in.csv"), "id,day\n1,a\n").unwrap();
        run_ok(&arguments);
        assert_eq!(text(&kept), "");
    }
}

#[test]
fn a_folder_is_not_published_into_itself() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "x").unwrap();
    let (code, _, talk) = run(&["publish", path(folder.path()), path(&folder.path().join("sub"))]);
    assert!(code == 2 && talk.contains("lies in the folder"), "{talk}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_is_not_published_into_itself_by_any_name_and_goes_beside_itself() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("from")).unwrap();
    fs::write(at("from/a"), "x").unwrap();
    std::os::unix::fs::symlink(at("from"), at("link")).unwrap();
    for to in ["from", "from/sub", "no/../from/sub", "link/deep/er", "from/no/../sub"] {
        let (code, _, talk) = run(&["publish", path(&at("from")), path(&at(to))]);
        assert!(code == 2 && talk.contains("lies in the folder"), "{to}: {talk}");
    }
    assert_eq!(fs::read_dir(at("from")).unwrap().count(), 1);
    for to in ["from/../beside", "fromage"] {
        let (code, _, talk) = run(&["publish", path(&at("from")), path(&at(to))]);
        assert_eq!((code, text(at(to).join("a"))), (0, "x".to_owned()), "{to}: {talk}");
    }
    // A name that cannot be written down is not written otherwise.
    use std::os::unix::ffi::OsStrExt;
    fs::write(at("from").join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
    let (code, _, talk) = run(&["publish", path(&at("from")), path(&at("other"))]);
    assert!(code == 2 && talk.contains("is no text") && !at("other").exists(), "{talk}");
}

#[test]
fn a_publication_leaves_the_results_of_others_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (from, file) in
        [("one", "sub/a.csv"), ("two", "sub/b.csv"), ("three", "link"), ("four", "sub/day=a/part-0.csv")]
    {
        fs::create_dir_all(at(from).join(file).parent().unwrap()).unwrap();
        fs::write(at(from).join(file), from).unwrap();
    }
    fs::create_dir_all(at("to")).unwrap();
    fs::write(at("mine"), "mine").unwrap();
    std::os::unix::fs::symlink("../mine", at("to/link")).unwrap();
    let publish = |from: &str| run(&["publish", path(&at(from)), path(&at("to"))]);
    for from in ["one", "two", "one"] {
        let (code, _, talk) = publish(from);
        assert_eq!(code, 0, "{talk}");
    }
    assert_eq!((text(at("to/sub/a.csv")), text(at("to/sub/b.csv"))), ("one".into(), "two".into()));
    // What a link leads to is nobody's result, and a pipe ends nothing.
    let two = at("two");
    std::os::unix::fs::symlink("../mine", two.join("sub/linked")).unwrap();
    let (code, _, talk) = publish("two");
    assert!(code == 2 && talk.contains("linked` is a link") && !at("to/sub/linked").exists(), "{talk}");
    fs::remove_file(two.join("sub/linked")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(two.join("sub/pipe")).status().unwrap().success());
    assert_eq!(publish("two").0, 2);
    let (code, _, talk) = publish("three");
    assert!(code == 1 && talk.contains("PW0740"), "{talk}");
    assert_eq!(text(at("mine")), "mine");
    // A folder of partitions is replaced as a whole: not where other results are in it.
    let (code, _, talk) = publish("four");
    assert!(code == 1 && talk.contains("PW0968"), "{talk}");
    assert_eq!(text(at("to/sub/a.csv")), "one");
}

#[test]
fn rows_of_a_receipt_are_no_way_around_what_a_stranger_may_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("home");
    fs::create_dir_all(here.join(".git")).unwrap();
    fs::write(here.join(".git/config"), "mine").unwrap();
    let file = project(&folder.path().join("p"), ".git/config", &[]);
    let mut command = pipewright();
    command.current_dir(&here).args(["run", path(&file), "--sources", path(&file)]);
    let (code, _, talk) = texts(command.output().unwrap());
    assert!(code == 1 && talk.contains("PW0752"), "{talk}");
    assert_eq!(text(here.join(".git/config")), "mine");
}

#[test]
fn all_outputs_go_to_the_folder_that_a_link_leads_to_at_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["one", "two"] {
        fs::create_dir(at(name)).unwrap();
    }
    std::os::unix::fs::symlink("one", at("out")).unwrap();
    let mut child = crate::support::pipewright()
        .args(["generate", "shop", "--rows", "60000", "--out", path(&at("out"))])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    while fs::read_dir(at("one")).unwrap().count() == 0 && begun.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    std::os::unix::fs::symlink("two", at("turned")).unwrap();
    fs::rename(at("turned"), at("out")).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(at("two")).unwrap().count(), 0);
    assert!(at("one/access.log").exists());
}

/// A shell that appends standard output to a file opens it before anything is looked at.
#[test]
fn what_is_read_is_not_appended_to_by_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = project(folder.path(), "out.csv", &[]);
    let mut design: serde_json::Value = serde_json::from_str(&text(&file)).unwrap();
    design["steps"][1] = json!({"id": "load", "kind": "standard_output", "title": "Out", "settings": {}});
    fs::write(&file, design.to_string()).unwrap();
    let appended = |to: &Path, args: &[&str]| {
        let out = fs::OpenOptions::new().append(true).create(true).open(to).unwrap();
        texts(pipewright().current_dir(folder.path()).args(args).stdout(out).output().unwrap())
    };
    let source = folder.path().join("in.csv");
    let verbs: [&[&str]; 3] = [
        &["run", "p.pipewright.json"],
        &["read", "in.csv", "--output", "csv"],
        &["read", "in.csv", "--where", "id > 0", "--output", "jsonl"],
    ];
    for args in verbs {
        let (code, _, told) = appended(&source, args);
        assert!(code != 0 && told.contains("standard output is one of the files"), "{args:?}: {code} {told}");
        assert_eq!(text(&source), "id,day\n1,a\n2,b\n", "{args:?}");
        let other = folder.path().join("other.txt");
        let (code, _, told) = appended(&other, args);
        assert!(code == 0 && text(&other).contains('2'), "{args:?}: {told}");
        fs::remove_file(&other).unwrap();
    }
    let before = text(&file);
    assert_ne!(appended(&file, &["run", "p.pipewright.json"]).0, 0);
    assert_eq!(text(&file), before);
}
