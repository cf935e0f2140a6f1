//! Rich text as messages hold it: packed with a window of 4,096 bytes that begins with usual words (MS-OXRTFCP).

use crate::extract::compound::u32_at;

/// What the window holds at first (MS-OXRTFCP 2.1.2.1).
const USUAL: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const WINDOW: usize = 4_096;
const PACKED: u32 = 0x7546_5A4C;
const STORED: u32 = 0x414C_454D;
const HEAD: usize = 16;

/// The rich text; `None` if the bytes are something else or give more than `most` bytes. What was unpacked before a
/// damaged place is kept.
pub(super) fn unpack(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(u32_at(bytes, 4)?).ok()?;
    let content = bytes.get(HEAD..)?;
    match u32_at(bytes, 8)? {
        STORED => Some(content.get(..length.min(content.len()))?.to_vec()),
        PACKED => inflate(content, length, most),
        _ => None,
    }
}

fn inflate(content: &[u8], length: usize, most: usize) -> Option<Vec<u8>> {
    let mut window = [0u8; WINDOW];
    window.get_mut(..USUAL.len())?.copy_from_slice(USUAL);
    let mut at = USUAL.len();
    let mut out = Vec::new();
    let mut write = |window: &mut [u8; WINDOW], at: &mut usize, byte: u8| {
        if let Some(place) = window.get_mut(*at) {
            *place = byte;
        }
        *at = (*at + 1) % WINDOW;
        out.push(byte);
        out.len() <= most
    };
    let mut input = content.iter().copied();
    'all: while let Some(flags) = input.next() {
        for bit in 0..8 {
            if flags & (1 << bit) == 0 {
                let Some(byte) = input.next() else { break 'all };
                if !write(&mut window, &mut at, byte) {
                    return None;
                }
                continue;
            }
            let (Some(high), Some(low)) = (input.next(), input.next()) else {
                break 'all;
            };
            let reference = usize::from(u16::from_be_bytes([high, low]));
            let (from, count) = (reference >> 4, (reference & 0xF) + 2);
            if from == at {
                break 'all;
            }
            for i in 0..count {
                let byte = window.get((from + i) % WINDOW).copied().unwrap_or(0);
                if !write(&mut window, &mut at, byte) {
                    return None;
                }
            }
        }
    }
    out.truncate(length);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(kind: u32, length: u32, content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [content.len() as u32 + 12, length, kind, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(content);
        bytes
    }

    #[test]
    fn usual_words_come_from_the_window_and_ends_are_found() {
        // Eleven bytes from place 0 of the window ("{\rtf1\ansi"), three letters, and the end.
        let end = (USUAL.len() + 14) << 4;
        let content = [
            0b1_0001,
            0x00,
            0x09,
            b'a',
            b'b',
            b'c',
            (end >> 8) as u8,
            (end & 0xFF) as u8,
        ];
        let found = unpack(&packed(PACKED, 14, &content), 1_000);
        assert_eq!(found.as_deref(), Some(b"{\\rtf1\\ansiabc".as_slice()));
        assert_eq!(unpack(&packed(PACKED, 14, &content), 5), None);
        let stored = unpack(&packed(STORED, 3, b"abcd"), 1_000);
        assert_eq!(stored.as_deref(), Some(b"abc".as_slice()));
        for cut in 0..HEAD + content.len() {
            let _ = unpack(&packed(PACKED, 14, &content)[..cut], 1_000);
        }
    }
}
