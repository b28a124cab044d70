//! What is told and kept, place by place, and in which of these places a secret stands.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::servers::connect_as;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;
use sqlx::AssertSqlSafe;

/// Places, each with what stands there.
#[derive(Default)]
pub(super) struct Told(Vec<(String, String)>);

impl Told {
    /// What stands at a place. Whatever is no text becomes a mark, which no secret has.
    pub(super) fn at(&mut self, place: impl Into<String>, bytes: &[u8]) {
        self.0.push((place.into(), String::from_utf8_lossy(bytes).into_owned()));
    }

    /// Makes a call and keeps all of its answer; the body, if that is JSON.
    pub(super) async fn call(&mut self, call: RequestBuilder) -> Value {
        let response = call.send().await.unwrap();
        let place = format!("the answer of {} ({})", response.url().path(), response.status());
        let head = format!("{:?}\n", response.headers());
        let body = response.bytes().await.unwrap();
        self.at(place, &[head.as_bytes(), &body].concat());
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Every file in a folder.
    pub(super) fn folder(&mut self, when: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.folder(when, &path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                // One that is gone again was a temporary one.
                self.at(format!("{when}: {}", path.display()), &bytes);
            }
        }
    }

    /// Every row of a PostgreSQL database, as it would be printed: bytes in hexadecimal.
    pub(super) async fn database(&mut self, url: &str) {
        let mut db = connect_as("*", url).await;
        let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut db).await.unwrap();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT kept::text FROM {table} AS kept"));
            let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut db).await.unwrap();
            self.at(format!("the table {table}"), rows.join("\n").as_bytes());
        }
    }

    /// Whether a place whose name begins so tells a text: that it was looked at, and not in vain.
    pub(super) fn tells(&self, place: &str, text: &str) -> bool {
        self.0.iter().any(|(name, told)| name.starts_with(place) && told.contains(text))
    }

    /// The places that tell a secret, each with what stands before it.
    pub(super) fn leaks(&self, secret: &str) -> Vec<String> {
        let forms = forms(secret);
        let found = self.0.iter().filter_map(|(place, told)| {
            let at = forms.iter().find_map(|form| told.find(form.as_str()))?;
            let before: String = told[..at].chars().rev().take(200).collect();
            Some(format!("{place}: {}", before.chars().rev().collect::<String>()))
        });
        found.collect()
    }
}

/// A secret as it may be written: plain, in a query, in base64, in hexadecimal.
fn forms(secret: &str) -> [String; 4] {
    let url = Url::parse_with_params("http://localhost/", [("", secret)]).unwrap();
    let in_query = url.query().unwrap().trim_start_matches('=').to_owned();
    [secret.to_owned(), in_query, STANDARD.encode(secret), hex::encode(secret)]
}
