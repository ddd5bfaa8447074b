//! The forms of messages as they come, with their counts, in bounded memory: a tree by number of words and first word.
//! What is gathered of two parts of a log and put together is what would have been gathered of the whole: nothing depends
//! on the order of messages, but for what is folded under the very last limits. Imports nothing.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;

use super::forms::{AGAIN, ANY, WIDE};

/// Of the same order in each run: what the very last limits fold depends on it.
type Map<T> = HashMap<Box<str>, T, BuildHasherDefault<DefaultHasher>>;

/// What is kept at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// First words that are told apart among messages of so many words.
    pub heads: usize,
    /// Forms below a first word that are kept as they are. Where there are more, words that are one of many are left out.
    pub forms: usize,
    /// Values of a word up to which they are kept there.
    pub values: usize,
    /// Forms below a first word that are kept after that; where there are more, all words that vary are left out.
    pub folded: usize,
    /// Forms in all from which first words are not told apart.
    pub total: usize,
}

pub(super) const LIMITS: Limits = Limits { heads: 200, forms: 2_000, values: 32, folded: 20_000, total: 100_000 };

/// What is known of the messages of one form.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub rows: u64,
    /// In microseconds.
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// The least of them, as text, whichever came first.
    pub example: Box<str>,
}

impl Seen {
    pub fn one(message: &str, time: Option<i64>) -> Self {
        Self { rows: 1, first: time, last: time, example: message.into() }
    }

    fn again(&mut self, message: &str, time: Option<i64>) {
        self.rows += 1;
        if time.is_some() {
            self.first = earlier(self.first, time);
            self.last = self.last.max(time);
        }
        if *message < *self.example {
            self.example = message.into();
        }
    }

    pub fn add(&mut self, other: Seen) {
        self.rows += other.rows;
        self.first = earlier(self.first, other.first);
        self.last = self.last.max(other.last);
        if other.example < self.example {
            self.example = other.example;
        }
    }
}

fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The words at one place of a group's forms.
#[derive(Debug, Clone, Default)]
struct Place {
    /// Up to one more than are told apart.
    values: BTreeSet<Box<str>>,
    is_open: bool,
    /// A quoted text, a time or a repetition was among them: blanks may stand there.
    is_wide: bool,
}

impl Place {
    /// Whether it became open by this word.
    fn add(&mut self, word: &str, most: usize) -> bool {
        self.is_wide |= is_wide(word);
        if self.is_open {
            return false;
        }
        if !self.values.contains(word) {
            self.values.insert(word.into());
        }
        self.open(most)
    }

    fn open(&mut self, most: usize) -> bool {
        if self.is_open || self.values.len() <= most {
            return false;
        }
        self.is_open = true;
        self.values.clear();
        true
    }

    fn add_all(&mut self, other: Place, most: usize) -> bool {
        self.is_wide |= other.is_wide;
        if self.is_open {
            return false;
        }
        self.values.extend(other.values);
        if other.is_open {
            self.is_open = true;
            self.values.clear();
            return true;
        }
        self.open(most)
    }
}

/// Whether blanks may stand in what a word stands for.
pub(super) fn is_wide(word: &str) -> bool {
    ["<text>", "<time>", WIDE].iter().any(|stand_in| word.contains(stand_in)) || word.ends_with(AGAIN)
}

/// Messages of one number of words and one first word.
#[derive(Debug, Clone, Default)]
struct Group {
    forms: Map<Seen>,
    /// The places of its words, once there are too many forms to keep.
    places: Option<Vec<Place>>,
    /// All words that vary are left out.
    is_closed: bool,
}

impl Group {
    fn most(&self, limits: &Limits) -> usize {
        if self.is_closed { 1 } else { limits.values }
    }

    /// Adds a form that is not there yet, and keeps to the limits.
    fn add(&mut self, form: &str, seen: Seen, limits: &Limits) {
        match self.places.is_some() {
            true => self.add_folded(form, seen, limits),
            false => {
                self.put(form.into(), seen);
                if self.forms.len() > limits.forms {
                    self.fold(Vec::new(), limits);
                }
            }
        }
        if self.places.is_some() && self.forms.len() > limits.folded && !self.is_closed {
            self.close(limits);
        }
    }

    fn put(&mut self, form: Box<str>, seen: Seen) {
        match self.forms.get_mut(&form) {
            Some(known) => known.add(seen),
            None => {
                self.forms.insert(form, seen);
            }
        }
    }

    fn add_folded(&mut self, form: &str, seen: Seen, limits: &Limits) {
        let most = self.most(limits);
        let Some(places) = &mut self.places else { return };
        let mut opened = false;
        for (place, word) in places.iter_mut().zip(form.split(' ')) {
            opened |= place.add(word, most);
        }
        if opened {
            self.refold();
        }
        let folded = self.folded(form);
        self.put(folded, seen);
    }

    /// A form with the open places left out.
    fn folded(&self, form: &str) -> Box<str> {
        let Some(places) = &self.places else { return form.into() };
        let mut folded = String::with_capacity(form.len());
        for (place, word) in places.iter().zip(form.split(' ')) {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(if place.is_open { ANY } else { word });
        }
        folded.into()
    }

    fn refold(&mut self) {
        for (form, seen) in std::mem::take(&mut self.forms) {
            let folded = self.folded(&form);
            self.put(folded, seen);
        }
    }

