//! Loads into object stores: objects are uploaded in parts that nobody sees, and completed when everything else of a run
//! is in place. A record beside them says what of it is a run's own, and what an ended run has left to do.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::slashes;
use pipewright_core::ir::{FileKind, ObjectPlace, WhenExists, check_key, interpolate};
use serde::{Deserialize, Serialize};

use super::{Call, Object, Store, each_at_once};
use crate::places::patience::patiently;
use crate::places::{Opened, not_put_aside};

/// Bytes of a part; S3 takes none that is smaller than 5 MiB but for the last one.
const PART: u64 = 8 << 20;
/// Parts of an object; S3 takes no more, Azure five times as many.
const MOST_PARTS: u64 = 10_000;

/// What lies at a place, and what is to come there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Record {
    /// Of this form.
    pipewright: u32,
    /// What the last run that ended well has put there.
    objects: Vec<Known>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    key: String,
    etag: String,
    bytes: u64,
}

/// What a run is putting there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Next {
    run: String,
    /// All parts are there: whoever finds this completes it. Else whoever finds it takes it away.
    is_whole: bool,
    uploads: Vec<Upload>,
    /// What lies there and is not of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<Known>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub key: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What the store knows them by, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    pub bytes: u64,
    /// The media type of the object.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// Where a load goes.
struct Goal {
    path: String,
    is_folder: bool,
    when_exists: WhenExists,
    /// The key of its record.
    record: String,
}

impl Goal {
    fn new(opened: &Opened, place: &ObjectPlace) -> Result<Goal, Diagnostic> {
        let path = interpolate(&place.path, opened.visit.parameters)?.trim().trim_matches('/').to_owned();
        if let Some(fault) = check_key(&path) {
            return Err(opened.fault(&fault.code, &fault.message).help(fault.help.unwrap_or_default()));
        }
        let (before, name) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
        let slash = if before.is_empty() { "" } else { "/" };
        let record = format!("{before}{slash}_pipewright/{name}.json");
        Ok(Goal { is_folder: !place.partition.is_empty(), when_exists: place.when_exists, record, path })
    }

    /// Whether a key is of this load: nothing else is touched, whatever a record says.
    fn has(&self, key: &str) -> bool {
        match self.is_folder {
            true => key.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with('/')),
            false => key == self.path,
        }
    }

    /// The objects that are there.
    fn found(&self, store: &Store) -> Result<Vec<Object>, Diagnostic> {
        match self.is_folder {
            true => store.list(&format!("{}/", self.path), usize::MAX, u64::MAX),
            false => Ok(store.about(&self.path)?.into_iter().collect()),
        }
    }
}

