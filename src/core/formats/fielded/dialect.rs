//! What the formats of this kind differ in: headers, separators, what a field is called and how it is read.

use super::Fielded;
use crate::data::DataType;
use crate::formats::csv_records;

/// The directive that says who wrote a log.
pub const WRITER: &str = "#Software:";

/// A line that names more fields than this is no header.
const MAX_FIELDS: usize = 2000;

/// W3C extended logs.
pub static W3C: Fielded = Fielded {
    dialect: Dialect::W3c,
    name: "w3c",
    title: "W3C extended log",
    doc: "Logs with a `#Fields:` line (w3.org, Extended Log File Format): IIS and HTTP.sys, CloudFront, the Windows \
          firewall, proxies. `date` and `time` are `time`, `cs-uri-stem` and `cs-uri-query` are `path`; `time-taken` is \
          `duration`, of Microsoft's servers read as milliseconds, else as seconds; other fields keep their names. Fields \
          may change inside a file. Before any header, the fields of IIS 7 and later are tried; behind one, a line of \
          another number of fields is none.",
    examples: &[
        "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status time-taken\n2024-03-01 10:00:00 192.0.2.7 GET /x a=1 200 25",
    ],
};

/// Zeek's tables.
pub static ZEEK: Fielded = Fielded {
    dialect: Dialect::Zeek,
    name: "zeek",
    title: "Zeek log",
    doc: "Zeek's tables with `#fields` and `#types` (docs.zeek.org, Zeek log formats): `ts` is `time`, `id.orig_h` and \
          `id.orig_p` are `client` and `client_port`, `uri` is `path`; other fields keep their names. Its JSON is read as \
          JSON lines.",
    examples: &[
        "#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.orig_p\n#types\ttime\tstring\taddr\tport\n1709287200.123\tCabc\t192.0.2.7\t5678",
    ],
};

/// VPC flow logs.
pub static VPC_FLOW: Fielded = Fielded {
    dialect: Dialect::VpcFlow,
    name: "aws_vpc_flow",
    title: "AWS VPC flow log",
    doc: "Flow log records (docs.aws.amazon.com, Flow log records) with any fields that their header names, or the \
          default ones of version 2 where there is no header. `time` and `end` are the capture window's begin and end, \
          `client` and `client_port` are srcaddr and srcport.",
    examples: &[
        "2 123456789012 eni-0123456789abcdef0 192.0.2.7 192.0.2.80 5678 22 6 20 4249 1709287200 1709287260 ACCEPT OK",
    ],
};

/// Logs of Exchange.
pub static EXCHANGE: Fielded = Fielded {
    dialect: Dialect::Exchange,
    name: "exchange",
    title: "Exchange log",
    doc: "Logs of Microsoft Exchange with a `#Fields:` line whose names have commas between, as the fields have: message \
          tracking, protocols of SMTP, connectivity, HTTP proxy and others (learn.microsoft.com, Message tracking, Protocol \
          logging). `date-time` or `DateTime` is `time`, `client-ip` is `client`; other fields keep their names. Fields may \
          change inside a file.",
    examples: &[
        "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n#Fields: date-time,client-ip,source,event-id,total-bytes,message-subject\n2024-03-01T10:00:00.123Z,192.0.2.7,SMTP,RECEIVE,12345,\"Order 17, late\"",
    ],
};

/// OpenVPN's status file.
pub static OPENVPN: Fielded = Fielded {
    dialect: Dialect::OpenVpn,
    name: "openvpn_status",
    title: "OpenVPN status",
    doc: "The status file of an OpenVPN server in its versions 1, 2 and 3 (openvpn.net, `--status`): a row for each client, and \
          for each route. `user` is the common name; where the file has seconds since 1970, `time` is when a client connected, \
          or a route was last used, and `list` says which of both a row is. Other fields keep their names. The time of the \
          file itself and its statistics are no rows.",
    examples: &[
        "HEADER,CLIENT_LIST,Common Name,Real Address,Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t)\nCLIENT_LIST,bob,192.0.2.7:51234,12345,67890,2024-03-01 10:00:00,1709287200\nHEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,Last Ref (time_t)\nROUTING_TABLE,192.0.2.130,bob,192.0.2.7:51234,2024-03-01 10:00:00,1709287200\nEND",
    ],
};

