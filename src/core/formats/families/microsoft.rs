//! Logs of Microsoft's servers and tools that have no `#Fields:` line: IIS in its own form, Configuration Manager, DHCP, DNS,
//! the network policy server. Their days are written month first, but for DNS, which writes them as the server's region does.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static IIS: TemplateFormat = TemplateFormat::new(Table {
    name: "iis",
    title: "IIS log",
    doc: "IIS's own log format (learn.microsoft.com, IIS Log File Format): client, user, time of the server, service, server, \
          `server_address`, duration, bytes received and sent, status, `win32_status`, method, path, parameters. Its W3C form \
          is read as `w3c`, its NCSA form as `apache_access`.",
    weight: 99,
    variants: &[
        "{client:word}, {user:text}, {time:%m/%d/%Y, %H:%M:%S}, {service:word}, {host:word}, {server_address:word}, {duration:ms}, {received_bytes:int}, {bytes:int}, {status:int}, {win32_status:int}, {method:word}, {path:text}, {parameters:until_last},{message:rest}",
        "{client:word}, {user:text}, {time:%m/%d/%y, %H:%M:%S}, {service:word}, {host:word}, {server_address:word}, {duration:ms}, {received_bytes:int}, {bytes:int}, {status:int}, {win32_status:int}, {method:word}, {path:text}, {parameters:until_last},{message:rest}",
    ],
    examples: &[
        "192.0.2.7, -, 03/01/2024, 10:00:00, W3SVC1, WEB1, 192.0.2.80, 47, 163, 3223, 200, 0, GET, /orders/17, a=1,",
    ],
    ..Table::PLAIN
});

pub static CMTRACE: TemplateFormat = TemplateFormat::new(Table {
    name: "cmtrace",
    title: "Configuration Manager log",
    doc: "Logs that CMTrace shows (learn.microsoft.com, About log files in Configuration Manager): Configuration Manager, Intune, \
          deployment toolkits. `level` is the type (1 information, 2 warning, 3 error), `logger` the component, `file` the place \
          in the source; a message may have several lines. The older form, with `$$<`, too.",
    weight: 99,
    variants: &[
        "<![LOG[{message:text}]LOG]!><time=\"{time:%H:%M:%S%f%k\" date=\"%m-%d-%Y}\" component=\"{logger:text}\" context=\"{context:text}\" type=\"{level:text}\" thread=\"{thread:text}\" file=\"{file:text}\">{? {more:rest}?}",
        "{message:text}  $$<{logger:text}><{time:%m-%d-%Y %H:%M:%S%f%k}><thread={thread:text}>",
    ],
    nulls: &[],
    begins: Some(begins_cmtrace),
    examples: &[
        "<![LOG[Policy evaluation is late]LOG]!><time=\"10:00:00.123-60\" date=\"03-01-2024\" component=\"PolicyAgent\" context=\"\" type=\"2\" thread=\"4712\" file=\"policy.cpp:17\">",
    ],
    ..Table::PLAIN
});

/// In the older form each line is an event.
fn begins_cmtrace(line: &str) -> bool {
    line.starts_with("<![LOG[") || line.contains("$$<")
}

pub static DHCP: TemplateFormat = TemplateFormat::new(Table {
    name: "windows_dhcp",
    title: "Windows DHCP server log",
    doc: "The audit log of Windows' DHCP server (learn.microsoft.com, DHCP audit logging): the event's number and what it means, \
          time, address, host, hardware address, user, transaction, and what else newer servers write, as `message`. The \
          explanations at its beginning are no events.",
    weight: 98,
    variants: &[
        "{event_id:int},{time:%m/%d/%y,%H:%M:%S},{event:cell},{client:text},{host:cell},{?{mac_address:uuid}?},{user:cell},{?{? ?}{transaction_id:text},{result:text},{message:rest}?}",
        "{event_id:int},{time:%m/%d/%y,%H:%M:%S},{event:cell},{client:text},{host:cell},{?{mac_address:uuid}?},{message:rest}",
        "{event_id:int},{time:%m/%d/%y,%H:%M:%S},{event:cell},{client:text},{host:cell},{mac_address:uuid}",
    ],
    nulls: &[],
    meta: &[
        "\t\tMicrosoft ",
        "Event ID",
        "ID,Date,Time",
        "QResult",
        "00\t",
        "01\t",
        "02\t",
        "10\t",
        "11\t",
        "12\t",
        "13\t",
        "14\t",
        "15\t",
        "16\t",
        "17\t",
        "18\t",
        "20\t",
        "21\t",
        "22\t",
        "23\t",
        "24\t",
        "25\t",
        "30\t",
        "31\t",
        "32\t",
        "33\t",
        "34\t",
        "35\t",
        "36\t",
        "50+\t",
    ],
    examples: &["11,03/01/24,10:00:00,Renew,192.0.2.7,pc7.example.org,001122334455,,1234,0,,,,,,,,,0"],
    ..Table::PLAIN
});

