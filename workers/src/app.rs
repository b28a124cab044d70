//! Puts the rooms together: the router, the roles, start and orderly stop. Knows all, decides nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderName, SET_COOKIE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use axum::{Extension, Json, Router};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::sensitive_headers::SetSensitiveHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa::openapi::Ref;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::bus;
use crate::clock::Clock;
use crate::config::{BadSetting, Role, Settings};
use crate::dialects::{self, catalisa, certyneo, d4sign};
use crate::feed;
use crate::http::auth::CRYPT_HEADER;
use crate::http::{Floor, health, limit, scrape, traced};
use crate::mail::{MailSettingError, Mailer};
use crate::outbound::Sender;
use crate::pages;
use crate::roles::{agent, clerk, courier, intake, notifier, relay, sealer, timekeeper};
use crate::service::{Service, ServiceError};

/// Longest time an answer may take, a slow upload included.
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// Longest time that calls and effects in flight are waited for when stopping.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// Why the engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting.
    #[error(transparent)]
    Setting(#[from] BadSetting),
    /// A setting of the mail.
    #[error(transparent)]
    Mail(#[from] MailSettingError),
    /// The installation.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The client of webhooks.
    #[error("webhooks cannot be sent: {0}")]
    Client(reqwest::Error),
    /// The address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// A running engine.
#[derive(Debug)]
pub struct App {
    /// Where it listens; `None` without the role `http`.
    pub address: Option<SocketAddr>,
    /// Where it tells health and metrics only, if that was asked for.
    pub ops_address: Option<SocketAddr>,
    /// The engine itself.
    pub service: Arc<Service>,
    stop: CancellationToken,
    tasks: TaskTracker,
    writing: JoinHandle<()>,
}

impl App {
    /// Starts the roles that the settings name. Port 0 in `listen` takes a free one; links then
    /// carry it, unless `public_url` is set otherwise.
    pub async fn start(mut settings: Settings, clock: Clock) -> Result<Self, StartError> {
        let listener = match settings.runs(Role::Http) {
            true => Some(listen(&mut settings).await?),
            false => None,
        };
        let ops = match settings.ops_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let mailer = match &settings.smtp_url {
            Some(url) => Mailer::smtp(url, &settings.mail_from)?,
            None => Mailer::folder(&settings.mail_folder, &settings.mail_from)?,
        };
        let (service, writing) = Service::open(settings, clock).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let ops_address = ops.as_ref().and_then(|listener| listener.local_addr().ok());
        if let Some(listener) = listener {
            tasks.spawn(answer(listener, router(Arc::clone(&service), stop.clone()), stop.clone()));
        }
        if let Some(listener) = ops {
            tasks.spawn(answer(listener, ops_router(Arc::clone(&service)), stop.clone()));
        }
        if service.settings.runs(Role::Timekeeper) {
            tasks.spawn(timekeeper::run(Arc::clone(&service), stop.clone()));
        }
        if service.settings.runs(Role::Notifier) {
            tasks.spawn(notifier::run(Arc::clone(&service), mailer, stop.clone()));
        }
        if service.settings.runs(Role::Sealer) {
            tasks.spawn(sealer::run(Arc::clone(&service), stop.clone()));
        }
        if service.settings.runs(Role::Courier) {
            let sender =
                Sender::new("webhooks", service.webhooks.guard().clone(), service.settings.webhooks.answer_max);
            tasks.spawn(courier::run(Arc::clone(&service), sender.map_err(StartError::Client)?, stop.clone()));
        }
        if service.settings.runs(Role::Clerk) {
            tasks.spawn(clerk::run(Arc::clone(&service), stop.clone()));
        }
        if service.settings.runs(Role::Agent) {
            tasks.spawn(agent::run(Arc::clone(&service), stop.clone()));
        }
        if service.bus.jetstream().is_some() {
            tasks.spawn(bus::carry(Arc::clone(&service.bus), stop.clone()));
            if service.settings.runs(Role::Relay) {
                tasks.spawn(relay::run(Arc::clone(&service), stop.clone()));
            }
            if service.settings.runs(Role::Intake) {
                tasks.spawn(intake::run(Arc::clone(&service), stop.clone()));
            }
        }
        tasks.spawn(service.meters.clone().keep(stop.clone()));
        tasks.close();
        Ok(Self { address, ops_address, service, stop, tasks, writing })
    }

    /// Stops in good order: no new calls, what is in flight is finished, the database is closed.
    pub async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(DRAIN_MAX, self.tasks.wait()).await.is_err() {
            tracing::warn!("some work was still in flight; it will be done after the next start");
        }
        let (store, traces) = (self.service.store.clone(), self.service.traces.clone());
        drop(self.service);
        if tokio::time::timeout(DRAIN_MAX, self.writing).await.is_err() {
            tracing::warn!("the write path did not end in time");
        }
        store.close().await;
        if let Err(error) = tokio::task::spawn_blocking(move || traces.end()).await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })
}

