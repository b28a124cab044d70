//! What the log tells of messages that are refused: one line for each, which says what was wrong, with whose
//! configuration and from where; and no secret, no stamp and nothing of what the message says.

use countersign::config::Role;
use countersign::hooks::{SCHEMES, Scheme};
use countersign_tests::logbook::Logbook;
use countersign_tests::world::World;
use reqwest::StatusCode;
use serde_json::Value;

use super::mutations::mutations;
use super::sender::{DOCUMENT, Letter, secret};
use super::{address, configured, post};

/// The lines about security.
fn of_security(log: &Logbook) -> Vec<Value> {
    log.lines().into_iter().filter(|line| line["target"] == "countersign::security").collect()
}

#[tokio::test]
async fn a_refused_message_is_one_line_without_a_secret() {
    let (log, _written) = Logbook::open();
    let world = World::of_roles(&[Role::Http]).await;
    let expected = [
        ("certyneo", "no stamp", "missing"),
        ("certyneo", "a bit flipped", "wrong"),
        ("clicksign", "in capitals", "malformed"),
        ("docusign", "with another secret", "wrong"),
        ("stripe", "an hour late", "late"),
        ("standard_webhooks", "an hour early", "early"),
        ("d4sign", "two documents", "unreadable"),
        ("docuseal", "the stamp's header twice", "several"),
        ("dropbox_sign", "the secret itself", "wrong"),
    ];
    let mut configs = Vec::new();
    for (name, class, _) in expected {
        let scheme = Scheme::named(name).unwrap();
        let config = configured(&world, "acme", name, scheme).await;
        let change = mutations().find(|mutation| mutation.name == class).unwrap().change;
        let sent = change(&Letter::of(scheme)).unwrap();
        assert_eq!(post(&world, &address(&world, name, config), &sent).await.status, StatusCode::UNAUTHORIZED);
        configs.push(config);
    }
    let lines = of_security(&log);
    assert_eq!(lines.len(), expected.len(), "one line each");
    for ((line, (name, _, reason)), config) in lines.iter().zip(expected).zip(configs) {
        assert_eq!((&line["level"], &line["fields"]["reason"]), (&"WARN".into(), &reason.into()), "{line}");
        assert_eq!((&line["fields"]["provider"], &line["fields"]["ip"]), (&name.into(), &"127.0.0.1".into()), "{line}");
        assert_eq!(
            (&line["fields"]["config"], &line["fields"]["organization"]),
            (&config.to_string().into(), &"acme".into())
        );
    }
    let text = log.text();
    for scheme in &SCHEMES {
        let letter = Letter::of(scheme);
        for told in [secret(scheme, 1), secret(scheme, 9), letter.stamp(), DOCUMENT.to_owned(), "joao".to_owned()] {
            assert!(!text.contains(&told), "{}: {told} is in the log", scheme.name);
        }
    }
    // What is taken is no matter of security.
    let scheme = Scheme::named("certyneo").unwrap();
    let config = configured(&world, "acme", "certyneo", scheme).await;
    post(&world, &address(&world, "certyneo", config), &Letter::of(scheme).sent()).await;
    assert_eq!(of_security(&log).len(), expected.len());
}
