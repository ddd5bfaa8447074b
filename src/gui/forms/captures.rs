//! What a pattern takes of the first texts, under the pattern while it is written: pieces on the grounds of their
//! columns' hues, and how many texts fit.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Label, RichText, Ui};
use pipewright_core::data::Value;
use pipewright_core::formats::{Captures, captures};

use super::FormScope;
use crate::gui::dialogs::marks::hue;
use crate::gui::state::percent;
use crate::gui::theme;
use crate::gui::widgets::caption;

/// Texts that are tried, and those of them that are shown.
const TRIED: usize = 200;
const SHOWN: usize = 4;
/// Characters of a text that are shown.
const MOST: usize = 160;

/// What a pattern took of texts.
#[derive(Debug, PartialEq)]
struct Tried {
    pattern: String,
    texts: Vec<String>,
    found: Vec<Captures>,
}

/// The texts that a pattern in this form reads.
fn texts(scope: &FormScope<'_>) -> Vec<String> {
    let Some(rows) = scope.rows("in") else { return Vec::new() };
    let Some(column) = rows.schema().index(scope.text("column")) else { return Vec::new() };
    let values = (0..rows.rows()).filter_map(|row| match rows.value(row, column) {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    });
    values.take(TRIED).collect()
}

/// Shows what `pattern` takes of the texts that come in. Faults of the pattern stand under it already.
pub fn captures_ui(ui: &mut Ui, scope: &FormScope<'_>, pattern: &str) {
    let texts = texts(scope);
    if texts.is_empty() || pattern.trim().is_empty() {
        return;
    }
    let place = ui.scope_id().with("captures");
    let before: Option<Arc<Tried>> = ui.data(|data| data.get_temp(place));
    let tried = match before.filter(|tried| tried.pattern == pattern && tried.texts == texts) {
        Some(tried) => tried,
        None => {
            let lines: Vec<&str> = texts.iter().map(String::as_str).collect();
            let Ok(found) = captures(pattern, &lines) else { return };
            let tried = Arc::new(Tried { pattern: pattern.to_owned(), texts, found });
            ui.data_mut(|data| data.insert_temp(place, tried.clone()));
            tried
        }
    };
    tried_ui(ui, &tried);
}

fn tried_ui(ui: &mut Ui, tried: &Tried) {
    let palette = theme::palette(ui.ctx());
    let fit = tried.found.iter().flatten().count();
    let told = format!(
        "{fit} of the first {} texts fit ({})",
        tried.texts.len(),
        percent(fit as u64, tried.texts.len() as u64)
    );
    let colour = if fit == tried.texts.len() { palette.ink(palette.good) } else { palette.ink(palette.warning) };
    ui.label(RichText::new(told).font(theme::caption()).color(palette.ink(colour)));
    let mut names: Vec<&str> = Vec::new();
    for (_, _, name) in tried.found.iter().flatten().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = theme::SPACE_1;
        for (column, name) in names.iter().enumerate() {
            let ground = hue(palette, column).gamma_multiply(0.3);
            ui.label(RichText::new(format!(" {name} ")).font(theme::caption()).background_color(ground));
        }
    });
    // Texts that do not fit come first: they are what is worked on.
    let unfit = (0..tried.texts.len()).filter(|at| tried.found[*at].is_none()).take(SHOWN / 2);
    let fitting = (0..tried.texts.len()).filter(|at| tried.found[*at].is_some());
    let shown: Vec<usize> = unfit.chain(fitting).take(SHOWN).collect();
    for at in shown {
        let (text, found) = (&tried.texts[at], &tried.found[at]);
        let mut job = LayoutJob::default();
        let ink = if found.is_some() { palette.text } else { palette.soft };
        let plain = TextFormat::simple(theme::code(), ink);
        let mut from = 0;
        for (start, end, name) in found.iter().flatten() {
            if *start < from {
                continue;
            }
            let column = names.iter().position(|known| known == name).unwrap_or_default();
            let background = hue(palette, column).gamma_multiply(0.3);
            job.append(&text[from..*start], 0.0, plain.clone());
            job.append(&text[*start..*end], 0.0, TextFormat { background, ..plain.clone() });
            from = *end;
        }
        let rest: String = text[from..].chars().take(MOST).collect();
        job.append(&rest, 0.0, plain.clone());
        ui.add(Label::new(job).truncate());
        if found.is_none() {
            caption(ui, "does not fit");
        }
    }
}
