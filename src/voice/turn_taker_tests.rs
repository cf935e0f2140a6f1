//! Conversations as tables of facts, and the decisions that follow.

use super::*;

/// A turn taker with its clock and the decisions so far.
struct TestLine {
    taker: TurnTaker,
    now: u64,
    log: Vec<(u64, Decision)>,
}

impl TestLine {
    fn new(barge_in: bool) -> Self {
        Self {
            taker: TurnTaker::new(TurnSettings::default(), barge_in),
            now: 0,
            log: Vec::new(),
        }
    }

    fn on(floor: Floor) -> Self {
        let mut line = Self::new(true);
        line.taker.set_floor(floor);
        line
    }

    fn take(&mut self, fact: Fact<'_>) -> &mut Self {
        let decided = self.taker.take(fact, self.now);
        self.log.extend(decided.into_iter().map(|d| (self.now, d)));
        self
    }

    fn frames(&mut self, ms: u64, score: f32) -> &mut Self {
        for _ in 0..ms / FRAME_MS {
            self.now += FRAME_MS;
            self.take(Fact::Frame(score));
        }
        self
    }

    fn voice(&mut self, ms: u64) -> &mut Self {
        self.frames(ms, 0.9)
    }

    fn silence(&mut self, ms: u64) -> &mut Self {
        self.frames(ms, 0.02)
    }

    fn heard(&mut self, number: u32, text: &str, likely: Option<f32>) -> &mut Self {
        self.take(Fact::Heard(number, text));
        self.take(Fact::TurnEnd(number, likely))
    }

    fn decisions(&self) -> Vec<Decision> {
        self.log.iter().map(|(_, d)| *d).collect()
    }

    fn when(&self, decision: Decision) -> u64 {
        let found = self.log.iter().find(|(_, d)| *d == decision);
        found.map_or(u64::MAX, |(at, _)| *at)
    }
}

#[test]
fn a_complete_question_ends_soon_and_others_later() {
    for (text, likely, at_least, at_most) in [
        ("Are you open today?", Some(0.9), 200, 230),
        ("I would like to know", Some(0.3), 1400, 1430),
        ("I would like", Some(0.05), 3000, 3030),
        ("When do you open and", Some(0.9), 1400, 1430),
        ("It is less than it was.", Some(0.95), 200, 230),
        ("It is less than it was.", Some(0.6), 1400, 1430),
        ("Do you take Aetna?", Some(0.3), 600, 630),
        ("I need a new tyre.", Some(0.3), 900, 930),
        ("I need a new tyre.", Some(0.05), 2000, 2030),
        ("Are you open today?", None, 700, 730),
    ] {
        let mut line = TestLine::new(true);
        line.voice(800).silence(144).heard(1, text, likely);
        line.silence(4000);
        let silence = line.when(Decision::Ended(1)) - 800;
        assert!(
            (at_least..=at_most).contains(&silence),
            "{text} {likely:?}: ended after {silence} ms of silence"
        );
    }
}

#[test]
fn digits_are_waited_for() {
    for (likely, at_least, at_most) in [(0.9, 1200, 1230), (0.3, 6000, 6030)] {
        let mut line = TestLine::new(true);
        line.taker.expect_digits(true);
        line.voice(800).silence(144);
        line.heard(1, "five five five", Some(likely));
        line.silence(7000);
        let silence = line.when(Decision::Ended(1)) - 800;
        assert!(
            (at_least..=at_most).contains(&silence),
            "{likely}: {silence}"
        );
    }
}

#[test]
fn speech_that_goes_on_throws_the_pause_away() {
    let mut line = TestLine::new(true);
    line.voice(500).silence(160).voice(300).silence(144);
    assert_eq!(
        line.decisions(),
        [
            Decision::Started,
            Decision::Consider(1),
            Decision::GoesOn,
            Decision::Consider(2)
        ]
    );
    // Results for the first pause that arrive late are ignored.
    line.heard(1, "Are you", Some(0.99)).silence(600);
    assert!(!line.decisions().contains(&Decision::Ended(1)));
    line.heard(2, "Are you open?", Some(0.99));
    assert_eq!(line.decisions().last(), Some(&Decision::Ended(2)));
}

#[test]
fn clicks_and_noise_are_no_turn() {
    let mut line = TestLine::new(true);
    line.voice(48).silence(500).frames(2000, 0.4);
    assert!(line.decisions().is_empty());
    line.voice(160).silence(144).heard(1, "", None).silence(700);
    assert_eq!(line.decisions().last(), Some(&Decision::Nothing));
}

