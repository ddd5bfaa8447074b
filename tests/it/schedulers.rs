//! Files for schedulers beside a bundle: each is read by the tool that it is for, where that is on this machine, and else
//! looked at by hand; what cron and systemd call is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{need, path, python, run, run_ok, texts};

const ALL: &str = "airflow,dagster,systemd,cron,kubernetes,github-actions,dockerfile";

/// A design with a secret, an interval, a parameter that must be given and one with a default.
fn bundle(folder: &Path) -> PathBuf {
    let parameter = |name: &str, kind: &str, more: Json| {
        let mut all = json!({"id": name, "name": name, "type": kind});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let hmac = json!({"columns": ["mail"], "method": "hmac", "key": "salt", "reason": "for tests"});
    let kept = json!({"predicate": "at >= ${from} and at < ${until} and n > ${least} and n < ${most}"});
    let fields =
        json!([{"name": "mail", "type": "String"}, {"name": "at", "type": "Timestamp"}, {"name": "n", "type": "Int"}]);
    let design = json!({
        "pipewright": 1, "name": "Mails & \"${{ more }}\"",
        "parameters": [
            parameter("salt", "String", json!({"default": "${env:THE_SALT}"})),
            parameter("from", "Timestamp", json!({"doc": "$(touch hacked)\n`x`"})),
            parameter("until", "Timestamp", json!({})),
            parameter("least", "Int", json!({})),
            parameter("most", "Int", json!({"default": 100})),
        ],
        "sources": [{"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"}, "schema": {"fields": fields}}],
        "steps": [
            {"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
            {"id": "f", "kind": "filter", "title": "Of the day", "settings": kept},
            {"id": "h", "kind": "mask_or_hash", "title": "Hash", "settings": hmac},
            {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
        ],
        "wires": [{"id": "w", "from": "in", "to": "f"}, {"id": "w2", "from": "f", "to": "h"}, {"id": "w3", "from": "h", "to": "out"}],
    });
    let file = folder.join("p.pipewright.json");
    fs::write(&file, design.to_string()).unwrap();
    let out = folder.join("bundle");
    let mut export = crate::support::pipewright();
    export.args([
        "export",
        path(&file),
        "--target",
        "pipeline",
        "--with",
        ALL,
        "--out",
        path(&out),
        "--env",
        "THE_SALT",
    ]);
    let (code, _, talk) = texts(export.env("THE_SALT", "much-too-secret").output().unwrap());
    assert_eq!(code, 0, "{talk}");
    out.join("schedulers")
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Python of a tool, which a variable of the environment names.
fn python_of(variable: &str) -> Option<String> {
    need(&format!("{variable} names no Python"), std::env::var(variable).ok())
}

#[test]
fn no_file_holds_a_secret_or_a_text_of_the_design() {
    let folder = tempfile::tempdir().unwrap();
    let schedulers = bundle(folder.path());
    let mut seen = 0;
    for entry in fs::read_dir(&schedulers).unwrap().map(Result::unwrap) {
        for file in fs::read_dir(entry.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let text = text(&file);
            seen += 1;
            for unwanted in
                ["much-too-secret", "hacked", "more", "@NAME@", "@GIVEN@", "@SECRETS@", "@INTERVALS@", "THE_SALT"]
            {
                assert!(
                    !text.contains(unwanted) || unwanted == "more" && !text.contains("{{ more"),
                    "{unwanted} in {file:?}:\n{text}"
                );
            }
        }
    }
    assert_eq!(seen, 10);
}

#[test]
fn systemd_takes_the_units() {
    let Some(()) =
        need("`systemd-analyze` is not here", Command::new("systemd-analyze").arg("--version").output().ok().map(drop))
    else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let units = bundle(folder.path()).join("systemd");
    let (service, timer) = (units.join("pipewright-mails_more.service"), units.join("pipewright-mails_more.timer"));
    let (code, out, err) =
        texts(Command::new("systemd-analyze").arg("verify").args([&service, &timer]).output().unwrap());
    let own: Vec<&str> = err.lines().filter(|line| line.contains("mails_more")).collect();
    assert!(code == 0 && own.is_empty(), "{code} {out}{err}");
    let service = text(&service);
    assert!(service.contains("LoadCredential=PW_SALT:/etc/pipewright/mails_more/PW_SALT\n"), "{service}");
    // What it calls, as systemd gives it to the shell.
    let command =
        service.lines().find_map(|line| line.strip_prefix("ExecStart=/bin/sh -c '")?.strip_suffix('\'')).unwrap();
    let command =
        command.replace("$$", "$").replace("%%", "%").replace("/opt/pipewright/mails_more/run.sh", "env; echo run");
    fs::write(folder.path().join("PW_SALT"), "it's \"salty\" $x\n").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &command.replace("exec ", "")]).env("CREDENTIALS_DIRECTORY", folder.path());
    let (code, out, err) = texts(shell.env("STATE_DIRECTORY", "/state").output().unwrap());
    assert!(
        code == 0 && out.contains("\nrun /state/results\n") && out.contains("PW_SALT=it's \"salty\" $x\n"),
        "{out}{err}"
    );
    for variable in ["PW_FROM=", "PW_UNTIL="] {
        let value = out.lines().find_map(|line| line.strip_prefix(variable)).unwrap();
        assert!(value.ends_with("T00:00:00Z") && value.len() == 20, "{variable}{value}");
    }
}

#[test]
fn cron_runs_the_bundle_on_the_day_before() {
    let folder = tempfile::tempdir().unwrap();
    let cron = bundle(folder.path()).join("cron");
    let crontab = text(&cron.join("pipewright-mails_more"));
    assert!(
        crontab
            .lines()
            .any(|line| line == "0 5 * * * pipewright /opt/pipewright/mails_more/schedulers/cron/mails_more.sh"),
        "{crontab}"
    );
    let script = cron.join("mails_more.sh");
    let (code, _, err) = texts(Command::new("sh").arg("-n").arg(&script).output().unwrap());
    assert_eq!(code, 0, "{err}");
    let day = Command::new("date").args(["-u", "-d", "yesterday", "+%Y-%m-%d"]).output().unwrap().stdout;
    let day = String::from_utf8(day).unwrap();
    let rows = format!("mail,at,n\na@b,{}T10:00:00Z,5\nc@d,2001-01-01T00:00:00Z,5\n", day.trim());
    fs::write(folder.path().join("in.csv"), rows).unwrap();
    let run = || {
        let mut run = Command::new(&script);
        run.current_dir(folder.path())
            .env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright"))
            .env("PW_SOURCE_FOLDER", folder.path());
        run.env("PIPEWRIGHT_OUT", folder.path().join("out")).env("PIPEWRIGHT_SECRETS", folder.path().join("secrets"));
        texts(run.output().unwrap())
    };
    let (code, _, talk) = run();
    assert!(code != 0 && talk.contains("PW_SALT"), "{talk}");
    fs::create_dir(folder.path().join("secrets")).unwrap();
    let secret = folder.path().join("secrets/PW_SALT");
    fs::write(&secret, "salty").unwrap();
    let mode = |mode| fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    let (code, _, talk) = run();
    assert!(code != 0 && talk.contains("others may read the secret"), "{talk}");
    mode(0o600);
    // What must be given is not yet; then it is.
    let (code, _, talk) = run();
    assert!(code != 0 && talk.contains("least"), "{talk}");
    let with_least = text(&script).replace("export PW_LEAST=''", "export PW_LEAST=1");
    fs::write(&script, with_least).unwrap();
    let (code, _, talk) = run();
    assert_eq!(code, 0, "{talk}");
    let out = text(&folder.path().join("out/out.csv"));
    assert!(out.lines().count() == 2 && !out.contains("a@b"), "{out}");
}

#[test]
fn python_reads_what_is_python_and_yaml_what_is_yaml() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let schedulers = bundle(folder.path());
    for file in ["airflow/mails_more_dag.py", "dagster/mails_more_definitions.py"] {
        let code = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
        let (code, _, err) =
            texts(Command::new(&python).args(["-c", code]).arg(schedulers.join(file)).output().unwrap());
        assert_eq!(code, 0, "{file}: {err}");
    }
    let job = text(&schedulers.join("kubernetes/mails_more.yaml"));
    for wanted in [
        "kind: CronJob\n",
        "                - name: PW_SALT\n                  valueFrom:\n                    secretKeyRef:\n                      name: pipewright-mails-more\n                      key: PW_SALT\n",
        "                - name: PW_LEAST\n                  value: \"\"\n",
        "                # - name: PW_MOST\n",
        "export PW_FROM=\"$(date -u -d 'yesterday 00:00' '+%Y-%m-%dT%H:%M:%SZ')\"; export PW_UNTIL=",
    ] {
        assert!(job.contains(wanted), "{wanted}\n{job}");
    }
    let workflow = text(&schedulers.join("github-actions/mails_more.yml"));
    for wanted in [
        "          PW_SALT: ${{ secrets.PW_SALT }}\n",
        "          PW_LEAST: ${{ vars.PW_LEAST }}\n",
        "          # PW_MOST: ",
    ] {
        assert!(workflow.contains(wanted), "{wanted}\n{workflow}");
    }
    let image = text(&schedulers.join("docker/Dockerfile"));
    assert!(
        image.contains("pip install --no-cache-dir pip \nCOPY ")
            && image.contains("\nENTRYPOINT [\"/opt/pipewright/run.sh\""),
        "{image}"
    );
    let yaml = "import json, sys, yaml; print(json.dumps([yaml.safe_load(open(path)) for path in sys.argv[1:]]))";
    let files = [schedulers.join("kubernetes/mails_more.yaml"), schedulers.join("github-actions/mails_more.yml")];
    let read = Command::new(&python).args(["-c", yaml]).args(&files).output().unwrap();
    let Some(read) = need("Python has no package `yaml`", read.status.success().then_some(read.stdout)) else { return };
    let [job, workflow] = <[Json; 2]>::try_from(serde_json::from_slice::<Vec<Json>>(&read).unwrap()).unwrap();
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!((&job["apiVersion"], &job["spec"]["schedule"]), (&json!("batch/v1"), &json!("0 5 * * *")));
    assert_eq!(pod["containers"][0]["env"].as_array().unwrap().len(), 3, "{pod}");
    assert_eq!(pod["restartPolicy"], "Never");
    let args = pod["containers"][0]["args"][0].as_str().unwrap();
    let (code, _, err) = texts(Command::new("sh").args(["-n", "-c", args]).output().unwrap());
    assert!(code == 0 && args.ends_with("exec /opt/pipewright/run.sh /results\n"), "{args} {err}");
    let steps = workflow["jobs"]["run"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == "run").unwrap();
    assert_eq!(step["env"].as_object().unwrap().len(), 3, "{step}");
    let (code, _, err) = texts(Command::new("sh").args(["-n", "-c", step["run"].as_str().unwrap()]).output().unwrap());
    assert_eq!(code, 0, "{err}");
}

