//! The files around the models: the project, its profile, macros, run.sh, run.py, README. Nothing of the design stands
//! in a script.

use super::adapter::Adapter;
use super::described::Described;
use super::yaml;
use crate::export::run_script::{RunParts, run_script};
use crate::export::{Bundle, parameter_lines, staging};
use crate::files::MARKER;
use crate::ir::Plan;
use crate::quote::markdown_text;

pub fn write(bundle: &mut Bundle, described: &Described, keeps_lines: bool) {
    let quarantine = if keeps_lines { r#" --quarantine "$work/out/quarantine""# } else { "" };
    let is_staged = bundle.files.contains_key("stage.json");
    let stage = if is_staged { staging::STAGE.replace("@QUARANTINE@", quarantine) } else { String::new() };
    let engine = if described.adapter == Adapter::DuckDb { "dbt with DuckDB" } else { "dbt with PostgreSQL" };
    let parts = RunParts { engine, options: "", files: FILES, stage: &stage, compute: COMPUTE };
    bundle.script("run.sh", run_script(&parts));
    bundle.script("run.py", RUN_PY.replace(".pipewright.json", MARKER));
    bundle.text("README.md", readme(described, keeps_lines));
}

/// `dbt_project.yml`; `variables` are names with values as YAML.
pub fn project_file(adapter: Adapter, project: &str, variables: &[(String, String)]) -> String {
    let mut text = format!(
        "# Made by Pipewright.\nname: {project}\nversion: \"1.0.0\"\nconfig-version: 2\nprofile: {project}\n\
         require-dbt-version: \">=1.10.0\"\n\nmodel-paths: [models]\nmacro-paths: [macros]\nclean-targets: [target]\n\n\
         flags:\n  send_anonymous_usage_stats: false\n\n\
         # What the models call is defined before they are built.\non-run-start: [\"{{{{ pw_prelude() }}}}\"]\n\n\
         models:\n  {project}:\n    +materialized: view\n"
    );
    if adapter == Adapter::Postgres {
        text.push_str("    +pre-hook: \"{{ pw_settings() }}\"\n");
    }
    if !variables.is_empty() {
        text.push_str(&format!("\nvars:\n  {project}:\n"));
        variables.iter().for_each(|(name, value)| text.push_str(&format!("    {name}: {value}\n")));
    }
    text
}

/// `profiles.yml`: where the engine is stands in variables of the environment.
pub fn profiles(adapter: Adapter, project: &str) -> String {
    let schema = yaml(&format!("{{{{ env_var('DBT_SCHEMA', '{project}') }}}}"));
    let quoted = yaml(&format!("\"{{{{ env_var('DBT_SCHEMA', '{project}') }}}}\""));
    let output = match adapter {
        Adapter::DuckDb => {
            "      type: duckdb\n      path: \"{{ env_var('DBT_DUCKDB_PATH', 'target/pipewright.duckdb') }}\"\n      schema: @\n      threads: 4\n      settings:\n        TimeZone: UTC\n"
        }
        Adapter::Postgres => {
            "      type: postgres\n      host: \"{{ env_var('PGHOST', 'localhost') }}\"\n      port: \"{{ env_var('PGPORT', '5432') | as_number }}\"\n      \
             user: \"{{ env_var('PGUSER', 'postgres') }}\"\n      password: \"{{ env_var('PGPASSWORD', '') }}\"\n      dbname: \"{{ env_var('PGDATABASE', 'postgres') }}\"\n      schema: @\n      search_path: ~\n      threads: 4\n"
        }
    };
    format!(
        "# Made by Pipewright.\n{project}:\n  target: dev\n  outputs:\n    dev:\n{}",
        output.replace('@', &schema).replace('~', &quoted)
    )
}

/// `macros/pipewright.sql`.
pub fn macros(adapter: Adapter, plan: &Plan, indexes: &str) -> String {
    let settings = match adapter {
        Adapter::DuckDb => "",
        Adapter::Postgres => SETTINGS,
    };
    format!("{MACROS}{settings}{indexes}\n{{% macro pw_prelude() %}}\n{}{{% endmacro %}}\n", adapter.prelude(plan))
}

const MACROS: &str = r#"{#- Made by Pipewright: what the models call. -#}

{#- A parameter of the design, which is a variable of dbt, as a literal of its type. -#}
{% macro pw_parameter(name, type) -%}
  {%- set value = var(name) -%}
  {%- set text = "'" ~ (value | string | replace("'", "''") | replace("\x00", "' || chr(0) || '")) ~ "'" -%}
  {%- if value is none -%}NULL
  {%- elif type in ('timestamp', 'date') -%}pw_{{ type }}({{ text }})
  {%- else -%}CAST({{ text }} AS {{ type }})
  {%- endif -%}
{%- endmacro %}

{#- When the run began. -#}
{% macro pw_started_at() -%}
  pw_timestamp('{{ var("run_started_at", run_started_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")) | replace("'", "''") }}')
{%- endmacro %}

{#- Rows that a rule of the design turns away. -#}
{% test pw_no_rows(model) %}SELECT * FROM {{ model }}{% endtest %}
"#;

const SETTINGS: &str = r#"
{#- Where the functions are that the models call. -#}
{% macro pw_settings() %}SET LOCAL search_path TO {{ adapter.quote(target.schema) }}{% endmacro %}
"#;

const RUN_PY: &str = include_str!("run.py");

/// No name of a model stands in a script.
const FILES: &str = "*.yml *.json run.py macros/* models/*.yml models/*/*";

const COMPUTE: &str = r#"fail() {
  printf 'error: %s\n  help: %s\n' "$1" "$2" >&2
  exit 1
}
PIPEWRIGHT=$(command -v -- "${PIPEWRIGHT:-pipewright}") || fail "the program pipewright is not found" "put it on the PATH, or name it in PIPEWRIGHT"
case $PIPEWRIGHT in
  /*) ;;
  *) PIPEWRIGHT=$(pwd)/$PIPEWRIGHT ;;
esac
case ${DBT_DUCKDB_PATH:-/} in
  /*) ;;
  *) DBT_DUCKDB_PATH=$(pwd)/$DBT_DUCKDB_PATH ;;
esac
# What is read and written is checked first, and the values of parameters with it.
checked=0
"$PIPEWRIGHT" run "$here/pipeline.json" ${PIPEWRIGHT_SOURCES:+"--sources=$PIPEWRIGHT_SOURCES"} --out "$out" --dry-run --report - \
  ${report:+"--not-over=$report"} "$@" >"$work/checked.json" 2>"$work/talk" || checked=$?
if [ "$checked" -ne 0 ]; then
  cat "$work/talk" >&2
  exit "$checked"
fi
export PIPEWRIGHT_STAGED="$work/stage" DBT_DUCKDB_PATH="${DBT_DUCKDB_PATH:-$work/rows/warehouse.duckdb}"
(cd -- "$work" && "${PYTHON:-python3}" "$here/run.py" "$here" "$work" "$out") || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 3 ] || exit "$code"
# The rows that dbt has built become the design's files.
finish() {
  cp -- "$here/$1" "$work/$1" || return 1
  shift
  "$PIPEWRIGHT" run "$@" >&3 2>"$work/talk" || {
    cat "$work/talk" >&2
    return 1
  }
}
exec 3>&1
finish results.json "$work/results.json" --out "$work/out" --max-quarantined 0 "$@" || exit 1
if [ -f "$here/rejected.json" ]; then
  finish rejected.json "$work/rejected.json" --out "$work/rows/none" --quarantine "$work/rows/rejected" --max-quarantined 1 "$@" || exit 1
  if [ -s "$work/rows/rejected/quarantine.jsonl" ]; then
    mkdir -p -- "$work/out/quarantine"
    mv -- "$work/rows/rejected/quarantine.jsonl" "$work/out/quarantine/rejected.jsonl"
  fi
fi
"#;

fn readme(described: &Described, keeps_lines: bool) -> String {
    let Described { plan, info, adapter, project, .. } = described;
    let tests_left_out = described.tests_left_out();
    let lines = match keeps_lines {
        true => {
            "Lines of the sources that do not fit go to `quarantine/quarantine.jsonl`, rows that a rule rejects to `quarantine/rejected.jsonl`."
        }
        false => {
            "Lines of the sources that do not fit, and rows that a rule rejects, are counted and not kept in files: they may hold what is secret."
        }
    };
    let left_out = match tests_left_out.is_empty() {
        true => String::new(),
        false => {
            let titles: Vec<String> =
                tests_left_out.iter().map(|title| format!("“{}”", markdown_text(title))).collect();
            format!(
                " Pinned rows of these steps are no unit tests, since dbt does not write their values or a column is not exported: {}; `pipewright test` runs them.",
                titles.join(", ")
            )
        }
    };
    let (title, needs, place) = match adapter {
        Adapter::DuckDb => ("DuckDB", "dbt-core` 1.10 or later and `dbt-duckdb", DUCKDB_PLACE),
        Adapter::Postgres => ("PostgreSQL", "dbt-core` 1.10 or later and `dbt-postgres", POSTGRES_PLACE),
    };
    README
        .replace("@PLACE@", place)
        .replace("@TITLE@", title)
        .replace("@NEEDS@", needs)
        .replace("@LINES@", lines)
        .replace("@PROJECT@", project)
        .replace("@PARAMETERS@", &parameter_lines(&plan.parameters))
        .replace("@LEFT_OUT@", &left_out)
        .replace("@NAME@", &markdown_text(&info.name))
}

const DUCKDB_PLACE: &str = "The database is a file that goes with the run, unless `DBT_DUCKDB_PATH` names one; there the models lie in the schema `@PROJECT@` (`DBT_SCHEMA`).";

const POSTGRES_PLACE: &str = "The server is the one that `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD` and `PGDATABASE` lead to (`profiles.yml`): PostgreSQL 15 or later with ICU, and a database in UTF8. The models stay in the schema `@PROJECT@` (`DBT_SCHEMA`), the lines of the sources in `@PROJECT@_sources`; with `PIPEWRIGHT_DROP=yes` they go after the run.";

const README: &str = r#"# @NAME@: dbt project for @TITLE@

`./run.sh OUT` reads the sources with the Pipewright runner (formats, dirty lines and quarantine are its part), runs `dbt build` on their rows (models, data tests, unit tests), and puts the results into the folder OUT, all or none; what Pipewright did not write there is not replaced. `./verify.sh` does so on the pinned sample in `receipt/`, beside what stands in the database, and compares the results with those of Pipewright's own engine.

Needs: `pipewright` on the PATH (or its path in `PIPEWRIGHT`), and Python 3 (or its path in `PYTHON`) with the packages `@NEEDS@`.

@PLACE@ A schema of that name that holds something and that no such run has made is refused. dbt builds model by model: a run that fails leaves in the database what was built until then, and no result in OUT.

## With dbt alone

`./run.py --stage DIR` reads the sources into DIR (on PostgreSQL, loads them into the schema `…_sources` beside the one that `DBT_SCHEMA` names); `export PIPEWRIGHT_STAGED=DIR` tells dbt of it, and every command of dbt works in this folder (`--profiles-dir .`). In a dbt project of your own this folder is a package: name it in `packages.yml` and run `dbt deps`; its models are then `ref('@PROJECT@', 'MODEL')`.

```yaml
packages:
  - local: PATH/OF/THIS/FOLDER
```

## Parameters

They are variables of the environment for `run.sh`, and variables of dbt (`--vars`) under the same names in small letters without `PW_`.

@PARAMETERS@
## What is carried how

Every step is a model in a folder of its lane, named after the step; what several models take, and what is loaded, is a table, everything else a view. Sources are tables of dbt's source `@PROJECT@`. What the functions of the language need is defined by `pw_prelude` before each run (`macros/pipewright.sql`). Rules are tests: rows that one rejects are a model `…_rejected` with a test that warns, a rule that stops the run is a model that fails; what they promise of single columns is tested after them. Loads keep to a contract. Questions are exposures.@LEFT_OUT@ @LINES@ How rows of joins find partners, and values that steps make null, round or cut, are not counted: a run of the target `pipeline` tells them.
"#;
