//! The policy of a plan: the rules in force for a project, and every wire on which data goes where it may not.
//! Imports project.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use crate::data::{Classification, DataType, Field, Labels, Schema};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, ExprKind};
use crate::ir::{LoweredBy, Node, NodeId, Op, Origin, Plan, Read, Write, is_secret_default, output_schema};
use crate::model::Parameter;
use crate::policy::{InForce, Policy, Sensitivities, Site, Violation, loosened, parse_own};
use crate::project::Project;
use crate::steps::DataRules;

/// How many columns a message names.
const NAMED_COLUMNS: usize = 4;

/// What lowerings look up of a project.
pub(super) fn data_rules(project: &Project) -> DataRules {
    // Without a default too: it may be shown, and is in no secret's care.
    let is_written = |parameter: &&Parameter| !is_secret_default(parameter.default.as_ref());
    let is_secret = |parameter: &&Parameter| is_secret_default(parameter.default.as_ref());
    DataRules {
        sensitivities: Sensitivities::of(&project.vocabulary),
        seen: project.seen.clone(),
        teams: teams(project),
        written: project.parameters.values().filter(is_written).map(|parameter| parameter.name.clone()).collect(),
        secrets: project.parameters.values().filter(is_secret).map(|parameter| parameter.name.clone()).collect(),
    }
}

fn teams(project: &Project) -> BTreeMap<String, String> {
    project.teams.values().map(|team| (team.id.clone(), team.title.clone())).collect()
}

/// The rules in force for a project: those of its organisation, its own, and what is wrong with them.
pub fn in_force(project: &Project) -> (InForce, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let mut in_force = InForce::default();
    let at_project = |mut diagnostic: Diagnostic| {
        diagnostic.location.id = Some("project".to_owned());
        diagnostic
    };
    in_force.organisation = project.organisation.iter().map(|known| known.policy.clone()).collect();
    if !project.policy.is_empty() {
        match parse_own(&project.policy) {
            Ok(own) => {
                let is_bare = Policy { name: String::new(), ..own.clone() } == Policy::default();
                in_force.own = Some(own).filter(|_| !is_bare);
            }
            Err(diagnostic) => found.push(at_project(diagnostic.field("policy"))),
        }
        found.extend(unread_pin(project).map(at_project));
    }
    let is_needed = !in_force.organisation.is_empty() || in_force.own.is_some() || !teams(project).is_empty();
    if is_needed {
        in_force.teams = teams(project);
    }
    found.extend(loosened(&in_force));
    (in_force, found)
}

/// The organisation's policy that the project pins, where it was not read.
fn unread_pin(project: &Project) -> Option<Diagnostic> {
    let pin = project.policy.get("organisation")?;
    let text = |key: &str| pin.get(key).and_then(Json::as_str).unwrap_or_default();
    let (path, sha256) = (text("path"), text("sha256"));
    if path.is_empty() || sha256.is_empty() {
        let message = "the organisation's policy is pinned without its path and digest";
        let help = "write {\"path\": \"policy.json\", \"sha256\": \"…\"}, with the digest of the file";
        return Some(Diagnostic::error("PW1008", message).help(help).field("policy.organisation"));
    }
    if project.organisation.iter().any(|known| known.sha256.eq_ignore_ascii_case(sha256)) {
        return None;
    }
    let message = format!("the organisation's policy `{path}` is not there as it is pinned, so nothing may leave");
    let help = format!("restore the file whose SHA-256 is {sha256}, or have the new one agreed and pin its digest");
    Some(Diagnostic::error("PW1008", message).help(help).field("policy.organisation"))
}

