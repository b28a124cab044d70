//! What a stream keeps, by number: read again, and removed for good.

use async_nats::jetstream::context::RequestErrorKind;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::RawMessageErrorKind;
use async_nats::jetstream::{self, Context, ErrorCode};
use serde::Deserialize;
use serde_json::json;

use super::{BusError, JetStream};

impl JetStream {
    /// What a message of a stream says; `None` if it is not there any more.
    pub async fn kept(&self, stream: &str, sequence: u64) -> Result<Option<Vec<u8>>, BusError> {
        let found = self.context().get_stream_no_info(stream).await.map_err(|error| away(&error))?;
        match found.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message.payload.to_vec())),
            Err(error) => match error.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(None),
                _ => Err(away(&error)),
            },
        }
    }

    /// Removes a message from a stream and has its bytes overwritten.
    pub async fn erase(&self, stream: &str, sequence: u64) -> Result<(), BusError> {
        ask_to_delete(self.context(), stream, sequence, Bytes::Overwritten).await
    }
}

/// Removes a message from a stream. Its bytes go with its block, as soon as nothing in that is left:
/// overwriting each costs the server milliseconds, and it does nothing else with the stream meanwhile.
pub(super) async fn remove(context: &Context, stream: &str, sequence: u64) -> Result<(), BusError> {
    ask_to_delete(context, stream, sequence, Bytes::Dropped).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bytes {
    Overwritten,
    Dropped,
}

#[derive(Deserialize)]
struct Deleted {}

async fn ask_to_delete(context: &Context, stream: &str, sequence: u64, bytes: Bytes) -> Result<(), BusError> {
    let asked = json!({ "seq": sequence, "no_erase": bytes == Bytes::Dropped });
    let answer = context.request(format!("STREAM.MSG.DELETE.{stream}"), &asked).await;
    match answer.map_err(|error| unanswered(&error, stream))? {
        Response::Ok(Deleted {}) => Ok(()),
        // Somebody else was first.
        Response::Err { error } if is_gone(&error) => Ok(()),
        Response::Err { error } => Err(BusError::Stream { stream: stream.to_owned(), reason: error.to_string() }),
    }
}

/// What servers say of a number that is not there, between the first and the last, or beyond them.
fn is_gone(error: &jetstream::Error) -> bool {
    match error.error_code() {
        ErrorCode::SEQUENCE_NOT_FOUND => true,
        ErrorCode::STREAM_MESSAGE_DELETE_FAILED => {
            ["no message found", "stream store EOF"].iter().any(|said| error.to_string().contains(said))
        }
        _ => false,
    }
}

/// A server says nothing to who may not ask, so that is the likeliest reason while others are answered.
fn unanswered(error: &async_nats::jetstream::context::RequestError, stream: &str) -> BusError {
    match error.kind() {
        RequestErrorKind::TimedOut => {
            BusError::Away(format!("no answer to STREAM.MSG.DELETE.{stream}; may this user delete its messages?"))
        }
        _ => away(error),
    }
}

fn away(error: &dyn std::fmt::Display) -> BusError {
    BusError::Away(error.to_string())
}
