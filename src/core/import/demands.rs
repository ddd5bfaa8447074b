//! What files demand of the values of a field → conditions in the language of designs, which hold for every row; and what
//! they demand that no such condition says. Imports expr and data.

use std::fmt::Display;

use serde_json::Value as Json;

use super::list_at;
use crate::data::{DataType, Value};
use crate::expr::{BinaryOp, Expr, ExprKind, regex_pattern};

/// A demand on the values of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// As the file has it: `maximum: 5`.
    pub said: String,
    /// What holds for each row that has a value; `None`: it is not looked at.
    pub condition: Option<Expr>,
}

impl Demand {
    pub(super) fn new(said: impl Display, condition: Option<Expr>) -> Demand {
        Demand { said: said.to_string(), condition }
    }
}

fn compare(op: BinaryOp, left: Expr, right: Value) -> Expr {
    Expr::binary(op, left, Expr::literal(right))
}

fn number(json: &Json) -> Option<Value> {
    match json.as_i64() {
        Some(int) => Some(Value::Int(int)),
        None => json.as_f64().filter(|float| float.is_finite()).map(Value::Float),
    }
}

/// One of these values; values of another type than the field's are none that it could have.
pub(super) fn one_of(name: &str, data_type: &DataType, values: &[Json]) -> Option<Expr> {
    let of_type = |json: &Json| Value::from_json(json, data_type).filter(|value| !value.is_null());
    let list: Vec<Expr> = values.iter().filter_map(of_type).map(Expr::literal).collect();
    let is_known = !matches!(data_type, DataType::Unknown | DataType::List(_) | DataType::Record(_));
    let expr = Box::new(Expr::column(name));
    (is_known && !list.is_empty()).then(|| Expr::made(ExprKind::InList { expr, list, negated: false }))
}

/// At most so many characters.
pub(super) fn at_most_long(name: &str, most: i64) -> Expr {
    compare(BinaryOp::LessOrEqual, Expr::call("length", vec![Expr::column(name)]), Value::Int(most))
}

pub(super) fn between(name: &str, low: i64, high: i64) -> Expr {
    Expr::all([
        compare(BinaryOp::GreaterOrEqual, Expr::column(name), Value::Int(low)),
        compare(BinaryOp::LessOrEqual, Expr::column(name), Value::Int(high)),
    ])
}

/// Words of JSON Schema, and of the options of data contracts, that say what values are.
const WORDS: [&str; 16] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "enum",
    "const",
    "uniqueItems",
    "contains",
    "not",
    "if",
];

/// What a JSON Schema, or the options of a data contract, demand of a field.
pub(super) fn of_schema(name: &str, data_type: &DataType, schema: &Json) -> Vec<Demand> {
    let told = WORDS.iter().filter_map(|word| Some((*word, schema.get(*word)?)));
    let mut demands: Vec<Demand> = told
        // `uniqueItems: false` demands nothing.
        .filter(|(_, json)| **json != Json::Bool(false))
        .map(|(word, json)| {
            Demand::new(format_args!("{word}: {}", short(json)), condition(name, data_type, schema, word, json))
        })
        .collect();
    // In older versions a word beside the bound.
    if schema.get("exclusiveMinimum") == Some(&Json::Bool(true))
        || schema.get("exclusiveMaximum") == Some(&Json::Bool(true))
    {
        demands.retain(|demand| !demand.said.starts_with("exclusive"));
    }
    if demands_inside(schema) {
        demands.push(Demand::new("what is demanded of its parts", None));
    }
    demands
}

