//! Logs of the kernel, of monitors and of devices that write syslog in their own way.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static KERNEL: TemplateFormat = TemplateFormat::new(Table {
    name: "kernel_log",
    title: "Kernel log",
    doc: "What `dmesg` prints (man7.org, dmesg), with `-T` and `-x` too: seconds since the start or a time, facility, level, \
          message. Without `-T` it has no time.",
    weight: 96,
    variants: &[
        "{facility:=kern|user|daemon|syslog|auth} :{level:level} : [{? ?}{uptime:ticks}] {message:rest}",
        "{facility:=kern|user|daemon|syslog|auth} :{level:level} : [{time:%a %b %e %H:%M:%S %Y}] {message:rest}",
        "{?<{priority:int}>?}[{? ?}{uptime:ticks}] {message:rest}",
        "[{time:%a %b %e %H:%M:%S %Y}] {message:rest}",
    ],
    examples: &[
        "[   12.345678] usb 1-1: new high-speed USB device number 2 using xhci_hcd",
        "[Fri Mar  1 10:00:00 2024] eth0: link up",
    ],
    ..Table::PLAIN
});

pub static JOURNAL: TemplateFormat = TemplateFormat::new(Table {
    name: "journalctl",
    title: "journalctl output",
    doc: "What `journalctl` shows with `-o short-full`, `with-unit`, `short-unix` and `short-monotonic` (man7.org, journalctl): \
          time, or seconds since the start (`uptime`), host, program or unit, process, message. Its other short forms are \
          syslog. Lines that begin with white space continue the message before them. Where a boot begins stands a row without \
          a time, with `event` and the number of the `boot`.",
    weight: 97,
    variants: &[
        "{time:%a %Y-%m-%d %H:%M:%S%f%Z} {host:word} {app:name}[{pid:int}]: {message:rest}",
        "{time:%a %Y-%m-%d %H:%M:%S%f%Z} {host:word} {app:name}: {message:rest}",
        "{time:%a %Y-%m-%d %H:%M:%S%f%Z} {host:word} ({app:text})[{pid:int}]: {message:rest}",
        "{time:epoch} {host:word} {app:name}[{pid:int}]: {message:rest}",
        "{time:epoch} {host:word} {app:=kernel}: {message:rest}",
        "[{? ?}{uptime:ticks}] {host:word} {app:name}[{pid:int}]: {message:rest}",
        "[{? ?}{uptime:ticks}] {host:word} {app:=kernel}: {message:rest}",
    ],
    also: &[
        "{time:epoch} {host:word} {app:name}: {message:rest}",
        "[{? ?}{uptime:ticks}] {host:word} {app:name}: {message:rest}",
        "{time:%a %Y-%m-%d %H:%M:%S%f%Z} {host:word} {message:rest}",
        "-- {event:=Boot} {boot:word} --",
        "-- {event:=Reboot} --",
    ],
    nulls: &[],
    joins: Joins::Indented,
    meta: &["-- Logs begin at ", "-- Journal begins at ", "-- No entries --", "-- cursor: "],
    examples: &[
        "Fri 2024-03-01 10:00:00 UTC web1 ssh.service[12]: Accepted publickey for bob from 192.0.2.7 port 5678",
        "1709287200.123456 web1 sshd[12]: Accepted publickey for bob from 192.0.2.7 port 5678",
        "[   12.345678] web1 kernel: eth0: link up",
    ],
    ..Table::PLAIN
});

