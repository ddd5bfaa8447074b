//! What files hold that is no value of a declared column, or stands under another name, is told.

use serde_json::json;

use crate::support::{path, python_with_duckdb, texts};
use crate::told::{Bench, has_all};

#[test]
fn what_a_parquet_file_holds_under_other_names_is_told() {
    let Some(python) = python_with_duckdb() else { return };
    let bench = Bench::new();
    let query = format!(
        "copy (select 1 as id, 'x' as extra, {{'a': 1, 'b': 2}} as r, [{{'a': 1, 'b': 2}}, {{'a': 1, 'b': null}}] as l, \
         true as flag) to '{}' (format parquet)",
        path(&bench.file("a.parquet"))
    );
    let mut made = std::process::Command::new(&python);
    made.args(["-c", "import duckdb, sys; duckdb.execute(sys.argv[1])", &query]);
    let (code, _, fault) = texts(made.output().unwrap());
    assert_eq!(code, 0, "{fault}");
    let columns = ["id:Int", "r:Record{\"a\": Int}", "l:List<Record{\"a\": Int}>", "flag:Int"];
    let bench = bench.source("a", "a.parquet", "parquet", &columns).load("a", "a.jsonl");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    let tally = &report["sources"][0]["tally"];
    assert_eq!(
        (&tally["unknown_keys"], &tally["undeclared"]),
        (&json!({"extra": 1}), &json!({"r": 1, "l": 1})),
        "{tally}"
    );
    // As of other formats, `true` is no number.
    assert_eq!(tally["unfit"], json!({"flag": 1}), "{tally}");
    has_all(&talk, &["PW0835", "1 of `extra`", "names that their type does not"]);
    has_all(&bench.preview("a"), &["PW0835", "1 of `extra`"]);
}

#[test]
fn bytes_of_a_database_file_are_no_numbers_and_told_where_they_are_no_text() {
    let bench = Bench::new();
    let database = rusqlite::Connection::open(bench.file("a.db")).unwrap();
    let made = "create table w (id int, v int, t text); insert into w values (3, x'1234', cast(x'ff41' as text)), \
                (4, 5, 'plain')";
    database.execute_batch(made).unwrap();
    drop(database);
    let bench = bench.source("a", "a.db", "csv", &["id:Int", "v:Int", "t:String"]).load("a", "a.csv");
    let (code, talk, report) = bench.run();
    assert_eq!(code, 0, "{talk}");
    assert_eq!(report["sources"][0]["tally"]["unfit"], json!({"v": 1}), "{talk}");
    has_all(&talk, &["1 bytes that are no UTF-8 were replaced", "1 of `v`"]);
    assert_eq!(bench.made("a.csv"), "id,v,t\n3,,\u{fffd}A\n4,5,plain\n");
}
