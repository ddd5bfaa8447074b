//! No flow brings a forbidden field to a forbidden place, and none is refused that brings none there: random projects,
//! traced by the values that arrive. What may go where is worked out here once more from what the sources and policies
//! say, without the code that is tested.

mod plans;
mod projects;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use projects::{Made, TEAMS, Truth, marked_rows, number, random_project, rules};
use rows::{Rows, rows_of};
use serde_json::Value as Json;

use crate::data::{Classification, Value};
use crate::diagnostic::Diagnostic;
use crate::export::pipeline::Pipeline;
use crate::export::{DesignInfo, check_exportable, target};
use crate::ir::{NodeId, Op, Plan, load_answers};
use crate::plan::plan;
use crate::policy::{Policy, digest};
use crate::project::Project;

const PROJECTS: u64 = 1_000;

/// A destination as the project's file says it.
#[derive(Debug, Default)]
struct Target {
    stack: String,
    place: String,
    teams: Vec<String>,
}

fn target_of(project: &Project, step: &str) -> Target {
    let settings = &project.steps[step].settings;
    let text = |key: &str| settings.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let asker = project.questions.get(&text("question")).map(|question| question.asker.clone());
    let teams = asker.unwrap_or_else(|| text("audience"));
    let known = |name: &str| match name {
        "Alpha" => "t-a".to_owned(),
        "Gamma" => "t-c".to_owned(),
        name => name.to_owned(),
    };
    Target {
        stack: text("stack"),
        place: text("residency"),
        teams: teams.split(',').map(str::trim).filter(|name| !name.is_empty()).map(known).collect(),
    }
}

/// The limits that a policy sets on a target.
fn limits(policy: &Policy, target: &Target) -> Vec<Classification> {
    let of =
        |limits: &BTreeMap<String, Classification>, name: &str| limits.get(name).or_else(|| limits.get("*")).copied();
    let teams = target.teams.iter().map(|team| {
        let title = if team == "t-b" { "Beta" } else { team.as_str() };
        of(&policy.highest.teams, title)
    });
    let teams: Vec<Option<Classification>> =
        if target.teams.is_empty() { vec![of(&policy.highest.teams, "*")] } else { teams.collect() };
    let all = [of(&policy.highest.stacks, &target.stack), of(&policy.highest.places, &target.place)];
    all.into_iter().chain(teams).flatten().collect()
}

/// Whether a field may come to a target as it is.
fn may(truth: &Truth, target: &Target, organisation: &[Policy], own: Option<&Policy>) -> bool {
    let class = truth.class.unwrap_or(Classification::Internal);
    let mut highest: Vec<Classification> = Vec::new();
    for policy in organisation {
        let limits = limits(policy, target);
        highest.extend(if limits.is_empty() { vec![Classification::Personal] } else { limits });
    }
    if organisation.is_empty() {
        highest.push(Classification::Personal);
    }
    highest.extend(own.iter().flat_map(|own| limits(own, target)));
    let is_low = highest.iter().all(|highest| class <= *highest);
    let goes = |policy: &Policy, place: &String| policy.residency.get(place).map(|to| to.contains(&target.place));
    let is_placed = truth.places.iter().all(|place| {
        let by_organisation =
            !organisation.is_empty() && organisation.iter().all(|policy| goes(policy, place) == Some(true));
        let by_own = own.is_none_or(|own| goes(own, place) != Some(false));
        !target.place.is_empty() && (target.place == *place || by_organisation && by_own)
    });
    let is_seen =
        truth.teams.iter().all(|may| !target.teams.is_empty() && target.teams.iter().all(|team| may.contains(team)));
    is_low && is_placed && is_seen && together(&[&truth.stack, &target.stack], organisation, own)
}

/// Whether stacks may be brought together.
fn together(stacks: &[&String], organisation: &[Policy], own: Option<&Policy>) -> bool {
    let groups = organisation.iter().chain(own).flat_map(|policy| &policy.apart);
    let mut present = groups.map(|group| stacks.iter().filter(|one| group.contains(one)).collect::<BTreeSet<_>>());
    present.all(|present| present.len() < 2)
}

