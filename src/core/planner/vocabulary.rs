//! The vocabulary: concepts (what fields mean) and rules (how one meaning is worked out from others). Those that ship
//! are data in `assets/`; a project may add its own. Imports project and below; not the rest of this room but
//! templates and values.

pub(super) mod templates;
pub(super) mod values;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::data::{Classification, DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{Place, Scope, check, parse, print_name};
pub use crate::policy::normal_name;
use crate::project::Project;
use templates::{Placeholder, concepts_of, fill};
use values::{Pattern, ValueEvidence};

/// Something that a field can mean, after the OpenTelemetry semantic conventions where they have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Concept {
    /// `http.response.status_code`.
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub doc: String,
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// UCUM, as OpenTelemetry writes units: `s`, `By`, `1`. Empty: none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Name of a column that is computed for it; empty: the last part of the id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// Names of fields that mean it; case and separators do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<ValueEvidence>,
    /// Concepts that usually stand in the same row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbours: Vec<String>,
    /// Whether it identifies something that other sources know too, so that rows may be joined on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key: bool,
    /// Rows without it are whole: not every row is about an error or an order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sparse: bool,
    /// Each row has another: a column whose values repeat is something else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// It holds from that time on, until the next row of the same key: a version that was live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_from: Option<String>,
    pub sensitivity: Classification,
}

impl Concept {
    /// Name of a column that is computed for it.
    pub fn column_name(&self) -> &str {
        match self.column.as_str() {
            "" => self.id.rsplit('.').next().unwrap_or(&self.id),
            column => column,
        }
    }
}

/// How a concept is worked out from others.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub target: String,
    /// The concepts that must be there: those of the expression, and others that make it plausible.
    pub inputs: Vec<String>,
    /// With `{concept}` in the place of columns.
    pub expression: String,
    /// 0: the same thing under another name; 1: exact; more: a weaker stand-in.
    pub cost: u32,
    /// By input: what at least one of its sampled values must match.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<String, Pattern>,
    /// What is lost or assumed; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub loss: String,
}

impl Rule {
    /// Where its expression may stand: one that looks at other rows is a window.
    pub(super) fn place(&self) -> Place {
        if self.expression.contains(" over (") { Place::Window } else { Place::Row }
    }
}

/// The number of a concept in a vocabulary.
pub type ConceptNo = usize;

/// Concepts and rules with their indices.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    concepts: Vec<Concept>,
    rules: Vec<Rule>,
    by_id: HashMap<String, ConceptNo>,
    by_name: HashMap<String, Vec<ConceptNo>>,
    formats: BTreeMap<String, BTreeMap<String, String>>,
    numbered: Vec<NumberedRule>,
}

/// A rule with numbers in the place of ids.
#[derive(Debug, Clone)]
pub(super) struct NumberedRule {
    pub target: ConceptNo,
    pub inputs: Arc<[ConceptNo]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConceptsFile {
    #[serde(rename = "about")]
    _about: String,
    concepts: Vec<Concept>,
    formats: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(rename = "about")]
    _about: String,
    rules: Vec<Rule>,
}

/// The files that ship; a test reads them, so a broken one does not ship.
fn shipped() -> Result<Vocabulary, serde_json::Error> {
    let file: ConceptsFile = serde_json::from_str(include_str!("../../../assets/concepts.json"))?;
    let rules: RulesFile = serde_json::from_str(include_str!("../../../assets/rules.json"))?;
    let mut vocabulary = Vocabulary { concepts: file.concepts, rules: rules.rules, ..Vocabulary::default() };
    vocabulary.formats = file.formats;
    vocabulary.index();
    Ok(vocabulary)
}

