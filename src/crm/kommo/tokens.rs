//! Tokens: renewed by one task for an account, stored before they are used, and looked for at the address that an account
//! moved to.

use serde_json::{Value, json};

use super::client::Answer;
use super::{Kommo, wire};
use crate::crm::{CrmError, now};
use crate::egress::{EgressError, Method, Part, Sealed, Secret};
use crate::store::crm::accounts::{self, Account, AccountState, Tokens};
use crate::store::crm::integrations::{self, Integration};
use crate::store::{Scoped, StoreError, UnixMs, WorkspaceId};

/// Tokens are renewed this long before they end, in ms.
const EARLY: i64 = 5 * 60 * 1000;
/// The life of a token whose answer names none, in seconds.
const USUAL_LIFE: i64 = 86_400;

/// What opens an account now.
pub(super) struct Opened {
    pub(super) host: String,
    pub(super) access: String,
    /// Whether there is a way to a new token.
    pub(super) can_renew: bool,
}

/// The account as it stands in the store now.
pub(super) struct Standing {
    pub(super) account: Scoped<Account>,
    pub(super) tokens: Tokens,
    integration: Option<Integration>,
}

impl Kommo {
    /// The token of an account, renewed if it ends soon.
    pub(super) async fn open(&self, account: &Scoped<Account>) -> Result<Opened, CrmError> {
        let standing = self.standing(account).await?;
        let ends_soon = |at: UnixMs| at.saturating_sub(EARLY) <= now();
        if standing.tokens.expires_at.is_some_and(ends_soon) && standing.can_renew() {
            return self.renew(account, &standing.tokens.access).await;
        }
        Ok(standing.opened())
    }

    /// Renews the tokens of an account, unless somebody else has since `stale` was read. The work goes on if the caller
    /// leaves: Kommo forgets the old token when it has given a new one.
    pub(super) async fn renew(
        &self,
        account: &Scoped<Account>,
        stale: &str,
    ) -> Result<Opened, CrmError> {
        let (this, account, stale) = (self.clone(), account.clone(), stale.to_owned());
        let work = tokio::spawn(async move { this.renew_alone(&account, &stale).await });
        match work.await {
            Ok(renewed) => renewed,
            Err(error) => {
                tracing::error!(%error, "renewing the tokens of a CRM account was cut off");
                Err(CrmError::Failing {
                    account: "the renewal of the connection".into(),
                    status: 500,
                })
            }
        }
    }

    async fn renew_alone(
        &self,
        account: &Scoped<Account>,
        stale: &str,
    ) -> Result<Opened, CrmError> {
        let lock = self.renewal(account.id);
        let _alone = lock.lock().await;
        let standing = self.standing(account).await?;
        if standing.tokens.access != stale {
            return Ok(standing.opened());
        }
        let (Some(refresh), Some(integration)) = (&standing.tokens.refresh, &standing.integration)
        else {
            return Err(self.note_ended(&standing.account).await?);
        };
        let workspace = account.workspace();
        let host = standing.account.host.clone();
        let mut answer = self
            .ask_twice(workspace, &host, integration, refresh)
            .await?;
        let mut now_at = host.clone();
        // The old address leads on, knows no account, or refuses: the account may have moved.
        if matches!(answer.status, 301 | 302 | 303 | 307 | 308 | 400 | 401 | 404)
            && let Some(moved) = self
                .ask_where(workspace, stale, refresh, &account.remote_id)
                .await?
            && moved != host
        {
            answer = self
                .ask_twice(workspace, &moved, integration, refresh)
                .await?;
            now_at = moved;
        }
        if matches!(answer.status, 400 | 401 | 404) {
            return Err(self.note_ended(&standing.account).await?);
        }
        let body = self.judge(&now_at, "the tokens", &answer)?;
        let tokens = read_tokens(&now_at, body.as_ref(), now())?;
        let (id, kept, host) = (account.id, tokens.clone(), now_at.clone());
        let write = self.inner.store.write(move |tx| {
            // Whoever disconnected the account meanwhile wants no new tokens.
            if accounts::tokens(tx, id)?.is_none() {
                return Ok(false);
            }
            accounts::set_tokens(tx, id, &kept, now())?;
            accounts::set_host(tx, id, &host, now())?;
            accounts::set_state(tx, id, AccountState::Active, None, now())?;
            Ok(true)
        });
        if !write.await? {
            return Err(CrmError::Off);
        }
        Ok(Opened {
            host: now_at,
            can_renew: tokens.refresh.is_some(),
            access: tokens.access,
        })
    }

