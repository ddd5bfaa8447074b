//! What a browser or program says of itself, by the marks that are common in practice. Empty and `-` give null.
//! Must not import any room but `data`.

use super::ArgType::String as Text;
use super::arguments::{boolean, some_text, string, text_at, value_or_null};
use super::{Function, example, scalar};
use crate::data::Value;

/// Marks and names; the first mark found wins, so those that imitate others come before them.
pub const BROWSERS: [(&str, &str); 24] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("Edge/", "Edge"),
    ("OPR/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("Wget/", "Wget"),
    ("python-requests/", "Python"),
    ("Python-urllib/", "Python"),
    ("Go-http-client/", "Go"),
    ("okhttp/", "OkHttp"),
    ("Java/", "Java"),
    ("PostmanRuntime/", "Postman"),
    ("kube-probe/", "Kubernetes probe"),
];
pub const SYSTEMS: [(&str, &str); 9] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("iPod", "iOS"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];
/// Crawlers and monitors. In small letters, as all that follow.
pub const BOTS: [&str; 22] = [
    "bot",
    "crawl",
    "spider",
    "slurp",
    "headless",
    "lighthouse",
    "facebookexternalhit",
    "mediapartners",
    "preview",
    "monitor",
    "probe",
    "uptime",
    "pingdom",
    "scan",
    "archiver",
    "fetcher",
    "nagios",
    "check_http",
    "zabbix",
    "statuscake",
    "zgrab",
    "nikto",
];
/// Programs that read feeds for many people.
pub const FEED_READERS: [&str; 10] = [
    "feedburner",
    "feedbin",
    "feedly",
    "feedparser",
    "feedvalidator",
    "tiny tiny rss",
    "newsblur",
    "inoreader",
    "netvibes",
    "theoldreader",
];
/// Libraries and commands. `okhttp` is not among them: apps for phones use it.
pub const TOOLS: [&str; 14] = [
    "curl/",
    "wget/",
    "python-",
    "python/",
    "aiohttp/",
    "go-http-client/",
    "java/",
    "apache-httpclient/",
    "postmanruntime/",
    "axios/",
    "node-fetch",
    "libwww",
    "guzzlehttp",
    "httpie/",
];

/// Words and models of tablets.
pub const TABLETS: [&str; 9] =
    ["ipad", "tablet", "sm-t", "sm-x", "galaxy tab", "nexus 7", "nexus 9", "nexus 10", "pixel tablet"];

pub(super) const FUNCTIONS: &[Function] = &[
    scalar(
        "user agents",
        "ua_browser(text) → String",
        "The browser or program, such as 'Chrome', 'Safari' or 'curl'; 'Other' where unknown.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(find(agent(a)?, &BROWSERS))),
        &[
            example(
                "ua_browser('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0')",
                "'Edge'",
            ),
            example("ua_browser('curl/8.5.0')", "'curl'"),
            example("ua_browser('-')", "null"),
        ],
    ),
    scalar(
        "user agents",
        "ua_os(text) → String",
        "The operating system, such as 'Windows', 'Android' or 'iOS'; 'Other' where unknown.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(find(agent(a)?, &SYSTEMS))),
        &[
            example("ua_os('Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36')", "'Android'"),
            example("ua_os('curl/8.5.0')", "'Other'"),
        ],
    ),
    scalar(
        "user agents",
        "ua_device(text) → String",
        "'desktop', 'mobile', 'tablet', 'bot', 'tool' or 'other'.",
        &[Text],
        string,
        |a| value_or_null(|| some_text(device(agent(a)?))),
        &[
            example("ua_device('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148')", "'mobile'"),
            example("ua_device('Mozilla/5.0 (compatible; Googlebot/2.1)')", "'bot'"),
            example("ua_device('Wget/1.21')", "'tool'"),
            example("ua_device('ShopApp/5.1 (Android 15; Pixel 9; de-DE)')", "'mobile'"),
            example("ua_device('ShopApp/5.2 (iOS 18.6)')", "'mobile'"),
            example("ua_device('Dalvik/2.1.0 (Linux; U; Android 7.0; SM-T580 Build/NRD90M)')", "'tablet'"),
            example(
                "ua_device('Mozilla/5.0 (Linux; Android 14; Lenovo TB) AppleWebKit/537.36 Chrome/126.0 Safari/537.36')",
                "'tablet'",
            ),
        ],
    ),
    scalar(
        "user agents",
        "ua_is_bot(text) → Boolean",
        "Whether it names itself a crawler, monitor, feed reader, tool or the like: a program without a person.",
        &[Text],
        boolean,
        |a| value_or_null(|| Some(Value::Boolean(is_program(&agent(a)?.to_ascii_lowercase())))),
        &[
            example("ua_is_bot('Mozilla/5.0 (compatible; bingbot/2.0)')", "true"),
            example("ua_is_bot('python-requests/2.32.3')", "true"),
            example("ua_is_bot('FeedBurner/1.0 (http://www.FeedBurner.com)')", "true"),
            example("ua_is_bot('ShopApp/4.2 (Android 14; Pixel 9) okhttp/4.12')", "false"),
            example("ua_is_bot('Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0')", "false"),
        ],
    ),
];

fn agent(args: &[Value]) -> Option<&str> {
    text_at(args, 0).map(str::trim).filter(|text| !matches!(*text, "" | "-"))
}

fn find(text: &str, marks: &[(&str, &'static str)]) -> &'static str {
    marks.iter().find(|(mark, _)| text.contains(mark)).map_or("Other", |(_, name)| name)
}

fn is_bot(lower: &str) -> bool {
    // A phone of that maker is no robot.
    let is_crawler = BOTS.iter().any(|mark| lower.contains(mark)) && !lower.contains("cubot");
    is_crawler || FEED_READERS.iter().any(|mark| lower.contains(mark))
}

fn is_tool(lower: &str) -> bool {
    TOOLS.iter().any(|mark| lower.contains(mark))
}

/// All that say that they are no person's browser or app.
fn is_program(lower: &str) -> bool {
    is_bot(lower) || is_tool(lower)
}

/// Browsers of Android say `Mobile` on telephones alone. Apps say it nowhere, and most of them run on telephones.
fn is_tablet(lower: &str) -> bool {
    let has = |mark: &str| lower.contains(mark);
    let is_browser = has("mozilla/") && has("applewebkit");
    TABLETS.iter().any(|mark| has(mark)) || has("android") && is_browser && !has("mobile")
}

/// Whether `ios` stands there as a word.
fn names_ios(lower: &str) -> bool {
    lower.split(|sign: char| !sign.is_ascii_alphanumeric()).any(|word| word == "ios")
}

fn device(text: &str) -> &'static str {
    let lower = text.to_ascii_lowercase();
    let has = |mark: &str| lower.contains(mark);
    if is_bot(&lower) {
        "bot"
    } else if is_tool(&lower) {
        "tool"
    } else if is_tablet(&lower) {
        "tablet"
    } else if ["mobi", "iphone", "ipod", "android", "dalvik/", "cfnetwork/"].into_iter().any(has) || names_ios(&lower) {
        "mobile"
    } else if has("windows") || has("macintosh") || has("linux") || has("cros") {
        "desktop"
    } else {
        "other"
    }
}
