//! Hiding what is personal: hashes, keyed hashes, masks.
//! Must not import any room but `data`.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::super::patterns::with_regex;
use super::ArgType::{Int, String as Text};
use super::arguments::{int_or, some_text, string, text_at, value_or_null};
use super::{Function, example, scalar};

/// What free text may hold of people, in the order in which it is replaced.
pub const REDACTED: [(&str, &str); 3] = [
    (r"[\w.%+-]+@[\w-]+(\.[\w-]+)+", "<email>"),
    (r"\b\d{1,3}(\.\d{1,3}){3}\b", "<ip>"),
    (r"\b\d([ -]?\d){12,18}\b", "<number>"),
];

/// Free text with others in the place of what it holds of people: `stand_in` is given the word of `REDACTED`, and what
/// was found. `None`: nothing can be told of the text.
pub fn with_stand_ins(text: &str, stand_in: &mut dyn FnMut(&str, &str) -> String) -> Option<String> {
    let mut text = text.to_owned();
    for (pattern, word) in REDACTED {
        text = with_regex(pattern, |regex| {
            regex.replace_all(&text, |found: &regex::Captures| stand_in(word, &found[0])).into_owned()
        })?;
    }
    Some(text)
}

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "privacy",
        "hash(text) → String",
        "SHA-256 of the UTF-8 text, as 64 hexadecimal digits. Short texts can be guessed: `hmac` is safer.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(hexadecimal(&Sha256::digest(text_at(a, 0)?.as_bytes())))),
        &[
            example("left(hash('jane'), 8)", "'81f8f6dd'"),
            example("length(hash(''))", "64"),
            example("hash(null)", "null"),
        ],
    ),
    scalar(
        "privacy",
        "hmac(text, key) → String",
        "The same text gives the same 64 hexadecimal digits, but only with the same key (HMAC-SHA-256).",
        &[Text, Text],
        string,
        |a| {
            value_or_null(|| {
                let mut mac = Hmac::<Sha256>::new_from_slice(text_at(a, 1)?.as_bytes()).ok()?;
                mac.update(text_at(a, 0)?.as_bytes());
                some_text(hexadecimal(&mac.finalize().into_bytes()))
            })
        },
        &[example("left(hmac('what do ya want for nothing?', 'Jefe'), 16)", "'5bdcc146bf60754e'")],
    )
    .secret(&[1]),
    scalar(
        "privacy",
        "mask(text[, keep]) → String",
        "Stars in place of all characters but the last `keep` (0 if left out).",
        &[Text, Int],
        string,
        |a| {
            value_or_null(|| {
                let (text, keep) = (text_at(a, 0)?, int_or(a, 1, 0)?.max(0) as usize);
                let hidden = text.chars().count().saturating_sub(keep);
                some_text(
                    text.chars().enumerate().map(|(index, c)| if index < hidden { '*' } else { c }).collect::<String>(),
                )
            })
        },
        &[example("mask('4111111111111111', 4)", "'************1111'"), example("mask('jane')", "'****'")],
    )
    .least(1),
    scalar(
        "privacy",
        "mask_email(text) → String",
        "The first character and the domain stay; what is no address is masked whole.",
        &[Text],
        string,
        |a| {
            value_or_null(|| {
                let text = text_at(a, 0)?;
                some_text(match text.rsplit_once('@') {
                    Some((name, domain)) if !name.is_empty() => {
                        format!("{}***@{domain}", name.chars().next().unwrap_or('*'))
                    }
                    _ => "*".repeat(text.chars().count()),
                })
            })
        },
        &[example("mask_email('jane.doe@example.com')", "'j***@example.com'"), example("mask_email('jane')", "'****'")],
    ),
    scalar(
        "privacy",
        "mask_ip(address) → String",
        "The address with its last part cleared: 8 bits of IPv4, 80 of IPv6; null where it is none.",
        &[Text],
        string,
        |a| {
            value_or_null(|| {
                let address = super::addresses::address(text_at(a, 0)?)?;
                some_text(super::addresses::network(address, if address.is_ipv4() { 24 } else { 48 })?.to_string())
            })
        },
        &[example("mask_ip('203.0.113.77')", "'203.0.113.0'"), example("mask_ip('2001:db8:1:2::3')", "'2001:db8:1::'")],
    ),
    scalar(
        "text",
        "message_template(text) → String",
        "A message with `<n>`, `<ip>`, `<time>`, `<uuid>`, `<hex>` or `<text>` in place of what varies: numbers, IPv4 \
         addresses with their port, times as logs write them, UUIDs, long hexadecimal numbers and texts in double quotes.",
        &[Text],
        string,
        |a| {
            value_or_null(|| {
                let mut text = text_at(a, 0)?.to_owned();
                for (pattern, word) in VARYING {
                    text = with_regex(pattern, |regex| regex.replace_all(&text, word).into_owned())?;
                }
                some_text(text)
            })
        },
        &[
            example("message_template('order 17 took 35.5 ms')", "'order <n> took <n> ms'"),
            example(
                "message_template('10.0.0.7:443 asked \"a b\" at 2026-03-02T10:00:00Z')",
                "'<ip> asked <text> at <time>'",
            ),
            example("message_template('trace 9f1b2c3d4e5f6a7b of job7')", "'trace <hex> of job<n>'"),
            example(
                "message_template('blk_-4046472716157313 since Sun Jul 17 09:44:07 2005')",
                "'blk_<n> since <time>'",
            ),
        ],
    ),
    scalar(
        "privacy",
        "redact(text) → String",
        "Free text with `<email>`, `<ip>` and `<number>` in place of e-mail addresses, IPv4 addresses and card numbers.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(with_stand_ins(text_at(a, 0)?, &mut |word, _| word.to_owned())?)),
        &[example(
            "redact('login jane@example.com from 10.0.0.7 card 4111 1111 1111 1111')",
            "'login <email> from <ip> card <number>'",
        )],
    ),
];

/// What varies in messages, in the order in which it is replaced. Also said in other dialects, so nothing that RE2 lacks.
pub const VARYING: [(&str, &str); 11] = [
    ("\"[^\"]*\"", "<text>"),
    (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", "<uuid>"),
    (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?", "<time>"),
    // Sun Jul 17 09:44:07 2005; 22/Jun/2021:12:03:08 +0200
    (
        r"\b((Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +)?((Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +[0-9]{1,2}|[0-9]{1,2}[/ -](Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[/ -][0-9]{4})[ :][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?( [A-Z]{3,4}\b)?( [0-9]{4}\b)?( [+-][0-9]{4}\b)?",
        "<time>",
    ),
    (r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(:[0-9]+)?\b", "<ip>"),
    // Before hexadecimal ones: many digits alone are a number.
    (r"\b[0-9]+(\.[0-9]+)?\b", "<n>"),
    (r"\b(0x[0-9a-fA-F]+|[0-9a-fA-F]{12,})\b", "<hex>"),
    (r"[0-9]+(\.[0-9]+)?", "<n>"),
    // A sign belongs to its number.
    ("_-<n>", "_<n>"),
    ("=-<n>", "=<n>"),
    (" -<n>", " <n>"),
];

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
