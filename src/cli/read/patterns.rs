//! The verb `patterns`: which kinds of messages are in files.

use std::path::Path;

use pipewright_app::Viewer;
use pipewright_core::data::figures::grouped;
use pipewright_core::data::patterns::{Mined, Pattern, regex_of};
use pipewright_core::data::{Classification, DataType, Schema, Value, format_timestamp};
use pipewright_core::diagnostic::did_you_mean;
use pipewright_core::expr::{fits, print};
use pipewright_core::formats::Tally;
use pipewright_core::ir;
use pipewright_core::policy::{Sensitivities, names_secret};
use pipewright_core::quote::visible;
use pipewright_engine::{Budget, Cancel, MinedColumns, Sampling, mine, mine_table, read_sample, read_schema};
use serde_json::{Value as Json, json};

use super::{Wanted, read_of, shown_path};
use crate::cli::args::{Form, PatternsArgs};
use crate::cli::output::{counted, print_json, print_text};
use crate::cli::{Failure, Outcome, VerbResult, usage};

/// Stands for a text that names or holds something secret.
const HIDDEN: &str = "(holds something secret, and is not shown)";
/// Names of columns that hold messages, the likeliest first.
const MESSAGES: [&str; 9] = ["message", "msg", "line", "log", "text", "body", "textPayload", "MESSAGE", "event"];

pub fn patterns(args: &PatternsArgs) -> VerbResult {
    let (reads, _) = read_of(&args.files, Wanted::default())?;
    let mut documents = Vec::new();
    let mut viewer = if args.format == Form::Text { Viewer::Owner } else { Viewer::others() };
    for read in &reads {
        let columns = columns_of(args, &read_schema(read))?;
        if Sensitivities::shipped().of_column(&columns.message) == Some(Classification::Secret) {
            let message = format!("`{}` is secret by its name, and nothing of it is shown", visible(&columns.message));
            return Err(usage(message, "name another column of texts with --column"));
        }
        let (mut mined, tally, method) = look(read, &columns, args.whole)?;
        mined.patterns.iter_mut().for_each(|pattern| hide(pattern, &mut viewer));
        match args.format {
            Form::Text => print_text(&text_of(args, read, &columns, &mined, &method, &tally))?,
            Form::Json => documents.push(json_of(args, read, &columns, &mined, &method, &tally)),
        }
    }
    if args.format == Form::Json {
        print_json(&documents)?;
    }
    Ok(Outcome::Done)
}

/// Takes out of a pattern and its example what is not told.
fn hide(pattern: &mut Pattern, viewer: &mut Viewer) {
    let mut told = |text: &mut String| match viewer.value(Value::String(std::mem::take(text))) {
        Value::String(open) => *text = open,
        _ => *text = HIDDEN.to_owned(),
    };
    told(&mut pattern.example);
    pattern.text = without_secrets(&pattern.text).unwrap_or_else(|| HIDDEN.to_owned());
}

/// A pattern in which what all of its messages have of a secret is left out, as what varies is; `None`: that cannot be done.
fn without_secrets(pattern: &str) -> Option<String> {
    const ENDS: [char; 9] = ['"', '\'', ',', ';', '&', ')', '}', ']', '<'];
    let is_end = |c: char| c.is_whitespace() || ENDS.contains(&c);
    let (mut made, mut rest) = (String::new(), pattern);
    while let Some(at) = rest.find(['=', ':']) {
        let (before, behind) = rest.split_at(at + 1);
        made.push_str(before);
        let name = before[..at].trim_end_matches([' ', '"', '\'']);
        let name = &name[name.rfind(is_end).map_or(0, |at| at + 1)..];
        let value = behind.trim_start_matches([' ', '"', '\'']);
        let length = value.find(is_end).unwrap_or(value.len());
        if length > 0 && Sensitivities::shipped().of_name(name) == Some(Classification::Secret) {
            made.push_str(&behind[..behind.len() - value.len()]);
            made.push_str("<*>");
            rest = &value[length..];
        } else {
            rest = behind;
        }
    }
    made.push_str(rest);
    (!holds_secret(&made)).then_some(made)
}

/// Whether a pattern has a secret: one that varies is none of its text.
fn holds_secret(pattern: &str) -> bool {
    let mut fixed = String::new();
    for piece in pattern.split_inclusive('<') {
        fixed.push_str(piece);
        if piece.ends_with('<') {
            fixed.pop();
            let name = fixed.trim_end_matches([' ', '"', '\'']).trim_end_matches(['=', ':']);
            fixed.truncate(name.len());
            fixed.push(' ');
        }
    }
    names_secret(&fixed)
}

/// Mines a spread sample, or every row; and says which rows, in words.
fn look(read: &ir::Read, columns: &MinedColumns, is_whole: bool) -> Result<(Mined, Tally, String), Failure> {
    if is_whole {
        let (mined, tally) = mine(read, columns, Path::new("."), &Cancel::new())?;
        let method = format!("all {} rows", grouped(mined.rows));
        return Ok((mined, tally, method));
    }
    let sampling = Sampling::Spread { rows: 100_000 };
    let found = read_sample(read, Path::new("."), &sampling, &Budget::GLANCE, &Cancel::new())?;
    Ok((mine_table(&found.table, columns)?, found.tally, found.statement.method))
}

