//! Target: PostgreSQL. Sources are read by `pipewright run stage.json` (formats, dirty lines and quarantine stay
//! Pipewright's), everything after them is one SQL script that `psql` runs in one transaction; the loads' rows come back
//! to Pipewright's own runner, which writes them as it writes its own.

pub(super) mod dialect;
pub(super) mod prelude;
pub(super) mod results;
pub(super) mod script;
mod scripts;

use std::collections::BTreeMap;

use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::sql::{Dialect, Selects};
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::diagnostic::Diagnostic;
use crate::ir::{Check, NodeId, OnFail, Op, Plan, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};

const POSTGRESQL: &dyn Dialect = &dialect::PLAIN;

pub(super) struct PostgreSql;

impl Target for PostgreSql {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn title(&self) -> &'static str {
        "PostgreSQL"
    }

    fn doc(&self) -> &'static str {
        "An SQL script that psql runs on a PostgreSQL server; sources are read and results written by the Pipewright runner."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let selects = Selects::new(POSTGRESQL, plan);
        by_step(plan, |id, node| {
            let rewritten = |how: &str| (Support::Rewritten, how.to_owned());
            match (script::statements(plan, &selects, id, false, true), &node.op) {
                (Err(diagnostic), _) => (Support::Unsupported, diagnostic.message),
                (Ok(_), Op::Read(_)) => rewritten("read by Pipewright and copied in as JSON lines"),
                (Ok(_), Op::Write(_)) => rewritten("rows come back to Pipewright, which writes them"),
                (Ok(_), Op::Check(Check { on_fail: OnFail::Reject, .. })) => {
                    rewritten("rejected rows are written to quarantine/rejected.jsonl")
                }
                (Ok(_), _) => (Support::Native, String::new()),
            }
        })
    }

    fn verify_command(&self) -> &'static str {
        "PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" \"$here/run.sh\" \"$out\" --trust || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(results::stage(plan)).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        let staged = results::stage(&plan);
        // What is secret is not written down, not even for a while.
        bundle.diagnostics.extend(check_policy(&staged));
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        match script::script(&plan, &info.name, keeps_lines) {
            Ok(sql) => bundle.text("pipeline.sql", sql),
            Err(diagnostics) => {
                bundle.diagnostics = diagnostics;
                return bundle;
            }
        }
        let mut pipeline = |file: &str, what: &str, plan: Option<Plan>| {
            let plan = plan.filter(|plan| !plan.nodes.is_empty());
            let is_there = plan.is_some();
            if let Some(plan) = plan {
                let name = format!("{}: {what}", info.name);
                bundle.text(file, Pipeline { pipeline: PIPELINE_VERSION, name, plan }.to_text());
            }
            is_there
        };
        let is_staged = pipeline("stage.json", "sources", Some(staged));
        pipeline("results.json", "results", Some(results::loads(&plan)));
        let rejects = pipeline("rejected.json", "rejected rows", keeps_lines.then(|| results::rejected(&plan)));
        scripts::write(&mut bundle, &plan, info, scripts::Parts { keeps_lines, is_staged, rejects });
        bundle
    }
}

