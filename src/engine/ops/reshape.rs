//! Operations that change the number of rows by a row's own content, and the union of inputs.

use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::{Explode, Unpivot};
use polars::prelude::{self as pl, ExplodeOptions, LazyFrame, UnionArgs, by_name, lit};

use super::{Context, column, failed, lacking};
use crate::exprs;
use crate::table::polars_type;

pub(super) fn union(inputs: Vec<LazyFrame>, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let mut aligned = Vec::with_capacity(inputs.len());
    for (frame, schema) in inputs.into_iter().zip(&context.inputs) {
        let columns = context.output.fields.iter().map(|field| {
            let wanted = polars_type(&field.data_type);
            match schema.get(&field.name) {
                Some(known) if known.data_type == field.data_type => column(&field.name),
                Some(_) => column(&field.name).cast(wanted),
                None => exprs::constant(&Value::Null, &field.data_type).expr.alias(field.name.as_str()),
            }
        });
        // `with_columns` first, so that constants are repeated for every row.
        let columns: Vec<pl::Expr> = columns.collect();
        let names: Vec<pl::Expr> = context.output.names().map(column).collect();
        aligned.push(frame.with_columns(columns).select(names));
    }
    if aligned.is_empty() {
        return Err(lacking("inputs"));
    }
    pl::concat(aligned, UnionArgs::default()).map_err(|error| failed(&error))
}

pub(super) fn explode(frame: LazyFrame, explode: &Explode, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let list = column(&explode.column);
    let input = context.input()?;
    let output: Vec<pl::Expr> = context.output.names().map(column).collect();
    if !matches!(input.get(&explode.column).map(|field| &field.data_type), Some(DataType::List(_))) {
        // A column of unknown type holds no list: each row keeps what it has.
        let position = explode.position.iter().map(|name| lit(1i64).alias(name.as_str())).collect::<Vec<_>>();
        return Ok(frame.with_columns(position).select(output));
    }
    let frame = if explode.keep_empty { frame } else { frame.filter(list.clone().list().len().gt(lit(0))) };
    let mut exploded = vec![explode.column.clone()];
    let frame = match &explode.position {
        Some(name) => {
            exploded.push(name.clone());
            let count = list.list().len().cast(pl::DataType::Int64);
            let last = count.clone() + lit(1i64);
            let positions = pl::int_ranges(lit(1i64), last, lit(1i64), pl::DataType::Int64);
            let none = pl::lit(pl::NULL).cast(pl::DataType::List(Box::new(pl::DataType::Int64)));
            let positions = pl::when(count.is_null()).then(none).otherwise(positions);
            frame.with_columns([positions.alias(name.as_str())])
        }
        None => frame,
    };
    let options = ExplodeOptions { empty_as_null: true, keep_nulls: true };
    Ok(frame.explode(by_name(exploded, true, false), options).select(output))
}

pub(super) fn unpivot(frame: LazyFrame, unpivot: &Unpivot, context: &Context) -> Result<LazyFrame, Diagnostic> {
    let input = context.input()?;
    // Hidden names, so that neither a kept column nor the new ones collide with a column that becomes rows.
    let keep = unpivot.keep.iter().enumerate().map(|(index, name)| column(name).alias(format!("#keep{index}")));
    let mut columns: Vec<pl::Expr> = keep.collect();
    let is_list = matches!(unpivot.data_type, DataType::List(_));
    for (index, name) in unpivot.columns.iter().enumerate() {
        let value =
            pipewright_core::expr::Expr::try_cast(pipewright_core::expr::Expr::column(name), unpivot.data_type.clone());
        let value = exprs::lower_as(&value, input, &unpivot.data_type, &format!("#{index}"))?;
        // Lists are joined to one list, records are put into it.
        columns.push(if is_list {
            pl::as_struct(vec![value.alias("#item")]).alias(format!("#{index}"))
        } else {
            value
        });
    }
    let kept: Vec<String> = (0..unpivot.keep.len()).map(|index| format!("#keep{index}")).collect();
    // Row by row: a list of the names beside a list of the values, both taken apart.
    let values: Vec<pl::Expr> = (0..unpivot.columns.len()).map(|index| column(&format!("#{index}"))).collect();
    let values = pl::concat_list(values).map_err(|error| failed(&error))?.alias("#value");
    let names: Vec<Value> = unpivot.columns.iter().map(Value::text).collect();
    let names = exprs::constant(&Value::List(names), &DataType::List(Box::new(DataType::String))).expr.alias("#name");
    let options = ExplodeOptions { empty_as_null: true, keep_nulls: true };
    let mut output: Vec<pl::Expr> =
        kept.iter().zip(&unpivot.keep).map(|(hidden, shown)| column(hidden).alias(shown.as_str())).collect();
    output.push(column("#name").alias(unpivot.name.as_str()));
    let value = if is_list { column("#value").struct_().field_by_name("#item") } else { column("#value") };
    output.push(value.alias(unpivot.value.as_str()));
    let lists = frame.select(columns).with_columns([names, values]);
    Ok(lists.explode(by_name(["#name", "#value"], true, false), options).select(output))
}
