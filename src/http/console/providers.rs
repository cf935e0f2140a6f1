//! Providers: setting them up, when they are used, a test call, and the list of sub-processors.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::guard::SignedIn;
use super::provider_form::{Fields, ProviderForm, money, wanted};
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::outside::{MonthQuery, list_subprocessors, write_file};
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::providers::{ProviderError, Subprocessor, Tried, UseChange, UseView, promises};
use crate::store::ProviderId;
use crate::store::providers::{Mode, Provider, Spend, Use};

#[derive(Template)]
#[template(path = "providers.html")]
struct ProvidersPage {
    shell: Shell,
    sealed: bool,
    month: String,
    rows: Vec<ProviderRow>,
    uses: Vec<UseRow>,
    form: ProviderForm,
    has_key: bool,
    error: Option<String>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage {
    shell: Shell,
    row: ProviderRow,
    form: ProviderForm,
    has_key: bool,
    tried: Vec<TriedRow>,
    error: Option<String>,
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "subprocessors.html")]
struct SubprocessorsPage {
    shell: Shell,
    rows: Vec<SubprocessorRow>,
}

struct ProviderRow {
    id: String,
    name: String,
    url: String,
    active: bool,
    requests: u64,
    tokens: u64,
    cost: String,
    promises: Vec<PromiseRow>,
}

struct PromiseRow {
    purpose: &'static str,
    gets: &'static str,
    keeps: &'static str,
}

struct UseRow {
    name: &'static str,
    label: &'static str,
    mode: &'static str,
    wait_seconds: u64,
    tell: bool,
    /// Id and name of each provider, and whether it is the one.
    providers: Vec<(String, String, bool)>,
}

struct TriedRow {
    label: &'static str,
    worked: bool,
    told: String,
    took_ms: u64,
}

struct SubprocessorRow {
    name: String,
    host: String,
    region: String,
    uses: String,
    classes: String,
    keeps: &'static str,
    own: bool,
}

fn label(purpose: Use) -> &'static str {
    match purpose {
        Use::Chat => "Writing answers",
        Use::Transcribe => "Making text of recordings",
        Use::Speak => "Speaking texts",
    }
}

impl ProviderRow {
    fn new(provider: &Provider, spend: Spend) -> Self {
        let promised = promises(provider).into_iter();
        Self {
            id: provider.id.to_string(),
            name: provider.name.clone(),
            url: provider.url.clone(),
            active: provider.active,
            requests: spend.requests,
            tokens: spend.tokens,
            cost: format!("{} {}", money(spend.micro), provider.prices.currency),
            promises: promised
                .map(|promise| PromiseRow {
                    purpose: label(promise.purpose),
                    gets: promise.gets,
                    keeps: promise.keeps,
                })
                .collect(),
        }
    }
}

impl UseRow {
    fn new(used: UseView, providers: &[(Provider, Spend)]) -> Self {
        let named = providers.iter().map(|(provider, _)| {
            let is_it = used.provider == Some(provider.id);
            (provider.id.to_string(), provider.name.clone(), is_it)
        });
        Self {
            name: used.purpose.as_str(),
            label: label(used.purpose),
            mode: used.mode.as_str(),
            wait_seconds: used.wait_ms / 1_000,
            tell: used.tell,
            providers: named.collect(),
        }
    }
}

impl From<Tried> for TriedRow {
    fn from(tried: Tried) -> Self {
        Self {
            label: label(tried.purpose),
            worked: tried.worked,
            told: sentence(&tried.told),
            took_ms: tried.took_ms,
        }
    }
}

impl From<Subprocessor> for SubprocessorRow {
    fn from(listed: Subprocessor) -> Self {
        let when = |(purpose, mode): &(Use, Mode)| {
            let label = label(*purpose);
            match mode {
                Mode::Overflow => format!("{label}, when this machine is busy"),
                Mode::Local | Mode::Provider => label.to_owned(),
            }
        };
        let uses: Vec<String> = listed.uses.iter().map(when).collect();
        Self {
            name: listed.name,
            host: listed.host,
            region: match listed.region.is_empty() {
                true => "not entered".to_owned(),
                false => listed.region,
            },
            uses: uses.join("; "),
            classes: listed.classes.join(", "),
            keeps: listed.keeps,
            own: listed.own,
        }
    }
}

/// `GET /providers`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    show_list(
        &app,
        &person,
        StatusCode::OK,
        ProviderForm::new(),
        None,
        None,
    )
    .await
}

/// `POST /providers`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let made = match wanted(&fields) {
        Ok(new) => app
            .providers
            .create(person.member(), new)
            .await
            .map_err(mistake),
        Err(problem) => Err(Ok(sentence(problem.detail()))),
    };
    match made {
        Ok(provider) => Ok(Redirect::to(&format!("/providers/{}", provider.id)).into_response()),
        Err(error) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let form = ProviderForm::read(&fields);
            show_list(&app, &person, status, form, Some(error?), None).await
        }
    }
}

