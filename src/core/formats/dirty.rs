//! Dirty input, for every format in the list: whatever a text holds, nothing panics, every unit is counted once, and
//! reading in chunks gives what reading whole gives.

use super::testing::{pieces, read_with, samples};
use super::{Format, Parser, Sample, formats, recognise};

/// Texts that formats read well, to be spoilt.
pub(crate) const SEEDS: [&str; 12] = [
    "{\"a\":1,\"t\":\"2024-01-01T00:00:00Z\",\"n\":{\"x\":[1,2]},\"s\":\"q\\\"\\u00e9\"}\n{\"a\":2,\"b\":null}\n[{\"a\":3},{\"a\":4}]\n",
    "[\n {\"page\":1,\"items\":[{\"a\":1},{\"a\":2}]},\n {\"page\":2,\"items\":[]}\n]\n",
    "id,name,at\r\n1,\"a, \"\"b\"\"\",2024-01-01 10:00:00\r\n2,\"two\nlines\",\r\n\r\nid,name,at\r\n3,é,x\r\n",
    "a;b\n1;2\n\"3\";4\n5;\"6\n7\"\n",
    "ts=2024-01-01T00:00:00Z level=info msg=\"a \\\"b\\\"\" n=1 ok\nlevel=warn msg= n=2\n",
    "# TYPE up gauge\nup{job=\"a\",le=\"+Inf\"} 1 1700000000000\nup 2\n# TYPE req counter\nreq_total{a=\"b\\\"c\"} NaN # {x=\"y\"} 1\n# EOF\n",
    "plain words\n  at indented\n\nmore\n",
    "1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] \"GET /a?b=\\\"c\\\" HTTP/1.1\" 200 12 \"-\" \"agent (x; y)\" \"-\"\n::1 - - [10/Oct/2000:13:55:37 +0000] \"-\" 400 0 \"-\" \"-\"\n",
    "Oct  9 22:33:20 host sshd[12]: Failed password for root\nDec 31 23:59:59 host kernel: [ 1.2] x\n",
    "<34>1 2003-10-11T22:14:15.003Z host app 12 ID47 [a@1 b=\"c\\]\"] \u{feff}message\n<0>Oct 11 22:14:15 h t: m\n",
    "2024-01-01 10:00:00,123 ERROR [main] a.b.C - failed\njava.lang.X: y\n\tat a.b(C.java:1)\nCaused by: z\n2024-01-01 10:00:01,123 INFO ok\n",
    "2024/01/01 10:00:00 [error] 12#34: *5 open() \"/x\" failed (2: No such file), client: 1.2.3.4, server: _, request: \"GET / HTTP/1.1\"\n",
];

/// What spoils a text.
const SPOILERS: [&str; 22] = [
    "\0",
    "\r\n",
    "\n",
    "\u{feff}",
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    "=",
    "99999999999999999999",
    "\u{fffd}",
    "\t",
    " ",
    "-",
    "<",
    "/>",
    ";",
    "|",
];

