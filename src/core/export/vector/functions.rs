//! Scalar functions, casts and patterns → VRL. One table says how a function is printed; a function that is not there is
//! refused by name, so that nothing is computed otherwise.

use std::fmt::Write as _;

use super::printer::{Printed, Printer, Vrl, is_beyond, refuse};
use crate::data::{DataType, Value};
use crate::diagnostic::Diagnostic;
use crate::expr::{
    BinaryOp, Call, Expr, ExprKind, GroupPresence, REDACTED, ReplacementPart, VARYING, regex_pattern, regex_replacement,
};
use crate::quote::vrl_text;

type Row = (&'static str, fn(&Printer, &Call) -> Printed);

/// Every scalar function that is carried.
const SCALARS: &[Row] = &[
    // Text.
    // Letters that become two, or another one at the end of a word, are replaced before.
    ("lower", |p, c| {
        of_texts(p, c, |a| {
            format!("downcase(replace(replace({}, r'\\x{{130}}', \"i\"), r'\\x{{3a3}}', \"\\u{{3c3}}\"))", a[0])
        })
    }),
    ("length", |p, c| of_texts(p, c, |a| format!("strlen({})", a[0]))),
    ("contains", |p, c| of_texts(p, c, |a| format!("contains({}, {})", a[0], a[1]))),
    ("starts_with", |p, c| of_texts(p, c, |a| format!("starts_with({}, {})", a[0], a[1]))),
    ("ends_with", |p, c| of_texts(p, c, |a| format!("ends_with({}, {})", a[0], a[1]))),
    ("trim", |p, c| trimmed(p, c, true, true)),
    ("trim_start", |p, c| trimmed(p, c, true, false)),
    ("trim_end", |p, c| trimmed(p, c, false, true)),
    ("normalize_space", |p, c| {
        of_texts(p, c, |a| format!("replace(replace({}, r'[\\t\\n\\x0c\\r ]+', \" \"), r'^ | $', \"\")", a[0]))
    }),
    ("replace", replace),
    ("concat", concat),
    ("split_part", split_part),
    ("left", left),
    // Conditionals.
    ("coalesce", coalesce),
    ("if", |p, c| Ok(p.either(&p.vrl(&c.args[0])?, p.vrl(&c.args[1])?, p.vrl(&c.args[2])?))),
    ("nullif", nullif),
    // Numbers.
    ("abs", abs),
    ("floor", |p, c| whole(p, c, "floor")),
    ("ceil", |p, c| whole(p, c, "ceil")),
    ("round", |p, c| whole(p, c, "round")),
    // Patterns.
    ("regexp_matches", |p, c| {
        let pattern = pattern(&c.args[1])?;
        over_text(p, &c.args[0], |text| format!("match({text}, {pattern})"))
    }),
    ("regexp_extract", regexp_extract),
    ("regexp_replace", regexp_replace),
    // Privacy.
    ("hash", |p, c| of_texts(p, c, |a| format!("sha2({}, variant: \"SHA-256\")", a[0]))),
    ("hmac", |p, c| of_texts(p, c, |a| format!("encode_base16(hmac({}, {}, algorithm: \"SHA-256\"))", a[0], a[1]))),
    ("mask", mask),
    ("mask_email", mask_email),
    ("redact", |p, c| replaced(p, c, &REDACTED)),
    ("message_template", |p, c| replaced(p, c, &VARYING)),
    // Time.
    ("date_trunc", date_trunc),
];

pub fn scalar(printer: &Printer, call: &Call) -> Printed {
    match SCALARS.iter().find(|(name, _)| *name == call.function) {
        Some((_, print)) => print(printer, call),
        None => Err(refuse(format_args!("`{}`", call.function))),
    }
}

/// A function of texts, null where one of them is.
fn of_texts(printer: &Printer, call: &Call, body: impl Fn(&[String]) -> String) -> Printed {
    let texts = call.args.iter().map(|arg| Ok((printer.vrl(arg)?, DataType::String)));
    Ok(printer.with(&texts.collect::<Result<Vec<_>, Diagnostic>>()?, |names| body(names)))
}

fn over_text(printer: &Printer, text: &Expr, body: impl Fn(&str) -> String) -> Printed {
    Ok(printer.with(&[(printer.vrl(text)?, DataType::String)], |names| body(&names[0])))
}

/// The same, where there may be no result.
fn perhaps_text(printer: &Printer, text: &Expr, body: impl Fn(&str) -> String) -> Printed {
    Ok(printer.perhaps(&[(printer.vrl(text)?, DataType::String)], |names| body(&names[0])))
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

pub fn like(printer: &Printer, expr: &Expr, pattern: &Expr, insensitive: bool) -> Printed {
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
    over_text(printer, expr, |text| format!("match({text}, {regex})"))
}

/// What `trim` takes away where nothing is said.
const BLANKS: &str = " \t\n\r\u{b}\u{c}";

fn trimmed(printer: &Printer, call: &Call, start: bool, end: bool) -> Printed {
    let characters = if call.args.len() > 1 { known_text(call, 1)? } else { BLANKS };
    if characters.is_empty() {
        return printer.vrl(&call.args[0]);
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
    over_text(printer, &call.args[0], |text| format!("replace({text}, r'{}', \"\")", ends.join("|")))
}

/// A text that may have grown: null where it is over a million characters, as in `replace`.
fn grown(made: &str, of: &str, name: &str) -> String {
    format!(
        "{name} = {made}; if strlen({name}) > 1000000 && strlen({name}) > strlen({of}) {{ null }} else {{ {name} }}"
    )
}

fn replace(printer: &Printer, call: &Call) -> Printed {
    let (from, to) = (known_text(call, 1)?, known_text(call, 2)?);
    if from.is_empty() {
        return printer.vrl(&call.args[0]);
    }
    let name = printer.variable();
    perhaps_text(printer, &call.args[0], |text| {
        grown(&format!("replace({text}, {}, {})", vrl_text(from), vrl_text(to)), text, &name)
    })
}

fn concat(printer: &Printer, call: &Call) -> Printed {
    let parts = call.args.iter().map(|arg| {
        let value = printer.text(arg)?;
        let name = printer.variable();
        Ok(match value.is_sure {
            true => value.text,
            false => format!("{{ {name} = {}; if {name} == null {{ \"\" }} else {{ string!({name}) }} }}", value.text),
        })
    });
    let parts = parts.collect::<Result<Vec<_>, Diagnostic>>()?;
    Ok(Vrl::sure(format!("({})", parts.join(" + "))))
}

fn split_part(printer: &Printer, call: &Call) -> Printed {
    let (separator, index) = (known_text(call, 1)?, known_int(call, 2, 0)?);
    if separator.is_empty() || index == 0 {
        return Err(refuse("`split_part` without a separator, or of the piece 0"));
    }
    let index = if index > 0 { index - 1 } else { index };
    perhaps_text(printer, &call.args[0], |text| format!("get!(split({text}, {}), [{index}])", vrl_text(separator)))
}

fn left(printer: &Printer, call: &Call) -> Printed {
    let count = known_int(call, 1, 0)?;
    if count < 0 {
        return Err(refuse("`left` that counts from the end"));
    }
    over_text(printer, &call.args[0], |text| {
        format!("replace({text}, r'(?s)\\A(.{{0,{count}}}).*\\z', \"\\u{{24}}1\")")
    })
}

fn coalesce(printer: &Printer, call: &Call) -> Printed {
    let mut values = call.args.iter().rev();
    let mut result = match values.next() {
        Some(last) => printer.vrl(last)?,
        None => Vrl::open("null"),
    };
    for value in values {
        let value = printer.vrl(value)?;
        if value.is_sure {
            result = value;
            continue;
        }
        let name = printer.variable();
        // That it may be null is seen by the compiler, whatever stands behind.
        let text = format!("{{ {name} = {}; if {name} == null {{ {} }} else {{ {name} }} }}", value.text, result.text);
        result = Vrl::open(text);
    }
    Ok(result)
}

fn nullif(printer: &Printer, call: &Call) -> Printed {
    let same = printer.compared(BinaryOp::Equal, &call.args[0], &call.args[1])?;
    Ok(printer.either(&same, Vrl::open("null"), printer.vrl(&call.args[0])?))
}

fn abs(printer: &Printer, call: &Call) -> Printed {
    let data_type = printer.type_of(&call.args[0]);
    if !matches!(data_type, DataType::Int | DataType::Float) {
        return Err(refuse(format_args!("`abs` of a {data_type}")));
    }
    let name = printer.variable();
    let value = [(printer.vrl(&call.args[0])?, data_type)];
    // The least Int has no like; it stays below 0.
    Ok(printer.perhaps(&value, |names| {
        format!(
            "{name} = if {0} < 0 {{ {0} * -1 }} else {{ {0} }}; if {name} < 0 {{ null }} else {{ {name} }}",
            names[0]
        )
    }))
}

/// To a whole number; a zero has no sign.
fn whole(printer: &Printer, call: &Call, function: &str) -> Printed {
    if call.args.len() > 1 {
        return Err(refuse("`round` to digits"));
    }
    match printer.type_of(&call.args[0]) {
        DataType::Int => printer.vrl(&call.args[0]),
        DataType::Float => {
            let value = [(printer.vrl(&call.args[0])?, DataType::Float)];
            Ok(printer.with(&value, |names| format!("{function}({}) + 0.0", names[0])))
        }
        other => Err(refuse(format_args!("`{function}` of a {other}"))),
    }
}

fn regexp_extract(printer: &Printer, call: &Call) -> Printed {
    let group = known_int(call, 2, 0)?;
    // Groups that take no part are not counted there.
    let known = regex_pattern(known_text(call, 1)?)?;
    if (1..=group).any(|index| known.group(index as u32) != GroupPresence::Always) {
        return Err(refuse("`regexp_extract` of a group behind one that may be missing"));
    }
    let pattern = pattern(&call.args[1])?;
    let (found, name) = (printer.variable(), printer.variable());
    perhaps_text(printer, &call.args[0], |text| {
        format!(
            "{found} = parse_regex({text}, {pattern}, numeric_groups: true) ?? null; \
             if {found} == null {{ null }} else {{ {name} = get!({found}, [\"{group}\"]); {name} }}"
        )
    })
}

fn regexp_replace(printer: &Printer, call: &Call) -> Printed {
    let pattern = pattern(&call.args[1])?;
    let parts = regex_replacement(known_text(call, 2)?).map_err(refuse)?;
    let mut with = String::new();
    for part in &parts {
        match part {
            ReplacementPart::Text(text) => with.push_str(&text.replace('$', "$$")),
            ReplacementPart::Group(group) => {
                let _ = write!(with, "${{{group}}}");
            }
        }
    }
    let name = printer.variable();
    perhaps_text(printer, &call.args[0], |text| {
        grown(&format!("replace({text}, {pattern}, {})", vrl_text(&with)), text, &name)
    })
}

/// All matches of several patterns, one after the other.
fn replaced(printer: &Printer, call: &Call, patterns: &[(&str, &str)]) -> Printed {
    let patterns = patterns.iter().map(|(text, word)| Ok((fixed_pattern(text)?, *word)));
    let patterns = patterns.collect::<Result<Vec<_>, Diagnostic>>()?;
    over_text(printer, &call.args[0], |text| {
        patterns
            .iter()
            .fold(text.to_owned(), |text, (pattern, word)| format!("replace({text}, {pattern}, {})", vrl_text(word)))
    })
}

fn mask(printer: &Printer, call: &Call) -> Printed {
    let keep = known_int(call, 1, 0)?.max(0);
    let parts = printer.variable();
    over_text(printer, &call.args[0], |text| match keep {
        0 => format!("replace({text}, r'(?s).', \"*\")"),
        _ => format!(
            "{parts} = parse_regex!({text}, r'(?s)\\A(?P<hidden>.*?)(?P<kept>.{{0,{keep}}})\\z'); \
             replace(string!({parts}.hidden), r'(?s).', \"*\") + string!({parts}.kept)"
        ),
    })
}

fn mask_email(printer: &Printer, call: &Call) -> Printed {
    over_text(printer, &call.args[0], |text| {
        format!(
            "if match({text}, r'(?s)\\A.+@[^@]*\\z') {{ replace({text}, r'(?s)\\A(.).*@([^@]*)\\z', \"\\u{{24}}\\u{{7b}}1\\u{{7d}}***@\\u{{24}}\\u{{7b}}2\\u{{7d}}\") }} \
             else {{ replace({text}, r'(?s).', \"*\") }}"
        )
    })
}

fn date_trunc(printer: &Printer, call: &Call) -> Printed {
    let micros: i64 = match known_text(call, 0)? {
        "second" => 1_000_000,
        "minute" => 60_000_000,
        "hour" => 3_600_000_000,
        "day" => 86_400_000_000,
        other => return Err(refuse(format_args!("`date_trunc` to a {other}"))),
    };
    if call.args.len() > 2 {
        return Err(refuse("`date_trunc` in a time zone"));
    }
    let of = printer.type_of(&call.args[1]);
    if of != DataType::Timestamp {
        return Err(refuse(format_args!("`date_trunc` of a {of}")));
    }
    let rest = printer.variable();
    let value = [(printer.vrl(&call.args[1])?, of)];
    Ok(printer.with(&value, |names| {
        format!("{rest} = mod({0}, {micros}); if {rest} < 0 {{ {rest} = {rest} + {micros} }}; {0} - {rest}", names[0])
    }))
}

/// A cast; null where the value does not fit.
pub fn cast(printer: &Printer, expr: &Expr, to: &DataType) -> Printed {
    use DataType::{Boolean, Float, Int, String as Text};
    let from = printer.type_of(expr);
    let value = printer.vrl(expr)?;
    if from.is_unknown() {
        return Ok(Vrl::open("null"));
    }
    if from == *to {
        return Ok(value);
    }
    let name = printer.variable();
    let values = [(value, from.clone())];
    Ok(match (&from, to) {
        (Int, Text) => printer.with(&values, |a| format!("to_string({})", a[0])),
        (Boolean, Text) => printer.with(&values, |a| format!("if {} {{ \"true\" }} else {{ \"false\" }}", a[0])),
        (Boolean, Int) => printer.with(&values, |a| format!("if {} {{ 1 }} else {{ 0 }}", a[0])),
        (Boolean, Float) => printer.with(&values, |a| format!("if {} {{ 1.0 }} else {{ 0.0 }}", a[0])),
        (Int, Boolean) => printer.with(&values, |a| format!("{} != 0", a[0])),
        (Int, Float) => printer.with(&values, |a| format!("to_float({})", a[0])),
        (Float, Int) => printer.perhaps(&values, |a| {
            format!(
                "if {0} >= 9223372036854775808.0 || {0} < -9223372036854775808.0 {{ null }} else {{ to_int({0}) }}",
                a[0]
            )
        }),
        (Text, Int) => printer.perhaps(&values, |a| format!("parse_int({}, base: 10) ?? null", within(&a[0]))),
        (Text, Float) => printer.perhaps(&values, |a| {
            format!(
                "{name} = {}; if match({name}, r'\\A[0-9.eE+-]+\\z') {{ {name} = parse_float({name}) ?? null; \
                 if {name} == null {{ null }} else {{ {name} = float!({name}) + 0.0; \
                 if {} {{ null }} else {{ {name} }} }} }} else {{ null }}",
                within(&a[0]),
                is_beyond(&name)
            )
        }),
        (Text, Boolean) => printer.perhaps(&values, |a| {
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
