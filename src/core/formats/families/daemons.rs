//! Logs of daemons and devices whose times are written as few others are.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static ASCTIME: TemplateFormat = TemplateFormat::new(Table {
    name: "asctime_log",
    title: "Log with C's time",
    doc: "Lines that begin with a time as C's `asctime` writes it: FreeRADIUS (freeradius.org), ClamAV (docs.clamav.net), \
          OpenWrt's `logread` (openwrt.org), vsftpd (security.appspot.com/vsftpd), transfers of ftp servers (xferlog), where client, bytes, path and user are columns.",
    weight: 90,
    variants: &[
        "{time:%a %b %e %H:%M:%S %Y} {duration:s} {client:word} {bytes:int} {path:word} {transfer_type:[ab]} {special_action:word} {direction:[iod]} {access_mode:[agr]} {user:word} {service:word} {authentication:[01]} {authenticated_user:word} {completion:[ci]} {message:rest}",
        "{time:%a %b %e %H:%M:%S %Y} {facility:=kern|user|mail|daemon|authpriv|auth|syslog|cron|local0|local1|local2|local3|local4|local5|local6|local7}.{level:level} {app:name}{?[{pid:int}]?}: {message:rest}",
        // vsftpd.
        "{time:%a %b %e %H:%M:%S %Y} [pid {pid:int}] {?[{user:text}] ?}{?{status:=OK|FAIL} ?}{action:text}: Client \"{client:text}\"{?, \"{path:text}\"?}{?, {bytes:int} bytes?}{?,?} {message:rest}",
        "{time:%a %b %e %H:%M:%S %Y} : {level:=Auth|Info|Error|Warning|Proxy|Acct|Debug}: {message:rest}",
        "{time:%a %b %e %H:%M:%S %Y} -> {message:rest}",
        "{time:%a %b %e %H:%M:%S %Y} {level:level}: {message:rest}",
        "{time:%a %b %e %H:%M:%S %Y}{?:?} {message:rest}",
    ],
    nulls: &["*"],
    joins: Joins::Texts,
    examples: &[
        "Fri Mar  1 10:00:00 2024 : Auth: (1) Login OK: [bob] (from client ap port 1)",
        "Fri Mar  1 10:00:00 2024 daemon.info dnsmasq[12]: started",
        "Fri Mar  1 10:00:00 2024 1 192.0.2.7 1024 /pub/x b _ o a bob ftp 0 * c",
    ],
    ..Table::PLAIN
});

pub static GO: TemplateFormat = TemplateFormat::new(Table {
    name: "go_log",
    title: "Go log",
    doc: "What Go's package `log` writes (pkg.go.dev/log), with its flags for microseconds and for file and line, and a prefix \
          before the time: time, file, line, message. Squid's `cache.log` and others have the same time. What a panic prints \
          belongs to the event before it.",
    weight: 82,
    variants: &[
        "{time:%Y/%m/%d %H:%M:%S%f} {file:*.go}:{line:int}: {message:rest}",
        "{time:%Y/%m/%d %H:%M:%S%f} {app:=kid}{worker:int}| {level:=WARNING|ERROR|FATAL}: {message:rest}",
        "{time:%Y/%m/%d %H:%M:%S%f} {app:=kid}{worker:int}| {message:rest}",
        "{time:%Y/%m/%d %H:%M:%S%f} [{level:level}{? ?}] {message:rest}",
        // rsync's daemon.
        "{time:%Y/%m/%d %H:%M:%S} [{pid:int}] {message:rest}",
        "{time:%Y/%m/%d %H:%M:%S%f} {level:level}: {message:rest}",
        "{time:%Y/%m/%d %H:%M:%S%f} {message:rest}",
        "{app:name}: {time:%Y/%m/%d %H:%M:%S%f} {file:*.go}:{line:int}: {message:rest}",
        "{app:name}: {time:%Y/%m/%d %H:%M:%S%f} {message:rest}",
        "[{app:name}] {time:%Y/%m/%d %H:%M:%S%f} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "2024/03/01 10:00:00 listening on :8080",
        "2024/03/01 10:00:00.123456 orders.go:17: order 17 is late",
        "shop: 2024/03/01 10:00:00 listening on :8080",
    ],
    ..Table::PLAIN
});

