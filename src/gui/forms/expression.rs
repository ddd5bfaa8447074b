//! The expression editor: colours, completion of columns and functions, the type while one writes, or the error under
//! it with the character marked, and the first values.

use egui::text::{CCursor, CCursorRange};
use egui::{Color32, Id, Key, KeyboardShortcut, Margin, Modifiers, Popup, PopupCloseBehavior, RichText, TextEdit, Ui};
use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::{Diagnostic, Span};
use pipewright_core::expr::{self, Expr, Function, Place, Scope, function};

use super::completion::{Completion, arguments_of, call_at, completions, word_at};
use super::{FieldUi, diagnostic_ui, highlight, mend_ui, shown};
use crate::gui::command::Action;
use crate::gui::icons::{Icon, icon_ui};
use crate::gui::marked::doc_ui;
use crate::gui::state::grouped;
use crate::gui::theme;
use crate::gui::widgets::{caption, grown_list, list_row, shown_name, takes_enter};

/// Enter alone leaves the editor, as it leaves every other field.
const NEW_LINE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter);

/// The completion list of the editor that has the keyboard.
#[derive(Clone, Default)]
struct Offer {
    found: Vec<Completion>,
    chosen: usize,
    /// Byte range of the word that a completion replaces.
    start: usize,
    end: usize,
}

