//! Undo and redo as edits: nothing is kept but what undoes and what redoes.

use super::{Edit, Project};
use crate::diagnostic::Diagnostic;

/// One step of history.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    label: String,
    edits: Vec<Edit>,
}

/// Undo and redo stacks of one user.
#[derive(Debug, Clone, Default)]
pub struct History {
    undo: Vec<Entry>,
    redo: Vec<Entry>,
}

impl History {
    /// Applies edits and remembers how to undo them. `label`: what a user calls it (`move 3 steps`). A change of the
    /// same fields as the change before becomes one with it while `joins` is set (typing in a field).
    pub fn apply(&mut self, project: &mut Project, label: &str, edits: &[Edit], joins: bool) -> Result<(), Diagnostic> {
        let inverse = project.apply(edits)?;
        self.redo.clear();
        if joins && self.undo.last_mut().is_some_and(|last| join(&mut last.edits, edits)) {
            return Ok(());
        }
        self.undo.push(Entry { label: label.to_owned(), edits: inverse });
        Ok(())
    }

    /// Undoes the last change and gives the edits done for it; `None` where there is nothing to undo. An undo that no longer fits is
    /// refused with a reason and stays on the stack.
    pub fn undo(&mut self, project: &mut Project) -> Option<Result<Vec<Edit>, Diagnostic>> {
        step(&mut self.undo, &mut self.redo, project)
    }

    pub fn redo(&mut self, project: &mut Project) -> Option<Result<Vec<Edit>, Diagnostic>> {
        step(&mut self.redo, &mut self.undo, project)
    }

    /// What undo would undo.
    pub fn undo_label(&self) -> Option<&str> {
        self.undo.last().map(|entry| entry.label.as_str())
    }

    pub fn redo_label(&self) -> Option<&str> {
        self.redo.last().map(|entry| entry.label.as_str())
    }

    /// Forgets all (another project was opened).
    pub fn clear(&mut self) {
        self.undo.clear();
        self.redo.clear();
    }
}

/// Makes what undoes a change undo a later one of the same fields, too. Says whether it could.
fn join(undo: &mut [Edit], edits: &[Edit]) -> bool {
    let new_of = |wanted: &str, named: &str| {
        edits.iter().find_map(|edit| match edit {
            Edit::Set { id, field, new, .. } if id == wanted && field == named => Some(new.clone()),
            Edit::Set { .. } | Edit::Insert { .. } | Edit::Remove { .. } | Edit::Move { .. } => None,
        })
    };
    let news: Option<Vec<_>> = undo
        .iter()
        .map(|edit| match edit {
            Edit::Set { id, field, .. } => new_of(id, field),
            Edit::Insert { .. } | Edit::Remove { .. } | Edit::Move { .. } => None,
        })
        .collect();
    let Some(news) = news.filter(|news| news.len() == edits.len()) else { return false };
    for (edit, new) in undo.iter_mut().zip(news) {
        if let Edit::Set { old, .. } = edit {
            *old = Some(new);
        }
    }
    true
}

fn step(from: &mut Vec<Entry>, to: &mut Vec<Entry>, project: &mut Project) -> Option<Result<Vec<Edit>, Diagnostic>> {
    let entry = from.last()?.clone();
    Some(project.apply(&entry.edits).map(|inverse| {
        from.pop();
        to.push(Entry { label: entry.label, edits: inverse });
        entry.edits
    }))
}
