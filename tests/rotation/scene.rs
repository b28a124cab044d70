//! An installation with one of everything that a master key encrypts or stamps, and what must go on whatever key does so.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::keyring::Keyring;
use countersign::outbound::Names;
use countersign::stamp::hmac;
use countersign_engine::ids::Digest;
use countersign_engine::requirement::ProofFile;
use countersign_tests::servers::Database;
use countersign_tests::world::{Answer, Browser, World, answer, sample};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bus::server::until;
use crate::dialects::certyneo::call;
use crate::pages::steps::{letters, step};
use crate::simulation::program::Servers;
use crate::tools;
use crate::webhooks::receiver::{Heard, Receiver, Say};

/// The second signer's access code.
const CODE: &str = "rosa-12";
/// What a vendor's hooks are stamped with.
const HOOK_SECRET: &str = "hook_secret_that_is_long_enough";
/// What a signer gave as proof.
const PROOF: &[u8] = b"a photo, as far as anybody looks into it";

/// The installation, and what was told before the key was replaced.
pub(super) struct Scene {
    pub(super) world: World,
    /// A request in flight with two signers, both invited; the second has an access code.
    pub(super) open: String,
    /// The link in the first one's letter.
    link: String,
    /// A request that is completed, and the address of a copy in a letter about it.
    completed: String,
    copy: String,
    /// Whether what ends with the key that was there first has ended.
    ended: bool,
    /// A webhook with its secret, what it stamped with before, and who hears it.
    hook: Value,
    former_secret: String,
    receiver: Receiver,
    /// An account at a vendor, and the vendor.
    config: String,
    vendor: Receiver,
    /// A signing group, something that the vendor told, and an API key with what it was answered.
    group: String,
    told: String,
    key: Value,
    /// A document whose webhook is stamped with the world's key's secret, and that.
    document: String,
    mac: String,
}

impl Scene {
    pub(super) async fn on(database: Database) -> Self {
        let url = database.url().await;
        let world = World::changed(|settings| {
            settings.database_url = url;
            settings.webhooks.allow_loopback = true;
            settings.webhooks.names = Names::manual([]);
        })
        .await;
        let signers = json!([
            { "name": "João", "email": "joao@x.com", "order": 1 },
            { "name": "Maria", "email": "maria@x.com", "order": 1, "accessCode": CODE },
        ]);
        let reminders = json!({ "firstAfterDays": 1, "everyDays": 1, "max": 9 });
        let open = world.created(json!({ "signers": signers, "reminders": reminders, "businessId": "open" })).await;
        let completed = world.created(json!({ "businessId": "completed" })).await;
        for place in [0, 1] {
            world.sign(&completed, place).await;
        }
        world.until(&completed, "document.sealed", 1).await;
        world.until(&open, "delivery.sent", 2).await;
        let json = Say::With(200, "content-type: application/json".to_owned(), "{}".to_owned());
        let (receiver, vendor) = (Receiver::willing().await, Receiver::always(json).await);
        let mut scene = Self {
            link: world.link(&open, 0).await,
            copy: copy_in_letter(&world),
            ended: false,
            open,
            completed,
            hook: Value::Null,
            former_secret: String::new(),
            receiver,
            config: String::new(),
            vendor,
            group: String::new(),
            told: String::new(),
            key: Value::Null,
            document: world.created(json!({ "draft": true, "businessId": "document" })).await,
            mac: String::new(),
            world,
        };
        scene.furnish().await;
        scene
    }

    async fn furnish(&mut self) {
        let body = json!({ "url": self.receiver.url(), "events": ["envelope.created"] });
        let hook = call(&self.world, Method::POST, "/webhooks", Some(body)).await;
        let path = format!("/webhooks/{}", text(&hook.json["id"]));
        self.former_secret = text(&hook.json["secret"]);
        let rotated = json!({ "overlapHours": 168 });
        self.hook = made(call(&self.world, Method::POST, &format!("{path}/rotate-secret"), Some(rotated)).await);
        self.config = self.configured("first").await;
        self.told = self.tell("env-1").await;
        let members = json!([{ "name": "Ana", "email": "ana@x.com" }]);
        let group =
            json!({ "data": { "type": "signing-group", "attributes": { "name": "Jurídico", "members": members } } });
        self.group = text(&made(self.world.call(Method::POST, "/groups", Some(group)).await)["data"]["id"]);
        self.key = self.make_key().await;
        self.mac = self.register_document().await;
        let proof = ProofFile { bytes: 1, digest: Digest::of(PROOF), media_type: "image/png".to_owned() };
        let service = &self.world.app.service;
        service.proofs.keep(&"acme".parse().unwrap(), World::id(&self.open), &proof, PROOF).await.unwrap();
        self.ping().await;
    }

    /// An account at the vendor, by the same credentials each time.
    async fn configured(&self, name: &str) -> String {
        let attributes = json!({ "provider": "certyneo", "name": name, "baseUrl": self.vendor.url(), "callsPerHour": 50,
            "credentials": { "apiKey": "sk_live_what_the_vendor_knows_us_by" }, "hookSecret": HOOK_SECRET });
        let body = json!({ "data": { "type": "provider-config", "attributes": attributes } });
        text(&made(self.world.call(Method::POST, "/provider-configs", Some(body)).await)["data"]["id"])
    }

