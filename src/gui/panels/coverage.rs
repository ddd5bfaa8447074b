//! Coverage: questions × sources as a matrix, each cell with its proof; the fields that nobody uses, and those that one
//! would need. Reads the state and asks for actions.

use std::collections::BTreeSet;

use egui::{
    Align2, Color32, CornerRadius, Frame, Margin, Rect, Response, RichText, Role, ScrollArea, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};
use pipewright_core::planner::{Asked, CoverageState, cell_evidence, request_field};

use crate::gui::command::{Action, Actions, Chosen};
use crate::gui::state::view::View;
use crate::gui::state::{StateRef, counted};
use crate::gui::suggestion::planning::Planning;
use crate::gui::theme::{self, Palette};
use crate::gui::widgets::{
    Choice, Sign, badge, caption, empty_state, focus_ring, in_width, link, picker, scrolled, shown_name, sign_ui, soft,
};

/// What is shown of the matrix.
#[derive(Debug, Default)]
pub struct CoverageView {
    /// Question and source of the cell whose proof is shown.
    pub cell: Option<(String, String)>,
    /// Only sources of this owner; empty: all.
    pub owner: String,
    /// Only questions of this team; empty: all.
    pub asker: String,
    /// Only questions that no source answers.
    pub only_open: bool,
}

const CELL: f32 = 26.0;
const QUESTIONS_WIDTH: f32 = 300.0;
const TOTAL_WIDTH: f32 = 44.0;

/// The tab.
pub fn coverage_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some(latest) = &state.planning.latest else {
        let help =
            if state.planning.is_looking() { "Looking at the sources…" } else { "Open a project with sources" };
        empty_state(ui, "Nothing is known yet", help);
        return;
    };
    if latest.coverage.sources.is_empty() {
        empty_state(
            ui,
            "No sources yet",
            "Drop log files, tables or metrics: then every question shows what answers it",
        );
        return;
    }
    let proof_width = (ui.available_width() * 0.34).clamp(240.0, 460.0);
    egui::Panel::right("coverage proof")
        .resizable(false)
        .exact_size(proof_width)
        .frame(egui::Frame::new().inner_margin(egui::Margin::same(10)))
        .show(ui, |ui| {
            scrolled(ui, |ui| proof_ui(ui, state, latest, view, out));
        });
    let margin = Margin { left: theme::SPACE_3 as i8, ..Margin::ZERO };
    Frame::new().inner_margin(margin).show(ui, |ui| bar_ui(ui, state, view, out));
    matrix_ui(ui, state, latest, &mut view.coverage, out);
}

fn bar_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    ui.horizontal_wrapped(|ui| {
        for cell in [
            CoverageState::Covered,
            CoverageState::Derivable,
            CoverageState::Partial,
            CoverageState::Missing,
            CoverageState::Forbidden,
        ] {
            let (rect, _) = ui.allocate_exact_size(vec2(14.0, 20.0), Sense::hover());
            mark(ui, palette, rect.center(), cell);
            caption(ui, cell.title());
        }
        ui.add_space(theme::SPACE_3);
        let sources = state.project.sources.values();
        filter_ui(ui, state, ("Sources of", "all owners"), sources.map(|one| &one.owner), &mut view.coverage.owner);
        let questions = state.planning.latest.iter().flat_map(|latest| &latest.questions);
        filter_ui(ui, state, ("Questions of", "all askers"), questions.map(|one| &one.asker), &mut view.coverage.asker);
        ui.checkbox(&mut view.coverage.only_open, "only open questions");
        if state.planning.is_looking() {
            ui.spinner();
        } else if link(ui, "Look again").clicked() {
            out.push(Action::LookAgain);
        }
    });
}

/// A picker of one team among those that are named; nothing where none is. `words`: its name, and the word for all.
fn filter_ui<'a>(
    ui: &mut Ui,
    state: StateRef<'_>,
    words: (&str, &str),
    teams: impl Iterator<Item = &'a String>,
    chosen: &mut String,
) {
    let title = |id: &str| state.team_title(id).to_owned();
    let teams: BTreeSet<&String> = teams.filter(|team| !team.is_empty()).collect();
    if teams.is_empty() {
        return;
    }
    in_width(ui, 140.0, |ui| {
        let shown = if chosen.is_empty() { words.1.to_owned() } else { title(chosen) };
        let choice = |value: &str, label: String| Choice { value: value.to_owned(), label, detail: String::new() };
        let picked = picker(ui, words.0, &shown, false, || {
            let all = std::iter::once(choice("", words.1.to_owned()));
            all.chain(teams.iter().map(|team| choice(team, title(team)))).collect()
        });
        if let Some(picked) = picked {
            *chosen = picked;
        }
    });
}

/// The colour of a state.
pub fn colour(palette: &Palette, state: CoverageState) -> Color32 {
    match state {
        CoverageState::Covered => palette.good,
        CoverageState::Derivable => palette.accent,
        CoverageState::Partial => palette.warning,
        CoverageState::Missing => palette.soft,
        CoverageState::Forbidden => palette.bad,
    }
}

