//! Loads that a database does not take as they are given: all rows are there, or none and nothing beside them.

use serde_json::{Value as Json, json};

use super::databases::{Database, load, pages};
use super::{Desk, flow, is_there};

/// Every load of it fails with a code and words, and leaves the table as it was, and no file.
fn fails(database: &Database, desk: &Desk, code: &str, wanted: &str, left: &str) {
    let (exit, said) = desk.go();
    let title = database.title();
    assert!(exit == 1 && said.contains(code) && said.contains(wanted) && said.contains("help: "), "{title}: {said}");
    assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")), "{title}: no half result");
    assert_eq!(count(database, "pages"), left, "{title} {code} {wanted}");
}

fn count(database: &Database, name: &str) -> String {
    database.tells(&format!("SELECT cast(count(*) AS text) FROM {}", database.table(name))).remove(0)
}

#[test]
fn rows_that_a_database_keeps_away_are_missed() {
    for database in Database::all("loads_whole") {
        let table = database.table("pages");
        let mode = |mode: &str| pages(&database, json!({"mode": mode, "keys": ["page"]}), json!([["/", 1], ["/b", 2]]));
        database.does(&format!("CREATE TABLE {table} (page text, views int); INSERT INTO {table} VALUES ('/', 0)"));
        database.does(&match &database {
            Database::Server(_, schema) => format!(
                "CREATE FUNCTION {schema}.none() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
                 CREATE TRIGGER none BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.views > 1) \
                 EXECUTE FUNCTION {schema}.none()"
            ),
            Database::File(_) => "CREATE TRIGGER none BEFORE INSERT ON pages WHEN NEW.views > 1 \
                                  BEGIN SELECT raise(IGNORE); END"
                .to_owned(),
        });
        fails(&database, &mode("append"), "PW0696", "of 2 rows the database took 1", "1");
        fails(&database, &mode("upsert"), "PW0696", "of 1 rows the database took 0", "1");
        fails(&database, &mode("replace"), "PW0696", "of 2 rows the database took 1", "1");
        if let Database::Server(_, schema) = &database {
            database.does(&format!(
                "DROP TRIGGER none ON {table}; CREATE TRIGGER none BEFORE DELETE ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION {schema}.none()"
            ));
            fails(&database, &mode("replace"), "PW0696", "stay there", "1");
            // What leaves alone what is so already keeps nothing away.
            database.does(&format!(
                "DROP TRIGGER none ON {table}; CREATE TRIGGER none BEFORE UPDATE ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION suppress_redundant_updates_trigger()"
            ));
            let desk = pages(&database, json!({"mode": "upsert", "keys": ["page"]}), json!([["/", 0]]));
            assert_eq!(desk.go().0, 0);
            database.does(&format!("CREATE RULE none AS ON INSERT TO {table} DO INSTEAD NOTHING"));
            fails(&database, &mode("append"), "PW0696", "took 0", "1");
        } else {
            let fresh = |made: &str| database.does(&format!("DROP TABLE pages; CREATE TABLE pages ({made})"));
            for clause in ["IGNORE", "REPLACE"] {
                fresh(&format!("page text UNIQUE ON CONFLICT {clause}, views int"));
                database.does("INSERT INTO pages VALUES ('/b', 0)");
                fails(&database, &mode("append"), "PW0682", "UNIQUE", "1");
            }
            fresh("page text COLLATE NOCASE, views int");
            database.does("INSERT INTO pages VALUES ('A', 0)");
            let desk = pages(&database, json!({"mode": "upsert", "keys": ["page"]}), json!([["A", 1], ["a", 2]]));
            fails(&database, &desk, "PW0696", "of 2 rows the database took 1", "1");
            // Keys are compared as they stand there.
            fresh("page text, views text");
            database.does("INSERT INTO pages VALUES ('0', '01')");
            let desk = pages(&database, json!({"mode": "upsert", "keys": ["views"]}), json!([["/", 1]]));
            assert_eq!((desk.go().0, count(&database, "pages")), (0, "2".to_owned()));
        }
    }
}

