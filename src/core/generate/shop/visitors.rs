//! People in the shop: sessions that walk from page to page, buy or leave.
//!
//! Only the sessions that are open at a moment are held; a ring of seconds says whose turn it is.
//! Imports only its neighbours.

use std::io;

use super::super::random::{Random, mix};
use super::calendar::{REVIEW_SEARCH, is_outage, total_weight, weight};
use super::events::AppLog;
use super::page::{Address, BROWSERS, Page, any_static_files};
use super::requests::{AccessLog, Referrer, Request, Target};

/// Seconds of the ring; a pause is always shorter.
const RING: u32 = 4_096;
/// Lines of a usual session, static files included, in hundredths (measured).
const LINES_PER_SESSION: u128 = 1_460;

const ENTRIES: [&str; 7] = [
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://duckduckgo.com/",
    "https://news.example/spring?utm_source=letter&utm_campaign=03-2026",
    "https://blog.example/2026/best-lamps/",
    "android-app://com.google.android.gm/",
    "https://www.instagram.com/",
];

/// What came of a page request.
struct Answer {
    status: u16,
    millis: u32,
}

/// One open session.
struct Session {
    address: Address,
    agent: u8,
    sid: u64,
    /// Whether the browser has the cookie by now; a new one gets it with its first answer.
    has_cookie: bool,
    user: Option<u32>,
    referrer: Referrer,
    page: Page,
    /// Pages that it will still look at, at most.
    patience: u8,
}

impl Session {
    fn cookie(&self) -> Option<u64> {
        self.has_cookie.then_some(self.sid)
    }
}

/// Everybody in the shop.
pub(super) struct Visitors {
    random: Random,
    seed: u64,
    count: u64,
    users: u32,
    /// New sessions in a second per unit of weight, in units of 2^-32.
    entries: u64,
    sessions: Vec<Session>,
    free: Vec<u32>,
    ring: Vec<Vec<u32>>,
}

impl Visitors {
    /// For a log of about `rows` lines, 86 % of which are visitors', and as many `users` as said.
    pub(super) fn new(seed: u64, rows: u64, users: u32) -> Self {
        let sessions = (u128::from(rows) << 32) * 86 / LINES_PER_SESSION;
        Self {
            random: Random::new(seed, "visitors"),
            seed: mix(seed ^ 0x7369_6473),
            count: 0,
            users,
            entries: (sessions / u128::from(total_weight())) as u64,
            sessions: Vec::new(),
            free: Vec::new(),
            ring: (0..RING).map(|_| Vec::new()).collect(),
        }
    }

    /// Writes the requests and events of one second.
    pub(super) fn write_second(&mut self, moment: u32, log: &mut AccessLog, app: &mut AppLog) -> io::Result<()> {
        let mean = self.entries.saturating_mul(u64::from(weight(moment)));
        for _ in 0..self.random.arrivals(mean) {
            let session = self.enter(moment);
            let place = match self.free.pop() {
                Some(place) => {
                    self.sessions[place as usize] = session;
                    place
                }
                None => {
                    self.sessions.push(session);
                    (self.sessions.len() - 1) as u32
                }
            };
            self.ring[(moment % RING) as usize].push(place);
        }
        let slot = (moment % RING) as usize;
        let mut turn = std::mem::take(&mut self.ring[slot]);
        for place in turn.drain(..) {
            let session = &mut self.sessions[place as usize];
            match take_step(&mut self.random, session, moment, log, app)? {
                Some(pause) => self.ring[((moment + pause) % RING) as usize].push(place),
                None => self.free.push(place),
            }
        }
        self.ring[slot] = turn;
        Ok(())
    }

