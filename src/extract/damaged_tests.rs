//! Damage for the tests of readers: what is cut off, and bytes that changed.

use super::formats_tests::zipped;
use super::{ExtractError, Limits, extract};

/// Calls `read` with shorter files and with files in which bytes were changed, always the same ones.
pub(super) fn damage(bytes: &[u8], read: impl Fn(&[u8])) {
    let step = (bytes.len() / 97).max(1);
    for cut in (0..bytes.len()).step_by(step) {
        read(&bytes[..cut]);
    }
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..400 {
        let mut changed = bytes.to_vec();
        for _ in 0..=round % 4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let at = (state >> 16) as usize % changed.len();
            changed[at] = match state & 3 {
                0 => 0xFF,
                1 => 0,
                2 => changed[at].wrapping_add(1),
                _ => (state >> 8) as u8,
            };
        }
        read(&changed);
    }
}

#[test]
fn apples_documents_are_read_by_their_preview_or_say_how_to_export_them() {
    let guide = include_bytes!("../../tests/fixtures/documents/guide.pdf");
    let bare: &[(&str, &[u8])] = &[("Index/Document.iwa", b"x"), ("preview.jpg", b"x")];
    let old: &[(&str, &[u8])] = &[("index.xml", b"<x/>"), ("buildVersionHistory.plist", b"")];
    for parts in [bare, old] {
        let with = [parts, &[("QuickLook/Preview.pdf", guide.as_slice())]].concat();
        let doc = extract(&zipped(&with), "guide.pages", &Limits::default()).expect("it is read");
        assert_eq!((doc.kind, doc.pages), (super::Format::Iwork, Some(3)));
        assert!(
            doc.notes.iter().any(|n| n.contains("preview")),
            "{:?}",
            doc.notes
        );
        let broken = [parts, &[("QuickLook/Preview.pdf", b"%PDF-1.4".as_slice())]].concat();
        for without in [parts.to_vec(), broken] {
            let found = extract(&zipped(&without), "guide.pages", &Limits::default());
            let Err(e @ ExtractError::SaveAs { .. }) = found else {
                panic!("{found:?}")
            };
            assert!(e.to_string().contains("Export To"), "{e}");
        }
        assert!(!super::sniff::is_archive(&zipped(parts)));
    }
}
