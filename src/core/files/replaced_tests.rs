//! Tests of what takes the place of something: whose it is then, and what a killed process leaves of it.

use std::fs;

use super::folder::FolderUpdate;
use super::publication::Publication;
use super::recovery::recover;

#[cfg(unix)]
#[test]
fn what_is_replaced_stays_whose_it_was() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = || {
        let mut publication = Publication::default();
        fs::write(publication.output(&at("a")).unwrap(), "rows").unwrap();
        let parts = publication.folder(&at("parts")).unwrap();
        fs::create_dir_all(parts.join("day=1")).unwrap();
        fs::write(parts.join("day=1/part-0.csv"), "rows").unwrap();
        publication.publish().unwrap();
    };
    write();
    let all = ["a", "parts", "parts/day=1", "parts/day=1/part-0.csv"];
    for name in all {
        if chown(at(name), Some(65534), Some(65534)).is_err() {
            eprintln!("skipped: only the administrator gives files away");
            return;
        }
    }
    fs::set_permissions(at("a"), fs::Permissions::from_mode(0o640)).unwrap();
    write();
    for name in all {
        let about = at(name).metadata().unwrap();
        assert_eq!((about.uid(), about.gid()), (65534, 65534), "{name}");
    }
    assert_eq!(at("a").metadata().unwrap().permissions().mode() & 0o777, 0o640);
}

/// Files that are the same in both versions do not keep the others from being finished.
#[test]
fn a_verb_that_was_killed_at_any_moment_is_finished_or_undone() {
    for steps in 1..9 {
        let folder = tempfile::tempdir().unwrap();
        let write = |content: &str| {
            let mut update = FolderUpdate::new(folder.path(), "export");
            for (name, text) in [("a", content), ("b", "same"), ("c", content), ("receipt/d", "same"), ("e", content)] {
                update.write(name, text.as_bytes(), false).unwrap();
            }
            update
        };
        write("old").publish(false).unwrap();
        write("new").die_after(steps);
        recover(folder.path()).unwrap();
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let all = ["a", "c", "e"].map(text);
        assert!(all.iter().all(|text| *text == all[0]), "{steps}: {all:?}");
        assert_eq!((text("b"), text("receipt/d")), ("same".into(), "same".into()));
        write("newest").publish(false).unwrap();
        assert_eq!(text("c"), "newest", "{steps}");
    }
}
