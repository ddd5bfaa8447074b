//! Tests of the CSV format.

use super::*;
use crate::formats::testing::{prepare, read, read_as, samples};
use crate::formats::{format, recognise};

fn spec() -> FormatSpec {
    FormatSpec::new("csv")
}

#[test]
fn headers_types_and_nulls() {
    let text = "\u{feff}id, name ,zip,,name,at,day,ok,x\r\n\
                1,\"a, \"\"b\"\"\",08123,,,2024-01-01 10:00:00,2024-01-01,true,1.5\r\n\
                \r\n\
                2,\"\",12345,z,c,,,,2\r\n";
    let reading = read(&spec(), text);
    assert_eq!(
        reading.columns(),
        [
            "id Int",
            "name String",
            "zip String",
            "column_4 String",
            "name_2 String",
            "at Timestamp",
            "day Date",
            "ok Boolean",
            "x Float"
        ]
    );
    assert_eq!(
        reading.json(),
        [
            r#"[1,"a, \"b\"","08123",null,null,"2024-01-01T10:00:00Z","2024-01-01",true,1.5]"#,
            r#"[2,"","12345","z","c",null,null,null,2.0]"#,
        ]
    );
    assert_eq!((reading.tally.meta, reading.tally.blank, reading.tally.accepted), (1, 1, 2));
    assert_eq!(reading.places[1].0, 4);
}

#[test]
fn ragged_and_malformed_records_are_kept_aside() {
    let reading = read(&spec(), "a,b\n1,2\n3\n4,5,6\n7,\"8\n9,10\na,b\n11,12");
    assert_eq!(reading.json(), ["[1,2]", "[9,10]", "[11,12]"]);
    let reasons: Vec<_> = reading.quarantined.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (3, "1 field where 2 are expected"),
            (4, "3 fields where 2 are expected"),
            (5, "a quote does not close before a separator or line end")
        ]
    );
    assert_eq!(reading.tally.meta, 2);
}

