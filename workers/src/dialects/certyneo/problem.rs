//! Faults as this dialect writes them: `{error, code}`. All faults of a call are told: `error` holds a
//! sentence for each, with the field it is about in front, and `details` holds them one by one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::wire::{EnvelopesError, EnvelopesFault};
use crate::http::fault::{self, Fault};
use crate::http::form::{self, Faults};

/// The bytes of a body, as many as the route's limit lets through.
pub(super) struct Body(pub(super) Bytes);

impl Body {
    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, Problems> {
        Ok(form::json(&self.0)?)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problems;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problems> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => Fault::new(StatusCode::BAD_REQUEST, "incomplete_body", "The body did not arrive whole."),
        })?;
        Ok(Self(bytes))
    }
}

/// The fault of a body that is longer than its route takes.
pub(super) fn too_large() -> Fault {
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large.")
}

/// The id in an address. One that is no text is as unknown as any other.
pub(in crate::dialects) struct Id(pub(in crate::dialects) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problems;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problems> {
        let nothing = |_| Fault::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.");
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(nothing)?;
        Ok(Self(id))
    }
}

/// Two ids in an address.
pub(super) struct Ids(pub(super) String, pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problems;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problems> {
        let nothing = |_| Fault::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.");
        let Path((one, other)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(nothing)?;
        Ok(Self(one, other))
    }
}

/// What is wrong with a call; never empty.
#[derive(Debug)]
pub(in crate::dialects) struct Problems(Faults);

impl Problems {
    /// The value, if no fault was found.
    pub(super) fn unless<T>(faults: Faults, value: T) -> Result<T, Problems> {
        if faults.is_empty() { Ok(value) } else { Err(Problems(faults)) }
    }
}

impl<F: Into<Fault>> From<F> for Problems {
    fn from(fault: F) -> Self {
        Problems(vec![fault.into()])
    }
}

impl IntoResponse for Problems {
    fn into_response(self) -> Response {
        let (status, headers) = (fault::status_of(&self.0), fault::headers_of(&self.0));
        let code = self.0.first().map(|fault| fault.code.clone()).unwrap_or_default();
        let details: Vec<EnvelopesFault> = self.0.into_iter().map(detail).collect();
        let error = details.iter().map(sentence).collect::<Vec<_>>().join(" ");
        (status, headers, Json(EnvelopesError { error, code, details })).into_response()
    }
}

fn detail(fault: Fault) -> EnvelopesFault {
    let field = fault.source.field();
    EnvelopesFault { error: fault.detail, code: fault.code, field }
}

fn sentence(fault: &EnvelopesFault) -> String {
    match &fault.field {
        Some(field) => format!("{field}: {}", fault.error),
        None => fault.error.clone(),
    }
}
