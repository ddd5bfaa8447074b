//! Evidence in values: what the values of a concept look like. Imports data and expr only.

use std::net::IpAddr;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::data::Value;

/// What values of a concept look like.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueEvidence {
    /// Texts that match.
    Regex(Pattern),
    /// Numbers from, to.
    Range([f64; 2]),
    /// One of these texts.
    OneOf(Vec<String>),
    Check(NamedCheck),
}

/// A regular expression, kept compiled.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    pub fn new(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| error.to_string())
    }

    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pattern::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Checks that a regular expression would make hard to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedCheck {
    /// IPv4 or IPv6.
    IpAddress,
    /// An address with a prefix length.
    Network,
    HostName,
    /// With a scheme, or `//`.
    Url,
    /// Begins with `/`.
    UrlPath,
    Email,
    UserAgent,
    /// Digits, or letters and digits mixed, or a UUID: nothing that reads as words.
    OpaqueId,
    /// One word, or words joined by `_`, `-`, `.`, `/` or `:`.
    Name,
    /// One word or a few, without digits and the signs of paths and addresses: it may be anybody's.
    PersonName,
    /// Several words.
    Sentence,
    /// `1.2.3`, `v7`, `2026.03-rc1`.
    Version,
    /// A number of a card: an issuer's beginning and length, and a check digit that is right (Luhn).
    CardNumber,
    /// With the sign of a country, or in the groups of North America: other numbers have as many digits.
    PhoneNumber,
    /// Latitude and longitude, as exact as a place of a person is.
    Coordinates,
}

impl ValueEvidence {
    /// Whether a value that is not null looks so.
    pub fn fits(&self, value: &Value) -> bool {
        match self {
            ValueEvidence::Range([low, high]) => {
                let number = match value {
                    Value::Int(number) => *number as f64,
                    Value::Float(number) => *number,
                    Value::Duration(micros) => *micros as f64 / 1e6,
                    Value::String(text) => match text.trim().parse() {
                        Ok(number) => number,
                        Err(_) => return false,
                    },
                    _ => return false,
                };
                (*low..=*high).contains(&number)
            }
            _ => text_of(value).is_some_and(|text| self.fits_text(&text)),
        }
    }

