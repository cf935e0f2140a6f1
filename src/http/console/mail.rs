//! E-mail: the servers, a test, and what became of each message.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::egress::Secret;
use crate::http::auth::Scope;
use crate::http::listing::parse_id;
use crate::http::parse_id as parse_path_id;
use crate::http::problem::Problem;
use crate::mail::{
    Health, MailSettings, NewMailSettings, NewMailbox, NewServer, Sender, Server, Tls,
};
use crate::store::mail::{LogFilter, MailKind, MailState, Outcome, Outgoing, Received};

/// Messages on a page.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    shell: Shell,
    sending: HealthLine,
    replies: HealthLine,
    waiting: u64,
    form: MailForm,
    is_set_up: bool,
    /// Whom a test goes to unless another is typed.
    own_address: String,
    messages: Vec<MessageRow>,
    /// Query of the next page.
    next: Option<String>,
    received: Vec<ReceivedRow>,
    tried: Option<(bool, String)>,
    done: Option<&'static str>,
    error: Option<String>,
}

struct HealthLine {
    /// `not_set_up`, `untried`, `works` or `fails`.
    state: &'static str,
    at: Option<Moment>,
    error: Option<String>,
}

struct MessageRow {
    id: String,
    at: Moment,
    what: &'static str,
    title: String,
    recipient: String,
    state: &'static str,
    /// As badges are coloured.
    colour: &'static str,
    attempts: u32,
    next: Option<Moment>,
    answer: String,
    failed: bool,
}

struct ReceivedRow {
    at: Moment,
    sender: String,
    outcome: &'static str,
    colour: &'static str,
    reason: String,
}

/// The settings as in the form.
// No `Debug`: it has the passwords.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub(super) struct MailForm {
    host: String,
    port: String,
    tls: String,
    user: String,
    password: String,
    authority: String,
    sender_name: String,
    sender_address: String,
    /// Whether answers are taken.
    replies: Option<String>,
    mailbox_host: String,
    mailbox_port: String,
    mailbox_tls: String,
    mailbox_user: String,
    mailbox_password: String,
    mailbox_authority: String,
    folder: String,
    address: String,
}

impl Default for MailForm {
    fn default() -> Self {
        let empty = String::new;
        Self {
            host: empty(),
            port: empty(),
            tls: "implicit".into(),
            user: empty(),
            password: empty(),
            authority: empty(),
            sender_name: empty(),
            sender_address: empty(),
            replies: None,
            mailbox_host: empty(),
            mailbox_port: empty(),
            mailbox_tls: "implicit".into(),
            mailbox_user: empty(),
            mailbox_password: empty(),
            mailbox_authority: empty(),
            folder: "INBOX".into(),
            address: empty(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct TestForm {
    #[serde(default)]
    to: String,
}

#[derive(Default, Deserialize)]
pub(super) struct PageQuery {
    #[serde(default)]
    before: String,
}

/// What a page shows besides what is stored.
#[derive(Default)]
struct Shown {
    form: Option<MailForm>,
    tried: Option<(bool, String)>,
    done: Option<&'static str>,
    error: Option<String>,
    filter: LogFilter,
}

/// `GET /mail`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Response, Failure> {
    let filter = LogFilter {
        before: parse_id("before", &query.before)?,
        ..LogFilter::default()
    };
    let shown = Shown {
        filter,
        ..Shown::default()
    };
    render(&app, &person, StatusCode::OK, shown).await
}

/// `POST /mail`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<MailForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let saved = match form.settings() {
        Ok(new) => app
            .mail
            .set(person.member(), new)
            .await
            .map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    let (status, shown) = match saved {
        Ok(()) => {
            let done = Some("Saved. Send yourself a test, to see whether it works.");
            (
                StatusCode::OK,
                Shown {
                    done,
                    ..Shown::default()
                },
            )
        }
        Err(problem) => {
            let shown = Shown {
                form: Some(form),
                error: Some(sentence(&problem.detail)),
                ..Shown::default()
            };
            (problem.status, shown)
        }
    };
    render(&app, &person, status, shown).await
}

/// `POST /mail/test`
pub(super) async fn test(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<TestForm>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (status, shown) = match app.mail.test(person.member(), &form.to).await {
        Ok(tried) => {
            let tried = Some((tried.ok, sentence(&tried.said)));
            (
                StatusCode::OK,
                Shown {
                    tried,
                    ..Shown::default()
                },
            )
        }
        Err(error) => {
            let problem = Problem::from(error);
            let error = Some(sentence(&problem.detail));
            (
                problem.status,
                Shown {
                    error,
                    ..Shown::default()
                },
            )
        }
    };
    render(&app, &person, status, shown).await
}

/// `POST /mail/{id}/again`
pub(super) async fn send_again(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = parse_path_id(&id, "message")?;
    let mut shown = Shown::default();
    let mut status = StatusCode::OK;
    match app.mail.send_again(person.member(), id).await {
        Ok(_queued) => {
            shown.done = Some(
                "It waits to be sent again. Reload the page in a moment to see what the server said.",
            );
        }
        Err(error) => {
            let problem = Problem::from(error);
            status = problem.status;
            shown.error = Some(sentence(&problem.detail));
        }
    }
    render(&app, &person, status, shown).await
}

/// `POST /mail/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    app.mail.remove(person.member()).await?;
    let done =
        Some("E-mail is off. Servers and passwords are forgotten, and what waited is not sent.");
    render(
        &app,
        &person,
        StatusCode::OK,
        Shown {
            done,
            ..Shown::default()
        },
    )
    .await
}

async fn render(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    shown: Shown,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let overview = app.mail.overview(person.member()).await?;
    let log = app.mail.log(person.member(), shown.filter, SHOWN).await?;
    let next = log.sent.next.and_then(|filter| filter.before);
    let is_set_up = overview.settings.is_some();
    let form = shown.form.unwrap_or_else(|| match overview.settings {
        Some(settings) => MailForm::of(settings),
        None => MailForm {
            sender_name: person.workspace.title.clone(),
            ..MailForm::default()
        },
    });
    let page = MailPage {
        shell: person.shell(Section::Status, "E-mail"),
        sending: overview.out.into(),
        replies: overview.replies.into(),
        waiting: overview.waiting,
        form,
        is_set_up,
        own_address: person.user().email.clone(),
        messages: log.sent.rows.into_iter().map(MessageRow::from).collect(),
        next: next.map(|id| format!("before={id}")),
        received: log.received.into_iter().map(ReceivedRow::from).collect(),
        tried: shown.tried,
        done: shown.done,
        error: shown.error,
    };
    Ok(view::page(status, &page))
}

impl MailForm {
    /// The stored settings, without passwords.
    fn of(settings: MailSettings) -> Self {
        let server = settings.server;
        let mut form = Self {
            port: server.port.to_string(),
            tls: tls_name(&server).into(),
            host: server.host,
            user: server.user,
            authority: server.authority.unwrap_or_default(),
            sender_name: settings.sender.name,
            sender_address: settings.sender.address,
            ..Self::default()
        };
        if let Some(mailbox) = settings.mailbox {
            let server = mailbox.server;
            form.replies = Some("1".into());
            form.mailbox_port = server.port.to_string();
            form.mailbox_tls = tls_name(&server).into();
            form.mailbox_host = server.host;
            form.mailbox_user = server.user;
            form.mailbox_authority = server.authority.unwrap_or_default();
            form.folder = mailbox.folder;
            form.address = mailbox.address;
        }
        form
    }

