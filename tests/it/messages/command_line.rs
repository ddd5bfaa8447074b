//! Mistakes on the command line itself: verbs, options, values, a display that is not there.

use super::{Desk, Notes};

/// (arguments, the exit code, what must be said).
pub const MISTAKES: &[(&[&str], i32, &[&str])] = &[
    (&["--trust", "run", "x"], 2, &["options stand before the verb `run`", "`pipewright run … --trust`"]),
    (&["rnu"], 2, &["there is neither a verb nor a file `rnu`; did you mean `run`?", "`pipewright run --help`"]),
    (&["chekc"], 2, &["did you mean `check`?", "`pipewright --help` lists the verbs"]),
    (&["nothing-of-the-kind"], 2, &["there is no file `nothing-of-the-kind`", "a verb; `pipewright --help`"]),
    (&["designer", "lgo.csv"], 2, &["there is no file `lgo.csv`", "did you mean `log.csv`?"]),
    (&["run"], 2, &["required arguments were not provided", "<PIPELINE>", "Usage: pipewright run"]),
    (&["run", "good.pipewright.json", "--parm", "x=1"], 2, &["unexpected argument '--parm'", "'--param'"]),
    (&["preview", "good.pipewright.json"], 2, &["--step <STEP>", "Usage: pipewright preview"]),
    (
        &["preview", "good.pipewright.json", "--step", "bad", "--rows", "-1"],
        2,
        &["'-1' for '--rows", "a whole number, 0 or more"],
    ),
    (&["export", "good.pipewright.json", "--out", "b"], 2, &["--target <TARGET>"]),
    (&["check", "good.pipewright.json", "--format", "yaml"], 2, &["'yaml'", "possible values: text, json"]),
    (&["read", "log.csv", "--output", "xml"], 2, &["'xml'", "possible values: jsonl, csv, table, parquet"]),
    (&["read", "log.csv", "--limit", "ten"], 2, &["'ten' for '--limit", "write a whole number, 0 or more"]),
    (&["read"], 2, &["<FILES>...", "Usage: pipewright read"]),
    (
        &["run", "good.pipewright.json", "--max-quarantined", "5%"],
        2,
        &["'5%'", "write a share from 0 to 1, such as 0.01"],
    ),
    (&["run", "good.pipewright.json", "--max-quarantined", "5"], 2, &["'5'", "write a share from 0 to 1"]),
    (&["generate", "shop", "--out", "o", "--seed", "abc"], 2, &["'abc' for '--seed", "write a whole number"]),
    (&["generate", "shp", "--out", "o"], 2, &["'shp'", "possible values: shop", "a similar value exists: 'shop'"]),
    (&["generate", "shop", "--out", "log.csv"], 1, &["the output folder cannot be used: a part of the path is a file"]),
    (
        &["new", "log.csv"],
        1,
        &["this cannot be written: there is a file of that name (log.csv)", "choose another place"],
    ),
    (&["new", "log.csv/x"], 1, &["a part of the path is a file, not a folder (log.csv/x)"]),
    (
        &["steps", "fliter"],
        2,
        &["there is no step kind `fliter`; did you mean `filter`?", "`pipewright steps` lists them"],
    ),
    (
        &["functions", "lowr"],
        2,
        &["there is no function `lowr`; did you mean `lower`?", "`pipewright functions` lists them"],
    ),
    (&["schema", "projct"], 2, &["'projct'", "a similar value exists: 'project'"]),
    (&["completions", "fsh"], 2, &["'fsh'", "a similar value exists: 'fish'"]),
    (&["bench", "parsing"], 2, &["'parsing'", "possible values: parse, run, preview, blocking, canvas"]),
    (&["graph", "good.pipewright.json", "--format", "gif"], 2, &["'gif'", "possible values: mermaid, dot, svg"]),
    (&["apply", "good.pipewright.json"], 2, &["<EDITS>", "Usage: pipewright apply"]),
    (
        &["plan", "good.pipewright.json", "--finding", "nope"],
        2,
        &["there is no finding `nope`", "--findings` lists them"],
    ),
    (&["plan", "good.pipewright.json", "--accept"], 2, &["--finding <ID>", "Usage: pipewright plan"]),
    (
        &["plan", "good.pipewright.json", "--gaps", "--question", "latncy"],
        2,
        &["there is no question `latncy`; did you mean `latency`?", "`pipewright questions` lists them"],
    ),
    (
        &["replace", "good.pipewright.json", "nope", "log.csv"],
        2,
        &["there is no planned source `nope`", "no source is planned; `pipewright plan PROJECT --gaps`"],
    ),
    (&["import", "good.pipewright.json", "nowhere.sql"], 2, &["the file cannot be read: there is no such file"]),
    (
        &["import", "good.pipewright.json", "log.csv"],
        1,
        &["declares nothing (log.csv)", "a data file is a source by itself"],
    ),
    (&["import", "good.pipewright.json", "log.csv", "--as", "sql"], 2, &["'sql'", "possible values: ddl, json-schema"]),
    (&["verify", "log.csv"], 2, &["--contract <FILE>", "Usage: pipewright verify"]),
    (&["verify", "log.csv", "--contract", "log.csv"], 1, &["declares nothing", "log.csv"]),
    (
        &["requests", "good.pipewright.json", "--owner", "Nobody"],
        2,
        &["nothing is asked of `Nobody`", "leave --owner out"],
    ),
    (&["concepts", "usr"], 2, &["there is no concept `usr`", "`pipewright concepts` lists them"]),
    (
        &["new", "s", "--samples", "nowhere"],
        2,
        &["the folder `nowhere` cannot be read", "give a folder of sample files"],
    ),
];

#[test]
fn the_command_line() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    for (args, code, wanted) in MISTAKES {
        notes.check_code(&args.join(" "), desk.run(args), *code, wanted);
    }
}

#[test]
fn a_second_project_in_a_folder() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    assert_eq!(desk.run(&["new", "shop"]).0, 0);
    let wanted = ["there is a project already: shop/shop.pipewright.json", "choose another folder"];
    notes.check_code("new twice", desk.run(&["new", "shop"]), 2, &wanted);
}

/// With no display the designer says so, and names the verbs that need none; a build without it says that.
#[test]
fn no_display() {
    let (desk, mut notes) = (Desk::new(), Notes::default());
    let (code, wanted): (i32, &[&str]) = if cfg!(feature = "gui") {
        (1, &["there is no display here", "run, check, preview, export"])
    } else {
        (2, &["this build has no designer", "`pipewright --help` lists what runs without a display"])
    };
    for args in [&[][..], &["designer"], &["good.pipewright.json"]] {
        notes.check_code(&format!("{args:?}"), desk.run(args), code, wanted);
    }
}
