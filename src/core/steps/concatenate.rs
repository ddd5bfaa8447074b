//! Concatenate: the rows of several inputs under one another.

use std::collections::BTreeMap;

use super::kind::about;
use super::{Example, FormField, Lowering, Port, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::Expr;
use crate::ir::{Column, NodeId, Op, may_lose, near_names};

pub(super) struct Concatenate;
pub(super) static KIND: Concatenate = Concatenate;

impl StepKind for Concatenate {
    about!(
        "concatenate",
        "Concatenate",
        Enrich,
        ["union", "append", "stack", "merge", "together"],
        "Puts the rows of any number of inputs under one another. Columns are matched by name; a column that an input \
         lacks is null in its rows."
    );

    fn form(&self) -> &'static [FormField] {
        &[]
    }

    fn ports(&self, _: &Settings) -> Ports {
        let many = Port { many: true, ..Port::new("in", "rows") };
        Ports { inputs: vec![many], outputs: vec![Port::new("out", "rows")] }
    }

    fn summary(&self, _: &Settings) -> (String, bool) {
        (String::new(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        // Reports a missing wire.
        let Some(first) = lowering.input("in") else { return };
        let inputs = lowering.inputs("in");
        for (number, other) in inputs.iter().enumerate().skip(1) {
            for (name, near) in near_names(lowering.schema(first), lowering.schema(*other)) {
                let message =
                    format!("`{name}` of input {} is near to `{near}`, but makes a column of its own", number + 1);
                lowering.report(
                    Diagnostic::warning("PW0342", message)
                        .help("rename one of them if they mean the same")
                        .field("input.in"),
                );
            }
        }
        let Some(inputs) = alike(inputs, lowering) else { return };
        if let Some(node) = lowering.push_from("input.in", Op::Union, inputs) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const EXAMPLES: &[Example] = &[
            Example::new(
                "two logs with the same columns",
                "{}",
                &[
                    ("in", Table::new("host String, status Int", "[\"a\", 200]\n[\"a\", 500]")),
                    ("in", Table::new("host String, status Int", "[\"b\", 200]")),
                ],
                &[("out", Table::new("host String, status Int", "[\"a\", 200]\n[\"a\", 500]\n[\"b\", 200]"))],
            ),
            Example::new(
                "a column that one lacks; whole numbers and fractions together",
                "{}",
                &[
                    ("in", Table::new("n Int, x Int", "[1, 10]")),
                    ("in", Table::new("x Float, note String", "[2.5, \"half\"]")),
                    ("in", Table::new("n Int", "[3]")),
                ],
                &[(
                    "out",
                    Table::new(
                        "n Int, x Float, note String",
                        "[1, 10.0, null]\n[null, 2.5, \"half\"]\n[3, null, null]",
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

/// The inputs with their columns converted to the type that all of them share, where that takes something from values:
/// it is told. What has no type in common is reported by the union itself.
fn alike(inputs: Vec<NodeId>, lowering: &mut Lowering) -> Option<Vec<NodeId>> {
    let mut common: BTreeMap<String, Option<DataType>> = BTreeMap::new();
    for input in &inputs {
        for field in &lowering.schema(*input).fields {
            let known = common.entry(field.name.clone()).or_insert(Some(DataType::Unknown));
            *known = known.as_ref().and_then(|known| known.common(&field.data_type));
        }
    }
    let mut converted = Vec::with_capacity(inputs.len());
    for input in inputs {
        let wider = lowering.schema(input).fields.iter().filter_map(|field| {
            let to = common.get(&field.name)?.as_ref()?;
            let column = || Column::new(&field.name, Expr::try_cast(Expr::column(&field.name), to.clone()));
            may_lose(&field.data_type, to).then(column)
        });
        let wider: Vec<Column> = wider.collect();
        converted.push(match wider.is_empty() {
            true => input,
            false => {
                let columns = lowering.put_columns(input, wider);
                lowering.push_projecting(columns, input)?
            }
        });
    }
    Some(converted)
}
