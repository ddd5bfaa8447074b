//! Fields of real files against another reading of them (`*.expected.jsonl` beside the samples): the rate for each file, and
//! each kind of difference with an example. `cargo test --test it expected_fields -- --nocapture` prints them. Skipped where
//! the sample folder is absent.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use pipewright_core::ir::Read;
use pipewright_engine::{Cancel, ResultTable, read_stream, sniff};
use serde_json::Value as Json;

use crate::support::{path, samples};

/// What the other reading calls a field, the first that is there, and what it is here.
const NAMES: &[(&[&str], &str)] = &[
    (&["source.address", "source.ip", "client.address"], "client"),
    (&["source.port"], "client_port"),
    (&["user.name"], "user"),
    (&["http.request.method"], "method"),
    (&["url.original"], "path"),
    (&["http.version"], "http_version"),
    (&["http.response.status_code"], "status"),
    (&["http.response.body.bytes"], "bytes"),
    (&["http.request.referrer"], "referrer"),
    (&["user_agent.original"], "user_agent"),
    (&["log.level"], "level"),
    (&["process.pid"], "pid"),
    (&["process.name"], "app"),
];

/// Fields that the other reading takes from elsewhere, or means otherwise: the beginning of a file's name, field, reason.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("nginx-", "client", "the first public address of a list, here the first one"),
    ("cisco/", "", "what stands inside of a message, which is text here"),
    ("redis/", "level", "a word for the sign"),
    ("mq/", "level", "another word for the level"),
    ("panos-csv/", "user", "without the domain"),
    ("saas-json/", "client", "a value inside of the file's own record of that name"),
    ("elastic-json/", "user", "a value inside of the file's own record of that name"),
    ("iis-access/", "path", "without the query"),
    ("iptables/", "user", "taken from the rule's name"),
    ("zeek/", "", "derived from several fields"),
    ("suricata-eve/", "", "derived from several fields"),
    ("kv-firewall/", "", "derived from several fields"),
    ("cef/", "", "derived from the extension by its vendor"),
];

/// The rows of a file by their offset and by their line.
struct Rows {
    tables: Vec<ResultTable>,
    by_offset: BTreeMap<u64, (usize, usize)>,
    by_line: BTreeMap<u64, (usize, usize)>,
    format: String,
}

fn rows_of(file: &Path) -> Option<Rows> {
    let found = sniff(file).ok()?;
    let format = found.format.name.clone();
    let read = Read {
        path: path(file).to_owned(),
        format: found.format,
        schema: found.schema,
        columns: None,
        position: true,
        planned: None,
        location: None,
    };
    let mut tables = Vec::new();
    let mut take = |table: ResultTable| {
        tables.push(table);
        ControlFlow::Continue(())
    };
    pipewright_core::files::trust(Path::new("."));
    read_stream(&read, Path::new("."), &mut take, &mut |_| {}, &Cancel::new()).ok()?;
    let (mut by_offset, mut by_line) = (BTreeMap::new(), BTreeMap::new());
    for (index, table) in tables.iter().enumerate() {
        let place = |name: &str, row: usize| {
            table.schema().index(name).and_then(|column| table.value(row, column).to_json().as_u64())
        };
        for row in 0..table.rows() {
            place("_offset", row).map(|offset| by_offset.insert(offset, (index, row)));
            place("_line", row).map(|line| by_line.insert(line, (index, row)));
        }
    }
    Some(Rows { tables, by_offset, by_line, format })
}

/// A value as it is compared: a number and its text are the same, and so are nothing and a dash.
fn plain(value: &Json) -> Option<String> {
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    (!value.is_null() && !matches!(text.as_str(), "" | "-")).then_some(text)
}

/// What was compared of a file.
#[derive(Default)]
struct Result {
    events: usize,
    right: usize,
    /// By field, how often it differs, and once how.
    misses: BTreeMap<String, (usize, String)>,
}

fn compare(name: &str, rows: &Rows, raw: &str, expected: &str) -> Result {
    let lines: BTreeMap<&str, u64> = raw.lines().zip(1..).collect();
    let mut result = Result::default();
    for event in expected.lines() {
        let Ok(event) = serde_json::from_str::<Json>(event) else { continue };
        let original = event["event.original"].as_str().map(str::trim_end);
        let by_original = || original.and_then(|text| rows.by_line.get(lines.get(text)?));
        let row = match event["log.offset"].as_u64() {
            Some(offset) => rows.by_offset.get(&offset),
            None => by_original(),
        };
        // An event that is no row here was turned away, which other tests count.
        let Some((table, row)) = row.map(|(table, row)| (&rows.tables[*table], *row)) else { continue };
        result.events += 1;
        let mut is_right = true;
        for (theirs, ours) in NAMES {
            let is_otherwise = |(start, field, _): &&(&str, &str, &str)| {
                name.starts_with(start) && (field.is_empty() || field == ours)
            };
            let Some(column) = table.schema().index(ours).filter(|_| !OTHERWISE.iter().any(|one| is_otherwise(&one)))
            else {
                continue;
            };
            let Some(theirs) = theirs.iter().find_map(|theirs| plain(&event[*theirs])) else { continue };
            let found = plain(&table.value(row, column).to_json());
            if found.as_deref() != Some(theirs.as_str()) {
                is_right = false;
                let example = || format!("{:?} here, {theirs:?} there", found.clone().unwrap_or_default());
                result.misses.entry((*ours).to_owned()).or_insert_with(|| (0, example())).0 += 1;
            }
        }
        result.right += usize::from(is_right);
    }
    result
}

#[test]
fn expected_fields_of_real_files_agree() {
    let Some(folder) = samples() else { return };
    let (mut events, mut right, mut files) = (0, 0, 0);
    let mut kinds: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
    kinds.sort();
    for kind in kinds.into_iter().filter(|kind| kind.is_dir()) {
        let mut entries: Vec<_> = fs::read_dir(&kind).unwrap().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for beside in entries {
            let Some(raw) = path(&beside).strip_suffix(".expected.jsonl").map(Path::new) else { continue };
            let (Ok(bytes), Ok(expected)) = (fs::read(raw), fs::read_to_string(&beside)) else { continue };
            let name = path(raw.strip_prefix(&folder).unwrap()).to_owned();
            let Some(rows) = rows_of(raw) else { continue };
            let result = compare(&name, &rows, &String::from_utf8_lossy(&bytes), &expected);
            if result.events == 0 {
                continue;
            }
            eprintln!("{name:70} {:18} {:4} of {:4} events agree", rows.format, result.right, result.events);
            for (field, (count, example)) in &result.misses {
                eprintln!("    {field}: {count} differ: {example}");
            }
            (events, right, files) = (events + result.events, right + result.right, files + 1);
        }
    }
    eprintln!("{files} files: {right} of {events} events agree");
    assert!(files > 60 && events > 1000, "{files} files, {events} events");
    assert!(right * 100 >= events * 98, "{right} of {events} events agree");
}
