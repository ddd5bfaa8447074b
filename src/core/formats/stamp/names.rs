//! Names in times that are written in the language of a computer: months, and the halves of the day. Imports nothing.

/// How the months begin in English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene", "gen"],
    &["feb", "fev"],
    &["mar", "maa", "mrz", "mrt"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag", "mei"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott", "out"],
    &["nov"],
    &["dec", "dez", "dic"],
];

/// A month's name at the start, short or whole, with its point: the month, and the bytes used.
pub fn month(bytes: &[u8]) -> Option<(u32, usize)> {
    let length = bytes.iter().take(16).take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80).count();
    let name = std::str::from_utf8(&bytes[..length]).ok()?;
    let plain: String = name.chars().flat_map(char::to_lowercase).map(without_accent).collect();
    let month =
        MONTHS.iter().position(|names| names.iter().any(|start| plain.starts_with(start))).filter(|_| length >= 3)?;
    Some((month as u32 + 1, length + usize::from(bytes.get(length) == Some(&b'.'))))
}

fn without_accent(c: char) -> char {
    match c {
        'é' | 'è' | 'ê' => 'e',
        'û' | 'ü' => 'u',
        'ä' => 'a',
        'ç' => 'c',
        c => c,
    }
}

/// `AM`, `pm`, `a.m.`, `p. m.`: whether it is the afternoon, and the bytes used.
pub fn half(bytes: &[u8]) -> Option<(bool, usize)> {
    let is_afternoon = match bytes.first()? {
        b'A' | b'a' => false,
        b'P' | b'p' => true,
        _ => return None,
    };
    let mut at = 1;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        at += usize::from(bytes.get(at) == Some(&b' '));
        // A blank that does not break.
        at += if bytes[at..].starts_with("\u{a0}".as_bytes()) { 2 } else { 0 };
    }
    matches!(bytes.get(at), Some(b'M' | b'm')).then_some(())?;
    let has_point = at > 1 && bytes.get(at + 1) == Some(&b'.');
    Some((is_afternoon, at + 1 + usize::from(has_point)))
}
