//! Receipts: `verify.sh` of every target runs what the bundle holds, on the engine that it is for, and fails where a
//! result is another one, is missing or is there besides, and where the bundle's logic is not what it was.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipewright_core::export::targets;

use crate::support::{lead, path, postgresql, python_for, root, rsyslogd, run_ok, targets_here, texts, vector};

const PROJECT: &str = "projects/shop/shop.pipewright.json";
const ANSWERS: [&str; 4] =
    ["bad_experience_per_hour.parquet", "failed_transactions.jsonl", "pages_by_visitors.csv", "services_to_expand.csv"];

/// How it can be seen from outside that a bundle's own logic was run.
struct Witness {
    /// Which program runs it (a variable of `verify.sh`), and arguments that it is given, `@` the bundle.
    program: &'static str,
    arguments: &'static str,
    /// The file that says what is done, and what must make another result of it.
    logic: &'static str,
    from: &'static str,
    to: &'static str,
}

/// A target that is not told of here has no test that it verifies itself: it fails.
fn witness(target: &str) -> Witness {
    match target {
        "pipeline" => Witness {
            program: "PIPEWRIGHT",
            arguments: "run @/pipeline.json",
            logic: "pipeline.json",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        "duckdb" => Witness {
            program: "PYTHON",
            arguments: "@/run.py @/pipeline.sql",
            logic: "pipeline.sql",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        "postgresql" => Witness {
            program: "PSQL",
            arguments: "-f @/pipeline.sql",
            logic: "pipeline.sql",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        "polars" => Witness {
            program: "PYTHON",
            arguments: "@/pipeline.py",
            logic: "pipeline.py",
            from: "\"payment_failed\"",
            to: "\"payment_ok\"",
        },
        "vector" => Witness {
            program: "VECTOR",
            arguments: "--quiet --config vector.yaml",
            logic: "vector.yaml",
            from: "\"payment_failed\"",
            to: "\"payment_ok\"",
        },
        "rsyslog" => Witness {
            program: "RSYSLOGD",
            arguments: "-n -C -f rsyslog.conf -i rsyslogd.pid",
            logic: "rsyslog.conf",
            from: "\"payment_failed\"",
            to: "\"payment_ok\"",
        },
        "spark" => Witness {
            program: "PYTHON",
            arguments: "@/job.py",
            logic: "pipeline.sql",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        "clickhouse" => Witness {
            program: "PYTHON",
            arguments: "@/run.py @/pipeline.sql",
            logic: "pipeline.sql",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        "dbt" | "dbt-postgres" => Witness {
            program: "PYTHON",
            arguments: "@/run.py @",
            logic: "models/clean/failed_payments.sql",
            from: "'payment_failed'",
            to: "'payment_ok'",
        },
        other => panic!("say how it is seen that `{other}` runs its own bundles on its own engine"),
    }
}

/// A program that notes its arguments and then is the program that it stands for.
fn noting(folder: &Path, name: &str, program: &str) -> (PathBuf, PathBuf) {
    let (script, notes) = (folder.join(name), folder.join(format!("{name}.notes")));
    let text = format!("#!/bin/sh\necho \"$*\" >>'{}'\nexec '{program}' \"$@\"\n", notes.display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    (script, notes)
}

struct Bench {
    folder: tempfile::TempDir,
    bundle: PathBuf,
    python: String,
}

impl Bench {
    fn new(target: &str, python: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("bundle");
        run_ok(&["export", PROJECT, "--target", target, "--out", path(&bundle)]);
        Bench { folder, bundle, python: python.to_owned() }
    }

    fn verify(&self) -> (i32, String, String) {
        let (program, _) = noting(self.folder.path(), "PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
        let (python, _) = noting(self.folder.path(), "PYTHON", &self.python);
        let mut script = Command::new(self.bundle.join("verify.sh"));
        script.env("PIPEWRIGHT", program).env("PYTHON", python).current_dir(root());
        if let Some(server) = postgresql() {
            server.lead(&mut script).env("PSQL", noting(self.folder.path(), "PSQL", "psql").0);
        }
        if let Some(vector) = vector() {
            script.env("VECTOR", noting(self.folder.path(), "VECTOR", path(&vector)).0);
        }
        if let Some(rsyslogd) = rsyslogd() {
            script.env("RSYSLOGD", noting(self.folder.path(), "RSYSLOGD", path(&rsyslogd)).0);
        }
        // The place of a real run's report, which a check must leave alone.
        let report = self.folder.path().join("report.json");
        let found = texts(script.env("PIPEWRIGHT_REPORT", &report).output().unwrap());
        assert!(!report.exists());
        found
    }

    fn file(&self, name: &str) -> PathBuf {
        self.bundle.join(name)
    }

    /// Changes a file, verifies, and puts the file back.
    fn verify_with(&self, name: &str, change: impl Fn(&Path)) -> (i32, String) {
        let file = self.file(name);
        let before = fs::read(&file).ok();
        change(&file);
        let (code, out, err) = self.verify();
        match before {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        (code, out + &err)
    }

    /// The bundle does something else, or nothing.
    fn notices_other_logic(&self, target: &str) {
        let Witness { logic, from, to, .. } = witness(target);
        let (code, talk) = self.verify_with(logic, |file| {
            let text = fs::read_to_string(file).unwrap();
            assert!(text.contains(from), "{target}: no {from} in {logic}");
            fs::write(file, text.replace(from, to)).unwrap();
        });
        assert!(code != 0 && talk.contains("DIFFERENT: failed_transactions.jsonl"), "{target}: {code} {talk}");
        let (code, talk) = self.verify_with(logic, |file| fs::remove_file(file).unwrap());
        assert!(code != 0 && !talk.contains("same: "), "{target}: {code} {talk}");
    }
}

#[test]
fn every_target_verifies_its_own_bundle_on_its_own_engine() {
    assert!(targets().len() >= 6);
    for target in targets_here() {
        let Some(python) = python_for(target) else { continue };
        let bench = Bench::new(target, &python);
        let (code, out, err) = bench.verify();
        assert_eq!(code, 0, "{target}: {out}{err}");
        let same: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("same: ")?.split(',').next()).collect();
        assert_eq!(same, ANSWERS, "{target}: {out}");
        let rows = out.lines().filter(|line| line.starts_with("same: ")).map(|line| {
            let count = line.split(", ").nth(1).unwrap().split(' ').next().unwrap();
            count.parse::<usize>().unwrap()
        });
        assert!(rows.min() > Some(0), "{target} compares rows: {out}");
        let witness = witness(target);
        let wanted = witness.arguments.replace('@', path(&bench.bundle));
        let notes = fs::read_to_string(bench.folder.path().join(format!("{}.notes", witness.program))).unwrap();
        assert!(notes.contains(&wanted), "{target}: `{wanted}` was never run, but\n{notes}");
        assert!(fs::read_to_string(bench.file("README.md")).unwrap().contains("DATA"), "{target}");
    }
}

#[test]
fn receipts_notice_what_is_wrong_in_every_target() {
    for target in targets_here() {
        let Some(python) = python_for(target) else { continue };
        let bench = Bench::new(target, &python);
        if target == "spark" || target.starts_with("dbt") {
            // They take long to start; what compares the results is the same in every target.
            bench.notices_other_logic(target);
            continue;
        }
        let csv = "receipt/expected/pages_by_visitors.csv";
        // One figure is another one.
        let (code, talk) = bench.verify_with(csv, |file| {
            let text = fs::read_to_string(file).unwrap();
            fs::write(file, text.replacen(',', ",1", 2)).unwrap();
        });
        assert!(code != 0 && talk.contains("DIFFERENT: pages_by_visitors.csv"), "{target}: {code} {talk}");
        assert_eq!(talk.matches("same: ").count(), ANSWERS.len() - 1, "{target}: {talk}");
        // A row stands twice.
        let jsonl = "receipt/expected/failed_transactions.jsonl";
        let (code, talk) = bench.verify_with(jsonl, |file| {
            let text = fs::read_to_string(file).unwrap();
            fs::write(file, format!("{text}{}\n", text.lines().next().unwrap())).unwrap();
        });
        assert!(code != 0 && talk.contains("DIFFERENT: failed_transactions.jsonl"), "{target}: {code} {talk}");
        // Another text, with digits and a point in it.
        let (code, talk) = bench.verify_with(jsonl, |file| {
            let text = fs::read_to_string(file).unwrap();
            assert!(text.contains("2.8.0"), "{text}");
            fs::write(file, text.replacen("2.8.0", "2.80.0", 1)).unwrap();
        });
        assert!(code != 0 && talk.contains("DIFFERENT: failed_transactions.jsonl"), "{target}: {code} {talk}");
        // A result that the bundle does not give.
        let (code, talk) = bench.verify_with("receipt/expected/more.csv", |file| fs::write(file, "a\n1\n").unwrap());
        assert!(code != 0 && talk.contains("MISSING: more.csv"), "{target}: {code} {talk}");
        // A result that nobody expects.
        let (code, talk) = bench.verify_with(csv, |file| fs::remove_file(file).unwrap());
        assert!(code != 0 && talk.contains("NOT EXPECTED: pages_by_visitors.csv"), "{target}: {code} {talk}");
        bench.notices_other_logic(target);
        // Put back, all is well: each of these was noticed for itself.
        let (code, out, err) = bench.verify();
        assert_eq!(code, 0, "{target}: {out}{err}");
    }
}

#[test]
fn a_design_without_files_verifies_itself_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.pipewright.json");
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "steps": [
            {"id": "t", "kind": "table", "title": "T", "settings": {"columns": [{"name": "n", "type": "Int"}], "rows": [[1], [2]]}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w", "from": "t", "to": "out"}],
    });
    fs::write(&file, design.to_string()).unwrap();
    // Log agents read files, or nothing.
    for target in targets_here().filter(|target| !["vector", "rsyslog"].contains(target)) {
        let Some(python) = python_for(target) else { continue };
        let bundle = folder.path().join(target);
        run_ok(&["export", path(&file), "--target", target, "--out", path(&bundle)]);
        let run = |script: &str, arguments: &[&str]| {
            let mut command = Command::new(bundle.join(script));
            command.args(arguments).env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", &python);
            texts(lead(&mut command).output().unwrap())
        };
        let (code, out, talk) = run("verify.sh", &[]);
        assert!(code == 0 && out.contains("out.csv"), "{target}: {out}{talk}");
        // What a killed run left goes with the next; what is alive, or no run's, stays.
        let results = folder.path().join(format!("results-{target}"));
        for (name, lock) in [(".pipewright-work-dead00", "lock"), (".pipewright-work-mine00", "other")] {
            fs::create_dir_all(results.join(name)).unwrap();
            fs::write(results.join(name).join(lock), "").unwrap();
        }
        let (code, _, talk) = run("run.sh", &[path(&results)]);
        assert_eq!(code, 0, "{talk}");
        assert_eq!(results.join(".pipewright-work-dead00").exists(), target == "pipeline");
        assert!(results.join(".pipewright-work-mine00").exists());
        if target != "pipeline" {
            let (code, _, talk) = run("run.sh", &[path(&results), "--param", "a=b"]);
            assert!(code == 2 && talk.contains("variables of the environment"), "{talk}");
        }
    }
}

/// A key that stands nowhere but in the environment is in no receipt, and its bundle verifies itself all the same.
#[test]
fn a_bundle_with_a_keyed_hash_verifies_itself_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.pipewright.json");
    fs::write(folder.path().join("in.csv"), "mail,n\na@example.org,1\nb@example.org,2\n").unwrap();
    let design = serde_json::json!({
        "pipewright": 1, "name": "p",
        "sources": [{"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"},
            "schema": {"fields": [{"name": "mail", "type": "String"}, {"name": "n", "type": "Int"}]}}],
        "parameters": [{"id": "k", "name": "salt", "type": "String", "default": "${env:THE_SALT}"}],
        "steps": [
            {"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
            {"id": "h", "kind": "mask_or_hash", "title": "Hash", "settings": {"columns": ["mail"], "method": "hmac", "key": "salt", "reason": "for tests"}},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w", "from": "in", "to": "h"}, {"id": "w2", "from": "h", "to": "out"}],
    });
    fs::write(&file, design.to_string()).unwrap();
    let bundle = folder.path().join("bundle");
    let mut export = crate::support::pipewright();
    export.args(["export", path(&file), "--target", "pipeline", "--out", path(&bundle), "--env", "THE_SALT"]);
    let (code, _, talk) = texts(export.env("THE_SALT", "much-too-secret").output().unwrap());
    assert!(code == 0 && !talk.contains("PW0630"), "{talk}");
    let mut verify = Command::new(bundle.join("verify.sh"));
    verify.env_remove("THE_SALT").env("PW_SALT", "another").env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"));
    let (code, out, talk) = texts(verify.output().unwrap());
    assert_eq!(code, 0, "{out}{talk}");
    let all = Command::new("grep").args(["-r", "much-too-secret", path(&bundle)]).output().unwrap();
    assert!(all.stdout.is_empty());
}

/// The lines come into a receipt as they are: what no column declares comes with them.
#[test]
fn a_receipt_holds_no_secret_that_no_column_declares() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.pipewright.json");
    let late = |line: fn(usize) -> String, last: &str| (0..1500).map(line).collect::<String>() + last + "\n";
    let cases = [
        ("json_lines", "{\"id\":1,\"password\":\"canary\"}\n".to_owned()),
        ("json_lines", "{\"id\":1,\"user\":{\"list\":[{\"apiKey\":\"canary\"}]}}\n".to_owned()),
        ("json_lines", late(|id| format!("{{\"id\":{id}}}\n"), "{\"id\":0,\"token\":\"canary\"}")),
        (
            "json_document",
            "{\"meta\":{\"client_secret\":\"canary\"},\n\"items\":[{\"id\":1},\n{\"id\":2}]}\n".to_owned(),
        ),
        ("csv", "id,user_password\n1,canary\n".to_owned()),
        ("logfmt", "id=1 password=canary\n".to_owned()),
        (
            "logfmt",
            late(|id| format!("id={id} a_quite_long_key=of_some_letters_to_fill_the_sample\n"), "id=1 token=canary"),
        ),
    ];
    for (number, (format, lines)) in cases.into_iter().enumerate() {
        fs::write(folder.path().join("in.log"), &lines).unwrap();
        let design = serde_json::json!({
            "pipewright": 1, "name": "p",
            "sources": [{"id": "s", "title": "Lines", "path": "in.log", "format": {"name": format},
                "schema": {"fields": [{"name": "id", "type": "Int"}]}}],
            "steps": [
                {"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
                {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
            ],
            "wires": [{"id": "w", "from": "in", "to": "out"}],
        });
        fs::write(&file, design.to_string()).unwrap();
        for target in targets().iter().map(|target| target.name()) {
            let bundle = folder.path().join(format!("{target}-{number}"));
            let arguments = ["export", path(&file), "--target", target, "--out", path(&bundle)];
            let (code, _, talk) = crate::support::run(&arguments);
            assert!(code == 0 && talk.contains("no receipt was made"), "{format}: {code} {talk}");
            assert!(talk.contains("which the lines of"), "{talk}");
            let verify = Command::new(bundle.join("verify.sh")).output().unwrap();
            assert!(!verify.status.success() && String::from_utf8_lossy(&verify.stderr).contains("no receipt"));
            // A script that somebody has put there is not taken for the bundle's.
            let planted = folder.path().join(format!("planted-{target}-{number}"));
            fs::create_dir(&planted).unwrap();
            fs::write(planted.join("verify.sh"), "#!/bin/sh\n").unwrap();
            let (code, _, talk) =
                crate::support::run(&["export", path(&file), "--target", target, "--out", path(&planted)]);
            assert!(code == 1 && talk.contains("PW0743"), "{talk}");
            let holds = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("canary"));
            assert!(!bundle.join("receipt").exists() && !holds(&bundle.join("pipeline.json")), "{format}");
        }
    }
    // What is no secret by its name stays.
    fs::write(folder.path().join("in.log"), "id=1 colour=red\n").unwrap();
    let bundle = folder.path().join("plain");
    run_ok(&["export", path(&file), "--target", "pipeline", "--out", path(&bundle)]);
    assert!(bundle.join("receipt/data").exists());
}
