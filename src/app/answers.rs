//! The answers of a project as they are shown and written for others: computed on the whole input, in one run, with what
//! is not in them. Knows projects, as what designer and command line share. Must not import previews.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use pipewright_core::data::figures::{counted, grouped};
use pipewright_core::data::{Classification, Field, Labels, Schema, TableRows, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::export::answers::AnswerPage;
use pipewright_core::export::check_exportable;
use pipewright_core::files::PrivateFolder;
use pipewright_core::ir::{
    Destination, FileKind, LeftOut, LeftOutKind, Node, NodeId, Op, Origin, Plan, WhenExists, Write, defaults,
    node_hash, prune, secrets_of,
};
use pipewright_core::model::Question;
use pipewright_core::plan::{in_force, plan};
use pipewright_core::planner::{
    About, AnswerShape, CANNOT_BE_TOLD, Catalogue, Headline, NotInIt, Unit, Vocabulary, asked_by, definition_of,
    in_doubt, in_short_time, not_in_it, span_in_words, steps_before, told_of_other, told_of_time, unconfirmed,
    where_differ, with_range, with_values,
};
use pipewright_core::project::{Project, Step};

use pipewright_engine::{
    Cancel, FirstRows, Headliner, Headliners, RunOptions, RunProgress, RunReport, SourceReport, ToldAnswer, read_rows,
    run,
};

use crate::evidence::{Seen, evidence_until, seen};
use crate::masked::{MOST_ROWS, Masked};

/// What answers are worked out to.
#[derive(Debug)]
pub struct Answers {
    /// In the order in which they stand on the canvas.
    pub pages: Vec<AnswerPage>,
    /// What whoever looks at them has to know.
    pub told: Vec<Diagnostic>,
    /// Whether more could not be read than may be (`RunOptions::max_quarantined`).
    pub over_threshold: bool,
}

/// Works the answers of a project out. `plan` is the project's; `only`: the answer of that step alone; of the options
/// where the results go does not matter. Answers that cannot be worked out are told of and left out; with none left
/// that is an error.
pub fn answers_of(
    project: &Project,
    plan: &Plan,
    only: Option<&str>,
    options: &RunOptions,
    progress: &dyn RunProgress,
) -> Result<Answers, Vec<Diagnostic>> {
    let (wanted, mut told) = wanted(project, plan, only);
    told.extend(not_for_all(plan, &wanted));
    if wanted.is_empty() {
        if told.is_empty() {
            let fault = Diagnostic::error("PW1092", "the project has no answer yet");
            told.push(fault.help("end a flow with an Answer step, or accept a suggestion for a question"));
        }
        return Err(told);
    }
    // What stands in the way of some answers does not in the way of the others.
    for fault in &mut told {
        fault.severity = Severity::Warning;
    }
    let folder = PrivateFolder::new().map_err(|fault| vec![fault])?;
    let options = &RunOptions { out: folder.path().to_owned(), ..options.clone() };
    let RunOptions { base, parameters, cancel, .. } = options;
    let (vocabulary, _) = Vocabulary::of(project);
    let nodes: Vec<NodeId> = wanted.iter().map(|(_, node)| *node).collect();
    let mut with_wholes = plan.clone();
    let wholes = wanted.iter().map(|(step, node)| {
        let shape = AnswerShape::of(asked_by(project, step).as_ref(), plan, *node, &vocabulary, &step.title);
        shape.add_whole(&mut with_wholes, *node)
    });
    let wholes: Vec<Option<NodeId>> = wholes.collect();
    let report = run(&with_files(&with_wholes, &nodes, &wholes), options, progress)?;
    told.extend(report.remarks());
    let (sources, _) = evidence_until(project, base, parameters, cancel);
    let catalogue = Catalogue::new(vocabulary, sources).under(project);
    let judged = judged(project, seen(project, &catalogue.meanings));
    let pictures = &picture_names(project);
    let folder = folder.path();
    let (report, catalogue, plan) = (&report, &catalogue, &with_wholes);
    let judged = &judged;
    let work = Work { project, plan, judged, wholes: &wholes, report, catalogue, parameters, folder, pictures, cancel };
    let mut pages = Vec::with_capacity(wanted.len());
    for (number, (step, node)) in wanted.iter().enumerate() {
        pages.push(work.page(step, *node, number).map_err(|fault| vec![fault])?);
    }
    tell_others(project, plan, &wanted, catalogue, parameters, &mut pages);
    Ok(Answers { pages, told, over_threshold: report.over_threshold })
}

/// Two answers to one question are shown to differ, and where.
fn tell_others(
    project: &Project,
    plan: &Plan,
    wanted: &[(&Step, NodeId)],
    catalogue: &Catalogue,
    parameters: &BTreeMap<String, Value>,
    pages: &mut [AnswerPage],
) {
    let shown = shown_parameters(plan, parameters);
    let question = |step: &Step| question_of(project, step).map(|question| question.title.clone());
    let shape = |(step, node): &(&Step, NodeId)| {
        AnswerShape::of(asked_by(project, step).as_ref(), plan, *node, &catalogue.vocabulary, &step.title)
    };
    for (number, here) in wanted.iter().enumerate() {
        let others = wanted.iter().enumerate().filter(|(other, there)| {
            *other != number && question(here.0).is_some() && question(there.0) == question(here.0)
        });
        let told = others.map(|(other, there)| {
            let place = with_values(&where_differ(plan, (here.1, &shape(here)), (there.1, &shape(there))), &shown);
            told_of_other(&there.0.title, &pages[other].headline.sentence, &place)
        });
        pages[number].others = told.collect();
    }
}

/// The plan of a project whose columns are what their values show too, as sources and pins have them.
fn judged(project: &Project, seen: Seen) -> Plan {
    let mut looked_at = project.clone();
    looked_at.set_seen(seen);
    plan(&looked_at)
}

/// The columns of an answer, by the closest that is known of them.
fn judged_schema<'a>(judged: &'a Plan, step: &str, planned: &'a Node) -> &'a Schema {
    let node = judged.steps.get(step).and_then(|known| known.nodes.last());
    node.map_or(&planned.schema, |node| &judged.node(*node).schema)
}

/// What makes sentences of a project's answers, for the report of a run. `seen`: what the values of samples show.
pub fn headliners_of(project: &Project, plan: &Plan, seen: Seen) -> Headliners {
    let (vocabulary, _) = Vocabulary::of(project);
    let judged = judged(project, seen);
    let answers = project.steps.values().filter(|step| step.kind == "answer");
    let found = answers.filter_map(|step| {
        let node = plan.steps.get(&step.id)?.nodes.last().copied()?;
        let shape = AnswerShape::of(asked_by(project, step).as_ref(), plan, node, &vocabulary, &step.title);
        let hidden = hidden_columns(project, judged_schema(&judged, &step.id, plan.node(node)), &shape);
        let headliner: Headliner = Arc::new(move |rows, list| {
            let headline = told(&shape, &Masked::new(rows, &hidden), None, &hidden);
            let Headline { number, what, sentence, .. } = in_doubt(headline, || list.to_vec());
            ToldAnswer { number, what, sentence }
        });
        Some((step.id.clone(), headliner))
    });
    Headliners(found.collect())
}

/// The Answer steps as they stand on the canvas.
fn answers_in_order(project: &Project) -> Vec<&Step> {
    let mut steps: Vec<&Step> = project.steps.values().filter(|step| step.kind == "answer").collect();
    steps.sort_by_key(|step| (step.y, step.x));
    steps
}

fn question_of<'a>(project: &'a Project, step: &Step) -> Option<&'a Question> {
    step.settings.get("question").and_then(|id| project.questions.get(id.as_str()?))
}

