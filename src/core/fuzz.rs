//! Tests only: everything that takes what others wrote, fed with texts that are nearly right. Each case is made from its own
//! seed, so that one that fails is made again: `PIPEWRIGHT_SEED=17 cargo test -p pipewright-core fuzz`. Some seconds;
//! fifteen minutes with `PIPEWRIGHT_LONG=1`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::data::day_order::{DayOrder, dates_are};
use crate::data::instants::{orders_of, parse_date, parse_timestamp};
use crate::data::{format_timestamp, parse_duration};
use crate::expr::{functions, parse, parse_named, parse_order, print};
use crate::formats::dates::Years;
use crate::formats::dirty::{SEEDS, compare, parsers, spoil};
use crate::formats::{FormatSpec, Mark, Sample, format, formats, learn, recognise, time};
use crate::project::{load, to_text};

/// A case that takes longer hangs: the slowest are some hundred times faster.
const SLOWEST: Duration = Duration::from_secs(20);

/// What is fed.
struct Target {
    name: &'static str,
    run: fn(&mut Rng, &Corpus) -> String,
}

/// Texts that are right.
struct Corpus {
    logs: Vec<String>,
    expressions: Vec<String>,
    projects: Vec<String>,
}

impl Corpus {
    fn new() -> Self {
        let examples = formats().iter().flat_map(|format| format.examples());
        let calls =
            functions().iter().flat_map(|function| function.examples.iter().map(|example| example.call.to_owned()));
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("Cargo.lock").exists());
        let shop = std::fs::read_to_string(root.unwrap().join("projects/shop/shop.pipewright.json")).unwrap();
        let small = r#"{"pipewright":1,"name":"p","sources":[{"id":"s","title":"S","path":"in.csv","format":{"name":"csv"},"schema":{"fields":[{"name":"n","type":"Int"}]}}],"steps":[{"id":"in","kind":"file","title":"In","settings":{"source":"s"}},{"id":"f","kind":"filter","title":"F","settings":{"condition":"n > 1"}}],"wires":[{"id":"w","from":"in","to":"f"}],"parameters":[]}"#;
        Self {
            logs: SEEDS.iter().chain(examples).map(|text| format!("{}\n", text.trim_end()).repeat(2)).collect(),
            expressions: calls.chain(EXPRESSIONS.map(str::to_owned)).collect(),
            projects: vec![small.to_owned(), shop],
        }
    }
}

const EXPRESSIONS: [&str; 6] = [
    "status >= 500 or duration > 3 and not (a is null)",
    "case when a between 1 and 2 then 'x' else lower(\"b c\") end",
    "cast(x as int) div 2 + try_cast(y as float) / -3.5e2",
    "count(*), sum(a) as total, share_if(b = 'c')",
    "a desc, b, lower(c) desc",
    "x in ('a', 'b''c') and y not like '%z' and t > timestamp '2024-03-01T00:00:00Z' - interval '15 minutes'",
];

const PATTERNS: [&str; 5] = [
    "%{IPORHOST:client} %{USER} \\[%{HTTPDATE:time}\\] \"%{WORD:method} %{NOTSPACE:path}\" %{NUMBER:status:int}",
    "(?<level>[A-Z]+) (?P<n>\\d{1,3})(?: %{GREEDYDATA:message})?",
    "%{TIMESTAMP_ISO8601:time:timestamp}\\s+%{LOGLEVEL:level}",
    "^(?<a>.*?),(?<b>[^,]*)$",
    "%{SYSLOGLINE}",
];

const TIMES: [&str; 14] = [
    "2024-02-29T23:59:60.123456789+05:30",
    "20240301T100000Z",
    "10/Oct/2000:13:55:36.123 -0700",
    "Feb 29 10:00:00",
    "<34>Oct 11 22:14:15 host",
    "1709287200.123",
    "1709287200000000000",
    "2024/03/01 10:00 Europe/Berlin",
    "01.03.2024 10:00:00,5",
    "3/1/2024 2:07:09 PM",
    "1d2h3m4.5s",
    "-262143-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-18:00",
    "Wed May 19 08:00:01 EST 2021",
];

fn pick<'a>(random: &mut Rng, texts: &'a [String]) -> &'a str {
    &texts[random.usize(0..texts.len())]
}

/// Whole and in pieces, by each format, prepared from the right text or from the spoilt one.
fn parsers_target(random: &mut Rng, corpus: &Corpus) -> String {
    let seed = pick(random, &corpus.logs);
    let text = spoil(seed, random);
    let from = if random.bool() { seed } else { text.as_str() };
    for (name, parser) in parsers(from) {
        compare(name, parser.as_ref(), &text, &[random.usize(1..80)]);
    }
    text
}

/// Two logs after each other or in each other, read as what they are taken for.
fn recogniser_target(random: &mut Rng, corpus: &Corpus) -> String {
    let (first, second) = (pick(random, &corpus.logs), pick(random, &corpus.logs));
    let mut text = format!("{first}{second}");
    if random.bool() {
        text = text.lines().flat_map(|line| [line, "\n"]).collect::<String>().repeat(random.usize(1..20));
    }
    let text = spoil(&text, random);
    let sample = Sample { whole: random.bool(), ..Sample::whole("a.log", &text) };
    let found = recognise(&sample);
    assert!(!found.is_empty() || text.trim().is_empty() || text.contains('\0'), "text is at least lines");
    for recognition in found.iter().take(3) {
        assert!((1..=100).contains(&recognition.score), "{recognition:?}");
        let known = format(&recognition.format.name).unwrap();
        // What was recognised is read, but for a table whose first line does not end in the sample.
        match known.prepare(&recognition.format, None, &sample) {
            Ok(parser) => compare(known.name(), parser.as_ref(), &text, &[]),
            Err(fault) => assert!(!sample.whole && fault.code == "PW0490", "{fault}"),
        }
    }
    text
}

