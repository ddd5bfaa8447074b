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

#[test]
fn levels_loggers_and_hosts_of_many_heads_are_columns() {
    for (line, format, wanted) in [
        ("2026-02-17 10:00:01.331 [0x00007f3c] [info]    started", "application_log", ["info", "thread", "00007f3c"]),
        ("[2026-02-17 10:00:01.331] [shop] [info] [main.cpp:12] a", "application_log", ["info", "file", "main.cpp"]),
        ("20260217 100001.331 W 1203 slow", "application_log", ["W", "thread", "1203"]),
        ("2026-02-17T10:00:00Z INF cmd/x.go:101 > started", "application_log", ["INF", "file", "cmd/x.go"]),
        ("2026-02-17 09:00:01Z [info] <0.684.0> accepting", "application_log", ["info", "process", "0.684.0"]),
        ("2026-02-17T10:00:00Z [DEBUG] [org.x.Client] found", "application_log", ["DEBUG", "logger", "org.x.Client"]),
        ("17 Feb 2026 10:00:01,331 [main] INFO  a.B - x", "application_log", ["INFO", "thread", "main"]),
        ("web1 2026-02-17 10:00:01 WARN slow", "level_log", ["WARN", "host", "web1"]),
        ("2026-02-17 10:00:01 FEHLER kaputt", "level_log", ["FEHLER", "message", "kaputt"]),
        ("[1771322401.331] [811] INFO main::x - a", "epoch_log", ["INFO", "logger", "main::x"]),
        ("1771322401331 INFO a", "epoch_log", ["INFO", "time", "2026-02-17T10:00:01.331Z"]),
        ("17/02/2026 10:00:01.331 [811:12] <ERR> x", "numbered_date_log", ["ERR", "thread", "12"]),
        ("10:00:01.331 12 DEBUG alpha", "clock_log", ["DEBUG", "thread", "12"]),
        ("Feb 17 10:00:01 web1 auth.info sshd[9]: x", "syslog_levels", ["info", "facility", "auth"]),
        ("[Feb 17 10:00:04] ERROR[814]: pbx.c:675 ast_func: x", "server_logs", ["ERROR", "function", "ast_func"]),
        ("1771322402.331 811 shop@db1/api ERROR:  x", "postgresql", ["ERROR", "application", "api"]),
        ("I 02/17/26 10:00:01 00077 ports: port 12 is off", "appliance_log", ["I", "logger", "ports"]),
    ] {
        let (found, rows) = rows(&format!("{line}\n").repeat(3));
        let [level, column, value] = wanted;
        let shown = rows[0][column].as_str().map_or_else(|| rows[0][column].to_string(), str::to_owned);
        assert_eq!((found.as_str(), &rows[0]["level"], shown.as_str()), (format, &level.into(), value), "{line}");
    }
    let (found, rows) = rows("LOG:  ready\nERROR:  syntax error\nSTATEMENT:  selct 1;\n");
    assert_eq!((found.as_str(), rows.len(), &rows[1]["statement"]), ("postgresql", 2, &"selct 1;".into()));
}

#[test]
fn pauses_requests_and_transfers_have_their_numbers() {
    let pause = fields(
        "jvm_gc",
        "[2026-02-17T10:00:01.123+0100][1.2s][info][gc] GC(7) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(256M) 3.5ms",
    );
    assert_eq!(
        (&pause["gc_id"], &pause["cause"], &pause["kind"]),
        (&7.into(), &"G1 Evacuation Pause".into(), &"Normal".into())
    );
    assert_eq!(
        (&pause["before"], &pause["after"], &pause["total"]),
        (&25_165_824.into(), &4_194_304.into(), &268_435_456.into())
    );
    assert_eq!(pause["duration"], 0.0035);
    let full = fields("jvm_gc", "[1.2s][info][gc] GC(8) Pause Full (System.gc()) 24M->4M(256M) 3.5ms");
    assert_eq!((&full["pause"], &full["cause"]), (&"Full".into(), &"System.gc()".into()));
    let old = fields(
        "jvm_gc",
        "2026-02-17T10:00:01.120+0100: 1.234: [GC (Allocation Failure) [PSYoungGen: 65536K->1204K(76288K)] 65536K->1212K(251392K), 0.0033310 secs] [Times: user=0.01 sys=0.00, real=0.00 secs]",
    );
    assert_eq!(
        (&old["cause"], &old["after"], &old["duration"]),
        (&"Allocation Failure".into(), &1_241_088.into(), &0.003331.into())
    );
    let transfer = fields(
        "asctime_log",
        "Tue Feb 17 10:00:02 2026 [pid 812] [ann] OK DOWNLOAD: Client \"192.0.2.9\", \"/pub/a b.zip\", 1204 bytes, 31.20Kbyte/sec",
    );
    assert_eq!(
        (&transfer["status"], &transfer["action"], &transfer["bytes"]),
        (&"OK".into(), &"DOWNLOAD".into(), &1204.into())
    );
    assert_eq!((&transfer["path"], &transfer["user"]), (&"/pub/a b.zip".into(), &"ann".into()));
    let denied =
        fields("bind", "17-Feb-2026 10:00:02.001 security: warning: client 2001:db8::9#33001: query (cache) denied");
    assert_eq!((&denied["client"], &denied["client_port"]), (&"2001:db8::9".into(), &33_001.into()));
    let reply =
        fields("epoch_log", "[1771322401] unbound[811:1] reply: 192.0.2.9 www.example.com. A IN NOERROR 0.012331 0 88");
    assert_eq!(
        (&reply["rcode"], &reply["bytes"], &reply["duration"]),
        (&"NOERROR".into(), &88.into(), &0.012331.into())
    );
    let apache = fields(
        "apache_error",
        "[Fri Mar 01 10:00:00 2024] [proxy:error] [pid 12] (104)Connection reset by peer: [client 192.0.2.9:80] AH01102: x",
    );
    assert_eq!((&apache["client"], &apache["error_code"]), (&"192.0.2.9".into(), &104.into()));
}
