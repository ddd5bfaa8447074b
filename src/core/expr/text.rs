//! Expressions and order keys as text in files: serialised as canonical text, read back by the parser.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Expr, SortKey, parse, parse_order, print, print_order};

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&print(self))
    }
}

impl<'de> Deserialize<'de> for Expr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map_err(|diagnostic| D::Error::custom(format!("`{text}`: {}", diagnostic.message)))
    }
}

impl JsonSchema for Expr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expression".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "an SQL scalar expression" })
    }
}

impl Serialize for SortKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&print_order(std::slice::from_ref(self)))
    }
}

impl<'de> Deserialize<'de> for SortKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut keys =
            parse_order(&text).map_err(|diagnostic| D::Error::custom(format!("`{text}`: {}", diagnostic.message)))?;
        match keys.len() {
            1 => Ok(keys.remove(0)),
            count => Err(D::Error::custom(format!("`{text}`: one order key is wanted, found {count}"))),
        }
    }
}

impl JsonSchema for SortKey {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OrderKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "an expression, followed by desc for descending order" })
    }
}
