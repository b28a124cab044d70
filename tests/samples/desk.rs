//! Where the samples run: what they leave open is filled in, and bash or Node runs them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::{World, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Deserializer, Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::tools;

/// Where the samples' service lives.
const THEIR_SERVICE: &str = "https://e-signature.stg.catalisa.app";
/// Where those of seed 003 have theirs, and their key.
const THEIR_ENVELOPES: &str = "https://certyneo.com";
const THEIR_KEY: &str = "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx";
/// A world with a folder in which the samples run.
pub(crate) struct Desk {
    pub(crate) world: World,
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["contrato.pdf", "contrat.pdf"] {
            std::fs::write(folder.path().join(name), sample()).unwrap();
        }
        // curl reads brackets in an address as a pattern unless it is told not to.
        std::fs::write(folder.path().join(".curlrc"), "globoff\nsilent\nshow-error\n").unwrap();
        Self { world: World::manual().await, folder }
    }

    /// A sample with what it leaves open.
    pub(crate) fn filled(&self, name: &str, ids: &[(&str, &str)]) -> String {
        let mut text = std::fs::read_to_string(tools::file("samples").join(name)).unwrap();
        let document = STANDARD.encode(sample());
        let ours = [
            (THEIR_SERVICE, self.world.app.service.settings.public_url.as_str()),
            (THEIR_ENVELOPES, self.world.app.service.settings.public_url.as_str()),
            ("SEU_TOKEN", &self.world.key),
            (THEIR_KEY, &self.world.key),
            ("JVBERi0xLjQK...", &document),
            ("pdfBase64: '...'", &format!("pdfBase64: '{document}'")),
        ];
        for (theirs, ours) in ours.iter().chain(ids) {
            text = text.replace(theirs, ours);
        }
        text
    }

    /// Runs a sample with bash and curl; the JSON answers it got.
    pub(crate) async fn curl(&self, name: &str, ids: &[(&str, &str)]) -> Vec<Value> {
        let file = self.folder.path().join("sample.sh");
        std::fs::write(&file, self.filled(&format!("curl/{name}.sh"), ids)).unwrap();
        let mut bash = Command::new("bash");
        bash.arg("-e").arg(&file).current_dir(self.folder.path()).env("CURL_HOME", self.folder.path());
        let said = tools::run(&mut bash).await;
        let answers = Deserializer::from_str(&said).into_iter().collect::<Result<_, _>>();
        answers.unwrap_or_else(|error| panic!("{name}: {error}: {said}"))
    }

    /// Runs a sample with Node, and `more` where it ends; the lines it printed.
    pub(crate) async fn node(&self, name: &str, ids: &[(&str, &str)], more: &str) -> Vec<String> {
        let file = self.folder.path().join("sample.js");
        std::fs::write(&file, self.filled(&format!("javascript/{name}.js"), ids)).unwrap();
        let mut node = Command::new("node");
        node.arg(tools::file("samples/wrap.mjs")).arg(&file).arg(more);
        node.current_dir(self.folder.path()).env("TOKEN", &self.world.key).env("CERTYNEO_API_KEY", &self.world.key);
        tools::run(&mut node).await.lines().map(str::to_owned).collect()
    }

    pub(crate) async fn request(&self) -> String {
        self.world.created(json!({})).await
    }

    /// The one request there is.
    pub(crate) async fn only(&self) -> Value {
        let list = self.world.call(Method::GET, "/requests", None).await.json;
        assert_eq!(list["meta"]["totalItems"], 1);
        self.world.get(list["data"][0]["id"].as_str().unwrap()).await
    }

    pub(crate) async fn delete(&self, id: &str) -> StatusCode {
        self.world.call(Method::DELETE, &format!("/requests/{id}"), None).await.status
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.world.app.service.clock.advance(time);
    }
}
