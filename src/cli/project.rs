//! Opening what verbs work on: a project (planned here) or an exported pipeline; and the verb `new`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use pipewright_app::evidence::seen_in_samples;
use pipewright_app::resolve::{referred_variable, resolve_sources, sample_files};
use pipewright_core::data::{Labels, Value};
use pipewright_core::diagnostic::{Diagnostic, Severity, did_you_mean, io_cause};
use pipewright_core::export::DesignInfo;
use pipewright_core::export::pipeline::Pipeline;
use pipewright_core::files;
use pipewright_core::ir::{Node, NodeId, Op, Plan, Read, Write, parameter_variable, parse_parameter, prune};
use pipewright_core::plan::{check_policy, in_force, plan};
use pipewright_core::project::{EXTENSION, Edit, Project, help_with_path, read_file, read_policy, save_file};

use super::args::NewArgs;
use super::output::{print_text, tell};
use super::{Failure, Outcome, VerbResult, unwritable, usage};

/// A project or pipeline, ready to be run, previewed or exported.
pub struct Opened {
    pub name: String,
    /// `None` for a pipeline file.
    pub project: Option<Project>,
    pub plan: Plan,
    /// What relative paths are relative to.
    pub base: PathBuf,
    /// Warnings of the file; the plan's own are in `plan.diagnostics`.
    pub diagnostics: Vec<Diagnostic>,
}

impl Opened {
    /// Everything that is wrong or worth knowing, errors first.
    pub fn all_diagnostics(&self) -> Vec<Diagnostic> {
        let mut all: Vec<Diagnostic> = self.diagnostics.iter().chain(&self.plan.diagnostics).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    /// Why a plan cannot be run or exported; what could not be read comes first.
    pub fn invalid(&self, faults: Vec<Diagnostic>) -> Failure {
        let unread = self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).cloned();
        Failure { diagnostics: unread.chain(faults).collect(), outcome: Outcome::Invalid }
    }

    pub fn design_info(&self) -> DesignInfo {
        let of_pipeline =
            || DesignInfo { name: self.name.clone(), sources: self.plan.clone(), ..DesignInfo::default() };
        let known = self.project.as_ref().map_or_else(of_pipeline, DesignInfo::of);
        DesignInfo { name: self.name.clone(), ..known }
    }

