//! A flow over a file that grows: its rows come as they are written. Must not import previews.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use pipewright_core::data::Schema;
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::formats::Tally;
use pipewright_core::ir::{Needs, NodeId, OnFail, Op, Plan};
use polars::prelude::{DataFrame, IntoLazy};

use crate::cancel::Cancel;
use crate::columns::Quarantined;
use crate::ops::{self, Context};
use crate::read::{Follower, job_of};
use crate::table::ResultTable;

/// Reads the file of a plan's one source from its end on, and gives the rows of a node until `sink` breaks or somebody
/// cancels. `told` gets what was read each time, as it is counted. Errors: a step that needs more than the row at hand,
/// named; several files; a file that cannot grow.
pub fn follow(
    plan: &Plan,
    watch: NodeId,
    base: &Path,
    sink: &mut dyn FnMut(ResultTable) -> ControlFlow<()>,
    quarantine: &mut dyn FnMut(Quarantined),
    told: &mut dyn FnMut(&Tally),
    cancel: &Cancel,
) -> Result<(), Diagnostic> {
    let chain = chain_to(plan, watch)?;
    let Some((Op::Read(read), steps)) = chain.split_first().map(|(first, rest)| (&plan.node(*first).op, rest)) else {
        return Err(Diagnostic::error("PW0709", "the flow does not begin with a file").help("follow a file"));
    };
    let job = job_of(read, base, cancel)?;
    if job.files.len() != 1 {
        let message = format!("{} files are named, and one can be followed", job.files.len());
        return Err(Diagnostic::error("PW1129", message).help("name one file, or follow each by itself"));
    }
    let mut follower = Follower::new(job)?;
    while !cancel.is_cancelled() {
        let Some(parsed) = follower.next()? else { continue };
        told(&parsed.tally);
        parsed.quarantined.into_iter().for_each(&mut *quarantine);
        let mut frame = parsed.frame;
        for (number, id) in steps.iter().enumerate() {
            let before = if number == 0 { chain[0] } else { steps[number - 1] };
            frame = made(plan, *id, frame, &plan.node(before).schema)?;
        }
        let table = ResultTable::from_frame(&frame, &plan.node(watch).schema).map_err(|error| ops::failed(&error))?;
        if table.rows() > 0 && sink(table).is_break() {
            break;
        }
    }
    Ok(())
}

/// The nodes from the source to one of a plan: each works on the row at hand.
fn chain_to(plan: &Plan, watch: NodeId) -> Result<Vec<NodeId>, Diagnostic> {
    let (mut chain, mut at) = (vec![watch], watch);
    while let Some(input) = plan.node(at).inputs.first() {
        let node = plan.node(at);
        let needs = node.op.needs(0, &plan.node(*input).schema);
        let waits = match &node.op {
            _ if needs != Needs::AnyRows => needs.text(),
            Op::Limit(_) => "the first rows",
            Op::Check(check) if check.on_fail == OnFail::Stop => "to be stopped as a whole",
            _ if node.inputs.len() > 1 => "rows of other files",
            _ => {
                at = *input;
                chain.push(at);
                continue;
            }
        };
        let message = format!("a file that is followed has no last row, and “{}” needs {waits}", node.origin.title);
        return Err(Diagnostic::error("PW1130", message)
            .help("leave that step out, or read the file without --follow")
            .step(&*node.origin.step, &*node.origin.title));
    }
    chain.reverse();
    Ok(chain)
}

/// What a node makes of rows.
fn made(plan: &Plan, id: NodeId, frame: DataFrame, input: &Schema) -> Result<DataFrame, Diagnostic> {
    let node = plan.node(id);
    let op = ops::bound(&node.op, &BTreeMap::new());
    let name = format!("follow-{}", id.0);
    let context = Context { name: &name, inputs: vec![input], output: &node.schema, ids: false };
    ops::lower_op(&op, vec![frame.lazy()], &context)?.collect().map_err(|error| ops::failed(&error))
}
