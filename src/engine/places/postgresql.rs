//! PostgreSQL: the rows of a table or a query become lines of JSON; lines of JSON become rows of a table, copied as they
//! are where its types are those of the rows, else typed by the server. All in one transaction.

mod copied;
mod nul;
mod rounded;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipewright_core::data::{DataType, Field, Schema};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::check_reach;
use pipewright_core::ir::{Inquiry, LoadMode, TableName, interpolate, is_this_machine, sql_with_values};
use pipewright_core::quote::{sql_identifier, sql_text, visible_start};

use super::table::{Column, Incoming, NOTES, Noted, Table, check_table, without_values};
use super::wire::{Address, Fault, Server, WireColumn, WireRow};
use super::{Amount, Lines, Opened, Taken, lines_of, newer_rows, quoted_table};
use copied::{CopyRows, JsonRows, Kind};
use nul::WithoutNul;
use rounded::{is_inexact, is_rounded};

/// Seconds of a statement.
const TIMEOUT: f64 = 300.0;
/// A line of JSON as one column: what begins and ends columns there stands in no JSON.
const ONE_COLUMN: &str = r"(FORMAT csv, DELIMITER e'\x02', QUOTE e'\x01')";
/// Times are told apart and written alike, whatever the server is set to.
const SETTINGS: &str = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601'; \
                        SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = 'hex';";

/// Bytes of a name; the server cuts what is longer.
const LONGEST_NAME: usize = 63;

/// How a type comes over.
enum Arrival {
    As(DataType),
    /// As its text; whether that loses nothing that the type has.
    Text,
}

/// By number, as `pg_type.dat` has them; those of lists too.
fn arrival(oid: u32) -> (Arrival, bool) {
    let scalar = |oid: u32| match oid {
        16 => Some(DataType::Boolean),
        20 | 21 | 23 => Some(DataType::Int),
        700 | 701 | 1700 => Some(DataType::Float),
        1082 => Some(DataType::Date),
        1114 | 1184 => Some(DataType::Timestamp),
        18 | 19 | 25 | 1042 | 1043 | 2950 => Some(DataType::String),
        _ => None,
    };
    const LISTS: [(u32, u32); 15] = [
        (1000, 16),
        (1005, 21),
        (1007, 23),
        (1016, 20),
        (1021, 700),
        (1022, 701),
        (1231, 1700),
        (1182, 1082),
        (1115, 1114),
        (1185, 1184),
        (1009, 25),
        (1015, 1043),
        (1014, 1042),
        (2951, 2950),
        (1002, 18),
    ];
    let inner = LISTS.iter().find(|(list, _)| *list == oid).map(|(_, inner)| *inner);
    let is_numeric = oid == 1700 || inner == Some(1700);
    match (scalar(oid), inner.and_then(scalar)) {
        (Some(data_type), _) => (Arrival::As(data_type), is_numeric),
        (None, Some(item)) => (Arrival::As(DataType::List(Box::new(item))), is_numeric),
        (None, None) => (Arrival::Text, false),
    }
}

/// The kind of a column as Pipewright has it.
fn data_type(oid: u32) -> DataType {
    match arrival(oid).0 {
        Arrival::As(data_type) => data_type,
        Arrival::Text => DataType::String,
    }
}

/// How its values come over a COPY.
fn kind(oid: u32) -> Kind {
    match arrival(oid).0 {
        Arrival::As(DataType::Boolean) => Kind::Boolean,
        Arrival::As(DataType::Int | DataType::Float) => Kind::Number,
        Arrival::As(DataType::Timestamp) => Kind::Time,
        Arrival::As(DataType::List(_)) => Kind::Json,
        Arrival::As(_) | Arrival::Text => Kind::Text,
    }
}

/// Whether two addresses lead to one database.
pub(super) fn is_same_database(one: &str, other: &str) -> bool {
    let name = |address| parts(address).map(|(host, port, database)| (host.to_ascii_lowercase(), port, database));
    name(one) == name(other)
}

