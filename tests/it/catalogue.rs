//! What is not there yet: planned from a gap, asked for, replaced by the real file.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::{path, run, run_ok};

/// A project over the shop's application log without its durations; and the log with them.
fn without_durations(home: &Path) -> (String, String) {
    let (full, samples) = (home.join("full"), home.join("samples"));
    run_ok(&["generate", "shop", "--seed", "4", "--rows", "3000", "--out", path(&full)]);
    fs::create_dir(&samples).unwrap();
    let log = fs::read_to_string(full.join("app.jsonl")).unwrap();
    let poor = log.lines().map(|line| match serde_json::from_str::<Json>(line) {
        Ok(mut row) => {
            row.as_object_mut().unwrap().remove("duration_ms");
            format!("{row}\n")
        }
        Err(_) => format!("{line}\n"),
    });
    fs::write(samples.join("app.jsonl"), poor.collect::<String>()).unwrap();
    let project = run_ok(&["new", path(home), "--samples", path(&samples)]);
    (project.trim().to_owned(), path(&full.join("app.jsonl")).to_owned())
}

fn project_json(project: &str) -> Json {
    serde_json::from_str(&fs::read_to_string(project).unwrap()).unwrap()
}

#[test]
fn a_gap_is_planned_asked_for_previewed_and_replaced_by_the_real_file() {
    let home = tempfile::tempdir().unwrap();
    let (project, real) = without_durations(home.path());
    let project = project.as_str();
    let told: Json = serde_json::from_str(&run_ok(&["plan", project, "--gaps", "--format", "json"])).unwrap();
    let gap = told.as_array().unwrap().iter().find(|one| one["question"] == "latency").unwrap();
    assert_eq!(gap["gaps"][0]["meaning"], "event.duration");
    assert_eq!(gap["gaps"][0]["instead"][0], "event.duration_ms", "the cheapest way to close it");

    run_ok(&["plan", project, "--gaps", "--question", "latency", "--accept"]);
    run_ok(&["plan", project, "--question", "latency", "--accept"]);
    let design = project_json(project);
    let steps = design["steps"].as_array().unwrap();
    let reader = steps.iter().find(|step| step["kind"] == "planned_source").unwrap();
    let answer = steps.iter().find(|step| step["kind"] == "answer").unwrap()["id"].as_str().unwrap();
    let (code, rows, talk) = run(&["preview", project, "--step", answer, "--output", "jsonl"]);
    assert!(code == 0 && !rows.is_empty() && talk.contains("made-up"), "{rows}{talk}");
    let out = home.path().join("out");
    assert_ne!(run(&["run", project, "--out", path(&out)]).0, 0, "made-up rows are for previews only");

    let (code, told, talk) = run(&["replace", project, "src-ap", &real]);
    assert!(code == 2 && told.is_empty() && talk.contains("planned are"), "{told}{talk}");
    let told: Json =
        serde_json::from_str(&run_ok(&["replace", project, "src-app", &real, "--format", "json"])).unwrap();
    let codes: Vec<&str> =
        told["differences"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["PW0808", "PW0811", "PW0730"], "milliseconds, not seconds: {told}");
    let design = project_json(project);
    assert_eq!(design["sources"].as_array().unwrap().len(), 1, "the planned one went");
    let now = design["steps"].as_array().unwrap().iter().find(|step| step["id"] == reader["id"]).unwrap();
    assert_eq!((&now["kind"], &now["title"]), (&Json::from("file"), &reader["title"]));
    assert_eq!(told["delivered"].as_array().unwrap().len(), 1, "milliseconds give seconds");
    assert!(run_ok(&["requests", project]).contains("delivered"));
}

#[test]
fn a_file_as_it_was_declared_runs_at_once() {
    let home = tempfile::tempdir().unwrap();
    let (project, real) = without_durations(home.path());
    let project = project.as_str();
    run_ok(&["plan", project, "--gaps", "--question", "latency", "--accept"]);
    run_ok(&["plan", project, "--question", "latency", "--accept"]);
    // The owner records it as it was asked for: in seconds.
    let log = fs::read_to_string(&real).unwrap();
    let asked = log.lines().filter_map(|line| {
        let mut row: Json = serde_json::from_str(line).ok()?;
        let milliseconds = row.as_object_mut()?.remove("duration_ms").and_then(|value| value.as_f64());
        row["duration"] = milliseconds.map_or(Json::Null, |value| Json::from(value / 1000.0));
        Some(format!("{row}\n"))
    });
    let delivered = home.path().join("delivered.jsonl");
    fs::write(&delivered, asked.collect::<String>()).unwrap();
    let told = run_ok(&["replace", project, "app with duration", path(&delivered)]);
    assert_eq!(told, "nothing differs from what was declared\n");
    assert_eq!(project_json(project)["sources"][0]["path"], "delivered.jsonl", "relative to the project");
    assert_eq!(run(&["check", project, "--deny-warnings"]).0, 0);
    let out = home.path().join("out");
    run_ok(&["run", project, "--out", path(&out)]);
    assert!(fs::metadata(out.join("latency.jsonl")).unwrap().len() > 0);
}

