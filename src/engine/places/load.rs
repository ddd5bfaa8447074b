//! Loads into tables: transactions that stay open until everything else of a run is in place.

use std::path::Path;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{ConnectionKind, TablePlace};

use super::table::Table;
use super::{Opened, Visit, postgresql, sqlite};

/// Looks at the table that a load goes to; nothing is written.
pub(crate) fn check_load(place: &TablePlace, schema: &Schema, visit: Visit) -> Result<(), Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let table = Table::new(place, visit)?;
    let checked = match place.connection.kind {
        ConnectionKind::Postgresql => postgresql::check_load(&opened, &table, schema),
        ConnectionKind::Sqlite => sqlite::check_load(&opened, &table, schema),
        ConnectionKind::Http => Err(opened.fault("PW0648", "it is no database").help("choose another connection")),
    };
    checked.map_err(|fault| opened.secrets.hidden(fault))
}

/// Rows that lie in a database, and are not there for others yet. Dropped, they are gone.
pub(crate) struct Loading<'a> {
    opened: Opened<'a>,
    transaction: Transaction,
}

enum Transaction {
    Postgresql(postgresql::Transaction),
    Sqlite(sqlite::Transaction),
}

/// Puts the lines of a file into a table, in a transaction that is not ended.
pub(crate) fn load<'a>(
    place: &'a TablePlace,
    schema: &Schema,
    lines: &Path,
    visit: Visit<'a>,
) -> Result<Loading<'a>, Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let table = Table::new(place, visit)?;
    let transaction = match place.connection.kind {
        ConnectionKind::Postgresql => postgresql::load(&opened, &table, schema, lines).map(Transaction::Postgresql),
        ConnectionKind::Sqlite => sqlite::load(&opened, &table, schema, lines).map(Transaction::Sqlite),
        ConnectionKind::Http => Err(opened.fault("PW0648", "it is no database").help("choose another connection")),
    };
    let transaction = transaction.map_err(|fault| opened.secrets.hidden(fault))?;
    Ok(Loading { opened, transaction })
}

impl Loading<'_> {
    /// Now the rows are there for everybody.
    pub fn commit(self) -> Result<(), Diagnostic> {
        let ended = match self.transaction {
            Transaction::Postgresql(transaction) => transaction.commit(&self.opened),
            Transaction::Sqlite(transaction) => transaction.commit(&self.opened),
        };
        ended.map_err(|fault| self.opened.secrets.hidden(fault))
    }
}
