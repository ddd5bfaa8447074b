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
        "{time:iso} {level:level} [{app:text},{trace_id:text},{span_id:text}] {pid:int} --- [{thread:text}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] [{trace_id:hex}-{span_id:hex}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] [{trace_id:hex}-{span_id:hex}] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] [ ] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] [ ] {logger:text} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{app:text}] [{thread:text}] {logger:name} : {message:rest}",
        "{time:iso} {level:level} {pid:int} --- [{thread:text}] {logger:text} : {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:name} [{context:text}] - {message:rest}",
        "{time:iso} {level:level} [{thread:text}] [{logger:name}] {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:name}{?({line:int})?} - {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:name}{?({line:int})?}: {message:rest}",
        "{time:iso} {level:level} [{thread:text}] {logger:class} {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:name} - {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:name}: {message:rest}",
        "{time:iso} [{thread:text}] {level:level} {logger:class} {message:rest}",
        "{time:iso} [{level:level}] [{thread:text}] {logger:name}: {message:rest}",
        "{time:iso} - {level:level} [{thread:text}] - {message:rest}",
        "{time:iso} - {level:level} - {logger:class} - {message:rest}",
        "{time:iso} - {level:level} - {message:rest}",
        "{time:iso} - {logger:name} - {level:level} - {message:rest}",
        "{time:iso}|{level:level}|{logger:name}|{message:rest}",
        "{time:iso} | {level:level} | {message:text} | {logger:name} | {thread:rest}",
        "{time:iso} | {level:level} | {logger:word} - {message:rest}",
        "[{time:iso}] [{level:level}] [{thread:text}] [{logger:text}] - {message:rest}",
        "{time:iso} [{level:level}] [{thread:text}] {logger:name} - {message:rest}",
        "{time:iso} [{service:text}] [{level:level}{? ?}] [{trace_id:text}] [{logger:text}] [{thread:text}] - {message:rest}",
        "{time:iso} [{level:level}] [{logger:name}:{line:int}] {message:rest}",
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
    ],
    ..Table::PLAIN
});

pub static LEVELS: TemplateFormat = TemplateFormat::new(Table {
    name: "level_log",
    title: "Log with time and level",
    doc: "Lines that begin with a time and a level, or a level in brackets, as loggers without a layout of their own \
          write them. Stack traces, and other lines that do not begin as a log's line does, \
          belong to the event before them.",
    weight: 84,
    variants: &[
        "{time:iso} [{level:level}{? ?}]{?:?} {message:rest}",
        "[{time:iso}] [{level:level}{? ?}]{?:?} {message:rest}",
        "[{time:iso}] {level:level}{?:?} {message:rest}",
        "{time:iso} {level:level}{?:?} {message:rest}",
        "{time:iso} - {level:level} - {message:rest}",
        "{time:iso} - {level:level}: {message:rest}",
        "{time:iso} ({level:level}) {message:rest}",
        "[{time:iso}] [ {level:level}] {message:rest}",
        "[{level:level}] {message:rest}",
        "{time:iso}{?,?}{?:?} {level:level}{?:?} {message:rest}",
        "{time:iso} | {level:level} | {message:rest}",
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
    doc: "Requests as Ruby on Rails writes them where its logger adds nothing (guides.rubyonrails.org): a line with method, \
          path, client and time, and what was done until the next one.",
    weight: 98,
    variants: &["Started {method:word} \"{path:text}\" for {client:word} at {time:iso} {message:rest}"],
    nulls: &[],
    joins: Joins::Texts,
    examples: &[
        "Started GET \"/orders/7\" for 192.0.2.7 at 2024-03-01 10:00:00 +0000\nProcessing by OrdersController#show as HTML\nCompleted 200 OK in 12ms",
    ],
    ..Table::PLAIN
});
