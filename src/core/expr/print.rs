//! `Expr` → canonical text: what is read back is the same tree. Must not import any room but `data`.

use std::fmt::Write as _;

use super::durations::print_span;
use super::precedence::{self, ANY, COMPARE, NEGATE, NOT, POSTFIX};
use super::tokens::RESERVED;
use super::tokens::{is_name_part, is_name_start};
use super::{Call, Expr, ExprKind, FrameBound, FrameUnit, Over, SortKey, WindowFrame, deep};
use crate::data::{DataType, Value, format_date, format_timestamp};

/// Canonical text: lower-case keywords, least parentheses, names quoted where needed.
pub fn print(expr: &Expr) -> String {
    let mut text = String::new();
    write_expr(&mut text, expr, ANY);
    text
}

/// `time desc, "order id"`.
pub fn print_order(keys: &[SortKey]) -> String {
    let mut text = String::new();
    write_order(&mut text, keys);
    text
}

/// A column's name as an expression: quoted where it must be.
pub fn print_name(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(is_name_start) && chars.all(is_name_part);
    let lower = name.to_ascii_lowercase();
    let keyword =
        RESERVED.contains(&lower.as_str()) || matches!(lower.as_str(), "from" | "where" | "as" | "by" | "with");
    if plain && !keyword { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

fn write_expr(out: &mut String, expr: &Expr, min: u8) {
    if precedence::of(&expr.kind) < min {
        out.push('(');
        write_kind(out, &expr.kind);
        out.push(')');
    } else {
        deep(|| write_kind(out, &expr.kind));
    }
}

fn write_kind(out: &mut String, kind: &ExprKind) {
    match kind {
        ExprKind::Literal(value) => write_value(out, value),
        ExprKind::Column(name) => out.push_str(&print_name(name)),
        ExprKind::Parameter(name) => {
            let _ = write!(out, "${{{name}}}");
        }
        ExprKind::Member { record, name } => write_member(out, record, name),
        ExprKind::Not(inner) => {
            out.push_str("not ");
            write_expr(out, inner, NOT);
        }
        ExprKind::Negate(inner) => {
            let mut operand = String::new();
            write_expr(&mut operand, inner, NEGATE);
            // `--` opens a comment, and `-1` is a literal.
            match operand.starts_with(|c: char| c == '-' || c == '.' || c.is_ascii_digit()) {
                true => {
                    let _ = write!(out, "-({operand})");
                }
                false => {
                    let _ = write!(out, "-{operand}");
                }
            }
        }
        ExprKind::Binary { op, left, right } => {
            let level = precedence::of_operator(*op);
            write_expr(out, left, level);
            let _ = write!(out, " {} ", op.symbol());
            write_expr(out, right, level + 1);
        }
        ExprKind::IsNull { expr, negated } => {
            write_expr(out, expr, COMPARE);
            out.push_str(if *negated { " is not null" } else { " is null" });
        }
        ExprKind::IsBoolean { expr, value, negated } => {
            write_expr(out, expr, COMPARE);
            let _ = write!(out, " is {}{value}", if *negated { "not " } else { "" });
        }
        ExprKind::IsDistinct { left, right, negated } => {
            write_expr(out, left, COMPARE);
            let _ = write!(out, " is {}distinct from ", if *negated { "not " } else { "" });
            write_expr(out, right, COMPARE + 1);
        }
        ExprKind::Between { expr, low, high, negated } => {
            write_expr(out, expr, COMPARE);
            out.push_str(if *negated { " not between " } else { " between " });
            write_expr(out, low, COMPARE + 1);
            out.push_str(" and ");
            write_expr(out, high, COMPARE + 1);
        }
        ExprKind::InList { expr, list, negated } => {
            write_expr(out, expr, COMPARE);
            out.push_str(if *negated { " not in (" } else { " in (" });
            write_list(out, list);
            out.push(')');
        }
        ExprKind::Like { expr, pattern, negated, insensitive } => {
            write_expr(out, expr, COMPARE);
            let word = if *insensitive { "ilike" } else { "like" };
            let _ = write!(out, " {}{word} ", if *negated { "not " } else { "" });
            write_expr(out, pattern, COMPARE + 1);
        }
        ExprKind::Case { operand, branches, otherwise } => {
            write_case(out, operand.as_deref(), branches, otherwise.as_deref());
        }
        ExprKind::Cast { expr, to, strict } => {
            out.push_str(if *strict { "cast(" } else { "try_cast(" });
            write_expr(out, expr, ANY);
            out.push_str(" as ");
            write_type(out, to);
            out.push(')');
        }
        ExprKind::Call(call) => write_call(out, call),
    }
}

/// As `DataType` prints itself, but for names of fields, which are quoted as names are here.
fn write_type(out: &mut String, data_type: &DataType) {
    match data_type {
        DataType::List(item) => {
            out.push_str("List<");
            write_type(out, item);
            out.push('>');
        }
        DataType::Record(fields) => {
            out.push_str("Record{");
            for (index, (name, data_type)) in fields.iter().enumerate() {
                let _ = write!(out, "{}{}: ", if index > 0 { ", " } else { "" }, print_name(name));
                write_type(out, data_type);
            }
            out.push('}');
        }
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

fn write_member(out: &mut String, record: &Expr, name: &str) {
    // A number, a text or a keyword before the point would read differently.
    let plain = matches!(
        record.kind,
        ExprKind::Column(_) | ExprKind::Parameter(_) | ExprKind::Member { .. } | ExprKind::Call(_)
    );
    if plain {
        write_expr(out, record, POSTFIX);
    } else {
        out.push('(');
        write_expr(out, record, ANY);
        out.push(')');
    }
    out.push('.');
    match name.starts_with('_') {
        true => {
            let _ = write!(out, "\"{}\"", name.replace('"', "\"\""));
        }
        false => out.push_str(&print_name(name)),
    }
}

fn write_case(out: &mut String, operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>) {
    out.push_str("case");
    if let Some(operand) = operand {
        out.push(' ');
        write_expr(out, operand, ANY);
    }
    for (when, then) in branches {
        out.push_str(" when ");
        write_expr(out, when, ANY);
        out.push_str(" then ");
        write_expr(out, then, ANY);
    }
    if let Some(otherwise) = otherwise {
        out.push_str(" else ");
        write_expr(out, otherwise, ANY);
    }
    out.push_str(" end");
}

fn write_call(out: &mut String, call: &Call) {
    if let ("extract", [Expr { kind: ExprKind::Literal(Value::String(field)), .. }, time]) =
        (call.function.as_str(), call.args.as_slice())
        && is_bare(call)
        && !field.is_empty()
        && field.chars().all(|c| c.is_ascii_lowercase())
    {
        let _ = write!(out, "extract({field} from ");
        write_expr(out, time, ANY);
        out.push(')');
        return;
    }
    let _ = write!(out, "{}(", call.function);
    if call.distinct {
        out.push_str("distinct ");
    }
    if call.function == "count" && call.args.is_empty() && call.order.is_empty() && !call.distinct {
        out.push('*');
    }
    write_list(out, &call.args);
    if !call.order.is_empty() {
        out.push_str(if call.args.is_empty() { "order by " } else { " order by " });
        write_order(out, &call.order);
    }
    out.push(')');
    if let Some(filter) = &call.filter {
        out.push_str(" filter (where ");
        write_expr(out, filter, ANY);
        out.push(')');
    }
    if let Some(over) = &call.over {
        write_over(out, over);
    }
}

fn is_bare(call: &Call) -> bool {
    !call.distinct && call.order.is_empty() && call.filter.is_none() && call.over.is_none()
}

fn write_over(out: &mut String, over: &Over) {
    let mut parts = Vec::new();
    if !over.partition.is_empty() {
        let mut part = String::from("partition by ");
        write_list(&mut part, &over.partition);
        parts.push(part);
    }
    if !over.order.is_empty() {
        parts.push(format!("order by {}", print_order(&over.order)));
    }
    if let Some(WindowFrame { unit, start, end }) = &over.frame {
        let unit = match unit {
            FrameUnit::Rows => "rows",
            FrameUnit::Range => "range",
        };
        parts.push(format!("{unit} between {} and {}", bound(start, "preceding"), bound(end, "following")));
    }
    let _ = write!(out, " over ({})", parts.join(" "));
}

fn bound(bound: &FrameBound, unbounded: &str) -> String {
    let value_text = |value: &Value| {
        let mut text = String::new();
        write_value(&mut text, value);
        text
    };
    match bound {
        FrameBound::Unbounded => format!("unbounded {unbounded}"),
        FrameBound::Current => "current row".to_owned(),
        FrameBound::Preceding(value) => format!("{} preceding", value_text(value)),
        FrameBound::Following(value) => format!("{} following", value_text(value)),
    }
}

fn write_order(out: &mut String, keys: &[SortKey]) {
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_expr(out, &key.expr, ANY);
        if key.descending {
            out.push_str(" desc");
        }
    }
}

fn write_list(out: &mut String, list: &[Expr]) {
    for (index, expr) in list.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_expr(out, expr, ANY);
    }
}

/// A literal of any type; lists and records of literals as `[1, 2]` and `{name: 1}`.
pub(super) fn write_value(out: &mut String, value: &Value) {
    let _ = match value {
        Value::Null => write!(out, "null"),
        Value::Boolean(value) => write!(out, "{value}"),
        Value::Int(value) => write!(out, "{value}"),
        Value::Float(value) if !value.is_finite() => write!(out, "null"),
        Value::Float(value) => write!(out, "{value:?}"),
        Value::String(value) => write!(out, "'{}'", value.replace('\'', "''")),
        Value::Timestamp(value) => write!(out, "timestamp '{}'", format_timestamp(*value)),
        Value::Date(value) => write!(out, "date '{}'", format_date(*value)),
        Value::Duration(value) => write!(out, "interval '{}'", print_span(*value)),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_value(out, item);
            }
            write!(out, "]")
        }
        Value::Record(fields) => {
            out.push('{');
            for (index, (name, item)) in fields.iter().enumerate() {
                let _ = write!(out, "{}{}: ", if index > 0 { ", " } else { "" }, print_name(name));
                write_value(out, item);
            }
            write!(out, "}}")
        }
    };
}
