//! Window functions: a value per row from its neighbours. Aggregates become windows by `over (…)`.
//! Must not import any room but `data`.

use super::ArgType::{Int, Same};
use super::arguments::{common, int};
use super::{Example, Function, FunctionKind, TypeResult, over_rows};
use crate::data::{DataType, Value};

const fn window(
    signature: &'static str,
    doc: &'static str,
    args: &'static [super::ArgType],
    result: fn(&[DataType]) -> TypeResult,
    examples: &'static [Example],
) -> Function {
    Function::new(FunctionKind::Window, "windows", signature, doc, args, result, examples)
}

const VISITS: &str = r#"{"user":"a","page":"/","at":1}
{"user":"b","page":"/x","at":2}
{"user":"a","page":"/y","at":2}
{"user":"a","page":"/z","at":5}"#;

pub(super) const FUNCTIONS: &[Function] = &[
    window(
        "row_number() over (… order by …) → Int",
        "The row's number in its partition, from 1.",
        &[],
        int,
        &[over_rows("row_number() over (partition by user order by at)", VISITS, "3")],
    ),
    window(
        "rank() over (… order by …) → Int",
        "As `row_number`, but equal rows share the first of their numbers.",
        &[],
        int,
        &[over_rows("rank() over (order by user)", VISITS, "1"), over_rows("rank() over (order by at)", VISITS, "4")],
    ),
    window(
        "dense_rank() over (… order by …) → Int",
        "As `rank`, without gaps after equal rows.",
        &[],
        int,
        &[over_rows("dense_rank() over (order by at)", VISITS, "3")],
    ),
    window(
        "lag(value[, rows[, default]]) over (… order by …) → T",
        "The value some rows before (1 if left out); the default, or null, where there is none.",
        &[Same, Int, Same],
        shifted,
        &[
            over_rows("lag(page) over (partition by user order by at)", VISITS, "'/y'"),
            over_rows("lag(page, 5, '-') over (order by at)", VISITS, "'-'"),
        ],
    )
    .least(1)
    .literal(&[1, 2])
    .checked(check_rows),
    window(
        "lead(value[, rows[, default]]) over (… order by …) → T",
        "The value some rows after (1 if left out); the default, or null, where there is none.",
        &[Same, Int, Same],
        shifted,
        &[over_rows("lead(page) over (partition by user order by at desc)", VISITS, "'/y'")],
    )
    .least(1)
    .literal(&[1, 2])
    .checked(check_rows),
];

fn shifted(args: &[DataType]) -> TypeResult {
    match args {
        [value, _, default] => common(&[value.clone(), default.clone()]),
        _ => super::arguments::first(args),
    }
}

fn check_rows(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1).copied().flatten() {
        Some(Value::Int(rows)) if *rows < 0 => {
            Err("the number of rows is negative; `lag` looks back, `lead` ahead".to_owned())
        }
        _ => Ok(()),
    }
}
