//! What work may take: a wish to stop it, the moment at which it must end, and the bytes that one calculation may make at
//! once. Whoever begins work enters its allowance on his thread; what is lowered there keeps to it, on whichever thread
//! it is computed. Must not import plans.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pipewright_core::data::Value;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::expr::MOST_JOINED;
use pipewright_core::formats::Changes;
use polars::prelude::{PolarsError, PolarsResult};

use crate::cancel::Cancel;
use crate::size_text;

/// What some work may take.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    pub cancel: Cancel,
    pub until: Option<Instant>,
    /// Bytes of the values that an operation makes of the rows that it is given.
    pub at_once: usize,
    /// Bytes of the values that one calculation makes each time, where it is done again and again.
    pub each_time: usize,
    /// Bytes that it has made so far.
    made: Arc<AtomicUsize>,
    /// Texts that became null because they would have been too long.
    lost: Arc<AtomicU64>,
    /// What became of values otherwise.
    changes: Arc<Mutex<Changes>>,
}

/// The code of what is told where rows make more at once than they may: fewer rows may be tried.
pub(crate) const TOO_MUCH: &str = "PW0829";
/// The code of what is told where time is up.
pub(crate) const TOO_LATE: &str = "PW0390";

/// The code of what is told where one text is too long.
const TOO_LONG: &str = "PW0391";

/// Wrap a reason inside an error's text.
const TOO_MUCH_MARK: &str = "\u{2}";
const TOO_LATE_MARK: &str = "\u{3}";
const STOPPED_MARK: &str = "\u{4}";
const TOO_LONG_MARK: &str = "\u{5}";

/// Values between two looks at the clock.
const LOOK: usize = 256;
/// Bytes between two looks at the clock.
const LOOK_BYTES: usize = 1 << 20;

thread_local! {
    static CURRENT: RefCell<Allowance> = RefCell::new(Allowance::unlimited());
}

/// The allowance is in force on this thread as long as this lives.
pub(crate) struct Entered(Option<Allowance>);

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            CURRENT.replace(before);
        }
    }
}

impl Allowance {
    pub fn new(cancel: &Cancel, until: Option<Instant>, at_once: usize) -> Allowance {
        Allowance {
            cancel: cancel.clone(),
            until,
            at_once,
            each_time: usize::MAX,
            made: Arc::default(),
            lost: Arc::default(),
            changes: Arc::default(),
        }
    }

    pub fn unlimited() -> Allowance {
        Allowance::new(&Cancel::new(), None, usize::MAX)
    }

    /// For what is prepared once and computed of many rows, some at a time.
    pub fn again_and_again(cancel: &Cancel, each_time: usize) -> Allowance {
        Allowance { each_time, ..Allowance::new(cancel, None, usize::MAX) }
    }

    /// The same for other rows: nothing is made and lost yet.
    pub fn fresh(&self) -> Allowance {
        self.up_to(self.at_once)
    }

    /// The same with another limit, for other rows.
    pub fn up_to(&self, at_once: usize) -> Allowance {
        Allowance::new(&self.cancel, self.until, at_once)
    }

    /// Texts that became null because they would have been too long.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// What became of values.
    pub fn changes(&self) -> Changes {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something became of values.
    pub fn change(&self, changes: &Changes) {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).add(changes);
    }

    /// What is in force on this thread.
    pub fn current() -> Allowance {
        CURRENT.with_borrow(Allowance::clone)
    }

    pub fn enter(&self) -> Entered {
        Entered(Some(CURRENT.replace(self.clone())))
    }

    /// An error where the work is to end.
    pub fn check(&self) -> PolarsResult<()> {
        let mark = if self.cancel.is_cancelled() {
            STOPPED_MARK
        } else if self.until.is_some_and(|until| Instant::now() >= until) {
            TOO_LATE_MARK
        } else {
            return Ok(());
        };
        Err(PolarsError::ComputeError(format!("{mark}{mark}").into()))
    }

    /// An error where so many bytes are more than may be made at once.
    pub fn room_for(&self, bytes: usize) -> PolarsResult<()> {
        let most = self.at_once.min(self.each_time);
        if bytes <= most {
            return Ok(());
        }
        let most = size_text(most as u64);
        Err(PolarsError::ComputeError(format!("{TOO_MUCH_MARK}{most}{TOO_MUCH_MARK}").into()))
    }

    /// So many more bytes are made; an error where they are more than may be made.
    pub fn take(&self, bytes: usize) -> PolarsResult<()> {
        let mut gauge = self.gauge();
        gauge.add(bytes)?;
        gauge.finish()
    }

    /// A text became null because it would have been too long.
    pub fn lose(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// The error where one text that is joined from others is too long.
    pub fn too_long() -> PolarsError {
        PolarsError::ComputeError(format!("{TOO_LONG_MARK}{TOO_LONG_MARK}").into())
    }

    /// For work that makes little of much.
    pub fn clock(&self) -> Clock<'_> {
        Clock { allowance: self, bytes: 0 }
    }

