//! English.

use super::{Facts, Words, date, or_word, stop};
use countersign_engine::signer::Role;

use super::LetterKind;
use jiff::Timestamp;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The sentences of one letter, in English.
pub(super) fn words(facts: &Facts<'_>) -> Words {
    let organization = or_word(facts.organization, "Countersign");
    let title = or_word(facts.title, "Untitled document");
    let (subject, lead, note) = story(facts, organization, title);
    Words {
        subject,
        greeting: match facts.name {
            "" => "Hello,".into(),
            name => format!("Hello {name},"),
        },
        lead,
        note,
        message_label: format!("A message from {organization}:"),
        reason_label: "The reason given:".into(),
        documents_label: "Documents:".into(),
        button: button(facts).into(),
        link_label: "If the button does not work, open this address:".into(),
        link_notice: "This link is personal: it was made for you alone. Please do not forward \
                      this letter."
            .into(),
        footer: match facts.kind {
            LetterKind::Invitation | LetterKind::Reminder => format!(
                "Sent by Countersign on behalf of {} If you did not expect it, you \
                 can ignore this letter: nothing happens in your name without you.",
                stop(organization)
            ),
            _ => format!("Sent by Countersign on behalf of {}", stop(organization)),
        },
    }
}

/// Subject, lead and note.
fn story(f: &Facts<'_>, organization: &str, title: &str) -> (String, String, Option<String>) {
    let actor = f.actor.unwrap_or(organization);
    match f.kind {
        LetterKind::Invitation => {
            let asks = match f.role {
                Role::Signer => "asks you to sign",
                Role::Approver => "asks you to approve",
                Role::Acknowledger => "asks you to confirm receipt of",
                Role::Witness => "asks you to witness the signing of",
                Role::Copied => "shares with you a copy of",
                Role::Viewer => "invites you to follow",
            };
            (format!("{organization} {asks} “{title}”"), format!("{organization} {asks} “{title}”."), until(f))
        }
        LetterKind::Reminder => {
            let waits = match f.role {
                Role::Signer => "is waiting for your signature",
                Role::Approver => "is waiting for your approval",
                Role::Acknowledger => "is waiting for you to confirm receipt",
                Role::Witness => "is waiting for you as a witness",
                Role::Copied => "is there for you to read",
                Role::Viewer => "is there for you to follow",
            };
            (
                format!("Reminder: “{title}” {waits}"),
                format!("Just a friendly reminder: “{title}” from {organization} {waits}."),
                until(f),
            )
        }
        LetterKind::Withdrawn => (
            format!("Your link to “{title}” was withdrawn"),
            format!("{organization} changed who is asked about “{title}”. The link you were sent no longer works."),
            Some("There is nothing left for you to do with this letter.".into()),
        ),
        LetterKind::Code => (
            format!("Your code for “{title}”"),
            format!("With this code you confirm that it is you who opens “{title}” from {organization}:"),
            Some("It works for 10 minutes, on the page where you asked for it. Tell it to nobody.".into()),
        ),
        LetterKind::Completed => (
            format!("“{title}” is complete"),
            format!("Everyone has done their part: “{title}” from {organization} is complete."),
            Some("There is nothing left for you to do. We suggest you keep a copy.".into()),
        ),
        LetterKind::Declined => (
            format!("“{title}” was declined"),
            format!(
                "{} declined “{title}” from {organization}, so it will not be completed.",
                f.actor.unwrap_or("One of the people asked")
            ),
            Some("The links no longer work, and there is nothing left for you to do.".into()),
        ),
        LetterKind::Cancelled => (
            format!("“{title}” was cancelled"),
            format!("{actor} cancelled the request about “{title}”."),
            Some("The links no longer work, and there is nothing left for you to do.".into()),
        ),
        LetterKind::Expired => (
            format!("“{title}” has expired"),
            match f.expires_at {
                Some(at) => format!("The time for “{title}” from {organization} ran out on {}.", on(at)),
                None => format!("The time for “{title}” from {organization} has run out."),
            },
            Some("The links no longer work. If it is still needed, ask for it to be sent again.".into()),
        ),
    }
}

fn until(facts: &Facts<'_>) -> Option<String> {
    let at = facts.expires_at?;
    Some(match facts.role {
        Role::Copied | Role::Viewer => format!("The link works until {}.", on(at)),
        _ => format!("You can do this until {}.", on(at)),
    })
}

fn on(at: Timestamp) -> String {
    let (day, month, year, time) = date(at);
    format!("{day} {} {year} at {time} UTC", MONTHS[month])
}

fn button(facts: &Facts<'_>) -> &'static str {
    let several = facts.documents > 1;
    match (facts.kind, facts.role) {
        (LetterKind::Invitation | LetterKind::Reminder, role) => match role {
            Role::Signer => "Read and sign",
            Role::Approver => "Read and approve",
            Role::Acknowledger => "Read and confirm",
            Role::Witness => "Read and witness",
            Role::Copied | Role::Viewer if several => "Read the documents",
            Role::Copied | Role::Viewer => "Read the document",
        },
        (LetterKind::Completed, _) if several => "Get the finished documents",
        (LetterKind::Completed, _) => "Get the finished document",
        _ => "See the details",
    }
}
