//! Scalar functions, casts and patterns → VRL. One table says how a function is printed; a function that is not there is
//! refused by name, so that nothing is computed otherwise.

use std::fmt::Write as _;

use super::values::{Printed, Values, Vrl, is_beyond, refuse};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{
    Call, Expr, ExprKind, GroupPresence, REDACTED, ReplacementPart, VARYING, regex_pattern, regex_replacement,
};
use crate::quote::vrl_text;

/// A call, its arguments printed.
pub struct Given<'a> {
    pub values: &'a Values,
    pub call: &'a Call,
    pub args: Vec<Vrl>,
    pub types: Vec<DataType>,
    /// Prints whether two arguments are equal.
    pub same: &'a dyn Fn(&Expr, &Expr) -> Printed,
}

type Row = (&'static str, fn(&Given) -> Printed);

/// Every scalar function that is carried.
const SCALARS: &[Row] = &[
    // Text.
    // Letters that become two, or another one at the end of a word, are replaced before.
    ("lower", |g| {
        of_texts(g, |a| {
            format!("downcase(replace(replace({}, r'\\x{{130}}', \"i\"), r'\\x{{3a3}}', \"\\u{{3c3}}\"))", a[0])
        })
    }),
    ("length", |g| of_texts(g, |a| format!("strlen({})", a[0]))),
    ("contains", |g| of_texts(g, |a| format!("contains({}, {})", a[0], a[1]))),
    ("starts_with", |g| of_texts(g, |a| format!("starts_with({}, {})", a[0], a[1]))),
    ("ends_with", |g| of_texts(g, |a| format!("ends_with({}, {})", a[0], a[1]))),
    ("trim", |g| trimmed(g, true, true)),
    ("trim_start", |g| trimmed(g, true, false)),
    ("trim_end", |g| trimmed(g, false, true)),
    ("normalize_space", |g| {
        of_texts(g, |a| format!("replace(replace({}, r'[\\t\\n\\x0c\\r ]+', \" \"), r'^ | $', \"\")", a[0]))
    }),
    ("replace", replace),
    ("concat", concat),
    ("split_part", split_part),
    ("left", left),
    // Conditionals.
    ("coalesce", coalesce),
    ("if", |g| Ok(g.values.either(&g.args[0], g.args[1].clone(), g.args[2].clone()))),
    ("nullif", nullif),
    // Numbers.
    ("abs", abs),
    ("floor", |g| whole(g, "floor")),
    ("ceil", |g| whole(g, "ceil")),
    ("round", |g| whole(g, "round")),
    // Patterns.
    ("regexp_matches", |g| {
        let pattern = pattern(&g.call.args[1])?;
        over_text(g, |text| format!("match({text}, {pattern})"))
    }),
    ("regexp_extract", regexp_extract),
    ("regexp_replace", regexp_replace),
    // Privacy.
    ("hash", |g| of_texts(g, |a| format!("sha2({}, variant: \"SHA-256\")", a[0]))),
    ("hmac", |g| of_texts(g, |a| format!("encode_base16(hmac({}, {}, algorithm: \"SHA-256\"))", a[0], a[1]))),
    ("mask", mask),
    ("mask_email", mask_email),
    ("redact", |g| replaced(g, &REDACTED)),
    ("message_template", |g| replaced(g, &VARYING)),
    // Time.
    ("date_trunc", date_trunc),
];

pub fn scalar(given: &Given) -> Printed {
    match SCALARS.iter().find(|(name, _)| *name == given.call.function) {
        Some((_, print)) => print(given),
        None => Err(refuse(format_args!("`{}`", given.call.function))),
    }
}

/// A function of texts, null where one of them is.
fn of_texts(given: &Given, body: impl Fn(&[String]) -> String) -> Printed {
    let texts: Vec<(Vrl, DataType)> = given.args.iter().map(|arg| (arg.clone(), DataType::String)).collect();
    Ok(given.values.with(&texts, |names| body(names)))
}

/// Of the first argument, a text.
fn over_text(given: &Given, body: impl Fn(&str) -> String) -> Printed {
    Ok(given.values.with(&[(given.args[0].clone(), DataType::String)], |names| body(&names[0])))
}

/// The same, where there may be no result.
fn perhaps_text(given: &Given, body: impl Fn(&str) -> String) -> Printed {
    Ok(given.values.perhaps(&[(given.args[0].clone(), DataType::String)], |names| body(&names[0])))
}

fn known_text(call: &Call, index: usize) -> Result<&str, Diagnostic> {
    match call.args.get(index).map(|arg| &arg.kind) {
        Some(ExprKind::Literal(Value::String(text))) => Ok(text),
        _ => Err(refuse(format_args!("`{}` with a computed text", call.function))),
    }
}

/// A whole number that is written in the design, at most so large.
fn known_int(call: &Call, index: usize, otherwise: i64) -> Result<i64, Diagnostic> {
    match call.args.get(index).map(|arg| &arg.kind) {
        None => Ok(otherwise),
        Some(ExprKind::Literal(Value::Int(int))) if int.abs() <= 1000 => Ok(*int),
        Some(_) => Err(refuse(format_args!("`{}` with a computed or large number", call.function))),
    }
}

/// A pattern for VRL, whose search is Pipewright's own: no quote, and no sign of Vector's configuration, stands in it as
/// itself.
fn regex_text(text: &str) -> Result<String, Diagnostic> {
    let mut printed = String::from("r'");
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let (c, is_escaped) = match c {
            '\\' => (chars.next().unwrap_or('\\'), true),
            c => (c, false),
        };
        match c {
            '$' if !is_escaped => return Err(refuse("a pattern that asks for ends of lines")),
            '\'' | '$' | '\0'..='\u{1f}' | '\u{7f}'.. => {
                let _ = write!(printed, "\\x{{{:x}}}", u32::from(c));
            }
            c if is_escaped => printed.extend(['\\', c]),
            c => printed.push(c),
        }
    }
    printed.push('\'');
    Ok(printed)
}

