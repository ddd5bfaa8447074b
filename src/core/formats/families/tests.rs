//! Tests of the tables: every example is read by its own format, and the fields of a line are where they belong.

use super::messages::tests::assert_is_read_behind_syslog;
use crate::data::{DataType, Schema};
use crate::formats::testing::{named_rows, prepare, read, read_as, read_at};
use crate::formats::{FormatSpec, Sample, formats, recognise};

/// The row of one line as JSON, without what is null.
pub fn fields(format: &str, text: &str) -> serde_json::Value {
    let reading = read(&FormatSpec::new(format), text);
    assert!(!reading.rows.is_empty(), "{format}: {text}: {:?}", reading.quarantined);
    named_rows(&reading).remove(0)
}

#[test]
fn every_example_is_recognised_and_read_whole() {
    for format in formats() {
        // A pattern is given by the user, and Parquet is no text.
        assert_eq!(format.examples().is_empty(), ["pattern", "parquet"].contains(&format.name()), "{}", format.name());
        for example in format.examples() {
            if let Some(program) = format.programs().first() {
                assert_is_read_behind_syslog(format.name(), program, example);
                continue;
            }
            let found = recognise(&Sample::whole("sample", example));
            let own = found.iter().position(|found| found.format.name == format.name());
            // nginx and Apache write the same lines.
            let is_first = own == Some(0) || (own.is_some() && format.name() == "apache_access");
            assert!(is_first, "{}: {example}: {found:?}", format.name());
            let spec = &found[own.unwrap_or(0)].format;
            let reading = read(spec, example);
            assert_eq!((reading.tally.rows > 0, reading.tally.quarantined), (true, 0), "{}: {example}", format.name());
        }
    }
}

#[test]
fn fields_have_their_common_names() {
    let haproxy = fields(
        "haproxy",
        "Mar  1 10:00:00 lb haproxy[12]: 192.0.2.7:5678 [01/Mar/2024:10:00:00.123] www~ app/node1 0/-1/1/20/+21 200 1234 - - ---- 5/4/3/2/+1 0/0 {example.org|x} \"GET /x HTTP/1.1\"",
    );
    assert_eq!((&haproxy["client"], &haproxy["client_port"]), (&"192.0.2.7".into(), &5678.into()));
    assert_eq!((&haproxy["duration"], &haproxy["queue_time"]), (&0.021.into(), &serde_json::Value::Null));
    assert_eq!((&haproxy["retries"], &haproxy["captured_request_headers"]), (&1.into(), &"example.org|x".into()));
    assert_eq!((&haproxy["time"], &haproxy["path"]), (&"2024-03-01T10:00:00.123Z".into(), &"/x".into()));

    let postgresql =
        fields("postgresql", "2024-03-01 10:00:00.5 CEST [123] bob@shop ERROR:  no \"x\"\n\tat character 5\n");
    assert_eq!((&postgresql["user"], &postgresql["database"]), (&"bob".into(), &"shop".into()));
    assert_eq!(
        (&postgresql["time"], &postgresql["message"]),
        (&"2024-03-01T08:00:00.500Z".into(), &"no \"x\"\n\tat character 5".into())
    );

    let auditd = fields(
        "auditd",
        "type=USER_CMD msg=audit(1709287200.5:45): user pid=12 uid=0 msg='cmd=2F62 acct=\"bob\" addr=? terminal=pts/0'",
    );
    assert_eq!((&auditd["time"], &auditd["serial"]), (&"2024-03-01T10:00:00.500Z".into(), &45.into()));
    assert_eq!((&auditd["acct"], &auditd["message"], auditd.get("client")), (&"bob".into(), &"user".into(), None));

    let cef = fields("cef", r"CEF:0|A\|B|Gate|1.0|100|Refused|7|src=192.0.2.7 msg=two \= words spt=80");
    assert_eq!(
        (&cef["device_vendor"], &cef["client"], &cef["client_port"]),
        (&"A|B".into(), &"192.0.2.7".into(), &80.into())
    );

    let kafka = fields(
        "application_log",
        "[2024-03-01 10:00:00,123] WARN [Fetcher (a)], no (kafka.server.X)\njava.io.IOException: y\n\tat z\n",
    );
    assert_eq!(kafka["logger"], "kafka.server.X");
    assert_eq!(kafka["message"], "[Fetcher (a)], no\njava.io.IOException: y\n\tat z");

    let elb = fields(
        "aws_elb",
        "2024-03-01T10:00:00.123456Z web 192.0.2.7:5678 - -1 -1 -1 503 - 0 0 \"GET http://a/ HTTP/1.1\" \"c\" - -",
    );
    assert_eq!((&elb["status"], &elb["client"], elb.get("upstream")), (&503.into(), &"192.0.2.7".into(), None));
    assert_eq!(elb.get("request_processing_time"), None);

    let apache =
        fields("apache_error", "[Fri Mar 01 10:00:00.123456 2024] [:error] [pid 12] [client 192.0.2.7] x, referer: y");
    assert_eq!(
        (&apache["level"], &apache["client"], &apache["message"]),
        (&"error".into(), &"192.0.2.7".into(), &"x, referer: y".into())
    );

    let cisco = fields("cisco", "Mar 01 2024 10:00:00 fw1 : %ASA-session-5-106100: access-list x");
    assert_eq!(
        (&cisco["host"], &cisco["message_id"], &cisco["severity"]),
        (&"fw1".into(), &"106100".into(), &"5".into())
    );
}

