//! Tests only: what the columns of logs that nobody prepared are taken to mean.
//! `cargo test -p pipewright-core --lib columns_of_real_files -- --nocapture` prints the whole table.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::formats::scan::trial;
use crate::formats::{Sample, format, recognise};
use crate::needs::samples;
use crate::planner::evidence::columns_of;

/// Bytes of a file that are looked at.
const LOOKED_AT: usize = 64 << 10;

/// A column's evidence from its values.
fn fill(column: &mut ColumnEvidence, values: impl Iterator<Item = Value>) {
    let mut counts: BTreeMap<String, (Value, u64)> = BTreeMap::new();
    for value in values {
        match value {
            Value::Null => column.nulls += 1,
            value => counts.entry(value.to_json().to_string()).or_insert((value, 0)).1 += 1,
        }
    }
    column.distinct = counts.len() as u64;
    let mut values: Vec<(Value, u64)> = counts.into_values().collect();
    let order = |value: &Value| match value {
        Value::Int(number) => *number as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    };
    values.sort_by(|one, other| order(&one.0).total_cmp(&order(&other.0)));
    column.min = values.first().map_or(Value::Null, |(value, _)| value.clone());
    column.max = values.last().map_or(Value::Null, |(value, _)| value.clone());
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    column.samples = values.iter().take(60).map(|(value, _)| value.clone()).collect();
    values.truncate(10);
    column.top = values;
}

/// The value at a path of a record.
fn inner<'a>(mut value: &'a Value, path: &str) -> &'a Value {
    for name in path.split('.').skip(1) {
        value = match value {
            Value::Record(fields) => {
                fields.iter().find(|(field, _)| field == name).map_or(&Value::Null, |(_, inner)| inner)
            }
            _ => &Value::Null,
        };
    }
    value
}

fn evidence(file: &Path) -> Option<SourceEvidence> {
    let mut bytes = std::fs::read(file).ok()?;
    bytes.truncate(LOOKED_AT);
    let name = file.file_name()?.to_string_lossy().into_owned();
    let sample = Sample::whole(&name, &String::from_utf8_lossy(&bytes));
    let best = recognise(&sample).into_iter().next()?.format;
    let parser = format(&best.name)?.prepare(&best, None, &sample).ok()?;
    let rows = trial(parser.as_ref(), &sample).1.rows;
    let mut columns = columns_of(parser.schema());
    for column in &mut columns {
        // A name with a point of its own is no path.
        let (place, path) = match parser.schema().index(&column.name) {
            Some(place) => (place, ""),
            None => (parser.schema().index(column.name.split('.').next()?)?, column.name.as_str()),
        };
        let path = path.to_owned();
        fill(column, rows.iter().map(|(_, row)| inner(&row[place], &path).clone()));
    }
    Some(SourceEvidence {
        source: name,
        format: best.name,
        rows: rows.len() as u64,
        columns,
        ..SourceEvidence::default()
    })
}

