//! Tests of the policy of plans: where it is told, what lowers, what a pinned file does.

use serde_json::{Value as Json, json};

use crate::data::{Classification, DataType, Field};
use crate::diagnostic::Diagnostic;
use crate::export::pipeline::{PIPELINE_VERSION, Pipeline};
use crate::export::{DesignInfo, check_exportable, target};
use crate::ir::Plan;
use crate::plan::{Planner, plan};
use crate::policy::{digest, parse_organisation};
use crate::project::{OrganisationPolicy, Project, load, read_file, save_file};

/// A log with a personal column, its steps in a row, under a policy.
fn project(steps: &[(&str, Json)], policy: Json) -> Project {
    let fields = json!([{"name": "client", "type": "String", "labels": {"classification": "personal"}},
        {"name": "path", "type": "String"}, {"name": "age", "type": "Int", "labels": {"classification": "personal"}}]);
    project_of(fields, steps, policy)
}

/// The same of a log with these columns.
fn project_of(fields: Json, steps: &[(&str, Json)], policy: Json) -> Project {
    let mut list = vec![json!({"id": "read", "kind": "file", "title": "Log", "settings": {"source": "log"}})];
    let mut wires = Vec::new();
    let mut before = "read".to_owned();
    for (number, (kind, settings)) in steps.iter().enumerate() {
        let id = format!("s{number}");
        list.push(json!({"id": id, "kind": kind, "title": kind, "settings": settings}));
        wires.push(json!({"id": format!("w{number}"), "from": before, "to": id}));
        before = id;
    }
    let text = json!({"pipewright": 1, "name": "p", "steps": list, "wires": wires,
        "teams": [{"id": "t-ops", "title": "Platform"}, {"id": "t-bi", "title": "Insight"}],
        "parameters": [{"id": "p1", "name": "key", "type": "String", "default": "${env:HASH_KEY}"},
            {"id": "p2", "name": "bare", "type": "String", "default": "x"}],
        "questions": [{"id": "q", "title": "?", "asker": "Insight"}],
        "sources": [{"id": "log", "title": "Access log", "path": "a.csv", "format": {"name": "csv"},
            "owner": "t-ops", "schema": {"fields": fields}}]});
    let (mut project, found) = load(&text.to_string()).unwrap();
    assert_eq!(found, []);
    project.organisation =
        vec![OrganisationPolicy { sha256: String::new(), policy: parse_organisation(&policy.to_string()).unwrap() }];
    project
}

fn internal_only() -> Json {
    json!({"policy": 1, "name": "Acme", "highest": {"teams": {"*": "internal"}}, "smallest_group": 10})
}

fn load_file() -> (&'static str, Json) {
    ("load_file", json!({"path": "out.csv", "audience": "Insight"}))
}

fn told(plan: &Plan) -> Vec<&Diagnostic> {
    plan.diagnostics.iter().filter(|found| found.code.starts_with("PW10")).collect()
}

fn class_of(plan: &Plan, step: &str, column: &str) -> Classification {
    let labels = &plan.node(plan.output(step, "out").unwrap()).schema.get(column).unwrap().labels;
    plan.policy.classified(labels)
}

#[test]
fn a_forbidden_flow_is_an_error_on_its_wire_that_names_owner_and_alternatives() {
    let plan = plan(&project(&[("filter", json!({"predicate": "path <> '/'"})), load_file()], internal_only()));
    let [fault] = told(&plan)[..] else { panic!("{:?}", plan.diagnostics) };
    assert_eq!(fault.message, "`client`, `age` are personal, but “Acme” lets Insight have internal data at most");
    let at = &fault.location;
    assert_eq!((at.id.as_deref(), at.wire.as_deref(), at.field.as_deref()), (Some("s1"), Some("w1"), Some("input.in")));
    let help = fault.help.as_deref().unwrap();
    assert!(
        help.contains("Mask or hash") && help.contains("at least 10 rows") && help.contains("“Log” (Platform)"),
        "{help}"
    );
    assert!(!check_exportable(&plan).is_empty());
    // The rows are still there to be looked at.
    assert!(plan.output("s0", "out").is_some());
}

