//! Search over everything (Ctrl+P): commands, steps, wires, columns, questions, sources, notes. And over the steps alone (Ctrl+F).

use egui::{Area, Context, Frame, Id, Key, Margin, Modifiers, Order, Ui, pos2};

use pipewright_core::planner::{Dials, ready_questions};

use crate::gui::canvas::Icon;
use crate::gui::command::{Action, Actions, Chosen, Command};
use crate::gui::icons::icon_ui;
use crate::gui::panels::flow_view::{group_of, icon_of};
use crate::gui::panels::questions::way_to;
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::theme;
use crate::gui::widgets::{group_icon, grown_list, list_row, search_field, shown_name, soft};

const WIDTH: f32 = 520.0;
const MOST: usize = 60;

/// One thing that can be found.
struct Hit {
    title: String,
    detail: String,
    icon: Lead,
    action: Action,
}

enum Lead {
    Icon(Icon),
    Kind(&'static dyn pipewright_core::steps::StepKind),
}

fn hits(ctx: &Context, state: StateRef<'_>, query: &str, only_steps: bool) -> Vec<Hit> {
    let wanted: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let fits = |text: &str| {
        let text = text.to_lowercase();
        wanted.iter().all(|word| text.contains(word))
    };
    let mut found = Vec::new();
    for step in state.project.steps.values() {
        let title = state.step_title(&step.id);
        let kind = pipewright_core::steps::kind(&step.kind);
        let name = kind.map_or(step.kind.as_str(), |kind| kind.title());
        let line = kind.map(|kind| kind.summary(&step.settings).0).unwrap_or_default();
        if fits(&format!("{title} {name} {line}")) {
            found.push(Hit {
                title: title.to_owned(),
                detail: name.to_owned(),
                icon: kind.map_or(Lead::Icon(Icon::Question), Lead::Kind),
                action: Action::Select { steps: vec![step.id.clone()], reveal: true },
            });
        }
    }
    if only_steps {
        return best(found, query);
    }
    for command in Command::ALL.iter().filter(|command| fits(&format!("{} {}", command.text(), command.doc()))) {
        found.push(Hit {
            title: command.text().to_owned(),
            detail: command.keys(ctx),
            icon: Lead::Icon(Icon::Right),
            action: Action::Command(*command),
        });
    }
    for question in state.project.questions.values().filter(|question| fits(&question.title)) {
        found.push(Hit {
            title: question.title.clone(),
            detail: "question".into(),
            icon: Lead::Icon(Icon::Question),
            action: way_to(state, &question.id),
        });
    }
    let ready = ready_questions().iter().filter(|ready| !state.project.questions.contains_key(&ready.id));
    for question in ready.filter(|ready| !wanted.is_empty() && fits(&ready.title)) {
        found.push(Hit {
            title: question.title.clone(),
            detail: "suggest a flow".into(),
            icon: Lead::Icon(Icon::Sparkle),
            action: Action::Suggest { question: question.id.clone(), dials: Dials::new() },
        });
    }
    for comment in
        state.project.comments.values().filter(|comment| fits(&format!("{} {}", comment.text, comment.author)))
    {
        found.push(Hit {
            title: shown_name(&comment.text, 80),
            detail: format!("comment of {}", shown_name(&comment.author, 30)),
            icon: Lead::Icon(Icon::Comment),
            action: Action::ShowThing(comment.about.clone()),
        });
    }
    for source in state.project.sources.values() {
        if fits(&format!("{} {}", source.title, source.path)) {
            found.push(Hit {
                title: source.title.clone(),
                detail: "source".into(),
                icon: Lead::Icon(Icon::Lines),
                action: Action::Choose(Chosen::Source(source.id.clone())),
            });
        }
    }
    if !wanted.is_empty() {
        found.extend(new_steps(&fits));
        found.extend(around_steps(state, &fits));
        columns(state, &fits, &mut found);
    }
    best(found, query)
}

/// What lies between, behind and around steps: the way to these without a pointer.
fn around_steps(state: StateRef<'_>, fits: &dyn Fn(&str) -> bool) -> Vec<Hit> {
    let project = &state.project;
    let hit = |title: &str, detail: &str, icon, action| Hit {
        title: shown_name(title, 80),
        detail: detail.to_owned(),
        icon: Lead::Icon(icon),
        action,
    };
    let wires = project.wires.values().map(|wire| {
        let title = format!("{} → {}", state.step_title(&wire.from), state.step_title(&wire.to));
        hit(&title, "wire", Icon::Right, Action::ShowThing(wire.id.clone()))
    });
    let chosen = |title: &str, detail: &str, icon, chosen| hit(title, detail, icon, Action::Choose(chosen));
    let frames = project.frames.values();
    let frames = frames.map(|frame| chosen(&frame.title, "frame", Icon::Fit, Chosen::Frame(frame.id.clone())));
    let groups = project.groups.values();
    let groups = groups.map(|group| chosen(&group.title, "group", Icon::Columns, Chosen::Group(group.id.clone())));
    let notes = project.notes.values();
    let notes = notes.map(|note| chosen(&note.text, "note", Icon::Comment, Chosen::Note(note.id.clone())));
    let found = wires.chain(frames).chain(groups).chain(notes);
    found.filter(|hit| fits(&format!("{} {}", hit.title, hit.detail))).collect()
}

/// Steps that can be added, by their names.
fn new_steps(fits: &dyn Fn(&str) -> bool) -> impl Iterator<Item = Hit> {
    let kinds = pipewright_core::steps::kinds().iter().filter(|kind| fits(&format!("add step {}", kind.title())));
    kinds.map(|kind| Hit {
        title: kind.title().to_owned(),
        detail: "add this step".into(),
        icon: Lead::Kind(*kind),
        action: Action::Place { kind: kind.name(), at: None, from: None },
    })
}

/// The hits that fit best, best first.
fn best(mut found: Vec<Hit>, query: &str) -> Vec<Hit> {
    let query = query.trim().to_lowercase();
    found.sort_by_key(|hit| rank(&hit.title.to_lowercase(), &query));
    found.truncate(MOST);
    found
}

/// 0: the title itself; then titles that begin so, that hold the words, and all others. Both in lower case.
fn rank(title: &str, query: &str) -> u8 {
    if query.is_empty() || title == query {
        0
    } else if title.starts_with(query) {
        1
    } else if query.split_whitespace().all(|word| title.contains(word)) {
        2
    } else {
        3
    }
}

/// Columns where they first appear.
fn columns(state: StateRef<'_>, fits: &dyn Fn(&str) -> bool, found: &mut Vec<Hit>) {
    let most = found.len() + MOST;
    let mut seen = std::collections::BTreeSet::new();
    for (_, node) in state.plan.iter() {
        for field in &node.schema.fields {
            if found.len() >= most {
                return;
            }
            if fits(&field.name) && seen.insert((field.name.clone(), field.data_type.to_string())) {
                found.push(Hit {
                    title: field.name.clone(),
                    detail: format!("{} from {}", field.data_type, node.origin.title),
                    icon: Lead::Icon(Icon::Columns),
                    action: Action::Select { steps: vec![node.origin.step.clone()], reveal: true },
                });
            }
        }
    }
}

/// The search window.
pub fn search_ui(ctx: &Context, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some(search) = &mut view.search else { return };
    let found = hits(ctx, state, &search.query, search.only_steps);
    let mut is_done = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let moves = ctx.input_mut(|input| {
        input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown) as isize
            - input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp) as isize
    });
    search.chosen = (search.chosen as isize + moves).clamp(0, found.len().saturating_sub(1) as isize) as usize;
    let enter = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    let mut picked = enter.then_some(search.chosen);
    let room = ctx.content_rect();
    let corner = pos2(room.center().x - WIDTH / 2.0, room.top() + 48.0);
    let name = if search.only_steps { "Find a step" } else { "Search steps, columns, commands" };
    let area = Area::new(Id::unique("search"))
        .order(Order::Foreground)
        .fixed_pos(corner)
        .accessible_name("Search window")
        .show(ctx, |ui| {
            Frame::popup(ui.style()).inner_margin(Margin::same(theme::SPACE_2 as i8)).show(ui, |ui| {
                ui.set_width(WIDTH);
                let before = search.query.clone();
                let field = search_field(ui, &mut search.query, name, f32::INFINITY);
                if search.is_new {
                    field.request_focus();
                }
                if search.query != before {
                    search.chosen = 0;
                }
                ui.add_space(theme::SPACE_1);
                grown_list(room.height() * 0.5).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for (index, hit) in found.iter().enumerate() {
                        let is_chosen = index == search.chosen;
                        let row = list_row(ui, &hit.title, &hit.detail, is_chosen, |ui| lead_ui(ui, &hit.icon));
                        if is_chosen && moves != 0 {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() {
                            picked = Some(index);
                        }
                    }
                    if found.is_empty() {
                        soft(ui, "nothing found");
                    }
                });
            });
        });
    let is_new = std::mem::take(&mut search.is_new);
    is_done |= !is_new && area.response.clicked_elsewhere();
    if let Some(hit) = picked.and_then(|index| found.into_iter().nth(index)) {
        out.push(hit.action);
        is_done = true;
    }
    if is_done {
        view.search = None;
    }
}

fn lead_ui(ui: &mut Ui, lead: &Lead) {
    match lead {
        Lead::Icon(icon) => {
            let soft = theme::palette(ui.ctx()).soft;
            icon_ui(ui, *icon, 16.0, Some(soft));
        }
        Lead::Kind(kind) => group_icon(ui, group_of(*kind), icon_of(*kind), 16.0),
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn the_title_counts_before_what_a_step_does() {
        let mut titles = ["visitors per page", "views of a page", "page views", "page views 2"];
        titles.sort_by_key(|title| rank(title, "page views"));
        assert_eq!(titles, ["page views", "page views 2", "views of a page", "visitors per page"]);
    }
}
