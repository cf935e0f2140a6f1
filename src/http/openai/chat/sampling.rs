//! How the next token is chosen, as clients ask for it.

use crate::http::openai::ApiError;
use crate::llm::Sampling;

/// OpenAI's default of 1.0 makes small models ramble.
pub(in crate::http) const DEFAULT_TEMPERATURE: f32 = 0.7;

const MOST_STOPS: usize = 4;

/// What a request says of its sampling, whatever the names of its fields.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct AskedSampling {
    pub(in crate::http) temperature: Option<f32>,
    pub(in crate::http) top_p: Option<f32>,
    pub(in crate::http) presence_penalty: Option<f32>,
    pub(in crate::http) frequency_penalty: Option<f32>,
    pub(in crate::http) seed: Option<i64>,
    pub(in crate::http) stop: Vec<String>,
    /// With the field that said it.
    pub(in crate::http) max_tokens: Option<(u32, &'static str)>,
}

impl AskedSampling {
    /// Whether the client set anything; if not, an assistant uses its own.
    pub(in crate::http) fn is_custom(&self) -> bool {
        self.temperature.is_some()
            || self.top_p.is_some()
            || self.presence_penalty.is_some()
            || self.frequency_penalty.is_some()
            || self.seed.is_some()
            || !self.stop.is_empty()
            || self.max_tokens.is_some()
    }

    /// # Errors
    /// 400 that names the field which is out of its range.
    pub(in crate::http) fn check(self) -> Result<Sampling, ApiError> {
        if self.stop.len() > MOST_STOPS || self.stop.iter().any(String::is_empty) {
            return Err(ApiError::invalid(
                "stop",
                "stop must be 1 to 4 strings, none of them empty",
            ));
        }
        if let Some((0, param)) = self.max_tokens {
            return Err(ApiError::invalid(
                param,
                format!("{param} must be at least 1"),
            ));
        }
        let top_p = check_range("top_p", self.top_p, 1.0, 0.0, 1.0)?;
        if top_p <= 0.0 {
            return Err(ApiError::invalid("top_p", "top_p must be above 0"));
        }
        let temperature = check_range(
            "temperature",
            self.temperature,
            DEFAULT_TEMPERATURE,
            0.0,
            2.0,
        )?;
        let penalty = |name, asked| check_range(name, asked, 0.0, -2.0, 2.0);
        Ok(Sampling {
            max_tokens: self.max_tokens.map(|(most, _)| most),
            temperature,
            top_p,
            // Clients may send 64 bits, the engine takes 32; the low half is enough to repeat an answer.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            seed: self.seed.map(|seed| seed as u32),
            stop: self.stop,
            presence_penalty: penalty("presence_penalty", self.presence_penalty)?,
            frequency_penalty: penalty("frequency_penalty", self.frequency_penalty)?,
        })
    }
}

fn check_range(
    param: &str,
    value: Option<f32>,
    default: f32,
    least: f32,
    most: f32,
) -> Result<f32, ApiError> {
    let value = value.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(ApiError::invalid(
        param,
        format!("{param} must be between {least} and {most}"),
    ))
}
