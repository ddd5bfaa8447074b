//! From questions to flows, from sources to questions, and what is missing between the two. Works on evidence
//! (profiles of samples) that others gather: reads no file and runs nothing.
//! Imports everything up to plan; must not import export.

mod templates;
mod values;
mod vocabulary;

pub use values::{NamedCheck, Pattern, ValueEvidence};
pub use vocabulary::{Concept, ConceptNo, Rule, Vocabulary, normal_name};
