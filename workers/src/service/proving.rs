//! How a signer proves who they are: codes compared, files taken in, checks asked of the gateway. What was proved
//! becomes a fact; a try that failed is counted, in the database, and is none.
//!
//! Of everything that can be guessed there are five tries, whatever processes take them; then none for ten minutes. A
//! try is counted before it is looked at, so that many at once are no more than five.
//!
//! One-time codes are not stored, not even as a digest: each is a stamp over the fact that it was asked for, so the
//! letter can be written, and the code compared, wherever the master keys are.

use countersign_engine::command::{Command, Proved, Wish};
use countersign_engine::event::Actor;
use countersign_engine::ids::{Digest, RequestId, SignerId};
use countersign_engine::person::Person;
use countersign_engine::refusal::{Code, Refusal};
use countersign_engine::request::Request;
use countersign_engine::requirement::{CODE_LIFE, Challenge, Holder, Method, ProofFile};
use countersign_engine::signer::Signer;
use jiff::SignedDuration;

use super::proofs::{self, ATTACHMENTS_MAX, BadFile, Handed};
use super::{Service, ServiceError};
use crate::commit::{Failure, Order};
use crate::gateway::{self, Answer, Errand, ErrandKind, Evidence, FileRole, NotAnswered, Reason, Standing};
use crate::stamp::{self, KEY_BYTES};
use crate::store::{StoreError, Trial};

/// How many tries there are.
pub const TRIES_MAX: u32 = 5;
/// How long they are taken.
pub const TRIES_FOR: SignedDuration = SignedDuration::from_mins(10);
/// Digits of a one-time code.
const CODES: u64 = 1_000_000;
/// What the gateway's name for a check is in a test world, where it is not asked.
const TEST_REFERENCE: &str = "test";

/// Why something was not proved.
#[derive(Debug, thiserror::Error)]
pub enum NotProved {
    /// It is not the code; so many tries are left, at least one.
    #[error("not the code")]
    Wrong {
        /// How many.
        left: u32,
    },
    /// No try is left for so long.
    #[error("no try is left")]
    Locked {
        /// How long.
        wait: SignedDuration,
    },
    /// There is no code, or it is too old.
    #[error("there is no code any more")]
    CodeGone,
    /// Nothing was given.
    #[error("nothing was given")]
    Nothing,
    /// More files than are taken.
    #[error("too many files")]
    TooMany {
        /// How many are.
        most: usize,
    },
    /// A file is not taken.
    #[error("a file is not taken")]
    File {
        /// What it is called.
        name: String,
        /// Why.
        why: BadFile,
    },
    /// The check says no.
    #[error("the check failed")]
    Failed(Reason),
    /// The check is not over.
    #[error("the check is not over")]
    Pending,
    /// Whoever makes the check does not answer.
    #[error("the gateway does not answer")]
    Away,
    /// Nobody makes the check here.
    #[error("nobody makes this check here")]
    Unsupported,
    /// The engine said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Our own trouble.
    #[error(transparent)]
    Service(ServiceError),
}

impl From<ServiceError> for NotProved {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Commit(Failure::Refused(refusal)) => NotProved::Refused(refusal),
            error => NotProved::Service(error),
        }
    }
}

impl From<StoreError> for NotProved {
    fn from(error: StoreError) -> Self {
        NotProved::Service(error.into())
    }
}

type Proving = Result<(), NotProved>;

