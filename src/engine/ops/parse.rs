//! A text column → typed columns, by a format's own parser over the column's texts.

use std::sync::Arc;

use pipewright_core::data::{DataType, Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::{self, Change, Changes, Chunk, Parser, RowCollector, Sample, format};
use pipewright_core::ir::{OnFail, Parse};
use polars::prelude::{
    AllowedOptimizations, Column, DataFrame, IdxCa, IdxSize, IntoColumn, LazyFrame, OptFlags, PolarsResult,
};

use super::{Context, lasting, stop};
use crate::allowance::Allowance;
use crate::table::{RESERVED_ROW, polars_schema, series_of};

pub(super) fn parse(frame: LazyFrame, parse: &Parse, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let parser = prepare(parse)?;
    let output = context.output.clone();
    let spec = parse.clone();
    let allowance = Allowance::current();
    let run = move |frame: DataFrame| {
        let mut parsed = read(&frame, &spec, parser.as_ref())?;
        if matches!(spec.on_fail, OnFail::Flag(_)) {
            parsed.changes.note(Change::Unfit, &spec.column, parsed.failed.len() as u64);
        }
        allowance.change(&parsed.changes);
        if spec.on_fail == OnFail::Stop && !parsed.failed.is_empty() {
            return Err(stop(&format!("a text in `{}` does not have the format {}", spec.column, spec.format.name)));
        }
        parsed.frame(&frame, &spec, parser.schema(), &output)
    };
    let schema = polars_schema(context.output);
    let name = lasting(&format!("parse {}", context.name));
    let allowed: AllowedOptimizations = OptFlags::STREAMING;
    let schema = move |_: &polars::prelude::Schema| Ok(schema.clone());
    Ok(frame.map(run, allowed, Some(Arc::new(schema)), Some(name)))
}

/// The rows whose text does not fit the format.
pub(super) fn unparsed(frame: LazyFrame, parse: &Parse, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let parser = prepare(parse)?;
    let spec = parse.clone();
    let run = move |frame: DataFrame| {
        let parsed = read(&frame, &spec, parser.as_ref())?;
        frame.take(&IdxCa::from_vec("rows".into(), parsed.failed))
    };
    let input = context.input()?;
    let mut schema = (*polars_schema(input)).clone();
    if context.ids {
        schema.insert(RESERVED_ROW.into(), polars::prelude::DataType::UInt64);
    }
    let schema = Arc::new(schema);
    let schema = move |_: &polars::prelude::Schema| Ok(schema.clone());
    let name = lasting(&format!("unparsed {}", context.name));
    Ok(frame.map(run, OptFlags::STREAMING, Some(Arc::new(schema)), Some(name)))
}

fn prepare(parse: &Parse) -> Result<Box<dyn Parser>, Diagnostic> {
    let Some(known) = format(&parse.format.name) else {
        return Err(Diagnostic::error("PW0706", format!("unknown format `{}`", parse.format.name)));
    };
    formats::prepare(known, &parse.format, Some(&parse.schema), &Sample::default())
}

/// What became of each text.
#[derive(Default)]
struct Parsed {
    /// Input row of each parsed row, in order.
    rows: Vec<IdxSize>,
    values: Vec<Vec<Value>>,
    /// Input rows whose text does not fit.
    failed: Vec<IdxSize>,
    /// What became of values of texts that fit.
    changes: Changes,
}

fn read(frame: &DataFrame, parse: &Parse, parser: &dyn Parser) -> PolarsResult<Parsed> {
    let _times = parse.format.times();
    let texts = frame.column(&parse.column)?.as_materialized_series().str()?.clone();
    let all: Vec<Option<&str>> = texts.iter().collect();
    if let Some(parsed) = read_joined(&all, parser, parse.started) {
        return Ok(parsed);
    }
    let mut parsed = Parsed::default();
    for (row, text) in all.iter().enumerate() {
        let row = row as IdxSize;
        let Some(text) = text else {
            // No text says nothing that could be wrong.
            parsed.rows.push(row);
            parsed.values.push(vec![Value::Null; parser.schema().len()]);
            continue;
        };
        let mut rows = RowCollector::new(parser.schema());
        let tally = parser.parse(&Chunk { head: "", file_time: parse.started, ..Chunk::whole(text) }, &mut rows);
        parsed.changes.add(&tally.changes);
        if rows.rows.is_empty() {
            parsed.failed.push(row);
        }
        for (_, values) in rows.rows {
            parsed.rows.push(row);
            parsed.values.push(values);
        }
    }
    Ok(parsed)
}

/// All texts as the lines of one chunk, which is many times faster; `None` where a line and a row are not the same.
fn read_joined(texts: &[Option<&str>], parser: &dyn Parser, started: i64) -> Option<Parsed> {
    if texts.iter().any(|text| text.is_none_or(|text| text.contains(['\n', '\r']) || text.trim().is_empty())) {
        return None;
    }
    let present: Vec<IdxSize> =
        (0..texts.len()).filter(|row| texts[*row].is_some()).map(|row| row as IdxSize).collect();
    let mut joined = String::new();
    for text in texts.iter().flatten() {
        joined.push_str(text);
        joined.push('\n');
    }
    let mut rows = RowCollector::new(parser.schema());
    let tally = parser.parse(&Chunk { head: "", file_time: started, ..Chunk::whole(&joined) }, &mut rows);
    let even = tally.joined == 0 && tally.meta == 0 && tally.blank == 0;
    if !even || tally.read != present.len() as u64 || rows.rows.len() as u64 != tally.accepted {
        return None;
    }
    let mut parsed = Parsed { changes: tally.changes, ..Parsed::default() };
    let mut fits = vec![false; texts.len()];
    for (unit, values) in rows.rows {
        let row = *present.get(usize::try_from(unit.line.checked_sub(1)?).ok()?)?;
        if std::mem::replace(fits.get_mut(row as usize)?, true) {
            return None;
        }
        parsed.rows.push(row);
        parsed.values.push(values);
    }
    parsed.failed = (0..texts.len()).filter(|row| !fits[*row]).map(|row| row as IdxSize).collect();
    Some(parsed)
}

impl Parsed {
    fn frame(mut self, input: &DataFrame, parse: &Parse, fields: &Schema, output: &Schema) -> PolarsResult<DataFrame> {
        if matches!(parse.on_fail, OnFail::Flag(_)) {
            for row in std::mem::take(&mut self.failed) {
                self.rows.push(row);
                self.values.push(vec![Value::Null; fields.len()]);
            }
            // Back to the order of the input; several rows of one text stay in theirs.
            let mut order: Vec<usize> = (0..self.rows.len()).collect();
            order.sort_by_key(|index| self.rows[*index]);
            self.values = order.iter().map(|index| std::mem::take(&mut self.values[*index])).collect();
            self.rows.sort_unstable();
        }
        let kept = input.take(&IdxCa::from_vec("rows".into(), self.rows))?;
        let columns = output.fields.iter().map(|field| -> PolarsResult<Column> {
            match fields.index(&field.name) {
                Some(index) => {
                    let data_type: &DataType = &field.data_type;
                    let cells: Vec<&Value> =
                        self.values.iter().map(|row| row.get(index).unwrap_or(&Value::Null)).collect();
                    Ok(series_of(&field.name, data_type, &cells).into_column())
                }
                None => kept.column(&field.name).cloned(),
            }
        });
        DataFrame::new(kept.height(), columns.collect::<PolarsResult<Vec<_>>>()?)
    }
}
