//! Publications as a user meets them: old or new, nothing of the user's gone, whatever happens in between.

use std::fs;
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::recovery::recover;
use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(super) fn text(path: PathBuf) -> String {
    fs::read_to_string(path).unwrap()
}

/// Two files, a folder and a file that the user named, all written aside.
fn staged(folder: &Path, content: &str) -> Publication {
    let mut publication = Publication::default();
    for name in ["a.csv", "sub/b.csv"] {
        fs::write(publication.output(&folder.join(name)).unwrap(), content).unwrap();
    }
    let parts = publication.folder(&folder.join("parts")).unwrap();
    fs::create_dir_all(parts.join("day=1")).unwrap();
    fs::write(parts.join("day=1/part-0.csv"), content).unwrap();
    fs::write(publication.file(&folder.join("report.json")).unwrap(), content).unwrap();
    publication
}

fn all(folder: &Path) -> [String; 4] {
    ["a.csv", "sub/b.csv", "parts/day=1/part-0.csv", "report.json"].map(|name| text(folder.join(name)))
}

const NAMES: [&str; 5] = [".pipewright.json", "a.csv", "parts", "report.json", "sub"];

#[test]
fn outputs_appear_together_and_again() {
    let folder = tempfile::tempdir().unwrap();
    for content in ["old", "new"] {
        let publication = staged(folder.path(), content);
        assert_eq!(publication.publish().unwrap(), []);
        assert_eq!(all(folder.path()), [content; 4]);
        assert_eq!(names(folder.path()), NAMES);
    }
}

#[test]
fn what_is_not_published_leaves_nothing_not_even_folders() {
    let folder = tempfile::tempdir().unwrap();
    drop(staged(&folder.path().join("out"), "half"));
    assert_eq!(names(folder.path()), [""; 0]);
    // What is not to be written after all is not put in place.
    let mut publication = Publication::default();
    let aside = publication.file(&folder.path().join("quarantine.jsonl")).unwrap();
    publication.leave_out(&aside);
    publication.publish().unwrap();
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn what_others_take_away_before_it_is_in_place_is_told_and_nothing_is_mixed() {
    let folder = tempfile::tempdir().unwrap();
    staged(folder.path(), "old").publish().unwrap();
    for taken in ["a file", "a folder", "all"] {
        let publication = staged(folder.path(), "new");
        let stage = names(folder.path()).into_iter().find(|name| name.starts_with(".pipewright-")).unwrap();
        let stage = folder.path().join(stage.trim_end_matches(".lock"));
        let is_taken = |entry: &fs::DirEntry| taken == "all" || entry.path().is_dir() == (taken == "a folder");
        for entry in fs::read_dir(stage).unwrap().flatten().filter(is_taken) {
            super::names::remove(&entry.path()).unwrap();
        }
        assert_eq!(publication.publish().unwrap_err().code, "PW0746", "{taken}");
        assert_eq!(all(folder.path()), ["old"; 4], "{taken}");
        assert_eq!(names(folder.path()), NAMES, "{taken}");
    }
}

#[test]
fn what_a_user_puts_in_the_place_of_a_folder_or_of_a_marker_at_the_last_moment_is_kept() {
    for before in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        if before {
            staged(folder.path(), "old").publish().unwrap();
        }
        let kept = staged(folder.path(), "new").publish_while(|| {
            for name in ["parts", MARKER] {
                super::names::remove(&at(name)).unwrap();
                fs::write(at(name), "mine").unwrap();
            }
        });
        assert_eq!(kept.unwrap().len(), 2, "{before}");
        assert_eq!(all(folder.path()), ["new"; 4], "{before}");
        for name in ["parts", MARKER] {
            assert_eq!(text(at(&format!("{name}.before"))), "mine", "{before} {name}");
        }
    }
}