pub static CAPNSLOG: TemplateFormat = TemplateFormat::new(Table {
    name: "capnslog",
    title: "capnslog",
    doc: "What CoreOS' package capnslog writes (github.com/coreos/pkg): etcd before 3.4, fleet, flannel, dex, Clair. `level` is \
          a letter (C, E, W, N, I, D, T), `logger` the package.",
    weight: 98,
    variants: &["{time:iso} {level:[CEWNIDT]} | {logger:text}: {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01 10:00:00.123456 I | etcdserver: published member"],
    ..Table::PLAIN
});

pub static ERLANG: TemplateFormat = TemplateFormat::new(Table {
    name: "erlang_reports",
    title: "Erlang reports",
    doc: "Reports of Erlang's error logger and SASL (erlang.org, error_logger): RabbitMQ before 3.7, ejabberd, CouchDB and Riak \
          of old. `level` is the report's kind: INFO, WARNING, ERROR, or CRASH, SUPERVISOR, PROGRESS; all lines below its head \
          are the message.",
    weight: 99,
    variants: &["={level:text} REPORT==== {time:%d-%b-%Y::%H:%M:%S%f}{? UTC?} ==={message:rest}"],
    nulls: &[],
    begins: Some(begins_report),
    examples: &[
        "=INFO REPORT==== 1-Mar-2024::10:00:00 ===\naccepting connection <0.684.0> (192.0.2.7:5678 -> 192.0.2.80:5672)",
    ],
    ..Table::PLAIN
});

fn begins_report(line: &str) -> bool {
    line.starts_with('=') && line.ends_with(" ===") && line.contains(" REPORT==== ")
}

pub static DOVECOT: TemplateFormat = TemplateFormat::new(Table {
    name: "dovecot",
    title: "Dovecot log",
    doc: "What Dovecot writes to a file of its own (doc.dovecot.org, Logging): time, service, user, process and session where \
          they are written, level, message. By syslog it is read as syslog.",
    weight: 99,
    variants: &[
        "{time:syslog} {app:name}({user:text})<{pid:int}><{session:text}>: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{time:syslog} {app:name}({user:text}): {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{time:syslog} {app:name}: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{time:iso} {app:name}({user:text})<{pid:int}><{session:text}>: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{time:iso} {app:name}({user:text}): {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
        "{time:iso} {app:name}: {level:=Info|Warning|Error|Debug|Fatal|Panic}: {message:rest}",
    ],
    nulls: &[],
    tells: &["imap", "pop3", "lmtp", "lda", "master: ", "auth: ", "dovecot", "managesieve"],
    joins: Joins::Indented,
    examples: &["Mar 01 10:00:00 imap(bob)<12><f3a>: Info: Logged out in=120 out=3400"],
    ..Table::PLAIN
});

pub static POSTQUEUE: TemplateFormat = TemplateFormat::new(Table {
    name: "postqueue",
    title: "Postfix queue",
    doc: "What `postqueue -p` and `mailq` print (postfix.org, postqueue): number of the mail (`*` behind it: it is being \
          delivered, `!`: on hold), size, time of arrival, sender, the first reason why it waits, and all recipients, with the \
          further reasons between them. A year is guessed. What `postqueue -j` prints is read as JSON lines.",
    weight: 99,
    variants: &[
        "{queue_id:word} {size:int} {time:%a %b %e %H:%M:%S} {sender:word}{?\r?}\n{? ({reason:text})\n?} {recipients:rest}",
        "{queue_id:word} {size:int} {time:%a %b %e %H:%M:%S} {sender:word}\r{? ({reason:text})\r?} {recipients:rest}",
    ],
    nulls: &[],
    begins: Some(begins_mail),
    meta: &["-Queue ID-", "-- "],
    examples: &[
        "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n9B8C7D6E5F      5678 Fri Mar  1 10:00:00  bob@example.org\n   (connect to mx.example.com[192.0.2.25]:25: Connection timed out)\n                                         eve@example.com\n\n-- 6 Kbytes in 1 Request.",
    ],
    ..Table::PLAIN
});

