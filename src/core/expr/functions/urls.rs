//! Parts of URLs, absolute (`https://host/path`) or as logs have them (`/path?query`). RFC 3986.
//! Must not import any room but `data`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::ArgType::String as Text;
use super::arguments::{int, some_text, string, text_at, value_or_null};
use super::{Function, example, scalar};
use crate::data::Value;

/// RFC 3986, 2.3: these stay as they are.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "urls",
        "url_scheme(url) → String",
        "The scheme in small letters; null where there is none.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(Url::of(text_at(a, 0)?).scheme?.to_ascii_lowercase())),
        &[example("url_scheme('HTTPS://shop.example/')", "'https'"), example("url_scheme('/path')", "null")],
    ),
    scalar(
        "urls",
        "url_host(url) → String",
        "The host in small letters, without port; null where there is none.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(Url::of(text_at(a, 0)?).host?.to_ascii_lowercase())),
        &[
            example("url_host('https://user@Shop.example:8080/a?b=c')", "'shop.example'"),
            example("url_host('//a@b@HÀ:1:2/')", "'hÀ'"),
            example("url_host(' http://[::1]:5/')", "'::1'"),
            example("url_host('http://[::1')", "'::1'"),
            example("url_host('/path')", "null"),
        ],
    ),
    scalar(
        "urls",
        "url_port(url) → Int",
        "The port, where one is written.",
        &[Text],
        int,
        |a| value_or_null(|| Url::of(text_at(a, 0)?).port?.parse::<u16>().ok().map(|port| Value::Int(port.into()))),
        &[
            example("url_port('http://localhost:8080/')", "8080"),
            example("url_port('http://[::1]:+080')", "80"),
            example("url_port('http://h:8a/')", "null"),
            example("url_port('http://h:80:90/')", "null"),
            example("url_port('http://h:65536/')", "null"),
            example("url_port('http://localhost/')", "null"),
        ],
    ),
    scalar(
        "urls",
        "url_path(url) → String",
        "The path, without query and fragment.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(Url::of(text_at(a, 0)?).path)),
        &[
            example("url_path('https://shop.example/cart/7?x=1#top')", "'/cart/7'"),
            example("url_path('/search?q=a')", "'/search'"),
            example("url_path('\t')", "''"),
        ],
    ),
    scalar(
        "urls",
        "url_query(url) → String",
        "What stands after `?`; null where nothing does.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(Url::of(text_at(a, 0)?).query?)),
        &[example("url_query('/search?q=a&page=2')", "'q=a&page=2'"), example("url_query('/search')", "null")],
    ),
    scalar(
        "urls",
        "url_fragment(url) → String",
        "What stands after `#`; null where nothing does.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(Url::of(text_at(a, 0)?).fragment?)),
        &[example("url_fragment('/page#top')", "'top'")],
    ),
    scalar(
        "urls",
        "url_param(url, name) → String",
        "The first value of that name in the query, decoded; null where there is none.",
        &[Text, Text],
        string,
        |a| {
            value_or_null(|| {
                let name = text_at(a, 1)?;
                let pairs = Url::of(text_at(a, 0)?).query?.split('&');
                let (_, value) = pairs
                    .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                    .find(|(key, _)| form_decoded(key) == name)?;
                some_text(form_decoded(value))
            })
        },
        &[
            example("url_param('/search?q=red+shoes&page=2', 'q')", "'red shoes'"),
            example("url_param('/search?q=%C3%BC', 'q')", "'ü'"),
            example("url_param('/search', 'q')", "null"),
        ],
    ),
    scalar(
        "urls",
        "url_decode(text) → String",
        "With `%20` and its like decoded; what is not UTF-8 then becomes �.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(percent_decode_str(text_at(a, 0)?).decode_utf8_lossy())),
        &[
            example("url_decode('a%20b%2Fc')", "'a b/c'"),
            example("url_decode('%C3%BC %C3% %ff%E2%82x %F0%9F%98%80%')", "'ü �% ��x 😀%'"),
        ],
    ),
    scalar(
        "urls",
        "url_encode(text) → String",
        "With all but letters, digits and `-._~` percent-encoded.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(utf8_percent_encode(text_at(a, 0)?, ENCODED).to_string())),
        &[example("url_encode('a b/ü')", "'a%20b%2F%C3%BC'")],
    ),
    scalar(
        "urls",
        "path_template(path) → String",
        "The path with numbers, UUIDs and long codes replaced by `{id}`, for grouping by endpoint; without query.",
        &[Text],
        string,
        |a| {
            value_or_null(|| {
                let path = Url::of(text_at(a, 0)?).path;
                some_text(
                    path.split('/')
                        .map(|segment| if is_id(segment) { "{id}" } else { segment })
                        .collect::<Vec<_>>()
                        .join("/"),
                )
            })
        },
        &[
            example("path_template('/users/42/posts/9f1b2c3d4e5f?x=1')", "'/users/{id}/posts/{id}'"),
            example("path_template('/api/v2/cart')", "'/api/v2/cart'"),
        ],
    ),
];

/// The parts of a URL, as written.
struct Url<'a> {
    scheme: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn of(text: &'a str) -> Url<'a> {
        // Blanks of ASCII, as every engine knows them.
        let text = text.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
        let (rest, fragment) = split(text, '#');
        let (rest, query) = split(rest, '?');
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        };
        let (scheme, rest) = match rest.split_once("://") {
            Some((scheme, _)) if is_scheme(scheme) => (Some(scheme), &rest[scheme.len() + 1..]),
            _ => (None, rest),
        };
        let Some(after) = rest.strip_prefix("//") else {
            return Url { scheme, host: None, port: None, path: rest, query, fragment };
        };
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = match address.strip_prefix('[') {
            // IPv6: the host is in brackets.
            Some(inner) => {
                let (host, after) = split(inner, ']');
                (host, after.and_then(|after| after.strip_prefix(':')))
            }
            None => split(address, ':'),
        };
        Url { scheme, host: Some(host).filter(|host| !host.is_empty()), port, path, query, fragment }
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// As forms encode: `+` is a space.
fn form_decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Numbers; UUIDs; eight and more hexadecimal digits, or twenty and more letters and digits, with a digit among them.
fn is_id(segment: &str) -> bool {
    let has_digit = segment.chars().any(|c| c.is_ascii_digit());
    let all = |test: fn(char) -> bool| segment.chars().all(test);
    has_digit
        && (all(|c| c.is_ascii_digit())
            || segment.len() >= 8 && all(|c| c.is_ascii_hexdigit() || c == '-')
            || segment.len() >= 20 && all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
}
