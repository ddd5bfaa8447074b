//! Tests of logs that name their fields themselves.

use crate::formats::testing::{Reading, pieces, prepare, read, read_with};
use crate::formats::{FormatSpec, Sample, recognise};

fn value(reading: &Reading, row: usize, column: &str) -> serde_json::Value {
    reading.rows[row][reading.schema.index(column).unwrap_or_else(|| panic!("{column}"))].to_json()
}

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n\
    #Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) sc-status time-taken\r\n\
    2024-03-01 10:00:00 GET /x a=1 192.0.2.7 Mozilla/5.0+(X11) 200 25\r\n\
    2024-03-01 10:00:01 GET /y - 192.0.2.7 - 404 3\r\n\
    #Fields: date time c-ip sc-status s-port\r\n\
    2024-03-01 10:00:02 192.0.2.8 500 443\r\n\
    2024-03-01 10:00:03 too few\r\n";

#[test]
fn fields_change_inside_a_file() {
    let spec = FormatSpec::new("w3c");
    assert_eq!(recognise(&Sample::whole("x", IIS))[0].format, spec);
    let reading = read(&spec, IIS);
    assert_eq!((reading.tally.rows, reading.tally.meta, reading.tally.quarantined), (3, 3, 1));
    assert_eq!(value(&reading, 0, "time"), "2024-03-01T10:00:00Z");
    assert_eq!((value(&reading, 0, "path"), value(&reading, 1, "path")), ("/x?a=1".into(), "/y".into()));
    assert_eq!(
        (value(&reading, 0, "duration"), value(&reading, 0, "user_agent")),
        (0.025.into(), "Mozilla/5.0 (X11)".into())
    );
    assert_eq!((value(&reading, 2, "client"), value(&reading, 2, "s-port")), ("192.0.2.8".into(), 443.into()));
    assert_eq!(reading.quarantined[0].1, "the line has 4 fields, its header names 5");
    // In chunks the same, wherever the window ends, and no chunk has to hold all behind a header.
    let parser = prepare(&spec, None, IIS);
    for size in [1, 60, 150, 300] {
        let parts = pieces(parser.as_ref(), IIS, size);
        assert!(parts.concat() == IIS && (size > 1 || parts.len() == 7), "{}", parts.len());
        assert_eq!(read_with(parser.as_ref(), &parts).rows, reading.rows, "{size}");
    }
}

#[test]
fn cloudfront_and_the_firewall_have_seconds_and_no_plus() {
    let text = "#Version: 1.0\n#Fields: date time c-ip cs-method cs(Host) cs-uri-stem sc-status time-taken x-host-header cs(User-Agent)\n\
                2024-03-01\t10:00:00\t192.0.2.7\tGET\td1.cloudfront.net\t/x\t200\t0.125\texample.org\tMozilla/5.0%20(X11)\n";
    let reading = read(&FormatSpec::new("w3c"), text);
    assert_eq!((value(&reading, 0, "duration"), value(&reading, 0, "vhost")), (0.125.into(), "example.org".into()));
    assert_eq!(value(&reading, 0, "cs(Host)"), "d1.cloudfront.net");
    let text = "#Software: Microsoft Windows Firewall\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size\n\
                2024-03-01 10:00:00 DROP UDP 192.0.2.7 192.0.2.80 5678 53 -\n";
    let reading = read(&FormatSpec::new("w3c"), text);
    assert_eq!((value(&reading, 0, "client_port"), value(&reading, 0, "action")), (5678.into(), "DROP".into()));
}

