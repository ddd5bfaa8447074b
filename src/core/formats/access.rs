//! Access logs of web servers: nginx and Apache describe their lines as layouts; one recogniser tells them apart.
//! Must not import other formats.

mod apache;
mod named;
mod nginx;
mod shape;
mod tokens;
mod variables;

#[cfg(test)]
mod tests;

pub use apache::ApacheAccess;
pub use nginx::NginxAccess;

use super::declared::with_types;
use super::layout::Layout;
use super::layout_parser::LayoutParser;
use super::{FormatSpec, OptionKind, OptionSpec, Parser, named_types};
use crate::data::Schema;
use crate::diagnostic::Diagnostic;

const MAY_END_AFTER: OptionSpec = OptionSpec {
    name: "may_end_after",
    kind: OptionKind::Text,
    default: "",
    doc: "A column after which lines may end, for files that mix shorter with longer lines; what is missing is null.",
};

const TYPES: OptionSpec = OptionSpec {
    name: "types",
    kind: OptionKind::Text,
    default: "",
    doc: "Types of columns that the log format leaves as text: `field_10=Int, cookie_cart=Float`.",
};

const LISTS: OptionSpec = OptionSpec {
    name: "lists",
    kind: OptionKind::Text,
    default: "",
    doc: "Columns that are one entry of a list, each with another beside it that holds the lists, `NAME_list`: \
          `client, upstream_status`.",
};

/// The parser of a layout: captured texts are read as they are declared, what is more than that is converted.
fn parser(mut layout: Layout, declared: Option<&Schema>) -> Result<Box<dyn Parser>, Diagnostic> {
    if let Some(declared) = declared {
        layout.take_types(declared);
    }
    let own = layout.schema();
    with_types(declared, &own, |schema| Ok(Box::new(LayoutParser::new(layout, Some(&schema))?)))
}

/// The layout with the options that both servers have.
fn with_options(mut layout: Layout, spec: &FormatSpec) -> Result<Layout, Diagnostic> {
    if let Some(types) = spec.option("types") {
        let types = named_types::read(types, &layout.schema()).map_err(|fault| fault.field("types"))?;
        layout.set_types(&types).map_err(|fault| fault.field("types"))?;
    }
    if let Some(lists) = spec.option("lists").filter(|lists| !lists.is_empty()) {
        layout.keep_lists(lists.split(',').map(str::trim)).map_err(|fault| fault.field("lists"))?;
    }
    layout.may_end_after = spec.option("may_end_after").filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(layout)
}

/// The most variables of a log format: it is taken apart by each of them for each of the others.
const MOST_VARIABLES: usize = 200;

/// Refuses a log format that no log has.
fn check_length(variables: usize) -> Result<(), Diagnostic> {
    if variables < MOST_VARIABLES {
        return Ok(());
    }
    Err(Diagnostic::error("PW0841", format!("the log format has more than {MOST_VARIABLES} variables"))
        .help("give the part of it that the lines have"))
}
