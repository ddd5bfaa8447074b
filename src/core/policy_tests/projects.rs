//! Random projects: sources with random labels, flows as people draw them, destinations and policies. Each value of a
//! source is a marker that tells where it came from. For tests.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};

use super::rows::Rows;
use crate::data::{Classification, Value};
use crate::policy::{Policy, parse_organisation};
use crate::project::{OrganisationPolicy, Project};

pub const TEAMS: [&str; 3] = ["t-a", "t-b", "t-c"];
const TITLES: [&str; 3] = ["Alpha", "Beta", "Gamma"];
const PLACES: [&str; 3] = ["eu", "us", "ch"];
const STACKS: [&str; 3] = ["web", "pay", "ads"];
const CLASSES: [&str; 4] = ["public", "internal", "personal", "secret"];
/// Rows of each source.
pub const ROWS: usize = 12;

/// What a source says of one of its fields, as it was written down.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    pub class: Option<Classification>,
    pub places: Vec<String>,
    /// Each a list of teams that alone may see it.
    pub teams: Vec<Vec<String>>,
    pub stack: String,
}

/// A project with what is known of it besides.
pub struct Made {
    pub project: Project,
    /// By (source, field).
    pub truth: BTreeMap<(usize, usize), Truth>,
    /// Whether values pass through its steps as they are, and no row is lost.
    pub keeps_values: bool,
}

/// A flow while it is drawn: its last step and the columns there.
#[derive(Clone)]
struct Chain {
    step: String,
    texts: Vec<String>,
    numbers: Vec<String>,
}

/// What a project's labels and rules are about: one thing, so that much of it meets, or everything.
#[derive(Clone, Copy, PartialEq)]
enum Theme {
    Classes,
    /// All is personal, and only what is internal may go anywhere.
    Lowering,
    Teams,
    Places,
    Stacks,
    All,
}

impl Theme {
    fn of(seed: u64) -> Theme {
        const THEMES: [Theme; 6] =
            [Theme::Classes, Theme::Lowering, Theme::Teams, Theme::Places, Theme::Stacks, Theme::All];
        THEMES[(seed % 6) as usize]
    }

    /// How often a label of a theme is set, of 100.
    fn percent(self, theme: Theme) -> u8 {
        match self {
            Theme::All => 25,
            own if own == theme => 70,
            _ => 0,
        }
    }
}

fn with_percent(random: &mut Rng, percent: u8) -> bool {
    random.u8(0..100) < percent
}

struct Maker<'r> {
    theme: Theme,
    random: &'r mut Rng,
    project: Json,
    count: usize,
    keeps_values: bool,
}

pub fn random_project(seed: u64) -> Made {
    let random = &mut Rng::with_seed(seed);
    let theme = Theme::of(seed);
    let mut truth = BTreeMap::new();
    let sources = 1 + random.usize(0..3);
    let mut list = Vec::new();
    for source in 0..sources {
        list.push(random_source(random, theme, source, &mut truth));
    }
    let teams: Vec<Json> = TEAMS.iter().zip(TITLES).map(|(id, title)| json!({"id": id, "title": title})).collect();
    let questions: Vec<Json> =
        TEAMS.iter().map(|team| json!({"id": format!("q-{team}"), "title": "?", "asker": team})).collect();
    let parameters = json!([
        {"id": "p1", "name": "key", "type": "String", "default": "${env:KEY}"},
        {"id": "p2", "name": "bare", "type": "String", "default": "abc"}]);
    let project = json!({"pipewright": 1, "name": format!("seed {seed}"), "teams": teams, "parameters": parameters,
        "sources": list, "questions": questions, "steps": [], "wires": []});
    let mut maker = Maker { theme, random, project, count: 0, keeps_values: true };
    let flows = 1 + maker.random.usize(0..5) / 4;
    for _ in 0..flows {
        let chain = maker.flow(sources, 2);
        maker.destination(&chain);
    }
    let (keeps_values, json) = (maker.keeps_values, maker.project);
    let (mut project, _) = crate::project::load(&json.to_string()).unwrap();
    if random.u8(0..10) < 7 {
        let text = json!(random_policy(random, theme, "Org")).to_string();
        project
            .organisation
            .push(OrganisationPolicy { sha256: String::new(), policy: parse_organisation(&text).unwrap() });
    }
    if random.u8(0..10) < 2 {
        let own = random_policy(random, theme, "Own");
        project.policy = own.into_iter().filter(|(key, _)| key != "policy").collect();
    }
    Made { project, truth, keeps_values }
}

