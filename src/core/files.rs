//! The file system as a place that belongs to the user: what is written comes whole or not at all and by one
//! process at a time, nothing that Pipewright did not write goes, and a stranger's project reads only what it may. Must not import anything of this
//! crate but `diagnostic`.

mod aside;
mod attributes;
mod device;
mod entry;
mod folder;
mod inside;
mod lock;
mod made;
mod marker;
mod names;
mod publication;
mod reach;
mod recovery;
mod regular;
mod report;
mod save;
mod seal;
mod stand_in;
mod turn;
mod unended;

pub use aside::{PrivateFolder, abandon_all};
pub use folder::FolderUpdate;
pub use inside::{check_file_name, inside, is_hidden, real, without_links};
pub use lock::{Holder, Lock, Locked, Place, hold, is_at_place, is_same_file, is_same_place, place_of};
pub use marker::{MARKER, is_foreign, is_receipt, is_result};
pub use names::{CHECKPOINT, OPEN_ROWS, TURN, is_record, make_folder, slashes};
pub use publication::{Publication, there_is_one};
pub use reach::{
    OUT_OF_REACH, allow_place, allow_variable, check_reach, is_remembered, is_trusted, leads_out, may_read,
    may_read_real, out_of_reach, remember, settings_folder, trust, variable,
};
pub use recovery::Kept;
pub use regular::{open_file, read_file, read_text};
pub use report::check_report_place;
pub use save::{followed, is_write_protected, save, save_beside};

#[cfg(test)]
mod hidden_tests;
#[cfg(test)]
mod replaced_tests;
#[cfg(test)]
mod tests;
