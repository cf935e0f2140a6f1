//! The frame around the turns: greeting, consent, what the caller's words mean before the agent gets to see
//! them, silence, and the end.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;

use super::Session;
use super::jobs::Work;
use super::say::Kind;
use crate::store::call_log::{self, LineState};
use crate::store::calls::{CallStatus, EndedReason, RecordingState};
use crate::store::messages::{self, MessageState, NewMessage};
use crate::store::{StoreError, UnixMs, conversations};
use crate::voice::call_record::signed;
use crate::voice::collect::{Collect, Step};
use crate::voice::line::{LINE_RATE, Outgoing, Phase};
use crate::voice::recorder::Recorder;
use crate::voice::sentences::Sentences;
use crate::voice::settings::RecordingMode;
use crate::voice::words;

/// The caller is told so long before the longest duration, in ms.
const WARNING_MS: u64 = 60_000;
/// Shorter calls end without a warning, in minutes.
const WARNED_FROM: u32 = 3;
/// How long the end of a call waits for an answer that is being kept.
const KEEPING: Duration = Duration::from_secs(3);
/// How often it is asked for consent before no answer means no.
const CONSENT_TRIES: u32 = 2;

/// Where the question stands whether the call may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Consent {
    /// Nothing is recorded, nobody asks.
    NotAsked,
    /// The caller was asked so often.
    Waiting(u32),
    /// The caller has answered.
    Settled,
}

impl Consent {
    pub(super) fn of(mode: RecordingMode) -> Self {
        match mode {
            RecordingMode::Off => Self::NotAsked,
            RecordingMode::Ask => Self::Waiting(1),
        }
    }

    pub(super) fn is_waiting(self) -> bool {
        matches!(self, Self::Waiting(_))
    }
}

/// The call ends when this was said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    answer: u32,
    reason: EndedReason,
}

impl Session {
    /// The first words.
    pub(super) fn greet(&mut self) {
        self.out.send(Outgoing::Ready {
            call: self.record.call().id,
            conversation: self.conversation,
            asks_consent: self.consent.is_waiting(),
        });
        self.event(
            "answered_call",
            json!({"channel": self.caller.channel.as_str(), "language": self.settings.language}),
        );
        if self.consent.is_waiting() {
            self.record.recording(RecordingState::Asked, None);
            let notice = self.settings.recording_notice.clone();
            self.say_by_itself(&notice);
        } else {
            self.say_greeting();
        }
    }

    fn say_greeting(&mut self) {
        let own = [&self.settings.greeting, &self.caller.assistant.greeting]
            .into_iter()
            .map(|g| g.trim().to_owned())
            .find(|g| !g.is_empty());
        let greeting = own.unwrap_or_else(|| self.phrases.greeting.to_owned());
        self.say_by_itself(&greeting);
    }

    /// The caller answered whether the call may be recorded.
    pub(super) fn consent_given(&mut self, yes: bool, how: &str) {
        if !self.consent.is_waiting() {
            return;
        }
        self.consent = Consent::Settled;
        self.event("consent", json!({"given": yes, "how": how}));
        self.clear_sound();
        if yes {
            let now = jiff::Timestamp::now().as_millisecond();
            self.record.recording(RecordingState::On, Some(now));
            self.start_recording(now);
            self.say_by_itself(self.phrases.consent_yes);
        } else {
            self.record.recording(RecordingState::Declined, None);
            self.say_by_itself(self.phrases.consent_no);
        }
        self.say_greeting();
    }

