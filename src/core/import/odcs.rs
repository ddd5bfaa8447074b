//! Data contracts after the Open Data Contract Standard, version 3: each object of the schema is a source.

use serde_json::Value as Json;

use super::demands::{of_schema, of_type, one_of};
use super::document::{is_true, text_at, warning_at};
use super::types::{classification_of, type_of};
use super::{Declared, DeclaredField, Demand, Read, list_at};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::Synthetic;

pub fn read(text: &str, document: &Json) -> Read {
    let version = text_at(document, "apiVersion");
    if text_at(document, "kind") != "DataContract" || document.get("dataset").is_some() || version.starts_with("v2") {
        return Err(Diagnostic::error("PW0828", "this is no data contract of version 3")
            .help("it must have `kind: DataContract`, `apiVersion: v3.1.0` and a `schema`"));
    }
    let mut warnings = Vec::new();
    let mut found = Vec::new();
    for object in list_at(document, "schema") {
        let mut declared = object_of(text, object, &mut warnings);
        if declared.doc.is_empty() {
            declared.doc = document.get("description").map_or("", |about| text_at(about, "purpose")).to_owned();
        }
        declared.owner = owner_of(document);
        found.push(declared);
    }
    Ok((found, warnings))
}

fn object_of(text: &str, object: &Json, warnings: &mut Vec<Diagnostic>) -> Declared {
    let mut primary: Vec<(i64, String)> = Vec::new();
    let mut keys: Vec<Vec<String>> = Vec::new();
    let mut fields = Vec::new();
    for property in list_at(object, "properties") {
        let field = field_of(property);
        if field.data_type.is_unknown() && !text_at(property, "physicalType").is_empty() {
            let message = format!("the type `{}` of `{}` is not known", text_at(property, "physicalType"), field.name);
            warnings.push(warning_at(text, &field.name, message, "write its `logicalType`"));
        }
        if is_true(property, "primaryKey") {
            let place = property.get("primaryKeyPosition").and_then(Json::as_i64).unwrap_or(i64::MAX);
            primary.push((place, field.name.clone()));
        }
        if is_true(property, "unique") {
            keys.push(vec![field.name.clone()]);
        }
        fields.push(field);
    }
    primary.sort();
    keys.push(primary.into_iter().map(|(_, name)| name).collect());
    let name = text_at(object, "name").to_owned();
    let title = text_at(object, "businessName");
    Declared {
        title: if title.is_empty() { name.clone() } else { title.to_owned() },
        name,
        doc: text_at(object, "description").to_owned(),
        owner: String::new(),
        fields,
        keys,
        demands: qualities(object).collect(),
    }
}

fn field_of(property: &Json) -> DeclaredField {
    let mut field = DeclaredField::new(text_at(property, "name"), data_type(property));
    field.required = is_true(property, "required") || is_true(property, "primaryKey");
    field.doc = text_at(property, "description").to_owned();
    field.classify([text_at(property, "classification")]);
    // Most tags say something else.
    let tags = list_at(property, "tags").filter_map(Json::as_str);
    field.classify(tags.filter(|tag| classification_of(tag).is_some()));
    let meaning = list_at(property, "customProperties").find(|one| text_at(one, "property") == "meaning");
    field.meaning = meaning.map_or("", |one| text_at(one, "value")).to_owned();
    let allowed: Vec<Json> = list_at(property, "enum").cloned().collect();
    let vocabulary = if allowed.is_empty() { list_at(property, "examples").cloned().collect() } else { allowed };
    let options = property.get("logicalTypeOptions");
    let bound = |key: &str| options.and_then(|options| options.get(key)).filter(|bound| bound.is_number()).cloned();
    field.values = Synthetic { min: bound("minimum"), max: bound("maximum"), vocabulary, ..Synthetic::default() };
    let (name, data_type) = (field.name.clone(), &field.data_type);
    field.demands.extend(options.into_iter().flat_map(|options| of_schema(&name, data_type, options)));
    if property.get("enum").is_some() {
        let values: Vec<Json> = list_at(property, "enum").cloned().collect();
        field.demands.push(Demand::new("enum", one_of(&name, data_type, &values)));
    }
    field.demands.extend(of_type(&name, data_type, text_at(property, "physicalType")));
    field.demands.extend(qualities(property));
    field
}

