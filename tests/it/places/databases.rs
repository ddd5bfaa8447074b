//! PostgreSQL and SQLite: tables and queries read, tables loaded, each in one transaction or not at all.

use serde_json::{Value as Json, json};

use super::{Desk, MARKER, flow, holds_marker, is_there};
use crate::support::{PostgreSql, postgresql, texts};

/// A database of the tests' own.
pub(crate) enum Database {
    /// The server, and a schema of its own there.
    Server(&'static PostgreSql, &'static str),
    File(tempfile::TempDir),
}

impl Database {
    /// Those that are here; `name` is of one test alone.
    pub fn all(name: &'static str) -> Vec<Database> {
        let server = postgresql().map(|server| {
            let database = Database::Server(server, name);
            database.does(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name};"));
            database
        });
        server.into_iter().chain([Database::File(tempfile::tempdir().unwrap())]).collect()
    }

    pub fn title(&self) -> &'static str {
        match self {
            Database::Server(..) => "PostgreSQL",
            Database::File(_) => "SQLite",
        }
    }

    pub fn connection(&self) -> Json {
        match self {
            Database::Server(server, _) => json!({"id": "con-a", "title": "Shop", "kind": "postgresql",
                "address": format!("127.0.0.1:{}/postgres", server.port), "settings": {"user": "postgres"}}),
            Database::File(folder) => json!({"id": "con-a", "title": "Shop", "kind": "sqlite",
                "address": folder.path().join("shop.db").to_str().unwrap()}),
        }
    }

    /// A table's name as the connection knows it.
    pub fn table(&self, name: &str) -> String {
        match self {
            Database::Server(_, schema) => format!("{schema}.{name}"),
            Database::File(_) => name.to_owned(),
        }
    }

    pub fn does(&self, sql: &str) {
        match self {
            Database::Server(server, _) => {
                let (code, _, err) = texts(server.psql().args(["-v", "ON_ERROR_STOP=1", "-c", sql]).output().unwrap());
                assert_eq!(code, 0, "{sql}: {err}");
            }
            Database::File(_) => self.open().execute_batch(sql).unwrap(),
        }
    }

    fn open(&self) -> rusqlite::Connection {
        let Database::File(folder) = self else { panic!("a server is no file") };
        rusqlite::Connection::open(folder.path().join("shop.db")).unwrap()
    }

    /// What a SELECT of one text a row gives, in order.
    pub fn tells(&self, sql: &str) -> Vec<String> {
        match self {
            Database::Server(server, _) => {
                let (code, out, err) = texts(server.psql().args(["-c", sql]).output().unwrap());
                assert_eq!(code, 0, "{sql}: {err}");
                out.lines().map(str::to_owned).collect()
            }
            Database::File(_) => {
                let open = self.open();
                let mut statement = open.prepare(sql).unwrap();
                let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
                rows.map(Result::unwrap).collect()
            }
        }
    }
}

/// Inline rows that go to a table, and to a file as well.
pub(super) fn load(database: &Database, settings: Json, columns: Json, rows: Json) -> Desk {
    let mut all = json!({"connection": "con-a", "table": database.table("pages")});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    Desk::new(json!({
        "connections": [database.connection()],
        "steps": [
            {"id": "rows", "kind": "table", "title": "Rows", "settings": {"columns": columns, "rows": rows}},
            {"id": "load", "kind": "load_table", "title": "Load pages", "settings": all},
            {"id": "file", "kind": "load_file", "title": "Beside", "settings": {"path": "beside.jsonl", "kind": "jsonl"}},
        ],
        "wires": [{"id": "w1", "from": "rows", "to": "load"}, {"id": "w2", "from": "rows", "to": "file"}],
    }))
}

pub(super) fn pages(database: &Database, settings: Json, rows: Json) -> Desk {
    let columns = json!([{"name": "page", "type": "String"}, {"name": "views", "type": "Int"}]);
    load(database, settings, columns, rows)
}

