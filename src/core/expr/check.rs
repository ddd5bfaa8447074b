//! Types an expression against a schema, with near-name suggestions and spans. All faults are collected;
//! a fault types as `Unknown`, so that it does not cascade. Must not import any room but `data`.

mod calls;
mod coerce;
mod messages;

use std::collections::{BTreeMap, BTreeSet};

pub use coerce::{coerce, type_of};

use super::cast::can_cast;
use super::rules::{binary, comparable, compared};
use super::{BinaryOp, Expr, ExprKind, deep, print, print_name};
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};
use messages::shown;

/// Where an expression stands decides which calls it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Row by row: no aggregates, no windows.
    Row,
    /// A measure: aggregates over rows.
    Aggregate,
    /// A window calculation: calls with `over`.
    Window,
}

/// What an expression may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    pub schema: &'a Schema,
    pub parameters: &'a BTreeMap<String, DataType>,
    pub place: Place,
}

/// Parameters that every run has.
pub const RUN_PARAMETERS: [(&str, DataType); 2] =
    [("run.started_at", DataType::Timestamp), ("run.id", DataType::String)];

impl Scope<'_> {
    /// The type of a parameter, those of the run included.
    pub fn parameter(&self, name: &str) -> Option<DataType> {
        let own = self.parameters.get(name).cloned();
        own.or_else(|| RUN_PARAMETERS.iter().find(|(run, _)| *run == name).map(|(_, data_type)| data_type.clone()))
    }
}

/// The type of the expression, or everything that is wrong with it (spans are in its text).
/// A column that an open schema does not have types as `Unknown`.
pub fn check(expr: &Expr, scope: &Scope) -> Result<DataType, Vec<Diagnostic>> {
    let mut checker = Checker { scope, found: Vec::new(), aggregates: 0 };
    let data_type = checker.expr(expr, Within::Nothing);
    if scope.place == Place::Aggregate && checker.aggregates == 0 && checker.found.is_empty() {
        checker.report(
            expr,
            "PW0214",
            format!("{} has no aggregate", shown(expr)),
            "a measure counts or sums up rows: `count(*)`, `avg(duration)`, `share_if(status >= 500)`".to_owned(),
        );
    }
    if checker.found.is_empty() { Ok(data_type) } else { Err(checker.found) }
}

/// Refuses a key of an order whose values have none: lists and records.
pub fn check_order_key(key: &Expr, data_type: &DataType) -> Result<(), Diagnostic> {
    let (what, help) = match data_type {
        DataType::List(_) => {
            ("a list", "order by `list_length(…)`, by one item `list_get(…, 1)` or by `list_join(…, ',')`")
        }
        DataType::Record(_) => ("a record", "order by one of its fields, such as `record.name`"),
        _ => return Ok(()),
    };
    Err(Diagnostic::error("PW0221", format!("{} is {what}, which has no order", shown(key))).help(help))
}

/// Whether the expression holds a `cast` that rejects rows (which aggregates and join keys may not).
pub fn has_strict_cast(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Cast { strict: true, .. }) || expr.children().into_iter().any(has_strict_cast)
}

/// What kind of call an expression is an argument of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Aggregate,
    Window,
}

struct Checker<'a> {
    scope: &'a Scope<'a>,
    found: Vec<Diagnostic>,
    /// Calls seen that sum up rows.
    aggregates: usize,
}

