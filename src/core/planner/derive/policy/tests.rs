//! Tests of what the planner proposes under rules.

use fastrand::Rng;
use serde_json::{Value as Json, json};

use crate::plan::plan;
use crate::planner::testing::{shop_evidence, shop_sources};
use crate::planner::{
    Asked, Catalogue, CoverageState, Proposal, Vocabulary, cell_evidence, forbidden_sources, propose, ready_question,
    ready_questions,
};
use crate::policy::parse_organisation;
use crate::project::{OrganisationPolicy, Project};

fn catalogue(project: &Project) -> Catalogue {
    Catalogue::new(Vocabulary::shipped(), shop_evidence(project)).under(project)
}

fn governed(policy: Json) -> Project {
    let mut project = shop_sources();
    let policy = parse_organisation(&policy.to_string()).unwrap();
    project.organisation = vec![OrganisationPolicy { sha256: String::new(), policy }];
    project
}

fn asked_by(id: &str, team: &str) -> Asked {
    Asked { asker: team.into(), is_own: true, ..Asked::ready(ready_question(id).unwrap()) }
}

/// The project with the proposal; its plan says nothing against the new steps.
fn accepted(project: &Project, proposal: &Proposal) -> Project {
    let mut after = project.clone();
    after.apply(&proposal.edits).unwrap();
    let plan = plan(&after);
    let errors: Vec<String> =
        plan.diagnostics.iter().filter(|found| found.is_error()).map(ToString::to_string).collect();
    assert!(errors.is_empty(), "{}: {}", proposal.question, errors.join("\n"));
    assert!(plan.output(&proposal.answer, "out").is_some(), "{}", proposal.question);
    after
}

#[test]
fn what_is_too_close_is_proposed_as_a_keyed_hash_and_coverage_names_the_rule() {
    let project = governed(json!({"policy": 1, "name": "Acme", "highest": {"teams": {"*": "internal"}}}));
    let catalogue = catalogue(&project);
    // Counts users by their address and browser.
    let asked = asked_by("users-bad-experience", "team-shop");
    let access = catalogue.source_number("src-access").unwrap();
    let cell = cell_evidence(&catalogue, &asked, access);
    assert_eq!(cell.state, CoverageState::Forbidden);
    assert!(
        cell.text.contains("`client` is personal, but “Acme” lets")
            && cell.text.contains("allowed: hash it with a secret"),
        "{}",
        cell.text
    );
    let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
    let after = accepted(&project, &proposal);
    let hash = proposal.steps.iter().map(|id| &after.steps[id]).find(|step| step.kind == "mask_or_hash").unwrap();
    assert_eq!((&hash.settings["method"], &hash.settings["columns"]), (&json!("hmac"), &json!(["visitor"])));
    assert!(!hash.note.is_empty() && hash.settings["reason"].is_string());
    let key = after.parameters.values().find(|one| json!(one.name) == hash.settings["key"]).unwrap();
    assert_eq!(key.default, Some(json!("${env:HASH_KEY}")));
    assert!(proposal.losses.iter().any(|loss| loss.contains("stands as a keyed hash")));
}

#[test]
fn what_no_step_can_make_allowed_is_not_proposed_and_the_rule_is_named() {
    let project = governed(json!({"policy": 1, "name": "Acme", "highest": {"teams": {"*": "public"}}}));
    let asked = asked_by("users-bad-experience", "team-shop");
    let known = catalogue(&project);
    assert!(propose(&project, &known, &asked, 3).is_empty());
    let forbidden = forbidden_sources(&known, &asked);
    let access = forbidden.iter().find(|one| one.source == "src-access").unwrap();
    assert!(access.rule.contains("“Acme” lets Shop have public data at most"), "{}", access.rule);
    assert!(access.rule.contains("ask the owner of “Access log” (Platform)"), "{}", access.rule);
    assert_eq!(forbidden_sources(&catalogue(&shop_sources()), &asked), []);
}

