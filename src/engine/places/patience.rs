//! Patience with servers that speak HTTP: requests that failed for a while are made again, answers come whole or not at
//! all, and who does not get on is not waited for. Shared by all places behind HTTP.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::quote::visible_start;
use ureq::http::{HeaderMap, Response, header};
use ureq::{Agent, Body};

use super::{Opened, not_put_aside};

/// Seconds that an answer may be waited for.
const TIMEOUT: f64 = 30.0;
/// Times that a request is made again.
const RETRIES: f64 = 4.0;
/// A server that wants a longer pause is not waited for.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Of an answer, within its `timeout`: who sends less does not get on.
const FEWEST_BYTES: u64 = 1_000;

/// Why a request gave no answer.
pub(super) enum Trouble {
    /// It may go better after a while: as long as the server says.
    Passing(Diagnostic, Option<Duration>),
    Lasting(Diagnostic),
}

impl Trouble {
    pub fn fault(self) -> Diagnostic {
        match self {
            Trouble::Passing(fault, _) | Trouble::Lasting(fault) => fault,
        }
    }

    /// Of an answer that says so by its status.
    pub fn of_status(status: u16, fault: Diagnostic, headers: &HeaderMap) -> Trouble {
        match status {
            408 | 429 | 500 | 502 | 503 | 504 => Trouble::Passing(fault, pause_asked(headers)),
            _ => Trouble::Lasting(fault),
        }
    }
}

/// How long a server asks to be left alone.
pub(super) fn pause_asked(headers: &HeaderMap) -> Option<Duration> {
    headers.get(header::RETRY_AFTER).and_then(|text| text.to_str().ok()).and_then(pause_of)
}

