//! A condition in the words of people who do not write expressions: `status at least 500 or duration above 3`. What it
//! has no words for stands as it is written. Must not import any room but `data`.

use super::{BinaryOp, Call, Expr, ExprKind, deep, print};
use crate::data::Value;

/// Values of a list that are named.
const NAMED: usize = 3;

/// In words, columns in code marks. Where `is_hidden` of a column, what it is compared with is not shown.
pub fn phrase(condition: &Expr, is_hidden: &dyn Fn(&str) -> bool) -> String {
    Phrases { is_hidden }.of(condition, true)
}

struct Phrases<'a> {
    is_hidden: &'a dyn Fn(&str) -> bool,
}

impl Phrases<'_> {
    /// The condition, or its opposite.
    fn of(&self, expr: &Expr, is: bool) -> String {
        deep(|| match &expr.kind {
            ExprKind::Column(name) => flag(name, is),
            ExprKind::Not(inner) => self.of(inner, !is),
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                self.joined(*op, left, right, is)
            }
            ExprKind::Binary { op, left, right } => self.compared(*op, left, right, is),
            ExprKind::IsNull { expr, negated } if is_condition(expr) => {
                let known = if *negated == is { "known" } else { "not known" };
                format!("{known} whether {}", self.of(expr, true))
            }
            ExprKind::IsNull { expr, negated } => has(&self.value(expr), *negated == is),
            ExprKind::IsBoolean { expr, value, negated } => self.of(expr, (*value != *negated) == is),
            ExprKind::Between { expr, low, high, negated } => {
                let range = format!("{} to {}", self.beside(expr, low), self.beside(expr, high));
                format!("{} {}from {range}", self.value(expr), no(*negated != is))
            }
            ExprKind::InList { expr, list, negated } => {
                let mut named: Vec<String> = list.iter().take(NAMED).map(|one| self.beside(expr, one)).collect();
                if list.len() > NAMED {
                    named.push(format!("{} more", list.len() - NAMED));
                }
                format!("{} {}one of {}", self.value(expr), no(*negated != is), named.join(", "))
            }
            ExprKind::Like { expr, pattern, negated, .. } => {
                format!("{} {}like {}", self.value(expr), no(*negated != is), self.beside(expr, pattern))
            }
            ExprKind::Call(call) => self.called(call, expr, is),
            _ => self.as_written(expr, is),
        })
    }

    fn joined(&self, op: BinaryOp, left: &Expr, right: &Expr, is: bool) -> String {
        // Not (a or b) is neither a nor b.
        let word = if (op == BinaryOp::And) == is { "and" } else { "or" };
        let part = |side: &Expr| {
            let is_other = matches!(&inner_of(side).kind, ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. })
                && !matches!(&side.kind, ExprKind::Binary { op: own, .. } if *own == op);
            let words = self.of(side, is);
            if is_other { format!("({words})") } else { words }
        };
        format!("{} {word} {}", part(left), part(right))
    }

    fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr, is: bool) -> String {
        let is_empty = matches!(&right.kind, ExprKind::Literal(Value::String(text)) if text.is_empty());
        let word = match (op, is) {
            (BinaryOp::Equal, is) if is_empty => return has(&self.value(left), !is),
            (BinaryOp::NotEqual, is) if is_empty => return has(&self.value(left), is),
            (BinaryOp::Equal, true) | (BinaryOp::NotEqual, false) => "is",
            (BinaryOp::Equal, false) | (BinaryOp::NotEqual, true) => "is not",
            (BinaryOp::Less, true) | (BinaryOp::GreaterOrEqual, false) => "below",
            (BinaryOp::LessOrEqual, true) | (BinaryOp::Greater, false) => "at most",
            (BinaryOp::Greater, true) | (BinaryOp::LessOrEqual, false) => "above",
            (BinaryOp::GreaterOrEqual, true) | (BinaryOp::Less, false) => "at least",
            _ => {
                return self.as_written(
                    &Expr::made(ExprKind::Binary { op, left: Box::new(left.clone()), right: Box::new(right.clone()) }),
                    is,
                );
            }
        };
        format!("{} {word} {}", self.beside(right, left), self.beside(left, right))
    }

    fn called(&self, call: &Call, expr: &Expr, is: bool) -> String {
        let verbs = match call.function.as_str() {
            "starts_with" => ("begins with", "does not begin with"),
            "ends_with" => ("ends with", "does not end with"),
            "contains" => ("has in it", "does not have in it"),
            "regexp_matches" => ("fits", "does not fit"),
            // Where nothing is known it is not so.
            "coalesce" if matches!(&call.args[..], [_, or] if or.kind == ExprKind::Literal(Value::Boolean(false))) => {
                return self.of(&call.args[0], is);
            }
            _ => return self.as_written(expr, is),
        };
        match &call.args[..] {
            [_, Expr { kind: ExprKind::Literal(Value::String(pattern)), .. }]
                if call.function == "regexp_matches" && pattern.len() > 24 =>
            {
                format!("{} {} a pattern", self.value(&call.args[0]), if is { verbs.0 } else { verbs.1 })
            }
            [text, with] => {
                format!("{} {} {}", self.value(text), if is { verbs.0 } else { verbs.1 }, self.beside(text, with))
            }
            _ => self.as_written(expr, is),
        }
    }

    fn as_written(&self, expr: &Expr, is: bool) -> String {
        let columns = expr.columns();
        if columns.iter().any(|name| (self.is_hidden)(name)) {
            let named: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
            return format!("{}a condition on {}", no(is), named.join(", "));
        }
        if is { print(expr) } else { format!("not ({})", print(expr)) }
    }

    /// What is compared: a column in whatever case or form, a literal, or as it is written.
    fn value(&self, expr: &Expr) -> String {
        match &inner_of(expr).kind {
            ExprKind::Column(name) => format!("`{name}`"),
            ExprKind::Literal(_) | ExprKind::Parameter(_) => print(expr),
            _ if expr.columns().iter().any(|name| (self.is_hidden)(name)) => {
                let named: Vec<String> = expr.columns().iter().map(|name| format!("`{name}`")).collect();
                format!("something made of {}", named.join(", "))
            }
            _ => print(expr),
        }
    }

    /// A value that stands beside another: not shown where that one is somebody's.
    fn beside(&self, other: &Expr, expr: &Expr) -> String {
        let is_hidden = other.columns().iter().any(|name| (self.is_hidden)(name));
        if is_hidden && expr.columns().is_empty() { "…".to_owned() } else { self.value(expr) }
    }
}

