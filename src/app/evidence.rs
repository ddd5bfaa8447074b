//! What samples show of a project's sources, for the planner; and what stands out in them, looked for on the whole
//! input. Must not import previews.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::{Classification, Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::formats::order_of_dates;
use pipewright_core::ir::{Read, interpolate};
use pipewright_core::model::{Id, Source};
use pipewright_core::planner::findings::{Finding, Probe, ProbeRows, judge, probes, sort};
use pipewright_core::planner::{
    ColumnEvidence, SampleRows, SourceEvidence, SourceMeanings, Vocabulary, meanings, names_no_zone, sketch,
};
use pipewright_core::policy::Sensitivities;
use pipewright_core::project::Project;
use pipewright_engine::{Budget, Cancel, Sampling, TOP, profile, read_sample};

use crate::first_lines::first_lines;

use crate::resolve::without_secrets;
use crate::step_rows::rows_of_steps;

/// Rows of each source that evidence rests on.
const ROWS: u64 = 100_000;
/// A column with no more values than this is known with all of them.
const FEW: u64 = 60;
/// Values of a column that are kept beside the most frequent.
const SAMPLES: usize = 60;
/// Rows that are kept whole, about.
const WHOLE_ROWS: usize = 1_000;

/// What every source shows: a profile of a spread sample, or its declaration alone where it cannot be read (with a
/// warning that says why). Hints tell what became of values that did not fit their columns.
pub fn evidence_of(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
) -> (Vec<SourceEvidence>, Vec<Diagnostic>) {
    evidence_until(project, base, parameters, &Cancel::new())
}