/// An agent that follows nothing by itself and takes every answer for one.
pub(super) fn agent(opened: &Opened) -> Agent {
    let timeout = Some(timeout(opened));
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_resolve(timeout)
        .timeout_connect(timeout)
        // A server that takes no more bytes is not waited for, one that takes them slowly is.
        .timeout_send_body(timeout.map(|timeout| timeout * 10))
        .timeout_recv_response(timeout)
        .timeout_per_read(timeout)
        .user_agent(concat!("pipewright/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}

fn timeout(opened: &Opened) -> Duration {
    seconds(opened.number("timeout", TIMEOUT))
}

/// How often something is tried again.
pub(super) fn retries(opened: &Opened) -> u32 {
    opened.number("retries", RETRIES) as u32
}

/// Seconds that somebody wrote: an hour at most.
pub(super) fn seconds(written: f64) -> Duration {
    const MOST: Duration = Duration::from_secs(3600);
    Duration::try_from_secs_f64(written).map_or(MOST, |written| written.min(MOST))
}

/// Does something again where the server is busy or the line breaks.
pub(super) fn patiently<T>(opened: &Opened, mut attempt: impl FnMut() -> Result<T, Trouble>) -> Result<T, Diagnostic> {
    let (retries, mut tried) = (retries(opened), 0);
    loop {
        let (fault, pause) = match attempt() {
            Ok(done) => return Ok(done),
            Err(Trouble::Lasting(fault)) => return Err(fault),
            Err(Trouble::Passing(fault, pause)) => (fault, pause),
        };
        if tried == retries {
            let tries = if retries == 0 { String::new() } else { format!(", also after {retries} more tries") };
            return Err(Diagnostic { message: format!("{}{tries}", fault.message), ..fault });
        }
        let pause = pause.unwrap_or_else(|| usual_pause(tried));
        let is_late = opened.until.is_some_and(|until| Instant::now() + pause > until);
        if pause > LONGEST_PAUSE || is_late {
            let message = format!("{}; a pause of {} s is not waited for", fault.message, pause.as_secs_f64().ceil());
            return Err(Diagnostic { message, ..fault });
        }
        wait(opened, pause)?;
        tried += 1;
        opened.tried_again.fetch_add(1, Ordering::Relaxed);
    }
}

/// Does something again where a server does not answer, or the line breaks: nothing of what was begun may be left by then.
pub(super) fn again<T>(opened: &Opened, mut attempt: impl FnMut() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    patiently(opened, || {
        attempt().map_err(|fault| match &*fault.code {
            "PW0668" => Trouble::Passing(fault, None),
            _ => Trouble::Lasting(fault),
        })
    })
}

/// That something was tried again since this was last told.
pub(super) fn tried_again(opened: &Opened) -> Option<Diagnostic> {
    let times = match opened.tried_again.swap(0, Ordering::Relaxed) {
        0 => return None,
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    let message = format!("it did not answer at once, and was asked again {times}");
    Some(
        opened
            .hint("PW1169", &message)
            .help("all that was asked for came; where it happens often, see how it is doing"),
    )
}

/// Before a try, longer each time. Half of it by chance, so that many clients do not come back at once.
pub(super) fn usual_pause(tried: u32) -> Duration {
    Duration::from_millis(500 << tried.min(6)).mul_f64(0.5 + fastrand::f64())
}

pub(super) fn wait(opened: &Opened, pause: Duration) -> Result<(), Diagnostic> {
    let end = Instant::now() + pause;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        opened.visit.cancel.check()?;
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
    opened.visit.cancel.check()
}

/// Why a server was not reached; `shown`: its address as it may be shown.
pub(super) fn unreached(opened: &Opened, error: &ureq::Error, shown: &str) -> Trouble {
    let reach = |why: &str| opened.fault("PW0668", &format!("{shown} cannot be reached: {why}"));
    let lasting = |why: &str, help: &str| Trouble::Lasting(reach(why).help(help.to_owned()));
    match error {
        ureq::Error::Timeout(_) => Trouble::Passing(late(opened, shown), None),
        ureq::Error::HostNotFound => {
            Trouble::Passing(reach("there is no host of that name").help("correct the address of the connection"), None)
        }
        ureq::Error::Io(cause) => Trouble::Passing(
            reach(&io_cause(cause)).help("see whether the server runs and the network leads there"),
            None,
        ),
        ureq::Error::ConnectionFailed | ureq::Error::Protocol(_) => Trouble::Passing(
            reach("the connection broke off").help("see whether the server runs and speaks HTTP there"),
            None,
        ),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => lasting(
            "its certificate is not trusted, or it speaks no TLS there",
            "see whether the address begins as it should, and who has signed the certificate",
        ),
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => Trouble::Lasting(
            opened
                .fault(
                    "PW0675",
                    &format!(
                        "{shown} answers with more than any answer of its kind has; it may have done what was asked"
                    ),
                )
                .help("see what answers at that address"),
        ),
        _ => lasting("the request cannot be made", "correct the address of the connection and the request"),
    }
}

fn late(opened: &Opened, shown: &str) -> Diagnostic {
    let seconds = opened.number("timeout", TIMEOUT);
    opened
        .fault("PW0669", &format!("{shown} gave no answer within {seconds} s"))
        .help("ask for less at once, or give the connection a longer `timeout`")
}

/// The body of an answer into a file, whole; gives its bytes.
pub(super) fn receive(
    opened: &Opened,
    answer: &mut Response<Body>,
    path: &Path,
    most: u64,
    shown: &str,
) -> Result<u64, Trouble> {
    let promised = answer.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let lasting = |error: std::io::Error| Trouble::Lasting(not_put_aside(&error));
    let mut file = File::create(path).map_err(lasting)?;
    let mut reader = answer.body_mut().as_reader();
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 16]);
    let patience = timeout(opened);
    let (mut turn, mut bytes_before) = (Instant::now(), 0);
    loop {
        opened.visit.cancel.check().map_err(Trouble::Lasting)?;
        // A server that sends a byte now and then would never end.
        if turn.elapsed() > patience {
            if bytes - bytes_before < FEWEST_BYTES {
                return Err(Trouble::Passing(late(opened, shown), None));
            }
            (turn, bytes_before) = (Instant::now(), bytes);
        }
        let read = reader.read(&mut buffer);
        let count = read.map_err(|error| Trouble::Passing(cut_off(opened, shown, bytes, &error), None))?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        if bytes > most {
            let message = format!("the answer has more than {most} bytes");
            let help = "ask for less, such as for a span of time or for pages; or let the source take more (`inquiry.most_bytes`)";
            return Err(Trouble::Lasting(opened.fault("PW0674", &message).help(help)));
        }
        file.write_all(&buffer[..count]).map_err(lasting)?;
    }
    if promised.is_some_and(|promised: u64| bytes < promised) {
        let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        return Err(Trouble::Passing(cut_off(opened, shown, bytes, &error), None));
    }
    Ok(bytes)
}

fn cut_off(opened: &Opened, shown: &str, bytes: u64, error: &std::io::Error) -> Diagnostic {
    if error.kind() == std::io::ErrorKind::TimedOut {
        return late(opened, shown);
    }
    opened
        .fault("PW0670", &format!("the answer of {shown} broke off after {bytes} bytes"))
        .help("try again; where it happens often, ask for smaller pages")
}

/// What a server says with a status that is a fault, without secrets and cut short.
pub(super) fn said(opened: &Opened, answer: &mut Response<Body>) -> String {
    let mut text = Vec::new();
    let _ = answer.body_mut().as_reader().take(64 << 10).read_to_end(&mut text);
    // A secret that the server says back is taken out before the text is cut.
    opened.secrets.hide(String::from_utf8_lossy(&text).trim())
}

/// A short answer, whole: one that breaks off is asked for again.
pub(super) fn whole_text(opened: &Opened, answer: &mut Response<Body>, shown: &str) -> Result<String, Trouble> {
    let text = answer.body_mut().with_config().limit(16 << 20).read_to_string();
    text.map_err(|error| unreached(opened, &error, shown))
}

/// An address without what may be secret or long: its parameters.
pub(super) fn shown_address(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or_default();
    visible_start(plain, 120).to_string()
}

/// Seconds, or a time (RFC 9110).
fn pause_of(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
    (until.to_utc() - chrono::Utc::now()).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_seconds_or_times() {
        assert_eq!(pause_of("3"), Some(Duration::from_secs(3)));
        assert_eq!(pause_of("soon"), None);
        assert_eq!(shown_address("https://a/x?key=secret"), "https://a/x");
    }
}