#[test]
fn tables_that_are_no_tables_to_load_are_refused() {
    for database in Database::all("loads_names") {
        let temporary = if database.title() == "SQLite" { "temp.pages" } else { "pg_temp.pages" };
        for name in ["pw_rows", "pw_lines", temporary] {
            let desk = pages(&database, json!({"mode": "append", "table": name}), json!([["/", 1]]));
            let (exit, said) = desk.go();
            assert!(exit == 1 && said.contains("PW0660") && said.contains("help: "), "{}: {said}", database.title());
            assert!(!is_there(&desk.at("out/beside.jsonl")));
        }
    }
}

#[test]
fn constraints_put_off_to_the_end_are_looked_at_before_files_are_there() {
    for database in Database::all("loads_deferred") {
        let (table, all) = (database.table("pages"), database.table("known"));
        database.does(&format!(
            "CREATE TABLE {all} (page text PRIMARY KEY); INSERT INTO {all} VALUES ('/'); CREATE TABLE {table} \
             (page text REFERENCES {} DEFERRABLE INITIALLY DEFERRED, views int)",
            if database.title() == "SQLite" { "known (page)" } else { &all }
        ));
        fails(&database, &pages(&database, json!({"mode": "append"}), json!([["/", 1], ["/b", 2]])), "PW06", "", "0");
        assert_eq!(pages(&database, json!({"mode": "append"}), json!([["/", 1]])).go().0, 0);
        assert_eq!(count(&database, "pages"), "1");
    }
}

#[test]
fn rows_of_other_tables_do_not_go_with_those_that_are_replaced() {
    for database in Database::all("loads_cascade") {
        let (table, other) = (database.table("pages"), database.table("visits"));
        database.does(&format!(
            "CREATE TABLE {table} (page text PRIMARY KEY, views int); INSERT INTO {table} VALUES ('/', 0); \
             CREATE TABLE {other} (page text REFERENCES {} ON DELETE CASCADE); INSERT INTO {other} VALUES ('/')",
            if database.title() == "SQLite" { "pages (page)" } else { &table }
        ));
        let desk = |mode: &str| pages(&database, json!({"mode": mode, "keys": ["page"]}), json!([["/", 1]]));
        fails(&database, &desk("replace"), "PW0697", "visits", "1");
        assert_eq!(desk("upsert").go().0, 0);
        assert_eq!(count(&database, "visits"), "1");
        if database.title() == "PostgreSQL" {
            database.does(&format!("DROP TABLE {other}; CREATE TABLE {other} () INHERITS ({table})"));
            fails(&database, &desk("replace"), "PW0697", "visits", "1");
            // Behind a view, and below a table in parts.
            let base = database.table("base");
            let refers = format!(
                "CREATE TABLE {other} (page text REFERENCES {base} ON DELETE CASCADE); INSERT INTO {other} VALUES ('/')"
            );
            database.does(&format!(
                "DROP TABLE {table} CASCADE; CREATE TABLE {base} (page text PRIMARY KEY, views int); \
                 INSERT INTO {base} VALUES ('/', 0); CREATE VIEW {table} AS SELECT page, views FROM {base}; {refers}"
            ));
            fails(&database, &desk("replace"), "PW0697", "visits", "1");
            database.does(&format!(
                "DROP TABLE {other}; DROP VIEW {table}; DROP TABLE {base}; \
                 CREATE TABLE {table} (page text, views int) PARTITION BY LIST (page); \
                 CREATE TABLE {base} PARTITION OF {table} (page PRIMARY KEY) DEFAULT; \
                 INSERT INTO {table} VALUES ('/', 0); {refers}"
            ));
            fails(&database, &desk("replace"), "PW0697", "visits", "1");
        }
    }
}

