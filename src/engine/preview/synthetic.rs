//! Rows for sources that do not exist yet: seeded, of the declared types, with values that the names suggest.
//! The same schema and seed always give the same rows.

use pipewright_core::data::{DataType, Field, Schema, Value};
use pipewright_core::ir::{Planned, Synthetic};

use crate::table::ResultTable;

/// 2026-01-05T08:00:00Z, a Monday: where made-up time begins.
const FIRST_TIME: i64 = 1_767_600_000_000_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Rows that are made up at most.
const MOST_ROWS: usize = 1_000_000;

const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD"];
const STATUSES: &[i64] = &[200, 200, 200, 200, 200, 200, 201, 204, 301, 304, 400, 401, 404, 404, 429, 500, 502, 503];
const LEVELS: &[&str] = &["info", "info", "info", "info", "debug", "debug", "warn", "error"];
const PATHS: &[&str] =
    &["/", "/login", "/cart", "/checkout", "/search", "/products/17", "/products/204", "/api/orders", "/api/users/3"];
const HOSTS: &[&str] = &["web-1", "web-2", "app-1", "app-2", "db-1"];
const SERVICES: &[&str] = &["checkout", "catalog", "auth", "payments", "search"];
const USERS: &[&str] = &["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"];
const COUNTRIES: &[&str] = &["DE", "FR", "US", "GB", "NL", "JP", "BR"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "curl/8.14.1",
];
const WORDS: &[&str] = &["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor"];
const MESSAGES: &[&str] = &[
    "request completed",
    "connection reset by peer",
    "retrying after timeout",
    "user signed in",
    "cache miss",
    "slow query",
];

/// Rows of the schema, in the order of their times, within the bounds that the source declares.
pub(super) fn made_up_rows(schema: &Schema, planned: &Planned) -> ResultTable {
    let mut random = fastrand::Rng::with_seed(planned.seed);
    let count = usize::try_from(planned.rows).unwrap_or(MOST_ROWS).min(MOST_ROWS);
    let bounds: Vec<Bounds> =
        schema.fields.iter().map(|field| Bounds::of(planned.values.get(&field.name), &field.data_type)).collect();
    let mut now = FIRST_TIME;
    let rows: Vec<Vec<Value>> = (0..count)
        .map(|number| {
            // Now and then a burst, else some seconds.
            let gap = if random.u8(0..4) == 0 { 50_000 } else { 4_000_000 };
            now += random.i64(1_000..gap);
            let row = Row { number: number as i64, count: count as i64, now };
            let cells = schema.fields.iter().zip(&bounds);
            cells.map(|(field, bounds)| row.bounded(field, bounds, &mut random)).collect()
        })
        .collect();
    ResultTable::from_rows(schema, &rows)
}

/// What a source declares of a column's values.
#[derive(Default)]
struct Bounds {
    min: Option<Value>,
    max: Option<Value>,
    vocabulary: Vec<Value>,
    unique: bool,
    nulls: f64,
}

impl Bounds {
    fn of(declared: Option<&Synthetic>, data_type: &DataType) -> Bounds {
        let Some(declared) = declared else { return Bounds::default() };
        let read = |json: &serde_json::Value| Value::from_json(json, data_type).filter(|value| !value.is_null());
        Bounds {
            min: declared.min.as_ref().and_then(read),
            max: declared.max.as_ref().and_then(read),
            vocabulary: declared.vocabulary.iter().filter_map(read).collect(),
            unique: declared.unique,
            nulls: declared.nulls.unwrap_or(0.0),
        }
    }
}

/// What the values of one row have in common.
struct Row {
    number: i64,
    /// Of all rows.
    count: i64,
    now: i64,
}

/// What a field is called, in lower case: its name, its meaning's last part.
struct Hints([String; 2]);

impl Hints {
    fn has(&self, words: &[&str]) -> bool {
        self.0.iter().any(|hint| words.iter().any(|word| hint.contains(word)))
    }
}

