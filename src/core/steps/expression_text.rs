//! Operations that steps write in the expression language, as a person would: names quoted by `name`, everything else
//! text. Imports nothing above `ir`.

use super::Lowering;
use crate::data::Value;
use crate::expr::{self, Expr, Place, print_name};
use crate::ir::{self, Column, NodeId, Op, Project};

/// A column's name as expressions write it.
pub(super) fn name(column: &str) -> String {
    print_name(column)
}

/// A span of time as expressions write it.
pub(super) fn interval(micros: i64) -> String {
    expr::print(&Expr::literal(Value::Duration(micros)))
}

/// A whole number.
pub(super) fn int(value: i64) -> Expr {
    Expr::literal(Value::Int(value))
}

/// `over (partition by … order by …)`.
pub(super) fn over(partition: &[String], order: &str) -> String {
    let partition: Vec<String> = partition.iter().map(|column| name(column)).collect();
    let partition =
        if partition.is_empty() { String::new() } else { format!("partition by {} ", partition.join(", ")) };
    let order = if order.is_empty() { String::new() } else { format!("order by {order}") };
    format!("over ({})", format!("{partition}{order}").trim())
}

impl Lowering<'_> {
    /// Adds a column computed from windows of rows: a single call with `over`.
    pub(super) fn add_window(&mut self, field: &str, column: &str, text: &str, input: NodeId) -> Option<NodeId> {
        let (expr, _) = self.expression(field, text, input, Place::Window, None)?;
        self.push_from(field, Op::Window(ir::Window { columns: vec![Column::new(column, expr)] }), vec![input])
    }

    /// Adds a column computed row by row, or replaces the one of that name.
    pub(super) fn add_column(&mut self, field: &str, column: &str, text: &str, input: NodeId) -> Option<NodeId> {
        let (expr, _) = self.expression(field, text, input, Place::Row, None)?;
        let columns = self.put_columns(input, vec![Column::new(column, expr)]);
        self.push_from(field, Op::Project(Project::new(columns)), vec![input])
    }

    /// Keeps the rows for which the text is true.
    pub(super) fn keep_rows(&mut self, field: &str, text: &str, input: NodeId) -> Option<NodeId> {
        let (predicate, _) = self.expression(field, text, input, Place::Row, None)?;
        self.push_from(field, Op::Filter { predicate }, vec![input])
    }

    /// Numbers runs of rows in time: a run ends where the next row comes more than `gap` microseconds later. Rows
    /// without time get no number. Gives the node, which has the column besides those of the input.
    pub(super) fn number_runs(
        &mut self,
        time: &str,
        by: &[String],
        gap: i64,
        column: &str,
        input: NodeId,
    ) -> Option<NodeId> {
        let kept = self.all_columns(input);
        let before = self.schema(input).free_name("_before");
        let begins = self.schema(input).free_name("_begins");
        let in_time = over(by, &name(time));
        let node = self.add_window("time", &before, &format!("lag({}) {in_time}", name(time)), input)?;
        let (time, gap) = (name(time), interval(gap));
        let text = format!("case when {before} is null or {time} - {before} > {gap} then 1 else 0 end");
        let node = self.add_column("time", &begins, &text, node)?;
        let number = self.schema(node).free_name("_number");
        let node = self.add_window("time", &number, &format!("sum({begins}) {in_time}"), node)?;
        let text = format!("case when {time} is not null then {number} end");
        let (expr, _) = self.expression("time", &text, node, Place::Row, None)?;
        let columns = kept.into_iter().chain([Column::new(column, expr)]).collect();
        self.push_from("time", Op::Project(Project::new(columns)), vec![node])
    }
}
