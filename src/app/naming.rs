//! What the business and its assistant are called.

use super::first_run::ASSISTANT;
use crate::access::{Denied, Member, Scope};
use crate::eval::gate::author_of;
use crate::store::assistants::versions::{self, Signed};
use crate::store::assistants::{self, Assistant, Body};
use crate::store::{
    Connection, Scoped, Store, StoreError, Transaction, UnixMs, WorkspaceId, workspaces,
};

/// Longest name of a business, in characters.
const LONGEST_BUSINESS: usize = 80;
/// Longest name of an assistant, in characters: as much as the head of the widget shows.
const LONGEST_ASSISTANT: usize = 60;
const MAY: &[Scope] = &[Scope::Admin];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub business: String,
    /// What visitors see above the chat.
    pub assistant: String,
}

#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    #[error("{0}")]
    Business(&'static str),
    #[error("Give the assistant a name of at most {LONGEST_ASSISTANT} characters.")]
    Assistant,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with the name of a business.
pub fn wrong_business(name: &str) -> Option<&'static str> {
    let fits = (1..=LONGEST_BUSINESS).contains(&name.trim().chars().count());
    (!fits).then_some("Give your business a name of at most 80 characters.")
}

/// # Errors
/// When one is empty or too long.
pub fn check(names: &Names) -> Result<(), NamingError> {
    if let Some(wrong) = wrong_business(&names.business) {
        return Err(NamingError::Business(wrong));
    }
    let fits = (1..=LONGEST_ASSISTANT).contains(&names.assistant.trim().chars().count());
    fits.then_some(()).ok_or(NamingError::Assistant)
}

pub async fn get(store: &Store, by: &Member) -> Result<Names, NamingError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| {
        Ok(Names {
            business: workspaces::get(conn, workspace)?.title,
            assistant: first_assistant(conn, workspace)?.title.clone(),
        })
    });
    Ok(read.await?)
}

/// Changes both names; answers use them from now on.
///
/// # Errors
/// When one is empty or too long; then neither is changed.
pub async fn set(
    store: &Store,
    by: &Member,
    names: &Names,
    now: UnixMs,
) -> Result<(), NamingError> {
    let workspace = by.need(MAY)?;
    check(names)?;
    let title = names.assistant.trim().to_owned();
    let business = names.business.trim().to_owned();
    let author = author_of(by);
    let write = store.write(move |tx| {
        let before = workspaces::get(tx, workspace)?;
        workspaces::update(tx, workspace, &business, &before.settings)?;
        entitle(tx, workspace, &title, &author, now)
    });
    Ok(write.await?)
}

fn entitle(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    title: &str,
    author: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let assistant = first_assistant(tx, workspace)?;
    if assistant.title == title {
        return Ok(());
    }
    let body = Body {
        title: title.to_owned(),
        ..assistant.body()?
    };
    let by = Signed {
        author,
        note: "Its name",
    };
    versions::publish(tx, &assistant, &body, by, now).map(drop)
}

/// The assistant that answers when none is named.
fn first_assistant(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Scoped<Assistant>, StoreError> {
    let usual = assistants::usual(conn, workspace, ASSISTANT)?;
    usual.ok_or(StoreError::NotFound("an assistant in this workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Principal;
    use crate::app::ensure_workspace;

    #[tokio::test]
    async fn both_names_change_together_and_bad_ones_change_nothing() {
        let store = Store::open_in_memory().unwrap();
        let workspace = ensure_workspace(&store, "shop", "Shop").await.unwrap();
        let member = Principal::installation().in_workspace(workspace).unwrap();
        let names = |business: &str, assistant: &str| Names {
            business: business.into(),
            assistant: assistant.into(),
        };
        set(&store, &member, &names(" Marlow Bicycles ", "Marla"), 5)
            .await
            .unwrap();
        let kept = names("Marlow Bicycles", "Marla");
        assert_eq!(get(&store, &member).await.unwrap(), kept);
        let long = "x".repeat(81);
        for (business, assistant) in [("", "Marla"), ("Shop", " "), (long.as_str(), "A")] {
            let refused = set(&store, &member, &names(business, assistant), 6).await;
            assert!(refused.is_err(), "{business} {assistant}");
        }
        let long = names("Other", &"x".repeat(LONGEST_ASSISTANT + 1));
        let refused = set(&store, &member, &long, 6).await.unwrap_err();
        assert!(refused.to_string().contains("60"), "{refused}");
        assert_eq!(get(&store, &member).await.unwrap(), kept);
    }
}
