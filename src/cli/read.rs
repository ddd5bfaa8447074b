//! Verbs on data files alone: `sniff`, `read`, `profile`, `patterns`.

mod follow;
mod patterns;
mod profile;
mod query;
mod sink;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::{Diagnostic, did_you_mean, io_cause};
use pipewright_core::files::{self, Publication, trust};
use pipewright_core::formats::{FormatSpec, Tally, format, formats, repeated_headers};
use pipewright_core::ir::{self, path_pieces, with_path_pieces};
use pipewright_engine::undeclared::SecretKeys;
use pipewright_engine::{
    ByteRange, Cancel, POSITION, Quarantined, ResultTable, STANDARD_INPUT, Share, expand, expand_all, given_name,
    offer_standard_input, partitioned, read_files, read_schema, read_share, read_stream, schema_of_files, settle,
    sniff as sniff_file,
};
use serde::Deserialize;
use serde_json::json;

use super::args::{Form, ReadArgs, RowForm, SniffArgs};
use super::output::{counted, print_json, print_text, tell, tell_json};
use super::{Failure, Outcome, VerbResult, unwritable, usage};
pub use patterns::patterns;
pub use profile::profile;
use sink::{RowSink, created};

pub fn sniff(args: &SniffArgs) -> VerbResult {
    offer_standard_input();
    let (mut list, mut failed) = (Vec::new(), Vec::new());
    for path in &args.files {
        let is_input = path.as_os_str() == STANDARD_INPUT && !path.exists();
        let files = if is_input { expand(STANDARD_INPUT, Path::new(".")) } else { Ok(vec![path.clone()]) };
        match files.and_then(|files| sniff_file(files.first().unwrap_or(path))) {
            Ok(sniff) => list.push(sniff),
            Err(diagnostic) => failed.push(without_field(diagnostic)),
        }
    }
    match args.format {
        Form::Json => {
            let documents: Vec<_> = list
                .iter()
                .map(|sniff| {
                    let fields: Vec<_> = sniff
                        .schema
                        .fields
                        .iter()
                        .map(|field| json!({"name": field.name, "type": field.data_type}))
                        .collect();
                    json!({
                        "path": shown_path(&sniff.path), "format": sniff.format.name, "options": sniff.format.options,
                        "score": sniff.score, "reasons": sniff.reasons, "doubt": sniff.doubt, "guesses": sniff.guesses, "encoding": sniff.encoding,
                        "compression": sniff.compression, "fields": fields,
                    })
                })
                .collect();
            print_json(&documents)?;
        }
        Form::Text => {
            for sniff in &list {
                let title = format(&sniff.format.name).map_or(sniff.format.name.as_str(), |format| format.title());
                let packed = sniff.compression.as_ref().map(|how| format!(", {how}")).unwrap_or_default();
                let mut text = String::new();
                line!(
                    text,
                    "{}: {title} ({}), score {}, {}{packed}",
                    shown_path(&sniff.path),
                    sniff.format.name,
                    sniff.score,
                    sniff.encoding
                );
                for reason in &sniff.reasons {
                    line!(text, "  {reason}");
                }
                let fields: Vec<String> =
                    sniff.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
                line!(text, "  {}", fields.join(", "));
                print_text(&text)?;
                for told in sniff.doubt.iter().chain(&sniff.guesses) {
                    tell([&without_field(told.clone()).file(shown_path(&sniff.path))]);
                }
            }
        }
    }
    if failed.is_empty() { Ok(Outcome::Done) } else { Err(Failure { diagnostics: failed, outcome: Outcome::Failed }) }
}

/// How files given by name are to be read.
#[derive(Default)]
struct Wanted<'a> {
    format: Option<&'a str>,
    /// `OPTION=VALUE`.
    options: &'a [String],
    position: bool,
    /// Format and fields as they are declared, instead of what is recognised.
    declared: Option<Declared>,
}

