//! The calls that are made of Certyneo, with the key and, where something is made, with an Idempotency-Key.

use countersign_engine::request::Request;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::sending::marker;
use super::wire::{Envelope, Page};
use crate::outbound::{Answer, Call, SMALL_MAX};
use crate::providers::{Credentials, GONE, Line, PDF_MAX, PdfForm, Stop, in_json, pdf};

/// Most of an answer in JSON, in bytes: a page of envelopes with a hundred recipients each.
const ANSWER_MAX: usize = 8 * 1024 * 1024;
/// Most pages that are looked through for an envelope, of 100 each.
const PAGES_MAX: u64 = 20;
/// By how much clocks may differ, and so how much earlier than it was asked for an envelope may seem to be made.
const CLOCKS: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Makes calls over a line.
pub(super) struct Desk<'d, 'l>(pub(super) &'d mut Line<'l>);

impl Desk<'_, '_> {
    /// Reads something.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, Stop> {
        let call = self.call(Method::GET, path, None, (HeaderMap::new(), Vec::new()), ANSWER_MAX)?;
        self.0.read(call).await
    }

    /// Takes a step with a body in JSON.
    pub(super) async fn post(&mut self, step: &str, path: &str, key: &str, body: &Value) -> Result<Answer, Stop> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let call = self.call(Method::POST, path, Some(key), (headers, body), ANSWER_MAX)?;
        self.0.step(step, call).await
    }

    /// Takes a step with a form. Who has room for it asks for none for its answer.
    pub(super) async fn upload(&mut self, step: &str, path: &str, key: &str, form: PdfForm) -> Result<Answer, Stop> {
        let PdfForm { headers, body, room: _room } = form;
        let call = self.call(Method::POST, path, Some(key), (headers, body), SMALL_MAX)?;
        self.0.step(step, call).await
    }

    /// Takes a step by deleting something.
    pub(super) async fn delete(&mut self, step: &str, path: &str) -> Result<Answer, Stop> {
        let call = self.call(Method::DELETE, path, None, (HeaderMap::new(), Vec::new()), ANSWER_MAX)?;
        self.0.step(step, call).await
    }

    /// A PDF.
    pub(super) async fn pdf(&mut self, path: &str) -> Result<Answer, Stop> {
        let call = self.call(Method::GET, path, None, (HeaderMap::new(), Vec::new()), PDF_MAX)?;
        let answer = self.0.read(call).await?;
        match answer.status {
            200 => pdf(answer),
            // It is not ready yet.
            409 => Err(Stop::NotYet("not_ready".to_owned())),
            status => Err(Stop::refused(status)),
        }
    }

    /// An envelope as it stands.
    pub(super) async fn envelope(&mut self, id: &str) -> Result<Envelope, Stop> {
        let answer = self.get(&format!("/envelopes/{id}")).await?;
        in_json(&answer)
    }

    /// An envelope as it stands; `None` if it is gone.
    pub(super) async fn standing(&mut self, id: &str) -> Result<Option<Envelope>, Stop> {
        let answer = self.get(&format!("/envelopes/{id}")).await?;
        if GONE.contains(&answer.status) { Ok(None) } else { in_json(&answer).map(Some) }
    }

    /// The envelope that a call made whose answer was lost, known by what stands in its message.
    pub(super) async fn find(&mut self, request: &Request) -> Result<Option<Envelope>, Stop> {
        let since = self.0.note.doubt.as_ref().map_or(request.created_at, |doubt| doubt.since) - CLOCKS;
        let marker = marker(request);
        for page in 1..=PAGES_MAX {
            let answer = self.get(&format!("/envelopes?createdAfter={since}&pageSize=100&page={page}")).await?;
            let found: Page = in_json(&answer)?;
            let ours = |envelope: &Envelope| envelope.message.as_ref().is_some_and(|text| text.contains(&marker));
            if let Some(envelope) = found.data.into_iter().find(ours) {
                return Ok(Some(envelope));
            }
            if page >= found.pagination.pages {
                return Ok(None);
            }
        }
        Err(Stop::Unfindable("too_many_envelopes".to_owned()))
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        (mut headers, body): (HeaderMap, Vec<u8>),
        answer_max: usize,
    ) -> Result<Call, Stop> {
        let Credentials::Certyneo { key: secret } = &self.0.config.credentials else {
            return Err(Stop::Denied("no_credentials".to_owned()));
        };
        let unusable = |_| Stop::Denied("credentials_unusable".to_owned());
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", secret.expose())).map_err(unusable)?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/pdf"));
        if let Some(key) = key {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key).map_err(unusable)?);
        }
        let url = self.0.config.url(path).ok_or_else(|| Stop::Refused("base_url".to_owned()))?;
        Ok(Call { method, url, headers, body, answer_max })
    }
}
