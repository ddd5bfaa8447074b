//! What forms tell of the rows that come in: how many fulfil a condition, how keys find partners. Imports no egui.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use pipewright_core::data::Value;
use pipewright_core::expr::{self, Expr};
use pipewright_core::quote::visible_start;

use crate::gui::backend::ResultTable;

/// Conditions whose counts are remembered.
const KEPT: usize = 40;
/// Values without a partner that are listed of each side.
const LISTED: usize = 6;
/// Characters of such a value that are told.
const SHOWN: usize = 40;

/// Of how many rows a condition is true, and of how many it is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub hits: u64,
    pub nulls: u64,
    pub rows: u64,
}

/// Counts of conditions over tables.
#[derive(Debug, Default)]
pub struct Shares {
    /// Number of the look under way, with what it is about.
    pub asked: Option<(u64, Arc<ResultTable>, String)>,
    known: Vec<(Arc<ResultTable>, String, Share)>,
}

impl Shares {
    pub fn get(&self, table: &Arc<ResultTable>, condition: &str) -> Option<Share> {
        let is_it = |known: &&(Arc<ResultTable>, String, Share)| Arc::ptr_eq(&known.0, table) && known.1 == condition;
        self.known.iter().find(is_it).map(|known| known.2)
    }

    /// What was counted; a late one, which nobody waits for, is dropped.
    pub fn take(&mut self, look: u64, share: Share) {
        if let Some((_, table, condition)) = self.asked.take_if(|asked| asked.0 == look) {
            if self.known.len() >= KEPT {
                self.known.remove(0);
            }
            self.known.push((table, condition, share));
        }
    }
}

/// Counts the rows of a table that fulfil a condition.
pub fn share_of(table: &ResultTable, condition: &str, parameters: &BTreeMap<String, Value>) -> Share {
    let mut share = Share { hits: 0, nulls: 0, rows: table.rows() as u64 };
    let Ok(parsed) = expr::parse(condition) else { return share };
    let bound = expr::bind(&parsed, parameters);
    for row in 0..table.rows() {
        match value_of(table, &bound, row) {
            Value::Boolean(true) => share.hits += 1,
            Value::Null => share.nulls += 1,
            _ => {}
        }
    }
    share
}

fn value_of(table: &ResultTable, bound: &Expr, row: usize) -> Value {
    expr::eval(bound, &|name: &str| table.schema().index(name).map_or(Value::Null, |column| table.value(row, column)))
}

/// How the keys of two tables fit.
#[derive(Debug)]
pub struct KeyFit {
    pub left: Arc<ResultTable>,
    pub right: Arc<ResultTable>,
    pub pairs: Vec<(String, String)>,
    /// `None`: being worked out.
    pub found: Option<Fitted>,
    /// Number of the look.
    pub look: u64,
}

impl KeyFit {
    /// Whether it is about these.
    pub fn is_of(&self, left: &Arc<ResultTable>, right: &Arc<ResultTable>, pairs: &[(String, String)]) -> bool {
        Arc::ptr_eq(&self.left, left) && Arc::ptr_eq(&self.right, right) && self.pairs == pairs
    }
}

/// What was found of keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fitted {
    /// By pair of keys: rows of each side that have a partner by this pair alone.
    pub pairs: Vec<[u64; 2]>,
    /// Of each side: rows, and those that have a partner by all pairs.
    pub rows: [u64; 2],
    pub matched: [u64; 2],
    /// Of each side: keys without a partner, the most frequent first, with their rows.
    pub unmatched: [Vec<(String, u64)>; 2],
}

