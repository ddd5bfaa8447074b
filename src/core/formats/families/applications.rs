//! Logs of applications: the layouts of log4j, logback, Spring Boot, Python, .NET, Go, Rust, PHP, Ruby loggers.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static APPLICATION: TemplateFormat = TemplateFormat::new(Table {
    name: "application_log",
    title: "Application log",
    doc: "Lines with time, level and logger, in the layouts that logback, log4j, Spring Boot, Python's logging, \
          Elasticsearch, Kafka, Spark, Hadoop, oslo, loguru and others have as a default: thread and process where they \
          are written. Stack traces, and other lines that do not begin as a log's line does, \
          belong to the event before them.",
    weight: 94,
    variants: &[
        "{time:iso} {level:level} [{app:text},{trace_id:text},{span_id:text}] {pid:int} --- [{thread:text}] {logger:name} : {message:rest}",
        // Spring Boot: names of loggers are shortened at their left, and hold brackets then.
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] [ ] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] [{trace_id:hex}-{span_id:hex}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] [ ] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] [{trace_id:hex}-{span_id:hex}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} [{thread:text}] [{logger:name}] {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:name}{?({line:int})?} - {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:name}{?({line:int})?}: {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:class} {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:name} - {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:name}: {message:rest}",
        // log4net, with its nested context.
        "{time:iso} [{thread:text}] {level:level} {logger:name} [{context:text}] - {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:class} {message:rest}",
        "{time:iso} [{level:level}] [{thread:text}] {logger:name}: {message:rest}",
        "{time:iso} - {level:level} [{thread:text}] - {message:rest}",
        "{time:iso} - {level:level} - {logger:class} - {message:rest}",
        "{time:iso} - {level:level} - {message:rest}",
        "{time:iso} - {logger:name} - {level:level} - {message:rest}",
        "{time:iso}|{level:level}|{logger:name}|{message:rest}",
        "{time:iso};{level:level};{logger:name};{message:rest}",
        "{time:iso} | {level:level} | {message:text} | {logger:name} | {thread:rest}",
        "{time:iso} | {level:level} | {logger:word} - {message:rest}",
        "{time:iso} - {level:level}: {message:rest}",
        "[{time:iso}] [{level:level}] [{thread:text}] [{logger:text}] - {message:rest}",
        "{time:iso} [{level:level}] [{thread:text}] {logger:name} - {message:rest}",
        "{time:iso} [{service:text}] [{level:level}{? ?}] [{trace_id:text}] [{logger:text}] [{thread:text}] - {message:rest}",
        "{time:iso} [{level:level}] [{logger:name}:{line:int}] {message:rest}",
        "{time:iso} [{level:level}] [{logger:class}] {message:rest}",
        // RabbitMQ, with Erlang's process.
        "{time:iso} [{level:level}] <{process:text}> {message:rest}",
        "{time:iso} [{pid:int}:{thread:int}] <{level:level}> {message:rest}",
        "{time:iso} [{thread:hex}] [{level:level}{? ?}] {message:rest}",
        "{time:iso} [0x{thread:hex}] [{level:level}{? ?}] {message:rest}",
        "{time:iso} [{level:level}] {logger:class}: {message:rest}",
        "{time:iso} [{level:level}] ({logger:text}) {message:rest}",
        "{time:iso} [{level:level}][{pid:int}] {file:name} {line:int}: {message:rest}",
        "{time:iso} [{logger:text}:{line:int}][{level:level}{? ?}][{pid:int}] {message:rest}",
        "{time:iso} {level:level} {logger:class} ({source:text}) - {message:rest}",
        "{time:iso} {level:level} {logger:class} ({thread:text}) {message:rest}",
        "{time:iso} {level:level} {logger:class} [{marker:text}] - {message:rest}",
        "{time:iso} {level:level} {logger:class}:{file:name}:{line:int} {message:rest}",
        "{time:iso} {level:level} {logger:class}: {message:rest}",
        "{time:iso} {logger:class} {level:level} {message:rest}",
        "{time:iso} {thread:word} {level:level} {user:word} {request_id:word} {session:word} {client:word} {path:word} [{logger:name}] {message:rest}",
        "{time:iso} - {file:name}[{level:level}]: {message:rest}",
        "{time:iso}: {thread:int}: {level:level} : {message:rest}",
        "{time:iso} {level:[IWEDFV]} {logger:name}: {message:rest}",
        "{time:iso} {level:[IWEDFV]} {thread:int} {message:rest}",
        // zerolog.
        "{time:iso} {level:level} {file:*.go}:{line:int} > {message:rest}",
        "[{time:iso}] [{logger:name}] [{level:level}] [{file:source}:{line:int}] {message:rest}",
        "[{time:iso}] [{logger:name}] [{level:level}] {message:rest}",
        "[{time:iso}] [{level:level}] {logger:name} - {message:rest}",
        "[{time:iso}] [{level:level}] [{thread:text}] {message:rest}",
        "[{time:iso}] [ {level:level}] [{logger:text}] {message:rest}",
        "[{time:%d/%b/%Y %H:%M:%S}] {level:level} [{logger:name}:{line:int}] {message:rest}",
        "[{level:[DIWEC]} {time:iso} {logger:name}] {message:rest}",
        "[{level:[DIWEC]} {time:%y%m%d %H:%M:%S} {file:name}:{line:int}] {message:rest}",
        "{time:iso} {pid:int} {level:level} {logger:name} [{request_id:text}] {message:rest}",
        "{time:iso} {pid:int} {level:level} {logger:name} {message:rest}",
        "{time:iso} {level:level} pid={pid:int} {thread:word} {file:name}:{line:int} {message:rest}",
        // Logstash, and Elasticsearch before its node.
        "[{time:iso}][{level:level}{? ?}][{logger:name}{? ?}][{pipeline:name}][{plugin_id:hex}] {message:rest}",
        "[{time:iso}][{level:level}{? ?}][{logger:name}{? ?}][{pipeline:name}] {message:rest}",
        "[{time:iso}][{level:level}{? ?}][{logger:text}] {message:rest}",
        "[{time:iso}] {level:level} {message:until_last} ({logger:name})",
        "[{time:iso}] {level:level}/{logger:name}: {message:rest}",
        "[{time:iso} {level:level} {logger:word}] {message:rest}",
        "[{pid:int}] {time:%Y/%m/%d %H:%M:%S%f} [{level:level}] {message:rest}",
        "{time:%y/%m/%d %H:%M:%S} {level:level} {logger:name}: {message:rest}",
        "{time:%y%m%d %H%M%S} {pid:int} {level:level} {logger:name}: {message:rest}",
        "{time:%d-%b-%Y %H:%M:%S%f} {level:level} [{thread:text}] {logger:class} {message:rest}",
        "{time:iso}, {level:level} {logger:name} {message:rest}",
        "{level:=DEBUG|INFO|WARNING|ERROR|CRITICAL}:{logger:name}:{message:rest}",
        "{time:iso} {level:level} {app:name}[{pid:int}]{?:?} {message:rest}",
        "{time:iso} {level:level} {logger:class}:{line:int} - {message:rest}",
        "{time:iso} {level:level} {logger:class} - {message:rest}",
        "{time:iso} {level:level} {logger:name} {file:source}:{line:int} {message:rest}",
        "{time:iso} {level:level} {file:source}:{line:int} {message:rest}",
        // Lines of the same log that have no logger.
        "{time:iso} {level:level} [{thread:text}] {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {message:rest}",
        "{time:iso}:{level:level}:{message:rest}",
        "[{time:iso}] {level:level} {message:rest}",
    ],
    also: &[
        "{time:iso}{?:?} {level:level}{?:?} {message:rest}",
        "{time:iso}{?:?} {message:rest}",
        "[{time:iso}]{?:?} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    // What Spring Boot prints before its log.
    meta: &[
        "  .   ____ ",
        " /\\\\ / ___",
        "( ( )\\___",
        " \\\\/  ___)",
        "  '  |____|",
        " =========|_|",
        " :: Spring Boot ::",
    ],
    examples: &[
        "2024-03-01 10:00:00,123 ERROR [main] org.example.Shop - order failed",
        "2024-03-01T10:00:00.123+01:00  INFO 12 --- [           main] org.example.Shop   : Started",
        "2024-03-01 10:00:00,123 - shop.orders - WARNING - order 17 is late",
        "[2024-03-01T10:00:00,123][WARN ][logstash.filters.grok    ][main][8f3c2a1b] Timeout executing grok",
    ],
    ..Table::PLAIN
});

