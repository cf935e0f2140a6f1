//! What owners do with workflows: write, try, delete.

use crate::access::{Denied, Member, Scope};
use crate::contacts;
use crate::hours::Book;
use crate::language::Language;
use crate::store::facts::FactState;
use crate::store::workflows::{self as stored, Workflow};
use crate::store::{Store, StoreError, UnixMs};
use crate::workflows::{Definition, Problem, Run, Said, Stepped, World, begin, step, templates};

/// Who may see and change workflows.
pub(super) const MAY: &[Scope] = &[Scope::Admin];
/// Most workflows of a workspace.
const MOST: usize = 50;

#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The definition is wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Wrong(Vec<Problem>),
    #[error(
        "the text is of a workflow named {0}; write that name in the address, or change it in the text"
    )]
    OtherName(String),
    #[error("a workspace may have {MOST} workflows; delete one first")]
    Most,
    #[error("this run is of another version, or was changed; begin again")]
    Run,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn list(store: &Store, by: &Member) -> Result<Vec<Workflow>, WorkflowError> {
    let workspace = by.need(MAY)?;
    Ok(store
        .read(move |conn| stored::list(conn, workspace))
        .await?)
}

/// A workflow, with the number and time of each of its versions.
pub async fn get(
    store: &Store,
    by: &Member,
    name: String,
) -> Result<(Workflow, Vec<(u32, UnixMs)>), WorkflowError> {
    let workspace = by.need(MAY)?;
    let found = store.read(move |conn| {
        let workflow = stored::get(conn, workspace, &name)?;
        let versions = stored::versions(conn, &workflow)?;
        Ok((workflow.into_inner(), versions))
    });
    Ok(found.await?)
}

/// The text of a version.
pub async fn text_of(
    store: &Store,
    by: &Member,
    name: String,
    version: u32,
) -> Result<String, WorkflowError> {
    let workspace = by.need(MAY)?;
    let found = store
        .read(move |conn| stored::text_of(conn, workspace, &name, version))
        .await?;
    Ok(found.ok_or(StoreError::NotFound("the version"))?)
}

/// Versions with their texts, newest first, at most so many.
pub async fn history(
    store: &Store,
    by: &Member,
    name: String,
    most: usize,
) -> Result<Vec<(u32, UnixMs, String)>, WorkflowError> {
    let workspace = by.need(MAY)?;
    let found = store.read(move |conn| {
        let workflow = stored::get(conn, workspace, &name)?;
        let mut all = Vec::new();
        for (version, at) in stored::versions(conn, &workflow)?.into_iter().take(most) {
            if let Some(text) = stored::text_of(conn, workspace, &name, version)? {
                all.push((version, at, text));
            }
        }
        Ok(all)
    });
    Ok(found.await?)
}

/// Keeps a text as the next version of the workflow that it names. Without a text it is the template of that name.
///
/// # Errors
/// With every problem of the definition and its line; nothing is kept then.
pub async fn put(
    store: &Store,
    by: &Member,
    name: String,
    text: Option<String>,
    active: bool,
    now: UnixMs,
) -> Result<Workflow, WorkflowError> {
    let workspace = by.need(MAY)?;
    let text = match text {
        Some(text) => text,
        None => templates::find(&name)
            .ok_or(StoreError::NotFound("the template"))?
            .to_owned(),
    };
    let definition = Definition::parse(&text).map_err(WorkflowError::Wrong)?;
    if definition.name != name {
        return Err(WorkflowError::OtherName(definition.name));
    }
    let kept = store.write(move |tx| {
        let listed = stored::list(tx, workspace)?;
        if listed.len() >= MOST && !listed.iter().any(|known| known.name == name) {
            return Ok(None);
        }
        stored::put(tx, workspace, &name, &text, active, now)?;
        Ok(Some(stored::get(tx, workspace, &name)?.into_inner()))
    });
    kept.await?.ok_or(WorkflowError::Most)
}

/// Deletes a workflow with its versions.
pub async fn delete(store: &Store, by: &Member, name: String) -> Result<(), WorkflowError> {
    let workspace = by.need(MAY)?;
    let deleted = store.write(move |tx| {
        let workflow = stored::get(tx, workspace, &name)?;
        stored::delete(tx, &workflow)
    });
    Ok(deleted.await?)
}

/// A message of somebody who tries a workflow.
#[derive(Debug)]
pub struct Trial {
    pub text: String,
    /// The run so far; `None` begins one.
    pub run: Option<Run>,
    pub said: String,
    pub language: Option<Language>,
}

/// Goes one step with a definition. Nothing is kept and nothing is done.
///
/// # Errors
/// When the definition is wrong, or the run is none.
pub async fn try_out(store: &Store, by: &Member, trial: Trial) -> Result<Stepped, WorkflowError> {
    let workspace = by.need(MAY)?;
    let definition = Definition::parse(&trial.text).map_err(WorkflowError::Wrong)?;
    let (book, country) = store
        .read(move |conn| {
            let book = Book::open(conn, workspace)?;
            Ok((book, contacts::country(conn, workspace)?))
        })
        .await?;
    let now = jiff::Timestamp::now().to_zoned(book.zone()).datetime();
    let (hours, ..) = book.hours(FactState::Confirmed, None);
    let language = trial.language.unwrap_or(Language::En);
    let world = World {
        now,
        language,
        open: World::hours_of(&book, &hours, now.date()),
        country,
        consent: None,
    };
    let said = Said {
        text: &trial.said,
        ..Said::default()
    };
    match trial.run {
        None => Ok(begin(&definition, 0, &said, &world)),
        Some(run) if run.workflow == definition.name && !run.has_ended() => {
            Ok(step(&definition, run, &said, &world))
        }
        Some(_) => Err(WorkflowError::Run),
    }
}