impl Checker<'_> {
    fn report(&mut self, at: &Expr, code: &str, message: String, help: String) {
        self.found.push(Diagnostic::error(code, message).help(help).at(at.span));
    }

    fn expr(&mut self, expr: &Expr, within: Within) -> DataType {
        deep(|| self.level(expr, within))
    }

    fn level(&mut self, expr: &Expr, within: Within) -> DataType {
        match &expr.kind {
            ExprKind::Literal(value) => value.data_type(),
            ExprKind::Column(name) => self.column(expr, name, within),
            ExprKind::Parameter(name) => self.parameter(expr, name),
            ExprKind::Member { record, name } => self.member(expr, record, name, within),
            ExprKind::Not(inner) => {
                self.condition(inner, "`not`", within);
                DataType::Boolean
            }
            ExprKind::Negate(inner) => self.negate(inner, within),
            ExprKind::Binary { op, left, right } => self.binary(expr, *op, left, right, within),
            ExprKind::IsNull { expr: inner, .. } => {
                self.expr(inner, within);
                DataType::Boolean
            }
            ExprKind::IsBoolean { expr: inner, value, .. } => {
                self.condition(inner, if *value { "`is true`" } else { "`is false`" }, within);
                DataType::Boolean
            }
            ExprKind::IsDistinct { left, right, .. } => {
                self.comparison(expr, left, right, "is distinct from", within);
                DataType::Boolean
            }
            ExprKind::Between { expr: inner, low, high, .. } => {
                self.comparison(expr, inner, low, ">=", within);
                let (inner_type, high_type) = (self.quiet(inner), self.expr(high, within));
                self.compare_types(expr, (inner, inner_type), (high, high_type), "<=");
                DataType::Boolean
            }
            ExprKind::InList { expr: inner, list, .. } => {
                let inner_type = self.expr(inner, within);
                for item in list {
                    let item_type = self.expr(item, within);
                    self.compare_types(item, (inner, inner_type.clone()), (item, item_type), "in");
                }
                DataType::Boolean
            }
            ExprKind::Like { expr: inner, pattern, .. } => {
                for side in [inner, pattern] {
                    let side_type = self.expr(side, within);
                    if !matches!(side_type, DataType::String | DataType::Unknown) {
                        let (message, help) = messages::not_text(side, &side_type, "`like`");
                        self.report(side, "PW0205", message, help);
                    }
                }
                DataType::Boolean
            }
            ExprKind::Case { operand, branches, otherwise } => {
                self.case(operand.as_deref(), branches, otherwise.as_deref(), within)
            }
            ExprKind::Cast { expr: inner, to, strict } => self.cast(expr, inner, to, *strict, within),
            ExprKind::Call(call) => self.call(expr, call, within),
        }
    }

    /// The type of what has been checked already: its faults are not told twice.
    fn quiet(&self, expr: &Expr) -> DataType {
        type_of(expr, self.scope)
    }

    fn column(&mut self, expr: &Expr, name: &str, within: Within) -> DataType {
        let Some(field) = self.scope.schema.get(name) else {
            if !self.scope.schema.open {
                let (message, help) = messages::unknown_column(expr, name, self.scope.schema);
                self.report(expr, "PW0201", message, help);
            }
            return DataType::Unknown;
        };
        if self.scope.place == Place::Aggregate && within == Within::Nothing {
            let quoted = print_name(name);
            self.report(
                expr,
                "PW0212",
                format!("`{quoted}` has many values in a group, and no aggregate picks one"),
                format!("write `max({quoted})` or `first({quoted} order by …)`, or make it a key of the groups"),
            );
        }
        field.data_type.clone()
    }

    fn parameter(&mut self, expr: &Expr, name: &str) -> DataType {
        if let Some(data_type) = self.scope.parameter(name) {
            return data_type;
        }
        let own = self.scope.parameters.keys().map(String::as_str);
        let known: BTreeSet<&str> = own.chain(RUN_PARAMETERS.iter().map(|(run, _)| *run)).collect();
        let all = || known.iter().copied();
        let message = format!("unknown parameter `{name}`{}", did_you_mean(name, all()));
        let help = match name.starts_with("env:") {
            true => "secrets belong in a source's or sink's settings, not in expressions".to_owned(),
            false => format!("add it to the project's parameters, or use one of these: {}", messages::names(all())),
        };
        self.report(expr, "PW0203", message, help);
        DataType::Unknown
    }

    fn member(&mut self, expr: &Expr, record: &Expr, name: &str, within: Within) -> DataType {
        // `http.status` may be meant as one name with a point in it.
        if let Some(dotted) = messages::dotted_name(expr)
            && self.scope.schema.has(&dotted)
            && let ExprKind::Column(first) = &messages::innermost(expr).kind
            && !self.scope.schema.has(first)
        {
            self.report(
                expr,
                "PW0201",
                format!("`{first}` is not a column, but `{dotted}` is"),
                format!("a name with a point in it is quoted: \"{dotted}\""),
            );
            return DataType::Unknown;
        }
        // `log.status`, as in a query over tables.
        if let ExprKind::Column(table) = &record.kind
            && !self.scope.schema.open
            && !self.scope.schema.has(table)
            && self.scope.schema.has(name)
        {
            self.report(
                expr,
                "PW0201",
                format!("`{table}` is not a column, but `{name}` is"),
                format!("columns have no table before their name: write `{}`", print_name(name)),
            );
            return DataType::Unknown;
        }
        match self.expr(record, within) {
            DataType::Unknown => DataType::Unknown,
            DataType::Record(fields) => match fields.iter().find(|(field, _)| field == name) {
                Some((_, data_type)) => data_type.clone(),
                None => {
                    let known = || fields.iter().map(|(field, _)| field.as_str());
                    let message = format!("{} has no field `{name}`{}", shown(record), did_you_mean(name, known()));
                    self.report(expr, "PW0217", message, format!("its fields are {}", messages::names(known())));
                    DataType::Unknown
                }
            },
            other => {
                let (message, help) = messages::no_record(record, &other, name);
                self.report(expr, "PW0217", message, help);
                DataType::Unknown
            }
        }
    }

    /// Reports what is no condition.
    fn condition(&mut self, expr: &Expr, taker: &str, within: Within) {
        let data_type = self.expr(expr, within);
        if !matches!(data_type, DataType::Boolean | DataType::Unknown) {
            let (message, help) = messages::no_condition(expr, &data_type, taker);
            self.report(expr, "PW0219", message, help);
        }
    }

    fn negate(&mut self, inner: &Expr, within: Within) -> DataType {
        let data_type = self.expr(inner, within);
        if matches!(data_type, DataType::Int | DataType::Float | DataType::Duration | DataType::Unknown) {
            return data_type;
        }
        self.report(
            inner,
            "PW0205",
            format!("`-` needs a number, but {} is {data_type}", shown(inner)),
            messages::cast_help(inner, &data_type, &DataType::Float),
        );
        DataType::Unknown
    }

    fn binary(&mut self, expr: &Expr, op: BinaryOp, left: &Expr, right: &Expr, within: Within) -> DataType {
        if op.is_comparison() {
            self.comparison(expr, left, right, op.symbol(), within);
            return DataType::Boolean;
        }
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let taker = if op == BinaryOp::And { "`and`" } else { "`or`" };
            self.condition(left, taker, within);
            self.condition(right, taker, within);
            return DataType::Boolean;
        }
        let (left_type, right_type) = (self.expr(left, within), self.expr(right, within));
        let read = match op {
            BinaryOp::Subtract => compared(left, left_type.clone(), right, right_type.clone()),
            _ => (left_type.clone(), right_type.clone()),
        };
        binary(op, &read.0, &read.1).unwrap_or_else(|| {
            let (message, help) = messages::operator_mismatch(op, (left, &left_type), (right, &right_type));
            self.report(expr, "PW0205", message, help);
            if op == BinaryOp::Concat { DataType::String } else { DataType::Unknown }
        })
    }

    fn comparison(&mut self, expr: &Expr, left: &Expr, right: &Expr, symbol: &str, within: Within) {
        let (left_type, right_type) = (self.expr(left, within), self.expr(right, within));
        self.compare_types(expr, (left, left_type), (right, right_type), symbol);
    }

    fn compare_types(&mut self, at: &Expr, left: (&Expr, DataType), right: (&Expr, DataType), symbol: &str) {
        let is_null = |side: &Expr| matches!(side.kind, ExprKind::Literal(Value::Null));
        if symbol != "is distinct from" && (is_null(left.0) || is_null(right.0)) {
            let other = if is_null(left.0) { right.0 } else { left.0 };
            let (message, help) = messages::null_comparison(other, symbol);
            self.report(at, "PW0208", message, help);
            return;
        }
        let (left_read, right_read) = compared(left.0, left.1.clone(), right.0, right.1.clone());
        if !comparable(&left_read, &right_read) {
            let (message, help) = messages::comparison_mismatch((left.0, &left.1), (right.0, &right.1));
            self.report(at, "PW0204", message, help);
        }
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        within: Within,
    ) -> DataType {
        let operand_type = operand.map(|operand| self.expr(operand, within));
        let mut result = DataType::Unknown;
        let mut first_result: Option<&Expr> = None;
        for (when, then) in branches {
            match (operand, &operand_type) {
                (Some(operand), Some(operand_type)) => {
                    let when_type = self.expr(when, within);
                    self.compare_types(when, (operand, operand_type.clone()), (when, when_type), "=");
                }
                _ => self.condition(when, "`when`", within),
            }
            self.branch(then, &mut result, &mut first_result, within);
        }
        if let Some(otherwise) = otherwise {
            self.branch(otherwise, &mut result, &mut first_result, within);
        }
        result
    }

    fn branch<'e>(&mut self, branch: &'e Expr, result: &mut DataType, first: &mut Option<&'e Expr>, within: Within) {
        let branch_type = self.expr(branch, within);
        match (result.common(&branch_type), *first) {
            (Some(common), _) => *result = common,
            (None, Some(earlier)) => self.report(
                branch,
                "PW0218",
                format!(
                    "the branches of `case` differ: {} is {result}, {} is {branch_type}",
                    shown(earlier),
                    shown(branch)
                ),
                format!("give all branches one type, such as by `{}`", messages::cast_text(branch, result)),
            ),
            (None, None) => {}
        }
        if first.is_none() && !branch_type.is_unknown() {
            *first = Some(branch);
        }
    }

    fn cast(&mut self, expr: &Expr, inner: &Expr, to: &DataType, strict: bool, within: Within) -> DataType {
        let from = self.expr(inner, within);
        if strict && within != Within::Nothing {
            self.report(
                expr,
                "PW0215",
                "`cast` rejects rows that do not fit, which cannot be done inside an aggregate or window".to_owned(),
                format!(
                    "write `try_cast({} as {})`, or cast in a step before",
                    print(inner),
                    to.to_string().to_lowercase()
                ),
            );
        }
        if !can_cast(&from, to) {
            let help = messages::impossible_cast_help(inner, &from, to);
            self.report(expr, "PW0216", format!("{} ({from}) cannot become {to}", shown(inner)), help);
        }
        to.clone()
    }
}

#[cfg(test)]
mod tests;
