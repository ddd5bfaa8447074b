//! Ended by a signal: nothing stays that is not whole, and the old results are there.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{path, pipewright, run_ok};

#[test]
fn ctrl_c_and_a_shutdown_leave_the_old_results_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let project = "projects/shop/shop.pipewright.json";
    run_ok(&["generate", "shop", "--seed", "5", "--rows", "60000", "--out", path(&at("data"))]);
    run_ok(&["run", project, "--out", path(&at("out"))]);
    let names = || {
        let mut names: Vec<_> = fs::read_dir(at("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, content) = (names(), fs::read(at("out/pages_by_visitors.csv")).unwrap());
    for signal in ["INT", "TERM", "HUP"] {
        let data = format!("data={}", path(&at("data")));
        let mut child = pipewright()
            .args(["run", project, "--param", &data, "--out", path(&at("out"))])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while names() == before && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_ne!(names(), before, "the run writes aside");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130), "{signal}");
        assert_eq!(names(), before, "{signal}");
        assert_eq!(fs::read(at("out/pages_by_visitors.csv")).unwrap(), content, "{signal}");
    }
}
