//! Logs whose layout one framework or server has as its default: Python's web servers and schedulers, PHP, Java
//! application servers, Go, Rust, Node, and programs that are run as they come.
//! Each says in `also` what stands beside its lines, so that nothing with a time of its own is kept aside.

use crate::formats::template::{Joins, Table, TemplateFormat};

/// What a log's lines look like where its programs print as they like.
const WITH_TIME: &[&str] = &[
    "{time:iso} {level:level}{?:?} {message:rest}",
    "[{time:iso}] {level:level}{?:?} {message:rest}",
    "{time:iso}{?:?} {message:rest}",
    "[{time:iso}] {message:rest}",
];

pub static PYTHON_SERVICES: TemplateFormat = TemplateFormat::new(Table {
    name: "python_services",
    title: "Python service log",
    doc: "Lines as gunicorn (docs.gunicorn.org), Celery (docs.celeryq.dev, worker_log_format), Airflow's tasks \
          (airflow.apache.org, log_format), Django's documented `verbose` format and Odoo write them: time, level, process, \
          and the file or the logger. Tracebacks belong to the event before them.",
    weight: 97,
    variants: &[
        "[{time:iso}] [{pid:int}] [{level:level}] {message:rest}",
        "[{time:iso}: {level:level}/{process:text}] {message:rest}",
        "[{time:iso}] {{{file:name}:{line:int}}} {level:level} - {message:rest}",
        "{level:level} {time:iso} {logger:name} {pid:int} {thread_id:int} {message:rest}",
        "{time:iso} {pid:int} {level:level} {database:word} {logger:class}: {message:rest}",
        "{time:iso} {logger:name} [{pid:int}]: {level:level} {?[{jail:text}] ?}{message:rest}",
    ],
    also: WITH_TIME,
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "[2024-03-01 10:00:00 +0100] [17] [INFO] Booting worker with pid: 17",
        "[2024-03-01 10:00:00,123: WARNING/ForkPoolWorker-1] task is late",
        "[2024-03-01T10:00:00.123+0000] {taskinstance.py:1400} INFO - Marking task as SUCCESS",
        "INFO 2024-03-01 10:00:00,123 views 12 1402 order 17 paid",
        "2024-03-01 10:00:00,123 12 INFO shop odoo.modules.loading: 40 modules loaded",
        "2024-03-01 10:00:00,123 fail2ban.actions        [12]: NOTICE  [sshd] Ban 192.0.2.7",
    ],
    ..Table::PLAIN
});

pub static UVICORN: TemplateFormat = TemplateFormat::new(Table {
    name: "uvicorn",
    title: "Uvicorn log",
    doc: "Lines of Uvicorn, as FastAPI and Starlette print them (uvicorn.org): a level, and a request with client and status or \
          a message. They have no time. Tracebacks belong to the event before them.",
    weight: 96,
    variants: &[
        "{level:=DEBUG|INFO|WARNING|ERROR|CRITICAL}: {client:addr} - {request:request} {status:int} {message:rest}",
        "{level:=DEBUG|INFO|WARNING|ERROR|CRITICAL}: {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    tells: &[
        "HTTP/1.",
        "HTTP/2",
        "Uvicorn running",
        "Application startup",
        "Started server process",
        "Started parent process",
    ],
    examples: &["INFO:     192.0.2.7:5678 - \"GET /orders/17 HTTP/1.1\" 200 OK"],
    ..Table::PLAIN
});

