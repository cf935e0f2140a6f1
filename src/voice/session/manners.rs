//! The manners of a call: greeting, consent, taking a name and number, silence, patience with faults,
//! and the end. They do nothing themselves: they return [`Order`]s.

use serde_json::{Value, json};

use crate::store::calls::{EndedReason, RecordingState};
use crate::voice::collect::{Collect, Step};
use crate::voice::phrases::Phrases;
use crate::voice::settings::{RecordingMode, VoiceSettings};
use crate::voice::words;

/// How long before the maximum duration to warn the caller, in ms.
const WARNING_MS: u64 = 60_000;
/// Calls limited to fewer minutes than this end without a warning.
const WARNED_FROM: u32 = 3;
/// How long the line stays open for a farewell that cannot be spoken, in ms.
const FAREWELL_MS: u64 = 20_000;
/// How often to ask for consent before an unclear answer means no.
const CONSENT_TRIES: u32 = 2;
/// Faults in a row that end a call.
const MOST_FAULTS: u32 = 3;

/// One order. Orders are carried out in order.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// Record an event.
    Event(&'static str, Value),
    /// Say this on the front desk's own account.
    Say(String),
    /// Say this, and end the call when it was heard.
    SayFarewell(String, EndedReason),
    /// Bridge the wait for an answer with these words; if empty, with a tone.
    Fill(String),
    /// Drop all queued sound.
    ClearSound,
    /// Cancel the answer that is being prepared.
    DropAnswer,
    /// Set whether the call is recorded from now on.
    Record(RecordingState),
    /// End the call.
    End(EndedReason),
}

/// What the caller's words mean, before the agent sees them.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// A reply to the manners' last question.
    Reply(Vec<Order>),
    /// The confirmed name and contact for a call back.
    Callback { name: String, contact: String },
    /// Anything else, which the agent may know.
    Question,
}

/// The current state of the call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scene {
    pub(super) now: u64,
    /// Since when the caller has been waiting for an answer.
    pub(super) waiting_since: Option<u64>,
    /// Whether the front desk is speaking.
    pub(super) is_speaking: bool,
    /// Whether the caller is speaking.
    pub(super) is_hearing: bool,
    /// Whether the caller's screen shows that it is their turn.
    pub(super) is_listening: bool,
}

/// The state of the question whether the call may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Consent {
    /// Recording is off.
    NotAsked,
    /// The caller was asked this many times.
    Waiting(u32),
    Settled,
}

/// The call ends after this answer.
#[derive(Debug, Clone, Copy)]
struct Ending {
    answer: u32,
    reason: EndedReason,
}

/// Decides on everything around the turns of a call.
pub(super) struct Manners {
    settings: VoiceSettings,
    phrases: &'static Phrases,
    greeting: String,
    consent: Consent,
    collect: Option<Collect>,
    quiet_since: u64,
    prompts: u32,
    warned: bool,
    filler_played: bool,
    faults: u32,
    ending: Option<Ending>,
    /// When the minutes of the workspace ended.
    cut_at: Option<u64>,
}

impl Manners {
    /// `greeting` is the assistant's; the workspace's own takes precedence.
    pub(super) fn new(settings: VoiceSettings, greeting: &str, phrases: &'static Phrases) -> Self {
        let own = [settings.greeting.trim(), greeting.trim()]
            .into_iter()
            .find(|g| !g.is_empty());
        Self {
            greeting: own.map_or_else(|| phrases.greeting.to_owned(), str::to_owned),
            consent: match settings.recording {
                RecordingMode::Off => Consent::NotAsked,
                RecordingMode::Ask => Consent::Waiting(1),
            },
            settings,
            phrases,
            collect: None,
            quiet_since: 0,
            prompts: 0,
            warned: false,
            filler_played: false,
            faults: 0,
            ending: None,
            cut_at: None,
        }
    }

    /// Ends the call as if it had lasted as long as calls may.
    pub(super) fn cut(&mut self, now: u64) {
        self.cut_at = Some(now);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut_at.is_some()
    }

    /// Whether the caller still has to answer the question about recording.
    pub(super) fn asks_consent(&self) -> bool {
        matches!(self.consent, Consent::Waiting(_))
    }

    /// Whether the next words will answer the front desk's own question, or the call is ending.
    pub(super) fn expects_reply(&self) -> bool {
        self.collect.is_some() || self.asks_consent() || self.is_ending()
    }

