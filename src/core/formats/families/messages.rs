//! What programs write to syslog: each is read where the head of a line names the program.

use crate::formats::template::{Pairs, Table, TemplateFormat};

pub static FILTERLOG: TemplateFormat = TemplateFormat::new(Table {
    name: "filterlog",
    title: "Messages of pfSense and OPNsense",
    doc: "What the packet filter of pfSense (docs.netgate.com, Raw filter log format) and OPNsense writes: rule, interface, action, \
          both ends, and what hangs on the protocol.",
    programs: &["filterlog"],
    variants: &[
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=4},{tos:text},{ecn:text},{ttl:int},{id:int},{offset:int},{ip_flags:text},{protocol_id:int},{protocol:=tcp},{length:int},{client:text},{destination:text},{client_port:int},{destination_port:int},{data_length:int},{tcp_flags:text},{sequence:text},{ack:text},{window:text},{urgent:text},{options:rest}",
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=4},{tos:text},{ecn:text},{ttl:int},{id:int},{offset:int},{ip_flags:text},{protocol_id:int},{protocol:=udp},{length:int},{client:text},{destination:text},{client_port:int},{destination_port:int},{data_length:int}",
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=4},{tos:text},{ecn:text},{ttl:int},{id:int},{offset:int},{ip_flags:text},{protocol_id:int},{protocol:text},{length:int},{client:text},{destination:text},{options:rest}",
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=6},{tos:text},{flow_label:text},{ttl:int},{protocol:=tcp|TCP},{protocol_id:int},{length:int},{client:text},{destination:text},{client_port:int},{destination_port:int},{data_length:int},{tcp_flags:text},{sequence:text},{ack:text},{window:text},{urgent:text},{options:rest}",
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=6},{tos:text},{flow_label:text},{ttl:int},{protocol:=udp|UDP},{protocol_id:int},{length:int},{client:text},{destination:text},{client_port:int},{destination_port:int},{data_length:int}",
        "{rule:text},{sub_rule:text},{anchor:text},{tracker:text},{interface:text},{reason:text},{action:text},{direction:text},{ip_version:=6},{tos:text},{flow_label:text},{ttl:int},{protocol:text},{protocol_id:int},{length:int},{client:text},{destination:text},{options:rest}",
    ],
    nulls: &[],
    examples: &[
        "4,,,1000000103,em0,match,block,in,4,0x0,,52,12345,0,DF,6,tcp,60,192.0.2.7,192.0.2.80,5678,22,0,S,123456789,,64240,,mss;sackOK;TS;nop;wscale",
    ],
    ..Table::PLAIN
});

pub static DNSMASQ: TemplateFormat = TemplateFormat::new(Table {
    name: "dnsmasq",
    title: "Messages of dnsmasq",
    doc: "What dnsmasq and Pi-hole write of queries and leases (thekelleys.org.uk, dnsmasq): with `log-queries=extra` the number of the \
          query and who asked; what was done, name, type, and the answer, who was asked, or who asks.",
    programs: &["dnsmasq", "dnsmasq-dhcp"],
    variants: &[
        "{?{serial:int} {requestor:name}/{requestor_port:int} ?}{action:=query}[{type:text}] {name:word} from {client:word}",
        "{serial:int} {requestor:text}/{requestor_port:int} {action:=query}[{type:text}] {name:word} from {client:word}",
        "{serial:int} {requestor:text}/{requestor_port:int} {action:=forwarded} {name:word} to {upstream:word}",
        "{serial:int} {requestor:text}/{requestor_port:int} {action:word} {name:word} is {answer:rest}",
        "{action:=forwarded} {name:word} to {upstream:word}",
        "{action:=DHCPDISCOVER|DHCPOFFER|DHCPREQUEST|DHCPACK|DHCPNAK|DHCPINFORM|DHCPRELEASE|DHCPDECLINE}({interface:text}) {client:word} {mac:word}{? {name:word}?}",
        "{action:word} {name:word} is {answer:rest}",
    ],
    nulls: &[],
    examples: &["12 192.0.2.7/5678 query[A] www.example.org from 192.0.2.7"],
    ..Table::PLAIN
});

