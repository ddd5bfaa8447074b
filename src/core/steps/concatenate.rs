//! Concatenate: the rows of several inputs under one another.

use super::kind::about;
use super::{Example, FormField, Lowering, Port, Ports, Settings, StepKind, Table};
use crate::diagnostic::Diagnostic;
use crate::ir::{Op, near_names};

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