impl Vocabulary {
    /// What ships with the program.
    pub fn shipped() -> Arc<Vocabulary> {
        static SHIPPED: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| Arc::new(shipped().unwrap_or_default()));
        Arc::clone(&SHIPPED)
    }

    /// What ships, with the project's own concepts and rules: one with the id of a shipped one replaces it. What is
    /// wrong with them is told, and left out.
    pub fn of(project: &Project) -> (Arc<Vocabulary>, Vec<Diagnostic>) {
        if project.vocabulary.is_empty() {
            return (Vocabulary::shipped(), Vec::new());
        }
        let mut vocabulary = (*Vocabulary::shipped()).clone();
        let mut found = Vec::new();
        for concept in read_list::<Concept>(project, "concepts", &mut found) {
            match vocabulary.concepts.iter_mut().find(|known| known.id == concept.id) {
                Some(known) => *known = concept,
                None => vocabulary.concepts.push(concept),
            }
        }
        vocabulary.index();
        for rule in read_list::<Rule>(project, "rules", &mut found) {
            if let Err(diagnostic) = vocabulary.check_rule(&rule) {
                found.push(diagnostic);
                continue;
            }
            match vocabulary.rules.iter_mut().find(|known| known.id == rule.id) {
                Some(known) => *known = rule,
                None => vocabulary.rules.push(rule),
            }
        }
        for key in project.vocabulary.keys().filter(|key| !["concepts", "rules"].contains(&key.as_str())) {
            let near = did_you_mean(key, ["concepts", "rules"]);
            found.push(
                Diagnostic::warning("PW0801", format!("the vocabulary has no list `{key}`{near}"))
                    .help("it holds `concepts` and `rules`"),
            );
        }
        vocabulary.index();
        (Arc::new(vocabulary), found)
    }

    /// The class of what a rule gives, where that is closer than what it is made from: an address out of a message.
    pub(super) fn closer(&self, rule: &Rule) -> Option<Classification> {
        let of = |id: &String| self.concept(id).map(|concept| concept.sensitivity);
        let own = of(&rule.target).filter(|class| *class >= Classification::Personal)?;
        rule.inputs.iter().filter_map(of).all(|input| input < own).then_some(own)
    }

    fn index(&mut self) {
        self.by_id = self.concepts.iter().enumerate().map(|(number, concept)| (concept.id.clone(), number)).collect();
        self.by_name.clear();
        for (number, concept) in self.concepts.iter().enumerate() {
            for name in concept.synonyms.iter().chain([&concept.id]) {
                let numbers = self.by_name.entry(normal_name(name)).or_default();
                if !numbers.contains(&number) {
                    numbers.push(number);
                }
            }
        }
        let number = |id: &String| self.by_id.get(id).copied();
        self.rules.retain(|rule| number(&rule.target).is_some() && rule.inputs.iter().all(|id| number(id).is_some()));
        self.numbered = self
            .rules
            .iter()
            .map(|rule| NumberedRule {
                target: number(&rule.target).unwrap_or_default(),
                inputs: rule.inputs.iter().filter_map(number).collect(),
            })
            .collect();
    }

    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn numbered_rules(&self) -> &[NumberedRule] {
        &self.numbered
    }

    pub fn concept(&self, id: &str) -> Option<&Concept> {
        self.number(id).map(|number| &self.concepts[number])
    }

    pub fn number(&self, id: &str) -> Option<ConceptNo> {
        self.by_id.get(id).copied()
    }

    /// Whether a column of that name tells things apart: nothing is to be had by adding its numbers up.
    pub fn is_id(&self, column: &str) -> bool {
        let name = normal_name(column);
        let is_it = |known: &str| normal_name(known) == name;
        let is_known = |concept: &Concept| is_it(&concept.id) || concept.synonyms.iter().any(|known| is_it(known));
        let is_called_so = column.to_lowercase().split(['_', '.', '-', ' ']).next_back() == Some("id");
        is_called_so || self.concepts.iter().any(|concept| concept.key && is_known(concept))
    }

    /// The title of a concept, or its id where nobody knows it.
    pub fn title<'a>(&'a self, id: &'a str) -> &'a str {
        self.concept(id).map_or(id, |concept| concept.title.as_str())
    }

    /// The concepts that have the name (in its normal form) as id or synonym.
    pub(super) fn named(&self, normal: &str) -> &[ConceptNo] {
        self.by_name.get(normal).map_or(&[], Vec::as_slice)
    }

    /// What a format says of its own columns: column → concept.
    pub(super) fn of_format(&self, format: &str) -> Option<&BTreeMap<String, String>> {
        self.formats.get(format)
    }

    /// A schema whose columns are concepts, for typing templates.
    pub(super) fn schema_of<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Schema {
        let concepts = ids.into_iter().filter_map(|id| self.concept(id));
        Schema::new(concepts.map(|concept| Field::new(&concept.id, concept.data_type.clone())).collect())
    }

    /// Whether a rule names known concepts and gives its target's type.
    pub fn check_rule(&self, rule: &Rule) -> Result<(), Diagnostic> {
        let wrong = |message: String| Diagnostic::error("PW0802", format!("the rule `{}` {message}", rule.id));
        for id in rule.inputs.iter().chain([&rule.target]) {
            if self.concept(id).is_none() {
                let near = did_you_mean(id, self.concepts.iter().map(|concept| concept.id.as_str()));
                return Err(wrong(format!("names an unknown concept `{id}`{near}"))
                    .help("`pipewright concepts` lists them; a project may add its own"));
            }
        }
        for concept in concepts_of(&rule.expression) {
            if !rule.inputs.iter().any(|input| input == concept) {
                return Err(wrong(format!("uses `{concept}`, which is not among its inputs"))
                    .help("add it to `inputs`, or take it out of the expression"));
            }
        }
        let found = self
            .template_type(&rule.expression, rule.place(), &mut |_| None)
            .map_err(|message| wrong(format!("has a broken expression: {message}")).help("correct its expression"))?;
        let wanted = &self.concepts[self.by_id[&rule.target]].data_type;
        if !found.fits(wanted) {
            return Err(wrong(format!("gives {found}, but `{}` is {wanted}", rule.target)).help("convert the result"));
        }
        Ok(())
    }

    /// The type of a template over concepts, or what is wrong with it.
    pub(super) fn template_type(
        &self,
        template: &str,
        place: Place,
        dial: &mut dyn FnMut(&str) -> Option<String>,
    ) -> Result<DataType, String> {
        let filled = fill(template, &mut |placeholder| match placeholder {
            Placeholder::Concept(id) => self.concept(id).map(|concept| print_name(&concept.id)),
            Placeholder::Dial(name) => dial(name),
        })?;
        let expr = parse(&filled).map_err(|diagnostic| diagnostic.message)?;
        let schema = self.schema_of(concepts_of(template));
        let scope = Scope { schema: &schema, parameters: &BTreeMap::new(), place };
        check(&expr, &scope).map_err(|found| found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("; "))
    }
}

