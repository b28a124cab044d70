//! `createlist` with seed 001's own body; and signers who join a document that is out, each where they belong.

use std::sync::Arc;

use countersign_tests::world::answer;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Desk, ok, signer, text, wrong};

/// The body of seed 001, but for the addresses, which are hidden there, and for what it marks as optional and shows with
/// a word in place of a value (a group, a certificate's owner).
fn seeds() -> Value {
    json!({ "signers": [{
        "email": "ana@example.com", "act": "1", "foreign": "1", "certificadoicpbr": "0", "assinatura_presencial": "0",
        "docauth": "0", "docauthandselfie": "0", "embed_methodauth": "email", "embed_smsnumber": "", "upload_allow": "0",
        "upload_obs": "Contrato Social e Conta de Luz", "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "CPF",
        "certificadoicpbr_cnpj": "CNPJ", "password_code": "Código de acesso", "auth_pix": "0",
        "auth_pix_nome": "Nome do signatário", "auth_pix_cpf": "21917876280", "videoselfie": "0", "d4sign_score": "0",
        "d4sign_score_nome": "Nome do signatário", "d4sign_score_cpf": "21917876280", "d4sign_score_similarity": "90",
    }] })
}

#[tokio::test]
async fn the_seeds_own_body_is_taken_and_answered_in_its_shape() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let created = ok(&desk.post(&id, "createlist", seeds()).await).clone();
    let expected = json!({
        "key_signer": created["key_signer"], "email": "ana@example.com", "act": "1", "foreign": "1",
        "certificadoicpbr": "0", "assinatura_presencial": "0", "assinatura_presencial_link": "", "doc_auth": "0",
        "embed_methodauth": "email", "embed_smsnumber": "", "upload_allow": "0", "upload_obs": "",
        "docauthandselfie": "0", "skipemail": "0", "whatsapp": "", "password_code": "Código de acesso",
        "status": "created",
    });
    assert_eq!(created["message"], json!([expected]), "the vendor's own clients read this");
    let mut first = created.clone();
    first.as_object_mut().unwrap().remove("message");
    assert_eq!(first, expected, "and the seed shows this");
    let listed = desk.listed(&id).await;
    let seeds_members = [
        "key_signer",
        "user_name",
        "user_document",
        "email",
        "signed",
        "sign_info",
        "type",
        "foreign",
        "certificadoicpbr",
        "assinatura_presencial",
        "assinatura_presencial_link",
        "embed_methodauth",
        "embed_smsnumber",
        "email_sent",
        "email_sent_status",
        "email_sent_message",
        "upload_allowed",
        "upload_obs",
        "documents_attached",
        "date",
        "docauth",
        "docauth_text",
        "password_code",
    ];
    for member in seeds_members {
        assert!(listed["list"][0].get(member).is_some(), "{member} in {listed:#}");
    }
    for member in [
        "uuidDoc",
        "nameDoc",
        "type",
        "size",
        "pages",
        "uuidSafe",
        "safeName",
        "statusId",
        "statusName",
        "statusComment",
        "whoCanceled",
    ] {
        assert!(listed[member].is_string(), "{member} in {listed:#}");
    }
    assert_eq!(listed["list"][0]["date"], "2026-01-15 07:30:00");
    assert_eq!(listed["list"][0]["password_code"], "Código de acesso");
    desk.world.check().await;
}

#[tokio::test]
async fn letters_are_told_of_in_the_list() {
    let desk = Desk::new().await;
    let (id, _) = desk.sent(json!([signer("ana@example.com", json!({}))]), json!({})).await;
    desk.world.until(&id, "delivery.sent", 1).await;
    let listed = desk.listed(&id).await["list"][0].clone();
    let told = ["email_sent", "email_sent_status", "email_sent_message"].map(|member| text(&listed[member]));
    assert_eq!(told, ["1", "Delivery", "Mensagem entregue com sucesso."]);
}

#[tokio::test]
async fn the_link_for_signing_in_person_appears_when_the_document_is_sent() {
    let desk = Desk::new().await;
    let signers = json!([
        signer("ana@example.com", json!({ "assinatura_presencial": "1" })),
        signer("bia@example.com", json!({}))
    ]);
    let (id, _) = desk.draft(signers).await;
    assert_eq!(desk.listed(&id).await["list"][0]["assinatura_presencial_link"], "");
    ok(&desk.post(&id, "sendtosigner", json!({})).await);
    let listed = desk.listed(&id).await["list"].clone();
    assert!(text(&listed[0]["assinatura_presencial_link"]).contains("/sign/"), "{listed:#}");
    assert_eq!(listed[1]["assinatura_presencial_link"], "", "only of who signs in person");
}

