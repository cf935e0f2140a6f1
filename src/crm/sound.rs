//! Whether bytes are sound, by how they begin; what a server calls them does not count.

/// Longest recording that is taken, in bytes: more than an hour of a messenger's voice.
pub(crate) const LONGEST: u64 = 16 << 20;

/// The media type of sound, or of a container that may hold it; `None` for anything else.
pub(crate) fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let kind = infer::get(bytes)?.mime_type();
    let is_sound = kind.starts_with("audio/")
        || matches!(
            kind,
            "application/ogg" | "video/mp4" | "video/webm" | "video/ogg" | "video/3gpp"
        );
    is_sound.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_is_told_from_pages_and_pictures() {
        let mut ogg = b"OggS\x00\x02".to_vec();
        ogg.resize(64, 0);
        assert!(sniff(&ogg).is_some());
        assert!(sniff(b"ID3\x03\x00\x00\x00\x00\x00\x0f").is_some());
        for other in [
            b"<!DOCTYPE html><html><body>sign in</body></html>".as_slice(),
            b"\x89PNG\r\n\x1a\n0000",
            b"%PDF-1.7 ....",
            b"PK\x03\x04....",
            b"",
        ] {
            assert_eq!(sniff(other), None);
        }
    }
}
