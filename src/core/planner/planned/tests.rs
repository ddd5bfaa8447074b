//! Planned sources: made, proposed on, replaced.

use super::*;
use crate::data::Classification;
use crate::plan::plan;
use crate::planner::testing::{shop_evidence, shop_sources, shop_without};
use crate::planner::{Asked, Vocabulary, gaps, propose, ready_question, ready_questions};
use crate::project::{check_invariants, to_text};

#[test]
fn a_missing_field_is_named_with_what_would_do() {
    let (project, catalogue) = shop_without(&[("src-access", "duration"), ("src-app", "duration_ms")]);
    let questions: Vec<Asked> = ready_questions().iter().map(Asked::ready).collect();
    let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    let found = gaps(&catalogue, &asked, &questions);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].meaning.as_str(), found[0].source.as_str()), ("event.duration", "src-access"));
    assert_eq!(found[0].owner, "team-platform");
    assert!(found[0].instead.iter().any(|one| one == "event.duration_ms"), "{:?}", found[0].instead);
    assert_eq!(found[0].unlocks, ["users-bad-experience", "pages-slowest", "latency"]);
    assert_eq!(found[0].nearest, "no source records it");

    // The planned field lets the design go on.
    let mut project = project;
    project.apply(&plan_gaps(&project, &catalogue, &found)).unwrap();
    let planned = project.sources.values().find(|source| source.planned.is_some()).unwrap();
    assert_eq!(planned.title, "Access log with duration");
    // A project is sent round: words that stand again and again are in it, but nobody's address, visit or message.
    let text = to_text(&project);
    assert!(text.contains("\"HEAD\""), "{text}");
    for real in ["198.18.3.3", "88e4303e2219fdbe", "/cart?id=7"] {
        assert!(!text.contains(real), "{real}");
    }
    let mut closed = catalogue.sources.clone();
    closed[0].residency = "eu".into();
    let edits = plan_gaps(&shop_sources(), &Catalogue::new(Vocabulary::shipped(), closed), &found);
    let told = json!(edits).to_string();
    assert!(told.contains("\"residency\":\"eu\"") && told.contains("PROPFIND"), "what a method can be: {told}");
    let mut evidence = catalogue.sources.clone();
    evidence.push(SourceEvidence::declared(planned));
    let catalogue = Catalogue::new(Vocabulary::shipped(), evidence);
    let proposal = propose(&project, &catalogue, &asked, 1).remove(0);
    let planned = planned.clone();
    project.apply(&proposal.edits).unwrap();
    let plan = plan(&project);
    assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
    assert!(project.steps.values().any(|step| step.kind == "planned_source"));

    // Another gap of the same source goes into the same planned one.
    let mut more = found[0].clone();
    more.meaning = "url.query".into();
    let mut again = project.clone();
    again.apply(&plan_gaps(&project, &catalogue, &[more])).unwrap();
    let titles: Vec<&str> =
        again.sources.values().filter(|one| one.planned.is_some()).map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["Access log with duration and query"]);

    // The real source comes.
    let real = shop_evidence(&shop_sources()).remove(0);
    let messages: Vec<String> = drift(&planned, &real).into_iter().map(|one| one.message).collect();
    assert_eq!(messages, ["`user` is there, but has no value in any row"]);
    // What takes the requests that are none is empty where all are some.
    let mut whole = real.clone();
    whole.format = "nginx_access".into();
    for column in whole.columns.iter_mut().filter(|column| column.name == "request") {
        (column.nulls, column.distinct) = (whole.rows, 0);
    }
    assert_eq!(drift(&planned, &whole).len(), 1);
    let mut other = real;
    other.columns.retain(|column| column.name != "bytes");
    other.columns[0].name = "times".into();
    let messages: Vec<String> = drift(&planned, &other).into_iter().map(|one| one.message).collect();
    assert_eq!(messages[0], "the declared column `time` is not there; did you mean `times`?");
    assert_eq!(messages.len(), 4, "{messages:?}");
}

