//! The variables of nginx, and the columns that they fill.

use crate::formats::layout::{Capture, Kind, TimeShape};
use crate::formats::time::Epoch;
/// A variable's column and type. Those that a configuration defines itself are text under their own name.
pub fn variable(name: &str) -> Capture {
    let capture = |column, kind| Capture::new(column, kind);
    match name {
        "remote_addr" | "realip_remote_addr" | "proxy_protocol_addr" => capture("client", Kind::Client),
        "remote_port" => capture("client_port", Kind::Int),
        "remote_user" => capture("user", Kind::Text).with_blanks(),
        "time_local" => capture("time", Kind::Time(TimeShape::Clf)),
        "time_iso8601" => capture("time", Kind::Time(TimeShape::Iso)),
        "msec" => capture("time", Kind::Time(TimeShape::Epoch(Epoch::Seconds))),
        "request" => capture("request", Kind::Request).with_blanks(),
        "request_method" => capture("method", Kind::Text),
        "request_uri" => capture("path", Kind::Text).with_blanks(),
        "status" => capture("status", Kind::Int),
        "body_bytes_sent" => capture("bytes", Kind::Int),
        "http_referer" => capture("referrer", Kind::Text).with_blanks(),
        "http_user_agent" => capture("user_agent", Kind::Text).with_blanks(),
        "host" | "server_name" => capture("vhost", Kind::Text),
        "http_host" => capture("vhost", Kind::HostPort),
        "request_time" => capture("duration", Kind::Seconds { per_second: 1.0 }),
        "request_id" | "req_id" => capture("request_id", Kind::Text),
        "upstream_addr" => capture("upstream", Kind::ListText).with_blanks(),
        "bytes_sent"
        | "request_length"
        | "connection"
        | "connection_requests"
        | "pid"
        | "server_port"
        | "content_length" => capture(name, Kind::Int),
        "connection_time" | "gzip_ratio" => capture(name, Kind::Float),
        "upstream_status" | "upstream_response_length" | "upstream_bytes_received" | "upstream_bytes_sent" => {
            capture(name, Kind::LastInt).with_blanks()
        }
        "upstream_response_time"
        | "upstream_connect_time"
        | "upstream_header_time"
        | "upstream_queue_time"
        | "upstream_first_byte_time"
        | "upstream_session_time" => capture(name, Kind::LastFloat).with_blanks(),
        "http_x_forwarded_for" | "proxy_add_x_forwarded_for" => capture(name, Kind::ListText).with_blanks(),
        "uri" | "args" | "query_string" | "request_filename" => capture(name, Kind::Text).with_blanks(),
        other => {
            let of_a_client = ["http_", "sent_http_", "upstream_", "arg_"].iter().any(|start| other.starts_with(start));
            Capture { blanks: of_a_client, ..capture(other, Kind::Text) }
        }
    }
}
