//! Dialogs over the window: opening and saving by path, unsaved changes, recovery, keys; and the line that tells what
//! happened. None of them loses what was typed elsewhere.

pub(super) mod export_dialog;
pub(super) mod marks;
pub(super) mod on_disk;
pub(super) mod patterns;
pub(super) mod recovery;
pub(super) mod search;

use std::collections::BTreeMap;

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{
    Align, Align2, Area, Context, Frame, Id, InnerResponse, Key, Layout, Margin, Modal, Order, Response, RichText, Ui,
    vec2,
};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::parse_parameter;
use pipewright_core::project::Edit;

use super::command::{Action, Actions, Browse, UnsavedAnswer};
use super::forms::{TextLook, diagnostic_ui, label_ui, text_edit};
use super::icons::{Icon, icon_button, icon_ui};
use super::keys;
use super::marked::doc_ui;
use super::share;
use super::state::view::{Dialog, View};
use super::state::{StateRef, counted};
use super::theme;
use super::widgets::{follow_focus, grown_list, primary_button, shown_name, soft};

/// Points.
pub const WIDTH: f32 = 520.0;
/// How long a notice stays, in seconds.
const NOTICE: f64 = 5.0;

/// The dialog that is open, if one is.
pub fn dialogs_ui(ctx: &Context, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    if !state.left.is_empty() && view.dialog.is_none() {
        recovery::recovery_ui(ctx, state, out);
        return;
    }
    let is_new = std::mem::take(&mut view.dialog_is_new);
    let Some(dialog) = &mut view.dialog else { return };
    let mut is_done = false;
    let modal = Modal::new(Id::unique(("dialog", dialog.name()))).frame(dialog_frame_of(ctx)).show(ctx, |ui| {
        let width = match dialog {
            Dialog::Marks(_) => marks::WIDTH,
            Dialog::Patterns(_) => patterns::WIDTH,
            Dialog::Keys => keys::width(ctx),
            _ => WIDTH,
        };
        let room = ctx.content_rect().size() - vec2(80.0, 80.0);
        ui.set_width(width.min(room.x));
        // What a low window has no room for is scrolled to.
        grown_list(room.y).id_salt("dialog").show(ui, |ui| {
            is_done = dialog_ui(ui, state, dialog, is_new, out);
            follow_focus(ui);
        });
    });
    let closes = modal.should_close();
    if closes && matches!(view.dialog, Some(Dialog::Unsaved { .. })) {
        out.push(Action::Unsaved(UnsavedAnswer::Cancel));
    } else if closes || is_done {
        view.dialog = None;
    }
}

/// What is in a dialog. Says whether it is to be closed.
fn dialog_ui(ui: &mut Ui, state: StateRef<'_>, dialog: &mut Dialog, is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    match dialog {
        Dialog::Open { path, fault } => is_done = open_ui(ui, state, (path, fault), is_new, out),
        Dialog::SaveAs { path, .. } => is_done = save_as_ui(ui, path, is_new, out),
        Dialog::Unsaved { .. } => unsaved_ui(ui, state, is_new, out),
        Dialog::Running => is_done = running_ui(ui, is_new, out),
        Dialog::Export { target, folder } => {
            is_done = export_dialog::export_ui(ui, state, target, folder, is_new, out);
        }
        Dialog::Run { out: folder, parameters, incremental } => {
            is_done = run_dialog_ui(ui, state, (folder, parameters, incremental), is_new, out);
        }
        Dialog::RealFile { source, path } => is_done = real_file_ui(ui, state, source, path, is_new, out),
        Dialog::Real { title, path, differences, .. } => {
            is_done = real_ui(ui, (title, path), differences, is_new, out);
        }
        Dialog::Compare(found) => is_done = on_disk::compare_ui(ui, found, out),
        Dialog::Conflict { path, fault, .. } => {
            is_done = on_disk::conflict_ui(ui, path, fault, is_new, out);
        }
        Dialog::Share { share, path } => is_done = share::share_ui(ui, state, share, path, is_new, out),
        Dialog::ReplaceWire { question, edits } => is_done = replace_wire_ui(ui, question, edits, is_new, out),
        Dialog::KeepBlock { name } => is_done = keep_block_ui(ui, state, name, is_new, out),
        Dialog::Marks(marking) => is_done = marks::marks_ui(ui, marking, is_new, out),
        Dialog::Patterns(shown) => is_done = patterns::patterns_ui(ui, shown, out),
        Dialog::Keys => {
            title_ui(ui, "Keyboard", &mut is_done);
            keys::keys_ui(ui);
        }
    }
    is_done
}

