//! The context of a lowering: settings in, operations and diagnostics out. The schema of every node comes from
//! the Op's own rule, so a lowering cannot disagree with it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::Settings;
use crate::data::{DataType, Schema, Value};
use crate::diagnostic::{Diagnostic, NO_WIRE, read_object};
use crate::expr::{self, Expr, ExprKind, Place, Scope, SortKey};
use crate::ir::{Column, Node, NodeId, Op, Origin, ParameterTypes, node_hash, output_schema};
use crate::model::{Connection, Id, Question, Source};
use crate::policy::{Sensitivities, team_id};

/// The nodes of a plan under construction.
#[derive(Debug, Default)]
pub struct PlanBuilder {
    pub nodes: Vec<Arc<Node>>,
    /// Types of the parameters that expressions may name.
    pub parameters: ParameterTypes,
}

impl PlanBuilder {
    /// Adds a node; its schema is what the Op's rule says.
    pub fn push(&mut self, op: Op, inputs: Vec<NodeId>, origin: &Origin) -> Result<NodeId, Diagnostic> {
        let schemas: Vec<&Schema> = inputs.iter().map(|id| &self.nodes[id.0 as usize].schema).collect();
        let schema = output_schema(&op, &schemas, &self.parameters)?;
        let hash = node_hash(&op, inputs.iter().map(|id| self.nodes[id.0 as usize].hash));
        self.nodes.push(Arc::new(Node { op, inputs, schema, origin: origin.clone(), hash }));
        Ok(NodeId(self.nodes.len() as u32 - 1))
    }
}

/// What steps may look up in the design.
#[derive(Debug, Clone, Copy)]
pub struct StepContext<'a> {
    pub sources: &'a BTreeMap<Id, Source>,
    pub connections: &'a BTreeMap<Id, Connection>,
    pub questions: &'a BTreeMap<Id, Question>,
    /// Types of the parameters, by name.
    pub parameters: &'a BTreeMap<String, DataType>,
    /// How sensitive fields are, and by which names teams go.
    pub rules: &'a DataRules,
}

/// What is known of data besides its source: labels of fields come from here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataRules {
    pub sensitivities: Arc<Sensitivities>,
    /// By source and column, what values of samples show where nobody has said it (`Design::seen`).
    pub seen: BTreeMap<Id, BTreeMap<String, String>>,
    /// Titles of the teams, by id.
    pub teams: BTreeMap<Id, String>,
    /// Parameters whose values stand in the design, and so are no secret.
    pub written: BTreeSet<String>,
    /// Parameters whose values come from the environment by reference: none may be seen.
    pub secrets: BTreeSet<String>,
}

impl DataRules {
    /// A team's id, given by id or title; other names as they are.
    pub fn team(&self, name: &str) -> String {
        team_id(&self.teams, name)
    }
}

/// What came of a lowering.
#[derive(Debug, Default)]
pub struct Lowered {
    /// Output port → node. A port without entry is a hole.
    pub outputs: BTreeMap<String, NodeId>,
    pub nodes: Vec<NodeId>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Handed to `StepKind::lower`.
pub struct Lowering<'a> {
    pub context: StepContext<'a>,
    pub settings: &'a Settings,
    pub origin: Origin,
    /// Input port → nodes of its wires, in wire order. A broken neighbour gives no node.
    pub inputs: &'a BTreeMap<String, Vec<NodeId>>,
    /// Input ports whose neighbour is broken: its fault is reported there, once.
    pub broken_inputs: &'a HashSet<String>,
    pub builder: &'a mut PlanBuilder,
    pub lowered: Lowered,
}

