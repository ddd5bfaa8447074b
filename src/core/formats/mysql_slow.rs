//! The format `mysql_slow`: the slow query log of MySQL, MariaDB and Percona Server. An event is a head of lines with
//! `#`, and a statement of as many lines as it has. Must not import other formats.

use std::borrow::Cow;

use super::cell::Cell;
use super::columns::Fit;
use super::declared::with_types;
use super::events::cut_events;
use super::infer::TextGuess;
use super::keys::{KeyCursor, KeyIndex};
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::template::Pairs;
use super::time::{self, Epoch};
use super::{Change, Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit};
use crate::data::instants::{is_finer, parse_timestamp};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;

/// The format `mysql_slow`.
pub struct MysqlSlow;

/// What every event has a place for.
const COLUMNS: [(&str, DataType); 8] = [
    ("time", DataType::Timestamp),
    ("host", DataType::String),
    ("client", DataType::String),
    ("user", DataType::String),
    ("duration", DataType::Float),
    ("lock_time", DataType::Float),
    ("thread", DataType::Int),
    ("query", DataType::String),
];

impl Format for MysqlSlow {
    fn name(&self) -> &'static str {
        "mysql_slow"
    }

    fn title(&self) -> &'static str {
        "MySQL slow query log"
    }

    fn doc(&self) -> &'static str {
        "The slow query log of MySQL, MariaDB and Percona Server (dev.mysql.com, The slow query log). `time` is that of \
         `SET timestamp`, when the statement began, else of `# Time:`; where the latter says more it is `logged`, when \
         the statement had ended. A `# Time:` without a zone is of the clock that events with both times tell. `duration` and `lock_time` are in seconds; the other keys of the head keep \
         their names; `login_user` is who logged in, where that is not the account, and `explain` MariaDB's plan; \
         `query` is the statement with all its lines."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn examples(&self) -> &'static [&'static str] {
        &["# Time: 2024-03-01T10:00:01.123456Z\n# User@Host: bob[bob] @ shop [192.0.2.7]  Id:    12\n\
           # Query_time: 1.500000  Lock_time: 0.000100 Rows_sent: 1  Rows_examined: 100\n\
           SET timestamp=1709287200;\nselect *\n  from orders;"]
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let (mut heads, mut timed, mut open) = (0, 0, false);
        for line in sample_lines(sample) {
            if line.starts_with("# User@Host:") {
                heads += 1;
                open = true;
            } else if open && line.starts_with("# Query_time:") {
                timed += 1;
                open = false;
            }
        }
        recognition(FormatSpec::new("mysql_slow"), timed, heads, 99, "event", "have a head with user and query time")
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let mut own = Schema::of(COLUMNS);
        let mut found: Vec<(String, TextGuess)> = Vec::new();
        let (mut is_logged, mut is_set, mut clocks) = (false, false, Clocks::default());
        for line in sample_lines(sample) {
            is_logged |= logged_at(line).is_some_and(|text| parse_timestamp(text).is_some());
            is_set |= timestamp(line).is_some();
            clocks.note(line);
            if !line.starts_with("# ") {
                continue;
            }
            each_key(line, |key, value| {
                if own.has(key) {
                    return;
                }
                match found.iter_mut().find(|(known, _)| known == key) {
                    Some((_, guess)) => guess.add(value),
                    None => {
                        let mut guess = TextGuess::default();
                        guess.add(value);
                        found.push((key.to_owned(), guess));
                    }
                }
            });
        }
        let query = own.fields.pop();
        if is_logged && is_set {
            own.fields.push(Field::new(LOGGED, DataType::Timestamp));
        }
        own.fields.extend(found.into_iter().map(|(name, guess)| guess.field(&name)));
        own.fields.extend(query);
        for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
            if !own.has(&field.name) {
                own.fields.push(field.clone());
            }
        }
        with_types(schema, &own, |schema| {
            let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
            Ok(Box::new(MysqlSlowParser { index: KeyIndex::new(&schema), schema, cells, ahead: clocks.ahead }))
        })
    }
}

/// A line of the plan that MariaDB writes where `log_slow_verbosity` has `explain`.
const EXPLAIN: &str = "# explain:";

