//! The form of a message: its words, parted by single blanks, with a stand-in for whatever varies by its class (numbers,
//! ids, addresses, times, paths, quoted texts). One pass over the bytes: every row of a log comes here. Imports nothing.

/// Words of a message that count; what follows is one stand-in.
const WORDS: usize = 64;
/// Bytes of a form that count; what follows is one stand-in.
const FORM_BYTES: usize = 2_000;
/// Bytes of a word's form that count.
const WORD_BYTES: usize = 256;
/// Bytes that one piece which varies may take: what is longer would be looked through again and again.
const PIECE_BYTES: usize = 1024;
/// Letters and digits that are a hexadecimal number, where both are in it.
const HEX: usize = 6;

/// Stands for one word or a part of it.
pub(super) const ANY: &str = "<*>";
/// Stands for anything, blanks too: the rest of a long message, or words of which some are quoted texts or times.
pub(super) const WIDE: &str = "<...>";
/// Behind a word that varies and comes several times in a row.
pub(super) const AGAIN: char = '…';

/// What stands for what varies, and the pattern that fits it.
pub(super) const STAND_INS: [(&str, &str); 10] = [
    ("<n>", r"[+-]?[0-9]+(?:\.[0-9]+)?"),
    ("<ip>", r"[0-9A-Fa-f:.]+"),
    ("<hex>", r"(?:0[xX])?[0-9A-Fa-f]+"),
    ("<uuid>", r"[0-9A-Fa-f-]{36}"),
    ("<time>", r"[0-9A-Za-z](?:[0-9A-Za-z:.,/+-]|\s)*"),
    ("<path>", r"[/A-Za-z]\S*"),
    ("<url>", r"[0-9A-Za-z]+://\S*"),
    ("<email>", r"\S+@\S+"),
    ("<text>", r#"(?:"[^"]*"|'[^']*')"#),
    (ANY, r"\S+"),
];

/// Where the first stand-in of a text begins and ends.
pub(super) fn stand_in(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('<').map(|at| from + at) {
        if let Some(length) = stand_in_bytes(&text.as_bytes()[open..]) {
            return Some((open, open + length));
        }
        from = open + 1;
    }
    None
}

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

/// Writes the form of a message, and gives how many words it has.
pub(super) fn form_of(message: &str, form: &mut String) -> usize {
    form.clear();
    let bytes = message.as_bytes();
    let (mut at, mut words) = (0, 0);
    // Where the word before begins in the form.
    let mut before = 0;
    loop {
        while at < bytes.len() && bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        if at == bytes.len() {
            return words;
        }
        if words == WORDS || form.len() > FORM_BYTES {
            form.push(' ');
            form.push_str(WIDE);
            return words + 1;
        }
        let from = form.len();
        if words > 0 {
            form.push(' ');
        }
        let begun = form.len();
        at = word(message, at, form);
        cut(form, begun);
        if is_again(form, before, begun) {
            form.truncate(from);
            if !form.ends_with(AGAIN) {
                form.push(AGAIN);
            }
        } else {
            (before, words) = (begun, words + 1);
        }
    }
}

/// Whether the word from `begun` on is the one before again, and one that varies.
fn is_again(form: &str, before: usize, begun: usize) -> bool {
    before < begun && stand_in(&form[begun..]).is_some() && {
        let last = form[before..begun].trim_end_matches(' ').trim_end_matches(AGAIN);
        last.trim_end_matches(',') == form[begun..].trim_end_matches(',')
    }
}

/// Ends a word that is too long.
fn cut(form: &mut String, begun: usize) {
    if form.len() - begun > WORD_BYTES {
        let end = (begun..=begun + WORD_BYTES).rev().find(|end| form.is_char_boundary(*end)).unwrap_or(begun);
        // No stand-in is cut in two.
        let end = form[begun..end]
            .rfind('<')
            .filter(|open| end - (begun + open) < WIDE.len())
            .map_or(end, |open| begun + open);
        form.truncate(end);
        form.push_str(ANY);
    }
}

/// Writes the form of the word that begins there, and gives where it ends.
fn word(message: &str, mut at: usize, form: &mut String) -> usize {
    let (bytes, begun) = (message.as_bytes(), form.len());
    // Whether a piece begins here: no letter or digit stands before.
    let mut begins = true;
    while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
        if form.len() - begun > WORD_BYTES {
            return at + run(&bytes[at..], |byte| !byte.is_ascii_whitespace());
        }
        if let Some((length, stand_in)) = varying(&bytes[at..], begins, form) {
            form.push_str(stand_in);
            at += length;
            begins = false;
            continue;
        }
        let plain = plain(&bytes[at..]);
        form.push_str(&message[at..at + plain]);
        begins = !is_inside(bytes[at + plain - 1]);
        at += plain;
    }
    at
}

