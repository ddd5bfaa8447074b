//! Tables that rows go to: what of one does not fit the rows, told before anything is written, and the statements that
//! databases have in common. Opens nothing.

use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{ConnectionKind, LoadMode, TableName, TablePlace, interpolate};
use pipewright_core::quote::sql_identifier;

use super::{Opened, Visit};

/// The table in which `run --incremental` notes, beside the rows, what it has read for them.
pub(super) const NOTES: &str = "pipewright_checkpoints";

/// What a database knows of a load.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    /// What was noted by the run before.
    pub state: Option<String>,
    /// Whether the table is there.
    pub is_there: bool,
}

/// A table that rows go to, its name filled in.
pub(super) struct Table {
    pub name: String,
    pub mode: LoadMode,
    pub keys: Vec<String>,
    /// The rows that go before the new ones come; `None`: those that the mode says.
    pub only: Option<Only>,
}

/// Rows of a table by the times in a column.
pub(super) struct Only {
    pub column: String,
    pub condition: String,
    /// They are whole days.
    pub is_date: bool,
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
    /// Texts that look like numbers become numbers.
    pub is_numeric: bool,
}

/// Rows that lie beside a table, and go into it.
pub(super) struct Incoming<'a> {
    /// The table's name, quoted.
    pub target: &'a str,
    /// Where they lie.
    pub rows: &'a str,
    /// Their columns, quoted.
    pub names: &'a [String],
    pub given: u64,
    /// Stands after INSERT and UPDATE.
    pub or: &'a str,
}

/// Runs a statement: gives the number that a SELECT asks for, or that of the rows that another one touched.
pub(super) type Runs<'a> = dyn FnMut(&str) -> Result<u64, Diagnostic> + 'a;

impl Table {
    pub fn new(place: &TablePlace, visit: Visit) -> Result<Table, Diagnostic> {
        let name = interpolate(&place.table, visit.parameters)?;
        if let Some(fault) = pipewright_core::ir::check_table_name(&name) {
            return Err(fault.field("table"));
        }
        if let Some(why) = is_ours(&name, place.connection.kind) {
            let message = format!("`{name}` cannot be loaded: {why}");
            return Err(Diagnostic::error("PW0660", message).help("choose another table").field("table"));
        }
        Ok(Table { name, mode: place.mode, keys: place.keys.clone(), only: None })
    }

    /// Whether the rows that are there stay as they are.
    pub fn only_adds(&self) -> bool {
        self.mode == LoadMode::Append && self.only.is_none()
    }

