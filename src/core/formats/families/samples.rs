//! Real files: the right format for each, and the fields that other parsers found in them. The files lie beside the
//! repository; without them the tests say that they are skipped.

use serde_json::Value as Json;

use crate::data::instants::parse_timestamp;
use crate::formats::testing::{Reading, read, samples};
use crate::formats::{Sample, recognise};

/// Files by the beginning of their path, and the format that each has.
const EXPECTED: &[(&str, &str)] = &[
    ("android-logcat/Android_2k.log", "logcat"),
    ("apache-error/Apache_2k.log", "apache_error"),
    ("apache-error/test.log", "apache_error"),
    ("apache-error/ubuntu-2.2.22.log", "apache_error"),
    ("auditd/audit-rhel6.log", "auditd"),
    ("auditd/selinux.log", "auditd"),
    ("auditd/test.log", "auditd"),
    ("aws-elb/application-lb-http.log", "aws_elb"),
    ("aws-elb/elb-http.log", "aws_elb"),
    ("aws-elb/example-http.log", "aws_elb"),
    ("aws-elb/example-nlb-tcp.log", "aws_elb"),
    ("aws-s3access/test.log", "aws_s3_access"),
    ("aws-vpcflow/accept-reject-traffic.log", "aws_vpc_flow"),
    ("aws-vpcflow/custom-nat-gateway.log", "aws_vpc_flow"),
    ("aws-vpcflow/tcp-flag-sequence.log", "aws_vpc_flow"),
    ("cef/cef.log", "cef"),
    ("cef/jc_cef.out", "cef"),
    ("cisco/asa_filtered.log", "cisco"),
    ("cisco/asa_sample.log", "cisco"),
    ("cisco/ftd_dns.log", "cisco"),
    ("cisco/ftd_intrusion.log", "cisco"),
    ("cisco/ftd_sample.log", "cisco"),
    ("container-compose/docker_compose.0", "docker_compose"),
    ("elastic-json/logstash-plain.log", "application_log"),
    ("elastic-json/test.log", "application_log"),
    ("envoy/envoy.log", "envoy"),
    ("haproxy/default.log", "haproxy"),
    ("haproxy/haproxy.log", "haproxy"),
    ("icinga/test.log", "application_log"),
    ("iis-access/iis6.log", "w3c"),
    ("iis-access/iis7_owa.log", "w3c"),
    ("iis-access/test-iis-7.2.log", "w3c"),
    ("iis-access/test.log", "w3c"),
    ("iis-access/w3c.0", "w3c"),
    ("iis-access/w3c.1", "w3c"),
    ("iis-error/test.log", "w3c"),
    ("iptables/iptables.log", "iptables"),
    ("java-log4j/HDFS_2k.log", "application_log"),
    ("java-log4j/Spark_2k.log", "application_log"),
    ("java-log4j/activemq.log", "application_log"),
    ("java-log4j/atlassian-jira.log", "application_log"),
    ("java-log4j/lnav_multiline.0", "application_log"),
    ("jvm-gc/kafkaServer-gc.log", "jvm_gc"),
    ("jvm-gc/test.log", "jvm_gc"),
    ("kafka/controller-2.0.0.log", "application_log"),
    ("kafka/kafka0_server.log", "application_log"),
    ("kafka/server.log", "application_log"),
    ("kafka/state-change.log", "application_log"),
    ("klog/lnav_glog.0", "klog"),
    ("kv-firewall/firewall.log", "sophos"),
    ("kv-firewall/idp.log", "sophos"),
    ("kv-firewall/traffic.log", "fortinet"),
    ("laravel/laravel.1", "monolog"),
    ("mongodb/mongod_225.log", "mongodb"),
    ("mongodb/mongod_278.log", "mongodb"),
    ("mongodb/mongodb-debian-3.2.11.log", "mongodb"),
    ("mq/test.log", "application_log"),
    ("mysql-error/error.log", "mysql_error"),
    ("mysql-error/mysql-ubuntu-5.5.53.log", "mysql_error"),
    ("mysql-general/lnav_mysql_gen.0", "mysql_general"),
    ("mysql-slow/mariadb-10.2.12.log", "mysql_slow"),
    ("mysql-slow/mysql-5.7.22.log", "mysql_slow"),
    ("mysql-slow/mysql-debian-5.7.19.log", "mysql_slow"),
    ("mysql-slow/percona-ubuntu-5.7.19.log", "mysql_slow"),
    ("nginx-error/error.log", "nginx_error"),
    ("postgresql/light.postgres.log", "postgresql"),
    ("postgresql/lnav_postgres.0", "postgresql"),
    ("postgresql/postgresql-11.4.log", "postgresql"),
    ("postgresql/postgresql-12-default.log", "postgresql"),
    ("postgresql/postgresql-9-log-statement-all.log", "postgresql"),
    ("postgresql/postgresql-9.6-debian-with-slowlog.log", "postgresql"),
    ("postgresql/postgresql-9.6-new-timestamp.log", "postgresql"),
    ("redis/redis-darwin-3.0.2.log", "redis"),
    ("redis/test.log", "redis"),
    ("squid/access1.log", "squid"),
    ("windows-cbs/Windows_2k.log", "application_log"),
    ("windows-misc/gdrive_sync_log-osx.log", "application_log"),
    ("zookeeper/Zookeeper_2k.log", "application_log"),
];