/// A constant pattern, from its parsed form.
fn pattern(expr: &Expr) -> Result<String, Diagnostic> {
    let ExprKind::Literal(Value::String(text)) = &expr.kind else { return Err(refuse("computed patterns")) };
    regex_text(&regex_pattern(text)?.re2_text().map_err(refuse)?)
}

fn fixed_pattern(text: &str) -> Result<String, Diagnostic> {
    pattern(&Expr::literal(Value::text(text)))
}

pub fn like(values: &Values, text: Vrl, pattern: &Expr, insensitive: bool) -> Printed {
    let ExprKind::Literal(Value::String(known)) = &pattern.kind else {
        return Err(refuse("computed patterns of LIKE"));
    };
    if insensitive {
        return Err(refuse("`ilike`"));
    }
    let mut regex = String::from("(?s)\\A");
    for c in known.chars() {
        match c {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    let regex = regex_text(&(regex + "\\z"))?;
    Ok(values.with(&[(text, DataType::String)], |names| format!("match({}, {regex})", names[0])))
}

/// What `trim` takes away where nothing is said.
const BLANKS: &str = " \t\n\r\u{b}\u{c}";

fn trimmed(given: &Given, start: bool, end: bool) -> Printed {
    let characters = if given.args.len() > 1 { known_text(given.call, 1)? } else { BLANKS };
    if characters.is_empty() {
        return Ok(given.args[0].clone());
    }
    let class: String = characters.chars().fold(String::new(), |mut class, c| {
        let _ = write!(class, "\\x{{{:x}}}", u32::from(c));
        class
    });
    let ends: Vec<String> = [(start, format!("\\A[{class}]+")), (end, format!("[{class}]+\\z"))]
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, text)| text)
        .collect();
    over_text(given, |text| format!("replace({text}, r'{}', \"\")", ends.join("|")))
}

/// A text that may have grown: null where it is over a million characters, as in `replace`.
fn grown(made: &str, of: &str, name: &str) -> String {
    format!(
        "{name} = {made}; if strlen({name}) > 1000000 && strlen({name}) > strlen({of}) {{ null }} else {{ {name} }}"
    )
}

fn replace(given: &Given) -> Printed {
    let (from, to) = (known_text(given.call, 1)?, known_text(given.call, 2)?);
    if from.is_empty() {
        return Ok(given.args[0].clone());
    }
    let name = given.values.variable();
    perhaps_text(given, |text| grown(&format!("replace({text}, {}, {})", vrl_text(from), vrl_text(to)), text, &name))
}

fn concat(given: &Given) -> Printed {
    let parts = given.args.iter().zip(&given.types).map(|(arg, data_type)| {
        let value = text(given.values, arg.clone(), data_type)?;
        let name = given.values.variable();
        Ok(match value.is_sure {
            true => value.text,
            false => format!("{{ {name} = {}; if {name} == null {{ \"\" }} else {{ string!({name}) }} }}", value.text),
        })
    });
    let parts = parts.collect::<Result<Vec<_>, Diagnostic>>()?;
    Ok(Vrl::sure(format!("({})", parts.join(" + "))))
}

fn split_part(given: &Given) -> Printed {
    let (separator, index) = (known_text(given.call, 1)?, known_int(given.call, 2, 0)?);
    if separator.is_empty() || index == 0 {
        return Err(refuse("`split_part` without a separator, or of the piece 0"));
    }
    let index = if index > 0 { index - 1 } else { index };
    perhaps_text(given, |text| format!("get!(split({text}, {}), [{index}])", vrl_text(separator)))
}

