//! The widget: its look, the sites that may show it, and the line that embeds it.

use std::sync::Arc;

use axum::Form;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::moment;
use super::guard::SignedIn;
use super::view::{self, Section};
use super::welcome::Reach;
use super::widget_form::OptionsForm;
use super::{Failure, sentence, session, widget_pages};
use crate::app::App;
use crate::egress::Class;
use crate::http::api::outside::list_subprocessors;
use crate::http::auth::Scope;
use crate::http::multipart;
use crate::http::now_ms;
use crate::http::voice::colours::Colours;
use crate::http::voice::settings::WidgetSettings;
use crate::http::voice::work::ProofOfWork;
use crate::http::voice::{files, identity, logo, site_key};
use crate::store::site_keys;

#[derive(Deserialize)]
pub(super) struct Look {
    #[serde(default)]
    title: String,
    #[serde(default)]
    colour: String,
    #[serde(default)]
    origins: String,
    #[serde(default)]
    links: String,
    enabled: Option<String>,
    push_to_talk: Option<String>,
    #[serde(default)]
    proof_of_work: String,
    #[serde(flatten)]
    options: OptionsForm,
}

#[derive(Deserialize)]
pub(super) struct NewKey {
    /// Days for which the old key still works.
    days: u16,
}

/// `GET /widget`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let settings = WidgetSettings::load(&app.store, person.member()).await?;
    render(
        &app,
        &person,
        &headers,
        StatusCode::OK,
        settings,
        Shown::default(),
    )
    .await
}

/// `POST /widget`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<Look>,
) -> Result<Response, Failure> {
    let (store, by) = (&app.store, person.member());
    let before = WidgetSettings::load(store, by).await?;
    let read = form.options.read(before.options.clone());
    let (options, wrong) = match read {
        Ok(options) => (options, None),
        Err(reason) => (before.options, Some(sentence(&reason.to_string()))),
    };
    let typed = WidgetSettings {
        enabled: form.enabled.is_some(),
        origins: form.origins.lines().map(str::to_owned).collect(),
        links: form.links.lines().map(str::to_owned).collect(),
        assistants: before.assistants,
        title: form.title,
        colour: form.colour,
        push_to_talk: form.push_to_talk.is_some(),
        proof_of_work: ProofOfWork::read(&form.proof_of_work),
        options,
    };
    if wrong.is_some() {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return render(&app, &person, &headers, status, typed, Shown::wrong(wrong)).await;
    }
    match typed.clone().keep(store, by).await {
        Ok(()) => Ok(Redirect::to("/widget").into_response()),
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let shown = Shown::wrong(Some(sentence(&problem.detail)));
            render(&app, &person, &headers, status, typed, shown).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /widget/open`: opens the front desk to visitors.
pub(super) async fn open(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let workspace = person.workspace.id;
    app.store
        .write(move |tx| WidgetSettings::open(tx, workspace))
        .await?;
    Ok(Redirect::to("/widget").into_response())
}

/// `POST /widget/site-key`: makes a new key.
pub(super) async fn renew_key(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewKey>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    site_key::renew(&app, person.workspace.id, form.days, now_ms()).await?;
    Ok(Redirect::to("/widget").into_response())
}

/// `POST /widget/logo`: uses a picture.
pub(super) async fn set_logo(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Failure> {
    let most = logo::MOST_BYTES as u64;
    let mut form = multipart::open(request, most).await?;
    let mut picture = Bytes::new();
    while let Some(mut field) = multipart::next(&mut form).await? {
        if field.name() == Some("logo") {
            picture = multipart::collect(&mut field, most).await??;
        }
    }
    match logo::keep(&app.store, person.member(), picture).await {
        Ok(()) => Ok(Redirect::to("/widget").into_response()),
        Err(problem) if problem.status == StatusCode::BAD_REQUEST => {
            let settings = WidgetSettings::load(&app.store, person.member()).await?;
            let shown = Shown::wrong(Some(sentence(&problem.detail)));
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(&app, &person, &headers, status, settings, shown).await
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `POST /widget/logo/remove`
pub(super) async fn remove_logo(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    logo::keep(&app.store, person.member(), Bytes::new()).await?;
    Ok(Redirect::to("/widget").into_response())
}

/// `POST /widget/identity`: makes a new key for identities; the response is the only page that shows it.
pub(super) async fn renew_identity(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let settings = WidgetSettings::load(&app.store, person.member()).await?;
    let made = identity::renew(&app.store, person.member()).await?;
    let shown = Shown {
        fresh_identity: Some(made.reveal().to_owned()),
        ..Shown::default()
    };
    render(&app, &person, &headers, StatusCode::OK, settings, shown).await
}

/// `GET /widget/privacy-notice`: what the owner has to tell visitors.
pub(super) async fn privacy_notice(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let settings = WidgetSettings::load(&app.store, person.member()).await?;
    let outside = list_subprocessors(&app, person.workspace.id).await?;
    let outside = outside.into_iter().filter(|one| {
        let mut classes = one.classes.iter();
        !one.own && classes.any(|class| class == Class::Customer.name())
    });
    let page = widget_pages::PrivacyNotice {
        shell: person.shell(Section::Widget, "Text for your privacy notice"),
        address: session::address(&app, &headers),
        remember: settings.options.remember,
        files: settings.options.files,
        outside: outside
            .map(|one| format!("{} ({})", one.name, one.host))
            .collect::<Vec<_>>()
            .join(", "),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /widget/examples`: the widget's JavaScript API at work.
pub(super) async fn examples(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let address = session::address(&app, &headers);
    let page = widget_pages::Examples {
        sockets: address.replacen("http", "ws", 1),
        address,
        shell: person.shell(Section::Widget, "Examples for the widget"),
        site: person.workspace.site_key.clone(),
        widget: files::widget_path(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// What the page says once.
#[derive(Default)]
struct Shown {
    error: Option<String>,
    /// A key for identities that was just made.
    fresh_identity: Option<String>,
}

impl Shown {
    fn wrong(error: Option<String>) -> Self {
        Self {
            error,
            ..Self::default()
        }
    }
}

async fn render(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    status: StatusCode,
    settings: WidgetSettings,
    shown: Shown,
) -> Result<Response, Failure> {
    let (workspace, site) = (person.workspace.id, person.workspace.site_key.clone());
    let colours = Colours::of(&settings.colour);
    let address = session::address(app, headers);
    let key = site.clone();
    let found = app.store.read(move |conn| {
        let former = site_keys::former_until(conn, workspace, now_ms())?;
        let logo = logo::path(conn, workspace, &key)?;
        Ok((former, identity::made_at(conn, workspace)?, logo))
    });
    let (former, identity_since, logo) = found.await?;
    let page = widget_pages::Widget {
        shell: person.shell(Section::Widget, "Widget"),
        line: site_key::line(&address, &site),
        reach: Reach::of(&address).note(),
        address,
        site,
        former_until: former.map(moment),
        fresh_identity: shown.fresh_identity,
        identity_since: identity_since.map(moment),
        enabled: settings.enabled,
        origins: settings.origins.join("\n"),
        links: settings.links.join("\n"),
        title: settings.title,
        kept: colours.keeps(&settings.colour),
        shown: colours.light,
        colour: settings.colour,
        options: settings.options.into(),
        languages: files::languages().collect(),
        push_to_talk: settings.push_to_talk,
        proof_of_work: settings.proof_of_work.as_str(),
        logo,
        widget: files::widget_path(),
        error: shown.error,
    };
    Ok(view::page(status, &page))
}