fn some<'a>(random: &mut Rng, all: &[&'a str]) -> Vec<&'a str> {
    all.iter().copied().filter(|_| random.bool()).collect()
}

/// A source of two texts, a key that joins, and a number; with labels here and there.
fn random_source(random: &mut Rng, theme: Theme, source: usize, truth: &mut BTreeMap<(usize, usize), Truth>) -> Json {
    let mut json = json!({"id": format!("s{source}"), "title": format!("Source {source}"), "path": format!("{source}.csv"),
        "format": {"name": "csv"}});
    let mut of_source = Truth::default();
    if with_percent(random, theme.percent(Theme::Teams)) {
        let teams = some(random, &TEAMS);
        if !teams.is_empty() {
            // Also by title.
            let named: Vec<&str> = teams
                .iter()
                .map(
                    |team| {
                        if random.bool() { *team } else { TITLES[TEAMS.iter().position(|one| one == team).unwrap()] }
                    },
                )
                .collect();
            json["access"] = json!(named);
            of_source.teams.push(teams.iter().map(|team| (*team).to_owned()).collect());
        }
    }
    if with_percent(random, theme.percent(Theme::Places)) {
        let place = *random.choice(&PLACES).unwrap();
        json["residency"] = json!(place);
        of_source.places.push(place.to_owned());
    }
    if with_percent(random, theme.percent(Theme::Stacks)) {
        of_source.stack = (*random.choice(&STACKS).unwrap()).to_owned();
        json["stack"] = json!(of_source.stack);
    }
    let mut fields = Vec::new();
    let mut meanings = Map::new();
    for (at, (name, kind)) in [("k", "String"), ("a", "String"), ("b", "String"), ("n", "Int")].iter().enumerate() {
        let name = format!("{name}{source}");
        let mut labels = Map::new();
        let mut of_field = of_source.clone();
        if theme == Theme::Lowering && random.u8(0..10) > 0 {
            labels.insert("classification".into(), json!("personal"));
            of_field.class = Some(Classification::Personal);
        }
        let way = if with_percent(random, theme.percent(Theme::Classes)) { random.u8(0..3) } else { 9 };
        match way {
            0 | 1 => {
                let class = *random.choice(&[0, 1, 2, 2, 2, 3]).unwrap();
                labels.insert("classification".into(), json!(CLASSES[class]));
                of_field.class = serde_json::from_value(json!(CLASSES[class])).unwrap();
            }
            2 => {
                // By its meaning.
                const MEANINGS: [(&str, Classification); 4] = [
                    ("user.id", Classification::Personal),
                    ("client.address", Classification::Personal),
                    ("url.path", Classification::Internal),
                    ("security.secret", Classification::Secret),
                ];
                let (concept, class) = *random.choice(&MEANINGS).unwrap();
                meanings.insert(name.clone(), json!(concept));
                of_field.class = Some(class);
            }
            _ => {}
        }
        if with_percent(random, theme.percent(Theme::Places) / 8) {
            let place = *random.choice(&PLACES).unwrap();
            labels.insert("residency".into(), json!(place));
            of_field.places.push(place.to_owned());
        }
        if with_percent(random, theme.percent(Theme::Teams) / 8) {
            let teams = some(random, &TEAMS);
            labels.insert("access".into(), json!(teams));
            of_field.teams.push(teams.iter().map(|team| (*team).to_owned()).collect());
        }
        fields.push(json!({"name": name, "type": kind, "labels": labels}));
        truth.insert((source, at), of_field);
    }
    json["schema"] = json!({"fields": fields});
    json["meanings"] = Json::Object(meanings);
    json
}