/// The keys of a line of the head, with the names of their columns. Of the user's line, the user who logged in is one
/// where it is another than the account; the others are read elsewhere.
fn each_key<'a>(line: &'a str, mut visit: impl FnMut(&'a str, &'a str)) {
    if let Some(rest) = line.strip_prefix("# User@Host:") {
        let user = rest.split_once(" @ ").and_then(|(user, _)| user.trim().strip_suffix(']')?.split_once('['));
        if let Some((_, login)) = user.filter(|(account, login)| account != login && !login.is_empty()) {
            visit("login_user", login);
        }
        return;
    }
    if let Some(plan) = line.strip_prefix(EXPLAIN) {
        visit("explain", plan.trim());
        return;
    }
    if line.starts_with("# Time:") || line.starts_with("# No ") {
        return;
    }
    let mut words = line.trim_start_matches('#').split_whitespace().peekable();
    while let Some(word) = words.next() {
        let Some(key) = word.strip_suffix(':') else { continue };
        // `Schema:   Last_errno: 0`: no value.
        let Some(value) = words.next_if(|next| !next.ends_with(':')) else { continue };
        // It stands in the statement's place.
        let value = if key == "command" { value.trim_end_matches(';') } else { value };
        visit(
            match key {
                "Query_time" => "duration",
                "Lock_time" => "lock_time",
                "Thread_id" | "Id" => "thread",
                // What is called as a column of ours is another.
                "time" => "time_2",
                "host" => "host_2",
                "client" => "client_2",
                "user" => "user_2",
                "duration" => "duration_2",
                "lock_time" => "lock_time_2",
                "thread" => "thread_2",
                "query" => "query_2",
                key => key,
            },
            value,
        );
    }
}

struct MysqlSlowParser {
    schema: Schema,
    cells: Vec<Cell>,
    index: KeyIndex,
    /// By how many microseconds the clock of `# Time:` is ahead of UTC, where it says no zone.
    ahead: i64,
}

/// An event that may go on: where it lies in the chunk, and the `# Time:` that stands before it.
struct Open<'a> {
    unit: Unit,
    start: usize,
    end: usize,
    time: Option<&'a str>,
}

