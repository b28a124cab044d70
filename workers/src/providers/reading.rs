//! What is read of vendors' answers, whoever they are.

use countersign_engine::command::FILE_MAX_BYTES;
use serde::de::DeserializeOwned;

use super::Stop;
use crate::outbound::Answer;

/// Most of a signed PDF, in bytes: one of the largest size, and what signing adds.
pub const PDF_MAX: usize = FILE_MAX_BYTES + 32 * 1024 * 1024;

/// Stops at what the vendor refused.
pub fn accepted(answer: &Answer) -> Result<(), Stop> {
    match answer.status {
        200..300 => Ok(()),
        status => Err(Stop::refused(status)),
    }
}

/// What an answer means to a call that goes to the account itself and to nothing in it: if nothing is there, `baseUrl`
/// or the safe is wrong. That is no fault of any request, and whoever has the account can put it right.
pub fn of_account(answer: Answer) -> Result<Answer, Stop> {
    match answer.status {
        404 | 405 | 410 => Err(Stop::Denied(format!("http_{}", answer.status))),
        _ => Ok(answer),
    }
}

/// What an answer holds in JSON; one that is none of the vendor's is as good as none.
pub fn in_json<T: DeserializeOwned>(answer: &Answer) -> Result<T, Stop> {
    accepted(answer)?;
    serde_json::from_slice(&answer.body).map_err(|_| Stop::unreadable())
}

/// An answer that is a PDF.
pub fn pdf(answer: Answer) -> Result<Answer, Stop> {
    if answer.body.starts_with(b"%PDF-") { Ok(answer) } else { Err(Stop::hindered("not_a_pdf")) }
}