#[test]
fn rows_are_added_replaced_and_brought_up_to_date() {
    for database in Database::all("places_modes") {
        let title = database.title();
        let table = database.table("pages");
        let told = || {
            database.tells(&format!(
                "SELECT page || ' ' || coalesce(cast(views AS text), '-') FROM {table} ORDER BY page, views"
            ))
        };
        let load = |mode: &str, rows: Json| {
            let desk = pages(&database, json!({"mode": mode, "keys": ["page"]}), rows);
            let (code, said) = desk.go();
            assert_eq!(code, 0, "{title} {mode}: {said}");
            assert!(said.contains("Shop: ") && is_there(&desk.at("out/beside.jsonl")), "{said}");
            told()
        };
        // The first load makes the table.
        assert_eq!(load("replace", json!([["/", 1], ["/a", null]])), ["/ 1", "/a -"], "{title}");
        assert_eq!(
            load("replace", json!([["it's \\ \"q\" é\n日", 9007199254740993_i64]])).len(),
            1 + usize::from(title == "PostgreSQL")
        );
        assert_eq!(load("replace", json!([["/", 2]])), ["/ 2"], "{title}");
        assert_eq!(load("append", json!([["/b", 3]])), ["/ 2", "/b 3"], "{title}");
        assert_eq!(load("upsert", json!([["/b", 30], ["/c", 4]])), ["/ 2", "/b 30", "/c 4"], "{title}");
        assert_eq!(load("upsert", json!([["/b", 30], ["/c", 4]])), ["/ 2", "/b 30", "/c 4"], "{title}: again");
        // Two rows with one key, or none: nothing of it is there.
        for rows in [json!([["/d", 1], ["/d", 2]]), json!([[null, 1]])] {
            let desk = pages(&database, json!({"mode": "upsert", "keys": ["page"]}), rows);
            let (code, said) = desk.go();
            assert!(code == 1 && said.contains("PW0685") && said.contains("Load pages"), "{title}: {said}");
            assert!(!is_there(&desk.at("out/beside.jsonl")), "{title}: no half result");
        }
        assert_eq!(told(), ["/ 2", "/b 30", "/c 4"], "{title}");
    }
}

#[test]
fn what_does_not_fit_a_table_is_told_before_anything_is_written() {
    for database in Database::all("places_drift") {
        let table = database.table("pages");
        for (made, wanted) in [
            ("page text", "it has no column `views`"),
            ("page text, views int, at text NOT NULL", "`at` must have a value"),
            ("page int, views int", "and String here"),
        ] {
            database.does(&format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} ({made})"));
            let desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
            let (code, said) = desk.go();
            assert!(code == 1 && said.contains("PW0684") && said.contains(wanted), "{}: {said}", database.title());
            assert!(!is_there(&desk.at("out/beside.jsonl")));
            assert_eq!(database.tells(&format!("SELECT cast(count(*) AS text) FROM {table}")), ["0"]);
        }
        // Columns that need no value stay as they are.
        database
            .does(&format!("DROP TABLE {table}; CREATE TABLE {table} (page text, views int, note text DEFAULT 'x')"));
        assert_eq!(pages(&database, json!({"mode": "append"}), json!([["/", 1]])).go().0, 0);
        assert_eq!(database.tells(&format!("SELECT note FROM {table}")), ["x"]);
    }
}

#[test]
fn a_load_that_fails_late_leaves_nothing() {
    for database in Database::all("places_late") {
        let table = database.table("pages");
        database.does(&format!(
            "CREATE TABLE {table} (page text, views int CHECK (views < 10)); INSERT INTO {table} VALUES ('/', 1)"
        ));
        let desk = pages(&database, json!({"mode": "replace"}), json!([["/a", 1], ["/b", 11]]));
        let (code, said) = desk.go();
        assert!(code == 1 && said.contains("help: ") && said.contains("Load pages"), "{}: {said}", database.title());
        assert!(!is_there(&desk.at("out/beside.jsonl")) && !is_there(&desk.at("report.json")));
        assert_eq!(database.tells(&format!("SELECT page FROM {table}")), ["/"], "{}", database.title());
    }
}

#[test]
fn tables_of_one_database_are_loaded_together_or_not_at_all() {
    for database in Database::all("places_two") {
        let design = |second: &str, rows: Json| {
            let desk = pages(&database, json!({"mode": "replace"}), rows);
            let mut design: Json = serde_json::from_str(&std::fs::read_to_string(desk.project()).unwrap()).unwrap();
            design["steps"][2] = json!({"id": "file", "kind": "load_table", "title": "Second",
                "settings": {"connection": "con-a", "table": database.table(second), "mode": "append"}});
            Desk::new(design)
        };
        let count = |name: &str| {
            database.tells(&format!("SELECT cast(count(*) AS text) FROM {}", database.table(name))).remove(0)
        };
        let (code, said) = design("second", json!([["/", 1]])).go();
        assert_eq!(code, 0, "{}: {said}", database.title());
        assert_eq!((count("pages"), count("second")), ("1".into(), "1".into()));
        let second = database.table("second");
        database.does(&format!("DROP TABLE {second}; CREATE TABLE {second} (page text, views int CHECK (views < 10))"));
        let (code, said) = design("second", json!([["/a", 11], ["/b", 1]])).go();
        assert!(code == 1 && said.contains("Second"), "{}: {said}", database.title());
        assert_eq!((count("pages"), count("second")), ("1".into(), "0".into()), "{}", database.title());
        let (code, said) = design("pages", json!([["/", 1]])).go();
        assert!(code == 78 && said.contains("PW0553") && said.contains("Concatenate"), "{}: {said}", database.title());
    }
}

