//! Codes: asked for, and compared.
//!
//! One-time codes are not stored, not even as a digest: each is a stamp over the fact that it was asked for, so the
//! letter can be written, and the code compared, wherever the master keys are.

use countersign_engine::command::{Proved, Wish};
use countersign_engine::ids::{Digest, RequestId, SignerId};
use countersign_engine::requirement::{CODE_LIFE, Challenge, Method};

use super::tries::{TRIES_FOR, TRIES_MAX};
use super::{NotProved, Prover, Proving};
use crate::service::Service;
use crate::stamp::{self, KEY_BYTES};

/// How many one-time codes there are: they have six digits.
const CODES: u64 = 1_000_000;

impl Service {
    /// The one-time code that was asked for by a fact: six digits.
    pub fn one_time_code(&self, request: RequestId, signer: SignerId, method: Method, seq: u64) -> String {
        self.one_time_codes(request, signer, method, seq).swap_remove(0)
    }

    /// The codes that may have been sent for it, the present one first: one for each master key.
    fn one_time_codes(&self, request: RequestId, signer: SignerId, method: Method, seq: u64) -> Vec<String> {
        let parts: [&[u8]; 4] =
            [request.0.as_bytes(), signer.0.as_bytes(), method.as_str().as_bytes(), &seq.to_be_bytes()];
        let code = |stamp: [u8; KEY_BYTES]| {
            let number = stamp[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            format!("{:06}", number % CODES)
        };
        self.codes.stamps(&parts).map(|(_, stamp)| code(stamp)).collect()
    }
}

impl Prover<'_> {
    /// Compares the access code.
    pub async fn access_code(&self, typed: &str) -> Proving {
        let code = self.service.access_code(self.signer)?.ok_or(NotProved::CodeGone)?;
        self.compare(Method::AccessCode, typed, &[code]).await
    }

    /// Asks for a one-time code, or a payment.
    pub async fn challenge(&self, method: Method) -> Proving {
        self.refuse_if_locked(method).await?;
        let (signer, round) = (self.signer.id(), self.signer.round);
        self.submit(Wish::Challenge { signer, round, method }).await
    }

    /// Compares a one-time code.
    pub async fn code(&self, method: Method, typed: &str) -> Proving {
        let challenge = self.live_challenge(method).ok_or(NotProved::CodeGone)?;
        let codes = self.service.one_time_codes(self.request.id, self.signer.id(), method, challenge.seq);
        let digits: String = typed.chars().filter(|char| !char.is_whitespace()).collect();
        self.compare(method, &digits, &codes).await
    }

    /// What the signer asked for, while it counts.
    pub fn live_challenge(&self, method: Method) -> Option<Challenge> {
        let challenge = self.signer.challenges.get(&method).copied()?;
        let lives = method == Method::Pix || self.service.clock.now() < challenge.at + CODE_LIFE;
        lives.then_some(challenge)
    }

    /// Counts a try, and only then compares.
    async fn compare(&self, method: Method, typed: &str, wanted: &[String]) -> Proving {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(NotProved::Nothing);
        }
        let taken = self.take_try(method).await?;
        // Digests of equal length, so that nothing of the code's own length is told by the time it takes.
        let is_it = |code: &String| stamp::same(&Digest::of(typed.as_bytes()).0, &Digest::of(code.as_bytes()).0);
        if !wanted.iter().any(is_it) {
            return match TRIES_MAX.saturating_sub(taken) {
                0 => Err(NotProved::Locked { wait: TRIES_FOR }),
                left => Err(NotProved::Wrong { left }),
            };
        }
        self.prove(Proved::by(method)).await
    }
}
