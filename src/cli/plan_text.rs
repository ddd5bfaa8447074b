//! What the planner says, as text for terminals, Markdown and CSV. Computes nothing.

use std::fmt::Write as _;

use pipewright_core::data::figures::grouped;
use pipewright_core::planner::findings::Finding;
use pipewright_core::planner::{
    Asked, Catalogue, Concept, Coverage, CoverageState, Difference, Forbidden, Gap, NotInIt, Proposal, ReadyQuestion,
    Vocabulary, Volume, VolumeOf, one_field_away, unused_fields,
};
use pipewright_core::quote::{csv_cell, markdown_text};

/// Unused fields and wishes that are listed; the JSON has all.
const LISTED: usize = 12;

pub fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        line!(text, "{}", finding.id);
        line!(text, "  {}", finding.title);
        for line in &finding.evidence {
            line!(text, "    {line}");
        }
        let counted = |(what, count): &(String, u64)| match count {
            1 => format!("1 {}", what.strip_suffix('s').unwrap_or(what)),
            _ => format!("{count} {what}"),
        };
        let affected: Vec<String> = finding.affected.iter().map(counted).collect();
        if !affected.is_empty() {
            line!(text, "    affected: {}", affected.join(", "));
        }
    }
    if findings.is_empty() {
        text.push_str("nothing stands out\n");
    }
    text
}

/// What an answer would say, and what is not in it.
pub fn answer(sentence: &str, exactness: &str, not_in_it: &[NotInIt]) -> String {
    let mut text = String::new();
    line!(text, "the first way answers ({exactness}): {sentence}");
    for one in not_in_it {
        line!(text, "  not in it: {} {}", grouped(one.count), one.text);
    }
    text
}

pub fn differences(differences: &[Difference], selected: &str) -> String {
    let mut text = String::new();
    for difference in differences.iter().take(LISTED) {
        let times = difference.ratio.map_or(String::new(), |ratio| format!(" ({ratio:.1} times as often)"));
        line!(text, "  {}{times}", difference.sentence(selected));
    }
    if differences.is_empty() {
        text.push_str("  no value is more frequent among them than chance would have it\n");
    }
    text
}

pub fn volumes(volumes: &[Volume]) -> String {
    let mut text = String::new();
    for volume in volumes {
        let what = match volume.of {
            VolumeOf::Source => "source",
            VolumeOf::Wire => "wire",
            VolumeOf::Sink => "sink",
        };
        let port = if matches!(volume.port.as_str(), "" | "out") { String::new() } else { format!(".{}", volume.port) };
        let (rows, size) = (volume.rows_per_day, bytes(volume.bytes_per_day));
        let digits = usize::from(rows < 10.0);
        let mut line =
            format!("{what:<7} {} ({}{port}): about {rows:.digits$} rows, {size} a day", volume.title, volume.id);
        if let Some((first, last)) = &volume.span {
            let _ = write!(line, ", from {first} to {last}");
        }
        if let Some(saved) = volume.saves_bytes_per_day {
            let _ = write!(line, ", {} a day less than comes in", bytes(saved));
        }
        if let Some((days, kept)) = volume.retention_days.zip(volume.kept_bytes) {
            let _ = write!(line, "; {} in {days} days", bytes(kept));
        }
        if let Some(cost) = volume.cost {
            let _ = write!(line, ", which cost {cost:.2}");
        }
        line!(text, "{line}");
    }
    if volumes.is_empty() {
        text.push_str("no source tells how much it records a day\n");
    } else {
        text.push_str(
            "estimated: from the rate of the sources, and from a sample of their rows what each step lets through\n",
        );
    }
    text
}

/// `12.3 MB`, in powers of ten.
pub fn bytes(count: f64) -> String {
    let units = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match units.into_iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", count / size),
        None => format!("{count:.0} B"),
    }
}

pub fn meanings(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    for (source, meanings) in catalogue.sources.iter().zip(&catalogue.meanings) {
        line!(text, "{} ({})", source.title, source.source);
        for column in &meanings.columns {
            let shown = column.accepted().map_or("–".to_owned(), |meaning| {
                format!("{} {} ({})", meaning.concept, meaning.score, meaning.reasons.join("; "))
            });
            line!(text, "  {:<20} {shown}", column.column);
        }
    }
    text
}

pub fn question(asked: &Asked, proposals: &[Proposal], missing: &[Gap]) -> String {
    let mut text = String::new();
    line!(text, "{} ({})", asked.title, asked.id);
    line!(text, "  {}", asked.definition());
    for (number, proposal) in proposals.iter().enumerate() {
        let proof = if proposal.is_proved { "" } else { ", perhaps not the cheapest" };
        let sources = proposal.sources.join(", ");
        text.push('\n');
        line!(text, "{}. from {sources}, cost {}{proof}", number + 1, proposal.cost);
        for reason in &proposal.reasons {
            line!(text, "   {}: {}", reason.title, reason.reason);
        }
        for join in &proposal.joins {
            line!(text, "   join: {join}");
        }
        for loss in &proposal.losses {
            line!(text, "   assumed: {loss}");
        }
        for part in &proposal.left_out_in_words {
            line!(text, "   {part}");
        }
        for meaning in &proposal.meanings {
            line!(text, "   `{}` is {} ({})", meaning.column, meaning.concept, meaning.score);
        }
    }
    text + &gaps(missing)
}

