//! Faults: what is wrong with a call, in neutral words. Each dialect writes them its own way.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use countersign_engine::refusal::{Code, Refusal};

use crate::commit::Failure;
use crate::seal::Unsignable;
use crate::service::ServiceError;
use crate::service::documents::NotAdmitted;
use crate::store::StoreError;

/// One thing that is wrong with a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: String,
    /// One sentence for a person.
    pub detail: String,
    /// Which part of the call.
    pub source: Source,
    /// After how many seconds the same call may succeed.
    pub retry_after_seconds: Option<u64>,
}

/// Which part of a call is at fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// The call as a whole.
    #[default]
    Call,
    /// A member of the body: JSON pointer (RFC 6901).
    Pointer(String),
    /// A query parameter.
    Parameter(String),
    /// A header.
    Header(&'static str),
}

impl Source {
    /// The field, parameter or header as people write it; `None` for the call as a whole.
    pub fn field(&self) -> Option<String> {
        match self {
            Source::Call => None,
            Source::Pointer(pointer) => Some(readable(pointer)).filter(|field| !field.is_empty()),
            Source::Parameter(name) => Some(name.clone()),
            Source::Header(name) => Some((*name).to_owned()),
        }
    }
}

impl Fault {
    /// A fault of the call as a whole.
    pub fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, source: Source::Call, retry_after_seconds: None }
    }

    /// A fault of a member of the body.
    pub fn at(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { source: Source::Pointer(pointer.into()), ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail) }
    }

    /// A fault of a query parameter.
    pub fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        let fault = Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", detail);
        Self { source: Source::Parameter(name.into()), ..fault }
    }

    /// A fault of a header.
    pub fn header(status: StatusCode, name: &'static str, code: &str, detail: impl Into<String>) -> Self {
        Self { source: Source::Header(name), ..Self::new(status, code, detail) }
    }

    /// Whether it is at a member of a body, or within it.
    pub fn is_within(&self, pointer: &str) -> bool {
        let Source::Pointer(at) = &self.source else { return false };
        at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The same fault, found in a member of the body.
    pub fn with_pointer(self, pointer: impl Into<String>) -> Self {
        Self { source: Source::Pointer(pointer.into()), ..self }
    }

    /// There is nothing of this id, or it is another organization's.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
    }

    /// The engine's own trouble: logged whole, told without detail.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a call failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The service cannot answer at the moment. Try again; a POST with an Idempotency-Key is never done twice.",
        )
        .retry_after(1)
    }

    fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }
}

/// The status of an answer with these faults. Of different ones the most telling wins (413 over 422 over 400).
pub fn status_of(faults: &[Fault]) -> StatusCode {
    let statuses: Vec<StatusCode> = faults.iter().map(|fault| fault.status).collect();
    match statuses.as_slice() {
        [one] => *one,
        many if many.contains(&StatusCode::PAYLOAD_TOO_LARGE) => StatusCode::PAYLOAD_TOO_LARGE,
        many => many.iter().copied().max().unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The headers of an answer with these faults: `Retry-After` in whole seconds, at least 1, where one says so.
pub fn headers_of(faults: &[Fault]) -> HeaderMap {
    let retry_after = faults.iter().filter_map(|fault| fault.retry_after_seconds).max();
    retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds.max(1)))).into_iter().collect()
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            Code::NotFound | Code::Deleted => return Fault::not_found("request"),
            Code::TooSoon | Code::TooManyChallenges => StatusCode::TOO_MANY_REQUESTS,
            Code::Purged => StatusCode::GONE,
            Code::AuthenticationRequired => StatusCode::FORBIDDEN,
            Code::SignerNotFound
            | Code::ConsentRequired
            | Code::SignatureRequired
            | Code::InvalidFields
            | Code::ReasonRequired
            | Code::NoSuchPosition
            | Code::GatewayMissing
            | Code::Duplicate
            | Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Code::WrongState
            | Code::Expired
            | Code::RetainedForAudit
            | Code::Held
            | Code::NotHeld
            | Code::AlreadyExists
            | Code::Changed
            | Code::SignerAlreadyActed
            | Code::AlreadyAuthenticated
            | Code::GroupSigned
            | Code::NothingChanged
            | Code::NotYourTurn
            | Code::LinkDead
            | Code::NobodyPending
            | Code::AlreadySealed
            | Code::NotSupported
            | Code::AtProvider
            | Code::NotOwed
            | Code::NothingDue
            | Code::NotAccepted => StatusCode::CONFLICT,
        };
        let retry_after_seconds = refusal.retry_after_seconds;
        Self { retry_after_seconds, ..Self::new(status, refusal.code.as_str(), refusal.detail) }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::KeyReused => Fault::header(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Idempotency-Key",
                "idempotency_key_reused",
                "This Idempotency-Key was used with another request in the last 24 hours.",
            ),
            Failure::AccountGone => Fault::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_config",
                "The provider configuration was deleted at the same time.",
            ),
            Failure::DocumentGone | Failure::Unavailable(_) => Fault::internal(&failure),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::new(
                StatusCode::CONFLICT,
                "in_progress",
                "The same is being done at this moment. Try again: with an Idempotency-Key the answer is the first one's.",
            )
            .retry_after(1),
            error => Fault::internal(&error),
        }
    }
}

impl From<ServiceError> for Fault {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Commit(failure) => failure.into(),
            ServiceError::Store(error) => error.into(),
            error => Fault::internal(&error),
        }
    }
}

impl From<Unsignable> for Fault {
    fn from(reason: Unsignable) -> Self {
        Fault::new(StatusCode::UNPROCESSABLE_ENTITY, reason.code(), reason.to_string())
    }
}

impl From<NotAdmitted> for Fault {
    fn from(error: NotAdmitted) -> Self {
        match error {
            NotAdmitted::Unsignable(reason) => reason.into(),
            NotAdmitted::Service(error) => error.into(),
        }
    }
}

/// A JSON pointer as people write it: `/recipients/0/email` is `recipients[0].email`.
fn readable(pointer: &str) -> String {
    let mut path = String::new();
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        match name.parse::<usize>() {
            Ok(place) => path.push_str(&format!("[{place}]")),
            Err(_) if path.is_empty() => path.push_str(&name),
            Err(_) => path.push_str(&format!(".{name}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_pointer_reads_like_a_path() {
        assert_eq!(readable("/recipients/0/email"), "recipients[0].email");
        assert_eq!(readable("/a~1b/c~0d"), "a/b.c~d");
        assert_eq!(readable(""), "");
    }
}