pub static LEVELS: TemplateFormat = TemplateFormat::new(Table {
    name: "level_log",
    title: "Log with time and level",
    doc: "Lines that begin with a time and a level, or a level in brackets, as loggers without a layout of their own \
          write them, with a host before the time too. Stack traces, and other lines that do not begin as a log's line \
          does, belong to the event before them.",
    weight: 84,
    variants: &[
        "{time:iso} [{level:level}{? ?}]{?:?} {message:rest}",
        "[{time:iso}] [{level:level}{? ?}]{?:?} {message:rest}",
        "[{time:iso}] {level:level}{?:?} {message:rest}",
        "{time:iso} {level:level}{?:?} {message:rest}",
        "{time:iso} - {level:level} - {message:rest}",
        "{time:iso} - {level:level}: {message:rest}",
        "{time:iso} ({level:level}) {message:rest}",
        "{time:iso} <{level:level}> {message:rest}",
        // The host before the time.
        "{host:name} {time:iso} [{level:level}]{?:?} {message:rest}",
        "{host:name} {time:iso} {level:level}{?:?} {message:rest}",
        "[{time:iso}] [ {level:level}] {message:rest}",
        "[{level:level}] {message:rest}",
        "{time:iso}{?,?}{?:?} {level:level}{?:?} {message:rest}",
        "{time:iso} | {level:level} | {message:rest}",
        "{?[?}{time:%Y/%m/%d %H:%M:%S%f}{?]?} {?[?}{? ?}{level:level}{? ?}{?]?}{?:?} {message:rest}",
        "{time:%a %b %e %H:%M:%S%f %Y}{? :?}{? -?} {?[?}{level:level}{?]?}{?:?} {message:rest}",
    ],
    also: &["{time:iso}{?:?} {message:rest}", "[{time:iso}]{?:?} {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["2024-03-01 10:00:00 WARN disk is nearly full", "[2024-03-01 10:00:00] [error] disk is full"],
    ..Table::PLAIN
});

pub static MONOLOG: TemplateFormat = TemplateFormat::new(Table {
    name: "monolog",
    title: "Laravel and Monolog log",
    doc: "PHP's Monolog as Laravel and Symfony write it (github.com/Seldaek/monolog, LineFormatter): time, channel, \
          level, message with context. Stack traces inside the context belong to their event.",
    weight: 98,
    variants: &["[{time:iso}] {logger:word}.{level:level}: {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["[2024-03-01 10:00:00] production.ERROR: order failed {\"order\":17}"],
    ..Table::PLAIN
});

pub static RUBY: TemplateFormat = TemplateFormat::new(Table {
    name: "ruby_logger",
    title: "Ruby and Rails log",
    doc: "Ruby's Logger as Rails and Puma write it (docs.ruby-lang.org, Logger::Formatter): severity, time, process, \
          program, message.",
    weight: 98,
    variants: &[
        "{severity:[DIWEFA]}, [{time:iso} #{pid:int}] {level:=DEBUG|INFO|WARN|ERROR|FATAL|ANY|UNKNOWN} -- {app:text}: {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["I, [2024-03-01T10:00:00.123456 #12]  INFO -- : Started GET \"/\" for 192.0.2.7"],
    ..Table::PLAIN
});

pub static RAILS: TemplateFormat = TemplateFormat::new(Table {
    name: "rails",
    title: "Rails request log",
    doc: "Requests as Ruby on Rails writes them where its logger adds nothing (guides.rubyonrails.org): a row with method, path, \
          client and time, one with controller, action and format, and one with status, duration, and how long views and \
          database took. Parameters and what else is done between belong to the row before them. Nothing tells which request a \
          line belongs to where several are answered at once, so that they are not joined.",
    weight: 98,
    variants: &[
        "Started {method:word} \"{path:text}\" for {client:word} at {time:iso} {message:rest}",
        "Processing by {controller:text}#{action:word} as {format:word}{? ?}{message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms (Views: {views_duration:ms}ms | ActiveRecord: {database_duration:ms}ms | Allocations: {allocations:int}){message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms (Views: {views_duration:ms}ms | ActiveRecord: {database_duration:ms}ms){message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms (Views: {views_duration:ms}ms | ActiveRecord: {database_duration:ms}ms {message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms (ActiveRecord: {database_duration:ms}ms | Allocations: {allocations:int}){message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms (ActiveRecord: {database_duration:ms}ms){message:rest}",
        "Completed {status:int} {reason:text} in {duration:ms}ms{? ?}{message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "Started GET \"/orders/7\" for 192.0.2.7 at 2024-03-01 10:00:00 +0000\nProcessing by OrdersController#show as HTML\nCompleted 200 OK in 12ms",
    ],
    ..Table::PLAIN
});

pub static UVICORN: TemplateFormat = TemplateFormat::new(Table {
    name: "uvicorn",
    title: "Uvicorn log",
    doc: "What Uvicorn and with it FastAPI write by default (uvicorn.org, Logging): the level, and a message or a request \
          with its client and status. No line has a time.",
    weight: 96,
    variants: &[
        "{level:=INFO|WARNING|ERROR|CRITICAL|DEBUG|TRACE}: {client:addr} - {request:request} {status:int} {message:rest}",
        "{level:=INFO|WARNING|ERROR|CRITICAL|DEBUG|TRACE}: {message:rest}",
    ],
    tells: &[" - \"GET ", " - \"POST ", "Uvicorn running", "Started server process", "Application startup complete"],
    joins: Joins::Texts,
    examples: &["INFO:     Application startup complete.\nINFO:     192.0.2.7:5678 - \"GET /orders HTTP/1.1\" 200 OK"],
    ..Table::PLAIN
});

pub static PHP: TemplateFormat = TemplateFormat::new(Table {
    name: "php",
    title: "PHP error log",
    doc: "What PHP writes to its `error_log` (php.net, Error handling), and the log of PHP-FPM: time, level, message with \
          its stack trace. Lines that a program wrote itself by `error_log` have no level.",
    weight: 98,
    variants: &[
        "[{time:%d-%b-%Y %H:%M:%S%f%Z}] PHP {level:=Fatal error|Parse error|Recoverable fatal error|Catchable fatal error|Warning|Notice|Deprecated|Strict Standards|Startup|Core warning|Compile warning|User error|User warning|User notice}: {message:rest}",
        "[{time:%d-%b-%Y %H:%M:%S%f%Z}] {level:=NOTICE|WARNING|ERROR|ALERT|DEBUG}: {?[pool {pool:word}] ?}{message:rest}",
        "[{time:%d-%b-%Y %H:%M:%S%f%Z}] {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["[01-Mar-2024 10:00:00 UTC] PHP Warning:  Undefined variable $order in /srv/shop/index.php on line 7"],
    ..Table::PLAIN
});

pub static WEBLOGIC: TemplateFormat = TemplateFormat::new(Table {
    name: "weblogic",
    title: "WebLogic server log",
    doc: "Records of Oracle WebLogic Server (docs.oracle.com, Understanding WebLogic logging services): time, level, \
          subsystem (`logger`), machine, server, thread, user, transaction, diagnostic context, number, message.",
    weight: 99,
    variants: &[
        "####<{time:%b %d, %Y %I:%M:%S%f %p%Z}{? {zone:text}?}> <{level:word}> <{logger:text}> <{host:text}> <{app:text}> <{thread:text}> <{user:text}> <{transaction:text}> <{context:text}> <{_:int}> {?<[{attributes:text}] > ?}<{message_id:text}> <{message:rest}",
        "####<{time:%b %d, %Y %H:%M:%S%f%Z}{? {zone:text}?}> <{level:word}> <{logger:text}> <{host:text}> <{app:text}> <{thread:text}> <{user:text}> <{transaction:text}> <{context:text}> <{_:int}> {?<[{attributes:text}] > ?}<{message_id:text}> <{message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "####<Mar 1, 2024 10:00:00,123 AM CET> <Info> <JDBC> <node1> <shop> <[ACTIVE] ExecuteThread: '0'> <<WLS Kernel>> <> <7f3a-1> <1709283600123> <[severity-value: 64] [rid: 0] > <BEA-001128> <The pool was changed.>",
    ],
    ..Table::PLAIN
});

pub static WEBSPHERE: TemplateFormat = TemplateFormat::new(Table {
    name: "websphere",
    title: "WebSphere SystemOut log",
    doc: "The basic form of WebSphere's logs (ibm.com, Interpreting the JVM logs): time, thread, short name (`logger`), \
          event type (`level`: I, W, E, A, C, F, D, O, R and others), message.",
    weight: 99,
    variants: &["[{time:%m/%d/%y %H:%M:%S%f%Z}] {thread:hex} {logger:word} {level:[IWEACFDOR123<>ZUN]} {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    meta: &[
        "****",
        "WebSphere Platform ",
        "Host Operating System is ",
        "Java version = ",
        "Java Compiler = ",
        "Java VM name = ",
        "was.install.root = ",
        "user.install.root = ",
        "Java Home = ",
        "ws.ext.dirs = ",
        "Classpath = ",
        "Java Library path = ",
        "Orb Version = ",
        "Current trace specification = ",
    ],
    examples: &["[3/1/24 10:00:00:123 CET] 00000063 SharedPool    I   The pool is open"],
    ..Table::PLAIN
});

pub static TIMED: TemplateFormat = TemplateFormat::new(Table {
    name: "time_log",
    title: "Log with a time",
    doc: "Lines that begin with a time in brackets, or one whose day is written with dots, and have no level. Lines \
          that do not begin so belong to the event before them.",
    weight: 66,
    variants: &[
        "[{time:iso}] {message:rest}",
        "[{time:%Y/%m/%d %H:%M:%S%f}]{?:?} {message:rest}",
        "{time:%Y.%m.%d %H:%M:%S%f}{?:?} {message:rest}",
        "{time:%d.%m.%Y %H:%M:%S%f}{?:?}{? -?} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["[2024/03/01 10:00:00] the shop is open", "01.03.2024 10:00:00 the shop is open"],
    ..Table::PLAIN
});

pub static NUMBERED: TemplateFormat = TemplateFormat::new(Table {
    name: "numbered_date_log",
    title: "Log with a date of numbers",
    doc: "Lines that begin with a day of numbers alone and slashes, `11/30/2026`, and a clock of twelve or of 24 hours: \
          time, and level, thread and logger where they are written. The time is text where neither the file nor the option \
          `dates` tells which number is the day. Lines that do not begin so belong to the event before them.",
    weight: 86,
    variants: &[
        "{time:numbered} [{thread:text}] {level:level} {logger:name} - {message:rest}",
        "{time:numbered} {level:level} [{thread:text}] {logger:class}{?:?}{? -?} {message:rest}",
        "{time:numbered} {level:level} {logger:class}{?:?}{? -?} {message:rest}",
        "{time:numbered} - {logger:class} - {level:level} - {message:rest}",
        "[{time:numbered}] [{level:level}] [{logger:text}] {message:rest}",
        "{time:numbered} [{pid:int}:{thread:int}] <{level:level}> {message:rest}",
        "{time:numbered} [{thread:text}] {level:level} {message:rest}",
        "{time:numbered} <{level:level}> {message:rest}",
        "{?[?}{time:numbered}{?]?}{?,?}{?:?}{? -?}{? |?} {?[?}{level:level}{?]?}{?:?}{?,?}{? -?}{? |?} {message:rest}",
        "{level:level} {time:numbered}{?:?}{? -?} {message:rest}",
        "{?[?}{time:numbered}{?]?}{?,?}{?:?}{? -?} {message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["03/13/2024 10:00:00 AM ERROR order 17 failed", "[13/03/2024 10:00:00] [info] [shop] order 17 paid"],
    ..Table::PLAIN
});

pub static DOTNET: TemplateFormat = TemplateFormat::new(Table {
    name: "dotnet_console",
    title: ".NET console log",
    doc: "What .NET writes to the console by default (learn.microsoft.com, Console log formatting): level, category \
          (`logger`), number of the event, and the message in the lines below.",
    weight: 98,
    variants: &[
        "{level:=trce|dbug|info|warn|fail|crit}: {logger:name}[{event_id:int}]{message:rest}",
        "{time:iso} {level:=trce|dbug|info|warn|fail|crit}: {logger:name}[{event_id:int}]{message:rest}",
    ],
    nulls: &[],
    joins: Joins::Texts,
    examples: &["info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://192.0.2.80:8080"],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{FormatSpec, Sample, recognise};

    #[test]
    fn a_day_of_numbers_is_a_time_where_the_source_tells_its_order() {
        let text = "11/03/2026 1:00:00 PM ERROR order 18 failed\njava.lang.X: y\n\tat z\n[11/12/2026, 10:00:01.5 AM] [info] [shop] paid\n";
        let found = recognise(&Sample::whole("app.log", text));
        assert_eq!(found[0].format.name, "numbered_date_log", "{found:?}");
        let reading = read(&found[0].format, text);
        assert_eq!((reading.rows.len(), reading.tally.joined), (2, 2));
        assert_eq!(named_rows(&reading)[0]["time"], "11/03/2026 1:00:00 PM");
        for (order, time) in [("month", "2026-11-03T13:00:00Z"), ("day", "2026-03-11T13:00:00Z")] {
            let spec = FormatSpec::new("numbered_date_log").with("dates", order);
            let _times = spec.times();
            let rows = named_rows(&read(&spec, text));
            assert_eq!((&rows[0]["time"], &rows[0]["level"]), (&time.into(), &"ERROR".into()));
            assert_eq!(rows[0]["message"], "order 18 failed\njava.lang.X: y\n\tat z");
        }
    }

    fn json(text: &str) -> serde_json::Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn lines_of_a_request_are_rows_with_status_and_durations() {
        let text = "Started POST \"/orders\" for 192.0.2.8 at 2026-11-30 10:00:01 +0100\nProcessing by OrdersController#create as JSON\n  Parameters: {\"id\"=>\"17\"}\n\
                    Completed 500 Internal Server Error in 7ms (Views: 3.5ms | ActiveRecord: 0.5ms | Allocations: 99)\n\nCompleted 200 OK in 12ms\n";
        let found = recognise(&Sample::whole("production.log", text));
        assert_eq!(found[0].format.name, "rails", "{found:?}");
        let rows = named_rows(&read(&found[0].format, text));
        assert_eq!(rows.len(), 4);
        assert_eq!((&rows[1]["controller"], &rows[1]["action"]), (&"OrdersController".into(), &"create".into()));
        assert_eq!(rows[1]["message"], r#"  Parameters: {"id"=>"17"}"#);
        assert_eq!(
            rows[2],
            json(
                r#"{"status":500,"duration":0.007,"reason":"Internal Server Error","views_duration":0.0035,"database_duration":0.0005,"allocations":99}"#
            )
        );
        assert_eq!(rows[3], json(r#"{"status":200,"duration":0.012,"reason":"OK"}"#));
    }
}
