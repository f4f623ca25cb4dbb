//! The gate before every room: who comes, and whether they may.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::Front;
use crate::model::staff::Permit;

/// Lets a request in that may come, with its [`Visitor`](super::visitor::Visitor)
/// and its [`Form`](super::visitor::Form) as extensions.
pub async fn open(
    State((_front, permit)): State<(Arc<Front>, Permit)>,
    request: Request,
    next: Next,
) -> Response {
    match permit {
        Permit::Anyone => next.run(request).await,
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}