/// What one call of `parse` keeps from event to event.
struct State<'a, 'o> {
    out: &'o mut dyn Columns,
    unfit: Unfit,
    keys: KeyCursor<'a>,
    /// Of the event: columns that are set, with the texts.
    set: Vec<(usize, &'a str)>,
}

/// The first line of an event. The `# Time:` that may stand before it is a line of its own.
fn begins(line: &str) -> bool {
    line.starts_with("# User@Host:")
}

/// Lines between events: they end the event before them.
fn is_between(line: &str) -> bool {
    line.starts_with("# Time:") || is_banner(line)
}

/// Banners that a server writes when it opens the log.
fn is_banner(line: &str) -> bool {
    line.contains(", Version: ") && line.ends_with("started with:")
        || line.starts_with("Tcp port: ")
        || line.starts_with("Time  ") && line.contains("Id Command")
}

impl MysqlSlowParser {
    fn event<'a>(&'a self, open: &Open<'a>, text: &'a str, state: &mut State<'a, '_>) {
        let end = if text.contains('\n') { '\n' } else { '\r' };
        let mut lines = text.split_inclusive(end).peekable();
        self.user(lines.next().unwrap_or_default().trim_end(), state);
        let mut plan: Vec<&str> = Vec::new();
        let mut head = |line: &'a str, state: &mut State<'a, '_>| {
            each_key(line.trim_end(), |key, value| match key {
                "explain" => plan.push(value),
                key => self.key(key, value, state),
            });
        };
        while let Some(line) = lines.next_if(|line| line.starts_with('#')) {
            head(line, state);
        }
        let start = lines.peek().map_or(text.len(), |line| line.as_ptr() as usize - text.as_ptr() as usize);
        let mut statements = Statements::of(text.get(start..).unwrap_or_default(), end);
        // `# administrator command: Quit;` stands in the statement's place.
        while let Cow::Borrowed(text) = statements.text
            && text.starts_with('#')
        {
            let (line, behind) = text.split_once(end).unwrap_or((text, ""));
            head(line, state);
            statements.text = Cow::Borrowed(behind);
        }
        if !plan.is_empty() {
            self.key("explain", "", state);
            self.set("explain", Cow::Owned(plan.join("\n")), state);
        }
        self.time(statements.time.or(open.time), statements.time.is_some(), state);
        if let Some(time) = open.time.filter(|time| statements.time.is_some() && parse_timestamp(time).is_some()) {
            self.set(LOGGED, Cow::Borrowed(time), state);
        }
        if !statements.text.is_empty() {
            self.set("query", statements.text, state);
        }
        state.set.clear();
        state.unfit.end_row();
        state.out.end_row(open.unit);
    }

    fn finish<'a>(&'a self, open: Option<Open<'a>>, chunk: &Chunk<'a>, state: &mut State<'a, '_>, tally: &mut Tally) {
        let Some(open) = open else { return };
        self.event(&open, chunk.text.get(open.start..open.end).unwrap_or_default(), state);
        tally.accepted += 1;
        tally.rows += 1;
    }

    /// The event's time: of `SET timestamp`, a number, else of `# Time:`.
    fn time(&self, text: Option<&str>, is_number: bool, state: &mut State) {
        let Some(column) = self.schema.index("time").filter(|column| state.out.wants(*column)) else { return };
        let Some(text) = text else { return };
        let (micros, is_cut) = match is_number {
            true => (time::epoch(text, Epoch::Seconds), time::is_finer_epoch(text, Epoch::Seconds)),
            false => (self.time_of(text), is_finer(text)),
        };
        let Some(micros) = micros else { return state.unfit.note(column) };
        state.out.timestamp(column, micros);
        if is_cut {
            state.unfit.note_change(column, Change::Cut);
        }
    }

    /// A key of the head. One without a column is counted, and one that is given twice.
    fn key<'a>(&self, key: &str, value: &'a str, state: &mut State<'a, '_>) {
        let is_own = COLUMNS.iter().any(|(name, _)| *name == key);
        let found = if is_own { self.index.get(key) } else { state.keys.find_copied(key) };
        let Some(column) = found.filter(|column| state.out.wants(*column)) else { return };
        match state.set.iter().find(|(set, _)| *set == column) {
            Some((_, before)) if *before != value => state.unfit.note_change(column, Change::Repeated),
            _ => state.set.push((column, value)),
        }
        if !value.is_empty() {
            self.set(key, Cow::Borrowed(value), state);
        }
    }

    fn set(&self, name: &str, value: Cow<str>, state: &mut State) {
        let Some(column) = self.index.get(name).filter(|column| state.out.wants(*column)) else { return };
        let fit = self.cells[column].read(&value, column, &self.schema.fields[column], state.out);
        if fit != Fit::Kept {
            state.unfit.note_fit(column, fit);
        }
    }

    /// `# User@Host: root[root] @ host [192.0.2.7]  Id:    12`.
    fn user<'a>(&self, line: &'a str, state: &mut State<'a, '_>) {
        let rest = line.trim_start_matches("# User@Host:").trim();
        let (user, rest) = rest.split_once(" @ ").unwrap_or((rest, ""));
        let user = user.split('[').next().unwrap_or(user).trim();
        each_key(line, |key, value| self.key(key, value, state));
        let (host, rest) = rest.split_once('[').unwrap_or((rest, ""));
        let (client, rest) = rest.split_once(']').unwrap_or((rest, ""));
        for (name, value) in [("user", user), ("host", host.trim()), ("client", client.trim())] {
            if !value.is_empty() {
                self.key(name, value, state);
            }
        }
        Pairs::COLONS.each(rest, |key, value| {
            if key == "Id" {
                self.key("thread", value, state);
            }
        });
    }
}

/// What stands behind the head: the statement, before which the server writes `use db;` where the database changed, and
/// `SET timestamp=…;` with what else the statement hangs on.
struct Statements<'a> {
    /// Of `SET timestamp`.
    time: Option<&'a str>,
    text: Cow<'a, str>,
}

impl<'a> Statements<'a> {
    fn of(text: &'a str, end: char) -> Self {
        let mut at = 0;
        for line in text.split_inclusive(end) {
            let statement = line.trim_end();
            if let Some(time) = timestamp(statement) {
                let behind = &text[at + line.len()..];
                let text = match (statement.contains(','), at) {
                    // It says more than the time.
                    (true, _) => Cow::Borrowed(text.trim_end()),
                    (false, 0) => Cow::Borrowed(behind.trim_end()),
                    (false, _) => Cow::Owned(format!("{}{}", &text[..at], behind.trim_end())),
                };
                return Self { time: Some(time), text };
            }
            if !(statement.starts_with("use ") && statement.ends_with(';')) {
                break;
            }
            at += line.len();
        }
        Self { time: None, text: Cow::Borrowed(text.trim_end()) }
    }
}

