//! `pipewright serve`: a page about the runs of which reports are kept in a folder. Reads them, and changes nothing.

mod pages;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::open_file;
use pipewright_engine::RunReport;
use tiny_http::{Header, Method, Request, Response, Server};

use super::args::ServeArgs;
use super::{Failure, Outcome, VerbResult, usage};

/// Reports that are shown: the newest ones.
const MOST_REPORTS: usize = 500;
/// What is larger is no report.
const MOST_BYTES: u64 = 32 << 20;
/// Threads that answer.
const WORKERS: usize = 4;

/// A run, as its report tells of it.
struct Kept {
    /// The name of the report's file.
    name: String,
    report: RunReport,
}

pub fn serve(args: &ServeArgs) -> VerbResult {
    if !args.reports.is_dir() {
        let message = format!("`{}` is no folder", args.reports.display());
        return Err(usage(message, "give the folder that `run --report FOLDER/NAME.json` writes to"));
    }
    if !args.listen.ip().is_loopback() && !args.other_hosts {
        let message = format!("{} can be reached from other machines", args.listen);
        return Err(usage(message, "add --other-hosts, where they may see the runs; there is no password"));
    }
    let server = Server::http(args.listen).map_err(|error| {
        let cause = error.downcast_ref::<std::io::Error>().map_or_else(|| error.to_string(), io_cause);
        Failure {
            diagnostics: vec![
                Diagnostic::error("PW0727", format!("{} cannot be listened at: {cause}", args.listen))
                    .help("give another address with --listen, such as 127.0.0.1:0 for a port that is free"),
            ],
            outcome: Outcome::Failed,
        }
    })?;
    tell!("the runs of `{}` are shown at http://{}; Ctrl+C ends it", args.reports.display(), server.server_addr());
    let server = Arc::new(server);
    let threads: Vec<_> = (0..WORKERS)
        .filter_map(|_| {
            let (server, folder, anybody) = (server.clone(), args.reports.clone(), args.other_hosts);
            let work = move || {
                while let Ok(request) = server.recv() {
                    answer(request, &folder, anybody);
                }
            };
            std::thread::Builder::new().name("pipewright-serve".to_owned()).spawn(work).ok()
        })
        .collect();
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(Outcome::Done)
}

/// Answers one request. Who asks and goes away is no fault.
fn answer(request: Request, folder: &Path, anybody: bool) {
    let path = request.url().split(['?', '#']).next().unwrap_or_default().to_owned();
    let (status, kind, body) = match request.method() {
        Method::Get | Method::Head if !anybody && !is_own_name(&request) => {
            (403, pages::TEXT, "this page is for this machine alone\n".to_owned())
        }
        Method::Get | Method::Head => page(&path, folder),
        _ => (405, pages::TEXT, "this page can only be read\n".to_owned()),
    };
    let mut response = Response::from_string(body).with_status_code(status);
    let headers = [
        ("Content-Type", kind),
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ];
    for (name, value) in headers {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    let _ = request.respond(response);
}

/// Whether the page is asked for by a name of this machine: a name of somebody else's that leads here is a trick.
fn is_own_name(request: &Request) -> bool {
    let host = request.headers().iter().find(|header| header.field.equiv("Host"));
    let host = host.map(|header| header.value.as_str().to_ascii_lowercase()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Status, kind and text of what lies at a path.
fn page(path: &str, folder: &Path) -> (u16, &'static str, String) {
    let runs = kept(folder);
    let found = match path {
        "/" => Some((pages::HTML, pages::overview(&runs))),
        "/runs.json" => Some((pages::JSON, pages::json_of(&pages::summaries(&runs)))),
        "/answers" => Some((pages::HTML, pages::answers(&runs))),
        "/answers.json" => Some((pages::JSON, pages::json_of(&pages::history(&runs)))),
        _ => path.strip_prefix("/runs/").and_then(|name| {
            let find = |name: &str| runs.iter().find(|run| pipewright_core::ir::encoded(&run.name) == name);
            // Both the report itself and its page.
            match name.strip_suffix("/page") {
                Some(name) => find(name).map(|run| (pages::HTML, pages::run(run))),
                None => find(name).map(|run| (pages::JSON, pages::json_of(&run.report))),
            }
        }),
    };
    match found {
        Some((kind, text)) => (200, kind, text),
        None => (404, pages::TEXT, "there is no such page\n".to_owned()),
    }
}

/// The runs of a folder, the newest first. What is no report is passed over: others may keep files there.
fn kept(folder: &Path) -> Vec<Kept> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_report = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(is_report)
        .filter_map(|path| {
            let about = path.symlink_metadata().ok()?;
            (about.is_file() && about.len() <= MOST_BYTES).then_some((about.modified().ok()?, path))
        })
        .collect();
    files.sort();
    let newest = files.into_iter().rev().take(MOST_REPORTS);
    let mut runs: Vec<Kept> = newest
        .filter_map(|(_, path)| {
            let name = path.file_name()?.to_str()?.to_owned();
            let report = serde_json::from_reader(std::io::BufReader::new(open_file(&path).ok()?)).ok()?;
            Some(Kept { name, report })
        })
        .collect();
    runs.sort_by(|a, b| b.report.started_at.cmp(&a.report.started_at).then(b.name.cmp(&a.name)));
    runs
}
