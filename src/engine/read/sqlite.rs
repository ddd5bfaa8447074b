//! Tables of SQLite files as streams: one table as comma-separated text. The file is a stranger's: a copy of its bytes is
//! opened, to be read only, so that no file beside it is read or written. Must not import formats or plans.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pipewright_core::diagnostic::{Diagnostic, did_you_mean};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

use super::open::unreadable;
use super::workbook::{Key, Sheet, push_text};

/// Bytes of the largest file that is opened: it is copied.
const LIMIT: u64 = 1 << 30;
/// Bytes of a table as text.
const TEXT_LIMIT: usize = 1 << 30;
/// What such a file begins with.
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The table that was read last: a file is opened again and again.
static LAST: Mutex<Option<(Key, Sheet)>> = Mutex::new(None);

/// Reads a table: that of the name, else the first one with rows. Errors: it is none, or the file is damaged.
pub(super) fn table_of(file: &File, path: &Path, name: Option<&str>) -> Result<Sheet, Diagnostic> {
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    let key = Key::of(path, &about, name);
    if let Some((_, table)) =
        LAST.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|(known, _)| *known == key)
    {
        return Ok(table.clone());
    }
    let fault =
        |message: String, help: &str| Diagnostic::error("PW0913", message).help(help).file(path.display().to_string());
    if about.len() > LIMIT {
        return Err(fault(format!("the SQLite file has more than {} MB", LIMIT >> 20), "read it by a connection"));
    }
    let copy = copied(file).map_err(|error| unreadable(path, &error))?;
    let damaged = |_: rusqlite::Error| {
        fault("the SQLite file is damaged, or encrypted".to_owned(), "make a copy with `.backup`, and read that")
    };
    let connection = opened(copy.path()).map_err(damaged)?;
    let names = tables(&connection).map_err(damaged)?;
    let chosen = match name {
        Some(name) if !names.iter().any(|known| known == name) => {
            let near = did_you_mean(name, names.iter().map(String::as_str));
            return Err(Diagnostic::error("PW0921", format!("the SQLite file has no table `{name}`{near}"))
                .help(format!("its tables are {}", names.join(", ")))
                .file(path.display().to_string()));
        }
        Some(name) => name.to_owned(),
        None => {
            let filled = names.iter().find(|name| has_rows(&connection, name));
            match filled.or(names.first()) {
                Some(name) => name.clone(),
                None => {
                    return Err(
                        Diagnostic::error("PW0911", "the SQLite file has no table").file(path.display().to_string())
                    );
                }
            }
        }
    };
    let text = text_of(&connection, &chosen).map_err(damaged)?.ok_or_else(|| {
        fault(format!("the table is larger than {} MB as text", TEXT_LIMIT >> 20), "read it by a connection")
    })?;
    let table = Sheet { text: Arc::new(text), name: chosen, of: names.len() };
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, table.clone()));
    Ok(table)
}

/// The file's bytes under a name of our own.
fn copied(file: &File) -> std::io::Result<tempfile::NamedTempFile> {
    let mut copy = tempfile::NamedTempFile::new()?;
    std::io::copy(&mut file.take(LIMIT + 1), &mut copy)?;
    copy.flush()?;
    Ok(copy)
}

fn opened(copy: &Path) -> rusqlite::Result<Connection> {
    // What cannot change needs no locks and no journal: a file in WAL mode opens too.
    let address = format!("file:{}?immutable=1", quoted(&copy.to_string_lossy()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(address, flags)?;
    // Its schema may call no function that does something.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(connection)
}

/// A path in an address.
fn quoted(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

/// The tables in the order in which they were made; views and tables that a module computes are none.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "select name from sqlite_schema where type = 'table' and rootpage > 0 and name not like 'sqlite\\_%' \
               escape '\\' order by rowid";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn has_rows(connection: &Connection, table: &str) -> bool {
    let sql = format!("select 1 from {} limit 1", identifier(table));
    connection.query_row(&sql, [], |_| Ok(())).is_ok()
}

/// `None`: it is too large.
fn text_of(connection: &Connection, table: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare(&format!("select * from {}", identifier(table)))?;
    let (mut text, mut whole) = (String::new(), Vec::new());
    for (index, name) in statement.column_names().into_iter().enumerate() {
        text.push_str(if index > 0 { "," } else { "" });
        push_text(&mut text, name);
    }
    text.push('\n');
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            text.push_str(if column > 0 { "," } else { "" });
            push_value(&mut text, &mut whole, row.get_ref(column)?);
        }
        text.push('\n');
        whole.append(&mut std::mem::take(&mut text).into_bytes());
        if whole.len() > TEXT_LIMIT {
            return Ok(None);
        }
    }
    whole.append(&mut text.into_bytes());
    Ok(Some(whole))
}

