//! Limits the connections of each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::http::address::network_of;

#[derive(Clone)]
pub(super) struct Peers {
    counts: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
    exempt_loopback: bool,
}

/// One counted connection; dropping it gives the place back.
pub(super) struct Guest {
    peers: Option<(Peers, IpAddr)>,
}

impl Peers {
    pub(super) fn new(most: usize, exempt_loopback: bool) -> Self {
        Self {
            counts: Arc::default(),
            most,
            exempt_loopback,
        }
    }

    /// A place for one more connection of `ip`; `None` when it has too many already.
    pub(super) fn admit(&self, ip: IpAddr) -> Option<Guest> {
        let ip = network_of(ip);
        if self.exempt_loopback && ip.is_loopback() {
            return Some(Guest { peers: None });
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(ip).or_insert(0);
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Guest {
            peers: Some((self.clone(), ip)),
        })
    }

    fn release(&self, ip: IpAddr) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&ip);
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some((peers, ip)) = self.peers.take() {
            peers.release(ip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_gets_its_places_and_no_more() {
        let peers = Peers::new(2, true);
        let first = peers.admit(ip("192.0.2.1")).unwrap();
        let _second = peers.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert!(peers.admit(ip("192.0.2.1")).is_none());
        assert!(peers.admit(ip("192.0.2.2")).is_some());
        drop(first);
        assert!(peers.admit(ip("192.0.2.1")).is_some());
    }

    #[test]
    fn loopback_is_exempt_only_when_told_so() {
        let open = Peers::new(0, true);
        assert!(open.admit(ip("127.0.0.1")).is_some());
        assert!(open.admit(ip("::1")).is_some());
        let strict = Peers::new(0, false);
        assert!(strict.admit(ip("127.0.0.1")).is_none());
    }

    #[test]
    fn nothing_is_remembered_of_peers_that_left() {
        let peers = Peers::new(2, true);
        drop(peers.admit(ip("192.0.2.1")));
        assert!(peers.counts.lock().unwrap().is_empty());
    }
}
