//! Numbers. What would be NaN, infinite or out of an Int's range is null.
//! Must not import any room but `data`.

use super::ArgType::{Int, Number, Quantity};
use super::arguments::{first, float, int, int_or, number_at, value_or_null};
use super::{Function, TypeResult, example, scalar};
use crate::data::{DataType, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "numbers",
        "abs(number) → same type",
        "The number without its sign.",
        &[Quantity],
        first,
        |a| {
            value_or_null(|| match a.first()? {
                Value::Int(int) => int.checked_abs().map(Value::Int),
                Value::Float(float) => Some(Value::Float(float.abs())),
                Value::Duration(micros) => micros.checked_abs().map(Value::Duration),
                _ => None,
            })
        },
        &[
            example("abs(-3)", "3"),
            example("abs(-0.5)", "0.5"),
            example("abs(interval '-1 second')", "interval '1 second'"),
        ],
    ),
    scalar(
        "numbers",
        "sign(number) → Int",
        "-1, 0 or 1.",
        &[Number],
        int,
        |a| {
            value_or_null(|| {
                let number = number_at(a, 0)?;
                Some(Value::Int(i64::from(number > 0.0) - i64::from(number < 0.0)))
            })
        },
        &[example("sign(-2.5)", "-1"), example("sign(0)", "0")],
    ),
    scalar(
        "numbers",
        "round(number[, digits]) → same type",
        "Rounded to `digits` after the point (0 if left out), halves away from zero.",
        &[Number, Int],
        first,
        round,
        &[example("round(2.5)", "3.0"), example("round(-2.345, 2)", "-2.35"), example("round(1234, -2)", "1200")],
    )
    .least(1),
    scalar(
        "numbers",
        "floor(number) → same type",
        "The nearest whole number below.",
        &[Number],
        first,
        |a| whole(a, f64::floor),
        &[example("floor(-1.5)", "-2.0"), example("floor(3)", "3")],
    ),
    scalar(
        "numbers",
        "ceil(number) → same type",
        "The nearest whole number above.",
        &[Number],
        first,
        |a| whole(a, f64::ceil),
        &[example("ceil(1.2)", "2.0")],
    ),
    scalar(
        "numbers",
        "trunc(number) → same type",
        "The whole part, towards zero.",
        &[Number],
        first,
        |a| whole(a, f64::trunc),
        &[example("trunc(-1.7)", "-1.0")],
    ),
    scalar(
        "numbers",
        "sqrt(number) → Float",
        "The square root; null below zero.",
        &[Number],
        float,
        |a| float_of(a, f64::sqrt),
        &[example("sqrt(9)", "3.0"), example("sqrt(-1)", "null")],
    ),
    scalar(
        "numbers",
        "exp(number) → Float",
        "e to the power of the number; null where that is too large.",
        &[Number],
        float,
        |a| float_of(a, f64::exp),
        &[example("exp(0)", "1.0"), example("exp(1000)", "null")],
    ),
    scalar(
        "numbers",
        "ln(number) → Float",
        "The natural logarithm; null at and below zero.",
        &[Number],
        float,
        |a| float_of(a, f64::ln),
        &[example("ln(1)", "0.0"), example("ln(0)", "null")],
    ),
    scalar(
        "numbers",
        "log10(number) → Float",
        "The logarithm to base 10; null at and below zero.",
        &[Number],
        float,
        |a| float_of(a, f64::log10),
        &[example("log10(1000)", "3.0")],
    ),
    scalar(
        "numbers",
        "log2(number) → Float",
        "The logarithm to base 2; null at and below zero.",
        &[Number],
        float,
        |a| float_of(a, f64::log2),
        &[example("log2(8)", "3.0")],
    ),
    scalar(
        "numbers",
        "power(base, exponent) → Float",
        "The base to the power of the exponent; null where that is no number.",
        &[Number, Number],
        float,
        |a| value_or_null(|| Some(Value::float(number_at(a, 0)?.powf(number_at(a, 1)?)))),
        &[example("power(2, 10)", "1024.0"), example("power(-8, 0.5)", "null"), example("power(0, -1)", "null")],
    ),
    scalar(
        "numbers",
        "bin(number, width) → Float",
        "The lower bound of the bin of that width; null for widths at and below zero.",
        &[Number, Number],
        float,
        |a| {
            value_or_null(|| {
                let (number, width) = (number_at(a, 0)?, number_at(a, 1)?);
                (width > 0.0).then(|| Value::float((number / width).floor() * width))
            })
        },
        &[example("bin(17, 5)", "15.0"), example("bin(-0.1, 1)", "-1.0"), example("bin(1, 0)", "null")],
    ),
    scalar(
        "numbers",
        "clamp(number, low, high) → same type",
        "The number, but at least `low` and at most `high`.",
        &[Number, Number, Number],
        clamp_type,
        clamp,
        &[example("clamp(120, 0, 100)", "100"), example("clamp(5, 0, 100)", "5"), example("clamp(1, 5, 2)", "null")],
    ),
];

fn float_of(args: &[Value], compute: fn(f64) -> f64) -> Value {
    value_or_null(|| Some(Value::float(compute(number_at(args, 0)?))))
}

fn whole(args: &[Value], compute: fn(f64) -> f64) -> Value {
    value_or_null(|| match args.first()? {
        Value::Int(int) => Some(Value::Int(*int)),
        Value::Float(float) => Some(Value::float(compute(*float))),
        _ => None,
    })
}

fn round(args: &[Value]) -> Value {
    value_or_null(|| {
        let digits = int_or(args, 1, 0)?.clamp(-30, 30) as i32;
        match args.first()? {
            Value::Int(int) if digits >= 0 => Some(Value::Int(*int)),
            Value::Int(int) => {
                let step = 10_i128.checked_pow(digits.unsigned_abs())?;
                let int = i128::from(*int);
                let rounded = (int.abs() + step / 2) / step * step * int.signum();
                i64::try_from(rounded).ok().map(Value::Int)
            }
            Value::Float(float) => {
                let scale = 10_f64.powi(digits.abs());
                let scaled = if digits >= 0 { float * scale } else { float / scale };
                if !scaled.is_finite() {
                    return Some(Value::Float(*float));
                }
                Some(Value::float(if digits >= 0 { scaled.round() / scale } else { scaled.round() * scale }))
            }
            _ => None,
        }
    })
}

fn clamp_type(args: &[DataType]) -> TypeResult {
    super::arguments::common(args)
}

fn clamp(args: &[Value]) -> Value {
    value_or_null(|| {
        let [number, low, high] = args else { return None };
        if low.compare(high)?.is_gt() {
            return None;
        }
        let raised = if number.compare(low)?.is_lt() { low } else { number };
        Some(if raised.compare(high)?.is_gt() { high.clone() } else { raised.clone() })
    })
}
