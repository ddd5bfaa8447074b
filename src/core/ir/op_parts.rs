//! What operations of several kinds have in common: what becomes of rows that do not pass, and paths. Imports operations.

use super::{Destination, OnFail, Op};

impl Op {
    /// What becomes of rows that do not pass; `None`: nothing is asked of them.
    pub fn on_fail(&self) -> Option<&OnFail> {
        match self {
            Op::Check(check) => Some(&check.on_fail),
            Op::Parse(parse) => Some(&parse.on_fail),
            Op::Read(_)
            | Op::Rows(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Join(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn on_fail_mut(&mut self) -> Option<&mut OnFail> {
        match self {
            Op::Check(check) => Some(&mut check.on_fail),
            Op::Parse(parse) => Some(&mut parse.on_fail),
            Op::Read(_)
            | Op::Rows(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Join(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_)
            | Op::Write(_) => None,
        }
    }

    /// The path that it reads or writes, parameters and all; `None`: it does neither, or no file.
    pub fn path(&self) -> Option<&String> {
        match self {
            Op::Read(read) => Some(&read.path),
            Op::Write(write) => match &write.destination {
                Destination::File { path, .. } => Some(path),
                Destination::StandardOutput { .. }
                | Destination::Table(_)
                | Destination::Objects(_)
                | Destination::Endpoint(_)
                | Destination::Answer { .. } => None,
            },
            Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Join(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn path_mut(&mut self) -> Option<&mut String> {
        match self {
            Op::Read(read) => Some(&mut read.path),
            Op::Write(write) => match &mut write.destination {
                Destination::File { path, .. } => Some(path),
                Destination::StandardOutput { .. }
                | Destination::Table(_)
                | Destination::Objects(_)
                | Destination::Endpoint(_)
                | Destination::Answer { .. } => None,
            },
            Op::Rows(_)
            | Op::Parse(_)
            | Op::Filter { .. }
            | Op::Project(_)
            | Op::Check(_)
            | Op::Aggregate(_)
            | Op::Window(_)
            | Op::Join(_)
            | Op::AsofJoin(_)
            | Op::Union
            | Op::Sort(_)
            | Op::Limit(_)
            | Op::Distinct(_)
            | Op::Explode(_)
            | Op::Unpivot(_) => None,
        }
    }
}
