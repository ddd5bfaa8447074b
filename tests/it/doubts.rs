//! What answers say of what they cannot know: that there is nothing, beside lines that could not be read; dates that can
//! be read in two ways; months and days of which data are missing.

use std::fs;

use crate::answers::{counted_by, told_of};
use crate::support::{path, pipewright, run_ok, texts};

#[test]
fn that_nothing_broke_is_told_with_the_lines_that_could_not_be_read() {
    let home = tempfile::tempdir().unwrap();
    let line = |row: u32| {
        let level = if row.is_multiple_of(300) { "error" } else { "info" };
        let (minute, second) = (row / 60, row % 60);
        format!("{{\"ts\":\"2026-03-02T10:{minute:02}:{second:02}Z\",\"level\":\"{level}\",\"service\":\"web\"}}\n")
    };
    let whole: String = (1..600).map(line).collect();
    let told = told_of(home.path(), &[("app.jsonl", whole.clone())], &["what-broke-first"]);
    let nothing = "nothing broke: no part of the system has that many errors within five minutes";
    assert!(told.contains(&format!("  {nothing}\n")), "{told}");
    // A few lines are broken off, any of which may be an error: card, picture and report of a run say so.
    fs::write(home.path().join("samples/app.jsonl"), format!("{whole}{{\"ts\":\"2026-03-02T10:12\n{{\"ts\":\n"))
        .unwrap();
    let mut files = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let project = files.find(|file| path(file).ends_with(".pipewright.json")).unwrap();
    let doubt = format!("{nothing}, as far as can be told: some lines of “app” could not be read");
    let told = run_ok(&["answers", path(&project)]);
    assert!(told.contains(&doubt), "{told}");
    let page = run_ok(&["answers", path(&project), "--format", "html"]);
    assert!(page.contains(&doubt) && page.contains("<strong>none</strong> as far as can be told"), "{page}");
    let report = home.path().join("report.json");
    run_ok(&["run", path(&project), "--out", path(&home.path().join("out")), "--report", path(&report)]);
    let report = fs::read_to_string(&report).unwrap();
    assert!(report.contains("nothing broke") && report.contains("as far as can be told"), "{report}");
    // Of what can mostly not be read nobody can say that nothing broke.
    fs::write(home.path().join("samples/app.jsonl"), whole + &"{\"ts\":\n".repeat(700)).unwrap();
    let output = pipewright().args(["answers", path(&project), "--max-quarantined", "1"]).output().unwrap();
    let (_, told, _) = texts(output);
    assert!(told.contains("  cannot be told: most lines of “app” could not be read"), "{told}");
}

#[test]
fn columns_that_a_file_lacks_are_missing_on_the_card_too() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..40).map(|n| format!("/p{},web{}\n", n % 4, n % 3)).collect();
    let project = counted_by(folder.path(), &format!("page,host\n{rows}"), ["page", "host"]);
    fs::write(folder.path().join("d.csv"), format!("page\n{}", "/p\n".repeat(40))).unwrap();
    let told = run_ok(&["answers", path(&project)]);
    let lacks = "  not in it: 40 rows of “read” have no `host`: a file lacks the column";
    assert_eq!(told.matches(lacks).count(), 1, "of the answer that is made of it alone: {told}");
}

#[test]
fn dates_of_which_day_and_month_can_be_exchanged_say_so_on_the_card() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..60).map(|n| format!("0{}/0{}/2026,a{}\n", 3 + n % 4, 4 + n % 3, n % 5)).collect();
    let project = counted_by(folder.path(), &format!("due,kind\n{rows}"), ["due", "kind"]);
    let told = run_ok(&["answers", path(&project)]);
    let doubt = "  not in it: 1 date column in “d”, text since day and month can be exchanged: `due` such as 0";
    assert_eq!(told.matches(doubt).count(), 1, "of the answer that is made of it alone: {told}");
    // One date that tells which number is the day, and there is no doubt.
    fs::write(folder.path().join("d.csv"), format!("due,kind\n{rows}31/01/2026,a1\n")).unwrap();
    let told = run_ok(&["answers", path(&project)]);
    assert!(!told.contains("can be exchanged"), "{told}");
}

#[test]
fn a_day_that_is_not_whole_is_told_beside_whole_ones() {
    let home = tempfile::tempdir().unwrap();
    // From the afternoon of a day to the evening of the third.
    let line = |row: u32| {
        let minute = 14 * 60 + 20 + row * 5;
        let (day, hour, minute) = (2 + minute / 1440, minute / 60 % 24, minute % 60);
        format!(
            "198.18.0.{} - - [{day:02}/Mar/2026:{hour:02}:{minute:02}:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \
             \"Mozilla/5.0 (X11) Firefox/100.0\"\n",
            row % 250
        )
    };
    let log: String = (0..650).map(line).collect();
    let told = told_of(home.path(), &[("access.log", log)], &["users-active"]);
    assert!(
        told.contains("The first and the last day are not whole: the data go from 2 March 2026 14:20 UTC to"),
        "{told}"
    );
    let json = run_ok(&["answers", path(&home.path().join(project_name(home.path()))), "--format", "json"]);
    assert!(json.contains("2 Mar (from 14:20)") && json.contains("4 Mar (until 20:25)"), "{json}");
}

fn project_name(home: &std::path::Path) -> String {
    let mut files = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.find(|name| name.ends_with(".pipewright.json")).unwrap()
}
