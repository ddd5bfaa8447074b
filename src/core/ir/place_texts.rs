//! Values in what is asked of places: each is put in as what it is, encoded or quoted, never spliced in raw.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::parameters::interpolate_as;
use crate::data::Value;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// What stands for itself in every part of an address (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as a part of an address.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// The bytes of a part of an address, in which characters may be written as `%5F`.
pub fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// A value inside of a text of JSON.
pub fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// A text with its parameters, each made fit by `fit`.
pub fn filled_text(
    text: &str,
    parameters: &BTreeMap<String, Value>,
    fit: &dyn Fn(&str) -> String,
) -> Result<String, Diagnostic> {
    interpolate_as(text, parameters, &|value| fit(&value))
}

/// A value as a literal of SQL, in standard quotes.
pub fn sql_literal(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Boolean(value) => value.to_string().to_uppercase(),
        Value::Int(value) => format!("({value})"),
        Value::Float(value) if value.is_finite() => format!("({value:?})"),
        other => {
            let text = match other.to_json() {
                serde_json::Value::String(text) => text,
                json => json.to_string(),
            };
            format!("'{}'", text.replace('\'', "''").replace('\0', ""))
        }
    }
}

/// A query with the values of its parameters as literals. One that stands in quotes or in a remark is a fault: quoted
/// twice it would end the text that it stands in.
pub fn sql_with_values(query: &str, parameters: &BTreeMap<String, Value>) -> Result<String, Diagnostic> {
    filled_sql(query, &|name| match parameters.get(name) {
        Some(value) => Ok(sql_literal(value)),
        None => {
            let near = did_you_mean(name, parameters.keys().map(String::as_str));
            Err(Diagnostic::error("PW0625", format!("unknown parameter `{name}`{near}"))
                .help("add it to the project's parameters"))
        }
    })
}

/// The names of the parameters of a query.
pub(super) fn names_in_sql(query: &str) -> Result<Vec<String>, Diagnostic> {
    let found = std::cell::RefCell::new(Vec::new());
    filled_sql(query, &|name| {
        found.borrow_mut().push(name.to_owned());
        Ok("0".to_owned())
    })?;
    Ok(found.into_inner())
}

fn filled_sql(query: &str, value: &dyn Fn(&str) -> Result<String, Diagnostic>) -> Result<String, Diagnostic> {
    let (mut out, mut rest) = (String::with_capacity(query.len()), query);
    while let Some(first) = rest.chars().next() {
        let quoted = quoted_length(rest);
        if quoted > 0 {
            let (text, tail) = rest.split_at(quoted);
            if text.contains("${") {
                let shown = crate::quote::visible_start(text, 40);
                let message = format!("a parameter stands in quotes or in a remark: {shown}");
                return Err(Diagnostic::error("PW0663", message)
                    .help("write `${name}` without quotes: its value is quoted as its type needs it"));
            }
            out.push_str(text);
            rest = tail;
        } else if let Some(body) = rest.strip_prefix("${") {
            let Some((name, tail)) = body.split_once('}') else {
                return Err(
                    Diagnostic::error("PW0623", "the query has a `${` that is not closed").help("close it with `}`")
                );
            };
            out.push_str(&value(name.trim())?);
            rest = tail;
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(out)
}

/// Bytes of a quoted text or a remark with which SQL begins; 0: it begins with none.
fn quoted_length(sql: &str) -> usize {
    let up_to = |end: &str, from: usize| sql[from..].find(end).map_or(sql.len(), |at| from + at + end.len());
    match sql.as_bytes() {
        [b'-', b'-', ..] => up_to("\n", 2),
        [b'/', b'*', ..] => up_to("*/", 2),
        // A doubled quote ends one text and begins the next one.
        [b'\'', ..] => up_to("'", 1),
        [b'"', ..] => up_to("\"", 1),
        [b'`', ..] => up_to("`", 1),
        [b'$', ..] => match sql[1..].find('$') {
            Some(at) if sql[1..1 + at].chars().all(|c| c.is_alphanumeric() || c == '_') => {
                up_to(&sql[..at + 2], at + 2)
            }
            _ => 0,
        },
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_as_what_they_are() {
        let values = BTreeMap::from([
            ("who".to_owned(), Value::text("o'hara' or 1=1 --")),
            ("n".to_owned(), Value::Int(-3)),
            ("none".to_owned(), Value::Null),
        ]);
        let filled = |query: &str| sql_with_values(query, &values);
        assert_eq!(
            filled("select * from t where a = ${who} and b > ${n} and c is ${none}").unwrap(),
            "select * from t where a = 'o''hara'' or 1=1 --' and b > (-3) and c is NULL"
        );
        assert_eq!(filled("select 'it''s $1', \"a$b\", $$x$$ -- '").unwrap(), "select 'it''s $1', \"a$b\", $$x$$ -- '");
        for wrong in
            ["select '${who}'", "select \"${who}\"", "-- ${who}", "/* ${who} */ 1", "$$ ${who} $$", "$x$${who}$x$"]
        {
            assert_eq!(filled(wrong).unwrap_err().code, "PW0663", "{wrong}");
        }
        assert_eq!(filled("${whom}").unwrap_err().code, "PW0625");
        assert_eq!(
            filled_text("/u/${who}?n=${n}", &values, &encoded).unwrap(),
            "/u/o%27hara%27%20or%201%3D1%20--?n=-3"
        );
    }
}
