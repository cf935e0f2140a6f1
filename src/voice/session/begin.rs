//! Begins a session: loads the settings, and creates the conversation and the call's record.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::VoiceSession;
use super::answering::Answering;
use super::clock::CallClock;
use super::ear::Ear;
use super::jobs::Work;
use super::manners::Manners;
use super::person::OnTheLine;
use super::services::Services;
use crate::speech::{Pronunciation, SpeakRequest};
use crate::store::calls::{self, Call, CallCost, CallStatus, NewCall};
use crate::store::conversations::{self, Channel, NewConversation};
use crate::store::{ConversationId, Scoped, StoreError, pronunciations, workspaces};
use crate::voice::call_record::CallRecord;
use crate::voice::desk::{Caller, Parts};
use crate::voice::line::{Outgoing, Phase};
use crate::voice::listener::Listener;
use crate::voice::outbox::Outbox;
use crate::voice::phrases::phrases;
use crate::voice::settings::VoiceSettings;

/// What the store knows about a new call.
struct CallStart {
    settings: VoiceSettings,
    lexicon: Vec<Pronunciation>,
    conversation: ConversationId,
    call: Scoped<Call>,
}

/// Records the call, and opens a conversation unless it continues one.
async fn load(parts: &Parts, caller: &Caller) -> Result<CallStart, StoreError> {
    let (workspace, assistant) = (caller.workspace, caller.assistant.id);
    let own = caller.assistant.own()?;
    let (channel, name, known) = (caller.channel, caller.name.clone(), caller.conversation);
    let begun_by = caller.begun_by;
    let now = jiff::Timestamp::now().as_millisecond();
    let loaded = parts.store.write(move |tx| {
        let settings: VoiceSettings = workspaces::section(tx, workspace, VoiceSettings::SECTION)?;
        let settings = settings.with_own(&own);
        let lexicon = pronunciations::list(tx, workspace)?;
        let conversation = match known {
            Some(id) => conversations::get(tx, workspace, id)?.id,
            None => {
                let new = NewConversation {
                    assistant: Some(assistant),
                    channel: Channel::Voice,
                    visitor: name.as_deref(),
                    title: "",
                    begun_by,
                    page: None,
                };
                conversations::create(tx, workspace, &new, now)?.id
            }
        };
        let new = NewCall {
            assistant: Some(assistant),
            conversation: Some(conversation),
            channel,
            caller: name.as_deref(),
            status: CallStatus::InProgress,
        };
        Ok(CallStart {
            settings,
            lexicon: lexicon
                .into_iter()
                .map(|p| Pronunciation {
                    word: p.word,
                    say: p.say,
                })
                .collect(),
            conversation,
            call: calls::create(tx, workspace, &new, now)?,
        })
    });
    loaded.await
}

impl VoiceSession {
    pub(super) async fn begin(
        parts: Arc<Parts>,
        caller: Caller,
        outgoing: mpsc::Sender<Outgoing>,
        work: mpsc::Sender<Work>,
        listener: Listener,
    ) -> Result<Self, StoreError> {
        let CallStart {
            settings,
            lexicon,
            conversation,
            call,
        } = load(&parts, &caller).await?;
        let phrases = phrases(&settings.language);
        let record = CallRecord::new(parts.store.clone(), call, &parts.tasks);
        let manner = SpeakRequest {
            text: String::new(),
            voice: settings.voice.clone(),
            speed: settings.speed,
            lexicon,
        };
        let ear = Ear::new(settings.language.clone(), settings.barge_in, listener);
        let recording_days = settings.recording_days;
        let manners = Manners::new(settings, &caller.assistant.greeting, phrases);
        let services = Services {
            parts,
            caller,
            conversation,
            phrases,
            manner,
            recording_days,
            work,
        };
        let on_the_line = OnTheLine::begin(&services).await?;
        let mut answering = Answering::new(phrases);
        answering.set_desk_open(services.is_desk_open().await);
        Ok(Self {
            clock: CallClock::start(),
            record,
            out: Outbox::new(outgoing),
            phase: Phase::Listening,
            live: None,
            recorder: None,
            cost: CallCost::default(),
            turns: 0,
            over: None,
            ear,
            answering,
            manners,
            on_the_line,
            services,
        })
    }
}