/// The same for somebody who may not want to wait for it: what was not read when it is cancelled is as if it could not be.
pub fn evidence_until(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> (Vec<SourceEvidence>, Vec<Diagnostic>) {
    let (mut found, mut diagnostics) = (Vec::new(), Vec::new());
    let parameters = &without_secrets(project, parameters);
    for source in project.sources.values() {
        let mut evidence = SourceEvidence::declared(source);
        let filled = match source.planned.is_none() {
            true => fill(&mut evidence, source, base, parameters, cancel),
            false => Ok(None),
        };
        match filled {
            Ok(None) => {}
            Ok(Some(changed)) => {
                let help = "what is planned does not see these values; give the column another type in the source";
                diagnostics.push(Diagnostic::hint("PW0731", changed).help(help).step(&source.id, &source.title));
            }
            Err(fault) => {
                let message = format!("only the declaration of “{}” is known: {}", evidence.title, fault.message);
                let severity = Severity::Warning;
                diagnostics.push(Diagnostic { message, severity, ..fault }.step(&source.id, &source.title));
            }
        }
        found.push(evidence);
    }
    (found, diagnostics)
}

/// What the values of samples show of columns whose meaning nobody has said: concepts that are personal or secret, by
/// source and column. What cannot be read shows nothing.
pub fn seen_in_samples(project: &Project, base: &Path) -> Seen {
    let (vocabulary, _) = Vocabulary::of(project);
    let (sources, _) = evidence_of(project, base, &crate::resolve::default_parameters(project, base));
    seen(project, &meanings(&vocabulary, &sources))
}

/// Concepts by source and column.
pub type Seen = BTreeMap<Id, BTreeMap<String, String>>;

/// The same from meanings that are known.
pub fn seen(project: &Project, meanings: &[SourceMeanings]) -> Seen {
    let sensitivities = Sensitivities::of(&project.vocabulary);
    let mut found = Seen::new();
    for known in meanings {
        for column in &known.columns {
            let Some(meaning) = column.accepted() else { continue };
            if sensitivities.of_concept(&meaning.concept) > Some(Classification::Internal) {
                let of_source: &mut BTreeMap<_, _> = found.entry(known.source.clone()).or_default();
                of_source.insert(column.column.clone(), meaning.concept.clone());
            }
        }
    }
    found
}

fn fill(
    evidence: &mut SourceEvidence,
    source: &Source,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Option<String>, Diagnostic> {
    cancel.check()?;
    let (Some(format), Some(schema)) = (source.format.clone(), source.schema.clone()) else {
        return Err(Diagnostic::error("PW0915", "its format or its columns are not known")
            .help("open the source in the designer, or apply it with `pipewright apply`"));
    };
    let path = interpolate(&source.path, parameters)?;
    /// Lines that are looked at for a zone.
    const LINES: u64 = 50;
    evidence.zoneless = first_lines(&path, &format, base, LINES).is_ok_and(|lines| names_no_zone(&lines));
    let read = Read { path, format, schema, columns: None, position: false, planned: None, location: None };
    let result = read_sample(&read, base, &Sampling::Spread { rows: ROWS }, &Budget::GLANCE, cancel)?;
    let (table, profiles) = (&result.table, profile(&result.table));
    evidence.rows = table.rows() as u64;
    (evidence.bytes, evidence.bytes_read) = (result.statement.bytes_total, result.statement.bytes_read);
    for column in &mut evidence.columns {
        let Some(index) = table.schema().index(&column.name) else {
            fill_nested(column, table.schema(), (0..table.rows()).map(|row| table.row(row)));
            continue;
        };
        let profile = &profiles[index];
        (column.nulls, column.distinct) = (profile.nulls, profile.distinct);
        (column.min, column.max) = (profile.min.clone(), profile.max.clone());
        column.top.clone_from(&profile.top);
        if let (Some(texts), Some(again)) = (table.texts(index), table.texts(index)) {
            column.sketch = sketch(texts);
            let is_unclear = |(order, example): (Option<_>, &str)| order.is_none().then(|| example.to_owned());
            column.exchangeable = order_of_dates(again).and_then(is_unclear);
        }
        let step = (table.rows() / SAMPLES).max(1);
        column.samples = (0..table.rows()).step_by(step).map(|row| table.value(row, index)).collect();
        column.samples.retain(|value| !value.is_null());
        if (1..=FEW).contains(&column.distinct) && column.distinct > column.top.len() as u64 {
            let values = (0..table.rows()).map(|row| table.value(row, index)).filter(|value| !value.is_null());
            let all: BTreeMap<String, Value> = values.map(|value| (value.to_json().to_string(), value)).collect();
            column.samples = all.into_values().collect();
        }
    }
    let mut rows = SampleRows { schema: table.schema().clone(), rows: Vec::new() };
    rows.rows.extend((0..table.rows()).step_by((table.rows() / WHOLE_ROWS).max(1)).map(|row| table.row(row)));
    for column in &mut evidence.columns {
        if forget_secret(column, &source.meanings)
            && let Some(index) = column.name.split('.').next().and_then(|name| rows.schema.index(name))
        {
            rows.rows.iter_mut().for_each(|row| row[index] = Value::Null);
        }
    }
    evidence.sample = Arc::new(rows);
    Ok(result.tally.changed_values())
}

/// What is planned stands in the project: no value of a secret does. Gives whether it is one.
fn forget_secret(column: &mut ColumnEvidence, meanings: &BTreeMap<String, String>) -> bool {
    let usual = || Sensitivities::shipped().classify(&column.name, &column.data_type, None, meanings);
    let is_secret = column.classification.or_else(usual) == Some(Classification::Secret);
    if is_secret {
        (column.min, column.max, column.exchangeable) = (Value::Null, Value::Null, None);
        column.top.clear();
        column.samples.clear();
    }
    is_secret
}

/// Fields inside records: counted here, since a profile does not look into records.
fn fill_nested(column: &mut ColumnEvidence, schema: &Schema, rows: impl Iterator<Item = Vec<Value>>) {
    let mut parts = column.name.split('.');
    let Some(outer) = parts.next().and_then(|name| schema.index(name)) else { return };
    let inner: Vec<String> = parts.map(str::to_owned).collect();
    let mut counts: BTreeMap<String, (Value, u64)> = BTreeMap::new();
    for row in rows {
        let mut value = row[outer].clone();
        for name in &inner {
            value = match value {
                Value::Record(fields) => {
                    fields.into_iter().find(|(field, _)| field == name).map_or(Value::Null, |(_, value)| value)
                }
                _ => Value::Null,
            };
        }
        if value.is_null() {
            column.nulls += 1;
        } else {
            counts.entry(value.to_json().to_string()).or_insert((value, 0)).1 += 1;
        }
    }
    column.distinct = counts.len() as u64;
    let mut values: Vec<(Value, u64)> = counts.into_values().collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.1));
    column.samples = values.iter().take(SAMPLES).map(|(value, _)| value.clone()).collect();
    values.truncate(TOP);
    column.top = values;
}

