//! Decisions by meaning with the real encoder, on the half of the sentences that no threshold was chosen on.

use std::process::Command;

use serde_json::Value;

use super::server::{FRONTDESK, models};

fn figures() -> Value {
    let data = tempfile::tempdir().unwrap();
    let out = Command::new(FRONTDESK)
        .args(["eval", "meaning", "--json", "--data"])
        .arg(data.path())
        .env("FRONTDESK_CHAT_MODEL", "smollm2-135m-instruct")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{told}");
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn real_model_workflows_and_topics_are_known_by_their_meaning_and_seldom_by_mistake() {
    if models().is_none() {
        return;
    }
    let figures = figures();
    // Floors, below what was measured when the thresholds were chosen (BENCHMARKS.md): precision, recall.
    for (decision, least_precision, least_recall) in
        [("workflows", 0.75, 0.08), ("topics", 0.78, 0.33)]
    {
        for way in figures[decision]["ways"].as_array().unwrap() {
            let held_out = &way["in_use"]["held_out"];
            let value = |name: &str| held_out[name]["value"].as_f64().unwrap();
            assert!(value("precision") >= least_precision, "{decision}: {way}");
            assert!(value("recall") >= least_recall, "{decision}: {way}");
            // More than words find.
            let words = way["words"]["held_out"]["recall"]["value"].as_f64();
            assert!(value("recall") > words.unwrap_or(0.0), "{decision}: {way}");
        }
    }
}