pub fn dialog_frame_of(ctx: &Context) -> Frame {
    Frame::popup(&ctx.global_style()).inner_margin(Margin::same(theme::SPACE_4 as i8))
}

/// The title of a dialog with its cross.
pub fn title_ui(ui: &mut Ui, title: &str, is_done: &mut bool) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).font(theme::title()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Cross, "Close").clicked() {
                *is_done = true;
            }
        });
    });
    ui.add_space(theme::SPACE_2);
}

/// The buttons at the foot of a dialog, from the right. As high as they are: so the dialog shrinks with what is above.
pub fn buttons_ui<R>(ui: &mut Ui, buttons: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), buttons)
}

/// Whether Enter was pressed in a field. The field keeps the keyboard: the dialog may stay.
fn is_entered(ui: &Ui, field: &Response) -> bool {
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_entered {
        field.request_focus();
    }
    is_entered
}

/// A field for a path, with a button for the native dialog. Says whether Enter was pressed in it.
pub fn path_field_ui(
    ui: &mut Ui,
    name: &str,
    path: &mut String,
    browse: Browse,
    is_new: bool,
    out: &mut Actions,
) -> bool {
    ui.horizontal(|ui| {
        let reserve = theme::CONTROL_HEIGHT + theme::SPACE_2;
        let look = TextLook { placeholder: "/path/to/file", is_code: true, reserve, ..TextLook::default() };
        let response = text_edit(ui, name, path, look);
        if is_new {
            focus_whole(ui, &response, path);
        }
        if icon_button(ui, Icon::Folder, "Browse…").clicked() {
            out.push(Action::Browse(browse));
        }
        is_entered(ui, &response)
    })
    .inner
}

/// The main action of a dialog without a field: it has the keyboard at first, so that Enter confirms.
pub fn first_button(ui: &mut Ui, text: &str, is_new: bool) -> Response {
    let button = primary_button(ui, text);
    if is_new {
        button.request_focus();
    }
    button
}

/// Gives a field the keyboard with its text selected: what is typed takes its place.
pub fn focus_whole(ui: &Ui, response: &egui::Response, text: &str) {
    response.request_focus();
    let mut state = TextEditState::load(ui.ctx(), response.id).unwrap_or_default();
    let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), response.id);
}

