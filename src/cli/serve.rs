//! `pipewright serve`: a page about the runs of which reports are kept in a folder. Reads them, and changes nothing.

mod pages;

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::open_file;
use pipewright_engine::RunReport;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::args::ServeArgs;
use super::{Failure, Outcome, VerbResult, usage};

/// Reports that are shown: the newest ones.
const MOST_REPORTS: usize = 500;
/// What is larger is no report.
const MOST_BYTES: u64 = 32 << 20;
/// Threads that read reports.
const READERS: usize = 4;
/// Who is connected at once; more wait.
const CONNECTIONS: usize = 64;
/// So long what is asked may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection could not be taken, such as where too many files are open.
const PAUSE: Duration = Duration::from_millis(100);

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
    let failed = |error: io::Error| Failure {
        diagnostics: vec![
            Diagnostic::error("PW0727", format!("{} cannot be listened at: {}", args.listen, io_cause(&error)))
                .help("give another address with --listen, such as 127.0.0.1:0 for a port that is free"),
        ],
        outcome: Outcome::Failed,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(READERS)
        .thread_name("pipewright-serve")
        .enable_all()
        .build()
        .map_err(failed)?;
    let listener = runtime.block_on(TcpListener::bind(args.listen)).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tell!("the runs of `{}` are shown at http://{address}; Ctrl+C ends it", args.reports.display());
    runtime.block_on(accept(listener, &args.reports, args.other_hosts));
    Ok(Outcome::Done)
}

/// Answers whoever comes, without an end.
async fn accept(listener: TcpListener, folder: &Path, anybody: bool) {
    let (folder, seats) = (Arc::new(folder.to_owned()), Arc::new(Semaphore::new(CONNECTIONS)));
    while let Ok(seat) = seats.clone().acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let folder = folder.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, folder.clone(), anybody));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // Who asks and goes away is no fault.
            let _ = tokio::time::timeout(PATIENCE * 6, connection).await;
            drop(seat);
        });
    }
}

/// Answers one request; what comes with it is not looked at.
async fn answer(
    request: Request<Incoming>,
    folder: Arc<PathBuf>,
    anybody: bool,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, kind, body) = match *request.method() {
        Method::GET | Method::HEAD if !anybody && !is_own_name(&request) => {
            (StatusCode::FORBIDDEN, pages::TEXT, "this page is for this machine alone\n".to_owned())
        }
        Method::GET | Method::HEAD => {
            let path = request.uri().path().to_owned();
            let read = tokio::task::spawn_blocking(move || page(&path, &folder));
            let unreadable =
                (StatusCode::INTERNAL_SERVER_ERROR, pages::TEXT, "the reports cannot be read\n".to_owned());
            read.await.unwrap_or(unreadable)
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, pages::TEXT, "this page can only be read\n".to_owned()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    Ok(response)
}

/// Whether the page is asked for by a name of this machine: a name of somebody else's that leads here is a trick.
fn is_own_name(request: &Request<Incoming>) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.map(str::to_ascii_lowercase).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Status, kind and text of what lies at a path.
fn page(path: &str, folder: &Path) -> (StatusCode, &'static str, String) {
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
        Some((kind, text)) => (StatusCode::OK, kind, text),
        None => (StatusCode::NOT_FOUND, pages::TEXT, "there is no such page\n".to_owned()),
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
