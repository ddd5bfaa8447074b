//! Rows of probes → findings. Thresholds stand here, each with its reason. Imports the detectors.

use super::detectors::{PersonalColumn, bursts, in_common, personal_flow};
use super::source_view::{OUTCOME, SourceView};
use super::wording::{Found, clock, counted, minute, shown, until};
use super::{Finding, Judged, Probe, ProbeRows, Span, Task, differences, security};
use crate::data::Value;
use crate::expr::{Expr, print};
use crate::project::{Edit, Project};

/// Findings of one kind on one source: more than these few hide the others.
const SHOWN: usize = 3;
const MINUTE: i64 = 60_000_000;

pub(super) fn judge(project: &Project, known: &SourceView, probe: &Probe, rows: &ProbeRows) -> Judged {
    let found = Found { known, probe };
    match &probe.task {
        Task::Baseline { condition, what, span } => {
            let further = match threshold(rows, *span) {
                Some(threshold) => bursts(project, known, condition, what, *span, threshold),
                None => {
                    let errors: f64 = (0..rows.rows.len()).map(|row| rows.number(row, "rows")).sum();
                    (errors >= 20.0).then(|| in_common(project, known, condition, what, errors as u64)).flatten()
                }
            };
            Judged { further: further.into_iter().collect(), ..Judged::default() }
        }
        Task::Common { condition, what, errors } => {
            found.all(common_finding(&found, rows, condition, what, *errors).into_iter().collect())
        }
        Task::Bursts { condition, what, at_least, usual, span } => {
            found.all(burst_findings(&found, rows, (condition, what), (*at_least, *usual), *span))
        }
        Task::SignIns { condition } => {
            found.all(security::sign_in_finding(&found, rows, condition).into_iter().collect())
        }
        Task::Probing { client } => found.all(security::probing_finding(&found, rows, client).into_iter().collect()),
        Task::Slow { threshold, by, group, is_slow } => {
            found.all(slow_findings(&found, rows, *threshold, by, (group, is_slow)))
        }
        Task::Failures { condition, attempts, value, time, accept } => {
            let finding = failure_finding(&found, rows, value, time, accept);
            let selected = finding.map(|finding| Finding {
                selection: Some(condition.clone()),
                among: attempts.clone(),
                ..finding
            });
            found.all(selected.into_iter().collect())
        }
        Task::Patterns { what } => found.all(new_patterns(&found, rows, what)),
        Task::Gaps => found.all(gap_findings(&found, rows)),
        Task::Duplicates { accept, rows: of } => {
            found.all(duplicate_finding(&found, rows, *of, accept).into_iter().collect())
        }
        Task::Bots { agent, condition } => {
            let selected = |finding| Finding { selection: Some(condition.clone()), ..finding };
            found.all(bot_finding(&found, rows, agent).map(selected).into_iter().collect())
        }
        Task::Personal { columns } => found.all(personal_finding(project, &found, rows, columns).into_iter().collect()),
    }
}

/// How many errors in a span are no accident: six standard deviations above the usual number, which is the mean
/// without the busiest fiftieth of the time.
fn threshold(rows: &ProbeRows, span: Span) -> Option<(i64, f64)> {
    let times: Vec<i64> = (0..rows.rows.len()).filter_map(|row| rows.time(row, "bucket")).collect();
    let (first, last) = (times.iter().min()?, times.iter().max()?);
    let buckets = ((last - first) / span.micros + 1) as usize;
    let mut counts: Vec<f64> = (0..rows.rows.len()).map(|row| rows.number(row, "rows")).collect();
    counts.resize(buckets.max(counts.len()), 0.0);
    counts.sort_by(f64::total_cmp);
    let kept = &counts[..counts.len() - counts.len().div_ceil(50).min(counts.len() - 1)];
    let usual = kept.iter().sum::<f64>() / kept.len() as f64;
    let at_least = (usual + 6.0 * (usual + 1.0).sqrt()).ceil().max(8.0);
    counts.last().is_some_and(|most| *most >= at_least).then_some((at_least as i64, usual))
}

