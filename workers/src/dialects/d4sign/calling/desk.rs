//! The calls that are made of D4Sign, with `tokenAPI` and `cryptKey` in the query, as the vendor wants them. A URL of
//! these is never logged and never part of an error.

use countersign_engine::request::Request;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::sending::marker;
use super::wire::{self, Document, Download};
use crate::outbound::{Answer, Call, SMALL_MAX};
use crate::providers::{Credentials, GONE, Line, PDF_MAX, PdfForm, Stop, accepted, in_json, of_account, pdf};

/// Most of an answer in JSON, in bytes: a page of 500 documents. Read into values it takes many times that.
const ANSWER_MAX: usize = 4 * 1024 * 1024;
/// Most pages that are looked through for a document, of 500 each.
const PAGES_MAX: u64 = 4;

/// Makes calls over a line.
pub(super) struct Desk<'d, 'l>(pub(super) &'d mut Line<'l>);

impl Desk<'_, '_> {
    /// Reads something.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer, Stop> {
        let call = self.call(Method::GET, path, (HeaderMap::new(), Vec::new()))?;
        self.0.read(call).await
    }

    /// Takes a step with a body in JSON.
    pub(super) async fn post(&mut self, step: &str, path: &str, body: &Value) -> Result<Answer, Stop> {
        let call = self.call(Method::POST, path, as_json(body))?;
        self.0.step(step, call).await
    }

    /// Takes a step with a form. Who has room for it asks for none for its answer.
    pub(super) async fn upload(&mut self, step: &str, path: &str, form: PdfForm) -> Result<Answer, Stop> {
        let PdfForm { headers, body, room: _room } = form;
        let call = self.call(Method::POST, path, (headers, body))?;
        self.0.step(step, Call { answer_max: SMALL_MAX, ..call }).await
    }

    /// A document with its signers.
    pub(super) async fn list(&mut self, id: &str) -> Result<Document, Stop> {
        self.standing(id).await?.ok_or_else(|| Stop::Refused("gone_there".to_owned()))
    }

    /// A document with its signers; `None` if it is gone.
    pub(super) async fn standing(&mut self, id: &str) -> Result<Option<Document>, Stop> {
        let answer = self.get(&format!("/documents/{id}/list")).await?;
        match answer.status {
            status if GONE.contains(&status) => Ok(None),
            200..300 => wire::document(&answer.body).ok_or_else(Stop::unreadable).map(Some),
            status => Err(Stop::refused(status)),
        }
    }

    /// The document that an upload made whose answer was lost, known by its name.
    pub(super) async fn find(&mut self, request: &Request) -> Result<Option<String>, Stop> {
        let safe = self.0.config.settings.safe.clone().unwrap_or_default();
        let marker = marker(request);
        for page in 1..=PAGES_MAX {
            let answer = of_account(self.get(&format!("/documents/{safe}/safe?pg={page}")).await?)?;
            accepted(&answer)?;
            let documents = wire::documents(&answer.body).ok_or_else(Stop::unreadable)?;
            if let Some(document) = documents.into_iter().find(|document| document.name_doc.contains(&marker)) {
                return Ok(Some(document.uuid_doc));
            }
            if page >= wire::pages(&answer.body) {
                return Ok(None);
            }
        }
        Err(Stop::Unfindable("too_many_documents".to_owned()))
    }

    /// The signed PDF of a document, from where the vendor says that it can be had.
    pub(super) async fn download(&mut self, id: &str) -> Result<Answer, Stop> {
        let body = as_json(&json!({ "type": "pdf", "language": "pt" }));
        let call = self.call(Method::POST, &format!("/documents/{id}/download"), body)?;
        let answer = self.0.read(call).await?;
        if matches!(answer.status, 404 | 409) {
            return Err(Stop::NotYet("not_ready".to_owned()));
        }
        let download: Download = in_json(&answer)?;
        let url = Url::parse(&download.url).map_err(|_| Stop::unreadable())?;
        let (headers, body) = (HeaderMap::new(), Vec::new());
        let call = Call { method: Method::GET, url, headers, body, answer_max: PDF_MAX };
        pdf(self.0.fetch(call).await?)
    }

    fn call(&self, method: Method, path: &str, (mut headers, body): (HeaderMap, Vec<u8>)) -> Result<Call, Stop> {
        let Credentials::D4sign { token, crypt_key } = &self.0.config.credentials else {
            return Err(Stop::Denied("no_credentials".to_owned()));
        };
        let url = self.0.config.url(path);
        let mut url = url.ok_or_else(|| Stop::Refused("base_url".to_owned()))?;
        let mut query = url.query_pairs_mut();
        query.append_pair("tokenAPI", token.expose());
        if let Some(crypt_key) = crypt_key {
            query.append_pair("cryptKey", crypt_key.expose());
        }
        drop(query);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Call { method, url, headers, body, answer_max: ANSWER_MAX })
    }
}

fn as_json(body: &Value) -> (HeaderMap, Vec<u8>) {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    (headers, body.to_string().into_bytes())
}
