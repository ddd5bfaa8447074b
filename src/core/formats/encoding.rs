//! Encodings of text: found from a file's beginning, named by an option, undone piece by piece. Every format sees
//! UTF-8. Must not import single formats.

use chardetng::EncodingDetector;
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes by which UTF-16 without a mark is known.
const LOOKED_AT: usize = 4096;
/// A byte that no UTF-8 has: it stands for what fits no encoding, so that the reader of UTF-8 replaces and counts it.
const MISFIT: u8 = 0xff;

/// How a text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding {
    encoding: &'static Encoding,
    /// Bytes of the mark at the file's start.
    pub mark: usize,
}

impl TextEncoding {
    /// The encoding of that name, as the web's standard lists them: `windows-1252`, `latin1`, `Shift_JIS`, `GBK`.
    pub fn named(name: &str) -> Option<Self> {
        Encoding::for_label(name.trim().as_bytes()).map(|encoding| Self { encoding, mark: 0 })
    }

    /// What the first bytes of a file show; `is_whole`: nothing follows them. Marks come first, then what is valid
    /// UTF-8, or is but for a few bytes, then what speaks for another encoding.
    pub fn of(bytes: &[u8], is_whole: bool) -> Self {
        if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
            return Self { encoding, mark };
        }
        let encoding = utf16_without_mark(bytes).unwrap_or_else(|| match is_utf8(bytes, is_whole) {
            true => UTF_8,
            false => legacy(bytes, is_whole),
        });
        Self { encoding, mark: 0 }
    }

    /// Of a file that begins with these bytes, where the option names an encoding; its own mark is passed.
    pub fn with_mark_of(self, bytes: &[u8]) -> Self {
        match Encoding::for_bom(bytes) {
            Some((encoding, mark)) if encoding == self.encoding => Self { mark, ..self },
            _ => self,
        }
    }

    /// Its name in the standard.
    pub fn name(self) -> &'static str {
        self.encoding.name()
    }

    pub fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }
}

/// Latin text in two bytes each: every other byte is 0.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let bytes = &bytes[..bytes.len().min(LOOKED_AT)];
    let pairs = bytes.len() / 2;
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second) = (zeros(0), zeros(1));
    match pairs {
        0..4 => None,
        _ if second * 2 > pairs && first * 20 < pairs => Some(UTF_16LE),
        _ if first * 2 > pairs && second * 20 < pairs => Some(UTF_16BE),
        _ => None,
    }
}

/// Valid UTF-8, or UTF-8 with damage: it has characters of several bytes, or what is none is of no encoding.
fn is_utf8(bytes: &[u8], is_whole: bool) -> bool {
    let (mut rest, mut misfits, mut others, mut damaged) = (bytes, 0, 0, 0);
    loop {
        let fault = match std::str::from_utf8(rest) {
            Ok(text) => {
                others += text.chars().filter(|c| !c.is_ascii()).count();
                break;
            }
            Err(fault) => fault,
        };
        let (valid, more) = rest.split_at(fault.valid_up_to());
        others += String::from_utf8_lossy(valid).chars().filter(|c| !c.is_ascii()).count();
        let Some(length) = fault.error_len() else {
            // A character that is cut off by the end of the sample.
            misfits += usize::from(is_whole);
            break;
        };
        misfits += 1;
        // Alone they are letters of hardly any text.
        damaged += usize::from(matches!(more[0], 0xfe | 0xff));
        rest = &more[length..];
    }
    misfits == damaged || others > misfits || bytes.contains(&0)
}

/// What bytes that are no UTF-8 are most likely; where that does not fit either, the one in which every byte is a
/// character.
fn legacy(bytes: &[u8], is_whole: bool) -> &'static Encoding {
    let mut detector = EncodingDetector::new();
    detector.feed(bytes, is_whole);
    let guess = detector.guess(None, false);
    let mut decoder = Decoder::new(TextEncoding { encoding: guess, mark: 0 });
    let mut text = Vec::new();
    decoder.decode(bytes, is_whole, &mut text);
    if memchr::memchr(MISFIT, &text).is_some() { WINDOWS_1252 } else { guess }
}

/// Makes UTF-8 of a file's bytes, piece by piece.
pub struct Decoder {
    decoder: encoding_rs::Decoder,
}

impl Decoder {
    pub fn new(encoding: TextEncoding) -> Self {
        Self { decoder: encoding.encoding.new_decoder_without_bom_handling() }
    }

