//! SQLite: a table or a query of a file becomes lines of JSON; lines of JSON become rows of a table, in one transaction.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pipewright_core::data::{DataType, Field, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::check_reach;
use pipewright_core::ir::{Inquiry, TableName, interpolate, sql_with_values};
use pipewright_core::quote::{sql_identifier, sql_text};
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use serde_json::{Map, Value as Json};

use super::table::{Column, Incoming, NOTES, Noted, Table, check_table};
use super::{Amount, Lines, Opened, Taken, lines_of, newer_rows, quoted_table};

/// Seconds to wait while somebody else writes.
const TIMEOUT: f64 = 30.0;

/// Where the file is, which the project may read.
fn file_of(opened: &Opened) -> Result<PathBuf, Diagnostic> {
    let place = opened.visit.base.join(&opened.address);
    check_reach(opened.visit.base, &place)?;
    Ok(place)
}

fn open(opened: &Opened, writes: bool) -> Result<Connection, Diagnostic> {
    let place = file_of(opened)?;
    let shown = &opened.address;
    if !writes && !place.is_file() {
        let fault = opened.fault("PW0686", &format!("there is no file `{shown}`"));
        return Err(fault.help("correct the address of the connection: a path relative to the project"));
    }
    // What somebody who was killed left half in the file is taken back by whoever looks at it next, which is writing.
    let is_half = !writes && journal_of(&place).is_file();
    let flags = match (writes, is_half) {
        (true, _) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE,
        (false, false) => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let connection = Connection::open_with_flags(&place, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = connection.map_err(|error| told(opened, &error, "opening the file"))?;
    let patience = Duration::from_secs_f64(opened.number("timeout", TIMEOUT));
    connection.busy_timeout(patience).map_err(|error| told(opened, &error, "opening the file"))?;
    if is_half {
        let reads = connection.pragma_update(None, "query_only", true);
        reads.map_err(|error| told(opened, &error, "opening the file"))?;
    }
    Ok(connection)
}

/// Where SQLite keeps what a transaction has changed, until it ends.
fn journal_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-journal");
    PathBuf::from(name)
}

/// Ends a query that gives no row within the connection's `timeout`, or that nobody waits for any more.
struct Watch {
    begun: Instant,
    /// Milliseconds after the beginning at which the last row came.
    last: Arc<AtomicU64>,
}

impl Watch {
    /// Steps of SQLite's machine between two looks at the clock: some milliseconds.
    const STEPS: i32 = 100_000;

    fn over(opened: &Opened, connection: &Connection) -> Watch {
        let watch = Watch { begun: Instant::now(), last: Arc::default() };
        let (begun, last, cancel) = (watch.begun, Arc::clone(&watch.last), opened.visit.cancel.clone());
        let patience = Duration::from_secs_f64(opened.number("timeout", TIMEOUT));
        let is_late = move || begun.elapsed() > Duration::from_millis(last.load(Ordering::Relaxed)) + patience;
        connection.progress_handler(Self::STEPS, Some(move || cancel.is_cancelled() || is_late()));
        watch
    }

    fn row_came(&self) {
        self.last.store(self.begun.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

fn told(opened: &Opened, error: &rusqlite::Error, doing: &str) -> Diagnostic {
    if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) {
        let seconds = opened.number("timeout", TIMEOUT);
        let late = || opened.fault("PW0669", &format!("{doing}: the query gave no row within {seconds} s"));
        let help = "ask for less, or give the connection a longer `timeout`";
        return opened.visit.cancel.check().err().unwrap_or_else(|| late().help(help));
    }
    let said = match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        rusqlite::Error::MultipleStatement => "there is more than one statement".to_owned(),
        other => other.to_string(),
    };
    let (code, help) = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            ("PW0686", "give the file of an SQLite database, or restore it from a copy")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            ("PW0669", "end what else writes to the file, or give the connection a longer `timeout`")
        }
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            ("PW0686", "see whether the file and its folder are there, and may be written to")
        }
        Some(ErrorCode::DiskFull) => ("PW0686", "free some space on the disk of the file"),
        Some(ErrorCode::ConstraintViolation) => {
            ("PW0682", "the table holds such a row already, or wants another value: see its constraints")
        }
        _ => ("PW0681", "correct the query, or the name of the table"),
    };
    opened.fault(code, &format!("{doing}: {said}")).help(help)
}

