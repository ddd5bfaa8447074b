//! Windows of different keys over the same rows: the calculations of each key by themselves, one after the other, so that
//! all of them may be divided. Rows with equal values in all columns keep their order, and ties are broken by the columns
//! that came in, so that the result is that of all calculations at once.

use std::collections::BTreeMap;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Op, Window, output_schema};
use polars::prelude::{DataFrame, IntoLazy};

use super::division::division;
use super::gather::some_rows;
use crate::exchange::{Division, Exchange, Gathered};
use crate::ops::{self, Context};

/// The calculations of each key, with the columns before and after them.
pub(super) struct WindowParts {
    parts: Vec<(Window, Schema, Schema)>,
}

impl WindowParts {
    pub fn new(windows: Vec<Window>, input: Schema) -> Result<WindowParts, Diagnostic> {
        let mut parts: Vec<(Window, Schema, Schema)> = Vec::with_capacity(windows.len());
        for window in windows {
            let before = parts.last().map_or(&input, |(_, _, after)| after).clone();
            let after = output_schema(&Op::Window(window.clone()), &[&before], &BTreeMap::new())?;
            parts.push((window, before, after));
        }
        Ok(WindowParts { parts })
    }

    pub fn len(&self) -> usize {
        self.parts.len()
    }

    pub fn division(&self, part: usize) -> Result<Division, Diagnostic> {
        let (window, before, _) = &self.parts[part];
        division(&Op::Window(window.clone()), before)
    }

    fn run(&self, part: usize, rows: Vec<DataFrame>) -> Result<DataFrame, Diagnostic> {
        let (window, before, after) = &self.parts[part];
        let context = Context { name: "stage", inputs: vec![before], output: after, ids: false };
        let rows = some_rows(rows, before)?.lazy();
        let made = ops::window_of(rows, window, &context, &self.parts[0].1)?;
        made.collect().map_err(|error| ops::failed(&error))
    }

    /// All but the last part, each from what was gathered for it into what the next one takes; gives the last one's.
    pub fn but_the_last(&self, first: Exchange, others: Vec<Exchange>) -> Result<Exchange, Diagnostic> {
        let mut own = first;
        for (part, mut next) in others.into_iter().enumerate() {
            let mut pass = |rows: Vec<DataFrame>| next.add(0, self.run(part, rows)?, None);
            match own.finish()? {
                Gathered::Memory(mut sides) => pass(sides.pop().unwrap_or_default())?,
                Gathered::Hashed(partitions) => {
                    partitions.for_each(&[true], &mut |partition| pass(partition.rows(0)?).map(|()| true))?;
                }
                Gathered::Ordered(_) => {}
            }
            own = next;
        }
        Ok(own)
    }

    /// The rows of the last part, of all or of some keys.
    pub fn finish(&self, sides: Vec<Vec<DataFrame>>) -> Result<DataFrame, Diagnostic> {
        self.run(self.parts.len() - 1, sides.into_iter().next().unwrap_or_default())
    }
}
