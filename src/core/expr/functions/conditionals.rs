//! Choices between values.
//! Must not import any room but `data`.

use super::ArgType::{Boolean, Ordered, Same};
use super::arguments::common;
use super::{Function, TypeResult, example, scalar};
use crate::data::{DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "conditionals",
        "coalesce(value, …) → T",
        "The first value that is not null.",
        &[Same],
        common,
        |a| a.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null),
        &[example("coalesce(null, 'anonymous')", "'anonymous'"), example("coalesce(null, null)", "null")],
    )
    .variadic(),
    scalar(
        "conditionals",
        "nullif(value, other) → T",
        "The value, or null where it equals the other.",
        &[Same, Same],
        first_of,
        |a| match a {
            [value, other] if value.compare(other).is_some_and(|order| order.is_eq()) => Value::Null,
            [value, ..] => value.clone(),
            _ => Value::Null,
        },
        &[example("nullif('-', '-')", "null"), example("nullif('a', '-')", "'a'"), example("nullif(1, null)", "1")],
    ),
    scalar(
        "conditionals",
        "if(condition, value, other) → T",
        "The value where the condition is true, else the other.",
        &[Boolean, Same, Same],
        after_condition,
        |a| match a {
            [Value::Boolean(true), value, ..] => value.clone(),
            [_, _, other] => other.clone(),
            _ => Value::Null,
        },
        &[example("if(1 < 2, 'yes', 'no')", "'yes'"), example("if(null, 1, 2)", "2")],
    ),
    scalar(
        "conditionals",
        "greatest(value, …) → T",
        "The greatest of the values; nulls are left out.",
        &[Ordered],
        ordered,
        |a| super::aggregates::extreme(a.iter(), true),
        &[example("greatest(3, null, 7)", "7"), example("greatest(1, 1.5)", "1.5")],
    )
    .variadic(),
    scalar(
        "conditionals",
        "least(value, …) → T",
        "The least of the values; nulls are left out.",
        &[Ordered],
        ordered,
        |a| super::aggregates::extreme(a.iter(), false),
        &[example("least('b', 'a')", "'a'")],
    )
    .variadic(),
];

fn first_of(args: &[DataType]) -> TypeResult {
    common(args)?;
    Ok(args.first().cloned().unwrap_or(DataType::Unknown))
}

fn after_condition(args: &[DataType]) -> TypeResult {
    common(args.get(1..).unwrap_or_default())
}

fn ordered(args: &[DataType]) -> TypeResult {
    common(args)
}
