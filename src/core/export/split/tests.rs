//! Cuts of small designs: what is cheapest, what is forbidden, and what is said of it.

use serde_json::{Value as Json, json};

use super::*;
use crate::plan::plan;
use crate::project::{Edit, Project};

fn insert(into: &str, item: Json) -> Edit {
    Edit::Insert { into: into.into(), item, place: Default::default() }
}

fn set(id: &str, field: &str, new: Json) -> Edit {
    Edit::Set { id: id.into(), field: field.into(), old: None, new }
}

fn wire(id: &str, from: &str, to: &str, input: &str) -> Edit {
    insert("wires", json!({"id": id, "from": from, "to": to, "input": input}))
}

/// Users of a warehouse, requests on a cluster, joined and counted.
pub(super) fn two_teams() -> Project {
    let mut project = Project::new("two teams");
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind});
    let edits = [
        insert("places", json!({"id": "store", "title": "Warehouse", "target": "postgresql", "stack": "store"})),
        insert("places", json!({"id": "grid", "title": "Cluster", "target": "spark", "stack": "grid"})),
        insert(
            "sources",
            json!({"id": "users", "title": "Users", "path": "users.csv", "stack": "store",
            "format": {"name": "csv"}, "schema": {"fields": [field("id", "Int"), field("email", "String"), field("plan", "String")]}}),
        ),
        insert(
            "sources",
            json!({"id": "hits", "title": "Requests", "path": "hits.csv", "stack": "grid",
            "format": {"name": "csv"}, "schema": {"fields": [field("user", "Int"), field("status", "Int"), field("path", "String")]}}),
        ),
        insert("steps", json!({"id": "u", "kind": "file", "title": "Users", "settings": {"source": "users"}})),
        insert("steps", json!({"id": "h", "kind": "file", "title": "Requests", "settings": {"source": "hits"}})),
        insert(
            "steps",
            json!({"id": "bad", "kind": "filter", "title": "Errors", "settings": {"predicate": "status >= 500"}}),
        ),
        insert(
            "steps",
            json!({"id": "join", "kind": "join", "title": "With users", "settings":
            {"kind": "inner", "on": [{"id": "k", "left": "user", "right": "id"}]}}),
        ),
        insert(
            "steps",
            json!({"id": "sum", "kind": "aggregate", "title": "By plan", "settings":
            {"keys": [{"id": "g", "name": "plan", "expression": "plan"}], "measures": [{"id": "n", "name": "errors", "expression": "count()"}]}}),
        ),
        insert(
            "steps",
            json!({"id": "load", "kind": "load_file", "title": "Result", "settings": {"path": "by_plan.csv", "kind": "csv"}}),
        ),
        wire("w1", "h", "bad", "in"),
        wire("w2", "bad", "join", "left"),
        wire("w3", "u", "join", "right"),
        wire("w4", "join", "sum", "in"),
        wire("w5", "sum", "load", "in"),
    ];
    project.apply(&edits).unwrap();
    project
}

fn planned(project: &Project) -> Plan {
    let plan = plan(project);
    assert!(!plan.has_errors(), "{:?}", plan.diagnostics);
    divided(&plan)
}

/// So many bytes leave these steps, the same of each column.
fn sizes(plan: &Plan, bytes: &[(&str, f64)]) -> Sizes {
    let mut sizes = Sizes::default();
    for (step, bytes) in bytes {
        let Some(id) = plan.steps[*step].outputs.get("out").copied() else { continue };
        let columns = plan.node(id).schema.names().map(|name| (name.to_owned(), *bytes)).collect();
        sizes.bytes.insert(id, columns);
    }
    sizes
}

fn places(cut: &Cut) -> Vec<(&str, &str)> {
    cut.steps.iter().map(|(step, (place, _))| (step.as_str(), place.as_str())).collect()
}