/// Rows that fulfil a condition, from a time to another, both included.
fn during(found: &Found, condition: &str, from: i64, to: i64) -> String {
    let Some(time) = found.known.expression("timestamp") else { return condition.to_owned() };
    let moment = |micros| print(&Expr::literal(Value::Timestamp(micros)));
    format!("({condition}) and {time} between {} and {}", moment(from), moment(to))
}

fn burst_findings(
    found: &Found,
    rows: &ProbeRows,
    (condition, what): (&str, &str),
    (at_least, usual): (i64, f64),
    span: Span,
) -> Vec<Finding> {
    let mut order: Vec<usize> = (0..rows.rows.len()).collect();
    order.sort_by(|one, other| rows.number(*other, "rows").total_cmp(&rows.number(*one, "rows")));
    let word = found.known.who().map(|(_, word)| word);
    let mut findings = Vec::new();
    for (number, row) in order.into_iter().take(SHOWN).enumerate() {
        let (Some(from), Some(to)) = (rows.time(row, "begins"), rows.time(row, "ends")) else { continue };
        let count = rows.number(row, "rows");
        let title = format!("{count} {what} from {} to {} in {}", minute(from), until(from, to), found.source_title());
        let mut finding = found.finding(number + 1, title);
        (finding.from, finding.to) = (Some(clock(from)), Some(clock(to)));
        finding.selection = Some(during(found, condition, from, to));
        let minutes = (to - from) as f64 / MINUTE as f64;
        finding.evidence.push(format!(
            "{count} {what} in {minutes:.0} minutes; usually {usual:.1} in {}, and {at_least} or more are no accident",
            span.text
        ));
        if let Value::List(services) = rows.value(row, "services") {
            let mut names: Vec<String> = services.iter().filter(|name| !name.is_null()).map(shown).collect();
            names.sort();
            finding.evidence.push(format!("services: {}", names.join(", ")));
        }
        if let Some(word) = word {
            finding.affected.push((word.to_owned(), rows.number(row, word) as u64));
        }
        findings.push(finding);
    }
    findings
}

/// What most of the errors share and few other rows have: at least four fifths of the errors, and no more than a fifth of
/// the rest.
fn common_finding(found: &Found, rows: &ProbeRows, condition: &str, what: &str, errors: u64) -> Option<Finding> {
    let shared = |row: &usize| rows.number(*row, "share_inside") >= 0.8 && rows.number(*row, "share_outside") <= 0.2;
    let told: Vec<usize> = (0..rows.rows.len()).filter(shared).collect();
    let first = *told.first()?;
    let named = |row: usize| format!("`{}` = {}", shown(rows.value(row, "column")), shown(rows.value(row, "value")));
    let title = format!("{errors} {what} go with {} ({})", named(first), found.source_title());
    let mut finding = found.finding(1, title);
    finding.selection = Some(condition.to_owned());
    for row in told.into_iter().take(5) {
        finding.evidence.push(format!(
            "goes with {}: {:.0} % of the {what}, {:.1} % of the rest",
            named(row),
            100.0 * rows.number(row, "share_inside"),
            100.0 * rows.number(row, "share_outside")
        ));
    }
    finding.affected.push((what.to_owned(), errors));
    Some(finding)
}

