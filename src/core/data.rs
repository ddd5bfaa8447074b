//! What flows through a pipeline: types, fields, schemas, values. Must not import other rooms.

pub mod day_order;
pub mod distinct;
pub mod figures;
pub mod instants;
pub mod marks;
pub mod patterns;
mod schema;
mod types;
mod value;
pub mod zones;

pub use schema::{Classification, Field, Labels, Schema, TableRows};
pub use types::DataType;
pub use value::{
    Value, compare_numbers, exact_float, exact_int, format_date, format_duration, format_timestamp, parse_duration,
    settled,
};
