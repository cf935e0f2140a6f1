//! A visitor whose token is valid, on a page that may be visited site.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::super::Http;
use super::super::auth;
use super::super::now_ms;
use super::super::problem::Problem;
use super::origin::{self, Site};
use super::rate::{Deed, OneTurn};
use super::settings::WidgetSettings;
use crate::app::App;
use crate::http::address::address_of;
use crate::store::conversations::{self, Channel, Conversation, NewConversation};
use crate::store::token::{TokenHash, TokenKind};
use crate::store::visitors::{self, Visitor};
use crate::store::{AssistantId, Scoped, workspaces};

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
    /// Waits for the turns before this one.
    ///
    /// # Errors
    /// 429 when several wait already.
    pub(in crate::http) async fn turn(&self) -> Result<OneTurn, Problem> {
        self.http.visits.turn(self.visitor.id, self.address).await
    }

    /// Waits for the place where a recording is understood; it was paid for by the seconds before it.
    ///
    /// # Errors
    /// 429 when this address was listened to for long already, 503 when several wait.
    pub(in crate::http) async fn note(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.http.visits.count(self.address, Deed::Sound)?;
        self.http.visits.note().await
    }

    /// Counts the seconds of a recording.
    pub(in crate::http) fn listened(&self, length: Duration) {
        let visits = &self.http.visits;
        visits.charge(self.address, Deed::Sound, length.as_secs_f64());
    }

    /// The visitor of a token.
    ///
    /// # Errors
    /// 401 for a token that is not known any more, 403 for a page that is not of the workspace.
    pub(in crate::http) async fn of_token(
        app: &Arc<App>,
        token: &str,
        site: &Site,
    ) -> Result<Visitor, Problem> {
        if !token.starts_with(TokenKind::Visitor.prefix()) {
            return Err(over());
        }
        let (hash, now) = (TokenHash::of(token), now_ms());
        let found = app.store.read(move |conn| {
            let Some(visitor) = visitors::find_valid(conn, &hash, now)? else {
                return Ok(None);
            };
            let settings: WidgetSettings =
                workspaces::section(conn, visitor.workspace, WidgetSettings::SECTION)?;
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
        let visitor = Self::of_token(&http.app, token, &site).await?;
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