#[test]
fn nothing_of_a_line_is_lost() {
    let activemq = fields(
        "application_log",
        "2024-03-01 10:00:00,123 | WARN  | Store:[/x] is full | org.example.Store | main thread\njava.io.IOException: y\n",
    );
    assert_eq!((&activemq["logger"], &activemq["thread"]), (&"org.example.Store".into(), &"main thread".into()));
    let message = activemq["message"].as_str().unwrap();
    assert_eq!(message, "Store:[/x] is full\njava.io.IOException: y");
    let plain =
        fields("application_log", "2024-03-01 10:00:00,123 | INFO | Store is full | org.example.Store | main\n");
    assert_eq!((&plain["message"], &plain["thread"]), (&"Store is full".into(), &"main".into()));

    let haproxy =
        fields("haproxy", "Mar  1 10:00:00 lb haproxy[12]: Connect from 192.0.2.7:5678 to 192.0.2.80:443 (www/HTTP)\n");
    assert_eq!((&haproxy["message"], &haproxy["local_port"]), (&"Connect".into(), &443.into()));

    let redis = fields("redis", "12:signal-handler (1709287200) Received SIGTERM scheduling shutdown...\n");
    assert_eq!((&redis["role"], &redis["pid"]), (&"signal-handler".into(), &12.into()));

    // Nothing in the pairs takes the place of the head.
    let cef = fields("cef", "CEF:0|A|G|1|1|N|7|name_2=q name=a\n");
    assert_eq!((&cef["name"], &cef["name_2"]), (&"N".into(), &"q".into()));

    let sophos = fields(
        "sophos",
        "<30>device=\"SFW\" date=2024-03-01 time=10:00:00 priority=Warning src_ip=192.0.2.7 note=a note=b\n",
    );
    assert_eq!((&sophos["priority"], &sophos["level"]), (&30.into(), &"Warning".into()));
    assert_eq!((&sophos["note"], &sophos["note_2"]), (&"a".into(), &"b".into()));

    let login = fields("auditd", "type=LOGIN msg=audit(1709287200.5:45): login pid=1 old auid=7 new auid=8 pid=2\n");
    assert_eq!((&login["old-auid"], &login["auid"], &login["message"]), (&7.into(), &8.into(), &"login".into()));
    assert_eq!((&login["pid"], &login["pid_2"]), (&1.into(), &2.into()));

    let netfilter = fields("iptables", "Mar  1 10:00:00 fw kernel: DROP: IN=eth0 OUT= SRC=192.0.2.7 PROTO=TCP\n");
    assert_eq!((&netfilter["app"], &netfilter["prefix"]), (&"kernel".into(), &"DROP:".into()));

    // A key has the name of what stands before the pairs, and words follow a message.
    let fortinet = fields(
        "fortinet",
        "<189>date=2024-03-01 time=10:00:00 devname=\"fw1\" devid=\"F\" priority=high msg=\"no rule\" at all\n",
    );
    assert_eq!((&fortinet["priority"], &fortinet["priority_2"]), (&189.into(), &"high".into()));
    assert_eq!(fortinet["message"], "no rule at all");

    let cef = fields("cef", "Mar  1 10:00:00 h CEF:0|A|B|1|2|c|3|date=2024-03-01 time=11:12:13 cef_version=x\n");
    assert_eq!((&cef["time"], &cef["time_2"]), (&"1970-03-01T10:00:00Z".into(), &"11:12:13".into()));
    assert_eq!((&cef["cef_version"], &cef["cef_version_2"]), (&0.into(), &"x".into()));

    let mongodb = FormatSpec::new("mongodb");
    let text = "Mon Aug  5 20:21:42 [initandlisten] db version v2.2.5\n";
    let file_time = crate::data::instants::parse_timestamp("2025-01-01T00:00:00Z").unwrap();
    let reading = read_at(prepare(&mongodb, None, text).as_ref(), &[text], file_time);
    assert_eq!(reading.rows[0][reading.schema.index("time").unwrap()].to_json(), "2024-08-05T20:21:42Z");
}

#[test]
fn a_thread_is_read_however_it_is_written() {
    let text = "2019-01-03T08:50:04.634875Z 113 [Note] [MY-010926] [Server] a\n\
                2019-01-03T08:50:04.634875Z 113 [Note] a\n\
                2015-10-07  8:25:38 139845235329792 [Warning] a\n\
                2019-01-03 18:50:04 0x7f12 [Note] a\n\
                190103  8:50:04 113 [Note] a\n";
    let reading = read(&FormatSpec::new("mysql_error"), text);
    let thread = reading.schema.index("thread").unwrap();
    let threads: Vec<_> = reading.rows.iter().map(|row| row[thread].to_json()).collect();
    assert_eq!(threads, ["113", "113", "139845235329792", "0x7f12", "113"]);
}

