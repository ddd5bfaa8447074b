//! The canvas in the middle: shows the scene, says which wires are allowed and why not, and turns what is done on it
//! into edits and actions.

use egui::Ui;

use super::{answer_card, groups, guide};
use crate::gui::actions::{edits, room};
use crate::gui::canvas::{CanvasEvent, PortRef, Selection, Target};
use crate::gui::command::{Action, Actions, Chosen, Command};
use crate::gui::state::view::{Dialog, View};
use crate::gui::state::{AppState, StateRef};
use crate::gui::suggestion;
use crate::gui::widgets::menu::menu_of;
use crate::gui::widgets::shown_name;

/// Draws the canvas and gives what was done.
pub fn canvas_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) -> Vec<CanvasEvent> {
    suggestion::bar_ui(ui, state, out);
    let rule = |from: &PortRef, to: &PortRef| may_connect(state, from, to);
    let before = view.canvas.widget();
    let answer = view.canvas.ui(ui, &view.scene, &rule);
    // While the panel below unfolds nobody knows yet what will be seen.
    let is_steady = view.canvas.widget() == before;
    if std::mem::take(&mut view.fit) {
        view.canvas.fit_all();
        ui.ctx().request_repaint();
    }
    if let Some(steps) = view.fit_steps.take() {
        view.canvas.fit_steps(&steps);
        ui.ctx().request_repaint();
    }
    if view.reveal.is_some() && !is_steady {
        ui.ctx().request_repaint();
    } else if let Some(step) = view.reveal.take() {
        // From far away a step that is only panned to could not be read.
        const READABLE: f32 = 0.45;
        if view.canvas.view.zoom < READABLE {
            view.canvas.fit_selection();
        } else {
            view.canvas.reveal(&step);
        }
        ui.ctx().request_repaint();
    }
    if state.design().steps.is_empty() && state.planning.asking.is_none() {
        guide::guide_ui(ui, answer.response.rect, state, view, out);
    }
    if view.takes_panel(1) {
        answer.response.request_focus();
    }
    let selected = state.selection.steps.iter().next().and_then(|step| view.canvas.step_rect(step));
    let canvas = answer.response.rect;
    let place =
        selected.map_or(egui::Rect::from_pos(canvas.center()), |rect| view.canvas.view.rect_to_screen(canvas, rect));
    menu_of(&answer.response, place, |ui| {
        let has_steps = !state.selection.steps.is_empty();
        for command in [Command::AddStep, Command::Paste, Command::Note] {
            menu_item(ui, command, true, out);
        }
        ui.separator();
        for command in [
            Command::Copy,
            Command::CopyCommandLine,
            Command::CopySql,
            Command::Cut,
            Command::Duplicate,
            Command::Delete,
            Command::Bypass,
            Command::Comment,
            Command::Pin,
            Command::Frame,
            Command::Group,
            Command::KeepBlock,
            Command::Layout,
            Command::FitSelection,
        ] {
            menu_item(ui, command, has_steps || !state.selection.wires.is_empty(), out);
        }
        ui.separator();
        for command in [Command::SelectAll, Command::Fit] {
            menu_item(ui, command, true, out);
        }
    });
    answer.events
}

/// An entry of a menu, with its keys.
pub fn menu_item(ui: &mut Ui, command: Command, is_enabled: bool, out: &mut Actions) {
    let keys = command.keys(ui.ctx());
    let button = egui::Button::new(command.text()).shortcut_text(keys);
    if ui.add_enabled(is_enabled, button).on_hover_text(command.doc()).clicked() {
        out.command(command);
        ui.close();
    }
}

/// May rows flow from an output to an input? If not, why.
fn may_connect(state: StateRef<'_>, from: &PortRef, to: &PortRef) -> Result<(), String> {
    let project = &state.project;
    if state.is_ghost(&from.step) || state.is_ghost(&to.step) {
        return Err("accept the suggestion first (Ctrl+Enter)".into());
    }
    let (from, to) = (&groups::real_port(project, from), &groups::real_port(project, to));
    if from.step == to.step {
        return Err("a step cannot feed itself".into());
    }
    if project.reaches(&to.step, &from.step) {
        return Err("this would close a circle: rows flow one way".into());
    }
    let is_there = project
        .wires_into(&to.step)
        .any(|wire| wire.input == to.port && wire.from == from.step && wire.output == from.port);
    if is_there {
        return Err("these are wired already".into());
    }
    Ok(())
}