#[test]
fn dagster_takes_the_definitions() {
    let Some(python) = python_of("PIPEWRIGHT_DAGSTER_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = bundle(folder.path()).join("dagster/mails_more_definitions.py");
    let mut dagster = Command::new(&python);
    dagster.args(["-m", "dagster", "definitions", "validate", "-f", path(&file)]).env("DAGSTER_HOME", folder.path());
    let (code, out, err) = texts(dagster.current_dir(folder.path()).output().unwrap());
    assert!(code == 0 && (out + &err).contains("All code locations passed validation"), "{err}");
}

#[test]
fn airflow_takes_the_dag() {
    let Some(python) = python_of("PIPEWRIGHT_AIRFLOW_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let dags = bundle(folder.path()).join("airflow");
    let code = "import datetime, sys; from airflow.dag_processing.dagbag import DagBag; bag = DagBag(dag_folder=sys.argv[1]); \
                print(bag.import_errors, {name: sorted(dag.task_dict) for name, dag in bag.dags.items()}); \
                sys.path.insert(0, sys.argv[1]); import mails_more_dag as found; \
                print(found.intervals(datetime.datetime(2026, 3, 2), datetime.datetime(2026, 3, 3)))";
    let mut airflow = Command::new(&python);
    airflow.args(["-c", code, path(&dags)]).env("AIRFLOW_HOME", folder.path().join("home"));
    let (code, out, err) = texts(airflow.output().unwrap());
    assert!(code == 0 && out.contains("{} {'pipewright_mails_more': ['run']}"), "{out}{err}");
    assert!(out.contains("'PW_FROM': '2026-03-02T00:00:00Z', 'PW_UNTIL': '2026-03-03T00:00:00Z'"), "{out}");
}

#[test]
fn a_scheduler_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.pipewright.json");
    run_ok(&["new", path(&folder.path().join("x"))]);
    let arguments =
        ["export", path(&file), "--target", "pipeline", "--with", "cron,airflo", "--out", path(folder.path())];
    let (code, _, talk) = run(&arguments);
    assert!(code == 2 && talk.contains("no scheduler `airflo`; did you mean `airflow`?"), "{talk}");
}

#[test]
fn the_image_names_the_folder_of_sources_where_a_design_has_a_parameter_of_that_name() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("p.pipewright.json"), folder.path().join("bundle"));
    let image = |parameters: Json| {
        let design = json!({
            "pipewright": 1, "name": "p", "parameters": parameters,
            "sources": [{"id": "s", "title": "S", "path": "in.csv", "format": {"name": "csv"},
                "schema": {"fields": [{"name": "n", "type": "Int"}]}}],
            "steps": [
                {"id": "in", "kind": "file", "title": "In", "settings": {"source": "s"}},
                {"id": "out", "kind": "load_file", "title": "Out", "settings": {"path": "out.csv", "kind": "csv"}},
            ],
            "wires": [{"id": "w", "from": "in", "to": "out"}],
        });
        fs::write(&file, design.to_string()).unwrap();
        run_ok(&["export", path(&file), "--target", "pipeline", "--with", "dockerfile", "--out", path(&out)]);
        text(&out.join("schedulers/docker/Dockerfile"))
    };
    let own = json!([{"id": "a", "name": "source_folder", "type": "String", "default": "mine"}]);
    assert!(image(json!([])).contains("/bin/python PW_SOURCE_FOLDER=/data\n"));
    let other = image(own);
    assert!(other.contains("/bin/python PW_SOURCE_FOLDER_2=/data\n"), "{other}");
}
