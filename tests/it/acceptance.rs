//! Formats of real files: what each file is, what it is taken for, with which score, and in what time. The table is printed
//! (`cargo test --test it acceptance -- --nocapture`). Skipped where the sample folder is absent.

use std::path::{Path, PathBuf};
use std::time::Instant;

use pipewright_engine::sniff;

use crate::support::{path, samples};

/// What the files of a folder are, or a file is: the longest beginning of a path holds. Several names where the text
/// itself cannot tell; nothing where no format of the list is meant, and text or a pattern is the right answer.
const EXPECTED: &[(&str, &[&str])] = &[
    ("android-logcat/Android_2k.log", &["logcat"]),
    ("android-logcat/lnav_log.clog", &["json_lines"]),
    ("apache-access/", &["apache_access"]),
    // Combined lines are the same from both servers.
    ("apache-access/ubuntu-2.2.22.log", &["apache_access", "nginx_access"]),
    ("apache-error/", &["apache_error"]),
    ("api-json/", &["json_document"]),
    ("app-logs/", NONE),
    ("auditd/", &["auditd"]),
    ("auth-log/", &["syslog_3164"]),
    ("aws-cloudtrail/", &["json_lines"]),
    ("aws-elb/", &["aws_elb"]),
    ("aws-s3access/", &["aws_s3_access"]),
    ("aws-vpcflow/", &["aws_vpc_flow"]),
    ("azure-json/", &["json_lines"]),
    ("caddy-json/", &["json_lines"]),
    ("cef/", &["cef"]),
    ("cisco/", &["cisco"]),
    ("cli-tables/", &["text_table"]),
    ("cloudflare/", &["json_lines"]),
    ("compressed/", &["syslog_3164"]),
    ("container-compose/", &["docker_compose"]),
    ("container-json/", &["docker_json"]),
    ("container-json/multiline_001.log", &["json_lines"]),
    ("csv/", &["csv"]),
    ("elastic-json/", &["json_lines"]),
    ("elastic-json/logstash-plain.log", &["application_log"]),
    ("elastic-json/test.log", &["application_log"]),
    ("encodings/", NONE),
    ("encodings/AccessProtectionLog.txt", &["csv"]),
    ("encodings/ansi.1", &["syslog_3164"]),
    ("encodings/crlf.0", &["application_log"]),
    ("encodings/invalid_utf8.0", &["application_log"]),
    ("envoy/", &["envoy"]),
    // Lines of many programs, a few of each.
    ("fail2ban-daemons/", NONE),
    ("fail2ban-daemons/apache-", &["apache_error"]),
    ("fail2ban-daemons/cowrie.log", &["json_lines"]),
    ("fail2ban-daemons/dovecot.log", &["syslog_3164"]),
    ("fail2ban-daemons/dropbear.log", &["syslog_3164"]),
    ("fail2ban-daemons/lighttpd-auth.log", &["lighttpd_error"]),
    ("fail2ban-daemons/monit.log", &["syslog_3164"]),
    ("fail2ban-daemons/mysqld-auth.log", &["mixed"]),
    ("fail2ban-daemons/named-refused.log", &["syslog_3164"]),
    ("fail2ban-daemons/nginx-botsearch.log", &["mixed"]),
    ("fail2ban-daemons/openvpn.log", &["syslog_3164"]),
    ("fail2ban-daemons/proftpd.log", &["syslog_3164"]),
    ("fail2ban-daemons/roundcube-auth.log", &["syslog_3164"]),
    ("fail2ban-daemons/sendmail-auth.log", &["syslog_3164"]),
    ("fail2ban-daemons/squid.log", &["squid"]),
    ("fail2ban-daemons/traefik-auth.log", &["traefik"]),
    ("fail2ban-daemons/vsftpd.log", &["mixed", "syslog_3164"]),
    ("fail2ban-daemons/xrdp.log", &["syslog_3164"]),
    ("ftp-rsync/", NONE),
    ("ftp-rsync/rsyncd.log", &["go_log"]),
    ("ftp-rsync/vsftpd_xferlog", &["asctime_log"]),
    ("gcp-json/", &["json_lines"]),
    ("github-events/", &["json_lines"]),
    ("github-webhooks/", &["json_document"]),
    ("haproxy/", &["haproxy"]),
    ("icinga/", &["application_log"]),
    ("iis-access/", &["w3c"]),
    ("iis-error/", &["w3c"]),
    ("influx-line/", &["influx"]),
    ("iptables/", &["iptables"]),
    ("java-log4j/", &["application_log"]),
    ("journald-json/", &["json_lines"]),
    ("json-metrics-api/", &["json_document"]),
    ("json-metrics-api/loki_range_matrix.json", &["prometheus_api"]),
    ("json-metrics-api/nginxplus_status_a.ndjson", &["json_lines"]),
    ("json/", NONE),
    ("jvm-gc/", &["jvm_gc"]),
    ("k8s-events/", &["json_document"]),
    ("kafka/", &["application_log"]),
    ("keyvalue/", &["ini"]),
    ("klog/", &["klog"]),
    ("kv-firewall/", &["sophos"]),
    ("kv-firewall/traffic.log", &["fortinet"]),
    ("laravel/", &["monolog"]),
    ("logfmt/", &["logfmt"]),
    ("mixed/block.1", NONE),
    ("mixed/generic_with_header.0", &["application_log"]),
    ("mixed/", &["json_lines"]),
    ("mixed/syslog_with_header.0", &["syslog_3164"]),
    ("mongodb/", &["mongodb"]),
    ("mongodb/lnav_mongodb.0", &["json_lines"]),
    ("mq/", NONE),
    ("mq/AMQERR01.log", &["ibm_mq"]),
    ("mq/test.log", &["application_log"]),
    ("mssql-oracle/", NONE),
    ("mssql-oracle/ORCLCDB", &["asctime_log"]),
    ("mysql-error/", &["mysql_error"]),
    ("mysql-general/", &["mysql_general"]),
    ("mysql-slow/", &["mysql_slow"]),
    ("ndjson-app/", &["json_lines"]),
    ("ndjson-app/otel_collector.jsonl", &["otlp_json"]),
    ("ndjson-heterogeneous/", &["json_lines"]),
    ("nginx-access/", &["nginx_access"]),
    ("nginx-error/", &["nginx_error"]),
    ("nginx-ingress/", &["nginx_access"]),
    ("o365-json/", &["json_lines"]),
    ("openmetrics/", &["prometheus"]),
    ("otlp-json/", &["otlp_json"]),
    ("panos-csv/", &["panos"]),
    ("postgresql/", &["postgresql"]),
    ("postgresql/postgresql-11-", &["postgresql_csv"]),
    ("prometheus/", &["prometheus"]),
    ("redis/", &["redis"]),
    ("saas-json/", &["json_lines"]),
    ("santa-osquery/", &["json_lines"]),
    ("squid/", &["squid"]),
    ("suricata-eve/", &["json_lines"]),
    ("suricata-eve/suricata_alert_fast.log", NONE),
    ("syslog-3164/", &["syslog_3164"]),
    ("syslog-5424/", &["syslog_5424"]),
    ("syslog-framed/", &["syslog_5424"]),
    ("syslog-framed/rfc3164_octet_counting_strict_tcp.txt", &["syslog_3164"]),
    ("syslog-system/", &["syslog_3164"]),
    ("timestamp-zoo/", NONE),
    ("timestamp-zoo/vsftpd.log", &["asctime_log"]),
    ("timestamp-zoo/sccm_various.log", &["cmtrace"]),
    ("timestamp-zoo/generic.0", &["application_log"]),
    ("traces-json/", &["json_document"]),
    ("traces-json/jaeger_", &["otlp_json"]),
    ("vault-calico/", NONE),
    ("vault-calico/calico.txt", &["application_log"]),
    ("vrl-doc-examples/", &["json_lines"]),
    ("windows-cbs/", &["application_log"]),
    ("windows-misc/gdrive_sync_log-osx.log", &["application_log"]),
    ("windows-misc/setupapi.setup.log", NONE),
    ("xml/", &["xml"]),
    ("zeek/", &["json_lines"]),
    ("zeek/lnav_bro_conn.log", &["zeek"]),
    ("zeek/tsv_", &["zeek"]),
    ("zookeeper/", &["application_log"]),
];