fn mark(ui: &Ui, palette: &Palette, at: egui::Pos2, state: CoverageState) {
    let sign = match state {
        CoverageState::Covered => Sign::Full,
        CoverageState::Derivable => Sign::Ringed,
        CoverageState::Partial => Sign::Halved,
        CoverageState::Missing => Sign::Dash,
        CoverageState::Forbidden => Sign::Cross,
    };
    let radius = if sign == Sign::Full { 6.0 } else { 5.0 };
    sign_ui(ui, at, radius, sign, colour(palette, state));
}

fn matrix_ui(ui: &mut Ui, state: StateRef<'_>, latest: &Planning, view: &mut CoverageView, out: &mut Actions) {
    let palette = theme::palette(ui.ctx());
    let title_of = |id: &str| state.project.sources.get(id).map_or("", |source| source.title.as_str());
    let owner_of = |id: &str| state.project.sources.get(id).map_or("", |source| source.owner.as_str());
    let sources: Vec<usize> = (0..latest.coverage.sources.len())
        .filter(|number| view.owner.is_empty() || owner_of(&latest.coverage.sources[*number]) == view.owner)
        .collect();
    let questions: Vec<usize> = (0..latest.questions.len())
        .filter(|row| !view.only_open || latest.coverage.sources_for(*row) == 0)
        .filter(|row| view.asker.is_empty() || latest.questions[*row].asker == view.asker)
        .collect();
    let longest = sources.iter().map(|number| title_of(&latest.coverage.sources[*number]).chars().count()).max();
    let head = (longest.unwrap_or(0) as f32 * 6.6 * 0.75 + 16.0).clamp(50.0, 120.0);
    ScrollArea::both().auto_shrink([false, false]).show(ui, |ui| {
        let width = QUESTIONS_WIDTH + TOTAL_WIDTH + sources.len() as f32 * CELL + head;
        let height = head + (questions.len() + 1) as f32 * CELL;
        let (whole, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let left = whole.left() + QUESTIONS_WIDTH + TOTAL_WIDTH;
        for (place, number) in sources.iter().enumerate() {
            let foot = pos2(left + (place as f32 + 0.5) * CELL - 4.0, whole.top() + head - 6.0);
            let title = title_of(&latest.coverage.sources[*number]);
            let shown = shown_name(title, 22);
            let galley = ui.painter().layout_no_wrap(shown, theme::caption(), palette.text);
            let mut text = egui::epaint::TextShape::new(foot - vec2(0.0, galley.size().y * 0.5), galley, palette.text);
            text.angle = -0.85;
            ui.painter().add(text);
        }
        let total_at = pos2(whole.left() + QUESTIONS_WIDTH + TOTAL_WIDTH - 12.0, whole.top() + head - 10.0);
        ui.painter().text(total_at, Align2::RIGHT_CENTER, "sources", theme::caption(), palette.soft);
        for (line, row) in questions.iter().enumerate() {
            let top = whole.top() + head + line as f32 * CELL;
            let band = Rect::from_min_size(pos2(whole.left(), top), vec2(width - head, CELL));
            if !ui.is_rect_visible(band) {
                continue;
            }
            question_row(ui, palette, latest, *row, band, out);
            for (place, number) in sources.iter().enumerate() {
                let rect = Rect::from_min_size(pos2(left + place as f32 * CELL, top), vec2(CELL, CELL));
                if !ui.is_rect_visible(rect) {
                    continue;
                }
                let key = (latest.coverage.questions[*row].clone(), latest.coverage.sources[*number].clone());
                let cell = latest.coverage.state(*row, *number);
                let name = format!("{}: {} by {}", latest.questions[*row].title, cell.title(), title_of(&key.1));
                if cell_ui(ui, palette, rect, &key, cell, view.cell.as_ref() == Some(&key), &name).clicked() {
                    view.cell = Some(key);
                }
            }
        }
        let top = whole.top() + head + questions.len() as f32 * CELL;
        let band = Rect::from_min_size(pos2(whole.left(), top), vec2(width - head, CELL));
        ui.painter().hline(band.x_range(), band.top(), Stroke::new(1.0, palette.hairline));
        let place = band.left_center() + vec2(theme::SPACE_3, 0.0);
        ui.painter().text(
            place,
            Align2::LEFT_CENTER,
            "questions that a source answers",
            theme::caption(),
            palette.soft,
        );
        for (place, number) in sources.iter().enumerate() {
            let count = latest.coverage.questions_of(*number);
            let at = pos2(left + (place as f32 + 0.5) * CELL, band.center().y);
            ui.painter().text(at, Align2::CENTER_CENTER, count.to_string(), theme::code(), palette.text);
        }
    });
}

fn question_row(ui: &mut Ui, palette: &Palette, latest: &Planning, row: usize, band: Rect, out: &mut Actions) {
    let asked = &latest.questions[row];
    let count = latest.coverage.sources_for(row);
    let rect = Rect::from_min_size(band.min, vec2(QUESTIONS_WIDTH, CELL));
    let response = ui.interact(rect, ui.scope_id().with(("question", &asked.id)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &asked.title));
    if response.hovered() {
        ui.painter().rect_filled(band, 0.0, palette.hovered_ground());
    }
    let colour = if asked.is_own { palette.text } else { palette.soft };
    let mut job = egui::text::LayoutJob::simple_singleline(shown_name(&asked.title, 200), theme::body(), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(QUESTIONS_WIDTH - theme::SPACE_6);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let place = pos2(rect.left() + theme::SPACE_3, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, colour);
    let total = pos2(rect.right() + TOTAL_WIDTH - 12.0, rect.center().y);
    let colour = if count == 0 { palette.bad } else { palette.text };
    ui.painter().text(total, Align2::RIGHT_CENTER, count.to_string(), theme::code(), colour);
    focus_ring(ui, &response, rect);
    if response.clicked() {
        let id = asked.id.clone();
        out.push(Action::Choose(if asked.is_own { Chosen::Question(id) } else { Chosen::Ready(id) }));
    }
}

fn cell_ui(
    ui: &mut Ui,
    palette: &Palette,
    rect: Rect,
    id: &(String, String),
    state: CoverageState,
    is_chosen: bool,
    name: &str,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(id), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Cell, true, is_chosen, name));
    if is_chosen || response.hovered() {
        let ground = if is_chosen { palette.selected_ground() } else { palette.hovered_ground() };
        ui.painter().rect_filled(rect.shrink(1.0), CornerRadius::same(4), ground);
    }
    mark(ui, palette, rect.center(), state);
    focus_ring(ui, &response, rect.shrink(1.0));
    response.on_hover_text(name)
}

