//! Names and texts inside texts of other languages: one function a language. Whatever a name holds (quotes, line ends,
//! `$()`, comment signs, NUL, marks that turn the direction of writing), it stays what it is there. Imports nothing.

use std::borrow::Cow;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use xxhash_rust::xxh3::xxh3_64;

/// Whether a character ends a line, shows nothing, or changes how its neighbours are shown.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text on one line, blanks in place of what is not to be seen.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect()
}

/// Whether a character steers a terminal, turns the direction of writing or hides: with it a name could hide or forge what
/// stands around it. Joiners stay, scripts need them.
fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{061c}' | '\u{feff}')
        // What is copied along and never seen. A sign's own variants (U+FE00 to U+FE0F) stay, emoji need them.
        || matches!(c, '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{ad}' | '\u{180e}' | '\u{34f}')
        || matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{17b4}' | '\u{17b5}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

fn escaped(text: &str, is_kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(|c| is_kept(c) || !is_steering(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_kept(c) || !is_steering(c) {
            true => shown.push(c),
            false => shown.extend(c.escape_default()),
        }
    }
    Cow::Owned(shown)
}

/// A text for people, on one line: what would steer their terminal is shown as `\n`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// The same, at most so many characters of it: `…` where there are more.
pub fn visible_start(text: &str, most: usize) -> String {
    // No more is looked at than can be shown.
    let start: String = text.chars().take(most + 1).collect();
    let shown = visible(&start);
    match shown.chars().count() > most {
        true => shown.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => shown.into_owned(),
    }
}

/// Lines for people: as [`visible`], but for line ends and tabs, which stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// JSON text in which nothing steers a terminal: the same document, more of it by number. In JSON such characters can
/// stand in strings alone.
pub fn visible_json(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| c == '\n' || !is_steering(c);
    if text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_kept(c) {
            true => shown.push(c),
            false => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
        }
    }
    Cow::Owned(shown)
}

/// The longest word: engines cut long names, and others put words of their own behind them.
const LONGEST_WORD: usize = 40;

/// A text in small letters, digits and `_`, as far as it has some; a name in any language.
pub fn word_of(text: &str) -> String {
    let lower = one_line(text).to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("_");
    name.truncate(LONGEST_WORD);
    name.trim_end_matches('_').to_owned()
}

/// The word of a name that others are kept apart from: where letters are left out of it, the name's digest stands behind.
pub fn own_word(name: &str, without: &str) -> String {
    let word = word_of(name);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    if !word.is_empty() && letters(name) == letters(&word) {
        return word;
    }
    let digest = format!("{:08x}", xxh3_64(name.trim().as_bytes()) >> 32);
    let start = if word.is_empty() { without } else { &word[..word.len().min(LONGEST_WORD - digest.len() - 1)] };
    format!("{}_{digest}", start.trim_end_matches('_'))
}

/// What stands behind `--` or `#` to the end of a line: in SQL, shell and Python.
pub fn comment(text: &str) -> String {
    const LONGEST: usize = 200;
    // Some readers of SQL look for these inside of comments, too.
    let line = one_line(text).replace("*/", "* /").replace("/*", "/ *");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// `"name"`, quotes doubled. A NUL cannot stand in an identifier: who prints SQL refuses it before.
pub fn sql_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `'text'`, quotes doubled; a NUL, at which a statement would end, is put in by its number.
pub fn sql_text(value: &str) -> String {
    let quoted = format!("'{}'", value.replace('\'', "''"));
    if value.contains('\0') { format!("({})", quoted.replace('\0', "' || chr(0) || '")) } else { quoted }
}

/// A string of Python 3, in ASCII.
pub fn python_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            ' '..='~' => quoted.push(c),
            _ => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// A string of VRL, Vector's language, in ASCII: nothing in it is a template, and nothing a variable of Vector's
/// configuration.
pub fn vrl_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '$' | '{' | '}' | '\0'..='\u{1f}' | '\u{7f}'.. => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A string of OTTL, the Collector's language, in ASCII: nothing in it is a variable of the Collector's configuration.
pub fn ottl_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        let _ = match c {
            '"' | '\\' => write!(quoted, "\\{c}"),
            ' '..='~' if c != '$' => write!(quoted, "{c}"),
            c if u32::from(c) > 0xffff => write!(quoted, "\\U{:08x}", u32::from(c)),
            c => write!(quoted, "\\u{:04x}", u32::from(c)),
        };
    }
    quoted.push('"');
    quoted
}

/// A string of RainerScript, rsyslog's language, in ASCII: what is no plain sign is written as its bytes.
pub fn rainer_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => quoted.push(byte.into()),
            b' ' | b'_' | b'-' | b'.' | b',' | b':' | b';' | b'/' | b'=' | b'+' | b'*' | b'@' | b'(' | b')' | b'['
            | b']' | b'^' | b'|' => {
                quoted.push(byte.into());
            }
            _ => {
                let _ = write!(quoted, "\\x{byte:02x}");
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Text that Markdown shows as it is, on one line.
pub fn markdown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '$') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// A code span of Markdown, whatever backticks stand in it; in a table a `|` is escaped.
pub fn markdown_code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let clean = one_line(text);
    let longest = clean.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if clean.starts_with('`') || clean.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", clean.replace('|', "\\|"))
}

