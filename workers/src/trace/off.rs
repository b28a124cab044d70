//! A program that was built without a way to send spans: there never is an exporter.

use std::borrow::Cow;

use super::{BadTraceSetting, Part, TraceParent};

#[derive(Clone, Debug)]
pub(super) enum Exporter {}

pub(super) enum Recorded {}

impl Exporter {
    pub(super) fn open() -> Result<Option<Self>, BadTraceSetting> {
        tracing::warn!("this program was built without the feature otlp: no spans are sent");
        Ok(None)
    }

    pub(super) fn span(&self, _: Part, _: Cow<'static, str>, _: Option<TraceParent>) -> Recorded {
        match *self {}
    }

    pub(super) fn end(&self) {
        match *self {}
    }
}

impl Recorded {
    pub(super) fn traceparent(&self) -> TraceParent {
        match *self {}
    }

    pub(super) fn set<V>(&mut self, _: &'static str, _: V) {
        match *self {}
    }

    pub(super) fn fail(&mut self) {
        match *self {}
    }
}
