//! Tests of proposals: what is applied plans without errors, and undoes to what was before.

use super::*;
use crate::diagnostic::Severity;
use crate::plan::plan;
use crate::planner::testing::{shop_evidence, shop_project, shop_sources};
use crate::planner::{Vocabulary, ready_question, ready_questions};

fn catalogue(project: &Project) -> Catalogue {
    Catalogue::new(Vocabulary::shipped(), shop_evidence(project))
}

/// Applies a proposal and gives the project; its plan must be sound.
fn accepted(project: &Project, proposal: &Proposal) -> Project {
    let mut project = project.clone();
    let before = project.clone();
    let undo = project.apply(&proposal.edits).unwrap();
    let plan = plan(&project);
    let wrong: Vec<String> = plan
        .diagnostics
        .iter()
        .filter(|one| {
            one.severity != Severity::Hint && one.location.id.as_ref().is_some_and(|id| proposal.steps.contains(id))
        })
        .map(|one| format!("{}: {one}", proposal.question))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(plan.output(&proposal.answer, "out").is_some(), "{} has no answer", proposal.question);
    let after = project.clone();
    project.apply(&undo).unwrap();
    let of = |project: &Project| (project.steps.clone(), project.wires.clone(), project.questions.clone());
    assert_eq!(of(&project), of(&before));
    after
}

#[test]
fn every_ready_question_becomes_a_flow_of_the_shop() {
    for project in [shop_sources(), shop_project()] {
        let catalogue = catalogue(&project);
        // The shop has no page for signing in.
        for question in ready_questions().iter().filter(|one| one.id != "logins-failed") {
            let proposals = propose(&project, &catalogue, &Asked::ready(question), 3);
            assert!(!proposals.is_empty(), "{}", question.id);
            for proposal in &proposals {
                let after = accepted(&project, proposal);
                assert!(proposal.reasons.iter().all(|one| !one.reason.is_empty() && !one.title.is_empty()));
                let plan = plan(&after);
                let schema = &plan.node(plan.output(&proposal.answer, "out").unwrap()).schema;
                let shown: Vec<&str> = schema.names().collect();
                let left_out = question.contract.dimensions.iter().chain(&question.contract.columns);
                let left_out: Vec<&str> = left_out
                    .filter(|part| proposal.left_out.contains(&part.expression))
                    .map(|part| part.name.as_str())
                    .collect();
                let wanted: Vec<&str> =
                    question.contract.result_names().filter(|name| !left_out.contains(name)).collect();
                assert_eq!(shown, wanted, "{}", question.id);
            }
        }
    }
}

/// The steps of a proposal in order: kind and the setting that matters.
fn shown(project: &Project, proposal: &Proposal, setting: &[(&str, &str)]) -> Vec<String> {
    let after = accepted(project, proposal);
    let steps = proposal.steps.iter().map(|id| {
        let step = &after.steps[id];
        let setting =
            setting.iter().find(|(kind, _)| *kind == step.kind).and_then(|(_, name)| step.settings.get(*name));
        match setting {
            Some(Json::Array(items)) => {
                let text =
                    |item: &Json| item.get("expression").or(item.get("left")).and_then(Json::as_str).map(str::to_owned);
                format!("{}: {}", step.kind, items.iter().filter_map(text).collect::<Vec<_>>().join("; "))
            }
            Some(Json::String(text)) => format!("{}: {text}", step.kind),
            _ => step.kind.clone(),
        }
    });
    steps.collect()
}

const SETTINGS: &[(&str, &str)] = &[
    ("compute", "columns"),
    ("window", "columns"),
    ("filter", "predicate"),
    ("lookup", "on"),
    ("nearest_in_time", "by"),
    ("aggregate", "measures"),
    ("time_buckets", "measures"),
];

fn best(project: &Project, id: &str) -> Proposal {
    propose(project, &catalogue(project), &Asked::ready(ready_question(id).unwrap()), 1).remove(0)
}