#[test]
fn flow_logs_with_and_without_header() {
    let text = "2 123456789012 eni-1 192.0.2.7 192.0.2.80 5678 22 6 20 4249 1709287200 1709287260 ACCEPT OK\n\
                2 123456789012 eni-1 - - - - - - - 1709287200 1709287260 - NODATA\n";
    assert_eq!(recognise(&Sample::whole("x", text))[0].format.name, "aws_vpc_flow");
    let reading = read(&FormatSpec::new("aws_vpc_flow"), text);
    assert_eq!((value(&reading, 0, "time"), value(&reading, 0, "bytes")), ("2024-03-01T10:00:00Z".into(), 4249.into()));
    assert_eq!(
        (value(&reading, 1, "client"), value(&reading, 1, "log-status")),
        (serde_json::Value::Null, "NODATA".into())
    );
    let text = "interface-id srcaddr tcp-flags\neni-1 192.0.2.7 3\n";
    assert_eq!(recognise(&Sample::whole("x", text))[0].format.name, "aws_vpc_flow");
    assert_eq!(value(&read(&FormatSpec::new("aws_vpc_flow"), text), 0, "tcp-flags"), 3);
}

#[test]
fn zeek_tables() {
    let text = "#separator \\x09\n#path\thttp\n#fields\tts\tuid\tid.orig_h\tid.orig_p\turi\thost\ttags\n#types\ttime\tstring\taddr\tport\tstring\tstring\tset[enum]\n\
                1709287200.5\tC1\t192.0.2.7\t5678\t/x y\texample.org\t(empty)\n#close\t2024-03-01\n";
    assert_eq!(recognise(&Sample::whole("x", text))[0].format.name, "zeek");
    let reading = read(&FormatSpec::new("zeek"), text);
    assert_eq!((reading.tally.rows, reading.tally.meta), (1, 5));
    assert_eq!(
        (value(&reading, 0, "time"), value(&reading, 0, "path")),
        ("2024-03-01T10:00:00.500Z".into(), "/x y".into())
    );
    assert_eq!(
        (value(&reading, 0, "vhost"), value(&reading, 0, "tags")),
        ("example.org".into(), serde_json::Value::Null)
    );
}

#[test]
fn lines_before_any_header_have_that_of_the_sample() {
    let spec = FormatSpec::new("zeek");
    let header = "#separator \\x09\n#fields\tts\tid.orig_h\turi\n";
    let line = |second: u8| format!("170928720{second}.5\t192.0.2.7\t/{second}\n");
    let parser = prepare(&spec, None, &[header, &line(0)].concat());
    // A part of a rotated log begins with lines; and what a cut-off file has before its header.
    for text in
        [[&line(0), header, &line(1), &line(2)].concat(), ["\0\0", header, &line(0), "\0", header, &line(1)].concat()]
    {
        let whole = read_with(parser.as_ref(), &[&text]);
        assert_eq!(whole.tally.quarantined, 0, "{text}");
        assert_eq!(value(&whole, 0, "path"), "/0");
        for size in [1, 40, 70] {
            let parts = read_with(parser.as_ref(), &pieces(parser.as_ref(), &text, size));
            assert_eq!((&parts.rows, &parts.quarantined), (&whole.rows, &whole.quarantined), "{size}");
        }
    }
}

#[test]
fn fields_of_one_name_are_all_kept() {
    let text = "#separator \\x09\n#path\tconn\n#fields\tts\ttime\ta\ta\n1709287200.1\t5\tx\ty\n";
    let reading = read(&FormatSpec::new("zeek"), text);
    let told = ["time", "time_2", "a", "a_2"].map(|name| value(&reading, 0, name));
    assert_eq!(serde_json::json!(told), serde_json::json!(["2024-03-01T10:00:00.100Z", 5, "x", "y"]));
    let text =
        "#Fields: date time path cs-uri-stem cs-uri-query time x x\n2024-03-01 10:00:00 p1 /q z=1 11:00:00 1 2\n";
    let reading = read(&FormatSpec::new("w3c"), text);
    let told = ["time", "path", "cs-uri-stem", "time_2", "x", "x_2"].map(|name| value(&reading, 0, name));
    assert!(told.iter().all(|value| !value.is_null()), "{told:?} {:?}", reading.schema);
}

