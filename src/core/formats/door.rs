//! What stands between a parser and the columns that take what it reads: another parser, whose columns are others. Values
//! go on to the column that theirs is mapped to, or are kept until it is clear what becomes of their row.
//! Must not import single formats.

use super::{Columns, Unit};
use crate::data::Value;

/// No column.
pub const NONE: usize = usize::MAX;

/// Columns as a parser behind them sees them. Each value goes on to the column to which its own is mapped, where nothing
/// else is done with it.
pub trait Door {
    /// The columns beyond the door.
    fn out(&self) -> &dyn Columns;
    fn out_mut(&mut self) -> &mut dyn Columns;

    /// By column of the parser, that beyond the door; `NONE`: it has none.
    fn map(&self) -> &[usize];

    /// The column beyond the door.
    #[inline]
    fn at(&self, column: usize) -> usize {
        self.map().get(column).copied().unwrap_or(NONE)
    }

    /// Whether a value of the column is asked for.
    fn is_wanted(&self, column: usize) -> bool {
        let column = self.at(column);
        column != NONE && self.out().wants(column)
    }

    /// A value is about to go on: to which column.
    #[inline]
    fn pass(&mut self, column: usize) -> usize {
        self.at(column)
    }

    /// A text goes on.
    #[inline]
    fn pass_text(&mut self, column: usize, text: &str) {
        go_on(self, column, |out, column| out.text(column, text));
    }

    /// A list, a record or anything else goes on.
    fn pass_value(&mut self, column: usize, value: Value) {
        go_on(self, column, |out, column| out.value(column, value));
    }

    /// The row is complete.
    fn finish_row(&mut self, unit: Unit) {
        self.out_mut().end_row(unit);
    }

    /// The row is dropped.
    fn drop_row(&mut self) {
        self.out_mut().abandon_row();
    }

    /// A unit does not fit the parser's format.
    fn turn_away(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        self.out_mut().quarantine(unit, reason, raw);
    }
}

/// Hands over a value of the parser's column in the one beyond the door, where there is one.
#[inline]
pub fn go_on<D: Door + ?Sized>(door: &mut D, column: usize, hand_over: impl FnOnce(&mut dyn Columns, usize)) {
    let column = door.pass(column);
    if column != NONE {
        hand_over(door.out_mut(), column);
    }
}

impl<D: Door> Columns for D {
    fn wants(&self, column: usize) -> bool {
        self.is_wanted(column)
    }
    fn boolean(&mut self, column: usize, value: bool) {
        go_on(self, column, |out, column| out.boolean(column, value));
    }
    fn int(&mut self, column: usize, value: i64) {
        go_on(self, column, |out, column| out.int(column, value));
    }
    fn float(&mut self, column: usize, value: f64) {
        go_on(self, column, |out, column| out.float(column, value));
    }
    fn text(&mut self, column: usize, value: &str) {
        self.pass_text(column, value);
    }
    fn timestamp(&mut self, column: usize, micros: i64) {
        go_on(self, column, |out, column| out.timestamp(column, micros));
    }
    fn date(&mut self, column: usize, days: i32) {
        go_on(self, column, |out, column| out.date(column, days));
    }
    fn duration(&mut self, column: usize, micros: i64) {
        go_on(self, column, |out, column| out.duration(column, micros));
    }
    fn value(&mut self, column: usize, value: Value) {
        match value {
            Value::String(text) => self.pass_text(column, &text),
            value => self.pass_value(column, value),
        }
    }
    fn end_row(&mut self, unit: Unit) {
        self.finish_row(unit);
    }
    fn abandon_row(&mut self) {
        self.drop_row();
    }
    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        self.turn_away(unit, reason, raw);
    }
}

