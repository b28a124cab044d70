//! The door where vendors tell us what happened: `POST /hooks/<provider>/<configuration>`.
//!
//! What a message is held against is fixed by the configuration in its address. Until that is found nothing of the body is
//! read; until the stamp is found genuine nothing of what the body says is believed; until it is kept nothing is answered.
//! What it means is read later, by a clerk, with `read`.
//!
//! Anybody may call, and is nobody until the stamp is found genuine. So little is read of anybody at the same time, and who
//! has no genuine stamp is answered alike, whether there is such a configuration or not.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{catalisa, certyneo, d4sign};
use crate::hooks::{Message, Refused, Report, Trust, Unreadable};
use crate::http::Floor;
use crate::http::caller;
use crate::http::concurrency::{Concurrency, source};
use crate::http::fault::Fault;
use crate::service::inbound::{Addressee, Letter};
use crate::store::Taken;

/// Largest body of a hook, in bytes.
pub const BODY_MAX_BYTES: usize = 1024 * 1024;
/// Most bytes of all headers together, names and values.
const HEADERS_MAX_BYTES: usize = 16 * 1024;
/// Longest content type, in characters.
const CONTENT_TYPE_MAX: usize = 255;
/// Longest time that a body may take to arrive.
const ARRIVAL_MAX: Duration = Duration::from_secs(15);
/// Most messages that are taken in from one address at the same time.
pub const FROM_ADDRESS_MAX: u32 = 64;
/// Most messages that are taken in for one configuration at the same time: who knows one keeps no other busy.
pub const FOR_CONFIG_MAX: u32 = 128;

/// The door's route.
pub fn routes() -> OpenApiRouter<Floor> {
    OpenApiRouter::new().routes(routes!(hear)).layer(Extension(Bounds::default()))
}

/// How much is taken in at the same time.
#[derive(Clone, Debug)]
struct Bounds {
    from: Concurrency<IpAddr>,
    to: Concurrency<Uuid>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { from: Concurrency::new(FROM_ADDRESS_MAX), to: Concurrency::new(FOR_CONFIG_MAX) }
    }
}

/// What a vendor's message tells; `None` if it is about no document, or if nobody here reads that vendor's messages.
pub fn read(provider: &str, content_type: Option<&str>, body: &[u8]) -> Result<Option<Report>, Unreadable> {
    match provider {
        "d4sign" => d4sign::hook::read(content_type, body).map(Some),
        "certyneo" => certyneo::hook::read(body),
        _ => Ok(None),
    }
}

/// Where a vendor tells what happened to a document. The message is kept before it is answered, once however often it
/// comes, and applied afterwards: `GET /api/v1/esignature/inbound-deliveries` says what came of it. How it must be stamped
/// is a matter of the provider configuration; what is not stamped so is refused, whatever it says.
#[utoipa::path(
    post, path = "/hooks/{provider}/{config}", tag = "Hooks",
    params(
        ("provider" = String, Path, description = "Which vendor", example = "certyneo"),
        ("config" = String, Path, description = "Id of the provider configuration"),
    ),
    request_body(content = String, content_type = "*/*", description = "As the vendor sends it, at most 1 MiB"),
    responses(
        (status = 200, body = String, content_type = "text/plain", description = "It is kept, or was before"),
        (status = 401, body = catalisa::wire::Errors,
            description = "There is no such configuration, or the stamp is missing or wrong, too old or too new"),
        (status = 413, body = catalisa::wire::Errors, description = "More than 1 MiB"),
        (status = 429, body = catalisa::wire::Errors, description = "Too many at the same time"),
    ),
    security(())
)]
async fn hear(
    State(floor): State<Floor>,
    Extension(bounds): Extension<Bounds>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((provider, config)): Path<(String, String)>,
    request: Request,
) -> Response {
    let ip = caller::address(peer, request.headers(), floor.service.settings.trusted_proxies);
    // What is no id is looked for like one, so that it takes as long.
    let config = Uuid::parse_str(&config).unwrap_or_default();
    heard(&floor, &bounds, (&provider, config), ip, request).await.unwrap_or_else(catalisa::problem)
}