#[test]
fn breaking_in_holds_at_once_and_breaks_off_with_words_or_time() {
    let mut line = TestLine::on(Floor::Speaking);
    line.voice(1500);
    let (held, cut) = (line.when(Decision::Pause), line.when(Decision::Cancel));
    assert!((160..=200).contains(&held), "held after {held}");
    assert!((690..=730).contains(&cut), "cut after {cut}");

    let mut line = TestLine::on(Floor::Speaking);
    line.voice(250).take(Fact::Partial("what about Sunday"));
    assert_eq!(line.decisions().last(), Some(&Decision::Cancel));

    let mut line = TestLine::on(Floor::Speaking);
    line.voice(208).take(Fact::Partial("Stop!"));
    assert_eq!(line.decisions().last(), Some(&Decision::Cancel));
}

#[test]
fn a_back_channel_resumes() {
    for text in ["Mhm.", "Yeah, okay.", "ja genau", "", "you"] {
        let mut line = TestLine::on(Floor::Speaking);
        line.voice(300).silence(144).heard(1, text, Some(0.9));
        assert_eq!(line.decisions().last(), Some(&Decision::Resume), "{text}");
        assert!(!line.decisions().contains(&Decision::Cancel), "{text}");
        assert!(!line.taker.is_open());
    }
    // A known back-channel may take a little longer.
    let mut line = TestLine::on(Floor::Speaking);
    line.voice(300).take(Fact::Partial("yeah yeah")).voice(900);
    assert!(!line.decisions().contains(&Decision::Cancel));
}

#[test]
fn without_words_a_held_answer_goes_on() {
    let mut line = TestLine::on(Floor::Speaking);
    line.voice(200).silence(1700);
    let resumed = line.when(Decision::Resume) - 200;
    assert!((1490..=1530).contains(&resumed), "{resumed}");
}

#[test]
fn after_breaking_in_the_turn_ends_as_any_other() {
    let mut line = TestLine::on(Floor::Speaking);
    line.voice(900).silence(144);
    line.heard(1, "No, on Sunday.", Some(0.9)).silence(200);
    assert_eq!(
        line.decisions(),
        [
            Decision::Started,
            Decision::Pause,
            Decision::Cancel,
            Decision::Consider(1),
            Decision::Ended(1)
        ]
    );
}

#[test]
fn while_thinking_new_speech_goes_on_with_the_question() {
    let mut line = TestLine::on(Floor::Thinking);
    line.voice(150).silence(300);
    assert!(line.decisions().is_empty(), "a cough is none");
    line.voice(300);
    assert_eq!(line.decisions(), [Decision::Started, Decision::Merge]);
}

#[test]
fn who_may_not_break_in_is_not_heard() {
    let mut line = TestLine::new(false);
    line.taker.set_floor(Floor::Speaking);
    line.voice(3000);
    assert!(line.decisions().is_empty());
    line.taker.set_floor(Floor::Open);
    line.voice(200);
    assert_eq!(line.decisions(), [Decision::Started]);
}

#[test]
fn with_a_key_only_the_key_ends_a_turn() {
    let mut line = TestLine::new(true);
    line.take(Fact::Key(true))
        .voice(500)
        .silence(5000)
        .voice(300);
    assert_eq!(line.decisions(), [Decision::Started]);
    line.take(Fact::Key(false));
    assert_eq!(line.decisions().last(), Some(&Decision::Consider(1)));
    line.take(Fact::Heard(1, "Are you open"));
    assert_eq!(line.decisions().last(), Some(&Decision::Ended(1)));
    line.voice(1000);
    assert_eq!(line.decisions().last(), Some(&Decision::Ended(1)));
}

#[test]
fn the_key_breaks_off_an_answer() {
    let mut line = TestLine::on(Floor::Speaking);
    line.take(Fact::Key(true));
    assert_eq!(
        line.decisions(),
        [Decision::Started, Decision::Pause, Decision::Cancel]
    );
}

#[test]
fn the_longest_turn_ends() {
    let mut line = TestLine::new(true);
    line.voice(28_200);
    assert_eq!(line.decisions().last(), Some(&Decision::Consider(1)));
    line.take(Fact::Heard(1, "and so on and so on"));
    assert_eq!(line.decisions().last(), Some(&Decision::Ended(1)));
}
