//! Writes an export into a folder: the bundle's files, and the receipt: pinned sample rows of every source and what
//! this engine makes of them, with a script that runs the bundle on them and compares.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use pipewright_core::data::{DataType, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::export::pipeline::{PIPELINE_VERSION, Pipeline};
use pipewright_core::export::schedulers::{self, Scheduler};
use pipewright_core::export::{Bundle, DesignInfo, Target};
use pipewright_core::files::{FolderUpdate, MARKER, OUT_OF_REACH, inside, is_same_place, make_folder, open_file};
use pipewright_core::formats::{Framing, Sample, format};
use pipewright_core::ir::{
    Connection, Destination, FileKind, Node, Op, Parameter, PathPieces, Plan, Read, SOURCE_FOLDER, SOURCE_FOLDER_DOC,
    WhenExists, Write, defaults, interpolate, load_answers, parameter_variable, prune, resolve_parameters,
};
use pipewright_core::plan::secret_field;
use pipewright_core::policy::{InForce, Site};
use pipewright_core::quote::{NULL_PARTITION, partition_text};
use pipewright_engine::{
    Cancel, PACKED_ENDINGS, RunOptions, STANDARD_INPUT, Silent, expand, open_unpacked, path_of_source, run,
    share_files, undeclared,
};

/// Lines of each source that a receipt pins.
const PINNED_LINES: usize = 2000;
/// Bytes of a file that must be pinned whole (JSON documents, Parquet).
const PINNED_BYTES: u64 = 8 << 20;
/// Code of a bundle that cannot be written.
const UNWRITABLE: &str = "PW0633";
/// Bytes of memory that its rows are made in, and how long that may take.
const RECEIPT_MEMORY: u64 = 512 << 20;
const RECEIPT_TIME: Duration = Duration::from_secs(30);
/// What a receipt has in the place of every secret.
const RECEIPT_KEY: &str = "receipt";

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct BundleReport {
    /// Paths inside the folder.
    pub files: Vec<String>,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Exports `plan` (whose relative paths start at `base`) for a target, with files for schedulers, into `out`. Files of an earlier export are
/// replaced; others in the folder stay, and one in the place of a file of the bundle is an error, unless `force`. The
/// bundle comes whole or not at all.
pub fn write_bundle(
    target: &dyn Target,
    plan: &Plan,
    info: &DesignInfo,
    schedulers: &[Scheduler],
    base: &Path,
    out: &Path,
    force: bool,
) -> Result<BundleReport, Vec<Diagnostic>> {
    let plan = load_answers(&prune(plan, &plan.sinks()));
    check_handed_over(&plan)?;
    let sources = with_names_of(&plan, &info.sources, base);
    let told = DesignInfo { sources: with_source_folder(&sources), ..info.clone() };
    let exported = with_source_folder(&plan);
    let mut bundle = target.export(&exported, &told);
    if bundle.has_errors() {
        return Err(bundle.diagnostics);
    }
    schedulers::write(&mut bundle, schedulers, &exported, &info.name);
    let receipt = |bundle: &mut Bundle, pinned: &Plan| {
        bundle.text("receipt/pipeline.json", pipeline_text(&info.name, pinned));
        if let Some(staged) = target.stage(pinned) {
            bundle.text("receipt/stage.json", pipeline_text(&info.name, &staged));
        }
        Ok(())
    };
    let finishing = Finishing { plan: &plan, info, base, out, force, verify: target.verify_command() };
    finishing.finish(bundle, receipt, &|name| name)
}

/// What is left to do once the files of a bundle are made: its receipt, and putting it in place.
pub(crate) struct Finishing<'a> {
    /// The whole plan, as the project has it.
    pub plan: &'a Plan,
    pub info: &'a DesignInfo,
    pub base: &'a Path,
    pub out: &'a Path,
    pub force: bool,
    /// What `verify.sh` runs.
    pub verify: &'a str,
}

