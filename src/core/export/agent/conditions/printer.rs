//! Expressions → values and conditions, with Pipewright's semantics. What is not printed here is refused by name, so that
//! nothing is computed otherwise.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::{Cond, Held, Words, is_carried};
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::Diagnostic;
use crate::export::agent::{packed, refuse};
use crate::expr::{
    self, BinaryOp, Call, Expr, ExprKind, FunctionKind, GroupPresence, Place, RegexPattern, Scope, function,
    regex_pattern,
};
use crate::ir::NodeId;

type Printed<T> = Result<T, Diagnostic>;

const DAY: i64 = 86_400_000_000;
/// The first and the last time of the years 1 to 9999, in microseconds.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// The columns and parameters that an expression sees, and what is set until it is known.
pub struct Printer<'a, W> {
    words: &'a W,
    schema: &'a Schema,
    parameters: &'a BTreeMap<String, DataType>,
    columns: &'a [Held],
    node: NodeId,
    statements: RefCell<Vec<String>>,
    variables: Cell<usize>,
}

impl<'a, W: Words> Printer<'a, W> {
    pub fn new(
        words: &'a W,
        schema: &'a Schema,
        parameters: &'a BTreeMap<String, DataType>,
        columns: &'a [Held],
        node: NodeId,
    ) -> Self {
        let (statements, variables) = Default::default();
        Printer { words, schema, parameters, columns, node, statements, variables }
    }

    pub fn into_statements(self) -> Vec<String> {
        self.statements.into_inner()
    }

    fn refuse<T>(&self, what: impl std::fmt::Display) -> Printed<T> {
        Err(refuse(self.words.title(), what))
    }

    fn refused<T>(&self, made: Result<T, String>) -> Printed<T> {
        made.or_else(|what| self.refuse(what))
    }