    /// Whether rows that are there go.
    pub fn takes_out(&self) -> bool {
        self.mode == LoadMode::Replace || self.only.is_some()
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

    /// Lets rows that lie beside the table go into it: all of them, or it is a fault.
    /// Gives what is worth knowing of it.
    pub fn put(&self, opened: &Opened, incoming: &Incoming, run: &mut Runs) -> Result<Vec<Diagnostic>, Diagnostic> {
        let Incoming { target, rows, names, given, or } = incoming;
        let list = names.join(", ");
        let told = self.take_out(opened, target, run)?;
        if self.mode == LoadMode::Upsert {
            self.bring_up_to_date(opened, incoming, run)?;
        } else {
            let put = run(&format!("INSERT{or} INTO {target} ({list}) SELECT {list} FROM {rows}"))?;
            self.check_whole(opened, put, *given)?;
        }
        Ok(told)
    }

    /// Takes the rows out that go before new ones come; `target`: the table's name, quoted. Gives what is told of those of
    /// an interval: whoever else adds to the table may have put them there.
    pub fn take_out(&self, opened: &Opened, target: &str, run: &mut Runs) -> Result<Vec<Diagnostic>, Diagnostic> {
        if !self.takes_out() {
            return Ok(Vec::new());
        }
        let those = self.only.as_ref().map_or(String::new(), |only| format!(" WHERE {}", only.condition));
        let gone = run(&format!("DELETE FROM {target}{those}"))?;
        let left = run(&format!("SELECT count(*) FROM (SELECT 1 FROM {target}{those} LIMIT 1) AS pw_left"))?;
        if left > 0 {
            return Err(self.not_whole(opened, "rows that were there before stay there"));
        }
        let Some(Only { column, .. }) = self.only.as_ref().filter(|_| gone > 0) else { return Ok(Vec::new()) };
        let rows = if gone == 1 { "1 row".to_owned() } else { format!("{gone} rows") };
        let message = format!("loading `{}`: {rows} of the interval, by `{column}`, were replaced", self.name);
        let told = opened.hint("PW1270", &message);
        Ok(vec![told.help("whatever put them there: where others add rows of their own, load into a table apart")])
    }

    fn bring_up_to_date(&self, opened: &Opened, incoming: &Incoming, run: &mut Runs) -> Result<(), Diagnostic> {
        let Incoming { target, rows, names, given, or } = incoming;
        let keys: Vec<String> = self.keys.iter().map(|key| sql_identifier(key)).collect();
        let none = keys.iter().map(|key| format!("{key} IS NULL")).collect::<Vec<_>>().join(" OR ");
        let doubled =
            format!("SELECT 1 FROM {rows} GROUP BY {} HAVING count(*) > 1 OR {none} LIMIT 1", keys.join(", "));
        self.check_doubled(opened, run(&format!("SELECT count(*) FROM ({doubled}) AS pw_doubled"))? > 0)?;
        let same = keys.iter().map(|key| format!("old.{key} = new.{key}")).collect::<Vec<_>>().join(" AND ");
        let is_there = format!("EXISTS (SELECT 1 FROM {target} AS old WHERE {same})");
        let there = run(&format!("SELECT count(*) FROM {rows} AS new WHERE {is_there}"))?;
        let others: Vec<&String> = names.iter().filter(|name| !keys.contains(name)).collect();
        let set = others.iter().map(|name| format!("{name} = new.{name}")).collect::<Vec<_>>().join(", ");
        if !set.is_empty() {
            // A key that stands there twice has both its rows changed.
            let put = run(&format!("UPDATE{or} {target} AS old SET {set} FROM {rows} AS new WHERE {same}"))?;
            if put < there {
                // A database may leave alone what is as it should be.
                let alike = |name: &&String| {
                    format!(" AND cast(old.{name} AS text) IS NOT DISTINCT FROM cast(new.{name} AS text)")
                };
                let alike = others.iter().map(alike).collect::<String>();
                let is_so = format!("EXISTS (SELECT 1 FROM {target} AS old WHERE {same}{alike})");
                let put = run(&format!("SELECT count(*) FROM {rows} AS new WHERE {is_so}"))?;
                self.check_whole(opened, put, there)?;
            }
        }
        let columns = names.iter().map(|name| format!("new.{name}")).collect::<Vec<_>>().join(", ");
        let put = run(&format!(
            "INSERT{or} INTO {target} ({}) SELECT {columns} FROM {rows} AS new WHERE NOT {is_there}",
            names.join(", ")
        ))?;
        self.check_whole(opened, put, given.saturating_sub(there))
    }

    /// All rows that were given are in the table, or it is a fault.
    pub fn check_whole(&self, opened: &Opened, put: u64, given: u64) -> Result<(), Diagnostic> {
        if put == given {
            return Ok(());
        }
        Err(self.not_whole(opened, &format!("of {given} rows the database took {put}")))
    }

    fn not_whole(&self, opened: &Opened, what: &str) -> Diagnostic {
        opened.fault("PW0696", &format!("loading `{}`: {what}; nothing was loaded", self.name)).help(
            "see what keeps rows away there: a trigger, a rule, a view, keys that the table compares in its own way; or \
             load into a table without it",
        )
    }

    /// Whole numbers stay what they are; `rounded`: says of which rows a column's numbers may not.
    pub fn check_exact(
        &self,
        opened: &Opened,
        fields: &Schema,
        rows: &str,
        rounded: &dyn Fn(&str) -> Option<String>,
        run: &mut Runs,
    ) -> Result<(), Diagnostic> {
        let of_ints = |data_type: &DataType| match data_type {
            DataType::List(item) => **item == DataType::Int,
            data_type => *data_type == DataType::Int,
        };
        for field in fields.fields.iter().filter(|field| of_ints(&field.data_type)) {
            let Some(condition) = rounded(&field.name) else { continue };
            let count = run(&format!("SELECT count(*) FROM {rows} WHERE {condition}"))?;
            if count > 0 {
                let message = format!(
                    "loading `{}`: {count} whole numbers of `{}` have more digits than its type there holds",
                    self.name, field.name
                );
                return Err(opened.fault("PW0682", &message).help("give the table's column a type of whole numbers"));
            }
        }
        Ok(())
    }

    /// Values that a column's type there does not hold as they are, and takes all the same.
    pub fn rounded(&self, opened: &Opened, column: &Column, values: u64) -> Diagnostic {
        let (values, are) =
            if values == 1 { ("1 value".to_owned(), "is") } else { (format!("{values} values"), "are") };
        let message =
            format!("loading `{}`: {values} of `{}` {are} rounded or cut to {}", self.name, column.name, column.shown);
        let told = opened.hint("PW0699", &message);
        told.help("give the table's column a wider type, or round before, as with `round`")
    }

    /// Rows of other tables that would change as well.
    pub fn check_dependents(&self, opened: &Opened, dependents: &[String]) -> Result<(), Diagnostic> {
        if dependents.is_empty() {
            return Ok(());
        }
        let named = dependents.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!("to replace the rows of `{}` would take or change rows of {named} as well", self.name);
        Err(opened.fault("PW0697", &message).help(
            "load by `upsert` with the keys of the table; or take ON DELETE or INHERITS from those tables, or load into \
             a table that none refers to",
        ))
    }

    /// Two loads of one table, whose second would undo the first.
    pub fn loaded_twice(&self, opened: &Opened) -> Diagnostic {
        opened
            .fault("PW0553", &format!("another load goes into the table `{}` too", self.name))
            .help("bring the rows together with “Concatenate” and load them once, or load into another table")
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

/// Why a table is none that a load can fill: it would be one of the load's own, or gone with the connection.
fn is_ours(name: &str, kind: ConnectionKind) -> Option<&'static str> {
    let TableName { schema, name } = TableName::parse(&name.to_ascii_lowercase())?;
    let schema = schema.unwrap_or_default();
    let is_temporary = match kind {
        ConnectionKind::Sqlite => schema == "temp",
        _ => schema.starts_with("pg_temp"),
    };
    match () {
        () if is_temporary => Some("a temporary table is gone when the load ends"),
        () if kind == ConnectionKind::Sqlite && name.starts_with("sqlite_") => Some("SQLite keeps its own there"),
        () if name == NOTES => Some("runs note there what they have read"),
        () if ["pw_rows", "pw_lines"].contains(&&*name) => Some("loads call a table of their own so"),
        () => None,
    }
}

/// What a server says of a value that it does not take, without the value, which is nobody's to tell: whatever its language,
/// from the first quote to the last one, where it is not the name of a column alone.
pub(super) fn without_values(message: &str, names: &[String]) -> String {
    let is_quote = |sign: char| "\"'«»„“”‚‘’".contains(sign);
    let (Some(first), Some(last)) = (message.find(is_quote), message.rfind(is_quote)) else {
        return message.to_owned();
    };
    let end = last + message[last..].chars().next().map_or(0, char::len_utf8);
    let inside = message[first..last].trim_start_matches(is_quote);
    match names.contains(&sql_identifier(inside.trim())) {
        true => message.to_owned(),
        false => format!("{}\"…\"{}", &message[..first], &message[end..]),
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
    // SQLite has no other type for times; what its texts are is looked at where they are compared.
    let is_by_text = |column: &Column| {
        opened.connection.kind != ConnectionKind::Sqlite
            && column.takes == Some(DataType::String)
            && place.only.as_ref().is_some_and(|only| only.column == column.name)
    };
    for field in &schema.fields {
        let name = &field.name;
        match columns.iter().find(|column| column.name == *name) {
            None => wrong.push(format!("it has no column `{name}`")),
            Some(column) if column.is_made => wrong.push(format!("`{name}` is made by the database itself")),
            Some(Column { takes: Some(takes), shown, .. }) if !fits(&field.data_type, takes) => {
                wrong.push(format!("`{name}` is {shown} there, and {} here", field.data_type));
            }
            Some(column) if column.is_numeric && field.data_type == DataType::String => {
                wrong.push(format!("`{name}` is {} there, which makes numbers of texts such as `007`", column.shown));
            }
            Some(column) if is_by_text(column) => {
                wrong.push(format!("`{name}` is {} there, and texts do not tell what is in an interval", column.shown));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_told_in_any_language() {
        let names = ["\"b\"".to_owned()];
        for (message, told) in [
            ("invalid input value for enum e: \"PERSbob\"", "invalid input value for enum e: \"…\""),
            ("invalid input value for enum e: \"a\"geheim\"b\"", "invalid input value for enum e: \"…\""),
            ("ungültiger Eingabewert für Enum e: »PERSbob«", "ungültiger Eingabewert für Enum e: \"…\""),
            ("value \"7\" of „x“ is out of range", "value \"…\" is out of range"),
            ("null value in column \"b\"", "null value in column \"b\""),
            ("numeric field overflow", "numeric field overflow"),
        ] {
            assert_eq!(without_values(message, &names), told);
        }
    }
}
