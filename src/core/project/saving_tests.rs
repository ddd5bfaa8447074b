//! Saving and journals: nothing that was made is lost, and nothing of others' is overwritten.

use std::fs;
use std::io::Write;

use serde_json::json;

use super::*;
use crate::files::{Locked, hold};

fn rename(name: &str) -> Vec<Edit> {
    vec![Edit::Set { id: "project".into(), field: "name".into(), old: None, new: json!(name) }]
}

fn note(id: &str) -> Vec<Edit> {
    vec![Edit::Insert { into: "notes".into(), item: json!({"id": id, "text": id, "x": 0, "y": 0}), place: Place::Last }]
}

/// A folder with a saved project, and the project as it was read.
fn saved(folder: &std::path::Path) -> (std::path::PathBuf, Project) {
    let path = folder.join("p.pipewright.json");
    save_file(&path, &Project::new("p")).unwrap();
    let project = read_file(&path).unwrap().0;
    (path, project)
}

fn applied(project: &Project, batches: &[Vec<Edit>]) -> Project {
    let mut project = project.clone();
    batches.iter().for_each(|batch| drop(project.apply(batch).unwrap()));
    project
}

#[test]
fn saving_keeps_the_file_before_and_the_journal_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut project) = saved(folder.path());
    let common = Journal::path_for(&path);
    assert_eq!(common.file_name().unwrap(), ".p.journal");
    let mut journal = Journal::new(common.clone(), &project);
    let edits = rename("better");
    project.apply(&edits).unwrap();
    journal.append(&edits).unwrap();
    assert_eq!(LeftBehind::find(&common), [], "it is held");
    drop(journal);
    // A crash in the middle of a line.
    fs::OpenOptions::new().append(true).open(&common).unwrap().write_all(b"[{\"edit\":\"remo").unwrap();
    let (mut opened, _) = read_file(&path).unwrap();
    let left = LeftBehind::find(&common).remove(0);
    assert_eq!((left.fit(&opened), left.batches.len()), (Fit::Whole, 1));
    opened.apply(&left.batches[0]).unwrap();
    let mut journal = Journal::adopt(&left).unwrap();
    assert_eq!(LeftBehind::find(&common), [], "it is held again");
    let rest: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let rest = rest.iter().find(|path| path.to_string_lossy().ends_with(".rest")).expect("what cannot be read is kept");
    assert_eq!(fs::read(rest).unwrap(), b"[{\"edit\":\"remo");
    journal.append(&rename("best")).unwrap();
    drop(journal);
    let left = LeftBehind::find(&common).remove(0);
    assert_eq!(left.batches, [rename("better"), rename("best")]);
    // Saved, and then the crash before the journal went.
    let best = applied(&read_file(&path).unwrap().0, &left.batches);
    save_file(&path, &best).unwrap();
    assert!(folder.path().join(".p.before").exists());
    assert_eq!(left.fit(&read_file(&path).unwrap().0), Fit::Nothing);
}

#[test]
fn a_journal_of_another_text_is_kept_and_gives_back_its_design() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = saved(folder.path());
    let common = Journal::path_for(&path);
    let mut journal = Journal::new(common.clone(), &project);
    journal.append(&note("n-1")).unwrap();
    drop(journal);
    // A pull after the crash.
    let pulled = applied(&project, &[rename("pulled")]);
    save_file(&path, &pulled).unwrap();
    let pulled = read_file(&path).unwrap().0;
    let mut left = LeftBehind::find(&common).remove(0);
    assert_eq!(left.fit(&pulled), Fit::Partly);
    assert_eq!(to_text(&left.design().unwrap()), to_text(&applied(&project, &[note("n-1")])));
    left.put_aside(&common).unwrap();
    // The next edits go elsewhere.
    let mut journal = Journal::new(common.clone(), &pulled);
    journal.append(&note("n-2")).unwrap();
    let found = LeftBehind::find(&common);
    assert_eq!((found.len(), &found[0]), (1, &left));
    journal.close().unwrap();
    left.settle().unwrap();
    assert_eq!(LeftBehind::find(&common), []);
}

#[test]
fn a_new_journal_never_overwrites_one_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let common = folder.path().join(".untitled.journal");
    let empty = Project::new("untitled");
    let mut journals: Vec<Journal> = (0..3).map(|_| Journal::new(common.clone(), &empty)).collect();
    for (index, journal) in journals.iter_mut().enumerate() {
        journal.append(&rename(&format!("p{index}"))).unwrap();
    }
    assert_eq!(LeftBehind::find(&common), [], "running designers hold them");
    drop(journals);
    let mut names: Vec<_> = LeftBehind::find(&common).into_iter().map(|left| left.batches[0].clone()).collect();
    names.sort_by_key(|batch| format!("{batch:?}"));
    assert_eq!(names, [rename("p0"), rename("p1"), rename("p2")]);
}

