//! Documents of each kind, as the makers' pages show them in their own words, and what becomes of them.

use super::*;
use crate::formats::testing::{read, samples};
use crate::formats::{formats, recognise};

fn best(text: &str) -> FormatSpec {
    let found = recognise(&Sample::whole("a.json", text));
    assert!(found[0].score >= 95, "{found:?}");
    found[0].format.clone()
}

/// The rows of a text by the format that is found, each as an object.
fn rows(text: &str, format: &str) -> (Vec<String>, Vec<String>) {
    let spec = best(text);
    assert_eq!(spec.name, format, "{text}");
    let reading = read(&spec, text);
    assert_eq!(reading.tally.quarantined, 0, "{:?}", reading.quarantined);
    (reading.columns(), reading.json())
}

#[test]
fn log_records_have_what_their_resource_and_scope_say() {
    let text = r#"{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"lib"},"logRecords":[
        {"timeUnixNano":"1709287200000000123","severityNumber":17,"body":{"stringValue":"no \"stock\""},"traceId":"aa","spanId":"bb",
         "attributes":[{"key":"item","value":{"intValue":"7"}},{"key":"message","value":{"stringValue":"x"}},
                       {"key":"tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":true}]}}}]},
        {"observedTimeUnixNano":"1709287201000000000","timeUnixNano":"0","severityText":"Warn","body":{"kvlistValue":{"values":[{"key":"k","value":{"doubleValue":1.5}}]}}}
      ]}],"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]}}]}"#;
    let (columns, rows) = rows(text, "otlp_json");
    let wanted = [
        "time Timestamp",
        "time_ns Int",
        "level String",
        "severity_number Int",
        "message String",
        "trace_id String",
        "span_id String",
        "item Int",
        "attributes.message String",
        "tags List<String>",
        "scope.name String",
        "observed_time Timestamp",
        "body Record{\"k\": Float}",
        "resource.service.name String",
    ];
    let mut found = columns;
    found.sort();
    let mut wanted = wanted.map(str::to_owned).to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(
        rows[0]
            .starts_with(r#"["2024-03-01T10:00:00Z",1709287200000000123,"ERROR",17,"no \"stock\"","aa","bb",7,"x","#),
        "{}",
        rows[0]
    );
    assert!(
        rows[1].contains(r#""2024-03-01T10:00:01Z""#)
            && rows[1].contains(r#""Warn""#)
            && rows[1].contains(r#"{"k":1.5}"#),
        "{}",
        rows[1]
    );
    assert!(rows.iter().all(|row| row.contains("cart") && row.contains("lib")), "{rows:?}");
}

#[test]
fn files_of_a_collector_have_a_request_a_line() {
    let line = |n: u32| {
        format!(
            r#"{{"resourceSpans":[{{"resource":{{}},"scopeSpans":[{{"spans":[{{"traceId":"a{n}","spanId":"b","parentSpanId":"","name":"GET","kind":2,"startTimeUnixNano":"1709287200000000000","endTimeUnixNano":"1709287200001500000","status":{{"code":2,"message":"boom"}},"events":[{{"timeUnixNano":"1709287200000500000","name":"x","attributes":[{{"key":"k","value":{{"stringValue":"v"}}}}]}}]}}]}}]}}]}}"#
        )
    };
    for count in 1..3 {
        let text: String = (0..count).map(|n| line(n) + "\n").collect();
        let (columns, rows) = rows(&text, "otlp_json");
        assert_eq!(rows.len(), count as usize);
        assert_eq!(columns[..4], ["time Timestamp", "end_time Timestamp", "duration Float", "trace_id String"]);
        assert!(rows[0].starts_with(r#"["2024-03-01T10:00:00Z","2024-03-01T10:00:00.001500Z",0.0015,"a0","b","GET","server","error","boom",[{"#), "{}", rows[0]);
    }
    let text = line(0) + "\nno JSON\n{\"other\":1}\n\n" + &line(1) + "\n";
    let reading = read(&FormatSpec::new("otlp_json"), &text);
    let tally = &reading.tally;
    assert_eq!((tally.read, tally.accepted, tally.quarantined, tally.blank), (5, 2, 2, 1));
    assert_eq!(reading.quarantined[1].1, "the document holds no records of OpenTelemetry");
    assert_eq!(reading.places[1].0, 5);
}

#[test]
fn points_of_metrics_have_their_kind_and_value() {
    let text = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"requests","unit":"1","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1709287200000000000","asInt":"12","attributes":[{"key":"value","value":{"stringValue":"x"}}]}]}},
        {"name":"cpu","gauge":{"dataPoints":[{"timeUnixNano":1709287200000000000,"asDouble":0.5},{"timeUnixNano":1709287200000000000,"asDouble":"NaN"}]}},
        {"name":"took","histogram":{"dataPoints":[{"timeUnixNano":"1709287200000000000","count":"3","sum":1.5,"bucketCounts":["1","2"],"explicitBounds":[0.1]}]}}]}]}]}"#;
    let spec = best(text);
    let reading = read(&spec, text);
    let columns = reading.columns();
    let of = |row: usize, name: &str| {
        let column = columns.iter().position(|column| column.split(' ').next() == Some(name)).unwrap();
        reading.rows[row][column].to_json().to_string()
    };
    assert_eq!(reading.rows.len(), 4);
    assert_eq!(
        [of(0, "name"), of(0, "type"), of(0, "value"), of(0, "temporality")],
        ["\"requests\"", "\"sum\"", "12.0", "\"cumulative\""]
    );
    assert_eq!([of(1, "value"), of(2, "value")], ["0.5", "null"]);
    assert_eq!([of(3, "count"), of(3, "sum"), of(3, "bucket_counts")], ["3", "1.5", "[1,2]"]);
    assert_eq!(of(0, "attributes.value"), "\"x\"");
    assert_eq!(reading.tally.changes.unfit.values().sum::<u64>(), 1, "NaN is told");
}

