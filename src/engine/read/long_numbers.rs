//! Whole numbers of a workbook's sheet (xlsx) that are longer than a Float holds, as its cells are written: identifiers, of
//! which others would become one. Must not import formats or plans.

use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Digits that every whole number may have and be exact.
const SAFE: usize = 15;

/// By row and column, from 0, the long whole numbers of a sheet; none where its file is not found, or is no XML.
pub(super) fn long_numbers(book: &[u8], sheet: &str) -> BTreeMap<(u32, u32), String> {
    let read = || -> Option<BTreeMap<(u32, u32), String>> {
        let mut archive = zip::ZipArchive::new(Cursor::new(book)).ok()?;
        let mut part = |name: &str| {
            let mut text = Vec::new();
            archive.by_name(name).ok()?.read_to_end(&mut text).ok()?;
            Some(text)
        };
        let id = value_of(&part("xl/workbook.xml")?, "sheet", ("name", sheet), "id")?;
        let target = value_of(&part("xl/_rels/workbook.xml.rels")?, "Relationship", ("Id", &id), "Target")?;
        let name = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{}", target.trim_start_matches("./")),
        };
        numbers_of(BufReader::new(archive.by_name(&name).ok()?))
    };
    read().unwrap_or_default()
}

/// The attribute `wanted` of the element whose attribute has a value.
fn value_of(xml: &[u8], element: &str, (known, value): (&str, &str), wanted: &str) -> Option<String> {
    let mut reader = Reader::from_reader(xml);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) | Event::Empty(tag)
                if tag.local_name().as_ref() == element && attribute(&tag, known).as_deref() == Some(value) =>
            {
                return attribute(&tag, wanted);
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

fn numbers_of(xml: impl std::io::BufRead) -> Option<BTreeMap<(u32, u32), String>> {
    let mut reader = Reader::from_reader(xml);
    let (mut found, mut buffer) = (BTreeMap::new(), Vec::new());
    let (mut row, mut column) = (0_u32, 0_u32);
    let (mut is_number, mut is_value) = (false, false);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "row" => {
                    row = attribute(&tag, "r").and_then(|row| row.parse::<u32>().ok()?.checked_sub(1)).unwrap_or(row);
                    column = 0;
                }
                "c" => {
                    (row, column) = attribute(&tag, "r").and_then(|place| place_of(&place)).unwrap_or((row, column));
                    is_number = attribute(&tag, "t").is_none_or(|kind| kind == "n");
                }
                "v" => is_value = is_number,
                _ => {}
            },
            Event::Empty(tag) if tag.local_name().as_ref() == "c" => {
                (row, column) = attribute(&tag, "r").and_then(|place| place_of(&place)).unwrap_or((row, column));
                column += 1;
            }
            Event::Text(text) if is_value => {
                let text = text.xml10_content();
                let digits = text.trim().strip_prefix('-').unwrap_or(text.trim());
                if digits.len() > SAFE && digits.bytes().all(|digit| digit.is_ascii_digit()) {
                    found.insert((row, column), text.trim().to_owned());
                }
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "row" => row += 1,
                "c" => column += 1,
                "v" => is_value = false,
                _ => {}
            },
            Event::Eof => return Some(found),
            _ => {}
        }
    }
}

/// `B12` → row 11, column 1.
fn place_of(place: &str) -> Option<(u32, u32)> {
    let letters = place.find(|sign: char| !sign.is_ascii_uppercase())?;
    let column = place[..letters]
        .bytes()
        .try_fold(0_u32, |column, letter| column.checked_mul(26)?.checked_add(u32::from(letter - b'A') + 1))?;
    Some((place[letters..].parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}
