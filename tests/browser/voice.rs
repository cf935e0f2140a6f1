//! A spoken conversation in a real browser: three turns, the last one an interruption, then its call page.
//!
//! The microphone is a WAV that the server itself spoke. Needs the models of speech; without them the test
//! says so and passes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Client;
use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::driver::Driver;
use crate::{ANSWERING, find, open_to_visitors, set_up, shoot, upload, wait};

/// Engines load behind the server.
const WARMING: Duration = Duration::from_secs(180);
/// Silence before the first question, s: connecting and the greeting.
const LEAD: usize = 10;
/// What the caller says, and the seconds of silence after it. The third is said into the second's answer.
const SAID: [(&str, f64); 3] = [
    ("How much does a full service cost?", 14.0),
    ("Do you rent bicycles?", 5.0),
    ("Sorry, stop. When are you open on Saturday?", 20.0),
];

/// An approved answer is there at once, and this one takes long enough to say.
const RENTING: &str = "Yes, we rent city bicycles, cargo bicycles and electric bicycles by the hour, by the day and by the \
     week. Please bring your identity card and a deposit, and come a quarter of an hour before you want to leave, so that \
     we can set the saddle and the brakes for you. Helmets and locks are included, and children's seats can be had for a \
     small fee. If it rains, you may bring the bicycle back early and pay only for the hours that you rode.";

#[tokio::test]
async fn browser_visitor_talks_in_three_turns_and_interrupts() {
    let Some(driver) = Driver::start().await else {
        println!("skipped: this test needs /usr/bin/chromium and /usr/bin/chromedriver");
        return;
    };
    let desk = Arc::new(Desk::start().await);
    let folder = tempfile::tempdir().unwrap();
    let microphone = folder.path().join("microphone.wav");
    let browser = driver.browser().await;
    let outcome = tokio::spawn(prepare(browser.clone(), desk.clone(), microphone.clone())).await;
    if !matches!(outcome, Ok(Ok(_))) {
        shoot(&browser, "voice-failure").await.ok();
    }
    browser.close().await.ok();
    if !outcome.unwrap().unwrap() {
        println!("skipped: this test needs the models of speech (frontdesk models get --starter)");
        return;
    }
    let capture = format!(
        "--use-file-for-fake-audio-capture={}%noloop",
        microphone.display()
    );
    let browser = driver
        .browser_with(&[
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            "--autoplay-policy=no-user-gesture-required",
            &capture,
        ])
        .await;
    let outcome = tokio::spawn(talk(browser.clone(), desk.clone())).await;
    if !matches!(outcome, Ok(Ok(()))) {
        shoot(&browser, "voice-failure").await.ok();
    }
    browser.close().await.ok();
    outcome.unwrap().unwrap();
}

