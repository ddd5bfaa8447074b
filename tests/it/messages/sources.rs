//! Mistakes with data files: `sniff`, `read` and `profile`.

use std::fs;
use std::io::Write;

use super::{Desk, Notes};

/// (arguments, the exit code, what must be said).
pub const MISTAKES: &[(&[&str], i32, &[&str])] = &[
    (&["sniff", "lgo.csv"], 1, &["there is no file `lgo.csv`", "did you mean `log.csv`?"]),
    (&["read", "lgo.csv"], 1, &["there is no file `lgo.csv`", "did you mean `log.csv`?"]),
    (&["profile", "lgo.csv"], 1, &["there is no file `lgo.csv`", "did you mean `log.csv`?"]),
    (&["read", "nowhere/x.log"], 1, &["there is no file `nowhere/x.log`", "there is no folder `./nowhere` either"]),
    (&["read", "-"], 1, &["the file is empty", "(standard input)"]),
    (&["sniff", "."], 1, &["this is a folder, not a file", "`/*`"]),
    (&["read", "empty"], 1, &["the folder holds no files", "choose another folder"]),
    (&["read", "logs/*.log"], 1, &["no file fits `logs/*.log`", "`**`"]),
    (&["read", "a[.log"], 1, &["`a[.log` is no pattern of file names: a `[` is not closed", "`[ab]`"]),
    (
        &["sniff", "empty.log"],
        1,
        &["the file is empty, so its format cannot be recognised (empty.log)", "name the format"],
    ),
    (&["read", "empty.log"], 1, &["the file is empty", "choose a file with rows"]),
    // Files of another kind.
    (&["sniff", "archive.zip"], 1, &["the archive is damaged or cut short (archive.zip)", "fetch it again"]),
    (&["read", "picture.png"], 1, &["this is no text (picture.png)", "choose a log"]),
    (&["read", "damaged.gz"], 1, &["the compressed file is damaged or cut short (damaged.gz)", "fetch it again"]),
    (&["sniff", "damaged.zst"], 1, &["the compressed file is damaged or cut short (damaged.zst)"]),
    (&["read", "damaged.parquet"], 1, &["or is damaged inside (damaged.parquet)", "is whole"]),
    (&["read", "log.csv", "--as", "parquet"], 1, &["no Parquet file, or a damaged one (log.csv)"]),
    // Formats and their options.
    (&["read", "log.csv", "--as", "cvs"], 2, &["there is no format `cvs`; did you mean `csv`?", "the formats are"]),
    (
        &["read", "log.csv", "--set", "seperator=;"],
        2,
        &["has no option `seperator`; did you mean `separator`?", "its options are"],
    ),
    (&["read", "log.csv", "--set", "separator"], 2, &["`separator` sets no option", "--set OPTION=VALUE"]),
    (&["read", "log.csv", "--set", "separator=abc"], 1, &["the separator `abc` is not one character", "`tab`"]),
    (&["read", "log.csv", "--set", "header=maybe"], 1, &["`header` cannot be `maybe`", "auto, yes, no"]),
    (
        &["read", "log.csv", "--as", "lines", "--set", "x=1"],
        2,
        &["the format `lines` has no option `x`", "its options are encoding"],
    ),
    (
        &["read", "access.log", "--as", "nginx_access", "--set", "log_format=hello"],
        1,
        &["log_format: `hello` is no known log format", "paste the log_format directive"],
    ),
    (
        &["read", "access.log", "--as", "nginx_access", "--set", "log_format=$remote_addr$status"],
        1,
        &["nothing separates `client` from `status`", "put a blank"],
    ),
    (
        &["read", "access.log", "--as", "nginx_access", "--set", "log_format=$status $remote_addr"],
        3,
        &["1 of 1 units did not fit nginx_access; the first: ", "access.log, line 1", "--quarantine FILE"],
    ),
    (
        &["read", "access.log", "--as", "apache_access", "--set", "log_format=%h %l %"],
        1,
        &["log_format, at 7-7: `%` is no LogFormat directive", "`%h`"],
    ),
    (&["read", "log.csv", "--as", "pattern"], 1, &["pattern: no pattern is given", "grok expression"]),
    (
        &["read", "log.csv", "--as", "pattern", "--set", "pattern=%{NUMBR:x}"],
        1,
        &["pattern, at 1-10: there is no grok piece `NUMBR`; did you mean `NUMBER`?"],
    ),
    (
        &["read", "log.csv", "--as", "pattern", "--set", "pattern=(?<a>[0-9]"],
        1,
        &["pattern, at 1-1: the regular expression has a fault: unclosed group", "close every bracket"],
    ),
    (
        &["read", "log.csv", "--as", "pattern", "--set", "pattern=abc"],
        1,
        &["the pattern names no field", "`%{NUMBER:duration}`"],
    ),
    (
        &["read", "log.csv", "--as", "pattern", "--set", "pattern=%{NUMBER:x:integr}"],
        1,
        &["unknown type `integr`", ":float"],
    ),
    (
        &["read", "doc.json", "--as", "json_document", "--set", "records=$.items["],
        1,
        &["the path to the records cannot be read"],
    ),
    (
        &["read", "doc.json", "--as", "json_document", "--set", "records=itms"],
        3,
        &["the path to the records leads nowhere (doc.json, line 1)"],
    ),
    // Files that are not of the format.
    (
        &["read", "log.csv", "--as", "json_lines"],
        3,
        &[
            "3 of 3 units did not fit json_lines; the first: an object is expected",
            "log.csv, line 1",
            "`pipewright sniff FILE`",
        ],
    ),
    (&["read", "log.csv", "--as", "nginx_access"], 3, &["3 of 3 units did not fit nginx_access; the first: "]),
    (&["read", "access.log", "doc.json"], 0, &["1 of 2 units did not fit nginx_access", "doc.json, line 1"]),
    (&["read", "cut.json", "--as", "json_document"], 3, &["the document is no JSON: the text ends inside a value"]),
    // Where rows go.
    (&["read", "log.csv", "--output", "parquet"], 2, &["Parquet cannot go to standard output", "--to FILE"]),
    (
        &["read", "log.csv", "--to", "."],
        1,
        &["`.` is a folder, so no file of that name can be written", "give the file another name"],
    ),
    (
        &["read", "log.csv", "--to", "log.csv/rows.jsonl"],
        1,
        &["a part of the path is a file, not a folder (log.csv)", "whether the folder exists"],
    ),
    (
        &["read", "log.csv", "--output", "parquet", "--to", "log.csv/rows.parquet"],
        1,
        &["(log.csv)", "see whether the folder exists"],
    ),
    (&["read", "log.csv", "--quarantine", "."], 1, &["`.` is a folder"]),
];

