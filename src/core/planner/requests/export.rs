//! Data requests for those who are asked: an issue's text in Markdown, a table in CSV, a draft of a data contract
//! (Open Data Contract Standard 3.1) in YAML; contracts of answers, for those who build on them. Names may hold anything,
//! so each form escapes them.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value as Json;

use crate::data::{Classification, DataType, Field};
use crate::diagnostic::Diagnostic;
use crate::ir::{Destination, NodeId, Op, Plan, Write};
use crate::model::{Request, Source};
use crate::planner::vocabulary::values::ValueEvidence;
use crate::planner::vocabulary::{Concept, Vocabulary};
use crate::planner::{normal_name, ready_question};
use crate::project::Project;
use crate::quote::{csv_cell, markdown_code, markdown_text};

/// The text of an issue: a title line, what is wanted, why, and what it unlocks.
pub fn issue_text(project: &Project, vocabulary: &Vocabulary, request: &Request) -> String {
    let mut text = format!("# {}\n\n", markdown_text(&request.title));
    if !request.reason.is_empty() {
        let _ = writeln!(text, "{}\n", markdown_text(&request.reason));
    }
    text.push_str("| | |\n| --- | --- |\n");
    let mut row = |what: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "| {what} | {value} |");
        }
    };
    row("field", markdown_code(&request.field));
    let unit = if request.unit.is_empty() { String::new() } else { format!(", {}", markdown_text(&request.unit)) };
    row("type", format!("{}{unit}", markdown_text(&request.data_type.to_string())));
    if let Some(concept) = vocabulary.concept(&request.meaning) {
        row("meaning", format!("{} ({})", markdown_text(&concept.title), markdown_code(&concept.id)));
        row("what it is", markdown_text(&concept.doc));
    }
    row("source", project.sources.get(&request.source).map_or(String::new(), |source| markdown_text(&source.title)));
    row("asked of", markdown_text(owner_title(project, &request.owner)));
    row("due", markdown_text(&request.due));
    row("status", request.status.title().to_owned());
    if !request.unlocks.is_empty() {
        text.push_str("\nWith it, these can be answered:\n\n");
    }
    for id in &request.unlocks {
        let _ = writeln!(text, "- {} ({})", markdown_text(question_title(project, id)), markdown_code(id));
    }
    if !request.note.is_empty() {
        let _ = writeln!(text, "\n{}", markdown_text(&request.note));
    }
    text
}

/// An issue for each request: (name for a file, without ending; Markdown text).
pub fn issue_texts(project: &Project, vocabulary: &Vocabulary, requests: &[&Request]) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for request in requests {
        let name = free_file_name(&request.title, &texts);
        texts.push((name, issue_text(project, vocabulary, request)));
    }
    texts
}

/// A table with a row for each request.
pub fn requests_csv(project: &Project, requests: &[&Request]) -> String {
    let mut text = String::from("id,title,status,asked of,due,source,meaning,field,type,unit,unlocks,reason,note\n");
    for request in requests {
        let unlocks = request.unlocks.join(" ");
        let data_type = request.data_type.to_string();
        let source = project.sources.get(&request.source).map_or(request.source.as_str(), |source| &source.title);
        let cells = [
            request.id.as_str(),
            &request.title,
            request.status.title(),
            owner_title(project, &request.owner),
            &request.due,
            source,
            &request.meaning,
            &request.field,
            &data_type,
            &request.unit,
            &unlocks,
            &request.reason,
            &request.note,
        ];
        text.push_str(&cells.map(csv_cell).join(","));
        text.push('\n');
    }
    text
}

/// A draft contract for each source that is asked for something: (name for a file, without ending; YAML text).
pub fn contract_texts(
    project: &Project,
    vocabulary: &Vocabulary,
    requests: &[&Request],
) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut sources: Vec<&str> = Vec::new();
    for request in requests {
        if !sources.contains(&request.source.as_str()) {
            sources.push(&request.source);
        }
    }
    let mut texts: Vec<(String, String)> = Vec::new();
    for id in sources {
        let of_source: Vec<&Request> = requests.iter().copied().filter(|request| request.source == id).collect();
        let source = project.sources.get(id);
        let title = source.map_or("requested fields", |source| source.title.as_str());
        let name = free_file_name(title, &texts);
        texts.push((name, contract_of(project, vocabulary, source, &of_source)?));
    }
    Ok(texts)
}

