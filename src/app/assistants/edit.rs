//! The draft, what goes live, and going back.

use serde_json::{Map, Value};

use super::check::check;
use super::chosen::{find_unknown, refuse_to_publish, refuse_unknown};
use super::file::merge;
use super::{AssistantError, MAY, Overview, get, named};
use crate::access::Member;
use crate::agent::{Answer, Display, Turn};
use crate::app::App;
use crate::eval::gate::{self, Proposed, author_of};
use crate::knowledge::{Audience, View};
use crate::llm::{ChatMessage, Claim};
use crate::store::UnixMs;
use crate::store::assistants::versions::{self, DRAFT, Signed};
use crate::store::assistants::{self, AssistantSettings, Body, KnowledgeView};

/// Longest remark on a version, in characters.
const LONGEST_NOTE: usize = 300;

fn check_note(note: &str) -> Result<String, AssistantError> {
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    match note.chars().count() > LONGEST_NOTE {
        true => Err(super::wrong(
            "note",
            format!("a remark may have {LONGEST_NOTE} characters"),
        )),
        false => Ok(note),
    }
}

/// Changes the draft, or begins one from what is live. Each field takes the place of the one before, `null` makes it inherited
/// again, and what is absent stays. A draft that waits at the gate waits no longer. A draft that says what is live is none.
///
/// # Errors
/// When a setting is invalid, or it names a workflow or tool that is not there; then nothing changes.
pub async fn save_draft(
    app: &App,
    by: &Member,
    name: &str,
    changes: Map<String, Value>,
    note: Option<&str>,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    save(app, by, name, changes, note, now, Names::Known).await
}

/// Whether workflows and tools have to be there that a version names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Known,
    /// A file may come before what it names.
    Any,
}

pub(super) async fn save(
    app: &App,
    by: &Member,
    name: &str,
    changes: Map<String, Value>,
    note: Option<&str>,
    now: UnixMs,
    names: Names,
) -> Result<Overview, AssistantError> {
    let workspace = by.need(MAY)?;
    let before = get(&app.store, by, name).await?;
    let work = before.work()?;
    let body = check(merge(&work, changes)?, &app.synthesizer.voices())?;
    if names == Names::Known {
        refuse_unknown(&app.store, workspace, Some(&work), &body).await?;
    }
    let kept = before.draft().map(|draft| draft.note.clone());
    let note = match note {
        Some(note) => check_note(note)?,
        None => kept.unwrap_or_default(),
    };
    let (name, author) = (name.to_owned(), author_of(by));
    let write = app.store.write(move |tx| {
        let found = named(tx, workspace, &name)?;
        gate::withdraw_draft(tx, workspace, found.id)?;
        if found.is_published() && found.body()? == body {
            versions::discard_draft(tx, &found)?;
        } else {
            let by = Signed {
                author: &author,
                note: &note,
            };
            versions::save_draft(tx, &found, &body, by, now)?;
        }
        Overview::load(tx, found)
    });
    Ok(write.await?)
}

/// Throws the draft away; what waits of it at the gate is taken back.
///
/// # Errors
/// `NoDraft`; `OnlyDraft` while nothing was published.
pub async fn discard(app: &App, by: &Member, name: &str) -> Result<Overview, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let write = app.store.write(move |tx| {
        let found = named(tx, workspace, &name)?;
        if !found.is_published() {
            return Ok(Err(AssistantError::OnlyDraft));
        }
        gate::withdraw_draft(tx, workspace, found.id)?;
        match versions::discard_draft(tx, &found)? {
            true => Ok(Ok(Overview::load(tx, found)?)),
            false => Ok(Err(AssistantError::NoDraft)),
        }
    });
    write.await?
}

/// Makes the draft what visitors get. While the gate is on it waits there, for the golden questions and a decision. What it names
/// has to be there, but for what the live version names too: a file may have come before its workflows.
///
/// # Errors
/// `NoDraft`; `Wrong` with all that is missing.
pub async fn publish(
    app: &App,
    by: &Member,
    name: &str,
    note: Option<&str>,
) -> Result<(Proposed, Overview), AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let note = note.map(check_note).transpose()?;
    let (author, voices) = (author_of(by), app.synthesizer.voices());
    let write = app.store.write(move |tx| {
        let found = named(tx, workspace, &name)?;
        let Some(draft) = versions::draft(tx, &found)? else {
            return Ok(Err(AssistantError::NoDraft));
        };
        let live = match found.is_published() {
            true => found.own()?,
            false => AssistantSettings::default(),
        };
        let unknown = find_unknown(tx, workspace, &live, &draft.body.settings, &voices)?;
        if let Err(missing) = refuse_to_publish(&unknown) {
            return Ok(Err(missing));
        }
        let by = Signed {
            author: &author,
            note: note.as_deref().unwrap_or(&draft.note),
        };
        let done = gate::propose_body(tx, workspace, found.id, &draft.body, by)?;
        let found = assistants::get(tx, workspace, found.id)?;
        Ok(Ok((done, Overview::load(tx, found)?)))
    });
    write.await?
}

/// Makes what an earlier version says live again, at once, as a version of its own. The draft stays.
///
/// # Errors
/// `NoVersion`, also for the one that is live.
pub async fn roll_back(
    app: &App,
    by: &Member,
    name: &str,
    to: u32,
    now: UnixMs,
) -> Result<Overview, AssistantError> {
    let (workspace, name) = (by.need(MAY)?, name.to_owned());
    let author = author_of(by);
    let write = app.store.write(move |tx| {
        let found = named(tx, workspace, &name)?;
        let version = versions::find(tx, &found, to)?;
        let Some(version) = version.filter(|v| v.number != DRAFT && v.number != found.version)
        else {
            return Ok(None);
        };
        let note = format!("Back to version {to}");
        let by = Signed {
            author: &author,
            note: &note,
        };
        versions::publish(tx, &found, &version.body, by, now)?;
        let found = assistants::get(tx, workspace, found.id)?;
        Overview::load(tx, found).map(Some)
    });
    write.await?.ok_or(AssistantError::NoVersion(to))
}

/// What the draft would answer a visitor (or what is live, without a draft). Nothing of it is kept.
///
/// # Errors
/// Those of a turn.
pub async fn try_out(
    app: &App,
    by: &Member,
    name: &str,
    question: String,
    history: Vec<ChatMessage>,
    claim: Claim,
) -> Result<Answer, AssistantError> {
    let overview = get(&app.store, by, name).await?;
    let body: Body = overview.work()?;
    let staff = body.settings.knowledge.view == Some(KnowledgeView::Staff);
    let turn = Turn {
        workspace: by.workspace(),
        assistant: overview.assistant.with_body(&body),
        conversation: None,
        history,
        question,
        client_id: None,
        claim,
        sampling: None,
        now: None,
        audience: match staff {
            true => Audience::Staff,
            false => Audience::Visitors,
        },
        display: Display::Whole,
        evaluation: true,
        stays: false,
    };
    Ok(app.agent.measure(turn, View::Live).await?.answer)
}

impl Overview {
    /// What a version says, by its number; the draft is 0.
    ///
    /// # Errors
    /// `NoDraft`, `NoVersion`.
    pub fn body_of(&self, number: u32) -> Result<Body, AssistantError> {
        match (self.version(number), number) {
            (Some(version), _) => Ok(version.body.clone()),
            (None, DRAFT) => Err(AssistantError::NoDraft),
            (None, number) => Err(AssistantError::NoVersion(number)),
        }
    }
}