fn grok_target(random: &mut Rng, corpus: &Corpus) -> String {
    let pattern = spoil(PATTERNS[random.usize(0..PATTERNS.len())], random);
    let spec = FormatSpec::new("pattern").with("pattern", &pattern);
    let text = pick(random, &corpus.logs);
    if let Ok(parser) = format("pattern").unwrap().prepare(&spec, None, &Sample::whole("a", text)) {
        compare("pattern", parser.as_ref(), text, &[]);
    }
    pattern
}

fn by_example_target(random: &mut Rng, corpus: &Corpus) -> String {
    let text = spoil(pick(random, &corpus.logs), random);
    let lines: Vec<&str> = text.lines().take(12).collect();
    let marks: Vec<Mark> = (0..random.usize(1..6))
        .map(|_| {
            let line = random.usize(0..lines.len() + 1);
            let length = lines.get(line).map_or(0, |line| line.len());
            let start = random.usize(0..=length);
            let end = random.usize(start..=length + 1);
            Mark { line, start, end, name: ["a", "b", "time", "a b"][random.usize(0..4)].to_owned() }
        })
        .collect();
    if let Ok(learned) = learn(&lines, &marks) {
        assert!(learned.fit <= learned.lines, "{learned:?}");
        learned.pieces(&lines);
    }
    format!("{marks:?}\n{text}")
}

fn time_target(random: &mut Rng, _: &Corpus) -> String {
    let text = spoil(TIMES[random.usize(0..TIMES.len())], random);
    let _order = dates_are([None, Some(DayOrder::DayFirst), Some(DayOrder::MonthFirst)][random.usize(0..3)]);
    orders_of(&text);
    let again = parse_timestamp(&text).map(format_timestamp);
    if let Some(again) = again {
        assert_eq!(parse_timestamp(&again), parse_timestamp(&text), "{again}");
    }
    parse_date(&text);
    parse_duration(&text);
    time::clf(&text);
    let years = Years::of(random.i64(..));
    years.rfc3164_prefix(text.as_bytes());
    for unit in [time::Epoch::Seconds, time::Epoch::Millis, time::Epoch::Micros, time::Epoch::Nanos] {
        time::epoch(&text, unit);
    }
    let form = ["%d.%m.%Y %H:%M:%S", "%b %d %H:%M", "%I:%M %p", "%Y%j"][random.usize(0..4)];
    years.formatted(&text, &spoil(form, random));
    text
}

/// What is read as a project is written, and read again as the same.
fn project_target(random: &mut Rng, corpus: &Corpus) -> String {
    let seed = if random.u8(0..8) == 0 { &corpus.projects[1] } else { &corpus.projects[0] };
    let text = spoil(seed, random);
    if let Ok((project, _)) = load(&text) {
        let written = to_text(&project);
        let again = load(&written).unwrap_or_else(|fault| panic!("what was written is not read: {fault}")).0;
        assert_eq!(to_text(&again), written);
    }
    text
}

/// What is parsed is printed, and parsed again as the same.
fn expression_target(random: &mut Rng, corpus: &Corpus) -> String {
    let text = spoil(pick(random, &corpus.expressions), random);
    if let Ok(expr) = parse(&text) {
        let printed = print(&expr);
        let again = parse(&printed).unwrap_or_else(|fault| panic!("`{printed}` is not parsed: {fault}"));
        assert_eq!(print(&again), printed);
    }
    let _ = (parse_order(&text), parse_named(&text));
    text
}

const TARGETS: [Target; 7] = [
    Target { name: "parsers", run: parsers_target },
    Target { name: "recogniser", run: recogniser_target },
    Target { name: "grok", run: grok_target },
    Target { name: "by example", run: by_example_target },
    Target { name: "time", run: time_target },
    Target { name: "project", run: project_target },
    Target { name: "expression", run: expression_target },
];

#[test]
fn nothing_that_is_fed_panics_or_hangs() {
    let is_long = std::env::var_os("PIPEWRIGHT_LONG").is_some();
    let given = std::env::var("PIPEWRIGHT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    // The same cases each time where nobody looks on.
    let first = given.unwrap_or_else(|| if is_long { fastrand::u64(..1 << 40) } else { 2024 });
    let span = Duration::from_secs(if is_long { 900 } else { 8 });
    let corpus = Corpus::new();
    let (begun, mut cases) = (Instant::now(), [0u64; TARGETS.len()]);
    println!("PIPEWRIGHT_SEED={first}");
    let mut faults = Vec::new();
    for seed in first.. {
        for (target, count) in TARGETS.iter().zip(&mut cases) {
            let case = Instant::now();
            let fed = catch_unwind(AssertUnwindSafe(|| (target.run)(&mut Rng::with_seed(seed), &corpus)));
            *count += 1;
            match fed {
                Ok(text) if case.elapsed() > SLOWEST => {
                    faults.push(format!("{}: PIPEWRIGHT_SEED={seed} took {:?}: {text}", target.name, case.elapsed()));
                }
                Ok(_) => {}
                Err(_) => faults.push(format!("{}: PIPEWRIGHT_SEED={seed}", target.name)),
            }
        }
        if begun.elapsed() > span || faults.len() >= 20 {
            break;
        }
    }
    let counts: Vec<String> =
        TARGETS.iter().zip(cases).map(|(target, count)| format!("{} {count}", target.name)).collect();
    println!("{}", counts.join(", "));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(cases.iter().all(|count| *count > 0));
}
