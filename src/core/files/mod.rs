//! How files of the user's are written and held: whole or not at all, by one process at a time. Must not import anything
//! of this crate but `diagnostic`.

mod lock;
mod save;

pub use lock::{Holder, Lock, Locked, hold, is_same_file};
pub use save::{followed, save, save_beside};
