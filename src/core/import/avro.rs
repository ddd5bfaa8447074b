//! Avro schemas (`.avsc`): a record is a row.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::demands::one_of;
use super::document::{text_at, too_many, warning_at};
use super::{Declared, DeclaredField, Demand, Read, list_at};
use crate::data::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::Synthetic;

/// How deep records are followed: one that holds itself ends somewhere.
const DEEPEST: usize = 12;
/// Types in one file, those that names stand for counted each time: what refers to itself ten times over is not
/// written out.
const MOST: usize = 20_000;

pub fn read(text: &str, document: &Json) -> Read {
    let mut reader = Reader { text, named: BTreeMap::new(), warnings: Vec::new(), left: MOST };
    reader.collect(document, "", 0);
    let tops: Vec<&Json> = document.as_array().map_or(vec![document], |items| items.iter().collect());
    let mut found = Vec::new();
    for top in tops.into_iter().filter(|top| text_at(top, "type") == "record") {
        found.push(reader.record(top));
    }
    Ok((found, reader.warnings))
}

struct Reader<'a> {
    text: &'a str,
    /// Records, enumerations and fixed types by name, with and without namespace.
    named: BTreeMap<String, &'a Json>,
    warnings: Vec<Diagnostic>,
    /// Types that may still be followed.
    left: usize,
}

/// A schema's name with its namespace.
fn full_name(schema: &Json, around: &str) -> String {
    let (name, own) = (text_at(schema, "name"), text_at(schema, "namespace"));
    let space = if own.is_empty() { around } else { own };
    if space.is_empty() || name.contains('.') { name.to_owned() } else { format!("{space}.{name}") }
}