impl Lowering<'_> {
    /// The step's settings in the kind's own type. A wrong one is reported, and `None` given.
    pub fn settings<T: DeserializeOwned>(&mut self) -> Option<T> {
        match read_object(&serde_json::Value::Object(self.settings.clone())) {
            Ok(settings) => Some(settings),
            Err((field, cause)) => {
                let fault = Diagnostic::error("PW0301", format!("the settings cannot be read: {cause}"))
                    .help("`pipewright steps NAME` shows the settings of a kind of step");
                self.report(if let Some(field) = field { fault.field(field) } else { fault });
                None
            }
        }
    }

    /// The node wired to an input port. A missing wire is reported; a broken neighbour is not (it says so itself).
    pub fn input(&mut self, port: &str) -> Option<NodeId> {
        let node = self.inputs.get(port).and_then(|nodes| nodes.first()).copied();
        if node.is_none() && !self.broken_inputs.contains(port) {
            self.report(
                Diagnostic::error(NO_WIRE, format!("the input `{port}` has no wire"))
                    .help("draw a wire from another step's output to this input")
                    .field(format!("input.{port}")),
            );
        }
        node
    }

    /// All nodes wired to a port that takes many.
    pub fn inputs(&self, port: &str) -> Vec<NodeId> {
        self.inputs.get(port).cloned().unwrap_or_default()
    }

    pub fn schema(&self, node: NodeId) -> &Schema {
        &self.builder.nodes[node.0 as usize].schema
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.lowered.diagnostics.push(diagnostic.step(&self.origin.step, &self.origin.title));
    }

    /// Adds an operation; a fault of its own is reported.
    pub fn push(&mut self, op: Op, inputs: Vec<NodeId>) -> Option<NodeId> {
        match self.builder.push(op, inputs, &self.origin) {
            Ok(id) => {
                self.lowered.nodes.push(id);
                Some(id)
            }
            Err(diagnostic) => {
                self.report(diagnostic);
                None
            }
        }
    }

    /// Adds an operation; a fault of its own is reported at that setting.
    pub fn push_from(&mut self, field: &str, op: Op, inputs: Vec<NodeId>) -> Option<NodeId> {
        let known = self.lowered.diagnostics.len();
        let pushed = self.push(op, inputs);
        for diagnostic in &mut self.lowered.diagnostics[known..] {
            if diagnostic.location.field.is_none() {
                diagnostic.location.field = Some(field.to_owned());
                // The place is in another text than the setting's.
                diagnostic.location.span = None;
            }
        }
        pushed
    }

    /// Says what leaves an output port.
    pub fn output(&mut self, port: &str, node: NodeId) {
        self.lowered.outputs.insert(port.to_owned(), node);
    }

    /// Reads and types an expression from a setting. Faults are reported with `field` and span.
    /// `wanted`: the type that the result must have.
    pub fn expression(
        &mut self,
        field: &str,
        text: &str,
        node: NodeId,
        place: Place,
        wanted: Option<&DataType>,
    ) -> Option<(Expr, DataType)> {
        if text.trim().is_empty() {
            self.report(
                Diagnostic::error("PW0303", "the expression is empty")
                    .help("write one, such as `status >= 500`")
                    .field(field),
            );
            return None;
        }
        let parsed = match expr::parse(text) {
            Ok(parsed) => parsed,
            Err(diagnostic) => {
                self.report(diagnostic.field(field));
                return None;
            }
        };
        let schema = self.builder.nodes[node.0 as usize].schema.clone();
        let scope = Scope { schema: &schema, parameters: self.context.parameters, place };
        match expr::check(&parsed, &scope) {
            Ok(found) => {
                if let Some(wanted) = wanted
                    && !found.fits(wanted)
                {
                    self.report(
                        Diagnostic::error(
                            "PW0304",
                            format!("the expression gives {found}, but {wanted} is wanted here"),
                        )
                        .help(help_to_give(wanted, &parsed, &found))
                        .at(parsed.span)
                        .field(field),
                    );
                    return None;
                }
                Some((parsed, found))
            }
            Err(diagnostics) => {
                for diagnostic in diagnostics {
                    self.report(diagnostic.field(field));
                }
                None
            }
        }
    }

    /// Types an expression that a step makes of its settings. Faults are told at the setting, without a place in a
    /// text that nobody wrote.
    pub fn made_expression(&mut self, field: &str, made: &Expr, node: NodeId) -> Option<DataType> {
        let known = self.lowered.diagnostics.len();
        let found = self.expression(field, &expr::print(made), node, Place::Row, None);
        self.lowered.diagnostics[known..].iter_mut().for_each(|diagnostic| diagnostic.location.span = None);
        found.map(|(_, data_type)| data_type)
    }

    /// Checks that a column exists; reports with the nearest name where it does not.
    pub fn column(&mut self, field: &str, name: &str, node: NodeId) -> Option<DataType> {
        let schema = &self.builder.nodes[node.0 as usize].schema;
        if let Some(found) = schema.get(name) {
            return Some(found.data_type.clone());
        }
        if schema.open {
            return Some(DataType::Unknown);
        }
        let suggestion = crate::diagnostic::did_you_mean(name, schema.names());
        let columns = schema.names().take(12).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = if name.is_empty() {
            "no column is chosen".to_owned()
        } else {
            format!("unknown column `{name}`{suggestion}")
        };
        self.report(Diagnostic::error("PW0305", message).help(format!("the columns here are {columns}")).field(field));
        None
    }

    /// Checks that columns exist, each with its own report.
    pub fn columns(&mut self, field: &str, names: &[String], node: NodeId) -> Option<()> {
        let found: Vec<_> = names.iter().map(|name| self.column(field, name, node)).collect();
        found.iter().all(Option::is_some).then_some(())
    }

    /// All columns of a node, unchanged.
    pub fn all_columns(&self, node: NodeId) -> Vec<Column> {
        self.schema(node).names().map(Column::same).collect()
    }

    /// A literal, or a parameter.
    pub fn literal(&mut self, field: &str, text: &str) -> Option<Expr> {
        let report = |found: &str| {
            Diagnostic::error("PW0309", format!("{found} is no literal"))
                .help("write a number, a text in single quotes such as 'none', true, false or null")
                .field(field)
        };
        if text.trim().is_empty() {
            self.report(report("an empty setting"));
            return None;
        }
        let parsed = match expr::parse(text) {
            Ok(parsed) => parsed,
            Err(diagnostic) => {
                self.report(diagnostic.field(field));
                return None;
            }
        };
        let is_literal = match &parsed.kind {
            ExprKind::Literal(_) | ExprKind::Parameter(_) => true,
            ExprKind::Negate(inner) => matches!(inner.kind, ExprKind::Literal(_)),
            _ => false,
        };
        if !is_literal {
            let hint = if matches!(parsed.kind, ExprKind::Column(_)) {
                format!("; a text is written '{}'", text.trim().replace('\'', "''"))
            } else {
                String::new()
            };
            let mut diagnostic = report(&format!("`{}`", text.trim()));
            diagnostic.message.push_str(&hint);
            self.report(diagnostic);
            return None;
        }
        Some(parsed)
    }

    /// A fixed span such as `15 minutes`, in microseconds; more than zero.
    pub fn span(&mut self, field: &str, text: &str) -> Option<i64> {
        let parsed = expr::parse(&format!("interval '{}'", text.trim().replace('\'', "''")));
        match parsed.map(|parsed| parsed.kind) {
            Ok(ExprKind::Literal(Value::Duration(micros))) if micros > 0 => Some(micros),
            _ => {
                self.report(
                    Diagnostic::error("PW0313", format!("`{}` is no span of time", text.trim()))
                        .help("write a number and a unit, such as `15 minutes`, `1 hour` or `30 seconds`")
                        .field(field),
                );
                None
            }
        }
    }

    /// A name for a new column; an empty one is reported.
    pub fn new_name(&mut self, field: &str, name: &str) -> Option<String> {
        if name.trim().is_empty() {
            self.report(Diagnostic::error("PW0314", "the new column has no name").help("give it a name").field(field));
            return None;
        }
        Some(name.trim().to_owned())
    }

    /// Reads order keys such as `time desc`, each checked against the columns.
    pub fn order(&mut self, field: &str, keys: &[String], node: NodeId) -> Option<Vec<SortKey>> {
        let mut found = Vec::new();
        for text in keys {
            match expr::parse_order(text) {
                Ok(parsed) => found.extend(parsed),
                Err(diagnostic) => {
                    let is_word = |word: &str| word.chars().all(|c| c.is_alphanumeric() || c == '_');
                    let order = text.trim().split_once(' ').map(|(_, order)| order.trim());
                    self.report(match order.filter(|order| is_word(order)) {
                        Some(order) => Diagnostic::error("PW0360", format!("`{order}` is no order"))
                            .help("write `time desc` for the latest or largest first, `time` for the smallest")
                            .field(field),
                        None => diagnostic.field(field),
                    });
                    return None;
                }
            }
        }
        for key in &found {
            let (key, data_type) = self.expression(field, &expr::print(&key.expr), node, Place::Row, None)?;
            if let Err(fault) = expr::check_order_key(&key, &data_type) {
                self.report(fault.field(field));
                return None;
            }
        }
        Some(found)
    }
}

/// How to make an expression of one type give another.
fn help_to_give(wanted: &DataType, given: &Expr, found: &DataType) -> String {
    let text = expr::print(given);
    match (wanted, found) {
        (DataType::Boolean, _) if matches!(given.kind, ExprKind::Literal(_)) => {
            "write a comparison, such as `status >= 500`".to_owned()
        }
        (DataType::Boolean, DataType::String) => format!("compare it, as in `{text} = 'text'`"),
        (DataType::Boolean, DataType::Int | DataType::Float) => format!("compare it, as in `{text} > 0`"),
        (DataType::Boolean, _) => format!("compare it, or write `{text} is not null`"),
        _ => format!("change it so that it gives {wanted}"),
    }
}
