//! The syntax tree. Small on purpose: what every target must carry.

use crate::data::{DataType, Value};
use crate::diagnostic::Span;

/// An expression with its place in the text it was read from. Equality ignores places.
#[derive(Debug, Clone)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `null`, `true`, `1`, `1.5`, `'text'`, `timestamp '…'`, `date '…'`, `interval '15 minutes'`.
    Literal(Value),
    /// `status`, `"column with spaces"`.
    Column(String),
    /// `${name}`: a typed leaf, never text pasted in.
    Parameter(String),
    /// `record.field`.
    Member {
        record: Box<Expr>,
        name: String,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `a is null`, `a is not null`.
    IsNull {
        expr: Box<Expr>,
        negated: bool,
    },
    /// `a is true`, `a is not false`.
    IsBoolean {
        expr: Box<Expr>,
        value: bool,
        negated: bool,
    },
    /// `a is distinct from b`; `negated`: `a is not distinct from b`.
    IsDistinct {
        left: Box<Expr>,
        right: Box<Expr>,
        negated: bool,
    },
    Between {
        expr: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    InList {
        expr: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    /// `%` and `_`; `insensitive`: `ilike`.
    Like {
        expr: Box<Expr>,
        pattern: Box<Expr>,
        negated: bool,
        insensitive: bool,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// `cast` (`strict`: a value that does not fit rejects its row) or `try_cast` (null).
    Cast {
        expr: Box<Expr>,
        to: DataType,
        strict: bool,
    },
    Call(Call),
}

/// A call of a function from the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// In canonical spelling (lower case).
    pub function: String,
    /// Empty for `count(*)`.
    pub args: Vec<Expr>,
    /// `count(distinct x)` is read as `count_distinct(x)`, so this is for `collect(distinct x)` and its like.
    pub distinct: bool,
    /// `first(x order by t)`.
    pub order: Vec<SortKey>,
    /// `filter (where …)`.
    pub filter: Option<Box<Expr>>,
    /// `over (…)`: makes it a window function.
    pub over: Option<Box<Over>>,
}

/// `over (partition by … order by … rows/range between … and …)`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Over {
    pub partition: Vec<Expr>,
    pub order: Vec<SortKey>,
    pub frame: Option<WindowFrame>,
}

/// One key of an order. Nulls come last, both ways.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub expr: Expr,
    pub descending: bool,
}

/// An expression with the name that it is given, as in a SELECT.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedExpr {
    pub expr: Expr,
    /// `None`: none was given.
    pub name: Option<String>,
}

/// Both bounds inclusive.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowFrame {
    pub unit: FrameUnit,
    pub start: FrameBound,
    pub end: FrameBound,
}

/// What the bounds count: rows, or the distance of the (single) order key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameUnit {
    Rows,
    Range,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FrameBound {
    Unbounded,
    Current,
    /// Rows (`Value::Int`) or a span (`Value::Duration`, or a number for numeric keys); not negative.
    Preceding(Value),
    Following(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    /// Always float; by zero: null.
    Divide,
    /// `div`: integer, towards zero; by zero: null.
    IntegerDivide,
    /// `%`: sign of the dividend; by zero: null.
    Modulo,
    /// `||`: null where either side is null.
    Concat,
}

impl BinaryOp {
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Equal => "=",
            BinaryOp::NotEqual => "<>",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::IntegerDivide => "div",
            BinaryOp::Modulo => "%",
            BinaryOp::Concat => "||",
        }
    }

    /// Whether it makes numbers, times and spans of such.
    pub fn is_arithmetic(self) -> bool {
        matches!(
            self,
            BinaryOp::Add
                | BinaryOp::Subtract
                | BinaryOp::Multiply
                | BinaryOp::Divide
                | BinaryOp::IntegerDivide
                | BinaryOp::Modulo
        )
    }

    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            BinaryOp::Equal
                | BinaryOp::NotEqual
                | BinaryOp::Less
                | BinaryOp::LessOrEqual
                | BinaryOp::Greater
                | BinaryOp::GreaterOrEqual
        )
    }
}

impl Expr {
    /// An expression made by the program, without a place in any text.
    pub fn made(kind: ExprKind) -> Expr {
        Expr { kind, span: Span::default() }
    }

    pub fn column(name: impl Into<String>) -> Expr {
        Expr::made(ExprKind::Column(name.into()))
    }

    pub fn literal(value: Value) -> Expr {
        Expr::made(ExprKind::Literal(value))
    }