#[test]
fn the_usual_fields_are_those_of_lines_before_any_header() {
    let header = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) sc-status sc-bytes cs-bytes time-taken\n";
    let usual = "2024-03-01 10:00:00 10.0.0.1 GET /a - 443 bob 192.0.2.7 curl/8 200 0 0 25\n";
    let broken = "2024-03-01 10:00:00 10.0.0.1 GET /my page 2 - 443 192.0.2.7 curl/8 200 1111 222 25\n";
    let right = "2024-03-01 10:00:00 10.0.0.1 GET /b - 443 192.0.2.9 curl/8 200 1111 222 25\n";
    let text = [header, right, broken, broken.replacen(" 2 -", " -", 1).as_str()].concat();
    let reading = read(&FormatSpec::new("w3c"), &text);
    assert_eq!((reading.tally.rows, value(&reading, 0, "client")), (1, "192.0.2.9".into()));
    assert_eq!(reading.quarantined[0].1, "the line has 15 fields, its header names 13");
    assert_eq!(reading.quarantined[1].1, "the line has 14 fields, its header names 13");
    assert!(!reading.schema.has("sc-substatus"), "{:?}", reading.columns());
    // A rotated part begins without a header; chunks read it as the whole does.
    let text = [usual, header, right, broken, right].concat();
    let reading = read(&FormatSpec::new("w3c"), &text);
    assert_eq!((value(&reading, 0, "user"), value(&reading, 2, "client")), ("bob".into(), "192.0.2.9".into()));
    let parser = prepare(&FormatSpec::new("w3c"), None, &text);
    for size in [1, 90, 260, 400] {
        let parts = pieces(parser.as_ref(), &text, size);
        assert_eq!(read_with(parser.as_ref(), &parts).rows, reading.rows, "{size}");
    }
    // Flow logs likewise.
    let flow = "2 123456789012 eni-1 192.0.2.7 192.0.2.80 5678 22 6 20 4249 1709287200 1709287260 ACCEPT OK\n";
    let reading =
        read(&FormatSpec::new("aws_vpc_flow"), &format!("interface-id srcaddr tcp-flags\neni-1 192.0.2.7 3\n{flow}"));
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (1, 1));
}

