//! Who calls from Kommo's page: the widget's requests carry a token that Kommo signed with the integration's secret.

use serde::Deserialize;
use url::Url;

use super::{Kommo, claims};
use crate::crm::CrmError;
use crate::store::crm::accounts::{self, Account, AccountState, CrmKind};
use crate::store::crm::integrations::{self, Integration};
use crate::store::{Connection, Scoped, StoreError, UnixMs};

/// How far the clocks of Kommo and of this machine may differ, in seconds.
const SKEW: i64 = 60;
/// Longest life of a token, in seconds; Kommo's have 30 minutes.
const LONGEST_LIFE: i64 = 3600;

/// A person who looks at a card in Kommo, in an account that is connected.
#[derive(Debug, Clone, PartialEq)]
pub struct WidgetCaller {
    pub account: Scoped<Account>,
    /// Kommo's id of them.
    pub user: String,
    pub is_admin: bool,
    /// The origin that CORS answers to, such as `https://shop.kommo.com`.
    pub origin: String,
}

/// A number, or a number as text: both were seen.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    account_id: Id,
    user_id: Id,
    #[serde(default)]
    is_admin: bool,
}

#[derive(Deserialize)]
struct Named {
    client_uuid: String,
}

impl Kommo {
    /// Checks the `X-Auth-Token` of a request of the widget.
    ///
    /// # Errors
    /// `Forged`, and `Off` if the account is not connected here.
    pub async fn check_widget(&self, token: &str, now: UnixMs) -> Result<WidgetCaller, CrmError> {
        let named: Named =
            claims::read_unchecked(token).ok_or(CrmError::Forged("its token is none"))?;
        let client_id = named.client_uuid;
        let found = self.inner.store.read(move |conn| {
            let found = integrations::find(conn, &client_id)?;
            found.ok_or(StoreError::NotFound("the integration"))
        });
        let integration = match found.await {
            Err(StoreError::NotFound(_)) => {
                return Err(CrmError::Forged("its integration is not known here"));
            }
            found => found?,
        };
        let claims: Claims = claims::read_signed(token, &integration.client_secret)?;
        check_times(&claims, now.div_euclid(1000))?;
        if !is_for(&claims.aud, &integration.redirect_uri) {
            return Err(CrmError::Forged("its token is for another server"));
        }
        let remote = claims.account_id.text();
        let found = self
            .inner
            .store
            .read(move |conn| find_account(conn, &remote, &integration));
        let account = found.await?.ok_or(CrmError::Off)?;
        if matches!(account.state, AccountState::Off | AccountState::Revoked) {
            return Err(CrmError::Off);
        }
        let issuer = self.inner.hosts.account(&claims.iss);
        if issuer.ok().as_deref() != Some(account.host.as_str()) {
            return Err(CrmError::Forged("its token comes from another account"));
        }
        Ok(WidgetCaller {
            origin: format!("https://{}", account.host),
            user: claims.user_id.text(),
            is_admin: claims.is_admin,
            account,
        })
    }

    /// Whether a page at this origin may call: that of an account that is connected. For CORS, which knows no token yet.
    pub async fn is_origin_known(&self, origin: &str) -> Result<bool, CrmError> {
        let Ok(host) = self.inner.hosts.account(origin) else {
            return Ok(false);
        };
        if origin != format!("https://{host}") {
            return Ok(false);
        }
        let known = self
            .inner
            .store
            .read(move |conn| accounts::is_host_connected(conn, &host));
        Ok(known.await?)
    }
}

/// The account that an integration speaks of: connected through it, or by a token that its owner pasted.
pub(super) fn find_account(
    conn: &Connection,
    remote: &str,
    integration: &Integration,
) -> Result<Option<Scoped<Account>>, StoreError> {
    let through = accounts::find_remote(conn, CrmKind::Kommo, remote, &integration.client_id)?;
    if through.is_some() {
        return Ok(through);
    }
    let pasted = accounts::find_remote(conn, CrmKind::Kommo, remote, "")?;
    Ok(pasted.filter(|account| account.workspace() == integration.workspace))
}

fn check_times(claims: &Claims, now: i64) -> Result<(), CrmError> {
    if claims.exp.saturating_add(SKEW) < now {
        return Err(CrmError::Forged("its token has expired"));
    }
    let begins = claims.nbf.or(claims.iat).unwrap_or(now);
    if begins > now.saturating_add(SKEW) {
        return Err(CrmError::Forged("its token is not valid yet"));
    }
    if claims.exp.saturating_sub(begins) > LONGEST_LIFE + SKEW {
        return Err(CrmError::Forged("its token is valid for too long"));
    }
    Ok(())
}

/// Whether the audience is the server of the redirect address, with or without its port.
fn is_for(audience: &str, redirect_uri: &str) -> bool {
    let (Ok(audience), Ok(own)) = (Url::parse(audience), Url::parse(redirect_uri)) else {
        return false;
    };
    let ports = [
        own.port_or_known_default(),
        own.port_or_known_default().and(default_port(&own)),
    ];
    audience.scheme() == own.scheme()
        && audience.host_str().is_some()
        && audience.host_str() == own.host_str()
        && ports.contains(&audience.port_or_known_default())
}

/// The port that the scheme has without one being named.
fn default_port(url: &Url) -> Option<u16> {
    match url.scheme() {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_our_server_with_or_without_its_port() {
        let own = "https://desk.example:8443/crm/kommo";
        for audience in [
            "https://desk.example",
            "https://desk.example/",
            "https://desk.example:8443",
        ] {
            assert!(is_for(audience, own), "{audience}");
        }
        for audience in [
            "http://desk.example",
            "https://desk.example.evil.example",
            "https://desk.example:9",
            "desk.example",
            "",
        ] {
            assert!(!is_for(audience, own), "{audience}");
        }
    }
}
