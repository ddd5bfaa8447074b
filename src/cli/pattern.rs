//! `pipewright pattern`: a pattern for lines of no known format, learned from pieces that are marked in a few of them.

use std::path::Path;

use pipewright_app::first_lines;
use pipewright_core::formats::{FormatSpec, Learned, Mark, Tally, learn};
use pipewright_core::ir::Read;
use pipewright_core::quote::visible;
use pipewright_engine::{Budget, Cancel, Sampling, read_sample, sniff};
use serde_json::json;

use super::args::{Form, PatternArgs};
use super::output::{counted, print_json, print_text};
use super::{Failure, Outcome, VerbResult, usage};

/// Lines from the file's beginning that a pattern is learned from.
const LINES: u64 = 2000;
/// Lines over which it is tried.
const TRIED: u64 = 100_000;
/// Lines that are shown where nothing is marked yet.
const SHOWN: usize = 10;

pub fn pattern(args: &PatternArgs) -> VerbResult {
    let lines = lines_of(&args.file)?;
    let texts: Vec<&str> = lines.iter().map(String::as_str).collect();
    if args.marks.is_empty() {
        return Err(how_to_mark(args, &texts));
    }
    let mut marks = Vec::new();
    for text in &args.marks {
        marks.push(mark(text, &texts, &marks)?);
    }
    let learned = learn(&texts, &marks).map_err(|fault| fault.file(args.file.display().to_string()))?;
    let (tally, first) = tried(args, &learned)?;
    let share = 1.0 - tally.quarantined_share();
    match args.format {
        Form::Json => print_json(&json!({
            "format": learned.format, "schema": learned.schema,
            "units": tally.accepted + tally.quarantined, "fit": tally.accepted, "share": share,
            "unfit": first.iter().map(|(line, text)| json!({"line": line, "text": text})).collect::<Vec<_>>(),
        }))?,
        Form::Text => print_text(&text_of(args, &learned, &tally, &first))?,
    }
    Ok(Outcome::Done)
}

fn text_of(args: &PatternArgs, learned: &Learned, tally: &Tally, first: &[(u64, String)]) -> String {
    let mut text = String::new();
    for (name, value) in &learned.format.options {
        line!(text, "{name}: {value}");
    }
    let fields: Vec<String> =
        learned.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
    line!(text, "columns: {}", fields.join(", "));
    let units = tally.accepted + tally.quarantined;
    let share = 100.0 * (1.0 - tally.quarantined_share());
    let joined =
        if tally.joined > 0 { format!(", {} more belong to the one before", tally.joined) } else { String::new() };
    line!(text, "{} of {} fit ({share:.1} %){joined}", tally.accepted, counted(units, "line"));
    if !first.is_empty() {
        line!(text, "these do not; mark one of them, too, where it should:");
        for (line, raw) in first.iter().take(SHOWN) {
            line!(text, "  {line}: {raw}");
        }
    }
    let options =
        learned.format.options.iter().map(|(name, value)| format!(" --set {}", quoted(&format!("{name}={value}"))));
    let file = quoted(&args.file.display().to_string());
    line!(text, "read it so: pipewright read {file} --as pattern{}", options.collect::<String>());
    text
}

/// A word as a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// The first lines of a file.
fn lines_of(file: &Path) -> Result<Vec<String>, Failure> {
    pipewright_core::files::trust(Path::new("."));
    let path = pipewright_core::files::slashes(file);
    Ok(first_lines(&path, &FormatSpec::default(), Path::new("."), LINES)?)
}

/// What the pattern makes of lines all over the file, and the first that do not fit.
fn tried(args: &PatternArgs, learned: &Learned) -> Result<(Tally, Vec<(u64, String)>), Failure> {
    let (format, schema) = (learned.format.clone(), learned.schema.clone());
    let path = pipewright_core::files::slashes(&args.file);
    let read = Read { path, format, schema, columns: None, position: false, planned: None, location: None };
    let sampling = Sampling::Spread { rows: TRIED };
    let found = read_sample(&read, Path::new("."), &sampling, &Budget::GLANCE, &Cancel::new())?;
    let first = found.quarantined.into_iter().take(SHOWN).map(|line| (line.line, line.raw)).collect();
    Ok((found.tally, first))
}

/// `LINE:NAME=TEXT`: the text's first place in the line behind what is marked in it already.
fn mark(written: &str, lines: &[&str], before: &[Mark]) -> Result<Mark, Failure> {
    let form = "write --mark LINE:NAME=TEXT, such as --mark '3:user=ann'";
    let parts = written.split_once(':').and_then(|(line, rest)| Some((line.trim(), rest.split_once('=')?)));
    let Some((number, (name, text))) = parts else {
        return Err(usage(format!("`{}` marks nothing", visible(written)), form));
    };
    let line = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|line| *line < lines.len());
    let Some(line) = line else {
        let message = format!("there is no line `{}` among the first {}", visible(number), lines.len());
        return Err(usage(message, form));
    };
    let from = before.iter().filter(|mark| mark.line == line).map(|mark| mark.end).max().unwrap_or(0);
    let found = lines[line][from..].find(text).filter(|_| !text.is_empty()).map(|at| from + at);
    let Some(start) = found else {
        let message = format!("`{}` is not in line {} behind what is marked in it", visible(text), line + 1);
        return Err(usage(message, "mark the pieces of a line in their order, with their text as it stands there"));
    };
    Ok(Mark { line, start, end: start + text.len(), name: name.trim().to_owned() })
}

/// The first lines, to be marked.
fn how_to_mark(args: &PatternArgs, lines: &[&str]) -> Failure {
    let shown = lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(SHOWN);
    let shown: Vec<String> = shown.map(|(number, line)| format!("{}: {}", number + 1, visible(line))).collect();
    let known = match sniff(&args.file) {
        Ok(found) if found.format.name != "lines" => format!(" (it is read as {})", found.format.name),
        _ => String::new(),
    };
    let help = format!(
        "mark pieces of a line or two, such as --mark '1:time=…' --mark '1:message=…'. The first lines:\n{}",
        shown.join("\n")
    );
    usage(format!("nothing is marked in {}{known}", args.file.display()), help)
}
