//! dbt property files: the tables of `sources`, and `models`, `seeds` and `snapshots`.

use serde_json::Value as Json;

use super::demands::one_of;
use super::document::{is_true, text_at, warning_at};
use super::types::type_of;
use super::{Declared, DeclaredField, Demand, Read, list_at};
use crate::data::DataType;
use crate::model::Synthetic;

pub fn read(text: &str, document: &Json) -> Read {
    let (mut found, mut warnings) = (Vec::new(), Vec::new());
    for source in list_at(document, "sources") {
        for table in list_at(source, "tables") {
            let mut declared = table_of(table);
            declared.name = format!("{}.{}", text_at(source, "name"), declared.name);
            if declared.owner.is_empty() {
                declared.owner = owner_of(source);
            }
            found.push(declared);
        }
    }
    for part in ["models", "seeds", "snapshots"] {
        found.extend(list_at(document, part).map(table_of));
    }
    for declared in &found {
        for field in declared.fields.iter().filter(|field| field.data_type.is_unknown()) {
            let message = format!("the type of `{}` in `{}` is not told", field.name, declared.name);
            let help = "write its `data_type`; until then it is taken as of any type";
            warnings.push(warning_at(text, &field.name, message, help));
        }
    }
    Ok((found, warnings))
}

fn table_of(table: &Json) -> Declared {
    let (mut keys, mut demands) = (Vec::new(), Vec::new());
    let mut fields: Vec<DeclaredField> = list_at(table, "columns").map(|column| field_of(column, &mut keys)).collect();
    let names =
        |json: &Json| json.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect();
    for (test, settings) in tests_of(table) {
        if test.ends_with("unique_combination_of_columns") {
            keys.push(names(&settings["combination_of_columns"]));
        } else {
            demands.push(Demand::new(test, None));
        }
    }
    for constraint in list_at(table, "constraints") {
        let columns: Vec<String> = names(&constraint["columns"]);
        let kind = text_at(constraint, "type");
        if matches!(kind, "not_null" | "primary_key") {
            let all = fields.iter_mut().filter(|field| columns.contains(&field.name));
            all.for_each(|field| field.required = true);
        }
        if matches!(kind, "unique" | "primary_key") {
            keys.push(columns);
        }
        if matches!(kind, "check" | "foreign_key" | "custom") {
            demands.push(Demand::new(format_args!("constraint {kind}"), None));
        }
    }
    let name = text_at(table, "name").to_owned();
    Declared {
        title: name.clone(),
        name,
        doc: text_at(table, "description").trim().to_owned(),
        owner: owner_of(table),
        fields,
        keys,
        demands,
    }
}

fn field_of(column: &Json, keys: &mut Vec<Vec<String>>) -> DeclaredField {
    let name = text_at(column, "name");
    let written = text_at(column, "data_type");
    let mut field = DeclaredField::new(name, type_of(written).unwrap_or(DataType::Unknown));
    field.doc = text_at(column, "description").trim().to_owned();
    let constraints = list_at(column, "constraints").map(|one| (text_at(one, "type").to_owned(), one.clone()));
    for (test, settings) in tests_of(column).into_iter().chain(constraints) {
        match test.as_str() {
            "not_null" => field.required = true,
            "unique" => keys.push(vec![name.to_owned()]),
            "primary_key" => {
                field.required = true;
                keys.push(vec![name.to_owned()]);
            }
            "accepted_values" => {
                let values: Vec<Json> = list_at(&settings, "values").cloned().collect();
                field.demands.push(Demand::new("accepted_values", one_of(name, &known_type(&field), &values)));
                field.values = Synthetic { vocabulary: values, ..Synthetic::default() };
            }
            other => field.demands.push(Demand::new(other, None)),
        }
    }
    for meta in metas(column) {
        field.classify(["classification", "sensitivity", "data_classification"].map(|key| text_at(meta, key)));
        if ["pii", "contains_pii", "is_pii"].iter().any(|key| is_true(meta, key)) {
            field.classify(["personal"]);
        }
        if !text_at(meta, "meaning").is_empty() {
            field.meaning = text_at(meta, "meaning").to_owned();
        }
    }
    field
}

/// Words are texts, whatever is not said of the column.
fn known_type(field: &DeclaredField) -> DataType {
    if field.data_type.is_unknown() { DataType::String } else { field.data_type.clone() }
}

/// Tests (`tests`, or `data_tests`) with their settings: a name, or an object with one key.
fn tests_of(item: &Json) -> Vec<(String, Json)> {
    let all = list_at(item, "tests").chain(list_at(item, "data_tests"));
    let named = all.filter_map(|test| match test {
        Json::String(name) => Some((name.clone(), Json::Null)),
        Json::Object(map) => map.iter().next().map(|(name, settings)| {
            // Newer files put the settings one level lower.
            (name.clone(), settings.get("arguments").unwrap_or(settings).clone())
        }),
        _ => None,
    });
    named.collect()
}

/// `meta`, and `config: meta`.
fn metas(item: &Json) -> impl Iterator<Item = &Json> {
    [item.get("meta"), item.get("config").and_then(|config| config.get("meta"))].into_iter().flatten()
}

/// A name, or an object with one; as `meta: owner`, or the group's.
fn owner_of(item: &Json) -> String {
    let owner = metas(item).filter_map(|meta| meta.get("owner")).next();
    match owner {
        Some(Json::String(name)) => name.clone(),
        Some(owner) => [text_at(owner, "name"), text_at(owner, "email")]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default()
            .to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::read_document;
    use super::*;

    #[test]
    fn tables_of_sources_and_models() {
        let text = "
version: 2
sources:
  - name: shop
    meta: {owner: Payments}
    tables:
      - name: orders
        description: >
          What was bought
        columns:
          - name: id
            data_type: bigint
            tests: [unique, not_null]
          - name: state
            data_type: varchar
            data_tests:
              - accepted_values:
                  arguments: {values: [new, paid]}
          - name: email
            data_type: text
            meta: {contains_pii: true}
          - name: odd
        data_tests:
          - dbt_utils.unique_combination_of_columns: {combination_of_columns: [id, state]}
models:
  - name: daily
    config: {meta: {owner: {name: Ann, email: ann@shop.example}}}
    columns:
      - {name: day, data_type: date, constraints: [{type: primary_key}]}
";
        let (found, warnings) = read(text, &read_document(text).unwrap()).unwrap();
        let orders = &found[0];
        assert_eq!(
            (orders.name.as_str(), orders.owner.as_str(), orders.doc.as_str()),
            ("shop.orders", "Payments", "What was bought")
        );
        assert_eq!(orders.keys, [vec!["id"], vec!["id", "state"]]);
        assert_eq!(orders.fields[1].values.vocabulary, ["new", "paid"]);
        assert_eq!(orders.fields[2].classification, Some(crate::data::Classification::Personal));
        assert_eq!((found[1].owner.as_str(), &found[1].keys[..]), ("Ann", &[vec!["day".to_owned()]][..]));
        assert_eq!((warnings.len(), warnings[0].location.line), (1, Some(22)));
    }
}
