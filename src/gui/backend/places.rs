//! Connections, opened where nobody waits for them: the thread that draws goes on.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pipewright_app::{take_sample, test_connection};
use pipewright_core::data::Value;
use pipewright_core::model::{Connection, Id};
use pipewright_core::project::Project;
use pipewright_engine::PLACE_SAMPLE_ROWS;

use super::Message;
use super::desk::Desk;

pub fn sample(source: Id, project: Project, base: PathBuf, parameters: BTreeMap<String, Value>, desk: &Desk) {
    let of = source.clone();
    let failed = move |fault| Message::SampleTaken { source: of.clone(), result: Err(fault) };
    desk.spawn("pipewright-sample", failed, move |desk| {
        let taken = take_sample(&project, &base, &source, PLACE_SAMPLE_ROWS, &parameters, &desk.cancel);
        Some(Message::SampleTaken { source, result: taken.map(Box::new) })
    });
}

pub fn test(connection: Connection, project: Project, base: PathBuf, parameters: BTreeMap<String, Value>, desk: &Desk) {
    desk.spawn(
        "pipewright-connect",
        |fault| Message::Tested(Err(fault)),
        move |desk| Some(Message::Tested(test_connection(&project, &connection, &base, &parameters, &desk.cancel))),
    );
}
