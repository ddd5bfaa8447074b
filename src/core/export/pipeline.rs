//! Target: Pipewright's own headless runner. `pipeline.json` is self-contained and versioned: the pruned plan,
//! parameters, titles. Secrets by reference, paths by parameter.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Bundle, DesignInfo, Support, TAKE_OUT, Target, parameter_lines};
use crate::diagnostic::{Diagnostic, json_cause, json_fault};
use crate::ir::{Plan, check_parameter_names, check_secrets, prune};
use crate::quote::markdown_text;

/// Version of the pipeline file.
pub const PIPELINE_VERSION: u64 = 1;

/// A pipeline file: `pipewright run pipeline.json` needs nothing else of the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pipeline {
    /// Version of the file: 1.
    pub pipeline: u64,
    pub name: String,
    #[serde(flatten)]
    pub plan: Plan,
}

impl Pipeline {
    /// The JSON Schema of a pipeline file.
    pub fn json_schema_of_file() -> serde_json::Value {
        serde_json::to_value(schemars::schema_for!(Pipeline)).unwrap_or_default()
    }

    /// Canonical text.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_value(self).unwrap_or_default();
        crate::project::canonical_json(&json)
    }

    /// Reads a pipeline's text; hashes are computed anew.
    pub fn from_text(text: &str) -> Result<Pipeline, Diagnostic> {
        let json: serde_json::Value = serde_json::from_str(text)
            .map_err(|error| json_fault("PW0610", "this is no JSON", text, &error).help("export the pipeline again"))?;
        match json.get("pipeline").and_then(serde_json::Value::as_u64) {
            Some(PIPELINE_VERSION) => {}
            Some(version) => {
                return Err(Diagnostic::error(
                    "PW0611",
                    format!("the pipeline is of version {version}; this program runs version {PIPELINE_VERSION}"),
                )
                .help("run it with the Pipewright that exported it, or export it again"));
            }
            None => {
                return Err(Diagnostic::error("PW0612", "this is neither a project nor a pipeline")
                    .help("give a `.pipewright.json` project or an exported `pipeline.json`"));
            }
        }
        let mut pipeline: Pipeline = serde_json::from_value(json).map_err(|error| {
            Diagnostic::error("PW0613", format!("the pipeline cannot be read: {}", json_cause(&error)))
                .help("export it again")
        })?;
        let faults = check_parameter_names(&pipeline.plan.parameters);
        if let Some((_, fault)) = faults.into_iter().next() {
            return Err(fault);
        }
        let count = pipeline.plan.nodes.len() as u32;
        for index in 0..pipeline.plan.nodes.len() {
            let node = &pipeline.plan.nodes[index];
            if node.inputs.iter().any(|input| input.0 as usize >= index) {
                return Err(Diagnostic::error(
                    "PW0614",
                    format!("node {index} reads a node that does not come before it"),
                )
                .help("export the pipeline again"));
            }
            if !node.op.input_counts().contains(&node.inputs.len()) {
                let message = format!(
                    "node {index} (step “{}”) has {} inputs, which it cannot have",
                    node.origin.title,
                    node.inputs.len()
                );
                return Err(Diagnostic::error("PW0614", message).help("export the pipeline again"));
            }
            let inputs: Vec<u64> = node.inputs.iter().map(|input| pipeline.plan.node(*input).hash).collect();
            let hash = crate::ir::node_hash(&node.op, inputs.into_iter());
            std::sync::Arc::make_mut(&mut pipeline.plan.nodes[index]).hash = hash;
        }
        if pipeline
            .plan
            .steps
            .values()
            .flat_map(|step| step.outputs.values().chain(&step.nodes))
            .any(|id| id.0 >= count)
        {
            return Err(
                Diagnostic::error("PW0614", "a step names a node that is not there").help("export the pipeline again")
            );
        }
        match check_secrets(&pipeline.plan).into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(pipeline),
        }
    }
}

pub(super) struct PipelineTarget;

impl Target for PipelineTarget {
    fn name(&self) -> &'static str {
        "pipeline"
    }

    fn title(&self) -> &'static str {
        "Pipewright runner"
    }

    fn doc(&self) -> &'static str {
        "A self-contained pipeline.json that `pipewright run` executes without the designer or the project."
    }

    fn support(&self, plan: &Plan) -> BTreeMap<String, (Support, String)> {
        plan.steps.keys().map(|id| (id.clone(), (Support::Native, String::new()))).collect()
    }

    fn verify_command(&self) -> &'static str {
        "\"$pipewright\" run \"$here/pipeline.json\" --sources \"$here/receipt/pipeline.json\" --out \"$out\" --report \"$work/report.json\" --max-quarantined 1"
    }

    fn export(&self, plan: &Plan, info: &DesignInfo) -> Bundle {
        let mut bundle = Bundle::default();
        let pruned = prune(plan, &plan.sinks());
        let pipeline = Pipeline { pipeline: PIPELINE_VERSION, name: info.name.clone(), plan: pruned };
        bundle.text("pipeline.json", pipeline.to_text());
        bundle.script("run.sh", RUN.replace("@OUT@\n", TAKE_OUT));
        bundle.text("README.md", readme(&pipeline));
        bundle
    }
}

const RUN: &str = r#"#!/bin/sh
# Runs the pipeline: ./run.sh OUT [OPTION…]. Parameters are environment variables (see README.md).
# In one piece: of a copy that broke off nothing is run.
{
@OUT@
if [ -d "$out" ]; then
  place=$(CDPATH= cd -- "$out" && pwd -P)
  case $place/ in
    "$here/" | "$here/receipt/"*) place=$here ;;
  esac
  if [ "$place" -ef "$here" ]; then
    echo "error: results do not go into the bundle itself: run.sh $here/results" >&2
    exit 2
  fi
fi
exec "${PIPEWRIGHT:-pipewright}" run "$here/pipeline.json" --out "$out" --report "$out/report.json" ${PIPEWRIGHT_NEW:+"--list-new=$PIPEWRIGHT_NEW"} "$@"
}
"#;

fn readme(pipeline: &Pipeline) -> String {
    format!(
        "# {}: pipeline for the Pipewright runner\n\n`./run.sh OUT` reads the sources, runs all flows and writes the results into the folder OUT, with `report.json` beside \
         them. `./verify.sh` runs the pipeline on the pinned sample in `receipt/` and compares the results with those that the designer showed.\n\n\
         Both need `pipewright` on the PATH, or its path in the variable `PIPEWRIGHT`.\n\n## Parameters\n\n\
         Variables of the environment, or of a file: `./run.sh OUT --env-file FILE`. What lies outside of this folder and is not named by one of them is read with \
         `./run.sh OUT --trust` only, which connections need too.\n\n{}\n\
         ## Exit codes\n\n0 done; 1 the run failed; 2 usage; 3 done, with more rows in quarantine than allowed; 78 the configuration is invalid.\n",
        markdown_text(&pipeline.name),
        parameter_lines(&pipeline.plan.parameters)
    )
}