/// Beginnings of the headers of OpenVPN's status in version 1, which has no other sign of one.
const OPENVPN_NAMES: [&str; 2] = ["Common Name,Real Address,", "Virtual Address,Common Name,"];

/// Beginnings of lines of OpenVPN's status that are neither names nor rows.
const OPENVPN_FRAME: [&str; 10] = [
    "OpenVPN CLIENT LIST",
    "OpenVPN STATISTICS",
    "Updated,",
    "ROUTING TABLE",
    "GLOBAL STATS",
    "GLOBAL_STATS",
    "Max bcast/mcast queue length,",
    "TITLE",
    "TIME",
    "END",
];

/// Which format of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    W3c,
    Zeek,
    VpcFlow,
    Exchange,
    OpenVpn,
}

/// Who wrote a W3C log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Software {
    #[default]
    Other,
    Microsoft,
}

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// As its column's type.
    Plain,
    Text,
    Int,
    Time,
    /// The two halves of `time`.
    Day,
    Clock,
    /// Seconds since 1970.
    Epoch,
    Seconds,
    Millis,
    /// The two halves of `path`.
    Stem,
    Query,
    /// `HTTP/1.1`.
    Version,
    /// Blanks are written as `+`.
    Plus,
}

impl Role {
    /// The type of its column; `None`: as the values are.
    pub fn data_type(self) -> Option<DataType> {
        match self {
            Role::Plain => None,
            Role::Text | Role::Stem | Role::Query | Role::Version | Role::Plus => Some(DataType::String),
            Role::Int => Some(DataType::Int),
            Role::Time | Role::Day | Role::Clock | Role::Epoch => Some(DataType::Timestamp),
            Role::Seconds | Role::Millis => Some(DataType::Float),
        }
    }
}

/// The fields of IIS 7 and later, and of 10 with the referrer.
const IIS: [&[&str]; 2] = [
    &[
        "date",
        "time",
        "s-ip",
        "cs-method",
        "cs-uri-stem",
        "cs-uri-query",
        "s-port",
        "cs-username",
        "c-ip",
        "cs(User-Agent)",
        "cs(Referer)",
        "sc-status",
        "sc-substatus",
        "sc-win32-status",
        "time-taken",
    ],
    &[
        "date",
        "time",
        "s-ip",
        "cs-method",
        "cs-uri-stem",
        "cs-uri-query",
        "s-port",
        "cs-username",
        "c-ip",
        "cs(User-Agent)",
        "sc-status",
        "sc-substatus",
        "sc-win32-status",
        "time-taken",
    ],
];

