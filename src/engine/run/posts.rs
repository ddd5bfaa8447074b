//! Rows that a run sends over HTTP: after everything else has gone well, before anything is put in place. What is not
//! taken is put in place with the outputs, and sent by the next run, where it goes to the same place still.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use pipewright_core::data::{Schema, Value};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{Publication, inside, is_foreign};
use pipewright_core::ir::{Destination, EndpointPlace, Node, NodeId, Origin, Replaced, encoded, filled_text};
use pipewright_core::quote::word_of;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_64;

use super::RunProgress;
use super::incremental::{FileStamp, state_of};
use super::quarantine::{QuarantineFile, Rejected};
use super::report::RunReport;
use crate::places::{self, Delivery, Visit};

/// Rows that a connection takes from a file or a folder, when all of them are there.
pub(super) struct Load {
    pub id: NodeId,
    pub destination: Destination,
    pub schema: Schema,
    pub rows: PathBuf,
    /// The times whose rows are replaced.
    pub replaced: Option<Replaced>,
    pub origin: Origin,
}

impl Load {
    /// Where its rows lie, and which of the table's they replace.
    pub fn rows(&self) -> (&Path, Option<&Replaced>) {
        (&self.rows, self.replaced.as_ref())
    }

    pub fn at_step(&self, fault: Diagnostic) -> Diagnostic {
        fault.step(&*self.origin.step, &*self.origin.title)
    }
}

/// Where the rows lie that a step could not send.
pub(super) struct Post {
    /// Until the run is published.
    aside: PathBuf,
    target: PathBuf,
    /// Rows that earlier runs have kept for somewhere else.
    strays: Vec<String>,
}

impl Post {
    pub fn new(
        place: &EndpointPlace,
        node: &Node,
        out: &Path,
        publisher: &mut Publication,
        parameters: &BTreeMap<String, Value>,
    ) -> Result<Post, Diagnostic> {
        let (step, word) = (&node.origin.step, word_of(&node.origin.step));
        // Ids that are no words may be one word.
        let more = if *step == word { String::new() } else { format!("-{:08x}", xxh3_64(step.as_bytes()) as u32) };
        let stem = format!("undelivered-{word}{more}-");
        let name = format!("{stem}{}.jsonl", goal_of(place, &node.schema, parameters)?);
        let target = inside(out, &name)?;
        if is_left(&target) && is_foreign(&target) {
            let message =
                format!("`{name}`, which keeps rows that are to be sent, was copied or changed since a run wrote it");
            return Err(Diagnostic::error("PW0982", message)
                .help("move it away: then its rows are not sent; who still wants them sent reads them as a source")
                .file(target.display().to_string()));
        }
        let strays = strays(out, &stem).into_iter().filter(|stray| *stray != name).collect();
        Ok(Post { aside: publisher.output(&target)?, target, strays })
    }

    /// What an earlier run has left.
    fn earlier(&self) -> Option<&Path> {
        (is_left(&self.target) && !is_foreign(&self.target)).then_some(self.target.as_path())
    }
}

/// What rows are kept for: the server, who is let in there and by what, the place there, and the columns with what may be
/// done with them. Where a design says something else of its step by now, or another design has a step of that id, they
/// are not sent there.
fn goal_of(place: &EndpointPlace, schema: &Schema, parameters: &BTreeMap<String, Value>) -> Result<String, Diagnostic> {
    let EndpointPlace { connection, form, path, index, key, time, message, labels, .. } = place;
    let address = filled_text(&connection.address, parameters, &encoded)?;
    // As they are written: an index of the day is another one tomorrow, and a token that is changed is the same one. A
    // tenant is told by a header, which may be a secret, or by a user.
    let mut goal = vec![json!([address, connection.residency, form, path, index, key, time, message, labels, schema])];
    goal.extend((!connection.secrets.is_empty()).then(|| json!(connection.secrets)));
    goal.extend(connection.settings.get("user").map(|user| json!(user)));
    let goal = if goal.len() == 1 { goal.remove(0) } else { json!(goal) };
    Ok(format!("{:08x}", xxh3_64(goal.to_string().as_bytes()) as u32))
}

/// The files of rows that runs have kept for a step.
fn strays(out: &Path, stem: &str) -> Vec<String> {
    let is_goal = |rest: &str| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut found: Vec<String> = std::fs::read_dir(out)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_left(&entry.path()))
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.strip_prefix(stem).and_then(|rest| rest.strip_suffix(".jsonl")).is_some_and(is_goal))
        .collect();
    found.sort();
    found
}

fn is_left(target: &Path) -> bool {
    target.metadata().is_ok_and(|about| about.is_file() && about.len() > 0)
}

/// What was kept for a load when a run began to send, and how many rows are when it has.
struct Kept {
    stamp: Option<FileStamp>,
    /// By a hash of a line: how many there are.
    lines: HashMap<u64, u64>,
    now: u64,
}

impl Kept {
    fn of(target: &Path, earlier: Option<&Path>) -> Result<Kept, Diagnostic> {
        let mut lines = HashMap::new();
        let stamp = state_of(target);
        for line in earlier.map(lines_in).transpose()?.into_iter().flatten() {
            *lines.entry(xxh3_64(line.map_err(|error| unreadable(target, &error))?.as_bytes())).or_default() += 1;
        }
        Ok(Kept { stamp, lines, now: 0 })
    }

