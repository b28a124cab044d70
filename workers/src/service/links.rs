//! Stamped addresses: signing links, the session a link is exchanged for, the progress page and
//! downloads. Tokens are stamps (HMAC-SHA256, 256 bits) over what they open, so none is stored; a
//! signer's link is admitted by the SHA-256 digest that its invitation recorded.

use std::sync::Arc;

use countersign_engine::ids::{Digest, RequestId, SignerId};
use countersign_engine::request::Request;
use countersign_engine::signer::Signer;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::commit::LinkDigest;
use crate::keyring::{Keyring, MasterKeyId};
use crate::stamp::{self, KEY_BYTES};

/// How long a download address works (seed 002).
pub const DOWNLOAD_LIFE: SignedDuration = SignedDuration::from_mins(15);
/// How long the session of an exchanged link lasts.
pub const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// How many of a signer's earlier links are told apart from links that never were.
const EARLIER_ROUNDS_MAX: usize = 20;

/// Makes and reads stamped addresses.
#[derive(Clone, Debug)]
pub struct Links {
    public_url: String,
    link: Keyring,
    session: Keyring,
    view: Keyring,
    download: Keyring,
    copy: Keyring,
}

/// Who a session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which signer.
    pub signer: SignerId,
    /// With which of their links.
    pub round: u32,
}

/// Who reads a request's progress page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reader<'r> {
    /// Whoever sent it, or was given the address by them.
    Sender,
    /// A person whose role is to follow it.
    Viewer(&'r Signer),
}

impl Links {
    /// The links of an installation.
    pub fn new(masters: &Keyring, public_url: String) -> Self {
        Self {
            public_url,
            link: masters.derive("signing links"),
            session: masters.derive("signing sessions"),
            view: masters.derive("progress pages"),
            download: masters.derive("downloads"),
            copy: masters.derive("copies"),
        }
    }

    /// The digest that an invitation records of a link.
    pub fn digests(&self) -> Arc<LinkDigest> {
        let links = self.link.clone();
        Arc::new(move |request, signer, round| {
            digest_of(&links.stamp(&link_parts(request, signer, round).each_ref().map(Vec::as_slice)))
        })
    }

    /// Where a provider tells what happens.
    pub fn hook_url(&self, provider: &str, config: Uuid) -> String {
        format!("{}/hooks/{provider}/{config}", self.public_url)
    }

    /// A signer's present link; `None` before they are invited and after they are erased, and where the master key is
    /// missing that it was made with.
    pub fn signing_url(&self, request: &Request, signer: &Signer) -> Option<String> {
        let (_, stamp) = self.present(request.id, signer)?;
        Some(format!("{}/sign/{}/{}", self.public_url, request.id, stamp::encode(&stamp)))
    }

    /// The master key that a signer's present link was made with.
    pub fn made_with(&self, request: RequestId, signer: &Signer) -> Option<MasterKeyId> {
        self.present(request, signer).map(|(id, _)| id)
    }

    /// The stamp in a signer's present link, with the key that made it: the invitation recorded its digest.
    fn present(&self, request: RequestId, signer: &Signer) -> Option<(MasterKeyId, [u8; KEY_BYTES])> {
        let recorded = signer.link?;
        let parts = link_parts(request, signer.id(), signer.round);
        self.link.stamps(&parts.each_ref().map(Vec::as_slice)).find(|(_, stamp)| digest_of(stamp) == recorded)
    }

