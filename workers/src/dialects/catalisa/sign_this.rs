//! "Sign this" as a CloudEvent, published or posted (SPEC §4): its `data` holds the attributes of a
//! create, or of a create from a template when it names one. It leads to the command that the HTTP
//! calls lead to. A repeat is known by `source` and `id`, for ever.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use countersign_engine::event::Actor;
use countersign_engine::ids::{Digest, OrganizationId, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::ordering::{self, Asker};
use super::problem::{Body, Problems};
use super::wire::SelfLink;
use super::{BASE, BODY_MAX_BYTES, read};
use crate::commit::{Done, Failure, MESSAGE_RECEIPT, Receipt};
use crate::http::Floor;
use crate::http::auth::Permission;
use crate::http::fault::{Fault, Source};
use crate::http::form::{Faults, Form};
use crate::http::traced;
use crate::service::{Service, ServiceError};
use crate::trace::{self, TraceParent};

/// The type of such an event.
pub const TYPE: &str = "countersign.sign_this.v1";
/// The media type of the structured mode.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";
/// Longest `source` and longest `id`, in characters.
pub const ATTRIBUTE_MAX: usize = 255;

/// Why a message was not accepted.
#[derive(Debug)]
pub enum Unaccepted {
    /// It can never work: all reasons.
    Never(Vec<Reason>),
    /// It may work later.
    Later(String),
}

/// One thing that is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct Reason {
    /// Stable code.
    pub code: String,
    /// JSON pointer to the member, empty for the message as a whole.
    pub pointer: String,
    /// One sentence for a person.
    pub detail: String,
}

/// Accepts a message: the request it led to, now or before.
pub async fn accept(
    service: &Arc<Service>,
    organization: &OrganizationId,
    message: &[u8],
) -> Result<RequestId, Unaccepted> {
    let cause = trace::cause().or_else(|| trace_of(message));
    let accepted = trace::caused_by(cause, decide(service, organization, Actor::System, message)).await;
    accepted.map_err(|problems| {
        let faults = problems.into_faults();
        if let Some(fault) = faults.iter().find(|fault| fault.status.is_server_error()) {
            return Unaccepted::Later(fault.detail.clone());
        }
        Unaccepted::Never(faults.into_iter().map(reason).collect())
    })
}

fn reason(fault: Fault) -> Reason {
    let pointer = match fault.source {
        Source::Pointer(pointer) => pointer,
        _ => String::new(),
    };
    Reason { code: fault.code, pointer, detail: fault.detail }
}

/// The same for whoever asks, with every fault as it is told by HTTP.
pub(super) async fn decide(
    service: &Arc<Service>,
    organization: &OrganizationId,
    actor: Actor,
    message: &[u8],
) -> Result<RequestId, Problems> {
    let json = read::json(message)?;
    let mut faults = Faults::new();
    let event = Form::required(Some(&json), "", &mut faults);
    let receipt = envelope(&event, &mut faults);
    let form = Form::required(event.get("data"), "/data", &mut faults);
    let repeat = receipt.clone().filter(|_| faults.is_empty());
    let asker = Asker { organization: organization.clone(), actor, receipt };
    let order = match form.get("templateId") {
        Some(_) => ordering::from_template(service, asker, &form, faults).await,
        None => ordering::create(service, asker, &form, faults).await,
    };
    let order = match (order, repeat) {
        (Ok(order), _) => order,
        // What the same message named may be gone since; a repeat does not need it.
        (Err(problems), Some(receipt)) => {
            return accepted_before(service, organization, &receipt).await?.ok_or(problems);
        }
        (Err(problems), None) => return Err(problems),
    };
    match service.commit.submit(order).await {
        Ok(Done::Committed { request, .. }) => Ok(request.id),
        Ok(Done::Before { request, .. }) => Ok(request),
        Err(Failure::KeyReused) => Err(reused().into()),
        Err(error) => Err(ServiceError::from(error).into()),
    }
}

/// The trace that a message names itself (the CloudEvents extension for distributed tracing).
pub fn trace_of(message: &[u8]) -> Option<TraceParent> {
    #[derive(Deserialize)]
    struct Traced<'m> {
        #[serde(borrow, default)]
        traceparent: Cow<'m, str>,
    }
    serde_json::from_slice::<Traced<'_>>(message).ok()?.traceparent.parse().ok()
}

