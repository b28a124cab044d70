//! Every body that seed 001 prints, sent as it is printed, and its answers by value. Only what stands there as words (an
//! address, a group's UUID, a key) is put in.

use serde_json::{Value, json};

use super::{Desk, groups, ok, signer, wrong};

/// The body of `createlist`.
fn createlist(email: &str, group: &str) -> Value {
    json!({ "signers": [{
        "email": email, "act": "1", "foreign": "1", "certificadoicpbr": "0", "assinatura_presencial": "0",
        "docauth": "0", "docauthandselfie": "0", "embed_methodauth": "email", "embed_smsnumber": "", "upload_allow": "0",
        "upload_obs": "Contrato Social e Conta de Luz", "whatsapp_number": "+5511981876540", "uuid_grupo": group,
        "certificadoicpbr_tipo": "2", "certificadoicpbr_cpf": "CPF", "certificadoicpbr_cnpj": "CNPJ",
        "password_code": "Código de acesso", "auth_pix": "0", "auth_pix_nome": "Nome do signatário",
        "auth_pix_cpf": "21917876280", "videoselfie": "0", "d4sign_score": "0",
        "d4sign_score_nome": "Nome do signatário", "d4sign_score_cpf": "21917876280", "d4sign_score_similarity": "90",
    }] })
}

#[tokio::test]
async fn createlist_is_taken_whole_and_answered_in_its_shape() {
    let desk = Desk::with_gateway().await;
    let group = groups::group(&desk).await;
    let id = desk.upload().await;
    let created = ok(&desk.post(&id, "createlist", createlist("ana@example.com", &group)).await).clone();
    let expected = |at: usize, email: &str| {
        json!({
            "key_signer": created["message"][at]["key_signer"], "email": email, "act": "1", "foreign": "1",
            "certificadoicpbr": "0", "assinatura_presencial": "0", "assinatura_presencial_link": "", "doc_auth": "0",
            "embed_methodauth": "email", "embed_smsnumber": "+5511981876540", "upload_allow": "0",
            "upload_obs": "Contrato Social e Conta de Luz", "docauthandselfie": "0", "skipemail": "0",
            "whatsapp": "+5511981876540", "password_code": "Código de acesso", "status": "created",
        })
    };
    let members: Vec<Value> =
        ["ana", "bia", "caio"].iter().zip(0..).map(|(name, at)| expected(at, &format!("{name}@example.com"))).collect();
    assert_eq!(created["message"], json!(members), "the vendor's own clients read this");
    let mut first = created.clone();
    first.as_object_mut().unwrap().remove("message");
    assert_eq!(first, members[0], "and the seed shows this");
    let listed = desk.listed(&id).await["list"][0].clone();
    let expected = json!({
        "key_signer": first["key_signer"], "user_name": "ana", "user_document": "", "email": "ana@example.com",
        "signed": "0", "sign_info": null, "type": "1", "foreign": "1", "certificadoicpbr": "0",
        "assinatura_presencial": "0", "assinatura_presencial_link": "", "embed_methodauth": "email",
        "embed_smsnumber": "+5511981876540", "email_sent": "0", "email_sent_status": "", "email_sent_message": "",
        "upload_allowed": "0", "upload_obs": "", "documents_attached": "[]", "date": "2026-01-15 07:30:00",
        "docauth": "0", "docauthandselfie": "0", "docauth_text": "", "videoselfie": "0", "auth_pix": "0",
        "d4sign_score": "0", "skipemail": "0", "uuid_grupo": group, "password_code": "Código de acesso",
    });
    assert_eq!(listed, expected);
    // Without a gateway nothing is taken as if it had been asked for.
    let desk = Desk::new().await;
    let (group, id) = (groups::group(&desk).await, desk.upload().await);
    let refused = desk.post(&id, "createlist", createlist("ana@example.com", &group)).await;
    assert!(wrong(&refused, 422).starts_with("signers[0].whatsapp_number: "), "{:#}", refused.json);
    desk.world.check().await;
}

