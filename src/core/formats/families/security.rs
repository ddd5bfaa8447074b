//! Logs of security devices: CEF, LEEF, Cisco, Fortinet, Sophos.

use crate::formats::template::{Pairs, Table, TemplateFormat};

pub static CEF: TemplateFormat = TemplateFormat::new(Table {
    name: "cef",
    title: "CEF",
    doc: "ArcSight's Common Event Format (Micro Focus, CEF implementation standard), with a syslog head or without: the \
          seven fields of the head, and the extension's keys. `client`, `client_port`, `user`, `method`, `path` and \
          `message` are the keys src, spt, suser, requestMethod, request and msg.",
    weight: 100,
    variants: &[
        "{?<{priority:int}>?}{?{time:syslog} {host:word} ?}CEF:{cef_version:int}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{name:piped}|{severity:piped}|{pairs}{message:rest}",
        "{?<{priority:int}>?}{?{_:int} ?}{time:iso} {host:word} CEF:{cef_version:int}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{name:piped}|{severity:piped}|{pairs}{message:rest}",
        "{?<{priority:int}>?}{_:int} {time:iso} {host:word} {app:word} {pid:word} {message_id:word} - CEF:{cef_version:int}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{name:piped}|{severity:piped}|{pairs}{message:rest}",
        "{prefix:text}CEF:{cef_version:int}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{name:piped}|{severity:piped}|{pairs}{message:rest}",
    ],
    pairs: Pairs::CEF,
    renames: &[
        ("src", "client"),
        ("spt", "client_port"),
        ("suser", "user"),
        ("requestMethod", "method"),
        ("request", "path"),
        ("msg", "message"),
        ("requestClientApplication", "user_agent"),
    ],
    nulls: &[],
    examples: &[
        "CEF:0|Example|Gate|1.0|100|Connection refused|7|src=192.0.2.7 spt=5678 dst=192.0.2.80 msg=no rule fits",
    ],
    ..Table::PLAIN
});

pub static LEEF: TemplateFormat = TemplateFormat::new(Table {
    name: "leef",
    title: "LEEF",
    doc: "IBM QRadar's Log Event Extended Format (ibm.com, LEEF overview), versions 1.0 and 2.0, with a syslog head or \
          without; between the keys stand tabs, or what the head of version 2.0 says. `client`, `client_port` and `user` are the keys src, srcPort and usrName.",
    weight: 100,
    variants: &[
        "{?<{priority:int}>?}{time:syslog} {host:word} LEEF:{leef_version:word}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{pairs}{message:rest}",
        "{?<{priority:int}>?}{?{_:int} ?}{time:iso} {host:word} LEEF:{leef_version:word}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{pairs}{message:rest}",
        "{?<{priority:int}>?}{_:int} {time:iso} {host:word} {app:word} {pid:word} {message_id:word} - LEEF:{leef_version:word}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{pairs}{message:rest}",
        "{prefix:text}LEEF:{leef_version:word}|{device_vendor:piped}|{device_product:piped}|{device_version:piped}|{event_class_id:piped}|{pairs}{message:rest}",
    ],
    pairs: Pairs::LEEF,
    renames: &[("src", "client"), ("srcPort", "client_port"), ("usrName", "user")],
    nulls: &[],
    examples: &[
        "LEEF:1.0|Example|Gate|1.0|100|src=192.0.2.7\tdst=192.0.2.80\tsev=5\tusrName=bob",
        "Mar  1 10:00:00 gate LEEF:2.0|Example|Gate|1.0|100|^|src=192.0.2.7^dst=192.0.2.80^usrName=bob",
    ],
    ..Table::PLAIN
});

