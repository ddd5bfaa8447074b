//! Patterns out of the forms of messages: forms that differ in one word are one pattern where that word varies, and so are
//! those that agree nearly everywhere. Forms come with their counts and in an order of their own, so that the same messages
//! give the same patterns however they came. Imports nothing.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::forms::{AGAIN, ANY, WIDE, stand_in};
use super::gathered::{Form, Seen, is_wide};

/// Different words at one place that show that it varies, where all else is the same.
const VALUES: usize = 3;
/// The same of the first word, which as a rule says what has happened.
const FIRST_VALUES: usize = 10;
/// Share of their words in which two patterns agree that are one.
const SIMILAR: f64 = 0.9;

/// A pattern on its way.
pub(super) struct Cluster {
    pub words: Vec<String>,
    pub seen: Seen,
    pub is_folded: bool,
}

pub(super) fn merged(forms: Vec<Form>) -> Vec<Cluster> {
    let clusters = forms.into_iter().map(|Form { words, seen, is_folded }| Cluster { words, seen, is_folded });
    let mut clusters = each_once(clusters.collect());
    loop {
        let before = clusters.len();
        while let Some(fewer) = one_place(&mut clusters) {
            clusters = fewer;
        }
        clusters = each_once(similar(clusters));
        if clusters.len() == before {
            break;
        }
    }
    clusters.sort_by(|one, other| other.seen.rows.cmp(&one.seen.rows).then_with(|| one.words.cmp(&other.words)));
    clusters
}

/// Clusters of the same words, a repeated word counting as one, are one; in the order of their words.
fn each_once(clusters: Vec<Cluster>) -> Vec<Cluster> {
    let mut all: BTreeMap<Vec<String>, Cluster> = BTreeMap::new();
    for cluster in clusters {
        let key = cluster.words.iter().map(|word| once(word).to_owned()).collect();
        match all.get_mut(&key) {
            Some(known) => known.add(cluster),
            None => {
                all.insert(key, cluster);
            }
        }
    }
    all.into_values().collect()
}

/// A word without the sign that it is repeated.
fn once(word: &str) -> &str {
    word.strip_suffix(AGAIN).filter(|word| stand_in(word).is_some()).unwrap_or(word)
}

impl Cluster {
    fn add(&mut self, other: Cluster) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word = common(word, theirs);
        }
        self.seen.add(other.seen);
        self.is_folded |= other.is_folded;
    }
}

/// What two words have in common, from sign to sign, and a stand-in between.
fn common(one: &str, other: &str) -> String {
    if one == other {
        return one.to_owned();
    }
    if once(one) == once(other) {
        return format!("{}{AGAIN}", once(one));
    }
    let (begin, end) = borders(one, other);
    let parts = [&one[begin..one.len() - end], &other[begin..other.len() - end]];
    let between = if parts.iter().any(|part| is_wide(part)) { WIDE } else { ANY };
    format!("{}{between}{}", &one[..begin], &one[one.len() - end..])
}

/// How many bytes at the beginning and the end of two words are the same; they end at a sign, and in no stand-in.
fn borders(one: &str, other: &str) -> (usize, usize) {
    let is_sign = |c: char| !c.is_alphanumeric() && !"<>*…".contains(c);
    let mut begin = 0;
    for ((at, c), d) in one.char_indices().zip(other.chars()) {
        if c != d {
            break;
        }
        if is_sign(c) {
            begin = at + c.len_utf8();
        }
    }
    if let Some((from, _)) = around(one, begin).or_else(|| around(other, begin)) {
        begin = from;
    }
    let (mut end, mut length) = (0, 0);
    for (c, d) in one[begin..].chars().rev().zip(other[begin..].chars().rev()) {
        if c != d {
            break;
        }
        length += c.len_utf8();
        if is_sign(c) {
            end = length;
        }
    }
    for word in [one, other] {
        if let Some((_, to)) = around(word, word.len() - end) {
            end = word.len() - to;
        }
    }
    (begin, end)
}

/// The stand-in in which a place lies.
fn around(word: &str, place: usize) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some((open, close)) = stand_in(&word[from..]).map(|(open, close)| (from + open, from + close)) {
        if open < place && place < close {
            return Some((open, close));
        }
        from = close;
    }
    None
}

/// Whether a word has letters or digits beside stand-ins.
fn says_something(word: &str) -> bool {
    let mut rest = word;
    while let Some((open, close)) = stand_in(rest) {
        if rest[..open].chars().any(char::is_alphanumeric) {
            return true;
        }
        rest = &rest[close..];
    }
    rest.chars().any(char::is_alphanumeric)
}

/// Clusters that are the same but for one word.
struct Bucket {
    at: usize,
    members: Vec<usize>,
}

