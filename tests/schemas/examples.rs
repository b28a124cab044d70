//! An example of each event, and of sign-this, for those who read rather than generate.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign::bus::cloudevent;
use countersign_engine::event::{
    Actor, Area, Collector, Detail, Document, Event, Fact, Personal, Reminders, Terms, Widget, WidgetKind,
};
use countersign_engine::ids::{ConfigId, Digest, EventId, FileId, KeyId, RequestId, SignerId, WidgetId};
use countersign_engine::requirement::Method;
use countersign_engine::signer::{Role, SignerTerms};
use serde_json::{Value, json};
use uuid::Uuid;

use super::sign_this;

/// Every example, by the name of its file.
pub fn examples() -> Vec<(String, Value)> {
    let mut examples = vec![
        (
            "sign_this".to_owned(),
            asked(json!({ "title": "Contrato de Prestação de Serviços", "fileName": "contrato.pdf",
            "fileBase64": "JVBERi0xLjcK", "signers": signers(), "expiresInDays": 30, "language": "pt-BR" })),
        ),
        (
            "sign_this_several".to_owned(),
            asked(json!({ "title": "Contrato e anexo", "signers": signers(), "files": [
                { "fileName": "contrato.pdf", "fileBase64": "JVBERi0xLjcK" },
                { "fileName": "anexo.pdf", "fileBase64": "JVBERi0xLjcK" }],
            "widgets": [{ "type": "signature", "document": "anexo.pdf", "page": 1, "x": 72, "y": 640, "signerId": 1 }] })),
        ),
        (
            "sign_this_from_template".to_owned(),
            asked(json!({ "templateId": "tpl_abc123", "title": "Contrato",
            "signers": signers(), "fieldValues": { "valor": "R$ 1.000,00" } })),
        ),
    ];
    let published = facts().into_iter().zip(1..).map(|(fact, seq)| {
        let name = fact.name().to_owned();
        (name, cloudevent::of(&event(fact, seq), None))
    });
    examples.extend(published);
    examples
}

fn asked(attributes: Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": "order-4711",
        "source": "/platform/orders",
        "type": sign_this::TYPE,
        "time": "2026-01-15T10:30:00Z",
        "datacontenttype": "application/json",
        "data": attributes,
    })
}

fn signers() -> Value {
    json!([{ "name": "João Silva", "email": "joao@empresa.com", "order": 1 },
        { "name": "Maria Santos", "email": "maria@cliente.com", "order": 2 }])
}

/// A fact of every kind. One that is missing here fails the test that counts them.
fn facts() -> Vec<Fact> {
    let (signer, provider) = (signer(1), "d4sign".to_owned());
    let config = ConfigId(Uuid::from_u128(3));
    let link = Digest::of(b"a link");
    let expires_at = "2026-02-14T10:30:00Z".parse().ok();
    let effect = format!("{}.3.invitation.{signer}", request());
    vec![
        Fact::Created(Arc::new(terms())),
        Fact::Sent { expires_at, warn_at: "2026-02-13T10:30:00Z".parse().ok() },
        Fact::Invited { link: Some(link), resent: false, round: 1, signer },
        Fact::DeliverySent { effect: effect.clone() },
        Fact::DeliveryFailed { code: "refused".to_owned(), effect },
        Fact::Viewed { signer },
        Fact::Challenged { method: Method::EmailCode, signer },
        Fact::Authenticated { files: Vec::new(), method: Method::AccessCode, reference: None, score: None, signer },
        Fact::Signed { authentication: "email_link".to_owned(), due: 1, method: "typed".to_owned(), signer },
        Fact::SignerDeclined { signer },
        Fact::Reminded { number: 1, signer },
        Fact::Replaced { by: SignerTerms { id: self::signer(3), ..terms().signers[0].clone() }, signer, told: true },
        Fact::Corrected { changed: vec![Detail::Email], requirements: None, signer },
        Fact::Added {
            shift: true,
            widgets: Vec::new(),
            signer: SignerTerms { id: self::signer(4), ..terms().signers[0].clone() },
        },
        Fact::Removed { signer, told: true },
        Fact::Completed {},
        Fact::RequestDeclined { signer },
        Fact::Expiring { expires_at: expires_at.unwrap_or_default() },
        Fact::Expired {},
        Fact::Cancelled { quiet: false },
        Fact::Deleted {},
        Fact::Held {},
        Fact::Released {},
        Fact::Purged { days: 90 },
        Fact::Sealed { bytes: 48_213, digest: Digest::of(b"a sealed PDF"), document: 1 },
        Fact::SealFailed { code: "document_store".to_owned(), document: 1 },
        Fact::ProviderSubmitted {
            config: Some(config),
            provider: provider.clone(),
            reference: Some("9f08bf18-bf4b-410f-9701-c286e5b1cad1".to_owned()),
            signers: [(signer, "NwYj=".to_owned())].into(),
        },
        Fact::ProviderFailed {
            code: "http_503".to_owned(),
            config: Some(config),
            next: Some(Collector { config, provider: "native".to_owned() }),
            provider: provider.clone(),
        },
        Fact::ProviderSilent { provider: provider.clone(), since: "2026-01-14T09:00:00Z".parse().unwrap() },
        Fact::ProviderReported {
            provider,
            report: "4".to_owned(),
            signer: None,
            signers: BTreeMap::new(),
            unconfirmed: true,
        },
        Fact::Revised(Arc::new(terms())),
    ]
}

fn terms() -> Terms {
    Terms {
        appended_pages: 0,
        business_id: Some("case-7".to_owned()),
        documents: vec![Document {
            bytes: 31_870,
            digest: Digest::of(b"a PDF"),
            file: Some(FileId(id(0x30))),
            pages: 2,
        }],
        expires_at: None,
        expires_in_days: Some(30),
        language: "pt-BR".to_owned(),
        provider: "native".to_owned(),
        provider_config: None,
        reminders: Some(Reminders { at_most: 3, every_days: 5, first_after_days: 2 }),
        signers: vec![SignerTerms::new(signer(1), 1, Role::Signer)],
        template: None,
        warn_hours: 24,
        widgets: vec![Widget {
            at: Area { height: 40_000, width: 160_000, x: 72_000, y: 640_000 },
            document: 0,
            id: WidgetId(1),
            kind: WidgetKind::Signature,
            name: None,
            page: 2,
            prefilled: false,
            required: true,
            signer: signer(1),
        }],
    }
}

fn event(fact: Fact, seq: u64) -> Event {
    let actor = match &fact {
        Fact::Created(_)
        | Fact::Revised(_)
        | Fact::Sent { .. }
        | Fact::Cancelled { .. }
        | Fact::Held {}
        | Fact::Released {} => Actor::Key(KeyId(id(0x20))),
        Fact::Viewed { .. } | Fact::Signed { .. } | Fact::SignerDeclined { .. } => Actor::Signer(signer(1)),
        Fact::ProviderReported { provider, .. } => Actor::Provider(provider.clone()),
        _ => Actor::System,
    };
    Event {
        id: EventId(id(0x100 + u128::from(seq))),
        organization: "acme".parse().unwrap(),
        request: request(),
        seq,
        time: "2026-01-15T10:30:00.123456Z".parse().unwrap(),
        actor,
        hash: Digest::of(fact.name().as_bytes()),
        fact,
        personal: Personal::default(),
    }
}

fn request() -> RequestId {
    RequestId(id(1))
}

fn signer(number: u128) -> SignerId {
    SignerId(id(0x10 + number))
}

/// A UUIDv7 of the examples' day, told apart by its last digits.
fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x019b_c131_b380_7000_8000_0000_0000_0000 + number)
}