/// The project's items of a list; those that cannot be read are told.
fn read_list<T: serde::de::DeserializeOwned>(project: &Project, list: &str, found: &mut Vec<Diagnostic>) -> Vec<T> {
    let items = match project.vocabulary.get(list) {
        None => return Vec::new(),
        Some(Json::Array(items)) => items,
        Some(_) => {
            let message = format!("`vocabulary.{list}` must be a list");
            found.push(Diagnostic::error("PW0803", message).help("write one object for each item"));
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for item in items {
        match T::deserialize(item) {
            Ok(item) => read.push(item),
            Err(error) => {
                let id = item.get("id").and_then(Json::as_str).unwrap_or("without id");
                found.push(
                    Diagnostic::error("PW0803", format!("`{id}` in `vocabulary.{list}` cannot be read: {error}"))
                        .help("`pipewright concepts --format json` shows the form of those that ship"),
                );
            }
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Edit;
    use serde_json::json;

    #[test]
    fn what_ships_is_whole() {
        let vocabulary = shipped().unwrap();
        assert!(vocabulary.concepts().len() >= 120 && vocabulary.rules().len() >= 80);
        assert_eq!(vocabulary.by_id.len(), vocabulary.concepts.len(), "an id stands twice");
        for concept in vocabulary.concepts() {
            let known = concept.neighbours.iter().chain(&concept.holds_from);
            let unknown: Vec<&String> = known.filter(|other| vocabulary.concept(other).is_none()).collect();
            assert!(unknown.is_empty(), "{} names {unknown:?}", concept.id);
            assert!(!concept.doc.is_empty() && !concept.title.is_empty(), "{}", concept.id);
        }
        for concept in vocabulary.formats.values().flat_map(BTreeMap::values) {
            assert!(concept.is_empty() || vocabulary.concept(concept).is_some(), "{concept}");
        }
    }

    #[test]
    fn what_scanners_try_is_the_same_in_pages_and_in_whole_requests() {
        let vocabulary = Vocabulary::shipped();
        let rules = vocabulary.rules().iter().filter(|rule| rule.target == "security.is_probe");
        let tried: Vec<&str> =
            rules.map(|rule| rule.expression.split_once("'(?i)").map_or("", |(_, tried)| tried)).collect();
        assert!(tried.len() == 2 && tried[0] == tried[1] && tried[0].contains("mstshash="), "{tried:?}");
    }

    #[test]
    fn rules_give_the_type_of_their_target() {
        let rules: RulesFile = serde_json::from_str(include_str!("../../../assets/rules.json")).unwrap();
        let vocabulary = Vocabulary::shipped();
        assert_eq!(rules.rules.len(), vocabulary.rules().len());
        let wrong: Vec<String> =
            rules.rules.iter().filter_map(|rule| Some(vocabulary.check_rule(rule).err()?.message)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let mut ids: Vec<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "an id stands twice");
    }

    #[test]
    fn names_are_compared_without_case_and_separators() {
        for name in ["statusCode", "Status-Code", "status.code", "STATUS_CODE"] {
            assert_eq!(normal_name(name), "status_code");
        }
        assert_eq!(normal_name("cs(User-Agent)"), "cs_user_agent");
        assert_eq!(normal_name("@version"), "at_version");
    }

    #[test]
    fn a_project_has_concepts_and_rules_of_its_own() {
        let mut project = Project::new("p");
        let own = json!({
            "concepts": [{"id": "basket.size", "title": "Basket", "type": "Int", "synonyms": ["items"],
                "sensitivity": "internal"}, {"id": "half"}],
            "rules": [
                {"id": "a", "target": "event.count", "inputs": ["basket.size"], "expression": "{basket.size}", "cost": 3},
                {"id": "b", "target": "event.count", "inputs": ["basket.siz"], "expression": "{basket.siz}", "cost": 3},
                {"id": "c", "target": "event.is_error", "inputs": ["basket.size"], "expression": "{basket.size}",
                    "cost": 3}],
        });
        project.apply(&[Edit::Set { id: "project".into(), field: "vocabulary".into(), old: None, new: own }]).unwrap();
        let (vocabulary, found) = Vocabulary::of(&project);
        assert_eq!(vocabulary.named("items").len(), 1);
        assert!(vocabulary.rules().iter().any(|rule| rule.id == "a"));
        let messages: Vec<&str> = found.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[1].ends_with("did you mean `basket.size`?"), "{}", messages[1]);
        assert!(messages[2].contains("gives Int, but `event.is_error` is Boolean"), "{}", messages[2]);
        let (loaded, warnings) = crate::project::load(&crate::project::to_text(&project)).unwrap();
        assert_eq!((&loaded.vocabulary, warnings.len()), (&project.vocabulary, 0));
    }
}
