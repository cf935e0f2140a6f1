//! Connecting an account: the round trip through the browser, the app's secret that Kommo sends first, an install from within
//! Kommo, and a token that somebody pasted.

use serde::Deserialize;
use serde_json::{Value, json};

use super::tokens::read_tokens;
use super::{Kommo, wire};
use crate::crm::{CrmError, now};
use crate::egress::{Carrier, Method, Sealed, Secret};
use crate::store::crm::accounts::{self, Account, AccountState, CrmKind, NewAccount, Tokens};
use crate::store::crm::integrations::{self, Integration};
use crate::store::crm::oauth_states::{self, OauthState};
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::{Scoped, StoreError, WorkspaceId};

/// How long a round trip may take, in ms; Kommo's codes live as long.
pub const STATE_MS: i64 = 20 * 60 * 1000;
/// Longest value of the app's secret or id that is kept, in bytes.
const LONGEST: usize = 500;

/// The query that Kommo sends the browser back with, or calls with after an install.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    /// The account's host.
    pub referer: Option<String>,
    pub client_id: Option<String>,
    /// There with any value if the widget was installed from within Kommo.
    pub from_widget: Option<String>,
    pub error: Option<String>,
}

/// What Kommo sends to the address of secrets, as JSON or as a form.
#[derive(Clone, Deserialize)]
pub struct NewSecret {
    pub client_id: String,
    pub client_secret: String,
    pub state: String,
}

/// An account that was connected.
#[derive(Debug, Clone, PartialEq)]
pub struct Connected {
    pub account: Scoped<Account>,
    /// Kommo called by itself, and no browser of ours waits.
    pub by_install: bool,
}

impl Kommo {
    /// Begins a round trip: returns the address that the browser is sent to, or the `state` of the button for an app that
    /// Kommo makes by itself (`client_id` is `None`).
    pub async fn begin(
        &self,
        workspace: WorkspaceId,
        client_id: Option<&str>,
        redirect_uri: &str,
    ) -> Result<Begun, CrmError> {
        let token = Token::generate(TokenKind::Crm)?;
        let state = OauthState {
            workspace,
            client_id: client_id.map(str::to_owned),
            redirect_uri: redirect_uri.to_owned(),
        };
        let hash = token.hash();
        let write = self.inner.store.write(move |tx| {
            if let Some(client_id) = &state.client_id {
                let known = integrations::find(tx, client_id)?;
                if known.is_none_or(|known| known.workspace != state.workspace) {
                    return Err(StoreError::NotFound("the integration"));
                }
            }
            oauth_states::create(tx, hash, &state, now().saturating_add(STATE_MS))
        });
        write.await?;
        let url = match client_id {
            None => None,
            Some(client_id) => {
                let mut url = self.inner.hosts.portal("/oauth")?;
                url.query_pairs_mut()
                    .append_pair("client_id", client_id)
                    .append_pair("state", token.reveal())
                    .append_pair("mode", "post_message");
                Some(url.to_string())
            }
        };
        Ok(Begun {
            state: token.reveal().to_owned(),
            url,
        })
    }

    /// Takes the secret of an app that Kommo made for a round trip. It counts once, and only while that is under way.
    ///
    /// # Errors
    /// `State`.
    pub async fn take_secret(&self, new: NewSecret) -> Result<(), CrmError> {
        let texts = [&new.client_id, &new.client_secret];
        if texts
            .iter()
            .any(|text| text.is_empty() || text.len() > LONGEST)
        {
            return Err(CrmError::Input(
                "the id or the secret of the integration is empty or too long".into(),
            ));
        }
        let taken = self.inner.store.write(move |tx| {
            let hash = TokenHash::of(&new.state);
            let Some(state) = oauth_states::peek(tx, hash, now())? else {
                return Ok(false);
            };
            // Whoever knows the state could else replace the secret of an app that is there.
            if integrations::find(tx, &new.client_id)?.is_some()
                || !oauth_states::set_client(tx, hash, &new.client_id)?
            {
                return Ok(false);
            }
            let (id, secret) = (&new.client_id, &new.client_secret);
            integrations::keep(tx, state.workspace, id, secret, &state.redirect_uri, now())?;
            Ok(true)
        });
        match taken.await? {
            true => Ok(()),
            false => Err(CrmError::State),
        }
    }

    /// Ends a round trip, or takes an install from within Kommo.
    ///
    /// # Errors
    /// `Declined`, `State`, `Host`, `Integration`, `Code`, and what a request can end with.
    pub async fn finish(&self, callback: &Callback) -> Result<Connected, CrmError> {
        let given = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
        let state = match given(&callback.state) {
            Some(state) => Some(self.take_state(&state).await?),
            None => None,
        };
        if callback.error.is_some() {
            return Err(CrmError::Declined);
        }
        // Without a state only an install is let in: it joins the workspace of its integration and no one's session.
        let by_install = state.is_none();
        if by_install && callback.from_widget.is_none() {
            return Err(CrmError::State);
        }
        let named = given(&callback.client_id);
        let expected = state.as_ref().and_then(|state| state.client_id.clone());
        let client_id = match (named, expected) {
            (Some(named), Some(expected)) if named != expected => return Err(CrmError::State),
            (named, expected) => named.or(expected).ok_or(CrmError::State)?,
        };
        // The host is checked before anything is looked up, and long before the secret goes anywhere.
        let referer = given(&callback.referer).unwrap_or_default();
        let host = self.inner.hosts.account(&referer)?;
        let integration = self.integration(&client_id).await?;
        let workspace = integration.workspace;
        if state.is_some_and(|state| state.workspace != workspace) {
            return Err(CrmError::State);
        }
        let code = given(&callback.code).ok_or_else(|| CrmError::Code { host: host.clone() })?;
        if by_install && !self.may_install() {
            let wait_s = super::INSTALLS_WITHIN.as_secs();
            return Err(CrmError::Limited { host, wait_s });
        }
        let tokens = self.exchange_code(&integration, &host, &code).await?;
        let account = self.admit(workspace, &client_id, &host, tokens).await?;
        Ok(Connected {
            account,
            by_install,
        })
    }

