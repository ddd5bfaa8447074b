//! How many rows of a join's sides found a partner: counted alike by previews, runs and bundles, and told in one place.
//! Imports the plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{JoinKind, NodeId, Op, Plan};
use crate::data::figures::grouped;

/// What became of the rows of both sides of a join.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Matches {
    pub left: SideMatches,
    pub right: SideMatches,
}

/// What became of the rows of one side. All of them: matched and unmatched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SideMatches {
    /// Title of the step that the rows come from.
    pub of: String,
    pub goes_on: GoesOn,
    /// Rows that found a partner.
    pub matched: u64,
    pub unmatched: u64,
    /// Of the unmatched: rows of which a key (or the time) is null, so that they match nothing.
    pub null_keys: u64,
}

/// Which rows of a side are in the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoesOn {
    #[default]
    All,
    Matched,
    Unmatched,
    /// The side only decides about the other.
    None,
}

impl GoesOn {
    /// As in reports.
    pub fn word(self) -> &'static str {
        match self {
            GoesOn::All => "all",
            GoesOn::Matched => "matched",
            GoesOn::Unmatched => "unmatched",
            GoesOn::None => "none",
        }
    }
}

impl SideMatches {
    pub fn rows(&self) -> u64 {
        self.matched + self.unmatched
    }

    /// Rows of the side that are in no row of the result, though the side is there to be in it.
    pub fn left_out(&self) -> u64 {
        match self.goes_on {
            GoesOn::Matched => self.unmatched,
            GoesOn::Unmatched => self.matched,
            GoesOn::All | GoesOn::None => 0,
        }
    }

    /// Whether there are rows without a partner that somebody expects to have one.
    pub fn is_told(&self) -> bool {
        self.unmatched > 0 && matches!(self.goes_on, GoesOn::All | GoesOn::Matched)
    }

    /// In words; `{}` stands for the three numbers: without a partner, all, of the first those with an empty key.
    pub fn template(&self, other: &str) -> [String; 2] {
        let fate = match self.goes_on {
            GoesOn::All => "kept without one",
            GoesOn::Matched | GoesOn::Unmatched | GoesOn::None => "left out",
        };
        let text = format!("{{}} of {{}} rows of “{}” have no match in “{other}”: {fate}", self.of);
        [text, "; {} of them have an empty key".to_owned()]
    }

    /// The rows without a partner, in words; `None`: there are none, or none is expected.
    pub fn told(&self, other: &str) -> Option<String> {
        if !self.is_told() {
            return None;
        }
        let [text, keys] = self.template(other);
        let mut told = filled(&text, &[self.unmatched, self.rows()]);
        if self.null_keys > 0 {
            told.push_str(&filled(&keys, &[self.null_keys]));
        }
        Some(told)
    }
}

/// Numbers in the place of `{}`; names in the text may hold braces of their own.
fn filled(template: &str, numbers: &[u64]) -> String {
    let mut text = String::new();
    let mut rest = template;
    for number in numbers {
        let Some((before, after)) = rest.split_once("{}") else { break };
        text.push_str(before);
        text.push_str(&grouped(*number));
        rest = after;
    }
    text + rest
}

impl Matches {
    /// How many of the result's `rows` are of a row of each side; `None` where the sides are not both in it.
    fn pairs(&self, rows: u64) -> Option<u64> {
        let goes_on = |side: &SideMatches| matches!(side.goes_on, GoesOn::All | GoesOn::Matched);
        let alone = |side: &SideMatches| if side.goes_on == GoesOn::All { side.unmatched } else { 0 };
        let is_both = goes_on(&self.left) && goes_on(&self.right);
        is_both.then(|| rows.saturating_sub(alone(&self.left) + alone(&self.right)))
    }

    /// That keys stand more than once on both sides, so that rows count several times, in words; `rows`: of the result.
    pub fn told_pairs(&self, rows: u64) -> Option<String> {
        let pairs = self.pairs(rows)?;
        let (left, right) = (self.left.matched, self.right.matched);
        // Every row with every other one is what a cross join is for.
        (pairs > left.max(right) && pairs != left.saturating_mul(right)).then(|| {
            format!(
                "{} rows of “{}” and {} of “{}” make {} pairs: keys stand more than once on both sides, so rows count \
                 several times",
                grouped(left),
                self.left.of,
                grouped(right),
                self.right.of,
                grouped(pairs)
            )
        })
    }