impl<'a> Reader<'a> {
    fn collect(&mut self, schema: &'a Json, around: &str, depth: usize) {
        if depth > DEEPEST * 2 {
            return;
        }
        match schema {
            Json::Array(choices) => choices.iter().for_each(|choice| self.collect(choice, around, depth + 1)),
            Json::Object(_) => {
                let name = full_name(schema, around);
                let space = name.rsplit_once('.').map_or("", |(space, _)| space).to_owned();
                if !text_at(schema, "name").is_empty() {
                    self.named.insert(text_at(schema, "name").to_owned(), schema);
                    self.named.insert(name, schema);
                }
                for part in ["type", "items", "values"] {
                    if let Some(inner) = schema.get(part).filter(|inner| !inner.is_string()) {
                        self.collect(inner, &space, depth + 1);
                    }
                }
                for inner in list_at(schema, "fields").filter_map(|field| field.get("type")) {
                    self.collect(inner, &space, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, schema: &'a Json) -> Declared {
        let fields = list_at(schema, "fields").map(|field| {
            let kind = field.get("type").unwrap_or(&Json::Null);
            let mut declared = DeclaredField::new(text_at(field, "name"), self.data_type(kind, 0));
            declared.required = !may_be_null(kind);
            declared.doc = text_at(field, "doc").to_owned();
            let symbols = self.symbols(kind);
            if let Some(condition) = one_of(&declared.name, &declared.data_type, &symbols) {
                declared.demands.push(Demand::new("symbols", Some(condition)));
            }
            declared.values = Synthetic { vocabulary: symbols, ..Synthetic::default() };
            declared
        });
        Declared {
            fields: fields.collect(),
            name: full_name(schema, ""),
            title: text_at(schema, "name").to_owned(),
            doc: text_at(schema, "doc").to_owned(),
            ..Declared::default()
        }
    }

    fn data_type(&mut self, schema: &'a Json, depth: usize) -> DataType {
        if self.left == 1 {
            self.warnings.push(too_many(MOST));
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || depth > DEEPEST {
            return DataType::Unknown;
        }
        match schema {
            Json::String(name) => self.named_type(name, depth),
            Json::Array(choices) => {
                let real = choices.iter().filter(|choice| *choice != "null");
                let mut found: Option<DataType> = None;
                for choice in real {
                    let next = self.data_type(choice, depth + 1);
                    found = Some(match found {
                        None => next,
                        Some(before) => before.common(&next).unwrap_or(DataType::Unknown),
                    });
                }
                found.unwrap_or(DataType::Unknown)
            }
            Json::Object(_) => match text_at(schema, "logicalType") {
                "date" => DataType::Date,
                "decimal" => DataType::Float,
                "uuid" => DataType::String,
                "duration" => DataType::Duration,
                logical if logical.contains("timestamp-") => DataType::Timestamp,
                _ => match schema.get("type") {
                    Some(Json::String(name)) => match name.as_str() {
                        "record" | "error" => {
                            let fields = list_at(schema, "fields").map(|field| {
                                let kind = field.get("type").unwrap_or(&Json::Null);
                                (text_at(field, "name").to_owned(), self.data_type(kind, depth + 1))
                            });
                            DataType::Record(fields.collect())
                        }
                        "array" => {
                            let items = schema.get("items").unwrap_or(&Json::Null);
                            DataType::List(Box::new(self.data_type(items, depth + 1)))
                        }
                        "enum" | "fixed" => DataType::String,
                        "map" => DataType::Unknown,
                        other => self.named_type(other, depth),
                    },
                    Some(inner) => self.data_type(inner, depth + 1),
                    None => DataType::Unknown,
                },
            },
            _ => DataType::Unknown,
        }
    }

    fn named_type(&mut self, name: &str, depth: usize) -> DataType {
        match name {
            "boolean" => DataType::Boolean,
            "int" | "long" => DataType::Int,
            "float" | "double" => DataType::Float,
            "string" | "bytes" => DataType::String,
            "null" => DataType::Unknown,
            other => match self.named.get(other).copied() {
                Some(known) => self.data_type(known, depth + 1),
                None => {
                    let message = format!("the type `{other}` is declared nowhere in this file");
                    let help = "the field is taken as of any type; put both schemas into one file, as a list";
                    let warning = warning_at(self.text, other, message, help);
                    if !self.warnings.contains(&warning) {
                        self.warnings.push(warning);
                    }
                    DataType::Unknown
                }
            },
        }
    }

    /// The words of an enumeration.
    fn symbols(&self, schema: &Json) -> Vec<Json> {
        let one = match schema {
            Json::Array(choices) => choices.iter().find(|choice| *choice != "null").unwrap_or(&Json::Null),
            other => other,
        };
        let one = one.as_str().and_then(|name| self.named.get(name).copied()).unwrap_or(one);
        list_at(one, "symbols").cloned().collect()
    }
}

fn may_be_null(schema: &Json) -> bool {
    *schema == "null" || schema.as_array().is_some_and(|choices| choices.iter().any(|choice| choice == "null"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_unions_and_logical_types() {
        let text = r#"{"type": "record", "name": "Order", "namespace": "shop", "doc": "What was bought", "fields": [
            {"name": "id", "type": {"type": "string", "logicalType": "uuid"}, "doc": "Number"},
            {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "total", "type": ["null", "double"], "default": null},
            {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["NEW", "PAID"]}},
            {"name": "before", "type": ["null", "State"]},
            {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line",
                "fields": [{"name": "sku", "type": "string"}, {"name": "amount", "type": "int"}]}}},
            {"name": "parent", "type": ["null", "shop.Order"]},
            {"name": "extra", "type": {"type": "map", "values": "string"}},
            {"name": "odd", "type": "Elsewhere"}]}"#;
        let (found, warnings) = read(text, &serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!((found[0].name.as_str(), found[0].title.as_str()), ("shop.Order", "Order"));
        let types: Vec<String> = found[0].fields.iter().map(|field| field.data_type.to_string()).collect();
        assert_eq!(types[..4], ["String", "Timestamp", "Float", "String"]);
        assert_eq!(types[5], "List<Record{\"sku\": String, \"amount\": Int}>");
        assert!(types[6].starts_with("Record{") && types[7] == "Unknown");
        assert!(found[0].fields[0].required && !found[0].fields[2].required);
        assert_eq!(found[0].fields[4].values.vocabulary, ["NEW", "PAID"]);
        assert_eq!((warnings.len(), warnings[0].location.line), (1, Some(11)));
    }
}
