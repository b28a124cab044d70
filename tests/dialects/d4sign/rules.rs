//! Every rule of seed 001 for the signers of a `createlist`, in its own words: which fields there must be, what they may
//! say, and what depends on what. (Places of a document that is out: `joining`; signing groups: `groups`.)

mod seed;

use countersign_tests::world::World;
use serde_json::{Value, json};

use super::{Desk, ok, signer, wrong};
use seed::{Case, RULES, Rule};

/// Patches that need an outside service, and the field that the message names as long as there is none.
const OUTSIDE: &[Case] = &[
    (r#"{ "embed_methodauth": "sms", "embed_smsnumber": "+5511953020202" }"#, "embed_methodauth"),
    (r#"{ "embed_methodauth": "whats", "whatsapp_number": "+5511981876540" }"#, "whatsapp_number"),
    (r#"{ "whatsapp_number": "+5511981876540" }"#, "whatsapp_number"),
    (r#"{ "auth_pix": "1", "auth_pix_nome": "Ana", "auth_pix_cpf": "111.444.777-35" }"#, "auth_pix"),
    (r#"{ "videoselfie": "1" }"#, "videoselfie"),
    (r#"{ "docauthandselfie": "1", "<score>": "70" }"#, "d4sign_score"),
];

/// A similarity that is asked for, with whose licence it is; the value is the similarity.
const SCORE: &str =
    r#""d4sign_score": "1", "d4sign_score_nome": "Ana", "d4sign_score_cpf": "11144477735", "d4sign_score_similarity""#;

/// The body of a call with a patched signer.
fn patched(patch: &str) -> Value {
    let mut patch = patch.replace(r#""<score>""#, SCORE);
    for length in [101, 244, 1001] {
        patch = patch.replace(&format!("<{length}>"), &"x".repeat(length));
    }
    json!({ "signers": [signer("ana@example.com", serde_json::from_str(&patch).unwrap())] })
}

#[tokio::test]
async fn who_keeps_a_rule_of_the_seed_is_taken_and_shown_so() {
    let desk = Desk::with_gateway().await;
    for Rule { seed, kept, .. } in RULES {
        assert!(!kept.is_empty(), "{seed}");
        for (patch, shown) in *kept {
            let id = desk.upload().await;
            let created = desk.post(&id, "createlist", patched(patch)).await;
            assert_eq!(created.status.as_u16(), 200, "{seed}\n{patch}: {:#}", created.json);
            let listed = desk.listed(&id).await["list"][0].clone();
            for (field, value) in serde_json::from_str::<Value>(shown).unwrap().as_object().unwrap() {
                assert_eq!(&listed[field], value, "{seed}\n{patch}: {field} of {listed:#}");
            }
            ok(&desk.post(&id, "sendtosigner", json!({})).await);
        }
    }
    desk.world.check().await;
}

#[tokio::test]
async fn who_breaks_a_rule_of_the_seed_is_refused_with_the_field_in_front() {
    for desk in [Desk::with_gateway().await, Desk::new().await] {
        let id = desk.upload().await;
        for Rule { seed, broken, .. } in RULES {
            assert!(!broken.is_empty(), "{seed}");
            for (patch, message) in *broken {
                let similarity = "d4sign_score_similarity is a whole number from 70 to 90.";
                let message = format!("signers[0].{}", message.replace("<70 to 90>", similarity));
                let said = wrong(&desk.post(&id, "createlist", patched(patch)).await, 422);
                assert!(said.contains(&message), "{seed}\n{patch}\n said {said}\n not {message}");
            }
        }
        assert_eq!(desk.emails(&id).await, Vec::<String>::new(), "nothing of it was done");
    }
}

#[tokio::test]
async fn what_needs_an_outside_service_is_refused_where_there_is_none() {
    let desk = Desk::new().await;
    let id = desk.upload().await;
    for (patch, field) in OUTSIDE {
        let said = wrong(&desk.post(&id, "createlist", patched(patch)).await, 422);
        let message = "This needs a gateway for identity checks, and none is configured.";
        assert!(said.contains(&format!("signers[0].{field}: {message}")), "{patch} said {said}");
    }
    assert_eq!(desk.emails(&id).await, Vec::<String>::new(), "nothing of it was done");
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
async fn a_foreigner_is_written_to_and_reads_in_their_language() {
    let desk = Desk::new().await;
    for (told, tag) in [("en", "en"), ("es", "es"), ("ptBR", "pt-BR")] {
        let email = format!("{told}@example.com");
        let foreigner = signer(&email, json!({ "foreign": "1", "foreign_lang": told }));
        let (id, _) = desk.sent(json!([foreigner]), json!({})).await;
        let page = desk.world.visit(&id, 0).await.html;
        assert!(page.contains(&format!("<html lang=\"{tag}\"")), "{page}");
        desk.world.until(&id, "delivery.sent", 1).await;
        let letters = std::fs::read_dir(desk.world.mail()).unwrap().map(|entry| entry.unwrap().path());
        let mut letters = letters.filter_map(|path| std::fs::read_to_string(path).ok());
        let letter = letters.find(|letter| letter.contains(&email)).unwrap();
        assert!(letter.contains(&format!("Content-Language: {tag}\r\n")), "{letter}");
    }
}

#[tokio::test]
async fn the_similarity_that_is_named_is_the_one_that_is_asked_for() {
    let desk = Desk::with_gateway().await;
    for similarity in [70, 90] {
        let id = desk.upload().await;
        let patch = format!(r#"{{ "docauthandselfie": "1", "<score>": "{similarity}" }}"#);
        ok(&desk.post(&id, "createlist", patched(&patch)).await);
        let asked = desk.world.signer(&id, 0).await["requirements"].clone();
        let score = json!({ "name": "Ana", "nationalId": "11144477735", "similarity": similarity });
        assert_eq!((&asked["score"], &asked["selfie"]), (&score, &json!(true)), "{asked:#}");
    }
}
