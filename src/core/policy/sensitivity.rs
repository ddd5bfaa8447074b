//! How sensitive fields are: by the concept that they carry (`assets/concepts.json`, or the project's own), else by a
//! name that means one thing only.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::data::{Classification, DataType};

/// The sensitivity of concepts, and of names that speak for themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sensitivities {
    by_concept: BTreeMap<String, Classification>,
    /// By normal name; `None`: its concepts differ.
    by_name: HashMap<String, Option<Classification>>,
}

/// Letters of the shortest name of something secret that is seen at the end of a longer name.
const SHORTEST_ENDING: usize = 6;
/// Shorter ones that mean nothing else there.
const SHORT_ENDINGS: [&str; 5] = ["pwd", "jwt", "cvv", "cvc", "otp"];
const TOKEN: &str = "token";
/// What stands before `token` where it is a place in a list, or a piece of a text.
const OTHER_TOKENS: [&str; 20] = [
    "page",
    "next",
    "prev",
    "previous",
    "continuation",
    "continue",
    "sync",
    "cursor",
    "resume",
    "scroll",
    "first",
    "last",
    "start",
    "end",
    "stop",
    "input",
    "output",
    "max",
    "min",
    "per",
];

/// What matters here of a concept.
#[derive(Deserialize)]
struct Concept {
    id: String,
    #[serde(default)]
    synonyms: Vec<String>,
    sensitivity: Classification,
}

#[derive(Deserialize)]
struct Concepts {
    concepts: Vec<Concept>,
}

impl Sensitivities {
    /// Those of the concepts that ship with the program.
    pub fn shipped() -> Arc<Sensitivities> {
        static SHIPPED: LazyLock<Arc<Sensitivities>> = LazyLock::new(|| {
            let file = serde_json::from_str::<Concepts>(include_str!("../../../assets/concepts.json"));
            Arc::new(of_concepts(&file.map(|file| file.concepts).unwrap_or_default()))
        });
        Arc::clone(&SHIPPED)
    }

    /// With the concepts of a project's own vocabulary: one with the id of a shipped one replaces it.
    pub fn of(vocabulary: &Map<String, Json>) -> Arc<Sensitivities> {
        let own = vocabulary.get("concepts").and_then(Json::as_array).into_iter().flatten();
        let own: Vec<Concept> = own.filter_map(|concept| Concept::deserialize(concept).ok()).collect();
        if own.is_empty() {
            return Sensitivities::shipped();
        }
        let mut all = (*Sensitivities::shipped()).clone();
        let own = of_concepts(&own);
        all.by_concept.extend(own.by_concept);
        all.by_name.extend(own.by_name);
        Arc::new(all)
    }

    /// The sensitivity of a concept; `None`: nobody knows it.
    pub fn of_concept(&self, concept: &str) -> Option<Classification> {
        self.by_concept.get(concept).copied()
    }

    /// The classification of a field that declares none: by its confirmed meaning (`meanings`, where an empty text
    /// says that it means nothing; fields inside records are named by their path), else by its name where that can
    /// only mean something personal or secret. A record, and a list of records, is as close as its closest field.
    pub fn classify(
        &self,
        name: &str,
        data_type: &DataType,
        meaning: Option<&str>,
        meanings: &BTreeMap<String, String>,
    ) -> Option<Classification> {
        if let Some(concept) = meanings.get(name).map(String::as_str).or(meaning) {
            return self.of_concept(concept);
        }
        self.classify_field(name, name, data_type, meanings)
    }

    /// The classification of text of which no more than the name is known.
    pub fn of_name(&self, name: &str) -> Option<Classification> {
        self.by_own_name(name, &DataType::String)
    }

    fn classify_field(
        &self,
        path: &str,
        name: &str,
        data_type: &DataType,
        meanings: &BTreeMap<String, String>,
    ) -> Option<Classification> {
        if let Some(concept) = meanings.get(path) {
            return self.of_concept(concept);
        }
        let own = self.by_own_name(name, data_type);
        let DataType::Record(fields) = items_of(data_type) else { return own };
        let inside = fields
            .iter()
            .map(|(field, data_type)| self.classify_field(&format!("{path}.{field}"), field, data_type, meanings));
        // What is personal of a record its fields tell; a secret is one as a whole.
        inside.max().flatten().max(own.filter(|own| *own == Classification::Secret))
    }

    fn by_own_name(&self, name: &str, data_type: &DataType) -> Option<Classification> {
        let name = normal_name(name);
        if let Some(known) = self.by_name.get(&name) {
            return known.filter(|known| *known > Classification::Internal);
        }
        // `user_password` is a password, `x_api_key_2` a key, `github_token` a token; `page_token` is none.
        let name = name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
        let endings =
            std::iter::once(("", name)).chain(name.match_indices('_').map(|(at, _)| (&name[..at], &name[at + 1..])));
        let is_number = matches!(data_type, DataType::Int | DataType::Float);
        let may_tell = |(before, ending): &(&str, &str)| {
            let word = before.rsplit('_').next().unwrap_or_default();
            let is_token = *ending == TOKEN && !is_number && !OTHER_TOKENS.contains(&word);
            ending.len() >= SHORTEST_ENDING || SHORT_ENDINGS.contains(ending) || is_token
        };
        let mut endings = endings.filter(may_tell).map(|(_, ending)| ending);
        let is_secret = |ending: &str| self.by_name.get(ending) == Some(&Some(Classification::Secret));
        // `has_password` and `last_password` are none.
        let items = items_of(data_type);
        let tells_of_it =
            matches!(items, DataType::Boolean | DataType::Timestamp | DataType::Date | DataType::Duration);
        (!tells_of_it && endings.any(is_secret)).then_some(Classification::Secret)
    }
}

/// What a list holds in the end; of other types the type itself.
fn items_of(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::List(items) => items_of(items),
        other => other,
    }
}

fn of_concepts(concepts: &[Concept]) -> Sensitivities {
    let mut found = Sensitivities::default();
    for concept in concepts {
        found.by_concept.insert(concept.id.clone(), concept.sensitivity);
        for name in concept.synonyms.iter().chain([&concept.id]) {
            let known = found.by_name.entry(normal_name(name)).or_insert(Some(concept.sensitivity));
            *known = known.filter(|known| *known == concept.sensitivity);
        }
    }
    found
}

/// Lower case words joined by `_`: `statusCode`, `Status-Code` and `status.code` are one name. A leading `@` is a word:
/// what a collector says of its own record (`@version`) is not what a service says.
pub fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len() + 4);
    let mut before = ' ';
    if name.starts_with('@') {
        normal.push_str("at_");
    }
    for c in name.chars() {
        if !c.is_alphanumeric() {
            if !normal.is_empty() && !normal.ends_with('_') {
                normal.push('_');
            }
        } else {
            if c.is_uppercase() && (before.is_lowercase() || before.is_numeric()) {
                normal.push('_');
            }
            normal.extend(c.to_lowercase());
        }
        before = c;
    }
    while normal.ends_with('_') {
        normal.pop();
    }
    normal
}
