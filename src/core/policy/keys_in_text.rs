//! Names that a text gives to values, whatever its format: `password=…`, `"password": …`, `'password' : …`, and
//! `["password", …]` as lists of headers have them. For lines that no parser takes apart, or that hold more than it looks
//! at. Must not import formats.
//!
//! Some secrets have no name beside them and are known by their form: they are found as what they are (`password` of an
//! address, `bearer`, `jwt`). Others have it in a field of its own: `"name": "password", "value": "…"`.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::RegexSet;

use super::sensitivity::Sensitivities;
use crate::data::Classification;

/// The last word of fields that hold the name of something, whose value stands in a field of its own.
const NAMING: [&str; 14] = [
    "name",
    "key",
    "field",
    "header",
    "param",
    "parameter",
    "property",
    "attribute",
    "option",
    "setting",
    "variable",
    "var",
    "env",
    "k",
];
/// The last word of fields that hold what such a name is of.
const VALUES: [&str; 6] = ["value", "values", "val", "v", "content", "data"];

/// Tokens that tell by their form what they are, with the name of what they hold.
const FORMS: [(&str, &str); 12] = [
    ("jwt", r"\beyJ[\w-]{7,}\.[\w-]{8,}\.[\w-]{8,}"),
    // Given to programs on their command line.
    ("password", r"(?u)\b(?:mysql\w*|mariadb[\w-]*)\b[^|;\n]*?\s-p[^\s-]\S*"),
    ("password", r"(?u)\b(?:sshpass|docker login)\b[^|;\n]*?\s-p ?\S|\bpass:\S|(?i:\bnet use\b[^|;\n]*?/user:\S+ +\S)"),
    ("password", r"(?u)\bcurl\b[^|;\n]*?\s(?:-u ?|--user[ =])[^\s:/]+:[^\s/]"),
    // Addresses that let in whoever has them.
    ("token", r"hooks\.slack\.com/services/\w+/\w+/\w+|[?&]sig=[\w%+/-]{20,}"),
    ("password", r"(?u)\bjdbc:oracle:\w+:[^\s/]+/[^\s@]+@|\b[A-Z][A-Z0-9_]*_(?:PASS|PWD|PW) ?= ?\S"),
    // What sentences and commands say, where something follows that is no word.
    (
        "password",
        r"(?ui)\b(?:identified by|mot de passe ?:|contraseña ?:|пароль ?:|snmp\S* community) ?'?\S|\bcookie: ?[^\s=;]+=\S|\bpin(?: code)? ?[:=] ?\d{4,8}\b",
    ),
    (
        "password",
        r"(?ui)\b(?:pass(?:word|phrase|code)? (?:is|was) |token |private key |auth |pass )\S*(?:[a-z]\d|\d[a-z])\S{3}",
    ),
    // What looks like chance, close behind a word for something secret, in any sentence.
    (
        "password",
        r#"(?i:\b(?:pw|pwd|passwor[dt]|passwd|pass(?:phrase|code)|secret(?:_\w+)?|(?:\w+_)?token|(?:aws_|client_)?secret|api[ _-]?key|licen[sc]e key|(?:verification|recovery|one-time|security|your) code|otp|cvv|seed phrase|hmac|psk|cred(?:ential)?s|kinit|redis-cli|auth plain|geheim|kennwort|wachtwoord|senha)\b(?:[ "'(:=]|\b(?:is|was|for|to|from|changed|set|user|u|admin)\b|-[a-z]\b){1,8})[\w+=-]{4,}(?:[A-Za-z]\d|\d[A-Za-z])[\w+=-]{6,}|(?:パスワード|暗証番号|密码|密碼|비밀번호|пароль|hasło|şifre) ?(?::|=|：) ?[!-~]{4}"#,
    ),
    ("access_key", r"\b(?:AKIA|ASIA|AROA)[A-Z0-9]{16}\b"),
    ("api_key", r"\b(?:AIza[\w-]{35}|(?:sk|rk)_live_\w{16,}|sk-(?:\w+-)?\w{32,}|SG\.[\w-]{16,}\.[\w-]{16,})"),
    (
        "token",
        r"\b(?:gh[opusr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|npm_\w{30,}|pypi-[\w-]{30,}|hf_\w{30,}|shp[a-z]{2}_\w{24,}|ya29\.[\w-]{20,})",
    ),
];
/// All of them, looked for at once.
static TOKENS: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(FORMS.map(|(_, form)| format!("(?-u){form}"))).ok());