#[test]
fn spans_of_jaeger_have_their_service() {
    let text = r#"{"data":[{"traceID":"t","spans":[
        {"traceID":"t","spanID":"s2","operationName":"get","references":[{"refType":"CHILD_OF","traceID":"t","spanID":"s1"}],"startTime":1709287200000001,"duration":1500,"processID":"p1",
         "tags":[{"key":"http.status_code","type":"int64","value":"200"},{"key":"name","type":"string","value":"n"}],"logs":[],"warnings":null}],
        "processes":{"p1":{"serviceName":"cart","tags":[{"key":"host","type":"string","value":"h1"}]}}}],"total":0,"errors":null}"#;
    let (columns, rows) = rows(text, "jaeger_json");
    let names: Vec<&str> = columns.iter().map(|column| column.split(' ').next().unwrap()).collect();
    let wanted = [
        "time",
        "duration",
        "trace_id",
        "span_id",
        "parent_span_id",
        "name",
        "service",
        "http.status_code",
        "tags.name",
        "process.host",
    ];
    assert_eq!(names, wanted);
    assert_eq!(rows, [r#"["2024-03-01T10:00:00.000001Z",0.0015,"t","s2","s1","get","cart",200,"n","h1"]"#]);
}

#[test]
fn samples_and_lines_of_queries_are_rows() {
    let range = r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","job":"a","value":"v"},"values":[[1709287200,"1"],[1709287260.5,"NaN"]]},
        {"metric":{"job":"b"},"values":[[1709287200,"2.5"]]}]}}"#;
    let spec = best(range);
    assert_eq!(spec.name, "prometheus_api");
    let reading = read(&spec, range);
    assert_eq!(reading.columns(), ["time Timestamp", "name String", "value Float", "job String", "label_value String"]);
    let wanted = [
        r#"["2024-03-01T10:00:00Z","up",1.0,"a","v"]"#,
        r#"["2024-03-01T10:01:00.500Z","up",null,"a","v"]"#,
        r#"["2024-03-01T10:00:00Z",null,2.5,"b",null]"#,
    ];
    assert_eq!(reading.json(), wanted);
    let vector = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1709287200.781,"1"]}]}}"#;
    assert_eq!(rows(vector, "prometheus_api").1, [r#"["2024-03-01T10:00:00.781Z",1.0,"a"]"#]);
    let loki = r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"web"},"values":[["1709287200000000001","GET /"],["1709287200000000000","GET /a",{"trace":"x"}]]}],"stats":{}}}"#;
    let (columns, found) = rows(loki, "loki_api");
    assert_eq!(columns, ["time Timestamp", "time_ns Int", "message String", "app String", "trace String"]);
    assert_eq!(found[0], r#"["2024-03-01T10:00:00Z",1709287200000000001,"GET /","web",null]"#);
    let push = r#"{"streams":[{"stream":{"app":"web"},"values":[["1709287200000000000","GET /"]]}]}"#;
    assert_eq!(rows(push, "loki_api").1.len(), 1);
    // A question that failed has no rows, and is kept aside.
    let failed =
        read(&FormatSpec::new("prometheus_api"), r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#);
    assert_eq!(failed.tally.quarantined, 1);
    assert!(failed.quarantined[0].2.contains("parse error"));
    let empty =
        read(&FormatSpec::new("prometheus_api"), r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#);
    assert_eq!((empty.tally.read, empty.rows.len()), (0, 0));
}

#[test]
fn as_many_labels_as_somebody_likes_are_read_in_no_time() {
    let labels: Vec<String> = (0..20_000).map(|n| format!("\"l{n}\":\"v\"")).collect();
    let sample = format!("{{\"metric\":{{{}}},\"value\":[1709287200,\"1\"]}}", labels.join(","));
    let text = format!(
        "{{\"status\":\"success\",\"data\":{{\"resultType\":\"vector\",\"result\":[{}]}}}}",
        vec![sample; 20].join(",")
    );
    let begun = std::time::Instant::now();
    let mut rows = 0;
    PROMETHEUS_API.unfold(&text, false, &mut |batch| rows += batch.rows().count());
    assert_eq!(rows, 20);
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[test]
fn tables_have_their_names_apart() {
    for (text, wanted) in [
        (r#"{"columns":["a","b"],"rows":[[1,"x"],[2,"y"]]}"#, &[r#"[1,"x"]"#, r#"[2,"y"]"#][..]),
        (
            r#"{"columns":[{"name":"a","type":"bigint"},{"name":"b","type":"varchar"}],"data":[[1,"x"]],"stats":{"state":"FINISHED"}}"#,
            &[r#"[1,"x"]"#],
        ),
        (r#"[["NAME","POP"],["Ohio",11],["Utah",3]]"#, &[r#"["Ohio",11]"#, r#"["Utah",3]"#]),
        (
            r#"{"results":[{"statement_id":0,"series":[{"name":"cpu","tags":{"host":"h"},"columns":["time","v"],"values":[["2024-03-01T10:00:00Z",0.5]]}]}]}"#,
            &[r#"["2024-03-01T10:00:00Z",0.5,"cpu","h"]"#],
        ),
        (r#"{"columns":["a","a"],"rows":[[1,2]]}"#, &["[1,2]"]),
    ] {
        assert_eq!(rows(text, "json_table").1, wanted, "{text}");
    }
    for text in [
        r#"{"fields":["a"],"data":{"a":1}}"#,
        r#"[["a","b"],["c","d"]]"#,
        r#"[[1,2],[3,4]]"#,
        r#"{"columns":["a"],"rows":[{"a":1}]}"#,
        r#"{"id":1,"header":["x","y"],"values":[1,2]}"#,
        r#"[{"fields":["a"],"data":[1]}]"#,
    ] {
        assert!(
            recognise(&Sample::whole("a.json", text)).iter().all(|found| found.format.name != "json_table"),
            "{text}"
        );
    }
}

#[test]
fn documents_that_are_cut_show_their_columns() {
    for format in formats().iter().filter(|format| format.options().iter().any(|option| option.name == "documents")) {
        let text = format.examples()[0];
        assert_eq!(best(text).name, format.name(), "{text}");
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let sample = Sample { whole: false, ..Sample::whole("a.json", &text[..end]) };
            for documents in ["lines", "whole"] {
                let spec = FormatSpec::new(format.name()).with("documents", documents);
                assert!(format.prepare(&spec, None, &sample).is_ok());
                format.recognise(&sample);
                let reading = read(&spec, &text[..end]);
                let tally = &reading.tally;
                assert_eq!(tally.read, tally.accepted + tally.quarantined + tally.blank, "{text} {end}");
                assert_eq!(tally.quarantined > 0, end > 0, "{end}: {:?}", reading.quarantined);
            }
        }
    }
}

#[test]
fn real_documents() {
    let Some(folder) = samples() else { return };
    for (file, format, count) in [
        ("otlp-json/proto_logs.json", "otlp_json", 1),
        ("otlp-json/proto_metrics.json", "otlp_json", 4),
        ("otlp-json/test_logs_001.in.json", "otlp_json", 4),
        ("traces-json/jaeger_example_trace.json", "otlp_json", 5),
        ("traces-json/jaeger_scope_attributes_trace.json", "otlp_json", 1),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let spec = best(&text);
        assert_eq!(spec.name, format, "{file}");
        let reading = read(&spec, &text);
        assert_eq!((reading.rows.len(), reading.tally.quarantined), (count, 0), "{file}: {:?}", reading.json());
    }
}
