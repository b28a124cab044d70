//! The D4Sign dialect against seed 001 and the vendor's documentation: documents, signers, corrections, who may do what,
//! and in which forms a call may come.

mod access;
mod corrections;
mod details;
mod documents;
mod forms;
mod groups;
mod identity;
mod joining;
mod listing;
mod repeats;
mod rules;
mod secrets;
mod seed;

use countersign::config::GatewaySettings;
use countersign_tests::world::{Answer, World, answer, sample};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The dialect of a running system.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) base: String,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::over(World::manual().await)
    }

    /// One where what needs an outside service can be asked for.
    async fn with_gateway() -> Self {
        let gateway = GatewaySettings { url: "https://gateway.example.com/".into(), secret: vec![7; 32] };
        Self::over(World::changed(|settings| settings.gateway = Some(gateway)).await)
    }

    pub(crate) fn over(world: World) -> Self {
        let base = format!("{}/api/v1", world.app.service.settings.public_url);
        Self { world, base }
    }

    /// An address with the world's key in its query.
    fn address(&self, path: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("{}{path}{sign}tokenAPI={}", self.base, self.world.key)
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let call = self.world.client.request(method, self.address(path));
        answer(match body {
            Some(body) => call.json(&body),
            None => call,
        })
        .await
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        ok(&self.call(Method::GET, path, None).await).clone()
    }

    /// A POST about a document.
    pub(crate) async fn post(&self, id: &str, action: &str, body: Value) -> Answer {
        self.call(Method::POST, &format!("/documents/{id}/{action}"), Some(body)).await
    }

    /// The organization's safe.
    pub(crate) async fn safe(&self) -> String {
        text(&self.look("/safes").await[0]["uuid_safe"])
    }

    /// The UUID of a document that was just uploaded.
    pub(crate) async fn upload(&self) -> String {
        let form = Form::new().part("file", Part::bytes(sample()).file_name("contrato.pdf"));
        let url = self.address(&format!("/documents/{}/upload", self.safe().await));
        let uploaded = answer(self.world.client.post(url).multipart(form)).await;
        assert_eq!(ok(&uploaded)["message"], "success");
        text(&uploaded.json["uuid"])
    }

    /// A document whose signers are named, and their keys.
    pub(crate) async fn draft(&self, signers: Value) -> (String, Vec<String>) {
        let id = self.upload().await;
        let created = self.post(&id, "createlist", json!({ "signers": signers })).await;
        let keys =
            ok(&created)["message"].as_array().unwrap().iter().map(|signer| text(&signer["key_signer"])).collect();
        (id, keys)
    }

    /// The same, sent.
    pub(crate) async fn sent(&self, signers: Value, how: Value) -> (String, Vec<String>) {
        let (id, keys) = self.draft(signers).await;
        assert_eq!(ok(&self.post(&id, "sendtosigner", how).await)["message"], "File sent to successfully signing");
        (id, keys)
    }

    /// A document with its signers, as it is listed.
    pub(crate) async fn listed(&self, id: &str) -> Value {
        self.look(&format!("/documents/{id}/list")).await[0].clone()
    }

    /// The addresses of a document's signers, in their order.
    pub(crate) async fn emails(&self, id: &str) -> Vec<String> {
        self.listed(id).await["list"].as_array().unwrap().iter().map(|signer| text(&signer["email"])).collect()
    }

    /// The number of a document's phase.
    pub(crate) async fn phase(&self, id: &str) -> String {
        text(&self.look(&format!("/documents/{id}")).await[0]["statusId"])
    }
}

/// A signer with these fields on top of those that must be there.
pub(crate) fn signer(email: &str, more: Value) -> Value {
    let mut signer = json!({
        "email": email, "act": "1", "foreign": "0", "certificadoicpbr": "0", "assinatura_presencial": "0",
    });
    signer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signer
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// What went well.
pub(crate) fn ok(answer: &Answer) -> &Value {
    assert_eq!(answer.status, StatusCode::OK, "{:#}", answer.json);
    &answer.json
}

/// What is wrong with a call: the message, which is all that an answer says.
pub(crate) fn wrong(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status.as_u16(), status, "{:#}", answer.json);
    assert_eq!(answer.json.as_object().unwrap().len(), 1, "{:#}", answer.json);
    text(&answer.json["message"])
}
