//! Tests of the CSV format.

use super::*;
use crate::data::DataType;
use crate::formats::csv_sniff::unique_names;
use crate::formats::testing::{case, pieces, prepare, read, read_as, read_with, samples};
use crate::formats::{format, recognise};

fn spec() -> FormatSpec {
    FormatSpec::new("csv")
}

/// The header is the first record that is whole, in whichever chunk it stands.
#[test]
fn a_header_behind_a_broken_line_is_no_row() {
    let text = "\"a\"b\nname\nx\ny\n";
    let spec = FormatSpec::new("csv").with("header", "yes").with("separator", ",");
    let parser = prepare(&spec, Some(&Schema::of([("name", DataType::String)])), "name\nx\n");
    let whole = read_with(parser.as_ref(), &[text]);
    assert_eq!(whole.json(), [r#"["x"]"#, r#"["y"]"#]);
    let parts = pieces(parser.as_ref(), text, 1);
    assert!(parts.len() > 2);
    assert_eq!(read_with(parser.as_ref(), &parts).rows, whole.rows);
}

#[test]
fn records_that_are_all_the_same_are_rows() {
    for text in ["a, b, c\n".repeat(3), "Connection lost, retrying, attempt 1\n".repeat(3), "a;b\n".repeat(2)] {
        let found = recognise(&Sample::whole("x.log", &text));
        let reading = read(&found[0].format, &text);
        assert_eq!(reading.tally.rows, text.matches('\n').count() as u64, "{text}: {found:?}");
    }
    // A header that comes again between rows is one.
    assert_eq!(read(&spec(), "a,b\n1,2\na,b\n3,4\n").tally.rows, 2);
}

#[test]
fn a_header_may_lack_the_name_of_the_last_column() {
    let text = "Level,Date and Time,Event ID\r\nError,2/17/2026 10:00:00 AM,7031,\"The service\nstopped\"\r\n\
                Error,2/17/2026 10:00:01 AM,7031,again\r\n";
    let found = recognise(&Sample::whole("events.csv", text));
    assert_eq!(found[0].format.name, "csv", "{found:?}");
    let reading = read(&found[0].format, text);
    assert_eq!(reading.columns()[2..], ["Event ID Int", "column_4 String"]);
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 0));
    assert!(reading.json()[0].ends_with(r#"7031,"The service\nstopped"]"#), "{:?}", reading.json());
    // In a table with its names a longer record is none of it.
    assert_eq!(read(&spec(), "a,b\n1,2\n1,2,3\n").tally.quarantined, 1);
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
    // A name that is a value, too, where numbers below another one tell them apart.
    let reading = read(&spec(), "name,amount\nname,5\nbob,7\n");
    assert_eq!((reading.columns(), reading.tally.rows), (vec!["name String".to_owned(), "amount Int".to_owned()], 2));
    assert_eq!(read(&spec(), "bob,n/a\nbob,5\nann,7\n").tally.rows, 3);
    assert_eq!(read(&spec(), "bob,x\nbob,y\nann,z\n").tally.rows, 3);
    assert_eq!(read(&spec().with("header", "yes"), "1,2\n3,4\n").columns(), ["1 Int", "2 Int"]);
}

#[test]
fn two_stray_quotes_hide_no_rows_between_them() {
    let rows: String = (0..20).map(|n| format!("{n},b{n},c\n")).collect();
    let text = format!("id,size,note\n{rows}5,\"12in,x\n{rows}900,8\",x\n{rows}");
    let reading = read(&spec(), &text);
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (61, 1));
    assert_eq!(reading.quarantined[0].2, "5,\"12in,x");
    assert_eq!(reading.quarantined[0].0, 22);
    let parser = prepare(&spec(), None, &text);
    for piece in [7, 30, 200] {
        let cuts = crate::formats::testing::pieces(parser.as_ref(), &text, piece);
        assert_eq!(crate::formats::testing::read_with(parser.as_ref(), &cuts).rows, reading.rows, "{piece}");
    }
    // Texts of several lines stay.
    let text = "id,note,by\n1,\"a, b\nc, d\ne, f\",x\n2,\"one\n\ntwo, and three, too\n\",y\n";
    assert_eq!(read(&spec(), text).tally.rows, 2);
}

#[test]
fn a_first_record_that_is_no_header_is_not_told() {
    let schema = Schema::of([("id", DataType::Int), ("code", DataType::String)]);
    let reading = read_as(&spec().with("header", "yes"), &schema, "7,SECR7\n8,SECR8\n");
    assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"(columns of another header)": 1}"#);
}