#[test]
fn values_of_every_type_come_through_a_table_and_back() {
    let columns = json!([
        {"name": "b", "type": "Boolean"}, {"name": "i", "type": "Int"}, {"name": "f", "type": "Float"},
        {"name": "s", "type": "String"}, {"name": "d", "type": "Date"}, {"name": "t", "type": "Timestamp"},
    ]);
    let rows = json!([
        [true, i64::MAX, 0.1, "tab\t \\ \"q\" 'a' é日🎵\n\u{1}\u{2}", "2026-03-02", "2026-03-02T14:00:00.123456Z"],
        [false, i64::MIN, -1e300, "", "0001-01-01", "1969-12-31T23:59:59.999999Z"],
        [null, null, null, null, null, null],
    ]);
    for database in Database::all("places_types") {
        let loaded = load(&database, json!({"mode": "replace"}), columns.clone(), rows.clone());
        let (code, said) = loaded.go();
        assert_eq!(code, 0, "{}: {said}", database.title());
        let back = Desk::new(flow(database.connection(), json!({"inquiry": {"table": database.table("pages")}})));
        back.sample("A");
        let (code, said) = back.go();
        assert_eq!(code, 0, "{}: {said}", database.title());
        assert_eq!(back.rows("out.jsonl"), loaded.rows("beside.jsonl"), "{}", database.title());
    }
}

#[test]
fn queries_take_parameters_as_values_and_change_nothing() {
    for database in Database::all("places_queries") {
        let table = database.table("t");
        database.does(&format!(
            "CREATE TABLE {table} (id int, name text); INSERT INTO {table} VALUES (1, 'a'), (2, 'o''hara'), (3, 'c')"
        ));
        let design = |query: &str| {
            let mut design = flow(database.connection(), json!({"inquiry": {"query": query}}));
            design["parameters"] = json!([
                {"id": "p1", "name": "least", "type": "Int", "default": 2},
                {"id": "p2", "name": "who", "type": "String", "default": "o'hara"},
            ]);
            design
        };
        let desk = Desk::new(design(&format!(
            "select id, name from {table} where id >= ${{least}} and name = ${{who}} -- all"
        )));
        desk.sample("A");
        assert_eq!(desk.go().0, 0);
        assert_eq!(desk.rows("out.jsonl"), [json!({"id": 2, "name": "o'hara"})], "{}", database.title());
        let (code, said) =
            desk.run(&["run", "p.pipewright.json", "--trust", "--out", "out", "--param", "who=x' or 1=1 --"]);
        assert_eq!((code, desk.rows("out.jsonl").len()), (0, 0), "{said}");
        for (query, code) in [
            ("select '${who}'", "PW0663"),
            ("delete from t", "PW0681"),
            ("select 1 as a, 2 as a", "PW0681"),
            ("selec 1", "PW0681"),
            ("select 1 as a) x) to stdout; select (1", "PW0681"),
        ] {
            let desk = Desk::new(design(&query.replace(" t", &format!(" {table}"))));
            let (exit, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
            assert!(
                exit == 1 && said.contains(code) && said.contains("help: "),
                "{} {query}: {said}",
                database.title()
            );
        }
        assert_eq!(database.tells(&format!("SELECT cast(count(*) AS text) FROM {table}")), ["3"]);
        // A column that went is told, with those that are there.
        let desk = Desk::new(flow(database.connection(), json!({"inquiry": {"table": table}})));
        desk.sample("A");
        database.does(&format!("ALTER TABLE {table} RENAME COLUMN name TO title"));
        let (exit, said) = desk.go();
        assert!(exit == 1 && said.contains("PW0665") && said.contains("`name`") && said.contains("title"), "{said}");
    }
}

#[test]
fn types_of_postgresql_lose_nothing_unsaid() {
    let Some(server) = postgresql() else { return };
    let database = Database::Server(server, "places_pg");
    database.does("DROP SCHEMA IF EXISTS places_pg CASCADE; CREATE SCHEMA places_pg; CREATE TABLE places_pg.t (\
        n numeric, z timestamptz, j jsonb, l int[], w text[], u uuid, iv interval, y bytea); \
        SET TimeZone = 'Asia/Tokyo'; INSERT INTO places_pg.t VALUES (12.5, '2026-03-02 14:00+09', '{\"a\": [1, null]}', \
        '{1,NULL,3}', '{a,\"b c\"}', '00000000-0000-0000-0000-000000000001', '1 day 02:00', '\\x00ff')");
    let desk = Desk::new(flow(database.connection(), json!({"inquiry": {"table": "places_pg.t"}})));
    let said = desk.sample("A");
    assert!(said.contains("`n`: numeric becomes Float") && said.contains("`j`, `iv`, `y`"), "{said}");
    let (code, said) = desk.go();
    assert!(code == 0 && said.contains("`n`: numeric becomes Float"), "a run tells it too: {said}");
    assert_eq!(
        desk.rows("out.jsonl"),
        [
            json!({"n": 12.5, "z": "2026-03-02T05:00:00Z", "j": "{\"a\": [1, null]}", "l": [1, null, 3], "w": ["a", "b c"],
            "u": "00000000-0000-0000-0000-000000000001", "iv": "P1DT2H", "y": "\\x00ff"})
        ]
    );
    // Lists and records are loaded as what they are.
    let desk = Desk::new(json!({
        "connections": [database.connection()],
        "sources": [{"id": "src-a", "title": "A", "path": "a.jsonl", "format": {"name": "json_lines"}}],
        "steps": [
            {"id": "read", "kind": "file", "title": "A", "settings": {"source": "src-a"}},
            {"id": "load", "kind": "load_table", "title": "Load",
                "settings": {"connection": "con-a", "table": "places_pg.pages"}},
        ],
        "wires": [{"id": "w1", "from": "read", "to": "load"}],
    }));
    std::fs::write(desk.at("a.jsonl"), "{\"l\": [1, null], \"r\": {\"a\": 1, \"b\": [\"x\"]}}\n").unwrap();
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        database.tells("SELECT l::text || ' ' || r::text FROM places_pg.pages"),
        ["{1,NULL} {\"a\": 1, \"b\": [\"x\"]}"]
    );
}