    /// Connects an account by a token that lives for long and cannot be renewed.
    pub async fn connect_with_token(
        &self,
        workspace: WorkspaceId,
        host: &str,
        token: &str,
    ) -> Result<Scoped<Account>, CrmError> {
        let host = self.inner.hosts.account(host)?;
        let token = token.trim();
        let is_token =
            (1..=8_000).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
        if !is_token {
            return Err(CrmError::Input(
                "this is no token: copy the whole long-lived token from Kommo".into(),
            ));
        }
        let tokens = Tokens {
            access: token.to_owned(),
            refresh: None,
            expires_at: None,
        };
        self.admit(workspace, "", &host, tokens).await
    }

    async fn take_state(&self, state: &str) -> Result<OauthState, CrmError> {
        let hash = TokenHash::of(state);
        let taken = self
            .inner
            .store
            .write(move |tx| oauth_states::take(tx, hash, now()));
        taken.await?.ok_or(CrmError::State)
    }

    async fn integration(&self, client_id: &str) -> Result<Integration, CrmError> {
        let id = client_id.to_owned();
        let found = self
            .inner
            .store
            .read(move |conn| integrations::find(conn, &id));
        let shown = || client_id.chars().take(80).collect();
        found.await?.ok_or_else(|| CrmError::Integration(shown()))
    }

    async fn exchange_code(
        &self,
        integration: &Integration,
        host: &str,
        code: &str,
    ) -> Result<Tokens, CrmError> {
        let grant = json!({ "grant_type": "authorization_code", "code": code });
        let workspace = integration.workspace;
        let answer = self.ask_tokens(workspace, host, integration, grant).await?;
        if matches!(answer.status, 400 | 401) {
            return Err(CrmError::Code {
                host: host.to_owned(),
            });
        }
        let body = self.judge(host, "the tokens", &answer)?;
        read_tokens(host, body.as_ref(), now())
    }

    /// Reads who an account is with its own tokens, and keeps it.
    async fn admit(
        &self,
        workspace: WorkspaceId,
        client_id: &str,
        host: &str,
        tokens: Tokens,
    ) -> Result<Scoped<Account>, CrmError> {
        let url = self.inner.hosts.api(host, "/api/v4/account")?;
        let bearer = Sealed::to(&url, Secret::new(format!("Bearer {}", tokens.access)));
        let secrets = vec![(Carrier::Header(http::header::AUTHORIZATION), bearer)];
        let answer = self
            .exchange(workspace, host, Method::Get, url, Vec::new(), secrets)
            .await?;
        let body = self
            .judge(host, "the account", &answer)?
            .unwrap_or(Value::Null);
        let Some(remote) = wire::id_in(&body, "id") else {
            return Err(CrmError::Answer {
                account: host.to_owned(),
                what: "the account",
                reason: "it does not say which account it is".into(),
            });
        };
        let user = wire::id_in(&body, "current_user_id");
        let name = wire::text_in(&body, "name").unwrap_or_else(|| host.to_owned());
        let name: String = name.chars().take(200).collect();
        let hook = Token::generate(TokenKind::Crm)?;
        let (client_id, host) = (client_id.to_owned(), host.to_owned());
        let write = self.inner.store.write(move |tx| {
            let new = NewAccount {
                kind: CrmKind::Kommo,
                remote_id: &remote,
                client_id: &client_id,
                user_id: user.as_deref(),
                name: &name,
                host: &host,
                hook_secret: hook.reveal(),
            };
            accounts::keep(tx, workspace, &new, Some(&tokens), now())
        });
        Ok(write.await?)
    }

    /// Disconnects an account: its hooks over there are removed as far as Kommo lets us, its tokens and, unless they are to
    /// stay, all copies are deleted here. Returns whether Kommo confirmed that its hooks are gone.
    pub async fn disconnect(
        &self,
        account: &Scoped<Account>,
        hook_url: Option<&str>,
        keep_copies: bool,
    ) -> Result<bool, CrmError> {
        let connected = super::KommoAccount::new(self.clone(), account.clone());
        let unhooked = match hook_url {
            None => true,
            Some(url) => match connected.unsubscribe(url).await {
                Ok(()) => true,
                Err(CrmError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%error, "the hooks of a CRM account could not be removed");
                    false
                }
            },
        };
        let account = account.clone();
        let write = self.inner.store.write(move |tx| {
            if keep_copies {
                accounts::forget_tokens(tx, account.id, AccountState::Off, None, now())
            } else {
                crate::store::crm::erase_account(tx, &account, now()).map(|_| ())
            }
        });
        write.await?;
        Ok(unhooked)
    }
}

/// A round trip that began.
#[derive(Clone)]
pub struct Begun {
    /// For the button, and for the browser's own check.
    pub state: String,
    /// Where the browser is sent; `None` if Kommo makes the app.
    pub url: Option<String>,
}
