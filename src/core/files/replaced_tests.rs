//! Tests of what takes the place of something: whose it is then, and what a killed process leaves of it.

use std::fs;
use std::path::Path;

use super::CHECKPOINT;
use super::folder::FolderUpdate;
use super::marker::{MARKER, digest_of};
use super::publication::Publication;
use super::recovery::recover;
use crate::diagnostic::Diagnostic;

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

/// Lists of who may use a file, as the system keeps them: version 2, then kind, rights and number of each that is listed.
#[cfg(target_os = "linux")]
fn list_with(user: u32, rights: u16) -> Vec<u8> {
    const NOBODY: u32 = u32::MAX;
    let entries =
        [(0x01, 6, NOBODY), (0x02, rights, user), (0x04, 0, NOBODY), (0x10, rights, NOBODY), (0x20, 0, NOBODY)];
    let entries = entries.into_iter().flat_map(|(kind, rights, number): (u16, u16, u32)| {
        [kind.to_le_bytes().to_vec(), rights.to_le_bytes().to_vec(), number.to_le_bytes().to_vec()].concat()
    });
    2u32.to_le_bytes().into_iter().chain(entries).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_replaced_gives_on_who_may_use_it_and_what_users_noted() {
    use super::save::save;
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    const ACCESS: &str = "system.posix_acl_access";
    const DEFAULT: &str = "system.posix_acl_default";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let set =
        |name: &str, attribute: &str, value: &[u8]| setxattr(at(name), attribute, value, XattrFlags::empty()).is_ok();
    let get = |name: &str, attribute: &str| {
        let mut buffer = vec![0; 1024];
        getxattr(at(name), attribute, &mut buffer[..]).ok().map(|length| buffer[..length].to_vec())
    };
    let write = || {
        let mut publication = Publication::default();
        for name in ["open", "closed", "report"] {
            let place =
                if name == "report" { publication.file(&at(name)) } else { publication.output(&at(name)) }.unwrap();
            fs::write(place, "rows").unwrap();
        }
        let parts = publication.folder(&at("parts")).unwrap();
        fs::create_dir_all(parts.join("day=1")).unwrap();
        fs::write(parts.join("day=1/part-0.csv"), "rows").unwrap();
        publication.publish().unwrap();
        save(&at("project"), b"{}").unwrap();
    };
    write();
    let files = ["open", "report", "parts/day=1/part-0.csv", "project"];
    if !files.iter().all(|name| set(name, ACCESS, &list_with(65534, 4)) && set(name, "user.note", name.as_bytes())) {
        eprintln!("skipped: this disk keeps no lists of who may use a file");
        return;
    }
    // What files of these folders get, some of their files have not.
    assert!(set("parts", DEFAULT, &list_with(12345, 6)) && set("", DEFAULT, &list_with(12345, 6)));
    write();
    for name in files {
        assert_eq!(get(name, ACCESS), Some(list_with(65534, 4)), "{name}");
        assert_eq!(get(name, "user.note").as_deref(), Some(name.as_bytes()), "{name}");
    }
    assert_eq!((get("closed", ACCESS), get("parts", ACCESS)), (None, None));
    assert_eq!(get("parts", DEFAULT), Some(list_with(12345, 6)));
}

/// Somebody replaces an output again and again while it is put in place: of what they put there nothing is lost.
#[cfg(target_os = "linux")]
#[test]
fn what_comes_in_the_last_instant_is_kept() {
    use super::names::exchange;
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("rows"), "mine-0").unwrap();
    let is_over = AtomicBool::new(false);
    let mine = |text: String| text.starts_with("mine").then_some(text);
    let (written, mut found) = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let (mut written, mut back) = (vec!["mine-0".to_owned()], Vec::new());
            for number in 1.. {
                let text = format!("mine-{number}");
                fs::write(at("own"), &text).unwrap();
                // What it takes away itself is not lost.
                if exchange(&at("own"), &at("rows")).is_ok_and(|done| done) {
                    written.push(text);
                    back.extend(mine(fs::read_to_string(at("own")).unwrap()));
                }
                if is_over.load(Ordering::SeqCst) {
                    break;
                }
            }
            (written, back)
        });
        for _ in 0..40 {
            let mut publication = Publication::default();
            fs::write(publication.output(&at("rows")).unwrap(), "rows").unwrap();
            publication.publish().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
        other.join().unwrap()
    });
    let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let kept = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("rows"));
    found.extend(kept.filter_map(|entry| mine(fs::read_to_string(entry.path()).unwrap())));
    let lost: Vec<_> = written.iter().filter(|text| !found.contains(text)).collect();
    assert!(lost.is_empty(), "{} of {}: {lost:?}", lost.len(), written.len());
}

