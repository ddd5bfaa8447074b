//! What several test modules use: the repository's root, the binary, Python with engines, comparison of rows.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};

use pipewright_core::data::Value;

pub use crate::needs::{need, sample, samples};

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program under test, with settings of the test's own.
pub fn pipewright() -> Command {
    let test = format!("settings-{}-{:?}", std::process::id(), std::thread::current().id());
    let settings = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test.replace(['(', ')'], "-"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipewright"));
    command.current_dir(root()).env_remove("PW_DATA").env("PIPEWRIGHT_CONFIG", settings);
    command
}

/// Runs the program; standard output and error as text.
pub fn run(args: &[&str]) -> (i32, String, String) {
    texts(pipewright().args(args).output().unwrap())
}

pub fn texts(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Runs the program, which must succeed.
pub fn run_ok(args: &[&str]) -> String {
    let (code, out, err) = run(args);
    assert_eq!(code, 0, "pipewright {}:\n{err}", args.join(" "));
    out
}

/// Python 3, which may be named by `PIPEWRIGHT_PYTHON`.
pub fn python() -> Option<String> {
    python_that("--version", &[])
}

/// Python that has the package `duckdb`.
pub fn python_with_duckdb() -> Option<String> {
    python_that("-c", &["import duckdb"])
}

/// Python that has the package `polars`.
pub fn python_with_polars() -> Option<String> {
    python_that("-c", &["import polars"])
}

/// Python that has the package `chdb`, which is ClickHouse.
pub fn python_with_clickhouse() -> Option<String> {
    python_that("-c", &["import chdb"])
}

/// Python that has the packages `pyspark` and `pyarrow`, with a Java beside it.
pub fn python_with_spark() -> Option<String> {
    let java = std::env::var_os("JAVA_HOME").map_or("java".into(), |home| PathBuf::from(home).join("bin/java"));
    let has_java = Command::new(&java).arg("-version").output().is_ok_and(|output| output.status.success());
    need("`java -version` fails", has_java.then_some(()))?;
    python_that("-c", &["import pyspark, pyarrow"])
}

/// Python that has dbt with both adapters.
pub fn python_with_dbt() -> Option<String> {
    python_that("-c", &["import dbt.cli.main, dbt.adapters.duckdb, dbt.adapters.postgres"])
}

/// VRL's own command line, which compiles and runs Vector's programs.
pub fn vrl() -> Option<String> {
    let path = std::env::var("PIPEWRIGHT_VRL").unwrap_or_else(|_| "vrl".to_owned());
    let runs = Command::new(&path).arg("--help").output().is_ok_and(|output| output.status.success());
    need("`vrl --help` fails (its path: PIPEWRIGHT_VRL)", runs.then_some(path))
}

/// What stands in for Vector: a script that runs the programs of a configuration with VRL's own command line.
pub fn vector() -> Option<PathBuf> {
    static SCRIPT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let make = || {
        let (vrl, python) = (vrl()?, python_that("-c", &["import yaml"])?);
        let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("vector-{}", std::process::id()));
        let program = root().join("tests/it/vector.py");
        let text = format!("#!/bin/sh\nPIPEWRIGHT_VRL='{vrl}' exec '{python}' '{}' \"$@\"\n", program.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Some(script)
    };
    SCRIPT.get_or_init(make).clone()
}

/// rsyslog's own program.
pub fn rsyslogd() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("RSYSLOGD").unwrap_or_else(|| "rsyslogd".into()));
    let runs = Command::new(&path).arg("-v").output().is_ok_and(|output| output.status.success());
    need("`rsyslogd -v` fails (its path: RSYSLOGD)", runs.then_some(path))
}

/// Python that has what a target's bundles need.
pub fn python_for(target: &str) -> Option<String> {
    match target {
        "duckdb" => python_with_duckdb(),
        "polars" => python_with_polars(),
        "spark" => python_with_spark(),
        "clickhouse" => python_with_clickhouse(),
        "dbt" | "dbt-postgres" => python_with_dbt(),
        "vector" => vector().and_then(|_| python()),
        "rsyslog" => rsyslogd().and_then(|_| python()),
        _ => python(),
    }
}

