//! Checks of calls: does the function exist, may it stand here, are its arguments and clauses right.
//! Must not import any room but `data`.

use super::super::functions::{ArgType, Function, FunctionKind, function};
use super::super::rules::literal_as;
use super::super::{Call, Expr, ExprKind, FrameBound, FrameUnit, Over, SortKey, print};
use super::messages::{self, shown};
use super::{Checker, Place, Within, check_order_key};
use crate::data::{DataType, Value};

/// Aggregates that can run over a moving frame.
const FRAMED: [&str; 11] =
    ["count", "count_if", "share_if", "sum", "avg", "min", "max", "stddev", "variance", "first", "last"];
/// Aggregates whose result depends on the order of rows.
const ORDERED: [&str; 4] = ["first", "last", "collect", "string_agg"];

impl Checker<'_> {
    pub(super) fn call(&mut self, expr: &Expr, call: &Call, within: Within) -> DataType {
        let Some(function) = function(&call.function) else {
            let (message, help) = messages::unknown_function(&call.function);
            self.report(expr, "PW0202", message, help);
            for child in expr.children() {
                self.expr(child, if within == Within::Nothing { Within::Aggregate } else { within });
            }
            return DataType::Unknown;
        };
        self.check_place(expr, call, function, within);
        self.check_clauses(expr, call, function);
        let inner = match (function.kind, &call.over) {
            (FunctionKind::Scalar, _) => within,
            (_, Some(_)) | (FunctionKind::Window, None) => Within::Window,
            (FunctionKind::Aggregate, None) => Within::Aggregate,
        };
        let before = self.found.len();
        let types: Vec<DataType> =
            call.args.iter().enumerate().map(|(index, arg)| self.argument(function, index, arg, inner)).collect();
        self.order(&call.order, inner);
        if let Some(filter) = &call.filter {
            self.condition(filter, "`filter (where …)`", inner);
        }
        if let Some(over) = &call.over {
            self.check_over(expr, call, function, over);
        }
        self.check_arguments(expr, call, function, types, before)
    }

    /// The type of an argument. A bare word where a constant text is needed lacks its quotes.
    fn argument(&mut self, function: &Function, index: usize, arg: &Expr, within: Within) -> DataType {
        if let ExprKind::Column(name) = &arg.kind
            && function.literal_args.contains(&index)
            && function.arg(index) == ArgType::String
            && !self.scope.schema.has(name)
        {
            self.report(
                arg,
                "PW0209",
                format!("`{name}` is a text here and lacks its quotes"),
                format!("write '{name}' in single quotes, as in `{}`", first_example(function)),
            );
            return DataType::Unknown;
        }
        self.expr(arg, within)
    }

    /// Aggregates and windows stand only where rows are summed up or have neighbours.
    fn check_place(&mut self, expr: &Expr, call: &Call, function: &Function, within: Within) {
        let name = function.name;
        let windowed = call.over.is_some();
        match (function.kind, windowed) {
            (FunctionKind::Scalar, _) => {}
            (FunctionKind::Window, false) => self.report(
                expr,
                "PW0211",
                format!("`{name}` needs to know its rows: `over (…)` is missing"),
                format!("write `{} over (partition by … order by …)`", print(expr)),
            ),
            (FunctionKind::Aggregate, false) => {
                self.aggregates += 1;
                match (self.scope.place, within) {
                    (Place::Row, _) => self.report(
                        expr,
                        "PW0210",
                        format!("`{name}` sums up many rows, but this is computed row by row"),
                        "aggregates belong in an Aggregate step; compare a row with others in a Window calculation step"
                            .to_owned(),
                    ),
                    (_, Within::Aggregate | Within::Window) => self.report(
                        expr,
                        "PW0210",
                        format!("`{name}` stands inside another aggregate"),
                        "compute the inner one in an Aggregate step before".to_owned(),
                    ),
                    (Place::Window, Within::Nothing) => self.report(
                        expr,
                        "PW0211",
                        format!("`{name}` needs to know its rows: `over (…)` is missing"),
                        format!("write `{} over (partition by …)`, or use an Aggregate step", print(expr)),
                    ),
                    (Place::Aggregate, Within::Nothing) => {}
                }
            }
            (FunctionKind::Aggregate | FunctionKind::Window, true) => {
                self.aggregates += 1;
                if self.scope.place != Place::Window {
                    self.report(
                        expr,
                        "PW0211",
                        format!("`{name} … over` looks at neighbouring rows, which cannot be done here"),
                        "window calculations belong in a Window calculation step; its result can be used in later steps"
                            .to_owned(),
                    );
                } else if within != Within::Nothing {
                    self.report(
                        expr,
                        "PW0211",
                        format!("`{name} … over` stands inside another window calculation"),
                        "compute the inner one in a Window calculation step before".to_owned(),
                    );
                }
            }
        }
    }

    /// `distinct`, `order by` and `filter` only where they mean something.
    fn check_clauses(&mut self, expr: &Expr, call: &Call, function: &Function) {
        let name = function.name;
        let mut refuse = |code: &str, message: String, help: String| self.report(expr, code, message, help);
        let aggregate = function.kind == FunctionKind::Aggregate;
        if function.kind == FunctionKind::Scalar && call.over.is_some() {
            refuse(
                "PW0213",
                format!("`{name}` works on a single row; `over` has no meaning"),
                "remove `over (…)`".into(),
            );
        }
        if call.filter.is_some() && !aggregate {
            refuse(
                "PW0213",
                format!("`{name}` takes no `filter`"),
                format!("write `case when … then {} end`", print(&Expr::call(name, call.args.clone()))),
            );
        }
        if call.distinct && (name != "collect" || call.over.is_some()) {
            let help =
                "`distinct` goes with `count(distinct x)` and `collect(distinct x)`; else remove duplicates before";
            refuse("PW0213", format!("`{name}` takes no `distinct`"), help.into());
        }
        if !call.order.is_empty() && (!ORDERED.contains(&name) || call.over.is_some()) {
            let help = match call.over {
                Some(_) => format!("put the order into the window: `{name}(…) over (order by …)`"),
                None => "remove `order by`".to_owned(),
            };
            refuse("PW0213", format!("`{name}` takes no `order by` inside its parentheses"), help);
        }
        if matches!(name, "first" | "last") && aggregate && call.over.is_none() && call.order.is_empty() {
            let value = call.args.first().map(print).unwrap_or_default();
            refuse(
                "PW0213",
                format!("`{name}` needs an order: rows have none of their own"),
                format!("write `{name}({value} order by time)`"),
            );
        }
    }

    /// The types of order keys; those that have no order are reported.
    fn order(&mut self, keys: &[SortKey], within: Within) -> Vec<DataType> {
        let check = |key: &SortKey| {
            let data_type = self.expr(&key.expr, within);
            if let Err(fault) = check_order_key(&key.expr, &data_type) {
                self.found.push(fault.at(key.expr.span));
            }
            data_type
        };
        keys.iter().map(check).collect()
    }

    fn check_over(&mut self, expr: &Expr, call: &Call, function: &Function, over: &Over) {
        let name = function.name;
        for key in &over.partition {
            self.expr(key, Within::Window);
        }
        let order_types = self.order(&over.order, Within::Window);
        let needs_order = function.kind == FunctionKind::Window || matches!(name, "first" | "last");
        if over.order.is_empty() && (needs_order || over.frame.is_some()) {
            self.report(
                expr,
                "PW0213",
                format!("the window of `{name}` needs an order"),
                "write `over (partition by … order by time)`".to_owned(),
            );
            return;
        }
        if function.kind == FunctionKind::Window && over.frame.is_some() {
            self.report(expr, "PW0213", format!("`{name}` takes no `rows` or `range`"), "remove it".to_owned());
            return;
        }
        if function.kind == FunctionKind::Aggregate
            && !over.order.is_empty()
            && !FRAMED.contains(&call.function.as_str())
        {
            self.report(
                expr,
                "PW0213",
                format!("`{name}` cannot run along an order"),
                format!("leave out `order by` for the whole partition, or use one of {}", FRAMED.join(", ")),
            );
        }
        self.check_frame(expr, over, &order_types);
    }

    /// A frame of a distance needs one order key that distances fit to.
    fn check_frame(&mut self, expr: &Expr, over: &Over, order_types: &[DataType]) {
        let Some(frame) = &over.frame else { return };
        if frame.unit == FrameUnit::Rows {
            return;
        }
        let distances = [&frame.start, &frame.end].into_iter().filter_map(|bound| match bound {
            FrameBound::Preceding(value) | FrameBound::Following(value) => Some(value),
            FrameBound::Unbounded | FrameBound::Current => None,
        });
        for distance in distances {
            let [key] = order_types else {
                self.report(
                    expr,
                    "PW0213",
                    format!("`range` with a distance needs one order key, not {}", order_types.len()),
                    "order by the time alone, or count rows: `rows between 10 preceding and current row`".to_owned(),
                );
                return;
            };
            let fits = match distance {
                Value::Duration(_) => {
                    matches!(key, DataType::Timestamp | DataType::Date | DataType::Duration | DataType::Unknown)
                }
                _ => matches!(key, DataType::Int | DataType::Float | DataType::Unknown),
            };
            if !fits {
                let help = match key {
                    DataType::Timestamp | DataType::Date => {
                        "write a span: `range between interval '10 minutes' preceding and current row`"
                    }
                    DataType::Int | DataType::Float => "write a number, as the order key is one",
                    _ => "order by a time or a number",
                };
                let key_text = over.order.first().map(|key| shown(&key.expr)).unwrap_or_default();
                self.report(
                    expr,
                    "PW0213",
                    format!("the distance ({}) does not fit the order key {key_text} ({key})", distance.data_type()),
                    help.to_owned(),
                );
                return;
            }
        }
    }

    fn check_arguments(
        &mut self,
        expr: &Expr,
        call: &Call,
        function: &Function,
        mut types: Vec<DataType>,
        before: usize,
    ) -> DataType {
        let count = call.args.len();
        if count < function.min_args || function.max_args.is_some_and(|max| count > max) {
            let message = messages::argument_count(function, count);
            self.report(expr, "PW0207", message, format!("write `{}`", function.signature));
            return (function.result)(&[]).unwrap_or(DataType::Unknown);
        }
        let faults = self.found.len();
        if function.name == "count" && types.first() == Some(&DataType::Boolean) {
            let condition = call.args.first().map(print).unwrap_or_default();
            self.report(
                expr,
                "PW0206",
                "`count` of a condition counts the rows where it is false, too".to_owned(),
                format!(
                    "write `count_if({condition})`; to count what is not null, `count_if({condition} is not null)`"
                ),
            );
            return DataType::Int;
        }
        if let Some(swapped) = swapped(call, function, &types) {
            let message = format!("the arguments of `{}` stand in the wrong order", function.name);
            self.report(expr, "PW0206", message, format!("write `{}`", print(&swapped)));
            return (function.result)(&[]).unwrap_or(DataType::Unknown);
        }
        for (index, (arg, data_type)) in call.args.iter().zip(&mut types).enumerate() {
            let wanted = function.arg(index);
            if wanted.accepts(data_type) {
                continue;
            }
            if let Some(read) = wanted.data_type().and_then(|wanted| literal_as(arg, &wanted)) {
                *data_type = read.data_type();
                continue;
            }
            let (message, help) = messages::argument_mismatch(function, index, arg, data_type);
            self.report(arg, "PW0206", message, help);
            *data_type = DataType::Unknown;
        }
        // A bare word has been reported already.
        if self.found.len() == before {
            self.check_constants(call, function);
        }
        match (function.result)(&types) {
            Ok(data_type) => data_type,
            Err(_) if self.found.len() > faults => DataType::Unknown,
            Err(message) => {
                let help = match function.args.contains(&ArgType::Same) || function.args.contains(&ArgType::Ordered) {
                    true => "give all values one type, such as by `try_cast(x as string)`".to_owned(),
                    false => format!("write `{}`", function.signature),
                };
                self.report(expr, "PW0206", format!("`{}`: {message}", function.name), help);
                DataType::Unknown
            }
        }
    }

    /// Patterns, formats and units must be known while designing, and right.
    fn check_constants(&mut self, call: &Call, function: &Function) {
        for &index in function.literal_args {
            let Some(arg) = call.args.get(index) else { continue };
            if !matches!(arg.kind, ExprKind::Literal(_) | ExprKind::Parameter(_)) {
                self.report(
                    arg,
                    "PW0209",
                    format!("{} is not constant, but `{}` needs a constant here", shown(arg), function.name),
                    format!("write a value or a parameter, as in `{}`", first_example(function)),
                );
                return;
            }
        }
        let Some(check_literals) = function.check_literals else { return };
        let values: Vec<Option<&Value>> = call
            .args
            .iter()
            .map(|arg| match &arg.kind {
                ExprKind::Literal(value) => Some(value),
                _ => None,
            })
            .collect();
        if let Err(message) = check_literals(&values) {
            let at = function.literal_args.iter().find_map(|index| call.args.get(*index)).or(call.args.first());
            if let Some(at) = at {
                self.report(at, "PW0209", message, format!("an example: `{}`", first_example(function)));
            }
        }
    }
}

/// The call with its two arguments exchanged, where only that way they fit.
fn swapped(call: &Call, function: &Function, types: &[DataType]) -> Option<Expr> {
    let ([first, second], [first_type, second_type]) = (call.args.as_slice(), types) else { return None };
    let (wanted_first, wanted_second) = (function.arg(0), function.arg(1));
    let fits = |wanted: ArgType, arg: &Expr, data_type: &DataType| {
        wanted.accepts(data_type) || wanted.data_type().is_some_and(|wanted| literal_as(arg, &wanted).is_some())
    };
    let as_written = fits(wanted_first, first, first_type) && fits(wanted_second, second, second_type);
    let exchanged = fits(wanted_first, second, second_type) && fits(wanted_second, first, first_type);
    (!as_written && exchanged && !first_type.is_unknown() && !second_type.is_unknown())
        .then(|| Expr::call(function.name, vec![second.clone(), first.clone()]))
}

fn first_example(function: &Function) -> &'static str {
    function.examples.first().map_or(function.signature, |example| example.call)
}
