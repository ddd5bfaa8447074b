//! What Polars refuses, in words for people, and the error that a stopping check raises. Imports the allowance only.

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use polars::prelude::PolarsError;

use crate::allowance;

/// What Polars refused, as a diagnostic. Only what a user can act upon is told in plain words.
pub(crate) fn failed(error: &PolarsError) -> Diagnostic {
    let text = error.to_string();
    if let Some(stop) = text.split(STOP_MARK).nth(1) {
        return Diagnostic::error("PW0707", format!("a check that stops the run failed: {stop}"))
            .help("mend the data, or let the check reject or flag rows");
    }
    if let Some(met) = allowance::met(&text) {
        return met;
    }
    if let PolarsError::IO { error, .. } = error {
        return Diagnostic::error("PW0711", format!("reading or writing failed: {}", io_cause(error)))
            .help("see whether the disks have space and may be written to");
    }
    let detail: String = text.lines().next().unwrap_or_default().chars().take(200).collect();
    Diagnostic::error("PW0712", cause(error)).help(format!("please report this with the step's settings: {detail}"))
}

/// Why something failed, in words that name no internals.
pub(crate) fn cause(error: &PolarsError) -> String {
    match error {
        PolarsError::IO { error, .. } => io_cause(error),
        PolarsError::Context { error, .. } => cause(error),
        PolarsError::OutOfBounds(_) => "a position lies outside the data".to_owned(),
        other => match system_fault(&other.to_string()) {
            Some(error) => io_cause(&error),
            None => "the step cannot be computed on these rows".to_owned(),
        },
    }
}

/// What the system refused, where a writer wraps it in a text of its own.
fn system_fault(text: &str) -> Option<std::io::Error> {
    let number = text.split_once("(os error ")?.1.split_once(')')?.0;
    number.parse().ok().map(std::io::Error::from_raw_os_error)
}

/// Wraps a stopping check's reason inside an error's text.
const STOP_MARK: &str = "\u{1}";

/// The error that a stopping check raises.
pub(crate) fn stop(reason: &str) -> PolarsError {
    PolarsError::ComputeError(format!("{STOP_MARK}{reason}{STOP_MARK}").into())
}
