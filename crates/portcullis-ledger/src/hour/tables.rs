//! The five tables: their columns, and how each is packed.
//!
//! Numbers are packed as differences, which costs no look-up for each value; digests are random, so that
//! packing them would cost time and win nothing. Must not know what is written.

use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use crate::LedgerError;

/// A table of an hour.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Table {
    /// What answers have in common, and what left under it.
    Terms,
    /// Keys that answers were given to.
    Keys,
    /// Each answer.
    Answers,
    /// Each record of a class that is digested.
    Records,
    /// Owners and places, each once for each million records.
    Digests,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Terms, Self::Keys, Self::Answers, Self::Records, Self::Digests];

    /// Its name, as in `2026-11-22T20.gate-1.answers.parquet`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Keys => "keys",
            Self::Answers => "answers",
            Self::Records => "records",
            Self::Digests => "digests",
        }
    }

    const fn columns(self) -> &'static str {
        match self {
            Self::Terms => TERMS,
            Self::Keys => KEYS,
            Self::Answers => ANSWERS,
            Self::Records => RECORDS,
            Self::Digests => DIGESTS,
        }
    }

    /// The columns as Parquet knows them.
    pub(crate) fn schema(self) -> Result<TypePtr, LedgerError> {
        Ok(Arc::new(parse_message_type(self.columns())?))
    }

    /// Whether a file has the columns of this table.
    pub(crate) fn is(self, found: &Type) -> Result<bool, LedgerError> {
        let ours = self.schema()?;
        let leaf = |field: &TypePtr| {
            let optional = field.is_optional();
            field
                .is_primitive()
                .then(|| (field.name().to_owned(), field.get_physical_type(), optional))
        };
        let leaves = |of: &Type| of.get_fields().iter().map(leaf).collect::<Vec<_>>();
        Ok(found.is_group() && leaves(&ours) == leaves(found))
    }

    /// How it is packed, where a row group has so many records.
    pub(crate) fn packed(self, records: usize) -> WriterProperties {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let shared = WriterProperties::builder()
            .set_created_by("portcullis".to_owned())
            .set_compression(zstd)
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::None);
        match self {
            Self::Terms => shared,
            Self::Keys => shared.set_dictionary_enabled(false),
            Self::Answers => ["at", "call"].into_iter().fold(numbers(shared), |packed, name| {
                // Times and calls are packed by their differences; nothing more comes out of them.
                packed.set_column_compression(path(name), Compression::UNCOMPRESSED)
            }),
            Self::Records => {
                ["answer", "owner", "place"].into_iter().fold(ids(shared, records), chunk)
            }
            Self::Digests => shared
                .set_dictionary_enabled(false)
                .set_compression(Compression::UNCOMPRESSED)
                .set_data_page_row_count_limit(DIGESTS_OF_PAGE)
                .set_write_batch_size(DIGESTS_OF_PAGE)
                .set_statistics_enabled(EnabledStatistics::Page)
                .set_column_index_truncate_length(None),
        }
        .build()
    }
}

/// Records of a row group: numbers of owners then take 20 bits, and a filter for ids a megabyte.
pub(crate) const RECORDS_OF_GROUP: usize = 1 << 20;
/// Answers of a row group.
pub(crate) const ANSWERS_OF_GROUP: usize = 1 << 20;
/// Digests of a page, which is what is read to find one.
const DIGESTS_OF_PAGE: usize = 4096;
/// Ids that are not there and seem to be: each costs reading the ids of a row group, some 20 ms. Eight bits
/// an id, since a filter has a power of two of bytes and a full row group has one of ids.
const WRONG_GUESSES: f64 = 0.026;

fn numbers(packed: WriterPropertiesBuilder) -> WriterPropertiesBuilder {
    let packed = packed.set_dictionary_enabled(false).set_encoding(Encoding::DELTA_BINARY_PACKED);
    let texts =
        [("request", Encoding::PLAIN), ("whole", Encoding::RLE), ("thread", Encoding::PLAIN)];
    let packed = chunk(packed, "at");
    texts
        .into_iter()
        .fold(packed, |packed, (name, how)| packed.set_column_encoding(path(name), how))
}