#[test]
fn flows_say_what_the_contract_says() {
    let project = shop_sources();
    let mut bad = shown(&project, &best(&project, "users-bad-experience"), SETTINGS);
    let at = bad[1].find("status between 400 and 499").unwrap();
    bad[1].replace_range(at.., "…probe…");
    assert_eq!(
        bad,
        [
            "file",
            "compute: status >= 500; ua_is_bot(user_agent); …probe…",
            "window: client is not null and coalesce(sum(case when is_probe then 1 else 0 end) over (partition by client), 0) >= 2",
            "compute: client || ' ' || coalesce(user_agent, '')",
            "filter: (is_error or duration > ${slow_after}) and not coalesce(is_bot, false)",
            "filter: not coalesce(is_scanner, false)",
            "time_buckets: count_distinct(visitor); count(*)",
            "answer"
        ]
    );
    assert_eq!(
        shown(&project, &best(&project, "transactions-failed"), SETTINGS)[1..],
        [
            "compute: regexp_matches(event, '(?i)(payment|order|checkout|transaction|charge|purchase)_?.*(fail|declin|refus|error|reject|abort)')",
            "filter: is_failed",
            "file",
            "nearest_in_time: service",
            "select",
            "answer"
        ]
    );
    let services = best(&project, "services-to-expand");
    assert_eq!(shown(&project, &services, SETTINGS)[4], "lookup: service");
    assert_eq!(
        services.joins,
        ["each `name` stands once in Service catalogue (10 of 10 rows), so no row is multiplied"]
    );
    assert!(services.meanings.iter().any(|used| used.column == "owner.team" && used.concept == "service.owner"));
}

#[test]
fn thresholds_are_those_of_the_asker_and_readers_are_shared() {
    let project = shop_project();
    let mut asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    asked.dials.insert("slow_after".into(), 1.5);
    let proposal = propose(&project, &catalogue(&project), &asked, 1).remove(0);
    let flow = shown(&project, &proposal, SETTINGS);
    // The worked example has a threshold of that name, at 3 s.
    assert_eq!(
        (flow.len(), flow[3].as_str()),
        (7, "filter: (is_error or duration > ${slow_after_2}) and not coalesce(is_bot, false)")
    );
    let after = accepted(&project, &proposal);
    let threshold = |project: &Project, name: &str| {
        let parameter = project.parameters.values().find(|one| one.name == name)?;
        parameter.default.as_ref().and_then(Json::as_f64)
    };
    assert_eq!(threshold(&after, "slow_after_2"), Some(1.5));
    // Another question with the same threshold shares it; with another one it has its own.
    let mut slow = Asked::ready(ready_question("pages-slowest").unwrap());
    slow.dials.insert("slow_after".into(), 1.5);
    let shared = accepted(&after, &propose(&after, &catalogue(&after), &slow, 1).remove(0));
    assert_eq!((shared.parameters.len(), threshold(&shared, "slow_after_3")), (after.parameters.len() + 1, None));
    slow.dials.insert("slow_after".into(), 2.0);
    let own = accepted(&after, &propose(&after, &catalogue(&after), &slow, 1).remove(0));
    assert_eq!(threshold(&own, "slow_after_3"), Some(2.0));
    assert!(after.wires_from("access").any(|wire| proposal.steps.contains(&wire.to)));
    assert_eq!(after.questions["users-bad-experience"].dials["slow_after"], 1.5);
    let (lowest, first) = (project.steps.values().map(|step| step.y).max(), &after.steps[&proposal.steps[0]]);
    assert!(Some(first.y) > lowest);
    let places: Vec<i32> = proposal.steps.iter().map(|id| after.steps[id].x).collect();
    assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
}

#[test]
fn a_part_holds_what_leads_to_it() {
    let project = shop_sources();
    let asked = Asked::ready(ready_question("services-to-expand").unwrap());
    let proposal = propose(&project, &catalogue(&project), &asked, 1).remove(0);
    let kinds = |project: &Project| project.steps.values().map(|step| step.kind.clone()).collect::<Vec<_>>();
    let join = proposal.edits.iter().find_map(|edit| match edit {
        Edit::Insert { item, .. } if item["kind"] == "lookup" => item["id"].as_str().map(str::to_owned),
        _ => None,
    });
    let mut part = project.clone();
    part.apply(&proposal.part(&[join.unwrap()].into())).unwrap();
    let kept = kinds(&part);
    assert!(
        kept.iter().filter(|kind| *kind == "file").count() == 2 && !kept.contains(&"answer".to_owned()),
        "{kept:?}"
    );
    assert!(!plan(&part).has_errors());
    let mut whole = project.clone();
    whole.apply(&proposal.part(&proposal.steps.iter().cloned().collect())).unwrap();
    assert_eq!(whole.steps.len(), proposal.steps.len());
    assert_eq!(
        proposal
            .part(&BTreeSet::new())
            .iter()
            .filter(|edit| matches!(edit, Edit::Insert { into, .. } if into == "steps"))
            .count(),
        0
    );
}

