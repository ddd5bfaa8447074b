//! Imports into a project: recognised, made sources, updated, compared.

use super::*;
use crate::planner::{Asked, Catalogue, SourceEvidence, Vocabulary, drift, propose, ready_question, replace_planned};
use crate::project::{check_invariants, load, to_text};

const ORDERS: &str = "create table shop.orders (order_id text primary key, user_id text not null, \
                      ts timestamp not null, event text, amount numeric(10,2));\n\
                      create table shop.customers (user_id text primary key, country text);";

#[test]
fn files_are_recognised_by_what_they_hold() {
    let kind = |text: &str| read_declarations(text, None).map(|imported| imported.kind.name());
    let of = |text: &str| kind(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(recognise_declarations("time,path\n1,/\n"), None);
    assert_eq!(recognise_declarations(ORDERS), Some(ImportKind::Ddl));
    assert_eq!(of("-- tables\ncreate table if not exists a (x int);"), "ddl");
    assert_eq!(of(r#"{"type": "record", "name": "A", "fields": [{"name": "x", "type": "int"}]}"#), "avro");
    assert_eq!(of(r#"{"$schema": "x", "type": "object", "properties": {"x": {"type": "integer"}}}"#), "json-schema");
    assert_eq!(of("version: 2\nmodels:\n- name: a\n  columns:\n  - {name: x, data_type: int}\n"), "dbt");
    assert_eq!(
        of(
            "apiVersion: v3.1.0\nkind: DataContract\nschema:\n- name: a\n  properties:\n  - {name: x, logicalType: integer}\n"
        ),
        "odcs"
    );
    assert_eq!(
        of(
            "openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        '200':\n          content:\n            application/json:\n              schema: {type: object, properties: {x: {type: integer}}}\n"
        ),
        "openapi"
    );
}

#[test]
fn what_is_broken_is_told_with_its_line() {
    let fault = |text: &str, kind| read_declarations(text, kind).unwrap_err();
    for (text, kind, code, line) in [
        ("", None, "PW0820", None),
        ("a,b\n1,2\n", None, "PW0825", None),
        ("{\"openapi\": \"3.0.0\",\n \"paths\": {,}}", None, "PW0825", Some(2)),
        ("models:\n- name: a\n  columns: [\n", None, "PW0825", Some(3)),
        ("a: 1\n", None, "PW0822", None),
        ("create table a (\n x int,,\n y int);", None, "PW0827", Some(2)),
        ("select 1;", Some(ImportKind::Ddl), "PW0821", None),
        ("[]", Some(ImportKind::Avro), "PW0821", None),
        ("{}", Some(ImportKind::Odcs), "PW0828", None),
        ("{\"paths\": []}", Some(ImportKind::OpenApi), "PW0828", None),
    ] {
        let told = fault(text, kind);
        assert!(told.is_error() && told.help.is_some(), "{text}: {told}");
        assert_eq!((told.code.as_str(), told.location.line), (code, line), "{text}: {told}");
    }
    let twice = read_declarations("create table a (x int); create table a (y int, y text);", None).unwrap();
    let messages: Vec<&str> = twice.warnings.iter().map(|one| one.message.as_str()).collect();
    assert_eq!((twice.sources.len(), messages), (1, vec!["`y` stands twice in `a`", "`a` is declared twice"]));
    // Deep nesting and aliases that would grow without end are refused, not followed.
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read_declarations(&deep, Some(ImportKind::JsonSchema)).is_err());
    let mut laughs = String::from("a0: &a0 [x, x]\n");
    for level in 1..40 {
        laughs.push_str(&format!("a{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1));
    }
    assert!(read_declarations(&laughs, None).is_err());
}

#[test]
fn declared_sources_can_be_planned_on_and_are_updated_by_the_same_file() {
    let mut project = Project::new("p");
    let imported = read_declarations(ORDERS, None).unwrap();
    let (edits, told) = import_edits(&project, "shop.sql", &imported);
    assert_eq!(told, []);
    project.apply(&edits).unwrap();
    assert_eq!(check_invariants(&project), []);
    assert_eq!(to_text(&load(&to_text(&project)).unwrap().0), to_text(&project));
    assert_eq!(project.sources.keys().collect::<Vec<_>>(), ["src-customers", "src-orders"]);
    let orders = &project.sources["src-orders"];
    assert_eq!(orders.planned.as_ref().unwrap().status, Planned::DECLARED);
    assert!(orders.planned.as_ref().unwrap().values["order_id"].unique);

    // The declared key is evidence enough for a join.
    let evidence = |project: &Project| project.sources.values().map(SourceEvidence::declared).collect();
    let catalogue = Catalogue::new(Vocabulary::shipped(), evidence(&project));
    let asked = Asked::ready(ready_question("users-by-country").unwrap());
    let proposals = propose(&project, &catalogue, &asked, 1);
    assert_eq!(proposals.len(), 1);

    // Nothing new, nothing done; a change is one; what somebody corrected stays.
    assert_eq!(import_edits(&project, "shop.sql", &imported).0, []);
    project
        .apply(&[Edit::Set {
            id: "src-orders".into(),
            field: "meanings".into(),
            old: None,
            new: json!({"event": "", "gone": "url.path"}),
        }])
        .unwrap();
    // A field that was planned beside the declared ones, and how its values look.
    let mut schema = project.sources["src-orders"].schema.clone().unwrap();
    schema.fields.push(Field::new("duration", DataType::Float));
    let set = |field: &str, new: Json| Edit::Set { id: "src-orders".into(), field: field.into(), old: None, new };
    let values = set("planned.values.event", json!({"vocabulary": ["placed"]}));
    project.apply(&[set("schema", json!(schema)), values]).unwrap();
    let changed = ORDERS.replace("event text", "event text not null, channel text");
    let changed = changed.split(";\n").next().unwrap();
    let (edits, told) = import_edits(&project, "shop.sql", &read_declarations(changed, None).unwrap());
    project.apply(&edits).unwrap();
    let schema = project.sources["src-orders"].schema.as_ref().unwrap();
    let names: Vec<&str> = schema.names().collect();
    assert_eq!(names, ["order_id", "user_id", "ts", "event", "channel", "amount", "duration"]);
    assert_eq!(project.sources["src-orders"].planned.as_ref().unwrap().values["event"].vocabulary, ["placed"]);
    assert_eq!(project.sources["src-orders"].meanings, BTreeMap::from([("event".into(), String::new())]));
    assert_eq!(told.len(), 1);
    assert!(told[0].message.contains("`shop.customers` is not declared"), "{told:?}");
}

#[test]
fn what_somebody_made_of_a_declared_source_stays_when_the_file_is_imported_again() {
    let mut project = Project::new("p");
    let text = "create table orders (id text primary key, amount numeric, at timestamp, note text, state text);";
    let import = |project: &mut Project, text: &str| {
        let (edits, told) = import_edits(project, "s.sql", &read_declarations(text, None).unwrap());
        assert_eq!(told, []);
        project.apply(&edits).unwrap();
        edits.len()
    };
    import(&mut project, text);
    let id: Id = "src-orders".into();
    let set = |field: &str, new: Json| Edit::Set { id: id.clone(), field: field.into(), old: None, new };
    let mut source = project.sources[&id].clone();
    let schema = source.schema.as_mut().unwrap();
    schema.fields.retain(|field| field.name != "state");
    schema.fields[0].extra.insert("doc".into(), json!("the number on the receipt"));
    schema.fields[1].labels.meaning = Some("order.amount".into());
    schema.fields[1].labels.classification = Some(Classification::Secret);
    schema.fields[2].data_type = DataType::Date;
    schema.fields.push(Field::new("added", DataType::Int));
    let edits = [
        set("schema", json!(schema)),
        set("doc", json!("ours")),
        set("planned.note", json!("ask Kim")),
        set("planned.values.note", json!({"vocabulary": ["a"], "nulls": 0.5})),
    ];
    project.apply(&edits).unwrap();
    let edited = project.sources[&id].clone();
    // Nothing changed in the file: nothing changes here.
    assert_eq!(import(&mut project, text), 0);
    assert_eq!(project.sources[&id], edited);
    // A change of one column is one of that column alone.
    let changed = text.replace("note text", "note integer, channel text");
    assert!(import(&mut project, &changed) > 0);
    let (is, was) = (project.sources[&id].clone(), edited);
    let names = |source: &Source| source.schema.as_ref().unwrap().names().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(&is), ["id", "amount", "at", "note", "channel", "added"]);
    let field = |source: &Source, name: &str| source.schema.as_ref().unwrap().get(name).unwrap().clone();
    for name in ["id", "amount", "at", "added"] {
        assert_eq!(field(&is, name), field(&was, name));
    }
    assert_eq!(field(&is, "note").data_type, DataType::Int);
    assert_eq!((&is.doc, &is.planned), (&was.doc, &was.planned));
    // Other capitals make no other column: what was said of it stays.
    let shouted = changed.replace("amount numeric, at", "AMOUNT numeric, AT");
    let (edits, told) = import_edits(&project, "s.sql", &read_declarations(&shouted, None).unwrap());
    assert_eq!(told, []);
    let mut other = project.clone();
    other.apply(&edits).unwrap();
    assert_eq!(names(&other.sources[&id]), ["id", "AMOUNT", "AT", "note", "channel", "added"]);
    assert_eq!(field(&other.sources[&id], "AMOUNT").labels, field(&was, "amount").labels);
    // A labelled column that goes is told.
    let without = changed.replace("amount numeric, ", "");
    let (_, told) = import_edits(&project, "s.sql", &read_declarations(&without, None).unwrap());
    assert_eq!(told.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["PW0831"]);
    assert!(told[0].message.starts_with("`amount` went"), "{told:?}");
}

#[test]
fn a_declaration_stays_with_the_real_file_and_is_compared_with_it() {
    let mut project = Project::new("p");
    let (edits, _) = import_edits(&project, "shop.sql", &read_declarations(ORDERS, None).unwrap());
    project.apply(&edits).unwrap();
    let mut schema = project.sources["src-orders"].schema.clone().unwrap();
    schema.fields.retain(|field| field.name != "amount");
    let real = Source { path: "orders.csv".into(), schema: Some(schema), ..Source::default() };
    let mut found = SourceEvidence { rows: 9, ..SourceEvidence::declared(&real) };
    for column in &mut found.columns {
        (column.nulls, column.distinct) = if column.name == "user_id" { (2, 7) } else { (0, 8) };
    }
    let (edits, differences) = replace_planned(&project, "src-orders", &real, &found).unwrap();
    project.apply(&edits).unwrap();
    let source = &project.sources["src-orders"];
    assert!(source.planned.is_none() && source.declaration.is_some());
    let codes = |told: &[Diagnostic]| told.iter().map(|one| one.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&differences), ["PW0808", "PW0814", "PW0815"], "{differences:?}");
    assert_eq!(codes(&drift(source, &found)), codes(&differences), "as long as both are there");

    // A file that is at hand already takes the declaration of its name, and keeps its columns.
    let mut other = Project::new("p");
    let csv = Source { id: "s".into(), title: "orders".into(), path: "orders.csv".into(), ..real.clone() };
    other.apply(&[Edit::Insert { into: "sources".into(), item: json!(csv), place: Place::Last }]).unwrap();
    let (edits, _) = import_edits(&other, "shop.sql", &read_declarations(ORDERS, None).unwrap());
    other.apply(&edits).unwrap();
    assert_eq!(other.sources.len(), 2);
    assert!(other.sources["s"].declaration.is_some());
    assert_eq!(other.sources["s"].schema, real.schema);
}

/// A text of each kind, cut short, with bytes changed or repeated: told or read, never a panic.
#[test]
fn no_text_brings_an_importer_down() {
    let texts: [(&str, ImportKind); 6] = [
        (ORDERS, ImportKind::Ddl),
        (r#"{"type": "record", "name": "A", "fields": [{"name": "x", "type": ["null", "A"]}]}"#, ImportKind::Avro),
        (
            r##"{"properties": {"x": {"$ref": "#/properties/x"}, "y": {"items": {"type": ["a"]}}}}"##,
            ImportKind::JsonSchema,
        ),
        ("models:\n- name: a\n  columns:\n  - {name: x, data_type: int, tests: [unique]}\n", ImportKind::Dbt),
        ("kind: DataContract\nschema:\n- name: a\n  properties: [{name: x, logicalType: array}]\n", ImportKind::Odcs),
        ("openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {$ref: '#/paths'}}}}}\n", ImportKind::OpenApi),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for (text, kind) in texts {
        let chars: Vec<char> = text.chars().collect();
        for _ in 0..120 {
            let mut changed = chars.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..changed.len());
                match random.u8(..4) {
                    0 => changed.truncate(at.max(1)),
                    1 => {
                        changed[at] =
                            ['{', '[', '\'', '"', '-', '\n', ',', '\u{0}', 'é', '&', '*', ';'][random.usize(..12)]
                    }
                    2 => drop(changed.remove(at)),
                    _ => {
                        let piece: Vec<char> = changed[at..(at + 9).min(changed.len())].to_vec();
                        changed.splice(at..at, piece);
                    }
                }
                if changed.is_empty() {
                    break;
                }
            }
            let changed: String = changed.into_iter().collect();
            for kind in [None, Some(kind)] {
                match read_declarations(&changed, kind) {
                    Ok(imported) => {
                        let (edits, _) = import_edits(&Project::new("p"), "f", &imported);
                        assert!(Project::new("p").apply(&edits).is_ok(), "{changed}");
                    }
                    Err(fault) => assert!(fault.help.is_some(), "{changed}: {fault}"),
                }
            }
        }
    }
}

#[test]
fn types_that_refer_to_each_other_over_and_over_are_not_all_written_out() {
    use serde_json::{Value as Json, json};
    let letters = "abcdefghij".chars().map(String::from);
    let object = |next: &str| -> Json {
        let properties = letters.clone().map(|name| (name, json!({"$ref": format!("#/$defs/{next}")})));
        json!({"type": "object", "properties": Json::Object(properties.collect())})
    };
    let parts = |next: &str| json!({"type": "object", "allOf": vec![json!({"$ref": format!("#/$defs/{next}")}); 10]});
    let levels = |one: &dyn Fn(&str) -> Json| -> String {
        let mut defs: serde_json::Map<String, Json> =
            (0..12).map(|level| (format!("D{level}"), one(&format!("D{}", level + 1)))).collect();
        defs.insert("D12".to_owned(), json!({"type": "object", "properties": {"x": {"type": "integer"}}}));
        json!({"$schema": "x", "$defs": defs, "type": "object", "properties": {"r": {"$ref": "#/$defs/D0"}}})
            .to_string()
    };
    let record = |level: usize| {
        let of = if level == 0 { json!("int") } else { json!(format!("R{}", level - 1)) };
        let fields: Vec<Json> = letters.clone().map(|name| json!({"name": name, "type": of})).collect();
        json!({"type": "record", "name": format!("R{level}"), "fields": fields})
    };
    let avro = Json::Array((0..13).map(record).collect()).to_string();
    for text in [levels(&object), levels(&parts), avro] {
        let imported = read_declarations(&text, None).unwrap();
        assert!(imported.warnings.iter().any(|warning| warning.message.contains("more than 20000 types")), "{text}");
        let written: usize =
            imported.sources.iter().flat_map(|one| &one.fields).map(|field| field.data_type.to_string().len()).sum();
        assert!(written < 1 << 20, "{written}");
    }
    assert_eq!(types::type_of(&"array<".repeat(50_000)), None);
    assert_eq!(types::type_of(&format!("int{}", "[]".repeat(50_000))), None);
}

#[test]
fn how_closed_a_field_is_comes_from_the_file_or_is_told() {
    let contract = |class: &str| {
        format!(
            "kind: DataContract\napiVersion: v3.1.0\nid: c\nschema:\n- name: orders\n  properties:\n  - {{name: a, \
             logicalType: string, classification: {class}}}\n  - {{name: b, logicalType: string, tags: [pii, daily]}}\n"
        )
    };
    let of = |class: &str| {
        let read = read_declarations(&contract(class), None).unwrap();
        let field = |at: usize| read.sources[0].fields[at].classification;
        assert_eq!(field(1), Some(Classification::Personal));
        let told: Vec<String> = read.warnings.iter().map(|one| one.code.clone()).collect();
        (field(0), told.join(" "))
    };
    assert_eq!(of("strictly confidential"), (Some(Classification::Secret), String::new()));
    assert_eq!(of("Personal data"), (Some(Classification::Personal), String::new()));
    assert_eq!(of("C3"), (None, "PW0832".to_owned()));
    let schema = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "user", "type": "object",
        "properties": {"pw": {"type": "string", "format": "password"}, "code": {"type": "string", "writeOnly": true},
        "name": {"type": "string"}}}"#;
    let read = read_declarations(schema, None).unwrap();
    let classes: Vec<_> = read.sources[0].fields.iter().map(|field| field.classification).collect();
    assert_eq!(classes, [Some(Classification::Secret), None, Some(Classification::Secret)]);
    // What a later file opens is told.
    let mut project = Project::new("p");
    let (edits, _) = import_edits(&project, "c.yaml", &read_declarations(&contract("secret"), None).unwrap());
    project.apply(&edits).unwrap();
    let (_, told) = import_edits(&project, "c.yaml", &read_declarations(&contract("public"), None).unwrap());
    assert_eq!(told.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["PW0833"]);
    assert!(told[0].message.contains("`a` was secret and is public"), "{told:?}");
}