    /// The vendor tells something; under what id it is kept.
    async fn tell(&self, document: &str) -> String {
        let body = json!({ "event": "envelope.completed", "envelope_id": document }).to_string();
        let stamp = hex::encode(hmac(HOOK_SECRET.as_bytes(), &[body.as_bytes()]));
        let url = format!("{}/hooks/certyneo/{}", self.world.app.service.settings.public_url, self.config);
        let told = answer(self.world.client.post(url).header("x-certyneo-signature", stamp).body(body)).await;
        assert_eq!(told.status, StatusCode::OK, "it is known by its stamp: {:#}", told.json);
        let listed = self.world.call(Method::GET, "/inbound-deliveries?sort=-receivedAt", None).await;
        text(&listed.json["data"][0]["id"])
    }

    async fn make_key(&self) -> Value {
        let url = format!("{}/api/v1/keys", self.world.app.service.settings.public_url);
        let body = json!({ "name": "once", "scopes": ["envelopes:read"], "cryptKey": true });
        let call = self.world.client.post(url).bearer_auth(&self.world.key).header("Idempotency-Key", "once");
        made(answer(call.json(&body)).await)
    }

    /// Registers the document's webhook in D4Sign's words; what it is stamped with.
    async fn register_document(&self) -> String {
        let base = format!("{}/api/v1", self.world.app.service.settings.public_url);
        let url = format!("{base}/documents/{}/webhooks?tokenAPI={}", self.document, self.world.key);
        let call = self.world.client.post(url).json(&json!({ "url": self.receiver.url() }));
        text(&made(answer(call).await)["secret"])
    }

    /// Has the webhook called about nothing in particular; what was heard, once that is written down.
    async fn ping(&self) -> Heard {
        let before = self.receiver.heard().len();
        let path = format!("/webhooks/{}", text(&self.hook["id"]));
        made(call(&self.world, Method::POST, &format!("{path}/test"), None).await);
        let heard = self.receiver.has(before + 1).await.pop().unwrap();
        let pending = format!("{path}/deliveries?status=pending");
        until("the delivery is done", async || {
            call(&self.world, Method::GET, &pending, None).await.json["pagination"]["total"] == 0
        })
        .await;
        heard
    }

    pub(super) async fn restart(self) -> Self {
        Self { world: self.world.restart().await, ..self }
    }

    /// The link of a new request's signer.
    pub(super) async fn another_link(&self) -> String {
        let id = self.world.created(json!({})).await;
        self.world.link(&id, 0).await
    }

    /// Whatever was there before is there, and works.
    pub(super) async fn check(&self) {
        self.requests().await;
        self.webhooks().await;
        self.vendors().await;
        let key = self.world.client.get(format!("{}/requests", self.world.api)).bearer_auth(text(&self.key["key"]));
        let admitted = answer(key.header("cryptKey", text(&self.key["cryptKey"]))).await;
        assert_eq!(admitted.status, StatusCode::OK, "{:#}", admitted.json);
        let group = self.world.call(Method::GET, &format!("/groups/{}", self.group), None).await;
        assert_eq!(group.json["data"]["attributes"]["members"][0]["email"], "ana@x.com", "{:#}", group.json);
        self.world.check().await;
    }

    async fn requests(&self) {
        assert_eq!(Browser::open(&self.link).await.status, StatusCode::OK, "the link in the letter");
        assert_eq!(self.world.link(&self.open, 0).await, self.link, "is the one that is told");
        let browser = self.world.visit(&self.open, 1).await;
        step(&browser, "access_code", &[("code", "rosa-13")]).await.says("tries left");
        let service = &self.world.app.service;
        let loaded = service.behind_link(World::id(&self.open)).await.unwrap().unwrap();
        assert_eq!(service.access_code(&loaded.request.signers[1]).unwrap().as_deref(), Some(CODE));
        service.clock.advance(SignedDuration::from_mins(11));
        assert!(tools::sealed(&self.world, &self.completed).await.starts_with(b"%PDF-"));
        let copy = self.world.client.get(&self.copy).send().await.unwrap();
        assert_eq!(copy.status(), if self.ended { StatusCode::NOT_FOUND } else { StatusCode::OK });
        let organization = "acme".parse().unwrap();
        assert_eq!(service.documents.read(&organization, Digest::of(&sample())).await.unwrap(), sample());
        let proof = service.proofs.read(&organization, World::id(&self.open), Digest::of(PROOF)).await.unwrap();
        assert_eq!(proof, PROOF);
    }