/// Groups that are slow far more often than the rest: at least five times, and three times the share of all others.
fn slow_findings(
    found: &Found,
    rows: &ProbeRows,
    threshold: f64,
    by: &str,
    (group, is_slow): (&str, &str),
) -> Vec<Finding> {
    let count = rows.rows.len();
    let (requests, slow) = (0..count).fold((0.0, 0.0), |(requests, slow), row| {
        (requests + rows.number(row, "requests"), slow + rows.number(row, "slow"))
    });
    let mut findings = Vec::new();
    for row in 0..count {
        let (own, own_slow) = (rows.number(row, "requests"), rows.number(row, "slow"));
        let (rest, rest_slow) = (requests - own, slow - own_slow);
        let (share, others) = (own_slow / own.max(1.0), (rest_slow + 1.0) / (rest + 1.0));
        if own_slow < 5.0 || share < 3.0 * others || findings.len() >= SHOWN {
            continue;
        }
        let name = shown(rows.value(row, by));
        let title = format!(
            "{name} is slow: {:.0} % of its requests take longer than {threshold} s ({})",
            100.0 * share,
            found.source_title()
        );
        let mut finding = found.finding(findings.len() + 1, title);
        let value = print(&Expr::literal(rows.value(row, by).clone()));
        finding.selection = Some(format!("{group} = {value} and {is_slow}"));
        finding
            .evidence
            .push(format!("{own_slow} of {own} requests, the slowest {:.1} s", rows.number(row, "slowest")));
        finding.evidence.push(format!("{:.1} % of all other requests are slow", 100.0 * rest_slow / rest.max(1.0)));
        finding.affected.push(("requests".to_owned(), own_slow as u64));
        findings.push(finding);
    }
    findings
}

fn failure_finding(found: &Found, rows: &ProbeRows, value: &str, time: &str, accept: &[Edit]) -> Option<Finding> {
    let inside: Vec<bool> =
        (0..rows.rows.len()).map(|row| *rows.value(row, "_inside") == Value::Boolean(true)).collect();
    let failed: Vec<usize> = (0..inside.len()).filter(|row| inside[*row]).collect();
    if failed.is_empty() {
        return None;
    }
    let share = 100.0 * failed.len() as f64 / inside.len() as f64;
    let title = format!("{} times `{value}`, {share:.0} % of the attempts ({})", failed.len(), found.source_title());
    let mut finding = Finding { accept: accept.to_vec(), ..found.finding(1, title) };
    let times: Vec<i64> = failed.iter().filter_map(|row| rows.time(*row, time)).collect();
    finding.from = times.iter().min().map(|micros| clock(*micros));
    finding.to = times.iter().max().map(|micros| clock(*micros));
    // What goes with the failures; the columns by which they are known are no news.
    let mut left_out: Vec<&str> = vec!["_inside", "_who", time];
    left_out.extend(OUTCOME.iter().filter_map(|concept| Some(found.known.carrier(concept)?.0.name.as_str())));
    for difference in differences(&rows.schema, &rows.rows, &inside, &left_out).iter().take(5) {
        finding.evidence.push(difference.sentence("the failures"));
    }
    if let Some(column) = rows.column("_who") {
        let people: std::collections::BTreeSet<String> = failed
            .iter()
            .map(|row| &rows.rows[*row][column])
            .filter(|value| !value.is_null())
            .map(|value| value.to_json().to_string())
            .collect();
        let word = found.known.who().map_or("users", |(_, word)| word);
        finding.affected.push((word.to_owned(), people.len() as u64));
    }
    finding.affected.push(("transactions".to_owned(), failed.len() as u64));
    Some(finding)
}

/// Nothing is new in a log that begins: before a pattern is, this long and so many rows must have been without it.
const BEFORE: i64 = 60 * MINUTE;
const ROWS_BEFORE: f64 = 100.0;

