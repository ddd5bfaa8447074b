//! Files beside a bundle that have a scheduler call its `run.sh`. Parameters are variables of the environment, secrets
//! come from the scheduler's own place for them, the interval of the data goes to the parameters that are named for it.
//! Nothing of a design but names of parameters and a name of letters and digits stands in any of them.
//! Must not import any target.

use std::collections::BTreeSet;

use super::Bundle;
use crate::data::DataType;
use crate::ir::{Parameter, Plan, SOURCE_FOLDER_DOC, parameter_variable};
use crate::quote::own_word;

/// What `export --with` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    Airflow,
    Dagster,
    Systemd,
    Cron,
    Kubernetes,
    GithubActions,
    Dockerfile,
}

impl Scheduler {
    pub const ALL: [Scheduler; 7] = [
        Scheduler::Airflow,
        Scheduler::Dagster,
        Scheduler::Systemd,
        Scheduler::Cron,
        Scheduler::Kubernetes,
        Scheduler::GithubActions,
        Scheduler::Dockerfile,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Scheduler::Airflow => "airflow",
            Scheduler::Dagster => "dagster",
            Scheduler::Systemd => "systemd",
            Scheduler::Cron => "cron",
            Scheduler::Kubernetes => "kubernetes",
            Scheduler::GithubActions => "github-actions",
            Scheduler::Dockerfile => "dockerfile",
        }
    }

    pub fn named(name: &str) -> Option<Scheduler> {
        Scheduler::ALL.into_iter().find(|scheduler| scheduler.name() == name)
    }

    /// The files, in the folder `schedulers` of a bundle, with their texts.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Scheduler::Airflow => &[("airflow/@NAME@_dag.py", include_str!("schedulers/airflow.py"))],
            Scheduler::Dagster => &[("dagster/@NAME@_definitions.py", include_str!("schedulers/dagster.py"))],
            Scheduler::Systemd => &[
                ("systemd/pipewright-@NAME@.service", include_str!("schedulers/systemd.service")),
                ("systemd/pipewright-@NAME@.timer", include_str!("schedulers/systemd.timer")),
                ("systemd/pipewright-@NAME@.env", include_str!("schedulers/systemd.env")),
            ],
            Scheduler::Cron => &[
                ("cron/pipewright-@NAME@", include_str!("schedulers/crontab")),
                ("cron/@NAME@.sh", include_str!("schedulers/cron.sh")),
            ],
            Scheduler::Kubernetes => &[("kubernetes/@NAME@.yaml", include_str!("schedulers/kubernetes.yaml"))],
            Scheduler::GithubActions => &[("github-actions/@NAME@.yml", include_str!("schedulers/github.yml"))],
            Scheduler::Dockerfile => &[("docker/Dockerfile", include_str!("schedulers/Dockerfile"))],
        }
    }
}

/// The two ends of the interval that a run is for, and its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interval {
    Start,
    End,
}

/// Which end of the data's interval a parameter is for, by its name.
fn interval_of(parameter: &Parameter) -> Option<Interval> {
    if !matches!(parameter.data_type, DataType::Timestamp | DataType::Date) {
        return None;
    }
    match parameter.name.to_lowercase().as_str() {
        "from" | "start" | "since" | "begin" | "day" | "date" => Some(Interval::Start),
        "to" | "end" | "until" => Some(Interval::End),
        name if name.ends_with("_from") || name.ends_with("_start") || name.ends_with("_since") => {
            Some(Interval::Start)
        }
        name if name.ends_with("_to") || name.ends_with("_end") || name.ends_with("_until") => Some(Interval::End),
        _ => None,
    }
}

/// A line for each parameter of a kind; `@V@` is its variable, `@v@` the same in small letters, `@k@` with `-` for `_`.
struct Lines<'a> {
    secrets: Vec<&'a Parameter>,
    given: Vec<&'a Parameter>,
    intervals: Vec<(&'a Parameter, Interval)>,
}

impl Lines<'_> {
    fn of(plan: &Plan) -> Lines<'_> {
        let (secrets, plain): (Vec<_>, Vec<_>) = plan.parameters.iter().partition(|parameter| parameter.is_secret());
        let intervals = plain.iter().filter_map(|parameter| Some((*parameter, interval_of(parameter)?))).collect();
        let given = plain.into_iter().filter(|parameter| interval_of(parameter).is_none()).collect();
        Lines { secrets, given, intervals }
    }

    fn secrets(&self, form: &str) -> String {
        self.secrets.iter().map(|parameter| line(form, parameter)).collect()
    }

    /// Those with a default stand in a comment.
    fn given(&self, form: &str, comment: &str) -> String {
        let one = |parameter: &&Parameter| match parameter.default {
            None => line(form, parameter),
            Some(_) => {
                let text = line(form, parameter);
                let indent = text.len() - text.trim_start().len();
                format!("{}{comment}{}", &text[..indent], text.trim_start().replace("\n  ", &format!("\n{comment}  ")))
            }
        };
        self.given.iter().map(one).collect()
    }

    fn intervals(&self, form: &str, start: &str, end: &str) -> String {
        let one = |(parameter, interval): &(&Parameter, Interval)| {
            let value = if *interval == Interval::Start { start } else { end };
            let cut = if parameter.data_type == DataType::Date { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
            line(&form.replace("@VALUE@", value).replace("@FORM@", cut), parameter)
        };
        self.intervals.iter().map(one).collect()
    }
}

