//! Splits a design by place: how much would go over, the cheapest cut, the bundle of all parts with its receipt, and the
//! counts by which what is handed over is held against what arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::sync::Arc;

use pipewright_core::data::Value;
use pipewright_core::data::figures::counted;
use pipewright_core::diagnostic::{Diagnostic, io_cause, json_cause};
use pipewright_core::export::schedulers::{self, Scheduler};
use pipewright_core::export::split::{self, Cut, Handover, Parts, Sizes, Way, divided, parts};
use pipewright_core::export::{Bundle, DesignInfo, target};
use pipewright_core::files::read_text;
use pipewright_core::ir::{Node, NodeId, Op, Plan};
use pipewright_core::planner::{Catalogue, Vocabulary, VolumeOf};
use pipewright_core::project::{Project, canonical_json};
use pipewright_engine::{Cancel, NodeResult, SAMPLE_ROWS, Sampling, Silent, preview_all, schema_of_first};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::bundle::{BundleReport, Finishing, check_handed_over, pipeline_text, with_names_of, with_source_folder};
use crate::evidence::evidence_until;
use crate::volume::column_bytes;
use crate::{exact_rows, volumes_until};

/// The plan that is split, where its steps are done, and what stands against it.
pub fn cut_of(
    project: &Project,
    plan: &Plan,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> (Plan, Cut, Vec<Diagnostic>) {
    let plan = divided(plan);
    let sizes = sizes_of(project, &plan, base, parameters, cancel);
    let (cut, faults) = split::cut(&plan, project, &sizes);
    (plan, cut, faults)
}

/// How much leaves the steps of a plan (`divided`): of a day where all sources tell how much they record, else of their
/// samples.
fn sizes_of(
    project: &Project,
    plan: &Plan,
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Sizes {
    let is_taken = |node: NodeId, step: &str| plan.node(node).origin.step != step;
    let taken: BTreeSet<NodeId> = plan
        .nodes
        .iter()
        .flat_map(|node| node.inputs.iter().filter(|input| is_taken(**input, &node.origin.step)))
        .copied()
        .collect();
    let watch: Vec<NodeId> = taken.into_iter().collect();
    let sampling = Sampling::Spread { rows: SAMPLE_ROWS };
    // What cannot be previewed is told where it is looked at; here it is only not known.
    let (found, _) = preview_all(plan, &watch, &sampling, base, parameters, cancel);
    let per_day = rows_per_day(project, plan, &watch, base, parameters, cancel);
    let one = |(node, result): (NodeId, NodeResult)| {
        let rows = per_day.as_ref().map_or(result.rows as f64, |rows| rows[&node]);
        let lengths = column_bytes(&result.table);
        (node, lengths.into_iter().map(|(name, bytes)| (name, rows * bytes)).collect())
    };
    Sizes { per_day: per_day.is_some(), bytes: found.into_iter().map(one).collect() }
}

/// Rows that leave these nodes in a day; `None`: of one of them it is not known.
fn rows_per_day(
    project: &Project,
    plan: &Plan,
    nodes: &[NodeId],
    base: &Path,
    parameters: &BTreeMap<String, Value>,
    cancel: &Cancel,
) -> Option<BTreeMap<NodeId, f64>> {
    let (vocabulary, _) = Vocabulary::of(project);
    let (sources, _) = evidence_until(project, base, parameters, cancel);
    let catalogue = Catalogue::new(vocabulary, sources).under(project);
    let (volumes, _) = volumes_until(project, &catalogue, base, parameters, None, cancel);
    let of_node = |node: &NodeId| {
        let step = &plan.node(*node).origin.step;
        let (port, _) = plan.steps.get(step)?.outputs.iter().find(|(_, output)| *output == node)?;
        let wires = volumes.iter().filter(|volume| volume.of == VolumeOf::Wire);
        let known = wires.clone().find(|volume| volume.id == *step && volume.port == *port)?;
        Some((*node, known.rows_per_day))
    };
    nodes.iter().map(of_node).collect()
}

/// Exports a plan (`divided`) by its cut: a bundle for each part and what ties them, with the receipt of the whole, into
/// `out`. Otherwise as `write_bundle`.
pub fn write_split(
    (plan, cut): (&Plan, &Cut),
    info: &DesignInfo,
    schedulers: &[Scheduler],
    base: &Path,
    out: &Path,
    force: bool,
) -> Result<BundleReport, Vec<Diagnostic>> {
    check_handed_over(plan)?;
    let sources = with_names_of(plan, &info.sources, base);
    let told = DesignInfo { sources: with_source_folder(&sources), ..info.clone() };
    let exported = with_source_folder(plan);
    let made = parts(&exported, cut, &info.design)?;
    let mut bundle = split::bundle(&exported, &made, &told);
    if bundle.has_errors() {
        return Err(bundle.diagnostics);
    }
    schedulers::write(&mut bundle, schedulers, &exported, &info.name);
    // Which part reads a source: there its pinned rows lie.
    let home = homes(plan, cut, &made);
    let moved = |name: String| match home.iter().find(|(folder, _)| name.starts_with(folder.as_str())) {
        Some((_, part)) => format!("{part}/{name}"),
        None => name,
    };
    let receipt = |bundle: &mut Bundle, pinned: &Plan| {
        for part in parts(pinned, cut, &info.design)?.parts {
            let target = info.design.places.get(&part.place).and_then(|place| target(&place.target));
            let staged = target.and_then(|target| target.stage(&part.plan));
            bundle.text(&format!("{}/receipt/pipeline.json", part.name), pipeline_text(&part.name, &part.plan));
            if let Some(staged) = staged {
                bundle.text(&format!("{}/receipt/stage.json", part.name), pipeline_text(&part.name, &staged));
            }
        }
        Ok(())
    };
    Finishing { plan, info, base, out, force, verify: split::VERIFY_COMMAND }.finish(bundle, receipt, &moved)
}

/// By folder of pinned rows in a receipt: the part that reads them.
fn homes(plan: &Plan, cut: &Cut, made: &Parts) -> Vec<(String, String)> {
    let reads = plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_)));
    let one = |(id, node): (NodeId, &Arc<Node>)| {
        let step = &node.origin.step;
        let place = cut.place(step)?;
        let part = made.parts.iter().find(|part| part.place == *place && part.plan.steps.contains_key(step))?;
        Some((format!("receipt/data/source_{}/", id.0), part.name.clone()))
    };
    reads.filter_map(one).collect()
}

