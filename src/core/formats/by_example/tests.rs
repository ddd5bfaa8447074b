//! Patterns learned from marks: what they take of other lines, and marks that make none.

use super::*;
use crate::formats::testing::read_as;

/// Marks of a line: `name=text`, one behind the other.
fn marks(lines: &[&str], line: usize, pieces: &[&str]) -> Vec<Mark> {
    let mut from = 0;
    let mark = |piece: &&str| {
        let (name, text) = piece.split_once('=').unwrap();
        let start = from + lines[line][from..].find(text).unwrap_or_else(|| panic!("{text} in {}", lines[line]));
        from = start + text.len();
        Mark { line, start, end: from, name: name.to_owned() }
    };
    pieces.iter().map(mark).collect()
}

fn types(learned: &Learned) -> String {
    let fields = learned.schema.fields.iter();
    fields.map(|field| format!("{} {}", field.name, field.data_type)).collect::<Vec<_>>().join(", ")
}

const HOUSE: [&str; 6] = [
    "2026-03-02 10:00:01,123 |web-1| [worker-12] (INFO) user=ann took 12ms: page shown",
    "2026-03-02 10:00:02,456 |web-2| [worker-3] (WARNING) user=bob took 7ms: slow [cache] (miss)",
    "2026-03-02 10:00:03,789 |db| [main] (ERROR) user=- took 1203ms: no answer",
    "    at com.example.Db.connect(Db.java:12)",
    "    at com.example.Main.run(Main.java:7)",
    "2026-03-02 10:00:04,001 |web-1| [worker-1] (INFO) user=eve took 1ms: page shown",
];

#[test]
fn one_marked_line_gives_a_pattern_that_fits_the_others() {
    let pieces = [
        "time=2026-03-02 10:00:01,123",
        "host=web-1",
        "thread=worker-12",
        "level=INFO",
        "user=ann",
        "ms=12",
        "message=page shown",
    ];
    let learned = learn(&HOUSE, &marks(&HOUSE, 0, &pieces)).unwrap();
    assert_eq!((learned.lines, learned.fit, learned.joined, learned.unfit.as_slice()), (6, 4, 2, &[][..]));
    let pattern = learned.format.option("pattern").unwrap();
    assert!(pattern.starts_with(r"^(?P<time>\d+-\d+-\d+ \d+:\d+:\d+,\d+) \|(?P<host>[^|]+)\| \["), "{pattern}");
    assert_eq!(
        types(&learned),
        "time Timestamp, host String, thread String, level String, user String, ms Int, message String"
    );
    let reading = read_as(&learned.format, &learned.schema, &(HOUSE.join("\n") + "\n"));
    let rows = reading.json();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1], r#"["2026-03-02T10:00:02.456Z","web-2","worker-3","WARNING","bob",7,"slow [cache] (miss)"]"#);
    assert!(
        rows[2].starts_with(r#"["2026-03-02T10:00:03.789Z","db","main","ERROR",null,1203,"no answer"#),
        "{}",
        rows[2]
    );
    assert_eq!(reading.tally.joined, 2);
}

#[test]
fn further_marked_lines_tell_what_may_be_missing() {
    let lines = ["GET /a 200 12", "GET /b 404", "POST /c/d 500 7", "x"];
    let mut all = marks(&lines, 0, &["method=GET", "path=/a", "status=200", "bytes=12"]);
    let alone = learn(&lines, &all).unwrap();
    assert_eq!((alone.fit, alone.unfit.as_slice()), (2, &[1, 3][..]));
    all.extend(marks(&lines, 1, &["method=GET", "path=/b", "status=404"]));
    let learned = learn(&lines, &all).unwrap();
    assert_eq!((learned.fit, learned.unfit.as_slice()), (3, &[3][..]), "{:?}", learned.format);
    assert_eq!(types(&learned), "method String, path String, status Int, bytes Int");
    let reading = read_as(&learned.format, &learned.schema, "GET /b 404\nPOST /c/d 500 7\n");
    assert_eq!(reading.json(), [r#"["GET","/b",404,null]"#, r#"["POST","/c/d",500,7]"#]);
}

#[test]
fn marks_that_make_no_pattern_are_told() {
    let lines = ["a=1 b=2", "b=2 a=1"];
    let code = |marks: &[Mark]| learn(&lines, marks).unwrap_err().code;
    let mark = |line, start, end, name: &str| Mark { line, start, end, name: name.to_owned() };
    assert_eq!(code(&[]), "PW1110");
    assert_eq!(code(&[mark(0, 2, 99, "a")]), "PW1110");
    assert_eq!(code(&[mark(7, 0, 1, "a")]), "PW1110");
    assert_eq!(code(&[mark(0, 2, 2, "a")]), "PW1110");
    assert_eq!(code(&[mark(0, 2, 3, "a b")]), "PW1111");
    assert_eq!(code(&[mark(0, 0, 3, "a"), mark(0, 2, 4, "b")]), "PW1112");
    assert_eq!(code(&[mark(0, 2, 3, "a"), mark(0, 6, 7, "b"), mark(1, 2, 3, "b"), mark(1, 6, 7, "a")]), "PW1112");
    assert_eq!(code(&[mark(0, 0, 1, "a"), mark(0, 2, 3, "b"), mark(1, 0, 3, "a"), mark(1, 4, 5, "b")]), "PW1113");
}

#[test]
fn any_marks_on_any_lines_end_without_a_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        let text = |random: &mut fastrand::Rng| -> String {
            let signs: Vec<char> = "ab12 .:[]()|=\"\\é$^*+?{}".chars().collect();
            (0..random.usize(1..30)).map(|_| signs[random.usize(..signs.len())]).collect()
        };
        let lines: Vec<String> = (0..random.usize(1..6)).map(|_| text(&mut random)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let marks: Vec<Mark> = (0..random.usize(1..4))
            .map(|number| {
                let line = random.usize(..lines.len());
                let start = random.usize(..lines[line].len());
                let end = random.usize(start..=lines[line].len());
                Mark { line, start, end, name: format!("n{number}") }
            })
            .collect();
        if let Ok(learned) = learn(&lines, &marks) {
            let parser = Pattern.prepare(&learned.format, Some(&learned.schema), &Sample::default()).unwrap();
            let sample = Sample::whole("", &(lines.join("\n") + "\n"));
            assert!(trial(&*parser, &sample).0.is_balanced());
        }
    }
}
