//! E-mail of a workspace: its servers, a test, and the log. No answer holds a password.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::egress::Secret;
use crate::http::body::Json;
use crate::http::listing::parse_id;
use crate::http::problem::{Problem, ProblemView};
use crate::mail::{
    Health, Log, MailSettings, Mailbox, NewMailSettings, NewMailbox, NewServer, Overview, Sender,
    Server, Tls, Tried,
};
use crate::store::MailId;
use crate::store::mail::{LogFilter, MailState, Outgoing, Received};

/// Messages per page: the default, and the most.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// How TLS begins: `implicit` with the first byte, `starttls` after a word in the clear. Without TLS nothing is sent.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TlsBody {
    #[default]
    Implicit,
    Starttls,
}

/// The e-mail of a workspace, and how it goes.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    /// The server that sends; `null` if none is set up.
    server: Option<ServerView>,
    /// Whom messages are from.
    sender: Option<SenderBody>,
    /// The mailbox that answers come to.
    mailbox: Option<MailboxView>,
    sending: HealthView,
    replies: HealthView,
    /// Messages that wait to be sent.
    waiting: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct ServerView {
    host: String,
    port: u16,
    tls: TlsBody,
    /// Empty: it lets us in without signing in.
    user: String,
    /// PEM certificates of a private authority.
    authority: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MailboxView {
    #[serde(flatten)]
    server: ServerView,
    folder: String,
    /// Address of the mailbox; `{token}` stands where the token of a reply address goes.
    address: String,
}

#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SenderBody {
    /// Shown as the sender.
    name: String,
    address: String,
}

/// How one direction of mail goes.
#[derive(Debug, Serialize, ToSchema)]
struct HealthView {
    /// `not_set_up`, `untried`, `works` or `fails`.
    state: &'static str,
    /// Since when it is known, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    /// Why it fails, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Mail servers. A password that is left out stays as it is, if host, port and user are the same.
// No `Debug`: passwords are plain text here until they move into a `Secret`.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct MailRequest {
    server: ServerBody,
    sender: SenderBody,
    /// Leave it out to take no answers.
    mailbox: Option<MailboxBody>,
}

// `Serialize` is what the schema writes the default with.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ServerBody {
    host: String,
    /// 465 or 587 for sending, 993 or 143 for a mailbox, if absent.
    port: Option<u16>,
    tls: TlsBody,
    /// Empty if it lets us in without signing in.
    user: String,
    #[serde(skip_serializing)]
    password: Option<String>,
    /// PEM certificates of a private authority.
    authority: Option<String>,
}

