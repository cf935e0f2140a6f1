//! What protects the data, as measured in this process rather than as configured.

use serde::Serialize;
use utoipa::ToSchema;

use super::backup::BackupState;
use super::{App, Integrity, swap};
use crate::certificates::Mode;
use crate::egress;
use crate::store::{KeyStrength, StoreError, tools};
use crate::worker::sandbox::Held;

/// One protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProtectionView)]
pub struct Protection {
    /// `store_key`, `memory`, `database`, `receipts`, `backups`, `network`, `certificate`, `egress`, `workers` or `webhooks`.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// What was found, as a sentence for the owner.
    pub detail: String,
}

impl App {
    pub fn protections(&self) -> Vec<Protection> {
        let mut all = vec![
            self.store_key(),
            memory(),
            self.database(),
            self.receipts(),
            self.backup(),
            self.network(),
            self.egress(),
            self.sandbox(),
        ];
        all.extend(self.certificate());
        all.extend(self.told());
        all
    }

    /// `None` without HTTPS of our own.
    fn certificate(&self) -> Option<Protection> {
        let state = self.certificates.as_ref()?.state();
        let (ok, detail) = state.verdict(jiff::Timestamp::now().as_millisecond());
        Some(Protection {
            name: "certificate",
            ok,
            detail,
        })
    }

    /// Whether webhook deliveries succeed; `None` without webhooks.
    fn told(&self) -> Option<Protection> {
        let (ok, detail) = match self.webhooks.verdict_blocking() {
            Ok(verdict) => verdict?,
            Err(error) => (false, error.to_string()),
        };
        Some(Protection {
            name: "webhooks",
            ok,
            detail,
        })
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
        let full = self.store.has_room().err();
        let (ok, detail) = describe_database(self.integrity(), full.as_ref());
        Protection {
            name: "database",
            ok,
            detail,
        }
    }

    fn receipts(&self) -> Protection {
        let wrong = self.checks.receipts();
        let whole = "the chain of receipts ends where it was last recorded to end, or later";
        Protection {
            name: "receipts",
            ok: wrong.is_none(),
            detail: wrong.unwrap_or(whole).to_owned(),
        }
    }

    fn backup(&self) -> Protection {
        let (ok, detail) = match self.backups.state() {
            Ok(state) => describe_backups(&state, jiff::Timestamp::now().as_millisecond()),
            Err(error) => (false, error.to_string()),
        };
        Protection {
            name: "backups",
            ok,
            detail,
        }
    }

    fn network(&self) -> Protection {
        let listen = self.config.listen;
        let hidden = self.proxies.hides_visitors();
        let ok = listen.ip().is_loopback() && !hidden;
        let detail = if hidden {
            "a proxy forwards requests without saying who they come from: all visitors count as one, and limits are \
             theirs together. Let it set X-Forwarded-For"
                .to_owned()
        } else if ok {
            match &self.certificates {
                None => format!("only this machine can reach {listen}"),
                Some(_) => format!(
                    "visitors come by HTTPS; without encryption only this machine can reach {listen}"
                ),
            }
        } else if self.certificates.is_some() {
            format!(
                "{listen} can be reached from the network without encryption beside HTTPS: set listen to 127.0.0.1:{}",
                listen.port()
            )
        } else {
            format!(
                "{listen} can be reached from the network without encryption: let Frontdesk serve HTTPS \
                 (frontdesk serve --https NAME), or put a proxy with TLS in front of it"
            )
        };
        Protection {
            name: "network",
            ok,
            detail,
        }
    }