fn ids(packed: WriterPropertiesBuilder, records: usize) -> WriterPropertiesBuilder {
    packed
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding(path("id"), Encoding::PLAIN)
        .set_column_compression(path("id"), Compression::UNCOMPRESSED)
        .set_column_bloom_filter_fpp(path("id"), WRONG_GUESSES)
        .set_column_bloom_filter_max_ndv(path("id"), records as u64)
}

fn chunk(packed: WriterPropertiesBuilder, name: &str) -> WriterPropertiesBuilder {
    packed.set_column_statistics_enabled(path(name), EnabledStatistics::Chunk)
}

fn path(name: &str) -> ColumnPath {
    ColumnPath::from(name)
}

const TERMS: &str = "message terms {
    required int32 terms (INTEGER(32, false));
    required binary node (STRING);
    required binary partner (STRING);
    optional binary client (STRING);
    required binary operation (STRING);
    required binary class (STRING);
    required binary rule (STRING);
    required int64 policy (INTEGER(64, false));
    required binary policy_digest (STRING);
    required binary level (STRING);
    required boolean counted;
    required binary fields (STRING);
    required int64 answers (INTEGER(64, false));
    required int64 rows (INTEGER(64, false));
    required int64 bytes (INTEGER(64, false));
    required int64 records (INTEGER(64, false));
    required int64 first (TIMESTAMP(MILLIS, true));
    required int64 last (TIMESTAMP(MILLIS, true));
}";

const KEYS: &str = "message keys {
    required binary key (STRING);
}";

const ANSWERS: &str = "message answers {
    required int64 at (TIMESTAMP(MILLIS, true));
    required int32 terms (INTEGER(32, false));
    required int32 key (INTEGER(32, false));
    required int64 thread;
    required int64 call;
    optional binary request (STRING);
    required int32 rows (INTEGER(32, false));
    required int32 owners (INTEGER(32, false));
    required int32 places (INTEGER(32, false));
    required int64 bytes (INTEGER(64, false));
    required boolean whole;
    required int32 answers (INTEGER(32, false));
    required int32 day (DATE);
    required int32 records (INTEGER(32, false));
}";

const RECORDS: &str = "message records {
    required int32 answer (INTEGER(32, false));
    required int32 class (INTEGER(32, false));
    optional fixed_len_byte_array(16) id;
    optional int32 owner (INTEGER(32, false));
    optional int32 place (INTEGER(32, false));
    optional int32 cell (INTEGER(32, false));
}";

const DIGESTS: &str = "message digests {
    required fixed_len_byte_array(16) digest;
}";

/// Columns by their place in the table.
pub(crate) mod column {
    pub(crate) mod answers {
        pub(crate) const AT: usize = 0;
        pub(crate) const TERMS: usize = 1;
        pub(crate) const KEY: usize = 2;
        pub(crate) const THREAD: usize = 3;
        pub(crate) const CALL: usize = 4;
        pub(crate) const REQUEST: usize = 5;
        pub(crate) const ROWS: usize = 6;
        pub(crate) const BYTES: usize = 9;
        pub(crate) const ANSWERS: usize = 11;
        pub(crate) const DAY: usize = 12;
    }
    pub(crate) mod records {
        pub(crate) const ANSWER: usize = 0;
        pub(crate) const CLASS: usize = 1;
        pub(crate) const ID: usize = 2;
        pub(crate) const OWNER: usize = 3;
        pub(crate) const PLACE: usize = 4;
        pub(crate) const CELL: usize = 5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_told_from_the_others_by_its_columns() {
        for table in Table::ALL {
            for other in Table::ALL {
                assert_eq!(table.is(&other.schema().unwrap()).unwrap(), table == other);
            }
            table.packed(RECORDS_OF_GROUP);
        }
    }
}