    /// What the caller's words mean: an answer to what was asked last, or a question for the agent.
    pub(super) async fn understood(&mut self, text: String, end: u64) {
        if let Consent::Waiting(tries) = self.consent {
            match words::yes_or_no(&text) {
                Some(yes) => self.consent_given(yes, "voice"),
                None if tries >= CONSENT_TRIES => self.consent_given(false, "no answer"),
                None => {
                    self.consent = Consent::Waiting(tries + 1);
                    self.say_by_itself(self.phrases.consent_again);
                }
            }
            return;
        }
        if let Some(mut collect) = self.collect.take() {
            let step = collect.hear(&text, self.phrases);
            let name = collect.name().to_owned();
            match step {
                Step::Say(say) => {
                    self.collect = Some(collect);
                    self.expect_digits();
                    self.say_by_itself(&say);
                    return;
                }
                Step::Done { contact } => {
                    self.callback_requested(&name, &contact).await;
                    self.expect_digits();
                    self.say_by_itself(self.phrases.noted);
                    return;
                }
                Step::GivenUp => {
                    self.expect_digits();
                    self.say_by_itself(self.phrases.not_noted);
                    return;
                }
                // Something else: the agent's.
                Step::Other => self.expect_digits(),
            }
        }
        let more = std::mem::take(&mut self.more);
        if !more.is_empty() {
            match words::yes_or_no(&text) {
                Some(true) => {
                    self.go_on(more);
                    return;
                }
                Some(false) => {
                    self.say_by_itself(self.phrases.anything_else);
                    return;
                }
                None => {}
            }
        }
        self.ask(text, end);
    }

    /// The next sentences of a long answer.
    fn go_on(&mut self, mut more: Vec<String>) {
        self.event("goes_on", json!({"sentences": more.len()}));
        let later = if more.len() > 4 {
            more.split_off(3)
        } else {
            Vec::new()
        };
        let text = more.join(" ");
        if !later.is_empty() {
            more.push(self.phrases.more.into());
        }
        self.say(Kind::Own, &text, more);
        self.more = later;
    }

    fn expect_digits(&mut self) {
        let digits = self.collect.as_ref().is_some_and(Collect::wants_digits);
        self.taker.expect_digits(digits);
    }

    /// The answer offered a person: name and number may follow.
    pub(super) fn offer_callback(&mut self) {
        if self.collect.is_none() {
            self.collect = Some(Collect::offered());
            self.event("callback_offered", json!({}));
        }
    }

    /// Notes a wish to be called back, in the conversation and in the call.
    async fn callback_requested(&mut self, name: &str, contact: &str) {
        self.event(
            "callback_requested",
            json!({"name": name, "contact": contact}),
        );
        let (workspace, id) = (self.caller.workspace, self.conversation);
        let text = format!("Call-back requested. Name: {name}. Phone or e-mail: {contact}.");
        let kept = self.parts.store.write(move |tx| -> Result<(), StoreError> {
            let conversation = conversations::get(tx, workspace, id)?;
            let new = NewMessage {
                role: messages::Speaker::User,
                text: &text,
                state: MessageState::Complete,
                client_id: None,
            };
            messages::append(
                tx,
                &conversation,
                &new,
                jiff::Timestamp::now().as_millisecond(),
            )?;
            conversations::set_state(tx, &conversation, conversations::ConversationState::Waiting)
        });
        if let Err(error) = kept.await {
            self.event("callback_not_kept", json!({"error": error.to_string()}));
            self.out.send(Outgoing::Notice(
                "Your request could not be saved; please write to us in the chat.".into(),
            ));
        }
    }

    /// A line of the caller.
    pub(super) fn note_words(&mut self, text: &str, from: u64, to: u64) {
        self.record.line(call_log::Line {
            speaker: call_log::Speaker::Caller,
            text: text.to_owned(),
            start_ms: signed(from),
            end_ms: signed(to),
            state: LineState::Complete,
            receipt: None,
        });
    }

    /// Fillers, silence, the longest duration.
    pub(super) fn keep_time(&mut self) {
        if self.over.is_some() {
            return;
        }
        let now = self.now();
        let waiting = self.pending.as_ref().and_then(|p| p.waiting_since());
        if let Some(since) = waiting
            && !self.filler_played
            && !self.playout.is_busy()
            && now.saturating_sub(since) >= u64::from(self.settings.filler_ms)
        {
            self.fill();
        }
        let longest = u64::from(self.settings.max_minutes.max(1)) * 60_000;
        let idle = !self.playout.is_busy() && !self.taker.is_open() && waiting.is_none();
        if self.ending.is_some() {
            // A farewell that cannot be said does not keep the line open.
            if now >= longest + 20_000 {
                self.end(EndedReason::MaxDuration);
            }
            return;
        }
        if now >= longest {
            self.clear_sound();
            self.drop_pending();
            self.farewell(self.phrases.time_is_over, EndedReason::MaxDuration);
        } else if !self.warned
            && idle
            && self.settings.max_minutes >= WARNED_FROM
            && now + WARNING_MS >= longest
        {
            self.warned = true;
            self.say_by_itself(self.phrases.almost_over);
        } else if idle && self.phase == Phase::Listening {
            let patience = u64::from(self.settings.silence_seconds.max(1)) * 1000;
            if now.saturating_sub(self.quiet_since) < patience {
                return;
            }
            self.quiet_since = now;
            if let Consent::Waiting(_) = self.consent {
                self.consent_given(false, "silence");
                return;
            }
            self.prompts += 1;
            self.event("silence", json!({"prompt": self.prompts}));
            if self.prompts > self.settings.silence_prompts {
                self.farewell(self.phrases.silence_farewell, EndedReason::Inactivity);
            } else {
                self.say_by_itself(self.phrases.still_there);
            }
        }
    }

