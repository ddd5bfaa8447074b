//! SQL table definitions: `create table` with keys and comments, of PostgreSQL, MySQL, SQLite, SQL Server and others.
//! Everything else in a dump is passed over.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sqlparser::ast::{
    AlterTableOperation, ColumnDef, ColumnOption, CommentDef, CommentObject, CreateTable, CreateTableOptions,
    DataType as SqlType, EnumMember, Expr, IndexColumn, ObjectName, SqlOption, Statement, TableConstraint,
    UserDefinedTypeRepresentation as Represented,
};
use sqlparser::dialect::{AnsiDialect, Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::demands::{of_type, one_of};
use super::types::type_of;
use super::{Declared, DeclaredField, Demand, Read};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::parse as parse_condition;
use crate::model::Synthetic;

/// How many nested brackets and expressions a statement may have.
const DEEPEST: usize = 40;
/// How many words and signs a statement may have.
const LONGEST: usize = 50_000;
/// The reader's own stack, in bytes: what is written as a long chain is a deep tree.
const STACK: usize = 64 << 20;

pub fn read(text: &str) -> Read {
    let text = without_rows(text);
    let is_mysql = text.contains('`') || text.to_lowercase().contains("engine=");
    let mut dialects: Vec<Box<dyn Dialect>> = vec![
        Box::new(PostgreSqlDialect {}),
        Box::new(MySqlDialect {}),
        Box::new(MsSqlDialect {}),
        Box::new(GenericDialect {}),
        Box::new(AnsiDialect {}),
    ];
    if is_mysql {
        dialects.swap(0, 1);
    }
    // The dialect that leaves the fewest tables unread.
    let mut best: Option<(Vec<Declared>, Vec<Diagnostic>)> = None;
    for dialect in dialects {
        let (tables, faults) = stacker::grow(STACK, || read_as(&text, dialect.as_ref()));
        let is_whole = faults.is_empty() && !tables.is_empty();
        if best.as_ref().is_none_or(|(known, before)| (tables.len(), before.len()) > (known.len(), faults.len())) {
            best = Some((tables, faults));
        }
        if is_whole {
            break;
        }
    }
    Ok(best.unwrap_or_default())
}

/// The text with the rows of a dump (`copy … from stdin` up to `\.`) made blank, so that lines stay where they are.
fn without_rows(text: &str) -> String {
    let mut is_row = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let lower = line.trim().to_lowercase();
        if is_row {
            is_row = lower != "\\.";
        } else {
            // Commands of a client (`\connect`) are no SQL.
            if !lower.starts_with('\\') {
                kept.push_str(line);
            }
            is_row = lower.starts_with("copy ") && lower.ends_with("from stdin;");
        }
        kept.push('\n');
    }
    kept
}

