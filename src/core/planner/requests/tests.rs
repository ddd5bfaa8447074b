//! Data requests: made from gaps, met by sources, written for others.

use super::*;
use crate::data::DataType;
use crate::model::Team;
use crate::planner::testing::{shop_evidence, shop_sources, shop_without};
use crate::planner::{Asked, Vocabulary, gaps, one_field_away, plan_gaps, ready_question, ready_questions};

fn asked_for_duration() -> (Project, Catalogue) {
    let (mut project, catalogue) = shop_without(&[("src-access", "duration"), ("src-app", "duration_ms")]);
    let questions: Vec<Asked> = ready_questions().iter().map(Asked::ready).collect();
    let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    let found = gaps(&catalogue, &asked, &questions);
    project.apply(&plan_gaps(&project, &catalogue, &found)).unwrap();
    project.apply(&request_gaps(&project, &catalogue, &found, &asked.title)).unwrap();
    assert_eq!(request_gaps(&project, &catalogue, &found, &asked.title), [], "asked once");
    (project, catalogue)
}

#[test]
fn a_gap_becomes_a_request_that_the_data_closes() {
    let (mut project, catalogue) = asked_for_duration();
    let request = project.requests.values().next().unwrap().clone();
    assert_eq!((request.title.as_str(), request.source.as_str()), ("Duration in “Access log”", "src-access"));
    assert_eq!(
        (request.field.as_str(), request.unit.as_str(), &request.data_type),
        ("duration", "s", &DataType::Float)
    );
    assert_eq!((request.owner.as_str(), request.unlocks.len()), ("team-platform", 3));
    assert_eq!(check_requests(&project, &catalogue.vocabulary), []);

    // A planned source meets nothing; the real one does, unless the field is empty.
    assert_eq!(requests_met(&project, &catalogue), []);
    let whole = shop_sources();
    let mut evidence = shop_evidence(&whole);
    let known = Catalogue::new(Vocabulary::shipped(), evidence.clone());
    let edits = requests_met(&project, &known);
    let rows = evidence[0].rows;
    let column = evidence[0].columns.iter_mut().find(|column| column.name == "duration").unwrap();
    column.nulls = rows;
    assert_eq!(requests_met(&project, &Catalogue::new(Vocabulary::shipped(), evidence)), []);
    let undo = project.apply(&edits).unwrap();
    assert_eq!(project.requests[&request.id].status, RequestStatus::Delivered);
    assert_eq!(requests_met(&project, &known), [], "closed once");
    project.apply(&undo).unwrap();

    // What else it unlocks is added to the open request.
    let mut gap_of_another = gaps(&catalogue, &Asked::ready(ready_question("latency").unwrap()), &[]);
    gap_of_another[0].unlocks = vec!["my-question".into()];
    project.apply(&request_gaps(&project, &catalogue, &gap_of_another, "Latency")).unwrap();
    assert_eq!(project.requests.len(), 1);
    assert!(project.requests[&request.id].unlocks.contains(&"my-question".to_owned()));
}

#[test]
fn one_field_away_becomes_a_request() {
    let (mut project, catalogue) = shop_without(&[("src-access", "duration"), ("src-app", "duration_ms")]);
    let questions: Vec<Asked> = ready_questions().iter().map(Asked::ready).collect();
    let away = one_field_away(&catalogue, &questions).remove(0);
    project.apply(&request_field(&project, &catalogue, &away)).unwrap();
    let request = project.requests.values().next().unwrap();
    assert_eq!((&request.meaning, &request.unlocks), (&away.concept, &away.unlocks));
}

#[test]
fn what_a_request_names_must_be_there() {
    let (mut project, catalogue) = asked_for_duration();
    let request = project.requests.values_mut().next().unwrap();
    request.source = "src-acces".into();
    request.meaning = "event.durations".into();
    request.due = "soon".into();
    let messages: Vec<String> =
        check_requests(&project, &catalogue.vocabulary).into_iter().map(|one| one.message).collect();
    assert_eq!(
        messages,
        [
            "the request asks of the source `src-acces`, which is not there; did you mean `src-access`?",
            "the request asks for the unknown meaning `event.durations`; did you mean `event.duration`?",
            "`soon` is no day",
        ]
    );
}

#[test]
fn requests_are_written_for_others_whatever_their_names_hold() {
    let (mut project, catalogue) = asked_for_duration();
    let id = project.requests.keys().next().unwrap().clone();
    let set = |field: &str, new: &str| Edit::Set { id: id.clone(), field: field.into(), old: None, new: json!(new) };
    project.apply(&[set("due", "2026-04-30")]).unwrap();
    let vocabulary = &catalogue.vocabulary;
    let issue = issue_text(&project, vocabulary, &project.requests[&id]);
    assert!(issue.starts_with("# Duration in “Access log”\n"), "{issue}");
    for part in
        ["| field | `duration` |", "| type | Float, s |", "| asked of | Platform |", "(`latency`)", "2026-04-30"]
    {
        assert!(issue.contains(part), "{part} is not in\n{issue}");
    }
    let texts = contract_texts(&project, vocabulary, &[&project.requests[&id]]).unwrap();
    assert_eq!(texts[0].0, "access-log");
    let contract: Json = serde_saphyr::from_str(&texts[0].1).unwrap();
    assert_eq!((&contract["kind"], &contract["status"]), (&json!("DataContract"), &json!("draft")));
    let properties = contract["schema"][0]["properties"].as_array().unwrap();
    let duration = properties.iter().find(|one| one["name"] == "duration").unwrap();
    assert_eq!((&duration["logicalType"], &duration["required"]), (&json!("number"), &json!(true)));
    assert_eq!(contract["slaProperties"][0]["value"], "2026-04-30");
    assert_eq!(contract["team"]["name"], "Platform");

    // What is written is read again as it was.
    let read = crate::import::read_declarations(&texts[0].1, None).unwrap();
    let wished = &read.sources[0];
    let known = project.sources["src-access"].schema.as_ref().unwrap();
    for field in &wished.fields {
        let wanted = known.get(&field.name).map_or(&DataType::Float, |field| &field.data_type);
        assert_eq!(&field.data_type, wanted, "{}", field.name);
    }
    assert_eq!((wished.fields.len(), wished.owner.as_str()), (known.len() + 1, "Platform"));
    let duration = wished.fields.iter().find(|field| field.name == "duration").unwrap();
    assert_eq!((duration.meaning.as_str(), duration.required), ("event.duration", true));

    // Names that each form must escape.
    let hostile = "=1+1|`a` \"b\": - #x, '\n<script>";
    project.teams.insert("t".into(), Team { id: "t".into(), title: hostile.into(), ..Team::default() });
    project.apply(&[set("field", hostile), set("title", hostile), set("owner", "t"), set("reason", hostile)]).unwrap();
    let request = &project.requests[&id];
    let issue = issue_text(&project, vocabulary, request);
    assert!(!issue.contains("<script>\n") && issue.contains("\\<script\\>"), "{issue}");
    assert_eq!(issue.lines().filter(|line| line.starts_with("| field |")).count(), 1);
    let csv = requests_csv(&project, &[request]);
    assert!(csv.contains("\"'=1+1|`a` \"\"b\"\": - #x, '\n<script>\""), "{csv}");
    let text = contract_of(&project, vocabulary, None, &[request]).unwrap();
    let read: Json = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(read["schema"][0]["properties"][0]["name"], hostile);
    assert_eq!(read["team"]["name"], hostile);
}
