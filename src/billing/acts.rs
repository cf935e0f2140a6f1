//! What people do with billing: the owner of the machine sets it up, workspaces enter their licence keys.

use std::time::Duration;

use super::hook::give_plan;
use super::licence::{Ask, Said};
use super::settings::Settings;
use super::state;
use super::{Billing, BillingError, now};
use crate::access::{Member, Principal, Scope};
use crate::store::billing::{self, Entitlement, EntitlementKind, ShopEvent};
use crate::store::{StoreError, Transaction, UnixMs, WorkspaceId, workspaces};

const MAY: &[Scope] = &[Scope::Admin];
/// What the shop told, as far as it is shown.
const EVENTS: u32 = 50;
/// Longest licence key, in characters; the shop's are UUIDs.
const LONGEST_KEY: usize = 100;
/// Longest name of an instance, in characters.
const LONGEST_NAME: usize = 80;
/// Between two checks of licences; the shop takes 60 requests in a minute.
const BETWEEN: Duration = Duration::from_secs(2);

/// What the owner enters.
#[derive(Clone)]
pub struct SettingsChange {
    pub settings: Settings,
    /// `None` keeps the one that is there.
    pub secret: Option<String>,
}

/// How billing stands.
#[derive(Clone)]
pub struct Overview {
    pub settings: Settings,
    pub has_secret: bool,
    /// Where one workspace buys.
    pub checkout: Option<String>,
    /// The latest change first.
    pub entitlements: Vec<Entitlement>,
    /// What the shop told, the latest first; for the owner of the machine only.
    pub events: Vec<ShopEvent>,
}

fn need_unbound(by: &Principal) -> Result<(), BillingError> {
    by.need(MAY)?;
    match by.bound_to() {
        None => Ok(()),
        Some(_) => Err(BillingError::Bound),
    }
}

impl Billing {
    /// Whoever belongs to one workspace sees what that has.
    pub async fn overview(&self, by: &Principal) -> Result<Overview, BillingError> {
        by.need(MAY)?;
        self.look(by.bound_to()).await
    }

    /// What one workspace has.
    pub async fn of_workspace(&self, by: &Member) -> Result<Overview, BillingError> {
        let id = by.need(MAY)?;
        self.look(Some(id)).await
    }

    async fn look(&self, of: Option<WorkspaceId>) -> Result<Overview, BillingError> {
        let read = self.inner.store.read(move |conn| {
            let (settings, secret) = Settings::load(conn)?;
            Ok(Overview {
                has_secret: !secret.is_empty(),
                checkout: of.and_then(|id| settings.checkout_of(id, &secret)),
                settings,
                entitlements: billing::list(conn, of)?,
                events: match of {
                    None => billing::events(conn, EVENTS)?,
                    Some(_) => Vec::new(),
                },
            })
        });
        Ok(read.await?)
    }

    /// # Errors
    /// [`BillingError::Wrong`], naming the field.
    pub async fn set(
        &self,
        by: &Principal,
        change: SettingsChange,
        at: UnixMs,
    ) -> Result<(), BillingError> {
        need_unbound(by)?;
        let SettingsChange { settings, secret } = change;
        let text = serde_json::to_string(&settings)
            .map_err(|error| BillingError::wrong("settings", error.to_string()))?;
        let set = self.inner.store.write(move |tx| {
            let secret = match secret {
                Some(secret) => secret.trim().to_owned(),
                None => Settings::load(tx)?.1,
            };
            if let Err(error) = settings.check(tx, &secret) {
                return Ok(Err(error));
            }
            billing::set_settings(tx, &text, &secret, at)?;
            if settings.enabled {
                for entitlement in billing::list(tx, None)? {
                    give_plan(tx, &settings, &entitlement, at)?;
                }
            }
            Ok(Ok(()))
        });
        set.await?
    }

    /// Says whose a subscription is.
    pub async fn assign(
        &self,
        by: &Principal,
        subscription: &str,
        workspace: Option<WorkspaceId>,
        at: UnixMs,
    ) -> Result<(), BillingError> {
        need_unbound(by)?;
        let remote = subscription.to_owned();
        let assigned = self.inner.store.write(move |tx| {
            let (settings, _) = Settings::load(tx)?;
            let known = billing::find(tx, EntitlementKind::Subscription, &remote)?;
            let mut known = known.ok_or(StoreError::NotFound("the subscription"))?;
            if let Some(id) = workspace {
                workspaces::get(tx, id)?;
            }
            known.workspace = workspace;
            billing::put(tx, &known)?;
            give_plan(tx, &settings, &known, at)
        });
        Ok(assigned.await?)
    }

    async fn enabled(&self) -> Result<Settings, BillingError> {
        let (settings, _) = self.inner.store.read(Settings::load).await?;
        match settings.enabled {
            true => Ok(settings),
            false => Err(BillingError::Off),
        }
    }

