//! The small inputs: users, releases, and what an API says about the services.
//! Imports only its neighbours.

use std::io;

use super::super::random::Random;
use super::super::sheet::{Sheet, push_number, push_padded};
use super::calendar::{BAD_RELEASE, GOOD_RELEASE, REVIEW_SEARCH, push_rfc3339};
use super::events::push_user;

const PLANS: [&str; 5] = ["free", "plus", "\"plus, yearly\"", "pro", "\"pro \"\"early bird\"\"\""];
const COUNTRIES: [&str; 12] = ["DE", "FR", "AT", "NL", "PL", "CH", "IT", "ES", "", "GB", "SE", "US"];

/// When a version goes live.
enum Live {
    /// Before the simulation starts.
    Before(&'static str),
    /// In a second of it.
    At(u32),
}

/// Versions that are live, by service, not in the order of time. `giftcards` has none; `wallet`
/// has none in the first hours.
const RELEASES: [(&str, &str, Live); 17] = [
    ("web", "5.1.0", Live::Before("2026-02-11T08:15:00Z")),
    ("web", "5.2.0", Live::At(30_600)),
    ("web", "\"5.2.1, hotfix\"", Live::At(131_400)),
    ("search", "3.9.4", Live::Before("2026-01-20T13:00:00Z")),
    ("search", "\"4.0.0 \"\"reviews\"\"\"", Live::At(REVIEW_SEARCH)),
    ("payments", "2.8.1", Live::At(GOOD_RELEASE)),
    ("payments", "2.8.0", Live::At(BAD_RELEASE)),
    ("payments", "2.7.3", Live::Before("2026-02-18T10:30:00Z")),
    ("payments", "2.7.4", Live::At(38_700)),
    ("orders", "1.14.0", Live::Before("2025-12-03T09:00:00Z")),
    ("orders", "1.15.0", Live::At(210_600)),
    ("wallet", "\"0.9.0, rc 2\"", Live::At(47_100)),
    ("wallet", "0.9.1", Live::At(221_400)),
    ("auth", "7.0.2", Live::Before("2026-01-08T16:45:30Z")),
    ("images", "2.2.0", Live::Before("2026-02-27T07:00:00Z")),
    ("recommendations", "12.0.0", Live::Before("2026-02-02T11:20:00+01:00")),
    ("recommendations", "12.1.0", Live::At(118_800)),
];

/// What the API says of a service: name, team, replicas, CPU limit. `legacy-batch`, which has
/// metrics, is unknown to it; `wallet`, `fulfilment` and `giftcards` have no metrics.
const SERVICES: [(&str, Option<&str>, u32, &str); 10] = [
    ("auth", Some("Identity"), 2, "0.5"),
    ("fulfilment", Some("Logistics"), 2, "1.0"),
    ("giftcards", None, 1, "0.25"),
    ("images", None, 2, "1.0"),
    ("orders", Some("Checkout"), 1, "2.0"),
    ("payments", Some("Checkout"), 2, "1.5"),
    ("recommendations", Some("Discovery, \"labs\""), 1, "4.0"),
    ("search", Some("Discovery"), 2, "2.0"),
    ("wallet", Some("Checkout"), 1, "0.5"),
    ("web", Some("Storefront"), 3, "1.0"),
];
const SERVICES_PER_PAGE: usize = 4;

/// How many users a shop with about `rows` requests has.
pub(super) fn count_users(rows: u64) -> u32 {
    (rows / 20).clamp(200, 2_000_000) as u32
}

pub(super) fn write_users(sheet: &mut Sheet, seed: u64, users: u32) -> io::Result<()> {
    let mut random = Random::new(seed, "users.csv");
    sheet.line("user_id,plan,country,signed_up")?;
    for user in 1..=users {
        push_user(&mut sheet.text, user);
        sheet.push(",");
        sheet.push(PLANS[random.skewed(PLANS.len() as u32) as usize]);
        sheet.push(",");
        sheet.push(COUNTRIES[random.skewed(COUNTRIES.len() as u32) as usize]);
        sheet.push(",");
        if !random.permille(15) {
            push_number(&mut sheet.text, u64::from(random.between(2022, 2025)));
            sheet.push("-");
            push_padded(&mut sheet.text, u64::from(random.between(1, 12)), 2);
            sheet.push("-");
            push_padded(&mut sheet.text, u64::from(random.between(1, 28)), 2);
        }
        sheet.end_line()?;
    }
    Ok(())
}

pub(super) fn write_releases(sheet: &mut Sheet) -> io::Result<()> {
    sheet.line("service,version,released_at")?;
    for (service, version, live) in RELEASES {
        sheet.push(service);
        sheet.push(",");
        sheet.push(version);
        sheet.push(",");
        match live {
            Live::Before(time) => sheet.push(time),
            Live::At(moment) => push_rfc3339(&mut sheet.text, moment, 0, false),
        }
        sheet.end_line()?;
    }
    Ok(())
}

pub(super) fn write_services(sheet: &mut Sheet) -> io::Result<()> {
    let pages = SERVICES.chunks(SERVICES_PER_PAGE).count();
    sheet.line("[")?;
    for (number, services) in SERVICES.chunks(SERVICES_PER_PAGE).enumerate() {
        let items: Vec<_> = services.iter().map(describe_service).collect();
        let end = if number + 1 < pages { "," } else { "" };
        sheet.line(&format!("{{\"page\":{},\"items\":[{}]}}{end}", number + 1, items.join(",")))?;
    }
    sheet.line("]")
}

fn describe_service((name, team, replicas, cpu): &(&str, Option<&str>, u32, &str)) -> String {
    let team = serde_json::Value::from(*team);
    format!(
        "{{\"name\":\"{name}\",\"owner\":{{\"team\":{team}}},\"replicas\":{replicas},\"limits\":{{\"cpu\":{cpu}}}}}"
    )
}
