//! Faults as JSON:API errors: all of a call at once, each with a stable code and its place.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::read;
use super::wire::{ErrorObject, ErrorSource, Errors};
use crate::http::fault::{self, Fault, Source};
use crate::http::form::Faults;

/// The bytes of a body, at most [`super::BODY_MAX_BYTES`].
pub(super) struct Body(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problems;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problems> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => read::too_large(),
            _ => Fault::new(StatusCode::BAD_REQUEST, "incomplete_body", "The body did not arrive whole."),
        })?;
        Ok(Self(bytes))
    }
}

/// The id in an address. One that is no text is as unknown as any other.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problems;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problems> {
        let nothing = |_| Fault::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address.");
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(nothing)?;
        Ok(Self(id))
    }
}

/// What is wrong with a call; never empty.
#[derive(Debug)]
pub(super) struct Problems(Faults);

impl Problems {
    /// The value, if no fault was found.
    pub(super) fn unless<T>(faults: Faults, value: T) -> Result<T, Problems> {
        if faults.is_empty() { Ok(value) } else { Err(Problems(faults)) }
    }
}

impl Problems {
    /// All of them.
    pub(super) fn into_faults(self) -> Faults {
        self.0
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
        let errors = self.0.into_iter().map(object).collect();
        (status, headers, Json(Errors { errors })).into_response()
    }
}

fn object(fault: Fault) -> ErrorObject {
    let source = match fault.source {
        Source::Call => None,
        Source::Pointer(pointer) => Some(ErrorSource { pointer: Some(pointer), ..ErrorSource::default() }),
        Source::Parameter(name) => Some(ErrorSource { parameter: Some(name), ..ErrorSource::default() }),
        Source::Header(name) => Some(ErrorSource { header: Some(name.to_owned()), ..ErrorSource::default() }),
    };
    ErrorObject {
        id: Uuid::new_v4(),
        status: fault.status.as_u16().to_string(),
        code: fault.code,
        title: fault.status.canonical_reason().unwrap_or("Error").to_owned(),
        detail: fault.detail,
        source,
    }
}