    fn enter(&mut self, moment: u32) -> Session {
        let random = &mut self.random;
        self.count += 1;
        let referrer = if random.permille(350) {
            Referrer::None
        } else {
            Referrer::Elsewhere(ENTRIES[random.skewed(ENTRIES.len() as u32) as usize])
        };
        let page = match random.below(100) {
            0..40 => Page::Home,
            40..65 => Page::any_product(random),
            65..80 => Page::any_category(random),
            80..96 => any_search(random, moment),
            _ => Page::Help,
        };
        let is_known = random.permille(300);
        Session {
            address: Address::any_visitor(random),
            agent: random.skewed(BROWSERS.len() as u32) as u8,
            sid: mix(self.seed.wrapping_add(self.count)),
            has_cookie: is_known || random.permille(150),
            user: is_known.then(|| 1 + random.very_skewed(self.users)),
            referrer,
            page,
            patience: 1 + random.below(7) as u8 + random.very_skewed(20) as u8,
        }
    }
}

fn any_search(random: &mut Random, moment: u32) -> Page {
    let in_reviews = moment >= REVIEW_SEARCH && random.permille(350);
    Page::any_search(random, in_reviews)
}

/// Asks for one page and what belongs to it; gives the pause before the next, or none at the end.
fn take_step(
    random: &mut Random,
    session: &mut Session,
    moment: u32,
    log: &mut AccessLog,
    app: &mut AppLog,
) -> io::Result<Option<u32>> {
    let page = session.page;
    let answer = answer(random, page, moment);
    write_page(random, session, Target::Get(page), &answer, log)?;
    if answer.status >= 500 {
        if random.permille(400) {
            app.unreachable(moment, session.cookie())?;
        }
        // Most try again at once, and soon again, before they give up.
        for _ in 0..random.below(4) {
            write_page(random, session, Target::Get(page), &answer, log)?;
        }
        return Ok((!random.permille(60)).then(|| random.between(1, 20)));
    }
    session.has_cookie = true;
    if answer.status != 304 {
        for file in any_static_files(random) {
            write_static_file(random, session, file, log)?;
        }
    }
    if matches!(page, Page::Search { .. }) && (answer.millis > 3_000 || random.permille(300)) {
        app.search(moment, session.cookie(), answer.millis)?;
    }
    session.referrer = Referrer::Shop(page);
    session.patience -= 1;
    if session.patience == 0 {
        return Ok(None);
    }
    let next = next_page(random, page, moment);
    session.page = act(random, session, next, moment, log, app)?;
    let pause = match random.below(1_000) {
        // Away from the desk: back after more than half an hour, with the same cookie.
        0..8 => random.between(1_900, RING - 1),
        8..60 => random.between(120, 900),
        _ => random.between(3, 75),
    };
    Ok(Some(pause))
}

/// Where a visitor goes from a page.
fn next_page(random: &mut Random, page: Page, moment: u32) -> Page {
    let roll = random.below(100);
    match page {
        Page::Home | Page::Login | Page::Account => match roll {
            0..32 => Page::any_category(random),
            32..62 => any_search(random, moment),
            62..90 => Page::any_product(random),
            90..97 if page == Page::Home => Page::Login,
            _ => Page::Account,
        },
        Page::Category { .. } | Page::Search { .. } | Page::Help => match roll {
            0..62 => Page::any_product(random),
            62..80 => Page::any_category(random),
            80..96 => any_search(random, moment),
            _ => Page::Home,
        },
        Page::Product(_) => match roll {
            0..30 => Page::Cart,
            30..62 => Page::any_product(random),
            62..78 => Page::any_category(random),
            78..96 => any_search(random, moment),
            _ => Page::Home,
        },
        Page::Cart => match roll {
            0..55 => Page::Checkout { has_failed: false },
            55..85 => Page::any_product(random),
            _ => Page::Home,
        },
        Page::Checkout { .. } => match roll {
            // Seen again after an order: `act` places it.
            0..88 => Page::Thanks(0),
            _ => Page::Help,
        },
        Page::Thanks(_) => Page::Home,
    }
}

