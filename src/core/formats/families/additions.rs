//! Tests of what programs add to the lines of their formats: times in full, addresses with ports.

use super::tests::fields;
use crate::formats::testing::{named_rows, read};
use crate::formats::{Sample, recognise};

/// The rows of a text as it is recognised, each as JSON without what is null.
fn rows(text: &str) -> (String, Vec<serde_json::Value>) {
    let found = recognise(&Sample::whole("sample", text)).swap_remove(0).format;
    let reading = read(&found, text);
    (found.name.clone(), named_rows(&reading))
}

#[test]
fn no_part_of_a_time_begins_the_message() {
    for (head, time) in [
        ("2026-02-17 10:00:01#", "10:00:01"),
        ("2026-02-17 10:00:01=", "10:00:01"),
        ("2026-02-17 10:00:01/", "10:00:01"),
        ("2026-02-17 10:00:01)", "10:00:01"),
        ("2026-02-17 10:00:01@", "10:00:01"),
        ("2026-02-17T10:00:01.331#", "10:00:01.331"),
        ("2026-02-17 10:00:01_", "10:00:01"),
        ("2026-02-17 10:00:01 - ", "10:00:01"),
        ("2026-02-17 10:00 ", "10:00:00"),
        ("2026-02-17 10:00:01:331 - ", "10:00:01.331"),
        ("2026-02-17 10:00:01 PM ", "22:00:01"),
        ("2026-02-17 10:00:01 GMT+1 ", "09:00:01"),
        ("2026-02-17 10:00:01 UTC+01:00 ", "09:00:01"),
        ("2026-02-17 10:00:01 (CET) ", "09:00:01"),
        ("2026-02-17 10:00:01CET ", "09:00:01"),
        ("2026-02-17T10:00:01+05:30[Asia/Kolkata] ", "04:30:01"),
        ("2026-02-17T10:00:01+05:30#", "04:30:01"),
        ("2026-02-17T10:00:01+01 ", "09:00:01"),
    ] {
        let lines = ["started one two", "it works", "7 of 9 are done"].map(|message| format!("{head}{message}\n"));
        let (format, found) = rows(&lines.concat());
        assert_eq!(found.len(), 3, "{head}: {format}");
        assert_eq!(found[0]["time"], format!("2026-02-17T{time}Z"), "{head}: {format}");
        // What is no time, in the message or as a line.
        let behind = |row: &serde_json::Value| {
            let values = row.as_object().into_iter().flatten().filter(|(name, _)| *name != "time");
            values.map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(" ")
        };
        let (first, last) = (behind(&found[0]), behind(&found[2]));
        assert!(first.contains("started"), "{head}: {format}: {first}");
        assert!(!first.contains(|c: char| c.is_ascii_digit()), "{head}: {format}: {first}");
        assert_eq!(last.matches('7').count(), 1, "{head}: {format}: {last}");
    }
    // With a level: the layouts of application logs have the same times.
    let (format, found) =
        rows("2026-02-17 10:00:01 PM INFO [main] a.B - x\n2026-02-17 10:00:02 PM INFO [main] a.B - y\n");
    assert_eq!((format.as_str(), &found[0]["time"]), ("application_log", &"2026-02-17T22:00:01Z".into()));
}

#[test]
fn addresses_of_ip_6_give_their_ports() {
    let haproxy = fields(
        "haproxy",
        "Mar  1 10:00:00 lb haproxy[12]: 2001:db8::9:443 [01/Mar/2024:10:00:00.123] www~ app/node1 0/0/1/20/21 200 1234 - - ---- 5/4/3/2/0 0/0 \"GET /x HTTP/1.1\"",
    );
    assert_eq!((&haproxy["client"], &haproxy["client_port"]), (&"2001:db8::9".into(), &443.into()));
    let snort = |ends: &str| {
        let line = format!("02/17/2026-10:00:03.000001  [**] [1:2100498:7] x [**] [Priority: 2] {ends}");
        fields("snort_fast", &line)
    };
    let tcp = snort("{TCP} 2001:0db8::1:80 -> 2001:0db8::2:51544");
    assert_eq!((&tcp["client"], &tcp["client_port"]), (&"2001:0db8::1".into(), &80.into()));
    assert_eq!((&tcp["destination"], &tcp["destination_port"]), (&"2001:0db8::2".into(), &51544.into()));
    let icmp = snort("{IPV6-ICMP} 2001:0db8::1:80 -> 2001:0db8::2");
    assert_eq!((&icmp["client"], icmp.get("client_port")), (&"2001:0db8::1:80".into(), None));
    let apache =
        |head: &str| fields("apache_error", &format!("[Fri Mar 01 10:00:00 2024] {head} [client 2001:db8::9:80] x"));
    assert_eq!(apache("[core:error] [pid 12]")["client_port"], 80);
    // Of version 2.2, which writes no port.
    assert_eq!(apache("[error]")["client"], "2001:db8::9:80");
}

#[test]
fn zones_and_years_behind_a_time_of_syslog_are_no_host() {
    let of = |line: &str| fields("syslog_3164", line);
    let both = of("<165>Aug 24 05:34:00 CST 1987 mymachine myproc[10]: it is time");
    assert_eq!((&both["time"], &both["host"]), (&"1987-08-24T11:34:00Z".into(), &"mymachine".into()));
    assert_eq!((&both["app"], &both["pid"]), (&"myproc".into(), &10.into()));
    assert_eq!(of("Feb 17 10:00:01 CET web1 sshd[901]: x")["host"], "web1");
    assert_eq!(of("Feb 17 10:00:01 2024 web1 sshd[901]: x")["time"], "2024-02-17T10:00:01Z");
    // A host may be called as a zone, and a message may begin with a number.
    assert_eq!(of("Feb 17 10:00:01 CET sshd[901]: x: y")["host"], "CET");
    assert_eq!(of("Feb 17 10:00:01 2024 messages were sent")["host"], "2024");
}

#[test]
fn a_dash_is_no_time_that_tells_a_log() {
    let text = "*   << Request  >> 32770     \n-   Begin          req 32769 rxreq\n-   ReqStart       203.0.113.9 51544 a0\n-   End\n";
    let found = recognise(&Sample::whole("varnishlog.txt", text));
    assert!(found.iter().all(|found| found.format.name != "asctime_log"), "{found:?}");
}
