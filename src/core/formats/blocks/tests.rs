//! Tests of blocks of keys and values: what tools print, read by what is recognised.

use crate::formats::testing::{Reading, named_rows, pieces, prepare, read, read_with};
use crate::formats::{FormatSpec, Sample, recognise};
use serde_json::Value as Json;

/// What a text is taken for.
fn best(text: &str) -> FormatSpec {
    let found = recognise(&Sample::whole("out.txt", text)).into_iter().next();
    found.unwrap_or_else(|| panic!("nothing reads {text}")).format
}

/// The rows of a text, which is blocks, without what is null.
fn rows(text: &str) -> (Vec<Json>, Reading) {
    let spec = best(text);
    assert_eq!(spec.name, "blocks", "{text}");
    let parser = prepare(&spec, None, text);
    let whole = read_with(parser.as_ref(), &[text]);
    for size in (1..text.len()).step_by(7) {
        let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
        assert_eq!(reading.json(), whole.json(), "{size}");
        assert_eq!(reading.tally, whole.tally, "{size}");
    }
    (named_rows(&whole), whole)
}

fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap()
}

#[test]
fn blocks_with_blank_lines_between_are_rows() {
    let (found, reading) = rows(
        "Package: bash\nStatus: install ok installed\nInstalled-Size: 7164\nDepends: libc6 (>= 2.36)\nDescription: GNU Bourne Again SHell\n Bash is a shell: it reads commands.\n .\n And more.\n\n\
         Package: zsh\nStatus: deinstall ok config-files\nInstalled-Size: 2480\n\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"Package":"bash","Status":"install ok installed","Installed-Size":7164,"Depends":"libc6 (>= 2.36)","Description":"GNU Bourne Again SHell\nBash is a shell: it reads commands.\n\nAnd more."}"#
        )
    );
    assert_eq!((found.len(), reading.tally.joined, reading.tally.blank), (2, 9, 2));

    let (found, _) = rows(
        "\nStart-Date: 2026-11-30  10:00:00\nCommandline: apt install zsh\nInstall: zsh:amd64 (5.9-4), zsh-common:amd64 (5.9-4, automatic)\nEnd-Date: 2026-11-30  10:00:07\n\
         \nStart-Date: 2026-11-30  11:00:00\nCommandline: apt purge zsh\nPurge: zsh:amd64 (5.9-4)\nError: broken\nEnd-Date: 2026-11-30  11:00:01\n",
    );
    assert_eq!(
        found[1],
        json(
            r#"{"Start-Date":"2026-11-30T11:00:00Z","Commandline":"apt purge zsh","End-Date":"2026-11-30T11:00:01Z","Purge":"zsh:amd64 (5.9-4)","Error":"broken"}"#
        )
    );

    let (found, _) = rows(
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2400.5\npower management:\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 2600.25\npower management:\n\n",
    );
    assert_eq!(found[1], json(r#"{"processor":1,"vendor_id":"GenuineIntel","cpu MHz":2600.25}"#));

    let (found, _) = rows(
        "Id=sshd.service\nLoadState=loaded\nMainPID=901\nExecStart={ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D }\n\nId=cron.service\nLoadState=loaded\nMainPID=812\n",
    );
    assert_eq!(found[0]["ExecStart"], "{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D }");
}

#[test]
fn keys_that_come_again_are_numbered_and_folded_lines_joined() {
    let (found, reading) = rows(
        "# extended LDIF\n#\n# LDAPv3\n\n# bob, people, example.org\ndn: uid=bob,ou=people,dc=example,dc=org\nobjectClass: person\nobjectClass: inetOrgPerson\nuid: bob\ndescription: a long text that is fold\n ed in the middle\njpegPhoto:: /9j/4AAQ\n\n\
         # eve, people, example.org\ndn: uid=eve,ou=people,dc=example,dc=org\nobjectClass: person\nuid: eve\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"dn":"uid=bob,ou=people,dc=example,dc=org","objectClass":"person","objectClass_2":"inetOrgPerson","uid":"bob","description":"a long text that is folded in the middle","jpegPhoto":"/9j/4AAQ"}"#
        )
    );
    assert_eq!((found.len(), reading.tally.meta), (2, 5));
}

