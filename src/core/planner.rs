//! From questions to flows, from sources to questions, and what is missing between the two. Works on evidence
//! (profiles of samples) that others gather: reads no file and runs nothing.
//! Imports everything up to plan; must not import export.

mod card;
mod catalogue;
mod coverage;
mod derive;
mod differs;
mod draft;
mod evidence;
pub mod findings;
mod inventory;
mod meanings;
pub(crate) mod planned;
mod propose;
mod query;
mod questions;
mod requests;
mod rows_chart;
#[cfg(test)]
mod testing;
mod vocabulary;

pub use card::{
    NotInIt, Unconfirmed, asked_by, definition_of, in_doubt, in_short_time, not_in_it, range_of, steps_before,
    told_of_time, unconfirmed, with_range, with_values,
};
pub use catalogue::{Catalogue, RefusedJoin, Tried};
pub use coverage::gaps::{Gap, gaps};
pub use coverage::tried::{Trials, says_nothing, trials};
pub use coverage::{
    CellEvidence, Coverage, CoverageState, FieldAway, Forbidden, UnusedField, cell_evidence, coverage,
    forbidden_sources, one_field_away, unused_fields,
};
pub use derive::{Derivation, derive};
pub use differs::{told_of_other, where_differ};
pub use evidence::{ColumnEvidence, SampleRows, SourceEvidence, columns_of, names_no_zone, sketch};
pub use findings::chosen::{MOST_CHOSEN, condition_of_rows};
pub use findings::differences::{Comparison, Difference, Selection, compare, differences, judge_differences};
pub use inventory::volume::{Rate, SampledRows, Volume, VolumeOf, rates, volumes};
pub use inventory::{SourceFacts, TimeSpan, source_facts};
pub use meanings::{ACCEPTED, ColumnMeaning, Meaning, SourceMeanings, check_meanings, confirm_meaning, meanings};
pub use planned::{declared_schema, drift, find_planned, plan_gaps, replace_planned};
pub use propose::{Proposal, StepReason, UsedMeaning, proposal, propose};
pub use query::Query;
pub use questions::answer::{About, AnswerShape, MeasureShape, Unit, rows_behind_key};
pub use questions::headline::Headline;
pub use questions::kept::{RowsChart, RowsChartKind};
pub use questions::plot::{Heat, HeatSide, Mark, Plotted, PlottedLine};
pub use questions::sentence::{Measure, Only, SPANS, Sentence};
pub use questions::told::{CANNOT_BE_TOLD, span_in_words};
pub use questions::{
    Asked, Chart, ChartKind, Condition, Contract, Dial, Dials, Needs, Part, ReadyQuestion, Stage, Tells, TimeGrain,
    ready_question, ready_questions,
};
pub use requests::{
    answer_contracts, check_requests, contract_of, contract_texts, issue_text, issue_texts, request_field,
    request_gaps, requests_csv, requests_met,
};
pub use rows_chart::is_number;
pub use vocabulary::values::{NamedCheck, Pattern, ValueEvidence};
pub use vocabulary::{Concept, ConceptNo, Rule, Vocabulary, normal_name};
