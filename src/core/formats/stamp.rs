//! Times at the start of a text, read without allocation; those of a strftime format by a small reader of its own,
//! since a general one costs more than the rest of the line. Must not import single formats.

mod names;
mod orders;
mod spelling;
mod zone;

use crate::data::instants::{MICROS_PER_DAY, MICROS_PER_SECOND, days, fraction_prefix, in_range, zone_prefix};
use crate::data::zones::{Zone, from_local};
use crate::formats::dates::Years;
use crate::formats::time::{self, Epoch, month};
pub use orders::whole;
pub use spelling::iso_prefix;

/// In place of a time of which only the clock can be read, since its zone is ambiguous or unknown.
pub const UNKNOWN: i64 = i64::MIN;

/// How a time is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Stamp {
    Iso,
    /// Behind it a zone may stand that is none of those that every reader knows.
    IsoZone,
    Clf,
    Syslog,
    /// The same of syslog's time.
    SyslogZone,
    Epoch(Epoch),
    /// `%Y %y %m %d %e %j %H %M %S %f %b %B %a %z %Z %k %K %p %I`; `%f` is a fraction with its point or comma, which may be missing,
    /// as a zone may; `%B` the name of a month in one of several languages, short or whole; `%k` the minutes that UTC is
    /// ahead of the clock, as Windows has them, `%K` those that the clock is ahead of UTC; `%j` the day of the year.
    Format(Vec<Part>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Byte(u8),
    Of(u8),
}

impl Stamp {
    /// A strftime format; `None` where it has a part that is not known.
    pub fn format(text: &str) -> Option<Stamp> {
        let mut parts = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                parts.push(Part::Byte(byte));
                continue;
            }
            let letter = bytes.next()?;
            parts.push(match letter {
                b'Y' | b'y' | b'm' | b'd' | b'e' | b'H' | b'I' | b'M' | b'S' | b'f' | b'b' | b'B' | b'a' | b'z'
                | b'Z' | b'k' | b'K' | b'j' | b'p' => Part::Of(letter),
                _ => return None,
            });
        }
        Some(Stamp::Format(parts))
    }

    /// Whether a time that was read says its year.
    pub fn has_year(&self, text: &str) -> bool {
        let is_year = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Stamp::Iso | Stamp::IsoZone | Stamp::Clf | Stamp::Epoch(_) => true,
            Stamp::Syslog | Stamp::SyslogZone => text.split(' ').any(is_year),
            Stamp::Format(parts) => parts.iter().any(|part| matches!(part, Part::Of(b'Y' | b'y'))),
        }
    }

    /// The time at the start of `text`, and the bytes used.
    pub fn prefix(&self, text: &str, years: Years) -> Option<(i64, usize)> {
        let bytes = text.as_bytes();
        match self {
            Stamp::Iso => iso_prefix(bytes).or_else(|| orders::prefix(bytes, years)),
            Stamp::IsoZone => zone::zoned(|| iso_prefix(bytes), bytes, zone::is_first_word),
            Stamp::Clf => {
                let end = bytes.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"/:.+- ".contains(byte)));
                let text = text.get(..end.unwrap_or(bytes.len()))?;
                // `[10/Oct/2000:13:55:36.123 -0700]`: the reader of access logs has all of it.
                time::clf(text).map(|micros| (micros, text.len()))
            }
            Stamp::Syslog => years.rfc3164_prefix(bytes),
            Stamp::SyslogZone => zone::zoned(|| years.rfc3164_prefix(bytes), bytes, zone::is_told),
            Stamp::Epoch(unit) => {
                let used = bytes.iter().take(30).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                // Less than nine digits are seconds of something else: since the start, or the number of a line.
                let whole = bytes[..used].iter().take_while(|byte| byte.is_ascii_digit()).count();
                (whole >= 9).then_some(())?;
                Some((time::epoch(text.get(..used)?, *unit)?, used))
            }
            Stamp::Format(parts) => read_parts(parts, bytes, years),
        }
    }
}

const WEEKDAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// What the parts of a format gave.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: u32,
    day: u32,
    /// Days behind it.
    days_on: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    zone: Option<i64>,
    /// A zone with summer times.
    place: Option<Zone>,
    afternoon: Option<bool>,
    /// From Monday, which is 0.
    weekday: Option<i64>,
}