impl Finishing<'_> {
    /// `receipt`: what the bundle has to run the plan with pinned sources; `moved`: where a file of the receipt lies in the
    /// bundle.
    pub fn finish(
        &self,
        mut bundle: Bundle,
        receipt: impl FnOnce(&mut Bundle, &Plan) -> Result<(), Vec<Diagnostic>>,
        moved: &dyn Fn(String) -> String,
    ) -> Result<BundleReport, Vec<Diagnostic>> {
        let Finishing { plan, base, out, .. } = *self;
        let mut report = BundleReport { files: Vec::new(), diagnostics: std::mem::take(&mut bundle.diagnostics) };
        let one = |fault: Diagnostic| vec![fault];
        let mut update = FolderUpdate::new(out, "export");
        let folder = update.scratch().map_err(one)?;
        match receipt_in(&folder, plan, &self.info.sources, base)? {
            Ok(pinned) => {
                receipt(&mut bundle, &pinned)?;
                bundle.script("verify.sh", verify_script(self.verify, &pinned));
                take_all(&folder, &mut update, moved).map_err(one)?;
                report.files.push("receipt/".to_owned());
            }
            // An export does not make of a stranger's project one that reads more; nor does a full disk take the receipt
            // of an earlier one.
            Err(diagnostic) if [OUT_OF_REACH, UNWRITABLE].contains(&&*diagnostic.code) => return Err(vec![diagnostic]),
            Err(diagnostic) => {
                // Sources that are elsewhere: the bundle is whole, only its receipt is not. The script is there all the
                // same: what stands in its place is not taken for the bundle's.
                bundle.script("verify.sh", NOTHING_TO_VERIFY.to_owned());
                report.diagnostics.push(
                    Diagnostic::warning("PW0630", format!("no receipt was made: {}", diagnostic.message))
                        .help("export where the sources' files can be read, to have rows to verify the bundle with"),
                );
            }
        }
        check_sources_stay(plan, base, out, bundle.files.keys()).map_err(one)?;
        for (name, file) in &bundle.files {
            update.write(name, file.text.as_bytes(), file.executable).map_err(one)?;
        }
        update.publish(self.force).map_err(one)?;
        report.files.extend(bundle.files.into_keys().filter(|name| !name.starts_with("receipt/")));
        report.files.sort();
        Ok(report)
    }
}

/// What is handed over to a run (`-`, `/dev/stdin`) is no file that lies in the folder of a bundle's sources.
pub(crate) fn check_handed_over(plan: &Plan) -> Result<(), Vec<Diagnostic>> {
    let faults = plan.nodes.iter().filter_map(|node| match &node.op {
        Op::Read(read) if matches!(read.path.trim(), STANDARD_INPUT | "/dev/stdin") => Some(
            Diagnostic::error("PW0639", "standard input is read, which no bundle has")
                .help("give the source the path of a file; `run` of the project itself reads standard input")
                .step(&node.origin.step, &node.origin.title),
        ),
        _ => None,
    });
    let faults: Vec<Diagnostic> = faults.collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// A source is never replaced by the bundle that reads it, whatever else is.
fn check_sources_stay<'a>(
    plan: &Plan,
    base: &Path,
    out: &Path,
    mut names: impl Iterator<Item = &'a String>,
) -> Result<(), Diagnostic> {
    let parameters = defaults(&plan.parameters);
    let paths = plan.nodes.iter().filter_map(|node| match &node.op {
        Op::Read(read) => interpolate(&read.path, &parameters).ok(),
        _ => None,
    });
    let files: Vec<PathBuf> = paths.filter_map(|path| expand(&path, base).ok()).flatten().collect();
    let is_source = |name: &&String| files.iter().any(|file| is_same_place(file, &out.join(name)));
    match names.find(is_source) {
        Some(name) => Err(Diagnostic::error("PW0969", format!("`{name}` of the bundle would replace a source"))
            .help("export to another folder")
            .file(out.join(name).display().to_string())),
        None => Ok(()),
    }
}

/// Pins sample lines into a folder, with what they give; gives the plan that reads them, or why there is to be none.
fn receipt_in(
    folder: &Path,
    plan: &Plan,
    sources: &Plan,
    base: &Path,
) -> Result<Result<Plan, Diagnostic>, Vec<Diagnostic>> {
    let pinned = match pin(plan, sources, base, folder) {
        Ok(pinned) => pinned,
        Err(fault) => return Ok(Err(fault)),
    };
    let cancel = Cancel::new();
    let options = RunOptions {
        base: folder.to_owned(),
        out: folder.join("expected"),
        parameters: pinned_parameters(&pinned)?,
        memory: Some(RECEIPT_MEMORY),
        cancel: cancel.clone(),
        ..RunOptions::default()
    };
    // Steps may make any number of rows of a few.
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        if is_done.recv_timeout(RECEIPT_TIME) == Err(RecvTimeoutError::Timeout) {
            cancel.cancel();
        }
    });
    let ran = run(&pinned, &options, &Silent);
    drop(done);
    let _ = watch.join();
    if options.cancel.is_cancelled() {
        let message = format!("its rows take longer than {} s", RECEIPT_TIME.as_secs());
        return Ok(Err(Diagnostic::error("PW0638", message)
            .help("see what makes so many rows of a few, such as a join without keys")));
    }
    Ok(undeclared::check_run(plan, &ran?).map(|()| pinned))
}

