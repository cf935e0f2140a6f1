//! What protects the data, as it was measured in this process and not as it was promised.

use super::{App, Integrity};
use crate::store::KeyStrength;
use crate::worker::sandbox::Held;

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
        let tried: Vec<(&str, Held)> = workers
            .iter()
            .filter_map(|worker| Some((worker.name.as_str(), worker.held?)))
            .collect();
        let (ok, detail) = confinement(&tried);
        Protection {
            name: "workers",
            ok,
            detail,
        }
    }
}

/// What the workers found when they tried what they should not be able to do.
fn confinement(tried: &[(&str, Held)]) -> (bool, String) {
    if tried.is_empty() {
        return (false, "no engine is running yet".to_owned());
    }
    let open: Vec<String> = tried
        .iter()
        .filter(|(_, held)| !held.gaps().is_empty())
        .map(|(name, held)| format!("{name} can {}", held.gaps().join(", ")))
        .collect();
    if !open.is_empty() {
        let detail = format!(
            "not all that the engines tried when they started was refused: {}; a newer Linux kernel, with seccomp and \
             Landlock turned on, refuses all of it",
            open.join("; ")
        );
        return (false, detail);
    }
    let names: Vec<&str> = tried.iter().map(|(name, _)| *name).collect();
    let detail = format!(
        "the engines ({}) tried when they started to open a connection, to reach the server's process, to read \
         another file and to start a program, and each try was refused",
        names.join(", ")
    );
    (true, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_tried_and_refused_counts() {
        let all = Held {
            connections: true,
            signals: true,
            parent: true,
            files: true,
            programs: true,
            resources: true,
        };
        assert!(!confinement(&[]).0);
        let (ok, detail) = confinement(&[("llm", all), ("voice", all)]);
        assert!(ok && detail.contains("(llm, voice)"), "{detail}");
        let leaky = Held {
            files: false,
            signals: false,
            ..all
        };
        let (ok, detail) = confinement(&[("llm", all), ("voice", leaky)]);
        assert!(!ok && !detail.contains("llm"), "{detail}");
        let told = "voice can send signals to the server, open files that it does not need;";
        assert!(detail.contains(told), "{detail}");
    }
}
