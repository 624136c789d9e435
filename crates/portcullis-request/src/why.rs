//! What a partner reads when a call can't be read in one way only.
//!
//! One text for each cause; each says what to write instead. Never holds the caller's own bytes.

use portcullis_types::Refusal;

pub(crate) const fn unreadable(why: &'static str) -> Refusal {
    Refusal::Unreadable { why }
}

pub(crate) const PATH_START: &str = "the path does not begin with `/`; write it from the root";
pub(crate) const PATH_PERCENT: &str = "the path holds a `%` that two hexadecimal digits don't follow; write `%` only before two of them";
pub(crate) const PATH_SLASH: &str =
    "the path holds an encoded slash; write ids without `%2F` and separate segments with `/`";
pub(crate) const PATH_BACKSLASH: &str =
    "the path holds a backslash; separate segments with `/`, and write none";
pub(crate) const PATH_DOTS: &str =
    "the path holds a `..` segment; write the path it leads to instead";
pub(crate) const PATH_TWICE: &str =
    "the path is percent-encoded twice, or holds a percent sign; encode it once";
pub(crate) const PATH_CONTROL: &str =
    "the path holds a control character, such as NUL; write ids without any";
pub(crate) const PATH_SEMICOLON: &str =
    "the path holds a `;` parameter; send parameters in the query";
pub(crate) const PATH_UTF8: &str = "the path is not UTF-8; encode its text as UTF-8";
pub(crate) const PATH_SPACE: &str = "the path holds white space; write ids without any";
pub(crate) const PATH_MARK: &str =
    "the path holds an encoded `?` or `#`; send parameters after a plain `?`, and no fragment";
pub(crate) const PATH_CHARACTER: &str =
    "the path holds a character that paths may not hold; write letters, digits, `-`, `.`, `_`, `~`";
pub(crate) const PATH_LOOKALIKE: &str =
    "the path holds an invisible character or one that only looks like another; write it plainly";
pub(crate) const PATH_ALMOST: &str = "the path is spelled almost like another operation; write it \
     in lower case, without an extension or a dot at the end";

pub(crate) const QUERY_PERCENT: &str = "a parameter holds a `%` that two hexadecimal digits don't \
     follow; write a percent sign as `%25`";
pub(crate) const QUERY_SEMICOLON: &str = "the parameters hold a plain `;`, which some read as the \
     end of a parameter; separate with `&`, and write a semicolon as `%3B`";
pub(crate) const QUERY_RAW: &str =
    "the parameters hold a raw control character, white space or `#`; percent-encode it";
pub(crate) const VALUE_UTF8: &str = "a parameter is not UTF-8; encode its text as UTF-8";
pub(crate) const VALUE_CONTROL: &str =
    "a parameter holds NUL or another control character; leave it out";
pub(crate) const NAME_EMPTY: &str = "a parameter has no name; write `name=value`";
pub(crate) const NAME_CHARACTER: &str = "a parameter's name holds a character outside a-z, A-Z, \
     0-9, `_`, `-`, `.`, `:`, `~`, or is longer than 128; write the documented name";
pub(crate) const NAME_ALMOST: &str = "a parameter's name is almost that of one the gate reads, \
     such as `Access_Token` for `access_token`; write the documented name";
pub(crate) const NAME_OVERRIDE: &str =
    "a parameter asks for another method; send the call with the method you mean";
pub(crate) const NAME_TWICE: &str = "a parameter is there twice; send it once";
pub(crate) const NAME_CONFLICT: &str =
    "a parameter has one value in the query and another in the body; send it once";
pub(crate) const PARAMS_MANY: &str = "there are more parameters than the gate reads; send fewer";
pub(crate) const KEY_TEXT: &str = "`access_token` is not a text; send the key as a string";

pub(crate) const METHOD_VALUE: &str =
    "the parameter `method` is none of `get`, `post` and `delete`; send one of these on POST";
pub(crate) const METHOD_CONFLICT: &str =
    "two `method` parameters differ; send the call with the method you mean";
pub(crate) const METHOD_PLACE: &str = "the parameter `method` contradicts the method of the call; \
     it may change POST only";
pub(crate) const METHOD_FILE: &str =
    "a call that is turned into GET or DELETE carries a file; send it as POST";

