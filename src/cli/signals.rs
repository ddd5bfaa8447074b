//! Signals that end a process: what it has aside goes first.

/// Does `end` at Ctrl+C, a shutdown, a closed terminal. What whoever started the process lets it ignore (`nohup`, a
/// script's `&`) stays ignored. Where no handler can be set the system's own ends the process.
#[cfg(unix)]
pub fn on_end(end: impl FnOnce() + Send + 'static) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let ignored = ignored();
    let heard = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let Ok(mut signals) = signal_hook::iterator::Signals::new(heard) else { return };
    let wait = move || {
        if signals.forever().next().is_some() {
            end();
        }
    };
    let _ = std::thread::Builder::new().name("pipewright-signals".to_owned()).spawn(wait);
}

/// The signals that the process was started with as ignored, a bit each; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
pub fn on_end(end: impl FnMut() + Send + 'static) {
    let _ = ctrlc::set_handler(end);
}
