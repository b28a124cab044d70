//! How many calls of one kind are answered at the same time: a bound for doors where nobody shows a key. It counts what is
//! going on now and remembers nothing, so nobody is refused for what was before.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many leading bits of an IPv6 address say whose it is; who has one has all behind them.
const NETWORK_BITS: u32 = 64;

/// Counts calls by what they have in common. Clones count together.
#[derive(Clone, Debug)]
pub struct Concurrency<K> {
    most: u32,
    going_on: Arc<Mutex<HashMap<K, u32>>>,
}

/// A call that is going on, for as long as this is there.
#[derive(Debug)]
pub struct GoingOn<K: Eq + Hash> {
    key: K,
    of: Concurrency<K>,
}

impl<K: Clone + Eq + Hash> Concurrency<K> {
    /// At most so many at the same time.
    pub fn new(most: u32) -> Self {
        Self { most, going_on: Arc::default() }
    }

    /// Begins a call; `None` if as many are going on as may.
    pub fn begin(&self, key: K) -> Option<GoingOn<K>> {
        let mut going_on = self.counts();
        let count = going_on.entry(key.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(GoingOn { key, of: self.clone() })
    }
}

impl<K> Concurrency<K> {
    fn counts(&self) -> MutexGuard<'_, HashMap<K, u32>> {
        self.going_on.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for GoingOn<K> {
    fn drop(&mut self) {
        let mut going_on = self.of.counts();
        match going_on.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(going_on.remove(&self.key)),
        }
    }
}

/// Whom calls from an address are counted for: who has one address of IPv6 has a whole network of them.
pub fn source(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() >> NETWORK_BITS << NETWORK_BITS).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Concurrency, source};

    #[test]
    fn what_has_ended_makes_room_and_leaves_nothing_behind() {
        let calls = Concurrency::new(2);
        let (first, second) = (calls.begin("a"), calls.begin("a"));
        assert!(first.is_some() && second.is_some());
        assert!(calls.begin("a").is_none() && calls.begin("b").is_some(), "each has room of its own");
        drop(first);
        assert!(calls.begin("a").is_some());
        drop(second);
        assert!(calls.counts().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let of = |text: &str| source(text.parse().unwrap());
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::2"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
