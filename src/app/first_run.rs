//! Sets up a fresh installation: a workspace, an assistant, a one-time setup link, and on request a
//! demo business.

use bytes::Bytes;
use rust_embed::RustEmbed;
use serde_json::json;

use super::{App, AppError, welcome};
use crate::store::assistants::{self, Assistant, NewAssistant};
use crate::store::token::{Token, TokenKind};
use crate::store::{Scoped, Store, StoreError, WorkspaceId, setup_tokens, users, workspaces};

/// How long a setup link is valid.
pub const SETUP_LINK_HOURS: i64 = 24;

const WORKSPACE: &str = "default";
pub(super) const ASSISTANT: &str = "frontdesk";

#[derive(RustEmbed)]
#[folder = "assets/demo"]
struct Demo;

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Creates the default workspace and its assistant if they do not exist.
pub async fn ensure_defaults(store: &Store) -> Result<(), StoreError> {
    ensure_workspace(store, WORKSPACE, "My business")
        .await
        .map(drop)
}

/// The workspace with this short name, created with an assistant if it does not exist.
pub async fn ensure_workspace(
    store: &Store,
    name: &str,
    title: &str,
) -> Result<WorkspaceId, StoreError> {
    let (name, title) = (name.to_owned(), title.to_owned());
    store
        .write(move |tx| {
            let workspace = workspaces::get_or_create(tx, &name, &title, now())?;
            if assistants::list(tx, workspace.id)?.is_empty() {
                let settings = json!({});
                let new = NewAssistant {
                    name: ASSISTANT,
                    title: "Front desk",
                    instructions: "",
                    greeting: "Hello! How can I help you?",
                    model: None,
                    settings: &settings,
                };
                assistants::create(tx, workspace.id, &new, now())?;
            }
            Ok(workspace.id)
        })
        .await
}

/// The workspace used when none is named.
pub async fn default_workspace(store: &Store) -> Result<WorkspaceId, StoreError> {
    store
        .read(|conn| {
            workspaces::find_by_name(conn, WORKSPACE)?
                .map(|w| w.id)
                .ok_or(StoreError::NotFound("the default workspace"))
        })
        .await
}

/// The assistant that answers when none is named.
///
/// # Errors
/// When the workspace has none.
pub async fn default_assistant(
    store: &Store,
    workspace: WorkspaceId,
) -> Result<Assistant, StoreError> {
    store
        .read(move |conn| {
            assistants::usual(conn, workspace, ASSISTANT)?
                .map(Scoped::into_inner)
                .ok_or(StoreError::NotFound("an assistant in this workspace"))
        })
        .await
}

/// Makes a setup token; `None` if somebody has an account. Earlier tokens stay valid until they expire.
pub async fn setup_token(store: &Store) -> Result<Option<String>, StoreError> {
    store
        .write(|tx| {
            if users::count(tx)? > 0 {
                return Ok(None);
            }
            let token = Token::generate(TokenKind::Setup)?;
            let expires = now() + SETUP_LINK_HOURS * 3_600_000;
            setup_tokens::create(tx, &token.hash(), now(), expires)?;
            Ok(Some(token.reveal().to_owned()))
        })
        .await
}

/// Puts the demo business's documents into the default workspace, unless it has documents already.
pub async fn load_demo(app: &App) -> Result<(), AppError> {
    let workspace = default_workspace(&app.store).await?;
    let has_any = app
        .store
        .read(move |conn| Ok(!crate::store::documents::list(conn, workspace)?.is_empty()))
        .await?;
    if has_any {
        return Ok(());
    }
    app.store
        .write(move |tx| welcome::spare_demo(tx, workspace))
        .await?;
    for name in Demo::iter() {
        if let Some(file) = Demo::get(&name) {
            app.knowledge
                .documents()
                .submit(
                    workspace,
                    name.into_owned(),
                    Bytes::from(file.data.into_owned()),
                )
                .await?;
        }
    }
    Ok(())
}
