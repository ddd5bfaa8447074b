//! Funnel: how many get from stage to stage.

use serde::Deserialize;

use super::expression_text::{interval, over};
use super::items::item_field;
use super::kind::about;
use super::nearest_in_time::{TIME, time_column};
use super::settings::{defaults, items_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Place, parse};
use crate::ir::{self, Aggregate, Column, NodeId, Op, Project};

pub(super) struct Funnel;
pub(super) static KIND: Funnel = Funnel;

#[derive(Deserialize)]
struct FunnelSettings {
    #[serde(default)]
    time: String,
    #[serde(default)]
    by: String,
    #[serde(default)]
    stages: Vec<Stage>,
    #[serde(default)]
    within: String,
}

#[derive(Deserialize)]
struct Stage {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    condition: String,
}

impl StepKind for Funnel {
    about!(
        "funnel",
        "Funnel",
        Analyse,
        ["conversion", "drop off", "journey", "checkout", "steps"],
        "Counts how many users reach each stage, one after the other: a stage counts where a row fulfils it at or after \
         the time of the stage before, the same instant included. Any row of the first stage may begin a journey. Each \
         stage is one row, with its share of the first."
    );

    fn form(&self) -> &'static [FormField] {
        const STAGES: &[FormField] = &[
            FormField::new("name", "Name", FieldKind::Text { placeholder: "cart" }, "What the stage is called.")
                .required(),
            FormField::new(
                "condition",
                "Where",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "The rows that reach the stage, such as path = '/cart'.",
            )
            .required(),
        ];
        const FORM: &[FormField] = &[
            FormField::new(
                "by",
                "Who",
                FieldKind::Column { input: "in", types: &[] },
                "Choose the column that tells users (or sessions) apart.",
            )
            .required(),
            TIME,
            FormField::new("stages", "Stages", FieldKind::Items(STAGES), "The stages in order; at least two."),
            FormField::new(
                "within",
                "Within",
                FieldKind::Span,
                "The longest time from the first stage of a journey to any other, that time included; any time where empty.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (items_of(settings, "stages", &["name"]), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<FunnelSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let by = lowering.column("by", &settings.by, input);
        if time_column("time", &settings.time, lowering, input).is_none() || by.is_none() {
            return;
        }
        if settings.stages.len() < 2 {
            lowering.report(
                Diagnostic::error("PW0372", "a funnel has at least two stages")
                    .help("add stages, each with a name and a condition")
                    .field("stages"),
            );
            return;
        }
        for (index, stage) in settings.stages.iter().enumerate() {
            if lowering.new_name(&item_field("stages", &stage.id, index, "name"), &stage.name).is_none() {
                return;
            }
        }
        let names = settings.stages.iter().map(|stage| stage.name.trim());
        if lowering.report_repeated_names("stages", names).is_none() {
            return;
        }
        if let Some(node) = push_funnel(&settings, lowering, input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "time Timestamp, sid String, path String",
                r#"["2026-03-02T10:00:00Z", "a", "/product/1"]
                ["2026-03-02T10:01:00Z", "a", "/cart"]
                ["2026-03-02T10:30:00Z", "a", "/pay"]
                ["2026-03-02T10:00:00Z", "b", "/cart"]
                ["2026-03-02T10:02:00Z", "b", "/product/2"]
                ["2026-03-02T10:00:00Z", "c", "/product/3"]
                ["2026-03-02T10:03:00Z", "c", "/cart"]
                ["2026-03-02T10:00:00Z", null, "/cart"]"#,
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "from product to payment",
                r#"{"by": "sid", "time": "time", "stages": [
                    {"id": "s1", "name": "product", "condition": "starts_with(path, '/product/')"},
                    {"id": "s2", "name": "cart", "condition": "path = '/cart'"},
                    {"id": "s3", "name": "payment", "condition": "path = '/pay'"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "stage String, reached Int, share Float",
                        r#"["product", 3, 1.0]
                        ["cart", 2, 0.6666666666666666]
                        ["payment", 1, 0.3333333333333333]"#,
                    ),
                )],
            )
            .ordered(),
            Example::new(
                "within ten minutes",
                r#"{"by": "sid", "time": "time", "within": "10 minutes", "stages": [
                    {"id": "s1", "name": "cart", "condition": "path = '/cart'"},
                    {"id": "s2", "name": "payment", "condition": "path = '/pay'"}]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new("stage String, reached Int, share Float", "[\"cart\", 3, 1.0]\n[\"payment\", 0, 0.0]"),
                )],
            )
            .ordered(),
            Example::new(
                "a journey may begin anew",
                r#"{"by": "sid", "time": "time", "within": "10 minutes", "stages": [
                    {"id": "s1", "name": "cart", "condition": "path = '/cart'"},
                    {"id": "s2", "name": "payment", "condition": "path = '/pay'"}]}"#,
                &[(
                    "in",
                    Table::new(
                        "time Timestamp, sid String, path String",
                        r#"["2026-03-02T10:00:00Z", "a", "/cart"]
                        ["2026-03-02T10:25:00Z", "a", "/cart"]
                        ["2026-03-02T10:35:00Z", "a", "/pay"]
                        ["2026-03-02T10:00:00Z", "b", "/cart"]
                        ["2026-03-02T10:10:01Z", "b", "/pay"]"#,
                    ),
                )],
                &[(
                    "out",
                    Table::new("stage String, reached Int, share Float", "[\"cart\", 2, 1.0]\n[\"payment\", 1, 0.5]"),
                )],
            )
            .ordered(),
        ];
        EXAMPLES
    }
}