/// `whole`: what stands before `text`.
fn push_value(text: &mut String, whole: &mut Vec<u8>, value: ValueRef) {
    match value {
        ValueRef::Null => {}
        ValueRef::Integer(number) => text.push_str(&number.to_string()),
        ValueRef::Real(number) => text.push_str(&format!("{number:?}")),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(value) => push_text(text, value),
            // As it is: whoever reads the lines tells what is no UTF-8.
            Err(_) => {
                whole.append(&mut std::mem::take(text).into_bytes());
                whole.push(b'"');
                whole.extend(bytes.iter().flat_map(|byte| [*byte].into_iter().chain((*byte == b'"').then_some(b'"'))));
                whole.push(b'"');
            }
        },
        // No number, whatever digits it has.
        ValueRef::Blob(bytes) => {
            text.push_str("0x");
            bytes.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sniff::sniff;
    use super::*;

    fn database(folder: &Path, sql: &str) -> std::path::PathBuf {
        let path = folder.join("app.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    }

    const SQL: &str = "create table none (a); create view v as select 1 as x;
        create table \"Sign ins\" (id integer, at text, \"who, where\" text, took real, raw blob);
        insert into \"Sign ins\" values (1, '2024-03-01T10:00:00Z', 'bob, \"web1\"', 1.5, x'00ff'), (2, null, '', 2, null);
        create table other (n); insert into other values (7);";

    #[test]
    fn a_table_is_read_with_the_values_of_its_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), SQL);
        let table = |name: Option<&str>| table_of(&File::open(&path).unwrap(), &path, name);
        let found = table(None).unwrap();
        assert_eq!((found.name.as_str(), found.of), ("Sign ins", 3));
        assert_eq!(
            String::from_utf8_lossy(&found.text),
            "id,at,\"who, where\",took,raw\n1,2024-03-01T10:00:00Z,\"bob, \"\"web1\"\"\",1.5,0x00ff\n2,,\"\",2.0,\n"
        );
        assert_eq!(table(Some("other")).unwrap().text.as_slice(), b"n\n7\n");
        let fault = table(Some("othr")).unwrap_err();
        assert!(fault.code == "PW0921" && fault.message.contains("did you mean `other`"), "{fault}");
        let sniffed = sniff(&path).unwrap();
        assert_eq!((sniffed.format.name.as_str(), sniffed.format.option("table")), ("csv", Some("Sign ins")));
        assert_eq!(sniffed.compression.as_deref(), Some("sqlite"));
        let types: Vec<String> =
            sniffed.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
        assert_eq!(types, ["id Int", "at Timestamp", "who, where String", "took Float", "raw String"]);
    }

    #[test]
    fn a_stranger_s_file_writes_nothing_and_is_told_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), &format!("pragma journal_mode = wal; {SQL}"));
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        let (before, bytes) = (names(), std::fs::read(&path).unwrap());
        assert_eq!(table_of(&File::open(&path).unwrap(), &path, Some("other")).unwrap().text.as_slice(), b"n\n7\n");
        assert_eq!((names(), std::fs::read(&path).unwrap()), (before, bytes.clone()));
        let path = folder.path().join("broken.db");
        for broken in [&bytes[..100], &[&bytes[..16], &[7; 4000]].concat()] {
            std::fs::write(&path, broken).unwrap();
            assert_eq!(table_of(&File::open(&path).unwrap(), &path, None).unwrap_err().code, "PW0913");
        }
    }
}
