//! Logs of what stands between programs: proxies, resolvers, queues, telephony, and of databases' companions.

use crate::formats::template::{Joins, Pairs, Table, TemplateFormat};

pub static ENVOY_LOG: TemplateFormat = TemplateFormat::new(Table {
    name: "envoy_log",
    title: "Envoy's own log",
    doc: "What Envoy and Istio's proxies write of themselves (envoyproxy.io, --log-format): time, thread, level, component (`logger`), \
          file, line, message with the lines below.",
    weight: 99,
    variants: &[
        "[{time:iso}][{thread:int}][{level:level}][{logger:name}] [{file:name}:{line:int}] {message:rest}",
        "[{time:iso}][{thread:int}][{level:level}][{logger:name}] {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["[2024-03-01 10:00:00.001][1][info][main] [source/server/server.cc:404] initializing epoch 0"],
    ..Table::PLAIN
});

pub static COREDNS: TemplateFormat = TemplateFormat::new(Table {
    name: "coredns",
    title: "CoreDNS log",
    doc: "CoreDNS' log of queries (coredns.io, log): level, client, number, type, class and name of the question, protocol, its size, \
          whether DNSSEC was asked for, size of the buffer, code, flags and size of the answer, how long it took.",
    weight: 98,
    variants: &[
        "[{level:level}] {client:addr_port} - {id:int} \"{type:word} {class:word} {name:word} {protocol:word} {size:int} {dnssec:word} {buffer_size:int}\" {rcode:word} {flags:word} {bytes:int} {duration:s}s{message:rest}",
        "[{level:level}] {message:rest}",
    ],
    tells: &[" NOERROR ", " NXDOMAIN ", " SERVFAIL "],
    joins: Joins::Texts,
    examples: &[
        "[INFO] 192.0.2.7:41220 - 5512 \"A IN www.example.org. udp 45 false 512\" NOERROR qr,aa,rd 88 0.000112s",
    ],
    ..Table::PLAIN
});

pub static ELASTICSEARCH: TemplateFormat = TemplateFormat::new(Table {
    name: "elasticsearch",
    title: "Elasticsearch log",
    doc: "Elasticsearch's server log and slow log as text (elastic.co, Logging and Slow log): time, level, logger, node (`host`), \
          message; of slow searches index, shard, how long it took, hits, type, shards, source and id.",
    weight: 98,
    variants: &[
        "[{time:iso}][{level:level}{? ?}][{logger:name}{? ?}] [{host:text}] [{index:text}][{shard:int}] took[{_:text}], took_millis[{duration:ms}], total_hits[{total_hits:text}], types[{types:text}], stats[{stats:text}], search_type[{search_type:text}], total_shards[{total_shards:int}], source[{source:text}], id[{id:text}]{?,?} {message:rest}",
        "[{time:iso}][{level:level}{? ?}][{logger:name}{? ?}] [{host:text}] {message:rest}",
    ],
    also: &["[{time:iso}][{level:level}{? ?}][{logger:text}] {message:rest}"],
    tells: &["][o.e.", "][i.s.s.", "][i.i.s.", "][o.o."],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["[2024-03-01T10:00:00,123][INFO ][o.e.n.Node               ] [es01] stopping ..."],
    ..Table::PLAIN
});

pub static IBM_MQ: TemplateFormat = TemplateFormat::new(Table {
    name: "ibm_mq",
    title: "IBM MQ error log",
    doc: "The error logs of IBM MQ (ibm.com, Error logs): time, process and thread, user, program, host, installation, version, queue \
          manager, number and text of the message, explanation, what to do, and the place in the source.",
    weight: 99,
    variants: &[
        "{logged:text} - Process({pid:int}.{thread:int}) User({user:text}) Program({app:text})\n Host({host:text}) Installation({installation:text})\n VRMF({version:text}) QMgr({queue_manager:text})\n Time({time:iso})\n{?\n?}{message_id:word}: {message:text}EXPLANATION:\n{explanation:text}ACTION:\n{action:text}\n-----{source:rest}",
        "{logged:text} - Process({pid:int}.{thread:int}) User({user:text}) Program({app:text})\n Host({host:text}) Installation({installation:text})\n VRMF({version:text}) QMgr({queue_manager:text})\n Time({time:iso})\n{details:text}\n\n{message_id:word}: {message:text}EXPLANATION:\n{explanation:text}ACTION:\n{action:text}\n-----{source:rest}",
        "{logged:text} - Process({pid:int}.{thread:int}) User({user:text}) Program({app:text})\n Host({host:text}) Installation({installation:text})\n VRMF({version:text}) QMgr({queue_manager:text})\n Time({time:iso}){message:rest}",
        "{logged:text} - Process({pid:int}.{thread:int}) User({user:text}) Program({app:text}){message:rest}",
    ],
    begins: Some(begins_record),
    nulls: &[],
    examples: &[
        "03/01/24 10:00:01 - Process(12.1) User(mqm) Program(amqzmuc0)\n                    Host(mq1) Installation(Installation1)\n                    VRMF(9.3.0.0) QMgr(QM1)\n                    Time(2024-03-01T09:00:01.123Z)\n\nAMQ7467I: The oldest log file is S0000012.LOG.",
    ],
    ..Table::PLAIN
});

fn begins_record(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" - Process(")
}