/// A signer at a step, with where they are.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    /// The engine.
    pub service: &'a Service,
    /// The request as they see it.
    pub request: &'a Request,
    /// Who.
    pub signer: &'a Signer,
    /// Address they act from.
    pub ip: &'a str,
    /// Browser they act with.
    pub user_agent: Option<&'a str>,
}

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

    /// Takes who they say they are.
    pub async fn statement(&self, method: Method, told: Person) -> Proving {
        self.prove(Proved { told: Some(told), ..Proved::by(method) }).await
    }

    /// Takes files in, and for a video asks whether it shows a living person.
    pub async fn files(&self, method: Method, handed: Vec<Handed>) -> Proving {
        if handed.is_empty() {
            return Err(NotProved::Nothing);
        }
        let most = match method {
            Method::Photo => 2,
            Method::Attachments => ATTACHMENTS_MAX,
            _ => 1,
        };
        if handed.len() > most {
            return Err(NotProved::TooMany { most });
        }
        self.refuse_if_locked(method).await?;
        let (mut files, mut file_names) = (Vec::new(), Vec::new());
        for file in &handed {
            let judged = proofs::judge(&self.service.documents, method, &file.bytes).await;
            let media_type = judged.map_err(|why| NotProved::File { name: file.title(), why })?;
            let known = proofs::described(&file.bytes, media_type);
            if !files.contains(&known) {
                files.push(known);
                file_names.push(file.title());
            }
        }
        // What may be given any number of times would fill the disk.
        if self.signer.proofs.contains_key(&method) {
            self.take_try(method).await?;
        }
        let mut proved = Proved { file_names, files, ..Proved::by(method) };
        if method == Method::VideoSelfie {
            proved.reference = self.alive(&proved.files, &handed).await?.reference;
        }
        for (file, handed) in proved.files.iter().map(|file| (file, handed_as(&handed, file))) {
            self.service.proofs.keep(&self.request.organization, self.request.id, file, handed).await?;
        }
        self.prove(proved).await
    }

    /// Asks whether a video shows a living person, the one on the pictures before it. It is kept only if so.
    async fn alive(&self, videos: &[ProofFile], handed: &[Handed]) -> Result<Answer, NotProved> {
        let method = Method::VideoSelfie;
        let before = self.given([Method::Photo, Method::Selfie]);
        let seen = before.iter().cloned().chain(videos.iter().map(|video| (FileRole::Video, video.clone())));
        let id = self.name_of(method, &seen.collect::<Vec<_>>());
        let mut errand = self.errand(ErrandKind::VideoSelfie, method, id, before).await?;
        let shown = videos.iter().map(|video| (video, handed_as(handed, video)));
        errand.files.extend(shown.map(|(video, bytes)| Evidence::new(FileRole::Video, &video.media_type, bytes)));
        self.verdict(method, &errand).await
    }

    /// Asks how the payment stands: what is to be paid while it is pending, and once it came that is a fact.
    pub async fn payment(&self) -> Result<Option<gateway::Payment>, NotProved> {
        let challenge = self.live_challenge(Method::Pix).ok_or(NotProved::CodeGone)?;
        let id = format!("{}.{}.{}.{}", self.request.id, challenge.seq, Method::Pix, self.signer.id());
        let mut errand = self.errand(ErrandKind::Pix, Method::Pix, id, Vec::new()).await?;
        errand.holder = self.signer.particulars.pix.as_ref().map(holder);
        let answer = self.verdict(Method::Pix, &errand).await?;
        if answer.status == Standing::Pending {
            return Ok(answer.payment);
        }
        self.prove(Proved { reference: answer.reference, ..Proved::by(Method::Pix) }).await.map(|()| None)
    }

    /// Has their face compared with the one that the government has.
    pub async fn score(&self) -> Proving {
        self.refuse_if_locked(Method::Score).await?;
        let seen = self.given([Method::Photo, Method::Selfie, Method::VideoSelfie]);
        let mut errand =
            self.errand(ErrandKind::Score, Method::Score, self.name_of(Method::Score, &seen), seen).await?;
        errand.holder = self.signer.particulars.score.as_ref().map(holder);
        errand.similarity = self.signer.terms.requirements.score;
        let Answer { status, reference, similarity, .. } = self.verdict(Method::Score, &errand).await?;
        if status == Standing::Pending {
            return Err(NotProved::Pending);
        }
        self.prove(Proved { reference, score: similarity, ..Proved::by(Method::Score) }).await
    }

    /// Whether they tried this and failed, lately.
    pub async fn has_failed(&self, method: Method) -> Result<bool, ServiceError> {
        let tries = self.service.store.tries(&self.trial(method)).await?;
        Ok(tries.is_some_and(|(_, until_us)| self.now_us() < until_us))
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

    /// Takes a try; how many are taken now.
    async fn take_try(&self, method: Method) -> Result<u32, NotProved> {
        let (trial, now_us) = (self.trial(method), self.now_us());
        let until_us = now_us + TRIES_FOR.as_micros() as i64;
        match self.service.store.take_try(&trial, now_us, until_us, TRIES_MAX).await? {
            Some(taken) => Ok(taken),
            None => Err(self.locked(&trial).await?),
        }
    }

    async fn refuse_if_locked(&self, method: Method) -> Proving {
        let trial = self.trial(method);
        let tries = self.service.store.tries(&trial).await?;
        match tries {
            Some((taken, until_us)) if taken >= TRIES_MAX && self.now_us() < until_us => {
                Err(self.locked(&trial).await?)
            }
            _ => Ok(()),
        }
    }

    async fn locked(&self, trial: &Trial) -> Result<NotProved, ServiceError> {
        let until_us = self.service.store.tries(trial).await?.map_or(0, |(_, until_us)| until_us);
        Ok(NotProved::Locked { wait: SignedDuration::from_micros((until_us - self.now_us()).max(0)) })
    }

    /// Makes a fact of what was proved.
    async fn prove(&self, proved: Proved) -> Proving {
        let method = proved.method;
        let (signer, round) = (self.signer.id(), self.signer.round);
        match self.submit(Wish::Authenticate { signer, round, proved: Box::new(proved) }).await {
            // Somebody with the same link was faster.
            Err(NotProved::Refused(refusal)) if refusal.code == Code::AlreadyAuthenticated => Ok(()),
            Err(error) => Err(error),
            // What was proved before and is given again goes on being counted.
            Ok(()) if self.signer.proofs.contains_key(&method) => Ok(()),
            Ok(()) => Ok(self.service.store.forget_tries(&self.trial(method)).await?),
        }
    }

    async fn submit(&self, wish: Wish) -> Proving {
        let order = Order {
            organization: self.request.organization.clone(),
            command: Command { request: self.request.id, wish },
            actor: Actor::Signer(self.signer.id()),
            ip: Some(self.ip.to_owned()),
            user_agent: self.user_agent.map(str::to_owned),
            receipt: None,
            fence: None,
        };
        self.service.submit(order).await?;
        Ok(())
    }

    /// The files of what they proved already, with what each shows.
    fn given<const COUNT: usize>(&self, methods: [Method; COUNT]) -> Vec<(FileRole, ProofFile)> {
        let role = |method| match method {
            Method::Selfie => FileRole::Selfie,
            Method::VideoSelfie => FileRole::Video,
            _ => FileRole::Photo,
        };
        let proofs = methods.into_iter().filter_map(|method| Some((role(method), self.signer.proofs.get(&method)?)));
        proofs.flat_map(|(role, proof)| proof.files.iter().map(move |file| (role, file.clone()))).collect()
    }

    /// What a check of some files is called: the same files are the same check, with this link.
    fn name_of(&self, method: Method, files: &[(FileRole, ProofFile)]) -> String {
        let digests: Vec<u8> = files.iter().flat_map(|(_, file)| file.digest.0).collect();
        let digest = Digest::of(&digests).to_string();
        format!("{}.{}.{}.{method}.{}", self.request.id, self.signer.id(), self.signer.round, &digest[..32])
    }

    async fn errand(
        &self,
        kind: ErrandKind,
        method: Method,
        id: String,
        files: Vec<(FileRole, ProofFile)>,
    ) -> Result<Errand, NotProved> {
        self.refuse_if_locked(method).await?;
        let mut evidence = Vec::new();
        for (role, file) in files {
            let bytes = self.service.proofs.read(&self.request.organization, self.request.id, file.digest).await?;
            evidence.push(Evidence::new(role, &file.media_type, &bytes));
        }
        let mut errand = Errand::new(id, kind, self.request, self.signer);
        errand.files = evidence;
        Ok(errand)
    }

    /// What the gateway says. A "no" takes a try, but for a payment: each is one of its own, and has its price.
    async fn verdict(&self, method: Method, errand: &Errand) -> Result<Answer, NotProved> {
        if self.request.is_test() {
            return Ok(Answer::passed(TEST_REFERENCE, errand.similarity));
        }
        let gateway = self.service.gateway.as_ref().ok_or(NotProved::Unsupported)?;
        match gateway.ask(errand, self.service.clock.now()).await {
            Ok(answer) if answer.status == Standing::Failed => {
                if method != Method::Pix {
                    self.take_try(method).await?;
                }
                Err(NotProved::Failed(answer.reason.unwrap_or_default()))
            }
            Ok(answer) => Ok(answer),
            Err(NotAnswered::Refused { code }) => {
                tracing::error!(request = %self.request.id, code, "the gateway does not take a check");
                Err(NotProved::Unsupported)
            }
            Err(NotAnswered::Away { code }) => {
                tracing::warn!(request = %self.request.id, code, "the gateway did not answer");
                Err(NotProved::Away)
            }
        }
    }

    fn trial(&self, method: Method) -> Trial {
        let organization = self.request.organization.clone();
        Trial { organization, request: self.request.id, signer: self.signer.id(), method }
    }

    fn now_us(&self) -> i64 {
        self.service.clock.now().as_microsecond()
    }
}

/// The bytes of a file among those that came along.
fn handed_as<'h>(handed: &'h [Handed], file: &ProofFile) -> &'h [u8] {
    let same = handed.iter().find(|handed| Digest::of(&handed.bytes) == file.digest);
    same.map_or(&[], |handed| &handed.bytes)
}

fn holder(holder: &Holder) -> gateway::Holder {
    gateway::Holder { name: holder.name.clone(), national_id: holder.national_id.bare().to_owned() }
}
