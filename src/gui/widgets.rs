//! Small widgets that several panels share, in the designer's look. Imports egui, the theme and icons; no project.

pub(super) mod chart;
pub(super) mod dial;
mod heat;
pub(super) mod menu;

use egui::{
    Align, Color32, Context, CornerRadius, Frame, Id, Key, Layout, Margin, Modifiers, Popup, PopupCloseBehavior, Rect,
    Response, RichText, Role, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use pipewright_core::quote::visible_start;

use super::icons::{Icon, icon_button};
use super::theme::{self, Group};

/// A hairline across the panel.
pub fn hairline(ui: &mut Ui) {
    let colour = theme::palette(ui.ctx()).hairline;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(1.0, colour));
}

/// A list that fills its room and follows the focus: what keys lead to comes into view.
pub fn scrolled<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    scrolled_anew(ui, false, contents)
}

/// As [`scrolled`]; `is_new`: what is in it is another thing than before, and is seen from its top.
pub fn scrolled_anew<R>(ui: &mut Ui, is_new: bool, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut list = ScrollArea::vertical().auto_shrink([false, false]);
    if is_new {
        list = list.vertical_scroll_offset(0.0);
    }
    let list = list.show(ui, |ui| {
        let result = contents(ui);
        follow_focus(ui);
        result
    });
    list.inner
}

/// A list in a window of its own: as high as what is in it, up to a height. A window that has just opened gives a list
/// else the room of two lines.
pub fn grown_list(height: f32) -> ScrollArea {
    ScrollArea::vertical().max_height(height).min_scrolled_height(height)
}

/// What has the keyboard. `None` also in a frame with a click: there egui would take the keyboard from what has just been
/// given it, and was not clicked on.
pub fn focused_response(ctx: &Context) -> Option<Response> {
    let is_clicked = ctx.input(|input| input.pointer.any_click());
    ctx.memory(|memory| memory.focused()).filter(|_| !is_clicked).and_then(|focused| ctx.read_response(focused))
}

/// Where the focus has moved to something in here, that is scrolled to.
pub fn follow_focus(ui: &mut Ui) {
    let Some(response) = focused_response(ui.ctx()) else { return };
    let place = ui.scope_id().with("focused");
    let before: Option<Id> = ui.data(|data| data.get_temp(place));
    if before == Some(response.id) {
        return;
    }
    ui.data_mut(|data| data.insert_temp(place, response.id));
    if response.layer_id != ui.layer_id() {
        return;
    }
    // What is seen beside this list, where the list would go on, is not in it.
    let is_elsewhere = response.interact_rect.is_positive() && !ui.clip_rect().intersects(response.interact_rect);
    if ui.min_rect().contains(response.rect.center()) && !is_elsewhere {
        ui.scroll_to_rect(response.rect.expand(theme::SPACE_3), None);
    }
}

/// Secondary text.
pub fn soft(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = theme::palette(ui.ctx()).soft;
    ui.label(RichText::new(text).color(colour))
}

/// A caption: small, secondary.
pub fn caption(ui: &mut Ui, text: impl Into<String>) -> Response {
    let colour = theme::palette(ui.ctx()).soft;
    ui.label(RichText::new(text).font(theme::caption()).color(colour))
}

/// A name or path of whatever length, on one line, what is not to be seen written out: no more than `most` characters.
pub fn shown_name(text: &str, most: usize) -> String {
    visible_start(text, most)
}

/// Semibold body text.
pub fn strong(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(theme::semibold(text))
}

/// The main action of a place.
pub fn primary_button(ui: &mut Ui, text: &str) -> Response {
    let palette = theme::palette(ui.ctx());
    let label = RichText::new(text).font(theme::strong()).color(palette.on_colour);
    let response = ui.add(egui::Button::new(label).fill(palette.accent).stroke(Stroke::NONE));
    // Around it: on its own colour a ring is not seen.
    focus_ring(ui, &response, response.rect.expand(3.0));
    response
}

