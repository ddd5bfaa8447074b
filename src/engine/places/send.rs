//! Rows that go to HTTP in batches: at least once. A busy server is waited for, what it refuses is named with its reason,
//! and what it does not take now is kept in a file for the next run.

mod forms;

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use pipewright_core::diagnostic::{Diagnostic, Severity};
use pipewright_core::ir::{EndpointPlace, encoded, filled_text, interpolate};
use ureq::Agent;
use ureq::http::Request;

use super::http::with_credentials;
use super::patience::{
    Trouble, agent, patiently, retries, said, seconds, shown_address, unreached, usual_pause, wait, whole_text,
};
use super::{Opened, Visit, lines_of, not_put_aside};
use forms::{Verdict, body_of, kind_of, without_time};

/// A server that refuses so many rows and takes none is asked in the wrong way.
const MOST_REFUSED: usize = 100;

/// What became of the rows of a load.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    /// Also of earlier runs.
    pub delivered: u64,
    /// Rows as JSON, each with the server's reason.
    pub refused: Vec<(String, String)>,
    /// How many of them, the first ones, an earlier run has kept.
    pub refused_again: usize,
    /// Rows that a server refused without saying which.
    pub unnamed: u64,
    /// Rows that are kept for the next run.
    pub kept: u64,
    pub told: Vec<Diagnostic>,
}

/// A server that takes rows.
struct Endpoint<'a> {
    opened: Opened<'a>,
    agent: Agent,
    address: String,
    place: &'a EndpointPlace,
    index: String,
    last_sent: Cell<Option<Instant>>,
}

/// Sends the rows that an earlier run has kept, then those of this one; what is not taken is written to `kept`.
pub(crate) fn deliver(
    place: &EndpointPlace,
    earlier: Option<&Path>,
    rows: &Path,
    kept: &Path,
    visit: Visit,
) -> Result<Delivery, Diagnostic> {
    let opened = Opened::new(&place.connection, visit)?;
    let path = if place.path.is_empty() { place.usual_path() } else { &place.path };
    let path = filled_text(path, visit.parameters, &encoded)?;
    let mut address = opened.address.clone();
    if !path.is_empty() {
        address = format!("{}/{}", address.trim_end_matches('/'), path.trim_start_matches('/'));
    }
    let (agent, index) = (agent(&opened), interpolate(&place.index, visit.parameters)?);
    let endpoint = Endpoint { opened, agent, address, place, index, last_sent: Cell::new(None) };
    let mut keeper = Keeper { path: kept, out: None };
    let mut delivery = Delivery::default();
    let mut is_down = None;
    for file in earlier.into_iter().chain([rows]) {
        if file == rows {
            delivery.refused_again = delivery.refused.len();
        }
        let mut lines = lines_of(file)?.lines();
        loop {
            let mut batch = Vec::new();
            let mut bytes = 0;
            while (batch.len() as u64) < place.batch_rows.max(1) && bytes < place.batch_bytes.max(1) {
                let Some(line) = lines.next() else { break };
                let line = line.map_err(|error| not_put_aside(&error))?;
                bytes += line.len() as u64;
                batch.push(line);
            }
            if batch.is_empty() {
                break;
            }
            if is_down.is_some() {
                delivery.kept += keeper.keep(&batch)?;
                continue;
            }
            is_down = endpoint.send(batch, file == rows, &mut delivery, &mut keeper)?;
        }
    }
    keeper.finish()?;
    delivery.told.extend(is_down.map(|fault| kept_for_later(&endpoint, delivery.kept, &fault)));
    Ok(delivery)
}

fn kept_for_later(endpoint: &Endpoint, rows: u64, fault: &Diagnostic) -> Diagnostic {
    let message = format!("{}; {rows} rows are kept, and sent first by the next run", fault.message);
    let told = Diagnostic::warning("PW0770", message).help(fault.help.clone().unwrap_or_default());
    endpoint.opened.secrets.hidden(told)
}

