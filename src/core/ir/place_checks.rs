//! What is wrong with connections and with what is asked of them, before anything is opened.

use serde_json::Value as Json;

use super::names::is_parameter_name;
use super::place_texts::{decoded, names_in_sql};
use super::places::{Connection, ConnectionKind, Inquiry, Known, Method, Pages, TableName};
use crate::diagnostic::{Diagnostic, NO_ADDRESS, did_you_mean};

/// Parts of names whose values are secrets.
const SECRET: [&str; 15] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "api_key",
    "access_key",
    "client_key",
    "subscription_key",
    "signature",
    "authorization",
    "credential",
    "cookie",
    "session_key",
];

/// Whether a parameter or a header of that name would hold a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = String::from_utf8_lossy(&decoded(name)).to_lowercase().replace('-', "_");
    ["key", "auth", "sig", "appid", "x_auth"].contains(&name.as_str()) || SECRET.iter().any(|part| name.contains(part))
}

/// What is wrong with a connection, each at its field.
pub fn check_connection(connection: &Connection) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let address = connection.address.trim();
    let kind = connection.kind;
    let example = kind.address_example();
    if address.is_empty() {
        let message = format!("the connection “{}” has no address", connection.shown());
        found.push(
            Diagnostic::error(NO_ADDRESS, message).help(format!("write one, such as `{example}`")).field("address"),
        );
    } else if is_web(kind) && !(address.starts_with("https://") || address.starts_with("http://")) {
        let message = format!("the address of “{}” begins with neither `https://` nor `http://`", connection.shown());
        found.push(Diagnostic::error("PW0651", message).help(format!("write it as `{example}`")).field("address"));
    }
    found.extend(secret_in_address(connection).map(|fault| fault.field("address")));
    found.extend(check_settings(connection));
    found.extend(check_secrets(connection));
    let is_plain = is_web(kind) && address.starts_with("http://") && !is_this_machine(host_of(address));
    if kind.is_store() {
        found.extend(check_store(connection, is_plain));
    } else if is_plain && !connection.secrets.is_empty() {
        let message = format!("the secrets of “{}” would go over the network as plain text", connection.shown());
        found.push(
            Diagnostic::warning("PW0657", message).help("use an address that begins with `https://`").field("address"),
        );
    }
    found
}

/// Whether an address of that kind begins with `https://`.
fn is_web(kind: ConnectionKind) -> bool {
    kind == ConnectionKind::Http || kind.is_store()
}

/// What is wrong with a connection to an object store beside what is common to all.
fn check_store(connection: &Connection, is_plain: bool) -> Vec<Diagnostic> {
    let (mut found, title) = (Vec::new(), connection.shown());
    let what = if connection.kind == ConnectionKind::Azure { "container" } else { "bucket" };
    let (name, at) = (connection.setting(what), format!("settings.{what}"));
    if name.is_empty() {
        let message = format!("the connection “{title}” names no {what}");
        found.push(Diagnostic::error("PW0760", message).help(format!("name it in the setting `{what}`")).field(at));
    } else if let Some(help) = wrong_bucket(connection.kind, name).filter(|_| !name.contains("${")) {
        let shown = crate::quote::visible_start(name, 70);
        let message = format!("`{shown}` is no name of a {what}");
        found.push(Diagnostic::error("PW0760", message).help(help).field(at));
    }
    if is_plain && connection.setting("plain") != "allow" {
        let message = format!("what “{title}” sends would go over the network as plain text");
        found.push(
            Diagnostic::error("PW0657", message)
                .help("use an address that begins with `https://`; or set `plain` to `allow`, where the network is your own")
                .field("address"),
        );
    }
    found.extend(check_ways_in(connection));
    found
}

/// Whether nothing can have that name, in which objects of that kind of store lie, and how one would be written. A
/// parameter is looked at when it is known.
fn wrong_bucket(kind: ConnectionKind, name: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_of = |most: usize, others: &[u8]| {
        (3..=most).contains(&name.len())
            && name.bytes().all(|byte| is_plain(byte) || others.contains(&byte))
            && !name.contains("..")
    };
    let (is_name, help) = match kind {
        ConnectionKind::Gcs => {
            (is_of(222, b"-._"), "a name has 3 to 63 small letters, digits, `-`, `_` and `.`; with points up to 222")
        }
        ConnectionKind::Azure => (
            is_of(63, b"-") && !name.contains("--") || ["$$root", "$$web", "$$logs"].contains(&name),
            "a name has 3 to 63 small letters, digits and single `-`; of `$web` and its like the `$` stands twice",
        ),
        _ => (is_of(63, b"-."), "a name has 3 to 63 small letters, digits, `-` and `.`"),
    };
    (!is_name).then_some(help)
}

