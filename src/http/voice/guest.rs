//! A visitor whose token is valid, on a page that visitors may come from.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use super::super::Http;
use super::super::auth;
use super::super::auth::origin::is_this_machine;
use super::super::now_ms;
use super::super::problem::Problem;
use super::origin::{self, Site};
use super::rate::Deed;
use super::settings::WidgetSettings;
use crate::app::App;
use crate::http::address::{address_of, network_of};
use crate::store::conversations::{self, Channel, Conversation, NewConversation};
use crate::store::token::{TokenHash, TokenKind};
use crate::store::visitors::{self, Visitor};
use crate::store::{AssistantId, Scoped};
use crate::usage::{Flow, MESSAGE_TOKENS, Ticket, Work};

/// "Last seen" is kept to this precision in ms.
const TOUCH_EVERY_MS: i64 = 60 * 1000;

/// A visitor.
#[derive(Clone)]
pub(in crate::http) struct Guest {
    pub(in crate::http) app: Arc<App>,
    pub(in crate::http) visitor: Visitor,
    http: Http,
    address: std::net::IpAddr,
}

impl Guest {
    /// On whose behalf the machine works.
    pub(in crate::http) fn flow(&self) -> Flow {
        let network = network_of(self.address);
        Flow::visitor(self.visitor.workspace, network, self.visitor.id)
    }

    /// Takes a message off their budget.
    ///
    /// # Errors
    /// 429 when nothing is left.
    pub(in crate::http) fn pay_message(&self, text: &str) -> Result<(), Problem> {
        let (budgets, flow) = (&self.app.budgets, self.flow());
        budgets.admit(flow, Work::Tokens)?;
        budgets.admit(flow, Work::Bytes)?;
        budgets.charge(flow, Work::Tokens, MESSAGE_TOKENS);
        #[expect(clippy::cast_precision_loss, reason = "16 KB at most")]
        budgets.charge(flow, Work::Bytes, text.len() as f64);
        Ok(())
    }

    /// A place in the line of turns.
    ///
    /// # Errors
    /// 429 or 503 when several wait already.
    pub(in crate::http) fn turn(&self, question: &str) -> Result<Ticket, Problem> {
        self.http.visits.turn(self.flow(), question)
    }

    /// Waits for the place where a recording is understood.
    ///
    /// # Errors
    /// 429 when they were listened to for long already, 429 or 503 when several wait.
    pub(in crate::http) async fn note(&self) -> Result<Ticket, Problem> {
        self.app.budgets.admit(self.flow(), Work::SoundMs)?;
        let mut ticket = self.http.visits.recording(self.flow())?;
        ticket.runs().await;
        Ok(ticket)
    }

    /// Takes a recording off their budget.
    pub(in crate::http) fn listened(&self, length: Duration) {
        let ms = length.as_secs_f64() * 1000.0;
        self.app.budgets.charge(self.flow(), Work::SoundMs, ms);
    }

    /// The visitor of a token.
    ///
    /// # Errors
    /// 401 for a token that is not known any more, 403 for a page that is not of the workspace.
    pub(in crate::http) async fn of_token(
        app: &Arc<App>,
        token: &str,
        site: &Site,
        at_machine: bool,
    ) -> Result<Visitor, Problem> {
        if !is_of_visit(token) {
            return Err(over());
        }
        let (hash, now) = (TokenHash::of(token), now_ms());
        let found = app.store.read(move |conn| {
            let Some(visitor) = visitors::find_valid(conn, &hash, now)? else {
                return Ok(None);
            };
            let settings = WidgetSettings::in_force(conn, visitor.workspace, at_machine)?;
            Ok(Some((visitor, settings)))
        });
        let (visitor, settings) = found.await?.ok_or_else(over)?;
        if !site.may(&settings) {
            return Err(origin::refusal(site));
        }
        if !settings.enabled {
            return Err(closed());
        }
        note_visit(app, &visitor);
        Ok(visitor)
    }

    /// Ends when the visit of a token does: when its time is over, it was ended, or the front desk was closed to visitors.
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

    /// [`Guest::outlived`] for the visit that a request names, if it names one.
    pub(super) fn end_of_visit(
        http: &Http,
        parts: &Parts,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let token = token(&parts.headers).filter(|token| is_of_visit(token))?;
        let (app, token) = (Arc::clone(&http.app), TokenHash::of(token));
        Some(Self::outlived(app, token, is_this_machine(parts)))
    }

    /// Counts what the visitor does.
    ///
    /// # Errors
    /// 429.
    pub(in crate::http) fn count(&self, deed: Deed) -> Result<(), Problem> {
        self.http.visits.count(self.address, deed)
    }

    /// The visitor's conversation, begun if there is none.
    ///
    /// # Errors
    /// When the store refuses.
    pub(in crate::http) async fn conversation(
        app: &App,
        visitor: &Visitor,
        assistant: AssistantId,
        channel: Channel,
    ) -> Result<Scoped<Conversation>, Problem> {
        let visitor = visitor.clone();
        let begun = app.store.write(move |tx| {
            if let Some(own) = visitors::find_conversation(tx, &visitor)? {
                return Ok(own);
            }
            let name = visitor.id.to_string();
            let new = NewConversation {
                assistant: Some(assistant),
                channel,
                visitor: Some(&name),
                title: "Visitor",
                begun_by: None,
            };
            conversations::create(tx, visitor.workspace, &new, now_ms())
        });
        Ok(begun.await?)
    }
}

impl FromRequestParts<Http> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        let site = Site::of(&parts.headers, &parts.uri);
        let token = token(&parts.headers).ok_or_else(over)?;
        let at_machine = is_this_machine(parts);
        let visitor = Self::of_token(&http.app, token, &site, at_machine).await?;
        Ok(Self {
            app: http.app.clone(),
            visitor,
            http: http.clone(),
            address: address_of(parts),
        })
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    auth::bearer(headers)
}

fn is_of_visit(token: &str) -> bool {
    token.starts_with(TokenKind::Visitor.prefix())
}

fn over() -> Problem {
    let detail = "this visit is over; begin a new one";
    Problem::new(StatusCode::UNAUTHORIZED, "visit_over", detail)
}

/// The answer of a front desk that serves no visitors.
pub(super) fn closed() -> Problem {
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
            tracing::warn!(%error, "a visit was not noted");
        }
    });
}
