//! Tests of the whole: what users do, through the command line, the designer and the files. Those that need an engine
//! that is not installed say so and are skipped; `PIPEWRIGHT_REQUIRE_ENGINES=1` makes that a failure.

mod acceptance;
mod answers;
mod bounds;
mod buckets;
mod cases;
mod catalogue;
mod cli;
mod clickhouse;
mod code;
mod collector;
mod dbt;
mod disks;
mod doubts;
mod export;
mod fields;
mod follow;
mod formats;
mod incremental;
mod intervals;
mod journal_kills;
mod layering;
mod lines;
mod matches;
mod messages;
#[path = "../../src/core/needs.rs"]
mod needs;
mod parity;
mod patterns;
mod places;
mod planner;
mod policy;
mod postgresql;
mod read;
mod real_logs;
mod receipts;
mod rows;
mod run;
mod schedulers;
mod serve;
mod shop;
mod spark;
mod spelled;
mod split;
mod steps;
mod strangers;
mod support;
mod targets;
mod told;
mod undeclared;

#[cfg(feature = "gui")]
mod gui;
#[cfg(feature = "gui")]
mod gui_answers;
#[cfg(feature = "gui")]
mod gui_canvas;
#[cfg(feature = "gui")]
mod gui_comments;
#[cfg(feature = "gui")]
mod gui_forms;
#[cfg(feature = "gui")]
mod gui_journeys;
#[cfg(feature = "gui")]
mod gui_keys;
#[cfg(feature = "gui")]
mod gui_monkey;
#[cfg(feature = "gui")]
mod gui_panels;
#[cfg(feature = "gui")]
mod gui_picks;
#[cfg(feature = "gui")]
mod gui_places;
#[cfg(feature = "gui")]
mod gui_planner;
#[cfg(feature = "gui")]
mod gui_present;
#[cfg(feature = "gui")]
mod gui_safety;
#[cfg(feature = "gui")]
mod gui_split;