fn left(given: &Given) -> Printed {
    let count = known_int(given.call, 1, 0)?;
    if count < 0 {
        return Err(refuse("`left` that counts from the end"));
    }
    over_text(given, |text| format!("replace({text}, r'(?s)\\A(.{{0,{count}}}).*\\z', \"\\u{{24}}1\")"))
}

fn coalesce(given: &Given) -> Printed {
    let mut values = given.args.iter().rev();
    let mut result = values.next().cloned().unwrap_or_else(|| Vrl::open("null"));
    for value in values {
        if value.is_sure {
            result = value.clone();
            continue;
        }
        let name = given.values.variable();
        // That it may be null is seen by the compiler, whatever stands behind.
        let text = format!("{{ {name} = {}; if {name} == null {{ {} }} else {{ {name} }} }}", value.text, result.text);
        result = Vrl::open(text);
    }
    Ok(result)
}

fn nullif(given: &Given) -> Printed {
    let same = (given.same)(&given.call.args[0], &given.call.args[1])?;
    Ok(given.values.either(&same, Vrl::open("null"), given.args[0].clone()))
}

fn abs(given: &Given) -> Printed {
    let data_type = given.types[0].clone();
    if !matches!(data_type, DataType::Int | DataType::Float) {
        return Err(refuse(format_args!("`abs` of a {data_type}")));
    }
    let name = given.values.variable();
    let value = [(given.args[0].clone(), data_type)];
    // The least Int has no like; it stays below 0.
    Ok(given.values.perhaps(&value, |names| {
        format!(
            "{name} = if {0} < 0 {{ {0} * -1 }} else {{ {0} }}; if {name} < 0 {{ null }} else {{ {name} }}",
            names[0]
        )
    }))
}

/// To a whole number; a zero has no sign.
fn whole(given: &Given, function: &str) -> Printed {
    if given.args.len() > 1 {
        return Err(refuse("`round` to digits"));
    }
    match &given.types[0] {
        DataType::Int => Ok(given.args[0].clone()),
        DataType::Float => {
            let value = [(given.args[0].clone(), DataType::Float)];
            Ok(given.values.with(&value, |names| format!("{function}({}) + 0.0", names[0])))
        }
        other => Err(refuse(format_args!("`{function}` of a {other}"))),
    }
}

fn regexp_extract(given: &Given) -> Printed {
    let group = known_int(given.call, 2, 0)?;
    // Groups that take no part are not counted there.
    let known = regex_pattern(known_text(given.call, 1)?)?;
    if (1..=group).any(|index| known.group(index as u32) != GroupPresence::Always) {
        return Err(refuse("`regexp_extract` of a group behind one that may be missing"));
    }
    let pattern = pattern(&given.call.args[1])?;
    let (found, name) = (given.values.variable(), given.values.variable());
    perhaps_text(given, |text| {
        format!(
            "{found} = parse_regex({text}, {pattern}, numeric_groups: true) ?? null; \
             if {found} == null {{ null }} else {{ {name} = get!({found}, [\"{group}\"]); {name} }}"
        )
    })
}

fn regexp_replace(given: &Given) -> Printed {
    let pattern = pattern(&given.call.args[1])?;
    let parts = regex_replacement(known_text(given.call, 2)?).map_err(refuse)?;
    let mut with = String::new();
    for part in &parts {
        match part {
            ReplacementPart::Text(text) => with.push_str(&text.replace('$', "$$")),
            ReplacementPart::Group(group) => {
                let _ = write!(with, "${{{group}}}");
            }
        }
    }
    let name = given.values.variable();
    perhaps_text(given, |text| grown(&format!("replace({text}, {pattern}, {})", vrl_text(&with)), text, &name))
}

/// All matches of several patterns, one after the other.
fn replaced(given: &Given, patterns: &[(&str, &str)]) -> Printed {
    let patterns = patterns.iter().map(|(text, word)| Ok((fixed_pattern(text)?, *word)));
    let patterns = patterns.collect::<Result<Vec<_>, Diagnostic>>()?;
    over_text(given, |text| {
        patterns
            .iter()
            .fold(text.to_owned(), |text, (pattern, word)| format!("replace({text}, {pattern}, {})", vrl_text(word)))
    })
}

fn mask(given: &Given) -> Printed {
    let keep = known_int(given.call, 1, 0)?.max(0);
    let parts = given.values.variable();
    over_text(given, |text| match keep {
        0 => format!("replace({text}, r'(?s).', \"*\")"),
        _ => format!(
            "{parts} = parse_regex!({text}, r'(?s)\\A(?P<hidden>.*?)(?P<kept>.{{0,{keep}}})\\z'); \
             replace(string!({parts}.hidden), r'(?s).', \"*\") + string!({parts}.kept)"
        ),
    })
}