#[test]
fn an_answer_stays_in_place_for_those_who_may_see_its_sources() {
    let mut project = shop_sources();
    let access = project.sources.get_mut("src-access").unwrap();
    (access.residency, access.access) = ("eu".into(), vec!["team-platform".into()]);
    let catalogue = catalogue(&project);
    let ready = Asked::ready(ready_question("load-per-hour").unwrap());
    let proposal = propose(&project, &catalogue, &ready, 1).remove(0);
    assert_eq!(proposal.sources, ["src-access"]);
    let after = accepted(&project, &proposal);
    let settings = &after.steps[&proposal.answer].settings;
    assert_eq!((&settings["residency"], &settings["audience"]), (&json!("eu"), &json!("team-platform")));
    assert_eq!(after.questions["load-per-hour"].asker, "", "whoever takes it over asks it");
    let strange = asked_by("load-per-hour", "team-shop");
    let used: Vec<Vec<String>> =
        propose(&project, &catalogue, &strange, 3).into_iter().map(|proposal| proposal.sources).collect();
    assert!(used.iter().flatten().all(|source| source != "src-access"), "{used:?}");
}

#[test]
fn sources_that_are_kept_apart_are_not_joined() {
    let project = shop_sources();
    let asked = asked_by("services-to-expand", "team-platform");
    let free = propose(&project, &catalogue(&project), &asked, 1).remove(0);
    assert!(free.sources.len() > 1);
    let stack = |id: &String| project.sources[id].stack.clone();
    let apart = [stack(&free.sources[0]), stack(&free.sources[1])];
    let project = governed(json!({"policy": 1, "apart": [apart]}));
    for proposal in propose(&project, &catalogue(&project), &asked, 3) {
        accepted(&project, &proposal);
        assert_ne!(proposal.sources, free.sources);
    }
}

/// Labels and rules here and there.
fn random_rules(random: &mut Rng) -> Project {
    const CLASSES: [&str; 3] = ["public", "internal", "personal"];
    let mut highest = serde_json::Map::new();
    for (kind, names) in [
        ("teams", &["team-shop", "team-platform", "*"][..]),
        ("stacks", &["nginx", "application", "*"]),
        ("places", &["eu", "*"]),
    ] {
        let some = names.iter().filter(|_| random.u8(0..3) == 0).map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let limits = some.into_iter().map(|name| (name, json!(CLASSES[random.usize(0..3)])));
        highest.insert(kind.into(), Json::Object(limits.collect()));
    }
    let apart = if random.bool() { json!([["nginx", "Prometheus", "catalogue API"]]) } else { json!([]) };
    let mut project = governed(json!({"policy": 1, "highest": highest, "apart": apart}));
    let teams: Vec<String> = project.teams.keys().cloned().collect();
    for source in project.sources.values_mut() {
        if random.u8(0..4) == 0 {
            source.access = teams.iter().filter(|_| random.bool()).cloned().collect();
        }
        if random.u8(0..4) == 0 {
            source.residency = ["eu", "us"][random.usize(0..2)].into();
        }
        for field in source.schema.iter_mut().flat_map(|schema| &mut schema.fields) {
            if random.u8(0..6) == 0 {
                let class = ["public", "personal", "secret"][random.usize(0..3)];
                field.labels.classification = serde_json::from_value(json!(class)).unwrap();
            }
        }
    }
    project
}

#[test]
fn no_proposal_brings_a_forbidden_field_to_a_forbidden_place() {
    let (mut proposed, mut hashed) = (0, 0);
    for seed in 0..1_000 {
        let random = &mut Rng::with_seed(seed);
        let project = random_rules(random);
        let catalogue = catalogue(&project);
        let question = &ready_questions()[random.usize(0..ready_questions().len())];
        let asked = match random.u8(0..4) {
            0 => Asked::ready(question),
            1 => asked_by(&question.id, "team-shop"),
            2 => asked_by(&question.id, "team-platform"),
            _ => asked_by(&question.id, ""),
        };
        for proposal in propose(&project, &catalogue, &asked, 1) {
            let after = accepted(&project, &proposal);
            proposed += 1;
            hashed += usize::from(proposal.steps.iter().any(|id| after.steps[id].kind == "mask_or_hash"));
        }
    }
    assert!(proposed > 300 && hashed > 30, "{proposed} proposals, {hashed} with hashes");
}
