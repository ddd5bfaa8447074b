//! A wish to stop. Must not import anything of the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipewright_core::diagnostic::Diagnostic;

/// A wish to stop, shared between threads.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn new() -> Self {
        Self::default()
    }

    /// A wish that was made already.
    pub(crate) fn stopped() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error where the wish was made.
    pub fn check(&self) -> Result<(), Diagnostic> {
        if self.is_cancelled() { Err(Diagnostic::error("PW0999", "stopped on request")) } else { Ok(()) }
    }
}