#[test]
fn of_folders_that_several_make_at_once_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let root = folder.path().join(round.to_string());
        let make = |number: usize| {
            let mut update = FolderUpdate::new(&root, "export");
            let text = number.to_string();
            for name in ["run.sh", "receipt/a", "receipt/b/c", &format!("own-{number}")] {
                update.write(name, text.as_bytes(), false).unwrap();
            }
            update.publish(false).unwrap();
        };
        std::thread::scope(|scope| (0..4).for_each(|number| drop(scope.spawn(move || make(number)))));
        let last = text(root.join("run.sh"));
        assert_eq!(names(&root), [MARKER, &format!("own-{last}"), "receipt", "run.sh"], "{round}");
        assert_eq!(names(&root.join("receipt")), ["a", "b"], "{round}");
        assert_eq!([text(root.join("receipt/a")), text(root.join("receipt/b/c"))], [last.clone(), last], "{round}");
    }
}

#[cfg(unix)]
#[test]
fn nothing_that_is_put_in_place_is_run_as_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o7777;
    fs::write(at("a"), "mine").unwrap();
    fs::set_permissions(at("a"), fs::Permissions::from_mode(0o4755)).unwrap();
    let mut publication = Publication::default();
    fs::write(publication.output(&at("a")).unwrap(), "rows").unwrap();
    let aside = publication.output(&at("b")).unwrap();
    assert_eq!(mode(aside.parent().unwrap().to_owned()) & 0o007, 0, "nobody else looks into what is not in place yet");
    fs::write(&aside, "script").unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o6755)).unwrap();
    publication.publish().unwrap();
    assert_eq!((mode(at("a")), mode(at("b"))), (0o644, 0o755));
}

#[cfg(unix)]
#[test]
fn what_is_closed_inside_of_a_folder_stays_closed() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let write = || {
        let mut publication = Publication::default();
        let parts = publication.folder(&at("parts")).unwrap();
        for part in ["v=0", "v=1"] {
            fs::create_dir_all(parts.join(part)).unwrap();
            fs::write(parts.join(part).join("part-0.csv"), "rows").unwrap();
        }
        publication.publish().unwrap();
    };
    write();
    let close = |name: &str, mode: u32| fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    close("parts/v=0", 0o700);
    close("parts/v=1/part-0.csv", 0o600);
    write();
    let mode = |name: &str| at(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("parts/v=0"), mode("parts/v=1/part-0.csv")), (0o700, 0o600));
    assert_eq!((mode("parts/v=1"), mode("parts/v=0/part-0.csv")), (0o755, 0o644));
}

#[test]
fn a_write_protected_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept.csv");
    fs::write(&kept, "mine").unwrap();
    let mut rights = kept.metadata().unwrap().permissions();
    rights.set_readonly(true);
    fs::set_permissions(&kept, rights).unwrap();
    for stage in [Publication::output, Publication::file] {
        assert_eq!(stage(&mut Publication::default(), &kept).unwrap_err().code, "PW0975");
    }
    assert_eq!(text(kept), "mine");
}

#[test]
fn what_was_not_ours_is_kept_beside_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("a.csv"), "mine").unwrap();
    fs::write(at("a.csv.before"), "mine too").unwrap();
    fs::create_dir_all(at("parts/.git")).unwrap();
    fs::write(at("parts/.git/HEAD"), "mine").unwrap();
    let fault = Publication::default().folder(&at("parts")).unwrap_err();
    assert!(fault.message.contains(".git/HEAD"), "{fault}");
    fs::remove_dir_all(at("parts")).unwrap();
    let publication = staged(folder.path(), "new");
    // It turns up while the run is under way.
    fs::create_dir_all(at("parts/name=important")).unwrap();
    fs::write(at("parts/name=important/x"), "mine").unwrap();
    assert!(publication.publish().unwrap_err().message.contains("name=important/x"));
    assert_eq!((text(at("a.csv")), text(at("parts/name=important/x"))), ("mine".into(), "mine".into()));
    fs::remove_dir_all(at("parts")).unwrap();
    let kept = staged(folder.path(), "new").publish().unwrap();
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(kept, [(root.join("a.csv"), root.join("a.csv.before-2"))]);
    assert_eq!((text(at("a.csv.before-2")), text(at("a.csv.before"))), ("mine".into(), "mine too".into()));
    // By now it is ours.
    assert_eq!(staged(folder.path(), "newer").publish().unwrap(), []);
}

