//! The engine: reads files, previews and runs plans, profiles columns. The only package that knows Polars; no Polars
//! type is in its public face. Must not import egui, the command line or the designer.

mod table;

pub use table::ResultTable;
