//! The project as the canvas shows it: steps with what they do, their state and counts, wires with rows. Rebuilt when
//! the project or a result changes. Imports the canvas' view model; changes nothing.

use std::collections::{BTreeSet, HashMap};

use egui::{Rect, pos2, vec2};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{JoinKind, Op, SideMatches};
use pipewright_core::planner::{PlottedLine, in_doubt, steps_before};
use pipewright_core::project::{Comment, Step, Wire};
use pipewright_core::steps::{self, StepKind};

use super::groups;
use crate::gui::actions::edits::step_ports;
use crate::gui::canvas::{FrameView, Group, Icon, NoteView, PortView, Scene, Sparkline, StepState, StepView, WireView};
use crate::gui::marked::unmarked;
use crate::gui::state::results::{Freshness, Told};
use crate::gui::state::{StateRef, counted, grouped, percent, placed, short_count};
use crate::gui::widgets::shown_name;

/// What is looked up for every step: made once for all.
struct Lookup<'a> {
    state: StateRef<'a>,
    wires_into: HashMap<&'a str, Vec<&'a Wire>>,
    errors: HashMap<&'a str, &'a Diagnostic>,
    /// By wire: what must not flow there.
    wire_faults: HashMap<&'a str, &'a Diagnostic>,
}

impl<'a> Lookup<'a> {
    fn new(state: StateRef<'a>) -> Self {
        let mut wires_into: HashMap<&str, Vec<&Wire>> = HashMap::new();
        for wire in state.design().wires.values() {
            wires_into.entry(&wire.to).or_default().push(wire);
        }
        let (mut errors, mut wire_faults) = (HashMap::new(), HashMap::new());
        for problem in state.problems.iter().filter(|problem| problem.is_error()) {
            if let Some(wire) = &problem.location.wire {
                wire_faults.entry(wire.as_str()).or_insert(problem);
            }
            if let Some(id) = &problem.location.id {
                let told = errors.entry(id.as_str()).or_insert(problem);
                // What is wrong comes before what is missing.
                if told.is_unfilled() {
                    *told = problem;
                }
            }
        }
        Self { state, wires_into, errors, wire_faults }
    }