pub static EPOCH: TemplateFormat = TemplateFormat::new(Table {
    name: "epoch_log",
    title: "Log with seconds since 1970",
    doc: "Lines that begin with seconds since 1970, as unbound (nlnetlabs.nl), Nagios and Icinga (nagios.org, log entries) and \
          mosquitto (mosquitto.org) write them, or milliseconds before a level: time, program, level, message; of unbound's replies \
          and queries who asked what; of Nagios' alerts and notifications the host, \
          the service, the state, who is told.",
    weight: 97,
    variants: &[
        "[{time:epoch}] {app:name}[{pid:int}:{thread:int}] {level:level}: {message:rest}",
        "[{time:epoch}] {event:=SERVICE ALERT|CURRENT SERVICE STATE|INITIAL SERVICE STATE}: {host:text};{service:text};{state:text};{state_type:=HARD|SOFT};{attempt:int};{message:rest}",
        "[{time:epoch}] {event:=HOST ALERT|CURRENT HOST STATE|INITIAL HOST STATE}: {host:text};{state:text};{state_type:=HARD|SOFT};{attempt:int};{message:rest}",
        "[{time:epoch}] {event:=SERVICE NOTIFICATION}: {contact:text};{host:text};{service:text};{state:text};{command:text};{message:rest}",
        "[{time:epoch}] {event:=HOST NOTIFICATION}: {contact:text};{host:text};{state:text};{command:text};{message:rest}",
        "[{time:epoch}] {event:=EXTERNAL COMMAND|PASSIVE SERVICE CHECK|PASSIVE HOST CHECK|LOG ROTATION|LOG VERSION|SERVICE FLAPPING ALERT|HOST FLAPPING ALERT|SERVICE DOWNTIME ALERT|HOST DOWNTIME ALERT|SERVICE EVENT HANDLER|HOST EVENT HANDLER|Warning|Error}: {message:rest}",
        "[{time:epoch}] {app:name}[{pid:int}:{thread:int}] {event:=reply}: {client:word} {question:word} {type:word} {class:word} {rcode:word} {duration:s} {cached:int} {bytes:int}{message:rest}",
        "[{time:epoch}] {app:name}[{pid:int}:{thread:int}] {event:=query|reply}: {client:word} {question:word} {type:word} {class:word}{message:rest}",
        "[{time:epoch}] [{pid:int}] {level:level} {logger:module} - {message:rest}",
        "[{time:epoch}] [{pid:int}] {level:level} {message:rest}",
        "[{time:epoch}] {level:level}{?:?} {message:rest}",
        "[{time:epoch}] {message:rest}",
        "{time:epoch} {level:level}{?:?} {message:rest}",
        "{time:epoch_ms} {level:level}{?:?} {message:rest}",
        "{time:epoch}: {level:=Warning|Error}: {message:rest}",
        "{time:epoch}: {message:rest}",
    ],
    nulls: &[],
    examples: &[
        "[1709287200] unbound[12:0] info: 192.0.2.7 www.example.org. A IN",
        "[1709287200] SERVICE ALERT: web0;HTTP;CRITICAL;SOFT;1;connect timeout",
        "1709287200: New client connected from 192.0.2.7:5678 as dev0 (p2, c1, k60).",
    ],
    ..Table::PLAIN
});

