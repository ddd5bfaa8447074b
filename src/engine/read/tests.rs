//! Files of every kind in, rows and quarantine out: nothing lost, whatever the chunks.
//! Must not import previews or runs.

use std::ops::ControlFlow;
use std::path::PathBuf;

use pipewright_core::data::{DataType, Value};
use pipewright_core::formats::FormatSpec;

use super::*;

fn lines_of(name: &str) -> Read {
    Read {
        path: name.to_owned(),
        format: FormatSpec::new("lines"),
        schema: Schema::of([("line", DataType::String)]),
        columns: None,
        position: true,
        planned: None,
        location: None,
    }
}

fn folder_with(files: &[(&str, &[u8])]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().to_owned();
    (folder, path)
}

fn rows_of(job: &ReadJob) -> (Vec<String>, Tally) {
    let (mut rows, mut tally) = (Vec::new(), Tally::default());
    job.for_each(&Ok, &mut |parsed: Parsed| {
        tally.add(&parsed.tally);
        let frame = &parsed.frame;
        for row in 0..frame.height() {
            let cells = frame.columns().iter().map(|column| column.get(row).unwrap().str_value().into_owned());
            rows.push(cells.collect::<Vec<_>>().join("|"));
        }
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    (rows, tally)
}

#[test]
fn any_chunk_size_and_any_number_of_workers_give_the_same_rows() {
    let text = "first line that is long enough\n\nsecond\r\nthird: zażółć\nlast without end";
    let (_keep, base) = folder_with(&[("a.log", text.as_bytes()), ("b.log", b""), ("c.log", b"c\n")]);
    let mut expected = None;
    for chunk_size in [1, 3, 7, 64, 1 << 20] {
        for workers in [1, 4] {
            let mut job = job_of(&lines_of("*.log"), &base, &Cancel::new()).unwrap();
            (job.chunk_size, job.workers) = (chunk_size, workers);
            let (rows, tally) = rows_of(&job);
            assert!(tally.is_balanced());
            assert_eq!((tally.read, tally.rows, tally.blank), (6, 5, 1));
            assert_eq!(expected.get_or_insert(rows.clone()), &rows);
        }
    }
    let rows = expected.unwrap();
    assert_eq!(rows[0], "first line that is long enough|a.log|1|0");
    assert_eq!(rows[1], "second|a.log|3|32");
    assert_eq!(rows[4], "c|c.log|1|0");
}

#[test]
fn compressed_and_encoded_files_read_as_the_plain_one() {
    use std::io::Write;
    let text: String = (0..2000).map(|number| format!("line {number} – äöü\n")).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let gzip = gzip.finish().unwrap();
    let (_keep, base) =
        folder_with(&[("plain", text.as_bytes()), ("a.gz", &gzip), ("b.zst", &zstd), ("c.txt", &utf16)]);
    let read = |name: &str| {
        let mut job = job_of(&lines_of(name), &base, &Cancel::new()).unwrap();
        job.chunk_size = 1000;
        let (rows, _) = rows_of(&job);
        rows.iter().map(|row| row.replace(name, "plain")).collect::<Vec<_>>()
    };
    let plain = read("plain");
    assert_eq!(plain.len(), 2000);
    for name in ["a.gz", "b.zst", "c.txt"] {
        assert!(read(name) == plain, "{name} differs");
    }
}

#[test]
fn broken_bytes_are_replaced_counted_and_offsets_stay_those_of_the_file() {
    let (_keep, base) = folder_with(&[("a.log", b"ab\xff\xfe\ncd\n")]);
    let job = job_of(&lines_of("a.log"), &base, &Cancel::new()).unwrap();
    let (rows, tally) = rows_of(&job);
    assert_eq!(rows, ["ab\u{fffd}\u{fffd}|a.log|1|0", "cd|a.log|2|5"]);
    assert_eq!(tally.replaced, 2);
}

#[test]
fn a_damaged_archive_a_missing_file_and_a_cancelled_read_are_diagnostics() {
    let (_keep, base) = folder_with(&[("a.gz", b"\x1f\x8b\x08\0\0\0\0\0garbage"), ("b.log", b"x\n")]);
    let none = |_: Parsed| Ok(ControlFlow::Continue(()));
    let job = job_of(&lines_of("a.gz"), &base, &Cancel::new()).unwrap();
    assert!(job.for_each(&Ok, &mut { none }).unwrap_err().message.contains("damaged"));
    let job = job_of(&lines_of("b.log"), &base, &Cancel::new()).unwrap();
    std::fs::remove_file(base.join("b.log")).unwrap();
    assert_eq!(job.for_each(&Ok, &mut { none }).unwrap_err().message, "the file is not there");
    let cancel = Cancel::new();
    cancel.cancel();
    std::fs::write(base.join("b.log"), "x\n").unwrap();
    let job = job_of(&lines_of("b.log"), &base, &cancel).unwrap();
    assert_eq!(job.for_each(&Ok, &mut { none }).unwrap_err().code, "PW0999");
}

#[test]
fn a_file_that_becomes_shorter_while_it_is_read_is_no_whole_one() {
    let text: String = (0..100_000).map(|number| format!("a line with number {number}\n")).collect();
    let (_keep, base) = folder_with(&[("a.log", text.as_bytes())]);
    let mut job = job_of(&lines_of("a.log"), &base, &Cancel::new()).unwrap();
    job.chunk_size = 1 << 10;
    let file = std::fs::OpenOptions::new().append(true).open(base.join("a.log")).unwrap();
    let mut cut = |_: Parsed| {
        file.set_len(10).unwrap();
        Ok(ControlFlow::Continue(()))
    };
    let fault = job.for_each(&Ok, &mut cut).unwrap_err();
    assert!(fault.message.contains("became shorter"), "{fault}");
}

#[test]
fn keys_below_a_secret_are_no_names_of_columns() {
    let text = r#"{"id":1,"password":{"hunter0":1},"by":{"api_key":[{"k1":2}],"n":3}}"#;
    let (_keep, base) = folder_with(&[("a.jsonl", format!("{text}\n{text}\n").as_bytes())]);
    let schema = sniff(&base.join("a.jsonl")).unwrap().schema;
    let shown: Vec<String> = schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
    assert_eq!(shown, ["id Int", "password String", r#"by Record{"api_key": String, "n": Int}"#]);
}

#[test]
fn a_file_that_is_another_than_the_one_that_was_listed_ends_the_read() {
    let (_keep, base) = folder_with(&[("a.log", b"a\n"), ("b.log", b"b1\nb2\n"), ("c.log", b"c\n")]);
    let ignore = &mut |_: Parsed| Ok(ControlFlow::Continue(()));
    let job = || job_of(&lines_of("*.log"), &base, &Cancel::new()).unwrap();
    // A log that grows is the same one.
    let grown = job();
    std::fs::write(base.join("b.log"), "b1\nb2\nb3\n").unwrap();
    grown.for_each(&Ok, ignore).unwrap();
    let emptied = job();
    std::fs::write(base.join("b.log"), "b4\n").unwrap();
    assert_eq!(emptied.for_each(&Ok, ignore).unwrap_err().code, "PW0914");
    let rotated = job();
    std::fs::rename(base.join("b.log"), base.join("c.log")).unwrap();
    std::fs::write(base.join("b.log"), "a line that is long enough\n").unwrap();
    let fault = rotated.for_each(&Ok, ignore).unwrap_err();
    assert!(cfg!(not(unix)) || fault.message.contains("rotated"), "{fault}");
}

#[test]
fn a_stream_ends_where_its_taker_breaks() {
    let text: String = (0..10_000).map(|number| format!("{number}\n")).collect();
    let (_keep, base) = folder_with(&[("a.log", text.as_bytes())]);
    let mut first = None;
    let mut read = lines_of("a.log");
    read.position = false;
    let take = &mut |table: ResultTable| {
        first = Some(table.value(0, 0));
        ControlFlow::Break(())
    };
    read_stream(&read, &base, take, &mut |_| (), &Cancel::new()).unwrap();
    assert_eq!(first, Some(Value::text("0")));
}

#[test]
fn parquet_is_recognised_and_read_with_the_columns_that_are_wanted() {
    let (_keep, base) = folder_with(&[]);
    let schema = Schema::of([("a", DataType::Int), ("t", DataType::Timestamp), ("s", DataType::String)]);
    let rows: Vec<Vec<Value>> =
        (0..10).map(|n| vec![Value::Int(n), Value::Timestamp(n * 1_000_000), Value::text(n.to_string())]).collect();
    ResultTable::from_rows(&schema, &rows).write_parquet(&base.join("f.parquet")).unwrap();
    let sniffed = sniff(&base.join("f.parquet")).unwrap();
    assert_eq!(sniffed.format.name, "parquet");
    assert_eq!(sniffed.schema, schema);
    let read = Read {
        path: "f.parquet".into(),
        format: sniffed.format,
        schema: sniffed.schema,
        columns: Some(vec!["t".into(), "s".into()]),
        position: false,
        planned: None,
        location: None,
    };
    let (rows, tally) = rows_of(&job_of(&read, &base, &Cancel::new()).unwrap());
    assert_eq!(rows[9], "1970-01-01 00:00:09|9");
    assert!(tally.is_balanced() && tally.rows == 10);
}

#[test]
fn a_header_of_any_length_names_the_columns() {
    let names: Vec<String> = (0..9000).map(|number| format!("column_name_{number}")).collect();
    let row: Vec<String> = (0..9000).map(|number| number.to_string()).collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\nsecond line\"")).collect();
    for header in [names.join(","), quoted.join(",")] {
        let text = format!("{header}\n{}\n{}\n", row.join(","), row.join(","));
        let (_folder, base) = folder_with(&[("wide.csv", text.as_bytes())]);
        let spec = FormatSpec::new("csv");
        let schema = schema_as(&base.join("wide.csv"), &spec).unwrap();
        assert_eq!(schema.len(), 9000);
        assert_eq!(schema.fields[8999].data_type, DataType::Int);
        let mut job = ReadJob::new(vec![base.join("wide.csv")], &base, spec, schema);
        job.columns = Some(vec![job.schema.fields[8999].name.clone()]);
        let (rows, tally) = rows_of(&job);
        assert_eq!((tally.rows, tally.quarantined), (2, 0));
        assert!(rows[0].contains("8999"), "{}", rows[0]);
    }
}

#[test]
fn an_unclosed_quote_costs_its_line_and_little_time() {
    let text = "id,name\n1,\"open\n".to_owned() + &"2,\"\"\n".repeat(800_000) + "3,\"x\n" + &"4,y\n".repeat(800_000);
    let (_folder, base) = folder_with(&[("open.csv", text.as_bytes())]);
    let schema = Schema::of([("id", DataType::Int), ("name", DataType::String)]);
    let job = ReadJob::new(vec![base.join("open.csv")], &base, FormatSpec::new("csv"), schema);
    let started = std::time::Instant::now();
    let mut faults = Vec::new();
    let mut rows = 0;
    job.for_each(&Ok, &mut |parsed: Parsed| {
        rows += parsed.tally.rows;
        faults.extend(parsed.quarantined.iter().map(|unit| (unit.line, unit.reason.clone())));
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    let reason = "a quote does not close before a separator or line end".to_owned();
    assert_eq!(rows, 1_600_000);
    assert_eq!(faults, [(2, reason.clone()), (800_003, reason)]);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn a_large_row_group_is_read_in_parts() {
    use polars::prelude::{IntoColumn, NamedFrom, Series, df};
    use polars_io::prelude::ParquetWriter;
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_owned();
    let rows = 50_000;
    let texts: Vec<String> = (0..rows).map(|row| format!("{row} {}", "a text of some length ".repeat(150))).collect();
    let mut frame = df!("n" => (0..rows).collect::<Vec<i64>>(), "t" => texts).unwrap();
    let lists: Vec<Series> = (0..rows).map(|row| Series::new("".into(), vec![row; (row % 4) as usize])).collect();
    frame.with_column(Series::new("l".into(), lists).into_column()).unwrap();
    let file = std::fs::File::create(base.join("one.parquet")).unwrap();
    ParquetWriter::new(file).with_row_group_size(Some(rows as usize)).finish(&mut frame).unwrap();
    let schema = schema_as(&base.join("one.parquet"), &FormatSpec::new("parquet")).unwrap();
    let mut job = ReadJob::new(vec![base.join("one.parquet")], &base, FormatSpec::new("parquet"), schema);
    job.position = true;
    let (mut at, mut parts) = (0, 0);
    job.for_each(&Ok, &mut |parsed: Parsed| {
        let height = parsed.frame.height();
        assert!(crate::frames::weight(&parsed.frame) < 128 << 20);
        let wanted = frame.slice(at as i64, height);
        assert!(parsed.frame.select(["n", "t", "l"]).unwrap().equals_missing(&wanted));
        let lines = parsed.frame.column("_line").unwrap().as_materialized_series().i64().unwrap().clone();
        assert_eq!((lines.get(0), lines.get(height - 1)), (Some(at as i64 + 1), Some((at + height) as i64)));
        (at, parts) = (at + height, parts + 1);
        Ok(ControlFlow::Continue(()))
    })
    .unwrap();
    assert_eq!(at, rows as usize);
    assert!(parts > 1, "{parts}");
}

/// Texts of lines, events of several lines, pieces of messages, and of what cannot be divided.
fn divided() -> Vec<(&'static str, String)> {
    let lines: String = (0..400).map(|number| format!("{}{number}\n", "x".repeat(number % 37))).collect();
    let traces = (0..150).map(|number| {
        let rest = (0..number % 5).map(|depth| format!("\tat com.example.Class.method{depth}(File.java:{number})\n"));
        format!(
            "2026-03-02 10:{:02}:{:02},000 ERROR [main] com.example.Class - failed {number}\n{}",
            number / 60,
            number % 60,
            rest.collect::<String>()
        )
    });
    let pieces = (0..200).map(|number| {
        let head = format!("2026-03-02T10:{:02}:{:02}.000000000Z stdout", number / 60 % 60, number % 60);
        match number % 3 {
            0 => format!("{head} F whole {number}\n"),
            _ => format!("{head} P first {number} \n{head} P more \n{head} F end\n"),
        }
    });
    let records = (0..200).map(|number| format!("{number},\"a\nb{number}\"\n"));
    vec![
        ("lines", lines),
        ("application_log", traces.collect()),
        ("cri", pieces.collect()),
        ("csv", format!("id,text\n{}", records.collect::<String>())),
    ]
}

#[test]
fn ranges_that_adjoin_give_every_row_once() {
    for (name, text) in divided() {
        let file = format!("{name}.log");
        let (_keep, base) = folder_with(&[(&file, format!("\u{feff}{text}").as_bytes())]);
        let sniffed = sniff(&base.join(&file)).unwrap();
        let format = if name == "lines" { FormatSpec::new("lines") } else { sniffed.format };
        assert_eq!(format.name, name);
        let schema = schema_as(&base.join(&file), &format).unwrap();
        let read = Read { path: file, format, schema, columns: None, position: true, planned: None, location: None };
        let of = |range: Option<ByteRange>| {
            let mut job = job_of(&read, &base, &Cancel::new()).unwrap();
            (job.range, job.chunk_size) = (range, 1000);
            rows_of(&job)
        };
        let (whole, tally) = of(None);
        let size = text.len() as u64 + 3;
        for step in [1 + size / 2, 997, 64 + size / 7] {
            let (mut rows, mut read) = (Vec::new(), 0);
            for from in (0..size).step_by(step as usize) {
                let to = if from + step >= size { u64::MAX } else { from + step };
                let (part, tally) = of(Some(ByteRange { from, to, numbered: true }));
                assert!(tally.is_balanced());
                rows.extend(part);
                read += tally.read;
            }
            assert_eq!(rows, whole, "{name} in ranges of {step}");
            assert_eq!(read, tally.read);
        }
    }
}

#[test]
fn a_range_is_two_numbers() {
    let range = |from, to| ByteRange { from, to, numbered: false };
    assert_eq!(ByteRange::parse("0-10").unwrap(), range(0, 10));
    assert_eq!(ByteRange::parse("10-").unwrap(), range(10, u64::MAX));
    for text in ["", "-", "10", "9-1", "a-b", "-5"] {
        assert_eq!(ByteRange::parse(text).unwrap_err().code, "PW0918", "{text}");
    }
}
