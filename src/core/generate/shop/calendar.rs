//! When things happen in the shop: the daily rhythm, the incidents, and how times are written.
//!
//! A moment is a number of seconds since the start. Imports only its neighbours.

use super::super::sheet::{push_number, push_padded};

/// 2 March 2026, 00:00:00 UTC, a Monday, in Unix seconds.
pub(super) const START: u64 = 1_772_409_600;
/// How long the simulation lasts: four days, in seconds.
pub(super) const LENGTH: u32 = 4 * 86_400;
/// Version 2.8.0 of `payments` goes live: from now on payments fail more often.
pub(super) const BAD_RELEASE: u32 = at(1, 17, 5);
/// Version 2.8.1 of `payments` mends it.
pub(super) const GOOD_RELEASE: u32 = at(3, 9, 40);
/// Half an hour before the first version of `wallet` in the list of releases.
pub(super) const BEFORE_WALLET: u32 = at(0, 12, 35);
/// Search in reviews, slow from its first day on, goes live.
pub(super) const REVIEW_SEARCH: u32 = at(1, 6, 30);
/// The first minute of the metrics where a small sample is asked for.
pub(super) const METRICS_START: u32 = at(1, 12, 0);

pub(super) const OUTAGE: (u32, u32) = (at(1, 14, 20), at(1, 14, 41));
/// A server whose clock was set to local time: its lines carry `+0100`.
const LOCAL_TIME: (u32, u32) = (at(1, 22, 30), at(2, 0, 30));
const SCANS: [(u32, u32); 2] = [(at(0, 3, 10), at(0, 3, 25)), (at(3, 1, 40), at(3, 2, 0))];

/// Visitors by hour of day, in relation to each other.
const RHYTHM: [u32; 24] =
    [22, 14, 10, 8, 8, 12, 25, 48, 70, 85, 92, 96, 100, 97, 92, 90, 94, 104, 118, 130, 126, 104, 72, 40];
/// Visitors by day, in per cent.
const DAYS: [u32; 4] = [100, 104, 96, 110];

const fn at(day: u32, hour: u32, minute: u32) -> u32 {
    day * 86_400 + hour * 3_600 + minute * 60
}

/// How busy the shop is at a moment: a weight, linear between full hours.
pub(super) fn weight(moment: u32) -> u32 {
    let hour = (moment / 3_600 % 24) as usize;
    let part = moment % 3_600;
    let between = RHYTHM[hour] * (3_600 - part) + RHYTHM[(hour + 1) % 24] * part;
    between / 36 * DAYS[(moment / 86_400) as usize % DAYS.len()] / 100
}

/// The sum of all weights.
pub(super) fn total_weight() -> u64 {
    (0..LENGTH).map(|moment| u64::from(weight(moment))).sum()
}

/// Whether the shop is down.
pub(super) fn is_outage(moment: u32) -> bool {
    (OUTAGE.0..OUTAGE.1).contains(&moment)
}

/// Whether somebody looks for holes.
pub(super) fn is_scan(moment: u32) -> bool {
    SCANS.iter().any(|(from, to)| (*from..*to).contains(&moment))
}

/// How many seconds of the simulation are scans.
pub(super) fn scan_length() -> u32 {
    SCANS.iter().map(|(from, to)| to - from).sum()
}

/// Appends nginx' `$time_local`; all moments lie in March 2026.
pub(super) fn push_access_time(text: &mut Vec<u8>, moment: u32) {
    let is_local = (LOCAL_TIME.0..LOCAL_TIME.1).contains(&moment);
    let shown = if is_local { moment + 3_600 } else { moment };
    push_padded(text, u64::from(2 + shown / 86_400), 2);
    text.extend_from_slice(b"/Mar/2026:");
    push_clock(text, shown);
    text.extend_from_slice(if is_local { b" +0100" } else { b" +0000" });
}

/// Appends an RFC 3339 time with milliseconds, in UTC or one hour east of it.
pub(super) fn push_rfc3339(text: &mut Vec<u8>, moment: u32, millis: u32, is_local: bool) {
    let shown = if is_local { moment + 3_600 } else { moment };
    text.extend_from_slice(b"2026-03-");
    push_padded(text, u64::from(2 + shown / 86_400), 2);
    text.push(b'T');
    push_clock(text, shown);
    text.push(b'.');
    push_padded(text, u64::from(millis), 3);
    text.extend_from_slice(if is_local { b"+01:00" } else { b"Z" });
}

/// Appends a time in Unix milliseconds.
pub(super) fn push_unix_millis(text: &mut Vec<u8>, moment: u32, millis: u32) {
    push_number(text, (START + u64::from(moment)) * 1_000 + u64::from(millis));
}

fn push_clock(text: &mut Vec<u8>, moment: u32) {
    push_padded(text, u64::from(moment / 3_600 % 24), 2);
    text.push(b':');
    push_padded(text, u64::from(moment / 60 % 60), 2);
    text.push(b':');
    push_padded(text, u64::from(moment % 60), 2);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn times_are_written_with_their_offset() {
        assert_eq!(written(|text| push_access_time(text, 0)), "02/Mar/2026:00:00:00 +0000");
        let late = at(1, 23, 30) + 7;
        assert_eq!(written(|text| push_access_time(text, late)), "04/Mar/2026:00:30:07 +0100");
        assert_eq!(written(|text| push_rfc3339(text, late, 45, false)), "2026-03-03T23:30:07.045Z");
        assert_eq!(written(|text| push_rfc3339(text, late, 45, true)), "2026-03-04T00:30:07.045+01:00");
        assert_eq!(written(|text| push_unix_millis(text, 1, 5)), "1772409601005");
    }

    #[test]
    fn evenings_are_busier_than_nights() {
        assert!(weight(at(0, 19, 0)) > 8 * weight(at(0, 3, 0)));
        assert!(total_weight() > u64::from(LENGTH));
    }
}
