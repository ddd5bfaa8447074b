//! The places of rows in an order: the keys that decide it are packed into one number for each row, as many bits as their
//! range needs, so that rows are compared without being looked at. What does not fit is compared where rows tie. Nulls
//! come last. Must not import plans.

use polars::prelude::{
    self as pl, Column, DataFrame, DataType, IdxCa, IdxSize, IntoColumn, IntoLazy, PolarsResult, Series,
    SortMultipleOptions,
};

/// Bits of a packed key; those below are the row's number.
const BITS: u32 = u128::BITS - IdxSize::BITS;
/// Rows that are worth a second thread.
const SHARED: usize = 1 << 16;

/// Sorted place → row. Rows that are alike keep their order.
pub(crate) fn sorted_places(columns: &[Column], descending: &[bool], height: usize) -> PolarsResult<IdxCa> {
    let mut packed = Packed { keys: vec![0; height], left: BITS };
    let mut rest = columns.len();
    for (index, (column, descending)) in columns.iter().zip(descending).enumerate() {
        if !packed.put(column, *descending)? {
            rest = index;
            break;
        }
    }
    let mut keys = packed.keys;
    for (row, key) in keys.iter_mut().enumerate() {
        *key = *key << IdxSize::BITS | row as u128;
    }
    sort(&mut keys);
    let mut places: Vec<IdxSize> = keys.iter().map(|key| *key as IdxSize).collect();
    if rest < columns.len() {
        settle_ties(&keys, &mut places, &columns[rest..], &descending[rest..])?;
    }
    Ok(IdxCa::from_vec("places".into(), places))
}

/// A frame's rows by these columns, one for each of its rows.
pub(crate) fn sorted_by(rows: &DataFrame, columns: &[Column], descending: &[bool]) -> PolarsResult<DataFrame> {
    rows.take(&sorted_places(columns, descending, rows.height())?)
}

fn sort(keys: &mut [u128]) {
    if keys.len() < SHARED {
        return keys.sort_unstable();
    }
    let (left, right) = keys.split_at_mut(keys.len() / 2);
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().name("pipewright-sort".to_owned()).spawn_scoped(scope, || right.sort());
        left.sort();
        drop(other);
    });
    // Takes what is sorted already as it is, the whole where there was no thread.
    keys.sort();
}

/// Puts rows with equal keys in the order of the columns that did not fit into the keys.
fn settle_ties(keys: &[u128], places: &mut [IdxSize], columns: &[Column], descending: &[bool]) -> PolarsResult<()> {
    let key = |place: usize| keys[place] >> IdxSize::BITS;
    let (mut runs, mut tied, mut start) = (Vec::new(), Vec::new(), 0);
    for end in 1..=keys.len() {
        if end < keys.len() && key(end) == key(start) {
            continue;
        }
        if end - start > 1 {
            runs.extend(std::iter::repeat_n(start as IdxSize, end - start));
            tied.extend(start..end);
        }
        start = end;
    }
    if tied.is_empty() {
        return Ok(());
    }
    let rows = IdxCa::from_vec("rows".into(), tied.iter().map(|place| places[*place]).collect());
    let mut all = vec![Series::from(IdxCa::from_vec("#0".into(), runs)).into_column()];
    for (index, column) in columns.iter().enumerate() {
        all.push(column.take(&rows)?.with_name(format!("#{}", index + 1).as_str().into()));
    }
    let by: Vec<pl::Expr> = all.iter().map(|column| pl::Expr::Column(column.name().clone())).collect();
    let descending: Vec<bool> = std::iter::once(false).chain(descending.iter().copied()).collect();
    let options = SortMultipleOptions::default()
        .with_order_descending_multi(descending)
        .with_nulls_last(true)
        .with_maintain_order(true);
    let order = DataFrame::new(tied.len(), all)?.lazy().select([pl::arg_sort_by(by, options).alias("#")]).collect()?;
    let order = order.column("#")?.as_materialized_series().idx()?.rechunk().into_owned();
    for (place, next) in tied.iter().zip(order.into_no_null_iter()) {
        places[*place] = rows.get(next as usize).unwrap_or_default();
    }
    Ok(())
}

