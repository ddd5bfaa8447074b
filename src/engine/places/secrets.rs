//! Secrets of a connection while it is open: read where their references lead, and taken out of every text that is
//! shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use memchr::memmem;
use pipewright_core::diagnostic::{Diagnostic, io_cause};
use pipewright_core::files::{check_reach, read_text, variable};
use pipewright_core::ir::{Connection, encoded, interpolate, json_escaped};

use super::Visit;

/// Stands in the place of a secret.
pub(super) const HIDDEN: &str = "•••";
/// Bytes of an answer that are looked through at once.
const PIECE: u64 = 4 << 20;
/// What is shorter is looked for as a word of its own alone: else it would take pieces out of words that have nothing to
/// do with it.
const SHORTEST: usize = 4;

/// By name.
pub(super) struct Secrets {
    values: BTreeMap<String, String>,
    /// As they may stand in a text, the longest first.
    spelt: Vec<String>,
    /// Those that are hidden where they stand as words.
    words: Vec<String>,
}

/// Where a word stands in a text that is longer than it.
fn word_in(text: &str, word: &str) -> Option<usize> {
    let is_end = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let stands = |(at, _): &(usize, &str)| {
        is_end(text[..*at].chars().next_back()) && is_end(text[at + word.len()..].chars().next())
    };
    text.match_indices(word).find(stands).map(|(at, _)| at)
}

/// How a secret may be spelt in what a server says back.
fn spellings(value: &str) -> Vec<String> {
    let percent = encoded(value);
    let json = json_escaped(value);
    let markup = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let lower_case = lower_case_percents(&percent);
    let slashes = json.replace('/', "\\/");
    let hex = |digits: fn(&u8) -> String| value.as_bytes().iter().map(digits).collect::<String>();
    let (small, large) = (hex(|byte| format!("{byte:02x}")), hex(|byte| format!("{byte:02X}")));
    let capitals = [value.to_uppercase(), value.to_lowercase()];
    let base64 = super::http::base64(value.as_bytes());
    let twice = encoded(&percent);
    let each: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let each_small = lower_case_percents(&each);
    let all = [value.to_owned(), base64, percent, lower_case, json, slashes, markup, small, large];
    all.into_iter().chain(capitals).chain([twice, each, each_small]).chain(inside_of_base64(value)).collect()
}

/// What a secret is inside of a longer text in base64, such as `user:password` or `Bearer …`: by where it begins in it, the
/// signs that what stands around it does not change.
fn inside_of_base64(value: &str) -> impl Iterator<Item = String> {
    /// Shorter ones stand in other texts by chance.
    const SHORTEST_INSIDE: usize = 6;
    let inner = (0..3_usize).map(move |before| {
        let whole = [vec![0; before], value.as_bytes().to_vec()].concat();
        let (start, end) = ((before * 8).div_ceil(6), whole.len() * 8 / 6);
        super::http::base64(&whole).get(start..end).unwrap_or_default().to_owned()
    });
    let inner = inner.filter(|inner| inner.len() >= SHORTEST_INSIDE);
    inner.flat_map(|inner| [inner.replace('+', "-").replace('/', "_"), inner])
}

/// `%2F` as `%2f`.
fn lower_case_percents(text: &str) -> String {
    let mut left = 0;
    let lower = text.chars().map(|c| match c {
        '%' => {
            left = 2;
            c
        }
        c if left > 0 => {
            left -= 1;
            c.to_ascii_lowercase()
        }
        c => c,
    });
    lower.collect()
}

impl Secrets {
    pub fn of(connection: &Connection, visit: Visit) -> Result<Secrets, Diagnostic> {
        let mut values = BTreeMap::new();
        for (name, reference) in &connection.secrets {
            let value = read(reference.trim(), visit).map_err(|(why, help)| {
                let message = format!("the secret `{name}` of “{}” {why}", connection.shown());
                Diagnostic::error("PW0667", message).help(help)
            })?;
            values.insert(name.clone(), value);
        }
        let mut spelt: BTreeSet<String> = values.values().flat_map(|value| spellings(value.trim())).collect();
        if let Some(password) = values.get("password") {
            let user = connection.setting("user");
            spelt.insert(super::http::base64(format!("{user}:{password}").as_bytes()));
        }
        let (mut spelt, words): (Vec<String>, Vec<String>) = spelt
            .into_iter()
            .filter(|value| !HIDDEN.contains(value.as_str()))
            .partition(|value| value.len() >= SHORTEST);
        // One may begin as another does: the longer ones first.
        spelt.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Ok(Secrets { values, spelt, words })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Those whose names begin alike, by the rest of the name.
    pub fn beginning<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values.iter().filter_map(move |(name, value)| Some((name.strip_prefix(start)?, value.as_str())))
    }

