//! The streams: what they are called, which subjects they hold, how they must be configured.
//!
//! All keep what they hold (Limits) and refuse what does not fit (`discard: new`): a full stream that
//! dropped its oldest facts would acknowledge and lose, and a Work Queue forgets message ids at a
//! restart. None is the truth; the database is.
//!
//! Wishes and dead letters hold people's names and documents. So a wish leaves its stream as soon as it
//! is granted or buried, and dead letters go by themselves after a while. Facts hold none and stay.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use countersign_engine::event::Event;
use countersign_engine::ids::OrganizationId;

/// Wishes: `sign.requests.<organization>`.
pub const REQUESTS: &str = "SIGN_REQUESTS";
/// Facts: `sign.events.<organization>.<request>.<name>`.
pub const EVENTS: &str = "SIGN_EVENTS";
/// Wishes that can never be granted, with the reasons: `sign.dead.<organization>`.
pub const DEAD: &str = "SIGN_DEAD";

/// The streams with their subjects.
const STREAMS: [(&str, &str, &str); 3] = [
    (REQUESTS, "sign.requests.>", "Countersign: what is to be signed"),
    (EVENTS, "sign.events.>", "Countersign: what happened, in order per request"),
    (DEAD, "sign.dead.>", "Countersign: what can never be signed, and why"),
];

/// Where an event is published.
pub fn event_subject(event: &Event) -> String {
    format!("sign.events.{}.{}.{}", event.organization, event.request, event.fact.name())
}

/// Where an organization's wishes are published.
pub fn request_subject(organization: &OrganizationId) -> String {
    format!("sign.requests.{organization}")
}

/// Where the wishes of an organization are buried. `None` is for those that name no organization.
pub fn dead_subject(organization: Option<&OrganizationId>) -> String {
    format!("sign.dead.{}", organization.map_or("?", OrganizationId::as_str))
}

/// How the streams are made; `dead_letter_life` is how long a dead letter is kept.
pub(super) fn wanted(replicas: usize, dead_letter_life: Duration) -> impl Iterator<Item = Config> {
    STREAMS.into_iter().map(move |(name, subject, description)| Config {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        subjects: vec![subject.to_owned()],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: replicas,
        max_age: if name == DEAD { dead_letter_life } else { Duration::ZERO },
        ..Config::default()
    })
}

/// Why a stream that is there already cannot be used; empty if it can. Limits on its size and other
/// numbers of replicas are the operator's business.
pub(super) fn objections(found: &Config, wanted: &Config) -> Vec<String> {
    let holds = wanted.subjects.iter().all(|subject| found.subjects.contains(subject));
    let checks = [
        (!holds, format!("it does not hold {}", wanted.subjects.join(", "))),
        (found.retention != wanted.retention, "its retention is not limits".to_owned()),
        (found.discard != wanted.discard, "it discards old messages, not new ones".to_owned()),
        (found.storage != wanted.storage, "it is not stored in files".to_owned()),
        (found.max_messages_per_subject > 0, "it limits the messages of a subject".to_owned()),
        (found.deny_delete, "it does not let messages be deleted, and wishes hold personal data".to_owned()),
        (found.no_ack, "it does not acknowledge".to_owned()),
        (found.sealed, "it is sealed".to_owned()),
        (found.mirror.is_some(), "it is a mirror".to_owned()),
    ];
    checks.into_iter().filter_map(|(wrong, why)| wrong.then_some(why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_accepted_as_made_and_refused_when_it_may_lose() {
        for wanted in wanted(1, Duration::from_secs(60)) {
            assert_eq!(objections(&wanted, &wanted), Vec::<String>::new());
            let limited = Config { max_bytes: 1_000_000, num_replicas: 3, ..wanted.clone() };
            assert_eq!(objections(&limited, &wanted), Vec::<String>::new());
            let lossy = [
                Config { discard: DiscardPolicy::Old, ..wanted.clone() },
                Config { retention: RetentionPolicy::WorkQueue, ..wanted.clone() },
                Config { storage: StorageType::Memory, ..wanted.clone() },
                Config { max_messages_per_subject: 1, ..wanted.clone() },
                Config { no_ack: true, ..wanted.clone() },
                Config { deny_delete: true, ..wanted.clone() },
                Config { subjects: vec!["other".to_owned()], ..wanted.clone() },
            ];
            assert!(lossy.iter().all(|found| objections(found, &wanted).len() == 1));
        }
    }
}
