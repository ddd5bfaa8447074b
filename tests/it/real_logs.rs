//! Meanings and findings on logs that nobody prepared: what was read there by eye is found, and what is not there is not
//! told. Needs the folder of samples; whether every line is accounted for is tested with the formats.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::{beside_lost_values, path, run, run_ok, sample};

/// A project of a folder's raw files: what stands beside them (expected results, notes) is no log.
fn project_of(folder: &Path, home: &Path) -> String {
    let raw = home.join("samples");
    fs::create_dir(&raw).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let is_beside = [".expected.", ".basic.", ".cases.", ".templates."].iter().any(|part| name.contains(part))
            || ["SOURCE.txt", "facts.json"].contains(&name.as_str());
        if file.is_file() && !is_beside {
            fs::copy(&file, raw.join(name)).unwrap();
        }
    }
    let (code, out, _) = run(&["new", path(home), "--samples", path(&raw)]);
    assert_eq!(code, 0, "{}", folder.display());
    out.trim().to_owned()
}

/// What a folder must show.
struct Expected {
    folder: &'static str,
    /// (source, column, concept); an empty concept: none.
    meanings: &'static [(&'static str, &'static str, &'static str)],
    /// (kind, source, a piece of the title or the evidence).
    found: &'static [(&'static str, &'static str, &'static str)],
    /// Kinds that are not there.
    absent: &'static [&'static str],
}

const EXPECTED: &[Expected] = &[
    Expected {
        folder: "apache-access",
        meanings: &[
            ("src-apache-combined-a", "client", "client.address"),
            ("src-apache-combined-a", "status", "http.response.status_code"),
            ("src-apache-combined-a", "user_agent", "user_agent.original"),
        ],
        found: &[
            ("probing", "src-apache-combined-a", "195.250.34.144"),
            ("bots", "src-apache-combined-a", "Baiduspider"),
            ("personal-data", "src-apache-combined-a", "client"),
        ],
        absent: &["gap-in-time", "new-pattern", "duplicates", "failed-transactions", "error-burst"],
    },
    Expected {
        folder: "nginx-access",
        meanings: &[
            ("src-zanbil-access-a", "path", "url.path"),
            ("src-zanbil-access-a", "bytes", "http.response.body.size"),
        ],
        found: &[
            ("errors-in-common", "src-zanbil-access-a", "104.222.32.91"),
            ("bots", "src-zanbil-access-a", "AhrefsBot"),
            ("personal-data", "src-zanbil-access-a", "secrets in the address"),
        ],
        absent: &["gap-in-time", "new-pattern", "duplicates", "probing", "failed-transactions"],
    },
    Expected {
        folder: "nginx-ingress",
        meanings: &[
            ("src-test", "status", "http.response.status_code"),
            ("src-test", "upstream_status", ""),
            ("src-test", "duration", "event.duration"),
        ],
        absent: &["gap-in-time", "new-pattern", "error-burst", "probing"],
        ..NONE
    },
    Expected {
        folder: "apache-error",
        meanings: &[("src-apache-2k", "level", "log.severity"), ("src-apache-2k", "client", "client.address")],
        found: &[("error-burst", "src-apache-2k", "73 errors")],
        absent: &["gap-in-time", "new-pattern", "duplicates"],
    },
    Expected {
        folder: "auth-log",
        meanings: &[("src-secure-rhel7", "app", "service.name"), ("src-secure-rhel7", "message", "log.message")],
        found: &[("failed-sign-ins", "src-secure-rhel7", "\"202.196.224.106: ")],
        absent: &["gap-in-time", "new-pattern"],
    },
    Expected {
        folder: "syslog-3164",
        meanings: &[("src-openssh-2k", "host", "host.name"), ("src-linux-2k", "pid", "process.pid")],
        found: &[
            ("failed-sign-ins", "src-openssh-2k", "\"183.62.140.253: "),
            ("failed-sign-ins", "src-linux-2k", "\"150.183.249.110: "),
            ("new-pattern", "src-linux-2k", "connection from <ip> () at <time>"),
        ],
        absent: &["gap-in-time", "duplicates"],
    },
    Expected {
        folder: "syslog-5424",
        meanings: &[("src-ids", "version", ""), ("src-ids", "host", "host.name")],
        absent: &["gap-in-time", "new-pattern"],
        ..NONE
    },
    Expected {
        folder: "java-log4j",
        meanings: &[
            ("src-hdfs-2k", "level", "log.severity"),
            ("src-hdfs-2k", "logger", "log.logger"),
            ("src-spark-2k", "message", "log.message"),
        ],
        found: &[("new-pattern", "src-hdfs-2k", "blk_<n> is added to invalidSet of <ip>")],
        absent: &["gap-in-time", "duplicates", "error-burst"],
    },
    Expected { folder: "kafka", absent: &["gap-in-time", "new-pattern"], ..NONE },
    Expected { folder: "zookeeper", absent: &["gap-in-time", "duplicates"], ..NONE },
    Expected { folder: "windows-cbs", absent: &["gap-in-time", "duplicates", "failed-sign-ins"], ..NONE },
    Expected {
        folder: "postgresql",
        meanings: &[
            ("src-postgresql-11-4", "level", "log.severity"),
            ("src-postgresql-9-6-debian-with-slowlog", "database", "db.namespace"),
        ],
        absent: &["gap-in-time", "new-pattern"],
        ..NONE
    },
    Expected {
        folder: "ndjson-app",
        meanings: &[
            ("src-bunyan", "name", "service.name"),
            ("src-bunyan", "hostname", "host.name"),
            ("src-bunyan", "level", "log.level_number"),
            ("src-json3", "request.headers.host", "url.domain"),
        ],
        ..NONE
    },
    Expected {
        folder: "logfmt",
        meanings: &[("src-agent-logfmt", "path", "file.path"), ("src-lnav-logfmt", "uid", "k8s.pod.uid")],
        absent: &["personal-data", "gap-in-time"],
        ..NONE
    },
    Expected {
        folder: "caddy-json",
        meanings: &[("src-caddy-log", "user_id", ""), ("src-caddy-log", "request.client_ip", "client.address")],
        found: &[("personal-data", "src-caddy-log", "request.client_ip")],
        absent: &["gap-in-time", "new-pattern"],
    },
    Expected { folder: "mongodb", meanings: &[("src-lnav-mongodb", "msg", "log.message")], ..NONE },
    Expected { folder: "elastic-json", absent: &["gap-in-time"], ..NONE },
    Expected { folder: "fail2ban-daemons", absent: &["gap-in-time", "new-pattern"], ..NONE },
    Expected { folder: "haproxy", absent: &["gap-in-time", "new-pattern"], ..NONE },
];

