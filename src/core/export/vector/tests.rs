//! What is printed for Vector, what stays behind, and that nothing of a design is code. Whether the programs give the same
//! rows is tested on VRL's own compiler.

use super::super::agent::OnAgent;
use super::super::pipeline::Pipeline;
use super::super::{DesignInfo, Target};
use super::*;
use crate::data::Value;
use crate::expr;
use crate::formats::FormatSpec;
use crate::ir::{Destination, FileKind, Origin, Rows, WhenExists, Write};
use crate::steps::PlanBuilder;

fn printed_text(text: &str) -> Result<String, String> {
    let schema = Schema::of([
        ("a", DataType::Int),
        ("f", DataType::Float),
        ("s", DataType::String),
        ("t", DataType::Timestamp),
        ("d", DataType::Duration),
    ]);
    let parameters = [("p".to_owned(), DataType::Int)].into();
    let printed = Printer::new(&schema, &parameters).column(&expr::parse(text).unwrap());
    printed.map(|vrl| vrl.text).map_err(|fault| fault.message)
}

#[test]
fn expressions_are_printed_in_the_words_of_vrl() {
    for (text, vrl) in [
        ("s", ".\"s\""),
        ("d", ".\"d\""),
        ("1 + 2 * 3", "7"),
        ("s is null", "{ v1 = .\"s\"; v1 == null }"),
        ("a > 5", "{ v1 = .\"a\"; v2 = 5; if v1 == null { null } else { int!(v1) > v2 } }"),
        ("length(s)", "{ v1 = .\"s\"; if v1 == null { null } else { strlen(string!(v1)) } }"),
        (
            "regexp_matches(s, '^it''s \\$5')",
            "{ v1 = .\"s\"; if v1 == null { null } else { match(string!(v1), r'\\Ait\\x{27}s \\x{24}5') } }",
        ),
    ] {
        assert_eq!(printed_text(text).as_deref(), Ok(vrl), "{text}");
    }
}

#[test]
fn what_is_not_carried_is_refused_by_name() {
    for text in
        ["a = f", "d > interval '1 second'", "upper(s)", "a + ${p}", "regexp_matches(s, '(?m)a$')", "s ilike 'a'"]
    {
        let fault = printed_text(text).expect_err(text);
        assert!(fault.starts_with("Vector does not carry "), "{text}: {fault}");
    }
}

/// A file of lines with that column, filtered for a text, counted, and loaded.
fn flow(column: &str, title: &str, text: &str) -> Plan {
    let origin = Origin { step: "s".into(), title: title.into() };
    let schema = Schema::of([(column, DataType::String), ("n", DataType::Float)]);
    let mut builder = PlanBuilder::default();
    let read = Read {
        path: format!("{text}.log"),
        format: FormatSpec::new("lines"),
        schema,
        columns: None,
        position: false,
        planned: None,
        location: None,
    };
    let input = builder.push(Op::Read(read), vec![], &origin).unwrap();
    let is_text = Expr::binary(expr::BinaryOp::Equal, Expr::column(column), Expr::literal(Value::text(text)));
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
fn the_agent_filters_and_the_runner_does_what_stays_behind() {
    let bundle = OnAgent(Vector)
        .export(&flow("line", "Errors", "error"), &DesignInfo { name: "shop".into(), ..DesignInfo::default() });
    assert!(!bundle.has_errors(), "{:?}", bundle.diagnostics);
    let yaml = &bundle.files["vector.yaml"].text;
    for part in [
        "feed_0:",
        "inputs: [feed_0]",
        "to_float!(.\"n\")",
        "type: filter",
        "inputs: [n0]",
        "inputs: [n1]",
        "path: handover/n1.jsonl",
        "reroute_dropped: true",
        "inputs: [n0.dropped]",
        "path: handover/dropped.jsonl",
    ] {
        assert!(yaml.contains(part), "{part}:\n{yaml}");
    }
    let rest = Pipeline::from_text(&bundle.files["rest.json"].text).unwrap().plan;
    let names: Vec<&str> = rest.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["read", "limit", "write"]);
    assert!(matches!(&rest.nodes[0].op, Op::Read(read) if read.path == "handover/n1.jsonl"));
    assert!(bundle.files["feed.sh"].text.contains("read error.log --declared \"$here/n0.json\""));
}

#[test]
fn a_design_that_reads_no_file_is_refused() {
    let mut plan = flow("line", "Errors", "error");
    let rows = Rows { schema: plan.nodes[0].schema.clone(), rows: Vec::new() };
    std::sync::Arc::make_mut(&mut plan.nodes[0]).op = Op::Rows(rows);
    let bundle = OnAgent(Vector).export(&plan, &DesignInfo::default());
    assert_eq!(bundle.diagnostics[0].code, "PW0640");
    assert!(bundle.files.is_empty());
}

#[test]
fn a_source_that_is_not_fed_is_told_with_its_reason() {
    let bundle = OnAgent(Vector).export(&flow("co$t", "Errors", "error"), &DesignInfo::default());
    let told: Vec<&str> = bundle.diagnostics.iter().map(|fault| &*fault.message).collect();
    assert_eq!(told, ["Vector does not carry the name of the column `co$t`"]);
}

#[test]
fn nothing_of_the_design_is_code() {
    for hostile in [
        "\" }; abort; \"",
        "'; exit 1 #",
        "{{ .secret }}",
        "${HOME}$(touch hacked)`touch hacked`",
        "\n      source: |\n        abort",
        "\\",
        "r'x' \u{2028} é 漢",
    ] {
        let plan = flow("line", hostile, hostile);
        let bundle = OnAgent(Vector).export(&plan, &DesignInfo { name: hostile.into(), ..DesignInfo::default() });
        // A path may be none that can be read; what is printed is.
        let files = if bundle.files.is_empty() { continue } else { bundle.files };
        let yaml = &files["vector.yaml"].text;
        assert!(!yaml.contains('$'), "{yaml}");
        let filter = yaml.split("type: vrl").nth(1).unwrap().split("sinks:").next().unwrap();
        assert_eq!(filter.lines().filter(|line| !line.trim().is_empty()).count(), 3, "{filter}");
        let words: Vec<&str> = filter.split('"').collect();
        assert_eq!(words.len(), if hostile.contains('"') { 7 } else { 5 }, "{filter}");
        assert!(field(hostile).is_err() || !hostile.contains(['"', '\\', '$', '{', '\n', '\u{2028}']), "{hostile}");
    }
}