    fn fits_text(&self, text: &str) -> bool {
        match self {
            ValueEvidence::Regex(pattern) => pattern.matches(text),
            ValueEvidence::Range(_) => false,
            ValueEvidence::OneOf(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            ValueEvidence::Check(check) => check.fits(text),
        }
    }

    /// In words, for a reason: `numbers from 100 to 599`.
    pub fn describe(&self) -> String {
        match self {
            ValueEvidence::Regex(_) => "the form that is usual".into(),
            ValueEvidence::Range([low, high]) => format!("numbers from {low} to {high}"),
            ValueEvidence::OneOf(words) => {
                format!("words such as {}", words.iter().take(3).cloned().collect::<Vec<_>>().join(", "))
            }
            ValueEvidence::Check(check) => check.describe().into(),
        }
    }
}

/// Text, and numbers as written.
pub(in crate::planner) fn text_of(value: &Value) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Int(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// As what well-known programs of Erlang run.
const NODES: [&str; 9] = ["couchdb", "ejabberd", "emqx", "mongooseim", "ns_1", "rabbit", "rabbitmq", "riak", "vernemq"];

impl NamedCheck {
    pub fn fits(self, text: &str) -> bool {
        match self {
            NamedCheck::IpAddress => text.parse::<IpAddr>().is_ok(),
            NamedCheck::Network => text
                .split_once('/')
                .is_some_and(|(address, bits)| address.parse::<IpAddr>().is_ok() && bits.parse::<u8>().is_ok()),
            NamedCheck::HostName => {
                text.len() <= 253
                    && text.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c))
                    && text.parse::<f64>().is_err()
            }
            NamedCheck::Url => {
                let scheme = text.split_once("://").map(|(scheme, _)| scheme);
                scheme.is_some_and(|scheme| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric()))
                    || text.starts_with("//")
            }
            NamedCheck::UrlPath => text.starts_with('/') || text == "*",
            NamedCheck::Email => text.split_once('@').is_some_and(|(name, host)| {
                // `git@github.com:a/b.git` is a place, and `chacha20-poly1305@openssh.com` a cipher.
                let is_host = host.chars().all(|c| c.is_alphanumeric() || "-._[]".contains(c));
                let is_cipher = ["openssh.com", "libssh.org", "lysator.liu.se"].contains(&host);
                let is_name =
                    !name.is_empty() && !name.contains([':', '/', '|']) && !text.contains(char::is_whitespace);
                // Programs of Erlang call themselves `rabbit@mq-1.example` and `app@10.0.0.7`.
                let is_node = NODES.contains(&name) || host.parse::<IpAddr>().is_ok();
                is_name && is_host && host.contains('.') && !host.ends_with('.') && !is_cipher && !is_node
            }),
            NamedCheck::UserAgent => {
                const BEGINNINGS: [&str; 8] =
                    ["Mozilla/", "curl/", "Wget", "python", "Opera/", "Go-http", "okhttp", "Java/"];
                BEGINNINGS.iter().any(|start| text.starts_with(start))
                    || text.split_once('/').is_some_and(|(name, version)| {
                        !name.is_empty()
                            && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_. ".contains(c))
                            && version.starts_with(|c: char| c.is_ascii_digit())
                    })
            }
            NamedCheck::OpaqueId => {
                let is_closed = !text.is_empty() && text.len() <= 128 && !text.contains(char::is_whitespace);
                is_closed && text.chars().any(|c| c.is_ascii_digit()) && text.parse::<IpAddr>().is_err()
            }
            NamedCheck::Name => {
                !text.is_empty()
                    && text.len() <= 80
                    && text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                    && text.chars().all(|c| c.is_alphanumeric() || "_-./:".contains(c))
            }
            NamedCheck::PersonName => {
                (2..=80).contains(&text.chars().count())
                    && !text.contains(|c: char| c.is_ascii_digit() || "/\\@:_".contains(c))
            }
            NamedCheck::Sentence => text.trim().contains(char::is_whitespace),
            NamedCheck::Version => {
                let digits = text.trim_start_matches(['v', 'V', 'r']);
                digits.starts_with(|c: char| c.is_ascii_digit()) && text.len() <= 60 && text.parse::<IpAddr>().is_err()
            }
            NamedCheck::CardNumber => is_card_number(text),
            NamedCheck::PhoneNumber => is_phone_number(text),
            NamedCheck::Coordinates => are_coordinates(text),
        }
    }

    fn describe(self) -> &'static str {
        match self {
            NamedCheck::IpAddress => "IP addresses",
            NamedCheck::Network => "networks",
            NamedCheck::HostName => "host names",
            NamedCheck::Url => "web addresses",
            NamedCheck::UrlPath => "paths that begin with /",
            NamedCheck::Email => "e-mail addresses",
            NamedCheck::UserAgent => "names of browsers and programs",
            NamedCheck::OpaqueId => "ids",
            NamedCheck::Name => "single names",
            NamedCheck::PersonName => "such as names of people",
            NamedCheck::Sentence => "sentences",
            NamedCheck::Version => "version numbers",
            NamedCheck::CardNumber => "card numbers with a right check digit",
            NamedCheck::PhoneNumber => "phone numbers",
            NamedCheck::Coordinates => "pairs of latitude and longitude",
        }
    }
}

/// A number that an issuer of cards gives out (ISO/IEC 7812-1), as it is written or embossed: one in ten numbers of
/// as many digits has a right check digit by chance, and clouds number their accounts and objects with as many.
fn is_card_number(text: &str) -> bool {
    let groups: Vec<usize> = text.split([' ', '-']).map(str::len).collect();
    let digits: Vec<u32> = text.chars().filter(|c| !matches!(c, ' ' | '-')).map_while(|c| c.to_digit(10)).collect();
    let is_whole = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    let is_grouped = matches!(groups.as_slice(), [_] | [4, 4, 4, 1..=7] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 1..=3]);
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    is_whole && is_grouped && is_issued(&digits) && sum.is_multiple_of(10)
}

/// Whether a number has the beginning and the length that one of the issuers' numbers have.
fn is_issued(digits: &[u32]) -> bool {
    let first = |count: usize| digits.iter().take(count).fold(0, |sum, digit| sum * 10 + digit);
    let length = digits.len();
    match (first(1), first(2), first(3), first(4)) {
        (4, ..) => matches!(length, 13 | 16 | 19),
        (_, 51..=55, ..) | (.., 2221..=2720) => length == 16,
        (_, 34 | 37, ..) => length == 15,
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305, _) => length == 14,
        (_, 62 | 65, ..) | (_, _, 644..=649, _) | (.., 6011 | 3528..=3589) => (16..=19).contains(&length),
        (.., 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763) => (13..=19).contains(&length),
        _ => false,
    }
}

