//! Outlook messages, built here stream by stream.

use std::io::{Cursor, Write as _};

use super::read;
use crate::extract::{Extracted, Limits};

type File = cfb::CompoundFile<Cursor<Vec<u8>>>;

pub(crate) fn compound(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = empty();
    for (path, content) in streams {
        put(&mut file, path, content);
    }
    file.into_inner().into_inner()
}

fn empty() -> File {
    cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new()))
        .expect("the container is created")
}

fn put(file: &mut File, path: &str, content: &[u8]) {
    let mut stream = file.create_stream(path).expect("a stream is created");
    stream.write_all(content).expect("a stream is written");
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The table of short properties, each given as number, type and value.
fn table(head: usize, properties: &[(u16, u16, u64)]) -> Vec<u8> {
    let mut out = vec![0; head];
    for (number, kind, value) in properties {
        out.extend(kind.to_le_bytes());
        out.extend(number.to_le_bytes());
        out.extend(6u32.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out
}

/// 2026-11-16T15:00:00Z, counted in 100 ns since 1601.
const SENT: u64 = (1_794_841_200 + 11_644_473_600) * 10_000_000;

fn message() -> Vec<u8> {
    let mut file = empty();
    let properties = table(32, &[(0x0039, 0x0040, SENT), (0x3FFD, 0x0003, 1251)]);
    put(&mut file, "/__properties_version1.0", &properties);
    put(&mut file, "/__substg1.0_0037001F", &wide("Holiday hours"));
    put(&mut file, "/__substg1.0_0C1A001F", &wide("Ana"));
    put(&mut file, "/__substg1.0_0C1F001F", &wide("/O=SHOP/CN=ANA"));
    put(&mut file, "/__substg1.0_5D01001F", &wide("ana@a.example"));
    put(
        &mut file,
        "/__substg1.0_1000001E",
        b"\xcf\xf0\xe8\xe2\xe5\xf2.\r\n\r\nClosed on Friday.\r\n> Open.\r\n",
    );
    let attached = "/__attach_version1.0_#00000000";
    let inner = format!("{attached}/__substg1.0_3701000D");
    file.create_storage(attached).expect("a storage");
    file.create_storage(&inner).expect("a storage");
    put(
        &mut file,
        &format!("{inner}/__properties_version1.0"),
        &table(24, &[]),
    );
    put(
        &mut file,
        &format!("{inner}/__substg1.0_0037001F"),
        &wide("Prices"),
    );
    let page = b"<p>A boat costs <b>40</b> euros.</p>";
    put(&mut file, &format!("{inner}/__substg1.0_10130102"), page);
    let other = "/__attach_version1.0_#00000001";
    file.create_storage(other).expect("a storage");
    put(
        &mut file,
        &format!("{other}/__substg1.0_3707001F"),
        &wide("menu.pdf"),
    );
    file.into_inner().into_inner()
}

fn texts(doc: &Extracted) -> Vec<&str> {
    doc.blocks.iter().map(|b| b.text.as_str()).collect()
}

#[test]
fn subject_sender_text_and_attached_messages_are_read() {
    let doc = read(&message(), &Limits::default()).expect("the message is read");
    let expected = [
        "Holiday hours",
        "From: Ana (ana@a.example) | Date: 2026-11-16",
        "Привет.",
        "Closed on Friday.",
        "Prices",
        "A boat costs 40 euros.",
    ];
    assert_eq!(texts(&doc), expected);
    assert_eq!(doc.title.as_deref(), Some("Holiday hours"));
    assert_eq!(doc.written_at, Some(1_794_841_200_000));
    assert!(
        doc.notes.iter().any(|n| n.contains("not read: menu.pdf.")),
        "{:?}",
        doc.notes
    );
    assert!(
        doc.notes.iter().any(|n| n.contains("Earlier messages")),
        "{:?}",
        doc.notes
    );
}

#[test]
fn rich_text_alone_is_read_too() {
    let text = br"{\rtf1\ansi Open on Sunday.\par}";
    let mut packed = Vec::new();
    for number in [text.len() as u32 + 12, text.len() as u32, 0x414C_454D, 0] {
        packed.extend(number.to_le_bytes());
    }
    packed.extend(text);
    let bytes = compound(&[
        ("/__properties_version1.0", &table(32, &[])),
        ("/__substg1.0_10090102", &packed),
    ]);
    let doc = read(&bytes, &Limits::default()).expect("the message is read");
    assert_eq!(texts(&doc), ["Open on Sunday."]);
}

#[test]
fn damaged_messages_never_end_in_a_panic() {
    crate::extract::damaged_tests::damage(&message(), |bytes| {
        let _ = read(bytes, &Limits::default());
    });
}
