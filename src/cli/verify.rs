//! `pipewright verify`: a data file against its contract, for people and for build servers.

use std::fmt::Write as _;

use pipewright_app::{hold_against, real_source};
use pipewright_core::diagnostic::{Diagnostic, Severity, did_you_mean};
use pipewright_core::files;
use pipewright_core::import::Declared;
use pipewright_core::model::Source;
use pipewright_core::planner::{SourceEvidence, drift};
use pipewright_core::quote::{uri_path, xml};
use serde_json::{Value as Json, json};

use super::args::{VerifyArgs, VerifyForm};
use super::import::declarations_of;
use super::output::{counted, print_json, print_text, tell};
use super::{Failure, Outcome, VerbResult, usage};

pub fn verify(args: &VerifyArgs) -> VerbResult {
    let imported = declarations_of(&args.contract, args.kind)?;
    tell(&imported.warnings);
    let declared = chosen(args, &imported.sources)?;
    let contract = args.contract.display().to_string();
    let source = declared.to_source(declared.name.clone(), imported.kind, &contract);
    let file = files::slashes(&std::path::absolute(&args.file)?);
    let base = std::path::Path::new(".");
    let (real, mut found) = real_source(&file, None, base)?;
    let unread = hold_against(&source, declared, &real, &mut found, base)?;
    let mut differences = drift(&source, &found);
    differences.extend(unread);
    differences.iter_mut().for_each(|one| one.location.id = Some(source.id.clone()));
    let shown = args.file.display().to_string();
    match args.format {
        VerifyForm::Text => {
            print_text(&differences.iter().map(|difference| format!("{difference}\n")).collect::<String>())?;
            let count = |severity| differences.iter().filter(|one| one.severity == severity).count() as u64;
            tell!(
                "{} of {shown} compared with {} of `{}`: {}, {}",
                counted(found.rows, "row"),
                counted(declared.fields.len() as u64, "field"),
                declared.name,
                counted(count(Severity::Error), "error"),
                counted(count(Severity::Warning), "warning")
            );
        }
        VerifyForm::Json => print_json(&json!({
            "file": shown, "contract": contract, "object": declared.name, "rows": found.rows,
            "differences": differences,
        }))?,
        VerifyForm::Junit => print_text(&junit(&source, &found, &differences, &shown))?,
        VerifyForm::Sarif => print_json(&sarif(&differences, &shown))?,
    }
    let worst = if args.deny_warnings { Severity::Warning } else { Severity::Error };
    Ok(if differences.iter().any(|one| one.severity <= worst) { Outcome::Failed } else { Outcome::Done })
}

/// The object of the contract that the file holds: the named one, the only one, or the one called like the file.
fn chosen<'a>(args: &VerifyArgs, objects: &'a [Declared]) -> Result<&'a Declared, Failure> {
    let names = || objects.iter().map(|one| one.name.as_str());
    if let Some(name) = &args.object {
        let found = objects.iter().find(|one| one.name == *name || one.title == *name);
        return found.ok_or_else(|| {
            let near = did_you_mean(name, names());
            let help = format!("it declares {}", names().collect::<Vec<_>>().join(", "));
            usage(format!("the contract declares no `{name}`{near}"), help)
        });
    }
    let path = files::slashes(&args.file);
    let found = match objects {
        [one] => Some(one),
        several => several.iter().find(|one| one.is_named("", &path)),
    };
    found.ok_or_else(|| {
        let help = format!("say with --object which the file holds: {}", names().collect::<Vec<_>>().join(", "));
        usage("the contract declares several objects, and none is called like the file", help)
    })
}

/// The test of what is about no single column.
const WHOLE: &str = "(file)";

/// The column that a difference is about.
fn column_of(difference: &Diagnostic) -> &str {
    let field = difference.location.field.as_deref().unwrap_or_default();
    field.strip_prefix("schema.").unwrap_or(field)
}

/// A test for each column that is declared or there, and one of the file as a whole; what is wrong with it is its
/// failure.
fn junit(source: &Source, found: &SourceEvidence, differences: &[Diagnostic], file: &str) -> String {
    let declared = SourceEvidence::declared(source);
    let mut columns: Vec<&str> = declared.columns.iter().map(|column| column.name.as_str()).collect();
    let unplanned = found.columns.iter().map(|column| column.name.as_str());
    columns.extend(unplanned.filter(|name| declared.column(name).is_none()));
    let mut cases = String::new();
    let mut failures = 0;
    let is_of_column = |one: &Diagnostic| columns.contains(&column_of(one));
    let of = |column: &str| differences.iter().filter(|one| column_of(one) == column).collect();
    let whole = differences.iter().filter(|one| !is_of_column(one)).collect();
    let tests: Vec<(&str, Vec<&Diagnostic>)> =
        std::iter::once((WHOLE, whole)).chain(columns.iter().map(|column| (*column, of(column)))).collect();
    for (name, about) in &tests {
        let _ = write!(cases, "    <testcase classname=\"{}\" name=\"{}\"", xml(&source.title), xml(name));
        if about.is_empty() {
            cases.push_str("/>\n");
            continue;
        }
        cases.push_str(">\n");
        failures += u64::from(about.iter().any(|one| one.is_error()));
        for difference in about {
            let (code, message) = (xml(&difference.code), xml(&difference.message));
            let help = xml(difference.help.as_deref().unwrap_or_default());
            let _ = match difference.is_error() {
                true => writeln!(cases, "      <failure type=\"{code}\" message=\"{message}\">{help}</failure>"),
                false => writeln!(cases, "      <system-out>{message}: {help}</system-out>"),
            };
        }
        cases.push_str("    </testcase>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"0\">\n{cases}  </testsuite>\n</testsuites>\n",
        xml(file),
        tests.len()
    )
}

/// SARIF 2.1.0, as code hosts show it.
fn sarif(differences: &[Diagnostic], file: &str) -> Json {
    let level = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    };
    let mut codes: Vec<&str> = differences.iter().map(|one| one.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<Json> = differences
        .iter()
        .map(|one| {
            let help = one.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            json!({
                "ruleId": one.code,
                "level": level(one.severity),
                "message": {"text": format!("{}{help}", one.message)},
                "locations": [{
                    "physicalLocation": {"artifactLocation": {"uri": uri_path(file)}},
                    "logicalLocations": [{"name": column_of(one), "kind": "member"}],
                }],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Pipewright",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| json!({"id": code})).collect::<Vec<_>>(),
            }},
            "results": results,
        }],
    })
}
