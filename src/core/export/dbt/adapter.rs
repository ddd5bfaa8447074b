//! What the adapters of dbt differ in: the SQL, how sources come in, what the helpers are defined by.

use super::jinja::{own, template};
use crate::data::{DataType, Schema};
use crate::diagnostic::Diagnostic;
use crate::export::duckdb::dialect::DuckDbSql;
use crate::export::handover;
use crate::export::postgresql::dialect::{PostgreSqlSql, declared, own_types};
use crate::export::postgresql::script::{lines_of, op_holds_nul, staged_rows};
use crate::export::sql::Dialect;
use crate::export::sql::dialect::column_list;
use crate::export::{duckdb, postgresql};
use crate::ir::{NodeId, Op, Plan, RUN_STARTED_AT};
use crate::quote::{sql_identifier, sql_text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adapter {
    DuckDb,
    Postgres,
}

static DUCKDB: DuckDbSql = DuckDbSql { parameter: |name, data_type| parameter(Adapter::DuckDb, name, data_type) };
static POSTGRES: PostgreSqlSql =
    PostgreSqlSql { parameter: |name, data_type| parameter(Adapter::Postgres, name, data_type) };

/// A parameter is a `var` of dbt, which a macro makes a literal of.
fn parameter(adapter: Adapter, name: &str, data_type: &DataType) -> String {
    let form = match data_type {
        DataType::Timestamp => "timestamp".to_owned(),
        DataType::Date => "date".to_owned(),
        other => adapter.dialect().type_name(other),
    };
    match name {
        RUN_STARTED_AT => own("pw_started_at()"),
        name => own(&format!("pw_parameter('{name}', '{form}')")),
    }
}

impl Adapter {
    pub fn dialect(self) -> &'static dyn Dialect {
        match self {
            Adapter::DuckDb => &DUCKDB,
            Adapter::Postgres => &POSTGRES,
        }
    }

    /// As profiles and packages name it.
    pub fn name(self) -> &'static str {
        match self {
            Adapter::DuckDb => "duckdb",
            Adapter::Postgres => "postgres",
        }
    }

    /// The file that a Read is staged in.
    pub fn staged_file(self, id: NodeId) -> String {
        match self {
            Adapter::DuckDb => handover::staged_file(id),
            Adapter::Postgres => postgresql::script::staged_file(id),
        }
    }

    pub fn stage(self, plan: &Plan) -> Plan {
        match self {
            Adapter::DuckDb => duckdb::stage(plan),
            Adapter::Postgres => postgresql::results::stage_lines(plan),
        }
    }

    /// The SELECT of a source's rows: Parquet has columns, lines of JSON become some.
    pub fn source_rows(self, source: &str, schema: &Schema) -> Result<String, Diagnostic> {
        match self {
            Adapter::DuckDb => Ok(format!("SELECT {} FROM {source}", column_list(&DUCKDB, schema.fields.iter(), ""))),
            Adapter::Postgres => staged_rows(source, schema),
        }
    }

    /// What the engine cannot hold, beside what its SQL has no words for.
    pub fn check(self, op: &Op) -> Result<(), Diagnostic> {
        match self {
            Adapter::Postgres if op_holds_nul(op) => Err(POSTGRES.refuse(&"a text with a NUL")),
            _ => Ok(()),
        }
    }

    /// The SELECT of a result's lines: JSON whose keys are the numbers of the columns.
    pub fn result_lines(self, from: &str, schema: &Schema, order: &str) -> Result<String, Diagnostic> {
        match self {
            Adapter::DuckDb => {
                let column = |(index, field): (usize, &crate::data::Field)| {
                    let name = sql_identifier(&field.name);
                    format!("{} AS c{index}", duckdb::loads::shown_value(&name, &field.data_type))
                };
                let columns: Vec<String> = schema.fields.iter().enumerate().map(column).collect();
                let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {order}") };
                Ok(format!("SELECT {} FROM {from}{order}", columns.join(", ")))
            }
            Adapter::Postgres => {
                Ok(format!("SELECT line FROM ({}) AS pw_lines ORDER BY pw_place", lines_of(from, schema, order)?))
            }
        }
    }

    /// The type of a column, as it is described.
    pub fn described_type(self, data_type: &DataType) -> String {
        match self {
            Adapter::DuckDb => self.dialect().type_name(data_type),
            Adapter::Postgres => declared(data_type).replace(" COLLATE \"C\"", ""),
        }
    }

    /// The body of the macro that defines the helpers of the language.
    pub fn prelude(self, plan: &Plan) -> String {
        match self {
            // What stays is not of the session alone.
            Adapter::DuckDb => template(&duckdb::prelude::PRELUDE.replace("TEMP MACRO", "MACRO")),
            Adapter::Postgres => {
                let schema = "adapter.quote(target.schema)";
                let types = own_types(plan).into_iter().map(|(name, sql)| {
                    // A type may be in use already.
                    let body =
                        format!("BEGIN IF to_regtype({}) IS NULL THEN {} END IF; END", sql_text(&name), sql.trim_end());
                    format!("DO {};\n", sql_text(&body))
                });
                template(&format!(
                    "SELECT pg_advisory_xact_lock(7239251);\nSET LOCAL search_path TO {};\n{}{}",
                    own(schema),
                    qualified(postgresql::prelude::PRELUDE, &own(schema)),
                    types.collect::<String>()
                ))
            }
        }
    }
}

/// Functions that call each other by the schema they are in, whoever's search path it is; replaced where they are there.
fn qualified(prelude: &str, schema: &str) -> String {
    let replaced = prelude
        .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        .replace("CREATE AGGREGATE", "CREATE OR REPLACE AGGREGATE");
    let (mut made, mut rest) = (String::new(), replaced.as_str());
    while let Some(start) = rest.find("pw_") {
        let (before, found) = rest.split_at(start);
        let end = found.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(found.len());
        made.push_str(before);
        let is_word = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let is_defined = replaced.contains(&format!("FUNCTION {}(", &found[..end]));
        if is_word && is_defined && found[end..].starts_with('(') {
            made.push_str(schema);
            made.push('.');
        }
        made.push_str(&found[..end]);
        rest = &found[end..];
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_call_each_other_by_their_schema() {
        let text = "CREATE FUNCTION pw_a(x int) AS $$ SELECT pw_b(x, pw_a) $$;\nCREATE FUNCTION pw_b(pw_x int) AS $$ SELECT spw_a(1) $$;";
        let wanted = "CREATE OR REPLACE FUNCTION s.pw_a(x int) AS $$ SELECT s.pw_b(x, pw_a) $$;\nCREATE OR REPLACE FUNCTION s.pw_b(pw_x int) AS $$ SELECT spw_a(1) $$;";
        assert_eq!(qualified(text, "s"), wanted);
    }

    #[test]
    fn parameters_are_vars() {
        let of = |adapter: Adapter, data_type| template(&adapter.dialect().parameter("slow", &data_type));
        assert_eq!(of(Adapter::DuckDb, DataType::Float), "{{ pw_parameter('slow', 'DOUBLE') }}");
        assert_eq!(of(Adapter::Postgres, DataType::Timestamp), "{{ pw_parameter('slow', 'timestamp') }}");
        let started = Adapter::DuckDb.dialect().parameter(RUN_STARTED_AT, &DataType::Timestamp);
        assert_eq!(template(&started), "{{ pw_started_at() }}");
    }
}
