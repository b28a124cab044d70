//! What an endpoint of this dialect is told: `{event, envelope_id, occurred_at, data}`, in the vendor's words. It is made
//! of the request as the event left it, so it is the same whenever it is made; of an erased request it tells ids only.

use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use countersign_engine::signer::{Role, Signer};
use jiff::Timestamp;
use serde_json::Value;

use super::BASE;
use super::vocabulary::EnvelopeStatus;
use super::wire::{Notice, NoticeData, NoticedEnvelope, NoticedRecipient};

/// The names of events that endpoints of this dialect may hear.
pub const EVENTS: [&str; 9] = [
    "envelope.created",
    "envelope.sent",
    "envelope.completed",
    "envelope.declined",
    "envelope.voided",
    "envelope.expired",
    "recipient.viewed",
    "recipient.signed",
    "recipient.approved",
];

/// What an event is called here; `None` if nobody is told of it. `role` is that of the signer who acted.
pub fn name(fact: &Fact, role: Option<Role>) -> Option<&'static str> {
    Some(match fact {
        Fact::Created(_) => "envelope.created",
        Fact::Sent { .. } => "envelope.sent",
        Fact::Viewed { .. } => "recipient.viewed",
        Fact::Signed { .. } if role == Some(Role::Approver) => "recipient.approved",
        Fact::Signed { .. } => "recipient.signed",
        Fact::Completed {} => "envelope.completed",
        Fact::RequestDeclined { .. } => "envelope.declined",
        Fact::Cancelled { .. } => "envelope.voided",
        Fact::Expired {} => "envelope.expired",
        _ => return None,
    })
}

/// The message about an event. `then` is the request as the event left it, `api` where the API is reached.
pub fn body<'n>(name: &'n str, event: &Event, then: &'n Request, api: &str) -> Notice<'n> {
    let data = NoticeData::Envelope(Box::new(data(event, then, api)));
    Notice { event: name, envelope_id: Some(event.request), occurred_at: event.time, data }
}

/// The message about something that is no event of a request.
pub fn note(name: &str, at: Timestamp, note: Value) -> Notice<'_> {
    Notice { event: name, envelope_id: None, occurred_at: at, data: NoticeData::Webhook(note) }
}

fn data<'n>(event: &Event, then: &'n Request, api: &str) -> NoticedEnvelope<'n> {
    let recipients = then.signers.iter().map(|signer| recipient(signer)).collect();
    let about = |id: SignerId| then.signer(id).map(recipient);
    let subject = then.title.as_deref();
    let data = NoticedEnvelope {
        status: EnvelopeStatus::from(then.status).as_str(),
        subject,
        recipients,
        ..NoticedEnvelope::default()
    };
    match &event.fact {
        Fact::Viewed { signer } | Fact::Signed { signer, .. } => NoticedEnvelope { recipient: about(*signer), ..data },
        Fact::Completed {} => NoticedEnvelope {
            completed_at: then.completed_at,
            proof_pdf_url: Some(format!("{api}{BASE}/envelopes/{}/signed-document", then.id)),
            ..data
        },
        Fact::RequestDeclined { signer } => {
            NoticedEnvelope { decline_reason: then.reason.as_deref(), recipient: about(*signer), ..data }
        }
        Fact::Cancelled { .. } => NoticedEnvelope { void_reason: then.reason.as_deref(), ..data },
        Fact::Expired {} => NoticedEnvelope { missing_signers: Some(then.due().map(recipient).collect()), ..data },
        _ => data,
    }
}

fn recipient(signer: &Signer) -> NoticedRecipient<'_> {
    let person = signer.person.as_ref();
    NoticedRecipient {
        id: signer.id(),
        name: person.map(|person| person.name.as_str()),
        email: person.map(|person| person.email.as_str()),
        role: signer.terms.role.into(),
        status: signer.into(),
        signed_at: signer.signed_at,
    }
}

/// Whose act an event is, where what it is called depends on their role.
pub fn actor(fact: &Fact) -> Option<SignerId> {
    match fact {
        Fact::Signed { signer, .. } => Some(*signer),
        _ => None,
    }
}
