//! JSON Schema, drafts 4 to 2020-12: an object is a row, an array of objects gives rows. References within the file
//! are followed; those to other files are told.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::demands::of_schema;
use super::document::{is_true, text_at, too_many, warning_at};
use super::{Declared, DeclaredField, Read, list_at, object_at};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::Synthetic;

/// How deep schemas are followed: one that holds itself ends somewhere.
const DEEPEST: usize = 12;
/// Types in one file, those that names stand for counted each time: what refers to itself ten times over is not
/// written out.
const MOST: usize = 20_000;

pub fn read(text: &str, document: &Json) -> Read {
    let mut reader = Reader::new(text, document);
    let mut found = Vec::new();
    let root = title_of(document).unwrap_or_else(|| "rows".to_owned());
    found.extend(reader.source(&root, document));
    if found.is_empty() {
        for part in ["$defs", "definitions"] {
            for (name, schema) in object_at(document, part) {
                found.extend(reader.source(name, schema));
            }
        }
    }
    Ok((found, reader.warnings))
}

/// The title; else the last part of the id.
fn title_of(schema: &Json) -> Option<String> {
    let id = [text_at(schema, "$id"), text_at(schema, "id")].into_iter().find(|id| !id.is_empty()).unwrap_or_default();
    let last = id.rsplit(['/', ':']).find(|part| !part.is_empty()).unwrap_or_default();
    let last = last.trim_end_matches(".json").trim_end_matches(".schema");
    let title = text_at(schema, "title");
    [title, last].into_iter().find(|name| !name.is_empty()).map(str::to_owned)
}

