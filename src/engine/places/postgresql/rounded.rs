//! What types of PostgreSQL make of values that they do not hold as they are, and take all the same. Knows no server.

use pipewright_core::data::{DataType, Field};
use pipewright_core::quote::{sql_identifier, sql_text};

/// For a type that rounds or cuts what it takes, the one that does not.
fn wider(shown: &str) -> Option<&'static str> {
    const KINDS: [(&str, &str); 11] = [
        // A number below none comes round from above.
        ("oid", "bigint"),
        ("numeric(", "numeric"),
        ("money", "numeric"),
        ("real", "double precision"),
        ("timestamp(", "timestamptz"),
        ("interval(", "interval"),
        // `interval day`, `interval day to second(3)`.
        ("interval ", "interval"),
        ("name", "text"),
        ("\"char\"", "text"),
        ("character(", "text"),
        ("character varying(", "text"),
    ];
    KINDS.iter().find(|(start, _)| shown.starts_with(start)).map(|(_, wide)| *wide)
}

/// The rows whose value is not what it was, where a column of a type may make another one of it. `pw_lines`: the rows as
/// JSON, beside what `typed` has of them.
pub(super) fn is_rounded(field: &Field, shown: &str) -> Option<String> {
    let (column, name) = (format!("typed.{}", sql_identifier(&field.name)), sql_text(&field.name));
    match (&field.data_type, shown.strip_suffix("[]")) {
        (DataType::List(item), Some(shown)) if !matches!(**item, DataType::List(_) | DataType::Record(_)) => {
            let wide = wider(shown)?;
            let items =
                format!("json_array_elements_text(pw_lines.line -> {name}) WITH ORDINALITY AS pw_item(item, place)");
            Some(format!(
                "{column} IS NOT NULL AND {column}::{wide}[] IS DISTINCT FROM \
                 ARRAY(SELECT item::{wide} FROM {items} ORDER BY place)"
            ))
        }
        (_, Some(_)) => None,
        (_, None) => {
            let wide = wider(shown)?;
            Some(format!("{column}::{wide} IS DISTINCT FROM (pw_lines.line ->> {name})::{wide}"))
        }
    }
}

/// The rows in which whole numbers, or those in a list, may have more digits than their column has.
pub(super) fn is_inexact(name: &str, shown: &str) -> Option<String> {
    let (item, is_list) = shown.strip_suffix("[]").map_or((shown, false), |item| (item, true));
    let mut exact = [("double precision", 1_u64 << 53), ("real", 1 << 24)].into_iter();
    let (_, most) = exact.find(|(known, _)| *known == item)?;
    let column = sql_identifier(name);
    Some(match is_list {
        true => format!("EXISTS (SELECT 1 FROM unnest({column}) AS pw_item(item) WHERE abs(item) >= {most})"),
        false => format!("abs({column}) >= {most}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_that_round_are_known_also_in_lists() {
        let of = |data_type: DataType, shown: &str| is_rounded(&Field::new("a", data_type), shown);
        assert_eq!((wider("numeric(10,2)"), wider("numeric"), wider("interval")), (Some("numeric"), None, None));
        assert!(of(DataType::Float, "real").is_some() && of(DataType::Float, "double precision").is_none());
        let list = || DataType::List(Box::new(DataType::Float));
        assert!(of(list(), "real[]").is_some_and(|sql| sql.contains("double precision[]")));
        assert!(of(list(), "numeric[]").is_none() && of(DataType::String, "real[]").is_none());
        assert!(is_inexact("a", "real[]").is_some_and(|sql| sql.contains("unnest")));
        assert_eq!(is_inexact("a", "numeric"), None);
    }
}
