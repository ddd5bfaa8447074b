//! What people of this trade did not get from other tools, made small (`../shared/cases`): the wanted rows, by the command
//! line, natively and in the DuckDB bundle. Skipped, saying so, where that folder is absent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{need, path, pipewright, python_with_duckdb, root, run, run_ok, texts};

/// The folder of a case: in `PIPEWRIGHT_CASES`, or beside the repository.
fn case(name: &str) -> Option<PathBuf> {
    let beside = root().parent().map(|folder| folder.join("shared/cases")).unwrap_or_default();
    let folder = std::env::var_os("PIPEWRIGHT_CASES").map_or(beside, PathBuf::from).join(name);
    let is_there = folder.is_dir();
    need(&format!("there is no case {name} (PIPEWRIGHT_CASES names the folder of cases)"), is_there.then_some(folder))
}

/// Lines of a CSV file, its header first, the rest sorted.
fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.len() > 1 {
        lines[1..].sort();
    }
    lines
}

/// A flow from one file through steps to `out.csv`.
fn saved(folder: &Path, source: Json, steps: &[(&str, Json)]) -> PathBuf {
    let mut items = vec![json!({"id": "s0", "kind": "file", "title": "Input", "settings": {"source": "src"}})];
    items.extend(steps.iter().enumerate().map(|(index, (kind, settings))| {
        json!({"id": format!("s{}", index + 1), "kind": kind, "title": format!("{kind} {index}"), "settings": settings})
    }));
    let load = json!({"path": "out.csv", "kind": "csv"});
    items.push(json!({"id": "out", "kind": "load_file", "title": "Load", "settings": load}));
    let ids: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    let wires: Vec<Json> =
        ids.windows(2).map(|pair| json!({"id": format!("w-{}", pair[1]), "from": pair[0], "to": pair[1]})).collect();
    let project = json!({"pipewright": 1, "name": "case", "sources": [source], "steps": items, "wires": wires});
    let file = folder.join("case.pipewright.json");
    fs::write(&file, project.to_string()).unwrap();
    file
}

/// Columns of a schema, each `name Type`.
fn source(file: &Path, format: Json, columns: &[&str]) -> Json {
    let fields: Vec<Json> = columns
        .iter()
        .map(|column| {
            let (name, data_type) = column.split_once(' ').unwrap();
            json!({"name": name, "type": data_type})
        })
        .collect();
    json!({"id": "src", "title": "Input", "path": path(file), "format": format, "schema": {"fields": fields}})
}

/// `out.csv` of a run, and of the DuckDB bundle where DuckDB is there.
fn both(folder: &Path, project: &Path) -> Vec<(&'static str, Vec<String>)> {
    let out = folder.join("out");
    run_ok(&["run", path(project), "--trust", "--out", path(&out)]);
    let mut found = vec![("native", lines(&out.join("out.csv")))];
    if let Some(python) = python_with_duckdb() {
        let (bundle, out) = (folder.join("bundle"), folder.join("out-duckdb"));
        run_ok(&["export", path(project), "--trust", "--target", "duckdb", "--out", path(&bundle), "--force"]);
        let mut script = Command::new(bundle.join("run.sh"));
        script.arg(&out).arg("--trust").env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env("PYTHON", python);
        let (code, _, talk) = texts(script.output().unwrap());
        assert_eq!(code, 0, "{talk}");
        found.push(("duckdb", lines(&out.join("out.csv"))));
    }
    found
}

/// One column of a file of expected rows, with a header of its own.
fn expected_column(file: &Path, column: usize, header: &str) -> Vec<String> {
    let rows = lines(file).into_iter().skip(1);
    // Names of columns with commas in them are quoted in the header alone.
    let mut found: Vec<String> = rows.map(|row| row.split(',').nth(column).unwrap().to_owned()).collect();
    found.sort();
    std::iter::once(header.to_owned()).chain(found).collect()
}

#[test]
fn a_funnel_counts_every_start() {
    let Some(case) = case("22-funnel-same-instant") else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = source(&case.join("input.csv"), json!({"name": "csv"}), &["ts_ms Int", "user String", "event String"]);
    for (within, column) in [("1 hour", 1), ("", 3)] {
        let stage = |name: &str| json!({"id": name, "name": name, "condition": format!("event = '{name}'")});
        let steps = [
            (
                "compute",
                json!({"columns": [{"id": "c", "name": "time", "expression": "from_epoch(ts_ms, 'milliseconds')"}]}),
            ),
            (
                "funnel",
                json!({"by": "user", "time": "time", "within": within,
                "stages": [stage("view"), stage("cart"), stage("pay")]}),
            ),
            ("select", json!({"columns": [{"id": "a", "column": "reached"}]})),
        ];
        let file = saved(folder.path(), input.clone(), &steps);
        for (engine, rows) in both(folder.path(), &file) {
            assert_eq!(rows, expected_column(&case.join("expected.csv"), column, "reached"), "{engine}, {within}");
        }
    }
}

