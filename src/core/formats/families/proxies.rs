//! Logs of proxies: HAProxy, Envoy, Traefik, Cloud Foundry's router.

use crate::formats::template::{Joins, Pairs, Table, TemplateFormat};

pub static HAPROXY: TemplateFormat = TemplateFormat::new(Table {
    name: "haproxy",
    title: "HAProxy log",
    doc: "HAProxy's HTTP, HTTPS, TCP, error and connect lines (docs.haproxy.org, Log formats), with the syslog head or without. \
          `time` is when the request was accepted; `logged` the syslog's. The timers `TR/Tw/Tc/Tr/Ta` are \
          `request_time`, `queue_time`, `connect_time`, `response_time` and `duration`, in seconds; one that was not \
          reached is null.",
    weight: 99,
    variants: &[
        "{?<{priority:int}>?}{?{logged:syslog} {?{host:name} ?}{app:name}[{pid:int}]: ?}{client:addr_port} [{time:clf}] {frontend:word} {backend:word}/{server:word} {request_time:ms}/{queue_time:ms}/{connect_time:ms}/{response_time:ms}/{duration:ms} {status:int} {bytes:int} {captured_request_cookie:word} {captured_response_cookie:word} {termination_state:word} {actconn:int}/{feconn:int}/{beconn:int}/{srv_conn:int}/{retries:int} {srv_queue:int}/{backend_queue:int}{? {{{captured_request_headers:text}}}?}{? {{{captured_response_headers:text}}}?} {request:request}{? {fc_err:int}/{ssl_fc_err:word}/{ssl_c_err:int}/{ssl_c_ca_err:int}/{ssl_fc_is_resumed:int} {ssl_fc_sni:word}/{ssl_version:word}/{ssl_ciphers:word}?}",
        "{?<{priority:int}>?}{?{logged:syslog} {?{host:name} ?}{app:name}[{pid:int}]: ?}{client:addr_port} [{time:clf}] {frontend:word} {backend:word}/{server:word} {vhost:word} {request_time:ms}/{queue_time:ms}/{connect_time:ms}/{response_time:ms}/{duration:ms} {status:int} {bytes:int} {captured_request_cookie:word} {captured_response_cookie:word} {termination_state:word} {actconn:int}/{feconn:int}/{beconn:int}/{srv_conn:int}/{retries:int} {srv_queue:int}/{backend_queue:int}{? {{{captured_request_headers:text}}}?}{? {{{captured_response_headers:text}}}?} {request:request}",
        "{?<{priority:int}>?}{?{logged:syslog} {?{host:name} ?}{app:name}[{pid:int}]: ?}{client:addr_port} [{time:clf}] {frontend:word} {backend:word}/{server:word} {queue_time:ms}/{connect_time:ms}/{duration:ms} {bytes:int} {termination_state:word} {actconn:int}/{feconn:int}/{beconn:int}/{srv_conn:int}/{retries:int} {srv_queue:int}/{backend_queue:int}",
        "{?<{priority:int}>?}{?{logged:syslog} {?{host:name} ?}{app:name}[{pid:int}]: ?}{client:addr_port} [{time:clf}] {frontend:word}: {message:rest}",
        "{?<{priority:int}>?}{time:syslog} {?{host:name} ?}{app:=haproxy}[{pid:int}]: {message:=Connect} from {client:addr_port} to {local:addr} ({frontend:word}/{mode:word})",
        "{?<{priority:int}>?}{time:syslog} {?{host:name} ?}{app:=haproxy}[{pid:int}]: {message:rest}",
    ],
    examples: &[
        "Mar  1 10:00:00 lb haproxy[12]: 192.0.2.7:5678 [01/Mar/2024:10:00:00.123] www~ app/node1 0/0/1/20/21 200 1234 - - ---- 5/4/3/2/0 0/0 \"GET /x HTTP/1.1\"",
        "Mar  1 10:00:00 lb haproxy[12]: 192.0.2.7:5678 [01/Mar/2024:10:00:00.123] db db/node1 0/1/210 1234 -- 5/4/3/2/0 0/0",
    ],
    ..Table::PLAIN
});

pub static ENVOY: TemplateFormat = TemplateFormat::new(Table {
    name: "envoy",
    title: "Envoy access log",
    doc: "Envoy's default text line (envoyproxy.io, Access logging) and Istio's longer one. Durations are in seconds; \
          `client` is what X-Forwarded-For says.",
    weight: 99,
    nulls: &["-", "- - -"],
    variants: &[
        "[{time:iso}] {request:request} {status:int} {response_flags:word} {bytes_received:int} {bytes:int} {duration:ms} {upstream_service_time:ms} {client:quoted} {user_agent:quoted} {request_id:quoted} {vhost:quoted} {upstream:quoted}{? {more:rest}?}",
        "[{time:iso}] {request:request} {status:int} {response_flags:word} {response_code_details:word} {connection_termination_details:word} {upstream_transport_failure_reason:quoted} {bytes_received:int} {bytes:int} {duration:ms} {upstream_service_time:ms} {client:quoted} {user_agent:quoted} {request_id:quoted} {vhost:quoted} {upstream:quoted} {upstream_cluster:word} {upstream_local_address:word} {downstream_local_address:word} {downstream_remote_address:word} {requested_server_name:word} {route_name:word}{? {more:rest}?}",
    ],
    examples: &[
        "[2024-03-01T10:00:00.123Z] \"GET /x HTTP/1.1\" 200 - 0 1234 25 24 \"192.0.2.7\" \"curl/8.0\" \"c0ffee00-1111-2222-3333-444455556666\" \"example.org\" \"192.0.2.80:80\"",
    ],
    ..Table::PLAIN
});

