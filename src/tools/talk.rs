//! Tools that an assistant calls itself while it talks with a visitor, where no workflow orders it.
//!
//! A tool is called so only if its owner says when (`talk` in its settings), and the assistant may call it. At once it only
//! reads; for everything else somebody says yes first.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::endpoint::{Endpoint, Verb};
use super::run::{Asked, read_schema};
use super::{ToolError, Tools, calendar};
use crate::store::assistants::AssistantSettings;
use crate::store::tools::calls::{self, AskedBy, ToolCall};
use crate::store::tools::{self, Approval, Tool, ToolKind};
use crate::store::{ConversationId, Scoped, StoreError, WorkspaceId};

/// Calls of one conversation that no workflow ordered.
const MOST_CALLS: u32 = 30;
/// In characters.
const LONGEST: usize = 500;
const MOST_EXAMPLES: usize = 20;

/// When an assistant calls a tool by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InTalk {
    /// In the owner's words: "when a visitor asks where an order is". Empty: its title and description tell.
    pub when: String,
    /// Questions that it answers, as visitors ask them.
    pub examples: Vec<String>,
}

impl InTalk {
    /// What is wrong with it, beside its field.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let too_long = |text: &String| text.chars().count() > LONGEST;
        if too_long(&self.when) || self.examples.iter().any(too_long) {
            return Err(("talk", format!("at most {LONGEST} characters each")));
        }
        if self.examples.len() > MOST_EXAMPLES {
            return Err(("talk", format!("at most {MOST_EXAMPLES} examples")));
        }
        if self.examples.iter().any(|text| text.trim().is_empty()) {
            return Err(("talk", "an example is empty".to_owned()));
        }
        Ok(())
    }

    /// `None` for a tool that only workflows call.
    pub fn of(tool: &Tool) -> Option<Self> {
        let talk = tool.settings.get("talk").filter(|talk| !talk.is_null())?;
        Self::deserialize(talk).ok()
    }
}

/// What has to happen before a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing: it only reads.
    AtOnce,
    /// The visitor hears what would be done, and says yes.
    Visitor,
    /// The visitor says yes, and somebody of staff does too.
    Staff,
}

impl Consent {
    /// `None` for a tool that may not run. A tool that acts is never called at once, whatever its rule: a question that was
    /// misunderstood must not do anything.
    pub fn of(tool: &Tool) -> Option<Self> {
        if !tool.active {
            return None;
        }
        match tool.approval {
            Approval::Never => None,
            // Of a calendar only the free times are looked up.
            _ if tool.kind == ToolKind::Calendar => Some(Self::AtOnce),
            Approval::Staff => Some(Self::Staff),
            Approval::Free if only_reads(tool) => Some(Self::AtOnce),
            Approval::Free | Approval::Visitor => Some(Self::Visitor),
        }
    }
}

fn only_reads(tool: &Tool) -> bool {
    Endpoint::read(&tool.settings).is_ok_and(|endpoint| endpoint.method == Verb::Get)
}

/// A call that an assistant makes for a visitor.
#[derive(Debug, Clone)]
pub struct Errand {
    pub workspace: WorkspaceId,
    /// `None` where nothing is kept, as for another program that shows the whole conversation each time.
    pub conversation: Option<ConversationId>,
    /// Its name.
    pub tool: String,
    /// By the name of the argument, as for [`super::Order`].
    pub texts: BTreeMap<String, String>,
    /// Stays the same when it is asked for again.
    pub key: String,
    /// Whether the visitor said yes to exactly this.
    pub agreed: bool,
}

impl Tools {
    /// What an assistant may call by itself, by name.
    pub async fn in_talk(
        &self,
        workspace: WorkspaceId,
        own: &AssistantSettings,
    ) -> Result<Vec<Tool>, StoreError> {
        let listed = self
            .inner
            .store
            .read(move |conn| tools::list(conn, workspace));
        let mut listed = listed.await?;
        listed.retain(|tool| {
            own.may_call(&tool.name) && Consent::of(tool).is_some() && InTalk::of(tool).is_some()
        });
        Ok(listed)
    }

    /// Calls a tool for an assistant with these settings.
    ///
    /// # Errors
    /// As for [`Tools::call`], `NotChosen`, `NotFound` without a tool of that name, and `Failed` if the conversation has had
    /// its calls.
    pub async fn call_in_talk(
        &self,
        own: &AssistantSettings,
        errand: Errand,
    ) -> Result<Answer, ToolError> {
        let (workspace, name) = (errand.workspace, errand.tool);
        let conversation = errand.conversation;
        let found = self.inner.store.read(move |conn| {
            let tool = tools::get_by_name(conn, workspace, &name)?;
            let made = match conversation {
                Some(id) => calls::count_in_talk(conn, workspace, id)?,
                None => 0,
            };
            Ok((tool, made))
        });
        let (tool, made) = found.await?;
        if !own.may_call(&tool.name) {
            return Err(ToolError::NotChosen(tool.name.clone()));
        }
        let consent = Consent::of(&tool).filter(|_| InTalk::of(&tool).is_some());
        let may = match consent {
            None => false,
            Some(Consent::AtOnce) => true,
            Some(Consent::Visitor | Consent::Staff) => errand.agreed,
        };
        if !may {
            return Err(ToolError::Forbidden(tool.name.clone()));
        }
        if made >= MOST_CALLS {
            let told = format!("this conversation has had its {MOST_CALLS} calls of tools");
            return Err(ToolError::Failed(told.into()));
        }
        let zone = match &self.inner.hours {
            Some(hours) => hours.zone(workspace).await?,
            None => TimeZone::UTC,
        };
        let mut arguments = read_schema(&tool)?.read_texts(&errand.texts, &zone);
        if tool.kind == ToolKind::Calendar {
            arguments.insert("action".to_owned(), calendar::FREE.into());
        }
        let asked = Asked {
            conversation,
            by: AskedBy::Chat,
            agreed: errand.agreed,
        };
        self.call(&tool, Value::Object(arguments), &errand.key, &asked)
            .await
    }

    /// The call of this key, if it was noted.
    pub async fn find_call(
        &self,
        workspace: WorkspaceId,
        key: &str,
    ) -> Result<Option<ToolCall>, StoreError> {
        let key = key.to_owned();
        let found = self
            .inner
            .store
            .read(move |conn| calls::find(conn, workspace, &key));
        Ok(found.await?.map(Scoped::into_inner))
    }
}

#[cfg(test)]
#[path = "talk_tests.rs"]
mod tests;