/// Which field of which source each text or number is, alone or as a part.
struct Tracer {
    hashes: BTreeMap<String, (usize, usize)>,
    numbers: BTreeMap<i64, (usize, usize)>,
}

impl Tracer {
    fn new() -> Self {
        let mut tracer = Tracer { hashes: BTreeMap::new(), numbers: BTreeMap::new() };
        for source in 0..3 {
            for (row, values) in marked_rows(source).rows.iter().enumerate() {
                tracer.numbers.insert(number(source, row), (source, 3));
                for (field, value) in values.iter().enumerate() {
                    if let Value::String(text) = value {
                        // A hash without key can be tried out.
                        tracer.hashes.insert(digest(text.as_bytes()), (source, field));
                    }
                }
            }
        }
        tracer
    }

    fn fields(&self, value: &Value, found: &mut BTreeSet<(usize, usize)>) {
        match value {
            Value::Int(number) => found.extend(self.numbers.get(number)),
            Value::List(items) => items.iter().for_each(|item| self.fields(item, found)),
            Value::String(text) => {
                let text = text.to_lowercase();
                for (hash, field) in &self.hashes {
                    if text.contains(hash.as_str()) {
                        found.insert(*field);
                    }
                }
                for part in text.split(['/', ',', '-']) {
                    let digit = |at: usize| part.as_bytes().get(at).map(|byte| usize::from(byte.wrapping_sub(b'0')));
                    if let (Some(source), Some(field)) = (digit(1), digit(3))
                        && part.starts_with('m')
                        && part.contains('r')
                    {
                        found.insert((source, field));
                    }
                }
            }
            Value::Null
            | Value::Boolean(_)
            | Value::Float(_)
            | Value::Timestamp(_)
            | Value::Date(_)
            | Value::Duration(_)
            | Value::Record(_) => {}
        }
    }

    /// The fields whose values stand in a column, or in all.
    fn in_rows(&self, rows: &Rows, column: Option<usize>) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::new();
        for row in &rows.rows {
            for (at, value) in row.iter().enumerate() {
                if column.is_none_or(|column| column == at) {
                    self.fields(value, &mut found);
                }
            }
        }
        found
    }
}

fn read(path: &str) -> Rows {
    marked_rows(path.trim_end_matches(".csv").parse().unwrap())
}

fn is_policy(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.starts_with("PW10") && diagnostic.is_error()
}

/// The sources that a node reads, however far before it.
fn sources_before(plan: &Plan, node: NodeId) -> BTreeSet<usize> {
    let node = plan.node(node);
    let mut found: BTreeSet<usize> = node.inputs.iter().flat_map(|input| sources_before(plan, *input)).collect();
    if let Op::Read(read) = &node.op {
        found.insert(read.path.trim_end_matches(".csv").parse().unwrap());
    }
    found
}

#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    refused: usize,
    leaks_stopped: usize,
    lowered: usize,
    clean_destinations: usize,
}