#[test]
fn values_of_ldif_are_decoded_and_its_marks_are_none_of_them() {
    let (found, _) = rows(
        "dn:: dWlkPWJvYixkYz1leGFtcGxl\nsn:: U2Now7Zu\ncn: Bob\ndescription: plain\njpegPhoto:< file:///tmp/x.jpg\n\n\
         dn: uid=eve,dc=example\nsn: Adams\ncn: Eve\njpegPhoto:: /9j/4AAQ\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"dn":"uid=bob,dc=example","sn":"Schön","cn":"Bob","description":"plain","jpegPhoto":"< file:///tmp/x.jpg"}"#
        )
    );
    // What is no text stays as it is written.
    assert_eq!(found[1], json(r#"{"dn":"uid=eve,dc=example","sn":"Adams","cn":"Eve","jpegPhoto":"/9j/4AAQ"}"#));

    let (found, _) = rows(
        "dn: uid=bob,dc=example\nchangetype: modify\nreplace: mail\nmail: a@example.org\n-\nadd: phone\nphone: 1\n-\n\n\
         dn: uid=eve,dc=example\nchangetype: modify\nreplace: mail\nmail: b@example.org\n-\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"dn":"uid=bob,dc=example","changetype":"modify","replace":"mail","mail":"a@example.org","add":"phone","phone":1}"#
        )
    );
}

#[test]
fn paragraphs_of_a_value_begin_no_record() {
    let package = |name: &str, more: &str| {
        format!(
            "Name        : {name}\nVersion     : 5.1\nSummary     : A shell\nDescription :\nIt reads commands.\n{more}"
        )
    };
    let text = package("bash", "\nFeatures: many.\nMore of it.\n")
        + &package("zsh", "")
        + &package("fish", "\nFriendly: yes.\n");
    let (found, _) = rows(&text);
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[0],
        json(
            r#"{"Name":"bash","Version":"5.1","Summary":"A shell","Description":"It reads commands.\n\nFeatures: many.\nMore of it."}"#
        )
    );
}

#[test]
fn a_record_may_begin_with_a_line_that_is_no_key() {
    let log = "commit 3f2a9c1d2e4b5a697887766554433221100ffeed (HEAD -> main)\nMerge: 9b8c7d6 1a2b3c4\nAuthor: Bob <bob@example.org>\nDate:   Mon Nov 30 10:00:00 2026 +0100\n\n    Orders are late\n    \n    Fixes: #12\n\n\
               commit 9b8c7d6e5f40312233445566778899aabbccddee\nAuthor: Eve <eve@example.org>\nDate:   Mon Nov 30 09:00:00 2026 +0100\n\n    The shop opens\n\n";
    let (found, reading) = rows(log);
    assert_eq!(
        found[0],
        json(
            r#"{"commit":"3f2a9c1d2e4b5a697887766554433221100ffeed (HEAD -> main)","Merge":"9b8c7d6 1a2b3c4","Author":"Bob <bob@example.org>","Date":"2026-11-30T09:00:00Z","message":"Orders are late\n\nFixes: #12"}"#
        )
    );
    assert_eq!((found.len(), reading.tally.quarantined), (2, 0));

    let (found, _) = rows(
        "Event[0]:\n  Log Name: Security\n  Source: Microsoft-Windows-Security-Auditing\n  Date: 2026-11-30T10:00:00.0000000Z\n  Event ID: 4624\n  Level: Information\n  Description: \nAn account was successfully logged on.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-18\n\tAccount Name:\t\tWEB1$\n\n\
         Event[1]:\n  Log Name: System\n  Source: Service Control Manager\n  Date: 2026-11-30T10:00:01.0000000Z\n  Event ID: 7036\n  Level: Information\n  Description: \nThe X service entered the running state.\n\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"Event":0,"Log Name":"Security","Source":"Microsoft-Windows-Security-Auditing","Date":"2026-11-30T10:00:00Z","Event ID":4624,"Level":"Information","Description":"An account was successfully logged on.\n\nSubject:\nSecurity ID:\t\tS-1-5-18\nAccount Name:\t\tWEB1$"}"#
        )
    );

    let (found, _) = rows(
        "Name        : bash\nVersion     : 5.1.8\nSummary     : The shell\nDescription :\nThe GNU Bourne Again shell.\nIt reads commands.\nName        : zsh\nVersion     : 5.8\nSummary     : Another\nDescription :\nA shell.\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"Name":"bash","Version":"5.1.8","Summary":"The shell","Description":"The GNU Bourne Again shell.\nIt reads commands."}"#
        )
    );
}