#[test]
fn a_torn_journal_is_made_whole_as_soon_as_writing_works() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    let common = home.join(".p.journal");
    let empty = Project::new("p");
    let mut journal = Journal::new(common.clone(), &empty);
    journal.append(&note("n-1")).unwrap();
    // The folder vanishes, with the journal.
    fs::rename(&home, folder.path().join("away")).unwrap();
    assert!(journal.append(&note("n-2")).is_err());
    assert!(journal.append(&note("n-3")).is_err());
    assert_eq!(journal.unsecured(), 2);
    fs::create_dir(&home).unwrap();
    journal.secure().unwrap();
    assert_eq!(journal.unsecured(), 0);
    journal.append(&note("n-4")).unwrap();
    drop(journal);
    let left = LeftBehind::find(&common).remove(0);
    assert_eq!(left.batches, [note("n-1"), note("n-2"), note("n-3"), note("n-4")]);
    assert_eq!(fs::read_dir(&home).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn nulls_and_torn_lines_end_a_journal_and_a_file_of_others_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let common = folder.path().join(".p.journal");
    let mut journal = Journal::new(common.clone(), &Project::new("p"));
    journal.append(&note("n-1")).unwrap();
    drop(journal);
    let whole = fs::read(&common).unwrap();
    fs::write(&common, [&whole[..], &[0; 300], b"[]\n"].concat()).unwrap();
    let left = LeftBehind::find(&common).remove(0);
    assert_eq!((left.batches.len(), left.is_damaged()), (1, true));
    // Torn in the first line: nothing was in it.
    fs::write(&common, &whole[..40]).unwrap();
    assert_eq!((LeftBehind::find(&common), common.exists()), (Vec::new(), false));
    let notes = folder.path().join(".p.journal-notes");
    fs::write(&notes, "mine").unwrap();
    assert_eq!((LeftBehind::find(&common), notes.exists()), (Vec::new(), true));
}

#[test]
fn a_save_over_what_others_wrote_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = saved(folder.path());
    let theirs = applied(&project, &[rename("theirs")]);
    save_file(&path, &theirs).unwrap();
    let mine = applied(&project, &[rename("mine")]);
    let fault = save_file(&path, &mine).unwrap_err();
    assert_eq!(fault.code, "PW0780");
    assert_eq!(fs::read_to_string(&path).unwrap(), to_text(&theirs));
    assert_eq!(save_file(&path, &Project::new("new")).unwrap_err().code, "PW0782");
    // By choice it is written over, and what was there stays as `.p.before`.
    save_over(&path, &mine, OnDisk::at(&path).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), to_text(&mine));
    assert_eq!(fs::read_to_string(folder.path().join(".p.before")).unwrap(), to_text(&theirs));
    let Locked::Mine(lock) = hold(&path, EXTENSION) else { panic!("nobody holds it") };
    let opened = read_file(&path).unwrap().0;
    assert_eq!(save_file(&path, &opened).unwrap_err().code, "PW0781");
    drop(lock);
    save_file(&path, &opened).unwrap();
}

#[test]
fn two_states_of_a_project_differ_in_their_items() {
    let before = applied(&Project::new("p"), &[note("n-1"), note("n-2")]);
    let set = Edit::Set { id: "n-2".into(), field: "text".into(), old: None, new: json!("other") };
    let after = applied(&before, &[vec![Edit::Remove { id: "n-1".into() }, set], note("n-3"), rename("q")]);
    let told: Vec<_> = changes(&before, &after).into_iter().map(|found| (found.id, found.change)).collect();
    let changed = |field: &str| ItemChange::Changed(vec![field.into()]);
    let expected = [
        ("n-2", changed("text")),
        ("n-3", ItemChange::Added),
        ("n-1", ItemChange::Removed),
        ("project", changed("name")),
    ];
    assert_eq!(told, expected.map(|(id, change)| (id.to_owned(), change)));
    assert_eq!(changes(&after, &after), []);
}

#[cfg(unix)]
#[test]
fn a_project_that_is_a_link_out_of_its_folder_changes_nothing_there_until_it_is_trusted() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (mine, stranger) = (folder.path().join("mine"), folder.path().join("stranger"));
    fs::create_dir(&mine).unwrap();
    fs::create_dir_all(stranger.join("inner")).unwrap();
    let (file, _) = saved(&mine);
    let text = fs::read(&file).unwrap();
    let link = stranger.join("s.pipewright.json");
    symlink(&file, &link).unwrap();
    let edited = applied(&read_file(&link).unwrap().0, &[rename("theirs")]);
    assert_eq!(save_file(&link, &edited).unwrap_err().code, "PW0754");
    assert_eq!(fs::read(&file).unwrap(), text);
    assert!(!stranger.join(".s.before").exists());
    // A link within its folder is one's own to keep.
    let (inner, _) = saved(&stranger.join("inner"));
    let near = stranger.join("near.pipewright.json");
    symlink(&inner, &near).unwrap();
    save_file(&near, &applied(&read_file(&near).unwrap().0, &[rename("near")])).unwrap();
    crate::files::trust(&stranger);
    save_file(&link, &edited).unwrap();
    assert_ne!(fs::read(&file).unwrap(), text);
}

#[test]
fn what_stands_in_the_place_of_the_copy_is_what_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = saved(folder.path());
    fs::create_dir(folder.path().join(".p.before")).unwrap();
    let fault = save_file(&path, &applied(&project, &[rename("more")])).unwrap_err();
    assert!(fault.message.contains("copy") && fault.location.file.unwrap().ends_with(".p.before"), "{}", fault.message);
    assert_eq!(read_file(&path).unwrap().0.name, "p");
}

#[cfg(unix)]
#[test]
fn a_write_protected_project_is_what_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, project) = saved(folder.path());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let fault = save_file(&path, &applied(&project, &[rename("more")])).unwrap_err();
    assert!(fault.message.contains("write-protected"), "{}", fault.message);
    assert_eq!(fault.location.file, Some(path.display().to_string()));
    assert!(fault.help.unwrap().contains("chmod u+w"));
    assert!(!folder.path().join(".p.before").exists());
}
