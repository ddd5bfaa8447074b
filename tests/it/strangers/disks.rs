//! Disks that are full or may not be written to: a clear message, and what was there before.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::support::{need, path, pipewright, run_ok, texts};

const PROJECT: &str = "projects/shop/shop.pipewright.json";

/// Files of more than so many blocks of 512 bytes cannot be written, as on a disk that is full.
#[test]
fn a_disk_that_fills_up_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| path(&folder.path().join(name)).to_owned();
    run_ok(&["run", PROJECT, "--out", &at("out")]);
    run_ok(&["export", PROJECT, "--target", "pipeline", "--out", &at("bundle")]);
    fs::write(folder.path().join("rows.csv"), "mine").unwrap();
    fs::write(folder.path().join("rows.parquet"), "mine").unwrap();
    let before = everything(folder.path());
    let samples = "projects/shop/samples";
    let csv = ["read", &format!("{samples}/access.log"), "--output", "csv", "--to", &at("rows.csv")].map(str::to_owned);
    let parquet = ["read", &format!("{samples}/access.log"), "--output", "parquet", "--to", &at("rows.parquet")]
        .map(str::to_owned);
    let verbs: [Vec<String>; 6] = [
        ["run", PROJECT, "--out", &at("out")].map(str::to_owned).to_vec(),
        ["run", PROJECT, "--out", &at("out"), "--quarantine", &at("aside.jsonl")].map(str::to_owned).to_vec(),
        csv.to_vec(),
        parquet.to_vec(),
        ["export", PROJECT, "--target", "pipeline", "--out", &at("bundle")].map(str::to_owned).to_vec(),
        ["generate", "shop", "--seed", "2", "--out", &at("data")].map(str::to_owned).to_vec(),
    ];
    for verb in verbs {
        let script = "ulimit -f 1; exec \"$0\" \"$@\" 2>&1 | cat";
        let mut shell = Command::new("bash");
        shell.args(["-o", "pipefail", "-c", script]).arg(pipewright().get_program()).args(&verb);
        let (code, talk, _) = texts(shell.current_dir(crate::support::root()).output().unwrap());
        assert_eq!(code, 1, "{verb:?}: {talk}");
        assert!(talk.to_lowercase().contains("too large") && talk.contains(path(folder.path())), "{verb:?}: {talk}");
        assert!(everything(folder.path()) == before, "{verb:?} changed something: {talk}");
    }
}

#[test]
fn a_folder_that_may_not_be_written_to_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    run_ok(&["run", PROJECT, "--out", path(&out)]);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).unwrap();
    let before = everything(&out);
    let mut command = pipewright();
    // Who may write everywhere may also become somebody who may not; that one needs a program within reach.
    if fs::write(out.join("probe"), "x").is_ok() {
        fs::remove_file(out.join("probe")).unwrap();
        let program = folder.path().join("pipewright");
        fs::copy(env!("CARGO_BIN_EXE_pipewright"), &program).unwrap();
        fs::copy(crate::support::root().join("projects/shop/samples/users.csv"), folder.path().join("users.csv"))
            .unwrap();
        command = Command::new(program);
        command.current_dir(folder.path()).uid(65534).gid(65534);
    } else {
        command.current_dir(crate::support::root().join("projects/shop/samples"));
    }
    command.args(["read", "users.csv", "--output", "csv", "--to", path(&out.join("pages_by_visitors.csv"))]);
    let output = command.output().ok();
    let Some(output) = need("this user may write everywhere and become no other", output) else { return };
    let (code, _, talk) = texts(output);
    assert!(code == 1 && talk.contains("access is denied") && talk.contains(path(&out)), "{talk}");
    assert!(everything(&out) == before);
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Every file below a folder, hidden ones too.
fn everything(folder: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { found.push((entry.clone(), fs::read(entry).unwrap())) }
        }
    }
    found.sort();
    found
}
