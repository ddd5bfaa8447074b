//! The card of an Answer in the inspector: the number, the chart, the definition in plain words, the thresholds that
//! can be turned, and what is not in this number. Reads the state and asks for actions.

use std::collections::BTreeMap;

use egui::{RichText, Ui};
use pipewright_core::data::Value;
use pipewright_core::export::answers::{ALL_ASKED_IN_IT, ALL_IN_IT, AS_ASKED};
use pipewright_core::ir::{LeftOut, LeftOutKind};
use pipewright_core::model::{Id, Parameter};
use pipewright_core::planner::{
    Asked, CANNOT_BE_TOLD, Dial, NotInIt, Plotted, Unconfirmed, definition_of, in_doubt, in_short_time, not_in_it,
    range_of, rows_behind_key, span_in_words, steps_before, told_of_other, told_of_time, unconfirmed, where_differ,
    with_values,
};
use pipewright_core::project::Step;
use pipewright_core::steps;
use pipewright_engine::named_keys;
use serde_json::Value as Json;

use super::differs::{condition_between, condition_of, in_words, picked_until, picked_value};
use super::flow_view::{line_of, main_port};
use super::question_view::dial_ui;
use super::statusbar::statement;
use crate::gui::actions::edits;
use crate::gui::backend::ResultTable;
use crate::gui::command::{Action, Actions, Chosen};
use crate::gui::forms::label_ui;
use crate::gui::marked::marked_ui;
use crate::gui::state::results::{Freshness, Told};
use crate::gui::state::{StateRef, grouped};
use crate::gui::theme;
use crate::gui::widgets::chart::chart_ui;
use crate::gui::widgets::{badge, caption, focus_next, hairline, link};

/// As which field of the step the card takes the keyboard: its first threshold, or its first way on.
pub const CARD: &str = "card";

/// The card of an Answer step. `focus`: the field that shall get the keyboard.
pub fn answer_card_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &Step,
    focus: &mut Option<(Id, String)>,
    out: &mut Actions,
) {
    let palette = theme::palette(ui.ctx());
    let question = step.settings.get("question").and_then(Json::as_str).unwrap_or_default();
    let asked = state.design().questions.get(question).and_then(|question| Asked::own(question)?.ok());
    if let Some(question) = state.design().questions.get(question)
        && link(ui, &question.title).clicked()
    {
        out.push(Action::Choose(Chosen::Question(question.id.clone())));
    }
    let port = main_port(state, step);
    if let Some(rows) = state.results.rows(&step.id, &port) {
        let is_fresh = state.results.freshness(&state.plan, &step.id, &port) == Freshness::Fresh;
        let told = state.results.get(&step.id, &port).and_then(|outcome| outcome.told.clone());
        let mut is_told = true;
        if let Some(told) = &told {
            let range = range_of_data(state, step);
            let headline = match rows.rows {
                0 => told.headline.clone(),
                _ => in_short_time(told.headline.clone(), &told.shape, range),
            };
            let headline = in_doubt(headline, || state.results.left_out_of(&state.plan, &step.id));
            is_told = headline.number != CANNOT_BE_TOLD;
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(&headline.number).font(theme::number()));
                ui.label(RichText::new(&headline.what).color(palette.soft));
            });
            marked_ui(ui, &headline.sentence, &theme::body(), palette.text);
            if let Some(range) = range {
                caption(ui, format!("data of {}", span_in_words(range)));
            }
        }
        let (colour, word) = if is_fresh { statement(palette, rows) } else { (palette.soft, "computing…".into()) };
        badge(ui, &word, colour);
        ui.add_space(theme::SPACE_2);
        if let Some(told) = &told {
            let chart = told.chart.as_ref().filter(|_| rows.rows > 1 && is_told);
            behind_ui(ui, state, step, (told.as_ref(), chart, rows.table.as_ref()), out);
        }
        if let Some(told) = told.filter(|_| is_fresh) {
            others_ui(ui, state, step, &told, out);
        }
    }
    let before = steps_before(state.design(), &step.id);
    let values = state.shown_parameters();
    let definition = definition_of(step, asked.as_ref(), &values);
    let definition = [definition, time_of(state, step)].into_iter().filter(|text| !text.is_empty());
    let definition = definition.collect::<Vec<_>>().join(" ");
    if !definition.is_empty() {
        label_ui(ui, "What it says", "");
        marked_ui(ui, &definition, &theme::body(), palette.text);
        ui.add_space(theme::SPACE_2);
    }
    let used: String = before.iter().map(|step| Json::from(step.settings.clone()).to_string()).collect();
    let is_wanted = focus.as_ref().is_some_and(|(owner, field)| *owner == step.id && field == CARD);
    if !dials_ui(ui, state, &used, asked.as_ref(), is_wanted, out) && is_wanted {
        // What is drawn next: the steps that it is made of.
        focus_next(ui);
    }
    if is_wanted {
        *focus = None;
    }
    how_ui(ui, state, &before, &values, out);
    left_out_ui(ui, state, step, &before);
    ui.add_space(theme::SPACE_2);
    hairline(ui);
    ui.add_space(theme::SPACE_2);
}

