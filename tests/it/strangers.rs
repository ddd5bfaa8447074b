//! Projects of strangers, and hostile names: nothing of the user's is deleted, nothing is run, read or written outside.

#[cfg(feature = "gui")]
mod masked;
mod names;