/// Patterns that came first when a tenth of the time was over, and came often since.
fn new_patterns(found: &Found, rows: &ProbeRows, what: &str) -> Vec<Finding> {
    let seen = |row: usize| Some((rows.time(row, "first_seen")?, rows.time(row, "last_seen")?));
    let all: Vec<(usize, (i64, i64))> = (0..rows.rows.len()).filter_map(|row| Some((row, seen(row)?))).collect();
    let (Some(start), Some(end)) = (all.iter().map(|(_, seen)| seen.0).min(), all.iter().map(|(_, seen)| seen.1).max())
    else {
        return Vec::new();
    };
    // About how many rows there were before a time, as if each pattern came evenly.
    let rows_before = |time: i64| -> f64 {
        let part = |(row, (first, last)): &(usize, (i64, i64))| {
            let share = (time - first) as f64 / (last - first).max(1) as f64;
            rows.number(*row, "rows") * share.clamp(0.0, 1.0)
        };
        all.iter().map(part).sum()
    };
    let length = (end - start) as f64;
    let mut fresh: Vec<(f64, usize, i64, i64)> = Vec::new();
    for &(row, (first, last)) in &all {
        let count = rows.number(row, "rows");
        // Had it come as evenly before, so long a silence would be no accident (e^-12, about one in 160,000).
        let since = (last - first).max(1) as f64;
        let silence = (first - start) as f64 / since.max(length / 1_000.0) * count;
        let is_late = first - start >= BEFORE && (first - start) as f64 > 0.1 * length;
        if is_late && count >= 5.0 && silence > 12.0 && rows_before(first) >= ROWS_BEFORE {
            fresh.push((count, row, first, last));
        }
    }
    fresh.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut findings = Vec::new();
    for (number, (count, row, first, last)) in fresh.into_iter().take(SHOWN).enumerate() {
        let pattern = shown(rows.value(row, "pattern"));
        let pattern = pattern.trim();
        let title = format!("new since {}: {what} “{pattern}” ({})", minute(first), found.source_title());
        let mut finding = found.finding(number + 1, title);
        (finding.from, finding.to) = (Some(clock(first)), Some(clock(last)));
        let hours = (first - start) as f64 / 3.6e9;
        finding.evidence.push(format!("{}, none in the {hours:.1} hours before", counted(count, "row")));
        if let Value::String(example) = rows.value(row, "example")
            && example.trim() != pattern
        {
            finding.evidence.push(format!("such as: {}", example.trim()));
        }
        finding.affected.push(("rows".to_owned(), count as u64));
        findings.push(finding);
    }
    findings
}

/// Minutes without a row where, by the hours around, silence that long would be no accident (e^-20: once in
/// some 500 million minutes).
fn gap_findings(found: &Found, rows: &ProbeRows) -> Vec<Finding> {
    let mut minutes: Vec<(i64, f64)> =
        (0..rows.rows.len()).filter_map(|row| Some((rows.time(row, "minute")?, rows.number(row, "rows")))).collect();
    minutes.sort_by_key(|(time, _)| *time);
    let hours = 180 * MINUTE;
    // Silence is news only where there is usually none, on both sides; and if it is far longer than others.
    const BUSY: usize = 30;
    let mut silences: Vec<i64> = minutes.windows(2).map(|pair| (pair[1].0 - pair[0].0) / MINUTE - 1).collect();
    silences.sort_unstable_by_key(|silence| std::cmp::Reverse(*silence));
    let usual = silences.get(SHOWN).copied().unwrap_or(0);
    let mut gaps = Vec::new();
    for (index, pair) in minutes.windows(2).enumerate() {
        let (before, after) = (pair[0].0, pair[1].0);
        let silent = (after - before) / MINUTE - 1;
        if silent < 2 || silent < 3 * usual {
            continue;
        }
        // Rows come in flocks, so silence lasts: how often does an empty minute follow an empty one hereabouts?
        let earlier =
            minutes[..=index].iter().rev().take_while(|(time, _)| before - time < hours).map(|(time, _)| *time);
        let later = minutes[index + 1..].iter().take_while(|(time, _)| time - after < hours).map(|(time, _)| *time);
        let (mut around, later): (Vec<i64>, Vec<i64>) = (earlier.collect(), later.collect());
        if around.len() < BUSY || later.len() < BUSY {
            continue;
        }
        around.reverse();
        let (mut empty, mut followed) = empty_minutes(&around);
        let more = empty_minutes(&later);
        (empty, followed) = (empty + more.0, followed + more.1);
        let goes_on = (followed as f64 + 0.5) / (empty as f64 + 1.0);
        let chance = silent as f64 * goes_on.ln();
        if chance < -20.0 {
            gaps.push((chance, before + MINUTE, after, empty, silent));
        }
    }
    gaps.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut findings = Vec::new();
    for (number, (_, from, to, empty, silent)) in gaps.into_iter().take(SHOWN).enumerate() {
        let title = format!("nothing from {} to {} in {}", minute(from), until(from, to), found.source_title());
        let mut finding = found.finding(number + 1, title);
        (finding.from, finding.to) = (Some(clock(from)), Some(clock(to)));
        finding.evidence.push(format!(
            "{silent} minutes without a row; of the three hours before and after, {empty} minutes are so"
        ));
        findings.push(finding);
    }
    findings
}