/// Rules of quality, of which none is looked at.
fn qualities(item: &Json) -> impl Iterator<Item = Demand> {
    let name = |rule: &Json| {
        let words = ["name", "rule", "metric", "description", "type"].map(|key| text_at(rule, key).to_owned());
        words.into_iter().find(|word| !word.is_empty()).unwrap_or_default()
    };
    list_at(item, "quality").map(move |rule| Demand::new(format_args!("quality: {}", name(rule)), None))
}

fn data_type(property: &Json) -> DataType {
    let physical = text_at(property, "physicalType");
    match text_at(property, "logicalType") {
        "boolean" => DataType::Boolean,
        "integer" => DataType::Int,
        "number" => DataType::Float,
        "date" => match type_of(physical) {
            // Before version 3.1 a point in time was a date too.
            Some(DataType::Timestamp) => DataType::Timestamp,
            _ => DataType::Date,
        },
        "timestamp" => DataType::Timestamp,
        "string" | "time" if physical == "Duration" => DataType::Duration,
        "string" | "time" => DataType::String,
        "object" => {
            let inner =
                list_at(property, "properties").map(|inner| (text_at(inner, "name").to_owned(), data_type(inner)));
            let fields: Vec<(String, DataType)> = inner.collect();
            if fields.is_empty() { DataType::Unknown } else { DataType::Record(fields) }
        }
        "array" => DataType::List(Box::new(property.get("items").map_or(DataType::Unknown, data_type))),
        _ => type_of(physical).unwrap_or(DataType::Unknown),
    }
}

/// The team's name; in older contracts the member who owns it.
fn owner_of(document: &Json) -> String {
    let Some(team) = document.get("team") else { return String::new() };
    let members = team.as_array().or_else(|| team.get("members").and_then(Json::as_array)).into_iter().flatten();
    let is_owner = |member: &&Json| text_at(member, "role").to_lowercase().contains("owner");
    let owner = members.clone().find(is_owner).or_else(|| members.clone().next());
    let of_member = |member: &Json| {
        let names = [text_at(member, "name"), text_at(member, "username")];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned()
    };
    match text_at(team, "name") {
        "" => owner.map(of_member).unwrap_or_default(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::read_document;
    use super::*;

    #[test]
    fn contracts_are_read() {
        let text = "
apiVersion: v3.0.2
kind: DataContract
id: c
description: {purpose: To know}
team:
- {username: bob, role: Steward}
- {username: ann, role: Data Owner}
schema:
- name: orders
  businessName: Orders
  properties:
  - {name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}
  - {name: day, logicalType: date, physicalType: DATE, primaryKey: true, primaryKeyPosition: 1}
  - {name: at, logicalType: date, physicalType: timestamptz, required: true}
  - {name: email, physicalType: varchar(20), classification: PII, unique: true}
  - {name: lines, logicalType: array, items: {logicalType: object, properties: [{name: sku, logicalType: string}]}}
  - {name: odd, physicalType: GEOGRAPHY}
";
        let (found, warnings) = read(text, &read_document(text).unwrap()).unwrap();
        let orders = &found[0];
        assert_eq!((orders.title.as_str(), orders.owner.as_str(), orders.doc.as_str()), ("Orders", "ann", "To know"));
        let types: Vec<String> = orders.fields.iter().map(|field| field.data_type.to_string()).collect();
        assert_eq!(types, ["Int", "Date", "Timestamp", "String", "List<Record{\"sku\": String}>", "Unknown"]);
        assert_eq!(orders.keys, [vec!["email"], vec!["day", "id"]]);
        assert_eq!((warnings.len(), warnings[0].location.line), (1, Some(18)));
        assert!(read("", &serde_json::json!({"kind": "DataContract", "apiVersion": "v2.2.2"})).is_err());
    }
}