    async fn webhooks(&self) {
        let heard = self.ping().await;
        let header = |name: &str| heard.headers[name].clone();
        let covered = [header("webhook-id"), ".".into(), header("webhook-timestamp"), ".".into()].concat();
        for secret in [&text(&self.hook["secret"]), &self.former_secret] {
            let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            let stamp = STANDARD.encode(hmac(&key, &[covered.as_bytes(), &heard.body]));
            assert!(header("webhook-signature").contains(&stamp), "the secrets are those that were told");
        }
        let path = format!("/webhooks/{}/deliveries?pageSize=100", text(&self.hook["id"]));
        let mut excerpts = Vec::new();
        for delivery in call(&self.world, Method::GET, &path, None).await.json["data"].as_array().unwrap() {
            for attempt in delivery["history"].as_array().into_iter().flatten() {
                excerpts.push(attempt["excerpt"].clone());
            }
        }
        assert!(excerpts.len() > 1 && excerpts.iter().all(|excerpt| *excerpt == "ok"), "{excerpts:?}");
        assert_eq!(self.register_document().await, self.mac, "one secret for all documents of a key");
    }

    async fn vendors(&self) {
        let left = async |config: &str| {
            let shown = self.world.call(Method::GET, &format!("/provider-configs/{config}"), None).await;
            shown.json["data"]["attributes"]["callsLeft"].as_i64().unwrap()
        };
        let before = left(&self.config).await;
        let tested = self.world.call(Method::POST, &format!("/provider-configs/{}/test", self.config), None).await;
        assert_eq!(tested.status, StatusCode::OK, "{:#}", tested.json);
        let heard = self.vendor.heard().pop().unwrap();
        assert_eq!(heard.headers["authorization"], "Bearer sk_live_what_the_vendor_knows_us_by");
        assert_eq!(left(&self.config).await, before - 1);
        let other = self.configured("other").await;
        assert_eq!(left(&other).await, before - 1, "the same credentials share what is left of the hour");
        self.world.call(Method::DELETE, &format!("/provider-configs/{other}"), None).await;
        let told = self.world.call(Method::GET, &format!("/inbound-deliveries/{}", self.told), None).await;
        assert!(told.json.to_string().contains("env-1"), "{:#}", told.json);
        self.tell(&format!("env-{}", self.world.now())).await;
    }

    /// An API key that was made with an Idempotency-Key is told again, with its secrets.
    pub(super) async fn tells_again(&self) {
        assert_eq!(self.make_key().await, self.key);
    }

    /// The next reminder names a link that works.
    pub(super) async fn reminds(&self) {
        let link = self.world.link(&self.open, 0).await;
        let told = || letters(&self.world).iter().filter(|letter| is_reminder_with(letter, &link)).count();
        let (before, events) = (told(), self.world.events(&self.open).await);
        let reminded = events.iter().filter(|event| *event == "signer.reminded").count();
        self.world.app.service.clock.advance(SignedDuration::from_hours(24));
        self.world.until(&self.open, "signer.reminded", reminded + 2).await;
        until("a reminder names the link", async || told() > before).await;
        assert_eq!(Browser::open(&link).await.status, StatusCode::OK);
    }

    /// What is said to end with the earlier key is made anew: links by a resend, codes by a correction.
    pub(super) async fn without_links_of(mut self, old: &Keyring) -> Self {
        self.world.app.service.clock.advance(SignedDuration::from_mins(11));
        let path = format!("/requests/{}", self.open);
        made(self.world.call(Method::POST, &format!("{path}/resend"), Some(json!({}))).await);
        let signer = text(&self.world.get(&self.open).await["relationships"]["signers"]["data"][1]["id"]);
        for code in ["violeta-7", CODE] {
            let change = json!({ "data": { "type": "signer", "attributes": { "accessCode": code } } });
            made(self.world.call(Method::PATCH, &format!("{path}/signers/{signer}"), Some(change)).await);
        }
        self.link = self.world.link(&self.open, 0).await;
        assert!(self.world.masters().ids().any(|id| id == old.primary_id()), "while the key is still there");
        self
    }

    /// What was said to end with the key that was there first has ended from now on.
    pub(super) fn ended(self) -> Self {
        Self { ended: true, ..self }
    }

    /// What the program says when it is to serve the installation with these keys only.
    pub(super) async fn refused(&self, masters: &Keyring) -> String {
        let settings = &self.world.app.service.settings;
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("master.key");
        masters.save(&file).unwrap();
        let keys = ("COUNTERSIGN_MASTER_KEY_FILE", file.display().to_string());
        let servers = Servers { database: settings.database_url.clone(), nats: None, variables: vec![keys] };
        servers.refusal(&settings.data).await
    }
}

/// Whether a letter is a reminder that names a link.
fn is_reminder_with(letter: &str, link: &str) -> bool {
    letter.contains(".reminder.") && letter.replace("=3D", "=").contains(link)
}

/// The address of a copy in a letter that says that all have signed.
fn copy_in_letter(world: &World) -> String {
    let letters = letters(world);
    let letter = letters.iter().find(|letter| letter.contains("/copy/")).expect("a letter with a copy");
    let base = format!("{}/copy/", world.app.service.settings.public_url);
    let (_, rest) = letter.split_once(&base).unwrap();
    let token: String = rest.chars().take_while(|char| char.is_ascii_alphanumeric() || "/-_".contains(*char)).collect();
    format!("{base}{token}")
}

fn made(answer: Answer) -> Value {
    assert!(answer.status.is_success(), "{:#}", answer.json);
    answer.json
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value:#}")).to_owned()
}