fn desk() -> Desk {
    let desk = Desk::new();
    let access = "1.2.3.4 - - [02/Mar/2026:15:02:11 +0100] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n";
    desk.write("access.log", access);
    desk.write("empty.log", "");
    desk.write("doc.json", "{\"items\": [{\"a\": 1}]}");
    desk.write("cut.json", "{\"items\": [{\"a\": 1},");
    desk.write("archive.zip", [b"PK\x03\x04".as_slice(), &[0; 60]].concat());
    desk.write("picture.png", [b"\x89PNG\r\n\x1a\n".as_slice(), &(0..=255).collect::<Vec<u8>>()].concat());
    desk.write("damaged.zst", b"\x28\xb5\x2f\xfdgarbage");
    desk.write("damaged.parquet", [b"PAR1".as_slice(), &[b'x'; 60], b"PAR1"].concat());
    let mut packed = gzip_of(access.repeat(50).as_bytes());
    packed.truncate(packed.len() / 2);
    desk.write("damaged.gz", packed);
    fs::create_dir(desk.path("empty")).unwrap();
    desk
}

/// A gzip file with one stored block: no library is needed to make it.
fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    let length = bytes.len() as u16;
    packed.write_all(&length.to_le_bytes()).unwrap();
    packed.write_all(&(!length).to_le_bytes()).unwrap();
    packed.write_all(bytes).unwrap();
    packed
}

#[test]
fn data_files() {
    let (desk, mut notes) = (desk(), Notes::default());
    for (args, code, wanted) in MISTAKES {
        notes.check_code(&args.join(" "), desk.run(args), *code, wanted);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use crate::support::{need, texts};
    let desk = desk();
    fs::set_permissions(desk.path("access.log"), fs::Permissions::from_mode(0o000)).unwrap();
    let wanted = ["the file may not be read (access.log)", "give this user the right to read it"];
    let sniff = ["sniff", "access.log"];
    let said = if fs::File::open(desk.path("access.log")).is_err() {
        desk.run(&sniff)
    } else {
        // Who may read every file may also become somebody who may not; that one needs a program within reach.
        let program = desk.path("pipewright");
        fs::copy(env!("CARGO_BIN_EXE_pipewright"), &program).unwrap();
        fs::set_permissions(desk.path("."), fs::Permissions::from_mode(0o755)).unwrap();
        let nobody = Command::new(program).args(sniff).current_dir(desk.path(".")).uid(65534).gid(65534).output();
        let Some(output) = need("this user may read every file and become no other", nobody.ok()) else { return };
        let (code, out, err) = texts(output);
        (code, out + &err)
    };
    Notes::default().check_code("no right", said, 1, &wanted);
}