#[test]
fn a_second_target_that_fails_leaves_the_first_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    staged(folder.path(), "old").publish().unwrap();
    let publication = staged(folder.path(), "new");
    // A folder in the place of the last file: its rename fails.
    fs::remove_file(folder.path().join("report.json")).unwrap();
    fs::create_dir(folder.path().join("report.json")).unwrap();
    fs::write(folder.path().join("report.json/x"), "mine").unwrap();
    let fault = publication.publish().unwrap_err();
    assert_eq!(fault.code, "PW0953", "{fault}");
    assert_eq!(all_but_report(folder.path()), ["old"; 3]);
    assert_eq!(text(folder.path().join("report.json/x")), "mine");
    assert_eq!(names(folder.path()), NAMES);
}

fn all_but_report(folder: &Path) -> [String; 3] {
    ["a.csv", "sub/b.csv", "parts/day=1/part-0.csv"].map(|name| text(folder.join(name)))
}

/// Every way in which a kill may leave a publication: `steps` renames were done. The next who writes there finds all
/// new once there is a manifest, and all old before.
#[test]
fn the_next_one_finishes_what_a_killed_one_began() {
    for steps in 0..=8 {
        let folder = tempfile::tempdir().unwrap();
        staged(folder.path(), "old").publish().unwrap();
        let publication = staged(folder.path(), "new");
        publication.die_after(steps);
        recover(&folder.path().join("sub")).unwrap();
        recover(folder.path()).unwrap();
        let expected = if steps == 0 { "old" } else { "new" };
        assert_eq!(all(folder.path()), [expected; 4], "after {steps}");
        // What the user named is in no marker: whoever finishes for another keeps it.
        let kept = folder.path().join("report.json.before");
        if kept.exists() {
            assert_eq!(text(kept.clone()), "old");
            fs::remove_file(kept).unwrap();
        }
        assert_eq!(names(folder.path()), NAMES, "after {steps}");
        assert_eq!(names(&folder.path().join("sub")), [".pipewright.json", "b.csv"], "after {steps}");
    }
}

/// A copy of a folder that is written to, restored later.
#[test]
fn what_is_aside_only_in_part_is_not_put_in_place() {
    let changes: [fn(&Path); 3] = [
        |staged| fs::write(staged, "n").unwrap(),
        |staged| fs::write(staged, "").unwrap(),
        |staged| fs::remove_file(staged).unwrap(),
    ];
    for change in changes {
        let folder = tempfile::tempdir().unwrap();
        staged(folder.path(), "old").publish().unwrap();
        staged(folder.path(), "new").die_after(1);
        let is_stage = |name: &String| name.starts_with(".pipewright-") && name.matches('.').count() == 1;
        let stage = folder.path().join(names(folder.path()).into_iter().find(is_stage).unwrap());
        change(&stage.join("0"));
        let fault = recover(folder.path()).unwrap_err();
        assert!(fault.code == "PW0742" && fault.message.contains("not whole"), "{fault}");
        assert_eq!(all(folder.path()), ["old"; 4]);
        fs::remove_file(fault.location.file.unwrap()).unwrap();
        recover(folder.path()).unwrap();
        assert_eq!(
            (all(folder.path()), names(folder.path())),
            (["old"; 4].map(str::to_owned), NAMES.map(str::to_owned).to_vec())
        );
    }
}

#[cfg(unix)]
#[test]
fn nobody_is_lent_the_rights_to_replace_what_is_anothers() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
    staged(folder.path(), "old").publish().unwrap();
    staged(folder.path(), "new").die_after(1);
    let is_manifest = |name: &String| name.ends_with(".manifest");
    let manifest = folder.path().join(names(folder.path()).into_iter().find(is_manifest).unwrap());
    if chown(&manifest, Some(65534), Some(65534)).is_err() {
        eprintln!("skipped: only the administrator gives files away");
        return;
    }
    recover(folder.path()).unwrap();
    assert_eq!(text(folder.path().join("a.csv")), "old");
}