/// The time of `SET timestamp=1709287200;`, `SET last_insert_id=5,insert_id=6,timestamp=1709287200;`.
fn timestamp(statement: &str) -> Option<&str> {
    let settings = statement.strip_prefix("SET ")?.strip_suffix(';')?;
    settings.split(',').find_map(|setting| setting.trim().strip_prefix("timestamp="))
}

impl Parser for MysqlSlowParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        let end = cut_events(bytes, |line| !begins(line) && !is_between(line));
        // A time belongs to the event behind it, whatever stands between the two.
        let mut behind = end;
        while let Some(last) = bytes[..behind].strip_suffix(b"\n") {
            let start = memchr::memrchr(b'\n', last).map_or(0, |at| at + 1);
            let line = String::from_utf8_lossy(&last[start..]);
            let line = line.strip_prefix('\u{feff}').filter(|_| start == 0).unwrap_or(&line).trim_start_matches('\0');
            match () {
                () if line.starts_with("# Time:") => return start,
                () if begins(line) => break,
                () => behind = start,
            }
        }
        end
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let keys = KeyCursor::new(&self.index);
        let mut state = State { out, unfit: Unfit::new(&self.schema), keys, set: Vec::new() };
        let mut time = None;
        let mut open: Option<Open> = None;
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            let start = line.as_ptr() as usize - chunk.text.as_ptr() as usize;
            let end = start + line.len();
            if is_blank(line) {
                tally.blank += 1;
            } else if begins(line) || is_between(line) {
                self.finish(open.take(), chunk, &mut state, &mut tally);
                if begins(line) {
                    open = Some(Open { unit, start, end, time: time.take() });
                } else {
                    time = logged_at(line).or(time);
                    tally.meta += 1;
                }
            } else if let Some(open) = &mut open {
                open.end = end;
                tally.joined += 1;
            } else {
                state.out.quarantine(unit, "the line stands before the first event", line.as_bytes());
                tally.quarantined += 1;
            }
        }
        self.finish(open, chunk, &mut state, &mut tally);
        state.keys.finish(&mut tally);
        state.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The column of what `# Time:` says beside `SET timestamp`.
const LOGGED: &str = "logged";

/// What a `# Time:` line says.
fn logged_at(line: &str) -> Option<&str> {
    line.strip_prefix("# Time:").map(str::trim)
}

/// The time of a `# Time:` line without a zone, as MariaDB writes it, and MySQL before 5.7.
fn clock_of(text: &str) -> Option<i64> {
    super::dates::Years::of(0).formatted(text, "%y%m%d %H:%M:%S")
}

/// By how much the clock of a server is ahead of UTC: of events with both, what `# Time:` and `SET timestamp` say.
#[derive(Default)]
struct Clocks {
    logged: Option<i64>,
    ahead: i64,
}

