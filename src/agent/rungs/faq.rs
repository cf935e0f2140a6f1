//! The rung of approved answers: what the business wrote, word for word.

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::mpsc::Sender;

use super::{Draft, Grounds, LadderRung};
use crate::agent::AgentError;
use crate::agent::types::{Citation, CitationKind, Rung, TurnEvent};
use crate::knowledge::{FaqMatch, Knowledge};

/// Approved answers.
pub(crate) struct FaqRung<'k> {
    pub(crate) knowledge: &'k Knowledge,
}

#[async_trait]
impl LadderRung for FaqRung<'_> {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let now = grounds.now.as_millisecond();
        if !self.knowledge.has_faqs(grounds.workspace, now) {
            return Ok(None);
        }
        let vector = grounds.own_vector(self.knowledge).await;
        let found = self
            .knowledge
            .faq_match(grounds.workspace, grounds.question, vector, now)
            .await?;
        // What is not the same question word for word is for the reader to say, which has the nearest
        // approved answers among its passages.
        let is_readable = grounds.reader.is_some_and(|r| r.ready().is_ok());
        Ok(match found.filter(|found| found.certain || !is_readable) {
            Some(found) => Some(drafted(&found, grounds, out).await),
            None => None,
        })
    }
}

/// An approved answer as the answer to this question.
pub(super) async fn drafted(
    found: &FaqMatch,
    grounds: &Grounds<'_>,
    out: &Sender<TurnEvent>,
) -> Draft {
    let citation = Citation {
        kind: CitationKind::Faq,
        number: 1,
        document: found.faq.id.to_string(),
        version: String::new(),
        title: found.phrasing.clone(),
        section: None,
        page: None,
        span: [0, found.faq.answer.len()],
        quote: found.faq.answer.clone(),
        marked: None,
        score: found.score,
    };
    let mut draft = given(citation, grounds, out).await;
    draft.checks.insert("faq".into(), json!(found.faq.id));
    draft
        .checks
        .insert("phrasing".into(), json!(found.phrasing));
    draft.checks.insert("cosine".into(), json!(found.cosine));
    draft.checks.insert("overlap".into(), json!(found.overlap));
    draft
}

/// What the owner approved, given whole.
pub(super) async fn given(
    citation: Citation,
    grounds: &Grounds<'_>,
    out: &Sender<TurnEvent>,
) -> Draft {
    let text = citation.quote.clone();
    Draft::show(Rung::Faq, text, vec![citation], grounds, out).await
}