/// `handovers.json` of a bundle, as far as it is needed here.
#[derive(Deserialize)]
struct Listed {
    handovers: Vec<Handover>,
    ways: Vec<Way>,
}

fn unread_list(list: &Path, cause: String) -> Diagnostic {
    Diagnostic::error("PW1210", format!("the list of what is handed over cannot be read: {cause}"))
        .help("give `handovers.json` of a bundle that `pipewright export --split` wrote, or export it again")
        .file(list.display().to_string())
}

fn listed(list: &Path) -> Result<Listed, Diagnostic> {
    let text = read_text(list).map_err(|error| unread_list(list, io_cause(&error)))?;
    serde_json::from_str(&text).map_err(|error| unread_list(list, json_cause(&error)))
}

/// What is handed over under a name, by the list of a bundle.
pub fn find_handover(list: &Path, name: &str) -> Result<Handover, Diagnostic> {
    let listed = listed(list)?;
    let found = listed.handovers.into_iter().find(|handover| handover.name == name).ok_or_else(|| {
        Diagnostic::error("PW1210", format!("nothing is handed over under the name `{name}`"))
            .help("the names stand in the file")
            .file(list.display().to_string())
    })?;
    // A list may be a stranger's.
    let is_below = |text: &str| Path::new(text).components().all(|part| matches!(part, Component::Normal(_)));
    match is_below(&found.name) && is_below(&found.path) {
        true => Ok(found),
        false => Err(unread_list(list, "it leads out of the folder of what is handed over".to_owned())),
    }
}

/// Where the count of what was handed over stands, beside it.
const COUNT: &str = "handover.json";

/// Counts the rows that lie in `folder`, all of which must be of the columns that are agreed, and writes the count beside
/// them.
pub fn hand_over(handover: &Handover, folder: &Path) -> Result<u64, Diagnostic> {
    let rows = rows_there(handover, folder)?;
    let path = folder.join(&handover.name).join(COUNT);
    std::fs::write(&path, canonical_json(&json!({ "rows": rows }))).map_err(|error| {
        Diagnostic::error("PW0633", format!("the count cannot be written: {}", io_cause(&error)))
            .help("see whether the folder may be written to")
            .file(path.display().to_string())
    })?;
    Ok(rows)
}

/// Holds the rows that a part has read, by its report, against the count of those that were handed over.
pub fn check_arrived(handover: &Handover, folder: &Path, report: &Path) -> Result<u64, Diagnostic> {
    let unread = |path: &Path, cause: String| {
        Diagnostic::error("PW1210", format!("it is not known how many rows arrived: {cause}"))
            .help("run the parts in their order, by the `run.sh` of the whole")
            .file(path.display().to_string())
    };
    let read = |path: &Path| -> Result<Json, Diagnostic> {
        let text = read_text(path).map_err(|error| unread(path, io_cause(&error)))?;
        serde_json::from_str(&text).map_err(|error| unread(path, json_cause(&error)))
    };
    let path = folder.join(&handover.name).join(COUNT);
    let given = read(&path)?["rows"].as_u64().ok_or_else(|| unread(&path, "it holds no count".to_owned()))?;
    let found = read(report)?;
    let sources = found["sources"].as_array().into_iter().flatten();
    let source = sources.clone().find(|source| source["step"] == handover.step.as_str());
    let rows = source.and_then(|source| source["tally"]["rows"].as_u64());
    let rows = rows.ok_or_else(|| unread(report, format!("the report does not tell of `{}`", handover.name)))?;
    if rows == given {
        return Ok(rows);
    }
    let (sent, came) = (counted(given, "row"), counted(rows, "row"));
    Err(Diagnostic::error(
        "PW1208",
        format!("“{}” from “{}” to “{}”: {sent} were handed over, and {came} arrived", handover.title, handover.from, handover.to),
    )
    .help("see why in the quarantine of the part that takes them, and whether somebody changed the file; nothing was put in place"))
}

