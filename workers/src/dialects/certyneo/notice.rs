//! What an endpoint of this dialect is told: `{event, envelope_id, occurred_at, data}`, in the vendor's words. It is made
//! of the request as the event left it, so it is the same whenever it is made; of an erased request it tells ids only.

use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::SignerId;
use countersign_engine::request::{Request, Status};
use countersign_engine::signer::{Role, Signer, SignerStatus};
use serde_json::{Value, json};

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
pub fn body(name: &str, event: &Event, then: &Request, api: &str) -> Value {
    json!({
        "event": name,
        "envelope_id": event.request,
        "occurred_at": event.time,
        "data": data(event, then, api),
    })
}

/// The message about something that is no event of a request.
pub fn note(name: &str, at: jiff::Timestamp, note: Value) -> Value {
    json!({ "event": name, "envelope_id": null, "occurred_at": at, "data": note })
}

fn data(event: &Event, then: &Request, api: &str) -> Value {
    let recipients: Vec<Value> = then.signers.iter().map(|signer| recipient(signer)).collect();
    let mut data = json!({ "status": status(then.status), "subject": then.title, "recipients": recipients });
    match &event.fact {
        Fact::Viewed { signer } | Fact::Signed { signer, .. } => {
            data["recipient"] = then.signer(*signer).map_or(json!({ "id": signer }), recipient);
        }
        Fact::Completed {} => {
            data["completed_at"] = json!(then.completed_at);
            data["proof_pdf_url"] = format!("{api}/api/v1/envelopes/{}/signed-document", then.id).into();
        }
        Fact::RequestDeclined { signer } => {
            data["decline_reason"] = json!(then.reason);
            data["recipient"] = then.signer(*signer).map_or(json!({ "id": signer }), recipient);
        }
        Fact::Cancelled { .. } => data["void_reason"] = json!(then.reason),
        Fact::Expired {} => {
            data["missing_signers"] = then.due().map(recipient).collect();
        }
        _ => {}
    }
    data
}

fn recipient(signer: &Signer) -> Value {
    let person = signer.person.as_ref();
    json!({
        "id": signer.id(),
        "name": person.map(|person| &person.name),
        "email": person.map(|person| &person.email),
        "role": role(signer.terms.role),
        "status": standing(signer.status),
        "signed_at": signer.signed_at,
    })
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Viewed => "DELIVERED",
        Status::Cancelled => "VOIDED",
        same => same.as_str(),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Signer | Role::Witness => "SIGNER",
        Role::Approver => "APPROVER",
        Role::Acknowledger => "VIEWER",
        Role::Copied => "CARBON_COPY",
    }
}

fn standing(status: SignerStatus) -> &'static str {
    match status {
        SignerStatus::Viewed => "DELIVERED",
        same => same.as_str(),
    }
}

/// Whose act an event is, where what it is called depends on their role.
pub fn actor(fact: &Fact) -> Option<SignerId> {
    match fact {
        Fact::Signed { signer, .. } => Some(*signer),
        _ => None,
    }
}