pub(super) fn test(opened: &Opened) -> Result<String, Diagnostic> {
    let connection = open(opened, false)?;
    let tables =
        connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view')", [], |row| {
            row.get::<_, i64>(0)
        });
    let tables = tables.map_err(|error| told(opened, &error, "opening the file"))?;
    Ok(format!("SQLite answers: {tables} tables and views"))
}

/// The type that a column's declaration means (its affinity, and what SQLite itself has no type for).
fn declared(text: &str) -> DataType {
    let text = text.to_ascii_uppercase();
    let has = |part: &str| text.contains(part);
    match () {
        () if has("BOOL") => DataType::Boolean,
        () if has("TIMESTAMP") || has("DATETIME") => DataType::Timestamp,
        () if has("DATE") => DataType::Date,
        () if has("INT") => DataType::Int,
        () if has("REAL") || has("FLOA") || has("DOUB") || has("NUMERIC") || has("DECIMAL") => DataType::Float,
        () => DataType::String,
    }
}

/// Whether a declaration makes SQLite turn texts that look like numbers into numbers (its affinity).
fn is_numeric(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    let has = |part: &&str| text.contains(part);
    !text.is_empty() && (text.contains("INT") || !["CHAR", "CLOB", "TEXT", "BLOB"].iter().any(has))
}

/// What the values of a column were, where nothing declares it.
#[derive(Default, Clone, Copy)]
struct Seen {
    whole: bool,
    real: bool,
    other: bool,
    /// A number without end, for which JSON has no word.
    endless: bool,
    /// Text that is no UTF-8.
    broken: bool,
    bytes: bool,
}

impl Seen {
    fn data_type(self) -> DataType {
        match (self.whole, self.real, self.other) {
            (_, _, true) | (false, false, false) => DataType::String,
            (_, true, false) => DataType::Float,
            (true, false, false) => DataType::Int,
        }
    }
}

/// A table or a query as lines of JSON.
pub(super) fn take(opened: &Opened, inquiry: &Inquiry, amount: Amount, folder: &Path) -> Result<Taken, Diagnostic> {
    let parameters = opened.visit.parameters;
    let sql = match inquiry.query.trim() {
        "" => format!("SELECT * FROM {}", quoted_table(&interpolate(&inquiry.table, parameters)?)),
        query => sql_with_values(query, parameters)?,
    };
    let connection = open(opened, false)?;
    let watch = Watch::over(opened, &connection);
    let fault = |error: rusqlite::Error| told(opened, &error, "reading");
    let (sql, newest) = match amount {
        Amount::Newer(after) => newer(&connection, sql, &inquiry.newer, after).map_err(fault)?,
        Amount::All | Amount::Unseen(_) | Amount::Rows(_) => (sql, None),
    };
    let mut statement = connection.prepare(&sql).map_err(fault)?;
    if !statement.readonly() {
        return Err(opened.fault("PW0681", "the query changes something").help("write a SELECT"));
    }
    let columns: Vec<(String, Option<DataType>)> = statement
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), column.decl_type().filter(|text| !text.is_empty()).map(declared)))
        .collect();
    let mut seen_names = std::collections::BTreeSet::new();
    if let Some((name, _)) = columns.iter().find(|(name, _)| !seen_names.insert(name)) {
        return Err(opened
            .fault("PW0681", &format!("the query gives two columns `{name}`"))
            .help("give one of them another name, as in `select a.id, b.id as other_id`"));
    }
    let mut seen = vec![Seen::default(); columns.len()];
    let mut lines = Lines::create(folder, opened.visit.cancel)?;
    let mut rows = statement.query([]).map_err(fault)?;
    let mut taken = 0;
    while let Some(row) = rows.next().map_err(fault)? {
        if matches!(amount, Amount::Rows(most) if taken >= most) {
            break;
        }
        watch.row_came();
        taken += 1;
        let mut line = Map::new();
        for (index, (name, data_type)) in columns.iter().enumerate() {
            let cell = row.get_ref(index).map_err(fault)?;
            let json = json_of(cell, data_type.as_ref());
            seen[index].endless |= matches!(cell, ValueRef::Real(number) if !number.is_finite());
            seen[index].broken |= matches!(cell, ValueRef::Text(text) if std::str::from_utf8(text).is_err());
            seen[index].bytes |= matches!(cell, ValueRef::Blob(_));
            seen[index].whole |= json.is_i64();
            seen[index].real |= json.is_f64();
            seen[index].other |= !json.is_null() && !json.is_number();
            line.insert(name.clone(), json);
        }
        let mut text = Json::Object(line).to_string();
        text.push('\n');
        lines.write(text.as_bytes())?;
    }
    let arrivals = arrivals(opened, &columns, &seen);
    let fields = columns
        .iter()
        .zip(seen)
        .map(|((name, data_type), seen)| Field::new(name, data_type.clone().unwrap_or_else(|| seen.data_type())));
    Ok(Taken { newest, ..lines.finish(Schema::new(fields.collect()), arrivals)? })
}