#[test]
fn requests_are_written_in_every_form() {
    let home = tempfile::tempdir().unwrap();
    let (project, _) = without_durations(home.path());
    let project = project.as_str();
    assert_eq!(run_ok(&["requests", project]), "nothing is asked for\n");
    run_ok(&["plan", project, "--gaps", "--question", "latency", "--accept"]);
    let told: Json = serde_json::from_str(&run_ok(&["requests", project, "--format", "json"])).unwrap();
    assert_eq!((&told[0]["meaning"], &told[0]["status"]), (&Json::from("event.duration"), &Json::from("asked")));
    assert!(run_ok(&["requests", project, "--format", "csv"]).lines().nth(1).unwrap().contains(",event.duration,"));
    assert!(run_ok(&["requests", project, "--format", "markdown"]).starts_with("# Duration in “app”\n"));
    assert!(run_ok(&["requests", project, "--format", "odcs"]).starts_with("apiVersion: v3.1.0\nkind: DataContract\n"));
    let out = home.path().join("asked");
    let written = run_ok(&["requests", project, "--format", "odcs", "--out", path(&out)]);
    assert!(written.trim().ends_with("app.odcs.yaml") && Path::new(written.trim()).exists(), "{written}");
    let (code, _, talk) = run(&["requests", project, "--owner", "Nobody"]);
    assert!(code == 2 && talk.contains("nothing is asked of `Nobody`"), "{talk}");
    assert!(run(&["requests", project, "--close"]).2.contains("requests delivered: 0"));
}

const TABLES: &str = "create table orders (\n  order_id text primary key,\n  user_id text not null,\n  ts timestamp not null,\n  \
                      amount numeric(10,2)\n);\ncreate table users (user_id text primary key, country text);\n";

#[test]
fn declarations_become_sources_that_are_planned_on_and_compared_with_data() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        fs::write(home.path().join(name), text).unwrap();
        path(&home.path().join(name)).to_owned()
    };
    let project = run_ok(&["new", path(home.path())]);
    let project = project.trim();
    let tables = write("shop.sql", TABLES);
    let told: Json = serde_json::from_str(&run_ok(&["import", project, &tables, "--format", "json"])).unwrap();
    assert_eq!((&told["files"][0]["kind"], &told["drift"]), (&Json::from("ddl"), &serde_json::json!([])));
    let design = project_json(project);
    assert_eq!(design["sources"][0]["declaration"]["file"], "shop.sql");

    // The declared key makes the lookup safe; made-up rows show the flow.
    run_ok(&["plan", project, "--question", "users-by-country", "--accept"]);
    let design = project_json(project);
    let answer =
        design["steps"].as_array().unwrap().iter().find(|step| step["kind"] == "answer").unwrap()["id"].clone();
    let (code, _, talk) = run(&["preview", project, "--step", answer.as_str().unwrap()]);
    assert!(code == 0 && talk.contains("made-up"), "{talk}");
    let (code, _, talk) = run(&["run", project, "--out", path(&home.path().join("out"))]);
    assert!(code != 0 && talk.contains("only its declaration"), "{talk}");

    // Real data comes, and later a new declaration.
    let users = write("users.csv", "user_id,country\nu1,FR\nu2,DE\n");
    assert_eq!(run_ok(&["replace", project, "src-users", &users]), "nothing differs from what was declared\n");
    write("shop.sql", &TABLES.replace("country text", "country text, city text"));
    let told = run_ok(&["import", project, &tables]);
    assert!(told.contains("SQL table definitions, 2 sources") && told.contains("`city` is not there"), "{told}");
    assert_eq!(run(&["check", project]).0, 0);

    let broken = write("broken.sql", "create table a (\n x int,,\n y int);");
    let (code, _, talk) = run(&["import", project, &broken]);
    assert!(code == 1 && talk.contains("broken.sql, line 2)") && talk.contains("help: "), "{talk}");
    let (code, _, talk) = run(&["import", project, &users]);
    assert!(code == 1 && talk.contains("help: "), "{talk}");
}

