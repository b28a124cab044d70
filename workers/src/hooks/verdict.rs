//! What came of a message that was taken.

/// What came of what a vendor told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was believed, and is in the request's history now.
    Applied,
    /// The vendor, when asked, said the same; it is in the request's history now.
    Confirmed,
    /// It was in the history already.
    Duplicate,
    /// The request is past it: it has ended, or has come further.
    Stale,
    /// The stamp does not cover it, and the vendor, when asked, says otherwise.
    NotBelieved,
    /// No request of this configuration is known to the vendor by that reference.
    UnknownDocument,
    /// It changes nothing here, such as a ping or that an envelope was sent.
    Ignored,
    /// It could not be read, or could not be done in all attempts.
    Failed,
}

impl Verdict {
    /// Every one there is.
    pub const ALL: [Verdict; 8] = [
        Verdict::Applied,
        Verdict::Confirmed,
        Verdict::Duplicate,
        Verdict::Stale,
        Verdict::NotBelieved,
        Verdict::UnknownDocument,
        Verdict::Ignored,
        Verdict::Failed,
    ];

    /// Its name, as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Applied => "applied",
            Verdict::Confirmed => "confirmed",
            Verdict::Duplicate => "duplicate",
            Verdict::Stale => "stale",
            Verdict::NotBelieved => "not_believed",
            Verdict::UnknownDocument => "unknown_document",
            Verdict::Ignored => "ignored",
            Verdict::Failed => "failed",
        }
    }

    /// That of a name; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == name)
    }
}