/// Whether a line begins a mail of the queue: with its number, size and day.
fn begins_mail(line: &str) -> bool {
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let mut is = |of: fn(u8) -> bool| words.next().is_some_and(|word| word.bytes().all(of));
    line.starts_with(|c: char| c.is_ascii_alphanumeric())
        && is(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'!'))
        && is(|byte| byte.is_ascii_digit())
        && words.next().is_some_and(|day| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&day))
}

pub static SAMBA: TemplateFormat = TemplateFormat::new(Table {
    name: "samba",
    title: "Samba log",
    doc: "The logs of Samba's daemons (samba.org, smb.conf): time, level (0 to 10), what else `debug pid` and others add, the place \
          in the source, and the message, which stands in the lines below.",
    weight: 99,
    variants: &[
        "[{time:%Y/%m/%d %H:%M:%S%f}, {level:int}{?, {context:text}?}] {file:name}:{line:int}({function:text}){message:rest}",
    ],
    nulls: &[],
    joins: Joins::Indented,
    examples: &[
        "[2024/03/01 10:00:00.123456,  1, pid=12] ../../source3/smbd/service.c:1114(make_connection_snum)\n  pc7 connect to service share as user bob",
    ],
    ..Table::PLAIN
});

pub static CUPS: TemplateFormat = TemplateFormat::new(Table {
    name: "cups",
    title: "CUPS log",
    doc: "CUPS's `page_log` (printer, user, job, time, page or `total`, copies, billing, host, and the job's name, medium and sides \
          as `message`) and `error_log` (level, time, job, message; openprinting.github.io, cupsd-logs). Its `access_log` is read \
          as that of a web server.",
    weight: 88,
    variants: &[
        "{level:[XACEWNIDd]} [{time:clf}] {?[Job {job_id:int}] ?}{message:rest}",
        "{printer:word} {user:word} {job_id:int} [{time:clf}] {page:int} {copies:int} {billing:word} {host:word} {message:rest}",
        "{printer:word} {user:word} {job_id:int} [{time:clf}] {page:=total} {copies:int} {billing:word} {host:word} {message:rest}",
        "{printer:word} {job_id:int} {user:word} [{time:clf}] {page:int} {copies:int} {billing:word} {host:word} {message:rest}",
        "{printer:word} {job_id:int} {user:word} [{time:clf}] {page:=total} {copies:int} {billing:word} {host:word} {message:rest}",
    ],
    examples: &[
        "E [01/Mar/2024:10:00:00 +0100] [Job 17] Unable to start filter",
        "Laser bob 17 [01/Mar/2024:10:00:00 +0100] total 3 - localhost letter.pdf A4 one-sided",
    ],
    ..Table::PLAIN
});

pub static LOGINS: TemplateFormat = TemplateFormat::new(Table {
    name: "last",
    title: "List of logins",
    doc: "What `last` and `lastb` print (man7.org, last), with `-F` too: user, terminal, host, time, and until when as `message`. \
          Without `-F` a year is guessed.",
    weight: 93,
    tells: &["pts/", "tty", "system boot", "wtmp begins ", "btmp begins "],
    variants: &[
        "{user:word} {terminal:=system boot|system down} {host:word} {time:%a %b %e %H:%M:%S %Y} {message:rest}",
        "{user:word} {terminal:=system boot|system down} {host:word} {time:%a %b %e %H:%M} {message:rest}",
        "{user:word} {terminal:word} {host:word} {time:%a %b %e %H:%M:%S %Y} {message:rest}",
        "{user:word} {terminal:word} {host:word} {time:%a %b %e %H:%M} {message:rest}",
        "{user:word} {terminal:word} {time:%a %b %e %H:%M:%S %Y} {message:rest}",
        "{user:word} {terminal:word} {time:%a %b %e %H:%M} {message:rest}",
    ],
    nulls: &[],
    meta: &["wtmp begins ", "btmp begins "],
    examples: &["bob      pts/0        192.0.2.7        Fri Mar  1 10:00:00 2024 - Fri Mar  1 10:30:00 2024  (00:30)"],
    ..Table::PLAIN
});