/// The columns that are named, or those that are likely to be meant.
fn columns_of(args: &PatternsArgs, schema: &Schema) -> Result<MinedColumns, Failure> {
    let of_type = |data_type: &DataType| -> Vec<&str> {
        let fields = schema.fields.iter().filter(|field| field.data_type.fits(data_type));
        fields.map(|field| field.name.as_str()).collect()
    };
    let (texts, times) = (of_type(&DataType::String), of_type(&DataType::Timestamp));
    let named = |name: &String, among: &[&str], what: &str| match among.contains(&name.as_str()) {
        true => Ok(name.clone()),
        false => {
            let (name, among) = (visible(name), among.iter().copied());
            let message = format!("there is no column `{name}` {what}{}", did_you_mean(&name, among.clone()));
            Err(usage(message, format!("the columns {what} are {}", among.collect::<Vec<_>>().join(", "))))
        }
    };
    let likely =
        || MESSAGES.iter().find(|name| texts.contains(*name)).or_else(|| texts.first().filter(|_| texts.len() == 1));
    let message = match (&args.column, likely()) {
        (Some(name), _) => named(name, &texts, "of texts")?,
        (None, Some(name)) => (*name).to_owned(),
        (None, None) => {
            let help = match texts.is_empty() {
                true => "there is no column of texts".to_owned(),
                false => format!("name it with --column: {}", texts.join(", ")),
            };
            return Err(usage("which column holds the messages is not plain", help));
        }
    };
    let time = match &args.time {
        Some(name) => Some(named(name, &times, "of times")?),
        None => return Ok(MinedColumns::of(schema, &message)),
    };
    Ok(MinedColumns { message, time })
}

fn share(pattern: &Pattern, mined: &Mined) -> f64 {
    pattern.rows as f64 / mined.rows.max(1) as f64
}

/// What the limits of memory folded, in words.
fn folded(mined: &Mined) -> Option<String> {
    let rows = mined.folded();
    let text = "were of too many forms to keep each: words of many values were left out before the forms were compared";
    (rows > 0).then(|| format!("{} {text}", counted(rows, "row")))
}

fn text_of(
    args: &PatternsArgs,
    read: &ir::Read,
    columns: &MinedColumns,
    mined: &Mined,
    method: &str,
    tally: &Tally,
) -> String {
    let mut text = String::new();
    let count = counted(mined.patterns.len() as u64, "pattern");
    let path = shown_path(Path::new(&read.path));
    line!(text, "{path}: {}, {method}: {count} of `{}`", read.format.name, columns.message);
    for pattern in mined.patterns.iter().take(args.top) {
        let mark = if pattern.is_folded { "*" } else { " " };
        let share = 100.0 * share(pattern, mined);
        line!(text, "{:>12} {share:>5.1} % {} {mark} {}", grouped(pattern.rows), pattern.id, visible(&pattern.text));
        let seen = pattern.first.zip(pattern.last).map(|(first, last)| match first == last {
            true => format!("{}: ", format_timestamp(first)),
            false => format!("{} to {}: ", format_timestamp(first), format_timestamp(last)),
        });
        line!(text, "{:>37}{}{}", "", seen.unwrap_or_default(), visible(&pattern.example));
    }
    let rest = mined.patterns.iter().skip(args.top);
    if rest.clone().next().is_some() {
        let rows: u64 = rest.clone().map(|pattern| pattern.rows).sum();
        let patterns = counted(rest.count() as u64, "more pattern");
        line!(text, "{:>12} {:>5.1} % in {patterns}", grouped(rows), 100.0 * rows as f64 / mined.rows.max(1) as f64);
    }
    if mined.empty > 0 {
        line!(text, "{:>12} without a message", grouped(mined.empty));
    }
    if let Some(folded) = folded(mined) {
        line!(text, "* {folded}");
    }
    if tally.quarantined > 0 {
        line!(text, "{} could not be read as rows", counted(tally.quarantined, "line"));
    }
    text
}

fn json_of(
    args: &PatternsArgs,
    read: &ir::Read,
    columns: &MinedColumns,
    mined: &Mined,
    method: &str,
    tally: &Tally,
) -> Json {
    let time = |micros: Option<i64>| micros.map(format_timestamp);
    let shown: Vec<Json> = mined
        .patterns
        .iter()
        .take(args.top)
        .map(|pattern| {
            let condition = || print(&fits(&columns.message, &regex_of(&pattern.text)));
            json!({
                "id": pattern.id, "pattern": pattern.text, "rows": pattern.rows, "share": share(pattern, mined),
                "first_seen": time(pattern.first), "last_seen": time(pattern.last), "example": pattern.example,
                "folded": pattern.is_folded, "where": (pattern.text != HIDDEN).then(condition),
            })
        })
        .collect();
    json!({
        "path": shown_path(Path::new(&read.path)), "format": read.format, "sample": method, "column": columns.message,
        "time": columns.time, "rows": mined.rows, "empty": mined.empty, "unread": tally.quarantined,
        "folded_rows": mined.folded(), "found": mined.patterns.len(), "patterns": shown,
    })
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn a_secret_that_all_messages_have_is_none_of_the_pattern() {
        for (pattern, told) in [
            ("login password=hunter22 of <*>", Some("login password=<*> of <*>")),
            ("{\"token\": \"abc\", \"n\": <num>}", Some("{\"token\": \"<*>\", \"n\": <num>}")),
            ("token=Token{78af589 Activity{<*> u0", Some("token=<*> Activity{<*> u0")),
            ("login password=<*> at 10:30", Some("login password=<*> at 10:30")),
            ("Authorization sent: Bearer abcdefghijklmnop0123", None),
        ] {
            assert_eq!(without_secrets(pattern).as_deref(), told, "{pattern}");
        }
    }
}