#[test]
fn passwords_let_in_and_stand_nowhere() {
    let Some(server) = postgresql() else { return };
    let database = Database::Server(server, "places_secret");
    database.does(&format!(
        "DROP SCHEMA IF EXISTS places_secret CASCADE; DROP ROLE IF EXISTS walled; CREATE ROLE walled LOGIN PASSWORD '{MARKER}'; \
         CREATE SCHEMA places_secret AUTHORIZATION walled; CREATE TABLE places_secret.t (a int); \
         INSERT INTO places_secret.t VALUES (1); GRANT SELECT ON places_secret.t TO walled"
    ));
    let mut connection = database.connection();
    connection["settings"]["user"] = json!("walled");
    connection["secrets"] = json!({"password": "env:DB_PASSWORD"});
    let mut design = flow(connection.clone(), json!({"inquiry": {"table": "places_secret.t"}}));
    design["steps"].as_array_mut().unwrap().push(json!({"id": "back", "kind": "load_table", "title": "Back",
        "settings": {"connection": "con-a", "table": "places_secret.back"}}));
    design["wires"].as_array_mut().unwrap().push(json!({"id": "w2", "from": "read", "to": "back"}));
    let desk = Desk::new(design);
    assert!(desk.run_ok(&["connections", "p.pipewright.json", "--test", "Shop", "--trust"]).contains("PostgreSQL"));
    desk.sample("A");
    let (code, said) = desk.go();
    assert_eq!(code, 0, "{said}");
    assert_eq!(database.tells("SELECT a::text FROM places_secret.back"), ["1"]);
    desk.run_ok(&["export", "p.pipewright.json", "--target", "pipeline", "--out", "b", "--trust"]);
    // The receipt loads no table: its rows go to a file.
    database.does("DROP TABLE places_secret.back");
    let mut verify = std::process::Command::new(desk.at("b/verify.sh"));
    verify.env("PIPEWRIGHT", env!("CARGO_BIN_EXE_pipewright")).env_remove("DB_PASSWORD");
    let (code, out, err) = texts(verify.output().unwrap());
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(database.tells("SELECT coalesce(to_regclass('places_secret.back')::text, 'none')"), ["none"]);
    for target in ["duckdb", "spark", "postgresql"] {
        let (code, said) = desk.run(&["export", "p.pipewright.json", "--target", target, "--out", "x", "--trust"]);
        assert!(code != 0 && said.contains("Shop: places_secret.back") && !is_there(&desk.at("x")), "{target}: {said}");
    }
    for (password, wanted) in [(Some("wrong"), "PW0671"), (None, "PW0667")] {
        let mut command = desk.command(&["run", "p.pipewright.json", "--trust", "--out", "out2"]);
        match password {
            Some(password) => command.env("DB_PASSWORD", password),
            None => command.env_remove("DB_PASSWORD"),
        };
        let (code, _, err) = texts(command.output().unwrap());
        assert!(code == 1 && err.contains(wanted) && err.contains("help: ") && !holds_marker(err.as_bytes()), "{err}");
    }
    // Whoever asks for TLS does not speak without it.
    let mut wary = connection;
    wary["settings"]["tls"] = json!("require");
    let wary = Desk::new(flow(wary, json!({"inquiry": {"table": "places_secret.t"}})));
    let (code, said) = wary.run(&["sample", "p.pipewright.json", "A", "--trust"]);
    assert!(code == 1 && said.contains("no TLS"), "{said}");
    assert_eq!(desk.leaks(), Vec::<String>::new());
}