/// The text with a few faults.
pub(crate) fn spoil(text: &str, random: &mut fastrand::Rng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.usize(1..6) {
        let at = random.usize(0..=bytes.len());
        match random.u8(0..4) {
            0 => {
                let spoiler = SPOILERS[random.usize(0..SPOILERS.len())].bytes();
                bytes.splice(at..at, spoiler);
            }
            1 => drop(bytes.drain(at..(at + random.usize(0..8)).min(bytes.len()))),
            2 => {
                // A piece of the text once more, elsewhere.
                let end = (at + random.usize(0..40)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.usize(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Parsers for a text: as recognised, and as each format prepares itself without options.
pub(crate) fn parsers(text: &str) -> Vec<(&'static str, Box<dyn Parser>)> {
    let sample = Sample::whole("sample", text);
    let recognised = recognise(&sample);
    let prepared = |format: &'static dyn Format| {
        let own = recognised.iter().find(|found| found.format.name == format.name()).map(|found| found.format.clone());
        let spec = own.unwrap_or_else(|| super::FormatSpec::new(format.name()));
        format.prepare(&spec, None, &sample).ok().map(|parser| (format.name(), parser))
    };
    formats().iter().copied().filter_map(prepared).collect()
}

/// Reads a text whole and in chunks, and compares.
pub(crate) fn compare(name: &str, parser: &dyn Parser, text: &str, sizes: &[usize]) {
    let whole = read_with(parser, &[text]);
    for size in sizes {
        let pieces = pieces(parser, text, *size);
        assert_eq!(pieces.concat(), text, "{name}: the cuts lose something");
        let parts = read_with(parser, &pieces);
        assert_eq!(parts.rows, whole.rows, "{name}: {pieces:?}");
        assert_eq!(parts.quarantined, whole.quarantined, "{name}: {pieces:?}");
        assert_eq!(parts.places, whole.places, "{name}: {pieces:?}");
        assert_eq!(parts.tally, whole.tally, "{name}: {pieces:?}");
    }
}

#[test]
fn chunks_give_what_the_whole_gives() {
    for seed in SEEDS {
        let text = seed.repeat(3);
        for (name, parser) in parsers(&text) {
            compare(name, parser.as_ref(), &text, &[1, 7, 40, 150]);
        }
    }
}

#[test]
fn spoilt_texts_lose_nothing() {
    let mut random = fastrand::Rng::with_seed(2024);
    for seed in SEEDS {
        let clean = parsers(seed);
        for _ in 0..60 {
            let text = spoil(seed, &mut random);
            // Prepared from the clean text, and from the spoilt one itself.
            for (name, parser) in clean.iter().map(|(name, parser)| (*name, parser.as_ref())) {
                compare(name, parser, &text, &[random.usize(1..60)]);
            }
            for (name, parser) in parsers(&text) {
                compare(name, parser.as_ref(), &text, &[]);
            }
        }
    }
}

#[test]
fn empty_and_blank_texts_have_no_rows() {
    for text in ["", "\n", "\r\n\r\n", "\u{feff}", "  \n \n"] {
        for (name, parser) in parsers(text) {
            let reading = read_with(parser.as_ref(), &[text]);
            assert_eq!(reading.tally.rows, 0, "{name}: {text:?}");
            if name != "parquet" {
                assert_eq!(reading.tally.quarantined, 0, "{name}: {text:?}");
            }
        }
    }
}

#[test]
fn real_files_of_every_kind_lose_nothing() {
    let Some(folder) = samples() else { return };
    let mut files = 0;
    for folder in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if ["facts.json", "SOURCE.txt"].contains(&name.as_str()) || name.contains(".expected.") {
                continue;
            }
            if entry.path().is_dir() {
                continue;
            }
            let mut bytes = std::fs::read(entry.path()).unwrap();
            bytes.truncate(16_384);
            let text = String::from_utf8_lossy(&bytes);
            files += 1;
            let Some(best) = recognise(&Sample::whole(&name, &text)).into_iter().next() else { continue };
            let found =
                super::format(&best.format.name).unwrap().prepare(&best.format, None, &Sample::whole(&name, &text));
            let parser = found.unwrap_or_else(|fault| panic!("{name}: {fault}"));
            compare(&name, parser.as_ref(), &text, &[1000]);
        }
    }
    assert!(files > 300, "{files}");
}

/// Cut at fifty places, with flipped bytes, twice: what is read is counted once.
#[test]
fn real_files_that_are_damaged_are_counted_whole() {
    const LOOKED_AT: usize = 3000;
    let Some(folder) = samples() else { return };
    let mut random = fastrand::Rng::with_seed(7);
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for file in std::fs::read_dir(entry.path()).unwrap().flatten().map(|entry| entry.path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            if !file.is_file() || ["facts.json", "SOURCE.txt"].contains(&name.as_str()) || name.contains(".expected.") {
                continue;
            }
            let mut bytes = std::fs::read(&file).unwrap();
            bytes.truncate(LOOKED_AT);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let sample = Sample::whole(&name, &text);
            let Some(best) = recognise(&sample).into_iter().next() else { continue };
            let Ok(parser) = super::format(&best.format.name).unwrap().prepare(&best.format, None, &sample) else {
                panic!("{name}: what was recognised is not read");
            };
            files += 1;
            let mut damaged = vec![text.repeat(2)];
            damaged
                .extend((0..50).map(|place| String::from_utf8_lossy(&bytes[..bytes.len() * place / 50]).into_owned()));
            for _ in 0..8 {
                let mut flipped = bytes.clone();
                for _ in 0..random.usize(1..8) {
                    let at = random.usize(0..flipped.len());
                    flipped[at] ^= 1 << random.u8(0..8);
                }
                damaged.push(String::from_utf8_lossy(&flipped).into_owned());
            }
            // Each reading checks the equation.
            damaged.iter().for_each(|text| drop(read_with(parser.as_ref(), &[text])));
        }
    }
    assert!(files > 300, "{files}");
}

#[test]
fn every_format_says_what_it_is() {
    let mut names = std::collections::BTreeSet::new();
    let unknown = |format: &dyn Format| {
        let spec = super::FormatSpec::new(format.name()).with("no_such_option", "x");
        format.prepare(&spec, None, &Sample::default()).err()
    };
    for format in formats() {
        assert!(names.insert(format.name()), "{} is there twice", format.name());
        assert!(format.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        assert!(!format.title().is_empty() && format.doc().ends_with('.'), "{}", format.name());
        assert_eq!(unknown(*format).unwrap().code, "PW0853", "{}", format.name());
        for option in format.options() {
            assert!(!option.doc.is_empty(), "{}: {}", format.name(), option.name);
        }
    }
    assert_eq!(formats().last().map(|format| format.name()), Some("lines"), "plain lines decide no tie");
}

/// As a design is checked, and an empty file read.
#[test]
fn every_format_takes_declared_columns_where_nothing_of_a_file_is_known() {
    let mut tried = 0;
    for format in formats() {
        let spec = super::FormatSpec::new(format.name());
        for example in format.examples() {
            let sample = Sample::whole("x", example);
            let Ok(parser) = super::prepare(*format, &spec, None, &sample) else { continue };
            let declared = Some(parser.schema()).filter(|schema| !schema.is_empty());
            let again = super::prepare(*format, &spec, declared, &Sample::default());
            assert!(again.is_ok() || declared.is_none(), "{}: {:?}", format.name(), again.err());
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}
