//! Loads where connections lead: transactions that stay open until everything else of a run is in place.

use std::path::Path;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::is_same_place;
use pipewright_core::ir::{ConnectionKind, Destination, LoadMode, Replaced, TableName, TablePlace};
use pipewright_core::quote::{sql_identifier, sql_text};

use super::patience::{again, tried_again};
use super::table::{NOTES, Noted, Only, Table};
use super::{Opened, Visit, objects, postgresql, sqlite};

/// A table of which the rows of an interval are replaced, or what its mode says.
fn table_of(place: &TablePlace, replaced: Option<&Replaced>, visit: Visit) -> Result<Table, Diagnostic> {
    let only = replaced.map(|times| Only {
        column: times.column.clone(),
        condition: within(times, place.connection.kind),
        is_date: times.is_date,
    });
    Ok(Table { only, ..Table::new(place, visit)? })
}

/// Looks at what a load goes to. Of a table nothing is written; in a store it is ended what an earlier run could not.
pub(crate) fn check_load(
    destination: &Destination,
    schema: &Schema,
    replaced: Option<&Replaced>,
    visit: Visit,
) -> Result<(), Diagnostic> {
    let Some(connection) = destination.connection() else { return Ok(()) };
    let opened = Opened::new(connection, visit)?;
    let checked = match (destination, connection.kind) {
        (Destination::Table(place), ConnectionKind::Postgresql) => {
            let table = table_of(place, replaced, visit)?;
            again(&opened, || postgresql::check_load(&opened, &table, schema))
        }
        (Destination::Table(place), ConnectionKind::Sqlite) => {
            sqlite::check_load(&opened, &table_of(place, replaced, visit)?, schema)
        }
        (Destination::Objects(place), kind) if kind.is_store() => objects::check_load(&opened, place),
        // Nothing can be asked of it that it would not take for rows.
        (Destination::Endpoint(_), ConnectionKind::Http) => Ok(()),
        _ => Err(not_for_loads(&opened)),
    };
    checked.map_err(|fault| opened.secrets.hidden(fault))
}