/// A document whose schemas are read: also that of an OpenAPI description.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub document: &'a Json,
    pub warnings: Vec<Diagnostic>,
    /// Types that may still be followed.
    left: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str, document: &'a Json) -> Self {
        Self { text, document, warnings: Vec::new(), left: MOST }
    }

    /// Whether one more type is followed.
    fn goes_on(&mut self, depth: usize) -> bool {
        let is_last = self.left == 1;
        self.left = self.left.saturating_sub(1);
        if is_last {
            self.warnings.push(too_many(MOST));
        }
        self.left > 0 && depth <= DEEPEST
    }

    /// The rows that a schema describes; `None` where it is no object and no list of objects.
    pub fn source(&mut self, name: &str, schema: &'a Json) -> Option<Declared> {
        let rows = self.rows(schema);
        let fields = self.fields(rows, 0);
        let doc = [text_at(rows, "description"), text_at(schema, "description")];
        (!fields.is_empty()).then(|| Declared {
            name: name.to_owned(),
            title: text_at(schema, "title").to_owned(),
            doc: doc.into_iter().find(|doc| !doc.is_empty()).unwrap_or_default().to_owned(),
            fields,
            ..Declared::default()
        })
    }

    /// The schema of one row: of the items of a list; of the list in an envelope that holds just one.
    fn rows(&mut self, schema: &'a Json) -> &'a Json {
        let schema = self.resolved(schema);
        if type_name(schema) == "array" || schema.get("items").is_some_and(Json::is_object) {
            return schema.get("items").map_or(schema, |items| self.resolved(items));
        }
        let mut lists = Vec::new();
        for (_, property) in object_at(schema, "properties") {
            let property = self.resolved(property);
            let items = property.get("items").map(|items| self.resolved(items));
            lists.extend(items.filter(|items| items.get("properties").is_some()));
        }
        let is_envelope = object_at(schema, "properties").any(|(name, _)| {
            ["data", "items", "results", "records", "rows", "values", "content"].contains(&name.to_lowercase().as_str())
        });
        match lists[..] {
            [rows] if is_envelope => rows,
            _ => schema,
        }
    }

    /// Follows references within the document.
    pub fn resolved(&mut self, schema: &'a Json) -> &'a Json {
        let (mut at, mut seen) = (schema, BTreeSet::new());
        while let Some(reference) = at.get("$ref").and_then(Json::as_str) {
            let target = reference.strip_prefix('#').and_then(|path| self.document.pointer(&unescaped(path)));
            match target {
                Some(target) if seen.insert(reference) => at = target,
                Some(_) => return &Json::Null,
                None => {
                    let message = format!("`{reference}` is nowhere in this file");
                    let help = "what it stands for is taken as of any type; put both into one file";
                    let warning = warning_at(self.text, reference, message, help);
                    if !self.warnings.contains(&warning) {
                        self.warnings.push(warning);
                    }
                    return &Json::Null;
                }
            }
        }
        at
    }

    /// The fields of an object, those of its parts (`allOf`) and choices (`anyOf`, `oneOf`) too.
    fn fields(&mut self, schema: &'a Json, depth: usize) -> Vec<DeclaredField> {
        let mut fields: Vec<DeclaredField> = Vec::new();
        if !self.goes_on(depth) {
            return fields;
        }
        let required: BTreeSet<&str> = list_at(schema, "required").filter_map(Json::as_str).collect();
        for (name, property) in object_at(schema, "properties") {
            let mut field = self.field(name, property, depth + 1);
            field.required = required.contains(name.as_str()) && !is_nullable(self.resolved(property));
            fields.push(field);
        }
        for (key, is_part) in [("allOf", true), ("anyOf", false), ("oneOf", false)] {
            for part in list_at(schema, key) {
                let part = self.resolved(part);
                for mut field in self.fields(part, depth + 1) {
                    field.required &= is_part;
                    match fields.iter_mut().find(|known| known.name == field.name) {
                        Some(known) if is_part => known.required |= field.required,
                        Some(known) => {
                            known.data_type = known.data_type.common(&field.data_type).unwrap_or(DataType::Unknown);
                        }
                        None => fields.push(field),
                    }
                }
            }
        }
        for field in fields.iter_mut().filter(|field| required.contains(field.name.as_str())) {
            field.required |= schema.get("allOf").is_some();
        }
        fields
    }

    fn field(&mut self, name: &str, property: &'a Json, depth: usize) -> DeclaredField {
        let schema = self.resolved(property);
        let mut field = DeclaredField::new(name, self.data_type(property, depth));
        let doc = [text_at(property, "description"), text_at(schema, "description"), text_at(schema, "title")];
        field.doc = doc.into_iter().find(|doc| !doc.is_empty()).unwrap_or_default().to_owned();
        field.classify(["classification", "x-classification", "x-sensitivity"].map(|key| text_at(schema, key)));
        // What a service never shows again.
        if text_at(schema, "format") == "password" || is_true(schema, "writeOnly") {
            field.classify(["secret"]);
        }
        field.values = values_of(schema, &field.data_type);
        field.demands = of_schema(name, &field.data_type, schema);
        field
    }

    pub fn data_type(&mut self, schema: &'a Json, depth: usize) -> DataType {
        let schema = self.resolved(schema);
        if !self.goes_on(depth) {
            return DataType::Unknown;
        }
        match type_name(schema) {
            "boolean" => DataType::Boolean,
            "integer" => DataType::Int,
            "number" => DataType::Float,
            "string" => match text_at(schema, "format") {
                "date-time" => DataType::Timestamp,
                "date" => DataType::Date,
                "duration" => DataType::Duration,
                _ => DataType::String,
            },
            "array" => {
                let items = schema.get("items").filter(|items| items.is_object());
                DataType::List(Box::new(items.map_or(DataType::Unknown, |items| self.data_type(items, depth + 1))))
            }
            "" if schema.get("enum").is_some() || schema.get("const").is_some() => {
                let constant = schema.get("const").into_iter();
                let types = list_at(schema, "enum").chain(constant).filter(|value| !value.is_null()).map(type_of_value);
                let common = types.map(Some).reduce(|a, b| a?.common(&b?));
                common.flatten().unwrap_or(DataType::Unknown)
            }
            "object" | "" => {
                let fields = self.fields(schema, depth);
                if !fields.is_empty() {
                    return DataType::Record(fields.into_iter().map(|field| (field.name, field.data_type)).collect());
                }
                let mut found: Option<DataType> = None;
                for key in ["anyOf", "oneOf", "allOf"] {
                    for part in list_at(schema, key).filter(|part| text_at(part, "type") != "null") {
                        let next = self.data_type(part, depth + 1);
                        found = Some(match found {
                            None => next,
                            Some(before) => before.common(&next).unwrap_or(DataType::Unknown),
                        });
                    }
                }
                found.unwrap_or(DataType::Unknown)
            }
            _ => DataType::Unknown,
        }
    }
}

/// `/$defs/a~1b`: percent signs of a URL are undone; `~0` and `~1` are the pointer's own.
fn unescaped(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// The one type besides null; empty where there are several, or none.
fn type_name(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(name)) => name,
        Some(Json::Array(names)) => {
            let mut named = names.iter().filter_map(Json::as_str).filter(|name| *name != "null");
            match (named.next(), named.next()) {
                (Some(one), None) => one,
                (Some("integer"), Some("number")) | (Some("number"), Some("integer")) => "number",
                _ => "any",
            }
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "",
    }
}

fn is_nullable(schema: &Json) -> bool {
    let in_type = list_at(schema, "type").any(|name| name == "null");
    let in_choice =
        ["anyOf", "oneOf"].iter().any(|key| list_at(schema, key).any(|part| text_at(part, "type") == "null"));
    in_type || in_choice || schema.get("nullable") == Some(&Json::Bool(true))
}

fn type_of_value(value: &Json) -> DataType {
    match value {
        Json::Bool(_) => DataType::Boolean,
        Json::Number(number) if number.is_i64() => DataType::Int,
        Json::Number(_) => DataType::Float,
        Json::String(_) => DataType::String,
        Json::Array(_) => DataType::List(Box::new(DataType::Unknown)),
        Json::Null | Json::Object(_) => DataType::Unknown,
    }
}

/// What values look like: the allowed ones, else examples, else bounds.
fn values_of(schema: &Json, data_type: &DataType) -> Synthetic {
    if matches!(data_type, DataType::List(_) | DataType::Record(_)) {
        return Synthetic::default();
    }
    let one = |key: &str| schema.get(key).into_iter();
    let mut vocabulary: Vec<Json> = list_at(schema, "enum").chain(one("const")).cloned().collect();
    if vocabulary.is_empty() {
        vocabulary = list_at(schema, "examples").chain(one("example")).cloned().collect();
    }
    vocabulary.retain(|value| value.is_string() || value.is_number() || value.is_boolean());
    vocabulary.truncate(50);
    let is_number = matches!(data_type, DataType::Int | DataType::Float);
    let bound = |key: &str| schema.get(key).filter(|bound| is_number && bound.is_number()).cloned();
    Synthetic {
        min: bound("minimum").or_else(|| bound("exclusiveMinimum")),
        max: bound("maximum").or_else(|| bound("exclusiveMaximum")),
        vocabulary,
        ..Synthetic::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Vec<Declared>, Vec<Diagnostic>) {
        read(text, &serde_json::from_str(text).unwrap()).unwrap()
    }

    fn types(declared: &Declared) -> Vec<String> {
        declared.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect()
    }

    #[test]
    fn objects_lists_references_and_formats() {
        let (found, warnings) = read_text(
            r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://x.example/event.schema.json",
            "type": "object", "required": ["id", "at", "note"], "description": "One event",
            "properties": {
                "id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"},
                "day": {"type": ["string", "null"], "format": "date"}, "note": {"type": ["string", "null"]},
                "level": {"enum": ["info", "error"]}, "size": {"type": "integer", "minimum": 1, "maximum": 9},
                "owner": {"$ref": "#/$defs/owner"}, "tags": {"type": "array", "items": {"type": "string"}},
                "either": {"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]},
                "away": {"$ref": "other.json#/x"}},
            "$defs": {"owner": {"type": "object", "properties": {"team": {"type": "string"},
                "boss": {"$ref": "#/$defs/owner"}}}}}"##,
        );
        assert_eq!((found.len(), found[0].name.as_str(), found[0].doc.as_str()), (1, "event", "One event"));
        let shown = types(&found[0]);
        for wanted in ["id String", "at Timestamp", "day Date", "level String", "tags List<String>", "either Float"] {
            assert!(shown.contains(&wanted.to_owned()), "{wanted} is not in {shown:?}");
        }
        assert!(shown.iter().any(|one| one.starts_with("owner Record{\"boss\": Record{")), "{shown:?}");
        let required: Vec<&str> =
            found[0].fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
        assert_eq!(required, ["at", "id"], "what may be null is not required");
        let field = |name: &str| found[0].fields.iter().find(|field| field.name == name).unwrap();
        assert_eq!(field("level").values.vocabulary, ["info", "error"]);
        assert_eq!(field("size").values.max, Some(Json::from(9)));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].message.contains("`other.json#/x`") && warnings[0].location.line.is_some());
    }

    #[test]
    fn parts_definitions_and_lists_of_rows() {
        let (found, _) = read_text(
            r##"{"definitions": {"A": {"allOf": [{"$ref": "#/definitions/B"}, {"properties": {"y": {"type": "number"}},
            "required": ["y"]}]}, "B": {"properties": {"x": {"type": "integer"}}, "required": ["x"]}, "C": {"type": "string"}}}"##,
        );
        assert_eq!(found.iter().map(types).collect::<Vec<_>>(), [vec!["x Int", "y Float"], vec!["x Int"]]);
        assert!(found[0].fields.iter().all(|field| field.required));
        let (found, _) =
            read_text(r#"{"type": "array", "items": {"type": "object", "properties": {"a": {"type": "boolean"}}}}"#);
        assert_eq!(types(&found[0]), ["a Boolean"]);
        let (found, _) = read_text(r##"{"$ref": "#"}"##);
        assert!(found.is_empty(), "it holds nothing but itself");
    }
}