/// The query for new rows alone, and the newest of them.
fn newer(
    connection: &Connection,
    sql: String,
    column: &str,
    after: Option<&str>,
) -> Result<(String, Option<String>), rusqlite::Error> {
    let sql = sql.trim_end_matches([';', ' ', '\n', '\r', '\t']);
    let newest = format!("SELECT quote(max({})) FROM ({sql}\n)", sql_identifier(column));
    let newest = connection.query_row(&newest, [], |row| row.get::<_, String>(0))?;
    let rows = newer_rows(sql, column, after, &newest);
    Ok((rows, if newest == "NULL" { after.map(str::to_owned) } else { Some(newest) }))
}

/// What values became, where they could not come as they are.
fn arrivals(opened: &Opened, columns: &[(String, Option<DataType>)], seen: &[Seen]) -> Vec<Diagnostic> {
    type IsOne = fn(&Seen) -> bool;
    const KINDS: [(IsOne, &str); 3] = [
        (|seen| seen.endless, "infinite numbers become null"),
        (|seen| seen.broken, "bytes that are no UTF-8 become the character �"),
        (|seen| seen.bytes, "bytes (BLOB) become their hexadecimal digits"),
    ];
    let told = KINDS.iter().filter_map(|(is_one, what)| {
        let names = columns.iter().zip(seen).filter(|(_, seen)| is_one(seen)).map(|((name, _), _)| format!("`{name}`"));
        let names = names.collect::<Vec<_>>().join(", ");
        let hint =
            || opened.hint("PW0683", &format!("{names}: {what}")).help("cast it in the query to what it should be");
        (!names.is_empty()).then(hint)
    });
    told.collect()
}

