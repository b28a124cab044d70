//! Signed PDFs that are none: what a vendor gives is looked into before it is kept, and asked for again within bounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_tests::world::sample;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::Pair;
use super::circle::download;
use super::line::Fate;

const SOON: SignedDuration = SignedDuration::from_secs(1);
/// Where the line is told to serve what D4Sign says can be had elsewhere.
const ELSEWHERE: &str = "GET /elsewhere.pdf";

/// A document of two pages.
fn two_pages() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /MediaBox [0 0 300 200] >>",
        "<< /Type /Page /Parent 2 0 R /Resources << >> >>",
        "<< /Type /Page /Parent 2 0 R /Resources << >> >>",
    ];
    let (mut pdf, mut table) = ("%PDF-1.7\n".to_owned(), "xref\n0 5\n0000000000 65535 f \n".to_owned());
    for (number, object) in (1..).zip(objects) {
        table.push_str(&format!("{:010} 00000 n \n", pdf.len()));
        pdf.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let start = pdf.len();
    pdf.push_str(&format!("{table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    pdf.into_bytes()
}

/// The codes that the history tells of documents that could not be had.
async fn told(pair: &Pair, request: &str) -> Vec<Value> {
    let events = pair.ours.call(Method::GET, &format!("/requests/{request}/events"), None).await.json;
    let events = events["data"].as_array().unwrap().iter().map(|event| &event["attributes"]);
    let told = events.filter(|event| event["name"] == "document.seal_failed");
    told.map(|event| event["data"]["code"].clone()).collect()
}

/// A request that is signed at the vendor by both, whose signed PDF meets a fate.
async fn signed(pair: &Pair, original: &[u8], fates: Vec<Fate>) -> (String, String) {
    let (url, mut fates) = (pair.line.url().to_owned(), fates.into_iter());
    let place: &'static [u8] = format!("{{\"url\": \"{url}/elsewhere.pdf\", \"name\": \"x\"}}").leak().as_bytes();
    let mut next = None;
    pair.line.judge(move |what| {
        if what == ELSEWHERE {
            return next.take().unwrap();
        }
        if !what.ends_with("/signed-document") && !what.ends_with("/download") {
            return Fate::Answered;
        }
        match fates.next() {
            Some(Fate::Refused(status, wait)) => Fate::Refused(status, wait),
            Some(fate) if what.ends_with("/download") => {
                next = Some(fate);
                Fate::Instead(place)
            }
            Some(fate) => fate,
            None => Fate::Answered,
        }
    });
    let file = json!({ "fileBase64": STANDARD.encode(original), "fileName": "contrato.pdf" });
    let request = pair.ours.created(file).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    pair.theirs.sign(&theirs, 0).await;
    pair.theirs.sign(&theirs, 1).await;
    (request, theirs)
}

/// Each thing that is not the signed PDF is refused with its code, and the right one is kept in the end.
async fn is_kept_out(vendor: &str) {
    let pair = Pair::new(vendor, 100_000).await;
    let original = two_pages();
    let leaked = |bytes: Vec<u8>| Fate::Instead(Vec::leak(bytes));
    let cases = [
        (Fate::Instead(b"<html>Bad gateway</html>"), "not_a_pdf"),
        (Fate::Endless, "answer_too_long"),
        (leaked(original.clone()), "not_signed"),
        (leaked(sample()), "another_document"),
        (leaked(original[..original.len() / 2].to_vec()), "damaged"),
    ];
    for (fate, code) in cases {
        let (request, theirs) = signed(&pair, &original, vec![fate]).await;
        pair.until(&request, "document.sealed", 1, SOON).await;
        assert_eq!(told(&pair, &request).await, [code]);
        let fetched = download(&pair.ours, &request).await;
        assert_eq!(fetched, download(&pair.theirs, &theirs).await, "{code}: only the vendor's own is kept");
        assert_eq!(pair.shown().await["state"]["status"], "ok", "{code}: nothing is wrong with the account");
    }
    pair.ours.check().await;
}

#[tokio::test]
async fn what_is_no_signed_pdf_of_certyneos_is_kept_out() {
    is_kept_out("certyneo").await;
}

#[tokio::test]
async fn what_is_no_signed_pdf_of_d4signs_is_kept_out() {
    is_kept_out("d4sign").await;
}

/// What is never to be had is given up, which can be seen.
async fn is_given_up(vendor: &str, fate: Fate, code: &str, tries: usize) {
    let pair = Pair::new(vendor, 100_000).await;
    let original = sample();
    let (request, _) = signed(&pair, &original, vec![fate; 1000]).await;
    pair.until(&request, "delivery.failed", 1, SignedDuration::from_hours(1)).await;
    assert!(told(&pair, &request).await.iter().all(|told| told == code));
    let asked = pair.line.count("/signed-document") + pair.line.count("/download");
    assert_eq!(asked, tries);
    for _ in 0..24 {
        pair.pass(SignedDuration::from_hours(2));
        tokio::time::sleep(super::LOOK).await;
    }
    assert_eq!(pair.line.count("/signed-document") + pair.line.count("/download"), asked, "and never asked for again");
    assert_eq!(pair.ours.status(&request).await, "COMPLETED");
    let answer = pair.ours.call(Method::GET, &format!("/requests/{request}/download"), None).await;
    let url = answer.json["downloadUrl"].as_str().unwrap();
    let refused = pair.ours.client.get(url).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(!refused.headers().contains_key("retry-after"), "it will not be there shortly");
    pair.ours.check().await;
}

#[tokio::test]
async fn what_is_gone_is_given_up() {
    is_given_up("certyneo", Fate::Refused(410, None), "http_410", 10).await;
    is_given_up("d4sign", Fate::Refused(410, None), "http_410", 10).await;
}

#[tokio::test]
async fn what_is_never_ready_is_given_up() {
    is_given_up("d4sign", Fate::Refused(404, None), "not_ready", 100).await;
}

#[tokio::test]
async fn what_never_is_a_pdf_is_given_up() {
    is_given_up("certyneo", Fate::Instead(b"soon"), "not_a_pdf", 100).await;
}
