//! The application's log `app.jsonl`: what the services behind the shop report, one JSON object a
//! line, and broken lines between them. Imports only its neighbours.

use std::io;

use super::super::random::Random;
use super::super::sheet::{Sheet, push_hex, push_number, push_padded};
use super::calendar::{BAD_RELEASE, BEFORE_WALLET, GOOD_RELEASE, is_outage, push_rfc3339, total_weight, weight};

/// Why payments fail usually; JSON text.
const REASONS: [&str; 6] = [
    "card_declined",
    "insufficient_funds",
    "expired_card",
    "issuer said \\\"do not honor\\\"",
    "3-D Secure abgebrochen – bitte prüfen",
    "limit exceeded, retry tomorrow",
];
/// What stands between the objects and is none.
const GARBAGE: [&[u8]; 6] = [
    b"Traceback (most recent call last):",
    b"  File \"/srv/orders/worker.py\", line 211, in handle",
    b"panic: runtime error: index out of range [3] with length 3",
    b"OpenJDK 64-Bit Server VM warning: Options -Xverify:none was deprecated in JDK 13",
    b"WARN connection reset by peer \xff\xfe",
    b"}{",
];

/// A service that takes money, how many of 1000 payments it handles, and how many of 1000 fail.
const PAYERS: [(&str, u32, u32); 3] = [("payments", 780, 35), ("wallet", 150, 60), ("giftcards", 70, 90)];

/// One line. What is none is left out, but in lines about an order, where it is null.
#[derive(Default)]
struct Event {
    moment: u32,
    millis: u32,
    level: &'static str,
    service: &'static str,
    event: &'static str,
    order: Option<u32>,
    user: Option<u32>,
    sid: Option<u64>,
    cents: Option<u32>,
    reason: Option<&'static str>,
    trace: Option<(u64, u64)>,
    duration: Option<u32>,
}

/// An order that waits for its payment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub(super) number: u32,
    user: Option<u32>,
    sid: Option<u64>,
    cents: u32,
    trace: (u64, u64),
}

/// Writes the application's log.
pub(super) struct AppLog {
    pub(super) sheet: Sheet,
    random: Random,
    users: u32,
    orders: u32,
    /// Orders from the telephone app and background jobs per unit of weight, and jobs, in 2^-32.
    app_orders: u64,
    jobs: u64,
}

impl AppLog {
    /// For a shop of about `rows` requests and as many `users` as said.
    pub(super) fn new(sheet: Sheet, seed: u64, rows: u64, users: u32) -> Self {
        let per_weight = |share: u128| ((u128::from(rows) << 32) * share / 1_000 / u128::from(total_weight())) as u64;
        Self {
            sheet,
            random: Random::new(seed, "app.jsonl"),
            users,
            orders: 10_000_000,
            app_orders: per_weight(50),
            jobs: per_weight(40),
        }
    }

    /// Writes what one second has besides the visitors' doings.
    pub(super) fn write_second(&mut self, moment: u32) -> io::Result<()> {
        let weight = u64::from(weight(moment));
        for _ in 0..self.random.arrivals(self.app_orders.saturating_mul(weight)) {
            let user = Some(1 + self.random.very_skewed(self.users));
            let order = self.place_order(moment, user, None)?;
            self.pay(moment + 1, &order)?;
        }
        for _ in 0..self.random.arrivals(self.jobs.saturating_mul(weight)) {
            self.write_job(moment)?;
        }
        // The edges of "released last": exactly at a release, and before a service's first one.
        let edge = match moment {
            BAD_RELEASE => Some("payments"),
            BEFORE_WALLET => Some("wallet"),
            _ => None,
        };
        if let Some(service) = edge {
            let order = self.new_order(Some(1), None);
            self.write_payment(moment, 0, &order, service, Some("gateway_timeout"))?;
        }
        Ok(())
    }

    /// A visitor signs in; gives who it is, where it worked.
    pub(super) fn log_in(&mut self, moment: u32, sid: Option<u64>) -> io::Result<Option<u32>> {
        let user = 1 + self.random.very_skewed(self.users);
        let is_right = !self.random.permille(120);
        let event = Event {
            level: if is_right { "info" } else { "warn" },
            service: "auth",
            event: if is_right { "login_ok" } else { "login_failed" },
            user: Some(user),
            reason: (!is_right).then_some("bad_password"),
            duration: Some(20 + self.random.below(180)),
            ..self.event(moment, sid)
        };
        self.write(&event)?;
        Ok(is_right.then_some(user))
    }