/// By the id of each Answer step the name of its picture, the same whichever answers are asked for.
fn picture_names(project: &Project) -> BTreeMap<&str, String> {
    let (mut names, mut taken) = (BTreeMap::new(), BTreeSet::new());
    for step in answers_in_order(project) {
        let stem = file_stem(question_of(project, step).map_or(&step.title, |question| &question.title));
        let named = |number: usize| if number == 1 { stem.clone() } else { format!("{stem}-{number}") };
        let Some(name) = (1..).map(named).find(|name| !taken.contains(name)) else { continue };
        taken.insert(name.clone());
        names.insert(step.id.as_str(), name);
    }
    names
}

/// Words as the name of a file: `Which pages are most used?` → `which-pages-are-most-used`.
fn file_stem(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut stem = String::new();
    for c in text.to_lowercase().chars() {
        if c.is_alphanumeric() {
            stem.push(c);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    let stem: String = stem.chars().take(LONGEST).collect();
    let stem = stem.trim_end_matches('-');
    if stem.is_empty() { "answer".to_owned() } else { stem.to_owned() }
}

/// Answers that nobody may see all of, or that may lie at no one place together.
fn not_for_all(plan: &Plan, wanted: &[(&Step, NodeId)]) -> Option<Diagnostic> {
    let of = |node: NodeId| Labels::merged(plan.node(node).schema.fields.iter().map(|field| &field.labels));
    let all: Vec<Labels> = wanted.iter().map(|(_, node)| of(*node)).collect();
    let together = Labels::merged(&all);
    let is_nobodys = |labels: &Labels| labels.access.as_ref().is_some_and(Vec::is_empty);
    let is_apart = |labels: &Labels| labels.residency.len() > 1;
    let what = match () {
        () if is_nobodys(&together) && !all.iter().any(is_nobodys) => "no team may see all of these answers",
        () if is_apart(&together) && !all.iter().any(is_apart) => "these answers may lie at no one place together",
        () => return None,
    };
    let own = |(labels, (step, _)): (&Labels, &(&Step, NodeId))| {
        let teams = labels.access.iter().map(|teams| format!("seen by {} alone", teams.join(", ")));
        let places = labels.residency.iter().map(|place| format!("lies at {place}"));
        let says: Vec<String> = teams.chain(places).collect();
        (!says.is_empty()).then(|| format!("“{}”: {}", step.title, says.join(", ")))
    };
    let told: Vec<String> = all.iter().zip(wanted).filter_map(own).take(3).collect();
    let fault = Diagnostic::warning("PW1095", format!("{what} ({})", told.join("; ")));
    Some(fault.help("show each answer by itself: `answers --only STEP`"))
}

/// Answer steps with their nodes, as they stand on the canvas, and why others are not among them.
fn wanted<'a>(project: &'a Project, plan: &Plan, only: Option<&str>) -> (Vec<(&'a Step, NodeId)>, Vec<Diagnostic>) {
    let (mut wanted, mut told) = (Vec::new(), Vec::<Diagnostic>::new());
    for step in answers_in_order(project).into_iter().filter(|step| only.is_none_or(|only| step.id == only)) {
        let node = plan.steps.get(&step.id).and_then(|known| known.nodes.last().copied());
        let before: BTreeSet<&str> = steps_before(project, &step.id).iter().map(|step| step.id.as_str()).collect();
        let is_here = |fault: &&Diagnostic| match fault.location.id.as_deref() {
            Some(id) => id == step.id || before.contains(id) || !project.steps.contains_key(id),
            None => true,
        };
        let faults: Vec<Diagnostic> = match node {
            Some(node) => {
                let mut own = prune(plan, &[node]);
                own.diagnostics.retain(|fault| is_here(&fault));
                check_exportable(&own)
            }
            None => {
                let faults = plan.diagnostics.iter().filter(|fault| fault.is_error()).filter(is_here);
                let mut faults: Vec<Diagnostic> = faults.cloned().collect();
                if faults.is_empty() {
                    let fault = Diagnostic::error("PW1093", "the answer has no rows: nothing flows into it");
                    faults.push(fault.help("wire a step to it").step(&step.id, &step.title));
                }
                faults
            }
        };
        match node.filter(|_| !faults.iter().any(Diagnostic::is_error)) {
            Some(node) => wanted.push((step, node)),
            None => told.extend(faults.into_iter().filter(|fault| !told.contains(fault)).collect::<Vec<_>>()),
        }
    }
    (wanted, told)
}

fn file_name(number: usize) -> String {
    format!("answer-{number}.parquet")
}

fn whole_name(number: usize) -> String {
    format!("whole-{number}.parquet")
}

/// The flows of these answers, each ending in a file, and what they make all together in another.
fn with_files(plan: &Plan, answers: &[NodeId], wholes: &[Option<NodeId>]) -> Plan {
    let mut plan = plan.clone();
    let mut ends = answers.to_vec();
    for (number, id) in wholes.iter().enumerate().filter_map(|(number, id)| Some((number, (*id)?))) {
        let destination = Destination::File {
            path: whole_name(number),
            kind: FileKind::Parquet,
            partition: Vec::new(),
            when_exists: WhenExists::Replace,
        };
        let (op, before) = (Op::Write(Write::new(destination, Vec::new())), plan.node(id));
        let origin = Origin { step: format!("whole-{number}"), title: before.origin.title.clone() };
        let (schema, hash) = (before.schema.clone(), node_hash(&op, std::iter::once(before.hash)));
        ends.push(NodeId(plan.nodes.len() as u32));
        plan.nodes.push(Arc::new(Node { op, inputs: vec![id], schema, origin, hash }));
    }
    for (number, id) in answers.iter().enumerate() {
        let node = Arc::make_mut(&mut plan.nodes[id.0 as usize]);
        if let Op::Write(write) = &mut node.op {
            write.destination = Destination::File {
                path: file_name(number),
                kind: FileKind::Parquet,
                partition: Vec::new(),
                when_exists: WhenExists::Replace,
            };
        }
        // Answers that say the same are told apart in the report.
        node.origin = Origin { step: format!("answer-{number}"), title: node.origin.title.clone() };
    }
    let mut plan = prune(&plan, &ends);
    // What is wrong elsewhere does not keep these from being worked out.
    plan.diagnostics.retain(|told| !told.is_error());
    plan
}

struct Work<'a> {
    project: &'a Project,
    plan: &'a Plan,
    /// The same with what the values of samples show.
    judged: &'a Plan,
    wholes: &'a [Option<NodeId>],
    report: &'a RunReport,
    catalogue: &'a Catalogue,
    parameters: &'a BTreeMap<String, Value>,
    folder: &'a Path,
    pictures: &'a BTreeMap<&'a str, String>,
    cancel: &'a Cancel,
}

impl Work<'_> {
    /// What an answer makes all together, where that was worked out.
    fn whole(&self, number: usize) -> Result<Option<FirstRows<'_>>, Diagnostic> {
        let Some(node) = self.wholes.get(number).copied().flatten() else { return Ok(None) };
        let (file, schema) = (self.folder.join(whole_name(number)), &self.plan.node(node).schema);
        let rows = read_rows(&file, FileKind::Parquet, schema, MOST_ROWS, self.cancel)?;
        Ok(Some(FirstRows { total: rows.len(), rows, schema }))
    }

    fn page(&self, step: &Step, node: NodeId, number: usize) -> Result<AnswerPage, Diagnostic> {
        let planned = self.plan.node(node);
        let sink = self.report.sinks.iter().find(|sink| sink.step == format!("answer-{number}"));
        let (rows, mut list) = sink.map_or((0, Vec::new()), |sink| (sink.rows, sink.left_out.clone()));
        let asked = asked_by(self.project, step);
        let shape = AnswerShape::of(asked.as_ref(), self.plan, node, &self.catalogue.vocabulary, &step.title);
        let shape = with_range(shape.with_kept(step), self.project, self.plan, node, self.catalogue);
        let hidden = hidden_columns(self.project, judged_schema(self.judged, &step.id, planned), &shape);
        let file = self.folder.join(file_name(number));
        let first = FirstRows {
            rows: read_rows(&file, FileKind::Parquet, &planned.schema, MOST_ROWS, self.cancel)?,
            total: usize::try_from(rows).unwrap_or(usize::MAX),
            schema: &planned.schema,
        };
        let table = Masked::new(&first, &hidden);
        let shown = shown_parameters(self.plan, self.parameters);
        let before = steps_before(self.project, &step.id);
        let sources = self.report.sources.iter();
        let own: Vec<_> = sources.filter(|source| before.iter().any(|step| step.id == source.step)).collect();
        list.extend(own.iter().filter_map(|source| closed(source)));
        let mut not_in_it = not_in_it(&list, &unconfirmed(self.catalogue, &before));
        // A year that nobody wrote is in every time that the answer tells.
        for (source, guessed) in own.iter().filter_map(|source| Some((source, source.tally.guessed()?))) {
            let text = guessed.split_once(' ').map_or(guessed.as_str(), |(_, text)| text);
            let text = format!("{text} (“{}”)", source.title);
            let place = not_in_it.iter().position(|one| one.as_asked).unwrap_or(not_in_it.len());
            not_in_it.insert(place, NotInIt { count: source.tally.guessed_years, text, as_asked: false });
        }
        for column in hidden.iter().filter(|column| shape.shows(column)) {
            let text = format!("column `{column}` is personal or secret: its values are not shown");
            let place = not_in_it.iter().position(|one| one.as_asked).unwrap_or(not_in_it.len());
            not_in_it.insert(place, NotInIt { count: 1, text, as_asked: false });
        }
        for (column, count) in table.kept_back().filter(|(column, _)| shape.shows(column)) {
            let hold = if count == 1 { "text holds" } else { "texts hold" };
            let text = format!("{hold} something personal or secret in `{column}`, which is not shown");
            let place = not_in_it.iter().position(|one| one.as_asked).unwrap_or(not_in_it.len());
            not_in_it.insert(place, NotInIt { count, text, as_asked: false });
        }
        let unread = own.iter().map(|source| source.tally.quarantined).sum::<u64>();
        let read = counted(own.iter().map(|source| source.tally.accepted).sum(), "row");
        let exactness = match unread {
            _ if own.iter().any(|source| closed(source).is_some()) => format!("of what could be opened, {read} read"),
            0 => format!("exact, {read} read"),
            _ => format!("exact but for what could not be read, {read} read"),
        };
        let project = self.project;
        let team = |asker: &str| project.teams.get(asker).map_or(asker.to_owned(), |team| team.title.clone());
        let question = question_of(project, step);
        let whole = self.whole(number)?;
        let whole = whole.as_ref().map(|whole| whole as &dyn TableRows);
        let mut headline = told(&shape, &table, whole, &hidden);
        if rows > 0 {
            headline = in_short_time(headline, &shape, shape.range);
        }
        headline = in_doubt(headline, || list);
        let definition = Some(definition_of(step, asked.as_ref(), &shown)).filter(|text| !text.is_empty());
        let time = told_of_time(project, self.plan, node, self.catalogue, &shape, &table);
        let is_hidden = hidden_measure(&shape, &hidden).is_some();
        let is_told = headline.number != CANNOT_BE_TOLD;
        let mut chart = shape.plotted(&table, whole).filter(|_| rows > 1 && !is_hidden && is_told);
        if let Some(chart) = chart.as_mut().filter(|_| shape.kept.is_some() && rows > MOST_ROWS as u64) {
            chart.add_left(format!("the first {} of {}", grouped(MOST_ROWS as u64), counted(rows, "row")));
        }
        Ok(AnswerPage {
            step: step.id.clone(),
            title: step.title.clone(),
            picture: self.pictures.get(step.id.as_str()).cloned().unwrap_or_default(),
            question: question.map(|question| question.title.clone()).unwrap_or_default(),
            asker: question.map(|question| team(&question.asker)).unwrap_or_default(),
            headline,
            time: shape.range.map(span_in_words).unwrap_or_default(),
            exactness,
            chart,
            others: Vec::new(),
            definition: definition.into_iter().chain(time).collect::<Vec<_>>().join(" "),
            not_in_it,
        })
    }
}

