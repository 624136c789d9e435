//! Where calls come in that somebody else took from the wire, and go out as whole answers.
//!
//! Must not know who took them or what is asked.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use tower::ServiceExt as _;

use super::{PartnerApi, PartnerKey};
use crate::problem::Problem;

/// Longest answer; a page of a list has at most a thousand entries.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// A call of a partner, which has proved a whole key.
#[derive(Debug)]
pub struct PartnerCall {
    /// Which key, and when.
    pub key: PartnerKey,
    /// The method.
    pub method: Method,
    /// Path and query, the path from `/partner/v1` on; no key in it.
    pub target: String,
    /// What of the head matters here.
    pub headers: HeaderMap,
    /// The body, bounded by whoever took it in.
    pub body: Bytes,
}

/// Answers calls of partners.
#[derive(Debug, Clone)]
pub struct PartnerDesk(Router);

impl PartnerDesk {
    /// Ready to answer.
    #[must_use]
    pub fn new(api: PartnerApi) -> Self {
        Self(api.router())
    }

    /// Answers one call.
    pub async fn answer(&self, call: PartnerCall) -> Response<Bytes> {
        let PartnerCall { key, method, target, headers, body } = call;
        let Ok(uri) = target.parse::<Uri>() else {
            return whole(Problem::unreadable("the path can't be read").into_response()).await;
        };
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        request.extensions_mut().insert(key);
        let Ok(response) = self.0.clone().oneshot(request).await;
        whole(response).await
    }
}

async fn whole(response: Response<Body>) -> Response<Bytes> {
    let (parts, body) = response.into_parts();
    if let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await {
        return Response::from_parts(parts, bytes);
    }
    let (parts, body) = too_long().into_response().into_parts();
    let bytes = to_bytes(body, ANSWER_BYTES_MAX).await.unwrap_or_default();
    Response::from_parts(parts, bytes)
}

fn too_long() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "answer_too_long",
        "The answer is too long",
        "ask for fewer entries at once: write a smaller `limit`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_too_long_says_what_to_do() {
        for (bytes, status) in [(ANSWER_BYTES_MAX, 200), (ANSWER_BYTES_MAX + 1, 500)] {
            let answer = whole(vec![b'x'; bytes].into_response()).await;
            assert_eq!(answer.status(), status);
            let told = answer.body().windows(15).any(|part| part == b"answer_too_long");
            assert_eq!(told, status == 500);
        }
    }
}
