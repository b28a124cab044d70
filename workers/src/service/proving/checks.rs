//! Checks: files taken in and kept, and what the gateway is asked of a person: whether a video shows them, whether they
//! paid, whether theirs is the face that the government has.

use countersign_engine::command::Proved;
use countersign_engine::ids::Digest;
use countersign_engine::requirement::{Holder, Method, ProofFile};

use super::{NotProved, Prover, Proving};
use crate::gateway::{self, Answer, Errand, ErrandKind, Evidence, FileRole, NotAnswered, Standing};
use crate::service::proofs::{self, ATTACHMENTS_MAX, Handed};

/// What the gateway's name for a check is in a test world, where it is not asked.
const TEST_REFERENCE: &str = "test";

/// A file that was taken: as the history names it, and as it came.
type Taken = (ProofFile, Handed);

impl Prover<'_> {
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
        let taken = self.judged(method, handed).await?;
        // What may be given any number of times would fill the disk.
        if self.signer.proofs.contains_key(&method) {
            self.take_try(method).await?;
        }
        let reference = match method {
            Method::VideoSelfie => self.alive(&taken).await?.reference,
            _ => None,
        };
        for (file, handed) in &taken {
            self.service.proofs.keep(&self.request.organization, self.request.id, file, &handed.bytes).await?;
        }
        let (files, file_names) = taken.into_iter().map(|(file, handed)| (file, handed.title())).unzip();
        self.prove(Proved { files, file_names, reference, ..Proved::by(method) }).await
    }

    /// What was handed in, each once, if all of it can prove this.
    async fn judged(&self, method: Method, handed: Vec<Handed>) -> Result<Vec<Taken>, NotProved> {
        let mut taken: Vec<Taken> = Vec::new();
        for handed in handed {
            let judged = proofs::judge(&self.service.documents, method, &handed.bytes).await;
            let media_type = judged.map_err(|why| NotProved::File { name: handed.title(), why })?;
            let file = proofs::described(&handed.bytes, media_type);
            if taken.iter().all(|(other, _)| *other != file) {
                taken.push((file, handed));
            }
        }
        Ok(taken)
    }

    /// Asks whether a video shows a living person, the one on the pictures before it. It is kept only if so.
    async fn alive(&self, videos: &[Taken]) -> Result<Answer, NotProved> {
        let method = Method::VideoSelfie;
        let before = self.given([Method::Photo, Method::Selfie]);
        let seen = before.iter().cloned().chain(videos.iter().map(|(video, _)| (FileRole::Video, video.clone())));
        let id = self.name_of(method, &seen.collect::<Vec<_>>());
        let mut errand = self.errand(ErrandKind::VideoSelfie, method, id, before).await?;
        let shown = videos.iter().map(|(video, handed)| Evidence::new(FileRole::Video, video, &handed.bytes));
        errand.files.extend(shown);
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
            evidence.push(Evidence::new(role, &file, &bytes));
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
}

fn holder(holder: &Holder) -> gateway::Holder {
    gateway::Holder { name: holder.name.clone(), national_id: holder.national_id.bare().to_owned() }
}
