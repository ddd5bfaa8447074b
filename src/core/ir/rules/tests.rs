//! Tests of the schema rules that need no parsed text.

use super::*;
use crate::data::Classification;
use crate::ir::{Explode, Join, JoinKind, Project, Unpivot};

fn schema_of(op: &Op, inputs: &[&Schema]) -> Result<Schema, Diagnostic> {
    output_schema(op, inputs, &ParameterTypes::new())
}

#[test]
fn union_widens_and_refuses_unlike_types() {
    let a = Schema::of([("x", DataType::Int), ("y", DataType::String)]);
    let b = Schema::of([("x", DataType::Float), ("z", DataType::Boolean)]);
    let sum = schema_of(&Op::Union, &[&a, &b]).unwrap();
    assert_eq!(sum, Schema::of([("x", DataType::Float), ("y", DataType::String), ("z", DataType::Boolean)]));
    let c = Schema::of([("y", DataType::Timestamp)]);
    let error = schema_of(&Op::Union, &[&a, &c]).unwrap_err();
    assert_eq!(error.code, "PW0401");
    assert!(error.message.contains("`y`"), "{error}");
}

#[test]
fn join_names_must_not_clash() {
    let left = Schema::of([("id", DataType::Int)]);
    let right = Schema::of([("id", DataType::Int), ("plan", DataType::String)]);
    let join = |right: &[(&str, &str)], kind| {
        let on = vec![(Expr::column("id"), Expr::column("id"))];
        Op::Join(Join { kind, on, right: right.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect() })
    };
    let clash = schema_of(&join(&[("id", "id")], JoinKind::Left), &[&left, &right]).unwrap_err();
    assert_eq!(clash.code, "PW0403");
    let joined = schema_of(&join(&[("id", "id_2"), ("plan", "plan")], JoinKind::Left), &[&left, &right]).unwrap();
    assert_eq!(joined.names().collect::<Vec<_>>(), ["id", "id_2", "plan"]);
    let semi = schema_of(&join(&[], JoinKind::Semi), &[&left, &right]).unwrap();
    assert_eq!(semi, left);
}

#[test]
fn only_lists_explode() {
    let op = |column: &str| Op::Explode(Explode { column: column.into(), keep_empty: true, position: None });
    let input = Schema::of([("tags", DataType::List(Box::new(DataType::String))), ("n", DataType::Int)]);
    let output = schema_of(&op("tags"), &[&input]).unwrap();
    assert_eq!(output.get("tags").unwrap().data_type, DataType::String);
    assert_eq!(schema_of(&op("n"), &[&input]).unwrap_err().code, "PW0405");
    assert!(schema_of(&op("tag"), &[&input]).unwrap_err().message.contains("did you mean `tags`?"));
}

#[test]
fn unpivot_takes_values_of_one_type() {
    let input = Schema::of([("host", DataType::String), ("cpu", DataType::Float), ("up", DataType::Boolean)]);
    let op = |columns: &[&str]| {
        Op::Unpivot(Unpivot {
            keep: vec!["host".into()],
            columns: columns.iter().map(|name| (*name).into()).collect(),
            name: "metric".into(),
            value: "value".into(),
            data_type: DataType::Float,
        })
    };
    assert_eq!(schema_of(&op(&["cpu"]), &[&input]).unwrap().len(), 3);
    assert_eq!(schema_of(&op(&["cpu", "up"]), &[&input]).unwrap_err().code, "PW0408");
}

#[test]
fn labels_follow_columns() {
    let mut input = Schema::of([("user", DataType::String), ("n", DataType::Int)]);
    input.fields[0].labels.meaning = Some("user.id".into());
    input.fields[0].labels.classification = Some(Classification::Personal);
    let renamed = Column::new("who", Expr::column("user"));
    let derived = Column::new("known", Expr::is_null(Expr::column("user"), true));
    let op = Op::Project(Project::new(vec![renamed, derived]));
    let output = schema_of(&op, &[&input]).unwrap();
    assert_eq!(output.fields[0].labels.meaning.as_deref(), Some("user.id"));
    assert_eq!(output.fields[1].labels.meaning, None);
    assert_eq!(output.fields[1].labels.classification, Some(Classification::Personal));
}

