//! Logs of databases: PostgreSQL, MySQL and MariaDB, Redis, MongoDB.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static POSTGRESQL: TemplateFormat = TemplateFormat::new(Table {
    name: "postgresql",
    title: "PostgreSQL log",
    doc: "PostgreSQL's stderr log (postgresql.org, Error reporting and logging), with the usual values of \
          `log_line_prefix` and that of Amazon RDS in columns; of any other value, what stands between time and level is \
          `prefix`. A zone that is ambiguous or unknown (`IST`) makes the time null. Statements of several lines stay in one \
          event, and what is reported with an event of the same process is `detail`, `hint`, `context`, `query`, `statement` and \
          `location` of it. Its jsonlog is read as JSON lines.",
    weight: 99,
    variants: &[
        "{time:iso_zone} [{pid:int}{?-{session_line:int}?}]{?:?}{? [{session_line:int}-{transaction_line:int}]?}{? user={user:text},db={database:text}{?,app={application:text},client={client:text}?}?}{? {user:word}@{database:word}?} {level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        "{time:iso_zone}:{client:text}({client_port:int}):{user:text}@{database:text}:[{pid:int}]:{level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        "{time:iso_zone}:{client:text}:{user:text}@{database:text}:[{pid:int}]:{level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        "{time:iso_zone}{? {user:word}@{database:word}?} {level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        // By syslog, which counts the reports and their lines.
        "{?<{priority:int}>?}{time:syslog} {host:word} {app:name}[{pid:int}]: [{session_line:int}-{_:int}] {level:=LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|NOTICE|INFO|LOCATION|DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5}: {message:rest}",
        "{?<{priority:int}>?}{time:syslog} {host:word} {app:name}[{pid:int}]: [{session_line:int}-{_:int}] {prefix:text} {level:=LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|NOTICE|INFO|LOCATION|DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5}: {message:rest}",
        "{?<{priority:int}>?}{time:iso} {host:word} {app:name}[{pid:int}]: [{session_line:int}-{_:int}] {level:=LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|NOTICE|INFO|LOCATION|DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5}: {message:rest}",
        "{?<{priority:int}>?}{time:iso} {host:word} {app:name}[{pid:int}]: [{session_line:int}-{_:int}] {prefix:text} {level:=LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|NOTICE|INFO|LOCATION|DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5}: {message:rest}",
        // `%n %p %q%u@%d/%a `.
        "{time:epoch} {pid:int}{? {user:word}@{database:text}/{application:text}?} {level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        "{time:iso_zone}{prefix:text} {level:=LOG|ERROR|FATAL|PANIC|WARNING|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|NOTICE|INFO|LOCATION}: {message:rest}",
        // Without a prefix.
        "{level:=DEBUG1|DEBUG2|DEBUG3|DEBUG4|DEBUG5|DEBUG|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT}: {message:rest}",
        // A long line that syslog has cut.
        "{?<{priority:int}>?}{time:syslog} {host:word} {app:=postgres}[{pid:int}]: [{session_line:int}-{_:int}] {message:rest}",
    ],
    nulls: &["-", "[unknown]"],
    tells: &["LOG:  ", "FATAL:  ", "ERROR:  ", "STATEMENT:  ", "WARNING:  ", "DETAIL:  "],
    joins: Joins::Texts,
    folds: &[
        ("DETAIL", "detail"),
        ("HINT", "hint"),
        ("CONTEXT", "context"),
        ("QUERY", "query"),
        ("STATEMENT", "statement"),
        ("LOCATION", "location"),
    ],
    examples: &[
        "2024-03-01 10:00:00.123 UTC [123] bob@shop LOG:  duration: 21.500 ms  statement: SELECT 1",
        "2024-03-01 10:00:00 UTC:192.0.2.7(5678):bob@shop:[123]:ERROR:  relation \"x\" does not exist at character 15",
    ],
    ..Table::PLAIN
});

pub static MYSQL_ERROR: TemplateFormat = TemplateFormat::new(Table {
    name: "mysql_error",
    title: "MySQL error log",
    doc: "The error log of MySQL and MariaDB (dev.mysql.com, The error log), in the forms of 5.5 to 8.4: time, thread, \
          level, error code, subsystem, message.",
    weight: 98,
    variants: &[
        "{time:iso} {thread:int} [{level:=Note|System|Warning|Warn|ERROR|Error}] [{error_code:word}] [{subsystem:word}] {message:rest}",
        "{time:iso} {thread:word} [{level:=Note|System|Warning|Warn|ERROR|Error}] {message:rest}",
        "{time:%Y-%m-%d %H:%M:%S} {thread:int} [{level:=Note|System|Warning|Warn|ERROR|Error}] {message:rest}",
        "{time:iso} [{level:=Note|Warn|ERROR}] [{subsystem:text}]: {message:rest}",
        "{time:iso} {app:=mysqld_safe} {message:rest}",
        "{time:%y%m%d %H:%M:%S} {?{thread:int} ?}[{level:=Note|System|Warning|Warn|ERROR|Error}] {message:rest}",
        "{time:%y%m%d %H:%M:%S} {?{app:=mysqld_safe|InnoDB}{?:?} ?}{message:rest}",
    ],
    tells: &["[Note]", "[Warning]", "[System]", "[ERROR]", "[Error]", "mysqld"],
    joins: Joins::Texts,
    examples: &[
        "2024-03-01T10:00:00.123456Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.",
        "240301 10:00:00 [Note] Plugin 'FEDERATED' is disabled.",
    ],
    ..Table::PLAIN
});

