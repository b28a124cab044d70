//! How JetStream stands, for those who watch over a process: it changes nothing there.

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::context::GetStreamErrorKind;
use futures_util::future::try_join_all;

use super::requests::CONSUMER;
use super::{BusError, DEAD, EVENTS, JetStream, REQUESTS};

/// How far the intake is behind what was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// Wishes that were not delivered yet.
    pub pending: u64,
    /// Wishes that were delivered, and neither acknowledged nor given back.
    pub unacknowledged: u64,
    /// Those of them that were delivered more than once.
    pub redelivered: u64,
}

impl JetStream {
    /// The streams that are not there.
    pub async fn missing_streams(&self) -> Result<Vec<&'static str>, BusError> {
        let looks = [REQUESTS, EVENTS, DEAD].map(|name| async move {
            match self.context().get_stream(name).await {
                Ok(_) => Ok(None),
                Err(error) => match error.kind() {
                    GetStreamErrorKind::JetStream(said) if said.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                        Ok(Some(name))
                    }
                    _ => Err(BusError::Away(error.to_string())),
                },
            }
        });
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    /// How far the intake is behind; an error where nobody has read yet.
    pub async fn intake_lag(&self) -> Result<Lag, BusError> {
        let found = self.context().get_consumer_from_stream::<pull::Config, _, _>(CONSUMER, REQUESTS).await;
        let consumer = found.map_err(|error| BusError::Away(error.to_string()))?;
        let info = consumer.cached_info();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Ok(Lag {
            pending: info.num_pending,
            unacknowledged: count(info.num_ack_pending),
            redelivered: count(info.num_redelivered),
        })
    }
}
