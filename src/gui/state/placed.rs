//! Where the steps are done and what goes over from one place to another, as canvas and forms show it: by columns alone,
//! until the volume is estimated. Must not import panels.

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::export::split::{Crossing, Cut, Sizes, cut, divided};
use pipewright_core::ir::Plan;
use pipewright_core::project::{Project, Step, Wire};

use super::StateRef;
use crate::gui::panels::volume::bytes_text;
use crate::gui::widgets::shown_name;

/// The cut of a design without an estimate of how much goes over, and what stands against it; nothing where it has no
/// places, or where it cannot be planned whole.
pub fn placed(design: &Project, plan: &Plan) -> (Cut, Vec<Diagnostic>) {
    if design.places.is_empty() || plan.has_errors() {
        return Default::default();
    }
    cut(&divided(plan), design, &Sizes::default())
}

/// The cut that holds: that of the last estimate, while the design is the same.
fn cut_of<'a>(state: StateRef<'a>) -> &'a Cut {
    let is_current = state.volume.revision == state.project.revision() && state.suggestion().is_none();
    state.volume.cut.as_deref().filter(|_| is_current).unwrap_or(&state.cut)
}

fn title(state: StateRef<'_>, place: &str) -> String {
    shown_name(state.design().places.get(place).map_or(place, |place| &place.title), 60)
}

/// Where a step is done, and what says so.
pub fn place_text(state: StateRef<'_>, step: &Step) -> Option<String> {
    let cut = cut_of(state);
    Some(format!("done in {} ({})", title(state, cut.place(&step.id)?), cut.why(&step.id)))
}

/// What goes over on a wire, in words; `None`: it stays in one place.
pub fn crossing_text(state: StateRef<'_>, wire: &Wire) -> Option<String> {
    let cut = cut_of(state);
    let to = cut.place(&wire.to)?;
    let of_wire = |crossing: &&Crossing| crossing.step == wire.from && crossing.to == *to;
    let crossing = cut.crossings.iter().find(of_wire)?;
    let columns =
        crossing.columns.iter().map(|name| format!("`{}`", shown_name(name, 60))).collect::<Vec<_>>().join(", ");
    let size = crossing.bytes.map_or_else(
        || "estimate the volume to see how much".to_owned(),
        |bytes| format!("about {} {}", bytes_text(bytes as f64), cut.per()),
    );
    let (from, to) = (title(state, &crossing.from), title(state, to));
    Some(format!("goes over from {from} to {to}\n{columns}\n{size}"))
}