/// Everything that is claimed, of one project.
fn check_one(made: &Made, tracer: &Tracer, tally: &mut Tally) {
    let project = &made.project;
    let plan = plan(project);
    let other: Vec<&Diagnostic> = plan.diagnostics.iter().filter(|one| one.is_error() && !is_policy(one)).collect();
    assert!(other.is_empty(), "{other:?}\n{}", crate::project::to_text(project));
    let all_rows = rows_of(&plan, &read);
    let written = rules(project);
    let (organisation, own) = written.split_at(project.organisation.len());
    let own = own.first();
    let is_refused = plan.diagnostics.iter().any(is_policy);
    assert_eq!(is_refused, !check_exportable(&load_answers(&plan)).is_empty());
    let mut leaks = Vec::new();
    for sink in plan.sinks() {
        let node = plan.node(sink);
        let step = &node.origin.step;
        let target = target_of(project, step);
        let rows = &all_rows[sink.0 as usize];
        let arrived = tracer.in_rows(rows, None);
        leaks.extend(arrived.iter().filter(|field| !may(&made.truth[field], &target, organisation, own)).copied());
        let stacks: Vec<&String> = arrived.iter().map(|field| &made.truth[field].stack).collect();
        if !together(&stacks, organisation, own) {
            leaks.extend(arrived.iter().copied());
        }
        let Op::Write(write) = &node.op else { continue };
        // Of all that could arrive nothing is forbidden: then nothing is said.
        let before = sources_before(&plan, sink);
        let fields: Vec<&Truth> =
            made.truth.iter().filter(|((source, _), _)| before.contains(source)).map(|(_, truth)| truth).collect();
        let stacks: Vec<&String> = fields.iter().map(|truth| &truth.stack).chain([&target.stack]).collect();
        let is_clean = fields.iter().all(|truth| may(truth, &target, organisation, own))
            && may(&Truth::default(), &target, organisation, own)
            && together(&stacks, organisation, own);
        let told: Vec<&Diagnostic> = plan
            .diagnostics
            .iter()
            .filter(|one| is_policy(one) && one.location.id.as_ref() == Some(step) && one.code != "PW1006")
            .collect();
        if is_clean {
            assert!(told.is_empty(), "{told:?}\n{}", crate::project::to_text(project));
            tally.clean_destinations += 1;
        }
        // Where values pass as they are, each column that is refused holds what is forbidden.
        for (at, field) in node.schema.fields.iter().enumerate().filter(|_| made.keeps_values) {
            let is_refused = !plan.policy.violations(&field.labels, &write.site).is_empty();
            let holds = tracer.in_rows(rows, Some(at));
            let is_empty = rows.rows.iter().all(|row| row[at].is_null()) || holds.is_empty();
            let is_forbidden = holds.iter().any(|field| !may(&made.truth[field], &target, organisation, own));
            let text = || format!("`{}` of {step}\n{}", field.name, crate::project::to_text(project));
            assert!(is_forbidden || is_empty || !is_refused, "refused without need: {}", text());
        }
    }
    tally.lowered +=
        plan.nodes.iter().filter(|node| matches!(&node.op, Op::Project(one) if !one.lowered.is_empty())).count();
    let text = crate::project::to_text(project);
    if is_refused {
        tally.refused += 1;
    } else {
        tally.accepted += 1;
        assert!(leaks.is_empty(), "{leaks:?} came through\n{text}\n{:?}", plan.policy);
    }
    tally.leaks_stopped += usize::from(!leaks.is_empty());
    // A pipeline is judged without its project, also one that somebody wrote past the check.
    let bundle = target("pipeline").unwrap().export(&load_answers(&plan), &DesignInfo::default());
    let pipeline = Pipeline::from_text(&bundle.files["pipeline.json"].text).unwrap();
    let faults = check_exportable(&pipeline.plan);
    if leaks.is_empty() {
        assert!(is_refused || faults.is_empty(), "{faults:?}\n{text}");
    } else {
        assert!(faults.iter().any(is_policy), "the run would let {leaks:?} through\n{text}");
    }
}

#[test]
fn no_forbidden_field_comes_to_a_forbidden_place_by_hand_by_export_or_by_run() {
    let tracer = Tracer::new();
    let mut tally = Tally::default();
    for seed in 0..PROJECTS {
        let made = random_project(seed);
        check_one(&made, &tracer, &mut tally);
    }
    // The projects are of all kinds, so that each claim above was tried.
    assert!(tally.accepted > 150 && tally.refused > 300 && tally.leaks_stopped > 200, "{tally:?}");
    assert!(tally.lowered > 50 && tally.clean_destinations > 150, "{tally:?}");
    assert_eq!(TEAMS.len(), 3);
}
