//! Target: the OpenTelemetry Collector, as a log agent: a receiver of the rows of each source, a transform in OTTL that
//! works out what is asked of a row, and a pipeline a handover. Printed, and not run here.

mod scripts;
mod words;

use std::collections::BTreeMap;

use self::words::Ottl;
use super::agent::conditions::{Cond, Stage, Words, stage};
use super::agent::packed::ROW;
use super::agent::{self, Agent, Files};
use crate::diagnostic::Diagnostic;
use crate::ir::{NodeId, Op, Plan};
use crate::quote::comment;

pub(super) struct Collector;

impl Agent for Collector {
    type Stage = Stage;

    fn name(&self) -> &'static str {
        "otelcol"
    }

    fn title(&self) -> &'static str {
        Ottl.title()
    }

    fn doc(&self) -> &'static str {
        "A configuration of the OpenTelemetry Collector for the steps that look at one row at a time; what it cannot \
         carry is done by the Pipewright runner, on the rows that it hands over. Not run here: the configuration is \
         read and its statements are parsed, by no Collector."
    }

    fn stage(&self, plan: &Plan, id: NodeId, before: &BTreeMap<NodeId, Stage>) -> Result<Stage, Diagnostic> {
        stage(&Ottl, plan, id, before)
    }

    fn files(&self, plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> Files {
        let mut files = Files { once: scripts::ONCE, readme: scripts::README, ..Files::default() };
        files.configuration = ("otelcol.yaml", configuration(plan, stages, handed));
        let sources = stages.keys().filter(|id| matches!(plan.node(**id).op, Op::Read(_)));
        files.programs.insert("feed.sh".to_owned(), agent::feed(sources.copied()));
        files
    }

    fn is_packed(&self) -> bool {
        true
    }
}

/// The configuration: what is worked out of the rows of a source is kept beside the row, and each handover takes its part.
fn configuration(plan: &Plan, stages: &BTreeMap<NodeId, Stage>, handed: &[NodeId]) -> String {
    let (mut fed, mut ended) = (Vec::new(), String::new());
    let (mut receivers, mut processors, mut exporters, mut pipelines) =
        (String::new(), String::new(), String::new(), String::new());
    for source in stages.keys().filter(|id| plan.node(**id).inputs.is_empty()) {
        let number = source.0.to_string();
        fed.push(format!("filelog/n{number}"));
        ended.push_str(&ENDED.replace("@N@", &number));
        exporters.push_str(&END.replace("@N@", &number));
        pipelines.push_str(&ENDING.replace("@N@", &number));
        receivers.push_str(&RECEIVER.replace("@N@", &number));
        processors.push_str(&TRANSFORM.replace("@N@", &number));
        // Which rows are there at a node.
        let is_row = Cond::When("(attributes[\"row\"] != nil and attributes[\"row\"][\"end\"] == nil)".to_owned());
        let mut here = BTreeMap::from([(*source, is_row.clone())]);
        for (id, stage) in stages.range(source..) {
            let node = plan.node(*id);
            let there = match node.inputs.first() {
                None if id == source => is_row.clone(),
                Some(input) if here.contains_key(input) => here[input].clone(),
                _ => continue,
            };
            // The Collector looks for variables in comments, too.
            let title = comment(&node.origin.title).replace('$', "_");
            processors.push_str(&format!("          # {title}\n"));
            stage.statements.iter().for_each(|statement| processors.push_str(&listed(statement)));
            let goes_on = match stage.keeps.clone() {
                Cond::Always => there,
                keeps => {
                    let place = Ottl.variable(&format!("n{}", id.0));
                    processors.push_str(&listed(&Ottl.set(&place, "1", &there.and(keeps))));
                    Cond::When(Ottl.is_there(&place))
                }
            };
            if handed.contains(id) {
                let names = [("@N@", id.0.to_string()), ("@SOURCE@", number.clone())];
                let named =
                    |text: &str| names.iter().fold(text.to_owned(), |text, (mark, name)| text.replace(mark, name));
                for statement in handover(id.0, stage, &goes_on) {
                    processors.push_str(&listed(&statement));
                }
                exporters.push_str(&named(EXPORTER));
                pipelines.push_str(&named(PIPELINE));
            }
            here.insert(*id, goes_on);
        }
    }
    let mut handovers = String::new();
    handed.iter().for_each(|id| handovers.push_str(&HANDOVER.replace("@N@", &id.0.to_string())));
    format!(
        "{HEAD}receivers:\n{receivers}\nprocessors:\n{processors}{handovers}{ended}{UNREAD}\nexporters:\n{exporters}{DROPPED}\nservice:\n  extensions: [text_encoding]\n  pipelines:\n{pipelines}{}",
        DROPPING.replace("@ALL@", &fed.join(", "))
    )
}