    fn settings(&self) -> Result<NewMailSettings, Problem> {
        let server = NewServer {
            host: self.host.clone(),
            port: port(&self.port, "port")?,
            tls: tls(&self.tls),
            user: self.user.clone(),
            password: secret(&self.password),
            authority: Some(self.authority.clone()),
        };
        let sender = Sender {
            name: self.sender_name.clone(),
            address: self.sender_address.clone(),
        };
        let mailbox = match self.replies {
            None => None,
            Some(_) => Some(NewMailbox {
                server: NewServer {
                    host: self.mailbox_host.clone(),
                    port: port(&self.mailbox_port, "mailbox.port")?,
                    tls: tls(&self.mailbox_tls),
                    user: self.mailbox_user.clone(),
                    password: secret(&self.mailbox_password),
                    authority: Some(self.mailbox_authority.clone()),
                },
                folder: self.folder.clone(),
                address: self.address.clone(),
            }),
        };
        Ok(NewMailSettings {
            server,
            sender,
            mailbox,
        })
    }
}

fn tls_name(server: &Server) -> &'static str {
    match server.tls {
        Tls::Implicit => "implicit",
        Tls::Starttls => "starttls",
    }
}

fn tls(name: &str) -> Tls {
    match name {
        "starttls" => Tls::Starttls,
        _ => Tls::Implicit,
    }
}

/// An empty field keeps the stored password.
fn secret(typed: &str) -> Option<Secret> {
    (!typed.is_empty()).then(|| Secret::new(typed))
}

/// `None` for the usual one.
fn port(typed: &str, field: &'static str) -> Result<Option<u16>, Problem> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let port = typed.parse();
    port.map(Some).map_err(|_| {
        Problem::invalid(
            field,
            "the port is a number from 1 to 65535; leave it empty for the usual one",
        )
    })
}

impl From<Health> for HealthLine {
    fn from(health: Health) -> Self {
        let (state, at, error) = match health {
            Health::NotSetUp => ("not_set_up", None, None),
            Health::Untried => ("untried", None, None),
            Health::Works { at } => ("works", Some(moment(at)), None),
            Health::Fails { at, error } => ("fails", Some(moment(at)), Some(sentence(&error))),
        };
        Self { state, at, error }
    }
}

impl From<Outgoing> for MessageRow {
    fn from(row: Outgoing) -> Self {
        let (state, colour) = match row.state {
            MailState::Queued if row.attempts == 0 => ("Waits", "starting"),
            MailState::Queued => ("Put off", "degraded"),
            MailState::Sent => ("Sent", "ready"),
            MailState::Failed => ("Not sent", "failed"),
        };
        Self {
            id: row.id.to_string(),
            failed: row.state == MailState::Failed,
            at: moment(row.created_at),
            what: match row.kind {
                MailKind::Notice => "Notice",
                MailKind::Transcript => "Transcript",
                MailKind::Test => "Test",
            },
            title: row.title,
            recipient: row.recipient,
            state,
            colour,
            attempts: row.attempts,
            next: Some(row.next_at)
                .filter(|_| row.state == MailState::Queued)
                .map(moment),
            answer: row.answer.as_deref().map(sentence).unwrap_or_default(),
        }
    }
}

impl From<Received> for ReceivedRow {
    fn from(received: Received) -> Self {
        let (outcome, colour) = match received.outcome {
            Outcome::Taken => ("Sent to the visitor", "ready"),
            Outcome::Refused => ("Refused", "failed"),
            Outcome::Ignored => ("Ignored", "degraded"),
        };
        Self {
            at: moment(received.at),
            sender: received.sender,
            outcome,
            colour,
            reason: received.reason.as_deref().map(sentence).unwrap_or_default(),
        }
    }
}
