//! Object stores: objects come into private files under their keys, which are read as files in folders are. What a store
//! is asked, and how, says its protocol: that of S3, which Google Cloud Storage speaks too, or that of Azure.

mod answers;
mod azure;
mod load;
mod s3;
mod sign;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use glob::{MatchOptions, Pattern};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::FormatSpec;
use pipewright_core::ir::{ConnectionKind, Inquiry, Pages, check_key, encoded, interpolate, pattern_of_pieces};
use pipewright_core::quote::visible_start;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use super::patience::{Trouble, agent, patiently, receive, said, unreached, whole_text};
use super::{Amount, Opened, Taken, TakenFile, not_put_aside, units};
use crate::read::is_wild;
use answers::element;
use load::Upload;
pub(super) use load::{Transaction, check_load};
use sign::in_address;
use token::Token;

/// Objects that are fetched at once.
const AT_ONCE: usize = 4;
/// Of an object in a sample that can be cut.
const SAMPLE_PART: u64 = 8 << 20;
/// Of an object in a sample that cannot.
const SAMPLE_WHOLE: u64 = 64 << 20;
/// Pages of a listing in which one object is looked for: Azure's may be empty, and others follow all the same.
const EMPTY_PAGES: u64 = 100;
/// Objects of a sample.
const SAMPLE_OBJECTS: usize = 10;

/// A store's answer to what was asked of it.
type Answer = Response<Body>;

