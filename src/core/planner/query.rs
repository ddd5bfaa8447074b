//! What one line asks of files, as a flow: `read access.log --where "status >= 500" --by path --top 10`.
//! Imports project and below, and drafts.

use serde_json::{Value as Json, json};

use super::draft::Draft;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, ExprKind, NamedExpr, parse, parse_named, parse_order, print, print_name};
use crate::model::Id;
use crate::project::{Edit, Project};

/// What is asked: each a text as it was typed, empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// A condition: which rows.
    pub filter: String,
    /// What makes a group: expressions with commas between them, `expression as name`.
    pub by: String,
    /// What is measured in each group: the same of aggregates; the number of rows where there is none.
    pub measures: Vec<String>,
    /// Order of the result, such as `bytes desc, path`.
    pub sort: String,
    /// How many rows of that order.
    pub top: Option<u64>,
    /// The columns of the result: the same of columns and expressions.
    pub select: String,
}

/// A column to be made.
struct Column {
    name: String,
    expression: String,
    /// Only the column itself, under its name.
    is_same: bool,
}

impl Query {
    /// Whether nothing is asked: every row as it is.
    pub fn is_empty(&self) -> bool {
        *self == Query::default()
    }

    fn groups(&self) -> bool {
        !self.by.is_empty() || !self.measures.is_empty()
    }

    /// The flow from sources of the project to a step of the kind `load` with these settings (its order is added).
    /// Errors name the part that cannot be read as `field`: `where`, `by`, `agg`, `sort`, `select`.
    pub fn flow(
        &self,
        project: &Project,
        sources: &[Id],
        position: bool,
        load: (&str, Json),
    ) -> Result<Vec<Edit>, Diagnostic> {
        let mut draft = Draft::new(project);
        let mut last = read(&mut draft, sources, position);
        if !self.filter.is_empty() {
            parse(&self.filter).map_err(|fault| fault.field("where"))?;
            last = draft.then(&last, "filter", &shortened(&self.filter), json!({"predicate": self.filter}), "");
        }
        let mut order = self.order()?;
        if self.groups() {
            let keys = columns(&self.by, "by")?;
            let mut measures = Vec::new();
            for text in &self.measures {
                measures.extend(columns(text, "agg")?);
            }
            if measures.is_empty() {
                measures.push(Column { name: "count".into(), expression: "count(*)".into(), is_same: false });
            }
            if order.is_empty() {
                // The most first, and equal ones by their keys.
                order.push(format!("{} desc", print_name(&measures[0].name)));
                order.extend(keys.iter().map(|key| print_name(&key.name)));
            }
            let title = match keys.as_slice() {
                [] => "Measure all rows".to_owned(),
                keys => {
                    format!("By {}", keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", "))
                }
            };
            let settings = json!({"keys": items(&keys, "k"), "measures": items(&measures, "m")});
            last = draft.then(&last, "aggregate", &shortened(&title), settings, "");
        }
        let selected = columns(&self.select, "select")?;
        let made: Vec<&Column> = selected.iter().filter(|column| !column.is_same).collect();
        if !made.is_empty() {
            last = draft.then(&last, "compute", "Compute columns", json!({"columns": items(&made, "c")}), "");
        }
        if let Some(count) = self.top {
            last = match order.is_empty() {
                true => draft.then(&last, "limit", &format!("First {count}"), json!({"count": count}), ""),
                false => {
                    let settings = json!({"n": count, "order": order});
                    draft.then(&last, "top_n", &format!("Top {count}"), settings, "")
                }
            };
        }
        if !selected.is_empty() {
            // A column that orders the rows stays until they are in order.
            let is_kept = |key: &String| selected.iter().any(|column| is_column(key, &column.name));
            if !order.iter().all(is_kept) {
                last = draft.then(&last, "sort", "Sort", json!({"keys": order}), "");
                order.clear();
            }
            let kept: Vec<Json> = selected
                .iter()
                .enumerate()
                .map(|(index, column)| json!({"id": format!("s{}", index + 1), "column": column.name}))
                .collect();
            last = draft.then(&last, "select", "Select columns", json!({"columns": kept}), "");
        }
        let (kind, mut settings) = load;
        if !order.is_empty() {
            settings["order"] = json!(order);
        }
        draft.then(&last, kind, "Result", settings, "");
        Ok(draft.edits)
    }

    fn order(&self) -> Result<Vec<String>, Diagnostic> {
        if self.sort.is_empty() {
            return Ok(Vec::new());
        }
        let keys = parse_order(&self.sort).map_err(|fault| fault.field("sort"))?;
        Ok(keys.iter().map(|key| print(&key.expr) + if key.descending { " desc" } else { "" }).collect())
    }
}

/// The steps that read the sources, and what puts their rows under one another.
fn read(draft: &mut Draft, sources: &[Id], position: bool) -> Id {
    let steps: Vec<Id> = sources.iter().map(|source| draft.read_beside(source, position)).collect();
    match steps.as_slice() {
        [one] => one.clone(),
        several => {
            let from: Vec<(&Id, &str)> = several.iter().map(|step| (step, "in")).collect();
            draft.step("concatenate", "All files", json!({}), "", &from)
        }
    }
}

