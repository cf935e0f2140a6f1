//! Recordings to text, for a workspace and within its quota.

use bytes::Bytes;

use super::App;
use crate::speech::{SpeechError, TranscribeOptions, Transcriber as _, Transcript};
use crate::store::{StoreError, UnixMs, WorkspaceId};
use crate::usage::quota::{Measure, QuotaError};

/// Fewest bytes in a second of speech as recorders write it: Opus at 6 kbit/s (RFC 6716, section 2.1.1).
const FEWEST_BYTES: u64 = 750;
/// How the speech process says that a recording is too long (`speech::error`).
const TOO_LONG: &str = "the recording lasts at least";

#[derive(Debug, thiserror::Error)]
pub enum TranscribeError {
    #[error(transparent)]
    Quota(#[from] QuotaError),
    #[error(transparent)]
    Speech(#[from] SpeechError),
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

impl App {
    /// Transcribes a recording. Its length is known only afterwards, so as much is reserved as it can last.
    ///
    /// # Errors
    /// [`QuotaError::Exceeded`] if nothing is left or the recording lasts longer than what is.
    pub async fn transcribe(
        &self,
        workspace: WorkspaceId,
        file: Bytes,
        name: Option<String>,
        model: Option<String>,
        mut options: TranscribeOptions,
    ) -> Result<Transcript, TranscribeError> {
        let minutes = Measure::TranscriptionMs;
        let longest = u64::from(self.config.audio_max_seconds).max(1);
        let longest = options.max_seconds.map_or(longest, |own| own.min(longest));
        let by_size = (file.len() as u64) / FEWEST_BYTES + 1;
        let most = longest.min(by_size).saturating_mul(1_000);
        let mut held = self
            .quotas
            .reserve_up_to(workspace, minutes, most, now())
            .await?;
        let is_cut = held.is_limited() && held.amount() < most;
        if is_cut {
            options.max_seconds = Some(held.amount().div_ceil(1_000));
        }
        let heard = self
            .transcriber_for(workspace)
            .transcribe(file, name, model, options)
            .await;
        let transcript = match heard {
            Ok(transcript) => transcript,
            Err(SpeechError::Rejected(reason))
                if is_cut && reason.as_str().starts_with(TOO_LONG) =>
            {
                drop(held);
                let all = self.quotas.reserve(workspace, minutes, most, now()).await;
                return Err(match all {
                    Err(error) => error.into(),
                    // Something else ended meanwhile.
                    Ok(_) => SpeechError::Rejected(reason).into(),
                });
            }
            Err(error) => return Err(error.into()),
        };
        let (mut used, at) = (transcript.duration_ms, now());
        if held.is_limited() && used > held.amount() {
            // Silence takes fewer bytes than speech.
            let more = used - held.amount();
            used = held.amount();
            let more = self.quotas.reserve_up_to(workspace, minutes, more, at);
            if let Ok(more) = more.await {
                let all = more.amount();
                note(more.settle(all, at).await);
            }
        }
        let counted = self.store.write(move |tx| held.count(tx, used, at)).await;
        note(counted);
        Ok(transcript)
    }
}

/// The transcript is there: it is not lost because it could not be counted.
fn note(counted: Result<(), StoreError>) {
    if let Err(error) = counted {
        tracing::error!(%error, "the minutes of a recording could not be counted");
    }
}