fn read_parts(parts: &[Part], bytes: &[u8], years: Years) -> Option<(i64, usize)> {
    let mut found = Found { month: 1, day: 1, ..Found::default() };
    let mut at = 0;
    for part in parts {
        let rest = bytes.get(at..)?;
        match part {
            Part::Byte(b' ') => {
                let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                if blanks == 0 {
                    return None;
                }
                at += blanks;
            }
            Part::Byte(byte) => {
                if rest.first() != Some(byte) {
                    return None;
                }
                at += 1;
            }
            Part::Of(letter) => at += found.read(*letter, rest)?,
        }
    }
    found.micros(years).map(|micros| (micros, at))
}

impl Found {
    /// Reads a part at the start of `rest`; gives the bytes used.
    fn read(&mut self, letter: u8, rest: &[u8]) -> Option<usize> {
        let used = match letter {
            b'Y' => {
                self.year = Some(number(rest, 4, 4)?.0);
                4
            }
            b'y' => {
                let (year, used) = number(rest, 2, 2)?;
                self.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
                used
            }
            b'm' => {
                let (month, used) = number(rest, 1, 2)?;
                self.month = month as u32;
                used
            }
            b'd' | b'e' => {
                let (day, used) = number(rest, 1, 2)?;
                self.day = day as u32;
                used
            }
            b'H' | b'I' => {
                let (hour, used) = number(rest, 1, 2)?;
                self.hour = hour;
                used
            }
            b'M' => {
                self.minute = number(rest, 2, 2)?.0;
                2
            }
            b'S' => {
                self.second = number(rest, 2, 2)?.0;
                2
            }
            b'f' => match rest.first() {
                // WebSphere writes `08:12:03:000`.
                Some(b'.' | b',' | b':') if rest.get(1).is_some_and(u8::is_ascii_digit) => {
                    let (micros, digits) = fraction_prefix(&rest[1..]);
                    self.micros = micros;
                    digits + 1
                }
                _ => 0,
            },
            b'b' => {
                self.month = month(rest)?;
                3
            }
            b'a' => {
                let day = rest.get(..3).filter(|day| day.iter().all(u8::is_ascii_alphabetic))?;
                self.weekday = WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(day)).map(|day| day as i64);
                3
            }
            b'B' => {
                let (month, used) = names::month(rest)?;
                self.month = month;
                used
            }
            b'p' => {
                let (afternoon, used) = names::half(rest)?;
                self.afternoon = Some(afternoon);
                used
            }
            b'j' => {
                // The first of January is the first day.
                (self.month, self.day) = (1, 1);
                self.days_on = number(rest, 3, 3)?.0 - 1;
                if !(0..=365).contains(&self.days_on) {
                    return None;
                }
                3
            }
            b'k' | b'K' => {
                let Some((sign, digits)) = rest.split_first().filter(|(sign, _)| matches!(sign, b'+' | b'-')) else {
                    return Some(0);
                };
                let (minutes, used) = number(digits, 1, 3)?;
                let is_ahead = (*sign == b'-') == (letter == b'k');
                self.zone = Some(if is_ahead { minutes * 60 } else { -minutes * 60 });
                used + 1
            }
            _ => {
                let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
                if let Some((zone, used)) = zone_prefix(&rest[blanks..]) {
                    self.zone = Some(i64::from(zone));
                    return Some(blanks + used);
                }
                let Some((place, used)) = zone::place(&rest[blanks..]) else { return Some(0) };
                self.place = Some(place);
                blanks + used
            }
        };
        Some(used)
    }

    fn micros(self, years: Years) -> Option<i64> {
        let hour = match self.afternoon {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        if hour > 23 || self.minute > 59 || self.second > 60 || self.month == 0 || self.day == 0 {
            return None;
        }
        let clock = ((hour * 60 + self.minute) * 60 + self.second) * MICROS_PER_SECOND + self.micros;
        let of = |year: i64| {
            let day = i64::from(days(year, self.month, self.day)?) + self.days_on;
            let local = day * MICROS_PER_DAY + clock;
            in_range(match (self.zone, self.place) {
                (Some(zone), _) => local - zone * MICROS_PER_SECOND,
                (None, Some(place)) => place.instant(local)?,
                (None, None) => from_local(local)?,
            })
        };
        match self.year {
            Some(year) => of(year),
            None => {
                // 1970-01-01 was a Thursday.
                let weekday = |year: i64| Some((i64::from(days(year, self.month, self.day)?) + 3).rem_euclid(7));
                years.latest_of(|year| self.weekday.is_none_or(|told| weekday(year) == Some(told)), of)
            }
        }
    }
}