/// Works out how keys fit. Null is equal to nothing.
pub fn fit_of(tables: [&ResultTable; 2], pairs: &[(String, String)], parameters: &BTreeMap<String, Value>) -> Fitted {
    let bound = |text: &str| expr::parse(text).ok().map(|parsed| expr::bind(&parsed, parameters));
    let keys: Option<Vec<[Expr; 2]>> = pairs.iter().map(|(left, right)| Some([bound(left)?, bound(right)?])).collect();
    let rows = tables.map(|table| table.rows() as u64);
    let Some(keys) = keys.filter(|keys| !keys.is_empty()) else { return Fitted { rows, ..Fitted::default() } };
    // By side and pair, the key of each row as text.
    let texts: [Vec<Vec<Option<String>>>; 2] = [0, 1].map(|side| {
        let of_pair = |pair: &[Expr; 2]| {
            let table = tables[side];
            (0..table.rows()).map(|row| key_text(&value_of(table, &pair[side], row))).collect()
        };
        keys.iter().map(of_pair).collect()
    });
    let with_partner = |side: usize, pair: usize| {
        let others: HashSet<&String> = texts[1 - side][pair].iter().flatten().collect();
        texts[side][pair].iter().flatten().filter(|text| others.contains(text)).count() as u64
    };
    let by_pair = (0..keys.len()).map(|pair| [with_partner(0, pair), with_partner(1, pair)]).collect();
    let whole = |side: usize| -> Vec<Option<String>> {
        let of_row = |row: usize| {
            let parts: Option<Vec<&str>> = texts[side].iter().map(|pair| pair[row].as_deref()).collect();
            parts.map(|parts| parts.join(" · "))
        };
        (0..tables[side].rows()).map(of_row).collect()
    };
    let whole = [whole(0), whole(1)];
    let mut fitted = Fitted { pairs: by_pair, rows, ..Fitted::default() };
    for side in [0, 1] {
        let others: HashSet<&String> = whole[1 - side].iter().flatten().collect();
        let mut alone: HashMap<&str, u64> = HashMap::new();
        for key in &whole[side] {
            match key {
                Some(key) if others.contains(key) => fitted.matched[side] += 1,
                Some(key) => *alone.entry(key).or_default() += 1,
                None => *alone.entry("null").or_default() += 1,
            }
        }
        let mut alone: Vec<(String, u64)> =
            alone.into_iter().map(|(key, count)| (visible_start(key, SHOWN), count)).collect();
        alone.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        alone.truncate(LISTED);
        fitted.unmatched[side] = alone;
    }
    fitted
}

/// A key as text: numbers of both types alike.
fn key_text(value: &Value) -> Option<String> {
    const WHOLE: f64 = 1e15;
    match value {
        Value::Null => None,
        Value::Float(number) if number.fract() == 0.0 && number.abs() < WHOLE => Some((*number as i64).to_string()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_json().to_string().trim_matches('"').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use pipewright_core::data::{DataType, Schema};

    use super::*;

    fn table(rows: &[(Value, i64)]) -> ResultTable {
        let schema = Schema::of([("user", DataType::String), ("n", DataType::Int)]);
        let rows: Vec<Vec<Value>> = rows.iter().map(|(user, n)| vec![user.clone(), Value::Int(*n)]).collect();
        ResultTable::from_rows(&schema, &rows)
    }

    fn user(name: &str) -> Value {
        Value::String(name.to_owned())
    }

    #[test]
    fn conditions_are_counted_with_their_nulls() {
        let table = table(&[(user("a"), 1), (Value::Null, 2), (user("b"), 3)]);
        let found = share_of(&table, "user = 'a'", &BTreeMap::new());
        assert_eq!(found, Share { hits: 1, nulls: 1, rows: 3 });
        let mut shares = Shares::default();
        let table = Arc::new(table);
        shares.asked = Some((4, table.clone(), "n > 1".into()));
        shares.take(3, found);
        assert_eq!(shares.get(&table, "n > 1"), None, "late");
        shares.take(4, found);
        assert_eq!(shares.get(&table, "n > 1"), Some(found));
    }

    #[test]
    fn keys_fit_by_pair_and_by_all_and_what_does_not_is_listed() {
        let left = table(&[(user("a"), 1), (user("a"), 2), (user("b"), 1), (Value::Null, 1)]);
        let right = table(&[(user("a"), 1), (user("c"), 1), (user("c"), 1)]);
        let pair = |name: &str| (name.to_owned(), name.to_owned());
        let one = fit_of([&left, &right], &[pair("user")], &BTreeMap::new());
        assert_eq!((one.matched, one.rows), ([2, 1], [4, 3]));
        assert_eq!(one.unmatched[0], [("b".to_owned(), 1), ("null".to_owned(), 1)]);
        assert_eq!(one.unmatched[1], [("c".to_owned(), 2)]);
        let both = fit_of([&left, &right], &[pair("user"), pair("n")], &BTreeMap::new());
        assert_eq!((both.matched, both.pairs.clone()), ([1, 1], vec![[2, 1], [3, 3]]));
        assert_eq!(both.unmatched[0][0], ("a · 2".to_owned(), 1));
        assert_eq!(fit_of([&left, &right], &[pair("no such (")], &BTreeMap::new()).matched, [0, 0]);
        assert_eq!(key_text(&Value::float(3.0)), key_text(&Value::Int(3)));
    }
}
