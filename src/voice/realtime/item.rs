//! The items of a conversation.

use bytes::Bytes;

use super::fault::Fault;
use super::fresh_id;
use super::hearing::Heard;

/// An item that the client adds.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    pub id: Option<String>,
    pub kind: NewKind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum NewKind {
    Message {
        role: Role,
        parts: Vec<NewPart>,
    },
    Call {
        call_id: Option<String>,
        name: String,
        arguments: String,
    },
    CallOutput {
        call_id: String,
        output: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum NewPart {
    Text(String),
    /// A user's sound, in the session's input format.
    Sound(Bytes),
    /// The words of an assistant's spoken answer.
    Spoken(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    InProgress,
    Completed,
    Incomplete,
}

/// A user's speech.
#[derive(Debug, Clone)]
pub struct Sound {
    /// Signed 16-bit samples, little-endian, 16 kHz.
    pub(super) pcm: Bytes,
    /// Resolves to the transcript.
    pub(super) heard: Heard,
    /// The transcript, once it is there.
    pub transcript: Option<String>,
}

/// A clause of an assistant's spoken answer.
#[derive(Debug, Clone, PartialEq)]
pub struct SaidPart {
    pub text: String,
    pub ms: u64,
}

#[derive(Debug, Clone)]
pub enum Part {
    /// Typed or written.
    Text(String),
    /// A user's speech.
    Heard(Sound),
    /// An assistant's speech, clause by clause.
    Spoken(Vec<SaidPart>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Message {
        role: Role,
        parts: Vec<Part>,
    },
    Call {
        call_id: String,
        name: String,
        arguments: String,
    },
    CallOutput {
        call_id: String,
        output: String,
    },
}

#[derive(Debug, Clone)]
pub struct Item {
    pub id: String,
    pub status: Status,
    pub kind: Kind,
}

impl Item {
    /// Bytes of text in the item.
    pub(super) fn text_bytes(&self) -> usize {
        match &self.kind {
            Kind::Message { parts, .. } => parts.iter().map(Part::text_bytes).sum(),
            Kind::Call {
                name, arguments, ..
            } => name.len() + arguments.len(),
            Kind::CallOutput { output, .. } => output.len(),
        }
    }
}

impl Part {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Heard(sound) => sound.transcript.as_ref().map_or(0, String::len),
            Self::Spoken(said) => said.iter().map(|said| said.text.len()).sum(),
        }
    }
}

/// Transcribes sound that came inside an item.
pub type Listen<'a> = dyn FnMut(&[u8]) -> Result<Sound, Fault> + 'a;

impl Item {
    /// Builds the item that a client described; `at` is its path in the request, for faults.
    pub fn of(new: NewItem, at: &str, listen: &mut Listen<'_>) -> Result<Self, Fault> {
        let kind = match new.kind {
            NewKind::Message { role, parts } => {
                let parts = parts.into_iter().enumerate();
                let parts = parts.map(|(n, part)| match part {
                    NewPart::Text(text) => Ok(Part::Text(text)),
                    NewPart::Spoken(text) => Ok(Part::Spoken(vec![SaidPart { text, ms: 0 }])),
                    NewPart::Sound(sound) => listen(&sound)
                        .map(Part::Heard)
                        .map_err(|fault| fault.about(format!("{at}.content[{n}].audio"))),
                });
                let parts = parts.collect::<Result<_, _>>()?;
                Kind::Message { role, parts }
            }
            NewKind::Call {
                call_id,
                name,
                arguments,
            } => Kind::Call {
                call_id: call_id.unwrap_or_else(|| fresh_id("call")),
                name,
                arguments,
            },
            NewKind::CallOutput { call_id, output } => Kind::CallOutput { call_id, output },
        };
        Ok(Self {
            id: new.id.unwrap_or_else(|| fresh_id("item")),
            status: Status::Completed,
            kind,
        })
    }
}

/// The words of all clauses.
pub fn joined(said: &[SaidPart]) -> String {
    said.iter().map(|said| said.text.as_str()).collect()
}

impl Item {
    /// Cuts spoken words to those heard in the first `ms`.
    ///
    /// # Errors
    /// When there is no such sound, or it is shorter.
    pub(super) fn truncate(&mut self, content_index: usize, ms: i64) -> Result<(), Fault> {
        let parts = match &mut self.kind {
            Kind::Message {
                role: Role::Assistant,
                parts,
            } => parts,
            _ => {
                let message = "only an assistant's spoken message can be truncated";
                return Err(Fault::invalid("item_truncate_invalid_item", message).about("item_id"));
            }
        };
        let Some(Part::Spoken(said)) = parts.get_mut(content_index) else {
            let message = "there is no audio at this content_index";
            return Err(Fault::value("content_index", message));
        };
        let ms = u64::try_from(ms)
            .map_err(|_| Fault::value("audio_end_ms", "audio_end_ms cannot be negative"))?;
        let length: u64 = said.iter().map(|said| said.ms).sum();
        if ms > length {
            let message = format!("audio_end_ms is {ms}, but the audio has only {length} ms");
            return Err(Fault::value("audio_end_ms", message));
        }
        *said = cut_speech(said, ms);
        Ok(())
    }
}

/// The part of speech heard in `ms`: whole words, by their share of the time.
fn cut_speech(said: &[SaidPart], mut ms: u64) -> Vec<SaidPart> {
    let mut heard = Vec::new();
    for part in said {
        if part.ms <= ms {
            heard.push(part.clone());
            ms -= part.ms;
            continue;
        }
        let characters = part.text.chars().count() as u64 * ms / part.ms.max(1);
        let cut: String = part
            .text
            .chars()
            .take(usize::try_from(characters).unwrap_or(0))
            .collect();
        let whole = cut.rfind(char::is_whitespace).map_or("", |at| &cut[..at]);
        heard.push(SaidPart {
            text: whole.to_owned(),
            ms,
        });
        break;
    }
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_leaves_what_was_heard() {
        let said = |text: &str, ms| SaidPart {
            text: text.into(),
            ms,
        };
        let mut spoken = Item {
            id: "i".into(),
            status: Status::Completed,
            kind: Kind::Message {
                role: Role::Assistant,
                parts: vec![Part::Spoken(vec![
                    said("One two.", 400),
                    said(" Three four five.", 1000),
                ])],
            },
        };
        let words = |item: &Item| match &item.kind {
            Kind::Message { parts, .. } => match parts.as_slice() {
                [Part::Spoken(said)] => joined(said),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert!(spoken.truncate(0, 1401).is_err());
        assert!(spoken.truncate(1, 10).is_err());
        assert!(spoken.truncate(0, -1).is_err());
        spoken.truncate(0, 1000).unwrap();
        assert_eq!(words(&spoken), "One two. Three");
        let error = spoken.truncate(0, 1001).unwrap_err();
        assert!(error.message.contains("1000 ms"), "{}", error.message);
        spoken.truncate(0, 0).unwrap();
        assert_eq!(words(&spoken), "");
    }
}
