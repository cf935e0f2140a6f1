//! What an assistant has of its workspace where it says nothing itself.

use super::{AssistantError, MAY};
use crate::access::Member;
use crate::agent::AnswerSettings;
use crate::inbox::desk::DeskSettings;
use crate::store::{Store, workspaces};
use crate::voice::{RecordingMode, VoiceSettings};

/// The workspace's settings behind those of an assistant.
#[derive(Debug, Clone)]
pub struct Inherited {
    pub answers: AnswerSettings,
    pub voice: VoiceSettings,
    pub desk: DeskSettings,
}

pub async fn inherited(store: &Store, by: &Member) -> Result<Inherited, AssistantError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| {
        Ok(Inherited {
            answers: AnswerSettings::of(conn, workspace)?,
            voice: workspaces::section(conn, workspace, VoiceSettings::SECTION)?,
            desk: DeskSettings::load(conn, workspace)?,
        })
    });
    Ok(read.await?)
}

impl Inherited {
    /// The inherited value of a field of [`describe`](super::describe), in words; `None` if it has none.
    pub fn of(&self, field: &str) -> Option<String> {
        let on = |on: bool| if on { "on" } else { "off" }.to_owned();
        let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        Some(match field {
            "model" => "the chat model of this machine".into(),
            "tone" => "plain and polite".into(),
            "languages.answers" => "all that Frontdesk speaks".into(),
            "knowledge.tags" => "everything".into(),
            "workflows" | "tools" => "all of the workspace".into(),
            "knowledge.view" => "visitors get what is public, staff also what is for staff".into(),
            "ladder.faq" | "ladder.fact" | "ladder.read" | "ladder.model" => on(true),
            "ladder.read_threshold" => format!("{:.2}", self.answers.read_threshold),
            "ladder.related_threshold" => format!("{:.2}", self.answers.related_threshold),
            "voice.voice" => match &self.voice.voice {
                Some(voice) => voice.clone(),
                None => "the default voice".into(),
            },
            "voice.speed" => format!("{:.2}", self.voice.speed),
            "voice.language" => self.voice.language.clone(),
            "voice.greeting" => match self.voice.greeting.as_str() {
                "" => "the greeting of the chat".into(),
                own => own.to_owned(),
            },
            "hours" => match &self.desk.hours {
                Some(_) => "the hours of the desk".into(),
                None => "the opening hours of the business".into(),
            },
            "hand_over.risky" => yes(self.desk.hand_over.risky),
            "hand_over.refusals" => match self.desk.hand_over.refusals {
                0 => "never".into(),
                times => format!("after {times} in a row"),
            },
            "hand_over.bad_rating" => yes(self.desk.hand_over.bad_rating),
            "recording" => match self.voice.recording {
                RecordingMode::Off => "off".into(),
                RecordingMode::Ask => "callers are asked first".into(),
            },
            _ => return None,
        })
    }
}
