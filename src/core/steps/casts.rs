//! Strict casts in row-wise expressions: `cast(x as T)` becomes `try_cast`, and before it a `Check` rejects the
//! rows whose value does not fit, each with its reason. A branch of a `case` is checked only in the rows that take
//! it. Imports nothing above `ir`.

use super::Lowering;
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{self, BinaryOp, Call, Expr, ExprKind, Place, Scope, print};
use crate::ir::{Check, Column, Loss, NodeId, OnFail, Op, Project};

/// What must be true of a row before an expression may be computed.
struct Requirement {
    predicate: Expr,
    reason: String,
}

impl Lowering<'_> {
    /// Computes output columns, and tells what conversions take from them. Strict casts in them reject rows beforehand.
    pub fn push_projecting(&mut self, columns: Vec<Column>, input: NodeId) -> Option<NodeId> {
        let losses = self.cast_losses(&columns, input);
        self.push_losing(columns, losses, input)
    }

    /// Computes output columns, and tells of them what is given. Strict casts in them reject rows beforehand.
    pub fn push_losing(&mut self, columns: Vec<Column>, losses: Vec<Loss>, input: NodeId) -> Option<NodeId> {
        self.push_project(Project { losses, ..Project::new(columns) }, input)
    }

    /// The same of all that columns have beside.
    pub fn push_project(&mut self, project: Project, input: NodeId) -> Option<NodeId> {
        let mut node = input;
        let mut split = Vec::new();
        for column in project.columns {
            let expr = self.without_strict_casts(column.expr, &mut node)?;
            split.push(Column { name: column.name, expr });
        }
        self.push(Op::Project(Project { columns: split, ..project }), vec![node])
    }

    /// Keeps rows. Strict casts in the condition reject rows beforehand.
    pub fn push_filtering(&mut self, predicate: Expr, input: NodeId) -> Option<NodeId> {
        let mut node = input;
        let predicate = self.without_strict_casts(predicate, &mut node)?;
        self.push(Op::Filter { predicate }, vec![node])
    }

    /// The expression with `try_cast` for every `cast`; the checks come after `node`, which moves on.
    pub fn without_strict_casts(&mut self, expr: Expr, node: &mut NodeId) -> Option<Expr> {
        if !has_strict_cast(&expr) {
            return Some(expr);
        }
        let mut requirements = Vec::new();
        collect(&expr, &mut requirements);
        for requirement in requirements {
            if self.always_fits(&requirement.predicate, *node) {
                continue;
            }
            let check = Check { predicate: requirement.predicate, reason: requirement.reason, on_fail: OnFail::Reject };
            *node = self.push(Op::Check(check), vec![*node])?;
        }
        Some(lenient(expr))
    }

    /// Whether an expression holds a strict cast where no row can be rejected (aggregates, windows, join keys);
    /// reported.
    pub fn refuses_strict_cast(&mut self, field: &str, expr: &Expr) -> bool {
        let Some(found) = strict_cast(expr) else { return false };
        let (span, text) = (found.span, print(&lenient(found.clone())));
        self.report(
            Diagnostic::error("PW0306", "`cast` rejects rows, which is not possible here")
                .help(format!("write `{text}`, or cast in a Compute columns step before"))
                .at(span)
                .field(field),
        );
        true
    }

    /// Whether the cast that a requirement guards can never fail, by the type of what is cast.
    fn always_fits(&self, predicate: &Expr, node: NodeId) -> bool {
        let mut casts = Vec::new();
        find_guarded_cast(predicate, &mut casts);
        let [(from, to)] = casts.as_slice() else { return false };
        let scope = Scope { schema: self.schema(node), parameters: self.context.parameters, place: Place::Row };
        match (expr::check(from, &scope), to) {
            (Ok(found), _) if found == *to => !found.is_unknown(),
            (Ok(found), DataType::String) => !matches!(found, DataType::Unknown),
            (Ok(DataType::Int), DataType::Float) | (Ok(DataType::Date), DataType::Timestamp) => true,
            _ => false,
        }
    }
}

/// That a value which is not null fits a type, with all that is inside of it.
pub(super) fn fits(from: &Expr, to: &DataType) -> Expr {
    match to {
        DataType::List(_) | DataType::Record(_) => Expr::made(ExprKind::Not(Box::new(Expr::call(
            "cast_loses",
            vec![from.clone(), super::items::text(to.to_string())],
        )))),
        _ => Expr::is_null(Expr::try_cast(from.clone(), to.clone()), true),
    }
}

