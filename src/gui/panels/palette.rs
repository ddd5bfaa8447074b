//! The step palette: the list on the left, and the popup at the pointer. Filtered by what is typed and by what fits the
//! port that a wire was drawn from.

use egui::{Area, Context, EventFilter, Frame, Id, Key, Margin, Modifiers, Order, Ui, vec2};
use pipewright_core::steps::{self, StepKind};

use super::flow_view::{group_of, icon_of};
use crate::gui::canvas::{PortRef, Side};
use crate::gui::command::{Action, Actions};
use crate::gui::icons::Icon;
use crate::gui::marked::{doc_on_hover, doc_ui};
use crate::gui::settings::Block;
use crate::gui::state::StateRef;
use crate::gui::state::view::View;
use crate::gui::theme::{self, Group};
use crate::gui::widgets::{self, caption, group_icon, grown_list, list_row, scrolled, search_field};

const POPUP_WIDTH: f32 = 320.0;
const POPUP_HEIGHT: f32 = 380.0;

/// Step kinds that fit a query and a port, the best first; without a query in palette order.
pub fn matching(query: &str, from: Option<&PortRef>) -> Vec<&'static dyn StepKind> {
    let wanted = query.trim().to_lowercase();
    let fits = |kind: &&&'static dyn StepKind| {
        let ports = kind.ports(&kind.defaults());
        match from.map(|from| from.side) {
            None => true,
            Some(Side::Output) => !ports.inputs.is_empty(),
            Some(Side::Input) => !ports.outputs.is_empty(),
        }
    };
    let mut found: Vec<(u32, usize, &'static dyn StepKind)> = steps::kinds()
        .iter()
        .filter(fits)
        .enumerate()
        .filter_map(|(index, kind)| Some((rank(*kind, &wanted)?, index, *kind)))
        .collect();
    found.sort_by_key(|(rank, index, _)| (*rank, *index));
    found.into_iter().map(|(_, _, kind)| kind).collect()
}

/// 0: the title begins so; then words of the title, keywords, and what it does. `None`: does not fit.
fn rank(kind: &dyn StepKind, wanted: &str) -> Option<u32> {
    if wanted.is_empty() {
        return Some(0);
    }
    let title = kind.title().to_lowercase();
    if title.starts_with(wanted) {
        return Some(0);
    }
    if title.split([' ', '/']).any(|word| word.starts_with(wanted)) || title.contains(wanted) {
        return Some(1);
    }
    if kind.keywords().iter().any(|word| word.starts_with(wanted)) {
        return Some(2);
    }
    if wanted.len() > 2 && kind.doc().to_lowercase().contains(wanted) {
        return Some(3);
    }
    None
}

/// The first sentence of a text.
pub fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or(text).trim_end_matches([' '])
}

fn kind_row(ui: &mut Ui, kind: &dyn StepKind, detail: &str, is_marked: bool) -> egui::Response {
    list_row(ui, kind.title(), detail, is_marked, |ui| group_icon(ui, group_of(kind), icon_of(kind), 16.0))
}

/// Own entries that fit a query; to a port that takes rows none can be wired.
fn matching_blocks<'a>(
    state: StateRef<'a>,
    query: &str,
    from: Option<&PortRef>,
) -> impl Iterator<Item = &'a Block> + use<'a> {
    let wanted = query.trim().to_lowercase();
    let fits = from.is_none_or(|from| from.side == Side::Output);
    state.settings.blocks.iter().filter(move |block| fits && block.name.to_lowercase().contains(&wanted))
}

fn block_row(ui: &mut Ui, block: &Block, is_marked: bool) -> egui::Response {
    let row = list_row(ui, &block.name, "yours", is_marked, |ui| group_icon(ui, Group::Shape, Icon::Star, 16.0));
    row.on_hover_text("Steps that you saved; right click removes them from the palette")
}

/// The list in the left panel.
pub fn palette_ui(ui: &mut Ui, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    Frame::new().inner_margin(Margin::same(theme::SPACE_2 as i8)).show(ui, |ui| {
        search_field(ui, &mut view.palette_query, "Search steps", f32::INFINITY);
        ui.add_space(theme::SPACE_1);
        scrolled(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let found = matching(&view.palette_query, None);
            let blocks: Vec<&Block> = matching_blocks(state, &view.palette_query, None).collect();
            if !blocks.is_empty() {
                caption(ui, "YOURS");
                ui.add_space(2.0);
            }
            for block in &blocks {
                let row = block_row(ui, block, false);
                if row.clicked() {
                    view.palette_query.clear();
                    out.push(Action::PlaceBlock { name: block.name.clone(), at: None, from: None });
                }
                widgets::menu::menu_of(&row, row.rect, |ui| {
                    if ui.button("Remove from the palette").clicked() {
                        out.push(Action::ForgetBlock(block.name.clone()));
                        ui.close();
                    }
                });
            }
            let mut group: Option<Group> = None;
            for kind in &found {
                if view.palette_query.trim().is_empty() && group != Some(group_of(*kind)) {
                    group = Some(group_of(*kind));
                    ui.add_space(theme::SPACE_2);
                    caption(ui, group_of(*kind).title().to_uppercase());
                    ui.add_space(2.0);
                }
                let row = doc_on_hover(kind_row(ui, *kind, "", false), kind.doc());
                if row.clicked() {
                    view.palette_query.clear();
                    out.push(Action::Place { kind: kind.name(), at: None, from: None });
                }
            }
            if found.is_empty() && blocks.is_empty() {
                widgets::empty_state(ui, "No such step", "Try another word");
            }
        });
    });
}