    /// A text without the secrets, however they are spelt in it, and without long parts of them.
    pub fn hide(&self, text: &str) -> String {
        self.values.values().fold(self.without_whole(text), |text, value| without_parts(&text, value.trim()))
    }

    fn without_whole(&self, text: &str) -> String {
        let mut text = self.spelt.iter().fold(text.to_owned(), |text, spelt| text.replace(spelt.as_str(), HIDDEN));
        for word in &self.words {
            while let Some(at) = word_in(&text, word) {
                text.replace_range(at..at + word.len(), HIDDEN);
            }
        }
        text
    }

    /// Whether one stands in an address.
    pub fn stands_in(&self, address: &str) -> bool {
        self.without_whole(address) != address
    }

    /// Takes them out of an answer that lies in a file; gives how often one stood there. A word that is too short to be
    /// known may be anything there, and stays.
    pub fn hide_in_file(&self, path: &Path) -> io::Result<u64> {
        let longest = self.spelt.iter().map(String::len).max().unwrap_or(0);
        if longest == 0 {
            return Ok(0);
        }
        let has_one = |bytes: &[u8]| self.spelt.iter().any(|spelt| memmem::find(bytes, spelt.as_bytes()).is_some());
        if !any_piece(File::open(path)?, longest, has_one)? {
            return Ok(0);
        }
        let mut bytes = std::fs::read(path)?;
        let mut found = 0;
        for spelt in &self.spelt {
            let places: Vec<usize> = memmem::find_iter(&bytes, spelt.as_bytes()).collect();
            let Some(last) = places.last() else { continue };
            found += places.len() as u64;
            let rest = bytes.split_off(last + spelt.len());
            let mut hidden = Vec::with_capacity(bytes.len());
            let mut at = 0;
            for place in places {
                hidden.extend_from_slice(&bytes[at..place]);
                hidden.extend_from_slice(HIDDEN.as_bytes());
                at = place + spelt.len();
            }
            hidden.extend(rest);
            bytes = hidden;
        }
        std::fs::write(path, bytes)?;
        Ok(found)
    }

    /// What is told, without the secrets.
    pub fn hidden(&self, fault: Diagnostic) -> Diagnostic {
        let help = fault.help.as_deref().map(|help| self.hide(help));
        Diagnostic { message: self.hide(&fault.message), help, ..fault }
    }
}

/// A text without what is a long part of a secret: of one that a server cuts, or says in two pieces.
fn without_parts(text: &str, secret: &str) -> String {
    /// Letters of a part that is hidden: half of the secret, but no fewer and no more than these.
    const FEWEST: usize = 6;
    const MOST: usize = 16;
    let starts: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    let letters = ((starts.len() - 1) / 2).clamp(FEWEST, MOST);
    let mut parts: Vec<(usize, usize)> = starts
        .windows(letters + 1)
        .flat_map(|part| text.match_indices(&secret[part[0]..part[letters]]))
        .map(|(at, part)| (at, at + part.len()))
        .collect();
    parts.sort_unstable();
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for (start, end) in parts {
        // A part that goes on where the last one ended, or before.
        if start > done || done == 0 {
            shown.push_str(&text[done..start]);
            shown.push_str(HIDDEN);
        }
        done = done.max(end);
    }
    shown + &text[done..]
}

/// Whether a piece of a file, of some mebibytes, or one that lies across two of them, is one that is looked for.
fn any_piece(mut file: File, longest: usize, is_one: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
    let mut piece = Vec::new();
    loop {
        let kept = piece.len().saturating_sub(longest);
        piece.drain(..kept);
        if (&mut file).take(PIECE).read_to_end(&mut piece)? == 0 {
            return Ok(false);
        }
        if is_one(&piece) {
            return Ok(true);
        }
    }
}