/// (file, column, what it means; empty: nothing).
const READ: &[(&str, &str, &str)] = &[
    ("aws-cloudtrail/add-user-to-group-json.log", "sourceIPAddress", "client.address"),
    ("aws-cloudtrail/add-user-to-group-json.log", "userIdentity.accountId", "cloud.account.id"),
    ("aws-cloudtrail/add-user-to-group-json.log", "userIdentity.userName", "user.name"),
    ("aws-cloudtrail/update-trail-json.log", "requestParameters.s3BucketName", ""),
    ("aws-cloudtrail/update-trail-json.log", "eventSource", "service.name"),
    ("aws-elb/application-lb-http.log", "status", "http.response.status_code"),
    ("aws-elb/application-lb-http.log", "upstream", "http.upstream.address"),
    ("aws-s3access/test.log", "vhost", "url.domain"),
    ("aws-vpcflow/accept-reject-traffic.log", "account-id", "cloud.account.id"),
    ("aws-vpcflow/accept-reject-traffic.log", "dstaddr", "server.address"),
    ("aws-vpcflow/accept-reject-traffic.log", "protocol", "network.transport"),
    ("aws-vpcflow/custom-nat-gateway.log", "pkt-dstaddr", "server.address"),
    ("aws-vpcflow/custom-nat-gateway.log", "pkt-srcaddr", "client.address"),
    ("azure-json/activitylogs.log", "callerIpAddress", "client.address"),
    ("azure-json/activitylogs.log", "durationMs", "event.duration_ms"),
    ("cef/jc_cef.out", "Password", "security.secret"),
    ("cef/jc_cef.out", "xff", "client.address"),
    ("cloudflare/cloudflare.json", "ClientIP", "client.address"),
    ("cloudflare/cloudflare.json", "EdgeResponseStatus", "http.response.status_code"),
    ("csv/biostats.csv", "Age", "user.age"),
    ("csv/biostats.csv", "Name", "user.full_name"),
    ("json-metrics-api/rabbitmq_queues.json", "node", ""),
    ("elastic-json/logstash-json.log", "loggerName", "log.logger"),
    ("gcp-json/vpcflow_a.ndjson", "jsonPayload.connection.dest_ip", "server.address"),
    ("gcp-json/vpcflow_a.ndjson", "jsonPayload.connection.dest_port", "server.port"),
    ("gcp-json/vpcflow_a.ndjson", "receiveTimestamp", "timestamp"),
    ("github-events/gharchive_a.jsonl", "payload.pull_request.id", ""),
    ("github-events/gharchive_a.jsonl", "payload.forkee.full_name", ""),
    ("github-events/gharchive_a.jsonl", "payload.forkee.ssh_url", ""),
    ("haproxy/default.log", "local", "server.address"),
    ("iis-access/iis6.log", "s-ip", "server.address"),
    ("influx-line/cloud1.influx", "diskBytes", ""),
    ("influx-line/cloud1.influx", "tsmFullCompactionDuration", ""),
    ("json-metrics-api/slurm_nodes.json", "free_memory", ""),
    ("k8s-events/eventlist_v1_with_lastTimestamp.json", "metadata.namespace", "k8s.namespace.name"),
    ("klog/lnav_glog.0", "level", "log.severity"),
    ("kv-firewall/firewall.log", "device_id", ""),
    ("kv-firewall/traffic.log", "dstip", "server.address"),
    ("kv-firewall/idp.log", "target", ""),
    ("mysql-slow/mariadb-10.2.12.log", "query", "db.query.text"),
    ("mysql-slow/mariadb-10.2.12.log", "duration", "event.duration"),
    ("nginx-access/zanbil_access_a.log", "bytes", "http.response.body.size"),
    ("nginx-error/error.log", "client", "client.address"),
    ("ndjson-heterogeneous/events.ndjson", "span.context.http.url", "url.full"),
    ("o365-json/04-sharepoint.log", "ClientIP", "client.address"),
    ("o365-json/04-sharepoint.log", "UserId", "user.email"),
    ("o365-json/04-sharepoint.log", "UserKey", ""),
    ("panos-csv/pan_inc_traffic.log", "natdst", "server.address"),
    ("postgresql/light.postgres.log", "pid", "process.pid"),
    ("prometheus/expfmt_text.prom", "name", "metric.name"),
    ("suricata-eve/eve-6.0.log", "http.http_user_agent", "user_agent.original"),
    ("zeek/lnav_bro_conn.log", "uid", ""),
    ("zeek/http-json.log", "uid", ""),
    ("zeek/smb_cmd-json.log", "referenced_file.uid", ""),
    ("zeek/lnav_bro_conn.log", "id.resp_h", "server.address"),
    ("zeek/ssh-json.log", "kex_alg", ""),
    ("zeek/dpd-json.log", "id.resp_p", "server.port"),
];

#[test]
fn columns_of_real_files_mean_what_they_hold() {
    let Some(folder) = samples() else { return };
    let vocabulary = Vocabulary::shipped();
    let mut table: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut kinds: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()).collect();
    kinds.sort();
    for kind in kinds.into_iter().filter(|kind| kind.is_dir()) {
        let mut files: Vec<_> = std::fs::read_dir(&kind).unwrap().flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files.into_iter().filter(|file| file.is_file()) {
            let name = file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            let is_beside = [".expected.", ".basic.", ".cases.", ".templates.", "SOURCE.txt", "facts.json"];
            if is_beside.iter().any(|part| name.contains(part)) {
                continue;
            }
            let Some(source) = evidence(&file).filter(|source| !source.columns.is_empty()) else { continue };
            let found = meanings(&vocabulary, std::slice::from_ref(&source)).remove(0);
            for (column, meaning) in source.columns.iter().zip(&found.columns) {
                let accepted = meaning.accepted();
                let values: Vec<String> = column
                    .values()
                    .take(3)
                    .map(|value| value.to_json().to_string().chars().take(40).collect())
                    .collect();
                println!(
                    "{name}\t{}\t{}\t{}\t{} of {}\t{}\t{}",
                    column.name,
                    accepted.map_or("", |one| one.concept.as_str()),
                    accepted.map_or(0, |one| one.score),
                    column.distinct,
                    source.rows - column.nulls.min(source.rows),
                    values.join(" "),
                    accepted.map_or(String::new(), |one| one.reasons.join("; ")),
                );
                let concept = accepted.map_or(String::new(), |one| one.concept.clone());
                table.entry(name.clone()).or_default().insert(column.name.clone(), concept);
            }
        }
    }
    assert!(table.len() > 250, "{}", table.len());
    let mut wrong = Vec::new();
    for (file, column, wanted) in READ {
        let found = table.get(*file).and_then(|columns| columns.get(*column));
        if found.map(String::as_str) != Some(*wanted) {
            wrong.push(format!("{file} {column}: {found:?}, not {wanted}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