fn random_policy(random: &mut Rng, theme: Theme, name: &str) -> Map<String, Json> {
    let percent = theme.percent(Theme::Classes) / 2;
    let mut limits = |keys: &[&str]| {
        let mut map = Map::new();
        for key in keys.iter().chain(&["*"]) {
            if with_percent(random, percent) {
                let class = *random.choice(&[0, 1, 1, 1, 1, 2, 2, 3]).unwrap();
                map.insert((*key).to_owned(), json!(CLASSES[class]));
            }
        }
        map
    };
    let highest =
        json!({"stacks": limits(&STACKS), "places": limits(&PLACES), "teams": limits(&["t-a", "Beta", "t-c"])});
    let mut residency = Map::new();
    for place in PLACES {
        if with_percent(random, theme.percent(Theme::Places)) {
            residency.insert(place.to_owned(), json!(some(random, &PLACES)));
        }
    }
    let mut policy = json!({"policy": 1, "name": name, "highest": highest, "residency": residency});
    if theme == Theme::Lowering {
        return json!({"policy": 1, "highest": {"stacks": {"*": "internal"}}, "smallest_group": 2 + random.u64(0..4)})
            .as_object()
            .cloned()
            .unwrap();
    }
    if with_percent(random, theme.percent(Theme::Stacks)) {
        policy["apart"] = json!([some(random, &STACKS)]);
    }
    if random.bool() {
        policy["smallest_group"] = json!(2 + random.u64(0..6));
    }
    policy.as_object().unwrap().clone()
}

/// The values of a source: each says which field of which row it is. Rows of all sources pair by the last two
/// characters of `k`.
pub fn marked_rows(source: usize) -> Rows {
    let names = ["k", "a", "b", "n"].iter().map(|name| format!("{name}{source}")).collect();
    let row = |row: usize| {
        let text = |field: usize| Value::text(format!("m{source}f{field}r{row:02}"));
        vec![text(0), text(1), text(2), Value::Int(number(source, row))]
    };
    Rows { names, rows: (0..ROWS).map(row).collect() }
}

/// No sum or mean of several of these is one of them.
pub fn number(source: usize, row: usize) -> i64 {
    1_000_003 * (1_i64 << (source * 13 + row)) + 17
}

