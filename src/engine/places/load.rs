//! Loads into tables: transactions that stay open until everything else of a run is in place.

use std::path::Path;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::is_same_place;
use pipewright_core::ir::{ConnectionKind, Replaced, TableName, TablePlace};
use pipewright_core::quote::{sql_identifier, sql_text};

use super::table::{NOTES, Noted, Table};
use super::{Opened, Visit, postgresql, sqlite};

/// Looks at the table that a load goes to; nothing is written.
pub(crate) fn check_load(place: &TablePlace, schema: &Schema, visit: Visit) -> Result<(), Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let table = Table::new(place, visit)?;
    let checked = match place.connection.kind {
        ConnectionKind::Postgresql => postgresql::check_load(&opened, &table, schema),
        ConnectionKind::Sqlite => sqlite::check_load(&opened, &table, schema),
        ConnectionKind::Http => Err(no_database(&opened)),
    };
    checked.map_err(|fault| opened.secrets.hidden(fault))
}

/// Reads what an earlier run noted of a load.
pub(crate) fn noted(place: &TablePlace, key: &str, visit: Visit) -> Result<Noted, Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let table = Table::new(place, visit)?;
    let sql = format!("SELECT state FROM {NOTES} WHERE output = {}", sql_text(key));
    let noted = match place.connection.kind {
        ConnectionKind::Postgresql => postgresql::noted(&opened, &table, &sql),
        ConnectionKind::Sqlite => sqlite::noted(&opened, &table, &sql),
        ConnectionKind::Http => Err(no_database(&opened)),
    };
    noted.map_err(|fault| opened.secrets.hidden(fault))
}

/// Notes what was read for a load, in the transaction of its rows; `before`: what was noted when the run began.
pub(crate) fn note(
    loading: &mut [Loading],
    place: &TablePlace,
    key: &str,
    before: Option<&str>,
    state: &str,
) -> Result<(), Diagnostic> {
    let Some(own) = loading.iter_mut().find(|one| *one.opened.connection == place.connection) else { return Ok(()) };
    let (key, state) = (sql_text(key), sql_text(state));
    let made = format!("CREATE TABLE IF NOT EXISTS {NOTES} (output text PRIMARY KEY, state text NOT NULL)");
    let noted = match before {
        Some(before) => {
            format!("UPDATE {NOTES} SET state = {state} WHERE output = {key} AND state = {}", sql_text(before))
        }
        None => format!("INSERT INTO {NOTES} (output, state) VALUES ({key}, {state}) ON CONFLICT DO NOTHING"),
    };
    let Loading { opened, transaction, .. } = own;
    let mut run = |sql: &str| match transaction {
        Transaction::Postgresql(transaction) => transaction.run(opened, sql),
        Transaction::Sqlite(transaction) => transaction.run(opened, sql),
    };
    match run(&made).and_then(|_| run(&noted)).map_err(|fault| opened.secrets.hidden(fault))? {
        1 => Ok(()),
        _ => Err(another_went_on()),
    }
}

/// Two runs that go on at once: the second to end would put the same rows there again.
pub(crate) fn another_went_on() -> Diagnostic {
    Diagnostic::error("PW0985", "another run has changed the outputs since this one began")
        .help("run it again: it goes on where the other one ended; nothing of this run was put in place")
}

/// Rows that lie in a database, and are not there for others yet: of all tables that one connection leads to. Dropped,
/// they are gone.
pub(crate) struct Loading<'a> {
    opened: Opened<'a>,
    /// Names of those tables.
    tables: Vec<String>,
    transaction: Transaction,
}

enum Transaction {
    Postgresql(postgresql::Transaction),
    Sqlite(sqlite::Transaction),
}