/// Keeps what a parser hands over: the values that `out` wants, and what is turned away.
pub struct Keeper<'a> {
    map: &'a [usize],
    out: &'a dyn Columns,
    cells: Vec<(usize, Value)>,
    /// Complete rows: their values with the columns of `out`.
    pub rows: Vec<(Unit, Vec<(usize, Value)>)>,
    /// Units that do not fit, with the reason.
    pub aside: Vec<(Unit, String, Vec<u8>)>,
}

impl<'a> Keeper<'a> {
    /// `map`: by column of the parser, that of `out`.
    pub fn new(map: &'a [usize], out: &'a dyn Columns) -> Self {
        Self { map, out, cells: Vec::new(), rows: Vec::new(), aside: Vec::new() }
    }
}

impl Columns for Keeper<'_> {
    fn wants(&self, column: usize) -> bool {
        self.map.get(column).is_some_and(|column| *column != NONE && self.out.wants(*column))
    }
    fn value(&mut self, column: usize, value: Value) {
        if let Some(column) = self.map.get(column).copied().filter(|column| *column != NONE) {
            self.cells.push((column, value));
        }
    }
    fn end_row(&mut self, unit: Unit) {
        self.rows.push((unit, std::mem::take(&mut self.cells)));
    }
    fn abandon_row(&mut self) {
        self.cells.clear();
    }
    fn quarantine(&mut self, unit: Unit, reason: &str, raw: &[u8]) {
        self.aside.push((unit, reason.to_owned(), raw.to_vec()));
    }
}

/// A value as what it is.
pub fn hand_over(out: &mut dyn Columns, column: usize, value: Value) {
    match value {
        Value::Boolean(value) => out.boolean(column, value),
        Value::Int(value) => out.int(column, value),
        Value::Timestamp(micros) => out.timestamp(column, micros),
        Value::Date(days) => out.date(column, days),
        Value::Duration(micros) => out.duration(column, micros),
        Value::String(text) => out.text(column, &text),
        Value::Float(number) => out.float(column, number),
        other => out.value(column, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::formats::RowCollector;

    struct Turned<'a> {
        out: &'a mut RowCollector,
    }

    impl Door for Turned<'_> {
        fn out(&self) -> &dyn Columns {
            self.out
        }
        fn out_mut(&mut self) -> &mut dyn Columns {
            self.out
        }
        fn map(&self) -> &[usize] {
            &[1, NONE, 0]
        }
    }

    #[test]
    fn values_go_to_the_columns_that_theirs_are_mapped_to() {
        let mut out = RowCollector::new(&Schema::of([("a", DataType::String), ("b", DataType::Int)]));
        let mut door = Turned { out: &mut out };
        assert_eq!([0, 1, 2, 3].map(|column| door.wants(column)), [true, false, true, false]);
        door.int(0, 7);
        door.int(1, 8);
        door.boolean(9, true);
        door.value(2, Value::text("x"));
        door.end_row(Unit { line: 1, offset: 0 });
        door.text(2, "dropped");
        door.abandon_row();
        door.quarantine(Unit { line: 2, offset: 4 }, "none", b"y");
        assert_eq!(out.rows, [(Unit { line: 1, offset: 0 }, vec![Value::text("x"), Value::Int(7)])]);
        assert_eq!(out.quarantined, [(Unit { line: 2, offset: 4 }, "none".to_owned(), b"y".to_vec())]);
    }

    #[test]
    fn what_is_kept_has_the_columns_in_which_it_is_wanted() {
        let out = RowCollector::new(&Schema::of([("a", DataType::Int)]));
        let mut kept = Keeper::new(&[NONE, 0], &out);
        assert_eq!([0, 1, 2].map(|column| kept.wants(column)), [false, true, false]);
        kept.int(1, 5);
        kept.abandon_row();
        kept.int(0, 6);
        kept.int(1, 7);
        kept.end_row(Unit::default());
        kept.quarantine(Unit::default(), "none", b"y");
        assert_eq!(kept.rows, [(Unit::default(), vec![(0, Value::Int(7))])]);
        assert_eq!(kept.aside.len(), 1);
    }
}