impl Clocks {
    fn note(&mut self, line: &str) {
        /// Clocks are whole quarters of an hour ahead; the rest is how long the statement took.
        const QUARTER: i64 = 900_000_000;
        if let Some(text) = logged_at(line) {
            self.logged = clock_of(text);
        } else if let Some(set) = timestamp(line).and_then(|text| time::epoch(text, Epoch::Seconds))
            && let Some(logged) = self.logged.take()
        {
            let ahead = (logged - set + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
            self.ahead = if ahead.abs() <= 14 * 4 * QUARTER { ahead } else { self.ahead };
        }
    }
}

impl MysqlSlowParser {
    /// The time of a `# Time:` line, as MySQL writes it since 5.7, and before.
    fn time_of(&self, text: &str) -> Option<i64> {
        parse_timestamp(text).or_else(|| clock_of(text).map(|clock| clock - self.ahead))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{pieces, prepare, read, read_with, samples};

    #[test]
    fn both_times_of_an_event_are_kept() {
        let text = "# Time: 2024-03-01T10:00:09.000001Z\n# User@Host: a[a] @ shop []\n# Query_time: 3.0  Lock_time: 0.1\n\
                    SET timestamp=1709287206;\nselect 1;\n# User@Host: b[b] @ shop []\n# Query_time: 3.0\n\
                    SET timestamp=1709287207;\nselect 1;\n";
        let reading = read(&FormatSpec::new("mysql_slow"), text);
        let of = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
        assert_eq!(
            (of(0, "time"), of(0, "logged")),
            ("2024-03-01T10:00:06Z".into(), "2024-03-01T10:00:09.000001Z".into())
        );
        assert!(of(1, "logged").is_null());
        let alone = read(&FormatSpec::new("mysql_slow"), &text.replace("SET timestamp", "SET other"));
        assert_eq!(alone.schema.index("logged"), None);
    }

    #[test]
    fn one_clock_is_that_of_all_events() {
        let text = "# Time: 260217 10:00:09\n# User@Host: a[a] @ shop []\n# Query_time: 3.0  Lock_time: 0.1\n\
                    SET timestamp=1771318806;\nselect 1;\n# Time: 260217 10:01:05\n# User@Host: b[b] @ shop []\n\
                    # Query_time: 3.0  Lock_time: 0.1\n# administrator command: Ping;\n";
        let reading = read(&FormatSpec::new("mysql_slow"), text);
        let of = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
        assert_eq!((of(0, "time"), of(1, "time")), ("2026-02-17T09:00:06Z".into(), "2026-02-17T09:01:05Z".into()));
        assert_eq!(of(1, "command"), "Ping");
    }

    #[test]
    fn a_time_belongs_to_the_event_behind_it_whatever_stands_between() {
        let event = |user: &str| {
            format!("# User@Host: {user}[{user}] @ shop []\n# Query_time: 1.5  Lock_time: 0.1\nselect 1;\n")
        };
        let time = "# Time: 2024-03-01T10:00:01Z\n";
        let banner = "Tcp port: 3306  Unix socket: /run/mysqld.sock\n";
        let text = [&event("a"), time, banner, "\n", &event("b"), time, &event("c")].concat();
        let parser = prepare(&FormatSpec::new("mysql_slow"), None, &text);
        let whole = read_with(parser.as_ref(), &[&text]);
        let times: Vec<bool> = whole.rows.iter().map(|row| row[0].is_null()).collect();
        assert_eq!(times, [true, false, false]);
        for size in 1..150 {
            assert_eq!(read_with(parser.as_ref(), &pieces(parser.as_ref(), &text, size)).rows, whole.rows, "{size}");
        }
    }

    #[test]
    fn events_have_their_head_and_whole_statement() {
        let text = "/usr/sbin/mysqld, Version: 8.0.1 (x). started with:\nTcp port: 3306  Unix socket: x\n\
                    Time                 Id Command    Argument\n\
                    # Time: 2024-03-01T10:00:01.5Z\n# User@Host: bob[bob] @ shop [192.0.2.7]  Id:    12\n\
                    # Schema:   Last_errno: 0  Killed: 0\n\
                    # Query_time: 1.500000  Lock_time: 0.000100 Rows_sent: 1  Rows_examined: 100\n\
                    SET timestamp=1709287200;\nselect *\n  from orders;\n\
                    # Time: 240301 10:00:02\n# User@Host: al[al] @  []\n# Query_time: 2  Lock_time: 0\nselect 1;\n";
        let reading = read(&FormatSpec::new("mysql_slow"), text);
        assert_eq!((reading.tally.rows, reading.tally.meta, reading.tally.quarantined), (2, 5, 0));
        let names: Vec<&str> = reading.schema.names().collect();
        assert_eq!(
            names,
            [
                "time",
                "host",
                "client",
                "user",
                "duration",
                "lock_time",
                "thread",
                "logged",
                "Last_errno",
                "Killed",
                "Rows_sent",
                "Rows_examined",
                "query"
            ]
        );
        assert_eq!(
            reading.json(),
            [
                r#"["2024-03-01T10:00:00Z","shop","192.0.2.7","bob",1.5,0.0001,12,"2024-03-01T10:00:01.500Z",0,0,1,100,"select *\n  from orders;"]"#,
                r#"["2024-03-01T10:00:02Z",null,null,"al",2.0,0.0,null,null,null,null,null,null,"select 1;"]"#,
            ]
        );
    }

    #[test]
    fn the_time_stands_behind_what_else_the_server_writes() {
        let head = "# User@Host: a[a] @ shop [192.0.2.7]\n# Query_time: 2  Lock_time: 0\n";
        let text = format!(
            "# Time: 240301 11:00:00\n{head}use db7;\nSET timestamp=1709287200;\nselect 1;\n\
             {head}SET last_insert_id=5,insert_id=6,timestamp=1709287201;\ninsert 2;\n\
             {head}use db8;\nselect 3;\n\
             {head}SET timestamp=1709287202.1234567;\nuse db9;\nSET timestamp=5;\n\
             # Time: 2024-13-01T10:00:01Z\n{head}select 5;\n"
        );
        let reading = read(&FormatSpec::new("mysql_slow"), &text);
        let of = |name: &str| {
            let column = reading.schema.index(name).unwrap();
            reading.rows.iter().map(|row| row[column].to_json()).collect::<Vec<_>>()
        };
        let null = serde_json::Value::Null;
        let times = ["2024-03-01T10:00:00Z", "2024-03-01T10:00:01Z", "", "2024-03-01T10:00:02.123456Z", ""];
        assert_eq!(of("time"), times.map(|time| if time.is_empty() { null.clone() } else { time.into() }));
        let queries = [
            "use db7;\nselect 1;",
            "SET last_insert_id=5,insert_id=6,timestamp=1709287201;\ninsert 2;",
            "use db8;\nselect 3;",
            "use db9;\nSET timestamp=5;",
            "select 5;",
        ];
        assert_eq!(of("query"), queries);
        let changes = &reading.tally.changes;
        assert_eq!((changes.unfit.get("time"), changes.cut.get("time"), changes.count()), (Some(&1), Some(&1), 2));
    }

    #[test]
    fn keys_of_the_head_are_kept_or_counted() {
        let text = "# User@Host: a[a] @ shop [192.0.2.7]  Id: 12\n# Thread_id: 12  Killed: 0  Killed: 1  host: q\n\
                    # Query_time: 2  Lock_time: 0\nselect 1;\n";
        let spec = FormatSpec::new("mysql_slow");
        let reading = read(&spec, text);
        let of = |name: &str| reading.rows[0][reading.schema.index(name).unwrap()].to_json();
        assert_eq!((of("host"), of("host_2"), of("Killed")), ("shop".into(), "q".into(), 1.into()));
        assert_eq!(format!("{:?}", reading.tally.changes.repeated), r#"{"Killed": 1}"#);
        let narrow = Schema::of([("time", DataType::Timestamp), ("query", DataType::String)]);
        let tally = crate::formats::testing::read_as(&spec, &narrow, text).tally;
        assert_eq!(format!("{:?}", tally.unknown_keys), r#"{"Killed": 2, "host_2": 1}"#);
    }

    #[test]
    fn plans_and_other_users_are_kept() {
        let text = "# User@Host: app[bob] @ shop []  Id: 7\n# Query_time: 2  Lock_time: 0\n#\n\
                    # explain: id\tselect_type\ttable\n# explain: 1\tSIMPLE\torders\n#\nselect 1;\n\
                    # User@Host: app[app] @ shop []  Id: 7\n# Query_time: 2  Lock_time: 0\nselect 2;\n";
        let reading = read(&FormatSpec::new("mysql_slow"), text);
        let of = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
        assert_eq!((of(0, "user"), of(0, "login_user")), ("app".into(), "bob".into()));
        assert_eq!(of(0, "explain"), "id\tselect_type\ttable\n1\tSIMPLE\torders");
        assert!(of(1, "login_user").is_null() && of(1, "explain").is_null());
    }

    #[test]
    fn real_files_lose_no_event() {
        let Some(folder) = samples() else { return };
        for (file, rows) in [("mysql-5.7.22.log", 4), ("percona-ubuntu-5.7.19.log", 4)] {
            let text = std::fs::read_to_string(folder.join("mysql-slow").join(file)).unwrap();
            let heads = text.lines().filter(|line| begins(line)).count() as u64;
            let reading = read(&FormatSpec::new("mysql_slow"), &text);
            assert!(heads >= rows, "{file}: {heads}");
            assert_eq!((reading.tally.rows, reading.tally.quarantined), (heads, 0), "{file}");
            let (time, query) = (reading.schema.index("time").unwrap(), reading.schema.index("query").unwrap());
            assert!(reading.rows.iter().all(|row| !row[time].is_null() && !row[query].is_null()), "{file}");
        }
    }
}