    /// A search was answered in so many milliseconds.
    pub(super) fn search(&mut self, moment: u32, sid: Option<u64>, millis: u32) -> io::Result<()> {
        let is_slow = millis > 3_000;
        let event = Event {
            level: if is_slow { "warn" } else { "info" },
            service: "search",
            event: if is_slow { "search_slow" } else { "search_done" },
            duration: Some(millis),
            ..self.event(moment, sid)
        };
        self.write(&event)
    }

    /// A request met no service.
    pub(super) fn unreachable(&mut self, moment: u32, sid: Option<u64>) -> io::Result<()> {
        let event = Event {
            level: "error",
            service: "gateway",
            event: "upstream_unreachable",
            reason: Some("connect() failed (111: Connection refused)"),
            ..self.event(moment, sid)
        };
        self.write(&event)
    }

    /// Something is put into a cart.
    pub(super) fn fill_cart(&mut self, moment: u32, sid: Option<u64>) -> io::Result<()> {
        let event = Event {
            level: "debug",
            service: "cart",
            event: "cart_updated",
            duration: Some(2 + self.random.very_skewed(90)),
            ..self.event(moment, sid)
        };
        self.write(&event)
    }

    /// An order is placed; it is to be paid next.
    pub(super) fn place_order(&mut self, moment: u32, user: Option<u32>, sid: Option<u64>) -> io::Result<Order> {
        let order = self.new_order(user, sid);
        let event = Event {
            level: "info",
            service: "orders",
            event: "order_placed",
            order: Some(order.number),
            user,
            cents: Some(order.cents),
            trace: Some(order.trace),
            duration: Some(15 + self.random.very_skewed(300)),
            ..self.event(moment, sid)
        };
        self.write(&event)?;
        Ok(order)
    }

    /// A payment is tried; gives whether it worked.
    pub(super) fn pay(&mut self, moment: u32, order: &Order) -> io::Result<bool> {
        let mut roll = self.random.below(1_000);
        let mut payer = PAYERS[0];
        for candidate in PAYERS {
            if roll < candidate.1 {
                payer = candidate;
                break;
            }
            roll -= candidate.1;
        }
        let (service, _, usual) = payer;
        let is_bad = service == "payments" && (BAD_RELEASE..GOOD_RELEASE).contains(&moment);
        let reason = if is_outage(moment) && self.random.permille(600) {
            Some("gateway unreachable")
        } else if is_bad && self.random.permille(220) {
            Some("gateway_timeout")
        } else if self.random.permille(usual) {
            Some(self.random.pick(&REASONS))
        } else {
            None
        };
        let millis = self.random.below(1_000);
        self.write_payment(moment, millis, order, service, reason)?;
        Ok(reason.is_none())
    }

    fn write_payment(
        &mut self,
        moment: u32,
        millis: u32,
        order: &Order,
        service: &'static str,
        reason: Option<&'static str>,
    ) -> io::Result<()> {
        let mut event = Event {
            moment,
            millis,
            level: if reason.is_some() { "error" } else { "info" },
            service,
            event: if reason.is_some() { "payment_failed" } else { "payment_ok" },
            order: Some(order.number),
            user: order.user,
            sid: order.sid,
            cents: Some(order.cents),
            reason,
            trace: Some(order.trace),
            duration: Some(match reason {
                Some("gateway_timeout") => 10_000 + self.random.below(60),
                _ => 120 + self.random.very_skewed(1_500),
            }),
        };
        // A failure that gives no reason, and a trace that was not sampled.
        if self.random.permille(40) {
            event.reason = None;
        }
        if self.random.permille(30) {
            event.trace = None;
        }
        self.write(&event)
    }

    fn write_job(&mut self, moment: u32) -> io::Result<()> {
        let (service, name) = self.random.pick(&[
            ("worker", "job_done"),
            ("worker", "cache_refreshed"),
            ("fulfilment", "parcel_packed"),
            ("recommendations", "model_scored"),
            ("images", "thumbnail_made"),
        ]);
        let event = Event {
            level: "info",
            service,
            event: name,
            duration: Some(5 + self.random.very_skewed(4_000)),
            ..self.event(moment, None)
        };
        self.write(&event)
    }