    pub fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
        Expr::made(ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) })
    }

    // Builds a tree; there is nothing to negate at run time, so `std::ops::Not` would mislead.
    #[allow(clippy::should_implement_trait)]
    pub fn not(expr: Expr) -> Expr {
        Expr::made(ExprKind::Not(Box::new(expr)))
    }

    pub fn is_null(expr: Expr, negated: bool) -> Expr {
        Expr::made(ExprKind::IsNull { expr: Box::new(expr), negated })
    }

    /// Whether two values differ, null being one.
    pub fn is_distinct(left: Expr, right: Expr) -> Expr {
        Expr::made(ExprKind::IsDistinct { left: Box::new(left), right: Box::new(right), negated: false })
    }

    pub fn try_cast(expr: Expr, to: DataType) -> Expr {
        Expr::made(ExprKind::Cast { expr: Box::new(expr), to, strict: false })
    }

    pub fn call(function: impl Into<String>, args: Vec<Expr>) -> Expr {
        let function = function.into();
        Expr::made(ExprKind::Call(Call {
            function,
            args,
            distinct: false,
            order: Vec::new(),
            filter: None,
            over: None,
        }))
    }

    /// The conjunction of all; `true` where there are none.
    pub fn all(exprs: impl IntoIterator<Item = Expr>) -> Expr {
        exprs
            .into_iter()
            .reduce(|left, right| Expr::binary(BinaryOp::And, left, right))
            .unwrap_or_else(|| Expr::literal(Value::Boolean(true)))
    }

    /// The direct parts, in text order (arguments, order keys, filter, window).
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Parameter(_) => Vec::new(),
            ExprKind::Member { record: expr, .. }
            | ExprKind::Not(expr)
            | ExprKind::Negate(expr)
            | ExprKind::IsNull { expr, .. }
            | ExprKind::IsBoolean { expr, .. }
            | ExprKind::Cast { expr, .. } => vec![expr],
            ExprKind::Binary { left, right, .. } | ExprKind::IsDistinct { left, right, .. } => vec![left, right],
            ExprKind::Between { expr, low, high, .. } => vec![expr, low, high],
            ExprKind::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
            ExprKind::Like { expr, pattern, .. } => vec![expr, pattern],
            ExprKind::Case { operand, branches, otherwise } => operand
                .as_deref()
                .into_iter()
                .chain(branches.iter().flat_map(|(when, then)| [when, then]))
                .chain(otherwise.as_deref())
                .collect(),
            ExprKind::Call(call) => call
                .args
                .iter()
                .chain(call.order.iter().map(|key| &key.expr))
                .chain(call.filter.as_deref())
                .chain(
                    call.over
                        .iter()
                        .flat_map(|over| over.partition.iter().chain(over.order.iter().map(|key| &key.expr))),
                )
                .collect(),
        }
    }

    /// The direct parts, for rewriting in place; same order as `children`.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Parameter(_) => Vec::new(),
            ExprKind::Member { record: expr, .. }
            | ExprKind::Not(expr)
            | ExprKind::Negate(expr)
            | ExprKind::IsNull { expr, .. }
            | ExprKind::IsBoolean { expr, .. }
            | ExprKind::Cast { expr, .. } => vec![expr],
            ExprKind::Binary { left, right, .. } | ExprKind::IsDistinct { left, right, .. } => vec![left, right],
            ExprKind::Between { expr, low, high, .. } => vec![expr, low, high],
            ExprKind::InList { expr, list, .. } => std::iter::once(&mut **expr).chain(list).collect(),
            ExprKind::Like { expr, pattern, .. } => vec![expr, pattern],
            ExprKind::Case { operand, branches, otherwise } => operand
                .as_deref_mut()
                .into_iter()
                .chain(branches.iter_mut().flat_map(|(when, then)| [when, then]))
                .chain(otherwise.as_deref_mut())
                .collect(),
            ExprKind::Call(call) => {
                call.args
                    .iter_mut()
                    .chain(call.order.iter_mut().map(|key| &mut key.expr))
                    .chain(call.filter.as_deref_mut())
                    .chain(call.over.iter_mut().flat_map(|over| {
                        over.partition.iter_mut().chain(over.order.iter_mut().map(|key| &mut key.expr))
                    }))
                    .collect()
            }
        }
    }

    /// Every column that the expression reads, without repeats, in order of appearance.
    pub fn columns(&self) -> Vec<&str> {
        fn walk<'a>(expr: &'a Expr, found: &mut Vec<&'a str>) {
            if let ExprKind::Column(name) = &expr.kind
                && !found.contains(&name.as_str())
            {
                found.push(name);
            }
            for child in expr.children() {
                walk(child, found);
            }
        }
        let mut found = Vec::new();
        walk(self, &mut found);
        found
    }

    /// Rewrites bottom-up.
    pub fn rewrite(mut self, change: &mut dyn FnMut(Expr) -> Expr) -> Expr {
        deep(|| {
            for child in self.children_mut() {
                let taken = std::mem::replace(child, Expr::literal(Value::Null));
                *child = taken.rewrite(change);
            }
            change(self)
        })
    }
}

/// Runs a level of a walk over an expression, on a stack that grows where a high expression needs it.
pub fn deep<R>(level: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(256 << 10, 4 << 20, level)
}
