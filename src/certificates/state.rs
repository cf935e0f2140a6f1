//! How it stands with the certificate, for the owner.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::pace::warn_at;
use super::served::Served;
use super::{Mode, Settings};
use crate::store::UnixMs;

/// The last attempt to get a certificate, or to read its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub at: UnixMs,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// The certificate that visitors see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub issuer: String,
    pub from: UnixMs,
    pub until: UnixMs,
    /// Whether nobody vouches for it.
    pub is_stand_in: bool,
    /// Whether one of the public authorities vouches for it.
    pub is_public: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub mode: Mode,
    pub names: Vec<String>,
    pub shown: Shown,
    /// `None` before the first one.
    pub attempt: Option<Attempt>,
    /// When the next attempt is due; `None` for files, which somebody else renews.
    pub next_at: Option<UnixMs>,
    /// The authority's terms of service, which the owner agrees to by using it.
    pub terms: Option<String>,
}

impl State {
    pub(super) fn of(settings: &Settings, shown: &Served, noted: &Noted) -> Self {
        Self {
            mode: settings.source.mode(),
            names: settings.names.iter().map(ToString::to_string).collect(),
            shown: Shown {
                issuer: shown.facts.issuer.clone(),
                from: shown.facts.from,
                until: shown.facts.until,
                is_stand_in: shown.is_stand_in,
                is_public: shown.is_public,
            },
            attempt: noted.attempt.clone(),
            next_at: noted.next_at,
            terms: noted.terms.clone(),
        }
    }

    /// Whether all is well, and a sentence that says how it stands.
    pub fn verdict(&self, now: UnixMs) -> (bool, String) {
        let error = self.attempt.as_ref().and_then(|last| last.error.as_deref());
        let again = match (error, self.next_at) {
            (Some(_), Some(at)) => format!("; the next attempt is at {}", moment(at)),
            _ => String::new(),
        };
        let failed = error.map(|error| format!("the last attempt failed: {error}{again}"));
        let names = self.names.join(", ");
        let until = moment(self.shown.until);
        if self.shown.is_stand_in {
            let why = failed.unwrap_or_else(|| "it is being asked for".to_owned());
            return (
                false,
                format!("there is no certificate for {names} yet, so browsers warn: {why}"),
            );
        }
        let renewed = failed.unwrap_or_else(|| match self.mode {
            Mode::Files => "renew the files; they are read again by themselves".to_owned(),
            _ => "it is about to be renewed".to_owned(),
        });
        if now >= self.shown.until {
            return (
                false,
                format!(
                    "the certificate for {names} is over since {until}, so browsers refuse it: {renewed}"
                ),
            );
        }
        if now >= warn_at(self.shown.from, self.shown.until) {
            return (
                false,
                format!("the certificate for {names} ends at {until}: {renewed}"),
            );
        }
        let issuer = &self.shown.issuer;
        match error {
            None => (
                true,
                format!("visitors reach {names} by HTTPS; {issuer} vouches for it until {until}"),
            ),
            // The old one still serves, but files that broke want mending by somebody.
            Some(_) => (
                self.mode != Mode::Files,
                format!("the certificate for {names} holds until {until}, but {renewed}"),
            ),
        }
    }
}

fn moment(at: UnixMs) -> String {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}

#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) attempt: Option<Attempt>,
    pub(super) next_at: Option<UnixMs>,
    pub(super) terms: Option<String>,
}

/// What was tried.
pub(super) struct Log {
    noted: Mutex<Noted>,
    changed: watch::Sender<u64>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            noted: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Log {
    /// Looks at what was noted, while nothing is.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Noted) -> T) -> T {
        look(&self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn note(&self, change: impl FnOnce(&mut Noted)) {
        change(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: UnixMs = 24 * 60 * 60 * 1000;

    fn state(error: Option<&str>) -> State {
        State {
            mode: Mode::Acme,
            names: vec!["desk.example.com".to_owned()],
            shown: Shown {
                issuer: "R11".to_owned(),
                from: 0,
                until: 90 * DAY,
                is_stand_in: false,
                is_public: true,
            },
            attempt: error.map(|error| Attempt {
                at: 1,
                error: Some(error.to_owned()),
            }),
            next_at: Some(61 * DAY),
            terms: None,
        }
    }

    #[test]
    fn a_failure_is_told_at_once_and_is_a_warning_ten_days_before_the_end() {
        let (ok, told) = state(None).verdict(60 * DAY);
        assert!(
            ok && told.contains("R11 vouches for it until 1970-04-01"),
            "{told}"
        );
        let failing = state(Some("it is down"));
        let (ok, told) = failing.verdict(79 * DAY);
        assert!(
            ok && told.contains("the last attempt failed: it is down; the next attempt is at"),
            "{told}"
        );
        assert!(!failing.verdict(80 * DAY).0);
        assert!(!state(None).verdict(85 * DAY).0);
        let (ok, told) = failing.verdict(90 * DAY);
        assert!(!ok && told.contains("is over since"), "{told}");
    }

    #[test]
    fn a_stand_in_is_never_well() {
        let mut state = state(None);
        state.shown.is_stand_in = true;
        let (ok, told) = state.verdict(DAY);
        assert!(!ok && told.contains("it is being asked for"), "{told}");
    }

    #[test]
    fn files_that_broke_are_a_warning_at_once() {
        let mut state = state(Some("the key is not the one of the certificate"));
        state.mode = Mode::Files;
        let (ok, told) = state.verdict(DAY);
        assert!(!ok && told.contains("the key is not"), "{told}");
    }
}
