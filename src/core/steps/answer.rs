//! Answer: ties the end of a flow to a question.

use serde::Deserialize;

use super::destinations::{PLACE, STACK, SiteSettings};
use super::kind::about;
use super::settings::text_of;
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::DataType;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::Place;
use crate::ir::{Connection, ConnectionKind, Destination, NodeId, Op, Watch, Write};

pub(super) struct Answer;
pub(super) static KIND: Answer = Answer;

#[derive(Deserialize, Default)]
#[serde(default)]
struct AnswerSettings {
    question: String,
    order: Vec<String>,
    chart: Settings,
    alert: String,
    alert_to: String,
    #[serde(flatten)]
    site: SiteSettings,
}

/// What the rows are watched for; `None`: something of it is wrong.
fn watch(lowering: &mut Lowering, alert: &str, to: &str, input: NodeId) -> Option<Option<Box<Watch>>> {
    if alert.trim().is_empty() {
        return Some(None);
    }
    let (condition, _) = lowering.expression("alert", alert, input, Place::Row, Some(&DataType::Boolean))?;
    if to.is_empty() {
        return Some(Some(Box::new(Watch { condition, tells: None })));
    }
    let Some(connection) = lowering.context.connections.get(to).cloned() else {
        lowering.report_no_connection("alert_to", to);
        return None;
    };
    if connection.kind != ConnectionKind::Http {
        let message = format!("“{}” is no HTTP address", connection.shown());
        let fault = Diagnostic::error("PW0994", message).help("choose a connection of that kind").field("alert_to");
        lowering.report(fault);
        return None;
    }
    let tells = Some(Connection { extra: Default::default(), place: String::new(), ..connection });
    Some(Some(Box::new(Watch { condition, tells })))
}

/// Columns that the chart is drawn of, and that are not there any more.
fn check_chart(lowering: &mut Lowering, chart: &Settings, input: NodeId) {
    let schema = lowering.schema(input).clone();
    let columns = ["x", "y", "by"].map(|key| text_of(chart, key));
    for column in columns.into_iter().filter(|column| !column.is_empty() && !schema.open && !schema.has(column)) {
        let message = format!("the chart is drawn of `{column}`, which is no column here");
        let help = format!("pick another chart{}", did_you_mean(column, schema.names()));
        lowering.report(Diagnostic::warning("PW1240", message).help(help).field("chart"));
    }
}

impl StepKind for Answer {
    about!(
        "answer",
        "Answer",
        Load,
        ["question", "result", "report", "end", "dashboard"],
        "Says that the rows here answer a question, and in the words of the business what each row means. The rows pass \
         on, so that a load can follow. They are for the team that asks."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new("question", "Question", FieldKind::Question, "The question that these rows answer."),
            FormField::new(
                "definition",
                "Definition",
                FieldKind::Lines { placeholder: "a user with a failed or slow request, counted once an hour" },
                "What the rows mean, in the words of those who asked.",
            ),
            FormField::new(
                "order",
                "In order of",
                FieldKind::Order { input: "in" },
                "The order in which the answer is read.",
            ),
            FormField::new(
                "chart",
                "Drawn as",
                FieldKind::Chart { input: "in" },
                "What is drawn of the answer; without one it is what the question is about.",
            ),
            FormField::new(
                "alert",
                "Watched for",
                FieldKind::Expression { input: "in", place: Place::Row, result: Some(DataType::Boolean) },
                "A condition such as users > 50: each run says whether it is true of a row, keeps that in a history, and \
                 ends with exit code 4 if it is.",
            ),
            FormField::new(
                "alert_to",
                "Then tell",
                FieldKind::Connection { kinds: &[ConnectionKind::Http] },
                "An HTTP connection whose address gets the answer's sentence (not its rows) when the condition is met.",
            ),
            STACK,
            PLACE,
            FormField::new(
                "audience",
                "Seen by",
                FieldKind::Text { placeholder: "Data, Support" },
                "The teams that see the answer where the question does not say who asks; else the asker sees it.",
            )
            .for_policy(),
        ];
        FORM
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        let definition = text_of(settings, "definition");
        (definition.lines().next().unwrap_or_default().to_owned(), false)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<AnswerSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let questions = lowering.context.questions;
        let question = Some(settings.question).filter(|id| !id.is_empty());
        match &question {
            Some(id) if !questions.contains_key(id) => {
                let titles: Vec<String> =
                    questions.values().take(6).map(|question| format!("“{}”", question.title)).collect();
                let help = if titles.is_empty() {
                    "write the question down first".to_owned()
                } else {
                    format!("choose one of {}", titles.join(", "))
                };
                let message = format!("there is no question `{id}`");
                lowering.report(Diagnostic::warning("PW0353", message).help(help).field("question"));
            }
            Some(_) => {}
            None => lowering.report(
                Diagnostic::hint("PW0354", "the answer is not tied to a question")
                    .help("choose the question that these rows answer")
                    .field("question"),
            ),
        }
        check_chart(lowering, &settings.chart, input);
        let asker = question.as_ref().and_then(|id| questions.get(id)).map_or("", |question| &question.asker);
        let site = lowering.site(&settings.site, asker);
        let Some(order) = lowering.order("order", &settings.order, input) else { return };
        let Some(watch) = watch(lowering, &settings.alert, &settings.alert_to, input) else { return };
        let op = Op::Write(Write { destination: Destination::Answer { question }, order, site, watch });
        if let Some(node) = lowering.push_from("order", op, vec![input]) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const TABLE: Table =
            Table::new("hour Timestamp, users Int", "[\"2026-03-02T10:00:00Z\", 3]\n[\"2026-03-02T11:00:00Z\", 1]");
        const EXAMPLES: &[Example] = &[
            Example::new(
                "rows that answer, in order of time",
                r#"{"definition": "users with a failed or slow request, per hour", "order": ["hour"],
                    "chart": {"kind": "lines", "x": "hour", "y": "users"}}"#,
                &[("in", TABLE)],
                &[("out", TABLE)],
            ),
            Example::new("an answer without a question yet", "{}", &[("in", TABLE)], &[("out", TABLE)]),
        ];
        EXAMPLES
    }
}
