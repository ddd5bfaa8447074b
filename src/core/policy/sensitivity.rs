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
    /// The same without `_`, of what is personal or secret: `customername`.
    by_letters: HashMap<String, Option<Classification>>,
}

/// Letters of the shortest name of several words that are written together: shorter ones mean other things.
const SHORTEST_WORD: usize = 5;
/// Letters of the shortest name of something secret that is seen at the end of a longer name.
const SHORTEST_ENDING: usize = 6;
/// Shorter ones that mean nothing else there.
const SHORT_ENDINGS: [&str; 7] = ["pwd", "jwt", "cvv", "cvc", "otp", "ssn", "iban"];
const TOKEN: &str = "token";
/// What stands before `token` where it is a place in a list, or a piece of a text.
const OTHER_TOKENS: [&str; 26] = [
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
    "prompt",
    "completion",
    "total",
    "cached",
    "reasoning",
    "used",
];

/// Names of something personal that are seen at the end of a longer name.
const PERSONAL_ENDINGS: [&str; 26] = [
    "email",
    "email_address",
    "emailaddress",
    "email_addr",
    "mail_address",
    "phone",
    "phone_number",
    "phonenumber",
    "mobile_number",
    "telephone",
    "ip_address",
    "ip_addr",
    "client_ip",
    "first_name",
    "firstname",
    "last_name",
    "lastname",
    "family_name",
    "full_name",
    "birth_date",
    "birthdate",
    "date_of_birth",
    "street_address",
    "home_address",
    "postal_address",
    "mac_address",
];
/// What is seen at the end of a word that several are written together in: `dbpassword`, `useremail`.
const WRITTEN_TOGETHER: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "apikey",
    "secretkey",
    "privatekey",
    "accesskey",
    "sshkey",
    "credentials",
    "jwt",
    TOKEN,
    "email",
];
/// Words behind the name of something that is still the same.
const ADDITIONS: [&str; 10] =
    ["confirmation", "confirm", "repeat", "digest", "hash", "pem", "old", "new", "current", "number"];