#[test]
fn a_real_file_replaces_the_planned_source_and_the_one_it_stands_for() {
    let (mut project, catalogue) = shop_without(&[("src-access", "duration"), ("src-app", "duration_ms")]);
    let asked = Asked::ready(ready_question("users-bad-experience").unwrap());
    project.apply(&plan_gaps(&project, &catalogue, &gaps(&catalogue, &asked, &[]))).unwrap();
    let planned = project.sources.values().find(|source| source.planned.is_some()).unwrap().clone();
    let mut sources = catalogue.sources.clone();
    sources.push(SourceEvidence::declared(&planned));
    let catalogue = Catalogue::new(Vocabulary::shipped(), sources);
    project.apply(&propose(&project, &catalogue, &asked, 1).remove(0).edits).unwrap();
    let reader = project.steps.values().find(|step| step.kind == "planned_source").unwrap().clone();

    let whole = shop_sources();
    let mut real = Source { path: "new/access.log".into(), ..whole.sources["src-access"].clone() };
    let found = shop_evidence(&whole).remove(0);
    let before = to_text(&project);
    let (edits, differences) = replace_planned(&project, &planned.id, &real, &found).unwrap();
    let undo = project.apply(&edits).unwrap();
    assert_eq!(check_invariants(&project), []);
    assert!(!project.sources.contains_key(&planned.id), "the copy goes");
    let source = &project.sources["src-access"];
    assert_eq!((source.path.as_str(), source.title.as_str()), ("new/access.log", "Access log"));
    assert!(source.schema.as_ref().unwrap().has("duration"));
    assert_eq!(source.meanings["duration"], "event.duration");
    let step = &project.steps[&reader.id];
    assert_eq!(
        (step.kind.as_str(), &step.title, &step.settings["source"]),
        ("file", &reader.title, &json!("src-access"))
    );
    let made = plan(&project);
    assert!(!made.has_errors(), "{:?}", made.diagnostics);
    let messages: Vec<&str> = differences.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(messages, ["`user` is there, but has no value in any row"]);
    project.apply(&undo).unwrap();
    assert_eq!(to_text(&project), before, "one undo");

    // The file has no `duration`: told, and the plan has the error where it is used.
    real.schema.as_mut().unwrap().fields.retain(|field| field.name != "duration");
    let mut poor = found;
    poor.columns.retain(|column| column.name != "duration");
    let (edits, differences) = replace_planned(&project, &planned.id, &real, &poor).unwrap();
    assert!(
        differences.iter().any(|one| one.code == "PW0808" && one.message.contains("`duration`")),
        "{differences:?}"
    );
    project.apply(&edits).unwrap();
    assert!(plan(&project).has_errors());
    assert!(!project.sources["src-access"].meanings.contains_key("duration"));
    assert!(replace_planned(&project, "src-access", &real, &poor).is_err(), "it exists");
}

#[test]
fn a_planned_source_of_its_own_becomes_a_source_of_files() {
    let mut project = shop_sources();
    let schema = Schema::of([("reason", DataType::String), ("amount", DataType::Int)]);
    let planned = Source {
        id: "src-refunds".into(),
        title: "Refunds".into(),
        schema: Some(schema),
        meanings: BTreeMap::from([("reason".into(), "error.type".into()), ("amount".into(), String::new())]),
        planned: Some(PlannedSource::default()),
        owner: "Payments".into(),
        ..Source::default()
    };
    let step = json!({"id": "p", "kind": "planned_source", "title": "Refunds", "settings": {"source": "src-refunds"}});
    let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Place::Last };
    project.apply(&[insert("sources", json!(planned)), insert("steps", step)]).unwrap();
    let real = Source {
        id: "src-file".into(),
        path: "refunds.csv".into(),
        format: Some(crate::formats::FormatSpec::new("csv")),
        schema: Some(Schema::of([("reason", DataType::String), ("sum", DataType::Float)])),
        ..Source::default()
    };
    let found = SourceEvidence { rows: 3, ..SourceEvidence::declared(&real) };
    let (edits, differences) = replace_planned(&project, "src-refunds", &real, &found).unwrap();
    project.apply(&edits).unwrap();
    let source = &project.sources["src-refunds"];
    assert_eq!((source.title.as_str(), source.owner.as_str(), &source.planned), ("Refunds", "Payments", &None));
    assert_eq!(source.meanings.keys().collect::<Vec<_>>(), ["reason"]);
    assert_eq!(project.steps["p"].kind, "file");
    let codes: Vec<&str> = differences.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, ["PW0808", "PW0811"], "{differences:?}");
}

