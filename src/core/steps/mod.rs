//! Step kinds: what the user places. One file per kind: settings, docs, ports, form fields as data, checks,
//! lowering to `Op`s, examples that run as tests. Imports everything up to `model`; not the project.

mod example;
mod filter;
mod form;
mod kind;
mod lowering;

pub use example::{Example, Table};
pub use form::{FieldKind, FormField};
pub use kind::{Group, Port, Ports, Settings, StepKind};
pub use lowering::{Lowered, Lowering, PlanBuilder, StepContext};

/// The closed list of step kinds, in palette order.
macro_rules! kinds {
    ($($module:ident),* $(,)?) => {
        /// Every step kind, in palette order.
        pub fn kinds() -> &'static [&'static dyn StepKind] {
            static KINDS: &[&dyn StepKind] = &[$(&$module::KIND),*];
            KINDS
        }
    };
}

kinds!(filter);

/// The kind of that name; `None`: a kind that this version does not know.
pub fn kind(name: &str) -> Option<&'static dyn StepKind> {
    kinds().iter().copied().find(|kind| kind.name() == name)
}