/// `host:5432/database`.
fn parts(address: &str) -> Option<(&str, u16, &str)> {
    let address = address.strip_prefix("postgresql://").or(address.strip_prefix("postgres://")).unwrap_or(address);
    let (host, database) = address.split_once('/')?;
    let is_whole = !database.is_empty() && !database.contains(['/', '?']);
    let bare = host.ends_with(']') || !host.contains(':');
    let (host, port) =
        if bare { (host, 5432) } else { host.rsplit_once(':').and_then(|(h, p)| Some((h, p.parse().ok()?)))? };
    (is_whole && !host.is_empty()).then_some((host, port, database))
}

fn connect(opened: &Opened) -> Result<Server, Diagnostic> {
    let certificate = certificate(opened)?;
    let address = address(opened, certificate.as_deref())?;
    let place = format!("{}:{}", address.host, address.port);
    Server::connect(&address, opened.visit.cancel).map_err(|fault| told(opened, fault, &place))
}

/// Variables that lead programs of PostgreSQL to where the connection leads.
pub(super) fn variables(opened: &Opened) -> Result<Vec<(&'static str, String)>, Diagnostic> {
    let certificate = certificate(opened)?;
    let address = address(opened, certificate.as_deref())?;
    let host = address.host.trim_start_matches('[').trim_end_matches(']');
    // As a connection of our own: never to a server that is not known by its certificate.
    let mode = if address.tls { "verify-full" } else { "disable" };
    let mut found = vec![
        ("PGHOST", host.to_owned()),
        ("PGPORT", address.port.to_string()),
        ("PGDATABASE", address.database.to_owned()),
        ("PGUSER", address.user.to_owned()),
        ("PGSSLMODE", mode.to_owned()),
        ("PGOPTIONS", format!("-c statement_timeout={:.0}", timeout(opened) * 1000.0)),
    ];
    if address.tls {
        let signed_by = address.certificate.map_or("system".to_owned(), |path| path.display().to_string());
        found.push(("PGSSLROOTCERT", signed_by));
    }
    found.extend(address.password.map(|password| ("PGPASSWORD", password.to_owned())));
    Ok(found)
}

/// Where the certificate lies that has signed the server's.
fn certificate(opened: &Opened) -> Result<Option<PathBuf>, Diagnostic> {
    let certificate = Some(opened.connection.setting("certificate")).filter(|path| !path.is_empty());
    let certificate = certificate.map(|path| interpolate(path, opened.visit.parameters)).transpose()?;
    let certificate = certificate.map(|path| opened.visit.base.join(path));
    if let Some(path) = &certificate {
        check_reach(opened.visit.base, path)?;
    }
    Ok(certificate)
}

fn address<'a>(opened: &'a Opened, certificate: Option<&'a Path>) -> Result<Address<'a>, Diagnostic> {
    let Some((host, port, database)) = parts(&opened.address) else {
        return Err(opened
            .fault("PW0651", "its address is not of the form `host:port/database`")
            .help("write it as `db.example.com:5432/shop`"));
    };
    let connection = opened.connection;
    let tls = match connection.setting("tls") {
        "require" => true,
        "off" => false,
        _ => !is_this_machine(host),
    };
    let user = connection.setting("user");
    Ok(Address {
        host,
        port,
        database,
        user: if user.is_empty() { "postgres" } else { user },
        password: opened.secrets.get("password"),
        tls,
        certificate,
        patience: Duration::from_secs_f64(timeout(opened) + 15.0),
    })
}

fn timeout(opened: &Opened) -> f64 {
    opened.number("timeout", TIMEOUT)
}

