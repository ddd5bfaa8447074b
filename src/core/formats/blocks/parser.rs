//! Reads blocks as rows.

use super::TEXT;
use super::block::{Block, Piece, Style, blocks};
use crate::data::Schema;
use crate::formats::cell::Cell;
use crate::formats::columns::Fit;
use crate::formats::events::cut_events;
use crate::formats::keys::{KeyCursor, KeyIndex, More};
use crate::formats::line_ends::line_end;
use crate::formats::scan::is_blank;
use crate::formats::{Change, Chunk, Columns, Parser, Tally, Unfit};

pub struct BlocksParser {
    pub style: Style,
    pub schema: Schema,
    pub index: KeyIndex,
}

/// What one call of `parse` keeps from block to block.
struct State<'a, 'o> {
    out: &'o mut dyn Columns,
    unfit: Unfit,
    keys: KeyCursor<'a>,
    more: More,
    cells: Vec<Cell>,
    /// By column, the row that set it last.
    set_in: Vec<u64>,
    tally: Tally,
}

impl Parser for BlocksParser {
    fn schema(&self) -> &Schema {
        &self.schema
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
                true => matches!(blocks(&self.style, &Chunk::whole(&line)).next(), Some(Piece::Frame)),
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
        let mut state = State {
            unfit: Unfit::new(&self.schema),
            keys: KeyCursor::of_text(&self.index),
            more: More::of(&self.schema, out),
            cells: self.schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect(),
            set_in: vec![0; self.schema.len()],
            tally: Tally::default(),
            out,
        };
        for piece in blocks(&self.style, chunk) {
            match piece {
                Piece::Blank => {
                    state.tally.read += 1;
                    state.tally.blank += 1;
                }
                Piece::Frame => {
                    state.tally.read += 1;
                    state.tally.meta += 1;
                }
                Piece::Block(block) => self.block(&block, &mut state),
            }
        }
        let mut tally = state.tally;
        if !state.more.is_taken() {
            state.keys.finish(&mut tally);
        }
        state.more.finish(&mut tally);
        state.unfit.finish(&self.schema, &mut tally);
        tally
    }
}

impl BlocksParser {
    fn block(&self, block: &Block, state: &mut State) {
        let lines = block.lines.len() as u64;
        state.tally.read += lines + block.comments as u64;
        state.tally.blank += block.blank as u64;
        state.tally.meta += block.comments as u64;
        state.tally.joined += lines - block.blank as u64 - 1;
        let record = block.record(&self.style);
        if record.pairs.is_empty() {
            let raw = block.lines.join("\n");
            state.out.quarantine(block.unit, "no line of the block has a key and a value", raw.as_bytes());
            state.tally.quarantined += 1;
            return;
        }
        let row = state.tally.accepted + 1;
        state.keys.begin_row();
        for (key, value) in &record.pairs {
            self.pair(key, value, row, state);
        }
        if !record.text.is_empty() {
            self.pair(TEXT, &record.text, row, state);
        }
        state.more.end_row(state.out);
        state.unfit.end_row();
        state.out.end_row(block.unit);
        state.tally.accepted += 1;
        state.tally.rows += 1;
    }

    /// A key of the row with its value.
    fn pair(&self, key: &str, value: &str, row: u64, state: &mut State) {
        let add_more = |state: &mut State| {
            if state.more.is_taken() {
                let key = serde_json::Value::from(key).to_string();
                state.more.add(key.trim_matches('"'), &serde_json::Value::from(value).to_string());
            }
        };
        let Some(mut column) = state.keys.find_copied(key) else { return add_more(state) };
        if state.set_in[column] == row {
            match self.index.next_of(key, |next| state.set_in[next] != row) {
                Some(next) => column = next,
                None if state.more.is_taken() => return add_more(state),
                None => state.unfit.note_change(column, Change::Repeated),
            }
        }
        state.set_in[column] = row;
        if value.is_empty() || !state.out.wants(column) {
            return;
        }
        let fit = state.cells[column].read_written(value, column, &self.schema.fields[column], state.out);
        if fit != Fit::Kept {
            state.unfit.note_fit(column, fit);
        }
    }
}
