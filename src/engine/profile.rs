//! What a table's columns hold: nulls, distinct values, range, the most frequent values, a histogram; in one pass over rows
//! that come piece by piece, in bounded memory. Each piece is counted where it is parsed, and what comes of it is put
//! together in the rows' order. Knows no plan beyond what is read.

mod bins;
mod counted;
mod kept;
mod met;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use pipewright_core::data::{Field, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Tally;
use pipewright_core::ir::Read;
use polars::prelude::Column;

use self::counted::Counted;
use self::kept::Kept;
use self::met::Part;
use crate::cancel::Cancel;
use crate::internal;
use crate::read::{Parsed, ReadJob, job_of, read_schema};
use crate::table::ResultTable;

/// Bins of a histogram.
pub const BINS: usize = 24;
/// Most frequent values that are kept.
pub const TOP: usize = 10;
/// Different values of a column up to which each is counted.
pub const EXACT: usize = 100_000;

/// One column's values at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    pub nulls: u64,
    /// Different values, null not counted. 0 for lists and records.
    pub distinct: u64,
    /// There were too many to keep: `distinct` is an estimate, and the counts of `top` are the least that there are.
    pub is_estimated: bool,
    /// Null where there is no value, or the type has no order.
    pub min: Value,
    pub max: Value,
    /// The most frequent values with their counts, most frequent first, ties by value. Empty for lists and records.
    pub top: Vec<(Value, u64)>,
    /// Counts in bins of equal width from `min` to `max`; for numbers and times, else empty. Where `distinct` is an
    /// estimate, borders between bins are right to a thousandth of the range.
    pub histogram: Vec<u64>,
}

/// A profile per column, in the schema's order.
pub fn profile(table: &ResultTable) -> Vec<ColumnProfile> {
    let mut profiler = Profiler::new(table.schema());
    profiler.add(&parts_of(table, &[]));
    profiler.finish()
}

/// Profiles of columns whose rows come piece by piece.
struct Profiler {
    columns: Vec<Kept>,
}

impl Profiler {
    fn new(schema: &Schema) -> Self {
        Self { columns: schema.fields.iter().map(|field| Kept::new(field.data_type.clone())).collect() }
    }

    /// Adds the columns of the rows that follow.
    fn add(&mut self, parts: &[Part]) {
        for (kept, part) in self.columns.iter_mut().zip(parts) {
            kept.add(part);
        }
    }

    /// By column, what those who parse are to know.
    fn frozen(&self) -> Frozen {
        self.columns.iter().map(Kept::frozen).collect()
    }

    fn finish(self) -> Vec<ColumnProfile> {
        self.columns.into_iter().map(Kept::finish).collect()
    }
}

/// By column, the values that are counted, where no more of them are taken.
type Frozen = Vec<Option<Arc<Counted>>>;

/// The columns of some rows. One that cannot be counted has no values to show, as one of lists.
fn parts_of(table: &ResultTable, frozen: &[Option<Arc<Counted>>]) -> Vec<Part> {
    let columns = table.schema().fields.iter().zip(table.frame().columns()).enumerate();
    let part = |(at, (field, cells)): (usize, (&Field, &Column))| {
        let counted = frozen.get(at).and_then(Option::as_deref);
        Part::of(cells, &field.data_type, counted).unwrap_or_default()
    };
    columns.map(part).collect()
}

/// What all rows of a source show.
pub struct Profiled {
    pub schema: Schema,
    /// In the schema's order.
    pub columns: Vec<ColumnProfile>,
    pub rows: u64,
    pub tally: Tally,
}

/// Profiles all rows of a source, in one pass: each chunk where it is parsed.
pub fn profile_source(read: &Read, base: &Path, cancel: &Cancel) -> Result<Profiled, Diagnostic> {
    profile_with(read, job_of(read, base, cancel)?)
}

