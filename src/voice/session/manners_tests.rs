//! Greeting, consent, silence and the end, as tables of times and words.

use super::*;
use crate::voice::phrases::phrases;

fn manners(settings: VoiceSettings) -> Manners {
    Manners::new(settings, "Hello there.", phrases("en"))
}

fn asking() -> Manners {
    manners(VoiceSettings {
        recording: RecordingMode::Ask,
        ..VoiceSettings::default()
    })
}

/// A scene in which nobody speaks.
fn quiet(now: u64) -> Scene {
    Scene {
        now,
        is_listening: true,
        ..Scene::default()
    }
}

fn texts(orders: &[Order]) -> Vec<&str> {
    let texts = orders.iter().filter_map(|order| match order {
        Order::Say(text) | Order::SayFarewell(text, _) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn reply(manners: &mut Manners, text: &str) -> Vec<Order> {
    match manners.understand(text) {
        Meaning::Reply(orders) => orders,
        other => panic!("{text} means {other:?}"),
    }
}

#[test]
fn a_workspace_greets_before_its_assistant() {
    let own = VoiceSettings {
        greeting: " Good day. ".into(),
        ..VoiceSettings::default()
    };
    assert_eq!(texts(&manners(own).greet()), ["Good day."]);
    let usual = manners(VoiceSettings::default());
    assert_eq!(texts(&usual.greet()), ["Hello there."]);
}

#[test]
fn a_yes_records_and_nothing_else_does() {
    let recorded = |orders: &[Order]| {
        orders.iter().find_map(|order| match order {
            Order::Record(state) => Some(*state),
            _ => None,
        })
    };
    assert_eq!(recorded(&asking().greet()), Some(RecordingState::Asked));
    let yes = reply(&mut asking(), "Yes, please.");
    assert_eq!(recorded(&yes), Some(RecordingState::On));
    assert_eq!(texts(&yes).last(), Some(&"Hello there."));

    let mut unclear = asking();
    assert_eq!(recorded(&reply(&mut unclear, "What?")), None);
    let again = reply(&mut unclear, "What?");
    assert_eq!(recorded(&again), Some(RecordingState::Declined));
    assert_eq!(unclear.take_consent(true, "button"), [], "too late");

    let silent = asking().keep_time(&quiet(12_000));
    assert_eq!(recorded(&silent), Some(RecordingState::Declined));
}

#[test]
fn silence_is_asked_about_twice_and_then_ends_the_call() {
    let mut manners = manners(VoiceSettings::default());
    for (now, prompt) in [(12_000, 1), (24_000, 2)] {
        assert_eq!(manners.keep_time(&quiet(now - 1)), []);
        let orders = manners.keep_time(&quiet(now));
        assert_eq!(
            orders[0],
            Order::Event("silence", json!({"prompt": prompt}))
        );
        assert_eq!(texts(&orders), ["Are you still there?"]);
    }
    let end = manners.keep_time(&quiet(36_000));
    assert!(matches!(
        end.last(),
        Some(Order::SayFarewell(_, EndedReason::Inactivity))
    ));
    manners.note_speech(40_000);
    let again = manners.keep_time(&quiet(52_000));
    assert_eq!(
        texts(&again),
        ["Are you still there?"],
        "the count starts over"
    );
}

#[test]
fn who_waits_hears_the_filler_once() {
    let mut manners = manners(VoiceSettings::default());
    let waiting = |now, is_speaking| Scene {
        now,
        waiting_since: Some(1000),
        is_speaking,
        ..Scene::default()
    };
    assert_eq!(manners.keep_time(&waiting(2199, false)), []);
    assert_eq!(manners.keep_time(&waiting(2200, true)), []);
    let filler = [
        Order::Event("filler", json!({})),
        Order::Fill(String::new()),
    ];
    assert_eq!(manners.keep_time(&waiting(2200, false)), filler);
    assert_eq!(manners.keep_time(&waiting(9000, false)), []);
    manners.await_answer();
    assert_eq!(manners.keep_time(&waiting(9000, false)), filler);
}

#[test]
fn the_longest_call_is_announced_and_ends_even_if_nothing_can_be_said() {
    let mut manners = manners(VoiceSettings {
        max_minutes: 3,
        silence_seconds: 100_000,
        ..VoiceSettings::default()
    });
    let warning = manners.keep_time(&quiet(120_000));
    assert_eq!(texts(&warning), ["We have about one minute left."]);
    assert_eq!(manners.keep_time(&quiet(120_020)), []);
    let orders = manners.keep_time(&quiet(180_000));
    assert_eq!(orders[..2], [Order::ClearSound, Order::DropAnswer]);
    manners.end_after(7, EndedReason::MaxDuration);
    assert_eq!(manners.ends_with(6), None);
    assert_eq!(manners.ends_with(7), Some(EndedReason::MaxDuration));
    assert_eq!(manners.keep_time(&quiet(199_980)), []);
    let end = manners.keep_time(&quiet(200_000));
    assert_eq!(end, [Order::End(EndedReason::MaxDuration)]);
    assert!(manners.call_off_ending() && !manners.call_off_ending());
}

#[test]
fn three_faults_in_a_row_are_too_many() {
    let mut manners = manners(VoiceSettings::default());
    assert!(!manners.note_fault() && !manners.note_fault());
    manners.note_success();
    let faults = [(); 3].map(|()| manners.note_fault());
    assert_eq!(faults, [false, false, true]);
}

#[test]
fn a_call_back_is_arranged_before_the_agent_hears_of_it() {
    let mut manners = manners(VoiceSettings::default());
    assert_eq!(manners.understand("When are you open?"), Meaning::Question);
    assert!(manners.offer_callback() && !manners.offer_callback());
    assert_eq!(
        texts(&reply(&mut manners, "Yes, please.")),
        ["What is your name?"]
    );
    assert!(!manners.wants_digits());
    reply(&mut manners, "Anna Lee");
    assert!(manners.wants_digits() && manners.expects_reply());
    reply(&mut manners, "five five five zero one four two");
    let callback = Meaning::Callback {
        name: "Anna Lee".into(),
        contact: "5550142".into(),
    };
    assert_eq!(manners.understand("Yes, that's right."), callback);
    assert!(!manners.expects_reply());
}
