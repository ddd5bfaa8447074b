//! Log patterns: messages that differ only in their numbers, ids and addresses are one pattern.

use std::fmt::Write;

use serde::Deserialize;

use super::expression_text::name;
use super::groups::Groups;
use super::items::NamedExpression;
use super::kind::about;
use super::nearest_in_time::time_column;
use super::settings::{defaults, text_of};
use super::{Example, FieldKind, FormField, Lowering, Settings, StepKind, Table};
use crate::data::patterns::{by_what_they_say, regex_of};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, fits, parse, print};
use crate::ir::Column;

pub(super) struct LogPatterns;
pub(super) static KIND: LogPatterns = LogPatterns;

#[derive(Deserialize)]
struct PatternSettings {
    #[serde(default)]
    column: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    by: Vec<String>,
    /// One a line.
    #[serde(default)]
    patterns: String,
}

/// What counts where a message fits none of the patterns that are given.
const OTHER: &str = "other";

/// The pattern of a message: one of those that are given, the one that says most first; else what is left of its text
/// without what varies by its class.
fn pattern_of(column: &str, patterns: &str) -> Result<Expr, Diagnostic> {
    let given = patterns.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let given = by_what_they_say(given);
    if given.is_empty() {
        return Ok(Expr::call("message_template", vec![Expr::column(column)]));
    }
    let mut text = format!("case when {} is null then null", name(column));
    for pattern in given {
        let _ = write!(text, " when {} then {}", print(&fits(column, &regex_of(pattern))), literal(pattern));
    }
    let _ = write!(text, " else {} end", literal(OTHER));
    parse(&text)
}

fn literal(text: &str) -> String {
    print(&Expr::literal(Value::text(text)))
}

impl StepKind for LogPatterns {
    about!(
        "log_patterns",
        "Log patterns",
        Analyse,
        ["templates", "message types", "cluster", "group messages", "drain"],
        "Groups messages that differ only in what varies (numbers, ids, addresses, times, quoted texts) and counts each \
         pattern, with an example and when it came first and last."
    );

    fn form(&self) -> &'static [FormField] {
        const FORM: &[FormField] = &[
            FormField::new(
                "column",
                "Message",
                FieldKind::Column { input: "in", types: &[DataType::String] },
                "Choose the column with the message.",
            )
            .required(),
            FormField::new(
                "time",
                "Time",
                FieldKind::Column { input: "in", types: &[DataType::Timestamp] },
                "The column that says when; first and last time are left out where empty.",
            ),
            FormField::new(
                "by",
                "For each",
                FieldKind::Columns { input: "in" },
                "Counted for each of these, such as the service.",
            ),
            FormField::new(
                "patterns",
                "Patterns",
                FieldKind::Lines { placeholder: "order <n> took <n> ms" },
                "One a line, as `pipewright patterns` and the preview's *Patterns of its texts…* find them; a message that \
                 fits none is `other`. Where empty, what varies by its class is left out of each message.",
            ),
        ];
        FORM
    }

    fn defaults(&self) -> Settings {
        defaults(serde_json::json!({}))
    }

    fn summary(&self, settings: &Settings) -> (String, bool) {
        (text_of(settings, "column").to_owned(), true)
    }

    fn lower(&self, lowering: &mut Lowering) {
        let Some(settings) = lowering.settings::<PatternSettings>() else { return };
        let Some(input) = lowering.input("in") else { return };
        let found = (lowering.column("column", &settings.column, input), lowering.columns("by", &settings.by, input));
        let (Some(data_type), Some(())) = found else { return };
        if !data_type.fits(&DataType::String) {
            lowering.report(
                Diagnostic::error(
                    "PW0373",
                    format!("`{}` is {data_type}, and only text has patterns", settings.column),
                )
                .help("choose the column with the message")
                .field("column"),
            );
            return;
        }
        let measure =
            |name: &str, expression: String| NamedExpression { id: String::new(), name: name.into(), expression };
        let mut measures = vec![measure("rows", "count(*)".to_owned())];
        if !settings.time.trim().is_empty() {
            if time_column("time", &settings.time, lowering, input).is_none() {
                return;
            }
            measures.push(measure("first_seen", format!("min({})", name(&settings.time))));
            measures.push(measure("last_seen", format!("max({})", name(&settings.time))));
        }
        measures.push(measure("example", format!("min({})", name(&settings.column))));
        let pattern = match pattern_of(&settings.column, &settings.patterns) {
            Ok(pattern) => pattern,
            Err(fault) => return lowering.report(fault.field("patterns")),
        };
        let keys = settings.by.iter().map(|key| Column::same(key)).chain([Column::new("pattern", pattern)]);
        if let Some(node) = lowering.push_aggregate(keys.collect(), &measures, &Groups::default(), input) {
            lowering.output("out", node);
        }
    }

    fn examples(&self) -> &'static [Example] {
        const INPUT: &[(&str, Table)] = &[(
            "in",
            Table::new(
                "time Timestamp, service String, message String",
                r#"["2026-03-02T10:00:00Z", "pay", "order 17 took 35 ms"]
                ["2026-03-02T10:01:00Z", "pay", "order 4 took 1200.5 ms"]
                ["2026-03-02T10:02:00Z", "web", "refused 10.0.0.7:443"]
                ["2026-03-02T10:03:00Z", "web", null]"#,
            ),
        )];
        const EXAMPLES: &[Example] = &[
            Example::new(
                "the patterns of a log, with first and last time",
                r#"{"column": "message", "time": "time"}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "pattern String, rows Int, first_seen Timestamp, last_seen Timestamp, example String",
                        r#"["order <n> took <n> ms", 2, "2026-03-02T10:00:00Z", "2026-03-02T10:01:00Z", "order 17 took 35 ms"]
                        ["refused <ip>", 1, "2026-03-02T10:02:00Z", "2026-03-02T10:02:00Z", "refused 10.0.0.7:443"]
                        [null, 1, "2026-03-02T10:03:00Z", "2026-03-02T10:03:00Z", null]"#,
                    ),
                )],
            ),
            Example::new(
                "counted for each service",
                r#"{"column": "message", "by": ["service"]}"#,
                INPUT,
                &[(
                    "out",
                    Table::new(
                        "service String, pattern String, rows Int, example String",
                        r#"["pay", "order <n> took <n> ms", 2, "order 17 took 35 ms"]
                        ["web", "refused <ip>", 1, "refused 10.0.0.7:443"]
                        ["web", null, 1, null]"#,
                    ),
                )],
            ),
        ];
        EXAMPLES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::eval;

    #[test]
    fn a_message_has_the_pattern_that_fits_and_says_most() {
        let given = "order <n> <*>\n\n  order <n> of <ip> \nit's <text>";
        let pattern = pattern_of("m", given).unwrap();
        let found = |message: Value| eval(&pattern, &|_| message.clone());
        for (message, wanted) in [
            ("order 17 of 10.0.0.7", "order <n> of <ip>"),
            ("order 17 lost", "order <n> <*>"),
            ("order x", OTHER),
            ("it's \"a b\"", "it's <text>"),
        ] {
            assert_eq!(found(Value::text(message)), Value::text(wanted), "{message}");
        }
        assert_eq!(found(Value::Null), Value::Null);
    }
}
