//! Splits a request line, a list of forwarded addresses, a host with port. Imports nothing.

use std::net::{IpAddr, Ipv6Addr};

/// `(method, path, http_version)` of `GET /path HTTP/1.1`; also of `GET /path`, as HTTP/0.9 has it. `None` where the
/// text is no request line. The path may hold blanks (clients send them), so the version is what follows the last.
pub fn split_request(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let space = text.bytes().position(|byte| !is_token(byte))?;
    if space == 0 || space > 32 || text.as_bytes()[space] != b' ' {
        return None;
    }
    let (method, rest) = (text.get(..space)?, text.get(space + 1..)?);
    let tail = rest.len().checked_sub(9).map(|at| (at, &rest.as_bytes()[at..]));
    if let Some((at, [b' ', b'H', b'T', b'T', b'P', b'/', major, b'.', minor])) = tail
        && major.is_ascii_digit()
        && minor.is_ascii_digit()
        && at > 0
    {
        return Some((method, rest.get(..at)?, rest.get(at + 6..)));
    }
    if let Some((path, protocol)) = rest.rsplit_once(' ')
        && let Some((name, version)) = protocol.split_once('/')
        && !path.is_empty()
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_uppercase())
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return Some((method, path, Some(version)));
    }
    let is_simple = method.bytes().all(|byte| byte.is_ascii_uppercase()) && rest.starts_with('/');
    is_simple.then_some((method, rest, None))
}

/// Characters of a method (RFC 9110 `token`).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The client in a list that proxies made (`X-Forwarded-For`): the first public address, else the first entry.
/// `None` where the text is no such list.
pub fn first_client(text: &str) -> Option<&str> {
    if !text.contains(',') && !text.starts_with('"') {
        return None;
    }
    let mut entries = text.split([' ', ',', '"']).filter(|entry| !entry.is_empty());
    let first = entries.clone().next()?;
    let is_plain = |entry: &str| {
        entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-' | b'_' | b'%'))
    };
    if !entries.clone().all(is_plain) {
        return None;
    }
    Some(entries.find(|entry| entry.parse::<IpAddr>().is_ok_and(is_public)).unwrap_or(first))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => {
            let local = matches!(v6.segments()[0] & 0xfe00, 0xfc00) || v6.segments()[0] & 0xffc0 == 0xfe80;
            !(v6.is_loopback() || v6.is_unspecified() || local)
        }
    }
}

/// `example.com:80` as name and port; the port only where the rest is no IPv6 address.
pub fn split_port(text: &str) -> (&str, Option<i64>) {
    let split = text.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']'));
    match split.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
        Some((host, port)) if !host.is_empty() => (host, Some(i64::from(port))),
        _ => (text, None),
    }
}

/// The same where a port is always there, behind an IPv6 address without brackets too: `2001:db8::1:80`.
pub fn split_last_port(text: &str) -> (&str, Option<i64>) {
    let bare = text.rsplit_once(':').filter(|(host, _)| host.contains(':') && host.parse::<Ipv6Addr>().is_ok());
    match bare.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
        Some((host, port)) => (host, Some(i64::from(port))),
        None => split_port(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines() {
        for (text, expected) in [
            ("GET / HTTP/1.1", Some(("GET", "/", Some("1.1")))),
            ("GET /a b HTTP/1.0", Some(("GET", "/a b", Some("1.0")))),
            ("GET /uno dos", Some(("GET", "/uno dos", None))),
            ("GET /x HTTP/2", Some(("GET", "/x", Some("2")))),
            ("GET /x HTTPS/1.0", Some(("GET", "/x", Some("1.0")))),
            ("PRI * HTTP/2.0", Some(("PRI", "*", Some("2.0")))),
            ("CONNECT a.example:443 HTTP/1.1", Some(("CONNECT", "a.example:443", Some("1.1")))),
            ("M-SEARCH * HTTP/1.1", Some(("M-SEARCH", "*", Some("1.1")))),
            ("GET  HTTP/1.1", None),
            ("GET HTTP/1.1", None),
            ("hello", None),
            ("hello world", None),
            ("", None),
            (" ", None),
            ("\u{16}\u{3}\u{1}", None),
            ("GÉT / HTTP/1.1", None),
        ] {
            assert_eq!(split_request(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_client_of_a_list_is_its_first_public_address() {
        assert_eq!(first_client("10.0.0.2, 10.0.0.1, 81.2.69.143"), Some("81.2.69.143"));
        assert_eq!(first_client("10.0.0.2, 10.0.0.1, 127.0.0.1"), Some("10.0.0.2"));
        assert_eq!(first_client("\"10.5.102.222, 175.16.199.1, 204.246.1.1\" 10.2.1.185"), Some("175.16.199.1"));
        assert_eq!(first_client("localhost, localhost"), Some("localhost"));
        assert_eq!(first_client("2a02:cf40::8000, 10.225.192.17 10.2.2.121"), Some("2a02:cf40::8000"));
        assert_eq!(first_client("some other text"), None);
        assert_eq!(first_client("a, [b"), None);
    }

    #[test]
    fn hosts_with_ports() {
        assert_eq!(split_port("example.com:80"), ("example.com", Some(80)));
        assert_eq!(split_port("example.com"), ("example.com", None));
        assert_eq!(split_port("[::1]:8080"), ("[::1]", Some(8080)));
        assert_eq!(split_port("::1"), ("::1", None));
        assert_eq!(split_port("a:99999"), ("a:99999", None));
        assert_eq!(split_last_port("2001:db8::9:443"), ("2001:db8::9", Some(443)));
        assert_eq!(split_last_port("[::1]:8080"), ("[::1]", Some(8080)));
        assert_eq!(split_last_port("192.0.2.7:80"), ("192.0.2.7", Some(80)));
        assert_eq!(split_last_port("192.0.2.7"), ("192.0.2.7", None));
        assert_eq!(split_last_port("::1"), ("::1", None));
    }
}