/// A whole number of so many digits at the start, and the bytes used.
fn number(bytes: &[u8], least: usize, most: usize) -> Option<(i64, usize)> {
    let digits = bytes.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least {
        return None;
    }
    Some((bytes[..digits].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0')), digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::instants::parse_timestamp;

    #[test]
    fn formats_read_their_prefix() {
        for (format, text, expected, used) in [
            ("%a %b %e %H:%M:%S%f %Y", "Mon Dec 26 16:15:55.103786 2016] x", "2016-12-26T16:15:55.103786Z", 31),
            ("%a %b %e %H:%M:%S%f %Y", "Mon Dec  6 16:15:55 2016", "2016-12-06T16:15:55Z", 24),
            ("%y%m%d %H:%M:%S", "161209  3:08:33 x", "2016-12-09T03:08:33Z", 15),
            ("%d %b %Y %H:%M:%S%f", "30 May 2020 12:50:13.457 *", "2020-05-30T12:50:13.457Z", 24),
            ("%Y-%m-%d %H:%M:%S%f%z", "2020-01-02 03:04:05 +0100 x", "2020-01-02T02:04:05Z", 25),
            ("%m/%d/%Y %I:%M:%S %p", "01/02/2020 12:04:05 AM", "2020-01-02T00:04:05Z", 22),
            ("%B %d, %Y %I:%M:%S %p", "févr. 3, 2020 1:04:05 PM x", "2020-02-03T13:04:05Z", 25),
            ("%B %d, %Y %I:%M:%S %p", "Sept. 3, 2020 1:04:05 a. m.", "2020-09-03T01:04:05Z", 27),
            ("%d %B %Y %H:%M:%S", "3 März 2020 13:04:05", "2020-03-03T13:04:05Z", 21),
            ("%H:%M:%S%f%k\" date=\"%m-%d-%Y", "10:00:00.123-60\" date=\"11-30-2026\"", "2026-11-30T09:00:00.123Z", 33),
            ("%Y-%m-%d-%H.%M.%S%f%K x", "2026-02-17-10.00.01.120331+060 x", "2026-02-17T09:00:01.120331Z", 32),
            ("%Y-%j %H:%M:%S", "2026-048 10:00:01", "2026-02-17T10:00:01Z", 17),
            ("%H:%M:%S%f%k %m-%d-%Y", "10:00:00.123+480 11-30-2026", "2026-11-30T18:00:00.123Z", 27),
        ] {
            let found = Stamp::format(format).unwrap().prefix(text, Years::of(0));
            assert_eq!(found, Some((parse_timestamp(expected).unwrap(), used)), "{text}");
        }
        for (format, text) in
            [("%d %b", "32 May"), ("%H:%M:%S", "24:00:00"), ("%m%d", "0031"), ("%Y", "201"), ("%b", "Foo")]
        {
            assert_eq!(Stamp::format(format).unwrap().prefix(text, Years::of(0)), None, "{text}");
        }
        assert_eq!(Stamp::format("%Q"), None);
        // Without a year the weekday tells it, and a 29 February is one of a leap year.
        let years = Years::of(parse_timestamp("2026-03-01T12:00:00Z").unwrap());
        for (text, expected) in
            [("Mon Aug  5 20:21:42", "2024-08-05T20:21:42Z"), ("Sat Feb 29 00:00:01", "2020-02-29T00:00:01Z")]
        {
            let found = Stamp::format("%a %b %e %H:%M:%S").unwrap().prefix(text, years);
            assert_eq!(found, Some((parse_timestamp(expected).unwrap(), 19)), "{text}");
        }
        let leap = Stamp::format("%b %e %H:%M:%S").unwrap().prefix("Feb 29 00:00:01", years);
        assert_eq!(leap, Some((parse_timestamp("2024-02-29T00:00:01Z").unwrap(), 15)));
    }
}
