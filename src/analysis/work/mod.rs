//! Analyses that are kept: within the quota, once for the same input, and by themselves if the owner wants that.

mod automatic;
pub mod digest;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::access::{Denied, Member, Scope};
use crate::analysis::analyse::{Progress, analyse_telling};
use crate::analysis::conversation::{Conversation, Turn, Who};
use crate::analysis::import::MOST_TURNS;
use crate::analysis::settings::{Settings, SettingsError};
use crate::analysis::types::{AnalysisError, Outcome};
use crate::llm::{ChatModel, Claim};
use crate::store::analyses::{self, Analysis, AnalysisFilter, NewAnalysis, Source};
use crate::store::inbox::transcript;
use crate::store::messages::Speaker;
use crate::store::quota::Measure;
use crate::store::{
    AnalysisId, Connection, ConversationId, Store, StoreError, Transaction, UnixMs, WorkspaceId,
    conversations, workspaces,
};
use crate::usage::quota::{QuotaError, Quotas};

/// Who may ask for analyses and read them.
pub const DAILY: &[Scope] = &[Scope::Conversations];
/// Who may decide about them.
pub const SETTINGS: &[Scope] = &[Scope::Admin];

/// Of a title, in characters.
const LONGEST_TITLE: usize = 120;
/// Analyses that run at the same time; each fills the machine.
const AT_ONCE: usize = 1;

#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Quota(#[from] QuotaError),
    #[error("the conversation has more than {MOST_TURNS} messages; send a shorter part of it")]
    TooLong,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose analysis it will be.
#[derive(Debug, Clone)]
pub struct About {
    pub source: Source,
    /// Of the inbox.
    pub conversation: Option<ConversationId>,
    /// What it is called elsewhere: a file, the id of a lead.
    pub name: String,
    /// For lists.
    pub title: String,
}

/// An analysis with whether it was there before.
#[derive(Debug, Clone)]
pub struct Kept {
    pub analysis: Analysis,
    /// The same conversation was analysed in the same way before, so this is that result.
    pub known: bool,
}

/// Makes and keeps analyses.
#[derive(Clone)]
pub struct Analyst {
    store: Store,
    chat: Arc<dyn ChatModel>,
    quotas: Quotas,
    places: Arc<Semaphore>,
}

