//! Logs that Amazon's services put into buckets. Flow logs have a header of their own and stand in `fielded`.

use crate::formats::template::{Joins, Table, TemplateFormat};

pub static ELB: TemplateFormat = TemplateFormat::new(Table {
    name: "aws_elb",
    title: "AWS load balancer log",
    doc: "Access logs of application, network and classic load balancers (docs.aws.amazon.com, Access logs for your \
          load balancer). Times are in seconds; one of -1, for what did not happen, is null. `upstream` is the target. \
          Fields that a later version adds stand in `more`.",
    weight: 99,
    variants: &[
        "{type:=https|http|h2|grpcs|grpc|wss|ws} {time:iso} {elb:word} {client:addr} {upstream:word} {request_processing_time:s} {target_processing_time:s} {response_processing_time:s} {status:int} {target_status_code:int} {received_bytes:int} {bytes:int} {request:request} {user_agent:quoted} {ssl_cipher:word} {ssl_protocol:word} {target_group_arn:word} {trace_id:quoted} {domain_name:quoted} {chosen_cert_arn:quoted} {matched_rule_priority:word} {request_creation_time:iso} {actions_executed:quoted} {redirect_url:quoted}{? {error_reason:quoted}{? {target_port_list:quoted} {target_status_code_list:quoted} {classification:quoted} {classification_reason:quoted}{? {conn_trace_id:word}?}?}?}{? {more:rest}?}",
        "{type:=tls} {version:word} {time:iso} {elb:word} {listener:word} {client:addr} {upstream:word} {duration:ms} {tls_handshake_time:ms} {received_bytes:int} {bytes:int} {incoming_tls_alert:word} {chosen_cert_arn:word} {chosen_cert_serial:word} {ssl_cipher:word} {ssl_protocol:word} {tls_named_group:word} {domain_name:word}{? {alpn_fe_protocol:word} {alpn_be_protocol:word} {alpn_client_preference_list:word}{? {tls_connection_creation_time:iso}?}?}{? {more:rest}?}",
        "{time:iso} {elb:word} {client:addr} {upstream:word} {request_processing_time:s} {backend_processing_time:s} {response_processing_time:s} {status:int} {backend_status_code:int} {received_bytes:int} {bytes:int} {request:request} {user_agent:quoted} {ssl_cipher:word} {ssl_protocol:word}",
        "{time:iso} {elb:word} {client:addr} {upstream:word} {request_processing_time:s} {backend_processing_time:s} {response_processing_time:s} {status:int} {backend_status_code:int} {received_bytes:int} {bytes:int} {request:request}",
    ],
    nulls: &["-", "- - - "],
    examples: &[
        "https 2024-03-01T10:00:00.123456Z app/web/0123456789abcdef 192.0.2.7:5678 192.0.2.80:80 0.001 0.020 0.000 200 200 34 366 \"GET https://example.org:443/x HTTP/1.1\" \"curl/8.0\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \"Root=1-58337262-36d228ad5d99923122bbe354\" \"example.org\" \"-\" 0 2024-03-01T10:00:00.100000Z \"forward\" \"-\" \"-\"",
        "2024-03-01T10:00:00.123456Z web 192.0.2.7:5678 192.0.2.80:80 0.00007 0.001 0.00005 200 200 0 29 \"GET http://example.org:80/ HTTP/1.1\" \"curl/8.0\" - -",
    ],
    ..Table::PLAIN
});

pub static S3_ACCESS: TemplateFormat = TemplateFormat::new(Table {
    name: "aws_s3_access",
    title: "AWS S3 server access log",
    doc: "Requests to a bucket (docs.aws.amazon.com, Amazon S3 server access log format). `duration` is the total time, \
          `turnaround_time` S3's own, in seconds; `user` the requester, `vhost` the host header. Fields that a later \
          version adds stand in `more`.",
    weight: 99,
    variants: &[
        "{bucket_owner:word} {bucket:word} [{time:clf}] {client:word} {user:word} {request_id:word} {operation:class} {key:word} {request:request} {status:int} {error_code:word} {bytes:int} {object_size:int} {duration:ms} {turnaround_time:ms} {referrer:quoted} {user_agent:quoted} {version_id:word}{? {host_id:word} {signature_version:word} {cipher_suite:word} {authentication_type:word} {vhost:word}{? {tls_version:word}{? {access_point_arn:word}{? {acl_required:word}?}?}?}?}{? {more:rest}?}",
        "{bucket_owner:word} {bucket:word} [{time:clf}] {client:word} {user:word} {request_id:word} {operation:class} {key:word} - {status:int} {error_code:word} {bytes:int} {object_size:int} {duration:ms} {turnaround_time:ms} {referrer:word} {user_agent:word} {version_id:word}{? {more:rest}?}",
    ],
    examples: &[
        "0123456789abcdef example-bucket [01/Mar/2024:10:00:00 +0000] 192.0.2.7 arn:aws:iam::123456789012:user/bob 3E57427F3EXAMPLE REST.GET.OBJECT photos/a.jpg \"GET /photos/a.jpg HTTP/1.1\" 200 - 1234 1234 27 26 \"-\" \"curl/8.0\" - aGVsbG8= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader example-bucket.s3.amazonaws.com TLSv1.2 - -",
    ],
    ..Table::PLAIN
});

pub static LAMBDA: TemplateFormat = TemplateFormat::new(Table {
    name: "aws_lambda",
    title: "AWS Lambda log",
    doc: "The text log of a function (docs.aws.amazon.com, Using Lambda function logs): what the function wrote, with time, \
          request and level, and the lines START, END and REPORT (`type`) of each request; times of the report in \
          seconds, memory in megabytes.",
    weight: 98,
    variants: &[
        "{type:=REPORT} RequestId: {request_id:uuid} Duration: {duration:ms} ms Billed Duration: {billed_duration:ms} ms Memory Size: {memory:int} MB Max Memory Used: {used_memory:int} MB{? Init Duration: {init_duration:ms} ms?} {message:rest}",
        "{type:=START|END} RequestId: {request_id:uuid} {message:rest}",
        "{type:=INIT_START|INIT_REPORT|EXTENSION|XRAY|RESTORE_START|RESTORE_REPORT} {message:rest}",
        "{time:iso} {request_id:uuid} {level:level} {message:rest}",
        "{time:iso} {request_id:uuid} {message:rest}",
        "[{level:level}] {time:iso} {request_id:uuid} {message:rest}",
        "{time:iso} {request_id:=undefined} {level:level} {message:rest}",
    ],
    tells: &[" RequestId: "],
    nulls: &["undefined"],
    joins: Joins::Texts,
    examples: &[
        "START RequestId: 8f50-4c2a Version: $LATEST\nREPORT RequestId: 8f50-4c2a\tDuration: 2.51 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 70 MB\t",
    ],
    ..Table::PLAIN
});