#[test]
fn a_table_whose_name_the_server_cuts_is_not_taken_for_another_one() {
    for database in Database::all("loads_long").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let known = "l".repeat(63);
        let table = database.table(&known);
        database.does(&format!("CREATE TABLE {table} (page text, views int); INSERT INTO {table} VALUES ('/', 0)"));
        let long = database.table(&format!("{known}xyz"));
        let desk = pages(&database, json!({"mode": "replace", "table": long}), json!([["/b", 1]]));
        let (exit, said) = desk.go();
        assert!(exit == 1 && said.contains("PW0660") && said.contains("63 bytes"), "{said}");
        assert_eq!(count(&database, &known), "1");
        let source = Desk::new(flow(database.connection(), json!({"inquiry": {"table": long}})));
        let (exit, said) = source.run(&["sample", "p.pipewright.json", "A", "--trust"]);
        assert!(exit == 1 && said.contains("PW0660"), "{said}");
    }
}

#[test]
fn one_table_in_two_spellings_is_loaded_once() {
    for database in Database::all("loads_twice") {
        let desk = pages(&database, json!({"mode": "replace"}), json!([["/", 1]]));
        let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
        let spelt =
            if database.title() == "SQLite" { "main.PAGES".to_owned() } else { "loads_twice . pages".to_owned() };
        design["steps"][2] = json!({"id": "file", "kind": "load_table", "title": "Second",
            "settings": {"connection": "con-a", "table": spelt, "mode": "replace"}});
        database.does(&format!("CREATE TABLE {} (page text, views int)", database.table("pages")));
        fails(&database, &Desk::new(design), "PW0553", "another load goes into the table", "0");
    }
}

#[test]
fn texts_stay_texts_or_are_refused() {
    let database = Database::File(tempfile::tempdir().unwrap());
    for (made, wanted) in
        [("STRING", 1), ("JSON", 1), ("UUID", 1), ("TEXT", 0), ("VARCHAR(9)", 0), ("BLOB", 0), ("", 0)]
    {
        database.does(&format!("DROP TABLE IF EXISTS pages; CREATE TABLE pages (page {made}, views int)"));
        let (code, said) = pages(&database, json!({"mode": "append"}), json!([["007", 1]])).go();
        assert!(code == wanted && (code == 0 || said.contains("PW0684")), "{made}: {said}");
        assert_eq!(database.tells("SELECT cast(page AS text) FROM pages").join(""), ["007", ""][wanted as usize]);
    }
}

#[test]
fn a_dry_run_opens_no_load() {
    let database = Database::File(tempfile::tempdir().unwrap());
    let Database::File(folder) = &database else { return };
    let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
    for trust in [&["--trust"][..], &[]] {
        let (code, said) = desk.run(&[&["run", "p.pipewright.json", "--dry-run"], trust].concat());
        assert_eq!(code, 0, "{said}");
    }
    assert!(!is_there(&folder.path().join("shop.db")));
}

#[test]
fn messages_of_postgresql_hold_no_row_and_columns_have_any_name() {
    for database in Database::all("loads_words").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let table = database.table("pages");
        database.does(&format!("CREATE TABLE {table} (page text UNIQUE, views int CHECK (views < 10))"));
        for (rows, constraint) in
            [(json!([["walled", 11]]), "pages_views_check"), (json!([["walled", 1], ["walled", 2]]), "pages_page_key")]
        {
            let (code, said) = pages(&database, json!({"mode": "append"}), rows).go();
            assert!(code == 1 && said.contains(constraint) && !said.contains("walled"), "{said}");
        }
        let columns = json!([{"name": "pw_row", "type": "Int"}, {"name": "pw_query", "type": "Int"}, {"name": "typed", "type": "Int"}]);
        let table = database.table("odd");
        let (code, said) = load(&database, json!({"mode": "append", "table": table}), columns, json!([[1, 2, 3]])).go();
        assert_eq!(code, 0, "{said}");
        let back = Desk::new(flow(database.connection(), json!({"inquiry": {"table": table}})));
        back.sample("A");
        let (code, said) = back.go();
        assert_eq!(code, 0, "{said}");
        assert_eq!(back.rows("out.jsonl"), [json!({"pw_row": 1, "pw_query": 2, "typed": 3})]);
    }
}

