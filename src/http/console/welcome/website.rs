//! The owner's website: which one may show the chat, the line to paste, and whether a visit came from it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use url::Url;

use super::head::Head;
use super::{Fields, Place, Reach, Step, mistake};
use crate::http::console::view::{self, Shell, filters};
use crate::http::console::{Failure, session};
use crate::http::voice::settings::WidgetSettings;
use crate::http::voice::site_key;
use crate::store::{StoreError, sources};

#[derive(Template)]
#[template(path = "welcome_website.html")]
struct Website {
    shell: Shell,
    head: Head,
    error: Option<String>,
    /// What was typed and not kept, or a suggestion.
    typed: String,
    enabled: bool,
    /// Websites that may show it, and whether somebody came from each.
    origins: Vec<(String, bool)>,
    line: String,
    address: String,
    site: String,
    reach: Option<&'static str>,
}

pub(super) async fn show(
    place: &Place<'_>,
    error: Option<String>,
    typed: Option<String>,
) -> Result<Response, Failure> {
    let (app, person) = (place.app, place.person);
    let settings = WidgetSettings::load(&app.store, person.member()).await?;
    let (address, site) = (
        session::address(app, place.headers),
        person.workspace.site_key.clone(),
    );
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let typed = match typed {
        Some(typed) => typed,
        None if settings.origins.is_empty() => own_site(place).await?,
        None => String::new(),
    };
    let seen = |origin: String| {
        let saw = place.walk.saw(&origin);
        (origin, saw)
    };
    let page = Website {
        shell: place.shell("Put it on your site"),
        head: Head::of(&place.walk, Step::Website),
        error,
        typed,
        enabled: settings.enabled,
        origins: settings.origins.into_iter().map(seen).collect(),
        line: site_key::line(&address, &site),
        reach: Reach::of(&address).note(),
        address,
        site,
    };
    Ok(view::page(status, &page))
}

/// The website whose pages are read, to begin with; empty if there is none.
async fn own_site(place: &Place<'_>) -> Result<String, StoreError> {
    let workspace = place.person.workspace.id;
    let read = move |conn: &_| sources::list(conn, workspace);
    let found = place.app.store.read(read).await?;
    let first = found.first().map(|found| Url::parse(&found.source.url));
    Ok(match first {
        Some(Ok(url)) => url.origin().ascii_serialization(),
        _ => String::new(),
    })
}

/// Adds websites that may show it, and opens or closes the front desk; the page with what is wrong, if something is.
pub(super) async fn save(place: &Place<'_>, fields: &Fields) -> Result<Option<Response>, Failure> {
    let (store, by) = (&place.app.store, place.person.member());
    let mut settings = WidgetSettings::load(store, by).await?;
    let typed = fields.get("sites");
    let sites = typed
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|site| !site.is_empty());
    settings.origins.extend(sites.map(str::to_owned));
    settings.enabled = !fields.get("open").is_empty();
    match settings.keep(store, by).await {
        Ok(()) => Ok(None),
        Err(problem) => {
            let told = mistake(problem)?;
            show(place, Some(told), Some(typed.to_owned()))
                .await
                .map(Some)
        }
    }
}