    fn wires_into(&self, step: &str) -> &[&'a Wire] {
        self.wires_into.get(step).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The way to the answer that is selected alone: its steps are lit, all others step back.
fn path_of_answer(state: StateRef<'_>) -> Option<BTreeSet<String>> {
    let answer = state.selected_step().filter(|step| step.kind == "answer" && !state.is_ghost(&step.id))?;
    let before = steps_before(state.design(), &answer.id).into_iter().map(|step| step.id.clone());
    Some(before.chain([answer.id.clone()]).collect())
}

/// Where a column that is followed comes from and goes to.
struct Followed {
    /// Steps that it passes, or whose rows it decides over.
    steps: BTreeSet<String>,
    /// By wire: its names there.
    wires: HashMap<String, String>,
}

/// The way of the column whose header is chosen: its steps and wires are lit, all others step back.
fn followed(state: StateRef<'_>) -> Option<Followed> {
    let column = state.column.as_ref()?;
    let plan = &*state.plan;
    let flow = plan.column_flow(plan.output(&column.step, &column.port)?, &column.column);
    let mut steps: BTreeSet<String> = [column.step.clone()].into();
    let nodes = flow.columns.iter().map(|(node, _)| node).chain(&flow.decides);
    steps.extend(nodes.map(|node| plan.node(*node).origin.step.clone()));
    let mut wires = HashMap::new();
    for wire in state.design().wires.values().filter(|wire| steps.contains(&wire.to)) {
        let Some(node) = plan.output(&wire.from, &wire.output) else { continue };
        let names: Vec<&str> =
            flow.columns.iter().filter(|(id, _)| *id == node).map(|(_, name)| name.as_str()).collect();
        if let Some((first, more)) = names.split_first() {
            let more = if more.is_empty() { String::new() } else { format!(" +{}", more.len()) };
            wires.insert(wire.id.clone(), format!("{}{more}", shown_name(first, 40)));
        }
    }
    Some(Followed { steps, wires })
}

/// By step and wire, the comments that are not settled.
fn comments(state: StateRef<'_>) -> HashMap<&str, usize> {
    let mut found = HashMap::new();
    let is_open = |comment: &&Comment| comment.answers.is_empty() && !comment.resolved;
    for comment in state.project.comments.values().filter(is_open) {
        *found.entry(comment.about.as_str()).or_default() += 1;
    }
    found
}

/// Everything on the canvas.
pub fn scene(state: StateRef<'_>, revision: u64) -> Scene {
    let project = state.design();
    let lookup = Lookup::new(state);
    let followed = followed(state);
    let path = if followed.is_some() { None } else { path_of_answer(state) };
    let lit = followed.as_ref().map(|followed| &followed.steps).or(path.as_ref());
    let is_off = |id: &str| lit.is_some_and(|lit| !lit.contains(id));
    let said: HashMap<&str, usize> = comments(state);
    let comments = |id: &str| said.get(id).copied().unwrap_or_default();
    let shown = |step: &Step| {
        let view = step_view(&lookup, step);
        StepView { dimmed: is_off(&step.id), comments: comments(&step.id), ..view }
    };
    let steps: Vec<StepView> = project.steps.values().map(shown).collect();
    let index: HashMap<&str, usize> = project.steps.keys().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
    let wires = project.wires.values().filter_map(|wire| {
        let view = wire_view(&lookup, wire, &index, &steps)?;
        let view = WireView { comments: comments(&wire.id), ..view };
        let Some(followed) = &followed else {
            return Some(WireView { dimmed: is_off(&wire.to) || is_off(&wire.from), ..view });
        };
        Some(match followed.wires.get(&wire.id) {
            Some(names) => WireView { label: names.clone(), ..view },
            None => WireView { dimmed: true, ..view },
        })
    });
    let wires = wires.collect();
    let frames = project.frames.values().map(|frame| FrameView {
        id: frame.id.clone(),
        title: frame.title.clone(),
        rect: Rect::from_min_size(pos2(frame.x as f32, frame.y as f32), vec2(frame.width as f32, frame.height as f32)),
    });
    let notes = project.notes.values().map(|note| NoteView {
        id: note.id.clone(),
        text: note.text.clone(),
        author: note.author.clone(),
        position: pos2(note.x as f32, note.y as f32),
    });
    let (frames, notes) = (frames.collect(), notes.collect());
    let mut scene = Scene { revision, frames, notes, steps, wires, empty_hint: String::new() };
    groups::fold(project, &mut scene);
    scene
}

/// The palette group of a step kind, as the look has it.
pub fn group_of(kind: &dyn StepKind) -> Group {
    if kind.name() == "answer" {
        return Group::Answer;
    }
    match kind.group() {
        steps::Group::Extract => Group::Extract,
        steps::Group::Shape => Group::Shape,
        steps::Group::Clean => Group::Clean,
        steps::Group::Enrich => Group::Enrich,
        steps::Group::Analyse => Group::Analyse,
        steps::Group::Check => Group::Check,
        steps::Group::Load => Group::Load,
    }
}

/// The icon of a step kind: its own, or its group's.
pub fn icon_of(kind: &dyn StepKind) -> Icon {
    match kind.name() {
        "table" => Icon::Table,
        "planned_source" => Icon::Question,
        "compute_columns" | "compute" => Icon::Function,
        "sort" => Icon::Sort,
        "concatenate" => Icon::Merge,
        "route" | "split_column" => Icon::Split,
        "time_buckets" | "nearest_in_time" | "window_calculation" | "window" => Icon::Clock,
        "top_n" => Icon::Chart,
        "mask_or_hash" | "mask" => Icon::Shield,
        "remove_duplicates" | "fill_missing" | "replace_values" => Icon::Sparkle,
        "answer" => Icon::Star,
        _ => Icon::of_group(group_of(kind)),
    }
}

fn step_view(lookup: &Lookup<'_>, step: &Step) -> StepView {
    let state = lookup.state;
    let position = pos2(step.x as f32, step.y as f32);
    let Some(kind) = steps::kind(&step.kind) else {
        let mut view = StepView::new(&step.id, shown_name(&step.title, 200), Group::Check, position);
        view.kind = "Unknown step".into();
        view.icon = Icon::Question;
        view.line = format!("`{}` is not known here", step.kind);
        return view;
    };
    let mut view = StepView::new(&step.id, shown_name(state.step_title(&step.id), 200), group_of(kind), position);
    let ports = step_ports(step);
    let views = |ports: &[steps::Port]| -> Vec<PortView> {
        ports.iter().map(|port| PortView::new(&port.name, &port.label)).collect()
    };
    view.kind = kind.title().to_owned();
    view.icon = icon_of(kind);
    (view.line, view.line_is_code) = line_of(state, step, kind);
    view.inputs = views(&ports.inputs);
    view.outputs = views(&ports.outputs);
    view.state = state_of(lookup, step);
    view.is_ghost = state.is_ghost(&step.id);
    view.is_bypassed = step.bypassed;
    describe_result(lookup, step, &mut view);
    let failing = state.pins.failing(&state.project, &step.id);
    // A step that is broken does nothing yet that could be wrong.
    if failing > 0 && !lookup.errors.contains_key(step.id.as_str()) {
        view.footer_right = format!("{} fail{}", counted(failing, "test"), if failing == 1 { "s" } else { "" });
        view.footer_warns = true;
    }
    if step.bypassed {
        view.footer_right = "bypassed".into();
        view.footer_warns = true;
    }
    if let Some(output) = ports.outputs.first()
        && let Some(schema) = state.output_schema(&step.id, &output.name)
    {
        // A tooltip, and no more: it must not cover the canvas.
        const LONGEST: usize = 60;
        let fields = schema.fields.iter().take(24);
        let shown: Vec<(String, String)> = fields
            .map(|field| (shown_name(&field.name, LONGEST), shown_name(&field.data_type.to_string(), LONGEST)))
            .collect();
        let width = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let columns = shown.iter().map(|(name, data_type)| format!("{name:width$}  {data_type}"));
        view.hover = columns.collect::<Vec<_>>().join("\n");
        if schema.len() > 24 {
            view.hover.push_str(&format!("\nand {} more", schema.len() - 24));
        }
    }
    if !step.note.trim().is_empty() {
        let note = format!("“{}”", shown_name(step.note.trim(), 400));
        view.hover = [note, std::mem::take(&mut view.hover)].join("\n\n").trim_end().to_owned();
    }
    view
}

/// What a step does in one line. A source step says its format and columns.
pub fn line_of(state: StateRef<'_>, step: &Step, kind: &dyn StepKind) -> (String, bool) {
    let source = step.settings.get("source").and_then(|id| state.design().sources.get(id.as_str()?));
    if let Some(source) = source {
        let columns = source.schema.as_ref().map(|schema| match schema.len() {
            1 => "1 column".to_owned(),
            count => format!("{count} columns"),
        });
        let first = match (&source.planned, &source.format) {
            (Some(planned), _) if source.owner.is_empty() => planned.status.clone(),
            (Some(planned), _) => format!("{} · {}", planned.status, source.owner),
            (None, Some(format)) => pipewright_core::formats::format(&format.name)
                .map_or(format.name.clone(), |format| format.title().to_owned()),
            (None, None) => "not recognised yet".to_owned(),
        };
        let parts: Vec<String> = [Some(first), columns].into_iter().flatten().collect();
        return (parts.join(" · "), false);
    }
    let question = step.settings.get("question").and_then(|id| state.design().questions.get(id.as_str()?));
    if let Some(question) = question {
        return (question.title.clone(), false);
    }
    let (line, is_code) = kind.summary(&step.settings);
    (line.replace('\n', " "), is_code)
}

fn first_output(state: StateRef<'_>, step: &Step) -> Option<String> {
    if let Some(planned) = state.plan.steps.get(&step.id)
        && let Some(port) = planned.outputs.keys().find(|port| *port == "out").or(planned.outputs.keys().next())
    {
        return Some(port.clone());
    }
    step_ports(step).outputs.first().map(|port| port.name.clone())
}

/// The port whose rows stand for a step.
pub fn main_port(state: StateRef<'_>, step: &Step) -> String {
    first_output(state, step).unwrap_or_else(|| "out".into())
}

fn state_of(lookup: &Lookup<'_>, step: &Step) -> StepState {
    let state = lookup.state;
    if let Some(problem) = lookup.errors.get(step.id.as_str()) {
        let told = unmarked(&problem.message);
        return if problem.is_unfilled() { StepState::Unfilled(told) } else { StepState::Error(told) };
    }
    let port = main_port(state, step);
    let found = state.results.get(&step.id, &port);
    if let Some(Err(problem)) = found.map(|outcome| &outcome.result) {
        // What merely waits for a failed step is told so by a hint.
        return if problem.is_error() { StepState::Error(unmarked(&problem.message)) } else { StepState::Stale };
    }
    let is_planned = state
        .plan
        .output(&step.id, &port)
        .is_some_and(|node| matches!(&state.plan.node(node).op, Op::Read(read) if read.planned.is_some()));
    let rows = found.and_then(|outcome| outcome.result.as_ref().ok());
    match (state.results.freshness(&state.plan, &step.id, &port), rows) {
        (Freshness::Fresh, Some(rows)) if rows.made_up && is_planned => StepState::Planned,
        (Freshness::Fresh, Some(rows)) if rows.made_up => StepState::MadeUp,
        (Freshness::Fresh, Some(rows)) if rows.whole => StepState::Exact,
        (Freshness::Fresh, Some(_)) => StepState::Sample,
        (Freshness::Computing, _) => StepState::Computing,
        (_, None) => StepState::Idle,
        _ => StepState::Stale,
    }
}

/// Rows that flow into a step, summed over its wires; `None` where one is not known.
fn rows_in(lookup: &Lookup<'_>, step: &str) -> Option<u64> {
    let wires = lookup.wires_into(step);
    if wires.is_empty() {
        return None;
    }
    wires.iter().map(|wire| Some(lookup.state.results.rows(&wire.from, &wire.output)?.rows)).sum()
}

fn describe_result(lookup: &Lookup<'_>, step: &Step, view: &mut StepView) {
    let state = lookup.state;
    let port = main_port(state, step);
    let without_rows =
        lookup.wires_into(&step.id).iter().find(|wire| state.plan.output(&wire.from, &wire.output).is_none());
    let waits_for = without_rows.map(|wire| &wire.from).or(state.results.waits_for(&state.plan, &step.id, &port));
    if let Some(broken) = waits_for.filter(|_| !view.state.is_broken()) {
        view.state = StepState::Stale;
        view.footer_left = format!("waits for {}", state.step_title(broken));
    }
    let Some(found) = state.results.get(&step.id, &port) else { return };
    let rows = match &found.result {
        Ok(rows) => rows,
        Err(problem) => {
            if view.state == StepState::Stale && view.footer_left.is_empty() {
                view.footer_left = unmarked(&problem.message);
            }
            return;
        }
    };
    if view.state.is_broken() {
        return;
    }
    let plural = |count: u64| if count == 1 { "row" } else { "rows" };
    if view.group == Group::Answer {
        describe_answer(state, &step.id, found.told.as_deref(), view);
        return;
    }
    if matches!(view.state, StepState::Computing | StepState::Stale) {
        return;
    }
    let kept = format!("{} {}", grouped(rows.rows), plural(rows.rows));
    view.footer_left = match &view.state {
        StepState::Exact => kept,
        state => format!("{}, {kept}", state.word()),
    };
    let unread = super::unread::count_of(state, &step.id);
    let changed = super::unread::changed_values_of(state, &step.id);
    if unread > 0 || changed > 0 {
        let word = if step_ports(step).inputs.is_empty() { "unread" } else { "rejected" };
        let parts = [(unread, word), (changed, "unfit")]
            .map(|(count, word)| if count > 0 { format!("{} {word}", grouped(count)) } else { String::new() });
        view.footer_right = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        view.footer_warns = true;
    } else if let Some(matches) = state.results.matches(&step.id).filter(|matches| matches.unmatched() > 0) {
        view.footer_right = format!("{} unmatched", grouped(matches.unmatched()));
        view.footer_warns = true;
    } else if step_ports(step).inputs.len() == 1
        && step.kind == "filter"
        && let Some(before) = rows_in(lookup, &step.id)
        && before > rows.rows
    {
        view.footer_right = format!("{} dropped", grouped(before - rows.rows));
    }
}

/// Lines of a small chart, at most.
const LINES: usize = 3;

/// An answer's card: its number, what it counts and where, and the chart of it in small.
fn describe_answer(state: StateRef<'_>, step: &str, told: Option<&Told>, view: &mut StepView) {
    let is_waiting = matches!(view.state, StepState::Stale) && !view.footer_left.is_empty();
    let word = if is_waiting { view.footer_left.clone() } else { view.state.word().to_owned() };
    view.footer_left.clone_from(&word);
    let Some(told) = told else { return };
    let headline = in_doubt(told.headline.clone(), || state.results.left_out_of(&state.plan, step));
    view.headline = Some((headline.number, shown_name(&headline.what, 80)));
    if is_waiting {
        return;
    }
    // That a number is of all says nothing under it.
    if !matches!(told.headline.place.as_str(), "" | "in all") {
        view.footer_left = format!("{word} · {}", shown_name(&told.headline.place, 120));
    }
    let Some(chart) = &told.chart else { return };
    view.sparkline = match (chart.lines.first(), &chart.bars[..]) {
        (None, []) => return,
        (None, bars) => Sparkline::Bars(bars.iter().map(|(_, height)| *height as f32).collect()),
        (Some(_), _) => {
            let first = chart.lines.iter().flat_map(|line| &line.pieces).flatten().map(|[x, _]| *x).reduce(f64::min);
            let small = |line| small_line(line, first.unwrap_or_default());
            Sparkline::Lines(chart.lines.iter().take(LINES).map(small).collect())
        }
    };
}

/// A line in so few points as a small chart shows, each the highest of its neighbours; pieces stay apart.
fn small_line(line: &PlottedLine, first: f64) -> Vec<Vec<[f32; 2]>> {
    const POINTS: usize = 120;
    let all: usize = line.pieces.iter().map(Vec::len).sum();
    let together = all.div_ceil(POINTS).max(1);
    let highest = |points: &[[f64; 2]]| {
        let best = points.iter().copied().reduce(|best, next| if next[1] > best[1] { next } else { best });
        best.map(|[x, y]| [((x - first) / 1e6) as f32, y as f32])
    };
    line.pieces.iter().map(|piece| piece.chunks(together).filter_map(highest).collect()).collect()
}

fn wire_view(lookup: &Lookup<'_>, wire: &Wire, index: &HashMap<&str, usize>, steps: &[StepView]) -> Option<WireView> {
    let (from, to) = (*index.get(wire.from.as_str())?, *index.get(wire.to.as_str())?);
    let output = steps[from].outputs.iter().position(|port| port.name == wire.output)?;
    let input = steps[to].inputs.iter().position(|port| port.name == wire.input)?;
    let mut view = WireView::new(&wire.id, from, to);
    view.from.1 = output;
    view.to.1 = input;
    let state = lookup.state;
    view.dashed = matches!(steps[from].state, StepState::Planned | StepState::MadeUp) || state.is_ghost(&wire.id);
    view.crossing = placed::crossing_text(state, wire).unwrap_or_default();
    if let Some(fault) = lookup.wire_faults.get(wire.id.as_str()) {
        view.fault = shown_name(&fault.message, 500);
        view.label = "must not flow here".into();
        return Some(view);
    }
    let is_current = state.results.freshness(&state.plan, &wire.from, &wire.output) != Freshness::Stale;
    if let Some(rows) = state.results.rows(&wire.from, &wire.output).filter(|_| is_current) {
        view.label = short_count(rows.rows);
        if let Some(side) = unmatched_side(state, wire) {
            view.label = format!("{} · {} unmatched", view.label, short_count(side.unmatched));
            return Some(view);
        }
        if let Some(before) = rows_in(lookup, &wire.from)
            && before > rows.rows
            && keeps_rows(state, &wire.from)
        {
            view.label = format!("{} · {}", view.label, percent(rows.rows, before));
        }
    }
    Some(view)
}

/// The side of a join that a wire feeds, where rows of it should have found partners and did not.
fn unmatched_side<'a>(state: StateRef<'a>, wire: &'a Wire) -> Option<&'a SideMatches> {
    let matches = state.results.matches(&wire.to)?;
    let is_current = state.results.freshness(&state.plan, &wire.to, "out") == Freshness::Fresh;
    let side = if wire.input == "left" { &matches.left } else { &matches.right };
    Some(side).filter(|side| is_current && side.is_told())
}

/// Whether the rows behind a step are rows that came in, so that a share of them means something.
pub fn keeps_rows(state: StateRef<'_>, step: &str) -> bool {
    let nodes = state.plan.steps.get(step).map(|step| step.nodes.as_slice()).unwrap_or_default();
    nodes.iter().all(|node| match &state.plan.node(*node).op {
        Op::Filter { .. }
        | Op::Project(_)
        | Op::Check(_)
        | Op::Parse(_)
        | Op::Window(_)
        | Op::Sort(_)
        | Op::Limit(_)
        | Op::Distinct(_)
        | Op::Write(_) => true,
        Op::Join(join) => matches!(join.kind, JoinKind::Semi | JoinKind::Anti),
        Op::Read(_)
        | Op::Rows(_)
        | Op::Aggregate(_)
        | Op::AsofJoin(_)
        | Op::Union
        | Op::Explode(_)
        | Op::Unpivot(_) => false,
    })
}