/// `verify.sh`: the secrets of the design are keys that it says itself.
fn verify_script(command: &str, plan: &Plan) -> String {
    let secrets = plan.parameters.iter().filter(|parameter| parameter.is_secret());
    let keys: String =
        secrets.map(|secret| format!("export {}={RECEIPT_KEY}\n", parameter_variable(&secret.name))).collect();
    let is_divided = |node: &Arc<pipewright_core::ir::Node>| matches!(&node.op, Op::Write(Write { destination: Destination::File { partition, .. }, .. }) if !partition.is_empty());
    // Only a load into partitions may leave no file.
    let may_be_none = if plan.nodes.iter().any(is_divided) { "true" } else { "false" };
    VERIFY
        .replace("@KEYS@\n", &keys)
        .replace("@MAY_BE_NONE@", may_be_none)
        .replace("@RUN@", command)
        .replace("@MARKER@", MARKER)
}

/// Moves what the receipt consists of to the bundle's other files, each to where `moved` has it.
fn take_all(receipt: &Path, update: &mut FolderUpdate, moved: &dyn Fn(String) -> String) -> Result<(), Diagnostic> {
    let mut folders = vec!["receipt".to_owned()];
    while let Some(folder) = folders.pop() {
        let place = receipt.join(folder.trim_start_matches("receipt").trim_start_matches('/'));
        let take = |entry: std::io::Result<fs::DirEntry>| -> Result<(), Diagnostic> {
            let entry = entry.map_err(|error| unwritable(&place, &error))?;
            let file_name = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{folder}/{file_name}");
            if entry.path().is_dir() {
                folders.push(name);
            } else if file_name != MARKER {
                let aside = update.file(&moved(name))?;
                fs::rename(entry.path(), aside).map_err(|error| unwritable(&place, &error))?;
            }
            Ok(())
        };
        fs::read_dir(&place).map_err(|error| unwritable(&place, &error))?.try_for_each(take)?;
    }
    Ok(())
}

/// Values for the receipt: defaults where there are some, else nothing that a source path needs any more.
fn pinned_parameters(plan: &Plan) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let with_default: Vec<Parameter> = plan
        .parameters
        .iter()
        .filter(|parameter| !parameter.is_secret())
        .filter(|parameter| parameter.default.is_some() || parameter.data_type != DataType::String)
        .cloned()
        .collect();
    let mut values = resolve_parameters(&with_default, &BTreeMap::new(), &|_| None)?;
    for parameter in &plan.parameters {
        // No secret goes into a receipt, nor is one needed to check it.
        let value = if parameter.is_secret() { RECEIPT_KEY } else { "" };
        values.entry(parameter.name.clone()).or_insert_with(|| Value::text(value));
    }
    Ok(values)
}

pub(crate) fn pipeline_text(name: &str, plan: &Plan) -> String {
    Pipeline { pipeline: PIPELINE_VERSION, name: name.to_owned(), plan: plan.clone() }.to_text()
}

/// Sources with something secret, also under the paths by which the plan reads their files.
pub(crate) fn with_names_of(plan: &Plan, sources: &Plan, base: &Path) -> Plan {
    let parameters = pinned_parameters(plan).unwrap_or_default();
    let path = |read: &Read| interpolate(&read.path, &parameters).unwrap_or_default();
    let mut named = sources.clone();
    for node in &sources.nodes {
        let Op::Read(other) = &node.op else { continue };
        if secret_field(other).is_none() {
            continue;
        }
        for (_, own) in plan.iter() {
            if let Op::Read(read) = &own.op
                && read.path != other.path
                && share_files(&path(read), &path(other), base)
            {
                let mut node = Node::clone(node);
                node.op = Op::Read(Read { path: read.path.clone(), ..other.clone() });
                named.nodes.push(Arc::new(node));
            }
        }
    }
    named
}

