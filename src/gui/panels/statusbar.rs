//! The bar at the bottom: how the shown rows were sampled, how many they are, zoom, what targets carry.

use egui::{Align, Label, Layout, RichText, Ui};
use pipewright_core::data::instants::day_and_clock;
use pipewright_core::export::{Support, targets};

use super::preview::shown_port;
use crate::gui::backend::NodeResult;
use crate::gui::command::{Action, Actions, Command};
use crate::gui::state::results::Freshness;
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted};
use crate::gui::theme;
use crate::gui::widgets::{caption, dot};

/// Room for what stands behind the sentence of the sample.
const REST: f32 = 380.0;

/// The bar.
pub fn status_bar_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    ui.horizontal_centered(|ui| {
        sample_ui(ui, state, view);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            // Nothing runs everywhere; that is no news.
            if !state.project.steps.is_empty() {
                targets_ui(ui, state, view);
            }
            let zoom = format!("{:.0} %", view.canvas.view.zoom * 100.0);
            let soft = theme::palette(ui.ctx()).soft;
            let text = RichText::new(zoom).font(theme::caption()).color(soft);
            if ui.add(Label::new(text).sense(egui::Sense::click())).on_hover_text("Show everything (Home)").clicked() {
                out.command(Command::Fit);
            }
            if !state.sniffing.is_empty() {
                caption(ui, format!("recognising {}…", counted(state.sniffing.len() as u64, "file")));
            }
            if state.run.active.is_some() && ui.small_button("running…").clicked() {
                out.push(Action::ShowTab(crate::gui::command::BottomTab::Run));
            }
        });
    });
}

fn sample_ui(ui: &mut Ui, state: StateRef<'_>, view: &View) {
    let palette = theme::palette(ui.ctx());
    let Some((step, port)) = shown_port(state, &view.preview) else {
        caption(ui, "select a step to see its rows");
        return;
    };
    let freshness = state.results.freshness(&state.plan, &step, &port);
    let Some(rows) = state.results.rows(&step, &port) else {
        dot(ui, if state.results.computing { palette.accent } else { palette.faint });
        caption(ui, if state.results.computing { "computing…" } else { "no rows yet" });
        return;
    };
    let (colour, text) = match freshness {
        Freshness::Computing => (palette.accent, "computing…".to_owned()),
        Freshness::Stale => (palette.faint, "stale: of an earlier design".to_owned()),
        Freshness::Fresh => {
            let (colour, text) = statement(palette, rows);
            let (told, read) = sources_of(state, &step, &port);
            let told = Some(told).filter(|told| !told.is_empty() && rows.statement.is_none());
            (colour, [Some(text), told, read].into_iter().flatten().collect::<Vec<_>>().join(" · "))
        }
    };
    dot(ui, colour);
    ui.scope(|ui| {
        ui.set_max_width((ui.available_width() - REST).max(60.0));
        let told = RichText::new(text).font(theme::caption()).color(palette.soft);
        ui.add(Label::new(told).truncate());
    });
    ui.add_space(theme::SPACE_3);
    caption(ui, counted(rows.rows, "row"));
}

/// How the sources before a step were sampled (`access.log: all 13,799 rows`), and when the first of them was read.
fn sources_of(state: StateRef<'_>, step: &str, port: &str) -> (String, Option<String>) {
    let Some(node) = state.plan.output(step, port) else { return (String::new(), None) };
    let (mut open, mut seen, mut told) = (vec![node], std::collections::BTreeSet::new(), Vec::new());
    let mut first: Option<i64> = None;
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let node = state.plan.node(id);
        open.extend(&node.inputs);
        if node.inputs.is_empty() {
            let found = state.results.nodes(&node.origin.step).find_map(|found| found.statement.as_ref());
            told.extend(found.map(|statement| format!("{}: {}", node.origin.title, statement.method)));
            first = [first, state.results.read_at(node.hash)].into_iter().flatten().min();
        }
    }
    told.sort();
    told.truncate(3);
    let read = first.map(|at| {
        let (day, clock) = day_and_clock(at);
        format!("read {day} {clock} UTC")
    });
    (told.join(", "), read)
}

/// How a result was sampled, in words.
pub fn statement(palette: &theme::Palette, rows: &NodeResult) -> (egui::Color32, String) {
    let told = rows.statement.as_ref().map(|statement| statement.method.clone());
    if let Some(cut) = &rows.cut {
        return (palette.warning, format!("sample: {cut}"));
    }
    if rows.made_up {
        return (palette.warning, "made-up rows".into());
    }
    if rows.whole {
        return (palette.good, told.map_or("exact".into(), |told| format!("exact: {told}")));
    }
    (palette.accent, told.map_or("sample".into(), |told| format!("sample: {told}")))
}

/// Which targets carry the design whole.
fn targets_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View) {
    let palette = theme::palette(ui.ctx());
    let revision = state.project.revision();
    if view.carried.0 != Some(revision) {
        let carried = targets().iter().map(|target| {
            let support = target.support(&state.plan);
            let missing = support.iter().filter(|(_, (support, _))| matches!(support, Support::Unsupported));
            let told = missing.map(|(step, (_, reason))| format!("{}: {reason}", state.step_title(step)));
            (target.title().to_owned(), told.collect())
        });
        view.carried = (Some(revision), carried.collect());
    }
    let targets = &view.carried.1;
    let carrying = targets.iter().filter(|(_, missing)| missing.is_empty()).count();
    let has_errors = state.problems.iter().any(|problem| problem.is_error());
    let (text, colour) = if has_errors {
        // What is broken is in no plan, and so in the way of no target.
        ("does not run yet".to_owned(), palette.ink(palette.bad))
    } else if carrying == targets.len() {
        (format!("runs on all {carrying} targets ✓"), palette.soft)
    } else {
        (format!("runs on {carrying} of {} targets", targets.len()), palette.ink(palette.warning))
    };
    let each = targets.iter().map(|(title, missing)| match missing.len() {
        0 => format!("{title} ✓"),
        count => format!("{title}: {} not carried\n    {}", counted(count as u64, "step"), missing.join("\n    ")),
    });
    let each = match has_errors {
        true => "The problems of the design are in the way".to_owned(),
        false => each.collect::<Vec<_>>().join("\n"),
    };
    ui.label(RichText::new(text).font(theme::caption()).color(colour)).on_hover_text(each);
}