pub static PHP: TemplateFormat = TemplateFormat::new(Table {
    name: "php_error",
    title: "PHP error log",
    doc: "PHP's `error_log` and the log of PHP-FPM (php.net, error_log and log_level): time with its zone, level, message. \
          Stack traces belong to the event before them.",
    weight: 97,
    variants: &[
        "[{time:%d-%b-%Y %H:%M:%S%f %Z}] PHP {level:=Fatal error|Parse error|Warning|Notice|Deprecated|Strict Standards|Recoverable fatal error|Core Warning|Core Error|Compile Warning|Compile Error|Catchable fatal error|User Error|User Warning|User Notice}: {message:rest}",
        "[{time:%d-%b-%Y %H:%M:%S%f %Z}] {level:=DEBUG|NOTICE|WARNING|ERROR|ALERT}: {?[pool {pool:word}] ?}{message:rest}",
        "[{time:%d-%b-%Y %H:%M:%S%f}] {level:=DEBUG|NOTICE|WARNING|ERROR|ALERT}: {?[pool {pool:word}] ?}{message:rest}",
    ],
    also: &["[{time:%d-%b-%Y %H:%M:%S%f %Z}] {message:rest}", "[{time:%d-%b-%Y %H:%M:%S%f}] {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "[01-Mar-2024 10:00:00 UTC] PHP Warning:  Undefined variable $x in /srv/shop/cart.php on line 17",
        "[01-Mar-2024 10:00:00] WARNING: [pool www] server reached pm.max_children setting (5)",
    ],
    ..Table::PLAIN
});

pub static JAVA_SERVERS: TemplateFormat = TemplateFormat::new(Table {
    name: "java_servers",
    title: "Java application server log",
    doc: "Lines of WildFly and JBoss EAP (docs.wildfly.org, pattern formatter), WebLogic (docs.oracle.com, server log messages), \
          WebSphere's SystemOut.log (ibm.com, JVM logs), Jenkins and ZooKeeper: time, level, thread, logger, message. Stack \
          traces belong to the event before them.",
    weight: 97,
    variants: &[
        "{time:iso} {level:level} [{logger:text}] ({thread:text}) {message:rest}",
        "{clock:clock} {level:level} [{logger:text}] ({thread:text}) {message:rest}",
        "####<{time:%b %d, %Y %I:%M:%S%f %p %Z}> <{level:text}> <{logger:text}> <{host:text}> <{server:text}> <{thread:text}> <{user:text}> <{transaction_id:text}> <{context_id:text}> <{_:int}> {?<[severity-value: {_:int}]{marks:text}> ?}<{message_id:text}> <{message:until_last}>",
        "####<{time:%b %d, %Y %I:%M:%S%f %p %Z}> <{level:text}> <{logger:text}> <{host:text}> <{server:text}> <{thread:text}> <{message:rest}",
        "[{time:%m/%d/%y %H:%M:%S:%N %Z}] {thread:hex} {logger:word} {level:[FEWAIDCO123ZR]} {message:rest}",
        "{time:iso} [id={thread:int}] {level:level} {logger:text}: {message:rest}",
        "{time:iso} [myid:{server_id:text}] - {level:level} [{thread:text}] - {message:rest}",
    ],
    also: &["{time:iso} {level:level} {message:rest}", "{time:iso} {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    meta: &[
        "************",
        "WebSphere Platform ",
        "Host Operating System",
        "Java version",
        "Java Compiler",
        "Java VM name",
    ],
    examples: &[
        "2024-03-01 10:00:00,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: started in 4821ms",
        "####<Mar 1, 2024 10:00:00,123 AM CET> <Info> <WebLogicServer> <node1> <AdminServer> <main> <<WLS Kernel>> <> <7f3a-0> <1709283600123> <BEA-000365> <Server state changed to RUNNING.>",
        "[3/1/24 10:00:00:123 CET] 00000063 ServletWrappe I   SRVE0242I: [shop] initialized.",
        "2024-03-01 10:00:00.123+0000 [id=40]\tINFO\thudson.model.Run#execute: shop #17 completed",
    ],
    ..Table::PLAIN
});

