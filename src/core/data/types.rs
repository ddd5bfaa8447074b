//! The closed set of data types.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The type of a column or value. Every one is nullable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DataType {
    Boolean,
    /// 64 bits, signed.
    Int,
    /// 64 bits; never NaN or infinite.
    Float,
    /// UTF-8.
    String,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
    /// Days since 1970-01-01.
    Date,
    /// Microseconds.
    Duration,
    List(Box<DataType>),
    Record(Vec<(String, DataType)>),
    /// No sample has shown it yet. Fits everything.
    Unknown,
}

impl DataType {
    /// The names that a user may write in a cast or a schema, in canonical spelling.
    pub const NAMES: [&'static str; 7] = ["Boolean", "Int", "Float", "String", "Timestamp", "Date", "Duration"];

    pub fn is_numeric(&self) -> bool {
        matches!(self, DataType::Int | DataType::Float | DataType::Unknown)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, DataType::Unknown)
    }

    /// Whether a value of this type may stand where `wanted` is asked (an Int may stand for a Float).
    pub fn fits(&self, wanted: &DataType) -> bool {
        match (self, wanted) {
            (DataType::Unknown, _) | (_, DataType::Unknown) => true,
            (DataType::Int, DataType::Float) => true,
            (DataType::List(a), DataType::List(b)) => a.fits(b),
            (a, b) => a == b,
        }
    }

    /// The smallest type that holds both, as branches of a `case` need it.
    pub fn common(&self, other: &DataType) -> Option<DataType> {
        match (self, other) {
            (DataType::Unknown, b) => Some(b.clone()),
            (a, DataType::Unknown) => Some(a.clone()),
            (DataType::Int, DataType::Float) | (DataType::Float, DataType::Int) => Some(DataType::Float),
            (DataType::Date, DataType::Timestamp) | (DataType::Timestamp, DataType::Date) => Some(DataType::Timestamp),
            (DataType::List(a), DataType::List(b)) => a.common(b).map(|item| DataType::List(Box::new(item))),
            (a, b) if a == b => Some(a.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::Boolean => f.write_str("Boolean"),
            DataType::Int => f.write_str("Int"),
            DataType::Float => f.write_str("Float"),
            DataType::String => f.write_str("String"),
            DataType::Timestamp => f.write_str("Timestamp"),
            DataType::Date => f.write_str("Date"),
            DataType::Duration => f.write_str("Duration"),
            DataType::List(item) => write!(f, "List<{item}>"),
            DataType::Record(fields) => {
                f.write_str("Record{")?;
                for (index, (name, data_type)) in fields.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    // A JSON string, so that any name can be read back.
                    write!(f, "{}: {data_type}", serde_json::Value::String(name.clone()))?;
                }
                f.write_str("}")
            }
            DataType::Unknown => f.write_str("Unknown"),
        }
    }
}

/// Reads what `Display` writes; simple names in any case, and SQL's usual synonyms.
impl FromStr for DataType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rest = text.trim();
        let parsed = parse(&mut rest, DEEPEST)?;
        match rest.trim() {
            "" => Ok(parsed),
            left => Err(format!("unexpected `{left}` after the type")),
        }
    }
}

/// Types inside of types: no data is nested so deeply, and a text that says so is not followed.
const DEEPEST: usize = 64;

/// `depth`: so many types may still stand inside one another.
fn parse(rest: &mut &str, depth: usize) -> Result<DataType, String> {
    let Some(inside) = depth.checked_sub(1) else {
        return Err(format!("a type is nested more than {DEEPEST} deep"));
    };
    let trimmed = rest.trim_start();
    let end = trimmed.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(trimmed.len());
    let (word, after) = trimmed.split_at(end);
    *rest = after;
    match word.to_ascii_lowercase().as_str() {
        "boolean" | "bool" => Ok(DataType::Boolean),
        "int" | "integer" | "bigint" | "int64" | "long" | "smallint" => Ok(DataType::Int),
        "float" | "double" | "real" | "float64" | "numeric" | "decimal" => Ok(DataType::Float),
        "string" | "text" | "varchar" | "char" | "utf8" => Ok(DataType::String),
        "timestamp" | "timestamptz" | "datetime" => Ok(DataType::Timestamp),
        "date" => Ok(DataType::Date),
        "duration" | "interval" => Ok(DataType::Duration),
        "unknown" => Ok(DataType::Unknown),
        "list" => {
            expect(rest, '<')?;
            let item = parse(rest, inside)?;
            expect(rest, '>')?;
            Ok(DataType::List(Box::new(item)))
        }
        "record" => parse_record(rest, inside),
        _ => Err(format!("unknown type `{word}`; the types are {}", DataType::NAMES.join(", "))),
    }
}

fn parse_record(rest: &mut &str, depth: usize) -> Result<DataType, String> {
    expect(rest, '{')?;
    let mut fields = Vec::new();
    while !rest.trim_start().starts_with('}') {
        if !fields.is_empty() {
            expect(rest, ',')?;
        }
        let text = rest.trim_start();
        let mut names = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let name = names.next().and_then(Result::ok).ok_or("a record's field name must be a quoted text")?;
        *rest = &text[names.byte_offset()..];
        expect(rest, ':')?;
        fields.push((name, parse(rest, depth)?));
    }
    expect(rest, '}')?;
    Ok(DataType::Record(fields))
}

fn expect(rest: &mut &str, wanted: char) -> Result<(), String> {
    *rest = rest.trim_start().strip_prefix(wanted).ok_or_else(|| format!("expected `{wanted}` in the type"))?;
    Ok(())
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DataType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DataType".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Boolean, Int, Float, String, Timestamp, Date, Duration, Unknown, List<T> or Record{\"name\": T, …}"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_types_read_back() {
        let nested = DataType::List(Box::new(DataType::Record(vec![
            ("a \"b\"".into(), DataType::Int),
            ("c".into(), DataType::List(Box::new(DataType::Timestamp))),
        ])));
        assert_eq!(nested.to_string().parse::<DataType>(), Ok(nested));
        assert!("Strin".parse::<DataType>().is_err());
        assert!("List<Int".parse::<DataType>().is_err());
        let nested = |depth: usize| "List<".repeat(depth) + "Int" + &">".repeat(depth);
        assert!(nested(DEEPEST - 1).parse::<DataType>().is_ok());
        assert!(nested(DEEPEST).parse::<DataType>().unwrap_err().contains("deep"));
    }
}