/// Format and fields of a source, as an exported pipeline's read holds them.
#[derive(Deserialize)]
struct Declared {
    format: FormatSpec,
    schema: Schema,
    /// Those that are wanted; absent: all.
    #[serde(default)]
    columns: Option<Vec<String>>,
    /// What a task is told of its file: columns that the path gives, bytes that an earlier piece of the log holds.
    #[serde(default)]
    told: BTreeMap<String, String>,
    #[serde(default)]
    skipped: u64,
}

impl Declared {
    fn load(path: &Path) -> Result<Declared, Failure> {
        let text = files::read_text(path).map_err(|error| {
            Diagnostic::error("PW0901", format!("the file cannot be read: {}", io_cause(&error)))
                .help("name a file that declares the source")
                .file(path.display().to_string())
        })?;
        serde_json::from_str(&text).map_err(|error| {
            let help = "it holds {\"format\": {\"name\": …}, \"schema\": …}, as a read in a pipeline.json does";
            usage(format!("`{}` declares no source: {error}", path.display()), help)
        })
    }
}

/// Format, options and schema for files given by name: what is asked for, else what is recognised in the first file.
fn read_of(files: &[String], wanted: Wanted) -> Result<(Vec<ir::Read>, FormatSpec), Failure> {
    let Wanted { options, position, .. } = wanted;
    let spec = match wanted.format {
        Some(name) => {
            if format(name).is_none() {
                let names: Vec<&str> = formats().iter().map(|format| format.name()).collect();
                return Err(usage(
                    format!("there is no format `{name}`{}", did_you_mean(name, names.iter().copied())),
                    format!("the formats are {}", names.join(", ")),
                ));
            }
            Some(FormatSpec::new(name))
        }
        None => wanted.declared.as_ref().map(|declared| declared.format.clone()),
    };
    let set = set_options(options)?;
    offer_standard_input();
    // Files that the user names himself are his to read.
    trust(Path::new("."));
    // What a partitioned load wrote has columns in the names of its folders.
    let pieces = if let [folder] = files { partitioned(folder, Path::new(".")) } else { None };
    let files = pieces.map_or_else(|| files.to_vec(), |path| vec![path]);
    let mut paths: Vec<PathBuf> = Vec::new();
    for file in &files {
        // A path that exists is meant as it stands, even with `*` in its name.
        if Path::new(file).is_file() {
            paths.push(PathBuf::from(file));
        } else {
            let found = expand_all(file, Path::new(".")).map_err(without_field)?;
            tell(&found.closed);
            paths.extend(found.files);
        }
    }
    let none_given = || usage("no file was given", "name a file or a glob");
    let mut spec = match spec {
        Some(spec) => spec,
        None => {
            let sniff = sniff_file(paths.first().ok_or_else(none_given)?)?;
            let is_given = |guess: &Diagnostic| set.keys().any(|name| guess.location.field.as_ref() == Some(name));
            let guesses = sniff.guesses.into_iter().filter(|guess| !is_given(guess));
            tell(&guesses.map(|guess| without_field(guess).file(shown_path(&sniff.path))).collect::<Vec<_>>());
            let mut found = sniff.format;
            // Of pieces of a table only the first may have a header: each is looked at.
            if paths.len() > 1 && found.option("header") == Some("yes") {
                found.options.remove("header");
            }
            found
        }
    };
    for (name, value) in set {
        check_option(&spec.name, &name)?;
        spec.options.insert(name, value);
    }
    if wanted.declared.is_none()
        && let Some(first) = paths.first()
    {
        let settled = settle(first, &mut spec, None)?;
        tell(&settled.doubt.into_iter().chain(settled.guess).map(without_field).collect::<Vec<_>>());
    }
    // One table for all files.
    let mut schema = match &wanted.declared {
        Some(declared) => declared.schema.clone(),
        None => schema_of_files(&paths, &spec)?,
    };
    if let Some((name, _)) = POSITION.iter().find(|(name, _)| position && schema.has(name)) {
        let message = format!("the file has a column `{name}` of its own, as the place of a row is called");
        return Err(usage(message, "read it without --position"));
    }
    let read_at = |path: &PathBuf| ir::Read {
        path: files::slashes(path),
        format: spec.clone(),
        schema: Schema::default(),
        columns: wanted.declared.as_ref().and_then(|declared| declared.columns.clone()),
        position,
        planned: None,
        location: None,
    };
    let mut reads: Vec<ir::Read> = paths.iter().map(read_at).collect();
    if let Some(path) = files.iter().find(|file| !path_pieces(file).is_empty() && !Path::new(file).exists()) {
        if files.len() > 1 {
            return Err(usage(
                format!("`{path}` makes columns of its pieces, which other files lack"),
                "read it alone",
            ));
        }
        reads.truncate(1);
        reads.iter_mut().for_each(|read| read.path = path.trim().to_owned());
        schema = with_path_pieces(schema, path);
    }
    for read in &mut reads {
        read.schema = schema.clone();
    }
    if reads.is_empty() { Err(none_given()) } else { Ok((reads, spec)) }
}