fn read_as(text: &str, dialect: &dyn Dialect) -> (Vec<Declared>, Vec<Diagnostic>) {
    let (mut tables, mut faults): (Vec<Declared>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    let mut own = OwnTypes::new();
    let mut tokens = Vec::new();
    if let Err(error) = Tokenizer::new(dialect, text).tokenize_with_location_into_buf(&mut tokens) {
        faults.push(
            Diagnostic::warning("PW0827", "a quote or comment is not closed")
                .help("what follows it is not read; close it")
                .line(error.location.line),
        );
    }
    for statement in tokens.split(|token| token.token == Token::SemiColon) {
        let Some(first) = statement.iter().find(|token| !matches!(token.token, Token::Whitespace(_))) else { continue };
        let line = first.span.start.line;
        let word = |at: usize| {
            let solid = statement.iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
            solid.map(|token| token.token.to_string().to_lowercase()).nth(at).unwrap_or_default()
        };
        let is_part = (3..8).any(|at| word(at) == "partition" && word(at + 1) == "of");
        let is_table = word(0) == "create" && !is_part && (1..5).any(|at| word(at) == "table");
        let is_other = ["comment", "alter"].contains(&word(0).as_str())
            || word(0) == "create" && ["unique", "type", "domain"].contains(&word(1).as_str());
        if !is_table && !is_other {
            continue;
        }
        match parse(dialect, statement) {
            Ok(Statement::CreateTable(table)) => tables.extend(declared(&table, &own, &mut faults, line)),
            Ok(Statement::CreateType { name, representation: Some(Represented::Enum { labels }) }) => {
                let words = labels.iter().map(|label| label.value.as_str().into()).collect();
                own.insert(own_name(&name), (DataType::String, words));
            }
            Ok(Statement::CreateDomain(domain)) => {
                let data_type = type_of(&domain.data_type.to_string()).unwrap_or(DataType::Unknown);
                own.insert(own_name(&domain.name), (data_type, Vec::new()));
            }
            Ok(Statement::Comment { object_type, object_name, comment, .. }) => {
                put_comment(&mut tables, object_type, &object_name, comment.unwrap_or_default());
            }
            Ok(Statement::CreateIndex(index)) if index.unique && index.predicate.is_none() => {
                put_key(&mut tables, &index.table_name, columns_of(&index.columns));
            }
            Ok(Statement::AlterTable(change)) => {
                for operation in &change.operations {
                    if let AlterTableOperation::AddConstraint { constraint, .. } = operation
                        && let Some((columns, _)) = key_of(constraint)
                    {
                        put_key(&mut tables, &change.name, columns);
                    }
                }
            }
            Ok(_) => {}
            Err(_) if is_other => {}
            Err(line_in) => faults.push(
                Diagnostic::warning("PW0827", "a table definition is written in a way that is not understood")
                    .help("write it as `create table name (column type, …)`; the other tables are read")
                    .line(line_in.unwrap_or(line)),
            ),
        }
    }
    (tables, faults)
}

/// A statement; the error is the line where the parser stopped, where it says so.
fn parse(dialect: &dyn Dialect, tokens: &[TokenWithSpan]) -> Result<Statement, Option<u64>> {
    if tokens.len() > LONGEST {
        return Err(None);
    }
    let mut depth = 0usize;
    for token in tokens {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(Some(token.span.start.line));
        }
    }
    let mut parser = Parser::new(dialect).with_recursion_limit(DEEPEST).with_tokens_with_locations(tokens.to_vec());
    let statement = parser.parse_statement().map_err(|error| {
        let text = error.to_string();
        let after = text.rsplit_once("Line: ").map(|(_, after)| after.to_owned());
        after.and_then(|after| after.split(',').next()?.trim().parse::<u64>().ok())
    })?;
    let next = parser.peek_token();
    if next.token == Token::EOF { Ok(statement) } else { Err(Some(next.span.start.line)) }
}

fn names(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident().map(|ident| ident.value.clone())).collect()
}

/// By name in lower case, without schema: the types that the file itself makes, with the words of enumerations.
type OwnTypes = BTreeMap<String, (DataType, Vec<Json>)>;

fn own_name(name: &ObjectName) -> String {
    names(name).pop().unwrap_or_default().to_lowercase()
}

fn declared(table: &CreateTable, own: &OwnTypes, faults: &mut Vec<Diagnostic>, line: u64) -> Option<Declared> {
    let parts = names(&table.name);
    let title = parts.last()?.clone();
    let mut declared = Declared { name: parts.join("."), title, ..Declared::default() };
    for column in &table.columns {
        let field = field(column, own, &mut declared.keys);
        let is_own = matches!(&column.data_type, SqlType::Custom(name, _) if own.contains_key(&own_name(name)));
        if field.data_type.is_unknown() && !is_own && type_of(&column.data_type.to_string()).is_none() {
            faults.push(
                Diagnostic::warning(
                    "PW0826",
                    format!("the type `{}` of `{}` is not known", column.data_type, field.name),
                )
                .help("the column is taken as of any type")
                .line(if column.name.span.start.line > 0 { column.name.span.start.line } else { line }),
            );
        }
        declared.fields.push(field);
    }
    for constraint in &table.constraints {
        if let Some((columns, is_primary)) = key_of(constraint) {
            for field in declared.fields.iter_mut().filter(|field| is_primary && columns.contains(&field.name)) {
                field.required = true;
            }
            declared.keys.push(columns);
        }
        match constraint {
            TableConstraint::Check(check) => declared.demands.push(checked(&check.expr)),
            TableConstraint::ForeignKey(_) => declared.demands.push(Demand::new("foreign key", None)),
            _ => {}
        }
    }
    let plain = match &table.table_options {
        CreateTableOptions::Plain(options) => &options[..],
        _ => &[],
    };
    let comment = plain.iter().find_map(|option| match option {
        SqlOption::Comment(CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) => Some(text.clone()),
        _ => None,
    });
    declared.doc = match &table.comment {
        Some(CommentDef::WithEq(text) | CommentDef::WithoutEq(text)) => text.clone(),
        None => comment.unwrap_or_default(),
    };
    (!declared.fields.is_empty()).then_some(declared)
}

