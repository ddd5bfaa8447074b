//! What command line tools print, and the lines of measurements that they send.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static PING: TemplateFormat = TemplateFormat::new(Table {
    name: "ping",
    title: "Output of ping",
    doc: "What `ping` of iputils prints (man7.org, ping), with `-D` too: time, bytes, who answered, number, time to live, how long \
          it took. A line for an answer that did not come has a message.",
    weight: 98,
    variants: &[
        "{?[{time:epoch}] ?}{bytes:int} bytes from {host:word} ({client:text}): icmp_seq={sequence:int} ttl={ttl:int} time={duration:ms} ms{? {message:rest}?}",
        "{?[{time:epoch}] ?}{bytes:int} bytes from {client:text}: icmp_seq={sequence:int} ttl={ttl:int} time={duration:ms} ms{? {message:rest}?}",
        "{?[{time:epoch}] ?}From {client:word} {?({_:text}) ?}icmp_seq={sequence:int} {message:rest}",
        "{?[{time:epoch}] ?}{message:=no answer yet} for icmp_seq={sequence:int}",
    ],
    meta: &["PING ", "--- ", "rtt min/", "round-trip min/"],
    also: &["{transmitted:int} packets transmitted, {received:int} received, {message:rest}"],
    nulls: &[],
    examples: &["64 bytes from www.example.org (192.0.2.80): icmp_seq=1 ttl=56 time=12.1 ms"],
    ..Table::PLAIN
});

pub static TCPDUMP: TemplateFormat = TemplateFormat::new(Table {
    name: "tcpdump",
    title: "Output of tcpdump",
    doc: "Packets as `tcpdump` prints them (tcpdump.org, tcpdump): time (of `-tttt` and `-tt`, else the text `clock`), protocol, both \
          ends with their ports, and the rest as message.",
    weight: 98,
    variants: &[
        "{clock:clock} {?{interface:name} {direction:=In|Out|B|M|P} ?}{protocol:=IP6|IP} {client:addr_dot} > {destination:addr_dot}: {message:text}, length {bytes:int}{? {more:rest}?}",
        "{clock:clock} {?{interface:name} {direction:=In|Out|B|M|P} ?}{protocol:=IP6|IP} {client:addr_dot} > {destination:addr_dot}: {message:rest}",
        "{clock:clock} {?{interface:name} {direction:=In|Out|B|M|P} ?}{protocol:=ARP}, {message:rest}",
        "{time:iso} {?{interface:name} {direction:=In|Out|B|M|P} ?}{protocol:=IP6|IP} {client:addr_dot} > {destination:addr_dot}: {message:rest}",
        "{time:epoch} {?{interface:name} {direction:=In|Out|B|M|P} ?}{protocol:=IP6|IP} {client:addr_dot} > {destination:addr_dot}: {message:rest}",
        "{time:iso} {protocol:=IP6|IP} ({header:text})\n {client:addr_dot} > {destination:addr_dot}: {message:rest}",
        "{clock:clock} {protocol:=IP6|IP} ({header:text})\n {client:addr_dot} > {destination:addr_dot}: {message:rest}",
        "{time:iso} {protocol:=ARP|IP6|IP}{?,?} {message:rest}",
    ],
    meta: &["tcpdump: ", "listening on ", "dropped privs to "],
    begins: Some(begins_packet),
    tells: &[" > ", " ARP, "],
    nulls: &[],
    examples: &[
        "10:00:01.120331 IP 192.0.2.7.5678 > 192.0.2.80.443: Flags [S], seq 1203311, win 64240, length 0",
        "2024-03-01 10:00:01.120331 IP (tos 0x0, ttl 64, id 1, proto TCP (6), length 60)\n    192.0.2.7.5678 > 192.0.2.80.443: Flags [S], seq 1, length 0",
    ],
    ..Table::PLAIN
});

/// Whether a packet begins with a line: what `-v`, `-X` and `-A` print of it is set in.
fn begins_packet(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit()) && [" IP", " ARP"].iter().any(|protocol| line.contains(protocol))
}

pub static NPM: TemplateFormat = TemplateFormat::new(Table {
    name: "npm_debug",
    title: "npm debug log",
    doc: "npm's debug log (docs.npmjs.com, Logging): number of the event, level, title, message.",
    weight: 97,
    variants: &[
        "{number:int} {level:=silly|verbose|info|http|timing|notice|warn|error} {title:word} {message:rest}",
        "{number:int} {level:=silly|verbose|info|http|timing|notice|warn|error} {message:rest}",
    ],
    tells: &[" verbose cli ", " info using npm", " verbose argv ", " verbose title "],
    nulls: &[],
    examples: &["0 verbose cli /usr/bin/node /usr/bin/npm\n1 info using npm@10.2.4\n2 error code E404"],
    ..Table::PLAIN
});

