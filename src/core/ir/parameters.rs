//! Parameters of a run: their values from text, and `${…}` in paths. Knows no environment: the caller looks names up.

use std::collections::BTreeMap;

use super::Parameter;
use super::names::{environment_reference, parameter_variable};
use crate::data::{DataType, Value};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Reads the text of a parameter's value as its type.
pub fn parse_parameter(parameter: &Parameter, text: &str) -> Result<Value, Diagnostic> {
    let wrong = || {
        Diagnostic::error(
            "PW0620",
            match parameter.is_secret() {
                true => {
                    format!("the secret `{}` is of type {}, and its value is not", parameter.name, parameter.data_type)
                }
                false => {
                    format!(
                        "the parameter `{}` is of type {}, and `{text}` is not",
                        parameter.name, parameter.data_type
                    )
                }
            },
        )
        .help(match parameter.data_type {
            DataType::Timestamp => "write it as 2026-03-02T14:00:00Z",
            DataType::Date => "write it as 2026-03-02",
            DataType::Duration => "write it as PT15M or PT1.5S",
            DataType::Boolean => "write true or false",
            DataType::Int => "write a whole number, such as 500",
            DataType::Float => "write a number, such as 0.5",
            _ => "give a value of that type",
        })
    };
    let json = match parameter.data_type {
        DataType::Boolean | DataType::Int | DataType::Float => {
            serde_json::from_str(text.trim()).map_err(|_| wrong())?
        }
        _ => serde_json::Value::String(text.to_owned()),
    };
    Value::from_json(&json, &parameter.data_type).ok_or_else(wrong)
}