pub static DNS: TemplateFormat = TemplateFormat::new(Table {
    name: "windows_dns",
    title: "Windows DNS debug log",
    doc: "The debug log of Windows' DNS server (learn.microsoft.com, DNS logging and diagnostics): time, thread, what the line is \
          about, and of packets the protocol, direction, client, number, whether it answers (`R`), flags, the answer's code, type \
          and name of what is asked for; the name is written as packets have it.",
    weight: 98,
    variants: &[
        "{time:numbered} {thread:hex} {context:=PACKET} {packet:hex} {protocol:=UDP|TCP} {direction:=Rcv|Snd} {client:word} {query_id:hex} {?{response:=R} ?}{opcode:[QNU?]} [{flags:text}] {type:word} {query:word}{? ?}{message:rest}",
        "{time:iso} {thread:hex} {context:=PACKET} {packet:hex} {protocol:=UDP|TCP} {direction:=Rcv|Snd} {client:word} {query_id:hex} {?{response:=R} ?}{opcode:[QNU?]} [{flags:text}] {type:word} {query:word}{? ?}{message:rest}",
        "{time:numbered} {thread:hex} {context:=EVENT|PACKET|DSPOLL|INIT|Note|DS|RECURSE|RESPONSE|DUPLICATE} {message:rest}",
        "{time:iso} {thread:hex} {context:=EVENT|PACKET|DSPOLL|INIT|Note|DS|RECURSE|RESPONSE|DUPLICATE} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Indented,
    tells: &[" PACKET ", " EVENT "],
    meta: &["DNS Server log", "Log file wrap", "Message logging key", "\tField #", "\t-------", "\t  ", "\t "],
    examples: &[
        "13/01/2024 10:00:00 0BE4 PACKET  00000000034F4B30 UDP Rcv 192.0.2.7       9d3a   Q [0001   D   NOERROR] A      (3)www(7)example(3)org(0)",
    ],
    ..Table::PLAIN
});

pub static NPS: TemplateFormat = TemplateFormat::new(Table {
    name: "windows_nps",
    title: "Windows network policy server log",
    doc: "Accounting of Windows' network policy server, and of IAS before it (learn.microsoft.com, Interpret NPS database format \
          log files): server, service, time, the packet's type (1 asks, 2 accepts, 3 rejects, 4 accounts), user, the same whole, \
          the stations that are called and that call, and all further attributes as `message`. The older IAS form has its \
          attributes as numbers with values, in `message`. Its XML form is read as XML.",
    weight: 98,
    variants: &[
        "\"{host:text}\",\"{service:=IAS|RAS}\",{time:%m/%d/%Y,%H:%M:%S},{packet_type:int},{?\"?}{user:text}{?\"?},{?\"?}{qualified_user:text}{?\"?},{?\"?}{called_station:text}{?\"?},{?\"?}{calling_station:text}{?\"?},{message:rest}",
        "{client:word},{user:text},{time:%m/%d/%Y,%H:%M:%S},{service:=IAS|RAS},{host:word},{message:rest}",
    ],
    nulls: &[],
    examples: &[
        "\"NPS1\",\"IAS\",03/01/2024,10:00:00,1,\"bob\",\"EXAMPLE\\bob\",\"00-11-22-33-44-55\",\"66-77-88-99-AA-BB\",,,\"ap1\",\"192.0.2.7\"",
        "192.0.2.7,bob,03/01/2024,10:00:00,IAS,NPS1,4,192.0.2.7,6,2",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::families::tests::fields;
    use crate::formats::testing::{named_rows, pieces, prepare, read, read_with};
    use crate::formats::{FormatSpec, Sample, recognise};

    /// The format of a text's best reading.
    fn best(text: &str) -> String {
        recognise(&Sample::whole("x.log", text)).first().map(|found| found.format.name.clone()).unwrap_or_default()
    }

    #[test]
    fn a_request_of_iis_has_its_columns() {
        let line = "192.0.2.8, EXAMPLE\\bob, 11/30/2026, 10:00:01, W3SVC1, WEB1, 192.0.2.80, 47, 163, 3223, 404, 2, GET, /my orders, -,\n";
        assert_eq!(best(line), "iis");
        let row = fields("iis", line);
        assert_eq!((&row["time"], &row["duration"]), (&"2026-11-30T10:00:01Z".into(), &0.047.into()));
        assert_eq!((&row["user"], &row["path"]), (&r"EXAMPLE\bob".into(), &"/my orders".into()));
        assert_eq!((&row["status"], &row["bytes"], row.get("parameters")), (&404.into(), &3223.into(), None));
        assert_eq!(fields("iis", &line.replace("11/30/2026", "11/30/26"))["time"], "2026-11-30T10:00:01Z");
        let row = fields("iis", &line.replace("/my orders, -,", "/a,b/c, x=1,2,"));
        assert_eq!((&row["path"], &row["parameters"], row.get("message")), (&"/a,b/c".into(), &"x=1,2".into(), None));
    }

    #[test]
    fn messages_of_several_lines_keep_their_time() {
        let text = "<![LOG[Client is registered]LOG]!><time=\"10:00:00.123-60\" date=\"11-30-2026\" component=\"Id\" context=\"\" type=\"1\" thread=\"4712\" file=\"reg.cpp:17\">\n\
                    <![LOG[Raising event:\n{\n  Code = 17;\n};\n]LOG]!><time=\"10:00:01.123+480\" date=\"11-30-2026\" component=\"Policy\" context=\"\" type=\"3\" thread=\"4712\" file=\"event.cpp:99\">\n\
                    <![LOG[torn\n";
        assert_eq!(best(text), "cmtrace");
        let parser = prepare(&FormatSpec::new("cmtrace"), None, text);
        let whole = read_with(parser.as_ref(), &[text]);
        let rows = named_rows(&whole);
        assert_eq!((rows.len(), whole.tally.joined, whole.tally.quarantined), (2, 4, 1));
        assert_eq!((&rows[0]["time"], &rows[0]["logger"]), (&"2026-11-30T09:00:00.123Z".into(), &"Id".into()));
        assert_eq!((&rows[1]["time"], &rows[1]["level"]), (&"2026-11-30T18:00:01.123Z".into(), &"3".into()));
        assert_eq!(rows[1]["message"], "Raising event:\n{\n  Code = 17;\n};\n");
        for size in 1..text.len() {
            let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
            assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
        }
        let old =
            fields("cmtrace", "Task failed: 17  $$<Manager><11-30-2026 10:00:01.123-060><thread=4712 (0x1268)>\n");
        assert_eq!((&old["message"], &old["logger"]), (&"Task failed: 17 ".into(), &"Manager".into()));
        assert_eq!((&old["time"], &old["thread"]), (&"2026-11-30T09:00:01.123Z".into(), &"4712 (0x1268)".into()));
    }

    #[test]
    fn explanations_before_leases_are_no_events() {
        let text = "\t\tMicrosoft DHCP Service Activity Log\n\n\nEvent ID  Meaning\n00\tThe log was started.\n10\tA new IP address was leased to a client.\n\
                    50+\tCodes above 50 are used for Rogue Server Detection information.\n\nQResult: 0: NoQuarantine, 1:Quarantine\n\n\
                    ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime\n\
                    00,11/30/26,00:00:02,Started,,,,,0,6,,,,,,,,,0\n\
                    11,11/30/26,10:00:00,Renew,192.0.2.7,pc7.example.org,001122334455,,1234567,0,,,,0x4D53,MSFT 5.0,,,,0\n";
        assert_eq!(best(text), "windows_dhcp");
        let reading = read(&FormatSpec::new("windows_dhcp"), text);
        let rows = named_rows(&reading);
        assert_eq!((rows.len(), reading.tally.quarantined, reading.tally.meta), (2, 0, 7));
        assert_eq!((&rows[0]["event_id"], &rows[0]["event"]), (&0.into(), &"Started".into()));
        assert_eq!((&rows[1]["client"], &rows[1]["host"]), (&"192.0.2.7".into(), &"pc7.example.org".into()));
        assert_eq!((&rows[1]["transaction_id"], &rows[1]["result"]), (&"1234567".into(), &"0".into()));
        let short = fields("windows_dhcp", "10,11/30/05,10:00:00,Assign,192.0.2.8,pc8,001122334456\n");
        assert_eq!((&short["time"], &short["mac_address"]), (&"2005-11-30T10:00:00Z".into(), &"001122334456".into()));
        // A comma in quotes is part of a value; one without them leaves the line unread, and moves no value.
        let line = "10,11/30/26,10:00:00,\"Assign, new\",192.0.2.7,\"pc \"\"x\"\"\",001122334455,bob,1,0,,,,,,,,,0\n";
        let row = fields("windows_dhcp", line);
        assert_eq!((&row["event"], &row["host"]), (&"Assign, new".into(), &"pc \"x\"".into()));
        assert_eq!((&row["mac_address"], &row["user"]), (&"001122334455".into(), &"bob".into()));
        let bare = [line, "10,11/30/26,10:00:00,Assign, new,192.0.2.7,pc,001122334455,bob,1,0,,,,,,,,,0\n"].concat();
        assert_eq!(read(&FormatSpec::new("windows_dhcp"), &bare).tally.quarantined, 1);
    }

    #[test]
    fn packets_of_dns_have_what_was_asked_for() {
        let text = "DNS Server log file creation at 11/30/2026 9:00:00 AM\n\n\
                    11/30/2026 10:00:00 AM 0BE4 PACKET  00000000034F4B30 UDP Snd 192.0.2.7       9d3a R Q [8081   DR  NOERROR] A      (3)www(7)example(3)org(0)\n\
                    11/30/2026 10:00:01 PM 0BE4 EVENT   The DNS server has started.\n";
        assert_eq!(best(text), "windows_dns");
        let rows = named_rows(&read(&FormatSpec::new("windows_dns"), text));
        assert_eq!((&rows[0]["direction"], &rows[0]["client"]), (&"Snd".into(), &"192.0.2.7".into()));
        assert_eq!((&rows[0]["response"], &rows[0]["type"]), (&"R".into(), &"A".into()));
        assert_eq!(
            (&rows[0]["query"], &rows[0]["flags"]),
            (&"(3)www(7)example(3)org(0)".into(), &"8081   DR  NOERROR".into())
        );
        assert_eq!(
            (&rows[1]["context"], &rows[1]["message"]),
            (&"EVENT".into(), &"The DNS server has started.".into())
        );
        // Which number is the day is told by the source.
        assert_eq!(rows[1]["time"], "11/30/2026 10:00:01 PM");
        let spec = FormatSpec::new("windows_dns").with("dates", "month");
        let _times = spec.times();
        assert_eq!(named_rows(&read(&spec, text))[1]["time"], "2026-11-30T22:00:01Z");
    }

    #[test]
    fn accounting_has_its_users() {
        let line = "\"NPS1\",\"IAS\",11/30/2026,10:00:00,1,\"bob\",\"EXAMPLE\\bob\",\"00-11\",\"66-77\",,,\"ap1\",\"192.0.2.7\"\n";
        assert_eq!(best(&line.repeat(2)), "windows_nps");
        let row = fields("windows_nps", line);
        assert_eq!((&row["user"], &row["qualified_user"]), (&"bob".into(), &r"EXAMPLE\bob".into()));
        assert_eq!((&row["packet_type"], &row["calling_station"]), (&1.into(), &"66-77".into()));
        let row = fields("windows_nps", "\"NPS1\",\"IAS\",11/30/2026,10:00:00,2,,\"EXAMPLE\\bob\",,,,,,,,0\n");
        assert_eq!((row.get("user"), &row["qualified_user"]), (None, &r"EXAMPLE\bob".into()));
    }
}
