//! Text → `Expr`: a precedence parser over sqlparser's tokens, which carry places. Every message says
//! where it stumbles and how to mend it. Must not import any room but `data`.

mod calls;
mod literals;

use super::precedence::{ADD, AND, ANY, COMPARE, CONCAT, MULTIPLY, NEGATE, NOT, OR, POSTFIX};
use super::tokens::{RESERVED, Token, TokenKind, tokenize};
use super::{BinaryOp, Expr, ExprKind, NamedExpr, SortKey, deep};
use crate::diagnostic::{Diagnostic, Span};

/// How deep parentheses, calls and the like may nest while reading.
const MAX_NESTING: usize = 100;
/// How high a tree may grow, long chains of operators included: bounds every walk over it.
const MAX_HEIGHT: usize = 300;

type Parsed<T> = Result<T, Diagnostic>;

/// Reads one expression; the error says where and how to mend it (its span is in `text`).
pub fn parse(text: &str) -> Result<Expr, Diagnostic> {
    let mut parser = Parser::new(text)?;
    if parser.at_end() {
        return Err(Diagnostic::error("PW0100", "the expression is empty")
            .help("write a column's name, a value, or a calculation such as `status >= 500`")
            .at(Span::new(0, text.len())));
    }
    let expr = parser.expression(ANY)?;
    parser.expect_end()?;
    Ok(expr)
}

/// Reads `time desc, "order id"`.
pub fn parse_order(text: &str) -> Result<Vec<SortKey>, Diagnostic> {
    let mut parser = Parser::new(text)?;
    if parser.at_end() {
        return Err(Diagnostic::error("PW0100", "the order is empty")
            .help("write a column's name, and `desc` after it for the highest first")
            .at(Span::new(0, text.len())));
    }
    let keys = parser.sort_keys()?;
    parser.expect_end()?;
    Ok(keys)
}

/// Reads `path, sum(bytes) as "all bytes"`.
pub fn parse_named(text: &str) -> Result<Vec<NamedExpr>, Diagnostic> {
    let mut parser = Parser::new(text)?;
    let mut found = Vec::new();
    loop {
        let expr = parser.expression(ANY)?;
        let name = if parser.take_keyword("as") { Some(parser.new_name()?) } else { None };
        found.push(NamedExpr { expr, name });
        if !parser.take(",") {
            break;
        }
    }
    parser.expect_end()?;
    Ok(found)
}

struct Parser {
    tokens: Vec<Token>,
    position: usize,
    nesting: usize,
    /// Of the expression read last.
    height: usize,
}

impl Parser {
    fn new(text: &str) -> Parsed<Self> {
        Ok(Parser { tokens: tokenize(text)?, position: 0, nesting: 0, height: 0 })
    }

