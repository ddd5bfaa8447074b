//! Tables in JSON whose columns are named apart from the rows: `{"columns":["a","b"],"rows":[[1,2],[3,4]]}`, answers of
//! InfluxDB, Trino, Druid, Snowflake and many interfaces, and a list of lists of which the first names the columns.

use super::super::json::Kind;
use super::super::keys::repeated;
use super::Folded;
use super::unfold::{Flat, each, fields, get, is_called, items, kind, text};

/// The format `json_table`.
pub static JSON_TABLE: Folded = Folded {
    name: "json_table",
    title: "JSON table",
    doc: "Tables whose columns are named once: `columns` (also `fields`, `header`, `schema`, as names or as objects with a \
          `name`) beside `rows` (also `data`, `values`, `results`), which are lists, anywhere in a document; or a list of \
          lists of which the first holds the names. What a series is called and its `tags` are columns of its rows \
          (InfluxDB).",
    examples: &["{\"columns\":[\"host\",\"load\"],\"rows\":[[\"web-1\",0.4],[\"web-2\",1.7]]}"],
    holds: "rows of tables",
    types: &[],
    unfold,
};

/// How deep tables are looked for.
const MAX_DEPTH: u32 = 6;

fn unfold(document: &str, flat: &mut Flat) -> bool {
    match kind(document) {
        Some(Kind::List) => lists(document, flat),
        Some(Kind::Record) => search(document, 0, flat),
        _ => false,
    }
}

/// A list of lists of which the first names the columns.
fn lists(json: &str, flat: &mut Flat) -> bool {
    let rows = items(json);
    let Some((first, rows)) = rows.split_first() else { return false };
    let Some(names) = names_in(first).filter(|names| names.len() > 1) else { return false };
    let is_row = |row: &&str| items(row).len() == names.len();
    // A list of names below the first is data of texts, of which none are names.
    let has_other = |row: &&str| items(row).iter().any(|cell| kind(cell) != Some(Kind::Text));
    if rows.is_empty() || !rows[..rows.len() - 1].iter().all(is_row) || !rows.iter().any(has_other) {
        return false;
    }
    put_rows(rows, &names, "", flat);
    true
}

fn search(json: &str, depth: u32, flat: &mut Flat) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match kind(json) {
        Some(Kind::List) => each(items(json), |item| search(item, depth + 1, flat)),
        Some(Kind::Record) => {
            let object = fields(json);
            table(&object, flat) || each(object.iter().map(|(_, value)| *value), |value| search(value, depth + 1, flat))
        }
        _ => false,
    }
}

/// The table that an object is.
fn table(object: &[(&str, &str)], flat: &mut Flat) -> bool {
    const NAMES: [&str; 9] =
        ["columns", "columnNames", "cols", "fields", "header", "headers", "schema", "rowType", "columnHeaders"];
    const ROWS: [&str; 6] = ["rows", "data", "values", "results", "dataArray", "rowSet"];
    let named = NAMES.iter().find_map(|name| Some((*name, names_in(get(object, name)?)?)));
    let Some((names_key, names)) = named else { return false };
    let is_rows = |json: &&str| items(json).first().is_some_and(|row| kind(row) == Some(Kind::List));
    let Some(rows) = ROWS.iter().filter(|name| **name != names_key).find_map(|name| get(object, name).filter(is_rows))
    else {
        return false;
    };
    let rows = items(rows);
    if rows.iter().take(rows.len().saturating_sub(1).max(1)).any(|row| items(row).len() > names.len()) {
        return false;
    }
    let mut shared = String::new();
    for (key, value) in object {
        if *key == "tags" {
            fields(value).into_iter().for_each(|(key, value)| shared.push_str(&format!("\"{key}\":{value},")));
        } else if ["name", "measurement", "table"].iter().any(|name| is_called(key, name))
            && kind(value) == Some(Kind::Text)
        {
            shared.push_str(&format!("\"{key}\":{value},"));
        }
    }
    put_rows(&rows, &names, &shared, flat);
    true
}

/// Names of columns, as they stand in JSON, without a second of the same name.
fn names_in(json: &str) -> Option<Vec<String>> {
    const KEYS: [&str; 6] = ["name", "columnName", "label", "field", "title", "id"];
    let (mut names, mut met) = (Vec::new(), Vec::new());
    for item in items(json) {
        let name = match kind(item)? {
            Kind::Text => item,
            Kind::Record => {
                let object = fields(item);
                KEYS.iter().find_map(|key| get(&object, key).filter(|name| text(name).is_some()))?
            }
            _ => return None,
        };
        let name = name.strip_prefix('"')?.strip_suffix('"')?;
        met.push(name);
        names.push(repeated(name, met.iter().filter(|known| **known == name).count()));
    }
    (!names.is_empty()).then_some(names)
}

fn put_rows(rows: &[&str], names: &[String], shared: &str, flat: &mut Flat) {
    for json in rows {
        let Some(mut row) = flat.row(json) else { return };
        for (name, cell) in names.iter().zip(items(json)) {
            row.put(name, cell);
        }
        row.end(shared);
    }
}