    fn egress(&self) -> Protection {
        let copied = self.backups.target().is_ok_and(|target| target.is_some());
        let (ok, detail) = match (egress::is_sealed(), self.gateway.is_open(), copied) {
            (true, ..) => (
                true,
                "this machine is sealed: the kernel refused a test connection at the start, as it refuses every other",
            ),
            (false, false, false) => (true, "nothing is fetched from the web"),
            (false, false, true) => (
                true,
                "nothing is fetched from the web; encrypted backups are copied to the place that you set up, and each \
                 transfer is in the list of what left this machine",
            ),
            (false, true, false) => (
                true,
                "only the web pages that you named as sources are fetched; each request is in the list of what left \
                 this machine",
            ),
            (false, true, true) => (
                true,
                "only the web pages that you named as sources are fetched, and encrypted backups are copied to the \
                 place that you set up; each request is in the list of what left this machine",
            ),
        };
        let asks = self
            .certificates
            .as_ref()
            .is_some_and(|certificates| certificates.mode() == Mode::Acme);
        let mut detail = detail.to_owned();
        if asks {
            detail.push_str("; an authority is asked for this server's certificate");
        }
        if !egress::is_sealed() && matches!(self.webhooks.verdict_blocking(), Ok(Some(_))) {
            detail.push_str("; what happens here is told to the webhooks that you set up");
        }
        if !egress::is_sealed() && self.providers.is_used() {
            detail.push_str("; the providers that you turned on get what you ticked for them");
        }
        let has_tools = self.store.read_blocking(tools::any_active);
        if !egress::is_sealed() && has_tools.is_ok_and(|has| has) {
            detail.push_str("; the tools that you turned on send what their calls need");
        }
        Protection {
            name: "egress",
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
        let (ok, detail) = describe_confinement(&tried);
        Protection {
            name: "workers",
            ok,
            detail,
        }
    }
}

fn memory() -> Protection {
    let swaps = swap::open_swaps();
    let detail = match swaps.as_slice() {
        [] => "nothing in memory can be written to a disk unencrypted".to_owned(),
        _ => format!(
            "the system may write memory, including keys and conversations, to {} unencrypted: run Frontdesk as \
             a service (its unit forbids it), turn swap off, or encrypt it",
            swaps.join(", ")
        ),
    };
    Protection {
        name: "memory",
        ok: swaps.is_empty(),
        detail,
    }
}

/// State of the database: damage matters most, then a full disk, whether or not everything was checked.
fn describe_database(integrity: Integrity, full: Option<&StoreError>) -> (bool, String) {
    match (integrity, full) {
        (Integrity::Damaged(what), _) => (
            false,
            format!(
                "the database is damaged ({what}): stop Frontdesk and restore a backup; backups made since may be damaged \
                 too"
            ),
        ),
        (_, Some(full)) => (
            false,
            format!("{full}; answers, sign-in and deleting still work in the reserved space"),
        ),
        (Integrity::Whole, None) => (
            true,
            "every page of the database was checked and is intact".to_owned(),
        ),
        (Integrity::Unchecked, None) => (
            true,
            "the first check of the database has not finished yet".to_owned(),
        ),
    }
}

/// Whether there is a usable backup, with a sentence.
fn describe_backups(state: &BackupState, now: i64) -> (bool, String) {
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let newest = state.backups.first();
    let hours = newest.map(|newest| now.saturating_sub(newest.made_at) / HOUR_MS);
    // Allow for one failure and for a machine that is off at night.
    let most = i64::from(state.every_hours.max(12)) * 3;
    match (state.recovery_key_at, hours, &state.error) {
        (None, ..) => (
            false,
            "there are no backups; make a recovery key on the Backups page to start them"
                .to_owned(),
        ),
        (_, _, Some(error)) => (false, format!("the last backup failed: {error}")),
        (_, None, _) => (false, "no backup has been made yet".to_owned()),
        (_, Some(hours), _) if hours > most => {
            (false, format!("the last backup is {hours} hours old"))
        }
        (..) => describe_copies(state),
    }
}

/// Whether the last backup is on another disk or machine than the data, with a sentence.
fn describe_copies(state: &BackupState) -> (bool, String) {
    let newest = state.backups.first().map(|newest| &newest.name);
    match &state.target {
        Some(target) if target.error.is_some() => {
            let error = target.error.as_deref().unwrap_or_default();
            let place = &target.place;
            (
                false,
                format!("the backups could not be copied to {place}: {error}"),
            )
        }
        Some(target) if target.newest.as_ref() == newest => {
            let place = &target.place;
            (
                true,
                format!(
                    "the last backup was opened after it was made and is complete; it was copied to {place} and read back"
                ),
            )
        }
        Some(target) if state.same_disk => (
            false,
            format!(
                "the last backup is on the same disk as the data, and has not been copied to {} yet",
                target.place
            ),
        ),
        _ if state.same_disk => (
            false,
            "the backups are on the same disk as the data and would be lost with it; name a folder on another \
             disk (backup.dir), or let them be copied elsewhere (page Backups)"
                .to_owned(),
        ),
        _ => (
            true,
            "the last backup was opened after it was made and is complete".to_owned(),
        ),
    }
}

/// Result of the workers' tests of their own sandbox, with a sentence.
fn describe_confinement(tried: &[(&str, Held)]) -> (bool, String) {
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
    use crate::app::backup::{Backup, TargetState};

    #[test]
    fn only_a_fresh_backup_elsewhere_is_a_protection() {
        let hour = 60 * 60 * 1000;
        let now = 1_000 * hour;
        let backup = |hours: i64| Backup {
            name: String::new(),
            made_at: now - hours * hour,
            size: 1,
            verified_at: None,
            rows: None,
        };
        let good = BackupState {
            recovery_key_at: Some(1),
            backups: vec![backup(20)],
            every_hours: 24,
            ..BackupState::default()
        };
        assert!(describe_backups(&good, now).0);
        let bad = [
            BackupState {
                recovery_key_at: None,
                ..good.clone()
            },
            BackupState {
                backups: Vec::new(),
                ..good.clone()
            },
            BackupState {
                backups: vec![backup(80)],
                ..good.clone()
            },
            BackupState {
                error: Some("full".into()),
                ..good.clone()
            },
            BackupState {
                same_disk: true,
                ..good.clone()
            },
        ];
        for state in bad {
            assert!(!describe_backups(&state, now).0, "{state:?}");
        }
        let copied = |newest: &str, error: Option<&str>| BackupState {
            same_disk: true,
            target: Some(TargetState {
                newest: Some(newest.into()),
                error: error.map(str::to_owned),
                ..TargetState::default()
            }),
            ..good.clone()
        };
        assert!(describe_backups(&copied("", None), now).0);
        let (ok, detail) = describe_backups(&copied("an older one", None), now);
        assert!(!ok && detail.contains("has not been copied to"), "{detail}");
        let (ok, detail) = describe_backups(&copied("", Some("the key is wrong")), now);
        assert!(!ok && detail.contains("the key is wrong"), "{detail}");
    }

    #[test]
    fn a_full_disk_is_told_before_the_first_check_has_ended() {
        let full = StoreError::DiskFull { folder: None };
        for checked in [Integrity::Unchecked, Integrity::Whole] {
            let (ok, detail) = describe_database(checked.clone(), Some(&full));
            assert!(!ok && detail.contains("is full"), "{detail}");
            assert!(describe_database(checked, None).0);
        }
        let (ok, detail) = describe_database(Integrity::Damaged("page 3".into()), Some(&full));
        assert!(!ok && detail.contains("damaged (page 3)"), "{detail}");
    }

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
        assert!(!describe_confinement(&[]).0);
        let (ok, detail) = describe_confinement(&[("llm", all), ("voice", all)]);
        assert!(ok && detail.contains("(llm, voice)"), "{detail}");
        let leaky = Held {
            files: false,
            signals: false,
            ..all
        };
        let (ok, detail) = describe_confinement(&[("llm", all), ("voice", leaky)]);
        assert!(!ok && !detail.contains("llm"), "{detail}");
        let told = "voice can send signals to the server, open files that it does not need;";
        assert!(detail.contains(told), "{detail}");
    }
}
