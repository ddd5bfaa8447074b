//! Work on many pieces: one thread makes them, a few work on them, the results are delivered here and in order. Bounded:
//! at most a few pieces are alive at a time. Must not import plans.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use pipewright_core::diagnostic::Diagnostic;

use crate::cancel::Cancel;
use crate::guard::guarded;

/// Who works, and on how much at once.
pub(crate) struct Crew<'a> {
    /// Begins the names of its threads.
    pub name: &'a str,
    pub workers: usize,
    /// Pieces between being made and being delivered: nobody runs ahead of the slowest.
    pub alive: usize,
    pub cancel: &'a Cancel,
}

/// Takes a piece; false: no more are wanted. Whoever makes pieces is told so only of one that was not taken.
pub(crate) type Send<'a, Task> = &'a mut dyn FnMut(Task) -> bool;

/// Works on a piece, in any of the workers.
pub(crate) type Work<'a, Task, T> = &'a (dyn Fn(Task, Send<T>) -> Result<T, Diagnostic> + Sync);

/// Whose result is delivered next. Who makes much of one piece waits for his turn and delivers it in parts.
struct Turn {
    next: Mutex<u64>,
    changed: Condvar,
    is_over: AtomicBool,
}

impl Turn {
    fn lock(&self) -> MutexGuard<'_, u64> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_to(&self, number: u64) {
        *self.lock() = number;
        self.changed.notify_all();
    }

    fn end(&self) {
        let next = self.lock();
        self.is_over.store(true, Ordering::Relaxed);
        drop(next);
        self.changed.notify_all();
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// False: nobody wants the rest any more.
    fn wait(&self, number: u64) -> bool {
        let mut next = self.lock();
        while *next != number && !self.is_over() {
            next = self.changed.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
        !self.is_over()
    }
}

/// What comes of a piece.
enum Done<T> {
    /// A part, while more of it is being made.
    Part(T),
    Last(Result<T, Diagnostic>),
}

impl Crew<'_> {
    /// `make` gives the pieces, `work` runs in the workers on each, `deliver` here, in the pieces' order. Of a piece that
    /// much comes of `work` may send parts before the last one; it waits until they are wanted. Stops early where
    /// `deliver` breaks.
    pub fn run<Task: std::marker::Send, T: std::marker::Send>(
        &self,
        make: impl FnOnce(Send<Task>) -> Result<(), Diagnostic> + std::marker::Send,
        work: Work<Task, T>,
        deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let (ticket_in, ticket_out) = bounded::<()>(self.alive);
        for _ in 0..self.alive {
            let _ = ticket_in.send(());
        }
        let (task_in, task_out) = bounded::<(u64, Task)>(self.alive);
        let (done_in, done_out) = unbounded::<(u64, Done<T>)>();
        let turn = Turn { next: Mutex::new(0), changed: Condvar::new(), is_over: AtomicBool::new(false) };
        // A part is on its way at a time.
        let (part_in, part_out) = bounded::<()>(1);
        let _ = part_in.send(());
        std::thread::scope(|scope| {
            let turn = &turn;
            let failed = done_in.clone();
            let spawn = |role: String| std::thread::Builder::new().name(format!("pipewright-{}-{role}", self.name));
            let maker = spawn("maker".to_owned()).spawn_scoped(scope, move || {
                let mut number = 0;
                let mut send = |task: Task| {
                    let is_sent = ticket_out.recv().is_ok() && !turn.is_over() && task_in.send((number, task)).is_ok();
                    number += 1;
                    is_sent
                };
                let result = guarded(|| make(&mut send));
                if let Err(diagnostic) = result {
                    let _ = failed.send((number, Done::Last(Err(diagnostic))));
                }
            });
            for worker in 0..self.workers {
                let (tasks, done, parts) = (task_out.clone(), done_in.clone(), part_out.clone());
                let spawned = spawn(worker.to_string()).spawn_scoped(scope, move || {
                    for (number, task) in tasks {
                        if turn.is_over() {
                            continue;
                        }
                        let mut send = |part: T| {
                            turn.wait(number)
                                && parts.recv().is_ok()
                                && done.send((number, Done::Part(part))).is_ok()
                                && !turn.is_over()
                        };
                        let last = guarded(|| work(task, &mut send));
                        if done.send((number, Done::Last(last))).is_err() {
                            break;
                        }
                    }
                });
                spawned.map_err(|error| no_thread(&error))?;
            }
            maker.map_err(|error| no_thread(&error))?;
            drop((done_in, task_out, part_out));
            let result = in_order(&done_out, (&ticket_in, &part_in), turn, self.cancel, deliver);
            turn.end();
            drop((ticket_in, part_in, done_out));
            result
        })
    }
}

