//! A visitor whose token is valid, on a page that visitors may come from.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::identity;
use super::origin::{self, Site};
use super::rate::{Deed, Upload};
use super::settings::WidgetSettings;
use crate::app::App;
use crate::http::Http;
use crate::http::address::{address_of, network_of};
use crate::http::auth;
use crate::http::auth::origin::is_this_machine;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::conversations::{self, Channel, Conversation, NewConversation};
use crate::store::token::{TokenHash, TokenKind};
use crate::store::visitors::{self, Visitor};
use crate::store::{AssistantId, Scoped};
use crate::usage::{Flow, MESSAGE_TOKENS, Ticket, Work};

/// Precision of "last seen", so that a busy visitor does not cost a write per request.
const TOUCH_EVERY_MS: i64 = 60 * 1000;

/// In characters.
const LONGEST_PAGE: usize = 500;

/// An authenticated visitor, and where they are.
#[derive(Clone)]
pub(in crate::http) struct Guest {
    pub(in crate::http) app: Arc<App>,
    pub(in crate::http) visitor: Visitor,
    http: Http,
    address: std::net::IpAddr,
}

impl Guest {
    /// Whom the work is counted for, in queues and budgets.
    pub(in crate::http) fn flow(&self) -> Flow {
        let network = network_of(self.address);
        Flow::visitor(self.visitor.workspace, network, self.visitor.id)
    }

    /// Charges a message to their budget.
    ///
    /// # Errors
    /// 429 when the budget is used up.
    pub(in crate::http) fn pay_message(&self, text: &str) -> Result<(), Problem> {
        let (budgets, flow) = (&self.app.budgets, self.flow());
        budgets.admit(flow, Work::Tokens)?;
        budgets.admit(flow, Work::Bytes)?;
        budgets.charge(flow, Work::Tokens, MESSAGE_TOKENS);
        #[expect(clippy::cast_precision_loss, reason = "16 KB at most")]
        budgets.charge(flow, Work::Bytes, text.len() as f64);
        Ok(())
    }

    /// Charges a message to a person, which costs the machine nothing but its bytes.
    ///
    /// # Errors
    /// 429 when the budget is used up.
    pub(in crate::http) fn pay_words(&self, text: &str) -> Result<(), Problem> {
        let (budgets, flow) = (&self.app.budgets, self.flow());
        budgets.admit(flow, Work::Bytes)?;
        #[expect(clippy::cast_precision_loss, reason = "16 KB at most")]
        budgets.charge(flow, Work::Bytes, text.len() as f64);
        Ok(())
    }

    /// Joins the queue of turns.
    ///
    /// # Errors
    /// 429 when too many turns of the visitor or their network wait already, 503 when too many of all do.
    pub(in crate::http) fn join_turns(&self, question: &str) -> Result<Ticket, Problem> {
        self.http.visits.turn(self.flow(), question)
    }

    /// Waits for a place to transcribe a recording.
    ///
    /// # Errors
    /// 429 when their budget for audio is used up or their queue is full, 503 when the queue of all is full.
    pub(in crate::http) async fn wait_for_recordings(&self) -> Result<Ticket, Problem> {
        self.app.budgets.admit(self.flow(), Work::SoundMs)?;
        let mut ticket = self.http.visits.recording(self.flow())?;
        ticket.runs().await;
        Ok(ticket)
    }

    /// Charges a recording to their budget.
    pub(in crate::http) fn pay_recording(&self, length: Duration) {
        let ms = length.as_secs_f64() * 1000.0;
        self.app.budgets.charge(self.flow(), Work::SoundMs, ms);
    }

    /// Finds the visitor of a token.
    ///
    /// # Errors
    /// 401 for a token that is unknown or expired; 403 for a page that may not show the workspace's widget, and for a
    /// front desk that is closed to visitors.
    pub(in crate::http) async fn find_by_token(
        app: &Arc<App>,
        token: &str,
        site: &Site,
        at_machine: bool,
    ) -> Result<Visitor, Problem> {
        if !is_of_visit(token) {
            return Err(refuse_ended_visit());
        }
        let (hash, now) = (TokenHash::of(token), now_ms());
        let found = app.store.read(move |conn| {
            let Some(visitor) = visitors::find_valid(conn, &hash, now)? else {
                return Ok(None);
            };
            let settings = WidgetSettings::in_force(conn, visitor.workspace, at_machine)?;
            Ok(Some((visitor, settings)))
        });
        let (visitor, settings) = found.await?.ok_or_else(refuse_ended_visit)?;
        if !site.may(&settings) {
            return Err(origin::refusal(site));
        }
        if !settings.enabled {
            return Err(refuse_closed());
        }
        note_visit(app, &visitor);
        Ok(visitor)
    }