/// Folders and files on the way of a source that could not be looked into.
fn closed(source: &SourceReport) -> Option<LeftOut> {
    let warnings = source.closed.iter().filter(|told| told.code == "PW0497").count() as u64;
    let what = if warnings == 1 { "folder or file" } else { "folders or files" };
    let text = format!("{what} of “{}” could not be opened", source.title);
    let (step, title, kind) = (source.step.clone(), source.title.clone(), LeftOutKind::Missing);
    (warnings > 0).then_some(LeftOut { step, title, kind, count: warnings, text })
}

/// Values of parameters that may be told: no secrets.
fn shown_parameters(plan: &Plan, parameters: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let secrets = secrets_of(&plan.parameters);
    let mut values = defaults(&plan.parameters);
    values.extend(parameters.clone());
    values.retain(|name, _| !secrets.contains(name));
    values
}

/// Columns whose values are of single people, or secret: nobody outside of the designer sees them. How many people there
/// are is no value of any of them; where groups are too small even for that, the policy says so, and refuses the flow.
fn hidden_columns(project: &Project, schema: &Schema, shape: &AnswerShape) -> BTreeSet<String> {
    let (rules, _) = in_force(project);
    let counted: Vec<&str> = match &shape.about {
        About::Measure(measure) => match &measure.unit {
            Unit::Count => std::iter::once(&measure.column).chain(&measure.whole).map(String::as_str).collect(),
            Unit::Measured(unit) if unit == "share" || unit == "%" => {
                let parts = measure.share_of.iter().flat_map(|(part, whole)| [part, whole]);
                std::iter::once(&measure.column).chain(parts).map(String::as_str).collect()
            }
            Unit::Measured(_) => Vec::new(),
        },
        About::Rows { .. } => Vec::new(),
    };
    let is_hidden = |field: &&Field| match rules.classified(&field.labels) {
        Classification::Public | Classification::Internal => false,
        Classification::Personal => !counted.contains(&field.name.as_str()),
        Classification::Secret => true,
    };
    schema.fields.iter().filter(is_hidden).map(|field| field.name.clone()).collect()
}