fn json_of(cell: ValueRef, data_type: Option<&DataType>) -> Json {
    match cell {
        ValueRef::Null => Json::Null,
        ValueRef::Integer(number @ (0 | 1)) if data_type == Some(&DataType::Boolean) => Json::Bool(number == 1),
        ValueRef::Integer(number) => Json::from(number),
        ValueRef::Real(number) => Json::from(number),
        ValueRef::Text(text) => Json::from(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Json::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

fn sql_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int => "INTEGER",
        DataType::Float => "REAL",
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP",
        _ => "TEXT",
    }
}

/// A table's name, after that of the file it is in.
fn in_schema(table: &str) -> (String, String) {
    match TableName::parse(table) {
        Some(TableName { schema, name }) => (schema.unwrap_or_else(|| "main".to_owned()), name),
        None => ("main".to_owned(), table.to_owned()),
    }
}

/// The columns of the table that is there; `None`: there is none.
fn table_of(opened: &Opened, connection: &Connection, table: &str) -> Result<Option<Vec<Column>>, Diagnostic> {
    let fault = |error: rusqlite::Error| told(opened, &error, "looking at the table");
    let (schema, name) = in_schema(table);
    let sql = "SELECT name, type, \"notnull\" AND dflt_value IS NULL AND NOT (pk > 0 AND upper(type) = 'INTEGER'), hidden > 1 \
               FROM pragma_table_xinfo(?1, ?2)";
    let mut statement = connection.prepare(sql).map_err(fault)?;
    let columns = statement.query_map([&name, &schema], |row| {
        let shown: String = row.get(1)?;
        // Text takes everything as it is written; so does what declares nothing.
        let takes = if shown.is_empty() { None } else { Some(declared(&shown)) };
        let is_numeric = is_numeric(&shown);
        Ok(Column { name: row.get(0)?, takes, shown, is_needed: row.get(2)?, is_made: row.get(3)?, is_numeric })
    });
    let columns = columns.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(fault)?;
    Ok(Some(columns).filter(|columns| !columns.is_empty()))
}

/// Whether rows of a schema fit into the table, looked at without writing anything.
pub(super) fn check_load(opened: &Opened, place: &Table, schema: &Schema) -> Result<(), Diagnostic> {
    if !file_of(opened)?.exists() {
        return Ok(());
    }
    let connection = open(opened, false)?;
    let columns = table_of(opened, &connection, &place.name)?;
    check_table(opened, place, columns.as_deref(), schema)?;
    check_replaced(opened, &connection, place)
}

/// What an earlier run noted of a load.
pub(super) fn noted(opened: &Opened, place: &Table, sql: &str) -> Result<Noted, Diagnostic> {
    if !file_of(opened)?.exists() {
        return Ok(Noted::default());
    }
    let connection = open(opened, false)?;
    let is_there = table_of(opened, &connection, &place.name)?.is_some();
    if table_of(opened, &connection, NOTES)?.is_none() {
        return Ok(Noted { state: None, is_there });
    }
    let state = match connection.query_row(sql, [], |row| row.get(0)) {
        Err(rusqlite::Error::QueryReturnedNoRows) => None,
        state => Some(state.map_err(|error| told(opened, &error, "looking at what was read before"))?),
    };
    Ok(Noted { state, is_there })
}

/// Rows that refer to those of the table go, or change, with them.
fn check_replaced(opened: &Opened, connection: &Connection, place: &Table) -> Result<(), Diagnostic> {
    if !place.takes_out() {
        return Ok(());
    }
    let fault = |error: rusqlite::Error| told(opened, &error, "looking at the table");
    let sql = "SELECT DISTINCT other.name FROM sqlite_schema AS other, pragma_foreign_key_list(other.name) AS key \
               WHERE other.type = 'table' AND lower(key.\"table\") = lower(?1) AND (?2 OR lower(other.name) <> lower(?1)) \
               AND key.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')";
    let mut statement = connection.prepare(sql).map_err(fault)?;
    // Where all rows go, those that they refer to themselves go anyway.
    let of_its_own = place.only.is_some();
    let dependents = statement.query_map((in_schema(&place.name).1, of_its_own), |row| row.get(0));
    let dependents = dependents.and_then(Iterator::collect::<Result<Vec<String>, _>>).map_err(fault)?;
    place.check_dependents(opened, &dependents)?;
    let Some(only) = &place.only else { return Ok(()) };
    // Times are compared as the texts that loads write.
    const DAY: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
    const CLOCK: &str = "T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]";
    let written = match only.is_date {
        true => vec![DAY.to_owned()],
        false => ["Z", ".[0-9]*Z"].map(|end| format!("{DAY}{CLOCK}{end}")).to_vec(),
    };
    let (column, target) = (sql_identifier(&only.column), quoted_table(&place.name));
    let like: Vec<String> = written.iter().map(|form| format!("{column} GLOB '{form}'")).collect();
    let other = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {target} WHERE {column} IS NOT NULL AND NOT (typeof({column}) = 'text' AND \
         ({})) LIMIT 1)",
        like.join(" OR ")
    );
    if number(connection, &other).map_err(fault)? > 0 {
        let message =
            format!("`{}` of the table `{}` holds times that are written in another way", only.column, place.name);
        return Err(opened
            .fault("PW0684", &message)
            .help("write them as 2026-03-02T11:00:00Z there (UTC), so that it can be told what is in an interval"));
    }
    Ok(())
}

