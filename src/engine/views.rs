//! The one module with `unsafe` code: string columns made of views, without a second check of their UTF-8.
//!
//! Why: the reader validates each chunk once, and every view here was made by `FrameBuilder::text` from a `&str` that
//! lies in the chunk (buffer 0) or was copied to a side buffer. Checking each view again costs about a fifth of the
//! whole parse. Debug builds still check. Rows that were put aside on disk are such a chunk too: all texts of a column
//! are validated at once. Must not be used from anywhere but `columns` and `exchange`.
#![allow(unsafe_code)]

use polars::prelude::PolarsResult;
use polars_arrow::array::{Utf8ViewArray, View};
use polars_arrow::bitmap::Bitmap;
use polars_arrow::datatypes::ArrowDataType;
use polars_buffer::Buffer;

/// A text column over `buffers`. Every view must have been made from a `&str` at its place in them.
pub(crate) fn text_array(
    views: Vec<View>,
    buffers: &Buffer<Buffer<u8>>,
    validity: Option<Bitmap>,
) -> PolarsResult<Utf8ViewArray> {
    let views = Buffer::from_vec(views);
    if cfg!(debug_assertions) {
        return Utf8ViewArray::try_new(ArrowDataType::Utf8View, views, buffers.clone(), validity);
    }
    // SAFETY: each view is the default (empty, inline) or made by `View::new_from_bytes` from a `&str` whose bytes lie
    // at that offset of that buffer; buffers are immutable from then on. Validity and views grow together.
    Ok(unsafe {
        Utf8ViewArray::new_unchecked_unknown_md(ArrowDataType::Utf8View, views, buffers.clone(), validity, None)
    })
}
