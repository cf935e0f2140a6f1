//! One call as a page: its sound as a picture, its words, how long each turn took.

use std::fmt::Write as _;

use serde_json::Value;

use super::call_pages::{
    CallPage, LogRow, SaidLine, TurnPart, TurnStrip, Wave, channel, reason, status,
};
use super::format::{bytes, moment};
use super::quality_pages::rung;
use super::receipt_parts::took;
use super::receipts::first_words;
use super::view::{Fact, Shell};
use crate::http::api::calls::CallInFull;
use crate::voice::recorder::Peaks;

/// Strokes in the waveform.
pub(super) const POINTS: usize = 500;
/// Half the height of one side of the picture.
const HALF: u32 = 28;

/// What makes a caller wait, in order of time: key in the timings, CSS class, label.
const WAITS: [(&str, &str, &str); 4] = [
    (
        "end_of_turn_ms",
        "turn",
        "Noticing that the caller has finished",
    ),
    ("stt_ms", "hear", "Understanding the words"),
    ("answer_ms", "answer", "Finding the answer"),
    ("tts_first_ms", "voice", "First sound of the voice"),
];

/// Key in the timings and column heading of each figure.
const FIGURES: [(&str, &str); 11] = [
    ("end_of_turn_ms", "End of turn"),
    ("turn_model_ms", "Turn model"),
    ("stt_ms", "Recognition"),
    ("retrieve_ms", "Search"),
    ("first_token_ms", "First token"),
    ("answer_ms", "Answer"),
    ("tts_first_ms", "First sound"),
    ("voice_to_voice_ms", "Voice to voice"),
    ("interrupted_after_ms", "Interrupted after"),
    ("spoken_ms", "Spoken"),
    ("heard_ms", "Heard"),
];

/// `0:07`, `12:40`.
pub(super) fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

pub(super) fn page(shell: Shell, full: CallInFull, peaks: Option<Peaks>) -> CallPage {
    let call = &full.call;
    let last = full.lines.iter().map(|line| line.end_ms).max();
    let recorded = full.audio.as_ref().map(|audio| audio.duration_ms);
    // A waveform spans its recording, which may be longer or shorter than the call.
    let length_ms = match (recorded, call.duration_ms.max(last)) {
        (Some(recorded), _) if recorded > 0 => recorded,
        (_, other) => other.unwrap_or(0).max(1),
    };
    let scale = |ms: i64| (ms.max(0).saturating_mul(1000) / length_ms).min(1000);
    let lines = full.lines.iter().map(|line| SaidLine {
        speaker: line.speaker,
        who: if line.speaker == "caller" {
            "Caller"
        } else {
            "Front desk"
        },
        text: line.text.clone(),
        start_ms: line.start_ms,
        end_ms: line.end_ms,
        at: clock(line.start_ms),
        interrupted: line.interrupted,
        receipt: line.receipt.clone(),
        x: scale(line.start_ms),
        width: (scale(line.end_ms) - scale(line.start_ms)).max(2),
    });
    let log = full.events.iter().map(|event| LogRow {
        at: format!(
            "{}.{:01}",
            clock(event.at_ms),
            event.at_ms.max(0) % 1000 / 100
        ),
        kind: event.kind.replace('_', " "),
        detail: in_words(&event.detail),
    });
    CallPage {
        title: call
            .first_words
            .as_deref()
            .map(first_words)
            .filter(|words| !words.is_empty())
            .unwrap_or_else(|| "The caller said nothing".to_owned()),
        at: moment(call.started_at),
        channel: channel(call.channel),
        status: status(call.status),
        reason: reason(call.ended_reason.unwrap_or_default()),
        duration: call.duration_ms.map(clock).unwrap_or_default(),
        length_ms,
        facts: facts(&full),
        cost: cost(&full),
        wave: peaks.map(|peaks| Wave {
            caller: path(&peaks.caller, HALF + 2),
            agent: path(&peaks.agent, 3 * HALF + 6),
        }),
        purge_at: full
            .audio
            .as_ref()
            .map(|audio| moment(audio.purge_at).shown),
        lines: lines.collect(),
        turns: turns(&full),
        heads: FIGURES.map(|(_, head)| head).to_vec(),
        legend: WAITS.map(|(_, class, label)| (class, label)),
        log: log.collect(),
        conversation: call.conversation.clone(),
        id: call.id.clone(),
        shell,
    }
}

/// One stroke per peak, in a picture 1000 wide.
fn path(side: &[u8], middle: u32) -> String {
    let mut d = String::with_capacity(side.len() * 14);
    let count = side.len().max(1);
    for (at, peak) in side.iter().enumerate() {
        let x = (at * 2 + 1) as f64 * 500.0 / count as f64;
        // The square root lifts quiet speech, so that it can be seen too.
        let height = (f64::from(*peak) / 100.0).sqrt() * f64::from(HALF);
        let (top, height) = (f64::from(middle) - height.max(0.6), height.max(0.6) * 2.0);
        let _ = write!(d, "M{x:.1} {top:.1}v{height:.1}");
    }
    d
}