    /// Activates a licence key for a workspace.
    ///
    /// # Errors
    /// [`BillingError::Foreign`] for the key of another shop, [`BillingError::Refused`] with the words of the shop,
    /// [`BillingError::Unreachable`].
    pub async fn activate(
        &self,
        by: &Member,
        key: &str,
        at: UnixMs,
    ) -> Result<Entitlement, BillingError> {
        let workspace = by.need(MAY)?;
        let settings = self.enabled().await?;
        let key = key.trim();
        if !(1..=LONGEST_KEY).contains(&key.chars().count()) {
            return Err(BillingError::wrong(
                "key",
                "enter the licence key as the shop sent it",
            ));
        }
        let read = self
            .inner
            .store
            .read(move |conn| workspaces::get(conn, workspace));
        let name: String = read.await?.title.chars().take(LONGEST_NAME).collect();
        // Whose key it is, before one of its activations is used up.
        let known = self
            .ask(&settings, Some(workspace), Ask::Validate, key, None)
            .await?;
        if known.store.is_empty() {
            return Err(known.refusal());
        }
        known.must_be_own(&settings)?;
        let made = self
            .ask(&settings, Some(workspace), Ask::Activate, key, Some(&name))
            .await?;
        let Some(instance) = made.instance.clone().filter(|_| made.yes) else {
            return Err(made.refusal());
        };
        let kept = match made.must_be_own(&settings) {
            Ok(()) => {
                self.keep(&settings, workspace, &instance, key, &made, at)
                    .await
            }
            Err(error) => Err(error),
        };
        if kept.is_err() {
            let given_back = self.ask(
                &settings,
                Some(workspace),
                Ask::Deactivate,
                key,
                Some(&instance),
            );
            if let Err(error) = given_back.await {
                tracing::warn!(%error, "an activation of a licence that is not used could not be given back");
            }
        }
        kept
    }

    async fn keep(
        &self,
        settings: &Settings,
        workspace: WorkspaceId,
        instance: &str,
        key: &str,
        said: &Said,
        at: UnixMs,
    ) -> Result<Entitlement, BillingError> {
        let meaning = state::of_licence(&said.state, said.expires_at);
        let entitlement = Entitlement {
            kind: EntitlementKind::Licence,
            remote: instance.to_owned(),
            workspace: Some(workspace),
            state: said.state.clone(),
            product: said.product.clone(),
            variant: said.variant.clone(),
            until: meaning.until,
            overdue: meaning.overdue,
            payment: None,
            paid_at: None,
            key: key.to_owned(),
            changed_at: at,
        };
        let (kept, settings) = (entitlement.clone(), settings.clone());
        let put = self.inner.store.write(move |tx| {
            billing::put(tx, &kept)?;
            give_plan(tx, &settings, &kept, at)
        });
        put.await?;
        Ok(entitlement)
    }

    /// A licence of the workspace.
    async fn find_own(&self, by: &Member, instance: &str) -> Result<Entitlement, BillingError> {
        let workspace = by.need(MAY)?;
        let remote = instance.to_owned();
        let find = self
            .inner
            .store
            .read(move |conn| billing::find(conn, EntitlementKind::Licence, &remote));
        let found = find
            .await?
            .filter(|found| found.workspace == Some(workspace));
        Ok(found.ok_or(StoreError::NotFound("the licence"))?)
    }

    /// Asks the shop whether a licence still holds.
    pub async fn check(&self, by: &Member, instance: &str) -> Result<Entitlement, BillingError> {
        let licence = self.find_own(by, instance).await?;
        let settings = self.enabled().await?;
        self.check_one(&settings, licence).await
    }

    /// Gives the activation of a licence back to the shop, and forgets the key.
    pub async fn deactivate(&self, by: &Member, instance: &str) -> Result<(), BillingError> {
        let licence = self.find_own(by, instance).await?;
        let (settings, _) = self.inner.store.read(Settings::load).await?;
        let of = licence.workspace;
        // If the shop says no, it knows the activation no more: it is gone either way.
        self.ask(
            &settings,
            of,
            Ask::Deactivate,
            &licence.key,
            Some(&licence.remote),
        )
        .await?;
        let remove = self
            .inner
            .store
            .write(move |tx| billing::remove(tx, EntitlementKind::Licence, &licence.remote));
        remove.await?;
        Ok(())
    }

    pub(super) async fn check_all(&self) -> Result<(), BillingError> {
        let Ok(settings) = self.enabled().await else {
            return Ok(());
        };
        let all = self
            .inner
            .store
            .read(|conn| billing::list(conn, None))
            .await?;
        for licence in all {
            if licence.kind != EntitlementKind::Licence {
                continue;
            }
            match self.check_one(&settings, licence).await {
                // What was known holds until the shop can be asked.
                Ok(_) | Err(BillingError::Unreachable(_)) => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(())
    }

    async fn check_one(
        &self,
        settings: &Settings,
        mut licence: Entitlement,
    ) -> Result<Entitlement, BillingError> {
        let said = self
            .ask(
                settings,
                licence.workspace,
                Ask::Validate,
                &licence.key,
                Some(&licence.remote),
            )
            .await?;
        let state = match said.yes && said.must_be_own(settings).is_ok() {
            true => said.state.clone(),
            // `active` with another instance than ours, or of another store.
            false if matches!(said.state.as_str(), "active" | "") => "disabled".to_owned(),
            false => said.state.clone(),
        };
        let meaning = state::of_licence(&state, said.expires_at);
        (licence.state, licence.until) = (state, meaning.until);
        licence.changed_at = now();
        let kept = licence.clone();
        let put = self.inner.store.write(move |tx: &Transaction<'_>| {
            // It may have been deactivated meanwhile.
            match billing::find(tx, EntitlementKind::Licence, &kept.remote)? {
                Some(_) => billing::put(tx, &kept),
                None => Ok(()),
            }
        });
        put.await?;
        Ok(licence)
    }
}