    /// How many rows more there are than rows of the left side, since some of these have several partners; 0 where the
    /// sides are not both in the result. `rows`: those of the result.
    pub fn multiplied(&self, rows: u64) -> u64 {
        let Some(pairs) = self.pairs(rows) else { return 0 };
        // Every row with every other one is what a cross join is for.
        let is_cross = pairs == self.left.rows().saturating_mul(self.right.rows());
        if is_cross { 0 } else { pairs.saturating_sub(self.left.matched) }
    }

    /// Whether an operation looks for partners.
    pub fn is_join(op: &Op) -> bool {
        matches!(op, Op::Join(_) | Op::AsofJoin(_))
    }

    /// Of a join of the plan, before anything is counted; `None`: the node joins nothing.
    pub fn of(plan: &Plan, id: NodeId) -> Option<Matches> {
        use GoesOn::{All, Matched, None as Nothing, Unmatched};
        let node = plan.node(id);
        let (left, right) = match &node.op {
            Op::Join(join) => match join.kind {
                JoinKind::Inner | JoinKind::Cross => (Matched, Matched),
                JoinKind::Left => (All, Matched),
                JoinKind::Right => (Matched, All),
                JoinKind::Full => (All, All),
                JoinKind::Semi => (Matched, Nothing),
                JoinKind::Anti => (Unmatched, Nothing),
            },
            Op::AsofJoin(_) => (All, Matched),
            Op::Read(_)
            | Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => return None,
        };
        let side = |input: usize, goes_on| SideMatches {
            of: node.inputs.get(input).map_or(String::new(), |input| plan.title_before(id, *input)),
            goes_on,
            ..SideMatches::default()
        };
        Some(Matches { left: side(0, left), right: side(1, right) })
    }

    /// With what was counted, by side: rows with a partner, without, and with a null key.
    pub fn counted(mut self, sides: [[u64; 3]; 2]) -> Matches {
        for (side, [matched, unmatched, null_keys]) in [&mut self.left, &mut self.right].into_iter().zip(sides) {
            (side.matched, side.unmatched, side.null_keys) = (matched, unmatched, null_keys);
        }
        self
    }

    /// Rows without a partner, of both sides, that are told.
    pub fn unmatched(&self) -> u64 {
        [&self.left, &self.right].into_iter().filter(|side| side.is_told()).map(|side| side.unmatched).sum()
    }
}

impl Plan {
    /// The step whose rows come into a node by an input: the first before it that is not the node's own.
    fn title_before(&self, id: NodeId, input: NodeId) -> String {
        let own = &self.node(id).origin.step;
        let mut at = input;
        while self.node(at).origin.step == *own
            && let Some(before) = self.node(at).inputs.first()
        {
            at = *before;
        }
        self.node(at).origin.title.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_found_no_partner_is_told_by_side_and_what_is_wanted_so_is_not() {
        let side = |of: &str, goes_on, matched, unmatched, null_keys| SideMatches {
            of: of.to_owned(),
            goes_on,
            matched,
            unmatched,
            null_keys,
        };
        let left = side("Bad {} requests", GoesOn::Matched, 1_000, 262, 48);
        let right = side("Users", GoesOn::Matched, 7, 0, 0);
        let matches = Matches { left: left.clone(), right };
        let told = "262 of 1,262 rows of “Bad {} requests” have no match in “Users”: left out";
        // A name with braces takes none of the numbers.
        assert_eq!(matches.left.rows(), 1_262);
        assert_eq!(matches.left.told(&matches.right.of), Some(format!("{told}; 48 of them have an empty key")));
        assert_eq!(matches.right.told(&matches.left.of), None, "each has one");
        assert_eq!((matches.unmatched(), matches.left.left_out(), matches.right.left_out()), (262, 262, 0));
        // Twice as many pairs as there are requests: some user stands more than once.
        let told = "1,000 rows of “Bad {} requests” and 7 of “Users” make 2,000 pairs: keys stand more than once on both \
                    sides, so rows count several times";
        assert_eq!(matches.told_pairs(2_000).as_deref(), Some(told));
        assert_eq!((matches.told_pairs(1_000), matches.told_pairs(7_000)), (None, None));
        let anti = Matches {
            left: SideMatches { goes_on: GoesOn::Unmatched, ..left.clone() },
            right: side("Users", GoesOn::None, 1, 9, 0),
        };
        assert_eq!((anti.left.told(&anti.right.of), anti.unmatched()), (None, 0));
        assert_eq!((anti.left.left_out(), anti.right.left_out()), (1_000, 0));
        let kept = Matches { left: SideMatches { goes_on: GoesOn::All, ..left }, right: SideMatches::default() };
        assert_eq!((kept.left.left_out(), kept.unmatched()), (0, 262));
    }
}
