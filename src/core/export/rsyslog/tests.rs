//! What is printed for rsyslog, what stays behind, and that nothing of a design is code. Whether it gives the same rows is
//! tested on a real rsyslogd.

use super::super::agent::OnAgent;
use super::super::agent::conditions::Printer;
use super::super::pipeline::Pipeline;
use super::super::{DesignInfo, Target};
use super::*;
use crate::data::{DataType, Schema, Value};
use crate::expr::{self, BinaryOp, Expr};
use crate::formats::FormatSpec;
use crate::ir::{Destination, FileKind, Origin, Read, WhenExists, Write};
use crate::steps::PlanBuilder;

/// What is set until a condition is known, and the condition.
fn printed_condition(text: &str) -> Result<(Vec<String>, Cond), String> {
    let schema = Schema::of([("a", DataType::Int), ("f", DataType::Float), ("s", DataType::String)]);
    let parameters = [("p".to_owned(), DataType::Int)].into();
    let columns: Vec<_> = (0..3)
        .map(|number| {
            let place = Rainer.column(number);
            let text = if number == 0 { Rainer.number(&place) } else { place.clone() };
            super::super::agent::conditions::Held { known: Cond::When(Rainer.is_there(&place)), place, text }
        })
        .collect();
    let printer = Printer::new(&Rainer, &schema, &parameters, &columns, NodeId(7));
    let printed = printer.truth_of(&expr::parse(text).unwrap()).map_err(|fault| fault.message)?;
    Ok((printer.into_statements(), printed.0))
}

#[test]
fn conditions_are_printed_in_the_words_of_rsyslog() {
    for (text, statements, condition) in [
        ("a = 5", vec![], "(exists($!c0) and (cnum($!c0) == 5))"),
        ("not (a = 5)", vec![], "(exists($!c0) and (cnum($!c0) != 5))"),
        ("a < 0", vec![], "(exists($!c0) and (cstr(cnum($!c0)) startswith \"-\"))"),
        ("f is null", vec![], "not (exists($!c1))"),
        (
            "s || 'x' = 'it''s $5'",
            vec!["if (exists($!c2)) then { set $.v7_1 = $!c2 & \"x\"; }"],
            "(exists($.v7_1) and ($.v7_1 == \"it\\x27s \\x245\"))",
        ),
    ] {
        let wanted = (statements.into_iter().map(str::to_owned).collect(), Cond::When(condition.to_owned()));
        assert_eq!(printed_condition(text), Ok(wanted), "{text}");
    }
}

#[test]
fn what_is_not_carried_is_refused_by_name() {
    for text in
        ["a = f", "upper(s) = 'A'", "a > ${p}", "regexp_matches(s, '(?m)a$')", "s ilike 'a'", "s < 'b'", "s like 'a_'"]
    {
        let fault = printed_condition(text).expect_err(text);
        assert!(fault.starts_with("rsyslog does not carry "), "{text}: {fault}");
    }
}

/// A file of lines with that column, filtered for a text, cut, and loaded.
fn flow(column: &str, title: &str, text: &str) -> Plan {
    let origin = Origin { step: "s".into(), title: title.into() };
    let schema = Schema::of([(column, DataType::String), ("t", DataType::Timestamp)]);
    let mut builder = PlanBuilder::default();
    let read = Read { path: format!("{text}.log"), format: FormatSpec::new("lines"), schema, ..Read::default() };
    let input = builder.push(Op::Read(read), vec![], &origin).unwrap();
    let is_text = Expr::binary(BinaryOp::Equal, Expr::column(column), Expr::literal(Value::text(text)));
    let kept = builder.push(Op::Filter { predicate: is_text }, vec![input], &origin).unwrap();
    let key = expr::SortKey { expr: Expr::column(column), descending: false };
    let limit = Op::Limit(crate::ir::Limit { keys: vec![key], count: 1, offset: 0 });
    let first = builder.push(limit, vec![kept], &origin).unwrap();
    let (path, kind) = ("x.csv".into(), FileKind::Csv);
    let destination = Destination::File { path, kind, partition: vec![], when_exists: WhenExists::Fail };
    builder.push(Op::Write(Write::new(destination, vec![])), vec![first], &origin).unwrap();
    Plan { nodes: builder.nodes, ..Plan::default() }
}

#[test]
fn rows_go_to_the_agent_and_come_back() {
    let bundle = OnAgent(Rsyslog).export(&flow("line", "Errors", "error"), &DesignInfo::default());
    assert!(!bundle.has_errors(), "{:?}", bundle.diagnostics);
    let names = |file: &str| -> Vec<&'static str> {
        let plan = Pipeline::from_text(&bundle.files[file].text).unwrap().plan;
        plan.nodes.iter().map(|node| node.op.name()).collect()
    };
    assert_eq!(names("stage.json"), ["read", "project", "write"]);
    assert_eq!(names("rest.json"), ["read", "project", "limit", "write"]);
    let text = &bundle.files["rsyslog.conf"].text;
    for part in [
        "file=\"./feed/n0.jsonl\"",
        "if ((exists($!c0) and ($!c0 == \"error\"))) then { set $.n1 = 1; }",
        "if (exists($.n1)) then {",
        "if (exists($!c1)) then { set $!n1!c1 = $!c1; }",
        "file=\"./handover/n1.jsonl\"",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
}

#[test]
fn nothing_of_the_design_is_code() {
    let lines = |text: &str| text.lines().filter(|line| !line.trim_start().starts_with('#')).count();
    let calm = OnAgent(Rsyslog).export(&flow("a", "a", "a"), &DesignInfo::default());
    let wanted = lines(&calm.files["rsyslog.conf"].text);
    for hostile in ["\" } stop {\"", "'; stop #", "%msg%", "`echo $HOME` $!c1 \\", "\n  stop\n", "\\", "é 漢 \u{2028}"]
    {
        let plan = flow(hostile, hostile, hostile);
        let bundle = OnAgent(Rsyslog).export(&plan, &DesignInfo { name: hostile.into(), ..DesignInfo::default() });
        // A path may be none that can be read; what is printed is.
        let Some(file) = bundle.files.get("rsyslog.conf") else { continue };
        assert_eq!(lines(&file.text), wanted, "{}", file.text);
        assert!(file.text.lines().all(|line| !line.ends_with('\\')), "{}", file.text);
        let statement = file.text.lines().find(|line| line.contains("set $.n1")).unwrap();
        assert_eq!(statement.matches('"').count(), 2, "{statement}");
        assert!(statement.is_ascii() && !statement.contains(['`', '\'', '%']), "{statement}");
    }
}
