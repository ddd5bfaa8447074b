//! The menu of what can be done with a thing: by the secondary button at the pointer, by the keyboard beside the thing.
//! Imports egui only.

use egui::containers::SetOpenCommand;
use egui::{Context, FocusDirection, Key, Modifiers, Popup, Rect, Response, Ui};

/// How a menu was opened that is open.
#[derive(Clone, Copy, PartialEq)]
enum Opened {
    /// Its first entry is to have the keyboard.
    Wanting,
    ByKeys,
}

/// Shows the menu of a thing while it is open. `place`: where the thing is seen; the keys are taken while it has the
/// keyboard.
pub fn menu_of(response: &Response, place: Rect, contents: impl FnOnce(&mut Ui)) {
    let ctx = response.ctx.clone();
    let id = Popup::default_response_id(response).with("opened");
    if response.has_focus() && takes_key(&ctx) {
        ctx.data_mut(|data| data.insert_temp(id, Opened::Wanting));
        Popup::menu(response).anchor(place).open_memory(SetOpenCommand::Bool(true)).show(contents);
        ctx.request_repaint();
        return;
    }
    if response.secondary_clicked() {
        ctx.data_mut(|data| data.remove::<Opened>(id));
    }
    let Some(opened) = ctx.data(|data| data.get_temp::<Opened>(id)) else {
        response.context_menu(contents);
        return;
    };
    let shown = Popup::menu(response).anchor(place).open_memory(None).show(|ui| {
        if opened == Opened::Wanting && !ui.is_sizing_pass() {
            // Where nothing has the keyboard, the next one that is drawn takes it.
            ui.memory_mut(|memory| {
                memory.surrender_focus(response.id);
                memory.move_focus(FocusDirection::Next);
            });
        }
        contents(ui);
        ui.is_sizing_pass()
    });
    ctx.data_mut(|data| match shown {
        Some(shown) if shown.inner => {}
        Some(_) => {
            data.insert_temp(id, Opened::ByKeys);
        }
        None => data.remove::<Opened>(id),
    });
}

fn takes_key(ctx: &Context) -> bool {
    ctx.input_mut(|input| {
        input.consume_key(Modifiers::NONE, Key::Menu) || input.consume_key(Modifiers::SHIFT, Key::F10)
    })
}
