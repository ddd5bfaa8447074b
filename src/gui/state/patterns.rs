//! The patterns of a column's texts, as the dialog shows them.

use pipewright_core::data::patterns::Mined;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::model::Id;

use crate::gui::backend::MinedColumns;

/// What the dialog holds.
#[derive(Debug)]
pub struct ShownPatterns {
    pub step: Id,
    /// Its output.
    pub port: String,
    pub columns: MinedColumns,
    /// Number of the look under way, or of the last one.
    pub look: u64,
    /// Nothing while they are mined.
    pub outcome: Option<Result<Box<Mined>, Diagnostic>>,
}
