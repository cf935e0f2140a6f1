//! Billing, for the owner of the machine: the shop, who pays for what, and what the shop told.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::usage::{EntitlementRow, entitlement};
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::workspaces::need_unbound;
use crate::app::{App, closing, plans};
use crate::billing::{BillingError, Settings, SettingsChange};
use crate::http::api::billing::HOOK;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::PlanId;
use crate::store::workspaces;

#[derive(Template)]
#[template(path = "billing.html")]
struct BillingPage {
    shell: Shell,
    enabled: bool,
    has_secret: bool,
    store: String,
    products: String,
    checkout: String,
    test_mode: bool,
    /// Where the shop sends what happens.
    hook: String,
    variants: Vec<VariantRow>,
    paid: Vec<PaidRow>,
    events: Vec<EventRow>,
    error: Option<String>,
}

/// What is paid for, and by which workspace.
struct PaidRow {
    what: EntitlementRow,
    /// Short name of the workspace; empty if nobody knows.
    owner: String,
    workspaces: Vec<OwnerOption>,
}

struct OwnerOption {
    name: String,
    selected: bool,
}

/// The variant that brings a plan.
struct VariantRow {
    plan: String,
    name: String,
    /// Ids of variants, parted by commas.
    variants: String,
}

struct EventRow {
    at: Moment,
    event: String,
    about: String,
    outcome: String,
}

/// A field named by the id of a plan holds the ids of its variants.
#[derive(Deserialize)]
pub(super) struct BillingForm {
    #[serde(default)]
    enabled: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    store: String,
    #[serde(default)]
    products: String,
    #[serde(default)]
    checkout: String,
    #[serde(default)]
    test_mode: String,
    #[serde(flatten)]
    variants: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Owner {
    #[serde(default)]
    workspace: String,
}

/// The parts of a list that is parted by commas or spaces.
fn parts(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| c == ',' || c.is_whitespace());
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

impl BillingForm {
    fn settings(&self, before: Settings) -> Settings {
        let mut plans = BTreeMap::new();
        for (name, variants) in &self.variants {
            let Ok(plan) = name.parse::<PlanId>() else {
                continue;
            };
            plans.extend(parts(variants).into_iter().map(|variant| (variant, plan)));
        }
        Settings {
            enabled: !self.enabled.is_empty(),
            store: self.store.trim().to_owned(),
            products: parts(&self.products),
            plans,
            checkout: self.checkout.trim().to_owned(),
            test_mode: !self.test_mode.is_empty(),
            api: before.api,
        }
    }
}

/// `GET /billing`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let page = page(&app, &person, None).await?;
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /billing`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<BillingForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let by = person.principal();
    let before = app.billing.overview(by).await?.settings;
    let settings = form.settings(before);
    let change = SettingsChange {
        settings: settings.clone(),
        secret: Some(form.secret).filter(|secret| !secret.trim().is_empty()),
    };
    match app.billing.set(by, change, now_ms()).await {
        Ok(()) => Ok(Redirect::to("/billing").into_response()),
        Err(BillingError::Wrong { detail, .. }) => {
            let mut page = page(&app, &person, Some(settings)).await?;
            page.error = Some(sentence(&detail));
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /billing/subscriptions/{id}`
pub(super) async fn assign(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(owner): Form<Owner>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let workspace = match owner.workspace.is_empty() {
        true => None,
        false => Some(closing::named(&app.store, &owner.workspace).await?.id),
    };
    let by = person.principal();
    app.billing.assign(by, &id, workspace, now_ms()).await?;
    Ok(Redirect::to("/billing").into_response())
}

/// `entered` is shown in place of what is in use.
async fn page(
    app: &App,
    person: &SignedIn,
    entered: Option<Settings>,
) -> Result<BillingPage, Failure> {
    person.need(Scope::Admin)?;
    let by = person.principal();
    need_unbound(by)?;
    let overview = app.billing.overview(by).await?;
    let settings = entered.unwrap_or(overview.settings);
    let known = plans::list(&app.store, by).await?;
    let all = app.store.read(workspaces::list).await?;
    let variants = known.into_iter().map(|plan| {
        let own = settings.plans.iter().filter(|(_, id)| **id == plan.id);
        let own: Vec<&str> = own.map(|(variant, _)| variant.as_str()).collect();
        VariantRow {
            plan: plan.id.to_string(),
            name: plan.name,
            variants: own.join(", "),
        }
    });
    let variants = variants.collect();
    let mut paid = Vec::new();
    for one in overview.entitlements {
        let owner = one.workspace;
        let options = all.iter().map(|workspace| OwnerOption {
            name: workspace.name.clone(),
            selected: owner == Some(workspace.id),
        });
        let workspaces: Vec<OwnerOption> = options.collect();
        let named = workspaces.iter().find(|option| option.selected);
        paid.push(PaidRow {
            owner: named.map(|option| option.name.clone()).unwrap_or_default(),
            what: entitlement(one),
            workspaces,
        });
    }
    let events = overview.events.into_iter().map(|told| EventRow {
        at: moment(told.received_at),
        event: told.event,
        about: told.remote,
        outcome: told.outcome,
    });
    Ok(BillingPage {
        shell: person.shell(Section::Status, "Billing"),
        enabled: settings.enabled,
        has_secret: overview.has_secret,
        products: settings.products.join(", "),
        checkout: settings.checkout,
        test_mode: settings.test_mode,
        store: settings.store,
        hook: format!("{}{HOOK}", app.link_address()),
        variants,
        paid,
        events: events.collect(),
        error: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_parted_at_commas_and_spaces() {
        assert_eq!(parts(" 1, 2\n3 ,"), ["1", "2", "3"]);
        assert!(parts(" ").is_empty());
    }
}