/// The number that a SELECT gives, or that of the rows that another statement touched.
fn number(connection: &Connection, sql: &str) -> Result<u64, rusqlite::Error> {
    let mut statement = connection.prepare(sql)?;
    match statement.column_count() {
        0 => statement.execute([]).map(|count| count as u64),
        _ => statement.query_row([], |row| row.get::<_, i64>(0)).map(|count| count.try_into().unwrap_or_default()),
    }
}

/// Rows that refer to none, counted where somebody put off that they must: else SQLite itself refuses them at once.
fn orphans(connection: &Connection) -> Result<u64, rusqlite::Error> {
    if number(connection, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%deferr%'")? == 0 {
        return Ok(0);
    }
    number(connection, "SELECT count(*) FROM pragma_foreign_key_check")
}

/// A transaction that holds the rows, and is not ended yet.
pub(super) struct Transaction {
    connection: Connection,
    /// Tables that have their rows, in one spelling.
    loaded: BTreeSet<String>,
    /// Rows that referred to none before.
    orphans: u64,
}

impl Transaction {
    pub fn begin(opened: &Opened) -> Result<Transaction, Diagnostic> {
        let connection = open(opened, true)?;
        let begun = connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| orphans(&connection));
        let orphans = begun.map_err(|error| told(opened, &error, "beginning a load"))?;
        Ok(Transaction { connection, loaded: BTreeSet::new(), orphans })
    }

    /// Runs a statement of this transaction; gives the number of rows that it touched.
    pub fn run(&mut self, opened: &Opened, sql: &str) -> Result<u64, Diagnostic> {
        number(&self.connection, sql).map_err(|error| told(opened, &error, "noting what was read"))
    }

    /// Puts lines of JSON into a table; gives what is worth knowing of it.
    pub fn load(
        &mut self,
        opened: &Opened,
        place: &Table,
        schema: &Schema,
        lines: &Path,
    ) -> Result<Vec<Diagnostic>, Diagnostic> {
        if !self.loaded.insert(in_schema(&place.name).1.to_ascii_lowercase()) {
            return Err(place.loaded_twice(opened));
        }
        let connection = &self.connection;
        let doing = format!("loading `{}`", place.name);
        let fault = |error: rusqlite::Error| told(opened, &error, &doing);
        let run = |sql: &str| connection.execute_batch(sql).map_err(fault);
        let target = quoted_table(&place.name);
        let names: Vec<String> = schema.names().map(sql_identifier).collect();
        let columns = table_of(opened, connection, &place.name)?;
        let typed = || place.typed_columns(schema, &|data_type| sql_type(data_type).to_owned());
        if columns.is_none() {
            let all: Vec<String> = typed().chain(place.primary_key()).collect();
            run(&format!("CREATE TABLE {target} ({})", all.join(", ")))?;
        } else {
            // It may have become another one since it was looked at.
            check_table(opened, place, columns.as_deref(), schema)?;
            check_replaced(opened, connection, place)?;
        }
        // Values become what the table makes of them: keys are compared as they will stand there.
        run(&format!("CREATE TEMP TABLE pw_rows AS SELECT {} FROM {target} WHERE 0", names.join(", ")))?;
        let column = |name: &str| columns.iter().flatten().find(|column| column.name == name);
        // There it would be `1`.
        let is_text = |column: &Column| column.takes == Some(DataType::String) && !column.is_numeric;
        let in_words: Vec<bool> = schema.names().map(|name| column(name).is_some_and(is_text)).collect();
        let given = insert_lines(opened, connection, (schema, &in_words), lines, &doing)?;
        // A table that ignores what it does not like, or replaces rows for it, does not do so here.
        let like =
            "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%conflict%' AND type = 'table' AND lower(name) = ";
        let name = sql_text(&in_schema(&place.name).1.to_ascii_lowercase());
        let or = if number(connection, &format!("{like}{name}")).map_err(fault)? > 0 { " OR ABORT" } else { "" };
        let incoming = Incoming { target: &target, rows: "temp.pw_rows", names: &names, given, or };
        let rounded = |name: &str| {
            let is_float = column(name).is_some_and(|column| column.takes == Some(DataType::Float));
            let name = sql_identifier(name);
            is_float.then(|| format!("typeof({name}) = 'real' AND abs({name}) >= {}", 1_u64 << 53))
        };
        let mut count = |sql: &str| number(connection, sql).map_err(fault);
        place.check_exact(opened, schema, incoming.rows, &rounded, &mut count)?;
        let told = place.put(opened, &incoming, &mut count)?;
        run("DROP TABLE temp.pw_rows").map(|()| told)
    }

    /// What was put off to the end is looked at now, while nothing else is in place.
    pub fn settle(&mut self, opened: &Opened) -> Result<(), Diagnostic> {
        let doing = "checking what tables want of each other";
        // The file is written now, and is ours alone from now on: who reads it, or a full disk, is met while nothing else
        // is in place.
        self.connection.cache_flush().map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                let message = "writing the file: somebody else reads it, or has it open; nothing was loaded";
                let fault = opened.fault("PW0669", message);
                fault.help("end what has the file open, or give the connection a longer `timeout`")
            }
            _ => told(opened, &error, "writing the file"),
        })?;
        match orphans(&self.connection).map_err(|error| told(opened, &error, doing))? {
            orphans if orphans > self.orphans => Err(opened
                .fault("PW0682", &format!("{doing}: rows refer to rows that are not there; nothing was loaded"))
                .help("load those that they refer to in the same run, or before")),
            _ => Ok(()),
        }
    }

    /// Ends it: now the rows are there for everybody.
    pub fn commit(self, opened: &Opened) -> Result<(), Diagnostic> {
        self.connection.execute_batch("COMMIT").map_err(|error| told(opened, &error, "ending the load"))
    }
}

