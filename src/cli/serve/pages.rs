//! What `serve` shows: lists of runs, one run, the history of answers; as pages that need no script, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::ir::encoded;
use pipewright_core::quote::xml;
use pipewright_engine::RunReport;
use serde::Serialize;

use super::Kept;
use crate::cli::output::counted;

pub const HTML: &str = "text/html; charset=utf-8";
pub const JSON: &str = "application/json";
pub const TEXT: &str = "text/plain; charset=utf-8";

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .7rem;border-bottom:1px solid #8884}\
.n{text-align:right;font-variant-numeric:tabular-nums}.failed{color:#b3261e;font-weight:600}.quarantine{color:#9a6700;\
font-weight:600}a{color:inherit}@media(prefers-color-scheme:dark){body{background:#15171a;color:#e4e6e8}\
.failed{color:#ff8a80}.quarantine{color:#ffcc66}}";

/// A run in short.
#[derive(Serialize)]
pub struct Summary<'a> {
    name: &'a str,
    started_at: &'a str,
    status: &'static str,
    seconds: f64,
    rows_read: u64,
    rows_written: u64,
    quarantined: u64,
    answers: usize,
}

/// What an answer was, run by run.
#[derive(Serialize)]
pub struct History<'a> {
    title: &'a str,
    runs: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    run: &'a str,
    started_at: &'a str,
    number: &'a str,
    what: &'a str,
    sentence: &'a str,
}

pub fn json_of(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// How a run ended.
fn status(report: &RunReport) -> &'static str {
    match report {
        report if report.told.iter().any(Diagnostic::is_error) => "failed",
        report if report.dry_run => "checked",
        report if report.over_threshold => "quarantine",
        _ => "done",
    }
}

pub fn summaries(runs: &[Kept]) -> Vec<Summary<'_>> {
    let summary = |run| {
        let Kept { name, report }: &Kept = run;
        Summary {
            name,
            started_at: &report.started_at,
            status: status(report),
            seconds: report.seconds,
            rows_read: report.rows_read,
            rows_written: report.rows_written,
            quarantined: report.quarantined,
            answers: report.answers.len(),
        }
    };
    runs.iter().map(summary).collect()
}

/// By answer, the newest run first.
pub fn history(runs: &[Kept]) -> Vec<History<'_>> {
    let mut found: BTreeMap<(&str, &str), Vec<Told>> = BTreeMap::new();
    for run in runs.iter().filter(|run| !run.report.dry_run) {
        for answer in &run.report.answers {
            found.entry((&answer.title, &answer.step)).or_default().push(Told {
                run: &run.name,
                started_at: &run.report.started_at,
                number: &answer.told.number,
                what: &answer.told.what,
                sentence: &answer.told.sentence,
            });
        }
    }
    found.into_iter().map(|((title, _), runs)| History { title, runs }).collect()
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <nav><a href=\"/\">Runs</a> · <a href=\"/answers\">Answers</a></nav>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// Rows of a table; a heading that ends in `#` is one of numbers.
fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let class = |column: usize| match headings.get(column).is_some_and(|heading| heading.ends_with('#')) {
        true => " class=\"n\"",
        false => "",
    };
    let cells = |tag: &str, cells: &[String]| -> String {
        cells.iter().enumerate().map(|(column, cell)| format!("<{tag}{}>{cell}</{tag}>", class(column))).collect()
    };
    let names: Vec<String> = headings.iter().map(|heading| heading.trim_end_matches('#').to_owned()).collect();
    let rows: String = rows.map(|row| format!("<tr>{}</tr>\n", cells("td", &row))).collect();
    format!("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n", cells("th", &names))
}

fn shown_status(report: &RunReport) -> String {
    let status = status(report);
    format!("<span class=\"{status}\">{status}</span>")
}