/// Looks at every source and for everything that stands out in them.
pub fn look(
    project: &Project,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<(Vec<Finding>, Vec<Diagnostic>), Diagnostic> {
    let (vocabulary, _) = Vocabulary::of(project);
    let (sources, mut diagnostics) = evidence_until(project, base, parameters, cancel);
    let known = meanings(&vocabulary, &sources);
    let (findings, more) = find(project, &sources, &known, base, parameters, cancel)?;
    diagnostics.extend(more);
    Ok((findings, diagnostics))
}

/// Runs every detector on the whole input: those of one source share one run, which reads the source once. A flow that
/// fails is left out, with a warning.
pub fn find(
    project: &Project,
    sources: &[SourceEvidence],
    meanings: &[SourceMeanings],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<(Vec<Finding>, Vec<Diagnostic>), Diagnostic> {
    let (mut findings, mut diagnostics) = (Vec::new(), Vec::new());
    let mut waiting: Vec<Probe> = probes(project, sources, meanings);
    while let Some(source) = waiting.first().map(|probe| probe.source.clone()) {
        let (now, later): (Vec<Probe>, Vec<Probe>) = waiting.into_iter().partition(|probe| probe.source == source);
        waiting = later;
        let found = rows_of_probes(project, &now, base, parameters, cancel)?;
        for (probe, rows) in now.iter().zip(found) {
            match rows {
                Ok(rows) => {
                    let judged = judge(project, sources, meanings, probe, &rows);
                    findings.extend(judged.findings);
                    waiting.extend(judged.further);
                }
                Err(fault) => {
                    let message = format!("{} was not looked for: {}", probe.kind.name(), fault.message);
                    let title = project.sources.get(&probe.source).map_or("", |source| source.title.as_str());
                    let help = fault.help.unwrap_or_else(|| "see whether the source can be read".to_owned());
                    diagnostics.push(Diagnostic::warning("PW0916", message).help(help).step(&probe.source, title));
                }
            }
        }
    }
    sort(&mut findings);
    Ok((findings, diagnostics))
}

/// The rows of each probe: all in one run, or each in its own where one of them fails.
fn rows_of_probes(
    project: &Project,
    probes: &[Probe],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Result<Vec<Result<ProbeRows, Diagnostic>>, Diagnostic> {
    cancel.check()?;
    let run = |probes: &[Probe]| -> Result<Vec<ProbeRows>, Diagnostic> {
        let mut tried = project.clone();
        for probe in probes {
            tried.apply(&probe.edits)?;
        }
        let steps: Vec<&str> = probes.iter().map(|probe| probe.watch.as_str()).collect();
        rows_of_steps(&tried, &steps, base, parameters, cancel)
    };
    let fault = match run(probes) {
        Ok(rows) => return Ok(rows.into_iter().map(Ok).collect()),
        Err(fault) => fault,
    };
    cancel.check()?;
    if let [_] = probes {
        return Ok(vec![Err(fault)]);
    }
    let alone = |probe: &Probe| {
        let mut rows = run(std::slice::from_ref(probe))?;
        rows.pop().ok_or_else(|| fault.clone())
    };
    Ok(probes.iter().map(alone).collect())
}
