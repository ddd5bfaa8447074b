//! Hostile names, paths, folders and projects: nothing of the user's is deleted, run, read or written outside.

mod places;
mod reach;
mod signals;
