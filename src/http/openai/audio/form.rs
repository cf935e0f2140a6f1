//! The multipart form of a transcription.

use axum::extract::Request;
use axum::extract::multipart::Field;
use bytes::Bytes;
use utoipa::ToSchema;

use crate::http::multipart;
use crate::http::openai::ApiError;
use crate::speech::TranscribeOptions;

/// In bytes, for a field that is not the file.
const TEXT_LIMIT: u64 = 16 * 1024;
const MOST_FIELDS: usize = 32;

/// The form, as the OpenAPI document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct TranscriptionForm {
    /// The recording: WAV, MP3, OGG, Opus, FLAC, M4A, WebM.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// `whisper-1`, `default`, or a name from `/v1/models`.
    model: Option<String>,
    /// ISO 639-1 code; detected when absent.
    language: Option<String>,
    /// Words that are likely to occur.
    prompt: Option<String>,
    /// `json` (default), `text`, `srt`, `vtt` or `verbose_json`.
    response_format: Option<String>,
    /// 0 to 1.
    temperature: Option<f32>,
    /// `segment`, `word`; only with `verbose_json`.
    #[schema(rename = "timestamp_granularities[]")]
    timestamp_granularities: Option<Vec<String>>,
    /// Send server-sent events.
    stream: Option<bool>,
}

/// A form that passed all checks.
pub(super) struct Form {
    pub(super) file: Bytes,
    pub(super) file_name: Option<String>,
    pub(super) model: Option<String>,
    pub(super) options: TranscribeOptions,
    pub(super) format: Format,
    pub(super) stream: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Text,
    Srt,
    Vtt,
    VerboseJson { segments: bool, words: bool },
}

#[derive(Default)]
struct Fields {
    file: Option<(Bytes, Option<String>)>,
    model: Option<String>,
    options: TranscribeOptions,
    format: Option<String>,
    granularities: Vec<String>,
    stream: bool,
}

/// Reads the form. One that is larger than `limit` bytes is refused while it arrives.
pub(super) async fn read(request: Request, limit: u64) -> Result<Form, ApiError> {
    let mut form = multipart::open(request, limit).await?;
    let mut fields = Fields::default();
    for _ in 0..MOST_FIELDS {
        match multipart::next(&mut form).await? {
            Some(field) => fields.take(field, limit).await?,
            None => return fields.check(),
        }
    }
    Err(ApiError::invalid("file", "the form has too many fields"))
}

impl Fields {
    async fn take(&mut self, mut field: Field<'_>, limit: u64) -> Result<(), ApiError> {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file_name = field.file_name().map(str::to_owned);
            self.file = Some((multipart::collect(&mut field, limit).await??, file_name));
            return Ok(());
        }
        let text = multipart::collect(&mut field, TEXT_LIMIT).await??;
        let text = String::from_utf8(text.into())
            .map_err(|_| ApiError::invalid(&name, format!("{name} is not UTF-8 text")))?;
        match name.as_str() {
            "model" => self.model = none_if_empty(text),
            "language" => self.options.language = none_if_empty(text),
            "prompt" => self.options.prompt = none_if_empty(text),
            "response_format" => self.format = none_if_empty(text),
            "temperature" => self.options.temperature = temperature(&text)?,
            "timestamp_granularities[]" | "timestamp_granularities" => {
                self.granularities.push(text)
            }
            "stream" => self.stream = matches!(text.as_str(), "true" | "True" | "1"),
            _ => {}
        }
        Ok(())
    }

    fn check(mut self) -> Result<Form, ApiError> {
        let (file, file_name) = self.file.ok_or_else(|| {
            ApiError::invalid("file", "send the recording as the form field \"file\"")
        })?;
        let format = format(self.format.as_deref(), &self.granularities)?;
        self.options.words = matches!(format, Format::VerboseJson { words: true, .. });
        let (model, options, stream) = (self.model, self.options, self.stream);
        Ok(Form {
            file,
            file_name,
            model,
            options,
            format,
            stream,
        })
    }
}

fn none_if_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn temperature(text: &str) -> Result<f32, ApiError> {
    let value = text.parse::<f32>().ok().filter(|t| (0.0..=1.0).contains(t));
    value.ok_or_else(|| ApiError::invalid("temperature", "temperature must be between 0 and 1"))
}

fn format(name: Option<&str>, granularities: &[String]) -> Result<Format, ApiError> {
    const PARAM: &str = "timestamp_granularities[]";
    if let Some(other) = granularities
        .iter()
        .find(|g| !["word", "segment"].contains(&g.as_str()))
    {
        let message = format!("{PARAM} are word and segment, not {other:?}");
        return Err(ApiError::invalid(PARAM, message));
    }
    let format = match name.unwrap_or("json") {
        "verbose_json" => {
            let has = |name| granularities.iter().any(|g| g == name);
            let segments = granularities.is_empty() || has("segment");
            return Ok(Format::VerboseJson {
                segments,
                words: has("word"),
            });
        }
        "json" => Format::Json,
        "text" => Format::Text,
        "srt" => Format::Srt,
        "vtt" => Format::Vtt,
        other => {
            let known = "json, text, srt, vtt or verbose_json";
            let message = format!("response_format must be {known}, not {other:?}");
            return Err(ApiError::invalid("response_format", message));
        }
    };
    if granularities.is_empty() {
        return Ok(format);
    }
    Err(ApiError::invalid(
        PARAM,
        format!("{PARAM} need response_format=verbose_json"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granularities_go_with_verbose_json_only() {
        let words = ["word".to_owned()];
        let both = ["word".to_owned(), "segment".to_owned()];
        let verbose = |g: &[String]| format(Some("verbose_json"), g).unwrap();
        assert_eq!(
            verbose(&[]),
            Format::VerboseJson {
                segments: true,
                words: false
            }
        );
        assert_eq!(
            verbose(&words),
            Format::VerboseJson {
                segments: false,
                words: true
            }
        );
        assert_eq!(
            verbose(&both),
            Format::VerboseJson {
                segments: true,
                words: true
            }
        );
        assert!(format(Some("json"), &words).is_err());
        assert!(format(Some("verbose_json"), &["letter".to_owned()]).is_err());
        assert!(format(Some("docx"), &[]).is_err());
        assert_eq!(format(None, &[]).unwrap(), Format::Json);
    }

    #[test]
    fn a_temperature_is_a_number_in_range() {
        assert!(temperature("0.4").is_ok());
        for bad in ["", "hot", "1.5", "NaN", "-1"] {
            assert!(temperature(bad).is_err(), "{bad}");
        }
    }
}
