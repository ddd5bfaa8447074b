//! Tests of coverage: the worked example's matrix, and the time that a large one takes.

use std::time::Instant;

use super::*;
use crate::data::Schema;
use crate::planner::testing::{shop_evidence, shop_sources, source};
use crate::planner::{Vocabulary, propose, ready_question, ready_questions};
use crate::project::Project;

fn shop() -> Catalogue {
    Catalogue::new(Vocabulary::shipped(), shop_evidence(&shop_sources()))
}

fn ready() -> Vec<Asked> {
    ready_questions().iter().map(Asked::ready).collect()
}

#[test]
fn cells_say_what_a_source_is_worth() {
    let (catalogue, questions) = (shop(), ready());
    let matrix = coverage(&catalogue, &questions);
    let question = |id: &str| questions.iter().position(|asked| asked.id == id).unwrap();
    for (id, source, state, text) in [
        ("load-per-hour", "src-access", CoverageState::Derivable, "Request from "),
        ("users-bad-experience", "src-access", CoverageState::Derivable, "Failed from Response status"),
        ("users-by-country", "src-app", CoverageState::Partial, "`user_id` is empty in 52 % of the rows"),
        ("users-by-country", "src-users", CoverageState::Missing, "nothing gives “Time”"),
        ("release-errors", "src-app", CoverageState::Derivable, "Version is `version` of Releases"),
        ("services-to-expand", "src-metrics", CoverageState::Derivable, "CPU use from Metric and Value"),
        ("transactions-failed", "src-metrics", CoverageState::Missing, "nothing gives"),
    ] {
        let place = catalogue.source_number(source).unwrap();
        assert_eq!(matrix.state(question(id), place), state, "{id} {source}");
        let evidence = cell_evidence(&catalogue, &questions[question(id)], place);
        assert_eq!(evidence.state, state);
        assert!(evidence.text.contains(text), "{id} {source}: {}", evidence.text);
        assert_eq!(evidence.meanings.is_empty(), state == CoverageState::Missing, "{id} {source}");
    }
    let access = catalogue.source_number("src-access").unwrap();
    assert!(matrix.questions_of(access) >= 15);
    assert!(matrix.sources_for(question("errors-most-frequent")) >= 2);
    // Lines of a log are no requests, and a failed sign-in needs a page for it.
    let answered_by = |id| {
        (0..catalogue.sources.len())
            .filter(|place| matrix.state(question(id), *place) != CoverageState::Missing)
            .collect::<Vec<_>>()
    };
    for id in ["error-rate", "availability", "peak-hours", "error-bursts"] {
        assert_eq!(answered_by(id), [access], "{id}");
    }
    assert!(answered_by("logins-failed").is_empty());
}

#[test]
fn a_cell_answers_exactly_where_a_derivation_exists() {
    let (catalogue, questions) = (shop(), ready());
    for asked in &questions {
        for place in 0..catalogue.sources.len() {
            let state = cell_evidence(&catalogue, asked, place).state;
            let is_derived = derive_on(&catalogue, asked, place).is_some();
            match state {
                CoverageState::Covered | CoverageState::Derivable => assert!(is_derived, "{} {place}", asked.id),
                CoverageState::Missing => assert!(!is_derived, "{} {place}", asked.id),
                CoverageState::Partial | CoverageState::Forbidden => {}
            }
        }
    }
}

#[test]
fn teams_and_unused_fields() {
    let mut catalogue = shop();
    let access = catalogue.source_number("src-access").unwrap();
    catalogue.sources[access].access = vec!["team-platform".into()];
    let mut asked = Asked::ready(ready_question("load-per-hour").unwrap());
    (asked.is_own, asked.asker) = (true, "team-shop".into());
    let evidence = cell_evidence(&catalogue, &asked, access);
    assert_eq!(evidence.state, CoverageState::Forbidden);
    assert_eq!(evidence.text, "Access log may be seen by team-platform only, and this goes to team-shop");

    let unused = unused_fields(&shop(), &ready());
    let names: Vec<&str> = unused.iter().map(|one| one.column.as_str()).collect();
    for column in ["http_version", "signed_up", "limits.cpu"] {
        assert!(names.contains(&column), "{column} of {names:?}");
    }
    for column in ["status", "cookie_sid", "event", "owner.team", "released_at"] {
        assert!(!names.contains(&column), "{column} of {names:?}");
    }
    assert!(unused.iter().all(|one| (0.0..=1.0).contains(&one.share)));
    assert!(unused.windows(2).all(|pair| pair[0].share >= pair[1].share));
}