#[test]
fn what_looks_like_a_header_or_a_comment_may_be_a_row() {
    // Search terms.
    let reading = read(&spec().with("header", "yes"), "query\nshoes\nquery\nhat\nquery\n");
    assert_eq!((reading.tally.rows, reading.tally.meta), (4, 1));
    let reading = read(&spec(), "a,b\n1,2\na,b\n3,4\n");
    assert_eq!((reading.tally.rows, reading.tally.meta), (2, 2));
    // Hashtags below a line that says where they come from.
    let reading = read(&spec(), "# export 2026\ntag,n\n#foo,1\n#bar,2\nbaz,3\n");
    assert_eq!((reading.columns(), reading.tally.rows), (vec!["tag String".to_owned(), "n Int".to_owned()], 3));
    let reading = read(&spec(), "# a\n# b\nid,n\nx,1\n# c\ny,2\nz,3\n");
    assert_eq!((reading.tally.rows, reading.tally.meta), (2 + 1, 4));
    // A table that got a column is no line before the next one.
    let wide: String = (0..50).map(|n| format!("{n},v,w\n")).collect();
    let schema = Schema::of([("id", DataType::Int), ("v", DataType::String)]);
    let reading = read_as(&spec(), &schema, &format!("id,v\n1,a\n2,b\nid,v,w\n{wide}"));
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 51));
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
        let wanted = spec().with("separator", separator).with("header", header);
        let wanted = if text.contains("1,5") { wanted.with("decimal", ",") } else { wanted };
        assert_eq!(found[0].format, wanted, "{text}: {found:?}");
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

#[test]
fn rows_that_no_header_looks_like_are_no_header_and_a_guess_is_told() {
    let first = |text: &str| {
        let sample = Sample::whole("n.csv", text);
        let spec = recognise(&sample).remove(0).format;
        (spec.option("header").map(str::to_owned), header_guess(&spec, &sample).map(|told| told.code.clone()))
    };
    let yes = Some("yes".to_owned());
    for text in ["ann@x.de\nbob@x.de\ncy@x.de\n", "ann@x.de,a b\nbob@x.de,c d\n", "a1b2,x\nc3d4,y\n"] {
        let (header, guess) = first(text);
        assert!(header != yes && guess.is_none(), "{text}");
    }
    for text in [
        "12K\t./a\n1.2G\t./b c\n88M\t./logs\n",
        "openssl,3.0.13-1~deb12u1\nbash,5.2.15-2+b2\nnginx,1.22.1-9\n",
        "2026-02-17 10:00:00 I,a\n2026-02-17 10:00:01 W,b\n",
        "x y,10.0.0.1:80\nz,10.0.0.2:443\nx,10.0.0.3:80\n",
    ] {
        let (header, guess) = first(text);
        assert!(header != yes && guess.is_none(), "{text}");
    }
    // Names of columns that are sizes or times stand above numbers.
    for text in ["name,1.5K,2.5K\nann,1,2\nbob,3,4\n", "path,/a\nx,1\ny,2\n"] {
        assert_eq!(first(text), (yes.clone(), None), "{text}");
    }
    for text in ["name,city\nann,berlin\nbob,rome\n", "Name\nAnn\nBob\nCy\n"] {
        assert_eq!(first(text), (yes.clone(), Some("PW1131".into())), "{text}");
    }
    for text in ["e-mail,x\nann@x.de,a\nbob@x.de,b\n", "name,n\nann,1\nbob,2\n", "user_name\nann\nbob\n"] {
        assert_eq!(first(text), (yes.clone(), None), "{text}");
    }
}

