//! A summary without a language model: the first question, the last messages, and what nobody has answered.

use std::collections::HashSet;

use crate::agent::Rung;
use crate::store::inbox::transcript::Said;
use crate::store::messages::Speaker;
use crate::store::{MessageId, Store, StoreError, WorkspaceId, receipts};

/// Messages at the end.
const LAST: usize = 3;
/// Open questions.
const MOST_OPEN: usize = 5;
/// Of each message, in characters.
const LONGEST: usize = 200;

/// The answers that were refusals.
pub(super) async fn find_refused(
    store: &Store,
    workspace: WorkspaceId,
    said: &[Said],
) -> Result<HashSet<MessageId>, StoreError> {
    let answers: Vec<_> = said
        .iter()
        .filter_map(|said| Some((said.message.id, said.message.receipt?)))
        .collect();
    store
        .read(move |conn| {
            let mut refused = HashSet::new();
            for (message, receipt) in answers {
                match receipts::get(conn, workspace, receipt) {
                    Ok(found) if found.rung == Rung::Refusal.as_str() => {
                        refused.insert(message);
                    }
                    // One that was deleted tells nothing.
                    Ok(_) | Err(StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(refused)
        })
        .await
}

/// Sums up without words of its own but for the headings.
pub(super) fn extract(said: &[Said], refused: &HashSet<MessageId>) -> String {
    let spoken: Vec<&Said> = said
        .iter()
        .filter(|said| said.message.role != Speaker::System && !said.message.text.trim().is_empty())
        .collect();
    let mut lines = vec!["Taken from the messages, not written by a model.".to_owned()];
    let first = spoken
        .iter()
        .find(|said| said.message.role == Speaker::User);
    if let Some(first) = first {
        lines.push(format!("First question: {}", shorten(&first.message.text)));
    }
    let end = &spoken[spoken.len().saturating_sub(LAST)..];
    lines.push("Last messages:".to_owned());
    for said in end {
        let who = match said.message.role {
            Speaker::User => "Visitor",
            Speaker::Assistant => "Assistant",
            Speaker::Agent => said.author.as_deref().unwrap_or("Staff"),
            Speaker::System => continue,
        };
        lines.push(format!("– {who}: {}", shorten(&said.message.text)));
    }
    let open = find_open(&spoken, refused);
    if open.is_empty() {
        lines.push("Nothing is open.".to_owned());
    } else {
        lines.push("Not answered yet:".to_owned());
        let skip = open.len().saturating_sub(MOST_OPEN);
        lines.extend(
            open.iter()
                .skip(skip)
                .map(|text| format!("– {}", shorten(text))),
        );
    }
    lines.join("\n")
}

/// What the visitor said that got no answer, or only a refusal, and no word of a person after it.
fn find_open<'a>(spoken: &[&'a Said], refused: &HashSet<MessageId>) -> Vec<&'a str> {
    let (mut open, mut pending) = (Vec::new(), Vec::new());
    for said in spoken {
        match said.message.role {
            Speaker::User => pending.push(said.message.text.as_str()),
            Speaker::Assistant if refused.contains(&said.message.id) => open.append(&mut pending),
            Speaker::Assistant => pending.clear(),
            Speaker::Agent => {
                pending.clear();
                open.clear();
            }
            Speaker::System => {}
        }
    }
    open.append(&mut pending);
    open
}

fn shorten(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(LONGEST) {
        None => flat,
        Some((end, _)) => format!("{}…", flat.get(..end).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ConversationId;
    use crate::store::messages::{Message, MessageState};

    fn said(role: Speaker, text: &str) -> Said {
        Said {
            message: Message {
                seq: 1,
                id: MessageId::new(),
                conversation: ConversationId::new(),
                workspace: WorkspaceId::new(),
                role,
                text: text.to_owned(),
                state: MessageState::Complete,
                created_at: 0,
                receipt: None,
                client_id: None,
                author: None,
            },
            author: None,
            attachments: Vec::new(),
        }
    }

    #[test]
    fn it_has_the_first_question_the_end_and_what_is_open() {
        let all = [
            said(Speaker::User, "When are you\nopen?"),
            said(Speaker::Assistant, "At 9."),
            said(Speaker::User, "Do you sell tyres?"),
            said(Speaker::Assistant, "I do not know."),
            said(Speaker::System, "Ann is here."),
            said(Speaker::User, &"Hello? ".repeat(100)),
        ];
        let refused = HashSet::from([all[3].message.id]);
        let text = extract(&all, &refused);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Taken from the messages, not written by a model.");
        assert_eq!(lines[1], "First question: When are you open?");
        assert_eq!(lines[3], "– Visitor: Do you sell tyres?");
        assert_eq!(lines[4], "– Assistant: I do not know.");
        assert!(lines[5].starts_with("– Visitor: Hello? Hello?") && lines[5].ends_with('…'));
        assert_eq!(lines[6..8], ["Not answered yet:", "– Do you sell tyres?"]);
        assert_eq!(lines.len(), 9);
    }

    #[test]
    fn a_word_of_staff_answers_what_was_open() {
        let all = [
            said(Speaker::User, "Do you sell tyres?"),
            said(Speaker::Assistant, "I do not know."),
            said(Speaker::Agent, "Yes, we do."),
        ];
        let refused = HashSet::from([all[1].message.id]);
        assert!(extract(&all, &refused).ends_with("Nothing is open."));
    }
}
