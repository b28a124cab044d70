//! Traces: from the wish to the letter and the published fact, by W3C Trace Context. What caused a commit
//! is kept beside its events and effects, so a trace goes on after a restart and in another process.
//!
//! Spans are recorded and sent by OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` says where to, in a program
//! built with the feature `otlp`. Without it nothing is recorded, and the context is passed on as it came.
//! A span holds words of our own, numbers, routes and requests' ids; there is no way to put a name, an
//! address or a token into one.

mod parent;

#[cfg(feature = "otlp")]
#[path = "otlp.rs"]
mod exporter;
#[cfg(not(feature = "otlp"))]
#[path = "off.rs"]
mod exporter;

use std::fmt;

use countersign_engine::ids::RequestId;
use exporter::{Exporter, Recorded};

pub use parent::TraceParent;

/// The header that carries a trace: in calls, in messages of NATS, in letters; and the CloudEvents attribute.
pub const HEADER: &str = "traceparent";

/// Variables that say where spans are sent.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/// Why spans cannot be sent as the `OTEL_…` variables say.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct BadTraceSetting {
    variable: &'static str,
    reason: String,
}

/// The part that a span's work has in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Answers a call.
    Server,
    /// Calls somebody.
    Client,
    /// Publishes a message.
    Producer,
    /// Works on a published message.
    Consumer,
    /// Stays within the process.
    Internal,
}

/// Makes the spans of one engine. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Exporter>);

impl Traces {
    /// Traces as the `OTEL_…` variables say; off without an endpoint.
    pub fn from_variables() -> Result<Self, BadTraceSetting> {
        let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let off = given("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
            || given("OTEL_TRACES_EXPORTER").is_some_and(|value| value == "none");
        match ENDPOINTS.iter().any(|name| given(name).is_some()) && !off {
            true => Ok(Self(Exporter::open()?)),
            false => Ok(Self(None)),
        }
    }

    /// Whether spans are recorded.
    pub fn are_on(&self) -> bool {
        self.0.is_some()
    }

    /// A span that begins now and ends when it is dropped. `name` is one of few.
    pub fn span(&self, part: Part, name: &'static str, parent: Option<TraceParent>) -> Span {
        Span { parent, recorded: self.0.as_ref().map(|exporter| exporter.span(part, name.into(), parent)) }
    }

    /// The span of a call, named by its route.
    pub fn call(&self, method: &'static str, route: &str, parent: Option<TraceParent>) -> Span {
        let named = |exporter: &Exporter| exporter.span(Part::Server, format!("{method} {route}").into(), parent);
        let mut span = Span { parent, recorded: self.0.as_ref().map(named) };
        span.note("http.request.method", method);
        if let Some(recorded) = &mut span.recorded {
            recorded.set("http.route", route.to_owned());
        }
        span
    }

    /// Sends what is not sent yet. Blocks for seconds at most.
    pub fn end(&self) {
        if let Some(exporter) = &self.0 {
            exporter.end();
        }
    }
}

/// A piece of work in a trace.
pub struct Span {
    parent: Option<TraceParent>,
    recorded: Option<Recorded>,
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span").field("parent", &self.parent).finish_non_exhaustive()
    }
}

impl Span {
    /// What follows from this work is caused by it, or, where nothing is recorded, by what caused it.
    /// `None` where nobody would look: nothing came in, and nothing is sent.
    pub fn traceparent(&self) -> Option<TraceParent> {
        let own = self.recorded.as_ref().map(Recorded::traceparent);
        own.filter(|own| own.is_sampled() || self.parent.is_some()).or(self.parent)
    }

    /// Notes a word of our own.
    pub fn note(&mut self, name: &'static str, word: &'static str) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set(name, word);
        }
    }

    /// Notes a number.
    pub fn count(&mut self, name: &'static str, number: i64) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set(name, number);
        }
    }

    /// Notes which request it is about.
    pub fn about(&mut self, request: RequestId) {
        if let Some(recorded) = &mut self.recorded {
            recorded.set("countersign.request", request.to_string());
        }
    }

    /// Notes that it failed, through no fault of who asked.
    pub fn fail(&mut self) {
        if let Some(recorded) = &mut self.recorded {
            recorded.fail();
        }
    }
}

tokio::task_local! {
    static CAUSE: Option<TraceParent>;
}

/// What causes what this task does, if that is known.
pub fn cause() -> Option<TraceParent> {
    CAUSE.try_with(|cause| *cause).ok().flatten()
}

/// Does some work as caused by this.
pub async fn caused_by<T>(cause: Option<TraceParent>, work: impl Future<Output = T>) -> T {
    CAUSE.scope(cause, work).await
}