/// `OPTION=VALUE`, by option.
fn set_options(options: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let set = options.iter().map(|option| match option.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let help = "write --set OPTION=VALUE, such as --set 'separator=;'";
            Err(usage(format!("`{option}` sets no option"), help))
        }
    });
    set.collect()
}

/// A file's name as it was given.
fn shown_path(path: &Path) -> String {
    given_name(path).unwrap_or_else(|| path.display().to_string())
}

/// On the command line a path is no setting of a step.
fn without_field(mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.location.field = None;
    diagnostic
}

fn check_option(format_name: &str, option: &str) -> Result<(), Failure> {
    let options: Vec<&str> = format(format_name)
        .map(|format| format.every_option().iter().map(|option| option.name).collect())
        .unwrap_or_default();
    if options.contains(&option) {
        return Ok(());
    }
    let help =
        if options.is_empty() { "it takes none".to_owned() } else { format!("its options are {}", options.join(", ")) };
    Err(usage(format!("the format `{format_name}` has no option `{option}`{}", did_you_mean(option, options)), help))
}

pub fn read(args: &ReadArgs) -> VerbResult {
    if args.output == RowForm::Parquet && args.to.is_none() {
        return Err(usage("Parquet cannot go to standard output", "add --to FILE"));
    }
    let declared = args.declared.as_deref().map(Declared::load).transpose()?;
    let (told, skip) = declared.as_ref().map_or_else(Default::default, |one| (one.told.clone(), one.skipped));
    let format = args.format.as_deref();
    let wanted = Wanted { format, options: &args.options, position: args.position, declared };
    let (reads, spec) = read_of(&args.files, wanted)?;
    check_source(args.to.as_deref(), &reads)?;
    if args.quarantine.is_some() {
        check_source(args.quarantine.as_deref(), &reads)?;
    }
    for path in args.to.iter().chain(&args.quarantine).chain(&args.save) {
        if args.declared.as_deref().is_some_and(|declared| files::is_same_place(declared, path)) {
            let message = format!("`{}` is the declaration that is read", path.display());
            return Err(usage(message, "write to another place: the declaration stays as it is"));
        }
    }
    let mut asked = query::query_of(args);
    if args.follow {
        return follow::follow(args, &asked, &reads);
    }
    if !asked.is_empty() || args.save.is_some() {
        asked.top = asked.top.or(args.limit);
        return query::answer(args, &asked, &reads, &spec);
    }
    let range = range_of(args, &reads)?;
    let mut publication = Publication::default();
    let mut quarantine: Option<BufWriter<File>> = match &args.quarantine {
        Some(path) => Some(BufWriter::new(created(path, &mut publication)?.1)),
        None => None,
    };
    let (mut refuse, mut first) = (None::<io::Error>, None::<(String, u64, String)>);
    let mut left = args.limit.unwrap_or(u64::MAX);
    let read = reads.first().ok_or_else(|| usage("no file was given", "name a file or a glob"))?;
    let schema = read_schema(read);
    let mut sink = RowSink::new(args, &schema, &mut publication)?;
    let mut fault = None::<Failure>;
    let mut take = |table: ResultTable| {
        let table = if table.rows() as u64 > left { table.slice(0, left as usize) } else { table };
        left -= table.rows() as u64;
        match sink.write(&table) {
            Ok(()) if left > 0 => ControlFlow::Continue(()),
            Ok(()) => ControlFlow::Break(()),
            Err(failure) => {
                fault = Some(failure);
                ControlFlow::Break(())
            }
        }
    };
    let secrets = args.as_task.then(|| SecretKeys::of_source(read, &[PathBuf::from(&read.path)]));
    let mut keep = |mut line: Quarantined| {
        if let Some(secrets) = &secrets {
            line.raw = secrets.kept_text(line.raw);
            // Counted from where the range begins: not known.
            line.line = if range.is_some_and(|range| range.from > 0) { 0 } else { line.line };
        }
        first.get_or_insert_with(|| (line.file.clone(), line.line, line.reason.clone()));
        if let Some(file) = &mut quarantine
            && let Err(error) =
                serde_json::to_writer(&mut *file, &line).map_err(io::Error::from).and_then(|()| file.write_all(b"\n"))
        {
            refuse = Some(error);
        }
    };
    let (tally, repeated) = match range {
        _ if args.limit == Some(0) => Default::default(),
        _ if range.is_some() || !told.is_empty() || skip > 0 => {
            let (file, share) = (PathBuf::from(&read.path), Share { range, told, skip });
            (read_share(read, file, &share, &mut take, &mut keep, &Cancel::new())?, Vec::new())
        }
        _ if !path_pieces(&read.path).is_empty() => {
            (read_stream(read, Path::new("."), &mut take, &mut keep, &Cancel::new())?, Vec::new())
        }
        _ => {
            let files = reads.iter().map(|read| PathBuf::from(&read.path)).collect();
            read_files(read, files, &mut take, &mut keep, &Cancel::new())?
        }
    };
    if let Some(failure) = fault {
        return Err(naming(failure, args.to.as_deref()));
    }
    if let (Some(path), Some(error)) = (&args.quarantine, refuse) {
        return Err(unwritable(path, &error));
    }
    if let (Some(path), Some(mut file)) = (&args.quarantine, quarantine) {
        file.flush().map_err(|error| unwritable(path, &error))?;
    }
    let finished = sink.finish(&schema);
    finished.map_err(|failure| naming(failure, args.to.as_deref()))?;
    publication.publish()?;
    match args.summary {
        Some(Form::Json) => tell_json(&summary_json(&spec, &tally)),
        Some(Form::Text) => tell!("{}", summary_text(&spec, &tally)),
        None => {}
    }
    if !matches!(args.summary, Some(Form::Json)) {
        tell(&repeated);
    }
    // Who asked for JSON gets nothing else.
    let is_told = match args.summary {
        None => true,
        Some(Form::Text) => tally.accepted == 0,
        Some(Form::Json) => false,
    };
    if let Some((file, line, reason)) = first.filter(|_| is_told) {
        let message =
            format!("{} of {} units did not fit {}; the first: {reason}", tally.quarantined, tally.read, spec.name);
        let help = match &args.quarantine {
            None if tally.accepted == 0 && args.format.is_some() => {
                "`pipewright sniff FILE` tells what the file is; --quarantine FILE keeps what does not fit"
            }
            None => "--quarantine FILE keeps them with their reasons",
            Some(_) => "the quarantine file says why of each",
        };
        tell([&Diagnostic::warning("PW0730", message).help(help).file(file).line(line)]);
    }
    if let Some(changed) = tally.changed_values().filter(|_| !matches!(args.summary, Some(Form::Json))) {
        tell([&Diagnostic::warning("PW0731", changed).help(AS_TEXT)]);
    }
    if !matches!(args.summary, Some(Form::Json)) {
        tell(left_out(&tally).iter().chain(&repeated_headers(&tally)));
    }
    if tally.quarantined_share() <= args.max_quarantined {
        return Ok(Outcome::Done);
    }
    if !matches!(args.summary, Some(Form::Json)) {
        let units = counted(tally.accepted + tally.quarantined, "unit");
        let message = format!(
            "{} of {units} did not fit, more than the share {} that --max-quarantined allows",
            tally.quarantined, args.max_quarantined
        );
        let help = "see whether the format and its options are right: `pipewright sniff FILE` tells what the file is";
        tell([&Diagnostic::warning("PW0723", message).help(help)]);
    }
    Ok(Outcome::Quarantined)
}

