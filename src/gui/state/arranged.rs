//! Rows of a table in the selection and order in which somebody looks at them. Imports no egui.

use std::collections::BTreeSet;
use std::sync::Arc;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::planner::{Plotted, RowsChart, RowsChartKind};
use pipewright_engine::{Arrangement, Pair};

use crate::gui::backend::ResultTable;

/// How somebody looks at the rows of an output.
#[derive(Debug, Clone, Default)]
pub struct Look {
    pub arrangement: Arrangement,
    pub hidden: BTreeSet<String>,
    /// Beside the rows before the step.
    pub compares: bool,
    /// What the chart draws; `None`: a guess.
    pub chart: Option<RowsChart>,
}

/// The rows of a step beside those before it.
#[derive(Debug)]
pub struct Compared {
    pub table: Arc<ResultTable>,
    pub input: Arc<ResultTable>,
    /// `None`: being worked out.
    pub pairs: Option<Arc<Vec<Pair>>>,
    /// How many rows before the step are gone behind it.
    pub dropped: u64,
    /// Number of the look.
    pub look: u64,
}

impl Compared {
    /// What was worked out.
    pub fn take(&mut self, pairs: Vec<Pair>) {
        self.dropped = pairs.iter().filter(|pair| pair.output.is_none()).count() as u64;
        self.pairs = Some(Arc::new(pairs));
    }

    /// Whether these two were asked for.
    pub fn is_of(&self, table: &Arc<ResultTable>, input: &Arc<ResultTable>) -> bool {
        Arc::ptr_eq(&self.table, table) && Arc::ptr_eq(&self.input, input)
    }
}

/// A chart with its points.
#[derive(Debug, Default)]
pub struct Drawn {
    pub chart: RowsChart,
    /// How it is drawn.
    pub kind: Option<RowsChartKind>,
    /// The same in each way in which these rows can be drawn.
    pub ways: Vec<RowsChart>,
    /// `None`: there is nothing to draw.
    pub plotted: Option<Plotted>,
}

/// The chart of a table.
#[derive(Debug)]
pub struct Charted {
    pub table: Arc<ResultTable>,
    pub wanted: Option<RowsChart>,
    /// `None`: being worked out.
    pub drawn: Option<Drawn>,
    /// Number of the look.
    pub look: u64,
}

/// What came of an arrangement.
#[derive(Debug)]
pub struct Arranged {
    pub table: Arc<ResultTable>,
    pub arrangement: Arrangement,
    /// Numbers of rows of the table; `None`: being looked for.
    pub rows: Option<Result<Arc<Vec<u32>>, Diagnostic>>,
    /// Number of the look.
    pub look: u64,
}

impl Arranged {
    /// What is shown of a table: the last order that is known.
    pub fn order_of(&self, table: &Arc<ResultTable>) -> Option<&Result<Arc<Vec<u32>>, Diagnostic>> {
        self.rows.as_ref().filter(|_| Arc::ptr_eq(&self.table, table))
    }

    /// Whether this arrangement of this table was asked for.
    pub fn is_of(&self, table: &Arc<ResultTable>, arrangement: &Arrangement) -> bool {
        Arc::ptr_eq(&self.table, table) && self.arrangement == *arrangement
    }
}