/// Asks before a wire takes the place of another.
fn replace_wire_ui(ui: &mut Ui, question: &str, edits: &[Edit], is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, "Replace the wire?", &mut is_done);
    soft(ui, question);
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        if first_button(ui, "Replace", is_new).clicked() {
            out.edit("replace wire", edits.to_vec());
            is_done = true;
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

/// Names an own entry of the palette.
fn keep_block_ui(ui: &mut Ui, state: StateRef<'_>, name: &mut String, is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, "Save to the palette", &mut is_done);
    let steps = counted(state.selection.steps.len() as u64, "step");
    soft(ui, format!("{steps}, with the wires between them and their settings, for every project on this machine."));
    ui.add_space(theme::SPACE_2);
    let look = TextLook { placeholder: "what it does", ..TextLook::default() };
    let response = text_edit(ui, "Name in the palette", name, look);
    if is_new {
        focus_whole(ui, &response, name);
    }
    let entered = is_entered(ui, &response);
    let known = name.trim();
    if state.settings.blocks.iter().any(|block| block.name == known) {
        soft(ui, "It takes the place of the entry of that name.");
    }
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        let is_given = !known.is_empty();
        let clicked = ui.add_enabled_ui(is_given, |ui| primary_button(ui, "Save").clicked()).inner;
        if is_given && (clicked || entered) {
            out.push(Action::KeepBlock(known.to_owned()));
            is_done = true;
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

fn open_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    (path, fault): (&mut String, &Option<Diagnostic>),
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    title_ui(ui, "Open", &mut is_done);
    soft(
        ui,
        "A project; or data that become a source: a file, a folder, or a pattern such as logs/*.gz. Several paths stand \
         in quotes.",
    );
    ui.add_space(theme::SPACE_2);
    let entered = path_field_ui(ui, "Open path", path, Browse::Open, is_new, out);
    if let Some(fault) = fault {
        diagnostic_ui(ui, fault);
    }
    ui.add_space(theme::SPACE_3);
    if !state.settings.recent.is_empty() {
        super::widgets::caption(ui, "Recent");
    }
    for recent in state.settings.recent.iter().take(6) {
        let shown = recent.display().to_string();
        if super::widgets::list_row(ui, &shown, "", false, |_| {}).clicked() {
            out.push(Action::OpenPaths { paths: vec![recent.clone()], at: None });
            is_done = true;
        }
    }
    ui.add_space(theme::SPACE_2);
    let paths = read_paths(path);
    buttons_ui(ui, |ui| {
        let is_given = !paths.is_empty();
        let clicked = ui.add_enabled_ui(is_given, |ui| primary_button(ui, "Open").clicked()).inner;
        if is_given && (clicked || entered) {
            // The dialog is closed by what opens them, which keeps what was typed until they are there.
            out.push(Action::OpenPaths { paths: paths.clone(), at: None });
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

/// Paths as they are typed: whole lines, or several in quotes.
fn read_paths(text: &str) -> Vec<std::path::PathBuf> {
    let trimmed = text.trim();
    let parts: Vec<&str> = if trimmed.starts_with('"') {
        trimmed.split('"').map(str::trim).filter(|part| !part.is_empty()).collect()
    } else {
        trimmed.lines().map(str::trim).filter(|part| !part.is_empty()).collect()
    };
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let expand = |part: &str| match (part.strip_prefix("~/"), &home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => std::path::PathBuf::from(part),
    };
    parts.into_iter().map(expand).collect()
}

fn save_as_ui(ui: &mut Ui, path: &mut String, is_new: bool, out: &mut Actions) -> bool {
    let mut is_done = false;
    title_ui(ui, "Save as", &mut is_done);
    let entered = path_field_ui(ui, "Save to", path, Browse::SaveAs, is_new, out);
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        let is_given = !path.trim().is_empty();
        let clicked = ui.add_enabled_ui(is_given, |ui| primary_button(ui, "Save").clicked()).inner;
        if is_given && (clicked || entered) {
            // The dialog is closed by the save, which takes from it what waits for the save.
            out.push(Action::SaveTo(std::path::PathBuf::from(path.trim())));
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

fn unsaved_ui(ui: &mut Ui, state: StateRef<'_>, is_new: bool, out: &mut Actions) {
    ui.label(
        RichText::new(format!("Save the changes to “{}”?", shown_name(&state.project.name, 60))).font(theme::title()),
    );
    ui.add_space(theme::SPACE_2);
    soft(ui, "What is not saved is lost when another project is opened or the designer is closed.");
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        if first_button(ui, "Save", is_new).clicked() {
            out.push(Action::Unsaved(UnsavedAnswer::Save));
        }
        if ui.button("Cancel").clicked() {
            out.push(Action::Unsaved(UnsavedAnswer::Cancel));
        }
        if ui.button("Do not save").clicked() {
            out.push(Action::Unsaved(UnsavedAnswer::Discard));
        }
    });
}

fn running_ui(ui: &mut Ui, is_new: bool, out: &mut Actions) -> bool {
    ui.label(RichText::new("A run is going on: stop it and close?").font(theme::title()));
    ui.add_space(theme::SPACE_2);
    soft(ui, "What it has written so far is taken away; the results of earlier runs stay as they are.");
    ui.add_space(theme::SPACE_3);
    let answers = buttons_ui(ui, |ui| {
        let goes_on = first_button(ui, "Keep on", is_new).clicked();
        if ui.button("Stop and close").clicked() {
            out.push(Action::StopAndClose);
        }
        goes_on
    });
    answers.inner
}

/// Asks for the file that a planned source waited for.
fn real_file_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    source: &str,
    path: &mut String,
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    let title = state.project.sources.get(source).map_or("", |source| source.title.as_str());
    title_ui(ui, &format!("The data of “{title}” is here"), &mut is_done);
    soft(ui, "What differs from the declaration is listed before anything is replaced.");
    ui.add_space(theme::SPACE_2);
    let entered = path_field_ui(ui, "File", path, Browse::Real(source.to_owned()), is_new, out);
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        let is_given = !path.trim().is_empty();
        let clicked = ui.add_enabled_ui(is_given, |ui| primary_button(ui, "Look at it").clicked()).inner;
        if is_given && (clicked || entered) {
            let path = std::path::PathBuf::from(path.trim());
            out.push(Action::ReplacePlanned { source: source.to_owned(), path });
            is_done = true;
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

/// What differs between what was declared and what came.
fn real_ui(
    ui: &mut Ui,
    (title, path): (&str, &str),
    differences: &[Diagnostic],
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    title_ui(ui, &format!("The data of “{title}” is here"), &mut is_done);
    soft(ui, path);
    ui.add_space(theme::SPACE_2);
    if differences.is_empty() {
        ui.label("Everything is as it was declared.");
    } else {
        label_ui(ui, "What differs from the declaration", "");
        grown_list(260.0).show(ui, |ui| {
            for difference in differences {
                diagnostic_ui(ui, difference);
                ui.add_space(theme::SPACE_1);
            }
        });
    }
    ui.add_space(theme::SPACE_3);
    buttons_ui(ui, |ui| {
        if first_button(ui, "Replace", is_new).clicked() {
            out.push(Action::AcceptReal);
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

fn run_dialog_ui(
    ui: &mut Ui,
    state: StateRef<'_>,
    (folder, parameters, incremental): (&mut String, &mut BTreeMap<String, String>, &mut bool),
    is_new: bool,
    out: &mut Actions,
) -> bool {
    let mut is_done = false;
    title_ui(ui, "Run", &mut is_done);
    soft(ui, "Reads the whole input and writes the outputs into this folder. Nothing half-written stays.");
    ui.add_space(theme::SPACE_2);
    let mut entered = path_field_ui(ui, "Output folder", folder, Browse::RunFolder, is_new, out);
    ui.add_space(theme::SPACE_2);
    ui.checkbox(incremental, "Only what is new").on_hover_text(
        "Adds to the outputs what came since the last such run: lines of logs, also of rotated ones, new files, rows of \
         tables by the source's “Newer by”. For flows that work row by row.",
    );
    ui.add_space(theme::SPACE_2);
    let mut is_wrong = false;
    for parameter in &state.plan.parameters {
        label_ui(ui, &parameter.name, &parameter.doc);
        let text = parameters.entry(parameter.name.clone()).or_default();
        let default = match &parameter.default {
            None => "must be given".to_owned(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(json) => json.to_string(),
        };
        let is_secret = parameter.is_secret();
        let look = TextLook { placeholder: &default, is_code: true, is_secret, ..TextLook::default() };
        let field = text_edit(ui, &parameter.name, text, look);
        entered |= is_entered(ui, &field);
        if !text.is_empty()
            && let Err(problem) = parse_parameter(parameter, text)
        {
            is_wrong = true;
            diagnostic_ui(ui, &problem);
        }
        is_wrong |= text.is_empty() && parameter.default.is_none();
        ui.add_space(theme::SPACE_1);
    }
    ui.add_space(theme::SPACE_2);
    buttons_ui(ui, |ui| {
        let is_ready = !folder.trim().is_empty() && !is_wrong;
        let clicked = ui.add_enabled_ui(is_ready, |ui| primary_button(ui, "Run").clicked()).inner;
        if is_ready && (clicked || entered) {
            let folder = std::path::PathBuf::from(folder.trim());
            let (parameters, incremental) = (parameters.clone(), *incremental);
            out.push(Action::StartRun { out: folder, parameters, incremental });
        }
        if ui.button("Cancel").clicked() {
            is_done = true;
        }
    });
    is_done
}

/// What a choice means: below it, and nearer to it than to the next one.
pub fn meaning_ui(ui: &mut Ui, doc: &str) {
    let margin = Margin { left: theme::SPACE_6 as i8, bottom: theme::SPACE_2 as i8, ..Margin::ZERO };
    Frame::new().inner_margin(margin).show(ui, |ui| doc_ui(ui, doc, &theme::caption()));
}

/// The line that tells what happened. It goes by itself, an error only when it is closed.
pub fn notice_ui(ctx: &Context, state: StateRef<'_>, out: &mut Actions) {
    let Some(notice) = &state.notice else { return };
    let age = ctx.input(|input| input.time) - notice.since;
    let lasts = if notice.is_error { NOTICE * 4.0 } else { NOTICE };
    if age > lasts {
        out.push(Action::Dismiss);
        return;
    }
    ctx.request_repaint_after_secs((lasts - age) as f32 + 0.05);
    let palette = theme::palette(ctx);
    Area::new(Id::unique("notice"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_BOTTOM, vec2(0.0, -40.0))
        .accessible_name("Notice")
        .show(ctx, |ui| {
            Frame::popup(ui.style()).inner_margin(Margin::symmetric(12, 8)).show(ui, |ui| {
                ui.horizontal(|ui| {
                    let (icon, colour) =
                        if notice.is_error { (Icon::Cross, palette.bad) } else { (Icon::Info, palette.soft) };
                    icon_ui(ui, icon, 16.0, Some(colour));
                    ui.scope(|ui| {
                        ui.set_max_width(640.0);
                        ui.add(egui::Label::new(&notice.text).wrap());
                    });
                    if icon_button(ui, Icon::Cross, "Dismiss").clicked() {
                        out.push(Action::Dismiss);
                    }
                });
            });
        });
}