/// At the right: the proof of the chosen cell, or what is missing and what is useless.
fn proof_ui(ui: &mut Ui, state: StateRef<'_>, latest: &Planning, view: &mut View, out: &mut Actions) {
    let title_of =
        |id: &str| state.project.sources.get(id).map_or(id.to_owned(), |source| shown_name(&source.title, 60));
    if let Some((question, source)) = view.coverage.cell.clone()
        && let Some(asked) = latest.question(&question)
        && let Some(number) = latest.catalogue.source_number(&source)
    {
        cell_proof_ui(ui, latest, asked, number, &title_of(&source), view, out);
        return;
    }
    let vocabulary = &latest.catalogue.vocabulary;
    ui.label(theme::semibold("One field away"));
    if latest.away.is_empty() {
        soft(ui, "No single field would make another question answerable.");
    }
    for away in latest.away.iter().take(12) {
        let count = counted(away.unlocks.len() as u64, "question");
        let text = format!("{} · {}: {count}", title_of(&away.source), vocabulary.title(&away.concept));
        ui.horizontal_wrapped(|ui| {
            soft(ui, text).on_hover_text(away.unlocks.join("\n"));
            let wish = request_field(&state.project, &latest.catalogue, away);
            if !wish.is_empty() && link(ui, "Ask for it").clicked() {
                out.edit("ask for data", wish);
            }
        });
    }
    ui.add_space(theme::SPACE_3);
    ui.label(theme::semibold("Fields that no question uses"));
    caption(ui, "with their share of the source's text");
    for unused in latest.unused.iter().take(40) {
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("{:>4.0} %", unused.share * 100.0)).font(theme::code()));
            ui.label(RichText::new(&unused.column).font(theme::code()));
            soft(ui, title_of(&unused.source));
        });
    }
}

fn cell_proof_ui(
    ui: &mut Ui,
    latest: &Planning,
    asked: &Asked,
    source: usize,
    title: &str,
    view: &mut View,
    out: &mut Actions,
) {
    let palette = theme::palette(ui.ctx());
    let evidence = cell_evidence(&latest.catalogue, asked, source);
    ui.horizontal(|ui| {
        badge(ui, evidence.state.title(), colour(palette, evidence.state));
        if link(ui, "Close").clicked() {
            view.coverage.cell = None;
        }
    });
    ui.label(theme::semibold(&asked.title));
    soft(ui, format!("from {title}"));
    ui.add_space(theme::SPACE_2);
    for part in evidence.text.split("; ") {
        ui.label(part);
    }
    for used in &evidence.meanings {
        ui.add_space(theme::SPACE_1);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&used.column).font(theme::code()));
            soft(ui, format!("{} ({} of 100)", latest.catalogue.vocabulary.title(&used.concept), used.score));
        });
        for reason in &used.reasons {
            caption(ui, reason);
        }
        let values = latest.catalogue.source_number(&used.source).and_then(|number| {
            let column = latest.catalogue.sources[number].column(&used.column)?;
            let values: Vec<String> = column.values().take(5).map(crate::gui::forms::shown).collect();
            (!values.is_empty()).then(|| values.join(", "))
        });
        if let Some(values) = values {
            ui.label(RichText::new(values).font(theme::code()).color(palette.soft));
        }
    }
    ui.add_space(theme::SPACE_3);
    if evidence.state != CoverageState::Forbidden && link(ui, "Suggest a flow").clicked() {
        out.push(Action::Suggest { question: asked.id.clone(), dials: Default::default() });
    }
}