#[test]
fn fields_that_do_not_fit_are_null() {
    let schema = Schema::of([("a", DataType::Int), ("b", DataType::Timestamp)]);
    let reading = read_as(&spec(), &schema, "a,b,c\n 7 ,x,1\n99999999999999999999,2024-01-01,2\n");
    assert_eq!(reading.json(), ["[7,null]", r#"[null,"2024-01-01T00:00:00Z"]"#]);
    assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"c": 2}"#);
    assert_eq!(format!("{:?}", reading.tally.changes.unfit), r#"{"a": 1, "b": 1}"#);
}

#[test]
fn columns_are_found_by_name_in_each_file() {
    let schema = Schema::of([("b", DataType::String), ("a", DataType::Int)]);
    assert_eq!(read_as(&spec(), &schema, "a,b\n1,x\n").json(), [r#"["x",1]"#]);
    assert_eq!(read_as(&spec(), &schema, "c,b,a\n1,x,2\n").json(), [r#"["x",2]"#]);
}

#[test]
fn without_header_columns_are_numbered() {
    let reading = read(&spec(), "1;x\n2;y\n");
    assert_eq!(reading.columns(), ["column_1 Int", "column_2 String"]);
    assert_eq!(reading.json(), [r#"[1,"x"]"#, r#"[2,"y"]"#]);
    let schema = Schema::of([("column_2", DataType::String)]);
    assert_eq!(read_as(&spec().with("separator", ";"), &schema, "1;x\n2;y\n").json(), [r#"["x"]"#, r#"["y"]"#]);
    assert_eq!(read(&spec().with("header", "no"), "a,b\nc,d\n").tally.rows, 2);
    assert_eq!(read(&spec().with("header", "yes"), "1,2\n3,4\n").columns(), ["1 Int", "2 Int"]);
}

#[test]
fn options_are_checked() {
    let wrong = format("csv").unwrap().prepare(&spec().with("separator", ",,"), None, &Sample::default());
    assert_eq!(wrong.err().unwrap().message, "the separator `,,` is not one character");
    let reading = read(&spec().with("separator", "tab").with("quote", "none"), "a\tb\n\"x\ty\"\n");
    assert_eq!(reading.json(), [r#"["\"x","y\""]"#]);
    assert_eq!(read(&spec().with("quote", "'"), "a,b\n'x,''y',1\n").json(), [r#"["x,'y",1]"#]);
}

#[test]
fn recognition_finds_separator_and_header() {
    for (text, separator, header) in [
        ("a,b,c\n1,2,3\n4,5,6\n", ",", "yes"),
        ("a;b;c\n1,5;2;3\n4,5;5;6\n", ";", "yes"),
        ("x\t1\ny\t2\nz\t3\n", "tab", "no"),
        ("a|b|c|d\n1|2|3|4\n1|2|3|4\n", "|", "yes"),
    ] {
        let found = recognise(&Sample::whole("data", text));
        assert_eq!(found[0].format, spec().with("separator", separator).with("header", header), "{text}: {found:?}");
    }
    let log = "2024-01-01 10:00:00,123 INFO a\n2024-01-01 10:00:01,123 WARN b\n".repeat(5);
    assert_eq!(recognise(&Sample::whole("app.log", &log))[0].format.name, "level_log");
}

#[test]
fn long_fields_and_empty_files() {
    let long = format!("a,b\n1,\"{}\"\n", "x\n".repeat(1_000_000));
    assert_eq!(read(&spec(), &long).tally.accepted, 1);
    assert_eq!(read(&spec(), "").tally.read, 0);
    assert_eq!(read(&spec(), "\n\n").tally.blank, 2);
    assert_eq!(read(&spec(), "a,b\n").tally.meta, 1);
}

#[test]
fn real_files_read_as_expected() {
    let Some(folder) = samples() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.join("csv")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected = path.with_file_name(format!("{name}.expected.json"));
        // The file of coordinates is not UTF-8.
        let (Ok(text), Ok(expected)) = (std::fs::read_to_string(&path), std::fs::read_to_string(expected)) else {
            continue;
        };
        let Ok(serde_json::Value::Array(expected)) = serde_json::from_str(&expected) else { continue };
        let found = recognise(&Sample::whole(&name, &text));
        assert_eq!(found[0].format.name, "csv", "{name}: {found:?}");
        // All as text, to compare what is written.
        let typed = prepare(&spec(), None, &text).schema().clone();
        let schema = Schema::of(typed.names().map(|column| (column, DataType::String)));
        let reading = read_as(&spec(), &schema, &text);
        assert_eq!(reading.rows.len(), expected.len(), "{name}: {:?}", reading.quarantined);
        for (row, expected) in reading.rows.iter().zip(&expected) {
            for (column, value) in schema.names().zip(row) {
                let found = value.to_json();
                let found = found.as_str().unwrap_or("").trim();
                // One of the files lost its CRs on the way.
                let expected = expected[column].as_str().unwrap().trim().replace("\r\n", "\n");
                assert_eq!(found, expected, "{name}: {column}");
            }
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

/// A header that repeats one name ten thousand times is read in time, and every name is its own.
#[test]
fn names_that_repeat_over_and_over_are_told_apart_at_once() {
    let begun = std::time::Instant::now();
    let header = vec!["a".to_owned(); 20_000];
    let names = super::unique_names(&header);
    assert_eq!((names[0].as_str(), names[1].as_str(), names[19_999].as_str()), ("a", "a_2", "a_20000"));
    let mixed: Vec<String> = ["a", "a_2", "a", "a", ""].map(str::to_owned).to_vec();
    assert_eq!(super::unique_names(&mixed), ["a", "a_2", "a_3", "a_4", "column_5"]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_first_line_without_end_and_a_table_of_any_width_are_told() {
    let prepared = |spec: &FormatSpec, head: Vec<u8>| {
        let sample = Sample { head, ..Sample::default() };
        format("csv").unwrap().prepare(spec, None, &sample).map(|parser| parser.schema().len())
    };
    let endless = prepared(&spec(), b"a,b,".repeat(100)).unwrap_err();
    assert_eq!(endless.code, "PW0490");
    assert!(prepared(&spec().with("header", "no"), b"a,b,".repeat(100)).is_ok());
    let mut wide = b"x,".repeat(MAX_COLUMNS);
    wide.extend(b"y\n");
    assert_eq!(prepared(&spec(), wide).unwrap_err().code, "PW0491");
    let mut wide = b"x,".repeat(MAX_COLUMNS - 1);
    wide.extend(b"y\n");
    assert_eq!(prepared(&spec(), wide).unwrap(), MAX_COLUMNS);
}

#[test]
fn many_columns_without_header_are_placed_at_once() {
    let width = 50_000;
    let text = vec!["1"; width].join(",") + "\n";
    let reading = read(&spec().with("header", "no"), &text.repeat(3));
    assert_eq!((reading.schema.len(), reading.tally.rows), (width, 3));
}