/// Other answers to the same question, as far as they are computed: what they say, and where they differ.
fn others_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, told: &Told, out: &mut Actions) {
    let question = |step: &Step| step.settings.get("question").and_then(Json::as_str).map(str::to_owned);
    let Some(own) = question(step).filter(|question| !question.is_empty()) else { return };
    let node = |step: &Step| state.plan.steps.get(&step.id)?.nodes.last().copied();
    let steps = state.design().steps.values();
    let others =
        steps.filter(|other| other.kind == "answer" && other.id != step.id && question(other).as_ref() == Some(&own));
    for other in others {
        let found = state.results.get(&other.id, &main_port(state, other)).and_then(|found| found.told.as_ref());
        let (Some(found), Some(here), Some(there)) = (found, node(step), node(other)) else { continue };
        let place = where_differ(&state.plan, (here, &*told.shape), (there, &*found.shape));
        let place = with_values(&place, &state.shown_parameters());
        marked_ui(
            ui,
            &told_of_other(state.step_title(&other.id), &found.headline.sentence, &place),
            &theme::body(),
            theme::palette(ui.ctx()).soft,
        );
        if link(ui, &format!("Show “{}”", state.step_title(&other.id))).clicked() {
            out.push(Action::Select { steps: vec![other.id.clone()], reveal: true });
        }
        ui.add_space(theme::SPACE_2);
    }
}

/// The first and the last time of the data, where all of it was looked at.
fn range_of_data(state: StateRef<'_>, step: &Step) -> Option<(i64, i64)> {
    let node = state.plan.steps.get(&step.id)?.nodes.last()?;
    range_of(state.design(), &state.plan, *node, &state.planning.latest.as_ref()?.catalogue)
}

/// What the time of the data has to do with the answer; empty: nothing, or it is not known yet.
fn time_of(state: StateRef<'_>, step: &Step) -> String {
    let node = state.plan.steps.get(&step.id).and_then(|step| step.nodes.last());
    let outcome = state.results.get(&step.id, &main_port(state, step));
    let told = outcome.and_then(|outcome| outcome.told.clone().zip(outcome.result.as_ref().ok().cloned()));
    let (Some(node), Some(latest), Some((told, found))) = (node, &state.planning.latest, told) else {
        return String::new();
    };
    let time = told_of_time(state.design(), &state.plan, *node, &latest.catalogue, &told.shape, &*found.table);
    time.unwrap_or_default()
}

