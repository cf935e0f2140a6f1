//! Limits the unpacked size of a PDF before it is opened, since the reader has no limit of its own.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

use crate::extract::{ExtractError, Limits};

/// Most filters applied on top of each other to one stream.
const MAX_FILTERS: u32 = 4;
/// A single stream may use this fraction (1/n) of the whole limit: a page's drawing above 25 MiB is no use to
/// a reader, and costs the interpreter ten times its size.
const STREAM_PART: u64 = 4;
/// How far before its data a stream's dictionary may begin, in bytes.
const DESCRIPTION: usize = 400;

/// Refuses a PDF whose compressed streams unpack to more than the limit. Pictures do not count, since they
/// are never unpacked.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), ExtractError> {
    let most = limits.max_unpacked_bytes as u64;
    let mut left = most;
    let mut from = 0;
    while let Some(at) = find(bytes, b"stream", from) {
        from = at + 6;
        let data = bytes.get(from..).unwrap_or_default();
        let data = data
            .strip_prefix(b"\r\n")
            .or(data.strip_prefix(b"\n"))
            .or(data.strip_prefix(b"\r"))
            .unwrap_or(data);
        let before = bytes
            .get(at.saturating_sub(DESCRIPTION)..at)
            .unwrap_or_default();
        let own = before.rsplit(|b| *b == b'j').next().unwrap_or(before);
        if before.ends_with(b"end") || !is_zlib(data) || find(own, b"/Image", 0).is_some() {
            continue;
        }
        let mut own_left = left.min(most / STREAM_PART);
        let before_it = own_left;
        if fits(
            &mut std::io::BufReader::new(data),
            &mut own_left,
            MAX_FILTERS,
        ) {
            left -= before_it - own_left;
        } else {
            return Err(ExtractError::TooLarge {
                what: "it unpacks to more than the limit".into(),
                limit: limits.max_unpacked_bytes as u64,
            });
        }
    }
    Ok(())
}

/// Whether a compressed stream, and the streams compressed inside it, unpack within `left`.
/// A truncated stream counts as far as it goes.
fn fits(packed: &mut dyn std::io::BufRead, left: &mut u64, filters: u32) -> bool {
    let mut unpacked = std::io::BufReader::with_capacity(
        1 << 16,
        ZlibDecoder::new(packed).take(left.saturating_add(1)),
    );
    let inner = std::io::BufRead::fill_buf(&mut unpacked).is_ok_and(is_zlib);
    if inner && filters > 1 {
        return fits(&mut unpacked, left, filters - 1);
    }
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count) = unpacked.read(&mut buffer) {
        if count == 0 {
            break;
        }
        match left.checked_sub(count as u64) {
            Some(rest) => *left = rest,
            None => return false,
        }
    }
    true
}

/// Checks the two bytes that begin a zlib stream (RFC 1950): deflate, and a checksum over both.
fn is_zlib(data: &[u8]) -> bool {
    matches!(data, [method, flags, ..] if method & 0x0F == 8 && method >> 4 <= 7
        && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let rest = haystack.get(from..)?;
    let first = needle.first()?;
    let mut at = 0;
    while let Some(step) = rest.get(at..)?.iter().position(|b| b == first) {
        at += step;
        if rest.get(at..)?.starts_with(needle) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}
