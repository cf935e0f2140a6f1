//! Messages, notes and transcripts as one conversation, in the order in which it was had.

use std::collections::HashMap;

use crate::analysis::{Conversation, Turn, Who};
use crate::crm::{NoteKind, RemoteMessage, RemoteNote, Who as RemoteWho};
use crate::store::casework::{CrmTranscript, TranscriptState};

/// How the marks of our notes begin (`words::mark`).
const MARK: &str = "[fd:";
/// How notes of people are told from what was said.
const NOTE: &str = "Note";

/// Builds the conversation; what has no words is left out.
pub(super) fn build(
    messages: &[RemoteMessage],
    notes: &[RemoteNote],
    transcripts: &HashMap<String, CrmTranscript>,
) -> Conversation {
    let mut turns: Vec<Turn> = messages
        .iter()
        .filter_map(|message| message_turn(message, transcripts))
        .chain(notes.iter().filter_map(note_turn))
        .collect();
    // Stable, so that messages of the same second stay in the CRM's order.
    turns.sort_by_key(|turn| turn.at);
    Conversation { turns }
}

fn message_turn(
    message: &RemoteMessage,
    transcripts: &HashMap<String, CrmTranscript>,
) -> Option<Turn> {
    let spoken = transcripts
        .get(&message.id)
        .filter(|known| known.state == TranscriptState::Done)
        .map(|known| known.text.as_str());
    let text = match (message.text.trim(), spoken) {
        ("", Some(spoken)) => spoken.to_owned(),
        ("", None) => return None,
        (text, Some(spoken)) => format!("{text}\n{spoken}"),
        (text, None) => text.to_owned(),
    };
    let who = match message.who {
        RemoteWho::Customer => Who::Customer,
        RemoteWho::Staff => Who::Staff,
        RemoteWho::Bot => Who::Assistant,
    };
    Some(Turn {
        who,
        name: message.author.clone(),
        at: Some(message.at),
        text,
    })
}

fn note_turn(note: &RemoteNote) -> Option<Turn> {
    let text = note.text.trim();
    // A note of ours whose id was lost is known by its mark.
    let is_told = note.kind == NoteKind::Text && !text.is_empty() && !text.contains(MARK);
    is_told.then(|| Turn {
        who: Who::Staff,
        name: Some(NOTE.to_owned()),
        at: Some(note.at),
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crm::VoiceLink;
    use crate::store::crm::messages::Writer;

    fn message(id: &str, at: i64, text: &str) -> RemoteMessage {
        RemoteMessage {
            id: id.into(),
            at,
            who: RemoteWho::Customer,
            author: None,
            text: text.into(),
            voice: None,
            attachment: None,
        }
    }

    #[test]
    fn a_voice_message_stands_where_it_was_said() {
        let mut voice = message("v", 20, "");
        voice.voice = Some(VoiceLink {
            message: "v".into(),
            url: "https://drive-c.kommo.com/v.ogg".into(),
            name: None,
        });
        let mut unheard = voice.clone();
        unheard.id = "u".into();
        let note = RemoteNote {
            id: "n".into(),
            at: 25,
            kind: NoteKind::Text,
            text: "Rang, nobody there.".into(),
            link: None,
        };
        let transcript = CrmTranscript {
            message: "v".into(),
            lead: "1".into(),
            who: Writer::Customer,
            at: 20,
            state: TranscriptState::Done,
            text: "On Tuesday please.".into(),
            language: "en".into(),
            duration_ms: 900,
            code: None,
        };
        let transcripts = HashMap::from([("v".to_owned(), transcript)]);
        let messages = [
            message("b", 30, "Thanks"),
            voice,
            unheard,
            message("a", 10, "Hello"),
        ];
        let built = build(&messages, &[note], &transcripts);
        let texts: Vec<&str> = built.turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Hello",
                "On Tuesday please.",
                "Rang, nobody there.",
                "Thanks"
            ]
        );
        assert_eq!(built.turns[2].who, Who::Staff);
    }
}
