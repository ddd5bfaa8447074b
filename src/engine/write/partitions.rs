//! Folders of `column=value`: one file for each combination of the partition columns' values.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::ir::FileKind;
use pipewright_core::quote::{NULL_PARTITION, partition_text};
use polars::prelude::DataFrame;

use super::{Piece, Place, Sink, Target};
use crate::table::value_of;

/// The most files that one sink writes.
const LIMIT: usize = 1000;

/// Bytes of a file's name that every usual file system takes.
const LONGEST_NAME: usize = 255;

/// Open files by their folder.
pub(super) struct Folders {
    root: PathBuf,
    target: Target,
    /// What each file holds: all columns but the partition's.
    inner: Schema,
    open: BTreeMap<String, Sink>,
    made: BTreeSet<PathBuf>,
}

impl Folders {
    pub fn new(root: &Path, target: &Target) -> Result<Folders, Diagnostic> {
        for name in &target.partition {
            if !target.schema.has(name) {
                let hint = pipewright_core::diagnostic::did_you_mean(name, target.schema.names());
                return Err(
                    Diagnostic::error("PW0956", format!("unknown partition column `{name}`{hint}")).field("partition")
                );
            }
        }
        let fields = target.schema.fields.iter().filter(|field| !target.partition.contains(&field.name));
        let inner = Schema::new(fields.cloned().collect());
        if inner.is_empty() {
            return Err(Diagnostic::error("PW0957", "every column is a partition column, so the files would be empty")
                .help("leave at least one column out of the partition")
                .field("partition"));
        }
        Ok(Folders {
            root: root.to_owned(),
            target: target.clone(),
            inner,
            open: BTreeMap::new(),
            made: BTreeSet::new(),
        })
    }

    pub fn write(&mut self, frame: &DataFrame) -> Result<(), Diagnostic> {
        let parts =
            frame.partition_by_stable(self.target.partition.clone(), true).map_err(|error| self.target.fault(error))?;
        for part in parts {
            let folder = self.folder_of(&part);
            if !self.open.contains_key(&folder) {
                self.open_file(&folder)?;
            }
            if let Some(sink) = self.open.get_mut(&folder) {
                let names: Vec<&str> = self.inner.names().collect();
                let rows = part.select(names).map_err(|error| self.target.fault(error))?;
                sink.write(Piece::Rows(rows))?;
            }
        }
        Ok(())
    }

    fn open_file(&mut self, folder: &str) -> Result<(), Diagnostic> {
        if self.open.len() >= LIMIT {
            return Err(Diagnostic::error(
                "PW0958",
                format!("the partition columns have more than {LIMIT} combinations"),
            )
            .help("partition by fewer or coarser columns, such as a day instead of a time")
            .field("partition"));
        }
        if let Some(long) = folder.split('/').find(|part| part.len() > LONGEST_NAME) {
            let shown: String = long.chars().take(60).collect();
            let message =
                format!("a partition value of {} bytes is too long for a folder's name: `{shown}…`", long.len());
            return Err(Diagnostic::error("PW0830", message)
                .help(format!(
                    "a name has at most {LONGEST_NAME} bytes; partition by a shorter column, or shorten it before"
                ))
                .field("partition"));
        }
        let mut path = self.root.clone();
        for part in folder.split('/') {
            path.push(part);
            if self.made.insert(path.clone()) {
                fs::create_dir(&path).map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => taken_for_one(part),
                    _ => self.target.fault(error),
                })?;
            }
        }
        let name = match self.target.kind {
            FileKind::Csv => "part-0.csv",
            FileKind::Jsonl => "part-0.jsonl",
            FileKind::Parquet => "part-0.parquet",
        };
        let path = path.join(name);
        let target = Target {
            place: Place::File { aside: path.clone(), target: path, earlier: None },
            kind: self.target.kind,
            partition: Vec::new(),
            schema: self.inner.clone(),
        };
        self.open.insert(folder.to_owned(), Sink::open(&target)?);
        Ok(())
    }

    /// `country=de/day=2026-03-02`, from the first row.
    fn folder_of(&self, part: &DataFrame) -> String {
        let pieces = self.target.partition.iter().map(|name| {
            let value = match (self.target.schema.get(name), part.column(name)) {
                (Some(field), Ok(column)) => {
                    column.get(0).map_or(Value::Null, |cell| value_of(&cell, &field.data_type))
                }
                _ => Value::Null,
            };
            format!("{}={}", partition_text(name), folder_text(&value))
        });
        pieces.collect::<Vec<_>>().join("/")
    }

    /// Completes all files; gives their bytes.
    pub fn finish(self) -> Result<u64, Diagnostic> {
        let mut bytes = 0;
        for sink in self.open.into_values() {
            bytes += sink.finish()?.1;
        }
        Ok(bytes)
    }
}

/// A new folder that is there already is that of another value.
fn taken_for_one(name: &str) -> Diagnostic {
    let message = format!("this disk takes the folder `{name}` for that of another value");
    Diagnostic::error("PW0840", message)
        .help("bring the values into one form before, such as `lower(…)`, or write to a disk that tells them apart")
        .field("partition")
}

/// A value in the name of a folder: its text, as a cast to String gives it.
fn folder_text(value: &Value) -> String {
    match (value, value.to_json()) {
        (Value::Float(float), _) => partition_text(&format!("{float:?}")),
        (_, serde_json::Value::Null) => NULL_PARTITION.to_owned(),
        (_, serde_json::Value::String(text)) => partition_text(&text),
        (_, other) => partition_text(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use pipewright_core::data::Value;
    use pipewright_core::quote::{NULL_PARTITION, partition_text};

    use super::folder_text;

    #[test]
    fn floats_are_written_as_texts_show_them() {
        let names = [1e308, 1e16, 0.0, 1e-7, 2.5].map(|float| folder_text(&Value::Float(float)));
        assert_eq!(names, ["1e308", "1e16", "0.0", "1e-7", "2.5"]);
    }

    #[test]
    fn values_make_safe_folder_names() {
        assert_eq!(partition_text("2026-03-02T14:00:00Z"), "2026-03-02T14%3A00%3A00Z");
        assert_eq!(partition_text("../x"), "..%2Fx");
        assert_eq!(partition_text(".."), "%2E%2E");
        assert_eq!(partition_text("zażółć"), "zażółć");
        let apart = ["", "\0", NULL_PARTITION, "%5F_HIVE_DEFAULT_PARTITION__", "null"].map(partition_text);
        assert_eq!(apart.iter().collect::<std::collections::BTreeSet<_>>().len(), apart.len(), "{apart:?}");
        assert!(!apart.contains(&NULL_PARTITION.to_owned()));
    }
}
