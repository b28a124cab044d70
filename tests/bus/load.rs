//! A load: wishes, some published twice, and poison between them, with what must become of each; and the
//! publisher in another language that gets them to the server, whatever happens to that.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_engine::ids::Digest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use super::server::Nats;
use super::sign_this;
use crate::tools;

/// Of so many messages one is published again.
const TWICE: usize = 10;
/// And so much later.
const LATER: usize = 6;
/// Of so many messages one is poison; of a few messages more are, so that there is each kind.
const POISON: usize = 100;
/// Of so many wishes one is signed.
const SIGNED: usize = 20;
/// Where wishes are published.
const SUBJECT: &str = "sign.requests.acme";

/// Code and pointer of each reason why a message can never work.
pub(super) type Reasons = &'static [(&'static str, &'static str)];

/// A message to be published.
#[derive(Clone, Debug)]
pub(super) struct Message {
    subject: &'static str,
    payload: Vec<u8>,
}

/// Messages, and what must become of them.
#[derive(Debug, Default)]
pub(super) struct Load {
    pub(super) messages: Vec<Message>,
    /// References of the wishes that are granted.
    pub(super) granted: BTreeSet<String>,
    /// References of those whose signers sign.
    pub(super) signed: Vec<String>,
    /// SHA-256 of each message that is buried, with the reasons.
    pub(super) buried: BTreeMap<String, Reasons>,
}

impl Load {
    /// So many different messages.
    pub(super) fn of(count: usize) -> Self {
        let mut load = Self::default();
        let every = (count / KINDS.len()).clamp(1, POISON);
        let (mut poison, mut again) = (KINDS.iter().cycle().zip(0..), Vec::new());
        for number in 0..count {
            if number % every == every / 2 {
                let (kind, nth) = poison.next().unwrap();
                let message = kind.message(nth);
                load.buried.insert(Digest::of(&message.payload).to_string(), kind.reasons);
                load.messages.push(message);
            } else {
                let message = load.wish(number);
                if number.is_multiple_of(TWICE) {
                    again.push((number + LATER, message));
                }
            }
            for (_, message) in again.extract_if(.., |(due, _)| *due <= number) {
                load.messages.push(message);
            }
        }
        load.messages.extend(again.into_iter().map(|(_, message)| message));
        load
    }

    fn wish(&mut self, number: usize) -> Message {
        let reference = format!("lease-{number}");
        let message = sign_this(&reference, json!({ "businessId": reference }));
        let message = Message { subject: SUBJECT, payload: message.to_string().into_bytes() };
        self.messages.push(message.clone());
        if self.granted.len().is_multiple_of(SIGNED) {
            self.signed.push(reference.clone());
        }
        self.granted.insert(reference);
        message
    }
}

/// A kind of message that can never work.
struct Kind {
    subject: &'static str,
    /// The n-th of the kind: no two are the same.
    payload: fn(usize) -> Vec<u8>,
    reasons: Reasons,
}

impl Kind {
    fn message(&self, nth: usize) -> Message {
        Message { subject: self.subject, payload: (self.payload)(nth) }
    }
}

const KINDS: [Kind; 10] = [
    Kind {
        subject: SUBJECT,
        payload: |nth| format!("{{ \"not JSON\": {nth}").into_bytes(),
        reasons: &[("invalid_json", "")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| [&[0xFF, 0xFE], nth.to_string().as_bytes()].concat(),
        reasons: &[("invalid_json", "")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| json!({ "hello": nth }).to_string().into_bytes(),
        reasons: &[
            ("required", "/specversion"),
            ("required", "/type"),
            ("required", "/source"),
            ("required", "/id"),
            ("required", "/data"),
        ],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| {
            let mut message = poison(nth, json!({}));
            message["type"] = "somebody.elses.v1".into();
            message.to_string().into_bytes()
        },
        reasons: &[("invalid", "/type")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| poison(nth, json!({ "signers": [] })).to_string().into_bytes(),
        reasons: &[("required", "/data/signers")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| poison(nth, json!({ "fileBase64": STANDARD.encode("a letter") })).to_string().into_bytes(),
        reasons: &[("not_a_pdf", "/data/fileBase64")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| {
            let faulty = json!({ "title": "", "signers": [{ "name": "Ana", "email": "nobody" }] });
            poison(nth, faulty).to_string().into_bytes()
        },
        reasons: &[("required", "/data/title"), ("invalid_email", "/data/signers/0/email")],
    },
    Kind {
        subject: SUBJECT,
        payload: |nth| {
            let mut message = poison(nth, json!({}));
            let signers = message["data"]["signers"].clone();
            message["data"] = json!({ "title": "Lease", "templateId": "none", "signers": signers });
            message.to_string().into_bytes()
        },
        reasons: &[("unknown_template", "/data/templateId")],
    },
    Kind {
        subject: "sign.requests.nobody",
        payload: |nth| poison(nth, json!({})).to_string().into_bytes(),
        reasons: &[("unknown_organization", "")],
    },
    Kind {
        subject: "sign.requests.acme.other",
        payload: |nth| poison(nth, json!({})).to_string().into_bytes(),
        reasons: &[("invalid_subject", "")],
    },
];

fn poison(nth: usize, attributes: Value) -> Value {
    sign_this(&format!("poison-{nth}"), attributes)
}

/// A program of another language that publishes what it is given, at least once.
pub(super) struct Publisher {
    child: Child,
    input: ChildStdin,
}

impl Publisher {
    /// Starts it.
    pub(super) fn start(nats: &Nats) -> Self {
        let mut python = Command::new(tools::folder().join("python/bin/python"));
        python.arg(tools::file("bus/publisher.py")).arg(nats.url());
        python.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = python.spawn().unwrap_or_else(|error| panic!("no Python ({error}): tests/run gets it"));
        let input = child.stdin.take().unwrap();
        Self { child, input }
    }

    /// Gives it messages; it publishes them behind the scenes.
    pub(super) async fn give(&mut self, messages: &[Message]) {
        for message in messages {
            let line = json!({ "subject": message.subject, "payload": STANDARD.encode(&message.payload) });
            self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        }
        self.input.flush().await.unwrap();
    }

    /// Waits until the server has everything; what it says of that.
    pub(super) async fn finish(self) -> String {
        let Self { mut child, input } = self;
        drop(input);
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).await.unwrap();
        let status = child.wait().await.unwrap();
        assert!(status.success(), "the publisher failed: {status}");
        said.trim().to_owned()
    }
}