/// A link-like button.
pub fn link(ui: &mut Ui, text: &str) -> Response {
    let accent = theme::palette(ui.ctx()).accent;
    let response = ui.add(egui::Button::new(RichText::new(text).color(accent)).frame(false));
    focus_ring(ui, &response, response.rect.expand2(vec2(3.0, 1.0)));
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// A tab's title with an accent line under the one that is shown.
pub fn tab(ui: &mut Ui, text: &str, is_shown: bool) -> Response {
    let palette = theme::palette(ui.ctx());
    let laid = |font| ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    // As wide as it is when it is shown: its neighbours stay where they are.
    let (plain, shown) = (laid(theme::body()), laid(theme::strong()));
    let size = vec2(plain.size().x.max(shown.size().x) + theme::SPACE_1, 34.0);
    let galley = if is_shown { shown } else { plain };
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_shown, text));
    let colour = if is_shown || response.hovered() { palette.text } else { palette.soft };
    let place = rect.center() - galley.size() / 2.0;
    ui.painter().galley(place, galley, colour);
    if is_shown {
        let line = Rect::from_min_max(egui::pos2(rect.left(), rect.bottom() - 2.0), rect.max);
        ui.painter().rect_filled(line, 1.0, palette.accent);
    }
    focus_ring(ui, &response, rect.expand2(vec2(2.0, -3.0)));
    response
}

/// The ring around what has the keyboard.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        let radius = CornerRadius::same(theme::RADIUS_FIELD);
        ui.painter().rect_stroke(rect, radius, ui.visuals().selection.stroke, StrokeKind::Inside);
    }
}

/// A rounded outline with a word: a status.
pub fn badge(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let ink = theme::palette(ui.ctx()).ink(colour);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::caption(), ink);
    let size = galley.size() + vec2(14.0, 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    let stroke = Stroke::new(1.0, colour);
    ui.painter().rect_stroke(rect, CornerRadius::same(theme::RADIUS_STEP), stroke, StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, ink);
    response
}

/// A filled dot and a word: a state.
pub fn dot(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(8.0, ui.text_style_height(&egui::TextStyle::Body)), Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.0, colour);
}

/// How far something goes, told apart by form as well as by colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Full,
    /// A dot in a ring: by a way round.
    Ringed,
    Halved,
    Ring,
    Dash,
    Cross,
}

/// Paints a sign.
pub fn sign_ui(ui: &Ui, at: egui::Pos2, radius: f32, sign: Sign, colour: Color32) {
    let (painter, line) = (ui.painter(), Stroke::new(1.5, colour));
    let arm = radius - 1.0;
    match sign {
        Sign::Full => drop(painter.circle_filled(at, radius, colour)),
        Sign::Ringed => {
            painter.circle_stroke(at, radius, line);
            painter.circle_filled(at, radius / 2.0, colour);
        }
        Sign::Halved => {
            painter.circle_stroke(at, radius, line);
            painter.line_segment([at - vec2(0.0, radius), at + vec2(0.0, radius)], line);
        }
        Sign::Ring => drop(painter.circle_stroke(at, radius, line)),
        Sign::Dash => drop(painter.line_segment([at - vec2(3.0, 0.0), at + vec2(3.0, 0.0)], line)),
        Sign::Cross => {
            painter.line_segment([at - vec2(arm, arm), at + vec2(arm, arm)], line);
            painter.line_segment([at - vec2(arm, -arm), at + vec2(arm, -arm)], line);
        }
    }
}

/// The coloured square with a group's icon.
pub fn group_icon(ui: &mut Ui, group: Group, icon: Icon, size: f32) {
    let palette = theme::palette(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(theme::SPACE_1 as u8), palette.hue(group));
    icon.paint(ui.painter(), rect.shrink(size * 0.125), palette.on_colour);
}

/// A card that can be selected: raised, with a hairline, or the accent where it is selected. `name`: for screen
/// readers.
pub fn card(ui: &mut Ui, is_selected: bool, name: &str, contents: impl FnOnce(&mut Ui)) -> Response {
    let palette = theme::palette(ui.ctx());
    let stroke = if is_selected { palette.accent } else { palette.hairline };
    let fill = if is_selected { palette.selected_ground() } else { palette.raised };
    let frame = Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, stroke))
        .corner_radius(CornerRadius::same(theme::RADIUS_STEP))
        .inner_margin(Margin::same(theme::SPACE_3 as i8));
    let width = ui.available_width();
    let response = ui
        .scope_builder(UiBuilder::new().sense(Sense::click()), |ui| {
            frame.show(ui, |ui| {
                ui.set_width(width - 2.0 * theme::SPACE_3 - 2.0);
                contents(ui);
            });
        })
        .response;
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, name));
    focus_ring(ui, &response, response.rect);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// A quiet box for groups of fields.