    /// Adds the text of the next bytes to `out`; `is_last`: none follow. For each piece that fits the encoding nowhere
    /// a byte stands there that is no UTF-8.
    pub fn decode(&mut self, bytes: &[u8], is_last: bool, out: &mut Vec<u8>) {
        let mut rest = bytes;
        loop {
            let room =
                self.decoder.max_utf8_buffer_length_without_replacement(rest.len()).unwrap_or(rest.len() * 3 + 16);
            let start = out.len();
            out.resize(start + room.max(16), 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(rest, &mut out[start..], is_last);
            out.truncate(start + written);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.push(MISFIT),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::{case, read, samples};
    use crate::formats::{Sample, recognise};

    fn decoded(encoding: TextEncoding, bytes: &[u8], size: usize) -> Vec<u8> {
        let mut decoder = Decoder::new(encoding);
        let mut out = Vec::new();
        bytes[encoding.mark..].chunks(size).for_each(|piece| decoder.decode(piece, false, &mut out));
        decoder.decode(&[], true, &mut out);
        out
    }

    fn text(bytes: &[u8]) -> (&'static str, String) {
        let encoding = TextEncoding::of(bytes, true);
        let whole = decoded(encoding, bytes, bytes.len().max(1));
        assert_eq!(whole, decoded(encoding, bytes, 1), "pieces give what the whole gives");
        (encoding.name(), String::from_utf8_lossy(&whole).into_owned())
    }

    #[test]
    fn encodings_are_found_and_undone() {
        let utf16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let long = "Straße und Größe, 12 zażółć\n".repeat(3);
        for (bytes, name, wanted) in [
            (b"plain\n".to_vec(), "UTF-8", "plain\n"),
            ("Größe".as_bytes().to_vec(), "UTF-8", "Größe"),
            (b"\xef\xbb\xbfa".to_vec(), "UTF-8", "a"),
            (utf16("\u{feff}Größe 🦀", u16::to_le_bytes), "UTF-16LE", "Größe 🦀"),
            (utf16("\u{feff}Größe", u16::to_be_bytes), "UTF-16BE", "Größe"),
            (utf16(&long, u16::to_le_bytes), "UTF-16LE", long.as_str()),
            (utf16(&long, u16::to_be_bytes), "UTF-16BE", long.as_str()),
            (b"Stra\xdfe und Gr\xf6\xdfe, Caf\xe9 \x80 5\n".to_vec(), "windows-1252", "Straße und Größe, Café € 5\n"),
            ("\u{6587}\u{5b57}".as_bytes().to_vec(), "UTF-8", "文字"),
        ] {
            assert_eq!(text(&bytes), (name, wanted.to_owned()), "{name}");
        }
    }

    #[test]
    fn texts_of_the_east_are_found() {
        for (encoding, wanted) in [
            (encoding_rs::SHIFT_JIS, "エラー: ファイルが見つかりません。設定を確認してください。\n"),
            (encoding_rs::GBK, "错误：找不到文件，请检查设置并重新启动服务器。\n"),
            (encoding_rs::BIG5, "錯誤：找不到檔案，請檢查設定並重新啟動伺服器。\n"),
            (encoding_rs::WINDOWS_1251, "Ошибка: файл не найден, проверьте настройки сервера.\n"),
        ] {
            let long = wanted.repeat(4);
            let (bytes, ..) = encoding.encode(&long);
            assert_eq!(text(&bytes), (encoding.name(), long), "{}", encoding.name());
        }
    }

    #[test]
    fn damage_is_no_encoding() {
        for bytes in [&b"a\xffb\n"[..], "größe und \u{fffd}".as_bytes(), b"gr\xc3\xb6\xc3\x9fe \xe9 x", b"a\0b\xe9"] {
            assert_eq!(TextEncoding::of(bytes, true).name(), "UTF-8", "{bytes:?}");
        }
        assert_eq!(TextEncoding::of("grö".as_bytes().split_last().unwrap().1, false).name(), "UTF-8");
        let latin = TextEncoding::named("latin1").unwrap();
        assert_eq!((latin.name(), latin.is_utf8()), ("windows-1252", false));
        assert_eq!(TextEncoding::named("no such"), None);
        assert_eq!(TextEncoding::named("utf-8").unwrap().with_mark_of(b"\xef\xbb\xbfa").mark, 3);
        // What fits nowhere is handed on for the one who counts.
        let broken = decoded(TextEncoding::named("shift_jis").unwrap(), b"a\x81\nb", 1);
        assert!(std::str::from_utf8(&broken).is_err());
    }

    #[test]
    fn real_files_are_read_as_they_were_written() {
        let Some(folder) = samples() else { return };
        for file in ["generic_enc_sjis.log", "generic_enc_win1252.log"] {
            let path = folder.join("encodings").join(file);
            let expected = std::fs::read_to_string(path.with_extension("log.expected.txt")).unwrap();
            let record = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["log"].clone();
            let wanted: Vec<serde_json::Value> = expected.lines().map(record).collect();
            let (name, found) = text(&std::fs::read(&path).unwrap());
            let found: Vec<_> = found.lines().map(serde_json::Value::from).take(wanted.len()).collect();
            assert_eq!(found, wanted, "{file}: {name}");
        }
        let Some(path) = case("03-csv-windows-1252/input.csv") else { return };
        let (name, table) = text(&std::fs::read(path).unwrap());
        assert_eq!(name, "windows-1252");
        let reading = read(&recognise(&Sample::whole("input.csv", &table)).swap_remove(0).format, &table);
        assert_eq!(reading.columns()[1..4], ["Dirección String", "Población String", "Código Postal String"]);
        assert_eq!(reading.rows[0][0].to_json(), "00017", "codes keep their zeros");
        assert_eq!(reading.tally.quarantined, 0);
    }
}