/// Keys that are being packed.
struct Packed {
    keys: Vec<u128>,
    /// Bits that are free.
    left: u32,
}

impl Packed {
    /// Adds a column's values; false where they are not told apart wholly.
    fn put(&mut self, column: &Column, descending: bool) -> PolarsResult<bool> {
        let series = column.as_materialized_series().to_physical_repr().rechunk();
        let signed = |value: i64| (value as u64) ^ (1 << 63);
        Ok(match series.dtype() {
            DataType::Int64 => self.put_numbers(|| series.i64().map(|all| all.iter()), signed, descending)?,
            DataType::Int32 => {
                self.put_numbers(|| series.i32().map(|all| all.iter()), |value| signed(i64::from(value)), descending)?
            }
            DataType::Float64 => self.put_numbers(|| series.f64().map(|all| all.iter()), float_bits, descending)?,
            DataType::Boolean => self.put_numbers(|| series.bool().map(|all| all.iter()), u64::from, descending)?,
            DataType::String => {
                let texts = series.str()?;
                self.put_bytes(|| texts.iter().map(|text| text.map(str::as_bytes)), descending)
            }
            DataType::Binary => {
                let all = series.binary()?;
                self.put_bytes(|| all.iter(), descending)
            }
            _ => false,
        })
    }

    fn put_numbers<T, I: Iterator<Item = Option<T>>>(
        &mut self,
        values: impl Fn() -> PolarsResult<I>,
        bits: impl Fn(T) -> u64,
        descending: bool,
    ) -> PolarsResult<bool> {
        let (mut least, mut most, mut has_nulls) = (u64::MAX, u64::MIN, false);
        for value in values()? {
            match value.map(&bits) {
                Some(value) => (least, most) = (least.min(value), most.max(value)),
                None => has_nulls = true,
            }
        }
        let range = u128::from(most.saturating_sub(least));
        let end = range + u128::from(has_nulls);
        let width = u128::BITS - end.leading_zeros();
        let used = width.min(self.left);
        for (key, value) in self.keys.iter_mut().zip(values()?) {
            let place = match value.map(&bits) {
                Some(value) if descending => u128::from(most - value),
                Some(value) => u128::from(value - least),
                None => end,
            };
            *key = *key << used | place >> (width - used);
        }
        self.left -= used;
        Ok(used == width)
    }

    /// What follows what all have in common: some bytes, then, where they are all, how many.
    fn put_bytes<'a, I: Iterator<Item = Option<&'a [u8]>>>(
        &mut self,
        values: impl Fn() -> I,
        descending: bool,
    ) -> bool {
        let (mut common, mut longest, mut has_nulls): (Option<&[u8]>, usize, bool) = (None, 0, false);
        for value in values() {
            let Some(value) = value else {
                has_nulls = true;
                continue;
            };
            longest = longest.max(value.len());
            let same = common.map_or(value, |common| {
                let count = common.iter().zip(value).take_while(|(a, b)| a == b).count();
                &common[..count]
            });
            common = Some(same);
        }
        let common = common.map_or(0, <[u8]>::len);
        let free = (self.left.saturating_sub(u32::from(has_nulls)) / u8::BITS) as usize;
        let is_whole = longest - common < free.min(usize::from(u8::MAX));
        let taken = if is_whole { longest - common } else { free };
        let width = (taken + usize::from(is_whole)) as u32 * u8::BITS;
        let used = (width + u32::from(has_nulls)).min(self.left);
        for (key, value) in self.keys.iter_mut().zip(values()) {
            let mut place = match value {
                Some(value) => {
                    let own = &value[common..];
                    let mut bytes = 0;
                    for index in 0..taken {
                        bytes = bytes << u8::BITS | u128::from(own.get(index).copied().unwrap_or(0));
                    }
                    if is_whole { bytes << u8::BITS | own.len() as u128 } else { bytes }
                }
                None => 0,
            };
            if descending && value.is_some() {
                place = (1_u128 << width) - 1 - place;
            }
            if has_nulls && value.is_none() {
                place = 1 << width;
            }
            *key = *key << used | place;
        }
        self.left -= used;
        is_whole
    }
}

