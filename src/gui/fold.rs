//! Panels that fold away: the one below to its tabs, where it has nothing to show or somebody wants it, and those at the
//! sides. Nothing moves between the clicks of a double click. Reads the state; draws nothing.

use egui::Context;

use super::command::BottomTab;
use super::panels::preview;
use super::state::StateRef;
use super::state::view::View;

/// What is folded.
#[derive(Debug)]
pub struct Fold {
    /// The panel below, as it is shown.
    pub is_low: bool,
    /// Somebody folded it, or has it open though there is nothing to show; `None`: as there is something to show.
    wanted: Option<bool>,
    /// Both panels at the sides.
    pub sides: bool,
    /// When the pointer was pressed last, in seconds of the window.
    pressed_at: Option<f64>,
}

impl Default for Fold {
    /// Nothing is selected yet.
    fn default() -> Self {
        Self { is_low: true, wanted: None, sides: false, pressed_at: None }
    }
}

/// Longer than a double click takes, in seconds.
const STILL: f64 = 0.4;

impl Fold {
    /// Folds the panel below, or opens it.
    pub fn turn(&mut self) {
        self.is_low = !self.is_low;
        self.wanted = Some(self.is_low);
    }

    /// Something was asked for that is shown below.
    pub fn open(&mut self) {
        self.is_low = false;
        self.wanted = Some(false);
    }

    /// Something else is selected: what was opened without anything to show folds by itself again. What somebody folded
    /// stays so.
    pub fn follow(&mut self) {
        self.wanted = self.wanted.filter(|is_low| *is_low);
    }
}

/// Folds the panel below where there is nothing to show, and opens it where there is.
pub fn follow(ctx: &Context, state: StateRef<'_>, view: &mut View) {
    if ctx.input(|input| input.pointer.any_pressed()) {
        view.fold.pressed_at = Some(ctx.input(|input| input.time));
    }
    let is_empty = view.bottom == BottomTab::Preview && preview::shown_port(state, &view.preview).is_none();
    let wanted = view.fold.wanted.unwrap_or(is_empty);
    if wanted == view.fold.is_low {
        return;
    }
    // Between the clicks of a double click, and while something is dragged, everything stays where it is.
    let is_still = ctx.input(|input| {
        let since = view.fold.pressed_at.map_or(f64::MAX, |pressed| input.time - pressed);
        !input.pointer.any_down() && since > STILL
    });
    if is_still {
        view.fold.is_low = wanted;
    }
    ctx.request_repaint();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_folded_stays_folded_and_what_was_opened_folds_with_the_selection() {
        let mut fold = Fold::default();
        fold.open();
        assert_eq!((fold.is_low, fold.wanted), (false, Some(false)));
        fold.follow();
        assert_eq!(fold.wanted, None);
        fold.turn();
        fold.follow();
        assert_eq!((fold.is_low, fold.wanted), (true, Some(true)));
    }
}
