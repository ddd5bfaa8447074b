//! What the operating system and the JSON reader refuse, in plain words: no error numbers, no names of Rust types.
//! Must not import anything else of this crate.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value as Json, error::Category};

use super::{Diagnostic, nearest};

/// Why a file could not be read or written.
pub fn io_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "access is denied".into(),
        io::ErrorKind::AlreadyExists => "there is a file of that name".into(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".into(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk may only be read".into(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder".into(),
        _ => {
            let text = error.to_string();
            let plain = text.split(" (os error").next().unwrap_or_default();
            plain.chars().take(1).flat_map(char::to_lowercase).chain(plain.chars().skip(1)).collect()
        }
    }
}

/// `did you mean `shop.pipewright.json`?`, where the path leads to nothing and a file beside a missing one has nearly its name.
pub fn near_file(path: &Path) -> Option<String> {
    if path.exists() {
        return None;
    }
    let name = path.file_name()?.to_string_lossy().into_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    // A long ending that two names share does not make them near.
    let (stem, ending) = name.split_at(name.find('.').unwrap_or(name.len()));
    let stems = names.iter().filter_map(|other| other.strip_suffix(ending)).filter(|stem| !stem.is_empty());
    let near = nearest(stem, stems).map(|stem| format!("{stem}{ending}"));
    let near = near.or_else(|| {
        nearest(&name, names.iter().filter(|other| !other.ends_with(ending)).map(String::as_str)).map(str::to_owned)
    });
    near.map(|near| format!("did you mean `{near}`?"))
}

/// A text that is no JSON, or JSON of another shape: `message` begins the sentence; the line is told.
pub fn json_fault(code: &str, message: &str, text: &str, error: &serde_json::Error) -> Diagnostic {
    if text.trim().is_empty() {
        return Diagnostic::error(code, "the file is empty");
    }
    let column = if error.classify() == Category::Syntax && error.column() > 0 {
        format!(" at character {} of the line", error.column())
    } else {
        String::new()
    };
    let fault = Diagnostic::error(code, format!("{message}{column}: {}", json_cause(error)));
    if error.line() > 0 { fault.line(error.line() as u64) } else { fault }
}

/// What is wrong with a JSON text or value.
pub fn json_cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(cause, _)| cause);
    match error.classify() {
        Category::Io => "it cannot be read".to_owned(),
        Category::Eof => "the text ends too early; a bracket or quote is not closed".to_owned(),
        Category::Syntax => syntax_cause(text),
        Category::Data => shape_cause(text),
    }
}

fn syntax_cause(text: &str) -> String {
    match text {
        "expected `,` or `}`" => "a comma or `}` is missing",
        "expected `,` or `]`" => "a comma or `]` is missing",
        "expected `:`" => "a `:` is missing after a key",
        "key must be a string" => "a key in double quotes is missing here; there are no comments",
        "trailing comma" => "there is a comma after the last item",
        "trailing characters" => "there is more text after the end",
        "expected value" | "expected ident" => {
            "no value begins like this; texts stand in double quotes, and there are no comments"
        }
        "invalid escape" => "there is an unknown escape; a backslash is written twice",
        "invalid number" | "number out of range" => "this is no number",
        "recursion limit exceeded" => "it is nested too deeply",
        _ if text.starts_with("control character") => "a text holds a line break or control character; write `\\n`",
        _ => "it is not written as JSON",
    }
    .to_owned()
}

fn shape_cause(text: &str) -> String {
    if let Some(name) = text.strip_prefix("missing field ") {
        return format!("{name} is missing");
    }
    if let Some(name) = text.strip_prefix("duplicate field ") {
        return format!("{name} stands twice");
    }
    for (prefix, what) in [("unknown field ", "the key "), ("unknown variant ", "")] {
        if let Some((name, known)) = text.strip_prefix(prefix).and_then(|rest| rest.split_once(", ")) {
            let known = known.strip_prefix("expected ").unwrap_or(known);
            let known = known.strip_prefix("one of ").unwrap_or(known);
            return format!("{what}{name} is not known; there are {known}");
        }
    }
    let wrong = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    if let Some((found, wanted)) = wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
        return format!("{} stands where {} is wanted", found_words(found), wanted_words(wanted));
    }
    if text.starts_with("data did not match any variant") {
        return "it has another shape".to_owned();
    }
    text.to_owned()
}