/// Bits that compare as the numbers do: zero has no sign, and what is no number is the greatest.
fn float_bits(number: f64) -> u64 {
    if number.is_nan() {
        return u64::MAX;
    }
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::df;

    /// As Polars sorts them.
    fn wanted(rows: &DataFrame, descending: &[bool]) -> Vec<IdxSize> {
        let by: Vec<pl::Expr> = rows.columns().iter().map(|column| pl::Expr::Column(column.name().clone())).collect();
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(descending.to_vec())
            .with_nulls_last(true)
            .with_maintain_order(true);
        let order = rows.clone().lazy().select([pl::arg_sort_by(by, options).alias("#")]).collect().unwrap();
        order.column("#").unwrap().as_materialized_series().idx().unwrap().into_no_null_iter().collect()
    }

    #[test]
    fn rows_of_any_keys_come_in_their_order() {
        let mut random = fastrand::Rng::with_seed(3);
        let edges = [i64::MIN, i64::MAX, 0, -1, 1];
        for height in [0, 1, 2, 300, SHARED + 10] {
            let mut some = |share: u8| (0..height).map(|_| random.u8(..) > share).collect::<Vec<bool>>();
            let (a, b, c) = (some(20), some(0), some(128));
            let few: Vec<Option<i64>> = a.iter().map(|is| is.then(|| random.i64(-3..3))).collect();
            let wide: Vec<Option<i64>> = b.iter().map(|is| is.then(|| edges[random.usize(..5)])).collect();
            let floats: Vec<Option<f64>> =
                a.iter().map(|is| is.then(|| [0.0, -0.0, 1.5, -1.5, 1e300, -1e-300][random.usize(..6)])).collect();
            let short: Vec<Option<String>> = a
                .iter()
                .map(|is| is.then(|| "a\0b".repeat(random.usize(..2)) + &"a".repeat(random.usize(..3))))
                .collect();
            let long: Vec<String> = c.iter().map(|is| format!("https://a.example/{is}/{}", random.u8(..50))).collect();
            let rows =
                df!("few" => few, "wide" => wide, "floats" => floats, "flag" => c, "short" => short, "long" => long)
                    .unwrap();
            let orders = [
                vec!["few"],
                vec!["wide"],
                vec!["floats"],
                vec!["short"],
                vec!["long"],
                vec!["flag", "few"],
                vec!["few", "floats"],
                vec!["wide", "wide", "few"],
                vec!["short", "flag", "long"],
                vec!["long", "few", "short"],
                vec!["flag", "few", "wide", "long"],
                vec!["floats", "short", "long", "wide"],
            ];
            for names in orders {
                for turn in 0..3 {
                    let columns = names.iter().map(|name| rows.column(name).unwrap().clone());
                    let columns: Vec<Column> = columns
                        .enumerate()
                        .map(|(index, column)| column.with_name(format!("{index}").as_str().into()))
                        .collect();
                    let descending: Vec<bool> = (0..names.len()).map(|index| (index + turn) % 3 == 0).collect();
                    let own: Vec<IdxSize> =
                        sorted_places(&columns, &descending, height).unwrap().into_no_null_iter().collect();
                    let rows = DataFrame::new(height, columns).unwrap();
                    assert_eq!(own, wanted(&rows, &descending), "{names:?} {descending:?} {height}");
                }
            }
        }
    }
}
