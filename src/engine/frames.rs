//! Small helpers over frames: joining pieces, and copying out the texts that a small part of a chunk keeps alive.
//! Must not import plans.

use polars::prelude::*;
use polars_arrow::array::View;

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
    let texts = frame.columns().iter().filter(|column| *column.dtype() == DataType::String).count();
    frame.estimated_size() + texts * frame.height() * size_of::<View>()
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
}
