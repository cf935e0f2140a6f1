//! How it stands with all webhooks, for the owner of the installation.

use url::Url;

use super::{Webhooks, now};
use crate::store::webhooks::{self, Webhook, WebhookState};
use crate::store::{StoreError, UnixMs};

/// A webhook that has failed for less is being tried again, and no reason to worry, in ms.
const WORRY: i64 = 60 * 60 * 1000;

impl Webhooks {
    /// Whether all webhooks work, with a sentence; `None` if there are none.
    pub fn verdict_blocking(&self) -> Result<Option<(bool, String)>, StoreError> {
        let found = self
            .inner
            .store
            .read_blocking(|conn| Ok((webhooks::exist(conn)?, webhooks::list_troubled(conn)?)));
        let (exist, troubled) = found?;
        Ok(exist.then(|| describe(&troubled, now())))
    }
}

fn describe(troubled: &[Webhook], now: UnixMs) -> (bool, String) {
    let worrying = troubled.iter().filter(|one| {
        let failing = one
            .failing_since
            .map_or(0, |since| now.saturating_sub(since));
        one.state != WebhookState::Active || failing >= WORRY
    });
    let told: Vec<String> = worrying
        .map(|one| {
            let host = Url::parse(&one.url).ok();
            let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
            match (&one.reason, one.failing_since) {
                (Some(reason), _) => format!("the webhook to {host} gets nothing: {reason}"),
                (None, since) => {
                    let hours = now.saturating_sub(since.unwrap_or(now)) / WORRY;
                    format!("no request to the webhook to {host} has succeeded for {hours} h")
                }
            }
        })
        .collect();
    match told.is_empty() {
        true => (true, "webhooks are delivered".to_owned()),
        false => (false, format!("{}; see the page Webhooks", told.join("; "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{WebhookId, WorkspaceId};

    #[test]
    fn a_failure_of_hours_is_told_and_one_of_minutes_is_not() {
        let mut one = Webhook {
            id: WebhookId::new(),
            workspace: WorkspaceId::new(),
            url: "https://hooks.example/secret-path".into(),
            events: vec!["*".into()],
            state: WebhookState::Active,
            reason: None,
            failing_since: Some(0),
            old_secret_until: None,
            created_at: 0,
        };
        assert!(describe(&[], 0).0);
        assert!(describe(&[one.clone()], WORRY - 1).0);
        let (ok, told) = describe(&[one.clone()], 3 * WORRY);
        assert!(
            !ok && told.contains("hooks.example has succeeded for 3 h"),
            "{told}"
        );
        assert!(!told.contains("secret-path"), "{told}");
        one.state = WebhookState::Off;
        one.reason = Some("it was turned off".into());
        let (ok, told) = describe(&[one], 1);
        assert!(
            !ok && told.contains("gets nothing: it was turned off"),
            "{told}"
        );
    }
}
