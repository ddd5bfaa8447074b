//! Patterns of a log's messages, mined in one pass (after Drain, He et al. 2017): what varies by its class is left out word
//! by word, forms are counted in a tree of fixed depth, and at the end forms that differ in a word that varies are one
//! pattern. Parts of a log are mined apart and put together, with the same result. Imports nothing.

mod forms;
mod gathered;
mod merged;
#[cfg(test)]
mod tests;

use forms::{AGAIN, ANY, STAND_INS, WIDE, form_of, stand_in};
use gathered::{Gathered, LIMITS, Limits};

/// Bytes of an example.
const EXAMPLE: usize = 500;

/// One kind of message.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The same for the same pattern wherever it is found.
    pub id: String,
    /// Its words, with `<n>`, `<ip>`, `<hex>`, `<uuid>`, `<time>`, `<path>`, `<url>`, `<email>`, `<text>` for what varies by
    /// its class, `<*>` for another word that varies, `<...>` for anything, and `…` behind a word that is repeated.
    pub text: String,
    pub rows: u64,
    /// In microseconds; nothing where no time was known.
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// The least message as text.
    pub example: String,
    /// There were too many forms to keep: words that are one of many were left out before they were compared.
    pub is_folded: bool,
}

/// All patterns, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mined {
    pub patterns: Vec<Pattern>,
    pub rows: u64,
    /// Rows whose message is null or blank.
    pub empty: u64,
}

impl Mined {
    /// Rows of patterns of which some forms were folded.
    pub fn folded(&self) -> u64 {
        self.patterns.iter().filter(|pattern| pattern.is_folded).map(|pattern| pattern.rows).sum()
    }
}

/// Takes messages as they come.
#[derive(Debug, Clone)]
pub struct Miner {
    gathered: Gathered,
    rows: u64,
    empty: u64,
    /// The form of the message at hand.
    form: String,
}

impl Default for Miner {
    fn default() -> Self {
        Self::within(LIMITS)
    }
}

impl Miner {
    fn within(limits: Limits) -> Self {
        Self { gathered: Gathered::new(limits), rows: 0, empty: 0, form: String::new() }
    }

    /// Adds a row: its message and its time in microseconds.
    pub fn add(&mut self, message: Option<&str>, time: Option<i64>) {
        self.rows += 1;
        let words = message.map_or(0, |message| form_of(message, &mut self.form));
        match message {
            Some(message) if words > 0 => self.gathered.add(words, &self.form, begin_of(message), time),
            _ => self.empty += 1,
        }
    }

    /// Adds what another one took.
    pub fn merge(&mut self, other: Miner) {
        self.rows += other.rows;
        self.empty += other.empty;
        self.gathered.merge(other.gathered);
    }

    pub fn finish(self) -> Mined {
        let patterns = merged::merged(self.gathered.finish()).into_iter().map(|cluster| {
            let text = cluster.words.join(" ");
            let id = format!("{:012x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()) >> 16);
            let seen = cluster.seen;
            let (first, last, example) = (seen.first, seen.last, seen.example.into_string());
            Pattern { id, text, rows: seen.rows, first, last, example, is_folded: cluster.is_folded }
        });
        Mined { patterns: patterns.collect(), rows: self.rows, empty: self.empty }
    }
}

fn begin_of(message: &str) -> &str {
    &message[..message.floor_char_boundary(EXAMPLE)]
}

/// Patterns by how much they say beside what varies, the most first.
pub fn by_what_they_say(mut patterns: Vec<&str>) -> Vec<&str> {
    patterns.sort_by_key(|pattern| std::cmp::Reverse(said(pattern)));
    patterns
}

/// The letters of a pattern that stand for themselves.
fn said(pattern: &str) -> usize {
    let (mut said, mut rest) = (0, pattern);
    while let Some((open, close)) = stand_in(rest) {
        said += open;
        rest = &rest[close..];
    }
    said + rest.len()
}

/// A regular expression that fits the messages of a pattern.
pub fn regex_of(text: &str) -> String {
    let words: Vec<String> = text.split(' ').map(word_regex).collect();
    format!(r"^\s*{}\s*$", words.join(r"\s+"))
}

fn word_regex(word: &str) -> String {
    let is_again = word.ends_with(AGAIN) && stand_in(word).is_some();
    let mut regex = String::new();
    let word = if is_again { &word[..word.len() - AGAIN.len_utf8()] } else { word };
    let mut rest = word;
    while let Some((open, close)) = stand_in(rest) {
        regex.push_str(&regex::escape(&rest[..open]));
        regex.push_str(match &rest[open..close] {
            // Of a part of a word there may be nothing.
            ANY if word != ANY => r"\S*",
            WIDE if word != WIDE => "(?s:.*)",
            WIDE => "(?s:.+)",
            known => STAND_INS.iter().find(|(stand_in, _)| *stand_in == known).map_or("", |(_, fits)| fits),
        });
        rest = &rest[close..];
    }
    regex.push_str(&regex::escape(rest));
    if is_again {
        let comma = if regex.ends_with(',') { "?" } else { ",?" };
        format!(r"{regex}{comma}(?:\s+{regex}{comma})*…?")
    } else {
        regex
    }
}
