//! A person with a link: their browser, and what they do with it.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{Answer, answer, http};

/// Who people say they are.
pub const IDENTITY: [(&str, &str); 3] =
    [("name", "João da Silva"), ("cpf", "529.982.247-25"), ("birthday", "1990-02-28")];

/// A person's browser with the cookie that a link was exchanged for.
pub struct Browser {
    /// The client with its cookies.
    pub client: Client,
    /// The address of the page that the link led to.
    pub page: reqwest::Url,
    /// The status of that page.
    pub status: StatusCode,
    /// Its text.
    pub html: String,
}

impl Browser {
    /// Follows a link.
    pub async fn open(link: &str) -> Self {
        let client = http().cookie_store(true).user_agent("a test's browser").build().unwrap();
        let response = client.get(link).send().await.unwrap();
        let (page, status) = (response.url().clone(), response.status());
        let html = response.text().await.unwrap();
        Self { client, page, status, html }
    }

    /// The same browser once its person has said who they are, where the page asks that and nothing else.
    pub async fn identified(mut self) -> Self {
        if self.html.contains("data-method=\"identity\"") {
            let url = self.page.join(&format!("{}/steps/identity", self.page.path())).unwrap();
            let said = form(self.client.post(url), &IDENTITY).send().await.unwrap();
            (self.status, self.html) = (said.status(), said.text().await.unwrap());
            assert!(self.html.contains("id=\"ceremony\""), "{}: {}", self.status, self.html);
        }
        self
    }

    /// What the page tells its script.
    pub fn ceremony(&self) -> Value {
        let (_, rest) = self.html.split_once("id=\"ceremony\">").unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    /// Signs with a typed name; `fields` are what is filled in.
    pub async fn sign(&self, fields: Value) -> Answer {
        let signature = json!({ "kind": "typed", "text": "João Silva" });
        self.answer("sign", json!({ "consent": true, "signature": signature, "fields": fields })).await
    }

    /// Declines.
    pub async fn decline(&self, reason: &str) -> Answer {
        self.answer("decline", json!({ "reason": reason })).await
    }

    /// Sends an answer as the page's script would.
    pub async fn answer(&self, what: &str, body: Value) -> Answer {
        let url = self.page.join(&format!("{}/{what}", self.page.path())).unwrap();
        answer(self.client.post(url).json(&body)).await
    }
}

/// A call with a form, as browsers write one.
pub fn form(call: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let url = reqwest::Url::parse_with_params("http://form.example", fields).unwrap();
    call.header("content-type", "application/x-www-form-urlencoded").body(url.query().unwrap_or_default().to_owned())
}
