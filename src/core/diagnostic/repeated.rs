//! Keys that stand twice in an object of a JSON file: a reader sees the first, a program takes the last.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::Diagnostic;

/// Refuses text in which a key stands twice in one object; text that is no JSON is somebody else's to refuse.
pub fn refuse_repeated_keys(code: &'static str, text: &str) -> Result<(), Diagnostic> {
    let Err(error) = serde_json::from_str::<Once>(text) else { return Ok(()) };
    let message = error.to_string();
    let Some((told, _)) = message.rsplit_once(" at line ").filter(|(told, _)| told.ends_with(STANDS_TWICE)) else {
        return Ok(());
    };
    let help = "keep one of them, or join both: of the two only the last would count";
    Err(Diagnostic::error(code, told).line(error.line() as u64).help(help))
}

const STANDS_TWICE: &str = "stands twice in one object";

/// A value whose objects have each key once.
struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Once)
    }
}

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Once;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Once, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Once;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
        let mut known = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if known.contains(&key) {
                return Err(A::Error::custom(format!("`{key}` {STANDS_TWICE}")));
            }
            known.insert(key);
            map.next_value_seed(Once)?;
        }
        Ok(Once)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Once, A::Error> {
        while list.next_element_seed(Once)?.is_some() {}
        Ok(Once)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Once, E> {
        Ok(Once)
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Once, E> {
        Ok(Once)
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Once, E> {
        Ok(Once)
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Once, E> {
        Ok(Once)
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Once, E> {
        Ok(Once)
    }
    fn visit_unit<E: Error>(self) -> Result<Once, E> {
        Ok(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_told_with_its_line() {
        let refused = |text: &str| refuse_repeated_keys("PW0542", text);
        let fault =
            refused("{\"a\": 1,\n \"b\": [{\"x\": null, \"y\": 1.5},\n {\"x\": 1,\n \"x\": \"2\"}]}").unwrap_err();
        assert_eq!((fault.message.as_str(), fault.location.line), ("`x` stands twice in one object", Some(4)));
        for text in ["{\"a\": {\"a\": true}, \"b\": \"a\"}", "[-1, {}]", "no JSON", "{\"a\": 1, "] {
            assert!(refused(text).is_ok(), "{text}");
        }
    }
}