#[test]
fn a_pivot_loses_no_value() {
    let Some(case) = case("24-pivot-unknown-values") else { return };
    let folder = tempfile::tempdir().unwrap();
    let columns = ["path String", "status Int", "region String", "ms Int"];
    let input = source(&case.join("input.jsonl"), json!({"name": "json_lines"}), &columns);
    let expected = lines(&case.join("expected.csv"));
    let names: Vec<&str> = expected[0].split(',').skip(1).collect();
    let values: Vec<Json> = names
        .iter()
        .map(|name| match *name {
            "(null)" => json!({"id": "null", "value": "null", "name": name}),
            name => json!({"id": name, "value": format!("'{name}'"), "name": name}),
        })
        .collect();
    let all = json!({"keys": ["path"], "column": "region", "values": values, "measure": "count(*)"});
    let file = saved(folder.path(), input.clone(), &[("pivot", all)]);
    for (engine, rows) in both(folder.path(), &file) {
        assert_eq!(rows, expected, "{engine}");
    }
    // Of values that nobody listed none vanishes.
    let some =
        json!({"keys": ["path"], "column": "region", "values": &values[2..4], "measure": "count(*)", "other": "other"});
    let file = saved(folder.path(), input, &[("pivot", some)]);
    let sum = |rows: &[String]| -> u64 {
        rows[1..].iter().flat_map(|row| row.split(',').skip(1)).map(|cell| cell.parse::<u64>().unwrap_or(0)).sum()
    };
    for (engine, rows) in both(folder.path(), &file) {
        assert!(rows[0].ends_with(",other"), "{engine}: {rows:?}");
        assert_eq!(sum(&rows), sum(&expected), "{engine}: {rows:?}");
    }
}

#[test]
fn epoch_times_of_all_units_are_read_and_zero_is_one() {
    let Some(case) = case("18-epoch-units") else { return };
    let folder = tempfile::tempdir().unwrap();
    let columns = ["name String", "mtime_ns Int", "seen_ms Int", "started_s Float", "size Int"];
    let format = json!({"name": "csv", "options": {"separator": "tab"}});
    let input = source(&case.join("input.tsv"), format, &columns);
    let time = |name: &str, from: &str, unit: &str| json!({"id": format!("t-{name}"), "name": name, "expression": format!("format_time(from_epoch({from}, '{unit}'), '%Y-%m-%dT%H:%M:%S.%fZ')")});
    let times = json!({"columns": [time("mtime", "mtime_ns", "nanoseconds"), time("seen", "seen_ms", "milliseconds"),
        time("started", "started_s", "seconds")]});
    let kept: Vec<Json> =
        ["name", "mtime", "seen", "started", "size"].iter().map(|name| json!({"id": name, "column": name})).collect();
    let file = saved(folder.path(), input, &[("compute", times), ("select", json!({"columns": kept}))]);
    for (engine, rows) in both(folder.path(), &file) {
        assert_eq!(rows, lines(&case.join("expected.csv")), "{engine}");
    }
}

/// Names of columns that a bundle's own helpers use, too.
#[test]
fn columns_of_any_name_are_read_as_times() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.csv"), "s,t,x,p0,v\n2026-01-02,5,2026-01-03T00:00:00Z,a,b\n").unwrap();
    let columns = ["s String", "t Int", "x String", "p0 String", "v String"];
    let input = source(&folder.path().join("in.csv"), json!({"name": "csv"}), &columns);
    let made = json!({"columns": [
        {"id": "a", "name": "a", "expression": "to_timestamp(s, '%Y-%m-%d')"},
        {"id": "b", "name": "b", "expression": "try_cast(x as Timestamp)"},
        {"id": "c", "name": "c", "expression": "regexp_replace(v, '(b)', '$1$1')"}]});
    let file = saved(folder.path(), input, &[("compute", made)]);
    let wanted =
        ["s,t,x,p0,v,a,b,c", "2026-01-02,5,2026-01-03T00:00:00Z,a,b,2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,bb"];
    for (engine, rows) in both(folder.path(), &file) {
        assert_eq!(rows, wanted, "{engine}");
    }
}

