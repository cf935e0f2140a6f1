//! Whole sessions on paused time.

use std::time::Duration;

use super::fakes::{OPEN, TestDesk};
use crate::store::calls::EndedReason;
use crate::voice::{Incoming, Outgoing, Phase, RecordingMode, VoiceSettings};

fn is_answer(message: &Outgoing) -> bool {
    matches!(message, Outgoing::Answer { turn, .. } if *turn > 0)
}

fn phase(wanted: Phase) -> impl Fn(&Outgoing) -> bool {
    move |m| matches!(m, Outgoing::Phase(p) if *p == wanted)
}

fn says(part: &'static str) -> impl Fn(&Outgoing) -> bool {
    move |m| matches!(m, Outgoing::Answer { text, .. } if text.contains(part))
}

async fn desk() -> TestDesk {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    desk.wait_for_greeting().await;
    desk
}

/// Asks for the opening hours, and waits until the answer plays.
async fn ask_hours(desk: &mut TestDesk) {
    desk.will_say(&["When are you open?"]);
    desk.speak(900).await;
    desk.until("speech", phase(Phase::Speaking)).await;
}

const MESSAGES: &str = "SELECT role || ' ' || state || ': ' || text FROM messages ORDER BY seq";
const LINES: &str = "SELECT speaker || ' ' || state || ': ' || text FROM call_lines ORDER BY seq";
const REASON: &str = "SELECT ended_reason FROM calls";

#[tokio::test(start_paused = true)]
async fn a_question_is_answered_and_all_of_it_is_on_record() {
    let mut desk = desk().await;
    ask_hours(&mut desk).await;
    desk.until("listening", phase(Phase::Listening)).await;
    desk.hang_up().await;
    assert!(matches!(
        desk.log.first(),
        Some(Outgoing::Ready {
            asks_consent: false,
            ..
        })
    ));
    let heard = desk
        .log
        .iter()
        .any(|m| matches!(m, Outgoing::Heard { turn: 1, text } if text == "When are you open?"));
    assert!(
        heard && desk.log.iter().any(is_answer),
        "{:?}",
        desk.shown()
    );
    assert_eq!(
        desk.query(MESSAGES).await,
        [
            "user complete: When are you open?".to_owned(),
            format!("assistant complete: {OPEN}")
        ]
    );
    assert_eq!(
        desk.query(LINES).await,
        [
            "agent complete: Hello there.".to_owned(),
            "caller complete: When are you open?".into(),
            format!("agent complete: {OPEN}")
        ]
    );
    assert_eq!(desk.query("SELECT count(*) FROM receipts").await, ["1"]);
    assert_eq!(desk.query(REASON).await, ["error_transport"]);
    let times = desk.query("SELECT timings FROM call_turns").await;
    let times: serde_json::Value = serde_json::from_str(&times[0]).unwrap();
    let waited = times["voice_to_voice_ms"].as_u64().unwrap();
    assert!((200..600).contains(&waited), "{times}");
    for key in [
        "end_of_turn_ms",
        "turn_model_ms",
        "stt_ms",
        "retrieve_ms",
        "answer_ms",
        "spoken_ms",
    ] {
        assert!(times[key].is_u64(), "{key} is missing in {times}");
    }
}

