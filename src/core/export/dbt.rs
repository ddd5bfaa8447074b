//! Target: dbt, on DuckDB or PostgreSQL. A project with a model a step: sources are read by `pipewright run stage.json`
//! (formats, dirty lines and quarantine stay Pipewright's), dbt builds and tests everything after them, and the loads'
//! rows come back to Pipewright's own runner, which writes them as it writes its own.

mod adapter;
mod described;
mod jinja;
mod models;
mod scripts;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use self::adapter::Adapter;
use self::described::{Described, variables};
use self::jinja::{own, yaml};
use self::models::{Model, Models, is_load};
use super::pipeline::{PIPELINE_VERSION, Pipeline};
use super::postgresql::results;
use super::{Bundle, DesignInfo, Support, Target, by_step, staging};
use crate::diagnostic::Diagnostic;
use crate::ir::{Check, Destination, MAX_QUARANTINED, NodeId, OnFail, Op, Plan, WhenExists, Write, prune};
use crate::plan::{check_kept_lines, check_policy, is_same_path};
use crate::project::canonical_json;
use crate::quote::own_word;

pub(super) struct Dbt {
    adapter: Adapter,
}

pub(super) const DBT_DUCKDB: Dbt = Dbt { adapter: Adapter::DuckDb };
pub(super) const DBT_POSTGRES: Dbt = Dbt { adapter: Adapter::Postgres };

impl Target for Dbt {
    fn name(&self) -> &'static str {
        match self.adapter {
            Adapter::DuckDb => "dbt",
            Adapter::Postgres => "dbt-postgres",
        }
    }

    fn title(&self) -> &'static str {
        match self.adapter {
            Adapter::DuckDb => "dbt on DuckDB",
            Adapter::Postgres => "dbt on PostgreSQL",
        }
    }

    fn doc(&self) -> &'static str {
        match self.adapter {
            Adapter::DuckDb => {
                "A dbt project with a model a step, for dbt-duckdb; sources are read and results written by the Pipewright runner."
            }
            Adapter::Postgres => {
                "A dbt project with a model a step, for dbt-postgres; sources are read and results written by the Pipewright runner."
            }
        }
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        let models = Models::of(plan, self.adapter, "p");
        by_step(plan, |id, node| {
            let rewritten = |how: &str| (Support::Rewritten, how.to_owned());
            match (models.checked_select(id).and_then(|_| self.lines(plan, &models, id)), &node.op) {
                (Err(diagnostic), _) => (Support::Unsupported, diagnostic.message),
                (Ok(_), Op::Read(_)) => rewritten("read by Pipewright, and a source of dbt"),
                (Ok(_), Op::Write(_)) => rewritten("a model, whose rows Pipewright writes"),
                (Ok(_), Op::Check(Check { on_fail: OnFail::Reject, .. })) => {
                    rewritten("rejected rows are a model of their own, with a test that warns")
                }
                (Ok(_), _) => (Support::Native, String::new()),
            }
        })
    }

    fn verify_command(&self) -> &'static str {
        // Beside what stands in the database, and gone with the check.
        "(unset DBT_DUCKDB_PATH; PIPEWRIGHT_HIDDEN=1 PIPEWRIGHT_STAGE=\"$here/receipt/stage.json\" PIPEWRIGHT_SOURCES=\"$here/receipt/pipeline.json\" DBT_SCHEMA=pipewright_verify_$$ PIPEWRIGHT_DROP=yes \"$here/run.sh\" \"$out\" --trust) || [ $? -eq 3 ]"
    }

    fn stage(&self, plan: &Plan) -> Option<Plan> {
        Some(self.adapter.stage(plan)).filter(|staged| !staged.nodes.is_empty())
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let plan = prune(plan, &plan.sinks());
        let mut bundle = Bundle { diagnostics: staging::check_paths(&plan), ..Bundle::default() };
        let staged = self.adapter.stage(&plan);
        // What is secret is not written down, not even for a while.
        bundle.diagnostics.extend(check_policy(&staged));
        if bundle.has_errors() {
            return bundle;
        }
        let keeps_lines = check_kept_lines(&staged, &info.sources, &is_same_path).is_empty();
        let project = project_name(&info.name);
        let models = Models::of(&plan, self.adapter, &project);
        let told =
            models.all().and_then(|all| Ok((all, self.told(&plan, &models, [&info.name, &project], keeps_lines)?)));
        let (all, told) = match told {
            Ok(made) => made,
            Err(faults) => {
                bundle.diagnostics = faults;
                return bundle;
            }
        };
        let described = Described { plan: &plan, adapter: self.adapter, models: &models, info, project: &project };
        write_project(&mut bundle, &described, &all);
        bundle.text("bundle.json", canonical_json(&told));
        let mut pipeline = |file: &str, what: &str, plan: Plan| {
            if !plan.nodes.is_empty() {
                let name = format!("{}{what}", info.name);
                bundle.text(file, Pipeline { pipeline: PIPELINE_VERSION, name, plan }.to_text());
            }
        };
        pipeline("stage.json", ": sources", staged);
        pipeline("results.json", ": results", results::loads(&plan));
        if keeps_lines {
            pipeline("rejected.json", ": rejected rows", results::rejected(&plan));
        }
        pipeline("pipeline.json", "", plan.clone());
        scripts::write(&mut bundle, &described, keeps_lines);
        bundle
    }
}

