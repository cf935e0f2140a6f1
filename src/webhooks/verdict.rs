//! How it stands with all webhooks, for the owner of the installation: as the page Webhooks judges each.

use url::Url;

use super::{Webhooks, now};
use crate::store::webhooks::{self, Webhook};
use crate::store::{StoreError, UnixMs};

const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

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
    let told: Vec<String> = troubled
        .iter()
        .map(|one| {
            let host = Url::parse(&one.url).ok();
            let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
            match (&one.reason, one.failing_since) {
                (Some(reason), _) => format!("the webhook to {host} gets nothing: {reason}"),
                (None, since) => {
                    let failing = now.saturating_sub(since.unwrap_or(now));
                    let long = match failing / HOUR_MS {
                        0 => format!("{} min", failing / MINUTE_MS),
                        hours => format!("{hours} h"),
                    };
                    format!("no request to the webhook to {host} has succeeded for {long}")
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
    use crate::store::webhooks::WebhookState;
    use crate::store::{WebhookId, WorkspaceId};

    #[test]
    fn every_failure_is_told_with_its_length() {
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
        let (ok, told) = describe(&[one.clone()], HOUR_MS - 1);
        assert!(
            !ok && told.contains("hooks.example has succeeded for 59 min"),
            "{told}"
        );
        let (ok, told) = describe(&[one.clone()], 3 * HOUR_MS);
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
