//! CRMs: connecting accounts, what is written back, back-fill, what is held for an account, disconnecting.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::crm_pages::{AccountPage, AccountRow, CrmPage, LeadLine, SettingsForm};
use super::guard::SignedIn;
use super::view::{self, Section};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::crm::ConnectError;
use crate::casework::{CaseError, CaseSettings, Language};
use crate::crm::CrmError;
use crate::http::auth::Scope;
use crate::http::crm::package;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::store::{CrmAccountId, StoreError};

/// Leads that the page of an account shows.
const LEADS: u32 = 100;

#[derive(Deserialize)]
pub(super) struct IntegrationForm {
    client_id: String,
    #[serde(default)]
    client_secret: String,
}

#[derive(Deserialize)]
pub(super) struct TokenForm {
    host: String,
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AccountQuery {
    /// There after an account was connected.
    connected: Option<String>,
    /// The lead that a list begins after.
    after: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct VerbForm {
    lead: String,
    /// A ticked box.
    keep: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CopyQuery {
    lead: Option<String>,
}

/// The form of an account's settings; a ticked box is a field that is there.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SettingsFields {
    language: String,
    note: Option<String>,
    transcripts: Option<String>,
    field: String,
    tag: Option<String>,
    task: Option<String>,
    task_hours: String,
    on_close: Option<String>,
    /// Separated by commas or spaces.
    stages: String,
    keep_deleted: Option<String>,
}

/// What to show above a page.
#[derive(Default)]
struct Told {
    done: Option<String>,
    error: Option<String>,
    /// Where to go on.
    go_on: Option<String>,
}

impl Told {
    fn done(done: impl Into<String>) -> Self {
        Self {
            done: Some(done.into()),
            ..Self::default()
        }
    }

    fn error(error: &impl std::fmt::Display) -> Self {
        Self {
            error: Some(sentence(&error.to_string())),
            ..Self::default()
        }
    }
}

/// `GET /crm`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    show_list(&app, &person, StatusCode::OK, Told::default()).await
}

/// `POST /crm/integrations`
pub(super) async fn keep_integration(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<IntegrationForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let kept = app.keep_integration(person.member(), &form.client_id, &form.client_secret);
    let told = match kept.await {
        Ok(()) => Told::done("The integration is kept. Connect an account through it now."),
        Err(error) => Told::error(&mistake(error)?),
    };
    show_list(&app, &person, status_of(&told), told).await
}

/// `POST /crm/integrations/forget`
pub(super) async fn forget_integration(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<IntegrationForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    app.forget_integration(person.member(), &form.client_id)
        .await?;
    Ok(Redirect::to("/crm").into_response())
}

/// `POST /crm/connect`: shows the way to Kommo. The state in it counts once, so it is made on request only.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<IntegrationForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let begun = app.begin_kommo(person.member(), Some(&form.client_id));
    let told = match begun.await {
        Ok(begun) => Told {
            go_on: begun.url,
            ..Told::default()
        },
        Err(error) => Told::error(&mistake(error)?),
    };
    show_list(&app, &person, status_of(&told), told).await
}

/// `POST /crm/token`
pub(super) async fn connect_by_token(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<TokenForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let connected = app.connect_kommo_by_token(person.member(), &form.host, &form.token);
    match connected.await {
        Ok(account) => {
            let to = format!("/crm/accounts/{}?connected=1", account.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let told = Told::error(&mistake(error)?);
            show_list(&app, &person, StatusCode::UNPROCESSABLE_ENTITY, told).await
        }
    }
}

/// `GET /crm/widget.zip`
pub(super) async fn widget(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let address = app.public_address().ok_or(ConnectError::Address)?;
    let packed = package::build(&address, None)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/zip"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"frontdesk-widget.zip\""),
        ),
    ];
    Ok((headers, packed).into_response())
}

/// `GET /crm/accounts/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<AccountQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let told = match query.connected {
        Some(_) => Told::done(
            "The account is connected. Upload the widget, or analyse its open leads below.",
        ),
        None => Told::default(),
    };
    show_one(&app, &person, account_id(&id)?, &query.after, told).await
}

/// `POST /crm/accounts/{id}`
pub(super) async fn set(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<SettingsFields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = account_id(&id)?;
    let saved = app
        .casework
        .set_settings(person.member(), id, fields.into())
        .await;
    let told = match saved {
        Ok(_) => Told::done("Saved."),
        Err(CaseError::Settings(error)) => Told::error(&error),
        Err(error) => return Err(error.into()),
    };
    show_one(&app, &person, id, "", told).await
}

