//! Arguments of the verbs on data files alone.

use std::path::PathBuf;

use clap::Args;
use pipewright_core::ir::MAX_QUARANTINED;

use super::{Form, RowForm, share, whole_number};

#[derive(Args, Debug)]
pub struct SniffArgs {
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

/// Heading of the options that ask something of what is read.
const QUERY: &str = "Query";

#[derive(Args, Debug)]
pub struct ReadArgs {
    /// Files or globs; packed ones (gz, zst, bz2, xz, zip) are read as they are; `-`: standard input. `<name>` in a path
    /// stands for what `*` does, and becomes a column: '/var/log/pods/<namespace>_<pod>_<uid>/<container>/*.log'
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Format instead of the recognised one (`pipewright read --as help x` lists them)
    #[arg(long = "as")]
    pub format: Option<String>,
    /// Option of the format, such as log_format='$remote_addr …'
    #[arg(long = "set", value_name = "OPTION=VALUE")]
    pub options: Vec<String>,
    /// Format and fields as this JSON file declares them: {"format": …, "schema": …}, as a read in an exported pipeline
    #[arg(long, value_name = "FILE", conflicts_with_all = ["format", "options"])]
    pub declared: Option<PathBuf>,
    /// Only the lines or events of the file that begin in these bytes: FROM-TO, the second not among them. Ranges that
    /// adjoin give every row once; a file that cannot be divided goes whole to the range with its first byte
    #[arg(long, value_name = "FROM-TO")]
    pub range: Option<String>,
    /// Only rows for which this is true, such as "status >= 500 and path like '/api/%'"
    #[arg(long = "where", value_name = "EXPR", help_heading = QUERY)]
    pub filter: Option<String>,
    /// A row for each of these, such as "path, date_trunc('hour', time) as hour"
    #[arg(long, value_name = "COLS", help_heading = QUERY)]
    pub by: Option<String>,
    /// What is measured in each group, or of all rows: "count(*) as requests, avg(duration)"; the number of rows where
    /// none is given. May be given several times
    #[arg(long = "agg", value_name = "EXPR", help_heading = QUERY)]
    pub measures: Vec<String>,
    /// Order of the rows, such as "bytes desc, path"; of groups: the largest first measure
    #[arg(long, value_name = "COLS", help_heading = QUERY)]
    pub sort: Option<String>,
    /// The first rows of that order
    #[arg(long, value_name = "N", value_parser = whole_number, help_heading = QUERY)]
    pub top: Option<u64>,
    /// The columns of the result, such as "time, path, bytes / 1000 as kilobytes"
    #[arg(long, value_name = "COLS", help_heading = QUERY)]
    pub select: Option<String>,
    /// Keep what is asked as a project, to go on with in the designer
    #[arg(long, value_name = "PROJECT", help_heading = QUERY)]
    pub save: Option<PathBuf>,
    /// At most that many rows; as they come, and not to be asked of
    #[arg(long, value_parser = whole_number, allow_negative_numbers = true, conflicts_with_all = ["by", "measures", "sort", "top"])]
    pub limit: Option<u64>,
    /// Only what is written to the file from now on, until Ctrl+C; a file that is rotated meanwhile is read on. With
    /// --where and --select, but nothing that needs all rows
    #[arg(long)]
    pub follow: bool,
    /// Add `_file`, `_line` and `_offset`
    #[arg(long)]
    pub position: bool,
    #[arg(long, value_enum, default_value_t = RowForm::Jsonl)]
    pub output: RowForm,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// File for the lines that do not fit, as JSON lines {file, line, offset, reason, raw}
    #[arg(long, value_name = "FILE")]
    pub quarantine: Option<PathBuf>,
    /// As a task of an exported job reads: lines of a range are not numbered, since that reads what stands before, and
    /// none that names something secret is kept
    #[arg(long, hide = true, requires = "declared")]
    pub as_task: bool,
    /// Largest share of units that may not fit, 0 to 1; more: exit code 3
    #[arg(long, value_name = "SHARE", default_value_t = MAX_QUARANTINED, value_parser = share, allow_negative_numbers = true)]
    pub max_quarantined: f64,
    /// Write counts to standard error
    #[arg(long, value_enum)]
    pub summary: Option<Form>,
}

#[derive(Args, Debug)]
pub struct ProfileArgs {
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Every row instead of a sample, in one pass and in bounded memory: what has more than 100,000 different values is
    /// estimated
    #[arg(long)]
    pub whole: bool,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct PatternsArgs {
    #[arg(required = true)]
    pub files: Vec<String>,
    /// The column with the messages; `message` or what is called alike where none is named
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// The column that says when; the first of times where none is named
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Every row instead of a sample, in one pass and in bounded memory: of messages of too many forms words of many values
    /// are left out, which is said
    #[arg(long)]
    pub whole: bool,
    /// That many of the most frequent ones are shown
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub top: usize,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct PatternArgs {
    pub file: PathBuf,
    /// A piece that is to be a column: its line's number, its name, its text; pieces of a line in their order. Without any
    /// mark the first lines are shown
    #[arg(long = "mark", value_name = "LINE:NAME=TEXT")]
    pub marks: Vec<String>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}
