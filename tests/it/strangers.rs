//! Hostile names, paths, folders and projects: nothing of the user's is deleted, run, read or written outside.

mod bundles;
mod disks;
mod lines;
#[cfg(feature = "gui")]
mod masked;
mod names;
mod places;
mod reach;
mod signals;
mod terminal;