/// The measure, where nobody may see its values.
fn hidden_measure<'a>(shape: &'a AnswerShape, hidden: &BTreeSet<String>) -> Option<&'a str> {
    match &shape.about {
        About::Measure(measure) if hidden.contains(&measure.column) => Some(&measure.column),
        _ => None,
    }
}

/// The sentence, without what nobody may see.
fn told(
    shape: &AnswerShape,
    rows: &dyn TableRows,
    whole: Option<&dyn TableRows>,
    hidden: &BTreeSet<String>,
) -> Headline {
    let Some(column) = hidden_measure(shape, hidden) else { return shape.headline(rows, whole) };
    let what = column.replace('_', " ");
    let sentence = format!("{what}: personal or secret, and not shown");
    Headline { number: "–".to_owned(), what, place: String::new(), sentence }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::DataType;
    use pipewright_core::project::{Edit, Place};
    use serde_json::json;

    /// Users by errors, from a file with addresses in it.
    fn project(folder: &Path, question: bool) -> Project {
        let lines = "client,status,took\nann@x.example,500,1\nbob@x.example,500,2\nann@x.example,200,3\nbad line\n";
        std::fs::write(folder.join("a.csv"), lines).unwrap();
        let mut project = Project::new("p");
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let mut schema = Schema::of([("client", DataType::String), ("status", DataType::Int), ("took", DataType::Int)]);
        schema.fields[0].labels.classification = Some(Classification::Personal);
        let schema = serde_json::to_value(schema).unwrap();
        let aggregate = json!({
            "keys": [{"id": "k", "name": "client", "expression": "client"}],
            "measures": [{"id": "m", "name": "errors", "expression": "count(*)"}],
        });
        let mut answer = json!({"order": ["errors desc", "client"], "definition": "Errors of ${from} and above"});
        if question {
            answer["question"] = json!("q");
        }
        let step = |id: &str, kind: &str, title: &str, settings| {
            insert("steps", json!({"id": id, "kind": kind, "title": title, "settings": settings}))
        };
        let wire = |from: &str, to: &str| {
            insert(
                "wires",
                json!({"id": format!("{from}-{to}"), "from": from, "output": "out", "to": to, "input": "in"}),
            )
        };
        let mut edits = vec![
            insert("parameters", json!({"id": "p-from", "name": "from", "type": "Int", "default": 500})),
            insert(
                "sources",
                json!({"id": "src", "title": "a", "path": "a.csv", "format": {"name": "csv"}, "schema": schema}),
            ),
            step("read", "file", "a", json!({"source": "src"})),
            step("bad", "filter", "Errors", json!({"predicate": "status >= ${from}"})),
            step("by", "aggregate", "By client", aggregate),
            step("end", "answer", "Clients with errors", answer),
            wire("read", "bad"),
            wire("bad", "by"),
            wire("by", "end"),
        ];
        if question {
            edits.push(insert("questions", json!({"id": "q", "title": "Who sees errors?", "asker": "Support"})));
        }
        project.apply(&edits).unwrap();
        project
    }

    fn answers(project: &Project, base: &Path) -> Result<Answers, Vec<Diagnostic>> {
        let plan = plan(project);
        let options = RunOptions { base: base.to_owned(), ..RunOptions::default() };
        answers_of(project, &plan, None, &options, &pipewright_engine::Silent)
    }

    #[test]
    fn an_answer_says_its_number_and_shows_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let Answers { pages, over_threshold, .. } = answers(&project(folder.path(), true), folder.path()).unwrap();
        let page = &pages[0];
        assert!(!over_threshold);
        assert_eq!((page.heading(), page.asker.as_str()), ("Who sees errors?", "Support"));
        assert_eq!(page.headline.sentence, "client no. 1: 1 error (client no. 2 as high); 50 % of 2 in all");
        assert_eq!(page.definition, "Errors of 500 and above");
        let whole = serde_json::to_string(page).unwrap();
        assert!(!whole.contains("x.example"), "{whole}");
        assert!(whole.contains("`client` is personal or secret"), "{whole}");
        assert!(page.not_in_it.iter().any(|one| one.text.contains("“Errors”: `status` at least 500")), "{whole}");
        assert!(page.exactness.starts_with("exact"), "{}", page.exactness);
    }

    #[test]
    fn an_answer_shows_the_chart_that_its_step_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(folder.path(), true);
        let keep = |chart| Edit::Set { id: "end".into(), field: "settings.chart".into(), old: None, new: chart };
        project.apply(&[keep(json!({"kind": "bars", "x": "errors"}))]).unwrap();
        let page = |project: &Project| answers(project, folder.path()).unwrap().pages.remove(0);
        assert_eq!(page(&project).chart.unwrap().title, "rows by errors");
        // Of what nobody may see it shows no value.
        project.apply(&[keep(json!({"x": "client", "y": "errors"}))]).unwrap();
        let shown = page(&project);
        assert_eq!(shown.chart.as_ref().unwrap().bars[0].0, "client no. 1");
        assert!(!serde_json::to_string(&shown).unwrap().contains("x.example"));
        // A column that is gone does not keep the answer from being drawn.
        project.apply(&[keep(json!({"x": "customer"}))]).unwrap();
        assert_eq!(page(&project).chart.unwrap().title, "errors by client");
        let told = plan(&project).diagnostics;
        assert!(told.iter().any(|told| told.code == "PW1240" && told.message.contains("`customer`")), "{told:?}");
    }

    #[test]
    fn an_answers_picture_has_its_name_whichever_answers_are_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut project = project(folder.path(), true);
        let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
        let title = "WHO sees  errors ../?";
        project
            .apply(&[
                insert("questions", json!({"id": "r", "title": title})),
                insert("steps", json!({"id": "other", "kind": "answer", "title": "x", "settings": {"question": "r"}})),
                insert("steps", json!({"id": "odd", "kind": "answer", "title": "…", "settings": {}})),
                insert("wires", json!({"id": "by-other", "from": "by", "to": "other"})),
                insert("wires", json!({"id": "by-odd", "from": "by", "to": "odd"})),
            ])
            .unwrap();
        let names: Vec<String> = picture_names(&project).into_values().collect();
        assert_eq!(names, ["who-sees-errors", "answer", "who-sees-errors-2"]);
        let plan = plan(&project);
        let options = RunOptions { base: folder.path().to_owned(), ..RunOptions::default() };
        let answers = answers_of(&project, &plan, Some("other"), &options, &pipewright_engine::Silent).unwrap();
        assert_eq!(answers.pages[0].picture, "who-sees-errors-2");
    }

    #[test]
    fn answers_that_nobody_may_see_together_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(&project(folder.path(), true));
        let node = plan.steps["end"].nodes[0];
        let of = |labels: &[Labels]| {
            let mut plan = plan.clone();
            let mut wanted = Vec::new();
            let step = Step { title: "S".into(), ..Step::default() };
            for labels in labels {
                let mut own = plan.node(node).clone();
                own.schema.fields.iter_mut().for_each(|field| field.labels = labels.clone());
                plan.nodes.push(Arc::new(own));
                wanted.push((&step, NodeId(plan.nodes.len() as u32 - 1)));
            }
            not_for_all(&plan, &wanted).map(|told| told.message)
        };
        let seen_by = |team: &str| Labels { access: Some(vec![team.to_owned()]), ..Labels::default() };
        let lies_at = |place: &str| Labels { residency: vec![place.to_owned()], ..Labels::default() };
        assert!(of(&[seen_by("T"), seen_by("U")]).unwrap().contains("no team may see all of these answers (“S”: seen"));
        assert!(of(&[lies_at("eu"), lies_at("us")]).unwrap().contains("at no one place together"));
        assert_eq!(of(&[seen_by("T"), seen_by("T"), lies_at("eu"), Labels::default()]), None);
    }

    #[test]
    fn a_run_tells_of_nobody_either() {
        let folder = tempfile::tempdir().unwrap();
        let project = project(folder.path(), true);
        let plan = plan(&project);
        let schema = &plan.node(plan.steps["end"].nodes[0]).schema;
        let rows = vec![vec![Value::String("ann@x.example".into()), Value::Int(1)]; 3];
        let told = headliners_of(&project, &plan, Seen::new()).0["end"](&FirstRows { rows, total: 3, schema }, &[]);
        assert_eq!(told.sentence, "client no. 1: 3 errors");
    }

    #[test]
    fn without_an_answer_there_is_an_error_that_says_how_to_get_one() {
        let folder = tempfile::tempdir().unwrap();
        let faults = answers(&Project::new("p"), folder.path()).unwrap_err();
        assert_eq!(faults[0].code, "PW1092");
        let mut project = project(folder.path(), false);
        project.apply(&[Edit::Remove { id: "by-end".into() }]).unwrap();
        let faults = answers(&project, folder.path()).unwrap_err();
        assert!(faults.iter().all(Diagnostic::is_error) && !faults.is_empty(), "{faults:?}");
    }
}