#[test]
fn days_without_data_are_days_like_others() {
    let Some(case) = case("31-empty-inputs") else { return };
    let folder = tempfile::tempdir().unwrap();
    let sums = json!({"keys": [{"id": "k", "expression": "shop"}], "measures": [{"id": "m", "name": "amount", "expression": "sum(amount)"}]});
    let input = folder.path().join("input.csv");
    let file = saved(
        folder.path(),
        source(&input, json!({"name": "csv"}), &["shop String", "amount Int"]),
        &[("aggregate", sums)],
    );
    for name in [
        "input.csv",
        "input-blank.csv",
        "input-bom.csv",
        "input-header-no-newline.csv",
        "input-header.csv",
        "input-zero.csv",
    ] {
        fs::copy(case.join(name), &input).unwrap();
        let expected = lines(&case.join(if name == "input.csv" { "expected.csv" } else { "expected-empty.csv" }));
        for (engine, rows) in both(folder.path(), &file) {
            assert_eq!(rows, expected, "{engine}, {name}");
        }
    }
    // Packed, and not there, and locked.
    let packed = folder.path().join("input.csv.gz");
    fs::copy(case.join("input-zero.csv.gz"), &packed).unwrap();
    let text = fs::read_to_string(&file).unwrap().replace("input.csv\"", "input.csv.gz\"");
    fs::write(&file, text).unwrap();
    let out = folder.path().join("out");
    run_ok(&["run", path(&file), "--out", path(&out), "--report", path(&folder.path().join("report.json"))]);
    assert_eq!(lines(&out.join("out.csv")), ["shop,amount"]);
    fs::remove_file(&packed).unwrap();
    let (code, _, talk) = run(&["run", path(&file), "--out", path(&out)]);
    assert!(code == 1 && talk.contains("input.csv.gz"), "{talk}");
}