/// What is asked of a store.
#[derive(Clone, Default)]
struct Call<'a> {
    method: &'static str,
    /// Empty: of the bucket itself.
    key: &'a str,
    parameters: Vec<(&'a str, String)>,
    /// With small letters in their names.
    headers: Vec<(&'a str, String)>,
    body: &'a [u8],
}

impl<'a> Call<'a> {
    fn get(key: &'a str) -> Call<'a> {
        Call { method: "GET", key, ..Call::default() }
    }
}

/// An object as a listing tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Object {
    key: String,
    bytes: u64,
    /// Of these bytes alone.
    etag: String,
    changed: Option<SystemTime>,
}

/// A page of a listing.
struct Listing {
    objects: Vec<Object>,
    /// What asks for the next one.
    next: Option<String>,
}

/// How a kind of store is spoken to.
trait Protocol: Sync {
    /// Lets a request in: with more headers, or with more behind its address.
    fn admit(&self, store: &Store, request: &mut sign::Request) -> Result<(), Diagnostic>;
    /// Parameters that ask the bucket for the objects whose keys begin so; `mark`: for those behind it.
    fn listing(&self, prefix: &str, most: usize, mark: Option<&str>) -> Vec<(&'static str, String)>;
    /// What is listed; `None`: it is no listing.
    fn listed(&self, text: &str) -> Option<Listing>;
    /// Headers of an object that is put there whole.
    fn whole(&self) -> Vec<(&'static str, String)>;
    /// The header in which an object says which run wrote it.
    fn mark(&self, store: &Store) -> &'static str;
    /// Begins an upload that nobody sees until it is completed; gives its id.
    fn begin(&self, store: &Store, upload: &Upload, run: &str) -> Result<String, Diagnostic>;
    /// Uploads a part, of which the first is 0; gives its name in the list of all.
    fn part(&self, store: &Store, upload: &Upload, index: usize, part: &[u8]) -> Result<String, Diagnostic>;
    /// Puts the parts together on a condition; gives the object's ETag. `None`: they are not there, or not any more, or
    /// the condition does not hold.
    fn complete(
        &self,
        store: &Store,
        upload: &Upload,
        run: &str,
        condition: &[(&'static str, String)],
    ) -> Result<Option<String>, Trouble>;
    /// Takes an upload away that nobody has completed; all of its key, where it was not said which one it is.
    fn abort(&self, store: &Store, upload: &Upload) -> Result<(), Diagnostic>;
    /// Headers that let an object be put only over the one with that ETag, or where none is; none where the store knows
    /// no such condition.
    fn only_over(&self, store: &Store, known: Option<&str>) -> Vec<(&'static str, String)>;
}

/// A bucket that may be asked.
struct Store<'a> {
    opened: &'a Opened<'a>,
    protocol: &'static dyn Protocol,
    agent: Agent,
    /// With scheme, without a `/` at its end.
    address: String,
    host: String,
    /// Before every key, encoded.
    root: String,
    bucket: String,
    region: String,
    /// Of who is let in for a while.
    token: Token,
}

impl<'a> Store<'a> {
    fn new(opened: &'a Opened) -> Result<Store<'a>, Diagnostic> {
        let setting = |name: &str| interpolate(opened.connection.setting(name), opened.visit.parameters);
        let kind = opened.connection.kind;
        let (protocol, bucket, region_where_unsaid): (&dyn Protocol, _, _) = match kind {
            ConnectionKind::Azure => (&azure::Azure, setting("container")?, ""),
            ConnectionKind::Gcs => (&s3::S3, setting("bucket")?, "auto"),
            _ => (&s3::S3, setting("bucket")?, "us-east-1"),
        };
        let (scheme, rest) = opened.address.split_once("://").unwrap_or(("https", &opened.address));
        let (host, path) = rest.trim_end_matches('/').split_once('/').unwrap_or((rest.trim_end_matches('/'), ""));
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let is_before = match opened.connection.setting("style") {
            "" => name.ends_with("amazonaws.com") || name.ends_with("amazonaws.com.cn"),
            style => style == "host",
        };
        let host = if is_before { format!("{bucket}.{host}") } else { host.to_owned() };
        let host = host.to_ascii_lowercase();
        // Ports that go without saying are not said by clients either.
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(usual).unwrap_or(&host).to_owned();
        let mut root = if path.is_empty() { String::new() } else { format!("/{path}") };
        if !is_before {
            root.push_str(&format!("/{}", encoded(&bucket)));
        }
        let region = Some(setting("region")?.trim().to_owned()).filter(|said| !said.is_empty());
        let region = region.unwrap_or_else(|| region_where_unsaid.to_owned());
        let (address, agent) = (format!("{scheme}://{host}"), agent(opened));
        Ok(Store { opened, protocol, agent, address, host, root, bucket, region, token: Token::default() })
    }

    /// An object for people.
    fn shown(&self, key: &str) -> String {
        match key.is_empty() {
            true => format!("the {} `{}`", self.holder(), self.bucket),
            false => format!("`{}/{}`", self.bucket, visible_start(key, 120)),
        }
    }

    /// What objects lie in, as its users call it.
    fn holder(&self) -> &'static str {
        if self.opened.connection.kind == ConnectionKind::Azure { "container" } else { "bucket" }
    }

    /// Asks once; what is refused is a fault.
    fn send(&self, call: &Call) -> Result<Answer, Trouble> {
        match self.exchange(call)? {
            answer if answer.status().is_success() => Ok(answer),
            answer => Err(self.refused(call, answer)),
        }
    }

    /// Asks once.
    fn exchange(&self, call: &Call) -> Result<Answer, Trouble> {
        let key = call.key.split('/').map(encoded).collect::<Vec<_>>().join("/");
        // A bucket itself has no `/` behind it where one would be taken for a part of its name.
        let behind = if key.is_empty() && !self.root.is_empty() { String::new() } else { format!("/{key}") };
        let mut asked = sign::Request {
            method: call.method,
            host: &self.host,
            path: &format!("{}{behind}", self.root),
            parameters: &call.parameters,
            headers: call.headers.iter().map(|(name, value)| ((*name).to_owned(), value.trim().to_owned())).collect(),
            body: call.body,
            more: String::new(),
        };
        self.protocol.admit(self, &mut asked).map_err(Trouble::Lasting)?;
        let parameters = [in_address(&call.parameters), asked.more];
        let parameters = parameters.into_iter().filter(|some| !some.is_empty()).collect::<Vec<_>>().join("&");
        let parameters = if parameters.is_empty() { String::new() } else { format!("?{parameters}") };
        let mut request =
            Request::builder().method(call.method).uri(format!("{}{}{parameters}", self.address, asked.path));
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        let sent = match call.method {
            "GET" | "HEAD" | "DELETE" => request.body(()).map(|request| self.agent.run(request)),
            _ => request.body(call.body).map(|request| self.agent.run(request)),
        };
        match sent {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(unreached(self.opened, &error, &self.address)),
            // What it was made of may hold a secret, and is not shown.
            Err(_) => Err(Trouble::Lasting(
                self.opened
                    .fault("PW0679", "the request cannot be made: its address or a header holds what none may hold")
                    .help("look for line ends and blanks in the address and the secrets"),
            )),
        }
    }

    /// Sends a call on a condition, and without it to a store that knows none (501).
    fn exchange_on(&self, call: &Call, condition: &[(&'static str, String)]) -> Result<Answer, Trouble> {
        if !condition.is_empty() {
            let headers = [&call.headers[..], condition].concat();
            let answer = self.exchange(&Call { headers, ..call.clone() })?;
            if answer.status() != 501 {
                return Ok(answer);
            }
        }
        self.exchange(call)
    }

    /// Why a store did not do what it was asked.
    fn refused(&self, call: &Call, mut answer: Answer) -> Trouble {
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = self.token.hidden(&said(self.opened, &mut answer));
        let error = element(&text, "Error").unwrap_or_default();
        let code = error.get("Code").map(|code| code.trim()).unwrap_or_default();
        let why = error.get("Message").map_or(String::new(), |why| format!(": {}", visible_start(why, 160)));
        let said = if code.is_empty() { String::new() } else { format!(" ({code}{why})") };
        let region = headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let (shown, holder) = (self.shown(call.key), self.holder());
        let (number, message, help) = match (status, code) {
            (_, "InvalidObjectState" | "BlobArchived") => (
                "PW0672",
                format!("{shown} lies in an archive, from which it is to be brought first{said}"),
                "restore it, or name objects that can be read at once",
            ),
            (301 | 307 | 400, _) if region.is_some_and(|region| region != self.region) => (
                "PW0672",
                format!("the bucket is in the region {}", region.unwrap_or_default()),
                "let the setting `region` and the address of the connection say so",
            ),
            (401 | 403, _) => (
                "PW0671",
                format!("{shown} is not open to this user ({status}){said}"),
                "see whether the connection's keys are right, and may do this; with a wrong clock no signature fits",
            ),
            (404, "NoSuchBucket" | "ContainerNotFound") => (
                "PW0672",
                format!("there is no {holder} `{}`", self.bucket),
                "correct the name of it in the connection's settings, or make it",
            ),
            (404, _) => ("PW0672", format!("there is no object {shown}"), "correct the key; a folder ends in `/`"),
            (409 | 412, _) => (
                "PW0762",
                format!("{shown} was changed by somebody else meanwhile{said}"),
                "run again, when nobody else writes there",
            ),
            (429, _) => ("PW0673", format!("{shown}: fewer requests are wanted{said}"), "try again later"),
            (500.., _) => {
                ("PW0672", format!("{shown}: the store has a fault of its own ({status}){said}"), "try again later")
            }
            _ => (
                "PW0672",
                format!("{shown}: the store does not take the request ({status}){said}"),
                "see whether the address leads to an object store, and its settings are right",
            ),
        };
        let fault = self.opened.fault(number, &message).help(help);
        match code {
            "RequestTimeout" | "SlowDown" | "InternalError" => Trouble::Passing(fault, None),
            _ => Trouble::of_status(status, fault, &headers),
        }
    }

    /// Asks until there is an answer; gives its text.
    fn ask(&self, call: &Call) -> Result<String, Diagnostic> {
        patiently(self.opened, || whole_text(self.opened, &mut self.send(call)?, &self.address))
    }

    /// What a store says that is none.
    fn not_understood(&self, what: &str) -> Diagnostic {
        let message = format!("what answers at {} is no object store: {what} is no answer of one", self.address);
        self.opened.fault("PW0675", &message).help("correct the address of the connection")
    }

    /// Objects whose keys begin so, in the order of their keys; `most` of them at most.
    fn list(&self, prefix: &str, most: usize, most_pages: u64) -> Result<Vec<Object>, Diagnostic> {
        let (mut found, mut mark, mut number) = (Vec::new(), None::<String>, 0);
        loop {
            self.opened.visit.cancel.check()?;
            number += 1;
            if number > most_pages {
                let message = format!("the listing of {} has more than {most_pages} pages", self.shown(prefix));
                return Err(self.opened.fault("PW0674", &message).help(
                    "let the key begin with more than is the same of all, or let the source take more (`inquiry.most_pages`)",
                ));
            }
            let parameters = self.protocol.listing(prefix, most.min(1000), mark.as_deref());
            let text = self.ask(&Call { parameters, ..Call::get("") })?;
            let page = self.protocol.listed(&text).ok_or_else(|| self.not_understood("its listing"))?;
            if page.objects.iter().any(|object| !object.key.starts_with(prefix)) {
                return Err(self.not_understood("a listing of what was not asked for"));
            }
            found.extend(page.objects);
            match page.next {
                None => break,
                Some(_) if found.len() >= most => break,
                Some(next) if mark.as_ref() != Some(&next) => mark = Some(next),
                Some(_) => return Err(self.not_understood("a listing that goes on nowhere")),
            }
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// What is told of one object; `None`: it is not there.
    fn about(&self, key: &str) -> Result<Option<Object>, Diagnostic> {
        let found = self.list(key, 1, EMPTY_PAGES)?;
        Ok(found.into_iter().find(|object| object.key == key))
    }

    /// An object into a file, as it was listed: `first` bytes of it at most.
    fn fetch(&self, object: &Object, path: &Path, first: Option<u64>) -> Result<u64, Diagnostic> {
        let mut headers = vec![("if-match", object.etag.clone())];
        headers.extend(first.map(|first| ("range", format!("bytes=0-{}", first - 1))));
        let call = Call { headers, ..Call::get(&object.key) };
        let shown = self.shown(&object.key);
        let bytes = patiently(self.opened, || {
            let mut answer = self.send(&call)?;
            receive(self.opened, &mut answer, path, u64::MAX, &shown)
        })?;
        let promised = first.map_or(object.bytes, |first| object.bytes.min(first));
        if bytes != promised {
            let message = format!("of {shown} {bytes} bytes came, and its listing says {promised}");
            return Err(self.opened.fault("PW0670", &message).help("try again"));
        }
        // What is told of times without a year depends on it.
        if let (Some(changed), Ok(file)) = (object.changed, File::options().write(true).open(path)) {
            let _ = file.set_modified(changed);
        }
        Ok(bytes)
    }
}

/// Which objects a source means.
struct Wanted {
    /// What all of their keys begin with.
    prefix: String,
    /// `None`: all below the prefix.
    pattern: Option<Pattern>,
}

impl Wanted {
    fn new(opened: &Opened, path: &str) -> Result<Wanted, Diagnostic> {
        let pattern = pattern_of_pieces(path);
        if !is_wild(&pattern) {
            return Ok(Wanted { prefix: path.to_owned(), pattern: None });
        }
        let at = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
        let fits = Pattern::new(&pattern).map_err(|error| {
            let message = format!("`{}` is no pattern of keys: {}", visible_start(path, 60), error.msg);
            opened
                .fault("PW0905", &message)
                .help("`*` stands for any text, `?` for one character, `[ab]` for one of these, `**` for folders")
        })?;
        Ok(Wanted { prefix: pattern[..at].to_owned(), pattern: Some(fits) })
    }

    /// Not what others have aside while they write: names that begin with `.` or `_`, as readers of such folders know
    /// them.
    fn takes(&self, key: &str) -> bool {
        let way =
            MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
        let rest = key.strip_prefix(&self.prefix).unwrap_or(key);
        let is_aside = |part: &str| part.starts_with('.') || part.starts_with('_') && !part.contains('=');
        let is_begun = !self.prefix.is_empty() && !self.prefix.ends_with('/');
        let mut behind = rest.split('/').skip(usize::from(is_begun));
        !key.ends_with('/')
            && !behind.any(is_aside)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches_with(key, way))
    }
}

/// Where an object is put aside: under its own key.
fn place_of(folder: &Path, key: &str) -> Result<PathBuf, Diagnostic> {
    let place = folder.join(key);
    let above = place.parent().unwrap_or(folder);
    std::fs::create_dir_all(above).map_err(|error| not_put_aside(&error))?;
    Ok(place)
}

/// Takes objects into files of a folder.
pub(super) fn take(
    opened: &Opened,
    inquiry: &Inquiry,
    format: Option<&FormatSpec>,
    amount: Amount,
    folder: &Path,
) -> Result<Taken, Diagnostic> {
    let store = Store::new(opened)?;
    let path = interpolate(inquiry.path.trim(), opened.visit.parameters)?.trim_start_matches('/').to_owned();
    let wanted = Wanted::new(opened, &path)?;
    let is_one = wanted.pattern.is_none() && !path.ends_with('/');
    let mut objects: Vec<Object> = match is_one {
        true => store.about(&path)?.into_iter().collect(),
        false => {
            let most = inquiry.most_pages.unwrap_or(Pages::MOST);
            store
                .list(&wanted.prefix, usize::MAX, most)?
                .into_iter()
                .filter(|object| wanted.takes(&object.key))
                .collect()
        }
    };
    check_names(opened, &objects)?;
    let mut seen = BTreeMap::new();
    if let Amount::Unseen(known) = amount {
        objects = unseen(&store, objects, known)?;
        seen.clone_from(known);
    }
    if objects.is_empty() && seen.is_empty() {
        let message = format!("no object fits {}", store.shown(&path));
        return Err(opened.fault("PW0672", &message).help(
            "correct the key; a folder ends in `/`; `*` does not cross `/`, `**` does; names with `.` or `_` before are left out",
        ));
    }
    let files = match amount {
        Amount::All | Amount::Newer(_) | Amount::Unseen(_) => {
            fetch_all(&store, &objects, folder, inquiry.most_bytes.unwrap_or(Pages::MOST_BYTES))?
        }
        Amount::Rows(rows) => fetch_some(&store, &objects, folder, format, rows)?,
    };
    seen.extend(objects.into_iter().map(|object| (object.key, version(&object.etag))));
    Ok(Taken { files, pattern: path, seen, ..Taken::default() })
}

/// Those that are none of the known ones. One that was replaced since it was read is a fault: its rows cannot be taken
/// back.
fn unseen(store: &Store, objects: Vec<Object>, known: &BTreeMap<String, String>) -> Result<Vec<Object>, Diagnostic> {
    let is_other = |object: &&Object| known.get(&object.key).is_some_and(|etag| *etag != version(&object.etag));
    if let Some(changed) = objects.iter().find(is_other) {
        let message = format!("{} was replaced since it was read", store.shown(&changed.key));
        return Err(store.opened.fault("PW0976", &message).help(
            "each object is read once by `--incremental`: give changed rows an object of their own; to read all of them \
             anew, move the outputs of the design away",
        ));
    }
    Ok(objects.into_iter().filter(|object| !known.contains_key(&object.key)).collect())
}

/// An ETag without its quotes.
fn version(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

/// Keys become paths here: what would lead elsewhere, or be file and folder at once, is refused.
fn check_names(opened: &Opened, objects: &[Object]) -> Result<(), Diagnostic> {
    let keys: BTreeSet<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    for key in &keys {
        if let Some(fault) = check_key(key) {
            return Err(opened.fault(&fault.code, &fault.message).help(fault.help.unwrap_or_default()));
        }
        if let Some((at, _)) = key.match_indices('/').find(|(at, _)| keys.contains(&key[..*at])) {
            let message = format!("`{}` is an object, and others lie below it", visible_start(&key[..at], 120));
            return Err(opened
                .fault("PW0761", &message)
                .help("name the objects more closely, such as by their endings"));
        }
    }
    Ok(())
}

/// All objects, some at once; more than `most` bytes are refused before the first one comes.
fn fetch_all(store: &Store, objects: &[Object], folder: &Path, most: u64) -> Result<Vec<TakenFile>, Diagnostic> {
    let all: u64 = objects.iter().map(|object| object.bytes).fold(0, u64::saturating_add);
    if all > most {
        let message = format!("the objects have {all} bytes, more than {most}");
        return Err(store.opened.fault("PW0674", &message).help(
            "name fewer of them, such as by a day in the key; or let the source take more (`inquiry.most_bytes`)",
        ));
    }
    let places = objects.iter().map(|object| place_of(folder, &object.key)).collect::<Result<Vec<_>, _>>()?;
    each_at_once(objects.len(), &|index| store.fetch(&objects[index], &places[index], None))?;
    Ok(objects.iter().zip(places).map(|(object, path)| taken(store, object, path)).collect())
}

/// Does a work for every number below `count`, some at once, and gives what comes of each; ends with the first fault.
fn each_at_once<T: Send>(
    count: usize,
    work: &(dyn Fn(usize) -> Result<T, Diagnostic> + Sync),
) -> Result<Vec<T>, Diagnostic> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Ok(BTreeMap::new())));
    let lock = || done.lock().unwrap_or_else(PoisonError::into_inner);
    let worker = || {
        while lock().is_ok() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return;
            }
            let result = work(index);
            let mut done = lock();
            match (&mut *done, result) {
                (Ok(done), Ok(result)) => drop(done.insert(index, result)),
                (Ok(_), Err(fault)) => *done = Err(fault),
                (Err(_), _) => {}
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..count.min(AT_ONCE) {
            // Where no more threads can be had, this one does it all.
            let _ = std::thread::Builder::new().name("pipewright-objects".to_owned()).spawn_scoped(scope, worker);
        }
        worker();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).map(|done| done.into_values().collect())
}

fn taken(store: &Store, object: &Object, path: PathBuf) -> TakenFile {
    let name = format!("{}: {}/{}", store.opened.connection.shown(), store.bucket, object.key);
    TakenFile { path, name: Some(name), version: Some(version(&object.etag)) }
}

/// The first objects, until they have so many rows.
fn fetch_some(
    store: &Store,
    objects: &[Object],
    folder: &Path,
    format: Option<&FormatSpec>,
    rows: u64,
) -> Result<Vec<TakenFile>, Diagnostic> {
    let (mut found, mut counted) = (Vec::new(), 0);
    for object in objects.iter().take(SAMPLE_OBJECTS) {
        let path = place_of(folder, &object.key)?;
        let is_document =
            format.is_some_and(|format| format.is_json_document() || ["xml", "ini"].contains(&format.name.as_str()));
        let is_part = object.bytes > SAMPLE_PART && !is_document;
        store.fetch(object, &path, is_part.then_some(SAMPLE_PART))?;
        if is_part && !end_at_a_line(&path)? || is_document && object.bytes > SAMPLE_WHOLE {
            if object.bytes > SAMPLE_WHOLE {
                let message =
                    format!("{} has {} bytes, and cannot be cut for a sample", store.shown(&object.key), object.bytes);
                return Err(store.opened.fault("PW0674", &message).help(
                    "take the sample with a key that leads to a smaller object, and name the others afterwards",
                ));
            }
            store.fetch(object, &path, None)?;
        }
        counted += match format {
            Some(format) => units(&path, format, store.opened.visit.cancel)?,
            None => {
                std::fs::read(&path).map_err(|error| not_put_aside(&error))?.iter().filter(|b| **b == b'\n').count()
                    as u64
            }
        };
        found.push(taken(store, object, path));
        if counted >= rows {
            break;
        }
    }
    Ok(found)
}

/// Takes the line away that is not whole; gives whether the bytes are lines of text at all.
fn end_at_a_line(path: &Path) -> Result<bool, Diagnostic> {
    let mut bytes = std::fs::read(path).map_err(|error| not_put_aside(&error))?;
    let Some(end) = memchr::memrchr(b'\n', &bytes).filter(|_| !bytes.contains(&0)) else { return Ok(false) };
    bytes.truncate(end + 1);
    std::fs::write(path, bytes).map_err(|error| not_put_aside(&error))?;
    Ok(true)
}

/// Looks into the bucket; gives what answered.
pub(super) fn test(opened: &Opened) -> Result<String, Diagnostic> {
    let store = Store::new(opened)?;
    let found = store.list("", 1, EMPTY_PAGES)?;
    let holds = if found.is_empty() { "is empty" } else { "holds objects" };
    Ok(format!("{} answers: {} {holds}", store.address, store.shown("")))
}
