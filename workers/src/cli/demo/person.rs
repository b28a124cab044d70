//! A person with a link, and a browser of few words: opens the link, reads the document, fills the
//! fields that the page names, signs.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use serde_json::{Value, json};

use crate::cli::Failed;

/// How somebody signs.
pub(super) enum Hand {
    /// Types the name.
    Types,
    /// Draws with a finger.
    Draws,
}

/// Somebody who signs.
pub(super) struct Person {
    pub(super) name: &'static str,
    hand: Hand,
}

impl Person {
    pub(super) fn new(name: &'static str, hand: Hand) -> Self {
        Self { name, hand }
    }

    /// Opens the link and signs, as the page would.
    pub(super) async fn signs(&self, link: &str) -> Result<(), Failed> {
        let agent = "Countersign demo (a browser of few words)";
        let browser = reqwest::Client::builder().cookie_store(true).user_agent(agent).build()?;
        let response = browser.get(link).send().await?.error_for_status()?;
        let page = response.url().clone();
        let ceremony = ceremony(&response.text().await?)?;
        let document = browser.get(page.join(&format!("{}/documents/0", page.path()))?).send().await?;
        if !document.error_for_status()?.bytes().await?.starts_with(b"%PDF") {
            return Err("the signing page showed no PDF".into());
        }
        let answer = json!({ "consent": true, "signature": self.signature(), "fields": self.fields(&ceremony) });
        let response = browser.post(page.join(&format!("{}/sign", page.path()))?).json(&answer).send().await?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("{} could not sign: {status} {}", self.name, response.text().await?).into());
        }
        Ok(())
    }

    fn signature(&self) -> Value {
        match self.hand {
            Hand::Types => json!({ "kind": "typed", "text": self.name }),
            Hand::Draws => json!({ "kind": "drawn", "aspect": 3.2, "strokes": flourish() }),
        }
    }

    fn fields(&self, ceremony: &Value) -> BTreeMap<String, Value> {
        let fields = ceremony["documents"].as_array().into_iter().flatten();
        let fields = fields.flat_map(|document| document["fields"].as_array().cloned().unwrap_or_default());
        let filled = fields.filter_map(|field| {
            let value = match field["kind"].as_str()? {
                "date" => json!(jiff::Zoned::now().date().to_string()),
                "checkbox" => json!(true),
                "text" => json!(self.name),
                _ => return None,
            };
            Some((field["id"].as_str()?.to_owned(), value))
        });
        filled.collect()
    }
}

/// What the page tells its script.
fn ceremony(page: &str) -> Result<Value, Failed> {
    let inside = page.split_once("id=\"ceremony\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let (json, _) = inside.ok_or("the signing page has no ceremony")?;
    Ok(serde_json::from_str(json)?)
}

/// A signature as a hand might draw it: loops that run along a line, and a stroke under them.
fn flourish() -> Vec<Vec<[f64; 2]>> {
    let round = |share: f64| (share * 10_000.0).round() / 10_000.0;
    let loops = (0..=160).map(|step| {
        let along = f64::from(step) / 160.0;
        let height = 0.30 * (1.0 - 0.55 * along);
        let x = 0.06 + 0.74 * along + 0.045 * (along * 11.0 * PI).sin();
        [round(x), round(0.46 - height * (along * 11.0 * PI).cos())]
    });
    let under = (0..=24).map(|step| {
        let along = f64::from(step) / 24.0;
        [round(0.12 + 0.80 * along), round(0.86 - 0.14 * (along * PI).sin())]
    });
    vec![loops.collect(), under.collect()]
}