/// A fault in words of the connection; `doing`: where or while what.
fn told(opened: &Opened, fault: Fault, doing: &str) -> Diagnostic {
    match fault {
        Fault::Server { code, message } => {
            let (ours, help) = match code.as_str() {
                "28P01" | "28000" => ("PW0671", "see whether the user and the secret `password` are right"),
                "3D000" => ("PW0680", "correct the name of the database in the connection's address"),
                "42P01" => ("PW0680", "correct the name of the table; a schema stands before it, with a point"),
                "3F000" => ("PW0680", "make the schema first, or name another one"),
                "42501" => ("PW0671", "let the user read or write there, or give the connection another one"),
                "25006" if doing.starts_with("loading") => {
                    ("PW0681", "this server or user only reads: lead the connection to one that may write")
                }
                "25006" => ("PW0681", "a source only reads: write a query that changes nothing"),
                "57014" => ("PW0669", "ask for less, or give the connection a longer `timeout`"),
                "22P05" if message.contains("has no equivalent") => {
                    ("PW0682", "replace what the database's encoding does not have, or load into one of UTF8")
                }
                "22P05" | "22021" => ("PW0682", "take the character NUL out of the texts before, as with `replace`"),
                // Two that look at once find none, and one of them makes it.
                "42P07" => ("PW0682", "run it again: somebody else has made the table meanwhile"),
                "23505" if message.contains("pg_type_typname_nsp_index") => {
                    ("PW0682", "run it again: somebody else has made the table meanwhile")
                }
                "57P01" | "57P02" | "57P03" => ("PW0668", "run it again when the server is back"),
                "53300" => ("PW0668", "run it again when fewer are connected, or let the server take more"),
                "40001" | "40P01" => ("PW0682", "run it again: somebody else has changed the same rows meanwhile"),
                "23505" => {
                    ("PW0682", "the table holds such a row already: load by `upsert` with those keys, or take it out")
                }
                _ => ("PW0681", "correct the query, or what is loaded"),
            };
            opened.fault(ours, &format!("{doing}: the server says: {message}")).help(help)
        }
        Fault::Line(error) => opened
            .fault("PW0668", &format!("{doing}: the line broke off, or nobody answers: {}", io_cause(&error)))
            .help("see whether the server runs there, and lets this machine in"),
        Fault::Silent => opened
            .fault("PW0669", &format!("{doing}: the server gave no answer within {} s", timeout(opened) + 15.0))
            .help("ask for less, or give the connection a longer `timeout`"),
        Fault::Cancelled => {
            opened.visit.cancel.check().err().unwrap_or_else(|| opened.fault("PW0668", "it was cancelled"))
        }
        Fault::Unknown(what) => opened
            .fault("PW0671", &format!("{doing}: the server wants {what}"))
            .help("give the connection the secret `password`; other ways to log in are not known"),
        Fault::Certificate(why) => opened.fault("PW1168", &format!("{doing}: no TLS comes about: {why}")).help(
            "name the file of the certificate that has signed the server's in the setting `certificate`; `tls`: `off` \
             only where nobody can listen",
        ),
    }
}

pub(super) fn test(opened: &Opened) -> Result<String, Diagnostic> {
    let mut server = connect(opened)?;
    let rows = server.rows("SHOW server_version").map_err(|fault| told(opened, fault, "asking for the version"))?;
    let version = rows.into_iter().flatten().flatten().next().unwrap_or_default();
    Ok(format!("PostgreSQL {version} answers"))
}

/// A table or a query as lines of JSON.
pub(super) fn take(opened: &Opened, inquiry: &Inquiry, amount: Amount, folder: &Path) -> Result<Taken, Diagnostic> {
    let parameters = opened.visit.parameters;
    let sql = match inquiry.query.trim() {
        "" => {
            let table = interpolate(&inquiry.table, parameters)?;
            check_length(opened, &table)?;
            format!("SELECT * FROM {}", quoted_table(&table))
        }
        query => sql_with_values(query.trim_end_matches([';', ' ', '\n', '\r', '\t']), parameters)?,
    };
    let mut server = connect(opened)?;
    let doing = "reading";
    let begin =
        format!("BEGIN READ ONLY; {SETTINGS} SET LOCAL statement_timeout = {};", (timeout(opened) * 1e3) as u64);
    server.rows(&begin).map_err(|fault| told(opened, fault, doing))?;
    let (sql, newest) = match amount {
        Amount::Newer(after) => newer(opened, &mut server, sql, &inquiry.newer, after)?,
        Amount::All | Amount::Unseen(_) | Amount::Rows(_) => (sql, None),
    };
    // A second statement, or a bracket that closes what is put around it, is refused by the server here.
    let columns = server.describe(&sql).map_err(|fault| told(opened, fault, doing))?.unwrap_or_default();
    check_names(opened, &columns)?;
    let limit = match amount {
        Amount::Rows(rows) => format!(" LIMIT {rows}"),
        Amount::All | Amount::Newer(_) | Amount::Unseen(_) => String::new(),
    };
    let column = |(name, oid): &WireColumn| match kind(*oid) {
        Kind::Json => format!("to_json({})", sql_identifier(name)),
        _ => sql_identifier(name),
    };
    let list = columns.iter().map(column).collect::<Vec<_>>().join(", ");
    // A remark at the end of the query ends with its line.
    let copy = format!("COPY (SELECT {list} FROM ({sql}\n) pw_query{limit}) TO STDOUT");
    let mut rows = JsonRows::of(columns.iter().map(|(name, oid)| (name.as_str(), kind(*oid))));
    let mut lines = Lines::create(folder, opened.visit.cancel)?;
    let mut fault = None;
    let copied = server.copy_out(&copy, &mut |row| {
        lines.write(rows.line(row)?).map_err(|found| {
            fault = Some(found);
            Fault::Cancelled
        })
    });
    match (fault, copied) {
        (Some(fault), _) => return Err(fault),
        (None, copied) => copied.map_err(|fault| told(opened, fault, doing))?,
    }
    Ok(Taken { newest, ..lines.finish(schema_of(&columns), arrivals(opened, &columns))? })
}

