//! What was made from a constant text last, kept per thread: evaluation meets the same pattern or format
//! row after row. Must not import any room.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// The text used last and what it gave; `None` inside: nothing can be made of it.
pub(super) type Cached<T> = RefCell<Option<(String, Option<Rc<T>>)>>;

/// What `make` makes of the text, made anew only when the text changes.
pub(super) fn cached<T>(
    kept: &'static LocalKey<Cached<T>>,
    text: &str,
    make: impl FnOnce(&str) -> Option<T>,
) -> Option<Rc<T>> {
    let found = kept.with_borrow(|kept| kept.as_ref().filter(|(key, _)| key == text).map(|(_, made)| made.clone()));
    found.unwrap_or_else(|| {
        let made = make(text).map(Rc::new);
        kept.replace(Some((text.to_owned(), made.clone())));
        made
    })
}