/// Relative source paths cannot stay relative to a project that is not there any more: they start from a parameter.
pub(crate) fn with_source_folder(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let mut is_used = false;
    let variables: Vec<String> = plan.parameters.iter().map(|known| parameter_variable(&known.name)).collect();
    let mut names = std::iter::once(SOURCE_FOLDER.to_owned()).chain((2..).map(|n| format!("{SOURCE_FOLDER}_{n}")));
    let free = names.find(|name| !variables.contains(&parameter_variable(name))).unwrap_or_default();
    for node in &mut plan.nodes {
        if let Op::Read(read) = &mut Arc::make_mut(node).op
            && !read.path.starts_with("${")
            && !Path::new(&read.path).is_absolute()
        {
            read.path = format!("${{{free}}}/{}", read.path);
            is_used = true;
        }
        for connection in connections_of(&mut Arc::make_mut(node).op) {
            is_used |= connection.move_paths(&format!("${{{free}}}"));
        }
    }
    if is_used {
        plan.parameters.push(Parameter {
            name: free,
            data_type: DataType::String,
            default: Some(".".into()),
            doc: SOURCE_FOLDER_DOC.to_owned(),
        });
    }
    plan
}

/// The connections that an operation opens.
fn connections_of(op: &mut Op) -> impl Iterator<Item = &mut Connection> {
    let (of_read, of_write, told) = match op {
        Op::Read(read) => (read.location.as_mut().map(|location| &mut location.connection), None, None),
        Op::Write(Write { destination, watch, .. }) => {
            let told = watch.as_mut().and_then(|watch| watch.tells.as_mut());
            (None, destination.connection_mut(), told)
        }
        _ => (None, None, None),
    };
    of_read.into_iter().chain(of_write).chain(told)
}

/// Copies the first lines of every source into the receipt and gives a plan that reads them.
fn pin(plan: &Plan, sources: &Plan, base: &Path, receipt: &Path) -> Result<Plan, Diagnostic> {
    check_lines(plan)?;
    let data = receipt.join("data");
    // One by one: after Ctrl+C nothing is made again above what has gone.
    for folder in [receipt, &data] {
        make_folder(folder).map_err(|error| unwritable(folder, &error))?;
    }
    let mut pinned = plan.clone();
    // What may lie in a receipt needs no rules any more, and its keyed hashes are made without a secret.
    pinned.policy = InForce::default();
    for node in &mut pinned.nodes {
        if let Op::Project(project) = &mut Arc::make_mut(node).op {
            project.lowered.clear();
        }
    }
    let parameters = pinned_parameters(&pinned).map_err(|mut faults| faults.remove(0))?;
    let closed = closed_files(plan, sources, &parameters, base);
    for (index, node) in pinned.nodes.iter_mut().enumerate() {
        let title = node.origin.title.clone();
        let op = &mut Arc::make_mut(node).op;
        if let Op::Write(Write { destination: Destination::File { path, .. }, .. }) = op {
            // What leads elsewhere stays in the receipt, under its own name.
            let plain = interpolate(path, &parameters)?;
            if inside(receipt, &plain).is_err() {
                let name = Path::new(&plain).file_name().unwrap_or_default().to_string_lossy();
                *path = format!("outside_{index}_{}", name.replace('$', "_"));
            }
        }
        if let Op::Write(Write { destination, .. }) = op
            && destination.connection().is_some()
        {
            // A receipt opens no connection: what a place would take lies in a file.
            *destination = Destination::File {
                path: format!("table_{index}.jsonl"),
                kind: FileKind::Jsonl,
                partition: Vec::new(),
                when_exists: WhenExists::Replace,
            };
        }
        let Op::Read(read) = op else { continue };
        read.location = None;
        let files = expand(&interpolate(&read.path, &parameters)?, base)?;
        let folder = data.join(format!("source_{index}"));
        make_folder(&folder).map_err(|error| unwritable(&folder, &error))?;
        let is_whole = needs_whole_file(&read.format, &read.schema);
        let pieces = PathPieces::of(&path_of_source(&interpolate(&read.path, &parameters)?, &read.schema, base));
        for (number, file) in files.iter().take(4).enumerate() {
            if let Some((_, fault)) = closed.iter().find(|(files, _)| files.iter().any(|one| is_same_place(one, file)))
            {
                return Err(fault.clone());
            }
            // A folder for each piece of the path that is a column.
            let mut folder = folder.clone();
            let texts = pieces.of_file(&pipewright_core::files::slashes(file));
            for (name, text) in pieces.names().iter().zip(texts) {
                let value = text.map_or_else(|| NULL_PARTITION.to_owned(), |text| partition_text(&text));
                folder.push(format!("{name}={value}"));
                make_folder(&folder).map_err(|error| unwritable(&folder, &error))?;
            }
            pin_file(file, &folder, number, is_whole)?;
        }
        undeclared::check_files(read, &title, &folder, &plan.policy)?;
        let names = pieces.names().iter().map(|name| format!("{name}=<{name}>/")).collect::<String>();
        read.path = format!("data/source_{index}/{names}*");
    }
    Ok(pinned)
}

