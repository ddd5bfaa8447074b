//! Both servers' formats: log formats of all kinds, dirty lines, recognition, real samples.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::formats::testing::{pieces, prepare, read, read_with, sample, samples};
use crate::formats::{FormatSpec, Parser, Recognition, Sample, format, recognise};

const SHOP: &str = r#"log_format shop '$remote_addr - $remote_user [$time_local] "$request" $status '
    '$body_bytes_sent "$http_referer" '   # in pieces
    '"$http_user_agent" $request_time $cookie_sid';"#;

fn nginx(log_format: &str) -> FormatSpec {
    FormatSpec::new("nginx_access").with("log_format", log_format)
}

fn apache(log_format: &str) -> FormatSpec {
    FormatSpec::new("apache_access").with("log_format", log_format)
}

fn best(name: &str, text: &str) -> Recognition {
    recognise(&Sample::whole(name, text)).into_iter().next().unwrap()
}

#[test]
fn a_pasted_nginx_log_format_becomes_typed_columns() {
    let line = r#"203.0.113.9 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 2326 "-" "Some \x22agent\x22" 0.020 abc"#;
    let found = read(&nginx(SHOP), line);
    assert_eq!(
        found.columns(),
        [
            "time Timestamp",
            "client String",
            "user String",
            "method String",
            "path String",
            "http_version String",
            "request String",
            "status Int",
            "bytes Int",
            "referrer String",
            "user_agent String",
            "duration Float",
            "cookie_sid String",
        ]
    );
    assert_eq!(
        found.json(),
        [
            r#"["2000-10-10T20:55:36Z","203.0.113.9",null,"GET","/a?b=1","1.1",null,200,2326,null,"Some \"agent\"",0.02,"abc"]"#
        ]
    );
}

#[test]
fn variables_of_upstreams_and_times() {
    let format = r#"$msec ${time_iso8601} $http_host "$upstream_addr" $upstream_status $upstream_response_time $request_uri $my_own"#;
    let line = r#"1700000000.250 2023-11-14T22:13:20+00:00 example.com:8443 "10.0.0.1:80, 10.0.0.2:80" 502, 200 0.001, 0.250 /x z"#;
    let found = read(&nginx(format), line);
    assert_eq!(
        found.json(),
        [
            r#"["2023-11-14T22:13:20.250Z","/x","example.com",8443,"10.0.0.1:80, 10.0.0.2:80","2023-11-14T22:13:20Z",200,0.25,"z"]"#
        ]
    );
    assert_eq!(found.columns()[5], "time_iso8601 Timestamp");
}

