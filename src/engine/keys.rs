//! Keys of rows: as bytes that are equal where the keys are, as hashes that tell partitions apart, and as a table that
//! finds the rows of a key, prepared once and asked often. Must not import plans.

use polars::chunked_array::ops::row_encode::encode_rows_unordered;
use polars::prelude::{BinaryOffsetChunked, Column, DataType, IdxSize, PolarsResult};
use polars_arrow::array::BinaryArray;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// No group, no row.
const NONE: u32 = u32::MAX;

/// The keys of a frame's rows. Null is a key like others; -0 and 0 are the same.
pub(crate) struct RowKeys {
    bytes: BinaryArray<i64>,
}

impl RowKeys {
    /// Of one column at least.
    pub fn of(columns: &[Column]) -> PolarsResult<RowKeys> {
        let encoded: BinaryOffsetChunked = encode_rows_unordered(columns)?;
        let bytes = encoded.rechunk().downcast_iter().next().cloned();
        Ok(RowKeys {
            bytes: bytes.unwrap_or_else(|| BinaryArray::new_empty(polars_arrow::datatypes::ArrowDataType::LargeBinary)),
        })
    }

    pub fn get(&self, row: usize) -> &[u8] {
        self.bytes.value(row)
    }

    /// The bytes as hexadecimal digits.
    pub fn texts(&self) -> impl Iterator<Item = String> {
        self.bytes.values_iter().map(|key| key.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn hashes(&self, seed: u64) -> Vec<u64> {
        self.bytes.values_iter().map(|key| xxh3_64_with_seed(key, seed)).collect()
    }
}

/// Hashes of rows by their keys, equal where those are, as `RowKeys` tells them: column by column, without a copy of the
/// keys. Another seed divides rows anew.
pub(crate) fn row_hashes(columns: &[Column], height: usize, seed: u64) -> PolarsResult<Vec<u64>> {
    let mut hashes = vec![seed; height];
    for column in columns {
        let series = column.as_materialized_series().to_physical_repr().rechunk();
        match series.dtype() {
            DataType::Int64 => mixed_in(&mut hashes, series.i64()?.iter(), |value| value as u64),
            DataType::Int32 => mixed_in(&mut hashes, series.i32()?.iter(), |value| i64::from(value) as u64),
            // -0 and 0 are the same, and what is no number is so in one way.
            DataType::Float64 => mixed_in(&mut hashes, series.f64()?.iter(), |value| match value.is_nan() {
                true => f64::NAN.to_bits(),
                false => (value + 0.0).to_bits(),
            }),
            DataType::Boolean => mixed_in(&mut hashes, series.bool()?.iter(), u64::from),
            DataType::String => {
                mixed_in(&mut hashes, series.str()?.iter(), |text| xxh3_64_with_seed(text.as_bytes(), seed));
            }
            _ => {
                let keys = RowKeys::of(std::slice::from_ref(column))?.hashes(seed);
                mixed_in(&mut hashes, keys.into_iter().map(Some), |hash| hash);
            }
        }
    }
    Ok(hashes)
}

/// Hashes with one more column's values; null is a value of its own.
fn mixed_in<T>(hashes: &mut [u64], values: impl Iterator<Item = Option<T>>, bits: impl Fn(T) -> u64) {
    const NULL_BITS: u64 = 0x9E37_79B9_7F4A_7C15;
    const FACTOR: u64 = 0xA076_1D64_78BD_642F;
    for (hash, value) in hashes.iter_mut().zip(values) {
        let bits = value.map_or(NULL_BITS, &bits);
        // Both halves of the product: every bit of the value reaches every bit of the hash.
        let product = u128::from(*hash ^ bits.wrapping_add(FACTOR)) * u128::from(FACTOR);
        *hash = (product as u64 ^ (product >> 64) as u64).wrapping_add(bits.rotate_left(32));
    }
}

/// Whether a row has no key that is null.
fn present(columns: &[Column]) -> Option<Vec<bool>> {
    let mut present: Option<Vec<bool>> = None;
    for column in columns.iter().filter(|column| column.null_count() > 0) {
        let flags = present.get_or_insert_with(|| vec![true; column.len()]);
        for (flag, is_null) in flags.iter_mut().zip(column.is_null().iter()) {
            *flag &= is_null != Some(true);
        }
    }
    present
}

/// Rows that have a key that is null.
pub(crate) fn lacking(columns: &[Column]) -> u64 {
    match columns.iter().filter(|column| column.null_count() > 0).count() {
        0 => 0,
        1 => columns.iter().map(|column| column.null_count() as u64).sum(),
        _ => present(columns).map_or(0, |present| present.iter().filter(|is_present| !**is_present).count() as u64),
    }
}

/// Finds the rows of a key. Rows whose key has a null are in no group: null matches nothing.
pub(crate) struct KeyTable {
    /// `None`: no keys, so that all rows are one group.
    keys: Option<RowKeys>,
    mask: usize,
    /// Bucket → its first group.
    heads: Vec<u32>,
    /// Group → the next one of its bucket.
    next: Vec<u32>,
    hashes: Vec<u64>,
    /// Group → where its rows begin in `rows`; one more at the end.
    starts: Vec<u32>,
    /// By group, in their order.
    rows: Vec<IdxSize>,
}

impl KeyTable {
    /// `height` rows with these keys.
    pub fn new(columns: &[Column], height: usize) -> PolarsResult<KeyTable> {
        if columns.is_empty() {
            let (starts, rows) = (vec![0, height as u32], (0..height as IdxSize).collect());
            let (heads, next, hashes) = (Vec::new(), Vec::new(), Vec::new());
            return Ok(KeyTable { keys: None, mask: 0, heads, next, hashes, starts, rows });
        }
        let keys = RowKeys::of(columns)?;
        let present = present(columns);
        let size = (height.max(1) * 2).next_power_of_two();
        let (mut heads, mut next, mut hashes) = (vec![NONE; size], Vec::new(), Vec::new());
        let (mut firsts, mut counts): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut groups = vec![NONE; height];
        let mask = size - 1;
        for row in 0..height {
            if present.as_ref().is_some_and(|present| !present[row]) {
                continue;
            }
            let key = keys.get(row);
            let hash = xxh3_64_with_seed(key, 0);
            let head = &mut heads[hash as usize & mask];
            let mut group = *head;
            while group != NONE {
                let index = group as usize;
                if hashes[index] == hash && keys.get(firsts[index] as usize) == key {
                    break;
                }
                group = next[index];
            }
            if group == NONE {
                group = firsts.len() as u32;
                next.push(*head);
                hashes.push(hash);
                firsts.push(row as u32);
                counts.push(0);
                *head = group;
            }
            counts[group as usize] += 1;
            groups[row] = group;
        }
        let mut starts = Vec::with_capacity(counts.len() + 1);
        let mut sum = 0;
        for count in &counts {
            starts.push(sum);
            sum += count;
        }
        starts.push(sum);
        let mut places = starts.clone();
        let mut rows = vec![0; sum as usize];
        for (row, group) in groups.iter().enumerate().filter(|(_, group)| **group != NONE) {
            let place = &mut places[*group as usize];
            rows[*place as usize] = row as IdxSize;
            *place += 1;
        }
        Ok(KeyTable { keys: Some(keys), mask, heads, next, hashes, starts, rows })
    }

    /// For each row with these keys its group, by which `rows` finds the rows of the table.
    pub fn groups(&self, columns: &[Column], height: usize) -> PolarsResult<Vec<Option<u32>>> {
        let Some(own) = &self.keys else { return Ok(vec![Some(0); height]) };
        let keys = RowKeys::of(columns)?;
        let present = present(columns);
        let find = |row: usize| {
            if present.as_ref().is_some_and(|present| !present[row]) {
                return None;
            }
            let key = keys.get(row);
            let hash = xxh3_64_with_seed(key, 0);
            let mut group = self.heads[hash as usize & self.mask];
            while group != NONE {
                let index = group as usize;
                if self.hashes[index] == hash && own.get(self.rows[self.starts[index] as usize] as usize) == key {
                    return Some(group);
                }
                group = self.next[index];
            }
            None
        };
        Ok((0..height).map(find).collect())
    }

    pub fn group_count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of a group, in their order.
    pub fn rows(&self, group: u32) -> &[IdxSize] {
        let group = group as usize;
        &self.rows[self.starts[group] as usize..self.starts[group + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    #[test]
    fn rows_are_found_by_all_their_keys_and_null_by_none() {
        let build =
            df!("a" => [Some(1i64), Some(2), Some(1), None, Some(1)], "b" => ["x", "x", "y", "x", "x"]).unwrap();
        let probe = df!("a" => [Some(1i64), None, Some(3), Some(1)], "b" => ["x", "x", "x", "y"]).unwrap();
        let table = KeyTable::new(build.columns(), build.height()).unwrap();
        let groups = table.groups(probe.columns(), probe.height()).unwrap();
        let found: Vec<Vec<u32>> =
            groups.iter().map(|group| group.map_or(Vec::new(), |group| table.rows(group).to_vec())).collect();
        assert_eq!(found, [vec![0, 4], vec![], vec![], vec![2]]);
        let all = KeyTable::new(&[], 3).unwrap();
        assert_eq!(all.groups(&[], 2).unwrap(), [Some(0), Some(0)]);
        assert_eq!(all.rows(0), [0, 1, 2]);
    }

    #[test]
    fn zeros_of_both_signs_are_one_key_and_another_seed_divides_anew() {
        let keys = df!("x" => [0.0f64, -0.0, 1.5]).unwrap();
        let hashes = row_hashes(keys.columns(), 3, 1).unwrap();
        assert_eq!(hashes[0], hashes[1]);
        assert_ne!(hashes[0], hashes[2]);
        assert_ne!(hashes, row_hashes(keys.columns(), 3, 2).unwrap());
        let keys = RowKeys::of(keys.columns()).unwrap();
        assert_eq!(keys.get(0), keys.get(1));
    }

    #[test]
    fn hashes_are_equal_where_keys_are_and_spread_evenly() {
        let (a, b): (Vec<i64>, Vec<i64>) =
            ((0..4000).map(|row| row / 80).collect(), (0..4000).map(|row| row % 80).collect());
        let texts: Vec<Option<String>> =
            (0..4000).map(|row| (row % 7 > 0).then(|| format!("a text of some length {}", row / 2))).collect();
        let rows = df!("a" => a, "b" => b, "t" => texts).unwrap();
        for picked in [vec![0, 1], vec![0], vec![2], vec![0, 2], vec![0, 1, 2]] {
            let columns: Vec<Column> = picked.iter().map(|index| rows.columns()[*index].clone()).collect();
            let hashes = row_hashes(&columns, 4000, 1).unwrap();
            let keys = RowKeys::of(&columns).unwrap();
            let different: std::collections::BTreeSet<&[u8]> = (0..4000).map(|row| keys.get(row)).collect();
            let pairs: std::collections::BTreeSet<(&[u8], u64)> =
                (0..4000).map(|row| (keys.get(row), hashes[row])).collect();
            let own: std::collections::BTreeSet<u64> = hashes.iter().copied().collect();
            assert_eq!((pairs.len(), own.len()), (different.len(), different.len()), "{picked:?}");
            let parts: std::collections::BTreeSet<u64> = own.iter().map(|hash| hash % 16).collect();
            assert_eq!(parts.len(), 16, "{picked:?}");
        }
    }
}