/// The secret behind a reference; else what is wrong, and how to mend it. Ends of lines at its end are not of it.
fn read(reference: &str, visit: Visit) -> Result<String, (String, String)> {
    let value = match reference.split_once(':') {
        Some(("env", name)) => {
            visit.variables.get(name).cloned().or_else(|| variable(visit.base, name)).ok_or_else(|| {
                (
                    format!("is to be in the variable `{name}`, which is not set"),
                    format!("set {name} in the environment"),
                )
            })?
        }
        Some(("file", path)) => {
            let path = interpolate(path.trim(), visit.parameters)
                .map_err(|fault| (fault.message, fault.help.unwrap_or_default()))?;
            let place = visit.base.join(&path);
            let told = |why: String| {
                let help = "put the secret alone into the file, for the user alone to read".to_owned();
                (format!("is to be in the file `{}`, which cannot be read: {why}", path), help)
            };
            check_reach(visit.base, &place).map_err(|fault| told(fault.message))?;
            read_text(&place).map_err(|error| told(io_cause(&error)))?
        }
        _ => return Err(("is no reference".to_owned(), "write `env:NAME` or `file:PATH`".to_owned())),
    };
    let value = value.trim_end_matches(['\r', '\n']).to_owned();
    match value.is_empty() {
        true => Err((format!("is empty at `{reference}`"), "put the secret there".to_owned())),
        false => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_secrets_are_hidden_as_words() {
        let secrets = Secrets { values: BTreeMap::new(), spelt: vec!["s3cret".into()], words: vec!["pw".into()] };
        assert_eq!(secrets.hide("pw for `pw`: pwd=s3cretpw"), "••• for `•••`: pwd=••••••");
        assert_eq!(secrets.hide("as pw, pw.pw"), "as •••, •••.•••");
        assert!(secrets.stands_in("the pw") && !secrets.stands_in("the pwd"));
    }

    fn secrets_of(value: &str) -> Secrets {
        let values = BTreeMap::from([("token".to_owned(), value.to_owned())]);
        let mut spelt = spellings(value);
        spelt.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Secrets { values, spelt, words: Vec::new() }
    }

    #[test]
    fn secrets_are_hidden_inside_of_what_is_encoded_with_them() {
        let secrets = secrets_of("TOKMARK0123456789");
        for before in ["", "u:", "me:", "Bearer ", "Authorization: Bearer ", "x"] {
            for behind in ["", "!", "\r\n"] {
                let text = super::super::http::base64(format!("{before}TOKMARK0123456789{behind}").as_bytes());
                let hidden = secrets.hide(&format!("got {text}"));
                let left = hidden.replace("got ", "").replace(HIDDEN, "");
                assert!(hidden.contains(HIDDEN) && left.len() <= text.len() - 20, "{text}: {hidden}");
            }
        }
        assert_eq!(secrets.hide("?t=%54%4f%4b%4d%41%52%4b%30%31%32%33%34%35%36%37%38%39."), "?t=•••.");
        assert_eq!(secrets_of("a/b+c").hide("a%252Fb%252Bc"), "•••");
        assert!(secrets.stands_in("http://h/VE9LTUFSSzAxMjM0NTY3ODk="));
    }

    #[test]
    fn long_parts_of_secrets_are_hidden_too() {
        let secrets = secrets_of("TOKMARK0123456789");
        assert_eq!(
            secrets.hide("no TOKMARK012345678, KMARK0123456789 and TOKMARK0 123456789."),
            "no •••, ••• and ••• •••."
        );
        assert_eq!(
            secrets.hide("TOKMARK: 0123456 789"),
            "TOKMARK: 0123456 789",
            "shorter parts are words of their own"
        );
        assert_eq!(secrets_of("geheim").hide("geheim geh eim"), "••• geh eim");
        assert_eq!(secrets_of("éééééééé").hide("a éééééé b"), "a ••• b");
    }

    #[test]
    fn an_answer_is_kept_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page");
        let secrets = Secrets { values: BTreeMap::new(), spelt: vec!["s3cret".into()], words: vec!["pw".into()] };
        // Across two pieces as well.
        let before = "x".repeat(PIECE as usize - 3);
        std::fs::write(&path, format!("{before}s3cret, s3cret pw\n")).unwrap();
        assert_eq!(secrets.hide_in_file(&path).unwrap(), 2);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{before}•••, ••• pw\n"));
        assert_eq!(secrets.hide_in_file(&path).unwrap(), 0);
    }
}
