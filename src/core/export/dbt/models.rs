//! Which nodes of a plan are models, what they are called, and their SQL: a model a step, under the name of its group;
//! what a step is lowered to on the way stands in it as a common table expression.

use std::collections::{BTreeMap, BTreeSet};

use super::adapter::Adapter;
use super::jinja::{own, template};
use crate::diagnostic::Diagnostic;
use crate::export::postgresql::dialect::nearest_index;
use crate::export::sql::Selects;
use crate::export::staging::is_taken_often;
use crate::ir::{Check, Destination, Node, NodeId, OnFail, Op, Plan, Write};
use crate::quote::{comment, sql_identifier, word_of};
use crate::steps::kind;

/// A model of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub name: String,
    /// The folder that it lies in.
    pub folder: String,
    /// The node whose rows it has; of rejected rows the check that turns them away.
    pub node: NodeId,
    pub is_rejected: bool,
    pub is_table: bool,
    /// Models that it takes rows from.
    pub takes: Vec<NodeId>,
    pub sql: String,
}

/// The models of a plan.
pub struct Models<'a> {
    plan: &'a Plan,
    adapter: Adapter,
    selects: Selects<'a>,
    /// By node: its name, also where it is no model.
    names: Vec<String>,
    is_model: Vec<bool>,
    rejected: BTreeMap<NodeId, String>,
    /// Project of dbt, and its source.
    project: String,
}

impl<'a> Models<'a> {
    pub fn of(plan: &'a Plan, adapter: Adapter, project: &str) -> Models<'a> {
        let mut is_model = vec![true; plan.nodes.len()];
        let mut is_taken = vec![false; plan.nodes.len()];
        for node in &plan.nodes {
            for input in &node.inputs {
                let index = input.0 as usize;
                let is_outside = plan.node(*input).origin.step != node.origin.step;
                // One taker of another step is enough.
                is_model[index] = is_outside || is_taken[index] && is_model[index];
                is_taken[index] = true;
            }
        }
        let (names, rejected) = names(plan, &is_model);
        let mut selects = Selects::new(adapter.dialect(), plan);
        selects.views = names.iter().map(|name| sql_identifier(name)).collect();
        Models { plan, adapter, selects, names, is_model, rejected, project: project.to_owned() }
    }

    /// The name of the model that has a node's rows.
    pub fn name(&self, id: NodeId) -> &str {
        &self.names[id.0 as usize]
    }

    pub fn selects(&self) -> &Selects<'a> {
        &self.selects
    }

    /// What a source's rows are selected from.
    pub fn source(&self, id: NodeId) -> String {
        own(&format!("source('{}', '{}')", self.project, self.name(id)))
    }

    /// All models, or what the adapter's engine does not carry.
    pub fn all(&self) -> Result<Vec<Model>, Vec<Diagnostic>> {
        let (mut models, mut faults) = (Vec::new(), Vec::new());
        for (id, node) in self.plan.iter() {
            let mut push = |made: Result<Option<Model>, Diagnostic>| match made {
                Ok(model) => models.extend(model),
                Err(fault) => faults.push(fault.step(&node.origin.step, &node.origin.title)),
            };
            push(self.model(id));
            push(self.rejected_model(id));
        }
        if faults.is_empty() { Ok(models) } else { Err(faults) }
    }

    /// The SELECT of a node's rows, or what keeps it and what is said of it from being printed.
    pub fn checked_select(&self, id: NodeId) -> Result<String, Diagnostic> {
        let node = self.plan.node(id);
        self.adapter.check(&node.op)?;
        // What its columns are is checked in any case.
        let select = self.selects.select(id)?;
        match &node.op {
            Op::Read(_) => self.adapter.source_rows(&self.source(id), &node.schema),
            _ => Ok(select),
        }
    }

    /// The model of a node, where it is one.
    pub fn model(&self, id: NodeId) -> Result<Option<Model>, Diagnostic> {
        let node = self.plan.node(id);
        let select = self.checked_select(id)?;
        if !self.is_model[id.0 as usize] {
            return Ok(None);
        }
        let is_table = self.is_table(id);
        let (imports, inner) = self.inputs_of(id);
        let mut config = format!("{{{{ config(materialized='{}'", if is_table { "table" } else { "view" });
        if self.index(id).is_some() {
            config.push_str(&format!(", post_hook=\"{{{{ {}(this) }}}}\"", index_macro(id)));
        }
        let sql = format!("{config}) }}}}\n{}", template(&self.with(node, &imports, &inner, &select)?));
        Ok(Some(Model {
            name: self.name(id).to_owned(),
            folder: folder(self.plan, node),
            node: id,
            is_rejected: false,
            is_table,
            takes: imports,
            sql,
        }))
    }