pub static CHARON: TemplateFormat = TemplateFormat::new(Table {
    name: "charon",
    title: "Messages of strongSwan",
    doc: "What strongSwan's daemon writes (docs.strongswan.org, Logger configuration): thread, part of the program, message.",
    programs: &["charon", "charon-systemd", "ipsec"],
    variants: &["{thread:int}[{subsystem:text}] {message:rest}"],
    nulls: &[],
    examples: &["12[IKE] initiating IKE_SA site-b[7] to 192.0.2.7"],
    ..Table::PLAIN
});

pub static KAMAILIO: TemplateFormat = TemplateFormat::new(Table {
    name: "kamailio",
    title: "Messages of Kamailio",
    doc: "What Kamailio and OpenSIPS write (kamailio.org, core cookbook): level, module, place in the source, message.",
    programs: &["kamailio", "opensips", "openser"],
    variants: &[
        "{level:level}: {logger:word} [{file:text}:{line:int}]: {message:rest}",
        "{level:level}: {logger:word}: {message:rest}",
    ],
    nulls: &[],
    examples: &["WARNING: <core> [core/receive.c:230]: receive_msg(): parsing relevant headers failed"],
    ..Table::PLAIN
});

pub static UNBOUND: TemplateFormat = TemplateFormat::new(Table {
    name: "unbound_syslog",
    title: "Messages of unbound",
    doc: "What unbound writes to syslog (nlnetlabs.nl, unbound.conf): process, thread, level, message; of replies and queries who asked \
          what.",
    programs: &["unbound"],
    variants: &[
        "[{process:int}:{thread:int}] {event:=reply}: {client:word} {question:word} {type:word} {class:word} {rcode:word} {duration:s} {cached:int} {bytes:int}",
        "[{process:int}:{thread:int}] {event:=query|reply}: {client:word} {question:word} {type:word} {class:word}",
        "[{process:int}:{thread:int}] {level:level}: {message:rest}",
    ],
    nulls: &[],
    examples: &["[12:1] reply: 192.0.2.7 www.example.org. A IN NOERROR 0.012331 0 88"],
    ..Table::PLAIN
});

pub static KERNEL_MESSAGES: TemplateFormat = TemplateFormat::new(Table {
    name: "kernel_syslog",
    title: "Messages of the kernel",
    doc: "What the kernel writes by syslog (docs.kernel.org, printk): seconds since the start, and of its audit (AppArmor, SELinux, \
          seccomp) type, time, number and keys.",
    programs: &["kernel", "audit"],
    variants: &[
        "{?[{? ?}{uptime:float}] ?}{?audit: ?}type={audit_type:word} {?msg=?}audit({audit_time:epoch}:{serial:int}): {pairs}{message:rest}",
        "[{? ?}{uptime:float}] {message:rest}",
    ],
    pairs: Pairs::NESTED,
    nulls: &["?"],
    examples: &[
        "[81234.120331] audit: type=1400 audit(1709287200.120:88): apparmor=\"DENIED\" operation=\"open\" name=\"/etc/shadow\"",
    ],
    ..Table::PLAIN
});

pub static CHECK_POINT: TemplateFormat = TemplateFormat::new(Table {
    name: "check_point",
    title: "Messages of Check Point",
    doc: "What Check Point's Log Exporter sends (support.checkpoint.com, sk122323): keys with values in quotes. `client`, `client_port` \
          and `user` are src, s_port and user.",
    programs: &["CheckPoint"],
    variants: &["[{pairs}"],
    pairs: Pairs::SEMICOLONS,
    renames: &[("src", "client"), ("s_port", "client_port")],
    nulls: &[],
    examples: &["[action:\"Drop\"; ifname:\"eth0\"; src:\"192.0.2.7\"; s_port:\"53\"; message:\"a; b\"]"],
    ..Table::PLAIN
});

