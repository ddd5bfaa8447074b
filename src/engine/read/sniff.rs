//! What a file is: samples for the recognisers, and their verdict. Reads at most about 200 KB of any file.
//! Must not import plans.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use pipewright_core::data::{Classification, DataType, Schema};
use pipewright_core::diagnostic::Diagnostic;
use pipewright_core::files::open_file;
use pipewright_core::formats::{
    FormatSpec, Framing, Parser, Recognition, Sample, epoch_columns, format, formats, header_guess,
    may_have_numbered_dates, numbered_dates, open_references, prepare, recognise,
};
use pipewright_core::policy::Sensitivities;

use super::expand::missing;
use super::open::{How, open, unreadable};
use super::parquet;

const HEAD: usize = 64 << 10;
/// Bytes of the longest head: a first line, or a first event, that is longer tells nothing.
const HEAD_LIMIT: usize = 8 << 20;
/// The same of JSON text, which may well be one line of any length.
const JSON_HEAD_LIMIT: usize = 1 << 20;
const PIECE: u64 = 16 << 10;
/// Bytes that are looked through for keys, where each record names its own.
const KEYS_LOOKED_AT: usize = 4 << 20;

/// What was found out about a file.
#[derive(Debug, Clone)]
pub struct Sniff {
    pub path: PathBuf,
    pub format: FormatSpec,
    /// 1 to 100.
    pub score: u8,
    pub reasons: Vec<String>,
    /// What the file does not tell, and an option would.
    pub doubt: Option<Diagnostic>,
    /// What was taken to be so, and an option turns round.
    pub guesses: Vec<Diagnostic>,
    pub encoding: String,
    /// `gzip`, `zstd`, `bzip2`, `xz`, `zip`, `workbook` or `sqlite`.
    pub compression: Option<String>,
    pub schema: Schema,
    /// All opinions, best first.
    pub recognitions: Vec<Recognition>,
    /// Bytes of the file.
    pub size: u64,
}

/// Recognises a file's format from its first bytes and a few places further in.
/// Errors: the file cannot be read, or it is empty.
pub fn sniff(path: &Path) -> Result<Sniff, Diagnostic> {
    if !path.exists() {
        return Err(missing(&path.display().to_string(), path));
    }
    let opened = open(path, How::default())?;
    let sample = sample_of(path, 3, How::default())?;
    if let Some((what, help)) = foreign(&sample.head) {
        return Err(Diagnostic::error("PW0913", what).help(help).file(path.display().to_string()));
    }
    if sample.head.is_empty() {
        return Err(Diagnostic::error("PW0911", "the file is empty, so its format cannot be recognised")
            .help("choose a file with rows, or name the format")
            .file(path.display().to_string()));
    }
    let recognitions = recognise(&sample);
    let Some(best) = recognitions.first().cloned() else {
        return Err(Diagnostic::error("PW0912", "no format fits this file")
            .help("name the format, or read it as plain `lines`")
            .file(path.display().to_string()));
    };
    let (mut spec, mut reasons) = (best.format, best.reasons);
    if opened.compression == Some("sqlite") {
        // A table it is, whatever its text looks like.
        spec = FormatSpec::new("csv").with("separator", ",").with("header", "yes");
    }
    if let Some((sheet, of)) = opened.sheet.filter(|(_, of)| *of > 1) {
        let (option, noun) =
            if opened.compression == Some("sqlite") { ("table", "tables") } else { ("sheet", "sheets") };
        reasons.push(format!("the first of {of} {noun} with cells is “{sheet}”"));
        spec = spec.with(option, &sheet);
    }
    let guess = opened
        .compression
        .is_none_or(|how| how != "sqlite")
        .then(|| header_guess(&spec, &sample).or_else(|| open_references(&spec, &sample)))
        .flatten();
    let settled = settle_with(path, &mut spec, None, &sample)?;
    reasons.extend(settled.reason);
    let schema = schema_of_file(path, &spec, &sample)?;
    Ok(Sniff {
        path: path.to_owned(),
        format: spec,
        score: best.score,
        reasons,
        doubt: settled.doubt,
        guesses: guess.into_iter().chain(settled.guess).collect(),
        encoding: opened.encoding.to_owned(),
        compression: opened.compression.map(str::to_owned),
        schema,
        recognitions,
        size: opened.size,
    })
}

/// Completes the options of a format by what a file's values tell, as far as they are not given; gives what they leave in
/// doubt, and what is a guess. `schema`: the columns that are declared.
pub fn settle(path: &Path, spec: &mut FormatSpec, schema: Option<&Schema>) -> Result<Settled, Diagnostic> {
    settle_with(path, spec, schema, &sample_of(path, 3, How::of(spec))?)
}