#[test]
fn only_what_the_standard_says_is_an_escape() {
    let line = r"CEF:0|A\\|B\|C|1|1|N|7|filePath=C:\Users\trend\new\\x qstr=p\=q\\ msg=a\=b\nc\td \| \é act=z\";
    let cef = fields("cef", line);
    assert_eq!((&cef["device_vendor"], &cef["device_product"]), (&r"A\".into(), &"B|C".into()));
    // As in the standard, a backslash before an `n` begins a new line.
    assert_eq!(cef["filePath"], "C:\\Users\\trend\new\\x");
    assert_eq!((&cef["qstr"], &cef["act"]), (&r"p=q\".into(), &r"z\".into()));
    assert_eq!(cef["message"], "a=b\nc\\td \\| \\é");
    let leef = fields("leef", "LEEF:1.0|A|B|1|100|file=C:\\temp\\new\tsrc=192.0.2.7");
    assert_eq!(leef["file"], r"C:\temp\new");
}

#[test]
fn a_credential_among_pairs_is_no_key() {
    let line = "<189>date=2024-03-01 time=10:00:00 devname=\"fw1\" devid=\"F\" url=/a Basic dXNlcjU6SHVudFBhc3M=\n";
    let reading = read(&FormatSpec::new("fortinet"), line);
    assert!(!reading.schema.names().any(|name| name.starts_with("dXNl")), "{:?}", reading.columns());
    let narrow = Schema::of([("host", DataType::String)]);
    let told = read_as(&FormatSpec::new("fortinet"), &narrow, line).tally.unknown_keys;
    assert!(told.contains_key("(words without a value)") && !told.keys().any(|key| key.contains("dXNl")), "{told:?}");
}

#[test]
fn no_zone_is_read_as_utc() {
    for (format, line) in [
        ("postgresql", "2024-07-03 01:02:03.5 ZONE [25] LOG:  hello\n"),
        ("postgresql", "2024-07-03 01:02:03.5 ZONE:192.0.2.7(5678):bob@shop:[25]:LOG:  hello\n"),
        ("cisco", "Jul 03 2024 01:02:03.5 ZONE fw1 : %ASA-6-302013: hello\n"),
        ("cisco", "Jul 03 2024 01:02:03.5 ZONE: %ASA-6-302013: hello\n"),
    ] {
        for (zone, time) in [
            ("UTC", Some("2024-07-03T01:02:03.500Z")),
            ("EDT", Some("2024-07-03T05:02:03.500Z")),
            ("-03", Some("2024-07-03T04:02:03.500Z")),
            ("+08", Some("2024-07-02T17:02:03.500Z")),
            ("+05:30", Some("2024-07-02T19:32:03.500Z")),
            ("GMT+1", Some("2024-07-03T00:02:03.500Z")),
            ("UTC-03:00", Some("2024-07-03T04:02:03.500Z")),
            ("IST", None),
            ("Europe/Berlin", None),
        ] {
            let line = line.replace("ZONE", zone);
            let reading = read(&FormatSpec::new(format), &line);
            assert_eq!(reading.quarantined, [], "{line}");
            let at = |name: &str| reading.rows[0][reading.schema.index(name).unwrap()].to_json();
            assert_eq!(at("time"), time.map_or(serde_json::Value::Null, Into::into), "{line}");
            assert_eq!(reading.tally.changes.unfit.get("time").copied(), time.is_none().then_some(1), "{line}");
            assert!(at("prefix").is_null() && at("message") == "hello", "{line} {:?}", reading.json());
            match format {
                "postgresql" => assert_eq!(at("pid"), 25, "{line}"),
                _ if line.contains("fw1") => assert_eq!(at("host"), "fw1", "{line}"),
                _ => assert!(at("host").is_null(), "{line}"),
            }
        }
    }
    // Without a year, the name of a zone is applied too.
    let reading = read(&FormatSpec::new("cisco"), "Jul  3 01:02:03 EDT fw1 : %ASA-6-302013: hello\n");
    let at = |name: &str| reading.rows[0][reading.schema.index(name).unwrap()].to_json();
    assert_eq!((at("time"), at("zone"), at("host")), ("1970-07-03T05:02:03Z".into(), "EDT".into(), "fw1".into()));
}

#[test]
fn keys_behind_the_sample_are_kept() {
    let text = "CEF:0|A|B|1|2|c|3|src=192.0.2.7\n";
    let sample = Sample { whole: false, ..Sample::whole("sample", text) };
    let cef = crate::formats::format("cef").unwrap();
    let parser = cef.prepare(&FormatSpec::new("cef"), None, &sample).unwrap();
    let reading = read_at(parser.as_ref(), &[text, "CEF:0|A|B|1|2|c|3|src=192.0.2.8 dst=192.0.2.80 act=a b\n"], 0);
    let more = reading.schema.index("_more").unwrap();
    assert_eq!(reading.rows[1][more].to_json(), r#"{"dst":"192.0.2.80","act":"a b"}"#);
    assert!(reading.rows[0][more].is_null() && reading.tally.unknown_keys.is_empty());

    // Of a schema without the column, the key is counted as unknown, and the time is not that of the key.
    let narrow = Schema::of([("time", DataType::Timestamp), ("client", DataType::String)]);
    let text = "Mar  1 10:00:00 h CEF:0|A|B|1|2|c|3|src=192.0.2.7 time=11:12:13 src=192.0.2.8\n";
    let reading = read_as(&FormatSpec::new("cef"), &narrow, text);
    assert_eq!(reading.json(), [r#"["1970-03-01T10:00:00Z","192.0.2.8"]"#]);
    assert_eq!(format!("{:?}", reading.tally.unknown_keys), r#"{"time_2": 1}"#);
    assert_eq!(format!("{:?}", reading.tally.changes.repeated), r#"{"client": 1}"#);
}

#[test]
fn well_known_layouts_have_their_columns() {
    for (format, line, columns) in [
        ("application_log", "2024-01-01 12:00:00,123 ERROR [main] a.b.C - message", "time level thread logger message"),
        (
            "application_log",
            "2024-01-01 12:00:00.123 [http-1] WARN  a.b.C - message",
            "time level thread logger message",
        ),
        ("application_log", "2024-01-01 12:00:00,123 - my.app - INFO - message", "time level logger message"),
        (
            "elasticsearch",
            "[2018-05-17T08:29:12,177][INFO ][o.e.n.Node    ] [n] message",
            "time level host logger message",
        ),
        (
            "elasticsearch",
            "[2018-05-17T08:29:12,177][WARN ][o.e.m.j.JvmGcMonitorService] [n] [gc][12] overhead",
            "time level host logger message",
        ),
        ("application_log", "17/06/09 20:10:40 INFO executor.Backend: Registered", "time level logger message"),
        (
            "application_log",
            "081109 203615 148 INFO dfs.DataNode$PacketResponder: message",
            "time level pid logger message",
        ),
        (
            "application_log",
            "2024-01-01T12:00:00.123+01:00  INFO 123 --- [shop] [   main] a.b.C : message",
            "time level app pid thread logger message",
        ),
        ("application_log", "01-Jan-2024 12:00:00.123 INFO [main] a.b.C.d message", "time level thread logger message"),
        ("application_log", "ERROR:root:message", "level logger message"),
        ("application_log", "[2024-01-01T12:00:00Z INFO  my::crate] message", "time level logger message"),
        (
            "application_log",
            "2024-01-01 12:00:00.123 | INFO     | __main__:main:12 - message",
            "time level logger message",
        ),
        (
            "nginx_error",
            "2024/01/01 10:00:00 [error] 12#34: *5 open() failed",
            "time level pid thread connection message",
        ),
        (
            "nginx_error",
            "2024/01/01 10:00:00 [error] 12#34: *5 open() failed (2: No such file), client: 192.0.2.7, server: _, request: \"GET /x HTTP/1.1\", upstream: \"http://192.0.2.80/\", host: \"shop\", referrer: \"http://shop/\"",
            "time level pid thread client method path http_version referrer vhost upstream connection server message",
        ),
        (
            "bind",
            "01-Mar-2024 10:00:00.123 queries: info: client @0x7f26 192.0.2.7#5678 (example.org): view inside: query: example.org IN A +E(0)K (192.0.2.80)",
            "time level client client_port category client_id question view query class type flags server",
        ),
        (
            "bind",
            "01-Mar-2024 10:00:00.123 lame-servers: info: timed out resolving 'x/A/IN': 192.0.2.80#53",
            "time level category message",
        ),
        (
            "apache_error",
            "[Fri Feb 01 22:03:08.319124 2019] [authz_core:debug] [pid 9:tid 14] mod.c(820): x",
            "time level pid thread module message",
        ),
        (
            "apache_error",
            "[Mon Aug 31 16:27:04 2015] [error] [client 10.17.42.3] Premature end",
            "time level client message",
        ),
        (
            "postgresql",
            "2017-04-03 22:32:14.322 CEST [31225] postgres@mydb LOG:  could not receive",
            "time level pid user database message",
        ),
        ("klog", "I0102 15:04:05.123456    123 file.go:12] message", "time level thread file line message"),
        ("level_log", "2024-01-01T12:00:00Z WARN something", "time level message"),
        ("level_log", "2024-01-01 12:00:00 [warn] something", "time level message"),
        ("monolog", "[2024-01-01 12:00:00] local.ERROR: message", "time level logger message"),
        ("redis", "12:C 01 Jan 2024 12:00:00.123 # message", "time level pid role message"),
        ("mongodb", "2024-01-01T12:00:00.123+0100 W COMMAND  [conn1] message", "time level component context message"),
        ("mysql_error", "2024-01-01T12:00:00.123456Z 0 [Warning] message", "time level thread message"),
        (
            "mysql_error",
            "2024-01-01T12:00:00.123456Z 0 [Note] [MY-1] [Server] message",
            "time level thread error_code subsystem message",
        ),
    ] {
        let text = format!("{line}\n").repeat(3);
        let found = recognise(&Sample::whole("x.log", &text));
        assert_eq!(found[0].format.name, format, "{line}: {found:?}");
        let reading = read(&found[0].format, &text);
        assert_eq!(reading.tally.accepted, 3, "{line}");
        let filled = reading.schema.names().zip(&reading.rows[0]).filter(|(_, value)| !value.is_null());
        let names: Vec<&str> = filled.map(|(name, _)| name).collect();
        assert_eq!(names.join(" "), columns, "{line}");
    }
}

#[test]
fn times_that_are_cut_are_counted_in_every_form() {
    for (spec, line) in [
        (FormatSpec::new("klog"), "I0703 01:02:03.1234567   12 server.go:34] x\n"),
        (FormatSpec::new("logcat"), "07-03 01:02:03.1234567  1702  2395 I Act: S\n"),
        (FormatSpec::new("w3c"), "#Fields: date time c-ip\n2024-03-01 10:00:00.1234567 192.0.2.7\n"),
        (
            FormatSpec::new("nginx_access").with("log_format", "$time_iso8601 $status"),
            "2024-03-01T10:00:00.1234567Z 200\n",
        ),
        (FormatSpec::new("pattern").with("pattern", "%{TIMESTAMP_ISO8601:time}"), "2024-03-01T10:00:00.1234567Z\n"),
    ] {
        let reading = read(&spec, line);
        assert_eq!(reading.tally.changes.cut.get("time"), Some(&1), "{}: {:?}", spec.name, reading.tally);
        let reading = read(&spec, &line.replace("1234567", "123456"));
        assert_eq!((reading.tally.rows, reading.tally.changes.count()), (1, 0), "{}: {:?}", spec.name, reading.tally);
    }
}

#[test]
fn a_further_value_has_its_column_without_the_first() {
    for (format, line, column, wanted, left_out) in [
        ("logfmt", "a=1 a=2 b=x a=3\n", ("a_2", DataType::Int), "2", 3),
        ("fortinet", "date=2024-03-01 time=10:00:00 devname=\"fw1\" x=a x=b\n", ("x_2", DataType::String), "\"b\"", 2),
        (
            "fortinet",
            "<189>date=2024-03-01 time=10:00:00 devname=\"f\" priority=high\n",
            ("priority_2", DataType::String),
            "\"high\"",
            1,
        ),
        ("auditd", "type=X msg=audit(1709287200.1:4): pid=1 pid=2\n", ("pid_2", DataType::Int), "2", 1),
        ("cef", "CEF:0|E|G|1|1|n|5|src=1.1.1.1 src=2.2.2.2\n", ("client_2", DataType::String), "\"2.2.2.2\"", 1),
        ("cef", "CEF:0|E|G|1|1|n|5|name=q\n", ("name_2", DataType::String), "\"q\"", 0),
        ("influx", "cpu,host=a host=1 1709287200000000000\n", ("host_2", DataType::Float), "1.0", 1),
    ] {
        // The parser meets rows with and without a second value.
        let reading = read_as(&FormatSpec::new(format), &Schema::of([column]), &line.repeat(2));
        assert_eq!(reading.json(), vec![format!("[{wanted}]"); 2], "{line}");
        let told: u64 = reading.tally.unknown_keys.values().sum();
        assert_eq!(told, 2 * left_out, "{line} {:?}", reading.tally.unknown_keys);
    }
    // JSON has one value for a key, the last one.
    let json = read_as(&FormatSpec::new("json_lines"), &Schema::of([("a_2", DataType::Int)]), "{\"a\":1,\"a\":2}\n");
    assert_eq!(json.json(), ["[null]"]);
}

#[test]
fn years_that_are_guessed_are_told() {
    for (format, line, guessed) in [
        ("klog", "I0703 01:02:03.123456   12 server.go:34] x\n", 1),
        ("cisco", "Jul  3 01:02:03 fw1 : %ASA-6-302013: hello\n", 1),
        ("cisco", "Jul 03 2024 01:02:03 fw1 : %ASA-6-302013: hello\n", 0),
        ("redis", "12:M 01 Mar 2024 10:00:00.123 * Ready\n", 0),
        ("mysql_error", "240301 10:00:00 [Note] x\n", 0),
    ] {
        assert_eq!(read(&FormatSpec::new(format), line).tally.guessed_years, guessed, "{line}");
    }
}

/// What loggers and servers write by default: each shape is recognised by itself, and its fields are where they belong.
#[test]
fn default_layouts_are_recognised_with_their_fields() {
    for (format, line, wanted) in [
        (
            "application_log",
            "2024-03-01T10:00:00.123+01:00 ERROR 7 --- [shop] [exec-1] [0af7651916cd43dd-b7ad6b71] o.a.c.C.[.[.[/].[dispatcher] : no row",
            "time=2024-03-01T09:00:00.123Z; app=shop; thread=exec-1; trace_id=0af7651916cd43dd; span_id=b7ad6b71; logger=o.a.c.C.[.[.[/].[dispatcher]; message=no row",
        ),
        (
            "application_log",
            "2024-03-01T10:00:00.123Z  INFO 7 --- [shop] [exec-1] [                ] o.e.Shop : up",
            "app=shop; thread=exec-1; logger=o.e.Shop; message=up",
        ),
        (
            "java_servers",
            "2024-03-01 10:00:00,123 INFO  [org.example.Login] (executor-thread-1) type=\"LOGIN\"",
            "logger=org.example.Login; thread=executor-thread-1; message=type=\"LOGIN\"",
        ),
        ("application_log", "2024-03-01 10:00:00 - WARNING - late", "level=WARNING; message=late"),
        (
            "python_services",
            "[2024-03-01 10:00:00 +0100] [17] [INFO] Booting",
            "time=2024-03-01T09:00:00Z; pid=17; level=INFO",
        ),
        ("python_services", "[2024-03-01 10:00:00,5: INFO/Main] sent", "level=INFO; thread=Main; message=sent"),
        (
            "level_first",
            "WARN  [Compaction:1] 2024-03-01 10:00:00,123 Store.java:12 - slow",
            "time=2024-03-01T10:00:00.123Z; thread=Compaction:1; file=Store.java; line=12; message=slow",
        ),
        (
            "python_services",
            "ERROR 2024-03-01 10:00:00,123 views 22 14 lost",
            "logger=views; pid=22; thread=14; message=lost",
        ),
        (
            "zap_console",
            "2024-03-01T10:00:00.1Z\tINFO\tshop.node\tsrv/main.go:10\tup\t{\"n\": 1}",
            "logger=shop.node; file=srv/main.go; line=10",
        ),
        ("rust_tracing", "2024-03-01T10:00:00Z  INFO shop::db: open", "logger=shop::db; message=open"),
        (
            "server_logs",
            "2024-03-01 10:00:00.000 UTC [44] LOG C-0x55: shop/bob@192.0.2.7:5123 login",
            "pid=44; level=LOG; database=shop; user=bob; client=192.0.2.7; client_port=5123; message=login",
        ),
        (
            "python_services",
            "2024-03-01 10:00:00,1 fail2ban.filter [31]: NOTICE  [sshd] Ban",
            "logger=fail2ban.filter; pid=31; level=NOTICE",
        ),
        (
            "clock_log",
            "10:00:00.123 [main] INFO  org.example.A - up",
            "clock=10:00:00.123; thread=main; logger=org.example.A",
        ),
        ("application_log", "2024-03-01 10:00:00.1|INFO|Shop.Jobs|done", "level=INFO; logger=Shop.Jobs; message=done"),
        ("node_services", "2024-03-01T10:00:00Z [shop] warn: late", "logger=shop; level=warn; message=late"),
        (
            "application_log",
            "01.03.2024 10:00:00,123 INFO  [main] de.example.A - auf",
            "time=2024-03-01T10:00:00.123Z; thread=main; logger=de.example.A; message=auf",
        ),
        (
            "python_services",
            "2024-03-01 10:00:00,1 7 INFO shop odoo.http: up",
            "pid=7; database=shop; logger=odoo.http",
        ),
        ("level_log", "[2024/03/01 10:00:00] [ info] ready", "time=2024-03-01T10:00:00Z; level=info; message=ready"),
        (
            "php",
            "[01-Mar-2024 10:00:00 Europe/Berlin] PHP Warning:  no x",
            "time=2024-03-01T09:00:00Z; level=Warning; message=no x",
        ),
        ("php", "[01-Mar-2024 10:00:00] NOTICE: [pool www] ready", "level=NOTICE; pool=www; message=ready"),
        (
            "uvicorn",
            "INFO:     192.0.2.7:51 - \"GET /a HTTP/1.1\" 200 OK",
            "client=192.0.2.7; client_port=51; method=GET; path=/a; status=200",
        ),
        ("framework_access", "POST /a 201 - - 4.5 ms", "method=POST; status=201; duration=0.0045"),
        (
            "clickhouse",
            "2024.03.01 10:00:00.5 [ 12 ] {} <Error> Server: no",
            "thread=12; level=Error; logger=Server; message=no",
        ),
        ("kernel_log", "[   12.345678] usb 1-1: new", "uptime=12.345678; message=usb 1-1: new"),
        ("kernel_log", "[Fri Mar  1 10:00:00 2024] eth0: up", "time=2024-03-01T10:00:00Z; message=eth0: up"),
        (
            "epoch_log",
            "[1709287200] unbound[12:0] info: q",
            "time=2024-03-01T10:00:00Z; app=unbound; pid=12; level=info; message=q",
        ),
        ("appliance_log", "  22:20240301:100000.123 up", "pid=22; time=2024-03-01T10:00:00.123Z; message=up"),
        (
            "klog",
            "E240301 10:00:00.123456 52 1@kv/store.go:40 ⋮ [n1,s1] 50  lost",
            "level=E; thread=52; channel=1; file=kv/store.go; line=40; tags=n1,s1; counter=50; message=lost",
        ),
        (
            "cisco",
            "000041: *Mar  1 10:00:00.000 CET: %LINK-3-UPDOWN: Interface, down",
            "sequence=41; clock=*; facility=LINK; message=Interface, down",
        ),
        (
            "cisco",
            "2024 Mar  1 10:00:00 sw1 %ETH-5-DOWN: Interface is down",
            "time=2024-03-01T10:00:00Z; host=sw1; message_id=DOWN",
        ),
        (
            "syslog_levels",
            "Mar  1 10:00:00 lb1 err mcpd[12]: 0107:5: down",
            "host=lb1; level=err; app=mcpd; pid=12; message=0107:5: down",
        ),
        ("dotnet_console", "fail: Shop.Api[14]\n      no row", "level=fail; logger=Shop.Api; event_id=14"),
        (
            "framework_access",
            "[GIN] 2024/03/01 - 10:00:00 | 200 | 1.2ms | 192.0.2.7 | GET \"/a\"",
            "status=200; duration=0.0012; client=192.0.2.7; path=/a",
        ),
        (
            "framework_access",
            "192.0.2.7 - - [01/Mar/2024 10:00:00] \"GET /a HTTP/1.1\" 200 -",
            "time=2024-03-01T10:00:00Z; client=192.0.2.7; status=200",
        ),
        ("go_log", "2024/03/01 10:00:00 main.go:12: up", "file=main.go; line=12; message=up"),
        (
            "websphere",
            "[3/1/24 10:00:00:123 CET] 00000063 Pool    I   open",
            "time=2024-03-01T09:00:00.123Z; thread=00000063; logger=Pool; level=I",
        ),
    ] {
        let text = format!("{line}\n").repeat(3);
        let found = recognise(&Sample::whole("sample", &text));
        assert_eq!(found[0].format.name, format, "{line}: {found:?}");
        let row = fields(format, &text);
        for (name, value) in wanted.split("; ").filter_map(|pair| pair.split_once('=')) {
            let shown = match &row[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(shown.trim_end(), value, "{line}: {name}: {row}");
        }
    }
}

#[test]
fn a_report_of_a_function_has_its_figures() {
    let text = "START RequestId: 8f50-4c2a Version: $LATEST\n\
                2024-03-01T10:00:00.123Z\t8f50-4c2a\tINFO\torder 7\n\
                END RequestId: 8f50-4c2a\n\
                REPORT RequestId: 8f50-4c2a\tDuration: 40.5 ms\tBilled Duration: 41 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\tInit Duration: 120 ms\t\n";
    assert_eq!(recognise(&Sample::whole("sample", text))[0].format.name, "aws_lambda");
    let reading = read(&FormatSpec::new("aws_lambda"), text);
    let of = |row: usize, name: &str| reading.rows[row][reading.schema.index(name).unwrap()].to_json();
    assert_eq!(reading.rows.len(), 4);
    assert!((0..4).all(|row| of(row, "request_id") == "8f50-4c2a"));
    assert_eq!((of(1, "level"), of(1, "message")), ("INFO".into(), "order 7".into()));
    assert_eq!(
        (of(3, "type"), of(3, "duration"), of(3, "init_duration")),
        ("REPORT".into(), 0.0405.into(), 0.12.into())
    );
    assert_eq!((of(3, "memory"), of(3, "used_memory")), (128.into(), 70.into()));
}

#[test]
fn what_stands_beside_a_log_is_kept_and_tells_nothing() {
    // Half of the lines have no level, and each has a time.
    let text = "2024-03-01T10:00:00: Error: refused\n    at x\n2024-03-01T10:00:01: ready\n";
    let found = recognise(&Sample::whole("sample", text));
    assert_eq!((found[0].format.name.as_str(), found[0].score), ("level_log", 42), "{found:?}");
    let reading = read(&found[0].format, text);
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 0));
    // Times alone are no log with levels.
    let found = recognise(&Sample::whole("sample", "2024-03-01T10:00:00 ready\n2024-03-01T10:00:01 done\n"));
    assert_eq!(found[0].format.name, "pattern", "{found:?}");
}

#[test]
fn layouts_of_frameworks_have_their_columns() {
    for (format, line, expected) in [
        ("python_services", "[2024-03-01 10:00:00 +0100] [17] [ERROR] late", ["2024-03-01T09:00:00Z", "ERROR", "late"]),
        (
            "php",
            "[01-Mar-2024 10:00:00 Europe/Berlin] PHP Fatal error:  late",
            ["2024-03-01T09:00:00Z", "Fatal error", "late"],
        ),
        ("websphere", "[3/1/24 10:00:00:123 CET] 00000063 Servlet E   late", ["2024-03-01T09:00:00.123Z", "E", "late"]),
        (
            "java_servers",
            "2024-03-01 10:00:00,123 WARN  [org.a] (main thread) late",
            ["2024-03-01T10:00:00.123Z", "WARN", "late"],
        ),
        ("level_first", "[WARN] 2024-03-01 10:00:00 late", ["2024-03-01T10:00:00Z", "WARN", "late"]),
        (
            "application_log",
            "01.03.2024 10:00:00,123 WARN  [main] org.a.B - late",
            ["2024-03-01T10:00:00.123Z", "WARN", "late"],
        ),
        ("application_log", "2024-03-01 10:00:00 - WARN - late", ["2024-03-01T10:00:00Z", "WARN", "late"]),
        ("application_log", "2024-03-01 10:00:00,123 WARN org.a.B: late", ["2024-03-01T10:00:00.123Z", "WARN", "late"]),
        ("hclog", "2024-03-01T10:00:00Z [WARN]  core: late", ["2024-03-01T10:00:00Z", "WARN", "late"]),
    ] {
        let found = recognise(&Sample::whole("sample", &format!("{line}\n{line}\n")));
        assert_eq!(found[0].format.name, format, "{line}: {found:?}");
        let row = fields(format, line);
        assert_eq!([&row["time"], &row["level"], &row["message"]], expected, "{line}: {row}");
        assert!(row.get("logger").is_none_or(|logger| logger != "-"), "{row}");
    }
    // Loggers of Spring in brackets, and its correlation, blank or not.
    let spring = |rest: &str| fields("application_log", &format!("2024-03-01T10:00:00Z ERROR 1 --- {rest}"));
    let row = spring("[shop] [exec-1] [6f1e2d3c4b5a69780123456789abcdef-0123456789abcdef] o.a.[.[/].[servlet] : late");
    assert_eq!(
        (&row["app"], &row["thread"], &row["logger"]),
        (&"shop".into(), &"exec-1".into(), &"o.a.[.[/].[servlet]".into())
    );
    assert_eq!(row["trace_id"], "6f1e2d3c4b5a69780123456789abcdef");
    let row = spring("[shop] [exec-1] [                                                 ] o.a.B : late");
    assert_eq!((&row["app"], &row["thread"], &row["logger"]), (&"shop".into(), &"exec-1".into(), &"o.a.B".into()));
}

#[test]
fn the_comma_of_a_time_and_a_word_behind_it_make_neither_a_table_nor_syslog() {
    for line in [
        "alpha 2024-03-01 10:00:00,123 beta gamma",
        "2024-03-01T10:00:00.123Z [beta] gamma: delta",
        "2024-03-01T10:00:00.123Z START RequestId: 17",
        "2024-03-01T10:00:00.123Z WARN cache: late",
    ] {
        let found = recognise(&Sample::whole("sample", &format!("{line}\n{line}\n{line}\n")));
        let names: Vec<&str> = found.iter().map(|found| found.format.name.as_str()).collect();
        assert!(!names.contains(&"csv") && !names.contains(&"syslog_3164"), "{line}: {names:?}");
    }
    let found = recognise(&Sample::whole("sample", "2024-03-01T10:00:00.123Z web1 sshd[12]: late\n"));
    assert_eq!(found[0].format.name, "syslog_3164", "{found:?}");
}

#[test]
fn the_zone_that_a_pair_tells_is_that_of_the_time() {
    let line = |rest: &str| format!("date=2024-03-01 time=10:00:00 devname=fw1 logid=1 {rest} srcip=192.0.2.7\n");
    for (rest, time) in [
        ("tz=\"+0200\"", "2024-03-01T08:00:00Z"),
        ("tz=-0800", "2024-03-01T18:00:00Z"),
        ("tz=\"\"", "2024-03-01T10:00:00Z"),
        ("level=notice", "2024-03-01T10:00:00Z"),
    ] {
        assert_eq!(fields("fortinet", &line(rest))["time"], time, "{rest}");
    }
    let row = fields("fortinet", &line("tz=\"+0200\" eventtime=1709287200"));
    assert_eq!((&row["tz"], &row["eventtime"]), (&"+0200".into(), &1_709_287_200.into()));
    let sophos = "device=\"SFW\" date=2024-03-01 time=10:00:00 timezone=\"CET\" device_name=\"XG1\"\n";
    assert_eq!(fields("sophos", sophos)["time"], "2024-03-01T09:00:00Z");
}

#[test]
fn what_is_inside_of_something_else_fills_no_column_of_the_line() {
    let packet = fields(
        "iptables",
        "Feb 17 10:00:04 gw1 kernel: [81235.0] REJECT: IN=eth0 OUT= SRC=192.0.2.77 DST=192.0.2.4 LEN=28 PROTO=ICMP TYPE=3 CODE=3 [SRC=192.0.2.4 DST=192.0.2.77 TTL=64 PROTO=UDP SPT=53 DPT=40112 LEN=36 ] \n",
    );
    assert_eq!(
        (&packet["client"], &packet["LEN"], &packet["PROTO"]),
        (&"192.0.2.77".into(), &28.into(), &"ICMP".into())
    );
    assert_eq!(packet["inner"], "SRC=192.0.2.4 DST=192.0.2.77 TTL=64 PROTO=UDP SPT=53 DPT=40112 LEN=36");
    assert_eq!((packet.get("client_port"), packet.get("TTL")), (None, None));
    let leef =
        fields("leef", "Feb 17 10:00:02 gate LEEF:2.0|Example|Gate|1.0|41|^|src=192.0.2.7^sev=5^usrName=joe=x\n");
    assert_eq!((&leef["host"], &leef["client"], &leef["user"]), (&"gate".into(), &"192.0.2.7".into(), &"joe=x".into()));
    let beat = fields(
        "zap_console",
        "2026-02-17T10:00:30.001+0100\tINFO\t[monitoring]\tlog/log.go:184\tMetrics\t{\"a\": 1}\n",
    );
    assert_eq!(
        (&beat["logger"], &beat["file"], &beat["line"]),
        (&"monitoring".into(), &"log/log.go".into(), &184.into())
    );
    assert_eq!(beat["message"], "Metrics");
    let stash = fields(
        "application_log",
        "[2026-02-17T10:00:02,000][WARN ][logstash.filters.grok    ][main][8f3c2a1b] Timeout\n",
    );
    assert_eq!(
        (&stash["logger"], &stash["pipeline"], &stash["plugin_id"]),
        (&"logstash.filters.grok".into(), &"main".into(), &"8f3c2a1b".into())
    );
    // A message in JSON has no pairs, whatever its texts hold.
    let line = "2026-02-17 10:00:05 INFO a.B - start a=1 b=\"x y\"\n2026-02-17 10:00:06 INFO a.B - kube {\"log\":\"hello a=2\",\"stream\":\"out\"}\n";
    let rows = named_rows(&read(&FormatSpec::new("application_log").with("fields", "pairs"), line));
    assert_eq!((&rows[0]["a"], rows[1].get("a")), (&1.into(), None));
}