    fn scope(&self) -> Scope<'_> {
        Scope { schema: self.schema, parameters: self.parameters, place: Place::Row }
    }

    fn type_of(&self, expr: &Expr) -> DataType {
        expr::type_of(expr, &self.scope())
    }

    /// A column of the input.
    pub fn held(&self, name: &str) -> Printed<&Held> {
        let found = self.schema.names().position(|known| known == name).and_then(|number| self.columns.get(number));
        found.map_or_else(|| self.refuse(format_args!("the column `{name}`, which is not there")), Ok)
    }

    /// A computed column.
    pub fn column(&self, expr: &Expr) -> Printed<Held> {
        let data_type = self.type_of(expr);
        if !is_carried(&data_type) {
            return self.refuse(format_args!("a computed {data_type}"));
        }
        self.value(&expr::coerce(expr, &self.scope()))
    }

    /// A whole condition: when it is true, and when false.
    pub fn truth_of(&self, expr: &Expr) -> Printed<(Cond, Cond)> {
        self.truth(&expr::coerce(expr, &self.scope()))
    }

    /// A new variable that is set once.
    fn bound(&self, value: &str, when: Cond, is_number: bool) -> Held {
        let place = self.fresh();
        if when != Cond::Never {
            self.set(&place, value, &when);
        }
        let known = if matches!(when, Cond::When(_)) { self.there(&place) } else { when };
        self.read(place, known, is_number)
    }

    fn read(&self, place: String, known: Cond, is_number: bool) -> Held {
        let text = if is_number { self.words.number(&place) } else { place.clone() };
        Held { known, place, text }
    }

    fn there(&self, place: &str) -> Cond {
        Cond::When(self.words.is_there(place))
    }

    fn fresh(&self) -> String {
        self.variables.set(self.variables.get() + 1);
        self.words.variable(&format!("v{}_{}", self.node.0, self.variables.get()))
    }

    fn set(&self, place: &str, value: &str, when: &Cond) {
        self.statements.borrow_mut().push(self.words.set(place, value, when));
    }

    fn int(&self, int: i64) -> String {
        self.words.int(int)
    }

    /// A Boolean that is known in any case.
    pub fn flag(&self, when: Cond) -> Held {
        self.boolean((when.clone(), when.negated()))
    }

    fn boolean(&self, (is_true, is_false): (Cond, Cond)) -> Held {
        let place = self.fresh();
        for (int, when) in [(1, &is_true), (0, &is_false)] {
            if *when != Cond::Never {
                self.set(&place, &self.int(int), when);
            }
        }
        let known = match is_true == is_false.clone().negated() || is_false == is_true.clone().negated() {
            true => Cond::Always,
            false => self.there(&place),
        };
        self.read(place, known, true)
    }

    /// When there is a value.
    fn known(&self, expr: &Expr) -> Printed<Cond> {
        match &expr.kind {
            ExprKind::Column(name) => Ok(self.held(name)?.known.clone()),
            _ => Ok(self.value(expr)?.known),
        }
    }

    fn value(&self, expr: &Expr) -> Printed<Held> {
        expr::deep(|| self.level(expr))
    }

    fn level(&self, expr: &Expr) -> Printed<Held> {
        if !matches!(expr.kind, ExprKind::Literal(_)) && expr::is_constant(expr) {
            return self.literal(&expr::eval(expr, &|_| Value::Null));
        }
        match &expr.kind {
            ExprKind::Literal(value) => self.literal(value),
            ExprKind::Column(name) => {
                let data_type = self.type_of(expr);
                match packed::is_number(&data_type) || data_type == DataType::String {
                    true => Ok(self.held(name)?.clone()),
                    false => self.refuse(format_args!("{data_type} columns in expressions, such as `{name}`")),
                }
            }
            ExprKind::Parameter(name) => self.refuse(format_args!("the parameter `{name}`")),
            ExprKind::Member { .. } => self.refuse("parts of records"),
            ExprKind::Negate(inner) => self.binary(BinaryOp::Subtract, &Expr::literal(Value::Int(0)), inner),
            ExprKind::Binary { op, left, right }
                if !op.is_comparison() && !matches!(op, BinaryOp::And | BinaryOp::Or) =>
            {
                self.binary(*op, left, right)
            }
            ExprKind::Case { operand, branches, otherwise } => {
                let mut cases = Vec::new();
                for (when, then) in branches {
                    let when = match operand {
                        Some(operand) => self.compared(BinaryOp::Equal, operand, when)?.0,
                        None => self.truth(when)?.0,
                    };
                    cases.push((when, self.value(then)?));
                }
                cases.extend(otherwise.as_deref().map(|otherwise| self.value(otherwise)).transpose()?.map(always));
                Ok(self.first_of(cases, packed::is_number(&self.type_of(expr))))
            }
            ExprKind::Cast { expr, to, .. } => self.cast(expr, to),
            ExprKind::Call(call) if self.type_of(expr) != DataType::Boolean || is_choice(call) => self.call(call, expr),
            _ => Ok(self.boolean(self.truth(expr)?)),
        }
    }

    /// The value of the first condition that holds.
    fn first_of(&self, cases: Vec<(Cond, Held)>, is_number: bool) -> Held {
        let (place, done) = (self.fresh(), self.fresh());
        for (when, then) in cases {
            let hit = self.bound(&self.int(1), self.there(&done).negated().and(when), true).known;
            let is_set = hit.clone().and(then.known);
            if is_set != Cond::Never {
                self.set(&place, &then.text, &is_set);
            }
            if hit != Cond::Never {
                self.set(&done, &self.int(1), &hit);
            }
        }
        let known = self.there(&place);
        self.read(place, known, is_number)
    }

    /// When a Boolean is true, and when false.
    fn truth(&self, expr: &Expr) -> Printed<(Cond, Cond)> {
        expr::deep(|| self.truth_level(expr))
    }

    fn truth_level(&self, expr: &Expr) -> Printed<(Cond, Cond)> {
        if expr::is_constant(expr) {
            return Ok(match expr::eval(expr, &|_| Value::Null) {
                Value::Boolean(true) => (Cond::Always, Cond::Never),
                Value::Boolean(false) => (Cond::Never, Cond::Always),
                _ => (Cond::Never, Cond::Never),
            });
        }
        match &expr.kind {
            ExprKind::Not(inner) => Ok(turned(self.truth(inner)?, true)),
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                Ok(both(self.truth(left)?, self.truth(right)?, *op == BinaryOp::Or))
            }
            ExprKind::Binary { op, left, right } if op.is_comparison() => self.compared(*op, left, right),
            ExprKind::IsNull { expr, negated } => {
                let known = self.known(expr)?;
                Ok(turned((known.clone().negated(), known), *negated))
            }
            ExprKind::IsBoolean { expr, value, negated } => {
                let (is_true, is_false) = self.truth(expr)?;
                let is = if *value { is_true } else { is_false };
                Ok(turned((is.clone(), is.negated()), *negated))
            }
            ExprKind::IsDistinct { left, right, negated } => {
                let (a, b) = (self.known(left)?, self.known(right)?);
                let one = a.clone().and(b.clone().negated()).or(a.negated().and(b));
                let is_null = |side: &Expr| matches!(side.kind, ExprKind::Literal(Value::Null));
                let other = match is_null(left) || is_null(right) {
                    true => Cond::Never,
                    false => self.compared(BinaryOp::NotEqual, left, right)?.0,
                };
                let is = one.or(other);
                Ok(turned((is.clone(), is.negated()), *negated))
            }
            ExprKind::Between { expr, low, high, negated } => {
                let low = self.compared(BinaryOp::GreaterOrEqual, expr, low)?;
                let high = self.compared(BinaryOp::LessOrEqual, expr, high)?;
                Ok(turned(both(low, high, false), *negated))
            }
            ExprKind::InList { expr, list, negated } => {
                let mut found = (Cond::Never, Cond::Always);
                for item in list {
                    found = both(found, self.compared(BinaryOp::Equal, expr, item)?, true);
                }
                Ok(turned(found, *negated))
            }
            ExprKind::Like { expr, pattern, negated, insensitive } => {
                let pattern = self.like(pattern, *insensitive)?;
                let text = self.value(expr)?;
                let fits = self.refused(self.words.matches(&text.text, &pattern))?;
                Ok(turned(held_to(text.known, fits), *negated))
            }
            ExprKind::Call(call) if !is_choice(call) => self.asked(call),
            _ => {
                let value = self.value(expr)?;
                let is = |int| value.known.clone().and(Cond::When(format!("({} == {})", value.text, self.int(int))));
                Ok((is(1), is(0)))
            }
        }
    }

    /// A function whose answer is yes or no.
    fn asked(&self, call: &Call) -> Printed<(Cond, Cond)> {
        let [text, with] = &call.args[..] else { return self.refuse(format_args!("`{}`", call.function)) };
        let is_of_texts = [text, with].iter().all(|side| self.type_of(side) == DataType::String);
        if !is_of_texts {
            return self.refuse(format_args!("`{}`", call.function));
        }
        if call.function == "regexp_matches" {
            let (pattern, text) = (self.pattern(with)?, self.value(text)?);
            let fits = self.refused(self.words.matches(&text.text, &pattern))?;
            return Ok(held_to(text.known, fits));
        }
        let (text, part) = (self.value(text)?, self.value(with)?);
        let found = match &*call.function {
            "contains" => self.refused(self.words.contains(&text.text, &part.text))?,
            "starts_with" => self.words.starts_with(&text.text, &part.text),
            "ends_with" => self.refused(self.words.ends_with(&text.text, &part.text))?,
            other => return self.refuse(format_args!("`{other}`")),
        };
        Ok(held_to(text.known.and(part.known), found))
    }

    fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Printed<(Cond, Cond)> {
        let types = (self.type_of(left), self.type_of(right));
        let is_null = |side: &Expr| matches!(side.kind, ExprKind::Literal(Value::Null));
        if is_null(left) || is_null(right) {
            return Ok((Cond::Never, Cond::Never));
        }
        let is_equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
        match &types {
            (a, b) if a != b => return self.refuse(format_args!("a comparison between {a} and {b}")),
            (DataType::Boolean | DataType::String, _) if !is_equality => {
                return self.refuse(format_args!("an order of {}s", types.0));
            }
            (of, _) if packed::is_number(of) || matches!(of, DataType::String | DataType::Duration) => {}
            (of, _) => return self.refuse(format_args!("a comparison of {of}s")),
        }
        let (a, b) = (self.value(left)?, self.value(right)?);
        let known = a.known.clone().and(b.known.clone());
        let equal = |symbol: &str| Cond::When(format!("({} {symbol} {})", a.text, b.text));
        let (is, is_not) = match op {
            BinaryOp::Equal => (equal("=="), equal("!=")),
            BinaryOp::NotEqual => (equal("!="), equal("==")),
            BinaryOp::Less => both_ways(self.less(&a.text, &b.text)),
            BinaryOp::Greater => both_ways(self.less(&b.text, &a.text)),
            BinaryOp::GreaterOrEqual => both_ways(self.less(&a.text, &b.text).negated()),
            BinaryOp::LessOrEqual => both_ways(self.less(&b.text, &a.text).negated()),
            _ => return self.refuse(format_args!("`{}`", op.symbol())),
        };
        Ok((known.clone().and(is), known.and(is_not)))
    }

    fn less(&self, a: &str, b: &str) -> Cond {
        Cond::When(self.words.less(a, b))
    }

    /// Whether a whole number lies between two, both with it.
    fn between(&self, of: &str, least: i64, most: i64) -> Cond {
        let (least, most) = (self.int(least), self.int(most));
        self.less(of, &least).negated().and(self.less(&most, of).negated())
    }

    /// Arithmetic and joining of texts.
    fn binary(&self, op: BinaryOp, left: &Expr, right: &Expr) -> Printed<Held> {
        use DataType::{Date, Duration, Int, Timestamp};
        if op == BinaryOp::Concat {
            let (a, b) = (self.as_text(left)?, self.as_text(right)?);
            return Ok(self.bound(&self.words.joined(&[a.text, b.text]), a.known.and(b.known), false));
        }
        let types = (self.type_of(left), self.type_of(right));
        let (a, b) = (self.value(left)?, self.value(right)?);
        let known = a.known.clone().and(b.known.clone());
        let plain = format!("({} {} {})", a.text, op.symbol(), b.text);
        match (op, types) {
            (BinaryOp::Add | BinaryOp::Subtract, (Int, Int)) => {
                let fits = self.in_range(op, &a.text, &b.text);
                Ok(self.bound(&plain, known.and(fits), true))
            }
            (BinaryOp::Multiply, (Int, Int)) => match (literal_int(left), literal_int(right)) {
                (_, Some(times)) => Ok(self.times(&a, times)),
                (Some(times), _) => Ok(self.times(&b, times)),
                _ => self.refuse("a product of two columns"),
            },
            (BinaryOp::Modulo, (Int, Int)) => {
                let place = self.fresh();
                for (when, value) in [
                    // What has no rest, and would be out of range on the way.
                    (format!("({} == {})", b.text, self.int(-1)), self.int(0)),
                    (
                        format!("({} != {} and {} != {})", b.text, self.int(-1), b.text, self.int(0)),
                        self.words.modulo(&a.text, &b.text),
                    ),
                ] {
                    self.set(&place, &value, &known.clone().and(Cond::When(when)));
                }
                let known = self.there(&place);
                Ok(self.read(place, known, true))
            }
            (BinaryOp::Add | BinaryOp::Subtract, (Timestamp | Date, Duration)) => {
                if !matches!(right.kind, ExprKind::Literal(Value::Duration(span)) if span.unsigned_abs() <= (LAST - FIRST).unsigned_abs())
                {
                    return self.refuse("times with computed or long spans");
                }
                let made = self.bound(&plain, known, true);
                let is_one = self.between(&made.text, FIRST, LAST);
                Ok(self.bound(&made.text, made.known.and(is_one), true))
            }
            (BinaryOp::Subtract, (Timestamp | Date, Timestamp | Date)) => Ok(self.bound(&plain, known, true)),
            (_, (a, b)) => self.refuse(format_args!("`{}` between {a} and {b}", op.symbol())),
        }
    }

    /// Whether a sum or a difference is an Int: out of range it has another sign.
    fn in_range(&self, op: BinaryOp, a: &str, b: &str) -> Cond {
        let is_less = |of: &str| both_ways(self.less(of, &self.int(0)));
        let ((a_less, a_more), (b_less, b_more)) = (is_less(a), is_less(b));
        let (less, more) = is_less(&format!("({a} {} {b})", op.symbol()));
        // Those signs of the second number with which it comes nearer to 0.
        let (to_more, to_less) = if op == BinaryOp::Add { (b_more, b_less) } else { (b_less, b_more) };
        a_less.and(to_more.or(less)).or(a_more.and(to_less.or(more)))
    }

    /// So many times a whole number.
    fn times(&self, of: &Held, times: i64) -> Held {
        let (least, most) = match times {
            -1..=1 => (-i64::MAX, i64::MAX),
            times if times > 0 => (i64::MIN / times, i64::MAX / times),
            times => (i64::MAX / times, i64::MIN / times),
        };
        let range = match times {
            // The least Int is one of these.
            0 | 1 => Cond::Always,
            _ => self.between(&of.text, least, most),
        };
        self.bound(&format!("({} * {})", of.text, self.int(times)), of.known.clone().and(range), true)
    }

    fn call(&self, call: &Call, whole: &Expr) -> Printed<Held> {
        if function(&call.function).map(|known| known.kind) != Some(FunctionKind::Scalar) {
            return self.refuse(format_args!("`{}`", call.function));
        }
        let args = &call.args;
        let is_number = packed::is_number(&self.type_of(whole));
        match (&*call.function, &args[..]) {
            ("coalesce", _) => {
                let cases = args.iter().map(|arg| self.value(arg).map(|value| (value.known.clone(), value)));
                Ok(self.first_of(cases.collect::<Result<_, _>>()?, is_number))
            }
            ("if", [when, then, otherwise]) => {
                let when = self.truth(when)?.0;
                Ok(self.first_of(vec![(when, self.value(then)?), always(self.value(otherwise)?)], is_number))
            }
            ("nullif", [value, other]) => {
                let same = self.compared(BinaryOp::Equal, value, other)?.0;
                let value = self.value(value)?;
                Ok(self.bound(&value.text, value.known.and(same.negated()), is_number))
            }
            ("concat", _) => {
                let mut parts = Vec::new();
                for arg in args {
                    let part = self.as_text(arg)?;
                    let place = self.fresh();
                    self.set(&place, &self.refused(self.words.text(""))?, &Cond::Always);
                    if part.known != Cond::Never {
                        self.set(&place, &part.text, &part.known);
                    }
                    parts.push(place);
                }
                Ok(self.bound(&self.words.joined(&parts), Cond::Always, false))
            }
            ("abs", [of]) if self.type_of(of) == DataType::Int => {
                let value = self.value(of)?;
                let negated = self.times(&value, -1);
                let is_less = value.known.clone().and(self.less(&value.text, &self.int(0)));
                Ok(self.first_of(vec![(is_less, negated), always(value)], true))
            }
            ("regexp_extract", [text, pattern, ..]) => {
                let group = match args.get(2).map(literal_int) {
                    None => Some(0),
                    Some(group) => group.and_then(|group| u32::try_from(group).ok()).filter(|group| *group <= 9),
                };
                let Some(group) = group else { return self.refuse("`regexp_extract` of a computed or high group") };
                let (pattern, text) = (self.pattern(pattern)?, self.value(text)?);
                self.extracted(&text, &pattern, group)
            }
            ("trim", [text]) => {
                let text = self.value(text)?;
                self.extracted(&text, &regex_pattern(TRIMMED)?, 1)
            }
            ("date_trunc", [unit, time]) => {
                let micros = match &unit.kind {
                    ExprKind::Literal(Value::String(unit)) => match &**unit {
                        "second" => 1_000_000,
                        "minute" => 60_000_000,
                        "hour" => 3_600_000_000,
                        "day" => DAY,
                        other => return self.refuse(format_args!("`date_trunc` to a {other}")),
                    },
                    _ => return self.refuse("`date_trunc` to a computed unit"),
                };
                Ok(self.truncated(&self.value(time)?, micros))
            }
            (other, _) => self.refuse(format_args!("`{other}`")),
        }
    }

    fn truncated(&self, time: &Held, micros: i64) -> Held {
        let step = self.int(micros);
        let rest = self.words.modulo(&time.text, &step);
        let rest = self.words.modulo(&format!("({rest} + {step})"), &step);
        self.bound(&format!("({} - {rest})", time.text), time.known.clone(), true)
    }

    fn extracted(&self, text: &Held, pattern: &RegexPattern, group: u32) -> Printed<Held> {
        if group > 0 && pattern.group(group) != GroupPresence::Always {
            return self.refuse("`regexp_extract` of a group that may be missing");
        }
        let found = self.refused(self.words.matches(&text.text, pattern))?;
        let value = self.refused(self.words.extract(&text.text, pattern, group))?;
        Ok(self.bound(&value, text.known.clone().and(Cond::When(found)), false))
    }

    /// A constant pattern.
    fn pattern(&self, expr: &Expr) -> Printed<RegexPattern> {
        let ExprKind::Literal(Value::String(text)) = &expr.kind else { return self.refuse("computed patterns") };
        regex_pattern(text)
    }

    fn like(&self, pattern: &Expr, insensitive: bool) -> Printed<RegexPattern> {
        let ExprKind::Literal(Value::String(known)) = &pattern.kind else {
            return self.refuse("computed patterns of LIKE");
        };
        if insensitive {
            return self.refuse("`ilike`");
        }
        let mut regex = String::from("(?s)\\A");
        for c in known.chars() {
            match c {
                '%' => regex.push_str(".*"),
                '_' => regex.push('.'),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        regex_pattern(&(regex + "\\z"))
    }

    /// A value as text, as `||` takes it.
    fn as_text(&self, expr: &Expr) -> Printed<Held> {
        self.cast(expr, &DataType::String)
    }

    /// A cast; nothing where the value does not fit.
    fn cast(&self, expr: &Expr, to: &DataType) -> Printed<Held> {
        use DataType::{Boolean, Date, Int, String as Text, Timestamp};
        let from = self.type_of(expr);
        if from == *to || matches!(expr.kind, ExprKind::Literal(Value::Null)) {
            return self.value(expr);
        }
        // It is one already, on the way.
        if let (DataType::Float, Text, ExprKind::Column(name)) = (&from, to, &expr.kind) {
            return self.held(name).cloned();
        }
        let value = self.value(expr)?;
        match (&from, to) {
            (Int, Text) => Ok(self.bound(&self.words.int_as_text(&value.text), value.known, false)),
            (Boolean, Text) => {
                let is = |int| Cond::When(format!("({} == {})", value.text, self.int(int)));
                let word = |text| self.refused(self.words.text(text));
                let place = self.fresh();
                for (int, text) in [(1, "true"), (0, "false")] {
                    self.set(&place, &word(text)?, &value.known.clone().and(is(int)));
                }
                Ok(self.read(place, value.known, false))
            }
            (Boolean, Int) | (Date, Timestamp) => Ok(value),
            (Timestamp, Date) => Ok(self.truncated(&value, DAY)),
            (Int, Boolean) => {
                let is = |sign| value.known.clone().and(Cond::When(format!("({} {sign} {})", value.text, self.int(0))));
                Ok(self.boolean((is("!="), is("=="))))
            }
            (from, to) => self.refuse(format_args!("a {from} as {to}")),
        }
    }

    fn literal(&self, value: &Value) -> Printed<Held> {
        let (known, text) = match value {
            Value::Null => (Cond::Never, self.int(0)),
            Value::Boolean(value) => (Cond::Always, self.int(i64::from(*value))),
            Value::Int(i64::MIN) => return self.refuse("the least Int"),
            Value::Int(int) | Value::Timestamp(int) | Value::Duration(int) => (Cond::Always, self.int(*int)),
            Value::Date(days) => (Cond::Always, self.int(i64::from(*days) * DAY)),
            Value::String(text) => (Cond::Always, self.refused(self.words.text(text))?),
            Value::Float(_) => return self.refuse("fractions"),
            Value::List(_) | Value::Record(_) => return self.refuse("lists and records"),
        };
        Ok(Held { known, place: text.clone(), text })
    }
}

/// A text without the blanks at its ends: each of its characters fits one place only.
const TRIMMED: &str =
    r"\A[ \t\n\r\x0b\x0c]*([^ \t\n\r\x0b\x0c]*(?:[ \t\n\r\x0b\x0c]+[^ \t\n\r\x0b\x0c]+)*)[ \t\n\r\x0b\x0c]*\z";

/// A function that gives one of its arguments, of any type.
fn is_choice(call: &Call) -> bool {
    matches!(&*call.function, "coalesce" | "if" | "nullif")
}

fn always(value: Held) -> (Cond, Held) {
    (Cond::Always, value)
}

fn literal_int(expr: &Expr) -> Option<i64> {
    match expr.kind {
        ExprKind::Literal(Value::Int(int)) => Some(int),
        _ => None,
    }
}

/// When something is so, and when not.
fn both_ways(is: Cond) -> (Cond, Cond) {
    (is.clone(), is.negated())
}

fn turned((is_true, is_false): (Cond, Cond), negated: bool) -> (Cond, Cond) {
    if negated { (is_false, is_true) } else { (is_true, is_false) }
}

/// `and` of two, or `or`.
fn both(a: (Cond, Cond), b: (Cond, Cond), is_or: bool) -> (Cond, Cond) {
    match is_or {
        true => (a.0.or(b.0), a.1.and(b.1)),
        false => (a.0.and(b.0), a.1.or(b.1)),
    }
}

/// Where there is a value, what is asked of it.
fn held_to(known: Cond, asked: String) -> (Cond, Cond) {
    let asked = Cond::When(asked);
    (known.clone().and(asked.clone()), known.and(asked.negated()))
}