/// The sources that a rule keeps from answering.
pub fn forbidden(sources: &[Forbidden]) -> String {
    let mut text = String::new();
    for one in sources {
        line!(text, "not from {} as it is: {}", one.source, one.rule);
    }
    text
}

pub fn gaps(missing: &[Gap]) -> String {
    let mut text = String::new();
    for gap in missing {
        let owner = if gap.owner.is_empty() { "nobody yet" } else { &gap.owner };
        line!(text, "missing: {} ({}); nearest: {}; to ask: {owner}", gap.title, gap.meaning, gap.nearest);
        if !gap.instead.is_empty() {
            line!(text, "  would do as well: {}", gap.instead.join(", "));
        }
        if !gap.unlocks.is_empty() {
            line!(text, "  unlocks {}", gap.unlocks.join(", "));
        }
    }
    text
}

/// The matrix, then what is one field away, then what nothing uses.
pub fn coverage(catalogue: &Catalogue, questions: &[Asked], matrix: &Coverage) -> String {
    let mut text = String::new();
    for (number, asked) in questions.iter().enumerate() {
        line!(text, "{}", asked.title);
        let states = catalogue.sources.iter().zip(matrix.row(number));
        let known: Vec<_> = states.filter(|(_, state)| **state != CoverageState::Missing).collect();
        for (source, state) in &known {
            line!(text, "  {}: {}", source.title, state.title());
        }
        if known.is_empty() {
            text.push_str("  no source answers it\n");
        }
    }
    let away = one_field_away(catalogue, questions);
    if !away.is_empty() {
        text.push_str("\none field away\n");
    }
    for field in away.iter().take(LISTED) {
        line!(text, "  {} in {} unlocks {}", field.concept, field.source, field.unlocks.join(", "));
    }
    let unused = unused_fields(catalogue, questions);
    if !unused.is_empty() {
        text.push_str("\nused by no question\n");
    }
    for field in unused.iter().take(LISTED) {
        line!(text, "  {} of {}: {:.0} % of its text", field.column, field.source, 100.0 * field.share);
    }
    text
}

pub fn coverage_markdown(catalogue: &Catalogue, questions: &[Asked], matrix: &Coverage) -> String {
    let titles: Vec<String> = catalogue.sources.iter().map(|source| markdown_text(&source.title)).collect();
    let mut text = format!("| question | {} |\n| --- |{}\n", titles.join(" | "), " --- |".repeat(titles.len()));
    for (number, asked) in questions.iter().enumerate() {
        let states: Vec<&str> = matrix.row(number).iter().map(|state| state.title()).collect();
        let _ = writeln!(text, "| {} | {} |", markdown_text(&asked.title), states.join(" | "));
    }
    text
}

pub fn coverage_csv(catalogue: &Catalogue, questions: &[Asked], matrix: &Coverage) -> String {
    let mut text = String::from("question,source,state\n");
    for (number, asked) in questions.iter().enumerate() {
        for (source, state) in catalogue.sources.iter().zip(matrix.row(number)) {
            let _ = writeln!(text, "{},{},{}", csv_cell(&asked.id), csv_cell(&source.source), state.title());
        }
    }
    text
}

pub fn questions(chosen: &[&ReadyQuestion], whole: bool) -> String {
    let mut text = String::new();
    let mut group = "";
    for question in chosen {
        if question.group != group && !whole {
            group = &question.group;
            let _ = writeln!(text, "{group}");
        }
        let _ = writeln!(text, "  {:<28} {}", question.id, question.title);
        if whole {
            let _ =
                writeln!(text, "  asked by {}\n\n{}\n{}", question.asker, question.doc, question.contract.definition);
            for part in question.contract.measures.iter().chain(&question.contract.columns) {
                let _ = writeln!(text, "  {}: {}", part.name, part.expression);
            }
            for dial in &question.contract.dials {
                let _ = writeln!(text, "  {} ({}): {} {}", dial.title, dial.name, dial.default, dial.unit);
            }
        }
    }
    text
}

pub fn concepts(vocabulary: &Vocabulary, chosen: &[&Concept], whole: bool) -> String {
    let mut text = String::new();
    for concept in chosen {
        let unit = if concept.unit.is_empty() { String::new() } else { format!(", {}", concept.unit) };
        let _ = writeln!(text, "{}  {} ({}{unit})\n    {}", concept.id, concept.title, concept.data_type, concept.doc);
        if !whole {
            continue;
        }
        if !concept.synonyms.is_empty() {
            let _ = writeln!(text, "    also called: {}", concept.synonyms.join(", "));
        }
        for rule in vocabulary.rules().iter().filter(|rule| rule.target == concept.id) {
            let loss = if rule.loss.is_empty() { String::new() } else { format!(" ({})", rule.loss) };
            let _ = writeln!(text, "    worked out as {}{loss}", rule.expression);
        }
    }
    text
}
