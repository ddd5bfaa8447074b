//! Pipewright's data types as Polars' and back. Timestamps are microseconds without a zone, meaning UTC;
//! columns of unknown type are held as text.

use std::sync::Arc;

use pipewright_core::data::{DataType, Field, Schema};
use polars::prelude::{DataFrame, DataType as PolarsType, Field as PolarsField, Schema as PolarsSchema, TimeUnit};

/// Name of the column that carries hidden row ids through a preview.
pub(crate) const RESERVED_ROW: &str = "__row";

/// The Polars type that carries a data type.
pub(crate) fn polars_type(data_type: &DataType) -> PolarsType {
    match data_type {
        DataType::Boolean => PolarsType::Boolean,
        DataType::Int => PolarsType::Int64,
        DataType::Float => PolarsType::Float64,
        DataType::String | DataType::Unknown => PolarsType::String,
        DataType::Timestamp => PolarsType::Datetime(TimeUnit::Microseconds, None),
        DataType::Date => PolarsType::Date,
        DataType::Duration => PolarsType::Duration(TimeUnit::Microseconds),
        DataType::List(item) => PolarsType::List(Box::new(polars_type(item))),
        DataType::Record(fields) => PolarsType::Struct(
            fields.iter().map(|(name, field)| PolarsField::new(name.as_str().into(), polars_type(field))).collect(),
        ),
    }
}

/// The data type that a Polars type carries; what has none is text.
pub(crate) fn data_type_of(data_type: &PolarsType) -> DataType {
    match data_type {
        PolarsType::Boolean => DataType::Boolean,
        PolarsType::Float32 | PolarsType::Float64 | PolarsType::Decimal(..) => DataType::Float,
        PolarsType::Datetime(..) => DataType::Timestamp,
        PolarsType::Date => DataType::Date,
        PolarsType::Duration(_) => DataType::Duration,
        PolarsType::List(item) | PolarsType::Array(item, _) => DataType::List(Box::new(data_type_of(item))),
        PolarsType::Struct(fields) => DataType::Record(
            fields.iter().map(|field| (field.name().to_string(), data_type_of(field.dtype()))).collect(),
        ),
        PolarsType::Null => DataType::Unknown,
        other if other.is_integer() => DataType::Int,
        _ => DataType::String,
    }
}

/// A frame's columns as a schema, without the hidden row ids.
pub(crate) fn schema_of(frame: &DataFrame) -> Schema {
    let fields = frame.columns().iter().filter(|column| column.name() != RESERVED_ROW);
    Schema::new(fields.map(|column| Field::new(column.name().as_str(), data_type_of(column.dtype()))).collect())
}

/// The Polars schema that carries a schema.
pub(crate) fn polars_schema(schema: &Schema) -> Arc<PolarsSchema> {
    let fields = schema.fields.iter();
    Arc::new(fields.map(|field| PolarsField::new(field.name.as_str().into(), polars_type(&field.data_type))).collect())
}
