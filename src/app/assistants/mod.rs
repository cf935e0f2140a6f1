//! Assistants: making one, its draft, what goes live, going back, copies and files, deleting and bringing back.
//!
//! Invariant: a new assistant is a draft, and nobody but staff reaches it before it was published (`Assistant::is_for_staff`).
//!
//! Reading order: this file (which there are), `edit` (draft, publishing, going back), `check` (what a version may say), `chosen`
//! (whether what it names is there), `words` (a version and the difference of two in words), `file` (one file to take elsewhere).
//!
//! To add a setting: a field in `store/assistants/settings.rs` (`None` inherits), its check and its line in words (`check`, `words`,
//! `inherited`), its field on a page (`assistant_form` and `assistant_read` of the console), a test, and where it takes effect.

mod check;
mod chosen;
mod edit;
mod file;
mod inherited;
mod words;

pub use chosen::warnings;
pub use edit::{discard, publish, roll_back, save_draft, try_out};
pub use file::{FileKind, LARGEST, export, flat, import, read_flat};
pub use inherited::{Inherited, inherited};
pub use words::{Difference, Line, compare, describe};

use super::App;
use super::first_run::ASSISTANT;
use crate::access::{Denied, Member, Scope};
use crate::agent::AgentError;
use crate::eval::gate::{self, author_of};
use crate::store::assistants::versions::{self, AssistantVersion, DRAFT, Signed};
use crate::store::assistants::{self, Assistant, Body, NewAssistant};
use crate::store::{
    Connection, Scoped, Store, StoreError, Transaction, UnixMs, WorkspaceId, conversations,
};

pub(super) const MAY: &[Scope] = &[Scope::Admin];
/// Of a workspace.
const MOST: usize = 50;
/// In characters.
const LONGEST_NAME: usize = 40;
/// Paths of the API have them.
const RESERVED: [&str; 3] = ["import", "new", "deleted"];

#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// A setting is invalid.
    #[error("{detail}")]
    Wrong { field: String, detail: String },
    #[error("there is no draft of this assistant; change something first")]
    NoDraft,
    #[error("the assistant has no version {0}")]
    NoVersion(u32),
    #[error(
        "this is the only assistant that visitors get; publish another one before you delete it"
    )]
    Last,
    #[error(
        "nothing of this assistant was published yet, so without its draft nothing would be left; delete it instead"
    )]
    OnlyDraft,
    #[error("a workspace can have at most {MOST} assistants; delete one first")]
    TooMany,
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) fn wrong(field: impl Into<String>, detail: impl Into<String>) -> AssistantError {
    AssistantError::Wrong {
        field: field.into(),
        detail: detail.into(),
    }
}

/// An assistant with its versions.
#[derive(Debug, Clone)]
pub struct Overview {
    pub assistant: Scoped<Assistant>,
    /// The draft first, then the newest.
    pub versions: Vec<AssistantVersion>,
    /// Whether the draft waits at the gate.
    pub waits: bool,
    /// Whether visitors get it unless a page names another one.
    pub usual: bool,
}

impl Overview {
    fn load(conn: &Connection, assistant: Scoped<Assistant>) -> Result<Self, StoreError> {
        let (workspace, id) = (assistant.workspace(), assistant.id);
        Ok(Self {
            versions: versions::list(conn, &assistant)?,
            waits: gate::waiting_body(conn, workspace, id)?.is_some(),
            usual: first(conn, workspace)?.is_some_and(|first| first == id),
            assistant,
        })
    }

    pub fn draft(&self) -> Option<&AssistantVersion> {
        self.versions.iter().find(|version| version.number == DRAFT)
    }

    pub fn version(&self, number: u32) -> Option<&AssistantVersion> {
        let mut versions = self.versions.iter();
        versions.find(|version| version.number == number)
    }

    /// What staff work on: the draft, or what is live.
    ///
    /// # Errors
    /// When the stored settings have another shape.
    pub fn work(&self) -> Result<Body, StoreError> {
        match self.draft() {
            Some(draft) => Ok(draft.body.clone()),
            None => self.assistant.body(),
        }
    }
}

/// The assistant that answers when none is named.
fn first(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Option<crate::store::AssistantId>, StoreError> {
    Ok(assistants::usual(conn, workspace, ASSISTANT)?.map(|one| one.id))
}

/// All assistants, and those that were deleted and can be brought back.
pub async fn list(
    store: &Store,
    by: &Member,
) -> Result<(Vec<Overview>, Vec<Assistant>), AssistantError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| {
        let mut all = Vec::new();
        for one in assistants::list(conn, workspace)? {
            let one = assistants::get(conn, workspace, one.id)?;
            all.push(Overview::load(conn, one)?);
        }
        Ok((all, assistants::list_deleted(conn, workspace)?))
    });
    Ok(read.await?)
}

/// # Errors
/// `NotFound`.
pub async fn get(store: &Store, by: &Member, name: &str) -> Result<Overview, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let read = store.read(move |conn| Overview::load(conn, named(conn, workspace, &name)?));
    Ok(read.await?)
}