/// The words of a text that `=`, `:`, `|`, `->` or a text in quotes follows, and names of elements, without their quotes; after quotes also those before a comma; and the
/// words that `…Label=` gives as the name of another pair's value. Letters that are written as `\u0061` are seen where
/// the text comes from `plain`.
pub fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    let marked = marked_in(text).flat_map(|(key, after)| {
        let label = key.ends_with("Label").then(|| word_at(after.trim_start_matches(['"', '\'', '\\', ' '])));
        std::iter::once(key).chain(label.filter(|word| !word.is_empty()))
    });
    let elements = text.match_indices('<').map(|(at, _)| word_at(&text[at + 1..])).filter(|word| !word.is_empty());
    marked.chain(options_in(text)).chain(elements).chain(named_in(text)).chain(known_by_form(text))
}

/// Whether a field holds the name of what stands in a field of its own: `name`, `headerName`.
pub fn is_naming(field: &str) -> bool {
    ends_with_one(field, &NAMING)
}

/// Whether a field holds what another one names: `value`.
pub fn is_named(field: &str) -> bool {
    ends_with_one(field, &VALUES)
}

/// Whether the last word of a name is one of these: `headerName` ends with `name`, `rename` does not.
fn ends_with_one(field: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        let Some((before, last)) = field.len().checked_sub(word.len()).and_then(|at| field.split_at_checked(at)) else {
            return false;
        };
        let is_apart =
            |sign: char| !sign.is_alphanumeric() || sign.is_lowercase() && last.starts_with(char::is_uppercase);
        last.eq_ignore_ascii_case(word) && before.chars().next_back().is_none_or(is_apart)
    })
}

/// Names that a field of its own gives to the value of another: `name=password, value=…`, in either order.
fn named_in(text: &str) -> impl Iterator<Item = &str> {
    let elements = || {
        text.match_indices('<').filter_map(|(at, _)| {
            let word = word_at(&text[at + 1..]);
            Some((word, text[at + 1 + word.len()..].strip_prefix('>')?))
        })
    };
    let has_value = marked_in(text).chain(elements()).any(|(key, _)| is_named(key));
    let pairs = has_value.then(|| marked_in(text).chain(elements())).into_iter().flatten();
    pairs.filter(|(key, _)| is_naming(key)).map(|(_, after)| given_in(after)).filter(|name| !name.is_empty())
}

/// What a text begins with: a text in quotes, else a word.
fn given_in(text: &str) -> &str {
    let text = text.trim_start();
    let inside = text.trim_start_matches('\\');
    match inside.strip_prefix(['"', '\'']) {
        Some(quoted) => &quoted[..quoted.find(['"', '\'', '\\']).unwrap_or(quoted.len())],
        None => word_at(inside),
    }
}

/// Whether a text names something secret, which it then holds as well.
pub fn names_secret(text: &str) -> bool {
    let sensitivities = Sensitivities::shipped();
    keys_in(&plain(text)).any(|key| sensitivities.of_name(key) == Some(Classification::Secret))
}

/// The names of options before a value: `--password hidden`.
fn options_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("--").map(|(at, mark)| word_at(&text[at + mark.len()..])).filter(|word| !word.is_empty())
}

/// What secrets without a name are: the password of `scheme://user:password@host`, what follows `Bearer`, a private key.
fn known_by_form(text: &str) -> impl Iterator<Item = &str> {
    /// Letters of the shortest token: what is shorter is a word of a sentence.
    const SHORTEST: usize = 16;
    let has_password = |(at, mark): (usize, &str)| {
        let rest = &text[at + mark.len()..];
        let authority =
            &rest[..rest.find(|sign: char| sign.is_whitespace() || "/?#\"'".contains(sign)).unwrap_or(rest.len())];
        authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).is_some_and(|(_, word)| !word.is_empty())
    };
    let is_token = |sign: char| sign.is_ascii_alphanumeric() || "-._~+/=".contains(sign);
    let has_token =
        |(at, mark): (usize, &str)| text[at + mark.len()..].chars().take_while(|c| is_token(*c)).count() >= SHORTEST;
    let password = text.match_indices("://").any(has_password).then_some("password");
    let bearer =
        ["Bearer ", "bearer "].into_iter().any(|mark| text.match_indices(mark).any(has_token)).then_some("bearer");
    let private_key = text.contains("PRIVATE KEY-----").then_some("private_key");
    let tokens = TOKENS.iter().flat_map(|forms| forms.matches(text)).map(|form| FORMS[form].0);
    password.into_iter().chain(bearer).chain(private_key).chain(tokens)
}

/// The word that a text begins with; empty where it begins with none.
fn word_at(text: &str) -> &str {
    &text[..text.find(|sign| !is_of_word(sign)).unwrap_or(text.len())]
}

