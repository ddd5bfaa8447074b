//! Small helpers over frames: joining pieces, and copying out the texts that a small part of a chunk keeps alive.
//! Must not import plans.

use polars::prelude::*;
use polars_arrow::array::{Array, ListArray, StructArray, Utf8ViewArray, View};

/// Rows of all frames, in order. The frames have the same columns.
pub(crate) fn joined(frames: Vec<DataFrame>) -> PolarsResult<DataFrame> {
    let mut frames = frames.into_iter();
    let Some(mut all) = frames.next() else { return Ok(DataFrame::empty()) };
    for frame in frames {
        all.vstack_mut_owned(frame)?;
    }
    all.rechunk_mut_par();
    Ok(all)
}

/// The frame in few chunks: a thousand of a row each take more than their rows.
pub(crate) fn in_few_chunks(mut frame: DataFrame) -> DataFrame {
    /// Beyond so many.
    const CHUNKS: usize = 64;
    if frame.first_col_n_chunks() > CHUNKS {
        frame.rechunk_mut();
    }
    frame
}

/// The frame with its texts copied out where they use less than half of what they keep alive. A view keeps its whole
/// chunk: a selective filter, group keys and cached rows would otherwise hold the file in memory.
pub(crate) fn compacted(frame: DataFrame) -> PolarsResult<DataFrame> {
    let compact = |column: &Column| match column.as_series() {
        Some(series) if *series.dtype() == DataType::String => match series.str() {
            Ok(texts) if texts.downcast_iter().any(|array| array.total_buffer_len() > 2 * array.total_bytes_len()) => {
                let arrays = texts.downcast_iter().map(|array| array.clone().gc());
                StringChunked::from_chunk_iter(texts.name().clone(), arrays).into_series().into_column()
            }
            _ => column.clone(),
        },
        _ => column.clone(),
    };
    let columns = frame.apply_columns(compact);
    DataFrame::new(frame.height(), columns)
}

/// The frame in one piece, with its texts copied out wherever they keep more alive than they use.
pub(crate) fn gathered(mut frame: DataFrame) -> PolarsResult<DataFrame> {
    frame.rechunk_mut();
    let own = |column: &Column| match column.as_series() {
        Some(series) if *series.dtype() == DataType::String => match series.str() {
            Ok(texts) => {
                let arrays =
                    texts.downcast_iter().map(|array| match array.total_buffer_len() > array.total_bytes_len() {
                        true => array.clone().gc(),
                        false => array.clone(),
                    });
                StringChunked::from_chunk_iter(texts.name().clone(), arrays).into_series().into_column()
            }
            Err(_) => column.clone(),
        },
        Some(_) => column.clone(),
        // A constant column.
        None => column.as_materialized_series().clone().into_column(),
    };
    let columns = frame.apply_columns(own);
    DataFrame::new(frame.height(), columns)
}

/// Bytes of the rows in memory, about; texts that are part of a larger one count by themselves.
pub(crate) fn weight(frame: &DataFrame) -> usize {
    frame.columns().iter().map(column_weight).fold(0, usize::saturating_add)
}

/// The same of a column. A constant counts for every row, and is not repeated for that.
pub(crate) fn column_weight(column: &Column) -> usize {
    let own = |series: &Series| {
        let texts: usize = series.chunks().iter().map(|array| texts_of(&**array)).sum();
        series.estimated_size() + texts * size_of::<View>()
    };
    match column.as_series() {
        Some(series) => own(series),
        None => own(column.head(Some(1)).as_materialized_series()).saturating_mul(column.len()),
    }
}

/// How many texts there are, those inside of lists and records too: each has a view, whose bytes the estimates of sizes
/// leave out.
fn texts_of(array: &dyn Array) -> usize {
    let any = array.as_any();
    if let Some(texts) = any.downcast_ref::<Utf8ViewArray>() {
        texts.len()
    } else if let Some(lists) = any.downcast_ref::<ListArray<i64>>() {
        let (first, count) = (*lists.offsets().first() as usize, lists.offsets().range() as usize);
        texts_of(&*lists.values().sliced(first, count))
    } else if let Some(records) = any.downcast_ref::<StructArray>() {
        records.values().iter().map(|field| texts_of(&**field)).sum()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_texts_do_not_keep_a_chunk_alive() {
        let texts: Vec<String> = (0..1000).map(|number| format!("a text that is long enough {number}")).collect();
        let all = df!("t" => texts).unwrap();
        let few = compacted(all.slice(10, 3)).unwrap();
        let array =
            few.column("t").unwrap().as_materialized_series().str().unwrap().downcast_iter().next().unwrap().clone();
        assert!(array.total_buffer_len() < 200, "{}", array.total_buffer_len());
        assert_eq!(few.column("t").unwrap().get(0).unwrap(), AnyValue::String("a text that is long enough 10"));
    }
    #[test]
    fn texts_in_lists_count_with_their_views_and_constants_are_not_repeated() {
        let texts = Series::new("t".into(), ["a", "b", "c", "d"]);
        let lists = Column::new("l".into(), [texts.clone(), texts]);
        assert!(column_weight(&lists) >= 8 * 17, "{}", column_weight(&lists));
        assert!(column_weight(&lists.slice(1, 1)) < 6 * 17, "{}", column_weight(&lists.slice(1, 1)));
        let constant = Column::new_scalar("c".into(), Scalar::from(PlSmallStr::from("x".repeat(1000))), 1_000_000);
        assert!(column_weight(&constant) >= 1_000_000_000);
        let is_repeated = constant.as_scalar_column().is_none_or(|one| one.lazy_as_materialized_series().is_some());
        assert!(!is_repeated);
    }
}