#[cfg(test)]
pub mod tests {
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{FormatSpec, Sample, recognise};

    /// A text that a program writes is read where the head of a line names the program.
    pub fn assert_is_read_behind_syslog(format: &str, program: &str, example: &str) {
        let text =
            format!("Mar  1 10:00:00 host1 cron[1]: (root) CMD (x)\nMar  1 10:00:00 host1 {program}[12]: {example}\n");
        let found = recognise(&Sample::whole("syslog", &text)).swap_remove(0).format;
        let payload = found.option("payload").unwrap_or_default();
        assert!(payload.contains(&format!("\"name\":\"{format}\"")), "{format}: {found:?}");
        let reading = read(&found, &text);
        assert_eq!((reading.tally.rows, reading.tally.quarantined), (2, 0), "{format}");
        let alone = read(&FormatSpec::new(format), example);
        assert_eq!((alone.tally.rows, alone.tally.quarantined), (1, 0), "{format}: {example}");
    }

    /// The rows of messages behind syslog's head.
    fn rows(program: &str, messages: &[&str]) -> Vec<serde_json::Value> {
        let line = |message: &&str| format!("Feb 17 10:00:01 host1 {program}[12]: {message}\n");
        let text: String = messages.iter().map(line).chain(["Feb 17 10:00:01 host1 cron[1]: x\n".to_owned()]).collect();
        let found = recognise(&Sample::whole("syslog", &text)).swap_remove(0).format;
        named_rows(&read(&found, &text))
    }

    #[test]
    fn messages_of_programs_have_their_columns() {
        let found = rows(
            "postfix/smtp",
            &[
                "4TXyz: to=<bob@x.example>, relay=mx.x.example[192.0.2.4]:25, delay=1.2, status=sent (250 Ok: queued as 12)",
                "connect from mail.example.com[192.0.2.9]",
                "4TXyz: removed",
            ],
        );
        assert_eq!((&found[0]["queue_id"], &found[0]["to"]), (&"4TXyz".into(), &"bob@x.example".into()));
        assert_eq!((&found[0]["delay"], &found[0]["status"]), (&1.2.into(), &"sent (250 Ok: queued as 12)".into()));
        assert_eq!((&found[1]["client"], &found[2]["event"]), (&"192.0.2.9".into(), &"removed".into()));
        let found =
            rows("filterlog", &["71,,,1000002965,em1,match,pass,out,6,0x00,0x00000,255,ICMPv6,58,64,fe80::1,ff02::1,"]);
        assert_eq!((&found[0]["protocol"], &found[0]["client"]), (&"ICMPv6".into(), &"fe80::1".into()));
        let found = rows("dnsmasq", &["forwarded www.example.com to 192.0.2.1", "/etc/list ads.example is 0.0.0.0"]);
        assert_eq!((&found[0]["upstream"], &found[1]["answer"]), (&"192.0.2.1".into(), &"0.0.0.0".into()));
        let found = rows(
            "kernel",
            &["[81234.1] audit: type=1400 audit(1771322401.120:88): apparmor=\"DENIED\" pid=811", "[12.1] eth0: up"],
        );
        assert_eq!((&found[0]["apparmor"], &found[0]["serial"]), (&"DENIED".into(), &88.into()));
        assert_eq!((&found[1]["uptime"], &found[1]["message"]), (&12.1.into(), &"eth0: up".into()));
        let found = rows("dovecot", &["imap-login: Login: user=<ann@example.com>, rip=192.0.2.9, TLS, session=<abc>"]);
        assert_eq!(
            (&found[0]["client"], &found[0]["user"], &found[0]["message"]),
            (&"192.0.2.9".into(), &"ann@example.com".into(), &"TLS".into())
        );
    }
}