    /// What all events of a moment have in common.
    fn event(&mut self, moment: u32, sid: Option<u64>) -> Event {
        let trace = self.random.permille(700).then(|| (self.random.next(), self.random.next()));
        Event { moment, millis: self.random.below(1_000), sid, trace, ..Event::default() }
    }

    fn new_order(&mut self, user: Option<u32>, sid: Option<u64>) -> Order {
        self.orders += 1;
        Order {
            number: self.orders,
            user,
            sid,
            cents: 490 + 10 * self.random.very_skewed(4_000) + self.random.below(10),
            trace: (self.random.next(), self.random.next()),
        }
    }

    fn write(&mut self, event: &Event) -> io::Result<()> {
        let dirt = self.random.below(10_000);
        if dirt < 12 {
            let garbage = self.random.pick(&GARBAGE);
            self.sheet.text.extend_from_slice(garbage);
            self.sheet.end_line()?;
        }
        let start = self.sheet.text.len();
        self.push_event(event);
        if (20..40).contains(&dirt) {
            let whole = (self.sheet.text.len() - start) as u32;
            let kept = self.random.between(10, whole - 1) as usize;
            self.sheet.text.truncate(start + kept);
            self.cut_whole_characters(start);
        }
        self.sheet.end_line()
    }

    /// Takes a character's first bytes away from the end of the line, so that it stays UTF-8.
    fn cut_whole_characters(&mut self, start: usize) {
        if let Err(error) = std::str::from_utf8(&self.sheet.text[start..]) {
            self.sheet.text.truncate(start + error.valid_up_to());
        }
    }

    fn push_event(&mut self, event: &Event) {
        let text = &mut self.sheet.text;
        text.extend_from_slice(b"{\"ts\":\"");
        // The wallet writes local time.
        push_rfc3339(text, event.moment, event.millis, event.service == "wallet");
        text.push(b'"');
        push_text(text, "level", event.level);
        push_text(text, "service", event.service);
        push_text(text, "event", event.event);
        let shows_null = event.order.is_some();
        push_field(text, "order_id", event.order, false, |text, order| {
            text.extend_from_slice(b"\"o-");
            push_number(text, u64::from(order));
            text.push(b'"');
        });
        push_field(text, "user_id", event.user, shows_null, |text, user| {
            text.push(b'"');
            push_user(text, user);
            text.push(b'"');
        });
        push_field(text, "sid", event.sid, shows_null, |text, sid| {
            text.push(b'"');
            push_hex(text, sid);
            text.push(b'"');
        });
        push_field(text, "amount", event.cents, false, |text, cents| {
            push_number(text, u64::from(cents / 100));
            text.push(b'.');
            push_padded(text, u64::from(cents % 100), 2);
        });
        push_field(text, "reason", event.reason, shows_null, |text, reason| {
            text.push(b'"');
            text.extend_from_slice(reason.as_bytes());
            text.push(b'"');
        });
        push_field(text, "trace_id", event.trace, shows_null, |text, (high, low)| {
            text.push(b'"');
            push_hex(text, high);
            push_hex(text, low);
            text.push(b'"');
        });
        push_field(text, "duration_ms", event.duration, false, |text, millis| {
            push_number(text, u64::from(millis));
        });
        text.push(b'}');
    }
}

/// Appends a user's key as it stands in `users.csv`.
pub(super) fn push_user(text: &mut Vec<u8>, user: u32) {
    text.push(b'u');
    push_padded(text, u64::from(user), 7);
}

fn push_text(text: &mut Vec<u8>, name: &str, value: &'static str) {
    push_field(text, name, Some(value), false, |text, value| {
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
    });
}

fn push_field<T>(text: &mut Vec<u8>, name: &str, value: Option<T>, shows_null: bool, push: impl Fn(&mut Vec<u8>, T)) {
    if value.is_none() && !shows_null {
        return;
    }
    text.extend_from_slice(b",\"");
    text.extend_from_slice(name.as_bytes());
    text.extend_from_slice(b"\":");
    match value {
        Some(value) => push(text, value),
        None => text.extend_from_slice(b"null"),
    }
}