/// A statement of a list, as YAML reads it.
fn listed(statement: &str) -> String {
    format!("          - '{}'\n", statement.replace('\'', "''"))
}

/// Puts the row of a node beside what came in, column by column; it is one without any, too.
fn handover(number: u32, stage: &Stage, when: &Cond) -> Vec<String> {
    let row = format!("attributes[\"out{number}\"]");
    let first = Ottl.set(&format!("{row}[\"{ROW}\"]"), "1", when);
    let columns = stage.columns.iter().enumerate().filter(|(_, held)| held.known != Cond::Never);
    let columns = columns.map(|(index, held)| {
        Ottl.set(&format!("{row}[\"c{index}\"]"), &held.place, &when.clone().and(held.known.clone()))
    });
    let empty = Ottl.set(&row, "ParseJSON(\"{}\")", when);
    [empty, first].into_iter().chain(columns).collect()
}

const HEAD: &str = "# Made by Pipewright, for the OpenTelemetry Collector (its distribution `contrib`, 0.120 or later). Not run here: see\n# README.md.\nextensions:\n  text_encoding:\n    encoding: utf8\n    marshaling_separator: \"\\n\"\n\n";

const RECEIVER: &str = r#"  filelog/n@N@:
    include: ["feed/n@N@.jsonl"]
    start_at: beginning
    max_log_size: 8MiB
    operators:
      - type: json_parser
        parse_from: body
        parse_to: attributes.row
        parse_ints: true
        on_error: send
"#;

const TRANSFORM: &str = r#"  transform/n@N@:
    error_mode: propagate
    log_statements:
      - context: log
        statements:
"#;

const HANDOVER: &str = r#"  filter/n@N@:
    error_mode: propagate
    logs:
      log_record:
        - 'attributes["out@N@"] == nil'
  transform/out@N@:
    error_mode: propagate
    log_statements:
      - context: log
        statements:
          - 'set(body, attributes["out@N@"])'
"#;

const EXPORTER: &str = r#"  file/n@N@:
    path: handover/n@N@.jsonl
    append: true
    encoding: text_encoding
"#;

const PIPELINE: &str = r#"    logs/n@N@:
      receivers: [filelog/n@SOURCE@]
      processors: [transform/n@SOURCE@, filter/n@N@, transform/out@N@]
      exporters: [file/n@N@]
"#;

/// What run.sh writes behind the last row.
const ENDED: &str = r#"  filter/ended@N@:
    error_mode: propagate
    logs:
      log_record:
        - 'attributes["row"]["end"] == nil'
"#;

const END: &str = r#"  file/ended@N@:
    path: ended/n@N@
    append: true
    encoding: text_encoding
"#;

const ENDING: &str = r#"    logs/ended@N@:
      receivers: [filelog/n@N@]
      processors: [filter/ended@N@]
      exporters: [file/ended@N@]
"#;

/// What is no row is kept, and seen.
const UNREAD: &str = r#"  filter/dropped:
    error_mode: propagate
    logs:
      log_record:
        - 'attributes["row"] != nil'
"#;

const DROPPED: &str = r#"  file/dropped:
    path: handover/dropped.jsonl
    append: true
    encoding: text_encoding
"#;

const DROPPING: &str = r#"    logs/dropped:
      receivers: [@ALL@]
      processors: [filter/dropped]
      exporters: [file/dropped]
"#;

#[cfg(test)]
mod tests;
