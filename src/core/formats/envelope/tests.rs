//! Tests of envelopes.

use super::CRI;
use crate::data::{DataType, Schema};
use crate::formats::testing::{pieces, prepare, read, read_as, read_with, samples};
use crate::formats::{Format, FormatSpec, Sample};

const CRI_LOG: &str = "2024-03-01T10:00:00.1Z stdout F 2024-03-01 10:00:00,100 ERROR [main] a.B - failed\n\
    2024-03-01T10:00:00.2Z stdout F \tat a.B(B.java:1)\n\
    2024-03-01T10:00:00.3Z stderr P 2024-03-01 10:00:01,300 WARN [main] a.B - in \n\
    2024-03-01T10:00:00.4Z stderr F pieces\n\
    no envelope\n\
    2024-03-01T10:00:00.5Z stdout F 2024-03-01 10:00:02,500 INFO [main] a.B - ok\n";

#[test]
fn the_payload_is_read_by_its_own_format() {
    let found = crate::formats::recognise(&Sample::whole("0.log", CRI_LOG));
    assert_eq!(found[0].format, FormatSpec::new("cri").with("payload", "application_log"), "{found:?}");
    let reading = read(&found[0].format, CRI_LOG);
    let names: Vec<&str> = reading.schema.names().take(5).collect();
    assert_eq!(names, ["time", "stream", "payload_time", "level", "app"]);
    let message = reading.schema.index("message").unwrap();
    let rows: Vec<String> = reading
        .rows
        .iter()
        .map(|row| serde_json::to_string(&[&row[0], &row[1], &row[2], &row[message]]).unwrap())
        .collect();
    assert_eq!(
        rows,
        [
            r#"["2024-03-01T10:00:00.100Z","stdout","2024-03-01T10:00:00.100Z","failed\n\tat a.B(B.java:1)"]"#,
            r#"["2024-03-01T10:00:00.300Z","stderr","2024-03-01T10:00:01.300Z","in pieces"]"#,
            r#"["2024-03-01T10:00:00.500Z","stdout","2024-03-01T10:00:02.500Z","ok"]"#,
        ]
    );
    assert_eq!((reading.tally.read, reading.tally.joined, reading.tally.quarantined), (6, 2, 1));
    assert_eq!(reading.places.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3, 6]);
    let parser = prepare(&found[0].format, None, CRI_LOG);
    for size in [1, 50, 120, 300] {
        let parts = pieces(parser.as_ref(), CRI_LOG, size);
        assert_eq!(read_with(parser.as_ref(), &parts).rows, reading.rows, "{size}: {parts:?}");
    }
}

