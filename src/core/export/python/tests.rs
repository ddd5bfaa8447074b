//! What the script for Polars looks like, and what stays out of it.

use super::*;
use crate::data::{DataType, Value};
use crate::export::python::literals::{bare, literal};
use crate::export::python::printer::Printer;
use crate::expr::{self, Expr};
use crate::ir::{Check, Destination, FileKind, OnFail, Origin, Rows, WhenExists, Write};
use crate::plan::plan;
use crate::steps::PlanBuilder;

fn printed_text(text: &str) -> Result<String, String> {
    let schema = Schema::of([
        ("a", DataType::Int),
        ("f", DataType::Float),
        ("s", DataType::String),
        ("t", DataType::Timestamp),
        ("d", DataType::Date),
        ("l", DataType::List(Box::new(DataType::String))),
        ("r", DataType::Record(vec![("^x$".to_owned(), DataType::Int), ("*".to_owned(), DataType::Int)])),
    ]);
    let parameters = [("p".to_owned(), DataType::Int)].into();
    let printer = Printer { schema: &schema, parameters: &parameters };
    let expr: Expr = expr::parse(text).unwrap();
    printer.print(&expr).map(|python| bare(&python).to_owned()).map_err(|fault| fault.message)
}

#[test]
fn expressions_are_printed_as_one_writes_them_for_polars() {
    for (text, python) in [
        ("a >= 500 or f > 3", "(pl.col(\"a\") >= 500) | (pl.col(\"f\") > 3.0)"),
        ("a + 1", "pw_add(pl.col(\"a\"), pl.lit(1, pl.Int64))"),
        // Names are no patterns of names.
        ("r.\"^x$\" > 1", r#"pl.col("r").struct.rename_fields(["f0", "f1"]).struct.field("f0") > 1"#),
        ("r.\"*\" > 1", r#"pl.col("r").struct.rename_fields(["f0", "f1"]).struct.field("f1") > 1"#),
        ("f * 1.5", "pw_finite(pl.col(\"f\") * 1.5)"),
        ("a > f", "pw_order(pl.col(\"a\"), pl.col(\"f\")) > 0"),
        ("s in ('x', 'y')", "pl.col(\"s\").is_in([\"x\", \"y\"])"),
        ("s like '/api/%'", "pl.col(\"s\").str.starts_with(\"/api/\")"),
        ("t >= timestamp '2026-03-02T00:00:00Z'", "pl.col(\"t\") >= datetime.datetime(2026, 3, 2)"),
        ("coalesce(s, 'none')", "pl.coalesce(pl.col(\"s\"), pl.lit(\"none\"))"),
        (
            "case when a = 1 then 'x' end",
            "pl.when(pl.col(\"a\") == 1).then(pl.lit(\"x\")).otherwise(pl.lit(None, pl.String))",
        ),
        ("regexp_extract(s, '(\\d+) ms', 1)", "pl.col(\"s\").str.extract(\"([[:digit:]]+) ms\", 1)"),
        ("1 + 2 * 3", "pl.lit(7, pl.Int64)"),
        ("a > ${p}", "pl.col(\"a\") > parameter[\"p\"]"),
    ] {
        assert_eq!(printed_text(text).as_deref(), Ok(python), "{text}");
    }
}

#[test]
fn a_day_beside_a_time_is_its_first_moment() {
    let python = printed_text("nullif(d, t)").unwrap();
    assert!(python.contains(r#"(pl.col("d").cast(pl.Datetime"#) && python.contains(r#" == pl.col("t"))"#), "{python}");
}

#[test]
fn what_is_not_carried_is_refused_by_name() {
    for text in [
        "list_contains(list_of(d), t)",
        "hmac(s, 'k')",
        "parse_duration(s)",
        "l = l",
        "regexp_extract_all(s, '(x)', 1)",
        "to_json(l)",
    ] {
        let fault = printed_text(text).expect_err(text);
        assert!(fault.starts_with("Polars does not carry "), "{text}: {fault}");
    }
}

/// A table with that column and text in it, checked and written to a file.
fn written(column: &str, title: &str, text: &str) -> Plan {
    let origin = Origin { step: "s".into(), title: title.into() };
    let mut builder = PlanBuilder::default();
    let rows = Rows { schema: Schema::of([(column, DataType::String)]), rows: vec![vec![Value::text(text)]] };
    let input = builder.push(Op::Rows(rows), vec![], &origin).unwrap();
    let predicate = Expr::is_null(Expr::column(column), true);
    let check = Check { predicate, reason: text.into(), on_fail: OnFail::Stop };
    let checked = builder.push(Op::Check(check), vec![input], &origin).unwrap();
    let destination = Destination::File {
        path: "x.csv".into(),
        kind: FileKind::Csv,
        partition: vec![],
        when_exists: WhenExists::Fail,
    };
    builder.push(Op::Write(Write::new(destination, vec![])), vec![checked], &origin).unwrap();
    Plan { nodes: builder.nodes, ..Plan::default() }
}

#[test]
fn nothing_of_the_design_is_code() {
    for hostile in [
        "x\"); import os; os.system(\"touch hacked\") #",
        "\\\"\n\"\"\"\nraise",
        "__import__('os')",
        "{hacked}%s$(x)",
        "^.*$",
    ] {
        let text = script(&written(hostile, hostile, hostile)).unwrap();
        // Outside of texts and comments nothing of it is left.
        let mut code = String::new();
        let mut rest = text.split_once("# --- The design.").unwrap().1.chars();
        while let Some(c) = rest.next() {
            match c {
                '"' => {
                    while let Some(c) = rest.next().filter(|c| *c != '"') {
                        assert!(c.is_ascii() && c != '\n', "{text}");
                        if c == '\\' {
                            rest.next();
                        }
                    }
                }
                '#' => while rest.next().is_some_and(|c| c != '\n') {},
                c => code.push(c),
            }
        }
        for word in ["import", "raise", "hacked", "system", "x"] {
            assert!(
                !code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|part| part == word),
                "{hostile}: {word}\n{code}"
            );
        }
    }
    assert!(script(&written("a\0b", "t", "x")).unwrap_err()[0].message.contains("a column whose name holds a NUL"));
}

#[test]
fn variables_are_called_as_their_steps_are_and_hide_nothing_of_python() {
    let name = |title: &str| Frames::new(&written("a", title, "")).name(NodeId(0)).to_owned();
    for (title, wanted) in [
        ("Failed or slow", "failed_or_slow"),
        ("Sum", "sum_rows"),
        ("max", "max_rows"),
        ("Import", "import_rows"),
        ("pl", "pl_rows"),
        ("pw_add", "step_pw_add_rows"),
        ("2026", "step_2026"),
        ("日本", "step"),
        ("", "step"),
    ] {
        assert_eq!(name(title), wanted, "{title}");
    }
}

#[test]
fn literals_are_those_of_python() {
    for (value, python) in [
        (Value::Int(i64::MIN), "pl.lit(-9223372036854775808, pl.Int64)"),
        (Value::Float(1e300), "pl.lit(1e300)"),
        (Value::text("é\"\\"), "pl.lit(\"\\U000000e9\\\"\\\\\")"),
        (Value::Date(0), "pl.lit(datetime.date(1970, 1, 1))"),
        (Value::Timestamp(-1), "pl.lit(datetime.datetime(1969, 12, 31, 23, 59, 59, 999999))"),
    ] {
        assert_eq!(literal(&value, &value.data_type()).as_deref().ok(), Some(python));
    }
}

#[test]
fn the_worked_example_is_carried_whole() {
    let text = include_str!("../../../../projects/shop/shop.pipewright.json");
    let project = crate::project::load(text).unwrap().0;
    let bundle = Polars.export(&plan(&project), &DesignInfo { name: "shop".into(), ..DesignInfo::default() });
    assert!(bundle.diagnostics.is_empty(), "{:?}", bundle.diagnostics);
    for file in ["pipeline.py", "stage.json", "results.json", "job.json", "report.py", "run.sh", "README.md"] {
        assert!(bundle.files.contains_key(file), "{file}");
    }
    assert!(Polars.support(&plan(&project)).values().all(|(support, _)| *support != Support::Unsupported));
}
