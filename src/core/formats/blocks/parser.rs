//! Reads blocks as rows.

use super::TEXT;
use super::block::{Block, Piece, Style, blocks, is_rule};
use crate::data::Schema;
use crate::formats::events::cut_events;
use crate::formats::keyed::{KeyedColumns, KeyedRows};
use crate::formats::keys::KeyCursor;
use crate::formats::line_ends::line_end;
use crate::formats::scan::is_blank;
use crate::formats::{Chunk, Columns, Parser, Tally};

pub struct BlocksParser {
    pub style: Style,
    pub columns: KeyedColumns,
}

impl Parser for BlocksParser {
    fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    /// What a line belongs to is told by the lines before it.
    fn is_divisible(&self) -> bool {
        false
    }

    fn cut(&self, bytes: &[u8]) -> usize {
        if self.style.begin.is_some() {
            return cut_events(bytes, |line| !self.style.begins(line));
        }
        // Before the last line that stands behind a blank one and is not set in, or the last rule.
        let mark = line_end(bytes);
        let Some(mut end) = memchr::memrchr(mark, bytes) else { return 0 };
        let mut below: Option<(usize, bool)> = None;
        while let Some(before) = memchr::memrchr(mark, &bytes[..end]) {
            let line = String::from_utf8_lossy(&bytes[before + 1..end]);
            let is_between = match self.style.has_rules {
                true => is_rule(&line),
                false => is_blank(&line),
            };
            match below {
                Some((start, true)) if is_between => return start,
                _ if is_blank(&line) => {}
                _ => below = Some((before + 1, self.style.has_rules || !line.starts_with([' ', '\t']))),
            }
            end = before;
        }
        0
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let mut rows = KeyedRows::new(&self.columns, KeyCursor::of_text(&self.columns.index), out);
        for piece in blocks(&self.style, chunk) {
            match piece {
                Piece::Blank => {
                    tally.read += 1;
                    tally.blank += 1;
                }
                Piece::Frame => {
                    tally.read += 1;
                    tally.meta += 1;
                }
                Piece::Block(block) => self.block(&block, &mut rows, &mut tally, out),
            }
        }
        rows.finish(&mut tally);
        tally
    }
}

impl BlocksParser {
    fn block(&self, block: &Block, rows: &mut KeyedRows, tally: &mut Tally, out: &mut dyn Columns) {
        let lines = block.lines.len() as u64;
        tally.read += lines + block.comments as u64;
        tally.blank += block.blank as u64;
        tally.meta += block.comments as u64;
        tally.joined += lines - block.blank as u64 - 1;
        let record = block.record(&self.style);
        if record.pairs.is_empty() {
            let raw = block.lines.join("\n");
            out.quarantine(block.unit, "no line of the block has a key and a value", raw.as_bytes());
            tally.quarantined += 1;
            return;
        }
        rows.begin_row();
        for (key, value) in &record.pairs {
            rows.field(key, value, out);
        }
        if !record.text.is_empty() {
            rows.field(TEXT, &record.text, out);
        }
        rows.end_row(out);
        out.end_row(block.unit);
        tally.accepted += 1;
        tally.rows += 1;
    }
}
