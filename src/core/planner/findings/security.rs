//! Who tries to get in: sign-ins that fail again and again, and clients that ask for pages that are not there.
//! Imports the view of a source and the wording.

use serde_json::json;

use super::source_view::{SourceView, flow_for, probe};
use super::wording::{Found, clock, counted, shown};
use super::{Finding, Kind, Probe, ProbeRows, Task};
use crate::expr::{Expr, print, print_name};
use crate::planner::questions::{Asked, number_text, ready_question};
use crate::planner::vocabulary::templates::{Placeholder, fill};
use crate::project::Project;

/// Fewer failed sign-ins than these are people who mistype.
const TRIES: f64 = 10.0;
/// So many clients are told.
const TOLD: usize = 6;
/// A rule that costs more is no sure sign of a failed sign-in (every answer 403).
const SURE: u32 = 3;
/// A rule that finds addresses and users in messages may cost so much.
const IN_WORDS: u32 = 8;

/// Failed sign-ins by the address that they came from.
pub(super) fn failed_sign_ins(project: &Project, known: &SourceView) -> Option<Probe> {
    let failed = known.derived("auth.is_failed", SURE)?;
    let mut flow = flow_for(project, Kind::FailedSignIns, known);
    let (read, columns) = known.start(&mut flow, &["timestamp"])?;
    let time = print_name(&columns[0]);
    let mut measures = vec![
        json!({"id": "m1", "name": "failed", "expression": "count(*)"}),
        json!({"id": "m2", "name": "first_seen", "expression": format!("min({time})")}),
        json!({"id": "m3", "name": "last_seen", "expression": format!("max({time})")}),
    ];
    if let Some(user) = known.derived("user.name", IN_WORDS) {
        measures.push(json!({"id": "m4", "name": "names", "expression": format!("count_distinct({user})")}));
    }
    let mut rows = flow.then(&read, "filter", "Failed sign-ins", json!({"predicate": failed}), "");
    let keys = match known.expression("client.address") {
        Some(client) => vec![json!({"id": "k1", "name": "client", "expression": client})],
        None => match known.by_rule("client.address", IN_WORDS) {
            Some((client, rule)) => {
                let mut column = json!({"id": "c1", "name": "client", "expression": client});
                if let Some(class) = known.vocabulary.closer(rule) {
                    column["classification"] = json!(class.name());
                }
                rows = flow.then(&rows, "compute", "Where from", json!({"columns": [column]}), "");
                vec![json!({"id": "k1", "name": "client", "expression": "client"})]
            }
            None => Vec::new(),
        },
    };
    let task = Task::SignIns { condition: failed };
    let groups = flow.then(&rows, "aggregate", "By client", json!({"keys": keys, "measures": measures}), "");
    let watch = flow.then(&groups, "sort", "Most first", json!({"keys": ["failed desc"]}), "");
    Some(probe(Kind::FailedSignIns, known, flow, watch, task))
}

/// Clients that ask for much that is not there, or for what only scanners ask for: as the ready-made question tells them
/// from others, so that the two never disagree.
pub(super) fn probing(project: &Project, known: &SourceView) -> Option<Probe> {
    let contract = &ready_question("scanners")?.contract;
    let dials = contract.default_dials();
    let client = known.expression("client.address")?;
    let path = known.derived("url.path", SURE)?;
    known.by_rule("security.is_probe", SURE)?;
    let mut flow = flow_for(project, Kind::Probing, known);
    let (read, columns) = known.start(&mut flow, &["timestamp"])?;
    let filled = |template: &str| {
        let filled = fill(template, &mut |placeholder| match placeholder {
            Placeholder::Concept("timestamp") => Some(print_name(&columns[0])),
            Placeholder::Concept("url.page") => {
                known.derived("url.page", SURE).or_else(|| Some(format!("split_part({path}, '?', 1)")))
            }
            Placeholder::Concept(concept) => known.derived(concept, SURE),
            Placeholder::Dial(dial) => dials.get(*dial).copied().map(number_text),
        });
        filled.ok()
    };
    let mut measures = Vec::new();
    for (number, part) in contract.measures.iter().enumerate() {
        let expression = filled(&part.expression)?;
        measures.push(json!({"id": format!("m{}", number + 1), "name": part.name, "expression": expression}));
    }
    let predicate = filled(&contract.having)?;
    let settings = json!({"keys": [{"id": "k1", "name": "client", "expression": client}], "measures": measures});
    let groups = flow.then(&read, "aggregate", "By client", settings, "");
    let note = Asked::ready(ready_question("scanners")?).definition();
    let scanners = flow.then(&groups, "filter", "Scanners", json!({"predicate": predicate}), &note);
    let watch = flow.then(&scanners, "sort", "Most first", json!({"keys": contract.order}), "");
    Some(probe(Kind::Probing, known, flow, watch, Task::Probing { client }))
}