/// What the user puts in the place of a folder of results, or of the list of files, before the next one finishes.
#[test]
fn what_the_user_puts_there_between_a_kill_and_the_next_one_is_kept() {
    for steps in 1..=8 {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        staged(folder.path(), "old").publish().unwrap();
        staged(folder.path(), "new").die_after(steps);
        for name in ["parts", ".pipewright.json"] {
            let _ = fs::remove_dir_all(at(name)).or_else(|_| fs::remove_file(at(name)));
            fs::write(at(name), "mine").unwrap();
        }
        let kept = recover(folder.path()).unwrap_or_else(|fault| panic!("after {steps}: {fault}"));
        let holds = |path: PathBuf| fs::read(path).is_ok_and(|found| found == b"mine");
        let is_kept = |name: &str| kept.iter().any(|(from, now)| from.ends_with(name) && holds(now.clone()));
        let is_mine = |name: &str| holds(at(name)) || is_kept(name);
        assert!(is_mine("parts") && is_mine(".pipewright.json"), "after {steps}: {kept:?} {:?}", names(folder.path()));
        assert_eq!(text(at("a.csv")), "new", "after {steps}");
        recover(folder.path()).unwrap();
    }
}

#[test]
fn where_a_folder_is_away_the_rest_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    staged(folder.path(), "old").publish().unwrap();
    staged(folder.path(), "new").die_after(2);
    let moved = folder.path().join("elsewhere");
    fs::rename(folder.path().join("sub"), &moved).unwrap();
    let fault = recover(folder.path()).unwrap_err();
    assert_eq!(fault.code, "PW0742", "{fault}");
    assert!(fault.message.contains("sub"), "{fault}");
    fs::rename(&moved, folder.path().join("sub")).unwrap();
    // Of a file that its user named nobody knows any more that it was to be replaced.
    let kept = recover(folder.path()).unwrap();
    assert!(kept.iter().all(|(path, _)| path.ends_with("report.json")), "{kept:?}");
    assert_eq!(all(folder.path()), ["new"; 4]);
}

#[test]
fn what_vanishes_while_it_is_put_in_place_is_a_fault_and_the_rest_stays_old() {
    let folder = tempfile::tempdir().unwrap();
    staged(folder.path(), "old").publish().unwrap();
    let publication = staged(folder.path(), "new");
    let away = folder.path().join("away");
    let fault = publication
        .publish_after(|| {
            fs::rename(folder.path().join("sub"), &away).unwrap();
            fs::create_dir(folder.path().join("sub")).unwrap();
        })
        .unwrap_err();
    assert_eq!(fault.code, "PW0953", "{fault}");
    assert_eq!([text(folder.path().join("a.csv")), text(away.join("b.csv"))], ["old", "old"]);
    assert_eq!(text(folder.path().join("parts/day=1/part-0.csv")), "old");
}

#[test]
fn a_report_takes_the_place_of_another_and_of_nothing_that_came_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("r.json");
    let report = |about: &str| format!(r#"{{"steps":[],"quarantined_share":0.0,"about":"{about}"}}"#);
    let staged = |about: &str| {
        let mut publication = Publication::default();
        let aside = publication.report(&place)?;
        fs::write(aside, report(about)).unwrap();
        Ok::<_, crate::diagnostic::Diagnostic>(publication)
    };
    for about in ["one", "two"] {
        assert!(staged(about).unwrap().publish().unwrap().is_empty());
        assert_eq!(text(place.clone()), report(about));
    }
    let kept = staged("three").unwrap().publish_after(|| fs::write(&place, "mine").unwrap()).unwrap();
    assert_eq!((kept.len(), text(place.clone())), (1, report("three")));
    assert_eq!(text(folder.path().join("r.json.before")), "mine");
    // Others' lists of steps are none.
    fs::write(&place, r#"{"name":"soup","steps":["cut","cook"]}"#).unwrap();
    assert_eq!(staged("four").err().unwrap().code, "PW0973");
}

#[test]
fn what_the_user_puts_there_after_the_last_look_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    staged(folder.path(), "old").publish().unwrap();
    fs::remove_file(at("sub/b.csv")).unwrap();
    let kept = staged(folder.path(), "new")
        .publish_after(|| {
            fs::write(at("a.csv"), "mine").unwrap();
            fs::write(at("sub/b.csv"), "mine too").unwrap();
            fs::write(at("parts/mine.txt"), "mine as well").unwrap();
        })
        .unwrap();
    assert_eq!(all(folder.path()), ["new"; 4]);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(text(at("a.csv.before")), "mine");
    assert_eq!(text(at("sub/b.csv.before")), "mine too");
    assert_eq!(text(at("parts.before/mine.txt")), "mine as well");
}