/// Reads what an earlier run noted of a load.
pub(crate) fn noted(place: &TablePlace, key: &str, visit: Visit) -> Result<Noted, Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let table = Table::new(place, visit)?;
    let sql = format!("SELECT state FROM {NOTES} WHERE output = {}", sql_text(key));
    let noted = match place.connection.kind {
        ConnectionKind::Postgresql => again(&opened, || postgresql::noted(&opened, &table, &sql)),
        ConnectionKind::Sqlite => sqlite::noted(&opened, &table, &sql),
        _ => Err(not_for_loads(&opened)),
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
    own.is_noted = true;
    let Loading { opened, transaction, .. } = own;
    let mut run = |sql: &str| match transaction {
        Some(Transaction::Postgresql(transaction)) => transaction.run(opened, sql),
        Some(Transaction::Sqlite(transaction)) => transaction.run(opened, sql),
        Some(Transaction::Objects(_)) | None => Err(not_for_loads(opened)),
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

/// Rows that lie elsewhere, and are not there for others yet: of all places that one connection leads to. Dropped, they
/// are gone.
pub(crate) struct Loading<'a> {
    opened: Opened<'a>,
    tables: Vec<LoadedTable>,
    /// What was read for them is noted beside the rows: the next run goes on behind it.
    is_noted: bool,
    /// Until it ends.
    transaction: Option<Transaction>,
}

struct LoadedTable {
    name: String,
    /// The rows came beside those that were there: another run puts them there again.
    appends: bool,
}

enum Transaction {
    Postgresql(postgresql::Transaction),
    Sqlite(sqlite::Transaction),
    Objects(objects::Transaction),
}

/// Puts the rows that lie at a path where a load goes, in a transaction that is not ended: that of the connection among
/// those of `loading`, or a new one. Two of one database would wait for each other. Of an interval only its rows are
/// replaced. Gives what is worth knowing of it.
pub(crate) fn load<'a>(
    loading: &mut Vec<Loading<'a>>,
    destination: &'a Destination,
    schema: &Schema,
    (rows, replaced): (&Path, Option<&Replaced>),
    visit: Visit<'a>,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let Some(connection) = destination.connection() else { return Ok(Vec::new()) };
    let table = match destination {
        Destination::Table(place) => Some(table_of(place, replaced, visit)?),
        _ => None,
    };
    let known = loading.iter().position(|one| one.opened.connection == connection);
    let index = match known {
        Some(index) => index,
        None => {
            let opened = Opened::new(connection, visit)?;
            table.iter().try_for_each(|table| check_waits(&opened, table, loading))?;
            loading.push(Loading::begin(opened)?);
            loading.len() - 1
        }
    };
    if known.is_some() {
        table.iter().try_for_each(|table| check_waits(&loading[index].opened, table, loading))?;
    }
    let Loading { opened, transaction, tables, is_noted } = &mut loading[index];
    let loaded = match (transaction, destination, &table) {
        (Some(Transaction::Postgresql(transaction)), _, Some(table)) => {
            // A transaction that breaks off is gone: one that held nothing else is begun anew.
            let (is_alone, mut is_first) = (tables.is_empty() && !*is_noted, true);
            let mut attempt = || {
                if !std::mem::take(&mut is_first) {
                    *transaction = postgresql::Transaction::begin(opened)?;
                }
                transaction.load(opened, table, schema, rows)
            };
            if is_alone { again(opened, attempt) } else { attempt() }
        }
        (Some(Transaction::Sqlite(transaction)), _, Some(table)) => transaction.load(opened, table, schema, rows),
        (Some(Transaction::Objects(transaction)), Destination::Objects(place), _) => {
            transaction.load(opened, place, rows).map(|()| Vec::new())
        }
        _ => Err(not_for_loads(opened)),
    };
    let appends = |table: &Table| table.mode == LoadMode::Append && table.only.is_none();
    tables.extend(table.map(|table| LoadedTable { appends: appends(&table), name: table.name }));
    let mut told = loaded.map_err(|fault| opened.secrets.hidden(fault))?;
    told.extend(tried_again(opened));
    Ok(told)
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
                && other.tables.iter().any(|loaded| name(&loaded.name) == name(&table.name))
        }
        _ => false,
    };
    let Some(other) = loading.iter().find(|other| is_same(other)) else { return Ok(()) };
    let what = if kind == ConnectionKind::Sqlite { "file" } else { "table" };
    let message = format!("“{}” leads to the same {what}, and both are loaded", other.opened.connection.shown());
    Err(opened.fault("PW0648", &message).help(format!("let all loads into the {what} go by one connection")))
}

