//! Lets the model rephrase a question in plain words, for a second search: typos, slang, a foreign
//! language and words like "it" may have spoiled the first. Only the search and the
//! rungs see the result; it is never shown as an answer.

use futures::StreamExt;

use super::prompt;
use crate::language::Language;
use crate::llm::{ChatEvent, ChatMessage, ChatModel, ChatRequest, Claim, LlmError, Role};

/// Most tokens of a rephrased question.
const LONGEST: u32 = 48;
/// Questions longer than this, in characters, are not rephrased.
const LONGEST_QUESTION: usize = 600;
/// How many earlier messages the model sees.
const HISTORY: usize = 2;

/// Examples from several businesses, so that none of them influences the answer.
const EXAMPLES: [(&str, &str); 3] = [
    (
        "whats the damage 4 an oil change??",
        "What is the price of an oil change?",
    ),
    ("habt ihr am sonntag auf", "Are you open on Sunday?"),
    (
        "cant make it tmrw, do i lose my money",
        "What is the cancellation policy and the cancellation fee?",
    ),
];

/// Rephrases the question in plain words of the documents' language; `None` if the model changes nothing.
///
/// # Errors
/// When the model is unavailable or fails.
pub(super) async fn ask(
    model: &dyn ChatModel,
    question: &str,
    history: &[ChatMessage],
    documents: Language,
    claim: Claim,
) -> Result<Option<String>, LlmError> {
    if question.chars().count() > LONGEST_QUESTION {
        return Ok(None);
    }
    let mut request = ChatRequest::new(messages(question, history, documents), claim);
    request.sampling.max_tokens = Some(LONGEST);
    request.sampling.stop = vec!["\n".into()];
    let mut stream = model.chat(request).await?;
    let mut text = String::new();
    while let Some(event) = stream.next().await {
        if let ChatEvent::Delta(more) = event? {
            text.push_str(&more);
        }
    }
    let plain = text.trim().trim_matches('"').trim();
    // Without a question mark the model has answered instead of asking.
    let asks = plain.ends_with(['?', '？', '؟']);
    let same = plain.eq_ignore_ascii_case(question.trim());
    Ok((asks && !same).then(|| plain.to_owned()))
}

fn messages(question: &str, history: &[ChatMessage], documents: Language) -> Vec<ChatMessage> {
    let language = documents.english_name();
    let rules = format!(
        "You rewrite what a visitor of a business wrote into one short, plain {language} question for \
         a search in the business's documents. Fix typing mistakes and slang, translate to {language}, \
         use the words that a price list or a handbook would use, and name what words like \"it\" \
         stand for. Do not answer. Reply with the question only."
    );
    let mut messages = vec![ChatMessage::new(Role::System, rules)];
    if documents == Language::En {
        for (asked, plain) in EXAMPLES {
            messages.push(ChatMessage::new(Role::User, asked));
            messages.push(ChatMessage::new(Role::Assistant, plain));
        }
    }
    let earlier = history.get(history.len().saturating_sub(HISTORY)..);
    let mut said = prompt::transcript(earlier.unwrap_or(history));
    if !said.is_empty() {
        said.push_str("Visitor: ");
    }
    said.push_str(question.trim());
    messages.push(ChatMessage::new(Role::User, said));
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_the_same_for_every_question() {
        let one = messages("where r u", &[], Language::En);
        let two = messages("hours?", &[], Language::En);
        assert_eq!(one.get(..7), two.get(..7));
        let earlier = [
            ChatMessage::new(Role::User, "Do you whiten?"),
            ChatMessage::new(Role::Assistant, "Yes."),
        ];
        let asked = messages("how much is it", &earlier, Language::De);
        let last = asked.last().map(|m| m.content.clone());
        assert_eq!(
            last.as_deref(),
            Some("Visitor: Do you whiten?\nAssistant: Yes.\nVisitor: how much is it")
        );
    }
}