impl Row {
    fn bounded(&self, field: &Field, bounds: &Bounds, random: &mut fastrand::Rng) -> Value {
        // Drawn in any case, so that a bound on one column does not change the others.
        let free = self.cell(field, random);
        let (null, draw) = (random.f64(), random.f64());
        if null < bounds.nulls {
            return Value::Null;
        }
        if !bounds.vocabulary.is_empty() {
            let words = bounds.vocabulary.len();
            let drawn = if bounds.unique { self.number as usize } else { (draw * words as f64) as usize };
            // A unique column runs out of words; then it is null.
            return bounds.vocabulary.get(drawn).cloned().unwrap_or(Value::Null);
        }
        let place = |low: i64, high: i64, share: f64| {
            let span = i128::from(high.max(low)) - i128::from(low) + 1;
            i64::try_from(i128::from(low) + ((span as f64 * share) as i128).min(span - 1)).unwrap_or(low)
        };
        // Unique values and times go up evenly, the others anywhere between the bounds.
        let even = (self.number as f64 + draw) / self.count as f64;
        match (free, &bounds.min, &bounds.max) {
            (Value::Int(_), Some(Value::Int(min)), _) if bounds.unique => Value::Int(min.saturating_add(self.number)),
            (Value::Int(_), _, _) if bounds.unique => Value::Int(self.number + 1),
            (Value::Int(value), min, max) => Value::Int(match (int(min), int(max)) {
                (Some(low), Some(high)) => place(low, high, draw),
                (Some(low), None) => value.max(low),
                (None, Some(high)) => value.min(high),
                (None, None) => value,
            }),
            (Value::Float(value), min, max) => Value::float(match (number(min), number(max)) {
                (Some(low), Some(high)) => low + (high - low) * draw,
                (Some(low), None) => value.max(low),
                (None, Some(high)) => value.min(high),
                (None, None) => value,
            }),
            (Value::Timestamp(value), min, max) => Value::Timestamp(match (int(min), int(max)) {
                (Some(low), Some(high)) => place(low, high, even),
                (Some(low), None) => low.saturating_add(value - FIRST_TIME),
                (None, Some(high)) => value.min(high),
                (None, None) => value,
            }),
            (Value::Duration(value), min, max) => Value::Duration(match (int(min), int(max)) {
                (Some(low), Some(high)) => place(low, high, draw),
                (Some(low), None) => value.max(low),
                (None, Some(high)) => value.min(high),
                (None, None) => value,
            }),
            (Value::Date(value), min, max) => match (int(min), int(max)) {
                (Some(low), Some(high)) => Value::Date(place(low, high, even) as i32),
                (Some(low), None) => Value::Date(value.max(low as i32)),
                (None, Some(high)) => Value::Date(value.min(high as i32)),
                (None, None) => Value::Date(value),
            },
            (Value::String(text), _, _) if bounds.unique => Value::String(format!("{text}-{}", self.number + 1)),
            (free, _, _) => free,
        }
    }

    fn cell(&self, field: &Field, random: &mut fastrand::Rng) -> Value {
        let meaning = field.labels.meaning.as_deref().and_then(|meaning| meaning.rsplit('.').next());
        let hints = Hints([field.name.to_lowercase(), meaning.unwrap_or_default().to_lowercase()]);
        self.value(&hints, &field.data_type, random)
    }

    fn value(&self, hints: &Hints, data_type: &DataType, random: &mut fastrand::Rng) -> Value {
        match data_type {
            DataType::Boolean => Value::Boolean(random.u8(0..4) > 0),
            DataType::Int => Value::Int(self.int(hints, random)),
            // Mostly short, with a long tail.
            DataType::Float if hints.has(&["duration", "latency", "seconds", "elapsed", "took"]) => {
                Value::float(((0.02 + random.f64().powi(6) * 5.0 + random.f64() * 0.2) * 1000.0).round() / 1000.0)
            }
            DataType::Float if hints.has(&["share", "ratio", "percent"]) => Value::float(random.f64()),
            DataType::Float => Value::float((random.f64() * 10_000.0).round() / 100.0),
            DataType::String | DataType::Unknown => Value::String(text(hints, random)),
            DataType::Timestamp => Value::Timestamp(self.now),
            DataType::Date => Value::Date((self.now / MICROS_PER_DAY) as i32),
            DataType::Duration => Value::Duration(random.i64(1_000..5_000_000)),
            DataType::List(item) => {
                Value::List((0..random.usize(0..4)).map(|_| self.value(hints, item, random)).collect())
            }
            DataType::Record(fields) => {
                let cell = |(name, data_type): &(String, DataType)| {
                    let hints = Hints([name.to_lowercase(), String::new()]);
                    (name.clone(), self.value(&hints, data_type, random))
                };
                Value::Record(fields.iter().map(cell).collect())
            }
        }
    }

    fn int(&self, hints: &Hints, random: &mut fastrand::Rng) -> i64 {
        if hints.has(&["status"]) {
            pick(random, STATUSES)
        } else if hints.has(&["bytes", "size"]) {
            random.i64(200..60_000)
        } else if hints.has(&["port"]) {
            random.i64(1_024..65_536)
        } else if hints.has(&["severity"]) {
            random.i64(0..8)
        } else if hints.has(&["age"]) {
            random.i64(18..90)
        } else if hints.0.iter().any(|hint| hint == "id") || hints.has(&["number", "sequence", "order_id"]) {
            self.number + 1
        } else if hints.has(&["_id", "user", "customer", "session"]) {
            random.i64(1..200)
        } else {
            random.i64(0..100)
        }
    }
}

/// A bound as a whole number: an Int, or a time's or span's own units.
fn int(bound: &Option<Value>) -> Option<i64> {
    match bound {
        Some(Value::Int(value) | Value::Timestamp(value) | Value::Duration(value)) => Some(*value),
        Some(Value::Date(days)) => Some(i64::from(*days)),
        _ => None,
    }
}