fn mask_email(given: &Given) -> Printed {
    over_text(given, |text| {
        format!(
            "if match({text}, r'(?s)\\A.+@[^@]*\\z') {{ replace({text}, r'(?s)\\A(.).*@([^@]*)\\z', \"\\u{{24}}\\u{{7b}}1\\u{{7d}}***@\\u{{24}}\\u{{7b}}2\\u{{7d}}\") }} \
             else {{ replace({text}, r'(?s).', \"*\") }}"
        )
    })
}

fn date_trunc(given: &Given) -> Printed {
    let micros: i64 = match known_text(given.call, 0)? {
        "second" => 1_000_000,
        "minute" => 60_000_000,
        "hour" => 3_600_000_000,
        "day" => 86_400_000_000,
        other => return Err(refuse(format_args!("`date_trunc` to a {other}"))),
    };
    if given.args.len() > 2 {
        return Err(refuse("`date_trunc` in a time zone"));
    }
    if given.types[1] != DataType::Timestamp {
        return Err(refuse(format_args!("`date_trunc` of a {}", given.types[1])));
    }
    let rest = given.values.variable();
    let value = [(given.args[1].clone(), DataType::Timestamp)];
    Ok(given.values.with(&value, |names| {
        format!("{rest} = mod({0}, {micros}); if {rest} < 0 {{ {rest} = {rest} + {micros} }}; {0} - {rest}", names[0])
    }))
}

/// A value as text.
pub fn text(values: &Values, value: Vrl, from: &DataType) -> Printed {
    match from {
        DataType::String | DataType::Unknown => Ok(value),
        from => cast(values, value, from, &DataType::String),
    }
}

/// A cast; null where the value does not fit.
pub fn cast(values: &Values, value: Vrl, from: &DataType, to: &DataType) -> Printed {
    use DataType::{Boolean, Float, Int, String as Text};
    if from.is_unknown() {
        return Ok(Vrl::open("null"));
    }
    if from == to {
        return Ok(value);
    }
    let name = values.variable();
    let given = [(value, from.clone())];
    Ok(match (from, to) {
        (Int, Text) => values.with(&given, |a| format!("to_string({})", a[0])),
        (Boolean, Text) => values.with(&given, |a| format!("if {} {{ \"true\" }} else {{ \"false\" }}", a[0])),
        (Boolean, Int) => values.with(&given, |a| format!("if {} {{ 1 }} else {{ 0 }}", a[0])),
        (Boolean, Float) => values.with(&given, |a| format!("if {} {{ 1.0 }} else {{ 0.0 }}", a[0])),
        (Int, Boolean) => values.with(&given, |a| format!("{} != 0", a[0])),
        (Int, Float) => values.with(&given, |a| format!("to_float({})", a[0])),
        (Float, Int) => values.perhaps(&given, |a| {
            format!(
                "if {0} >= 9223372036854775808.0 || {0} < -9223372036854775808.0 {{ null }} else {{ to_int({0}) }}",
                a[0]
            )
        }),
        (Text, Int) => values.perhaps(&given, |a| format!("parse_int({}, base: 10) ?? null", within(&a[0]))),
        (Text, Float) => values.perhaps(&given, |a| {
            format!(
                "{name} = {}; if match({name}, r'\\A[0-9.eE+-]+\\z') {{ {name} = parse_float({name}) ?? null; \
                 if {name} == null {{ null }} else {{ {name} = float!({name}) + 0.0; \
                 if {} {{ null }} else {{ {name} }} }} }} else {{ null }}",
                within(&a[0]),
                is_beyond(&name)
            )
        }),
        (Text, Boolean) => values.perhaps(&given, |a| {
            format!(
                "{name} = {}; if match({name}, r'\\A(?i-u:true|t|yes|y|on|1)\\z') {{ true }} \
                 else if match({name}, r'\\A(?i-u:false|f|no|n|off|0)\\z') {{ false }} else {{ null }}",
                within(&a[0])
            )
        }),
        (from, to) => return Err(refuse(format_args!("a {from} as {to}"))),
    })
}

/// A text without the blanks at its ends.
fn within(text: &str) -> String {
    format!("replace({text}, r'\\A[\\t\\n\\x0c\\r ]+|[\\t\\n\\x0c\\r ]+\\z', \"\")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{FunctionKind, function};

    #[test]
    fn the_table_holds_each_function_of_the_language_at_most_once() {
        for (index, (name, _)) in SCALARS.iter().enumerate() {
            assert!(function(name).is_some_and(|known| known.kind == FunctionKind::Scalar), "{name}");
            assert!(SCALARS[..index].iter().all(|(other, _)| other != name), "{name}");
        }
    }
}
