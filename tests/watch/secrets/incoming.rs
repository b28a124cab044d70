//! A client of ours who calls as D4Sign's documentation says, rightly and wrongly, with what opens their account in every
//! place that it may come in, and in some that it may not.

use countersign_tests::world::{answer, sample};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Scene, WRONG};

impl Scene {
    /// Whom the client tells, and the key by which they are known: all of these are told this once.
    async fn knows_a_client(&mut self) -> (String, String) {
        let hook = json!({ "url": self.listener.url(), "events": ["recipient.viewed", "envelope.voided"] });
        self.given("/webhooks", hook, &[("an endpoint's secret", "secret")]).await;
        let scopes = ["envelopes:read", "envelopes:write", "webhooks:write"];
        let key = json!({ "name": "d4sign", "scopes": scopes, "cryptKey": true });
        let names = [("a client's token", "key"), ("a client's cryptKey", "cryptKey"), ("a client's macKey", "macKey")];
        let made = self.given("/keys", key, &names).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("key"), text("cryptKey"))
    }

    /// A client takes a document from its upload to its end.
    pub(super) async fn is_called_as_d4sign(&mut self) {
        let (token, crypt_key) = self.knows_a_client().await;
        let both = format!("tokenAPI={token}&cryptKey={crypt_key}");
        let safes = self.request(Method::GET, &format!("/safes?{both}"));
        let safe = self.told.call(safes).await[0]["uuid_safe"].as_str().unwrap().to_owned();
        let form = Form::new().part("file", Part::bytes(sample()).file_name("contrato.pdf"));
        let upload = self.request(Method::POST, &format!("/documents/{safe}/upload?{both}")).multipart(form);
        let id = self.told.call(upload).await["uuid"].as_str().unwrap().to_owned();
        let hook = self.request(Method::POST, &format!("/documents/{id}/webhooks?{both}"));
        // It tells the macKey.
        assert!(answer(hook.json(&json!({ "url": self.listener.url() }))).await.status.is_success());
        for call in self.calls((&token, &crypt_key), &id).into_iter().chain(self.strays((&token, &crypt_key), &id)) {
            self.told.call(call).await;
        }
        // Both are told that it was called off: an endpoint of the organization, and the document's own.
        self.listener.has(2).await;
    }

    /// Calls about a document, some of which are refused; the last one ends it.
    fn calls(&self, (token, crypt_key): (&str, &str), id: &str) -> Vec<RequestBuilder> {
        let post = |rest: &str| self.request(Method::POST, &format!("/documents/{id}/{rest}"));
        let in_body = |mut body: Value| {
            (body["tokenAPI"], body["cryptKey"]) = (json!(token), json!(crypt_key));
            body
        };
        let both = format!("tokenAPI={token}&cryptKey={crypt_key}");
        let form = format!("{both}&email=ana%40example.com&key_signer={token}");
        let ana = json!({ "email": "ana@example.com", "act": "1", "foreign": "0", "certificadoicpbr": "0",
            "assinatura_presencial": "0" });
        vec![
            post("createlist").json(&in_body(json!({ "signers": [{ "email": token, "act": crypt_key }] }))),
            post("createlist").body(format!("{{\"tokenAPI\": \"{token}\", \"cryptKey\": \"{crypt_key}\", no JSON")),
            post("createlist").json(&in_body(json!({ "signers": [ana] }))),
            post("sendtosigner").json(&in_body(json!({}))),
            post("resend").header("Content-Type", "application/x-www-form-urlencoded").body(form),
            post(&format!("changeemail?{both}")).json(&json!({ "email-before": token, "email-after": crypt_key })),
            post("addinfo").json(&in_body(json!({ "email": "ana@example.com" }))).header("tokenAPI", WRONG),
            post(&format!("download?{both}")).json(&json!({ "type": token })),
            post(&format!("nothing?{both}")).json(&json!({})),
            post(&format!("cancel?{both}")).json(&json!({ "comment": "fim" })),
        ]
    }

    /// Calls that are about no document, or come from somebody who is not known.
    fn strays(&self, (token, crypt_key): (&str, &str), id: &str) -> Vec<RequestBuilder> {
        let get = |path: String| self.request(Method::GET, &path);
        let both = format!("tokenAPI={token}&cryptKey={crypt_key}");
        let hook = self.program.client.post(format!("{}/hooks/d4sign/{token}?{both}", self.program.base));
        vec![
            get(format!("/{token}?{both}")),
            get(format!("/documents?{both}")),
            get(format!("/documents/{token}/list?{both}")),
            get(format!("/documents/{id}/list?{both}&pg={token}")),
            get(format!("/safes?tokenAPI={WRONG}&cryptKey={crypt_key}")),
            get(format!("/safes?tokenAPI={token}&cryptKey={WRONG}")),
            get("/safes".to_owned()).header("tokenAPI", token),
            get("/safes".to_owned()).bearer_auth(token),
            get("/safes".to_owned()).bearer_auth(WRONG),
            get("/envelopes".to_owned()).bearer_auth(token).header("cryptKey", crypt_key),
            self.request(Method::PUT, &format!("/safes?{both}")),
            hook.header("Content-Hmac", token),
        ]
    }
}