#[test]
fn an_answer_is_for_the_team_that_asks() {
    let answer = |policy: Json| plan(&project(&[("answer", json!({"question": "q", "audience": "Platform"}))], policy));
    let limits = |team: &str| json!({"policy": 1, "highest": {"teams": {team: "internal"}}});
    assert_eq!(told(&answer(limits("Insight"))).len(), 1);
    assert_eq!(told(&answer(limits("t-ops"))).len(), 0);
    assert!(told(&answer(limits("t-bi")))[0].message.contains("lets Insight have"));
}

#[test]
fn only_a_named_step_with_a_reason_lowers() {
    let hash = |settings: Json| {
        let plan = plan(&project(&[("mask_or_hash", settings)], internal_only()));
        class_of(&plan, "s0", "client")
    };
    let reason = "visits are counted";
    let columns = json!(["client"]);
    let internal = Classification::Internal;
    assert_eq!(hash(json!({"columns": columns, "method": "hmac", "key": "key", "reason": reason})), internal);
    assert_eq!(hash(json!({"columns": columns, "method": "mask", "reason": reason})), internal);
    for settings in [
        json!({"columns": columns, "method": "hash", "reason": reason}),
        json!({"columns": columns, "method": "hmac", "key": "key"}),
        json!({"columns": columns, "method": "hmac", "key": "bare", "reason": reason}),
    ] {
        assert_eq!(hash(settings.clone()), Classification::Personal, "{settings}");
    }
    let by_hand = json!({"columns": [{"id": "c", "name": "client", "expression": "hmac(client, ${key})"}]});
    let plan = plan(&project(&[("compute", by_hand)], internal_only()));
    assert_eq!(class_of(&plan, "s0", "client"), Classification::Personal);
}

#[test]
fn sums_and_counts_of_large_groups_are_internal_and_nothing_else_is() {
    let measures = [
        "count(client)",
        "count_distinct(client)",
        "sum(age)",
        "avg(age)",
        "sum(age) / count(*)",
        "max(age)",
        "count_if(age > 3)",
        "sum(age) filter (where age > 3)",
        "collect(client)",
        "median(age)",
        "sum(case when age > 3 then age end)",
    ];
    let items: Vec<Json> = measures
        .iter()
        .enumerate()
        .map(|(at, one)| json!({"id": format!("m{at}"), "name": one, "expression": one}))
        .collect();
    let grouped = |group: Json, reason: &str| {
        let settings = json!({"keys": [{"id": "k", "expression": "path"}, {"id": "k2", "expression": "client"}],
            "measures": items, "smallest_group": group, "reason": reason});
        plan(&project(&[("aggregate", settings)], internal_only()))
    };
    let large = grouped(json!(10), "many");
    for (at, measure) in measures.iter().enumerate() {
        let wanted = if at < 5 { Classification::Internal } else { Classification::Personal };
        assert_eq!(class_of(&large, "s0", measure), wanted, "{measure}");
    }
    assert_eq!(class_of(&large, "s0", "client"), Classification::Personal, "a key stays what it is");
    for other in [grouped(json!(9), "many"), grouped(Json::Null, "many"), grouped(json!(10), "")] {
        assert_eq!(class_of(&other, "s0", "sum(age)"), Classification::Personal);
    }
    let small = project(
        &[
            (
                "aggregate",
                json!({"measures": [{"id": "m", "name": "age", "expression": "avg(age)"}], "smallest_group": 4, "reason": "x"}),
            ),
            load_file(),
        ],
        internal_only(),
    );
    assert!(told(&plan(&small))[0].message.contains("of groups of 4 rows or more, but “Acme” wants 10"));
}