pub static MYSQL_GENERAL: TemplateFormat = TemplateFormat::new(Table {
    name: "mysql_general",
    title: "MySQL general log",
    doc: "The general query log of MySQL and MariaDB (dev.mysql.com, The general query log): time, connection, command, \
          argument. Before 5.7 a time stands only where the second changes.",
    weight: 98,
    variants: &[
        "{time:iso} {thread:int} {command:=Query|Quit|Connect|Init DB|Field List|Prepare|Execute|Close stmt|Reset stmt|Statistics|Ping|Change user|Binlog Dump|Register Slave|Kill|Daemon|Processlist|Refresh|Shutdown|Long Data|Set option|Fetch|Create DB|Drop DB|Table Dump|Sleep|Debug} {message:rest}",
        "{time:%y%m%d %H:%M:%S} {thread:int} {command:=Query|Quit|Connect|Init DB|Field List|Prepare|Execute|Close stmt|Reset stmt|Statistics|Ping|Change user|Binlog Dump|Register Slave|Kill|Daemon|Processlist|Refresh|Shutdown|Long Data|Set option|Fetch|Create DB|Drop DB|Table Dump|Sleep|Debug} {message:rest}",
        " {thread:int} {command:=Query|Quit|Connect|Init DB|Field List|Prepare|Execute|Close stmt|Reset stmt|Statistics|Ping|Change user|Kill|Refresh|Shutdown|Create DB|Drop DB} {message:rest}",
    ],
    joins: Joins::Texts,
    tells: &["\tQuery\t", " Query\t", " Connect\t", " Quit\t"],
    meta: &[
        "Tcp port: ",
        "Time      ",
        "/usr/sbin/mysqld, Version",
        "/usr/sbin/mariadbd, Version",
        "mysqld, Version",
        "mariadbd, Version",
    ],
    examples: &["2024-03-01T10:00:00.123456Z\t   12 Query\tselect 1"],
    ..Table::PLAIN
});