/// `path, bytes / 1000 as kilobytes` as columns; a name is made where none is given.
fn columns(text: &str, field: &str) -> Result<Vec<Column>, Diagnostic> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let found = parse_named(text).map_err(|fault| fault.field(field))?;
    Ok(found.into_iter().map(|NamedExpr { expr, name }| column(&expr, name)).collect())
}

fn column(expr: &Expr, name: Option<String>) -> Column {
    let own = match &expr.kind {
        ExprKind::Column(own) => Some(own.clone()),
        _ => None,
    };
    let is_same = own.is_some() && name.as_ref().is_none_or(|name| Some(name) == own.as_ref());
    let name = name.or(own).unwrap_or_else(|| made_name(expr));
    Column { name, expression: print(expr), is_same }
}

/// `avg_duration` of `avg(duration)`, `count` of `count(*)`.
fn made_name(expr: &Expr) -> String {
    const LONGEST: usize = 40;
    let mut name = String::new();
    for c in print(expr).chars() {
        if c.is_alphanumeric() || c == '_' {
            name.extend(c.to_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name: String = name.trim_end_matches('_').chars().take(LONGEST).collect();
    if name.is_empty() { "value".to_owned() } else { name }
}

/// Whether an order key goes by the column.
fn is_column(key: &str, name: &str) -> bool {
    key.strip_suffix(" desc").unwrap_or(key) == print_name(name)
}

fn items<'a>(
    columns: impl IntoIterator<Item = &'a (impl std::borrow::Borrow<Column> + 'a)>,
    prefix: &str,
) -> Vec<Json> {
    let item = |(index, column): (usize, &Column)| {
        let id = format!("{prefix}{}", index + 1);
        json!({"id": id, "name": column.name, "expression": column.expression})
    };
    columns.into_iter().map(std::borrow::Borrow::borrow).enumerate().map(item).collect()
}

/// A title of bearable length.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataType, Schema};
    use crate::formats::FormatSpec;
    use crate::model::Source;
    use crate::plan::plan;
    use crate::project::Step;

    fn flow_of(query: &Query) -> Result<Project, Diagnostic> {
        let mut project = Project::new("query");
        let fields = [("path", DataType::String), ("status", DataType::Int), ("bytes", DataType::Int)];
        for id in ["src-a", "src-b"] {
            let source = Source {
                id: id.into(),
                title: id.into(),
                path: format!("{id}.csv"),
                format: Some(FormatSpec::new("csv")),
                schema: Some(Schema::of(fields.clone())),
                ..Source::default()
            };
            project.apply(&[Edit::Insert {
                into: "sources".into(),
                item: json!(source),
                place: Default::default(),
            }])?;
        }
        let sources = ["src-a".to_owned(), "src-b".to_owned()];
        let edits = query.flow(&project, &sources, false, ("standard_output", json!({"kind": "csv"})))?;
        project.apply(&edits)?;
        Ok(project)
    }

    fn steps_of(query: &Query) -> String {
        let project = flow_of(query).unwrap();
        let planned = plan(&project);
        assert!(!planned.diagnostics.iter().any(Diagnostic::is_error), "{:?}", planned.diagnostics);
        let sink = planned.sinks()[0];
        let names: Vec<&str> = planned.node(sink).schema.names().collect();
        let mut steps: Vec<&Step> = project.steps.values().collect();
        steps.sort_by_key(|step| (step.x, step.y));
        let kinds: Vec<&str> = steps.iter().map(|step| step.kind.as_str()).collect();
        let order = steps.last().and_then(|step| step.settings.get("order"));
        format!("{} -> {} by {}", kinds.join(" "), names.join(" "), order.unwrap_or(&Json::Null))
    }

    #[test]
    fn a_line_becomes_a_flow() {
        let text = |text: &str| text.to_owned();
        let grouped = Query { filter: text("status >= 500"), by: text("path"), top: Some(3), ..Query::default() };
        assert_eq!(
            steps_of(&grouped),
            "file file concatenate filter aggregate top_n standard_output -> path count by [\"count desc\",\"path\"]"
        );
        let measured = Query {
            by: text("path, status / 100 as class"),
            measures: vec![text("sum(bytes), avg(bytes) / 2 as \"half mean\""), text("count(*)")],
            sort: text("sum_bytes"),
            select: text("class, sum_bytes"),
            ..Query::default()
        };
        assert_eq!(
            steps_of(&measured),
            "file file concatenate aggregate select standard_output -> class sum_bytes by [\"sum_bytes\"]"
        );
        let rows = Query { sort: text("bytes desc"), select: text("path, bytes / 8 as words"), ..Query::default() };
        assert_eq!(steps_of(&rows), "file file concatenate compute sort select standard_output -> path words by null");
        assert_eq!(
            steps_of(&Query { top: Some(2), ..Query::default() }),
            "file file concatenate limit standard_output -> path status bytes by null"
        );
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let field = |query: Query| flow_of(&query).unwrap_err().location.field;
        assert_eq!(field(Query { filter: "status >".into(), ..Query::default() }).as_deref(), Some("where"));
        assert_eq!(field(Query { by: "path,".into(), ..Query::default() }).as_deref(), Some("by"));
        assert_eq!(field(Query { measures: vec!["sum(bytes) as".into()], ..Query::default() }).as_deref(), Some("agg"));
        assert_eq!(field(Query { sort: "bytes descending".into(), ..Query::default() }).as_deref(), Some("sort"));
    }
}
