//! Groups of steps: closed, a group is one card with the ports of what crosses its border; open, a frame around its
//! steps. The selection always names steps; the canvas sees cards. Changes nothing.

use std::collections::{BTreeSet, HashMap};

use egui::{Pos2, Rect, Ui, pos2};
use pipewright_core::model::Id;
use pipewright_core::project::{Edit, Project, Step, StepGroup};
use serde_json::{Value as Json, json};

use crate::gui::actions::edits;
use crate::gui::canvas::{FrameView, Icon, PortRef, PortView, Scene, Selection, StepState, StepView, WireView};
use crate::gui::command::{Actions, Command};
use crate::gui::state::{StateRef, counted};
use crate::gui::widgets::{link, shown_name};

/// Room around the steps of an open group.
const AROUND: f32 = 28.0;

/// The steps of a group that are there.
fn members<'a>(project: &'a Project, group: &'a StepGroup) -> impl Iterator<Item = &'a Step> {
    group.steps.iter().filter_map(|id| project.steps.get(id))
}

/// By step: the closed group that it is in.
fn closed(project: &Project) -> HashMap<&str, &StepGroup> {
    let groups = project.groups.values().filter(|group| group.closed);
    let mut found: HashMap<&str, &StepGroup> = HashMap::new();
    for group in groups {
        for step in members(project, group) {
            found.entry(&step.id).or_insert(group);
        }
    }
    found
}

/// The steps that a selection on the canvas means.
pub fn unfolded(project: &Project, selection: Selection) -> Selection {
    let mut steps = BTreeSet::new();
    for id in selection.steps {
        match project.groups.get(&id) {
            Some(group) => steps.extend(members(project, group).map(|step| step.id.clone())),
            None => drop(steps.insert(id)),
        }
    }
    Selection { steps, ..selection }
}

/// The cards on the canvas that stand for selected steps.
pub fn folded(project: &Project, selection: &Selection) -> Selection {
    let closed = closed(project);
    let card = |id: &Id| closed.get(id.as_str()).map_or(id, |group| &group.id).clone();
    Selection { steps: selection.steps.iter().map(card).collect(), wires: selection.wires.clone() }
}

/// The port of a step that a port of a card stands for.
pub fn real_port(project: &Project, port: &PortRef) -> PortRef {
    match port.port.split_once('/').filter(|_| project.groups.contains_key(&port.step)) {
        Some((step, name)) => PortRef { step: step.to_owned(), side: port.side, port: name.to_owned() },
        None => port.clone(),
    }
}

/// Where the card of a group stands: where its steps begin.
fn corner(project: &Project, group: &StepGroup) -> Option<Pos2> {
    let places = || members(project, group).map(|step| pos2(step.x as f32, step.y as f32));
    places().reduce(|one, other| one.min(other))
}

/// Moved cards as moved steps.
pub fn moved(project: &Project, cards: &[(Id, Pos2)]) -> Vec<(Id, Pos2)> {
    let mut found = Vec::new();
    for (id, at) in cards {
        let Some((group, from)) = project.groups.get(id).and_then(|group| Some((group, corner(project, group)?)))
        else {
            found.push((id.clone(), *at));
            continue;
        };
        let steps = members(project, group);
        found.extend(steps.map(|step| (step.id.clone(), pos2(step.x as f32, step.y as f32) + (*at - from))));
    }
    found
}

/// Groups the selected steps; where they are one group already, opens or closes it.
pub fn group_edits(project: &Project, selection: &Selection) -> Vec<Edit> {
    if let Some(group) = selected_group(project, selection) {
        return vec![turned(group)];
    }
    let others = project.groups.values().filter(|group| group.steps.iter().any(|id| selection.steps.contains(id)));
    let mut batch: Vec<Edit> = others
        .map(|group| {
            let left: Vec<&Id> = group.steps.iter().filter(|id| !selection.steps.contains(*id)).collect();
            if left.is_empty() { edits::remove(&group.id) } else { edits::set(&group.id, "steps", json!(left)) }
        })
        .collect();
    let group = StepGroup {
        id: project.new_id("grp"),
        title: "Group".to_owned(),
        steps: selection.steps.iter().filter(|id| project.steps.contains_key(*id)).cloned().collect(),
        closed: true,
        ..StepGroup::default()
    };
    if group.steps.len() > 1 {
        batch.push(edits::insert("groups", &group));
        batch
    } else {
        Vec::new()
    }
}

/// Opens a closed group, closes an open one.
pub fn turned(group: &StepGroup) -> Edit {
    edits::set(&group.id, "closed", if group.closed { Json::Null } else { Json::Bool(true) })
}

/// The group whose steps are selected, all of them and no others.
pub fn selected_group<'a>(project: &'a Project, selection: &Selection) -> Option<&'a StepGroup> {
    project.groups.values().find(|group| {
        let mut count = 0;
        members(project, group).all(|step| {
            count += 1;
            selection.steps.contains(&step.id)
        }) && count > 0
            && count == selection.steps.len()
    })
}

