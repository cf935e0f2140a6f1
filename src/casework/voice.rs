//! Voice messages: fetched, transcribed, told in a note. The sound is dropped as soon as there is a text, or a
//! reason why there is none.

use std::collections::HashMap;

use super::lead::{Wanted, Work};
use super::{CaseError, Casework, length, now, words};
use crate::crm::{RemoteMessage, VoiceLink};
use crate::speech::{SpeechError, TranscribeOptions, Transcript};
use crate::store::casework::{self, CrmTranscript, TranscriptState};
use crate::store::crm::accounts::Account;
use crate::store::quota::Measure;
use crate::store::{CrmJobId, Scoped, StoreError, Transaction};
use crate::usage::quota::QuotaError;

/// Why a recording has no text, as codes of the widget's sentences.
const UNUSABLE: &str = "voice_unusable";
const NO_MODEL: &str = "no_speech_model";
const NO_MINUTES: &str = "minutes_used_up";

impl Casework {
    /// Writes out the voice messages that are not yet, each with its note. Those that cannot be heard now are left out of the
    /// analysis, with a notice.
    pub(super) async fn listen(
        &self,
        work: &mut Work,
        messages: &[RemoteMessage],
    ) -> Result<HashMap<String, CrmTranscript>, CaseError> {
        let spoken = messages
            .iter()
            .filter_map(|message| Some((message, message.voice.as_ref()?)));
        let spoken: Vec<_> = spoken.collect();
        work.progress.done = 0;
        work.progress.total = u32::try_from(spoken.len()).unwrap_or(u32::MAX);
        self.save(work).await?;
        let mut heard = HashMap::new();
        for (message, link) in spoken {
            let transcript = match self.known(work, &message.id).await? {
                Some(known) => Some(known),
                None => self.hear(work, message, link).await?,
            };
            if let Some(transcript) = transcript {
                if work.settings.transcripts && transcript.state == TranscriptState::Done {
                    let mark = words::mark("voice", &format!("{}/{}", work.account.id, message.id));
                    let text = words::voice_note(&transcript, work.settings.language, &mark);
                    self.note(work, text, &mark, &message.id).await?;
                }
                heard.insert(message.id.clone(), transcript);
            }
            work.progress.done += 1;
            self.save(work).await?;
        }
        Ok(heard)
    }

    async fn known(&self, work: &Work, message: &str) -> Result<Option<CrmTranscript>, CaseError> {
        let (account, message) = (work.account.clone(), message.to_owned());
        let found = self
            .store()
            .read(move |conn| casework::find_transcript(conn, &account, &message));
        Ok(found.await?)
    }

    /// A transcript, stored and counted; `None` if the message cannot be heard at the moment.
    async fn hear(
        &self,
        work: &mut Work,
        message: &RemoteMessage,
        link: &VoiceLink,
    ) -> Result<Option<CrmTranscript>, CaseError> {
        let parts = &self.inner.parts;
        let workspace = work.account.workspace();
        let transcriber = (parts.transcriber)(workspace);
        if transcriber.ready().is_err() {
            work.progress.notice(NO_MODEL);
            return Ok(None);
        }
        let voice = match work.crm.download(link).await {
            Ok(voice) => voice,
            Err(error) if error.ends_recording() => {
                tracing::info!(%error, "a voice message of a CRM is not heard");
                return self.give_up(work, message).await.map(Some);
            }
            Err(error) => return Err(error.into()),
        };
        let expected = length::estimate_ms(&voice.bytes);
        let measure = Measure::TranscriptionMs;
        let held = parts.quotas.reserve(workspace, measure, expected, now());
        let mut held = match held.await {
            Ok(held) => held,
            Err(QuotaError::Exceeded { .. }) => {
                work.progress.notice(NO_MINUTES);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        // The recording moves into the engine and ends there, whatever comes of it.
        let heard = transcriber.transcribe(
            voice.bytes,
            link.name.clone(),
            None,
            TranscribeOptions::default(),
        );
        let heard = match heard.await {
            Ok(heard) => heard,
            Err(SpeechError::Rejected(_)) => {
                return self.give_up(work, message).await.map(Some);
            }
            Err(SpeechError::Unavailable(_)) => {
                work.progress.notice(NO_MODEL);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let lasted = heard.duration_ms;
        // A recording that is longer than it seemed; over the limit, what is held is counted.
        let rest = match lasted.checked_sub(expected) {
            Some(more) if more > 0 => {
                let more = parts.quotas.reserve(workspace, measure, more, now()).await;
                more.ok()
            }
            _ => None,
        };
        let transcript = to_row(work, message, &heard);
        let (account, job, row) = (work.account.clone(), work.job, transcript.clone());
        let kept = self.store().write(move |tx| {
            held.count(tx, lasted, now())?;
            if let Some(mut rest) = rest {
                rest.count(tx, lasted.saturating_sub(expected), now())?;
            }
            keep(tx, &account, job, &row)
        });
        kept.await?.check()?;
        Ok(Some(transcript))
    }

    /// Notes that a recording can never be heard, so that it is not fetched again.
    async fn give_up(
        &self,
        work: &Work,
        message: &RemoteMessage,
    ) -> Result<CrmTranscript, CaseError> {
        let row = CrmTranscript {
            state: TranscriptState::Failed,
            code: Some(UNUSABLE.to_owned()),
            ..to_row(work, message, &Transcript::default())
        };
        let (account, job, kept) = (work.account.clone(), work.job, row.clone());
        let written = self.store().write(move |tx| keep(tx, &account, job, &kept));
        written.await?.check()?;
        Ok(row)
    }
}

/// Keeps a transcript, if its lead is still there.
fn keep(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    job: CrmJobId,
    row: &CrmTranscript,
) -> Result<Wanted, StoreError> {
    let wanted = Wanted::of(tx, account, job, &row.lead)?;
    if wanted == Wanted::Yes {
        casework::keep_transcript(tx, account, row, now())?;
    }
    Ok(wanted)
}

fn to_row(work: &Work, message: &RemoteMessage, heard: &Transcript) -> CrmTranscript {
    let text = heard.text.trim();
    CrmTranscript {
        message: message.id.clone(),
        lead: work.lead.clone(),
        who: words::from(message.who),
        at: message.at,
        state: match text.is_empty() {
            true => TranscriptState::Silent,
            false => TranscriptState::Done,
        },
        text: text.to_owned(),
        language: heard.language.clone(),
        duration_ms: i64::try_from(heard.duration_ms).unwrap_or(i64::MAX),
        code: None,
    }
}
