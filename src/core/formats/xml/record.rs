//! One record of an XML text as a JSON object: attributes and elements with their paths as keys.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::Value as Json;

use crate::formats::keys::repeated;

/// Elements that may lie in each other.
const MAX_DEPTH: usize = 128;
/// Bytes of the longest name of a reference that is told.
const LONGEST: usize = 40;
/// Attributes that name the element that has them: `<Data Name="user">`.
const NAMING: [&str; 3] = ["Name", "name", "key"];

/// An element.
#[derive(Default)]
struct Node {
    /// Without its prefix.
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
    text: String,
}

impl Node {
    /// What an attribute calls an element that holds text alone.
    fn given_name(&self, is_repeated: bool) -> Option<&str> {
        match self.attributes.as_slice() {
            [(key, name)] if NAMING.contains(&key.as_str()) && self.children.is_empty() && !name.is_empty() => {
                (is_repeated || !self.text.trim().is_empty()).then_some(name)
            }
            _ => None,
        }
    }
}

/// The record's JSON. Errors: it is not well-formed.
pub fn json_of(text: &str) -> Result<String, &'static str> {
    let root = node_of(text)?;
    let mut object = Object::default();
    object.take(&root, "");
    Ok(object.finish())
}

fn node_of(text: &str) -> Result<Node, &'static str> {
    const BROKEN: &str = "the element is not well-formed";
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = Vec::new();
    loop {
        let ended = match reader.read_event().map_err(|_| BROKEN)? {
            Event::Start(_) if open.len() >= MAX_DEPTH => return Err("elements lie in each other too deeply"),
            Event::Start(tag) => {
                open.push(begun(&tag).ok_or(BROKEN)?);
                continue;
            }
            Event::Empty(tag) => begun(&tag).ok_or(BROKEN)?,
            Event::End(_) => open.pop().ok_or(BROKEN)?,
            Event::Text(part) => {
                add(&mut open, &part);
                continue;
            }
            Event::CData(part) => {
                add(&mut open, &part);
                continue;
            }
            Event::GeneralRef(name) => {
                add(&mut open, &entity(&name));
                continue;
            }
            Event::Eof => return Err(BROKEN),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(ended),
            None => return Ok(ended),
        }
    }
}

fn add(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

/// A reference's text; one that is not known stays as it is written.
fn entity(name: &str) -> String {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    });
    match (number.and_then(char::from_u32), name) {
        (Some(character), _) => character.to_string(),
        (None, "lt") => "<".to_owned(),
        (None, "gt") => ">".to_owned(),
        (None, "amp") => "&".to_owned(),
        (None, "quot") => "\"".to_owned(),
        (None, "apos") => "'".to_owned(),
        (None, other) => format!("&{other};"),
    }
}

/// The first reference whose text is not known: the name of an entity that is none of XML's own.
pub fn unknown_reference(text: &str) -> Option<&str> {
    let is_name = |name: &&str| {
        name.len() <= LONGEST
            && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && super::split::is_name(name)
    };
    let names = text.split('&').skip(1).filter_map(|behind| Some(behind.split_once(';')?.0)).filter(is_name);
    let mut unknown = names.filter(|name| entity(name) == format!("&{name};"));
    unknown.next()
}

/// An attribute's text without its references.
fn plain(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('&') {
        text.push_str(before);
        match behind.split_once(';').filter(|(name, _)| name.len() < 12) {
            Some((name, after)) => {
                text.push_str(&entity(name));
                rest = after;
            }
            None => {
                text.push('&');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn begun(tag: &BytesStart) -> Option<Node> {
    let mut node = Node { name: local(tag.name().0).to_owned(), ..Node::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        let key = attribute.key.0;
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        node.attributes.push((local(key).to_owned(), plain(&attribute.value)));
    }
    Some(node)
}

/// A flat object under construction: each key once.
#[derive(Default)]
struct Object {
    keys: std::collections::HashMap<String, usize>,
    json: String,
}

impl Object {
    fn add(&mut self, key: &str, json: &str) {
        let times = self.keys.entry(key.to_owned()).or_default();
        *times += 1;
        let key = repeated(key, *times);
        self.json.push_str(if self.json.is_empty() { "" } else { "," });
        self.json.push_str(&Json::from(key).to_string());
        self.json.push(':');
        self.json.push_str(json);
    }

    /// Takes an element with what lies in it; `path` is that of its inside.
    fn take(&mut self, node: &Node, path: &str) {
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (key, value) in &node.attributes {
            self.add(&inside(key), &scalar(value));
        }
        let own = if path.is_empty() { node.name.as_str() } else { path };
        let is_leaf = node.children.is_empty() && node.attributes.is_empty();
        if !node.text.trim().is_empty() || is_leaf {
            self.add(own, &scalar(node.text.trim()));
        }
        let mut lists: Vec<(&str, Vec<&Node>)> = Vec::new();
        let count = |name: &str| node.children.iter().filter(|child| child.name == name).take(2).count();
        for child in &node.children {
            let is_repeated = count(&child.name) > 1;
            if let Some(name) = child.given_name(is_repeated) {
                self.add(&inside(name), &scalar(child.text.trim()));
            } else if !is_repeated {
                self.take(child, &inside(&child.name));
            } else {
                match lists.iter_mut().find(|(name, _)| *name == child.name) {
                    Some((_, items)) => items.push(child),
                    None => lists.push((&child.name, vec![child])),
                }
            }
        }
        for (name, items) in lists {
            let items: Vec<String> = items.into_iter().map(item).collect();
            self.add(&inside(name), &format!("[{}]", items.join(",")));
        }
    }

    fn finish(self) -> String {
        format!("{{{}}}", self.json)
    }
}

/// An item of a list: its text, or an object.
fn item(node: &Node) -> String {
    if node.children.is_empty() && node.attributes.is_empty() {
        return scalar(node.text.trim());
    }
    let mut object = Object::default();
    object.take(node, "");
    object.finish()
}

/// A text as the JSON value that it is: a number and a truth value as themselves, nothing as null.
fn scalar(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_number = is_plain && serde_json::from_str::<serde_json::Number>(text).is_ok();
    match text {
        "" => "null".to_owned(),
        "true" | "false" => text.to_owned(),
        _ if is_number => text.to_owned(),
        _ => Json::from(text).to_string(),
    }
}