#[tokio::test(start_paused = true)]
async fn breaking_in_shortens_what_is_remembered_to_what_was_heard() {
    let mut desk = desk().await;
    ask_hours(&mut desk).await;
    desk.quiet(1200).await;
    desk.will_say(&["Do you offer gift cards?"]);
    desk.speak(900).await;
    let from = desk.log.len();
    let cleared = desk
        .log
        .iter()
        .position(|m| matches!(m, Outgoing::Clear { .. }));
    let paused = desk.log.iter().position(|m| matches!(m, Outgoing::Pause));
    assert!(paused < cleared && paused.is_some(), "{:?}", desk.shown());
    desk.until("the second answer", says("twenty dollars"))
        .await;
    assert!(desk.log.len() > from);
    let kept = desk.query(MESSAGES).await;
    assert_eq!(kept.len(), 4, "{kept:?}");
    let heard = kept[1]
        .strip_prefix("assistant interrupted: ")
        .expect("interrupted");
    assert!(
        OPEN.starts_with(heard) && heard.len() < OPEN.len() && heard.len() > 10,
        "{heard}"
    );
    let receipts = desk
        .query("SELECT answer FROM receipts ORDER BY seq LIMIT 1")
        .await;
    assert_eq!(receipts, [OPEN], "the receipt keeps what was said");
    desk.hang_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_back_channel_holds_the_answer_for_a_moment_only() {
    let mut desk = desk().await;
    ask_hours(&mut desk).await;
    desk.quiet(600).await;
    desk.will_say(&["Mhm."]);
    desk.speak(240).await;
    desk.until("going on", |m| matches!(m, Outgoing::Resume))
        .await;
    desk.until("the end", phase(Phase::Listening)).await;
    assert!(!desk.log.iter().any(|m| matches!(m, Outgoing::Clear { .. })));
    assert_eq!(
        desk.query(MESSAGES).await[1],
        format!("assistant complete: {OPEN}")
    );
    desk.hang_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_question_that_goes_on_is_one_question() {
    let mut desk = desk().await;
    *desk.voice.takes.lock().unwrap() = Duration::from_millis(1500);
    desk.will_say(&["Do you offer", "gift cards?"]);
    desk.speak(600).await;
    desk.until("thinking", phase(Phase::Thinking)).await;
    desk.speak(600).await;
    desk.until("the answer", says("twenty dollars")).await;
    let kept = desk.query(MESSAGES).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    desk.hang_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_guess_leaves_nothing() {
    let mut desk = desk().await;
    // The first pause sounds like a whole question, but the caller goes on before the turn ends.
    desk.will_say(&[
        "When are you open?",
        "When are you open? Do you offer gift cards?",
    ]);
    *desk.ears.likely.lock().unwrap() = 0.3;
    desk.speak(600).await;
    desk.quiet(400).await;
    desk.speak(600).await;
    desk.until("an answer", is_answer).await;
    desk.hang_up().await;
    assert_eq!(desk.query("SELECT count(*) FROM receipts").await, ["1"]);
    assert_eq!(desk.query("SELECT count(*) FROM messages").await, ["2"]);
    let asked = desk.query(MESSAGES).await;
    assert!(asked[0].contains("gift cards"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_right_guess_is_kept_once() {
    let mut desk = desk().await;
    desk.will_say(&["When are you open?"]);
    // Long enough for two equal partial transcripts.
    desk.speak(2500).await;
    desk.until("the answer", is_answer).await;
    desk.until("listening", phase(Phase::Listening)).await;
    desk.hang_up().await;
    assert_eq!(desk.query("SELECT count(*) FROM receipts").await, ["1"]);
    let times = desk
        .query("SELECT json_extract(timings, '$.speculated') FROM call_turns")
        .await;
    assert_eq!(times, ["1"]);
}

#[tokio::test(start_paused = true)]
async fn hanging_up_in_each_state_leaves_no_task_and_a_closed_call() {
    for state in [
        "greeting",
        "listening",
        "hearing",
        "thinking",
        "speaking",
        "held",
    ] {
        let mut desk = TestDesk::with(VoiceSettings::default()).await;
        match state {
            "greeting" => desk.quiet(100).await,
            "listening" => desk.wait_for_greeting().await,
            _ => {
                desk.wait_for_greeting().await;
                desk.will_say(&["When are you open?"]);
                desk.speak(600).await;
                if state != "hearing" {
                    desk.until("thinking", phase(Phase::Thinking)).await;
                }
                if matches!(state, "speaking" | "held") {
                    desk.quiet(800).await;
                }
                if state == "held" {
                    desk.speak(200).await;
                }
            }
        }
        desk.send(Incoming::Hangup).await;
        desk.wait_for_end().await;
        assert_eq!(desk.query(REASON).await, ["user_hangup"], "{state}");
        assert!(
            matches!(
                desk.log.last(),
                Some(Outgoing::Ended {
                    reason: EndedReason::UserHangup,
                    ..
                })
            ),
            "{state}: {:?}",
            desk.log.last()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_and_then_ends_the_call() {
    let mut desk = desk().await;
    desk.until("the first question", says("still there")).await;
    desk.until("the second question", says("still there")).await;
    desk.until("the end", |m| {
        matches!(
            m,
            Outgoing::Ended {
                reason: EndedReason::Inactivity,
                ..
            }
        )
    })
    .await;
    desk.wait_for_end().await;
    assert_eq!(desk.query(REASON).await, ["inactivity"]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_call_is_announced_and_ends() {
    let settings = VoiceSettings {
        max_minutes: 3,
        silence_seconds: 100_000,
        ..VoiceSettings::default()
    };
    let mut desk = TestDesk::with(settings).await;
    desk.wait_for_greeting().await;
    desk.quiet(100_000).await;
    desk.until("the warning", says("one minute")).await;
    desk.quiet(30_000).await;
    desk.until("the end", |m| {
        matches!(
            m,
            Outgoing::Ended {
                reason: EndedReason::MaxDuration,
                ..
            }
        )
    })
    .await;
    desk.wait_for_end().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_yes_nothing_is_recorded() {
    for (answer, state) in [("No, thanks.", "declined"), ("What?", "declined")] {
        let settings = VoiceSettings {
            recording: RecordingMode::Ask,
            ..VoiceSettings::default()
        };
        let mut desk = TestDesk::with(settings).await;
        desk.wait_for_greeting().await;
        desk.will_say(&[answer, "I don't know."]);
        desk.speak(600).await;
        if answer == "What?" {
            desk.until("asking again", says("yes or no")).await;
            desk.wait_for_greeting().await;
            desk.speak(600).await;
        }
        desk.until("the greeting", says("Hello there")).await;
        desk.hang_up().await;
        assert_eq!(
            desk.query("SELECT recording FROM calls").await,
            [state],
            "{answer}"
        );
        assert_eq!(desk.query("SELECT count(*) FROM recordings").await, ["0"]);
    }
}

#[tokio::test]
async fn with_a_yes_the_call_is_recorded_from_then_on() {
    let settings = VoiceSettings {
        recording: RecordingMode::Ask,
        recording_notice: "Record?".into(),
        greeting: "Hi.".into(),
        ..VoiceSettings::default()
    };
    let mut desk = TestDesk::with(settings).await;
    desk.wait_for_greeting().await;
    assert_eq!(desk.query("SELECT count(*) FROM recordings").await, ["0"]);
    desk.send(Incoming::Consent(true)).await;
    desk.until("the greeting", says("Hi.")).await;
    desk.hang_up().await;
    assert_eq!(desk.query("SELECT recording FROM calls").await, ["on"]);
    assert_eq!(desk.query("SELECT count(*) FROM recordings").await, ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_offers_a_call_back_that_is_read_back() {
    let mut desk = desk().await;
    for (say, wait_for) in [
        ("Do you repair bicycles on the moon?", "information"),
        ("Yes, please.", "your name"),
        ("Anna Lee", "phone number"),
        ("five five five zero one four two", "one four two"),
        ("Yes, that's right.", "noted"),
    ] {
        desk.will_say(&[say]);
        desk.speak(600).await;
        desk.until(say, says(wait_for)).await;
        desk.until("listening", phase(Phase::Listening)).await;
    }
    desk.hang_up().await;
    let kept = desk.query(MESSAGES).await;
    assert!(
        kept.iter()
            .any(|m| m.contains("Anna Lee") && m.contains("5550142")),
        "{kept:?}"
    );
    let noted = desk
        .query("SELECT count(*) FROM call_events WHERE kind = 'callback_requested'")
        .await;
    assert_eq!(noted, ["1"]);
    let left = desk.query("SELECT kind || ' ' || state FROM tasks").await;
    assert_eq!(left, ["lead open"], "it reaches somebody");
}

#[tokio::test(start_paused = true)]
async fn leave_taking_ends_the_call() {
    let mut desk = desk().await;
    desk.will_say(&["That's all, goodbye."]);
    desk.speak(600).await;
    desk.until("the end", |m| {
        matches!(
            m,
            Outgoing::Ended {
                reason: EndedReason::AgentHangup,
                ..
            }
        )
    })
    .await;
    desk.wait_for_end().await;
}

#[tokio::test(start_paused = true)]
async fn deaf_ears_apologise_and_give_up_in_the_end() {
    let mut desk = desk().await;
    *desk.ears.broken.lock().unwrap() = true;
    desk.speak(400).await;
    desk.until("an apology", says("could not hear")).await;
    for _ in 0..4 {
        desk.quiet(6000).await;
        desk.speak(400).await;
    }
    desk.wait_for_end().await;
    assert_eq!(desk.query(REASON).await, ["error_speech"]);
}

#[tokio::test(start_paused = true)]
async fn shutting_down_ends_the_call() {
    let mut desk = desk().await;
    desk.shutdown.cancel();
    desk.wait_for_end().await;
    assert_eq!(desk.query(REASON).await, ["error_stopped"]);
    let _ = desk.workspace;
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_minutes_end_is_told_so_and_ends() {
    let mut desk = desk().await;
    desk.spent.cancel();
    desk.until("a farewell", says("Our time is over")).await;
    desk.wait_for_end().await;
    assert_eq!(desk.query(REASON).await, ["max_duration_reached"]);
    let told = desk
        .query("SELECT kind FROM call_events WHERE kind = 'minutes_used_up'")
        .await;
    assert_eq!(told.len(), 1);
}
