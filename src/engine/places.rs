//! Places that are no files: what is asked of them is put into private files, which the reader reads as any other; what
//! is loaded into them comes in one transaction. Opened only where the user asked for it: by a run, a sample, a test of
//! the connection. Must not import runs or previews.

mod http;
mod load;
mod next_page;
mod objects;
mod patience;
mod postgresql;
mod secrets;
mod send;
mod sqlite;
mod table;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::time::{Duration, Instant};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity, io_cause};
use pipewright_core::files::{is_trusted, open_file};
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{Connection, ConnectionKind, Location, Read, TableName, interpolate};
use pipewright_core::quote::sql_identifier;

pub(crate) use load::{Loading, another_went_on, check_load, end_loads, load, note, noted};
pub(crate) use send::{Delivery, deliver};

use crate::budget::Budget;
use crate::cancel::Cancel;
use crate::read::schema_as;
use crate::sample::read_sample;
use crate::sampling::Sampling;
use patience::{again, tried_again};
use secrets::Secrets;

/// Rows of a sample where nothing else is said.
pub const PLACE_SAMPLE_ROWS: u64 = 1_000;

/// So long what is only told of a run, such as its events and alerts, is tried again.
const TELLING: Duration = Duration::from_secs(15);

/// What a connection may use while it is open.
#[derive(Clone, Copy)]
pub struct Visit<'a> {
    /// Relative paths start here.
    pub base: &'a Path,
    pub parameters: &'a BTreeMap<String, Value>,
    /// Values of variables that the user gave in a file, by name.
    pub variables: &'a BTreeMap<String, String>,
    pub cancel: &'a Cancel,
}

/// What was taken from a place.
#[derive(Debug, Default)]
pub struct Taken {
    /// In order; private until they are published.
    pub files: Vec<TakenFile>,
    /// Stands for all of them, in their folder.
    pub pattern: String,
    /// Columns as a database declares them.
    pub schema: Option<Schema>,
    pub format: Option<FormatSpec>,
    /// What is worth knowing of it.
    pub told: Vec<Diagnostic>,
    /// The largest value of the column by which new rows are known, as the database writes it.
    pub newest: Option<String>,
    /// Objects of a store that were taken now or before: by key, each with its ETag.
    pub seen: BTreeMap<String, String>,
}

/// A file with something that was taken.
#[derive(Debug, Default)]
pub struct TakenFile {
    pub path: PathBuf,
    /// What it came from, for people, where it has a name of its own there.
    pub name: Option<String>,
    /// What its place tells it apart from others by: an object's ETag.
    pub version: Option<String>,
}

/// How much of a place is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Amount<'a> {
    All,
    /// Rows of a database whose value of the column `newer` is larger than this one; all of them where there is none.
    Newer(Option<&'a str>),
    /// Objects of a store that are none of these: by key, each with its ETag.
    Unseen(&'a BTreeMap<String, String>),
    /// So many rows, or a few more.
    Rows(u64),
}

/// A connection that may be opened: trusted, its address filled in, its secrets at hand.
struct Opened<'a> {
    connection: &'a Connection,
    address: String,
    secrets: Secrets,
    visit: Visit<'a>,
    /// How often it was asked again, which nobody has told yet.
    tried_again: AtomicU32,
    /// After this nothing is tried again.
    until: Option<Instant>,
}