#[test]
fn what_no_sample_has_shown_yet_comes_from_where_the_rest_comes_from() {
    let mut input = Schema::of([("user", DataType::String)]);
    input.open = true;
    input.fields[0].labels = Labels { access: Some(vec!["t".into()]), ..Labels::default() };
    input.fields[0].labels.classification = Some(Classification::Personal);
    let op = Op::Project(Project::new(vec![
        Column::same("later"),
        Column::new("made", Expr::is_null(Expr::column("later"), true)),
    ]));
    let output = schema_of(&op, &[&input]).unwrap();
    for field in &output.fields {
        assert_eq!(
            (&field.labels.access, field.labels.classification),
            (&Some(vec!["t".into()]), None),
            "{}",
            field.name
        );
    }
}

#[test]
fn a_count_of_rows_tells_where_they_are_from_but_not_what_they_say() {
    let mut input = Schema::of([("user", DataType::String), ("n", DataType::Int)]);
    input.fields[0].labels = Labels { classification: Some(Classification::Personal), ..Labels::default() };
    input.fields[0].labels.residency = vec!["eu".into()];
    let count = Column::new("rows", Expr::call("count", Vec::new()));
    let output =
        schema_of(&Op::Aggregate(crate::ir::Aggregate { keys: vec![], measures: vec![count] }), &[&input]).unwrap();
    assert_eq!(
        (output.fields[0].labels.classified(), output.fields[0].labels.residency.len()),
        (Classification::Internal, 1)
    );
}

#[test]
fn what_a_join_shows_of_a_key_bears_the_labels_of_both_sides() {
    let secret = Labels { classification: Some(Classification::Secret), ..Labels::default() };
    let mut left = Schema::of([("word", DataType::String), ("n", DataType::Int)]);
    left.fields[0].labels = secret.clone();
    let right = Schema::of([("w", DataType::String), ("g", DataType::String)]);
    let key = |text: &str| crate::expr::parse(text).unwrap();
    let along = vec![("w".to_owned(), "shown".to_owned()), ("g".to_owned(), "g".to_owned())];
    let on = vec![(key("substring(word, 1, 1)"), key("w"))];
    let join = crate::ir::Join { kind: crate::ir::JoinKind::Left, on, right: along };
    let semi = crate::ir::Join { kind: crate::ir::JoinKind::Semi, on: vec![(key("w"), key("word"))], right: vec![] };
    let kept = output_schema(&Op::Join(semi), &[&right, &left], &BTreeMap::new()).unwrap();
    assert_eq!(kept.get("w").unwrap().labels.classification, Some(Classification::Secret));
    let schema = output_schema(&Op::Join(join), &[&left, &right], &BTreeMap::new()).unwrap();
    let class = |name: &str| schema.get(name).unwrap().labels.classification;
    assert_eq!(
        [class("word"), class("shown"), class("g")],
        [Some(Classification::Secret), Some(Classification::Secret), None]
    );
}

