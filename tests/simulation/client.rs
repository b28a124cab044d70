//! A client that does not give up: it repeats a call until it is answered, as a program with an
//! `Idempotency-Key` may, and writes down every answer that promised something.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{http, sample};
use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Chance;

/// Longest time one call may take before it is sent again.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Longest pause before a call is sent again, in milliseconds.
const PAUSE_MAX_MS: u64 = 30;
/// Every how many requests one is over several documents.
const SEVERAL_EVERY: usize = 4;
/// Most repeats of one call.
const REPEATS_MAX: usize = 20_000;

/// What an answer promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    Created,
    Viewed(usize),
    Signed(usize),
    Declined(usize),
    Cancelled,
    Resent,
}

/// A sender and their signers, in one task.
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) chance: Chance,
    /// Every promise that was answered with 2xx, with its request.
    pub(crate) journal: Vec<(String, Promise)>,
    /// Calls that had to be sent again.
    pub(crate) retries: &'static AtomicU64,
}

struct Heard {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    /// Whether an earlier try may have been heard, too.
    repeated: bool,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: {}", self.status, self.text))
    }
}

impl Client {
    /// A client without cookies of its own that follows nothing by itself.
    pub(crate) fn http() -> reqwest::Client {
        http().redirect(reqwest::redirect::Policy::none()).timeout(CALL_MAX).build().unwrap()
    }

    /// Creates a request with these signers; repeats the call now and then, which must change nothing.
    pub(crate) async fn create(&mut self, number: usize, signers: usize) -> String {
        let signer = |place| json!({ "name": format!("Signer {place}"), "email": format!("s{place}.{number}@example.com"), "order": place });
        let signers: Vec<Value> = (1..=signers).map(signer).collect();
        let mut attributes = json!({ "title": format!("Request {number}"), "signers": signers });
        if number.is_multiple_of(SEVERAL_EVERY) {
            let file = |name: &str| json!({ "fileName": name, "fileBase64": STANDARD.encode(sample()) });
            attributes["files"] = json!([file("a.pdf"), file("b.pdf"), file("c.pdf")]);
            (attributes["fileBase64"], attributes["fileName"]) = (Value::Null, Value::Null);
        }
        let body = countersign_tests::world::new_request(attributes);
        let key = format!("create-{number}");
        let heard = self.post("/requests", &key, &body).await;
        assert_eq!(heard.status, StatusCode::CREATED, "{}", heard.text);
        let id = heard.json()["data"]["id"].as_str().unwrap().to_owned();
        self.promised(&id, Promise::Created);
        if self.chance.percent(20) {
            let again = self.post("/requests", &key, &body).await;
            assert_eq!(again.json()["data"]["id"].as_str(), Some(&*id), "the same key made another request");
        }
        id
    }

    /// The request with a reference of the sender's, as soon as there is one.
    pub(crate) async fn find(&mut self, reference: &str) -> String {
        let address = format!("{}/api/v1/esignature/requests?filter[businessId]={reference}", self.url);
        loop {
            let found = self.seen(&address).await["data"].take();
            match found.as_array().unwrap().as_slice() {
                [] => tokio::time::sleep(Duration::from_millis(PAUSE_MAX_MS)).await,
                [one] => return one["id"].as_str().unwrap().to_owned(),
                several => panic!("{reference} became {} requests", several.len()),
            }
        }
    }

