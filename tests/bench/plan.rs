//! How much is measured: sizes and durations of a quick and of a full run.

use std::time::Duration;

const USAGE: &str = "usage: bench [--quick] [PART ...]\n  parts: engine http sealer letters webhooks footprint [all of them]\n  \
     fleet: on PostgreSQL and JetStream; wants the servers that tests/run starts: tests/run bench fleet";
const PARTS: [&str; 6] = ["engine", "http", "sealer", "letters", "webhooks", "footprint"];
/// The part that needs servers: only where it is named.
const FLEET: &str = "fleet";

/// The sizes of one run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    quick: bool,
    parts: Vec<String>,
    /// Numbers of open requests to measure beside, ascending, from 0.
    pub(crate) backlogs: Vec<usize>,
    /// The same for a fleet.
    pub(crate) fleet_backlogs: Vec<usize>,
    /// Wishes published in one round.
    pub(crate) published: usize,
    /// Numbers of concurrent callers.
    pub(crate) callers: Vec<usize>,
    /// How often the ceiling and the figures beside it take turns.
    pub(crate) rounds: usize,
    /// How long a figure is measured in one round.
    pub(crate) slice: Duration,
    /// Workflows that the bare program writes in one round.
    pub(crate) bare_workflows: usize,
    /// Requests sealed, and requests whose bytes are counted.
    pub(crate) sealed: usize,
    /// Letters waited for, by one caller and at open load.
    pub(crate) letters: usize,
    /// Endpoints, and requests of which each is told two events.
    pub(crate) webhook_endpoints: usize,
    pub(crate) webhook_requests: usize,
}

impl Plan {
    /// The plan that the arguments ask for, or how to ask.
    pub(crate) fn of_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let (options, parts): (Vec<_>, Vec<_>) = arguments.partition(|word| word.starts_with('-'));
        let quick = match options.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => false,
            ["--quick"] => true,
            _ => return Err(USAGE),
        };
        if !parts.iter().all(|part| part == FLEET || PARTS.contains(&part.as_str())) {
            return Err(USAGE);
        }
        let scaled = |small, large| if quick { small } else { large };
        Ok(Self {
            quick,
            parts,
            backlogs: if quick { vec![0, 10_000] } else { vec![0, 10_000, 100_000] },
            fleet_backlogs: if quick { vec![0, 10_000] } else { vec![0, 100_000, 1_000_000] },
            published: scaled(3000, 10_000),
            callers: vec![1, 8, 64, 512],
            rounds: scaled(2, 5),
            slice: Duration::from_millis(if quick { 1500 } else { 3000 }),
            bare_workflows: scaled(4000, 10_000),
            sealed: scaled(300, 2000),
            letters: scaled(300, 2000),
            webhook_endpoints: scaled(50, 100),
            webhook_requests: scaled(20, 50),
        })
    }

    /// Whether a part was asked for: named, or none was.
    pub(crate) fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() && part != FLEET || self.parts.iter().any(|wanted| wanted == part)
    }

    /// The plan in words.
    pub(crate) fn describe(&self) -> String {
        let kind = if self.quick { "quick" } else { "full" };
        format!("{kind} run: {} rounds of {:?}, beside {:?} open requests", self.rounds, self.slice, self.backlogs)
    }
}