impl Store<'_> {
    /// What is said of a place, and the ETag of it: two runs at once may not both say something.
    fn record(&self, goal: &Goal) -> Result<(Record, Option<String>), Diagnostic> {
        let Some(found) = self.about(&goal.record)? else {
            return Ok((Record { pipewright: 1, ..Record::default() }, None));
        };
        let text = self.ask(&Call::get(&goal.record))?;
        let record = serde_json::from_str(&text).ok().filter(|record: &Record| {
            let mut known = record.objects.iter().chain(record.next.iter().flat_map(|next| &next.gone));
            let mut uploads = record.next.iter().flat_map(|next| &next.uploads);
            record.pipewright == 1 && known.all(|one| goal.has(&one.key)) && uploads.all(|one| goal.has(&one.key))
        });
        record.map(|record| (record, Some(found.etag))).ok_or_else(|| {
            let message = format!("{} is no record of loads to `{}`", self.shown(&goal.record), goal.path);
            self.opened
                .fault("PW0763", &message)
                .help("load to another key; or take that object away, with those that a run has written to this one")
        })
    }

    /// Says something of a place in the stead of what was said before, `known` by its ETag; gives the new one.
    /// `PW0762`: another run has said something else meanwhile.
    fn put_record(&self, goal: &Goal, record: &Record, known: Option<&str>) -> Result<Option<String>, Diagnostic> {
        let key = goal.record.as_str();
        let body = serde_json::to_vec_pretty(record).map_err(|error| not_put_aside(&error.into()))?;
        let mut headers = self.protocol.whole();
        headers.push(("content-type", "application/json".to_owned()));
        let call = Call { method: "PUT", key, headers, body: &body, ..Call::default() };
        let condition = self.protocol.only_over(self, known);
        let etag = patiently(self.opened, || {
            let answer = self.exchange_on(&call, &condition)?;
            match answer.status().as_u16() {
                200..300 => {
                    Ok(Some(answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned)))
                }
                // What somebody else has said meanwhile stays.
                409 | 412 => Ok(None),
                _ => Err(self.refused(&call, answer)),
            }
        })?;
        if let Some(etag) = etag {
            return Ok(etag);
        }
        // Or this run itself, whose answer was lost.
        match self.record(goal)? {
            (found, etag) if found == *record => Ok(etag),
            _ => Err(self.loaded_by_another(goal)),
        }
    }

    fn loaded_by_another(&self, goal: &Goal) -> Diagnostic {
        let message = format!("another run loads to {} too", self.shown(&goal.path));
        self.opened.fault("PW0762", &message).help("let only one run at a time load there, and run again")
    }

    /// Ends what an earlier run could not: completes what was whole, and takes away what was not.
    fn recover(&self, goal: &Goal) -> Result<(Record, Option<String>), Diagnostic> {
        let (mut record, mut known) = self.record(goal)?;
        let Some(mut next) = record.next.take() else { return Ok((record, known)) };
        if next.is_whole {
            record.objects = self.publish(&next, &record.objects).map_err(|fault| match &*fault.code {
                "PW0762" => {
                    let record = self.shown(&goal.record);
                    fault.help(format!(
                        "where no other run loads there, take {record} and what lies there away, and run again"
                    ))
                }
                _ => fault,
            })?;
        } else {
            // Where it is still at work, it finds that it is taken away before it says that all is there.
            next.run = new_run();
            let taken = Record { next: Some(next.clone()), ..record.clone() };
            known = self.put_record(goal, &taken, known.as_deref())?;
            self.abort(&next)?;
        }
        let known = self.put_record(goal, &record, known.as_deref())?;
        Ok((record, known))
    }

    /// Completes uploads over what a run has put there, and removes what is not of them; gives what lies there now.
    fn publish(&self, next: &Next, before: &[Known]) -> Result<Vec<Known>, Diagnostic> {
        let completed =
            each_at_once(next.uploads.len(), &|index| self.complete(&next.uploads[index], &next.run, before))?;
        next.gone.iter().try_for_each(|old| self.remove(old))?;
        Ok(completed)
    }

    /// Removes an object, unless somebody else has put another one there meanwhile.
    fn remove(&self, old: &Known) -> Result<(), Diagnostic> {
        if self.about(&old.key)?.is_none_or(|found| found.etag != old.etag) {
            return Ok(());
        }
        let condition = self.protocol.only_over(self, Some(&old.etag));
        let call = Call { method: "DELETE", key: &old.key, ..Call::default() };
        patiently(self.opened, || {
            let answer = self.exchange_on(&call, &condition)?;
            match answer.status().as_u16() {
                200..300 | 404 | 409 | 412 => Ok(()),
                _ => Err(self.refused(&call, answer)),
            }
        })
    }

    /// Completes one upload, in the place of what a run has put there before or of nothing; one that was completed before
    /// is found by the run that it says.
    fn complete(&self, upload: &Upload, run: &str, before: &[Known]) -> Result<Known, Diagnostic> {
        let before = before.iter().find(|known| known.key == upload.key).map(|known| known.etag.as_str());
        let condition = self.protocol.only_over(self, before);
        let completed = patiently(self.opened, || self.protocol.complete(self, upload, run, &condition))?;
        let known = |etag: String| Known { key: upload.key.clone(), etag, bytes: upload.bytes };
        if let Some(etag) = completed {
            return Ok(known(etag));
        }
        let about = Call { method: "HEAD", key: &upload.key, ..Call::default() };
        let found = patiently(self.opened, || match self.exchange(&about)? {
            answer if answer.status().is_success() || answer.status() == 404 => Ok(answer),
            answer => Err(self.refused(&about, answer)),
        })?;
        let text = |name: &str| found.headers().get(name).and_then(|text| text.to_str().ok());
        let is_there = found.status().is_success();
        match (text(self.protocol.mark(self)) == Some(run), text("etag")) {
            (true, Some(etag)) if is_there => Ok(known(etag.to_owned())),
            (_, etag) if is_there && etag != before => Err(self.not_ours(&upload.key)),
            _ => {
                let message = format!("the upload of {} is gone", self.shown(&upload.key));
                Err(self.opened.fault("PW0762", &message).help("let only one run at a time load there, and run again"))
            }
        }
    }

    fn not_ours(&self, key: &str) -> Diagnostic {
        let message = format!("{} is there, and no run wrote it as it is", self.shown(key));
        self.opened.fault("PW0763", &message).help("load to another key, or take that object away")
    }

    /// Takes the uploads of a run away.
    fn abort(&self, next: &Next) -> Result<(), Diagnostic> {
        next.uploads.iter().try_for_each(|upload| self.protocol.abort(self, upload))
    }

    /// What is there is replaced only where a run wrote it.
    fn check_own(&self, goal: &Goal, record: &Record) -> Result<(), Diagnostic> {
        let found = goal.found(self)?;
        let own: BTreeMap<&str, &str> =
            record.objects.iter().map(|known| (known.key.as_str(), known.etag.as_str())).collect();
        if let Some(other) = found.iter().find(|object| own.get(object.key.as_str()) != Some(&object.etag.as_str())) {
            return Err(self.not_ours(&other.key));
        }
        if goal.when_exists == WhenExists::Fail && !found.is_empty() {
            let message = format!("{} is there already", self.shown(&goal.path));
            return Err(self.opened.fault("PW0764", &message).help("load to another key, or let it be replaced"));
        }
        Ok(())
    }
}