/// A process that is killed just after it exchanged a result with what stood there leaves what the next one finishes.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_after_an_exchange_loses_neither() {
    use super::names::exchange;
    for name in ["old", "a", "mine"] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let stage = |text: &str| {
            let mut publication = Publication::default();
            let aside = publication.output(&at("a")).unwrap();
            fs::write(&aside, text).unwrap();
            (publication, aside)
        };
        if name != "a" {
            stage("old").0.publish().unwrap();
        }
        let (publication, aside) = stage("new");
        publication.die_after(1);
        if name != "old" {
            fs::write(at("mine"), "mine").unwrap();
            fs::rename(at("mine"), at("a")).unwrap();
        }
        assert!(exchange(&aside, &at("a")).unwrap());
        recover(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(at("a")).unwrap(), "new", "{name}");
        let kept = fs::read_to_string(at("a.before")).ok();
        assert_eq!(kept.as_deref(), (name != "old").then_some("mine"), "{name}");
    }
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

/// Without its record the next run would not know what the outputs are of.
#[test]
fn what_was_read_is_put_in_place_with_its_outputs_after_a_kill() {
    for steps in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |of: &str| {
            let mut publication = Publication::default();
            for name in ["a.jsonl", "b.jsonl"] {
                fs::write(publication.output(&at(name)).unwrap(), of).unwrap();
            }
            let record = format!("{{\"pipewright_checkpoint\": 1, \"of\": \"{of}\"}}");
            fs::write(publication.checkpoint(folder.path()).unwrap(), record).unwrap();
            publication
        };
        write("old").publish().unwrap();
        write("new").die_after(steps);
        let kept = recover(folder.path()).unwrap_or_else(|fault| panic!("after {steps}: {fault}"));
        assert!(kept.is_empty(), "after {steps}: {kept:?}");
        let of = |name: &str| fs::read_to_string(at(name)).unwrap().contains("new");
        let all = ["a.jsonl", "b.jsonl", CHECKPOINT].map(of);
        assert_eq!(all, [true; 3], "after {steps}");
    }
}

#[test]
fn a_report_of_a_killed_run_takes_the_place_of_the_one_before() {
    for steps in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("r.json");
        let staged = |about: &str| {
            let mut publication = Publication::default();
            let report = format!(r#"{{"steps":[],"quarantined_share":0.0,"about":"{about}"}}"#);
            fs::write(publication.report(&place).unwrap(), report).unwrap();
            publication
        };
        staged("old").publish().unwrap();
        staged("new").die_after(steps);
        assert!(recover(folder.path()).unwrap().is_empty(), "after {steps}");
        assert!(fs::read_to_string(&place).unwrap().contains("new"), "after {steps}");
        assert_eq!(all_below(folder.path()), ["r.json"], "after {steps}");
    }
}

/// What is compared with sources by its path would be another place once it is made.
#[test]
fn no_path_leads_back_out_of_a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("mine.csv"), "mine").unwrap();
    fs::create_dir(at("there")).unwrap();
    let mut publication = Publication::default();
    for place in ["aside/../mine.csv", "aside/deep/../../mine.csv", "there/aside/../../mine.csv"] {
        assert_eq!(publication.file(&at(place)).unwrap_err().code, "PW0953", "{place}");
        assert_eq!(publication.output(&at(place)).unwrap_err().code, "PW0953", "{place}");
    }
    assert!(!at("aside").exists() && !at("there/aside").exists());
    publication.output(&at("made/a.csv")).unwrap();
    assert_eq!(publication.file(&at("made/../mine.csv")).unwrap_err().code, "PW0953");
    assert!(publication.file(&at("there/../other.csv")).is_ok());
}

/// All files and folders below a folder, by path, sorted.
fn all_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<String> = entries
        .flat_map(
            |path| if path.is_dir() { [all_below(&path), vec![shown(&path)]].concat() } else { vec![shown(&path)] },
        )
        .collect();
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// What a process leaves that is killed now: the same names, and nobody holds a lock.
fn as_killed(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

/// Writes a file, and loads into these places.
fn loading(folder: &Path, places: &[&str]) -> (Vec<Diagnostic>, Publication) {
    let mut publication = Publication::default();
    fs::write(publication.output(&folder.join("a.csv")).unwrap(), "rows").unwrap();
    (publication.loads(folder, named(places)), publication)
}

fn named(places: &[&str]) -> Vec<String> {
    places.iter().map(|place| place.to_string()).collect()
}

#[test]
fn loads_of_a_killed_run_are_told_until_the_same_places_are_loaded_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut killed = None;
    let (told, publication) = loading(folder.path(), &["`t` of “One”", "`u` of “One”"]);
    assert_eq!(told, []);
    let during = || {
        killed = Some(as_killed(folder.path()));
        // Who looks meanwhile sees by the lock that they are under way.
        assert!(super::unended::unended_in(folder.path()).is_empty());
        Ok(())
    };
    publication.publish_then(None, during).unwrap();
    assert_eq!(all_below(folder.path()), [".pipewright.json", "a.csv"]);
    let killed = killed.unwrap();
    for (places, is_last) in [(&["`t` of “One”"][..], false), (&["`u` of “One”", "`t` of “One”"][..], true)]
    {
        let (told, publication) = loading(killed.path(), places);
        let [told] = &told[..] else { panic!("{told:?}") };
        assert_eq!(told.code, "PW1140");
        assert!(told.message.contains("the rows of `t` of “One”, `u` of “One” may not all be"), "{told}");
        assert_eq!(told.help.as_ref().unwrap().contains("then remove"), !is_last, "{told}");
        // A run that stops before its end has mended nothing.
        drop(publication);
        loading(killed.path(), places).1.publish_then(None, || Err(told.clone())).unwrap_err();
        assert_eq!(loading(killed.path(), places).0.len(), 1);
        loading(killed.path(), places).1.publish().unwrap();
    }
    assert!(all_below(killed.path()).iter().all(|name| !name.starts_with(".pipewright-")));
}

