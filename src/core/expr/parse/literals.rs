//! Values written in an expression: numbers, texts, times, spans, lists, records; and names of types.
//! Must not import any room but `data`.

use super::super::durations::{SpanError, is_unit, parse_span};
use super::super::tokens::TokenKind;
use super::{Parsed, Parser, trailing_comma};
use crate::data::instants::{parse_date, parse_timestamp};
use crate::data::{DataType, Value};
use crate::diagnostic::{Diagnostic, Span};

impl Parser {
    /// A value: what bounds of frames, items of lists and operands share.
    pub(super) fn literal(&mut self) -> Parsed<Value> {
        let token = self.next();
        let value = match &token.kind {
            TokenKind::Number(digits) => number(digits, "", token.span)?,
            TokenKind::Text(text) => Value::String(text.clone()),
            TokenKind::Symbol(symbol) if symbol == "-" => match self.next() {
                super::Token { kind: TokenKind::Number(digits), span } => number(&digits, "-", token.span.to(span))?,
                other => return Err(not_constant(&other.describe(), other.span)),
            },
            TokenKind::Symbol(symbol) if symbol == "[" => self.list_literal(token.span)?,
            TokenKind::Symbol(symbol) if symbol == "{" => self.record_literal(token.span)?,
            TokenKind::Word { quoted: false, text } => match token.keyword().as_str() {
                "null" => Value::Null,
                "true" => Value::Boolean(true),
                "false" => Value::Boolean(false),
                "interval" => Value::Duration(self.interval(token.span)?),
                word @ ("timestamp" | "timestamptz" | "datetime" | "date" | "time") => self.moment(word, token.span)?,
                _ => return Err(not_constant(&format!("`{text}`"), token.span)),
            },
            _ => return Err(not_constant(&token.describe(), token.span)),
        };
        Ok(value)
    }

    fn list_literal(&mut self, open: Span) -> Parsed<Value> {
        let mut items = Vec::new();
        self.nest(open)?;
        while !self.peek().is("]") {
            items.push(self.literal()?);
            let comma = self.peek().span;
            if !self.take(",") {
                break;
            }
            if self.peek().is("]") {
                return Err(trailing_comma(comma));
            }
        }
        self.close_literal("]", open)?;
        Ok(Value::List(items))
    }

    fn record_literal(&mut self, open: Span) -> Parsed<Value> {
        let mut fields = Vec::new();
        self.nest(open)?;
        while !self.peek().is("}") {
            let token = self.next();
            let (TokenKind::Word { text: name, .. } | TokenKind::Text(name)) = token.kind else {
                return Err(Diagnostic::error("PW0101", "a field's name is missing in this record")
                    .help("write `{name: 1, other: 'text'}`")
                    .at(token.span));
            };
            if !self.take(":") {
                return Err(Diagnostic::error("PW0101", format!("`:` is missing after the field `{name}`"))
                    .help(format!("a record is written `{{name: 1, other: 'text'}}`, a parameter `${{{name}}}`"))
                    .at(token.span));
            }
            fields.push((name, self.literal()?));
            if !self.take(",") {
                break;
            }
        }
        self.close_literal("}", open)?;
        Ok(Value::Record(fields))
    }

    fn nest(&mut self, at: Span) -> Parsed<()> {
        self.nesting += 1;
        if self.nesting > super::MAX_NESTING {
            return Err(Diagnostic::error(
                "PW0104",
                format!("the value nests more than {} levels deep", super::MAX_NESTING),
            )
            .help("read such data from a file")
            .at(at));
        }
        Ok(())
    }

    fn close_literal(&mut self, symbol: &str, open: Span) -> Parsed<()> {
        self.nesting -= 1;
        if self.take(symbol) {
            return Ok(());
        }
        let token = self.peek();
        Err(Diagnostic::error("PW0103", format!("`{symbol}` is missing before {}", token.describe()))
            .help("lists and records in expressions hold constant values, parted by commas")
            .at(open.to(token.span)))
    }

    /// After `interval`: `'15 minutes'`, `'15' minutes`, `15 minutes`.
    fn interval(&mut self, start: Span) -> Parsed<i64> {
        let mut text = match self.next().kind {
            TokenKind::Text(text) | TokenKind::Number(text) => text,
            _ => String::new(),
        };
        if let TokenKind::Word { text: unit, quoted: false } = &self.peek().kind
            && is_unit(unit)
        {
            text = format!("{text} {unit}");
            self.next();
        }
        let span = self.span_from(start);
        parse_span(&text).map_err(|error| span_diagnostic(&text, &error).at(span))
    }

    /// After `timestamp` or `date`.
    fn moment(&mut self, word: &str, start: Span) -> Parsed<Value> {
        let token = self.next();
        let span = start.to(token.span);
        let TokenKind::Text(text) = &token.kind else {
            return Err(not_constant(&format!("`{word}`"), start));
        };
        let (value, example) = match word {
            "date" => (parse_date(text).map(Value::Date), "date '2026-03-02'"),
            "time" => (None, "interval '14 hours 2 minutes' for a time of day"),
            _ => (parse_timestamp(text).map(Value::Timestamp), "timestamp '2026-03-02T14:02:11Z'"),
        };
        value.ok_or_else(|| {
            Diagnostic::error("PW0105", format!("'{text}' is no {word}")).help(format!("write {example}")).at(span)
        })
    }