    /// Whose present link a token is.
    pub fn admit<'r>(&self, request: &'r Request, token: &str) -> Option<&'r Signer> {
        let digest = Digest::of(token.as_bytes());
        request
            .signers
            .iter()
            .map(Arc::as_ref)
            .find(|signer| signer.link.is_some_and(|link| stamp::same(&link.0, &digest.0)))
    }

    /// Whether a token is the last link of somebody for whom another of their signing group has signed.
    pub fn was_covered(&self, request: &Request, token: &str) -> bool {
        let mut covered = request.signers.iter().filter(|signer| signer.covered_by.is_some() && signer.round > 0);
        covered.any(|signer| self.is_link(request.id, signer.id(), signer.round, token))
    }

    /// Whether a token is a link of somebody who left the request, or whom another replaced.
    pub fn was_withdrawn(&self, request: &Request, token: &str) -> bool {
        request.departed.iter().any(|(signer, rounds)| {
            let mut earlier = (1..=*rounds).rev().take(EARLIER_ROUNDS_MAX);
            earlier.any(|round| self.is_link(request.id, *signer, round, token))
        })
    }

    /// Whether a token is a link that was replaced by a newer one.
    pub fn was_link(&self, request: &Request, token: &str) -> bool {
        let earlier = |signer: &Signer| (1..signer.round).rev().take(EARLIER_ROUNDS_MAX);
        request
            .signers
            .iter()
            .any(|signer| earlier(signer).any(|round| self.is_link(request.id, signer.id(), round, token)))
    }

    /// Whether a token is that of a signer's link of a round, whichever key made it.
    fn is_link(&self, request: RequestId, signer: SignerId, round: u32, token: &str) -> bool {
        let parts = link_parts(request, signer, round);
        stamp::decode(token).is_some_and(|stamp| self.link.verifies(&parts.each_ref().map(Vec::as_slice), &stamp))
    }

    /// The session value that a link is exchanged for.
    pub fn open_session(&self, request: RequestId, session: Session, now: Timestamp) -> String {
        let until = (now + SESSION_LIFE).as_second();
        let Session { signer, round } = session;
        let stamp = self.session.stamp(&session_parts(request, signer, round, until).each_ref().map(Vec::as_slice));
        format!("{}.{round}.{until}.{}", signer.0.simple(), stamp::encode(&stamp))
    }

    /// The session of a value that [`Self::open_session`] made for this request, while it lasts.
    pub fn session(&self, request: RequestId, value: &str, now: Timestamp) -> Option<Session> {
        let mut parts = value.split('.');
        let signer: SignerId = parts.next()?.parse().ok()?;
        let round: u32 = parts.next()?.parse().ok()?;
        let until: i64 = parts.next()?.parse().ok()?;
        let stamp = stamp::decode(parts.next()?)?;
        let covered = session_parts(request, signer, round, until);
        let genuine = self.session.verifies(&covered.each_ref().map(Vec::as_slice), &stamp);
        (genuine && parts.next().is_none() && now.as_second() < until).then_some(Session { signer, round })
    }

    /// The address of a request's progress page.
    pub fn view_url(&self, request: RequestId) -> String {
        let token = stamp::encode(&self.view.stamp(&[request.0.as_bytes()]));
        format!("{}/view/{request}/{token}", self.public_url)
    }

    /// The address at which a viewer follows a request and reads its documents; `None` before they are let in.
    pub fn viewer_url(&self, request: &Request, signer: &Signer) -> Option<String> {
        let stamp = self.view.stamp(&link_parts(request.id, signer.id(), signer.round).each_ref().map(Vec::as_slice));
        signer.follows().then(|| format!("{}/view/{}/{}", self.public_url, request.id, stamp::encode(&stamp)))
    }

    /// Who a token opens a request's progress page for.
    pub fn reader<'r>(&self, request: &'r Request, token: &str) -> Option<Reader<'r>> {
        let stamp = stamp::decode(token)?;
        if self.view.verifies(&[request.id.0.as_bytes()], &stamp) {
            return Some(Reader::Sender);
        }
        let opens = |signer: &&Signer| {
            let parts = link_parts(request.id, signer.id(), signer.round);
            signer.follows() && self.view.verifies(&parts.each_ref().map(Vec::as_slice), &stamp)
        };
        request.signers.iter().map(Arc::as_ref).find(opens).map(Reader::Viewer)
    }

    /// The address in the letter that says a request is completed, of all its documents or of one by its place
    /// from 1: it does not run out with the day, and leads to the sealed PDFs as long as they are kept.
    pub fn copy_url(&self, request: RequestId, signer: SignerId, document: Option<u32>) -> String {
        let token = stamp::encode(&self.copy.stamp(&[request.0.as_bytes(), signer.0.as_bytes()]));
        let document = document.map(|place| format!("?document={place}")).unwrap_or_default();
        format!("{}/copy/{request}/{}/{token}{document}", self.public_url, signer.0.simple())
    }

    /// Whether a token opens a signer's copy.
    pub fn may_copy(&self, request: RequestId, signer: SignerId, token: &str) -> bool {
        let parts: [&[u8]; 2] = [request.0.as_bytes(), signer.0.as_bytes()];
        stamp::decode(token).is_some_and(|stamp| self.copy.verifies(&parts, &stamp))
    }

    /// An address from which the sealed PDFs can be had, or the one of a document by its place from 1; and until when.
    pub fn download_url(&self, request: RequestId, document: Option<u32>, now: Timestamp) -> (String, Timestamp) {
        let until = now + DOWNLOAD_LIFE;
        let micros = until.as_microsecond();
        let stamp = stamp::encode(&self.download.stamp(&[request.0.as_bytes(), &micros.to_be_bytes()]));
        // Whoever may have all may have one: the stamp does not cover which.
        let document = document.map(|place| format!("&document={place}")).unwrap_or_default();
        (format!("{}/download/{request}?expires={micros}&signature={stamp}{document}", self.public_url), until)
    }

    /// Whether a download address is genuine, and if so whether it still works.
    pub fn may_download(&self, request: RequestId, expires_us: i64, stamp: &str, now: Timestamp) -> Option<bool> {
        let stamp = stamp::decode(stamp)?;
        let genuine = self.download.verifies(&[request.0.as_bytes(), &expires_us.to_be_bytes()], &stamp);
        genuine.then_some(now.as_microsecond() < expires_us)
    }
}

/// What an invitation records of the link with this stamp: the SHA-256 of its token.
fn digest_of(stamp: &[u8; KEY_BYTES]) -> Digest {
    Digest::of(stamp::encode(stamp).as_bytes())
}

fn link_parts(request: RequestId, signer: SignerId, round: u32) -> [Vec<u8>; 3] {
    [request.0.as_bytes().to_vec(), signer.0.as_bytes().to_vec(), round.to_be_bytes().to_vec()]
}

fn session_parts(request: RequestId, signer: SignerId, round: u32, until: i64) -> [Vec<u8>; 4] {
    [
        request.0.as_bytes().to_vec(),
        signer.0.as_bytes().to_vec(),
        round.to_be_bytes().to_vec(),
        until.to_be_bytes().to_vec(),
    ]
}
