//! Where chunk-wise rows are gathered: folded by a reducer (partial aggregates, top rows, distinct rows), or kept whole
//! in memory up to a limit and in a temporary file beyond it.

use std::fs::File;
use std::path::{Path, PathBuf};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::make_folder;
use pipewright_core::ir::{Limit, Node, Op};
use polars::prelude::*;
use polars_arrow::io::ipc::write::default_ipc_fields;

use super::partial::{Decomposed, Stage, decompose};
use crate::frames::{compacted, joined};
use crate::ops::{self, Context};
use crate::table::polars_schema;

/// Folds are merged when they hold this many rows more than after the last merge.
const MERGE_ROWS: usize = 1 << 18;
/// Bytes of rows that a table keeps in memory.
const TABLE_LIMIT: usize = 192 << 20;
/// Bytes of rows that are written to a spill file at once.
const SPILL_BATCH: usize = 32 << 20;

/// Shrinks chunks to what the whole needs of them.
pub(super) enum Reducer {
    Aggregate(Box<Decomposed>),
    /// Rows that stay: those of a limit or a distinct, which may be taken again and again.
    Rows {
        again: Stage,
        last: Stage,
    },
    /// The first rows, in reading order.
    First {
        count: usize,
        offset: usize,
        output: Schema,
    },
}

impl Reducer {
    /// The reducer of a node that `Graph` marks as reduced.
    pub fn new(node: &Node, input: &Schema) -> Result<Reducer, Diagnostic> {
        let stage = |op: Op| Stage { op, input: input.clone(), output: node.schema.clone() };
        if let Op::Aggregate(aggregate) = &node.op {
            return Ok(Reducer::Aggregate(Box::new(decompose(aggregate, input)?)));
        }
        let Op::Limit(limit) = &node.op else {
            return Ok(Reducer::Rows { again: stage(node.op.clone()), last: stage(node.op.clone()) });
        };
        if limit.keys.is_empty() {
            let (count, offset) = (limit.count as usize, limit.offset as usize);
            return Ok(Reducer::First { count, offset, output: node.schema.clone() });
        }
        let most = Limit { count: limit.count.saturating_add(limit.offset), offset: 0, keys: limit.keys.clone() };
        Ok(Reducer::Rows { again: stage(Op::Limit(most)), last: stage(node.op.clone()) })
    }

    /// What is kept of a chunk: one frame per part.
    pub fn fold(&self, rows: &DataFrame) -> Result<Vec<DataFrame>, Diagnostic> {
        let keep = |frame: DataFrame| compacted(frame).map_err(|error| ops::failed(&error));
        match self {
            Reducer::Aggregate(parts) => {
                let mut folds = vec![keep(run(&parts.fold, rows.clone())?)?];
                for [pairs, _, _] in &parts.distinct {
                    folds.push(keep(run(pairs, rows.clone())?)?);
                }
                Ok(folds)
            }
            Reducer::Rows { again, .. } => Ok(vec![keep(run(again, rows.clone())?)?]),
            Reducer::First { count, offset, .. } => Ok(vec![keep(rows.head(Some(count.saturating_add(*offset))))?]),
        }
    }
}

/// One operation over a frame.
pub(super) fn run(stage: &Stage, rows: DataFrame) -> Result<DataFrame, Diagnostic> {
    let context = Context { name: "stage", inputs: vec![&stage.input], output: &stage.output, ids: false };
    ops::lower_op(&stage.op, vec![rows.lazy()], &context)?.collect().map_err(|error| ops::failed(&error))
}

/// What a reducer has gathered so far.
#[derive(Default)]
pub(super) struct Gathered {
    /// By part: frames, their rows, rows after the last merge.
    parts: Vec<(Vec<DataFrame>, usize, usize)>,
}