/// Each word before a mark, with the text behind the mark.
fn marked_in(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_mark = |(_, sign): &(usize, char)| matches!(sign, '=' | ':' | ',' | '|' | '>' | '\'' | '"' | '\t');
    text.char_indices().filter(is_mark).filter_map(|(at, mark)| {
        let before = text[..at].trim_end_matches([' ', '\t']);
        if matches!(mark, '\'' | '"') && before.len() == at {
            return None;
        }
        let before = if mark == '>' { before.trim_end_matches('-').trim_end() } else { before };
        // Quotes may be escaped, as in JSON inside of JSON.
        let word = before.trim_end_matches(['"', '\'', '`', ']']).trim_end_matches('\\');
        if mark == ',' && word.len() == before.len() {
            return None;
        }
        let start = word.char_indices().rev().take_while(|(_, sign)| is_of_word(*sign)).last()?.0;
        let name = &word[start..];
        // What stands behind a mark of its own is a value: `"x": "y", …`.
        let ahead = word[..start].trim_end_matches(['"', '\'', '`', '\\', ' ']);
        if mark == ',' && ahead.ends_with([':', '=']) {
            return None;
        }
        // Other words stand before these as well: only those that mean one thing.
        if matches!(mark, '|' | '>' | '\'' | '"') && !Sensitivities::shipped().is_name(name) {
            return None;
        }
        Some((name, &text[at + mark.len_utf8()..]))
    })
}

/// A text with the letters that JSON (`\u0070`) and addresses (`%70`) may write by their number.
pub fn plain(text: &str) -> Cow<'_, str> {
    /// How such a letter begins, and how many hexadecimal digits follow.
    const ESCAPES: [(&str, usize); 2] = [("\\u", 4), ("%", 2)];
    let mut plain = Cow::Borrowed(text);
    for (mark, digits) in ESCAPES {
        if plain.contains(mark) {
            plain = Cow::Owned(with_letters(&plain, mark, digits));
        }
    }
    plain
}

fn with_letters(text: &str, mark: &str, digits: usize) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(mark) {
        let number = rest.get(at + mark.len()..at + mark.len() + digits);
        let letter = number.and_then(|number| u32::from_str_radix(number, 16).ok()).and_then(char::from_u32);
        let end = at + mark.len() + if letter.is_some() { digits } else { 0 };
        plain.push_str(&rest[..if letter.is_some() { at } else { end }]);
        plain.extend(letter);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '@')
}

#[cfg(test)]
mod tests {
    use super::{keys_in, names_secret, plain};

    #[test]
    fn words_that_name_a_value_are_found_in_any_form() {
        for text in [
            r#"{"id":2,"x":{"password":"s","y":"#,
            r#"{"id":2,password:"s"}"#,
            r#"{"id":2 "password" : "s"}"#,
            "{'password':'s'}",
            r#"{"a":"{\"password\":\"s\"}"}"#,
            "<34>1 host app [x@1 password=\"s\"] hello",
            "m{id=\"1\"} 1 # {password=\"s\"} 1",
            "GET /?a=1&password=s",
            "é password = s",
            r#"{"pass\u0077ord":"s","#,
            r#"{"a":"{\"\u0070assword\":\"s\"}"}"#,
            r#"["password", "s"]"#,
            "CEF:0|A|G|1|1|N|7|cs1Label=password cs1=s",
            "POST /login user[password]=s",
            "mysql --user u --password s",
            "connect to postgres://u:s@db/x",
            "GET /?a=1&pass%77ord=s",
            "password\ts",
            "<soap:Body><password>s</password>",
            "<password type=\"plain\">s",
            "password|s",
            "password -> s",
            "password 's'",
        ] {
            let text = &plain(text);
            assert!(keys_in(text).any(|key| key == "password"), "{text}: {:?}", keys_in(text).collect::<Vec<_>>());
        }
        assert_eq!(keys_in("12:30:05 user:a x::y =, b, c").collect::<Vec<_>>(), ["12", "30", "user", "x", "y"]);
        assert!(keys_in("sent Bearer abcdefghijklmnop").any(|key| key == "bearer"));
        assert!(keys_in("-----BEGIN RSA PRIVATE KEY-----").any(|key| key == "private_key"));
        for text in ["no Bearer token", "http://h:80/a@b", "ssh://git@h/x", "a -- b"] {
            assert!(!keys_in(text).any(|key| ["bearer", "password", ""].contains(&key)), "{text}");
        }
        assert_eq!(plain(r"a \u00e9 \ud800 \uzz \u"), r"a é \ud800 \uzz \u");
    }