#[test]
fn a_last_column_without_a_name_is_read() {
    let text =
        "Level,Date,Event ID\nInformation,17/02/2026,7036,entered the running state\nError,18/02/2026,10016,\"a, b\"\n";
    let found = best("events.csv", text);
    let reading = read(&found.format, text);
    assert_eq!(reading.columns()[2..], ["Event ID Int", "column_4 String"]);
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 0));
    assert_eq!(reading.rows[1][3].to_json(), "a, b");
    // Such a table of R has numbers before its rows, and a name less for them.
    let numbered = "a,b\n1,x,2\n2,y,3\n";
    assert_eq!(read(&spec().with("header", "yes"), numbered).tally.rows, 0);
}

#[test]
fn text_with_separators_is_no_table() {
    for text in [
        "DROP TABLE a;\nINSERT INTO a VALUES (1);\nCOMMIT;\n",
        ";; global options: +cmd\n;; Got answer:\n;www.example.com. IN A\n",
        "host {\n\tcreated=1771322400\n\tversion=4\n\tstate=0\n\t}\n",
        "openat(AT_FDCWD, \"/etc/x\") = 3\nread(3, 832) = 832\nread(4, 12) = 12\n",
    ] {
        let found = recognise(&Sample::whole("x", text));
        let score = found.iter().find(|found| found.format.name == "csv").map(|found| found.score);
        assert!(score.is_none_or(|score| score < 40), "{text}: {score:?}");
    }
}

#[test]
fn texts_that_look_like_numbers_stay_texts() {
    let types = |text: &str| {
        let parser = prepare(&spec(), None, text);
        parser.schema().fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect::<Vec<_>>()
    };
    // Numbers have no quotes here, so that what has some is none.
    let quoted = "\"id\",\"uid\",\"n\"\n\"a\",\"1771322701.30\",12\n\"b\",\"1771322521.28\",13\n";
    assert_eq!(types(quoted), ["id String", "uid String", "n Int"]);
    let all = "\"price\",\"n\"\n\"12.50\",\"1\"\n\"3.75\",\"2\"\n";
    assert_eq!(types(all), ["price Float", "n Int"]);
    assert_eq!(types("build,ver\n1e5,1.10\n2e7,1.20\n3,2.00\n"), ["build String", "ver String"]);
    assert_eq!(types("x\n1e5\n2.5\n"), ["x Float"]);
}

#[test]
fn rows_of_a_table_of_a_file_are_rows_though_they_equal_its_header() {
    let text = "word,lang\nfoo,en\nword,lang\nbar,de\n";
    for (is_table, rows) in [(true, 3), (false, 2)] {
        let sample = Sample { is_table, ..Sample::whole("words", text) };
        let parser = format("csv").unwrap().prepare(&spec().with("header", "yes"), None, &sample).unwrap();
        assert_eq!(read_with(parser.as_ref(), &[text]).tally.rows, rows);
    }
}

