//! The way out of one machine: a job on a cluster of two workers on this machine, which the test starts and ends, and
//! what is said where Spark cannot run.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{path, pipewright, python_with_spark, root, texts};

const PROJECT: &str = "projects/shop/shop.pipewright.json";
const SAMPLES: &str = "projects/shop/samples";

/// A master and its workers, ended with the test.
struct Cluster {
    processes: Vec<Child>,
    master: String,
    folder: tempfile::TempDir,
}

impl Cluster {
    /// `program`: what tasks read their parts with.
    fn start(python: &str, workers: usize, program: &Path) -> Cluster {
        let home = spark_home(python);
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let master = format!("spark://127.0.0.1:{port}");
        let mut cluster = Cluster { processes: Vec::new(), master: master.clone(), folder };
        let part = |name: &str, arguments: &[&str]| {
            let mut command = Command::new(home.join("bin/spark-class"));
            command.arg(format!("org.apache.spark.deploy.{name}")).args(arguments);
            command.env("SPARK_HOME", &home).env("PYSPARK_PYTHON", python).env("SPARK_LOCAL_IP", "127.0.0.1");
            // Where the tasks run there is nothing but this.
            command.env("PIPEWRIGHT", program);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let ports = ["--host", "127.0.0.1", "--port", &port, "--webui-port", "0"];
        let mut first = part("master.Master", &ports);
        let mut log = BufReader::new(first.stderr.take().unwrap()).lines().map_while(Result::ok);
        cluster.processes.push(first);
        log.find(|line| line.contains("New state: ALIVE")).expect("the master says that it is there");
        for number in 0..workers {
            let place = cluster.folder.path().join(format!("worker{number}"));
            let settings = ["--host", "127.0.0.1", "--cores", "1", "--memory", "1g", "--webui-port", "0"];
            let mut worker = part("worker.Worker", &[&settings[..], &["--work-dir", path(&place), &master]].concat());
            drain(worker.stderr.take().unwrap());
            cluster.processes.push(worker);
        }
        for _ in 0..workers {
            log.find(|line| line.contains("Registering worker")).expect("the master says which workers there are");
        }
        // What is said later would be waited for.
        std::thread::spawn(move || log.for_each(drop));
        cluster
    }

    /// Its workers, by their processes.
    fn workers(&mut self) -> &mut [Child] {
        &mut self.processes[1..]
    }

    /// Workers whose tasks have run something.
    fn used(&self) -> usize {
        let workers = fs::read_dir(self.folder.path()).unwrap().flatten();
        let has_run = |folder: &Path| fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        workers.filter(|entry| has_run(&entry.path())).count()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn drain(log: impl std::io::Read + Send + 'static) {
    std::thread::spawn(move || BufReader::new(log).lines().map_while(Result::ok).for_each(drop));
}

/// The Spark that lies in the Python package.
fn spark_home(python: &str) -> PathBuf {
    let said = Command::new(python)
        .args(["-c", "import os, pyspark; print(os.path.dirname(os.path.realpath(pyspark.__file__)))"])
        .output()
        .unwrap();
    PathBuf::from(String::from_utf8(said.stdout).unwrap().trim())
}

/// The access log in files by itself: a folder of the log's name.
fn divided(folder: &Path) {
    for entry in fs::read_dir(root().join(SAMPLES)).unwrap().flatten() {
        let name = entry.file_name();
        if name != "access.log" {
            fs::copy(entry.path(), folder.join(name)).unwrap();
        }
    }
    let text = fs::read(root().join(SAMPLES).join("access.log")).unwrap();
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    fs::create_dir(folder.join("access.log")).unwrap();
    for (number, part) in lines.chunks(lines.len() / 4 + 1).enumerate() {
        fs::write(folder.join(format!("access.log/part{number}.log")), part.concat()).unwrap();
    }
}

fn assert_answers(python: &str, out: &Path) {
    let oracle = Command::new(python).current_dir(root()).args(["tests/oracle/shop.py", SAMPLES, path(out)]).output();
    let (code, said, talk) = texts(oracle.unwrap());
    assert_eq!(code, 0, "{said}{talk}");
    assert_eq!(said.matches("equal").count(), 4, "{said}");
}

#[test]
fn two_workers_answer_the_questions_of_the_shop() {
    let Some(python) = python_with_spark() else { return };
    let cluster = Cluster::start(&python, 2, Path::new(env!("CARGO_BIN_EXE_pipewright")));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    divided(&data);
    // One file in parts of its bytes, then several files.
    let whole = root().join(SAMPLES);
    for (name, data) in [("parts", whole.as_path()), ("files", data.as_path())] {
        let (out, report) = (folder.path().join(name), folder.path().join(format!("{name}.json")));
        let mut run = pipewright();
        run.args(["run", PROJECT, "--engine", "spark", "--master", &cluster.master, "--out", path(&out)]);
        run.args([
            "--report",
            path(&report),
            "--conf",
            "spark.executor.memory=512m",
            "--conf",
            "spark.ui.enabled=false",
        ]);
        run.arg("--param").arg(format!("data={}", path(data)));
        run.env("PYTHON", &python).env("SPARK_LOCAL_IP", "127.0.0.1").env("PIPEWRIGHT_PART_BYTES", "1000000");
        let (code, said, talk) = texts(run.output().unwrap());
        assert_eq!(code, 0, "{said}{talk}");
        assert_answers(&python, &out);
        let report: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
        let access = &report["sources"][0];
        assert_eq!((&access["tally"]["read"], &access["tally"]["quarantined"]), (&13822.into(), &21.into()), "{name}");
        assert_eq!(access["files"].as_array().unwrap().len(), if name == "parts" { 1 } else { 4 });
        let step = |op: &str| report["steps"].as_array().unwrap().iter().find(|step| step["op"] == op).unwrap();
        assert_eq!((&step("filter")["rows_in"][0], &step("filter")["rows_out"]), (&13799.into(), &262.into()));
        let lines = fs::read_to_string(out.join("quarantine/quarantine.jsonl")).unwrap();
        assert_eq!(lines.lines().filter(|line| line.contains("\"step\": \"Access log\"")).count(), 21, "{lines}");
    }
    assert_eq!(cluster.used(), 2);
}

/// Reads for a task, but for the first one: that kills the worker that it runs on, with its executor, and gives nothing.
const KILLER: &str = r#"#!/bin/sh
if [ "$1" = read ] && mkdir '@FOLDER@/killed' 2>/dev/null; then
  pid=$$
  line=
  while [ "$pid" -gt 1 ]; do
    line="$pid $line"
    if grep -qx "$pid" '@FOLDER@/workers'; then
      set -- $line
      kill -9 "$1" "$2"
      exit 1
    fi
    pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status")
  done
  exit 1
fi
exec '@PIPEWRIGHT@' "$@"
"#;

#[test]
fn a_job_ends_right_when_a_worker_is_killed_midway() {
    let Some(python) = python_with_spark() else { return };
    let folder = tempfile::tempdir().unwrap();
    let killer = folder.path().join("pipewright");
    let text =
        KILLER.replace("@FOLDER@", path(folder.path())).replace("@PIPEWRIGHT@", env!("CARGO_BIN_EXE_pipewright"));
    fs::write(&killer, text).unwrap();
    fs::set_permissions(&killer, fs::Permissions::from_mode(0o755)).unwrap();
    let mut cluster = Cluster::start(&python, 2, &killer);
    let pids: String = cluster.workers().iter().map(|worker| format!("{}\n", worker.id())).collect();
    fs::write(folder.path().join("workers"), pids).unwrap();
    let out = folder.path().join("out");
    let mut run = pipewright();
    run.args(["run", PROJECT, "--engine", "spark", "--master", &cluster.master, "--out", path(&out)]);
    run.args(["--conf", "spark.executor.memory=512m", "--conf", "spark.ui.enabled=false"]);
    run.arg("--param").arg(format!("data={}", path(&root().join(SAMPLES))));
    run.env("PYTHON", &python).env("SPARK_LOCAL_IP", "127.0.0.1").env("PIPEWRIGHT_PART_BYTES", "1000000");
    let (code, said, talk) = texts(run.output().unwrap());
    assert_eq!(code, 0, "{said}{talk}");
    assert_answers(&python, &out);
    assert!(folder.path().join("killed").is_dir(), "{talk}");
    let ended = cluster.workers().iter_mut().filter_map(|worker| worker.try_wait().unwrap());
    assert_eq!(ended.filter(|status| status.signal() == Some(9)).count(), 1);
}

#[test]
fn what_spark_lacks_is_said_with_a_mend() {
    let Some(python) = python_with_spark() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = |variables: &[(&str, &str)], more: &[&str]| {
        let mut run = pipewright();
        run.args(["run", PROJECT, "--engine", "spark", "--out", path(&out)]).args(more);
        run.env("PYTHON", &python).env("SPARK_LOCAL_IP", "127.0.0.1").envs(variables.iter().copied());
        let started = Instant::now();
        let (code, _, talk) = texts(run.output().unwrap());
        assert!(started.elapsed() < Duration::from_secs(120), "{talk}");
        assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none(), "{talk}");
        (code, talk)
    };
    let (code, talk) = run(&[], &["--master", "nonsense"]);
    assert!(code == 1 && talk.contains("that is no master of Spark") && talk.contains("local[*]"), "{talk}");
    let (code, talk) = run(&[("JAVA_HOME", "/nowhere")], &[]);
    assert!(code == 1 && talk.contains("Java is not found"), "{talk}");
    let (code, talk) = run(&[("PYTHON", "/nowhere/python")], &[]);
    assert!(code == 1 && talk.contains("has no package pyspark"), "{talk}");
    let (code, talk) = run(&[], &["--quarantine", path(folder.path())]);
    assert!(code == 2 && talk.contains("does not take --quarantine"), "{talk}");
    let (code, talk) = run(&[], &["--param", "slow_after=soon"]);
    assert!(code == 2 && talk.contains("`slow_after` is of type Float"), "{talk}");
    let natively = pipewright().args(["run", PROJECT, "--master", "local", "--out", path(&out)]).output().unwrap();
    let (code, _, talk) = texts(natively);
    assert!(code == 2 && talk.contains("--engine spark"), "{talk}");
}
