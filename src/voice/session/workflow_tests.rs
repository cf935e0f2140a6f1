//! Workflows walked by voice: the same code as in a chat.

use super::fakes::TestDesk;
use crate::store::workflows;
use crate::voice::{Outgoing, Phase, VoiceSettings};
use crate::workflows::templates;

fn phase(wanted: Phase) -> impl Fn(&Outgoing) -> bool {
    move |m| matches!(m, Outgoing::Phase(p) if *p == wanted)
}

/// A caller says these sentences one after the other.
async fn walk(name: &'static str, sentences: &[&str]) -> TestDesk {
    let mut desk = TestDesk::with(VoiceSettings::default()).await;
    desk.wait_for_greeting().await;
    let workspace = desk.workspace;
    let kept = desk.store.write(move |tx| {
        let text = templates::find(name).unwrap_or_default();
        workflows::put(tx, workspace, name, text, true, 1)
    });
    kept.await.unwrap();
    for sentence in sentences {
        desk.will_say(&[sentence]);
        desk.speak(900).await;
        desk.until(sentence, phase(Phase::Speaking)).await;
        desk.until("listening", phase(Phase::Listening)).await;
    }
    desk.hang_up().await;
    desk
}

const STATE: &str = "SELECT state FROM workflow_runs";
const ACTS: &str =
    "SELECT json_extract(body, '$.deed.with.wish') FROM workflow_acts ORDER BY number";

#[tokio::test(start_paused = true)]
async fn a_call_is_asked_for_by_voice() {
    let desk = walk(
        "callback",
        &[
            "Please call me back.",
            "My name is Anna Weber and my number is +49 30 12345678.",
            "It is about an invoice.",
            "Yes, that's right.",
        ],
    )
    .await;
    assert_eq!(desk.query(STATE).await, ["done"], "{:?}", desk.shown());
    assert_eq!(
        desk.query(ACTS).await,
        ["Call back: It is about an invoice."]
    );
    assert_eq!(
        desk.query("SELECT rung FROM receipts ORDER BY seq").await,
        ["workflow"; 4]
    );
}

#[tokio::test(start_paused = true)]
async fn a_table_is_corrected_by_voice_and_a_question_answered_in_between() {
    let desk = walk(
        "table",
        &[
            "I need a table for four people tomorrow at 7 pm.",
            "When are you open?",
            "No, I meant at 8 pm.",
            "My name is Anna Weber and my number is +49 30 12345678.",
            "Yes please.",
        ],
    )
    .await;
    assert_eq!(desk.query(STATE).await, ["done"], "{:?}", desk.shown());
    let wishes = desk.query(ACTS).await;
    assert!(
        wishes[0].starts_with("Table for 4 on") && wishes[0].ends_with("8:00 pm"),
        "{wishes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_appointment_is_cancelled_by_voice() {
    let desk = walk(
        "appointment",
        &[
            "I would like to book an appointment.",
            "Never mind, I changed my mind.",
        ],
    )
    .await;
    assert_eq!(desk.query(STATE).await, ["cancelled"], "{:?}", desk.shown());
    assert!(desk.query(ACTS).await.is_empty());
}