/// What was done on the canvas, as edits and actions.
pub fn take_event(event: CanvasEvent, state: &mut AppState, view: &mut View, out: &mut Actions) {
    let project = &state.project;
    match event {
        CanvasEvent::Select(selection) => select(state, view, selection),
        CanvasEvent::Moved(steps) => {
            let edits = edits::moved(&groups::moved(project, &steps), project);
            let label = if steps.len() == 1 { "move step".to_owned() } else { format!("move {} steps", steps.len()) };
            if !edits.is_empty() {
                out.edit(label, edits);
            }
        }
        // Its steps are moved; the frame follows.
        CanvasEvent::FrameMoved(id, _) if project.groups.contains_key(&id) => {
            out.push(Action::Choose(Chosen::Group(id)))
        }
        CanvasEvent::FrameMoved(id, at) => {
            out.edit("move frame", place(&id, at));
            out.push(Action::Choose(Chosen::Frame(id)));
        }
        CanvasEvent::NoteMoved(id, at) => {
            out.edit("move note", place(&id, at));
            out.push(Action::Choose(Chosen::Note(id)));
        }
        CanvasEvent::Connect { from, to } => {
            let (from, to) = (groups::real_port(project, &from), groups::real_port(project, &to));
            connect(state, view, ("connect", edits::connect(project, &from, &to)), [&from, &to], None, out);
        }
        CanvasEvent::Disconnect { wire } => out.edit("disconnect", vec![edits::remove(&wire)]),
        CanvasEvent::Reconnect { wire, from, to } => {
            let mut batch = vec![edits::remove(&wire)];
            let (from, to) = (groups::real_port(project, &from), groups::real_port(project, &to));
            let again = edits::connect(project, &from, &to);
            batch.extend(again.into_iter().filter(|edit| *edit != edits::remove(&wire)));
            connect(state, view, ("reconnect", batch), [&from, &to], Some(&wire), out);
        }
        CanvasEvent::InsertOnWire { step, wire, at } => {
            let edits = match project.groups.contains_key(&step) {
                // A card stands for several steps: it is only moved.
                true => edits::moved(&groups::moved(project, &[(step, at)]), project),
                false => room::insert_on_wire(project, &step, &wire, at),
            };
            out.edit("insert on wire", edits);
        }
        CanvasEvent::WireDropped { from, at, screen } => {
            let from = groups::real_port(project, &from);
            out.push(Action::Palette { at: Some(at), screen: Some(screen), from: Some(from) });
        }
        CanvasEvent::PaletteAt { at, screen } => {
            // With a selection the new step follows it; without, it goes where the palette was asked for.
            let at = Some(at).filter(|_| state.selection.steps.is_empty());
            out.push(Action::Palette { at, screen: Some(screen), from: None });
        }
        CanvasEvent::Context { target, .. } => match target {
            Target::Step(step) if !view.canvas.selection().steps.contains(&step) => {
                out.push(Action::Select { steps: vec![step], reveal: false });
            }
            Target::Wire(wire) => {
                let selection = Selection { wires: [wire].into(), ..Selection::default() };
                view.canvas.select(selection.clone());
                select(state, view, selection);
            }
            Target::Note(id) => out.push(Action::Choose(Chosen::Note(id))),
            Target::Frame(id) if project.groups.contains_key(&id) => out.push(Action::Choose(Chosen::Group(id))),
            Target::Frame(id) => out.push(Action::Choose(Chosen::Frame(id))),
            Target::Step(_) | Target::Port(_) | Target::Canvas => {}
        },
        CanvasEvent::Delete(selection) => {
            let edits = edits::delete(project, &groups::unfolded(project, selection));
            if !edits.is_empty() {
                out.edit("delete", edits);
            }
        }
        CanvasEvent::Open(id) if project.groups.contains_key(&id) => {
            let open = project.groups.get(&id).map(groups::turned);
            out.edit("open the group", open.into_iter().collect());
        }
        CanvasEvent::Open(step) => {
            // Of an answer the card comes before the form, as by F6.
            let field = project.steps.get(&step).and_then(|step| match step.kind.as_str() {
                "answer" => Some(answer_card::CARD.to_owned()),
                kind => pipewright_core::steps::kind(kind)?.form().first().map(|field| field.name.to_owned()),
            });
            out.push(Action::FocusField { step, field: field.unwrap_or_default() });
        }
        CanvasEvent::Hover(_) => {}
    }
}

/// Does the edits of a new wire; asks where another wire must give way, but for one that is being moved.
fn connect(
    state: &AppState,
    view: &mut View,
    (label, edits): (&str, Vec<pipewright_core::project::Edit>),
    [from, to]: [&PortRef; 2],
    moves: Option<&str>,
    out: &mut Actions,
) {
    let given_way = edits.iter().find_map(|edit| match edit {
        pipewright_core::project::Edit::Remove { id } if Some(id.as_str()) != moves => state.project.wires.get(id),
        _ => None,
    });
    match given_way {
        Some(wire) => {
            let title = |step: &str| shown_name(state.step_title(step), 60);
            let question = format!(
                "“{}” is fed by “{}”. Is it to be fed by “{}” instead?",
                title(&to.step),
                title(&wire.from),
                title(&from.step)
            );
            view.show_dialog(Dialog::ReplaceWire { question, edits });
        }
        None => out.edit(label.to_owned(), edits),
    }
}

fn place(id: &str, at: egui::Pos2) -> Vec<pipewright_core::project::Edit> {
    vec![
        edits::set(id, "x", serde_json::json!(at.x.round() as i32)),
        edits::set(id, "y", serde_json::json!(at.y.round() as i32)),
    ]
}

/// Makes a selection that the canvas has the designer's, too.
pub fn select(state: &mut AppState, view: &mut View, selection: Selection) {
    let selection = groups::unfolded(&state.project, selection);
    if state.selection.steps != selection.steps {
        view.fold.follow();
        view.preview.port = None;
        view.preview.choose(None);
        state.column = None;
        view.forms.clear();
        state.results.version += 1;
    }
    if !selection.steps.is_empty() {
        state.chosen = Chosen::Project;
    }
    state.selection = selection;
}