/// A contract for each answer of a plan, or of one: (name for a file, without ending; YAML text). Columns carry what is
/// known of what they are made from.
pub fn answer_contracts(
    project: &Project,
    plan: &Plan,
    only: Option<&str>,
) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (id, node) in plan.iter().filter(|(_, node)| only.is_none_or(|step| node.origin.step == step)) {
        let Op::Write(Write { destination: Destination::Answer { question }, .. }) = &node.op else { continue };
        let question = question.as_ref().and_then(|id| project.questions.get(id));
        let title = node.origin.title.as_str();
        let asker = question.map(|question| question.asker.as_str()).filter(|asker| !asker.is_empty());
        let purpose = question.map_or(title, |question| question.title.as_str());
        let doc = question.map_or("", |question| question.doc.as_str());
        let column = |field: &Field| Property {
            classification: field.labels.classification,
            custom_properties: field.labels.meaning.iter().map(|meaning| meaning_of(meaning)).collect(),
            ..property(&field.name, &field.data_type)
        };
        let object = match normal_name(title) {
            name if name.is_empty() => "rows".to_owned(),
            name => name,
        };
        let contract = Contract {
            api_version: "v3.1.0",
            kind: "DataContract",
            id: format!("{}-{}", file_name(&project.name), file_name(title)),
            name: title,
            version: "1.0.0",
            status: "active",
            description: Description {
                purpose: [purpose, doc].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"),
                limitations: format!("Made from {}.", sources_of(plan, id).join(", ")),
            },
            schema: vec![Object {
                name: object,
                business_name: title,
                logical_type: "object",
                physical_type: "table",
                description: doc,
                properties: node.schema.fields.iter().map(column).collect(),
            }],
            team: asker.map(|asker| team_of(project, asker, "Consumer")),
            sla_properties: Vec::new(),
        };
        texts.push((free_file_name(title, &texts), yaml_of(&contract)?));
    }
    Ok(texts)
}

/// Titles of the sources that a node's rows come from.
fn sources_of(plan: &Plan, id: NodeId) -> Vec<String> {
    let (mut open, mut titles) = (vec![id], Vec::new());
    while let Some(id) = open.pop() {
        let node = plan.node(id);
        open.extend(&node.inputs);
        let title = format!("“{}”", node.origin.title);
        if node.inputs.is_empty() && !titles.contains(&title) {
            titles.push(title);
        }
    }
    titles.sort();
    titles
}

/// `Access log (nginx)` → `access-log-nginx`.
fn file_name(title: &str) -> String {
    let name: String = normal_name(title).replace('_', "-").chars().take(60).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "contract".to_owned() } else { name.to_owned() }
}

fn free_file_name(title: &str, taken: &[(String, String)]) -> String {
    let mut name = file_name(title);
    while taken.iter().any(|(taken, _)| *taken == name) {
        name.push_str("-2");
    }
    name
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contract<'a> {
    api_version: &'static str,
    kind: &'static str,
    id: String,
    name: &'a str,
    version: &'static str,
    status: &'static str,
    description: Description,
    schema: Vec<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<Team<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sla_properties: Vec<SlaProperty<'a>>,
}

#[derive(Serialize)]
struct Description {
    purpose: String,
    limitations: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    name: String,
    business_name: &'a str,
    logical_type: &'static str,
    physical_type: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    properties: Vec<Property>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Property {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_type: Option<&'static str>,
    physical_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examples: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classification: Option<Classification>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<Property>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_properties: Vec<CustomProperty>,
}

#[derive(Serialize)]
struct CustomProperty {
    property: &'static str,
    value: String,
}

#[derive(Serialize)]
struct Team<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Member<'a> {
    username: &'a str,
    role: &'static str,
}

#[derive(Serialize)]
struct SlaProperty<'a> {
    property: &'static str,
    value: &'a str,
    element: String,
}

/// The contract of one source as it is wished: its columns as they are, and what is asked for.
pub fn contract_of(
    project: &Project,
    vocabulary: &Vocabulary,
    source: Option<&Source>,
    requests: &[&Request],
) -> Result<String, Diagnostic> {
    let title = source.map_or("Requested fields", |source| source.title.as_str());
    let object = normal_name(title);
    let object = if object.is_empty() { "rows".to_owned() } else { object };
    let known = source.and_then(|source| source.schema.as_ref()).map_or(&[][..], |schema| &schema.fields);
    let known = known.iter().filter(|field| !requests.iter().any(|request| request.field == field.name));
    let mut properties: Vec<Property> = known.map(|field| known_property(vocabulary, source, field)).collect();
    properties.extend(requests.iter().map(|request| asked_property(project, vocabulary, request)));
    let owner = requests.iter().map(|request| request.owner.as_str()).find(|owner| !owner.is_empty());
    let owner = owner.or(source.map(|source| source.owner.as_str())).filter(|owner| !owner.is_empty());
    let due = requests.iter().filter(|request| !request.due.is_empty());
    let reasons: Vec<String> = requests.iter().map(|one| format!("{}: {}", one.title, one.reason)).collect();
    let contract = Contract {
        api_version: "v3.1.0",
        kind: "DataContract",
        id: format!("{}-{}", file_name(&project.name), file_name(title)),
        name: title,
        version: "0.1.0",
        status: "draft",
        description: Description {
            purpose: reasons.join("\n"),
            limitations: "A draft made from a data request; types are those of the requester.".to_owned(),
        },
        schema: vec![Object {
            name: object.clone(),
            business_name: title,
            logical_type: "object",
            physical_type: "file",
            description: source.map_or("", |source| source.doc.as_str()),
            properties,
        }],
        team: owner.map(|owner| team_of(project, owner, "Owner")),
        sla_properties: due
            .map(|request| SlaProperty {
                property: "generalAvailability",
                value: &request.due,
                element: format!("{object}.{}", request.field),
            })
            .collect(),
    };
    yaml_of(&contract)
}