pub static ORACLE_LISTENER: TemplateFormat = TemplateFormat::new(Table {
    name: "oracle_listener",
    title: "Oracle listener log",
    doc: "The log of Oracle's listener as text (docs.oracle.com, Listener log analysis): time, what the client tells of itself, its \
          address, event, service, and the return code. Errors below a line are its message.",
    weight: 99,
    variants: &[
        "{time:%d-%b-%Y %H:%M:%S} * {connect_data:text} * (ADDRESS=(PROTOCOL={protocol:text})(HOST={client:text})(PORT={client_port:int})) * {event:word} * {service:word} * {return_code:int}{message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} * {connect_data:word} * {event:word} * {return_code:int}{message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} * {event:word} * {service:word} * {return_code:int}{message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} * {event:word} * {return_code:int}{message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} * {connect_data:text} * {event:word} * {return_code:int}{message:rest}",
    ],
    meta: &["TNSLSNR for ", "Copyright (c) ", "Listening on: ", "TIMESTAMP * CONNECT DATA", "Started with pid="],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["01-MAR-2024 10:00:02 * service_update * SHOP * 0"],
    ..Table::PLAIN
});

pub static MARIADB_AUDIT: TemplateFormat = TemplateFormat::new(Table {
    name: "mariadb_audit",
    title: "MariaDB audit log",
    doc: "What MariaDB's audit plugin writes (mariadb.com, Audit plugin log format): time, server, user, client, connection, query, \
          operation, database, and the statement or the table, and the return code.",
    weight: 99,
    variants: &[
        "{time:iso},{server_host:text},{user:text},{client:text},{connection_id:int},{query_id:int},{operation:name},{database:text},'{message:until_last}',{return_code:int}",
        "{time:iso},{server_host:text},{user:text},{client:text},{connection_id:int},{query_id:int},{operation:name},{database:text},{object:text},{return_code:int}{message:rest}",
        "{time:iso},{server_host:text},{user:text},{client:text},{connection_id:int},{query_id:int},{operation:name},{database:text},{object:text},{message:rest}",
    ],
    tells: &[",CONNECT,", ",DISCONNECT,", ",QUERY,", ",READ,", ",WRITE,", ",FAILED_CONNECT,"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["20240301 10:00:00,db1,shop,192.0.2.7,12,991,QUERY,shop,'select * from orders',0"],
    ..Table::PLAIN
});

pub static DB2_DIAGNOSTICS: TemplateFormat = TemplateFormat::new(Table {
    name: "db2diag",
    title: "Db2 diagnostic log",
    doc: "Db2's `db2diag.log` (ibm.com, Interpreting diagnostic log files): time, number of the record, level, and its keys, of which \
          several stand in a line. `pid`, `thread`, `host` and `message` are PID, TID, HOSTNAME and MESSAGE.",
    weight: 99,
    variants: &["{time:%Y-%m-%d-%H.%M.%S%f%K} {record_id:word} LEVEL: {level:text}\n{pairs}"],
    pairs: Pairs::COLUMNS,
    renames: &[("PID", "pid"), ("TID", "thread"), ("HOSTNAME", "host"), ("MESSAGE", "message")],
    begins: Some(begins_diagnosis),
    nulls: &[],
    examples: &[
        "2024-03-01-10.00.00.001221+060 I1E1201              LEVEL: Event\nPID     : 12                   TID : 140212331      PROC : db2sysc 0\nINSTANCE: db2inst1             NODE : 000\nMESSAGE : New log file",
    ],
    ..Table::PLAIN
});

fn begins_diagnosis(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(" LEVEL: ")
}

pub static RADIUS_DETAIL: TemplateFormat = TemplateFormat::new(Table {
    name: "radius_detail",
    title: "RADIUS detail file",
    doc: "Packets as FreeRADIUS' module `detail` keeps them (freeradius.org, detail): time, and the attributes.",
    weight: 99,
    variants: &["{time:%a %b %e %H:%M:%S %Y}\n{pairs}"],
    pairs: Pairs::LINES,
    renames: &[("User-Name", "user")],
    begins: Some(begins_packet),
    tells: &["Packet-Type = ", "Acct-Status-Type = ", "NAS-IP-Address = "],
    nulls: &[],
    examples: &[
        "Fri Mar  1 10:00:00 2024\n\tPacket-Type = Accounting-Request\n\tUser-Name = \"bob\"\n\tNAS-IP-Address = 192.0.2.1",
    ],
    ..Table::PLAIN
});

fn begins_packet(line: &str) -> bool {
    line.starts_with(|c: char| c.is_ascii_uppercase())
}

pub static REDSHIFT: TemplateFormat = TemplateFormat::new(Table {
    name: "redshift_activity",
    title: "Redshift user activity log",
    doc: "Amazon Redshift's log of user activity (docs.aws.amazon.com, Database audit logging): time, database, user, process, numbers of \
          user and transaction, statement as message.",
    weight: 99,
    variants: &[
        "'{time:iso}{? UTC?} [ db={database:word} user={user:word} pid={pid:int} userid={userid:int} xid={xid:int} ]' LOG: {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["'2024-03-01T10:00:00Z UTC [ db=dev user=bob pid=12 userid=100 xid=88 ]' LOG: select 1"],
    ..Table::PLAIN
});

pub static QUEUE_LOG: TemplateFormat = TemplateFormat::new(Table {
    name: "asterisk_queue",
    title: "Asterisk queue log",
    doc: "Asterisk's `queue_log` (docs.asterisk.org, Queue logs): time, call, queue, agent, event, and what hangs on the event.",
    weight: 99,
    variants: &[
        "{time:epoch}|{call_id:text}|{queue:text}|{agent:text}|{event:name}|{data1:text}|{data2:text}|{data3:text}|{data:rest}",
        "{time:epoch}|{call_id:text}|{queue:text}|{agent:text}|{event:name}|{data1:text}|{data2:text}|{data3:rest}",
        "{time:epoch}|{call_id:text}|{queue:text}|{agent:text}|{event:name}|{data1:text}|{data2:rest}",
        "{time:epoch}|{call_id:text}|{queue:text}|{agent:text}|{event:name}|{data1:rest}",
    ],
    tells: &[
        "|QUEUESTART|",
        "|ENTERQUEUE|",
        "|CONNECT|",
        "|COMPLETECALLER|",
        "|COMPLETEAGENT|",
        "|ABANDON|",
        "|RINGNOANSWER|",
    ],
    nulls: &["NONE"],
    examples: &["1709287200|1709287201.26|support|PJSIP/200|CONNECT|4|1709287201.27|3"],
    ..Table::PLAIN
});

pub static BACULA: TemplateFormat = TemplateFormat::new(Table {
    name: "bacula",
    title: "Bacula log",
    doc: "Messages of Bacula and Bareos (bacula.org, Messages resource): time, of which the year is guessed, daemon (`app`), job, message \
          with the lines below.",
    weight: 98,
    variants: &[
        "{time:%d-%b %H:%M} {app:name} JobId {job_id:int}: {message:rest}",
        "{time:%d-%b-%Y %H:%M:%S} {app:name} JobId {job_id:int}: {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Indented,
    examples: &["01-Mar 10:00 backup-dir JobId 17: Start Backup JobId 17, Job=web1.2024-03-01_10.00.00_12"],
    ..Table::PLAIN
});

pub static ANSIBLE: TemplateFormat = TemplateFormat::new(Table {
    name: "ansible",
    title: "Ansible log",
    doc: "What Ansible writes where `log_path` is set (docs.ansible.com, Configuration): time, process, user, logger, message.",
    weight: 98,
    variants: &["{time:iso} p={pid:int} u={user:word}{? n={logger:word}?}{? {level:level}?}{? ?}| {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01 10:00:00,123 p=12 u=bob n=ansible | ok: [web1]"],
    ..Table::PLAIN
});

pub static HASHICORP: TemplateFormat = TemplateFormat::new(Table {
    name: "hclog",
    title: "Log of Consul, Nomad, Vault",
    doc: "What HashiCorp's programs write (github.com/hashicorp/go-hclog): time, level, logger, message with its keys.",
    weight: 96,
    variants: &["{? ?}{time:iso} [{level:=TRACE|DEBUG|INFO|WARN|ERROR}] {logger:name}: {message:rest}"],
    also: &["{? ?}{time:iso} [{level:=TRACE|DEBUG|INFO|WARN|ERROR}] {message:rest}"],
    tells: &["[INFO]  ", "[WARN]  "],
    meta: &["==> "],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01T10:00:00.123+0100 [INFO]  agent.server: member joined: member=web1"],
    ..Table::PLAIN
});

pub static LIGHTTPD: TemplateFormat = TemplateFormat::new(Table {
    name: "lighttpd_error",
    title: "lighttpd error log",
    doc: "lighttpd's error log (redmine.lighttpd.net, server.errorlog): time, file and line of the source, message.",
    weight: 97,
    variants: &["{time:iso}: ({file:text}.c.{line:int}) {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01 10:00:00: (server.c.1513) server started (lighttpd/1.4.53)"],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{Sample, recognise};

    /// The format of a text as it is recognised, and its rows.
    fn rows(text: &str) -> (String, Vec<serde_json::Value>) {
        let found = recognise(&Sample::whole("sample", text)).swap_remove(0).format;
        let reading = read(&found, text);
        assert_eq!(reading.tally.quarantined, 0, "{:?}", reading.quarantined);
        (found.name.clone(), named_rows(&reading))
    }

    #[test]
    fn records_of_several_lines_have_all_their_keys() {
        let (format, found) = rows(
            "2026-02-17-10.00.01.120331+060 I1203E512             LEVEL: Error\n\
             PID     : 811                  TID : 140212332      PROC : db2sysc 0\n\
             INSTANCE: db2inst1             NODE : 000           DB   : SHOP\n\
             MESSAGE : ZRC=0x85020021\n          \"full\"\nDATA #1 : String, 24 bytes\ntablespace full\n\n\
             2026-02-17-10.00.05.000012+060 E1716E380             LEVEL: Warning\nPID     : 812       TID : 3\n",
        );
        assert_eq!((format.as_str(), found.len()), ("db2diag", 2));
        assert_eq!((&found[0]["time"], &found[0]["level"]), (&"2026-02-17T09:00:01.120331Z".into(), &"Error".into()));
        assert_eq!((&found[0]["PROC"], &found[0]["DB"]), (&"db2sysc 0".into(), &"SHOP".into()));
        assert_eq!(found[0]["DATA #1"], "String, 24 bytes\ntablespace full");
        assert_eq!((&found[0]["pid"], &found[1]["thread"]), (&811.into(), &3.into()));

        let record = |details: &str| {
            format!(
                "02/17/26 10:00:01 - Process(811.12) User(mqm) Program(amqrmppa)\n                    Host(mq1) Installation(I1)\n\
                 \x20                   VRMF(9.3.0.0) QMgr(QM1)\n                    Time(2026-02-17T09:00:01.120Z)\n{details}\n\
                 AMQ9999E: Channel ended\nabnormally.\n\nEXPLANATION:\nThe channel\nended.\nACTION:\nLook at\nmessages.\n\
                 ----- amqrmrsa.c : 938 -----\n"
            )
        };
        let (format, found) = rows(&(record("") + &record("                    RemoteHost(192.0.2.9)\n")));
        assert_eq!((format.as_str(), found.len()), ("ibm_mq", 2));
        for (row, details) in found.iter().zip([None, Some("RemoteHost(192.0.2.9)")]) {
            assert_eq!((&row["message_id"], &row["thread"]), (&"AMQ9999E".into(), &12.into()), "{row}");
            assert_eq!(row.get("details").and_then(|details| details.as_str()).map(str::trim), details);
            assert_eq!(
                (&row["explanation"], &row["action"]),
                (&"The channel\nended.\n".into(), &"Look at\nmessages.".into())
            );
        }

        let (format, found) = rows(
            "Tue Feb 17 10:00:01 2026\n\tPacket-Type = Accounting-Request\n\tUser-Name = \"ann\"\n\tAcct-Input-Octets = 7\n\n\
             Tue Feb 17 10:05:01 2026\n\tPacket-Type = Accounting-Request\n\tUser-Name = \"bob\"\n",
        );
        assert_eq!((format.as_str(), found.len()), ("radius_detail", 2));
        assert_eq!((&found[0]["user"], &found[0]["Acct-Input-Octets"]), (&"ann".into(), &7.into()));
    }

    #[test]
    fn a_banner_does_not_count_against_the_log_behind_it() {
        let banner = "==> Starting Consul agent...\n              Version: '1.17.2'\n           Node name: 'c1'\n\n==> Log data\n\n";
        let line = |logger: &str| format!("    2026-02-17T10:00:00.001Z [INFO]  {logger}: joined: member=web1\n");
        let text = format!("{banner}{}{}{}", line("agent"), line("agent.server"), line("agent.http"));
        let found = recognise(&Sample::whole("x", &text)).swap_remove(0);
        assert_eq!((found.format.name.as_str(), found.score), ("hclog", 94), "{found:?}");
        let found = named_rows(&read(&found.format, &text));
        assert_eq!((&found[1]["logger"], &found[1]["member"]), (&"agent.server".into(), &"web1".into()));
        // Lines with times of their own are no banner, but another log.
        let other = "12.34.56.78 - - [17/Feb/2026:09:53:28 +0100] \"GET / HTTP/1.1\" 404 47\n".repeat(3);
        let lines = [line("agent"), line("agent.server"), line("agent.http")].concat();
        let found = recognise(&Sample::whole("x", &(other + &lines)));
        assert!(found.iter().all(|found| found.format.name != "hclog" || found.score < 60), "{found:?}");
        // Two lines are too few to tell.
        let found = recognise(&Sample::whole("x", &format!("{banner}{}{}", line("agent"), line("agent"))));
        assert!(found[0].score < 60, "{found:?}");
    }

    #[test]
    fn lines_have_their_columns() {
        let (format, found) = rows(
            "[2026-02-17 10:00:02.000][22][debug][http] [source/common/x.cc:1086] [C12] headers:\n':path', '/cart'\n",
        );
        assert_eq!((format.as_str(), &found[0]["thread"], &found[0]["line"]), ("envoy_log", &22.into(), &1086.into()));
        assert_eq!(found[0]["message"], "[C12] headers:\n':path', '/cart'");
        let (format, found) = rows(
            "20260217 10:00:02,db1,shop,192.0.2.5,12,991,QUERY,shop,'select \\'a,b\\', 1',0\n20260217 10:00:02,db1,shop,192.0.2.5,12,991,READ,shop,orders,\n",
        );
        assert_eq!((format.as_str(), &found[0]["message"]), ("mariadb_audit", &"select \\'a,b\\', 1".into()));
        assert_eq!((&found[1]["object"], found[1].get("return_code")), (&"orders".into(), None));
        let (_, found) = rows(
            "17-FEB-2026 10:00:03 * (CONNECT_DATA=(SERVICE_NAME=X)) * (ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.6)(PORT=40112)) * establish * X * 12514\nTNS-12514: x\n17-FEB-2026 10:00:04 * ping * 0\n",
        );
        assert_eq!((&found[0]["client"], &found[0]["return_code"]), (&"192.0.2.6".into(), &12514.into()));
        assert_eq!(
            (found[0]["message"].as_str().map(str::trim), &found[1]["event"]),
            (Some("TNS-12514: x"), &"ping".into())
        );
        let (format, found) =
            rows("1771322405|1771322401.26|support|PJSIP/200|CONNECT|4|x|3\n1771322400|NONE|NONE|NONE|QUEUESTART|\n");
        assert_eq!(
            (format.as_str(), &found[0]["agent"], found[1].get("queue")),
            ("asterisk_queue", &"PJSIP/200".into(), None)
        );
    }
}
