//! Work that may panic: a panic becomes a diagnostic, or nothing at all. Must not import anything of the engine.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use pipewright_core::diagnostic::Diagnostic;

/// How many threads are at work on what may panic for reasons that are told otherwise.
static SILENT: AtomicUsize = AtomicUsize::new(0);

/// Runs `work`; `None` where it panicked, which prints nothing.
pub(crate) fn silently<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |about| {
            if SILENT.load(Ordering::Relaxed) == 0 {
                usual(about);
            }
        }));
    });
    SILENT.fetch_add(1, Ordering::Relaxed);
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok();
    SILENT.fetch_sub(1, Ordering::Relaxed);
    done
}

/// Runs `work`; a panic in it becomes a diagnostic.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Diagnostic>) -> Result<T, Diagnostic> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Diagnostic::error("PW0998", "an internal fault stopped the work on these rows")
            .help("this is a fault of the program: please report it with the file's first lines"))
    })
}
