//! Workbooks of spreadsheets (xlsx, xlsm, xlsb, xls, ods) as streams: one sheet as comma-separated text, with the values
//! that its cells hold and not as they are shown. Must not import formats or plans.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use calamine::{Data, ExcelDateTime, Range, Reader, Sheets, open_workbook_auto_from_rs};
use pipewright_core::diagnostic::{Diagnostic, did_you_mean};

use super::long_numbers::long_numbers;
use super::open::unreadable;

/// Bytes of the largest workbook that is opened: it is unpacked in memory.
const LIMIT: u64 = 256 << 20;
/// Bytes of the same unpacked.
const UNPACKED: u64 = 1 << 30;
/// Cells of a sheet from corner to corner, empty ones too: all of them are held.
const CELLS: u64 = 1 << 26;
/// The largest whole number that a cell holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A sheet as text.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub text: Arc<Vec<u8>>,
    pub name: String,
    /// How many sheets the workbook has.
    pub of: usize,
}

/// The sheet that was read last, by its file: a file is opened again and again.
static LAST: Mutex<Option<(Key, Sheet)>> = Mutex::new(None);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Key {
    path: std::path::PathBuf,
    size: u64,
    modified: Option<std::time::SystemTime>,
    sheet: Option<String>,
}

impl Key {
    pub(super) fn of(path: &Path, about: &std::fs::Metadata, sheet: Option<&str>) -> Self {
        let (size, modified) = (about.len(), about.modified().ok());
        Self { path: path.to_owned(), size, modified, sheet: sheet.map(str::to_owned) }
    }
}

/// Reads a sheet: that of the name, else the first one with cells. Errors: it is none, or no workbook that is known.
pub(super) fn sheet_of(file: &File, path: &Path, name: Option<&str>) -> Result<Sheet, Diagnostic> {
    let about = file.metadata().map_err(|error| unreadable(path, &error))?;
    let key = Key::of(path, &about, name);
    if let Some((_, sheet)) =
        LAST.lock().unwrap_or_else(PoisonError::into_inner).as_ref().filter(|(known, _)| *known == key)
    {
        return Ok(sheet.clone());
    }
    if about.len() > LIMIT {
        return Err(too_large(path, &format!("the workbook has more than {} MB", LIMIT >> 20)));
    }
    if zip::ZipArchive::new(file)
        .is_ok_and(|archive| archive.decompressed_size().is_some_and(|size| size > u128::from(UNPACKED)))
    {
        return Err(too_large(path, &format!("the workbook has more than {} MB unpacked", UNPACKED >> 20)));
    }
    let mut file = file;
    file.rewind().map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    // The library may panic where a file's own description of itself is not what it expects.
    let read = || read_sheet(bytes, path, name);
    let sheet = crate::guard::silently(read).unwrap_or_else(|| Err(no_workbook(path)))?;
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some((key, sheet.clone()));
    Ok(sheet)
}

fn too_large(path: &Path, what: &str) -> Diagnostic {
    Diagnostic::error("PW0913", what).help("save the sheet as CSV").file(path.display().to_string())
}

/// Rows and columns between the first and the last cell of a sheet.
fn span<RS: Read + Seek>(book: &mut Sheets<RS>, name: &str) -> Option<(u64, u64)> {
    let mut corners: Option<[u32; 4]> = None;
    let mut add = |(row, column): (u32, u32)| {
        let [top, left, bottom, right] = corners.unwrap_or([row, column, row, column]);
        corners = Some([top.min(row), left.min(column), bottom.max(row), right.max(column)]);
    };
    match book {
        Sheets::Xlsx(book) => {
            let mut cells = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = cells.next_cell().ok()? {
                add(cell.get_position());
            }
        }
        Sheets::Xlsb(book) => {
            let mut cells = book.worksheet_cells_reader(name).ok()?;
            while let Some(cell) = cells.next_cell().ok()? {
                add(cell.get_position());
            }
        }
        // Those are held as they are opened, and are small.
        Sheets::Xls(_) | Sheets::Ods(_) => {}
    }
    let [top, left, bottom, right] = corners?;
    Some((u64::from(bottom - top) + 1, u64::from(right - left) + 1))
}

fn no_workbook(path: &Path) -> Diagnostic {
    Diagnostic::error("PW0913", "this is an office document, and no workbook that can be read")
        .help("save a spreadsheet as CSV; one with a password cannot be read")
        .file(path.display().to_string())
}