/// SQL that gives the rows of one node of a plan, for tests of parity: what all have, what this one has, its table.
pub fn rows_script(plan: &Plan, wanted: NodeId) -> Result<(&'static str, String, String), Diagnostic> {
    let selects = Selects::new(POSTGRESQL, plan);
    let mut text: String = dialect::own_types(plan).into_iter().map(|(_, sql)| sql).collect();
    for (id, _) in plan.iter().filter(|(id, _)| *id <= wanted) {
        text.push_str(&format!("CREATE TEMP TABLE {} AS\n{};\n", selects.view(id), selects.select(id)?));
    }
    Ok((prelude::PRELUDE, text, selects.view(wanted).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema, Value};
    use crate::ir::{Destination, FileKind, Origin, Rows, WhenExists, Write};
    use crate::plan::plan;
    use crate::steps::PlanBuilder;

    /// A table with that column and text in it, written to a file.
    fn written(column: &str, title: &str, text: &str) -> Plan {
        let origin = Origin { step: "s".into(), title: title.into() };
        let mut builder = PlanBuilder::default();
        let rows = Rows { schema: Schema::of([(column, DataType::String)]), rows: vec![vec![Value::text(text)]] };
        let input = builder.push(Op::Rows(rows), vec![], &origin).unwrap();
        let destination = Destination::File {
            path: "x.csv".into(),
            kind: FileKind::Csv,
            partition: vec![],
            when_exists: WhenExists::Fail,
        };
        builder.push(Op::Write(Write::new(destination, vec![])), vec![input], &origin).unwrap();
        Plan { nodes: builder.nodes, ..Plan::default() }
    }

    #[test]
    fn nothing_of_the_design_stands_in_a_command_of_psql() {
        let hostile = "x\"'\n\\! touch hacked\n$$ :'x' \\g | sh\n";
        let text = script::script(&written(hostile, hostile, hostile), hostile, true).unwrap();
        let plain = script::script(&written("a", "a", "a"), "a", true).unwrap();
        // Lines inside of quotes are no commands: what stands outside of them is what a plain design has.
        let commands = |text: &str| {
            let (mut is_inside, mut found) = (None, Vec::new());
            let mut rest = text.split_once("-- The design.").unwrap().1.chars().peekable();
            let mut line = String::new();
            while let Some(c) = rest.next() {
                match (is_inside, c) {
                    (None, '\'' | '"') => is_inside = Some(c),
                    (Some(quote), c) if c == quote => is_inside = None,
                    (None, '-') if rest.peek() == Some(&'-') => while rest.next_if(|c| *c != '\n').is_some() {},
                    (None, '\n') => found.push(std::mem::take(&mut line)),
                    (None, c) => line.push(c),
                    (Some(_), _) => {}
                }
            }
            found.into_iter().filter(|line| line.contains('\\')).collect::<Vec<_>>()
        };
        assert_eq!(commands(&text), commands(&plain));
        assert!(commands(&text).len() > 3, "{text}");
    }

    #[test]
    fn what_postgresql_cannot_hold_is_refused_by_name() {
        let refused = |column: &str, text: &str| {
            script::script(&written(column, "t", text), "p", true).unwrap_err().remove(0).message
        };
        assert_eq!(refused("a", "a\0b"), "PostgreSQL does not carry a text with a NUL");
        assert!(refused("a\0b", "").contains("a column whose name holds a NUL"));
    }

    #[test]
    fn names_that_postgresql_would_cut_or_has_itself_are_told_apart() {
        let names = ["", "xmin", "pw_row", &"n".repeat(64), &"n".repeat(65), &format!("{}é", "n".repeat(29))];
        let found: std::collections::BTreeSet<String> = names.iter().map(|name| POSTGRESQL.identifier(name)).collect();
        assert!(found.len() == names.len() && found.iter().all(|name| name.len() <= 65), "{found:?}");
        assert_eq!(POSTGRESQL.identifier("a\"b"), "\"a\"\"b\"");
    }

    #[test]
    fn views_are_called_as_their_steps_are() {
        let mut plan = written("a", &"ä".repeat(40), "");
        let views = POSTGRESQL.views(&plan);
        assert_eq!(views, [format!("\"{}\"", "ä".repeat(31)), format!("\"{} 2\"", "ä".repeat(30))]);
        for (title, wanted) in [("pg_class", "\"step pg_class\""), ("\n", "\"step\""), ("a\"b\nc", "\"a\"\"b c\"")] {
            plan = written("a", title, "");
            assert_eq!(POSTGRESQL.views(&plan)[0], wanted);
        }
    }

    #[test]
    fn the_worked_example_is_carried_whole() {
        let text = include_str!("../../../projects/shop/shop.pipewright.json");
        let project = crate::project::load(text).unwrap().0;
        let bundle = PostgreSql.export(&plan(&project), &DesignInfo { name: "shop".into(), ..DesignInfo::default() });
        assert!(bundle.diagnostics.is_empty(), "{:?}", bundle.diagnostics);
        for file in ["pipeline.sql", "stage.json", "results.json", "run.sh", "README.md"] {
            assert!(bundle.files.contains_key(file), "{file}");
        }
        assert!(PostgreSql.support(&plan(&project)).values().all(|(support, _)| *support != Support::Unsupported));
        for (name, file) in bundle.files.iter().filter(|(name, _)| name.ends_with(".json")) {
            Pipeline::from_text(&file.text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
    }
}