#[test]
fn one_more_field_unlocks_questions() {
    let mut evidence = shop_evidence(&shop_sources());
    for source in &mut evidence {
        source.columns.retain(|column| !["duration", "duration_ms", "version"].contains(&column.name.as_str()));
    }
    let catalogue = Catalogue::new(Vocabulary::shipped(), evidence);
    let found = one_field_away(&catalogue, &ready());
    assert!(found.windows(2).all(|pair| pair[0].unlocks.len() >= pair[1].unlocks.len()));
    let version = found.iter().find(|one| one.source == "src-app" && one.concept == "service.version").unwrap();
    assert_eq!(version.unlocks, ["release-errors"]);
    let duration = found.iter().find(|one| one.source == "src-access" && one.concept == "event.duration").unwrap();
    assert_eq!(duration.unlocks, ["users-bad-experience", "pages-slowest", "latency"]);
    assert!(duration.instead.iter().any(|one| one == "event.duration_ms"), "{duration:?}");
}

/// Many sources of 50 fields each, with names from the vocabulary and names that mean nothing.
fn many_sources(count: usize) -> Vec<SourceEvidence> {
    let vocabulary = Vocabulary::shipped();
    let mut random = fastrand::Rng::with_seed(5);
    let sources = (0..count).map(|number| {
        let mut schema = Schema::default();
        for field in 0..50 {
            let concept = &vocabulary.concepts()[random.usize(..vocabulary.concepts().len())];
            let name = match concept.synonyms.first() {
                Some(name) if field % 3 != 0 => name.clone(),
                _ => format!("field {field}"),
            };
            if !schema.has(&name) {
                schema.fields.push(crate::data::Field::new(name, concept.data_type.clone()));
            }
        }
        let mut evidence = source(&format!("src-{number}"), 1000, schema, &[]);
        for column in &mut evidence.columns {
            column.distinct = if random.u8(..40) == 0 { 1000 } else { random.u64(1..900) };
            column.nulls = if column.distinct == 1000 { 0 } else { random.u64(..600) };
        }
        evidence
    });
    sources.collect()
}

/// Budgets: 200 ms for the matrix, 20 ms for a proposal, of an optimised build; without optimisation a tenth of the
/// sources is looked at, with room for a busy machine.
#[test]
fn large_matrices_and_proposals_are_quick() {
    let count = if cfg!(debug_assertions) { 100 } else { 1000 };
    let start = Instant::now();
    let catalogue = Catalogue::new(Vocabulary::shipped(), many_sources(count));
    let understood = start.elapsed();
    let questions: Vec<Asked> = ready().into_iter().cycle().take(500).collect();
    let start = Instant::now();
    let again = Catalogue::with_meanings(
        std::sync::Arc::clone(&catalogue.vocabulary),
        catalogue.sources.clone(),
        catalogue.meanings.clone(),
    );
    let built = start.elapsed();
    let matrix = coverage(&again, &questions);
    let matrix_time = start.elapsed();
    assert_eq!((matrix.questions.len(), matrix.sources.len()), (500, count));
    let mut times = Vec::new();
    for asked in &questions[..33] {
        let start = Instant::now();
        let found = propose(&Project::new("p"), &catalogue, asked, 1);
        assert!(found.iter().all(|one| one.is_proved), "{}", asked.id);
        times.push((start.elapsed(), asked.id.as_str()));
    }
    times.sort();
    println!("{count} sources: understood in {understood:?}, made ready in {built:?}, with the matrix {matrix_time:?}");
    println!("a proposal each: {times:?}");
    let slowest = times.last().map(|(time, _)| time.as_millis()).unwrap_or_default();
    let slack = if cfg!(debug_assertions) { 50 } else { 5 };
    assert!(matrix_time.as_millis() < 200 * slack, "{matrix_time:?}");
    assert!(slowest < 20 * slack, "{times:?}");
}