/// The account, a document, and the recording that will be the microphone. False without voice.
async fn prepare(
    browser: Client,
    desk: Arc<Desk>,
    microphone: std::path::PathBuf,
) -> Result<bool, CmdError> {
    set_up(&browser, &desk).await?;
    upload(&browser).await?;
    open_to_visitors(&browser, &desk).await?;
    let approve = "const done = arguments[2]; fetch('/api/v1/faqs', { method: 'POST', \
        headers: { 'content-type': 'application/json' }, \
        body: JSON.stringify({ questions: [arguments[0]], answer: arguments[1], state: 'approved' }) }) \
        .then(r => done(r.status), e => done(String(e)))";
    let pair = vec![json!(SAID[1].0), json!(RENTING)];
    assert_eq!(browser.execute_async(approve, pair).await?, json!(201));
    let begun = std::time::Instant::now();
    let ask = "const done = arguments[0]; fetch('/api/v1/widget').then(r => r.json()) \
               .then(({ site }) => fetch('/api/v1/visit', { method: 'POST', body: JSON.stringify({ site }), \
                 headers: { 'content-type': 'application/json' } })) \
               .then(r => r.json()).then(v => done(v.voice.enabled), () => done(false))";
    while browser.execute_async(ask, vec![]).await? != json!(true) {
        if begun.elapsed() > WARMING {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let mut rate = 0;
    let mut track = Vec::new();
    for (at, (text, silence)) in SAID.into_iter().enumerate() {
        let (samples, of) = spoken(&browser, text).await?;
        rate = of;
        if at == 0 {
            track.resize(LEAD * of, 0);
        }
        track.extend(samples);
        track.resize(track.len() + (silence * of as f64) as usize, 0);
    }
    write_wav(&microphone, &track, rate);
    Ok(true)
}

/// A sentence in the server's own voice, and its samples per second.
async fn spoken(browser: &Client, text: &str) -> Result<(Vec<i16>, usize), CmdError> {
    let script = "const done = arguments[1]; fetch('/v1/audio/speech', { method: 'POST', \
        headers: { 'content-type': 'application/json' }, \
        body: JSON.stringify({ model: 'tts-1', voice: 'alloy', input: arguments[0], response_format: 'wav' }) }) \
        .then(r => r.arrayBuffer()).then(b => { let s = ''; \
          for (const byte of new Uint8Array(b)) s += String.fromCharCode(byte); done(btoa(s)) }, \
          e => done(String(e)))";
    let encoded = browser.execute_async(script, vec![json!(text)]).await?;
    let wav = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
    assert_eq!(&wav[..4], b"RIFF", "{}", String::from_utf8_lossy(&wav));
    let rate = u32::from_le_bytes(wav[24..28].try_into().unwrap()) as usize;
    let data = wav.windows(4).position(|four| four == b"data").unwrap() + 8;
    let samples = wav[data..].as_chunks::<2>().0;
    Ok((
        samples.iter().map(|two| i16::from_le_bytes(*two)).collect(),
        rate,
    ))
}

fn write_wav(path: &Path, samples: &[i16], rate: usize) {
    let (bytes, rate) = (samples.len() as u32 * 2, rate as u32);
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend([1_u16, 1].iter().flat_map(|n| n.to_le_bytes()));
    wav.extend([rate, rate * 2].iter().flat_map(|n| n.to_le_bytes()));
    wav.extend([2_u16, 16].iter().flat_map(|n| n.to_le_bytes()));
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    std::fs::write(path, wav).unwrap();
}

async fn talk(browser: Client, desk: Arc<Desk>) -> Result<(), CmdError> {
    let browser = &browser;
    browser.goto(&format!("{}/talk", desk.address)).await?;
    until(
        browser,
        "the widget",
        "return Boolean(widget.shadowRoot && in_shadow('.said'))",
        ANSWERING,
    )
    .await?;
    run(
        browser,
        "window.log = []; for (const name of ['ready', 'phase', 'heard', 'answer', 'problem', 'ended']) \
         document.addEventListener(`frontdesk-${name}`, event => log.push([name, event.detail])); \
         in_shadow('[aria-label=\"Talk to us\"]').click()",
    )
    .await?;
    let heard = "return log.filter(([name]) => name === 'heard').length";
    until(
        browser,
        "the first turn",
        &format!("{heard} >= 1"),
        ANSWERING,
    )
    .await?;
    let first = "return log.some(([name, d]) => name === 'answer' && d.text.includes('89'))";
    until(browser, "the first answer", first, ANSWERING).await?;
    until(
        browser,
        "a spoken answer",
        &format!("{heard} >= 1 && in_shadow('.call').dataset.phase === 'speaking'"),
        ANSWERING,
    )
    .await?;
    shoot(browser, "talk-speaking").await?;
    until(browser, "three turns", &format!("{heard} >= 3"), ANSWERING).await?;
    let answered = "return log.filter(([name, d]) => name === 'answer' && d.turn).length >= 3 \
                    && in_shadow('.call').dataset.phase === 'listening'";
    until(browser, "three answers", answered, ANSWERING).await?;
    let log = run(browser, "return log").await?;
    let phases: Vec<&str> = log
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry[0] == "phase")
        .filter_map(|entry| entry[1]["phase"].as_str())
        .collect();
    assert!(
        phases.windows(2).any(|two| two == ["speaking", "hearing"]),
        "nobody was interrupted: {phases:?}"
    );
    shoot(browser, "talk").await?;
    run(browser, "in_shadow('[aria-label=\"Hang up\"]').click()").await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    call_page(browser, &desk).await
}

/// The owner looks at the call.
async fn call_page(browser: &Client, desk: &Desk) -> Result<(), CmdError> {
    browser.goto(&format!("{}/calls", desk.address)).await?;
    if browser.current_url().await?.path() == "/login" {
        for (field, value) in [
            ("email", "ines@marlowstreet.example"),
            ("password", "four plain words here\u{e007}"),
        ] {
            find(browser, &format!("input[name={field}]"))
                .await?
                .send_keys(value)
                .await?;
        }
    }
    wait(browser, "a[href^='/calls/']", ANSWERING).await?;
    let link = run(
        browser,
        "return document.querySelector(\"main a[href^='/calls/']\").href",
    )
    .await?;
    browser.goto(link.as_str().unwrap()).await?;
    find(browser, "main h1").await?;
    let text = run(browser, "return document.querySelector('main').textContent").await?;
    assert!(text.as_str().unwrap().contains("Saturday"), "{text}");
    shoot(browser, "call").await
}

/// Runs a script that knows the widget and its inside.
pub async fn run(browser: &Client, script: &str) -> Result<Value, CmdError> {
    let script = format!(
        "const widget = document.querySelector('frontdesk-widget'); \
         const in_shadow = css => widget.shadowRoot.querySelector(css); {script}"
    );
    browser.execute(&script, vec![]).await
}

pub async fn until(
    browser: &Client,
    what: &str,
    script: &str,
    at_most: Duration,
) -> Result<(), CmdError> {
    let begun = std::time::Instant::now();
    while run(browser, script).await? != json!(true) {
        if begun.elapsed() > at_most {
            let log = run(browser, "return JSON.stringify(window.log ?? null)").await?;
            panic!("not in time: {what}; {log}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}