pub static TRAEFIK: TemplateFormat = TemplateFormat::new(Table {
    name: "traefik",
    title: "Traefik access log",
    doc: "Traefik's `common` access log (doc.traefik.io, Access logs): the combined line with the request's number, the \
          router, the server and the duration, which is in seconds here. Its JSON is read as JSON lines.",
    weight: 100,
    variants: &[
        "{client:word} {ident:word} {user:word} [{time:clf}] {request:request} {status:int} {bytes:int} {referrer:quoted} {user_agent:quoted} {request_count:int} {router:quoted} {upstream:quoted} {duration:ms}ms",
    ],
    examples: &[
        "192.0.2.7 - - [01/Mar/2024:10:00:00 +0000] \"GET /x HTTP/1.1\" 200 1234 \"-\" \"curl/8.0\" 17 \"web@docker\" \"http://192.0.2.80:80\" 25ms",
    ],
    joins: Joins::Never,
    ..Table::PLAIN
});

pub static CF_ROUTER: TemplateFormat = TemplateFormat::new(Table {
    name: "cf_router",
    title: "Cloud Foundry router log",
    doc: "Requests as Cloud Foundry's router writes them into the logs of an application (docs.cloudfoundry.org, App logging, \
          RTR): host, time, request, status, bytes of the request (`received_bytes`) and of the answer, referrer, agent, client \
          and application with their ports, and the keys behind them, of which `response_time` is `duration` and \
          `vcap_request_id` is `request_id`.",
    weight: 100,
    variants: &[
        "{vhost:word} - [{time:iso}] {request:request} {status:int} {received_bytes:int} {bytes:int} {referrer:quoted} {user_agent:quoted} \"{client:addr}\" \"{upstream:addr}\" {pairs}{message:rest}",
    ],
    pairs: Pairs::QUOTED_LABELS,
    renames: &[("response_time", "duration"), ("vcap_request_id", "request_id")],
    examples: &[
        "shop.example.org - [2024-03-01T10:00:00.120483Z] \"GET /orders HTTP/1.1\" 200 0 1759 \"-\" \"curl/8.0\" \"192.0.2.7:20810\" \"192.0.2.80:61006\" x_forwarded_for:\"192.0.2.9, 192.0.2.7\" x_forwarded_proto:\"https\" vcap_request_id:\"66d84e45-f63d\" response_time:0.033 app_id:\"3f2a9c1d\" app_index:\"0\"",
    ],
    ..Table::PLAIN
});

#[cfg(test)]
mod tests {
    use crate::formats::testing::{named_rows, read};
    use crate::formats::{Sample, recognise};

    #[test]
    fn requests_stand_among_the_lines_of_an_application() {
        let router = |second: u8, status: u16, upstream: &str| {
            format!(
                "   2024-03-01T10:00:0{second}.12+0100 [RTR/0] OUT shop.example.org - [2024-03-01T09:00:0{second}.120483Z] \"GET /orders?a=1 HTTP/1.1\" {status} 0 1759 \"-\" \"curl/8.0\" \"192.0.2.7:20810\" \"{upstream}\" x_forwarded_for:\"192.0.2.9, 192.0.2.7\" vcap_request_id:\"66d8-{second}\" response_time:0.033 app_index:\"0\" x_cf_routererror:\"-\"\n"
            )
        };
        let app = "   2024-03-01T10:00:00.12+0100 [APP/PROC/WEB/0] OUT listening on :8080\n";
        let text = [router(0, 200, "192.0.2.80:61006"), app.to_owned(), router(1, 502, "-")].concat();
        let found = recognise(&Sample::whole("cf.log", &text));
        assert_eq!(found[0].format.name, "cloud_foundry", "{found:?}");
        let reading = read(&found[0].format, &text);
        let rows = named_rows(&reading);
        assert_eq!((rows.len(), reading.tally.quarantined), (3, 0));
        assert_eq!((&rows[0]["vhost"], &rows[0]["status"]), (&"shop.example.org".into(), &200.into()));
        assert_eq!((&rows[0]["client"], &rows[0]["upstream_port"]), (&"192.0.2.7".into(), &61006.into()));
        assert_eq!((&rows[0]["duration"], &rows[0]["request_id"]), (&0.033.into(), &"66d8-0".into()));
        assert_eq!(
            (&rows[0]["x_forwarded_for"], rows[0].get("x_cf_routererror")),
            (&"192.0.2.9, 192.0.2.7".into(), None)
        );
        assert_eq!(rows[0]["payload_time"], "2024-03-01T09:00:00.120483Z");
        assert_eq!((rows[2].get("upstream"), &rows[2]["status"]), (None, &502.into()));
        assert_eq!((rows[1].get("status"), &rows[1]["message"]), (None, &"listening on :8080".into()));
    }
}
