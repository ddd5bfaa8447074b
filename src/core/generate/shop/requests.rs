//! The access log: one line per request in the shop's `log_format`, and the dirt in it.
//! Imports only its neighbours.

use std::io;

use super::super::random::Random;
use super::super::sheet::{Sheet, push_hex, push_number, push_seconds};
use super::calendar::push_access_time;
use super::page::{Address, Page};

/// Of a million lines, how many have each kind of dirt.
const DIRT: [(u32, Dirt); 10] = [
    (700, Dirt::Cut),
    (350, Dirt::GarbageBefore),
    (300, Dirt::BlankBefore),
    (400, Dirt::BadEncoding),
    (600, Dirt::NoDuration),
    (150, Dirt::WordForDuration),
    (250, Dirt::NoStatus),
    (200, Dirt::WordForStatus),
    (250, Dirt::NoSize),
    (60, Dirt::HugeSize),
];

/// Whole lines that are not access log lines.
const GARBAGE: [&[u8]; 7] = [
    b"nginx: [warn] conflicting server name \"shop.example\" on 0.0.0.0:443, ignored",
    b"==> /var/log/nginx/access.log <==",
    b"\x1f\x8b\x08\x00\xb4\xd2\xff\x00\x03\xed\xbd\x07\x60\x1c\x49",
    b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"2026/03/03 14:22:10 [error] 31#31: *9152 connect() failed (111: Connection refused) while connecting to upstream",
    b"--- log rotated ---",
    b"\xe2\x28\xa1 %s %d (null)",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dirt {
    None,
    Cut,
    GarbageBefore,
    BlankBefore,
    BadEncoding,
    NoDuration,
    WordForDuration,
    NoStatus,
    WordForStatus,
    NoSize,
    HugeSize,
}

/// What a request line asks for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    Get(Page),
    Post(Page),
    File(&'static str),
    /// A whole request line that may not be one.
    Raw(&'static str),
}

/// What stands in `Referer`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Referrer {
    None,
    Elsewhere(&'static str),
    Shop(Page),
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) address: Address,
    pub(super) user: &'a str,
    pub(super) target: Target,
    pub(super) status: u16,
    pub(super) size: u32,
    pub(super) referrer: Referrer,
    pub(super) agent: &'a str,
    pub(super) millis: u32,
    /// The session cookie, where the browser sent one.
    pub(super) sid: Option<u64>,
}

/// Writes the access log.
pub(super) struct AccessLog {
    pub(super) sheet: Sheet,
    random: Random,
    /// The second that `time` shows.
    moment: u32,
    time: Vec<u8>,
}

impl AccessLog {
    pub(super) fn new(sheet: Sheet, seed: u64) -> Self {
        let mut time = Vec::with_capacity(32);
        push_access_time(&mut time, 0);
        Self { sheet, random: Random::new(seed, "dirt"), moment: 0, time }
    }

    /// Sets the second of the lines to come.
    pub(super) fn set_moment(&mut self, moment: u32) {
        if moment != self.moment {
            self.moment = moment;
            self.time.clear();
            push_access_time(&mut self.time, moment);
        }
    }

    /// Writes the line of one request, now and then a dirty one.
    pub(super) fn write(&mut self, request: &Request<'_>) -> io::Result<()> {
        let dirt = self.any_dirt();
        match dirt {
            Dirt::GarbageBefore => {
                let garbage = self.random.pick(&GARBAGE);
                self.sheet.text.extend_from_slice(garbage);
                self.sheet.end_line()?;
            }
            Dirt::BlankBefore => {
                if self.random.permille(300) {
                    self.sheet.push("   ");
                }
                self.sheet.end_line()?;
            }
            _ => {}
        }
        let start = self.sheet.text.len();
        self.push_head(request);
        self.push_numbers(request, dirt);
        self.push_referrer(request.referrer);
        let end_of_agent = self.push_agent(request.agent, dirt);
        if dirt == Dirt::Cut {
            // Never behind the agent's closing quote: a line cut there could still be read.
            let kept = 1 + self.random.below((end_of_agent - start) as u32) as usize;
            self.sheet.text.truncate(start + kept);
            return self.sheet.end_line();
        }
        let text = &mut self.sheet.text;
        match dirt {
            Dirt::NoDuration => text.push(b'-'),
            Dirt::WordForDuration => text.extend_from_slice(b"n/a"),
            _ => push_seconds(text, request.millis),
        }
        text.push(b' ');
        match request.sid {
            Some(sid) => push_hex(text, sid),
            None => text.push(b'-'),
        }
        self.sheet.end_line()
    }

    fn any_dirt(&mut self) -> Dirt {
        let mut roll = self.random.below(1_000_000);
        if roll > 10_000 {
            return Dirt::None;
        }
        for (share, dirt) in DIRT {
            if roll < share {
                return dirt;
            }
            roll -= share;
        }
        Dirt::None
    }

    /// Appends everything up to the request line's closing quote.
    fn push_head(&mut self, request: &Request<'_>) {
        let text = &mut self.sheet.text;
        request.address.push(text);
        text.extend_from_slice(b" - ");
        text.extend_from_slice(request.user.as_bytes());
        text.extend_from_slice(b" [");
        text.extend_from_slice(&self.time);
        text.extend_from_slice(b"] \"");
        match request.target {
            Target::Get(page) => {
                text.extend_from_slice(b"GET ");
                page.push(text);
                text.extend_from_slice(b" HTTP/2.0");
            }
            Target::Post(page) => {
                text.extend_from_slice(b"POST ");
                page.push(text);
                text.extend_from_slice(b" HTTP/2.0");
            }
            Target::File(path) => {
                text.extend_from_slice(b"GET ");
                text.extend_from_slice(path.as_bytes());
                text.extend_from_slice(b" HTTP/1.1");
            }
            Target::Raw(line) => text.extend_from_slice(line.as_bytes()),
        }
        text.push(b'"');
    }

    fn push_numbers(&mut self, request: &Request<'_>, dirt: Dirt) {
        let text = &mut self.sheet.text;
        text.push(b' ');
        match dirt {
            Dirt::NoStatus => text.push(b'-'),
            Dirt::WordForStatus => text.extend_from_slice(b"5xx"),
            _ => push_number(text, u64::from(request.status)),
        }
        text.push(b' ');
        match dirt {
            Dirt::NoSize => text.push(b'-'),
            Dirt::HugeSize => text.extend_from_slice(b"18446744073709551999"),
            _ => push_number(text, u64::from(request.size)),
        }
    }

    fn push_referrer(&mut self, referrer: Referrer) {
        let text = &mut self.sheet.text;
        text.extend_from_slice(b" \"");
        match referrer {
            Referrer::None => text.push(b'-'),
            Referrer::Elsewhere(address) => text.extend_from_slice(address.as_bytes()),
            Referrer::Shop(page) => {
                text.extend_from_slice(b"https://shop.example");
                page.push(text);
            }
        }
        text.push(b'"');
    }

    /// Appends the user agent and a blank; gives the place of its closing quote.
    fn push_agent(&mut self, agent: &str, dirt: Dirt) -> usize {
        let text = &mut self.sheet.text;
        text.extend_from_slice(b" \"");
        text.extend_from_slice(agent.as_bytes());
        if dirt == Dirt::BadEncoding {
            // Latin-1, and the first two bytes of a character of three.
            text.extend_from_slice(b" Caf\xe9/1.0 \xe2\x82");
        }
        let end = text.len();
        text.extend_from_slice(b"\" ");
        end
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::random::Random;
    use super::super::tests::Memory;
    use super::*;

    #[test]
    fn a_line_has_the_format_of_the_shop() {
        let memory = Memory::default();
        let sheet = Sheet::new("access.log", Box::new(memory.clone()));
        let mut log = AccessLog::new(sheet, 1);
        log.random = Random::new(1, "no dirt in the first line");
        log.set_moment(3_661);
        log.write(&Request {
            address: Address::V4(0x6440_0001),
            user: "-",
            target: Target::Get(Page::Cart),
            status: 200,
            size: 512,
            referrer: Referrer::Shop(Page::Home),
            agent: "curl/8",
            millis: 42,
            sid: Some(0x1F),
        })
        .unwrap();
        log.sheet.finish().unwrap();
        assert_eq!(
            memory.text(),
            "100.64.0.1 - - [02/Mar/2026:01:01:01 +0000] \"GET /cart HTTP/2.0\" 200 512 \
             \"https://shop.example/\" \"curl/8\" 0.042 000000000000001f\n"
        );
    }
}
