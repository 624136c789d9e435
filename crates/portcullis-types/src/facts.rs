//! What a partner or client declared when it was accepted: its use, its lists, its rate.
//!
//! Carried by an event, since they decide what it may do. Must not know which policy reads them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Wall;

/// Declared facts. Every member may be missing; what is missing is not declared.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// What the data is used for, such as `brand_analytics`: chooses the tier.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "use")]
    pub purpose: Option<String>,
    /// When the declaration lapses unless it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<Wall>,
    /// Figures by name, such as `calls_per_hour`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, u64>,
    /// Lists by name, such as `locations`, `hashtags`, `brands`: ids, or names in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Vec<String>>,
    /// Partners with one owner or common customers bear one name here and count as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}
