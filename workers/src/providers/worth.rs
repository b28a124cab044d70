//! What a call is worth: of few calls an hour those are made first that matter most, and some are kept for them.

use countersign_engine::effect::EffectKind;

/// What calls are made for, the most worth first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// Somebody may sign what is called off, or holds a link that is not theirs.
    Stop,
    /// Somebody waits to be asked.
    Begin,
    /// Everybody has signed, and the document is wanted.
    Fetch,
    /// Somebody who has been asked is asked again.
    Remind,
    /// Something stands there, sent to nobody, that is wanted no longer.
    Tidy,
    /// What the vendor told is to be confirmed. Anybody who heard a stamp once can ask for this.
    Confirm,
    /// Somebody wants to know whether the vendor is there.
    Test,
    /// Nothing was heard for long; perhaps there is nothing to hear.
    Inquire,
}

impl Worth {
    /// What an effect at a vendor is worth; `None` if it is none.
    pub fn of(kind: EffectKind) -> Option<Self> {
        Some(match kind {
            EffectKind::Withdraw | EffectKind::Amend => Worth::Stop,
            EffectKind::Submit => Worth::Begin,
            EffectKind::Fetch => Worth::Fetch,
            EffectKind::Nudge => Worth::Remind,
            EffectKind::Discard => Worth::Tidy,
            EffectKind::Confirm => Worth::Confirm,
            EffectKind::Inquire => Worth::Inquire,
            _ => return None,
        })
    }

    /// How many of an hour's calls are left for what is worth more.
    pub fn spares(self, calls_an_hour: i64) -> i64 {
        let tenths = match self {
            Worth::Stop => 0,
            Worth::Begin | Worth::Fetch => 1,
            Worth::Remind => 2,
            Worth::Tidy | Worth::Confirm | Worth::Test => 3,
            Worth::Inquire => 5,
        };
        (calls_an_hour * tenths / 10).min(calls_an_hour - 1)
    }
}
