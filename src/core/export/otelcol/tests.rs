//! What is printed for the Collector: each statement and condition is parsed by a small grammar of OTTL, and nothing of a
//! design is code. That the file is YAML, and its parts belong together, is tested beside the other bundles.

use super::super::agent::OnAgent;
use super::super::{DesignInfo, Target, targets};
use super::*;
use crate::data::{DataType, Schema, Value};
use crate::expr::{BinaryOp, Expr, FunctionKind, functions};
use crate::formats::FormatSpec;
use crate::ir::{Column, Origin, Project, Read};
use crate::steps::PlanBuilder;

/// A reader of OTTL: `set(path, value) where condition`, or a condition alone.
struct Reader<'a> {
    rest: &'a str,
}

/// Functions that give a value, with how many arguments each takes.
const FUNCTIONS: [(&str, usize); 7] =
    [("Concat", 2), ("String", 1), ("ParseJSON", 1), ("HasPrefix", 2), ("HasSuffix", 2), ("IsMatch", 2), ("Int", 1)];

impl Reader<'_> {
    fn statement(text: &str) -> Result<(), String> {
        let mut reader = Reader { rest: text };
        reader.take("set(")?;
        reader.path()?;
        reader.take(",")?;
        reader.value()?;
        reader.take(")")?;
        if reader.is("where") {
            reader.condition()?;
        }
        reader.end()
    }

    fn end(&self) -> Result<(), String> {
        if self.rest.trim().is_empty() { Ok(()) } else { Err(format!("left: {}", self.rest)) }
    }

    fn is(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        if self.is(word) { Ok(()) } else { Err(format!("{word} at: {}", self.rest)) }
    }

    fn path(&mut self) -> Result<(), String> {
        if self.is("body") {
            return Ok(());
        }
        self.take("attributes")?;
        let mut keys = 0;
        while self.is("[") {
            self.text()?;
            self.take("]")?;
            keys += 1;
        }
        if keys > 0 { Ok(()) } else { Err("no key".to_owned()) }
    }

    fn text(&mut self) -> Result<(), String> {
        self.take("\"")?;
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(());
                }
                '\\' => drop(chars.next()),
                ' '..='~' => {}
                other => return Err(format!("{other:?} in a text")),
            }
        }
        Err("a text without an end".to_owned())
    }

    fn condition(&mut self) -> Result<(), String> {
        self.one_condition()?;
        while self.is("and ") || self.is("or ") {
            self.one_condition()?;
        }
        Ok(())
    }

    fn one_condition(&mut self) -> Result<(), String> {
        self.is("not ");
        if self.is("false") || self.is("true") {
            return Ok(());
        }
        let before = self.rest;
        if self.is("(") && self.condition().is_ok() && self.is(")") {
            return Ok(());
        }
        // A bracket of a calculation, or a function that asks.
        self.rest = before;
        self.value()?;
        if ["==", "!=", "<"].into_iter().any(|sign| self.is(sign)) {
            return self.value();
        }
        let asks = ["HasPrefix", "HasSuffix", "IsMatch"].iter().any(|name| before.trim_start().starts_with(name));
        if asks { Ok(()) } else { Err(format!("no condition: {before}")) }
    }

    fn value(&mut self) -> Result<(), String> {
        self.one_value()?;
        while ["+ ", "- ", "* ", "/ "].into_iter().any(|sign| self.is(sign)) {
            self.one_value()?;
        }
        Ok(())
    }

    fn one_value(&mut self) -> Result<(), String> {
        let start = self.rest.trim_start();
        if self.is("nil") {
            return Ok(());
        }
        if start.starts_with('"') {
            return self.text();
        }
        if start.starts_with("attributes") || start.starts_with("body") {
            return self.path();
        }
        if self.is("(") {
            self.value()?;
            return self.take(")");
        }
        if self.is("[") {
            return self.list("]").map(drop);
        }
        for (name, count) in FUNCTIONS {
            if self.is(&format!("{name}(")) {
                let found = self.list(")")?;
                return if found == count { Ok(()) } else { Err(format!("{name} of {found}")) };
            }
        }
        let digits = start.strip_prefix('-').unwrap_or(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse::<u64>().map_err(|_| format!("no value: {start}"))?;
        self.rest = &digits[end..];
        Ok(())
    }

    fn list(&mut self, close: &str) -> Result<usize, String> {
        let mut count = 0;
        loop {
            self.value()?;
            count += 1;
            if !self.is(",") {
                self.take(close)?;
                return Ok(count);
            }
        }
    }
}

/// The statements and conditions of a configuration, unquoted.
fn quoted(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("- '")?.strip_suffix('\''));
    lines.map(|line| line.replace("''", "'")).collect()
}