const NONE: &[&str] = &[];
/// What a file of no format may be taken for.
const TEXT: &[&str] = &["lines", "pattern", "level_log"];
/// A score (of 100) above which a wrong answer misleads.
const SURE: u8 = 70;
/// Milliseconds; a build that is not optimised takes many times as long.
const SLOWEST: u128 = if cfg!(debug_assertions) { 2_500 } else { 50 };

fn expected(name: &str) -> Option<&'static [&'static str]> {
    let fitting = EXPECTED.iter().filter(|(start, _)| name.starts_with(start));
    fitting.max_by_key(|(start, _)| start.len()).map(|(_, formats)| *formats)
}

/// The raw files: what stands beside them tells what is in them. The suite of broken JSON holds no logs.
fn raw_files(folder: &Path) -> Vec<(String, PathBuf)> {
    let beside = [".expected.", ".basic.", ".templates.", ".cases.", "SOURCE.txt", "facts.json"];
    let mut found = Vec::new();
    for kind in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        for entry in std::fs::read_dir(kind.path()).unwrap().flatten() {
            let file = entry.path();
            let name = path(file.strip_prefix(folder).unwrap()).to_owned();
            let is_beside = beside.iter().any(|part| name.contains(part)) || name.starts_with("json-conformance/");
            if file.is_file() && !is_beside && file.metadata().unwrap().len() > 0 {
                found.push((name, file));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn real_files_are_taken_for_what_they_are() {
    let Some(folder) = samples() else { return };
    let (mut of_formats, mut right, mut faults) = (0, 0, Vec::new());
    for (name, file) in raw_files(&folder) {
        let Some(expected) = expected(&name) else { panic!("what is {name}? add it to the table") };
        let mut best = u128::MAX;
        let mut found = None;
        // Another process may have had the core: the second look is at a file that is in memory.
        for _ in 0..3 {
            let start = Instant::now();
            found = Some(sniff(&file).unwrap_or_else(|fault| panic!("{name}: {fault}")));
            best = best.min(start.elapsed().as_millis());
            if best <= SLOWEST {
                break;
            }
        }
        let Some(found) = found else { continue };
        let got = found.format.name.as_str();
        let is_right = if expected.is_empty() { TEXT } else { expected }.contains(&got);
        let wanted = if expected.is_empty() { "(text)".to_owned() } else { expected.join(" | ") };
        let mark = if is_right { " " } else { "!" };
        eprintln!("{mark} {name:75} {wanted:30} {got:18} {:3} {best:5} ms", found.score);
        of_formats += usize::from(!expected.is_empty());
        right += usize::from(!expected.is_empty() && is_right);
        if !is_right && found.score > SURE {
            faults.push(format!("{name} is surely {got} ({}), and is {wanted}", found.score));
        }
        if best > SLOWEST {
            faults.push(format!("{name} took {best} ms"));
        }
    }
    eprintln!("{right} of {of_formats} files of known formats are right");
    assert!(of_formats > 200, "{of_formats}");
    assert!(right * 100 >= of_formats * 97, "{right} of {of_formats} are right");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
