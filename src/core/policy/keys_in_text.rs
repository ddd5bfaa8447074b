//! Names that a text gives to values, whatever its format: `password=…`, `"password": …`, `'password' : …`, and
//! `["password", …]` as lists of headers have them. For lines that no parser takes apart, or that hold more than it looks
//! at. Must not import formats.

use std::borrow::Cow;

/// The words of a text that `=` or `:` follows, without their quotes; after quotes also those before a comma. Letters
/// that are written as `\u0061` are seen where the text comes from `plain`.
pub fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |(_, sign): &(usize, char)| matches!(sign, '=' | ':' | ',');
    text.char_indices().filter(is_mark).filter_map(|(at, mark)| {
        let before = text[..at].trim_end_matches([' ', '\t']);
        // Quotes may be escaped, as in JSON inside of JSON.
        let word = before.trim_end_matches(['"', '\'', '`']).trim_end_matches('\\');
        if mark == ',' && word.len() == before.len() {
            return None;
        }
        let start = word.char_indices().rev().take_while(|(_, sign)| is_of_word(*sign)).last()?.0;
        Some(&word[start..])
    })
}

/// A text with the letters that JSON may write by their number.
pub fn plain(text: &str) -> Cow<'_, str> {
    const ESCAPE: &str = "\\u";
    if !text.contains(ESCAPE) {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(ESCAPE) {
        let digits = rest.get(at + ESCAPE.len()..at + ESCAPE.len() + 4);
        let letter = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        let end = at + ESCAPE.len() + if letter.is_some() { 4 } else { 0 };
        plain.push_str(&rest[..if letter.is_some() { at } else { end }]);
        plain.extend(letter);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '@')
}

#[cfg(test)]
mod tests {
    use super::{keys_in, plain};

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
        ] {
            let text = &plain(text);
            assert!(keys_in(text).any(|key| key == "password"), "{text}: {:?}", keys_in(text).collect::<Vec<_>>());
        }
        assert_eq!(keys_in("12:30:05 user:a x::y =, b, c").collect::<Vec<_>>(), ["12", "30", "user", "x", "y"]);
        assert_eq!(plain(r"a \u00e9 \ud800 \uzz \u"), r"a é \ud800 \uzz \u");
    }
}