/// Columns that hold whole cookies of a session, or a password. In a text such words stand before much else, so that
/// there they name nothing secret.
const SECRET_COLUMNS: [&str; 16] = [
    "cookie",
    "cookies",
    "cs_cookie",
    "sc_cookie",
    "request_cookie",
    "request_cookies",
    "req_cookie",
    "req_cookies",
    "response_cookie",
    "response_cookies",
    "userpass",
    "dbpass",
    // They lead to a database, with the password.
    "database_url",
    "connection_string",
    "conn_str",
    "creds",
];
/// Whose `…_pass` is a password: other things pass, or are passed.
const WHO_HAS_A_PASS: [&str; 18] = [
    "user", "username", "usr", "db", "database", "admin", "root", "login", "account", "smtp", "ftp", "ssh", "mysql",
    "pg", "postgres", "redis", "proxy", "auth",
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
        all.by_letters.extend(own.by_letters);
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

    /// The same where the name is a column's.
    pub fn of_column(&self, name: &str) -> Option<Classification> {
        self.by_own_name(name, &DataType::String).or_else(|| self.by_column(name, &DataType::String))
    }

    /// What a name says of a column only: `user_pass` is a password there, and `tests_pass` none.
    fn by_column(&self, name: &str, data_type: &DataType) -> Option<Classification> {
        let plain = normal_name(name);
        let is_known = self.by_name.contains_key(&plain);
        let is_text = matches!(items_of(data_type), DataType::String | DataType::Record(_) | DataType::Unknown);
        let of_somebody = |before: &str| WHO_HAS_A_PASS.contains(&before.rsplit('_').next().unwrap_or_default());
        let is_secret =
            SECRET_COLUMNS.contains(&plain.as_str()) || plain.strip_suffix("_pass").is_some_and(of_somebody);
        (is_text && !is_known && is_secret).then_some(Classification::Secret)
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
        let own = self.by_own_name(name, data_type).or_else(|| self.by_column(name, data_type));
        let DataType::Record(fields) = items_of(data_type) else { return own };
        let inside = fields
            .iter()
            .map(|(field, data_type)| self.classify_field(&format!("{path}.{field}"), field, data_type, meanings));
        // What is personal of a record its fields tell; a secret is one as a whole.
        let of_fields = inside.max().flatten().max(is_place(fields).then_some(Classification::Personal));
        of_fields.max(own.filter(|own| *own == Classification::Secret))
    }

    fn by_own_name(&self, name: &str, data_type: &DataType) -> Option<Classification> {
        let known =
            |name: &str| self.by_name.get(name).map(|known| known.filter(|known| *known > Classification::Internal));
        let plain = normal_name(name);
        if let Some(known) = known(&plain) {
            return known;
        }
        // One of several: `address_line_1`. Short words with a number are other things.
        let first = plain.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
        let of_several = || self.by_name.get(first).filter(|_| first.contains('_'));
        if let Some(known) = self.by_letters.get(first).or_else(of_several) {
            return known.filter(|known| *known > Classification::Internal);
        }
        // `DBPassword` is a password as `db_password` is.
        let cut = words_of_capitals(name);
        let names = [plain.as_str(), cut.as_str()];
        let spellings: Vec<&str> = names.into_iter().flat_map(without_additions).collect();
        let one_of = |name: &str| name.strip_suffix('s').filter(|one| !one.ends_with('s')).map(str::to_owned);
        let is_number = matches!(data_type, DataType::Int | DataType::Float);
        // `emails` holds what `email` does; a number of them is none.
        let several = spellings.iter().filter(|_| !is_number).filter_map(|name| one_of(name));
        let spellings: Vec<String> = spellings.iter().map(|name| (*name).to_owned()).chain(several).collect();
        let found = spellings.iter().filter_map(|name| self.by_ending(name, is_number)).max();
        // `has_password` and `last_password` are none.
        let items = items_of(data_type);
        let tells_of_it =
            matches!(items, DataType::Boolean | DataType::Timestamp | DataType::Date | DataType::Duration);
        found.filter(|_| !tells_of_it)
    }

    /// Whether a name is that of something personal or secret, as it stands.
    pub fn is_name(&self, name: &str) -> bool {
        self.by_name.get(&normal_name(name)).is_some_and(|known| *known > Some(Classification::Internal))
    }

    /// A name as it may be told where it was found in a text: of one that several words are written together in, which may
    /// as well be a value, only the word that is known.
    pub fn told<'a>(&self, name: &'a str) -> &'a str {
        let is_known = |part: &str| self.by_name.contains_key(&normal_name(part));
        let cut = words_of_capitals(name);
        let mut spellings = without_additions(&cut).chain(cut.strip_suffix('s')).chain([cut.as_str()]);
        let ends_known = |one: &str| is_known(one) || one.match_indices('_').any(|(at, _)| is_known(&one[at + 1..]));
        if spellings.any(ends_known) {
            return name;
        }
        let lower = name.to_ascii_lowercase();
        let together = WRITTEN_TOGETHER.iter().filter_map(|ending| lower.rfind(ending)).max();
        together.and_then(|at| name.get(at..)).unwrap_or(name)
    }

    /// `user_password` is a password, `x_api_key` a key, `github_token` and `githubtoken` are tokens; `page_token` is none.
    /// `contact_email` is an address of a person.
    fn by_ending(&self, name: &str, is_number: bool) -> Option<Classification> {
        let endings =
            std::iter::once(("", name)).chain(name.match_indices('_').map(|(at, _)| (&name[..at], &name[at + 1..])));
        let is_place = |before: &str| OTHER_TOKENS.iter().any(|word| before.ends_with(word));
        let of_ending = |(before, ending): (&str, &str)| {
            let known = self.by_name.get(ending).copied().flatten()?;
            let is_token = ending == TOKEN && !is_number && !is_place(before);
            let tells = ending.len() >= SHORTEST_ENDING || SHORT_ENDINGS.contains(&ending) || is_token;
            match known {
                Classification::Secret if tells => Some(known),
                Classification::Personal if PERSONAL_ENDINGS.contains(&ending) && !is_number => Some(known),
                _ => None,
            }
        };
        let last = name.rsplit('_').next().unwrap_or_default();
        let together = WRITTEN_TOGETHER.iter().find_map(|ending| {
            let before = last.strip_suffix(ending).filter(|before| !before.is_empty())?;
            let known = self.by_name.get(*ending).copied().flatten()?;
            (*ending != TOKEN || !is_number && !is_place(before)).then_some(known)
        });
        endings.filter_map(of_ending).chain(together).max()
    }
}

/// A name without numbers at its end, and without what is said of the same thing behind it: `password_confirmation`.
fn without_additions(name: &str) -> impl Iterator<Item = &str> {
    let name = name.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
    let bare = ADDITIONS.iter().find_map(|word| name.strip_suffix(word)?.strip_suffix('_'));
    std::iter::once(name).chain(bare)
}

/// The normal name, where the last of several capitals begins a word: `DBPassword` → `db_password`.
fn words_of_capitals(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut cut = String::with_capacity(name.len() + 4);
    for (at, c) in letters.iter().enumerate() {
        let follows = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if at > 0 && c.is_uppercase() && follows && letters[at - 1].is_uppercase() {
            cut.push('_');
        }
        cut.push(*c);
    }
    normal_name(&cut)
}

/// Whether a record is a place: apart from each other its names may mean other things, such as a latency.
fn is_place(fields: &[(String, DataType)]) -> bool {
    let has = |names: &[&str]| fields.iter().any(|(name, _)| names.contains(&normal_name(name).as_str()));
    has(&["lat", "latitude"]) && has(&["lon", "lng", "long", "longitude"])
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
    let several = found.by_name.iter().filter(|(name, _)| name.contains('_'));
    let close = several.filter(|(_, known)| **known > Some(Classification::Internal));
    let letters = close.map(|(name, known)| (name.replace('_', ""), *known));
    found.by_letters = letters.filter(|(name, _)| name.len() >= SHORTEST_WORD).collect();
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
