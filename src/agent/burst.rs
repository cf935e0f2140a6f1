//! Joins messages sent in a row before any answer into one question: "hi", "it's about my Labrador",
//! "how much is the full groom?".

use super::talk;
use crate::language;
use crate::llm::{ChatMessage, Role};

/// How many earlier messages may join the last one, and the longest result in characters.
const MOST_MESSAGES: usize = 4;
const MOST_CHARACTERS: usize = 600;

/// The joined question, and the conversation before it.
#[derive(Debug)]
pub(super) struct Burst<'h> {
    /// The messages since the last answer, joined by line breaks.
    pub(super) question: String,
    /// Everything up to the last answer.
    pub(super) history: &'h [ChatMessage],
}

impl<'h> Burst<'h> {
    /// `history` is oldest first; `question` is the newest message.
    pub(super) fn of(history: &'h [ChatMessage], question: &str) -> Self {
        let answered = history.iter().rposition(|m| m.role != Role::User);
        let (before, open) = history.split_at(answered.map_or(0, |at| at + 1));
        let mut joined: Vec<&str> = vec![question];
        let mut characters = question.chars().count();
        for message in open.iter().rev().take(MOST_MESSAGES) {
            let text = message.content.trim();
            characters += text.chars().count();
            if characters > MOST_CHARACTERS {
                break;
            }
            // A greeting adds nothing to the question, and a repeated message is asked only once.
            let likely = language::of_question(text);
            let says_nothing = talk::of_message(text, likely, "").is_some();
            if !says_nothing && !joined.contains(&text) {
                joined.insert(0, text);
            }
        }
        Self {
            question: joined.join("\n"),
            history: before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(messages: &[(Role, &str)]) -> Vec<ChatMessage> {
        let one = |(role, text): &(Role, &str)| ChatMessage::new(*role, *text);
        messages.iter().map(one).collect()
    }

    #[test]
    fn what_was_sent_since_the_last_answer_is_one_question() {
        let history = messages(&[
            (Role::User, "Where are you?"),
            (Role::Assistant, "In Lisbon."),
            (Role::User, "Hi there"),
            (Role::User, "it's about my Labrador"),
        ]);
        let burst = Burst::of(&history, "how much is the full groom?");
        assert_eq!(
            burst.question,
            "it's about my Labrador\nhow much is the full groom?"
        );
        assert_eq!(burst.history.len(), 2);
    }

    #[test]
    fn an_answered_message_stays_history() {
        let history = messages(&[(Role::User, "Where are you?"), (Role::Assistant, "Here.")]);
        let burst = Burst::of(&history, "When?");
        assert_eq!((burst.question.as_str(), burst.history.len()), ("When?", 2));
        let burst = Burst::of(&[], "When?");
        assert_eq!((burst.question.as_str(), burst.history.len()), ("When?", 0));
    }

    #[test]
    fn what_is_sent_twice_is_asked_once_and_long_messages_stand_alone() {
        let history = messages(&[(Role::User, "When do you open?")]);
        let burst = Burst::of(&history, "When do you open?");
        assert_eq!(burst.question, "When do you open?");
        let long = "word ".repeat(200);
        let history = messages(&[(Role::User, &long)]);
        assert_eq!(Burst::of(&history, "Well?").question, "Well?");
    }
}
