//! How a vendor does: a circuit that rests it when it fails, longer each time, and tries it again with one call.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Failures in a row after which the circuit opens.
const OPENS_AFTER: u32 = 3;
/// How long it is open the first time; doubled with each failure since, at most [`REST_MAX`].
const REST: SignedDuration = SignedDuration::from_secs(15);
/// Longest rest that nobody asked for.
const REST_MAX: SignedDuration = SignedDuration::from_mins(15);
/// How long a vendor rests that does not know the credentials: only somebody's hand mends that.
const DENIED_REST: SignedDuration = SignedDuration::from_mins(15);

/// How an account's calls went of late. Stored with its configuration, for every process and for who looks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// When a call was last answered as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeded_at: Option<Timestamp>,
    /// Since when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// How many were not, one after another.
    #[serde(default)]
    pub failures: u32,
    /// The code of the last failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether the vendor does not know the credentials.
    #[serde(default)]
    pub denied: bool,
}

/// What is to be seen of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Calls are made.
    Closed,
    /// The last calls failed; calls are made.
    Failing,
    /// The vendor is away and rests; no calls are made.
    Open,
    /// The vendor does not know the credentials; it is tried now and then.
    Denied,
}

impl Circuit {
    /// Every state there is.
    pub const ALL: [Circuit; 4] = [Circuit::Closed, Circuit::Failing, Circuit::Open, Circuit::Denied];

    /// The state's name, as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Circuit::Closed => "ok",
            Circuit::Failing => "failing",
            Circuit::Open => "away",
            Circuit::Denied => "denied",
        }
    }
}

impl Stand {
    /// That of an account that was not called yet, as it is stored.
    pub const BLANK: &str = "{}";

    /// A stored one.
    pub fn read(stored: &str) -> Result<Self, StoreError> {
        serde_json::from_str(stored).map_err(|_| StoreError::Corrupt { what: "provider configuration" })
    }

    /// After an effect that came to nothing although the vendor answers as it should.
    pub fn hindered(&self, code: &str) -> Self {
        Self { code: Some(code.to_owned()), ..self.clone() }
    }

    /// After a call that was answered as it should be.
    pub fn succeeded(&self, now: Timestamp) -> Self {
        Self { succeeded_at: Some(now), ..Self::default() }
    }

    /// After a call that was not, and until when the vendor is to rest. `asked` is how long it asked to be left alone.
    pub fn failed(&self, code: &str, denied: bool, asked: Option<SignedDuration>, now: Timestamp) -> (Self, Timestamp) {
        let failures = self.failures.saturating_add(1);
        let own = match failures.checked_sub(OPENS_AFTER) {
            _ if denied => DENIED_REST,
            Some(more) => SignedDuration::from_secs(REST.as_secs() << more.min(10)).min(REST_MAX),
            None => SignedDuration::ZERO,
        };
        let stand = Self {
            succeeded_at: self.succeeded_at,
            failing_since: self.failing_since.or(Some(now)),
            failures,
            code: Some(code.to_owned()),
            denied,
        };
        (stand, now + own.max(asked.unwrap_or_default()))
    }

    /// What is to be seen, when the vendor is not to be called before `rest_us`.
    pub fn circuit(&self, rest_us: i64, now: Timestamp) -> Circuit {
        match self.failures {
            _ if self.denied => Circuit::Denied,
            0 => Circuit::Closed,
            _ if rest_us > now.as_microsecond() => Circuit::Open,
            failures if failures >= OPENS_AFTER => Circuit::Open,
            _ => Circuit::Failing,
        }
    }

    /// For how long nothing has succeeded.
    pub fn failing_for(&self, now: Timestamp) -> SignedDuration {
        self.failing_since.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
    }
}