pub static SNMP: TemplateFormat = TemplateFormat::new(Table {
    name: "snmpwalk",
    title: "Output of snmpwalk",
    doc: "What `snmpwalk` and `snmpget` print (net-snmp.org): object, type, value. A text in quotes may go over several lines.",
    weight: 98,
    variants: &[
        "{oid:word} = {type:=STRING|INTEGER|Counter32|Counter64|Gauge32|Timeticks|OID|IpAddress|Hex-STRING|Network Address|Opaque|BITS|Unsigned32|UInteger32|NULL}: {value:rest}",
        "{oid:word} = \"\"{value:rest}",
        "{oid:word} = {type:=No Such Object|No Such Instance|No more variables}{value:rest}",
    ],
    joins: Joins::Texts,
    nulls: &[],
    examples: &["IF-MIB::ifInOctets.1 = Counter32: 88123\n.1.3.6.1.2.1.1.5.0 = STRING: \"web1\""],
    ..Table::PLAIN
});

pub static GRAPHITE: TemplateFormat = TemplateFormat::new(Table {
    name: "graphite",
    title: "Graphite lines",
    doc: "Graphite's plain text protocol (graphite.readthedocs.io, Feeding in your data): name with dots, tags, value, time.",
    weight: 95,
    variants: &["{name:class};{tags:word} {value:float} {time:epoch}", "{name:class} {value:float} {time:epoch}"],
    nulls: &[],
    examples: &["servers.web1.cpu.user 12.5 1709287200\nservers.web1.load;dc=fra;env=prod 0.42 1709287210"],
    ..Table::PLAIN
});

pub static STATSD: TemplateFormat = TemplateFormat::new(Table {
    name: "statsd",
    title: "StatsD lines",
    doc: "Lines of StatsD's protocol (github.com/statsd/statsd, Metric types) and of DogStatsD (docs.datadoghq.com): name, value, type \
          (c, g, ms, h, d), the rate at which it was sampled, tags; of a set (s) its member.",
    weight: 96,
    variants: &[
        "{name:text}:{value:float}|{type:=ms|c|g|h|d|m}{?|@{rate:float}?}{?|#{tags:word}?}",
        "{name:text}:{member:text}|{type:=s}{?|#{tags:word}?}",
    ],
    nulls: &[],
    examples: &["api.requests:1|c|@0.1|#env:prod\napi.latency:320|ms"],
    ..Table::PLAIN
});

pub static PERFORMANCE: TemplateFormat = TemplateFormat::new(Table {
    name: "nagios_performance",
    title: "Nagios performance data",
    doc: "Nagios' performance data files with their default templates (assets.nagios.com, Performance data): time, host, service, how \
          long the check took, how late it was, output, data.",
    weight: 100,
    variants: &[
        "[SERVICEPERFDATA]\t{time:epoch}\t{host:text}\t{service:text}\t{duration:s}\t{latency:s}\t{message:text}\t{performance:rest}",
        "[HOSTPERFDATA]\t{time:epoch}\t{host:text}\t{duration:s}\t{latency:s}\t{message:text}\t{performance:rest}",
    ],
    nulls: &[],
    examples: &[
        "[SERVICEPERFDATA]\t1709287200\tweb1\tLoad\t0.012\t0.101\tOK - load average: 0.12\tload1=0.120;5.000;10.000;0;",
    ],
    ..Table::PLAIN
});

pub static PACMAN: TemplateFormat = TemplateFormat::new(Table {
    name: "pacman",
    title: "pacman log",
    doc: "The log of Arch Linux' package manager (man.archlinux.org, pacman): time, the part that writes (`app`), message.",
    weight: 98,
    variants: &["[{time:iso}] [{app:=PACMAN|ALPM-SCRIPTLET|ALPM-HOOK|ALPM}] {message:rest}"],
    nulls: &[],
    examples: &["[2024-03-01T10:00:00+0100] [ALPM] upgraded openssl (3.2.0-1 -> 3.2.1-1)"],
    ..Table::PLAIN
});

