//! What a run was, as text that Prometheus reads: for the collector of files on the machine that runs it.

use std::fmt::Write as _;

use pipewright_engine::RunReport;

/// A measure: its name, what it is, and its values by labels.
struct Measure {
    name: &'static str,
    help: &'static str,
    values: Vec<(String, f64)>,
}

/// The text of a run; `report`: of one that ended well.
pub fn prometheus(design: &str, ended_at: f64, report: Option<&RunReport>) -> String {
    let alone = |value: f64| vec![(labels(&[("design", design)]), value)];
    let mut measures = vec![
        Measure {
            name: "pipewright_run_success",
            help: "Whether the last run ended well (1) or failed (0).",
            values: alone(if report.is_some() { 1.0 } else { 0.0 }),
        },
        Measure {
            name: "pipewright_run_end_time_seconds",
            help: "When the last run ended, in seconds since 1970.",
            values: alone(ended_at),
        },
    ];
    if let Some(report) = report {
        measures.extend(of_report(design, report));
    }
    let mut text = String::new();
    for Measure { name, help, values } in measures.iter().filter(|measure| !measure.values.is_empty()) {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (labels, value) in values {
            let _ = writeln!(text, "{name}{labels} {value}");
        }
    }
    text
}

fn of_report(design: &str, report: &RunReport) -> Vec<Measure> {
    let alone = |value: f64| vec![(labels(&[("design", design)]), value)];
    let mut units = Vec::new();
    for source in &report.sources {
        for (state, count) in [("accepted", source.tally.accepted), ("quarantined", source.tally.quarantined)] {
            let of = [("design", design), ("source", &*source.title), ("state", state)];
            units.push((labels(&of), count as f64));
        }
    }
    let sinks = report.sinks.iter();
    let sinks = sinks.map(|sink| (labels(&[("design", design), ("sink", &sink.title)]), sink.rows as f64)).collect();
    let steps = report.steps.iter().filter(|step| step.quarantined > 0);
    let steps = steps.map(|step| (labels(&[("design", design), ("step", &step.title)]), step.quarantined as f64));
    let answers = report.answers.iter().filter_map(|answer| {
        let watch = answer.watch.as_ref()?;
        let is_met = if watch.is_met { 1.0 } else { 0.0 };
        Some((labels(&[("design", design), ("answer", &answer.title)]), is_met))
    });
    vec![
        Measure {
            name: "pipewright_run_duration_seconds",
            help: "How long the run took.",
            values: alone(report.seconds),
        },
        Measure {
            name: "pipewright_run_peak_memory_bytes",
            help: "The most memory that the run took.",
            values: alone(report.peak_memory_bytes as f64),
        },
        Measure {
            name: "pipewright_run_read_bytes",
            help: "Bytes that were read of the sources.",
            values: alone(report.bytes_read as f64),
        },
        Measure { name: "pipewright_source_units", help: "Lines, events or records of a source.", values: units },
        Measure {
            name: "pipewright_step_quarantined_rows",
            help: "Rows that a step turned away.",
            values: steps.collect(),
        },
        Measure { name: "pipewright_sink_rows", help: "Rows that were written.", values: sinks },
        Measure {
            name: "pipewright_answer_condition",
            help: "Whether the condition that an answer is watched for is met.",
            values: answers.collect(),
        },
    ]
}

fn labels(labels: &[(&str, &str)]) -> String {
    let text = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let all: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", text(value))).collect();
    format!("{{{}}}", all.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_kinds_stand_in_labels() {
        let text = prometheus("a \"b\"\n\\", 12.5, Some(&RunReport { seconds: 0.25, ..RunReport::default() }));
        assert!(text.contains("pipewright_run_success{design=\"a \\\"b\\\"\\n\\\\\"} 1\n"), "{text}");
        assert!(text.contains("pipewright_run_duration_seconds{design=\"a \\\"b\\\"\\n\\\\\"} 0.25\n"), "{text}");
        let failed = prometheus("a", 12.5, None);
        assert!(
            failed.contains("pipewright_run_success{design=\"a\"} 0\n") && !failed.contains("duration"),
            "{failed}"
        );
    }
}