/// All of a configuration is OTTL; gives how much it is.
fn read(text: &str) -> usize {
    let found = quoted(text);
    for one in &found {
        let read = match one.starts_with("set(") {
            true => Reader::statement(one),
            false => {
                let mut reader = Reader { rest: one };
                reader.condition().and_then(|()| reader.end())
            }
        };
        assert_eq!(read, Ok(()), "{one}");
    }
    found.len()
}

/// A file with these columns, whose rows a step computes or filters; handed over.
fn flow(schema: Schema, title: &str, op: Op) -> (Plan, NodeId) {
    let origin = Origin { step: "s".into(), title: title.into() };
    let mut builder = PlanBuilder::default();
    let read = Read { path: "in.log".into(), format: FormatSpec::new("lines"), schema, ..Read::default() };
    let input = builder.push(Op::Read(read), vec![], &origin).unwrap();
    let last = builder.push(op, vec![input], &origin).unwrap();
    (Plan { nodes: builder.nodes, ..Plan::default() }, last)
}

fn printed(plan: &Plan, wanted: NodeId) -> Result<String, Diagnostic> {
    let mut stages = BTreeMap::new();
    for (id, _) in plan.iter() {
        let made = stage(&Ottl, plan, id, &stages)?;
        stages.insert(id, made);
    }
    Ok(configuration(plan, &stages, &[wanted]))
}

#[test]
fn what_is_printed_is_ottl() {
    let schema = || {
        let numbers = [("a", DataType::Int), ("b", DataType::Int), ("f", DataType::Float), ("ok", DataType::Boolean)];
        let others = [("s", DataType::String), ("t", DataType::Timestamp), ("d", DataType::Date)];
        Schema::of(numbers.into_iter().chain(others).collect::<Vec<_>>())
    };
    for text in [
        "a > 5 and not (s = 'x' or b is null)",
        "a + b * 3 - 7 > 0",
        "a % b = 1 or ok",
        "s like 'it''s $5%' and starts_with(s, '${env:HOME}')",
        "regexp_matches(s, '^[a-z]+\\$ \"é\"') or ends_with(s, 'x')",
        "case when a in (1, 2) then 'x' else s || a end <> ''",
        "date_trunc('hour', t) < timestamp '2026-01-01T00:00:00Z'",
        "coalesce(s, concat(a, '-', ok)) is not distinct from 'q'",
        "f is null or abs(a) between 1 and 9",
    ] {
        let predicate = crate::expr::parse(text).unwrap();
        let (plan, last) = flow(schema(), "Kept", Op::Filter { predicate });
        let text = printed(&plan, last).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert!(read(&text) > 10, "{text}");
        assert!(!text.contains('$'), "{text}");
    }
}

#[test]
fn every_function_example_is_ottl_or_refused_by_name() {
    let (mut carried, mut refused) = (0, 0);
    let scalars = functions().iter().filter(|function| function.kind == FunctionKind::Scalar);
    for example in scalars.flat_map(|function| function.examples) {
        let Ok(expr) = crate::expr::parse(example.call) else { continue };
        let column = Column::new("x".to_owned(), expr);
        let (plan, last) = flow(Schema::of([("c", DataType::Int)]), "Made", Op::Project(Project::new(vec![column])));
        match printed(&plan, last) {
            Ok(text) => {
                carried += 1;
                read(&text);
            }
            Err(fault) => {
                refused += 1;
                assert!(fault.message.starts_with("OpenTelemetry Collector does not carry "), "{}", fault.message);
            }
        }
    }
    assert!(carried > 50 && refused > 10, "{carried} {refused}");
}

#[test]
fn nothing_of_the_design_is_code() {
    let lines = |text: &str| text.lines().filter(|line| !line.trim_start().starts_with('#')).count();
    let made = |text: &str| {
        let is_text = Expr::binary(BinaryOp::Equal, Expr::column(text), Expr::literal(Value::text(text)));
        let (plan, last) = flow(Schema::of([(text, DataType::String)]), text, Op::Filter { predicate: is_text });
        printed(&plan, last).unwrap()
    };
    let calm = lines(&made("a"));
    for hostile in
        ["\") where true", "') or (1 == 1", "${env:HOME}", "\n          - set(body, \"\")", "\\", "é 漢 \u{2028}"]
    {
        let text = made(hostile);
        assert_eq!(lines(&text), calm, "{text}");
        assert!(!text.contains('$'), "{text}");
        read(&text);
    }
}

#[test]
fn the_bundle_has_what_it_needs() {
    let target = targets().iter().find(|target| target.name() == "otelcol").unwrap();
    let plan = Plan::default();
    assert!(target.export(&plan, &DesignInfo::default()).has_errors());
    assert!(OnAgent(Collector).doc().contains("Not run here"));
}