#[test]
fn docker_and_compose_lines() {
    let docker = "{\"log\":\"level=info n=1\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:00.5Z\"}\n\
                  {\"log\":\"level=warn \",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:01Z\"}\n\
                  {\"log\":\"n=2\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:02Z\"}\n";
    let found = crate::formats::recognise(&Sample::whole("x-json.log", docker));
    assert_eq!(found[0].format, FormatSpec::new("docker_json").with("payload", "logfmt"), "{found:?}");
    assert_eq!(
        read(&found[0].format, docker).json(),
        [r#"["2024-03-01T10:00:00.500Z","stdout","info",1]"#, r#"["2024-03-01T10:00:01Z","stdout","warn",2]"#]
    );
    let compose = "web-1  | {\"a\":1}\ndb-1   | {\"a\":2}\n";
    let found = crate::formats::recognise(&Sample::whole("x.log", compose));
    assert_eq!(found[0].format, FormatSpec::new("docker_compose").with("payload", "json_lines"), "{found:?}");
    assert_eq!(read(&found[0].format, compose).json(), [r#"["web-1",1]"#, r#"["db-1",2]"#]);
    assert_eq!(read(&FormatSpec::new("docker_compose").with("payload", "lines"), compose).rows.len(), 2);
}

#[test]
fn a_payload_whose_keys_are_called_as_ours_keeps_them() {
    let line = r#"{"log":"{\"time\":1,\"payload_time\":2}\n","stream":"stdout","time":"2024-03-01T10:00:00Z"}"#;
    let format = FormatSpec::new("docker_json").with("payload", "json_lines");
    let reading = read(&format, &format!("{line}\n"));
    let told = ["payload_time", "payload_payload_time"]
        .map(|name| reading.schema.index(name).map(|at| reading.rows[0][at].to_json()));
    assert_eq!(told, [Some(1.into()), Some(2.into())], "{:?}", reading.schema);
}

#[test]
fn a_wrong_payload_is_explained() {
    for (payload, code) in [("logfmtt", "PW1121"), ("{", "PW1120"), ("json_document", "PW1122"), ("parquet", "PW1122")]
    {
        let fault = CRI.prepare(&FormatSpec::new("cri").with("payload", payload), None, &Sample::default()).err();
        assert_eq!(fault.map(|fault| fault.code).as_deref(), Some(code), "{payload}");
    }
    let nested = "a | ".repeat(20_000);
    assert!(crate::formats::recognise(&Sample::whole("x", &nested)).len() > 1, "bars without end are read once");
}

#[test]
fn real_files_keep_their_lines() {
    let Some(folder) = samples() else { return };
    let text = std::fs::read_to_string(folder.join("container-json/docker-container-json.log")).unwrap();
    let found = crate::formats::recognise(&Sample::whole("x", &text));
    assert_eq!(found[0].format.name, "docker_json");
    let tally = read(&found[0].format, &text).tally;
    assert_eq!(tally.quarantined, 0, "{tally:?}");
}

#[test]
fn times_that_are_cut_are_counted_as_in_other_formats() {
    let time = "2024-03-01T10:00:00";
    for (format, line) in [
        ("cri", "TIMEZ stdout F hello\n"),
        ("docker_json", "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"TIMEZ\"}\n"),
        ("syslog_5424", "<34>1 TIMEZ host app - - - hello\n"),
        ("syslog_3164", "TIMEZ host app: hello\n"),
        ("level_log", "TIMEZ INFO hello\n"),
    ] {
        let text: String = [".123456789", ".123456000", ".5"]
            .iter()
            .map(|end| line.replace("TIME", &format!("{time}{end}")))
            .collect();
        let reading = crate::formats::testing::read(&FormatSpec::new(format), &text);
        assert_eq!(reading.tally.changes.cut.get("time"), Some(&1), "{format}: {:?}", reading.tally);
    }
}

#[test]
fn a_return_inside_of_a_payload_ends_no_line() {
    let text = "2024-03-01T10:00:00Z stdout F 10%\r20%\n2024-03-01T10:00:01Z stdout F done\n";
    let docker = "{\"log\":\"10%\\r20%\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:00Z\"}\n\
                  {\"log\":\"done\\n\",\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:01Z\"}\n";
    let rows = [r#"["2024-03-01T10:00:00Z","stdout","10%\r20%"]"#, r#"["2024-03-01T10:00:01Z","stdout","done"]"#];
    let docker = read(&FormatSpec::new("docker_json").with("payload", "lines"), docker);
    assert_eq!(docker.json(), rows);
    assert_eq!(read(&FormatSpec::new("cri").with("payload", "lines"), text).json(), rows);
}

#[test]
fn a_level_before_a_bar_is_no_container() {
    let text = "INFO  | admin called retry | qtp-47\nWARN  | guest called purge | qtp-45\n";
    let found = crate::formats::recognise(&Sample::whole("audit.log", text));
    assert!(found.iter().all(|found| found.format.name != "docker_compose"), "{found:?}");
}

#[test]
fn a_large_chunk_is_cut_before_its_last_event_as_a_small_one_is() {
    let event = "2024-03-01T10:00:00.1Z stdout F 2024-03-01 10:00:00,100 ERROR [main] a.B - failed\n";
    let trace = "2024-03-01T10:00:00.2Z stdout F \tat a.B(B.java:1)\n";
    let piece = "2024-03-01T10:00:00.3Z stderr P 2024-03-01 10:00:01,300 WARN [main] a.B - in \n";
    let parser = prepare(&FormatSpec::new("cri").with("payload", "application_log"), None, event);
    let many = |line: &str| line.repeat((600 << 10) / line.len());
    let events = many(event);
    // The last event goes on at the end, a little and over more than is looked at first; a piece waits for its end.
    for (text, wanted) in [
        (format!("{events}{event}{trace}"), events.len()),
        (format!("{events}{event}{}", many(trace)), events.len()),
        (format!("{event}{event}{piece}{events}"), event.len()),
        (format!("{event}{event}{trace}"), event.len()),
    ] {
        assert_eq!(parser.cut(text.as_bytes()), wanted);
    }
}

#[test]
fn containers_are_read_apart_and_what_their_format_does_not_read_stays_a_text() {
    let text = "web-1   | 192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 12 \"-\" \"x\"\n\
        db-1    | 2024-03-01 10:00:01,100 ERROR [main] a.B - failed\n\
        cache-1 | 1:M 1 Mar 2024 10:00:02.000 * Saved\n\
        db-1    | \tat a.B(B.java:1)\n\
        web-1   | 192.0.2.7 - - [01/Mar/2024:10:00:03 +0000] \"GET /b HTTP/1.1\" 404 12 \"-\" \"x\"\n\
        db-1    | 2024-03-01 10:00:04,100 INFO [main] a.B - ok\n\
        web-1   | what no format reads\n";
    let found = crate::formats::recognise(&Sample::whole("compose.log", text));
    assert_eq!(found[0].format.name, "docker_compose", "{found:?}");
    let reading = read(&found[0].format, text);
    let of = |row: &[crate::data::Value], name: &str| row[reading.schema.index(name).unwrap()].to_json();
    let rows: Vec<String> = reading
        .rows
        .iter()
        .map(|row| format!("{} {} {}", of(row, "container"), of(row, "path"), of(row, "message")))
        .collect();
    assert_eq!(rows[0], r#""web-1" "/a" null"#);
    assert_eq!(rows[1], r#""db-1" null "failed\n\tat a.B(B.java:1)""#);
    assert!(rows[2].starts_with(r#""cache-1" null "#) && rows[2].contains("Saved"), "{rows:?}");
    assert_eq!(
        (rows[3].as_str(), rows[5].as_str()),
        (r#""web-1" "/b" null"#, r#""web-1" null "what no format reads""#)
    );
    let tally = &reading.tally;
    assert_eq!((tally.read, tally.accepted, tally.joined, tally.quarantined), (7, 6, 1, 0));
    // The first kind of payload is most of the lines here: the others keep their text.
    let mut cri = "2024-03-01T10:00:00Z stdout F {\"level\":\"info\",\"n\":1}\n".repeat(9);
    cri.push_str("2024-03-01T10:00:01Z stderr F panic: no row\n");
    let found = crate::formats::recognise(&Sample::whole("0.log", &cri));
    assert_eq!(found[0].format, FormatSpec::new("cri").with("payload", "json_lines"), "{found:?}");
    let reading = read(&found[0].format, &cri);
    let last = reading.rows.last().unwrap();
    assert_eq!((reading.tally.accepted, reading.tally.quarantined), (10, 0));
    assert_eq!(last[reading.schema.index("message").unwrap()].to_json(), "panic: no row");
    assert_eq!(last[reading.schema.index("stream").unwrap()].to_json(), "stderr");
}

#[test]
fn pieces_of_docker_lines_are_joined_at_any_chunk_size() {
    let line = |log: &str, second: u32| {
        format!(
            "{{\"log\":{},\"stream\":\"stdout\",\"time\":\"2024-03-01T10:00:{second:02}Z\"}}\n",
            serde_json::json!(log)
        )
    };
    let mut text = String::new();
    for n in 0..6 {
        text.push_str(&line(&format!("{{\"n\":{n},\"a\":\"x"), n * 4));
        (1..=n % 3).for_each(|_| text.push_str(&line("yy", n * 4 + 1)));
        text.push_str(&line("\"}\n", n * 4 + 2));
    }
    let format = FormatSpec::new("docker_json").with("payload", "json_lines");
    let whole = read(&format, &text);
    assert_eq!((whole.rows.len(), whole.tally.quarantined, whole.tally.joined), (6, 0, 12));
    assert_eq!(whole.json()[2], r#"["2024-03-01T10:00:08Z","stdout",2,"xyyyy"]"#);
    let parser = prepare(&format, None, &text);
    for size in 1..text.len() {
        let parts = pieces(parser.as_ref(), &text, size);
        assert_eq!(read_with(parser.as_ref(), &parts).rows, whole.rows, "{size}");
    }
}

/// The format, its payload, and the first row of a text as JSON, without what is null.
fn first_row(text: &str) -> (String, String, serde_json::Value) {
    let found = crate::formats::recognise(&Sample::whole("x.log", text));
    let spec = found[0].format.clone();
    let rows = crate::formats::testing::named_rows(&read(&spec, text));
    let payload = spec.option("payload").unwrap_or_default().to_owned();
    (spec.name, payload, rows.into_iter().next().unwrap_or_default())
}

#[test]
fn tools_and_platforms_say_whose_line_it_is() {
    use serde_json::json;
    for (head, format, columns) in [
        ("[pod/web-0/nginx] ", "kubernetes_log", json!({"pod": "web-0", "container": "nginx"})),
        ("shop-6d5f7c9b8d-x2x4z app ", "kubernetes_log", json!({"pod": "shop-6d5f7c9b8d-x2x4z", "container": "app"})),
        (
            "prod node-exporter-x2x4z exporter ",
            "kubernetes_log",
            json!({"namespace": "prod", "pod": "node-exporter-x2x4z", "container": "exporter"}),
        ),
        ("2024-03-01T10:00:00.5Z ", "timed_lines", json!({"time": "2024-03-01T10:00:00.500Z"})),
        (
            "2024-03-01T10:00:00.5+00:00 app[web.1]: ",
            "heroku",
            json!({"time": "2024-03-01T10:00:00.500Z", "app": "app", "process": "web.1"}),
        ),
        (
            "2024-03-01T10:00:00Z app[148e] fra [warn] ",
            "fly",
            json!({"time": "2024-03-01T10:00:00Z", "app": "app", "instance": "148e", "region": "fra", "level": "warn"}),
        ),
        (
            "   2024-03-01T11:00:00.50+0100 [APP/PROC/WEB/0] OUT ",
            "cloud_foundry",
            json!({"time": "2024-03-01T10:00:00.500Z", "source": "APP/PROC/WEB/0", "stream": "OUT"}),
        ),
        (
            "2024-03-01T10:00:00.500000+00:00 ecs/shop/7f ",
            "aws_logs_tail",
            json!({"time": "2024-03-01T10:00:00.500Z", "log_stream": "ecs/shop/7f"}),
        ),
        ("web.1.7f@node1    | ", "docker_compose", json!({"container": "web.1.7f@node1"})),
    ] {
        let json = first_row(&format!("{head}{{\"n\":1,\"kind\":\"a\"}}\n{head}{{\"n\":2,\"kind\":\"b\"}}\n"));
        let mut wanted = columns.clone();
        (wanted["n"], wanted["kind"]) = (1.into(), "a".into());
        assert_eq!(json, (format.to_owned(), "json_lines".to_owned(), wanted), "{head}");
        if format != "timed_lines" {
            let (name, _, row) = first_row(&format!("{head}listening on port 80\n{head}ready\n"));
            let mut wanted = columns;
            wanted[if row.get("line").is_some() { "line" } else { "message" }] = "listening on port 80".into();
            assert_eq!((name.as_str(), row), (format, wanted), "{head}");
        }
    }
}

#[test]
fn a_time_may_stand_behind_a_name_and_none_hides_a_log_of_its_own() {
    let text = "[pod/web-0/nginx] 2024-03-01T10:00:00.5Z level=info n=1\n[pod/web-0/nginx] 2024-03-01T10:00:01Z level=info n=2\n";
    let (name, payload, row) = first_row(text);
    assert_eq!(
        (name.as_str(), payload.contains("timed_lines") && payload.contains("logfmt")),
        ("kubernetes_log", true)
    );
    assert_eq!(
        (&row["time"], &row["pod"], &row["n"]),
        (&"2024-03-01T10:00:00.500Z".into(), &"web-0".into(), &1.into())
    );
    for (line, wanted) in [
        ("2024-03-01T10:00:00.123456789Z  INFO shop::orders: paid", "rust_tracing"),
        ("2024-03-01T10:00:00.123456789Z [info] paid", "level_log"),
        ("2024-03-01T10:00:00.123456+00:00 web1 sshd[12]: Accepted", "syslog_3164"),
        ("2024-03-01T10:00:00.5Z stdout F paid", "cri"),
        ("2024-03-01T10:00:00.5Z listening on port 80", "timed_lines"),
    ] {
        assert_eq!(first_row(&format!("{line}\n").repeat(3)).0, wanted, "{line}");
    }
    let access =
        "2024-03-01T10:00:00.5Z 192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 17 \"-\" \"x\"\n";
    let (name, _, row) = first_row(&access.repeat(3));
    assert_eq!((name.as_str(), &row["client"], row.get("vhost")), ("timed_lines", &"192.0.2.7".into(), None));
    // Two names with numbers may be those of hosts.
    let hosts =
        "web-1 checkout-7 started worker 12\nweb-1 checkout-7 took 12 ms\nweb-2 cart-3 took 15 ms\nweb-2 cart-3 x\n";
    let found = crate::formats::recognise(&Sample::whole("x", hosts));
    assert!(found[0].score <= 60, "{found:?}");
    // Numbered words of sentences are no pods.
    let steps: String = (0..5).map(|n| format!("step-{n} started at{n} once\n")).collect();
    assert_ne!(first_row(&steps).0, "kubernetes_log");
}

#[test]
fn lines_of_pods_join_those_of_their_own() {
    let line = |pod: &str, text: &str| format!("[pod/{pod}/app] {text}\n");
    let text = line("web-0", "2024-03-01 10:00:00,100 ERROR [main] a.B - failed")
        + &line("web-1", "2024-03-01 10:00:01,100 INFO [main] a.B - ok")
        + &line("web-0", "\tat a.B(B.java:1)")
        + "+ web-1 › app\n";
    let spec = FormatSpec::new("kubernetes_log").with("payload", "application_log");
    let reading = read(&spec, &text);
    let message = reading.schema.index("message").unwrap();
    let told: Vec<_> = reading.rows.iter().map(|row| (row[1].to_json(), row[message].to_json())).collect();
    let wanted = [("web-0".into(), "failed\n\tat a.B(B.java:1)".into()), ("web-1".into(), "ok".into())];
    assert_eq!(told, wanted);
    assert_eq!((reading.tally.joined, reading.tally.quarantined), (1, 0));
}

#[test]
fn what_does_not_fit_inside_is_kept_with_its_envelope() {
    let kept = "2024-03-01T10:00:00.2Z stdout P not \n2024-03-01T10:00:00.3Z stdout F json";
    let (before, behind) = kept.split_once('\n').unwrap();
    let text = format!(
        "2024-03-01T10:00:00.1Z stdout F {{\"a\":1}}\n{before}\n2024-03-01T10:00:00.2Z stderr F {{\"a\":2}}\n{behind}\n"
    );
    let schema = Schema::of([("time", DataType::Timestamp), ("stream", DataType::String), ("a", DataType::Int)]);
    let spec = FormatSpec::new("cri").with("payload", "json_lines");
    let reading = read_as(&spec, &schema, &text);
    assert_eq!((reading.rows.len(), reading.quarantined.len()), (2, 1));
    assert_eq!((reading.quarantined[0].0, reading.quarantined[0].2.as_str()), (2, kept));
    // So it can be read again.
    assert_eq!(read_as(&spec, &schema, kept).quarantined[0].2, kept);
    let pod = "[pod/shop-6d5f7c9b8d-x2x4z/app] not json at all";
    let schema = Schema::of([("pod", DataType::String), ("a", DataType::Int)]);
    let reading = read_as(&FormatSpec::new("kubernetes_log").with("payload", "json_lines"), &schema, pod);
    assert_eq!(reading.quarantined[0].2, pod);
}
