//! Every verb and its arguments: from here come help texts and completions.

mod comments;
mod export;
mod files;
mod places;
mod run;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pipewright_core::expr::bytes_of;
use pipewright_core::ir::MAX_QUARANTINED;

pub use self::comments::CommentsArgs;
pub use self::export::{ExportArgs, HandoverArgs};
pub use self::files::{PatternArgs, PatternsArgs, ProfileArgs, ReadArgs, SniffArgs};
pub use self::places::{ConnectionsArgs, SampleArgs, ServeArgs};
pub use self::run::{RunArgs, RunEngine};

/// Design data pipelines on a canvas, preview every step on real sample files, export and run them.
#[derive(Parser, Debug)]
#[command(name = "pipewright", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 the run or a check failed; 2 usage; 3 done, with more rows in quarantine \
than allowed, or rows that were not delivered; 78 the configuration is invalid; 130 ended by a signal.\nData goes to standard output, everything else to standard error."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// A project to open in the designer, or data files to open as new sources
    pub files: Vec<PathBuf>,
    /// Trust the project: it may read files outside of its folder, and the environment
    #[arg(long, global = true)]
    pub trust: bool,
    /// A variable of the environment that the project may read
    #[arg(long = "env", value_name = "NAME", global = true)]
    pub environment: Vec<String>,
}

#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Open the designer on a project, or on data files as new sources
    Designer { files: Vec<PathBuf> },
    /// Make a new, empty project in a folder
    New(NewArgs),
    /// Make the data of a worked example
    Generate(GenerateArgs),
    /// Recognise the format of files
    Sniff(SniffArgs),
    /// Read files of any known format and write their rows
    Read(ReadArgs),
    /// Show what is in files: types, nulls, distinct values, ranges
    Profile(ProfileArgs),
    /// Show which kinds of messages are in files: what varies in them is left out, and each is counted
    Patterns(PatternsArgs),
    /// Learn a pattern for lines of no known format from pieces that are marked in a few of them
    Pattern(PatternArgs),
    /// Check a project or pipeline and list what is wrong
    Check(CheckArgs),
    /// Plan from questions to flows, and from sources to questions
    Plan(PlanArgs),
    /// List the sources: rows and time, what identifies a row, owner, what is personal
    Sources(SourcesArgs),
    /// Put a real file in the place of a planned source, and list what differs
    Replace(ReplaceArgs),
    /// Take a sample of a source that a connection leads to; plans and previews work with it
    Sample(SampleArgs),
    /// List the connections to APIs and databases, or see whether they answer
    Connections(ConnectionsArgs),
    /// List what data is asked for, or write it as issues, a table or data contracts
    Requests(RequestsArgs),
    /// Lists what people say of the steps, wires and questions of a project
    Comments(CommentsArgs),
    /// Make sources of what files declare: SQL tables, JSON Schema, OpenAPI, Avro, dbt, data contracts
    Import(ImportArgs),
    /// Compare a data file with a contract, or another declaration
    Verify(VerifyArgs),
    /// Show the rows that leave a step, computed on a sample
    Preview(PreviewArgs),
    /// Work the answers of a project out, and show them or write them as a page or as pictures
    Answers(AnswersArgs),
    /// Apply a list of edits from a file to a project
    Apply(ApplyArgs),
    /// Export a project as a bundle that runs without the designer
    Export(ExportArgs),
    /// Run a project or an exported pipeline
    Run(RunArgs),
    /// Put the files and folders of one folder into another, all of them or none
    Publish(PublishArgs),
    /// Count the rows that a part of a split design hands over, or hold what arrived against it: for scripts
    Handover(HandoverArgs),
    /// Show the runs of which a folder holds reports, as a page on this machine
    Serve(ServeArgs),
    /// Run the tests that a project pins to its steps
    Test(TestArgs),
    /// Draw a project as a diagram
    Graph(GraphArgs),
    /// List the step kinds, or show one whole
    Steps(NameArgs),
    /// List the ready-made questions, or show one whole
    Questions(NameArgs),
    /// List what fields can mean: the planner's vocabulary
    Concepts(NameArgs),
    /// List the functions of the expression language, or show one whole
    Functions(NameArgs),
    /// List the formats of logs and tables, or show one whole, with its options and a sample
    Formats(NameArgs),
    /// Print the JSON Schema of a file format
    Schema { of: SchemaOf },
    /// Print a script that completes verbs and options in a shell
    Completions { shell: clap_complete::Shell },
    /// Measure the budgets: parse, run, preview, blocking, canvas, table, start
    Bench(BenchArgs),
}

