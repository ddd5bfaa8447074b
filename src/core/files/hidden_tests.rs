//! Hidden places, where programs look for their settings: what a killed publication puts there, and whose.

use std::fs;

use super::recovery::recover;
use super::tests::text;
use super::*;

#[test]
fn rows_that_wait_for_the_next_run_are_put_in_place_after_a_kill() {
    let id = "0123456789abcdef";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at(&format!(".pipewright-{id}"))).unwrap();
    fs::write(at(&format!(".pipewright-{id}/0")), "rows").unwrap();
    fs::write(at(&format!(".pipewright-{id}.lock")), format!("{{\"manifest\": \".pipewright-{id}.manifest\"}}"))
        .unwrap();
    let [staged, old] = ["0", "0.old"].map(|name| format!(".pipewright-{id}/{name}"));
    let name = format!("{OPEN_ROWS}hours.parquet");
    let entry = serde_json::json!({"folder": "", "name": name, "staged": staged, "old": old, "swap": true});
    fs::write(at(&format!(".pipewright-{id}.manifest")), serde_json::json!({ "entries": [entry] }).to_string())
        .unwrap();
    recover(folder.path()).unwrap();
    assert_eq!(text(at(&name)), "rows");
}

/// What a user himself puts into a hidden place is finished after a kill; of somebody else's folder it is not.
#[test]
fn what_goes_to_hidden_places_is_finished_where_it_was_begun() {
    for steps in 1..=2 {
        let folder = tempfile::tempdir().unwrap();
        let targets = [folder.path().join(".rows.csv"), folder.path().join(".cfg/rows.csv")];
        let write = |content: &str| {
            let mut publication = Publication::default();
            for target in &targets {
                fs::write(publication.file(target).unwrap(), content).unwrap();
            }
            publication
        };
        write("old").publish().unwrap();
        write("new").die_after(steps);
        // Moved, or changed: it is not what was begun here.
        let elsewhere = tempfile::tempdir().unwrap();
        let copied =
            std::process::Command::new("cp").arg("-a").arg(folder.path().join(".")).arg(elsewhere.path()).status();
        assert!(copied.unwrap().success());
        let fault = recover(elsewhere.path()).unwrap_err();
        assert!(fault.code == "PW0742" && fault.message.contains("a hidden place"), "{fault}");
        recover(folder.path()).unwrap();
        assert_eq!(targets.map(text), ["new"; 2], "after {steps}");
    }
}

#[cfg(unix)]
#[test]
fn a_manifest_of_a_stranger_puts_nothing_into_hidden_places() {
    let id = "0123456789abcdef";
    for (place, name) in [("", ".git"), ("", ".envrc"), (".git", "config"), ("link", "config")] {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at(".git")).unwrap();
        fs::write(at(".git/config"), "mine").unwrap();
        std::os::unix::fs::symlink(".git", at("link")).unwrap();
        for base in [folder.path().to_path_buf(), at(place)] {
            fs::create_dir_all(base.join(format!(".pipewright-{id}"))).unwrap();
            fs::write(base.join(format!(".pipewright-{id}/0")), "evil").unwrap();
            let lock = format!("{{\"manifest\": \".pipewright-{id}.manifest\"}}");
            fs::write(base.join(format!(".pipewright-{id}.lock")), lock).unwrap();
        }
        let [staged, old] = ["0", "0.old"].map(|name| format!(".pipewright-{id}/{name}"));
        let entry = serde_json::json!({"folder": place, "name": name, "staged": staged, "old": old, "swap": true});
        let manifest = serde_json::json!({ "entries": [entry] }).to_string();
        fs::write(at(&format!(".pipewright-{id}.manifest")), manifest).unwrap();
        // It may be the user's own as well: nothing of it is thrown away.
        let fault = recover(folder.path()).unwrap_err();
        assert!(fault.code == "PW0742" && fault.message.contains("a hidden place"), "{fault}");
        assert!(at(place).join(format!(".pipewright-{id}/0")).exists());
        assert_eq!(text(at(".git/config")), "mine", "{place} {name}");
        assert!(!at(".envrc").exists() && !at(".git.before").exists(), "{place} {name}");
    }
}