/// What the values of a file tell of how it is read.
#[derive(Debug, Default)]
pub struct Settled {
    /// Why an option was set.
    reason: Option<String>,
    /// What the file does not tell, and an option would.
    pub doubt: Option<Diagnostic>,
    /// What was taken to be so, and an option turns round.
    pub guess: Option<Diagnostic>,
}

/// The same with a sample.
fn settle_with(
    path: &Path,
    spec: &mut FormatSpec,
    schema: Option<&Schema>,
    sample: &Sample,
) -> Result<Settled, Diagnostic> {
    let mut settled = Settled::default();
    let Some(known) = format(&spec.name).filter(|known| known.is_text()) else { return Ok(settled) };
    if spec.day_order().is_none() && may_have_numbered_dates(sample) {
        let (parser, sample) = prepare_for(path, spec, schema, sample.clone())?;
        if let Some(dates) = numbered_dates(&*parser, &sample) {
            settled.doubt = dates.doubt().map(|doubt| doubt.file(path.display().to_string()));
            settled.reason = dates.settle(spec);
        }
    }
    // What a design declares says which columns are times.
    if schema.is_none() && spec.option("epochs").is_none_or(str::is_empty) {
        let (parser, sample) = prepare_for(path, spec, None, sample.clone())?;
        let _times = spec.times();
        settled.guess = epoch_columns(&*parser, &sample).that_fit(known, spec, &sample).settle(spec);
    }
    Ok(settled)
}

/// What is no text and no table, by its first bytes: what it is, and what to do.
fn foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    // Text in another encoding is no UTF-8, but it has lines: its bytes are replaced and counted. Control characters
    // are what no text has.
    // NUL bytes at the head are what emptying a log leaves whose program writes on where it was.
    let hole = head.iter().take_while(|byte| **byte == 0).count();
    let text = if hole < head.len() { &head[hole..] } else { head };
    let first = &text[..text.len().min(4096)];
    let is_odd =
        |byte: &&u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\x0b' | b'\x0c' | b'\r' | b'\x1b');
    let odd = first.iter().filter(is_odd).count();
    let is_binary = !head.starts_with(b"PAR1") && first.len() >= 32 && odd * 20 > first.len();
    is_binary.then_some(("this is no text", "choose a log, a table or a JSON file"))
}

/// The columns that a file has when it is read with that format.
pub fn schema_as(path: &Path, spec: &FormatSpec) -> Result<Schema, Diagnostic> {
    schema_of_file(path, spec, &sample_of(path, 3, How::of(spec))?)
}

fn schema_of_file(path: &Path, spec: &FormatSpec, sample: &Sample) -> Result<Schema, Diagnostic> {
    let is_keyed = format(&spec.name).is_some_and(|known| known.is_keyed());
    let sample = if is_keyed && !sample.whole { wider(path, spec, sample)? } else { sample.clone() };
    let (parser, _) = prepare_for(path, spec, None, sample)?;
    match parser.framing() {
        Framing::Native => parquet::schema(path),
        Framing::Cut | Framing::Whole => Ok(without_keys_of_secrets(parser.schema())),
    }
}

/// The columns with text in the place of records that are secret by their name: their keys may be tokens themselves, and
/// a project is sent round.
fn without_keys_of_secrets(schema: &Schema) -> Schema {
    fn plain(name: &str, data_type: &DataType) -> DataType {
        let is_secret = || Sensitivities::shipped().of_name(name) == Some(Classification::Secret);
        match data_type {
            DataType::Record(_) if is_secret() => DataType::String,
            DataType::Record(fields) => {
                DataType::Record(fields.iter().map(|(name, inner)| (name.clone(), plain(name, inner))).collect())
            }
            DataType::List(items) => match plain(name, items) {
                DataType::String if **items != DataType::String => DataType::String,
                items => DataType::List(Box::new(items)),
            },
            other => other.clone(),
        }
    }
    let mut schema = schema.clone();
    for field in &mut schema.fields {
        field.data_type = plain(&field.name, &field.data_type);
    }
    schema
}

/// No format has that name.
fn unknown_format(name: &str) -> Diagnostic {
    let names = formats().iter().map(|format| format.name());
    let hint = pipewright_core::diagnostic::did_you_mean(name, names.clone());
    Diagnostic::error("PW0909", format!("there is no format `{name}`{hint}"))
        .help(format!("the formats are {}", names.collect::<Vec<_>>().join(", ")))
        .field("format")
}

/// A longer sample, which shows keys that come later.
fn wider(path: &Path, spec: &FormatSpec, sample: &Sample) -> Result<Sample, Diagnostic> {
    let (head, whole) = read_head(path, &mut open(path, How::of(spec))?.reader, KEYS_LOOKED_AT)?;
    Ok(Sample { head: valid(head), whole, ..sample.clone() })
}