fn short(json: &Json) -> String {
    const LONGEST: usize = 60;
    let text = json.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether values inside of a field must be something.
fn demands_inside(schema: &Json) -> bool {
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flat_map(|map| map.values());
    let mut parts = properties.chain(schema.get("items"));
    parts.any(|part| WORDS.iter().any(|word| part.get(*word).is_some()) || demands_inside(part))
}

fn condition(name: &str, data_type: &DataType, schema: &Json, word: &str, json: &Json) -> Option<Expr> {
    let column = || Expr::column(name);
    let is_number = matches!(data_type, DataType::Int | DataType::Float);
    let is_exclusive = |word: &str| schema.get(word) == Some(&Json::Bool(true));
    let bound = |op: BinaryOp| number(json).filter(|_| is_number).map(|bound| compare(op, column(), bound));
    let sized = |function: &str, op: BinaryOp| {
        let size = json.as_i64()?;
        Some(compare(op, Expr::call(function, vec![column()]), Value::Int(size)))
    };
    let is_text = *data_type == DataType::String;
    let is_list = matches!(data_type, DataType::List(_));
    match word {
        "minimum" if is_exclusive("exclusiveMinimum") => bound(BinaryOp::Greater),
        "minimum" => bound(BinaryOp::GreaterOrEqual),
        "maximum" if is_exclusive("exclusiveMaximum") => bound(BinaryOp::Less),
        "maximum" => bound(BinaryOp::LessOrEqual),
        "exclusiveMinimum" => bound(BinaryOp::Greater),
        "exclusiveMaximum" => bound(BinaryOp::Less),
        "multipleOf" => {
            let step = json.as_i64().filter(|step| *step > 0 && *data_type == DataType::Int)?;
            let rest = Expr::binary(BinaryOp::Modulo, column(), Expr::literal(Value::Int(step)));
            Some(compare(BinaryOp::Equal, rest, Value::Int(0)))
        }
        "minLength" if is_text => sized("length", BinaryOp::GreaterOrEqual),
        "maxLength" if is_text => sized("length", BinaryOp::LessOrEqual),
        "minItems" if is_list => sized("list_length", BinaryOp::GreaterOrEqual),
        "maxItems" if is_list => sized("list_length", BinaryOp::LessOrEqual),
        "pattern" if is_text => {
            let pattern = json.as_str().filter(|pattern| regex_pattern(pattern).is_ok())?;
            Some(Expr::call("regexp_matches", vec![column(), Expr::literal(Value::text(pattern))]))
        }
        "enum" => one_of(name, data_type, &list_at(schema, "enum").cloned().collect::<Vec<_>>()),
        "const" => one_of(name, data_type, std::slice::from_ref(json)),
        _ => None,
    }
}

/// What the name of a type of a database demands: `varchar(3)`, `smallint`, `numeric(5, 2)`.
pub(super) fn of_type(name: &str, data_type: &DataType, written: &str) -> Option<Demand> {
    let lower = written.trim().to_lowercase();
    let end = lower.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(lower.len());
    let sizes: Vec<i64> = lower[end..]
        .trim()
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(sizes, _)| sizes.split(',').filter_map(|size| size.trim().parse().ok()).collect())
        .unwrap_or_default();
    let of = |bits: u32| Some(between(name, -(1 << (bits - 1)), (1 << (bits - 1)) - 1));
    let condition = match (&lower[..end], data_type, sizes.as_slice()) {
        ("smallint" | "int2" | "int16" | "smallserial", DataType::Int, _) => of(16),
        ("int" | "integer" | "int4" | "int32" | "serial", DataType::Int, _) if !lower.contains("unsigned") => of(32),
        (
            "varchar" | "varchar2" | "nvarchar" | "nvarchar2" | "char" | "nchar" | "character" | "bpchar",
            DataType::String,
            [most, ..],
        ) => Some(at_most_long(name, *most)),
        ("decimal" | "numeric" | "number" | "dec", DataType::Int | DataType::Float, [digits @ 1..=18, rest @ ..]) => {
            let whole = u32::try_from(digits - rest.first().copied().unwrap_or(0)).ok()?;
            let limit = 10_i64.checked_pow(whole)?;
            let column = || Expr::column(name);
            Some(Expr::all([
                compare(BinaryOp::Less, column(), Value::Int(limit)),
                compare(BinaryOp::Greater, column(), Value::Int(-limit)),
            ]))
        }
        _ => return None,
    };
    Some(Demand::new(written.trim(), condition))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr;

    fn printed(demands: &[Demand]) -> Vec<String> {
        let one = |demand: &Demand| demand.condition.as_ref().map_or_else(|| format!("? {}", demand.said), expr::print);
        demands.iter().map(one).collect()
    }

    #[test]
    fn words_of_json_schema_are_conditions() {
        let of = |data_type: DataType, json: &str| {
            printed(&of_schema("x", &data_type, &serde_json::from_str(json).unwrap()))
        };
        assert_eq!(
            of(DataType::Int, r#"{"minimum": 1, "maximum": 5, "multipleOf": 2}"#),
            ["x >= 1", "x <= 5", "x % 2 = 0"]
        );
        assert_eq!(of(DataType::Float, r#"{"minimum": 0, "exclusiveMinimum": true}"#), ["x > 0"]);
        assert_eq!(of(DataType::Float, r#"{"exclusiveMaximum": 0.5}"#), ["x < 0.5"]);
        assert_eq!(
            of(
                DataType::String,
                r#"{"minLength": 1, "maxLength": 3, "pattern": "^a'", "enum": ["a", "b"], "const": "a"}"#
            ),
            ["length(x) >= 1", "length(x) <= 3", "regexp_matches(x, '^a''')", "x in ('a', 'b')", "x in ('a')"]
        );
        let list = DataType::List(Box::new(DataType::Int));
        assert_eq!(of(list.clone(), r#"{"maxItems": 2}"#), ["list_length(x) <= 2"]);
        assert_eq!(
            of(list, r#"{"uniqueItems": true, "items": {"minimum": 3}}"#),
            ["? uniqueItems: true", "? what is demanded of its parts"]
        );
        assert_eq!(of(DataType::String, r#"{"pattern": "(?=a)b"}"#), ["? pattern: \"(?=a)b\""]);
        assert_eq!(of(DataType::Float, r#"{"multipleOf": 0.1}"#), ["? multipleOf: 0.1"]);
    }

    #[test]
    fn types_of_databases_are_conditions() {
        let of = |data_type: DataType, written: &str| {
            printed(&of_type("x", &data_type, written).into_iter().collect::<Vec<_>>())
        };
        assert_eq!(of(DataType::Int, "SMALLINT"), ["x >= -32768 and x <= 32767"]);
        assert_eq!(of(DataType::Int, "int"), ["x >= -2147483648 and x <= 2147483647"]);
        assert_eq!(of(DataType::String, "VARCHAR(3)"), ["length(x) <= 3"]);
        assert_eq!(of(DataType::Float, "numeric(5,2)"), ["x < 1000 and x > -1000"]);
        assert!(of(DataType::Int, "bigint").is_empty() && of(DataType::String, "text").is_empty());
    }
}