/// Bytes that are taken as they stand: letters up to the next digit, or one sign.
fn plain(rest: &[u8]) -> usize {
    match rest[0] {
        first if first.is_ascii_alphabetic() || first >= 0x80 => {
            rest.iter().position(|byte| !(byte.is_ascii_alphabetic() || *byte >= 0x80)).unwrap_or(rest.len())
        }
        _ => 1,
    }
}

fn is_inside(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The length of what varies at the beginning of a text, and what stands for it.
fn varying(rest: &[u8], begins: bool, form: &str) -> Option<(usize, &'static str)> {
    let all = rest;
    let rest = &rest[..rest.len().min(PIECE_BYTES)];
    match rest[0] {
        b'"' => quoted(all, b'"').map(|length| (length, "<text>")),
        // A text that looks like a stand-in.
        b'<' => stand_in_bytes(rest).map(|length| (length, ANY)),
        b'\'' if begins => quoted(all, b'\'')
            .filter(|length| !all.get(*length).is_some_and(|byte| is_inside(*byte)))
            .map(|length| (length, "<text>")),
        b'/' if begins => path(rest).map(|length| (length, "<path>")),
        b'-' | b'+' if rest.get(1).is_some_and(u8::is_ascii_digit) && ends_before_number(form) => {
            number(&rest[1..], true).map(|(length, stand_in)| (length + 1, stand_in))
        }
        b'0'..=b'9' => number(rest, begins),
        byte if begins && byte.is_ascii_alphabetic() => name(rest),
        b':' if begins => address6(rest).map(|length| (length, "<ip>")),
        _ => None,
    }
}

/// The length of a text that is written as a stand-in is.
fn stand_in_bytes(rest: &[u8]) -> Option<usize> {
    let known = STAND_INS.iter().map(|(known, _)| *known).chain([WIDE]);
    known.map(str::as_bytes).find(|known| rest.starts_with(known)).map(<[u8]>::len)
}

/// Whether a sign that comes now is a number's.
fn ends_before_number(form: &str) -> bool {
    form.is_empty() || form.ends_with([' ', '=', '_', '(', ',', ':', '['])
}

/// A quoted text with its quotes.
fn quoted(rest: &[u8], quote: u8) -> Option<usize> {
    rest[1..].iter().position(|byte| *byte == quote).map(|end| end + 2)
}

/// How many bytes from the beginning are such.
fn run(rest: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len())
}

fn is_of_path(byte: u8) -> bool {
    is_inside(byte) || b"/._-~+%@#$\\:".contains(&byte)
}

/// `/var/log/x`, not `/10.0.0.7`, which is an address.
fn path(rest: &[u8]) -> Option<usize> {
    let first = rest.get(1).copied()?;
    if !(first.is_ascii_alphabetic() || first == b'.' || first == b'_') {
        return None;
    }
    let length = run(rest, is_of_path);
    Some(without_end(rest, length))
}

/// Without the signs that end a sentence.
fn without_end(rest: &[u8], length: usize) -> usize {
    let end = rest[..length].iter().rposition(|byte| !b".:".contains(byte)).map_or(0, |end| end + 1);
    end.max(1)
}