/// `POST /providers/uses`
pub(super) async fn set_use(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let text = |name: &str| {
        let found = fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    };
    let purpose = Use::parse(text("purpose")).ok_or_else(|| Problem::not_found("purpose"))?;
    let mode = Mode::parse(text("mode")).unwrap_or(Mode::Local);
    let provider = match text("provider") {
        "" => None,
        id => Some(provider_id(id)?),
    };
    let change = UseChange {
        purpose,
        mode,
        wait_ms: text("wait_seconds")
            .parse()
            .unwrap_or(0_u64)
            .saturating_mul(1_000),
        provider,
        tell: !text("tell").is_empty(),
    };
    let set = app.providers.set_use(person.member(), change).await;
    let (status, error, done) = match set.map_err(mistake) {
        Ok(()) => (StatusCode::OK, None, Some("Saved.".to_owned())),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Some(error?), None),
    };
    show_list(&app, &person, status, ProviderForm::new(), error, done).await
}

/// `GET /providers/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let provider = app
        .providers
        .get(person.member(), provider_id(&id)?)
        .await?;
    let form = ProviderForm::of(&provider);
    show_one(
        &app,
        &person,
        StatusCode::OK,
        provider,
        form,
        Shown::default(),
    )
    .await
}

/// `POST /providers/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = provider_id(&id)?;
    let changed = match wanted(&fields) {
        Ok(new) => app
            .providers
            .change(person.member(), id, new)
            .await
            .map_err(mistake),
        Err(problem) => Err(Ok(sentence(problem.detail()))),
    };
    match changed {
        Ok(provider) => {
            let form = ProviderForm::of(&provider);
            let shown = Shown {
                done: Some("Saved.".to_owned()),
                ..Shown::default()
            };
            show_one(&app, &person, StatusCode::OK, provider, form, shown).await
        }
        Err(error) => {
            let shown = Shown {
                error: Some(error?),
                ..Shown::default()
            };
            let provider = app.providers.get(person.member(), id).await?;
            let form = ProviderForm::read(&fields);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_one(&app, &person, status, provider, form, shown).await
        }
    }
}

/// `POST /providers/{id}/test`
pub(super) async fn test(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = provider_id(&id)?;
    let tried = app.providers.test(person.member(), id).await?;
    let provider = app.providers.get(person.member(), id).await?;
    let form = ProviderForm::of(&provider);
    let shown = Shown {
        done: tried.is_empty().then(|| "Name a model first.".to_owned()),
        tried: tried.into_iter().map(TriedRow::from).collect(),
        ..Shown::default()
    };
    show_one(&app, &person, StatusCode::OK, provider, form, shown).await
}

/// `POST /providers/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    app.providers
        .delete(person.member(), provider_id(&id)?)
        .await?;
    Ok(Redirect::to("/providers").into_response())
}

/// `GET /subprocessors`
pub(super) async fn subprocessors(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let listed = list_subprocessors(&app, person.workspace.id).await?;
    let page = SubprocessorsPage {
        shell: person.shell(Section::Status, "Sub-processors"),
        rows: listed.into_iter().map(SubprocessorRow::from).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /egress/file?month=`
pub(super) async fn ledger_file(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<MonthQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let which = person.ledger();
    Ok(write_file(&app, which, &query.month).await?)
}

async fn show_list(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    form: ProviderForm,
    error: Option<String>,
    done: Option<String>,
) -> Result<Response, Failure> {
    let overview = app.providers.overview(person.member()).await?;
    let uses = overview.uses.iter();
    let page = ProvidersPage {
        shell: person.shell(Section::Status, "Providers"),
        sealed: overview.is_sealed,
        uses: uses
            .map(|used| UseRow::new(*used, &overview.providers))
            .collect(),
        rows: overview
            .providers
            .iter()
            .map(|(provider, spend)| ProviderRow::new(provider, *spend))
            .collect(),
        month: overview.month,
        form,
        has_key: false,
        error,
        done,
    };
    Ok(view::page(status, &page))
}

/// What to show above a provider.
#[derive(Default)]
struct Shown {
    tried: Vec<TriedRow>,
    error: Option<String>,
    done: Option<String>,
}

async fn show_one(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    provider: Provider,
    form: ProviderForm,
    shown: Shown,
) -> Result<Response, Failure> {
    let overview = app.providers.overview(person.member()).await?;
    let all = overview.providers.iter();
    let spend = all
        .filter(|(other, _)| other.id == provider.id)
        .map(|(_, spend)| *spend)
        .next()
        .unwrap_or_default();
    let page = ProviderPage {
        shell: person.shell(Section::Status, provider.name.clone()),
        row: ProviderRow::new(&provider, spend),
        has_key: provider.has_key,
        form,
        tried: shown.tried,
        error: shown.error,
        done: shown.done,
    };
    Ok(view::page(status, &page))
}

/// What is wrong with what was entered; other errors get a page of their own.
fn mistake(error: ProviderError) -> Result<String, Problem> {
    match error {
        ProviderError::Field { .. } | ProviderError::Most => Ok(sentence(&error.to_string())),
        other => Err(other.into()),
    }
}

fn provider_id(id: &str) -> Result<ProviderId, Problem> {
    parse_id(id, "provider")
}