    /// Asks for new tokens; once more with the same one if the answer was lost on the way, since the old one counts until
    /// the new pair is used.
    async fn ask_twice(
        &self,
        workspace: WorkspaceId,
        host: &str,
        integration: &Integration,
        refresh: &str,
    ) -> Result<Answer, CrmError> {
        let grant = json!({ "grant_type": "refresh_token", "refresh_token": refresh });
        match self
            .ask_tokens(workspace, host, integration, grant.clone())
            .await
        {
            Err(CrmError::Egress(EgressError::Failed { .. } | EgressError::Slow { .. })) => {
                self.ask_tokens(workspace, host, integration, grant).await
            }
            answered => answered,
        }
    }

    /// Sends id and secret of the integration to the token address of a host. The whole body is a secret.
    pub(super) async fn ask_tokens(
        &self,
        workspace: WorkspaceId,
        host: &str,
        integration: &Integration,
        grant: Value,
    ) -> Result<Answer, CrmError> {
        let mut body = json!({
            "client_id": integration.client_id,
            "client_secret": integration.client_secret,
            "redirect_uri": integration.redirect_uri,
        });
        if let (Some(body), Value::Object(grant)) = (body.as_object_mut(), grant) {
            body.extend(grant);
        }
        let url = self.inner.hosts.api(host, "/oauth2/access_token")?;
        let body = Sealed::to(&url, Secret::new(body.to_string()));
        let body = vec![Part::secret(body)];
        self.exchange(workspace, host, Method::Post, url, body, Vec::new())
            .await
    }

    pub(super) async fn standing(&self, account: &Scoped<Account>) -> Result<Standing, CrmError> {
        let (workspace, id) = (account.workspace(), account.id);
        let read = self.inner.store.read(move |conn| {
            let account = match accounts::get(conn, workspace, id) {
                Err(StoreError::NotFound(_)) => return Ok(None),
                found => found?,
            };
            let Some(tokens) = accounts::tokens(conn, id)? else {
                return Ok(None);
            };
            let integration = match account.client_id.as_str() {
                "" => None,
                client_id => integrations::find(conn, client_id)?,
            };
            Ok(Some(Standing {
                account,
                tokens,
                integration,
            }))
        });
        read.await?.ok_or(CrmError::Off)
    }

    /// Notes that the tokens can no longer be renewed, and tells it.
    async fn note_ended(&self, account: &Scoped<Account>) -> Result<CrmError, CrmError> {
        let id = account.id;
        let reason = "Kommo no longer renews the token";
        let write = self.inner.store.write(move |tx| {
            accounts::set_state(tx, id, AccountState::Revoked, Some(reason), now())
        });
        write.await?;
        Ok(CrmError::Revoked {
            account: account.host.clone(),
        })
    }
}

impl Standing {
    fn can_renew(&self) -> bool {
        self.tokens.refresh.is_some() && self.integration.is_some()
    }

    fn opened(&self) -> Opened {
        Opened {
            host: self.account.host.clone(),
            access: self.tokens.access.clone(),
            can_renew: self.can_renew(),
        }
    }
}

/// The tokens in an answer of the token address.
pub(super) fn read_tokens(
    host: &str,
    body: Option<&Value>,
    now: UnixMs,
) -> Result<Tokens, CrmError> {
    let body = body.unwrap_or(&Value::Null);
    let access = wire::text_in(body, "access_token");
    let refresh = wire::text_in(body, "refresh_token");
    let (Some(access), Some(refresh)) = (access, refresh) else {
        return Err(CrmError::Answer {
            account: host.to_owned(),
            what: "the tokens",
            reason: "it has no tokens in it".into(),
        });
    };
    let life = body.get("expires_in").and_then(Value::as_i64);
    let life = life.filter(|life| *life > 0).unwrap_or(USUAL_LIFE);
    Ok(Tokens {
        access,
        refresh: Some(refresh),
        expires_at: Some(now.saturating_add(life.saturating_mul(1000))),
    })
}
