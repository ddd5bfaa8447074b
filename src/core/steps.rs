//! Step kinds: what the user places. One file per kind: settings, docs, ports, form fields as data, checks,
//! lowering to `Op`s, examples that run as tests. Imports everything up to `model`; not the project.

mod add_metadata;
mod aggregate;
mod answer;
mod bursts;
mod calls;
mod cast_losses;
mod casts;
mod change_types;
mod compute;
mod concatenate;
mod contract;
mod destinations;
mod example;
mod expect;
mod explode_list;
mod expression_text;
mod file;
mod fill_missing;
mod filter;
mod flatten_record;
mod form;
mod funnel;
mod groups;
mod items;
mod join;
mod kind;
mod limit;
mod load_file;
mod load_objects;
mod load_table;
mod log_patterns;
mod lookup;
mod lower_example;
mod lowering;
mod mask_or_hash;
mod nearest_in_time;
mod parse_text;
mod pivot;
mod planned_source;
mod remove_duplicates;
mod replace_values;
mod route;
mod sample;
mod select;
mod send_http;
mod sessions;
mod settings;
mod sort;
mod sources;
mod split_column;
mod standard_output;
mod surroundings;
mod table;
mod time_buckets;
mod top_n;
mod trend;
mod unpivot;
mod what_differs;
mod window;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use example::{Example, Table};
pub use form::{FieldKind, FormField, Settings};
pub use kind::{Group, Port, Ports, StepKind};
pub use lower_example::lower_example;
pub use lowering::{DataRules, Lowered, Lowering, PlanBuilder, StepContext};
pub use settings::check_settings;

/// The closed list of step kinds, in palette order.
macro_rules! kinds {
    ($($module:ident),* $(,)?) => {
        /// Every step kind, in palette order.
        pub fn kinds() -> &'static [&'static dyn StepKind] {
            static KINDS: &[&dyn StepKind] = &[$(&$module::KIND),*];
            KINDS
        }
    };
}

kinds!(
    file,
    table,
    planned_source,
    parse_text,
    select,
    compute,
    change_types,
    split_column,
    flatten_record,
    explode_list,
    pivot,
    unpivot,
    filter,
    fill_missing,
    remove_duplicates,
    replace_values,
    mask_or_hash,
    sample,
    sort,
    limit,
    join,
    lookup,
    concatenate,
    add_metadata,
    nearest_in_time,
    aggregate,
    time_buckets,
    top_n,
    window,
    sessions,
    bursts,
    surroundings,
    log_patterns,
    what_differs,
    trend,
    funnel,
    expect,
    route,
    contract,
    load_file,
    load_objects,
    load_table,
    send_http,
    standard_output,
    answer,
);

/// The kind of that name; `None`: a kind that this version does not know.
pub fn kind(name: &str) -> Option<&'static dyn StepKind> {
    static BY_NAME: LazyLock<HashMap<&str, &dyn StepKind>> =
        LazyLock::new(|| kinds().iter().map(|kind| (kind.name(), *kind)).collect());
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests;
