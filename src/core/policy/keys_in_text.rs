//! Names that a text gives to values, whatever its format: `password=…`, `"password": …`, `'password' : …`. For lines
//! that no parser takes apart, or that hold more than it looks at. Must not import formats.

/// The words of a text that `=` or `:` follows, without their quotes.
pub fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    let is_mark = |(_, sign): &(usize, char)| matches!(sign, '=' | ':');
    text.char_indices().filter(is_mark).filter_map(|(at, _)| {
        // Quotes may be escaped, as in JSON inside of JSON.
        let before = text[..at].trim_end_matches([' ', '\t']).trim_end_matches(['"', '\'', '`']).trim_end_matches('\\');
        let start = before.char_indices().rev().take_while(|(_, sign)| is_of_word(*sign)).last()?.0;
        Some(&before[start..])
    })
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.' | '@')
}

#[cfg(test)]
mod tests {
    use super::keys_in;

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
        ] {
            assert!(keys_in(text).any(|key| key == "password"), "{text}: {:?}", keys_in(text).collect::<Vec<_>>());
        }
        assert_eq!(keys_in("12:30:05 user:a x::y =").collect::<Vec<_>>(), ["12", "30", "user", "x", "y"]);
    }
}
