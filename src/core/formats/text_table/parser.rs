//! Reads the rows of a table of text, line by line.

use super::{Cells, Line, Shape, is_null, share};
use crate::data::Schema;
use crate::formats::cell::Cell;
use crate::formats::keys::count_unknown;
use crate::formats::line_ends::cut_lines;
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Chunk, Columns, Parser, Tally, Unfit, Unit};

/// Why a first value is no row.
const ALONE: &str = "the line has a word alone, and no row goes on behind it";

pub struct TableParser {
    shape: Shape,
    /// By place in the row, the name of its column.
    names: Vec<String>,
    /// By place in the row, its column in the schema.
    columns: Vec<Option<usize>>,
    /// By place in the row, whether its values are shares.
    shares: Vec<bool>,
    schema: Schema,
    cells: Vec<Cell>,
}

impl TableParser {
    pub fn new(shape: Shape, names: Vec<String>, shares: Vec<bool>, schema: Schema) -> Self {
        let columns = names.iter().map(|name| schema.index(name)).collect();
        let cells = schema.fields.iter().map(|field| Cell::of(&field.data_type)).collect();
        Self { shape, names, columns, shares, schema, cells }
    }

    /// The shape that holds where a header has its columns elsewhere.
    fn laid_anew(&self, line: &str) -> Option<Shape> {
        match &self.shape {
            Shape::Aligned(aligned) => aligned.laid_anew(line).map(Shape::Aligned),
            Shape::Bordered(_) => None,
        }
    }
}

impl Parser for TableParser {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The last header before a line says where its columns are.
    fn is_divisible(&self) -> bool {
        false
    }

    /// Rows stay in one chunk with the lines in which they go on.
    fn cut(&self, bytes: &[u8]) -> usize {
        let mut end = cut_lines(bytes);
        while end > 0 {
            let start = cut_lines(&bytes[..end - 1]);
            let line = String::from_utf8_lossy(&bytes[start..end]);
            if !self.shape.goes_on(line.trim_end_matches(['\n', '\r'])) {
                break;
            }
            end = start;
        }
        end
    }

    /// The last header, which may have its columns elsewhere.
    fn carry(&self, before: &str, bytes: &[u8]) -> Option<String> {
        let Shape::Aligned(aligned) = &self.shape else { return None };
        Some(aligned.last_header(bytes).unwrap_or_else(|| before.to_owned()))
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let wanted = self.columns.iter().map(|column| column.filter(|column| out.wants(*column))).collect();
        let unfit = Unfit::new(&self.schema);
        let mut rows =
            Rows { table: self, wanted, unfit, lost: vec![0; self.names.len()], tally: Tally::default(), out };
        let mut cells = Cells::default();
        let mut laid = if chunk.carried.is_empty() { None } else { self.laid_anew(chunk.carried) };
        // A row of which a value goes on.
        let mut open: Option<Open> = None;
        // A row's first value.
        let mut begun: Option<(Unit, &str)> = None;
        for (unit, line) in lines(chunk) {
            rows.tally.read += 1;
            if is_blank(line) {
                rows.tally.blank += 1;
                rows.turn_away(begun.take(), ALONE);
                continue;
            }
            let found = laid.as_ref().unwrap_or(&self.shape).read(line, &mut cells);
            if let Some(mut row) = open.take() {
                if found == Line::Row {
                    row.add(&cells);
                    rows.tally.joined += 1;
                    match cells.open.is_empty() {
                        true => rows.row(row.unit, row.texts.iter().map(String::as_str)),
                        false => open = Some(row),
                    }
                    continue;
                }
                rows.row(row.unit, row.texts.iter().map(String::as_str));
            }
            if let Some((first, value)) = begun.take() {
                if found == Line::Row && cells.texts[0].is_empty() {
                    cells.texts[0] = value.trim_end();
                    rows.tally.joined += 1;
                    rows.row(first, cells.texts.iter().copied());
                    continue;
                }
                rows.turn_away(Some((first, value)), ALONE);
            }
            match found {
                Line::Begun => begun = Some((unit, line)),
                Line::Header => {
                    laid = self.laid_anew(line);
                    rows.tally.meta += 1;
                }
                Line::Frame => rows.tally.meta += 1,
                Line::Other(reason) => rows.turn_away(Some((unit, line)), reason),
                Line::Row if cells.open.is_empty() => rows.row(unit, cells.texts.iter().copied()),
                Line::Row => open = Some(Open::new(unit, &cells)),
            }
        }
        rows.turn_away(begun, ALONE);
        if let Some(row) = open {
            rows.row(row.unit, row.texts.iter().map(String::as_str));
        }
        rows.finish()
    }
}

/// A row of several lines.
struct Open {
    unit: Unit,
    texts: Vec<String>,
    /// By cell, whether it goes on in the next line.
    open: Vec<bool>,
}

impl Open {
    fn new(unit: Unit, cells: &Cells) -> Self {
        let texts = cells.texts.iter().map(|text| (*text).to_owned()).collect();
        Self { unit, texts, open: cells.open.clone() }
    }

    /// The next line of the row.
    fn add(&mut self, cells: &Cells) {
        for (place, text) in cells.texts.iter().enumerate() {
            if self.open.get(place) == Some(&true) {
                self.texts[place].push('\n');
            }
            self.texts[place].push_str(text);
        }
        self.open.clone_from(&cells.open);
    }
}

/// The rows that a call of `parse` makes.
struct Rows<'a, 'o> {
    table: &'a TableParser,
    /// By place in the row, its column, where it is wanted.
    wanted: Vec<Option<usize>>,
    unfit: Unfit,
    /// By place in the row, the values that have no column.
    lost: Vec<u64>,
    tally: Tally,
    out: &'o mut dyn Columns,
}

impl Rows<'_, '_> {
    fn turn_away(&mut self, line: Option<(Unit, &str)>, reason: &str) {
        let Some((unit, line)) = line else { return };
        self.out.quarantine(unit, reason, line.as_bytes());
        self.tally.quarantined += 1;
    }

    fn row<'a>(&mut self, unit: Unit, texts: impl Iterator<Item = &'a str>) {
        let table = self.table;
        for (place, text) in texts.enumerate().filter(|(_, text)| !is_null(text)) {
            self.lost[place] += u64::from(table.columns[place].is_none());
            let Some(column) = self.wanted[place] else { continue };
            let text = if table.shares[place] { share(text).unwrap_or(text) } else { text };
            let fit = table.cells[column].read_written(text, column, &table.schema.fields[column], self.out);
            self.unfit.note_fit(column, fit);
        }
        self.unfit.end_row();
        self.out.end_row(unit);
        self.tally.accepted += 1;
        self.tally.rows += 1;
    }

    fn finish(mut self) -> Tally {
        for (name, lost) in self.table.names.iter().zip(self.lost) {
            count_unknown(&mut self.tally, name, lost);
        }
        self.unfit.finish(&self.table.schema, &mut self.tally);
        self.tally
    }
}
