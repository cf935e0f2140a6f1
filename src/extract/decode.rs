//! Decodes bytes to text.

use encoding_rs::{Encoding, UTF_8};

/// Decodes text. The encoding comes from a byte order mark, else it is UTF-8 if valid, else `declared`,
/// else a guess from the bytes (by the detector that Firefox uses).
pub fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Some(encoding) = detect_utf16(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let declared = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    let encoding = declared
        .filter(|e| *e != UTF_8)
        .unwrap_or_else(|| guess_encoding(bytes));
    encoding.decode(bytes).0.into_owned()
}

fn guess_encoding(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, chardetng::Utf8Detection::Allow)
}

/// Detects UTF-16 without a byte order mark: in Western text every second byte is zero, on one side only.
fn detect_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..bytes.len().min(2_000) & !1)?;
    if sample.len() < 8 {
        return None;
    }
    let zeros = |offset: usize| {
        sample
            .iter()
            .skip(offset)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd, half) = (zeros(0), zeros(1), sample.len() / 2);
    if odd * 10 > half * 8 && even * 10 < half {
        return Some(encoding_rs::UTF_16LE);
    }
    if even * 10 > half * 8 && odd * 10 < half {
        return Some(encoding_rs::UTF_16BE);
    }
    None
}

/// Whether decoded bytes are really text: few replacement and control characters.
pub fn is_text(text: &str) -> bool {
    let (mut all, mut odd) = (0usize, 0usize);
    for c in text.chars().take(100_000) {
        all += 1;
        if c == '\u{FFFD}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}')) {
            odd += 1;
        }
    }
    // One in twenty, and two more so that short texts pass.
    odd * 20 <= all + 40
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_usual_encodings() {
        assert_eq!(decode(b"caf\xc3\xa9", None), "café");
        assert_eq!(decode(b"\xef\xbb\xbfcaf\xc3\xa9", None), "café");
        assert_eq!(decode(b"\xff\xfec\0a\0f\0\xe9\0", None), "café");
        assert_eq!(decode(b"p\0r\0i\0c\0e\0 \x001\0", None), "price 1");
        assert_eq!(
            decode(b"Le caf\xe9 est ferm\xe9 le dimanche \x80 5", None),
            "Le café est fermé le dimanche € 5"
        );
        assert_eq!(
            decode(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251")),
            "Привет"
        );
    }

    #[test]
    fn garbage_is_not_text() {
        let garbage: Vec<u8> = (0..4_000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
            .collect();
        assert!(!is_text(&decode(&garbage, None)));
        assert!(is_text("Open 9-5\r\n\tclosed on Sunday"));
    }
}
