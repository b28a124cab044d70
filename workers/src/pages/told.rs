//! What a signer is told when a step did not work: a status, and sentences with the field of each.

use axum::http::StatusCode;
use countersign_engine::refusal::Code;
use jiff::SignedDuration;

use super::text::{StepFaultWords, fill, words};
use super::view::StepFault;
use crate::gateway::Reason;
use crate::language::Language;
use crate::service::proofs::BadFile;
use crate::service::proving::NotProved;

/// Bytes in what people call a megabyte.
const MEGABYTE: usize = 1024 * 1024;

/// How a step went.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) faults: Vec<StepFault>,
}

impl Told {
    /// Whether nothing is wrong, and it is only not over.
    pub(super) fn is_pending(&self) -> bool {
        self.status == StatusCode::OK
    }
}

/// That something is not over yet.
pub(super) fn pending(text: &str) -> Told {
    Told { status: StatusCode::OK, faults: vec![StepFault { field: "", text: text.to_owned() }] }
}

/// How it went, in a language.
pub(super) fn told(error: &NotProved, language: Language) -> Told {
    let w = &words(language).step_faults;
    let say = |status, field, text: String| Told { status, faults: vec![StepFault { field, text }] };
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        NotProved::Wrong { left: 1 } => say(wrong, "code", w.wrong_code_one.to_owned()),
        NotProved::Wrong { left } => say(wrong, "code", fill(w.wrong_code, &[("left", &left.to_string())])),
        NotProved::Locked { wait } => {
            say(StatusCode::TOO_MANY_REQUESTS, "code", fill(w.locked, &[("minutes", &minutes(*wait))]))
        }
        NotProved::CodeGone => say(wrong, "code", w.code_gone.to_owned()),
        NotProved::Nothing => say(wrong, "code", w.required.to_owned()),
        NotProved::TooMany { most } => say(wrong, "file", fill(w.files_many, &[("count", &most.to_string())])),
        NotProved::File { name, why } => say(wrong, "file", bad_file(name, *why, w)),
        NotProved::Failed(reason) => say(wrong, "file", reason_of(*reason, w).to_owned()),
        NotProved::Pending => pending(words(language).steps.score_pending),
        NotProved::Away => say(StatusCode::SERVICE_UNAVAILABLE, "", w.away.to_owned()),
        NotProved::Unsupported => say(StatusCode::SERVICE_UNAVAILABLE, "", w.unsupported.to_owned()),
        NotProved::Refused(refusal) if refusal.code == Code::TooSoon => {
            let seconds = refusal.retry_after_seconds.unwrap_or(1).to_string();
            say(StatusCode::TOO_MANY_REQUESTS, "code", fill(w.too_soon, &[("seconds", &seconds)]))
        }
        NotProved::Refused(refusal) if refusal.code == Code::TooManyChallenges => {
            say(StatusCode::TOO_MANY_REQUESTS, "code", w.too_many_codes.to_owned())
        }
        NotProved::Refused(_) | NotProved::Service(_) => {
            say(StatusCode::SERVICE_UNAVAILABLE, "", words(language).answers.busy.to_owned())
        }
    }
}

/// Whole minutes, rounded up.
fn minutes(wait: SignedDuration) -> String {
    ((wait.as_secs() + 59) / 60).max(1).to_string()
}

fn bad_file(name: &str, why: BadFile, w: &StepFaultWords) -> String {
    let (text, most) = match why {
        BadFile::Empty => (w.file_empty, 0),
        BadFile::TooLarge(most) => (w.file_large, most),
        BadFile::Kind => (w.file_kind, 0),
        BadFile::TooSmall => (w.file_small, 0),
        BadFile::Unsafe(_) => (w.file_unsafe, 0),
    };
    fill(text, &[("name", name), ("megabytes", &(most / MEGABYTE).to_string())])
}

fn reason_of(reason: Reason, w: &StepFaultWords) -> &'static str {
    match reason {
        Reason::OtherPerson => w.other_person,
        Reason::NotSimilar => w.not_similar,
        Reason::NotLive => w.not_live,
        Reason::NoRecord => w.no_record,
        Reason::Unreadable => w.unreadable,
        Reason::Expired => w.expired,
        Reason::Refused => w.refused,
    }
}
