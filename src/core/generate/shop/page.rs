//! What visitors ask for: the shop's pages and static files, and who asks: addresses and browsers.
//! Imports only its neighbours.

use super::super::random::Random;
use super::super::sheet::push_number;

/// Number of products in the shop.
const PRODUCTS: u32 = 900;

const CATEGORIES: [&str; 9] =
    ["lamps", "chairs", "tables", "kitchen", "garden", "bikes", "books", "outdoor", "caf%C3%A9"];
const WORDS: [&str; 24] = [
    "lamp",
    "oak+table",
    "red+shoes",
    "desk",
    "bike+light",
    "tent",
    "mug",
    "kettle",
    "chair",
    "garden+hose",
    "rug",
    "shelf",
    "cushion",
    "caf%C3%A9+set",
    "pan",
    "knife",
    "blanket",
    "mirror",
    "clock",
    "plant+pot",
    "backpack",
    "bottle",
    "notebook",
    "100%25+wool",
];
const STATIC_FILES: [(&str, u32); 10] = [
    ("/static/css/app.9f31c2.css", 48_212),
    ("/static/js/app.5b7d10.js", 212_644),
    ("/static/js/vendor.77aa01.js", 388_120),
    ("/static/img/logo.svg", 3_190),
    ("/static/fonts/inter.woff2", 98_868),
    ("/static/img/sprite.png?v=12", 22_410),
    ("/static/js/search.e0c914.js", 41_007),
    ("/static/css/product.1d44fa.css", 17_630),
    ("/static/img/banner-spring.webp", 154_300),
    ("/static/img/favicon.ico", 1_150),
];

/// A page of the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Category { number: u8, part: u8 },
    Product(u16),
    Search { word: u8, in_reviews: bool },
    Cart,
    Checkout { has_failed: bool },
    Thanks(u32),
    Login,
    Account,
    Help,
}

impl Page {
    pub(super) fn any_category(random: &mut Random) -> Self {
        let part = if random.permille(300) { random.between(2, 6) as u8 } else { 1 };
        Self::Category { number: random.skewed(CATEGORIES.len() as u32) as u8, part }
    }

    pub(super) fn any_product(random: &mut Random) -> Self {
        Self::Product(100 + random.very_skewed(PRODUCTS) as u16)
    }

    pub(super) fn any_search(random: &mut Random, in_reviews: bool) -> Self {
        Self::Search { word: random.skewed(WORDS.len() as u32) as u8, in_reviews }
    }

    /// Appends path and query as they stand in a request line.
    pub(super) fn push(self, text: &mut Vec<u8>) {
        match self {
            Self::Home => text.push(b'/'),
            Self::Category { number, part } => {
                text.extend_from_slice(b"/category/");
                text.extend_from_slice(CATEGORIES[usize::from(number)].as_bytes());
                if part > 1 {
                    text.extend_from_slice(b"?page=");
                    push_number(text, u64::from(part));
                }
            }
            Self::Product(number) => {
                text.extend_from_slice(b"/product/");
                push_number(text, u64::from(number));
            }
            Self::Search { word, in_reviews } => {
                text.extend_from_slice(b"/search?q=");
                text.extend_from_slice(WORDS[usize::from(word)].as_bytes());
                if in_reviews {
                    text.extend_from_slice(b"&in=reviews");
                }
            }
            Self::Cart => text.extend_from_slice(b"/cart"),
            Self::Checkout { has_failed: false } => text.extend_from_slice(b"/checkout"),
            Self::Checkout { has_failed: true } => {
                text.extend_from_slice(b"/checkout?error=payment");
            }
            Self::Thanks(_) => text.extend_from_slice(b"/thanks"),
            Self::Login => text.extend_from_slice(b"/login"),
            Self::Account => text.extend_from_slice(b"/account"),
            Self::Help => text.extend_from_slice(b"/help/delivery"),
        }
        if let Self::Thanks(order) = self {
            text.extend_from_slice(b"?order=o-");
            push_number(text, u64::from(order));
        }
    }