/// Does what comes before the next page (a form is sent) and gives the page that follows.
fn act(
    random: &mut Random,
    session: &mut Session,
    next: Page,
    moment: u32,
    log: &mut AccessLog,
    app: &mut AppLog,
) -> io::Result<Page> {
    let is_down = is_outage(moment);
    let sent =
        |random: &mut Random| Answer { status: if is_down { 502 } else { 303 }, millis: 30 + random.very_skewed(900) };
    match (session.page, next) {
        (Page::Product(_), Page::Cart) => {
            let answer = sent(random);
            write_page(random, session, Target::Post(Page::Cart), &answer, log)?;
            if !is_down {
                app.fill_cart(moment, session.cookie())?;
            }
            Ok(next)
        }
        (_, Page::Login) => {
            let answer = sent(random);
            write_page(random, session, Target::Post(Page::Login), &answer, log)?;
            if is_down {
                return Ok(Page::Login);
            }
            match app.log_in(moment, session.cookie())? {
                Some(user) => {
                    session.user = Some(user);
                    Ok(Page::Account)
                }
                None => Ok(Page::Login),
            }
        }
        (Page::Checkout { .. }, Page::Thanks(_)) => {
            let answer = sent(random);
            let target = Target::Post(Page::Checkout { has_failed: false });
            write_page(random, session, target, &answer, log)?;
            if is_down {
                return Ok(session.page);
            }
            let order = app.place_order(moment, session.user, session.cookie())?;
            if app.pay(moment + 1, &order)? {
                return Ok(Page::Thanks(order.number));
            }
            session.patience = session.patience.saturating_add(1);
            Ok(Page::Checkout { has_failed: true })
        }
        _ => Ok(next),
    }
}

/// What a page answers at a moment.
fn answer(random: &mut Random, page: Page, moment: u32) -> Answer {
    if is_outage(moment) {
        return match random.below(100) {
            0..62 => Answer { status: 502, millis: random.below(8) },
            62..80 => Answer { status: 503, millis: random.below(5) },
            80..92 => Answer { status: 504, millis: 60_000 + random.below(12) },
            _ => Answer { status: 200, millis: 900 + random.below(9_000) },
        };
    }
    let millis = match page {
        Page::Search { in_reviews: true, .. } if random.permille(600) => 3_001 + random.very_skewed(9_000),
        // It gives up here, with what it has.
        Page::Search { in_reviews: true, .. } if random.permille(200) => 3_000,
        Page::Search { .. } => 60 + random.very_skewed(1_900),
        _ if random.permille(2) => 2_900 + random.below(4_000),
        _ => 12 + random.very_skewed(700),
    };
    let status = match random.below(1_000) {
        0..2 => 500,
        2..4 => 499,
        4..40 if matches!(page, Page::Product(_)) => 304,
        40..52 if matches!(page, Page::Product(_)) => 404,
        52..60 if matches!(page, Page::Account) => 403,
        _ => 200,
    };
    Answer { status, millis }
}

fn write_page(
    random: &mut Random,
    session: &Session,
    target: Target,
    answer: &Answer,
    log: &mut AccessLog,
) -> io::Result<()> {
    let size = match (answer.status, target) {
        (500.., _) => 552,
        (303 | 304 | 499, _) => 0,
        (403 | 404, _) => 1_204,
        (_, Target::Get(page)) => page.size(random),
        _ => 180,
    };
    log.write(&Request {
        address: session.address,
        user: "-",
        target,
        status: answer.status,
        size,
        referrer: session.referrer,
        agent: BROWSERS[usize::from(session.agent)],
        millis: answer.millis,
        sid: session.cookie(),
    })
}

fn write_static_file(
    random: &mut Random,
    session: &Session,
    (path, size): (&'static str, u32),
    log: &mut AccessLog,
) -> io::Result<()> {
    let is_known = random.permille(200);
    log.write(&Request {
        address: session.address,
        user: "-",
        target: Target::File(path),
        status: if is_known { 304 } else { 200 },
        size: if is_known { 0 } else { size },
        referrer: Referrer::Shop(session.page),
        agent: BROWSERS[usize::from(session.agent)],
        millis: random.below(4),
        sid: session.cookie(),
    })
}