/// The file of rows that are sent by the next run, made at the first one.
struct Keeper<'a> {
    path: &'a Path,
    out: Option<BufWriter<File>>,
}

impl Keeper<'_> {
    fn keep(&mut self, lines: &[String]) -> Result<u64, Diagnostic> {
        let failed = |error: std::io::Error| not_put_aside(&error);
        let out = match &mut self.out {
            Some(out) => out,
            None => self.out.insert(BufWriter::new(File::create(self.path).map_err(failed)?)),
        };
        lines.iter().try_for_each(|line| writeln!(out, "{line}")).map_err(failed)?;
        Ok(lines.len() as u64)
    }

    fn finish(self) -> Result<(), Diagnostic> {
        self.out.map_or(Ok(()), |mut out| out.flush()).map_err(|error| not_put_aside(&error))
    }
}

impl Endpoint<'_> {
    /// Sends a batch, of this run's own rows or of what was kept, in pieces where the server refuses some of it. Gives why it takes nothing any more: the rest of the
    /// batch is kept then.
    fn send(
        &self,
        batch: Vec<String>,
        is_own: bool,
        delivery: &mut Delivery,
        keeper: &mut Keeper,
    ) -> Result<Option<Diagnostic>, Diagnostic> {
        let (timed, untimed) = without_time(self.place, batch);
        delivery.refused.extend(untimed.into_iter().map(|row| (row, "it has no time".to_owned())));
        // The first piece lies on top.
        let mut open = vec![(timed, 0)];
        while let Some((rows, tried)) = open.pop() {
            if rows.is_empty() {
                continue;
            }
            let verdict = match self.ask(&rows)? {
                Ok(verdict) => verdict,
                Err(fault) => {
                    delivery.kept += keeper.keep(&rows)?;
                    for (rest, _) in open.into_iter().rev() {
                        delivery.kept += keeper.keep(&rest)?;
                    }
                    return Ok(Some(fault));
                }
            };
            match verdict {
                Verdict::Taken => delivery.delivered += rows.len() as u64,
                Verdict::TakenInPart(lost, reason) => {
                    delivery.delivered += rows.len() as u64 - lost;
                    delivery.unnamed += lost;
                    let message = format!("of {} rows {lost} were refused, and not said which: {reason}", rows.len());
                    let told = self.opened.hint("PW0771", &message);
                    delivery.told.push(
                        Diagnostic { severity: Severity::Warning, ..told }
                            .help("send fewer rows a request (`batch_rows`), so that they are found"),
                    );
                }
                Verdict::Refused(reason) if rows.len() == 1 => {
                    let reason = self.opened.secrets.hide(&reason);
                    // What earlier runs have kept may be refused for good, and says nothing of the rows behind it.
                    let of_own = delivery.refused.len() - delivery.refused_again;
                    if is_own && delivery.delivered == 0 && of_own >= MOST_REFUSED {
                        let message = format!("the first {MOST_REFUSED} rows are refused, and none is taken: {reason}");
                        let help = "see whether the form, the path and the columns are what the server wants";
                        return Err(self.opened.fault("PW0774", &message).help(help));
                    }
                    delivery.refused.extend(rows.into_iter().map(|row| (row, reason.clone())));
                }
                // One of them spoils it for the others: it is looked for.
                Verdict::Refused(_) => {
                    let mut first = rows;
                    let second = first.split_off(first.len() / 2);
                    open.push((second, 0));
                    open.push((first, 0));
                }
                Verdict::Each(verdicts) => {
                    let mut again = Vec::new();
                    for (row, verdict) in rows.into_iter().zip(verdicts) {
                        match verdict {
                            None => delivery.delivered += 1,
                            Some(item) if item.is_passing => again.push(row),
                            Some(item) => delivery.refused.push((row, self.opened.secrets.hide(&item.reason))),
                        }
                    }
                    if tried >= retries(&self.opened) && !again.is_empty() {
                        delivery.kept += keeper.keep(&again)?;
                        let message = format!("{} rows were put off again and again", again.len());
                        delivery.told.push(kept_for_later(
                            self,
                            again.len() as u64,
                            &self.opened.fault("PW0770", &message).help("see whether the server has too much to do"),
                        ));
                    } else if !again.is_empty() {
                        wait(&self.opened, usual_pause(tried))?;
                        open.push((again, tried + 1));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What the server says to some rows; inside why it says nothing for now. Else what will not go better.
    fn ask(&self, rows: &[String]) -> Result<Result<Verdict, Diagnostic>, Diagnostic> {
        let asked = patiently(&self.opened, || match self.post(rows) {
            Err(Trouble::Lasting(fault)) => Ok(Err(fault)),
            answered => answered.map(Ok),
        });
        self.opened.visit.cancel.check()?;
        match asked {
            Ok(Ok(verdict)) => Ok(Ok(verdict)),
            Ok(Err(lasting)) => Err(self.opened.secrets.hidden(lasting)),
            Err(passing) => Ok(Err(passing)),
        }
    }

    /// Asks once.
    fn post(&self, rows: &[String]) -> Result<Verdict, Trouble> {
        let rate = self.opened.number("requests_per_second", 0.0);
        if let Some(last) = self.last_sent.get().filter(|_| rate > 0.0) {
            wait(&self.opened, seconds(1.0 / rate).saturating_sub(last.elapsed())).map_err(Trouble::Lasting)?;
        }
        self.last_sent.set(Some(Instant::now()));
        let body = body_of(self.place, &self.index, rows)
            .map_err(|error| Trouble::Lasting(not_put_aside(&std::io::Error::from(error))))?;
        let mut address = self.address.clone();
        let mut headers = vec![("Content-Type".to_owned(), kind_of(self.place).to_owned())];
        with_credentials(&self.opened, &mut address, &mut headers);
        let mut request = Request::builder().method("POST").uri(&address);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let shown = shown_address(&self.opened.secrets.hide(&self.address));
        let mut answer = match request.body(body).map(|request| self.agent.run(request)) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(unreached(&self.opened, &error, &shown)),
            // What it was made of may hold a secret, and is not shown.
            Err(_) => {
                let message = "the request cannot be made: its address or a header holds what none may hold";
                let fault = self.opened.fault("PW0679", message);
                return Err(Trouble::Lasting(
                    fault.help("look for line ends and blanks in the address and the secrets"),
                ));
            }
        };
        let status = answer.status().as_u16();
        let text = match answer.status().is_success() {
            true => whole_text(&self.opened, &mut answer, &shown)?,
            false => said(&self.opened, &mut answer),
        };
        let short = pipewright_core::quote::visible_start(&self.opened.secrets.hide(text.trim()), 160).to_string();
        let with = if short.is_empty() { String::new() } else { format!(": {short}") };
        let fault = |code: &str, what: &str, help: &str| {
            self.opened.fault(code, &format!("{shown} {what} ({status}){with}")).help(help)
        };
        match status {
            200..300 => forms::verdict(self.place.form, rows.len(), &text).ok_or_else(|| {
                let help = "correct the address of the connection, or the path of the step";
                Trouble::Lasting(fault("PW0675", "gives no answer of the form that the step sends", help))
            }),
            400 | 413 | 422 => Ok(Verdict::Refused(format!("{status}{with}"))),
            300..400 => Err(Trouble::Lasting(fault(
                "PW0677",
                "leads elsewhere, where nothing is sent",
                "give the connection the address where it leads, if it is right",
            ))),
            401 | 403 => Err(Trouble::Lasting(fault(
                "PW0671",
                "does not let the user in",
                "see whether the connection's secrets are right, and may write there",
            ))),
            _ => {
                let fault =
                    fault("PW0672", "does not take the rows", "see whether it runs well, and the path is right");
                Err(Trouble::of_status(status, fault, answer.headers()))
            }
        }
    }
}