/// The query for new rows alone, and the newest of them.
fn newer(
    opened: &Opened,
    server: &mut Server,
    sql: String,
    column: &str,
    after: Option<&str>,
) -> Result<(String, Option<String>), Diagnostic> {
    // What closes the bracket is refused before it is put into another one.
    server.describe(&sql).map_err(|fault| told(opened, fault, "reading"))?;
    let newest = format!("SELECT quote_literal(max({})::text) FROM ({sql}\n) pw_all", sql_identifier(column));
    let rows = server.rows(&newest).map_err(|fault| told(opened, fault, "looking for new rows"))?;
    let newest = rows.into_iter().flatten().flatten().next();
    let rows = newer_rows(&sql, column, after, newest.as_deref().unwrap_or("NULL"));
    Ok((rows, newest.or(after.map(str::to_owned))))
}

fn schema_of(columns: &[WireColumn]) -> Schema {
    Schema::new(columns.iter().map(|(name, oid)| Field::new(name, data_type(*oid))).collect())
}

/// Columns whose names would stand twice in a row, or not at all.
fn check_names(opened: &Opened, columns: &[WireColumn]) -> Result<(), Diagnostic> {
    if columns.is_empty() {
        return Err(opened.fault("PW0681", "the query gives no columns").help("write a SELECT with columns"));
    }
    let mut seen = std::collections::BTreeSet::new();
    match columns.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(opened
            .fault("PW0681", &format!("the query gives two columns `{name}`"))
            .help("give one of them another name, as in `select a.id, b.id as other_id`")),
        None => Ok(()),
    }
}

/// What types become, where that is not plain.
fn arrivals(opened: &Opened, columns: &[WireColumn]) -> Vec<Diagnostic> {
    let named = |is_one: &dyn Fn(u32) -> bool| {
        let names = columns.iter().filter(|(_, oid)| is_one(*oid)).map(|(name, _)| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    let numeric = named(&|oid| arrival(oid).1);
    let texts = named(&|oid| matches!(arrival(oid).0, Arrival::Text));
    let mut found = Vec::new();
    if !numeric.is_empty() {
        let message = format!("{numeric}: numeric becomes Float, of which about 15 digits are exact");
        let help = "cast it to text in the query where every digit counts";
        found.push(opened.hint("PW0683", &message).help(help));
    }
    if !texts.is_empty() {
        let message = format!("{texts}: a type of PostgreSQL's own becomes its text");
        let help = "JSON is taken apart by “Parse text”; spans and others by a cast in the query";
        found.push(opened.hint("PW0683", &message).help(help));
    }
    found
}

/// A type for a column of a table that is made.
fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int => "bigint".to_owned(),
        DataType::Float => "double precision".to_owned(),
        DataType::Date => "date".to_owned(),
        DataType::Timestamp => "timestamptz".to_owned(),
        DataType::Duration => "interval".to_owned(),
        DataType::List(item) => match &**item {
            DataType::List(_) | DataType::Record(_) => "jsonb".to_owned(),
            item => format!("{}[]", sql_type(item)),
        },
        DataType::Record(_) => "jsonb".to_owned(),
        _ => "text".to_owned(),
    }
}

