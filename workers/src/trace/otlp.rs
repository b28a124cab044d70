//! Spans by OTLP over HTTP, in batches and from a thread of their own. The `OTEL_…` variables say where to,
//! with which headers, how many are sampled, how long a batch may wait.

use std::borrow::Cow;
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::{BadTraceSetting, Part, TraceParent};

/// Variables that name a protocol; this one is spoken.
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
const PROTOCOL: &str = "http/protobuf";
/// Longest time that sending a batch may take.
const SEND_MAX: Duration = Duration::from_secs(10);
/// Longest time that the end of the process waits for what is not sent yet.
const END_MAX: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(super) struct Exporter {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

pub(super) struct Recorded(Span);

impl Exporter {
    pub(super) fn open() -> Result<Option<Self>, BadTraceSetting> {
        for variable in PROTOCOLS {
            if std::env::var(variable).is_ok_and(|protocol| protocol != PROTOCOL) {
                return Err(BadTraceSetting { variable, reason: format!("only {PROTOCOL} is spoken") });
            }
        }
        let exporter = SpanExporter::builder().with_http().with_http_client(Http::default()).build();
        let exporter = exporter
            .map_err(|error| BadTraceSetting { variable: "OTEL_EXPORTER_OTLP_ENDPOINT", reason: error.to_string() })?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
        Ok(Some(Self { tracer: provider.tracer("countersign"), provider }))
    }

    pub(super) fn span(&self, part: Part, name: Cow<'static, str>, parent: Option<TraceParent>) -> Recorded {
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(context_of(parent)),
            None => Context::new(),
        };
        let builder = self.tracer.span_builder(name).with_kind(kind(part));
        Recorded(builder.start_with_context(&self.tracer, &context))
    }

    pub(super) fn end(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(END_MAX) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

impl Recorded {
    pub(super) fn traceparent(&self) -> TraceParent {
        let context = self.0.span_context();
        TraceParent {
            trace: u128::from_be_bytes(context.trace_id().to_bytes()),
            span: u64::from_be_bytes(context.span_id().to_bytes()),
            flags: context.trace_flags().to_u8(),
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.set_attribute(KeyValue::new(name, value));
    }

    pub(super) fn fail(&mut self) {
        self.0.set_status(Status::error(""));
    }
}

fn context_of(parent: TraceParent) -> SpanContext {
    let (trace, span) = (TraceId::from(parent.trace), SpanId::from(parent.span));
    SpanContext::new(trace, span, TraceFlags::new(parent.flags), true, TraceState::NONE)
}

fn kind(part: Part) -> SpanKind {
    match part {
        Part::Server => SpanKind::Server,
        Part::Client => SpanKind::Client,
        Part::Producer => SpanKind::Producer,
        Part::Consumer => SpanKind::Consumer,
        Part::Internal => SpanKind::Internal,
    }
}

/// What the spans' sender is called, unless the variables say otherwise.
fn resource() -> Resource {
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let named = !given("OTEL_SERVICE_NAME").is_empty() || given("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=");
    let builder = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if named { builder.build() } else { builder.with_service_name("countersign").build() }
}

/// A client that works on the sender's own thread, with the system's certificates.
#[derive(Debug)]
struct Http(Agent);

impl Default for Http {
    fn default() -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder().tls_config(tls).timeout_global(Some(SEND_MAX)).http_status_as_error(false);
        Self(config.max_redirects(0).build().into())
    }
}

#[async_trait::async_trait]
impl HttpClient for Http {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(parts, &body[..]))?;
        let (parts, mut body) = response.into_parts();
        Ok(Response::from_parts(parts, body.read_to_vec()?.into()))
    }
}
