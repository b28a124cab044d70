//! What fails of one file, one signer or one request is not the account's failure: others go on meanwhile.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::line::Fate;
use super::{LOOK, PATIENCE, Pair};

const SOON: SignedDuration = SignedDuration::from_secs(1);

/// A request that both have signed at the vendor, of which the file is not to be had as its line says.
async fn without_its_file(pair: Pair, judge: impl FnMut(&str) -> Fate + Send + 'static, code: &str) {
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    pair.line.judge(judge);
    pair.theirs.sign(&theirs, 0).await;
    pair.until(&request, "signer.signed", 1, SOON).await;
    pair.theirs.sign(&theirs, 1).await;
    pair.until(&request, "document.seal_failed", 1, SOON).await;
    let told = pair.ours.call(Method::GET, &format!("/requests/{request}/events"), None).await.json.to_string();
    assert!(told.contains(&format!("\"{code}\"")), "{told}");
    let state = pair.shown().await["state"].clone();
    assert_eq!((&state["status"], state.get("retryAt")), (&json!("ok"), None), "{state:#}");
    // At the same instant another request is handed over.
    let other = pair.ours.created(json!({ "title": "Outro" })).await;
    pair.until(&other, "provider.submitted", 1, SignedDuration::ZERO).await;
    pair.line.judge(|_| Fate::Answered);
    pair.until(&request, "document.sealed", 1, SOON).await;
    pair.ours.check().await;
}

#[tokio::test]
async fn a_download_that_has_expired_is_no_refusal_of_the_credentials() {
    let pair = Pair::new("d4sign", 1000).await;
    let expired: &str = json!({ "url": format!("{}/expired.pdf", pair.line.url()) }).to_string().leak();
    let judge = move |what: &str| match what {
        _ if what.ends_with("/expired.pdf") => Fate::Refused(403, None),
        _ if what.ends_with("/download") => Fate::Says(expired),
        _ => Fate::Answered,
    };
    without_its_file(pair, judge, "download_http_403").await;
}

#[tokio::test]
async fn a_file_that_is_no_pdf_is_not_the_vendor_being_away() {
    let judge = |what: &str| match what.contains("/signed-document") {
        true => Fate::Says("one moment, please"),
        false => Fate::Answered,
    };
    without_its_file(Pair::new("certyneo", 1000).await, judge, "not_a_pdf").await;
}

#[tokio::test]
async fn a_signer_who_is_written_to_too_often_is_left_alone_and_nobody_else_is() {
    let pair = Pair::new("d4sign", 1000).await;
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let mut first = true;
    pair.line.judge(move |what| match what.ends_with("/resend") && std::mem::take(&mut first) {
        true => Fate::Refused(429, Some(600)),
        false => Fate::Answered,
    });
    let resent = pair.ours.call(Method::POST, &format!("/requests/{request}/resend"), Some(json!({}))).await;
    assert_eq!(resent.status, StatusCode::OK, "{:#}", resent.json);
    let resends = || pair.line.made().into_iter().filter(|call| call.what.ends_with("/resend")).collect::<Vec<_>>();
    let called = async {
        while resends().is_empty() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(PATIENCE, called).await.expect("the vendor is told to write again");
    let other = pair.ours.created(json!({ "title": "Outro" })).await;
    pair.until(&other, "provider.submitted", 1, SignedDuration::ZERO).await;
    assert_eq!(pair.shown().await["state"]["status"], "ok");
    pair.until(&request, "delivery.sent", 1, SignedDuration::from_secs(30)).await;
    let calls = resends();
    assert_eq!(calls.len(), 2);
    assert!(calls[1].at.duration_since(calls[0].at) >= SignedDuration::from_secs(600), "as it asked: {calls:?}");
}

#[tokio::test]
async fn a_vendor_that_has_moved_has_refused_nothing() {
    let pair = Pair::new("certyneo", 1000).await;
    let mut moved = 3;
    pair.line.judge(move |_| {
        moved -= 1;
        if moved >= 0 { Fate::Refused(302, None) } else { Fate::Answered }
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "provider.submitted", 1, SignedDuration::from_secs(10)).await;
    assert!(!pair.ours.events(&request).await.contains(&"delivery.failed".to_owned()));
}

#[tokio::test]
async fn what_is_not_found_among_too_much_is_given_up_and_said() {
    let pair = Pair::new("d4sign", 1000).await;
    pair.line.judge(|what| match what {
        _ if what.ends_with("/upload") => Fate::Lost,
        _ if what.ends_with("/safe") => Fate::Says(r#"[{ "total_pages": "99" }]"#),
        _ => Fate::Answered,
    });
    let request = pair.ours.created(json!({})).await;
    pair.until(&request, "delivery.failed", 1, SignedDuration::from_secs(10)).await;
    let told = pair.ours.call(Method::GET, &format!("/requests/{request}/events"), None).await.json.to_string();
    assert_eq!(told.matches("\"too_many_documents\"").count(), 2, "as the provider's, and of what was owed: {told}");
    assert_eq!(pair.shown().await["state"]["code"], "too_many_documents");
    let looks = pair.line.made().iter().filter(|call| call.what.ends_with("/safe")).count();
    assert_eq!(looks, 8, "twice, four pages each, after the upload");
    pair.ours.check().await;
}
