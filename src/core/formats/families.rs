//! The formats that are tables: one file for each area. Each table names where its lines are described; what is not a
//! common field keeps the name that the vendor gives it.
//! Must not import other formats.

pub mod applications;
pub mod aws;
pub mod daemons;
pub mod databases;
pub mod frameworks;
pub mod java_util;
pub mod jobs;
pub mod mail;
pub mod messages;
pub mod microsoft;
pub mod middleware;
pub mod monitors;
pub mod proxies;
pub mod requests;
pub mod security;
pub mod system;
pub mod tools;
pub mod web_errors;

#[cfg(test)]
mod additions;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

/// Every table.
#[cfg(test)]
pub fn tables() -> Vec<&'static super::template::Table> {
    use super::template::TemplateFormat;
    let all: [&'static TemplateFormat; 108] = [
        &web_errors::NGINX_ERROR,
        &web_errors::APACHE_ERROR,
        &web_errors::SQUID,
        &proxies::HAPROXY,
        &proxies::ENVOY,
        &proxies::TRAEFIK,
        &proxies::CF_ROUTER,
        &requests::FRAMEWORK_ACCESS,
        &aws::ELB,
        &aws::S3_ACCESS,
        &aws::LAMBDA,
        &databases::POSTGRESQL,
        &databases::MYSQL_ERROR,
        &databases::MYSQL_GENERAL,
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
    ];
    all.into_iter().map(TemplateFormat::table).collect()
}