#[test]
fn the_smaller_side_goes_over_and_only_what_is_needed_of_it() {
    let plan = planned(&two_teams());
    let few_errors = sizes(&plan, &[("h", 1e6), ("bad", 10.0), ("u", 1e3), ("join", 10.0), ("sum", 1.0)]);
    let (cut, faults) = super::cut(&plan, &two_teams(), &few_errors);
    assert!(faults.is_empty(), "{faults:?}");
    let [crossing] = cut.crossings.as_slice() else { panic!("{cut:?}") };
    assert_eq!((&*crossing.step, &*crossing.from, &*crossing.to), ("bad", "grid", "store"));
    assert_eq!((crossing.columns.as_slice(), crossing.bytes), (["user".to_owned()].as_slice(), Some(10)));
    assert_eq!(
        places(&cut),
        [("bad", "grid"), ("h", "grid"), ("join", "store"), ("load", "store"), ("sum", "store"), ("u", "store")]
    );
    let few_users = sizes(&plan, &[("h", 1e6), ("bad", 1e5), ("u", 1e3), ("join", 1e5), ("sum", 1.0)]);
    let (cut, _) = super::cut(&plan, &two_teams(), &few_users);
    let [crossing] = cut.crossings.as_slice() else { panic!("{cut:?}") };
    assert_eq!((&*crossing.step, &*crossing.to, crossing.bytes), ("u", "grid", Some(2000)));
    assert_eq!(crossing.columns, ["id", "plan"]);
}

#[test]
fn a_step_that_says_where_is_done_there_whatever_goes_over() {
    let mut project = two_teams();
    project.apply(&[set("join", "place", json!("grid")), set("load", "place", json!("store"))]).unwrap();
    let plan = planned(&project);
    let sizes = sizes(&plan, &[("h", 1e6), ("bad", 10.0), ("u", 1e3), ("join", 1e4), ("sum", 1.0)]);
    let (cut, faults) = super::cut(&plan, &project, &sizes);
    assert!(faults.is_empty(), "{faults:?}");
    let over: Vec<(&str, &str)> = cut.crossings.iter().map(|one| (one.step.as_str(), one.to.as_str())).collect();
    assert_eq!(over, [("u", "grid"), ("sum", "store")]);
    assert_eq!(cut.steps["join"].1, Some(PlacedBy::Step));
    assert_eq!((cut.steps["u"].1, cut.steps["sum"].1), (Some(PlacedBy::Stack), None));
}

#[test]
fn what_may_not_leave_stays_and_the_other_side_comes() {
    let mut project = two_teams();
    let stays = json!({"fields": [{"name": "id", "type": "Int"}, {"name": "email", "type": "String"},
        {"name": "plan", "type": "String", "labels": {"classification": "personal"}}]});
    project.apply(&[set("users", "schema", stays), set("store", "lets_out", json!("internal"))]).unwrap();
    let plan = planned(&project);
    // By bytes alone the users would go.
    let bytes = [("h", 1e6), ("bad", 1e5), ("u", 1.0), ("join", 1e5), ("sum", 1.0)];
    let (cut, faults) = super::cut(&plan, &project, &sizes(&plan, &bytes));
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(cut.crossings[0].step, "bad");
    // Where nothing else is left it is told which column, and what would mend it.
    project.apply(&[set("join", "place", json!("grid"))]).unwrap();
    let plan = planned(&project);
    let (_, faults) = super::cut(&plan, &project, &sizes(&plan, &bytes));
    let [fault] = faults.as_slice() else { panic!("{faults:?}") };
    assert_eq!(fault.code, "PW1206");
    let wanted = "rows of “Users” cannot go from “Warehouse” to “Cluster”: `plan` is personal, and it lets internal data out at most";
    assert_eq!(fault.message, wanted);
    assert!(fault.help.as_ref().unwrap().contains("what needs it in “Warehouse”"), "{fault}");
}

#[test]
fn residency_is_kept_between_places() {
    let mut project = two_teams();
    project.apply(&[set("users", "residency", json!("eu")), set("grid", "residency", json!("us"))]).unwrap();
    project.apply(&[set("join", "place", json!("grid")), set("load", "settings.residency", json!("eu"))]).unwrap();
    let plan = planned(&project);
    let (_, faults) = super::cut(&plan, &project, &Sizes::default());
    let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert!(told.iter().any(|told| told.contains("`id`, `plan` must stay in `eu`, and this lies in `us`")), "{told:?}");
    project.apply(&[set("grid", "residency", json!("eu"))]).unwrap();
    assert!(super::cut(&planned(&project), &project, &Sizes::default()).1.is_empty());
}

#[test]
fn what_cannot_be_split_is_told_by_name() {
    let mut project = two_teams();
    let codes = |project: &Project| -> Vec<String> {
        super::cut(&planned(project), project, &Sizes::default()).1.into_iter().map(|fault| fault.code).collect()
    };
    project.apply(&[set("hits", "stack", json!(null))]).unwrap();
    assert_eq!(codes(&project), ["PW1204"]);
    project.apply(&[set("h", "place", json!("grid"))]).unwrap();
    assert!(codes(&project).is_empty());
    project.apply(&[set("grid", "target", json!("sparc"))]).unwrap();
    assert_eq!(codes(&project), ["PW1203"]);
    project.apply(&[Edit::Remove { id: "grid".into() }, Edit::Remove { id: "store".into() }]).unwrap();
    assert_eq!(codes(&project), ["PW1202"]);
}

