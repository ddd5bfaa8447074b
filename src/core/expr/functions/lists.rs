//! Lists: length, items, search, joining. Positions count from 1, negative ones from the end.
//! Must not import any room but `data`.

use super::ArgType::{Any, Int, List, Same, String as Text};
use super::arguments::{boolean, common, first, index_of, int, int_at, item, list_at, string, text_at, value_or_null};
use super::text::may_grow;
use super::{Function, TypeResult, example, scalar};
use crate::data::{DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "lists",
        "list_of(value, …) → List<T>",
        "A list of the values.",
        &[Same],
        list_of_common,
        |a| Value::List(a.to_vec()),
        &[example("list_of(1, null, 3)", "[1, null, 3]")],
    )
    .variadic(),
    scalar(
        "lists",
        "list_length(list) → Int",
        "The number of items, nulls included.",
        &[List],
        int,
        |a| value_or_null(|| Some(Value::Int(list_at(a, 0)?.len() as i64))),
        &[example("list_length([1, null])", "2"), example("list_length([])", "0")],
    ),
    scalar(
        "lists",
        "list_get(list, index) → T",
        "The item at `index`, from 1; negative: from the end; null where there is none.",
        &[List, Int],
        item,
        |a| {
            value_or_null(|| {
                let items = list_at(a, 0)?;
                items.get(index_of(int_at(a, 1)?, items.len())?).cloned()
            })
        },
        &[
            example("list_get(['a', 'b'], 1)", "'a'"),
            example("list_get(['a', 'b'], -1)", "'b'"),
            example("list_get([1], 5)", "null"),
        ],
    ),
    scalar(
        "lists",
        "list_contains(list, value) → Boolean",
        "Whether an item equals the value; nulls equal nothing.",
        &[List, Any],
        contains_type,
        |a| {
            value_or_null(|| {
                let wanted = a.get(1).filter(|value| !value.is_null())?;
                Some(Value::Boolean(
                    list_at(a, 0)?.iter().any(|item| item.compare(wanted).is_some_and(|order| order.is_eq())),
                ))
            })
        },
        &[example("list_contains(['a', 'b'], 'b')", "true"), example("list_contains([1, null], 2)", "false")],
    ),
    scalar(
        "lists",
        "list_join(list, separator) → String",
        "The items as text with the separator between them; nulls are left out; null where the separators are over a million characters.",
        &[List, Text],
        string,
        |a| {
            value_or_null(|| {
                let items: Vec<String> = list_at(a, 0)?.iter().filter_map(super::super::cast::to_text).collect();
                let separator = text_at(a, 1)?;
                let separators = items.len().saturating_sub(1).saturating_mul(separator.chars().count());
                may_grow(0, separators as i64).then(|| Value::String(items.join(separator)))
            })
        },
        &[
            example("list_join(['a', null, 'b'], ', ')", "'a, b'"),
            example("list_join(['a', 'b', 'c'], repeat('-', 600000))", "null"),
        ],
    ),
    scalar(
        "lists",
        "list_distinct(list) → List<T>",
        "Each item once, where it first stands; nulls are left out.",
        &[List],
        first,
        |a| {
            value_or_null(|| {
                let mut kept: Vec<Value> = Vec::new();
                for item in list_at(a, 0)?.iter().filter(|item| !item.is_null()) {
                    if !kept.contains(item) {
                        kept.push(item.clone());
                    }
                }
                Some(Value::List(kept))
            })
        },
        &[example("list_distinct([2, 1, 2, null])", "[2, 1]")],
    ),
    scalar(
        "lists",
        "list_sort(list) → List<T>",
        "The items in ascending order, nulls last.",
        &[List],
        first,
        |a| {
            value_or_null(|| {
                let mut items = list_at(a, 0)?.to_vec();
                items.sort_by(super::aggregates::compare_nulls_last);
                Some(Value::List(items))
            })
        },
        &[example("list_sort([2, null, 1])", "[1, 2, null]")],
    ),
    scalar(
        "lists",
        "cast_loses(value, type) → Boolean",
        "Whether the value, or one inside of a list or record, becomes null where it is cast to the type, which is written as a text.",
        &[Any, Text],
        boolean,
        |a| {
            value_or_null(|| {
                let value = a.first().filter(|value| !value.is_null())?;
                Some(Value::Boolean(super::super::cast::loses(value, &text_at(a, 1)?.parse().ok()?)))
            })
        },
        &[
            example("cast_loses(['1', 'x'], 'List<Int>')", "true"),
            example("cast_loses(['1', null], 'List<Int>')", "false"),
            example("cast_loses('x', 'Int')", "true"),
        ],
    )
    .literal(&[1])
    .checked(check_type),
];

/// The second argument names a type.
fn check_type(args: &[Option<&Value>]) -> Result<(), String> {
    match args.get(1) {
        Some(Some(Value::String(text))) => text.parse::<DataType>().map(|_| ()),
        _ => Ok(()),
    }
}

fn list_of_common(args: &[DataType]) -> TypeResult {
    Ok(DataType::List(Box::new(common(args)?)))
}

fn contains_type(args: &[DataType]) -> TypeResult {
    match args {
        [DataType::List(item), value] if item.common(value).is_none() => {
            Err(format!("a list of {item} cannot hold a value of type {value}"))
        }
        _ => boolean(args),
    }
}
