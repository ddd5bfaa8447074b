//! Pipewright's design, without display or engine: data, expressions, formats, operations, steps,
//! the project and its edits, plans and exports. Must not import Polars or egui.
//!
//! | stage | from | to | room |
//! | --- | --- | --- | --- |
//! | read | file text | `Project` | `project::file` |
//! | edit | `Edit`s | a new revision of `Project`, its inverse | `project::edit` |
//! | lower | a step's settings, input schemas | `Op`s | `steps` |
//! | plan | `Project` | `Plan` (a DAG of `Op`s, each with schema and origin) | `plan` |
//! | judge | labels, a destination, the rules in force | `Violation`s | `policy` |
//! | ask | questions, evidence of sources | proposals (`Edit`s), gaps, coverage | `planner` |
//! | import | other people's declarations of data | planned sources (`Edit`s) | `import` |
//! | export | `Plan`, design facts | `Bundle` (files, diagnostics) | `export` |
//!
//! Imports go down only: `data ← policy ← expr ← formats ← ir ← model ← steps ← project ← plan ← planner ← import, export`;
//! `diagnostic` lies below all, `files` on it alone.

// A closed or full stream must not end the program: `println!` panics there.
#![cfg_attr(not(test), deny(clippy::print_stdout, clippy::print_stderr))]

pub mod data;
pub mod diagnostic;
pub mod export;
pub mod expr;
pub mod files;
pub mod formats;
#[cfg(test)]
mod fuzz;
pub mod generate;
pub mod import;
pub mod ir;
pub mod model;
#[cfg(test)]
mod needs;
pub mod plan;
pub mod planner;
pub mod policy;
#[cfg(test)]
mod policy_tests;
pub mod project;
pub mod quote;
pub mod steps;