#[cfg(unix)]
#[test]
fn a_result_that_does_not_fit_leaves_the_one_before() {
    let Some(case) = case("32-disk-full") else { return };
    let folder = tempfile::tempdir().unwrap();
    let input = source(&case.join("input.csv"), json!({"name": "csv"}), &["id Int", "text String"]);
    let file = saved(folder.path(), input, &[]);
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    let before = fs::read(case.join("input-previous.csv")).unwrap();
    fs::write(out.join("out.csv"), &before).unwrap();
    let limited = format!(
        "ulimit -f 20; exec '{}' run '{}' --trust --out '{}'",
        env!("CARGO_BIN_EXE_pipewright"),
        path(&file),
        path(&out)
    );
    let settings = pipewright();
    let mut shell = Command::new("bash");
    shell.args(["-c", &limited]).envs(settings.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let (code, _, talk) = texts(shell.output().unwrap());
    assert!(code == 1 && talk.contains("out.csv"), "{code}: {talk}");
    assert_eq!(fs::read(out.join("out.csv")).unwrap(), before);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn requests_of_a_rotated_log_count_once() {
    let Some(case) = case("29-rotated-overlap") else { return };
    let format = "log_format=$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                  \"$http_referer\" \"$http_user_agent\" $request_id";
    let pattern = format!("{}*", path(&case.join("input.access.log")));
    let as_it_is = ["--as", "nginx_access", "--set", format];
    let by_hour = ["--by", "date_trunc('hour', time) as hour", "--agg", "count(*) as requests", "--sort", "hour"];
    let (code, out, talk) = run(&[&["read", &pattern, "--output", "csv"], &as_it_is[..], &by_hour].concat());
    assert_eq!(code, 0, "{talk}");
    let wanted = fs::read_to_string(case.join("expected.csv")).unwrap();
    let hours = |text: &str| text.replace(":00:00.000000Z", ":00:00Z").trim().to_owned();
    assert_eq!(hours(&out), hours(&wanted));
    assert!(talk.contains("40 lines stand at the end of input.access.log.1"), "{talk}");
    // In the order in which they were written, and with the places that they have in their files.
    let (_, out, talk) = run(&[&["read", &pattern, "--position"], &as_it_is[..]].concat());
    let rows: Vec<Json> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<&str> = rows.iter().map(|row| row["time"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && talk.contains("PW0920"), "{talk}");
    let now = rows.iter().find(|row| row["_file"].as_str().unwrap().ends_with("access.log")).unwrap();
    assert_eq!(now["_line"], 41);
}

/// The rows that `read` gives of a file.
fn rows_of(args: &[&str]) -> (Vec<Json>, String) {
    let (code, out, talk) = run(&[&["read"], args].concat());
    assert_eq!(code, 0, "{talk}");
    (out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), talk)
}

/// The records of a CSV file of expected rows, as texts.
fn records(file: &Path) -> Vec<Vec<String>> {
    let read = ["--as", "csv", "--set", "header=no", "--output", "jsonl"];
    let (rows, _) = rows_of(&[&[path(file)], &read[..]].concat());
    let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    rows.iter().skip(1).map(|row| row.as_object().unwrap().values().map(text).collect()).collect()
}

#[test]
fn lists_of_tries_are_whole() {
    let Some(case) = case("06-nginx-upstream-lists") else { return };
    let format = "log_format=log_format x '$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \
                  $request_length $request_time $upstream_response_time \"$http_referer\" \"$http_user_agent\"';";
    let file = case.join("input.log");
    let (rows, talk) = rows_of(&[path(&file), "--as", "nginx_access", "--set", format]);
    assert!(
        rows.len() == 90 && talk.contains("45 of `upstream_response_time`"),
        "the last try alone, which is told: {talk}"
    );
    let folder = tempfile::tempdir().unwrap();
    let declared = folder.path().join("declared.json");
    let (name, format) = format.split_once('=').unwrap();
    let fields = json!([{"name": "upstream_response_time", "type": "String"}]);
    let spec = json!({"format": {"name": "nginx_access", "options": {name: format}}, "schema": {"fields": fields}});
    fs::write(&declared, spec.to_string()).unwrap();
    let (rows, _) = rows_of(&[path(&file), "--declared", path(&declared)]);
    let wanted = records(&case.join("expected.csv"));
    assert_eq!(wanted.len(), 90);
    let (mut several, mut told) = (0, 0);
    for (row, wanted) in rows.iter().zip(&wanted) {
        // A colon stands between tries where the request went to another group of servers.
        let tries = row["upstream_response_time"].as_str().unwrap_or_default().replace(" : ", ", ");
        let tries: Vec<&str> = tries.split(", ").filter(|one| !one.is_empty()).collect();
        several += usize::from(tries.len() > 1);
        told += usize::from(wanted[6].parse::<usize>().unwrap() > 1);
        let sum: f64 = tries.iter().filter_map(|one| one.parse::<f64>().ok()).sum();
        let wanted_sum = wanted[7].parse::<f64>().unwrap_or_default();
        assert!((sum - wanted_sum).abs() < 1e-9, "{row} {wanted:?}");
    }
    assert_eq!(several, told);
}

#[test]
fn times_without_a_year_cross_new_year() {
    let Some(case) = case("13-syslog-new-year") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |seconds: u64| std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    for (name, expected, changed) in
        [("input.log", "expected-times.csv", 1_767_333_600), ("input-leap.log", "expected-leap.csv", 1_739_145_600)]
    {
        let file = folder.path().join(name);
        fs::copy(case.join(name), &file).unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(at(changed)).unwrap();
        let (rows, _) = rows_of(&[path(&file), "--as", "syslog_3164"]);
        let times: Vec<&str> = rows.iter().map(|row| row["time"].as_str().unwrap()).collect();
        let wanted = records(&case.join(expected));
        assert_eq!(times, wanted.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn samples_with_exemplars_and_odd_labels_are_whole() {
    let Some(case) = case("17-prometheus-exemplars") else { return };
    let (rows, _) = rows_of(&[path(&case.join("input.prom")), "--as", "prometheus"]);
    let wanted = fs::read_to_string(case.join("expected.jsonl")).unwrap();
    let wanted: Vec<Json> = wanted.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // A number that none is has no place in a row.
    let number = |value: &Json| value.as_f64();
    let known = |labels: &Json| {
        let all = labels.as_object().unwrap().iter();
        all.map(|(name, value)| (name.clone(), value.clone())).collect::<std::collections::BTreeMap<_, _>>()
    };
    let keyed = |name: &Json, labels: std::collections::BTreeMap<String, Json>, value: &Json| {
        format!("{name} {labels:?} {:?}", number(value))
    };
    let mut expected: Vec<String> =
        wanted.iter().map(|one| keyed(&one["name"], known(&one["labels"]), &one["value"])).collect();
    let mut found: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut labels = known(row);
            let own = ["name", "type", "value", "time", "exemplar"];
            labels.retain(|name, value| !own.contains(&name.as_str()) && !value.is_null());
            keyed(&row["name"], labels, &row["value"])
        })
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
