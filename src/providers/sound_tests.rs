//! Hearing and speaking at a provider that behaves and one that does not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};

use super::deepgram::{FakeDeepgram, Mood};
use super::*;
use crate::egress::{Allow, Reach, SystemLookup};
use crate::speech::{
    Clip, ClipStream, Ears, Hearing, SpeakRequest, SpeechError, TranscribeOptions, Transcript,
    Utterance, Voice,
};
use crate::store::egress::{Entry, list};
use crate::store::providers::{
    Mode, ProviderBudget, ProviderKind, ProviderModels, ProviderPrices, ProviderUse, Redaction,
    Spend, Wanted,
};
use crate::store::workspaces;

/// This machine's ears and voice.
struct Here;

#[async_trait]
impl Transcriber for Here {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        Vec::new()
    }

    async fn transcribe(
        &self,
        _: Bytes,
        _: Option<String>,
        _: Option<String>,
        _: TranscribeOptions,
    ) -> Result<Transcript, SpeechError> {
        Ok(Transcript {
            text: "local".to_owned(),
            ..Transcript::default()
        })
    }
}

#[async_trait]
impl Synthesizer for Here {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn voices(&self) -> Vec<Voice> {
        Vec::new()
    }

    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError> {
        let clip = Clip {
            text: request.text,
            pcm: Bytes::from_static(&[1, 1]),
            rate: 16_000,
        };
        Ok(stream::iter([Ok(clip)]).boxed())
    }
}

#[async_trait]
impl Ears for Here {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    async fn hear(&self, _: Utterance) -> Result<Hearing, SpeechError> {
        Ok(Hearing {
            text: "local".to_owned(),
            ..Hearing::default()
        })
    }

    async fn turn_end(&self, _: Bytes) -> Result<f32, SpeechError> {
        Ok(0.5)
    }
}

struct Desk {
    fake: FakeDeepgram,
    store: Store,
    providers: Providers,
    workspace: WorkspaceId,
}

impl Desk {
    async fn of(mood: Mood) -> Self {
        let fake = FakeDeepgram::start(mood).await;
        let port = fake.port;
        let store = Store::open_in_memory().unwrap();
        let workspace = store
            .write(move |tx| {
                let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let wanted = Wanted {
                    kind: ProviderKind::Deepgram,
                    name: "Ears".to_owned(),
                    url: format!("http://127.0.0.1:{port}/v1"),
                    own: true,
                    region: String::new(),
                    models: ProviderModels {
                        transcribe: Some("nova-3".to_owned()),
                        speak: Some("aura-2-thalia-en".to_owned()),
                        ..ProviderModels::default()
                    },
                    classes: vec!["business".to_owned(), "customer".to_owned()],
                    redaction: Redaction::default(),
                    budget: ProviderBudget::default(),
                    prices: ProviderPrices {
                        minute_heard: 6_000,
                        million_spoken: 30_000_000,
                        ..ProviderPrices::default()
                    },
                    active: true,
                };
                let made = kept::create(tx, shop, &wanted, Some("k-secret"), 1)?;
                for purpose in [Use::Transcribe, Use::Speak] {
                    let used = ProviderUse {
                        workspace: shop,
                        purpose,
                        mode: Mode::Provider,
                        wait_ms: 0,
                        provider: made.id,
                        tell: true,
                    };
                    kept::set_use(tx, &made, used, 1)?;
                }
                Ok(shop)
            })
            .await
            .unwrap();
        let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
        let gateway =
            Gateway::new(store.clone(), Reach::Open, allow, Arc::new(SystemLookup)).unwrap();
        let patience = Duration::from_secs(2);
        let quotas = Quotas::new(store.clone());
        let providers = Providers::start_with(store.clone(), gateway, quotas, patience);
        Self {
            fake,
            store,
            providers: providers.await.unwrap(),
            workspace,
        }
    }

    async fn transcribe(&self) -> Transcript {
        let ears = self.providers.transcriber(self.workspace, Arc::new(Here));
        let options = TranscribeOptions {
            words: true,
            ..TranscribeOptions::default()
        };
        let name = Some("Ann Smith.ogg".to_owned());
        let sound = Bytes::from_static(&[7; 3_000]);
        ears.transcribe(sound, name, None, options).await.unwrap()
    }

