//! The verb `profile`: what the columns of files hold.

use std::path::Path;

use pipewright_app::{Viewer, classes_of};
use pipewright_core::data::figures::grouped;
use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{Tally, repeated_headers};
use pipewright_core::ir;
use pipewright_engine::{
    Budget, Cancel, ColumnProfile, Profiled, Sampling, profile as profile_table, profile_source, read_sample,
};
use serde_json::json;

use super::{Wanted, left_out, read_of, shown_path};
use crate::cli::args::{Form, ProfileArgs};
use crate::cli::output::{print_json, print_text, tell};
use crate::cli::{Failure, Outcome, VerbResult};

/// What the rows of a file showed.
struct Looked {
    schema: Schema,
    profiles: Vec<ColumnProfile>,
    rows: u64,
    tally: Tally,
    /// Which rows, in words.
    method: String,
}

/// Looks at a spread sample, or at every row.
fn look(read: &ir::Read, is_whole: bool) -> Result<Looked, Failure> {
    if !is_whole {
        let sampling = Sampling::Spread { rows: 100_000 };
        let found = read_sample(read, Path::new("."), &sampling, &Budget::GLANCE, &Cancel::new())?;
        let (schema, profiles) = (found.table.schema().clone(), profile_table(&found.table));
        let (rows, method) = (found.table.rows() as u64, found.statement.method);
        return Ok(Looked { schema, profiles, rows, tally: found.tally, method });
    }
    let Profiled { schema, columns: profiles, rows, tally } = profile_source(read, Path::new("."), &Cancel::new())?;
    let method = format!("all {} rows", grouped(rows));
    Ok(Looked { schema, profiles, rows, tally, method })
}

/// Whether a profile counts the different values of a type: of lists and records it does not.
fn is_counted(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::List(_) | DataType::Record(_))
}

/// A column in a line. `hidden`: what its values are, which are not told.
fn line_of(field: &Field, profile: &ColumnProfile, hidden: Option<&str>) -> String {
    let top: Vec<String> =
        profile.top.iter().take(3).map(|(value, count)| format!("{} ×{count}", shown(value))).collect();
    let range = match profile.min.is_null() {
        true => String::new(),
        false => format!(", {} to {}", shown(&profile.min), shown(&profile.max)),
    };
    let distinct = match is_counted(&field.data_type) {
        true if profile.is_estimated => format!("about {} distinct", grouped(profile.distinct)),
        true => format!("{} distinct", profile.distinct),
        false => "different ones not counted".to_owned(),
    };
    let values = hidden.map_or_else(|| top.join(", "), |hidden| format!("{hidden}, and not shown"));
    let (name, data_type) = (&field.name, field.data_type.to_string());
    format!("  {name:<20} {data_type:<10} {} nulls, {distinct}{range}; {values}", profile.nulls)
}

pub fn profile(args: &ProfileArgs) -> VerbResult {
    let (reads, _) = read_of(&args.files, Wanted::default())?;
    let mut documents = Vec::new();
    // Text is read where it is asked for; JSON goes on.
    let mut viewer = if args.format == Form::Text { Viewer::Owner } else { Viewer::others() };
    for read in &reads {
        let Looked { schema, mut profiles, rows, tally, method } = look(read, args.whole)?;
        let classes = classes_of(&schema, &profiles, rows);
        profiles.iter_mut().zip(&classes).for_each(|(profile, class)| viewer.profile(profile, *class));
        let hidden: Vec<Option<&str>> = classes.iter().map(|class| Some(viewer.keeps_back(*class)?.name())).collect();
        if args.format == Form::Text {
            let mut text = String::new();
            line!(text, "{}: {}, {}", shown_path(Path::new(&read.path)), read.format.name, method);
            for ((field, profile), hidden) in schema.fields.iter().zip(&profiles).zip(&hidden) {
                line!(text, "{}", line_of(field, profile, *hidden));
            }
            print_text(&text)?;
        }
        let columns: Vec<_> = schema
            .fields
            .iter()
            .zip(&profiles)
            .zip(&hidden)
            .map(|((field, profile), hidden)| {
                let distinct = is_counted(&field.data_type).then_some(profile.distinct);
                json!({
                    "name": field.name, "type": field.data_type, "nulls": profile.nulls, "distinct": distinct,
                    "estimated": profile.is_estimated, "hidden": hidden,
                    "min": profile.min, "max": profile.max,
                    "top": profile.top.iter().map(|(value, count)| json!({"value": value, "count": count})).collect::<Vec<_>>(),
                    "histogram": profile.histogram,
                })
            })
            .collect();
        documents.push(json!({
            "path": shown_path(Path::new(&read.path)), "format": read.format, "sample": method,
            "rows": rows, "unfit": tally.changes.unfit, "rounded": tally.changes.rounded,
            "cut": tally.changes.cut, "fractions": tally.changes.fractions,
            "clocks": tally.changes.clocks, "repeated": tally.changes.repeated,
            "undeclared": tally.changes.undeclared, "halved": tally.changes.halved,
            "zeros": tally.changes.zeros, "unknown_keys": tally.unknown_keys, "columns": columns,
        }));
        if args.format == Form::Text {
            let file = || shown_path(Path::new(&read.path));
            let hints = left_out(&tally).into_iter().chain(repeated_headers(&tally));
            tell(&hints.map(|hint| hint.file(file())).collect::<Vec<_>>());
        }
        if let Some(changed) = tally.changed_values().filter(|_| args.format == Form::Text) {
            let help = "a column of type String keeps every value as it stands";
            tell([&Diagnostic::warning("PW0731", changed).help(help).file(shown_path(Path::new(&read.path)))]);
        }
    }
    if args.format == Form::Json {
        print_json(&documents)?;
    }
    Ok(Outcome::Done)
}

fn shown(value: &Value) -> String {
    match value.to_json() {
        serde_json::Value::String(text) if text.chars().count() > 40 => text.chars().take(39).chain(['…']).collect(),
        serde_json::Value::String(text) => text,
        json => json.to_string(),
    }
}
