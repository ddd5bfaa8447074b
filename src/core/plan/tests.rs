//! Tests of planning.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::*;
use crate::data::DataType;
use crate::model::Parameter;
use crate::project::{Step, Wire};

fn project(steps: &[(&str, &str, Json)], wires: &[(&str, &str)]) -> Project {
    let mut project = Project::new("test");
    for (id, kind, settings) in steps {
        let settings = settings.as_object().cloned().unwrap_or_default();
        let step =
            Step { id: (*id).into(), kind: (*kind).into(), title: (*id).to_uppercase(), settings, ..Step::default() };
        project.steps.insert(step.id.clone(), step);
    }
    for (from, to) in wires {
        let (from, output) = from.split_once('.').unwrap_or((from, "out"));
        let (to, input) = to.split_once('.').unwrap_or((to, "in"));
        let id = format!("w{}", project.wires.len());
        let wire = Wire {
            id: id.clone(),
            from: from.into(),
            output: output.into(),
            to: to.into(),
            input: input.into(),
            ..Wire::default()
        };
        project.wires.insert(id, wire);
    }
    project
}

fn table() -> Json {
    json!({"columns": [{"name": "n", "type": "Int"}, {"name": "s", "type": "String"}], "rows": [[1, "a"], [2, "b"]]})
}

fn filter(predicate: &str) -> Json {
    json!({ "predicate": predicate })
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
}

#[test]
fn steps_become_nodes_in_order() {
    let steps = [("c", "table", table()), ("b", "filter", filter("n > 1")), ("a", "sort", json!({"keys": ["n desc"]}))];
    let plan = plan(&project(&steps, &[("c", "b"), ("b", "a")]));
    assert_eq!(codes(&plan), Vec::<&str>::new(), "{:?}", plan.diagnostics);
    let names: Vec<_> = plan.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["rows", "filter", "sort"]);
    assert_eq!(plan.node(plan.output("a", "out").unwrap()).schema.get("n").unwrap().data_type, DataType::Int);
}

#[test]
fn a_fault_is_told_once() {
    let steps = [("a", "table", table()), ("b", "filter", filter("m > 1")), ("c", "sort", json!({"keys": ["m"]}))];
    let plan = plan(&project(&steps, &[("a", "b"), ("b", "c")]));
    assert_eq!(plan.diagnostics.len(), 1, "{:?}", plan.diagnostics);
    assert_eq!(plan.diagnostics[0].location.step.as_deref(), Some("B"));
    assert_eq!(plan.output("c", "out"), None);
}

#[test]
fn circles_are_named() {
    let steps = [
        ("a", "filter", filter("true")),
        ("b", "filter", filter("true")),
        ("c", "filter", filter("true")),
        ("d", "table", table()),
        ("e", "filter", filter("n = 1")),
    ];
    let plan = plan(&project(&steps, &[("a", "b"), ("b", "a"), ("b", "c"), ("d", "e")]));
    assert_eq!(codes(&plan), ["PW0551"]);
    assert!(plan.diagnostics[0].message.contains("“A” → “B” → “A”"), "{}", plan.diagnostics[0]);
    assert!(plan.output("e", "out").is_some());
}

#[test]
fn wires_must_fit_ports() {
    let steps = [("a", "table", table()), ("b", "filter", filter("true")), ("x", "frobnicate", json!({}))];
    let found = plan(&project(&steps, &[("a", "b.left"), ("a.rest", "b"), ("x", "b")]));
    let mut found = codes(&found).iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    found.sort();
    assert_eq!(found, ["PW0554", "PW0556", "PW0557"]);
}

#[test]
fn an_unknown_parameter_in_a_path_is_told() {
    let load = json!({"path": "${folder}/a.csv", "kind": "csv"});
    let steps = [("a", "table", table()), ("b", "load_file", load.clone()), ("c", "load_file", load)];
    let found = plan(&project(&steps, &[("a", "b"), ("a", "c")]));
    assert_eq!(codes(&found), ["PW0552", "PW0552", "PW0553"]);
}

