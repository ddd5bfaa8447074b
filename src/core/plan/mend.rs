//! What a message suggests instead of a name that is not there, as an edit. Imports project; no plan.

use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Span};
use crate::expr::print_name;
use crate::project::{Edit, Project};

/// An edit that does what a message suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct Mend {
    /// The name that is put in.
    pub name: String,
    pub edit: Edit,
}

/// The edit that puts the suggested name into the setting that a message is about; `None` where it suggests none, or
/// the setting does not hold the wrong name (any more).
pub fn mend(project: &Project, diagnostic: &Diagnostic) -> Option<Mend> {
    let (wrong, name) = suggestion(&diagnostic.message)?;
    let step = project.steps.get(diagnostic.location.id.as_ref()?)?;
    let path: Vec<&str> = diagnostic.location.field.as_deref()?.split('.').collect();
    let (id, field, value) = match path.as_slice() {
        [field] => (&step.id, format!("settings.{field}"), step.settings.get(*field)?),
        [list, item, field] => {
            let items = step.settings.get(*list)?.as_array()?;
            let item = items.iter().find(|known| known.get("id").and_then(Json::as_str) == Some(item))?;
            let Json::String(id) = &item["id"] else { return None };
            (id, (*field).to_owned(), item.get(*field)?)
        }
        _ => return None,
    };
    let new = mended(value, wrong, name, diagnostic.location.span)?;
    let edit = Edit::Set { id: id.clone(), field, old: Some(value.clone()), new };
    Some(Mend { name: name.to_owned(), edit })
}

/// The wrong name of a message, and the one that it suggests.
fn suggestion(message: &str) -> Option<(&str, &str)> {
    let (before, after) = message.rsplit_once("; did you mean `")?;
    let name = after.strip_suffix("`?")?;
    let wrong = before.split('`').nth(1)?;
    Some((wrong, name))
}

/// The value with the right name in the place of the wrong one.
fn mended(value: &Json, wrong: &str, name: &str, span: Option<Span>) -> Option<Json> {
    match value {
        Json::String(text) if text == wrong => Some(Json::from(name)),
        Json::String(text) => mended_text(text, wrong, name, span).map(Json::from),
        Json::Array(items) => {
            let place = items.iter().position(|item| mended(item, wrong, name, None).is_some())?;
            let mut items = items.clone();
            items[place] = mended(&items[place], wrong, name, None)?;
            Some(Json::Array(items))
        }
        _ => None,
    }
}

/// An expression with the right name: in the place that the message shows, else where the wrong one stands first.
fn mended_text(text: &str, wrong: &str, name: &str, span: Option<Span>) -> Option<String> {
    let shown = span.and_then(|span| {
        let start = span.start as usize;
        Some((start, text.get(start..span.end as usize)?))
    });
    let (from, part) = shown.unwrap_or((0, text));
    let quoted = print_name(wrong);
    let (start, length) =
        [quoted.as_str(), wrong].into_iter().find_map(|wrong| Some((word(part, wrong)?, wrong.len())))?;
    let (start, end) = (from + start, from + start + length);
    // Functions are written without quotes whatever their name; what is suggested for one is a word.
    Some(format!("{}{}{}", &text[..start], print_name(name), &text[end..]))
}

/// Where a word stands in a text, whole.
fn word(text: &str, word: &str) -> Option<usize> {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_of_name) && !after.is_some_and(is_of_name)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::plan;
    use crate::project::Place;

    fn project(kind: &str, settings: Json) -> Project {
        let mut project = Project::new("p");
        let table = json!({
            "columns": [{"id": "a", "name": "status", "type": "Int"}, {"id": "b", "name": "two words", "type": "String"}],
            "rows": [[200, "x"]],
        });
        let insert = |into: &str, item: Json| Edit::Insert { into: into.into(), item, place: Place::Last };
        let edits = [
            insert("steps", json!({"id": "t", "kind": "table", "title": "T", "settings": table})),
            insert("steps", json!({"id": "s", "kind": kind, "title": "S", "settings": settings})),
            insert("wires", json!({"id": "w", "from": "t", "to": "s"})),
        ];
        project.apply(&edits).unwrap();
        project
    }

    /// The settings after every mend that the messages offer; nothing is left to tell.
    fn mended_settings(kind: &str, settings: Json) -> Json {
        let mut project = project(kind, settings);
        for _ in 0..4 {
            let plan = plan(&project);
            let Some(found) = plan.diagnostics.iter().find_map(|found| mend(&project, found)) else { break };
            project.apply(&[found.edit]).unwrap();
        }
        let left: Vec<_> = plan(&project).diagnostics.into_iter().filter(Diagnostic::is_error).collect();
        assert_eq!(left, []);
        Json::Object(project.steps["s"].settings.clone())
    }

    #[test]
    fn a_message_that_knows_the_name_puts_it_in() {
        let filter = mended_settings(
            "filter",
            json!({"predicate": "stauts >= 500 or lenght(\"two word\") > 3"
            }),
        );
        assert_eq!(filter["predicate"], "status >= 500 or length(\"two words\") > 3");
        let sort = mended_settings("sort", json!({"keys": ["\"two words\"", "stauts desc"]}));
        assert_eq!(sort["keys"], json!(["\"two words\"", "status desc"]));
        let compute = json!({"columns": [{"id": "c", "name": "stauts", "expression": "stauts + 1"}]});
        let compute = mended_settings("compute", compute);
        assert_eq!(compute["columns"][0], json!({"id": "c", "name": "stauts", "expression": "status + 1"}));
    }

    #[test]
    fn what_is_not_there_any_more_is_not_mended() {
        let told = Diagnostic::error("PW0200", "there is no column `stauts`; did you mean `status`?");
        let project = project("filter", json!({"predicate": "my_stauts = 1"}));
        assert_eq!(mend(&project, &told.clone().step("s", "S").field("predicate")), None);
        assert_eq!(mend(&project, &told.step("s", "S").field("columns.c.expression")), None);
    }
}