fn facts(full: &CallInFull) -> Vec<Fact> {
    let call = &full.call;
    let mut facts = vec![
        Fact::new("Started", moment(call.started_at).shown),
        Fact::new("Channel", channel(call.channel).label),
    ];
    facts.extend(call.caller.as_deref().map(|who| Fact::new("Caller", who)));
    if let Some(answered) = call.answered_at {
        let wait = u64::try_from(answered - call.started_at).unwrap_or(0);
        facts.push(Fact::new("Answered after", took(wait)));
    }
    facts.extend(call.duration_ms.map(|ms| Fact::new("Lasted", clock(ms))));
    facts.push(Fact::new("Turns", call.turn_count.to_string()));
    let ended = reason(call.ended_reason.unwrap_or_default()).label;
    if !ended.is_empty() {
        facts.push(Fact::new("Ended", ended));
    }
    let recording = match (call.recording, &full.audio) {
        (_, Some(audio)) => format!("{}, {}", clock(audio.duration_ms), bytes(audio.bytes)),
        ("on", None) => "Deleted".to_owned(),
        ("asked", None) => "Asked, no answer: not recorded".to_owned(),
        ("declined", None) => "The caller said no".to_owned(),
        _ => "None".to_owned(),
    };
    facts.push(Fact::new("Recording", recording));
    facts.extend(
        call.consent_at
            .map(|at| Fact::new("Caller agreed", moment(at).shown)),
    );
    facts
}

fn cost(full: &CallInFull) -> Vec<Fact> {
    let cost = full.call.cost;
    let tokens = format!(
        "{} read, {} written",
        cost.prompt_tokens, cost.completion_tokens
    );
    vec![
        Fact::new("Tokens", tokens),
        Fact::new("Recognised", took(cost.heard_ms)),
        Fact::new("Spoken", took(cost.spoken_ms)),
    ]
}

fn turns(full: &CallInFull) -> Vec<TurnStrip> {
    let figure = |timings: &Value, key: &str| timings.get(key).and_then(Value::as_u64);
    let sum = |timings: &Value| -> u64 {
        let parts = WAITS.iter().filter_map(|(key, ..)| figure(timings, key));
        parts.fold(0, u64::saturating_add)
    };
    // All bars share the scale of the longest turn, so that they can be compared.
    let longest = full.turns.iter().map(|turn| sum(&turn.timings)).max();
    let longest = longest.unwrap_or(0).max(1);
    let strip = |turn: &crate::http::api::calls::TurnView| {
        let mut at = 0_u64;
        let mut parts = Vec::new();
        for (key, name, label) in WAITS {
            let Some(ms) = figure(&turn.timings, key) else {
                continue;
            };
            let from = at.saturating_mul(1000) / longest;
            at = at.saturating_add(ms);
            parts.push(TurnPart {
                name,
                label,
                took: took(ms),
                from,
                width: at.saturating_mul(1000) / longest - from,
            });
        }
        let total = figure(&turn.timings, "voice_to_voice_ms").unwrap_or(at);
        let mut notes = Vec::new();
        if turn.timings.get("speculated").and_then(Value::as_bool) == Some(true) {
            notes.push("Answer was ready early".to_owned());
        }
        if let Some(ms) = figure(&turn.timings, "interrupted_after_ms") {
            notes.push(format!("Interrupted after {}", took(ms)));
        }
        TurnStrip {
            number: turn.number,
            at: clock(turn.at_ms),
            rung: rung(turn.rung.as_deref().unwrap_or_default()),
            total: took(total),
            parts,
            figures: FIGURES
                .map(|(key, _)| figure(&turn.timings, key).map(took).unwrap_or("–".into()))
                .to_vec(),
            notes,
        }
    };
    full.turns.iter().map(strip).collect()
}

/// `reason: busy, places: 2`
fn in_words(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let words = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", name.replace('_', " "), in_words(value)));
            words.collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_stroke_per_stretch_and_stays_inside() {
        let d = path(&[0, 100, 25], HALF + 2);
        assert_eq!(d.matches('M').count(), 3);
        assert_eq!(d, "M166.7 29.4v1.2M500.0 2.0v56.0M833.3 16.0v28.0");
        assert_eq!(path(&[], 30), "");
    }

    #[test]
    fn a_log_entry_is_told_in_words() {
        let detail =
            serde_json::json!({"rung": "fact", "took_ms": 12, "why": null, "all": ["a", 1]});
        assert_eq!(
            in_words(&detail),
            "rung: fact, took ms: 12, why: none, all: a, 1"
        );
        assert_eq!(clock(61_500), "1:01");
        assert_eq!(clock(-5), "0:00");
    }
}
