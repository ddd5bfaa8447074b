//! Values inside of records and lists, named by the way to them: `event.time`, `items[].ts`. Imports data.

use crate::data::{DataType, Field, Value};

/// The way from a column to values inside: keys of records, and `[]` for the items of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub column: String,
    steps: Vec<String>,
}

const ITEMS: &str = "[]";

impl Way {
    /// The way that a name tells; `None`: it leads nowhere inside.
    pub fn of(name: &str) -> Option<Way> {
        let mut steps = Vec::new();
        for piece in name.split('.') {
            let key = piece.trim_end_matches(ITEMS);
            let lists = (piece.len() - key.len()) / ITEMS.len();
            if key.is_empty() {
                return None;
            }
            steps.push(key.to_owned());
            steps.extend(std::iter::repeat_n(ITEMS.to_owned(), lists));
        }
        let column = steps.remove(0);
        (!steps.is_empty()).then_some(Way { column, steps })
    }

    /// The type to which the way leads in that of its column.
    pub fn type_in<'t>(&self, data_type: &'t mut DataType) -> Option<&'t mut DataType> {
        self.steps.iter().try_fold(data_type, |data_type, step| match data_type {
            DataType::Record(fields) => fields.iter_mut().find(|(name, _)| name == step).map(|(_, found)| found),
            DataType::List(item) if step == ITEMS => Some(&mut **item),
            _ => None,
        })
    }

    /// Calls `visit` with each value to which the way leads in one of its column.
    pub fn each_in(&self, value: &mut Value, visit: &mut impl FnMut(&mut Value)) {
        each(&self.steps, value, visit);
    }
}

fn each(steps: &[String], value: &mut Value, visit: &mut impl FnMut(&mut Value)) {
    let Some((step, rest)) = steps.split_first() else { return visit(value) };
    match value {
        Value::Record(fields) => {
            if let Some((_, inner)) = fields.iter_mut().find(|(name, _)| name == step) {
                each(rest, inner, visit);
            }
        }
        Value::List(items) if step == ITEMS => items.iter_mut().for_each(|item| each(rest, item, visit)),
        _ => {}
    }
}

/// The names of the ways to all values inside of a column, each with the key that names it and its type.
pub fn ways_in(field: &Field) -> Vec<(String, String, DataType)> {
    let mut found = Vec::new();
    // What is no way as it is written stays a number.
    if is_plain(&field.name) {
        add_ways(&field.name, &field.name, &field.data_type, &mut found);
    }
    found
}

fn add_ways(way: &str, key: &str, data_type: &DataType, found: &mut Vec<(String, String, DataType)>) {
    match data_type {
        DataType::Record(fields) => {
            for (name, data_type) in fields.iter().filter(|(name, _)| is_plain(name)) {
                add_ways(&format!("{way}.{name}"), name, data_type, found);
            }
        }
        DataType::List(item) => add_ways(&format!("{way}{ITEMS}"), key, item, found),
        data_type => found.push((way.to_owned(), key.to_owned(), data_type.clone())),
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', ']', ',', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_lead_to_what_is_inside() {
        let data_type: DataType = r#"List<Record{"at": Int, "in": Record{"ts": Int, "a.b": Int}}>"#.parse().unwrap();
        let field = Field::new("items", data_type);
        let names: Vec<String> = ways_in(&field).into_iter().map(|(way, ..)| way).collect();
        assert_eq!(names, ["items[].at", "items[].in.ts"]);
        for name in &names {
            let way = Way::of(name).unwrap();
            assert_eq!(way.type_in(&mut field.data_type.clone()), Some(&mut DataType::Int), "{name}");
        }
        assert_eq!(Way::of("items.at").unwrap().type_in(&mut field.data_type.clone()), None);
        assert_eq!((Way::of("ts"), Way::of("a..b"), Way::of("")), (None, None, None));
    }
}