#[test]
fn a_pipeline_keeps_the_rules_and_believes_no_label_in_between() {
    let flow = [
        ("mask_or_hash", json!({"columns": ["client", "age"], "method": "hmac", "key": "key", "reason": "x"})),
        load_file(),
    ];
    let allowed = plan(&project(&flow, internal_only()));
    assert_eq!(told(&allowed), Vec::<&Diagnostic>::new());
    let text = Pipeline { pipeline: PIPELINE_VERSION, name: "p".into(), plan: allowed }.to_text();
    assert_eq!(check_exportable(&Pipeline::from_text(&text).unwrap().plan), []);
    let faults = |text: &str| -> Vec<String> {
        let plan = Pipeline::from_text(text).unwrap().plan;
        check_exportable(&plan).into_iter().map(|found| found.code).collect()
    };
    // The step that hashes says so no more; a key in the file is no secret.
    let mut json: Json = serde_json::from_str(&text).unwrap();
    json["nodes"][1]["lowered"] = json!([]);
    assert_eq!(faults(&json.to_string()), ["PW1001"]);
    let mut json: Json = serde_json::from_str(&text).unwrap();
    json["parameters"][0]["default"] = json!("guess");
    assert_eq!(faults(&json.to_string()), ["PW1009", "PW1009"]);
    // A claim of large groups that nothing keeps.
    let mut json: Json = serde_json::from_str(&text).unwrap();
    json["nodes"][1]["lowered"] = json!([{"column": "client", "by": {"smallest_group": 50}, "reason": "x"}]);
    assert!(faults(&json.to_string()).contains(&"PW1009".to_owned()));
}

#[test]
fn what_is_declared_below_its_meaning_is_hinted_at_and_secret_lines_are_not_kept() {
    let mut project = project(&[], json!({"policy": 1}));
    let log = project.sources.get_mut("log").unwrap();
    log.meanings = [("client".to_owned(), "security.secret".to_owned())].into();
    let hinted = plan(&project);
    let [hint] = told(&hinted)[..] else { panic!("{:?}", hinted.diagnostics) };
    assert_eq!(hint.message, "`client` of “Access log” is declared personal, though `security.secret` is secret");
    assert_eq!(crate::plan::check_kept_lines(&hinted, &hinted, &crate::plan::is_same_path), []);
    project.sources.get_mut("log").unwrap().schema.as_mut().unwrap().fields[0].labels.classification = None;
    let secret = plan(&project);
    assert_eq!(crate::plan::check_kept_lines(&secret, &secret, &crate::plan::is_same_path)[0].code, "PW1011");
}

#[test]
fn duckdb_stages_no_secret() {
    let mut project =
        project(&[("select", json!({"columns": [{"id": "c", "column": "path"}]})), load_file()], json!({"policy": 1}));
    let secret = project.sources.get_mut("log").unwrap().schema.as_mut().unwrap();
    secret.fields[1].labels.classification = Some(Classification::Secret);
    let mut hidden = project.clone();
    hidden.steps.get_mut("s0").unwrap().settings =
        json!({"columns": [{"id": "c", "column": "client"}]}).as_object().cloned().unwrap();
    let duckdb = target("duckdb").unwrap();
    assert!(duckdb.export(&plan(&project), &DesignInfo::default()).has_errors());
    assert!(!duckdb.export(&plan(&hidden), &DesignInfo::default()).has_errors());
}

#[test]
fn a_pinned_policy_must_be_the_one_that_was_pinned() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.pipewright.json");
    let policy = internal_only().to_string();
    std::fs::write(folder.path().join("acme.json"), &policy).unwrap();
    let mut project = project(&[load_file()], internal_only());
    project.organisation.clear();
    let pin = json!({"path": "acme.json", "sha256": digest(policy.as_bytes())});
    project.policy.insert("organisation".into(), pin);
    save_file(&path, &project).unwrap();
    let (opened, found) = read_file(&path).unwrap();
    assert_eq!((found, opened.organisation.len()), (Vec::new(), 1));
    assert_eq!(told(&plan(&opened)).len(), 1);
    assert_eq!(crate::project::to_text(&opened), crate::project::to_text(&project), "what was read is not saved");
    // Somebody loosens the file.
    std::fs::write(folder.path().join("acme.json"), policy.replace("internal", "personal")).unwrap();
    let (opened, found) = read_file(&path).unwrap();
    assert!(found[0].code == "PW1008" && found[0].message.contains("another than the one"), "{found:?}");
    let plan = plan(&opened);
    assert!(told(&plan)[0].message.contains("nothing may leave") && !check_exportable(&plan).is_empty());
}