/// Answers until told to stop.
async fn answer(listener: TcpListener, router: Router, stop: CancellationToken) {
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await {
        tracing::error!(%error, "the HTTP server ended");
    }
}

async fn listen(settings: &mut Settings) -> Result<TcpListener, StartError> {
    let address = settings.listen;
    let listener = bind(address).await?;
    let actual = listener.local_addr().map_err(|error| StartError::Listen { address, error })?;
    if settings.public_url == format!("http://{address}") {
        settings.public_url = format!("http://{actual}");
    }
    settings.listen = actual;
    Ok(listener)
}

/// The description of the HTTP API, as served at `/openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api().1
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Countersign",
        description = "Signature requests from draft to sealed document. Errors are JSON:API error objects with \
                       stable codes; all faults of a body are reported at once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/")),
    tags(
        (name = "Requests", description = "Signature requests"),
        (name = "Signers", description = "Corrections in flight: who joins, leaves, is replaced or put right"),
        (name = "Groups", description = "Signing groups: any one member signs for all"),
        (name = "Templates", description = "PDFs with named widgets"),
        (name = "Files", description = "PDFs uploaded ahead of requests"),
        (name = "History", description = "What happened, proven whole"),
        (name = "Keys", description = "API keys: made, listed, revoked"),
        (name = "Providers", description = "Who collects signatures: accounts at vendors, and how these do"),
        (name = "Documents", description = "PDFs uploaded for envelopes; what D4Sign calls documents"),
        (name = "D4Sign", description = "Documents, signers and webhooks in the words of D4Sign"),
        (name = "Retention", description = "How long is kept what has ended"),
        (name = "Webhooks", description = "Webhooks: registered, tested, what was delivered, and the same once more"),
        (name = "Hooks", description = "Where vendors tell what happened to what they have, and what came of it"),
        (name = "Events", description = "Events in: asking for signatures by publishing. Events out: what happens, as CloudEvents"),
    ),
    components(schemas(
        catalisa::wire::Errors, certyneo::wire::EnvelopesError, certyneo::wire::Notice, d4sign::wire::D4SignMessage,
        dialects::documents::DocumentsError
    )),
    modifiers(&Keys)
)]
struct Api;

struct Keys;

fn operations(api: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    let paths = api.paths.paths.values_mut();
    paths.flat_map(|path| [&mut path.get, &mut path.post, &mut path.put, &mut path.patch, &mut path.delete]).flatten()
}

/// Names every operation after its tag and its function, because the functions of two tags may have one
/// name: in a description no two operations may (OpenAPI 3.1, `operationId`).
fn named_apart(mut api: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    for operation in operations(&mut api) {
        let tag = operation.tags.iter().flatten().next().map(|tag| tag.to_lowercase().replace(' ', "_"));
        if let (Some(tag), Some(name)) = (tag, operation.operation_id.as_mut()) {
            *name = format!("{tag}_{name}");
        }
    }
    api
}