/// Text between the quotes of a Mermaid label.
pub fn mermaid(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            // Mermaid knows entities by number, and reads Markdown and directives inside of labels.
            '"' | '&' | '<' | '>' | '#' | '`' | '%' | '\\' | ';' | '|' => {
                let _ = write!(shown, "#{};", u32::from(c));
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// Text between the quotes of a label in DOT.
pub fn dot(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Text inside XML, in elements and in attributes.
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A path as a reference by URI.
pub fn uri_path(path: &str) -> String {
    const KEPT: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    utf8_percent_encode(&path.replace('\\', "/"), KEPT).to_string()
}

/// A cell of CSV. What a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv_cell(text: &str) -> String {
    let guarded = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match guarded.contains([',', '"', '\n', '\r', '\'']) {
        true => format!("\"{}\"", guarded.replace('"', "\"\"")),
        false => guarded,
    }
}

/// What stands in a folder's name where a partition column is null.
pub const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A text as the name or value of a folder `name=value`: everything that a file system or another reader might take amiss
/// is written as `%xx`, and so is the text that would read as null.
pub fn partition_text(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ') || byte >= 0x80;
    let mut out = Vec::new();
    for byte in text.bytes() {
        match byte {
            byte if is_plain(byte) => out.push(byte),
            byte => out.extend(format!("%{byte:02X}").bytes()),
        }
    }
    match &*String::from_utf8_lossy(&out) {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        NULL_PARTITION => NULL_PARTITION.replacen('_', "%5F", 1),
        plain => plain.to_owned(),
    }
}

/// What the value of a folder `name=value` stands for, written here or by another program; `None`: null.
pub fn partition_value(text: &str) -> Option<String> {
    let value = || percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    (text != NULL_PARTITION).then(value)
}

/// A word of a POSIX shell: one argument, whatever stands in it.
pub fn shell_word(text: &str) -> String {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | '+' | ':' | '@' | '%' | ',');
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_which_a_word_leaves_something_out_are_kept_apart() {
        assert_eq!(own_word("Web shop", "design"), "web_shop");
        let long = "n".repeat(40);
        let names = ["Продажи", "Склад", "дом", "", "..", &long, &format!("{long}1"), "café", "caf"];
        let words: std::collections::BTreeSet<String> = names.iter().map(|name| own_word(name, "design")).collect();
        assert_eq!(words.len(), names.len(), "{words:?}");
        for word in &words {
            let is_plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(is_plain && !word.is_empty() && word.len() <= LONGEST_WORD, "{word}");
        }
    }

    const HOSTILE: &[&str] = &[
        "",
        "a\nb\r\nc",
        "\"; drop table x; --",
        "'; select 1; /* */ --",
        "$(touch x) `touch x` ${x}",
        "\u{2028}\u{2029}\u{85}\u{202e}\u{200f}x",
        "a\0b",
        "```x``` | <script> & #quot; %%{init}%% \\",
    ];

    #[test]
    fn nothing_ends_its_line() {
        let ways = [one_line, comment, markdown_text, markdown_code, mermaid, dot, xml, python_text, uri_path];
        for text in HOSTILE {
            for (number, quote) in ways.iter().enumerate() {
                let quoted = quote(text);
                assert!(!quoted.chars().any(is_unseen), "way {number}: {quoted:?} of {text:?}");
            }
        }
        assert!(comment(&"long ".repeat(1000)).chars().count() <= 201);
        assert_eq!(comment("a */ b"), "a * / b");
    }

    #[test]
    fn people_see_what_would_steer_their_terminal() {
        assert_eq!(visible("a\u{200b}b\u{e0041}\u{200d}"), "a\\u{200b}b\\u{e0041}\u{200d}");
        assert_eq!(visible("a\u{1b}[2J\r\nb\u{9b}\u{202e}"), r"a\u{1b}[2J\r\nb\u{9b}\u{202e}");
        assert_eq!(visible_lines("a\tb\nc\u{7f}"), "a\tb\nc\\u{7f}");
        assert_eq!(visible("na\u{200d}me “\\”"), "na\u{200d}me “\\”");
        let hidden = "{\"a\":\"x\u{e0041}\u{e0101}\u{3164}\u{34f}y\"}";
        assert!(visible_json(hidden).is_ascii(), "{}", visible_json(hidden));
        let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(same(&visible_json(hidden)), same(hidden));
        let told = visible_json("{\n  \"a\": \"\u{9b}\u{2066}\"\n}").into_owned();
        assert_eq!(told, "{\n  \"a\": \"\\u009b\\u2066\"\n}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&told).unwrap()["a"], "\u{9b}\u{2066}");
    }

    #[test]
    fn quotes_stay_inside() {
        assert_eq!(sql_identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(sql_text("it's"), "'it''s'");
        assert_eq!(sql_text("a\0b"), "('a' || chr(0) || 'b')");
        assert_eq!(python_text("a\"\\\n\u{202e}"), r#""a\"\\\U0000000a\U0000202e""#);
        for text in HOSTILE {
            assert!(!mermaid(text).contains(['"', '<', '`']), "{text:?}");
            assert!(!dot(text).replace("\\\\", "").replace("\\\"", "").contains('"'), "{text:?}");
            assert!(!xml(text).contains(['"', '<', '\'']), "{text:?}");
        }
        assert_eq!(markdown_code("a`b"), "``a`b``");
        assert_eq!(uri_path("a b#c%"), "a%20b%23c%25");
    }

    #[test]
    fn a_word_of_a_shell_is_one_argument() {
        assert_eq!(shell_word("a/b-c.json"), "a/b-c.json");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("it's $HOME; rm"), r"'it'\''s $HOME; rm'");
    }
}
