//! Tests only: single lines with what other readers of logs make of them (`*.cases.jsonl` among the samples). Each value
//! that they find must be in the row, and what has a common name must stand in the column of that name.
//! `cargo test -p pipewright-core --lib cases_of_others -- --nocapture` prints each miss with its reason.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::dates::Years;
use super::scan::trial;
use super::testing::samples;
use super::time::{self, Epoch};
use super::{FormatSpec, Sample, format, recognise};
use crate::data::instants::parse_timestamp;
use crate::data::{Value, format_timestamp};

/// Cases without a year are of the year before the one in which the file is read.
const FILE_TIME: i64 = 1_767_225_600_000_000;

/// How the cases of a function are read where one line does not tell what it is: file, function or pattern, format and
/// options.
const READ_AS: &[(&str, &str, &str)] = &[
    ("vrl_parse_csv", "", r#"{"name": "csv", "options": {"header": "no"}}"#),
    ("vrl_parse_influxdb", "", r#"{"name": "influx"}"#),
    ("vrl_parse_json", "", r#"{"name": "json_document"}"#),
    ("vrl_parse_key_value", "", r#"{"name": "logfmt"}"#),
    ("vrl_parse_xml", "", r#"{"name": "xml"}"#),
];

/// What others call a field that has a common name here: file, their name, ours. Of all files where that is empty.
const NAMES: &[(&str, &str, &str)] = &[
    ("grok_", "clientip", "client"),
    ("grok_", "client_ip", "client"),
    ("grok_", "client_port", "client_port"),
    ("grok_", "verb", "method"),
    ("grok_", "http_verb", "method"),
    ("grok_", "httpversion", "http_version"),
    ("grok_", "http_version", "http_version"),
    ("grok_httpd", "response", "status"),
    ("grok_haproxy", "http_status_code", "status"),
    ("grok_httpd", "bytes", "bytes"),
    ("grok_haproxy", "bytes_read", "bytes"),
    ("grok_httpd", "agent", "user_agent"),
    ("grok_", "loglevel", "level"),
    ("vrl_parse_apache_log", "method", "method"),
    ("vrl_parse_apache_log", "path", "path"),
    ("vrl_parse_apache_log", "status", "status"),
    ("vrl_parse_apache_log", "size", "bytes"),
    ("vrl_parse_common_log", "host", "client"),
    ("vrl_parse_common_log", "user", "user"),
    ("vrl_parse_common_log", "method", "method"),
    ("vrl_parse_common_log", "path", "path"),
    ("vrl_parse_common_log", "status", "status"),
    ("vrl_parse_common_log", "size", "bytes"),
    ("vrl_parse_nginx_log", "client", "client"),
    ("vrl_parse_nginx_log", "remote_addr", "client"),
    ("vrl_parse_nginx_log", "status", "status"),
    ("vrl_parse_nginx_log", "size", "bytes"),
    ("vrl_parse_nginx_log", "agent", "user_agent"),
    ("vrl_parse_nginx_log", "http_user_agent", "user_agent"),
    ("vrl_parse_nginx_log", "severity", "level"),
    ("vrl_parse_nginx_log", "pid", "pid"),
    ("vrl_parse_syslog", "hostname", "host"),
    ("vrl_parse_syslog", "appname", "app"),
    ("vrl_parse_syslog", "procid", "pid"),
    ("vrl_parse_syslog", "message", "message"),
    ("vrl_parse_", "timestamp", "time"),
    ("vrl_parse_klog", "message", "message"),
    ("vrl_parse_glog", "message", "message"),
    ("vrl_parse_aws_alb_log", "elb_status_code", "status"),
    ("vrl_parse_aws_alb_log", "user_agent", "user_agent"),
];

/// What is not compared, each for a reason: the beginning of a file's name, their name (with what is below it; empty: all),
/// reason.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("vrl_parse_bytes", "", "a function on a value, not a line of a log"),
    ("vrl_parse_duration", "", "a function on a value, not a line of a log"),
    ("vrl_parse_float", "", "a function on a value, not a line of a log"),
    ("vrl_parse_int", "", "a function on a value, not a line of a log"),
    ("vrl_parse_query_string", "", "a function on a value, not a line of a log"),
    ("vrl_parse_url", "", "a function on a value, not a line of a log"),
    ("vrl_parse_user_agent", "", "a function on a value, not a line of a log"),
    ("vrl_parse_yaml", "", "a function on a value, not a line of a log"),
    ("vrl_parse_ruby_hash", "", "a function on a value, not a line of a log"),
    ("vrl_parse_glog", "level", "a word for the letter that is written"),
    ("vrl_parse_klog", "level", "a word for the letter that is written"),
    ("vrl_parse_influxdb", "kind", "added by the other reader"),
    ("vrl_parse_influxdb", "name", "made of two names"),
    ("vrl_parse_syslog", "facility", "a word for the number that is written"),
    ("vrl_parse_syslog", "severity", "a word for the number that is written"),
    ("grok_haproxy", "syslog_timestamp", "the time at which the line was sent, where the request's own stands in it"),
    ("grok_haproxy", "time_duration", "milliseconds, here seconds"),
    ("grok_squid", "duration", "milliseconds, here seconds"),
    ("grok_firewalls", "ciscotag", "here in its parts"),
    ("", "tags", "added by the other reader"),
    ("", "status", "derived from a level or a code"),
    ("", "custom.status", "derived from a level or a code"),
    ("", "custom.http.status_category", "derived from a level or a code"),
    ("", "custom.http.useragent_details", "derived from the user agent"),
    ("", "custom.http.url_details", "derived from an address"),
    ("", "custom.ocsf", "derived: another vocabulary"),
    ("", "custom.network.client.geoip", "derived from an address"),
    ("grok_bind", "querytype", "two fields in one"),
    ("grok_aws", "timestamp", "two fields in one, where no header tells it"),
    ("zscaler", "custom.http.url", "composed of others"),
    ("gigamon", "custom.ts", "a time of a form of its own, which stays text"),
    ("gigamon", "timestamp", "a time of a form of its own, which stays text"),
    ("zscaler", "custom.date", "a time of a form of its own, which stays text"),
    ("zscaler", "timestamp", "a time of a form of its own, which stays text"),
    ("bind9", "custom.action", "derived from the message"),
    ("bind9", "timestamp", "the time inside of the message"),
    ("bind9", "custom.timestamp", "the time inside of the message"),
    ("vercel", "custom.lambda", "numbers out of the message, in other units"),
    ("aqua", "timestamp", "a date without a year, read as of 1971"),
    ("aqua", "custom.timestamp", "a date without a year, read as of 1971"),
    ("celerdata", "timestamp", "a date without a year, read as of 1971"),
    ("celerdata", "custom.timestamp", "a date without a year, read as of 1971"),
];

/// Options with which the other reader is told what a line is like: they have no counterpart.
const TOLD: [&str; 5] = ["key_value_delimiter", "field_delimiter", "delimiter", "max_depth", "accept_standalone_key"];

fn is_of(file: &str, beginning: &str) -> bool {
    file.starts_with(beginning)
}

/// The leaves of a document, each with its path.
fn leaves(json: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match json {
        Json::Object(fields) if fields.len() == 1 && fields.keys().any(|key| key.starts_with('$')) => {
            found.push((path.to_owned(), json.clone()));
        }
        Json::Object(fields) => fields.iter().for_each(|(name, inner)| leaves(inner, &below(name), found)),
        Json::Array(items) => items.iter().for_each(|inner| leaves(inner, path, found)),
        Json::Null => {}
        Json::String(text) if matches!(text.as_str(), "" | "-" | "\"-\"") => {}
        _ => found.push((path.to_owned(), json.clone())),
    }
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// A time, however it is written; one without a year is of the same year as `like`.
fn instant(text: &str, like: i64) -> Option<i64> {
    const FORMS: [&str; 5] = [
        "%a %b %d %H:%M:%S%.f %Y",
        "%d-%b-%Y %H:%M:%S%.f",
        "%b %d, %Y %I:%M:%S %p",
        "%Y-%m-%d\t%H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
    ];
    let years = Years::of(like);
    parse_timestamp(text)
        .or_else(|| time::clf(text))
        .or_else(|| years.rfc3164_prefix(text.as_bytes()).filter(|(_, used)| *used == text.len()).map(|(time, _)| time))
        .or_else(|| FORMS.iter().find_map(|form| years.formatted(text, form)))
}

/// Whether a value says what is expected.
fn agrees(found: &Json, wanted: &Json) -> bool {
    let text = text_of(found);
    let time = parse_timestamp(&text);
    if let Some(wanted) = wanted.as_object() {
        let inner = wanted.values().next().cloned().unwrap_or_default();
        return match wanted.keys().next().map(String::as_str) {
            Some("$ts") if inner.is_object() => agrees(found, &inner),
            Some("$ts") => time.is_some_and(|time| instant(&text_of(&inner), time) == Some(time)),
            Some("$ts_current_year") => {
                let written = |year: &str| format!("{year}-{}Z", text_of(&inner).trim_end_matches('Z'));
                time.is_some_and(|time| text.get(..4).is_some_and(|year| parse_timestamp(&written(year)) == Some(time)))
            }
            _ => true,
        };
    }
    let wanted = text_of(wanted);
    let plain = wanted.trim();
    let plain = plain.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(plain);
    let number = |text: &str| text.parse::<f64>().ok();
    text.trim().eq_ignore_ascii_case(plain)
        || number(&text).is_some_and(|found| number(plain) == Some(found))
        || time.is_some_and(|time| {
            let milliseconds = time::epoch(plain, Epoch::Millis) == Some(time - time.rem_euclid(1000));
            let seconds = time::epoch(plain, Epoch::Seconds) == Some(time);
            seconds || milliseconds || instant(plain, time) == Some(time)
        })
}

/// A case read here: the columns of its row.
struct Row {
    format: String,
    columns: Vec<(String, Json)>,
    leaves: Vec<(String, Json)>,
    is_row: bool,
}

fn read(file: &str, case: &Json, input: &str) -> Row {
    let text = format!("{}\n", input.trim_end_matches('\n'));
    let sample = Sample { file_time: FILE_TIME, ..Sample::whole("a.log", &text) };
    let given = READ_AS.iter().find(|(of, which, _)| {
        is_of(file, of) && (which.is_empty() || ["pattern", "function"].iter().any(|key| case[*key] == *which))
    });
    let spec: Option<FormatSpec> = match given {
        Some((_, _, spec)) => serde_json::from_str(spec).ok(),
        None => recognise(&sample).into_iter().next().map(|best| best.format),
    };
    let spec = spec.unwrap_or_else(|| FormatSpec::new("lines"));
    let prepared = format(&spec.name).unwrap().prepare(&spec, None, &sample);
    let Ok(parser) = prepared else {
        return Row { format: spec.name, columns: Vec::new(), leaves: Vec::new(), is_row: false };
    };
    let rows = trial(parser.as_ref(), &sample).1.rows;
    let mut columns = Vec::new();
    for (_, row) in &rows {
        for (field, value) in parser.schema().fields.iter().zip(row) {
            let json = match value {
                Value::Timestamp(micros) => Json::from(format_timestamp(*micros)),
                other => other.to_json(),
            };
            columns.push((field.name.clone(), json));
        }
    }
    let mut all = Vec::new();
    for (name, value) in &columns {
        leaves(value, name, &mut all);
        // What comes as JSON text is looked for inside of it, too.
        let inner = value.as_str().filter(|text| text.starts_with('{')).map(serde_json::from_str::<Json>);
        inner.into_iter().flatten().for_each(|inner| leaves(&inner, name, &mut all));
    }
    // What stands in several columns here is one value there.
    let column = |name: &str| {
        columns.iter().find(|(known, value)| known == name && !value.is_null()).map(|(_, value)| text_of(value))
    };
    let mut composed = |text: Option<String>| all.extend(text.map(|text| (String::new(), Json::from(text))));
    let version = column("http_version").map(|version| format!("HTTP/{version}"));
    composed(version.clone());
    composed(column("method").zip(column("path")).map(|(method, path)| {
        version.map_or(format!("{method} {path}"), |version| format!("{method} {path} {version}"))
    }));
    composed(column("client").zip(column("client_port")).map(|(client, port)| format!("{client}:{port}")));
    Row { format: spec.name, columns, leaves: all, is_row: !rows.is_empty() }
}

/// What is missing of a case, in words; `None`: nothing.
fn miss(file: &str, case: &Json, kinds: &mut BTreeMap<&'static str, usize>) -> Option<String> {
    let input = case["input"].as_str().unwrap_or_default();
    let row = read(file, case, input);
    let expected = ["expected_legacy", "expected_ecs", "expected"].iter().map(|key| &case[*key]);
    let mut wanted = Vec::new();
    let expected = expected.filter(|expected| expected.as_object().is_none_or(|fields| !fields.is_empty()));
    leaves(expected.clone().find(|expected| !expected.is_null())?, "", &mut wanted);
    let mut missing = Vec::new();
    for (path, value) in wanted {
        let name = path.rsplit('.').next().unwrap_or(&path);
        let otherwise = OTHERWISE.iter().find(|(of, field, _)| {
            is_of(file, of)
                && (field.is_empty() || path == *field || path.starts_with(&format!("{field}.")) || name == *field)
        });
        if let Some((_, _, reason)) = otherwise {
            *kinds.entry(reason).or_default() += 1;
            continue;
        }
        let ours = NAMES.iter().find(|(of, theirs, _)| is_of(file, of) && *theirs == path).map(|(_, _, ours)| *ours);
        let is_found = match ours {
            Some(ours) => row.columns.iter().any(|(name, found)| name == ours && agrees(found, &value)),
            None => {
                let whole = value.as_f64().filter(|number| number.fract() == 0.0);
                let text = whole.map_or_else(|| text_of(&value), |number| format!("{number:.0}"));
                let text = text.trim();
                // The line itself is no field of it; what stands inside of a message stays text.
                let is_line = text.len() > 20 && input.trim().ends_with(text);
                let stands_in = |found: &str| found.to_lowercase().contains(&text.to_lowercase());
                is_line
                    || row
                        .leaves
                        .iter()
                        .any(|(_, found)| agrees(found, &value) || found.as_str().is_some_and(stands_in))
            }
        };
        if !is_found {
            let column = ours.map(|ours| row.columns.iter().find(|(name, _)| name == ours).map(|(_, value)| value));
            let here = column.flatten().map_or(String::new(), |value| format!(" (here {value})"));
            missing.push(format!("{path} = {value}{here}"));
        }
    }
    if !row.is_row {
        missing.push("no row".to_owned());
    }
    (!missing.is_empty()).then(|| format!("{}: {}", row.format, missing.join("; ")))
}

#[test]
fn cases_of_others_agree() {
    let Some(folder) = samples() else { return };
    let mut files: Vec<_> = glob(&folder);
    files.sort();
    let (mut cases, mut right, mut left_out) = (0, 0, 0);
    let mut kinds = BTreeMap::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (mut all, mut fit) = (0, 0);
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            let case: Json = serde_json::from_str(line).unwrap();
            let is_told =
                TOLD.iter().any(|option| case["options"].get(option).is_some_and(|value| value != "=" && value != " "));
            let is_function =
                OTHERWISE.iter().any(|(of, field, _)| !of.is_empty() && field.is_empty() && is_of(&name, of));
            let is_text = case["input"].as_str().is_some_and(|text| !text.is_empty());
            if !is_text || case.get("error").is_some() || is_told || is_function {
                left_out += 1;
                continue;
            }
            all += 1;
            match miss(&name, &case, &mut kinds) {
                None => fit += 1,
                Some(miss) => {
                    let input: String = case["input"].as_str().unwrap().chars().take(90).collect();
                    println!("    {name}: {input:?}\n        {miss}");
                }
            }
        }
        println!("{name}: {fit} of {all}");
        (cases, right) = (cases + all, right + fit);
    }
    for (reason, count) in kinds {
        println!("{count} not compared: {reason}");
    }
    println!("{right} of {cases} cases agree; {left_out} are functions, faults or told what they are");
    assert!(cases > 200, "{cases}");
    assert!(right * 100 >= cases * 95, "{right} of {cases} cases agree");
}

fn glob(folder: &Path) -> Vec<std::path::PathBuf> {
    let kinds = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.is_dir());
    let files = kinds.flat_map(|kind| std::fs::read_dir(kind).unwrap().flatten().map(|entry| entry.path()));
    files.filter(|path| path.to_string_lossy().ends_with(".cases.jsonl")).collect()
}
