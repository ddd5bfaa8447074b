//! Error logs of web servers, and the log of Squid's requests.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static NGINX_ERROR: TemplateFormat = TemplateFormat::new(Table {
    name: "nginx_error",
    title: "nginx error log",
    doc: "What nginx writes to `error_log` (nginx.org, core module): time, level, process and thread, the connection, the \
          message; client, server, request, upstream, host and referrer where they end the line. Lines of what FastCGI sent \
          continue their event, and the whole stays in `message`.",
    weight: 99,
    variants: &[
        "{time:%Y/%m/%d %H:%M:%S} [{level:level}] {pid:int}#{thread:int}: {?*{connection:int} ?}{message:text}, client: {client:addr}{?, server: {server:word}?}{?, request: {request:request}?}{?, subrequest: {subrequest:quoted}?}{?, upstream: {upstream:quoted}?}{?, host: {vhost:quoted}?}{?, referrer: {referrer:quoted}?}",
        "{time:%Y/%m/%d %H:%M:%S} [{level:level}] {pid:int}#{thread:int}: {?*{connection:int} ?}{message:rest}",
    ],
    joins: Joins::Texts,
    examples: &[
        "2024/03/01 10:00:00 [error] 12#34: *5 open() \"/srv/x\" failed (2: No such file or directory), client: 192.0.2.7",
    ],
    ..Table::PLAIN
});

pub static APACHE_ERROR: TemplateFormat = TemplateFormat::new(Table {
    name: "apache_error",
    title: "Apache error log",
    doc: "What Apache writes to `ErrorLog` (httpd.apache.org, core), of version 2.2 and 2.4: time, module and level, \
          process and thread, client, message.",
    weight: 99,
    variants: &[
        "[{time:%a %b %e %H:%M:%S%f %Y}] [{?{module:name}:?}{level:level}] [pid {pid:int}{?:tid {thread:int}?}] ({error_code:int}){error:text}: [client {client:addr_port}] {message:rest}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [{?{module:name}:?}{level:level}] [pid {pid:int}{?:tid {thread:int}?}]{? [client {client:addr_port}]?} {message:text}, referer: {referrer:word}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [{?{module:name}:?}{level:level}]{? [client {client:addr}]?} {message:text}, referer: {referrer:word}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [{?{module:name}:?}{level:level}] [pid {pid:int}{?:tid {thread:int}?}]{? [client {client:addr_port}]?} {message:rest}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [{?{module:name}:?}{level:level}]{? [client {client:addr}]?} {message:rest}",
        "[{time:clf}] [{?{module:name}:?}{level:level}]{? [pid {pid:int}{?:tid {thread:int}?}]?}{? [client {client:addr}]?} {message:rest}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [:{level:level}] [pid {pid:int}{?:tid {thread:int}?}]{? [client {client:addr_port}]?} {message:rest}",
        "[{time:%a %b %e %H:%M:%S%f %Y}] [:{level:level}]{? [client {client:addr}]?} {message:rest}",
    ],
    joins: Joins::Texts,
    examples: &[
        "[Fri Mar 01 10:00:00.123456 2024] [core:error] [pid 12:tid 34] [client 192.0.2.7:5678] AH00128: File does not exist: /srv/x",
    ],
    ..Table::PLAIN
});

pub static SQUID: TemplateFormat = TemplateFormat::new(Table {
    name: "squid",
    title: "Squid access log",
    doc: "Squid's own `access.log` (wiki.squid-cache.org, Native log format): time, duration, client, what the cache \
          did, status, bytes, method, address, user, where it was fetched, type.",
    weight: 98,
    variants: &[
        "{time:epoch} {duration:ms} {client:word} {result:word}/{status:int} {bytes:int} {method:word} {path:word} {user:word} {hierarchy:word}/{upstream:word} {content_type:word}{? {more:rest}?}",
    ],
    examples: &[
        "1709287200.123    250 192.0.2.7 TCP_MISS/200 1234 GET http://example.org/ - HIER_DIRECT/192.0.2.80 text/html",
    ],
    ..Table::PLAIN
});