pub static ZAP: TemplateFormat = TemplateFormat::new(Table {
    name: "zap_console",
    title: "zap console log",
    doc: "The console form of Go's zap (pkg.go.dev/go.uber.org/zap), as operators of Kubernetes and Caddy print it: time, level, \
          logger, caller, message and fields as JSON, with tabs between them. Stack traces belong to the event before them.",
    weight: 97,
    variants: &[
        "{time:iso}\t{level:level}\t{logger:name}\t{file:name}:{line:int}\t{message:text}\t{fields:rest}",
        "{time:iso}\t{level:level}\t{logger:name}\t{file:name}:{line:int}\t{message:rest}",
        "{time:iso}\t{level:level}\t{file:name}:{line:int}\t{message:text}\t{fields:rest}",
        "{time:iso}\t{level:level}\t{file:name}:{line:int}\t{message:rest}",
        "{time:iso}\t{level:level}\t{logger:name}\t{message:text}\t{fields:rest}",
        "{time:iso}\t{level:level}\t{message:text}\t{fields:rest}",
        "{time:iso}\t{level:level}\t{message:rest}",
    ],
    also: WITH_TIME,
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "2024-03-01T10:00:00.123Z\tINFO\tcontroller.node\tsrv/handler.go:17\tReconciling object\t{\"name\": \"web-0\"}",
    ],
    ..Table::PLAIN
});

pub static RUST_TRACING: TemplateFormat = TemplateFormat::new(Table {
    name: "rust_tracing",
    title: "Rust tracing log",
    doc: "The default form of Rust's tracing-subscriber and env_logger (docs.rs): time, level, the spans around the event, module \
          and message with its fields.",
    weight: 96,
    variants: &[
        "{time:iso} {level:level} {spans:text}: {logger:module}: {message:rest}",
        "{time:iso} {level:level} {logger:module}: {message:rest}",
    ],
    also: &[
        "{time:iso} {level:level} {logger:name}: {message:rest}",
        "[{time:iso} {level:level} {logger:name}] {message:rest}",
        "{time:iso} {level:level} {message:rest}",
        "[{time:iso} {level:level}] {message:rest}",
        "{time:iso} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    tells: &["::"],
    examples: &["2024-03-01T10:00:00.123456Z  INFO request{method=GET}: shop_api::orders: order paid id=17"],
    ..Table::PLAIN
});

pub static LOGRUS: TemplateFormat = TemplateFormat::new(Table {
    name: "logrus_terminal",
    title: "logrus terminal log",
    doc: "What Go's logrus prints to a terminal (github.com/sirupsen/logrus, TextFormatter): level, seconds since the start, \
          message, fields. It has no time.",
    weight: 97,
    variants: &["{level:=INFO|WARN|ERRO|FATA|DEBU|TRAC|PANI}[{elapsed:s}] {pairs}"],
    // What the pairs leave is the message.
    also: &["{level:=INFO|WARN|ERRO|FATA|DEBU|TRAC|PANI} {message:rest}"],
    nulls: &[],
    joins: Joins::Never,
    examples: &["INFO[1017] order paid                                order=17 total=12.5"],
    ..Table::PLAIN
});

pub static NODE: TemplateFormat = TemplateFormat::new(Table {
    name: "node_services",
    title: "Node service log",
    doc: "Lines of NestJS (docs.nestjs.com, Logger) and of winston's documented `printf` with a label (github.com/winstonjs): process, time, \
          level, context, message.",
    weight: 97,
    variants: &[
        "[Nest] {pid:int} - {time:%m/%d/%Y, %I:%M:%S %p} {level:=LOG|ERROR|WARN|DEBUG|VERBOSE|FATAL} {?[{logger:text}] ?}{message:rest}",
        "{time:iso} [{app:text}] {level:level}: {message:rest}",
    ],
    also: WITH_TIME,
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "[Nest] 12  - 03/01/2024, 10:00:00 AM     LOG [OrdersService] order 17 paid",
        "2024-03-01T10:00:00.123Z [orders] info: order 17 paid",
    ],
    ..Table::PLAIN
});