pub(super) fn named(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Scoped<Assistant>, StoreError> {
    assistants::find_by_name(conn, workspace, name)?.ok_or(StoreError::NotFound("the assistant"))
}

/// A short name: small letters, digits and hyphens.
///
/// # Errors
/// A sentence for people.
pub fn check_name(name: &str) -> Result<String, AssistantError> {
    let name = name.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !fits {
        let told = format!(
            "the short name has 1 to {LONGEST_NAME} small letters, digits and hyphens, such as front-desk"
        );
        return Err(wrong("name", told));
    }
    match RESERVED.contains(&name) {
        true => Err(wrong(
            "name",
            format!("`{name}` cannot be a short name; take another"),
        )),
        false => Ok(name.to_owned()),
    }
}

/// Makes an assistant, as a draft: nobody but staff reaches it until it is published.
///
/// # Errors
/// When the name is taken, a setting is invalid, or it names a workflow or tool that is not there.
pub async fn create(
    app: &App,
    by: &Member,
    name: &str,
    body: Body,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    chosen::refuse_unknown(&app.store, by.need(MAY)?, None, &body).await?;
    make(app, by, name, body, now).await
}

/// As [`create`], whatever it names.
async fn make(
    app: &App,
    by: &Member,
    name: &str,
    body: Body,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    let workspace = by.need(MAY)?;
    let (name, body) = (
        check_name(name)?,
        check::check(body, &app.synthesizer.voices())?,
    );
    let author = author_of(by);
    let write = app.store.write(move |tx| {
        if assistants::list(tx, workspace)?.len() >= MOST {
            return Ok(None);
        }
        if assistants::find_by_name(tx, workspace, &name)?.is_some() {
            let told = format!("there is an assistant named `{name}` already");
            return Err(StoreError::Conflict(told.into()));
        }
        let id = insert(tx, workspace, &name, &body, &author, now)?;
        Overview::load(tx, assistants::get(tx, workspace, id)?).map(Some)
    });
    write.await?.ok_or(AssistantError::TooMany)
}

fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    body: &Body,
    author: &str,
    now: UnixMs,
) -> Result<crate::store::AssistantId, StoreError> {
    let settings = serde_json::json!(body.settings);
    let new = NewAssistant {
        name,
        title: &body.title,
        instructions: &body.instructions,
        greeting: &body.greeting,
        model: body.model.as_deref(),
        settings: &settings,
    };
    let id = assistants::create_draft(tx, workspace, &new, now)?;
    versions::sign(
        tx,
        &assistants::get(tx, workspace, id)?,
        DRAFT,
        Signed { author, note: "" },
    )?;
    Ok(id)
}

/// Makes another assistant of what staff work on in this one.
///
/// # Errors
/// As [`create`].
pub async fn duplicate(
    app: &App,
    by: &Member,
    of: &str,
    name: &str,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    let body = get(&app.store, by, of).await?.work()?;
    make(app, by, name, body, now).await
}

/// # Errors
/// When the name is taken.
pub async fn rename(
    store: &Store,
    by: &Member,
    of: &str,
    name: &str,
) -> Result<Overview, AssistantError> {
    let workspace = by.need(MAY)?;
    let (of, name) = (of.to_owned(), check_name(name)?);
    let write = store.write(move |tx| {
        let found = named(tx, workspace, &of)?;
        assistants::rename(tx, &found, &name)?;
        Overview::load(tx, assistants::get(tx, workspace, found.id)?)
    });
    Ok(write.await?)
}

/// Deletes an assistant; it can be brought back for 30 days. What waits of it at the gate is taken back. Its conversations go on
/// with the usual assistant.
///
/// # Errors
/// `Last` for the only one that is live.
pub async fn delete(
    store: &Store,
    by: &Member,
    name: &str,
    now: UnixMs,
) -> Result<(), AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let write = store.write(move |tx| {
        let found = named(tx, workspace, &name)?;
        let mut others = assistants::list(tx, workspace)?.into_iter();
        if !others.any(|other| other.id != found.id && other.is_published()) {
            return Ok(false);
        }
        gate::withdraw(tx, workspace, found.id)?;
        assistants::hide(tx, &found, now)?;
        Ok(true)
    });
    match write.await? {
        true => Ok(()),
        false => Err(AssistantError::Last),
    }
}

/// Brings back the assistant that was deleted last under this name.
///
/// # Errors
/// `NotFound` if there is none, `Conflict` if the name is taken.
pub async fn restore(store: &Store, by: &Member, name: &str) -> Result<Overview, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let write = store.write(move |tx| {
        let id = assistants::restore(tx, workspace, &name)?;
        Overview::load(tx, assistants::get(tx, workspace, id)?)
    });
    Ok(write.await?)
}

/// Gives an assistant a key for web pages, or a new one; the former one ends at once.
pub async fn renew_site_key(
    store: &Store,
    by: &Member,
    name: &str,
) -> Result<String, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let write =
        store.write(move |tx| assistants::renew_site_key(tx, &named(tx, workspace, &name)?));
    Ok(write.await?)
}

/// How many conversations each version of an assistant answered, the newest version first.
pub async fn count_conversations(
    store: &Store,
    by: &Member,
    name: &str,
) -> Result<Vec<(u32, u64)>, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let read = store
        .read(move |conn| conversations::count_by_version(conn, &named(conn, workspace, &name)?));
    Ok(read.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_small_and_plain() {
        for fine in ["a", "front-desk", "desk2"] {
            assert_eq!(check_name(fine).unwrap(), fine);
        }
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a b",
            "a~b",
            "über",
            "import",
            &"x".repeat(41),
        ] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
