//! Somebody whom spans are sent to: an OTLP receiver over HTTP.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use crate::bus::server::until;

type Received = Arc<Mutex<Vec<ExportTraceServiceRequest>>>;

/// A receiver that keeps what it gets.
pub(super) struct Receiver {
    received: Received,
    pub(super) url: String,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let received = Received::default();
        let app = Router::new().route("/v1/traces", post(receive)).with_state(Arc::clone(&received));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { received, url }
    }

    /// Everything that was received, as it would be printed.
    pub(super) fn text(&self) -> String {
        format!("{:?}", self.received.lock().unwrap())
    }

    pub(super) fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let resources = received.iter().flat_map(|one| &one.resource_spans);
        resources.flat_map(|one| &one.scope_spans).flat_map(|one| &one.spans).cloned().collect()
    }

    /// Waits for a span; it is the first of its kind.
    pub(super) async fn span(&self, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
        let mut found = None;
        until(what, async || {
            found = self.spans().into_iter().find(|span| is_it(span));
            found.is_some()
        })
        .await;
        found.unwrap()
    }
}

async fn receive(State(received): State<Received>, body: Bytes) -> StatusCode {
    match ExportTraceServiceRequest::decode(body) {
        Ok(spans) => {
            received.lock().unwrap().push(spans);
            StatusCode::OK
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// What a span notes under a name.
pub(super) fn noted(span: &Span, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

/// A span as its children name it.
pub(super) fn traceparent(span: &Span) -> String {
    format!("00-{}-{}-01", hex::encode(&span.trace_id), hex::encode(&span.span_id))
}
