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
        "[{time:iso}: {level:level}/{thread:text}] {message:rest}",
        "[{time:iso}] {{{file:name}:{line:int}}} {level:level} - {message:rest}",
        "{level:level} {time:iso} {logger:name} {pid:int} {thread:int} {message:rest}",
        "{time:iso} {pid:int} {level:level} {database:word} {logger:class}: {message:rest}",
        "{time:iso} {pid:int} {level:level} {database:word} {logger:=odoo|werkzeug|py}: {message:rest}",
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
        "{time:iso} [id={thread:int}] {level:level} {logger:text}: {message:rest}",
        "{time:iso} [myid:{server_id:text}] - {level:level} [{thread:text}] - {message:rest}",
    ],
    also: &["{time:iso} {level:level} {message:rest}", "{time:iso} {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "2024-03-01 10:00:00,123 INFO  [org.jboss.as] (Controller Boot Thread) WFLYSRV0025: started in 4821ms",
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
        // Beats.
        "{time:iso}\t{level:level}\t[{logger:name}]\t{file:name}:{line:int}\t{message:text}\t{fields:rest}",
        "{time:iso}\t{level:level}\t[{logger:name}]\t{file:name}:{line:int}\t{message:rest}",
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
        "{time:iso} [{logger:text}] {level:level}: {message:rest}",
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
          Logger, TeamCity's builds and Minecraft's server do: `clock` is the text of it, and no column is a time.",
    weight: 94,
    variants: &[
        "{clock:clock} [{thread:text}] {level:level} {logger:name} - {message:rest}",
        "{clock:clock} [{thread:text}] {level:level} {logger:name}: {message:rest}",
        "[{clock:clock}] [{thread:text}/{level:level}] [{logger:text}]: {message:rest}",
        "[{clock:clock}] [{thread:text}/{level:level}]: {message:rest}",
        "{clock:clock} {thread:int} {level:level} {message:rest}",
        "{clock:clock} {?request_id={request_id:word} ?}[{level:level}] {message:rest}",
        "{clock:clock} {level:level} {logger:class}: {message:rest}",
        "[{clock:clock} {level:level}] {message:rest}",
        // TeamCity.
        "[{clock:clock}]{level:[iWEF]}: {message:rest}",
        "[{clock:clock}] : {message:rest}",
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
        "{time:iso} [{pid:int}] {level:=LOG|NOISE|DEBUG|INFO|WARNING|ERROR|FATAL} {link:=C-|S-}{connection:word}: {database:text}/{user:text}@{client:addr} {message:rest}",
        "{time:iso} [{pid:int}] {level:=LOG|NOISE|DEBUG|INFO|WARNING|ERROR|FATAL} {message:rest}",
        "[{time:iso}] {level:level}[{pid:int}]{?[{call_id:text}]?}{?:?} {logger:source}:{line:int} {function:name}: {message:rest}",
        "[{time:%b %e %H:%M:%S}] {level:level}[{pid:int}]{?[{call_id:text}]?}{?:?} {logger:source}:{line:int} {function:name}: {message:rest}",
        "[{time:%b %e %H:%M:%S}] {level:level}[{pid:int}]{?[{call_id:text}]?}{?:?} {logger:name}: {message:rest}",
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
        "[2024-03-01 10:00:00] NOTICE[12][C-00000001] chan_sip.c: Registration from 192.0.2.7 failed",
        "2024-03-01 10:00:00.123 ERROR (MainThread) [homeassistant.core] timed out",
    ],
    ..Table::PLAIN
});
