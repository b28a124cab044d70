//! What people prove, step by step, on a phone and at a desk, by day and by night: every step is looked at before and after
//! something was wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::config::GatewaySettings;
use countersign::http::auth::Permission;
use countersign_tests::world::{World, new_request};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{JOAO, WIDTHS, browse};
use crate::webhooks::receiver::{Receiver, Say};

/// A payment as a bank's service writes one.
const PAYMENT: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865404\
                       0.015802BR5913Countersign6009Sao Paulo62070503***63041D3D";

/// A signer's own link, as the API shows it.
async fn link_of(world: &World, key: &str, attributes: Value) -> String {
    let made = world.call_as(key, Method::POST, "/requests", Some(new_request(attributes))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{:#}", made.json);
    made.json["data"]["relationships"]["signers"]["data"][0]["attributes"]["signingUrl"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_prove_who_they_are_step_by_step() {
    let world = World::system().await;
    let key = world.key("acme~test", &Permission::ALL).await;
    let more = [("identity", "identity"), ("inPerson", "in_person")];
    for ((width, dark), (requirement, stated)) in [(WIDTHS[0], false), (WIDTHS[1], true)].into_iter().zip(more) {
        let requirements = json!({ "emailCode": true, requirement: true, "photo": true, "selfie": true,
            "attachments": "Contrato social e conta de luz" });
        let signer =
            json!({ "name": "João Silva", "email": JOAO, "accessCode": "Rosa12", "requirements": requirements });
        let link = link_of(&world, &key, json!({ "language": "pt-BR", "signers": [signer] })).await;
        let steps = json!([
            { "method": "access_code", "code": "Rosa12", "says": "Restam 4 tentativas" },
            { "method": "email_code" },
            { "method": stated, "says": "Este CPF não é válido" },
            { "method": "photo", "says": "“rg.png” não é um arquivo" },
            { "method": "selfie" },
            { "method": "attachments" },
        ]);
        let given = json!({ "link": link, "width": width, "dark": dark, "steps": steps, "language": "pt-BR" });
        assert_eq!(browse("steps", given).await, json!({ "heading": "Obrigado, você assinou", "language": "pt-BR" }));
    }
}

/// A system with somebody who makes checks for it.
async fn with_gateway(url: String) -> World {
    World::changed(|settings| {
        settings.webhooks.allow_loopback = true;
        settings.gateway = Some(GatewaySettings { url, secret: vec![7; 32] });
    })
    .await
}

async fn pay_by_pix_and_have_their_face_compared(width: u32, dark: bool) {
    let mut asked = std::collections::BTreeMap::new();
    let gateway = Receiver::saying(move |call| {
        let kind = call.json()["kind"].as_str().unwrap().to_owned();
        let count = asked.entry(kind.clone()).or_insert(0);
        *count += 1;
        let answer = match (kind.as_str(), *count) {
            ("pix", 1) => json!({ "status": "pending", "payment": { "text": PAYMENT, "amount": "R$ 0,01" } }),
            ("score", 1) => json!({ "status": "failed", "reason": "not_similar" }),
            _ => json!({ "status": "passed", "similarity": 91 }),
        };
        Say::With(200, "Content-Type: application/json".to_owned(), answer.to_string())
    })
    .await;
    let world = with_gateway(gateway.url()).await;
    let holder = json!({ "name": "João Silva", "nationalId": "111.444.777-35" });
    let score = json!({ "name": "João Silva", "nationalId": "111.444.777-35", "similarity": 80 });
    let requirements = json!({ "identity": true, "foreign": true, "pix": holder, "selfie": true, "score": score,
        "language": "es" });
    let signer = json!({ "name": "João Silva", "email": JOAO, "birthday": "1990-02-28", "requirements": requirements });
    let key = world.key.clone();
    let link = link_of(&world, &key, json!({ "language": "pt-BR", "signers": [signer] })).await;
    let steps = json!([
        { "method": "identity" },
        { "method": "selfie" },
        { "method": "pix", "text": PAYMENT },
        { "method": "score", "says": "no se parecen lo suficiente" },
    ]);
    let given = json!({ "link": link, "width": width, "dark": dark, "steps": steps, "language": "es" });
    assert_eq!(browse("steps", given).await, json!({ "heading": "Gracias, ha firmado", "language": "es" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn people_pay_by_pix_and_have_their_face_compared_on_a_phone() {
    pay_by_pix_and_have_their_face_compared(WIDTHS[0], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_pay_by_pix_and_have_their_face_compared_at_a_desk() {
    pay_by_pix_and_have_their_face_compared(WIDTHS[1], false).await;
}

async fn record_a_video_of_themselves(width: u32, dark: bool) {
    let mut asked = 0;
    let gateway = Receiver::saying(move |_| {
        asked += 1;
        let answer = match asked {
            1 => json!({ "status": "failed", "reason": "not_live" }),
            _ => json!({ "status": "passed" }),
        };
        Say::With(200, "Content-Type: application/json".to_owned(), answer.to_string())
    })
    .await;
    let world = with_gateway(gateway.url()).await;
    let signer = json!({ "name": "João Silva", "email": JOAO, "requirements": { "video": true } });
    let link = link_of(&world, &world.key, json!({ "language": "en", "signers": [signer] })).await;
    let steps = json!([{ "method": "video_selfie", "says": "is not a file of a kind", "alive": "living person" }]);
    let given = json!({ "link": link, "width": width, "dark": dark, "steps": steps, "language": "en" });
    assert_eq!(browse("steps", given).await, json!({ "heading": "Thank you, you have signed", "language": "en" }));
    let videos = gateway.heard().into_iter().map(|heard| {
        let (errand, file) = (heard.json(), heard.json()["files"][0].take());
        assert_eq!((&errand["kind"], &file["role"]), (&json!("video_selfie"), &json!("video")), "{errand:#}");
        STANDARD.decode(file["base64"].as_str().unwrap()).unwrap()
    });
    let videos: Vec<Vec<u8>> = videos.collect();
    assert_eq!(videos.len(), 2, "the picture was shown to nobody");
    assert_ne!(videos[0], videos[1], "each was recorded");
    for video in videos {
        // WebM (RFC 9559) with pictures that move.
        assert!(video.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) && video.windows(4).any(|four| four == b"V_VP"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_record_a_video_of_themselves_on_a_phone() {
    record_a_video_of_themselves(WIDTHS[0], true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_record_a_video_of_themselves_at_a_desk() {
    record_a_video_of_themselves(WIDTHS[1], false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_guess_are_told_to_wait() {
    let world = World::system().await;
    let key = world.key("acme~test", &Permission::ALL).await;
    for width in WIDTHS {
        let signer = json!({ "name": "João Silva", "email": JOAO, "accessCode": "Rosa12" });
        let link = link_of(&world, &key, json!({ "language": "en", "signers": [signer] })).await;
        let seen = browse("guesses", json!({ "link": link, "width": width, "says": "in 10 minutes" })).await;
        assert_eq!(seen, json!({ "tries": 5 }));
    }
}