pub(super) fn sign_in_finding(found: &Found, rows: &ProbeRows, condition: &str) -> Option<Finding> {
    let count = rows.rows.len();
    let failed: f64 = (0..count).map(|row| rows.number(row, "failed")).sum();
    if failed < TRIES {
        return None;
    }
    let named: Vec<usize> = (0..count).filter(|row| !rows.value(*row, "client").is_null()).collect();
    let clients = named.len() as f64;
    let from = if named.is_empty() { String::new() } else { format!(" from {}", counted(clients, "client")) };
    let title = format!("{} about failed sign-ins{from} in {}", counted(failed, "row"), found.source_title());
    let mut finding = found.finding(1, title);
    finding.selection = Some(condition.to_owned());
    set_span(&mut finding, rows);
    for row in named.iter().take(TOLD) {
        let tries = rows.number(*row, "failed");
        let names = match rows.number(*row, "names") {
            names if names > 0.0 => format!(", {}", counted(names, "name")),
            _ => String::new(),
        };
        finding.evidence.push(format!("{}: {}{names}", shown(rows.value(*row, "client")), counted(tries, "row")));
    }
    finding.evidence.push("one try may leave several rows".to_owned());
    if !named.is_empty() {
        finding.affected.push(("clients".to_owned(), clients as u64));
    }
    finding.affected.push(("rows".to_owned(), failed as u64));
    Some(finding)
}

pub(super) fn probing_finding(found: &Found, rows: &ProbeRows, client: &str) -> Option<Finding> {
    let count = rows.rows.len();
    if count == 0 {
        return None;
    }
    let refused: f64 = (0..count).map(|row| rows.number(row, "refused_requests")).sum();
    let verb = if count == 1 { "asks" } else { "ask" };
    let title = format!(
        "{} {verb} for pages that are not there, as scanners do ({})",
        counted(count as f64, "client"),
        found.source_title()
    );
    let mut finding = found.finding(1, title);
    let clients: Vec<String> =
        (0..count.min(100)).map(|row| print(&Expr::literal(rows.value(row, "client").clone()))).collect();
    finding.selection = Some(format!("{client} in ({})", clients.join(", ")));
    set_span(&mut finding, rows);
    for row in 0..count.min(TOLD) {
        let number = |name: &str| rows.number(row, name);
        finding.evidence.push(format!(
            "{}: {} of {} refused, {}, {} that only scanners ask for",
            shown(rows.value(row, "client")),
            number("refused_requests"),
            counted(number("requests"), "request"),
            counted(number("pages"), "page"),
            number("known_targets"),
        ));
    }
    finding.affected.push(("clients".to_owned(), count as u64));
    finding.affected.push(("requests".to_owned(), refused as u64));
    Some(finding)
}

fn set_span(finding: &mut Finding, rows: &ProbeRows) {
    let times = |name: &str| (0..rows.rows.len()).filter_map(|row| rows.time(row, name)).collect::<Vec<_>>();
    finding.from = times("first_seen").into_iter().min().map(clock);
    finding.to = times("last_seen").into_iter().max().map(clock);
}
