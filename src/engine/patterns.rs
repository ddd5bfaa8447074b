//! Patterns of the messages of a source: each chunk of rows is mined where it is parsed, and what comes of it is put
//! together. Knows no plan beyond what is read.

use std::ops::ControlFlow;
use std::path::Path;

use pipewright_core::data::patterns::{Mined, Miner};
use pipewright_core::data::{DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Tally;
use pipewright_core::ir::Read;
use polars::prelude::{self as pl, DataFrame, PolarsResult};

use crate::cancel::Cancel;
use crate::internal;
use crate::read::{Parsed, job_of};
use crate::table::ResultTable;

/// The columns of which patterns are mined.
#[derive(Debug, Clone)]
pub struct MinedColumns {
    /// A column of texts.
    pub message: String,
    /// A column of times.
    pub time: Option<String>,
}

impl MinedColumns {
    /// Messages with the time that stands beside them: `time`, or the first of its type.
    pub fn of(schema: &Schema, message: &str) -> Self {
        let times = || schema.fields.iter().filter(|field| field.data_type == DataType::Timestamp);
        let time = times().find(|field| field.name == "time").or_else(|| times().next());
        Self { message: message.to_owned(), time: time.map(|field| field.name.clone()) }
    }
}

/// Mines all rows of a source, in one pass.
pub fn mine(read: &Read, columns: &MinedColumns, base: &Path, cancel: &Cancel) -> Result<(Mined, Tally), Diagnostic> {
    mine_with(read, columns, base, cancel, None)
}

/// The same with so many threads that parse.
fn mine_with(
    read: &Read,
    columns: &MinedColumns,
    base: &Path,
    cancel: &Cancel,
    workers: Option<usize>,
) -> Result<(Mined, Tally), Diagnostic> {
    let needed = std::iter::once(&columns.message).chain(&columns.time).cloned().collect();
    let mut job = job_of(&Read { columns: Some(needed), ..read.clone() }, base, cancel)?;
    job.workers = workers.unwrap_or(job.workers);
    let (mut all, mut tally) = (Miner::default(), Tally::default());
    let work = |parsed: Parsed| {
        let mut part = Miner::default();
        add(&mut part, &parsed.frame, columns).map_err(|error| internal("the patterns of a chunk", &error))?;
        Ok((part, parsed.tally))
    };
    job.for_each(&work, &mut |(part, read)| {
        all.merge(part);
        tally.add(&read);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((all.finish(), tally))
}

/// Mines the rows of a result.
pub fn mine_table(table: &ResultTable, columns: &MinedColumns) -> Result<Mined, Diagnostic> {
    let mut miner = Miner::default();
    add(&mut miner, table.frame(), columns).map_err(|error| internal("the patterns of rows", &error))?;
    Ok(miner.finish())
}

fn add(miner: &mut Miner, frame: &DataFrame, columns: &MinedColumns) -> PolarsResult<()> {
    let messages = frame.column(&columns.message)?.cast(&pl::DataType::String)?;
    let messages = messages.str()?;
    let Some(time) = &columns.time else {
        messages.iter().for_each(|message| miner.add(message, None));
        return Ok(());
    };
    let times = frame.column(time)?.to_physical_repr().cast(&pl::DataType::Int64)?;
    for (message, time) in messages.iter().zip(times.i64()?.iter()) {
        miner.add(message, time);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use pipewright_core::formats::FormatSpec;

    use super::*;
    use crate::read::schema_as;

    #[test]
    fn threads_and_chunks_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let seed = 11;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut text = String::new();
        for line in 0..60_000 {
            let (user, host) = (random.u32(0..5_000), random.u8(..));
            let user: String = user.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            match random.u8(0..3) {
                0 => writeln!(text, "user {user} signed in from 10.0.0.{host} as number {line}"),
                1 => writeln!(text, "user {user} signed out after {line} s"),
                _ => writeln!(text, "disk d{host} is full: \"{user} left\""),
            }
            .unwrap();
        }
        let twice = text.repeat(8);
        for (text, times) in [(&text, 1), (&twice, 8)] {
            std::fs::write(folder.path().join("a.log"), text).unwrap();
            let format = FormatSpec::new("lines");
            let schema = schema_as(&folder.path().join("a.log"), &format).unwrap();
            let columns = MinedColumns { message: schema.fields[0].name.clone(), time: None };
            let path = "a.log".to_owned();
            let read = Read { path, format, schema, columns: None, position: false, planned: None, location: None };
            let mined = |workers| mine_with(&read, &columns, folder.path(), &Cancel::new(), Some(workers)).unwrap();
            let (one, tally) = mined(1);
            let found: Vec<(&str, bool)> =
                one.patterns.iter().map(|pattern| (pattern.text.as_str(), pattern.is_folded)).collect();
            let wanted = [
                ("disk d<n> is full: <text>", false),
                ("user <*> signed in from <ip> as number <n>", true),
                ("user <*> signed out after <n> s", true),
            ];
            let mut sorted = found.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, wanted, "seed {seed}");
            assert_eq!((one.rows, tally.accepted), (60_000 * times, 60_000 * times));
            assert_eq!(mined(2).0, one, "seed {seed}");
        }
    }
}
