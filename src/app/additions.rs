//! What the language model may add to quotations.

use serde::{Deserialize, Serialize};

use crate::access::{Denied, Member, Scope};
use crate::agent::{AnswerSettings, Switch};
use crate::store::{Store, StoreError};

const MAY: &[Scope] = &[Scope::Admin];

/// Whether the model adds to answers that are already shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Additions {
    /// A friendly sentence.
    pub friendly: Switch,
    /// A translation, where a quotation is not in the visitor's language.
    pub translate: Switch,
}

#[derive(Debug, thiserror::Error)]
pub enum AdditionsError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn get(store: &Store, by: &Member) -> Result<Additions, AdditionsError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| AnswerSettings::of(conn, workspace));
    let settings = read.await?;
    Ok(Additions {
        friendly: settings.friendly,
        translate: settings.translate,
    })
}

/// Replaces them, from the next answer on.
pub async fn set(store: &Store, by: &Member, additions: Additions) -> Result<(), AdditionsError> {
    let workspace = by.need(MAY)?;
    let write = store.write(move |tx| {
        let new = [
            ("friendly".to_owned(), serde_json::json!(additions.friendly)),
            (
                "translate".to_owned(),
                serde_json::json!(additions.translate),
            ),
        ];
        AnswerSettings::extend(tx, workspace, new.into_iter().collect(), None)
    });
    Ok(write.await?)
}
