//! What detectors say of rows that are made for them.

use super::*;
use crate::data::DataType;

fn table(columns: &[(&str, DataType)], rows: Vec<Vec<Value>>) -> ProbeRows {
    ProbeRows { schema: Schema::of(columns.iter().map(|(name, data_type)| (*name, data_type.clone()))), rows }
}

#[test]
fn what_goes_with_a_selection_comes_first_and_the_selection_itself_not_at_all() {
    let columns = [
        ("release", DataType::String),
        ("region", DataType::String),
        ("level", DataType::String),
        ("id", DataType::Int),
    ];
    let mut rows = Vec::new();
    for n in 0..400_i64 {
        let failed = n % 4 == 0;
        let release = if failed && n % 20 != 0 || n % 10 == 1 { "4.2" } else { "4.1" };
        let region = if n % 3 == 0 { "eu" } else { "us" };
        let level = if failed { "error" } else { "info" };
        rows.push(vec![Value::text(release), Value::text(region), Value::text(level), Value::Int(n)]);
    }
    let rows = table(&columns, rows);
    let inside: Vec<bool> = (0..400).map(|n| n % 4 == 0).collect();
    let found = differences(&rows.schema, &rows.rows, &inside, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].column.as_str(), &found[0].value), ("release", &Value::text("4.2")));
    assert!(found[0].inside_share > 0.75 && found[0].outside_share < 0.2);
    assert!(differences(&rows.schema, &rows.rows, &inside, &["release"]).is_empty());
    assert!(differences(&rows.schema, &rows.rows, &[false; 400], &[]).is_empty());
}