impl<'a> Loading<'a> {
    fn begin(opened: Opened<'a>) -> Result<Loading<'a>, Diagnostic> {
        let transaction = match opened.connection.kind {
            ConnectionKind::Postgresql => {
                again(&opened, || postgresql::Transaction::begin(&opened)).map(Transaction::Postgresql)
            }
            ConnectionKind::Sqlite => sqlite::Transaction::begin(&opened).map(Transaction::Sqlite),
            ConnectionKind::S3 | ConnectionKind::Gcs | ConnectionKind::Azure => {
                Ok(Transaction::Objects(objects::Transaction::default()))
            }
            ConnectionKind::Http => Err(not_for_loads(&opened)),
        };
        let transaction = transaction.map_err(|fault| opened.secrets.hidden(fault))?;
        Ok(Loading { opened, tables: Vec::new(), is_noted: false, transaction: Some(transaction) })
    }

    /// Whether the rows can stay, which databases may put off to the end.
    pub fn settle(&mut self) -> Result<(), Diagnostic> {
        let settled = match &mut self.transaction {
            Some(Transaction::Postgresql(transaction)) => transaction.settle(&self.opened),
            Some(Transaction::Sqlite(transaction)) => transaction.settle(&self.opened),
            Some(Transaction::Objects(transaction)) => transaction.settle(&self.opened),
            None => Ok(()),
        };
        settled.map_err(|fault| self.opened.secrets.hidden(fault))
    }

    /// What is loaded, for people: tables, or all that goes to a store.
    fn shown(&self) -> Vec<String> {
        let connection = self.opened.connection.shown();
        match self.tables.is_empty() {
            true => vec![format!("“{connection}”")],
            false => self.tables.iter().map(|table| format!("`{}` of “{connection}”", table.name)).collect(),
        }
    }

    /// What no other run can end, for people.
    pub fn ended_once(&self) -> Vec<String> {
        if self.is_resumed() { Vec::new() } else { self.shown() }
    }

    /// Those of them whose rows another run puts there again, beside these.
    fn appended(&self) -> Vec<String> {
        let again = self.tables.iter().zip(self.shown()).filter(|(table, _)| table.appends && !self.is_noted);
        again.map(|(_, shown)| shown).collect()
    }

    /// Whether others hear of it over a network, which can fail at any time.
    fn is_far(&self) -> bool {
        matches!(self.transaction, Some(Transaction::Postgresql(_) | Transaction::Objects(_)))
    }

    /// Whether the next run ends what this one cannot.
    fn is_resumed(&self) -> bool {
        matches!(self.transaction, Some(Transaction::Objects(_)))
    }

    /// Now the rows are there for everybody. Not to be cancelled: everything else is in place.
    fn commit(mut self) -> Result<(), Diagnostic> {
        let ended = match self.transaction.take() {
            Some(Transaction::Postgresql(transaction)) => transaction.commit(&self.opened),
            Some(Transaction::Sqlite(transaction)) => transaction.commit(&self.opened),
            Some(Transaction::Objects(transaction)) => transaction.commit(&self.opened),
            None => Ok(()),
        };
        ended.map_err(|fault| self.opened.secrets.hidden(fault))
    }
}

/// Ends the transactions, when all files are in place. Where one cannot be ended, those after it are not: what can fail
/// most comes first.
pub(crate) fn end_loads(mut loaded: Vec<Loading>) -> Result<(), Diagnostic> {
    loaded.sort_by_key(|loading| !loading.is_far());
    let (mut stand, mut appended) = (Vec::new(), Vec::new());
    let mut loaded = loaded.into_iter();
    while let Some(loading) = loaded.next() {
        let (own, again, is_resumed) = (loading.shown(), loading.appended(), loading.is_resumed());
        if let Err(fault) = loading.commit() {
            let left = loaded.flat_map(|loading| loading.shown()).collect();
            return Err(half_ended(fault, Halves { stand, appended, own, is_resumed, left }));
        }
        stand.extend(own);
        appended.extend(again);
    }
    Ok(())
}

/// What became of the loads of a run of which one could not be ended.
struct Halves {
    /// Whose rows are there.
    stand: Vec<String>,
    /// Those among them whose rows another run puts there again.
    appended: Vec<String>,
    /// What could not be ended.
    own: Vec<String>,
    is_resumed: bool,
    /// What comes after it.
    left: Vec<String>,
}

/// Says what stands and what does not, and how to mend it: who runs again puts the same files there again, and the same
/// rows where they take the place of others.
fn half_ended(fault: Diagnostic, halves: Halves) -> Diagnostic {
    let Halves { stand, appended, own, is_resumed, left } = halves;
    let own = own.join(", ");
    let this = match ["PW0668", "PW0669"].contains(&&*fault.code) {
        _ if is_resumed => "these objects may not all be: the next run looks, and completes them".to_owned(),
        // Who hears nothing may have been understood.
        true => format!("whether the rows of {own} are there is not known: look before they are loaded again"),
        false => format!("the rows of {own} are not"),
    };
    let rows = |tables: &[String], what: &str| match tables {
        [] => String::new(),
        tables => format!("{what} {}", tables.join(", ")),
    };
    let message = format!(
        "{}; files are in place{}; {this}{}",
        fault.message,
        rows(&stand, ", and so are the rows of"),
        rows(&left, "; nor are those of")
    );
    let again = match appended.is_empty() {
        true => "run again when that is mended: what stands is put there once more, and nothing twice".to_owned(),
        false => format!(
            "before another run, take out what this one added to {}: it would be there twice",
            appended.join(", ")
        ),
    };
    let help = fault.help.iter().cloned().chain([again]).collect::<Vec<_>>().join("; ");
    Diagnostic { message, help: Some(help), ..fault }
}

impl Drop for Loading<'_> {
    /// A database forgets a transaction that nobody ends; a store keeps what was uploaded.
    fn drop(&mut self) {
        if let Some(Transaction::Objects(transaction)) = &mut self.transaction {
            transaction.abort(&self.opened);
        }
    }
}