/// Whether the text of a value in JSON is what the input of a column's type takes, and the column then holds the value.
fn is_plain(data_type: &DataType, shown: &str) -> bool {
    match data_type {
        DataType::Boolean => shown == "boolean",
        DataType::Int => ["bigint", "integer", "smallint", "numeric"].contains(&shown),
        DataType::Float => ["double precision", "numeric"].contains(&shown),
        DataType::Date => shown == "date",
        DataType::Timestamp => shown == "timestamp with time zone",
        DataType::String => ["text", "character varying"].contains(&shown),
        _ => false,
    }
}

/// The server would cut a longer name, and take another table for the one that is meant.
fn check_length(opened: &Opened, table: &str) -> Result<(), Diagnostic> {
    let Some(TableName { schema, name }) = TableName::parse(table) else { return Ok(()) };
    let Some(long) = [schema, Some(name)].into_iter().flatten().find(|part| part.len() > LONGEST_NAME) else {
        return Ok(());
    };
    let message = format!("a table's name has at most {LONGEST_NAME} bytes there: `{}`", visible_start(&long, 80));
    Err(opened.fault("PW0660", &message).help("write the name as the database has it").field("table"))
}

/// The columns of the table that is there; `None`: there is none.
fn table_of(opened: &Opened, server: &mut Server, table: &str) -> Result<Option<Vec<Column>>, Diagnostic> {
    check_length(opened, table)?;
    let name = sql_text(&quoted_table(table));
    let sql = format!(
        "SELECT a.attname, a.atttypid::bigint, format_type(a.atttypid, a.atttypmod), \
         a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', a.attgenerated <> '' OR a.attidentity = 'a' \
         FROM pg_attribute a WHERE a.attrelid = to_regclass({name}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    let rows = server.rows(&sql).map_err(|fault| told(opened, fault, "looking at the table"))?;
    let column = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut cell = || cells.next().unwrap_or_default();
        let (name, oid) = (cell(), cell().parse().unwrap_or_default());
        let (shown, is_needed, is_made) = (cell(), cell() == "t", cell() == "t");
        // Its input takes texts of any form; a type of PostgreSQL's own says what fits when rows come.
        let takes = match arrival(oid).0 {
            Arrival::As(data_type) => Some(data_type),
            Arrival::Text => None,
        };
        // It says itself of other types of numbers what a text is there.
        let is_numeric = shown == "oid";
        Column { name, takes, shown, is_needed, is_made, is_numeric }
    };
    Ok(Some(rows.into_iter().map(column).collect::<Vec<_>>()).filter(|columns| !columns.is_empty()))
}

/// Whether rows of a schema fit into the table, looked at without writing anything.
pub(super) fn check_load(opened: &Opened, place: &Table, schema: &Schema) -> Result<(), Diagnostic> {
    if let Some(long) = schema.names().find(|name| name.len() > LONGEST_NAME) {
        let message = format!("a name of a column has more than {LONGEST_NAME} bytes: `{}`", visible_start(long, 80));
        return Err(opened.fault("PW0684", &message).help("give the column a shorter name with “Select”"));
    }
    let mut server = connect(opened)?;
    let columns = table_of(opened, &mut server, &place.name)?;
    check_table(opened, place, columns.as_deref(), schema)?;
    check_replaced(opened, &mut server, place)
}

/// What an earlier run noted of a load.
pub(super) fn noted(opened: &Opened, place: &Table, sql: &str) -> Result<Noted, Diagnostic> {
    let mut server = connect(opened)?;
    let is_there = table_of(opened, &mut server, &place.name)?.is_some();
    if table_of(opened, &mut server, NOTES)?.is_none() {
        return Ok(Noted { state: None, is_there });
    }
    let rows = server.rows(sql).map_err(|fault| told(opened, fault, "looking at what was read before"))?;
    Ok(Noted { state: rows.into_iter().flatten().flatten().next(), is_there })
}