/// A number as it is dialled from abroad (E.164: a plus and 8 to 15 digits), or `(212) 555-0123` and `212-555-0123`.
fn is_phone_number(text: &str) -> bool {
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if let Some(rest) = text.strip_prefix('+') {
        let is_written_so = rest.chars().all(|c| c.is_ascii_digit() || " -./()".contains(c));
        return is_written_so && rest.starts_with(|c: char| ('1'..='9').contains(&c)) && (8..=15).contains(&digits);
    }
    let groups: Vec<&str> = text.split([' ', '-', '.', '(', ')']).filter(|group| !group.is_empty()).collect();
    let is_grouped = matches!(groups[..], [area, office, line]
        if [area.len(), office.len(), line.len()] == [3, 3, 4] && !area.starts_with(['0', '1']) && !office.starts_with(['0', '1']));
    is_grouped && digits == 10
}

/// Two numbers in the ranges of latitude and longitude, with three digits behind the point: some hundred metres.
fn are_coordinates(text: &str) -> bool {
    let Some((latitude, longitude)) = text.split_once([',', ';']) else { return false };
    let is_within = |text: &str, most: f64| {
        let text = text.trim();
        let is_exact = text.split_once('.').is_some_and(|(_, digits)| digits.len() >= 3);
        is_exact && text.parse::<f64>().is_ok_and(|number| number.abs() <= most)
    };
    is_within(latitude, 90.0) && is_within(longitude, 180.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_tell_values_apart() {
        for (check, yes, no) in [
            (NamedCheck::IpAddress, "2001:db8::1", "10.0.0"),
            (NamedCheck::Network, "10.0.0.0/24", "10.0.0.0"),
            (NamedCheck::HostName, "web-1.example", "GET /"),
            (NamedCheck::Url, "https://shop.example/", "/cart"),
            (NamedCheck::UrlPath, "/cart?id=7", "cart"),
            (NamedCheck::Email, "ann@example.org", "ann@localhost"),
            (NamedCheck::UserAgent, "UptimeCheck/2.1 (+x)", "hello there"),
            (NamedCheck::OpaqueId, "88e4303e2219fdbe", "payment failed"),
            (NamedCheck::Name, "payment_failed", "payment failed"),
            (NamedCheck::PersonName, "Ann-Marie O’Neil", "rtlong/digiusb.rb"),
            (NamedCheck::Sentence, "payment failed", "payment_failed"),
            (NamedCheck::Version, "5.2.1, hotfix", "latest"),
            (NamedCheck::CardNumber, "4242 4242 4242 4242", "4242 4242 4242 4241"),
            (NamedCheck::PhoneNumber, "+43 (660) 123-4567", "20260302"),
            (NamedCheck::PhoneNumber, "(212) 555-0123", "555-0123"),
            (NamedCheck::PhoneNumber, "212.555.0123", "2125550123"),
            (NamedCheck::PhoneNumber, "tel:+4366012345678", "+0100"),
            (NamedCheck::Coordinates, "48.2082, 16.3738", "48.2, 16.3"),
            (NamedCheck::Coordinates, "-33.8688;151.2093", "148.2082,16.3738"),
            (NamedCheck::Coordinates, "0.001,-0.001", "1.234"),
        ] {
            assert!(check.fits(yes), "{check:?} {yes}");
            assert!(!check.fits(no), "{check:?} {no}");
        }
        for no in ["rabbit@mq-1.example.org", "app@10.0.0.7"] {
            assert!(!NamedCheck::Email.fits(no), "{no}");
        }
        for no in ["git@github.com:a/b.git", "umac-64-etm@openssh.com", "i:0h.f|membership|1003@live.com"] {
            assert!(!NamedCheck::Email.fits(no), "{no}");
        }
        let is_card = |text: &str| NamedCheck::CardNumber.fits(text);
        for yes in
            ["4242424242424242", "378282246310005", "5555-5555-5555-4444", "3782 822463 10005", "2223003122003222"]
        {
            assert!(is_card(yes), "{yes}");
        }
        // A right check digit, but nobody's beginning, length or groups.
        for no in ["1234567812345670", "9999999999999995", "42424242424242", "4242 42 42424242 42", "0000000000000000"]
        {
            assert!(!is_card(no), "{no}");
        }
        assert!(ValueEvidence::Range([100.0, 599.0]).fits(&Value::text("404")));
        assert!(!ValueEvidence::Range([100.0, 599.0]).fits(&Value::Int(42)));
    }
}
