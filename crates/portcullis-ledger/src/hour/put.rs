//! Writing a column of a row group.
//!
//! Must not know what it means.

use std::io::Write;

use bytes::Bytes;
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, FixedLenByteArrayType};
use parquet::file::writer::SerializedRowGroupWriter;

use crate::LedgerError;

/// Values that are handed over at a time where each needs an object of its own.
const BATCH: usize = 8192;

/// Writes the next column of a row group; `has` says of each row whether it has a value.
pub(crate) fn put<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    has: Option<&[i16]>,
) -> Result<(), LedgerError> {
    let Some(mut column) = group.next_column()? else { return Err(NO_COLUMN) };
    column.typed::<T>().write_batch(values, has, None)?;
    Ok(column.close()?)
}

const NO_COLUMN: LedgerError = LedgerError::Form("the table has fewer columns");

/// Likewise for digests, which Parquet's writer takes as an object each: some thousands at a time.
pub(crate) fn put_fixed<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    mut values: &[[u8; 16]],
    mut has: Option<&[i16]>,
) -> Result<(), LedgerError> {
    let Some(mut column) = group.next_column()? else { return Err(NO_COLUMN) };
    let mut objects: Vec<FixedLenByteArray> = Vec::with_capacity(BATCH);
    while !values.is_empty() || has.is_some_and(|has| !has.is_empty()) {
        let now = has.map(|has| has.split_at_checked(BATCH).unwrap_or((has, &[])));
        let count = now.map_or(BATCH, |(now, _)| now.iter().filter(|has| **has == 1).count());
        let (chunk, rest) = values.split_at_checked(count).unwrap_or((values, &[]));
        let bytes = Bytes::copy_from_slice(chunk.as_flattened());
        objects.clear();
        let places = (0..chunk.len()).map(|at| bytes.slice(at * 16..at * 16 + 16));
        objects.extend(places.map(|digest| FixedLenByteArray::from(ByteArray::from(digest))));
        let typed = column.typed::<FixedLenByteArrayType>();
        typed.write_batch(&objects, now.map(|(now, _)| now), None)?;
        (values, has) = (rest, now.map(|(_, later)| later));
    }
    Ok(column.close()?)
}
