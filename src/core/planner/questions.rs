//! Questions with their answer contracts over concepts: those that ship (`assets/questions.json`), and a project's
//! own. Imports project and below; of this room templates and vocabulary.

pub(super) mod answer;
mod cells;
mod countries;
mod drawn;
pub(super) mod headline;
pub(super) mod kept;
mod measured;
pub(super) mod plot;
pub(super) mod sentence;
pub(super) mod told;
mod whole;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::vocabulary::Vocabulary;
use super::vocabulary::templates::{Placeholder, concepts_of, fill, placeholders};
use crate::data::{DataType, Field, Schema};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expr::{Place, Scope, check, parse, print_name};
use crate::model::Question;
use crate::project::Project;

/// A question that is asked in seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadyQuestion {
    /// `users-bad-experience`; the question has this id in a project too.
    pub id: String,
    /// `users`, `pages`, `reliability`, …
    pub group: String,
    pub title: String,
    /// Who usually asks it.
    pub asker: String,
    pub doc: String,
    pub contract: Contract,
}

/// What an answer shows, over concepts: expressions have `{concept}` in the place of columns and `{dial:name}` in the
/// place of thresholds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contract {
    /// What the rows mean, in the words of those who ask.
    pub definition: String,
    /// Concepts that the rows' own source must record, besides those of measures and time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
    /// All must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// First made one row for each of these; what follows names its columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeGrain>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dimensions: Vec<Part>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Part>,
    /// In the place of measures: a list of rows with these columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Part>,
    /// What one row of a list is: `failed transaction`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub row: String,
    /// The column of a list of which the most frequent value is told with the answer, and since when it is there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub most: String,
    /// A condition over the result's columns; empty: none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub having: String,
    /// `visitors desc`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// At most so many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dials: Vec<Dial>,
    /// What the sentence of the answer tells of its measure; none: the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tells: Option<Tells>,
    /// Each row says whether it meets a goal, and which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// What is told where no row is left; empty: that there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub none: String,
}

/// The columns of a result that say whether its measure is as was promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// True where the row meets it.
    pub met: String,
    /// The value that is the goal, the same in each row.
    pub at: String,
}

/// Which number of many the sentence of an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    Lowest,
    /// The sum of all rows, for measures that add up, and where the most of it is.
    Total,
    /// What is the most above the row before it among those of the same kind: a version and the last one.
    Rise,
    /// How many groups there are: the users who are affected.
    Groups,
}

/// A condition on rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub expression: String,
    /// Left out where no source gives what it needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What it takes away, in words; said with the definition where the condition is not left out itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub leaves_out: String,
}

/// A column of the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub expression: String,
    /// Of its numbers: `s`, `B`, `share`; empty: what its concept says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Left out where no source gives what it needs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// One row for each of these, before the question's own dimensions and measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub keys: Vec<Part>,
    pub measures: Vec<Part>,
}

/// The spans of time that make rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeGrain {
    /// `{timestamp}`.
    pub expression: String,
    /// `1 hour`, `month`.
    pub span: String,
    /// Name of the column with the span's start.
    pub name: String,
}

/// How the answer is drawn at first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub kind: ChartKind,
    pub x: String,
    pub y: Vec<String>,
    /// Column whose values make a line each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    Line,
    Bar,
    Table,
}

/// A threshold that the asker may turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dial {
    pub name: String,
    pub title: String,
    pub default: f64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

/// Values of dials, by name.
pub type Dials = BTreeMap<String, f64>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionsFile {
    #[serde(rename = "about")]
    _about: String,
    questions: Vec<ReadyQuestion>,
}

/// The questions that ship.
pub fn ready_questions() -> &'static [ReadyQuestion] {
    static QUESTIONS: LazyLock<Vec<ReadyQuestion>> = LazyLock::new(|| {
        let file: Result<QuestionsFile, _> = serde_json::from_str(include_str!("../../../assets/questions.json"));
        file.map(|file| file.questions).unwrap_or_default()
    });
    &QUESTIONS
}

pub fn ready_question(id: &str) -> Option<&'static ReadyQuestion> {
    ready_questions().iter().find(|question| question.id == id)
}