#[test]
fn a_load_among_the_partitions_of_another_is_told() {
    let load = |path: &str, keys: &[&str]| json!({"path": path, "kind": "jsonl", "partition": keys});
    let steps = [
        ("a", "table", table()),
        ("b", "load_file", load("x/p", &["n"])),
        ("c", "load_file", load("./x/p/n=1/mine.jsonl", &[])),
        ("d", "load_file", load("x/p-2.jsonl", &[])),
    ];
    let found = plan(&project(&steps, &[("a", "b"), ("a", "c"), ("a", "d")]));
    let told: Vec<_> = found.diagnostics.iter().map(|fault| (&*fault.code, fault.location.id.as_deref())).collect();
    assert_eq!(told, [("PW0553", Some("c"))]);
}

/// `count` filters behind one table, in a chain of ten each.
fn large(count: usize) -> Project {
    let mut steps = vec![("a".to_owned(), "table", table())];
    let mut wires = Vec::new();
    for number in 0..count {
        let id = format!("f{number:05}");
        let before = if number % 10 == 0 { "a".to_owned() } else { format!("f{:05}", number - 1) };
        wires.push((before, id.clone()));
        steps.push((id, "filter", filter("n > 0 and s <> 'x'")));
    }
    let steps: Vec<_> = steps.iter().map(|(id, kind, settings)| (id.as_str(), *kind, settings.clone())).collect();
    let wires: Vec<_> = wires.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    project(&steps, &wires)
}

fn set_predicate(project: &mut Project, step: &str, predicate: &str) {
    let step = project.steps.get_mut(step).unwrap();
    step.settings.insert("predicate".into(), json!(predicate));
}

#[test]
fn an_edit_lowers_only_what_it_touches() {
    let mut project = large(200);
    let mut planner = Planner::default();
    planner.plan(&project);
    assert_eq!(planner.lowered_steps(), 201);
    set_predicate(&mut project, "f00005", "n > 7");
    let incremental = planner.plan(&project);
    assert_eq!(planner.lowered_steps(), 5);
    assert_eq!(*incremental, plan(&project));
    // One more node in the middle moves all that stand behind it.
    set_predicate(&mut project, "f00005", "cast(s as int) > 7");
    let incremental = planner.plan(&project);
    assert_eq!(planner.lowered_steps(), 5);
    assert_eq!(*incremental, plan(&project));
    project.steps.remove("f00009");
    project.wires.retain(|_, wire| wire.to != "f00009");
    let incremental = planner.plan(&project);
    assert_eq!(planner.lowered_steps(), 0);
    assert_eq!(*incremental, plan(&project));
}

#[test]
fn neighbours_of_a_broken_step_go_on_with_its_last_rows() {
    let steps = [("a", "table", table()), ("b", "filter", filter("n > 1")), ("c", "sort", json!({"keys": ["n"]}))];
    let mut project = project(&steps, &[("a", "b"), ("b", "c")]);
    let mut planner = Planner::default();
    let good = planner.plan(&project);
    set_predicate(&mut project, "b", "n >");
    let broken = planner.plan(&project);
    assert_eq!(broken.diagnostics.len(), 1, "{:?}", broken.diagnostics);
    assert!(broken.steps["b"].stale);
    assert_eq!(broken.nodes, good.nodes);
    set_predicate(&mut project, "b", "n > 2");
    let mended = planner.plan(&project);
    assert!(!mended.steps["b"].stale && mended.diagnostics.is_empty());
    assert_eq!(*mended, plan(&project));
}