#[test]
fn labels_of_sources_reach_plans_also_when_only_they_change() {
    let mut project =
        project(&[("select", json!({"columns": [{"id": "c", "column": "path"}]})), load_file()], internal_only());
    let mut planner = Planner::default();
    assert_eq!(told(&planner.plan(&project)), Vec::<&Diagnostic>::new());
    project.sources.get_mut("log").unwrap().meanings.insert("path".into(), "badge".into());
    assert_eq!(told(&planner.plan(&project)), Vec::<&Diagnostic>::new(), "nobody knows what a badge is");
    let badge = json!([{"id": "badge", "title": "Badge", "type": "String", "sensitivity": "personal"}]);
    project.vocabulary.insert("concepts".into(), badge);
    assert_eq!(told(&planner.plan(&project)).len(), 1);
    project.sources.get_mut("log").unwrap().meanings.clear();
    project.questions.get_mut("q").unwrap().asker = "t-ops".into();
    project.sources.get_mut("log").unwrap().access = vec!["Platform".into()];
    let fault = planner.plan(&project).diagnostics.iter().find(|found| found.code == "PW1002").cloned().unwrap();
    assert_eq!(fault.message, "`path` may be seen by Platform only, and this goes to Insight");
    let step = project.steps.get_mut("s1").unwrap();
    step.settings.insert("audience".into(), json!("Platform"));
    assert_eq!(told(&planner.plan(&project)), Vec::<&Diagnostic>::new());
}

#[test]
fn stacks_that_are_kept_apart_are_told_on_the_wire_that_brings_them_together() {
    let mut project = project(&[], json!({"policy": 1, "name": "Acme", "apart": [["web", "ads"]]}));
    let mut other = project.sources["log"].clone();
    (other.id, other.title, other.stack) = ("ads".into(), "Ads".into(), "ads".into());
    project.sources.get_mut("log").unwrap().stack = "web".into();
    project.sources.insert(other.id.clone(), other);
    let insert =
        |into: &str, item: Json| crate::project::Edit::Insert { into: into.into(), item, place: Default::default() };
    project
        .apply(&[
            insert("steps", json!({"id": "read2", "kind": "file", "title": "Ads", "settings": {"source": "ads"}})),
            insert("steps", json!({"id": "sum", "kind": "concatenate", "title": "Both"})),
            insert("wires", json!({"id": "w1", "from": "read", "to": "sum"})),
            insert("wires", json!({"id": "w2", "from": "read2", "to": "sum"})),
        ])
        .unwrap();
    let plan = plan(&project);
    let [fault] = told(&plan)[..] else { panic!("{:?}", plan.diagnostics) };
    assert_eq!((fault.code.as_str(), fault.location.wire.as_deref()), ("PW1004", Some("w2")));
    assert!(fault.message.contains("`ads` and `web`, which “Acme” keeps apart"), "{fault}");
}

#[test]
fn a_column_parsed_from_text_is_as_sensitive_as_its_name() {
    let parse = json!({"column": "path", "format": {"name": "json_lines"},
        "columns": [{"name": "email", "type": "String"}, {"name": "ms", "type": "Int"}]});
    let plan = plan(&project(&[("parse_text", parse)], internal_only()));
    assert_eq!(class_of(&plan, "s0", "email"), Classification::Personal);
    assert_eq!(class_of(&plan, "s0", "ms"), Classification::Internal);
}

#[test]
fn a_further_value_of_a_field_is_as_close_as_the_field() {
    let mut project = project(&[], internal_only());
    let schema = project.sources.get_mut("log").unwrap().schema.as_mut().unwrap();
    let labelled = |name: &str, classification| {
        let mut field = Field::new(name, DataType::String);
        field.labels.classification = classification;
        field
    };
    schema.fields = vec![
        labelled("code", Some(Classification::Secret)),
        labelled("code_2", None),
        labelled("code_3", Some(Classification::Internal)),
        labelled("code_x", None),
        labelled("team", None),
        labelled("team_2", None),
    ];
    schema.fields[4].labels.access = Some(vec!["t-ops".into()]);
    let plan = plan(&project);
    let of = |name: &str| class_of(&plan, "read", name);
    assert_eq!(
        ["code_2", "code_3", "code_x"].map(of),
        [Classification::Secret, Classification::Internal, Classification::Internal]
    );
    let fields = &plan.node(plan.output("read", "out").unwrap()).schema;
    assert_eq!(fields.get("team_2").unwrap().labels.access, fields.get("team").unwrap().labels.access);
    assert!(fields.get("team_2").unwrap().labels.access.is_some());
}