impl Maker<'_> {
    fn id(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}-{:04}", self.count)
    }

    fn step(&mut self, kind: &str, settings: Json, inputs: &[(&str, &str)]) -> String {
        let id = self.id(kind);
        let step = json!({"id": id, "kind": kind, "title": id, "settings": settings});
        self.project["steps"].as_array_mut().unwrap().push(step);
        for (from, port) in inputs {
            let wire = json!({"id": self.id("w"), "from": from, "output": "out", "to": id, "input": port});
            self.project["wires"].as_array_mut().unwrap().push(wire);
        }
        id
    }

    fn flow(&mut self, sources: usize, depth: usize) -> Chain {
        let source = self.random.usize(0..sources);
        let step = self.step("file", json!({"source": format!("s{source}")}), &[]);
        let texts = ["k", "a", "b"].iter().map(|name| format!("{name}{source}")).collect();
        let mut chain = Chain { step, texts, numbers: vec![format!("n{source}")] };
        for _ in 0..self.random.usize(0..5) {
            // What holds numbers only is an answer.
            if !chain.texts.is_empty() {
                chain = self.grow(chain, sources, depth);
            }
        }
        chain
    }

    fn text(&mut self, chain: &Chain) -> String {
        chain.texts[self.random.usize(0..chain.texts.len())].clone()
    }

    fn all(chain: &Chain) -> Vec<String> {
        chain.texts.iter().chain(&chain.numbers).cloned().collect()
    }

    /// One more step.
    fn grow(&mut self, chain: Chain, sources: usize, depth: usize) -> Chain {
        let lossy = self.random.u8(0..100) < if self.theme == Theme::Lowering { 80 } else { 30 };
        match (lossy, self.random.u8(0..8)) {
            (false, 0) => self.select(chain),
            (false, 1) => self.compute(chain, false),
            (false, 2) if depth > 0 => self.concatenate(chain, sources, depth),
            (false, 3) if depth > 0 => self.join(chain, sources, depth),
            (false, 4) => {
                let text = self.text(&chain);
                let predicate = format!("{text} is not null or {text} is null");
                Chain { step: self.step("filter", json!({"predicate": predicate}), &[(&chain.step, "in")]), ..chain }
            }
            (false, 5) => {
                let text = self.text(&chain);
                Chain { step: self.step("sort", json!({"keys": [text]}), &[(&chain.step, "in")]), ..chain }
            }
            (false, 6) => self.unpivot(chain),
            (false, _) => {
                let (text, id, name) = (self.text(&chain), self.id("w"), self.id("seen"));
                let name = name.replace('-', "_");
                let expression = format!("first({text}) over (order by {text})");
                let settings = json!({"columns": [{"id": id, "name": name, "expression": expression}]});
                let mut grown = Chain { step: self.step("window", settings, &[(&chain.step, "in")]), ..chain };
                grown.texts.push(name);
                grown
            }
            (true, 0..=2) => self.mask(chain),
            (true, 3..=5) => self.aggregate(chain),
            (true, 6) => self.compute(chain, true),
            (true, _) => {
                self.keeps_values = false;
                let text = self.text(&chain);
                let step = match self.random.u8(0..3) {
                    0 => self.step("limit", json!({"count": 3, "order": [text]}), &[(&chain.step, "in")]),
                    1 => {
                        let predicate = format!("{text} like '%r0%'");
                        self.step("filter", json!({"predicate": predicate}), &[(&chain.step, "in")])
                    }
                    _ => self.step("remove_duplicates", json!({"keys": [text]}), &[(&chain.step, "in")]),
                };
                Chain { step, ..chain }
            }
        }
    }

    fn select(&mut self, chain: Chain) -> Chain {
        let mut kept = Chain { texts: Vec::new(), numbers: Vec::new(), ..chain.clone() };
        let mut items = Vec::new();
        for (at, column) in Self::all(&chain).into_iter().enumerate() {
            if self.random.bool() && at > 0 {
                continue;
            }
            let renamed = if self.random.bool() { format!("{column}_") } else { column.clone() };
            items.push(json!({"id": self.id("c"), "column": column, "name": renamed}));
            if at < chain.texts.len() { kept.texts.push(renamed) } else { kept.numbers.push(renamed) }
        }
        kept.step = self.step("select", json!({"columns": items}), &[(&chain.step, "in")]);
        kept
    }

    fn compute(&mut self, chain: Chain, lossy: bool) -> Chain {
        let (one, other) = (self.text(&chain), self.text(&chain));
        let expression = if lossy {
            self.keeps_values = false;
            match self.random.u8(0..4) {
                0 => format!("hash({one})"),
                1 => format!("length({one})"),
                2 => format!("hmac({one}, ${{key}})"),
                _ => format!("case when {one} like '%r01' then {other} end"),
            }
        } else {
            match self.random.u8(0..3) {
                0 => format!("upper({one})"),
                1 => format!("{one} || '/' || {other}"),
                _ => format!("coalesce({one}, '-') || '/' || {other}"),
            }
        };
        let (id, name) = (self.id("c"), self.id("made").replace('-', "_"));
        let settings = json!({"columns": [{"id": id, "name": name, "expression": expression}]});
        let mut grown = Chain { step: self.step("compute", settings, &[(&chain.step, "in")]), ..chain };
        if expression.starts_with("length") {
            grown.numbers.push(name)
        } else {
            grown.texts.push(name)
        }
        grown
    }

    fn concatenate(&mut self, chain: Chain, sources: usize, depth: usize) -> Chain {
        let other = self.flow(sources, depth - 1);
        let step = self.step("concatenate", json!({}), &[(&chain.step, "in"), (&other.step, "in")]);
        let mut sum = Chain { step, ..chain };
        for (list, more) in [(&mut sum.texts, other.texts), (&mut sum.numbers, other.numbers)] {
            for name in more {
                if !list.contains(&name) {
                    list.push(name);
                }
            }
        }
        sum
    }

    fn join(&mut self, chain: Chain, sources: usize, depth: usize) -> Chain {
        let other = self.flow(sources, depth - 1);
        if other.texts.is_empty() {
            return chain;
        }
        let (left, right) = (self.text(&chain), self.text(&other));
        let kind = *self.random.choice(&["inner", "left", "semi", "full"]).unwrap();
        // Some rows go, and what is shown of a key tells what the other side's holds.
        self.keeps_values = false;
        let on =
            json!([{"id": self.id("k"), "left": format!("right({left}, 2)"), "right": format!("right({right}, 2)")}]);
        // Own names, so that they never clash.
        let mut items = Vec::new();
        let mut renamed = Chain { texts: Vec::new(), numbers: Vec::new(), ..other.clone() };
        for (at, column) in Self::all(&other).into_iter().enumerate() {
            let name = format!("{column}_{}", self.count);
            items.push(json!({"id": self.id("c"), "column": column, "name": name}));
            if at < other.texts.len() { renamed.texts.push(name) } else { renamed.numbers.push(name) }
        }
        let on_right = renamed.texts[other.texts.iter().position(|one| *one == right).unwrap()].clone();
        renamed.step = self.step("select", json!({"columns": items}), &[(&other.step, "in")]);
        let mut on = on;
        on[0]["right"] = json!(format!("right({on_right}, 2)"));
        let step =
            self.step("join", json!({"kind": kind, "on": on}), &[(&chain.step, "left"), (&renamed.step, "right")]);
        let mut sum = Chain { step, ..chain };
        if kind != "semi" {
            sum.texts.extend(renamed.texts);
            sum.numbers.extend(renamed.numbers);
        }
        sum
    }

    fn unpivot(&mut self, chain: Chain) -> Chain {
        let columns = [self.text(&chain), self.text(&chain)];
        let columns: Vec<&String> = if columns[0] == columns[1] { vec![&columns[0]] } else { columns.iter().collect() };
        let (name, value) = (self.id("name").replace('-', "_"), self.id("value").replace('-', "_"));
        let settings = json!({"columns": columns, "name": name, "value": value});
        let step = self.step("unpivot", settings, &[(&chain.step, "in")]);
        let texts = chain.texts.iter().filter(|one| !columns.contains(one)).cloned();
        let texts = texts.chain([name, value]).collect();
        Chain { step, texts, ..chain }
    }

    fn mask(&mut self, chain: Chain) -> Chain {
        self.keeps_values = false;
        let column = self.text(&chain);
        let method = *self.random.choice(&["hash", "hmac", "hmac", "mask", "drop"]).unwrap();
        let key = *self.random.choice(&["key", "key", "bare"]).unwrap();
        let mut settings = json!({"columns": [column], "method": method, "key": key});
        if self.random.bool() {
            settings["reason"] = json!("who it is does not matter");
        }
        let mut grown = chain.clone();
        if method == "drop" {
            if chain.texts.len() == 1 {
                return chain;
            }
            grown.texts.retain(|one| *one != column);
        }
        grown.step = self.step("mask_or_hash", settings, &[(&chain.step, "in")]);
        grown
    }

    fn aggregate(&mut self, chain: Chain) -> Chain {
        self.keeps_values = false;
        let key = self.text(&chain);
        // One row a group, half of the rows a group, or all in one.
        let key_name = self.id("key").replace('-', "_");
        let keys = match self.random.u8(0..3) {
            0 => Vec::new(),
            1 => vec![json!({"id": self.id("k"), "expression": key.clone(), "name": key_name.clone()})],
            _ => vec![
                json!({"id": self.id("k"), "expression": format!("right({key}, 1) < '6'"), "name": key_name.clone()}),
            ],
        };
        let mut measures = Vec::new();
        let mut grown = Chain { texts: Vec::new(), numbers: Vec::new(), ..chain.clone() };
        let number = chain.numbers.first().cloned().unwrap_or_else(|| "1".to_owned());
        for _ in 0..1 + self.random.usize(0..3) {
            let text = self.text(&chain);
            let name = self.id("m").replace('-', "_");
            let (expression, is_text) = match self.random.u8(if self.theme == Theme::Lowering { 4 } else { 0 }..11) {
                0 => ("count(*)".to_owned(), false),
                1 => (format!("min({text})"), true),
                2 => (format!("max({text})"), true),
                3 => (format!("string_agg({text}, ',')"), true),
                4 => (format!("sum({number})"), false),
                5 => (format!("avg({number})"), false),
                6 => (format!("count_distinct({text})"), false),
                7 => (format!("sum({number}) filter (where {text} like '%r01')"), false),
                8 => (format!("min({number})"), false),
                9 => (format!("sum(case when {text} like '%r02' then {number} end)"), false),
                _ => (format!("sum({number}) / count({text})"), false),
            };
            measures.push(json!({"id": self.id("m"), "name": name, "expression": expression}));
            if is_text { grown.texts.push(name) } else { grown.numbers.push(name) }
        }
        let is_key_text = keys.first().is_some_and(|one| one["expression"] == json!(key));
        if is_key_text {
            grown.texts.push(key_name);
        }
        let mut settings = json!({"keys": keys, "measures": measures});
        if self.random.u8(0..5) > 0 {
            settings["smallest_group"] = json!(3 + self.random.u64(0..4));
        }
        if self.random.u8(0..5) > 0 {
            settings["reason"] = json!("large groups say nothing of one");
        }
        grown.step = self.step("aggregate", settings, &[(&chain.step, "in")]);
        grown
    }

    fn destination(&mut self, chain: &Chain) {
        let mut settings = json!({});
        let theme = self.theme;
        let mut maybe = |key: &str, about: Theme, all: &[&str]| {
            // Who says nothing has lost, which need not be tried often.
            if self.random.u8(0..10) < if theme == about { 9 } else { 6 } {
                settings[key] = json!(*self.random.choice(all).unwrap());
            }
        };
        maybe("stack", Theme::Stacks, &STACKS);
        maybe("residency", Theme::Places, &PLACES);
        maybe("audience", Theme::Teams, &["t-a", "Alpha, t-b", "t-c", "Gamma"]);
        match self.random.u8(0..4) {
            0 => {
                let question = format!("q-{}", TEAMS[self.random.usize(0..3)]);
                settings["question"] = json!(question);
                self.step("answer", settings, &[(&chain.step, "in")]);
            }
            1 => {
                settings["kind"] = json!("jsonl");
                self.step("standard_output", settings, &[(&chain.step, "in")]);
            }
            _ => {
                settings["path"] = json!(format!("{}.jsonl", self.count));
                settings["kind"] = json!("jsonl");
                self.step("load_file", settings, &[(&chain.step, "in")]);
            }
        }
    }
}

/// The rules in force of a made project, as they were written.
pub fn rules(project: &Project) -> Vec<Policy> {
    let own = crate::policy::parse_own(&project.policy).ok().filter(|_| !project.policy.is_empty());
    project.organisation.iter().map(|one| one.policy.clone()).chain(own).collect()
}