    /// A usual size of the answer in bytes.
    pub(super) fn size(self, random: &mut Random) -> u32 {
        let usual = match self {
            Self::Home => 31_000,
            Self::Category { .. } => 24_000,
            Self::Product(_) => 18_000,
            Self::Search { .. } => 21_000,
            Self::Cart | Self::Checkout { .. } | Self::Thanks(_) => 9_000,
            Self::Login | Self::Account | Self::Help => 6_000,
        };
        usual + random.below(usual / 3)
    }
}

/// A few static files that a page refers to, each with its size in bytes.
pub(super) fn any_static_files(random: &mut Random) -> impl Iterator<Item = (&'static str, u32)> + use<> {
    let count = [0, 0, 0, 1, 1, 2, 3, 5][random.below(8) as usize];
    let first = random.below(STATIC_FILES.len() as u32) as usize;
    STATIC_FILES.into_iter().cycle().skip(first).take(count)
}

/// Where a request comes from; only ranges that are reserved for private use, tests and books.
#[derive(Debug, Clone, Copy)]
pub(super) enum Address {
    V4(u32),
    V6(u64),
}

impl Address {
    /// A visitor's: 100.64.0.0/10, or 2001:db8::/32 now and then.
    pub(super) fn any_visitor(random: &mut Random) -> Self {
        if random.permille(120) { Self::V6(random.next()) } else { Self::V4(0x6440_0000 | random.below(1 << 22)) }
    }

    pub(super) fn push(self, text: &mut Vec<u8>) {
        match self {
            Self::V4(bits) => {
                for (place, byte) in bits.to_be_bytes().into_iter().enumerate() {
                    if place > 0 {
                        text.push(b'.');
                    }
                    push_number(text, u64::from(byte));
                }
            }
            Self::V6(bits) => {
                text.extend_from_slice(b"2001:db8:");
                for (place, shift) in [48, 32, 16, 0].into_iter().enumerate() {
                    if place == 2 {
                        text.push(b':');
                    }
                    push_group(text, (bits >> shift) as u16 | 1);
                    if place < 3 {
                        text.push(b':');
                    }
                }
            }
        }
    }
}

/// Appends one group of an IPv6 address, without leading zeros.
fn push_group(text: &mut Vec<u8>, group: u16) {
    let mut shift = 12;
    while shift > 0 && group >> shift == 0 {
        shift -= 4;
    }
    while shift >= 0 {
        text.push(b"0123456789abcdef"[usize::from(group >> shift) & 15]);
        shift -= 4;
    }
}

/// Browsers, the frequent ones first; a double quote is written `\x22`, as nginx does.
pub(super) const BROWSERS: [&str; 14] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
    "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    "ShopApp/5.2.1 (iOS 18.6; \\x22Anna's phone\\x22)",
    "ShopApp/5.1.0 (Android 15; \\x22Pixel 9\\x22; de-DE)",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
    "-",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut text = Vec::new();
        write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn addresses_are_valid() {
        assert_eq!(written(|text| Address::V4(0x6440_0107).push(text)), "100.64.1.7");
        let mut random = Random::new(1, "addresses");
        for _ in 0..500 {
            let address = Address::any_visitor(&mut random);
            let shown = written(|text| address.push(text));
            assert!(shown.parse::<std::net::IpAddr>().is_ok(), "{shown}");
        }
    }

    #[test]
    fn pages_are_written_with_their_query() {
        let search = Page::Search { word: 1, in_reviews: true };
        assert_eq!(written(|text| search.push(text)), "/search?q=oak+table&in=reviews");
        assert_eq!(written(|text| Page::Thanks(7).push(text)), "/thanks?order=o-7");
        let category = Page::Category { number: 0, part: 1 };
        assert_eq!(written(|text| category.push(text)), "/category/lamps");
    }
}