/// Merges what differs in one word alone, the most first; nothing where nothing is left to merge.
fn one_place(clusters: &mut Vec<Cluster>) -> Option<Vec<Cluster>> {
    let mut found: Vec<Bucket> = buckets(clusters).into_iter().filter(|bucket| varies(bucket, clusters)).collect();
    found.sort_by(|one, other| other.members.len().cmp(&one.members.len()).then(one.at.cmp(&other.at)));
    let mut rest: Vec<Option<Cluster>> = std::mem::take(clusters).into_iter().map(Some).collect();
    let mut made = Vec::new();
    for Bucket { members, .. } in found {
        if members.iter().any(|member| rest[*member].is_none()) {
            continue;
        }
        let taken = members.iter().filter_map(|member| rest[*member].take());
        made.extend(taken.reduce(|mut all, cluster| {
            all.add(cluster);
            all
        }));
    }
    let is_done = made.is_empty();
    made.extend(rest.into_iter().flatten());
    if is_done {
        *clusters = made;
        return None;
    }
    Some(each_once(made))
}

fn buckets(clusters: &[Cluster]) -> Vec<Bucket> {
    let mut keys: Vec<(u64, usize, usize)> = Vec::new();
    for (number, cluster) in clusters.iter().enumerate() {
        let hashes = hashes(cluster);
        let all = hashes.iter().fold(0_u64, |all, hash| all.wrapping_add(*hash));
        if hashes.len() > 1 {
            let places = hashes.iter().enumerate();
            keys.extend(places.map(|(at, hash)| (all.wrapping_sub(*hash) ^ hashes.len() as u64, at, number)));
        }
    }
    keys.sort_unstable();
    let runs = keys.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)).filter(|run| run.len() > 1);
    runs.map(|run| Bucket { at: run[0].1, members: run.iter().map(|key| key.2).collect() }).collect()
}

/// A hash for each word at its place.
fn hashes(cluster: &Cluster) -> Vec<u64> {
    let words = cluster.words.iter().enumerate();
    words.map(|(at, word)| xxh3_64_with_seed(once(word).as_bytes(), at as u64)).collect()
}

/// Whether a word in which alone these differ is one that varies: it has many values, or one that varies by its class; and
/// the others say something.
fn varies(bucket: &Bucket, clusters: &[Cluster]) -> bool {
    let words = |member: &usize| &clusters[*member].words;
    let first = words(&bucket.members[0]);
    let is_other = |(at, word): &(usize, &String)| *at != bucket.at && says_something(word);
    if !first.iter().enumerate().any(|place| is_other(&place)) {
        return false;
    }
    let values = bucket.members.iter().map(|member| words(member)[bucket.at].as_str());
    let is_by_class = || {
        values.clone().skip(1).any(|value| {
            let (begin, end) = borders(&first[bucket.at], value);
            let parts = [&first[bucket.at], value].map(|word| &word[begin..word.len() - end]);
            parts.iter().any(|part| stand_in(part).is_some())
        })
    };
    let least = if bucket.at == 0 { FIRST_VALUES } else { VALUES };
    bucket.members.len() >= least || is_by_class()
}

/// Merges what agrees in nearly all words, the most frequent first.
fn similar(mut clusters: Vec<Cluster>) -> Vec<Cluster> {
    clusters.sort_by(|one, other| other.seen.rows.cmp(&one.seen.rows).then_with(|| one.words.cmp(&other.words)));
    let mut kept: Vec<(Cluster, Vec<u64>)> = Vec::new();
    // By number of words and first word: the clusters among which is looked.
    let mut tree: BTreeMap<(usize, u64), Vec<usize>> = BTreeMap::new();
    for cluster in clusters {
        let hashes = hashes(&cluster);
        let leaf = tree.entry((hashes.len(), xxh3_64(once(&cluster.words[0]).as_bytes()))).or_default();
        let near = leaf.iter().map(|number| (agreement(&kept[*number].1, &hashes, &cluster), *number));
        let near = near
            .filter(|(share, _)| *share >= SIMILAR)
            .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1)));
        if let Some((_, number)) = near {
            let (known, known_hashes) = &mut kept[number];
            known.add(cluster);
            *known_hashes = self::hashes(known);
        } else {
            leaf.push(kept.len());
            kept.push((cluster, hashes));
        }
    }
    kept.into_iter().map(|(cluster, _)| cluster).collect()
}

/// In which share of their words two agree; what stands for a class counts half of a word.
fn agreement(one: &[u64], other: &[u64], cluster: &Cluster) -> f64 {
    let (mut all, mut same) = (0, 0);
    for ((one, other), word) in one.iter().zip(other).zip(&cluster.words) {
        let weight = if says_something(word) { 2 } else { 1 };
        all += weight;
        same += if one == other { weight } else { 0 };
    }
    f64::from(same) / f64::from(all.max(1))
}
