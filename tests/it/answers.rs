//! Answers on the command line: as text, as one page, as pictures; the map; and what a run says of them.

use crate::support::{path, pipewright, run_ok};
use std::fs;

const PROJECT: &str = "projects/shop/shop.pipewright.json";

#[test]
fn answers_are_told_and_written_as_a_page_and_as_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let told = run_ok(&["answers", PROJECT]);
    for line in [
        "How many users have a bad experience?",
        "  6 users in the peak hour, 3 March 2026 14:00 UTC",
        "  recommendations: busy in 442 of 476 samples",
        "  not in it: 48 of 262 rows have no `cookie_sid`: not in `users` (“Per hour”)",
        "that nobody has confirmed: `time` as Time",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let page = folder.path().join("page.html");
    run_ok(&["answers", PROJECT, "--format", "html", "--out", path(&page)]);
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("6 users in the peak hour, 3 March 2026 14:00 UTC") && !text.contains("<script"));
    let pictures = folder.path().join("pictures");
    for (format, look) in [("png", "light"), ("svg", "dark")] {
        let form = ["answers", PROJECT, "--format", format, "--look", look];
        run_ok(&[form.as_slice(), &["--only", "answer_services", "--out", path(&pictures)]].concat());
    }
    let stem = "which-services-need-more-resources";
    assert!(fs::read(pictures.join(format!("{stem}.png"))).unwrap().starts_with(b"\x89PNG"));
    let svg = fs::read_to_string(pictures.join(format!("{stem}.svg"))).unwrap();
    assert!(svg.contains(">recommendations<") && svg.contains("#1b1e24"), "{svg}");
    let map = folder.path().join("map.pdf");
    run_ok(&["graph", PROJECT, "--format", "pdf", "--out", path(&map)]);
    assert!(fs::read(&map).unwrap().starts_with(b"%PDF"));
    assert!(run_ok(&["graph", PROJECT, "--format", "svg"]).contains("Access log → Failed or slow"));
}

#[test]
fn what_cannot_be_written_or_shown_says_why() {
    let cases: [(&[&str], &str); 3] = [
        (&["answers", PROJECT, "--format", "png"], "add --out FOLDER"),
        (&["answers", PROJECT, "--only", "access"], "“Bad experience per hour”"),
        (&["graph", PROJECT, "--format", "pdf"], "add --out FILE"),
    ];
    for (args, help) in cases {
        let output = pipewright().args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && told.contains(help), "{args:?}: {told}");
    }
}

#[test]
fn the_report_of_a_run_has_each_answer_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    run_ok(&["run", PROJECT, "--out", path(&folder.path().join("out")), "--report", path(&report)]);
    let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
    let sentences: Vec<&str> =
        report["answers"].as_array().unwrap().iter().map(|answer| answer["sentence"].as_str().unwrap()).collect();
    assert_eq!(
        sentences,
        [
            "6 users in the peak hour, 3 March 2026 14:00 UTC",
            "73 failed transactions: 41 with release 2.8.0, since 3 March 2026 17:05 UTC",
            "/search: 416 visitors",
            "recommendations: busy in 442 of 476 samples",
        ]
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_written_over_what_answers_are_made_of_nor_through_links_in_a_folder() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(crate::support::root().join(PROJECT), at("shop.pipewright.json")).unwrap();
    fs::create_dir(at("samples")).unwrap();
    for sample in fs::read_dir(crate::support::root().join("projects/shop/samples")).unwrap().flatten() {
        fs::copy(sample.path(), at("samples").join(sample.file_name())).unwrap();
    }
    fs::write(at("mine.txt"), "MINE").unwrap();
    fs::create_dir(at("pictures")).unwrap();
    symlink(at("mine.txt"), at("pictures/which-services-need-more-resources.svg")).unwrap();
    let project = at("shop.pipewright.json");
    let before = fs::read_to_string(&project).unwrap();
    let refused = |args: &[&str], wanted: &str| {
        let output = pipewright().args(args).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(wanted), "{args:?}: {told}");
    };
    let project_path = path(&project);
    let only = ["answers", project_path, "--only", "answer_services", "--format"];
    refused(&[&only[..], &["svg", "--out", path(&at("pictures"))]].concat(), "PW0740");
    refused(&[&only[..], &["html", "--out", project_path]].concat(), "PW0969");
    refused(&["graph", project_path, "--format", "svg", "--out", project_path], "PW0969");
    refused(&["graph", project_path, "--format", "svg", "--out", path(&at("samples/users.csv"))], "PW0969");
    assert_eq!(fs::read_to_string(at("mine.txt")).unwrap(), "MINE");
    assert_eq!(fs::read_to_string(&project).unwrap(), before);
}