fn read_sheet(bytes: Vec<u8>, path: &Path, name: Option<&str>) -> Result<Sheet, Diagnostic> {
    let bytes = Arc::<[u8]>::from(bytes);
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes.clone())).map_err(|_| no_workbook(path))?;
    let names = book.sheet_names();
    let wanted: Vec<String> = match name {
        Some(name) if !names.iter().any(|known| known == name) => {
            let near = did_you_mean(name, names.iter().map(String::as_str));
            return Err(Diagnostic::error("PW0921", format!("the workbook has no sheet `{name}`{near}"))
                .help(format!("its sheets are {}", names.join(", ")))
                .file(path.display().to_string()));
        }
        Some(name) => vec![name.to_owned()],
        None => names.clone(),
    };
    for name in wanted {
        if let Some((rows, columns)) = span(&mut book, &name).filter(|(rows, columns)| rows * columns > CELLS) {
            let what = format!("the cells of the sheet `{name}` lie in {rows} rows and {columns} columns");
            let fault = too_large(path, &what);
            return Err(fault.help("take out the cells that stand alone in far corners, or save the sheet as CSV"));
        }
        let range = book.worksheet_range(&name).map_err(|_| no_workbook(path))?;
        if !range.is_empty() || names.len() == 1 {
            let is_long =
                |(_, _, cell): (usize, usize, &Data)| matches!(cell, Data::Float(number) if number.abs() >= EXACT);
            let is_written = matches!(book, Sheets::Xlsx(_)) && range.used_cells().any(is_long);
            let long = if is_written { long_numbers(&bytes, &name) } else { BTreeMap::new() };
            return Ok(Sheet { text: Arc::new(text_of(&range, &long)), name, of: names.len() });
        }
    }
    Err(Diagnostic::error("PW0911", "the workbook has no sheet with cells").file(path.display().to_string()))
}