    /// Whether the farewell was said.
    pub(super) fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// A prompt that helps the recogniser with the next words.
    pub(super) fn hint(&self) -> Option<&'static str> {
        self.collect.as_ref().and_then(Collect::hint)
    }

    /// Whether digits or letters come next.
    pub(super) fn wants_digits(&self) -> bool {
        self.collect.as_ref().is_some_and(Collect::wants_digits)
    }

    /// Returns the first words.
    pub(super) fn greet(&self) -> Vec<Order> {
        if self.asks_consent() {
            let notice = self.settings.recording_notice.clone();
            vec![Order::Record(RecordingState::Asked), Order::Say(notice)]
        } else {
            vec![Order::Say(self.greeting.clone())]
        }
    }

    /// Handles the caller's consent or refusal; does nothing if they were not asked.
    pub(super) fn take_consent(&mut self, yes: bool, how: &str) -> Vec<Order> {
        if !self.asks_consent() {
            return Vec::new();
        }
        self.consent = Consent::Settled;
        let (state, say) = if yes {
            (RecordingState::On, self.phrases.consent_yes)
        } else {
            (RecordingState::Declined, self.phrases.consent_no)
        };
        vec![
            Order::Event("consent", json!({"given": yes, "how": how})),
            Order::ClearSound,
            Order::Record(state),
            Order::Say(say.to_owned()),
            Order::Say(self.greeting.clone()),
        ]
    }

    /// Interprets the caller's words.
    pub(super) fn understand(&mut self, text: &str) -> Meaning {
        if let Consent::Waiting(tries) = self.consent {
            return Meaning::Reply(match words::yes_or_no(text) {
                Some(yes) => self.take_consent(yes, "voice"),
                None if tries >= CONSENT_TRIES => self.take_consent(false, "no answer"),
                None => {
                    self.consent = Consent::Waiting(tries + 1);
                    vec![Order::Say(self.phrases.consent_again.to_owned())]
                }
            });
        }
        let Some(mut collect) = self.collect.take() else {
            return Meaning::Question;
        };
        match collect.hear(text, self.phrases) {
            Step::Say(say) => {
                self.collect = Some(collect);
                Meaning::Reply(vec![Order::Say(say)])
            }
            Step::Done { contact } => Meaning::Callback {
                name: collect.name().to_owned(),
                contact,
            },
            Step::GivenUp => Meaning::Reply(vec![Order::Say(self.phrases.not_noted.to_owned())]),
            Step::Other => Meaning::Question,
        }
    }

    /// Prepares to take a name and number, as the answer offered a person; returns whether that is new.
    pub(super) fn offer_callback(&mut self) -> bool {
        let is_new = self.collect.is_none();
        self.collect.get_or_insert_with(Collect::begin);
        is_new
    }

    /// Gives up taking a name and number, as a person is there.
    pub(super) fn forget_callback(&mut self) {
        self.collect = None;
    }

    /// Notes that the caller speaks.
    pub(super) fn note_speech(&mut self, now: u64) {
        self.quiet_since = now;
        self.prompts = 0;
    }

    /// Counts silence from now on.
    pub(super) fn count_silence_from(&mut self, now: u64) {
        self.quiet_since = now;
    }

    /// Notes that the caller waits for an answer.
    pub(super) fn await_answer(&mut self) {
        self.filler_played = false;
    }

    /// Forgets earlier faults.
    pub(super) fn note_success(&mut self) {
        self.faults = 0;
    }

    /// Counts a fault; returns whether to give up.
    pub(super) fn note_fault(&mut self) -> bool {
        self.faults += 1;
        self.faults >= MOST_FAULTS
    }

    /// Handles fillers, silence and the maximum duration.
    pub(super) fn keep_time(&mut self, scene: &Scene) -> Vec<Order> {
        let mut orders = Vec::new();
        let now = scene.now;
        if let Some(since) = scene.waiting_since
            && !self.filler_played
            && !scene.is_speaking
            && now.saturating_sub(since) >= u64::from(self.settings.filler_ms)
        {
            self.filler_played = true;
            orders.push(Order::Event("filler", json!({})));
            orders.push(Order::Fill(self.settings.filler.trim().to_owned()));
        }
        let longest = u64::from(self.settings.max_minutes.max(1)) * 60_000;
        let longest = self.cut_at.map_or(longest, |cut| longest.min(cut));
        let idle = !scene.is_speaking && !scene.is_hearing && scene.waiting_since.is_none();
        if self.is_ending() {
            if now >= longest + FAREWELL_MS {
                orders.push(Order::End(EndedReason::MaxDuration));
            }
        } else if now >= longest {
            let text = self.phrases.time_is_over.to_owned();
            orders.extend([Order::ClearSound, Order::DropAnswer]);
            orders.push(Order::SayFarewell(text, EndedReason::MaxDuration));
        } else if !self.warned
            && idle
            && self.settings.max_minutes >= WARNED_FROM
            && now + WARNING_MS >= longest
        {
            self.warned = true;
            orders.push(Order::Say(self.phrases.almost_over.to_owned()));
        } else if idle && scene.is_listening {
            orders.extend(self.break_silence(now));
        }
        orders
    }

    fn break_silence(&mut self, now: u64) -> Vec<Order> {
        let patience = u64::from(self.settings.silence_seconds.max(1)) * 1000;
        if now.saturating_sub(self.quiet_since) < patience {
            return Vec::new();
        }
        self.quiet_since = now;
        if self.asks_consent() {
            return self.take_consent(false, "silence");
        }
        self.prompts += 1;
        let prompt = Order::Event("silence", json!({"prompt": self.prompts}));
        let say = if self.prompts > self.settings.silence_prompts {
            let text = self.phrases.silence_farewell.to_owned();
            Order::SayFarewell(text, EndedReason::Inactivity)
        } else {
            Order::Say(self.phrases.still_there.to_owned())
        };
        vec![prompt, say]
    }

    /// Ends the call after this answer.
    pub(super) fn end_after(&mut self, answer: u32, reason: EndedReason) {
        self.ending = Some(Ending { answer, reason });
    }

    /// Cancels the end, as the caller went on after the farewell; returns whether there was one.
    pub(super) fn call_off_ending(&mut self) -> bool {
        self.ending.take().is_some()
    }

    /// Why the call ends after this answer, if it does.
    pub(super) fn ends_with(&self, answer: u32) -> Option<EndedReason> {
        let ending = self.ending.filter(|e| e.answer == answer)?;
        Some(ending.reason)
    }

    /// The last sentence on the caller's screen.
    pub(super) fn last_words(reason: EndedReason) -> &'static str {
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
    }
}

#[cfg(test)]
#[path = "manners_tests.rs"]
mod tests;