#[cfg(unix)]
/// As an editor saves: a new file is renamed over the old one, at the last moment.
#[test]
fn what_the_user_renames_there_while_results_are_put_in_place_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    staged(folder.path(), "old").publish().unwrap();
    let kept = staged(folder.path(), "new").publish_while(|| {
        fs::write(at("mine"), "mine").unwrap();
        fs::rename(at("mine"), at("a.csv")).unwrap();
    });
    let kept = kept.unwrap();
    assert_eq!(kept.iter().map(|(_, now)| text(now.clone())).collect::<Vec<_>>(), ["mine"]);
    assert_eq!(all(folder.path()), ["new"; 4]);
    // And a list of files that is not Pipewright's is never replaced.
    let publication = staged(folder.path(), "newer");
    fs::write(at(".pipewright.json"), "mine").unwrap();
    assert_eq!(publication.publish().unwrap_err().code, "PW0748");
    assert_eq!((text(at(".pipewright.json")), text(at("a.csv"))), ("mine".into(), "new".into()));
}

#[test]
fn a_result_is_not_put_over_what_another_verb_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let mut update = FolderUpdate::new(folder.path(), "export");
    update.write("run.sh", b"script", true).unwrap();
    update.write("receipt/run.sh", b"script", true).unwrap();
    update.publish(false).unwrap();
    for name in ["run.sh", "receipt/run.sh"] {
        let mut publication = Publication::default();
        fs::write(publication.output(&folder.path().join(name)).unwrap(), "rows").unwrap();
        let fault = publication.publish().unwrap_err();
        assert!(fault.code == "PW0755" && fault.message.contains("export"), "{fault}");
        assert_eq!(text(folder.path().join(name)), "script");
    }
    assert!(names(folder.path()).iter().all(|name| !name.ends_with(".before")));
}

#[test]
fn what_nobody_may_write_to_is_tidied_up_too() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    staged(folder.path(), "old").publish().unwrap();
    let parts = folder.path().join("parts/day=1");
    fs::set_permissions(&parts, fs::Permissions::from_mode(0o555)).unwrap();
    staged(folder.path(), "new").publish().unwrap();
    assert_eq!(all(folder.path()), ["new"; 4]);
    assert_eq!(names(folder.path()), NAMES);
    // Root may everything: the mode is opened up for others.
    let closed = folder.path().join("closed/inner");
    fs::create_dir_all(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    super::names::remove(&folder.path().join("closed")).unwrap();
    assert!(!folder.path().join("closed").exists());
}

#[test]
fn what_another_one_is_writing_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = staged(folder.path(), "first");
    let second = staged(folder.path(), "second");
    recover(folder.path()).unwrap();
    second.publish().unwrap();
    first.publish().unwrap();
    assert_eq!(all(folder.path()), ["first"; 4]);
}

#[test]
fn a_manifest_of_a_stranger_moves_nothing_outside_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (home, theirs) = (folder.path().join("home"), folder.path().join("theirs"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&theirs).unwrap();
    fs::write(home.join("notes.txt"), "mine").unwrap();
    let id = "0123456789abcdef";
    fs::write(
        theirs.join(format!(".pipewright-{id}.lock")),
        format!("{{\"manifest\": \".pipewright-{id}.manifest\"}}"),
    )
    .unwrap();
    for (place, name) in [("../home", "notes.txt"), (".", "../home/notes.txt"), (".", "..")] {
        let entry = serde_json::json!({"folder": place, "name": name, "old": format!(".pipewright-{id}/0.old")});
        let manifest = serde_json::json!({ "entries": [entry] }).to_string();
        assert!(serde_json::from_value::<Entry>(entry).is_ok());
        fs::write(theirs.join(format!(".pipewright-{id}.manifest")), manifest).unwrap();
        recover(&theirs).unwrap();
        assert_eq!(text(home.join("notes.txt")), "mine", "{place} {name}");
        fs::write(theirs.join(format!(".pipewright-{id}.lock")), "").unwrap();
    }
}