#[test]
fn a_nul_in_a_text_is_replaced_in_postgresql_and_told() {
    for database in Database::all("loads_nul").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let table = database.table("pages");
        for (made, mode) in [
            ("page text, views int", "append"),
            ("page text, views smallint", "append"),
            ("page text, views int", "upsert"),
        ] {
            database.does(&format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({made})"));
            let rows = json!([["a\u{0}b\u{0}", 1], ["\\u0000", 2]]);
            let (code, said) = pages(&database, json!({"mode": mode, "keys": ["views"]}), rows).go();
            assert!(code == 0 && said.contains("PW1220") && said.contains("2 NULs"), "{made} {mode}: {said}");
            let there = database.tells(&format!("SELECT page FROM {table} ORDER BY views"));
            assert_eq!(there, ["a\u{fffd}b\u{fffd}", "\\u0000"], "{made} {mode}");
        }
    }
}

#[test]
fn values_stay_what_they_are_or_it_is_told() {
    for database in Database::all("loads_values") {
        let (title, table) = (database.title(), database.table("pages"));
        database.does(&format!("CREATE TABLE {table} (page text, views double precision)"));
        let desk = |count: i64| pages(&database, json!({"mode": "append"}), json!([["/", count]]));
        fails(&database, &desk((1 << 53) + 1), "PW0682", "`views`", "0");
        assert_eq!(desk((1 << 53) - 1).go().0, 0, "{title}");
        let columns = json!([{"name": "page", "type": "Boolean"}]);
        let (code, said) = load(&database, json!({"mode": "append"}), columns, json!([[true]])).go();
        assert_eq!(code, 0, "{said}");
        assert_eq!(database.tells(&format!("SELECT page FROM {table} WHERE page <> '/'")), ["true"], "{title}");
    }
    let database = Database::File(tempfile::tempdir().unwrap());
    database
        .does("CREATE TABLE t (a REAL, b BLOB, c TEXT); INSERT INTO t VALUES (9e999, x'00ff', cast(x'ff' AS TEXT))");
    let said = Desk::new(flow(database.connection(), json!({"inquiry": {"table": "t"}}))).sample("A");
    for wanted in ["`a`: infinite", "`b`: bytes (BLOB)", "`c`: bytes that are no UTF-8"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
}

/// A second load of the same rows by a connection of its own.
fn again_by_another(database: &Database, desk: &Desk, table: &str) -> Desk {
    let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
    let mut again = database.connection();
    (again["id"], again["title"]) = (json!("con-b"), json!("Shop again"));
    design["connections"].as_array_mut().unwrap().push(again);
    design["steps"][2] = json!({"id": "file", "kind": "load_table", "title": "Second",
        "settings": {"connection": "con-b", "table": table, "mode": "append"}});
    Desk::new(design)
}

#[test]
fn what_postgresql_rounds_or_cuts_is_told() {
    for database in Database::all("loads_rounds").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let table = database.table("pages");
        database.does(&format!(
            "CREATE TABLE {table} (price numeric(10,2), at timestamp(0), size real, word character varying(9))"
        ));
        let columns = json!([{"name": "price", "type": "Float"}, {"name": "at", "type": "Timestamp"},
            {"name": "size", "type": "Float"}, {"name": "word", "type": "String"}]);
        let go = |rows: Json| load(&database, json!({"mode": "append"}), columns.clone(), rows).go();
        let (code, said) = go(json!([[1.25, "2026-03-02T10:00:00Z", 0.5, "abc"], [null, null, null, null]]));
        assert!(code == 0 && !said.contains("PW0699"), "{said}");
        let (code, said) = go(json!([[1.239, "2026-03-02T10:00:00.6Z", 0.1, "abc"], [1.5, null, null, "d"]]));
        assert_eq!(code, 0, "{said}");
        for wanted in ["1 value of `price` is rounded or cut to numeric(10,2)", "`at`", "`size`"] {
            assert!(said.contains(wanted), "{wanted}: {said}");
        }
        assert!(!said.contains("`word`"), "{said}");
    }
}

