//! What the workspace may use in this month and what it used, and its licence.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{Moment, bytes, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::plans::{self, PastMonth, Standing};
use crate::billing::BillingError;
use crate::http::api::billing::end_of;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::billing::{Entitlement, EntitlementKind};
use crate::store::quota::{Elsewhere, Measure};
use crate::usage::quota::{Month, name, told};

#[derive(Template)]
#[template(path = "usage.html")]
struct UsagePage {
    shell: Shell,
    plan: Option<String>,
    /// Whether nothing new is begun, as nobody pays any more.
    ended: bool,
    resets: Moment,
    bars: Vec<Bar>,
    /// The heads of the columns of `months`.
    heads: Vec<&'static str>,
    months: Vec<MonthRow>,
    billing: Option<BillingPart>,
    error: Option<String>,
    done: Option<&'static str>,
}

/// What is paid for, where the owner of the machine turned billing on.
struct BillingPart {
    entitlements: Vec<EntitlementRow>,
    /// Where to buy.
    checkout: Option<String>,
}

/// A subscription or licence.
pub(super) struct EntitlementRow {
    pub(super) id: String,
    pub(super) what: String,
    pub(super) state: String,
    /// `ready`, `starting` or `failed`: how it is shown.
    pub(super) badge: &'static str,
    pub(super) until: Option<Moment>,
    pub(super) is_licence: bool,
}

struct MonthRow {
    month: String,
    used: Vec<String>,
}

/// How much of something is used.
pub(super) struct Bar {
    pub(super) what: &'static str,
    pub(super) used: String,
    pub(super) limit: Option<String>,
    /// At most 100; `None` without a limit.
    pub(super) percent: Option<u64>,
    /// Whether a warning was given.
    pub(super) warned: bool,
    /// Who did it, if not this machine alone.
    pub(super) parts: Option<String>,
}

/// How many tokens are whose.
fn parts(used: u64, elsewhere: Elsewhere) -> Option<String> {
    if elsewhere.used == 0 {
        return None;
    }
    let here = used.saturating_sub(elsewhere.used);
    let estimated = match elsewhere.estimated {
        0 => String::new(),
        part => format!(", of which {part} are an estimate, as the provider did not tell"),
    };
    let theirs = elsewhere.used;
    Some(format!(
        "{here} by this machine, {theirs} by providers{estimated}"
    ))
}

/// The bars of a workspace, storage last.
pub(super) fn bars(of: &Standing) -> Vec<Bar> {
    let mut bars: Vec<Bar> = (of.month.standings.iter())
        .map(|one| Bar {
            what: name(one.measure),
            used: told(one.measure, one.used),
            limit: one.limit.map(|limit| told(one.measure, limit)),
            percent: one.share().map(|share| share.min(100)),
            warned: one.warned().is_some(),
            parts: parts(one.used, one.elsewhere),
        })
        .collect();
    let share = of.storage_limit.map(|limit| match limit {
        0 => 100,
        limit => of.stored.saturating_mul(100) / limit,
    });
    bars.push(Bar {
        what: "storage",
        used: bytes(of.stored),
        limit: of.storage_limit.map(bytes),
        percent: share.map(|share| share.min(100)),
        warned: share.is_some_and(|share| share >= 80),
        parts: None,
    });
    bars
}

/// What to tell an administrator on the pages where work starts.
pub(super) fn warnings(month: &Month) -> Vec<String> {
    let mut warnings = Vec::new();
    if month.ended {
        let told = "The subscription of this workspace has ended: what is there stays, and nothing new is begun.";
        warnings.push(told.to_owned());
    }
    for one in &month.standings {
        let (Some(_), Some(share)) = (one.warned(), one.share()) else {
            continue;
        };
        let (what, of) = (name(one.measure), &month.month);
        warnings.push(match share {
            100.. => format!("The {what} of {of} are used up."),
            _ => format!("{share} % of the {what} of {of} are used."),
        });
    }
    warnings
}

/// `GET /usage`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let page = page(&app, &person).await?;
    Ok(view::page(StatusCode::OK, &page))
}

#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    key: String,
}

/// `POST /usage/licence`
pub(super) async fn activate(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Key>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let made = app
        .billing
        .activate(person.member(), &form.key, now_ms())
        .await;
    answer(&app, &person, made.map(drop), "The licence is activated.").await
}