fn field(column: &ColumnDef, own: &OwnTypes, keys: &mut Vec<Vec<String>>) -> DeclaredField {
    let written = column.data_type.to_string();
    let mut field = DeclaredField::new(&column.name.value, type_of(&written).unwrap_or(DataType::Unknown));
    if let SqlType::Custom(name, _) = &column.data_type
        && let Some((data_type, words)) = own.get(&own_name(name))
    {
        field.data_type = data_type.clone();
        field.values = Synthetic { vocabulary: words.clone(), ..Synthetic::default() };
    }
    if let SqlType::Enum(members, _) = &column.data_type {
        let words = members.iter().map(|member| match member {
            EnumMember::Name(name) | EnumMember::NamedValue(name, _) => name.as_str().into(),
        });
        field.values = Synthetic { vocabulary: words.collect(), ..Synthetic::default() };
    }
    if let Some(condition) = one_of(&field.name, &field.data_type, &field.values.vocabulary) {
        field.demands.push(Demand::new(&written, Some(condition)));
    }
    field.demands.extend(of_type(&field.name, &field.data_type, &written));
    let word = written.to_lowercase();
    field.required = word.ends_with("serial");
    for option in &column.options {
        match &option.option {
            ColumnOption::NotNull => field.required = true,
            ColumnOption::Unique(_) => keys.push(vec![field.name.clone()]),
            ColumnOption::PrimaryKey(_) => {
                field.required = true;
                keys.push(vec![field.name.clone()]);
            }
            ColumnOption::Comment(text) => field.doc.clone_from(text),
            ColumnOption::Check(check) => field.demands.push(checked(&check.expr)),
            ColumnOption::ForeignKey(_) => field.demands.push(Demand::new("references", None)),
            _ => {}
        }
    }
    field
}

/// A condition in SQL, where it is one of the language of designs.
fn checked(condition: &Expr) -> Demand {
    let written = condition.to_string();
    let read = parse_condition(&written).ok();
    Demand::new(format_args!("check ({written})"), read)
}

/// The columns of a key, and whether it is the primary one.
fn key_of(constraint: &TableConstraint) -> Option<(Vec<String>, bool)> {
    match constraint {
        TableConstraint::PrimaryKey(key) => Some((columns_of(&key.columns), true)),
        TableConstraint::Unique(key) => Some((columns_of(&key.columns), false)),
        _ => None,
    }
}

/// Names of key columns; a key over an expression is no key of columns.
fn columns_of(columns: &[IndexColumn]) -> Vec<String> {
    let name = |column: &IndexColumn| match &column.column.expr {
        Expr::Identifier(ident) => Some(ident.value.clone()),
        _ => None,
    };
    columns.iter().map(name).collect::<Option<_>>().unwrap_or_default()
}

/// The table that a later statement means, with or without its schema.
fn table_mut<'a>(tables: &'a mut [Declared], parts: &[String]) -> Option<&'a mut Declared> {
    let (full, last) = (parts.join("."), parts.last()?.clone());
    let at = tables.iter().position(|table| table.name == full);
    let at = at.or_else(|| tables.iter().position(|table| table.title == last))?;
    tables.get_mut(at)
}

fn put_key(tables: &mut [Declared], table: &ObjectName, columns: Vec<String>) {
    if let Some(table) = table_mut(tables, &names(table)) {
        table.keys.push(columns);
    }
}

