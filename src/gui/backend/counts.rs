//! What forms tell of rows, counted off the window's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipewright_core::data::Value;

use super::desk::Desk;
use super::{Message, ResultTable};
use crate::gui::state::counts::{Fitted, Share, fit_of, share_of};

pub fn share(look: u64, table: Arc<ResultTable>, condition: String, parameters: BTreeMap<String, Value>, desk: &Desk) {
    let failed = move |_| Message::ShareCounted { look, share: Share { hits: 0, nulls: 0, rows: 0 } };
    desk.spawn("pipewright-share", failed, move |_| {
        Some(Message::ShareCounted { look, share: share_of(&table, &condition, &parameters) })
    });
}

pub fn fit(
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
