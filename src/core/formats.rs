//! Formats of logs, metrics and records: one file per format, each with recogniser, options, schema and a
//! parser that fills `Columns`. Reads no file: the engine supplies chunks of bytes and columns.
//! Imports data and expr.
//!
//! One equation everywhere: units read = accepted + quarantined + joined + blank + meta.

mod access;
mod blocks;
mod by_example;
#[cfg(test)]
mod cases;
pub mod cell;
mod changes;
mod columns;
mod csv;
mod csv_frame;
mod csv_records;
mod csv_sniff;
pub mod dates;
mod declared;
#[cfg(test)]
pub(crate) mod dirty;
mod door;
pub mod encoding;
mod envelope;
mod epochs;
pub mod events;
mod families;
mod fielded;
mod folded;
pub mod infer;
mod influx;
mod ini;
mod journal;
mod json;
mod json_document;
mod json_lines;
mod json_path;
mod json_rows;
mod json_shape;
mod keyed;
pub mod keys;
pub mod layout;
mod layout_parser;
mod line_ends;
mod lines;
mod logfmt;
mod ltsv;
mod mixed;
mod modsecurity;
mod mysql_slow;
mod named_types;
mod nested;
mod numbered_dates;
pub mod numbers;
mod panos;
mod parquet;
mod pattern;
mod payload;
mod postgresql_csv;
mod prometheus;
pub mod scan;
mod spec;
mod stamp;
mod syslog;
mod template;
#[cfg(test)]
mod testing;
mod text_table;
pub mod time;
mod trailing;
#[cfg(test)]
mod words;
mod xml;

pub use by_example::{Learned, Mark, learn};
pub use changes::{Change, ChangeSet, Changes};
pub use columns::{Columns, RowCollector, Tally, Unfit, Unit};
pub use csv::{header_guess, repeated_headers};
pub use epochs::{EpochColumns, epoch_columns, prepare};
pub use json::{Scanner as JsonScanner, json_changes};
pub use line_ends::cut_lines;
pub use numbered_dates::{NumberedDates, may_have_numbered_dates, numbered_dates, order_of_dates};
pub use pattern::{Captures, captures};
pub use spec::{Chunk, Format, FormatSpec, Framing, OptionKind, OptionSpec, Parser, Recognition, Sample};
pub use xml::open_references;