#[test]
fn what_several_take_in_one_place_goes_there_once() {
    let mut project = two_teams();
    project
        .apply(&[
            insert(
                "steps",
                json!({"id": "more", "kind": "load_file", "title": "All", "place": "store",
                "settings": {"path": "all.csv", "kind": "csv"}}),
            ),
            insert(
                "steps",
                json!({"id": "some", "kind": "load_file", "title": "Some", "place": "store",
                "settings": {"path": "some.csv", "kind": "csv"}}),
            ),
            wire("w6", "h", "more", "in"),
            wire("w7", "h", "some", "in"),
        ])
        .unwrap();
    let plan = planned(&project);
    let sizes = sizes(&plan, &[("h", 100.0), ("bad", 90.0), ("u", 1e6), ("join", 10.0), ("sum", 1.0)]);
    let (cut, faults) = super::cut(&plan, &project, &sizes);
    assert!(faults.is_empty(), "{faults:?}");
    // The requests go over for the loads anyhow: what is worked out of them is worked out there.
    let [crossing] = cut.crossings.as_slice() else { panic!("{cut:?}") };
    assert_eq!((&*crossing.step, crossing.bytes), ("h", Some(300)));
    assert_eq!(cut.place("bad").map(String::as_str), Some("store"));
}

#[test]
fn each_part_is_a_plan_of_its_own_and_what_goes_over_has_its_columns_and_types() {
    let mut project = two_teams();
    project.apply(&[set("sum", "place", json!("grid")), set("load", "place", json!("store"))]).unwrap();
    project.apply(&[set("join", "place", json!("grid"))]).unwrap();
    let plan = planned(&project);
    let (cut, _) = super::cut(&plan, &project, &Sizes::default());
    let found = parts(&plan, &cut, &project).unwrap();
    let order: Vec<&str> = found.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(order, ["warehouse", "cluster", "warehouse_2"]);
    let [first, second, third] = found.parts.as_slice() else { panic!("{order:?}") };
    assert_eq!((&first.takes, &first.gives), (&vec![], &vec!["users".to_owned()]));
    assert_eq!((&second.takes, &second.gives), (&vec!["users".to_owned()], &vec!["by_plan".to_owned()]));
    assert_eq!((&third.takes, &third.gives), (&vec!["by_plan".to_owned()], &vec![]));
    let users = &found.handovers[0];
    assert_eq!((&*users.from, &*users.to, &*users.path), ("Warehouse", "Cluster", "users/rows.parquet"));
    assert_eq!(users.schema.names().collect::<Vec<_>>(), ["id", "plan"]);
    assert_eq!(found.variable, "PW_HANDOVER_FOLDER");
    for part in &found.parts {
        assert!(
            crate::export::check_exportable(&part.plan).is_empty(),
            "{:?}",
            crate::export::check_exportable(&part.plan)
        );
        let text = crate::export::pipeline::Pipeline { pipeline: 1, name: part.name.clone(), plan: part.plan.clone() }
            .to_text();
        crate::export::pipeline::Pipeline::from_text(&text).unwrap();
    }
    let written = |part: &Part| part.plan.nodes.iter().filter_map(|node| node.op.path().cloned()).collect::<Vec<_>>();
    assert_eq!(written(first), ["users.csv", "pipewright_handover/users/rows.parquet"]);
    assert_eq!(written(third), ["${handover_folder}/by_plan/rows.parquet", "by_plan.csv"]);
}

#[test]
fn what_is_handed_over_keeps_to_the_place_that_it_goes_to_without_the_project() {
    let mut project = two_teams();
    let eu = [
        set("users", "residency", json!("eu")),
        set("grid", "residency", json!("eu")),
        set("join", "place", json!("grid")),
        set("load", "settings.residency", json!("eu")),
    ];
    project.apply(&eu).unwrap();
    let plan = planned(&project);
    let (cut, faults) = super::cut(&plan, &project, &Sizes::default());
    assert!(faults.is_empty(), "{faults:?}");
    let found = parts(&plan, &cut, &project).unwrap();
    let store = found.parts.iter().find(|part| part.place == "store").unwrap();
    assert!(crate::plan::check_policy(&store.plan).is_empty());
    // Who moves the cluster by hand is refused by the bundle itself.
    let mut moved = store.plan.clone();
    for node in &mut moved.nodes {
        if let Op::Write(write) = &mut std::sync::Arc::make_mut(node).op {
            write.site.residency = "us".into();
        }
    }
    assert_eq!(crate::plan::check_policy(&moved)[0].code, "PW1003");
}