#[test]
fn lists_stay_in_their_own_columns_and_what_is_left_out_is_counted() {
    use crate::data::{DataType, Schema};
    let format =
        nginx(r#"$remote_addr [$time_local] $upstream_status $upstream_response_time $http_x_forwarded_for $sid"#);
    let line = "10.0.0.2, 1.2.3.4 [01/Mar/2024:10:00:00 +0000] 502, 200 : 201 0.500, 0.020 : - 1.1.1.1, 2.2.2.2 s\n";
    let plain = "10.0.0.2 [01/Mar/2024:10:00:00 +0000] 200 0.020 1.1.1.1 s\n";
    let text = format!("{line}{plain}");
    let of = |types: [DataType; 2]| {
        let [status, time] = types;
        let columns = [("client", DataType::String), ("upstream_status", status), ("upstream_response_time", time)];
        let more = ["http_x_forwarded_for", "sid"].map(|name| (name, DataType::String));
        let schema = Schema::of(columns.into_iter().chain(more));
        read_with(prepare(&format, Some(&schema), "").as_ref(), &[&text])
    };
    let numbers = of([DataType::Int, DataType::Float]);
    assert_eq!(
        numbers.json(),
        [r#"["1.2.3.4",201,null,"1.1.1.1, 2.2.2.2","s"]"#, r#"["10.0.0.2",200,0.02,"1.1.1.1","s"]"#]
    );
    let changes = &numbers.tally.changes;
    let repeated = ["upstream_response_time", "upstream_status"].map(|name| (name.to_owned(), 1));
    assert_eq!(changes.repeated, BTreeMap::from(repeated));
    assert_eq!((changes.surplus.get("client"), changes.count()), (Some(&1), 3));
    let texts = of([DataType::String, DataType::String]);
    assert_eq!(texts.json()[0], r#"["1.2.3.4","502, 200 : 201","0.500, 0.020 : -","1.1.1.1, 2.2.2.2","s"]"#);
    assert_eq!(texts.tally.changes.count(), 1);
    // By the option likewise, and a text column that is declared as a number.
    let spec = format.with("types", "upstream_status=String, http_x_forwarded_for=Int");
    let typed = read(&spec, line);
    let at = |name: &str| typed.rows[0][typed.schema.index(name).unwrap()].to_json();
    assert_eq!(
        [at("upstream_status"), at("upstream_response_time"), at("sid")],
        ["502, 200 : 201".into(), Json::Null, "s".into()]
    );
    let line = "10.0.0.2, 1.2.3.4 - bob [10/Oct/2000:13:55:36 -0700] 1.1.1.1, 2.2.2.2 s";
    let apache = read(&apache(r#"%h %l %u %t %{X-Forwarded-For}i %{SID}C"#), line);
    assert_eq!(apache.json(), [r#"["2000-10-10T20:55:36Z","1.2.3.4","bob",null,"1.1.1.1, 2.2.2.2","s"]"#]);
}

#[test]
fn a_json_log_format_is_a_layout_too() {
    let format =
        r#"log_format js escape=json '{"t":"$time_iso8601","s":$status,"a":"$http_user_agent","u":"$remote_user"}';"#;
    let found = read(&nginx(format), r#"{"t":"2023-11-14T22:13:20+00:00","s":200,"a":"x \"y\" \u00e9\\","u":""}"#);
    assert_eq!(found.json(), [r#"["2023-11-14T22:13:20Z",null,200,"x \"y\" é\\"]"#]);
}

#[test]
fn apache_directives_become_typed_columns() {
    let format = r#"LogFormat "%v:%p %h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D %{ms}T %{X-Forwarded-For}i %{SID}C" own"#;
    let line = r#"example.com:443 ::1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 - "-" "a \"b\" \xd0\xb6" 1500000 7 10.0.0.1 xyz"#;
    let found = read(&apache(format), line);
    assert_eq!(
        found.json(),
        [
            r#"["2000-10-10T20:55:36Z","::1","frank","GET","/apache_pb.gif","1.0",null,200,null,null,"a \"b\" ж","example.com",443,1.5,null,0.007,"10.0.0.1","xyz"]"#
        ]
    );
    let expected = ["vhost String", "vhost_port Int", "duration Float", "ident String", "duration_millis Float"];
    assert_eq!(found.columns()[11..16], expected);
    let times = read(
        &apache(r#"%{%Y-%m-%d %H:%M:%S}t %{sec}t %{%d.%m.%Y}t %m %U%q %H"#),
        "2000-10-10 20:55:36 9 01.02.2003 GET /a?b HTTP/1.1",
    );
    assert_eq!(
        times.json(),
        [r#"["2000-10-10T20:55:36Z","GET","/a?b","1970-01-01T00:00:09Z","2003-02-01T00:00:00Z","HTTP/1.1"]"#]
    );
}

#[test]
fn a_connection_that_is_closed_has_a_status() {
    let found = read(&apache("%h %X %u %X"), "::1 - - -\n::1 + bob X\n");
    let columns = ["client String", "user String", "connection_status String", "connection_status_2 String"];
    assert_eq!(found.columns(), columns);
    assert_eq!(found.json(), [r#"["::1",null,"-","-"]"#, r#"["::1","bob","+","X"]"#]);
}

#[test]
fn dirty_lines_follow_one_rule() {
    let good = r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "x" 0.1 s"#;
    for (line, row) in [
        // A field that cannot be read is null, the row stays.
        (good.replace(" 200 ", " 5xx "), true),
        (good.replace(" 5 ", " - "), true),
        (good.replace("0.1", "n/a"), true),
        (good.replace("10/Oct/2000:13:55:36 +0000", "-"), true),
        (good.replace("GET / HTTP/1.1", ""), true),
        (good.replace("GET / HTTP/1.1", "-"), true),
        (good.replace(" 5 ", " 99999999999999999999 "), true),
        (good.replace("10/Oct", "9/Oct"), true),
        (good.replace(" s", " s  \t"), true),
        (good.replace("\"x\"", "\"x\0\u{fffd}\""), true),
        // A line that does not fit goes to quarantine.
        (good.replace("13:55:36", "13:99:36"), false),
        (good.replace("Oct", "Okt"), false),
        (good.replace("\"x\" 0.1 s", "\"x"), false),
        (good.replace("\"x\" 0.1 s", "\"x\\\""), false),
        (good.replace(" 0.1 s", ""), false),
        (good.replace(" s", " s more"), false),
        (good.replace(" 200 ", " 2 00 "), false),
        (good.replace("\"x\"", "\"x\"y"), false),
        (good.replace("1.2.3.4", "what is this"), false),
        ("2000/10/10 12:00:00 [error] 1#1: *1 something".to_owned(), false),
        ("\"".to_owned(), false),
    ] {
        let found = read(&nginx(SHOP), &line);
        assert_eq!((found.tally.accepted, found.tally.quarantined), (u64::from(row), u64::from(!row)), "{line}");
        if !row {
            assert_eq!(found.quarantined[0].2, line);
        }
    }
    let unfit = read(&nginx(SHOP), &good.replace(" 200 ", " 5xx ").replace(" 5 ", " - ").replace("0.1", "n/a"))
        .tally
        .changes
        .unfit;
    assert_eq!(unfit, BTreeMap::from([("duration".to_owned(), 1), ("status".to_owned(), 1)]));
    let reason = |line: &str| read(&nginx(SHOP), line).quarantined[0].1.clone();
    assert_eq!(reason(&good.replace("\"x\" 0.1 s", "\"x")), "no closing quote of `user_agent`");
    assert_eq!(reason(&good.replace("Oct", "Okt")), "`time` is not a time");
    assert_eq!(reason("nothing"), "no ` - ` after `client`");
}

#[test]
fn a_text_that_is_no_request_is_kept() {
    let request = |text: &str| {
        let line = format!(r#"1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] "{text}" 400 0 "" "-""#);
        read(&FormatSpec::new("nginx_access"), &line).json()[0].clone()
    };
    let start = r#"["2000-10-10T13:55:36Z","1.2.3.4",null,"#;
    assert_eq!(request(r"\x16\x03\x01"), format!(r#"{start}null,null,null,"\u0016\u0003\u0001",400,0,"",null]"#));
    assert_eq!(request(r"\xFF\xBD"), format!(r#"{start}null,null,null,"\\xFF\\xBD",400,0,"",null]"#));
    assert_eq!(request(""), format!(r#"{start}null,null,null,"",400,0,"",null]"#));
    assert_eq!(request("-"), format!(r#"{start}null,null,null,null,400,0,"",null]"#));
    assert_eq!(request("GET /a"), format!(r#"{start}"GET","/a",null,null,400,0,"",null]"#));
}

#[test]
fn files_of_all_kinds_are_counted_whole_and_in_pieces() {
    let line = r#"::1 - bob [10/Oct/2000:13:55:36 +0000] "GET /é HTTP/1.1" 200 5 "-" "x""#;
    let long = line.replace("/é", &"/long".repeat(200_000));
    let text = format!("\u{feff}{line}\r\n\r\n   \nbroken\r\n\0\0{line}\n{long}\n{line}");
    let parser = prepare(&FormatSpec::new("nginx_access"), None, &text);
    let whole = read_with(parser.as_ref(), &[&text]);
    let tally = &whole.tally;
    assert_eq!((tally.read, tally.accepted, tally.quarantined, tally.blank), (7, 4, 1, 2));
    assert_eq!(whole.quarantined[0], (4, "no ` - ` after `client`".to_owned(), "broken".to_owned()));
    for size in [1 << 16, 1 << 18] {
        let parts = read_with(parser.as_ref(), &pieces(parser.as_ref(), &text, size));
        assert_eq!(
            (parts.rows, parts.places, parts.tally),
            (whole.rows.clone(), whole.places.clone(), whole.tally.clone())
        );
    }
    let short = text.replace("/long", "");
    let whole = read_with(parser.as_ref(), &[&short]);
    for size in [1, 50] {
        let parts = read_with(parser.as_ref(), &pieces(parser.as_ref(), &short, size));
        assert_eq!((parts.rows, parts.places), (whole.rows.clone(), whole.places.clone()));
    }
    assert_eq!(read(&FormatSpec::new("nginx_access"), "").tally.read, 0);
}

#[test]
fn a_frozen_schema_and_types_decide_the_columns() {
    let spec = nginx("$remote_addr $status $cart").with("types", "cart=Float");
    let schema = crate::data::Schema::of([
        ("gone", crate::data::DataType::Int),
        ("cart", crate::data::DataType::Float),
        ("status", crate::data::DataType::String),
    ]);
    let found = read_with(prepare(&spec, Some(&schema), "").as_ref(), &["1.1.1.1 200 2.5\n"]);
    assert_eq!(found.json(), [r#"[null,2.5,"200"]"#]);
}

#[test]
fn mistakes_in_log_formats_are_explained() {
    let message = |spec: FormatSpec| {
        let format = format(&spec.name).unwrap();
        let fault = format.prepare(&spec, None, &Sample::default()).err().unwrap();
        assert!(fault.help.is_some());
        fault.message
    };
    assert!(message(nginx("combind")).contains("did you mean `combined`"));
    assert!(message(nginx("$status$request_time")).contains("nothing separates `status` from `duration`"));
    assert!(message(nginx("log_format x '$status")).contains("no closing '"));
    assert!(message(nginx("$status $")).contains("without the name"));
    assert!(message(nginx("$status").with("types", "stat=Int")).contains("did you mean `status`"));
    assert!(message(nginx("$status").with("may_end_after", "byte")).contains("which is no column"));
    assert!(message(apache("%h %Y")).contains("`%Y` is no LogFormat directive"));
    assert!(message(apache("commn")).contains("did you mean `common`"));
    assert!(message(apache("%h %{Referer")).contains("is no LogFormat directive"));
    assert!(message(apache("LogFormat \"%h")).contains("no closing quote"));
}

#[test]
fn fields_beyond_combined_are_recognised() {
    let line = |number: u32, sid: &str| {
        format!(
            "1.2.3.{number} - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"x\" 0.0{number} {sid}\n"
        )
    };
    let mut text: String = (10..90).map(|number| line(number, "af31")).collect();
    text.push_str(&line(91, "-"));
    text.push_str("truncated - - [10/Oct/2000:13:55:36 +0000] \"GET\n\n");
    let found = best("access.log", &text);
    assert_eq!((found.format.name.as_str(), found.score), ("nginx_access", 97));
    let format = found.format.option("log_format").unwrap();
    assert!(format.ends_with("\"$http_user_agent\" $request_time $field_10"), "{format}");
    assert_eq!(found.format.option("may_end_after"), None);
    assert_eq!(found.reasons[0], "81 of 82 lines have the shape combined with 2 more fields");

    let apache =
        best("other_vhosts_access.log", &line(11, "7").replace("1.2.3.11 ", "www.example.com:80 1.2.3.11 ").repeat(3));
    assert_eq!(apache.format.name, "apache_access");
    assert_eq!(apache.format.option("types"), Some("field_9=Float, field_10=Int"));
    assert!(
        recognise(&Sample::whole("x.log", "Oct 10 12:00:00 host app: text [x] \"y\"\n"))
            .iter()
            .all(|found| !found.format.name.ends_with("_access"))
    );
}

/// The rows of the best reading of an access log, by their columns, without what is null.
fn rows_of(text: &str) -> Vec<Json> {
    let found = best("access.log", text);
    let reading = read(&found.format, text);
    assert_eq!(reading.tally.quarantined, 0, "{found:?}: {:?}", reading.quarantined);
    let named = |row: &String| {
        let values: Vec<Json> = serde_json::from_str(row).unwrap();
        let named = reading.schema.names().map(str::to_owned).zip(values);
        named.filter(|(_, value)| !value.is_null()).collect()
    };
    reading.json().iter().map(named).collect()
}

#[test]
fn keys_of_the_tail_are_columns() {
    let head = r#"192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] "GET /x HTTP/1.1" 200 17 "-" "curl/8.0""#;
    let one = r#"rt=0.100 uct="0.001" urt="0.080" us="200" upstream=10.0.0.1:80 host=example.org cache=HIT status=7"#;
    let two = r#"rt=0.250 uct="-, 0.002" urt="0.050, 0.080" us="502, 200" upstream=10.0.0.1:80, 10.0.0.2:80 host=example.org cache=- status=8"#;
    let rows = rows_of(&format!("{head} {one}\n{head} {one}\n{head} {two}\n"));
    assert_eq!((&rows[0]["duration"], &rows[0]["upstream_connect_time"]), (&0.1.into(), &0.001.into()));
    assert_eq!((&rows[0]["upstream"], &rows[0]["upstream_status"]), (&"10.0.0.1:80".into(), &200.into()));
    assert_eq!((&rows[0]["vhost"], &rows[0]["cache"]), (&"example.org".into(), &"HIT".into()));
    assert_eq!((&rows[0]["status"], &rows[0]["status_2"]), (&200.into(), &7.into()));
    assert_eq!((&rows[2]["upstream"], &rows[2]["vhost"]), (&"10.0.0.1:80, 10.0.0.2:80".into(), &"example.org".into()));
    assert_eq!((&rows[2]["upstream_response_time"], &rows[2]["upstream_status"]), (&0.08.into(), &200.into()));
    // A key that only some of the lines have is part of a text.
    let mixed = rows_of(&format!("{head} uid=1f\n{head} -\n{head} uid=2a\n"));
    assert_eq!((&mixed[0]["field_9"], mixed[1].get("field_9")), (&"uid=1f".into(), None));
}

#[test]
fn lists_of_upstreams_shift_no_column() {
    let head = r#"192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] "GET /x HTTP/1.1" 200 17 "-" "curl/8.0" "-" 0.003"#;
    let rows = rows_of(&format!(
        "{head} 10.0.0.1:80 200 0.001 example.org\n{head} 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 502, 504 : 201 0.001, 0.002 : 0.004 example.org\n"
    ));
    for (row, status, time) in [(0, 200, 0.001), (1, 201, 0.004)] {
        assert_eq!(rows[row]["upstream_status"], status, "{row}");
        assert_eq!((&rows[row]["upstream_response_time"], &rows[row]["duration"]), (&time.into(), &0.003.into()));
        assert_eq!(rows[row]["field_14"], "example.org", "{row}");
    }
    assert_eq!(rows[1]["upstream"], "10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80");
}

/// Fields that the samples' expectation and ours name alike.
const FIELDS: [&str; 9] =
    ["client", "user", "method", "path", "http_version", "status", "bytes", "referrer", "user_agent"];

/// Where ours and Elastic's reading differ in meaning: a dash is null here; the time's name; a virtual host that is an
/// address has another name there.
fn expected(fields: &serde_json::Map<String, Json>, name: &str) -> Json {
    let value = fields.get(name).cloned().unwrap_or(Json::Null);
    if value == "-" { Json::Null } else { value }
}

/// Lines that differ from the expectation, as `line: field ours theirs`.
fn misses(text: &str, basic: &str, parser: &dyn Parser) -> (usize, Vec<String>) {
    let found = read_with(parser, &[text]);
    let rows: BTreeMap<u64, _> = found.places.iter().map(|(line, _)| *line).zip(&found.rows).collect();
    let mut misses = Vec::new();
    let mut lines = 0;
    for expectation in basic.lines() {
        lines += 1;
        let Json::Object(fields) = serde_json::from_str(expectation).unwrap() else { panic!("{expectation}") };
        let line = fields["_line"].as_u64().unwrap();
        let Some(row) = rows.get(&line) else {
            misses.push(format!("{line}: not read"));
            continue;
        };
        let own = |name: &str| found.schema.index(name).map_or(Json::Null, |column| row[column].to_json());
        let time = |json: &Json| json.as_str().and_then(crate::data::instants::parse_timestamp);
        let differing = FIELDS.iter().find(|name| own(name) != expected(&fields, name)).copied();
        let differing = differing.or_else(|| (time(&own("time")) != time(&fields["ts"])).then_some("time"));
        let differing =
            differing.or_else(|| (fields.contains_key("vhost") && own("vhost") != fields["vhost"]).then_some("vhost"));
        if let Some(name) = differing {
            misses.push(format!("{line}: {name} {} {}", own(name), expected(&fields, name)));
        }
    }
    (lines, misses)
}

#[test]
fn real_access_logs_read_as_expected() {
    let (mut lines, mut all) = (0, Vec::new());
    for (file, server) in [
        ("nginx-access/test.log", "nginx_access"),
        ("nginx-access/test-with-host.log", "nginx_access"),
        ("nginx-access/zanbil_access_a.log", "nginx_access"),
        ("apache-access/test.log", "apache_access"),
        ("apache-access/ubuntu-2.2.22.log", "apache_access"),
        ("apache-access/apache_combined_a.log", "apache_access"),
        ("apache-access/common-log-format.log", "apache_access"),
        ("apache-access/access_log.1", "apache_access"),
        ("nginx-ingress/test.log", "nginx_access"),
    ] {
        let Some(path) = sample(file) else { continue };
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name = file.rsplit('/').next().unwrap();
        let sample = Sample { head: text.as_bytes()[..text.len().min(65_536)].to_vec(), ..Sample::whole(name, "") };
        let found = recognise(&sample).into_iter().next().unwrap();
        assert!(found.format.name.ends_with("_access"), "{file}: {found:?}");
        let parser = format(&found.format.name).unwrap().prepare(&found.format, None, &sample).unwrap();
        let tally = read_with(parser.as_ref(), &[&text]).tally;
        assert!(tally.accepted > 0, "{file}: {tally:?}");
        assert!(tally.quarantined * 50 <= tally.read || tally.quarantined <= 3, "{file}: {tally:?}");
        if file.contains("apache_combined") || file.contains("ubuntu") {
            // Nothing in these tells the two apart, or says Apache.
            assert!(["nginx_access", "apache_access"].contains(&found.format.name.as_str()));
        } else {
            assert_eq!(found.format.name, server, "{file}: {:?}", found.reasons);
        }
        let basic = path.with_file_name(format!("{name}.basic.jsonl"));
        if basic.exists() {
            let basic = std::fs::read_to_string(basic).unwrap();
            let (count, missed) = misses(&text, &basic, parser.as_ref());
            lines += count;
            all.extend(missed.into_iter().map(|miss| format!("{file}:{miss}")));
        }
    }
    if samples().is_some() {
        assert!(lines >= 60, "{lines} lines compared");
    }
    assert!(all.len() * 50 <= lines, "{} of {lines} lines differ: {all:#?}", all.len());
}

#[test]
fn a_format_with_more_variables_than_a_log_has_is_refused() {
    for (text, code) in [("$a ".repeat(200), None), ("$a ".repeat(5000), Some("PW0841"))] {
        let found = super::nginx::layout(&text).err().map(|fault| fault.code);
        assert_eq!(found.as_deref(), code);
    }
    assert_eq!(super::apache::layout(&"%h ".repeat(5000)).unwrap_err().code, "PW0841");
}

#[test]
fn lists_stand_beside_their_one_entry() {
    let line = |tail: &str| {
        format!("10.0.0.9 - - [17/Feb/2026:10:00:01 +0000] \"GET /a HTTP/1.1\" 200 512 \"-\" \"curl/8\" {tail}\n")
    };
    let text =
        line("rt=0.120 uct=\"0.001\" urt=\"0.119\"") + &line("rt=5.001 uct=\"0.001, 0.002\" urt=\"5.000, 0.100\"");
    let found = best("access.log", &text);
    assert_eq!(found.format.option("lists"), Some("upstream_connect_time, upstream_response_time"), "{found:?}");
    let reading = read(&found.format, &text);
    let of = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
    assert_eq!(of(1, "upstream_response_time"), 0.1);
    assert_eq!(of(1, "upstream_response_time_list"), "5.000, 0.100");
    assert!(of(0, "upstream_response_time_list").is_null() && reading.tally.changes.count() == 0);
    // Where nothing says so, it is counted that there were others.
    let mut plain = found.format.clone();
    plain.options.remove("lists");
    assert_eq!(read(&plain, &text).tally.changes.count(), 2);
    let clients =
        "203.0.113.9, 10.0.0.1 - - [17/Feb/2026:10:00:01 +0100] \"GET /a HTTP/1.1\" 200 512 \"-\" \"curl/8\"\n";
    let found = best("access.log", clients);
    let reading = read(&found.format, clients);
    let of = |name: &str| reading.rows[0][reading.schema.index(name).unwrap()].to_json();
    assert_eq!((of("client"), of("client_list")), ("203.0.113.9".into(), "203.0.113.9, 10.0.0.1".into()));
    let wrong = nginx("combined").with("lists", "status");
    let fault = format("nginx_access").unwrap().prepare(&wrong, None, &Sample::default()).err().unwrap();
    assert_eq!(fault.code, "PW1250");
}

#[test]
fn a_time_may_have_milliseconds() {
    let text =
        "192.0.2.7 - - [17/Feb/2026:10:00:01.331 +0100] \"GET /a HTTP/1.1\" 200 512 \"-\" \"curl/8\"\n".repeat(2);
    let found = best("access.log", &text);
    assert!(found.score > 90, "{found:?}");
    assert!(read(&found.format, &text).json()[0].contains("2026-02-17T09:00:01.331Z"));
}
