//! Where work of its own threads reports: every piece of work is answered, also when its thread panics or there is none;
//! all of it ends when the desk is cleared. Must not import egui.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;

use pipewright_core::diagnostic::Diagnostic;
use pipewright_engine::Cancel;

use super::{Message, Wake};

/// What a worker needs to report.
#[derive(Clone)]
pub struct Desk {
    pub sender: SyncSender<Message>,
    pub wake: Wake,
    /// Stops everything that reports here.
    pub cancel: Cancel,
}

impl Desk {
    /// Runs `work` on a named thread and sends what comes of it; what `failed` makes of a fault where it panics.
    pub fn spawn(
        &self,
        name: &'static str,
        failed: impl Fn(Diagnostic) -> Message + Clone + Send + 'static,
        work: impl FnOnce(&Desk) -> Option<Message> + Send + 'static,
    ) {
        let (desk, on_panic) = (self.clone(), failed.clone());
        let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let done = catch_unwind(AssertUnwindSafe(|| {
                fail_if_wanted(name);
                work(&desk)
            }));
            if let Some(message) = done.unwrap_or_else(|_| Some(on_panic(fault()))) {
                desk.send(message);
            }
        });
        if let Err(error) = started {
            let message = format!("this could not be begun: {error}");
            let fault = Diagnostic::error("PW0784", message).help("close other programs, and ask for it again");
            // On the window's own thread, which must not wait for room.
            let _ = self.sender.try_send(failed(fault));
        }
    }

    /// A closed channel means that nobody waits for it any more.
    pub fn send(&self, message: Message) {
        let _ = self.sender.send(message);
        (self.wake)();
    }
}

/// What is told where a worker panicked.
pub fn fault() -> Diagnostic {
    Diagnostic::error("PW0783", "this could not be finished: the designer met a fault of its own")
        .help("ask for it again; if it comes back, please report it with the design")
}

/// Lets tests make a worker panic.
#[cfg(not(test))]
pub fn fail_if_wanted(_: &str) {}

#[cfg(test)]
pub use tests::fail_if_wanted;

#[cfg(test)]
pub mod tests {
    use std::sync::Mutex;

    static WANTED: Mutex<Option<&str>> = Mutex::new(None);

    /// The next piece of work of the worker of that name panics.
    pub fn want_fault(name: &'static str) {
        *WANTED.lock().unwrap() = Some(name);
    }

    pub fn fail_if_wanted(name: &str) {
        let taken = WANTED.lock().unwrap().take_if(|wanted| *wanted == name);
        if taken.is_some() {
            panic!("a fault of {name} that a test wants");
        }
    }
}