impl FieldUi<'_, '_> {
    pub(super) fn expression_ui(&mut self, ui: &mut Ui, input: &str, place: Place) {
        let palette = theme::palette(ui.ctx());
        let mut text = self.scope.text(self.field.name).to_owned();
        let faults: Vec<Span> = self
            .scope
            .diagnostics(self.field.name)
            .filter(|problem| problem.is_error())
            .filter_map(|problem| problem.location.span)
            .collect();
        let id = ui.make_persistent_id("expression");
        let offer_id = id.with("offer");
        let mut offer: Offer = ui.data(|data| data.get_temp(offer_id)).unwrap_or_default();
        let accepted = take_keys(ui, id, &text, &mut offer);
        let mut layouter =
            |ui: &Ui, buffer: &dyn egui::TextBuffer, width: f32| highlight::layout(ui, buffer.as_str(), &faults, width);
        let is_short = self.is_in_item();
        let hint = RichText::new(self.hint()).font(theme::code()).color(palette.soft);
        let edit = TextEdit::multiline(&mut text)
            .id(id)
            .font(theme::code())
            .hint_text(hint)
            .desired_rows(if is_short { 1 } else { 2 })
            .desired_width(f32::INFINITY)
            .margin(Margin::symmetric(8, 6))
            .return_key(NEW_LINE)
            .layouter(&mut layouter);
        let mut output = edit.show(ui);
        let response = output.response.response.clone().accessible_name(self.field.label);
        self.follow_focus(&response);
        let mut is_changed = response.changed();
        let has_keyboard = ui.memory(|memory| memory.has_focus(id));
        if let Some(completion) = accepted
            && let (Some(before), Some(after)) = (text.get(..offer.start), text.get(offer.end..))
        {
            let cursor = before.chars().count() + completion.text.chars().count() - completion.back;
            text = format!("{before}{}{after}", completion.text);
            output.state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(cursor))));
            output.state.store(ui.ctx(), id);
            offer = Offer::default();
            is_changed = true;
        } else if has_keyboard && response.changed() {
            offer = self.offer(&text, output.cursor_range, input, place);
        }
        if !has_keyboard {
            offer = Offer::default();
        }
        if has_keyboard && ui.input_mut(|keys| keys.consume_key(Modifiers::COMMAND, Key::Space)) {
            offer = self.offer(&text, output.cursor_range, input, place);
        }
        if has_keyboard && takes_enter(ui) {
            response.surrender_focus();
        }
        let call = if has_keyboard { call_of(&text, output.cursor_range) } else { None };
        let clicked = offer_ui(&response, &offer, call);
        if let Some(index) = clicked {
            // Taken next frame, with the keyboard still here.
            offer.chosen = index;
            ui.data_mut(|data| data.insert_temp(offer_id.with("take"), true));
            response.request_focus();
        }
        ui.data_mut(|data| data.insert_temp(offer_id, offer));
        if is_changed {
            self.store_text(text.clone());
        }
        self.verdict_ui(ui, &text, input, place);
    }

    fn is_in_item(&self) -> bool {
        !self.scope.path.is_empty()
    }

    fn offer(&self, text: &str, cursor: Option<CCursorRange>, input: &str, place: Place) -> Offer {
        let Some(cursor) = cursor.and_then(|range| range.single()) else { return Offer::default() };
        let end = text.char_indices().nth(cursor.index.0).map_or(text.len(), |(at, _)| at);
        let Some((start, word)) = word_at(text, end) else { return Offer::default() };
        if word.is_empty() {
            let found = completions("", self.scope.schema(input), &self.scope.state.parameter_types(), place);
            let is_asked = text.is_empty();
            return if is_asked { Offer { found, chosen: 0, start, end } } else { Offer::default() };
        }
        let found = completions(word, self.scope.schema(input), &self.scope.state.parameter_types(), place);
        Offer { found, chosen: 0, start, end }
    }

    /// The type with the first values, or what is wrong.
    pub(super) fn verdict_ui(&mut self, ui: &mut Ui, text: &str, input: &str, place: Place) {
        let palette = theme::palette(ui.ctx());
        let problems: Vec<&Diagnostic> = self.scope.diagnostics(self.field.name).collect();
        for problem in &problems {
            diagnostic_ui(ui, problem);
            mend_ui(ui, self.scope.state, problem, self.out);
            if let Some(span) = problem.location.span.filter(|_| problem.is_error()) {
                mark_ui(ui, text, span);
            }
        }
        if text.trim().is_empty() || problems.iter().any(|problem| problem.is_error()) {
            return;
        }
        let Some(schema) = self.scope.schema(input) else { return };
        let parameters = self.scope.state.parameter_types();
        let Ok(parsed) = expr::parse(text) else { return };
        let Ok(found) = expr::check(&parsed, &Scope { schema, parameters: &parameters, place }) else { return };
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme::SPACE_1;
            icon_ui(ui, Icon::Tick, 16.0, Some(palette.good));
            ui.label(RichText::new(found.to_string()).color(palette.ink(palette.good)));
            if place == Place::Row {
                let told = match found {
                    DataType::Boolean => self.share(text, &parsed, input),
                    _ => self.first_values(&parsed, input),
                };
                let told = RichText::new(told).font(theme::caption()).color(palette.soft);
                ui.add_space(theme::SPACE_1);
                ui.add(egui::Label::new(told).wrap());
            }
        });
    }

    /// What an empty field says: the field's own words.
    fn hint(&self) -> &'static str {
        self.field.doc.trim_end_matches('.')
    }

    /// Of how many rows of the preview a condition is true; of some of them until all are counted.
    fn share(&mut self, text: &str, parsed: &Expr, input: &str) -> String {
        const LOOKED_AT: usize = 400;
        let Some(rows) = self.scope.table(input).filter(|rows| rows.rows() > 0) else { return String::new() };
        let is_rule = self.field.name == "predicate" && self.is_in_item();
        let word = if is_rule { "met by" } else { "true on" };
        let shares = &self.scope.state.shares;
        if let Some(share) = shares.get(&rows, text) {
            let part = crate::gui::state::percent(share.hits, share.rows);
            return format!("{word} {part}: {} of {} rows", grouped(share.hits), grouped(share.rows));
        }
        if shares.asked.is_none() {
            self.out.push(Action::CountTrue { table: rows.clone(), condition: text.to_owned() });
        }
        let looked_at = rows.rows().min(LOOKED_AT);
        let stride = rows.rows() / looked_at;
        let bound = expr::bind(parsed, &self.scope.state.shown_parameters());
        let value = |row: usize| {
            expr::eval(&bound, &|name: &str| {
                rows.schema().index(name).map_or(Value::Null, |column| rows.value(row, column))
            })
        };
        let hits = (0..looked_at).filter(|row| value(row * stride) == Value::Boolean(true)).count();
        format!("{word} {} of {looked_at} rows", crate::gui::state::percent(hits as u64, looked_at as u64))
    }

    /// The first values of an expression, from the rows of the preview; where those are null, the first that are not.
    fn first_values(&self, parsed: &Expr, input: &str) -> String {
        let Some(rows) = self.scope.rows(input).filter(|rows| rows.rows() > 0) else { return String::new() };
        let bound = expr::bind(parsed, &self.scope.state.shown_parameters());
        let value = |row: usize| {
            expr::eval(&bound, &|name: &str| {
                rows.schema().index(name).map_or(Value::Null, |column| rows.value(row, column))
            })
        };
        told_values(rows.rows(), &value)
    }
}