    /// From now on words that are one of many are left out; what another group knows of the places is known here, too.
    fn fold(&mut self, known: Vec<Place>, limits: &Limits) {
        let most = self.most(limits);
        if self.places.is_none() {
            let words = self.forms.keys().next().map_or(known.len(), |form| form.split(' ').count());
            let mut places = vec![Place::default(); words];
            for form in self.forms.keys() {
                for (place, word) in places.iter_mut().zip(form.split(' ')) {
                    place.add(word, most);
                }
            }
            self.places = Some(places);
        }
        for (place, known) in self.places.iter_mut().flatten().zip(known) {
            place.add_all(known, most);
        }
        self.refold();
    }

    fn close(&mut self, limits: &Limits) {
        self.is_closed = true;
        let most = self.most(limits);
        for place in self.places.iter_mut().flatten() {
            place.open(most);
        }
        self.refold();
    }

    fn merge(&mut self, other: Group, limits: &Limits) {
        if let Some(places) = other.places {
            self.fold(places, limits);
        }
        for (form, seen) in other.forms {
            match self.forms.get_mut(&form) {
                Some(known) => known.add(seen),
                None => self.add(&form, seen, limits),
            }
        }
        if other.is_closed && !self.is_closed {
            self.close(limits);
        }
    }
}

/// Messages of one number of words.
#[derive(Debug, Clone, Default)]
struct Family {
    /// By first word; by the empty text alone where there are too many.
    groups: Map<Group>,
    is_headless: bool,
}

impl Family {
    fn group(&mut self, form: &str, limits: &Limits) -> &mut Group {
        let head = if self.is_headless { "" } else { head(form) };
        let is_one_too_many = !self.is_headless && self.groups.len() >= limits.heads && !self.groups.contains_key(head);
        if is_one_too_many {
            self.behead(limits);
            return self.groups.entry("".into()).or_default();
        }
        self.groups.entry(head.into()).or_default()
    }

    fn behead(&mut self, limits: &Limits) {
        if !std::mem::replace(&mut self.is_headless, true) {
            let mut all = Group::default();
            for group in std::mem::take(&mut self.groups).into_values() {
                all.merge(group, limits);
            }
            self.groups.insert("".into(), all);
        }
    }
}

fn head(form: &str) -> &str {
    form.split_once(' ').map_or(form, |(head, _)| head)
}

/// A form at the end, and whether others were folded into it.
pub(super) struct Form {
    pub words: Vec<String>,
    pub seen: Seen,
    pub is_folded: bool,
}

/// All that is gathered.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    limits: Limits,
    families: BTreeMap<usize, Family>,
    forms: usize,
    is_tight: bool,
}

impl Gathered {
    pub fn new(limits: Limits) -> Self {
        Self { limits, families: BTreeMap::new(), forms: 0, is_tight: false }
    }

    /// Adds a message whose form is known.
    pub fn add(&mut self, words: usize, form: &str, message: &str, time: Option<i64>) {
        let family = self.families.entry(words).or_default();
        let head = if family.is_headless { "" } else { head(form) };
        if let Some(seen) = family.groups.get_mut(head).and_then(|group| group.forms.get_mut(form)) {
            return seen.again(message, time);
        }
        self.add_form(words, form, Seen::one(message, time));
    }

    fn add_form(&mut self, words: usize, form: &str, seen: Seen) {
        let family = self.families.entry(words).or_default();
        let group = family.group(form, &self.limits);
        let before = group.forms.len();
        group.add(form, seen, &self.limits);
        let after = group.forms.len();
        self.forms = (self.forms + after).saturating_sub(before);
        self.keep_to_total();
    }

    /// Where all of the groups have too much together, first words are not told apart any more.
    fn keep_to_total(&mut self) {
        if self.forms <= self.limits.total || std::mem::replace(&mut self.is_tight, true) {
            return;
        }
        self.limits.heads = 0;
        self.limits.folded = self.limits.folded.min(self.limits.forms);
        for family in self.families.values_mut() {
            family.behead(&self.limits);
        }
        self.forms = self.held();
    }

    /// Forms that are kept.
    pub fn held(&self) -> usize {
        self.families.values().flat_map(|family| family.groups.values()).map(|group| group.forms.len()).sum()
    }

    /// Adds what was gathered of other messages.
    pub fn merge(&mut self, other: Gathered) {
        for (words, mut theirs) in other.families {
            let ours = self.families.entry(words).or_default();
            if ours.is_headless || theirs.is_headless {
                ours.behead(&self.limits);
                theirs.behead(&self.limits);
            }
            for (head, group) in theirs.groups {
                let ours = match ours.is_headless {
                    true => ours.groups.entry("".into()).or_default(),
                    false => ours.group(&head, &self.limits),
                };
                ours.merge(group, &self.limits);
            }
        }
        self.forms = self.held();
        self.keep_to_total();
    }

    /// The forms, in an order that does not depend on how they came.
    pub fn finish(self) -> Vec<Form> {
        let mut forms = Vec::new();
        for group in self.families.into_values().flat_map(|family| family.groups.into_values()) {
            let places = group.places;
            for (form, seen) in group.forms {
                let mut words: Vec<String> = form.split(' ').map(str::to_owned).collect();
                let mut is_folded = false;
                for (word, place) in words.iter_mut().zip(places.iter().flatten()) {
                    if place.is_open {
                        *word = if place.is_wide { WIDE } else { ANY }.to_owned();
                        is_folded = true;
                    }
                }
                forms.push(Form { words, seen, is_folded });
            }
        }
        forms.sort_by(|one, other| other.seen.rows.cmp(&one.seen.rows).then_with(|| one.words.cmp(&other.words)));
        forms
    }
}