/// What helps where values were changed.
const AS_TEXT: &str = "`pipewright sniff FILE` tells the types; a column of type String keeps every value as it stands";

/// Values that have no column here.
fn left_out(tally: &Tally) -> Option<Diagnostic> {
    let help = "what is secret by its name is never read; a column of the path has the place of one of the rows; for other \
                names let the source declare them (`--declared FILE`, or a project)";
    Some(Diagnostic::hint("PW0835", tally.left_out()?).help(help))
}

/// The range that is asked for, of one file.
fn range_of(args: &ReadArgs, reads: &[ir::Read]) -> Result<Option<ByteRange>, Failure> {
    let Some(text) = &args.range else { return Ok(None) };
    let range =
        ByteRange::parse(text).map_err(|fault| Failure { diagnostics: vec![fault], outcome: Outcome::Usage })?;
    if reads.len() > 1 {
        return Err(usage("--range takes one file", "name one file; the bytes are counted in each file by itself"));
    }
    Ok(Some(ByteRange { numbered: args.position || args.quarantine.is_some() && !args.as_task, ..range }))
}

fn summary_json(spec: &FormatSpec, tally: &Tally) -> serde_json::Value {
    json!({
        "format": spec.name, "read": tally.read, "accepted": tally.accepted, "quarantined": tally.quarantined,
        "joined": tally.joined, "blank": tally.blank, "meta": tally.meta, "rows": tally.rows,
        "unknown_keys": tally.unknown_keys, "unfit": tally.changes.unfit, "rounded": tally.changes.rounded,
        "cut": tally.changes.cut, "fractions": tally.changes.fractions, "clocks": tally.changes.clocks,
        "repeated": tally.changes.repeated, "undeclared": tally.changes.undeclared, "halved": tally.changes.halved,
        "zeros": tally.changes.zeros, "replaced": tally.replaced, "stopped": tally.stopped,
    })
}

