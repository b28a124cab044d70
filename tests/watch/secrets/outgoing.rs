//! We call vendors, who know us by secrets, and hear their hooks, which are stamped with others: where all goes well, and
//! where it does not.

use countersign::stamp::hmac;
use countersign_tests::world::{answer, new_request};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::vendor::{DOCUMENT, FAILING, SAFE};
use super::{API_KEY, CRYPT_KEY, FORMER_HOOK_SECRET, HOOK_SECRET, Scene, TOKEN, WRONG};

impl Scene {
    /// A configuration for an account at a vendor that answers in its way; its id.
    async fn configured(&mut self, provider: &str, way: &str) -> String {
        let (credentials, safe) = match provider {
            "certyneo" => (json!({ "apiKey": API_KEY }), Value::Null),
            _ => (json!({ "tokenAPI": TOKEN, "cryptKey": CRYPT_KEY }), json!(SAFE)),
        };
        let account = json!({ "provider": provider, "name": way, "credentials": credentials, "safe": safe,
            "callsPerHour": 1000, "hookSecret": FORMER_HOOK_SECRET,
            "baseUrl": format!("http://127.0.0.1:{}/{way}", self.vendor.port()) });
        let body = json!({ "data": { "type": "provider-config", "attributes": account } });
        let made = self.call(Method::POST, "/esignature/provider-configs", Some(body)).await;
        made["data"]["id"].as_str().unwrap_or_else(|| panic!("{made:#}")).to_owned()
    }

    /// Everything that can be wrong with a configuration, with the secrets in it.
    pub(super) async fn is_configured_wrongly(&mut self) {
        let port = self.vendor.port();
        let mut with_user = Url::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        with_user.set_username(TOKEN).and_then(|()| with_user.set_password(Some(CRYPT_KEY))).unwrap();
        for wrong in [
            json!({ "baseUrl": format!("http://127.0.0.1:{port}/?tokenAPI={TOKEN}") }),
            json!({ "baseUrl": with_user.as_str() }),
            json!({ "safe": TOKEN }),
            json!({ "name": 7, "credentials": { "tokenAPI": format!("{TOKEN} {CRYPT_KEY}"), "cryptKey": 7 } }),
            json!({ "credentials": TOKEN, "provider": CRYPT_KEY }),
            json!({ "hookSecret": HOOK_SECRET, "hookScheme": HOOK_SECRET }),
            json!({ "hookSecret": HOOK_SECRET, "hookScheme": "standard_webhooks" }),
        ] {
            let mut account = json!({ "provider": "d4sign", "name": "wrong", "safe": SAFE,
                "credentials": { "tokenAPI": TOKEN, "cryptKey": CRYPT_KEY } });
            account.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            let body = json!({ "data": { "type": "provider-config", "attributes": account } });
            let refused = self.call(Method::POST, "/esignature/provider-configs", Some(body)).await;
            assert!(refused["errors"].is_array(), "{account:#} is taken: {refused:#}");
        }
    }

    /// Vendors that fail us: given a request, and tried out.
    pub(super) async fn fails_at_vendors(&mut self) {
        let at = |provider: &'static str| FAILING.map(|way| (provider, way));
        for (provider, way) in at("d4sign").into_iter().chain(at("certyneo")) {
            let config = self.configured(provider, way).await;
            let new = new_request(json!({ "configId": config }));
            let created = self.call(Method::POST, "/esignature/requests", Some(new)).await;
            let id = created["data"]["id"].as_str().unwrap_or_else(|| panic!("{created:#}"));
            let (config, request) = (format!("/provider-configs/{config}"), format!("/requests/{id}"));
            let events = format!("{request}/events");
            // It is refused, or waits for a vendor that fails whatever it is asked.
            self.until(way, &[&config, &events], |told| told.contains("provider.failed") || told.contains("\"code\":"))
                .await;
            self.call(Method::POST, &format!("/esignature{config}/test"), None).await;
            for path in [config, request, events] {
                self.call(Method::GET, &format!("/esignature{path}"), None).await;
            }
        }
    }

    /// A request goes to D4Sign and comes back, but for the signed document: that is said to be at an address that holds the
    /// token, and is not given there.
    pub(super) async fn goes_well_at_d4sign(&mut self) {
        let config = self.configured("d4sign", "well").await;
        let path = format!("/esignature/provider-configs/{config}");
        let change = json!({ "data": { "type": "provider-config", "attributes": { "hookSecret": HOOK_SECRET } } });
        self.call(Method::PATCH, &path, Some(change)).await;
        assert_eq!(self.call(Method::POST, &format!("{path}/test"), None).await["data"]["attributes"]["ok"], true);
        let new = new_request(json!({ "configId": config }));
        let created = self.call(Method::POST, "/esignature/requests", Some(new)).await;
        let request = format!("/requests/{}", created["data"]["id"].as_str().unwrap());
        let events = format!("{request}/events");
        self.until("it is handed over", &[&events], |told| told.contains("provider.submitted")).await;
        self.call(Method::POST, &format!("/esignature{request}/resend"), Some(json!({}))).await;
        self.hears_hooks(&config).await;
        self.until("the signed document is not there", &[&events], |told| told.contains("download_http_403")).await;
        for path in [&path, &format!("/esignature{request}"), &format!("/esignature{events}")] {
            self.call(Method::GET, path, None).await;
        }
    }

    /// Hooks that are stamped with what they must not be, and one that is genuine, and tells secrets.
    async fn hears_hooks(&mut self, config: &str) {
        let url = format!("{}/hooks/d4sign/{config}", self.program.base);
        let body = json!({ "uuid": DOCUMENT, "type_post": "1", "message": TOKEN, "secret": HOOK_SECRET });
        let hook = |stamp: String| self.program.client.post(&url).header("Content-Hmac", stamp).json(&body);
        let stamp = |secret: &str| format!("sha256={}", hex::encode(hmac(secret.as_bytes(), &[DOCUMENT.as_bytes()])));
        for refused in [stamp(WRONG), format!("sha256={HOOK_SECRET}"), HOOK_SECRET.to_owned()].map(hook) {
            self.told.call(refused).await;
        }
        assert_eq!(answer(hook(stamp(HOOK_SECRET))).await.status, StatusCode::OK);
        let deliveries = "/inbound-deliveries";
        self.until("the hook has its verdict", &[deliveries], |told| told.contains("confirmed")).await;
        let listed = self.call(Method::GET, &format!("/esignature{deliveries}"), None).await;
        let delivery = format!("/esignature{deliveries}/{}", listed["data"][0]["id"].as_str().unwrap());
        self.call(Method::GET, &delivery, None).await;
        self.call(Method::POST, &format!("{delivery}/replay"), None).await;
    }
}
