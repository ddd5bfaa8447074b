//! What a design means: a few relational operations (`Op`) in a DAG (`Plan`). Back ends know only
//! these and expressions. Per Op three rules: schema (`schema`), column lineage (`lineage`) and row
//! trace (`trace`). Imports data, expr, formats; no step kind, no project.

mod answers;
mod closing;
mod destinations;
mod interval;
mod left_out;
mod lineage;
mod losses;
mod matches;
mod names;
mod needs;
mod op;
mod op_parts;
mod parameters;
mod path_pieces;
mod place_checks;
mod place_texts;
mod places;
mod plan;
mod prune;
mod rules;
mod secrets;
mod trace;

pub use answers::{answer_file_stem, load_answers};
pub use closing::{Closed, buckets_of_time, closed_buckets, rows_of_sinks};
pub use destinations::{Destination, EndpointPlace, FileKind, ObjectPlace, PostForm, WhenExists};
pub use interval::{Applied, Interval, Replaced};
pub use left_out::{Fate, LeftOut, LeftOutKind, LookedAt, OWN_GROUP, left_out};
pub use lineage::{ColumnFlow, ColumnLineage, InputColumn, Lineage, Made, lineage};
pub use losses::{has_fraction, is_finer_text, is_in_the_day, is_rounded, losses, may_lose, text_losses};
pub use matches::{GoesOn, Matches, SideMatches};
pub use names::{check_parameter_names, environment_reference, is_parameter_name, parameter_variable};
pub use needs::Needs;
pub use op::{
    Aggregate, AsofDirection, AsofJoin, Check, Column, Distinct, Explode, Join, JoinKind, Keep, Limit, Loss, LossKind,
    LoweredBy, LoweredColumn, MAX_QUARANTINED, OnFail, Op, Parse, Planned, Project, RaisedColumn, Read, Rows, Sort,
    Synthetic, Unpivot, Watch, Window, Write,
};
pub use parameters::{Otherwise, TextPart, defaults, interpolate, parse_parameter, resolve_parameters, text_parts};
pub use path_pieces::{PathPieces, path_pieces, pattern_of_pieces, with_path_pieces};
pub use place_checks::{check_connection, check_inquiry, check_key, check_table_name, is_secret_name, is_this_machine};
pub use place_texts::{decoded, encoded, filled_text, json_escaped, sql_literal, sql_with_values};
pub use places::{
    Connection, ConnectionKind, Inquiry, Known, LoadMode, Location, Method, Pages, Preset, TableName, TablePlace,
    presets,
};
pub use plan::{
    Node, NodeId, Origin, Parameter, Plan, PlanStep, RUN_STARTED_AT, SOURCE_FOLDER, SOURCE_FOLDER_DOC,
    built_in_parameters,
};
pub use prune::{needed_columns, prune};
pub(crate) use rules::{POSITION, near_names};
pub use rules::{ParameterTypes, node_hash, output_schema};
pub use secrets::{check_secrets, check_secrets_of, is_secret_default, misused, secret_in_text, secrets_of};
pub use trace::{Frame, Trace, trace};
