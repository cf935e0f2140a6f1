//! Sound and words without engines.

use super::*;
use crate::voice::turn_taker::FRAME_MS;

const LOUD: i16 = 12_000;

/// An ear and its line clock.
struct TestEar {
    ear: Ear,
    line_ms: u64,
}

impl TestEar {
    fn new() -> Self {
        let loud = |frame: &[f32]| if frame[0].abs() > 0.1 { 0.95 } else { 0.01 };
        let listener = Listener::with_score(Box::new(loud));
        Self {
            ear: Ear::new("en".into(), true, listener),
            line_ms: 0,
        }
    }

    fn hear(&mut self, ms: u64, sample: i16) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for _ in 0..ms / FRAME_MS {
            self.ear.feed(&sample.to_le_bytes().repeat(256));
            while let Some(frame) = self.ear.next_frame() {
                self.line_ms += FRAME_MS;
                decisions.extend(self.ear.hear_frame(frame, None, self.line_ms));
            }
        }
        if decisions.contains(&Decision::Started) {
            self.ear.begin_turn();
        }
        decisions
    }
}

#[test]
fn a_pause_is_judged_until_the_speech_goes_on() {
    let mut line = TestEar::new();
    assert!(line.hear(640, LOUD).contains(&Decision::Started));
    assert!(line.hear(160, 0).contains(&Decision::Consider(1)));
    let order = line.ear.consider(1, Some("My name is Anna."), 5000);
    assert_eq!(order.utterance.prompt.as_deref(), Some("My name is Anna."));
    assert!(!order.utterance.partial && !order.utterance.pcm.is_empty());
    assert!(!order.cancel.is_cancelled());
    assert!(line.hear(160, LOUD).contains(&Decision::GoesOn));
    line.ear.go_on();
    assert!(order.cancel.is_cancelled());
}

#[test]
fn words_in_mid_speech_are_asked_for_one_at_a_time() {
    let mut line = TestEar::new();
    line.hear(320, LOUD);
    assert!(line.ear.ask_for_partial(None).is_none(), "too little voice");
    line.hear(640, LOUD);
    let first = line.ear.ask_for_partial(None).unwrap();
    assert!(first.utterance.partial);
    line.hear(960, LOUD);
    assert!(line.ear.ask_for_partial(None).is_none(), "one is running");
    assert!(line.ear.end_partial());
    let second = line.ear.ask_for_partial(None).unwrap();
    assert!(!second.cancel.is_cancelled());
    line.ear.end_turn();
    assert!(second.cancel.is_cancelled());
}

#[test]
fn words_that_stay_the_same_are_steady() {
    let mut ear = TestEar::new().ear;
    let mut steady = |text: &str| ear.keep_partial(text.to_owned()).map(|words| words.steady);
    assert_eq!(steady("When are you"), Some(false));
    assert_eq!(steady("When are you open?"), Some(false));
    assert_eq!(steady("when are you open"), Some(true));
    assert_eq!(steady(""), None);
}

#[test]
fn a_question_that_goes_on_is_one_and_complete_if_nothing_follows() {
    let mut ear = TestEar::new().ear;
    ear.continue_question("Do you offer...".into());
    let whole = ear.keep_candidate("gift cards?", 100);
    assert_eq!(whole.as_deref(), Some("Do you offer gift cards?"));
    assert_eq!(ear.end_turn().text, "Do you offer gift cards?");
    assert_eq!(ear.drop_turn(), None);
    ear.continue_question("Are you open?".into());
    assert_eq!(ear.drop_turn().as_deref(), Some("Are you open?"));
    assert_eq!(ear.drop_turn(), None);
}

#[test]
fn recognition_takes_from_the_pause_to_its_words() {
    let mut ear = TestEar::new().ear;
    ear.consider(1, None, 1000);
    ear.keep_candidate("Hello.", 1240);
    assert_eq!(ear.recognition_ms(), 240);
    assert_eq!(ear.let_pass(), "Hello.");
}

#[test]
fn own_words_are_an_echo_from_two_on() {
    let own = "We are open from nine to five.";
    assert!(Ear::is_echo("open from nine to", own));
    assert!(!Ear::is_echo("nine", own));
    assert!(!Ear::is_echo("what about Sunday", own));
}
