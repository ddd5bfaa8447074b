//! Requests without a session: crawlers, monitors, partners, and people looking for holes.
//! Imports only its neighbours.

use std::io;

use super::super::random::Random;
use super::calendar::{LENGTH, is_outage, is_scan, scan_length};
use super::page::{Address, Page};
use super::requests::{AccessLog, Referrer, Request, Target};

/// Crawlers and monitors with the first address of each.
pub(super) const CRAWLERS: [(&str, u32); 6] = [
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 0xC612_0100),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", 0xC612_0200),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", 0xC612_0300),
    ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", 0xC612_0400),
    ("UptimeCheck/2.1 (+https://uptime.example)", 0xC612_0500),
    ("python-requests/2.32.3", 0xC612_0600),
];
/// What a search for holes asks for, with the status it gets; some of it is no request line.
const PROBES: [(&str, u16); 14] = [
    ("GET /wp-login.php HTTP/1.1", 404),
    ("GET /.env HTTP/1.1", 403),
    ("GET /phpmyadmin/index.php?lang=en HTTP/1.1", 404),
    ("POST /xmlrpc.php HTTP/1.1", 404),
    ("GET /.git/config HTTP/1.1", 403),
    ("\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03", 400),
    ("\\x03\\x00\\x00/*\\xE0\\x00\\x00\\x00\\x00\\x00Cookie: mstshash=Administr", 400),
    ("-", 408),
    ("", 400),
    ("GET /search?q=red shoes HTTP/1.1", 400),
    ("GET /search?q=\\x22'%20OR%201=1-- HTTP/1.1", 400),
    ("CONNECT 198.18.7.7:443 HTTP/1.1", 405),
    ("SSH-2.0-Go", 400),
    ("OPTIONS * HTTP/1.0", 405),
];

/// Everybody who asks without a session.
pub(super) struct Bots {
    random: Random,
    /// Requests of crawlers and of scanners in a second, in units of 2^-32.
    crawls: u64,
    probes: u64,
}

impl Bots {
    /// For a log of about `rows` lines: 12 % of them from crawlers, 2 % from scanners.
    pub(super) fn new(seed: u64, rows: u64) -> Self {
        let per_second =
            |share: u128, seconds: u32| ((u128::from(rows) << 32) * share / 1_000 / u128::from(seconds)) as u64;
        Self {
            random: Random::new(seed, "bots"),
            crawls: per_second(120, LENGTH),
            probes: per_second(20, scan_length()),
        }
    }

    /// Writes the requests of one second.
    pub(super) fn write_second(&mut self, moment: u32, log: &mut AccessLog) -> io::Result<()> {
        for _ in 0..self.random.arrivals(self.crawls) {
            self.write_crawl(moment, log)?;
        }
        if is_scan(moment) {
            for _ in 0..self.random.arrivals(self.probes) {
                self.write_probe(log)?;
            }
        }
        Ok(())
    }

    fn write_crawl(&mut self, moment: u32, log: &mut AccessLog) -> io::Result<()> {
        let random = &mut self.random;
        let crawler = random.below(CRAWLERS.len() as u32) as usize;
        let (agent, network) = CRAWLERS[crawler];
        let (mut target, mut status, mut size) = match random.below(100) {
            _ if crawler == 4 => (Target::File("/healthz"), 200, 2),
            0..4 => (Target::File("/robots.txt"), 200, 318),
            4..6 => (Target::File("/sitemap.xml"), 200, 88_410),
            6..12 => (Target::Raw("GET /product/7 HTTP/1.1"), 404, 1_204),
            12..16 => (Target::Raw("GET /sale HTTP/1.1"), 301, 169),
            16..20 => (Target::Raw("HEAD / HTTP/1.1"), 200, 0),
            20..50 => {
                let page = Page::any_category(random);
                (Target::Get(page), 200, page.size(random))
            }
            _ => {
                let page = Page::any_product(random);
                (Target::Get(page), 200, page.size(random))
            }
        };
        let mut user = "-";
        if crawler == 5 && random.permille(300) {
            (target, status, size) = (Target::Raw("GET /feed/stock.json HTTP/1.1"), 200, 40_211);
            user = "partner";
        }
        let mut millis = 4 + random.very_skewed(400);
        if is_outage(moment) && random.permille(900) {
            (status, size, millis) = (if random.permille(700) { 502 } else { 503 }, 552, 1);
        }
        let address = Address::V4(network + random.below(40));
        let referrer = Referrer::None;
        log.write(&Request { address, user, target, status, size, referrer, agent, millis, sid: None })
    }

    fn write_probe(&mut self, log: &mut AccessLog) -> io::Result<()> {
        let random = &mut self.random;
        let (line, status) = random.pick(&PROBES);
        let agents = ["-", "Mozilla/5.0 zgrab/0.x", "curl/7.88.1", "() { :; }; /bin/sh -c \\x22id\\x22"];
        log.write(&Request {
            address: Address::V4(0xC613_0000 | random.below(24)),
            user: if random.permille(30) { "admin" } else { "-" },
            target: Target::Raw(line),
            status,
            size: if status == 408 { 0 } else { 157 + random.below(400) },
            referrer: Referrer::None,
            agent: random.pick(&agents),
            millis: random.below(30),
            sid: None,
        })
    }
}