    /// The token at hand; the last one is `End` and stays.
    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.position + ahead).min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.position = (self.position + 1).min(self.tokens.len() - 1);
        token
    }

    fn at_end(&self) -> bool {
        self.peek().kind == TokenKind::End
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = self.peek().is(symbol);
        if found {
            self.next();
        }
        found
    }

    fn at_keyword(&self, word: &str) -> bool {
        self.peek().keyword() == word
    }

    fn take_keyword(&mut self, word: &str) -> bool {
        let found = self.at_keyword(word);
        if found {
            self.next();
        }
        found
    }

    fn expect_keyword(&mut self, word: &str, context: &str) -> Parsed<()> {
        if self.take_keyword(word) {
            return Ok(());
        }
        let token = self.peek();
        Err(Diagnostic::error("PW0101", format!("`{word}` is missing before {}", token.describe()))
            .help(format!("write {context}"))
            .at(token.span))
    }

    /// The name after `as`.
    fn new_name(&mut self) -> Parsed<String> {
        let token = self.next();
        match token.kind {
            TokenKind::Word { text, .. } => Ok(text),
            _ => Err(Diagnostic::error("PW0101", format!("a name is missing before {}", token.describe()))
                .help("write `as` and a name, such as `sum(bytes) as bytes`")
                .at(token.span)),
        }
    }

    /// The place from the first byte of `start` to what was read last.
    fn span_from(&self, start: Span) -> Span {
        match self.position.checked_sub(1).and_then(|last| self.tokens.get(last)) {
            Some(last) => start.to(last.span),
            None => start,
        }
    }

    /// Notes that the expression at hand is one higher than its highest part.
    fn grow(&mut self, parts: usize, span: Span) -> Parsed<()> {
        self.height = parts + 1;
        if self.height > MAX_HEIGHT {
            return Err(Diagnostic::error("PW0104", format!("the expression has more than {MAX_HEIGHT} levels"))
                .help("split it into several columns; write a long row of `or` as `in (…)`")
                .at(span));
        }
        Ok(())
    }

    fn expect_end(&mut self) -> Parsed<()> {
        let token = self.peek().clone();
        let (code, message, help) = match &token.kind {
            TokenKind::End => return Ok(()),
            TokenKind::Symbol(symbol) => match symbol.as_str() {
                ")" => ("PW0103", "`)` closes nothing".to_owned(), "remove it, or open it with `(` before".to_owned()),
                "," => (
                    "PW0101",
                    "a single expression ends here, but a comma follows".to_owned(),
                    if self.stands_between_numbers() {
                        "a decimal number takes a point, as in 1.5".to_owned()
                    } else {
                        "remove the comma; each column has an expression of its own".to_owned()
                    },
                ),
                ";" => ("PW0101", "`;` is not part of an expression".to_owned(), "remove it".to_owned()),
                other => ("PW0106", format!("`{other}` is not an operator here"), operator_help(other)),
            },
            TokenKind::Word { quoted: false, .. } if self.follows_if() => (
                "PW0106",
                "`if` is a function here, with parentheses".to_owned(),
                "write `if(condition, value, other)`, or `case when condition then value else other end`".to_owned(),
            ),
            TokenKind::Word { quoted: false, .. } => word_after_expression(&token),
            _ => (
                "PW0101",
                format!("{} follows without an operator", token.describe()),
                "put an operator between them, such as `=`, `and` or `||`; text stands between single quotes"
                    .to_owned(),
            ),
        };
        Err(Diagnostic::error(code, message).help(help).at(token.span))
    }

    /// Whether the comma at hand was meant as a decimal point.
    fn stands_between_numbers(&self) -> bool {
        let is_number = |token: &Token| matches!(token.kind, TokenKind::Number(_));
        self.position.checked_sub(1).is_some_and(|before| is_number(&self.tokens[before])) && is_number(self.peek_at(1))
    }

    /// Whether the word before is `if`, as in `if a then b`.
    fn follows_if(&self) -> bool {
        self.position.checked_sub(1).is_some_and(|before| self.tokens[before].keyword() == "if")
    }

    /// Closes a parenthesis that was opened at `open`.
    fn close(&mut self, open: Span) -> Parsed<()> {
        if self.take(")") {
            return Ok(());
        }
        if self.at_end() {
            return Err(Diagnostic::error("PW0103", "this parenthesis is not closed: a `)` is missing")
                .help("add `)` where the group ends")
                .at(open));
        }
        // What follows is wrong in itself; that it also stands before a `)` is beside the point.
        self.expect_end()
    }

    /// An expression whose operators bind at least as tightly as `min`.
    fn expression(&mut self, min: u8) -> Parsed<Expr> {
        if self.nesting >= MAX_NESTING {
            return Err(Diagnostic::error(
                "PW0104",
                format!("the expression nests more than {MAX_NESTING} levels deep"),
            )
            .help("split it into several columns")
            .at(self.peek().span));
        }
        self.nesting += 1;
        let start = self.peek().span;
        let mut left = deep(|| self.prefix())?;
        while let Some(infix) = self.infix(min) {
            let height = self.height;
            left = self.operation(left, infix, start)?;
            let parts = self.height.max(height);
            self.grow(parts, left.span)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    /// What follows an operand, if it binds tightly enough.
    fn infix(&self, min: u8) -> Option<Infix> {
        let token = self.peek();
        let (infix, binds) = match &token.kind {
            TokenKind::Symbol(symbol) => match symbol.as_str() {
                "=" | "==" => (Infix::Binary(BinaryOp::Equal), COMPARE),
                "<>" | "!=" => (Infix::Binary(BinaryOp::NotEqual), COMPARE),
                "<" => (Infix::Binary(BinaryOp::Less), COMPARE),
                "<=" => (Infix::Binary(BinaryOp::LessOrEqual), COMPARE),
                ">" => (Infix::Binary(BinaryOp::Greater), COMPARE),
                ">=" => (Infix::Binary(BinaryOp::GreaterOrEqual), COMPARE),
                "||" => (Infix::Binary(BinaryOp::Concat), CONCAT),
                "+" => (Infix::Binary(BinaryOp::Add), ADD),
                "-" => (Infix::Binary(BinaryOp::Subtract), ADD),
                "*" => (Infix::Binary(BinaryOp::Multiply), MULTIPLY),
                "/" => (Infix::Binary(BinaryOp::Divide), MULTIPLY),
                "%" => (Infix::Binary(BinaryOp::Modulo), MULTIPLY),
                "::" => (Infix::Cast, POSTFIX),
                "." => (Infix::Member, POSTFIX),
                _ => return None,
            },
            TokenKind::Word { quoted: false, .. } => match token.keyword().as_str() {
                "or" => (Infix::Binary(BinaryOp::Or), OR),
                "and" => (Infix::Binary(BinaryOp::And), AND),
                "div" => (Infix::Binary(BinaryOp::IntegerDivide), MULTIPLY),
                "is" => (Infix::Is, COMPARE),
                "in" | "between" | "like" | "ilike" => (Infix::Predicate, COMPARE),
                "not" if matches!(self.peek_at(1).keyword().as_str(), "in" | "between" | "like" | "ilike") => {
                    (Infix::Predicate, COMPARE)
                }
                _ => return None,
            },
            _ => return None,
        };
        (binds >= min).then_some(infix)
    }

    fn operation(&mut self, left: Expr, infix: Infix, start: Span) -> Parsed<Expr> {
        let kind = match infix {
            Infix::Binary(op) => {
                self.next();
                let right = self.expression(super::precedence::of_operator(op) + 1)?;
                ExprKind::Binary { op, left: Box::new(left), right: Box::new(right) }
            }
            Infix::Cast => {
                self.next();
                ExprKind::Cast { expr: Box::new(left), to: self.data_type()?, strict: true }
            }
            Infix::Member => {
                let dot = self.next();
                let TokenKind::Word { text, .. } = self.next().kind else {
                    return Err(Diagnostic::error("PW0101", "a field's name is missing after `.`")
                        .help("write `record.field`, with quotes where the name has odd characters: `record.\"a b\"`")
                        .at(dot.span));
                };
                if self.peek().is("(") {
                    return Err(Diagnostic::error("PW0106", format!("`{text}` is called like a method"))
                        .help(format!("write `{text}({}, …)`", super::print(&left)))
                        .at(self.span_from(dot.span)));
                }
                ExprKind::Member { record: Box::new(left), name: text }
            }
            Infix::Is => self.is_test(left)?,
            Infix::Predicate => self.predicate(left)?,
        };
        Ok(Expr { kind, span: self.span_from(start) })
    }

    /// `is [not] null | true | false | distinct from b`.
    fn is_test(&mut self, left: Expr) -> Parsed<ExprKind> {
        self.next();
        let negated = self.take_keyword("not");
        let token = self.next();
        let expr = Box::new(left);
        match token.keyword().as_str() {
            "null" => Ok(ExprKind::IsNull { expr, negated }),
            "true" => Ok(ExprKind::IsBoolean { expr, value: true, negated }),
            "false" => Ok(ExprKind::IsBoolean { expr, value: false, negated }),
            "distinct" => {
                self.expect_keyword("from", "`a is distinct from b`")?;
                let right = Box::new(self.expression(COMPARE + 1)?);
                Ok(ExprKind::IsDistinct { left: expr, right, negated })
            }
            _ => Err(Diagnostic::error("PW0101", format!("{} cannot follow `is`", token.describe()))
                .help("`is` takes null, true, false or `distinct from …`; to compare values write `=`")
                .at(token.span)),
        }
    }

    /// `[not] in (…)`, `[not] between a and b`, `[not] like 'a%'`.
    fn predicate(&mut self, left: Expr) -> Parsed<ExprKind> {
        let negated = self.take_keyword("not");
        let word = self.next();
        let expr = Box::new(left);
        match word.keyword().as_str() {
            "in" => self.in_list(expr, negated, word.span),
            "between" => {
                let low = self.expression(COMPARE + 1)?;
                let height = self.height;
                self.expect_keyword("and", "`a between 1 and 10`")?;
                let high = self.expression(COMPARE + 1)?;
                self.height = self.height.max(height);
                Ok(ExprKind::Between { expr, low: Box::new(low), high: Box::new(high), negated })
            }
            keyword => {
                let insensitive = keyword == "ilike";
                if self.peek().is("%") {
                    return Err(Diagnostic::error("PW0101", format!("the pattern of `{keyword}` is not in quotes"))
                        .help(format!("write `{keyword} '%part%'`"))
                        .at(self.peek().span));
                }
                let pattern = Box::new(self.expression(COMPARE + 1)?);
                if self.at_keyword("escape") {
                    return Err(Diagnostic::error("PW0106", "`like` has no `escape` here")
                        .help("to find a `%` or `_` itself, use `contains`, `starts_with` or `regexp_matches`")
                        .at(self.peek().span));
                }
                Ok(ExprKind::Like { expr, pattern, negated, insensitive })
            }
        }
    }

    fn in_list(&mut self, expr: Box<Expr>, negated: bool, place: Span) -> Parsed<ExprKind> {
        let open = self.peek().span;
        if !self.take("(") {
            return Err(Diagnostic::error("PW0101", "`in` needs a list in parentheses")
                .help("write `in ('a', 'b')`; for a list column use `list_contains(list, value)`")
                .at(place));
        }
        if self.peek().is(")") {
            return Err(Diagnostic::error("PW0101", "the list of `in` is empty")
                .help("name at least one value, or remove the condition")
                .at(self.span_from(open).to(self.peek().span)));
        }
        let list = self.list(open)?;
        Ok(ExprKind::InList { expr, list, negated })
    }

    /// Expressions up to the `)` that closes `open`; `height` becomes that of the highest.
    fn list(&mut self, open: Span) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        let mut height = 0;
        loop {
            items.push(self.expression(ANY)?);
            height = height.max(self.height);
            let comma = self.peek().span;
            if !self.take(",") {
                break;
            }
            if self.peek().is(")") {
                return Err(trailing_comma(comma));
            }
        }
        self.close(open)?;
        self.height = height;
        Ok(items)
    }

    /// An operand: a literal, a name, a call, or what a prefix operator makes of one.
    fn prefix(&mut self) -> Parsed<Expr> {
        let start = self.peek().span;
        let kind = match self.peek().kind.clone() {
            TokenKind::Word { text, quoted } => return self.word(text, quoted),
            TokenKind::Number(_) | TokenKind::Text(_) => ExprKind::Literal(self.literal()?),
            TokenKind::Parameter(name) => {
                self.next();
                ExprKind::Parameter(name)
            }
            TokenKind::Symbol(symbol) => return self.prefix_symbol(&symbol),
            TokenKind::End => {
                let before = self.position.checked_sub(1).map(|last| self.tokens[last].describe());
                let message = match before {
                    Some(token) => format!("the expression ends after {token}, where a value is expected"),
                    None => "a value is expected".to_owned(),
                };
                return Err(Diagnostic::error("PW0101", message)
                    .help("add a column's name, a value, or remove what leads to it")
                    .at(self.span_from(start)));
            }
        };
        self.height = 1;
        Ok(Expr { kind, span: self.span_from(start) })
    }

    fn prefix_symbol(&mut self, symbol: &str) -> Parsed<Expr> {
        let start = self.peek().span;
        match symbol {
            "(" => {
                self.next();
                if self.peek().is(")") {
                    return Err(Diagnostic::error("PW0101", "the parentheses are empty")
                        .help("put an expression between them")
                        .at(start.to(self.peek().span)));
                }
                let inner = self.expression(ANY)?;
                if self.peek().is(",") {
                    return Err(Diagnostic::error("PW0101", "a comma stands in a group that is no list")
                        .help("write a list after `in`, or as `[1, 2]`; compare several columns one by one")
                        .at(self.peek().span));
                }
                self.close(start)?;
                Ok(inner)
            }
            "-" if matches!(self.peek_at(1).kind, TokenKind::Number(_)) => {
                let value = self.literal()?;
                self.height = 1;
                Ok(Expr { kind: ExprKind::Literal(value), span: self.span_from(start) })
            }
            "-" => {
                self.next();
                let inner = self.expression(NEGATE)?;
                let height = self.height;
                self.grow(height, start)?;
                Ok(Expr { kind: ExprKind::Negate(Box::new(inner)), span: self.span_from(start) })
            }
            "+" => {
                self.next();
                self.expression(NEGATE)
            }
            "[" | "{" => {
                let value = self.literal()?;
                self.height = 1;
                Ok(Expr { kind: ExprKind::Literal(value), span: self.span_from(start) })
            }
            _ => Err(self.no_operand(symbol, start)),
        }
    }

    fn no_operand(&self, symbol: &str, at: Span) -> Diagnostic {
        let (message, help) = match symbol {
            "!" => ("`!` is not an operator here".to_owned(), "write `not`, as in `not active`"),
            "~" => (
                "`~` is not an operator here".to_owned(),
                "match a pattern with `regexp_matches(text, 'pattern')`; to negate, write `not`",
            ),
            "*" => ("`*` stands only in `count(*)`".to_owned(), "name a column, or multiply two values: `a * b`"),
            ")" => ("a value is missing before `)`".to_owned(), "add a value, or remove the operator before it"),
            "," => ("a value is missing before `,`".to_owned(), "add a value, or remove the comma"),
            "?" => ("`?` is not a parameter".to_owned(), "write a parameter as `${name}`"),
            ":" => (
                "`:` cannot start a name".to_owned(),
                "a parameter is written `${name}`; an odd name is quoted: \":x\"",
            ),
            "@" | "#" => (format!("`{symbol}` cannot start a name"), "quote such a name: \"@timestamp\""),
            "&&" | "||" | "and" | "or" => (format!("a value is missing before `{symbol}`"), "both sides need a value"),
            _ => (format!("`{symbol}` stands where a value is expected"), "an operator needs a value on both sides"),
        };
        Diagnostic::error("PW0101", message).help(help).at(at)
    }

    /// Everything that starts with a word.
    fn word(&mut self, text: String, quoted: bool) -> Parsed<Expr> {
        let start = self.peek().span;
        let keyword = self.peek().keyword();
        let followed_by_text = matches!(self.peek_at(1).kind, TokenKind::Text(_));
        let followed_by_number = matches!(self.peek_at(1).kind, TokenKind::Number(_));
        let opens_call = self.peek_at(1).is("(");
        let kind = match keyword.as_str() {
            "null" | "true" | "false" => ExprKind::Literal(self.literal()?),
            "interval" if followed_by_text || followed_by_number => ExprKind::Literal(self.literal()?),
            "timestamp" | "timestamptz" | "datetime" | "date" | "time" if followed_by_text => {
                ExprKind::Literal(self.literal()?)
            }
            "not" => {
                self.next();
                let inner = self.expression(NOT)?;
                let height = self.height;
                self.grow(height, start)?;
                return Ok(Expr { kind: ExprKind::Not(Box::new(inner)), span: self.span_from(start) });
            }
            "case" => return self.case(),
            "cast" | "try_cast" if opens_call => return self.cast(keyword == "cast"),
            "extract" if opens_call => return self.extract(),
            "select" | "with" if !opens_call && (keyword == "select" || self.peek_at(1).keyword() != "") => {
                return Err(Diagnostic::error("PW0106", "a single expression is expected here, not a query")
                    .help("write only the calculation, such as `status >= 500`; joining, grouping and sorting are steps of their own")
                    .at(start));
            }
            "where" if matches!(self.peek_at(1).kind, TokenKind::Word { .. }) => {
                return Err(Diagnostic::error("PW0106", "`where` is not part of the condition")
                    .help("leave out `where` and write only the condition")
                    .at(start));
            }
            _ if RESERVED.contains(&keyword.as_str()) => return Err(reserved(&keyword, start)),
            _ if opens_call && quoted => {
                return Err(Diagnostic::error(
                    "PW0101",
                    format!("the quoted name `\"{text}\"` is called as a function"),
                )
                .help("write a function's name without quotes")
                .at(start));
            }
            _ if opens_call => return self.call(),
            _ => {
                self.next();
                ExprKind::Column(text)
            }
        };
        self.height = 1;
        Ok(Expr { kind, span: self.span_from(start) })
    }
}