pub static CISCO: TemplateFormat = TemplateFormat::new(Table {
    name: "cisco",
    title: "Cisco log",
    doc: "Messages of ASA, Firepower, IOS and NX-OS (cisco.com, Syslog messages): what stands before `%`, then facility, \
          severity (0 to 7) and the message's number or mnemonic. `clock` is `*` where the device's clock was never set, `.` \
          where it lost its server; of a relayed line `time` is the relay's and `device_time` the device's. A zone that is \
          ambiguous or unknown (`IST`) makes the time null.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{?{_:=:} ?}{time:syslog_zone}{?:?}{? {zone:=EDT|EST|CEST|CET|UTC|GMT|PDT|PST|MDT|MST|CDT|CST}?}{? {host:name}?}{? {app:name}[{pid:int}]?}{? ?}{?:?}{? ?}%{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{?<{priority:int}>?}{?{sequence:int}: ?}{?{host:name}: ?}{?{clock:[*.]}?}{time:syslog_zone}{?:?}{? {zone:=EDT|EST|CEST|CET|UTC|GMT|PDT|PST|MDT|MST|CDT|CST}?}{?:?} %{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{?<{priority:int}>?}{?: ?}{time:%Y %b %e %H:%M:%S%f%z}{?:?}{? {host:name}?}{? :?}{? %$ VDC-{vdc:int} %$?} %{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{?<{priority:int}>?}{time:syslog} {host:word} {sequence:int}: {?{device:name}: ?}{?{clock:[*.]}?}{device_time:syslog_zone}{?:?}{? {zone:=EDT|EST|CEST|CET|UTC|GMT|PDT|PST|MDT|MST|CDT|CST}?}{?:?} %{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{?<{priority:int}>?}{time:iso}{? {host:name}?}{? ?}{?:?}{? ?}%{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{?<{priority:int}>?}{time:syslog_zone} {prefix:text}%{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
        "{prefix:text}%{facility:word}-{?{class:=session|auth|bridge|SP|SW1|SW2|STANDBY|SLOT0}-?}{severity:[0123456789]}-{message_id:word}: {message:rest}",
    ],
    nulls: &[],
    examples: &[
        "Mar 01 2024 10:00:00 fw1 : %ASA-6-302013: Built inbound TCP connection 12 for outside:192.0.2.7/5678",
        "42: *Mar  1 10:00:00.123 CET: %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to down",
        "2024 Mar  1 10:00:00 sw1 %ETHPORT-5-IF_UP: Interface Ethernet1/1 is up in mode trunk",
    ],
    ..Table::PLAIN
});

pub static FORTINET: TemplateFormat = TemplateFormat::new(Table {
    name: "fortinet",
    title: "Fortinet log",
    doc: "FortiGate's key=value lines (docs.fortinet.com, FortiOS log message reference). `time` is in the zone that \
          `tz` tells, and else the device's local time; `client`, `client_port`, `host` and `message` are srcip, srcport, devname and msg; \
          the key `time` is inside `time`.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{?{logged:syslog} {?{relay:word} ?}?}date={time:%Y-%m-%d time=%H:%M:%S} {pairs}{message:rest}",
    ],
    zone: " tz=",
    tells: &[" devname=", " logid=", " log_id=", " devid="],
    renames: &[("srcip", "client"), ("srcport", "client_port"), ("devname", "host"), ("msg", "message")],
    nulls: &["N/A"],
    examples: &[
        "<189>date=2024-03-01 time=10:00:00 devname=\"fw1\" devid=\"FG1\" logid=\"0000000013\" type=\"traffic\" level=\"notice\" srcip=192.0.2.7 srcport=5678 dstip=192.0.2.80 action=\"accept\"",
    ],
    ..Table::PLAIN
});

pub static SOPHOS: TemplateFormat = TemplateFormat::new(Table {
    name: "sophos",
    title: "Sophos firewall log",
    doc: "Sophos Firewall's key=value lines (docs.sophos.com, Syslog messages). `time` is in the zone that `timezone` \
          tells; `client`, `client_port`, `user`, `host`, `path` and `level` are src_ip, src_port, user_name, \
          device_name, url, priority.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{?{logged:syslog} {?{relay:word} ?}?}device={device:quoted} date={time:%Y-%m-%d time=%H:%M:%S} {pairs}{message:rest}",
    ],
    zone: " timezone=",
    renames: &[
        ("src_ip", "client"),
        ("src_port", "client_port"),
        ("user_name", "user"),
        ("device_name", "host"),
        ("url", "path"),
        ("priority", "level"),
    ],
    nulls: &[],
    examples: &[
        "<30>device=\"SFW\" date=2024-03-01 time=10:00:00 timezone=\"CET\" device_name=\"XG1\" log_type=\"Firewall\" src_ip=192.0.2.7 src_port=5678 status=\"Allow\"",
    ],
    ..Table::PLAIN
});

pub static SONICWALL: TemplateFormat = TemplateFormat::new(Table {
    name: "sonicwall",
    title: "SonicWall log",
    doc: "SonicWall's key=value lines (sonicwall.com, SonicOS log events reference): `client`, `user`, `level` and `message` are \
          src (with port and interface), usr, pri and msg.",
    weight: 99,
    variants: &["{?<{priority:int}>?}id={id:word} sn={sn:word} time=\"{time:iso}\" {pairs}{message:rest}"],
    renames: &[("src", "client"), ("usr", "user"), ("pri", "level"), ("msg", "message")],
    nulls: &[],
    examples: &[
        "<134>id=firewall sn=18B169000000 time=\"2024-03-01 10:00:00 UTC\" fw=192.0.2.1 pri=6 c=1024 m=537 msg=\"Connection Closed\" src=192.0.2.7:5678:X0 dst=192.0.2.80:443:X1 proto=tcp/https",
    ],
    ..Table::PLAIN
});