/// A question with its contract and dials, wherever it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    pub id: String,
    pub title: String,
    /// Id of the team, or a name; who may see the answer's sources is asked of it.
    pub asker: String,
    pub doc: String,
    pub contract: Contract,
    pub dials: Dials,
    /// A team asks it in a project; its sources must let that team in.
    pub is_own: bool,
}

impl Asked {
    /// A ready-made question with its dials at their defaults.
    pub fn ready(question: &ReadyQuestion) -> Asked {
        Asked {
            id: question.id.clone(),
            title: question.title.clone(),
            asker: question.asker.clone(),
            doc: question.doc.clone(),
            dials: question.contract.default_dials(),
            contract: question.contract.clone(),
            is_own: false,
        }
    }

    /// A question of a project; `None`: it has no contract yet.
    pub fn own(question: &Question) -> Option<Result<Asked, Diagnostic>> {
        let contract = match &question.contract {
            Some(json) => match Contract::deserialize(json) {
                Ok(contract) => contract,
                Err(error) => {
                    let message = format!("what “{}” shows cannot be read: {error}", question.title);
                    return Some(Err(Diagnostic::error("PW0806", message)
                        .help("`pipewright questions --format json` shows the form of a contract")
                        .step(&question.id, &question.title)
                        .field("contract")));
                }
            },
            None => ready_question(&question.id)?.contract.clone(),
        };
        let mut dials = contract.default_dials();
        dials.extend(question.dials.iter().filter_map(|(name, value)| Some((name.clone(), value.as_f64()?))));
        Some(Ok(Asked {
            id: question.id.clone(),
            title: question.title.clone(),
            asker: question.asker.clone(),
            doc: question.doc.clone(),
            contract,
            dials,
            is_own: true,
        }))
    }

    /// The questions of a project that say what they want to see, then the ready-made ones that it has not; and what
    /// is wrong with contracts that cannot be read.
    pub fn all(project: &Project) -> (Vec<Asked>, Vec<Diagnostic>) {
        let (mut asked, mut unclear) = (Vec::new(), Vec::new());
        for question in project.questions.values() {
            match Asked::own(question) {
                Some(Ok(own)) => asked.push(own),
                Some(Err(diagnostic)) => unclear.push(diagnostic),
                None => {}
            }
        }
        let ready = ready_questions().iter().filter(|ready| !project.questions.contains_key(&ready.id));
        asked.extend(ready.map(Asked::ready));
        (asked, unclear)
    }

    /// The question as the project keeps it.
    pub fn to_question(&self) -> Question {
        let defaults = self.contract.default_dials();
        let turned = self.dials.iter().filter(|(name, value)| defaults.get(*name) != Some(value));
        let is_ready = ready_question(&self.id).is_some_and(|ready| ready.contract == self.contract);
        Question {
            id: self.id.clone(),
            title: self.title.clone(),
            asker: self.asker.clone(),
            doc: self.doc.clone(),
            contract: if is_ready { None } else { serde_json::to_value(&self.contract).ok() },
            dials: turned.map(|(name, value)| (name.clone(), Json::from(*value))).collect::<Map<_, _>>(),
            ..Question::default()
        }
    }

    /// The definition with the dials' values.
    pub fn definition(&self) -> String {
        let mut text = self.contract.definition_where(&|_| true);
        for (name, value) in &self.dials {
            text = text.replace(&format!("{{dial:{name}}}"), &number_text(*value));
        }
        text
    }
}

pub(super) fn upper_first(text: &str) -> String {
    match text.chars().next() {
        Some(first) => first.to_uppercase().collect::<String>() + &text[first.len_utf8()..],
        None => String::new(),
    }
}

/// A number as an expression has it.
pub(super) fn number_text(number: f64) -> String {
    number.to_string()
}

/// What a contract needs: its rows' own source, from anywhere, and what may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs<'a> {
    pub local: Vec<&'a str>,
    pub any: Vec<&'a str>,
    /// Expressions whose concepts are optional together.
    pub optional: Vec<&'a str>,
}

impl Contract {
    pub fn default_dials(&self) -> Dials {
        self.dials.iter().map(|dial| (dial.name.clone(), dial.default)).collect()
    }