#[test]
fn what_was_said_of_two_sources_holds_for_the_one_that_is_left() {
    let secret = Labels { classification: Some(Classification::Secret), ..Labels::default() };
    let field = |name: &str| Field::new(name, DataType::String);
    let mut known = Source {
        id: "src-in".into(),
        title: "In".into(),
        path: "in.csv".into(),
        schema: Some(Schema::new(vec![field("a"), Field { labels: secret, ..field("b") }])),
        residency: "eu".into(),
        ..Source::default()
    };
    known.schema.as_mut().unwrap().fields[0].extra.insert("doc".into(), json!("A"));
    let mut planned = Source {
        id: "src-next".into(),
        title: "In with c".into(),
        schema: Some(Schema::new(vec![field("a"), field("b"), field("c")])),
        planned: Some(PlannedSource { stands_for: known.id.clone(), ..PlannedSource::default() }),
        residency: "us".into(),
        access: vec!["team-me".into()],
        retention: Some(30),
        ..Source::default()
    };
    planned.schema.as_mut().unwrap().fields[2].labels.classification = Some(Classification::Personal);
    let mut project = Project::new("p");
    let insert = |item| Edit::Insert { into: "sources".into(), item, place: Place::Last };
    project.apply(&[insert(json!(known)), insert(json!(planned))]).unwrap();
    let schema = Schema::new(vec![field("a"), field("B"), field("c")]);
    let real = Source { path: "real.csv".into(), schema: Some(schema), ..Source::default() };
    let found = SourceEvidence { rows: 3, ..SourceEvidence::declared(&real) };
    let (edits, _) = replace_planned(&project, "src-next", &real, &found).unwrap();
    project.apply(&edits).unwrap();
    let source = &project.sources["src-in"];
    let columns = source.schema.as_ref().unwrap();
    let classes: Vec<_> = columns.fields.iter().map(|field| field.labels.classification).collect();
    assert_eq!(classes, [None, Some(Classification::Secret), Some(Classification::Personal)]);
    assert_eq!(columns.fields[0].extra["doc"], json!("A"));
    assert_eq!(
        (source.residency.as_str(), &source.access[..], source.retention),
        ("eu", &["team-me".into()][..], Some(30))
    );
    // Where both say where it must stay, it must stay at both.
    assert!(columns.fields.iter().all(|field| field.labels.residency == ["us"]));
}

#[test]
fn nameless_columns_of_a_log_keep_the_names_that_the_design_knows() {
    let mut project = shop_sources();
    let fields = |names: &[&str]| Schema::of(names.iter().map(|name| (*name, DataType::String)));
    let planned = Source {
        id: "src-new".into(),
        title: "New".into(),
        schema: Some(fields(&["path", "field_1", "duration"])),
        planned: Some(PlannedSource::default()),
        ..Source::default()
    };
    project.apply(&[Edit::Insert { into: "sources".into(), item: json!(planned), place: Place::Last }]).unwrap();
    let layout = "$request $request_time $field_10 $field_1_x";
    let real = Source {
        path: "new.log".into(),
        format: Some(crate::formats::FormatSpec::new("nginx_access").with("log_format", layout)),
        schema: Some(fields(&["path", "duration", "field_10"])),
        ..Source::default()
    };
    let found = SourceEvidence { rows: 3, ..SourceEvidence::declared(&real) };
    let (edits, differences) = replace_planned(&project, "src-new", &real, &found).unwrap();
    project.apply(&edits).unwrap();
    let source = &project.sources["src-new"];
    assert_eq!(source.schema.as_ref().unwrap().names().collect::<Vec<_>>(), ["path", "duration", "field_1"]);
    let layout = source.format.as_ref().unwrap().option("log_format");
    assert_eq!(layout, Some("$request $request_time $field_1 $field_1_x"));
    assert_eq!(differences.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["PW0818"]);
}

#[test]
fn words_that_name_a_secret_are_not_written_into_a_project() {
    let of = |words: &[&str]| {
        let schema = crate::data::Schema::of([("msg", DataType::String)]);
        let found = crate::planner::testing::source("src", 100, schema, &[("msg", words.len() as u64, words)]);
        synthetic_of(&found.columns[0], 100)
    };
    assert!(of(&["ok", "started"]).is_some());
    for word in ["login with password=hunter2 failed", "Authorization: Bearer abcdefgh", "https://u:pw@host/x"] {
        assert_eq!(of(&["ok", word]), None, "{word}");
    }
}