/// The first of so many values; where those are null, the first that are not.
fn told_values(rows: usize, value: &dyn Fn(usize) -> Value) -> String {
    const SHOWN: usize = 3;
    const LOOKED_AT: usize = 400;
    let looked_at = rows.min(LOOKED_AT);
    let told = |values: &mut dyn Iterator<Item = Value>| {
        values.take(SHOWN).map(|value| shown_name(&shown(&value), 24)).collect::<Vec<_>>().join(", ")
    };
    if (0..rows.min(SHOWN)).any(|row| value(row) != Value::Null) {
        return format!("first: {}", told(&mut (0..rows).map(value)));
    }
    let later = told(&mut (0..looked_at).map(value).filter(|value| *value != Value::Null));
    match later.is_empty() {
        true if looked_at < rows => format!("null in the first {looked_at} rows"),
        true => "null in every row".to_owned(),
        false => format!("null at first, then {later}"),
    }
}

/// Takes the keys of an open completion list, before the text field sees them. Gives what was accepted.
fn take_keys(ui: &mut Ui, editor: Id, text: &str, offer: &mut Offer) -> Option<Completion> {
    let take = editor.with("offer").with("take");
    if ui.data_mut(|data| data.remove_temp::<bool>(take)).unwrap_or(false) {
        return offer.found.get(offer.chosen).cloned();
    }
    if offer.found.is_empty() || !ui.memory(|memory| memory.has_focus(editor)) {
        return None;
    }
    let count = offer.found.len();
    ui.input_mut(|input| {
        if input.consume_key(Modifiers::NONE, Key::ArrowDown) {
            offer.chosen = (offer.chosen + 1) % count;
        }
        if input.consume_key(Modifiers::NONE, Key::ArrowUp) {
            offer.chosen = (offer.chosen + count - 1) % count;
        }
        if input.consume_key(Modifiers::NONE, Key::Escape) {
            offer.found.clear();
            return None;
        }
        // What is written whole already is not waited for: Enter leaves.
        let is_written = |found: &Completion| text.get(offer.start..offer.end) == Some(&found.text);
        if offer.found.get(offer.chosen).is_some_and(is_written) && input.key_pressed(Key::Enter) {
            offer.found.clear();
            return None;
        }
        let accept = input.consume_key(Modifiers::NONE, Key::Tab) || input.consume_key(Modifiers::NONE, Key::Enter);
        accept.then(|| offer.found.get(offer.chosen).cloned()).flatten()
    })
}

/// The call around the cursor, and which of its arguments is written.
fn call_of(text: &str, cursor: Option<CCursorRange>) -> Option<(&'static Function, usize)> {
    let cursor = cursor.and_then(|range| range.single())?;
    let end = text.char_indices().nth(cursor.index.0).map_or(text.len(), |(at, _)| at);
    let (name, argument) = call_at(text, end)?;
    Some((function(&name)?, argument))
}

/// How a function is called, with the argument marked that is written now.
fn signature_ui(ui: &mut Ui, function: &Function, argument: usize) {
    let palette = theme::palette(ui.ctx());
    let arguments = arguments_of(function.signature);
    let marked = arguments.get(argument.min(arguments.len().saturating_sub(1))).cloned();
    let mut job = egui::text::LayoutJob::default();
    let plain = egui::text::TextFormat::simple(theme::code(), palette.soft);
    let mut format = egui::text::TextFormat::simple(theme::code(), palette.accent);
    format.underline = egui::Stroke::new(1.0, palette.accent);
    let signature = function.signature;
    let (start, end) = marked.as_ref().map_or((0, 0), |range| (range.start, range.end));
    job.append(&signature[..start], 0.0, plain.clone());
    job.append(&signature[start..end], 0.0, format);
    job.append(&signature[end..], 0.0, plain);
    job.wrap.max_width = ui.available_width();
    let name = match marked {
        Some(range) => format!("{signature}; argument {}: {}", argument + 1, &signature[range]),
        None => signature.to_owned(),
    };
    let label = ui.label(job);
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
    caption(ui, function.doc);
}

