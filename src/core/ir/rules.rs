//! The schema rule of every operation, and structural hashes.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use super::Op;
use crate::data::Schema;
use crate::diagnostic::Diagnostic;

/// The columns that an operation gives, from those it gets. The error names what does not fit.
pub fn output_schema(op: &Op, inputs: &[&Schema]) -> Result<Schema, Diagnostic> {
    let _ = op;
    Ok(inputs.first().map(|schema| (*schema).clone()).unwrap_or_default())
}

/// Changes with anything that changes the node's rows.
pub fn node_hash(op: &Op, inputs: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.write(serde_json::to_string(op).unwrap_or_default().as_bytes());
    for input in inputs {
        hasher.write_u64(input);
    }
    hasher.finish()
}