/// Whether it is true or false by its form or its name.
fn is_condition(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Column(name) => name.starts_with("is_"),
        ExprKind::Binary { op, .. } => !op.is_arithmetic() && *op != BinaryOp::Concat,
        ExprKind::Not(_) | ExprKind::Between { .. } | ExprKind::InList { .. } | ExprKind::Like { .. } => true,
        _ => false,
    }
}

/// Without what only changes its case, its spaces or its null.
fn inner_of(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Not(inner) => inner_of(inner),
        ExprKind::Call(call) if matches!(call.function.as_str(), "upper" | "lower" | "trim" | "coalesce") => {
            call.args.first().map_or(expr, inner_of)
        }
        _ => expr,
    }
}

/// `is_error` → `errors`, `no errors`.
fn flag(name: &str, is: bool) -> String {
    match name.starts_with("is_") {
        true => format!("{}{}", if is { "" } else { "no " }, things(name)),
        false => format!("{}`{name}`", no(is)),
    }
}

/// What rows are of which a column says that they are such: `is_bot` → `bots`.
pub fn things(name: &str) -> String {
    let word = name.strip_prefix("is_").unwrap_or(name).replace('_', " ");
    match word.as_str() {
        "error" | "bot" | "request" | "probe" | "attempt" | "transaction" => word + "s",
        "failed" => "failures".to_owned(),
        "success" => "successes".to_owned(),
        "static" => "static files".to_owned(),
        "rejected" => "refused requests".to_owned(),
        _ => format!("“{word}”"),
    }
}

fn has(what: &str, is: bool) -> String {
    if is { format!("has {what}") } else { format!("has no {what}") }
}

fn no(is: bool) -> &'static str {
    if is { "" } else { "not " }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::parse;

    #[test]
    fn conditions_are_told_in_words() {
        let told = [
            (
                "(is_error or duration > 3) and not coalesce(is_bot, false)",
                "(errors or `duration` above 3) and no bots",
            ),
            ("not (is_error or duration > 3)", "no errors and `duration` at most 3"),
            ("upper(method) = 'GET' and field_10 is not null", "`method` is 'GET' and has `field_10`"),
            ("status = 404 and referrer <> ''", "`status` is 404 and has `referrer`"),
            ("not starts_with(page, '/static/')", "`page` does not begin with '/static/'"),
            ("status not between 200 and 399", "`status` not from 200 to 399"),
            ("lower(level) in ('a', 'b', 'c', 'd', 'e')", "`level` one of 'a', 'b', 'c', 2 more"),
            (
                "known >= 2 or pages >= 10 and share > 0.5",
                "`known` at least 2 or (`pages` at least 10 and `share` above 0.5)",
            ),
            ("regexp_matches(page, '(?i)/(checkout|payment|pay|order|cart)')", "`page` fits a pattern"),
            ("coalesce(a, true)", "coalesce(a, true)"),
            ("(is_error or duration > 3) is not null", "known whether errors or `duration` above 3"),
            ("is_failed is null", "not known whether failures"),
            ("flag and a + 1 = b", "`flag` and a + 1 is `b`"),
        ];
        for (condition, words) in told {
            assert_eq!(phrase(&parse(condition).unwrap(), &|_| false), words, "{condition}");
        }
    }

    #[test]
    fn what_a_hidden_column_is_compared_with_is_not_shown() {
        let hidden = |name: &str| name == "sid";
        for condition in [
            "sid = 'ann'",
            "'ann' = sid",
            "sid in ('ann', 'bob')",
            "sid like 'ann%'",
            "sid between 'ann' and 'bob'",
            "starts_with(lower(sid), 'ann')",
            "concat(sid, 'ann') = 'x'",
            "coalesce(sid, 'ann') = 'ann'",
            "case when sid = 'ann' then true else false end",
        ] {
            let words = phrase(&parse(condition).unwrap(), &hidden);
            assert!(!words.contains("ann") && words.contains("`sid`"), "{condition}: {words}");
        }
        assert_eq!(
            phrase(&parse("sid <> 'ann' and status > 3").unwrap(), &hidden),
            "`sid` is not … and `status` above 3"
        );
    }
}