/// Looks at the place that a load goes to, and ends what an earlier run could not.
pub(in crate::places) fn check_load(opened: &Opened, place: &ObjectPlace) -> Result<(), Diagnostic> {
    let (store, goal) = (Store::new(opened)?, Goal::new(opened, place)?);
    let (record, _) = store.recover(&goal)?;
    store.check_own(&goal, &record)
}

/// Objects that lie in a store, and are not there for others yet.
#[derive(Default)]
pub(in crate::places) struct Transaction {
    staged: Vec<Staged>,
}

/// A load whose objects wait, with its record and that record's ETag.
type Staged = (Goal, Record, Option<String>);

impl Transaction {
    /// Uploads the files of a load.
    pub fn load(&mut self, opened: &Opened, place: &ObjectPlace, file: &Path) -> Result<(), Diagnostic> {
        let (store, goal) = (Store::new(opened)?, Goal::new(opened, place)?);
        let (mut record, known) = store.recover(&goal)?;
        store.check_own(&goal, &record)?;
        let files = match goal.is_folder {
            true => files_below(file, &goal.path).map_err(|error| not_put_aside(&error))?,
            false => vec![(goal.path.clone(), file.to_owned())],
        };
        let mut uploads = Vec::new();
        for (key, file) in &files {
            let bytes = file.metadata().map_err(|error| not_put_aside(&error))?.len();
            uploads.push(Upload {
                key: key.clone(),
                bytes,
                kind: media_type(place.kind).to_owned(),
                ..Upload::default()
            });
        }
        let run = new_run();
        let is_kept = |known: &&Known| uploads.iter().all(|upload| upload.key != known.key);
        let gone = record.objects.iter().filter(is_kept).cloned().collect();
        record.next = Some(Next { run: run.clone(), is_whole: false, uploads, gone });
        // Said before: what is killed now is taken away by the next run.
        let known = store.put_record(&goal, &record, known.as_deref())?;
        self.staged.push((goal, record, known));
        let Some(next) = self.staged.last_mut().and_then(|(_, record, _)| record.next.as_mut()) else { return Ok(()) };
        for (upload, (_, file)) in next.uploads.iter_mut().zip(&files) {
            send(&store, upload, file, &run)?;
        }
        Ok(())
    }