    /// Keeps what another run has kept meanwhile, too: from now on nobody else puts anything in place there. For when all
    /// is sent.
    fn settle(mut self, post: &Post, publisher: &mut Publication) -> Result<(), Diagnostic> {
        publisher.take_turn(post.target.parent().unwrap_or(Path::new("")))?;
        let is_left = is_left(&post.target);
        if is_left && state_of(&post.target) != self.stamp {
            let mut others = Vec::new();
            for line in lines_in(&post.target)? {
                let line = line.map_err(|error| unreadable(&post.target, &error))?;
                match self.lines.get_mut(&xxh3_64(line.as_bytes())).filter(|count| **count > 0) {
                    Some(count) => *count -= 1,
                    None => others.push(line),
                }
            }
            append(&post.aside, others.iter().map(String::as_str))?;
            self.now += others.len() as u64;
        }
        match (self.now, is_left) {
            (1.., _) => Ok(()),
            // What was left is sent: nothing is, which the file says.
            (0, true) => File::create(&post.aside).map(drop).map_err(|error| not_written(&post.target, &error)),
            (0, false) => {
                publisher.leave_out(&post.aside);
                Ok(())
            }
        }
    }
}

fn lines_in(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>> + use<>, Diagnostic> {
    Ok(BufReader::new(File::open(path).map_err(|error| unreadable(path, &error))?).lines())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0954", format!("rows that are kept cannot be read: {}", io_cause(error)))
        .help("see whether the file may be read; nothing was put in place")
        .file(path.display().to_string())
}

/// Adds lines to those that are kept.
fn append<'a>(aside: &Path, mut lines: impl Iterator<Item = &'a str>) -> Result<(), Diagnostic> {
    let Some(first) = lines.next() else { return Ok(()) };
    let written = File::options().create(true).append(true).open(aside).and_then(|file| {
        let mut out = BufWriter::new(file);
        std::iter::once(first).chain(lines).try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()
    });
    written.map_err(|error| not_written(aside, &error))
}

fn not_written(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0954", format!("the output cannot be written: {}", io_cause(error)))
        .help("see whether the folder may be written to and has space")
        .file(path.display().to_string())
}

/// Sends the rows of loads, one after the other.
pub(super) fn send_all<'a>(
    loads: impl Iterator<Item = (&'a Load, &'a Post)>,
    (publisher, mut quarantine): (&mut Publication, Option<&mut QuarantineFile>),
    report: &mut RunReport,
    visit: Visit,
    progress: &dyn RunProgress,
) -> Result<(), Diagnostic> {
    let mut kept = Vec::new();
    for (load, post) in loads {
        progress.step(&format!("sending to {}", load.destination.shown_place().unwrap_or_default()));
        let before = send(load, post, quarantine.as_deref_mut(), report, visit)?;
        kept.extend(before.map(|before| (post, before)));
    }
    // A server may be slow: others wait only for what is put in place.
    kept.into_iter().try_for_each(|(post, before)| before.settle(post, publisher))
}

/// Sends the rows of a load; gives what was kept for it before.
fn send(
    load: &Load,
    post: &Post,
    quarantine: Option<&mut QuarantineFile>,
    report: &mut RunReport,
    visit: Visit,
) -> Result<Option<Kept>, Diagnostic> {
    let Destination::Endpoint(place) = &load.destination else { return Ok(None) };
    let earlier = post.earlier();
    let mut before = Kept::of(&post.target, earlier)?;
    let Delivery { delivered, refused, refused_again, unnamed, mut kept, told } =
        places::deliver(place, earlier, &load.rows, &post.aside, visit).map_err(|fault| load.at_step(fault))?;
    // What is nowhere else stays there, where nothing else takes it.
    let poisoned = if quarantine.is_some() { &[] } else { &refused[..refused_again] };
    append(&post.aside, poisoned.iter().map(|(row, _)| row.as_str()))?;
    kept += poisoned.len() as u64;
    before.now = kept;
    report.told.extend(told.into_iter().map(|told| load.at_step(told)));
    if !post.strays.is_empty() {
        let message = format!(
            "rows that earlier runs could not send are kept for another server, user, place or columns, and not sent: {}",
            post.strays.join(", ")
        );
        report.told.push(
            load.at_step(
                Diagnostic::warning("PW0775", message)
                    .help("run the design that they are of; or read them as a source, or delete them"),
            ),
        );
    }
    if let Some((_, reason)) = refused.first() {
        let rows = if refused.len() == 1 { "1 row was".to_owned() } else { format!("{} rows were", refused.len()) };
        let message = format!("{}: {rows} refused: {reason}", place.shown());
        let told = Diagnostic::warning("PW0773", message).help(match quarantine {
            Some(_) => "they are in quarantine, each with its reason",
            None if !poisoned.is_empty() => {
                "those that were kept before are kept on; --quarantine DIR takes them out of there, with their reasons"
            }
            None => "--quarantine DIR keeps them with their reasons",
        });
        report.told.push(load.at_step(told));
    }
    if let Some(file) = quarantine {
        let title = &load.origin.title;
        refused.iter().try_for_each(|(row, reason)| file.write(&Rejected::row(title, row, reason)))?;
    }
    let gone = (refused.len() - poisoned.len()) as u64;
    report.quarantined += gone;
    let refused = gone + unnamed;
    for sink in report.sinks.iter_mut().filter(|sink| sink.step == load.origin.step) {
        (sink.delivered, sink.refused, sink.lost, sink.undelivered) = (delivered, refused, unnamed, kept);
    }
    Ok(Some(before))
}
