//! The rows of the table, one for each way to say no.
//!
//! Must not know which refusal has which.

use super::{Challenge, Row, row, unauthorised};

pub(super) const KEY_MISSING: Row =
    unauthorised(row("key_missing", 401, "No key was sent", (190, 0)), Challenge::Bare);
pub(super) const KEY_UNKNOWN: Row = unauthorised(
    row("key_unknown", 401, "The key is not valid", (190, 0)),
    Challenge::InvalidToken,
);
pub(super) const KEY_CONFLICT: Row = unauthorised(
    row("key_conflict", 401, "Two different keys were sent", (190, 0)),
    Challenge::InvalidRequest,
);
pub(super) const TOKEN_EXPIRED: Row = unauthorised(
    row("token_expired", 401, "The token has expired", (190, 463)),
    Challenge::InvalidToken,
);
pub(super) const TOKEN_INVALID: Row = unauthorised(
    row("token_invalid", 401, "The token is not valid", (190, 0)),
    Challenge::InvalidToken,
);
pub(super) const ISSUER: Row =
    row("issuer_unreachable", 503, "The token cannot be verified now", (2, 0));
pub(super) const KEY_REVOKED: Row = unauthorised(
    row("key_revoked", 401, "The key was revoked", (190, 466)),
    Challenge::InvalidToken,
);
pub(super) const KEY_EXPIRED: Row = unauthorised(
    row("key_expired", 401, "The key has expired", (190, 463)),
    Challenge::InvalidToken,
);
pub(super) const KEY_PENDING: Row = unauthorised(
    row("key_pending", 401, "The key can't be used yet", (190, 0)),
    Challenge::InvalidToken,
);
pub(super) const NETWORK: Row =
    row("network_not_allowed", 403, "The key is not accepted from this address", (10, 0));
pub(super) const CERTIFICATE: Row =
    row("certificate_not_allowed", 403, "The key is not accepted with this certificate", (10, 0));
pub(super) const KEY_HELD: Row = row("key_held", 403, "The key is on hold", (368, 0));
pub(super) const CLIENT_HELD: Row = row("client_held", 403, "The client is on hold", (368, 0));
pub(super) const PARTNER_HELD: Row =
    row("partner_held", 403, "The partner's access is on hold", (368, 0));
pub(super) const CLIENT_RESTRICTED: Row =
    row("client_restricted", 403, "The client's access is restricted", (368, 0));
pub(super) const PARTNER_RESTRICTED: Row =
    row("partner_restricted", 403, "The partner's access is restricted", (368, 0));
pub(super) const CLIENT_TERMINATED: Row =
    row("client_terminated", 403, "The client's access has ended", (10, 0));
pub(super) const PARTNER_TERMINATED: Row =
    row("partner_terminated", 403, "The partner's access has ended", (10, 0));
pub(super) const UNREADABLE: Row =
    row("request_unreadable", 400, "The request cannot be read in one way only", (100, 0));
pub(super) const HEAD_TOO_LARGE: Row =
    row("head_too_large", 431, "The request head is too large", (100, 0));
pub(super) const BODY_TOO_LARGE: Row =
    row("body_too_large", 413, "The request body is too large", (100, 0));
pub(super) const BODY_TOO_SLOW: Row =
    row("body_too_slow", 408, "The request body did not arrive in time", (2, 0));
pub(super) const MEDIA_TYPE: Row =
    row("media_type_unknown", 415, "The body's media type is not accepted", (100, 0));
pub(super) const UNLISTED: Row =
    row("operation_unlisted", 403, "The operation is not part of any agreement", (10, 0));
pub(super) const METHOD: Row =
    row("method_unlisted", 403, "The method is not part of any agreement", (10, 0));
pub(super) const VERSION: Row =
    row("version_unknown", 403, "The version is not part of any agreement", (10, 0));
pub(super) const NODE: Row =
    row("node_unclassified", 403, "The node is not part of any agreement", (10, 0));
pub(super) const FIELD: Row =
    row("field_unclassified", 403, "A field is not part of any agreement", (10, 0));
pub(super) const PARAMETER: Row =
    row("parameter_undeclared", 400, "A parameter is not known here", (100, 0));
pub(super) const NOT_JUDGED: Row =
    row("not_judged", 403, "This form of call is not accepted", (10, 0));
pub(super) const NOT_GRANTED: Row =
    row("class_not_granted", 403, "The agreement does not cover this", (10, 0));
pub(super) const DENIED: Row =
    row("rule_denied", 403, "A rule of the agreement denies this", (10, 0));
pub(super) const TARGET: Row =
    row("target_not_agreed", 403, "The agreement does not cover this target", (10, 0));
pub(super) const FIELD_TERMS: Row =
    row("field_not_agreed", 403, "The agreement does not cover a field", (10, 0));
pub(super) const TERMS: Row =
    row("terms_not_met", 403, "The agreement covers this in another form only", (10, 0));
pub(super) const IDS: Row = row("too_many_ids", 403, "More ids in one call than agreed", (10, 0));
pub(super) const BATCH: Row =
    row("batch_not_agreed", 403, "The agreement does not cover batches", (10, 0));
pub(super) const CLIENT_UNDECLARED: Row =
    row("client_undeclared", 403, "The call is for no declared client", (10, 0));
pub(super) const CLIENT_UNCLEAR: Row =
    row("client_unclear", 403, "Which client the call is for cannot be told", (10, 0));
pub(super) const REVIEW: Row =
    row("review_lapsed", 403, "What was declared is due for review", (10, 0));
pub(super) const BUDGET: Row = row("budget_reached", 429, "A budget was reached", (4, 0));
pub(super) const WITHHELD: Row =
    row("answer_withheld", 502, "The answer may not be given as it is", (1, 0));
pub(super) const TIER: Row = row("tier_unknown", 403, "The agreement's tier is missing", (10, 0));
pub(super) const RATE: Row = row("rate_reached", 429, "A rate was reached", (4, 0));
pub(super) const UPSTREAM_UNREACHABLE: Row =
    row("upstream_unreachable", 502, "The platform cannot be reached", (2, 0));
pub(super) const UPSTREAM_BUSY: Row =
    row("upstream_busy", 503, "The platform takes no more calls just now", (2, 0));
pub(super) const UPSTREAM_SLOW: Row =
    row("upstream_slow", 504, "The platform did not answer in time", (2, 0));
pub(super) const UPSTREAM_MALFORMED: Row =
    row("upstream_malformed", 502, "The platform's answer was not well-formed", (2, 0));
pub(super) const ANSWER_TOO_LARGE: Row =
    row("answer_too_large", 502, "The answer is too large to be checked", (1, 0));
pub(super) const LEDGER_FULL: Row =
    row("ledger_full", 503, "What leaves cannot be written down just now", (2, 0));
pub(super) const OVERLOADED: Row =
    row("overloaded", 503, "The gate is serving as many calls as it may", (2, 0));
pub(super) const NOT_READY: Row = row("not_ready", 503, "The gate is not ready", (2, 0));
pub(super) const INTERNAL: Row = row("internal", 500, "A fault in the gate", (1, 0));