#[derive(Clone, Copy)]
enum Infix {
    Binary(BinaryOp),
    Is,
    Predicate,
    Cast,
    Member,
}

fn trailing_comma(at: Span) -> Diagnostic {
    Diagnostic::error("PW0101", "a comma stands before `)`").help("remove the comma, or add the value after it").at(at)
}

fn reserved(word: &str, at: Span) -> Diagnostic {
    let (message, help) = match word {
        "and" | "or" | "is" | "in" | "like" | "ilike" | "between" | "div" => {
            (format!("a value is missing before `{word}`"), format!("`{word}` stands between two values"))
        }
        "when" | "then" | "else" | "end" => {
            (format!("`{word}` stands outside of a `case`"), "write `case when … then … else … end`".to_owned())
        }
        _ => (format!("`{word}` is a keyword"), format!("a column of that name is written `\"{word}\"`")),
    };
    Diagnostic::error("PW0101", message).help(help).at(at)
}

fn operator_help(symbol: &str) -> String {
    let help = match symbol {
        "&&" | "&" => "write `and`",
        "|" => "write `or`, or `||` to join texts",
        "=>" => "write `>=`",
        "->" | "->>" | "#>" => "read JSON text with `json_get(text, '$.path')`, a record's field with `record.field`",
        "~" | "~*" | "!~" | "~~" => "match a pattern with `regexp_matches(text, 'pattern')`",
        "^" | "**" => "write `power(a, b)`",
        "<=>" => "write `is not distinct from`",
        "//" => "write `div` for whole division",
        "!" => "write `not` before the condition, `<>` for unequal",
        "[" => "read a list's item with `list_get(list, 1)`",
        "?" => "write `case when condition then a else b end`",
        ":" | ":=" => "write `=` to compare; a column's name is set beside its expression",
        _ => "operators are = <> < <= > >= + - * / % div || and or not",
    };
    help.to_owned()
}

