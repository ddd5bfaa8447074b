//! What forbids a flow, in words, with what would be allowed instead.

use crate::data::Classification;
use crate::diagnostic::Diagnostic;

/// One rule that stands in the way of data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// It is closer than what may come there.
    TooClose {
        found: Classification,
        allowed: Classification,
        /// What is limited: `the stack `bi``, a team; empty: everything.
        of: String,
        policy: String,
        /// It is a measure of groups of so many rows, which is too few.
        small: Option<u64>,
        /// So many would be enough.
        smallest_group: u64,
    },
    /// It must stay at a place. `to` is empty where the destination does not say where it lies.
    NotInPlace { place: String, to: String, policy: String },
    /// Only some teams may see it. `team` is empty where nothing says who would.
    NotForTeam { may: Vec<String>, team: String },
    /// Data of two stacks that are kept apart.
    Apart { one: String, other: String, policy: String },
}

impl Violation {
    pub fn code(&self) -> &'static str {
        match self {
            Violation::TooClose { .. } => "PW1001",
            Violation::NotForTeam { .. } => "PW1002",
            Violation::NotInPlace { .. } => "PW1003",
            Violation::Apart { .. } => "PW1004",
        }
    }

    /// Whether a keyed hash, a mask or groups would make it allowed.
    pub fn is_mended_by_lowering(&self) -> bool {
        matches!(self, Violation::TooClose { found: Classification::Personal, allowed: Classification::Internal, .. })
    }

    /// The sentence. `columns`: the columns that it is about, in backticks; `many`: whether they are several.
    pub fn message(&self, columns: &str, many: bool) -> String {
        let is = if many { "are" } else { "is" };
        match self {
            Violation::TooClose { found, of, .. } if of.is_empty() => {
                let found = found.name();
                format!("{columns} {is} {found}, and what is {found} goes nowhere unless a policy lets it")
            }
            Violation::TooClose { allowed, of, policy, small: Some(rows), smallest_group, .. } => format!(
                "{columns} {is} of groups of {rows} rows or more, but {policy} wants {smallest_group} for that to be \
                 internal, and lets {of} have {} data at most",
                allowed.name()
            ),
            Violation::TooClose { found, allowed, of, policy, .. } => {
                format!("{columns} {is} {}, but {policy} lets {of} have {} data at most", found.name(), allowed.name())
            }
            Violation::NotForTeam { may, .. } if may.is_empty() => {
                format!("no team may see {columns}: no team may see all that went into it")
            }
            Violation::NotForTeam { may, team } if team.is_empty() => {
                format!("{columns} may be seen by {} only, and nothing says who sees this", may.join(", "))
            }
            Violation::NotForTeam { may, team } => {
                format!("{columns} may be seen by {} only, and this goes to {team}", may.join(", "))
            }
            Violation::NotInPlace { place, to, .. } if to.is_empty() => {
                format!("{columns} must stay in `{place}`, and nothing says where this lies")
            }
            Violation::NotInPlace { place, to, policy } if policy.is_empty() => {
                format!("{columns} must stay in `{place}`, and this lies in `{to}`")
            }
            Violation::NotInPlace { place, to, policy } => {
                format!("{columns} must stay in `{place}`: {policy} does not let it go to `{to}`")
            }
            Violation::Apart { one, other, policy } => {
                format!("{columns} would bring together the stacks `{one}` and `{other}`, which {policy} keeps apart")
            }
        }
    }

    /// What would be allowed. `owners`: who owns the sources (`“Access log” (Platform)`); may be empty.
    pub fn help(&self, owners: &str) -> String {
        let ask = |what: &str| match owners {
            "" => format!("or ask the owner of the source {what}"),
            owners => format!("or ask the owner of {owners} {what}"),
        };
        match self {
            Violation::TooClose { small: Some(_), smallest_group, .. } => {
                format!("set “Smallest group” of the step that measures it to {smallest_group} or more, or drop it")
            }
            Violation::TooClose { smallest_group, .. } if self.is_mended_by_lowering() => format!(
                "hash it with a secret, or mask it, in a “Mask or hash” step that gives its reason; measure it in \
                 groups of at least {smallest_group} rows (“Smallest group” of an Aggregate step); drop it; {}",
                ask("whether it is personal")
            ),
            Violation::TooClose { allowed, .. } => {
                format!("drop it with a “Select columns” step, {}", ask(&format!("whether it is {}", allowed.name())))
            }
            Violation::NotForTeam { may, .. } if may.is_empty() => {
                format!("drop one of the columns, {}", ask("to let one team see all"))
            }
            Violation::NotForTeam { team, .. } if team.is_empty() => {
                format!("say in the setting “Seen by” which teams see it, drop it, {}", ask("to let all see it"))
            }
            Violation::NotForTeam { team, .. } => format!("drop it, {}", ask(&format!("to let {team} see it"))),
            Violation::NotInPlace { place, to, .. } if to.is_empty() => {
                format!(
                    "say in the setting “Place” where it lies; run the step where the data is, in `{place}`; or drop it"
                )
            }
            Violation::NotInPlace { place, .. } => {
                format!(
                    "run the step where the data is and load it in `{place}`, drop it, {}",
                    ask("to let it go there")
                )
            }
            Violation::Apart { .. } => {
                format!("answer from one of the two, run the step where the data is, {}", ask("for an exception"))
            }
        }
    }

    pub fn diagnostic(&self, columns: &str, many: bool, owners: &str) -> Diagnostic {
        Diagnostic::error(self.code(), self.message(columns, many)).help(self.help(owners))
    }
}