/// The text of a file, its first part as engines show it to recognisers.
fn sample_of(name: &str, text: &str) -> Sample {
    let mut end = text.len().min(65_536);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // Cut at a line's end.
    let head = if end < text.len() { &text[..text[..end].rfind('\n').map_or(end, |last| last + 1)] } else { text };
    Sample { whole: head.len() == text.len(), ..Sample::whole(name, head) }
}

#[test]
fn real_files_get_the_format_that_they_have() {
    let Some(folder) = samples() else { return };
    let mut wrong = Vec::new();
    for (file, expected) in EXPECTED {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let begin = std::time::Instant::now();
        let found = recognise(&sample_of(file, &text));
        let seconds = begin.elapsed().as_secs_f64();
        let (got, score) = found.first().map_or(("", 0), |best| (best.format.name.as_str(), best.score));
        let reading = found.first().map(|best| read(&best.format, &text));
        let unread = reading.as_ref().map_or(0, |reading| reading.tally.quarantined);
        let rows = reading.as_ref().map_or(0, |reading| reading.tally.rows);
        println!("{file:50} {got:16} {score:3} {rows:5} rows {unread:4} unread {seconds:.3} s");
        if got != *expected {
            wrong.push(format!("{file}: expected {expected}, got {got} ({score})"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} files are wrong:\n{}", wrong.len(), EXPECTED.len(), wrong.join("\n"));
}

/// What another parser calls a field, and what it is called here.
const COMMON: [(&str, &str); 16] = [
    ("ts", "time"),
    ("client", "client"),
    ("client_port", "client_port"),
    ("user", "user"),
    ("method", "method"),
    ("path", "path"),
    ("http_version", "http_version"),
    ("status", "status"),
    ("bytes", "bytes"),
    ("referrer", "referrer"),
    ("user_agent", "user_agent"),
    ("duration_ns", "duration"),
    ("level", "level"),
    ("message", "message"),
    ("pid", "pid"),
    ("process", "app"),
];

/// Differences that are no faults, with their reason.
fn is_excused(file: &str, field: &str, expected: &Json, got: &Json, row: &[(String, Json)]) -> Option<&'static str> {
    match field {
        "method" | "path" if row.iter().any(|(name, value)| name == "request" && !value.is_null()) => {
            Some("a request line that is not one is kept in `request`")
        }
        _ if expected == "-" && got.is_null() => Some("a dash is null here"),
        "message" if file.starts_with("apache-error") => {
            let (expected, got) = (expected.as_str()?, got.as_str()?);
            let is_referrer = expected.strip_prefix(got).is_some_and(|rest| rest.starts_with(", referer: "));
            is_referrer.then_some("the referrer has a column of its own here")
        }
        "message" if file.starts_with("nginx-error") => {
            let (expected, got) = (expected.as_str()?, got.as_str()?);
            let is_client = expected.strip_prefix(got).is_some_and(|rest| rest.starts_with(", client: "));
            is_client.then_some("client, server and request have columns of their own here")
        }
        // Lines behind a header of another number of fields.
        _ if file == "iis-access/test.log" && row.is_empty() => Some("the line is in quarantine here"),
        "path"
            if file.starts_with("iis")
                && got.as_str().is_some_and(|got| got.split('?').next() == expected.as_str()) =>
        {
            Some("the query belongs to the path here")
        }
        _ => None,
    }
}

/// Whether two values say the same.
fn agrees(field: &str, expected: &Json, got: &Json) -> bool {
    let number = |value: &Json| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match field {
        "ts" => {
            let Some(text) = expected.as_str() else { return false };
            // Read with a zone that the log does not have: its clock counts.
            let clock = text.strip_suffix("-02:00").unwrap_or(text);
            let millis = |text: &str| parse_timestamp(text).map(|micros| micros.div_euclid(1000));
            got.as_str().and_then(millis) == millis(clock)
        }
        "duration_ns" => match (number(expected), number(got)) {
            (Some(expected), Some(got)) => (expected - got * 1e9).abs() < 1000.0,
            _ => false,
        },
        "client_port" | "status" | "bytes" | "pid" => number(expected).is_some() && number(expected) == number(got),
        _ => expected == got,
    }
}

/// The row of an event, by its first line.
fn row_at(reading: &Reading, line: u64) -> Option<Vec<(String, Json)>> {
    let place = reading.places.iter().position(|(at, _)| *at == line)?;
    let names = reading.schema.names().map(str::to_owned);
    Some(names.zip(reading.rows[place].iter().map(crate::data::Value::to_json)).collect())
}

#[test]
fn common_fields_agree_with_what_others_read() {
    let Some(folder) = samples() else { return };
    let mut failed = Vec::new();
    let mut files = 0;
    let mut kinds: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
    kinds.sort();
    for kind in kinds.iter().filter(|path| path.is_dir()) {
        let mut names: Vec<_> = std::fs::read_dir(kind).unwrap().flatten().map(|entry| entry.path()).collect();
        names.sort();
        for path in names {
            let Some(source) = path.to_str().and_then(|path| path.strip_suffix(".basic.jsonl")) else { continue };
            let file = source.trim_start_matches(folder.to_str().unwrap()).trim_start_matches('/');
            let text = String::from_utf8_lossy(&std::fs::read(source).unwrap()).into_owned();
            let Some(best) = recognise(&sample_of(file, &text)).into_iter().next() else { continue };
            let reading = read(&best.format, &text);
            let (mut events, mut agreed) = (0, 0);
            for event in std::fs::read_to_string(&path).unwrap().lines() {
                let event: Json = serde_json::from_str(event).unwrap();
                let line = event["_line"].as_u64().unwrap();
                let row = row_at(&reading, line);
                let mut misses = Vec::new();
                for (theirs, ours) in COMMON.iter().filter(|(theirs, _)| event.get(theirs).is_some()) {
                    let got = row.as_ref().and_then(|row| row.iter().find(|(name, _)| name == ours));
                    let got = got.map_or(&Json::Null, |(_, value)| value);
                    if !agrees(theirs, &event[*theirs], got)
                        && is_excused(file, theirs, &event[*theirs], got, row.as_deref().unwrap_or_default()).is_none()
                    {
                        misses.push(format!("{ours}: {} here, {} there", got, event[*theirs]));
                    }
                }
                events += 1;
                agreed += usize::from(misses.is_empty());
                for miss in misses {
                    let reason = if row.is_none() { "no row begins at this line" } else { "differs" };
                    println!("{file}:{line}: {reason}: {miss}");
                }
            }
            files += 1;
            println!("{file}: {agreed} of {events} events agree ({})", best.format.name);
            let own = EXPECTED.iter().any(|(name, _)| *name == file);
            if own && agreed * 100 < events * 98 {
                failed.push(format!("{file}: {agreed} of {events}"));
            }
        }
    }
    assert!(files >= 20, "{files}");
    assert!(failed.is_empty(), "{failed:?}");
}