#[test]
fn a_column_is_followed_both_ways() {
    let compute = json!({"columns": [{"id": "c1", "name": "twice", "expression": "n * 2"}]});
    let counted = json!({
        "keys": [{"id": "k1", "expression": "s"}],
        "measures": [{"id": "m1", "name": "most", "expression": "max(twice)"}],
    });
    let steps = [
        ("a", "table", table()),
        ("b", "compute", compute),
        ("c", "filter", filter("twice > 2")),
        ("d", "aggregate", counted),
    ];
    let plan = plan(&project(&steps, &[("a", "b"), ("b", "c"), ("c", "d")]));
    assert_eq!(codes(&plan), [""; 0]);
    let named = |flow: &crate::ir::ColumnFlow| {
        let step = |id| plan.node(id).origin.step.clone();
        let columns: BTreeSet<_> = flow.columns.iter().map(|(id, name)| format!("{}.{name}", step(*id))).collect();
        let decides: BTreeSet<_> = flow.decides.iter().map(|id| step(*id)).collect();
        (columns.into_iter().collect::<Vec<_>>(), decides.into_iter().collect::<Vec<_>>())
    };
    let from = |step: &str, column: &str| named(&plan.column_flow(plan.output(step, "out").unwrap(), column));
    let (columns, decides) = from("b", "twice");
    assert_eq!(columns, ["a.n", "b.twice", "c.twice", "d.most"]);
    assert_eq!(decides, ["c"]);
    assert_eq!(from("d", "most").0, ["a.n", "b.twice", "c.twice", "d.most"]);
    assert_eq!(from("d", "s").0, ["a.s", "b.s", "c.s", "d.s"]);
    assert_eq!(from("a", "n").0, ["a.n", "b.n", "b.twice", "c.n", "c.twice", "d.most"]);
}

#[test]
fn a_bypassed_step_gives_what_it_gets_and_is_told() {
    let load = json!({"path": "a.csv", "kind": "csv"});
    let steps = [
        ("a", "table", table()),
        ("b", "filter", filter("n >")),
        ("c", "sort", json!({"keys": ["n"]})),
        ("d", "load_file", load),
    ];
    let mut project = project(&steps, &[("a", "b"), ("b", "c"), ("c", "d")]);
    let mut planner = Planner::default();
    planner.plan(&project);
    for step in ["b", "d"] {
        project.steps.get_mut(step).unwrap().bypassed = true;
    }
    let passed = planner.plan(&project);
    // Broken settings are not asked, and nothing is written.
    assert_eq!(codes(&passed), ["PW0563", "PW0563"]);
    assert_eq!(passed.output("b", "out"), passed.output("a", "out"));
    assert!(passed.output("c", "out").is_some());
    assert!(!passed.nodes.iter().any(|node| matches!(node.op, crate::ir::Op::Write(_))));
    assert_eq!(*passed, plan(&project));
    project.steps.get_mut("b").unwrap().bypassed = false;
    project.steps.get_mut("a").unwrap().bypassed = true;
    let hole = planner.plan(&project);
    assert_eq!(hole.output("a", "out"), None);
    assert_eq!(*hole, plan(&project));
}

#[test]
fn a_bypassed_step_of_several_outputs_gives_each_row_once() {
    let routes = json!({"routes": [{"id": "r1", "name": "one", "predicate": "n = 1"}]});
    let steps = [("a", "table", table()), ("r", "route", routes), ("c", "concatenate", json!({}))];
    let mut project = project(&steps, &[("a", "r"), ("r.r1", "c"), ("r.otherwise", "c")]);
    project.steps.get_mut("r").unwrap().bypassed = true;
    let mut planner = Planner::default();
    let passed = planner.plan(&project);
    assert_eq!(passed.output("r", "otherwise"), passed.output("a", "out"));
    let none = passed.node(passed.output("r", "r1").unwrap());
    assert_eq!(none.op, crate::ir::Op::Filter { predicate: crate::expr::parse("false").unwrap() });
    let told = "“R” is bypassed: all its rows pass to “otherwise”, none to other outputs";
    assert_eq!(passed.diagnostics.iter().map(|told| told.message.as_str()).collect::<Vec<_>>(), [told]);
    assert!(passed.output("c", "out").is_some());
    assert_eq!(*passed, plan(&project));
    project.steps.get_mut("r").unwrap().bypassed = false;
    assert_eq!(*planner.plan(&project), plan(&project));
}

#[test]
fn inputs_are_listed_for_forms() {
    let steps = [("a", "table", table()), ("b", "filter", filter("n >"))];
    let project = project(&steps, &[("a", "b")]);
    let plan = plan(&project);
    assert_eq!(input_schemas(&project, &plan, "b")["in"].names().collect::<Vec<_>>(), ["n", "s"]);
}