/// `long`: numbers as they are written, by row and column.
fn text_of(range: &Range<Data>, long: &BTreeMap<(u32, u32), String>) -> Vec<u8> {
    let mut text = String::new();
    let (top, left) = range.start().unwrap_or_default();
    for (row, cells) in (top..).zip(range.rows()) {
        // A row without values is an empty line, and none of the table.
        let cells = if cells.iter().all(|cell| *cell == Data::Empty) { &[] } else { cells };
        for (column, cell) in (left..).zip(cells) {
            if column > left {
                text.push(',');
            }
            match long.get(&(row, column)).filter(|_| matches!(cell, Data::Float(_))) {
                Some(number) => text.push_str(number),
                None => push_cell(&mut text, cell),
            }
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn push_cell(text: &mut String, cell: &Data) {
    match cell {
        Data::Empty => {}
        Data::Int(number) => text.push_str(&number.to_string()),
        // What looks whole in a sheet is a whole number.
        Data::Float(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            text.push_str(&format!("{}", *number as i64));
        }
        Data::Float(number) => text.push_str(&number.to_string()),
        Data::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Data::DateTime(time) => text.push_str(&time_text(time)),
        Data::String(value) | Data::DateTimeIso(value) | Data::DurationIso(value) => push_text(text, value),
        Data::Error(error) => push_text(text, &error.to_string()),
    }
}

/// A day, a point in time, a clock, or hours, minutes and seconds.
fn time_text(time: &ExcelDateTime) -> String {
    const SECONDS_A_DAY: f64 = 86_400.0;
    // The day 9999-12-31 in both systems of days; later ones become it, and those before the first become the first.
    const LAST_DAYS: [f64; 2] = [2_958_465.0, 2_957_003.0];
    let value = time.as_f64();
    if time.is_duration() || (0.0..1.0).contains(&value) {
        let millis = (value.abs() * SECONDS_A_DAY * 1000.0).round() as i64;
        let last = SECONDS_A_DAY as i64 * 1000 - 1;
        let millis = if time.is_duration() { millis } else { millis.min(last) };
        let sign = if value < 0.0 { "-" } else { "" };
        let (seconds, rest) = (millis / 1000, millis % 1000);
        let clock = format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        return if rest == 0 { clock } else { format!("{clock}.{rest:03}") };
    }
    let (year, month, day, hour, minute, second, millis) = time.to_ymd_hms_milli();
    if value < 0.0 || (year, month, day) == (9999, 12, 31) && !LAST_DAYS.contains(&value.floor()) {
        return value.to_string();
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, millis) {
        (0, 0, 0, 0) => date,
        (_, _, _, 0) => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        _ => format!("{date}T{hour:02}:{minute:02}:{second:02}.{millis:03}"),
    }
}

pub(super) fn push_text(text: &mut String, value: &str) {
    if value.is_empty() || value.contains([',', '"', '\n', '\r']) || value != value.trim() {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::super::packed::tests::zipped;
    use super::super::sniff::sniff;
    use super::*;

    /// A workbook with an empty sheet and two with cells, as a spreadsheet saves it.
    fn workbook() -> Vec<u8> {
        const SHEET: &str =
            r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
        let text = |text: &str| format!(r#"<c t="inlineStr"><is><t>{text}</t></is></c>"#);
        let row = |cells: &[String]| format!("<row>{}</row>", cells.concat());
        let number = |value: &str, style: u8| format!(r#"<c s="{style}"><v>{value}</v></c>"#);
        let names = ["day", "at", "took", "n", "share", "note", "ok"].map(text);
        let cells = [
            number("46083", 1),
            number("46083.4375", 2),
            number("0.0625", 3),
            number("12", 0),
            number("0.25", 0),
            text("a, &quot;b&quot;"),
            r#"<c t="b"><v>1</v></c>"#.to_owned(),
        ];
        let first = format!("{SHEET}{}{}</sheetData></worksheet>", row(&names), row(&cells));
        let other = format!("{SHEET}{}{}</sheetData></worksheet>", row(&[text("x")]), row(&[number("7", 0)]));
        let none = format!("{SHEET}</sheetData></worksheet>");
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let sheets = ["None", "Sales", "Other"].iter().enumerate();
        let sheets: String = sheets
            .map(|(at, name)| format!(r#"<sheet name="{name}" sheetId="{}" r:id="r{}"/>"#, at + 1, at + 1))
            .collect();
        let book = format!(r#"<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{sheets}</sheets></workbook>"#);
        let mut targets: String = (1..=3)
            .map(|at| {
                format!(r#"<Relationship Id="r{at}" Type="{relations}/worksheet" Target="worksheets/sheet{at}.xml"/>"#)
            })
            .collect();
        targets += &format!(r#"<Relationship Id="r9" Type="{relations}/styles" Target="styles.xml"/>"#);
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let targets = format!(r#"<Relationships xmlns="{package}">{targets}</Relationships>"#);
        let document = format!(
            r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
        );
        let formats = [0, 14, 22, 46].map(|id| format!(r#"<xf numFmtId="{id}" applyNumberFormat="1"/>"#)).concat();
        let styles = format!(r#"<styleSheet xmlns="{main}"><cellXfs count="4">{formats}</cellXfs></styleSheet>"#);
        zipped(&[
            ("[Content_Types].xml", Some("<Types/>")),
            ("_rels/.rels", Some(&document)),
            ("xl/workbook.xml", Some(&book)),
            ("xl/_rels/workbook.xml.rels", Some(&targets)),
            ("xl/styles.xml", Some(&styles)),
            ("xl/worksheets/sheet1.xml", Some(&none)),
            ("xl/worksheets/sheet2.xml", Some(&first)),
            ("xl/worksheets/sheet3.xml", Some(&other)),
        ])
    }

    #[test]
    fn a_sheet_is_a_table_with_the_values_of_its_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sales.xlsx");
        std::fs::write(&path, workbook()).unwrap();
        let sheet = |name: Option<&str>| sheet_of(&File::open(&path).unwrap(), &path, name);
        let found = sheet(None).unwrap();
        assert_eq!((found.name.as_str(), found.of), ("Sales", 3));
        assert_eq!(
            String::from_utf8_lossy(&found.text),
            "day,at,took,n,share,note,ok\n2026-03-02,2026-03-02T10:30:00,01:30:00,12,0.25,\"a, \"\"b\"\"\",true\n"
        );
        assert_eq!(sheet(Some("Other")).unwrap().text.as_slice(), b"x\n7\n");
        let fault = sheet(Some("Othr")).unwrap_err();
        assert!(fault.code == "PW0921" && fault.message.contains("did you mean `Other`"), "{fault}");
        let sniffed = sniff(&path).unwrap();
        assert_eq!((sniffed.format.name.as_str(), sniffed.format.option("sheet")), ("csv", Some("Sales")));
        let types: Vec<String> =
            sniffed.schema.fields.iter().map(|field| format!("{} {}", field.name, field.data_type)).collect();
        assert_eq!(
            types,
            ["day Date", "at Timestamp", "took String", "n Int", "share Float", "note String", "ok Boolean"]
        );
    }

    #[test]
    fn what_is_no_workbook_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let whole = workbook();
        for bytes in [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 junk".to_vec(), whole[..whole.len() / 2].to_vec()] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(sheet_of(&File::open(&path).unwrap(), &path, None).unwrap_err().code, "PW0913");
        }
    }

    /// A workbook of one sheet.
    fn one_sheet(sheet: &str) -> Vec<u8> {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let relation = |id: &str, what: &str, target: &str| {
            format!(
                r#"<Relationships xmlns="{package}"><Relationship Id="{id}" Type="{relations}/{what}" Target="{target}"/></Relationships>"#
            )
        };
        let book = format!(
            r#"<workbook xmlns="{main}" xmlns:r="{relations}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
        );
        zipped(&[
            ("[Content_Types].xml", Some("<Types/>")),
            ("_rels/.rels", Some(&relation("r1", "officeDocument", "xl/workbook.xml"))),
            ("xl/workbook.xml", Some(&book)),
            ("xl/_rels/workbook.xml.rels", Some(&relation("r1", "worksheet", "worksheets/sheet1.xml"))),
            ("xl/worksheets/sheet1.xml", Some(sheet)),
        ])
    }

    #[test]
    fn long_numbers_keep_their_digits() {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let cells = r#"<row r="2"><c r="B2" t="inlineStr"><is><t>id</t></is></c><c r="C2" t="inlineStr"><is><t>n</t></is></c></row>
            <row r="3"><c r="B3"><v>9007199254740993</v></c><c r="C3"><v>1</v></c></row>
            <row r="5"><c r="B5" t="n"><v>-9007199254740995</v></c><c r="C5"><v>2</v></c></row>
            <row><c/><c><v>9007199254740997</v></c><c><v>1.5E+300</v></c></row>"#;
        let sheet = format!(r#"<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>"#);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.xlsx");
        std::fs::write(&path, one_sheet(&sheet)).unwrap();
        let found = sheet_of(&File::open(&path).unwrap(), &path, None).unwrap();
        let text = String::from_utf8_lossy(&found.text);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..4], ["id,n", "9007199254740993,1", "", "-9007199254740995,2"], "{text}");
        assert!(lines[4].starts_with("9007199254740997,15"), "{text}");
    }

    #[test]
    fn days_that_no_calendar_has_stay_numbers_and_clocks_keep_their_fraction() {
        let text = |value: f64, kind: ExcelDateTimeType| time_text(&ExcelDateTime::new(value, kind, false));
        let time = |value: f64| text(value, ExcelDateTimeType::DateTime);
        for (value, wanted) in [
            (2_958_465.0, "9999-12-31"),
            (2_958_466.0, "2958466"),
            (1e9, "1000000000"),
            (-1.5, "-1.5"),
            (0.5 + 0.5 / 86_400.0, "12:00:00.500"),
            (0.999_999, "23:59:59.914"),
            (0.999_999_999_99, "23:59:59.999"),
        ] {
            assert_eq!(time(value), wanted, "{value}");
        }
        assert_eq!(text(1.5, ExcelDateTimeType::TimeDelta), "36:00:00");
        assert_eq!(text(-0.25, ExcelDateTimeType::TimeDelta), "-06:00:00");
    }

    #[test]
    fn cells_in_far_corners_are_told_before_all_between_them_are_held() {
        let corner = |cell: &str| {
            let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
            let sheet = format!(
                r#"<worksheet xmlns="{main}"><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{cell}"><v>2</v></c></row></sheetData></worksheet>"#
            );
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("corner.xlsx");
            std::fs::write(&path, one_sheet(&sheet)).unwrap();
            sniff(&path).map(|found| found.schema.len())
        };
        let fault = corner("XFD1048576").unwrap_err();
        assert!(fault.code == "PW0913" && fault.message.contains("1048576 rows and 16384 columns"), "{fault:?}");
        assert!(corner("B1048576").is_ok());
    }
}