pub static PASSWD: TemplateFormat = TemplateFormat::new(Table {
    name: "passwd",
    title: "List of accounts",
    doc: "`/etc/passwd` and what `getent passwd` prints (man7.org, passwd(5)): user, numbers of user and group, comment, home, shell.",
    weight: 98,
    variants: &["{user:word}:{password:text}:{uid:int}:{gid:int}:{comment:text}:{home:text}:{shell:rest}"],
    tells: &[":/bin/", ":/usr/sbin/nologin", ":/sbin/nologin", ":/usr/bin/"],
    nulls: &[],
    examples: &["root:x:0:0:root:/root:/bin/bash\nbob:x:1000:1000:Bob,,,:/home/bob:/bin/zsh"],
    ..Table::PLAIN
});

pub static REDIS_INFO: TemplateFormat = TemplateFormat::new(Table {
    name: "redis_info",
    title: "Output of Redis' INFO",
    doc: "What `INFO` of Redis and Valkey answers (redis.io, INFO): a row for each key.",
    weight: 97,
    variants: &["{key:name}:{value:rest}"],
    tells: &["redis_version:", "valkey_version:"],
    meta: &["# "],
    nulls: &[],
    examples: &["# Server\nredis_version:7.2.4\nredis_mode:standalone\nos:Linux 6.1.0 x86_64"],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{Sample, recognise};

    fn rows(text: &str) -> (String, Vec<serde_json::Value>) {
        let found = recognise(&Sample::whole("sample", text)).swap_remove(0).format;
        (found.name.clone(), named_rows(&read(&found, text)))
    }

    #[test]
    fn packets_have_both_ends_with_their_ports() {
        let (format, found) = rows(
            "tcpdump: listening on eth0\n10:00:01.120331 IP 192.0.2.9.51544 > 192.0.2.4.443: Flags [S], seq 1, length 0\n\
             10:00:02.000000 IP6 2001:db8::1.53 > 2001:db8::2.5353: x, length 64\n10:00:02.500000 IP 192.0.2.9 > www.example.org.https: y, length 64\n\
             10:00:03.500000 ARP, Request who-has 192.0.2.1 tell 192.0.2.4, length 28\n",
        );
        assert_eq!((format.as_str(), found.len()), ("tcpdump", 4));
        assert_eq!((&found[0]["client_port"], &found[0]["destination_port"]), (&51544.into(), &443.into()));
        assert_eq!((&found[1]["client"], &found[1]["destination_port"]), (&"2001:db8::1".into(), &5353.into()));
        assert_eq!(
            (&found[2]["client"], &found[2]["destination"]),
            (&"192.0.2.9".into(), &"www.example.org.https".into())
        );
        assert_eq!((found[2].get("client_port"), &found[3]["protocol"]), (None, &"ARP".into()));
        let (_, found) = rows(
            "2026-02-17 10:00:01.120331 IP (tos 0x0, ttl 64, length 60)\n    192.0.2.9.51544 > 192.0.2.4.443: Flags [S]\n\
             2026-02-17 10:00:01.120401 IP (tos 0x0, ttl 64, length 60)\n    192.0.2.4.443 > 192.0.2.9.51544: Flags [S.]\n",
        );
        assert_eq!(
            (found.len(), &found[1]["client_port"], &found[1]["message"]),
            (2, &443.into(), &"Flags [S.]".into())
        );
    }

    #[test]
    fn measurements_have_numbers_and_times() {
        let (format, found) =
            rows("servers.web1.load;dc=fra;env=prod 1.2e3 1771322410\nservers.web1.cpu 3 1771322400\n");
        assert_eq!(
            (format.as_str(), &found[0]["value"], &found[0]["tags"]),
            ("graphite", &1200.0.into(), &"dc=fra;env=prod".into())
        );
        assert_eq!(found[1]["time"], "2026-02-17T10:00:00Z");
        let (format, found) = rows("api.requests:1|c|@0.1|#env:prod\nusers:ann|s\ndb.pool:-3|g\n");
        assert_eq!((format.as_str(), &found[0]["rate"], &found[1]["member"]), ("statsd", &0.1.into(), &"ann".into()));
        let (format, found) =
            rows(".1.3.6.1 = STRING: \"Cisco IOS\nSupport: x\"\nIF-MIB::ifDescr.1 = STRING: lo\n.1.3.6.2 = \"\"\n");
        assert_eq!(
            (format.as_str(), found.len(), &found[0]["value"]),
            ("snmpwalk", 3, &"\"Cisco IOS\nSupport: x\"".into())
        );
    }
}