fn summary_text(spec: &FormatSpec, tally: &Tally) -> String {
    let rest = if tally.stopped { "; reading ended there, the rest was not read" } else { "" };
    format!(
        "{}: {} units read = {} accepted + {} quarantined + {} joined + {} blank + {} meta; {} rows{rest}",
        spec.name, tally.read, tally.accepted, tally.quarantined, tally.joined, tally.blank, tally.meta, tally.rows
    )
}

/// Faults of writing name the file that the user named.
fn naming(mut failure: Failure, path: Option<&Path>) -> Failure {
    if let Some(path) = path {
        for fault in &mut failure.diagnostics {
            fault.location.file = Some(path.display().to_string());
        }
    }
    failure
}

/// What is read is not written over, nor appended to by standard output.
fn check_source(to: Option<&Path>, reads: &[ir::Read]) -> Result<(), Failure> {
    let path = to.unwrap_or(Path::new("/dev/stdout"));
    let is_read = reads.iter().any(|read| files::is_same_place(Path::new(&read.path), path));
    let name = to.map_or_else(|| "standard output".to_owned(), |path| format!("`{}`", path.display()));
    match is_read {
        true => Err(usage(
            format!("{name} is one of the files that are read"),
            "write the rows to another place: the source stays as it is",
        )),
        false => Ok(()),
    }
}