    /// The definition, what does not count by the conditions that are in force, and what counts since nothing tells it.
    pub fn definition_where(&self, is_in_force: &dyn Fn(&Condition) -> bool) -> String {
        let named = self.conditions.iter().filter(|one| !one.leaves_out.is_empty());
        let (out, inside): (Vec<&Condition>, Vec<&Condition>) = named.partition(|one| is_in_force(one));
        let mut definition = self.definition.clone();
        for (conditions, says) in [(out, "do not count"), (inside, "cannot be told here and count")] {
            let Some((last, before)) = conditions.split_last() else { continue };
            let before: Vec<&str> = before.iter().map(|one| one.leaves_out.as_str()).collect();
            let and = if before.is_empty() { String::new() } else { format!("{} and ", before.join(", ")) };
            definition = format!("{definition} {} {says}.", upper_first(&format!("{and}{}", last.leaves_out)));
        }
        definition
    }

    /// What is missing where nothing serves an optional part, by its expression, in words.
    pub fn left_out_in_words(&self, expression: &str) -> String {
        let condition = self.conditions.iter().find(|one| one.expression == expression && !one.leaves_out.is_empty());
        let part = || self.dimensions.iter().chain(&self.columns).find(|part| part.expression == expression);
        match (condition, part()) {
            (Some(condition), _) => format!("nothing tells {}: they count", condition.leaves_out),
            (None, Some(part)) => format!("nothing gives `{}`", part.name),
            (None, None) => expression.to_owned(),
        }
    }

