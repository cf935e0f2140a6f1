//! `POST /api/v1/visit`: begins a visit, or resumes one.

use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::identity::{self, IdentityRequest, Who};
use super::look::LookView;
use super::options::Asked;
use super::origin::{self, Site};
use super::rate::Deed;
use super::settings::WidgetSettings;
use super::work::{self, WorkRequest};
use super::{Guest, Which, assistant, files, guest, load_offer};
use crate::app::{App, welcome};
use crate::http::Http;
use crate::http::address::address_of;
use crate::http::auth::origin::is_this_machine;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::mail;
use crate::store::assistants::{self, Assistant};
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::workspaces::Workspace;
use crate::store::{AssistantId, Transaction, sources, visitors};

/// Lifetime of a visitor's token.
const VISIT_MS: i64 = 24 * 60 * 60 * 1000;

/// A visit to begin, or to resume.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct VisitRequest {
    /// Site key of the front desk, as in the HTML of the page (`data-site`).
    site: Option<String>,
    /// Short name of the workspace, `default` when absent. Only without `site`, for pages that are older than site keys.
    #[schema(deprecated)]
    workspace: Option<String>,
    /// Short name of an assistant that is for visitors; the workspace's first when absent.
    assistant: Option<String>,
    /// The token of an earlier visit from the same tab. If it is over, or that of somebody else, a new visit begins.
    token: Option<String>,
    /// Who is signed in on the page.
    identity: Option<IdentityRequest>,
    /// A solved challenge, when the answer was `work_required`.
    work: Option<WorkRequest>,
}

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitView {
    /// Send it as `Authorization: Bearer`, and in the first message of a call.
    token: String,
    /// When the token ends, Unix ms.
    expires_at: i64,
    /// Whether the visit had begun before.
    resumed: bool,
    /// Whether the website vouches for the visitor.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    identified: bool,
    /// Title of the widget.
    title: String,
    /// What the assistant says first.
    greeting: String,
    /// Accent colour as `#rrggbb`, as the owner chose it.
    colour: String,
    look: LookView,
    voice: VisitVoiceView,
    /// Questions that can be chosen at the beginning.
    suggestions: Vec<String>,
    /// The owner's words about who answers; the widget has its own if this is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    disclosure: Option<String>,
    /// What is to be agreed to before the first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<String>,
    /// The owner's page about privacy.
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_link: Option<String>,
    /// Who is younger is asked not to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    min_age: Option<u8>,
    /// What is asked before the first message.
    pre_chat: Vec<Asked>,
    /// Whether that was asked and answered already.
    introduced: bool,
    /// Whether a message with an address can be left.
    lead: bool,
    /// Whether files can be sent to staff.
    files: bool,
    /// Whether the visitor is asked how it was.
    rate: bool,
    /// Whether the conversation can be sent by e-mail.
    mail: bool,
    /// Whether the token is kept for all tabs of the website until it ends, or for one tab.
    remember: bool,
    /// Hosts that links in answers may lead to, with their subdomains; the widget shows others as text.
    links: Vec<String>,
    /// Path of the worklet module that belongs to this server's widget.
    audio: String,
}

/// What a visitor can have of voice.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitVoiceView {
    /// Whether visitors can talk now.
    enabled: bool,
    /// Why not, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Languages that are understood, as ISO 639-1 codes.
    languages: Vec<String>,
    /// Whether voice notes are taken.
    notes: bool,
    /// Whether the microphone listens only while a button is held.
    push_to_talk: bool,
}