impl Gathered {
    /// Takes a chunk's folds, in order; merges when there are many. True: nothing more is needed.
    pub fn add(&mut self, reducer: &Reducer, folds: Vec<DataFrame>) -> Result<bool, Diagnostic> {
        self.parts.resize_with(folds.len().max(self.parts.len()), Default::default);
        for (index, fold) in folds.into_iter().enumerate() {
            let (frames, rows, merged) = &mut self.parts[index];
            *rows += fold.height();
            frames.push(fold);
            if *rows > *merged * 2 + MERGE_ROWS {
                let all = merge(reducer, index, std::mem::take(frames))?;
                (*rows, *merged) = (all.height(), all.height());
                frames.push(all);
            }
        }
        Ok(match reducer {
            Reducer::First { count, offset, .. } => {
                self.parts.first().is_some_and(|part| part.1 >= count.saturating_add(*offset))
            }
            Reducer::Aggregate(_) | Reducer::Rows { .. } => false,
        })
    }

    /// The node's rows.
    pub fn finish(self, reducer: &Reducer) -> Result<DataFrame, Diagnostic> {
        let fail = |error| ops::failed(&error);
        let mut parts = self.parts.into_iter().map(|part| part.0);
        let first = parts.next().unwrap_or_default();
        match reducer {
            Reducer::Aggregate(decomposed) => {
                let mut folds = merge(reducer, 0, first)?;
                for (index, [_, _, count]) in decomposed.distinct.iter().enumerate() {
                    let pairs = merge(reducer, index + 1, parts.next().unwrap_or_default())?;
                    let counts = run(count, pairs)?;
                    folds = beside(folds, counts, &decomposed.keys).map_err(fail)?;
                }
                run(&decomposed.finish, folds)
            }
            Reducer::Rows { last, .. } => run(last, some_rows(first, &last.input)?),
            Reducer::First { count, offset, output } => Ok(some_rows(first, output)?.slice(*offset as i64, *count)),
        }
    }
}

fn some_rows(frames: Vec<DataFrame>, schema: &Schema) -> Result<DataFrame, Diagnostic> {
    if frames.is_empty() {
        return Ok(DataFrame::empty_with_schema(&polars_schema(schema)));
    }
    joined(frames).map_err(|error| ops::failed(&error))
}

fn merge(reducer: &Reducer, part: usize, frames: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
    match reducer {
        Reducer::Aggregate(decomposed) if part == 0 => {
            // Without chunks the fold of no rows still says so: zero where counts are asked for.
            let frames = match frames.is_empty() {
                true => vec![run(&decomposed.fold, some_rows(frames, &decomposed.fold.input)?)?],
                false => frames,
            };
            run(&decomposed.merge, some_rows(frames, &decomposed.merge.input)?)
        }
        Reducer::Aggregate(decomposed) => {
            let [_, again, _] = &decomposed.distinct[part - 1];
            run(again, some_rows(frames, &again.input)?)
        }
        Reducer::Rows { again, .. } => run(again, some_rows(frames, &again.input)?),
        Reducer::First { output, .. } => some_rows(frames, output),
    }
}

/// Two folds of the same groups side by side; null keys are keys like others.
fn beside(left: DataFrame, right: DataFrame, keys: &[String]) -> PolarsResult<DataFrame> {
    if keys.is_empty() {
        let added: Vec<Column> = right.columns().to_vec();
        let mut left = left;
        for column in added {
            left.with_column(column)?;
        }
        return Ok(left);
    }
    let on: Vec<Expr> = keys.iter().map(|key| ops::column(key)).collect();
    let mut arguments = JoinArgs::new(JoinType::Left);
    arguments.nulls_equal = true;
    arguments.maintain_order = MaintainOrderJoin::Left;
    left.lazy().join(right.lazy(), on.clone(), on, arguments).collect()
}

/// Rows kept whole: in memory, then in a file.
pub(super) struct Table {
    schema: Schema,
    folder: PathBuf,
    name: String,
    frames: Vec<DataFrame>,
    bytes: usize,
    /// Bytes that stay in memory.
    limit: usize,
    spill: Option<(PathBuf, polars::io::ipc::BatchedWriter<File>)>,
}