    /// The id of a step given by id or title.
    pub fn find_step(&self, name: &str) -> Result<String, Failure> {
        if self.plan.steps.contains_key(name) {
            return Ok(name.to_owned());
        }
        let with_title: Vec<&String> =
            self.plan.steps.iter().filter(|(_, step)| step.title == name).map(|(id, _)| id).collect();
        match with_title.as_slice() {
            [id] => Ok((*id).clone()),
            [] => {
                let names = self.plan.steps.iter().flat_map(|(id, step)| [id.as_str(), step.title.as_str()]);
                let known =
                    self.plan.steps.values().map(|step| format!("“{}”", step.title)).take(12).collect::<Vec<_>>();
                Err(usage(
                    format!("there is no step `{name}`{}", did_you_mean(name, names)),
                    format!("the steps are {}", known.join(", ")),
                ))
            }
            several => Err(usage(
                format!("{} steps have the title `{name}`", several.len()),
                format!("give an id: {}", several.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ")),
            )),
        }
    }

    /// Keeps only the flows that end in one step.
    pub fn keep_flow(&mut self, name: &str) -> Result<(), Failure> {
        let step = self.find_step(name)?;
        // An answer's rows may be loaded behind it.
        let mut behind: BTreeSet<NodeId> =
            self.plan.sinks().into_iter().filter(|id| self.plan.node(*id).origin.step == step).collect();
        for (id, node) in self.plan.iter() {
            if node.inputs.iter().any(|input| behind.contains(input)) {
                behind.insert(id);
            }
        }
        let sinks: Vec<NodeId> = self.plan.sinks().into_iter().filter(|id| behind.contains(id)).collect();
        if sinks.is_empty() {
            return Err(usage(format!("“{name}” is not the end of a flow"), "give a Load or Answer step"));
        }
        self.plan = prune(&self.plan, &sinks);
        Ok(())
    }

    /// Reads what another pipeline of the same design reads, with the values that it has for parameters: that of a
    /// receipt, whose rows are pinned.
    pub fn take_sources(&mut self, from: &Path) -> Result<(), Failure> {
        let other = open(from)?;
        let read_of = |node: &'_ Node| if let Op::Read(read) = &node.op { Some(read.clone()) } else { None };
        let others: Vec<Read> = other.plan.iter().filter_map(|(_, node)| read_of(node)).collect();
        let reads: Vec<usize> =
            self.plan.iter().filter(|(_, node)| matches!(node.op, Op::Read(_))).map(|(id, _)| id.0 as usize).collect();
        if reads.len() != others.len() {
            let message = format!(
                "`{}` reads {} sources, the pipeline that is run reads {}",
                from.display(),
                others.len(),
                reads.len()
            );
            return Err(usage(message, "give the pipeline of a receipt that was exported with this one"));
        }
        for (index, other) in reads.into_iter().zip(others) {
            if let Op::Read(read) = &mut Arc::make_mut(&mut self.plan.nodes[index]).op {
                // Labels that only the other knows would be lost on its rows.
                let own = |name: &str| read.schema.get(name).map(|field| &field.labels);
                let mut more = other.schema.fields.iter().filter(|field| own(&field.name) != Some(&field.labels));
                if let Some(field) = more.find(|field| field.labels != Labels::default()) {
                    let message =
                        format!("`{}` says of `{}` what the pipeline that is run does not", from.display(), field.name);
                    return Err(usage(message, "give the pipeline of a receipt that was exported with this one"));
                }
                read.path = other.path;
                read.location = other.location;
            }
        }
        // A place is loaded where the other loads it: of a receipt into a file.
        let writes = |plan: &Plan| -> Vec<(usize, Write)> {
            let write_of = |(id, node): (NodeId, &Arc<Node>)| match &node.op {
                Op::Write(write) => Some((id.0 as usize, write.clone())),
                _ => None,
            };
            plan.iter().filter_map(write_of).collect()
        };
        for ((index, own), (_, pinned)) in writes(&self.plan).into_iter().zip(writes(&other.plan)) {
            if let (true, Op::Write(write)) =
                (own.destination.connection().is_some(), &mut Arc::make_mut(&mut self.plan.nodes[index]).op)
            {
                write.destination = pinned.destination;
            }
        }
        for parameter in &mut self.plan.parameters {
            if let Some(pinned) = other.plan.parameters.iter().find(|pinned| pinned.name == parameter.name) {
                parameter.default = pinned.default.clone();
            }
        }
        self.base = other.base;
        Ok(())
    }

    /// Values from `NAME=VALUE` texts. A relative path for a parameter that begins paths of the plan is meant from
    /// the current folder.
    pub fn parameters(&self, given: &[String]) -> Result<BTreeMap<String, Value>, Failure> {
        let mut values = BTreeMap::new();
        for parameter in &self.plan.parameters {
            let variable = parameter_variable(&parameter.name);
            if std::env::var_os(&variable).is_some_and(|value| value.to_str().is_none()) {
                return Err(usage(
                    format!("the variable `{variable}` is no text in UTF-8"),
                    format!("give `{}` another value; a folder may need another name", parameter.name),
                ));
            }
        }
        for text in given {
            let Some((name, value)) = text.split_once('=') else {
                // What is no name may be a value that nobody else is to see.
                let name =
                    self.plan.parameters.iter().map(|parameter| parameter.name.as_str()).find(|name| name == text);
                let name = name.unwrap_or("NAME");
                return Err(usage(
                    format!("a --param without `=` gives no value to a parameter (`{name}`)"),
                    format!("write --param {name}=VALUE"),
                ));
            };
            let Some(parameter) = self.plan.parameters.iter().find(|parameter| parameter.name == name) else {
                let names: Vec<&str> = self.plan.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
                let help = if names.is_empty() {
                    "there are none".to_owned()
                } else {
                    format!("the parameters are {}", names.join(", "))
                };
                return Err(usage(format!("there is no parameter `{name}`{}", did_you_mean(name, names)), help));
            };
            let value = if self.begins_paths(name) { from_here(value)? } else { value.to_owned() };
            if self.is_in_paths(name) {
                // What its user names may be read.
                files::allow_place(&self.base, Path::new(&value));
            }
            let parsed = parse_parameter(parameter, &value);
            let wrong = |diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Usage };
            values.insert(name.to_owned(), parsed.map_err(wrong)?);
        }
        Ok(values)
    }