/// Rows that refer to those of the table, of its partitions, or of the tables that it is a view of, and rows that one of
/// them inherits, go or change with them.
fn check_replaced(opened: &Opened, server: &mut Server, place: &Table) -> Result<(), Diagnostic> {
    if !place.takes_out() {
        return Ok(());
    }
    let name = sql_text(&quoted_table(&place.name));
    // Where all rows go, those that they refer to themselves go anyway.
    let others = if place.only.is_none() { "AND conrelid NOT IN (SELECT oid FROM pw_of)" } else { "" };
    let sql = format!(
        "WITH RECURSIVE pw_of(oid) AS (SELECT to_regclass({name})::oid UNION SELECT pw_next.oid FROM pw_of JOIN (\
         SELECT inhparent AS above, inhrelid AS oid FROM pg_inherits UNION ALL \
         SELECT ev_class, refobjid FROM pg_rewrite JOIN pg_depend ON objid = pg_rewrite.oid \
         JOIN pg_class ON pg_class.oid = ev_class WHERE classid = 'pg_rewrite'::regclass \
         AND refclassid = 'pg_class'::regclass AND relkind = 'v') pw_next ON pw_next.above = pw_of.oid) \
         SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' \
         AND confrelid IN (SELECT oid FROM pw_of) {others} AND confdeltype IN ('c', 'n', 'd') UNION \
         SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhparent \
         WHERE inhparent IN (SELECT oid FROM pw_of) AND relkind = 'r' ORDER BY 1"
    );
    let rows = server.rows(&sql).map_err(|fault| told(opened, fault, "looking at the table"))?;
    place.check_dependents(opened, &rows.into_iter().flatten().flatten().collect::<Vec<_>>())
}

/// A transaction that holds the rows, and is not ended yet.
pub(super) struct Transaction {
    server: Server,
    /// Tables that have their rows, by number.
    loaded: BTreeSet<String>,
}

impl Transaction {
    pub fn begin(opened: &Opened) -> Result<Transaction, Diagnostic> {
        let mut server = connect(opened)?;
        let limit = (timeout(opened) * 1e3) as u64;
        let begin = format!("BEGIN; {SETTINGS} SET LOCAL statement_timeout = {limit};");
        server.rows(&begin).map_err(|fault| told(opened, fault, "beginning a load"))?;
        Ok(Transaction { server, loaded: BTreeSet::new() })
    }

    /// Runs a statement of this transaction; gives the number of rows that it touched.
    pub fn run(&mut self, opened: &Opened, sql: &str) -> Result<u64, Diagnostic> {
        self.server.rows(sql).map_err(|fault| told(opened, fault, "noting what was read"))?;
        Ok(self.server.touched)
    }

    /// Puts lines of JSON into a table; gives what is worth knowing of it.
    pub fn load(
        &mut self,
        opened: &Opened,
        place: &Table,
        schema: &Schema,
        lines: &Path,
    ) -> Result<Vec<Diagnostic>, Diagnostic> {
        let server = &mut self.server;
        let target = quoted_table(&place.name);
        let doing = format!("loading `{}`", place.name);
        let run = |server: &mut Server, sql: &str| server.rows(sql).map_err(|fault| told(opened, fault, &doing));
        // Rows that the user may not see would be taken for none.
        let sees = if place.only_adds() { "on" } else { "off" };
        run(server, &format!("SET LOCAL row_security = {sees}"))?;
        let columns = table_of(opened, server, &place.name)?;
        if columns.is_none() {
            let typed = place.typed_columns(schema, &sql_type);
            run(
                server,
                &format!("CREATE TABLE {target} ({})", typed.chain(place.primary_key()).collect::<Vec<_>>().join(", ")),
            )?;
        } else {
            // It may have become another one since it was looked at.
            check_table(opened, place, columns.as_deref(), schema)?;
            check_replaced(opened, server, place)?;
            // Whoever may only add rows may not keep others from it.
            let lock = if place.only_adds() { "ROW EXCLUSIVE" } else { "SHARE ROW EXCLUSIVE" };
            run(server, &format!("LOCK TABLE {target} IN {lock} MODE"))?;
        }
        let number = run(server, &format!("SELECT to_regclass({})::oid::text", sql_text(&target)))?;
        if !number.into_iter().flatten().flatten().all(|number| self.loaded.insert(number)) {
            return Err(place.loaded_twice(opened));
        }
        let columns = match columns {
            Some(columns) => columns,
            None => table_of(opened, server, &place.name)?.unwrap_or_default(),
        };
        let names: Vec<String> = schema.names().map(sql_identifier).collect();
        let load = Load { opened, place, schema, lines, target: &target, columns: &columns, names: &names };
        match (load.is_plain(), place.mode) {
            (true, LoadMode::Upsert) => load.copied_beside(server),
            (true, _) if load.is_open(server)? => load.copied(server),
            _ => load.typed(server),
        }
    }