fn put_comment(tables: &mut [Declared], object: CommentObject, name: &ObjectName, comment: String) {
    let parts = names(name);
    match object {
        CommentObject::Table => {
            if let Some(table) = table_mut(tables, &parts) {
                table.doc = comment;
            }
        }
        CommentObject::Column => {
            let Some((column, table)) = parts.split_last() else { return };
            let field =
                table_mut(tables, table).and_then(|table| table.fields.iter_mut().find(|field| field.name == *column));
            if let Some(field) = field {
                field.doc = comment;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<'a>(table: &'a Declared, name: &str) -> &'a DeclaredField {
        table.fields.iter().find(|field| field.name == name).unwrap()
    }

    #[test]
    fn tables_of_postgresql_with_keys_and_comments() {
        let text = r#"
            SET search_path = public;
            CREATE TABLE public.orders (
                id bigserial PRIMARY KEY,
                "user id" uuid NOT NULL,
                total numeric(10,2) DEFAULT 0 CHECK (total >= 0),
                tags text[],
                placed_at timestamp with time zone NOT NULL DEFAULT now()
            );
            COPY public.orders (id) FROM stdin;
1	it's a row; with a quote
\.
            COMMENT ON TABLE public.orders IS 'What was bought';
            COMMENT ON COLUMN public.orders.total IS 'In euros';
            CREATE UNIQUE INDEX one_a_day ON public.orders ("user id", placed_at);
            CREATE FUNCTION f() RETURNS int AS $$ select 1; $$ LANGUAGE sql;
            ALTER TABLE ONLY public.orders ADD CONSTRAINT u UNIQUE (total);
        "#;
        let (tables, warnings) = read(text).unwrap();
        assert_eq!((tables.len(), warnings.as_slice()), (1, &[][..]));
        let orders = &tables[0];
        assert_eq!((orders.name.as_str(), orders.title.as_str()), ("public.orders", "orders"));
        assert_eq!(orders.doc, "What was bought");
        let types: Vec<String> = orders.fields.iter().map(|field| field.data_type.to_string()).collect();
        assert_eq!(types, ["Int", "String", "Float", "List<String>", "Timestamp"]);
        assert!(field(orders, "user id").required && !field(orders, "total").required);
        assert_eq!(field(orders, "total").doc, "In euros");
        let keys: Vec<String> = orders.keys.iter().map(|key| key.join("+")).collect();
        assert_eq!(keys, ["id", "user id+placed_at", "total"]);
    }

    #[test]
    fn tables_of_mysql_and_others() {
        let text = "CREATE TABLE `users` (`id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'number', \
                    `plan` enum('free','plus') DEFAULT 'free', `active` tinyint(1), PRIMARY KEY (`id`), \
                    KEY `p` (`plan`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='People';";
        let (tables, warnings) = read(text).unwrap();
        assert_eq!(warnings, []);
        let users = &tables[0];
        assert_eq!((users.doc.as_str(), field(users, "id").doc.as_str()), ("People", "number"));
        assert_eq!(field(users, "plan").values.vocabulary, ["free", "plus"]);
        assert_eq!(field(users, "active").data_type, DataType::Boolean);
        assert_eq!(users.keys, [["id"]]);
        let (tables, _) = read("create table [dbo].[t] ([a b] nvarchar(max) not null, n money)").unwrap();
        assert_eq!((tables[0].name.as_str(), tables[0].fields[0].name.as_str()), ("dbo.t", "a b"));
    }

    #[test]
    fn types_of_their_own_and_partitions() {
        let text = "create type public.mood as enum ('sad', 'ok');\ncreate domain score as integer check (value > 0);\n\
                    create table t (m public.mood, s score not null, g tsvector) partition by range (s);\n\
                    create table t_1 partition of t for values from (1) to (9);";
        let (tables, warnings) = read(text).unwrap();
        assert_eq!(tables.len(), 1);
        assert_eq!(field(&tables[0], "m").values.vocabulary, ["sad", "ok"]);
        assert_eq!((&field(&tables[0], "s").data_type, warnings.len()), (&DataType::Int, 1), "{warnings:?}");
    }

    #[test]
    fn what_is_broken_is_told_with_its_line_and_the_rest_is_read() {
        let text = "create table a (x int);\ncreate table b (\n  x int,,\n  y int\n);\ncreate table c (g geography);\n";
        let (tables, warnings) = read(text).unwrap();
        assert_eq!(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
        let told: Vec<_> = warnings.iter().map(|one| (one.code.as_str(), one.location.line)).collect();
        assert_eq!(told, [("PW0827", Some(3)), ("PW0826", Some(6))]);
        let (tables, warnings) = read("create table a (x int);\ncreate table b (y text default 'open\n);").unwrap();
        assert_eq!((tables.len(), warnings[0].location.line), (1, Some(2)));
        let deep = format!("create table a (x int default {}1{})", "(".repeat(5000), ")".repeat(5000));
        assert!(read(&deep).unwrap().0.is_empty());
        let long = format!("create table a (x int default 1{})", "+1".repeat(20_000));
        assert_eq!(read(&long).unwrap().0.len(), 1);
    }
}