pub static DOTNET: TemplateFormat = TemplateFormat::new(Table {
    name: "dotnet_console",
    title: ".NET console log",
    doc: "What .NET's console logger prints (learn.microsoft.com, Console log formatting): level, category, number of the event, \
          and the message on the lines below. It has no time.",
    weight: 97,
    variants: &["{level:=trce|dbug|info|warn|fail|crit}: {logger:text}[{event_id:int}] {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["info: Shop.Orders.Service[14]\n      order 17 paid"],
    ..Table::PLAIN
});

pub static SIDEKIQ: TemplateFormat = TemplateFormat::new(Table {
    name: "sidekiq",
    title: "Sidekiq log",
    doc: "Lines of Ruby's Sidekiq (github.com/sidekiq/sidekiq, Logging): time, process, thread, job, how long it took, level, message.",
    weight: 98,
    variants: &[
        "{time:iso} pid={pid:int} tid={thread:word}{? class={class:word}?}{? jid={job_id:word}?}{? bid={batch_id:word}?}{? elapsed={duration:s}?} {level:level}: {message:rest}",
    ],
    also: WITH_TIME,
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01T10:00:00.123Z pid=12 tid=0ab class=MailJob jid=7f3a17 elapsed=0.14 INFO: done"],
    ..Table::PLAIN
});

pub static SQL_SERVER: TemplateFormat = TemplateFormat::new(Table {
    name: "sql_server_error",
    title: "SQL Server error log",
    doc: "SQL Server's ERRORLOG (learn.microsoft.com): time, the part of the server or the session, message. Further lines of a \
          message belong to it.",
    weight: 97,
    variants: &["{time:iso} {logger:=spid|Server|Logon|Backup}{session:text} {message:rest}"],
    also: &["{time:iso} {message:rest}"],
    nulls: &[""],
    joins: Joins::Texts,
    tells: &[" spid", "Microsoft SQL Server"],
    examples: &["2024-03-01 10:00:00.12 spid7s      Starting up database 'shop'."],
    ..Table::PLAIN
});

pub static LEVEL_FIRST: TemplateFormat = TemplateFormat::new(Table {
    name: "level_first",
    title: "Application log, level first",
    doc: "Lines that begin with the level, as log4j's `%p` first, Cassandra (cassandra.apache.org, logback.xml) and Dropwizard \
          (dropwizard.io, logging) write them: level, thread, time, logger or file, message. Stack traces belong to the event \
          before them.",
    weight: 95,
    variants: &[
        "{level:level} [{thread:text}] {time:iso} {file:name}:{line:int} - {message:rest}",
        "{level:level} [{thread:text}] {time:iso} {logger:name} - {message:rest}",
        "{level:level} [{time:iso}] {logger:class}: {message:rest}",
        "{level:level} {time:iso} [{thread:text}] {logger:class}{?:?}{? -?} {message:rest}",
        "{level:level} {time:iso} {logger:class}{?:?}{? -?} {message:rest}",
        "[{level:level}] {time:iso} [{thread:text}] {logger:class}{?:?}{? -?} {message:rest}",
        "{level:level} [{time:iso}] {message:rest}",
        "[{level:level}] [{time:iso}] {message:rest}",
        "[{level:level}] {time:iso}{?:?}{? -?} {message:rest}",
        "{level:level} {time:iso}{?:?}{? -?} {message:rest}",
        "{level:level} [{thread:text}] {time:iso} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "INFO  [main] 2024-03-01 10:00:00,123 StorageService.java:800 - Node is ready",
        "WARN  [2024-03-01 10:00:00,123] org.example.Shop: order 17 is late",
    ],
    ..Table::PLAIN
});

pub static CLOCK_LOG: TemplateFormat = TemplateFormat::new(Table {
    name: "clock_log",
    title: "Application log with a clock",
    doc: "Lines whose time has no day, as logback writes without a configuration (logback.qos.ch, BasicConfigurator), Elixir's \
          Logger and Minecraft's server do: `clock` is the text of it, and no column is a time.",
    weight: 94,
    variants: &[
        "{clock:clock} [{thread:text}] {level:level} {logger:name} - {message:rest}",
        "{clock:clock} [{thread:text}] {level:level} {logger:name}: {message:rest}",
        "[{clock:clock}] [{thread:text}/{level:level}] [{logger:text}]: {message:rest}",
        "[{clock:clock}] [{thread:text}/{level:level}]: {message:rest}",
        "{clock:clock} {?request_id={request_id:word} ?}[{level:level}] {message:rest}",
        "{clock:clock} {level:level} {logger:class}: {message:rest}",
        "[{clock:clock} {level:level}] {message:rest}",
    ],
    also: &["{clock:clock} {message:rest}", "[{clock:clock}] {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "10:00:00.123 [main] INFO  org.example.Shop - order 17 paid",
        "[10:00:00] [Server thread/INFO]: bob joined the game",
        "10:00:00.123 request_id=F17 [info] GET /orders/17",
    ],
    ..Table::PLAIN
});

pub static SERVERS: TemplateFormat = TemplateFormat::new(Table {
    name: "server_logs",
    title: "Log of a server program",
    doc: "Lines of ClickHouse (clickhouse.com, server logs), CockroachDB (cockroachlabs.com, crdb-v2), PgBouncer (pgbouncer.org), \
          Asterisk (docs.asterisk.org), Home Assistant, ESXi (techdocs.broadcom.com), Chromium and Azure App Service: time, level, thread or process, the part of the \
          program, message.",
    weight: 97,
    variants: &[
        "{time:iso} [ {thread:int} ] {{{query_id:text}}} <{level:level}> {logger:text}: {message:rest}",
        "{level:[IWEF]}{time:%y%m%d %H:%M:%S%f} {thread:int} {channel:word}@{file:name}:{line:int} {?⋮ ?}[{tags:text}] {?{counter:int} ?}{message:rest}",
        "{level:[IWEF]}{time:%y%m%d %H:%M:%S%f} {thread:int} {file:name}:{line:int} {?⋮ ?}[{tags:text}] {?{counter:int} ?}{message:rest}",
        "{time:iso} [{pid:int}] {level:=LOG|NOISE|DEBUG|INFO|WARNING|ERROR|FATAL} {link:=C-|S-}{connection:word}: {database:text}/{user:text}@{client:addr} {message:rest}",
        "{time:iso} [{pid:int}] {level:=LOG|NOISE|DEBUG|INFO|WARNING|ERROR|FATAL} {message:rest}",
        "[{time:iso}] {level:level}[{pid:int}]{?[{call_id:text}]?} {logger:name}: {message:rest}",
        "[{time:iso}] {level:level}[{pid:int}]{?[{call_id:text}]?}: {logger:name}: {message:rest}",
        "{time:iso} {level:level} ({thread:text}) [{logger:text}] {message:rest}",
        "{time:iso} PID[{pid:int}] {level:level} {message:rest}",
        "{time:iso} {level:=Em|Al|Cr|Er|Wa|No|In|Db}({priority:int}) {app:name}[{pid:int}]: {message:rest}",
        "{time:iso} {level:level} {app:name}[{pid:int}] [{context:text}] {message:rest}",
        "{time:iso} cpu{cpu:int}:{world:int}){level:level}: {message:rest}",
        "{time:iso} cpu{cpu:int}:{world:int}){message:rest}",
        "[{pid:int}:{thread:int}:{time:%m%d/%H%M%S%f}:{level:level}:{file:name}({line:int})] {message:rest}",
    ],
    also: WITH_TIME,
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "2024.03.01 10:00:00.123456 [ 5000 ] {7f3a-17} <Information> executeQuery: Read 17 rows",
        "I240301 10:00:00.123456 100 1@server/node.go:400 ⋮ [T1,n1] 50  node started",
        "[2024-03-01 10:00:00] NOTICE[12][C-00000001] chan_sip.c: Registration from 192.0.2.7 failed",
        "2024-03-01 10:00:00.123 ERROR (MainThread) [homeassistant.core] timed out",
    ],
    ..Table::PLAIN
});
