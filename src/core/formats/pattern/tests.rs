//! Patterns: the library, types, faults, events of several lines.

use super::Pattern;
use super::grok::compile;
use super::library::LIBRARY;
use crate::data::instants::parse_timestamp;
use crate::formats::testing::{pieces, prepare, read, read_with, sample};
use crate::formats::{Chunk, Format, FormatSpec, RowCollector, Sample, recognise};

fn pattern(text: &str) -> FormatSpec {
    FormatSpec::new("pattern").with("pattern", text)
}

fn rows(spec: &FormatSpec, text: &str) -> Vec<String> {
    read(spec, text).json()
}

#[test]
fn every_piece_of_the_library_compiles() {
    for (name, _) in LIBRARY {
        let fault = compile(&format!("%{{{name}}}"), false).err();
        assert!(fault.is_none(), "{name}: {fault:?}");
    }
}

#[test]
fn pieces_match_what_they_stand_for() {
    for (piece, good, bad) in [
        (
            "IP",
            &["1.2.3.4", "255.0.255.9", "::1", "2001:db8::1", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4"][..],
            &["1.2.3", "10:20:30", "1.2.3.256", "x"][..],
        ),
        ("NUMBER", &["1", "-1.5", ".5", "+2e3"], &["x", "1.", "--1", ""]),
        ("BASE16NUM", &["0xff", "CAFE"], &["0xg"]),
        ("UUID", &["123e4567-e89b-12d3-a456-426614174000"], &["123e4567"]),
        ("QUOTEDSTRING", &[r#""a \" b""#, "'x'", "\"\""], &["\"a"]),
        ("URI", &["https://user:pw@example.com:80/a/b?c=d&e", "ftp://host", "file:///etc/x"], &["//x"]),
        ("EMAILADDRESS", &["a.b+c@example.com"], &["a@", "@b"]),
        ("MAC", &["00:1a:2B:3c:4d:5e", "001a.2b3c.4d5e", "00-1A-2B-3C-4D-5E"], &["00:1a"]),
        ("PATH", &["/var/log/x.log", r"C:\Windows\x"], &["x/"]),
        ("HTTPDATE", &["10/Oct/2000:13:55:36 -0700"], &["10/Oct/2000"]),
        (
            "TIMESTAMP_ISO8601",
            &["2024-01-02T03:04:05.678Z", "2024-01-02 03:04:05,678", "2024-01-02 03:04+02:00"],
            &["2024-13-02 00:00"],
        ),
        ("SYSLOGTIMESTAMP", &["Oct  9 22:33:20", "Oct 11 22:14:15"], &["Okt 11 22:14:15"]),
        ("LOGLEVEL", &["INFO", "warn", "Error", "CRITICAL"], &["LOUD"]),
        ("HOSTNAME", &["a", "www.example.com", "my_host-1"], &["-a", "a..b"]),
        ("INT", &["-12"], &["1.5"]),
    ] {
        let whole = compile(&format!("^%{{{piece}}}$"), false).unwrap().regex;
        for text in good {
            assert!(whole.is_match(text), "{piece} {text}");
        }
        for text in bad {
            assert!(!whole.is_match(text), "{piece} {text}");
        }
    }
}

#[test]
fn grok_fields_become_typed_columns() {
    let spec = pattern(
        "%{IP:client} %{WORD:method} %{URIPATHPARAM:path} %{NUMBER:bytes} %{NUMBER:duration:float} %{WORD:[a][b]}",
    );
    let found = read(
        &spec,
        "55.3.244.1 GET /index.html?a=1 15824 0.043 x\nnothing\n\n::1 GET / - 1 y\n55.3.244.1 GET / 7 1 y\n",
    );
    assert_eq!(
        found.columns(),
        ["client String", "method String", "path String", "bytes Int", "duration Float", "[a][b] String"]
    );
    assert_eq!(
        found.json(),
        [r#"["55.3.244.1","GET","/index.html?a=1",15824,0.043,"x"]"#, r#"["55.3.244.1","GET","/",7,1.0,"y"]"#]
    );
    let tally = found.tally;
    assert_eq!((tally.read, tally.accepted, tally.quarantined, tally.blank), (5, 2, 2, 1));
    assert_eq!(found.quarantined[0], (2, "the pattern does not match".to_owned(), "nothing".to_owned()));
}

#[test]
fn named_groups_with_types_and_times() {
    let spec =
        pattern(r"(?P<time>\S+ \S+) (?<status>\S+)(?: (?P<user>\S+))?").with("types", "status=Int, time=Timestamp");
    assert_eq!(
        rows(
            &spec,
            "2024-01-02 03:04:05,678 200 bob\n2024-01-02 03:04:05 x -\n02/Jan/2024:03:04:05 +0000 1\nsome day 2\n"
        ),
        [
            r#"["2024-01-02T03:04:05.678Z",200,"bob"]"#,
            r#"["2024-01-02T03:04:05Z",null,null]"#,
            r#"["2024-01-02T03:04:05Z",1,null]"#,
            "[null,2,null]",
        ]
    );
    let spec = pattern(r"^(?P<time>\S+) (?P<n>\d+)$").with("time_format", "%d.%m.%Y");
    assert_eq!(rows(&spec, "02.01.2024 7"), [r#"["2024-01-02T00:00:00Z","7"]"#]);
    let access = rows(
        &pattern("%{COMBINEDAPACHELOG}"),
        r#"1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 - "-" "x""#,
    );
    assert_eq!(access, [r#"["1.2.3.4",null,"bob","2000-10-10T20:55:36Z","GET","/a","1.0",null,200,null,null,"x"]"#]);
    let syslog = Pattern.prepare(&pattern("%{SYSLOGLINE}"), None, &Sample::default()).unwrap();
    let mut out = RowCollector::new(syslog.schema());
    let file_time = parse_timestamp("2024-03-01T12:00:00Z").unwrap();
    syslog.parse(&Chunk { file_time, ..Chunk::whole("Dec 11 22:14:15 host su[7]: text") }, &mut out);
    assert_eq!(out.rows[0].1[0].to_json(), "2023-12-11T22:14:15Z");
}

#[test]
fn alternatives_may_fill_the_same_column() {
    let spec = pattern("^(?:a=%{INT:n}|b=%{INT:n}) %{GREEDYDATA:rest}");
    assert_eq!(rows(&spec, "a=1 x\nb=2 y\n"), [r#"[1,"x"]"#, r#"[2,"y"]"#]);
}

#[test]
fn traces_are_joined_to_their_event() {
    let text = "lost\n2024-01-01 10:00:00,1 ERROR failed\njava.lang.X: y\n\tat a.b(C.java:1)\n\nCaused by: z\r\n2024-01-01 10:00:01,1 INFO ok\r\n";
    let spec = pattern("^%{TIMESTAMP_ISO8601:time} %{LOGLEVEL:level} %{GREEDYDATA:message}")
        .with("event_start", "^%{TIMESTAMP_ISO8601}");
    let found = read(&spec, text);
    assert_eq!(
        found.json(),
        [
            r#"["2024-01-01T10:00:00.100Z","ERROR","failed\njava.lang.X: y\n\tat a.b(C.java:1)\n\nCaused by: z"]"#,
            r#"["2024-01-01T10:00:01.100Z","INFO","ok"]"#
        ]
    );
    let tally = &found.tally;
    assert_eq!((tally.read, tally.accepted, tally.quarantined, tally.joined, tally.blank), (7, 2, 1, 3, 1));
    let parser = prepare(&spec, None, text);
    for size in [1, 10, 60] {
        let parts = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
        assert_eq!((&parts.rows, &parts.tally), (&found.rows, &found.tally));
    }
}

#[test]
fn mistakes_are_explained_at_their_place() {
    let fault = |spec: FormatSpec| Pattern.prepare(&spec, None, &Sample::default()).err().unwrap();
    let near = fault(pattern("x %{NUMBR:n} y"));
    assert!(near.message.contains("no grok piece `NUMBR`; did you mean `NUMBER`"), "{near}");
    assert_eq!(near.location.span.map(|span| (span.start, span.end)), Some((2, 12)));
    let broken = fault(pattern("%{IP:client} (?P<a>[0-9) x"));
    assert_eq!(broken.location.span.map(|span| span.start), Some(19), "{broken}");
    assert!(broken.message.contains("unclosed character class"), "{broken}");
    assert_eq!(broken.location.field.as_deref(), Some("pattern"));
    assert!(fault(pattern("(?=x)(?P<a>y)")).help.unwrap().contains("linear time"));
    assert!(fault(pattern("(a){1000}{1000}(?P<x>b)")).message.contains("too large"));
    assert!(fault(pattern("%{IP:a")).message.contains("not closed"));
    assert!(fault(pattern("abc")).message.contains("names no field"));
    assert!(fault(pattern("")).message.contains("no pattern"));
    assert!(fault(pattern("%{INT:a:intt}")).message.contains("unknown type"));
    assert!(fault(pattern("%{INT:a}").with("types", "b=Int")).message.contains("no column `b`"));
    assert!(fault(pattern("%{INT:a}").with("time_format", "%Q")).message.contains("no time format"));
    assert_eq!(fault(pattern("%{INT:a}").with("event_start", "(")).location.field.as_deref(), Some("event_start"));
}

#[test]
fn times_of_many_kinds_become_times() {
    let Some(folder) = sample("timestamp-zoo") else { return };
    for (file, first) in [
        ("dpkg.log", "2009-02-25T11:45:23Z"),
        ("epoch.0", "2015-04-10T02:58:07.123Z"),
        ("generic.0", "2012-07-02T10:22:40.672Z"),
        ("generic.1", "2015-04-24T21:09:29.296Z"),
        ("skydrive_v1.log", "2013-08-01T21:22:28.999Z"),
        ("tcsh_history.0", "2006-11-02T17:59:26Z"),
        ("vsftpd.log", "2016-06-06T18:43:28Z"),
        ("zsh_extended_history.txt", "2016-03-12T08:26:50Z"),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let found = recognise(&Sample::whole(file, &text)).swap_remove(0);
        let reading = read(&found.format, &text);
        let place = reading.schema.index("time").unwrap_or_else(|| panic!("{file}: {found:?}"));
        let time = parse_timestamp(first).map(crate::data::Value::Timestamp);
        assert_eq!(reading.rows.first().map(|row| row[place].clone()), time, "{file}: {found:?}");
    }
}

#[test]
fn a_name_that_is_given_twice_is_told() {
    let fault = Pattern.prepare(&pattern("%{IP:ip} %{IP:ip}"), None, &Sample::default()).err().unwrap();
    assert_eq!((fault.code.as_str(), fault.message.as_str()), ("PW0438", "the pattern gives the name `ip` twice"));
    assert!(fault.help.unwrap().contains("`%{IP:ip_2}`"));
    // Where one of the two stands in a line, each is right; where both do, it is counted.
    let reading = read(&pattern("(?:a %{INT:n}|b %{INT:n})"), "a 1\nb 2\n");
    assert_eq!((reading.json(), reading.tally.changes.count()), (vec!["[1]".to_owned(), "[2]".to_owned()], 0));
    let reading = read(&pattern("^(?:%{INT:n} )?%{INT:n}$"), "1 2\n3\n");
    assert_eq!(reading.json(), ["[2]", "[3]"]);
    assert_eq!(format!("{:?}", reading.tally.changes.repeated), r#"{"n": 1}"#);
}

/// The zone of a time that stands behind a blank is no part of the message.
#[test]
fn zones_behind_a_blank_belong_to_the_time() {
    for (line, wanted) in [
        ("2024-03-01 10:00:00 +0100 the shop is open", r#"["2024-03-01T09:00:00Z","the shop is open"]"#),
        ("2024-03-01 10:00:00 -0500 [x] open", r#"["2024-03-01T15:00:00Z","[x] open"]"#),
        ("2024-03-01 10:00:00.5 CET open", r#"["2024-03-01T09:00:00.500Z","open"]"#),
        ("2024-03-01 10:00:00 - open", r#"["2024-03-01T10:00:00Z","open"]"#),
    ] {
        let text = format!("{line}\n").repeat(3);
        let found = crate::formats::recognise(&crate::formats::Sample::whole("x.log", &text));
        assert_eq!(found[0].format.name, "pattern", "{line}: {found:?}");
        assert_eq!(crate::formats::testing::read(&found[0].format, &text).json()[0], wanted, "{line}");
    }
}