#[test]
fn a_file_is_verified_against_its_contract() {
    let home = tempfile::tempdir().unwrap();
    let (project, real) = without_durations(home.path());
    run_ok(&["plan", &project, "--gaps", "--question", "latency", "--accept"]);
    let out = home.path().join("asked");
    let contract = run_ok(&["requests", &project, "--format", "odcs", "--out", path(&out)]);
    let contract = contract.trim();
    let samples = home.path().join("samples/app.jsonl");
    let verify = |file: &str, more: &[&str]| run(&[&["verify", file, "--contract", contract][..], more].concat());
    let (code, told, talk) = verify(path(&samples), &[]);
    assert_eq!(code, 1, "{told}{talk}");
    assert!(told.contains("error[PW0808]") && told.contains("`duration` is not there"), "{told}");
    let (code, told, _) = verify(&real, &["--format", "json"]);
    let told: Json = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (code, told["differences"].as_array().unwrap().len()),
        (1, 3),
        "the made-up log has lines that are none: {told}"
    );
    let (_, junit, _) = verify(path(&samples), &["--format", "junit"]);
    assert!(junit.starts_with("<?xml") && junit.contains("failures=\"1\"") && junit.contains("name=\"duration\""));
    let (_, sarif, _) = verify(path(&samples), &["--format", "sarif"]);
    let sarif: Json = serde_json::from_str(&sarif).unwrap();
    assert_eq!(
        (&sarif["version"], &sarif["runs"][0]["results"][0]["level"]),
        (&Json::from("2.1.0"), &Json::from("error"))
    );

    let tables = home.path().join("tables.sql");
    fs::write(&tables, TABLES).unwrap();
    let users = home.path().join("users.csv");
    fs::write(&users, "user_id,country\nu1,FR\nu1,DE\n").unwrap();
    let (code, told, _) = run(&["verify", path(&users), "--contract", path(&tables)]);
    assert!(code == 1 && told.contains("`user_id` is declared to stand once"), "{told}");
    let (code, _, talk) = run(&["verify", path(&users), "--contract", path(&tables), "--object", "user"]);
    assert!(code == 2 && talk.contains("did you mean `users`?"), "{talk}");
    fs::write(&users, "user_id,country\nu1,FR\nu2,DE\n").unwrap();
    assert_eq!(run(&["verify", path(&users), "--contract", path(&tables)]).0, 0);
    // A column of truth values is counted as any other, and a file that is mostly something else is none of the contract.
    let flags = home.path().join("flags.sql");
    fs::write(&flags, "create table flags (id bigint primary key, ok boolean not null);").unwrap();
    let file = home.path().join("flags.csv");
    fs::write(&file, "id,ok\n1,true\n2,false\n").unwrap();
    let against_flags = |more: &[&str]| run(&[&["verify", path(&file), "--contract", path(&flags)], more].concat());
    let (code, told, talk) = against_flags(&[]);
    assert_eq!((code, told.as_str()), (0, ""), "{talk}");
    fs::write(&file, format!("id,ok\n1,true\n2,false\n{}", "3,a,b\n".repeat(20))).unwrap();
    let (code, told, _) = against_flags(&[]);
    assert!(code == 1 && told.contains("error[PW0730]"), "{told}");
    let (code, junit, _) = against_flags(&["--format", "junit"]);
    assert!(code == 1 && junit.contains("failures=\"1\"") && junit.contains("name=\"(file)\">"), "{junit}");
    // One row in the midst of many, which no sample shows.
    let row = |n: u32| match n {
        150_000 => "u7,\nu8\n".to_owned(),
        n => format!("u{n},{}\n", if n % 2 == 0 { "FR" } else { "DE" }),
    };
    let rows: String = (0..300_000).map(row).collect();
    fs::write(&users, format!("user_id,country\n{rows}")).unwrap();
    let (code, told, talk) = run(&["verify", path(&users), "--contract", path(&tables)]);
    assert!(code == 1 && told.contains("299999 different values in 300000 rows"), "{told}{talk}");
    assert!(told.contains("1 line of the file cannot be read"), "{told}");
    assert!(talk.contains("300,000 rows of") || talk.contains("300000 rows of"), "{talk}");
}

#[test]
fn sources_are_listed_with_what_is_known_of_them() {
    let home = tempfile::tempdir().unwrap();
    let samples = home.path().join("samples");
    run_ok(&["generate", "shop", "--seed", "4", "--rows", "3000", "--out", path(&samples)]);
    let project = run_ok(&["new", path(home.path()), "--samples", path(&samples)]);
    let told: Json = serde_json::from_str(&run_ok(&["sources", project.trim(), "--format", "json"])).unwrap();
    let of = |id: &str| told.as_array().unwrap().iter().find(|one| one["source"] == id).unwrap();
    let access = fs::read(samples.join("access.log")).unwrap();
    assert_eq!(of("src-access")["bytes"], access.len());
    assert_eq!(of("src-users")["grain"], serde_json::json!(["user_id"]));
    assert!(of("src-access")["span"]["rows_a_day"].as_f64().unwrap() > 100.0);
    let text = run_ok(&["sources", project.trim()]);
    assert!(text.contains("personal: ") && text.contains("a row is known by user_id"), "{text}");
}