impl Table {
    /// `folder` holds the spill file should there be one; it is made then.
    pub fn new(schema: &Schema, folder: &Path, name: String) -> Table {
        Table {
            schema: schema.clone(),
            folder: folder.to_owned(),
            name,
            frames: Vec::new(),
            bytes: 0,
            limit: TABLE_LIMIT,
            spill: None,
        }
    }

    pub fn add(&mut self, frame: DataFrame) -> Result<(), Diagnostic> {
        self.bytes += frame.estimated_size();
        self.frames.push(frame);
        let limit = if self.spill.is_some() { SPILL_BATCH.min(self.limit) } else { self.limit };
        if self.bytes > limit { self.spill_out() } else { Ok(()) }
    }

    /// Whether rows lie in a file.
    pub fn is_spilled(&self) -> bool {
        self.spill.is_some()
    }

    fn spill_out(&mut self) -> Result<(), Diagnostic> {
        let fail = |reason: String, path: &Path| {
            Diagnostic::error("PW0951", format!("rows that do not fit into memory cannot be put aside: {reason}"))
                .help("free some space there, or let the run write elsewhere with --out")
                .file(path.display().to_string())
        };
        if self.spill.is_none() {
            let path = self.folder.join(format!("{}.arrow", self.name));
            make_folder(&self.folder).map_err(|error| fail(error.to_string(), &self.folder))?;
            let file = File::create(&path).map_err(|error| fail(error.to_string(), &path))?;
            let schema = polars_schema(&self.schema);
            // One field a column: without them the file would be read back without columns.
            let fields = default_ipc_fields(schema.to_arrow(CompatLevel::newest()).iter_values());
            let writer = IpcWriter::new(file).batched(&schema, fields);
            self.spill = Some((path.clone(), writer.map_err(|error| fail(error.to_string(), &path))?));
        }
        if let Some((path, writer)) = &mut self.spill {
            let rows = joined(std::mem::take(&mut self.frames)).map_err(|error| ops::failed(&error))?;
            writer.write_batch(&rows).map_err(|error| fail(error.to_string(), path))?;
            self.bytes = 0;
        }
        Ok(())
    }

    /// The rows, and whether they lie in a file.
    pub fn finish(mut self) -> Result<(LazyFrame, bool), Diagnostic> {
        let fail = |error: PolarsError| ops::failed(&error);
        if self.spill.is_some() && !self.frames.is_empty() {
            self.spill_out()?;
        }
        match self.spill {
            None => Ok((some_rows(self.frames, &self.schema)?.lazy(), false)),
            Some((path, mut writer)) => {
                writer.finish().map_err(fail)?;
                let path = PlRefPath::new(path.to_string_lossy().as_ref());
                let scan = LazyFrame::scan_ipc(path, IpcScanOptions::default(), UnifiedScanArgs::default());
                Ok((scan.map_err(fail)?, true))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipewright_core::data::{DataType, Value};

    #[test]
    fn rows_beyond_the_limit_come_back_from_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let list = DataType::List(Box::new(DataType::Int));
        let schema = Schema::of([("n", DataType::Int), ("text", DataType::String), ("items", list)]);
        let mut table = Table::new(&schema, folder.path(), "rows".into());
        table.limit = 1000;
        for part in 0..10 {
            let row = |n: i64| {
                vec![
                    Value::Int(n),
                    Value::text(format!("a text of row {n}")),
                    Value::List(vec![Value::Int(n), Value::Null]),
                ]
            };
            let rows: Vec<Vec<Value>> = (part * 100..(part + 1) * 100).map(row).collect();
            table.add(crate::table::ResultTable::from_rows(&schema, &rows).frame().clone()).unwrap();
        }
        assert!(table.is_spilled());
        let (rows, is_in_file) = table.finish().unwrap();
        let rows = rows.collect().unwrap();
        assert!(is_in_file);
        assert_eq!((rows.height(), rows.width()), (1000, 3));
        assert_eq!(rows.column("text").unwrap().get(999).unwrap(), AnyValue::String("a text of row 999"));
    }
}