#[test]
fn what_a_condition_compares_with_a_secret_is_secret() {
    let mut input = Schema::of([
        ("t", DataType::Timestamp),
        ("u", DataType::Timestamp),
        ("v", DataType::Timestamp),
        ("n", DataType::Int),
    ]);
    input.fields[0].labels = Labels { classification: Some(Classification::Secret), ..Labels::default() };
    let secrets = |condition: &str| {
        let predicate = crate::expr::parse(condition).unwrap();
        let check = crate::ir::Check {
            predicate: predicate.clone(),
            on_fail: crate::ir::OnFail::Reject,
            reason: String::new(),
        };
        let kept = schema_of(&Op::Filter { predicate }, &[&input]).unwrap();
        assert_eq!(schema_of(&Op::Check(check), &[&input]).unwrap(), kept);
        let is_secret = |field: &Field| field.labels.classification == Some(Classification::Secret);
        kept.fields.iter().filter(|field| is_secret(field)).map(|field| field.name.clone()).collect::<String>()
    };
    assert_eq!(secrets("t > timestamp '2026-01-01T00:00:00Z' and n > 1"), "t");
    assert_eq!(secrets("u - t >= interval '-1 minutes' and u - t <= interval '1 minutes'"), "tu");
    assert_eq!(secrets("not (n = 2 or u <> t)"), "tu");
    assert_eq!(secrets("v = u and u = t"), "tuv", "what is compared with what was compared");
    assert_eq!(secrets("u = v"), "t");
    let sorted = |key: &str| {
        let keys = vec![crate::expr::SortKey { expr: crate::expr::parse(key).unwrap(), descending: false }];
        let kept = schema_of(&Op::Sort(crate::ir::Sort { keys }), &[&input]).unwrap();
        kept.get("u").unwrap().labels.classification
    };
    assert_eq!((sorted("u - t"), sorted("t")), (Some(Classification::Secret), None));
    // By a value that says how columns compare rows are kept later.
    let computed = |expression: &str| {
        let parsed = |text: &str| crate::expr::parse(text).unwrap();
        let columns = vec![crate::ir::Column::new("u", parsed("u")), crate::ir::Column::new("z", parsed(expression))];
        schema_of(&Op::Project(crate::ir::Project::new(columns)), &[&input]).unwrap().fields[0].labels.classification
    };
    for comparing in [
        "u = t",
        "case when n = 1 and t <= u then 1 else 0 end",
        "cast(u in (v, t) as string)",
        "nullif(u, t) is null",
        "greatest(u, t)",
    ] {
        assert_eq!(computed(comparing), Some(Classification::Secret), "{comparing}");
    }
    // By a window, and by groups, too.
    let parsed = |text: &str| vec![crate::ir::Column::new("z", crate::expr::parse(text).unwrap())];
    let shown = |op: &Op| schema_of(op, &[&input]).unwrap().get("u").unwrap().labels.classification;
    for (text, found) in [
        ("max(u = t) over (partition by n)", Some(Classification::Secret)),
        ("count(*) filter (where u < t) over (partition by n)", Some(Classification::Secret)),
        ("count(*) over (partition by u = t)", Some(Classification::Secret)),
        ("row_number() over (partition by n order by t - u desc)", Some(Classification::Secret)),
        ("max(t) over (partition by u order by n)", None),
        ("some(t is null) over (partition by u)", None),
    ] {
        assert_eq!(shown(&Op::Window(crate::ir::Window { columns: parsed(text) })), found, "{text}");
    }
    for (text, found) in [
        ("count_if(u = t)", Some(Classification::Secret)),
        ("first(n order by u - t)", Some(Classification::Secret)),
        ("max(t)", None),
    ] {
        let keys = vec![crate::ir::Column::new("u", crate::expr::parse("u").unwrap())];
        assert_eq!(shown(&Op::Aggregate(crate::ir::Aggregate { keys, measures: parsed(text) })), found, "{text}");
    }
    assert_eq!(computed("case when t is null then u else v end"), None);
}

#[test]
fn a_column_may_be_closer_than_what_it_is_made_from_and_never_less_close() {
    let mut input = Schema::of([("message", DataType::String)]);
    let class = |from: Option<Classification>, raised: Classification| {
        input.fields[0].labels.classification = from;
        let columns = vec![crate::ir::Column::new("client", crate::expr::parse("upper(message)").unwrap())];
        let raised = vec![crate::ir::RaisedColumn { column: "client".to_owned(), classification: raised }];
        let project = crate::ir::Project { raised, ..crate::ir::Project::new(columns) };
        schema_of(&Op::Project(project), &[&input]).unwrap().fields[0].labels.classification
    };
    let (mut class, internal) = (class, Some(Classification::Internal));
    assert_eq!(class(None, Classification::Personal), Some(Classification::Personal));
    assert_eq!(class(internal, Classification::Personal), Some(Classification::Personal));
    assert_eq!(class(Some(Classification::Secret), Classification::Personal), Some(Classification::Secret));
}

#[test]
fn a_mask_lowers_texts_only() {
    let mut input = Schema::of([("name", DataType::String), ("flag", DataType::Boolean)]);
    input.fields.iter_mut().for_each(|field| field.labels.classification = Some(Classification::Personal));
    let class = |name: &str, expression: &str| {
        let columns = vec![crate::ir::Column::new(name, crate::expr::parse(expression).unwrap())];
        let lowered = vec![crate::ir::LoweredColumn {
            column: name.to_owned(),
            by: crate::ir::LoweredBy::Mask,
            reason: "shape".to_owned(),
        }];
        let project = crate::ir::Project { lowered, ..crate::ir::Project::new(columns) };
        schema_of(&Op::Project(project), &[&input]).unwrap().fields[0].labels.classification
    };
    assert_eq!(class("name", "mask(name)"), Some(Classification::Internal));
    assert_eq!(class("flag", "mask(cast(flag as string))"), Some(Classification::Personal));
}
