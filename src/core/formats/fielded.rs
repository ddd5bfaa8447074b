//! Lines of fields whose names stand in the file itself: W3C extended logs, Exchange's logs, Zeek's tables, VPC flow logs,
//! OpenVPN's status. The names may change inside a file; the columns are those of all headers of the sample.
//! Must not import other formats.

mod dialect;
mod parser;

#[cfg(test)]
mod tests;

use super::declared::with_types;
use super::infer::TextGuess;
use super::scan::{self, score};
use super::{Format, FormatSpec, OptionSpec, Parser, Recognition, Sample};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use dialect::{Dialect, Role, Software};
pub use dialect::{EXCHANGE, OPENVPN, VPC_FLOW, W3C, ZEEK};
use parser::{FieldedParser, Header};

/// A format of this kind.
pub struct Fielded {
    pub dialect: Dialect,
    name: &'static str,
    title: &'static str,
    doc: &'static str,
    examples: &'static [&'static str],
}

impl Format for Fielded {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    fn examples(&self) -> &'static [&'static str] {
        self.examples
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let mut header = Header::default();
        let (mut lines, mut fitting, mut headers) = (0, 0, 0);
        for line in scan::sample_lines(sample).take(1000) {
            if let Some(names) = self.dialect.header(line) {
                header.set(self.dialect, &names);
                headers += 1;
            } else if self.dialect.is_meta(line) {
                header.note(self.dialect, line);
            } else {
                lines += 1;
                fitting += usize::from(header.row(self.dialect, line).is_ok());
            }
        }
        // A header alone is a log without events.
        let score = match (lines, headers) {
            (0, 0) => return None,
            (0, _) => 90,
            _ => score(fitting, lines, 99)?,
        };
        let mut reasons = vec![format!("{fitting} of {lines} lines have the fields that their header names")];
        if headers == 0 {
            reasons[0] = format!("{fitting} of {lines} lines have the usual fields of {}", self.title);
        }
        Some(Recognition { format: FormatSpec::new(self.name), score, reasons })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let dialect = self.dialect;
        let (mut own, first) = sampled(dialect, sample);
        for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
            if !own.has(&field.name) {
                own.fields.push(field.clone());
            }
        }
        with_types(schema, &own, |schema| Ok(Box::new(FieldedParser::new(dialect, schema, first))))
    }
}

/// The columns of a sample's headers, and the names of the header that stands before all lines.
fn sampled(dialect: Dialect, sample: &Sample) -> (Schema, Option<Vec<String>>) {
    let mut header = Header::default();
    let mut first: Option<Vec<String>> = None;
    let mut has_lines = false;
    let mut found: Vec<(String, Option<DataType>, TextGuess)> = Vec::new();
    let add = |found: &mut Vec<(String, Option<DataType>, TextGuess)>, name: &str, fixed: Option<DataType>| match found
        .iter()
        .position(|(known, ..)| known == name)
    {
        Some(place) => place,
        None => {
            found.push((name.to_owned(), fixed, TextGuess::default()));
            found.len() - 1
        }
    };
    for line in scan::sample_lines(sample) {
        if let Some(names) = dialect.header(line) {
            header.set(dialect, &names);
            for (name, role) in header.columns() {
                add(&mut found, name, role.data_type());
            }
            if !has_lines {
                first.get_or_insert_with(|| names.iter().map(|name| (*name).to_owned()).collect());
            }
            continue;
        }
        if dialect.is_meta(line) {
            header.note(dialect, line);
            continue;
        }
        has_lines = true;
        let Ok(pieces) = header.row(dialect, line) else { continue };
        for ((name, role), piece) in header.columns_for(dialect, pieces.len()).into_iter().zip(&pieces) {
            let place = add(&mut found, &name, role.data_type());
            if !dialect.is_null(piece) && role == Role::Plain {
                found[place].2.add(piece);
            }
        }
    }
    const ORDER: [&str; 13] = [
        "time",
        "client",
        "client_port",
        "user",
        "method",
        "path",
        "http_version",
        "status",
        "bytes",
        "referrer",
        "user_agent",
        "vhost",
        "duration",
    ];
    let rank = |name: &str| ORDER.iter().position(|common| *common == name).unwrap_or(ORDER.len());
    found.sort_by_key(|(name, ..)| rank(name));
    let fields = found.into_iter().map(|(name, fixed, guess)| match fixed {
        Some(data_type) => Field::new(&name, data_type),
        None => guess.field(&name),
    });
    (Schema::new(fields.collect()), first)
}

/// What a file says of its writer.
impl Software {
    fn is_microsoft(self) -> bool {
        self == Software::Microsoft
    }
}
