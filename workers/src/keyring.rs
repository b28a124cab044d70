//! The master keys of an installation: a primary one, which encrypts and stamps, and others, which still decrypt and
//! verify what they once made. So the primary key can be replaced while everything goes on.
//!
//! A ring derives the ring of a purpose, key by key, and keeps the ids: whatever was made with a derived key can be
//! traced to its master key.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use crate::stamp::{self, KEY_BYTES, StampKey};

/// Length of a master key's id, in bytes.
pub const ID_BYTES: usize = 8;
/// Most keys of a ring: what names no key is tried with each.
const KEYS_MAX: usize = 10;

/// By what a master key is known where its work is stored: it proves the key and tells nothing of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKeyId(pub [u8; ID_BYTES]);

impl MasterKeyId {
    /// The id in a proof of a master key.
    pub fn of_proof(proof: &[u8]) -> Option<Self> {
        proof.first_chunk().copied().map(Self)
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeyId({self})")
    }
}

/// Why a text holds no master keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeyring {
    /// There is none in it.
    #[error("holds no master key (43 base64url characters)")]
    Empty,
    /// One is none.
    #[error("is not a master key (43 base64url characters), or several with spaces, commas or lines between them")]
    NotAKey,
    /// One is there twice.
    #[error("holds a master key twice")]
    Twice,
    /// There are too many.
    #[error("holds more than 10 master keys")]
    TooMany,
}

/// Master keys, or what was derived from each of them for a purpose; the primary one first. Never printed.
#[derive(Clone)]
pub struct Keyring {
    primary: Entry,
    others: Arc<[Entry]>,
}

#[derive(Clone)]
struct Entry {
    id: MasterKeyId,
    key: StampKey,
}

impl Entry {
    fn of(master: StampKey) -> Self {
        // A proof is never shorter than an id.
        let id = MasterKeyId::of_proof(&proof(&master)).unwrap_or(MasterKeyId([0; ID_BYTES]));
        Self { id, key: master }
    }
}