#[test]
fn a_manifest_of_a_stranger_replaces_nothing_that_is_not_listed() {
    let id = "0123456789abcdef";
    for (swap, has_old) in [(false, false), (true, false), (false, true), (true, true)] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let stage = at(&format!(".pipewright-{id}"));
        fs::create_dir(&stage).unwrap();
        fs::write(at("mine"), "mine").unwrap();
        fs::write(at("other"), "mine").unwrap();
        fs::write(stage.join("0"), "evil").unwrap();
        if has_old {
            fs::write(stage.join("0.old"), "evil").unwrap();
        }
        let [staged, old, gone] = ["0", "0.old", "1.old"].map(|name| format!(".pipewright-{id}/{name}"));
        let put = serde_json::json!({"folder": "", "name": "mine", "staged": staged, "old": old, "swap": swap});
        let removal = serde_json::json!({"folder": "", "name": "other", "old": gone});
        let manifest = serde_json::json!({ "entries": [put, removal] }).to_string();
        fs::write(at(&format!(".pipewright-{id}.manifest")), manifest).unwrap();
        fs::write(at(&format!(".pipewright-{id}.lock")), format!("{{\"manifest\": \".pipewright-{id}.manifest\"}}"))
            .unwrap();
        recover(folder.path()).unwrap();
        assert_eq!((text(at("mine.before")), text(at("other"))), ("mine".into(), "mine".into()), "{swap} {has_old}");
    }
}

#[test]
fn what_only_has_a_name_like_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at(".pipewright-1111222233334444/deep")).unwrap();
    fs::write(at(".pipewright-1111222233334444/deep/notes"), "mine").unwrap();
    for name in [".pipewright-0123456789abcdef.manifest", ".pipewright-aaaabbbbccccdddd.lock"] {
        fs::write(at(name), "my words").unwrap();
    }
    staged(folder.path(), "new").publish().unwrap();
    assert_eq!(text(at(".pipewright-1111222233334444/deep/notes")), "mine");
    assert_eq!(text(at(".pipewright-0123456789abcdef.manifest")), "my words");
    assert_eq!(text(at(".pipewright-aaaabbbbccccdddd.lock")), "my words");
    for name in [".pipewright.json", ".pipewright-0123456789abcdef.lock", ".pipewright-0123456789abcdef"] {
        let mut publication = Publication::default();
        let faults = [publication.file(&at(name)), publication.output(&at(name)), publication.folder(&at(name))];
        assert!(faults.into_iter().all(|fault| fault.unwrap_err().code == "PW0745"), "{name}");
    }
}

#[test]
fn a_file_with_a_long_name_is_kept_under_a_shorter_one() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}é.csv", "a".repeat(249));
    fs::write(folder.path().join(&name), "mine").unwrap();
    let mut publication = Publication::default();
    fs::write(publication.output(&folder.path().join(&name)).unwrap(), "new").unwrap();
    let kept = publication.publish().unwrap();
    assert_eq!((text(kept[0].1.clone()), text(folder.path().join(&name))), ("mine".into(), "new".into()));
    assert_eq!(names(folder.path()).len(), 3, "{:?}", names(folder.path()));
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_are_written_to_and_never_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut publication = Publication::default();
    let _reader = fs::File::options().read(true).write(true).open(&pipe).unwrap();
    assert_eq!(publication.file(&pipe).unwrap(), pipe);
    assert_eq!(publication.file(Path::new("/dev/null")).unwrap(), Path::new("/dev/null"));
    assert_eq!(publication.output(&pipe).unwrap_err().code, "PW0744");
    publication.publish().unwrap();
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    assert_eq!(FolderUpdate::new(folder.path(), "export").file("pipe").unwrap_err().code, "PW0743");
}

