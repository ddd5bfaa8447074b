//! The option `payload` of formats that hold lines of other formats. Must not import single formats.

use super::{FormatSpec, format, formats};
use crate::diagnostic::Diagnostic;

/// A payload's format as the option has it.
pub fn as_option(spec: &FormatSpec) -> String {
    match spec.options.is_empty() {
        true => spec.name.clone(),
        false => serde_json::to_string(spec).unwrap_or_else(|_| spec.name.clone()),
    }
}

/// The format that the option names.
pub fn from_option(text: &str) -> Result<FormatSpec, Diagnostic> {
    let spec = match text.starts_with('{') {
        true => serde_json::from_str(text).map_err(|fault| {
            Diagnostic::error("PW1120", format!("the option `payload` is no format: {fault}"))
                .field("payload")
                .help("give a format's name, or `{\"name\": …, \"options\": {…}}`")
        })?,
        false => FormatSpec::new(text),
    };
    if format(&spec.name).is_none() {
        let names: Vec<&str> = formats().iter().map(|format| format.name()).collect();
        let near = crate::diagnostic::did_you_mean(&spec.name, names.iter().copied());
        return Err(Diagnostic::error(
            "PW1121",
            format!("the option `payload` names no format: `{}`{near}", spec.name),
        )
        .field("payload")
        .help(format!("the formats are {}", names.join(", "))));
    }
    Ok(spec)
}
