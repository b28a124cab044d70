//! The envelopes dialect against seed 003: documents, envelopes and keys, their conflicts, and who may see what.

mod access;
mod documents;
mod downloads;
mod drafts;
mod keys;
mod lifecycle;
mod lists;
mod viewers;
mod worlds;

use countersign_tests::world::{Answer, Browser, World, answer, sample};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The dialect of a running system.
struct Desk {
    world: World,
    base: String,
}

impl Desk {
    async fn new() -> Self {
        Self::over(World::manual().await)
    }

    fn over(world: World) -> Self {
        let base = format!("{}/api/v1", world.app.service.settings.public_url);
        Self { world, base }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call_as(&self.world.key, method, path, body).await
    }

    async fn call_as(&self, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        call_as(&self.world, key, method, path, body).await
    }

    /// A POST that may be repeated.
    async fn once(&self, key: &str, path: &str, body: Value) -> Answer {
        let call = self.world.client.post(format!("{}{path}", self.base)).bearer_auth(&self.world.key);
        answer(call.header("Idempotency-Key", key).json(&body)).await
    }

    async fn upload(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let form = Form::new().part("file", Part::bytes(bytes).file_name(name.to_owned()));
        answer(self.world.client.post(format!("{}/documents", self.base)).bearer_auth(&self.world.key).multipart(form))
            .await
    }

    /// The id of a document that was just uploaded.
    async fn document(&self) -> String {
        let made = self.upload("contrat.pdf", sample()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
        text(&made.json["id"])
    }

    /// An envelope with these fields on top of usual ones.
    async fn create(&self, fields: Value) -> Answer {
        let mut body = json!({
            "subject": "Contrat de prestation",
            "documentIds": [],
            "recipients": [{ "email": "client@example.com", "name": "Marie Dubois", "role": "SIGNER" }],
        });
        let (Value::Object(usual), Value::Object(fields)) = (&mut body, fields) else { panic!("an object") };
        usual.extend(fields);
        if body["documentIds"] == json!([]) {
            body["documentIds"] = json!([self.document().await]);
        }
        self.call(Method::POST, "/envelopes", Some(body)).await
    }

    /// The id of a draft.
    async fn draft(&self, fields: Value) -> String {
        let made = self.create(fields).await;
        assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
        text(&made.json["id"])
    }

    /// The id of an envelope in flight.
    async fn sent(&self, fields: Value) -> String {
        let id = self.draft(fields).await;
        ok(&self.post(&id, "send", None).await);
        id
    }

    /// The id of an envelope that its only signer has signed.
    async fn completed(&self, fields: Value) -> String {
        let id = self.sent(fields).await;
        self.sign(&id, 0).await;
        assert_eq!(self.get(&id).await["status"], "COMPLETED");
        id
    }

    async fn get(&self, id: &str) -> Value {
        ok(&self.call(Method::GET, &format!("/envelopes/{id}"), None).await).clone()
    }

    async fn patch(&self, id: &str, change: Value) -> Answer {
        self.call(Method::PATCH, &format!("/envelopes/{id}"), Some(change)).await
    }

    async fn delete(&self, id: &str) -> Answer {
        self.call(Method::DELETE, &format!("/envelopes/{id}"), None).await
    }

    async fn post(&self, id: &str, action: &str, body: Option<Value>) -> Answer {
        self.call(Method::POST, &format!("/envelopes/{id}/{action}"), body).await
    }

    /// A browser that has followed the n-th recipient's link.
    async fn visit(&self, id: &str, place: usize) -> Browser {
        let recipient = self.get(id).await["recipients"][place].clone();
        let link = recipient["signUrl"].as_str().unwrap_or_else(|| panic!("no link: {recipient:#}"));
        Browser::open(link).await
    }

    /// The n-th recipient signs.
    async fn sign(&self, id: &str, place: usize) {
        let answer = self.visit(id, place).await.sign(json!({})).await;
        assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What went well.
fn ok(answer: &Answer) -> &Value {
    assert!(answer.status.is_success(), "{} {:#}", answer.status, answer.json);
    &answer.json
}

/// The only fault of an answer.
fn fault(answer: &Answer, status: u16) -> (String, String) {
    let mut faults = faults(answer, status);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

/// One fault, as it is expected.
fn told(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

/// One recipient.
fn person(name: &str, role: &str, order: u32) -> Value {
    json!({ "email": format!("{name}@example.com"), "name": name, "role": role, "order": order })
}

/// Bytes as base64.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Calls the dialect with a key.
pub(crate) async fn call_as(world: &World, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let url = format!("{}/api/v1{path}", world.app.service.settings.public_url);
    let call = world.client.request(method, url).bearer_auth(key);
    let call = match body {
        Some(body) => call.json(&body),
        None => call,
    };
    answer(call).await
}

/// Calls the dialect with the world's key.
pub(crate) async fn call(world: &World, method: Method, path: &str, body: Option<Value>) -> Answer {
    call_as(world, &world.key, method, path, body).await
}

/// The faults of an answer with this status as (code, field), in their order; checks that each is readable.
pub(crate) fn faults(answer: &Answer, status: u16) -> Vec<(String, String)> {
    assert_eq!(answer.status.as_u16(), status, "{:#}", answer.json);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let details = answer.json["details"].as_array().unwrap_or_else(|| panic!("no details in {:#}", answer.json));
    let said = text(&answer.json["error"]);
    assert_eq!(answer.json["code"], details[0]["code"], "{:#}", answer.json);
    for detail in details {
        let sentence = text(&detail["error"]);
        assert!(!sentence.is_empty() && said.contains(&sentence), "{:#}", answer.json);
        assert!(said.contains(detail["field"].as_str().unwrap_or_default()), "{:#}", answer.json);
    }
    details.iter().map(|detail| (text(&detail["code"]), text(&detail["field"]))).collect()
}