impl Dbt {
    /// The lines that come back of a node: of a load, or of what a check rejects. In two parts, between which the
    /// relation of their model stands.
    fn lines(&self, plan: &Plan, models: &Models, id: NodeId) -> Result<Option<[String; 2]>, Diagnostic> {
        let node = plan.node(id);
        let (schema, order) = match &node.op {
            Op::Write(Write { order, .. }) if is_load(node) => {
                let is_ordered = !order.is_empty();
                let order = is_ordered.then(|| models.selects().printer(id).total_order(order)).transpose()?;
                (&node.schema, order.unwrap_or_default())
            }
            Op::Check(Check { on_fail: OnFail::Reject, .. }) => match node.inputs.first() {
                Some(input) => (&plan.node(*input).schema, String::new()),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let lines = self.adapter.result_lines(&own("relation"), schema, &order)?;
        let relation = own("relation");
        let mut parts = lines.split(&relation).map(str::to_owned);
        Ok(parts.next().zip(parts.next()).map(|(before, after)| [before, after]))
    }

    /// `bundle.json`: what run.py brings in and out.
    fn told(
        &self,
        plan: &Plan,
        models: &Models,
        [name, project]: [&str; 2],
        keeps_lines: bool,
    ) -> Result<Json, Vec<Diagnostic>> {
        let (mut sources, mut loads, mut rejected, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, node) in plan.iter() {
            let lines = match self.lines(plan, models, id) {
                Ok(lines) => lines,
                Err(fault) => {
                    faults.push(fault.step(&node.origin.step, &node.origin.title));
                    continue;
                }
            };
            let origin = &node.origin;
            match &node.op {
                Op::Read(_) => {
                    sources.push(json!({ "table": models.name(id), "file": self.adapter.staged_file(id) }));
                }
                Op::Write(write) if is_load(node) => {
                    let replaces =
                        !matches!(&write.destination, Destination::File { when_exists: WhenExists::Fail, .. });
                    loads.push(json!({
                        "model": models.name(id), "file": format!("load_{}", id.0), "lines": lines,
                        "step": origin.step, "title": origin.title, "replaces": replaces,
                    }));
                }
                Op::Check(_) if lines.is_some() => {
                    let (mut before, mut root) = (Vec::new(), id);
                    while let Some(input) = plan.node(root).inputs.first() {
                        root = *input;
                        before.extend(models.rejected_name(root));
                    }
                    rejected.push(json!({
                        "model": models.rejected_name(id), "file": format!("rejected_rows_{}", id.0), "lines": lines,
                        "step": origin.step, "title": origin.title, "op": node.op.name(), "before": before,
                        "source": plan.node(root).origin.step,
                    }));
                }
                _ => {}
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(json!({
            "adapter": self.adapter.name(), "project": project, "name": name, "sources": sources, "loads": loads, "rejected": rejected,
            "keeps_lines": keeps_lines, "most_rejected": MAX_QUARANTINED,
        }))
    }
}

/// The files that dbt reads.
fn write_project(bundle: &mut Bundle, described: &Described, all: &[Model]) {
    let (adapter, project, plan) = (described.adapter, described.project, described.plan);
    bundle.text("dbt_project.yml", scripts::project_file(adapter, project, &variables(plan)));
    bundle.text("profiles.yml", scripts::profiles(adapter, project));
    bundle.text("macros/pipewright.sql", scripts::macros(adapter, plan, &described.models.index_macros()));
    let mut by_folder: BTreeMap<&str, Vec<&Model>> = BTreeMap::new();
    for model in all {
        bundle.text(&format!("models/{}/{}.sql", model.folder, model.name), model.sql.clone());
        by_folder.entry(&model.folder).or_default().push(model);
    }
    for (folder, models) in by_folder {
        bundle.text(&format!("models/{folder}/_{folder}.yml"), described.models(&models));
    }
    for (file, text) in [("sources", described.sources()), ("exposures", described.exposures())] {
        if !text.is_empty() {
            bundle.text(&format!("models/{file}.yml"), text);
        }
    }
}

/// The name of the project, its profile and its source.
pub fn project_name(name: &str) -> String {
    match own_word(name, "design") {
        name if name.starts_with(|c: char| c.is_ascii_digit())
            || name.starts_with("pw_")
            || name.starts_with("dbt") =>
        {
            format!("design_{name}")
        }
        name => name,
    }
}