/// Puts the lines of a file into a table, in a transaction that is not ended: that of the connection among those of
/// `loading`, or a new one. Two of one database would wait for each other. Of an interval only its rows are replaced.
/// Gives what is worth knowing of it.
pub(crate) fn load<'a>(
    loading: &mut Vec<Loading<'a>>,
    place: &'a TablePlace,
    schema: &Schema,
    (lines, replaced): (&Path, Option<&Replaced>),
    visit: Visit<'a>,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let mut table = Table::new(place, visit)?;
    table.only = replaced.map(|times| within(times, place.connection.kind));
    let known = loading.iter().position(|one| *one.opened.connection == place.connection);
    let index = match known {
        Some(index) => {
            check_waits(&loading[index].opened, &table, loading)?;
            index
        }
        None => {
            let opened = Opened::new(&place.connection, visit)?;
            check_waits(&opened, &table, loading)?;
            loading.push(Loading::begin(opened)?);
            loading.len() - 1
        }
    };
    let Loading { opened, transaction, tables } = &mut loading[index];
    let loaded = match transaction {
        Transaction::Postgresql(transaction) => transaction.load(opened, &table, schema, lines),
        Transaction::Sqlite(transaction) => transaction.load(opened, &table, schema, lines).map(|()| Vec::new()),
    };
    tables.push(table.name);
    loaded.map_err(|fault| opened.secrets.hidden(fault))
}

/// A condition for the times of an interval. SQLite has them as texts.
fn within(times: &Replaced, kind: ConnectionKind) -> String {
    let [from, to] = times.texts(kind != ConnectionKind::Sqlite).map(|text| sql_text(&text));
    let column = sql_identifier(&times.column);
    format!("{column} >= {from} AND {column} < {to}")
}

/// Two transactions that write to one file of SQLite's, or to one table of PostgreSQL's, would wait for each other.
fn check_waits(opened: &Opened, table: &Table, loading: &[Loading]) -> Result<(), Diagnostic> {
    let kind = opened.connection.kind;
    let is_same = |other: &Loading| match kind {
        _ if other.opened.connection.kind != kind || other.opened.connection == opened.connection => false,
        ConnectionKind::Sqlite => {
            let file = |one: &Opened| one.visit.base.join(&one.address);
            is_same_place(&file(opened), &file(&other.opened))
        }
        ConnectionKind::Postgresql => {
            let name = |table: &str| TableName::parse(table).map(|table| table.name);
            postgresql::is_same_database(&opened.address, &other.opened.address)
                && other.tables.iter().any(|loaded| name(loaded) == name(&table.name))
        }
        ConnectionKind::Http => false,
    };
    let Some(other) = loading.iter().find(|other| is_same(other)) else { return Ok(()) };
    let what = if kind == ConnectionKind::Sqlite { "file" } else { "table" };
    let message = format!("“{}” leads to the same {what}, and both are loaded", other.opened.connection.shown());
    Err(opened.fault("PW0648", &message).help(format!("let all loads into the {what} go by one connection")))
}

impl<'a> Loading<'a> {
    fn begin(opened: Opened<'a>) -> Result<Loading<'a>, Diagnostic> {
        let transaction = match opened.connection.kind {
            ConnectionKind::Postgresql => postgresql::Transaction::begin(&opened).map(Transaction::Postgresql),
            ConnectionKind::Sqlite => sqlite::Transaction::begin(&opened).map(Transaction::Sqlite),
            ConnectionKind::Http => Err(no_database(&opened)),
        };
        let transaction = transaction.map_err(|fault| opened.secrets.hidden(fault))?;
        Ok(Loading { opened, tables: Vec::new(), transaction })
    }

    /// Whether the rows can stay, which databases may put off to the end.
    pub fn settle(&mut self) -> Result<(), Diagnostic> {
        let settled = match &mut self.transaction {
            Transaction::Postgresql(transaction) => transaction.settle(&self.opened),
            Transaction::Sqlite(transaction) => transaction.settle(&self.opened),
        };
        settled.map_err(|fault| self.opened.secrets.hidden(fault))
    }

    /// Whether others hear of it over a network, which can fail at any time.
    pub fn is_far(&self) -> bool {
        matches!(self.transaction, Transaction::Postgresql(_))
    }

    /// Now the rows are there for everybody. Not to be cancelled: everything else is in place.
    pub fn commit(self) -> Result<(), Diagnostic> {
        let ended = match self.transaction {
            Transaction::Postgresql(transaction) => transaction.commit(&self.opened),
            Transaction::Sqlite(transaction) => transaction.commit(&self.opened),
        };
        ended.map_err(|fault| self.opened.secrets.hidden(fault))
    }
}

fn no_database(opened: &Opened) -> Diagnostic {
    opened.fault("PW0648", "it is no database").help("choose another connection")
}