pub static SYSLOG_LEVELS: TemplateFormat = TemplateFormat::new(Table {
    name: "syslog_levels",
    title: "Syslog with levels",
    doc: "Syslog lines in which the level is written, before the program as F5's BIG-IP has it (techdocs.f5.com) or behind \
          the process as MIT Kerberos has it (web.mit.edu/kerberos), with the facility as BusyBox (busybox.net) and AIX have it, \
          or with the message's number too as Solaris has it (docs.oracle.com): time, host, level, program, process, message.",
    weight: 99,
    variants: &[
        "{time:syslog} {host:word} {level:=emerg|alert|crit|err|warning|notice|info|debug} {app:name}{?[{pid:int}]?}: {message:rest}",
        "{time:iso} {host:word} {level:=emerg|alert|crit|err|warning|notice|info|debug} {app:name}{?[{pid:int}]?}: {message:rest}",
        "{time:syslog} {host:word} {app:name}{?[{pid:int}]?}({level:level}): {message:rest}",
        // Solaris.
        "{time:syslog} {host:word} {app:name}{?[{pid:int}]?}: [ID {message_id:int} {facility:=kern|user|mail|daemon|auth|syslog|lpr|news|cron|audit|local0|local1|local2|local3|local4|local5|local6|local7}.{level:level}] {message:rest}",
        // BusyBox and AIX.
        "{time:syslog} {host:word} {facility:=kern|user|mail|daemon|authpriv|auth|syslog|lpr|news|cron|ftp|audit|local0|local1|local2|local3|local4|local5|local6|local7}.{level:level} {app:name}{?[{pid:int}]?}: {message:rest}",
    ],
    // The programs beside it.
    also: &[
        "{time:syslog} {host:word} {app:name}{?[{pid:int}]?}: {message:rest}",
        "{time:syslog} {host:word} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Indented,
    examples: &[
        "Mar  1 10:00:00 lb1 notice mcpd[12]: 01070727:5: Pool /Common/web member /Common/192.0.2.80:80 monitor status up.",
        "Mar  1 10:00:00 kdc krb5kdc[12](info): AS_REQ 192.0.2.7: ISSUE: authtime 1709287200, bob",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::families::tests::fields;
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{Sample, recognise};

    /// The format of a text's best reading.
    fn best(text: &str) -> String {
        recognise(&Sample::whole("x.log", text)).first().map(|found| found.format.name.clone()).unwrap_or_default()
    }

    #[test]
    fn times_of_kernels_and_monitors_are_read() {
        for (text, format, time) in [
            ("[Sun Mar  3 10:00:00 2024] eth0: link up 1\n", "kernel_log", "2024-03-03T10:00:00Z"),
            ("kern  :warn  : [Sun Mar  3 10:00:00 2024] eth0: down\n", "kernel_log", "2024-03-03T10:00:00Z"),
            ("[1709287200] Auto-save of retention data done.\n", "epoch_log", "2024-03-01T10:00:00Z"),
            ("1709287200: Socket error on client d, closing\n", "epoch_log", "2024-03-01T10:00:00Z"),
        ] {
            assert_eq!(best(text), format, "{text}");
            assert_eq!(fields(format, text)["time"], time, "{text}");
        }
        // Seconds since the start, and numbered lines, are no seconds since 1970, and these no log of the kernel.
        assert_eq!(best("[123456.789012] usb 1-1: reset\n"), "kernel_log");
        assert_ne!(best("[1] one\n[2] two\n"), "kernel_log");
        assert!(
            recognise(&Sample::whole("x", "1: one\n2: two\n")).iter().all(|found| found.format.name != "epoch_log")
        );
    }

    #[test]
    fn fields_of_monitors_and_devices_have_their_names() {
        let unbound = fields("epoch_log", "[1709287200] unbound[12:1] error: no route\n");
        assert_eq!((&unbound["app"], &unbound["pid"], &unbound["thread"]), (&"unbound".into(), &12.into(), &1.into()));
        assert_eq!((&unbound["level"], &unbound["message"]), (&"error".into(), &"no route".into()));

        let nagios = fields("epoch_log", "[1709287200] HOST NOTIFICATION: bob;db1;DOWN;notify;PING CRITICAL; 2 lost\n");
        assert_eq!(
            (&nagios["contact"], &nagios["host"], &nagios["state"]),
            (&"bob".into(), &"db1".into(), &"DOWN".into())
        );
        assert_eq!(
            (&nagios["event"], &nagios["message"]),
            (&"HOST NOTIFICATION".into(), &"PING CRITICAL; 2 lost".into())
        );

        let f5 = fields("syslog_levels", "Mar  1 10:00:00 lb1 err mcpd[12]: 0107:5: down\n");
        assert_eq!((&f5["host"], &f5["level"], &f5["app"]), (&"lb1".into(), &"err".into(), &"mcpd".into()));
        assert_eq!((&f5["pid"], &f5["message"]), (&12.into(), &"0107:5: down".into()));
        assert_eq!(best("Mar  1 10:00:00 h app[1]: an err is no level\nMar  1 10:00:01 h b: c\n"), "syslog_3164");
    }

    #[test]
    fn boots_are_rows() {
        let boot = "-- Boot 5f0a1c2d3e4b --\n";
        for (head, format) in [("Mar  1 10:00:00 ", "syslog_3164"), ("Fri 2024-03-01 10:00:00 UTC ", "journalctl")] {
            let text = format!("{boot}{head}web1 sshd[12]: opened\n{boot}{head}web1 sshd[12]: closed\n");
            let found = recognise(&Sample::whole("x.log", &text));
            assert_eq!(found[0].format.name, format, "{found:?}");
            let reading = read(&found[0].format, &text);
            assert_eq!((reading.tally.rows, reading.tally.quarantined), (4, 0), "{text}");
            let row = named_rows(&reading)[2].to_string();
            assert!(row.contains("Boot") && row.contains("5f0a1c2d3e4b"), "{row}");
        }
    }

    #[test]
    fn every_short_form_of_the_journal_is_read() {
        for (head, format, time) in [
            ("Nov 30 10:00:00 ", "syslog_3164", None),
            ("Nov 30 10:00:00.123456 ", "syslog_3164", None),
            ("2024-03-01T11:00:00+0100 ", "syslog_3164", Some("2024-03-01T10:00:00Z")),
            ("2024-03-01T11:00:00.123456+01:00 ", "syslog_3164", Some("2024-03-01T10:00:00.123456Z")),
            ("Fri 2024-03-01 11:00:00 CET ", "journalctl", Some("2024-03-01T10:00:00Z")),
            ("Fri 2024-03-01 10:00:00.123456 UTC ", "journalctl", Some("2024-03-01T10:00:00.123456Z")),
            ("1709287200.123456 ", "journalctl", Some("2024-03-01T10:00:00.123456Z")),
            ("[12345.678901] ", "journalctl", None),
            ("[    2.678901] ", "journalctl", None),
        ] {
            let text = format!("{head}web1 ssh.service[12]: opened\n{head}web1 kernel: eth0: up\n");
            assert_eq!(best(&text), format, "{head}");
            let row = fields(format, &text);
            assert_eq!((&row["host"], &row["app"], &row["pid"]), (&"web1".into(), &"ssh.service".into(), &12.into()));
            assert_eq!(row["message"], "opened");
            time.into_iter().for_each(|time| assert_eq!(row["time"], time, "{head}"));
            assert_eq!(row.get("uptime").is_some(), head.starts_with('['));
        }
    }
}
