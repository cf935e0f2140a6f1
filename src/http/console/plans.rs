//! Plans, for the owner of the machine: what workspaces may use, which has which, and what they used.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::usage::{Bar, bars};
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::plans::{self, NewPlan, PlanError};
use crate::http::api::plans::send_use;
use crate::http::problem::Problem;
use crate::http::{now_ms, parse_id};
use crate::store::quota::{Measure, Plan};
use crate::store::{PlanId, StoreError};
use crate::usage::quota;

const MINUTE_MS: u64 = 60_000;

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage {
    shell: Shell,
    plans: Vec<PlanRow>,
    rows: Vec<WorkspaceRow>,
    /// The fields of a new plan, as they were entered.
    name: String,
    fields: Vec<LimitField>,
    month: String,
    error: Option<String>,
}

struct PlanRow {
    id: String,
    name: String,
    fields: Vec<LimitField>,
}

/// A limit in a form.
struct LimitField {
    /// Its name in the form.
    name: &'static str,
    label: &'static str,
    /// Times in minutes; empty for no limit.
    value: String,
}

struct WorkspaceRow {
    name: String,
    title: String,
    /// Id of its plan.
    plan: String,
    bars: Vec<Bar>,
}

/// What the form of a plan sends; a field for each measure.
#[derive(Deserialize)]
pub(super) struct PlanForm {
    #[serde(default)]
    name: String,
    #[serde(flatten)]
    limits: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    plan: String,
}

#[derive(Deserialize)]
pub(super) struct Of {
    month: Option<String>,
}

fn is_time(measure: Measure) -> bool {
    matches!(measure, Measure::TranscriptionMs | Measure::VoiceMs)
}

fn fields(value: impl Fn(Measure) -> String) -> Vec<LimitField> {
    let field = |measure: &Measure| LimitField {
        name: measure.as_str(),
        label: quota::name(*measure),
        value: value(*measure),
    };
    Measure::ALL.iter().map(field).collect()
}

impl PlanForm {
    /// # Errors
    /// A sentence for people, for what is no number.
    fn read(&self) -> Result<NewPlan, String> {
        let mut limits = BTreeMap::new();
        for measure in Measure::ALL {
            let entered = self
                .limits
                .get(measure.as_str())
                .map_or("", |text| text.trim());
            if entered.is_empty() {
                continue;
            }
            let Ok(number) = entered.parse::<u64>() else {
                let what = quota::name(*measure);
                return Err(format!(
                    "Give a whole number of {what}, or nothing for no limit."
                ));
            };
            let limit = match is_time(*measure) {
                true => number.saturating_mul(MINUTE_MS),
                false => number,
            };
            limits.insert(measure.as_str().to_owned(), Some(limit));
        }
        Ok(NewPlan {
            name: self.name.clone(),
            limits,
        })
    }
}

impl From<Plan> for PlanRow {
    fn from(plan: Plan) -> Self {
        let value = |measure: Measure| match plan.limits.get(&measure) {
            Some(limit) if is_time(measure) => (limit / MINUTE_MS).to_string(),
            Some(limit) => limit.to_string(),
            None => String::new(),
        };
        Self {
            fields: fields(value),
            id: plan.id.to_string(),
            name: plan.name,
        }
    }
}

/// `GET /plans`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let page = page(&app, &person).await?;
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /plans/use.csv?month=`
pub(super) async fn download(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(of): Query<Of>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    Ok(send_use(&app, person.principal(), of.month.as_deref()).await?)
}

/// `POST /plans`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<PlanForm>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let made = match form.read() {
        Ok(new) => {
            let made = plans::create(&app.store, person.principal(), new, now_ms()).await;
            mistake(made.map(drop))?
        }
        Err(told) => Some(told),
    };
    match made {
        None => Ok(Redirect::to("/plans").into_response()),
        Some(error) => refuse(&app, &person, error, Some(form)).await,
    }
}

/// `POST /plans/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<PlanForm>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let id: PlanId = parse_id(&id, "plan")?;
    let changed = match form.read() {
        Ok(new) => {
            let changed = plans::change(&app.store, person.principal(), id, new, now_ms()).await;
            mistake(changed.map(drop))?
        }
        Err(told) => Some(told),
    };
    finish(&app, &person, changed).await
}

/// `POST /plans/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let id: PlanId = parse_id(&id, "plan")?;
    let deleted = plans::delete(&app.store, person.principal(), id).await;
    let deleted = mistake(deleted)?;
    finish(&app, &person, deleted).await
}

/// `POST /plans/of/{name}`
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(choice): Form<Choice>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let plan: Option<PlanId> = match choice.plan.is_empty() {
        true => None,
        false => Some(parse_id(&choice.plan, "plan")?),
    };
    let chosen = plans::assign(&app.store, person.principal(), &name, plan, now_ms()).await;
    let chosen = mistake(chosen)?;
    finish(&app, &person, chosen).await
}

/// What the person can mend, as a sentence.
fn mistake(done: Result<(), PlanError>) -> Result<Option<String>, Problem> {
    match done {
        Ok(()) => Ok(None),
        Err(
            error @ (PlanError::Name
            | PlanError::Measure(_)
            | PlanError::TooMuch(_)
            | PlanError::Store(StoreError::Conflict(_))),
        ) => Ok(Some(sentence(&error.to_string()))),
        Err(error) => Err(error.into()),
    }
}

async fn finish(app: &App, person: &SignedIn, wrong: Option<String>) -> Result<Response, Failure> {
    match wrong {
        None => Ok(Redirect::to("/plans").into_response()),
        Some(error) => refuse(app, person, error, None).await,
    }
}

async fn refuse(
    app: &App,
    person: &SignedIn,
    error: String,
    new: Option<PlanForm>,
) -> Result<Response, Failure> {
    let mut page = page(app, person).await?;
    page.error = Some(error);
    if let Some(form) = new {
        let entered = |measure: Measure| form.limits.get(measure.as_str()).cloned();
        page.fields = fields(|measure| entered(measure).unwrap_or_default());
        page.name = form.name.clone();
    }
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

async fn page(app: &App, person: &SignedIn) -> Result<PlansPage, Failure> {
    person.need_installation()?;
    let by = person.principal();
    let known = plans::list(&app.store, by).await?;
    let all = plans::all(app, by, now_ms()).await?;
    let rows = all.into_iter().map(|of| WorkspaceRow {
        bars: bars(&of),
        plan: of.plan.map(|id| id.to_string()).unwrap_or_default(),
        name: of.workspace.name,
        title: of.workspace.title,
    });
    Ok(PlansPage {
        shell: person.shell(Section::Status, "Plans"),
        plans: known.into_iter().map(PlanRow::from).collect(),
        rows: rows.collect(),
        name: String::new(),
        fields: fields(|_| String::new()),
        month: quota::month(now_ms()).0,
        error: None,
    })
}
