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
const HIDDEN: &str = "•••";
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
    let all = [value.to_owned(), base64, percent, lower_case, json, slashes, markup, small, large];
    all.into_iter().chain(capitals).collect()
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

    /// A text without the secrets, however they are spelt in it.
    pub fn hide(&self, text: &str) -> String {
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
        self.hide(address) != address
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