#[cfg(unix)]
#[test]
fn links_and_modes_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/r.json"), "old").unwrap();
    fs::set_permissions(at("real/r.json"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink(at("real/r.json"), at("report.json")).unwrap();
    let mut publication = Publication::default();
    fs::write(publication.file(&at("report.json")).unwrap(), "new").unwrap();
    assert!(publication.file(&at("real/r.json")).unwrap_err().message.contains("written twice"));
    publication.publish().unwrap();
    assert!(at("report.json").is_symlink());
    assert_eq!(text(at("real/r.json")), "new");
    assert_eq!(at("real/r.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_of_a_verb_is_renewed_and_the_users_files_stay() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("bundle");
    let write = |files: &[(&str, &str)], force: bool| {
        let mut update = FolderUpdate::new(&root, "export");
        files.iter().try_for_each(|(name, text)| update.write(name, text.as_bytes(), *name == "run.sh"))?;
        update.publish(force)
    };
    write(&[("run.sh", "1"), ("receipt/data/x", "1"), ("README.md", "1")], false).unwrap();
    fs::write(root.join("receipt/notes.txt"), "mine").unwrap();
    write(&[("run.sh", "2"), ("README.md", "2")], false).unwrap();
    assert!(!root.join("receipt/data/x").exists());
    assert_eq!((text(root.join("run.sh")), text(root.join("receipt/notes.txt"))), ("2".into(), "mine".into()));
    // Changed by its user, or there before.
    fs::write(root.join("README.md"), "mine").unwrap();
    let fault = write(&[("run.sh", "3"), ("README.md", "3")], false).unwrap_err();
    assert!(fault.code == "PW0743" && fault.message.contains("`README.md`"), "{fault}");
    let fault = write(&[("run.sh", "3"), ("receipt/notes.txt", "3")], false).unwrap_err();
    assert!(fault.message.contains("not written by Pipewright"), "{fault}");
    assert_eq!((text(root.join("run.sh")), text(root.join("receipt/notes.txt"))), ("2".into(), "mine".into()));
    write(&[("run.sh", "3"), ("README.md", "3")], true).unwrap();
    assert_eq!((text(root.join("run.sh")), text(root.join("README.md"))), ("3".into(), "3".into()));
    for name in ["../x", "/x", "a/../../x"] {
        assert_eq!(write(&[(name, "x")], true).unwrap_err().code, "PW0740");
    }
}

#[test]
fn a_file_of_the_users_that_is_called_as_a_marker_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for text in ["{\"pipewright\": 1, \"name\": \"mine\"}", "MINE"] {
        fs::write(at(MARKER), text).unwrap();
        assert_eq!(Publication::default().output(&at("a.csv")).unwrap_err().code, "PW0748");
        fs::create_dir_all(at("parts")).unwrap();
        fs::rename(at(MARKER), at("parts").join(MARKER)).unwrap();
        assert_eq!(Publication::default().folder(&at("parts")).unwrap_err().code, "PW0748");
        fs::rename(at("parts").join(MARKER), at(MARKER)).unwrap();
        let mut update = FolderUpdate::new(folder.path(), "export");
        update.write("x", b"x", false).unwrap();
        assert_eq!(update.publish(true).unwrap_err().code, "PW0748");
        assert_eq!(text.as_bytes(), fs::read(at(MARKER)).unwrap());
    }
}

#[test]
fn files_of_a_verb_that_was_killed_are_renewed_without_copies() {
    let folder = tempfile::tempdir().unwrap();
    let write = |content: &str| {
        let mut update = FolderUpdate::new(folder.path(), "export");
        for name in ["a", "receipt/b", "receipt/deep/c"] {
            update.write(name, content.as_bytes(), false).unwrap();
        }
        update
    };
    write("old").publish(false).unwrap();
    write("new").die_after(2);
    assert_eq!(recover(folder.path()).unwrap(), []);
    for name in ["a", "receipt/b", "receipt/deep/c"] {
        assert_eq!(text(folder.path().join(name)), "new", "{name}");
    }
    assert_eq!(names(&folder.path().join("receipt")), ["b", "deep"]);
}

#[test]
fn rows_in_between_are_nobody_elses_and_go() {
    let folder = PrivateFolder::new().unwrap();
    let path = folder.path().to_owned();
    fs::write(path.join("rows"), "ann@example.com").unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o700);
    drop(folder);
    assert!(!path.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_program_has_open_is_no_place_for_a_result() {
    use std::os::fd::AsRawFd as _;
    let folder = tempfile::tempdir().unwrap();
    let opened = fs::File::create(folder.path().join("log")).unwrap();
    let place = std::path::PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&place, &link).unwrap();
    for place in [place, link] {
        assert_eq!(Publication::default().output(&place).unwrap_err().code, "PW0744");
        assert_eq!(Publication::default().file(&place).unwrap_err().code, "PW0744");
    }
}