fn insert_lines(
    opened: &Opened,
    connection: &Connection,
    (schema, in_words): (&Schema, &[bool]),
    lines: &Path,
    doing: &str,
) -> Result<u64, Diagnostic> {
    let fault = |error: rusqlite::Error| told(opened, &error, doing);
    let places = (1..=schema.len()).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ");
    let mut insert = connection.prepare(&format!("INSERT INTO temp.pw_rows VALUES ({places})")).map_err(fault)?;
    let mut given = 0;
    for (number, line) in lines_of(lines)?.lines().enumerate() {
        if number.is_multiple_of(1024) {
            opened.visit.cancel.check()?;
        }
        let line = line.map_err(|error| super::not_put_aside(&error))?;
        let mut row: Map<String, Json> =
            serde_json::from_str(&line).map_err(|error| crate::internal("a row for a database", &error))?;
        let cells = schema.fields.iter().zip(in_words).map(|(field, in_words)| match row.remove(&field.name) {
            Some(Json::Bool(value)) if *in_words => Cell::Text(value.to_string()),
            // SQLite itself would write fifteen digits.
            Some(Json::Number(number)) if *in_words && field.data_type == DataType::Float => {
                number.as_f64().map_or(Cell::Null, |number| Cell::Text(format!("{number:?}")))
            }
            json => cell_of(json),
        });
        insert.execute(rusqlite::params_from_iter(cells)).map_err(fault)?;
        given += 1;
    }
    Ok(given)
}

fn cell_of(json: Option<Json>) -> Cell {
    match json {
        None | Some(Json::Null) => Cell::Null,
        Some(Json::Bool(value)) => Cell::Integer(i64::from(value)),
        Some(Json::Number(number)) => match number.as_i64() {
            Some(number) => Cell::Integer(number),
            None => number.as_f64().map_or(Cell::Null, Cell::Real),
        },
        Some(Json::String(text)) => Cell::Text(text),
        Some(nested) => Cell::Text(nested.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_mean_types() {
        for (text, wanted) in [
            ("INTEGER", DataType::Int),
            ("bigint", DataType::Int),
            ("VARCHAR(20)", DataType::String),
            ("decimal(10,2)", DataType::Float),
            ("datetime", DataType::Timestamp),
            ("DATE", DataType::Date),
            ("boolean", DataType::Boolean),
            ("BLOB", DataType::String),
        ] {
            assert_eq!(declared(text), wanted, "{text}");
        }
    }
}