    /// The model of the rows that a check rejects.
    fn rejected_model(&self, id: NodeId) -> Result<Option<Model>, Diagnostic> {
        let (Some(name), Op::Check(check)) = (self.rejected.get(&id), &self.plan.node(id).op) else { return Ok(None) };
        let Some(input) = self.plan.node(id).inputs.first().copied() else { return Ok(None) };
        let predicate = self.selects.printer(input).print(&check.predicate)?;
        let select = format!("SELECT * FROM {} WHERE ({predicate}) IS NOT TRUE", self.selects.view(input));
        let (imports, inner) = self.inputs_of(id);
        let node = self.plan.node(id);
        let sql = template(&self.with(node, &imports, &inner, &select)?);
        Ok(Some(Model {
            name: name.clone(),
            folder: folder(self.plan, node),
            node: id,
            is_rejected: true,
            is_table: true,
            takes: imports,
            sql: format!("{{{{ config(materialized='table') }}}}\n{sql}"),
        }))
    }

    pub fn rejected_name(&self, id: NodeId) -> Option<&str> {
        self.rejected.get(&id).map(String::as_str)
    }

    /// Models that a node takes rows from, and nodes of its own step on the way; both in their order.
    fn inputs_of(&self, id: NodeId) -> (Vec<NodeId>, Vec<NodeId>) {
        let (mut imports, mut inner) = (BTreeSet::new(), BTreeSet::new());
        let mut open = self.plan.node(id).inputs.clone();
        while let Some(id) = open.pop() {
            if self.is_model[id.0 as usize] {
                imports.insert(id);
            } else if inner.insert(id) {
                open.extend(&self.plan.node(id).inputs);
            }
        }
        (imports.into_iter().collect(), inner.into_iter().collect())
    }

    /// A SELECT behind what it takes rows from.
    fn with(&self, node: &Node, imports: &[NodeId], inner: &[NodeId], select: &str) -> Result<String, Diagnostic> {
        let import = |id: &NodeId| {
            let (view, word) =
                (self.selects.view(*id), if self.index(*id).is_some() { "NOT MATERIALIZED " } else { "" });
            format!("{view} AS {word}(\n  SELECT * FROM {}\n)", own(&format!("ref('{}')", self.name(*id))))
        };
        let mut parts: Vec<String> = imports.iter().map(import).collect();
        for id in inner {
            let (view, title) = (self.selects.view(*id), self.plan.node(*id).op.name());
            parts.push(format!("{view} AS (  -- {title}\n{}\n)", self.checked_select(*id)?));
        }
        let with = if parts.is_empty() { String::new() } else { format!("WITH {}\n", parts.join(",\n")) };
        Ok(format!("-- {} ({})\n{with}{select}\n", comment(&node.origin.title), node.op.name()))
    }

    /// What several models take is computed once; what stops the run is looked at whole; what is loaded stays.
    fn is_table(&self, id: NodeId) -> bool {
        let op = &self.plan.node(id).op;
        let may_stop = matches!(op, Op::Check(Check { on_fail: OnFail::Stop, .. }));
        matches!(op, Op::Read(_) | Op::Write(_))
            || may_stop
            || is_taken_often(self.plan, id)
            || self.index(id).is_some()
    }

    /// The statement that makes the index by which a join finds the nearest rows of this model.
    fn index(&self, id: NodeId) -> Option<String> {
        if self.adapter != Adapter::Postgres || !self.is_model[id.0 as usize] {
            return None;
        }
        self.plan.nodes.iter().find_map(|node| match &node.op {
            Op::AsofJoin(join) if node.inputs.get(1) == Some(&id) => {
                Some(nearest_index(&own("table"), &self.plan.node(id).schema, join))
            }
            _ => None,
        })
    }

    /// Macros with the statements that make indexes: names of columns stand in no hook, which is rendered twice.
    pub fn index_macros(&self) -> String {
        let one = |(id, _): (NodeId, _)| {
            let sql = template(self.index(id)?.trim_end().trim_end_matches(';'));
            Some(format!("\n{{% macro {}(table) %}}{sql}{{% endmacro %}}\n", index_macro(id)))
        };
        self.plan.iter().filter_map(one).collect()
    }
}

fn index_macro(id: NodeId) -> String {
    format!("pw_index_{}", id.0)
}

/// The folder of a step's models: the name of its lane.
fn folder(plan: &Plan, node: &Node) -> String {
    let known = plan.steps.get(&node.origin.step).and_then(|step| kind(&step.kind));
    known.map_or_else(|| "shape".to_owned(), |kind| kind.group().title().to_lowercase())
}

/// Whether a node writes a file.
pub fn is_load(node: &Node) -> bool {
    matches!(&node.op, Op::Write(Write { destination, .. }) if !matches!(destination, Destination::Answer { .. }))
}