/// Reads what stands around the data; what makes a repeat known.
fn envelope(event: &Form<'_>, faults: &mut Faults) -> Option<Receipt> {
    let kinds = [("specversion", "1.0"), ("type", TYPE)];
    for (name, expected) in kinds {
        let given = event.required_line(name, ATTRIBUTE_MAX, faults);
        if !given.is_empty() && given != expected {
            faults.push(Fault::at(event.pointer(name), "invalid", format!("{name} must be {expected}.")));
        }
    }
    let [source, id] = ["source", "id"].map(|name| event.required_line(name, ATTRIBUTE_MAX, faults));
    if source.contains(char::is_whitespace) {
        faults.push(Fault::at(event.pointer("source"), "invalid", "source is a URI reference, without spaces."));
    }
    let content = event.line("datacontenttype", ATTRIBUTE_MAX, faults);
    if content.is_some_and(|content| !is_json(&content)) {
        faults.push(Fault::at(event.pointer("datacontenttype"), "invalid", "The data must be application/json."));
    }
    let data = serde_json::to_vec(event.get("data")?).ok()?;
    // A source has no space in it, so no two pairs of source and id have the same key.
    Some(Receipt { key: format!("{MESSAGE_RECEIPT}{source} {id}"), fingerprint: Digest::of(&data) })
}

fn is_json(content: &str) -> bool {
    let essence = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// What the same message led to before. It does not depend on what was deleted since.
async fn accepted_before(
    service: &Service,
    organization: &OrganizationId,
    receipt: &Receipt,
) -> Result<Option<RequestId>, Problems> {
    match service.receipt_before(organization, Some(receipt)).await {
        Ok(before) => Ok(before.and_then(|row| row.subject.parse().ok())),
        Err(ServiceError::Commit(Failure::KeyReused)) => Err(reused().into()),
        Err(error) => Err(error.into()),
    }
}

fn reused() -> Fault {
    let detail = "There was another event with this source and id, and other data.";
    Fault::at("/id", "event_id_reused", detail)
}

/// A CloudEvent that asks for signatures.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignThis {
    /// `1.0`.
    #[schema(example = "1.0")]
    pub specversion: String,
    /// `countersign.sign_this.v1`.
    #[schema(example = "countersign.sign_this.v1")]
    pub r#type: String,
    /// Who publishes.
    #[schema(example = "/billing/contracts", max_length = 255)]
    pub source: String,
    /// The publisher's own id of it: with `source`, makes a repeat safe for ever.
    #[schema(example = "contract-4711", max_length = 255)]
    pub id: String,
    /// W3C trace context: what the event leads to goes on in that trace. Ignored if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The attributes of `POST /requests`, or with `templateId` those of `POST /requests/from-template`.
    pub data: Value,
}

/// The request that an event led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// The request.
    pub data: AcceptedObject,
}

/// A request by its id.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedObject {
    /// `signature-request`.
    pub r#type: &'static str,
    /// Which.
    pub id: Uuid,
    /// Its address.
    pub links: SelfLink,
}

/// The route of published messages, under `/api/v1`.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new().routes(routes!(post)).layer(axum::extract::DefaultBodyLimit::max(BODY_MAX_BYTES))
}

/// Takes a CloudEvent that asks for signatures, in structured mode. The same event again has the same answer.
#[utoipa::path(
    post, path = "/events", tag = "Events",
    request_body(content = SignThis, content_type = "application/cloudevents+json"),
    responses((status = 202, body = Accepted)),
    security(("key" = ["ESIGNATURE_CREATE"]))
)]
pub(super) async fn post(
    State(floor): State<Floor>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problems> {
    let caller = floor.keys.admit(&headers, Permission::Create).await?;
    let content = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(MEDIA_TYPE) {
        let detail = format!("Send one CloudEvent in structured mode, as {MEDIA_TYPE}.");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Fault::header(status, "Content-Type", "unsupported_media_type", detail).into());
    }
    // The call's own header comes first: it is nearer.
    let cause = traced::given(&headers).and(trace::cause()).or_else(|| trace_of(&body)).or(trace::cause());
    let decided = decide(&floor.service, &caller.organization, Actor::Key(caller.key), &body);
    answer(trace::caused_by(cause, decided).await?)
}

/// The answer that names the request.
pub(super) fn answer(id: RequestId) -> Result<Response, Problems> {
    let links = SelfLink { this: format!("{BASE}/requests/{id}") };
    let location = HeaderValue::from_str(&links.this);
    let data = AcceptedObject { r#type: "signature-request", id: id.0, links };
    let mut response = (StatusCode::ACCEPTED, Json(Accepted { data })).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}