#[test]
fn a_secret_that_stands_in_the_project_is_told() {
    let with = |name: &str, data_type: DataType, default: Option<Json>| {
        let mut project = project(&[("a", "table", table())], &[]);
        let parameter = Parameter {
            id: "p-1".into(),
            name: name.into(),
            data_type,
            default,
            doc: String::new(),
            extra: serde_json::Map::new(),
        };
        project.parameters.insert("p-1".into(), parameter);
        let plan = plan(&project);
        plan.diagnostics.into_iter().map(|told| (told.code, told.location.id, told.help.unwrap_or_default())).collect()
    };
    for name in ["db_password", "api_key", "token", "dbPassword"] {
        let told: Vec<_> = with(name, DataType::String, Some(json!("hunter2")));
        assert_eq!(told.len(), 1, "{name}");
        assert!(told[0].0 == "PW0560" && told[0].1.as_deref() == Some("p-1"), "{told:?}");
        assert!(!told[0].2.contains("hunter2"));
        for default in [None, Some(json!("")), Some(json!("${env:DB_PASSWORD}"))] {
            assert_eq!(with(name, DataType::String, default), [], "{name}");
        }
    }
    for (name, data_type) in [("page_token", DataType::String), ("token", DataType::Int), ("day", DataType::String)] {
        assert_eq!(
            with(name, data_type, Some(json!(if name == "token" { json!(3) } else { json!("x") }))),
            [],
            "{name}"
        );
    }
}

#[test]
fn an_order_that_does_not_reach_a_file_is_told() {
    let sort = || ("s", "sort", json!({"keys": ["n desc"]}));
    let window = || {
        ("x", "window", json!({"columns": [{"id": "c", "name": "r", "expression": "row_number() over (order by n)"}]}))
    };
    let load = |order: &[&str]| ("l", "load_file", json!({"path": "o.csv", "order": order}));
    let of = |steps: &[(&str, &str, Json)], wires: &[(&str, &str)]| {
        let all = [&[("a", "table", table()), ("b", "table", table())], steps].concat();
        plan(&project(&all, wires))
            .diagnostics
            .into_iter()
            .map(|told| (told.code, told.location.id))
            .collect::<Vec<_>>()
    };
    let line = [("a", "s"), ("s", "x"), ("x", "l")];
    let lost = vec![("PW0564".to_owned(), Some("s".to_owned()))];
    assert_eq!(of(&[sort(), window(), load(&[])], &line), lost);
    assert_eq!(of(&[sort(), window(), load(&["n"])], &line), []);
    assert_eq!(of(&[sort(), ("x", "filter", json!({"predicate": "n > 1"})), load(&[])], &line), []);
    assert_eq!(of(&[sort(), ("x", "concatenate", json!({})), load(&[])], &[&line[..], &[("b", "x")]].concat()), lost);
    let again = [("a", "s"), ("s", "x"), ("x", "t"), ("t", "l")];
    let behind = ("t", "sort", json!({"keys": ["n"]}));
    assert_eq!(of(&[sort(), window(), behind, load(&[])], &again), []);
}

/// The sentence that is told holds values of the rows, wherever the answer itself lies.
#[test]
fn an_alert_goes_where_the_rows_of_its_answer_may_go() {
    let told = |residency: &str| {
        let alert = json!({"residency": "eu", "alert": "n > 1", "alert_to": "hook"});
        let mut project =
            project(&[("read", "file", json!({"source": "src"})), ("end", "answer", alert)], &[("read", "end")]);
        let fields = json!([{"name": "n", "type": "Int", "labels": {"residency": "eu"}}]);
        let source = json!({"id": "src", "title": "S", "path": "a.csv", "format": {"name": "csv"}, "schema": {"fields": fields}});
        project.sources.insert("src".into(), serde_json::from_value(source).unwrap());
        let hook =
            json!({"id": "hook", "title": "Hook", "kind": "http", "address": "http://h", "residency": residency});
        project.connections.insert("hook".into(), serde_json::from_value(hook).unwrap());
        let errors = plan(&project).diagnostics.into_iter().filter(|fault| fault.is_error());
        errors.map(|fault| (fault.code.to_string(), fault.message)).collect::<Vec<_>>()
    };
    assert_eq!(told("eu"), []);
    for place in ["us", ""] {
        let faults = told(place);
        assert!(faults.len() == 1 && faults[0].0 == "PW1003", "{faults:?}");
        assert!(faults[0].1.contains("`n`, of which the alert tells,"), "{faults:?}");
    }
}
