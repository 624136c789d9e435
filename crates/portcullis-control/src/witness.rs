//! The listener of a witness, by C2SP tlog-witness: one route, and what it answers.
//!
//! Must not know where checkpoints are kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use portcullis_audit::WitnessError;

use crate::serve::{Bounds, ServeError, serve};

/// A request of 63 hashes and the longest note has less.
const BODY_MAX: usize = 16 << 10;
const TEXT: &str = "text/plain; charset=utf-8";
/// What a size is sent as, so that a log can tell it from an error's words.
const SIZE: &str = "text/x.tlog.size";

/// Keeps the newest checkpoint of each log and signs the next.
pub trait Cosigner: Send + Sync {
    /// The signature line, once the checkpoint is kept; may block on files.
    ///
    /// # Errors
    /// [`CosignError`]: nothing was signed.
    fn add(&self, request: &str) -> Result<String, CosignError>;
}

/// Why nothing was signed.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum CosignError {
    /// The rules do not allow it.
    #[error(transparent)]
    Refused(#[from] WitnessError),
    /// The checkpoint can't be kept, and so must not be signed.
    #[error("the witness can't keep the checkpoint and signs nothing: {0}")]
    NotKept(String),
}

/// What witnesses of this gate's log have signed.
pub trait Witnessed: Send + Sync + std::fmt::Debug {
    /// A checkpoint with the lines that are known for it.
    fn under(&self, note: String) -> String;
    /// The newest checkpoint that enough of them have signed.
    fn newest(&self) -> Option<String>;
}

/// A checkpoint with what witnesses signed of it, where there are some.
pub(crate) fn witnessed(witnesses: Option<&Arc<dyn Witnessed>>, note: String) -> String {
    match witnesses {
        Some(witnesses) => witnesses.under(note),
        None => note,
    }
}

/// Serves a witness until `stop` ends.
///
/// # Errors
/// [`ServeError`] when the listener can't be taken over by the runtime.
pub async fn serve_witness(
    witness: Arc<dyn Cosigner>,
    listener: std::net::TcpListener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let router = Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(witness);
    let bounds = Bounds { connections: 128, head_timeout: Duration::from_secs(10) };
    serve(router, listener, bounds, stop).await
}

async fn add_checkpoint(State(witness): State<Arc<dyn Cosigner>>, request: String) -> Response {
    let added = tokio::task::spawn_blocking(move || witness.add(&request)).await;
    let error = match added {
        Ok(Ok(line)) => return ([(header::CONTENT_TYPE, TEXT)], line).into_response(),
        Ok(Err(error)) => error,
        Err(_) => CosignError::NotKept("a fault of the program".to_owned()),
    };
    let status = match &error {
        CosignError::NotKept(_) => StatusCode::INTERNAL_SERVER_ERROR,
        CosignError::Refused(error) => match error {
            WitnessError::Unreadable | WitnessError::Backwards { .. } => StatusCode::BAD_REQUEST,
            WitnessError::UnknownLog(_) => StatusCode::NOT_FOUND,
            WitnessError::Unsigned(_) => StatusCode::FORBIDDEN,
            WitnessError::NotShown(_) => StatusCode::UNPROCESSABLE_ENTITY,
            WitnessError::OtherSize(size) | WitnessError::Forked(size) => {
                let kind = [(header::CONTENT_TYPE, SIZE)];
                return (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response();
            }
        },
    };
    (status, [(header::CONTENT_TYPE, TEXT)], format!("{error}\n")).into_response()
}
