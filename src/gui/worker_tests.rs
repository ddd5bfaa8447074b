//! Workers that fail, and the end: what is awaited is answered, work goes on, and nothing outlives the window.

use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::App;
use super::backend::Message;
use super::backend::desk::tests::want_fault;
use super::command::Action;
use super::settings::Settings;

fn designer(home: &Path, file: &str) -> Harness<'static, App> {
    let home = home.to_owned();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("projects/shop/samples").join(file);
    Harness::builder()
        .with_size([1280.0, 720.0])
        .with_max_steps(60)
        .build_eframe(move |context| App::new(&context.egui_ctx, Some(home), Settings::default(), vec![file]))
}

fn is_told_now(app: &App, is_told: &mut bool) {
    *is_told |= app.state.notice.as_ref().is_some_and(|notice| notice.is_error);
}

fn wait(harness: &mut Harness<'_, App>, what: &str, mut is_done: impl FnMut(&App) -> bool) {
    let since = Instant::now();
    // A notice goes after a while: it counts once it was there.
    let mut was_done = false;
    loop {
        harness.run_ok();
        was_done |= is_done(harness.state());
        if was_done && harness.state().is_idle() {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "waiting for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One test after the other: which worker fails is wanted of the whole process.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_worker_that_panics_is_answered_and_the_next_one_works() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), "users.csv");
    wait(&mut harness, "the table", |app| app.project().steps.len() == 1);

    want_fault("pipewright-find");
    harness.state_mut().actions.push(Action::LookForFindings);
    wait(&mut harness, "the findings", |app| app.state.findings.outcome.is_some());
    let told = harness.state().state.findings.outcome.as_ref().unwrap().as_ref().unwrap_err().code.clone();
    assert_eq!(told, "PW0783");
    harness.state_mut().state.findings.outcome = None;
    harness.state_mut().actions.push(Action::LookForFindings);
    wait(&mut harness, "the findings", |app| app.state.findings.outcome.is_some());
    assert!(harness.state().state.findings.outcome.as_ref().unwrap().is_ok(), "the next one works");

    // A look that was under way may take the fault, and a notice of its own may come behind it: then once more.
    let mut is_told = false;
    for _ in 0..20 {
        want_fault("pipewright-plan");
        harness.state_mut().actions.push(Action::LookAgain);
        wait(&mut harness, "the look", |app| {
            is_told_now(app, &mut is_told);
            true
        });
        if is_told {
            break;
        }
    }
    assert!(is_told, "the fault of a look");

    want_fault("pipewright-volume");
    harness.state_mut().actions.push(Action::EstimateVolume { price: None });
    wait(&mut harness, "the volume", |app| app.state.volume.outcome.is_some());
    assert_eq!(harness.state().state.volume.outcome.as_ref().unwrap().1[0].code, "PW0783");

    let path = home.path().join("p.pipewright.json");
    want_fault("pipewright-files");
    harness.state_mut().actions.push(Action::SaveTo(path.clone()));
    wait(&mut harness, "the fault", |app| !app.state.saving);
    // The first task of the save is the one that names the project: the save itself may have worked.
    harness.state_mut().actions.push(Action::SaveTo(path.clone()));
    wait(&mut harness, "the save", |app| !app.is_dirty());
    assert!(path.exists(), "the thread of files goes on");
}

#[test]
fn what_takes_long_ends_with_the_window() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), "users.csv");
    wait(&mut harness, "the table", |app| app.project().steps.len() == 1);
    let (ended, end) = sync_channel(1);
    harness.state().backend.desk().spawn("pipewright-long", Message::Failed, move |desk| {
        while !desk.cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = ended.send(());
        None
    });
    let begun = Instant::now();
    harness.state_mut().view.given_up = None;
    let ctx = harness.ctx.clone();
    harness.state_mut().proceed(&ctx, super::state::view::Then::Quit);
    end.recv_timeout(Duration::from_secs(1)).expect("the scan ends");
    while !harness.state().view.may_close {
        harness.run_ok();
        assert!(begun.elapsed() < Duration::from_secs(1), "the window closes within a second");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_window_is_not_closed_under_a_run_without_a_word() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let home = tempfile::tempdir().unwrap();
    let mut harness = designer(home.path(), "users.csv");
    wait(&mut harness, "the table", |app| app.project().steps.len() == 1);
    harness.state_mut().state.run.active = Some(7);
    let ctx = harness.ctx.clone();
    let close = |harness: &mut Harness<'_, App>| {
        harness.state_mut().proceed(&ctx, super::state::view::Then::Quit);
        harness.run_ok();
    };
    close(&mut harness);
    assert!(!harness.state().view.closing);
    harness.get_by_label("Keep on").click();
    harness.run_ok();
    harness.run_ok();
    assert!(harness.state().view.dialog.is_none() && !harness.state().view.closing);
    close(&mut harness);
    harness.get_by_label("Stop and close").click();
    harness.run_ok();
    assert!(harness.state().view.closing);
    harness.state_mut().state.run.active = None;
    wait(&mut harness, "the end", |app| app.view.may_close);
}
