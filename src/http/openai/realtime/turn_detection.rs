//! `turn_detection`: how a session finds the end of a turn.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::voice::realtime::{Eagerness, Fault, TurnDetection, TurnEnd};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TurnDetectionIn {
    r#type: String,
    threshold: Option<f32>,
    prefix_padding_ms: Option<u32>,
    silence_duration_ms: Option<u32>,
    idle_timeout_ms: Option<u32>,
    eagerness: Option<String>,
    create_response: Option<bool>,
    interrupt_response: Option<bool>,
}

impl TurnDetectionIn {
    /// Absent fields take OpenAI's defaults.
    pub(super) fn check(self) -> Result<TurnDetection, Fault> {
        let at = |field: &str| format!("session.audio.input.turn_detection.{field}");
        let within = |field: &str, value: Option<u32>, default: u32, least: u32, most: u32| {
            let value = value.unwrap_or(default);
            if (least..=most).contains(&value) {
                return Ok(value);
            }
            let message = format!("{field} must be {least} to {most}");
            Err(Fault::value(at(field), message))
        };
        let new = TurnDetection {
            create_response: self.create_response.unwrap_or(true),
            interrupt_response: self.interrupt_response.unwrap_or(true),
            ..TurnDetection::default()
        };
        match self.r#type.as_str() {
            "server_vad" => {
                let threshold = self.threshold.unwrap_or(0.5);
                if !(0.0..=1.0).contains(&threshold) {
                    return Err(Fault::value(at("threshold"), "threshold must be 0 to 1"));
                }
                let ms = within(
                    "silence_duration_ms",
                    self.silence_duration_ms,
                    500,
                    50,
                    10_000,
                )?;
                // Unlike the others, this has no default: without it, a quiet session just stays quiet.
                let idle_ms = match self.idle_timeout_ms {
                    None => None,
                    some => Some(within("idle_timeout_ms", some, 0, 500, 60_000)?),
                };
                Ok(TurnDetection {
                    threshold,
                    prefix_ms: within("prefix_padding_ms", self.prefix_padding_ms, 300, 0, 5000)?,
                    end: TurnEnd::Pause { ms, idle_ms },
                    ..new
                })
            }
            "semantic_vad" => {
                let eagerness = match self.eagerness.as_deref() {
                    None | Some("auto") => Eagerness::Auto,
                    Some("low") => Eagerness::Low,
                    Some("medium") => Eagerness::Medium,
                    Some("high") => Eagerness::High,
                    Some(_) => {
                        let message = "eagerness must be low, medium, high or auto";
                        return Err(Fault::value(at("eagerness"), message));
                    }
                };
                let end = TurnEnd::Meaning(eagerness);
                Ok(TurnDetection { end, ..new })
            }
            other => Err(Fault::value(
                at("type"),
                format!("turn_detection is null, server_vad or semantic_vad, not {other:?}"),
            )),
        }
    }
}

pub(super) fn view(detection: &TurnDetection) -> Value {
    match detection.end {
        TurnEnd::Pause { ms, idle_ms } => json!({
            "type": "server_vad", "threshold": detection.threshold,
            "prefix_padding_ms": detection.prefix_ms, "silence_duration_ms": ms,
            "idle_timeout_ms": idle_ms, "create_response": detection.create_response,
            "interrupt_response": detection.interrupt_response,
        }),
        TurnEnd::Meaning(eagerness) => json!({
            "type": "semantic_vad", "eagerness": name(eagerness),
            "create_response": detection.create_response,
            "interrupt_response": detection.interrupt_response,
        }),
    }
}

fn name(eagerness: Eagerness) -> &'static str {
    match eagerness {
        Eagerness::Low => "low",
        Eagerness::Medium => "medium",
        Eagerness::High => "high",
        Eagerness::Auto => "auto",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detection_is_shown_as_it_was_asked_for() {
        for asked in [
            r#"{"type":"semantic_vad","eagerness":"high","create_response":true,"interrupt_response":false}"#,
            r#"{"type":"server_vad","threshold":0.5,"prefix_padding_ms":100,"silence_duration_ms":200,"idle_timeout_ms":null,"create_response":false,"interrupt_response":true}"#,
        ] {
            let read: TurnDetectionIn = serde_json::from_str(asked).unwrap();
            assert_eq!(view(&read.check().unwrap()).to_string(), asked);
        }
    }
}
