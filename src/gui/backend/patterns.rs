//! Patterns of a column's texts, off the window's thread.

use std::sync::Arc;

use pipewright_engine::{MinedColumns, ResultTable, mine_table};

use super::Message;
use super::desk::Desk;

pub fn patterns(look: u64, table: Arc<ResultTable>, columns: MinedColumns, desk: &Desk) {
    let failed = move |fault| Message::Patterns { look, mined: Err(fault) };
    desk.spawn("pipewright-patterns", failed, move |_| {
        Some(Message::Patterns { look, mined: mine_table(&table, &columns).map(Box::new) })
    });
}
