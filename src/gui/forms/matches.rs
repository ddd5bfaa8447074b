//! How the keys of a join fit, under its pairs: the share of each side that has a partner, and keys that have none.

use egui::{Rect, RichText, Sense, Ui, WidgetInfo, pos2, vec2};
use pipewright_core::project::{Edit, Project};
use pipewright_engine::named_keys;
use serde_json::{Value as Json, json};

use super::FieldUi;
use crate::gui::actions::edits::{self, NewIds};
use crate::gui::command::Action;
use crate::gui::state::counts::Fitted;
use crate::gui::state::{counted, grouped, percent};
use crate::gui::theme;
use crate::gui::widgets::{caption, link};

/// The inputs of a join, in the order of what was found of them.
const SIDES: [&str; 2] = ["left", "right"];

impl FieldUi<'_, '_> {
    /// Asks for how the pairs of keys fit, and shows what is known of it.
    pub(super) fn matches_ui(&mut self, ui: &mut Ui) {
        let tables = SIDES.map(|side| self.scope.table(side));
        let [Some(left), Some(right)] = tables else { return };
        let pairs = self.pairs();
        if pairs.is_empty() || pairs.iter().any(|(left, right)| left.is_empty() || right.is_empty()) {
            return;
        }
        let known = self.scope.state.key_fit.as_ref();
        let is_busy = known.is_some_and(|fit| fit.found.is_none());
        if !is_busy && !known.is_some_and(|fit| fit.is_of(&left, &right, &pairs)) {
            self.out.push(Action::FitKeys { tables: [left.clone(), right.clone()], pairs: pairs.clone() });
        }
        let fitted = known.filter(|fit| fit.is_of(&left, &right, &pairs)).and_then(|fit| fit.found.as_ref());
        let Some(fitted) = fitted else {
            caption(ui, "looking for partners…");
            return;
        };
        for (side, name) in SIDES.into_iter().enumerate() {
            ui.push_id(name, |ui| self.side_ui(ui, side, fitted, &pairs));
        }
    }

    /// The pairs that must be equal, as text.
    fn pairs(&self) -> Vec<(String, String)> {
        let stored = self.scope.values.get(self.field.name).and_then(Json::as_array);
        let text = |item: &Json, side: &str| item.get(side).and_then(Json::as_str).unwrap_or_default().to_owned();
        stored.into_iter().flatten().map(|item| (text(item, "left"), text(item, "right"))).collect()
    }

    fn side_ui(&mut self, ui: &mut Ui, side: usize, fitted: &Fitted, pairs: &[(String, String)]) {
        let state = self.scope.state;
        let wire = state.project.wires_into(self.scope.owner).find(|wire| wire.input == SIDES[side]);
        let title = wire.map_or(SIDES[side], |wire| state.step_title(&wire.from));
        let (rows, matched) = (fitted.rows[side], fitted.matched[side]);
        let told = format!(
            "{title}: {} of {} have a partner ({})",
            grouped(matched),
            counted(rows, "row"),
            percent(matched, rows)
        );
        ui.label(RichText::new(told).font(theme::caption()));
        share_bar(ui, &format!("Rows of {title} with a partner"), matched, rows);
        if pairs.len() > 1 {
            let alone = fitted.pairs.iter().enumerate();
            let alone: Vec<String> =
                alone.map(|(pair, found)| format!("{}: {}", pair + 1, percent(found[side], rows))).collect();
            caption(ui, format!("by each pair alone – {}", alone.join(", ")));
        }
        if matched == rows {
            ui.add_space(theme::SPACE_1);
            return;
        }
        caption(ui, format!("without one: {}", named_keys(&fitted.unmatched[side])));
        if link(ui, "+ Step of the rows without one")
            .accessible_name(format!("Step of the rows of {title} without a partner"))
            .clicked()
        {
            let (step, batch) = rows_without(&state.project, self.scope.owner, side, pairs, title);
            self.out.edit("add a step of the rows without a partner", batch);
            self.out.push(Action::Select { steps: vec![step], reveal: true });
        }
        ui.add_space(theme::SPACE_1);
    }
}

/// A thin bar, as long as a share of it.
fn share_bar(ui: &mut Ui, name: &str, part: u64, whole: u64) {
    let palette = theme::palette(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    let share = if whole == 0 { 0.0 } else { (part as f64 / whole as f64) as f32 };
    ui.painter().rect_filled(rect, 2.0, palette.hairline);
    let filled = Rect::from_min_size(rect.min, vec2(rect.width() * share, rect.height()));
    ui.painter().rect_filled(filled, 2.0, if part == whole { palette.good } else { palette.accent });
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(egui::Role::ProgressIndicator, true, name);
        info.current_text_value = Some(percent(part, whole));
        info
    });
}

/// A join beside this one, of the same inputs, that keeps the rows of a side without a partner.
fn rows_without(
    project: &Project,
    join: &str,
    side: usize,
    pairs: &[(String, String)],
    title: &str,
) -> (String, Vec<Edit>) {
    let mut ids = NewIds::new(project);
    let step = ids.next("joi");
    let items = pairs.iter().map(|(left, right)| {
        let (left, right) = if side == 0 { (left, right) } else { (right, left) };
        json!({"id": ids.next("o"), "left": left, "right": right})
    });
    let items: Vec<Json> = items.collect();
    let at = project.steps.get(join).map_or(pos2(0.0, 0.0), |step| pos2(step.x as f32, step.y as f32));
    let at = edits::first_free(project, at + vec2(0.0, edits::STEP_HEIGHT + theme::SPACE_6));
    let new = json!({
        "id": step,
        "kind": "join",
        "title": edits::free_title(project, &format!("{title} without a partner")),
        "x": at.x.round() as i32,
        "y": at.y.round() as i32,
        "settings": {"kind": "anti", "on": items},
    });
    let mut batch = vec![edits::insert("steps", new)];
    for (input, from) in [("left", SIDES[side]), ("right", SIDES[1 - side])] {
        let Some(wire) = project.wires_into(join).find(|wire| wire.input == from) else { continue };
        batch.push(edits::insert("wires", edits::new_wire(&mut ids, &wire.from, &wire.output, &step, input)));
    }
    (step, batch)
}