#[test]
fn what_postgresql_rounds_or_cuts_in_lists_and_odd_types_is_told() {
    for database in Database::all("loads_lists").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let table = database.table("pages");
        let columns: Vec<(&str, &str, &str)> = vec![
            ("prices", "List<Float>", "numeric(9,1)[]"),
            ("times", "List<Timestamp>", "timestamp(0) without time zone[]"),
            ("sizes", "List<Float>", "real[]"),
            ("word", "String", "name"),
            ("paid", "Float", "money"),
            ("took", "Duration", "interval day"),
        ];
        let made: Vec<String> = columns.iter().map(|(name, _, shown)| format!("{name} {shown}")).collect();
        database.does(&format!("CREATE TABLE {table} ({})", made.join(", ")));
        let fields: Vec<Json> = columns.iter().map(|(name, own, _)| json!({"name": name, "type": own})).collect();
        let go = |row: Json| {
            load(
                &database,
                json!({"mode": "append"}),
                json!(fields),
                json!([row, [null, null, null, null, null, null]]),
            )
        };
        let (code, said) = go(json!([[1.5, null], ["2026-03-02T10:00:00Z"], [0.5], "abc", 1.25, "P2D"])).go();
        assert!(code == 0 && !said.contains("PW0699"), "{said}");
        let long = "a".repeat(78);
        let (code, said) = go(json!([[1.267], ["2026-03-02T10:00:00.6Z"], [0.1], long, 1.267, "PT1.5S"])).go();
        assert_eq!(code, 0, "{said}");
        for (name, _, shown) in &columns {
            assert!(said.contains(&format!("1 value of `{name}` is rounded or cut to {shown}")), "{name}: {said}");
        }
        // What tells rows apart is not rounded at all, and a number that is an identifier is none for a text.
        for (name, own, shown, value, code) in [
            ("ids", "List<Int>", "double precision[]", json!([(1_i64 << 53) + 1]), "PW0682"),
            ("ids", "List<Int>", "real[]", json!([(1 << 24) + 1]), "PW0682"),
            ("o", "String", "oid", json!("007"), "PW0684"),
        ] {
            database.does(&format!("DROP TABLE {table}; CREATE TABLE {table} ({name} {shown})"));
            let fields = json!([{"name": name, "type": own}]);
            fails(&database, &load(&database, json!({"mode": "append"}), fields, json!([[value]])), code, name, "0");
        }
    }
}

#[test]
fn numbers_in_columns_of_text_keep_their_digits() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE pages (f TEXT)");
    let rows = json!([[0.1 + 0.2], [9_007_199_254_740_991.0], [9_007_199_254_740_992.0], [1.0]]);
    let fields = json!([{"name": "f", "type": "Float"}]);
    let (code, said) = load(&database, json!({"mode": "append"}), fields, rows).go();
    assert_eq!(code, 0, "{said}");
    let found = database.tells("SELECT f FROM pages ORDER BY rowid");
    assert_eq!(found, ["0.30000000000000004", "9007199254740991.0", "9007199254740992.0", "1.0"]);
}

#[test]
fn every_value_is_read_back_as_it_was_loaded() {
    let columns = json!([{"name": "n", "type": "Int"}, {"name": "x", "type": "Float"}, {"name": "is", "type": "Boolean"},
        {"name": "day", "type": "Date"}, {"name": "at", "type": "Timestamp"}, {"name": "t\"ext", "type": "String"}]);
    let rows = json!([
        [1, 0.1, true, "2026-03-02", "2026-03-02T10:00:00.123456Z", "tab\t, line\n, return\r, \"quote\", back\\slash"],
        [i64::MAX, 1e300, false, "0001-01-01", "0001-01-01T00:00:00Z", "\\N"],
        [i64::MIN, -1e-300, false, "9999-12-31", "9999-12-31T23:59:59.999999Z", ""],
        [0, 1e20, null, null, null, null],
        [7, null, true, "2024-02-29", "2024-02-29T00:00:00Z", "\\.\u{1}\u{8}\u{b}\u{c}\u{7f} 日本 🦀 \\t\\"],
    ]);
    for database in Database::all("loads_exact").into_iter().filter(|one| one.title() == "PostgreSQL") {
        for settings in
            [json!({"mode": "append"}), json!({"mode": "replace"}), json!({"mode": "upsert", "keys": ["n"]})]
        {
            let desk = load(&database, settings.clone(), columns.clone(), rows.clone());
            let (code, said) = desk.go();
            assert_eq!(code, 0, "{said}");
            let query = format!("SELECT * FROM {} ORDER BY n", database.table("pages"));
            let back = Desk::new(flow(database.connection(), json!({"inquiry": {"query": query}})));
            back.sample("A");
            assert_eq!(back.go().0, 0);
            let mut wanted = desk.rows("beside.jsonl");
            wanted.sort_by_key(|row| row["n"].as_i64());
            assert_eq!(back.rows("out.jsonl"), wanted, "{settings}");
        }
    }
}

