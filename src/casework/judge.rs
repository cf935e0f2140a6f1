//! Has a conversation analysed with the owner's settings, and keeps the result.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::{CaseError, Casework};
use crate::analysis::settings::Settings;
use crate::analysis::types::{Analysis, Outcome};
use crate::analysis::{Conversation, analyse};
use crate::llm::{Claim, Priority};
use crate::store::analyses::{NewAnalysis, Source};
use crate::store::{WorkspaceId, workspaces};
use crate::usage::Flow;

/// What an analysis found, with what it follows from.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    /// SHA-256 of conversation, settings and model, as hex: the same gives the same.
    pub(super) digest: String,
    settings: Settings,
    conversation: Conversation,
}

impl Casework {
    /// Analyses a conversation. Without a language model the analysis has less in it, and says so.
    pub(super) async fn judge(
        &self,
        workspace: WorkspaceId,
        conversation: Conversation,
        priority: Priority,
    ) -> Result<Judged, CaseError> {
        let settings = self
            .store()
            .read(move |conn| workspaces::section::<Settings>(conn, workspace, Settings::SECTION));
        let settings = settings.await?;
        let chat = &self.inner.parts.chat;
        let claim = Claim::new(priority, Flow::member(workspace, &"crm"));
        let outcome = analyse(Some(&**chat), &conversation, &settings, claim).await?;
        let said = json!({
            "turns": &conversation.turns, "settings": &settings, "model": &outcome.cost.weights_hash,
            "prompts": &outcome.cost.prompt_version,
        });
        Ok(Judged {
            digest: hex::encode(Sha256::digest(said.to_string())),
            outcome,
            settings,
            conversation,
        })
    }
}

impl Judged {
    pub(super) fn analysis(&self) -> &Analysis {
        &self.outcome.analysis
    }

    /// As it is stored. The conversation itself is kept only if the owner says so.
    pub(super) fn to_row(&self, about: String, title: String) -> NewAnalysis {
        let (analysis, cost) = (&self.outcome.analysis, &self.outcome.cost);
        let as_count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        NewAnalysis {
            conversation: None,
            source: Source::Crm,
            about,
            title,
            score: analysis.score.value,
            own_score: analysis.score.own,
            rule_points: analysis.score.rules,
            band: analysis.score.band.clone(),
            language: analysis.language.clone(),
            turns: u32::try_from(self.conversation.turns.len()).unwrap_or(u32::MAX),
            prompt_version: cost.prompt_version.clone(),
            model: cost.model.clone(),
            weights_hash: cost.weights_hash.clone(),
            took_ms: as_count(cost.took_ms),
            tokens_read: as_count(cost.tokens_read),
            tokens_written: as_count(cost.tokens_written),
            digest: self.digest.clone(),
            body: serde_json::to_value(analysis).unwrap_or_default(),
            said: self
                .settings
                .keep_text
                .then(|| serde_json::to_value(&self.conversation).unwrap_or_default()),
        }
    }
}