fn line(form: &str, parameter: &Parameter) -> String {
    let variable = parameter_variable(&parameter.name);
    let small = variable.to_lowercase();
    form.replace("@V@", &variable).replace("@v@", &small).replace("@k@", &small.replace('_', "-"))
}

/// Adds the files of schedulers to a bundle.
pub fn write(bundle: &mut Bundle, schedulers: &[Scheduler], plan: &Plan, name: &str) {
    let word = own_word(name, "design");
    let lines = Lines::of(plan);
    for scheduler in schedulers {
        for (file, text) in scheduler.files() {
            let file = format!("schedulers/{}", file.replace("@NAME@", &word));
            let text = filled(*scheduler, text, &lines, plan, bundle).replace("@name@", &word.replace('_', "-"));
            let text = text.replace("@NAME@", &word);
            match file.ends_with(".sh") {
                true => bundle.script(&file, text),
                false => bundle.text(&file, text),
            }
        }
    }
}

/// A scheduler's text with the lines of the parameters.
fn filled(scheduler: Scheduler, text: &str, lines: &Lines, plan: &Plan, bundle: &Bundle) -> String {
    let python = |indent: &str| {
        [
            ("@SECRETS@", lines.secrets("    \"@V@\",\n")),
            ("@GIVEN@", lines.given("    \"@V@\": \"\",\n", "# ")),
            (
                "@INTERVALS@",
                lines.intervals(&format!("{indent}\"@V@\": @VALUE@.strftime(\"@FORM@\"),\n"), "start", "end"),
            ),
        ]
    };
    let shell = "@V@=$(date -u -d '@VALUE@' '+@FORM@')\nexport @V@\n";
    let days = |form: &str| lines.intervals(form, "yesterday 00:00", "today 00:00");
    let marks: Vec<(&str, String)> = match scheduler {
        Scheduler::Airflow => python("        ").into(),
        Scheduler::Dagster => python("        ").into(),
        Scheduler::Systemd => vec![
            ("@SECRETS@", lines.secrets("LoadCredential=@V@:/etc/pipewright/@NAME@/@V@\n")),
            ("@READ@", lines.secrets("export @V@=\"$$(cat \"$$CREDENTIALS_DIRECTORY/@V@\")\"; ")),
            (
                "@INTERVALS@",
                days("export @V@=\"$$(date -u -d \"@VALUE@\" \"+@FORM@\")\"; ").replace('%', "%%"),
            ),
            ("@GIVEN@", lines.given("@V@=\n", "#")),
        ],
        Scheduler::Cron => vec![
            ("@SECRETS@", lines.secrets("secret @V@\n")),
            ("@GIVEN@", lines.given("export @V@=''\n", "# ")),
            ("@INTERVALS@", days(shell)),
        ],
        Scheduler::Kubernetes => vec![
            (
                "@SECRETS@",
                lines.secrets("                - name: @V@\n                  valueFrom:\n                    secretKeyRef:\n                      name: pipewright-@name@\n                      key: @V@\n"),
            ),
            ("@GIVEN@", lines.given("                - name: @V@\n                  value: \"\"\n", "# ")),
            ("@INTERVALS@", days("export @V@=\"$(date -u -d '@VALUE@' '+@FORM@')\"; ")),
        ],
        Scheduler::GithubActions => vec![
            ("@SECRETS@", lines.secrets("          @V@: ${{ secrets.@V@ }}\n")),
            ("@GIVEN@", lines.given("          @V@: ${{ vars.@V@ }}\n", "# ")),
            ("@INTERVALS@", days(&shell.replace('\n', "\n          ")).trim_end().to_owned()),
        ],
        Scheduler::Dockerfile => vec![("@PACKAGES@", packages(bundle)), ("@FOLDER@", folder(plan))],
    };
    marks.iter().fold(text.to_owned(), |text, (mark, lines)| {
        // A line of its own goes whole.
        text.replace(&format!("\n{mark}\n"), &format!("\n{lines}")).replace(mark, lines)
    })
}

/// Where the folder is mounted that relative paths of sources start from.
fn folder(plan: &Plan) -> String {
    let own = plan.parameters.iter().find(|known| known.doc == SOURCE_FOLDER_DOC);
    own.map(|own| format!(" {}=/data", parameter_variable(&own.name))).unwrap_or_default()
}

/// What the scripts of a bundle, and of its parts, need beside Pipewright.
fn packages(bundle: &Bundle) -> String {
    let folders = bundle.files.keys().filter_map(|name| name.split_once('/')).map(|(part, _)| format!("{part}/"));
    let folders: BTreeSet<String> = folders.chain([String::new()]).collect();
    let needed: BTreeSet<&str> = folders.iter().map(|folder| packages_of(bundle, folder)).collect();
    needed.into_iter().filter(|names| !names.is_empty()).collect::<Vec<_>>().join(" ")
}

fn packages_of(bundle: &Bundle, folder: &str) -> &'static str {
    let text = |file: &str| bundle.files.get(&format!("{folder}{file}")).map(|file| file.text.as_str());
    let holds = |file: &str, part: &str| text(file).is_some_and(|text| text.contains(part));
    match () {
        () if holds("bundle.json", "\"postgres\"") => "dbt-core dbt-postgres",
        () if holds("bundle.json", "\"duckdb\"") => "dbt-core dbt-duckdb",
        () if text("job.py").is_some() => "pyspark==4.* pyarrow",
        () if holds("run.py", "import duckdb") => "duckdb",
        () if holds("run.py", "chdb") => "chdb==4.4.*",
        () => "",
    }
}
