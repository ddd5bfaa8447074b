//! Dates that are numbers alone: `31/12/2025`, `12/31/2025 1:05 PM`, `3.4.2026`. Which of the first two numbers is the day
//! is told by the source that is being read; where it tells nothing, such a text is no date. Known to the thread that
//! reads, as its zone is. Must not import other rooms.

use std::cell::Cell;

/// Which number is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayOrder {
    DayFirst,
    MonthFirst,
}

thread_local! {
    static ORDER: Cell<Option<DayOrder>> = const { Cell::new(None) };
}

/// Holds an order for the thread until it is dropped.
pub struct Held(Option<DayOrder>);

/// Dates that are numbers alone are written so from now on; `None`: such a text is no date.
#[must_use]
pub fn dates_are(order: Option<DayOrder>) -> Held {
    Held(ORDER.replace(order))
}

impl Drop for Held {
    fn drop(&mut self) {
        ORDER.set(self.0);
    }
}

/// The order that the thread reads by.
pub fn known() -> Option<DayOrder> {
    ORDER.get()
}
