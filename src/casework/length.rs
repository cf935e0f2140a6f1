//! How long a recording is, before it is decoded: only to know how many minutes to hold.

/// Fewer bytes in a second than any codec of voice messages writes (AMR-NB at 4.75 kbit/s has about 600), so that too much is
/// held rather than too little.
const FEWEST_BYTES: u64 = 600;
/// Of Opus, whatever it was recorded at (RFC 7845, section 4).
const OPUS_RATE: u64 = 48_000;
/// Nobody speaks longer into a messenger.
const LONGEST_MS: u64 = 2 * 60 * 60 * 1000;

/// At most about this many ms.
pub(super) fn estimate_ms(bytes: &[u8]) -> u64 {
    let told = opus_ms(bytes).filter(|ms| *ms > 0);
    let most = (bytes.len() as u64).saturating_mul(1000) / FEWEST_BYTES;
    // A file may lie about its length, but not have less than nothing in it.
    told.map_or(most, |ms| ms.min(most.max(1000)))
        .clamp(1000, LONGEST_MS)
}

/// The position that the last page of an Ogg file with Opus names (RFC 3533, section 6).
fn opus_ms(bytes: &[u8]) -> Option<u64> {
    let is_opus = bytes.starts_with(b"OggS") && bytes.get(28..36) == Some(b"OpusHead");
    if !is_opus {
        return None;
    }
    let last = bytes.windows(4).rposition(|four| four == b"OggS")?;
    let position = bytes.get(last + 6..last + 14)?;
    let samples = u64::from_le_bytes(position.try_into().ok()?);
    Some(samples.checked_mul(1000)? / OPUS_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of Ogg with this position, without its checksum.
    fn page(position: u64, payload: &[u8]) -> Vec<u8> {
        let mut page = b"OggS\0\0".to_vec();
        page.extend(position.to_le_bytes());
        page.extend([0; 12]);
        page.push(1);
        page.push(u8::try_from(payload.len()).unwrap());
        page.extend(payload);
        page
    }

    #[test]
    fn the_last_page_tells_how_long_it_is() {
        let mut file = page(0, b"OpusHead and the rest");
        file.extend(page(48_000 * 12, &[7; 200]));
        file.resize(24_000, 7);
        assert_eq!(opus_ms(&file), Some(12_000));
        assert_eq!(estimate_ms(&file), 12_000);
    }

    #[test]
    fn a_file_that_lies_holds_no_more_than_its_bytes_could_be() {
        let mut file = page(0, b"OpusHead and the rest");
        file.extend(page(u64::MAX, &[7; 200]));
        assert!(estimate_ms(&file) <= 1_000);
        assert_eq!(estimate_ms(b""), 1_000);
        assert_eq!(estimate_ms(&[0; 600 * 90]), 90_000);
    }
}