    /// Says good-bye; the call ends when that was heard.
    pub(super) fn farewell(&mut self, text: &str, reason: EndedReason) {
        let answer = self.say(Kind::Own, text, Sentences::of(text));
        self.ending = Some(Ending { answer, reason });
        self.event("farewell", json!({"reason": reason.as_str()}));
    }

    /// Something was said to its end.
    pub(super) fn was_said(&mut self, answer: u32) {
        if let Some(ending) = self.ending.filter(|e| e.answer == answer) {
            self.end(ending.reason);
        }
    }

    /// A sentence for the caller's screen.
    pub(super) fn last_words(&self, reason: EndedReason) -> String {
        match reason {
            EndedReason::UserHangup => "You ended the call.",
            EndedReason::AgentHangup => "Thank you for calling. Goodbye!",
            EndedReason::Inactivity => "The call ended because nobody spoke for a while.",
            EndedReason::MaxDuration => "The call reached its longest duration.",
            EndedReason::ErrorTransport => "The connection was lost.",
            EndedReason::ErrorSpeech => {
                "Sorry, speaking does not work right now; please write to us."
            }
            EndedReason::ErrorStopped => "Our front desk is being restarted; please call again.",
            _ => "Sorry, something went wrong on our side; please try again.",
        }
        .to_owned()
    }

    /// The last message, and the record's end.
    pub(super) async fn close(mut self, mut findings: mpsc::Receiver<Work>) {
        let (reason, message) = self
            .over
            .take()
            .unwrap_or((EndedReason::ErrorAgent, String::new()));
        self.stop_speaking().await;
        let asked = self
            .pending
            .as_ref()
            .filter(|p| p.waiting_since().is_some());
        if let Some(question) = asked.map(|p| p.question().to_owned()) {
            self.keep_broken(question, String::new()).await;
        }
        self.drop_pending();
        // Answers that are just being kept are still to be shortened to what was heard.
        while !self.cuts.is_empty() {
            match tokio::time::timeout(KEEPING, findings.recv()).await {
                Ok(Some(Work::Committed(job, committed))) => self.committed(job, *committed).await,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => break,
            }
        }
        if let Some(recorder) = self.recorder.take() {
            recorder.finish().await;
        }
        let status = match reason {
            EndedReason::ErrorSpeech
            | EndedReason::ErrorAgent
            | EndedReason::ErrorStopped
            | EndedReason::ErrorTransport => CallStatus::Failed,
            _ => CallStatus::Completed,
        };
        self.event("ended", json!({"reason": reason.as_str()}));
        self.out.send(Outgoing::Ended { reason, message });
        self.record.finish(status, reason, self.cost).await;
    }

    /// The caller's sound, for the recording.
    pub(super) fn note_caller(&mut self, pcm: &[u8]) {
        let length = pcm.len() as u64 / 2 * 1000 / u64::from(LINE_RATE);
        let at = self.now().saturating_sub(length);
        if let Some(recorder) = &mut self.recorder {
            recorder.caller(pcm, at);
        }
    }

    /// The front desk's sound, for the recording; it is heard from `at` on.
    pub(super) fn note_agent(&mut self, pcm: &[u8], rate: u32, at: u64) {
        if let Some(recorder) = &mut self.recorder {
            recorder.agent(pcm, rate, at);
        }
    }

    fn start_recording(&mut self, now: UnixMs) {
        self.recorder = Some(Recorder::start(
            self.parts.store.clone(),
            self.record.call().clone(),
            self.settings.recording_days,
            now,
        ));
    }
}