pub static APPLIANCES: TemplateFormat = TemplateFormat::new(Table {
    name: "appliance_log",
    title: "Log of MikroTik, Zabbix, Source servers",
    doc: "Lines of MikroTik's RouterOS (help.mikrotik.com, Log), with the topics before the level and behind it; of Zabbix' server and \
          agent (zabbix.com); of HP's ProCurve switches; of Valve's game servers (developer.valvesoftware.com, HL Log Standard). RouterOS leaves out the day \
          of today's lines: those have the text `clock` and no time.",
    weight: 97,
    variants: &[
        "{time:%b/%d/%Y %H:%M:%S} {topics:name},{level:=info|warning|error|critical|debug}{?,{more_topics:word}?} {message:rest}",
        "{time:%b/%d %H:%M:%S} {topics:name},{level:=info|warning|error|critical|debug}{?,{more_topics:word}?} {message:rest}",
        "{time:iso} {topics:name},{level:=info|warning|error|critical|debug}{?,{more_topics:word}?} {message:rest}",
        "{clock:word} {topics:name},{level:=info|warning|error|critical|debug}{?,{more_topics:word}?} {message:rest}",
        "{? ?}{pid:int}:{time:%Y%m%d:%H%M%S%f} {message:rest}",
        "L {time:%m/%d/%Y - %H:%M:%S}: {message:rest}",
        "{level:[MDWIE]} {time:%m/%d/%y %H:%M:%S} {event_id:int} {logger:name}: {message:rest}",
    ],
    nulls: &[],
    examples: &[
        "mar/01/2024 10:00:00 system,error,critical login failure for user admin from 192.0.2.7 via ssh",
        "10:00:00 system,info,account user admin logged in from 192.0.2.7 via winbox",
        "  12:20240301:100000.123 server #0 started [main process]",
        "L 03/01/2024 - 10:00:00: World triggered \"Round_Start\"",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::families::tests::fields;
    use crate::formats::testing::{Reading, named_rows, pieces, prepare, read, read_with};
    use crate::formats::{FormatSpec, Sample, recognise};

    /// The format of a text's best reading, with the text read by it.
    fn best(text: &str) -> (String, Reading) {
        let found = recognise(&Sample::whole("x.log", text));
        let format = &found.first().unwrap_or_else(|| panic!("{text}")).format;
        (format.name.clone(), read(format, text))
    }

    #[test]
    fn times_that_few_have_are_read() {
        for (text, format, time) in [
            ("Fri Mar  1 10:00:00 2024 -> /tmp/x: Eicar FOUND\n", "asctime_log", "2024-03-01T10:00:00Z"),
            ("2024/03/01 10:00:00 kid1| Starting\n", "go_log", "2024-03-01T10:00:00Z"),
            ("mar/01/2024 10:00:00 firewall,info in:ether1\n", "appliance_log", "2024-03-01T10:00:00Z"),
            ("2024-03-01 10:00:00 dhcp,info dhcp1 assigned 192.0.2.7\n", "appliance_log", "2024-03-01T10:00:00Z"),
            ("  12:20240301:100000.500 server #0 started\n", "appliance_log", "2024-03-01T10:00:00.500Z"),
            ("L 03/01/2024 - 10:00:00: World started\n", "appliance_log", "2024-03-01T10:00:00Z"),
        ] {
            let (name, _) = best(text);
            assert_eq!(name, format, "{text}");
            assert_eq!(fields(format, text)["time"], time, "{text}");
        }
    }

    #[test]
    fn mails_that_wait_have_their_reason_and_recipients() {
        let text = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n\
                    3F2A9C1D4E*     1234 Fri Mar  1 10:00:00  bob@example.org\n                                         eve@example.net\n\n\
                    9B8C7D6E5F      5678 Fri Mar  1 09:00:00  MAILER-DAEMON\n   (host mx[192.0.2.25] said: 450 later (in reply to RCPT))\n\
                    \x20                                        joe@example.com\n                                         ann@example.com\n\n\
                    -- 7 Kbytes in 2 Requests.\n";
        let (name, reading) = best(text);
        assert_eq!((name.as_str(), reading.tally.rows, reading.tally.meta), ("postqueue", 2, 2));
        let rows = named_rows(&reading);
        assert_eq!((&rows[0]["queue_id"], &rows[0]["recipients"]), (&"3F2A9C1D4E*".into(), &"eve@example.net".into()));
        assert_eq!((&rows[0]["size"], rows[0].get("reason")), (&1234.into(), None));
        assert_eq!(rows[1]["reason"], "host mx[192.0.2.25] said: 450 later (in reply to RCPT)");
        let recipients = rows[1]["recipients"].as_str().unwrap();
        assert_eq!(recipients.split_whitespace().collect::<Vec<_>>(), ["joe@example.com", "ann@example.com"]);
        let parser = prepare(&FormatSpec::new("postqueue"), None, text);
        for size in (1..text.len()).step_by(5) {
            let found = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
            assert_eq!((found.json(), found.tally), (reading.json(), reading.tally.clone()), "{size}");
        }
    }

    #[test]
    fn fields_of_daemons_have_their_names() {
        let transfer = fields("asctime_log", "Fri Mar  1 10:00:00 2024 2 192.0.2.7 17 /a b _ o r bob ftp 0 * c\n");
        assert_eq!(
            (&transfer["client"], &transfer["bytes"], &transfer["user"]),
            (&"192.0.2.7".into(), &17.into(), &"bob".into())
        );
        assert_eq!((&transfer["duration"], transfer.get("authenticated_user")), (&2.0.into(), None));

        let router = fields("appliance_log", "10:00:00 pppoe,info,account bob logged in\n");
        assert_eq!((&router["topics"], &router["level"]), (&"pppoe".into(), &"info".into()));
        assert_eq!(
            (&router["more_topics"], &router["clock"], router.get("time")),
            (&"account".into(), &"10:00:00".into(), None)
        );
    }

    #[test]
    fn go_has_files_levels_and_panics() {
        let text = "2024/03/01 10:00:00 dial 192.0.2.7:80: refused\n\
                    2024/03/01 10:00:01.5 db/orders.go:17: late\n\
                    2024/03/01 10:00:02 http: panic serving 192.0.2.7:5: x\ngoroutine 12 [running]:\nmain.f()\n\
                    2024/03/01 10:00:03 [ERROR] gone\n";
        let (name, reading) = best(text);
        assert_eq!((name.as_str(), reading.tally.rows, reading.tally.quarantined), ("go_log", 4, 0));
        let rows = named_rows(&reading);
        assert_eq!((&rows[0]["message"], rows[0].get("file")), (&"dial 192.0.2.7:80: refused".into(), None));
        assert_eq!(
            (&rows[1]["file"], &rows[1]["line"], &rows[1]["message"]),
            (&"db/orders.go".into(), &17.into(), &"late".into())
        );
        assert_eq!(rows[2]["message"], "http: panic serving 192.0.2.7:5: x\ngoroutine 12 [running]:\nmain.f()");
        assert_eq!((&rows[3]["level"], &rows[3]["message"]), (&"ERROR".into(), &"gone".into()));
    }

    #[test]
    fn times_of_network_devices_are_read() {
        const LINK: &str = "%LINK-3-UPDOWN: Interface Gi0/1, changed state to down";
        for (head, time, host) in [
            ("*Mar  1 2024 10:00:00.123: ", "2024-03-01T10:00:00.123Z", None),
            ("000042: *Mar  1 2024 10:00:00.123 CET: ", "2024-03-01T09:00:00.123Z", None),
            ("<189>42: sw1: .Mar  1 2024 10:00:00: ", "2024-03-01T10:00:00Z", Some("sw1")),
            ("2024 Mar  1 10:00:00 sw1 ", "2024-03-01T10:00:00Z", Some("sw1")),
            ("<189>: 2024 Mar  1 10:00:00 CET: ", "2024-03-01T09:00:00Z", None),
            (
                "Mar  1 2024 10:00:02 192.0.2.7 42: *Mar  1 2024 10:00:00.123: ",
                "2024-03-01T10:00:02Z",
                Some("192.0.2.7"),
            ),
        ] {
            let line = format!("{head}{LINK}\n");
            let row = fields("cisco", &line);
            assert_eq!((&row["time"], row.get("host").and_then(|host| host.as_str())), (&time.into(), host), "{line}");
            assert_eq!((&row["facility"], &row["message_id"]), (&"LINK".into(), &"UPDOWN".into()), "{line}");
        }
    }

    #[test]
    fn services_printers_and_logins_have_their_columns() {
        for (text, format, expected) in [
            (
                "Nov 30 10:00:01 imap(bob)<12><abc>: Info: Logged out in=120 out=3400\n",
                "dovecot",
                r#"{"time":"1970-11-30T10:00:01Z","level":"Info","app":"imap","pid":12,"user":"bob","session":"abc","message":"Logged out in=120 out=3400","in":120,"out":3400}"#,
            ),
            (
                "2026-11-30 10:00:00 imap-login: Info: Login: user=<bob>\n",
                "dovecot",
                r#"{"time":"2026-11-30T10:00:00Z","level":"Info","app":"imap-login","message":"Login: user=<bob>","user":"bob"}"#,
            ),
            (
                "[2026/11/30 10:00:01.5,  1, pid=12] ../../source3/smbd/service.c:1114(connect)\n  pc7 connects\n  as bob\n",
                "samba",
                r#"{"time":"2026-11-30T10:00:01.500Z","level":1,"context":"pid=12","file":"../../source3/smbd/service.c","line":1114,"function":"connect","message":"  pc7 connects\n  as bob"}"#,
            ),
            (
                "Ink eve 18 [30/Nov/2026:10:01:00 +0100] total 3 - 192.0.2.7 My letter.odt A4 one-sided\n",
                "cups",
                r#"{"time":"2026-11-30T09:01:00Z","host":"192.0.2.7","user":"eve","job_id":18,"printer":"Ink","page":"total","copies":3,"message":"My letter.odt A4 one-sided"}"#,
            ),
            (
                "reboot   system boot  6.1.0-13-amd64   Sun Nov 29 02:00:00 2026   still running\n",
                "last",
                r#"{"time":"2026-11-29T02:00:00Z","host":"6.1.0-13-amd64","user":"reboot","terminal":"system boot","message":"still running"}"#,
            ),
            (
                "2026-02-17 10:00:01.220112 W | etcdserver: read-only range request \"key:/a\" took too long\n",
                "capnslog",
                r#"{"time":"2026-02-17T10:00:01.220112Z","level":"W","logger":"etcdserver","message":"read-only range request \"key:/a\" took too long"}"#,
            ),
            (
                "=ERROR REPORT==== 17-Feb-2026::09:05:00 ===\nChannel error on connection <0.700.0>:\n{amqp_error,\n  'queue.declare'}\n\n=INFO REPORT==== 17-Feb-2026::09:06:00 ===\nwell\n",
                "erlang_reports",
                r#"{"time":"2026-02-17T09:05:00Z","level":"ERROR","message":"Channel error on connection <0.700.0>:\n{amqp_error,\n  'queue.declare'}"}"#,
            ),
            (
                "2026/11/30 10:00:02 [12] sent 12,345 bytes\n",
                "go_log",
                r#"{"time":"2026-11-30T10:00:02Z","pid":12,"message":"sent 12,345 bytes"}"#,
            ),
        ] {
            let (name, reading) = best(text);
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
            assert_eq!((name.as_str(), &named_rows(&reading)[0]), (format, &expected), "{text}");
        }
    }
}