/// Begins a visit, or resumes one that has not ended. Somebody whom the website vouches for (`identity`) goes on where they were,
/// also on another device.
#[utoipa::path(post, path = "/api/v1/visit", tag = "visitors", operation_id = "beginVisit",
    request_body = VisitRequest, security(()),
    responses((status = 200, body = VisitView), (status = 400, body = ProblemView<'_>), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 428, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn create(
    State(http): State<Http>,
    request: Request,
) -> Result<(StatusCode, axum::Json<VisitView>), Problem> {
    let (parts, body) = request.into_parts();
    let site = Site::of(&parts.headers, &parts.uri);
    let (address, at_machine) = (address_of(&parts), is_this_machine(&parts));
    let Json(asked): Json<VisitRequest> =
        Json::from_request(Request::from_parts(parts, body), &()).await?;
    let app = &http.app;
    let (workspace, settings) = find_front_desk(app, &asked, at_machine).await?;
    if !site.may(&settings) {
        return Err(origin::refusal(&site));
    }
    if !settings.enabled {
        return Err(guest::refuse_closed());
    }
    let of_key = find_keyed(app, asked.site.clone()).await?;
    let assistant = assistant::for_visitors(app, workspace.id, asked.assistant, of_key).await?;
    let who = identity::check(&app.store, &workspace, asked.identity).await?;
    let resumed = match &asked.token {
        Some(token) => Guest::find_by_token(app, token, &site, at_machine)
            .await
            .ok(),
        None => None,
    };
    // A tab may keep a token from another front desk; it must not open this one. And somebody else may be signed in by now.
    let resumed =
        resumed.filter(|visitor| visitor.workspace == workspace.id && who.may_resume(visitor));
    let identified = who.vouched.is_some();
    let (token, expires_at, resumed) = match (asked.token, resumed) {
        (Some(token), Some(visitor)) => {
            let expires_at = visitor.expires_at;
            if !who.is_kept(&visitor) {
                let keep = move |tx: &Transaction<'_>| who.keep(tx, &visitor, now_ms());
                app.store.write(keep).await?;
            }
            (token, expires_at, true)
        }
        _ => {
            let needed = http.works.is_needed(workspace.id, settings.proof_of_work);
            let work = asked.work.filter(|_| needed);
            if work.is_none() {
                http.works.note_visit(workspace.id, address);
            }
            if needed && work.is_none() {
                return Err(work::refuse_without());
            }
            http.visits
                .count(address, Deed::Visit)
                .inspect_err(|_| http.works.note_refused(workspace.id))?;
            if let Some(work) = work {
                http.works.redeem(workspace.id, &work, now_ms())?;
            }
            let (token, expires_at) = begin(app, &workspace, &site, who).await?;
            (token, expires_at, false)
        }
    };
    keep_keyed(app, &token, of_key).await?;
    let introduced = has_talked(app, &token).await?;
    let view = build_view(app, &workspace, &settings, assistant).await?;
    let view = VisitView {
        token,
        expires_at,
        resumed,
        identified,
        introduced,
        ..view
    };
    Ok((StatusCode::OK, axum::Json(view)))
}

async fn find_front_desk(
    app: &App,
    asked: &VisitRequest,
    at_machine: bool,
) -> Result<(Workspace, WidgetSettings), Problem> {
    let which = Which {
        site: asked.site.clone(),
        workspace: asked.workspace.clone(),
    };
    let found = app
        .store
        .read(move |conn| which.find(conn, now_ms(), at_machine));
    found.await?.ok_or_else(refuse_unknown_site)
}

/// The assistant that the page's key names, if it names one.
async fn find_keyed(app: &App, key: Option<String>) -> Result<Option<AssistantId>, Problem> {
    let Some(key) = key else { return Ok(None) };
    let find = move |conn: &_| assistants::find_by_site_key(conn, &key);
    Ok(app.store.read(find).await?.map(|found| found.id))
}

/// Notes it with the visit.
async fn keep_keyed(app: &App, token: &str, of_key: Option<AssistantId>) -> Result<(), Problem> {
    let hash = TokenHash::of(token);
    let find = move |conn: &_| visitors::find_valid(conn, &hash, now_ms());
    let visitor = app.store.read(find).await?;
    if let Some(visitor) = visitor.filter(|visitor| visitor.assistant != of_key) {
        let keep = move |tx: &Transaction<'_>| visitors::set_assistant(tx, visitor.id, of_key);
        app.store.write(keep).await?;
    }
    Ok(())
}

/// For a page whose key is invalid, and for one with a name: strangers need not learn which names exist.
pub(super) fn refuse_unknown_site() -> Problem {
    let detail = "this page does not lead to a front desk any more; its owner finds the line for it on the \
                  console's page \"Widget\"";
    Problem::new(StatusCode::NOT_FOUND, "unknown_site", detail).with_param("site")
}

/// Whether the visitor's conversation has begun, here or before.
async fn has_talked(app: &App, token: &str) -> Result<bool, Problem> {
    let hash = TokenHash::of(token);
    let found = app.store.read(move |conn| {
        let Some(visitor) = visitors::find_valid(conn, &hash, now_ms())? else {
            return Ok(false);
        };
        Ok(visitors::find_conversation(conn, &visitor)?.is_some())
    });
    Ok(found.await?)
}

async fn begin(
    app: &App,
    workspace: &Workspace,
    site: &Site,
    who: Who,
) -> Result<(String, i64), Problem> {
    let token = Token::generate(TokenKind::Visitor)?;
    let (hash, now) = (token.hash(), now_ms());
    let (workspace, origin) = (workspace.id, site.page().map(str::to_owned));
    let expires_at = now + VISIT_MS;
    let begun = app.store.write(move |tx| {
        visitors::purge_expired(tx, now)?;
        if let Some(origin) = &origin {
            welcome::note_visit(tx, workspace, origin)?;
        }
        visitors::create(tx, workspace, &hash, origin.as_deref(), now, expires_at)?;
        match visitors::find_valid(tx, &hash, now)? {
            Some(visitor) => who.keep(tx, &visitor, now),
            None => Ok(()),
        }
    });
    begun.await?;
    Ok((token.reveal().to_owned(), expires_at))
}

async fn build_view(
    app: &Arc<App>,
    workspace: &Workspace,
    settings: &WidgetSettings,
    assistant: Assistant,
) -> Result<VisitView, Problem> {
    let offer = load_offer(app, &assistant).await?;
    let id = workspace.id;
    let (key, own) = (workspace.site_key.clone(), settings.clone());
    let found = app.store.read(move |conn| {
        let look = LookView::load(conn, id, &key, &own)?;
        Ok((look, sources::list(conn, id)?, mail::is_set_up(conn, id)?))
    });
    let (look, pages, mail) = found.await?;
    let options = settings.options.clone();
    let some = |text: String| (!text.is_empty()).then_some(text);
    let links = settings.hosts(pages.iter().map(|page| page.source.url.as_str()));
    let title = match settings.title.as_str() {
        "" => assistant.title,
        title => title.to_owned(),
    };
    Ok(VisitView {
        token: String::new(),
        expires_at: 0,
        resumed: false,
        identified: false,
        title,
        greeting: assistant.greeting,
        colour: settings.colour.clone(),
        look,
        suggestions: options.suggestions,
        disclosure: some(options.disclosure),
        consent: some(options.consent),
        privacy_link: some(options.privacy_link),
        min_age: (options.min_age > 0).then_some(options.min_age),
        pre_chat: options.pre_chat,
        introduced: false,
        lead: options.lead,
        files: options.files,
        rate: options.rate,
        mail,
        remember: options.remember,
        voice: VisitVoiceView {
            enabled: offer.reason.is_none(),
            reason: offer.reason,
            languages: vec![offer.settings.language],
            notes: offer.settings.enabled && app.transcriber.ready().is_ok(),
            push_to_talk: settings.push_to_talk,
        },
        links,
        audio: files::worklet_path(),
    })
}
