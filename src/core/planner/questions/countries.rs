//! Countries by their names in what is read: data say `DE`. Imports data; of this room vocabulary.

use crate::data::{Schema, TableRows, Value};
use crate::planner::vocabulary::{Vocabulary, normal_name};

/// Rows whose columns of country codes show names.
pub(super) struct Named<'a> {
    rows: &'a dyn TableRows,
    columns: Vec<usize>,
}

impl<'a> Named<'a> {
    pub fn of(rows: &'a dyn TableRows) -> Self {
        let vocabulary = Vocabulary::shipped();
        let is_country = |name: &str| {
            let known = vocabulary.named(&normal_name(name));
            known.iter().any(|number| vocabulary.concepts()[*number].id == "client.geo.country")
        };
        let names = rows.schema().names().enumerate();
        Self { rows, columns: names.filter(|(_, name)| is_country(name)).map(|(column, _)| column).collect() }
    }
}

impl TableRows for Named<'_> {
    fn schema(&self) -> &Schema {
        self.rows.schema()
    }

    fn rows(&self) -> usize {
        self.rows.rows()
    }

    fn value(&self, row: usize, column: usize) -> Value {
        let value = self.rows.value(row, column);
        match &value {
            Value::String(code) if self.columns.contains(&column) => name_of(code).map_or(value, Value::String),
            _ => value,
        }
    }
}

/// `Germany` for `DE` and `DEU`. What the standard says in brackets is left out where no other country is called so:
/// `Venezuela`, but `Korea (Republic of)`.
fn name_of(code: &str) -> Option<String> {
    let country = match code.len() {
        2 => rust_iso3166::from_alpha2(code),
        3 => rust_iso3166::from_alpha3(code),
        _ => None,
    }?;
    Some(short(country.name).to_owned())
}

fn short(name: &'static str) -> &'static str {
    // What follows is said by nobody, and has no room beside a bar.
    let stem = |name: &'static str| {
        let name = name.split_once(" of Great Britain").map_or(name, |(stem, _)| stem);
        name.split_once(" (").map_or(name, |(stem, _)| stem)
    };
    let namesakes = rust_iso3166::ALL.iter().filter(|country| stem(country.name) == stem(name));
    if namesakes.count() > 1 { name } else { stem(name) }
}

/// Whether a text is the name of a country, which needs no quotation marks in a sentence.
pub(super) fn is_country(text: &str) -> bool {
    rust_iso3166::ALL.iter().any(|country| short(country.name) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_names_and_what_is_no_code_stays() {
        for (code, name) in [
            ("DE", Some("Germany")),
            ("USA", Some("United States of America")),
            ("VE", Some("Venezuela")),
            ("KR", Some("Korea (Republic of)")),
            ("KP", Some("Korea (Democratic People's Republic of)")),
            ("de", None),
            ("Germany", None),
            ("XX", None),
            ("", None),
        ] {
            assert_eq!(name_of(code).as_deref(), name, "{code}");
        }
        assert!(is_country("Venezuela") && !is_country("DE"));
    }
}