#[tokio::test]
async fn the_list_says_how_everything_stands_before_and_after_a_signature() {
    let desk = Desk::new().await;
    let signers = json!([
        signer("ana@example.com", json!({})),
        signer("bia@example.com", json!({ "act": "5", "assinatura_presencial": "1" }))
    ]);
    let (id, keys) = desk.sent(signers, json!({})).await;
    // Who signs in person is sent no letter.
    desk.world.until(&id, "delivery.sent", 1).await;
    let link = desk.world.link(&id, 1).await;
    desk.world.sign(&id, 0).await;
    let listed = desk.listed(&id).await;
    let list = listed["list"].as_array().unwrap();
    let shown = |key: &str, more: Value| {
        let mut shown = json!({
            "key_signer": key, "user_document": "", "foreign": "0", "certificadoicpbr": "0", "embed_methodauth": "",
            "embed_smsnumber": "", "upload_allowed": "0", "upload_obs": "", "documents_attached": "[]",
            "date": "2026-01-15 07:30:00", "docauth": "0", "docauthandselfie": "0", "docauth_text": "",
            "videoselfie": "0", "auth_pix": "0", "d4sign_score": "0", "skipemail": "0", "uuid_grupo": "",
            "password_code": "",
        });
        shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        shown
    };
    let info = json!({
        "ip": "127.0.0.1", "ip_reverser": "", "geolocation": "", "user_agent": "a test's browser",
        "date_signed": "2026-01-15 07:30:00", "date_signed_atom": "2026-01-15T07:30:00-03:00",
    });
    // They said who they are, before they signed.
    let signed = json!({
        "user_name": "João da Silva", "user_document": "52998224725 (CPF)", "email": "ana@example.com", "signed": "1", "sign_info": info, "type": "1",
        "assinatura_presencial": "0", "assinatura_presencial_link": "", "email_sent": "1",
        "email_sent_status": "Delivery", "email_sent_message": "Mensagem entregue com sucesso.",
    });
    let waiting = json!({
        "user_name": "", "email": "bia@example.com", "signed": "0", "sign_info": null, "type": "5",
        "assinatura_presencial": "1", "assinatura_presencial_link": link, "email_sent": "0", "email_sent_status": "",
        "email_sent_message": "",
    });
    assert_eq!(list[0], shown(&keys[0], signed));
    assert_eq!(list[1], shown(&keys[1], waiting));
    let mut document = listed.clone();
    document.as_object_mut().unwrap().remove("list");
    assert_eq!(document, desk.look(&format!("/documents/{id}")).await[0], "in front of them stands the document");
    assert_eq!((&document["statusId"], &document["statusName"]), (&json!("3"), &json!("Aguardando Assinaturas")));
}

#[tokio::test]
async fn corrections_are_taken_as_they_are_printed() {
    let desk = Desk::new().await;
    let signers = json!([signer("ana@example.com", json!({ "embed_smsnumber": "+5511953020202" }))]);
    let (id, keys) = desk.draft(signers).await;
    // The body that stands at `changeemail` is another call's; its table of fields is right.
    let printed = json!({ "sha256": "13f2a91a9e85d5240ff32754eba41c02...",
        "sha512": "9ddd2c2659ae6cd6790d1f31780c904145bd80272b51cb...", "name": "Meu contrato de venda",
        "uuid_folder": "{UUID DA PASTA}" });
    let said = wrong(&desk.post(&id, "changeemail", printed.clone()).await, 422);
    assert_eq!(said, "email-before: email-before is required. email-after: email-after is required.");
    let with = |fields: Value| {
        let mut body = printed.clone();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let fields = json!({ "email-before": "ana@example.com", "email-after": "bia@example.com", "key-signer": keys[0] });
    assert_eq!(ok(&desk.post(&id, "changeemail", with(fields)).await), &json!({ "message": "E-mail changed" }));
    let email = "bia@example.com";
    let calls = [
        (
            "changesmsnumber",
            json!({ "email": email, "sms-number": "+5511953874555", "key-signer": keys[0] }),
            "SMS number changed",
        ),
        (
            "changepasswordcode",
            json!({ "email": email, "password-code": "Código para acessar o documento", "key-signer": keys[0] }),
            "Password code changed",
        ),
        ("removeemaillist", json!({ "email-signer": email, "key-signer": keys[0] }), "E-mail has removed"),
    ];
    for (action, body, message) in &calls[..2] {
        assert_eq!(ok(&desk.post(&id, action, body.clone()).await), &json!({ "message": message }));
    }
    let listed = desk.listed(&id).await["list"][0].clone();
    let known = ["email", "embed_smsnumber", "password_code"].map(|field| listed[field].clone());
    assert_eq!(known, [email, "+5511953874555", "Código para acessar o documento"].map(Value::from));
    let (action, body, message) = &calls[2];
    assert_eq!(ok(&desk.post(&id, action, body.clone()).await), &json!({ "message": message }));
    // The body of `addinfo` holds words in place of a CPF and a day, which are neither.
    let (id, keys) = desk.draft(json!([signer(email, json!({ "assinatura_presencial": "1" }))])).await;
    let mut printed = json!({ "key_signer": keys[0], "email": email, "display_name": "Nome do Signatário",
        "documentation": "CPF do Signatário", "birthday": "Data de Nascimento do Signatário", "tokenAPI": "{token-user}" });
    let said = wrong(&desk.post(&id, "addinfo", printed.clone()).await, 422);
    assert!(said.starts_with("documentation: ") && said.contains(" birthday: "), "{said}");
    for (field, value) in [("documentation", "111.444.777-35"), ("birthday", "31/12/1990")] {
        printed[field] = value.into();
    }
    let changed = json!({ "uuid-doc": id, "email": email, "name": "Nome do Signatário",
        "documentation": "111.444.777-35", "birthday": "31/12/1990", "status": "changed" });
    assert_eq!(ok(&desk.post(&id, "addinfo", printed).await), &changed);
}