const VPC_DEFAULT: &[&str] = &[
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Further fields of flow logs, of versions 3 to 8 and of ECS.
const VPC_MORE: &[&str] = &[
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "type",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "region",
    "az-id",
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-cluster-arn",
    "ecs-cluster-name",
    "ecs-container-instance-arn",
    "ecs-container-instance-id",
    "ecs-container-id",
    "ecs-second-container-id",
    "ecs-service-name",
    "ecs-task-definition-arn",
    "ecs-task-arn",
    "ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
];

impl Dialect {
    /// The names that a header gives; `None` where a line is no header.
    pub fn header(self, line: &str) -> Option<Vec<&str>> {
        match self {
            Dialect::W3c => {
                let names: Vec<&str> = line.strip_prefix("#Fields:")?.split_whitespace().take(MAX_FIELDS + 1).collect();
                let has_commas = names.first().is_some_and(|name| name.contains(','));
                (!has_commas && (1..=MAX_FIELDS).contains(&names.len())).then_some(names)
            }
            Dialect::Exchange => {
                let names = line.strip_prefix("#Fields:")?.split(',').map(str::trim).take(MAX_FIELDS + 1);
                let names: Vec<&str> = names.collect();
                ((2..=MAX_FIELDS).contains(&names.len()) && !names[0].contains(' ')).then_some(names)
            }
            Dialect::Zeek => {
                let names: Vec<&str> = line.strip_prefix("#fields\t")?.split('\t').take(MAX_FIELDS + 1).collect();
                (names.len() <= MAX_FIELDS).then_some(names)
            }
            Dialect::OpenVpn => {
                let separator = if line.contains('\t') { '\t' } else { ',' };
                let names = line.split(separator).map(str::trim);
                match line.strip_prefix("HEADER") {
                    Some(_) => {
                        let names: Vec<&str> = ["list"].into_iter().chain(names.skip(2)).collect();
                        (3..=MAX_FIELDS).contains(&names.len()).then_some(names)
                    }
                    None => OPENVPN_NAMES
                        .iter()
                        .any(|start| line.starts_with(start))
                        .then(|| names.take(MAX_FIELDS).collect()),
                }
            }
            Dialect::VpcFlow => {
                let names: Vec<&str> = line.split_whitespace().collect();
                let known = |name: &&str| VPC_DEFAULT.contains(name) || VPC_MORE.contains(name);
                (names.len() >= 3 && names.iter().all(known)).then_some(names)
            }
        }
    }

    /// Beginnings of the lines that say how those behind them are read; none where a file has one header for all.
    pub fn marks(self) -> &'static [&'static str] {
        match self {
            Dialect::W3c => &["#Fields:", WRITER],
            Dialect::Exchange => &["#Fields:"],
            Dialect::Zeek => &["#fields\t"],
            Dialect::OpenVpn => &["HEADER", OPENVPN_NAMES[0], OPENVPN_NAMES[1]],
            Dialect::VpcFlow => &[],
        }
    }

    /// Whether a line is a directive.
    pub fn is_meta(self, line: &str) -> bool {
        match self {
            Dialect::VpcFlow => false,
            Dialect::OpenVpn => OPENVPN_FRAME.iter().any(|start| line.starts_with(start)),
            Dialect::W3c | Dialect::Zeek | Dialect::Exchange => line.starts_with('#'),
        }
    }

    /// The fields of lines before which no header stands.
    pub fn usual(self, fields: usize) -> Option<&'static [&'static str]> {
        match self {
            Dialect::W3c => IIS.into_iter().find(|names| names.len() == fields),
            Dialect::VpcFlow => (VPC_DEFAULT.len() == fields).then_some(VPC_DEFAULT),
            Dialect::Zeek | Dialect::Exchange | Dialect::OpenVpn => None,
        }
    }

    pub fn is_null(self, text: &str) -> bool {
        // In protocols of Exchange `-` is the end of a connection.
        text.is_empty() || (self != Dialect::Exchange && text == "-") || (self == Dialect::Zeek && text == "(empty)")
    }

    /// The fields of a line.
    pub fn split<'a>(self, line: &'a str, pieces: &mut Vec<&'a str>) {
        pieces.clear();
        if self == Dialect::Exchange {
            const COMMAS: csv_records::Dialect = csv_records::Dialect::new(b',', Some(b'"'), b'\n');
            let field = |_, span: csv_records::Span| pieces.push(&line[span.start..span.end]);
            let record = COMMAS.record(line.as_bytes(), 0, true, field);
            // A quote that does not close, or that text stands behind, leaves the line whole.
            if record.is_none_or(|record| record.fault.is_some()) {
                pieces.clear();
                pieces.push(line);
            }
            return;
        }
        if self == Dialect::OpenVpn && !line.contains('\t') {
            pieces.extend(line.split(',').map(str::trim));
            return;
        }
        if self == Dialect::Zeek || line.contains('\t') {
            pieces.extend(line.split('\t').map(|piece| if self == Dialect::Zeek { piece } else { piece.trim() }));
            return;
        }
        let mut rest = line.trim_start_matches(' ');
        while !rest.is_empty() {
            let quoted = rest.strip_prefix('"').and_then(|inner| {
                let end = inner.find('"')?;
                let after = &inner[end + 1..];
                (after.is_empty() || after.starts_with(' ')).then_some((&inner[..end], after))
            });
            let (piece, after) = quoted.unwrap_or_else(|| rest.split_at(rest.find(' ').unwrap_or(rest.len())));
            pieces.push(piece);
            rest = after.trim_start_matches(' ');
        }
    }

    /// The column of a field, and how it is read.
    pub fn column(self, name: &str, names: &[String], software: Software) -> (String, Role) {
        let has = |other: &str| names.iter().any(|name| name == other);
        let (column, role) = match self {
            Dialect::W3c => match name {
                "date" if has("time") => ("time", Role::Day),
                "time" if has("date") => ("time", Role::Clock),
                "time" => ("time_of_day", Role::Text),
                "c-ip" | "src-ip" => ("client", Role::Text),
                "c-port" | "src-port" => ("client_port", Role::Int),
                "cs-username" => ("user", Role::Text),
                "cs-method" => ("method", Role::Text),
                "cs-uri-stem" => ("path", Role::Stem),
                "cs-uri-query" if has("cs-uri-stem") => ("path", Role::Query),
                "cs-uri" => ("path", Role::Text),
                "cs-version" | "cs-protocol-version" => ("http_version", Role::Version),
                "sc-status" => ("status", Role::Int),
                "sc-bytes" | "bytes" => ("bytes", Role::Int),
                "cs(Referer)" | "cs(Referrer)" => ("referrer", Role::Text),
                "cs(User-Agent)" if software.is_microsoft() => ("user_agent", Role::Plus),
                "cs(User-Agent)" => ("user_agent", Role::Text),
                "x-host-header" => ("vhost", Role::Text),
                "cs-host" | "cs(Host)" if !has("x-host-header") => ("vhost", Role::Text),
                "time-taken" if software.is_microsoft() => ("duration", Role::Millis),
                "time-taken" => ("duration", Role::Seconds),
                "x-edge-request-id" => ("request_id", Role::Text),
                other => (other, Role::Plain),
            },
            Dialect::Zeek => match name {
                "ts" => ("time", Role::Epoch),
                "id.orig_h" => ("client", Role::Text),
                "id.orig_p" => ("client_port", Role::Int),
                "username" => ("user", Role::Text),
                "method" => ("method", Role::Text),
                "uri" => ("path", Role::Text),
                "host" if has("uri") => ("vhost", Role::Text),
                "version" if has("uri") => ("http_version", Role::Text),
                "status_code" => ("status", Role::Int),
                "referrer" | "user_agent" => (name, Role::Text),
                "duration" => ("duration", Role::Seconds),
                other => (other, Role::Plain),
            },
            Dialect::Exchange => match name {
                "date-time" | "DateTime" => ("time", Role::Time),
                "client-ip" | "ClientIpAddress" => ("client", Role::Text),
                other => (other, Role::Plain),
            },
            Dialect::OpenVpn => match name {
                "Common Name" => ("user", Role::Text),
                "Connected Since (time_t)" | "Last Ref (time_t)" => ("time", Role::Epoch),
                other => (other, Role::Plain),
            },
            Dialect::VpcFlow => match name {
                "start" => ("time", Role::Epoch),
                "end" => ("end", Role::Epoch),
                "srcaddr" => ("client", Role::Text),
                "srcport" => ("client_port", Role::Int),
                "account-id" => ("account-id", Role::Text),
                other => (other, Role::Plain),
            },
        };
        (column.to_owned(), role)
    }
}