/// Values of all parameters: what is given, else `look_up` by name (environment, env-file), else the default. A default
/// that stands for a variable of the environment is looked up as `env:NAME`. Everything that is missing or of a wrong
/// type is listed.
pub fn resolve_parameters(
    parameters: &[Parameter],
    given: &BTreeMap<String, Value>,
    look_up: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let (mut values, mut faults) = (BTreeMap::new(), Vec::new());
    for parameter in parameters {
        let value = match (given.get(&parameter.name), look_up(&parameter.name)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(text)) => parse_parameter(parameter, &text),
            (None, None) => match &parameter.default {
                Some(default) if environment_reference(default).is_some() => from_environment(parameter, look_up),
                Some(serde_json::Value::String(text)) if !matches!(parameter.data_type, DataType::String) => {
                    parse_parameter(parameter, text)
                }
                Some(json) => Value::from_json(json, &parameter.data_type).ok_or_else(|| {
                    Diagnostic::error(
                        "PW0621",
                        format!(
                            "the default of the parameter `{}` is no {}: {json}",
                            parameter.name, parameter.data_type
                        ),
                    )
                    .help("correct the default in the project")
                }),
                None => Err(Diagnostic::error("PW0622", format!("the parameter `{}` has no value", parameter.name))
                    .help(format!(
                        "give it with --param {}=…, or as {} in the environment{}",
                        parameter.name,
                        parameter_variable(&parameter.name),
                        doc_of(parameter)
                    ))),
            },
        };
        match value {
            Ok(Value::String(text)) if text.trim().is_empty() && parameter.is_secret() => {
                let message = format!("the secret `{}` is empty, so that it protects nothing", parameter.name);
                let help = format!("give it with {}, or in a file for --env-file", parameter_variable(&parameter.name));
                faults.push(Diagnostic::error("PW0627", message).help(help));
            }
            Ok(value) => {
                values.insert(parameter.name.clone(), value);
            }
            Err(diagnostic) => faults.push(diagnostic),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

fn from_environment(parameter: &Parameter, look_up: &dyn Fn(&str) -> Option<String>) -> Result<Value, Diagnostic> {
    let name = parameter.default.as_ref().and_then(environment_reference).unwrap_or_default();
    match look_up(&format!("env:{name}")) {
        Some(text) => parse_parameter(parameter, &text),
        None => Err(Diagnostic::error(
            "PW0626",
            format!(
                "the parameter `{}` takes its value from the environment, where `{name}` is not set, or not to be read by it",
                parameter.name
            ),
        )
        .help(format!(
            "set {} or put it into a file for --env-file; or set {name}, which a project that is not trusted reads with --env {name} only",
            parameter_variable(&parameter.name)
        ))),
    }
}

fn doc_of(parameter: &Parameter) -> String {
    if parameter.doc.is_empty() { String::new() } else { format!(" ({})", parameter.doc) }
}

/// The values of those parameters that have a default.
pub fn defaults(parameters: &[Parameter]) -> BTreeMap<String, Value> {
    let own = |parameter| resolve_parameters(std::slice::from_ref(parameter), &BTreeMap::new(), &|_| None).ok();
    parameters.iter().filter_map(own).flatten().collect()
}

/// A piece of a text such as a path, in which parameters may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPart<'a> {
    Text(&'a str),
    Parameter { name: &'a str, otherwise: Otherwise<'a> },
}

/// What stands in place of a parameter that has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise<'a> {
    /// `${name}`: nothing; a name that is not known is a fault.
    Nothing,
    /// `${name:-default}`.
    Default(&'a str),
    /// `${name:?message}`: a fault.
    Fault(&'a str),
}

/// The pieces of a text: `${name}`, `${name:-default}`, `${name:?message}`; `$$` is a `$`.
pub fn text_parts(text: &str) -> Result<Vec<TextPart<'_>>, Diagnostic> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find('$') {
        parts.push(TextPart::Text(&rest[..at]));
        let after = &rest[at + 1..];
        let Some(body) = after.strip_prefix('{') else {
            parts.push(TextPart::Text("$"));
            rest = after.strip_prefix('$').unwrap_or(after);
            continue;
        };
        let Some((inside, tail)) = body.split_once('}') else {
            return Err(Diagnostic::error("PW0623", format!("`{text}` has a `${{` that is not closed"))
                .help("close it with `}`; `$$` stands for a dollar sign"));
        };
        let (name, otherwise) = match inside.split_once(':') {
            Some((name, otherwise)) => match otherwise.split_at_checked(1) {
                Some(("-", default)) => (name, Otherwise::Default(default)),
                Some(("?", message)) => (name, Otherwise::Fault(message)),
                _ => (name, Otherwise::Nothing),
            },
            None => (inside, Otherwise::Nothing),
        };
        parts.push(TextPart::Parameter { name, otherwise });
        rest = tail;
    }
    parts.push(TextPart::Text(rest));
    parts.retain(|part| *part != TextPart::Text(""));
    Ok(parts)
}

/// Puts values into a text such as a path.
pub fn interpolate(text: &str, parameters: &BTreeMap<String, Value>) -> Result<String, Diagnostic> {
    interpolate_as(text, parameters, &|value| value)
}

/// The same, each value made fit for where it stands.
pub(super) fn interpolate_as(
    text: &str,
    parameters: &BTreeMap<String, Value>,
    fit: &dyn Fn(String) -> String,
) -> Result<String, Diagnostic> {
    let one = |part: TextPart| match part {
        TextPart::Text(text) => Ok(text.to_owned()),
        TextPart::Parameter { name, otherwise } => filled(name, otherwise, parameters).map(fit),
    };
    text_parts(text)?.into_iter().map(one).collect()
}

fn filled(name: &str, otherwise: Otherwise, parameters: &BTreeMap<String, Value>) -> Result<String, Diagnostic> {
    let value = parameters.get(name).filter(|value| !value.is_null() && **value != Value::text(""));
    if let Some(value) = value {
        return Ok(match value.to_json() {
            serde_json::Value::String(text) => text,
            json => json.to_string(),
        });
    }
    match otherwise {
        Otherwise::Default(default) => Ok(default.to_owned()),
        Otherwise::Fault(message) => {
            Err(Diagnostic::error("PW0624", format!("the parameter `{name}` has no value: {message}"))
                .help(format!("give it with --param {name}=…, or as {} in the environment", parameter_variable(name))))
        }
        Otherwise::Nothing if parameters.contains_key(name) => Ok(String::new()),
        Otherwise::Nothing => {
            let near = did_you_mean(name, parameters.keys().map(String::as_str));
            Err(Diagnostic::error("PW0625", format!("unknown parameter `{name}`{near}"))
                .help("add it to the project's parameters"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, data_type: DataType, default: Option<serde_json::Value>) -> Parameter {
        Parameter { name: name.into(), data_type, default, doc: String::new() }
    }

    #[test]
    fn names_defaults_and_messages() {
        let values = BTreeMap::from([("data".to_owned(), Value::text("d")), ("n".to_owned(), Value::Int(3))]);
        assert_eq!(interpolate("${data}/x-${n}-${none:-y}-$$5.log", &values).unwrap(), "d/x-3-y-$5.log");
        assert!(interpolate("${dat}", &values).unwrap_err().message.contains("did you mean `data`"));
        assert!(interpolate("${none:?say where}", &values).unwrap_err().message.contains("say where"));
        assert!(interpolate("${data", &values).is_err());
    }

    #[test]
    fn a_time_is_read_alike_wherever_a_text_becomes_one() {
        use crate::data::Schema;
        use crate::expr::{eval, parse};
        use crate::formats::cell::Cell;
        use crate::formats::{Chunk, Columns, FormatSpec, RowCollector, Sample, Unit, format};

        let texts = [
            "2026/03/02 10:00",
            "20260302T100000Z",
            "2016-12-31T23:59:60Z",
            "0000-05-01T00:00:00Z",
            "0000-05-01",
            " 2026-03-02 10:00 ",
            "\t2026-03-02T10:00:00Z",
            "2026-03-02T10:00:00,5 +01:00",
            "2026-03-02 10:00 CEST",
            "2026-03-02",
            "2026/03/02",
            "20260302",
            "9999-12-31T23:59:59-00:01",
            "10000-01-01T00:00:00Z",
            "soon",
            "",
            "2026-03-02T10:00:61",
            "2026-03-02t10:00:00z",
            "2026-03-02T10:00:00+14",
            "2026-03-02T24:00:00",
            "-2026-03-02",
            "2026-3-2",
            "2026-03-02T10",
            "2026-03-02T10:00:00.",
            "2026-03-02T10:00:00.1234567890123Z",
        ];
        for data_type in [DataType::Timestamp, DataType::Date] {
            let schema = Schema::of([("a", data_type.clone())]);
            for text in texts {
                let name = data_type.to_string().to_lowercase();
                let sql = |form: String| parse(&form).map_or(Value::Null, |expr| eval(&expr, &|_| Value::Null));
                let wanted = sql(format!("try_cast('{text}' as {name})"));
                let mut cells = RowCollector::new(&schema);
                Cell::of(&data_type).read(text, 0, &schema.fields[0], &mut cells);
                cells.end_row(Unit::default());
                let spec = FormatSpec::new("json_lines");
                let parser = format(&spec.name).unwrap().prepare(&spec, Some(&schema), &Sample::default()).unwrap();
                let line = serde_json::json!({ "a": text }).to_string();
                let chunk = Chunk::whole(&line);
                parser.parse(&chunk, &mut cells);
                let json = Value::from_json(&text.into(), &data_type).unwrap_or(Value::Null);
                let given = parse_parameter(&parameter("t", data_type.clone(), None), text).unwrap_or(Value::Null);
                let found = [
                    cells.rows[0].1[0].clone(),
                    cells.rows[1].1[0].clone(),
                    json,
                    given,
                    sql(format!("{name} '{text}'")),
                ];
                assert_eq!(found, [const { Value::Null }; 5].map(|_| wanted.clone()), "{data_type} {text:?}");
            }
        }
    }

    #[test]
    fn a_default_may_stand_for_the_environment() {
        let secret = [parameter("key", DataType::String, Some("${env:HASH_KEY}".into()))];
        let of = |look_up: &dyn Fn(&str) -> Option<String>| resolve_parameters(&secret, &BTreeMap::new(), look_up);
        let found = of(&|name| (name == "env:HASH_KEY").then(|| "s3cret".to_owned())).unwrap();
        assert_eq!(found["key"], Value::text("s3cret"));
        let fault = &of(&|_| None).unwrap_err()[0];
        assert!(fault.message.contains("`HASH_KEY` is not set"), "{fault}");
    }

    #[test]
    fn given_before_environment_before_default() {
        let parameters = [
            parameter("a", DataType::Int, Some(1.into())),
            parameter("b", DataType::Int, Some(1.into())),
            parameter("c", DataType::Int, Some(1.into())),
        ];
        let look_up = |name: &str| (name != "c").then(|| "2".to_owned());
        let values =
            resolve_parameters(&parameters, &BTreeMap::from([("a".to_owned(), Value::Int(3))]), &look_up).unwrap();
        assert_eq!(values.into_values().collect::<Vec<_>>(), [Value::Int(3), Value::Int(2), Value::Int(1)]);
        let faults = resolve_parameters(&[parameter("t", DataType::Timestamp, None)], &BTreeMap::new(), &|_| {
            Some("noon".into())
        })
        .unwrap_err();
        assert!(faults[0].help.as_ref().unwrap().contains("2026-03-02T14:00:00Z"));
    }
}