/// Every place in a plan where data goes where the plan's policy forbids it. Labels are worked out again from the
/// sources, so that what a file says of nodes in between is not believed. For a plan without its project; `plan`
/// reports the same, with wires and owners.
pub fn check_policy(plan: &Plan) -> Vec<Diagnostic> {
    let parameters = plan.parameter_types();
    let mut schemas: Vec<Schema> = Vec::with_capacity(plan.nodes.len());
    for node in &plan.nodes {
        let inputs: Vec<&Schema> = node.inputs.iter().map(|input| &schemas[input.0 as usize]).collect();
        schemas.push(output_schema(&node.op, &inputs, &parameters).unwrap_or_else(|_| node.schema.clone()));
    }
    let schemas: Vec<&Schema> = schemas.iter().collect();
    Check { plan, owner: &|_| String::new(), schemas, found: Vec::new() }
        .run()
        .into_iter()
        .map(|(one, _)| one)
        .collect()
}

/// Sources whose lines may not be written down as they are, such as into a quarantine: what is secret stays where it
/// is, whichever of the `sources` of that file says so (`is_same`: whether two read a file in common). Lines are kept
/// where the run is, which is where their data lies, so nothing else stands in the way.
pub fn check_kept_lines(plan: &Plan, sources: &Plan, is_same: &dyn Fn(&Read, &Read) -> bool) -> Vec<Diagnostic> {
    fn reads(plan: &Plan) -> impl Iterator<Item = (&Origin, &Read)> {
        plan.nodes.iter().filter_map(|node| match &node.op {
            Op::Read(read) => Some((&node.origin, read)),
            _ => None,
        })
    }
    let mut found = Vec::new();
    for (origin, read) in reads(plan) {
        let of_others = || reads(sources).find_map(|(_, other)| secret_field(other).filter(|_| is_same(read, other)));
        if let Some(field) = secret_field(read).or_else(of_others) {
            let message = format!(
                "lines of “{}” that do not fit would be kept with `{}`, which is secret",
                origin.title, field.name
            );
            found.push(
                Diagnostic::error("PW1011", message)
                    .help("run without --quarantine: what does not fit is counted, and not kept")
                    .step(&origin.step, &origin.title),
            );
        }
    }
    found
}

/// The first field of a source that is secret.
pub fn secret_field(read: &Read) -> Option<&Field> {
    read.schema.fields.iter().find(|field| field.labels.classified() == Classification::Secret)
}

/// Whether two sources name one path.
pub fn is_same_path(one: &Read, other: &Read) -> bool {
    let plain =
        |path: &str| Path::new(path).components().filter(|part| *part != Component::CurDir).collect::<PathBuf>();
    plain(&one.path) == plain(&other.path)
}

/// `check_policy` with the project at hand: the wire on which it happens, and who owns the sources.
pub(super) fn check_project(plan: &Plan, project: &Project) -> Vec<Diagnostic> {
    let owner = |step: &str| {
        let source = project.steps.get(step).and_then(|step| step.settings.get("source")).and_then(Json::as_str);
        let source = source.and_then(|id| project.sources.get(id));
        let owner = source.map(|source| source.owner.as_str()).unwrap_or_default();
        project.teams.get(owner).map_or(owner, |team| &team.title).to_owned()
    };
    let schemas = plan.nodes.iter().map(|node| &node.schema).collect();
    let found = Check { plan, owner: &owner, schemas, found: Vec::new() }.run();
    let on_wire = |(mut diagnostic, number): (Diagnostic, usize)| {
        let location = &mut diagnostic.location;
        let port = location.field.as_deref().and_then(|field| field.strip_prefix("input."));
        if let (Some(step), Some(port)) = (&location.id, port) {
            let wire = project.wires_into(step).filter(|wire| wire.input == port).nth(number);
            location.wire = wire.map(|wire| wire.id.clone());
        }
        diagnostic
    };
    found.into_iter().map(on_wire).collect()
}

struct Check<'a> {
    plan: &'a Plan,
    /// The owner of the source that a step reads; empty: not known.
    owner: &'a dyn Fn(&str) -> String,
    /// By node.
    schemas: Vec<&'a Schema>,
    /// Each with the number of the wire among those of its input port.
    found: Vec<(Diagnostic, usize)>,
}

