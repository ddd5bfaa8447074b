//! What every step kind says of itself.

use super::{Example, FormField, Lowering, Settings};

/// Palette groups, in the order of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Extract,
    Shape,
    Clean,
    Enrich,
    Analyse,
    Check,
    Load,
}

impl Group {
    pub const ALL: [Group; 7] =
        [Group::Extract, Group::Shape, Group::Clean, Group::Enrich, Group::Analyse, Group::Check, Group::Load];

    pub fn title(self) -> &'static str {
        match self {
            Group::Extract => "Extract",
            Group::Shape => "Shape",
            Group::Clean => "Clean",
            Group::Enrich => "Enrich",
            Group::Analyse => "Analyse",
            Group::Check => "Check",
            Group::Load => "Load",
        }
    }
}

/// A place where wires end or begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// What wires name: `in`, `left`, `out`, `otherwise`, or an item's id.
    pub name: String,
    /// What people read.
    pub label: String,
    /// An input that takes any number of wires (Concatenate).
    pub many: bool,
}

impl Port {
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), many: false }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ports {
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
}

impl Ports {
    /// One input `in`, one output `out`.
    pub fn one_to_one() -> Self {
        Self { inputs: vec![Port::new("in", "rows")], outputs: vec![Port::new("out", "rows")] }
    }

    /// Only an output `out`.
    pub fn source() -> Self {
        Self { inputs: Vec::new(), outputs: vec![Port::new("out", "rows")] }
    }
}

/// A step kind. Adding one: a file with a `pub(super) static KIND`, and its name in the list of `steps.rs`.
pub trait StepKind: Sync {
    /// What files name: `filter`, `time_buckets`. Never changes.
    fn name(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn group(&self) -> Group;
    /// One paragraph, shown in the designer and by `pipewright steps`.
    fn doc(&self) -> &'static str;
    /// Words besides the title under which the palette finds it.
    fn keywords(&self) -> &'static [&'static str] {
        &[]
    }
    fn form(&self) -> &'static [FormField];
    /// Ports may depend on the settings (Route).
    fn ports(&self, settings: &Settings) -> Ports {
        let _ = settings;
        Ports::one_to_one()
    }
    /// Settings of a new step.
    fn defaults(&self) -> Settings {
        Settings::new()
    }
    /// What the step does in one line (its condition, its keys, its format), and whether that line is code.
    fn summary(&self, settings: &Settings) -> (String, bool);
    /// Settings and input schemas → Ops, output ports and diagnostics, all through `lowering`.
    fn lower(&self, lowering: &mut Lowering);
    /// At least two; they run as tests on every engine.
    fn examples(&self) -> &'static [Example];
}

/// The names and words of a kind: `about!("filter", "Filter", Clean, ["where"], "Keeps …")`.
macro_rules! about {
    ($name:literal, $title:literal, $group:ident, [$($keyword:literal),*], $doc:literal) => {
        fn name(&self) -> &'static str {
            $name
        }

        fn title(&self) -> &'static str {
            $title
        }

        fn group(&self) -> $crate::steps::Group {
            $crate::steps::Group::$group
        }

        fn doc(&self) -> &'static str {
            $doc
        }

        fn keywords(&self) -> &'static [&'static str] {
            &[$($keyword),*]
        }
    };
}
pub(super) use about;