pub fn group_box<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let palette = theme::palette(ui.ctx());
    let frame = Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.hairline))
        .corner_radius(CornerRadius::same(theme::RADIUS_FIELD))
        .inner_margin(Margin::same(theme::SPACE_2 as i8));
    let width = ui.available_width();
    frame
        .show(ui, |ui| {
            ui.set_width(width - 2.0 * theme::SPACE_2 - 2.0);
            contents(ui)
        })
        .inner
}

/// A search field with a magnifier and a way to clear it.
pub fn search_field(ui: &mut Ui, text: &mut String, hint: &str, width: f32) -> Response {
    let palette = theme::palette(ui.ctx());
    let response = ui.add(
        TextEdit::singleline(text)
            .hint_text(RichText::new(hint).color(palette.soft))
            .desired_width(width)
            .margin(Margin { left: 26, right: 8, top: 5, bottom: 5 }),
    );
    let icon =
        Rect::from_center_size(egui::pos2(response.rect.left() + 14.0, response.rect.center().y), Vec2::splat(14.0));
    Icon::Search.paint(ui.painter(), icon, palette.soft);
    response.accessible_name(hint)
}

/// A row of a list: title, a quiet word at its right; the whole row is the button.
pub fn list_row(ui: &mut Ui, title: &str, detail: &str, is_marked: bool, lead: impl FnOnce(&mut Ui)) -> Response {
    let palette = theme::palette(ui.ctx());
    let height = 28.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_marked, title));
    if ui.is_rect_visible(rect) {
        let ground = if is_marked {
            Some(palette.selected_ground())
        } else if response.hovered() || response.has_focus() {
            Some(palette.hovered_ground())
        } else {
            None
        };
        if let Some(ground) = ground {
            ui.painter().rect_filled(rect, CornerRadius::same(theme::RADIUS_FIELD), ground);
        }
        let inner = rect.shrink2(vec2(theme::SPACE_2, 0.0));
        let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Center)));
        lead(&mut row);
        row.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if !detail.is_empty() {
                let most = ui.available_width() * 0.6;
                ui.scope(|ui| {
                    ui.set_max_width(most);
                    ui.add(
                        egui::Label::new(RichText::new(detail).font(theme::caption()).color(palette.soft)).truncate(),
                    );
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(egui::Label::new(title).truncate());
            });
        });
        focus_ring(ui, &response, rect);
    }
    response
}

/// An entry of a picker.
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is read; empty: the value.
    pub label: String,
    /// A quiet word: a type, a format.
    pub detail: String,
}

/// A button that opens a list with a filter. Gives the value that was picked. `name`: for screen readers; `choices` are
/// made only while the list is open.
pub fn picker(
    ui: &mut Ui,
    name: &str,
    shown: &str,
    is_wrong: bool,
    choices: impl FnOnce() -> Vec<Choice>,
) -> Option<String> {
    let palette = theme::palette(ui.ctx());
    let colour = if is_wrong { palette.bad } else { palette.text };
    let text = if shown.is_empty() {
        RichText::new("choose…").color(palette.soft)
    } else {
        RichText::new(shown).color(colour)
    };
    let width = ui.available_width().min(340.0);
    let button = egui::Button::new(text)
        .fill(palette.canvas)
        .truncate()
        .right_text(RichText::new("▾").color(palette.soft))
        .min_size(vec2(width, theme::CONTROL_HEIGHT));
    let response = ui.add_sized(vec2(width, theme::CONTROL_HEIGHT), button);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    if ui.data_mut(|data| data.remove_temp::<bool>(next_picker())).unwrap_or(false) {
        response.request_focus();
    }
    let id = response.id.with("picker");
    let was_open = Popup::is_id_open(ui.ctx(), id);
    let mut picked = None;
    let popup = Popup::menu(&response).id(id).width(width.max(300.0));
    popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        picked = choices_ui(ui, id, &choices(), shown, response.clicked());
        if picked.is_some() {
            ui.close();
        }
    });
    give_back(&response, id, was_open, picked.is_some());
    picked
}