    async fn speak(&self, text: &str) -> Vec<Clip> {
        let voice = self.providers.synthesizer(self.workspace, Arc::new(Here));
        let request = SpeakRequest {
            text: text.to_owned(),
            speed: 1.0,
            ..SpeakRequest::default()
        };
        let clips = voice.speak(request).await.unwrap();
        clips.map(Result::unwrap).collect().await
    }

    async fn hear(&self, partial: bool) -> Hearing {
        let ears = self.providers.ears(self.workspace, Arc::new(Here));
        let utterance = Utterance {
            pcm: Bytes::from(vec![0; 32_000]),
            language: Some("en".to_owned()),
            prompt: None,
            partial,
        };
        ears.hear(utterance).await.unwrap()
    }

    async fn spent(&self) -> Spend {
        let (workspace, month) = (self.workspace, budget::month(now()));
        let read = move |conn: &_| kept::spent(conn, workspace, &month, "ears");
        self.store.read(read).await.unwrap()
    }

    async fn ledger(&self) -> Vec<Entry> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.store.read(|conn| list(conn, None, 50)).await.unwrap()
    }
}

#[tokio::test]
async fn a_recording_is_transcribed_and_paid_by_its_length() {
    let desk = Desk::of(Mood::Well).await;
    let heard = desk.transcribe().await;
    assert_eq!(
        (heard.text.as_str(), heard.language.as_str()),
        ("Hello there.", "en")
    );
    assert_eq!((heard.duration_ms, heard.segments.len()), (1_250, 1));
    assert_eq!(heard.segments[0].words[1].text, "there.");
    let (line, bytes) = &desk.fake.seen()[0];
    assert!(line.starts_with("POST /v1/listen?model=nova-3&"), "{line}");
    assert!(
        line.contains("mip_opt_out=true") && !line.contains("Ann"),
        "{line}"
    );
    assert_eq!(*bytes, 3_000);
    assert_eq!(desk.spent().await.micro, 125);
    let row = &desk.ledger().await[0];
    assert_eq!(
        (row.purpose.as_str(), row.provider.as_deref()),
        ("speech to text", Some("Ears"))
    );
    assert_eq!(row.data, "metadata, customer, credential");
}

#[tokio::test]
async fn this_machine_hears_if_the_provider_does_not() {
    for mood in [Mood::BadKey, Mood::Busy, Mood::Nonsense] {
        let desk = Desk::of(mood).await;
        assert_eq!(desk.transcribe().await.text, "local", "{mood:?}");
        assert_eq!(desk.speak("Ready.").await[0].rate, 16_000, "{mood:?}");
    }
}

#[tokio::test]
async fn a_text_is_spoken_unless_it_holds_what_is_to_be_left_out() {
    let desk = Desk::of(Mood::Well).await;
    let clips = desk.speak("Ready. Steady.").await;
    assert_eq!(
        (clips.len(), clips[0].rate, clips[0].pcm.len()),
        (1, 24_000, 4_800)
    );
    let (line, _) = &desk.fake.seen()[0];
    assert!(line.contains("/v1/speak?model=aura-2-thalia-en") && line.contains("mip_opt_out=true"));
    assert_eq!(desk.spent().await.micro, 14 * 30);
    let clips = desk.speak("Call +49 30 1234567.").await;
    assert_eq!(clips[0].rate, 16_000);
    assert_eq!(desk.fake.seen().len(), 1);
}

#[tokio::test]
async fn live_sound_is_heard_over_a_socket() {
    let desk = Desk::of(Mood::Well).await;
    let heard = desk.hear(false).await;
    assert_eq!(heard.text, "Hello there.");
    let (line, bytes) = &desk.fake.seen()[0];
    assert!(
        line.contains("mip_opt_out=true") && line.contains("encoding=linear16"),
        "{line}"
    );
    assert_eq!(*bytes, 32_000);
    assert_eq!(desk.spent().await.micro, 100);
    let row = &desk.ledger().await[0];
    assert_eq!(
        (row.method.as_str(), row.provider.as_deref()),
        ("TCP", Some("Ears"))
    );
    assert!(row.outcome.bytes_sent > 32_000);
    assert_eq!(desk.hear(true).await.text, "local");
    assert_eq!(desk.fake.seen().len(), 1);
}

#[tokio::test]
async fn a_socket_that_closes_early_or_says_nothing_leaves_the_work_here() {
    for mood in [Mood::Idle, Mood::Silent] {
        let desk = Desk::of(mood).await;
        assert_eq!(desk.hear(false).await.text, "local", "{mood:?}");
    }
}
