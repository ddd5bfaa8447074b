//! Results by key, bounded by memory; what was used longest ago goes first. Knows no plan.

use std::collections::BTreeMap;

use super::NodeResult;

pub(super) struct Cache {
    entries: BTreeMap<u64, Entry>,
    limit: usize,
    size: usize,
    clock: u64,
}

struct Entry {
    result: NodeResult,
    size: usize,
    used: u64,
}

impl Cache {
    /// Holds at most `limit` bytes of rows.
    pub(super) fn new(limit: usize) -> Cache {
        Cache { entries: BTreeMap::new(), limit, size: 0, clock: 0 }
    }

    pub(super) fn get(&mut self, key: u64) -> Option<&NodeResult> {
        self.clock += 1;
        let entry = self.entries.get_mut(&key)?;
        entry.used = self.clock;
        Some(&entry.result)
    }

    pub(super) fn put(&mut self, key: u64, result: NodeResult) {
        self.clock += 1;
        let size = result.table.size() + result.rejected.as_ref().map_or(0, |(rejected, _)| rejected.size());
        let entry = Entry { result, size, used: self.clock };
        self.size = self.size.saturating_add(size);
        if let Some(old) = self.entries.insert(key, entry) {
            self.size -= old.size;
        }
        while self.size > self.limit && self.entries.len() > 1 {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(gone) = oldest.and_then(|key| self.entries.remove(&key)) else { break };
            self.size -= gone.size;
        }
    }
}
