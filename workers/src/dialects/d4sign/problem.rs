//! Faults as this dialect writes them: `{"message"}`. All faults of a call are told: a sentence for each, with the field it
//! is about in front.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::wire::D4SignMessage;
use crate::http::fault::{self, Fault};
use crate::http::form::Faults;

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
        let message = self.0.iter().map(sentence).collect::<Vec<_>>().join(" ");
        (status, headers, Json(D4SignMessage { message })).into_response()
    }
}

fn sentence(fault: &Fault) -> String {
    match fault.source.field() {
        Some(field) => format!("{field}: {}", fault.detail),
        None => fault.detail.clone(),
    }
}