fn found_words(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    match kind {
        "string" => format!("the text {value}"),
        "integer" => format!("the number {}", value.trim_matches('`')),
        "floating" => format!("the number {}", value.trim_start_matches("point ").trim_matches('`')),
        "boolean" => value.trim_matches('`').to_owned(),
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit" => "null".to_owned(),
        _ => found.to_owned(),
    }
}

fn wanted_words(wanted: &str) -> &str {
    match wanted {
        "a string" | "a borrowed string" | "string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "f32" | "f64" => "a number",
        _ if matches!(wanted, "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize") => {
            "a whole number"
        }
        _ if ["a map", "struct ", "internally tagged enum ", "map"].iter().any(|known| wanted.starts_with(known)) => {
            "an object"
        }
        _ if wanted.contains("enum ") => "one of its choices",
        _ if wanted.starts_with("a tuple") || wanted.starts_with("tuple ") => "a list",
        _ => wanted,
    }
}

/// Reads an object, or says in which key the fault lies and what it is.
pub fn read_object<T: DeserializeOwned>(json: &Json) -> Result<T, (Option<String>, String)> {
    let error = match T::deserialize(json) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let text = error.to_string();
    if text.starts_with("missing field") {
        return Err((None, json_cause(&error)));
    }
    // The key without which another fault comes up, or none.
    let is_at = |key: &&String| {
        let mut without = json.clone();
        without.as_object_mut().is_some_and(|map| map.remove(*key).is_some())
            && T::deserialize(&without).err().is_none_or(|other| other.to_string() != text)
    };
    let key = json.as_object().and_then(|map| map.keys().find(is_at).cloned());
    Err((key, json_cause(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause<T: DeserializeOwned + std::fmt::Debug>(text: &str) -> String {
        json_cause(&serde_json::from_str::<T>(text).unwrap_err())
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape matters")]
    struct Point {
        x: i32,
        #[serde(default)]
        name: String,
    }

    #[test]
    fn faults_of_json_are_told_in_plain_words() {
        assert_eq!(cause::<Json>("{\"a\": 1 \"b\": 2}"), "a comma or `}` is missing");
        assert_eq!(cause::<Json>("[1, 2"), "the text ends too early; a bracket or quote is not closed");
        assert_eq!(cause::<Point>("{}"), "`x` is missing");
        assert_eq!(cause::<Point>(r#"{"x": "1"}"#), "the text \"1\" stands where a whole number is wanted");
        assert_eq!(cause::<Point>(r#"{"x": 1, "y": 2}"#), "the key `y` is not known; there are `x` or `name`");
        assert_eq!(cause::<Point>("[[]]"), "a list stands where a whole number is wanted");
        assert_eq!(cause::<Point>("5"), "the number 5 stands where an object is wanted");
    }

    #[test]
    fn the_key_at_fault_is_found() {
        let fault = |json| read_object::<Point>(&json).unwrap_err();
        assert_eq!(fault(serde_json::json!({"name": 1, "x": 1})).0.as_deref(), Some("name"));
        assert_eq!(fault(serde_json::json!({"name": "a"})), (None, "`x` is missing".to_owned()));
    }

    #[test]
    fn faults_of_files_name_no_error_numbers() {
        let error = io::Error::from_raw_os_error(5);
        assert!(!io_cause(&error).contains("os error"));
        assert_eq!(io_cause(&io::Error::from(io::ErrorKind::IsADirectory)), "it is a folder");
    }
}
