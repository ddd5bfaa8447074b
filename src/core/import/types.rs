//! Names of types and classes in other people's words. Imports data only.

use crate::data::{Classification, DataType};

/// The type behind a name that a database gives: `varchar(20)`, `numeric(10, 2)`, `timestamp with time zone`, `int[]`,
/// `ARRAY<STRING>`, `Nullable(Int64)`. `None`: not known.
pub fn type_of(written: &str) -> Option<DataType> {
    // No type is written so long; what is nested in it is not followed.
    if written.len() > 1000 {
        return None;
    }
    let lower = written.trim().to_lowercase();
    if let Some(item) = lower.strip_suffix("[]") {
        return Some(DataType::List(Box::new(type_of(item).unwrap_or(DataType::Unknown))));
    }
    let end = lower.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(lower.len());
    let (word, rest) = lower.split_at(end);
    let rest = rest.trim();
    let inner = rest.strip_prefix(['(', '<']).and_then(|rest| rest.strip_suffix([')', '>']));
    match (word, inner) {
        ("array" | "list", Some(item)) => {
            return Some(DataType::List(Box::new(type_of(item).unwrap_or(DataType::Unknown))));
        }
        ("nullable" | "lowcardinality", Some(item)) => return type_of(item),
        _ => {}
    }
    // A number with a precision and no decimals is whole.
    let decimals = inner.map(|sizes| sizes.split(',').nth(1).map_or("0", str::trim));
    Some(match word {
        "bool" | "boolean" => DataType::Boolean,
        "tinyint" if rest.starts_with("(1)") => DataType::Boolean,
        "bit" if inner.is_none_or(|size| size == "1") => DataType::Boolean,
        "decimal" | "numeric" | "number" | "dec" | "bignumeric" => match decimals {
            Some("0") if word != "number" || inner.is_some() => DataType::Int,
            _ => DataType::Float,
        },
        "float" | "float4" | "float8" | "float32" | "float64" | "double" | "real" | "money" | "smallmoney"
        | "binary_float" | "binary_double" => DataType::Float,
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8" | "int16"
        | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" | "unsigned" | "long" | "serial"
        | "bigserial" | "smallserial" | "byteint" | "year" => DataType::Int,
        "date" | "date32" => DataType::Date,
        "timestamp" | "timestamptz" | "timestampntz" | "timestamp_ntz" | "timestamp_ltz" | "timestamp_tz"
        | "datetime" | "datetime2" | "datetime64" | "smalldatetime" | "datetimeoffset" => DataType::Timestamp,
        "interval" | "duration" => DataType::Duration,
        "string" | "text" | "varchar" | "varchar2" | "nvarchar" | "nvarchar2" | "char" | "nchar" | "character"
        | "bpchar" | "citext" | "tinytext" | "mediumtext" | "longtext" | "clob" | "nclob" | "ntext" | "uuid"
        | "uniqueidentifier" | "enum" | "set" | "inet" | "cidr" | "macaddr" | "name" | "xml" | "time" | "timetz"
        | "bytea" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "binary" | "varbinary" | "bytes"
        | "fixedstring" | "rowid" | "bit" | "national" => DataType::String,
        "json" | "jsonb" | "variant" | "object" | "struct" | "map" | "record" | "super" => DataType::Unknown,
        _ => return None,
    })
}

/// How closed data is that somebody calls so. What is not known is nothing said.
pub fn classification_of(written: &str) -> Option<Classification> {
    let written = written.trim().to_lowercase().replace(['-', ' '], "_");
    let says = |words: &[&str]| words.iter().any(|word| written.contains(word));
    Some(match written.as_str() {
        "public" | "open" => Classification::Public,
        "internal" | "company" | "non_public" | "nonpublic" => Classification::Internal,
        _ if says(&["secret", "restricted", "highly_", "strictly_"]) => Classification::Secret,
        _ if says(&["personal", "sensitive", "confidential"]) => Classification::Personal,
        "pii" | "phi" | "private" | "gdpr" => Classification::Personal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_databases_are_known() {
        let list = |item| Some(DataType::List(Box::new(item)));
        for (written, wanted) in [
            ("VARCHAR(20)", Some(DataType::String)),
            ("numeric(10, 2)", Some(DataType::Float)),
            ("NUMERIC(12)", Some(DataType::Int)),
            ("number", Some(DataType::Float)),
            ("TIMESTAMP WITH TIME ZONE", Some(DataType::Timestamp)),
            ("timestamp(3)", Some(DataType::Timestamp)),
            ("tinyint(1)", Some(DataType::Boolean)),
            ("BIGINT UNSIGNED", Some(DataType::Int)),
            ("double precision", Some(DataType::Float)),
            ("int[]", list(DataType::Int)),
            ("ARRAY<STRING>", list(DataType::String)),
            ("Nullable(Int64)", Some(DataType::Int)),
            ("jsonb", Some(DataType::Unknown)),
            ("geometry(point)", None),
            ("", None),
        ] {
            assert_eq!(type_of(written), wanted, "{written}");
        }
    }
}