#[test]
fn files_of_databases_are_read_where_they_may_be() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    let desk = Desk::new(flow(database.connection(), json!({"inquiry": {"table": "t"}})));
    let (code, said) = desk.run(&["sample", "p.pipewright.json", "A"]);
    assert!(code == 1 && said.contains("PW0664"), "{said}");
    for (address, wanted) in [("none.db", "there is no file"), ("p.pipewright.json", "PW0686")] {
        let mut connection = database.connection();
        connection["address"] = json!(address);
        let desk = Desk::new(flow(connection, json!({"inquiry": {"table": "t"}})));
        let (code, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
        assert!(code == 1 && said.contains(wanted) && said.contains("help: "), "{said}");
        assert!(!is_there(&desk.at("none.db")));
    }
    // While somebody else writes, a load waits, and then says so.
    let open = database.open();
    open.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut desk = pages(&database, json!({"mode": "append"}), json!([["/", 1]]));
    let text = std::fs::read_to_string(desk.project()).unwrap();
    desk = Desk::new({
        let mut design: Json = serde_json::from_str(&text).unwrap();
        design["connections"][0]["settings"] = json!({"timeout": "0.2"});
        design
    });
    let (code, said) = desk.go();
    assert!(code == 1 && said.contains("PW0669") && !is_there(&desk.at("out/beside.jsonl")), "{said}");
}

#[test]
fn data_stays_where_its_connection_says() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    let design = |place: &str| {
        let mut source = database.connection();
        source["residency"] = json!("eu");
        let mut target = database.connection();
        target["id"] = json!("con-b");
        target["residency"] = json!(place);
        let mut design = flow(source, json!({"inquiry": {"table": "t"}}));
        design["connections"].as_array_mut().unwrap().push(target);
        design["steps"][1] = json!({"id": "load", "kind": "load_table", "title": "Load",
            "settings": {"connection": "con-b", "table": "b"}});
        design
    };
    for (place, wanted) in [("eu", 0), ("us", 78), ("", 78)] {
        let desk = Desk::new(design(place));
        desk.sample("A");
        let (code, said) = desk.go();
        assert_eq!(code, wanted, "{place}: {said}");
        assert!(wanted == 0 || said.contains("PW1002") || said.contains("eu"), "{said}");
    }
}

/// SQLite has no limit of its own to how long it looks for a row.
#[test]
fn a_query_that_gives_no_row_ends() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    let mut connection = database.connection();
    connection["settings"] = json!({"timeout": "0.5"});
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as c from n";
    let desk = Desk::new(flow(connection, json!({"inquiry": {"query": endless}})));
    let (code, said) = desk.run(&["sample", "p.pipewright.json", "A", "--trust"]);
    assert!(code == 1 && said.contains("PW0669") && said.contains("within 0.5 s") && said.contains("help: "), "{said}");
}

#[test]
fn a_sample_lies_in_a_folder_of_its_own_whatever_the_id_of_its_source() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.does("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)");
    for (id, folder) in [("..", "%2E%2E"), ("../ok", "..%2Fok"), ("a\nb", "a%0Ab"), ("src-a", "src-a")] {
        let mut design = flow(database.connection(), json!({"inquiry": {"table": "t"}}));
        design["sources"][0]["id"] = json!(id);
        design["steps"][0]["settings"]["source"] = json!(id);
        let desk = Desk::new(design);
        let said = desk.run_ok(&["sample", "p.pipewright.json", "A", "--trust"]);
        assert!(is_there(&desk.at("samples").join(folder).join("rows.jsonl")), "{said}");
        let names: Vec<_> =
            std::fs::read_dir(desk.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name == "rows.jsonl" || name == "ok"), "{names:?}");
    }
}
