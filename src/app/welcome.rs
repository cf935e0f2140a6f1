//! The walk through the first steps of a new front desk: what is done, what was put off, what is next.
//!
//! Whether a step is done is read from the store, so whatever an owner does elsewhere counts. Kept are only what no other
//! row tells: what was put off or hidden, that the verdict was read, and from which websites visits came.

use serde::{Deserialize, Serialize};

use crate::access::{Denied, Member, Scope};
use crate::store::progress::{self, Progress};
use crate::store::{Connection, Store, StoreError, Transaction, WorkspaceId, workspaces};

/// Who is led through it.
const MAY: &[Scope] = &[Scope::Admin];
/// In the settings of the workspace.
const SECTION: &str = "welcome";
/// As many as may show the widget.
const MOST_ORIGINS: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Name, language, clock, hours, address.
    Business,
    /// Documents or a website.
    Knowledge,
    /// Asking as a visitor would.
    Try,
    /// The line for the owner's website.
    Website,
    /// What this machine can do.
    Machine,
}

impl Step {
    pub const ALL: [Self; 5] = [
        Self::Business,
        Self::Knowledge,
        Self::Try,
        Self::Website,
        Self::Machine,
    ];

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Knowledge => "knowledge",
            Self::Try => "try",
            Self::Website => "website",
            Self::Machine => "machine",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Done,
    /// Put off for now.
    Skipped,
    Open,
}

#[derive(Debug, thiserror::Error)]
pub enum WelcomeError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is kept of the walk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// A new owner came by a setup link. Older front desks and the demo are left alone.
    begun: bool,
    /// The owner wants no reminder.
    dismissed: bool,
    skipped: Vec<Step>,
    /// The verdict on the machine was read.
    looked: bool,
    /// Origins of websites from which somebody came.
    visited: Vec<String>,
}

/// What the walk has to know of the widget's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Widget {
    enabled: bool,
    origins: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Walk {
    kept: Kept,
    /// Whether a website that may show the widget has shown it to somebody.
    is_embedded: bool,
    pub progress: Progress,
}

impl Walk {
    pub fn state(&self, step: Step) -> State {
        let done = match step {
            Step::Business => self.progress.hours || self.progress.clock,
            Step::Knowledge => self.progress.knowledge,
            Step::Try => self.progress.asked,
            Step::Website => self.is_embedded,
            Step::Machine => self.kept.looked,
        };
        match (done, self.kept.skipped.contains(&step)) {
            (true, _) => State::Done,
            (false, true) => State::Skipped,
            (false, false) => State::Open,
        }
    }

    /// How many steps are done.
    pub fn done(&self) -> usize {
        let done = |step: &Step| self.state(*step) == State::Done;
        Step::ALL.iter().filter(|step| done(step)).count()
    }

    pub fn is_finished(&self) -> bool {
        self.done() == Step::ALL.len()
    }

    /// Whether to remind a new owner of it.
    pub fn invites(&self) -> bool {
        self.kept.begun && !self.kept.dismissed && !self.is_finished()
    }

    /// Where to go on: the first step that is neither done nor put off, else the first that was put off.
    pub fn next(&self) -> Option<Step> {
        let first = |state| {
            Step::ALL
                .into_iter()
                .find(|step| self.state(*step) == state)
        };
        first(State::Open).or_else(|| first(State::Skipped))
    }

    /// Where to go after a step: the next one that is open; `None` if none follows it.
    pub fn after(&self, step: Step) -> Option<Step> {
        let mut following = Step::ALL.into_iter().skip_while(|other| *other != step);
        following.next();
        following.find(|other| self.state(*other) == State::Open)
    }

    /// Whether somebody came from this website.
    pub fn saw(&self, origin: &str) -> bool {
        self.kept.visited.iter().any(|seen| seen == origin)
    }
}

pub fn read(conn: &Connection, workspace: WorkspaceId) -> Result<Walk, StoreError> {
    let kept: Kept = workspaces::section(conn, workspace, SECTION)?;
    let widget: Widget = workspaces::section(conn, workspace, "widget")?;
    let came = |origin: &String| kept.visited.contains(origin);
    Ok(Walk {
        is_embedded: widget.enabled && widget.origins.iter().any(came),
        progress: progress::read(conn, workspace)?,
        kept,
    })
}

/// Whether somebody is to be reminded, without looking at what is done.
pub fn is_under_way(settings: &serde_json::Value) -> bool {
    let kept = settings.get(SECTION);
    let kept = kept.and_then(|section| Kept::deserialize(section).ok());
    kept.is_some_and(|kept| kept.begun && !kept.dismissed)
}

pub async fn load(store: &Store, by: &Member) -> Result<Walk, WelcomeError> {
    let workspace = by.need(MAY)?;
    Ok(store.read(move |conn| read(conn, workspace)).await?)
}

/// Puts a step off for now.
pub async fn skip(store: &Store, by: &Member, step: Step) -> Result<(), WelcomeError> {
    change(store, by, move |kept| {
        if !kept.skipped.contains(&step) {
            kept.skipped.push(step);
        }
    })
    .await
}

/// The owner has read what this machine can do.
pub async fn look(store: &Store, by: &Member) -> Result<(), WelcomeError> {
    change(store, by, |kept| kept.looked = true).await
}

/// No more reminders, or reminders again.
pub async fn dismiss(store: &Store, by: &Member, dismissed: bool) -> Result<(), WelcomeError> {
    change(store, by, move |kept| kept.dismissed = dismissed).await
}

async fn change(
    store: &Store,
    by: &Member,
    edit: impl FnOnce(&mut Kept) + Send + 'static,
) -> Result<(), WelcomeError> {
    let workspace = by.need(MAY)?;
    let write = store.write(move |tx| set(tx, workspace, edit));
    Ok(write.await?)
}

fn set(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    edit: impl FnOnce(&mut Kept),
) -> Result<(), StoreError> {
    let before: Kept = workspaces::section(tx, workspace, SECTION)?;
    let mut kept = before.clone();
    edit(&mut kept);
    match kept == before {
        true => Ok(()),
        false => workspaces::set_section(tx, workspace, SECTION, &kept),
    }
}

/// A new owner came.
pub fn begin(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
    set(tx, workspace, |kept| kept.begun = true)
}

/// A demo is looked at and not set up.
pub(super) fn spare_demo(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
    set(tx, workspace, |kept| kept.dismissed = true)
}

/// Notes that somebody came from this website, if the owner named it.
pub fn note_visit(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    origin: &str,
) -> Result<(), StoreError> {
    let widget: Widget = workspaces::section(tx, workspace, "widget")?;
    if !widget.origins.iter().any(|named| named == origin) {
        return Ok(());
    }
    set(tx, workspace, |kept| {
        if !kept.visited.iter().any(|seen| seen == origin) {
            // Those that the owner has removed since make room.
            kept.visited.retain(|seen| widget.origins.contains(seen));
            kept.visited.truncate(MOST_ORIGINS);
            kept.visited.push(origin.to_owned());
        }
    })
}

#[cfg(test)]
#[path = "welcome_tests.rs"]
mod tests;