    /// Whether nobody else has begun to load there meanwhile, or put something there.
    pub fn settle(&mut self, opened: &Opened) -> Result<(), Diagnostic> {
        let store = Store::new(opened)?;
        for (goal, staged, _) in &self.staged {
            let run = |record: &Record| record.next.as_ref().map(|next| next.run.clone());
            if run(&store.record(goal)?.0) != run(staged) {
                return Err(store.loaded_by_another(goal));
            }
            store.check_own(goal, staged)?;
        }
        Ok(())
    }

    pub fn commit(mut self, opened: &Opened) -> Result<(), Diagnostic> {
        let store = Store::new(opened)?;
        for (goal, record, known) in &mut self.staged {
            if let Some(next) = &mut record.next {
                next.is_whole = true;
            }
            *known = store.put_record(goal, record, known.as_deref())?;
        }
        for (goal, mut record, known) in self.staged {
            if let Some(next) = record.next.take() {
                record.objects = store.publish(&next, &record.objects)?;
            }
            match store.put_record(&goal, &record, known.as_deref()) {
                // Another run has found it whole, and said so.
                Err(fault) if fault.code == "PW0762" => {}
                put => put.map(drop)?,
            }
        }
        Ok(())
    }

    /// Takes away what was uploaded, as far as the store lets it: else the next run does.
    pub fn abort(&mut self, opened: &Opened) {
        let Ok(store) = Store::new(opened) else { return };
        for (goal, mut record, known) in self.staged.drain(..) {
            let Some(next) = record.next.take() else { continue };
            let is_ours = |found: &Record| found.next.as_ref().is_some_and(|found| found.run == next.run);
            if store.abort(&next).is_ok() && store.record(&goal).is_ok_and(|(found, _)| is_ours(&found)) {
                let _ = store.put_record(&goal, &record, known.as_deref());
            }
        }
    }
}

/// The name of a run.
fn new_run() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn media_type(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Csv => "text/csv",
        FileKind::Jsonl => "application/x-ndjson",
        FileKind::Parquet => "application/vnd.apache.parquet",
    }
}

/// Uploads a file, in parts.
fn send(store: &Store, upload: &mut Upload, file: &Path, run: &str) -> Result<(), Diagnostic> {
    upload.id = store.protocol.begin(store, upload, run)?;
    let size = PART.max(upload.bytes.div_ceil(MOST_PARTS));
    let count = upload.bytes.div_ceil(size).max(1) as usize;
    let begun = &*upload;
    upload.parts = each_at_once(count, &|index| {
        store.opened.visit.cancel.check()?;
        let mut part = Vec::new();
        let read = File::open(file).and_then(|mut file| {
            file.seek(SeekFrom::Start(index as u64 * size))?;
            file.take(size).read_to_end(&mut part)
        });
        read.map_err(|error| not_put_aside(&error))?;
        store.protocol.part(store, begun, index, &part)
    })?;
    Ok(())
}

/// The files in a folder and its folders, by their keys.
fn files_below(folder: &Path, path: &str) -> std::io::Result<Vec<(String, PathBuf)>> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next)? {
            let place = entry?.path();
            if place.is_dir() {
                open.push(place);
            } else {
                let name = slashes(place.strip_prefix(folder).unwrap_or(&place));
                found.push((format!("{path}/{name}"), place));
            }
        }
    }
    found.sort();
    Ok(found)
}
