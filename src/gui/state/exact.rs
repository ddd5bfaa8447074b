//! What there is on the whole input, looked at behind the sample: counts by output, what the sample missed, and the scan
//! under way. Imports no egui.

use std::collections::BTreeMap;

use pipewright_app::WholeInput;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::Plan;

/// Counts, and the scan that finds them.
#[derive(Debug, Default)]
pub struct Exact {
    /// By step and output: the hash of the node that was counted, and its rows.
    known: BTreeMap<(String, String), (u64, u64)>,
    /// By step: the hash of its last node, what it turned away, and what became of values, in words.
    lost: BTreeMap<String, (u64, u64, String)>,
    /// The scan under way.
    pub scan: Option<Scan>,
    /// Revision of the plan that was scanned, or whose scan somebody stopped.
    pub done: Option<u64>,
    /// Somebody stopped the scan of this revision.
    pub is_stopped: bool,
    /// What went wrong with the last one.
    pub fault: Option<Diagnostic>,
    /// Revision that is waited for to stay, and since when, in seconds of the window.
    pub quiet: Option<(u64, f64)>,
}

/// What decides about everything that a step gives.
fn hash_of(plan: &Plan, step: &str) -> Option<u64> {
    Some(plan.node(*plan.steps.get(step)?.nodes.last()?).hash)
}

/// A scan of the whole input.
#[derive(Debug)]
pub struct Scan {
    pub look: u64,
    pub revision: u64,
    /// Bytes that were read, of all.
    pub bytes: (u64, u64),
}

impl Exact {
    /// Rows of an output on the whole input, where they were counted of the design as it is.
    pub fn rows(&self, plan: &Plan, step: &str, port: &str) -> Option<u64> {
        let hash = plan.node(plan.output(step, port)?).hash;
        let (of, rows) = self.known.get(&(step.to_owned(), port.to_owned()))?;
        (*of == hash).then_some(*rows)
    }

    /// What a scan of a plan found.
    pub fn take(&mut self, plan: &Plan, found: WholeInput) {
        for ((step, port), rows) in found.rows {
            if let Some(node) = plan.output(&step, &port) {
                self.known.insert((step, port), (plan.node(node).hash, rows));
            }
        }
        self.lost.clear();
        for step in plan.steps.keys() {
            let turned_away = found.turned_away.get(step).copied().unwrap_or_default();
            let changed = found.changed.get(step).cloned().unwrap_or_default();
            if let Some(hash) = hash_of(plan, step).filter(|_| turned_away > 0 || !changed.is_empty()) {
                self.lost.insert(step.clone(), (hash, turned_away, changed));
            }
        }
    }

    /// Units and rows that a step turned away on the whole input, and what became of values there, in words; `None`
    /// where there are none, or the design is another by now.
    pub fn lost(&self, plan: &Plan, step: &str) -> Option<(u64, &str)> {
        let (of, turned_away, changed) = self.lost.get(step)?;
        (Some(*of) == hash_of(plan, step)).then_some((*turned_away, changed.as_str()))
    }

    /// Rows of that node were read anew: what was counted before may be of files that have changed.
    pub fn read_again(&mut self, hash: u64) {
        if self.known.values().any(|(of, _)| *of == hash) {
            self.known.clear();
            self.lost.clear();
            self.done = None;
        }
    }

    /// How far the scan is, in hundredths.
    pub fn percent(&self) -> Option<u64> {
        let scan = self.scan.as_ref()?;
        Some(scan.bytes.0.saturating_mul(100).checked_div(scan.bytes.1).unwrap_or_default().min(100))
    }
}