    /// The sealed PDF of a completed request.
    pub(crate) async fn sealed(&mut self, id: &str) -> Vec<u8> {
        let address = format!("{}/api/v1/esignature/requests/{id}/download", self.url);
        let url = self.seen(&address).await["downloadUrl"].take();
        let answer = self.http.get(url.as_str().unwrap()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.bytes().await.unwrap().to_vec()
    }

    /// Cancels a request.
    pub(crate) async fn cancel(&mut self, id: &str) {
        let heard = self
            .post(&format!("/requests/{id}/cancel"), &format!("cancel-{id}"), &json!({ "reason": "changed" }))
            .await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
        self.promised(id, Promise::Cancelled);
    }

    /// Has the letter sent again to whose turn it is.
    pub(crate) async fn resend(&mut self, id: &str) {
        let heard = self.post(&format!("/requests/{id}/resend"), &format!("resend-{id}"), &json!({})).await;
        assert_eq!(heard.status, StatusCode::OK, "{}", heard.text);
        self.promised(id, Promise::Resent);
    }

    /// The link of the n-th signer, from 0.
    pub(crate) async fn link(&mut self, id: &str, place: usize) -> String {
        let signer = self.signer(id, place).await;
        signer["signingUrl"].as_str().unwrap_or_else(|| panic!("no link: {signer:#}")).to_owned()
    }

    /// Opens a link and sees the page; the cookie and the page's address.
    pub(crate) async fn open(&mut self, id: &str, place: usize, link: &str) -> (String, String) {
        let opened = self.call(Method::GET, link, |call| call).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        let cookie = opened.headers[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = format!("{}{}", self.url, opened.headers[LOCATION].to_str().unwrap());
        let seen = self.call(Method::GET, &page, |call| call.header(COOKIE, &cookie)).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
        self.promised(id, Promise::Viewed(place));
        (cookie, page)
    }

    /// What a dead link answers.
    pub(crate) async fn knock(&mut self, link: &str) -> StatusCode {
        self.call(Method::GET, link, |call| call).await.status
    }

    /// The n-th signer signs.
    pub(crate) async fn sign(&mut self, id: &str, place: usize) {
        let signature = json!({ "kind": "typed", "text": format!("Signer {place}") });
        let body = json!({ "consent": true, "signature": signature, "fields": {} });
        self.answer(id, place, "sign", "SIGNED", &body, Promise::Signed(place)).await;
    }

    /// The n-th signer declines.
    pub(crate) async fn decline(&mut self, id: &str, place: usize) {
        self.answer(id, place, "decline", "DECLINED", &json!({ "reason": "no" }), Promise::Declined(place)).await;
    }

    /// A page's answer carries no idempotency key: a repeat of one that had been heard is refused,
    /// and where the signer stands tells which it was.
    async fn answer(&mut self, id: &str, place: usize, what: &str, stands: &str, body: &Value, promise: Promise) {
        let link = self.link(id, place).await;
        let (cookie, page) = self.open(id, place, &link).await;
        let heard =
            self.call(Method::POST, &format!("{page}/{what}"), |call| call.header(COOKIE, &cookie).json(body)).await;
        if heard.status.is_success() {
            self.promised(id, promise);
        } else {
            assert!(heard.repeated && heard.status.is_client_error(), "{}: {}", heard.status, heard.text);
        }
        assert_eq!(self.signer(id, place).await["status"].as_str(), Some(stands), "{}", heard.text);
    }

    async fn signer(&mut self, id: &str, place: usize) -> Value {
        let address = format!("{}/api/v1/esignature/requests/{id}", self.url);
        self.seen(&address).await["data"]["relationships"]["signers"]["data"][place]["attributes"].take()
    }

    /// What the API shows at an address.
    async fn seen(&mut self, address: &str) -> Value {
        let key = self.key.clone();
        let heard = self.call(Method::GET, address, |call| call.bearer_auth(&key)).await;
        assert_eq!(heard.status, StatusCode::OK, "what was promised is not there: {}", heard.text);
        heard.json()
    }

    async fn post(&mut self, path: &str, idempotency_key: &str, body: &Value) -> Heard {
        let (address, key) = (format!("{}/api/v1/esignature{path}", self.url), self.key.clone());
        let with = |call: reqwest::RequestBuilder| {
            call.bearer_auth(&key).header("Idempotency-Key", idempotency_key).json(body)
        };
        self.call(Method::POST, &address, with).await
    }

    /// Sends a call until it is answered with something other than 503.
    async fn call(
        &mut self,
        method: Method,
        address: &str,
        with: impl Fn(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Heard {
        for repeat in 0..REPEATS_MAX {
            if let Some((status, headers, text)) = self.once(with(self.http.request(method.clone(), address))).await {
                return Heard { status, headers, text, repeated: repeat > 0 };
            }
            self.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(self.chance.below(PAUSE_MAX_MS))).await;
        }
        panic!("{method} {address} was never answered");
    }

    async fn once(&self, call: reqwest::RequestBuilder) -> Option<(StatusCode, HeaderMap, String)> {
        let response = call.send().await.ok()?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.ok()?;
        (status != StatusCode::SERVICE_UNAVAILABLE).then_some((status, headers, text))
    }

    fn promised(&mut self, id: &str, promise: Promise) {
        self.journal.push((id.to_owned(), promise));
    }
}
