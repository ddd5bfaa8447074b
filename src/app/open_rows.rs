//! Rows as others may see them: without what is personal or secret, also where that stands in the running texts of other
//! columns. One rule for what is pinned and for answers. Must not import the command line or the designer.

use std::collections::{BTreeSet, HashMap};

use pipewright_core::data::{Classification, DataType, Schema, Value};
use pipewright_core::expr::with_stand_ins;
use pipewright_core::policy::{Sensitivities, is_named, is_naming, names_secret};

/// The kind of what stands for the value of a personal column; the other kinds are the words of `redact`.
pub const PERSON: &str = "<person>";

/// What stands for personal values: the same for the same value, so that keys still find each other.
pub struct OpenRows {
    texts: HashMap<String, String>,
    /// What stands for a value of a kind, by its number.
    stand_in: fn(&str, usize) -> String,
}

/// Texts of a row that may stand in others of its texts, and the columns that hold what another one names.
#[derive(Default)]
pub struct Hidden {
    personal: Vec<String>,
    secret: Vec<String>,
    named: BTreeSet<String>,
}

impl Hidden {
    /// Of a row, with the class of each of its columns.
    pub fn of(row: &[Value], schema: &Schema, classes: &[Classification]) -> Hidden {
        /// Shorter texts stand in many others by chance.
        const SHORTEST: usize = 3;
        let texts = |wanted: Classification| -> Vec<String> {
            let of_class = row.iter().zip(classes).filter(|(_, class)| **class == wanted).map(|(value, _)| value);
            let texts = of_class.filter_map(|value| if let Value::String(text) = value { Some(text) } else { None });
            texts.filter(|text| text.chars().count() >= SHORTEST).cloned().collect()
        };
        let (personal, secret) = (texts(Classification::Personal), texts(Classification::Secret));
        Hidden {
            personal,
            secret,
            named: named_secrets(schema.fields.iter().map(|field| field.name.as_str()).zip(row)),
        }
    }

    /// Whether a column holds something secret whose name another one of the row tells.
    pub fn holds(&self, column: &str) -> bool {
        self.named.contains(column)
    }
}

/// Fields that hold something secret, of which others beside them tell the name: `{"key": "password", "value": "…"}`.
fn named_secrets<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)> + Clone) -> BTreeSet<String> {
    let tells = |(name, value): (&str, &Value)| is_naming(name) && is_secret_name(value);
    if !fields.clone().any(tells) {
        return BTreeSet::new();
    }
    fields.map(|(name, _)| name).filter(|name| is_named(name)).map(str::to_owned).collect()
}

fn is_secret_name(value: &Value) -> bool {
    matches!(value, Value::String(text) if Sensitivities::shipped().of_name(text) == Some(Classification::Secret))
}

impl OpenRows {
    pub fn new(stand_in: fn(&str, usize) -> String) -> OpenRows {
        OpenRows { texts: HashMap::new(), stand_in }
    }

    /// `<email 2>` stands for the second value.
    pub fn numbered() -> OpenRows {
        OpenRows::new(|kind, number| format!("{} {number}>", kind.trim_end_matches('>')))
    }

    /// A row without what is personal or secret, also where that stands in the texts of other columns.
    pub fn row(&mut self, row: Vec<Value>, schema: &Schema, classes: &[Classification]) -> Vec<Value> {
        let hidden = Hidden::of(&row, schema, classes);
        let cells = row.into_iter().zip(&schema.fields).zip(classes);
        cells
            .map(|((value, field), class)| match (class, value) {
                (Classification::Public | Classification::Internal, _) if hidden.holds(&field.name) => Value::Null,
                (Classification::Public | Classification::Internal, value) => self.open(value, &hidden),
                (Classification::Personal, Value::String(text)) if field.data_type == DataType::String => {
                    Value::String(self.in_place_of(PERSON, &text))
                }
                (Classification::Personal | Classification::Secret, _) => Value::Null,
            })
            .collect()
    }

    /// What nobody called personal, without what free text may hold; null: it names or holds something secret.
    pub fn open(&mut self, value: Value, hidden: &Hidden) -> Value {
        match value {
            Value::String(text) => self.open_text(text, hidden).map_or(Value::Null, Value::String),
            // A header, as lists of them have it: `["Authorization", "…"]`.
            Value::List(items) if items.len() == 2 && is_secret_name(&items[0]) => Value::Null,
            Value::List(items) => Value::List(items.into_iter().map(|item| self.open(item, hidden)).collect()),
            Value::Record(fields) => {
                let named = named_secrets(fields.iter().map(|(name, value)| (&**name, value)));
                let is_secret = |name: &str| {
                    named.contains(name) || Sensitivities::shipped().of_column(name) == Some(Classification::Secret)
                };
                let open = |(name, value): (String, Value)| match is_secret(&name) {
                    true => (name, Value::Null),
                    false => (name, self.open(value, hidden)),
                };
                Value::Record(fields.into_iter().map(open).collect())
            }
            other => other,
        }
    }

    /// `None`: it names or holds something secret.
    fn open_text(&mut self, mut text: String, hidden: &Hidden) -> Option<String> {
        if names_secret(&text) || hidden.secret.iter().any(|secret| text.contains(secret)) {
            return None;
        }
        for personal in &hidden.personal {
            if text.contains(personal) {
                text = with_words_replaced(&text, personal, &self.in_place_of(PERSON, personal));
            }
        }
        with_stand_ins(&text, &mut |kind, found| self.in_place_of(kind, found))
    }

    fn in_place_of(&mut self, kind: &str, found: &str) -> String {
        let next = self.texts.len() + 1;
        self.texts.entry(found.to_owned()).or_insert_with(|| (self.stand_in)(kind, next)).clone()
    }
}

/// A text in which a word has another in its place; what only begins or ends with it is another word.
fn with_words_replaced(text: &str, word: &str, other: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, found) in text.match_indices(word) {
        let (before, behind) = (text[..at].chars().next_back(), text[at + found.len()..].chars().next());
        if before.is_none_or(|c| !c.is_alphanumeric()) && behind.is_none_or(|c| !c.is_alphanumeric()) {
            made.push_str(&text[rest..at]);
            made.push_str(other);
            rest = at + found.len();
        }
    }
    made + &text[rest..]
}