    /// A type's name: `int`, `list<string>`, `record{a: int, "b c": date}`.
    pub(super) fn data_type(&mut self) -> Parsed<DataType> {
        let start = self.next();
        let TokenKind::Word { text, quoted: false } = &start.kind else {
            return Err(Diagnostic::error("PW0105", format!("a type is expected, not {}", start.describe()))
                .help(format!("the types are {}", DataType::NAMES.join(", ")))
                .at(start.span));
        };
        let data_type = match start.keyword().as_str() {
            "list" => {
                self.nest(start.span)?;
                self.expect_in_type("<")?;
                let item = self.data_type()?;
                self.expect_in_type(">")?;
                self.nesting -= 1;
                DataType::List(Box::new(item))
            }
            "record" => DataType::Record(self.record_type(start.span)?),
            "double" => {
                self.take_keyword("precision");
                DataType::Float
            }
            _ => text.parse().map_err(|_| {
                let known = ["boolean", "int", "float", "string", "timestamp", "date", "duration"];
                let near = crate::diagnostic::did_you_mean(text, known);
                Diagnostic::error("PW0105", format!("unknown type `{text}`{near}"))
                    .help(format!("the types are {}, List<…>", DataType::NAMES.join(", ")))
                    .at(start.span)
            })?,
        };
        if self.peek().is("(") {
            return Err(Diagnostic::error("PW0105", format!("the type `{text}` takes no length"))
                .help(format!("write `{}`", text.to_lowercase()))
                .at(self.peek().span));
        }
        Ok(data_type)
    }

    fn record_type(&mut self, start: Span) -> Parsed<Vec<(String, DataType)>> {
        let mut fields = Vec::new();
        self.nest(start)?;
        self.expect_in_type("{")?;
        while !self.peek().is("}") {
            let token = self.next();
            let (TokenKind::Word { text: name, .. } | TokenKind::Text(name)) = token.kind else {
                return Err(Diagnostic::error("PW0105", "a field's name is missing in this type")
                    .help("write `record{name: int, \"other name\": string}`")
                    .at(token.span));
            };
            self.expect_in_type(":")?;
            fields.push((name, self.data_type()?));
            if !self.take(",") {
                break;
            }
        }
        self.expect_in_type("}")?;
        self.nesting -= 1;
        Ok(fields)
    }

    /// A bracket of a type; of `>>` it takes the first half.
    fn expect_in_type(&mut self, symbol: &str) -> Parsed<()> {
        let position = self.position;
        let token = self.peek().clone();
        if let TokenKind::Symbol(found) = &token.kind
            && let Some(rest) = found.strip_prefix(symbol)
        {
            if rest.is_empty() {
                self.next();
            } else {
                let start = token.span.start as usize + symbol.len();
                self.tokens[position] = super::Token {
                    kind: TokenKind::Symbol(rest.to_owned()),
                    span: Span::new(start, token.span.end as usize),
                };
            }
            return Ok(());
        }
        Err(Diagnostic::error("PW0105", format!("`{symbol}` is missing in the type before {}", token.describe()))
            .help("write `list<int>`, or `record{name: int}`")
            .at(token.span))
    }
}

fn number(digits: &str, sign: &str, span: Span) -> Parsed<Value> {
    let text = format!("{sign}{digits}");
    if digits.contains(['.', 'e', 'E']) {
        return match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::float(number)),
            _ => Err(Diagnostic::error("PW0105", format!("`{text}` is not a number that can be held"))
                .help("numbers reach from -1.8e308 to 1.8e308, with one decimal point")
                .at(span)),
        };
    }
    text.parse().map(Value::Int).map_err(|_| {
        Diagnostic::error("PW0105", format!("`{text}` is too large for an Int"))
            .help(format!("write `{text}.0` for a Float, or quote it if it is a name or an id"))
            .at(span)
    })
}

fn not_constant(what: &str, at: Span) -> Diagnostic {
    Diagnostic::error("PW0105", format!("a constant value is expected here, not {what}"))
        .help("write a number, a 'text', true, false, null, `interval '…'` or `timestamp '…'`")
        .at(at)
}

/// In words why a span of time cannot be read.
pub(in super::super) fn span_diagnostic(text: &str, error: &SpanError) -> Diagnostic {
    let example = "write a number and a unit, such as `interval '15 minutes'`; units reach from microseconds to weeks";
    match error {
        SpanError::Calendar(unit) => {
            Diagnostic::error("PW0105", format!("`{unit}` has no fixed length, so an interval cannot hold it"))
                .help("write days, such as `interval '30 days'`, or group by `date_trunc('month', time)`")
        }
        SpanError::UnknownUnit(unit) => {
            let units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds"];
            let near = crate::diagnostic::did_you_mean(unit, units);
            Diagnostic::error("PW0105", format!("unknown unit of time `{unit}`{near}")).help(example)
        }
        SpanError::NoUnit(number) => {
            Diagnostic::error("PW0105", format!("a unit of time is missing after `{number}`")).help(example)
        }
        SpanError::Unreadable => Diagnostic::error("PW0105", format!("'{text}' is no span of time")).help(example),
        SpanError::TooLong => Diagnostic::error("PW0105", format!("'{text}' is too long for a span of time"))
            .help("spans reach to about 292,000 years"),
    }
}