/// Every format, in the order in which a tie of scores is decided.
static FORMATS: &[&dyn Format] = {
    use families::{
        applications, aws, daemons, databases, frameworks, java_util, jobs, mail, messages, microsoft, middleware,
        monitors, proxies, requests, security, system, tools, web_errors,
    };
    &[
        &envelope::CRI,
        &envelope::DOCKER_JSON,
        &envelope::KUBERNETES,
        &envelope::HEROKU,
        &envelope::FLY,
        &envelope::CLOUD_FOUNDRY,
        &envelope::CLOUDWATCH,
        &envelope::TIMED,
        &web_errors::NGINX_ERROR,
        &web_errors::APACHE_ERROR,
        &web_errors::SQUID,
        &proxies::HAPROXY,
        &proxies::ENVOY,
        &proxies::TRAEFIK,
        &proxies::CF_ROUTER,
        &requests::FRAMEWORK_ACCESS,
        &ltsv::Ltsv,
        &aws::ELB,
        &aws::S3_ACCESS,
        &aws::LAMBDA,
        &databases::POSTGRESQL,
        &postgresql_csv::PostgresqlCsv,
        &databases::MYSQL_ERROR,
        &databases::MYSQL_GENERAL,
        &mysql_slow::MysqlSlow,
        &databases::REDIS,
        &databases::MONGODB,
        &databases::CLICKHOUSE,
        &databases::SQL_SERVER,
        &system::KLOG,
        &system::AUDITD,
        &system::IPTABLES,
        &system::BIND,
        &system::LOGCAT,
        &system::JVM_GC,
        &jobs::ACTIONS,
        &jobs::GITLAB,
        &monitors::JOURNAL,
        &monitors::KERNEL,
        &monitors::EPOCH,
        &daemons::ASCTIME,
        &daemons::CAPNSLOG,
        &daemons::ERLANG,
        &daemons::GO,
        &monitors::SYSLOG_LEVELS,
        &daemons::APPLIANCES,
        &daemons::DOVECOT,
        &daemons::POSTQUEUE,
        &daemons::SAMBA,
        &daemons::CUPS,
        &daemons::LOGINS,
        &security::CEF,
        &security::LEEF,
        &security::CISCO,
        &security::FORTINET,
        &security::SOPHOS,
        &security::SNORT,
        &security::SONICWALL,
        &security::MERAKI,
        &mail::EXIM,
        &mail::QUEUED,
        &mail::DOVECOT_MESSAGES,
        &messages::FILTERLOG,
        &messages::DNSMASQ,
        &messages::CHARON,
        &messages::KAMAILIO,
        &messages::UNBOUND,
        &messages::KERNEL_MESSAGES,
        &messages::CHECK_POINT,
        &middleware::ENVOY_LOG,
        &middleware::COREDNS,
        &middleware::ELASTICSEARCH,
        &middleware::IBM_MQ,
        &middleware::ORACLE_LISTENER,
        &middleware::MARIADB_AUDIT,
        &middleware::DB2_DIAGNOSTICS,
        &middleware::RADIUS_DETAIL,
        &middleware::REDSHIFT,
        &middleware::QUEUE_LOG,
        &middleware::BACULA,
        &middleware::ANSIBLE,
        &middleware::HASHICORP,
        &middleware::LIGHTTPD,
        &tools::PING,
        &tools::TCPDUMP,
        &tools::NPM,
        &tools::SNMP,
        &tools::GRAPHITE,
        &tools::STATSD,
        &tools::PERFORMANCE,
        &tools::PACMAN,
        &tools::PASSWD,
        &tools::REDIS_INFO,
        &panos::Panos,
        &modsecurity::ModSecurity,
        &applications::MONOLOG,
        &applications::RUBY,
        &applications::RAILS,
        &applications::UVICORN,
        &applications::PHP,
        &applications::WEBLOGIC,
        &applications::WEBSPHERE,
        &applications::DOTNET,
        &applications::TIMED,
        &applications::NUMBERED,
        &java_util::JAVA_UTIL,
        &microsoft::IIS,
        &microsoft::CMTRACE,
        &microsoft::DHCP,
        &microsoft::DNS,
        &microsoft::NPS,
        &frameworks::PYTHON_SERVICES,
        &frameworks::JAVA_SERVERS,
        &frameworks::ZAP,
        &frameworks::RUST_TRACING,
        &frameworks::LOGRUS,
        &frameworks::NODE,
        &frameworks::SIDEKIQ,
        &frameworks::LEVEL_FIRST,
        &frameworks::CLOCK_LOG,
        &frameworks::SERVERS,
        &applications::APPLICATION,
        &applications::LEVELS,
        &envelope::COMPOSE,
        &journal::JournalExport,
        &influx::Influx,
        &fielded::W3C,
        &fielded::EXCHANGE,
        &fielded::ZEEK,
        &fielded::VPC_FLOW,
        &fielded::OPENVPN,
        &access::NginxAccess,
        &access::ApacheAccess,
        &syslog::Syslog5424,
        &syslog::Syslog3164,
        &pattern::Pattern,
        &parquet::Parquet,
        &xml::Xml,
        &folded::OTLP_JSON,
        &folded::JAEGER_JSON,
        &folded::PROMETHEUS_API,
        &folded::LOKI_API,
        &folded::JSON_TABLE,
        &json_lines::JsonLines,
        &json_document::JsonDocument,
        &prometheus::Prometheus,
        &ini::Ini,
        &logfmt::Logfmt,
        &text_table::TextTable,
        &blocks::Blocks,
        &csv::Csv,
        &mixed::Mixed,
        &lines::Lines,
    ]
};

/// Every format, in the order in which a tie of scores is decided.
pub fn formats() -> &'static [&'static dyn Format] {
    FORMATS
}

/// The format of that name.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    formats().iter().copied().find(|format| format.name() == name)
}

/// All formats' opinions of a sample, best first; only scores above 0. A score is the share of units that fit,
/// times how telling the format is (see `scan::score`); plain lines always come last.
pub fn recognise(sample: &Sample) -> Vec<Recognition> {
    let mut found: Vec<Recognition> = formats().iter().filter_map(|format| format.recognise(sample)).collect();
    found.sort_by_key(|recognition| std::cmp::Reverse(recognition.score));
    if let Some(mixed) = mixed::recognise_mixed(sample, &found) {
        found.insert(0, mixed);
    }
    found
}