fn not_for_loads(opened: &Opened) -> Diagnostic {
    opened.fault("PW0648", "rows are not loaded there in this way").help("choose another connection")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pipewright_core::data::DataType;
    use pipewright_core::files::trust;
    use pipewright_core::ir::Connection;

    use super::*;
    use crate::Cancel;

    /// Loads into the tables `t` of two files, of which the second ends its transaction itself; what is told of the end.
    fn told_of_two(folder: &Path, modes: [LoadMode; 2]) -> Diagnostic {
        trust(folder);
        std::fs::write(folder.join("rows"), "{\"n\":1}\n").unwrap();
        let (parameters, variables, cancel) = (BTreeMap::new(), BTreeMap::new(), Cancel::new());
        let visit = Visit { base: folder, parameters: &parameters, variables: &variables, cancel: &cancel };
        let schema = Schema::of([("n", DataType::Int)]);
        let places = [("One", "one.db", modes[0]), ("Other", "other.db", modes[1])].map(|(title, address, mode)| {
            drop(rusqlite::Connection::open(folder.join(address)).unwrap().execute_batch("CREATE TABLE t (n integer)"));
            let connection = Connection {
                id: title.to_lowercase(),
                title: title.into(),
                kind: ConnectionKind::Sqlite,
                address: address.into(),
                ..Connection::default()
            };
            Destination::Table(Box::new(TablePlace { connection, table: "t".into(), mode, keys: Vec::new() }))
        });
        let mut loaded = Vec::new();
        for place in &places {
            load(&mut loaded, place, &schema, (&folder.join("rows"), None), visit).unwrap();
        }
        let Loading { opened, transaction: Some(Transaction::Sqlite(transaction)), .. } = &mut loaded[1] else {
            panic!("no transaction")
        };
        transaction.run(opened, "ROLLBACK").unwrap();
        end_loads(loaded).unwrap_err()
    }

    #[test]
    fn of_loads_of_which_one_cannot_be_ended_it_is_told_which_stand() {
        let folder = tempfile::tempdir().unwrap();
        let told = told_of_two(folder.path(), [LoadMode::Replace; 2]);
        let wanted = "files are in place, and so are the rows of `t` of “One”; the rows of `t` of “Other” are not";
        assert!(told.message.ends_with(wanted), "{}", told.message);
        assert!(told.help.as_ref().unwrap().contains("run again when that is mended"), "{told:?}");
        let rows = |file: &str| {
            let opened = rusqlite::Connection::open(folder.path().join(file)).unwrap();
            opened.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!((rows("one.db"), rows("other.db")), (1, 0));
        let told = told_of_two(folder.path(), [LoadMode::Append, LoadMode::Replace]);
        assert!(told.help.as_ref().unwrap().contains("take out what this one added to `t` of “One”"), "{told:?}");
    }
}
