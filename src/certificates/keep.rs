//! The background work: files are watched, certificates renewed.

use std::time::Duration;

use super::acme::Acme;
use super::files::Files;
use super::pace::{chance, ms, now_ms, renew_at};
use super::private::Private;
use super::served::Served;
use super::state::{Attempt, Noted};
use super::{Inner, Keeper};
use crate::store::UnixMs;

/// The longest sleep: a machine that was suspended looks at the clock again after at most this.
const NAP: Duration = Duration::from_secs(30 * 60);

/// Runs until it is dropped.
pub(super) async fn keep(inner: &Inner, http: bool) {
    match &inner.keeper {
        Keeper::Files(files) => watch(inner, files).await,
        Keeper::Private(private) => renew_private(inner, private).await,
        Keeper::Acme(acme) => renew(inner, acme, http).await,
        Keeper::Nobody => std::future::pending().await,
    }
}

/// Reads the files again when one of them has changed. What cannot be used changes nothing.
async fn watch(inner: &Inner, files: &Files) {
    let mut known = files.look();
    // Between opening and now one may have changed.
    let mut is_first = true;
    loop {
        if !is_first {
            tokio::time::sleep(inner.settings.pace.look).await;
        }
        let seen = files.look();
        if seen == known && !is_first {
            continue;
        }
        (known, is_first) = (seen, false);
        let now = now_ms();
        let shown = inner.showcase.shown();
        let read = match files.load() {
            Ok(next) if next.is_over(now) && !shown.is_over(now) => {
                Err("the new certificate is over already, so the former is kept".to_owned())
            }
            Ok(next) => Ok(next),
            Err(error) => Err(format!("{error}; the former certificate is kept")),
        };
        match &read {
            Ok(next) if next.key.cert == shown.key.cert => {}
            Ok(next) => tracing::info!(issuer = next.facts.issuer, "the certificate was replaced"),
            Err(error) => tracing::warn!(%error, "the files of the certificate cannot be used"),
        }
        settle(inner, now, read, |_| ());
    }
}

async fn renew_private(inner: &Inner, private: &Private) {
    let time = inner.settings.pace.private;
    loop {
        let until = inner.showcase.shown().facts.until;
        let due = renew_at(until.saturating_sub(ms(time)), until, chance());
        inner.log.note(|noted| noted.next_at = Some(due));
        sleep_until(due).await;
        let issued = private.issue(&inner.settings.names, time);
        let issued = issued.map_err(|error| error.to_string());
        let has_failed = issued.is_err();
        settle(inner, now_ms(), issued, |_| ());
        if has_failed {
            tokio::time::sleep(inner.settings.pace.first_retry).await;
        }
    }
}

/// Asks the authority when it is time. A failure keeps what is shown and waits longer each time.
async fn renew(inner: &Inner, acme: &Acme, http: bool) {
    let pace = &inner.settings.pace;
    let mut failures = 0;
    loop {
        if failures == 0 {
            let shown = inner.showcase.shown();
            let due = match shown.is_stand_in {
                true => now_ms(),
                false => renew_at(shown.facts.from, shown.facts.until, chance()),
            };
            inner.log.note(|noted| noted.next_at = Some(due));
            sleep_until(due).await;
        }
        let (result, heard) = acme.renew(&inner.showcase, http).await;
        let at = now_ms();
        let mut next_at = None;
        let result = result.map_err(|error| error.to_string());
        match &result {
            Ok(next) => {
                failures = 0;
                tracing::info!(issuer = next.facts.issuer, "a certificate was received");
            }
            Err(error) => {
                failures += 1;
                let wait = pace.wait(failures, chance(), heard.retry_after);
                next_at = Some(at.saturating_add(ms(wait)));
                tracing::warn!(%error, seconds = wait.as_secs(), "no certificate; trying again");
            }
        }
        settle(inner, at, result, |noted| {
            noted.next_at = next_at;
            noted.terms = heard.terms.or(noted.terms.take());
        });
        if let Some(at) = next_at {
            sleep_until(at).await;
        }
    }
}

/// Notes how an attempt ended, and shows what came of it, in one step for who looks.
fn settle(
    inner: &Inner,
    at: UnixMs,
    result: Result<Served, String>,
    more: impl FnOnce(&mut Noted),
) {
    inner.log.note(|noted| {
        let error = result.map(|next| inner.showcase.show(next)).err();
        noted.attempt = Some(Attempt { at, error });
        more(noted);
    });
}

/// By the wall clock, which goes on while a machine is suspended.
async fn sleep_until(at: UnixMs) {
    loop {
        let left = u64::try_from(at.saturating_sub(now_ms())).unwrap_or_default();
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(left).min(NAP)).await;
    }
}