    /// What gives a value to a parameter that the command line does not: `PW_NAME`, or for `env:NAME` that variable; where
    /// they are not set, `otherwise`.
    pub fn environment_value(&self, name: &str, otherwise: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        if name.starts_with("env:") {
            return referred_variable(&self.base, name).or_else(|| otherwise(name));
        }
        let value = std::env::var(parameter_variable(name)).ok().or_else(|| otherwise(name))?;
        if self.is_in_paths(name) {
            // Variables of that form are set for Pipewright alone, and a file of them is named for this run.
            files::allow_place(&self.base, Path::new(&value));
        }
        Some(value)
    }

    /// Whether a parameter is part of the path of a source.
    pub fn is_in_paths(&self, name: &str) -> bool {
        let uses = |path: &str| path.contains(&format!("${{{name}}}")) || path.contains(&format!("${{{name}:"));
        self.plan.nodes.iter().any(|node| matches!(&node.op, Op::Read(read) if uses(&read.path)))
    }

    pub fn begins_paths(&self, name: &str) -> bool {
        self.plan.nodes.iter().any(|node| match &node.op {
            Op::Read(read) => {
                read.path.starts_with(&format!("${{{name}}}")) || read.path.starts_with(&format!("${{{name}:"))
            }
            _ => false,
        })
    }
}

fn from_here(path: &str) -> Result<String, Failure> {
    Ok(files::slashes(&std::path::absolute(path)?))
}

/// What the command line says of trust.
static GIVEN: OnceLock<(bool, Vec<String>)> = OnceLock::new();

/// Notes what the command line says of trust (`--trust`, `--env`), for the project that the verb opens.
pub fn set_reach(trust: bool, variables: Vec<String>) {
    let _ = GIVEN.set((trust, variables));
}

/// Lets a project reach what its user allows it: here, or once and for all in the file of trusted projects.
pub fn allow_reach(project: &Path) {
    let base = folder_of(project);
    let (is_given, variables) = GIVEN.get().cloned().unwrap_or_default();
    if is_given || files::settings_folder().is_some_and(|settings| files::is_remembered(&settings, project)) {
        files::trust(base);
    }
    variables.iter().for_each(|name| files::allow_variable(base, name));
}

/// Reads a project's file, with the reach that its user allows it.
pub fn read_project(path: &Path) -> Result<(Project, Vec<Diagnostic>), Diagnostic> {
    allow_reach(path);
    read_file(path)
}

/// Opens a project or an exported pipeline. Sources whose schema nobody has looked up yet are sniffed now.
pub fn open(path: &Path) -> Result<Opened, Failure> {
    open_under(path, None)
}

/// The same under a policy of the organisation, besides those that project or pipeline name themselves.
pub fn open_under(path: &Path, policy: Option<&Path>) -> Result<Opened, Failure> {
    let base = folder_of(path).to_path_buf();
    allow_reach(path);
    let invalid = |diagnostic: Diagnostic| Failure { diagnostics: vec![diagnostic], outcome: Outcome::Invalid };
    let text = files::read_text(path).map_err(|error| {
        invalid(
            Diagnostic::error("PW0704", format!("the file cannot be read: {}", io_cause(&error)))
                .file(path.display().to_string())
                .help(help_with_path(path)),
        )
    })?;
    let policy = policy.map(read_policy).transpose().map_err(invalid)?;
    if path.is_file() && text.contains("\"pipeline\"") && !text.contains("\"pipewright\"") {
        let mut pipeline =
            Pipeline::from_text(&text).map_err(|diagnostic| invalid(diagnostic.file(path.display().to_string())))?;
        pipeline.plan.policy.organisation.extend(policy.map(|policy| policy.policy));
        pipeline.plan.diagnostics = check_policy(&pipeline.plan);
        return Ok(Opened { name: pipeline.name, project: None, plan: pipeline.plan, base, diagnostics: Vec::new() });
    }
    let (mut project, mut diagnostics) = read_file(path).map_err(invalid)?;
    project.set_organisation(project.organisation.iter().cloned().chain(policy).collect());
    let (edits, found) = resolve_sources(&project, &base);
    diagnostics.extend(found);
    project.apply(&edits).map_err(invalid)?;
    // Where rules hold, columns are what their values show too.
    if in_force(&project).0.has_rules() {
        project.set_seen(seen_in_samples(&project, &base));
    }
    let plan = plan(&project);
    Ok(Opened { name: project.name.clone(), plan, project: Some(project), base, diagnostics })
}