/// Secrets of an object store that are of no use alone, or of which only one can be used.
fn check_ways_in(connection: &Connection) -> Option<Diagnostic> {
    let (ways, title) = (connection.kind.ways_in(), connection.shown());
    let has = |name: &str| connection.secrets.contains_key(name);
    let names = |way: &[&str]| way.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
    let begun: Vec<&[&str]> = ways.iter().copied().filter(|way| way.iter().any(|name| has(name))).collect();
    let half = begun.iter().copied().find(|way| !way.iter().all(|name| has(name)));
    let half = half.or_else(|| ways.first().copied().filter(|_| has("session_token") && begun.is_empty()));
    if let Some(way) = half {
        let message = format!("of the keys of “{title}” one is missing");
        let help = format!("name the secrets {}; or none, where everybody may read", names(way));
        return Some(Diagnostic::error("PW0653", message).help(help).field("secrets"));
    }
    let [_, _, ..] = begun[..] else { return None };
    let all = begun.iter().map(|way| names(way)).collect::<Vec<_>>().join(", ");
    let message = format!("the connection “{title}” has several secrets that let somebody in, and uses one of them");
    Some(Diagnostic::error("PW1165", message).help(format!("leave one of these: {all}")).field("secrets"))
}

/// Host, and port where there is one, of an address with or without its scheme.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Whether a host is this machine itself.
pub fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    ["localhost", "127.0.0.1", "[::1]", "::1"].contains(&name)
}

/// A password or a key that is written into an address. It is not shown.
fn secret_in_address(connection: &Connection) -> Option<Diagnostic> {
    let address = connection.address.trim();
    if connection.kind == ConnectionKind::Sqlite {
        return None;
    }
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let title = connection.shown();
    // A password may hold what ends the name of a host elsewhere.
    let after_colon = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_no_port = rest.contains('@') && !after_colon.bytes().all(|byte| byte.is_ascii_digit());
    if authority.contains('@') || is_no_port {
        let message = format!("the address of “{title}” holds a user or a password");
        return Some(Diagnostic::error("PW0652", message).help(
            "leave them out of it: name the user in the setting `user`, and where the password is in the secret \
             `password`, such as `env:DB_PASSWORD`",
        ));
    }
    // Behind `?` and `#`, and in the form of PostgreSQL's own tools: `host=db password=…`.
    let pieces = rest.split(['?', '#', '&', ' ', '\t', '\n']);
    let mut named = pieces.filter_map(|pair| pair.split_once('='));
    let (name, _) = named.find(|(name, value)| {
        is_secret_name(name.trim_start_matches('/')) && !value.is_empty() && !value.starts_with("${")
    })?;
    Some(written_secret(&format!("the address of “{title}”"), name, "parameter"))
}