impl Analyst {
    pub fn new(store: Store, chat: Arc<dyn ChatModel>, quotas: Quotas) -> Self {
        Self {
            store,
            chat,
            quotas,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Analyses a conversation of the inbox and keeps the result; `again` even if nothing has changed.
    ///
    /// # Errors
    /// `Quota` if the workspace has used up its analyses; nothing is done then.
    pub async fn analyse_conversation(
        &self,
        workspace: WorkspaceId,
        id: ConversationId,
        again: bool,
        claim: Claim,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Kept, WorkError> {
        let read = self.store.read(move |conn| read_turns(conn, workspace, id));
        let (conversation, title) = read.await?;
        let about = About {
            source: Source::Conversation,
            conversation: Some(id),
            name: String::new(),
            title,
        };
        self.analyse(workspace, about, conversation, again, claim, tell)
            .await
    }

    /// Analyses a conversation and keeps the result; the text of one from elsewhere only if the owner wants it.
    ///
    /// # Errors
    /// `Quota` if the workspace has used up its analyses; nothing is done then.
    pub async fn analyse(
        &self,
        workspace: WorkspaceId,
        about: About,
        conversation: Conversation,
        again: bool,
        claim: Claim,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Kept, WorkError> {
        if conversation.turns.len() > MOST_TURNS {
            return Err(WorkError::TooLong);
        }
        let read = self.store.read(move |conn| load(conn, workspace));
        let settings = read.await?;
        let chat = self.chat.as_ref();
        let digest = digest::of(&conversation, &settings, chat);
        if !again && let Some(known) = self.known(workspace, &about, &digest).await? {
            return Ok(Kept {
                analysis: known,
                known: true,
            });
        }
        let now = now_ms();
        let mut reservation = self
            .quotas
            .reserve(workspace, Measure::Analyses, 1, now)
            .await?;
        let outcome = {
            // A closed semaphore would only let more run at once.
            let _place = self.places.acquire().await;
            analyse_telling(Some(chat), &conversation, &settings, claim, tell).await?
        };
        let new = to_keep(about, &conversation, &settings, outcome, digest);
        let now = now_ms();
        let write = self.store.write(move |tx| {
            reservation.count(tx, 1, now)?;
            analyses::keep(tx, workspace, &new, now)
        });
        Ok(Kept {
            analysis: write.await?.into_inner(),
            known: false,
        })
    }

    /// A whole result of the same input. One of another conversation with the same words is not this one's.
    async fn known(
        &self,
        workspace: WorkspaceId,
        about: &About,
        digest: &str,
    ) -> Result<Option<Analysis>, StoreError> {
        let digest = digest.to_owned();
        let read = self
            .store
            .read(move |conn| analyses::of_digest(conn, workspace, &digest));
        let found = read.await?.filter(|known| {
            let misses = known.body.get("missing").and_then(Value::as_array);
            let whole = misses.is_none_or(Vec::is_empty);
            whole && known.conversation == about.conversation && known.about == about.name
        });
        Ok(found)
    }

    pub async fn settings(&self, by: &Member) -> Result<Settings, WorkError> {
        let workspace = by.need(DAILY)?;
        let read = self.store.read(move |conn| load(conn, workspace));
        Ok(read.await?)
    }

    /// # Errors
    /// `Settings` for the first that makes no sense.
    pub async fn set_settings(
        &self,
        by: &Member,
        settings: Settings,
    ) -> Result<Settings, WorkError> {
        let workspace = by.need(SETTINGS)?;
        let settings = settings.checked()?;
        let kept = settings.clone();
        let write = self.store.write(move |tx: &Transaction<'_>| {
            workspaces::set_section(tx, workspace, Settings::SECTION, &kept)
        });
        write.await?;
        Ok(settings)
    }

    /// An analysis, and the conversation it was made of: kept beside it, or of the inbox.
    pub async fn read(
        &self,
        by: &Member,
        id: AnalysisId,
    ) -> Result<(Analysis, Option<Conversation>), WorkError> {
        let workspace = by.need(DAILY)?;
        let read = self.store.read(move |conn| {
            let analysis = analyses::get(conn, workspace, id)?;
            let said = match analysis.conversation {
                Some(conversation) => Some(read_turns(conn, workspace, conversation)?.0),
                None => analyses::said(conn, &analysis)?
                    .and_then(|said| serde_json::from_value(said).ok()),
            };
            Ok((analysis.into_inner(), said))
        });
        Ok(read.await?)
    }

    pub async fn delete(&self, by: &Member, id: AnalysisId) -> Result<(), WorkError> {
        let workspace = by.need(DAILY)?;
        let write = self.store.write(move |tx| {
            let analysis = analyses::get(tx, workspace, id)?;
            analyses::delete(tx, &analysis)
        });
        Ok(write.await?)
    }

    /// The bands that a list of analyses can be asked for: the owner's.
    pub async fn bands(&self, by: &Member) -> Result<Vec<String>, WorkError> {
        let settings = self.settings(by).await?;
        Ok(settings.bands.into_iter().map(|band| band.name).collect())
    }
}

/// The filter of the analyses of one conversation.
pub fn of_conversation(id: ConversationId) -> AnalysisFilter {
    AnalysisFilter {
        conversation: Some(id),
        ..AnalysisFilter::default()
    }
}

/// What the owner decided.
pub fn load(conn: &Connection, workspace: WorkspaceId) -> Result<Settings, StoreError> {
    workspaces::section(conn, workspace, Settings::SECTION)
}

/// A conversation of the inbox as it is analysed, and its title. Messages of Frontdesk itself are left out.
fn read_turns(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<(Conversation, String), StoreError> {
    let of = conversations::get(conn, workspace, id)?;
    let most = u32::try_from(MOST_TURNS).unwrap_or(u32::MAX);
    let said = transcript::read(conn, &of, None, most)?.said;
    let turns = said.into_iter().filter_map(|said| {
        let who = match said.message.role {
            Speaker::User => Who::Customer,
            Speaker::Assistant => Who::Assistant,
            Speaker::Agent => Who::Staff,
            Speaker::System => return None,
        };
        Some(Turn {
            who,
            name: said.author,
            at: Some(said.message.created_at),
            text: said.message.text,
        })
    });
    let conversation = Conversation {
        turns: turns.collect(),
    };
    Ok((conversation, of.title.clone()))
}

fn to_keep(
    about: About,
    conversation: &Conversation,
    settings: &Settings,
    outcome: Outcome,
    digest: String,
) -> NewAnalysis {
    let Outcome { analysis, cost, .. } = outcome;
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let own_title = conversation
        .turns
        .iter()
        .find(|turn| turn.who == Who::Customer)
        .map_or("", |turn| turn.text.as_str());
    let title = match about.title.trim() {
        "" => own_title,
        title => title,
    };
    let is_foreign = about.conversation.is_none();
    NewAnalysis {
        conversation: about.conversation,
        source: about.source,
        title: title
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(LONGEST_TITLE)
            .collect(),
        about: about.name,
        score: analysis.score.value,
        own_score: analysis.score.own,
        rule_points: analysis.score.rules,
        band: analysis.score.band.clone(),
        language: analysis.language.clone(),
        turns: u32::try_from(conversation.turns.len()).unwrap_or(u32::MAX),
        prompt_version: cost.prompt_version,
        model: cost.model,
        weights_hash: cost.weights_hash,
        took_ms: whole(cost.took_ms),
        tokens_read: whole(cost.tokens_read),
        tokens_written: whole(cost.tokens_written),
        digest,
        body: json!(analysis),
        said: (is_foreign && settings.keep_text).then(|| json!(conversation)),
    }
}

fn now_ms() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