/// Of two databases the one has its rows, the other not: without a file beside them nothing else would tell.
#[test]
fn several_loads_alone_are_told_where_a_run_is_killed_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let load = |places: &[&str]| {
        let mut publication = Publication::default();
        (publication.loads(&out, named(places)), publication)
    };
    let places = ["`t` of “One”", "`u` of “Two”"];
    let mut killed = None;
    let during = || {
        killed = Some(as_killed(&out));
        Ok(())
    };
    load(&places).1.publish_then(None, during).unwrap();
    assert!(!out.exists(), "nothing is left of a run that ended");
    fs::rename(killed.unwrap().keep(), &out).unwrap();
    let (told, publication) = load(&places);
    assert_eq!(told.iter().map(|told| &*told.code).collect::<Vec<_>>(), ["PW1140"]);
    publication.publish().unwrap();
    assert_eq!(load(&places).0, []);
    fs::remove_dir(&out).unwrap();
    // One load alone is there or not, as its database says; and no folder is needed for any.
    load(&places[..1]).1.publish().unwrap();
    assert!(!out.exists());
    fs::write(&out, "a file").unwrap();
    load(&places).1.publish().unwrap();
}

#[test]
fn loads_of_a_run_that_was_killed_while_its_files_came_into_place_are_told_too() {
    for steps in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        loading(folder.path(), &["`t` of “One”"]).1.die_after(steps);
        let (told, publication) = loading(folder.path(), &["`t` of “One”"]);
        assert_eq!(told.iter().map(|told| &*told.code).collect::<Vec<_>>(), ["PW1140"], "{steps}");
        assert_eq!(fs::read_to_string(folder.path().join("a.csv")).unwrap(), "rows");
        publication.publish().unwrap();
        assert_eq!(loading(folder.path(), &[]).0, [], "{steps}");
    }
}

#[test]
fn what_a_stranger_writes_of_loads_is_plain_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join(".pipewright-0123456789abcdef.loads");
    for text in ["", "{", "[]", "{\"loads\": []}", "{\"loads\": [\"\\u001b[31m\"]}"] {
        fs::write(&record, text).unwrap();
        assert_eq!(loading(folder.path(), &[]).0, [], "{text}");
    }
}

#[test]
fn folders_that_nobody_needs_any_more_go() {
    for steps in 0..=4 {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str| {
            let mut update = FolderUpdate::new(root, "export");
            update.scratch().unwrap();
            update.write(name, b"text", false).unwrap();
            update
        };
        write("deep/deeper/a").die_after(steps);
        fs::create_dir(root.join("mine")).unwrap();
        write("b").publish(false).unwrap();
        assert_eq!(all_below(root), [".pipewright.json", "b", "mine"], "{steps}");
    }
}

#[test]
fn a_stranger_lets_no_folder_go_outside_of_his_own() {
    let folder = tempfile::tempdir().unwrap();
    let (root, other) = (folder.path().join("root"), folder.path().join("other"));
    for name in ["root/own/x", "root/full", "other/empty"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    fs::write(root.join("full/mine"), "mine").unwrap();
    let lines = [serde_json::json!("own"), "own/x".into(), "full".into(), "../other/empty".into()];
    let outside = serde_json::json!(other.join("empty"));
    let list = lines.iter().chain([&outside]).map(|line| format!("{line}\n")).collect::<String>();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&other, root.join("link")).unwrap();
    fs::write(root.join(".pipewright-0123456789abcdef.made"), list + "\"link/empty\"\n\"cut o").unwrap();
    recover(&root).unwrap();
    assert!(other.join("empty").exists() && root.join("full/mine").exists());
    assert!(!root.join("own").exists());
}

#[test]
fn a_list_that_came_with_a_folder_takes_nothing_out_of_hidden_places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at(".git")).unwrap();
    let files = [".git/HEAD", "old.sql"].map(|name| {
        fs::write(at(name), "ref: refs/heads/main\n").unwrap();
        format!("\"{name}\": {{\"by\": \"export\", \"sha256\": \"{}\"}}", digest_of(&at(name)).unwrap())
    });
    fs::write(at(MARKER), format!("{{\"pipewright_files\": 1, \"files\": {{{}}}}}", files.join(","))).unwrap();
    let mut update = FolderUpdate::new(folder.path(), "export");
    update.write("new.sql", b"x", false).unwrap();
    update.publish(false).unwrap();
    assert!(at(".git/HEAD").exists() && at("new.sql").exists() && !at("old.sql").exists());
}