    /// The concepts that an answer needs.
    pub fn needs(&self) -> Needs<'_> {
        fn add<'a>(list: &mut Vec<&'a str>, concept: &'a str) {
            if !list.contains(&concept) {
                list.push(concept);
            }
        }
        let mut needs = Needs { local: Vec::new(), any: Vec::new(), optional: Vec::new() };
        self.rows.iter().for_each(|concept| add(&mut needs.local, concept));
        let stage = self.per.iter().flat_map(|stage| stage.keys.iter().chain(&stage.measures));
        let time = self.time.iter().map(|time| &time.expression);
        let own = self.measures.iter().chain(stage).map(|part| &part.expression).chain(time);
        own.flat_map(|expression| concepts_of(expression)).for_each(|concept| add(&mut needs.local, concept));
        let conditions = self.conditions.iter().map(|one| (&one.expression, one.optional));
        let parts = self.dimensions.iter().chain(&self.columns).map(|one| (&one.expression, one.optional));
        for (expression, optional) in conditions.chain(parts) {
            let concepts = concepts_of(expression);
            if concepts.is_empty() {
                continue;
            }
            if optional {
                needs.optional.push(expression);
            } else {
                concepts.into_iter().for_each(|concept| add(&mut needs.any, concept));
            }
        }
        needs.any.retain(|concept| !needs.local.contains(concept));
        needs
    }

    /// Every required concept.
    pub fn required(&self) -> Vec<&str> {
        let needs = self.needs();
        needs.local.into_iter().chain(needs.any).collect()
    }

    /// What is wrong with it: unknown concepts and dials, expressions that do not type, order over missing columns.
    pub fn check(&self, vocabulary: &Vocabulary) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut report = |message: String, help: &str| {
            found.push(Diagnostic::error("PW0807", message).help(help.to_owned()).field("contract"));
        };
        let required = self.expressions();
        for (expression, _) in &required {
            for placeholder in placeholders(expression) {
                match placeholder {
                    Placeholder::Concept(id) if vocabulary.concept(id).is_none() => {
                        let near = did_you_mean(id, vocabulary.concepts().iter().map(|one| one.id.as_str()));
                        report(format!("unknown meaning `{id}`{near}"), "`pipewright concepts` lists them");
                    }
                    Placeholder::Dial(name) if !self.dials.iter().any(|dial| dial.name == name) => {
                        let near = did_you_mean(name, self.dials.iter().map(|dial| dial.name.as_str()));
                        report(format!("unknown threshold `{name}`{near}"), "add it to `dials`");
                    }
                    Placeholder::Concept(_) | Placeholder::Dial(_) => {}
                }
            }
        }
        if !found.is_empty() {
            return found;
        }
        let mut report = |message: String, help: &str| {
            found.push(Diagnostic::error("PW0807", message).help(help.to_owned()).field("contract"));
        };
        if self.measures.is_empty() == self.columns.is_empty() {
            report("a contract has either measures or columns".into(), "say what the answer shows");
        }
        let mut stage = Schema::default();
        if let Some(per) = &self.per {
            for (parts, place) in [(&per.keys, Place::Row), (&per.measures, Place::Aggregate)] {
                for part in parts {
                    match self.type_of(vocabulary, &Schema::default(), &part.expression, place) {
                        Ok(data_type) => stage.fields.push(Field::new(&part.name, data_type)),
                        Err(message) => report(format!("`{}`: {message}", part.name), "correct its expression"),
                    }
                }
            }
        }
        let mut result = Schema::default();
        if let Some(time) = &self.time {
            result.fields.push(Field::new(&time.name, DataType::Timestamp));
        }
        for (parts, place) in
            [(&self.dimensions, Place::Row), (&self.columns, Place::Row), (&self.measures, Place::Aggregate)]
        {
            for part in parts {
                match self.type_of(vocabulary, &stage, &part.expression, place) {
                    Ok(data_type) => result.fields.push(Field::new(&part.name, data_type)),
                    Err(message) => report(format!("`{}`: {message}", part.name), "correct its expression"),
                }
            }
        }
        for condition in &self.conditions {
            match self.type_of(vocabulary, &Schema::default(), &condition.expression, Place::Row) {
                Ok(DataType::Boolean | DataType::Unknown) => {}
                Ok(other) => report(format!("a condition gives {other}"), "write a condition that is true or false"),
                Err(message) => report(format!("a condition: {message}"), "correct its expression"),
            }
        }
        if !self.having.is_empty()
            && let Err(message) = self.type_of(vocabulary, &result, &self.having, Place::Row)
        {
            report(format!("the condition over the result: {message}"), "it may name the result's columns");
        }
        for column in self.goal.iter().flat_map(|goal| [&goal.met, &goal.at]).filter(|column| !result.has(column)) {
            report(format!("the goal names a missing column `{column}`"), "it may name the result's columns");
        }
        for key in &self.order {
            let column = key.trim_end_matches(" desc");
            if !result.has(column) {
                let near = did_you_mean(column, result.names());
                report(format!("the order names a missing column `{column}`{near}"), "order by the result's columns");
            }
        }
        found
    }

    /// Names of the result's columns, optional ones included.
    pub fn result_names(&self) -> impl Iterator<Item = &str> {
        let time = self.time.iter().map(|time| time.name.as_str());
        let parts = self.dimensions.iter().chain(&self.columns).chain(&self.measures);
        time.chain(parts.map(|part| part.name.as_str()))
    }

    /// Every expression, with whether it may be left out.
    fn expressions(&self) -> Vec<(&str, bool)> {
        let stage = self.per.iter().flat_map(|stage| stage.keys.iter().chain(&stage.measures));
        let parts = self.measures.iter().chain(&self.dimensions).chain(&self.columns).chain(stage);
        let parts = parts.map(|part| (part.expression.as_str(), part.optional));
        let conditions = self.conditions.iter().map(|one| (one.expression.as_str(), one.optional));
        let time = self.time.iter().map(|time| (time.expression.as_str(), false));
        parts.chain(conditions).chain(time).chain([(self.having.as_str(), false)]).collect()
    }

    fn type_of(
        &self,
        vocabulary: &Vocabulary,
        columns: &Schema,
        template: &str,
        place: Place,
    ) -> Result<DataType, String> {
        let dials = self.default_dials();
        let filled = fill(template, &mut |placeholder| match placeholder {
            Placeholder::Concept(id) => vocabulary.concept(id).map(|concept| print_name(&concept.id)),
            Placeholder::Dial(name) => dials.get(*name).copied().map(number_text),
        })?;
        let expr = parse(&filled).map_err(|diagnostic| diagnostic.message)?;
        let mut schema = vocabulary.schema_of(concepts_of(template));
        schema.fields.extend(columns.fields.iter().cloned());
        let scope = Scope { schema: &schema, parameters: &BTreeMap::new(), place };
        check(&expr, &scope).map_err(|found| found.into_iter().map(|one| one.message).collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ready_questions_have_sound_contracts() {
        let file: QuestionsFile = serde_json::from_str(include_str!("../../../assets/questions.json")).unwrap();
        let vocabulary = Vocabulary::shipped();
        assert!(file.questions.len() >= 24);
        let groups: BTreeSet<&str> = file.questions.iter().map(|question| question.group.as_str()).collect();
        assert_eq!(
            groups.into_iter().collect::<Vec<_>>(),
            ["capacity", "cost", "pages", "releases", "reliability", "security", "transactions", "users"]
        );
        let ids: BTreeSet<&str> = file.questions.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids.len(), file.questions.len(), "an id stands twice");
        for id in ["users-bad-experience", "pages-most-used", "what-broke-first", "services-to-expand"] {
            assert!(ids.contains(id), "{id}");
        }
        for question in &file.questions {
            let found: Vec<String> =
                question.contract.check(&vocabulary).into_iter().map(|diagnostic| diagnostic.message).collect();
            assert!(found.is_empty(), "{}: {}", question.id, found.join("; "));
            let asked = Asked::ready(question);
            assert!(!asked.definition().contains("{dial"), "{}", asked.definition());
            let names: Vec<&str> = question.contract.result_names().collect();
            let chart = question.contract.chart.as_ref().unwrap();
            for axis in chart.y.iter().chain([&chart.x]).chain(&chart.by) {
                assert!(names.contains(&axis.as_str()), "{}: {axis}", question.id);
            }
        }
    }

    #[test]
    fn a_definition_says_what_does_not_count_as_far_as_that_is_so() {
        let contract = &ready_question("pages-most-used").unwrap().contract;
        let all = contract.definition_where(&|_| true);
        assert!(all.ends_with(
            "Static files, failures, what is sent to a page, programs that say what they are and clients that look for \
             holes do not count."
        ));
        let one = contract.definition_where(&|one| one.expression.contains("is_static"));
        assert!(one.contains("by different visitors who got them. Static files do not count. Failures, "), "{one}");
        assert!(one.ends_with("and clients that look for holes cannot be told here and count."), "{one}");
        let none = contract.definition_where(&|_| false);
        assert!(none.starts_with(&contract.definition) && !none.contains("do not count"), "{none}");
    }

    #[test]
    fn a_question_of_a_project_keeps_its_contract_and_dials() {
        let mut asked = Asked::ready(ready_question("users-bad-experience").unwrap());
        asked.dials.insert("slow_after".into(), 1.5);
        let kept = asked.to_question();
        assert_eq!((kept.contract.as_ref(), kept.dials["slow_after"].as_f64()), (None, Some(1.5)));
        assert_eq!(Asked::own(&kept).unwrap().unwrap().dials["slow_after"], 1.5);
        asked.id = "mine".into();
        asked.contract.measures.remove(1);
        let kept = asked.to_question();
        assert_eq!(Asked::own(&kept).unwrap().unwrap().contract, asked.contract);
        assert!(Asked::own(&Question { id: "q".into(), ..Question::default() }).is_none());
        let broken = Question { id: "q".into(), contract: Some(serde_json::json!({"mesures": []})), ..kept };
        assert!(Asked::own(&broken).unwrap().unwrap_err().message.contains("mesures"));
    }

    #[test]
    fn faults_of_a_contract_are_told() {
        let contract: Contract = serde_json::from_value(serde_json::json!({
            "measures": [{"name": "n", "expression": "sum({url.path})"}, {"name": "m", "expression": "count(*)"}],
            "conditions": [{"expression": "{event.duration}"}],
            "order": ["k desc"],
        }))
        .unwrap();
        let found: Vec<String> =
            contract.check(&Vocabulary::shipped()).into_iter().map(|diagnostic| diagnostic.message).collect();
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[1], "a condition gives Float");
        let unknown = Contract {
            rows: vec![],
            conditions: vec![Condition {
                expression: "{url.pth} = '/'".into(),
                optional: false,
                leaves_out: String::new(),
            }],
            ..contract
        };
        let found = unknown.check(&Vocabulary::shipped());
        assert_eq!(found[0].message, "unknown meaning `url.pth`; did you mean `url.path`?");
    }
}