/// Says of operations what each may answer when it does not do what was asked, in the schema of that name.
fn refusing(mut routes: OpenApiRouter<Floor>, schema: &str) -> OpenApiRouter<Floor> {
    let errors = Ref::from_schema_name(schema);
    let answer = |description: &str| {
        let content = ContentBuilder::new().schema(Some(errors.clone())).build();
        ResponseBuilder::new().description(description).content("application/json", content).build()
    };
    for operation in operations(routes.get_openapi_mut()) {
        let responses = &mut operation.responses.responses;
        responses.insert("4XX".to_owned(), answer("What is wrong with the call, all of it").into());
        responses.insert("503".to_owned(), answer("Not now; the same call may be sent again").into());
    }
    routes
}

impl utoipa::Modify for Keys {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An API key")).build();
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
        for (name, what) in [("tokenAPI", "An API key"), ("cryptKey", "Its second secret, if it has one")] {
            let place = ApiKey::Query(ApiKeyValue::with_description(name, what));
            components.add_security_scheme(name, SecurityScheme::ApiKey(place));
        }
    }
}

fn api() -> (Router<Floor>, utoipa::openapi::OpenApi) {
    let native = OpenApiRouter::new()
        .nest(catalisa::BASE, catalisa::routes())
        .nest("/api/v1", catalisa::sign_this::routes())
        .nest("/api/v1", catalisa::dead_letters::routes())
        .merge(feed::routes())
        .merge(dialects::hooks::routes());
    let envelopes = OpenApiRouter::new().nest(certyneo::BASE, certyneo::routes());
    let vaults = OpenApiRouter::new().nest(d4sign::BASE, d4sign::routes());
    let shared = OpenApiRouter::new().nest(d4sign::BASE, dialects::documents::routes());
    let (routes, description) = OpenApiRouter::with_openapi(Api::openapi())
        .merge(refusing(native, "Errors"))
        .merge(refusing(envelopes, "EnvelopesError"))
        .merge(refusing(vaults, "D4SignMessage"))
        .merge(refusing(shared, "DocumentsError"))
        .split_for_parts();
    (routes, named_apart(description))
}

/// Every route of the HTTP role. Streams end when `stopping` is cancelled.
pub fn router(service: Arc<Service>, stopping: CancellationToken) -> Router {
    let (routes, description) = api();
    let desk = feed::Desk::new(&service, stopping);
    let (meters, traces) = (service.meters.clone(), service.traces.clone());
    let token = HeaderName::from_static("tokenapi");
    let secret = [AUTHORIZATION, COOKIE, SET_COOKIE, token, HeaderName::from_static(CRYPT_HEADER)];
    let ui = SwaggerUi::new("/docs").url("/docs/openapi.json", description.clone());
    // Otherwise the UI asks a validator on another host about every address that is not local.
    let look = Config::default().validator_url("none").use_base_layout().default_models_expand_depth(0);
    let ui = ui.config(look);
    let docs = Router::new().merge(ui).layer(SetResponseHeaderLayer::overriding(
        axum::http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(DOCS_POLICY),
    ));
    // One layer made of several: a router keeps each layer in boxes that are made anew for every call.
    let of_the_api = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(from_fn(limit::tell))
        .layer(Extension(desk));
    let of_all = ServiceBuilder::new()
        .layer(SetSensitiveHeadersLayer::new(secret))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(from_fn_with_state(meters, scrape::measure))
        .layer(from_fn_with_state(traces, traced::follow))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, ANSWER_MAX))
        .layer(SetResponseHeaderLayer::if_not_present(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
    routes
        .method_not_allowed_fallback(dialects::method_not_allowed)
        .route("/openapi.json", get(move || async move { Json(description) }))
        .layer(of_the_api)
        .merge(health::routes())
        .merge(scrape::routes())
        .merge(pages::routes())
        .with_state(Floor::new(service))
        .merge(docs)
        .layer(of_all)
}

/// Health and metrics, for those who run it.
fn ops_router(service: Arc<Service>) -> Router {
    Router::new().merge(health::routes()).merge(scrape::routes()).with_state(Floor::new(service))
}

/// Lets the API browser run what it brings along, and nothing else.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A call in the log: by its route, never by its path, which may carry a token.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<axum::extract::MatchedPath>().map_or("", |path| path.as_str());
    tracing::info_span!("http", method = %request.method(), route)
}