fn yaml_of(contract: &Contract) -> Result<String, Diagnostic> {
    serde_saphyr::to_string(contract).map_err(|_| {
        Diagnostic::error("PW0817", format!("the contract of “{}” cannot be written as YAML", contract.name))
            .help("give it and its fields names without control characters")
    })
}

fn team_of<'a>(project: &'a Project, team: &'a str, role: &'static str) -> Team<'a> {
    let contact = project.teams.get(team).map_or("", |team| team.contact.as_str());
    let member = (!contact.is_empty()).then_some(Member { username: contact, role });
    Team { name: owner_title(project, team), members: member.into_iter().collect() }
}

fn known_property(vocabulary: &Vocabulary, source: Option<&Source>, field: &Field) -> Property {
    let declaration = source.and_then(|source| source.declaration.as_ref());
    let is_required = declaration.is_some_and(|one| one.required.contains(&field.name));
    let is_unique = declaration.is_some_and(|one| one.keys.iter().any(|key| *key == [field.name.clone()]));
    let meaning = source.and_then(|source| source.meanings.get(&field.name)).filter(|meaning| !meaning.is_empty());
    let concept = meaning.and_then(|meaning| vocabulary.concept(meaning));
    let doc = declaration.and_then(|one| one.docs.get(&field.name)).cloned();
    Property {
        required: is_required.then_some(true),
        unique: is_unique.then_some(true),
        description: doc.or(concept.map(|concept| concept.doc.clone())).unwrap_or_default(),
        classification: field.labels.classification.or(concept.map(|concept| concept.sensitivity)),
        custom_properties: concept.into_iter().flat_map(custom_properties).collect(),
        ..property(&field.name, &field.data_type)
    }
}

fn asked_property(project: &Project, vocabulary: &Vocabulary, request: &Request) -> Property {
    let concept = vocabulary.concept(&request.meaning);
    let evidence = concept.and_then(|concept| concept.values.as_ref());
    let mut examples: Vec<Json> = match evidence {
        Some(ValueEvidence::OneOf(words)) => words.iter().take(5).map(|word| Json::from(word.as_str())).collect(),
        _ => Vec::new(),
    };
    // What the planned source makes up is what is wished.
    let planned = project.sources.values().filter_map(|source| source.planned.as_ref());
    let made_up = planned.filter(|one| one.stands_for == request.source).find_map(|one| one.values.get(&request.field));
    if let Some(made_up) = made_up.filter(|_| examples.is_empty()) {
        examples.extend(made_up.vocabulary.iter().take(5).cloned());
    }
    Property {
        // A field that not every row can have is not required.
        required: Some(concept.is_none_or(|concept| !concept.sparse)),
        description: concept.map_or(request.title.clone(), |concept| concept.doc.clone()),
        examples,
        classification: concept.map(|concept| concept.sensitivity),
        custom_properties: concept.into_iter().flat_map(custom_properties).collect(),
        ..property(&request.field, &request.data_type)
    }
}

fn custom_properties(concept: &Concept) -> Vec<CustomProperty> {
    let unit = (!concept.unit.is_empty()).then(|| CustomProperty { property: "unit", value: concept.unit.clone() });
    [Some(meaning_of(&concept.id)), unit].into_iter().flatten().collect()
}

fn meaning_of(concept: &str) -> CustomProperty {
    CustomProperty { property: "meaning", value: concept.to_owned() }
}

/// A field by its type alone.
fn property(name: &str, data_type: &DataType) -> Property {
    let (properties, items) = match data_type {
        DataType::Record(fields) => (fields.iter().map(|(name, inner)| property(name, inner)).collect(), None),
        DataType::List(item) => (Vec::new(), Some(Box::new(property("", item)))),
        _ => (Vec::new(), None),
    };
    Property {
        name: name.to_owned(),
        logical_type: match data_type {
            DataType::Boolean => Some("boolean"),
            DataType::Int => Some("integer"),
            DataType::Float => Some("number"),
            DataType::String | DataType::Duration => Some("string"),
            DataType::Timestamp => Some("timestamp"),
            DataType::Date => Some("date"),
            DataType::List(_) => Some("array"),
            DataType::Record(_) => Some("object"),
            DataType::Unknown => None,
        },
        physical_type: match data_type {
            DataType::List(_) => "List".to_owned(),
            DataType::Record(_) => "Record".to_owned(),
            other => other.to_string(),
        },
        properties,
        items,
        ..Property::default()
    }
}

fn owner_title<'a>(project: &'a Project, owner: &'a str) -> &'a str {
    project.teams.get(owner).map_or(owner, |team| team.title.as_str())
}

fn question_title<'a>(project: &'a Project, id: &'a str) -> &'a str {
    let own = project.questions.get(id).map(|question| question.title.as_str());
    own.or(ready_question(id).map(|ready| ready.title.as_str())).unwrap_or(id)
}