    /// Completes once the visit of a token is over: it expired, was ended, or the front desk was closed to visitors.
    pub(in crate::http) async fn outlived(app: Arc<App>, token: TokenHash, at_machine: bool) {
        auth::until_not(|| {
            app.store.read(move |conn| {
                let Some(visitor) = visitors::find_valid(conn, &token, now_ms())? else {
                    return Ok(false);
                };
                Ok(WidgetSettings::in_force(conn, visitor.workspace, at_machine)?.enabled)
            })
        })
        .await;
    }

    /// The same for the visit of a request, of which there may be very many; `None` if it has no visitor's token.
    pub(super) fn end_of_visit(
        http: &Http,
        parts: &Parts,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let token = token(&parts.headers).filter(|token| is_of_visit(token))?;
        let token = TokenHash::of(token);
        let (standing, store) = (&http.standing, &http.app.store);
        Some(standing.outlived(store, token, is_this_machine(parts)))
    }

    /// Counts a deed against the rate limit of the visitor's address.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(in crate::http) fn count(&self, deed: Deed) -> Result<(), Problem> {
        self.http.visits.count(self.address, deed)
    }

    /// Takes a place for files that lie in memory until they are stored.
    ///
    /// # Errors
    /// 429 when their network sends files already, 503 when too many others do.
    pub(in crate::http) fn take_upload(&self) -> Result<Upload, Problem> {
        self.http.visits.upload(self.address)
    }

    /// The visitor's one conversation. Begins it if there is none yet.
    pub(in crate::http) async fn conversation(
        app: &App,
        visitor: &Visitor,
        assistant: AssistantId,
        channel: Channel,
        page: Option<&str>,
    ) -> Result<Scoped<Conversation>, Problem> {
        let visitor = visitor.clone();
        let page = page.and_then(plain_page);
        let begun = app.store.write(move |tx| {
            if let Some(own) = visitors::find_conversation(tx, &visitor)? {
                // On another device it may have begun while this page showed nothing yet.
                return Ok((own, vec![visitor.id]));
            }
            let name = visitor.id.to_string();
            let new = NewConversation {
                assistant: Some(assistant),
                channel,
                visitor: Some(&name),
                title: "Visitor",
                begun_by: None,
                page: page.as_deref(),
            };
            let now = now_ms();
            let begun = conversations::create(tx, visitor.workspace, &new, now)?;
            let shown = identity::begin_conversation(tx, &begun, &visitor, now)?;
            Ok((conversations::get(tx, visitor.workspace, begun.id)?, shown))
        });
        let (own, shown) = begun.await?;
        for visitor in shown {
            app.inbox.live().tell_visitor(visitor);
        }
        Ok(own)
    }
}

impl FromRequestParts<Http> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        let site = Site::of(&parts.headers, &parts.uri);
        let token = token(&parts.headers).ok_or_else(refuse_ended_visit)?;
        let at_machine = is_this_machine(parts);
        let visitor = Self::find_by_token(&http.app, token, &site, at_machine).await?;
        Ok(Self {
            app: http.app.clone(),
            visitor,
            http: http.clone(),
            address: address_of(parts),
        })
    }
}

/// The address of a page without its query, which may say who reads it.
pub(super) fn plain_page(address: &str) -> Option<String> {
    let mut page = url::Url::parse(address).ok()?;
    if !matches!(page.scheme(), "http" | "https") {
        return None;
    }
    page.set_query(None);
    page.set_fragment(None);
    let _ = page.set_username("");
    let _ = page.set_password(None);
    Some(page.as_str().chars().take(LONGEST_PAGE).collect())
}

fn token(headers: &HeaderMap) -> Option<&str> {
    auth::bearer(headers)
}

fn is_of_visit(token: &str) -> bool {
    token.starts_with(TokenKind::Visitor.prefix())
}

fn refuse_ended_visit() -> Problem {
    let detail = "this visit is over; begin a new one";
    Problem::new(StatusCode::UNAUTHORIZED, "visit_over", detail)
}

/// For a front desk that is not open to visitors.
pub(super) fn refuse_closed() -> Problem {
    let detail = "this front desk is not open to visitors; its owner opens it on the console's page \"Widget\"";
    Problem::new(StatusCode::FORBIDDEN, "closed", detail)
}

fn note_visit(app: &Arc<App>, visitor: &Visitor) {
    let (id, now) = (visitor.id, now_ms());
    if (now - visitor.last_seen_at).abs() < TOUCH_EVERY_MS {
        return;
    }
    let store = app.store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.write(move |tx| visitors::touch(tx, id, now)).await {
            tracing::warn!(%error, "cannot record when a visitor was last seen");
        }
    });
}
