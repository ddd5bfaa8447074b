//! What people say of a step, a wire or a question: threads with their answers, written and settled in the inspector.
//! Reads the state and asks for actions.

use egui::{Id, Margin, RichText, TextEdit, Ui};
use pipewright_core::project::{Comment, Thread};
use serde_json::Value as Json;

use crate::gui::actions::edits;
use crate::gui::command::{Action, Actions};
use crate::gui::forms::{TextLook, label_ui, text_edit};
use crate::gui::icons::{Icon, icon_button};
use crate::gui::state::StateRef;
use crate::gui::state::view::CommentsView;
use crate::gui::theme;
use crate::gui::widgets::{caption, group_box, link, shown_name, takes_enter};

/// The comments on one thing, and the field for another.
pub fn comments_ui(ui: &mut Ui, state: StateRef<'_>, about: &str, view: &mut CommentsView, out: &mut Actions) {
    if view.about != about {
        *view = CommentsView { about: about.to_owned(), wants_focus: view.wants_focus, ..CommentsView::default() };
    }
    ui.push_id(("comments", about), |ui| {
        let threads = state.project.threads(Some(about));
        label_ui(ui, "Comments", "What people say of it; the file keeps it with its author and time.");
        let settled = threads.iter().filter(|thread| thread.comment.resolved).count();
        let shows_settled = view.shows_settled;
        for thread in threads.iter().filter(|thread| !thread.comment.resolved || shows_settled) {
            ui.push_id(&thread.comment.id, |ui| thread_ui(ui, thread, view, out));
            ui.add_space(theme::SPACE_1);
        }
        if settled > 0 {
            let text = if view.shows_settled { "Hide what is settled" } else { "Show what is settled" };
            if link(ui, &format!("{text} ({settled})")).clicked() {
                view.shows_settled = !view.shows_settled;
            }
        }
        let wants_focus = std::mem::take(&mut view.wants_focus);
        let said = write_ui(ui, ("Write a comment", "Comment"), &mut view.draft, wants_focus);
        if let Some(text) = said {
            out.push(Action::Comment { about: about.to_owned(), answers: String::new(), text });
            // Below what was said it stays in view.
            view.wants_focus = true;
        }
        author_ui(ui, state, out);
    });
    ui.add_space(theme::SPACE_3);
}

fn thread_ui(ui: &mut Ui, thread: &Thread<'_>, view: &mut CommentsView, out: &mut Actions) {
    group_box(ui, |ui| {
        said_ui(ui, thread.comment, out);
        for answer in &thread.answers {
            ui.push_id(&answer.id, |ui| {
                ui.indent("answer", |ui| said_ui(ui, answer, out));
            });
        }
        let id = &thread.comment.id;
        ui.horizontal(|ui| {
            if link(ui, "Answer").clicked() {
                view.answering = Some(id.clone());
                view.answer.clear();
                view.answer_wants_focus = true;
            }
            let (text, label) = match thread.comment.resolved {
                true => ("Take up again", "take a comment up again"),
                false => ("Settle", "settle a comment"),
            };
            if link(ui, text).clicked() {
                let new = if thread.comment.resolved { Json::Null } else { Json::Bool(true) };
                out.edit(label, vec![edits::set(id, "resolved", new)]);
            }
        });
        if view.answering.as_ref() == Some(id) {
            let wants_focus = std::mem::take(&mut view.answer_wants_focus);
            if let Some(text) = write_ui(ui, ("Write an answer", "Send the answer"), &mut view.answer, wants_focus) {
                view.answering = None;
                let about = thread.comment.about.clone();
                out.push(Action::Comment { about, answers: id.clone(), text });
            }
        }
    });
}

/// Who says it, when, and what.
fn said_ui(ui: &mut Ui, comment: &Comment, out: &mut Actions) {
    let author = if comment.author.is_empty() { "somebody" } else { &comment.author };
    let author = shown_name(author, 40);
    let row = egui::vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(row, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        if icon_button(ui, Icon::Cross, &format!("Remove the comment of {author}")).clicked() {
            out.edit("remove a comment", vec![edits::remove(&comment.id)]);
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.add(egui::Label::new(theme::semibold(author)).truncate());
        });
    });
    caption(ui, shown_time(&comment.time));
    ui.add(egui::Label::new(comment.text.as_str()).wrap());
}

/// A time as people read it; what is none as it is.
pub fn shown_time(time: &str) -> String {
    let whole = time.get(..16).filter(|_| time.ends_with('Z')).filter(|start| start.as_bytes().get(10) == Some(&b'T'));
    whole.map_or_else(|| time.to_owned(), |start| format!("{} UTC", start.replacen('T', " ", 1)))
}

/// A field with a button; Enter sends, Shift+Enter begins a line. Gives what was sent.
fn write_ui(ui: &mut Ui, (name, button): (&str, &str), text: &mut String, wants_focus: bool) -> Option<String> {
    let palette = theme::palette(ui.ctx());
    let id: Id = ui.make_persistent_id(name);
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let is_sent = has_focus && takes_enter(ui);
    let response = ui
        .add(
            TextEdit::multiline(text)
                .id(id)
                .hint_text(RichText::new(format!("{name}…")).color(palette.soft))
                .desired_rows(1)
                .desired_width(f32::INFINITY)
                .margin(Margin::symmetric(8, 5)),
        )
        .accessible_name(name);
    if wants_focus {
        ui.scroll_to_rect(response.rect, None);
        response.request_focus();
    }
    let is_empty = text.trim().is_empty();
    let clicked = !is_empty && ui.button(button).clicked();
    (!is_empty && (is_sent || clicked)).then(|| std::mem::take(text).trim().to_owned())
}

/// Under which name comments are written.
fn author_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    ui.horizontal(|ui| {
        caption(ui, "as");
        let mut author = state.settings.author.clone();
        let look = TextLook { placeholder: "your name", ..TextLook::default() };
        if text_edit(ui, "Your name", &mut author, look).changed() {
            out.push(Action::Author(author));
        }
    });
}

/// Every comment of the project that is not settled, each with a way to what it is about.
pub fn all_ui(ui: &mut Ui, state: StateRef<'_>, out: &mut Actions) {
    let open: Vec<Thread<'_>> =
        state.project.threads(None).into_iter().filter(|thread| !thread.comment.resolved).collect();
    if open.is_empty() {
        return;
    }
    label_ui(ui, &format!("Open comments ({})", open.len()), "What is said of the design and not settled yet.");
    for thread in &open {
        let text = shown_name(&thread.comment.text, 60);
        if link(ui, &text).clicked() {
            out.push(Action::ShowThing(thread.comment.about.clone()));
        }
        let author = if thread.comment.author.is_empty() { "somebody" } else { &thread.comment.author };
        let about = state.project.said_of(thread.comment).unwrap_or_else(|| "what is gone".to_owned());
        caption(ui, format!("{} of the {}", shown_name(author, 40), shown_name(&about, 80)));
    }
    ui.add_space(theme::SPACE_3);
}

#[cfg(test)]
mod tests {
    use super::shown_time;

    #[test]
    fn times_are_shown_without_letters() {
        assert_eq!(shown_time("2026-03-03T14:00:00Z"), "2026-03-03 14:00 UTC");
        assert_eq!((shown_time("yesterday"), shown_time("")), ("yesterday".to_owned(), String::new()));
    }
}
