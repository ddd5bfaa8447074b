//! A server between Pipewright and another one, which fails when it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Act {
    Pass,
    /// It is never answered.
    Hang,
    /// It is answered with that, and goes nowhere.
    Status(u16),
    /// It goes there, and its answer does not come back.
    Swallow,
}

pub(super) struct Proxy {
    pub address: String,
    /// The first lines of requests, as they came.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `act` is given the first line of a request, and how many like that it was asked for before: those for which it
    /// did not say `Pass`.
    pub fn new(server: &str, act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, act, acted) = (seen.clone(), Arc::new(act), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (lines, act, acted, server) = (lines.clone(), act.clone(), acted.clone(), server.clone());
                std::thread::spawn(move || pass(stream, &server, &lines, &*act, &acted));
            }
        });
        Proxy { address, seen }
    }

    /// Waits until a request has come whose first line holds all these words.
    pub fn wait(&self, words: &[&str]) {
        let begun = Instant::now();
        while !self.seen.lock().unwrap().iter().any(|line| words.iter().all(|word| line.contains(word))) {
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "{words:?} never came: {:?}",
                self.seen.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn pass(
    mut stream: TcpStream,
    server: &str,
    lines: &Mutex<Vec<String>>,
    act: &dyn Fn(&str, usize) -> Act,
    acted: &AtomicUsize,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut length, mut first) = (String::new(), 0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let act = act(&first, acted.load(Ordering::SeqCst));
    if act != Act::Pass {
        acted.fetch_add(1, Ordering::SeqCst);
    }
    lines.lock().unwrap().push(first);
    match act {
        Act::Hang => std::thread::sleep(Duration::from_secs(600)),
        Act::Status(code) => {
            let answer = format!("HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).ok()?;
        }
        Act::Pass | Act::Swallow => {
            let mut far = TcpStream::connect(server).ok()?;
            far.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).ok()?;
            far.write_all(&body).ok()?;
            let mut answer = Vec::new();
            far.read_to_end(&mut answer).ok()?;
            if act == Act::Pass {
                stream.write_all(&answer).ok()?;
            }
        }
    }
    Some(())
}