impl<'a> Opened<'a> {
    fn new(connection: &'a Connection, visit: Visit<'a>) -> Result<Opened<'a>, Diagnostic> {
        if !is_trusted(visit.base) {
            let message = format!("“{}” is not opened: the project is not trusted", connection.shown());
            return Err(Diagnostic::error("PW0664", message).help(
                "see where it leads, and trust the project if it is known where it comes from: in the designer when it \
                 is opened, on the command line with --trust",
            ));
        }
        if let Some(fault) = pipewright_core::ir::check_connection(connection).into_iter().find(Diagnostic::is_error) {
            return Err(fault);
        }
        let address = match connection.kind {
            ConnectionKind::Sqlite => interpolate(&connection.address, visit.parameters)?,
            _ => {
                pipewright_core::ir::filled_text(&connection.address, visit.parameters, &pipewright_core::ir::encoded)?
            }
        };
        let secrets = Secrets::of(connection, visit)?;
        Ok(Opened {
            connection,
            address: address.trim().to_owned(),
            secrets,
            visit,
            tried_again: AtomicU32::default(),
            until: None,
        })
    }

    /// A setting that is a number; `otherwise` where it is not given.
    fn number(&self, name: &str, otherwise: f64) -> f64 {
        self.connection.setting(name).parse().unwrap_or(otherwise)
    }

    /// A fault of this connection.
    fn fault(&self, code: &str, what: &str) -> Diagnostic {
        self.secrets.hidden(Diagnostic::error(code, format!("“{}”: {what}", self.connection.shown())))
    }

    /// What is worth knowing of it.
    fn hint(&self, code: &str, what: &str) -> Diagnostic {
        Diagnostic { severity: Severity::Hint, ..self.fault(code, what) }
    }
}

/// Takes what a location gives into files of a folder of the caller's own.
pub(crate) fn take(
    location: &Location,
    format: Option<&FormatSpec>,
    amount: Amount,
    folder: &Path,
    visit: Visit,
) -> Result<Taken, Diagnostic> {
    let opened = Opened::new(&location.connection, visit)?;
    let taken = match location.connection.kind {
        ConnectionKind::Http => http::take(&opened, &location.inquiry, format, amount, folder),
        ConnectionKind::Postgresql => again(&opened, || postgresql::take(&opened, &location.inquiry, amount, folder)),
        ConnectionKind::Sqlite => sqlite::take(&opened, &location.inquiry, amount, folder),
        ConnectionKind::S3 | ConnectionKind::Gcs | ConnectionKind::Azure => {
            objects::take(&opened, &location.inquiry, format, amount, folder)
        }
    };
    let mut taken = taken.map_err(|fault| opened.secrets.hidden(fault))?;
    taken.told.extend(tried_again(&opened));
    Ok(taken)
}

/// Takes a sample of a location into files of a folder.
pub fn take_sample(
    location: &Location,
    format: Option<&FormatSpec>,
    rows: u64,
    folder: &Path,
    visit: Visit,
) -> Result<Taken, Diagnostic> {
    take(location, format, Amount::Rows(rows.max(1)), folder, visit)
}

/// Opens a connection and closes it again; gives what answered, in a few words.
pub fn test_connection(connection: &Connection, visit: Visit) -> Result<String, Diagnostic> {
    let opened = Opened::new(connection, visit)?;
    let tested = match connection.kind {
        ConnectionKind::Http => http::test(&opened),
        ConnectionKind::Postgresql => postgresql::test(&opened),
        ConnectionKind::Sqlite => sqlite::test(&opened),
        ConnectionKind::S3 | ConnectionKind::Gcs | ConnectionKind::Azure => objects::test(&opened),
    };
    tested.map_err(|fault| opened.secrets.hidden(fault))
}

/// Variables that lead programs of PostgreSQL (libpq) to where a connection leads, its password among them.
pub fn server_variables(connection: &Connection, visit: Visit) -> Result<Vec<(&'static str, String)>, Diagnostic> {
    if connection.kind != ConnectionKind::Postgresql {
        let message = format!("“{}” is no PostgreSQL: it is {}", connection.shown(), connection.kind.title());
        return Err(Diagnostic::error("PW0648", message).help("name a connection to a PostgreSQL server"));
    }
    let opened = Opened::new(connection, visit)?;
    postgresql::variables(&opened).map_err(|fault| opened.secrets.hidden(fault))
}

/// Tells something to the address of a connection.
pub fn post(connection: &Connection, path: &str, body: &serde_json::Value, visit: Visit) -> Result<(), Diagnostic> {
    // What is only told holds no run up.
    let opened = Opened { until: Some(Instant::now() + TELLING), ..Opened::new(connection, visit)? };
    let posted = match connection.kind {
        ConnectionKind::Http => http::post(&opened, path, body),
        _ => Err(opened.fault("PW0994", "it is no HTTP address").help("choose a connection of that kind")),
    };
    posted.map_err(|fault| opened.secrets.hidden(fault))
}

