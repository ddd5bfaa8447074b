//! Records as blocks of lines, each with a key and its value: `dpkg`'s status, apt's history, LDIF, `git log`, lists of
//! PowerShell, rows of `mysql`'s `\G`. A row for each block.
//! Must not import other formats.

mod block;
mod parser;

#[cfg(test)]
mod tests;

use super::declared::with_types;
use super::keyed::{KeyedColumns, SampledNames};
use super::keys::with_more;
use super::scan::{self, sample_texts, score};
use super::{Chunk, Format, FormatSpec, OptionSpec, Parser, Recognition, Sample};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::Diagnostic;
use block::{Piece, Style, blocks};
use parser::BlocksParser;

/// The format `blocks`.
pub struct Blocks;

const OPTIONS: [OptionSpec; 2] = [
    OptionSpec {
        name: "begin",
        kind: super::OptionKind::Text,
        default: "auto",
        doc: "the text with which the first line of each record begins, such as `commit `; `none`: records have blank lines \
              or rules between them; `auto`: found from the sample",
    },
    OptionSpec {
        name: "separator",
        kind: super::OptionKind::Choice(&["auto", ":", "=", "|"]),
        default: "auto",
        doc: "what stands between a key and its value; `auto`: found from the sample",
    },
];

/// Where what belongs to no key goes.
const TEXT: &str = "message";
/// Keys beyond which further ones are counted as unknown.
const MAX_KEYS: usize = 1000;
/// Blocks from which a file is judged.
const MAX_BLOCKS: usize = 500;

impl Format for Blocks {
    fn name(&self) -> &'static str {
        "blocks"
    }

    fn title(&self) -> &'static str {
        "Blocks of keys and values"
    }

    fn doc(&self) -> &'static str {
        "Records of several lines, each with a key and its value, and a blank line, a rule of dashes or a line that always \
         comes first between them: dpkg's `status`, apt's `history.log`, LDIF, `/proc/cpuinfo`, `git log`, `rpm -qi`, \
         `wevtutil`, PowerShell's Format-List, `\\G` of mysql and `\\x` of psql, headers of HTTP. A row for each record, with \
         its keys as columns; a key that comes again in it is `key_2` and so on. Lines that go on with a value belong to it, \
         what belongs to no key is `message`. Comments begin with `#`."
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "Package: bash\nStatus: install ok installed\nVersion: 5.2\nDescription: GNU Bourne Again SHell\n a shell for people\n\nPackage: zsh\nStatus: install ok installed\nVersion: 5.9",
            "commit 3f2a9c1d\nAuthor: Bob <bob@example.org>\nDate:   Fri Mar 1 10:00:00 2024 +0100\n\n    Orders are late\n\ncommit 9b8c7d6e\nAuthor: Eve <eve@example.org>\nDate:   Fri Mar 1 09:00:00 2024 +0100\n\n    The shop opens",
        ]
    }

    fn is_keyed(&self) -> bool {
        true
    }

    fn recognise(&self, sample: &Sample) -> Option<Recognition> {
        let found = Style::find(scan::text(&sample.head))?;
        let spec = FormatSpec::new(self.name())
            .with("separator", &char::from(found.style.separator).to_string())
            .with("begin", found.style.begin.as_deref().unwrap_or("none"));
        let mut reasons = vec![format!("{} blocks of lines have keys in common", found.blocks)];
        if let Some(begin) = &found.style.begin {
            reasons.push(format!("each begins with `{}`", begin.trim_end()));
        }
        let weight = if found.blocks > 2 { 88 } else { 80 };
        Some(Recognition { format: spec, score: score(found.fitting, found.lines, weight)?, reasons })
    }

    fn prepare(
        &self,
        spec: &FormatSpec,
        schema: Option<&Schema>,
        sample: &Sample,
    ) -> Result<Box<dyn Parser>, Diagnostic> {
        self.check_options(spec)?;
        let written = |name: &str| spec.option(name).filter(|text| !matches!(*text, "" | "auto"));
        let found = Style::find(scan::text(&sample.head)).map(|found| found.style).unwrap_or_default();
        let style = Style {
            begin: match written("begin") {
                Some("none") => None,
                Some(begin) => Some(begin.to_owned()),
                None => found.begin,
            },
            separator: written("separator").and_then(|text| text.bytes().next()).unwrap_or(found.separator),
            ..found
        };
        let own = sampled_keys(&style, sample);
        let mut own = with_more(own, sample.whole);
        for field in schema.map(|schema| schema.fields.as_slice()).unwrap_or_default() {
            if !own.has(&field.name) {
                own.fields.push(field.clone());
            }
        }
        with_types(schema, &own, |schema| Ok(Box::new(BlocksParser { style, columns: KeyedColumns::new(schema) })))
    }
}

/// The keys of a sample's records in the order in which they appear, with their types.
fn sampled_keys(style: &Style, sample: &Sample) -> Schema {
    let mut found = SampledNames::default();
    let mut has_text = false;
    for text in sample_texts(sample) {
        for piece in blocks(style, &Chunk::whole(text)) {
            let Piece::Block(block) = piece else { continue };
            let record = block.record(style);
            found.begin_row();
            record.pairs.iter().for_each(|(key, value)| found.add(key, value));
            has_text |= !record.text.is_empty();
        }
    }
    let mut schema = Schema::new(found.fields(MAX_KEYS).collect());
    match schema.fields.iter_mut().find(|field| field.name == TEXT) {
        // What belongs to no key joins it.
        Some(field) if has_text => field.data_type = DataType::String,
        Some(_) => {}
        None if has_text => schema.fields.push(Field::new(TEXT, DataType::String)),
        None => {}
    }
    schema
}