/// What can be done with a group, below its title.
pub fn group_ui(ui: &mut Ui, state: StateRef<'_>, group: &StepGroup, out: &mut Actions) {
    let (text, label) = if group.closed { ("Open", "open the group") } else { ("Close", "close the group") };
    if link(ui, text).clicked() {
        out.edit(label, vec![turned(group)]);
    }
    if link(ui, "Save to the palette…").clicked() {
        out.command(Command::KeepBlock);
    }
    ui.label(counted(members(&state.project, group).count() as u64, "step"));
    for step in members(&state.project, group) {
        crate::gui::widgets::soft(ui, shown_name(state.step_title(&step.id), 60));
    }
}

/// Puts cards in the place of the steps of closed groups, and frames around those of open ones.
pub fn fold(project: &Project, scene: &mut Scene) {
    if project.groups.is_empty() {
        return;
    }
    let closed = closed(project);
    for group in project.groups.values().filter(|group| !group.closed) {
        let rects = scene.steps.iter().filter(|step| group.steps.contains(&step.id)).map(StepView::rect);
        if let Some(bounds) = rects.reduce(Rect::union) {
            let mut rect = bounds.expand(AROUND);
            rect.min.y -= 12.0;
            scene.frames.push(FrameView { id: group.id.clone(), title: shown_name(&group.title, 200), rect });
        }
    }
    if closed.is_empty() {
        return;
    }
    let steps = std::mem::take(&mut scene.steps);
    let mut cards: Vec<StepView> = Vec::new();
    let mut card_of: HashMap<&str, usize> = HashMap::new();
    // By the index of a step: that of its card.
    let mut places: Vec<usize> = Vec::with_capacity(steps.len());
    for step in &steps {
        let Some(group) = closed.get(step.id.as_str()) else {
            places.push(cards.len());
            cards.push(step.clone());
            continue;
        };
        let place = *card_of.entry(&group.id).or_insert(cards.len());
        if place == cards.len() {
            cards.push(card(project, group, step));
        }
        add_to_card(&mut cards[place], step);
        places.push(place);
    }
    let wires = std::mem::take(&mut scene.wires);
    add_free_ports(&steps, &wires, &places, &mut cards);
    for mut wire in wires {
        let (from, to) = (places[wire.from.0], places[wire.to.0]);
        if from == to && cards[from].is_group {
            continue;
        }
        let output = port_on(&mut cards[from], &steps[wire.from.0], wire.from.1, false);
        let input = port_on(&mut cards[to], &steps[wire.to.0], wire.to.1, true);
        (wire.from, wire.to) = ((from, output), (to, input));
        scene.wires.push(wire);
    }
    scene.steps = cards;
}

/// The card of a group, yet without ports.
fn card(project: &Project, group: &StepGroup, first: &StepView) -> StepView {
    let at = corner(project, group).unwrap_or(first.position);
    let mut card = StepView::new(&group.id, shown_name(&group.title, 200), first.group, at);
    card.kind = "Group".to_owned();
    card.icon = Icon::Columns;
    card.is_group = true;
    card.dimmed = true;
    card.state = StepState::Idle;
    (card.inputs, card.outputs) = (Vec::new(), Vec::new());
    let count = members(project, group).count();
    card.line = counted(count as u64, "step");
    card
}

/// What a step adds to the card that it is in: its name, and its state where it is the graver one.
fn add_to_card(card: &mut StepView, step: &StepView) {
    let weight = |state: &StepState| match state {
        StepState::Error(_) => 8,
        StepState::Unfilled(_) => 7,
        StepState::Stale => 6,
        StepState::Computing => 5,
        StepState::Planned => 4,
        StepState::MadeUp => 3,
        StepState::Sample => 2,
        StepState::Exact => 1,
        StepState::Idle => 0,
    };
    if weight(&step.state) > weight(&card.state) {
        card.state = step.state.clone();
    }
    card.dimmed &= step.dimmed;
    if step.footer_warns && card.footer_right.is_empty() {
        card.footer_right.clone_from(&step.footer_right);
        card.footer_warns = true;
    }
    card.comments += step.comments;
    card.hover = if card.hover.is_empty() { step.title.clone() } else { format!("{}\n{}", card.hover, step.title) };
}

/// Inputs and outputs of steps in cards that have no wire: they can be wired from outside.
fn add_free_ports(steps: &[StepView], wires: &[WireView], places: &[usize], cards: &mut [StepView]) {
    let fed: BTreeSet<(usize, usize)> = wires.iter().map(|wire| wire.to).collect();
    let read: BTreeSet<usize> = wires.iter().map(|wire| wire.from.0).collect();
    for (index, step) in steps.iter().enumerate() {
        let card = &mut cards[places[index]];
        if !card.is_group {
            continue;
        }
        for port in (0..step.inputs.len()).filter(|port| !fed.contains(&(index, *port))) {
            port_on(card, step, port, true);
        }
        if !read.contains(&index) && !step.outputs.is_empty() {
            port_on(card, step, 0, false);
        }
    }
}

/// The place of a step's port on its card.
fn port_on(card: &mut StepView, step: &StepView, port: usize, is_input: bool) -> usize {
    if !card.is_group {
        return port;
    }
    let (own, ports) = if is_input { (&step.inputs, &mut card.inputs) } else { (&step.outputs, &mut card.outputs) };
    let Some(view) = own.get(port) else { return 0 };
    let name = format!("{}/{}", step.id, view.name);
    ports.iter().position(|known| known.name == name).unwrap_or_else(|| {
        ports.push(PortView::new(&name, format!("{}: {}", step.title, view.label)));
        ports.len() - 1
    })
}