/// In busy minutes in order: how many minutes between them are empty, and how many of those come after an empty one.
fn empty_minutes(busy: &[i64]) -> (i64, i64) {
    busy.windows(2).fold((0, 0), |(empty, followed), pair| {
        let between = (pair[1] - pair[0]) / MINUTE - 1;
        (empty + between, followed + (between - 1).max(0))
    })
}

fn duplicate_finding(found: &Found, rows: &ProbeRows, of: u64, accept: &[Edit]) -> Option<Finding> {
    let more: f64 = (0..rows.rows.len()).map(|row| rows.number(row, "_times") - 1.0).sum();
    if more < 1.0 {
        return None;
    }
    let are = if more == 1.0 { "is" } else { "are" };
    let title = format!("{} {are} delivered twice in {}", counted(more, "row"), found.source_title());
    let mut finding = Finding { accept: accept.to_vec(), ..found.finding(1, title) };
    let rows = counted(rows.rows.len() as f64, "different row");
    finding.evidence.push(format!("{rows} {are} there more than once, equal in all columns"));
    if of > 0 {
        finding.evidence.push(format!("of about {of} rows that were looked at"));
    }
    finding.affected.push(("rows".to_owned(), more as u64));
    Some(finding)
}

fn bot_finding(found: &Found, rows: &ProbeRows, agent: &str) -> Option<Finding> {
    let requests: f64 = (0..rows.rows.len()).map(|row| rows.number(row, "requests")).sum();
    // One crawler's visit is no news.
    if requests < 5.0 {
        return None;
    }
    let who = if rows.rows.len() == 1 {
        "1 bot or script".to_owned()
    } else {
        format!("{} bots and scripts", rows.rows.len())
    };
    let title = format!("{} by {who} in {}", counted(requests, "request"), found.source_title());
    let mut finding = found.finding(1, title);
    for row in 0..rows.rows.len().min(8) {
        let count = counted(rows.number(row, "requests"), "request");
        finding.evidence.push(format!("{count}: {}", shown(rows.value(row, agent))));
    }
    finding.affected.push(("requests".to_owned(), requests as u64));
    Some(finding)
}

fn personal_finding(project: &Project, found: &Found, rows: &ProbeRows, columns: &[PersonalColumn]) -> Option<Finding> {
    let counts = columns.iter().enumerate().map(|(index, column)| (column, rows.number(0, &format!("c{index}"))));
    let there: Vec<(&PersonalColumn, f64)> = counts.filter(|(_, count)| *count > 0.0).collect();
    if there.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = there.iter().map(|(column, _)| column.column.as_str()).collect();
    names.dedup();
    let title = format!("personal data in {}: {}", found.source_title(), names.join(", "));
    let mut finding = found.finding(1, title);
    let columns: Vec<&PersonalColumn> = there.iter().map(|(column, _)| *column).collect();
    if let Some(flow) = personal_flow(project, found.known, &columns) {
        finding.accept = flow;
    }
    for (column, count) in &there {
        let (name, what) = (&column.column, &column.what);
        finding.evidence.push(match column.is_text {
            true => format!("{} of `{name}` with {what}", counted(*count, "value")),
            false => format!("{} of `{name}` ({what})", counted(*count, "value")),
        });
    }
    finding.affected.push(("values".to_owned(), there.iter().map(|(_, count)| *count).sum::<f64>() as u64));
    Some(finding)
}