/// Prepares a format for a file by its sample; where the first event is longer than that, by a longer one, with which
/// it goes on.
pub(crate) fn prepare_for(
    path: &Path,
    spec: &FormatSpec,
    schema: Option<&Schema>,
    sample: Sample,
) -> Result<(Box<dyn Parser>, Sample), Diagnostic> {
    let known = format(&spec.name).ok_or_else(|| unknown_format(&spec.name))?;
    let _times = spec.times();
    let in_file = |diagnostic: Diagnostic| diagnostic.file(path.display().to_string());
    let parser = prepare(known, spec, schema, &sample).map_err(in_file)?;
    let is_whole = |parser: &dyn Parser, sample: &Sample| {
        sample.whole || parser.framing() != Framing::Cut || parser.cut(&sample.head) > 0
    };
    if is_whole(&*parser, &sample) {
        return Ok((parser, sample));
    }
    let (mut head, whole) = read_head(path, &mut open(path, How::of(spec))?.reader, HEAD_LIMIT)?;
    head.truncate(parser.cut(&head));
    let longer = Sample { head: valid(head), whole, ..sample.clone() };
    let longer_parser = prepare(known, spec, schema, &longer).map_err(in_file)?;
    Ok(match is_whole(&*longer_parser, &longer) {
        true => (longer_parser, longer),
        false => (parser, sample),
    })
}

/// The first 64 KiB of a file, its first line at least, and, of plain files, `pieces` of 16 KiB further in, cut at line
/// ends.
pub(crate) fn sample_of(path: &Path, pieces: u64, how: How) -> Result<Sample, Diagnostic> {
    let mut opened = open(path, how)?;
    let (head, whole) = read_head(path, &mut opened.reader, HEAD)?;
    let mut further = Vec::new();
    let start = head.len() as u64;
    if !whole && opened.is_plain() && opened.size > 2 * start {
        let mut file = open_file(path).map_err(|error| unreadable(path, &error))?;
        for piece in 1..=pieces {
            let place = start + (opened.size - start) * piece / (pieces + 1);
            if let Some(bytes) = read_piece(&mut file, place).map_err(|error| unreadable(path, &error))? {
                further.push(valid(bytes));
            }
        }
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (file_time, mark, is_table) = (opened.modified, opened.offset, opened.sheet.is_some());
    Ok(Sample { name, head: valid(head), further, whole, file_time, mark, is_table })
}

/// The first `size` bytes, cut behind their last line end, and whether that is all. Where the first line is longer
/// (a table with thousands of columns), it is read to its end, and as much again for the rows below it.
fn read_head(path: &Path, reader: &mut dyn Read, size: usize) -> Result<(Vec<u8>, bool), Diagnostic> {
    let mut head = Vec::new();
    let mut target = size;
    loop {
        let wanted = target + 1 - head.len();
        let got = reader.take(wanted as u64).read_to_end(&mut head).map_err(|error| unreadable(path, &error))?;
        if got < wanted {
            return Ok((head, true));
        }
        let first = memchr::memchr(b'\n', &head[..target]);
        let is_json = head.trim_ascii_start().starts_with(b"{") || head.trim_ascii_start().starts_with(b"[");
        let limit = if is_json { JSON_HEAD_LIMIT } else { HEAD_LIMIT };
        if target >= limit || first.is_some_and(|first| first * 2 <= target) {
            break;
        }
        target = first.map_or(target * 2, |first| (first * 2).max(target + 1)).min(limit);
    }
    let end = memchr::memrchr(b'\n', &head[..target]).map_or(target, |last| last + 1);
    head.truncate(end);
    Ok((head, false))
}

fn read_piece(file: &mut File, place: u64) -> std::io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(place))?;
    let mut bytes = Vec::new();
    file.take(PIECE).read_to_end(&mut bytes)?;
    let (Some(first), Some(last)) = (memchr::memchr(b'\n', &bytes), memchr::memrchr(b'\n', &bytes)) else {
        return Ok(None);
    };
    Ok((first < last).then(|| bytes[first + 1..=last].to_vec()))
}

fn valid(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text.into_bytes(),
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn a_hole_at_the_head_of_a_log_is_no_reason_to_refuse_it() {
        let log = "2024-03-01 10:00:00 ready\n".repeat(4);
        let with_hole = [vec![0; 5000], log.clone().into_bytes()].concat();
        assert_eq!((foreign(&with_hole), foreign(log.as_bytes())), (None, None));
        // Nothing but a hole, and holes inside.
        assert!(foreign(&[0; 100]).is_some());
        assert!(foreign(&log.replace(' ', "\0\0").into_bytes()).is_some());
    }
}