const NONE: Expected = Expected { folder: "", meanings: &[], found: &[], absent: &[] };

#[test]
fn real_logs_show_what_is_in_them_and_nothing_else() {
    let mut wrong = Vec::new();
    for expected in EXPECTED {
        let Some(folder) = sample(expected.folder) else { continue };
        let home = tempfile::tempdir().unwrap();
        let project = project_of(&folder, home.path());
        let (code, out, talk) = run(&["plan", &project, "--findings", "--format", "json"]);
        assert_eq!((code, beside_lost_values(&talk)), (0, Vec::new()), "{}: every detector ran", expected.folder);
        let found: Vec<Json> = serde_json::from_str(&out).unwrap();
        for (kind, source, piece) in expected.found {
            let is_there = found.iter().any(|finding| {
                let told = format!("{} {}", finding["title"].as_str().unwrap(), finding["evidence"]);
                finding["kind"] == *kind && finding["source"] == *source && told.contains(piece)
            });
            if !is_there {
                wrong.push(format!("{}: no {kind} of {source} with {piece}", expected.folder));
            }
        }
        for finding in found.iter().filter(|finding| expected.absent.iter().any(|kind| finding["kind"] == *kind)) {
            wrong.push(format!("{}: {}", expected.folder, finding["title"]));
        }
        let known: Json = serde_json::from_str(&run_ok(&["plan", &project, "--meanings", "--format", "json"])).unwrap();
        for (source, column, concept) in expected.meanings {
            let source = known.as_array().unwrap().iter().find(|one| one["source"] == *source).unwrap();
            let column = source["columns"].as_array().unwrap().iter().find(|one| one["column"] == *column).unwrap();
            let best = &column["candidates"][0];
            let accepted =
                if best["score"].as_u64().unwrap_or(0) >= 50 { best["concept"].as_str().unwrap() } else { "" };
            if accepted != *concept {
                wrong.push(format!("{}: {} is `{accepted}`, not `{concept}`", expected.folder, column["column"]));
            }
        }
        run_ok(&["plan", &project, "--coverage", "--format", "json"]);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
