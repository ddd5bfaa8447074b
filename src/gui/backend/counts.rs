//! What forms tell of rows, counted off the window's thread.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipewright_app::whole_input;
use pipewright_core::data::Value;
use pipewright_core::ir::Plan;
use pipewright_engine::{Cancel, RunProgress};

use super::desk::Desk;
use super::{Backend, Message, ResultTable};
use crate::gui::state::counts::{Fitted, Share, fit_of, share_of};

impl Backend {
    /// Counts the rows of a table that fulfil a condition. Gives the look's number.
    pub fn count_true(
        &mut self,
        table: Arc<ResultTable>,
        condition: String,
        parameters: BTreeMap<String, Value>,
    ) -> u64 {
        self.looks += 1;
        share(self.looks, table, condition, parameters, &self.desk);
        self.looks
    }

    /// Works out how keys of two tables fit. Gives the look's number.
    pub fn fit_keys(
        &mut self,
        tables: [Arc<ResultTable>; 2],
        pairs: Vec<(String, String)>,
        parameters: BTreeMap<String, Value>,
    ) -> u64 {
        self.looks += 1;
        fit(self.looks, tables, pairs, parameters, &self.desk);
        self.looks
    }

    /// Looks at the whole input: the rows of every output, and what a sample may have missed. Gives the look's number.
    pub fn scan(&mut self, plan: Arc<Plan>, base: PathBuf, parameters: BTreeMap<String, Value>) -> u64 {
        self.cancel_scan();
        self.looks += 1;
        let cancel = Cancel::default();
        self.cancel_scan = Some(cancel.clone());
        scan(self.looks, plan, base, parameters, cancel, &self.desk);
        self.looks
    }

    pub fn cancel_scan(&mut self) {
        if let Some(cancel) = self.cancel_scan.take() {
            cancel.cancel();
        }
    }
}

fn share(look: u64, table: Arc<ResultTable>, condition: String, parameters: BTreeMap<String, Value>, desk: &Desk) {
    let failed = move |_| Message::ShareCounted { look, share: Share { hits: 0, nulls: 0, rows: 0 } };
    desk.spawn("pipewright-share", failed, move |_| {
        Some(Message::ShareCounted { look, share: share_of(&table, &condition, &parameters) })
    });
}

fn fit(
    look: u64,
    tables: [Arc<ResultTable>; 2],
    pairs: Vec<(String, String)>,
    parameters: BTreeMap<String, Value>,
    desk: &Desk,
) {
    let failed = move |_| Message::KeysFit { look, fitted: Fitted::default() };
    desk.spawn("pipewright-keys", failed, move |_| {
        let fitted = fit_of([&tables[0], &tables[1]], &pairs, &parameters);
        Some(Message::KeysFit { look, fitted })
    });
}

struct Progress {
    look: u64,
    desk: Desk,
    /// Hundredth that was told last.
    told: AtomicU64,
}

impl RunProgress for Progress {
    fn step(&self, _: &str) {}

    fn bytes(&self, done: u64, total: u64) {
        let hundredth = done.saturating_mul(100).checked_div(total).unwrap_or_default();
        if self.told.swap(hundredth, Ordering::Relaxed) != hundredth {
            let _ = self.desk.sender.try_send(Message::ScanBytes { look: self.look, done, total });
            (self.desk.wake)();
        }
    }
}

/// Looks at the whole input.
fn scan(look: u64, plan: Arc<Plan>, base: PathBuf, parameters: BTreeMap<String, Value>, cancel: Cancel, desk: &Desk) {
    let failed = move |fault| Message::Scanned { look, result: Err(fault) };
    desk.spawn("pipewright-scan", failed, move |desk| {
        let progress = Progress { look, desk: desk.clone(), told: AtomicU64::new(u64::MAX) };
        let result = whole_input(&plan, &base, &parameters, &cancel, &progress);
        Some(Message::Scanned { look, result })
    });
}