/// `POST /usage/licence/{id}/check`
pub(super) async fn check(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let checked = app.billing.check(person.member(), &id).await;
    answer(&app, &person, checked.map(drop), "The shop was asked.").await
}

/// `POST /usage/licence/{id}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    match app.billing.deactivate(person.member(), &id).await {
        Ok(()) => Ok(Redirect::to("/usage").into_response()),
        refused => answer(&app, &person, refused, "").await,
    }
}

/// Shows the page with what was done, or why not.
async fn answer(
    app: &App,
    person: &SignedIn,
    made: Result<(), BillingError>,
    done: &'static str,
) -> Result<Response, Failure> {
    let error = match made {
        Ok(()) => None,
        Err(BillingError::Store(error)) => return Err(error.into()),
        Err(BillingError::Denied(error)) => return Err(error.into()),
        Err(error) => Some(sentence(&error.to_string())),
    };
    let mut page = page(app, person).await?;
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    page.done = error.is_none().then_some(done);
    page.error = error;
    Ok(view::page(status, &page))
}

async fn page(app: &App, person: &SignedIn) -> Result<UsagePage, Failure> {
    person.need(Scope::Admin)?;
    let standing = plans::own(app, person.member(), now_ms()).await?;
    let months = plans::history(&app.store, person.member()).await?;
    let overview = app.billing.of_workspace(person.member()).await?;
    let billing = overview.settings.enabled.then(|| BillingPart {
        checkout: overview.checkout,
        entitlements: (overview.entitlements.into_iter())
            .map(entitlement)
            .collect(),
    });
    Ok(UsagePage {
        shell: person.shell(Section::Status, "What is used"),
        bars: bars(&standing),
        plan: standing.month.plan,
        ended: standing.month.ended,
        resets: moment(standing.month.resets_at),
        heads: (Measure::ALL.iter().map(|measure| name(*measure)))
            .chain(["of the tokens: by providers"])
            .collect(),
        months: months.into_iter().map(month_row).collect(),
        billing,
        error: None,
        done: None,
    })
}

fn month_row(past: PastMonth) -> MonthRow {
    let used = |measure: Measure| past.used.get(&measure).copied().unwrap_or(0);
    let mut cells: Vec<String> = (Measure::ALL.iter())
        .map(|measure| told(*measure, used(*measure)))
        .collect();
    let Elsewhere {
        used: theirs,
        estimated,
    } = past.elsewhere;
    cells.push(match estimated {
        0 => theirs.to_string(),
        part => format!("{theirs} ({part} estimated)"),
    });
    MonthRow {
        month: past.month,
        used: cells,
    }
}

/// A subscription or licence as it is shown.
pub(super) fn entitlement(of: Entitlement) -> EntitlementRow {
    let works = of.works(now_ms());
    let is_licence = of.kind == EntitlementKind::Licence;
    EntitlementRow {
        what: match is_licence {
            true => format!("Licence …{}", end_of(&of.key)),
            false => format!("Subscription {}", of.remote),
        },
        badge: match (works, of.overdue) {
            (true, false) => "ready",
            (true, true) => "starting",
            (false, _) => "failed",
        },
        until: of.until.filter(|until| *until > 0).map(moment),
        id: of.remote,
        state: of.state,
        is_licence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::quota::Standing as Measured;

    #[test]
    fn a_warning_names_what_is_nearly_used_up() {
        let one = |used| Measured {
            measure: Measure::VoiceMs,
            used,
            reserved: 0,
            limit: Some(100),
            elsewhere: Elsewhere::default(),
        };
        let month = |used, ended| Month {
            month: "2026-12".to_owned(),
            resets_at: 0,
            plan: None,
            ended,
            standings: vec![one(used)],
        };
        assert!(warnings(&month(79, false)).is_empty());
        let told = warnings(&month(95, false));
        assert_eq!(told, ["95 % of the minutes of calls of 2026-12 are used."]);
        assert!(warnings(&month(100, false))[0].contains("used up"));
        assert_eq!(warnings(&month(0, true)).len(), 1);
    }

    #[test]
    fn the_tokens_of_providers_are_told_apart() {
        let of = |used, estimated| parts(100, Elsewhere { used, estimated });
        assert_eq!(of(0, 0), None);
        assert_eq!(
            of(40, 0).as_deref(),
            Some("60 by this machine, 40 by providers")
        );
        let told = of(40, 7).unwrap();
        assert!(told.contains("of which 7 are an estimate"), "{told}");
    }
}