#[test]
fn an_answer_says_what_was_assumed() {
    let project = shop_sources();
    let proposal = best(&project, "users-bad-experience");
    let after = accepted(&project, &proposal);
    let step = &after.steps[&proposal.answer];
    let told = crate::planner::definition_of(step, None, &std::collections::BTreeMap::new());
    for part in [
        "Programs that say what they are and clients that look for holes do not count.",
        "Assumed: ",
        "a user is an address with a browser",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_definition_says_nothing_of_a_condition_that_is_not_in_the_flow() {
    let project = shop_sources();
    let catalogue = catalogue(&project);
    let definition = |id: &str| {
        let asked = Asked::ready(ready_question(id).unwrap());
        let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
        let project = accepted(&project, &proposal);
        project.steps[&proposal.answer].settings["definition"].as_str().unwrap().to_owned()
    };
    let bots = "Programs that say what they are and clients that look for holes do not count.";
    assert!(definition("users-active").contains(bots), "the access log names browsers");
    let by_plan = definition("users-by-plan");
    assert!(!by_plan.contains(bots), "the application's log does not");
    assert!(
        by_plan
            .contains("Programs that say what they are and clients that look for holes cannot be told here and count."),
        "{by_plan}"
    );
    let asked = Asked::ready(ready_question("users-by-plan").unwrap());
    let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
    assert_eq!(
        proposal.left_out_in_words,
        [
            "nothing tells programs that say what they are: they count",
            "nothing tells clients that look for holes: they count"
        ]
    );
}

#[test]
fn rows_without_what_a_question_is_about_are_counted_apart_from_those_that_are_not_asked_about() {
    let project = shop_sources();
    let catalogue = catalogue(&project);
    let filters = |id: &str| -> Vec<(String, String)> {
        let asked = Asked::ready(ready_question(id).unwrap());
        let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
        let project = accepted(&project, &proposal);
        let steps = proposal.steps.iter().map(|id| &project.steps[id]).filter(|step| step.kind == "filter");
        steps.map(|step| (step.title.clone(), step.settings["predicate"].as_str().unwrap().to_owned())).collect()
    };
    let affected = filters("customers-affected");
    assert_eq!(affected[0], ("Only those asked about".to_owned(), "is_failed".to_owned()));
    assert_eq!(affected[1], ("With visitor".to_owned(), "user_id is not null".to_owned()));
    assert_eq!(filters("pages-left")[1].0, "Without scanners");
    assert_eq!(filters("pages-left")[2].0, "With session");
    let mut catalogue = catalogue;
    let access = catalogue.sources.iter_mut().find(|source| source.source == "src-access").unwrap();
    access.columns.iter_mut().find(|column| column.name == "status").unwrap().nulls = 6;
    let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
    let project = accepted(&project, &proposal);
    let filters: Vec<_> =
        proposal.steps.iter().map(|id| &project.steps[id]).filter(|step| step.kind == "filter").collect();
    assert_eq!(filters[0].title, "Where it can be told");
    assert_eq!(filters[0].settings["predicate"], "(is_error or duration > ${slow_after}) is not null");
    assert_eq!(filters[1].title, "Only those asked about");
}

#[test]
fn an_address_out_of_a_message_is_as_personal_as_any() {
    let schema = crate::data::Schema::of([("time", DataType::Timestamp), ("message", DataType::String)]);
    let messages = ["Failed password for root from 198.18.0.1 port 22 ssh2"];
    let mut log = crate::planner::testing::source("src-log", 200, schema, &[("message", 190, &messages)]);
    log.confirmed.insert("message".into(), "log.message".into());
    let catalogue = Catalogue::new(Vocabulary::shipped(), vec![log]);
    let asked = Asked::ready(ready_question("logins-failed").unwrap());
    let fields = json!({"fields": [{"name": "time", "type": "Timestamp"}, {"name": "message", "type": "String"}]});
    let item =
        json!({"id": "src-log", "title": "log", "path": "a.jsonl", "format": {"name": "json_lines"}, "schema": fields});
    let mut project = Project::default();
    project.apply(&[Edit::Insert { into: "sources".into(), item, place: crate::project::Place::Last }]).unwrap();
    let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
    let edits = serde_json::to_string(&proposal.edits).unwrap();
    assert_eq!(edits.matches(r#""classification":"personal""#).count(), 1, "{edits}");
}
