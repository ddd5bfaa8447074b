//! Rows for agents that know whole numbers and texts alone: columns have numbers for names (`c0`, `c1`, …), a null is left
//! out or null, a Boolean is 0 or 1, a time or a day its microseconds since 1970, a Float its text, whose spelling is each
//! JSON writer's own matter; all else goes through as it is.

use super::push;
use crate::data::{DataType, Field, Schema, Value};
use crate::export::handover::by_number;
use crate::expr::{Expr, ExprKind};
use crate::ir::{Column, Node, NodeId, Op, Plan, Project, Read};

/// A column of what is handed over that every row has.
pub const ROW: &str = "row";

/// Whether a column is a whole number there.
pub fn is_number(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Int | DataType::Boolean | DataType::Timestamp | DataType::Date)
}

/// Whether a type holds Floats that no column is.
pub fn has_inner_float(data_type: &DataType) -> bool {
    let is_inside = |inner: &DataType| *inner == DataType::Float || has_inner_float(inner);
    match data_type {
        DataType::List(item) => is_inside(item),
        DataType::Record(fields) => fields.iter().any(|(_, inner)| is_inside(inner)),
        _ => false,
    }
}

/// The columns as they are there.
fn packed(schema: &Schema) -> Schema {
    let mut made = by_number(schema);
    for field in &mut made.fields {
        match field.data_type {
            DataType::Float => field.data_type = DataType::String,
            _ if is_number(&field.data_type) => field.data_type = DataType::Int,
            _ => {}
        }
    }
    made
}

fn cast(expr: Expr, to: DataType) -> Expr {
    Expr::made(ExprKind::Cast { expr: Box::new(expr), to, strict: false })
}

/// A column on its way there.
fn there(field: &Field) -> Expr {
    use crate::expr::BinaryOp::{Add, Modulo, Multiply};
    let column = Expr::column(field.name.clone());
    let int = |int| Expr::literal(Value::Int(int));
    match field.data_type {
        DataType::Boolean => cast(column, DataType::Int),
        DataType::Float => cast(column, DataType::String),
        DataType::Timestamp | DataType::Date => {
            let millis = Expr::call("epoch_ms", vec![column.clone()]);
            let part = Expr::call("extract", vec![Expr::literal(Value::text("microsecond")), column]);
            let rest = Expr::binary(Modulo, part, int(1000));
            Expr::binary(Add, Expr::binary(Multiply, millis, int(1000)), rest)
        }
        _ => column,
    }
}

/// A column on its way back.
fn back(name: String, field: &Field) -> Expr {
    let column = Expr::column(name);
    let time = |column| Expr::call("from_epoch", vec![column, Expr::literal(Value::text("microseconds"))]);
    match field.data_type {
        DataType::Boolean => cast(column, DataType::Boolean),
        DataType::Float => cast(column, DataType::Float),
        DataType::Timestamp => time(column),
        DataType::Date => cast(time(column), DataType::Date),
        _ => column,
    }
}

/// A pipeline of sources, of which those that are fed are packed.
pub fn fed(staged: &Plan, is_fed: &[bool]) -> Plan {
    let mut made = Plan { parameters: staged.parameters.clone(), ..Plan::default() };
    let writes = staged.nodes.iter().filter(|node| !node.inputs.is_empty());
    for (write, is_fed) in writes.zip(is_fed) {
        let Some(input) = write.inputs.first().map(|input| staged.node(*input)) else { continue };
        let mut rows = push(&mut made, input.op.clone(), vec![], input.schema.clone(), &input.origin);
        let mut schema = input.schema.clone();
        if *is_fed {
            schema = packed(&schema);
            let columns = input.schema.fields.iter().zip(schema.names());
            let columns = columns.map(|(field, name)| Column::new(name.to_owned(), there(field))).collect();
            rows = push(&mut made, Op::Project(Project::new(columns)), vec![rows], schema.clone(), &input.origin);
        }
        push(&mut made, write.op.clone(), vec![rows], schema, &write.origin);
    }
    made
}

/// Reads what is handed over of a node, and makes its columns of it.
pub fn handed(rest: &mut Plan, read: Op, node: &Node) -> NodeId {
    let schema = packed(&node.schema);
    // The agent writes one column more, so that a row of nulls is one.
    let row = Field::new(ROW, DataType::Int);
    let whole = Schema::new(schema.fields.iter().cloned().chain([row]).collect());
    let read = match read {
        Op::Read(read) => Op::Read(Read { schema: whole.clone(), ..read }),
        other => other,
    };
    let input = push(rest, read, vec![], whole, &node.origin);
    let columns = node.schema.fields.iter().zip(schema.names());
    let columns = columns.map(|(field, name)| Column::new(field.name.clone(), back(name.to_owned(), field))).collect();
    push(rest, Op::Project(Project::new(columns)), vec![input], node.schema.clone(), &node.origin)
}