/// The popup at the pointer.
pub fn popup_ui(ctx: &Context, state: StateRef<'_>, view: &mut View, out: &mut Actions) {
    let Some(popup) = &mut view.palette else { return };
    let room = ctx.content_rect();
    let corner = popup
        .screen
        .min(room.max - vec2(POPUP_WIDTH + theme::SPACE_4, POPUP_HEIGHT + theme::SPACE_4))
        .max(room.min + vec2(theme::SPACE_2, theme::SPACE_2));
    let mut is_done = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let found = matching(&popup.query, popup.from.as_ref());
    // Tab goes through the list as well, so that the focus stays here as long as the popup is open.
    let moves = ctx.input_mut(|input| {
        let back = input.count_and_consume_key(Modifiers::SHIFT, Key::Tab)
            + input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp);
        let on = input.count_and_consume_key(Modifiers::NONE, Key::Tab)
            + input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown);
        on as isize - back as isize
    });
    let blocks: Vec<&Block> = matching_blocks(state, &popup.query, popup.from.as_ref()).collect();
    let last = (found.len() + blocks.len()).saturating_sub(1) as isize;
    popup.chosen = (popup.chosen as isize + moves).clamp(0, last) as usize;
    let enter = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Enter));
    let mut placed = found.get(popup.chosen).copied().filter(|_| enter);
    let chosen_block = popup.chosen.checked_sub(found.len()).and_then(|index| blocks.get(index)).copied();
    let mut placed_block = chosen_block.filter(|_| enter);
    let id = Id::unique("step palette");
    let area =
        Area::new(id).order(Order::Foreground).fixed_pos(corner).accessible_name("Step palette").show(ctx, |ui| {
            Frame::popup(ui.style()).inner_margin(Margin::same(theme::SPACE_2 as i8)).show(ui, |ui| {
                ui.set_width(POPUP_WIDTH);
                let before = popup.query.clone();
                let field = search_field(ui, &mut popup.query, "Add a step", f32::INFINITY);
                if popup.is_new {
                    field.request_focus();
                }
                let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: false };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(field.id, filter));
                if popup.query != before {
                    popup.chosen = 0;
                }
                if let Some(from) = &popup.from {
                    caption(ui, format!("fits “{}”", state.step_title(&from.step)));
                }
                ui.add_space(theme::SPACE_1);
                grown_list(POPUP_HEIGHT - 110.0).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for (index, kind) in found.iter().enumerate() {
                        let is_chosen = index == popup.chosen;
                        let row = kind_row(ui, *kind, group_of(*kind).title(), is_chosen);
                        if is_chosen && moves != 0 {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() {
                            placed = Some(*kind);
                        }
                    }
                    for (index, block) in blocks.iter().enumerate() {
                        let is_chosen = found.len() + index == popup.chosen;
                        let row = block_row(ui, block, is_chosen);
                        if is_chosen && moves != 0 {
                            row.scroll_to_me(None);
                        }
                        if row.clicked() {
                            placed_block = Some(block);
                        }
                    }
                    if found.is_empty() && blocks.is_empty() {
                        widgets::soft(ui, "no step fits");
                    }
                });
                if let Some(kind) = found.get(popup.chosen) {
                    ui.separator();
                    doc_ui(ui, first_sentence(kind.doc()), &theme::caption());
                }
            });
        });
    let is_new = std::mem::take(&mut popup.is_new);
    is_done |= !is_new && area.response.clicked_elsewhere();
    if let Some(kind) = placed {
        out.push(Action::Place { kind: kind.name(), at: popup.at, from: popup.from.clone() });
        is_done = true;
    }
    if let Some(block) = placed_block {
        let (at, from) = (popup.at, popup.from.clone());
        out.push(Action::PlaceBlock { name: block.name.clone(), at, from });
        is_done = true;
    }
    if is_done {
        view.palette = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_name_and_by_what_they_do() {
        assert!(matching("", None).len() == steps::kinds().len());
        assert_eq!(matching("filt", None)[0].name(), "filter");
        assert_eq!(matching("where", None)[0].name(), "filter");
        let from = PortRef { step: "s".into(), side: Side::Output, port: "out".into() };
        assert!(matching("", Some(&from)).iter().all(|kind| !kind.ports(&kind.defaults()).inputs.is_empty()));
    }
}