fn push_funnel(settings: &FunnelSettings, lowering: &mut Lowering, input: NodeId) -> Option<NodeId> {
    let within = match settings.within.trim() {
        "" => None,
        text => Some(interval(lowering.span("within", text)?)),
    };
    // Who, when, and a column for each stage.
    let (who, when) = ("_who".to_owned(), "_when".to_owned());
    let mut columns =
        vec![Column::new(&who, Expr::column(&settings.by)), Column::new(&when, Expr::column(&settings.time))];
    for (index, stage) in settings.stages.iter().enumerate() {
        let field = item_field("stages", &stage.id, index, "condition");
        let boolean = Some(&DataType::Boolean);
        let (condition, _) = lowering.expression(&field, &stage.condition, input, Place::Row, boolean)?;
        columns.push(Column::new(format!("_is_{index}"), condition));
    }
    let mut node = lowering.push_losing(columns, Vec::new(), input)?;
    node = lowering.keep_rows("by", "_who is not null and _when is not null", node)?;
    // For each row that reaches a stage: when the latest journey began that comes here. Any row of the first stage may
    // begin one, and of those that come here the latest is the one that is soonest within the time.
    let before = over(std::slice::from_ref(&who), "_when");
    node = lowering.add_column("stages", "_from_0", "case when _is_0 then _when end", node)?;
    for index in 1..settings.stages.len() {
        let latest = format!("max(_from_{}) {before}", index - 1);
        node = lowering.add_window("stages", &format!("_begun_{index}"), &latest, node)?;
        let within = within.as_ref().map(|within| format!(" and _when - _begun_{index} <= {within}"));
        let text = format!("case when _is_{index}{} then _begun_{index} end", within.unwrap_or_default());
        node = lowering.add_column("stages", &format!("_from_{index}"), &text, node)?;
    }
    let measures = |text: &dyn Fn(usize) -> String, name: &dyn Fn(usize) -> String| -> Option<Vec<Column>> {
        let column = |index| parse(&text(index)).ok().map(|expr| Column::new(name(index), expr));
        (0..settings.stages.len()).map(column).collect()
    };
    let stage_name = |index: usize| settings.stages[index].name.trim().to_owned();
    let from = |index: usize| format!("_from_{index}");
    let each = Aggregate {
        keys: vec![Column::same(&who)],
        measures: measures(&|index| format!("max(_from_{index})"), &from)?,
    };
    node = lowering.push_from("by", Op::Aggregate(each), vec![node])?;
    let all =
        Aggregate { keys: Vec::new(), measures: measures(&|index| format!("count(_from_{index})"), &stage_name)? };
    node = lowering.push_from("stages", Op::Aggregate(all), vec![node])?;
    let rows = ir::Unpivot {
        keep: Vec::new(),
        columns: (0..settings.stages.len()).map(stage_name).collect(),
        name: "stage".to_owned(),
        value: "reached".to_owned(),
        data_type: DataType::Int,
    };
    node = lowering.push_from("stages", Op::Unpivot(rows), vec![node])?;
    let places: Vec<String> = (0..settings.stages.len())
        .map(|index| format!("when {} then {index}", crate::expr::print(&super::items::text(stage_name(index)))))
        .collect();
    node = lowering.add_column("stages", "_place", &format!("case stage {} end", places.join(" ")), node)?;
    node = lowering.add_window("stages", "_first", "max(reached) over ()", node)?;
    node = lowering.add_column("stages", "share", "reached / _first", node)?;
    let keys = lowering.order("stages", &["_place".to_owned()], node)?;
    node = lowering.push_from("stages", Op::Sort(ir::Sort { keys }), vec![node])?;
    let columns = ["stage", "reached", "share"].map(Column::same).to_vec();
    lowering.push_from("stages", Op::Project(Project::new(columns)), vec![node])
}