/// A word where the expression should have ended.
fn word_after_expression(token: &Token) -> (&'static str, String, String) {
    let word = token.keyword();
    let help = match word.as_str() {
        "as" => "leave out `as`: the new column's name is set beside its expression".to_owned(),
        "from" | "where" | "group" | "having" | "limit" => {
            format!("leave out `{word}`: an expression is not a query")
        }
        "asc" | "desc" | "nulls" | "order" => "an order is allowed only where rows are sorted".to_owned(),
        "not" => "write `x is not null` or `x not in (…)`; before a condition, `and not`".to_owned(),
        "xor" => "write `a <> b` for two conditions".to_owned(),
        "mod" => "write `a % b`".to_owned(),
        "rlike" | "regexp" | "similar" | "matches" | "glob" => "write `regexp_matches(text, 'pattern')`".to_owned(),
        "contains" | "startswith" | "endswith" => "write `contains(text, 'part')`".to_owned(),
        "equals" | "eq" => "write `=`".to_owned(),
        "isnull" | "notnull" => "write `is null` or `is not null`".to_owned(),
        "at" => "write `at_timezone(time, 'Europe/Berlin')`".to_owned(),
        "then" | "else" | "end" | "when" => "write `case when … then … else … end`".to_owned(),
        "over" | "filter" => format!("`{word}` follows directly after a call: `sum(bytes) {word} (…)`"),
        _ => "put an operator between them; a name with spaces is quoted: \"my column\"".to_owned(),
    };
    ("PW0101", format!("{} follows without an operator", token.describe()), help)
}

#[cfg(test)]
mod tests;
