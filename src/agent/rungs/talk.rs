//! The rung for what needs no looking up: greetings, thanks, a wish for a person, insults, and
//! messages that cannot be read. In the visitor's language, and the same every time.

use async_trait::async_trait;
use serde_json::json;
use tokio::sync::mpsc::Sender;

use super::faq::drafted;
use super::{Draft, Grounds, LadderRung};
use crate::agent::AgentError;
use crate::agent::phrases::phrases;
use crate::agent::talk::{self, Talk};
use crate::agent::types::{Rung, TurnEvent};
use crate::knowledge::{FaqMatch, Knowledge};
use crate::language;
use crate::language::Language;
use crate::llm::Role;
use crate::store::workspaces;

/// Small talk, and the wish for a person.
pub(crate) struct TalkRung<'k> {
    pub(crate) knowledge: &'k Knowledge,
    /// Whether it goes by the meaning of a message, or by its words.
    pub(crate) by_meaning: bool,
}

#[async_trait]
impl LadderRung for TalkRung<'_> {
    async fn answer(
        &self,
        grounds: &Grounds<'_>,
        out: &Sender<TurnEvent>,
    ) -> Result<Option<Draft>, AgentError> {
        let workspace = grounds.workspace;
        let business = grounds
            .store
            .read(move |conn| workspaces::get(conn, workspace))
            .await?
            .title;
        let known = if self.by_meaning {
            self.meant(grounds).await.map(|t| (t, grounds.language))
        } else {
            wanted(grounds, &business)
        };
        let Some((talk, language)) = known else {
            return Ok(None);
        };
        if talk == Talk::Person
            && let Some(found) = self.about_person(grounds, language, &business)
        {
            let mut draft = drafted(&found, grounds, out).await;
            draft.checks.insert("talk".into(), json!("person"));
            draft.handoff = true;
            return Ok(Some(draft));
        }
        let text = said(talk, language).replace("{business}", &business);
        let mut draft = Draft::show(Rung::Talk, text, Vec::new(), grounds, out).await;
        draft.checks.insert("talk".into(), json!(talk));
        draft.handoff = matches!(talk, Talk::Person | Talk::Contact | Talk::Abuse);
        Ok(Some(draft))
    }
}

impl TalkRung<'_> {
    /// What a message wants by its meaning, where its words are not known.
    async fn meant(&self, grounds: &Grounds<'_>) -> Option<Talk> {
        if !talk::may_be_meant(grounds.question) {
            return None;
        }
        let vector = grounds.own_vector(self.knowledge).await?;
        talk::of_vector(vector, &self.knowledge.embedder_name())
    }

    /// What the business itself says to those who want a person: the approved answer to such a
    /// wish, if there is one; in the visitor's language before others.
    fn about_person(
        &self,
        grounds: &Grounds<'_>,
        wanted: Language,
        business: &str,
    ) -> Option<FaqMatch> {
        let now = grounds.now.as_millisecond();
        let mut found: Vec<FaqMatch> = Vec::new();
        for faq in self.knowledge.live_faqs(grounds.workspace, now) {
            let asked = faq.phrasings.iter().find(|p| {
                let likely = language::of_question(&p.question);
                talk::of_message(&p.question, likely, business)
                    .is_some_and(|(talk, _)| talk == Talk::Person)
            });
            if let Some(phrasing) = asked {
                found.push(FaqMatch {
                    phrasing: phrasing.question.clone(),
                    cosine: None,
                    answered: None,
                    overlap: 1.0,
                    score: 1.0,
                    certain: true,
                    faq,
                });
            }
        }
        let spoken = |m: &FaqMatch| m.faq.language.as_deref() == Some(wanted.code());
        let at = found.iter().position(spoken).unwrap_or(0);
        (at < found.len()).then(|| found.swap_remove(at))
    }
}

fn wanted(grounds: &Grounds<'_>, business: &str) -> Option<(Talk, Language)> {
    let last = |role| grounds.history.iter().rev().find(|m| m.role == role);
    // A word or two ("ok", "super", a smiley) say little: it goes on in the language so far.
    let few = grounds.question.split_whitespace().count() <= 2;
    let likely = match last(Role::User) {
        Some(before) if few => language::of_question(&before.content),
        _ => grounds.language,
    };
    let before = last(Role::Assistant).map(|m| m.content.as_str());
    if let Some(found) = talk::after_offer(grounds.question, before) {
        return Some(found);
    }
    if let Some(found) = talk::of_message(grounds.question, likely, business) {
        return Some(found);
    }
    let unknown = grounds.found.passages.iter().all(|p| p.coverage == 0.0);
    (unknown && talk::is_gibberish(grounds.question)).then_some((Talk::Unclear, likely))
}

fn said(talk: Talk, language: Language) -> &'static str {
    let phrases = phrases(language);
    match talk {
        Talk::Acknowledgement => phrases.acknowledged,
        Talk::Greeting => phrases.greeting,
        Talk::Thanks => phrases.thanks,
        Talk::Goodbye => phrases.goodbye,
        Talk::HowAreYou => phrases.how_are_you,
        Talk::Capabilities => phrases.capabilities,
        Talk::Language => phrases.language,
        Talk::Bot => phrases.bot,
        Talk::Abuse => phrases.abuse,
        Talk::Contact => phrases.noted,
        Talk::Person => phrases.handover,
        Talk::Unclear => phrases.unclear,
    }
}
