//! What can be told of one call: which way it went, and its place in a trace that may have begun elsewhere.
//!
//! Must not know who is told.

mod context;
mod span;
mod traced;
mod tracer;
mod way;

pub(crate) use self::context::TRACEPARENT;
pub use self::context::{SpanId, TraceId};
pub use self::span::{CallSpan, Leg};
pub(crate) use self::traced::{Onward, Traced};
pub(crate) use self::tracer::Tracer;
pub use self::tracer::{Ended, Spans, Traces};
pub(crate) use self::way::{Way, micros};
