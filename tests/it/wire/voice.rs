//! Calls with their transcripts and recordings, and how the front desk speaks.

use serde_json::json;

use super::seed::desk;
use super::settle::How;

#[tokio::test]
async fn calls() {
    let desk = desk().await;
    let one = format!("/api/v1/calls/{}", desk.call);
    desk.get_as("calls", "/api/v1/calls", How::Exact).await;
    desk.get_as("call", &one, How::Exact).await;
    for format in ["txt", "srt", "vtt", "csv", "json", "zip"] {
        let path = format!("{one}/export?format={format}");
        desk.get_as(&format!("call_{format}"), &path, How::Exact)
            .await;
    }
    for format in ["jsonl", "csv"] {
        let path = format!("/api/v1/calls/export?format={format}");
        desk.get_as(&format!("calls_{format}"), &path, How::Exact)
            .await;
    }
    desk.get("call_waveform", &format!("{one}/waveform")).await;
    desk.get("call_recording", &format!("{one}/recording"))
        .await;
    desk.delete("call_recording_delete", &format!("{one}/recording"))
        .await;
    desk.delete("call_delete", &one).await;
}

#[tokio::test]
async fn how_it_speaks() {
    let desk = desk().await;
    desk.get_as("voice", "/api/v1/voice", How::Exact).await;
    let wanted = json!({"voice": "fake-voice", "recording": "ask", "recording_days": 7});
    desk.put("voice_set", "/api/v1/voice", wanted).await;
    let words = json!({"text": "Bluefin is open."});
    desk.post("voice_preview", "/api/v1/voice/preview", words)
        .await;
    let word = json!({"word": "Bluefin", "say": "Boo-fin"});
    desk.put("pronunciation_set", "/api/v1/pronunciations", word)
        .await;
    desk.get("pronunciations", "/api/v1/pronunciations").await;
    let gone = "/api/v1/pronunciations?word=bluefin";
    desk.delete("pronunciation_delete", gone).await;
}