fn number(bound: &Option<Value>) -> Option<f64> {
    match bound {
        Some(Value::Float(value)) => Some(*value),
        Some(Value::Int(value)) => Some(*value as f64),
        _ => None,
    }
}

/// Words in a name, with the texts that they suggest.
const TEXTS: &[(&[&str], &[&str])] = &[
    (&["method"], METHODS),
    (&["level", "severity"], LEVELS),
    (&["agent"], AGENTS),
    (&["path", "url", "uri", "page"], PATHS),
    (&["country", "region"], COUNTRIES),
    (&["service", "app", "component"], SERVICES),
    (&["message", "text", "error"], MESSAGES),
    (&["host", "server", "node"], HOSTS),
    (&["user", "customer", "name", "owner"], USERS),
];

fn text(hints: &Hints, random: &mut fastrand::Rng) -> String {
    if hints.has(&["trace", "request_id", "span", "uuid", "hash", "token"]) {
        return format!("{:016x}", random.u64(..));
    }
    if hints.has(&["mail"]) {
        return format!("{}@example.org", pick(random, USERS));
    }
    if hints.has(&["client", "remote_addr", "address"]) || hints.0.iter().any(|hint| hint == "ip") {
        return format!("10.{}.{}.{}", random.u8(0..4), random.u8(..), random.u8(1..255));
    }
    if let Some((_, words)) = TEXTS.iter().find(|(names, _)| hints.has(names)) {
        return pick(random, words).to_owned();
    }
    if hints.has(&["id", "key", "code"]) {
        return format!("{}-{}", pick(random, WORDS), random.u16(100..1000));
    }
    pick(random, WORDS).to_owned()
}

fn pick<T: Copy>(random: &mut fastrand::Rng, choices: &[T]) -> T {
    choices[random.usize(0..choices.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use super::*;

    fn planned(seed: u64, values: BTreeMap<String, Synthetic>) -> Planned {
        let text = || "x".to_owned();
        Planned { source: text(), owner: text(), status: text(), seed, rows: 200, values }
    }

    #[test]
    fn declared_bounds_hold() {
        let schema = Schema::of([
            ("id", DataType::Int),
            ("n", DataType::Int),
            ("kind", DataType::String),
            ("time", DataType::Timestamp),
            ("x", DataType::Float),
        ]);
        let bounds = |min: Json, max: Json| Synthetic { min: Some(min), max: Some(max), ..Synthetic::default() };
        let values = BTreeMap::from([
            ("id".into(), Synthetic { unique: true, min: Some(json!(100)), ..Synthetic::default() }),
            ("n".into(), bounds(json!(5), json!(7))),
            (
                "kind".into(),
                Synthetic { vocabulary: vec![json!("a"), json!("b")], nulls: Some(0.5), ..Synthetic::default() },
            ),
            ("time".into(), bounds(json!("2026-03-01T00:00:00Z"), json!("2026-03-02T00:00:00Z"))),
            ("x".into(), bounds(json!(-1.0), json!(1.0))),
        ]);
        let table = made_up_rows(&schema, &planned(1, values));
        let mut nulls = 0;
        for row in 0..table.rows() {
            let cells = table.row(row);
            assert_eq!(cells[0], Value::Int(100 + row as i64));
            assert!(matches!(cells[1], Value::Int(5..=7)));
            assert!(cells[2].is_null() || [Value::text("a"), Value::text("b")].contains(&cells[2]));
            nulls += usize::from(cells[2].is_null());
            assert!(
                matches!(cells[3], Value::Timestamp(1_772_323_200_000_000..=1_772_409_600_000_000)),
                "{:?}",
                cells[3]
            );
            assert!(matches!(cells[4], Value::Float(-1.0..=1.0)));
        }
        assert!((60..140).contains(&nulls), "{nulls}");
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_of_the_declared_types() {
        let record = DataType::Record(vec![("a".into(), DataType::Int)]);
        let schema = Schema::of([
            ("time", DataType::Timestamp),
            ("status", DataType::Int),
            ("method", DataType::String),
            ("duration", DataType::Float),
            ("tags", DataType::List(Box::new(DataType::String))),
            ("inner", record),
        ]);
        let made = |seed| made_up_rows(&schema, &planned(seed, BTreeMap::new()));
        let (first, second, other) = (made(7), made(7), made(8));
        let all = |table: &ResultTable| (0..table.rows()).map(|row| table.row(row)).collect::<Vec<_>>();
        assert_eq!(all(&first), all(&second));
        assert_ne!(all(&first), all(&other));
        for row in all(&first) {
            assert!(matches!(row[1], Value::Int(100..600)), "{:?}", row[1]);
            assert!(METHODS.contains(&row[2].to_json().as_str().unwrap()));
            assert!(row.iter().all(|value| !value.is_null()));
        }
        let times: Vec<Value> = all(&first).into_iter().map(|row| row[0].clone()).collect();
        assert!(times.is_sorted_by(|a, b| a.compare(b).is_some_and(|order| order.is_le())));
    }
}