    #[test]
    fn what_looks_like_chance_behind_a_word_for_something_secret_is_one() {
        let secret = "hT4k9QzLw2Rb7XyPq8Vd";
        for text in [
            "login ok pw=§",
            "SECRET_KEY_BASE: §",
            "csrf_token §",
            "id_token §",
            "apikey §",
            "api key §",
            "passphrase §",
            "secret was §",
            "wrong password (§)",
            "Password for u: §",
            "set password to §",
            "changed password from § to x",
            "env PASSWORD §",
            "geheim=§",
            "パスワード：§",
            "密码:§",
            "otp § for u",
            "verification code is §",
            "seed phrase §",
            "license key §",
            "hmac=§",
            "wifi psk §",
            "redis-cli -a §",
            "kinit -k §",
            "smtp auth plain §",
            "creds admin:§",
        ] {
            let text = format!("job 3 ran: {}", text.replace('§', secret));
            assert!(names_secret(&text), "{text}");
        }
        for text in [
            "password changed for user 12",
            "status code 200 for order o-10000028",
            "token expired for session 12345678901234",
            "secret rotation finished in 12ms",
            "GET /product/a1b2c3d4e5f6a7b8 200",
            "prompt_tokens=12 completion_tokens=44 model=gpt-4o-2024-08-06",
            "session token refreshed, request 7f3a9c1e2b4d5a6f",
            "hasło zmienione przez admina",
        ] {
            assert!(!names_secret(text), "{text}: {:?}", keys_in(text).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_name_in_a_field_of_its_own_names_the_value_beside_it() {
        for text in [
            r#"{"headers":[{"name":"Authorization","value":"Bearer abc"}]}"#,
            r#"{"kv":{"key":"password","value":"s"}}"#,
            r#"{"value":"s","key":"password"}"#,
            r#"{"name":"DB Password","value":"s"}"#,
            r#"{"a":"{\"name\":\"DB_PASSWORD\",\"value\":\"s\"}"}"#,
            r#"{"key":"password","value":{"stringValue":"s"}}"#,
            "name=api_key,value=s",
            "header_name: X-Api-Key header_value: s",
            r#"<add key="password" value="s"/>"#,
            "<name>password</name><value>s</value>",
        ] {
            assert!(names_secret(text), "{text}: {:?}", keys_in(text).collect::<Vec<_>>());
        }
        for text in [r#"{"name":"password"}"#, "key=token id=3", r#"{"name":"retries","value":3}"#] {
            assert!(!names_secret(text), "{text}");
        }
    }

    #[test]
    fn tokens_that_stand_alone_are_known_by_their_form() {
        let letters = "aB3".repeat(14);
        for text in [
            "sent eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl on".to_owned(),
            "AKIAIOSFODNN7EXAMPLE".to_owned(),
            format!("ghp_{letters}"),
            format!("xoxb-{letters}"),
            format!("sk_live_{letters}"),
            format!("glpat-{letters}"),
            "mysqldump -h db -uroot -phidden shop".to_owned(),
            "curl -s -u admin:hidden https://a.example/x".to_owned(),
            format!("posted to https://hooks.slack.com/services/T0/B0/{letters}"),
            format!("GET https://a.blob.example.com/x?sv=1&sig={letters}%3D"),
            "sshpass -p hidden ssh h".to_owned(),
            "docker login -u u -p hidden".to_owned(),
            "openssl -passin pass:hidden".to_owned(),
            r"net use x: \\h\s /user:u hidden".to_owned(),
            "jdbc:oracle:thin:u/hidden@h".to_owned(),
            "export DB_PASS=hidden".to_owned(),
            "create user u identified by 'hidden'".to_owned(),
            "mot de passe : hidden".to_owned(),
            "snmp community hidden".to_owned(),
            "pin: 4711".to_owned(),
            "password is a1b2c3".to_owned(),
            "AUTH a1b2c3".to_owned(),
            "PASS a1b2c3".to_owned(),
            "token a1b2c3 expired".to_owned(),
            "Cookie: session=a1b2c3".to_owned(),
        ] {
            assert!(names_secret(&text), "{text}");
        }
        for text in [
            "password is wrong",
            "the token expired after 3600s",
            "auth ok",
            "PASS 12 of 14",
            "pin: 7",
            "bypass: on",
            "eyJ.a.b",
            "AKIA is a prefix",
            "sk-learn and npm_config_registry",
            "1.2.3",
            "mysql -u root -p",
            "curl -u https://a.example/x",
        ] {
            assert!(!names_secret(text), "{text}");
        }
    }
}
