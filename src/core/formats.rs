//! Formats of logs, metrics and records: one file per format, each with recogniser, options, schema and a
//! parser that fills `Columns`. Reads no file: the engine supplies chunks of bytes and columns.
//! Imports data and expr.
//!
//! One equation everywhere: units read = accepted + quarantined + joined + blank + meta.

mod access;
pub mod cell;
mod changes;
mod columns;
mod csv;
mod csv_records;
mod csv_sniff;
pub mod dates;
mod declared;
#[cfg(test)]
mod dirty;
pub mod encoding;
pub mod events;
pub mod infer;
mod json;
mod json_document;
mod json_lines;
mod json_path;
mod json_rows;
mod json_shape;
pub mod keys;
pub mod layout;
mod layout_parser;
mod lines;
mod logfmt;
mod named_types;
pub mod numbers;
mod parquet;
mod pattern;
mod prometheus;
pub mod scan;
mod spec;
mod syslog;
#[cfg(test)]
mod testing;
pub mod time;
#[cfg(test)]
mod words;

pub use changes::{Change, Changes};
pub use columns::{Columns, RowCollector, Tally, Unfit, Unit};
pub use spec::{Chunk, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample};

/// Every format, in the order in which a tie of scores is decided.
pub fn formats() -> &'static [&'static dyn Format] {
    &[
        &access::NginxAccess,
        &access::ApacheAccess,
        &syslog::Syslog5424,
        &syslog::Syslog3164,
        &pattern::Pattern,
        &parquet::Parquet,
        &json_lines::JsonLines,
        &json_document::JsonDocument,
        &prometheus::Prometheus,
        &logfmt::Logfmt,
        &csv::Csv,
        &lines::Lines,
    ]
}

/// The format of that name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    formats().iter().copied().find(|format| format.name() == name)
}

/// All formats' opinions of a sample, best first; only scores above 0. A score is the share of units that fit,
/// times how telling the format is (see `scan::score`); plain lines always come last.
pub fn recognise(sample: &Sample) -> Vec<Recognition> {
    let mut found: Vec<Recognition> = formats().iter().filter_map(|format| format.recognise(sample)).collect();
    found.sort_by_key(|recognition| std::cmp::Reverse(recognition.score));
    found
}