pub(crate) const CHARSET: &str = "the body is in another character set; send it as UTF-8";
pub(crate) const CONTENT_TYPE: &str =
    "the Content-Type can't be read in one way; send one plain media type";
pub(crate) const OPAQUE_FORM: &str = "this operation takes plain bytes, not a form; send them with \
     their own media type, and parameters in the query";
pub(crate) const JSON: &str = "the body is not the JSON its media type says; send one JSON object";
pub(crate) const JSON_TWICE: &str = "a member of the JSON body is there twice; send it once";
pub(crate) const JSON_NULL: &str = "a parameter of the JSON body is null; leave it out";
pub(crate) const MULTIPART: &str = "the multipart body can't be read in one way; send each part \
     with CRLF line ends, one `Content-Disposition: form-data` with a name, and nothing before the \
     first or after the last boundary";
pub(crate) const MULTIPART_BOUNDARY: &str =
    "the multipart boundary is missing or odd; use 1 to 70 letters, digits, `-` and `_`";
pub(crate) const MULTIPART_ORDER: &str =
    "a parameter follows a file; send parameters before the first file";
pub(crate) const MULTIPART_TYPE: &str = "a multipart part has a media type that can't be judged; send parameters as plain text in \
     UTF-8, and files that hold no parts of their own";

pub(crate) const FIELDS: &str = "`fields` can't be read; write names separated by commas, such as \
     `id,media.limit(5){id,caption}`";
pub(crate) const FIELDS_DEEP: &str = "`fields` nests deeper than the gate reads; ask in two calls";
pub(crate) const FIELDS_MANY: &str = "`fields` names more than the gate reads; name fewer";
pub(crate) const FIELDS_OLD: &str =
    "`fields` uses `.fields(…)`; write the inner names in braces, such as `media{id}`";
pub(crate) const FIELDS_TWICE: &str =
    "`fields` has a modifier twice on one name, such as two limits; write it once";
pub(crate) const FIELDS_ALIAS: &str =
    "`fields` gives an alias that answers use themselves, such as `paging`; choose another";
pub(crate) const PAGE_SIZE: &str =
    "a page size is not a whole number; write digits only, without a leading zero";
pub(crate) const SHAPE: &str =
    "a parameter that is read as text is a JSON array or object; send one text";
pub(crate) const POINT: &str =
    "a point is not latitude and longitude in degrees; write it as `48.1,11.5`";
pub(crate) const DISTANCE: &str =
    "a distance is not a number of metres; write digits, such as `500`";
pub(crate) const ROWS_NONE: &str = "a page size is 0; ask for one row or more";
pub(crate) const TARGET_MISSING: &str =
    "the parameter that names what is asked for is missing or empty; send it";
pub(crate) const TARGET_DIFFERS: &str = "a parameter that repeats the id in the path has another \
     value; send the same text, or leave it out";
pub(crate) const IDS: &str = "`ids` can't be read; write ids separated by commas";
pub(crate) const FIELDS_NAME: &str = "`fields` names nobody where a name is needed; write it as in \
     `business_discovery.username(somebody)`";
pub(crate) const FIELDS_ALIAS_FIELD: &str = "`fields` gives one field the name of another; choose \
     an alias that is no field's name";
pub(crate) const ASKS_MANY: &str =
    "the call asks for more targets and edges than the gate judges at once; ask in several calls";

pub(crate) const BATCH: &str = "the batch can't be read; send `batch` with a JSON array of entries";
pub(crate) const BATCH_MANY: &str = "the batch has more entries than one call may; send several";
pub(crate) const BATCH_ENTRY: &str = "an entry of the batch can't be read; send an object with the \
     texts `method` and `relative_url`, and each other member in its own form";
pub(crate) const BATCH_NAME: &str = "two entries of the batch have one name, or a name is empty, too \
     long or holds more than letters, digits, `-`, `_` and `.`; name each entry its own way";
pub(crate) const BATCH_NEEDS: &str = "the entry waits for one that is not there, or for itself; name \
     an entry of the same batch";
pub(crate) const REFERENCE: &str = "a reference to another entry can't be read; write it as \
     `{result=name:$.data[*].id}`, in a path, parameter or text of its own";
pub(crate) const REFERENCE_NONE: &str = "a reference to another entry finds no value; see whether \
     that entry was answered and holds what the path names";