/// A header that repeats one name ten thousand times is read in time, and every name is its own.
#[test]
fn names_that_repeat_over_and_over_are_told_apart_at_once() {
    let begun = std::time::Instant::now();
    let header = vec!["a".to_owned(); 20_000];
    let names = unique_names(&header);
    assert_eq!((names[0].as_str(), names[1].as_str(), names[19_999].as_str()), ("a", "a_2", "a_20000"));
    let mixed: Vec<String> = ["a", "a_2", "a", "a", ""].map(str::to_owned).to_vec();
    assert_eq!(unique_names(&mixed), ["a", "a_2", "a_3", "a_4", "column_5"]);
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

/// The best opinion of a text.
fn best(name: &str, text: &str) -> crate::formats::Recognition {
    recognise(&Sample::whole(name, text)).swap_remove(0)
}

#[test]
fn lines_before_the_table_and_decimal_commas_are_found() {
    let text = "Report;Turnover\nFilter;\"a; b\"\n\nshop;day;turnover;rate\nUlm;01.11.2025;3.306,31;5\n\
                Kiel;02.11.2025;12,00;7,5\nJena;03.11.2025;1.000;1.5\nBern;04.11.2025;;x\n";
    let found = best("report.txt", text);
    assert_eq!(found.format.name, "csv", "{found:?}");
    for (option, value) in [("skip", "3"), ("decimal", ","), ("thousands", "."), ("separator", ";")] {
        assert_eq!(found.format.option(option), Some(value), "{option}");
    }
    let numbers = text.replace("1.000;1.5", "1.000;1").replace(";x", ";0");
    for spec in [best("report.txt", &numbers).format, spec()] {
        let reading = read(&spec, &numbers);
        assert_eq!(reading.columns(), ["shop String", "day String", "turnover Float", "rate Float"]);
        assert_eq!(reading.json()[0], r#"["Ulm","01.11.2025",3306.31,5.0]"#);
        assert_eq!(reading.json()[2], r#"["Jena","03.11.2025",1000.0,1.0]"#);
        assert_eq!((reading.tally.meta, reading.tally.blank, reading.tally.quarantined), (3, 1, 0));
    }
    // A number that is written the other way is told, and not read as another one.
    let reading = read_as(&found.format, &Schema::of([("rate", DataType::Float)]), text);
    assert_eq!(reading.json(), ["[5.0]", "[7.5]", "[null]", "[null]"]);
    assert_eq!(format!("{:?}", reading.tally.changes.unfit), r#"{"rate": 2}"#);
}

#[test]
fn rows_without_a_header_are_no_lines_before_a_table() {
    let text = "1,2\n3,4\n1,2,3\n4,5,6\n7,8,9\n";
    assert_eq!(best("x.csv", text).format.option("skip"), None);
}

#[test]
fn a_header_in_other_capitals_is_no_row() {
    let schema = Schema::of([("user", DataType::String), ("plan", DataType::String)]);
    let reading = read_as(&spec(), &schema, "User,Plan\nann,free\n");
    assert_eq!((reading.tally.rows, reading.tally.meta), (1, 1));
    assert_eq!(reading.json(), ["[null,null]"]);
    assert_eq!(reading.tally.unknown_keys.keys().collect::<Vec<_>>(), ["Plan", "User"]);
}

#[test]
fn comments_are_no_records() {
    let text = "# made by \"x, y\na,b\n1,2\n# half, way\n3,4\n";
    let found = best("x", text);
    assert_eq!((found.format.name.as_str(), found.format.option("comment")), ("csv", Some("#")));
    let reading = read(&found.format, text);
    assert_eq!(reading.json(), ["[1,2]", "[3,4]"]);
    assert_eq!(reading.tally.meta, 3);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let code = |spec: FormatSpec| format("csv").unwrap().prepare(&spec, None, &Sample::default()).err().unwrap().code;
    assert_eq!(code(spec().with("skip", "x")), "PW1100");
    assert_eq!(code(spec().with("decimal", ",").with("thousands", ",")), "PW1101");
    assert_eq!(code(spec().with("escape", "ab")), "PW0852");
}

#[test]
fn a_table_of_one_column_is_known_by_its_name() {
    let text = "note\nno answer\nretry; gave up\ndone\n";
    let found = best("x.csv", text);
    assert_eq!(found.format.name, "csv");
    assert_eq!(read(&found.format, text).json().len(), 3);
    assert_eq!(best("x.log", text).format.name, "lines");
}

/// Rows of an expected table, as they are written there.
fn expected(folder: &str) -> Option<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(case(folder)?).ok()?;
    let mut rows = Vec::new();
    let reading = read(&spec().with("separator", ",").with("header", "no"), &text);
    for row in reading.rows.iter().skip(1) {
        let plain =
            |value: &crate::data::Value| value.to_json().as_str().map_or(value.to_json().to_string(), str::to_owned);
        rows.push(row.iter().map(plain).collect());
    }
    Some(rows)
}

#[test]
fn cases_of_other_tools_are_read_as_they_are_meant() {
    let Some(path) = case("01-csv-late-dialect/input.csv") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let found = best("input.csv", &text);
    assert_eq!(found.format.name, "csv");
    assert_eq!(read(&found.format, &text).tally.rows, 40);
    let text = std::fs::read_to_string(case("01-csv-late-dialect/input-wide.csv").unwrap()).unwrap();
    let reading = read(&best("input-wide.csv", &text).format, &text);
    assert_eq!(
        (reading.columns(), reading.tally.rows + reading.tally.quarantined),
        (vec!["id Int".to_owned(), "city String".to_owned()], 500)
    );

    let text = std::fs::read_to_string(case("02-csv-preamble-decimal-comma/input.csv").unwrap()).unwrap();
    let reading = read(&best("input.csv", &text).format, text.trim_start_matches('\u{feff}'));
    let wanted = expected("02-csv-preamble-decimal-comma/expected.csv").unwrap();
    assert_eq!(reading.tally.rows as usize, wanted.len());
    let turnover = |value: &crate::data::Value| value.to_json().as_f64().unwrap();
    let sum: f64 = reading.rows.iter().map(|row| turnover(&row[2])).sum();
    let wanted_sum: f64 = wanted.iter().map(|row| row[2].parse::<f64>().unwrap()).sum();
    assert!((sum - wanted_sum).abs() < 1e-6, "{sum} {wanted_sum}");

    let text = std::fs::read_to_string(case("04-csv-backslash-quotes/input.csv").unwrap()).unwrap();
    let reading = read(&best("input.csv", &text).format, &text);
    let wanted = expected("04-csv-backslash-quotes/expected.csv").unwrap();
    let comments: Vec<String> =
        reading.rows.iter().map(|row| row[1].to_json().as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(comments, wanted.iter().map(|row| row[1].clone()).collect::<Vec<_>>());
}

#[test]
fn numbers_are_grouped_as_people_of_many_places_do() {
    for (text, options, expected) in [
        ("day;sum\na;1\u{202f}234,56\nb;2,40\nc;12\u{a0}345,00\n", (",", " "), r#"["c",12345.0]"#),
        ("day;sum\na;1 234 567\nb;234 568\nc;12 345\n", ("", " "), r#"["c",12345]"#),
        ("day,sum\na,1'234.50\nb,17.00\nc,12’345.25\n", ("", "'"), r#"["c",12345.25]"#),
        ("day;sum\na;1.234,5\nb;17,25\nc;12.345\n", (",", "."), r#"["c",12345.0]"#),
    ] {
        let found = recognise(&Sample::whole("x.csv", text)).remove(0);
        assert_eq!(found.format.option("decimal").unwrap_or_default(), options.0, "{text}");
        assert_eq!(found.format.option("thousands").unwrap_or_default(), options.1, "{text}");
        assert_eq!(read(&found.format, text).json()[2], expected, "{text}");
    }
    // Digits in groups that are none, and numerals with zeros in front, stay text.
    let text = "who;phone\na;030 123 456\nb;040 123 457\nc;1 23\n";
    assert_eq!(read(&FormatSpec::new("csv"), text).columns()[1], "phone String");
}

#[test]
fn units_below_the_header_and_sums_below_the_rows_are_no_rows() {
    let text = "time;temp;load;size\n;°C;%;[bytes]\n2026-11-30 10:00:00;21,5;45;100\n2026-11-30 10:00:01;21,6;46;\n2026-11-30 10:00:02;21,7;47;300\nTotal;;138;400\n";
    let found = recognise(&Sample::whole("x.csv", text)).remove(0);
    assert!(found.reasons.iter().any(|reason| reason.contains("units")), "{found:?}");
    let reading = read(&found.format, text);
    assert_eq!(reading.columns(), ["time Timestamp", "temp Float", "load Int", "size Int"]);
    assert_eq!((reading.rows.len(), reading.tally.meta, reading.tally.quarantined), (3, 2, 1));
    assert!(reading.quarantined[0].1.contains("sums up"), "{:?}", reading.quarantined);
    let parser = prepare(&found.format, None, text);
    for size in 1..text.len() {
        let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
        assert_eq!((reading.rows.len(), reading.tally.meta), (3, 2), "{size}");
    }
    // A row for all is one where its column has words.
    assert_eq!(read(&FormatSpec::new("csv"), "region,n\nnorth,1\nsouth,2\nwest,3\nTotal,6\n").rows.len(), 4);
    assert_eq!(read(&FormatSpec::new("csv"), "unit,n\nms,1\ns,2\nh,3\nd,4\n").rows.len(), 4);
}
