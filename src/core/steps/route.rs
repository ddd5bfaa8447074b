//! Route: one input, several outputs.

use serde::Deserialize;
use serde_json::Value as Json;

use super::items::item_field;
use super::kind::about;
use super::settings::{defaults, items_of};
use super::{Example, FieldKind, FormField, Lowering, Port, Ports, Settings, StepKind, Table};
use crate::data::DataType;
use crate::expr::{Expr, ExprKind, Place};

pub(super) struct Route;
pub(super) static KIND: Route = Route;

#[derive(Deserialize, Default)]
#[serde(default)]
struct RouteSettings {
    routes: Vec<Item>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    id: String,
    predicate: String,
}

/// The output that takes what no route took.
const OTHERWISE: &str = "otherwise";

impl StepKind for Route {
    about!(
        "route",
        "Route",
        Check,
        ["split", "switch", "branch", "condition", "otherwise", "case"],
        "Sends each row to the first output whose condition is true for it, and to “otherwise” where none is."
    );

    fn form(&self) -> &'static [FormField] {
        const ITEMS: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "errors" }, "Name of the output."),
            FormField::new(
                "predicate",
                "Rows where",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "Write which rows go there, such as status >= 500.",
            )
            .required(),
        ];
        const FORM: &[FormField] = &[FormField::new(
            "routes",
            "Routes",
            FieldKind::Items(ITEMS),
            "The outputs, in order; the first that matches takes the row.",
        )];
        FORM
    }

    fn ports(&self, settings: &Settings) -> Ports {
        let mut ports = Ports::one_to_one();
        ports.outputs.clear();
        let items = settings.get("routes").and_then(Json::as_array).into_iter().flatten();
        for item in items {
            let Some(id) = item.get("id").and_then(Json::as_str) else { continue };
            let name = item.get("name").and_then(Json::as_str).filter(|name| !name.is_empty());
            ports.outputs.push(Port::new(id, name.unwrap_or(id)));
        }
        ports.outputs.push(Port::new(OTHERWISE, OTHERWISE));
        ports
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({"routes": []}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "routes", &["name", "predicate"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<RouteSettings>() else { return };
        let Some(mut input) = lowering.input("in") else { return };
        // Conditions of the routes before, each as "is not true".
        let mut before: Vec<Expr> = Vec::new();
        for (index, item) in settings.routes.iter().enumerate() {
            let field = item_field("routes", &item.id, index, "predicate");
            let wanted = DataType::Boolean;
            let found = lowering.expression(&field, &item.predicate, input, Place::Row, Some(&wanted));
            // A broken route is a hole; the others go on.
            let Some((predicate, _)) = found else { continue };
            let Some(predicate) = lowering.without_strict_casts(predicate, &mut input) else { continue };
            let mut conditions = before.clone();
            conditions.push(predicate.clone());
            if let Some(node) = lowering.push_filtering(Expr::all(conditions), input) {
                lowering.output(&item.id, node);
            }
            before.push(Expr::made(ExprKind::IsBoolean { expr: Box::new(predicate), value: true, negated: true }));
        }
        if before.len() < settings.routes.len() {
            return;
        }
        if before.is_empty() {
            lowering.output(OTHERWISE, input);
            return;
        }
        if let Some(node) = lowering.push_filtering(Expr::all(before), input) {
            lowering.output(OTHERWISE, node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] =
            &[("in", Table::new("status Int, duration Float", "[500, 9.0]\n[200, 4.0]\n[200, 0.1]\n[null, null]"))];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "failed, slow, and all others; the first that matches takes the row",
                r#"{"routes": [{"id": "failed", "name": "failed", "predicate": "status >= 500"},
                    {"id": "slow", "name": "slow", "predicate": "duration > 3"}]}"#,
                INPUT,
                &[
                    ("failed", Table::new("status Int, duration Float", "[500, 9.0]")),
                    ("slow", Table::new("status Int, duration Float", "[200, 4.0]")),
                    ("otherwise", Table::new("status Int, duration Float", "[200, 0.1]\n[null, null]")),
                ],
            ),
            Example::new(
                "without routes all rows go to otherwise",
                r#"{"routes": []}"#,
                INPUT,
                &[(
                    "otherwise",
                    Table::new("status Int, duration Float", "[500, 9.0]\n[200, 4.0]\n[200, 0.1]\n[null, null]"),
                )],
            ),
        ];
        EXAMPLES
    }
}