#[test]
fn what_a_killed_load_left_half_in_a_file_is_taken_back_by_the_next() {
    let database = Database::File(tempfile::tempdir().unwrap());
    let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
    assert_eq!(desk.go().0, 0);
    let Database::File(folder) = &database else { return };
    let (file, journal) = (folder.path().join("shop.db"), folder.path().join("shop.db-journal"));
    // As it lies there when a load is killed: pages of it are in the file already, those before in the journal.
    let open = rusqlite::Connection::open(&file).unwrap();
    let half = "PRAGMA cache_size = 1; BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
                INSERT INTO pages SELECT 'half', i FROM n;";
    open.execute_batch(half).unwrap();
    let left = [std::fs::read(&file).unwrap(), std::fs::read(&journal).unwrap()];
    drop(open);
    std::fs::write(&file, &left[0]).unwrap();
    std::fs::write(&journal, &left[1]).unwrap();
    let (code, said) = desk.go();
    assert_eq!((code, count(&database, "pages").as_str()), (0, "2"), "{said}");
}

#[test]
fn names_of_tables_may_hold_points() {
    for database in Database::all("loads_points") {
        let title = database.title();
        let (name, quoted) = match &database {
            Database::Server(_, schema) => (format!("{schema}.\"my.table\""), format!("{schema}.\"my.table\"")),
            Database::File(_) => ("\"my.table\"".to_owned(), "\"my.table\"".to_owned()),
        };
        for mode in ["replace", "append"] {
            let desk = pages(&database, json!({"mode": mode, "table": name}), json!([["/", 1]]));
            let (code, said) = desk.go();
            assert_eq!(code, 0, "{title}: {said}");
        }
        assert_eq!(database.tells(&format!("SELECT page FROM {quoted}")), ["/", "/"], "{title}");
        let back = Desk::new(flow(database.connection(), json!({"inquiry": {"table": name}})));
        back.sample("A");
        assert_eq!(back.go().0, 0);
        assert_eq!(back.rows("out.jsonl").len(), 2, "{title}");
    }
}

/// What is asked to end while the last word is spoken has ended well: it is not run again, with every row twice.
#[cfg(unix)]
#[test]
fn a_signal_between_files_and_the_end_of_a_load_waits() {
    for database in Database::all("loads_signal").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let Database::Server(_, schema) = &database else { continue };
        let table = database.table("pages");
        // What the last look at the constraints sets off is put off again, to the very end, and is slow.
        database.does(&format!(
            "CREATE TABLE {table} (page text, views int); CREATE TABLE {schema}.later (page text); \
             CREATE FUNCTION {schema}.slow() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN PERFORM pg_sleep(3); RETURN NULL; END'; \
             CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON {schema}.later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \
             EXECUTE FUNCTION {schema}.slow(); \
             CREATE FUNCTION {schema}.again() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN SET CONSTRAINTS {schema}.slow DEFERRED; INSERT INTO {schema}.later VALUES (1); RETURN NULL; END'; \
             CREATE CONSTRAINT TRIGGER again AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW \
             EXECUTE FUNCTION {schema}.again()"
        ));
        let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
        let args = ["run", "p.pipewright.json", "--trust", "--out", "out"];
        let quiet = std::process::Stdio::null;
        let mut running = desk.command(&args).stdout(quiet()).stderr(quiet()).spawn().unwrap();
        let begun = std::time::Instant::now();
        while !is_there(&desk.at("out/beside.jsonl")) && begun.elapsed().as_secs() < 60 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let id = running.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        let ended = running.wait().unwrap();
        assert_eq!((ended.code(), count(&database, "pages").as_str()), (Some(0), "1"));
    }
}