pub static MERAKI: TemplateFormat = TemplateFormat::new(Table {
    name: "meraki",
    title: "Meraki log",
    doc: "Syslog of Cisco Meraki devices (documentation.meraki.com, Syslog event types): time, device, kind of event, and its keys.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{?{_:=1} ?}{time:epoch} {host:word} {event:=flows|firewall|urls|events|ids-alerts|security_event|airmarshal_events|ip_flow_start|ip_flow_end|vpn_firewall|cellular_firewall|bridge_anyconnect_client_vpn_firewall} {pairs}{message:rest}",
    ],
    nulls: &[],
    examples: &[
        "<134>1 1709287200.123456789 MX84 flows src=192.0.2.7 dst=192.0.2.80 protocol=tcp sport=5678 dport=443 pattern: allow all",
    ],
    ..Table::PLAIN
});

pub static SNORT: TemplateFormat = TemplateFormat::new(Table {
    name: "snort_fast",
    title: "Snort and Suricata fast alerts",
    doc: "Alerts in one line, as Snort's `alert_fast` and Suricata's `fast.log` have them (docs.snort.org; docs.suricata.io): time, \
          what was done, generator, signature, revision, message, classification, priority, protocol, and both ends with their \
          ports. Snort leaves out the year. Suricata's `eve.json` is read as JSON lines.",
    weight: 100,
    variants: &[
        "{time:%m/%d/%Y-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:=TCP|UDP|SCTP}}} {client:addr_port} -> {destination:addr_port}",
        "{time:%m/%d/%Y-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:text}}} {client:addr} -> {destination:addr}",
        "{time:%m/%d/%y-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:=TCP|UDP|SCTP}}} {client:addr_port} -> {destination:addr_port}",
        "{time:%m/%d/%y-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:text}}} {client:addr} -> {destination:addr}",
        "{time:%m/%d-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:=TCP|UDP|SCTP}}} {client:addr_port} -> {destination:addr_port}",
        "{time:%m/%d-%H:%M:%S%f} {?[{action:=Drop|drop|wDrop|Reject|Block|Pass}] ?}[**] [{generator_id:int}:{signature_id:int}:{revision:int}] {message:text} [**] {?[Classification: {classification:text}] ?}[Priority: {priority:int}] {{{protocol:text}}} {client:addr} -> {destination:addr}",
    ],
    tells: &["[**]"],
    nulls: &["(null)"],
    examples: &[
        "03/01/2024-10:00:00.123456  [**] [1:2010935:3] ET SCAN Suspicious inbound to MSSQL port 1433 [**] [Classification: Potentially Bad Traffic] [Priority: 2] {TCP} 192.0.2.7:5678 -> 192.0.2.80:1433",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::families::tests::fields;

    #[test]
    fn alerts_have_both_ends_and_their_signature() {
        let end = "[**] [1:2010935:3] ET SCAN x [**] [Classification: Potentially Bad Traffic] [Priority: 2] {TCP} 192.0.2.7:5678 -> 192.0.2.80:1433\n";
        let row = fields("snort_fast", &format!("11/30/2026-10:00:00.123456  {end}"));
        assert_eq!((&row["client"], &row["client_port"]), (&"192.0.2.7".into(), &5678.into()));
        assert_eq!((&row["destination"], &row["destination_port"]), (&"192.0.2.80".into(), &1433.into()));
        assert_eq!((&row["signature_id"], &row["message"]), (&2_010_935.into(), &"ET SCAN x".into()));
        assert_eq!(row["time"], "2026-11-30T10:00:00.123456Z");
        let row = fields("snort_fast", &format!("11/30/2026-10:00:00.123456  [Drop] {end}"));
        assert_eq!(row["action"], "Drop");
        let ping = "03/01-10:00:02.5  [**] [1:384:5] ICMP PING [**] [Priority: 3] {ICMP} 192.0.2.7 -> 224.0.0.22\n";
        let row = fields("snort_fast", ping);
        assert_eq!(
            (&row["destination"], row.get("client_port"), &row["protocol"]),
            (&"224.0.0.22".into(), None, &"ICMP".into())
        );
    }
}
