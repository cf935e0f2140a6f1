//! Checks and stores the settings of voice sessions.

use std::ops::RangeInclusive;

use crate::access::{Denied, Member, Scope};
use crate::speech::Voice;
use crate::store::{Store, StoreError, workspaces};
use crate::voice::VoiceSettings;

/// Most characters of a greeting, a notice or a filler.
const LONGEST: usize = 600;
/// Who may change the settings.
const MAY: &[Scope] = &[Scope::Admin];

#[derive(Debug, thiserror::Error)]
pub enum VoiceSettingsError {
    /// A setting is invalid.
    #[error("{detail}")]
    Wrong { field: &'static str, detail: String },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn wrong(field: &'static str, detail: impl Into<String>) -> VoiceSettingsError {
    let detail = detail.into();
    VoiceSettingsError::Wrong { field, detail }
}

pub async fn get(store: &Store, by: &Member) -> Result<VoiceSettings, VoiceSettingsError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| workspaces::section(conn, workspace, VoiceSettings::SECTION));
    Ok(read.await?)
}

/// Replaces the settings, from the next session on, and returns them tidied.
///
/// # Errors
/// When a setting is invalid.
pub async fn set(
    store: &Store,
    by: &Member,
    settings: VoiceSettings,
    voices: &[Voice],
) -> Result<VoiceSettings, VoiceSettingsError> {
    let workspace = by.need(MAY)?;
    let settings = checked(settings, voices)?;
    let kept = settings.clone();
    let section = VoiceSettings::SECTION;
    store
        .write(move |tx| workspaces::set_section(tx, workspace, section, &kept))
        .await?;
    Ok(settings)
}

/// Checks and tidies the settings.
fn checked(
    mut settings: VoiceSettings,
    voices: &[Voice],
) -> Result<VoiceSettings, VoiceSettingsError> {
    settings.voice = settings.voice.filter(|name| !name.trim().is_empty());
    // Without installed voices the name cannot be checked; keep it for when they are back.
    if let Some(name) = &settings.voice
        && !voices.is_empty()
        && !voices.iter().any(|voice| voice.name == *name)
    {
        let known: Vec<_> = voices.iter().map(|voice| voice.name.as_str()).collect();
        let detail = format!(
            "{name} is not an installed voice; installed are {}",
            known.join(", ")
        );
        return Err(wrong("voice", detail));
    }
    if !(0.5..=2.0).contains(&settings.speed) {
        let detail = "the pace must be between 0.5 and 2; 1 is the voice's normal pace";
        return Err(wrong("speed", detail));
    }
    settings.language = settings.language.trim().to_lowercase();
    if settings.language.len() != 2 || !settings.language.bytes().all(|b| b.is_ascii_lowercase()) {
        let detail = "the language must be a code of two letters, such as en";
        return Err(wrong("language", detail));
    }
    for (name, text) in [
        ("greeting", &mut settings.greeting),
        ("recording_notice", &mut settings.recording_notice),
        ("filler", &mut settings.filler),
    ] {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > LONGEST {
            let detail =
                format!("this text may have {LONGEST} characters; callers hang up earlier");
            return Err(wrong(name, detail));
        }
    }
    if settings.recording_notice.is_empty() {
        let detail = "write what callers are asked before they are recorded";
        return Err(wrong("recording_notice", detail));
    }
    let numbers: [(&str, u32, RangeInclusive<u32>, &str); 6] = [
        ("recording_days", settings.recording_days, 1..=3650, "days"),
        ("record_days", settings.record_days, 1..=3650, "days"),
        ("max_minutes", settings.max_minutes, 1..=240, "minutes"),
        (
            "silence_seconds",
            settings.silence_seconds,
            3..=120,
            "seconds",
        ),
        ("silence_prompts", settings.silence_prompts, 0..=10, "times"),
        (
            "filler_ms",
            settings.filler_ms,
            300..=10_000,
            "milliseconds",
        ),
    ];
    for (name, value, allowed, unit) in numbers {
        if !allowed.contains(&value) {
            let (least, most) = (allowed.start(), allowed.end());
            let detail = format!("{name} must be {least} to {most} {unit}, not {value}");
            return Err(wrong(name, detail));
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_named() {
        let voices = vec![Voice {
            name: "joe".into(),
            title: "Joe".into(),
            language: "en".into(),
            licence: "CC0".into(),
            rate: 22_050,
        }];
        let wrong_field = |change: fn(&mut VoiceSettings)| {
            let mut settings = VoiceSettings::default();
            change(&mut settings);
            match checked(settings, &voices) {
                Err(VoiceSettingsError::Wrong { field, .. }) => field,
                _ => "",
            }
        };
        assert_eq!(wrong_field(|_| {}), "");
        assert_eq!(wrong_field(|s| s.voice = Some("joe".into())), "");
        assert_eq!(wrong_field(|s| s.voice = Some(" ".into())), "");
        assert_eq!(wrong_field(|s| s.voice = Some("jane".into())), "voice");
        assert_eq!(wrong_field(|s| s.speed = 2.1), "speed");
        assert_eq!(wrong_field(|s| s.speed = f32::NAN), "speed");
        assert_eq!(wrong_field(|s| s.language = "english".into()), "language");
        assert_eq!(wrong_field(|s| s.greeting = "a".repeat(601)), "greeting");
        assert_eq!(
            wrong_field(|s| s.recording_notice = " ".into()),
            "recording_notice"
        );
        assert_eq!(wrong_field(|s| s.recording_days = 0), "recording_days");
        assert_eq!(wrong_field(|s| s.record_days = 4000), "record_days");
        assert_eq!(wrong_field(|s| s.max_minutes = 0), "max_minutes");
        assert_eq!(wrong_field(|s| s.silence_seconds = 1), "silence_seconds");
        assert_eq!(wrong_field(|s| s.silence_prompts = 99), "silence_prompts");
        assert_eq!(wrong_field(|s| s.filler_ms = 1), "filler_ms");
    }
}