/// What the parts of a split design turned away.
pub struct TurnedAway {
    /// Units of the sources, and rows of the steps.
    pub quarantined: u64,
    /// Of the units of all sources, 0 to 1: of each source what the way turns away that turns away the most.
    pub share: f64,
}

/// Adds up what the parts of a bundle turned away, by the reports that lie in a folder.
pub fn turned_away(list: &Path, reports: &Path) -> Result<TurnedAway, Diagnostic> {
    let ways = listed(list)?.ways;
    let unread = |path: &Path, cause: String| {
        Diagnostic::error("PW1210", format!("it is not known what the parts turned away: {cause}"))
            .help("give the folder `reports` of a run by the `run.sh` of the whole")
            .file(path.display().to_string())
    };
    let entries = std::fs::read_dir(reports).map_err(|error| unread(reports, io_cause(&error)))?;
    let files =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "json"));
    let (mut read, mut turned): (BTreeMap<String, u64>, BTreeMap<String, u64>) = Default::default();
    for path in files {
        let text = read_text(&path).map_err(|error| unread(&path, io_cause(&error)))?;
        let report: Json = serde_json::from_str(&text).map_err(|error| unread(&path, json_cause(&error)))?;
        let all = |what: &str| report[what].as_array().cloned().unwrap_or_default();
        let name = |one: &Json| one["step"].as_str().unwrap_or_default().to_owned();
        for source in all("sources").iter().filter(|source| ways.iter().any(|way| source["step"] == way.source)) {
            let of = |what: &str| source["tally"][what].as_u64().unwrap_or_default();
            // What two parts read is one source.
            let units = read.entry(name(source)).or_default();
            *units = of("read").max(*units);
            let units = turned.entry(name(source)).or_default();
            *units = of("quarantined").max(*units);
        }
        for step in all("steps") {
            *turned.entry(name(&step)).or_default() += step["quarantined"].as_u64().unwrap_or_default();
        }
    }
    let of = |step: &String| turned.get(step).copied().unwrap_or_default();
    let mut most: BTreeMap<&str, u64> = BTreeMap::new();
    for way in &ways {
        let all = of(&way.source) + way.steps.iter().map(of).sum::<u64>();
        let known = most.entry(&way.source).or_default();
        *known = all.max(*known);
    }
    let (units, away) = (read.values().sum::<u64>(), most.values().sum::<u64>());
    Ok(TurnedAway { quarantined: turned.values().sum(), share: (away as f64 / units.max(1) as f64).min(1.0) })
}

/// The rows of a file that is handed over.
fn rows_there(handover: &Handover, folder: &Path) -> Result<u64, Diagnostic> {
    let parameters = BTreeMap::new();
    let plan = handover.plan();
    check_columns(handover, folder)?;
    let counts = exact_rows(&plan, folder, &parameters, &Cancel::new(), &Silent)?;
    Ok(counts.values().sum())
}

/// Whether the file has the columns that are agreed. JSON lines say nothing of a column that is null in all rows.
fn check_columns(handover: &Handover, folder: &Path) -> Result<(), Diagnostic> {
    let file = folder.join(&handover.path);
    if handover.format.name == "json_lines" {
        return Ok(());
    }
    let found = schema_of_first(std::slice::from_ref(&file), &handover.format)?;
    let is_typed = handover.format.name == "parquet";
    for field in &handover.file_schema().fields {
        let there = found.get(&field.name);
        if there.is_some_and(|there| !is_typed || there.data_type == field.data_type) {
            continue;
        }
        let is = there.map_or_else(|| "is not there".to_owned(), |there| format!("is {} there", there.data_type));
        let message = format!(
            "“{}” from “{}” to “{}”: `{}`, agreed as {}, {is}",
            handover.title, handover.from, handover.to, field.name, field.data_type
        );
        return Err(Diagnostic::error("PW1211", message)
            .help("export the whole again, so that its parts agree on what goes over")
            .file(file.display().to_string()));
    }
    Ok(())
}
