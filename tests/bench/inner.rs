//! The inner loops (`cargo bench`): reading lines into columns, expressions, the plan after an edit. Whole tasks beside
//! their peers are measured by `pipewright bench`.

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pipewright_core::data::{DataType, Schema};
use pipewright_core::expr::{Place, Scope, check, parse};
use pipewright_core::generate::{ShopOptions, shop};
use pipewright_core::ir::Read;
use pipewright_core::plan::Planner;
use pipewright_core::project::{Edit, Project};
use pipewright_engine::{Cancel, read_stream, sniff};
use serde_json::json;

fn reading(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut open = |name: &str| Ok(Box::new(File::create(folder.path().join(name))?) as Box<dyn Write>);
    shop(&ShopOptions { seed: 1, rows: 20_000 }, &mut open).unwrap();
    let mut group = criterion.benchmark_group("read");
    for name in ["access.log", "app.jsonl", "users.csv", "metrics.prom"] {
        let path = folder.path().join(name);
        let found = sniff(&path).unwrap();
        group.throughput(Throughput::Bytes(found.size));
        let path = path.display().to_string();
        let (format, schema) = (found.format, found.schema);
        let read = Read { path, format, schema, columns: None, position: false, planned: None, location: None };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut take = |table| {
                    black_box(table);
                    ControlFlow::Continue(())
                };
                read_stream(&read, Path::new("."), &mut take, &mut |_| (), &Cancel::new()).unwrap()
            })
        });
    }
    group.finish();
}

fn expressions(criterion: &mut Criterion) {
    let text = "status >= 500 or duration > 3 and not starts_with(split_part(path, '?', 1), '/static/')";
    let schema = Schema::of([("status", DataType::Int), ("duration", DataType::Float), ("path", DataType::String)]);
    let parameters = BTreeMap::new();
    let scope = Scope { schema: &schema, parameters: &parameters, place: Place::Row };
    criterion.bench_function("expression: parse and check", |bencher| {
        bencher.iter(|| check(&parse(black_box(text)).unwrap(), &scope).unwrap())
    });
}

/// Rows of ten filters behind one table.
fn flows(steps: usize) -> Project {
    let mut project = Project::new("flows");
    let insert = |into: &str, item| Edit::Insert { into: into.into(), item, place: Default::default() };
    let table = json!({"columns": [{"name": "n", "type": "Int"}, {"name": "s", "type": "String"}]});
    let mut edits = vec![insert("steps", json!({"id": "table", "kind": "table", "settings": table}))];
    for number in 0..steps {
        let before = if number % 10 == 0 { "table".to_owned() } else { format!("f{}", number - 1) };
        let settings = json!({"predicate": "n > 0 and s <> 'x'"});
        edits.push(insert("steps", json!({"id": format!("f{number}"), "kind": "filter", "settings": settings})));
        edits.push(insert("wires", json!({"id": format!("w{number}"), "from": before, "to": format!("f{number}")})));
    }
    project.apply(&edits).unwrap();
    project
}

fn planning(criterion: &mut Criterion) {
    for steps in [200, 10_000] {
        let mut project = flows(steps);
        let mut planner = Planner::default();
        planner.plan(&project);
        let mut limit = 0;
        criterion.bench_function(&format!("plan: an edit among {steps} steps"), |bencher| {
            bencher.iter(|| {
                limit += 1;
                let new = json!(format!("n > {limit}"));
                let edit = Edit::Set { id: "f5".into(), field: "settings.predicate".into(), old: None, new };
                project.apply(&[edit]).unwrap();
                planner.plan(&project)
            })
        });
    }
}

criterion_group!(inner, reading, expressions, planning);
criterion_main!(inner);
