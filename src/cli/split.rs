//! Places on the command line: where the steps are done and what goes over, the export of a split design, and the counts
//! of what its parts hand over.

use std::collections::BTreeMap;
use std::path::Path;

use pipewright_app::split::{TurnedAway, check_arrived, cut_of, find_handover, hand_over, turned_away, write_split};
use pipewright_core::data::Value;
use pipewright_core::data::figures::counted;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::schedulers::Scheduler;
use pipewright_core::export::split::Cut;
use pipewright_core::export::target;
use pipewright_core::ir::{Plan, resolve_parameters};
use pipewright_core::model::StepPlace;
use pipewright_core::project::Project;
use pipewright_engine::Cancel;
use serde_json::{Value as Json, json};

use super::args::{ExportArgs, HandoverArgs};
use super::output::{print_text, tell};
use super::plan_text::bytes;
use super::project::Opened;
use super::{Failure, Outcome, VerbResult, usage};

/// Where the steps of a project are done, as it is split.
pub struct Split<'a> {
    project: &'a Project,
    pub plan: Plan,
    pub cut: Cut,
    pub faults: Vec<Diagnostic>,
}

impl<'a> Split<'a> {
    pub fn of(opened: &'a Opened, project: &'a Project, parameters: &BTreeMap<String, Value>) -> Self {
        let (plan, cut, faults) = cut_of(project, &opened.plan, &opened.base, parameters, &Cancel::new());
        Split { project, plan, cut, faults }
    }

    fn title(&self, place: &str) -> String {
        self.project.places.get(place).map_or(place, |place| &place.title).to_owned()
    }

    /// The steps of a place, each with what says that it is done there.
    fn steps(&self, place: &StepPlace) -> impl Iterator<Item = (&str, &str, &'static str)> {
        let here = self.cut.steps.iter().filter(move |(_, (id, _))| *id == place.id);
        here.map(|(id, _)| {
            let title = self.plan.steps.get(id).map_or(id.as_str(), |step| step.title.as_str());
            (id.as_str(), title, self.cut.why(id))
        })
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for place in self.project.places.values() {
            let engine = target(&place.target).map_or(place.target.as_str(), |target| target.title());
            line!(text, "{} ({}), {}", self.title(&place.id), place.id, engine);
            for (_, title, why) in self.steps(place) {
                line!(text, "  {title} ({why})");
            }
        }
        for crossing in &self.cut.crossings {
            let columns = crossing.columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let size = crossing.bytes.map_or_else(
                || "of a size that is not known".to_owned(),
                |size| format!("about {} {}", bytes(size as f64), self.cut.per()),
            );
            let (title, from, to) = (&crossing.title, self.title(&crossing.from), self.title(&crossing.to));
            line!(text, "goes over: {title}, from {from} to {to}: {columns}, {size}");
        }
        if self.cut.crossings.is_empty() && !self.cut.steps.is_empty() {
            text.push_str("nothing goes over\n");
        }
        text
    }

    pub fn json(&self) -> Json {
        let place = |place: &StepPlace| {
            let steps = self.steps(place).map(|(id, title, why)| json!({"id": id, "title": title, "why": why}));
            json!({"id": place.id, "title": place.title, "target": place.target, "steps": steps.collect::<Vec<Json>>()})
        };
        let crossings = self.cut.crossings.iter().map(|crossing| {
            json!({
                "step": crossing.step, "title": crossing.title, "from": crossing.from, "to": crossing.to,
                "columns": crossing.columns, "bytes": crossing.bytes, "per": self.cut.per(),
            })
        });
        json!({
            "places": self.project.places.values().map(place).collect::<Vec<Json>>(),
            "goes_over": crossings.collect::<Vec<Json>>(),
        })
    }
}

/// `export --split OUT`: one bundle a place.
pub fn export(args: &ExportArgs, opened: &Opened, schedulers: &[Scheduler]) -> VerbResult {
    let Some(project) = &opened.project else {
        return Err(usage("a pipeline knows no places", "give the project that it was exported from"));
    };
    let out = args.split.clone().unwrap_or_default();
    let parameters = resolve_parameters(&opened.plan.parameters, &BTreeMap::new(), &|_| None).unwrap_or_default();
    let split = Split::of(opened, project, &parameters);
    if split.faults.iter().any(Diagnostic::is_error) {
        return Err(opened.invalid(split.faults));
    }
    let info = opened.design_info();
    let report = write_split((&split.plan, &split.cut), &info, schedulers, &opened.base, &out, args.force)
        .map_err(|diagnostics| Failure { diagnostics, outcome: Outcome::Failed })?;
    tell(&report.diagnostics);
    for file in &report.files {
        print_text(&format!("{}\n", out.join(file).display()))?;
    }
    Ok(Outcome::Done)
}

/// `pipewright handover`: what is handed over is counted, or held against what arrived; or what all parts turned away is
/// added up.
pub fn handover(args: &HandoverArgs) -> VerbResult {
    let (Some(name), Some(folder)) = (&args.name, &args.folder) else {
        return whole(args);
    };
    let handover = find_handover(&args.list, name)?;
    let (rows, done) = match &args.report {
        None => (hand_over(&handover, folder)?, "handed over"),
        Some(report) => (check_arrived(&handover, folder, report)?, "arrived"),
    };
    let (title, from, to) = (&handover.title, &handover.from, &handover.to);
    tell!("{title} from {from} to {to}: {} {done}", counted(rows, "row"));
    Ok(Outcome::Done)
}

/// What all parts of a split design turned away, as a run of the whole design tells it.
fn whole(args: &HandoverArgs) -> VerbResult {
    let TurnedAway { quarantined, share } = turned_away(&args.list, args.whole.as_deref().unwrap_or(Path::new(".")))?;
    if share <= args.max_quarantined {
        return Ok(Outcome::Done);
    }
    let message = format!(
        "{} of all sources and steps in quarantine, more than the share {} that --max-quarantined allows",
        counted(quarantined, "unit"),
        args.max_quarantined
    );
    tell(&[Diagnostic::warning("PW0723", message).help("see why in the folders of quarantine/")]);
    Ok(Outcome::Quarantined)
}