pub fn overview(runs: &[Kept]) -> String {
    if runs.is_empty() {
        return whole(
            "Runs",
            "<p>No report is here yet: <code>pipewright run PROJECT --report FOLDER/NAME.json</code></p>\n",
        );
    }
    let headings = ["Began", "", "Seconds#", "Rows read#", "Rows written#", "In quarantine#", "Answer"];
    let rows = runs.iter().map(|Kept { name, report }| {
        let answer = report.answers.first().map(|answer| xml(&answer.told.sentence)).unwrap_or_default();
        vec![
            format!("<a href=\"/runs/{}/page\">{}</a>", encoded(name), xml(&report.started_at)),
            shown_status(report),
            format!("{:.1}", report.seconds),
            report.rows_read.to_string(),
            report.rows_written.to_string(),
            report.quarantined.to_string(),
            answer,
        ]
    });
    whole("Runs", &table(&headings, rows))
}

/// One run.
pub fn run(Kept { name, report }: &Kept) -> String {
    let mut body = format!(
        "<p>{} · {:.1} s · {} read, {} written, {} in quarantine · <a href=\"/runs/{}\">the report</a></p>\n",
        shown_status(report),
        report.seconds,
        counted(report.rows_read, "row"),
        report.rows_written,
        report.quarantined,
        encoded(name)
    );
    if let Some(file) = &report.quarantine_file {
        let _ = writeln!(body, "<p>What was turned away lies in <code>{}</code>.</p>", xml(file));
    }
    for answer in &report.answers {
        let _ = writeln!(body, "<h2>{}</h2>\n<p>{}</p>", xml(&answer.title), xml(&answer.told.sentence));
    }
    let remarks = report.remarks();
    if !remarks.is_empty() {
        body.push_str("<h2>Worth knowing</h2>\n<ul>\n");
        for remark in &remarks {
            let class = if remark.severity == Severity::Error { "failed" } else { "" };
            let _ = writeln!(body, "<li class=\"{class}\">{} {}</li>", xml(&remark.code), xml(&remark.message));
        }
        body.push_str("</ul>\n");
    }
    body.push_str("<h2>Sources</h2>\n");
    let sources = report.sources.iter().map(|source| {
        let tally = &source.tally;
        vec![
            xml(&source.title),
            xml(&source.format),
            source.files.len().to_string(),
            tally.rows.to_string(),
            tally.quarantined.to_string(),
        ]
    });
    body.push_str(&table(&["Source", "Format", "Files#", "Rows#", "In quarantine#"], sources));
    body.push_str("<h2>Written</h2>\n");
    let sinks = report.sinks.iter().map(|sink| vec![xml(&sink.title), xml(&sink.path), sink.rows.to_string()]);
    body.push_str(&table(&["Step", "To", "Rows#"], sinks));
    body.push_str("<h2>Steps</h2>\n");
    let steps = report.steps.iter().map(|step| {
        let rows_in: Vec<String> = step.rows_in.iter().map(u64::to_string).collect();
        vec![
            xml(&step.title),
            xml(&step.op),
            rows_in.join(" + "),
            step.rows_out.to_string(),
            step.dropped.to_string(),
            step.quarantined.to_string(),
        ]
    });
    body.push_str(&table(&["Step", "", "Rows in#", "Rows out#", "Left out#", "In quarantine#"], steps));
    whole(&xml(&format!("Run of {}", report.started_at)), &body)
}

/// What answers were, run by run.
pub fn answers(runs: &[Kept]) -> String {
    let mut body = String::new();
    for answer in history(runs) {
        let _ = writeln!(body, "<h2>{}</h2>", xml(answer.title));
        let rows = answer.runs.iter().map(|told| {
            vec![
                format!("<a href=\"/runs/{}/page\">{}</a>", encoded(told.run), xml(told.started_at)),
                xml(told.number),
                xml(told.sentence),
            ]
        });
        body.push_str(&table(&["Run", "Number#", "In words"], rows));
    }
    if body.is_empty() {
        body.push_str("<p>No run has answered a question yet.</p>\n");
    }
    whole("Answers", &body)
}
