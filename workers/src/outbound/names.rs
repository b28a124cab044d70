//! Where names are looked up: the machine's resolver, or answers that a test gives.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the addresses of names come from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub enum Names {
    /// The machine's resolver.
    #[default]
    System,
    /// Answers by name, one look-up after another; the last one stays.
    Manual(Arc<Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>>),
}

impl Names {
    /// Names that are answered as told.
    pub fn manual<const COUNT: usize>(answers: [(&str, Vec<Vec<IpAddr>>); COUNT]) -> Self {
        let answers = answers.into_iter().map(|(name, answers)| (name.to_owned(), answers.into()));
        Self::Manual(Arc::new(Mutex::new(answers.collect())))
    }

    /// The addresses of a name; never none.
    pub(super) async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found: Vec<IpAddr> = match self {
            Names::System => tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect(),
            Names::Manual(answers) => {
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                let answers = answers.get_mut(name);
                answers
                    .and_then(|left| if left.len() > 1 { left.pop_front() } else { left.front().cloned() })
                    .unwrap_or_default()
            }
        };
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }
}
