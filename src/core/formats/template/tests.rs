//! Tests of templates that no single format needs.

use super::compile::{Compiled, FieldItem, Item, Kind, compile};
use super::{Joins, Table};
use crate::formats::testing::{prepare, read, read_with};
use crate::formats::{FormatSpec, formats};

fn compiled(variants: &'static [&'static str]) -> Compiled {
    compile(&Table { variants, ..Table::PLAIN })
}

/// The captures of a line as texts.
fn captured(compiled: &Compiled, line: &str) -> Option<Vec<String>> {
    let mut captures = Vec::new();
    compiled.read(line, &mut captures)?;
    Some(captures.iter().map(|capture| line[capture.start..capture.end].to_owned()).collect())
}

#[test]
fn captures_end_where_the_next_literal_begins() {
    let texts = |variants, line| captured(&compiled(variants), line);
    assert_eq!(texts(&["{a}[{b:int}]: {c:rest}"], "x[12]: y z"), Some(vec!["x".into(), "12".into(), "y z".into()]));
    assert_eq!(texts(&["{a:text} ({b})"], "x (y) (z)"), None);
    assert_eq!(texts(&["{a:until_last} ({b})"], "x (y) (z)"), Some(vec!["x (y)".into(), "z".into()]));
    assert_eq!(texts(&["{a}{? {{{b:text}}}?} {c}"], "x {y z} w"), Some(vec!["x".into(), "y z".into(), "w".into()]));
    assert_eq!(texts(&["{a}{? {{{b:text}}}?} {c}"], "x w"), Some(vec!["x".into(), "w".into()]));
    assert_eq!(texts(&["{a:quoted} {b}"], r#""x \" "y" z"#), Some(vec![r#"x \" "y"#.into(), "z".into()]));
    assert_eq!(texts(&["{a:addr} {b}"], "[::1]:80 x"), Some(vec!["[::1]:80".into(), "x".into()]));
    assert_eq!(texts(&["[{a:text}] {b:rest}"], "[x [y] z] "), Some(vec!["x [y".into(), "z] ".into()]));
    assert_eq!(texts(&["[{a:text}]"], "[x"), None);
    assert_eq!(texts(&["{a:=X|Y}{b:[12]}"], "Y2"), Some(vec!["Y".into(), "2".into()]));
    assert_eq!(texts(&["{a:=X|Y}{b:[12]}"], "Z2"), None);
    assert_eq!(texts(&["{a}: {b:rest}"], "x:"), Some(vec!["x".into(), "".into()]));
}

#[test]
fn columns_of_all_variants_come_in_the_common_order() {
    let compiled = compiled(&["{own} {message:rest}", "{time:iso} {c:addr} {n:ms} {r:request} {own:int}"]);
    let names: Vec<String> =
        compiled.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
    let expected = ["time Timestamp", "method String", "path String", "http_version String", "request String"];
    assert_eq!(names[..5], expected);
    assert_eq!(names[5..], ["own String", "c String", "c_port Int", "n Float", "message String"]);
}

#[test]
fn every_template_is_readable_and_events_of_several_lines_have_a_message() {
    let tables = crate::formats::families::tables();
    assert!(tables.len() >= 27);
    for table in tables {
        let compiled = compile(table);
        assert_eq!(compiled.variants.len(), table.variants.len() + table.also.len(), "{}", table.name);
        assert!(
            !table.examples.is_empty() && formats().iter().any(|format| format.name() == table.name),
            "{}",
            table.name
        );
        let takes_more = |items: &[Item]| {
            items.iter().any(|item| match item {
                Item::Field(FieldItem { kind: Kind::Rest, .. }) => true,
                Item::Field(field) => {
                    matches!(field.kind, Kind::Text | Kind::UntilLast)
                        && compiled.schema.fields.get(field.columns[0]).is_some_and(|field| field.name == "message")
                }
                _ => false,
            })
        };
        for (items, template) in compiled.variants.iter().zip(table.variants) {
            assert!(table.joins == Joins::Never || takes_more(items), "{}: {template}", table.name);
        }
    }
}

#[test]
fn events_join_only_what_may_continue_them() {
    let spec = FormatSpec::new("application_log");
    let text = "2024-03-01 10:00:00,123 ERROR [main] a.B - failed\n\
                java.io.IOException: x\n\tat a.B(B.java:1)\nCaused by: y\n\n\
                2024-03-01 10:00:01,123 INFO [main] a.B - ok\n\
                level=info msg=\"of another log\"\n\
                10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200 1\n";
    let reading = read(&spec, text);
    assert_eq!(
        (reading.tally.accepted, reading.tally.joined, reading.tally.quarantined, reading.tally.blank),
        (2, 3, 2, 1)
    );
    let message = reading.schema.index("message").unwrap();
    assert_eq!(reading.rows[0][message].to_json(), "failed\njava.io.IOException: x\n\tat a.B(B.java:1)\nCaused by: y");
    // Another layout of times, since an upgrade; numbers and figures of a message are none.
    for other in
        ["02/Mar/2026:10:00:00 INFO x", "03/02/2026 10:00:00 AM ERROR x", "2.3.2026 10:00 x", "1772445600 ERROR x"]
    {
        let reading = read(&spec, &format!("{text}{other}\n"));
        let apart = reading.tally.accepted + reading.tally.quarantined;
        assert_eq!((reading.tally.joined, apart), (3, 5), "{other}");
    }
    for more in ["12 rows", "3/4/5 of 7", "1.2.3", "03/02/2026", "1772445600"] {
        let text = format!("2024-03-01 10:00:00,123 ERROR [main] a.B - failed\n{more}\n");
        assert_eq!(read(&spec, &text).tally.joined, 1, "{more}");
    }
    let parser = prepare(&spec, None, text);
    let cuts = crate::formats::testing::pieces(parser.as_ref(), text, 30);
    assert!(cuts.len() > 2);
    assert_eq!(read_with(parser.as_ref(), &cuts).rows, reading.rows);
}
