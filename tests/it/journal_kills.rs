//! Killed while editing: a process that edits, keeps its journal and saves as the designer does is killed at random
//! points, again and again. At most the edit in flight may be lost, and the project file is whole at any moment. 60 kills;
//! 1,000 with `PIPEWRIGHT_LONG=1`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pipewright_core::project::{
    Edit, Fit, History, Journal, LeftBehind, Place, Project, read_file, save_file, save_over,
};
use serde_json::json;

const FOLDER: &str = "PIPEWRIGHT_EDITS_IN";
const FILE: &str = "p.pipewright.json";

/// The design with what a crash left, and the journal that it came from.
fn recovered(path: &Path) -> (Project, Option<LeftBehind>) {
    let (mut project, _) = read_file(path).expect("the project file is whole");
    let mut found = None;
    for left in LeftBehind::find(&Journal::path_for(path)) {
        match left.fit(&project) {
            Fit::Nothing => left.settle().unwrap(),
            Fit::Whole => {
                left.batches.iter().for_each(|batch| drop(project.apply(batch).unwrap()));
                assert!(found.replace(left).is_none(), "one journal");
            }
            Fit::Partly => panic!("{} belongs to another text", left.path.display()),
        }
    }
    (project, found)
}

/// The number of edits in a design: its name, and the count of its notes.
fn number(project: &Project) -> usize {
    let number: usize = project.name.parse().unwrap();
    assert_eq!(project.notes.len(), number, "each edit is in it whole");
    number
}

#[test]
#[ignore = "the process that `at_most_the_edit_in_flight_is_lost` kills"]
fn edits_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let path = Path::new(&folder).join(FILE);
    let (mut project, left) = recovered(&path);
    let mut known = project.on_disk;
    let mut journal = match &left {
        Some(left) => Journal::adopt(left).unwrap(),
        None => Journal::new(Journal::path_for(&path), &project),
    };
    let mut history = History::default();
    let mut out = std::io::stdout().lock();
    let first = number(&project) + 1;
    for next in first..first + 100_000 {
        let item = json!({"id": format!("n-{next}"), "text": "x".repeat(next % 50), "x": next, "y": 0});
        let batch = [
            Edit::Insert { into: "notes".into(), item, place: Place::Last },
            Edit::Set { id: "project".into(), field: "name".into(), old: None, new: json!(next.to_string()) },
        ];
        history.apply(&mut project, "edit", &batch, false).unwrap();
        journal.append(&batch).unwrap();
        // What is told is safe from here on.
        writeln!(out, "safe {next}").unwrap();
        out.flush().unwrap();
        if next % 5 == 0 {
            known = save_over(&path, &project, known).unwrap();
            journal.close().unwrap();
            journal = Journal::new(Journal::path_for(&path), &project);
        }
    }
}

#[test]
fn at_most_the_edit_in_flight_is_lost() {
    let kills = if std::env::var_os("PIPEWRIGHT_LONG").is_some() { 1000 } else { 60 };
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut folder = tempfile::tempdir().unwrap();
    let (mut before, mut in_flight) = (0, 0);
    for kill in 0..kills {
        if kill % 20 == 0 {
            folder = tempfile::tempdir().unwrap();
            save_file(&folder.path().join(FILE), &Project::new("0")).unwrap();
            before = 0;
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "journal_kills::edits_until_it_is_killed", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap());
        let told = |line: &String| line.strip_prefix("safe ").map(|number| number.parse::<usize>().unwrap());
        let first = lines.by_ref().find_map(|line| told(&line)).expect("it edits");
        assert_eq!(first, before + 1, "kill {kill}: it goes on where the one before was killed");
        std::thread::sleep(Duration::from_micros(random.u64(0..20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let safe = lines.filter_map(|line| told(&line)).last().unwrap_or(first);
        let path = folder.path().join(FILE);
        let (design, _) = recovered(&path);
        let found = number(&design);
        assert!(found == safe || found == safe + 1, "kill {kill}: {found} edits are there, {safe} were safe");
        in_flight += usize::from(found > safe);
        before = found;
    }
    println!("{kills} kills; {in_flight} times the edit in flight was there, too");
}
