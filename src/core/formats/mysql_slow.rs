//! The format `mysql_slow`: the slow query log of MySQL, MariaDB and Percona Server. An event is a head of lines with
//! `#`, and a statement of as many lines as it has. Must not import other formats.

use super::cell::Cell;
use super::columns::Fit;
use super::declared::with_types;
use super::events::cut_events;
use super::infer::TextGuess;
use super::scan::{is_blank, lines, recognition, sample_lines};
use super::template::Pairs;
use super::time::{self, Epoch};
use super::{Chunk, Columns, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample, Tally, Unfit, Unit};
use crate::data::instants::parse_timestamp;
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
         `SET timestamp`, else of `# Time:`; `duration` and `lock_time` are in seconds; the other keys of the head keep \
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
        for line in sample_lines(sample).filter(|line| line.starts_with("# ")) {
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
        own.fields.extend(found.into_iter().map(|(name, guess)| Field::new(&name, guess.data_type())));
        own.fields.extend(query);
        for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
            if !own.has(&field.name) {
                own.fields.push(field.clone());
            }
        }
        with_types(schema, &own, |schema| {
            let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
            Ok(Box::new(MysqlSlowParser { schema, cells }))
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
        visit(
            match key {
                "Query_time" => "duration",
                "Lock_time" => "lock_time",
                "Thread_id" | "Id" => "thread",
                key => key,
            },
            value,
        );
    }
}

struct MysqlSlowParser {
    schema: Schema,
    cells: Vec<Cell>,
}

/// An event that may go on: where it lies in the chunk, and the time that stands before it.
struct Open {
    unit: Unit,
    start: usize,
    end: usize,
    time: Option<i64>,
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
    fn event(&self, open: &Open, text: &str, unfit: &mut Unfit, out: &mut dyn Columns) {
        if let (Some(column), Some(micros)) = (self.wanted("time", out), open.time) {
            out.timestamp(column, micros);
        }
        let mut lines = text.split_inclusive('\n');
        self.user(lines.next().unwrap_or_default().trim_end(), unfit, out);
        let mut query = None;
        let mut plan: Vec<&str> = Vec::new();
        for line in lines {
            let trimmed = line.trim_end();
            if query.is_none() && trimmed.starts_with('#') {
                each_key(trimmed, |key, value| match key {
                    "explain" => plan.push(value),
                    key => self.set(key, value, unfit, out),
                });
                continue;
            }
            if query.is_none()
                && let Some(seconds) = trimmed.strip_prefix("SET timestamp=").and_then(|rest| rest.strip_suffix(';'))
            {
                if let (Some(column), Some(micros)) = (self.wanted("time", out), time::epoch(seconds, Epoch::Seconds)) {
                    out.timestamp(column, micros);
                }
                continue;
            }
            if query.is_none() {
                query = Some(line.as_ptr() as usize - text.as_ptr() as usize);
            }
        }
        if !plan.is_empty() {
            self.set("explain", &plan.join("\n"), unfit, out);
        }
        let statement = query.and_then(|start| text.get(start..)).unwrap_or_default().trim_end();
        if let (Some(column), false) = (self.wanted("query", out), statement.is_empty()) {
            out.text(column, statement);
        }
        unfit.end_row();
        out.end_row(open.unit);
    }

    fn finish(&self, open: Option<Open>, chunk: &Chunk, unfit: &mut Unfit, tally: &mut Tally, out: &mut dyn Columns) {
        let Some(open) = open else { return };
        self.event(&open, chunk.text.get(open.start..open.end).unwrap_or_default(), unfit, out);
        tally.accepted += 1;
        tally.rows += 1;
    }

    fn wanted(&self, name: &str, out: &dyn Columns) -> Option<usize> {
        self.schema.index(name).filter(|column| out.wants(*column))
    }

    fn set(&self, key: &str, value: &str, unfit: &mut Unfit, out: &mut dyn Columns) {
        let Some(column) = self.wanted(key, out) else { return };
        let fit = self.cells[column].read(value, column, &self.schema.fields[column], out);
        if fit != Fit::Kept {
            unfit.note_fit(column, fit);
        }
    }

    /// `# User@Host: root[root] @ host [192.0.2.7]  Id:    12`.
    fn user(&self, line: &str, unfit: &mut Unfit, out: &mut dyn Columns) {
        let rest = line.trim_start_matches("# User@Host:").trim();
        let (user, rest) = rest.split_once(" @ ").unwrap_or((rest, ""));
        let user = user.split('[').next().unwrap_or(user).trim();
        each_key(line, |key, value| self.set(key, value, unfit, out));
        let (host, rest) = rest.split_once('[').unwrap_or((rest, ""));
        let (client, rest) = rest.split_once(']').unwrap_or((rest, ""));
        for (name, value) in [("user", user), ("host", host.trim()), ("client", client.trim())] {
            if !value.is_empty() {
                self.set(name, value, unfit, out);
            }
        }
        Pairs::COLONS.each(rest, |key, value| {
            if key == "Id" {
                self.set("thread", value, unfit, out);
            }
        });
    }
}

impl Parser for MysqlSlowParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        let end = cut_events(bytes, |line| !begins(line) && !is_between(line));
        // A time belongs to the event behind it.
        let before = bytes[..end].strip_suffix(b"\n").unwrap_or_default();
        let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        if before[line..].starts_with(b"# Time:") { line } else { end }
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut unfit = Unfit::new(&self.schema);
        let mut tally = Tally::default();
        let mut time = None;
        let mut open: Option<Open> = None;
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            let start = line.as_ptr() as usize - chunk.text.as_ptr() as usize;
            let end = start + line.len();
            if is_blank(line) {
                tally.blank += 1;
            } else if begins(line) || is_between(line) {
                self.finish(open.take(), chunk, &mut unfit, &mut tally, out);
                if begins(line) {
                    open = Some(Open { unit, start, end, time: time.take() });
                } else {
                    time = time_of(line).or(time);
                    tally.meta += 1;
                }
            } else if let Some(open) = &mut open {
                open.end = end;
                tally.joined += 1;
            } else {
                out.quarantine(unit, "the line stands before the first event", line.as_bytes());
                tally.quarantined += 1;
            }
        }
        self.finish(open, chunk, &mut unfit, &mut tally, out);
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}

/// The time of a `# Time:` line, as MySQL writes it since 5.7, and before.
fn time_of(line: &str) -> Option<i64> {
    let text = line.strip_prefix("# Time:")?.trim();
    parse_timestamp(text).or_else(|| super::dates::Years::of(0).formatted(text, "%y%m%d %H:%M:%S"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{read, samples};

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
                r#"["2024-03-01T10:00:00Z","shop","192.0.2.7","bob",1.5,0.0001,12,0,0,1,100,"select *\n  from orders;"]"#,
                r#"["2024-03-01T10:00:02Z",null,null,"al",2.0,0.0,null,null,null,null,null,"select 1;"]"#,
            ]
        );
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