/// Delivers results in the order of their numbers, and gives back the tickets of pieces and parts.
fn in_order<T>(
    done: &Receiver<(u64, Done<T>)>,
    (tickets, parts): (&Sender<()>, &Sender<()>),
    turn: &Turn,
    cancel: &Cancel,
    deliver: &mut dyn FnMut(T) -> Result<ControlFlow<()>, Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut waiting = BTreeMap::new();
    let mut next = 0;
    for (number, result) in done {
        match result {
            // Sent in its turn only.
            Done::Part(part) => {
                cancel.check()?;
                if deliver(part)?.is_break() {
                    return Ok(());
                }
                let _ = parts.try_send(());
                continue;
            }
            Done::Last(last) => waiting.insert(number, last),
        };
        while let Some(result) = waiting.remove(&next) {
            cancel.check()?;
            if deliver(result?)?.is_break() {
                return Ok(());
            }
            next += 1;
            let _ = tickets.try_send(());
        }
        turn.give_to(next);
    }
    Ok(())
}

/// What is told where no thread can be started.
pub(crate) fn no_thread(error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("PW0997", format!("no further thread can be started: {error}"))
        .help("raise the limit of processes for this user")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Pieces 0 to 19; each gives as many parts as its number before the last.
    fn delivered(workers: usize, end: usize) -> Vec<(u64, u64)> {
        let cancel = Cancel::new();
        let crew = Crew { name: "test", workers, alive: workers + 1, cancel: &cancel };
        let mut all = Vec::new();
        let make = |send: Send<u64>| {
            (0..20).all(send);
            Ok(())
        };
        let work = |number: u64, send: Send<(u64, u64)>| {
            (0..number).all(|part| send((number, part)));
            Ok((number, number))
        };
        let result = crew.run(make, &work, &mut |part| {
            all.push(part);
            Ok(if all.len() == end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        });
        result.unwrap();
        all
    }

    #[test]
    fn parts_of_pieces_come_in_order_whoever_makes_them() {
        let wanted: Vec<(u64, u64)> = (0..20).flat_map(|number| (0..=number).map(move |part| (number, part))).collect();
        for workers in [1, 2, 5] {
            assert_eq!(delivered(workers, usize::MAX), wanted);
            assert_eq!(delivered(workers, 77), wanted[..77]);
        }
    }

    /// Whoever makes pieces knows by it whether he came to his end.
    #[test]
    fn a_piece_that_was_taken_is_told_as_taken_also_where_it_is_the_last_that_is_wanted() {
        let cancel = Cancel::new();
        let crew = Crew { name: "test", workers: 1, alive: 2, cancel: &cancel };
        for _ in 0..500 {
            let (mut was_taken, mut was_delivered) = (false, false);
            let make = |send: Send<()>| {
                // Until the others wait: whom the piece wakes may be done before it is told here that it was taken.
                std::thread::sleep(Duration::from_micros(500));
                was_taken = send(());
                Ok(())
            };
            let deliver = &mut |()| {
                was_delivered = true;
                Ok(ControlFlow::Break(()))
            };
            crew.run(make, &|(), _| Ok(()), deliver).unwrap();
            assert!(was_delivered && was_taken);
        }
    }

    #[test]
    fn a_fault_or_a_wish_to_stop_ends_those_who_wait_for_their_turn() {
        let cancel = Cancel::new();
        let crew = Crew { name: "test", workers: 4, alive: 5, cancel: &cancel };
        let make = |send: Send<u64>| {
            (0..100).all(send);
            Ok(())
        };
        let work = |number: u64, send: Send<u64>| match number {
            3 => Err(Diagnostic::error("PW0998", "a fault")),
            _ => {
                send(number);
                Ok(number)
            }
        };
        let fault = crew.run(make, &work, &mut |_| Ok(ControlFlow::Continue(()))).unwrap_err();
        assert_eq!(fault.code, "PW0998");
        let fault = crew.run(make, &|number, _| Ok(number), &mut |number| {
            if number == 10 {
                cancel.cancel();
            }
            Ok(ControlFlow::Continue(()))
        });
        assert_eq!(fault.unwrap_err().code, "PW0999");
    }
}
