//! Audio formats on the wire.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::voice::realtime::{Fault, Format};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatIn {
    r#type: String,
    rate: Option<u32>,
}

impl FormatIn {
    /// `param` is the path of the format, for errors.
    pub(super) fn check(&self, param: &str) -> Result<Format, Fault> {
        let format = match self.r#type.as_str() {
            "audio/pcm" => Format::Pcm,
            "audio/pcmu" => Format::Mulaw,
            "audio/pcma" => Format::Alaw,
            other => {
                return Err(Fault::value(
                    format!("{param}.type"),
                    format!("a format is audio/pcm, audio/pcmu or audio/pcma, not {other:?}"),
                ));
            }
        };
        match self.rate {
            Some(rate) if rate != format.rate() => Err(Fault::value(
                format!("{param}.rate"),
                format!("the rate of {} is {}", self.r#type, format.rate()),
            )),
            _ => Ok(format),
        }
    }
}

pub(super) fn view(format: Format) -> Value {
    match format {
        Format::Pcm => json!({"type": "audio/pcm", "rate": 24_000}),
        Format::Mulaw => json!({"type": "audio/pcmu"}),
        Format::Alaw => json!({"type": "audio/pcma"}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_rates_are_refused() {
        let asked = |text| serde_json::from_str::<FormatIn>(text).unwrap().check("f");
        assert_eq!(
            asked(r#"{"type":"audio/pcm","rate":24000}"#),
            Ok(Format::Pcm)
        );
        assert_eq!(asked(r#"{"type":"audio/pcmu"}"#), Ok(Format::Mulaw));
        assert!(asked(r#"{"type":"audio/pcm","rate":16000}"#).is_err());
        assert!(asked(r#"{"type":"audio/opus"}"#).is_err());
    }
}