/// The chart, and the way to the rows behind its worst bar or its peak, or behind what is picked of it.
fn behind_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &Step,
    (told, chart, table): (&Told, Option<&Plotted>, &ResultTable),
    out: &mut Actions,
) {
    let (mut key, mut until) = (told.key.clone(), None);
    if let Some(chart) = chart {
        let picked = chart_ui(ui, &format!("chart of {}", step.id), chart, 170.0);
        let along = told.shape.kept.as_ref().map(|kept| &kept.x).or(key.as_ref().map(|(column, _)| column)).cloned();
        if let Some((picked, along)) = picked.as_ref().zip(along)
            && let Some(value) = picked_value(picked, chart, table, &along)
        {
            until = picked_until(picked, chart, table, &along);
            let (column, value) = &*key.insert((along, value));
            let condition = match &until {
                Some(until) => condition_between(column, value, until),
                None => condition_of(column, value),
            };
            let told = format!("where {}", in_words(&condition));
            marked_ui(ui, &told, &theme::caption(), theme::palette(ui.ctx()).soft);
        }
        ui.add_space(theme::SPACE_2);
    }
    if let Some((column, value)) = &key {
        differs_link_ui(ui, state, step, column, (value, until.as_ref()), out);
    }
}

/// The way from the worst bar, or the peak, to what goes with the rows behind it.
fn differs_link_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    step: &Step,
    column: &str,
    values: (&Value, Option<&Value>),
    out: &mut Actions,
) {
    let node = state.plan.steps.get(&step.id).and_then(|step| step.nodes.last());
    let behind = node.and_then(|node| rows_behind_key(&state.plan, *node, column, values));
    let Some((rows, condition)) = behind.filter(|_| !state.is_ghost(&step.id)) else { return };
    let told = format!("Rows of “{}” where {}", state.step_title(&rows), in_words(&condition));
    ui.horizontal(|ui| {
        if link(ui, "What differs there?").on_hover_text(&told).clicked() {
            out.push(Action::Select { steps: vec![rows.clone()], reveal: true });
            out.push(Action::Differs { step: rows.clone(), condition: condition.clone() });
        }
        if link(ui, "Raw lines").on_hover_text(told).clicked() {
            out.push(Action::LinesWhere { step: rows, condition });
        }
    });
    ui.add_space(theme::SPACE_2);
}

/// The numbers among the parameters that the flow uses: turned, the answer follows. Says whether there is one; the first
/// takes the keyboard where it is wanted.
fn dials_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    used: &str,
    asked: Option<&Asked>,
    is_wanted: bool,
    out: &mut Actions,
) -> bool {
    let is_used = |parameter: &&Parameter| used.contains(&format!("${{{}}}", parameter.name));
    let dials = state.design().parameters.values().filter(is_used);
    let mut is_first = true;
    for parameter in dials {
        let Some(value) = parameter.default.as_ref().and_then(Json::as_f64) else { continue };
        let wants_focus = is_wanted && is_first;
        if std::mem::take(&mut is_first) {
            label_ui(ui, "Thresholds", "Turned, the answer follows; a run may set them, too.");
        }
        let is_it = |dial: &&Dial| {
            let rest = parameter.name.strip_prefix(&dial.name).map(|rest| rest.trim_start_matches('_'));
            rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
        };
        let of_contract = asked.and_then(|asked| asked.contract.dials.iter().find(is_it).cloned());
        let title = if parameter.doc.is_empty() { parameter.name.clone() } else { parameter.doc.clone() };
        let plain = Dial { name: String::new(), title, default: value, unit: String::new(), min: None, max: None };
        let is_ghost = !state.project.parameters.contains_key(&parameter.id);
        let turned = ui.add_enabled_ui(!is_ghost, |ui| dial_ui(ui, &of_contract.unwrap_or(plain), value, wants_focus));
        if let Some(turned) = turned.inner {
            let new = match parameter.data_type {
                pipewright_core::data::DataType::Int => Json::from(turned.round() as i64),
                _ => Json::from(turned),
            };
            out.typed("turn a threshold", edits::set(&parameter.id, "default", new), true);
        }
    }
    if !is_first {
        ui.add_space(theme::SPACE_2);
    }
    !is_first
}

