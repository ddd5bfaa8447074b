//! Syslog as RFC 3164 (BSD) and RFC 5424 write it, with what files make of them.
//! Must not import other formats.

mod rfc3164;
mod rfc5424;

pub use rfc3164::Syslog3164;
pub use rfc5424::Syslog5424;

use crate::data::Schema;

/// Keywords of facilities 0 to 23 (RFC 5424, section 6.2.1).
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

/// Keywords of severities 0 to 7.
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Facility and severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Priority(u8);

impl Priority {
    fn facility(self) -> &'static str {
        FACILITIES[usize::from(self.0 / 8) % 24]
    }

    fn severity(self) -> &'static str {
        SEVERITIES[usize::from(self.0 % 8)]
    }
}

/// `<34>` at the start, also after the length that octet-counted frames put first (`71 <34>…`); gives the rest too.
/// `Err` where it is one that cannot be.
fn split_priority(line: &str) -> Result<(Option<Priority>, &str), String> {
    let digits = line.bytes().take(8).take_while(u8::is_ascii_digit).count();
    let framed = if digits > 0 { line[digits..].strip_prefix(" <") } else { None };
    let Some(rest) = framed.or_else(|| line.strip_prefix('<')) else { return Ok((None, line)) };
    let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let (number, after) = (rest[..digits].parse::<u8>(), rest[digits..].strip_prefix('>'));
    match (number, after) {
        (Ok(number @ 0..=191), Some(after)) => Ok((Some(Priority(number)), after)),
        _ => Err("the priority in `<>` is not a number up to 191".to_owned()),
    }
}

/// Columns by their places in a schema that may lack some: the number for those that it has, else one that is never
/// wanted.
fn slots<const N: usize>(schema: &Schema, names: [&str; N]) -> [usize; N] {
    names.map(|name| schema.index(name).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities() {
        let (priority, rest) = split_priority("<34>Oct").unwrap();
        assert_eq!((priority.unwrap().facility(), priority.unwrap().severity(), rest), ("auth", "crit", "Oct"));
        assert_eq!(split_priority("71 <191>x").unwrap(), (Some(Priority(191)), "x"));
        assert_eq!(split_priority("Oct 11").unwrap(), (None, "Oct 11"));
        assert_eq!(split_priority("2016-10 x").unwrap(), (None, "2016-10 x"));
        for text in ["<192>x", "<>x", "<1234>x", "<3x", "<", "<-1>", "<3)x"] {
            assert!(split_priority(text).is_err(), "{text}");
        }
    }
}
