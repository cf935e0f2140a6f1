//! Turns the items of a session into messages for the model. Transcripts of speech may still be missing.

use super::fault::Fault;
use super::hearing::Heard;
use super::item::{Item, Kind, Part, Role, joined};
use crate::llm::{ChatMessage, Role as ChatRole, ToolCall};

/// Stands for a turn without understandable words.
pub(super) const NOTHING: &str = "(nothing was said)";

enum Words {
    Known(String),
    Heard(Heard),
}

/// A message that may have to wait for its words.
pub(super) struct PromptLine {
    message: ChatMessage,
    words: Vec<Words>,
}

/// Drafts the messages of these items, in order.
pub(super) fn lines<'a>(items: impl Iterator<Item = &'a Item>) -> Vec<PromptLine> {
    let mut lines: Vec<PromptLine> = Vec::new();
    for item in items {
        match &item.kind {
            Kind::Message { role, parts } => {
                let role = match role {
                    Role::System => ChatRole::System,
                    Role::User => ChatRole::User,
                    Role::Assistant => ChatRole::Assistant,
                };
                let words = parts.iter().map(|part| match part {
                    Part::Text(text) => Words::Known(text.clone()),
                    Part::Spoken(said) => Words::Known(joined(said)),
                    Part::Heard(sound) => Words::Heard(sound.heard.clone()),
                });
                lines.push(PromptLine {
                    message: ChatMessage::new(role, ""),
                    words: words.collect(),
                });
            }
            Kind::Call {
                call_id,
                name,
                arguments,
            } => {
                let call = ToolCall {
                    id: call_id.clone(),
                    name: name.clone(),
                    arguments: arguments.clone(),
                };
                // Chat templates expect calls inside the assistant's message before them.
                match lines
                    .last_mut()
                    .filter(|line| line.message.role == ChatRole::Assistant)
                {
                    Some(line) => line.message.tool_calls.push(call),
                    None => {
                        let mut message = ChatMessage::new(ChatRole::Assistant, "");
                        message.tool_calls.push(call);
                        lines.push(PromptLine {
                            message,
                            words: Vec::new(),
                        });
                    }
                }
            }
            Kind::CallOutput { call_id, output } => {
                let mut message = ChatMessage::new(ChatRole::Tool, "");
                message.tool_call_id = Some(call_id.clone());
                let words = vec![Words::Known(output.clone())];
                lines.push(PromptLine { message, words });
            }
        }
    }
    lines
}

/// Waits for all transcripts and returns the messages.
pub(super) async fn await_words(lines: Vec<PromptLine>) -> Result<Vec<ChatMessage>, Fault> {
    let mut messages = Vec::with_capacity(lines.len());
    for line in lines {
        let mut message = line.message;
        let mut texts = Vec::new();
        for words in line.words {
            let text = match words {
                Words::Known(text) => text,
                Words::Heard(heard) => heard
                    .await
                    .map_err(|why| Fault::server("transcription_failed", &*why))?
                    .to_string(),
            };
            if !text.trim().is_empty() {
                texts.push(text);
            }
        }
        message.content = texts.join("\n");
        let silent = message.content.is_empty() && message.tool_calls.is_empty();
        match message.role {
            // An answer interrupted before its first word was never heard.
            ChatRole::Assistant if silent => continue,
            ChatRole::User if silent => message.content = NOTHING.to_owned(),
            _ => {}
        }
        messages.push(message);
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::realtime::hearing::known;
    use crate::voice::realtime::item::{SaidPart, Sound, Status};

    fn item(kind: Kind) -> Item {
        Item {
            id: "i".into(),
            status: Status::Completed,
            kind,
        }
    }

    fn message(role: Role, part: Part) -> Item {
        item(Kind::Message {
            role,
            parts: vec![part],
        })
    }

    fn sound(text: &str) -> Part {
        Part::Heard(Sound {
            pcm: Vec::new().into(),
            heard: known(text),
            transcript: None,
        })
    }

    #[tokio::test]
    async fn items_become_messages() {
        let call = |n: u8| {
            item(Kind::Call {
                call_id: format!("c{n}"),
                name: "f".into(),
                arguments: "{}".into(),
            })
        };
        let unheard = SaidPart {
            text: String::new(),
            ms: 0,
        };
        let items = [
            message(Role::User, sound("What time is it?")),
            message(Role::Assistant, Part::Spoken(vec![unheard])),
            call(1),
            call(2),
            item(Kind::CallOutput {
                call_id: "c1".into(),
                output: "noon".into(),
            }),
            message(Role::User, sound(" ")),
        ];
        let messages = await_words(lines(items.iter())).await.unwrap();
        let told: Vec<_> = messages
            .iter()
            .map(|m| (m.role, m.content.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (ChatRole::User, "What time is it?"),
                (ChatRole::Assistant, ""),
                (ChatRole::Tool, "noon"),
                (ChatRole::User, NOTHING),
            ]
        );
        assert_eq!(messages[1].tool_calls.len(), 2);
        assert_eq!(messages[2].tool_call_id.as_deref(), Some("c1"));
    }
}
