//! The expression language: SQL scalar expressions with Pipewright's own semantics.
//! Text → `parse` → `Expr` → `print` (canonical text); `check` types it against a schema;
//! `functions` is the one table of functions; `eval` is the reference meaning of every expression.
//! Must not import any room but `data`.

mod are;
mod ast;
mod cached;
mod cast;
mod check;
mod durations;
mod ere;
mod eval;
mod functions;
mod java;
mod json_paths;
mod json_text;
mod parse;
mod patterns;
mod phrases;
mod precedence;
mod print;
mod re2;
mod rows;
mod rules;
mod text;
mod time_formats;
mod tokens;

pub use are::Captured;
pub use ast::{BinaryOp, Call, Expr, ExprKind, FrameBound, FrameUnit, NamedExpr, Over, SortKey, WindowFrame, deep};
pub use cast::cast as cast_value;
pub use check::{Place, RUN_PARAMETERS, Scope, check, check_order_key, coerce, has_strict_cast, type_of};
pub use durations::is_finer_span;
pub use eval::{bind, eval, is_constant};
pub use functions::{
    ArgType, BOTS, BROWSERS, Example, FEED_READERS, Function, FunctionKind, MOST_JOINED, REDACTED, SUM_PART, SYSTEMS,
    TABLETS, TOOLS, VARYING, bytes_of, function, functions, with_stand_ins,
};
pub use json_paths::{PathStep, json_path};
pub use parse::{parse, parse_named, parse_order};
pub use patterns::{RegexPattern, ReplacementPart, fits, pattern_help, regex_pattern, regex_replacement};
pub use phrases::{phrase, things};
pub use print::{print, print_name, print_order};
pub use re2::GroupPresence;
pub use rows::{Row, eval_measure, eval_window};
pub use time_formats::{FormatItem, TimeField, time_format};
