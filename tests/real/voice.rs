//! The voice process with its real models: what it says it hears again, and what happens when it dies.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use frontdesk::config::worker_environment;
use frontdesk::speech::live::{Detail, LiveEngine, PreparedVoice, Setup, VoiceFiles};
use frontdesk::speech::{
    AudioLimits, Ears, SpeakRequest, SpeechError, Synthesizer, Utterance, decode,
};
use frontdesk::worker::sandbox::Limits;
use frontdesk::worker::{Condition, Spec};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::server::{FRONTDESK, model};

const EAR: &str = "whisper-tiny.en";
const TURN: &str = "smart-turn-v3.2";
const VOICE: &str = "piper-en-us-joe-medium";

/// Those of these models that are here, by name; `None` with a message if one is missing.
fn files(names: &[&str]) -> Option<HashMap<String, PathBuf>> {
    let mut found = HashMap::new();
    for name in names {
        let Some(path) = model(name) else {
            println!("left out: get the model with `frontdesk models get {name}`");
            return None;
        };
        found.insert((*name).to_owned(), path);
    }
    Some(found)
}

/// A process with the models that are named.
async fn start(files: &HashMap<String, PathBuf>, shutdown: &CancellationToken) -> LiveEngine {
    let here = |name: &str| files.get(name).cloned();
    let voices: Vec<VoiceFiles> = here(VOICE)
        .map(|model| {
            let config = model.with_extension("onnx.json");
            VoiceFiles::read(VOICE, "Joe", "CC0", &model, &config).unwrap()
        })
        .into_iter()
        .collect();
    let models: Vec<(String, PathBuf)> = here(EAR).map(|p| (EAR.into(), p)).into_iter().collect();
    let mut readable: Vec<PathBuf> = files.values().cloned().collect();
    readable.extend(voices.iter().map(|v| v.config.clone()));
    let setup = Setup {
        models: models.clone(),
        turn: here(TURN),
        voices: voices.clone(),
        threads: 2,
        limits: Limits::for_models(&readable),
    };
    let prepared = PreparedVoice {
        spec: Spec {
            name: "voice".into(),
            program: FRONTDESK.into(),
            args: vec!["worker".into(), "voice".into()],
            env: worker_environment(700),
            init: serde_json::to_string(&setup).unwrap(),
            start_deadline: Duration::from_secs(60),
            memory_cap: None,
        },
        models: models.into_iter().map(|(name, _)| name).collect(),
        multilingual: None,
        voices: voices.into_iter().map(|v| v.voice).collect(),
        no_ears: None,
        no_turns: here(TURN)
            .is_none()
            .then(|| "get the model of turns".into()),
        no_voices: None,
        chosen: Vec::new(),
    };
    let live = LiveEngine::start(Box::pin(async { Ok(prepared) }), shutdown.clone());
    live.settled().await;
    live
}

fn pcm(samples: &[f32]) -> Bytes {
    let bytes = samples
        .iter()
        .flat_map(|s| ((s * 32_767.0) as i16).to_le_bytes());
    bytes.collect::<Vec<u8>>().into()
}

fn recording() -> Bytes {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/audio/hello.wav"
    );
    let bytes = std::fs::read(path).unwrap();
    let never = std::sync::atomic::AtomicBool::new(false);
    pcm(&decode(&bytes, None, &AudioLimits::default(), &never)
        .unwrap()
        .samples)
}

fn utterance(pcm: Bytes, partial: bool) -> Utterance {
    Utterance {
        pcm,
        partial,
        ..Utterance::default()
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn noise(seconds: usize, height: f32) -> Vec<f32> {
    let mut state = 1_u32;
    (0..seconds * 16_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as f32 / 32_768.0 - 1.0) * height
        })
        .collect()
}

/// Brings what was said to the rate that ears take, by way of a recording.
fn for_ears(pcm: &[u8], rate: u32) -> Bytes {
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + pcm.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].map(u16::to_le_bytes).concat());
    wav.extend([rate, rate * 2].map(u32::to_le_bytes).concat());
    wav.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    wav.extend(b"data");
    wav.extend((pcm.len() as u32).to_le_bytes());
    wav.extend(pcm);
    let never = std::sync::atomic::AtomicBool::new(false);
    self::pcm(
        &decode(&wav, None, &AudioLimits::default(), &never)
            .unwrap()
            .samples,
    )
}