/// A column that a source declares and a run wants, and that its table or query does not give any more.
pub(crate) fn check_columns(read: &Read, location: &Location, found: &Schema) -> Result<(), Diagnostic> {
    let is_wanted = |name: &str| read.columns.as_ref().is_none_or(|columns| columns.iter().any(|have| have == name));
    let wanted = read.schema.names().filter(|name| is_wanted(name));
    let lacking: Vec<String> = wanted.filter(|name| !found.has(name)).map(|name| format!("`{name}`")).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let message = format!("{} gives no column {}", location.shown(), lacking.join(", "));
    let names: Vec<&str> = found.names().take(20).collect();
    Err(Diagnostic::error("PW0665", message).help(format!(
        "its columns are {}; take a sample again, and see what the flow makes of them",
        names.join(", ")
    )))
}

/// A query for rows that are newer than what was taken before, up to the newest one; both as the database writes them.
fn newer_rows(sql: &str, column: &str, after: Option<&str>, newest: &str) -> String {
    let column = sql_identifier(column);
    let after = after.map_or(String::new(), |after| format!("{column} > {after} AND "));
    format!("SELECT * FROM ({sql}\n) pw_all WHERE {after}{column} <= {newest}")
}

/// How many records a file has as its format reads it, those among them that it cannot read.
fn units(path: &Path, format: &FormatSpec, cancel: &Cancel) -> Result<u64, Diagnostic> {
    // Looked at from its own folder, not from that of a project, which it lies outside of.
    let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default());
    let read = Read {
        path: name.to_string_lossy().into_owned(),
        format: format.clone(),
        schema: schema_as(path, format)?,
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let whole = Sampling::Whole;
    let tally = read_sample(&read, folder, &whole, &Budget::of(&whole), cancel)?.tally;
    Ok(tally.accepted + tally.quarantined)
}

/// A table's name with its schema, in quotes.
fn quoted_table(table: &str) -> String {
    TableName::parse(table).map_or_else(|| sql_identifier(table), |name| name.quoted())
}

/// Lines of JSON on their way into a file.
struct Lines<'a> {
    path: PathBuf,
    out: BufWriter<File>,
    cancel: &'a Cancel,
    lines: u64,
}

impl<'a> Lines<'a> {
    const NAME: &'static str = "rows.jsonl";

    fn create(folder: &Path, cancel: &'a Cancel) -> Result<Lines<'a>, Diagnostic> {
        let path = folder.join(Self::NAME);
        let file = File::create(&path).map_err(|error| not_put_aside(&error))?;
        Ok(Lines { path, out: BufWriter::with_capacity(1 << 18, file), cancel, lines: 0 })
    }

    /// Whole lines, with their ends.
    fn write(&mut self, lines: &[u8]) -> Result<(), Diagnostic> {
        if self.lines.is_multiple_of(1024) {
            self.cancel.check()?;
        }
        self.lines += 1;
        self.out.write_all(lines).map_err(|error| not_put_aside(&error))
    }

    fn finish(mut self, schema: Schema, told: Vec<Diagnostic>) -> Result<Taken, Diagnostic> {
        self.out.flush().map_err(|error| not_put_aside(&error))?;
        Ok(Taken {
            files: vec![TakenFile { path: self.path, ..TakenFile::default() }],
            pattern: Self::NAME.to_owned(),
            schema: Some(schema),
            format: Some(FormatSpec::new("json_lines")),
            told,
            ..Taken::default()
        })
    }
}

fn not_put_aside(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0666", format!("what was taken cannot be put aside: {}", io_cause(error)))
        .help("free some space in the folder for temporary files, or let TMPDIR name another one")
}

/// The lines of a file that a load puts into a database.
fn lines_of(path: &Path) -> Result<std::io::BufReader<File>, Diagnostic> {
    let file = open_file(path).map_err(|error| not_put_aside(&error))?;
    Ok(std::io::BufReader::with_capacity(1 << 18, file))
}