/// A stamp over nothing, by a key of its own: it proves a master key and tells nothing of it.
fn proof(master: &StampKey) -> [u8; KEY_BYTES] {
    master.derive("proof of the master key").stamp(&[])
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Keyring {
    /// A ring of one master key.
    pub fn new(master: StampKey) -> Self {
        Self { primary: Entry::of(master), others: Arc::default() }
    }

    /// A ring of one fresh master key.
    pub fn generate() -> Self {
        Self::new(StampKey::new(stamp::random()))
    }

    /// The ring in a file, one key a line; `None` if there is no such file.
    pub fn load(path: &Path) -> io::Result<Option<Self>> {
        let named = |reason: &dyn fmt::Display| io::Error::other(format!("{}: {reason}", path.display()));
        match fs::read_to_string(path) {
            Ok(text) => text.parse().map(Some).map_err(|error: BadKeyring| named(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(named(&error)),
        }
    }

    /// Makes a ring of one fresh key in a file of mode 0600; one that another process put there meanwhile stays.
    pub fn create(path: &Path) -> io::Result<Self> {
        stamp::write_secret(path, Self::generate().text().as_bytes(), stamp::Existing::Stays)?;
        Self::load(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Writes the ring into a file of mode 0600, in the place of what is there: whole or not at all.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        stamp::write_secret(path, self.text().as_bytes(), stamp::Existing::IsReplaced)
    }

    /// The ring with a fresh key: in front, where it encrypts from now on, or behind, where it is only known.
    ///
    /// # Errors
    /// [`BadKeyring::TooMany`] if there is no room for another.
    pub fn with_another(&self, in_front: bool) -> Result<Self, BadKeyring> {
        let another = Self::generate().primary;
        let mine = self.entries().cloned();
        match in_front {
            true => Self::of([another].into_iter().chain(mine)),
            false => Self::of(mine.chain([another])),
        }
    }

    /// The ring with this one of its keys in front; itself if it has none of this id.
    pub fn with_primary(&self, id: MasterKeyId) -> Self {
        let (first, rest): (Vec<Entry>, Vec<Entry>) = self.entries().cloned().partition(|entry| entry.id == id);
        Self::of(first.into_iter().chain(rest)).unwrap_or_else(|_| self.clone())
    }

    /// The ring with the first of its keys in front with which this is true.
    pub fn led_by(&self, is: impl Fn(&Self) -> bool) -> Option<Self> {
        self.ids().map(|id| self.with_primary(id)).find(|ring| is(ring))
    }

    /// The ring without some of its keys.
    ///
    /// # Errors
    /// [`BadKeyring::Empty`] if none would be left.
    pub fn without(&self, goes: impl Fn(MasterKeyId) -> bool) -> Result<Self, BadKeyring> {
        Self::of(self.entries().filter(|entry| !goes(entry.id)).cloned())
    }

    /// The ring of a purpose: a key derived from each, known by the same ids.
    pub fn derive(&self, purpose: &str) -> Self {
        let derived = |entry: &Entry| Entry { id: entry.id, key: entry.key.derive(purpose) };
        Self { primary: derived(&self.primary), others: self.others.iter().map(derived).collect() }
    }

    /// The stamp of the primary key over some parts.
    pub fn stamp(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        self.primary.key.stamp(parts)
    }

    /// The stamps of all keys over some parts, that of the primary one first: what was told before the primary key was
    /// replaced is among them.
    pub fn stamps(&self, parts: &[&[u8]]) -> impl Iterator<Item = (MasterKeyId, [u8; KEY_BYTES])> {
        self.entries().map(|entry| (entry.id, entry.key.stamp(parts)))
    }

    /// Whether a stamp is one of these keys' over these parts, in constant time for each.
    pub fn verifies(&self, parts: &[&[u8]], stamp: &[u8]) -> bool {
        self.entries().any(|entry| entry.key.verifies(parts, stamp))
    }

    /// The id of the primary key.
    pub fn primary_id(&self) -> MasterKeyId {
        self.primary.id
    }

    /// The ids of all keys, that of the primary one first.
    pub fn ids(&self) -> impl Iterator<Item = MasterKeyId> {
        self.entries().map(|entry| entry.id)
    }

    /// All keys with their ids, the primary one first.
    pub fn keys(&self) -> impl Iterator<Item = (MasterKeyId, &StampKey)> {
        self.entries().map(|entry| (entry.id, &entry.key))
    }

    /// The primary key.
    pub fn primary(&self) -> &StampKey {
        &self.primary.key
    }

    /// What the primary master key is proven by, where the installation writes it down.
    pub fn proof(&self) -> [u8; KEY_BYTES] {
        proof(&self.primary.key)
    }

    /// Whether one of these master keys is proven by this.
    pub fn has(&self, known: &[u8]) -> bool {
        self.entries().any(|entry| stamp::same(&proof(&entry.key), known))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        [&self.primary].into_iter().chain(self.others.iter())
    }

    fn of(entries: impl IntoIterator<Item = Entry>) -> Result<Self, BadKeyring> {
        let mut entries = entries.into_iter();
        let primary = entries.next().ok_or(BadKeyring::Empty)?;
        let others: Arc<[Entry]> = entries.collect();
        let ring = Self { primary, others };
        let mut ids: Vec<MasterKeyId> = ring.ids().collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(BadKeyring::Twice);
        }
        if ids.len() > KEYS_MAX { Err(BadKeyring::TooMany) } else { Ok(ring) }
    }

    /// As it stands in a file.
    fn text(&self) -> String {
        self.entries().map(|entry| stamp::encode(entry.key.bytes()) + "\n").collect()
    }
}

impl FromStr for Keyring {
    type Err = BadKeyring;

    /// Keys with spaces, commas or ends of lines between them; the primary one first.
    fn from_str(text: &str) -> Result<Self, BadKeyring> {
        let texts = text.split(|char: char| char.is_whitespace() || char == ',').filter(|text| !text.is_empty());
        let keys: Option<Vec<Entry>> = texts.map(|text| Some(Entry::of(StampKey::new(stamp::decode(text)?)))).collect();
        Self::of(keys.ok_or(BadKeyring::NotAKey)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(byte: u8) -> String {
        stamp::encode(&[byte; KEY_BYTES])
    }

    #[test]
    fn a_ring_is_read_strictly() {
        let ring: Keyring = format!(" {}\n{},{}\n", text(1), text(2), text(3)).parse().unwrap();
        assert_eq!(ring.ids().count(), 3);
        assert_eq!(ring.primary_id(), text(1).parse::<Keyring>().unwrap().primary_id());
        let wrong = [
            (String::new(), BadKeyring::Empty),
            (" ,\n".to_owned(), BadKeyring::Empty),
            ("short".to_owned(), BadKeyring::NotAKey),
            (format!("{} # old", text(1)), BadKeyring::NotAKey),
            (format!("{}\n{}", text(1), text(1)), BadKeyring::Twice),
            ((0..11).map(text).collect::<Vec<_>>().join("\n"), BadKeyring::TooMany),
        ];
        for (text, why) in wrong {
            assert_eq!(text.parse::<Keyring>().unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn what_any_key_made_verifies_and_the_primary_one_makes_it() {
        let old: Keyring = text(1).parse().unwrap();
        let both: Keyring = format!("{}\n{}", text(2), text(1)).parse().unwrap();
        let (old, both) = (old.derive("links"), both.derive("links"));
        let parts: [&[u8]; 1] = [b"one"];
        assert!(both.verifies(&parts, &old.stamp(&parts)) && !old.verifies(&parts, &both.stamp(&parts)));
        assert!(!both.derive("other").verifies(&parts, &old.stamp(&parts)), "another purpose");
        let stamps: Vec<_> = both.stamps(&parts).collect();
        assert_eq!((stamps[0].1, stamps[1]), (both.stamp(&parts), (old.primary_id(), old.stamp(&parts))));
        assert!(!format!("{both:?}").contains(&text(2)));
    }
}