/// Whether the value of a header lets somebody in: `Bearer …`, `Basic …`.
fn is_credential(value: &str) -> bool {
    let (scheme, rest) = value.trim().split_once(' ').unwrap_or_default();
    let is_one = ["bearer", "basic", "token", "apikey"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_one && !rest.trim().is_empty() && !rest.trim().starts_with("${")
}

/// A secret that is written where it would be seen.
fn written_secret(place: &str, name: &str, what: &str) -> Diagnostic {
    Diagnostic::error("PW0656", format!("{place} holds a value for `{name}`, which is a secret")).help(format!(
        "take it out, and say where it is in the connection's secret `{what}.{name}`, such as `env:API_KEY`"
    ))
}

fn names_of(all: &[Known]) -> String {
    all.iter()
        .map(
            |known| {
                if known.name.ends_with('.') { format!("`{}NAME`", known.name) } else { format!("`{}`", known.name) }
            },
        )
        .collect::<Vec<_>>()
        .join(", ")
}

fn check_settings(connection: &Connection) -> Vec<Diagnostic> {
    let (mut found, all, title) = (Vec::new(), connection.kind.settings(), connection.shown());
    for (name, value) in &connection.settings {
        let at = format!("settings.{name}");
        if !all.iter().any(|known| known.name == name) {
            let near = did_you_mean(name, all.iter().map(|known| known.name));
            let message = format!("the connection “{title}” has the unknown setting `{name}`{near}");
            found.push(
                Diagnostic::error("PW0653", message).help(format!("its settings are {}", names_of(all))).field(at),
            );
            continue;
        }
        let is_right = match name.as_str() {
            _ if value.trim().is_empty() => true,
            "timeout" | "requests_per_second" => value.trim().parse::<f64>().is_ok_and(|n| n > 0.0 && n <= 86_400.0),
            "retries" => value.trim().parse::<u32>().is_ok_and(|n| n <= 20),
            "tls" => ["require", "off"].contains(&value.trim()),
            "style" => ["host", "path"].contains(&value.trim()),
            "plain" => value.trim() == "allow",
            _ => true,
        };
        if !is_right {
            let wanted = match name.as_str() {
                "tls" => "`require` or `off`",
                "style" => "`host` or `path`",
                "plain" => "`allow`",
                "retries" => "a whole number from 0 to 20",
                _ => "a number greater than 0, 86400 at most",
            };
            let message = format!("the setting `{name}` of “{title}” is not {wanted}");
            found.push(Diagnostic::error("PW0655", message).help(format!("write {wanted}, or leave it out")).field(at));
        }
    }
    found
}

fn check_secrets(connection: &Connection) -> Vec<Diagnostic> {
    let (mut found, all, title) = (Vec::new(), connection.kind.secrets(), connection.shown());
    for (name, reference) in &connection.secrets {
        let at = format!("secrets.{name}");
        let is_known = |known: &Known| match known.name.strip_suffix('.') {
            Some(_) => name.strip_prefix(known.name).is_some_and(|rest| !rest.is_empty()),
            None => known.name == name,
        };
        if !all.iter().any(is_known) {
            let near = did_you_mean(name, all.iter().map(|known| known.name));
            let message = format!("the connection “{title}” has the unknown secret `{name}`{near}");
            let help = match all.is_empty() {
                true => "a file needs none".to_owned(),
                false => format!("its secrets are {}", names_of(all)),
            };
            found.push(Diagnostic::error("PW0653", message).help(help).field(at));
        } else if !is_reference(reference) {
            // What stands there may be the secret itself: it is not shown.
            let message = format!("the secret `{name}` of “{title}” is no reference");
            found.push(
                Diagnostic::error("PW0654", message)
                    .help("write where it is, never the secret itself: `env:NAME` or `file:PATH`")
                    .field(at),
            );
        }
    }
    found
}

/// `env:NAME` with a name of a variable, or `file:PATH`.
fn is_reference(text: &str) -> bool {
    match text.trim().split_once(':') {
        Some(("env", name)) => is_parameter_name(name),
        Some(("file", path)) => !path.trim().is_empty(),
        _ => false,
    }
}

/// What is wrong with what is asked of a connection of that kind.
pub fn check_inquiry(kind: ConnectionKind, inquiry: &Inquiry) -> Vec<Diagnostic> {
    match kind {
        ConnectionKind::Http => check_request(inquiry),
        ConnectionKind::Postgresql | ConnectionKind::Sqlite => check_query(inquiry),
        ConnectionKind::S3 | ConnectionKind::Gcs | ConnectionKind::Azure => check_keys(inquiry),
    }
}

fn check_keys(inquiry: &Inquiry) -> Vec<Diagnostic> {
    let fault = match inquiry.path.trim().trim_start_matches('/') {
        "" => Diagnostic::error("PW0658", "no object is named"),
        path => match check_key(path) {
            Some(fault) => fault,
            None => return Vec::new(),
        },
    };
    let help = "name a key (`logs/today.csv`), a pattern (`logs/<day>/*.log`), or all below one that ends in `/`";
    vec![fault.help(help).field("inquiry.path")]
}

/// A key that would lead elsewhere where it is put aside under its name.
pub fn check_key(key: &str) -> Option<Diagnostic> {
    let is_odd = |part: &str| ["", ".", ".."].contains(&part) || part.len() > 255;
    let parts = key.strip_suffix('/').unwrap_or(key).split('/');
    let is_wrong = key.len() > 1024 || key.chars().any(char::is_control) || key.contains('\\') || { parts }.any(is_odd);
    is_wrong.then(|| {
        Diagnostic::error("PW0761", format!("`{}` is no key that can be taken", crate::quote::visible_start(key, 60)))
            .help("between its `/` stand names, none of them empty, `.`, `..`, or longer than 255 bytes")
    })
}

fn check_query(inquiry: &Inquiry) -> Vec<Diagnostic> {
    let fault = match (inquiry.table.trim().is_empty(), inquiry.query.trim().is_empty()) {
        (true, true) => Some(
            Diagnostic::error("PW0658", "neither a table nor a query is named")
                .help("name a table, such as `public.orders`, or write a SELECT")
                .field("inquiry.table"),
        ),
        (false, false) => Some(
            Diagnostic::error("PW0658", "a table and a query are named, and only one of them can be read")
                .help("leave one of them empty")
                .field("inquiry.query"),
        ),
        (false, true) => check_table_name(&inquiry.table).map(|fault| fault.field("inquiry.table")),
        (true, false) => names_in_sql(&inquiry.query).err().map(|fault| fault.field("inquiry.query")),
    };
    fault.into_iter().collect()
}

/// A table's name, with the name of its schema or without.
pub fn check_table_name(name: &str) -> Option<Diagnostic> {
    TableName::parse(name).is_none().then(|| {
        Diagnostic::error("PW0660", format!("`{}` is no name of a table", crate::quote::visible_start(name, 60)))
            .help("write `name` or `schema.name`; a name with a point in it stands in quotes: `schema.\"my.table\"`")
    })
}

/// Whether a key of a body would hold a secret: there `key` is many things.
fn is_secret_key(name: &str) -> bool {
    is_secret_name(name) && name.len() > 4
}

/// The name of a secret whose value is written into a body: a form's field or a key of JSON, at any depth. What a
/// parameter stands for is none.
fn secret_in_body(body: &str) -> Option<String> {
    let is_written = |value: &str| !value.trim().is_empty() && !value.trim().starts_with("${");
    if let Ok(json) = serde_json::from_str::<Json>(body) {
        let mut open = vec![&json];
        while let Some(json) = open.pop() {
            match json {
                Json::Object(map) => {
                    let is_secret = |(name, value): &(&String, &Json)| {
                        is_secret_key(name) && value.as_str().is_some_and(is_written)
                    };
                    if let Some((name, _)) = map.iter().find(is_secret) {
                        return Some(name.clone());
                    }
                    open.extend(map.values());
                }
                Json::Array(items) => open.extend(items),
                _ => {}
            }
        }
        return None;
    }
    let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    let (name, _) = pairs.find(|(name, value)| {
        let is_name = name.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.%[]".contains(&byte));
        is_name && is_secret_key(name.trim()) && is_written(value)
    })?;
    Some(name.trim().to_owned())
}

fn check_request(inquiry: &Inquiry) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (what, named) in [("parameter", &inquiry.parameters), ("header", &inquiry.headers)] {
        for (name, value) in named {
            let at = format!("inquiry.{what}s.{name}");
            if is_secret_name(name) && !value.trim().is_empty() || is_credential(value) {
                found.push(written_secret("the request", name, what).field(at));
            } else if what == "header" && (name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic() && b != b':'))
            {
                let message = format!("`{}` is no name of a header", crate::quote::visible_start(name, 60));
                found.push(Diagnostic::error("PW0659", message).help("write it as `Accept`").field(at));
            }
        }
    }
    let in_path = inquiry.path.split_once('?').map_or("", |(_, parameters)| parameters).split('&');
    let mut in_path = in_path.filter_map(|pair| pair.split_once('='));
    if let Some((name, _)) = in_path.find(|(name, value)| is_secret_name(name) && !value.is_empty()) {
        found.push(written_secret("the path of the request", name, "parameter").field("inquiry.path"));
    }
    if let Some(name) = secret_in_body(&inquiry.body) {
        let message = format!("the body of the request holds a value for `{name}`, which is a secret");
        let help = "take it out: a secret goes along as a parameter or a header, and is named in the connection \
                    (`parameter.NAME` or `header.NAME`, such as `env:API_KEY`); or let a parameter of the pipeline that \
                    is a secret stand in its place, as `${api_key}`";
        found.push(Diagnostic::warning("PW0656", message).help(help).field("inquiry.body"));
    }
    if !inquiry.body.is_empty() && inquiry.method == Method::Get {
        let fault = Diagnostic::error("PW0659", "a GET sends no body");
        found.push(fault.help("choose POST, or leave the body empty").field("inquiry.body"));
    }
    let lacks =
        match &inquiry.pages {
            Some(Pages::Cursor { path, .. }) if path.trim().is_empty() => Some("path"),
            Some(
                Pages::Cursor { parameter, .. } | Pages::Offset { parameter, .. } | Pages::Number { parameter, .. },
            ) if parameter.trim().is_empty() => Some("parameter"),
            _ => None,
        };
    if let Some(field) = lacks {
        let message = format!("pages are asked for without saying the {field} for it");
        let help = match field {
            "path" => "write where the next page's mark stands in the answer, such as `meta.next`",
            _ => "write the name of the parameter that asks for the next page, such as `page`",
        };
        found.push(Diagnostic::error("PW0659", message).help(help).field(format!("inquiry.pages.{field}")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(connection: Connection) -> Vec<String> {
        check_connection(&connection).into_iter().map(|fault| fault.code.to_string()).collect()
    }

    #[test]
    fn secrets_stand_nowhere_but_by_reference() {
        let http = |address: &str| Connection { id: "api".into(), address: address.into(), ..Connection::default() };
        assert!(codes(http("https://api.example.com/v1?from=${from}")).is_empty());
        assert_eq!(codes(http("https://ann:s3cret@api.example.com")), ["PW0652"]);
        assert_eq!(codes(http("https://ann:s/3cret@api.example.com")), ["PW0652"]);
        assert!(codes(http("https://api.example.com:8443/users/@me")).is_empty());
        assert_eq!(codes(http("https://api.example.com?api_key=s3cret")), ["PW0656"]);
        assert_eq!(codes(http("https://api.example.com/#access_token=s3cret")), ["PW0656"]);
        assert!(codes(http("https://api.example.com?api_key=${key}")).is_empty());
        let words = "host=db dbname=shop password=s3cret";
        let database = Connection { kind: ConnectionKind::Postgresql, address: words.into(), ..http("") };
        assert!(codes(database).contains(&"PW0656".to_owned()));
        assert_eq!(codes(http("api.example.com")), ["PW0651"]);
        let with = |name: &str, reference: &str| {
            let secrets = [(name.to_owned(), reference.to_owned())].into();
            codes(Connection { secrets, ..http("https://api.example.com") })
        };
        assert!(with("token", "env:API_TOKEN").is_empty() && with("header.X-Api-Key", "file:key.txt").is_empty());
        assert_eq!(with("token", "s3cret"), ["PW0654"]);
        assert_eq!(with("header.", "env:A"), ["PW0653"]);
        let shown = check_connection(&http("https://ann:s3cret@api.example.com?key=s3cret"));
        assert!(shown.iter().all(|fault| !format!("{fault:?}").contains("s3cret")), "{shown:?}");
    }

    #[test]
    fn what_is_asked_is_whole() {
        let http = |inquiry: Inquiry| check_inquiry(ConnectionKind::Http, &inquiry).len();
        assert_eq!(http(Inquiry::default()), 0);
        assert_eq!(http(Inquiry { parameters: [("token".into(), "x".into())].into(), ..Inquiry::default() }), 1);
        assert_eq!(http(Inquiry { body: "{}".into(), ..Inquiry::default() }), 1);
        let header = |value: &str| {
            http(Inquiry { headers: [("X-Forward".into(), value.to_owned())].into(), ..Inquiry::default() })
        };
        assert_eq!((header("Bearer s3cret"), header("Bearer ${token}"), header("two words")), (1, 0, 0));
        let posted = |body: &str| http(Inquiry { body: body.into(), method: Method::Post, ..Inquiry::default() });
        assert_eq!(posted("user=ann&password=s3cret"), 1);
        assert_eq!(posted(r#"{"query": {"login": [{"api_key": "s3cret"}]}}"#), 1);
        assert_eq!(posted("user=ann&password=${password}&q=a"), 0);
        assert_eq!(posted(r#"{"query": "token=1", "size": 5, "key": 7}"#), 0);
        let database = |table: &str, query: &str| {
            let inquiry = Inquiry { table: table.into(), query: query.into(), ..Inquiry::default() };
            check_inquiry(ConnectionKind::Postgresql, &inquiry).len()
        };
        assert_eq!((database("", ""), database("a", "select 1"), database("a.b.c", "")), (1, 1, 1));
        assert_eq!((database("a.\"b.c\"", ""), database("\"b.c", "")), (0, 1));
        assert_eq!((database("a.b", ""), database("", "select ${x}"), database("", "select '${x}'")), (0, 0, 1));
    }
}
