//! Tables that rows go to: what of one does not fit the rows, told before anything is written, and the statements that
//! databases have in common. Opens nothing.

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{LoadMode, TablePlace, interpolate};
use pipewright_core::quote::sql_identifier;

use super::{Opened, Visit};

/// A table that rows go to, its name filled in.
pub(super) struct Table {
    pub name: String,
    pub mode: LoadMode,
    pub keys: Vec<String>,
}

/// A column of a table that is there.
pub(super) struct Column {
    pub name: String,
    /// `None`: the database itself says what fits, when rows come.
    pub takes: Option<DataType>,
    /// Its type in the database's words.
    pub shown: String,
    /// A row must have a value for it.
    pub is_needed: bool,
    /// The database makes its values.
    pub is_made: bool,
}

/// What a load does, in statements.
pub(super) struct Statements {
    /// Gives a row where two rows have the same keys, or a key is null; `None`: keys do not matter.
    pub doubled: Option<String>,
    /// What becomes of the rows that are there; then those that come in.
    pub changes: Vec<String>,
}

impl Table {
    pub fn new(place: &TablePlace, visit: Visit) -> Result<Table, Diagnostic> {
        let name = interpolate(&place.table, visit.parameters)?;
        if let Some(fault) = pipewright_core::ir::check_table_name(&name) {
            return Err(fault.field("table"));
        }
        Ok(Table { name, mode: place.mode, keys: place.keys.clone() })
    }

    /// Columns of a table that is made.
    pub fn typed_columns<'a>(
        &self,
        schema: &'a Schema,
        sql_type: &'a dyn Fn(&DataType) -> String,
    ) -> impl Iterator<Item = String> + use<'a> {
        schema.fields.iter().map(|field| format!("{} {}", sql_identifier(&field.name), sql_type(&field.data_type)))
    }

    /// What tells its rows apart.
    pub fn primary_key(&self) -> Option<String> {
        let keys = self.keys.iter().map(|name| sql_identifier(name)).collect::<Vec<_>>().join(", ");
        (!keys.is_empty()).then(|| format!("PRIMARY KEY ({keys})"))
    }

    /// `rows`: where the new ones are; `names`: their columns, quoted.
    pub fn statements(&self, target: &str, rows: &str, names: &[String]) -> Statements {
        let keys: Vec<String> = self.keys.iter().map(|key| sql_identifier(key)).collect();
        let same = keys.iter().map(|key| format!("old.{key} = new.{key}")).collect::<Vec<_>>().join(" AND ");
        let list = names.join(", ");
        let (mut changes, mut new_rows) = (Vec::new(), format!("SELECT {list} FROM {rows}"));
        match self.mode {
            LoadMode::Append => {}
            LoadMode::Replace => changes.push(format!("DELETE FROM {target}")),
            LoadMode::Upsert => {
                let others = names.iter().filter(|name| !keys.contains(name));
                let set = others.map(|name| format!("{name} = new.{name}")).collect::<Vec<_>>().join(", ");
                if !set.is_empty() {
                    changes.push(format!("UPDATE {target} AS old SET {set} FROM {rows} AS new WHERE {same}"));
                }
                let columns = names.iter().map(|name| format!("new.{name}")).collect::<Vec<_>>().join(", ");
                new_rows = format!(
                    "SELECT {columns} FROM {rows} AS new WHERE NOT EXISTS (SELECT 1 FROM {target} AS old WHERE {same})"
                );
            }
        }
        changes.push(format!("INSERT INTO {target} ({list}) {new_rows}"));
        if self.mode != LoadMode::Upsert {
            return Statements { doubled: None, changes };
        }
        let none = keys.iter().map(|key| format!("{key} IS NULL")).collect::<Vec<_>>().join(" OR ");
        let keys = keys.join(", ");
        let doubled = format!("SELECT 1 FROM {rows} GROUP BY {keys} HAVING count(*) > 1 OR {none} LIMIT 1");
        Statements { doubled: Some(doubled), changes }
    }

    pub fn check_doubled(&self, opened: &Opened, is_doubled: bool) -> Result<(), Diagnostic> {
        if !is_doubled {
            return Ok(());
        }
        let keys = self.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let message =
            format!("of two rows for `{}` with the same {keys} only one could stay, or one of them is null", self.name);
        Err(opened
            .fault("PW0685", &message)
            .help("let “Remove duplicates” keep one of them and a Filter take out nulls before, or name more keys"))
    }
}

/// Whether values of a type fit a column of another one without loss.
fn fits(given: &DataType, takes: &DataType) -> bool {
    match (given, takes) {
        (_, DataType::String) | (DataType::Unknown, _) => true,
        (DataType::Int, DataType::Float) | (DataType::Date, DataType::Timestamp) => true,
        (DataType::List(given), DataType::List(takes)) => fits(given, takes),
        (given, takes) => given == takes,
    }
}

/// What of a table does not fit the rows. One that is not there is made, and fits.
pub(super) fn check_table(
    opened: &Opened,
    place: &Table,
    columns: Option<&[Column]>,
    schema: &Schema,
) -> Result<(), Diagnostic> {
    let Some(columns) = columns else { return Ok(()) };
    let mut wrong = Vec::new();
    for field in &schema.fields {
        let name = &field.name;
        match columns.iter().find(|column| column.name == *name) {
            None => wrong.push(format!("it has no column `{name}`")),
            Some(column) if column.is_made => wrong.push(format!("`{name}` is made by the database itself")),
            Some(Column { takes: Some(takes), shown, .. }) if !fits(&field.data_type, takes) => {
                wrong.push(format!("`{name}` is {shown} there, and {} here", field.data_type));
            }
            Some(_) => {}
        }
    }
    let needed = columns.iter().filter(|column| column.is_needed && !column.is_made && !schema.has(&column.name));
    wrong
        .extend(needed.map(|column| format!("its column `{}` must have a value, and the rows have none", column.name)));
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!("the table `{}` does not fit the rows: {}", place.name, wrong.join("; "));
    Err(opened
        .fault("PW0684", &message)
        .help("change the rows with “Select” and “Change types”, change the table, or load into another one"))
}
