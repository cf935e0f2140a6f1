//! Who calls, and whether they may.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::StatusCode;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::wire::{Reader, Start, StartChannel};
use crate::app::App;
use crate::http::address::network_of;
use crate::http::api::find_to_ask;
use crate::http::auth::{Caller as Who, OfCredential, OfPrincipal, Principal, Scope};
use crate::http::problem::Problem;
use crate::http::voice::assistant::for_visitors;
use crate::http::voice::origin::Site;
use crate::http::voice::rate::{OneCall, Visits};
use crate::http::voice::{Guest as Visitors, load_offer};
use crate::store::ConversationId;
use crate::store::assistants::Assistant;
use crate::store::calls::CallChannel;
use crate::store::conversations::{self, Channel};
use crate::store::token::TokenHash;
use crate::store::visitors::Visitor;
use crate::usage::Flow;
use crate::voice::{CallPlace, Caller};

/// The client that opened the socket.
pub(super) struct Guest {
    pub(super) app: Arc<App>,
    pub(super) visits: Arc<Visits>,
    pub(super) site: Site,
    pub(super) address: IpAddr,
    /// Whether the request comes from this machine itself, not through a proxy.
    pub(super) at_machine: bool,
    /// The person or program of the handshake; `None` without a valid credential.
    pub(super) signed_in: Option<Principal>,
}

/// A call that can begin.
pub(super) struct Ready {
    pub(super) caller: Caller,
    pub(super) place: CallPlace,
    pub(super) reader: Reader,
    /// A visitor's place, held while the call lasts.
    pub(super) _one: Option<OneCall>,
    /// Completes when the caller's credential stops counting.
    pub(super) outlived: BoxFuture<'static, ()>,
}

/// Why a call cannot begin.
pub(super) enum Refused {
    Problem(Problem),
    /// There is no free line or no voice engine; a sentence for the caller.
    Busy(String),
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Problem(error.into())
    }
}

impl Guest {
    /// Takes a place for the call that the first message asks for.
    pub(super) async fn admit(&self, start: Start) -> Result<Ready, Refused> {
        match &start.token {
            Some(token) => {
                let (site, at_machine) = (&self.site, self.at_machine);
                let visitor = Visitors::find_by_token(&self.app, token, site, at_machine).await?;
                let token = TokenHash::of(token);
                let outlived = Visitors::outlived(Arc::clone(&self.app), token, at_machine);
                self.admit_visitor(visitor, start, outlived.boxed()).await
            }
            None => self.admit_staff(start).await,
        }
    }

    async fn admit_visitor(
        &self,
        visitor: Visitor,
        start: Start,
        outlived: BoxFuture<'static, ()>,
    ) -> Result<Ready, Refused> {
        let workspace = visitor.workspace;
        let assistant =
            for_visitors(&self.app, workspace, start.assistant, visitor.assistant).await?;
        let one = self.visits.call(visitor.id, self.address);
        let one = one.map_err(|message| Refused::Busy(message.into()))?;
        let (place, notice) = self.take_place(&assistant, CallChannel::Browser).await?;
        let own =
            Visitors::conversation(&self.app, &visitor, assistant.id, Channel::Voice, None).await?;
        if start
            .conversation
            .is_some_and(|id| id != own.id.to_string())
        {
            return Err(Problem::not_found("conversation").into());
        }
        Ok(Ready {
            caller: Caller {
                workspace,
                assistant,
                channel: CallChannel::Browser,
                name: Some(visitor.id.to_string()),
                conversation: Some(own.id),
                begun_by: None,
                flow: Flow::visitor(workspace, network_of(self.address), visitor.id),
            },
            place,
            reader: Reader {
                staff: false,
                notice,
            },
            _one: Some(one),
            outlived,
        })
    }

    async fn admit_staff(&self, start: Start) -> Result<Ready, Refused> {
        let principal = self
            .signed_in
            .as_ref()
            .filter(|principal| principal.may(Scope::Chat))
            .ok_or_else(|| {
                Problem::invalid("token", "the first message needs a visitor's token")
            })?;
        // A visitor's browser cannot get here as a kiosk: only staff and programs may choose the channel.
        let channel = match start.channel {
            Some(StartChannel::Kiosk) if !principal.may(Scope::Admin) => {
                let detail = "a kiosk needs a key with the scope `admin`";
                return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into());
            }
            Some(StartChannel::Kiosk) => CallChannel::Kiosk,
            Some(StartChannel::Browser) | None => CallChannel::Browser,
        };
        let named = start.workspace.as_deref();
        let workspace = principal.workspace(&self.app, named).await?.id;
        let assistant = find_to_ask(&self.app, principal, workspace, start.assistant).await?;
        let conversation = match start.conversation {
            Some(text) => {
                let id: ConversationId = text
                    .parse()
                    .map_err(|_| Problem::not_found("conversation"))?;
                let load = move |conn: &_| conversations::get(conn, workspace, id);
                let found = self.app.store.read(load).await?;
                // Some callers see only their own conversations; others look absent to them.
                let own = principal.own_conversations();
                if own.is_some() && found.begun_by != own {
                    return Err(Problem::not_found("conversation").into());
                }
                Some(found.id)
            }
            None => None,
        };
        let (place, notice) = self.take_place(&assistant, channel).await?;
        let begun_by = match principal.caller() {
            Who::Key(id) => Some(*id),
            Who::User(_) | Who::Secret | Who::Installation => None,
        };
        let name = match principal.caller() {
            Who::User(user) => Some(user.name.clone()),
            Who::Key(_) | Who::Secret | Who::Installation => None,
        };
        Ok(Ready {
            caller: Caller {
                workspace,
                assistant,
                channel,
                name,
                conversation,
                begun_by,
                flow: principal.credential().flow(workspace),
            },
            place,
            reader: Reader {
                staff: true,
                notice,
            },
            _one: None,
            outlived: principal.credential().outlived(self.app.clone()).boxed(),
        })
    }

    async fn take_place(
        &self,
        assistant: &Assistant,
        channel: CallChannel,
    ) -> Result<(CallPlace, String), Refused> {
        let offer = load_offer(&self.app, assistant).await?;
        if let Some(reason) = offer.reason {
            return Err(Refused::Busy(reason.into()));
        }
        let place = self.app.voice.admit(assistant.workspace, channel).await;
        let place = place.map_err(|busy| Refused::Busy(busy.to_string()))?;
        Ok((place, offer.settings.recording_notice))
    }
}