#[derive(Args, Debug)]
pub struct NewArgs {
    /// Folder of the project; made where it does not exist. The project is named after it
    pub folder: PathBuf,
    /// Folder whose files become the project's sources, recognised and read
    #[arg(long, value_name = "FOLDER")]
    pub samples: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Which example
    #[arg(value_enum)]
    pub example: ExampleName,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace files of the folder that this verb did not write, or that were changed since
    #[arg(long)]
    pub force: bool,
    /// Same seed, same files
    #[arg(long, default_value_t = 1, value_parser = whole_number, allow_negative_numbers = true)]
    pub seed: u64,
    /// About how many lines the largest file gets
    #[arg(long, value_parser = whole_number, allow_negative_numbers = true)]
    pub rows: Option<u64>,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum ExampleName {
    Shop,
    /// Two teams, each with a store of its own
    Teams,
}

#[derive(Args, Debug)]
pub struct CheckArgs {
    /// A `.pipewright.json` project or an exported `pipeline.json`
    pub project: PathBuf,
    /// Policy of the organisation that is kept to, besides those that the project or pipeline names itself
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Warnings fail the check too
    #[arg(long)]
    pub deny_warnings: bool,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct PlanArgs {
    pub project: PathBuf,
    /// What stands out, counted on the whole input, with the flow that shows it
    #[arg(long)]
    pub findings: bool,
    /// One finding, by its id
    #[arg(long, value_name = "ID", conflicts_with = "findings", group = "flow_source")]
    pub finding: Option<String>,
    /// What the fields of the sources mean, with score and reasons
    #[arg(long, conflicts_with_all = ["findings", "finding"])]
    pub meanings: bool,
    /// Ask a question of your own, in words: `how many users per hour where errors or slower than 3 s by release`
    #[arg(long, value_name = "SENTENCE", conflicts_with_all = ["findings", "finding", "meanings", "question", "coverage"], group = "flow_source")]
    pub ask: Option<String>,
    /// How a question can be answered from the sources, by the question's id (`pipewright questions`)
    #[arg(long, value_name = "ID", conflicts_with_all = ["findings", "finding", "meanings"], group = "flow_source")]
    pub question: Option<String>,
    /// So many ways to answer it, the cheapest first
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    pub alternatives: usize,
    /// Which questions the sources answer, what is unused, and what is one field away
    #[arg(long, conflicts_with_all = ["findings", "finding", "meanings", "question"])]
    pub coverage: bool,
    /// What questions lack, who could record it, and what that unlocks; with --question only that one
    #[arg(long, conflicts_with_all = ["findings", "finding", "meanings", "coverage"])]
    pub gaps: bool,
    /// What differs: values that are more frequent among some of a step's rows than among its others; --where says which
    #[arg(long, value_name = "STEP", requires = "condition", group = "flow_source", conflicts_with_all = ["findings", "finding", "meanings", "question", "ask", "coverage", "gaps"])]
    pub differs: Option<String>,
    /// The rows to compare with all others, as a condition over the step's columns
    #[arg(long = "where", id = "condition", value_name = "EXPRESSION", requires = "differs")]
    pub condition: Option<String>,
    /// Rows and bytes per day at every source, wire and sink, what filters save, and what is kept with retention
    #[arg(long, conflicts_with_all = ["findings", "finding", "meanings", "question", "ask", "coverage", "gaps", "differs"])]
    pub volume: bool,
    /// In which places the steps are done, and what goes over between them
    #[arg(long, conflicts_with_all = ["findings", "finding", "meanings", "question", "ask", "coverage", "gaps", "differs", "volume"])]
    pub places: bool,
    /// What a gigabyte costs that is kept, for --volume
    #[arg(long, value_name = "PER_GB", requires = "volume")]
    pub price: Option<f64>,
    /// Put the flow of the finding, or the first way to answer the question, into the project; with --gaps a planned
    /// source and data requests for what the question lacks; with --differs the comparison as a step
    #[arg(long, requires = "flow_source")]
    pub accept: bool,
    /// `markdown` and `csv` for --coverage only
    #[arg(long, value_enum, default_value_t = PlanForm::Text)]
    pub format: PlanForm,
    /// Value of a parameter
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanForm {
    Text,
    Json,
    Markdown,
    Csv,
}

#[derive(Args, Debug)]
pub struct SourcesArgs {
    pub project: PathBuf,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct ReplaceArgs {
    pub project: PathBuf,
    /// Id or title of the planned source, or of the source for which it stands
    pub source: String,
    /// The real file; its format is recognised
    pub file: PathBuf,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct RequestsArgs {
    pub project: PathBuf,
    /// Only what is asked of this team, by id or name
    #[arg(long, value_name = "TEAM")]
    pub owner: Option<String>,
    /// First mark as delivered what the sources show by now
    #[arg(long)]
    pub close: bool,
    /// `markdown` and `odcs` are for the open ones: an issue for each, a data contract for each source
    #[arg(long, value_enum, default_value_t = RequestForm::Text)]
    pub format: RequestForm,
    /// Write files into this folder instead of standard output
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace files of the folder that this verb did not write, or that were changed since
    #[arg(long)]
    pub force: bool,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestForm {
    Text,
    Json,
    Markdown,
    Csv,
    Odcs,
}

#[derive(Args, Debug)]
pub struct ImportArgs {
    pub project: PathBuf,
    /// Files of declarations, recognised by their content
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What they are, instead of what is recognised
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub kind: Option<DeclarationKind>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
pub enum DeclarationKind {
    Ddl,
    JsonSchema,
    #[value(name = "openapi")]
    OpenApi,
    Avro,
    Dbt,
    Odcs,
}

#[derive(Args, Debug)]
pub struct VerifyArgs {
    /// The data file; its format is recognised
    pub file: PathBuf,
    /// A data contract, or another file that `import` reads
    #[arg(long, value_name = "FILE")]
    pub contract: PathBuf,
    /// Which of the contract's objects the file holds, where it declares several
    #[arg(long, value_name = "NAME")]
    pub object: Option<String>,
    /// What the contract is, instead of what is recognised
    #[arg(long = "as", value_enum, value_name = "KIND")]
    pub kind: Option<DeclarationKind>,
    /// Warnings fail too
    #[arg(long)]
    pub deny_warnings: bool,
    #[arg(long, value_enum, default_value_t = VerifyForm::Text)]
    pub format: VerifyForm,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyForm {
    Text,
    Json,
    Junit,
    Sarif,
}

#[derive(Args, Debug)]
pub struct PreviewArgs {
    pub project: PathBuf,
    /// Id or title of the step
    #[arg(long)]
    pub step: String,
    /// Output port, where the step has several
    #[arg(long)]
    pub port: Option<String>,
    /// At most that many rows are printed
    #[arg(long, default_value_t = 20, value_parser = whole_number, allow_negative_numbers = true)]
    pub rows: u64,
    /// Rows of each source that the preview reads; 0: all
    #[arg(long, default_value_t = 100_000, value_parser = whole_number, allow_negative_numbers = true)]
    pub sample: u64,
    #[arg(long, value_enum, default_value_t = RowForm::Table)]
    pub output: RowForm,
    /// Value of a parameter
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Writes what became of the rows on the way, step by step, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Prints the lines of the sources that stand behind the rows, instead of the rows
    #[arg(long, conflicts_with = "report")]
    pub lines: bool,
    /// Of this row alone, counted from 1
    #[arg(long, value_name = "NUMBER", requires = "lines", value_parser = whole_number, allow_negative_numbers = true)]
    pub row: Option<u64>,
    /// Of the rows that fulfil this condition
    #[arg(long = "where", value_name = "EXPRESSION", requires = "lines", conflicts_with = "row")]
    pub condition: Option<String>,
}

#[derive(Args, Debug)]
pub struct AnswersArgs {
    pub project: PathBuf,
    /// Only the answer of this step (id or title)
    #[arg(long, value_name = "STEP")]
    pub only: Option<String>,
    /// `html`: one page of all that needs nothing besides itself; `svg` and `png`: a picture of each; `odcs`: a data contract
    /// of each, without working it out
    #[arg(long, value_enum, default_value_t = AnswersForm::Text)]
    pub format: AnswersForm,
    /// File for the page, or folder for the pictures; without it text and page go to standard output
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Colours of pictures; a page has those of its reader
    #[arg(long, value_enum, default_value_t = PictureLook::Light)]
    pub look: PictureLook,
    /// Largest share of units in quarantine, 0 to 1, of each source and of all; more: exit code 3
    #[arg(long, value_name = "SHARE", default_value_t = MAX_QUARANTINED, value_parser = share, allow_negative_numbers = true)]
    pub max_quarantined: f64,
    /// Value of a parameter
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Policy of the organisation that is kept to, besides those that the project names itself
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswersForm {
    Text,
    Json,
    Html,
    Svg,
    Png,
    Odcs,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureLook {
    Light,
    Dark,
}

#[derive(Args, Debug)]
pub struct ApplyArgs {
    pub project: PathBuf,
    /// A JSON list of edits (`pipewright schema edits`)
    pub edits: PathBuf,
}

#[derive(Args, Debug)]
pub struct PublishArgs {
    /// Folder of what is to be put in place; it is left as it is
    pub from: PathBuf,
    /// Folder that it is put into
    pub to: PathBuf,
    /// Replace nothing but what Pipewright wrote there; otherwise what is there is kept as NAME.before
    #[arg(long)]
    pub only_own: bool,
    /// File or folder, as a path inside FROM, that is only put in place where there is none
    #[arg(long, value_name = "PATH")]
    pub new: Vec<String>,
    /// Folder, as a path inside FROM, of which results of earlier runs that are not among the new ones go
    #[arg(long, value_name = "PATH")]
    pub renew: Vec<String>,
    /// Place of a report, which comes there together with the results
    #[arg(long, value_name = "FILE", requires = "report_from")]
    pub report: Option<PathBuf>,
    /// The report's file
    #[arg(long, value_name = "FILE", requires = "report")]
    pub report_from: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct TestArgs {
    pub project: PathBuf,
    /// Pin rows to this step: a few of its inputs, with what it makes of them now
    #[arg(long, value_name = "STEP")]
    pub pin: Option<String>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct GraphArgs {
    pub project: PathBuf,
    /// Text of a diagram language, or the map as the canvas has it
    #[arg(long, value_enum, default_value_t = Diagram::Mermaid)]
    pub format: Diagram,
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Colours of the map
    #[arg(long, value_enum, default_value_t = PictureLook::Light)]
    pub look: PictureLook,
}

#[derive(Args, Debug)]
pub struct NameArgs {
    /// Show only this one, whole
    pub name: Option<String>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(Args, Debug)]
pub struct BenchArgs {
    #[arg(value_enum)]
    pub name: BenchName,
    /// Size of the generated log that is measured, in megabytes
    #[arg(long, default_value_t = 1_000, value_parser = whole_number, allow_negative_numbers = true)]
    pub megabytes: u64,
    /// Memory that `blocking` keeps to, and DuckDB beside it
    #[arg(long, value_name = "SIZE", default_value = "1GB", value_parser = memory_size)]
    pub memory: u64,
    /// Folder for what `blocking` generates, writes and puts aside: about four times the data, removed afterwards
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// One task of `blocking`, over what lies in the folder; prints what it took
    #[arg(long, hide = true, requires = "folder")]
    pub task: Option<String>,
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub format: Form,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchName {
    Parse,
    Run,
    Preview,
    Blocking,
    Canvas,
    Table,
    Start,
}

fn whole_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number, 0 or more".to_owned())
}

/// The least memory that a run can keep to, in bytes: the program itself and the files that it reads take most of it.
const LEAST_MEMORY: i64 = 64_000_000;

fn memory_size(text: &str) -> Result<u64, String> {
    let bytes = bytes_of(text).ok_or_else(|| "write a size with its unit, such as 1GB or 512MB".to_owned())?;
    match u64::try_from(bytes) {
        Ok(size) if bytes >= LEAST_MEMORY => Ok(size),
        _ => Err(format!("a run needs {} MB at least; write a larger size, such as 512MB", LEAST_MEMORY / 1_000_000)),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "write a share from 0 to 1, such as 0.01 for one in a hundred".to_owned())
}

/// Form of what is not rows.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

/// Form of rows.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowForm {
    Jsonl,
    Csv,
    Table,
    Parquet,
    /// Arrow IPC stream
    Arrow,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagram {
    Mermaid,
    Dot,
    Svg,
    Png,
    Pdf,
}

#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaOf {
    Project,
    Pipeline,
    Edits,
    Policy,
}