/// What begins with a letter and varies: a link, an e-mail address, a file of Windows, a date, a hexadecimal number.
fn name(rest: &[u8]) -> Option<(usize, &'static str)> {
    let letters = run(rest, |byte| byte.is_ascii_alphanumeric());
    let of = |length: Option<usize>, stand_in| length.map(|length| (length, stand_in));
    let found = match rest.get(letters) {
        Some(b':') if rest[letters..].starts_with(b"://") => {
            let length = run(rest, |byte| !byte.is_ascii_whitespace() && !b"\"'<>,;()[]{}".contains(&byte));
            Some((without_end(rest, length), "<url>"))
        }
        Some(b':') if letters == 1 && rest.get(2) == Some(&b'\\') => {
            Some((without_end(rest, run(rest, is_of_path)), "<path>"))
        }
        Some(b':') => of(address6(rest), "<ip>"),
        Some(b'@' | b'.' | b'_' | b'+' | b'-') => of(mail(rest), "<email>").or_else(|| of(uuid(rest), "<uuid>")),
        Some(b' ' | b',') if letters == 3 => of(date(rest), "<time>"),
        _ => None,
    };
    found.or_else(|| of(hexadecimal(rest), "<hex>"))
}

fn mail(rest: &[u8]) -> Option<usize> {
    let local = run(rest, |byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    if rest.get(local) != Some(&b'@') {
        return None;
    }
    let domain = run(&rest[local + 1..], |byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let end = without_end(rest, local + 1 + domain);
    rest[local..end].contains(&b'.').then_some(end)
}

fn uuid(rest: &[u8]) -> Option<usize> {
    let is_one = rest.len() >= 36
        && rest[..36].iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
        && !rest.get(36).is_some_and(|byte| is_inside(*byte));
    is_one.then_some(36)
}

/// Digits and letters up to `f`, both; `0x…` is told by its first digit.
fn hexadecimal(rest: &[u8]) -> Option<usize> {
    let length = run(rest, |byte| byte.is_ascii_hexdigit());
    let has = |is: fn(&u8) -> bool| rest[..length].iter().any(is);
    let ends = !rest.get(length).is_some_and(|byte| is_inside(*byte));
    (length >= HEX && ends && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)).then_some(length)
}

/// An IPv6 address: groups with at least two colons.
fn address6(rest: &[u8]) -> Option<usize> {
    let length = run(rest, |byte| byte.is_ascii_hexdigit() || byte == b':' || byte == b'.');
    let text = &rest[..without_end(rest, length)];
    let colons = text.iter().filter(|byte| **byte == b':').count();
    let groups = text.split(|byte| *byte == b':');
    let is_one = colons >= 2
        && (colons == 7 || text.windows(2).any(|pair| pair == b"::"))
        && groups.clone().all(|group| group.len() <= 4 || group.contains(&b'.'))
        && groups.filter(|group| !group.is_empty()).count() > 0
        && !rest.get(text.len()).is_some_and(|byte| is_inside(*byte));
    is_one.then_some(text.len())
}

/// What begins with a digit.
fn number(rest: &[u8], begins: bool) -> Option<(usize, &'static str)> {
    let of = |length: Option<usize>, stand_in| length.map(|length| (length, stand_in));
    let whole = || {
        of(uuid(rest), "<uuid>")
            .or_else(|| of(clock(rest), "<time>"))
            .or_else(|| of(address4(rest), "<ip>"))
            .or_else(|| of(address6(rest), "<ip>"))
            .or_else(|| of(marked_hexadecimal(rest), "<hex>"))
            .or_else(|| of(mail(rest), "<email>"))
            .or_else(|| of(hexadecimal(rest), "<hex>"))
    };
    begins.then(whole).flatten().or_else(|| {
        let mut length = run(rest, |byte| byte.is_ascii_digit());
        if rest.get(length) == Some(&b'.') && rest.get(length + 1).is_some_and(u8::is_ascii_digit) {
            length += 1 + run(&rest[length + 1..], |byte| byte.is_ascii_digit());
        }
        Some((length, "<n>"))
    })
}

/// `0x1f`.
fn marked_hexadecimal(rest: &[u8]) -> Option<usize> {
    let digits = rest.strip_prefix(b"0x").or_else(|| rest.strip_prefix(b"0X"))?;
    let length = run(digits, |byte| byte.is_ascii_hexdigit());
    (length > 0).then_some(length + 2)
}

fn digits(rest: &[u8], most: usize) -> Option<usize> {
    let length = run(rest, |byte| byte.is_ascii_digit());
    (1..=most).contains(&length).then_some(length)
}

fn address4(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    for part in 0..4 {
        at += digits(&rest[at..], 3)?;
        if part < 3 {
            (rest.get(at) == Some(&b'.')).then_some(())?;
            at += 1;
        }
    }
    let is_more = rest.get(at) == Some(&b'.') && rest.get(at + 1).is_some_and(u8::is_ascii_digit);
    if is_more || rest.get(at).is_some_and(|byte| is_inside(*byte)) {
        return None;
    }
    if rest.get(at) == Some(&b':') {
        at += digits(&rest[at + 1..], 5).map_or(0, |port| port + 1);
    }
    Some(at)
}

/// `10:20:30`, with a fraction or without.
fn hours(rest: &[u8]) -> Option<usize> {
    let mut at = digits(rest, 2)?;
    for _ in 0..2 {
        (rest.get(at) == Some(&b':')).then_some(())?;
        let two = digits(&rest[at + 1..], 2)?;
        (two == 2).then_some(())?;
        at += 3;
    }
    if matches!(rest.get(at), Some(b'.' | b',')) {
        at += digits(&rest[at + 1..], 9).map_or(0, |length| length + 1);
    }
    (!matches!(rest.get(at), Some(b':'))).then_some(at)
}

/// A time as logs write it: a date, a time of day, or both.
fn clock(rest: &[u8]) -> Option<usize> {
    if let Some(length) = hours(rest) {
        return Some(length);
    }
    let mut at = day(rest)?;
    if matches!(rest.get(at), Some(b'T' | b' ' | b':')) {
        at += hours(&rest[at + 1..]).map_or(0, |length| length + 1);
    }
    Some(at + zone(&rest[at..]))
}

/// `2026-03-02`, `02/Mar/2026`, `26/03/02`. A part of something longer is none.
fn day(rest: &[u8]) -> Option<usize> {
    let first = digits(rest, 4)?;
    let sign = *rest.get(first).filter(|sign| b"-/".contains(sign))?;
    let second = first + 1;
    let middle = digits(&rest[second..], 2).or_else(|| month(&rest[second..]))?;
    (rest.get(second + middle) == Some(&sign)).then_some(())?;
    let third = second + middle + 1;
    let last = digits(&rest[third..], 4)?;
    (first == 4 || last == 4 || (sign == b'/' && first == 2 && last == 2)).then_some(())?;
    let end = third + last;
    let goes_on = rest.get(end).is_some_and(|byte| *byte == sign || (is_inside(*byte) && *byte != b'T'));
    (!goes_on).then_some(end)
}

fn zone(rest: &[u8]) -> usize {
    match rest {
        [b'Z', ..] => 1,
        [b'+' | b'-', a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => 5,
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => 6,
        [b' ', b'+' | b'-', a, b, c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => 6,
        _ => 0,
    }
}

fn month(rest: &[u8]) -> Option<usize> {
    MONTHS.iter().any(|month| rest.starts_with(&month[..])).then_some(3)
}

/// `Sun Jul 17 09:44:07 2005`, `Jul 17 09:44:07`.
fn date(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    if DAYS.iter().any(|day| rest.starts_with(&day[..])) {
        at = 3 + run(&rest[3..], |byte| byte == b' ' || byte == b',');
    }
    at += month(&rest[at..])?;
    at += run(&rest[at..], |byte| byte == b' ');
    at += digits(&rest[at..], 2)?;
    at += run(&rest[at..], |byte| byte == b' ');
    at += hours(&rest[at..])?;
    let year = |at: usize| (rest.get(at) == Some(&b' ') && digits(&rest[at + 1..], 4) == Some(4)).then_some(5);
    let named = run(&rest[(at + 1).min(rest.len())..], |byte| byte.is_ascii_uppercase());
    if (3..=4).contains(&named) && year(at + 1 + named).is_some() {
        at += 1 + named;
    }
    Some(at + year(at).unwrap_or(0))
}