async fn heard(
    floor: &Floor,
    bounds: &Bounds,
    (provider, config): (&str, Uuid),
    ip: IpAddr,
    request: Request,
) -> Result<Response, Fault> {
    admit(request.headers())?;
    let _from = bounds.from.begin(source(ip)).ok_or_else(too_many)?;
    let to = floor.service.inbound.addressee(provider, config).await?.ok_or_else(not_genuine)?;
    let _to = bounds.to.begin(to.config).ok_or_else(too_many)?;
    take(floor, &to, ip, request).await
}

async fn take(floor: &Floor, to: &Addressee, ip: IpAddr, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let body = arrived(body).await?;
    let message = Message { headers: &parts.headers, body: &body, at: floor.service.clock.now() };
    let verified = to
        .scheme
        .ok_or(Refused::NoSecret)
        .and_then(|scheme| scheme.verify(&message, &to.secrets).map(|genuine| (scheme, genuine)));
    let (scheme, genuine) = verified.map_err(|refused| {
        floor.service.meters.hook_refused(refused.as_str());
        tracing::warn!(
            target: "countersign::security",
            provider = to.provider, config = %to.config, organization = %to.organization, %ip,
            reason = refused.as_str(), trust = Trust::None.as_str(), "a hook was refused"
        );
        not_genuine()
    })?;
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let letter = Letter { scheme, genuine: &genuine, content_type, body: &body };
    let taken = floor.service.inbound.take(to, letter).await?;
    floor.service.meters.hook_taken(!matches!(taken, Taken::New));
    if let Taken::Crowded(delivery) = taken {
        tracing::warn!(
            target: "countersign::security",
            provider = to.provider, config = %to.config, organization = %to.organization, %ip, %delivery,
            "more was told with one stamp than is kept: it counts as a repeat, and the provider is asked"
        );
    }
    Ok(scheme.answer.into_response())
}

/// What is said to whoever has no genuine stamp: it tells nothing of which configurations there are.
fn not_genuine() -> Fault {
    let detail = "There is no such provider configuration, or the stamp is missing or is not one of its own.";
    Fault::new(StatusCode::UNAUTHORIZED, "bad_stamp", detail)
}

fn too_many() -> Fault {
    let detail = "Too many messages are arriving at the same time.";
    let fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, "too_many_at_once", detail);
    Fault { retry_after_seconds: Some(ARRIVAL_MAX.as_secs()), ..fault }
}

/// Whether what comes with a message can be a vendor's, before its body is read.
fn admit(headers: &HeaderMap) -> Result<(), Fault> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > HEADERS_MAX_BYTES {
        let detail = format!("The headers have more than {HEADERS_MAX_BYTES} bytes.");
        return Err(Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", detail));
    }
    let coded = headers.get_all(CONTENT_ENCODING).iter().any(|value| value != "identity");
    let long = headers.get(CONTENT_TYPE).is_some_and(|value| value.len() > CONTENT_TYPE_MAX);
    if coded || long {
        let detail =
            "The body is taken as it is: without a content encoding, and with a content type of a usual length.";
        return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > BODY_MAX_BYTES) { Err(too_large()) } else { Ok(()) }
}

/// A body's bytes, once all of them are here.
async fn arrived(body: Body) -> Result<Vec<u8>, Fault> {
    let reading = async {
        let mut bytes = Vec::new();
        let mut stream = body.into_data_stream();
        while let Some(chunk) = stream.next().await {
            let broken = |_| Fault::new(StatusCode::BAD_REQUEST, "body_incomplete", "The body ended before its end.");
            bytes.extend_from_slice(&chunk.map_err(broken)?);
            if bytes.len() > BODY_MAX_BYTES {
                return Err(too_large());
            }
        }
        Ok(bytes)
    };
    let late = |_| Fault::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "The body took too long to arrive.");
    tokio::time::timeout(ARRIVAL_MAX, reading).await.map_err(late)?
}

fn too_large() -> Fault {
    let detail = format!("The body has more than {BODY_MAX_BYTES} bytes.");
    Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}