pub static REDIS: TemplateFormat = TemplateFormat::new(Table {
    name: "redis",
    title: "Redis log",
    doc: "The log of Redis 1.2 to 7 and Valkey (redis.io, redis.conf): process, role (X sentinel, C child, S replica, M \
          master, `signal-handler`), time, level (`.` debug, `-` verbose, `*` notice, `#` warning), message; and what MONITOR shows.",
    weight: 98,
    variants: &[
        "{pid:int}:{role:[XCSM]} {time:%d %b %Y %H:%M:%S%f} {level:[.-*#]} {message:rest}",
        "{pid:int}:{role:[XCSM]} {time:%d %b %H:%M:%S%f} {level:[.-*#]} {message:rest}",
        "[{pid:int}] {time:%d %b %H:%M:%S%f} {level:[.-*#]} {message:rest}",
        "{time:%d %b %H:%M:%S%f} {level:[.-*#]} {message:rest}",
        "{pid:int}:{role:=signal-handler} ({time:epoch}) {message:rest}",
        "{time:epoch} [{database:int} {client:addr}] {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Indented,
    examples: &["12:M 01 Mar 2024 10:00:00.123 * Ready to accept connections tcp"],
    ..Table::PLAIN
});

pub static MONGODB: TemplateFormat = TemplateFormat::new(Table {
    name: "mongodb",
    title: "MongoDB log",
    doc: "The text log of MongoDB before 4.4 (mongodb.com, Log messages): time, severity, component, context, message. \
          Since 4.4 its log is JSON, and read as JSON lines.",
    weight: 98,
    variants: &[
        "{time:iso} {level:=D1|D2|D3|D4|D5|I|W|E|F|D} {component:word} [{context:text}] {message:rest}",
        "{time:%a %b %e %H:%M:%S%f} {level:=I|W|E|F|D} {component:word} [{context:text}] {message:rest}",
        "{time:iso} [{context:text}] {message:rest}",
        "{time:%a %b %e %H:%M:%S%f} [{context:text}] {message:rest}",
        "{time:%a %b %e %H:%M:%S%f} {message:rest}",
    ],
    tells: &[
        "[initandlisten]",
        "[conn",
        "[rsStart]",
        "[rsMgr]",
        "[mongosMain]",
        "[rsSync]",
        "[thread1]",
        "[signalProcessingThread]",
        "[rsBackgroundSync",
        "[ReplicationExecutor]",
    ],
    joins: Joins::Texts,
    examples: &[
        "2024-03-01T10:00:00.123+0000 I NETWORK  [conn12] end connection 192.0.2.7:5678 (3 connections now open)",
    ],
    ..Table::PLAIN
});

pub static CLICKHOUSE: TemplateFormat = TemplateFormat::new(Table {
    name: "clickhouse",
    title: "ClickHouse server log",
    doc: "The log of ClickHouse's server (clickhouse.com, Server settings, logger): time, thread, the number of the query, \
          level, logger, message. Stack traces belong to the event before them.",
    weight: 99,
    variants: &[
        "{time:%Y.%m.%d %H:%M:%S%f} [ {thread:int} ] {{{query_id:text}}} <{level:word}> {logger:text}: {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024.03.01 10:00:00.123456 [ 12 ] {0f1e-2d} <Debug> executeQuery: (from 192.0.2.7:5678) SELECT 1"],
    ..Table::PLAIN
});

pub static SQL_SERVER: TemplateFormat = TemplateFormat::new(Table {
    name: "sql_server",
    title: "SQL Server error log",
    doc: "Microsoft SQL Server's ERRORLOG (learn.microsoft.com, View the SQL Server error log): time, what wrote it \
          (`logger`: Server, Logon, Backup, the number of a session), message.",
    weight: 98,
    variants: &[
        "{time:iso} {logger:=Server|Logon|Backup} {message:rest}",
        "{time:iso} {logger:session} {message:rest}",
    ],
    tells: &[" spid", " Logon ", "Microsoft SQL Server"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01 10:00:00.12 Logon       Login failed for user 'bob'. [CLIENT: 192.0.2.7]"],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::FormatSpec;
    use crate::formats::testing::{named_rows, pieces, prepare, read, read_with};

    #[test]
    fn what_is_reported_with_an_error_is_a_part_of_it() {
        let text = "2026-11-30 10:00:00.123 UTC [4711] bob@shop ERROR:  duplicate key\n\tof orders\n\
                    2026-11-30 10:00:00.123 UTC [4711] bob@shop DETAIL:  Key (id)=(17) already exists.\n\
                    2026-11-30 10:00:00.123 UTC [4711] bob@shop STATEMENT:  insert into orders\n\t  values (17);\n\
                    2026-11-30 10:00:01.123 UTC [4712] eve@shop LOG:  duration: 1234.5 ms\n\
                    2026-11-30 10:00:02.123 UTC [4711] bob@shop ERROR:  canceled\n\
                    2026-11-30 10:00:02.124 UTC [4712] eve@shop DETAIL:  of another process\n\
                    2026-11-30 10:00:02.125 UTC [4711] bob@shop HINT:  comes late\n";
        let parser = prepare(&FormatSpec::new("postgresql"), None, text);
        let whole = read_with(parser.as_ref(), &[text]);
        let rows = named_rows(&whole);
        assert_eq!((rows.len(), whole.tally.joined, whole.tally.quarantined), (5, 4, 0));
        assert_eq!((&rows[0]["level"], &rows[0]["message"]), (&"ERROR".into(), &"duplicate key\n\tof orders".into()));
        assert_eq!(rows[0]["detail"], "Key (id)=(17) already exists.");
        assert_eq!(rows[0]["statement"], "insert into orders\n\t  values (17);");
        assert_eq!((rows[2].get("detail"), &rows[3]["level"]), (None, &"DETAIL".into()));
        for size in 1..text.len() {
            let reading = read_with(parser.as_ref(), &pieces(parser.as_ref(), text, size));
            assert_eq!((reading.json(), reading.tally), (whole.json(), whole.tally.clone()), "{size}");
        }
    }

    #[test]
    fn reports_by_syslog_have_the_same_columns() {
        let text = "Nov 30 10:00:00 db1 postgres[4711]: [3-1] 2026-11-30 10:00:00.123 UTC [4711] bob@shop ERROR:  duplicate key\n\
                    Nov 30 10:00:00 db1 postgres[4711]: [3-2] 2026-11-30 10:00:00.123 UTC [4711] bob@shop DETAIL:  Key (id)=(17) already exists.\n\
                    Nov 30 10:00:01 db1 postgres[4712]: [4-1] LOG:  duration: 1234.5 ms\n";
        let found = crate::formats::recognise(&crate::formats::Sample::whole("x.log", text));
        assert_eq!(found[0].format.name, "postgresql", "{found:?}");
        let rows = named_rows(&read(&found[0].format, text));
        assert_eq!((rows.len(), &rows[0]["detail"]), (2, &"Key (id)=(17) already exists.".into()));
        assert_eq!(
            (&rows[0]["host"], &rows[0]["pid"], &rows[1]["level"]),
            (&"db1".into(), &4711.into(), &"LOG".into())
        );
    }
}
