//! Work on many pieces: one thread makes them, a few work on them, the results are delivered here and in order. Bounded:
//! at most a few pieces are alive at a time. Must not import plans.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use pipewright_core::diagnostic::Diagnostic;

use crate::read::{Cancel, guarded};

/// Who works, and on how much at once.
pub(crate) struct Crew<'a> {
    /// Begins the names of its threads.
    pub name: &'a str,
    pub workers: usize,
    /// Pieces between being made and being delivered: nobody runs ahead of the slowest.
    pub alive: usize,
    pub cancel: &'a Cancel,
}

/// Takes a piece; false: no more are wanted.
pub(crate) type Send<'a, Task> = &'a mut dyn FnMut(Task) -> bool;

impl Crew<'_> {
    /// `make` gives the pieces, `work` runs in the workers on each, `deliver` here, in the pieces' order. Stops early
    /// where `deliver` breaks.
    pub fn run<Task: std::marker::Send, T: std::marker::Send>(
        &self,
        make: impl FnOnce(Send<Task>) -> Result<(), Diagnostic> + std::marker::Send,
        work: &(dyn Fn(Task) -> Result<T, Diagnostic> + Sync),
        deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let (ticket_in, ticket_out) = bounded::<()>(self.alive);
        for _ in 0..self.alive {
            let _ = ticket_in.send(());
        }
        let (task_in, task_out) = bounded::<(u64, Task)>(self.alive);
        let (done_in, done_out) = unbounded::<(u64, Result<T, Diagnostic>)>();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let is_over = &is_over;
            let failed = done_in.clone();
            let spawn = |role: String| std::thread::Builder::new().name(format!("pipewright-{}-{role}", self.name));
            let maker = spawn("maker".to_owned()).spawn_scoped(scope, move || {
                let mut number = 0;
                let mut send = |task: Task| {
                    let is_sent = ticket_out.recv().is_ok() && task_in.send((number, task)).is_ok();
                    number += 1;
                    is_sent && !is_over.load(Ordering::Relaxed)
                };
                let result = guarded(|| make(&mut send));
                if let Err(diagnostic) = result {
                    let _ = failed.send((number, Err(diagnostic)));
                }
            });
            for worker in 0..self.workers {
                let (tasks, done) = (task_out.clone(), done_in.clone());
                let spawned = spawn(worker.to_string()).spawn_scoped(scope, move || {
                    for (number, task) in tasks {
                        if is_over.load(Ordering::Relaxed) {
                            continue;
                        }
                        if done.send((number, guarded(|| work(task)))).is_err() {
                            break;
                        }
                    }
                });
                spawned.map_err(|error| no_thread(&error))?;
            }
            maker.map_err(|error| no_thread(&error))?;
            drop((done_in, task_out));
            let result = in_order(&done_out, &ticket_in, self.cancel, deliver);
            is_over.store(true, Ordering::Relaxed);
            drop((ticket_in, done_out));
            result
        })
    }
}

/// Delivers results in the order of their numbers.
fn in_order<T>(
    done: &Receiver<(u64, Result<T, Diagnostic>)>,
    tickets: &Sender<()>,
    cancel: &Cancel,
    deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, result) in done {
        waiting.insert(number, result);
        while let Some(result) = waiting.remove(&next) {
            cancel.check()?;
            if deliver(result?)?.is_break() {
                return Ok(());
            }
            next += 1;
            let _ = tickets.try_send(());
        }
    }
    Ok(())
}

fn no_thread(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0997", format!("no further thread can be started: {error}"))
        .help("raise the limit of processes for this user")
}
