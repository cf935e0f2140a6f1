//! Guesses what a file is from its first bytes, so that a PDF is called a PDF and not a damaged
//! recording.

use infer::MatcherType;

use super::error::AudioError;

/// Refuses what is certainly not a recording. Unknown bytes pass: MPEG frames have no clear signature.
pub(super) fn refuse_other_kinds(bytes: &[u8]) -> Result<(), AudioError> {
    let other = match infer::get(bytes) {
        Some(kind) => !matches!(kind.matcher_type(), MatcherType::Audio | MatcherType::Video),
        None => looks_like_text(bytes),
    };
    if other {
        Err(AudioError::NotAudio {
            seems: describe(bytes),
        })
    } else {
        Ok(())
    }
}

/// Extension of the media container, if Frontdesk reads its kind.
pub(super) fn container(bytes: &[u8]) -> Option<&'static str> {
    let kind = infer::get(bytes)?;
    let readable = [
        "wav", "mp3", "ogg", "flac", "m4a", "mp4", "mov", "webm", "mkv", "aiff", "aac",
    ];
    readable
        .contains(&kind.extension())
        .then(|| kind.extension())
}

/// A phrase for what the bytes look like, such as `a PDF file (application/pdf)`.
pub(super) fn describe(bytes: &[u8]) -> Option<String> {
    match infer::get(bytes) {
        Some(kind) => {
            let name = kind.extension().to_ascii_uppercase();
            let article = if name.starts_with(['A', 'E', 'F', 'M', 'O', 'R', 'X']) {
                "an"
            } else {
                "a"
            };
            Some(format!("{article} {name} file ({})", kind.mime_type()))
        }
        None => looks_like_text(bytes).then(|| "plain text".to_owned()),
    }
}

/// Whether the first kilobyte is UTF-8 without control characters.
fn looks_like_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The kilobyte may end in the middle of a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.chars().any(|c| c.is_control() && !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_kinds_are_named() {
        for (bytes, word) in [
            (&b"%PDF-1.7\n%\xe2\xe3"[..], "PDF"),
            (b"PK\x03\x04\x14\x00\x00\x00", "ZIP"),
            (b"\x89PNG\r\n\x1a\n", "PNG"),
            ("Grüße, this is a letter.".as_bytes(), "plain text"),
        ] {
            let message = refuse_other_kinds(bytes).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
            assert!(message.contains("WAV, MP3"), "{message}");
        }
    }

    #[test]
    fn sound_and_unknown_bytes_pass() {
        assert!(refuse_other_kinds(b"RIFF\x24\0\0\0WAVEfmt ").is_ok());
        assert!(refuse_other_kinds(b"OggS\0\x02\0\0").is_ok());
        assert!(refuse_other_kinds(&[0xff, 0xe3, 0x18, 0xc4, 0, 0]).is_ok());
        assert_eq!(container(b"fLaC\0\0\0\x22"), Some("flac"));
    }
}