#[test]
fn users_of_postgresql_add_where_they_may_and_change_only_what_they_see() {
    for database in Database::all("loads_users").into_iter().filter(|one| one.title() == "PostgreSQL") {
        let (table, seen) = (database.table("pages"), database.table("seen"));
        database.does(&format!(
            "DROP ROLE IF EXISTS loader; CREATE ROLE loader LOGIN; GRANT USAGE ON SCHEMA loads_users TO loader; \
             CREATE TABLE {table} (page text, views int); GRANT INSERT ON {table} TO loader; \
             CREATE TABLE {seen} (page text, views int); INSERT INTO {seen} VALUES ('/', 0); \
             ALTER TABLE {seen} ENABLE ROW LEVEL SECURITY; CREATE POLICY positive ON {seen} USING (views > 0); \
             GRANT ALL ON {seen} TO loader"
        ));
        let go = |table: &str, mode: &str| {
            let settings = json!({"mode": mode, "keys": ["page"], "table": table});
            let desk = pages(&database, settings, json!([["/", 1]]));
            let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
            design["connections"][0]["settings"]["user"] = json!("loader");
            Desk::new(design).go()
        };
        let (code, said) = go(&table, "append");
        assert!(code == 0 && count(&database, "pages") == "1", "{said}");
        let (code, said) = go(&seen, "upsert");
        assert!(code == 1 && said.contains("row-level security"), "{said}");
        assert_eq!((count(&database, "seen"), go(&seen, "append").0), ("1".to_owned(), 0));
    }
}

/// Who only reads keeps SQLite from ending a transaction: that is found out before files are in place.
#[test]
fn a_file_that_somebody_reads_leaves_everything_as_it_was() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE pages (page text, views int); INSERT INTO pages VALUES ('/', 0), ('/b', 0)");
    let desk = pages(&database, json!({"mode": "replace"}), json!([["/", 1]]));
    let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
    design["connections"][0]["settings"] = json!({"timeout": "1"});
    let Database::File(folder) = &database else { return };
    let reader = rusqlite::Connection::open(folder.path().join("shop.db")).unwrap();
    let mut statement = reader.prepare("SELECT * FROM pages").unwrap();
    let mut rows = statement.query([]).unwrap();
    assert!(rows.next().unwrap().is_some());
    let desk = Desk::new(design);
    let (exit, said) = desk.go();
    assert!(exit == 1 && said.contains("PW0669") && said.contains("somebody else reads it"), "{said}");
    assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")), "no half result");
    drop(rows);
    assert_eq!((count(&database, "pages"), desk.go().0, count(&database, "pages")), ("2".into(), 0, "1".into()));
}

/// The file of a database, and what SQLite keeps beside it, are no places for results.
#[test]
fn no_output_takes_the_place_of_a_database() {
    for name in ["shop.db", "shop.db-journal", "shop.db-wal"] {
        let database = Database::File(tempfile::tempdir().unwrap());
        database.does("CREATE TABLE pages (page text, views int); INSERT INTO pages VALUES ('/', 0)");
        let Database::File(folder) = &database else { return };
        let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
        let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
        design["steps"][2]["settings"]["path"] = json!(name);
        let desk = Desk::new(design);
        let (exit, said) = desk.run(&["run", "p.pipewright.json", "--trust", "--out", folder.path().to_str().unwrap()]);
        assert!(exit == 1 && said.contains("PW0969"), "{name}: {exit} {said}");
        assert_eq!(count(&database, "pages"), "1");
    }
}

#[test]
fn two_connections_to_one_table_do_not_wait_for_each_other() {
    for database in Database::all("loads_waits") {
        database.does(&format!("CREATE TABLE {} (page text, views int)", database.table("pages")));
        let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
        let (table, wanted) = match &database {
            Database::Server(..) => (database.table("pages"), "leads to the same table"),
            // A file has one writer.
            Database::File(_) => (database.table("others"), "leads to the same file"),
        };
        fails(&database, &again_by_another(&database, &desk, &table), "PW0648", wanted, "0");
    }
}