/// Python that can do something, with more arguments. Each is asked once: some packages take seconds to load.
pub fn python_that(can: &str, more: &[&str]) -> Option<String> {
    static ANSWERS: Mutex<BTreeMap<String, bool>> = Mutex::new(BTreeMap::new());
    let python = std::env::var("PIPEWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let question = format!("{python} {can} {}", more.join(" "));
    let ask = || Command::new(&python).arg(can).args(more).output().is_ok_and(|output| output.status.success());
    let is_able = *ANSWERS.lock().unwrap().entry(question.clone()).or_insert_with(ask);
    need(&format!("`{question}` fails"), is_able.then_some(python))
}

/// A PostgreSQL of the tests' own, without a network; it ends and goes with the process.
pub struct PostgreSql {
    folder: tempfile::TempDir,
    /// Its standard input is its life line.
    /// On this machine; who is called `walled` needs a password there.
    pub port: u16,
    _server: Child,
}

/// Makes a cluster in the folder `$1` as `$2`, in no language that the tests count on, runs it until its standard input
/// ends, and takes it away.
const SERVER: &str = r#"set -eu
as=
port=$3
if [ "$(id -u)" -eq 0 ]; then
  as="setpriv --reuid=postgres --regid=postgres --clear-groups"
  chown postgres "$1"
fi
export LC_ALL=C
$as "$2/initdb" -D "$1/data" -U postgres -A trust -E UTF8 --locale-provider=icu --icu-locale=en >"$1/log" 2>&1
$as sed -i '1i host all walled 127.0.0.1/32 scram-sha-256' "$1/data/pg_hba.conf"
$as "$2/postgres" -D "$1/data" -k "$1" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off >>"$1/log" 2>&1 &
server=$!
until "$2/pg_isready" -q -h "$1" -p "$port"; do
  kill -0 "$server"
  sleep 0.1
done
echo ready
read -r _ || true
kill -INT "$server"
wait "$server" || true
rm -rf "$1"
"#;

impl PostgreSql {
    fn started(programs: &Path) -> Option<PostgreSql> {
        let folder = tempfile::tempdir().ok()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let mut server = Command::new("sh")
            .args(["-c", SERVER, "sh"])
            .args([folder.path(), programs])
            .arg(port.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        BufReader::new(server.stdout.take()?).read_line(&mut line).ok()?;
        (line == "ready\n").then_some(PostgreSql { folder, port, _server: server })
    }

    /// What leads programs to it.
    pub fn lead<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("PGHOST", self.folder.path())
            .env("PGUSER", "postgres")
            .env("PGDATABASE", "postgres")
            .env("PGPORT", self.port.to_string())
    }

    pub fn psql(&self) -> Command {
        let mut command = Command::new("psql");
        self.lead(command.args(["-X", "-q", "-A", "-t", "-v", "VERBOSITY=terse"]));
        command
    }
}

/// The server of this process; `None`: PostgreSQL is not on this machine.
pub fn postgresql() -> Option<&'static PostgreSql> {
    static SERVER: OnceLock<Option<PostgreSql>> = OnceLock::new();
    let found = SERVER.get_or_init(|| {
        // Debian keeps the server's programs out of the PATH.
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let folders = versions.map(|version| version.path().join("bin")).chain(std::env::split_paths(&paths));
        let mut folders = folders.filter(|folder| folder.join("initdb").exists());
        PostgreSql::started(&folders.next()?)
    });
    need("PostgreSQL (`initdb` and `psql`, from Debian's `postgresql`) does not start", found.as_ref())
}

/// The targets whose engine is here.
pub fn targets_here() -> impl Iterator<Item = &'static str> {
    let names = pipewright_core::export::targets().iter().map(|target| target.name());
    let is_here = |name: &&str| match *name {
        "postgresql" => postgresql().is_some(),
        "dbt" => python_with_dbt().is_some(),
        // Printed, and not run anywhere.
        "otelcol" => false,
        "dbt-postgres" => python_with_dbt().is_some() && postgresql().is_some(),
        _ => true,
    };
    names.filter(move |name| is_here(name) && python_for(name).is_some())
}

/// Leads the scripts of bundles to the engines that are here.
pub fn lead(command: &mut Command) -> &mut Command {
    if let Some(vector) = vector() {
        command.env("VECTOR", vector);
    }
    match postgresql() {
        Some(server) => server.lead(command),
        None => command,
    }
}

/// What a plan says beside the hints of values that its sources lose.
pub fn beside_lost_values(talk: &str) -> Vec<&str> {
    let hints = ["hint[PW0731] ", "  help: what is planned does not see these values; "];
    talk.lines().filter(|line| !hints.iter().any(|hint| line.starts_with(hint))).collect()
}

pub fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether two values are the same, floats to 1e-9 of their size.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-300),
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => *int as f64 == *float,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Record(a), Value::Record(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((name, a), (other, b))| name == other && same(a, b))
        }
        (a, b) => a == b,
    }
}

/// Compares rows: in order, or as sets of rows.
pub fn assert_same_rows(what: &str, mut found: Vec<Vec<Value>>, mut expected: Vec<Vec<Value>>, ordered: bool) {
    if !ordered {
        let key = |row: &Vec<Value>| row.iter().map(sort_text).collect::<Vec<_>>();
        found.sort_by_key(key);
        expected.sort_by_key(key);
    }
    let is_same = found.len() == expected.len()
        && found.iter().zip(&expected).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)));
    assert!(is_same, "{what}\n  found    {found:?}\n  expected {expected:?}");
}

/// Rounded, so that floats that are the same sort the same.
fn sort_text(value: &Value) -> String {
    match value {
        Value::Float(float) => format!("{float:.6e}"),
        other => other.to_json().to_string(),
    }
}