/// What can be picked: by the filter, the arrows and Enter, or by a click. `is_new`: the list has just opened.
fn choices_ui(ui: &mut Ui, id: Id, choices: &[Choice], shown: &str, is_new: bool) -> Option<String> {
    const ROW: f32 = 28.0;
    const HEIGHT: f32 = 260.0;
    let label = |choice: &Choice| if choice.label.is_empty() { choice.value.clone() } else { choice.label.clone() };
    // The text of the filter, and which of those that fit it Enter takes.
    let (mut filter, mut chosen): (String, usize) = ui.data(|data| data.get_temp(id)).unwrap_or_default();
    let has_filter = choices.len() > 8;
    let mut moves = 0;
    if has_filter {
        if is_new {
            // What is picked already: Enter alone changes nothing.
            let picked = choices.iter().position(|choice| label(choice) == shown);
            (filter, chosen) = (String::new(), picked.unwrap_or_default());
        }
        let before = filter.clone();
        let field = search_field(ui, &mut filter, "filter", f32::INFINITY);
        if is_new {
            field.request_focus();
        }
        if filter != before {
            chosen = 0;
        }
        moves = ui.input_mut(|input| {
            input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown) as isize
                - input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp) as isize
        });
    }
    let wanted = filter.to_lowercase();
    let fits = |choice: &&Choice| {
        choice.value.to_lowercase().contains(&wanted) || choice.label.to_lowercase().contains(&wanted)
    };
    let matching: Vec<&Choice> = choices.iter().filter(fits).collect();
    if matching.is_empty() {
        soft(ui, if choices.is_empty() { "nothing to choose from" } else { "nothing fits" });
    }
    chosen = (chosen as isize + moves).clamp(0, matching.len().saturating_sub(1) as isize) as usize;
    // The key that opened the list picks nothing of it.
    let is_entered = has_filter && !is_new && ui.input(|input| input.key_pressed(Key::Enter));
    let mut picked = matching.get(chosen).filter(|_| is_entered).map(|choice| choice.value.clone());
    let mut list = grown_list(HEIGHT);
    if moves != 0 || is_new {
        let pitch = ROW + ui.spacing().item_spacing.y;
        list = list.vertical_scroll_offset((chosen as f32 * pitch - HEIGHT / 2.0).max(0.0));
    }
    let first = matching.iter().position(|choice| label(choice) == shown).unwrap_or_default();
    list.show_rows(ui, ROW, matching.len(), |ui, rows| {
        for index in rows {
            let name = label(matching[index]);
            let is_marked = if has_filter { index == chosen } else { name == shown };
            let row = list_row(ui, &name, &matching[index].detail, is_marked, |_| {});
            // A short list has no filter to hold the keyboard.
            if is_new && !has_filter && index == first {
                row.request_focus();
            }
            if row.clicked() {
                picked = Some(matching[index].value.clone());
            }
        }
    });
    ui.data_mut(|data| data.insert_temp(id, (filter, chosen)));
    picked
}

/// Takes Enter where it is pressed alone; with Shift it begins a line. (What egui asks of a key leaves Shift aside.)
pub fn takes_enter(ui: &Ui) -> bool {
    ui.input_mut(|input| input.modifiers.is_none() && input.consume_key(Modifiers::NONE, Key::Enter))
}

/// Where a list was closed, and not by a click on something else, what opened it has the keyboard again.
fn give_back(response: &Response, id: Id, was_open: bool, is_picked: bool) {
    let is_closed = was_open && !Popup::is_id_open(&response.ctx, id);
    if is_closed && (is_picked || !response.ctx.input(|input| input.pointer.any_click())) {
        response.request_focus();
    }
}

/// An entry of a list in which several are chosen.
pub struct Check {
    pub name: String,
    /// A quiet word.
    pub detail: String,
    pub is_on: bool,
}

/// A button that opens a list with a filter, in which several are chosen. Gives what was turned on or off; an empty
/// name stands for all. `name`: for screen readers.
pub fn checks_popup(
    ui: &mut Ui,
    name: &str,
    shown: &str,
    checks: impl FnOnce() -> Vec<Check>,
) -> Option<(String, bool)> {
    let palette = theme::palette(ui.ctx());
    let size = vec2(ui.available_width(), theme::CONTROL_HEIGHT);
    let button = egui::Button::new(RichText::new(shown).color(palette.text))
        .fill(palette.canvas)
        .truncate()
        .right_text(RichText::new("▾").color(palette.soft))
        .min_size(size);
    let response = ui.add_sized(size, button).accessible_name(name);
    checks_ui(&response, ui.make_persistent_id(name), name, checks)
}

