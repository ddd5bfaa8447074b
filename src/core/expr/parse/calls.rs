//! What stands around parentheses and keywords: calls with their clauses, `case`, `cast`, `extract`, order keys.
//! Must not import any room but `data`.

use super::super::functions::canonical_name;
use super::super::precedence::ANY;
use super::super::tokens::TokenKind;
use super::super::{Call, Expr, ExprKind, FrameBound, FrameUnit, Over, SortKey, WindowFrame};
use super::{Parsed, Parser, trailing_comma};
use crate::data::Value;
use crate::diagnostic::{Diagnostic, Span};

impl Parser {
    /// `name(args) [filter (…)] [over (…)]`.
    pub(super) fn call(&mut self) -> Parsed<Expr> {
        let name = self.next();
        let open = self.next().span;
        let mut call = Call {
            function: canonical_name(&name.keyword()).to_owned(),
            args: Vec::new(),
            distinct: false,
            order: Vec::new(),
            filter: None,
            over: None,
        };
        let mut height = 0;
        if self.peek().is("*") && self.peek_at(1).is(")") {
            if call.function != "count" {
                return Err(Diagnostic::error(
                    "PW0101",
                    format!("`*` stands only in `count(*)`, not in `{}`", call.function),
                )
                .help("name a column")
                .at(self.peek().span));
            }
            self.next();
        } else {
            call.distinct = self.take_keyword("distinct");
            while !self.peek().is(")") && !self.at_keyword("order") {
                call.args.push(self.expression(ANY)?);
                height = height.max(self.height);
                let comma = self.peek().span;
                if !self.take(",") {
                    break;
                }
                if self.peek().is(")") {
                    return Err(trailing_comma(comma));
                }
            }
            if self.take_keyword("order") {
                self.expect_keyword("by", "`first(x order by time)`")?;
                call.order = self.sort_keys()?;
                height = height.max(self.height);
            }
        }
        self.close(open)?;
        if call.distinct && call.function == "count" {
            call.function = "count_distinct".to_owned();
            call.distinct = false;
        }
        if self.at_keyword("filter") && self.peek_at(1).is("(") {
            call.filter = Some(Box::new(self.filter_clause()?));
            height = height.max(self.height);
        }
        if self.at_keyword("over") {
            call.over = Some(Box::new(self.over_clause()?));
            height = height.max(self.height);
        }
        let span = self.span_from(name.span);
        self.grow(height, span)?;
        Ok(Expr { kind: ExprKind::Call(call), span })
    }

    fn filter_clause(&mut self) -> Parsed<Expr> {
        self.next();
        let open = self.next().span;
        self.expect_keyword("where", "`filter (where condition)`")?;
        let condition = self.expression(ANY)?;
        self.close(open)?;
        Ok(condition)
    }

    fn over_clause(&mut self) -> Parsed<Over> {
        let word = self.next();
        let open = self.peek().span;
        if !self.take("(") {
            return Err(Diagnostic::error("PW0101", "`over` needs parentheses")
                .help("write `over (partition by user order by time)`, or `over ()` for all rows")
                .at(word.span));
        }
        let mut over = Over::default();
        let mut height = 0;
        if self.take_keyword("partition") {
            self.expect_keyword("by", "`partition by column`")?;
            loop {
                over.partition.push(self.expression(ANY)?);
                height = height.max(self.height);
                if !self.take(",") {
                    break;
                }
            }
        }
        if self.take_keyword("order") {
            self.expect_keyword("by", "`order by time`")?;
            over.order = self.sort_keys()?;
            height = height.max(self.height);
        }
        let unit = match self.peek().keyword().as_str() {
            "rows" => Some(FrameUnit::Rows),
            "range" => Some(FrameUnit::Range),
            _ => None,
        };
        if let Some(unit) = unit {
            over.frame = Some(self.frame(unit)?);
        }
        self.close(open)?;
        self.height = height;
        Ok(over)
    }

    /// `rows between a and b`, `rows a`.
    fn frame(&mut self, unit: FrameUnit) -> Parsed<WindowFrame> {
        let start = self.next().span;
        if !self.take_keyword("between") {
            let bound = self.bound(unit)?;
            return Ok(WindowFrame { unit, start: bound, end: FrameBound::Current });
        }
        let first = self.bound(unit)?;
        self.expect_keyword("and", "`rows between 2 preceding and current row`")?;
        let end = self.bound(unit)?;
        if matches!(first, FrameBound::Following(_)) && !matches!(end, FrameBound::Following(_) | FrameBound::Unbounded)
            || matches!(end, FrameBound::Preceding(_)) && matches!(first, FrameBound::Current)
        {
            return Err(Diagnostic::error("PW0105", "the window ends before it starts")
                .help("name the earlier bound first: `between 2 preceding and 1 following`")
                .at(self.span_from(start)));
        }
        Ok(WindowFrame { unit, start: first, end })
    }