/// A receipt holds the sources' lines as they are, and nothing says who sees them.
fn check_lines(plan: &Plan) -> Result<(), Diagnostic> {
    for (_, node) in plan.iter() {
        let Op::Read(read) = &node.op else { continue };
        check_fields(read, &node.origin.title, &plan.policy)?;
    }
    Ok(())
}

fn check_fields(read: &Read, title: &str, policy: &InForce) -> Result<(), Diagnostic> {
    for field in &read.schema.fields {
        if let Some(violation) = policy.violations(&field.labels, &Site::default()).into_iter().next() {
            return Err(violation.diagnostic(&format!("`{}` of “{title}”", field.name), false, ""));
        }
    }
    Ok(())
}

/// Files whose lines may not lie in a receipt by what any source of the design says of them, and why: two sources may
/// read one file.
fn closed_files(
    plan: &Plan,
    sources: &Plan,
    parameters: &BTreeMap<String, Value>,
    base: &Path,
) -> Vec<(Vec<PathBuf>, Diagnostic)> {
    let closed = sources.iter().filter_map(|(_, node)| {
        let Op::Read(read) = &node.op else { return None };
        let fault = check_fields(read, &node.origin.title, &plan.policy).err()?;
        let files = interpolate(&read.path, parameters).and_then(|path| expand(&path, base)).unwrap_or_default();
        Some((files, fault))
    });
    closed.collect()
}

fn needs_whole_file(spec: &pipewright_core::formats::FormatSpec, schema: &pipewright_core::data::Schema) -> bool {
    let parser = format(&spec.name).and_then(|format| format.prepare(spec, Some(schema), &Sample::default()).ok());
    parser.is_none_or(|parser| parser.framing() != Framing::Cut)
}

fn pin_file(file: &Path, folder: &Path, number: usize, is_whole: bool) -> Result<(), Diagnostic> {
    // No hidden file comes into a bundle, where patterns would not find it.
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = match name.trim_start_matches('.') {
        // Files of several folders may have one name.
        name if folder.join(name).exists() => format!("{number}_{name}"),
        name => name.to_owned(),
    };
    let unreadable = |error: std::io::Error| {
        Diagnostic::error("PW0631", format!("a source cannot be read: {}", io_cause(&error)))
            .help("check the path and the rights of the file")
            .file(file.display().to_string())
    };
    if is_whole {
        let size = fs::metadata(file).map_err(unreadable)?.len();
        if size > PINNED_BYTES {
            return Err(Diagnostic::error("PW0632", format!("`{name}` has {size} bytes and can only be pinned whole"))
                .help(format!("give the source a sample of at most {PINNED_BYTES} bytes"))
                .file(file.display().to_string()));
        }
        // A pipe would be waited for without end.
        let mut opened = open_file(file).map_err(unreadable)?;
        let target = folder.join(name);
        let mut pinned = fs::File::create(&target).map_err(|error| unwritable(&target, &error))?;
        std::io::copy(&mut opened, &mut pinned).map_err(unreadable)?;
        return Ok(());
    }
    // Packed files are pinned unpacked.
    let (reader, _) = open_unpacked(file)?;
    let name = PACKED_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    let mut reader = BufReader::new(reader).take(PINNED_BYTES);
    let target = folder.join(name);
    let mut pinned = fs::File::create(&target).map_err(|error| unwritable(&target, &error))?;
    let mut line = Vec::new();
    for _ in 0..PINNED_LINES {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        pinned.write_all(&line).map_err(|error| unwritable(&target, &error))?;
    }
    Ok(())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(UNWRITABLE, format!("the bundle cannot be written: {}", io_cause(error)))
        .file(path.display().to_string())
        .help("choose another folder with --out, or see whether it may be written to")
}