/// As [`checks_popup`], opened by a link.
pub fn checks_link(ui: &mut Ui, text: &str, name: &str, checks: impl FnOnce() -> Vec<Check>) -> Option<(String, bool)> {
    let response = link(ui, text);
    checks_ui(&response, ui.make_persistent_id(name), name, checks)
}

/// `id` stays while items are added above, so that the list stays open.
fn checks_ui(response: &Response, id: Id, name: &str, checks: impl FnOnce() -> Vec<Check>) -> Option<(String, bool)> {
    let mut turned = None;
    let was_open = Popup::is_id_open(&response.ctx, id);
    let popup = Popup::menu(response).id(id).width(response.rect.width().max(240.0));
    popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside).accessible_name(name).show(|ui| {
        let checks = checks();
        let filter_id = ui.scope_id().with("filter");
        let mut filter: String = ui.data_mut(|data| data.get_temp(filter_id)).unwrap_or_default();
        if checks.len() > 8 {
            let field = search_field(ui, &mut filter, "filter", f32::INFINITY);
            if response.clicked() {
                filter.clear();
                field.request_focus();
            }
            ui.data_mut(|data| data.insert_temp(filter_id, filter.clone()));
        }
        let wanted = filter.to_lowercase();
        let matching: Vec<&Check> = checks.iter().filter(|check| check.name.to_lowercase().contains(&wanted)).collect();
        if matching.is_empty() {
            soft(ui, if checks.is_empty() { "nothing to choose from" } else { "nothing fits" });
        }
        grown_list(260.0).show(ui, |ui| {
            for check in matching {
                let mut is_on = check.is_on;
                ui.horizontal(|ui| {
                    if ui.checkbox(&mut is_on, RichText::new(&check.name).font(theme::code())).changed() {
                        turned = Some((check.name.clone(), is_on));
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| caption(ui, check.detail.as_str()));
                });
            }
        });
        if checks.len() > 1 {
            ui.horizontal(|ui| {
                if link(ui, "All").clicked() {
                    turned = Some((String::new(), true));
                }
                if link(ui, "None").clicked() {
                    turned = Some((String::new(), false));
                }
            });
        }
    });
    give_back(response, id, was_open, false);
    turned
}

/// What is drawn next, and can have it, takes the keyboard.
pub fn focus_next(ui: &Ui) {
    ui.memory_mut(|memory| {
        if let Some(focused) = memory.focused() {
            memory.surrender_focus(focused);
        }
        memory.move_focus(egui::FocusDirection::Next);
    });
}

/// Where the wish of `focus_next_picker` is kept.
pub fn next_picker() -> Id {
    Id::unique("focus next picker")
}

/// The next picker that is drawn takes the keyboard.
pub fn focus_next_picker(ui: &Ui) {
    ui.data_mut(|data| data.insert_temp(next_picker(), true));
}

/// A control so wide; where that has no room in a line that wraps, on the next one.
pub fn in_width<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let drawn = ui.allocate_ui(vec2(width, theme::CONTROL_HEIGHT), |ui| {
        ui.set_max_width(width);
        add(ui)
    });
    drawn.inner
}

/// Small buttons that move an item up or down or take it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemAction {
    Up,
    Down,
    Remove,
}

/// The buttons of an item of an ordered list, drawn from the right.
pub fn item_buttons(ui: &mut Ui, index: usize, count: usize) -> Option<ItemAction> {
    let mut action = None;
    let number = index + 1;
    if icon_button(ui, Icon::Cross, &format!("Remove item {number}")).clicked() {
        action = Some(ItemAction::Remove);
    }
    if count > 1 {
        ui.add_enabled_ui(number < count, |ui| {
            if icon_button(ui, Icon::Down, &format!("Move item {number} down")).clicked() {
                action = Some(ItemAction::Down);
            }
        });
        ui.add_enabled_ui(index > 0, |ui| {
            if icon_button(ui, Icon::Up, &format!("Move item {number} up")).clicked() {
                action = Some(ItemAction::Up);
            }
        });
    }
    action
}

/// An empty place that says what to do next.
pub fn empty_state(ui: &mut Ui, title: &str, help: &str) {
    let palette = theme::palette(ui.ctx());
    ui.vertical_centered(|ui| {
        ui.add_space(theme::SPACE_6);
        ui.label(theme::semibold(title).color(palette.soft));
        ui.add_space(theme::SPACE_1);
        ui.label(RichText::new(help).color(palette.soft));
        // What can be done stands below.
        ui.add_space(theme::SPACE_3);
    });
}