/// The cast that `fits` asks about.
fn asked(fits: &Expr) -> Option<(Expr, DataType)> {
    match &fits.kind {
        ExprKind::IsNull { expr: cast, negated: true } => match &cast.kind {
            ExprKind::Cast { expr: from, to, strict: false } => Some(((**from).clone(), to.clone())),
            _ => None,
        },
        ExprKind::Not(loses) => match &loses.kind {
            ExprKind::Call(Call { function, args, .. }) if function == "cast_loses" => match args.as_slice() {
                [from, Expr { kind: ExprKind::Literal(Value::String(to)), .. }] => {
                    Some((from.clone(), to.parse().ok()?))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn strict_cast(expr: &Expr) -> Option<&Expr> {
    if matches!(expr.kind, ExprKind::Cast { strict: true, .. }) {
        return Some(expr);
    }
    expr.children().into_iter().find_map(strict_cast)
}

fn has_strict_cast(expr: &Expr) -> bool {
    strict_cast(expr).is_some()
}

/// With `try_cast` for every `cast`: the rows that do not fit were rejected before.
pub(super) fn lenient(expr: Expr) -> Expr {
    expr.rewrite(&mut |mut expr| {
        if let ExprKind::Cast { strict, .. } = &mut expr.kind {
            *strict = false;
        }
        expr
    })
}

/// `x is null or try_cast(x as T) is not null`, or its like for lists and records, stands inside `predicate`: gives (x, T).
fn find_guarded_cast(predicate: &Expr, found: &mut Vec<(Expr, DataType)>) {
    if let ExprKind::Binary { op: BinaryOp::Or, left, right } = &predicate.kind
        && let ExprKind::IsNull { expr: tested, negated: false } = &left.kind
        && let Some((from, to)) = asked(right)
        && **tested == from
    {
        found.push((from, to));
        return;
    }
    match &predicate.kind {
        ExprKind::Case { branches, otherwise, .. } => {
            branches.iter().for_each(|(_, then)| find_guarded_cast(then, found));
            otherwise.iter().for_each(|expr| find_guarded_cast(expr, found));
        }
        _ => predicate.children().into_iter().for_each(|child| find_guarded_cast(child, found)),
    }
}

/// The requirements of an expression, innermost first.
fn collect(expr: &Expr, found: &mut Vec<Requirement>) {
    match &expr.kind {
        ExprKind::Case { operand, branches, otherwise } => {
            if let Some(operand) = operand {
                collect(operand, found);
            }
            for (index, (when, then)) in branches.iter().enumerate() {
                guarded(operand, &branches[..index], None, when, found);
                guarded(operand, &branches[..index], Some(when), then, found);
            }
            if let Some(otherwise) = otherwise {
                guarded(operand, branches, None, otherwise, found);
            }
        }
        // Only the branch that is taken counts, as in a `case`.
        ExprKind::Call(Call { function, args, .. }) if function == "if" && args.len() == 3 => {
            collect(&args[0], found);
            let branch = (args[0].clone(), args[1].clone());
            guarded(&None, &[], Some(&args[0]), &args[1], found);
            guarded(&None, &[branch], None, &args[2], found);
        }
        _ => {
            expr.children().into_iter().for_each(|child| collect(child, found));
            if let ExprKind::Cast { expr: from, to, strict: true } = &expr.kind {
                let from = lenient((**from).clone());
                let reason = format!("{} is not {}", quoted(&print(&from)), with_article(to));
                let fits = fits(&from, to);
                let predicate = Expr::binary(BinaryOp::Or, Expr::is_null(from, false), fits);
                found.push(Requirement { predicate, reason });
            }
        }
    }
}

/// Requirements of `expr`, which is computed only where none of `before` matched, and `when` (if any) did.
fn guarded(
    operand: &Option<Box<Expr>>,
    before: &[(Expr, Expr)],
    when: Option<&Expr>,
    expr: &Expr,
    found: &mut Vec<Requirement>,
) {
    let mut own = Vec::new();
    collect(expr, &mut own);
    let is_true = || Expr::literal(Value::Boolean(true));
    for Requirement { predicate, reason } in own {
        let mut branches: Vec<(Expr, Expr)> =
            before.iter().map(|(when, _)| (lenient(when.clone()), is_true())).collect();
        let otherwise = match when {
            Some(when) => {
                branches.push((lenient(when.clone()), predicate));
                is_true()
            }
            None => predicate,
        };
        let predicate = if branches.is_empty() {
            otherwise
        } else {
            let operand = operand.as_ref().map(|operand| Box::new(lenient((**operand).clone())));
            Expr::made(ExprKind::Case { operand, branches, otherwise: Some(Box::new(otherwise)) })
        };
        found.push(Requirement { predicate, reason });
    }
}

/// Column names in backticks, without the quotes of the language.
fn quoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(name) => format!("`{}`", name.replace("\"\"", "\"")),
        None => format!("`{text}`"),
    }
}

fn with_article(data_type: &DataType) -> String {
    match data_type {
        DataType::Int => "an Int".to_owned(),
        other => format!("a {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirements(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        collect(&expr::parse(text).unwrap(), &mut found);
        found.iter().map(|requirement| (print(&requirement.predicate), requirement.reason.clone())).collect()
    }

    fn predicates(text: &str) -> Vec<String> {
        requirements(text).into_iter().map(|(predicate, _)| predicate).collect()
    }

    #[test]
    fn a_cast_must_fit_or_be_null() {
        let found = requirements("cast(amount as int) + 1");
        let predicate = "amount is null or try_cast(amount as Int) is not null".to_owned();
        assert_eq!(found, [(predicate, "`amount` is not an Int".to_owned())]);
        assert_eq!(requirements("cast(\"a b\" as float)")[0].1, "`a b` is not a Float");
        assert!(requirements("try_cast(a as int)").is_empty());
    }

    #[test]
    fn inner_casts_come_first() {
        let found = predicates("cast(cast(a as timestamp) as date)");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], "a is null or try_cast(a as Timestamp) is not null");
    }

    #[test]
    fn a_branch_counts_only_where_it_is_taken() {
        let found = predicates("case when k = 'n' then cast(a as int) when k = 'x' then 0 else cast(b as int) end");
        assert_eq!(
            found,
            [
                "case when k = 'n' then a is null or try_cast(a as Int) is not null else true end",
                "case when k = 'n' then true when k = 'x' then true else b is null or try_cast(b as Int) is not null end",
            ]
        );
        let found = predicates("case k when 1 then cast(a as int) end");
        assert_eq!(found, ["case k when 1 then a is null or try_cast(a as Int) is not null else true end"]);
        let found = predicates("if(k = 1, 0, cast(a as int))");
        assert_eq!(found, ["case when k = 1 then true else a is null or try_cast(a as Int) is not null end"]);
    }
}
