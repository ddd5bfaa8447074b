//! What a file or folder carries beside its content: owner, rights, the list of who else may use it (ACL) and what users
//! noted on it. What takes its place carries the same. Must not import anything of this crate.

use std::fs;
use std::io;
use std::path::Path;

/// Gives a file its rights, where it has others: some disks refuse to be asked.
pub(super) fn set_permissions(path: &Path, wanted: fs::Permissions) -> io::Result<()> {
    #[cfg(unix)]
    let rights = |permissions: &fs::Permissions| std::os::unix::fs::PermissionsExt::mode(permissions) & 0o7777;
    #[cfg(not(unix))]
    let rights = |permissions: &fs::Permissions| permissions.readonly();
    match rights(&fs::metadata(path)?.permissions()) == rights(&wanted) {
        true => Ok(()),
        false => fs::set_permissions(path, wanted),
    }
}

/// Of rights those that are `kept`.
#[cfg_attr(not(unix), allow(unused_mut, unused_variables))]
pub(super) fn masked(mut permissions: fs::Permissions, kept: u32) -> fs::Permissions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        permissions.set_mode(permissions.mode() & kept);
    }
    permissions
}

/// Gives a new file or folder what the one carries whose place it takes, of the rights those that are `kept`. As far as
/// the system lets it: where the group or the list of who may use it cannot be given on, only the owner and everybody
/// keep their rights, since those of the group would be for others.
pub(super) fn take_after(path: &Path, before: &Path, kept: u32) -> io::Result<()> {
    let wanted = masked(before.metadata()?.permissions(), kept);
    #[cfg(unix)]
    let wanted = {
        use std::os::unix::fs::PermissionsExt;
        let is_same_group = take_owner(path, before)?;
        let is_same_list = take_attributes(path, before);
        let mode = wanted.mode();
        fs::Permissions::from_mode(if is_same_group && is_same_list { mode } else { mode & !0o070 })
    };
    // After the list, whose utmost rights are those that the mode has for the group.
    set_permissions(path, wanted)
}

/// Gives on owner and group; whether the group is the same then.
#[cfg(unix)]
fn take_owner(path: &Path, before: &Path) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (file, like) = (fs::File::open(path)?, before.metadata()?);
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (like.uid(), like.gid()) {
        // Only the administrator may give files away; the group may still be one of one's own.
        let _ = fchown(&file, Some(like.uid()), Some(like.gid())).or_else(|_| fchown(&file, None, Some(like.gid())));
    }
    Ok(file.metadata()?.gid() == like.gid())
}

/// Gives on what users noted, and the lists of who may use it; whether the lists are the same then. What the system and
/// its guards note (`security.*`, `trusted.*`) is theirs to give.
#[cfg(target_os = "linux")]
fn take_attributes(path: &Path, before: &Path) -> bool {
    use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};
    /// Who may use a file; what files of a folder get of it.
    const LISTS: [&str; 2] = ["system.posix_acl_access", "system.posix_acl_default"];
    /// Bytes that the names of all attributes, and the value of one, have at most on Linux.
    const LARGEST: usize = 1 << 16;
    let mut buffer = vec![0; LARGEST];
    let value = |path: &Path, name: &str| {
        let mut buffer = vec![0; LARGEST];
        getxattr(path, name, &mut buffer[..]).ok().map(|length| buffer[..length].to_vec())
    };
    let names = listxattr(before, &mut buffer[..]).map(|length| &buffer[..length]).unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name).ok());
    for name in names.filter(|name| name.starts_with("user.")) {
        if let Some(value) = value(before, name) {
            let _ = setxattr(path, name, &value, XattrFlags::empty());
        }
    }
    LISTS.into_iter().all(|name| match (value(before, name), value(path, name)) {
        (wanted, found) if wanted == found => true,
        (Some(wanted), _) => setxattr(path, name, &wanted, XattrFlags::empty()).is_ok(),
        // The folder gives its new files one that this file had not.
        (None, _) => removexattr(path, name).is_ok(),
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn take_attributes(_: &Path, _: &Path) -> bool {
    true
}