/// The list under the editor, and how the function at the cursor is called. Gives the entry that was clicked.
fn offer_ui(response: &egui::Response, offer: &Offer, call: Option<(&Function, usize)>) -> Option<usize> {
    if offer.found.is_empty() && call.is_none() {
        return None;
    }
    let mut clicked = None;
    // Above the editor a signature leaves what is wrong with the text in view.
    let align = if offer.found.is_empty() { egui::RectAlign::TOP_START } else { egui::RectAlign::BOTTOM_START };
    Popup::from_response(response)
        .align(align)
        .id(response.id.with("completion"))
        .open(true)
        .close_behavior(PopupCloseBehavior::IgnoreClicks)
        .width(response.rect.width().max(280.0))
        .gap(2.0)
        .accessible_name("Completions")
        .show(|ui| {
            if let Some((function, argument)) = call {
                ui.set_max_width(response.rect.width().max(280.0));
                ui.set_min_width(response.rect.width());
                signature_ui(ui, function, argument);
            }
            grown_list(200.0).show(ui, |ui| {
                for (index, completion) in offer.found.iter().enumerate() {
                    let is_chosen = index == offer.chosen;
                    let row = list_row(ui, &completion.label, &completion.detail, is_chosen, |_| {});
                    if is_chosen {
                        row.scroll_to_me(None);
                    }
                    if row.clicked() {
                        clicked = Some(index);
                    }
                }
            });
            if let Some(doc) = offer.found.get(offer.chosen).map(|chosen| &chosen.doc).filter(|doc| !doc.is_empty()) {
                ui.set_max_width(response.rect.width().max(280.0));
                doc_ui(ui, doc, &theme::caption());
            }
        });
    clicked
}

/// The line of the fault with a mark under its characters.
fn mark_ui(ui: &mut Ui, text: &str, span: Span) {
    const AROUND: usize = 24;
    let palette = theme::palette(ui.ctx());
    let (start, end) = (span.start as usize, (span.end as usize).min(text.len()));
    let (Some(before), Some(fault)) = (text.get(..start), text.get(start..end)) else { return };
    let before = before.rsplit('\n').next().unwrap_or_default();
    let skipped = before.chars().count().saturating_sub(AROUND);
    let near: String = before.chars().skip(skipped).collect();
    let after: String = text[end..].chars().take_while(|c| *c != '\n').take(AROUND).collect();
    let mut job = egui::text::LayoutJob::default();
    let mut push = |words: &str, colour: Color32, is_marked: bool| {
        let mut format = egui::text::TextFormat::simple(theme::code(), colour);
        if is_marked {
            format.underline = egui::Stroke::new(1.5, palette.bad);
        }
        job.append(words, 0.0, format);
    };
    push(if skipped > 0 { "…" } else { "" }, palette.soft, false);
    push(&near, palette.soft, false);
    push(if fault.is_empty() { "·" } else { fault }, palette.bad, true);
    push(&after, palette.soft, false);
    ui.horizontal(|ui| {
        ui.add_space(16.0 + theme::SPACE_1);
        ui.add(egui::Label::new(job).wrap());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_first_values_are_null_those_after_them_are_told() {
        let told = |rows: usize, first: usize| {
            told_values(rows, &|row| if row < first { Value::Null } else { Value::Int(row as i64) })
        };
        assert_eq!(told(9, 1), "first: null, 1, 2");
        assert_eq!(told(9, 7), "null at first, then 7, 8");
        assert_eq!(told(2, 2), "null in every row");
        assert_eq!(told(5000, 5000), "null in the first 400 rows");
    }
}
