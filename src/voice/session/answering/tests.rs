//! Questions and answers without agent, engines or line.

use super::*;
use crate::voice::phrases::phrases;

fn answering() -> Answering {
    Answering::new(phrases("en"))
}

fn question(text: &str) -> CallerQuestion {
    CallerQuestion {
        text: text.into(),
        turn: 1,
        times: TurnTimes::default(),
    }
}

fn clip(text: &str, ms: usize) -> Clip {
    Clip {
        text: text.into(),
        pcm: vec![1; ms * 16 * 2].into(),
        rate: 16_000,
    }
}

fn find(effects: impl IntoIterator<Item = Effect>) -> Option<FindOrder> {
    effects.into_iter().find_map(|effect| match effect {
        Effect::Find(order) => Some(order),
        _ => None,
    })
}

fn sentences(effects: impl IntoIterator<Item = Effect>) -> Vec<String> {
    let say = |effect| match effect {
        Effect::Say(order) => order.sentences,
        _ => Vec::new(),
    };
    effects.into_iter().flat_map(say).collect()
}

/// Collects all effects up to a time, in steps of 20 ms.
fn pump(answering: &mut Answering, from: u64, to: u64) -> Vec<Effect> {
    let mut effects = Vec::new();
    for now in (from..=to).step_by(20) {
        while let Some(more) = answering.next_sound(now) {
            effects.extend(more);
        }
    }
    effects
}

#[test]
fn a_guess_is_heard_only_once_it_was_asked() {
    let mut answering = answering();
    let order = find(answering.speculate("When are you open?", 100)).unwrap();
    assert!(
        answering
            .add_clip(order.job, clip("At nine.", 500), 200)
            .is_empty()
    );
    assert!(!answering.is_busy() && !*order.gate.borrow());
    let effects = answering.ask(question("When are you open"), 300);
    assert!(*order.gate.borrow());
    assert!(matches!(
        effects.as_slice(),
        [Effect::Event("asked", detail), Effect::TakeFloor] if detail["speculated"] == true
    ));
    let heard = pump(&mut answering, 300, 300);
    assert!(matches!(heard[0], Effect::BeginToSound));
    assert!(matches!(heard[2], Effect::Sound(_)));
}

#[test]
fn another_question_cancels_the_guess() {
    let mut answering = answering();
    let guess = find(answering.speculate("When are you open?", 100)).unwrap();
    let same = answering.speculate("when are you open", 150);
    assert!(same.is_none() && !guess.cancel.is_cancelled());
    let asked = find(answering.ask(question("Do you sell bells?"), 300)).unwrap();
    assert!(guess.cancel.is_cancelled() && *asked.gate.borrow());
    assert_eq!(answering.waiting_since(), Some(300));
    assert_eq!(answering.open_question(), Some("Do you sell bells?"));
    assert_eq!(answering.unconfirm().as_deref(), Some("Do you sell bells?"));
    assert_eq!(answering.open_question(), None);
}

#[test]
fn nothing_is_guessed_while_something_is_said() {
    let mut answering = answering();
    assert!(answering.speculate("Um", 0).is_none(), "too short");
    let (answer, effects) = answering.say_by_itself("Hello there.", 0);
    assert_eq!(sentences(effects), ["Hello there."]);
    assert!(answering.speculate("When are you open?", 100).is_none());
    answering.add_clip(1, clip("Hello there.", 500), 100);
    answering.complete(1, 100);
    let effects = pump(&mut answering, 100, 600);
    let Some(Effect::Finished(finished)) = effects.last() else {
        panic!("it was not heard to its end");
    };
    assert!(finished.answer == answer && !finished.is_followed);
    assert!(answering.speculate("When are you open?", 700).is_some());
}

#[test]
fn what_is_broken_off_is_remembered_as_far_as_it_was_heard() {
    let mut answering = answering();
    let order = find(answering.ask(question("Count, please."), 0)).unwrap();
    answering.add_clip(order.job, clip("One two three four.", 2000), 0);
    pump(&mut answering, 0, 1100);
    let broken_off = answering.break_off("barge_in", 1100).unwrap();
    assert_eq!(
        broken_off.remember,
        [Remember::Keep {
            question: "Count, please.".into(),
            heard: "One two".into()
        }]
    );
    assert!(matches!(broken_off.effects[0], Effect::Clear(1)));
    let Effect::Line(line) = &broken_off.effects[2] else {
        panic!("no line of it");
    };
    assert_eq!(line.text, "One two");
    assert!(order.cancel.is_cancelled() && !answering.is_busy());
    assert!(answering.break_off("barge_in", 1100).is_none());
}

#[test]
fn a_long_answer_goes_on_with_a_yes() {
    let mut answering = answering();
    let order = find(answering.ask(question("Tell me all."), 0)).unwrap();
    let rest = ["1", "2", "3", "4", "5"].map(str::to_owned).to_vec();
    answering.keep_rest(order.job, rest);
    answering.add_clip(order.job, clip("That is a lot.", 500), 0);
    let more = answering.reply_to_more("Yes, please.", 900).unwrap();
    let offer = "There is more; shall I go on?";
    assert_eq!(sentences(more), ["1", "2", "3", offer]);
    let no = answering.reply_to_more("No.", 1900).unwrap();
    let all_right = "All right. What else can I help you with?";
    assert_eq!(sentences(no).join(" "), all_right);
    assert!(answering.reply_to_more("Yes.", 2900).is_none());
}

#[test]
fn only_who_waits_is_told_that_there_is_no_answer() {
    let mut answering = answering();
    let failed = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Failed));
    let guess = find(answering.speculate("When are you open?", 0)).unwrap();
    let effects = answering.take_prepared(guess.job, Err(AgentError::Empty), 100);
    assert!(!failed(&effects));
    let asked = find(answering.ask(question("When are you open?"), 200)).unwrap();
    let effects = answering.take_prepared(asked.job, Err(AgentError::Empty), 300);
    assert!(failed(&effects) && answering.waiting_since().is_none());
}