/// The definition, made from the flow: what each step does.
fn how_ui(ui: &mut Ui, state: StateRef<'_>, before: &[&Step], values: &BTreeMap<String, Value>, out: &mut Actions) {
    label_ui(ui, "How it is made", "");
    /// More steps than these nobody reads in a card.
    const MOST: usize = 30;
    if before.len() > MOST {
        caption(ui, format!("the last {MOST} of {}", crate::gui::state::counted(before.len() as u64, "step")));
    }
    for step in before.iter().skip(before.len().saturating_sub(MOST)) {
        let summary = steps::kind(&step.kind).map(|kind| line_of(state, step, kind).0).unwrap_or_default();
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_1;
            if link(ui, state.step_title(&step.id)).clicked() {
                out.push(Action::Select { steps: vec![step.id.clone()], reveal: true });
            }
            let text = with_values(&summary.replace('\n', " "), values);
            // A step that is called by what it makes is not told twice.
            if !text.is_empty() && text.to_lowercase() != state.step_title(&step.id).to_lowercase() {
                ui.label(RichText::new(text).font(theme::caption()).color(theme::palette(ui.ctx()).soft));
            }
        });
    }
    ui.add_space(theme::SPACE_2);
}

/// Rows that steps left out or joins did not match, lines that could not be read, meanings that nobody confirmed.
fn left_out_ui(ui: &mut Ui, state: StateRef<'_>, step: &Step, before: &[&Step]) {
    label_ui(ui, "Not in this number", "");
    let guesses = match &state.planning.latest {
        Some(latest) => unconfirmed(&latest.catalogue, before),
        None => Unconfirmed::default(),
    };
    let left_out = state.results.left_out_of(&state.plan, &step.id);
    let list = not_in_it(&left_out, &guesses);
    let (asked, lost): (Vec<&NotInIt>, Vec<&NotInIt>) = list.iter().partition(|one| one.as_asked);
    for one in &lost {
        not_in_it_ui(ui, one);
        if let Some(keys) = left_out.iter().filter(|line| line.text == one.text).find_map(|line| alone_in(state, line))
        {
            caption(ui, keys);
        }
    }
    if lost.is_empty() {
        let is_known = state.results.rows(&step.id, &main_port(state, step)).is_some();
        caption(
            ui,
            match (is_known, asked.is_empty()) {
                (false, _) => "Nothing was counted yet.",
                (true, true) => ALL_IN_IT,
                (true, false) => ALL_ASKED_IN_IT,
            },
        );
    }
    if !asked.is_empty() {
        let fold = egui::CollapsingHeader::new(AS_ASKED).id_salt(("left out as asked", &step.id));
        fold.show(ui, |ui| asked.iter().for_each(|one| not_in_it_ui(ui, one)));
    }
}

/// The keys of the rows that a join found no partner for, where a line is of such rows and they are known.
fn alone_in(state: StateRef<'_>, line: &LeftOut) -> Option<String> {
    if line.kind != LeftOutKind::Unmatched {
        return None;
    }
    let node = state.results.nodes(&line.step).find(|node| node.matches.is_some())?;
    let matches = node.matches.as_ref()?;
    let sides = [(&matches.left, &matches.right), (&matches.right, &matches.left)];
    let is_it = |told: String| told.ends_with(&line.text);
    let side = sides.iter().position(|(side, other)| side.told(&other.of).is_some_and(is_it))?;
    let keys = &node.alone[side];
    (!keys.is_empty()).then(|| format!("most often: {}", named_keys(keys)))
}

fn not_in_it_ui(ui: &mut Ui, one: &NotInIt) {
    let soft = theme::palette(ui.ctx()).soft;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        ui.label(RichText::new(grouped(one.count)).font(theme::code()));
        marked_ui(ui, &one.text, &theme::body(), soft);
    });
}