#[test]
fn fields_that_the_schema_lacks_are_counted() {
    use crate::data::{DataType, Schema};
    use crate::formats::testing::read_as;
    let of = |format: &str, column: (&str, DataType), text: &str| {
        let reading = read_as(&FormatSpec::new(format), &Schema::of([column]), text);
        format!("{} {:?}", reading.tally.rows, reading.tally.unknown_keys)
    };
    let client = || ("client", DataType::String);
    let w3c = "#Fields: c-ip sc-status\n192.0.2.7 200\n#Fields: date time c-ip cs-uri-stem cs-uri-query x-late\n\
               2024-03-01 10:00:00 192.0.2.7 /a b=1 q7\n2024-03-01 10:00:00 192.0.2.7 /a - -\n";
    assert_eq!(of("w3c", client(), w3c), r#"3 {"path": 2, "status": 1, "time": 2, "x-late": 1}"#);
    let usual = "2024-03-01 10:00:00 10.0.0.1 GET /a - 443 - 192.0.2.7 curl/8 200 0 0 25\n";
    assert!(of("w3c", client(), usual).contains("\"s-port\": 1"));
    let zeek = "#separator \\x09\n#fields\tts\tid.orig_h\n1709287200.5\t192.0.2.7\n#fields\tts\tid.orig_h\tlate\n1709287200.5\t192.0.2.7\tq8\n";
    assert_eq!(of("zeek", client(), zeek), r#"2 {"late": 1, "time": 2}"#);
    let flow = "srcaddr vpc-id tcp-flags\n192.0.2.7 vpc-1 -\n";
    assert_eq!(of("aws_vpc_flow", client(), flow), r#"1 {"vpc-id": 1}"#);
}

#[test]
fn logs_of_exchange_have_commas_between_their_fields() {
    let text = "#Software: Microsoft Exchange Server\r\n#Version: 15.0.0.0\r\n#Log-type: SMTP Receive Protocol Log\r\n#Date: 2026-11-30T10:00:00.000Z\r\n\
                #Fields: date-time,session-id,sequence-number,remote-endpoint,event,data,context\r\n\
                2026-11-30T10:00:00.123Z,08DA1234567890AB,1,192.0.2.7:51234,>,\"220 EX1 \"\"Mail\"\" at Mon, 30 Nov\",\r\n\
                2026-11-30T10:00:01.123Z,08DA1234567890AB,2,192.0.2.7:51234,-,,Local\r\n";
    let found = crate::formats::recognise(&crate::formats::Sample::whole("RECV.LOG", text));
    assert_eq!(found[0].format.name, "exchange", "{found:?}");
    let reading = read(&found[0].format, text);
    assert_eq!((reading.tally.rows, reading.tally.meta, reading.tally.quarantined), (2, 5, 0));
    assert_eq!(
        reading.json()[0],
        r#"["2026-11-30T10:00:00.123Z","08DA1234567890AB",1,"192.0.2.7:51234",">","220 EX1 \"Mail\" at Mon, 30 Nov",null]"#
    );
    assert!(reading.json()[1].ends_with(r#""-",null,"Local"]"#), "{:?}", reading.json());
    assert!(recognise(&Sample::whole("x", "\"")).iter().all(|found| found.format.name != "exchange"));
    // Nothing that stands behind a quote is dropped.
    let reading = read(&found[0].format, &text.replace(",Local", ",\"Local\" more"));
    assert_eq!((reading.tally.rows, reading.tally.quarantined), (1, 1));
}

#[test]
fn every_version_of_a_status_has_its_clients_and_routes() {
    let first = "OpenVPN CLIENT LIST\nUpdated,2024-03-01 10:00:00\nCommon Name,Real Address,Bytes Received,Bytes Sent,Connected Since\n\
                 bob,192.0.2.7:51234,12345,67890,2024-03-01 09:00:00\nROUTING TABLE\nVirtual Address,Common Name,Real Address,Last Ref\n\
                 192.0.2.130,bob,192.0.2.7:51234,2024-03-01 09:59:58\nGLOBAL STATS\nMax bcast/mcast queue length,0\nEND\n";
    let second = "TITLE,OpenVPN 2.5.1\nTIME,2024-03-01 10:00:00,1709287200\n\
                  HEADER,CLIENT_LIST,Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t)\n\
                  CLIENT_LIST,bob,192.0.2.7:51234,12345,67890,2024-03-01 09:00:00,1709283600\n\
                  HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)\n\
                  ROUTING_TABLE,192.0.2.130,bob,192.0.2.7:51234,2024-03-01 09:59:58,1709287198\n\
                  GLOBAL_STATS,Max bcast/mcast queue length,0\nEND\n";
    for (text, meta) in [(first, 8), (second, 6), (&second.replace(',', "\t"), 6)] {
        let found = crate::formats::recognise(&crate::formats::Sample::whole("status.log", text));
        assert_eq!(found[0].format.name, "openvpn_status", "{text}: {found:?}");
        let reading = read(&found[0].format, text);
        assert_eq!((reading.tally.rows, reading.tally.quarantined, reading.tally.meta), (2, 0, meta), "{text}");
        let parser = prepare(&found[0].format, None, text);
        for size in [1, 60, 200] {
            assert_eq!(read_with(&*parser, &pieces(&*parser, text, size)).rows, reading.rows, "{size}");
        }
        let rows = crate::formats::testing::named_rows(&reading);
        assert_eq!((&rows[0]["user"], &rows[0]["Bytes Sent"]), (&"bob".into(), &67890.into()));
        assert_eq!((&rows[1]["Virtual Address"], rows[1].get("Bytes Sent")), (&"192.0.2.130".into(), None));
        assert_eq!(rows[1]["Last Ref"], "2024-03-01T09:59:58Z");
        if meta == 6 {
            assert_eq!((&rows[0]["time"], &rows[0]["list"]), (&"2024-03-01T09:00:00Z".into(), &"CLIENT_LIST".into()));
        }
    }
}