/// `POST /crm/accounts/{id}/{verb}`
pub(super) async fn act(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
    Form(form): Form<VerbForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (id, member, work) = (account_id(&id)?, person.member(), &app.casework);
    let lead = Some(form.lead.trim()).filter(|lead| !lead.is_empty());
    let done = match (verb.as_str(), lead) {
        ("backfill", _) => work.backfill(member, id).await.map(|_| "It begins now."),
        ("pause", _) => {
            let paused = work.pause(member, id, true).await;
            paused.map(|_| "It pauses after the lead that is worked on.")
        }
        ("resume", _) => work.pause(member, id, false).await.map(|_| "It goes on."),
        ("analyse", Some(lead)) => {
            let asked = work.analyse(member, id, lead).await;
            asked.map(|_| "The lead waits for its turn.")
        }
        ("erase", lead) => {
            let erased = app.erase_crm(member, id, lead).await;
            erased.map(|()| "It is erased here. What stands in the CRM stays there.")
        }
        ("disconnect", _) => {
            let gone = app.disconnect_crm(member, id, form.keep.is_some()).await?;
            let told = match gone.unhooked {
                true => Told::done("The account is disconnected."),
                false => Told::done(
                    "The account is disconnected. The CRM could not be asked to stop sending; remove the webhook there.",
                ),
            };
            return show_list(&app, &person, StatusCode::OK, told).await;
        }
        _ => return Err(Problem::not_found("page").into()),
    };
    let told = match done {
        Ok(done) => Told::done(done),
        Err(error @ (CaseError::Store(_) | CaseError::Denied(_))) => return Err(error.into()),
        Err(error) => Told::error(&error),
    };
    show_one(&app, &person, id, "", told).await
}

/// `GET /crm/accounts/{id}/copy`
pub(super) async fn copy(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<CopyQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let lead = query.lead.as_deref().filter(|lead| !lead.is_empty());
    let copied = app.casework.copy(person.member(), account_id(&id)?, lead);
    let text = serde_json::to_string_pretty(&copied.await?).unwrap_or_default();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"crm-copy.json\""),
        ),
    ];
    Ok((headers, text).into_response())
}

async fn show_list(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    told: Told,
) -> Result<Response, Failure> {
    let accounts = app.casework.accounts(person.member()).await?;
    let page = CrmPage {
        shell: person.shell(Section::Keys, "CRM"),
        accounts: accounts.into_iter().map(AccountRow::from).collect(),
        integrations: app.integrations(person.member()).await?,
        redirect_uri: app.kommo_return_address().ok(),
        go_on: told.go_on,
        done: told.done,
        error: told.error,
    };
    Ok(view::page(status, &page))
}

async fn show_one(
    app: &App,
    person: &SignedIn,
    id: CrmAccountId,
    after: &str,
    told: Told,
) -> Result<Response, Failure> {
    let view = app.casework.account(person.member(), id).await?;
    let leads = app
        .casework
        .leads(person.member(), id, after, LEADS)
        .await?;
    let is_full = leads.len() >= usize::try_from(LEADS).unwrap_or(usize::MAX);
    let next = leads.last().filter(|_| is_full).map(|lead| lead.id.clone());
    let status = status_of(&told);
    let page = AccountPage {
        shell: person.shell(Section::Keys, view.account.name.clone()),
        form: SettingsForm::from(&view.settings),
        row: AccountRow::from(view),
        leads: leads.into_iter().map(LeadLine::from).collect(),
        next,
        done: told.done,
        error: told.error,
    };
    Ok(view::page(status, &page))
}

fn status_of(told: &Told) -> StatusCode {
    match told.error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    }
}

/// What people can mend stands above the form; other errors get a page of their own.
fn mistake(error: ConnectError) -> Result<ConnectError, Failure> {
    match error {
        ConnectError::Denied(_)
        | ConnectError::Crm(CrmError::Store(_))
        | ConnectError::Store(StoreError::Damaged { .. }) => Err(error.into()),
        error => Ok(error),
    }
}

fn account_id(id: &str) -> Result<CrmAccountId, Problem> {
    parse_id(id, "account of the CRM")
}

impl From<SettingsFields> for CaseSettings {
    fn from(fields: SettingsFields) -> Self {
        let stages = fields.stages.split([',', ' ', '\n', '\r']);
        let stages = stages.map(str::trim).filter(|stage| !stage.is_empty());
        Self {
            language: Language::parse(&fields.language).unwrap_or_default(),
            note: fields.note.is_some(),
            transcripts: fields.transcripts.is_some(),
            field: Some(fields.field).filter(|field| !field.trim().is_empty()),
            tag: fields.tag.is_some(),
            task: fields.task.is_some(),
            // Refused as out of range if it is no number.
            task_hours: fields.task_hours.trim().parse().unwrap_or(0),
            on_close: fields.on_close.is_some(),
            stages: stages.map(str::to_owned).collect(),
            keep_deleted: fields.keep_deleted.is_some(),
        }
    }
}
