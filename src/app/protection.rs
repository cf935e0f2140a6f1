//! What protects the data, as it was measured in this process and not as it was promised.

use super::{App, Integrity};
use crate::store::KeyStrength;

/// One protection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// `store_key`, `database`, `network` or `workers`.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was found, as a sentence for the owner.
    pub detail: String,
}

impl App {
    /// All protections.
    pub fn protections(&self) -> Vec<Protection> {
        vec![
            self.store_key(),
            self.database(),
            self.network(),
            self.sandbox(),
        ]
    }

    fn store_key(&self) -> Protection {
        let (ok, detail) = match &self.key_strength {
            Some(KeyStrength::Strong) => (true, "the disk alone does not open the data".to_owned()),
            Some(KeyStrength::Weak(reason)) => (false, reason.clone()),
            None => (
                false,
                "the store is in memory only; nothing is kept".to_owned(),
            ),
        };
        Protection {
            name: "store_key",
            ok,
            detail,
        }
    }

    fn database(&self) -> Protection {
        let (ok, detail) = match self.integrity() {
            Integrity::Whole => (true, "every page of it was checked and is whole".to_owned()),
            Integrity::Unchecked => (true, "its first check has not ended yet".to_owned()),
            Integrity::Damaged(what) => (
                false,
                format!(
                    "it is damaged ({what}): stop Frontdesk and restore a backup; backups made since may be damaged too"
                ),
            ),
        };
        Protection {
            name: "database",
            ok,
            detail,
        }
    }

    fn network(&self) -> Protection {
        let listen = self.config.listen;
        let ok = listen.ip().is_loopback();
        let detail = if ok {
            format!("only this machine can reach {listen}")
        } else {
            format!(
                "{listen} can be reached from the network without encryption; put a proxy with TLS before it"
            )
        };
        Protection {
            name: "network",
            ok,
            detail,
        }
    }

    fn sandbox(&self) -> Protection {
        let workers = self.workers();
        let open: Vec<String> = workers
            .iter()
            .filter(|w| w.held.is_some_and(|h| !h.files || !h.sockets))
            .map(|w| w.name.clone())
            .collect();
        let running = workers.iter().any(|w| w.held.is_some());
        let (ok, detail) = match (running, open.is_empty()) {
            (false, _) => (false, "no engine is running yet".to_owned()),
            (true, true) => (
                true,
                "the engines can open no connection and no other files".to_owned(),
            ),
            (true, false) => (
                false,
                format!(
                    "this system's kernel cannot confine these engines: {}",
                    open.join(", ")
                ),
            ),
        };
        Protection {
            name: "workers",
            ok,
            detail,
        }
    }
}