fn profile_with(read: &Read, mut job: ReadJob) -> Result<Profiled, Diagnostic> {
    // Nobody asks for the lines themselves.
    job.quarantine_limit = 0;
    let schema = read_schema(read);
    let (mut profiler, mut rows, mut tally) = (Profiler::new(&schema), 0, Tally::default());
    let frozen: Mutex<Arc<Frozen>> = Mutex::default();
    let work = |parsed: Parsed| {
        let frozen = frozen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let table = ResultTable::from_frame(&parsed.frame, &schema);
        let table = table.map_err(|error| internal("the profile of a chunk", &error))?;
        Ok((parts_of(&table, &frozen), table.rows() as u64, parsed.tally))
    };
    job.for_each(&work, &mut |(parts, count, read)| {
        profiler.add(&parts);
        *frozen.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(profiler.frozen());
        rows += count;
        tally.add(&read);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(Profiled { columns: profiler.finish(), schema, rows, tally })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use pipewright_core::data::DataType;
    use pipewright_core::formats::FormatSpec;
    use serde_json::json;

    use super::*;
    use crate::ops::tests::table;
    use crate::read::schema_as;

    #[test]
    fn columns_at_a_glance() {
        let table = table(
            "n:Int s:String l:List<Int> e:Float t:Timestamp",
            json!([
                [1, "b", [1], null, "2026-01-01T00:00:00Z"],
                [5, "a", null, null, "2026-01-02T00:00:00Z"],
                [null, "a", [2], null, null],
                [25, "b", [], null, "2026-01-03T00:00:00Z"]
            ]),
        );
        let found = profile(&table);
        assert_eq!((found[0].nulls, found[0].distinct), (1, 3));
        assert_eq!((&found[0].min, &found[0].max), (&Value::Int(1), &Value::Int(25)));
        assert_eq!((found[0].histogram.len(), found[0].histogram.iter().sum::<u64>()), (BINS, 3));
        assert_eq!((found[0].histogram[0], found[0].histogram[4], found[0].histogram[BINS - 1]), (1, 1, 1));
        assert_eq!(found[1].top, [(Value::text("a"), 2), (Value::text("b"), 2)]);
        assert!(found[1].histogram.is_empty());
        assert_eq!((found[2].nulls, found[2].distinct), (1, 0));
        assert_eq!((found[3].nulls, &found[3].min), (4, &Value::Null));
        assert_eq!(found[4].histogram.iter().sum::<u64>(), 3);
    }

    #[test]
    fn rows_in_pieces_give_what_the_whole_gives() {
        let rows: Vec<serde_json::Value> = (0..300)
            .map(|n| {
                json!([n % 7, format!("v{}", n % 90), -0.5 * f64::from(n % 3), n % 2 == 0, "2026-01-01T00:00:00Z"])
            })
            .collect();
        let of = |rows: &[serde_json::Value]| table("n:Int s:String f:Float b:Boolean t:Timestamp", json!(rows));
        let whole = profile(&of(&rows));
        for size in [1, 70] {
            let mut profiler = Profiler::new(of(&rows).schema());
            rows.chunks(size).for_each(|piece| {
                let frozen = profiler.frozen();
                profiler.add(&parts_of(&of(piece), &frozen))
            });
            assert_eq!(profiler.finish(), whole);
        }
        assert_eq!((whole[1].distinct, whole[1].is_estimated, whole[0].top[0].1), (90, false, 43));
        assert_eq!(whole[2].top, [-1.0, -0.5, 0.0].map(|number| (Value::Float(number), 100)));
        assert_eq!(whole[3].top, [(Value::Boolean(false), 150), (Value::Boolean(true), 150)]);
        assert_eq!((&whole[4].min, whole[4].histogram.as_slice()), (&whole[4].max, [300].as_slice()));
    }

    #[test]
    fn too_many_values_to_keep_are_estimated() {
        let schema = Schema::of([("id", DataType::Int)]);
        let mut profiler = Profiler::new(&schema);
        for piece in 0..4_i64 {
            let ids = (0..60_000).map(|id| vec![Value::Int(piece * 60_000 + id)]);
            let often = (0..500).map(|_| vec![Value::Int(7)]);
            let rows = ids.chain(often).collect::<Vec<_>>();
            let frozen = profiler.frozen();
            profiler.add(&parts_of(&ResultTable::from_rows(&schema, &rows), &frozen));
        }
        let found = profiler.finish().remove(0);
        assert!(found.is_estimated && found.distinct.abs_diff(240_000) < 6_000, "{}", found.distinct);
        assert_eq!((&found.top[0], &found.max), (&(Value::Int(7), 2001), &Value::Int(239_999)));
        assert_eq!(found.histogram.iter().sum::<u64>(), 242_000);
        assert!(found.histogram[1..].iter().all(|count| count.abs_diff(10_000) < 60), "{:?}", found.histogram);
    }

    /// Lines of more different numbers and texts than are counted; what comes often comes late.
    #[test]
    fn threads_and_chunks_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut random = fastrand::Rng::with_seed(5);
        let (mut text, mut met, mut highest) = (String::new(), std::collections::HashSet::new(), 0);
        for line in 0..160_000 {
            let number = random.u32(..);
            met.insert(number);
            highest = highest.max(number);
            let name = if line > 120_000 && line % 5 == 0 { "late".to_owned() } else { format!("name {line}") };
            writeln!(text, "{number},{name},{}", line % 3).unwrap();
        }
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "number,name,third\n".to_owned() + &text).unwrap();
        let format = FormatSpec::new("csv");
        let schema = schema_as(&path, &format).unwrap();
        let path = "a.csv".to_owned();
        let read = Read { path, format, schema, columns: None, position: false, planned: None, location: None };
        let profiled = |workers, chunk_size| {
            let mut job = job_of(&read, folder.path(), &Cancel::new()).unwrap();
            (job.workers, job.chunk_size) = (workers, chunk_size);
            profile_with(&read, job).unwrap()
        };
        let one = profiled(1, 16 << 20);
        assert_eq!((one.rows, &one.columns[0].max), (160_000, &Value::Int(highest.into())));
        assert!(one.columns[0].distinct.abs_diff(met.len() as u64) < 4000, "{}", one.columns[0].distinct);
        assert_eq!(one.columns[0].histogram.iter().sum::<u64>(), 160_000);
        // At most as often as it is there, and no less than its surplus over the others of its place.
        let (late, times) = &one.columns[1].top[0];
        assert!(*late == Value::text("late") && (7_900..8_000).contains(times), "{late:?} {times}");
        assert_eq!((one.columns[2].distinct, one.columns[2].is_estimated, one.columns[2].top[0].1), (3, false, 53_334));
        for (workers, chunk_size) in [(2, 1 << 20), (3, 70_000)] {
            assert_eq!(profiled(workers, chunk_size).columns, one.columns);
        }
    }

    #[test]
    fn an_estimate_is_no_more_than_the_rows_that_have_a_value() {
        let schema = Schema::of([("id", DataType::Int)]);
        let mut profiler = Profiler::new(&schema);
        let ids = (1000..=450_997).step_by(3);
        let rows: Vec<_> = ids.map(|id| vec![Value::Int(id)]).chain((0..9).map(|_| vec![Value::Null])).collect();
        profiler.add(&parts_of(&ResultTable::from_rows(&schema, &rows), &[]));
        let found = profiler.finish().remove(0);
        assert!(found.distinct > 140_000 && found.distinct <= 150_000, "{}", found.distinct);
        assert_eq!((found.nulls, found.is_estimated), (9, true));
    }
}