#[test]
fn lists_of_shells_and_databases_are_rows() {
    let (found, _) = rows(
        "\nTimeCreated  : 11/30/2026 10:00:00 AM\nProviderName : Service Control Manager\nId           : 7036\nMessage      : The X service entered\n               the running state.\n               \n               It runs.\n\n\
         TimeCreated  : 11/30/2026 10:00:01 AM\nProviderName : Kernel\nId           : 1\nMessage      : Short\n\n\n",
    );
    assert_eq!(
        found[0],
        json(
            r#"{"TimeCreated":"11/30/2026 10:00:00 AM","ProviderName":"Service Control Manager","Id":7036,"Message":"The X service entered\nthe running state.\n\nIt runs."}"#
        )
    );

    let (found, reading) = rows(
        "*************************** 1. row ***************************\n             Id: 12\n           User: bob\n           Time: 0\n          State: NULL\n\
         *************************** 2. row ***************************\n             Id: 13\n           User: eve\n           Time: 7\n          State: \n2 rows in set (0.00 sec)\n",
    );
    assert_eq!(found[0], json(r#"{"Id":12,"User":"bob","Time":0,"State":"NULL"}"#));
    assert_eq!((found.len(), reading.tally.meta), (2, 3));
    let (found, _) = rows(
        "-[ RECORD 1 ]------\nid    | 1\nname  | bob\ntotal | 12.5\n-[ RECORD 2 ]------\nid    | 2\nname  | eve\ntotal | 7\n",
    );
    assert_eq!(found[1], json(r#"{"id":2,"name":"eve","total":7.0}"#));
    // A value of several lines, as `psql` marks them.
    let (found, _) = rows(
        "-[ RECORD 1 ]------\nid   | 1\nnote | one +   +\n     | two     +\n     | three\n-[ RECORD 2 ]------\nid   | 2\nnote | x\n",
    );
    assert_eq!(found[0], json(r#"{"id":1,"note":"one +\ntwo\nthree"}"#));
}

#[test]
fn a_comment_inside_of_a_record_ends_no_chunk() {
    let record = "Id: 12\n# seen by the monitor\nUser: bob\nTime: 0\n";
    let (found, reading) = rows(&format!("{record}-----\n{record}-----\n{record}"));
    assert_eq!((found.len(), reading.tally.meta), (3, 5));
    assert_eq!(found[2], json(r#"{"Id":12,"User":"bob","Time":0}"#));
}

#[test]
fn headers_of_answers_are_rows_with_their_first_line() {
    let (found, _) = rows(
        "HTTP/1.1 200 OK\nServer: nginx\nContent-Length: 120\nCache-Control: no-cache\n\nHTTP/1.1 404 Not Found\nServer: nginx\nContent-Length: 7\nCache-Control: no-cache\n\n",
    );
    assert_eq!(
        found[1],
        json(r#"{"Server":"nginx","Content-Length":7,"Cache-Control":"no-cache","message":"HTTP/1.1 404 Not Found"}"#)
    );
}

#[test]
fn the_options_tell_what_no_sample_shows() {
    let text = "item 1\nname: a\nsize: 1\n\nitem 2\nname: b\nsize: 2\n";
    let found = read(&FormatSpec::new("blocks").with("begin", "item "), text);
    assert_eq!(
        named_rows(&found),
        [json(r#"{"item":1,"name":"a","size":1}"#), json(r#"{"item":2,"name":"b","size":2}"#)]
    );
}

#[test]
fn keys_behind_the_sample_are_kept() {
    let head = "Name: a\nSize: 1\n\nName: b\nSize: 2\n\n";
    let sample = Sample { whole: false, ..Sample::whole("sample", head) };
    let format = crate::formats::format("blocks").unwrap();
    let parser = format.prepare(&FormatSpec::new("blocks"), None, &sample).unwrap();
    let found = read_with(parser.as_ref(), &[head, "Name: c\nSize: 3\nColour: red\nSize: 4\n\n"]);
    assert_eq!(found.json()[2], r#"["c",3,"{\"Colour\":\"red\",\"Size\":\"4\"}"]"#);
}

#[test]
fn text_and_settings_are_no_blocks() {
    for text in [
        "Dear: all\n\nplease read this.\n\nIt is late: go home.\n",
        "a = 1\nb = 2\n\nc = 3\nd = 4\n",
        "INFO: started\nINFO: stopped\nWARN: late\nINFO: x\n",
        "name: bob\nage: 12\n",
    ] {
        let found = recognise(&Sample::whole("x.txt", text));
        assert!(found.iter().all(|found| found.format.name != "blocks"), "{text}: {found:?}");
    }
}