#[test]
fn spans_go_over_as_parquet_has_them_and_lists_not_as_csv() {
    let mut project = two_teams();
    let schema = json!({"fields": [{"name": "id", "type": "Int"}, {"name": "plan", "type": "List<String>"}]});
    project
        .apply(&[
            set("users", "schema", schema),
            set("store", "handover", json!("csv")),
            set("join", "place", json!("grid")),
        ])
        .unwrap();
    let (whole, unsplit) = (plan(&project), |project: &Project| {
        let plan = divided(&plan(project));
        let (cut, _) = super::cut(&plan, project, &Sizes::default());
        parts(&plan, &cut, project)
    });
    assert!(whole.output("u", "out").is_some());
    let faults = unsplit(&project).unwrap_err();
    assert_eq!((faults[0].code.as_str(), faults[0].location.id.as_deref()), ("PW1207", Some("u")));
    project.apply(&[set("store", "handover", json!("jsonl"))]).unwrap();
    assert_eq!(unsplit(&project).unwrap().handovers[0].path, "users/rows.jsonl");
}

#[test]
fn places_take_as_few_turns_as_may_be() {
    // The users go over, and the errors come back: the warehouse begins, else the cluster would have to go twice.
    let mut project = two_teams();
    project
        .apply(&[
            set("join", "place", json!("grid")),
            insert("steps", json!({"id": "both", "kind": "join", "title": "Users with errors", "place": "store",
                "settings": {"kind": "left", "on": [{"id": "bk", "left": "id", "right": "user"}], "columns": ["status"]}})),
            insert("steps", json!({"id": "out", "kind": "load_file", "title": "Out", "place": "store",
                "settings": {"path": "out.csv", "kind": "csv"}})),
            wire("w6", "u", "both", "left"),
            wire("w7", "bad", "both", "right"),
            wire("w8", "both", "out", "in"),
        ])
        .unwrap();
    let plan = planned(&project);
    let (cut, faults) = super::cut(&plan, &project, &Sizes::default());
    assert!(faults.is_empty(), "{faults:?}");
    let found = parts(&plan, &cut, &project).unwrap();
    let order: Vec<&str> = found.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(order, ["warehouse", "cluster", "warehouse_2"]);
    let done = |part: usize, step: &str| found.parts[part].plan.steps.contains_key(step);
    assert!(done(0, "u") && done(1, "bad") && done(1, "join") && done(2, "both") && !done(0, "both"));
}

#[test]
fn of_ways_with_as_few_turns_the_one_is_taken_in_which_less_waits() {
    // Requests and users are needed in both places: whichever begins keeps its rows for a later turn.
    let mut project = two_teams();
    project
        .apply(&[
            set("join", "place", json!("grid")),
            insert("steps", json!({"id": "both", "kind": "join", "title": "Users with requests", "place": "store",
                "settings": {"kind": "left", "on": [{"id": "bk", "left": "id", "right": "user"}], "columns": ["status"]}})),
            insert("steps", json!({"id": "out", "kind": "load_file", "title": "Out", "place": "store",
                "settings": {"path": "out.csv", "kind": "csv"}})),
            wire("w6", "u", "both", "left"),
            wire("w7", "h", "both", "right"),
            wire("w8", "both", "out", "in"),
        ])
        .unwrap();
    let plan = planned(&project);
    let order = |users: f64, requests: f64| {
        let sizes = sizes(&plan, &[("h", requests), ("bad", requests), ("u", users), ("join", 10.0), ("sum", 1.0)]);
        let (cut, faults) = super::cut(&plan, &project, &sizes);
        assert!(faults.is_empty(), "{faults:?}");
        parts(&plan, &cut, &project).unwrap().parts.into_iter().map(|part| part.name).collect::<Vec<_>>()
    };
    assert_eq!(order(10.0, 1000.0), ["warehouse", "cluster", "warehouse_2"]);
    assert_eq!(order(1000.0, 10.0), ["cluster", "warehouse", "cluster_2"]);
}
