//! Every rule of `createlist`, refused and accepted: which fields there must be, what they may say, and what depends on
//! what.

use countersign::config::GatewaySettings;
use countersign_tests::world::World;
use serde_json::{Value, json};

use super::{Desk, ok, signer, wrong};

/// Patches of a signer that are refused, and what the message says: the field first.
const REFUSED: &[(&str, &str)] = &[
    (r#"{ "email": "" }"#, "signers[0].email: email is required."),
    (r#"{ "email": null }"#, "signers[0].email: email is required."),
    (r#"{ "email": "nobody" }"#, "signers[0].email: This is not an e-mail address."),
    (r#"{ "email": ["a@example.com"] }"#, "signers[0].email: email must be a text."),
    (r#"{ "act": null }"#, "signers[0].act: act is required."),
    (r#"{ "act": "" }"#, "signers[0].act: act is required."),
    (r#"{ "act": "0" }"#, "signers[0].act: act is 1 to 13."),
    (r#"{ "act": "14" }"#, "signers[0].act: act is 1 to 13."),
    (r#"{ "act": "sign" }"#, "signers[0].act: act is 1 to 13."),
    (r#"{ "foreign": null }"#, "signers[0].foreign: foreign is required."),
    (r#"{ "foreign": "2" }"#, "signers[0].foreign: foreign is 0 or 1."),
    (r#"{ "certificadoicpbr": null }"#, "signers[0].certificadoicpbr: certificadoicpbr is required."),
    (r#"{ "certificadoicpbr": "yes" }"#, "signers[0].certificadoicpbr: certificadoicpbr is 0 or 1."),
    (r#"{ "assinatura_presencial": null }"#, "signers[0].assinatura_presencial: assinatura_presencial is required."),
    (
        r#"{ "foreign_lang": "en" }"#,
        "signers[0].foreign_lang: Only a foreigner has another language: foreign must be 1.",
    ),
    (r#"{ "foreign": "1", "foreign_lang": "fr" }"#, "signers[0].foreign_lang: foreign_lang is one of , en, es, ptBR."),
    (r#"{ "docauth": "2" }"#, "signers[0].docauth: docauth is 0 or 1."),
    (r#"{ "docauthandselfie": "x" }"#, "signers[0].docauthandselfie: docauthandselfie is 0 or 1."),
    (r#"{ "skipemail": "maybe" }"#, "signers[0].skipemail: skipemail is 0 or 1."),
    (
        r#"{ "embed_methodauth": "pigeon" }"#,
        "signers[0].embed_methodauth: embed_methodauth is one of , email, sms, whats.",
    ),
    (r#"{ "embed_methodauth": "password" }"#, "signers[0].embed_methodauth: Signers have no accounts here"),
    (r#"{ "embed_smsnumber": "11953020202" }"#, "signers[0].embed_smsnumber: A telephone number is written as"),
    (
        r#"{ "embed_methodauth": "sms" }"#,
        "signers[0].embed_smsnumber: A code by SMS or WhatsApp needs a telephone number.",
    ),
    (
        r#"{ "embed_methodauth": "whats" }"#,
        "signers[0].embed_smsnumber: A code by SMS or WhatsApp needs a telephone number.",
    ),
    (r#"{ "whatsapp_number": "98187-6540" }"#, "signers[0].whatsapp_number: A telephone number is written as"),
    (
        r#"{ "embed_smsnumber": "+5511953020202", "whatsapp_number": "+5511981876540" }"#,
        "signers[0].whatsapp_number: A signer has one telephone number",
    ),
    (r#"{ "upload_allow": "1" }"#, "signers[0].upload_obs: upload_obs says which documents"),
    (r#"{ "upload_allow": "1", "upload_obs": " " }"#, "signers[0].upload_obs: upload_obs says which documents"),
    (r#"{ "after_position": "first" }"#, "signers[0].after_position: after_position is a whole number"),
    (r#"{ "after_position": "1" }"#, "signers[0].after_position: Only a document that was sent has positions"),
    (r#"{ "uuid_grupo": "jurídico" }"#, "signers[0].uuid_grupo: uuid_grupo must be a UUID."),
    (
        r#"{ "uuid_grupo": "018715bc-054b-409f-b122-f683951e5460" }"#,
        "signers[0].uuid_grupo: There is no such signing group.",
    ),
    (r#"{ "certificadoicpbr": "1" }"#, "signers[0].certificadoicpbr: Our own pages cannot take"),
    (
        r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "4" }"#,
        "signers[0].certificadoicpbr_tipo: certificadoicpbr_tipo is 1, 2 or 3.",
    ),
    (
        r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "11144477734" }"#,
        "signers[0].certificadoicpbr_cpf: The check digits of this number are wrong.",
    ),
    (
        r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "3", "certificadoicpbr_cpf": "11144477735" }"#,
        "signers[0].certificadoicpbr_cpf: certificadoicpbr_cpf needs certificadoicpbr_tipo 2.",
    ),
    (
        r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "2", "certificadoicpbr_cnpj": "11444777000161" }"#,
        "signers[0].certificadoicpbr_cnpj: certificadoicpbr_cnpj needs certificadoicpbr_tipo 3.",
    ),
    (
        r#"{ "certificadoicpbr": "1", "certificadoicpbr_tipo": "3", "certificadoicpbr_cnpj": "11144477735" }"#,
        "signers[0].certificadoicpbr_cnpj: certificadoicpbr_cnpj is a CNPJ.",
    ),
    (r#"{ "auth_pix": "1", "auth_pix_cpf": "11144477735" }"#, "signers[0].auth_pix_nome: auth_pix_nome is required"),
    (r#"{ "auth_pix": "1", "auth_pix_nome": "Ana" }"#, "signers[0].auth_pix_cpf: auth_pix_cpf is required"),
    (
        r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "11144477734" }"#,
        "signers[0].auth_pix_cpf: The check digits of this number are wrong.",
    ),
    (
        r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "11444777000161" }"#,
        "signers[0].auth_pix_cpf: auth_pix_cpf is a CPF.",
    ),
    (
        r#"{ "d4sign_score": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity": "80" }"#,
        "signers[0].d4sign_score: d4sign_score needs docauthandselfie or videoselfie.",
    ),
    (
        r#"{ "d4sign_score": "1", "docauthandselfie": "1", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity": "80" }"#,
        "signers[0].d4sign_score_nome: d4sign_score_nome is required",
    ),
    (
        r#"{ "d4sign_score": "1", "videoselfie": "1", "d4sign_score_nome": "Ana", "d4sign_score_similarity": "80" }"#,
        "signers[0].d4sign_score_cpf: d4sign_score_cpf is required",
    ),
    (
        r#"{ "d4sign_score": "1", "docauthandselfie": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735" }"#,
        "signers[0].d4sign_score_similarity: d4sign_score_similarity is a whole number from 70 to 90.",
    ),
    (
        r#"{ "d4sign_score": "1", "docauthandselfie": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity": "69" }"#,
        "signers[0].d4sign_score_similarity: d4sign_score_similarity is a whole number from 70 to 90.",
    ),
    (
        r#"{ "d4sign_score": "1", "docauthandselfie": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity": "91" }"#,
        "signers[0].d4sign_score_similarity: d4sign_score_similarity is a whole number from 70 to 90.",
    ),
];

/// Patches that need an outside service, and the field that the message names as long as there is none.
const OUTSIDE: &[(&str, &str)] = &[
    (r#"{ "embed_methodauth": "sms", "embed_smsnumber": "+5511953020202" }"#, "embed_methodauth"),
    (r#"{ "embed_methodauth": "whats", "whatsapp_number": "+5511981876540" }"#, "whatsapp_number"),
    (r#"{ "whatsapp_number": "+5511981876540" }"#, "whatsapp_number"),
    (r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "111.444.777-35" }"#, "auth_pix"),
    (r#"{ "videoselfie": "1" }"#, "videoselfie"),
    (
        r#"{ "d4sign_score": "1", "docauthandselfie": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity": "70" }"#,
        "d4sign_score",
    ),
];

/// Patches that are accepted, and what the list says of the signer then.
const ACCEPTED: &[(&str, &str)] = &[
    (r#"{ "act": "1" }"#, r#"{ "type": "1", "foreign": "0", "certificadoicpbr": "0" }"#),
    (r#"{ "act": 13 }"#, r#"{ "type": "13" }"#),
    (r#"{ "foreign": "1", "foreign_lang": "en" }"#, r#"{ "foreign": "1" }"#),
    (r#"{ "foreign": "1", "foreign_lang": "es" }"#, r#"{ "foreign": "1" }"#),
    (r#"{ "foreign": true, "foreign_lang": "ptBR" }"#, r#"{ "foreign": "1" }"#),
    (r#"{ "foreign_lang": "ptBR" }"#, r#"{ "foreign": "0" }"#),
    (r#"{ "assinatura_presencial": "1" }"#, r#"{ "assinatura_presencial": "1", "assinatura_presencial_link": "" }"#),
    (r#"{ "docauth": "1" }"#, r#"{ "docauth": "1", "docauthandselfie": "0" }"#),
    (r#"{ "docauthandselfie": "1" }"#, r#"{ "docauth": "1", "docauthandselfie": "1" }"#),
    (r#"{ "embed_methodauth": "email" }"#, r#"{ "embed_methodauth": "email" }"#),
    (r#"{ "embed_methodauth": "", "embed_smsnumber": "" }"#, r#"{ "embed_methodauth": "", "embed_smsnumber": "" }"#),
    (r#"{ "embed_smsnumber": "+5511953020202" }"#, r#"{ "embed_smsnumber": "+5511953020202" }"#),
    (
        r#"{ "upload_allow": "1", "upload_obs": "Contrato Social" }"#,
        r#"{ "upload_allowed": "1", "upload_obs": "Contrato Social" }"#,
    ),
    (r#"{ "upload_allow": "0", "upload_obs": "Contrato Social" }"#, r#"{ "upload_allowed": "0", "upload_obs": "" }"#),
    (r#"{ "after_position": "0" }"#, "{}"),
    (r#"{ "after_position": "" }"#, "{}"),
    (r#"{ "skipemail": "1" }"#, r#"{ "skipemail": "1" }"#),
    (r#"{ "uuid_grupo": "" }"#, r#"{ "uuid_grupo": "" }"#),
    (r#"{ "password_code": "caneta azul" }"#, r#"{ "password_code": "caneta azul" }"#),
    (r#"{ "password_code": "" }"#, r#"{ "password_code": "" }"#),
    (r#"{ "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "CPF" }"#, r#"{ "certificadoicpbr": "0" }"#),
    (r#"{ "auth_pix": "0", "auth_pix_nome": "Ana", "auth_pix_cpf": "1" }"#, r#"{ "auth_pix": "0", "user_name": "" }"#),
    (r#"{ "d4sign_score": "0", "d4sign_score_similarity": "90" }"#, r#"{ "d4sign_score": "0" }"#),
    (r#"{ "videoselfie": "0" }"#, r#"{ "videoselfie": "0" }"#),
];

fn patched(patch: &str) -> Value {
    signer("ana@example.com", serde_json::from_str(patch).unwrap())
}

#[tokio::test]
async fn each_rule_is_refused_with_the_field_in_front() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    for (patch, message) in REFUSED {
        let refused = desk.post(&id, "createlist", json!({ "signers": [patched(patch)] })).await;
        let said = wrong(&refused, 422);
        assert!(said.contains(message), "{patch}\n said {said}\n not {message}");
    }
    for (patch, field) in OUTSIDE {
        let refused = desk.post(&id, "createlist", json!({ "signers": [patched(patch)] })).await;
        let said = wrong(&refused, 422);
        assert_eq!(
            said,
            format!("signers[0].{field}: This needs a gateway for identity checks, and none is configured.")
        );
    }
    assert_eq!(desk.emails(&id).await, Vec::<String>::new(), "nothing of it was done");
}

#[tokio::test]
async fn each_rule_is_accepted_and_shown() {
    let desk = Desk::new().await;
    for (patch, shown) in ACCEPTED {
        let id = desk.upload().await;
        let created = desk.post(&id, "createlist", json!({ "signers": [patched(patch)] })).await;
        assert_eq!(created.status.as_u16(), 200, "{patch}: {:#}", created.json);
        let listed = desk.listed(&id).await["list"][0].clone();
        for (field, value) in serde_json::from_str::<Value>(shown).unwrap().as_object().unwrap() {
            assert_eq!(&listed[field], value, "{patch}: {field} of {listed:#}");
        }
    }
    desk.world.check().await;
}

#[tokio::test]
async fn each_act_is_its_role_here() {
    let desk = Desk::new().await;
    let signers: Vec<Value> =
        (1..=13).map(|act| signer(&format!("s{act}@example.com"), json!({ "act": act.to_string() }))).collect();
    let (id, keys) = desk.draft(json!(signers)).await;
    assert_eq!(keys.len(), 13);
    let request = desk.world.app.service.behind_link(World::id(&id)).await.unwrap().unwrap();
    let roles: Vec<(u8, &str)> = request
        .request
        .signers
        .iter()
        .map(|signer| (signer.terms.capacity.unwrap(), signer.terms.role.as_str()))
        .collect();
    for (act, role) in roles {
        let expected = match act {
            2 => "approver",
            5 => "witness",
            7 => "acknowledger",
            _ => "signer",
        };
        assert_eq!(role, expected, "{act}");
    }
}

#[tokio::test]
async fn all_faults_of_all_signers_are_told_at_once() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    let signers = json!([{}, signer("nobody", json!({ "act": "99", "docauth": "5" })), "x"]);
    let said = wrong(&desk.post(&id, "createlist", json!({ "signers": signers })).await, 422);
    for part in [
        "signers[0].email:",
        "signers[0].act:",
        "signers[0].foreign:",
        "signers[1].email:",
        "signers[1].act:",
        "signers[1].docauth:",
        "signers[2]:",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for body in [json!({}), json!({ "signers": [] }), json!({ "signers": null })] {
        assert!(wrong(&desk.post(&id, "createlist", body).await, 422).starts_with("signers: "));
    }
    assert_eq!(
        wrong(&desk.post(&id, "createlist", json!({ "signers": "ana" })).await, 422),
        "signers: signers must be a list."
    );
    let many: Vec<Value> = (0..101).map(|at| signer(&format!("s{at}@example.com"), json!({}))).collect();
    assert!(wrong(&desk.post(&id, "createlist", json!({ "signers": many })).await, 422).contains("at most 100"));
    let twice = json!([signer("ana@example.com", json!({})), signer("ANA@example.com", json!({}))]);
    assert!(
        wrong(&desk.post(&id, "createlist", json!({ "signers": twice })).await, 422).starts_with("signers[1].email: ")
    );
    // The same person for another act is another signer.
    let both = json!([signer("ana@example.com", json!({})), signer("ana@example.com", json!({ "act": "5" }))]);
    ok(&desk.post(&id, "createlist", json!({ "signers": both })).await);
}

#[tokio::test]
async fn what_needs_an_outside_service_is_asked_where_there_is_one() {
    let gateway = GatewaySettings { url: "https://gateway.example.com/".into(), secret: vec![7; 32] };
    let desk = Desk::over(World::with(|settings| settings.gateway = Some(gateway)).await);
    let shown = [
        json!({ "embed_methodauth": "sms", "embed_smsnumber": "+5511953020202" }),
        json!({ "embed_methodauth": "whats", "embed_smsnumber": "+5511981876540" }),
        json!({ "embed_methodauth": "whats" }),
        json!({ "auth_pix": "1", "user_name": "Ana" }),
        json!({ "videoselfie": "1" }),
        json!({ "d4sign_score": "1", "docauthandselfie": "1", "user_name": "Ana" }),
    ];
    for ((patch, _), shown) in OUTSIDE.iter().zip(shown) {
        let id = desk.upload().await;
        let created = desk.post(&id, "createlist", json!({ "signers": [patched(patch)] })).await;
        assert_eq!(created.status.as_u16(), 200, "{patch}: {:#}", created.json);
        let listed = desk.listed(&id).await["list"][0].clone();
        for (field, value) in shown.as_object().unwrap() {
            assert_eq!(&listed[field], value, "{patch}: {field} of {listed:#}");
        }
        ok(&desk.post(&id, "sendtosigner", json!({})).await);
    }
    // Every other rule holds all the same.
    let id = desk.upload().await;
    for (patch, message) in REFUSED {
        let refused = desk.post(&id, "createlist", json!({ "signers": [patched(patch)] })).await;
        assert!(wrong(&refused, 422).contains(message), "{patch}: {:#}", refused.json);
    }
    desk.world.check().await;
}
