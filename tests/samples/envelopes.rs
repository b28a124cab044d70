//! Seed 003's samples: upload, create, send, in three languages. Each leaves one envelope that is sent.

use countersign_tests::world::answer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use super::desk::Desk;
use crate::tools;

impl Desk {
    /// Runs a sample with Python; the lines it printed.
    async fn python(&self, name: &str) -> Vec<String> {
        let file = self.folder.path().join("sample.py");
        std::fs::write(&file, self.filled(&format!("python/{name}.py"), &[])).unwrap();
        let mut python = Command::new(tools::folder().join("python/bin/python"));
        python.arg(&file).current_dir(self.folder.path()).env("CERTYNEO_API_KEY", &self.world.key);
        tools::run(&mut python).await.lines().map(str::to_owned).collect()
    }

    /// The one envelope there is; it is voided, so that the next sample's is the only one in flight.
    async fn only_envelope(&self) -> Value {
        let base = format!("{}/api/v1/envelopes", self.world.app.service.settings.public_url);
        let call = |method, url: String| self.world.client.request(method, url).bearer_auth(&self.world.key);
        let list = answer(call(Method::GET, format!("{base}?status=SENT"))).await;
        assert_eq!(list.json["pagination"]["total"], 1, "{:#}", list.json);
        let envelope = list.json["data"][0].clone();
        let void = call(Method::POST, format!("{base}/{}/void", envelope["id"].as_str().unwrap()));
        assert_eq!(answer(void.json(&json!({ "reason": "Erreur" }))).await.status, StatusCode::OK);
        envelope
    }
}

fn is_the_contract(envelope: &Value) {
    assert_eq!(envelope["status"], "SENT", "{envelope:#}");
    assert_eq!(envelope["subject"], "Contrat de prestation");
    assert_eq!(envelope["documents"][0]["fileName"], "contrat.pdf");
    let recipient = &envelope["recipients"][0];
    assert_eq!((&recipient["name"], &recipient["email"]), (&json!("Marie Dubois"), &json!("client@example.com")));
    assert!(recipient["signUrl"].as_str().unwrap().contains("/sign/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_is_sent_by_curl_by_node_and_by_requests() {
    let desk = Desk::new().await;
    let answer = desk.curl("envelope", &[]).await.remove(0);
    is_the_contract(&answer);
    assert_eq!(desk.only_envelope().await, answer);

    for language in ["node", "python"] {
        let said = match language {
            "node" => desk.node("envelope", &[], "").await,
            _ => desk.python("envelope").await,
        };
        let envelope = desk.only_envelope().await;
        is_the_contract(&envelope);
        assert_eq!(said, [envelope["id"].as_str().unwrap()], "{language}");
    }
}
