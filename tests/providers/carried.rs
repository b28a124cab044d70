//! What is asked of signers is held against who carries it: a vendor sends its codes and makes its checks itself, our own
//! pages need a gateway, also where a request comes to them because its provider does not take it.

use countersign_tests::world::Answer;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::fallback::to_ourselves;
use super::line::Fate;
use super::{Pair, configure, their};

const SOON: SignedDuration = SignedDuration::from_secs(1);
/// As long as an account rests whose credentials are not known, time passes in larger steps.
const A_WHILE: SignedDuration = SignedDuration::from_secs(60);

/// Somebody of whom something is asked.
fn asked(name: &str, requirements: Value) -> Value {
    json!({ "name": name, "email": format!("{name}@x.com"), "phone": "+5511953020202", "requirements": requirements })
}

/// What only a gateway, or a vendor, can do.
fn outside() -> Value {
    let holder = json!({ "name": "João Silva", "nationalId": "111.444.777-35" });
    json!([
        asked("ana", json!({ "sms": true })),
        asked("bia", json!({ "whatsapp": true, "pix": holder })),
        asked("caio", json!({ "video": true, "certificate": { "kind": "e_cpf" } })),
    ])
}

/// The codes and places of an answer's faults.
fn faults(answer: &Answer) -> Vec<(&str, &str)> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{:#}", answer.json);
    let faults = answer.json["errors"].as_array().unwrap().iter();
    faults
        .map(|fault| {
            let pointer = fault["source"]["pointer"].as_str().unwrap();
            (fault["code"].as_str().unwrap(), pointer.strip_prefix("/data/attributes/signers/").unwrap())
        })
        .collect()
}

/// A pair whose vendor has a gateway, and we have none.
async fn without_gateway(vendor: &str) -> Pair {
    Pair::with(vendor, 1000, |settings| settings.gateway = None).await
}

#[tokio::test]
async fn what_the_vendor_does_itself_needs_no_gateway_here() {
    let pair = without_gateway("d4sign").await;
    let signers = json!([asked("ana", json!({ "sms": true })), asked("bia", json!({ "whatsapp": true }))]);
    let request = pair.ours.created(json!({ "signers": signers })).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    // Whoever joins there is asked there as well, by whichever dialect they come.
    let path = format!("/requests/{request}/signers");
    let body = json!({ "data": { "type": "signer", "attributes": asked("caio", json!({ "sms": true })) } });
    let joined = pair.ours.call(Method::POST, &path, Some(body)).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{:#}", joined.json);
    pair.until(&request, "delivery.sent", 1, SOON).await;
    let dora = json!({ "email": "dora@x.com", "act": "1", "foreign": "0", "certificadoicpbr": "0",
        "assinatura_presencial": "0", "embed_methodauth": "sms", "embed_smsnumber": "+5511953020203" });
    let path = format!("/documents/{request}/createlist");
    let joined = their(&pair.ours, Method::POST, &path, Some(json!({ "signers": [dora] }))).await;
    assert_eq!(joined.status, StatusCode::OK, "{:#}", joined.json);
    pair.until(&request, "delivery.sent", 2, SOON).await;
    let path = format!("/documents/{}/list", pair.one(&request).await);
    let listed = their(&pair.theirs, Method::GET, &path, None).await.json[0]["list"].clone();
    let codes: Vec<&Value> = listed.as_array().unwrap().iter().map(|signer| &signer["embed_methodauth"]).collect();
    assert_eq!(codes, ["sms", "whats", "sms", "sms"]);
    pair.ours.check().await;
}

#[tokio::test]
async fn our_own_pages_need_a_gateway_and_take_no_certificate() {
    let pair = without_gateway("d4sign").await;
    let own = configure(&pair.ours, json!({ "provider": "native", "name": "ourselves" })).await;
    let refused = pair.ours.create(json!({ "configId": own["id"], "signers": outside() })).await;
    let expected = [
        ("gateway_missing", "0/requirements/sms"),
        ("gateway_missing", "1/requirements/whatsapp"),
        ("gateway_missing", "1/requirements/pix"),
        ("gateway_missing", "2/requirements/video"),
        ("not_supported", "2/requirements/certificate"),
    ];
    assert_eq!(faults(&refused), expected);
    let taken = pair.ours.create(json!({ "draft": true, "signers": outside() })).await;
    assert_eq!(taken.status, StatusCode::CREATED, "the default is the vendor: {:#}", taken.json);
}

#[tokio::test]
async fn a_request_does_not_fall_back_to_pages_that_cannot_carry_it() {
    let pair = without_gateway("d4sign").await;
    to_ourselves(&pair).await;
    pair.line.judge(|_| Fate::Refused(401, None));
    let usual = pair.ours.created(json!({ "signers": [asked("bia", json!({}))] })).await;
    pair.until(&usual, "signer.invited", 1, SOON).await;
    let sms = pair.ours.created(json!({ "signers": [asked("ana", json!({ "sms": true }))] })).await;
    pair.until(&sms, "provider.failed", 1, A_WHILE).await;
    // It would be invited in the commit that says where it goes.
    assert_eq!(pair.ours.events(&sms).await, ["request.created", "request.sent", "provider.failed"]);
    pair.line.judge(|_| Fate::Answered);
    pair.until(&sms, "provider.submitted", 1, A_WHILE).await;
    pair.ours.check().await;
}