impl Check<'_> {
    fn run(mut self) -> Vec<(Diagnostic, usize)> {
        let is_apart = self.plan.policy.keeps_apart();
        for node in &self.plan.nodes {
            match &node.op {
                Op::Write(write) => {
                    self.write(node, &write.site, "", &|field| field.labels.clone());
                    if let Some(site) = told_site(write) {
                        self.write(node, &site, ", of which the alert tells,", &told_labels);
                    }
                }
                Op::Join(_) | Op::AsofJoin(_) | Op::Union if is_apart => self.bring_together(node),
                Op::Project(project) => {
                    for lowered in &project.lowered {
                        self.claim(node, &lowered.column, lowered.by);
                    }
                }
                Op::Join(_)
                | Op::AsofJoin(_)
                | Op::Union
                | Op::Read(_)
                | Op::Rows(_)
                | Op::Parse(_)
                | Op::Filter { .. }
                | Op::Check(_)
                | Op::Aggregate(_)
                | Op::Window(_)
                | Op::Sort(_)
                | Op::Limit(_)
                | Op::Distinct(_)
                | Op::Explode(_)
                | Op::Unpivot(_) => {}
            }
        }
        self.found
    }

    /// Each column that is written, with what is left of its `labels`, against the site; columns with the same fault are
    /// told together, and `how` they come there.
    fn write(&mut self, node: &Node, site: &Site, how: &str, labels: &dyn Fn(&Field) -> Labels) {
        let Some(input) = node.inputs.first() else { return };
        let mut by_fault: BTreeMap<Violation, Vec<&Field>> = BTreeMap::new();
        for field in &self.schemas[input.0 as usize].fields {
            for violation in self.plan.policy.violations(&labels(field), site) {
                by_fault.entry(violation).or_default().push(field);
            }
        }
        let mut found = Vec::new();
        for (violation, fields) in by_fault {
            let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
            let columns = match names.len().checked_sub(NAMED_COLUMNS) {
                Some(more) if more > 1 => format!("{} and {more} more columns", names[..NAMED_COLUMNS].join(", ")),
                _ => names.join(", "),
            };
            let owners = self.owners(*input, fields.iter().map(|field| field.name.as_str()));
            let diagnostic = violation.diagnostic(&format!("{columns}{how}"), fields.len() > 1, &owners);
            found.push((diagnostic.step(&node.origin.step, &node.origin.title).field("input.in"), 0));
        }
        self.found.extend(found);
    }

    /// Rows of several inputs, whose stacks may be kept apart.
    fn bring_together(&mut self, node: &Node) {
        let mut stacks: BTreeSet<&str> = BTreeSet::new();
        for (number, input) in node.inputs.iter().enumerate() {
            let fields = &self.schemas[input.0 as usize].fields;
            stacks.extend(fields.iter().flat_map(|field| &field.labels.stacks).map(String::as_str));
            let Some(violation) = self.plan.policy.apart(stacks.iter().copied()) else { continue };
            let (port, number) = match &node.op {
                Op::Union => ("in", number),
                _ if number > 0 => ("right", 0),
                _ => ("left", 0),
            };
            let owners = self.owners(*input, fields.iter().map(|field| field.name.as_str()));
            let diagnostic = violation.diagnostic("the rows", true, &owners);
            let diagnostic = diagnostic.step(&node.origin.step, &node.origin.title).field(format!("input.{port}"));
            self.found.push((diagnostic, number));
            return;
        }
    }

    /// The sources behind columns: `“Access log” (Platform)`, or the names of the columns' steps alone.
    fn owners<'n>(&self, node: NodeId, columns: impl Iterator<Item = &'n str>) -> String {
        let mut found = BTreeSet::new();
        for column in columns.take(NAMED_COLUMNS) {
            for (source, _) in self.plan.column_sources(node, column) {
                let origin = &self.plan.node(source).origin;
                let owner = (self.owner)(&origin.step);
                let owner = if owner.is_empty() { String::new() } else { format!(" ({owner})") };
                found.insert(format!("“{}”{owner}", origin.title));
            }
        }
        found.into_iter().collect::<Vec<_>>().join(" and ")
    }

    /// A step says that a column is internal: what it rests on must be in the plan.
    fn claim(&mut self, node: &Node, column: &str, by: LoweredBy) {
        let holds = match by {
            LoweredBy::KeyedHash => self.is_secret_key(node, column),
            LoweredBy::Mask => true,
            LoweredBy::SmallestGroup(rows) => self.keeps_large_groups(node, column, rows),
        };
        if !holds {
            let message = match by {
                LoweredBy::SmallestGroup(rows) => {
                    format!(
                        "`{column}` is said to be of groups of {rows} rows or more, but nothing takes smaller ones out"
                    )
                }
                LoweredBy::KeyedHash | LoweredBy::Mask => {
                    format!("`{column}` is said to be hashed with a secret, but its key stands in the file")
                }
            };
            let diagnostic = Diagnostic::error("PW1009", message)
                .help("export the pipeline again from its project")
                .step(&node.origin.step, &node.origin.title);
            self.found.push((diagnostic, 0));
        }
    }

    fn is_secret_key(&self, node: &Node, column: &str) -> bool {
        let Op::Project(project) = &node.op else { return false };
        let Some(ExprKind::Call(call)) =
            project.columns.iter().find(|one| one.name == column).map(|one| &one.expr.kind)
        else {
            // Pruning took the column.
            return true;
        };
        let Some(ExprKind::Parameter(key)) = call.args.get(1).map(|key| &key.kind) else { return false };
        let parameter = self.plan.parameters.iter().find(|parameter| parameter.name == *key);
        let default = parameter.and_then(|parameter| parameter.default.as_ref());
        is_secret_default(default)
    }

    /// A filter on the number of rows, right behind the measures.
    fn keeps_large_groups(&self, node: &Node, column: &str, rows: u64) -> bool {
        let Op::Project(project) = &node.op else { return false };
        if project.columns.iter().all(|one| one.name != column) {
            return true;
        }
        let before = |node: &Node| node.inputs.first().map(|input| self.plan.node(*input));
        let Some(filter) = before(node) else { return false };
        let (Op::Filter { predicate }, Some(Op::Aggregate(aggregate))) =
            (&filter.op, before(filter).map(|node| &node.op))
        else {
            return false;
        };
        let count = Expr::call("count", Vec::new());
        let counted: Vec<&str> =
            aggregate.measures.iter().filter(|one| one.expr == count).map(|one| one.name.as_str()).collect();
        conjuncts(predicate).iter().any(|one| match &one.kind {
            ExprKind::Binary { op: BinaryOp::GreaterOrEqual, left, right } => {
                let is_count = matches!(&left.kind, ExprKind::Column(name) if counted.contains(&name.as_str()));
                let least = match &right.kind {
                    ExprKind::Literal(crate::data::Value::Int(least)) => u64::try_from(*least).unwrap_or(0),
                    _ => 0,
                };
                is_count && least >= rows
            }
            _ => false,
        })
    }
}

/// Where it is told that the condition of a watched answer is met, in a sentence that holds values of its rows.
fn told_site(write: &Write) -> Option<Site> {
    let connection = write.watch.as_ref()?.tells.as_ref()?;
    Some(Site { residency: connection.residency.clone(), ..Site::default() })
}

/// What holds of a column in such a sentence: texts of people and secrets are not shown in it, measures of them are.
fn told_labels(field: &Field) -> Labels {
    let is_measure = matches!(field.data_type, DataType::Int | DataType::Float | DataType::Duration);
    Labels { classification: field.labels.classification.filter(|_| is_measure), ..field.labels.clone() }
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Binary { op: BinaryOp::And, left, right } => [conjuncts(left), conjuncts(right)].concat(),
        _ => vec![expr],
    }
}