/// `verify.sh` of a bundle that has no receipt.
const NOTHING_TO_VERIFY: &str = r#"#!/bin/sh
echo "this bundle has no receipt to verify it with; its export said why" >&2
exit 1
"#;

/// Runs the bundle on the pinned rows and compares every result, as sets of rows.
const VERIFY: &str = r#"#!/bin/sh
# The receipt: runs this bundle on the pinned rows in receipt/data and compares the results with receipt/expected,
# as sets of rows, floats to nine digits. No result may be missing, none may be there besides.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
if [ ! "$here/verify.sh" -ef "$0" ]; then
  echo "error: verify.sh does not find its bundle: call it where it lies, in a folder whose name has no line end" >&2
  exit 2
fi
pipewright=${PIPEWRIGHT:-pipewright}
export PIPEWRIGHT="$pipewright"
trap '' HUP INT PIPE TERM
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
out=$work/results
mkdir "$out"
# The receipt was made with the defaults.
for variable in $(env | sed -n 's/^\(PW_[A-Z0-9_]*\)=.*/\1/p'); do
  unset "$variable"
done
# What a run reports is of that run.
unset PIPEWRIGHT_REPORT
@KEYS@
@RUN@
# Results of a folder: all files in it and in its folders, hidden ones too; not the lists of what a run wrote.
results() {
  (cd "$1" && find . -type f ! -name '@MARKER@') | sed 's|^\./||' | LC_ALL=C sort
}
# Rows of a result; an empty file has none.
rows() {
  : >"$work/read"
  # A table of one column does not look like one; JSON lines may have any name.
  case $(head -c 2 -- "$1"),$1 in
    '{"',*) set -- "$1" --as json_lines ;;
    *.csv) set -- "$1" --as csv --set separator=, --set header=yes ;;
  esac
  if [ -s "$1" ]; then
    "$pipewright" read "$@" --output jsonl >"$work/read" || return 1
  fi
  awk '{
    line = ""
    # Numbers alone: a text with digits and a point, as an address, is compared as it is.
    while (match($0, /"([^"\\]|\\.)*"|[0-9]+\.[0-9]+(e[-+]?[0-9]+)?/)) {
      found = substr($0, RSTART, RLENGTH)
      line = line substr($0, 1, RSTART - 1) (found ~ /^"/ ? found : sprintf("%.9g", found + 0))
      $0 = substr($0, RSTART + RLENGTH)
    }
    print line $0
  }' "$work/read" | LC_ALL=C sort
}
failed=0
# Rows that need no file, as of a load into partitions that has none, leave no folder.
wanted=$here/receipt/expected
if [ -d "$wanted" ]; then results "$wanted" >"$work/wanted"; else : >"$work/wanted"; fi
# What was turned away is no result.
results "$out" | grep -vx -e 'quarantine/quarantine\.jsonl' -e 'quarantine/rejected\.jsonl' >"$work/there" || true
while IFS= read -r name <&3; do
  if ! grep -Fqx -- "$name" "$work/there"; then
    printf 'MISSING: %s\n' "$name" >&2
    failed=1
  elif rows "$here/receipt/expected/$name" >"$work/expected" \
    && { cmp -s "$here/receipt/expected/$name" "$out/$name" \
      || { rows "$out/$name" >"$work/found" && cmp -s "$work/expected" "$work/found"; }; }; then
    printf 'same: %s, %s rows\n' "$name" "$(wc -l <"$work/expected" | tr -d ' ')"
  else
    printf 'DIFFERENT: %s\n' "$name" >&2
    failed=1
  fi
done 3<"$work/wanted"
while IFS= read -r name <&3; do
  if ! grep -Fqx -- "$name" "$work/wanted"; then
    printf 'NOT EXPECTED: %s\n' "$name" >&2
    failed=1
  fi
done 3<"$work/there"
if [ ! -s "$work/wanted" ] && [ ! -s "$work/there" ] && @MAY_BE_NONE@; then
  echo "same: no result has a row"
elif [ ! -s "$work/wanted" ]; then
  echo "NOTHING TO COMPARE: the receipt expects no result" >&2
  failed=1
fi
exit "$failed"
"#;
