//! What a document's webhook is told (the vendor's "POSTBack"): a form with `uuid`, `type_post`, `message`, and `email`
//! where it is about a person. It is made of the request as the event left it, so it is the same whenever it is made; of
//! an erased request it names nobody.

use countersign_engine::effect::{Effect, EffectKind};
use countersign_engine::event::{Event, Fact};
use countersign_engine::ids::SignerId;
use countersign_engine::request::Request;
use uuid::Uuid;

/// The names under which deliveries are listed; one for each type.
pub const EVENTS: [&str; 4] = ["document.finished", "email.not_sent", "document.cancelled", "document.signed"];
/// What a body is. Its boundary never stands in one: no value has more than one line.
pub const CONTENT_TYPE: &str = "multipart/form-data; boundary=countersign-postback";
const BOUNDARY: &str = "countersign-postback";

/// The vendor's number and sentence for something that happened.
type Told = (&'static str, &'static str);

/// All have signed.
const FINISHED: Told = ("1", "Finished document");
/// A letter could not be delivered.
const NOT_SENT: Told = ("2", "E-mail not sent");
/// It was called off, declined, or ran out of time.
const CANCELLED: Told = ("3", "Cancelled document");
/// Somebody has signed.
const SIGNED: Told = ("4", "Signed");
/// Nothing happened: a test.
const TEST: Told = ("0", "Test");

/// What an event is called here; `None` if nobody is told of it.
pub fn name(fact: &Fact) -> Option<&'static str> {
    let (number, _) = told(fact)?;
    number.parse::<usize>().ok().and_then(|number| EVENTS.get(number.checked_sub(1)?).copied())
}

/// The message about an event that has a name. `then` is the request as the event left it.
pub fn body(event: &Event, then: &Request) -> Vec<u8> {
    let email = about(&event.fact).and_then(|signer| then.signer(signer)).map(|signer| signer.email());
    form(event.request.0, told(&event.fact).unwrap_or(TEST), email.filter(|email| !email.is_empty()))
}

/// The message that says nothing, to see whether it arrives.
pub fn note(document: Uuid) -> Vec<u8> {
    form(document, TEST, None)
}

fn told(fact: &Fact) -> Option<Told> {
    match fact {
        Fact::Completed {} => Some(FINISHED),
        Fact::DeliveryFailed { .. } => about(fact).map(|_| NOT_SENT),
        Fact::Cancelled { .. } | Fact::RequestDeclined { .. } | Fact::Expired {} => Some(CANCELLED),
        Fact::Signed { .. } => Some(SIGNED),
        _ => None,
    }
}

/// Whom a fact is about: who signed, or who was to sign and could not be written to.
fn about(fact: &Fact) -> Option<SignerId> {
    match fact {
        Fact::Signed { signer, .. } => Some(*signer),
        Fact::DeliveryFailed { effect, .. } => {
            let effect: Effect = effect.parse().ok()?;
            effect.signer.filter(|_| matches!(effect.kind, EffectKind::Invitation | EffectKind::Reminder))
        }
        _ => None,
    }
}

fn form(document: Uuid, (number, message): Told, email: Option<&str>) -> Vec<u8> {
    let document = document.to_string();
    let fields =
        [("uuid", Some(document.as_str())), ("type_post", Some(number)), ("message", Some(message)), ("email", email)];
    let part = |(name, value): (&str, Option<&str>)| {
        let value = value?;
        Some(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
    };
    let parts: String = fields.into_iter().filter_map(part).collect();
    format!("{parts}--{BOUNDARY}--\r\n").into_bytes()
}