/// What a project's relative paths are relative to.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `pipewright new DIR`.
pub fn new(args: &NewArgs) -> VerbResult {
    let absolute = std::path::absolute(&args.folder)?;
    let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_else(|| "project".into());
    let path = args.folder.join(format!("{name}{EXTENSION}"));
    // A link counts, wherever it leads.
    if path.symlink_metadata().is_ok() {
        return Err(usage(
            format!("there is a project already: {}", path.display()),
            "open it, or choose another folder",
        ));
    }
    fs::create_dir_all(&args.folder).map_err(|error| unwritable(&args.folder, &error))?;
    let mut project = Project::new(name);
    if let Some(samples) = &args.samples {
        files::allow_place(&args.folder, &std::path::absolute(samples)?);
        let (edits, warnings) = sources_in(samples, &absolute)?;
        project.apply(&edits)?;
        let (found, more) = resolve_sources(&project, &args.folder);
        project.apply(&found)?;
        tell(warnings.iter().chain(&more));
    }
    save_file(&path, &project)?;
    if args.samples.is_some() {
        trust_own(&path, &project);
    }
    print_text(&format!("{}\n", path.display()))?;
    Ok(Outcome::Done)
}

/// Whoever names files outside of a new project's folder trusts the project that is made of them.
pub fn trust_own(path: &Path, project: &Project) {
    if project.sources.values().any(|source| Path::new(&source.path).is_absolute())
        && let Some(settings) = files::settings_folder()
        && let Err(fault) = files::remember(&settings, path)
    {
        let told =
            fault.help("the project is made; it is trusted with --trust each time, until the list can be written");
        tell([&Diagnostic { severity: Severity::Warning, ..told }]);
    }
}

/// A source for each file of a folder that can be recognised; those that cannot are told.
fn sources_in(samples: &Path, home: &Path) -> Result<(Vec<Edit>, Vec<Diagnostic>), Failure> {
    let here = std::path::absolute(samples)?;
    let unreadable = |error: std::io::Error| {
        usage(
            format!("the folder `{}` cannot be read: {}", samples.display(), io_cause(&error)),
            "give a folder of sample files",
        )
    };
    let files = sample_files(&here).map_err(unreadable)?;
    if files.is_empty() {
        return Err(usage(format!("there is no file in `{}`", samples.display()), "give a folder of sample files"));
    }
    let (mut edits, mut warnings) = (Vec::new(), Vec::new());
    // Samples inside the project's folder are named relative to it, others in full.
    for path in files {
        if let Err(fault) = pipewright_engine::sniff(&path) {
            warnings.push(
                Diagnostic::warning("PW0707", format!("no source was made: {}", fault.message))
                    .file(path.display().to_string()),
            );
            continue;
        }
        // Of a folder that comes from others a link may lead anywhere.
        let real = |path: &Path| path.canonicalize().ok();
        if real(&path).zip(real(&here)).is_none_or(|(file, folder)| !file.starts_with(folder)) {
            warnings.push(
                Diagnostic::warning("PW0707", "no source was made: it is a link that leads out of the folder")
                    .help("put a copy of the file there, or add it to the project by its own path")
                    .file(path.display().to_string()),
            );
            continue;
        }
        let shown = files::slashes(path.strip_prefix(home).unwrap_or(&path));
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let slug: String =
            stem.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        let mut id = format!("src-{slug}");
        let taken = |id: &str, edits: &[Edit]| {
            edits.iter().any(|edit| matches!(edit, Edit::Insert { item, .. } if item["id"] == id))
        };
        while taken(&id, &edits) {
            id.push_str("-2");
        }
        let item = serde_json::json!({"id": id, "title": stem, "path": shown});
        edits.push(Edit::Insert { into: "sources".into(), item, place: Default::default() });
    }
    Ok((edits, warnings))
}
