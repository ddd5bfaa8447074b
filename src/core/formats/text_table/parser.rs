//! Reads the rows of a table of text, line by line.

use super::{Line, Shape, is_null, share};
use crate::data::Schema;
use crate::formats::cell::Cell;
use crate::formats::keys::count_unknown;
use crate::formats::line_ends::cut_lines;
use crate::formats::scan::{is_blank, lines};
use crate::formats::{Chunk, Columns, Parser, Tally, Unfit};

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

    /// Rows stay in one chunk with a header that has their columns elsewhere.
    fn cut(&self, bytes: &[u8]) -> usize {
        let end = cut_lines(bytes);
        match &self.shape {
            Shape::Aligned(aligned) => aligned.border(&bytes[..end]),
            Shape::Bordered(_) => end,
        }
    }

    fn parse(&self, chunk: &Chunk, out: &mut dyn Columns) -> Tally {
        let mut tally = Tally::default();
        let wanted: Vec<Option<usize>> =
            self.columns.iter().map(|column| column.filter(|column| out.wants(*column))).collect();
        let mut unfit = Unfit::new(&self.schema);
        let mut lost = vec![0; self.names.len()];
        let mut cells = Vec::new();
        let mut laid = None;
        for (unit, line) in lines(chunk) {
            tally.read += 1;
            if is_blank(line) {
                tally.blank += 1;
                continue;
            }
            match laid.as_ref().unwrap_or(&self.shape).read(line, &mut cells) {
                Line::Header => {
                    laid = self.laid_anew(line);
                    tally.meta += 1;
                }
                Line::Frame => tally.meta += 1,
                Line::Other(reason) => {
                    out.quarantine(unit, reason, line.as_bytes());
                    tally.quarantined += 1;
                }
                Line::Row => {
                    for (place, cell) in cells.iter().enumerate().filter(|(_, cell)| !is_null(cell)) {
                        lost[place] += u64::from(self.columns[place].is_none());
                        let Some(column) = wanted[place] else { continue };
                        let text = if self.shares[place] { share(cell).unwrap_or(cell) } else { cell };
                        let fit = self.cells[column].read_written(text, column, &self.schema.fields[column], out);
                        unfit.note_fit(column, fit);
                    }
                    unfit.end_row();
                    out.end_row(unit);
                    tally.accepted += 1;
                    tally.rows += 1;
                }
            }
        }
        for (name, lost) in self.names.iter().zip(lost) {
            count_unknown(&mut tally, name, lost);
        }
        unfit.finish(&self.schema, &mut tally);
        tally
    }
}
