//! Target: rsyslog, as a log agent: a ruleset a source, in RainerScript, on rows that imfile reads.

mod scripts;
mod words;

use std::collections::BTreeMap;

use self::words::Rainer;
use super::agent::conditions::{Cond, Stage, Words, stage};
use super::agent::packed::ROW;
use super::agent::{self, Agent, Files};
use crate::diagnostic::Diagnostic;
use crate::ir::{NodeId, Op, Plan};
use crate::quote::comment;

pub(super) struct Rsyslog;

impl Agent for Rsyslog {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        "rsyslog"
    }

    fn title(&self) -> &'static str {
        Rainer.title()
    }

    fn doc(&self) -> &'static str {
        "A configuration of rsyslog 8 for the steps that look at one row at a time; what it cannot carry is done by the \
         Pipewright runner, on the rows that it hands over."
    }

    fn stage(&self, plan: &Plan, id: NodeId, before: &BTreeMap<NodeId, Stage>) -> Result<Stage, Diagnostic> {
        stage(&Rainer, plan, id, before)
    }

    fn files(&self, plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> Files {
        let mut files = Files { once: scripts::ONCE, readme: scripts::README, ..Files::default() };
        files.configuration = ("rsyslog.conf", configuration(plan, stages, handed));
        let sources = stages.keys().filter(|id| matches!(plan.node(**id).op, Op::Read(_)));
        files.programs.insert("feed.sh".to_owned(), agent::feed(sources.copied()));
        files
    }

    fn is_packed(&self) -> bool {
        true
    }
}

/// The configuration: a ruleset a source, which does all that comes of its rows.
fn configuration(plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> String {
    let templates: String = handed.iter().map(|id| TEMPLATE.replace("@N@", &id.0.to_string())).collect();
    let mut text = format!("{HEAD}{templates}");
    for source in stages.keys().filter(|id| plan.node(**id).inputs.is_empty()) {
        text.push_str(&INPUT.replace("@N@", &source.0.to_string()));
        // Which rows are there at a node.
        let mut here = BTreeMap::from([(*source, Cond::Always)]);
        for (id, stage) in stages.range(source..) {
            let node = plan.node(*id);
            let there = match node.inputs.first() {
                None if id == source => Cond::Always,
                Some(input) if here.contains_key(input) => here[input].clone(),
                _ => continue,
            };
            text.push_str(&format!("  # {}\n", comment(&node.origin.title).replace('\\', "_")));
            text.extend(stage.statements.iter().map(|statement| format!("  {statement}\n")));
            let goes_on = match stage.keeps.clone() {
                Cond::Always => there,
                keeps => {
                    let place = Rainer.variable(&format!("n{}", id.0));
                    text.push_str(&format!("  {}\n", Rainer.set(&place, "1", &there.and(keeps))));
                    Cond::When(Rainer.is_there(&place))
                }
            };
            if handed.contains(id) {
                text.push_str(&handover(id.0, stage, &goes_on));
            }
            here.insert(*id, goes_on);
        }
        text.push_str("}\n");
    }
    text
}

/// Writes the row of a node, column by column; it is one without any, too.
fn handover(number: u32, stage: &Stage, when: &Cond) -> String {
    let mut text = format!("  if {} then {{\n    set $!n{number}!{ROW} = 1;\n", words::condition(when));
    for (index, held) in stage.columns.iter().enumerate().filter(|(_, held)| held.known != Cond::Never) {
        let statement = Rainer.set(&format!("$!n{number}!c{index}"), &held.place, &held.known);
        text.push_str(&format!("    {statement}\n"));
    }
    text.push_str(&format!(
        "    action(type=\"omfile\" file=\"./handover/n{number}.jsonl\" template=\"n{number}\" fileCreateMode=\"0600\")\n  }}\n"
    ));
    text
}

/// What the agent does on the way to nodes of a plan, for tests of parity; the wanted ones are handed over.
pub fn configuration_of(plan: &Plan, wanted: &[NodeId]) -> Result<String, Diagnostic> {
    let mut stages = BTreeMap::new();
    for (id, _) in plan.iter() {
        let made = stage(&Rainer, plan, id, &stages)?;
        stages.insert(id, made);
    }
    Ok(configuration(plan, &stages, wanted))
}

const HEAD: &str = r#"# Made by Pipewright, for rsyslog 8. run.sh starts it once for all rows that are there; as an agent it runs by itself:
# `rsyslogd -n -C -f rsyslog.conf -i rsyslogd.pid`, in the folder of this file (README.md).
global(workDirectory="." maxMessageSize="8m")
main_queue(queue.type="Direct")
module(load="imfile")
module(load="mmjsonparse")
template(name="line" type="list") { property(name="msg") constant(value="\n") }
"#;

const TEMPLATE: &str = r#"template(name="n@N@" type="list") { property(name="$!n@N@") constant(value="\n") }
"#;

const INPUT: &str = r#"
input(type="imfile" file="./feed/n@N@.jsonl" tag="n@N@" ruleset="n@N@" freshStartTail="off")
ruleset(name="n@N@") {
  action(type="mmjsonparse" cookie="")
  # A text would end at a NUL.
  if ($parsesuccess != "OK") or ($msg contains "\x5cu0000") then {
    action(type="omfile" file="./handover/dropped.jsonl" template="line" fileCreateMode="0600")
    stop
  }
  # What run.sh writes behind the last row.
  if exists($!end) then {
    action(type="omfile" file="./ended/n@N@" template="line" fileCreateMode="0600")
    stop
  }
"#;

#[cfg(test)]
mod tests;