// `Serialize` is what the schema writes the default with.
#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct MailboxBody {
    #[serde(flatten)]
    server: ServerBody,
    /// `INBOX` if empty.
    folder: String,
    /// Address of the mailbox. The token goes after its name (`desk+r.TOKEN@example.com`), or where `{token}` stands.
    address: String,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct TestRequest {
    /// The address to send to.
    to: String,
}

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestView {
    ok: bool,
    /// The server's sentence, or why there was none and what to do.
    said: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LogQuery {
    /// `queued`, `sent` or `failed`.
    #[serde(default)]
    state: String,
    /// Id of what messages are about, such as a conversation.
    #[serde(default)]
    about: String,
    /// The page after this message, from `next`.
    #[serde(default)]
    before: String,
    /// Most messages, 50 if absent, at most 200.
    limit: Option<u32>,
}

/// What was sent, and what came to reply addresses.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailLog {
    /// Newest first.
    messages: Vec<MailMessageView>,
    /// For `before`; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// The latest, newest first.
    received: Vec<ReceivedView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MailMessageView {
    id: String,
    /// `notice`, `transcript` or `test`.
    kind: &'static str,
    about: Option<String>,
    recipient: String,
    title: String,
    /// `queued`, `sent` or `failed`.
    state: &'static str,
    attempts: u32,
    /// When a queued one is tried next, Unix milliseconds.
    next_at: Option<i64>,
    /// What came of the last attempt: the server's sentence, or why there was none.
    answer: Option<String>,
    created_at: i64,
    ended_at: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ReceivedView {
    /// As the message says; nobody proved it.
    sender: String,
    conversation: Option<String>,
    /// `taken`, `refused`, or `ignored` for automatic answers.
    outcome: &'static str,
    reason: Option<String>,
    at: i64,
}

impl From<TlsBody> for Tls {
    fn from(tls: TlsBody) -> Self {
        match tls {
            TlsBody::Implicit => Self::Implicit,
            TlsBody::Starttls => Self::Starttls,
        }
    }
}

impl From<Server> for ServerView {
    fn from(server: Server) -> Self {
        Self {
            host: server.host,
            port: server.port,
            tls: match server.tls {
                Tls::Implicit => TlsBody::Implicit,
                Tls::Starttls => TlsBody::Starttls,
            },
            user: server.user,
            authority: server.authority,
        }
    }
}

impl From<Mailbox> for MailboxView {
    fn from(mailbox: Mailbox) -> Self {
        Self {
            server: mailbox.server.into(),
            folder: mailbox.folder,
            address: mailbox.address,
        }
    }
}

impl From<Health> for HealthView {
    fn from(health: Health) -> Self {
        let (state, at, error) = match health {
            Health::NotSetUp => ("not_set_up", None, None),
            Health::Untried => ("untried", None, None),
            Health::Works { at } => ("works", Some(at), None),
            Health::Fails { at, error } => ("fails", Some(at), Some(error)),
        };
        Self { state, at, error }
    }
}

impl From<Overview> for MailView {
    fn from(overview: Overview) -> Self {
        let (mut server, mut sender, mut mailbox) = (None, None, None);
        if let Some(settings) = overview.settings {
            let MailSettings {
                server: own,
                sender: from,
                mailbox: to,
            } = settings;
            server = Some(own.into());
            sender = Some(SenderBody {
                name: from.name,
                address: from.address,
            });
            mailbox = to.map(MailboxView::from);
        }
        Self {
            server,
            sender,
            mailbox,
            sending: overview.out.into(),
            replies: overview.replies.into(),
            waiting: overview.waiting,
        }
    }
}

impl From<ServerBody> for NewServer {
    fn from(body: ServerBody) -> Self {
        Self {
            host: body.host,
            port: body.port,
            tls: body.tls.into(),
            user: body.user,
            password: body.password.map(Secret::new),
            authority: body.authority,
        }
    }
}

impl From<MailRequest> for NewMailSettings {
    fn from(request: MailRequest) -> Self {
        Self {
            server: request.server.into(),
            sender: Sender {
                name: request.sender.name,
                address: request.sender.address,
            },
            mailbox: request.mailbox.map(|mailbox| NewMailbox {
                server: mailbox.server.into(),
                folder: mailbox.folder,
                address: mailbox.address,
            }),
        }
    }
}

impl From<Tried> for TestView {
    fn from(tried: Tried) -> Self {
        Self {
            ok: tried.ok,
            said: tried.said,
        }
    }
}

impl From<Outgoing> for MailMessageView {
    fn from(row: Outgoing) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind.as_str(),
            about: row.about,
            recipient: row.recipient,
            title: row.title,
            state: row.state.as_str(),
            attempts: row.attempts,
            next_at: Some(row.next_at).filter(|_| row.state == MailState::Queued),
            answer: row.answer,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

impl From<Received> for ReceivedView {
    fn from(received: Received) -> Self {
        Self {
            sender: received.sender,
            conversation: received.conversation.map(|id| id.to_string()),
            outcome: received.outcome.as_str(),
            reason: received.reason,
            at: received.at,
        }
    }
}

impl From<Log> for MailLog {
    fn from(log: Log) -> Self {
        let next = log.sent.next.and_then(|filter| filter.before);
        let messages = log.sent.rows.into_iter().map(MailMessageView::from);
        Self {
            messages: messages.collect(),
            next: next.map(|id| id.to_string()),
            received: log.received.into_iter().map(ReceivedView::from).collect(),
        }
    }
}

impl LogQuery {
    fn filter(&self) -> Result<LogFilter, Problem> {
        let state =
            match self.state.as_str() {
                "" => None,
                text => Some(MailState::parse(text).ok_or_else(|| {
                    Problem::invalid("state", "the state is queued, sent or failed")
                })?),
            };
        Ok(LogFilter {
            state,
            about: Some(self.about.trim().to_owned()).filter(|id| !id.is_empty()),
            before: parse_id("before", &self.before)?,
        })
    }
}

/// How the workspace sends e-mail, and how that goes.
#[utoipa::path(get, path = "/api/v1/mail", tag = "admin", operation_id = "getMail",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = MailView), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<MailView>, Problem> {
    let overview = place.app.mail.overview(&place.member).await?;
    Ok(axum::Json(overview.into()))
}

/// Sets up the mail servers. Passwords are kept encrypted, and no answer holds them.
#[utoipa::path(put, path = "/api/v1/mail", tag = "admin", operation_id = "setMail",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = MailRequest,
    responses((status = 200, body = MailView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<MailRequest>,
) -> Result<axum::Json<MailView>, Problem> {
    place.app.mail.set(&place.member, request.into()).await?;
    get(place).await
}

/// Forgets the mail servers and their passwords. What waits is not sent.
#[utoipa::path(delete, path = "/api/v1/mail", tag = "admin", operation_id = "removeMail",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 204), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn remove(place: ApiPlace) -> Result<StatusCode, Problem> {
    place.app.mail.remove(&place.member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message now and tells what the server said.
#[utoipa::path(post, path = "/api/v1/mail/test", tag = "admin", operation_id = "testMail",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = TestRequest,
    responses((status = 200, body = TestView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn test(
    place: ApiPlace,
    Json(request): Json<TestRequest>,
) -> Result<axum::Json<TestView>, Problem> {
    let tried = place.app.mail.test(&place.member, &request.to).await?;
    Ok(axum::Json(tried.into()))
}

/// What was sent, with what the servers said, and what came to reply addresses.
#[utoipa::path(get, path = "/api/v1/mail/log", tag = "admin", operation_id = "listMail",
    params(LogQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = MailLog), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn log(
    place: ApiPlace,
    Query(query): Query<LogQuery>,
) -> Result<axum::Json<MailLog>, Problem> {
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    let log = place
        .app
        .mail
        .log(&place.member, query.filter()?, limit)
        .await?;
    Ok(axum::Json(log.into()))
}

/// Sends a failed message again. One that was sent, or waits to be, is left alone.
#[utoipa::path(post, path = "/api/v1/mail/log/{id}/replay", tag = "admin", operation_id = "replayMail",
    params(("id" = String, Path, description = "Id of the message"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = MailMessageView), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn replay(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<MailMessageView>, Problem> {
    let id: MailId = place::parse_id(&id, "message")?;
    let queued = place.app.mail.send_again(&place.member, id).await?;
    Ok(axum::Json(queued.into()))
}