    /// What was put off to the end is looked at now, while nothing else is in place.
    pub fn settle(&mut self, opened: &Opened) -> Result<(), Diagnostic> {
        let checked = self.server.rows("SET CONSTRAINTS ALL IMMEDIATE");
        checked.map(drop).map_err(|fault| told(opened, fault, "checking what tables want of each other"))
    }

    /// Ends it: now the rows are there for everybody.
    pub fn commit(mut self, opened: &Opened) -> Result<(), Diagnostic> {
        self.server.go_on_to_the_end();
        self.server.rows("COMMIT").map(drop).map_err(|fault| told(opened, fault, "ending the load"))
    }
}

/// Rows on their way into a table that is there and locked.
struct Load<'a> {
    opened: &'a Opened<'a>,
    place: &'a Table,
    schema: &'a Schema,
    /// Where they lie, as lines of JSON.
    lines: &'a Path,
    /// The table's name, quoted.
    target: &'a str,
    /// The table's.
    columns: &'a [Column],
    /// Of the rows' columns, quoted.
    names: &'a [String],
}

impl Load<'_> {
    fn rows(&self, server: &mut Server, sql: &str) -> Result<Vec<WireRow>, Diagnostic> {
        server.rows(sql).map_err(|fault| self.told(fault))
    }

    /// The number that a SELECT asks for, or that of the rows that another statement touched.
    fn count(&self, server: &mut Server, sql: &str) -> Result<u64, Diagnostic> {
        let counted = self.rows(server, sql)?.into_iter().flatten().flatten().next();
        Ok(counted.and_then(|count| count.parse().ok()).unwrap_or(server.touched))
    }

    fn told(&self, fault: Fault) -> Diagnostic {
        let fault = match fault {
            Fault::Server { code, message } if code.starts_with("22") => {
                Fault::Server { code, message: without_values(&message, self.names) }
            }
            fault => fault,
        };
        told(self.opened, fault, &format!("loading `{}`", self.place.name))
    }

    /// Whether every column holds what its values are written as.
    fn is_plain(&self) -> bool {
        self.schema.fields.iter().all(|field| {
            let column = self.columns.iter().find(|column| column.name == field.name);
            column.is_some_and(|column| is_plain(&field.data_type, &column.shown))
        })
    }

    /// Whether a COPY does there what an INSERT does.
    fn is_open(&self, server: &mut Server) -> Result<bool, Diagnostic> {
        let sql = format!(
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass({}) AND relkind = 'r' AND NOT relhasrules AND \
             NOT relrowsecurity",
            sql_text(self.target)
        );
        Ok(self.count(server, &sql)? == 1)
    }

    /// Copies the rows into a table as they are; gives how many were sent, and what is told of them.
    fn copy(&self, server: &mut Server, into: &str) -> Result<(u64, Vec<Diagnostic>), Diagnostic> {
        let mut lines = WithoutNul::of(lines_of(self.lines)?);
        let mut rows = CopyRows::of(&mut lines);
        let sql = format!("COPY {into} ({}) FROM STDIN", self.names.join(", "));
        server.copy_in(&sql, &mut rows).map_err(|fault| self.told(fault))?;
        let given = rows.rows;
        Ok((given, self.without_nul(lines.replaced)))
    }

    /// Tells of characters that no text there holds.
    fn without_nul(&self, replaced: u64) -> Vec<Diagnostic> {
        let told = || {
            let count = if replaced == 1 { "1 NUL".to_owned() } else { format!("{replaced} NULs") };
            let message =
                format!("loading `{}`: {count} in texts became U+FFFD: PostgreSQL keeps none", self.place.name);
            self.opened
                .hint("PW1220", &message)
                .help("replace them before, as with `replace`, where they mean something")
        };
        (replaced > 0).then(told).into_iter().collect()
    }

    fn copied(&self, server: &mut Server) -> Result<Vec<Diagnostic>, Diagnostic> {
        let gone = self.place.take_out(self.opened, self.target, &mut |sql| self.count(server, sql))?;
        let (given, told) = self.copy(server, self.target)?;
        self.place.check_whole(self.opened, server.touched, given).map(|()| [told, gone].concat())
    }

    fn copied_beside(&self, server: &mut Server) -> Result<Vec<Diagnostic>, Diagnostic> {
        let list = self.names.join(", ");
        let beside =
            format!("CREATE TEMP TABLE pw_rows ON COMMIT DROP AS SELECT {list} FROM {} WITH NO DATA", self.target);
        self.rows(server, &beside)?;
        let (given, mut told) = self.copy(server, "pg_temp.pw_rows")?;
        told.extend(self.put(server, given)?);
        self.rows(server, "DROP TABLE pg_temp.pw_rows").map(|_| told)
    }

    fn put(&self, server: &mut Server, given: u64) -> Result<Vec<Diagnostic>, Diagnostic> {
        let incoming = Incoming { target: self.target, rows: "pg_temp.pw_rows", names: self.names, given, or: "" };
        self.place.put(self.opened, &incoming, &mut |sql| self.count(server, sql))
    }

    /// Lets the server make rows of the table's types; gives what they hold no more.
    fn typed(&self, server: &mut Server) -> Result<Vec<Diagnostic>, Diagnostic> {
        let Load { opened, place, schema, target, .. } = *self;
        self.rows(server, "CREATE TEMP TABLE pw_lines (line json) ON COMMIT DROP")?;
        let copy = format!("COPY pw_lines FROM STDIN {ONE_COLUMN}");
        let mut lines = WithoutNul::of(lines_of(self.lines)?);
        server.copy_in(&copy, &mut lines).map_err(|fault| self.told(fault))?;
        let typed = self.names.iter().map(|name| format!("typed.{name}")).collect::<Vec<_>>().join(", ");
        let rows = format!(
            "CREATE TEMP TABLE pw_rows ON COMMIT DROP AS SELECT {typed} FROM pw_lines, \
             json_populate_record(NULL::{target}, pw_lines.line) typed"
        );
        self.rows(server, &rows)?;
        let given = server.touched;
        let rounded = |name: &str| {
            let column = self.columns.iter().find(|column| column.name == name)?;
            is_inexact(name, &column.shown)
        };
        place.check_exact(opened, schema, "pg_temp.pw_rows", &rounded, &mut |sql| self.count(server, sql))?;
        let mut told = self.without_nul(lines.replaced);
        for column in self.columns {
            let Some(condition) = schema.get(&column.name).and_then(|field| is_rounded(field, &column.shown)) else {
                continue;
            };
            let changed = format!(
                "SELECT count(*) FROM pw_lines, json_populate_record(NULL::{target}, pw_lines.line) typed \
                 WHERE {condition}"
            );
            let changed = self.count(server, &changed)?;
            told.extend((changed > 0).then(|| place.rounded(opened, column, changed)));
        }
        told.extend(self.put(server, given)?);
        self.rows(server, "DROP TABLE pg_temp.pw_rows, pg_temp.pw_lines")?;
        Ok(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_types_are_known() {
        assert_eq!(parts("db:5433/shop"), Some(("db", 5433, "shop")));
        assert_eq!(parts("postgresql://[::1]/shop"), Some(("[::1]", 5432, "shop")));
        assert!(is_same_database("DB/shop", "postgresql://db:5432/shop") && !is_same_database("db/a", "db/b"));
        assert!(is_plain(&DataType::Int, "numeric") && !is_plain(&DataType::Int, "double precision"));
        assert!(is_plain(&DataType::String, "text") && !is_plain(&DataType::String, "jsonb"));
        assert_eq!((parts("db"), parts("db:x/shop"), parts("/shop"), parts("db/")), (None, None, None, None));
        assert_eq!(data_type(1016), DataType::List(Box::new(DataType::Int)));
        assert!(arrival(1700).1 && arrival(1231).1 && matches!(arrival(3802).0, Arrival::Text));
    }
}
