//! The option `types` of formats whose columns are text of their own accord: `status=Int, time=Timestamp`.
//! Must not import single formats.

use crate::data::{DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Reads the option; each column must be one of `known`.
pub fn read(text: &str, known: &Schema) -> Result<Schema, Diagnostic> {
    let mut fields = Vec::new();
    for part in text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()) {
        let (name, data_type) = part.split_once(['=', ':']).ok_or_else(|| {
            Diagnostic::error("PW0419", format!("`{part}` is no column with its type")).help("write `status=Int`")
        })?;
        let (name, data_type) = (name.trim(), data_type.trim());
        if !known.has(name) {
            let near = did_you_mean(name, known.names());
            return Err(Diagnostic::error("PW0420", format!("there is no column `{name}`{near}"))
                .help(format!("the columns are {}", known.names().collect::<Vec<_>>().join(", "))));
        }
        let data_type: DataType = data_type.parse().map_err(|fault: String| {
            Diagnostic::error("PW0421", format!("column `{name}`: {fault}")).help("write `status=Int`")
        })?;
        fields.push(Field::new(name, data_type));
    }
    Ok(Schema::new(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_and_faults_are_named() {
        let known = Schema::of([("status", DataType::String), ("time", DataType::String)]);
        let types = read("status=Int, time = Timestamp", &known).unwrap();
        assert_eq!(types, Schema::of([("status", DataType::Int), ("time", DataType::Timestamp)]));
        assert!(read("", &known).unwrap().is_empty());
        assert!(read("stauts=Int", &known).unwrap_err().message.contains("did you mean `status`"));
        assert!(read("status=Intt", &known).unwrap_err().message.contains("unknown type `Intt`"));
        assert!(read("status", &known).is_err());
    }
}