    /// Counts what one calculation makes.
    pub fn gauge(&self) -> Gauge<'_> {
        Gauge { allowance: self, bytes: 0, values: 0, all: 0 }
    }
}

/// What a calculation has read since the last look at the clock.
pub(crate) struct Clock<'a> {
    allowance: &'a Allowance,
    bytes: usize,
}

impl Clock<'_> {
    /// So many bytes more are read. An error ends the calculation.
    pub fn pass(&mut self, bytes: usize) -> PolarsResult<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes < LOOK_BYTES {
            return Ok(());
        }
        self.bytes = 0;
        self.allowance.check()
    }
}

/// What a calculation has made since the last look at the clock.
pub(crate) struct Gauge<'a> {
    allowance: &'a Allowance,
    bytes: usize,
    values: usize,
    /// Bytes before that.
    all: usize,
}

impl Gauge<'_> {
    /// One more value. An error ends the calculation.
    pub fn add(&mut self, bytes: usize) -> PolarsResult<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.values += 1;
        if self.values < LOOK && self.bytes < LOOK_BYTES {
            return Ok(());
        }
        self.allowance.check()?;
        self.look()
    }

    pub fn add_value(&mut self, value: &Value) -> PolarsResult<()> {
        self.add(weight(value))
    }

    /// All values are there.
    pub fn finish(mut self) -> PolarsResult<()> {
        self.look()
    }

    fn look(&mut self) -> PolarsResult<()> {
        let before = self.allowance.made.fetch_add(self.bytes, Ordering::Relaxed);
        let made = before.saturating_add(self.bytes);
        self.all = self.all.saturating_add(self.bytes);
        (self.bytes, self.values) = (0, 0);
        if self.allowance.each_time < usize::MAX {
            return self.allowance.room_for(self.all);
        }
        self.allowance.room_for(made)
    }
}

/// Bytes of a value in memory, about.
pub(crate) fn weight(value: &Value) -> usize {
    let own = size_of::<Value>();
    match value {
        Value::String(text) => own + text.len(),
        Value::List(items) => own + items.iter().map(weight).sum::<usize>(),
        Value::Record(fields) => own + fields.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>(),
        Value::Null
        | Value::Boolean(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Timestamp(_)
        | Value::Date(_)
        | Value::Duration(_) => own,
    }
}

/// Why work ended, where it met its allowance.
pub(crate) fn met(error: &str) -> Option<Diagnostic> {
    if let Some(most) = error.split(TOO_MUCH_MARK).nth(1) {
        return Some(too_much(most));
    }
    if error.contains(TOO_LATE_MARK) {
        return Some(too_late());
    }
    if error.contains(TOO_LONG_MARK) {
        let most = size_text(MOST_JOINED as u64);
        let message = format!("a text that the step joins from others would take more than {most}");
        return Some(Diagnostic::error(TOO_LONG, message).help("join shorter texts, with `left` or `substring`"));
    }
    if error.contains(STOPPED_MARK) {
        return Cancel::stopped().check().err();
    }
    None
}

pub(crate) fn too_much(most: &str) -> Diagnostic {
    Diagnostic::error(TOO_MUCH, format!("the values that the step makes take more than {most} at once"))
        .help("let its expressions make fewer or shorter values (`repeat`, `replace`, `||`, `concat`, `split`), join on more keys, or give a run more with --memory")
}

pub(crate) fn too_late() -> Diagnostic {
    Diagnostic::hint(TOO_LATE, "the preview's time is up before this step has a row")
        .help("look at a step before it, let the steps before it keep fewer rows, or run the flow")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_counted_and_the_end_of_the_work_is_heard_of() {
        let allowance = Allowance { at_once: 1000, ..Allowance::unlimited() };
        let mut gauge = allowance.gauge();
        gauge.add(1000).unwrap();
        gauge.finish().unwrap();
        let mut gauge = allowance.gauge();
        gauge.add(1).unwrap();
        let error = gauge.finish().unwrap_err();
        assert_eq!(met(&error.to_string()).unwrap().code, TOO_MUCH);
        let again = Allowance::again_and_again(&Cancel::new(), 1000);
        for bytes in [1000, 1000, 1001] {
            assert_eq!(again.take(bytes).is_ok(), bytes <= 1000);
        }
        let other = allowance.fresh();
        let mut gauge = other.gauge();
        let made = (0..10_000).take_while(|_| gauge.add(100).is_ok()).count();
        assert!(made < LOOK, "{made}");
        let late = Allowance { until: Some(Instant::now()), ..Allowance::unlimited() };
        assert_eq!(met(&late.check().unwrap_err().to_string()).unwrap().code, TOO_LATE);
        let stopped = Allowance { cancel: Cancel::stopped(), ..Allowance::unlimited() };
        assert_eq!(met(&stopped.check().unwrap_err().to_string()).unwrap().code, "PW0999");
        let _entered = allowance.enter();
        {
            let _inner = late.enter();
            assert!(Allowance::current().until.is_some());
        }
        assert_eq!(Allowance::current().at_once, 1000);
    }
}