#[tokio::test]
async fn who_joins_a_sequence_is_put_behind_the_position() {
    let desk = Desk::new().await;
    let named =
        |letters: &[&str]| -> Vec<String> { letters.iter().map(|letter| format!("{letter}@example.com")).collect() };
    let three = json!([
        signer("a@example.com", json!({})),
        signer("b@example.com", json!({})),
        signer("c@example.com", json!({}))
    ]);
    let (id, _) = desk.sent(three, json!({ "workflow": "1" })).await;
    let join = async |signers: Value| desk.post(&id, "createlist", json!({ "signers": signers })).await;
    ok(&join(json!([signer("d@example.com", json!({ "after_position": "1" }))])).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "b", "c"]), "behind the first, as the seed has it");
    ok(&join(json!([signer("e@example.com", json!({}))])).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "b", "c", "e"]));
    let beyond = join(json!([signer("f@example.com", json!({ "after_position": "6" }))])).await;
    assert_eq!(wrong(&beyond, 422), "signers[0].after_position: The document has 5 positions.");
    let several = json!([
        signer("f@example.com", json!({ "after_position": "2" })),
        signer("g@example.com", json!({ "after_position": "2" })),
        signer("h@example.com", json!({ "after_position": "5" })),
        signer("i@example.com", json!({})),
    ]);
    ok(&join(several).await);
    assert_eq!(desk.emails(&id).await, named(&["a", "d", "f", "g", "b", "c", "e", "h", "i"]));
    let known = join(json!([signer("a@example.com", json!({}))])).await;
    assert!(wrong(&known, 422).starts_with("signers[0].email: "), "{:#}", known.json);
    // They act one after another.
    for email in named(&["a", "d", "f", "g", "b", "c", "e", "h", "i"]) {
        let signers = desk.world.get(&id).await["relationships"]["signers"]["data"].clone();
        let invited: Vec<&Value> =
            signers.as_array().unwrap().iter().filter(|signer| signer["attributes"]["status"] == "SENT").collect();
        assert_eq!(invited.len(), 1);
        assert_eq!(invited[0]["attributes"]["email"], email);
        let place =
            signers.as_array().unwrap().iter().position(|signer| signer["attributes"]["email"] == email).unwrap();
        desk.world.sign(&id, place).await;
    }
    assert_eq!(desk.phase(&id).await, "4");
    let late = join(json!([signer("z@example.com", json!({}))])).await;
    assert!(wrong(&late, 409).contains("Finalizado"));
    desk.world.check().await;
}

#[tokio::test]
async fn nobody_joins_before_those_who_are_invited() {
    let desk = Desk::new().await;
    let two = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, _) = desk.sent(two, json!({ "workflow": "1" })).await;
    desk.world.sign(&id, 0).await;
    let between = json!({ "signers": [signer("c@example.com", json!({ "after_position": "1" }))] });
    let refused = desk.post(&id, "createlist", between).await;
    assert_eq!(wrong(&refused, 422), "signers[0].after_position: Those behind that position are invited already.");
    let behind = json!({ "signers": [signer("c@example.com", json!({ "after_position": "2" }))] });
    ok(&desk.post(&id, "createlist", behind).await);
    assert_eq!(desk.emails(&id).await, ["a@example.com", "b@example.com", "c@example.com"]);
    // Of a document with one signer the position says that there is an order.
    let (alone, _) = desk.sent(json!([signer("a@example.com", json!({}))]), json!({ "workflow": "1" })).await;
    let behind = json!({ "signers": [signer("b@example.com", json!({ "after_position": "1" }))] });
    ok(&desk.post(&alone, "createlist", behind).await);
    assert_eq!(desk.world.signer(&alone, 1).await["status"], "PENDING");
}

#[tokio::test]
async fn who_joins_where_nobody_waits_is_invited_at_once() {
    let desk = Desk::new().await;
    let two = json!([signer("a@example.com", json!({})), signer("b@example.com", json!({}))]);
    let (id, _) = desk.sent(two, json!({ "workflow": "0" })).await;
    let refused = json!({ "signers": [signer("c@example.com", json!({ "after_position": "1" }))] });
    assert!(wrong(&desk.post(&id, "createlist", refused).await, 422).contains("all at once"));
    let more =
        json!({ "signers": [signer("c@example.com", json!({})), signer("d@example.com", json!({ "act": "2" }))] });
    ok(&desk.post(&id, "createlist", more).await);
    let signers = desk.world.get(&id).await["relationships"]["signers"]["data"].clone();
    assert!(signers.as_array().unwrap().iter().all(|signer| signer["attributes"]["status"] == "SENT"), "{signers:#}");
    let nobody = desk
        .call(reqwest::Method::POST, "/documents/06b3ddb1-abc9-4ab8-b944-0d7c940486af/createlist", Some(seeds()))
        .await;
    wrong(&nobody, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn none_is_lost_of_many_who_are_named_at_once() {
    let desk = Arc::new(Desk::new().await);
    let id = desk.upload().await;
    let naming = (0..5).map(|at| {
        let (desk, id) = (Arc::clone(&desk), id.clone());
        async move {
            let signers = json!({ "signers": [signer(&format!("s{at}@example.com"), json!({}))] });
            let mut tries = 0;
            // A call that met others too often says so, and may be repeated.
            while desk.post(&id, "createlist", signers.clone()).await.status.as_u16() == 409 {
                tries += 1;
                assert!(tries < 10);
            }
        }
    });
    join_all(naming).await;
    let mut emails = desk.emails(&id).await;
    emails.sort();
    assert_eq!(emails, (0..5).map(|at| format!("s{at}@example.com")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_repeat_is_known_by_its_key() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let once = || {
        desk.world.client.post(desk.address(&format!("/documents/{id}/createlist"))).header("Idempotency-Key", "c-1")
    };
    let body = json!({ "signers": [signer("ana@example.com", json!({}))] });
    let first = answer(once().json(&body)).await;
    let second = answer(once().json(&body)).await;
    assert_eq!(ok(&first), ok(&second));
    assert_eq!(desk.emails(&id).await.len(), 1);
}