fn request(text: &str) -> SpeakRequest {
    SpeakRequest {
        text: text.into(),
        speed: 1.0,
        ..SpeakRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn real_model_what_is_said_is_heard_word_for_word() {
    let Some(files) = files(&[EAR, VOICE, TURN]) else {
        return;
    };
    let shutdown = CancellationToken::new();
    let live = start(&files, &shutdown).await;
    let text = "Good morning, how can I help you? We are open on Saturday.";
    for round in 0..3 {
        let since = Instant::now();
        let mut clips = live.speak(request(text)).await.unwrap();
        let (mut said, mut sound, mut rate) = (String::new(), Vec::new(), 0);
        let mut first = None;
        while let Some(clip) = clips.next().await {
            let clip = clip.unwrap();
            first.get_or_insert(since.elapsed());
            said.push_str(&clip.text);
            sound.extend_from_slice(&clip.pcm);
            rate = clip.rate;
        }
        let (took, seconds) = (since.elapsed(), sound.len() as f32 / 2.0 / rate as f32);
        println!("round {round}: first {first:?}, all {took:?} for {seconds} s");
        assert_eq!((said.as_str(), rate), (text, 22_050));
        let heard = live
            .hear(utterance(for_ears(&sound, rate), false))
            .await
            .unwrap();
        assert_eq!(words(&heard.text), words(text), "{heard:?}");
    }
    shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn real_model_live_speech_is_heard_and_noise_is_not() {
    let Some(files) = files(&[EAR, TURN]) else {
        return;
    };
    let shutdown = CancellationToken::new();
    let live = start(&files, &shutdown).await;
    let sound = recording();
    let heard = live.hear(utterance(sound.clone(), false)).await.unwrap();
    println!("{heard:?} of {} ms", sound.len() / 32);
    assert!(
        !words(&heard.text).is_empty() && heard.language == "en",
        "{heard:?}"
    );
    let partial = live.hear(utterance(sound.clone(), true)).await.unwrap();
    assert_eq!(words(&partial.text), words(&heard.text));
    for nothing in [Vec::new(), vec![0.0; 32_000], noise(3, 0.05), noise(2, 0.9)] {
        let heard = live.hear(utterance(pcm(&nothing), false)).await.unwrap();
        assert_eq!(heard.text, "", "{heard:?}");
    }
    // A newer beginning makes the older one worthless, and a dropped one disturbs nobody.
    let older = live.hear(utterance(sound.slice(..sound.len() / 4 * 2), true));
    let newer = live.hear(utterance(sound.clone(), false));
    let (older, newer) = tokio::join!(older, newer);
    assert!(
        matches!(older, Ok(_) | Err(SpeechError::Cancelled)),
        "{older:?}"
    );
    assert_eq!(newer.unwrap().text, heard.text);
    let dropped = live.hear(utterance(sound.clone(), true));
    assert!(
        tokio::time::timeout(Duration::from_millis(5), dropped)
            .await
            .is_err()
    );
    assert_eq!(
        live.hear(utterance(sound, false)).await.unwrap().text,
        heard.text
    );
    // A voice was not set up: that is said, and the rest serves.
    let refused = live
        .speak(request("Hello."))
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("voice"), "{refused}");
    shutdown.cancel();
}

/// The sound of the features' tests; another runtime (onnxruntime 1.32) gives these probabilities for it.
#[tokio::test(flavor = "multi_thread")]
async fn real_model_ends_of_turns_are_as_another_runtime_tells_them() {
    let Some(files) = files(&[EAR, TURN]) else {
        return;
    };
    let shutdown = CancellationToken::new();
    let live = start(&files, &shutdown).await;
    let sound = |samples: u32| -> Bytes {
        let mut state = 1_u32;
        let value = |i: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from((state >> 16) % 2001) - 1000.0;
            let loud = if (i / 4000) & 1 == 0 { 9000.0 } else { 900.0 };
            let i = f64::from(i);
            (loud * (0.05 * i).sin() + loud / 2.0 * (0.31 * i).sin() + noise).floor() as i16
        };
        let values: Vec<u8> = (0..samples).map(value).flat_map(i16::to_le_bytes).collect();
        values.into()
    };
    for (samples, known) in [(48_000, 0.985_4), (160_000, 0.980_1)] {
        let since = Instant::now();
        let probability = live.turn_end(sound(samples)).await.unwrap();
        println!("{probability} in {:?}", since.elapsed());
        assert!(
            (probability - known).abs() < 0.03,
            "{probability}, not {known}"
        );
    }
    for odd in [
        Bytes::new(),
        Bytes::from_static(&[1]),
        pcm(&vec![0.0; 16_000]),
    ] {
        assert!((0.0..=1.0).contains(&live.turn_end(odd).await.unwrap()));
    }
    shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn real_model_killed_in_mid_speech_it_says_so_and_speaks_again() {
    let Some(files) = files(&[EAR, VOICE]) else {
        return;
    };
    let shutdown = CancellationToken::new();
    let live = start(&files, &shutdown).await;
    let refused = live.turn_end(Bytes::new()).await.unwrap_err().to_string();
    assert!(refused.contains("get the model of turns"), "{refused}");
    let long = "We are open from nine to five, and on Saturdays until noon. ".repeat(40);
    let mut clips = live.speak(request(&long)).await.unwrap();
    assert!(clips.next().await.unwrap().is_ok());
    let pid = live.status().unwrap().unwrap().pid.unwrap();
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status();
    assert!(killed.unwrap().success());
    let mut last = None;
    while let Some(clip) = clips.next().await {
        last = Some(clip);
    }
    assert!(
        matches!(last, Some(Err(SpeechError::Engine { .. }))),
        "{:?}",
        last.is_some()
    );
    let again = live.speak(request("We are back.")).await.unwrap();
    let said: Vec<_> = again.collect().await;
    assert!(!said.is_empty() && said.iter().all(Result::is_ok));
    shutdown.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn real_model_a_damaged_turn_model_leaves_the_ears() {
    let Some(mut files) = files(&[EAR]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("turn.onnx");
    std::fs::write(&damaged, b"<html>404</html>").unwrap();
    files.insert(TURN.into(), damaged);
    let shutdown = CancellationToken::new();
    let live = start(&files, &shutdown).await;
    assert!(Ears::ready(&live).is_ok());
    let Some(Ok(status)) = live.status() else {
        panic!("no status");
    };
    let Condition::Ready(detail) = status.condition else {
        panic!("{:?}", status.condition);
    };
    let detail: Detail = serde_json::from_str(&detail).unwrap();
    assert!(detail.turn.unwrap().contains("turn.onnx") && detail.hear.is_none());
    assert!(live.turn_end(Bytes::new()).await.is_err());
    assert!(
        !live
            .hear(utterance(recording(), false))
            .await
            .unwrap()
            .text
            .is_empty()
    );
    shutdown.cancel();
}