    fn bound(&mut self, unit: FrameUnit) -> Parsed<FrameBound> {
        let start = self.peek().span;
        if self.take_keyword("unbounded") {
            let word = self.next();
            return match word.keyword().as_str() {
                "preceding" | "following" => Ok(FrameBound::Unbounded),
                _ => Err(no_direction(word.span)),
            };
        }
        if self.take_keyword("current") {
            self.expect_keyword("row", "`current row`")?;
            return Ok(FrameBound::Current);
        }
        let value = self.literal()?;
        let span = self.span_from(start);
        let allowed = match (&value, unit) {
            (Value::Int(count), _) => *count >= 0,
            (Value::Duration(micros), FrameUnit::Range) => *micros >= 0,
            (Value::Float(distance), FrameUnit::Range) => *distance >= 0.0,
            _ => false,
        };
        if !allowed {
            let help = match unit {
                FrameUnit::Rows => {
                    "`rows` takes a whole number of rows, not negative; a span of time goes with `range`"
                }
                FrameUnit::Range => "`range` takes a span such as `interval '10 minutes'`, or a number, not negative",
            };
            return Err(Diagnostic::error("PW0105", "this cannot bound a window").help(help).at(span));
        }
        let word = self.next();
        match word.keyword().as_str() {
            "preceding" => Ok(FrameBound::Preceding(value)),
            "following" => Ok(FrameBound::Following(value)),
            _ => Err(no_direction(word.span)),
        }
    }

    /// `a desc, b`.
    pub(super) fn sort_keys(&mut self) -> Parsed<Vec<SortKey>> {
        let mut keys = Vec::new();
        let mut height = 0;
        loop {
            let expr = self.expression(ANY)?;
            height = height.max(self.height);
            let descending = self.take_keyword("desc") || {
                self.take_keyword("asc");
                false
            };
            if self.at_keyword("nulls") {
                let start = self.next().span;
                let word = self.next();
                if word.keyword() != "last" {
                    return Err(Diagnostic::error("PW0106", "nulls cannot be sorted first")
                        .help("nulls come last, both ways; to have them first, order by `x is not null` before `x`")
                        .at(start.to(word.span)));
                }
            }
            keys.push(SortKey { expr, descending });
            let comma = self.peek().span;
            if !self.take(",") {
                break;
            }
            if self.at_end() || self.peek().is(")") {
                return Err(trailing_comma(comma));
            }
        }
        self.height = height;
        Ok(keys)
    }

    /// `case [operand] when … then … [else …] end`.
    pub(super) fn case(&mut self) -> Parsed<Expr> {
        const FORM: &str = "`case when condition then value else other end`";
        let start = self.next().span;
        let mut height = 0;
        let operand = match self.at_keyword("when") {
            true => None,
            false => Some(Box::new(self.part(&mut height)?)),
        };
        let mut branches = Vec::new();
        while self.take_keyword("when") {
            let when = self.part(&mut height)?;
            self.expect_keyword("then", FORM)?;
            branches.push((when, self.part(&mut height)?));
        }
        if branches.is_empty() {
            return Err(Diagnostic::error("PW0101", "this `case` has no `when`")
                .help(format!("write {FORM}"))
                .at(self.span_from(start)));
        }
        let otherwise = match self.take_keyword("else") {
            true => Some(Box::new(self.part(&mut height)?)),
            false => None,
        };
        if !self.take_keyword("end") {
            return Err(Diagnostic::error("PW0103", "this `case` is not closed: `end` is missing")
                .help(format!("write {FORM}"))
                .at(start));
        }
        let span = self.span_from(start);
        self.grow(height, span)?;
        Ok(Expr { kind: ExprKind::Case { operand, branches, otherwise }, span })
    }

    fn part(&mut self, height: &mut usize) -> Parsed<Expr> {
        let expr = self.expression(ANY)?;
        *height = self.height.max(*height);
        Ok(expr)
    }

    /// `cast(x as type)`, `try_cast(x as type)`.
    pub(super) fn cast(&mut self, strict: bool) -> Parsed<Expr> {
        let start = self.next().span;
        let open = self.next().span;
        let inner = Box::new(self.expression(ANY)?);
        let height = self.height;
        self.expect_keyword("as", if strict { "`cast(x as int)`" } else { "`try_cast(x as int)`" })?;
        let to = self.data_type()?;
        self.close(open)?;
        let span = self.span_from(start);
        self.grow(height, span)?;
        Ok(Expr { kind: ExprKind::Cast { expr: inner, to, strict }, span })
    }

    /// `extract(hour from t)`, `extract('hour', t)`.
    pub(super) fn extract(&mut self) -> Parsed<Expr> {
        if self.peek_at(3).keyword() != "from" {
            return self.call();
        }
        let start = self.next().span;
        let open = self.next().span;
        let token = self.next();
        let (TokenKind::Word { text: field, .. } | TokenKind::Text(field)) = token.kind else {
            return Err(Diagnostic::error("PW0101", "a field of time is expected before `from`")
                .help("write `extract(hour from time)`")
                .at(token.span));
        };
        self.next();
        let field = Expr { kind: ExprKind::Literal(Value::String(field.to_lowercase())), span: token.span };
        let time = self.expression(ANY)?;
        let height = self.height;
        self.close(open)?;
        let span = self.span_from(start);
        self.grow(height, span)?;
        let mut expr = Expr::call("extract", vec![field, time]);
        expr.span = span;
        Ok(expr)
    }
}

fn no_direction(at: Span) -> Diagnostic {
    Diagnostic::error("PW0101", "`preceding` or `following` is missing in this window")
        .help("write `rows between 2 preceding and current row`")
        .at(at)
}
