//! The fields of PAN-OS logs by their kind, in their order (docs.paloaltonetworks.com, Syslog Field Descriptions), under
//! the variable names of that page but for the common ones. Must not import anything of the formats.

use crate::data::DataType;

/// A kind of log.
pub struct Kind {
    /// As the fourth field says it.
    pub name: &'static str,
    /// What follows the fourth field, with blanks between.
    names: &'static str,
}

impl Kind {
    /// The columns of what follows the fourth field.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.split(' ')
    }
}

/// The column of fields that are not listed.
pub const REST: &str = "rest";

/// The column of the syslog head.
pub const HEAD: &str = "head";

/// The fields that all kinds begin with.
pub const LINE: [&str; 4] = ["domain", "receive_time", "serial", "type"];

const TRAFFIC: &str = "subtype config_version time client dst natsrc natdst rule user dstuser app vsys from to \
                 inbound_if outbound_if logset time_logged sessionid repeatcnt client_port dport natsport \
                 natdport flags proto action bytes bytes_sent bytes_received packets start duration \
                 category future_use seqno actionflags srcloc dstloc future_use_2 pkts_sent pkts_received \
                 session_end_reason dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 \
                 vsys_name host action_source src_uuid dst_uuid tunnelid monitortag parent_session_id \
                 parent_start_time tunnel assoc_id chunks chunks_sent chunks_received rule_uuid \
                 http2_connection";

const THREAT: &str = "subtype config_version time client dst natsrc natdst rule user dstuser app vsys from to \
                 inbound_if outbound_if logset time_logged sessionid repeatcnt client_port dport natsport \
                 natdport flags proto action misc threatid category severity direction seqno actionflags \
                 srcloc dstloc future_use contenttype pcap_id filedigest cloud url_idx user_agent filetype \
                 xff referrer sender subject recipient reportid dg_hier_level_1 dg_hier_level_2 \
                 dg_hier_level_3 dg_hier_level_4 vsys_name host future_use_2 src_uuid dst_uuid method \
                 tunnel_id monitortag parent_session_id parent_start_time tunnel thr_category contentver \
                 future_use_3 assoc_id ppid http_headers url_category_list rule_uuid http2_connection";

/// Every kind.
pub static KINDS: [Kind; 8] = [
    Kind { name: "TRAFFIC", names: TRAFFIC },
    Kind { name: "THREAT", names: THREAT },
    Kind {
        name: "SYSTEM",
        names: "subtype config_version time vsys eventid object future_use future_use_2 module severity \
                 message seqno actionflags dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 \
                 vsys_name host",
    },
    Kind {
        name: "CONFIG",
        names: "subtype config_version time admin_host vsys cmd admin admin_client result config_path \
                 seqno actionflags dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 \
                 vsys_name host",
    },
    Kind {
        name: "USERID",
        names: "subtype config_version time vsys client user datasourcename eventid repeatcnt timeout \
                 beginport endport datasource datasourcetype seqno actionflags dg_hier_level_1 \
                 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name host vsys_id factortype \
                 factorcompletiontime factorno ugflags userbysource",
    },
    Kind {
        name: "HIPMATCH",
        names: "subtype config_version time user vsys machinename os client matchname repeatcnt matchtype \
                 future_use future_use_2 seqno actionflags dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 \
                 dg_hier_level_4 vsys_name host vsys_id srcipv6 hostid",
    },
    Kind {
        name: "GLOBALPROTECT",
        names: "subtype config_version time vsys eventid stage auth_method tunnel_type user srcregion \
                 machinename client public_ipv6 private_ip private_ipv6 hostid serialnumber client_ver \
                 client_os client_os_ver repeatcnt reason error message status location login_duration \
                 connect_method error_code portal seqno actionflags",
    },
    Kind {
        name: "AUTHENTICATION",
        names: "subtype config_version time vsys client user normalize_user object authpolicy repeatcnt \
                 authid vendor logset serverprofile message clienttype event factorno seqno actionflags \
                 dg_hier_level_1 dg_hier_level_2 dg_hier_level_3 dg_hier_level_4 vsys_name host vsys_id \
                 authproto",
    },
];

/// The kind of that name; some versions write it with a hyphen.
pub fn kind_of(name: &str) -> Option<&'static Kind> {
    let plain = if name == "HIP-MATCH" { "HIPMATCH" } else { name };
    KINDS.iter().find(|kind| kind.name == plain)
}

/// The type of a column. Numbers that are names (serial numbers, zones) stay text.
pub fn type_of(name: &str) -> DataType {
    match name {
        "time" | "receive_time" | "time_logged" | "start" | "parent_start_time" | "factorcompletiontime" => {
            DataType::Timestamp
        }
        "duration" => DataType::Float,
        "client_port" | "dport" | "natsport" | "natdport" | "bytes" | "bytes_sent" | "bytes_received" | "packets"
        | "pkts_sent" | "pkts_received" | "repeatcnt" | "seqno" | "sessionid" | "chunks" | "chunks_sent"
        | "chunks_received" | "timeout" | "beginport" | "endport" | "factorno" | "url_idx" | "login_duration" => {
            DataType::Int
        }
        _ => DataType::String,
    }
}