/// How many rows there are is told by whatever is counted, and by what stands beside all of them.
#[test]
fn a_count_keeps_to_the_place_of_its_rows_whatever_it_counts() {
    let faults = |fields: Json, steps: Vec<(&str, Json)>| {
        let mut project = project(
            &[steps, vec![("load_file", json!({"path": "out.csv", "residency": "us"}))]].concat(),
            internal_only(),
        );
        let source = project.sources.values_mut().next().unwrap();
        source.schema = serde_json::from_value(json!({ "fields": fields })).unwrap();
        told(&plan(&project)).into_iter().map(|fault| fault.code.clone()).collect::<Vec<_>>()
    };
    let at =
        |name: &str, residency: &[&str]| json!({"name": name, "type": "String", "labels": {"residency": residency}});
    let all = || json!([at("path", &["eu"]), at("plan", &["eu"])]);
    let one = || ("compute", json!({"columns": [{"id": "c", "name": "one", "expression": "1"}]}));
    let pivot = |column: &str, value: &str, measure: &str| {
        let values = json!([{"id": "v", "value": value, "name": "found"}]);
        ("pivot", json!({"keys": [], "column": column, "values": values, "other": "", "measure": measure}))
    };
    let group = |measure: &str| {
        ("aggregate", json!({"keys": [], "measures": [{"id": "m", "name": "m", "expression": measure}]}))
    };
    for measure in ["count(*)", "count(one)", "sum(one)", "max(one)", "max(1)"] {
        assert_eq!(faults(all(), vec![one(), pivot("one", "1", measure)]), ["PW1003"], "{measure}");
        assert_eq!(faults(all(), vec![one(), group(measure)]), ["PW1003"], "{measure}");
    }
    let some = || json!([at("path", &["eu"]), at("plan", &[])]);
    for measure in ["count(plan)", "count_if(plan = 'free')", "round(share_if(plan = 'free'), 2)"] {
        assert_eq!(faults(some(), vec![group(measure)]), ["PW1003"], "{measure}");
    }
    assert_eq!(faults(some(), vec![pivot("plan", "'free'", "count(*)")]), ["PW1003"]);
    // Also where nothing is left of the columns of the source.
    let alone = || ("select", json!({"columns": [{"id": "l", "column": "one"}]}));
    let names = || {
        let columns = json!({"columns": ["path", "plan"], "name": "name", "value": "value"});
        [("unpivot", columns), ("select", json!({"columns": [{"id": "l", "column": "name"}]}))]
    };
    for steps in [vec![one(), alone(), group("count(*)")], [&names()[..], &[group("count(*)")]].concat()] {
        assert_eq!(faults(all(), steps.clone()), ["PW1003"], "{steps:?}");
        assert_eq!(faults(some(), steps.clone()), [""; 0], "{steps:?}");
    }
    // What may go by itself takes what stands beside it along.
    let kept = ("select", json!({"columns": [{"id": "k", "column": "plan"}, {"id": "l", "column": "one"}]}));
    assert_eq!(faults(some(), vec![one(), kept]), [""; 0]);
    assert_eq!(faults(some(), vec![group("max(plan)")]), [""; 0]);
}

/// What is made of rows may be told where they may not lie themselves.
#[test]
fn rows_wait_for_the_end_of_their_bucket_only_where_they_may_lie() {
    let fields = json!([{"name": "time", "type": "Timestamp"},
        {"name": "client", "type": "String", "labels": {"classification": "personal"}}]);
    let hours = json!({"time": "time", "span": "1 hour", "name": "hour", "smallest_group": 10, "reason": "many",
        "measures": [{"id": "m", "name": "clients", "expression": "count(client)"}]});
    let closed = |policy: Json| {
        let plan = plan(&project_of(fields.clone(), &[("time_buckets", hours.clone()), load_file()], policy));
        assert_eq!(told(&plan), Vec::<&Diagnostic>::new());
        crate::ir::closed_buckets(&crate::ir::prune(&plan, &plan.sinks()), 0, &|_| None)
    };
    let fault = closed(internal_only()).unwrap_err();
    assert_eq!(fault.code, "PW1001");
    assert!(
        fault.message.starts_with("`client`, of which rows wait until their bucket is closed, is personal"),
        "{fault}"
    );
    let open = closed(json!({"policy": 1, "name": "Acme", "highest": {"teams": {"*": "personal"}}})).unwrap();
    assert_eq!(open.buckets.len(), 1);
}
