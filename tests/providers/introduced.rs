//! Who signs in person at D4Sign and is known here need not write there who they are: the vendor is told once, before it
//! writes to anybody, and again when it was put right.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::line::Fate;
use super::{Pair, their};

const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Three people: one who signs in person and of whom all is known, one of whom only the name is, and one at a distance.
fn people() -> Value {
    json!([
        { "name": "Ana Souza", "email": "ana@x.com", "nationalId": "111.444.777-35", "birthday": "1990-12-31",
          "requirements": { "inPerson": true } },
        { "name": "Bia Lima", "email": "bia@x.com", "requirements": { "inPerson": true } },
        { "name": "Caio Reis", "email": "caio@x.com", "nationalId": "529.982.247-25", "birthday": "1980-01-02" },
    ])
}

/// Who the people are at theirs, in their order: name, CPF and day of birth.
async fn known(pair: &Pair, theirs: &str) -> Vec<[String; 3]> {
    let mut known = Vec::new();
    for place in 0..3 {
        let signer = pair.theirs.signer(theirs, place).await;
        let text = |name: &str| signer[name].as_str().unwrap_or_default().to_owned();
        known.push([text("name"), text("nationalId"), text("birthday")]);
    }
    known
}

fn as_told(birthday: &str) -> Vec<[String; 3]> {
    let of = |known: [&str; 3]| known.map(str::to_owned);
    vec![of(["Ana Souza", "11144477735", birthday]), of(["Bia Lima", "", ""]), of(["caio@x.com", "", ""])]
}

/// The id of a signer of ours.
async fn id_of(pair: &Pair, request: &str, place: usize) -> String {
    let request = pair.ours.get(request).await;
    request["relationships"]["signers"]["data"][place]["id"].as_str().unwrap().to_owned()
}

async fn correct(pair: &Pair, request: &str, place: usize, attributes: Value) {
    let path = format!("/requests/{request}/signers/{}", id_of(pair, request, place).await);
    let body = json!({ "data": { "type": "signer", "attributes": attributes } });
    let done = pair.ours.call(Method::PATCH, &path, Some(body)).await;
    assert_eq!(done.status, StatusCode::OK, "{:#}", done.json);
}

#[tokio::test]
async fn who_signs_in_person_and_is_known_is_known_there_and_corrections_follow() {
    let pair = Pair::new("d4sign", 100_000).await;
    let request = pair.ours.created(json!({ "signers": people() })).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    let theirs = pair.one(&request).await;
    assert_eq!(known(&pair, &theirs).await, as_told("1990-12-31"));
    let calls: Vec<String> = pair.line.made().into_iter().map(|call| call.what).collect();
    let (told, sent) = ("/addinfo", calls.iter().position(|call| call.ends_with("/sendtosigner")).unwrap());
    assert!(calls[..sent].iter().filter(|call| call.ends_with(told)).count() == 2, "before it is sent: {calls:?}");

    correct(&pair, &request, 0, json!({ "birthday": "1990-12-30" })).await;
    pair.until(&request, "delivery.sent", 1, SOON).await;
    assert_eq!(known(&pair, &theirs).await, as_told("1990-12-30"));
    assert_eq!(pair.line.count(told), 3, "of whom nothing has changed nothing is said");
    correct(&pair, &request, 2, json!({ "birthday": "1980-01-03" })).await;
    pair.until(&request, "delivery.sent", 2, SOON).await;
    assert_eq!(pair.line.count(told), 3, "nor of who signs at a distance");
    // Whoever takes over is another.
    let body = json!({ "data": { "type": "signer",
        "attributes": { "name": "Zoe Reis", "email": "zoe@x.com", "nationalId": "529.982.247-25" } } });
    let path = format!("/requests/{request}/signers/{}/replace", id_of(&pair, &request, 1).await);
    let replaced = pair.ours.call(Method::POST, &path, Some(body)).await;
    assert_eq!(replaced.status, StatusCode::CREATED, "{:#}", replaced.json);
    pair.until(&request, "delivery.sent", 3, SOON).await;
    let listed = their(&pair.theirs, Method::GET, &format!("/documents/{theirs}/list"), None).await.json;
    let zoe = listed[0]["list"].as_array().unwrap().iter().find(|signer| signer["email"] == "zoe@x.com").unwrap();
    assert_eq!((&zoe["user_name"], &zoe["user_document"]), (&json!("Zoe Reis"), &json!("52998224725 (CPF)")));
    pair.ours.check().await;
    pair.theirs.check().await;
}

#[tokio::test]
async fn what_was_told_without_an_answer_is_told_again_and_once_there() {
    let pair = Pair::new("d4sign", 100_000).await;
    let mut lost = 0;
    pair.line.judge(move |what| match what.ends_with("/addinfo") && lost < 3 {
        true => {
            lost += 1;
            Fate::Lost
        }
        false => Fate::Answered,
    });
    let request = pair.ours.created(json!({ "signers": people() })).await;
    pair.until(&request, "provider.submitted", 1, SignedDuration::from_secs(5)).await;
    let theirs = pair.one(&request).await;
    assert_eq!(known(&pair, &theirs).await, as_told("1990-12-31"));
    assert_eq!(pair.line.count("/addinfo"), 5);
    let corrected = pair.theirs.events(&theirs).await.iter().filter(|event| *event == "signer.corrected").count();
    assert_eq!(corrected, 2, "once for each");
    pair.theirs.check().await;
}

#[tokio::test]
async fn what_the_vendor_does_not_take_of_it_keeps_nothing_from_being_sent() {
    let pair = Pair::new("d4sign", 100_000).await;
    pair.line.judge(|what| if what.ends_with("/addinfo") { Fate::Refused(422, None) } else { Fate::Answered });
    let request = pair.ours.created(json!({ "signers": people() })).await;
    pair.until(&request, "provider.submitted", 1, SOON).await;
    assert_eq!(pair.line.count("/addinfo"), 2, "once for each");
    assert_eq!(pair.theirs.status(&pair.one(&request).await).await, "SENT");
}