/// A name that a node takes, made of its step's title: letters, digits and `_`, none twice.
fn names(plan: &Plan, is_model: &[bool]) -> (Vec<String>, BTreeMap<NodeId, String>) {
    let mut known = BTreeSet::new();
    let mut claim = |stem: &str, ends: &[&str]| {
        let ends = ends.iter().map(|end| (*end).to_owned()).chain((2..).map(|number| format!("_{number}")));
        let free = ends.map(|end| format!("{stem}{end}")).find(|name| !known.contains(name)).unwrap_or_default();
        known.insert(free.clone());
        free
    };
    let mut names = vec![String::new(); plan.nodes.len()];
    let (mut rejected, mut order) = (BTreeMap::new(), plan.iter().collect::<Vec<_>>());
    // Loads have their own names, then models theirs; what stands inside of one gets what is left.
    order.sort_by_key(|(id, node)| (!is_load(node), !is_model[id.0 as usize]));
    for (id, node) in order {
        let step = plan.steps.get(&node.origin.step);
        let (stem, kind) = (stem(node), step.map_or("step", |step| step.kind.as_str()));
        let (kind, op) = (format!("_{}", word_of(kind)), format!("_{}", node.op.name()));
        let port = step.and_then(|step| step.outputs.iter().find(|(_, output)| **output == id));
        let port = port.map_or(String::new(), |(port, _)| format!("_{}", word_of(port)));
        names[id.0 as usize] = match is_model[id.0 as usize] {
            true if port == "_out" || port.is_empty() => claim(&stem, &["", &kind]),
            true => claim(&stem, &["", &port]),
            false => claim(&stem, &[&op]),
        };
        if matches!(&node.op, Op::Check(Check { on_fail: OnFail::Reject, .. })) {
            rejected.insert(id, claim(&stem, &["_rejected"]));
        }
    }
    (names, rejected)
}

fn stem(node: &Node) -> String {
    match word_of(&node.origin.title) {
        name if name.is_empty() => format!("step_{}", word_of(&node.origin.step)),
        // Names of our own begin so; a name begins with no digit.
        name if name.starts_with("pw_") || name.starts_with(|c: char| c.is_ascii_digit()) => format!("step_{name}"),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema, Value};
    use crate::expr::Expr;
    use crate::ir::{FileKind, Origin, Rows, WhenExists};
    use crate::steps::PlanBuilder;

    /// Rows, two filters of one step, a load; with these titles.
    fn plan(titles: [&str; 3], text: &str) -> Plan {
        let origin = |number: usize| Origin { step: format!("s{number}"), title: titles[number].into() };
        let mut builder = PlanBuilder::default();
        let rows = Rows { schema: Schema::of([("a", DataType::String)]), rows: vec![vec![Value::text(text)]] };
        let rows = builder.push(Op::Rows(rows), vec![], &origin(0)).unwrap();
        let filter = || Op::Filter { predicate: Expr::literal(Value::Boolean(true)) };
        let first = builder.push(filter(), vec![rows], &origin(1)).unwrap();
        let second = builder.push(filter(), vec![first], &origin(1)).unwrap();
        let destination = Destination::File {
            path: "x.csv".into(),
            kind: FileKind::Csv,
            partition: vec![],
            when_exists: WhenExists::Replace,
        };
        builder.push(Op::Write(Write::new(destination, vec![])), vec![second], &origin(2)).unwrap();
        Plan { nodes: builder.nodes, ..Plan::default() }
    }

    fn models(titles: [&str; 3]) -> Vec<Model> {
        Models::of(&plan(titles, "x"), Adapter::DuckDb, "p").all().unwrap()
    }

    #[test]
    fn a_step_is_a_model_and_what_it_is_lowered_to_stands_inside() {
        let found = models(["Rows", "Kept", "Loaded"]);
        let names: Vec<&str> = found.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["rows", "kept", "loaded"]);
        assert_eq!(found.iter().map(|model| model.is_table).collect::<Vec<_>>(), [false, false, true]);
        let wanted = concat!(
            "WITH \"rows\" AS (\n  SELECT * FROM {{ ref('rows') }}\n),\n",
            "\"kept_filter\" AS (  -- filter\nSELECT * FROM \"rows\" WHERE TRUE\n)\n",
            "SELECT * FROM \"kept_filter\" WHERE TRUE\n"
        );
        assert!(found[1].sql.ends_with(wanted), "{}", found[1].sql);
    }

    #[test]
    fn names_are_words_that_no_other_model_has() {
        let names = |titles| models(titles).into_iter().map(|model| model.name).collect::<Vec<_>>();
        // A load has its own name; the others make way.
        assert_eq!(names(["A b", "a-B", "a b"]), ["a_b_step", "a_b_2", "a_b"]);
        assert_eq!(names(["日本", "2 days", "pw_x"]), ["step_s0", "step_2_days", "step_pw_x"]);
        assert_eq!(names(["{{ x }}", "'; drop", "../up"]), ["x", "drop", "up"]);
        assert!(names(["x", "y", &"long ".repeat(40)]).iter().all(|name| name.len() <= 40));
    }

    #[test]
    fn what_an_engine_cannot_hold_is_refused_at_its_step() {
        let plan = plan(["Rows", "Kept", "Loaded"], "a\0b");
        let faults = Models::of(&plan, Adapter::Postgres, "p").all().unwrap_err();
        assert!(faults.len() == 1 && faults[0].message == "PostgreSQL does not carry a text with a NUL", "{faults:?}");
        assert!(Models::of(&plan, Adapter::DuckDb, "p").all().is_ok());
    }
}
